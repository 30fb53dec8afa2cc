/* The table that the two targets of the toaster bus have in common. Included by each once. */
#ifndef TARGETS_TOASTER_BUS_H
#define TARGETS_TOASTER_BUS_H

#include "oracle_toaster.h"

static const uint32_t codes[] = {BUS_PLUG, BUS_UNPLUG, BUS_EJECT, 0x2A400C, 0x222003};
/* A plug of the usual toaster, the fixed parts, and what is just too short. */
static const uint32_t lengths[] = {108, 16, 11, 12, 8, 15, 20, 130, 107, 600, 0};
static const struct target_interface also[] = {{.name = "toaster", .id = TOASTER_INTERFACE}};

static const struct target_wmi wmi[] = {TOASTER_BUS_WMI};

static void finished(const struct request *r)
{
    if (r->class == 1)
        toaster_finished(r);
    else
        toaster_bus_finished(r);
}

/* What the INFs say: a toaster gets the filter, one that is only compatible does without. */
#define TOASTER_BUS_STACKS(bus) \
    {.id = "Root\\TOASTERBUS", .function = bus}, \
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster", .function = "toaster_simple", .upper = {"toaster_filter"}}, \
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsCompatibleToaster", .function = "toaster_simple"}

#define TOASTER_BUS_TARGET(bus) { \
    .name = bus, \
    .device = "bus", \
    .device_id = "Root\\TOASTERBUS", \
    .interface_id = TOASTER_BUS_INTERFACE, \
    .stacks = (const struct pnp_install[]){TOASTER_BUS_STACKS(bus)}, \
    .stack_count = 3, \
    .also = also, \
    .also_count = sizeof also / sizeof also[0], \
    .codes = codes, \
    .code_count = sizeof codes / sizeof codes[0], \
    .lengths = lengths, \
    .length_count = sizeof lengths / sizeof lengths[0], \
    .completes_ms = 1000, \
    .wmi = wmi, \
    .wmi_count = sizeof wmi / sizeof wmi[0], \
    .ioctl_input = toaster_bus_input, \
    .wmi_answered = toaster_bus_wmi_answered, \
    .finished = finished, \
}

#endif
