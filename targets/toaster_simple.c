/* The simple toaster: reads bring nothing, writes are swallowed, no control code is known. The oracle is oracle_toaster.c. */
#include "oracle_toaster.h"

static const uint32_t codes[] = {TOASTER_CODES};
static const uint32_t lengths[] = {TOASTER_LENGTHS};

const struct target target = {
    .name = "toaster_simple",
    .driver = "toaster_simple",
    .device = "toaster",
    .device_id = "Root\\TOASTER",
    .interface_id = TOASTER_INTERFACE,
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .completes_ms = 1000,
    .finished = toaster_finished,
};
