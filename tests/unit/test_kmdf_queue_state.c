/*
 * Forwarding and requeueing (K-Q-45..48), stop, drain, purge and start of queues (K-Q-55..60), cancellation in the queue (K-Q-80, 81).
 */
#include "kmdf_world.h"

static WDFQUEUE side;
static NTSTATUS seen;

static void finish_held(void)
{
    for (int i = 0; i < held_count; i++)
        complete(i, STATUS_SUCCESS, 0);
    finish();
}

static WDFREQUEST next_of(WDFQUEUE q)
{
    WDFREQUEST r = NULL;
    seen = WdfIoQueueRetrieveNextRequest(q, &r);
    return r;
}

static void manual_telling(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    manual(c, a);
    c->EvtIoCanceledOnQueue = on_canceled_on_queue;
}

static void forward(WDFREQUEST request)
{
    seen = WdfRequestForwardToIoQueue(request, side);
    if (!NT_SUCCESS(seen))
        held[held_count++] = request;
}

static void start_forwarding(void (*target)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *))
{
    plan.queue = sequential, plan.handle = forward;
    start();
    side = make_queue(target);
}

static ULONG queued(WDFQUEUE q)
{
    ULONG n;
    WdfIoQueueGetState(q, &n, NULL);
    return n;
}

static ULONG owned(WDFQUEUE q)
{
    ULONG n;
    WdfIoQueueGetState(q, NULL, &n);
    return n;
}

/* ---- Forward ---- */

/* RULE K-Q-45: WdfRequestForwardToIoQueue to the queue a request came from returns STATUS_INVALID_DEVICE_REQUEST. */
/* RULE K-BUG-3: With the verifier on, a DDI that misuses a request fails instead of going on. */
/* RULE F-DRV-22: A request is not forwarded to the queue it came from; WdfRequestRequeue is for that. */
TEST(K_Q_45_to_the_same_queue)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestForwardToIoQueue(held[0], queue), STATUS_INVALID_DEVICE_REQUEST);
    finish_held();
}

/* RULE K-Q-45: A request that is marked cancelable may not be forwarded. */
/* RULE K-BUG-3: With the verifier on, forwarding a request that is marked cancelable is reported. */
TEST(K_Q_45_cancelable_request, MISUSE)
{
    plan.queue = sequential;
    start();
    side = make_queue(manual);
    send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelable(held[0], on_cancel);
    WdfRequestForwardToIoQueue(held[0], side);
}

/* RULE K-Q-45: Forwarding to a queue that does not accept returns STATUS_WDF_BUSY, and the driver still owns the request. */
TEST(K_Q_45_destination_busy)
{
    start_forwarding(manual);
    WdfIoQueuePurgeSynchronously(side);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(seen, STATUS_WDF_BUSY);
    assert_true(held_count == 1 && owned(queue) == 1 && !s->done);
    finish_held();
}

static void cancel_then_forward(WDFREQUEST request)
{
    io_cancel_irp(WdfRequestWdmGetIrp(request));
    forward(request);
}

/* RULE K-Q-45: Forwarding a cancelled request succeeds, and it takes the destination's path for requests cancelled on the queue. */
TEST(K_Q_45_already_cancelled)
{
    plan.queue = sequential, plan.handle = cancel_then_forward;
    start();
    side = make_queue(manual_telling);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(seen, STATUS_SUCCESS);
    log_is("read canceled");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* RULE K-Q-46: A request forwarded to a queue that is stopped or powered off waits at its tail. */
TEST(K_Q_46_stopped_destination)
{
    start_forwarding(manual);
    WdfIoQueueStop(side, NULL, NULL);
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    assert_int_equal(queued(side), 2);
    WdfIoQueueStart(side);
    WDFREQUEST r = next_of(side);
    WDF_REQUEST_PARAMETERS p;
    WDF_REQUEST_PARAMETERS_INIT(&p);
    WdfRequestGetParameters(r, &p);
    assert_int_equal(p.Type, WdfRequestTypeRead);
    WdfRequestComplete(r, STATUS_SUCCESS);
    WdfRequestComplete(next_of(side), STATUS_SUCCESS);
    finish();
}

/* RULE K-Q-47: The source queue counts a forwarded request until the destination has it, and then presents its next. */
TEST(K_Q_47_source_goes_on)
{
    plan.queue = sequential;
    start();
    side = make_queue(manual);
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    log_is("read");
    assert_int_equal(WdfRequestForwardToIoQueue(held[0], side), STATUS_SUCCESS);
    log_is("write");
    assert_true(queued(side) == 1 && owned(queue) == 1);
    WdfRequestComplete(next_of(side), STATUS_SUCCESS);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-48: WdfRequestRequeue is only for requests that came from manual queues. */
TEST(K_Q_48_not_manual)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestRequeue(held[0]), STATUS_INVALID_DEVICE_REQUEST);
    finish_held();
}

