/*
 * The dispatch loop of a queue.
 *
 * Principle of operation. fx_queue_dispatch() takes one step after another, in the strict order of K-Q-23, until a step says that nothing is left that
 * this thread may do. A step changes lists first and calls the driver last, so whoever runs meanwhile finds the queue consistent; after
 * the call everything is looked at afresh. Several threads may be in the loop of one queue.
 *
 * Internal design. A thread that may not call the driver (a passive queue above PASSIVE_LEVEL; the presentation lock is its own
 * already) leaves the work to the queue's DPC or work item, and only if there is some (K-Q-27). A change made while another thread is in
 * the loop is found by that thread when its callback returns (K-Q-29).
 */
#include "queue.h"

/* ---- Calls of the driver ---- */

void fx_call_begin(struct fx_call *call, struct fx_queue *queue, uint16_t callback, const void *routine, const void *object)
{
    call->queue = queue;
    if (queue->presentation)
        fx_lock_acquire(queue->presentation);
    callback_enter(&call->frame, callback, routine, object);
}

void fx_call_end(struct fx_call *call)
{
    callback_leave(&call->frame, 0);
    if (call->queue->presentation)
        fx_lock_release(call->queue->presentation);
}

static void call_state(struct fx_queue *queue, PFN_WDF_IO_QUEUE_STATE routine, WDFCONTEXT context)
{
    struct fx_call call;
    fx_call_begin(&call, queue, DDI_EvtIoQueueState, routine, queue);
    routine((WDFQUEUE)queue, context);
    fx_call_end(&call);
}

/* ---- Ownership ---- */

void fx_queue_power_up(struct fx_queue *queue)
{
    if (!queue->power_managed || queue->power_referenced)
        return;
    queue->power_referenced = true;
    fx_power_reference(queue->object.device);
}

static void power_down_if_empty(struct fx_queue *queue)
{
    if (!queue->power_referenced || queue->queued_count || queue->owned_count)
        return;
    queue->power_referenced = false;
    fx_power_dereference(queue->object.device);
}

void fx_queue_give(struct fx_queue *queue, struct fx_request *request)
{
    fx_queue_power_up(queue);
    request->queue = queue;
    request->place = FX_OWNED;
    request->listed = true;
    request->presented = true;
    request->stop_notified = request->stop_acknowledged = false;
    InsertTailList(&queue->owned, &request->entry);
    queue->owned_count++;
}

void fx_queue_unlist_owned(struct fx_queue *queue, struct fx_request *request)
{
    hb_release(&queue->owned);
    RemoveEntryList(&request->entry);
    request->listed = false;
    request->place = FX_WITH_FRAMEWORK;
}

void fx_queue_uncount_owned(struct fx_queue *queue)
{
    if (--queue->owned_count == 0)
        queue->cancel_dispatched = false; /* K-Q-56 */
}

void fx_queue_take_back(struct fx_queue *queue, struct fx_request *request)
{
    fx_queue_unlist_owned(queue, request);
    fx_queue_uncount_owned(queue);
}

/* ---- Presenting ---- */

static bool has_routine(const WDF_IO_QUEUE_CONFIG *c, uint8_t major)
{
    switch (major) {
    case IRP_MJ_READ: return c->EvtIoRead || c->EvtIoDefault;
    case IRP_MJ_WRITE: return c->EvtIoWrite || c->EvtIoDefault;
    case IRP_MJ_DEVICE_CONTROL: return c->EvtIoDeviceControl || c->EvtIoDefault;
    case IRP_MJ_INTERNAL_DEVICE_CONTROL: return c->EvtIoInternalDeviceControl || c->EvtIoDefault;
    default: return c->EvtIoDefault != NULL;
    }
}

static void call_default(struct fx_queue *queue, struct fx_request *request)
{
    struct fx_call call;
    fx_call_begin(&call, queue, DDI_EvtIoDefault, queue->config.EvtIoDefault, request);
    queue->config.EvtIoDefault((WDFQUEUE)queue, (WDFREQUEST)request);
    fx_call_end(&call);
}

static void call_read_write(struct fx_queue *queue, struct fx_request *request, SIZE_T length)
{
    bool write = request->major == IRP_MJ_WRITE;
    PFN_WDF_IO_QUEUE_IO_READ routine = write ? queue->config.EvtIoWrite : queue->config.EvtIoRead; /* of one type */
    struct fx_call call;
    fx_call_begin(&call, queue, write ? DDI_EvtIoWrite : DDI_EvtIoRead, routine, request);
    routine((WDFQUEUE)queue, (WDFREQUEST)request, length);
    fx_call_end(&call);
}

