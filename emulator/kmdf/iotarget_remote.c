/*
 * Targets that a driver opens: by name, or a device object that it has (K-TGT-2, 3, 5). A target opened by name holds a handle to its device; it
 * is told when that device is about to go.
 */
#include "target.h"

/* ---- Notifications ---- */

static NTSTATUS hear(void *context, const struct pnp_told *told)
{
    struct fx_target *target = context;
    switch (told->event) {
    case PNP_QUERY_REMOVE: return fx_target_query_remove(target);
    case PNP_REMOVE_CANCELLED: fx_target_remove_canceled(target); break;
    case PNP_REMOVE_COMPLETE: fx_target_remove_complete(target); break;
    default: break;
    }
    return STATUS_SUCCESS;
}

void fx_target_watch(struct fx_target *target)
{
    fx_target_unwatch(target); /* opened again: of the file before */
    pnp_listen_to_device(target->file, hear, target, &target->listener);
}

void fx_target_unwatch(struct fx_target *target)
{
    if (target->listener)
        pnp_stop_listening(target->listener, false);
    target->listener = NULL;
}

NTSTATUS fx_target_query_remove(struct fx_target *target)
{
    PFN_WDF_IO_TARGET_QUERY_REMOVE routine = target->params.EvtIoTargetQueryRemove;
    if (!routine) {
        fx_target_close(target, WdfIoTargetClosedForQueryRemove);
        return STATUS_SUCCESS;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtIoTargetQueryRemove, (const void *)routine, target);
    NTSTATUS status = routine((WDFIOTARGET)target);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static NTSTATUS reopen(struct fx_target *target);

void fx_target_remove_canceled(struct fx_target *target)
{
    PFN_WDF_IO_TARGET_REMOVE_CANCELED routine = target->params.EvtIoTargetRemoveCanceled;
    if (!routine) {
        if (target->state == WdfIoTargetClosedForQueryRemove)
            reopen(target); /* and started */
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtIoTargetRemoveCanceled, (const void *)routine, target);
    routine((WDFIOTARGET)target);
    callback_leave(&frame, 0);
}

void fx_target_remove_complete(struct fx_target *target)
{
    PFN_WDF_IO_TARGET_REMOVE_COMPLETE routine = target->params.EvtIoTargetRemoveComplete;
    if (!routine) {
        fx_target_close(target, WdfIoTargetClosed);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtIoTargetRemoveComplete, (const void *)routine, target);
    routine((WDFIOTARGET)target);
    callback_leave(&frame, 0);
}

/* ---- Opening ---- */

static NTSTATUS open_by_name(struct fx_target *target)
{
    WDF_IO_TARGET_OPEN_PARAMS *p = &target->params;
    PFILE_OBJECT file;
    ULONG_PTR information = 0;
    NTSTATUS status = io_create_file_as_kernel(&target->name, p->DesiredAccess, p->ShareAccess, p->CreateDisposition, p->CreateOptions, &file, &information);
    if (!NT_SUCCESS(status))
        return status;
    p->FileInformation = (ULONG)information;
    io_handle_opened(file);
    target->handle = ob_open_kernel_handle(file);
    target->file = file;
    fx_target_set_device(target, io_get_attached_device(file->DeviceObject));
    fx_target_watch(target);
    return STATUS_SUCCESS;
}

static NTSTATUS open_existing(struct fx_target *target)
{
    if (!target->params.TargetDeviceObject)
        return STATUS_INVALID_PARAMETER;
    ob_reference(target->params.TargetDeviceObject);
    target->file = target->params.TargetFileObject;
    if (target->file)
        ob_reference(target->file);
    fx_target_set_device(target, target->params.TargetDeviceObject);
    return STATUS_SUCCESS;
}

static NTSTATUS reopen(struct fx_target *target)
{
    return target->name.Buffer ? open_by_name(target) : STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS keep_name(struct fx_target *target, PCUNICODE_STRING name)
{
    UNICODE_STRING copy;
    NTSTATUS status = fx_unicode_copy(&copy, name);
    if (!NT_SUCCESS(status))
        return status;
    if (target->name.Buffer)
        ex_system_free(target->name.Buffer);
    target->name = copy;
    return STATUS_SUCCESS;
}

static void forget_name(struct fx_target *target)
{
    if (target->name.Buffer)
        ex_system_free(target->name.Buffer);
    target->name = (UNICODE_STRING){0};
}

static NTSTATUS open(struct fx_target *target, PWDF_IO_TARGET_OPEN_PARAMS params)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (params->Type == WdfIoTargetOpenReopen)
        return reopen(target);
    target->params = *params;
    if (params->Type == WdfIoTargetOpenUseExistingDevice) {
        forget_name(target);
        return open_existing(target);
    }
    status = keep_name(target, &params->TargetDeviceName);
    if (NT_SUCCESS(status))
        status = open_by_name(target);
    params->FileInformation = target->params.FileInformation;
    return status;
}

/* LocalTargetByFile is for user-mode drivers. */
static NTSTATUS check_params(const WDF_IO_TARGET_OPEN_PARAMS *params)
{
    if (params->Size != sizeof *params)
        return STATUS_INFO_LENGTH_MISMATCH;
    switch (params->Type) {
    case WdfIoTargetOpenByName:
        return params->TargetDeviceName.Buffer && params->TargetDeviceName.Length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case WdfIoTargetOpenUseExistingDevice: case WdfIoTargetOpenReopen:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS check_and_open(struct fx_target *target, PWDF_IO_TARGET_OPEN_PARAMS params)
{
    NTSTATUS status = check_params(params);
    if (!NT_SUCCESS(status))
        return status;
    if ((target->state != WdfIoTargetClosed && target->state != WdfIoTargetClosedForQueryRemove) || target->busy)
        return STATUS_INVALID_DEVICE_STATE;
    if (choose_fault(DDI_WdfIoTargetOpen))
        return STATUS_INSUFFICIENT_RESOURCES;
    target->busy = true; /* the device's CREATE may take its time */
    status = open(target, params);
    target->busy = false;
    return status;
}

/* A default target is no target that can be opened or closed: another type to the framework (K-OBJ-50). */
static struct fx_target *remote(WDFIOTARGET handle)
{
    struct fx_target *target = fx_handle(handle, FX_IOTARGET);
    if (!target->remote)
        bugcheck(0x10D, 5, target->object.number, FX_IOTARGET, 0, "K-OBJ-50", "%s was given the default target #%u, expected one of WdfIoTargetCreate",
                 gate_where(ctx_current()), target->object.number);
    return target;
}

NTSTATUS wdf_WdfIoTargetOpen(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, PWDF_IO_TARGET_OPEN_PARAMS OpenParams)
{
    gate_enter(DDI_WdfIoTargetOpen, trace_object(IoTarget), 0);
    struct fx_target *target = remote(IoTarget);
    fx_require(OpenParams, "OpenParams");
    NTSTATUS status = check_and_open(target, OpenParams);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Closing ---- */

static void close_file(struct fx_target *target)
{
    PFILE_OBJECT file = target->file;
    HANDLE handle = target->handle;
    PDEVICE_OBJECT existing = target->params.Type == WdfIoTargetOpenUseExistingDevice ? target->wdm : NULL;
    target->file = NULL;
    target->handle = NULL;
    target->wdm = target->pdo = NULL;
    if (handle) {
        ob_close_kernel_handle(handle);
        io_handle_closed(file); /* CLEANUP */
    }
    if (file)
        ob_dereference(file);
    if (existing)
        ob_dereference(existing);
}

void fx_target_close(struct fx_target *target, WDF_IO_TARGET_STATE state)
{
    bool was_open = fx_target_is_open(target);
    if (state != WdfIoTargetClosedForQueryRemove)
        fx_target_unwatch(target);
    else if (!was_open)
        return;
    if (was_open)
        target->busy = true; /* not to be opened before it is closed */
    fx_target_shut(target, state);
    if (!was_open)
        return;
    close_file(target);
    target->busy = false;
}

VOID wdf_WdfIoTargetClose(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetClose, trace_object(IoTarget), 0);
    fx_target_close(remote(IoTarget), WdfIoTargetClosed);
    gate_leave(0);
}

VOID wdf_WdfIoTargetCloseForQueryRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetCloseForQueryRemove, trace_object(IoTarget), 0);
    fx_target_close(remote(IoTarget), WdfIoTargetClosedForQueryRemove);
    gate_leave(0);
}