/* RULE K-Q-48: WdfRequestRequeue puts the request at the head of its queue. */
/* RULE F-DRV-22: WdfRequestRequeue puts a request back at the head. */
TEST(K_Q_48_to_the_head)
{
    plan.queue = manual;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    WDFREQUEST r = next_of(queue);
    assert_int_equal(WdfRequestRequeue(r), STATUS_SUCCESS);
    assert_true(next_of(queue) == r);
    WdfRequestComplete(r, STATUS_SUCCESS);
    WdfRequestComplete(next_of(queue), STATUS_SUCCESS);
    finish();
}

/* RULE K-Q-48: WdfRequestRequeue of a cancelled request returns success, and the request takes the cancel path. */
TEST(K_Q_48_cancelled)
{
    plan.queue = manual_telling;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WDFREQUEST r = next_of(queue);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfRequestRequeue(r), STATUS_SUCCESS);
    log_is("canceled");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* RULE K-Q-48: WdfRequestRequeue during a purge returns success, and the request takes the cancel path. */
/* RULE K-Q-56: A request that the driver requeues during a purge is treated as cancelled. */
TEST(K_Q_56_requeued_during_purge)
{
    plan.queue = manual_telling;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WDFREQUEST r = next_of(queue);
    WdfIoQueuePurge(queue, on_purged, NULL);
    log_is("");
    assert_int_equal(WdfRequestRequeue(r), STATUS_SUCCESS);
    log_is("canceled purged");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* ---- Stop, drain, purge, start ---- */

/* RULE K-Q-55: A stopped queue accepts and does not present, and keeps what is queued; the stop is complete when the driver owns no request. */
TEST(K_Q_55_stop)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    WdfIoQueueStop(queue, on_stopped, NULL);
    send(IRP_MJ_DEVICE_CONTROL, 4);
    log_is("read");
    complete(0, STATUS_SUCCESS, 0);
    log_is("stopped");
    assert_int_equal(queued(queue), 2);
    WdfIoQueueStart(queue);
    log_is("write");
    complete(1, STATUS_SUCCESS, 0), complete(2, STATUS_SUCCESS, 0);
    finish();
}

static void mark(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    held[held_count++] = request;
}

/* RULE K-Q-55: WdfIoQueueStopAndPurge cancels what is queued or cancelable at the call; later requests stay in the queue. */
TEST(K_Q_55_stop_and_purge)
{
    plan.queue = sequential, plan.handle = mark;
    start();
    struct sent *a = send(IRP_MJ_READ, 4), *b = send(IRP_MJ_READ, 4);
    WdfIoQueueStopAndPurge(queue, on_stopped, NULL);
    log_is("read cancel stopped");
    assert_true(a->status == STATUS_CANCELLED && b->status == STATUS_CANCELLED);
    struct sent *c = send(IRP_MJ_WRITE, 4);
    assert_false(c->done);
    WdfIoQueueStart(queue);
    log_is("write");
    assert_true(io_cancel_irp(c->irp));
    finish();
}

