/*
 * Cancellation of requests the driver owns (K-REQ-30..36).
 *
 * A marked request's IRP has the cancel routine below. That routine, a purge, and WdfRequestMarkCancelable for an IRP cancelled before put the
 * request on the queue's list of calls to make; EvtRequestCancel is then called by the dispatch loop, under the presentation lock.
 */
#include "queue.h"

bool fx_request_clear_cancelable(struct fx_request *request)
{
    if (!request->cancelable)
        return false;
    request->cancelable = false;
    request->cancel = NULL;
    io_set_cancel_routine(request->irp, NULL);
    hb_acquire(&request->cancel);
    return true;
}

void fx_request_queue_cancel(struct fx_request *request)
{
    request->cancelled = true;
    request->cancel_queued = true;
    InsertTailList(&request->queue->cancelled, &request->cancel_entry);
}

/* Off the cancelable state before the cancel spin lock is let go, so that nobody else can do it. */
static VOID cancel_owned(PDEVICE_OBJECT device, PIRP irp)
{
    struct fx_request *request = irp->Tail.Overlay.DriverContext[3];
    struct fx_queue *queue = request->queue;
    request->cancelable = false;
    fx_request_queue_cancel(request);
    queue->in_transit++;
    io_release_cancel_spin_lock(irp->CancelIrql);
    queue->in_transit--;
    fx_queue_dispatch_if_idle(queue);
}

static void check_markable(const struct fx_request *request, const char *ddi)
{
    if (request->cancelable || request->cancel_queued)
        fx_misuse("V-WDF-5", "%s was called for request #%u, which is marked cancelable already", ddi, request->object.number);
}

static void mark(struct fx_request *request, PFN_WDF_REQUEST_CANCEL routine)
{
    request->cancel = routine;
    request->cancelable = true;
    request->irp->Tail.Overlay.DriverContext[3] = request;
    hb_release(&request->cancel);
    io_set_cancel_routine(request->irp, cancel_owned);
}

VOID wdf_WdfRequestMarkCancelable(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PFN_WDF_REQUEST_CANCEL EvtRequestCancel)
{
    gate_enter(DDI_WdfRequestMarkCancelable, trace_object(Request), 0);
    struct fx_request *request = fx_request_owned(Request, "WdfRequestMarkCancelable");
    fx_require((void *)EvtRequestCancel, "EvtRequestCancel");
    check_markable(request, "WdfRequestMarkCancelable");
    if (!request->queue)
        fx_misuse("K-REQ-31", "WdfRequestMarkCancelable was called for request #%u, which came from no queue", request->object.number);
    if (fx_request_is_cancelled(request)) {
        request->cancel = EvtRequestCancel;
        hb_release(&request->cancel);
        fx_request_queue_cancel(request);
        fx_queue_dispatch(request->queue, NULL); /* maybe in here, else by who may (K-REQ-30) */
    } else {
        mark(request, EvtRequestCancel);
    }
    gate_leave(0);
}

static NTSTATUS mark_ex(struct fx_request *request, PFN_WDF_REQUEST_CANCEL routine)
{
    if (!request->queue)
        return STATUS_INVALID_DEVICE_REQUEST;
    check_markable(request, "WdfRequestMarkCancelableEx");
    if (fx_request_is_cancelled(request))
        return STATUS_CANCELLED;
    mark(request, routine);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestMarkCancelableEx(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PFN_WDF_REQUEST_CANCEL EvtRequestCancel)
{
    gate_enter(DDI_WdfRequestMarkCancelableEx, trace_object(Request), 0);
    struct fx_request *request = fx_request_owned(Request, "WdfRequestMarkCancelableEx");
    fx_require((void *)EvtRequestCancel, "EvtRequestCancel");
    NTSTATUS status = mark_ex(request, EvtRequestCancel);
    gate_leave((ULONG)status);
    return status;
}

/* A driver that kept a reference may ask after the cancel routine has even completed the request (K-REQ-32). */
static NTSTATUS unmark(struct fx_request *request)
{
    uint32_t number = request->object.number;
    if (request->cancelled)
        return STATUS_CANCELLED;
    if (request->place == FX_COMPLETED)
        bugcheck(0x10D, 5, number, FX_REQUEST, 0, "V-WDF-9", "WdfRequestUnmarkCancelable was called for request #%u, which has been completed", number);
    if (!request->queue)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!fx_request_clear_cancelable(request))
        fx_misuse("K-REQ-32", "WdfRequestUnmarkCancelable was called for request #%u, which is not marked cancelable", number);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestUnmarkCancelable(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestUnmarkCancelable, trace_object(Request), 0);
    NTSTATUS status = unmark(fx_handle(Request, FX_REQUEST));
    gate_leave((ULONG)status);
    return status;
}

BOOLEAN wdf_WdfRequestIsCanceled(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestIsCanceled, trace_object(Request), 0);
    struct fx_request *request = fx_request_owned(Request, "WdfRequestIsCanceled");
    if (request->cancelable)
        fx_misuse("V-WDF-4", "WdfRequestIsCanceled was called for request #%u while it is marked cancelable", request->object.number);
    BOOLEAN cancelled = fx_request_is_cancelled(request);
    gate_leave(cancelled);
    return cancelled;
}
