/* The startio driver: one current read, the others in a cancel-safe queue; a timer polls. A legacy driver. The oracle is oracle_cancel.c. */
#include "oracle_cancel.h"

/* The driver knows no control code: one of each transfer method. */
static const uint32_t codes[] = {0x222000, 0x222001, 0x222002, 0x222003};
static const uint32_t lengths[] = {0, 1, 3, 4, 5, 64, 4096};

const struct target target = {
    .name = "startio",
    .driver = "startio",
    .device = "cancelsamp",
    .path = "\\\\.\\CancelSamp",
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .completes_ms = cancel_interval_ms,
    .reads_only = true,
    .begin = cancel_begin,
    .finished = cancel_finished,
    .ended = cancel_ended,
};
