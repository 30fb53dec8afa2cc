/*
 * Requests while they wait in a queue: putting them in and out so that a cancellation finds them there and nowhere else, and what
 * becomes of a cancelled one (K-Q-75, 80, 81).
 *
 * The cancel routine takes its request off the list before it lets go of the cancel spin lock. A cancellation and the queue can therefore not
 * both have a request, and io_set_cancel_routine(NULL) for a listed one always gets the routine back.
 */
#include "queue.h"

static struct fx_request *request_of(PIRP irp) { return irp->Tail.Overlay.DriverContext[3]; }

static void unlist(struct fx_queue *queue, struct fx_request *request)
{
    RemoveEntryList(&request->entry);
    queue->queued_count--;
    request->place = FX_WITH_FRAMEWORK;
    if (!queue->queued_count)
        queue->from_empty = false;
}

static void list(struct fx_queue *queue, struct fx_request *request, bool at_head)
{
    fx_queue_power_up(queue);
    request->queue = queue;
    request->place = FX_QUEUED;
    if (at_head)
        InsertHeadList(&queue->queued, &request->entry);
    else
        InsertTailList(&queue->queued, &request->entry);
    if (queue->queued_count++ == 0)
        queue->from_empty = true; /* K-Q-39 */
}

void fx_queue_request_cancelled(struct fx_queue *queue, struct fx_request *request)
{
    if (!request->presented || !queue->config.EvtIoCanceledOnQueue) {
        request->irp->IoStatus.Information = 0;
        fx_request_complete(request, STATUS_CANCELLED);
        return;
    }
    fx_queue_give(queue, request); /* K-Q-81 */
    request->cancelled = true;
    hb_release(request);
    InsertTailList(&queue->cancelled_in_queue, &request->cancel_entry);
}

static VOID cancel_queued(PDEVICE_OBJECT device, PIRP irp)
{
    struct fx_request *request = request_of(irp);
    struct fx_queue *queue = request->queue;
    unlist(queue, request);
    queue->in_transit++;
    io_release_cancel_spin_lock(irp->CancelIrql);
    fx_queue_request_cancelled(queue, request);
    queue->in_transit--;
    fx_queue_dispatch_if_idle(queue);
}

bool fx_queue_insert(struct fx_queue *queue, struct fx_request *request, bool at_head)
{
    PIRP irp = request->irp;
    if (irp->Cancel) {
        queue->in_transit++;
        fx_queue_request_cancelled(queue, request);
        queue->in_transit--;
        return false;
    }
    list(queue, request, at_head);
    irp->Tail.Overlay.DriverContext[3] = request;
    io_set_cancel_routine(irp, cancel_queued);
    hb_release(request);
    return true;
}

void fx_queue_remove(struct fx_queue *queue, struct fx_request *request)
{
    io_set_cancel_routine(request->irp, NULL);
    unlist(queue, request);
    hb_acquire(request);
}

void fx_queue_cancel_queued(struct fx_queue *queue, PFILE_OBJECT file)
{
    LIST_ENTRY gone; /* taken out at once: those that arrive meanwhile stay */
    InitializeListHead(&gone);
    for (LIST_ENTRY *e = queue->queued.Flink, *next; e != &queue->queued; e = next) {
        next = e->Flink;
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        if (file && fx_request_stack(request)->FileObject != file)
            continue;
        fx_queue_remove(queue, request);
        queue->in_transit++;
        InsertTailList(&gone, &request->entry);
    }
    while (!IsListEmpty(&gone)) {
        struct fx_request *request = CONTAINING_RECORD(RemoveHeadList(&gone), struct fx_request, entry);
        fx_queue_request_cancelled(queue, request);
        queue->in_transit--;
    }
    fx_progress_cancel_waiting(queue, file);
}

void fx_queue_cancel_cancelable(struct fx_queue *queue)
{
    for (LIST_ENTRY *e = queue->owned.Flink; e != &queue->owned; e = e->Flink) {
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        if (!request->cancelable)
            continue;
        PFN_WDF_REQUEST_CANCEL routine = request->cancel;
        fx_request_clear_cancelable(request);
        request->cancel = routine;
        fx_request_queue_cancel(request);
    }
}