static void call_control(struct fx_queue *queue, struct fx_request *request, SIZE_T out_length, SIZE_T in_length, ULONG code)
{
    bool internal = request->major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL routine = internal ? queue->config.EvtIoInternalDeviceControl : queue->config.EvtIoDeviceControl;
    struct fx_call call;
    fx_call_begin(&call, queue, internal ? DDI_EvtIoInternalDeviceControl : DDI_EvtIoDeviceControl, routine, request);
    routine((WDFQUEUE)queue, (WDFREQUEST)request, out_length, in_length, code);
    fx_call_end(&call);
}

/* K-Q-25. The parameters are read before the driver can end the request. */
static void call_handler(struct fx_queue *queue, struct fx_request *request)
{
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    const WDF_IO_QUEUE_CONFIG *c = &queue->config;
    switch (request->major) {
    case IRP_MJ_READ:
        if (c->EvtIoRead)
            return call_read_write(queue, request, stack->Parameters.Read.Length);
        break;
    case IRP_MJ_WRITE:
        if (c->EvtIoWrite)
            return call_read_write(queue, request, stack->Parameters.Write.Length);
        break;
    case IRP_MJ_DEVICE_CONTROL: case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        if (request->major == IRP_MJ_DEVICE_CONTROL ? c->EvtIoDeviceControl != NULL : c->EvtIoInternalDeviceControl != NULL)
            return call_control(queue, request, stack->Parameters.DeviceIoControl.OutputBufferLength,
                                stack->Parameters.DeviceIoControl.InputBufferLength, stack->Parameters.DeviceIoControl.IoControlCode);
        break;
    default:
        break;
    }
    call_default(queue, request);
}

static void present(struct fx_queue *queue, struct fx_request *request)
{
    request->queue = queue;
    if (fx_queue_hides_empty(queue, request)) {
        request->irp->IoStatus.Information = 0;
        return fx_request_complete(request, STATUS_SUCCESS);
    }
    if (!has_routine(&queue->config, request->major))
        return fx_request_complete(request, STATUS_INVALID_DEVICE_REQUEST);
    fx_queue_give(queue, request);
    irp_note(request->irp, IRP_PRESENTED, queue->object.number, NULL);
    hb_acquire(request);
    if (queue->config.DispatchType == WdfIoQueueDispatchSequential)
        hb_acquire(&queue->owned); /* the one before has ended */
    call_handler(queue, request);
}

/* ---- Steps; true: something was done, look again ---- */

static bool report_cancelled(struct fx_queue *queue)
{
    if (IsListEmpty(&queue->cancelled))
        return false;
    struct fx_request *request = CONTAINING_RECORD(RemoveHeadList(&queue->cancelled), struct fx_request, cancel_entry);
    PFN_WDF_REQUEST_CANCEL routine = request->cancel;
    struct fx_call call;
    fx_call_begin(&call, queue, DDI_EvtRequestCancel, routine, request);
    request->cancel_queued = false; /* until here nobody may end it: V-WDF-3 */
    request->cancel = NULL;
    hb_acquire(&request->cancel);
    routine((WDFREQUEST)request);
    fx_call_end(&call);
    return true;
}

static bool report_cancelled_in_queue(struct fx_queue *queue)
{
    if (IsListEmpty(&queue->cancelled_in_queue))
        return false;
    struct fx_request *request = CONTAINING_RECORD(RemoveHeadList(&queue->cancelled_in_queue), struct fx_request, cancel_entry);
    hb_acquire(request);
    struct fx_call call;
    fx_call_begin(&call, queue, DDI_EvtIoCanceledOnQueue, queue->config.EvtIoCanceledOnQueue, request);
    queue->config.EvtIoCanceledOnQueue((WDFQUEUE)queue, (WDFREQUEST)request);
    fx_call_end(&call);
    return true;
}

static bool report_stopped(struct fx_queue *queue)
{
    PFN_WDF_IO_QUEUE_STATE routine = queue->stop_complete;
    if (!routine || queue->owned_count || queue->dispatching != 1)
        return false;
    queue->stop_complete = NULL;
    struct callback_frame frame; /* K-Q-58: without the presentation lock */
    callback_enter(&frame, DDI_EvtIoQueueState, routine, queue);
    routine((WDFQUEUE)queue, queue->stop_context);
    callback_leave(&frame, 0);
    return true;
}

static bool report_purged(struct fx_queue *queue)
{
    PFN_WDF_IO_QUEUE_STATE routine = queue->purge_complete;
    if (!routine || queue->owned_count || queue->queued_count || queue->in_transit || queue->dispatching != 1)
        return false;
    queue->purge_complete = NULL;
    call_state(queue, routine, queue->purge_context);
    return true;
}

