/*
 * A request from its IRP to its completion, and what it tells of itself (K-REQ-1..18).
 */
#include "queue.h"
#include "target.h"

/* ---- Creation ---- */

/* A delivered request ends by its completion; a dereference too many would end it while its IRP is out (K-OBJ-5, V-WDF-33). */
static void check_destroyed(struct fx_object *object)
{
    struct fx_request *request = (struct fx_request *)object;
    if (request->irp)
        bugcheck(0x10D, 7, object->number, FX_REQUEST, 0, "K-OBJ-5", "the last reference of request #%u was dropped by a dereference: it is not completed",
                 object->number);
    fx_send_free(request);
}

NTSTATUS fx_request_create(struct fx_device *device, struct fx_queue *queue, PIRP irp, struct fx_request **out)
{
    PWDF_OBJECT_ATTRIBUTES attributes = device->request_attributes.Size ? &device->request_attributes : NULL;
    struct fx_request *request;
    NTSTATUS status = fx_object_create(device->object.driver, FX_REQUEST, sizeof *request, attributes, (void **)&request);
    if (!NT_SUCCESS(status))
        return status;
    request->object.device = device;
    request->object.no_delete = true;
    request->object.destroy = check_destroyed;
    request->irp = irp;
    request->device = device;
    request->queue = queue;
    if (irp)
        request->major = io_get_current_irp_stack_location(irp)->MajorFunction;
    if (!queue) { /* without a queue between, the driver gets it at once */
        request->place = FX_OWNED;
        request->presented = true;
    }
    *out = request;
    return STATUS_SUCCESS;
}

void fx_request_reuse(struct fx_request *request, struct fx_queue *queue, PIRP irp)
{
    request->irp = irp;
    request->queue = queue;
    request->file = NULL;
    request->major = io_get_current_irp_stack_location(irp)->MajorFunction;
    request->place = FX_WITH_FRAMEWORK;
    request->presented = false;
    request->cancelled = false;
    request->completed = NULL;
    fx_send_forget(request);
}

void fx_request_on_completed(struct fx_request *request, void (*completed)(void *context, NTSTATUS status), void *context)
{
    request->completed = completed;
    request->completed_context = context;
}

/* ---- Handles ---- */

struct fx_request *fx_request_handle(WDFREQUEST handle, const char *what)
{
    struct fx_request *request = fx_handle(handle, FX_REQUEST);
    if (!request->irp && request->driver_created)
        bugcheck(0x10D, 6, 2, request->object.number, 0, "V-WDF-15", "%s was called for request #%u, which has no IRP yet", what,
                 request->object.number);
    if (!request->irp)
        bugcheck(0x10D, 5, request->object.number, FX_REQUEST, 0, "V-WDF-9", "%s was called for request #%u, which has been completed", what,
                 request->object.number);
    return request;
}

struct fx_request *fx_request_owned(WDFREQUEST handle, const char *what)
{
    struct fx_request *request = fx_request_handle(handle, what);
    if (request->place == FX_QUEUED)
        fx_misuse("V-WDF-9", "%s was called for request #%u, which the driver does not own: it waits in queue #%u", what, request->object.number,
                  request->queue->object.number);
    if (request->place == FX_SENT)
        fx_misuse("V-WDF-9", "%s was called for request #%u, which the driver does not own: it is with an I/O target", what, request->object.number);
    if (request->place != FX_OWNED)
        fx_misuse("V-WDF-9", "%s was called for request #%u, which the driver does not own", what, request->object.number);
    return request;
}

bool fx_request_is_cancelled(const struct fx_request *request)
{
    return request->irp->Cancel || request->cancelled || (request->queue && request->queue->cancel_dispatched);
}

/* ---- Completion ---- */

/* K-REQ-4. */
static NTSTATUS map_status(NTSTATUS status)
{
    if (((ULONG)status >> 16 & 0xfff) != 0x20)
        return status;
    switch (status) {
    case STATUS_WDF_PAUSED: case STATUS_WDF_BUSY: return STATUS_DEVICE_BUSY;
    case STATUS_WDF_INTERNAL_ERROR: return STATUS_INTERNAL_ERROR;
    case STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS: return STATUS_INSUFFICIENT_RESOURCES;
    default: return STATUS_INVALID_DEVICE_REQUEST;
    }
}

/* The most that may be reported for the request, or -1 (K-REQ-6). */
static uint64_t information_limit(const struct fx_request *request)
{
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    switch (request->major) {
    case IRP_MJ_READ: return stack->Parameters.Read.Length;
    case IRP_MJ_WRITE: return stack->Parameters.Write.Length;
    case IRP_MJ_DEVICE_CONTROL: {
        ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
        return request->irp->RequestorMode == UserMode && out ? out : ~0ull;
    }
    default: return ~0ull;
    }
}

