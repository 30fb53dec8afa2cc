/*
 * Special files: DEVICE_USAGE_NOTIFICATION (K-PNP-70). A device in the path of a paging, hibernation or dump file, say, is neither stopped nor
 * removed, stays in D0, and is not power-pageable as long as the file is there.
 *
 * Internal design. Who is in the way is told in turn: a PDO's parent stack, the stacks that the driver has named, the stack beneath, the driver. The
 * first that refuses ends it; who has agreed is told the opposite.
 */
#include "device.h"

static bool is_kept_up(WDF_SPECIAL_FILE_TYPE type)
{
    return type == WdfSpecialFilePaging || type == WdfSpecialFileHibernation || type == WdfSpecialFileDump;
}

bool fx_in_special_use(const struct fx_device *device)
{
    for (unsigned type = WdfSpecialFilePaging; type < WdfSpecialFileMax; type++)
        if (device->own->special_uses[type] > 0)
            return true;
    return false;
}

/* ---- Flags ---- */

static bool may_be_pageable(const struct fx_device *device)
{
    const struct fx_device_private *own = device->own;
    for (WDF_SPECIAL_FILE_TYPE type = WdfSpecialFilePaging; type < WdfSpecialFileMax; type = (WDF_SPECIAL_FILE_TYPE)(type + 1))
        if (is_kept_up(type) && own->special_uses[type] > 0)
            return false;
    if (device->attached && !(device->attached->Flags & DO_POWER_PAGABLE))
        return false;
    return device->filter || (own->init->pageable && !own->init->inrush);
}

static void set_pageable(struct fx_device *device)
{
    ULONG before = device->wdm->Flags;
    if (may_be_pageable(device))
        device->wdm->Flags |= DO_POWER_PAGABLE;
    else
        device->wdm->Flags &= ~(ULONG)DO_POWER_PAGABLE;
    if (before == device->wdm->Flags)
        return;
    fx_power_lock(device);
    if (device->own->in_d0) { /* its power machine goes on with the other kind of states */
        fx_power_enters(device, WdfDevStatePowerD0);
        fx_state_rests(device, FX_MACHINE_POWER);
    }
    fx_power_unlock(device);
}

static void count(struct fx_device *device, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path)
{
    LONG *uses = &device->own->special_uses[type];
    if (in_path || *uses > 0)
        *uses += in_path ? 1 : -1;
    if (is_kept_up(type))
        set_pageable(device);
}

/* ---- The others ---- */

struct notification {
    WDF_SPECIAL_FILE_TYPE type;
    BOOLEAN in_path;
};

static void fill(PIO_STACK_LOCATION location, void *context)
{
    const struct notification *n = context;
    location->Parameters.UsageNotification.Type = (DEVICE_USAGE_NOTIFICATION_TYPE)n->type;
    location->Parameters.UsageNotification.InPath = n->in_path;
}

static NTSTATUS tell(PDEVICE_OBJECT to, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path)
{
    struct notification n = {type, in_path};
    return fx_send_pnp(to, IRP_MN_DEVICE_USAGE_NOTIFICATION, fill, &n);
}

static PDEVICE_OBJECT parent_of(const struct fx_device *device)
{
    return device->own->as_pdo ? io_get_attached_device(device->own->as_pdo->bus->wdm) : NULL;
}

/* The first `n` of the dependents, and the parent, hear of it; how many dependents did is counted in *told. */
static NTSTATUS tell_others(struct fx_device *device, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path, ULONG n, ULONG *told)
{
    PDEVICE_OBJECT parent = parent_of(device);
    NTSTATUS status = parent ? tell(parent, type, in_path) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    for (*told = 0; *told < n; (*told)++) {
        status = tell(io_get_attached_device(device->own->usage.device[*told]), type, in_path);
        if (!NT_SUCCESS(status)) {
            ULONG ignored;
            tell_others(device, type, !in_path, *told, &ignored);
            return status;
        }
    }
    return status;
}

/* ---- Power ---- */

static NTSTATUS hold_d0(struct fx_device *device)
{
    if (!device->power_policy_owner)
        return STATUS_SUCCESS;
    fx_power_reference(device);
    NTSTATUS status = device->own->power_failed    ? STATUS_POWER_STATE_INVALID
                      : device->own->policy_started ? fx_policy_wait_for_d0(device)
                                                    : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        fx_power_dereference(device);
    return status;
}

static void release_d0(struct fx_device *device)
{
    if (device->power_policy_owner)
        fx_power_dereference(device);
}

/* ---- The IRP ---- */

