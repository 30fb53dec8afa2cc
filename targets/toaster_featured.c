/*
 * A whole kitchen: the bus, the toasters that are plugged into it (featured driver; the generic filter above it, or below one that is only compatible the sideband filter), and beside the bus a monitor that opens every
 * toaster and polls it. Apps open the bus (class 0) and toasters (class 1). Events also name the monitor (device=7) and a toaster that hangs on no toaster bus,
 * once it was added (device=6): it alone can wake the machine, since toasters on the bus have nothing to signal with. The oracle is oracle_toaster.c: nobody sees
 * the monitor.
 */
#include "machine/machine.h"

#include "oracle_toaster.h"

static const uint32_t codes[] = {BUS_PLUG, BUS_UNPLUG, BUS_EJECT, TOASTER_HIDE, 0x222003};
/* A plug of the usual toaster, the other fixed part, and what a toaster is read and written with. */
static const uint32_t lengths[] = {108, 16, 11, 10, 64, 4096, 130, 0};
static const struct target_interface also[] = {{.name = "toaster", .id = TOASTER_INTERFACE}};
static const struct pnp_install stacks[] = {
    {.id = "Root\\TOASTERBUS", .function = "toaster_bus"},
    {.id = "Root\\TOASTMON", .function = "toaster_toastmon"},
    {.id = "Root\\TOASTER", .function = "toaster_featured"},
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster", .function = "toaster_featured", .upper = {"toaster_filter"}},
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsCompatibleToaster", .lower = {"toaster_sideband"}, .function = "toaster_featured"},
};

/* A root-enumerated toaster of another make. */
static const struct target_resource hardware[] = {{RESOURCE_PORT, 0x5000, 8}, {RESOURCE_MEMORY, 0xE8000000, 4096}, {RESOURCE_INTERRUPT, 0x51, 5}, {RESOURCE_DMA, 2, 0}};

static const struct target_wmi wmi[] = {TOASTER_BUS_WMI, TOASTER_FEATURED_WMI};

static void wmi_answered(const struct wmi_request *r)
{
    if (r->class < TOASTER_FEATURED_FIRST_CLASS)
        toaster_bus_wmi_answered(r);
    else
        toaster_featured_wmi_answered(r);
}

static void finished(const struct request *r)
{
    if (r->class == 1)
        toaster_featured_finished(r);
    else
        toaster_bus_finished(r);
}

const struct target target = {
    .name = "toaster_featured",
    .device = "bus",
    .device_id = "Root\\TOASTERBUS",
    .interface_id = TOASTER_BUS_INTERFACE,
    .stacks = stacks,
    .stack_count = sizeof stacks / sizeof stacks[0],
    .beside = {{.id = "Root\\TOASTMON"}, {.id = "Root\\TOASTER", .later = true, .resources = hardware, .resource_count = sizeof hardware / sizeof hardware[0]}},
    .also = also,
    .also_count = sizeof also / sizeof also[0],
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .wmi = wmi,
    .wmi_count = sizeof wmi / sizeof wmi[0],
    .wmi_answered = wmi_answered,
    .completes_ms = 1000,
    .lints = LINT_POWER, /* they idle: a power reference that is never given back would keep a toaster hot */
    .ioctl_input = toaster_bus_input,
    .finished = finished,
};