static void check_information(const struct fx_request *request, NTSTATUS status)
{
    uint64_t information = request->irp->IoStatus.Information, limit = information_limit(request);
    if (NT_SUCCESS(status) && information > limit) {
        char name[48];
        bugcheck(0x10D, 6, 4, request->object.number, 0, "V-WDF-14", "%s: %llu bytes were reported for a buffer of %llu bytes",
                 irp_name(request->irp, name, sizeof name), (unsigned long long)information, (unsigned long long)limit);
    }
}

/* K-REQ-7: nothing is copied back to a caller who gave no output buffer. */
static void forbid_copy_back(const struct fx_request *request)
{
    if (request->major != IRP_MJ_DEVICE_CONTROL || request->irp->RequestorMode != UserMode)
        return;
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    if (!stack->Parameters.DeviceIoControl.OutputBufferLength && (stack->Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_BUFFERED)
        request->irp->Flags &= ~IRP_INPUT_OPERATION;
}

/* What the driver may not complete (8.3, V-WDF-1..3). */
static struct fx_request *completable(WDFREQUEST handle, const char *ddi)
{
    struct fx_request *request = fx_handle(handle, FX_REQUEST);
    uint32_t number = request->object.number;
    if (request->place == FX_COMPLETED)
        bugcheck(0x44, number, 0, 0, 0, "V-WDF-1", "%s: request #%u has been completed before", ddi, number);
    if (request->cancelable)
        fx_misuse("V-WDF-2", "%s: request #%u is completed while it is marked cancelable (no successful WdfRequestUnmarkCancelable)", ddi, number);
    if (request->cancel_queued)
        fx_misuse("V-WDF-3", "%s: request #%u was cancelled and its EvtRequestCancel is still to be called: that routine completes it", ddi, number);
    if (request->driver_created && !request->must_complete)
        fx_misuse("K-REQ-11", "%s: request #%u was created by the driver and cannot be completed", ddi, number);
    if (machine_lints & LINT_CALLBACK && fx_callback() == DDI_EvtDeviceSurpriseRemoval)
        fx_misuse("V-WDF-34", "%s: request #%u is completed inside EvtDeviceSurpriseRemoval: self-managed I/O and EvtIoStop are the places", ddi, number);
    return fx_request_owned(handle, ddi);
}

/* A reserved request, and one of the driver's own, outlive their IRP. */
static bool outlives_irp(const struct fx_request *request) { return request->reserved || request->driver_created; }

/* Out of the driver's hands (K-REQ-3): the queue that still counts it as owned, or NULL. */
static struct fx_queue *take_from_driver(struct fx_request *request)
{
    struct fx_queue *queue = request->listed ? request->queue : NULL;
    if (queue)
        fx_queue_unlist_owned(queue, request);
    request->place = FX_COMPLETED;
    fx_send_forget(request);
    if (!request->presented && !request->reserved)
        fx_object_erase_callbacks(&request->object); /* K-OBJ-61 */
    if (!outlives_irp(request))
        fx_object_dispose_early(&request->object);
    fx_request_release_buffers(request);
    return queue;
}

/* Its IRP is completed, or on its way elsewhere. */
static void end(struct fx_request *request, struct fx_queue *queue)
{
    if (queue) {
        fx_queue_uncount_owned(queue);
        fx_queue_dispatch_if_idle(queue); /* may present the next request in here (K-Q-29) */
    }
    if (request->reserved) {
        fx_progress_returned(request);
    } else if (request->driver_created) {
        request->place = FX_OWNED;
        request->must_complete = request->frees_irp = false;
        fx_object_dereference(&request->object);
    } else {
        fx_object_delete(&request->object);
    }
}

static void finish(struct fx_request *request, NTSTATUS status, CCHAR boost)
{
    if (request->driver_created)
        fx_object_reference(&request->object); /* who hears of the IRP may delete it */
    struct fx_queue *queue = take_from_driver(request);
    forbid_copy_back(request);
    PIRP irp = request->irp;
    request->irp = NULL;
    if (request->completed)
        request->completed(request->completed_context, status);
    irp->IoStatus.Status = status;
    io_complete_request(irp, boost);
    end(request, queue);
}

void fx_request_complete(struct fx_request *request, NTSTATUS status)
{
    finish(request, map_status(status), request->device->default_boost);
}

static void complete(WDFREQUEST handle, const char *ddi, NTSTATUS status, const ULONG_PTR *information, const CCHAR *boost)
{
    struct fx_request *request = completable(handle, ddi);
    if (machine_lints & LINT_SEND && request->send && request->send->refused && request->send->refused != status)
        fx_misuse("V-WDF-18", "%s: request #%u, which WdfRequestSend refused with 0x%08X, is completed with 0x%08X: WdfRequestGetStatus tells why", ddi,
                  request->object.number, (unsigned)request->send->refused, (unsigned)status);
    if (information)
        request->irp->IoStatus.Information = *information;
    status = map_status(status);
    check_information(request, status);
    finish(request, status, boost ? *boost : request->device ? request->device->default_boost : IO_NO_INCREMENT);
}

void fx_request_forget(struct fx_request *request, PDEVICE_OBJECT to, bool skip)
{
    PIRP irp = request->irp;
    struct fx_queue *queue = take_from_driver(request);
    request->irp = NULL;
    if (skip)
        io_skip_current_irp_stack_location(irp);
    io_call_driver(to, irp);
    end(request, queue);
}

void fx_request_pass_down(struct fx_request *request) { fx_request_forget(request, request->device->attached, true); }

void fx_request_check_delete(const struct fx_request *request)
{
    if (request->place == FX_SENT)
        fx_misuse("K-REQ-52", "request #%u is deleted while it is with an I/O target", request->object.number);
}

VOID wdf_WdfRequestComplete(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, NTSTATUS Status)
{
    gate_enter(DDI_WdfRequestComplete, trace_object(Request), (ULONG)Status);
    complete(Request, "WdfRequestComplete", Status, NULL, NULL);
    gate_leave(0);
}

VOID wdf_WdfRequestCompleteWithInformation(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, NTSTATUS Status, ULONG_PTR Information)
{
    gate_enter(DDI_WdfRequestCompleteWithInformation, trace_object(Request), (ULONG)Status);
    complete(Request, "WdfRequestCompleteWithInformation", Status, &Information, NULL);
    gate_leave(0);
}

VOID wdf_WdfRequestCompleteWithPriorityBoost(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, NTSTATUS Status, CCHAR PriorityBoost)
{
    gate_enter(DDI_WdfRequestCompleteWithPriorityBoost, trace_object(Request), (ULONG)Status);
    complete(Request, "WdfRequestCompleteWithPriorityBoost", Status, NULL, &PriorityBoost);
    gate_leave(0);
}

/* ---- What a request tells ---- */

void fx_request_fill_parameters(const struct fx_request *request, PWDF_REQUEST_PARAMETERS p)
{
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    p->MinorFunction = stack->MinorFunction;
    p->Type = (WDF_REQUEST_TYPE)request->major;
    switch (request->major) {
    case IRP_MJ_CREATE:
        p->Parameters.Create.SecurityContext = stack->Parameters.Create.SecurityContext;
        p->Parameters.Create.Options = stack->Parameters.Create.Options;
        p->Parameters.Create.FileAttributes = stack->Parameters.Create.FileAttributes;
        p->Parameters.Create.ShareAccess = stack->Parameters.Create.ShareAccess;
        p->Parameters.Create.EaLength = stack->Parameters.Create.EaLength;
        break;
    case IRP_MJ_READ:
        p->Parameters.Read.Length = stack->Parameters.Read.Length;
        p->Parameters.Read.Key = stack->Parameters.Read.Key;
        p->Parameters.Read.DeviceOffset = stack->Parameters.Read.ByteOffset.QuadPart;
        break;
    case IRP_MJ_WRITE:
        p->Parameters.Write.Length = stack->Parameters.Write.Length;
        p->Parameters.Write.Key = stack->Parameters.Write.Key;
        p->Parameters.Write.DeviceOffset = stack->Parameters.Write.ByteOffset.QuadPart;
        break;
    case IRP_MJ_DEVICE_CONTROL: case IRP_MJ_INTERNAL_DEVICE_CONTROL: {
        bool raw = request->major == IRP_MJ_DEVICE_CONTROL && request->irp->RequestorMode == UserMode &&
                   (stack->Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_NEITHER;
        p->Parameters.DeviceIoControl.OutputBufferLength = stack->Parameters.DeviceIoControl.OutputBufferLength;
        p->Parameters.DeviceIoControl.InputBufferLength = stack->Parameters.DeviceIoControl.InputBufferLength;
        p->Parameters.DeviceIoControl.IoControlCode = stack->Parameters.DeviceIoControl.IoControlCode;
        p->Parameters.DeviceIoControl.Type3InputBuffer = raw ? NULL : stack->Parameters.DeviceIoControl.Type3InputBuffer;
        break;
    }
    default:
        p->Parameters.Others.Arg1 = stack->Parameters.Others.Argument1;
        p->Parameters.Others.Arg2 = stack->Parameters.Others.Argument2;
        p->Parameters.Others.IoControlCode = (ULONG)(ULONG_PTR)stack->Parameters.Others.Argument3;
        p->Parameters.Others.Arg4 = stack->Parameters.Others.Argument4;
        break;
    }
}

VOID wdf_WdfRequestGetParameters(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PWDF_REQUEST_PARAMETERS Parameters)
{
    gate_enter(DDI_WdfRequestGetParameters, trace_object(Request), 0);
    struct fx_request *request = fx_request_handle(Request, "WdfRequestGetParameters");
    fx_require(Parameters, "Parameters");
    uint16_t callback = fx_callback();
    if (machine_lints & LINT_CALLBACK && (callback == DDI_EvtIoStop || callback == DDI_EvtIoResume))
        fx_misuse("V-WDF-29", "WdfRequestGetParameters was called for request #%u inside %s", request->object.number, ddi_table[callback].name);
    if (Parameters->Size < sizeof *Parameters)
        fx_misuse("K-REQ-15", "WdfRequestGetParameters: Parameters.Size is %u, expected at least %u (WDF_REQUEST_PARAMETERS_INIT)",
                  (unsigned)Parameters->Size, (unsigned)sizeof *Parameters);
    fx_request_fill_parameters(request, Parameters);
    gate_leave(0);
}

VOID wdf_WdfRequestSetInformation(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, ULONG_PTR Information)
{
    gate_enter(DDI_WdfRequestSetInformation, trace_object(Request), Information);
    fx_request_handle(Request, "WdfRequestSetInformation")->irp->IoStatus.Information = Information;
    gate_leave(0);
}

ULONG_PTR wdf_WdfRequestGetInformation(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetInformation, trace_object(Request), 0);
    ULONG_PTR information = fx_request_handle(Request, "WdfRequestGetInformation")->irp->IoStatus.Information;
    gate_leave(information);
    return information;
}

NTSTATUS wdf_WdfRequestGetStatus(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetStatus, trace_object(Request), 0);
    const struct fx_request *request = fx_request_handle(Request, "WdfRequestGetStatus");
    if (machine_lints & LINT_SEND && request->send && request->send->asynchronous)
        fx_misuse("V-WDF-19", "WdfRequestGetStatus was called for request #%u, which was sent asynchronously: its status is for the completion routine",
                  request->object.number);
    NTSTATUS status = request->place == FX_SENT ? fx_send_status(request) : request->irp->IoStatus.Status;
    gate_leave((ULONG)status);
    return status;
}

