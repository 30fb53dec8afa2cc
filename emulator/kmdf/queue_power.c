/*
 * What the power machine does with a device's queues: holding and resuming the power-managed ones around a low-power state, purging them
 * at removal (K-Q-62..69), and flushing a file's requests at its cleanup (K-Q-75).
 *
 * All entry points are called by the device's power thread at PASSIVE_LEVEL, one at a time per device, and wait inside. EvtIoStop and
 * EvtIoResume are called by that thread; while they are (queue->notifying), no cancel callback of the queue is (K-Q-24).
 */
#include "queue.h"

/* ---- Walking ---- */

/* Next queue this walk has not seen, in order of creation. Queues may go away while the caller waits, so no position is kept. */
static struct fx_queue *next_queue(struct fx_device *device, uint32_t round)
{
    for (LIST_ENTRY *e = device->queues.Flink; e != &device->queues; e = e->Flink) {
        struct fx_queue *queue = CONTAINING_RECORD(e, struct fx_queue, device_entry);
        if (queue->round == round || queue->deleted)
            continue;
        queue->round = round;
        return queue;
    }
    return NULL;
}

#define FOR_EACH_QUEUE(queue, device) \
    for (uint32_t round_ = ++(device)->queue_round, once_ = 1; once_; once_ = 0) \
        for (struct fx_queue *queue; (queue = next_queue(device, round_)) != NULL;)

/* ---- EvtIoStop, EvtIoResume ---- */

static bool nobody_dispatches(const struct fx_queue *queue) { return !queue->dispatching; }

/* The oldest owned request that has not been told yet. Cancelled ones are waited for, not told (K-Q-63). */
static struct fx_request *next_to_stop(const struct fx_queue *queue)
{
    for (LIST_ENTRY *e = queue->owned.Flink; e != &queue->owned; e = e->Flink) {
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        if (!request->stop_notified && !request->cancelled)
            return request;
    }
    return NULL;
}

static bool all_stopped(const struct fx_queue *queue)
{
    uint32_t acknowledged = 0;
    for (LIST_ENTRY *e = queue->owned.Flink; e != &queue->owned; e = e->Flink)
        acknowledged += CONTAINING_RECORD(e, struct fx_request, entry)->stop_acknowledged;
    return acknowledged == queue->owned_count;
}

static bool stop_is_news(const struct fx_queue *queue)
{
    return all_stopped(queue) || (queue->config.EvtIoStop && next_to_stop(queue));
}

static void call_stop(struct fx_queue *queue, struct fx_request *request, ULONG action)
{
    request->stop_notified = true;
    if (request->cancelable)
        action |= WdfRequestStopRequestCancelable;
    hb_acquire(&queue->changed);
    struct fx_call call;
    fx_call_begin(&call, queue, DDI_EvtIoStop, queue->config.EvtIoStop, request);
    queue->config.EvtIoStop((WDFQUEUE)queue, (WDFREQUEST)request, action);
    fx_call_end(&call);
}

/* EvtIoStop for everything the driver owns, then waits until all of it is acknowledged or gone. */
static void stop_owned(struct fx_queue *queue, ULONG action)
{
    for (LIST_ENTRY *e = queue->owned.Flink; e != &queue->owned; e = e->Flink) {
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        request->stop_notified = request->stop_acknowledged = false;
    }
    while (!all_stopped(queue)) {
        queue->notifying = true;
        for (struct fx_request *request; queue->config.EvtIoStop && (request = next_to_stop(queue)) != NULL;)
            call_stop(queue, request, action);
        queue->notifying = false;
        fx_queue_dispatch(queue, NULL); /* cancellations that came meanwhile (K-REQ-34) */
        fx_queue_wait(queue, stop_is_news, "the driver to finish or acknowledge its requests (EvtIoStop)");
    }
}

static struct fx_request *next_to_resume(const struct fx_queue *queue)
{
    for (LIST_ENTRY *e = queue->owned.Flink; e != &queue->owned; e = e->Flink) {
        struct fx_request *request = CONTAINING_RECORD(e, struct fx_request, entry);
        if (request->stop_acknowledged)
            return request;
    }
    return NULL;
}

