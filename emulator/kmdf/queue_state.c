/*
 * Stop, start, drain and purge of a queue (K-Q-55..60), and waiting for a queue's state.
 */
#include "queue.h"

/* ---- Waiting ---- */

void fx_queue_changed(struct fx_queue *queue)
{
    hb_release(&queue->changed);
    if (queue->waiters)
        ke_set_event(&queue->changed, IO_NO_INCREMENT, FALSE);
}

void fx_queue_wait(struct fx_queue *queue, bool (*done)(const struct fx_queue *), const char *why)
{
    while (!done(queue)) {
        queue->waiters++;
        ke_reset_event(&queue->changed);
        ke_wait_internal(&queue->changed, why);
        queue->waiters--;
    }
    hb_acquire(&queue->changed);
    hb_acquire(&queue->owned);
}

static bool is_stopped(const struct fx_queue *queue) { return !queue->owned_count && !queue->dispatching; }

static bool is_empty(const struct fx_queue *queue)
{
    return !queue->owned_count && !queue->queued_count && !queue->in_transit && !queue->dispatching;
}

static bool is_dead(const struct fx_queue *queue) { return is_empty(queue) && !queue->dpc_queued && !queue->work_queued && !queue->reserved_out; }

/* ---- State ---- */

void fx_queue_set_accept(struct fx_queue *queue, bool accept)
{
    queue->accept = accept && !queue->shut_down && !queue->deleted; /* K-Q-55 */
}

enum pending_callback { STOP_CALLBACK, PURGE_CALLBACK };

static void set_callback(struct fx_queue *queue, enum pending_callback kind, PFN_WDF_IO_QUEUE_STATE routine, WDFCONTEXT context)
{
    if (machine_lints & LINT_CALLBACK && fx_callback() == DDI_EvtDeviceSurpriseRemoval)
        fx_misuse("V-WDF-34", "%s was called for queue #%u inside EvtDeviceSurpriseRemoval: self-managed I/O is the place for that",
                  gate_where(ctx_current()), queue->object.number);
    if (queue->deleted)
        bugcheck(0x10D, 0xA, queue->object.number, STATUS_DELETE_PENDING, 0, "K-Q-57", "the state of queue #%u was to be changed while it is deleted",
                 queue->object.number);
    if (!routine)
        return;
    PFN_WDF_IO_QUEUE_STATE *slot = kind == STOP_CALLBACK ? &queue->stop_complete : &queue->purge_complete;
    if (*slot)
        bugcheck(0x10D, 0xA, queue->object.number, STATUS_INVALID_DEVICE_REQUEST, 0, "K-Q-57",
                 "queue #%u was told to %s with a callback while the callback of an earlier call is still to come", queue->object.number,
                 kind == STOP_CALLBACK ? "stop" : "drain or purge");
    *slot = routine;
    if (kind == STOP_CALLBACK)
        queue->stop_context = context;
    else
        queue->purge_context = context;
}

static void cancel_everything(struct fx_queue *queue)
{
    queue->cancel_dispatched = queue->owned_count != 0; /* K-Q-56 */
    fx_queue_cancel_queued(queue, NULL);
    fx_queue_cancel_cancelable(queue);
}

static void stop(struct fx_queue *queue, bool purge, PFN_WDF_IO_QUEUE_STATE routine, WDFCONTEXT context)
{
    set_callback(queue, STOP_CALLBACK, routine, context);
    fx_queue_set_accept(queue, true);
    queue->dispatch = false;
    if (purge)
        cancel_everything(queue);
    fx_queue_dispatch(queue, NULL);
}

static void drain(struct fx_queue *queue, bool purge, PFN_WDF_IO_QUEUE_STATE routine, WDFCONTEXT context)
{
    set_callback(queue, PURGE_CALLBACK, routine, context);
    fx_queue_set_accept(queue, false);
    if (purge)
        cancel_everything(queue);
    fx_queue_dispatch(queue, NULL);
}

