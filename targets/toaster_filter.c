/*
 * A toaster with filters: the sideband filter below the simple driver, the generic one above. Apps open the toaster and the sideband filter's control device. The
 * oracle is oracle_toaster.c: filters that pass everything on are not seen.
 */
#include "oracle_toaster.h"

static const uint32_t codes[] = {TOASTER_CODES, 0x224000};
static const uint32_t lengths[] = {TOASTER_LENGTHS};
static const struct pnp_install stacks[] = {
    {.id = "Root\\TOASTER", .lower = {"toaster_sideband"}, .function = "toaster_simple", .upper = {"toaster_filter"}},
};
static const struct target_interface also[] = {{.name = "control", .path = "\\\\.\\ToasterFilter"}};

static void finished(const struct request *r)
{
    if (r->class == 1)
        toaster_control_finished(r);
    else
        toaster_finished(r);
}

const struct target target = {
    .name = "toaster_filter",
    .device = "toaster",
    .device_id = "Root\\TOASTER",
    .interface_id = TOASTER_INTERFACE,
    .stacks = stacks,
    .stack_count = sizeof stacks / sizeof stacks[0],
    .also = also,
    .also_count = sizeof also / sizeof also[0],
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .completes_ms = 1000,
    .finished = finished,
};