static NTSTATUS call_driver(struct fx_device *device, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path)
{
    const WDF_PNPPOWER_EVENT_CALLBACKS *c = &device->own->init->pnp;
    struct callback_frame frame;
    NTSTATUS status = STATUS_SUCCESS;
    if (c->EvtDeviceUsageNotificationEx) {
        callback_enter(&frame, DDI_EvtDeviceUsageNotificationEx, c->EvtDeviceUsageNotificationEx, device);
        status = c->EvtDeviceUsageNotificationEx((WDFDEVICE)device, type, in_path);
        callback_leave(&frame, (ULONG)status);
    } else if (c->EvtDeviceUsageNotification) {
        callback_enter(&frame, DDI_EvtDeviceUsageNotification, c->EvtDeviceUsageNotification, device);
        c->EvtDeviceUsageNotification((WDFDEVICE)device, type, in_path);
        callback_leave(&frame, 0);
    }
    return status;
}

static NTSTATUS tell_stack(struct fx_device *device, PIRP irp, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path)
{
    NTSTATUS status = device->own->as_pdo ? STATUS_SUCCESS : fx_forward_and_wait(device, irp);
    if (!NT_SUCCESS(status))
        return status;
    status = call_driver(device, type, in_path);
    if (!NT_SUCCESS(status) && device->attached)
        tell(device->attached, type, !in_path);
    return status;
}

static NTSTATUS enter_path(struct fx_device *device, PIRP irp, WDF_SPECIAL_FILE_TYPE type)
{
    ULONG told, ignored;
    count(device, type, TRUE);
    NTSTATUS status = tell_others(device, type, TRUE, device->own->usage.count, &told);
    if (NT_SUCCESS(status)) {
        status = hold_d0(device);
        bool held = NT_SUCCESS(status);
        if (held)
            status = tell_stack(device, irp, type, TRUE);
        if (NT_SUCCESS(status))
            return status;
        tell_others(device, type, FALSE, told, &ignored);
        if (held)
            release_d0(device);
    }
    count(device, type, FALSE);
    return status;
}

static NTSTATUS leave_path(struct fx_device *device, PIRP irp, WDF_SPECIAL_FILE_TYPE type)
{
    ULONG told, ignored;
    bool held = device->own->special_uses[type] > 0;
    NTSTATUS status = tell_others(device, type, FALSE, device->own->usage.count, &told);
    if (!NT_SUCCESS(status))
        return status;
    status = tell_stack(device, irp, type, FALSE);
    if (!NT_SUCCESS(status)) {
        tell_others(device, type, TRUE, told, &ignored);
        return status;
    }
    count(device, type, FALSE);
    if (held)
        release_d0(device);
    return status;
}

/* The order of DEVICE_USAGE_NOTIFICATION_TYPE and WDF_SPECIAL_FILE_TYPE is the same. */
NTSTATUS fx_usage_notification(struct fx_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    WDF_SPECIAL_FILE_TYPE type = (WDF_SPECIAL_FILE_TYPE)stack->Parameters.UsageNotification.Type;
    if (type <= WdfSpecialFileUndefined || type >= WdfSpecialFileMax)
        return fx_forward(device, irp);
    BOOLEAN in_path = stack->Parameters.UsageNotification.InPath;
    bool supported = device->filter || device->own->special_files & 1u << type;
    if (in_path && !supported)
        return fx_complete(irp, STATUS_NOT_IMPLEMENTED);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_complete(irp, in_path ? enter_path(device, irp, type) : leave_path(device, irp, type));
}

/* ---- DDIs ---- */

VOID wdf_WdfDeviceSetSpecialFileSupport(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, WDF_SPECIAL_FILE_TYPE FileType,
                                        BOOLEAN FileTypeIsSupported)
{
    gate_enter(DDI_WdfDeviceSetSpecialFileSupport, trace_object(Device), FileType);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    if (FileType <= WdfSpecialFileUndefined || FileType >= WdfSpecialFileMax)
        fx_misuse("K-PNP-70", "WdfDeviceSetSpecialFileSupport: the file type %u is invalid", FileType);
    if (FileTypeIsSupported)
        device->own->special_files |= 1u << FileType;
    else
        device->own->special_files &= ~(1u << FileType);
    gate_leave(0);
}

NTSTATUS wdf_WdfDeviceAddDependentUsageDeviceObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT DependentDevice)
{
    gate_enter(DDI_WdfDeviceAddDependentUsageDeviceObject, trace_object(Device), trace_object(DependentDevice));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(DependentDevice, "DependentDevice");
    NTSTATUS status = fx_relations_add(&device->own->usage, DependentDevice, DDI_WdfDeviceAddDependentUsageDeviceObject);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceRemoveDependentUsageDeviceObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT DependentDevice)
{
    gate_enter(DDI_WdfDeviceRemoveDependentUsageDeviceObject, trace_object(Device), trace_object(DependentDevice));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(DependentDevice, "DependentDevice");
    fx_relations_remove(&device->own->usage, DependentDevice);
    gate_leave(0);
}
