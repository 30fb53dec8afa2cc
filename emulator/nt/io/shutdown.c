/* Shutdown notifications (W-DRV-20): IRP_MJ_SHUTDOWN to the devices that asked for it, the latest first; those of the last chance behind all others. */
#include "io.h"

struct notification {
    struct notification *next;
    PDEVICE_OBJECT device;
    bool last_chance;
};
static struct notification *notifications;

void io_shutdown_boot(void) { notifications = NULL; }

static NTSTATUS add(uint16_t ddi, PDEVICE_OBJECT device, bool last_chance)
{
    if (!ob_is_live(device) || ob_type_of(device) != OB_DEVICE)
        bugcheck(0xC9, 4, 0, 0, 0, "V-IO-04", "%s on something that is no device object (or was deleted)", ddi_table[ddi].name);
    if (choose_fault(ddi))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct notification *n = ex_system_alloc(sizeof *n);
    *n = (struct notification){notifications, device, last_chance};
    notifications = n;
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

static void remove_all(PDEVICE_OBJECT device)
{
    for (struct notification **at = &notifications; *at;) {
        struct notification *n = *at;
        if (n->device != device) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        ex_system_free(n);
    }
    device->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
}

void io_shutdown_check_unregistered(PDEVICE_OBJECT device)
{
    if (device->Flags & DO_SHUTDOWN_REGISTERED)
        bugcheck(OWN_RULE, 9, device_number(device), 0, 0, "V-UNL-9", "device #%u is deleted while it is registered for shutdown notification",
                 device_number(device));
}

static void notify(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT top = io_get_attached_device(device);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (!irp)
        return;
    irp_info(irp)->built_by = 2;
    irp->Flags = IRP_SYNCHRONOUS_API;
    (irp->Tail.Overlay.CurrentStackLocation - 1)->MajorFunction = IRP_MJ_SHUTDOWN;
    io_send_and_wait(irp, top, NULL);
}

void io_shutdown_system(void)
{
    for (unsigned last_chance = 0; last_chance < 2; last_chance++)
        for (struct notification *n = notifications, *next; n; n = next) {
            next = n->next;
            if (n->last_chance == last_chance)
                notify(n->device);
        }
}

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoRegisterShutdownNotification, trace_object(DeviceObject), 0);
    NTSTATUS status = add(DDI_IoRegisterShutdownNotification, DeviceObject, false);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoRegisterLastChanceShutdownNotification, trace_object(DeviceObject), 0);
    NTSTATUS status = add(DDI_IoRegisterLastChanceShutdownNotification, DeviceObject, true);
    gate_leave((ULONG)status);
    return status;
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoUnregisterShutdownNotification, trace_object(DeviceObject), 0);
    remove_all(DeviceObject);
    gate_leave(0);
}