/* RULE K-Q-55: A draining queue refuses new requests and goes on presenting; it is drained when nothing is queued or owned. */
TEST(K_Q_55_drain)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    WdfIoQueueDrain(queue, on_purged, NULL);
    assert_int_equal(send(IRP_MJ_READ, 4)->returned, STATUS_INVALID_DEVICE_STATE);
    complete(0, STATUS_SUCCESS, 0);
    complete(1, STATUS_SUCCESS, 0);
    log_is("read write purged");
    WdfIoQueueStart(queue);
    send(IRP_MJ_READ, 4);
    log_is("read");
    complete(2, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-55: A purged queue refuses new requests and cancels queued and cancelable ones; owned ones are waited for. */
TEST(K_Q_55_purge)
{
    plan.queue = sequential;
    start();
    struct sent *a = send(IRP_MJ_READ, 4), *b = send(IRP_MJ_WRITE, 4);
    WdfIoQueuePurge(queue, on_purged, NULL);
    assert_true(!a->done && b->status == STATUS_CANCELLED);
    assert_int_equal(send(IRP_MJ_READ, 4)->returned, STATUS_INVALID_DEVICE_STATE);
    log_is("read");
    complete(0, STATUS_SUCCESS, 0);
    log_is("purged");
    finish();
}

/* RULE K-Q-55: WdfIoQueueStop after a purge lets the queue accept requests again. */
TEST(K_Q_55_stop_accepts_again)
{
    plan.queue = sequential;
    start();
    WdfIoQueuePurgeSynchronously(queue);
    assert_false(WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueueAcceptRequests);
    WdfIoQueueStop(queue, NULL, NULL);
    assert_true(WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueueAcceptRequests);
    finish();
}

/* RULE K-Q-55: A queue that a removal has shut down cannot be made to accept requests again. */
TEST(K_Q_55_not_during_removal)
{
    plan.queue = sequential;
    start();
    fx_queues_purge(fx(), true);
    WdfIoQueueStart(queue);
    assert_int_equal(send(IRP_MJ_READ, 4)->returned, STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE K-Q-56: A request that the driver marks cancelable while its queue is purged is cancelled at once. */
TEST(K_Q_56_marked_during_purge)
{
    plan.queue = sequential;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WdfIoQueuePurge(queue, on_purged, NULL);
    log_is("read");
    assert_true(WdfRequestIsCanceled(held[0]));
    WdfRequestMarkCancelable(held[0], on_cancel);
    log_is("cancel purged");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* RULE K-Q-56: After a purge, a request that is marked cancelable is cancelled at once until WdfIoQueueStart is called. */
TEST(K_Q_56_ends_with_start)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfIoQueuePurge(queue, NULL, NULL);
    WdfIoQueueStart(queue);
    assert_false(WdfRequestIsCanceled(held[0]));
    assert_int_equal(WdfRequestMarkCancelableEx(held[0], on_cancel), STATUS_SUCCESS);
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_SUCCESS);
    finish_held();
}

/* RULE K-Q-57: Stopping a queue with a callback while another stop's callback is outstanding is bug check WDF_VIOLATION with parameter 0xA. */
/* RULE V-WDF-31: Stops, drains or purges of one queue with callbacks may not overlap. */
/* RULE V-WDF-41: Misuse of a queue that leaves it unusable is a fatal error, bug check WDF_VIOLATION with parameter 0xA. */
TEST(K_Q_57_second_stop_callback, .code = 0x10D, .p1 = 0xA)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfIoQueueStop(queue, on_stopped, NULL);
    WdfIoQueueStopAndPurge(queue, on_stopped, NULL);
}

/* RULE K-Q-57: Purging or draining a queue with a callback while another such callback is outstanding is bug check WDF_VIOLATION with parameter 0xA. */
TEST(K_Q_57_second_purge_callback, .code = 0x10D, .p1 = 0xA)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfIoQueueDrain(queue, on_purged, NULL);
    WdfIoQueuePurge(queue, on_purged, NULL);
}

static KIRQL irql_of_state;
static void note_irql(WDFQUEUE q) { irql_of_state = KeGetCurrentIrql(); }

