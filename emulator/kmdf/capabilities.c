/*
 * What the bus says about a power policy owner's device: asked for when its hardware is prepared (K-PNP-11 step 3), and what follows from it for
 * sleep and wake (K-PNP-73, 76, 78, 87). A bus that leaves a capability unspecified forbids nothing by it.
 */
#include "device.h"

#include "../nt/io/io.h"

NTSTATUS fx_send_pnp(PDEVICE_OBJECT to, UCHAR minor, void (*fill)(PIO_STACK_LOCATION location, void *context), void *context)
{
    PIRP irp = pnp_build_irp(to, minor, STATUS_NOT_SUPPORTED);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    fill(io_get_next_irp_stack_location(irp), context);
    return io_send_and_wait(irp, to, NULL);
}

static void fill(PIO_STACK_LOCATION location, void *capabilities) { location->Parameters.DeviceCapabilities.Capabilities = capabilities; }

NTSTATUS fx_capabilities_query(struct fx_device *device)
{
    if (!device->power_policy_owner)
        return STATUS_SUCCESS;
    DEVICE_CAPABILITIES *c = ex_system_alloc(sizeof *c); /* where drivers' sanitizers can see it */
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    c->Size = sizeof *c;
    c->Version = 1;
    c->Address = c->UINumber = (ULONG)-1;
    NTSTATUS status = fx_send_pnp(io_get_attached_device(device->pdo), IRP_MN_QUERY_CAPABILITIES, fill, c);
    if (NT_SUCCESS(status))
        device->own->caps = (struct fx_capabilities){.known = true, .system_wake = c->SystemWake, .device_wake = c->DeviceWake};
    if (NT_SUCCESS(status))
        memcpy(device->own->caps.device_state, c->DeviceState, sizeof c->DeviceState);
    ex_system_free(c);
    return status;
}

bool fx_capabilities_forbid_wake(const struct fx_device *device, DEVICE_POWER_STATE dx)
{
    const struct fx_capabilities *c = &device->own->caps;
    if (!c->known || c->device_wake == PowerDeviceUnspecified)
        return false;
    return dx != PowerDeviceMaximum && dx > c->device_wake;
}

bool fx_capabilities_forbid_sleep(const struct fx_device *device, SYSTEM_POWER_STATE state)
{
    const struct fx_capabilities *c = &device->own->caps;
    return c->known && c->system_wake != PowerSystemUnspecified && state < PowerSystemHibernate && state > c->system_wake;
}

DEVICE_POWER_STATE fx_capabilities_wake_state(const struct fx_device *device, SYSTEM_POWER_STATE state)
{
    const struct fx_capabilities *c = &device->own->caps;
    bool stays_alive = c->known && c->device_wake >= PowerDeviceD1 && c->device_wake <= PowerDeviceD3 && c->device_state[state] <= c->device_wake;
    return stays_alive ? c->device_wake : PowerDeviceD3;
}