static void resume_owned(struct fx_queue *queue)
{
    queue->notifying = true;
    for (struct fx_request *request; (request = next_to_resume(queue)) != NULL;) {
        request->stop_notified = request->stop_acknowledged = false;
        if (!queue->config.EvtIoResume || request->cancelled)
            continue;
        struct fx_call call;
        fx_call_begin(&call, queue, DDI_EvtIoResume, queue->config.EvtIoResume, request);
        queue->config.EvtIoResume((WDFQUEUE)queue, (WDFREQUEST)request);
        fx_call_end(&call);
    }
    queue->notifying = false;
}

/* ---- The power machine's calls ---- */

void fx_queues_hold(struct fx_device *device)
{
    device->queues_on = false;
    FOR_EACH_QUEUE(queue, device) {
        if (!queue->power_managed)
            continue;
        queue->power = FX_POWER_STOPPING;
        fx_queue_wait(queue, nobody_dispatches, "the queue callbacks that run to return");
    }
    FOR_EACH_QUEUE(queue, device) {
        if (!queue->power_managed || queue->power != FX_POWER_STOPPING)
            continue;
        stop_owned(queue, WdfRequestStopActionSuspend);
        queue->power = FX_POWER_OFF;
    }
}

void fx_queues_resume(struct fx_device *device)
{
    device->queues_on = true;
    FOR_EACH_QUEUE(queue, device) {
        if (!queue->power_managed || queue->power == FX_POWER_ON)
            continue;
        queue->power = FX_POWER_STARTING;
        resume_owned(queue);
    }
    FOR_EACH_QUEUE(queue, device) {
        if (!queue->power_managed || queue->power == FX_POWER_ON)
            continue;
        queue->power = FX_POWER_ON;
        if (queue->queued_count)
            queue->from_empty = true; /* K-Q-39 */
        fx_queue_dispatch(queue, NULL);
    }
}

static void purge_for_removal(struct fx_queue *queue)
{
    queue->power = FX_POWER_STOPPING;
    queue->shut_down = true;
    fx_queue_set_accept(queue, false);
    fx_queue_wait(queue, nobody_dispatches, "the queue callbacks that run to return");
    fx_queue_cancel_queued(queue, NULL);
    queue->cancel_dispatched = queue->owned_count != 0;
    fx_queue_cancel_cancelable(queue);
    fx_queue_dispatch(queue, NULL);
    stop_owned(queue, WdfRequestStopActionPurge);
    queue->power = FX_POWER_OFF;
}

void fx_queues_purge(struct fx_device *device, bool power_managed)
{
    if (power_managed)
        device->queues_on = false;
    device->queues_shut_down = true;
    FOR_EACH_QUEUE(queue, device)
        if (queue->power_managed == power_managed)
            purge_for_removal(queue);
}

void fx_queues_reopen(struct fx_device *device)
{
    device->queues_shut_down = false;
    FOR_EACH_QUEUE(queue, device) {
        queue->shut_down = false;
        queue->cancel_dispatched = false;
        fx_queue_set_accept(queue, true);
        if (!queue->power_managed)
            queue->power = FX_POWER_ON;
        fx_queue_dispatch(queue, NULL);
    }
}

void fx_queues_flush_file(struct fx_device *device, PFILE_OBJECT file)
{
    FOR_EACH_QUEUE(queue, device) {
        if (!queue->queued_count && !queue->progress)
            continue;
        fx_queue_cancel_queued(queue, file);
        fx_queue_dispatch_if_idle(queue);
    }
}

/* ---- WdfRequestStopAcknowledge ---- */

VOID wdf_WdfRequestStopAcknowledge(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, BOOLEAN Requeue)
{
    gate_enter(DDI_WdfRequestStopAcknowledge, trace_object(Request), Requeue);
    struct fx_request *request = fx_request_handle(Request, "WdfRequestStopAcknowledge");
    if (request->place != FX_SENT || Requeue) /* one that is with an I/O target may stay there */
        fx_request_owned(Request, "WdfRequestStopAcknowledge");
    if (!request->listed || !request->stop_notified)
        fx_misuse("V-WDF-28", "WdfRequestStopAcknowledge was called for request #%u, for which no EvtIoStop is outstanding", request->object.number);
    if (Requeue && (request->cancelable || request->cancel_queued))
        fx_misuse("K-Q-65", "WdfRequestStopAcknowledge puts request #%u back into the queue while it is marked cancelable", request->object.number);
    if (Requeue) {
        fx_queue_put_back(request->queue, request); /* presented again after power-up, without EvtIoResume (K-Q-65) */
    } else {
        request->stop_acknowledged = true;
        fx_queue_changed(request->queue);
    }
    gate_leave(0);
}
