/*
 * Taking requests out of queues by hand and moving them between queues (K-Q-35..39, 45..48).
 */
#include "queue.h"

bool fx_queue_hides_empty(const struct fx_queue *queue, const struct fx_request *request)
{
    if (queue->config.AllowZeroLengthRequests)
        return false;
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    return (request->major == IRP_MJ_READ && !stack->Parameters.Read.Length) || (request->major == IRP_MJ_WRITE && !stack->Parameters.Write.Length);
}

/* ---- Retrieval ---- */

static struct fx_request *first_of(const struct fx_queue *queue, const LIST_ENTRY *after, PFILE_OBJECT file)
{
    for (const LIST_ENTRY *e = after->Flink; e != &queue->queued; e = e->Flink) {
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        if (!file || fx_request_stack(request)->FileObject == file)
            return request;
    }
    return NULL;
}

static void hand_over(struct fx_queue *queue, struct fx_request *request, WDFREQUEST *out)
{
    fx_queue_remove(queue, request);
    fx_queue_give(queue, request);
    irp_note(request->irp, IRP_PRESENTED, queue->object.number, NULL);
    *out = (WDFREQUEST)request;
}

/* Why nothing may be retrieved now (K-Q-35); STATUS_SUCCESS if it may. */
static NTSTATUS check_retrieval(const struct fx_queue *queue)
{
    if (queue->config.DispatchType == WdfIoQueueDispatchParallel)
        return STATUS_INVALID_DEVICE_STATE;
    if (queue->power == FX_POWER_OFF || !queue->dispatch)
        return STATUS_WDF_PAUSED;
    return STATUS_SUCCESS;
}

static NTSTATUS retrieve(struct fx_queue *queue, PFILE_OBJECT file, WDFREQUEST *out)
{
    *out = NULL;
    NTSTATUS status = check_retrieval(queue);
    if (!NT_SUCCESS(status))
        return status;
    for (struct fx_request *request; (request = first_of(queue, &queue->queued, file)) != NULL;) {
        if (!fx_queue_hides_empty(queue, request)) {
            hand_over(queue, request, out);
            return STATUS_SUCCESS;
        }
        fx_queue_remove(queue, request);
        queue->in_transit++;
        request->irp->IoStatus.Information = 0;
        fx_request_complete(request, STATUS_SUCCESS); /* F5 */
        queue->in_transit--;
        fx_queue_changed(queue);
    }
    return STATUS_NO_MORE_ENTRIES;
}

