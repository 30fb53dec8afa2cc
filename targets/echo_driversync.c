/* The echo driver, which synchronises itself: parks each read and write until the next tick of its timer. The oracle is oracle_echo.c. */
#include "oracle_echo.h"

/* The driver knows no control code: one of each transfer method, and one that a keyboard would know. */
static const uint32_t codes[] = {0x222000, 0x222001, 0x222002, 0x222003, 0x22E004, 0x0B0008};
static const uint32_t lengths[] = {1, 512, 30720, 40959, 40960, 40961, 65537};

const unsigned echo_period_ms = 10000;

const struct target target = {
    .name = "echo_driversync",
    .driver = "echo_driversync",
    .device = "echo",
    .device_id = "Root\\ECHO",
    .interface_id = {0xCDC35B6E, 0x0BE4, 0x4936, {0xBF, 0x5F, 0x55, 0x37, 0x38, 0x0A, 0x7C, 0x1A}},
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .completes_ms = 10000,
    .begin = echo_begin,
    .finished = echo_finished,
    .ended = echo_ended,
};