static bool may_present(const struct fx_queue *queue)
{
    return queue->power == FX_POWER_ON && queue->dispatch && !queue->deleted;
}

static bool has_room(const struct fx_queue *queue)
{
    if (queue->config.DispatchType == WdfIoQueueDispatchSequential)
        return queue->owned_count == 0;
    return queue->owned_count < queue->config.Settings.Parallel.NumberOfPresentedRequests;
}

static bool report_ready(struct fx_queue *queue)
{
    if (!queue->ready || !queue->from_empty || !queue->queued_count)
        return false;
    queue->from_empty = false;
    call_state(queue, queue->ready, queue->ready_context);
    return true;
}

/* Nothing may be presented: what has just arrived waits in the queue. */
static bool hold_back(struct fx_queue *queue, struct fx_request **arriving)
{
    struct fx_request *request = *arriving;
    if (!request)
        return false;
    *arriving = NULL;
    fx_queue_insert(queue, request, false);
    return true;
}

static bool present_next(struct fx_queue *queue, struct fx_request **arriving)
{
    struct fx_request *request = *arriving;
    if (!IsListEmpty(&queue->queued)) { /* older ones first */
        request = CONTAINING_RECORD(queue->queued.Flink, struct fx_request, entry);
        fx_queue_remove(queue, request);
        hold_back(queue, arriving);
    }
    if (!request)
        return false;
    if (*arriving == request)
        *arriving = NULL;
    present(queue, request);
    return true;
}

static bool step(struct fx_queue *queue, struct fx_request **arriving)
{
    if (!queue->notifying && (report_cancelled(queue) || report_cancelled_in_queue(queue)))
        return true;
    if (report_stopped(queue) || report_purged(queue))
        return true;
    if (!*arriving)
        power_down_if_empty(queue);
    if (!may_present(queue))
        return hold_back(queue, arriving);
    if (queue->config.DispatchType == WdfIoQueueDispatchManual)
        return hold_back(queue, arriving) || report_ready(queue);
    if (!has_room(queue))
        return hold_back(queue, arriving);
    return present_next(queue, arriving);
}

/* Would a step do anything? Only what needs the driver called counts. */
static bool has_work(const struct fx_queue *queue)
{
    if (!queue->notifying && (!IsListEmpty(&queue->cancelled) || !IsListEmpty(&queue->cancelled_in_queue)))
        return true;
    if (queue->stop_complete && !queue->owned_count)
        return true;
    if (queue->purge_complete && !queue->owned_count && !queue->queued_count)
        return true;
    if (!may_present(queue) || !queue->queued_count)
        return false;
    if (queue->config.DispatchType == WdfIoQueueDispatchManual)
        return queue->ready && queue->from_empty;
    return has_room(queue);
}

/* ---- The loop and its deferral ---- */

static bool may_call_here(const struct fx_queue *queue)
{
    if (queue->passive && ke_get_current_irql() > PASSIVE_LEVEL)
        return false;
    return !queue->presentation || !fx_lock_held(queue->presentation);
}

static void defer(struct fx_queue *queue)
{
    if (queue->passive && !queue->work_queued) {
        queue->work_queued = true;
        ex_queue_work(&queue->work);
    } else if (!queue->passive && !queue->dpc_queued) {
        queue->dpc_queued = true;
        ke_insert_queue_dpc(&queue->dpc, NULL, NULL);
    }
}

void fx_queue_dispatch(struct fx_queue *queue, struct fx_request *arriving)
{
    if (!may_call_here(queue)) {
        if (arriving)
            fx_queue_insert(queue, arriving, false);
        power_down_if_empty(queue);
        fx_queue_changed(queue);
        if (has_work(queue))
            defer(queue);
        return;
    }
    queue->dispatching++;
    while (step(queue, &arriving))
        hb_release(&queue->changed);
    queue->dispatching--;
    fx_queue_changed(queue);
}

void fx_queue_dispatch_if_idle(struct fx_queue *queue)
{
    if (queue->dispatching == 0)
        fx_queue_dispatch(queue, NULL);
    else
        fx_queue_changed(queue);
}

static void run_dpc(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_queue *queue = context;
    queue->dpc_queued = false;
    fx_queue_dispatch(queue, NULL);
}

static void run_work(void *context)
{
    struct fx_queue *queue = context;
    queue->work_queued = false;
    fx_queue_dispatch(queue, NULL);
}

void fx_queue_dispatch_init(struct fx_queue *queue)
{
    ke_initialize_dpc(&queue->dpc, run_dpc, queue);
    queue->work = (struct ex_work){.run = run_work, .context = queue};
}