NTSTATUS wdf_WdfIoQueueRetrieveNextRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, WDFREQUEST *OutRequest)
{
    gate_enter(DDI_WdfIoQueueRetrieveNextRequest, trace_object(Queue), 0);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    fx_require(OutRequest, "OutRequest");
    NTSTATUS status = retrieve(queue, NULL, OutRequest);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoQueueRetrieveRequestByFileObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, WDFFILEOBJECT FileObject,
                                                   WDFREQUEST *OutRequest)
{
    gate_enter(DDI_WdfIoQueueRetrieveRequestByFileObject, trace_object(Queue), trace_object(FileObject));
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    struct fx_file *file = fx_handle(FileObject, FX_FILE);
    fx_require(OutRequest, "OutRequest");
    NTSTATUS status = retrieve(queue, file->wdm, OutRequest);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Find ---- */

static bool waits_in(const struct fx_request *request, const struct fx_queue *queue)
{
    return request->place == FX_QUEUED && request->queue == queue;
}

static NTSTATUS find(struct fx_queue *queue, struct fx_request *tag, PFILE_OBJECT file, PWDF_REQUEST_PARAMETERS parameters, WDFREQUEST *out)
{
    *out = NULL;
    if (parameters && parameters->Size < sizeof *parameters)
        return STATUS_INVALID_PARAMETER_4;
    if (queue->config.DispatchType != WdfIoQueueDispatchManual)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (tag && !waits_in(tag, queue))
        return STATUS_NOT_FOUND;
    struct fx_request *request = first_of(queue, tag ? &tag->entry : &queue->queued, file);
    if (!request)
        return STATUS_NO_MORE_ENTRIES;
    hb_acquire(request);
    fx_object_reference(&request->object); /* the driver's to drop */
    if (parameters)
        fx_request_fill_parameters(request, parameters);
    *out = (WDFREQUEST)request;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoQueueFindRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, WDFREQUEST FoundRequest, WDFFILEOBJECT FileObject,
                                   PWDF_REQUEST_PARAMETERS Parameters, WDFREQUEST *OutRequest)
{
    gate_enter(DDI_WdfIoQueueFindRequest, trace_object(Queue), trace_object(FoundRequest));
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    struct fx_request *tag = FoundRequest ? fx_handle(FoundRequest, FX_REQUEST) : NULL;
    struct fx_file *file = FileObject ? fx_handle(FileObject, FX_FILE) : NULL;
    fx_require(OutRequest, "OutRequest");
    NTSTATUS status = find(queue, tag, file ? file->wdm : NULL, Parameters, OutRequest);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS retrieve_found(struct fx_queue *queue, struct fx_request *tag, WDFREQUEST *out)
{
    *out = NULL;
    if (queue->config.DispatchType != WdfIoQueueDispatchManual)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = check_retrieval(queue);
    if (!NT_SUCCESS(status))
        return status;
    if (!waits_in(tag, queue))
        return STATUS_NOT_FOUND;
    hand_over(queue, tag, out);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoQueueRetrieveFoundRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, WDFREQUEST FoundRequest, WDFREQUEST *OutRequest)
{
    gate_enter(DDI_WdfIoQueueRetrieveFoundRequest, trace_object(Queue), trace_object(FoundRequest));
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    struct fx_request *tag = fx_handle(FoundRequest, FX_REQUEST);
    fx_require(OutRequest, "OutRequest");
    NTSTATUS status = retrieve_found(queue, tag, OutRequest);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Ready notification ---- */

static NTSTATUS ready_notify(struct fx_queue *queue, PFN_WDF_IO_QUEUE_STATE routine, WDFCONTEXT context)
{
    if (queue->config.DispatchType != WdfIoQueueDispatchManual)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (queue->deleted)
        return STATUS_DELETE_PENDING;
    if (!routine) { /* K-Q-38: only a stopped queue's may be taken away */
        if (!queue->ready || queue->dispatch)
            return STATUS_INVALID_DEVICE_REQUEST;
        queue->ready = NULL;
        return STATUS_SUCCESS;
    }
    if (queue->ready)
        return STATUS_INVALID_DEVICE_REQUEST;
    queue->ready = routine;
    queue->ready_context = context;
    fx_queue_dispatch(queue, NULL);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoQueueReadyNotify(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PFN_WDF_IO_QUEUE_STATE QueueReady, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfIoQueueReadyNotify, trace_object(Queue), 0);
    NTSTATUS status = ready_notify(fx_handle(Queue, FX_QUEUE), QueueReady, Context);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Forward, requeue ---- */

static void check_not_cancelable(const struct fx_request *request, const char *ddi)
{
    if (request->cancelable || request->cancel_queued)
        fx_misuse("K-Q-45", "%s was called for request #%u while it is marked cancelable", ddi, request->object.number);
}

/* The source counts the request as owned until the destination has it and has had its turn (K-Q-47). */
static NTSTATUS forward(struct fx_request *request, struct fx_queue *to)
{
    struct fx_queue *from = request->queue;
    if (!from && request->major != IRP_MJ_CREATE)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (from == to || to->object.device != request->device)
        return STATUS_INVALID_DEVICE_REQUEST;
    check_not_cancelable(request, "WdfRequestForwardToIoQueue");
    if (!to->accept)
        return STATUS_WDF_BUSY;
    if (from)
        fx_queue_unlist_owned(from, request);
    request->place = FX_WITH_FRAMEWORK;
    fx_queue_insert(to, request, false);
    fx_queue_dispatch(to, NULL);
    if (from) {
        fx_queue_uncount_owned(from);
        fx_queue_dispatch_if_idle(from);
    }
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestForwardToIoQueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, WDFQUEUE DestinationQueue)
{
    gate_enter(DDI_WdfRequestForwardToIoQueue, trace_object(Request), trace_object(DestinationQueue));
    struct fx_request *request = fx_request_owned(Request, "WdfRequestForwardToIoQueue");
    NTSTATUS status = forward(request, fx_handle(DestinationQueue, FX_QUEUE));
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS requeue(struct fx_request *request)
{
    struct fx_queue *queue = request->queue;
    if (!queue || queue->config.DispatchType != WdfIoQueueDispatchManual)
        return STATUS_INVALID_DEVICE_REQUEST;
    check_not_cancelable(request, "WdfRequestRequeue");
    fx_queue_put_back(queue, request);
    return STATUS_SUCCESS;
}

void fx_queue_put_back(struct fx_queue *queue, struct fx_request *request)
{
    bool cancelled = queue->cancel_dispatched;
    queue->in_transit++;
    fx_queue_take_back(queue, request);
    if (cancelled)
        fx_queue_request_cancelled(queue, request);
    else
        fx_queue_insert(queue, request, true);
    queue->in_transit--;
    fx_queue_dispatch_if_idle(queue);
}

NTSTATUS wdf_WdfRequestRequeue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestRequeue, trace_object(Request), 0);
    NTSTATUS status = requeue(fx_request_owned(Request, "WdfRequestRequeue"));
    gate_leave((ULONG)status);
    return status;
}
