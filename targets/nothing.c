/* The nothing driver: a counted queue of two, whose requests are parked, held or put aside until somebody asks. The oracle is oracle_nothing.c. */
#include "oracle_nothing.h"

/*
 * The commands, one of their codes with another transfer method, and one that the driver does not know. Those that have something to do with each
 * other stand more than once, so that they meet.
 */
static const uint32_t codes[] = {NOTHING_HOLD, NOTHING_HOLD, NOTHING_HOLD, NOTHING_RELEASE, NOTHING_RELEASE, NOTHING_RELEASE, NOTHING_FORWARD,
                                 NOTHING_FORWARD, NOTHING_DRAIN, NOTHING_STATS, NOTHING_STATS | 3, 0x222014};
static const uint32_t lengths[] = {0, 1, 3, 4, 5, 15, 16, 17, 512, 4095, 4096, 4097, 65537};

const struct target target = {
    .name = "nothing",
    .driver = "nothing",
    .device = "nothing",
    .device_id = "Root\\NOTHING",
    .interface_id = {0x5E7D1C4A, 0x93B6, 0x4E0F, {0xA8, 0xD2, 0x6B, 0x1F, 0x0C, 0x47, 0xE9, 0x35}},
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .completes_ms = 2 * NOTHING_TICK_MS,
    .waits = nothing_waits,
    .begin = nothing_begin,
    .issued = nothing_issued,
    .finished = nothing_finished,
    .ended = nothing_ended,
};