/* RULE K-Q-58: The completion callback of WdfIoQueueStop runs without the presentation lock. */
TEST(K_Q_58_stopped_without_lock)
{
    plan.queue = sequential_serialised, plan.state = note_irql;
    start();
    WdfIoQueueStop(queue, on_stopped, NULL); /* inside the call */
    log_is("stopped");
    assert_int_equal(irql_of_state, PASSIVE_LEVEL);
    WdfIoQueueStart(queue);
    finish();
}

/* RULE K-Q-58: The completion callback of WdfIoQueuePurge runs under the presentation lock. */
TEST(K_Q_58_purged_under_the_lock)
{
    plan.queue = sequential_serialised, plan.state = note_irql;
    start();
    WdfIoQueuePurge(queue, on_purged, NULL);
    log_is("purged");
    assert_int_equal(irql_of_state, DISPATCH_LEVEL);
    finish();
}

static void end_later(void *context)
{
    pass_ms(5);
    say("ending");
    complete(0, STATUS_SUCCESS, 0);
}

static void in_thread(void (*run)(void *), void (*meanwhile)(void))
{
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "helper", NULL, run, NULL);
    meanwhile();
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
}

static void stop_wait(void) { WdfIoQueueStopSynchronously(queue), say("returned"); }
static void purge_wait(void) { WdfIoQueuePurgeSynchronously(queue), say("returned"); }
static void drain_wait(void) { WdfIoQueueDrainSynchronously(queue), say("returned"); }
static void stop_purge_wait(void) { WdfIoQueueStopAndPurgeSynchronously(queue), say("returned"); }

/* RULE K-Q-59: The synchronous queue state calls wait for the same conditions as those with callbacks. */
TEST(K_Q_59_synchronous)
{
    void (*const waits[])(void) = {stop_wait, purge_wait, drain_wait, stop_purge_wait};
    plan.queue = sequential;
    start();
    for (int i = 0; i < 4; i++) {
        held_count = 0;
        send(IRP_MJ_READ, 4);
        in_thread(end_later, waits[i]);
        log_is("read ending returned");
        WdfIoQueueStart(queue);
    }
    finish();
}

static void stop_inside(WDFREQUEST request) { WdfIoQueueStopSynchronously(queue); }
static void passive_serialised(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential_serialised(c, a);
    a->ExecutionLevel = WdfExecutionLevelPassive;
}

/* RULE K-Q-59: A synchronous queue state call in a callback of that queue deadlocks, and is reported. */
/* RULE V-WDF-32: No synchronous queue state call is made in a queue's EvtIo callbacks. */
TEST(K_Q_59_inside_a_callback, MISUSE)
{
    plan.queue = passive_serialised, plan.handle = stop_inside;
    start();
    send(IRP_MJ_READ, 4);
}

static void delete_side(void) { WdfObjectDelete(side), say("deleted"); }
static void end_side(void *context)
{
    pass_ms(5);
    say("ending");
    WdfRequestComplete(held[0], STATUS_SUCCESS);
}

/* RULE K-Q-60: Deleting a queue purges it and waits for the driver's requests before EvtCleanup. */
TEST(K_Q_60_delete_purges)
{
    start_forwarding(manual);
    send(IRP_MJ_READ, 4);
    struct sent *b = send(IRP_MJ_READ, 4);
    held[0] = next_of(side);
    log_clear();
    in_thread(end_side, delete_side);
    assert_int_equal(b->status, STATUS_CANCELLED);
    log_is("ending ~side !side deleted");
    finish();
}

/* ---- Cancellation ---- */

/* RULE K-Q-80: A request that is cancelled in its queue before it was presented is completed without the driver seeing it, with Information 0. */
TEST(K_Q_80_never_presented)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    struct sent *s = send(IRP_MJ_WRITE, 4);
    assert_true(io_cancel_irp(s->irp));
    assert_true(s->done && s->status == STATUS_CANCELLED && s->information == 0);
    log_is("read");
    finish_held();
}

