/*
 * The wait-wake IRP at its bus (K-PNP-80, 82, 86): a PDO pends it, and tells its driver to make the bus listen and to stop that.
 *
 * Under somebody else's power policy the bus listens from the IRP's arrival to its end, whichever way it ends: the end comes at any IRQL, so a
 * work item calls EvtDeviceDisableWakeAtBus, unless the device's way up was faster. A PDO that owns its policy is told by powerpolicy.c.
 */
#include "device.h"

NTSTATUS fx_pdo_enable_wake(struct fx_device *device, SYSTEM_POWER_STATE state)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo || pdo->wake_enabled)
        return STATUS_SUCCESS;
    PFN_WDF_DEVICE_ENABLE_WAKE_AT_BUS routine = pdo->init->callbacks.EvtDeviceEnableWakeAtBus;
    NTSTATUS status = STATUS_SUCCESS;
    if (routine) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDeviceEnableWakeAtBus, routine, device);
        status = routine((WDFDEVICE)device, state);
        callback_leave(&frame, (ULONG)status);
    }
    pdo->wake_enabled = NT_SUCCESS(status);
    return status;
}

void fx_pdo_disable_wake(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo || !pdo->wake_enabled)
        return;
    PFN_WDF_DEVICE_DISABLE_WAKE_AT_BUS routine = pdo->init->callbacks.EvtDeviceDisableWakeAtBus;
    pdo->wake_enabled = false;
    if (!routine)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceDisableWakeAtBus, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
}

/* ---- The IRP's end ---- */

static void wake_work(void *context)
{
    struct fx_device *device = context;
    struct fx_pdo *pdo = device->own->as_pdo;
    fx_power_lock(device);
    if (!pdo->wait_wake)
        fx_pdo_disable_wake(device);
    fx_power_unlock(device);
    pdo->wake_work_queued = false;
    ke_set_event(&pdo->wake_idle, 0, FALSE);
}

static void stop_listening(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (device->power_policy_owner || pdo->wake_work_queued)
        return;
    pdo->wake_work_queued = true;
    pdo->wake_work = (struct ex_work){.run = wake_work, .context = device};
    ke_reset_event(&pdo->wake_idle);
    ex_queue_work(&pdo->wake_work);
}

static VOID cancelled(PDEVICE_OBJECT wdm, PIRP irp)
{
    struct fx_device *device = fx_device_of(wdm);
    device->own->as_pdo->wait_wake = NULL;
    stop_listening(device);
    io_release_cancel_spin_lock(irp->CancelIrql);
    irp->IoStatus.Information = 0;
    fx_complete(irp, STATUS_CANCELLED);
}

bool fx_pdo_complete_wait_wake(struct fx_device *device, NTSTATUS status)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    PIRP irp = pdo->wait_wake;
    if (!irp || !io_set_cancel_routine(irp, NULL))
        return false;
    pdo->wait_wake = NULL;
    stop_listening(device);
    irp->IoStatus.Information = 0;
    fx_complete(irp, status);
    return true;
}

void fx_pdo_stop_wake(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo)
        return;
    fx_power_lock(device);
    fx_pdo_disable_wake(device);
    fx_power_unlock(device);
    fx_pdo_complete_wait_wake(device, STATUS_NO_SUCH_DEVICE); /* K-PNP-41 */
    ke_wait_internal(&pdo->wake_idle, "the bus to stop listening for wake");
}

/* ---- Its arrival ---- */

static void pend(struct fx_device *device, PIRP irp)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    pdo->wait_wake = irp;
    io_set_cancel_routine(irp, cancelled);
    if (irp->Cancel)
        fx_pdo_complete_wait_wake(device, STATUS_CANCELLED);
}

NTSTATUS fx_pdo_wait_wake(struct fx_device *device, PIRP irp)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    SYSTEM_POWER_STATE state = io_get_current_irp_stack_location(irp)->Parameters.WaitWake.PowerState;
    if (pdo->wait_wake)
        return fx_complete(irp, STATUS_DEVICE_BUSY);
    if (device->power_policy_owner || ke_get_current_irql() > PASSIVE_LEVEL) {
        io_mark_irp_pending(irp);
        pend(device, irp);
        return STATUS_PENDING;
    }
    fx_power_lock(device);
    NTSTATUS status = fx_pdo_enable_wake(device, state);
    fx_power_unlock(device);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    io_mark_irp_pending(irp);
    pend(device, irp);
    return STATUS_PENDING;
}

NTSTATUS wdf_WdfDeviceIndicateWakeStatus(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, NTSTATUS WaitWakeStatus)
{
    gate_enter(DDI_WdfDeviceIndicateWakeStatus, trace_object(Device), (ULONG)WaitWakeStatus);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    NTSTATUS status = STATUS_SUCCESS;
    if (WaitWakeStatus == STATUS_PENDING || WaitWakeStatus == STATUS_CANCELLED)
        status = STATUS_INVALID_PARAMETER;
    else if (!device->own->as_pdo) /* function devices do not own the wait-wake IRP of their bus */
        status = STATUS_INVALID_DEVICE_STATE;
    else if (!fx_pdo_complete_wait_wake(device, WaitWakeStatus))
        status = STATUS_INVALID_DEVICE_REQUEST;
    gate_leave((ULONG)status);
    return status;
}
