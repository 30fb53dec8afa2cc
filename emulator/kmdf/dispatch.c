/*
 * The dispatch routine of every framework device: where IRPs enter (K-DRV-81, 83). Called by the kernel inside the gate.
 *
 * PnP, power and WMI IRPs hold the device's remove lock while they are here; after removal they are completed with STATUS_DELETE_PENDING.
 */
#include "device.h"

NTSTATUS fx_complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    io_complete_request(irp, IO_NO_INCREMENT);
    return status;
}

/* A PDO is the end of the way: the IRP is completed as it is. */
NTSTATUS fx_forward(struct fx_device *device, PIRP irp)
{
    if (!device->attached)
        return fx_complete(irp, irp->IoStatus.Status);
    io_skip_current_irp_stack_location(irp);
    return io_call_driver(device->attached, irp);
}

static NTSTATUS NTAPI came_back(PDEVICE_OBJECT wdm, PIRP irp, PVOID context)
{
    ke_set_event(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS fx_forward_and_wait(struct fx_device *device, PIRP irp)
{
    if (!device->attached)
        return irp->IoStatus.Status;
    KEVENT event;
    ke_initialize_event(&event, NotificationEvent, FALSE);
    io_copy_current_irp_stack_location_to_next(irp);
    io_set_completion_routine(irp, came_back, &event, TRUE, TRUE, TRUE);
    NTSTATUS status = io_call_driver(device->attached, irp);
    if (status == STATUS_PENDING)
        ke_wait_internal(&event, "an IRP sent to the lower device");
    return irp->IoStatus.Status;
}

/* ---- Everything that is not I/O, PnP or power ---- */

static NTSTATUS dispatch_shutdown(struct fx_device *device, PIRP irp)
{
    PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION routine = device->own->init->shutdown;
    if (device->filter)
        return fx_forward(device, irp);
    if (!routine)
        return fx_complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceShutdownNotification, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
    return fx_complete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_other(struct fx_device *device, PIRP irp)
{
    return device->filter ? fx_forward(device, irp) : fx_complete(irp, STATUS_INVALID_DEVICE_REQUEST);
}

/* ---- Remove lock ---- */

bool fx_device_enter(struct fx_device *device)
{
    if (device->own->removed)
        return false;
    device->own->outstanding++;
    return true;
}

void fx_device_leave(struct fx_device *device)
{
    if (--device->own->outstanding == 0 && device->own->removed)
        ke_set_event(&device->own->drained, 0, FALSE);
}

static NTSTATUS dispatch_locked(struct fx_device *device, PIRP irp, NTSTATUS (*handler)(struct fx_device *, PIRP))
{
    if (!fx_device_enter(device))
        return fx_complete(irp, STATUS_DELETE_PENDING);
    NTSTATUS status = handler(device, irp);
    fx_device_leave(device);
    return status;
}

NTSTATUS fx_dispatch_preprocessed(struct fx_device *device, PIRP irp)
{
    switch (io_get_current_irp_stack_location(irp)->MajorFunction) {
    case IRP_MJ_READ: case IRP_MJ_WRITE: case IRP_MJ_DEVICE_CONTROL: case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return fx_io_dispatch(device, irp);
    case IRP_MJ_CREATE:
        return fx_file_create(device, irp);
    case IRP_MJ_CLEANUP:
        return fx_file_cleanup(device, irp);
    case IRP_MJ_CLOSE:
        return fx_file_close(device, irp);
    case IRP_MJ_PNP:
        return device->control ? fx_complete(irp, irp->IoStatus.Status) : fx_pnp_dispatch(device, irp);
    case IRP_MJ_POWER:
        return device->control ? fx_complete(irp, irp->IoStatus.Status) : dispatch_locked(device, irp, fx_power_dispatch);
    case IRP_MJ_SYSTEM_CONTROL:
        return dispatch_locked(device, irp, fx_wmi_dispatch);
    case IRP_MJ_SHUTDOWN:
        return dispatch_shutdown(device, irp);
    default:
        return dispatch_other(device, irp);
    }
}

/* ---- Preprocessing ---- */

static bool wants(const struct fx_preprocess *p, UCHAR minor)
{
    if (!p->routine)
        return false;
    for (ULONG i = 0; i < p->minor_count; i++)
        if (p->minors[i] == minor)
            return true;
    return p->minor_count == 0;
}

NTSTATUS fx_dispatch(PDEVICE_OBJECT wdm, PIRP irp)
{
    struct fx_device *device = fx_device_of(wdm);
    if (!device)
        fx_misuse("V-WDF-48", "an IRP came to device #%u, which the driver made with IoCreateDevice: its dispatch routines are the framework's, "
                  "which knows only devices of WdfDeviceCreate", ob_header(wdm)->number);
    hb_acquire(device); /* the queue locks order EvtDriverDeviceAdd and D0 entry before any later request */
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    const struct fx_preprocess *p = &device->own->init->preprocess[stack->MajorFunction];
    if (!wants(p, stack->MinorFunction))
        return fx_dispatch_preprocessed(device, irp);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceWdmIrpPreprocess, p->routine, irp);
    NTSTATUS status = p->routine((WDFDEVICE)device, irp);
    callback_leave(&frame, (ULONG)status);
    return status;
}