WDFQUEUE wdf_WdfRequestGetIoQueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetIoQueue, trace_object(Request), 0);
    WDFQUEUE queue = (WDFQUEUE)fx_request_handle(Request, "WdfRequestGetIoQueue")->queue;
    gate_leave(trace_object(queue));
    return queue;
}

WDFFILEOBJECT wdf_WdfRequestGetFileObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetFileObject, trace_object(Request), 0);
    struct fx_request *request = fx_request_handle(Request, "WdfRequestGetFileObject");
    PFILE_OBJECT wdm = fx_request_stack(request)->FileObject;
    if (!request->file && request->device && wdm)
        request->file = fx_file_of(request->device, wdm);
    WDFFILEOBJECT file = (WDFFILEOBJECT)request->file;
    gate_leave(trace_object(file));
    return file;
}

KPROCESSOR_MODE wdf_WdfRequestGetRequestorMode(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetRequestorMode, trace_object(Request), 0);
    KPROCESSOR_MODE mode = fx_request_handle(Request, "WdfRequestGetRequestorMode")->irp->RequestorMode;
    gate_leave((uint64_t)mode);
    return mode;
}

BOOLEAN wdf_WdfRequestIsFrom32BitProcess(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestIsFrom32BitProcess, trace_object(Request), 0);
    fx_request_handle(Request, "WdfRequestIsFrom32BitProcess");
    gate_leave(FALSE);
    return FALSE; /* all processes of the emulated machine are 64-bit ones */
}

/* Of the thread that issued the IRP (K-REQ-18); 0 for an IRP that no thread stands behind. */
ULONG wdf_WdfRequestGetRequestorProcessId(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestGetRequestorProcessId, trace_object(Request), 0);
    const struct nt_thread *thread = (struct nt_thread *)fx_request_handle(Request, "WdfRequestGetRequestorProcessId")->irp->Tail.Overlay.Thread;
    ULONG id = !thread ? 0 : thread->process ? thread->process_id : NT_SYSTEM_PROCESS_ID;
    gate_leave(id);
    return id;
}

BOOLEAN wdf_WdfRequestIsReserved(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestIsReserved, trace_object(Request), 0);
    struct fx_request *request = fx_handle(Request, FX_REQUEST);
    if (!request->reserved) /* one that is, is asked before it has an IRP too */
        fx_request_handle(Request, "WdfRequestIsReserved");
    gate_leave(request->reserved);
    return request->reserved;
}

PIRP wdf_WdfRequestWdmGetIrp(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestWdmGetIrp, trace_object(Request), 0);
    struct fx_request *request = fx_handle(Request, FX_REQUEST);
    PIRP irp = request->irp; /* NULL after completion (K-REQ-16) */
    gate_leave(trace_object(irp));
    return irp;
}