/* RULE K-Q-80: A request that was never presented is completed without the driver seeing it even if the queue has EvtIoCanceledOnQueue. */
TEST(K_Q_80_never_presented_but_callback)
{
    plan.queue = manual_telling;
    start();
    struct sent *s = send(IRP_MJ_WRITE, 4);
    assert_true(io_cancel_irp(s->irp) && s->status == STATUS_CANCELLED);
    log_is("");
    finish();
}

/* RULE K-Q-80: A queued request that was presented before is completed without the driver seeing it when the queue has no EvtIoCanceledOnQueue. */
/* RULE F-DRV-14: A forwarded request that waits in its new queue is cancelled there by the framework. */
TEST(K_Q_80_no_callback)
{
    start_forwarding(manual);
    struct sent *s = send(IRP_MJ_READ, 4);
    io_cancel_irp(s->irp);
    assert_int_equal(s->status, STATUS_CANCELLED);
    log_is("read");
    finish();
}

/* RULE K-Q-80: A queued request that was presented before and is cancelled goes to EvtIoCanceledOnQueue, which owns and completes it. */
/* RULE F-DRV-14: The driver hears of the cancel of a forwarded, queued request through EvtIoCanceledOnQueue only. */
TEST(K_Q_80_canceled_on_queue)
{
    start_forwarding(manual_telling);
    struct sent *s = send(IRP_MJ_READ, 4);
    io_cancel_irp(s->irp);
    log_is("read canceled");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

static void keep(WDFREQUEST request) { held[held_count++] = request; }

/* RULE K-Q-81: EvtIoCanceledOnQueue makes the request driver-owned, so that a stop is reported only after its completion. */
TEST(K_Q_81_counts_as_owned)
{
    plan.canceled_on_queue = keep;
    start_forwarding(manual_telling);
    struct sent *s = send(IRP_MJ_READ, 4);
    io_cancel_irp(s->irp);
    assert_int_equal(owned(side), 1);
    WdfIoQueueStop(side, on_stopped, NULL);
    log_is("read canceled");
    complete(0, STATUS_CANCELLED, 0);
    log_is("stopped");
    WdfIoQueueStart(side);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_Q_45_to_the_same_queue),
        cmocka_unit_test(K_Q_45_cancelable_request),
        cmocka_unit_test(K_Q_45_destination_busy),
        cmocka_unit_test(K_Q_45_already_cancelled),
        cmocka_unit_test(K_Q_46_stopped_destination),
        cmocka_unit_test(K_Q_47_source_goes_on),
        cmocka_unit_test(K_Q_48_not_manual),
        cmocka_unit_test(K_Q_48_to_the_head),
        cmocka_unit_test(K_Q_48_cancelled),
        cmocka_unit_test(K_Q_56_requeued_during_purge),
        cmocka_unit_test(K_Q_55_stop),
        cmocka_unit_test(K_Q_55_stop_and_purge),
        cmocka_unit_test(K_Q_55_drain),
        cmocka_unit_test(K_Q_55_purge),
        cmocka_unit_test(K_Q_55_stop_accepts_again),
        cmocka_unit_test(K_Q_55_not_during_removal),
        cmocka_unit_test(K_Q_56_marked_during_purge),
        cmocka_unit_test(K_Q_56_ends_with_start),
        cmocka_unit_test(K_Q_57_second_stop_callback),
        cmocka_unit_test(K_Q_57_second_purge_callback),
        cmocka_unit_test(K_Q_58_stopped_without_lock),
        cmocka_unit_test(K_Q_58_purged_under_the_lock),
        cmocka_unit_test(K_Q_59_synchronous),
        cmocka_unit_test(K_Q_59_inside_a_callback),
        cmocka_unit_test(K_Q_60_delete_purges),
        cmocka_unit_test(K_Q_80_never_presented),
        cmocka_unit_test(K_Q_80_never_presented_but_callback),
        cmocka_unit_test(K_Q_80_no_callback),
        cmocka_unit_test(K_Q_80_canceled_on_queue),
        cmocka_unit_test(K_Q_81_counts_as_owned),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