void fx_queue_purge_wait(struct fx_queue *queue)
{
    fx_queue_set_accept(queue, false);
    cancel_everything(queue);
    fx_queue_dispatch(queue, NULL);
    fx_queue_wait(queue, is_dead, "the driver to finish the requests of a queue that is deleted");
}

static void start(struct fx_queue *queue)
{
    fx_queue_set_accept(queue, true);
    queue->dispatch = true;
    queue->cancel_dispatched = false;
    if (queue->queued_count)
        queue->from_empty = true; /* K-Q-39 */
    fx_queue_dispatch(queue, NULL);
}

/* ---- DDIs ---- */

VOID wdf_WdfIoQueueStart(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueueStart, trace_object(Queue), 0);
    start(fx_handle(Queue, FX_QUEUE));
    gate_leave(0);
}

VOID wdf_WdfIoQueueStop(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PFN_WDF_IO_QUEUE_STATE StopComplete, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfIoQueueStop, trace_object(Queue), 0);
    stop(fx_handle(Queue, FX_QUEUE), false, StopComplete, Context);
    gate_leave(0);
}

VOID wdf_WdfIoQueueStopAndPurge(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PFN_WDF_IO_QUEUE_STATE StopAndPurgeComplete, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfIoQueueStopAndPurge, trace_object(Queue), 0);
    stop(fx_handle(Queue, FX_QUEUE), true, StopAndPurgeComplete, Context);
    gate_leave(0);
}

VOID wdf_WdfIoQueueDrain(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PFN_WDF_IO_QUEUE_STATE DrainComplete, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfIoQueueDrain, trace_object(Queue), 0);
    drain(fx_handle(Queue, FX_QUEUE), false, DrainComplete, Context);
    gate_leave(0);
}

VOID wdf_WdfIoQueuePurge(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PFN_WDF_IO_QUEUE_STATE PurgeComplete, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfIoQueuePurge, trace_object(Queue), 0);
    drain(fx_handle(Queue, FX_QUEUE), true, PurgeComplete, Context);
    gate_leave(0);
}

/* Under the presentation lock the callbacks that would have to end could never run (K-Q-59). */
static struct fx_queue *synchronous_queue(WDFQUEUE handle, const char *ddi)
{
    struct fx_queue *queue = fx_handle(handle, FX_QUEUE);
    if (queue->presentation && fx_lock_held(queue->presentation))
        fx_misuse("V-WDF-32", "%s for queue #%u was called from a callback that holds the queue's presentation lock", ddi, queue->object.number);
    return queue;
}

static void stop_and_wait(WDFQUEUE handle, const char *ddi, bool purge)
{
    struct fx_queue *queue = synchronous_queue(handle, ddi);
    stop(queue, purge, NULL, NULL);
    fx_queue_wait(queue, is_stopped, "the driver to finish the requests of a queue that is being stopped");
}

static void drain_and_wait(WDFQUEUE handle, const char *ddi, bool purge)
{
    struct fx_queue *queue = synchronous_queue(handle, ddi);
    drain(queue, purge, NULL, NULL);
    fx_queue_wait(queue, is_empty, "the driver to finish the requests of a queue that is being drained or purged");
}

VOID wdf_WdfIoQueueStopSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueueStopSynchronously, trace_object(Queue), 0);
    stop_and_wait(Queue, "WdfIoQueueStopSynchronously", false);
    gate_leave(0);
}

VOID wdf_WdfIoQueueStopAndPurgeSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueueStopAndPurgeSynchronously, trace_object(Queue), 0);
    stop_and_wait(Queue, "WdfIoQueueStopAndPurgeSynchronously", true);
    gate_leave(0);
}

VOID wdf_WdfIoQueueDrainSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueueDrainSynchronously, trace_object(Queue), 0);
    drain_and_wait(Queue, "WdfIoQueueDrainSynchronously", false);
    gate_leave(0);
}

VOID wdf_WdfIoQueuePurgeSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueuePurgeSynchronously, trace_object(Queue), 0);
    drain_and_wait(Queue, "WdfIoQueuePurgeSynchronously", true);
    gate_leave(0);
}
