/*
 * How queues present requests (K-Q-23..31), and taking requests out by hand (K-Q-35..39).
 */
#include "kmdf_world.h"

static WDFQUEUE side;
static WDFREQUEST found;
static NTSTATUS seen;
static int depth, deepest;

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

/* ---- The loop ---- */


static void mark(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    held[held_count++] = request;
}

/* RULE K-Q-23: A queue first calls the cancel callbacks that are due, then the completion callback of a purge. */
TEST(K_Q_23_cancel_before_purge_complete)
{
    plan.queue = sequential, plan.handle = mark;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4);
    WdfIoQueuePurge(queue, on_purged, NULL);
    log_is("read cancel purged");
    finish();
}

/* RULE K-Q-23: The completion callback of a queue's stop comes before that of its purge. */
TEST(K_Q_23_stopped_before_purged)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfIoQueuePurge(queue, on_purged, NULL);
    WdfIoQueueStop(queue, on_stopped, NULL);
    complete(0, STATUS_SUCCESS, 0);
    log_is("read stopped purged");
    finish();
}

/* RULE K-Q-23: A queue presents its oldest request before one that is just arriving. */
TEST(K_Q_23_head_before_arrival)
{
    plan.queue = parallel;
    start();
    WdfIoQueueStop(queue, NULL, NULL);
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    log_is("");
    WdfIoQueueStart(queue);
    send(IRP_MJ_DEVICE_CONTROL, 4);
    log_is("read write control");
    finish_held();
}

static struct sent *second_sent;
static void acknowledge_and_cancel(WDFREQUEST request, ULONG flags)
{
    if (second_sent->irp)
        io_cancel_irp(second_sent->irp);
    say("after");
    if (request == held[0])
        WdfRequestStopAcknowledge(request, FALSE);
}

static void parallel_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop, c->EvtIoResume = on_resume;
}

static void mark_second(WDFREQUEST request)
{
    held[held_count++] = request;
    if (held_count == 2)
        WdfRequestMarkCancelable(request, on_cancel);
}

/* RULE K-Q-24: EvtRequestCancel is not called while EvtIoStop notifications are in progress; it comes right after. */
/* RULE K-REQ-34: EvtRequestCancel never overlaps EvtIoStop or EvtIoResume of the queue. */
TEST(K_Q_24_cancel_after_stop)
{
    plan.queue = parallel_stoppable, plan.handle = mark_second, plan.stop = acknowledge_and_cancel;
    start();
    send(IRP_MJ_READ, 4);
    second_sent = send(IRP_MJ_READ, 4);
    log_clear();
    fx_queues_hold(fx());
    log_is("stop after cancel");
    assert_int_equal(second_sent->status, STATUS_CANCELLED);
    fx_queues_resume(fx());
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static void default_and_read(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoDefault = on_default, c->EvtIoRead = on_read; }
static void write_only(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoWrite = on_write; }
static void just_complete(WDFREQUEST request) { WdfRequestComplete(request, STATUS_SUCCESS); }

/* RULE K-Q-25: A queue presents each type of request to the handler for that type. */
TEST(K_Q_25_handler_by_type)
{
    plan.queue = sequential, plan.handle = just_complete;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4), send(IRP_MJ_DEVICE_CONTROL, 4), send(IRP_MJ_INTERNAL_DEVICE_CONTROL, 4);
    log_is("read write control internal");
    finish();
}

/* RULE K-Q-25: A queue without handler for a request's type presents it to EvtIoDefault. */
TEST(K_Q_25_default_handler)
{
    plan.queue = default_and_read, plan.handle = just_complete;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4), send(IRP_MJ_DEVICE_CONTROL, 4);
    log_is("read default default");
    finish();
}

/* RULE K-Q-25: A queue with neither a handler for the type nor EvtIoDefault completes the request with STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_Q_25_no_handler)
{
    plan.queue = write_only;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(s->status, STATUS_INVALID_DEVICE_REQUEST);
    log_is("");
    finish();
}

static size_t out_seen, in_seen;
static VOID on_lengths(WDFQUEUE q, WDFREQUEST r, size_t out, size_t in, ULONG code)
{
    out_seen = out, in_seen = in;
    WdfRequestComplete(r, STATUS_SUCCESS);
}
static void lengths(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoDeviceControl = on_lengths; }

/* RULE K-Q-25: EvtIoDeviceControl is given the output length before the input length. */
TEST(K_Q_25_output_before_input)
{
    plan.queue = lengths;
    start();
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 7, .out = 3});
    assert_true(out_seen == 3 && in_seen == 7);
    finish();
}

static void zero_allowed(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), c->AllowZeroLengthRequests = TRUE; }

/* RULE K-Q-26: Empty reads and writes are completed without a callback; empty control requests are presented. */
/* RULE F-DRV-5: A queue never presents an empty read or write unless AllowZeroLengthRequests is set. */
TEST(K_Q_26_empty_requests)
{
    plan.queue = sequential, plan.handle = just_complete;
    start();
    struct sent *r = send(IRP_MJ_READ, 0), *w = send(IRP_MJ_WRITE, 0);
    assert_true(r->done && w->done && r->status == STATUS_SUCCESS && w->status == STATUS_SUCCESS && !r->information);
    log_is("");
    send(IRP_MJ_DEVICE_CONTROL, 0);
    log_is("control");
    finish();
}

/* RULE K-Q-26: A queue with AllowZeroLengthRequests presents empty reads and writes. */
TEST(K_Q_26_empty_requests_allowed)
{
    plan.queue = zero_allowed, plan.handle = just_complete;
    start();
    send(IRP_MJ_READ, 0), send(IRP_MJ_WRITE, 0);
    log_is("read write");
    finish();
}

/* RULE K-Q-26: Retrieving from a queue completes an empty read or write and goes on to the next request. */
/* RULE F-DRV-5: A manual queue does not give out empty reads or writes either, unless AllowZeroLengthRequests is set. */
TEST(K_Q_26_empty_request_retrieved)
{
    plan.queue = manual;
    start();
    struct sent *empty = send(IRP_MJ_READ, 0);
    send(IRP_MJ_READ, 4);
    WDFREQUEST r = next_of(queue);
    assert_true(empty->done && seen == STATUS_SUCCESS);
    WdfRequestComplete(r, STATUS_SUCCESS);
    finish();
}

static void passive_level(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ExecutionLevel = WdfExecutionLevelPassive; }

/* RULE K-Q-27: A request is presented in the thread in which it arrives, at its IRQL. */
TEST(K_Q_27_in_the_arriving_thread)
{
    plan.queue = sequential;
    start();
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    send(IRP_MJ_READ, 4);
    log_is("read");
    ke_lower_irql(irql);
    assert_int_equal(last_irql, DISPATCH_LEVEL);
    finish_held();
}

/* RULE K-Q-27: A passive queue that gets a request above PASSIVE_LEVEL presents it from a work item. */
TEST(K_Q_27_passive_queue_at_dispatch)
{
    plan.queue = passive_level;
    start();
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    send(IRP_MJ_READ, 4);
    log_is("");
    ke_lower_irql(irql);
    sched_settle();
    log_is("read");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    finish_held();
}

/* RULE K-Q-27: When the arriving thread holds the queue's presentation lock, the request is presented from a DPC. */
/* RULE F-DRV-13: Completing a request must not present the next one on the stack that holds the presentation lock. */
TEST(K_Q_27_under_the_lock)
{
    plan.queue = sequential_serialised;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    WdfObjectAcquireLock(queue);
    complete(0, STATUS_SUCCESS, 0);
    log_is("read");
    WdfObjectReleaseLock(queue);
    log_is("write");
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

static void count_depth(WDFREQUEST request)
{
    if (++depth > deepest)
        deepest = depth;
    if (WdfRequestGetIoQueue(request) == queue)
        seen = WdfRequestForwardToIoQueue(request, side);
    else
        WdfRequestComplete(request, STATUS_SUCCESS);
    depth--;
}

/* RULE K-Q-28: With synchronization scope None a forwarded request is presented inside the forwarding call. */
TEST(K_Q_28_forward_presents_inside)
{
    plan.queue = sequential, plan.handle = count_depth, depth = deepest = 0;
    start();
    side = make_queue(sequential);
    assert_true(send(IRP_MJ_READ, 4)->done);
    assert_int_equal(deepest, 2);
    finish();
}

static void device_scope(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential(c, a);
    a->SynchronizationScope = WdfSynchronizationScopeDevice;
}

/* RULE K-Q-28: Under synchronization scope Device a forwarded request is presented later, not inside the forwarding call. */
TEST(K_Q_28_forward_is_deferred)
{
    plan.queue = device_scope, plan.handle = count_depth, depth = deepest = 0;
    start();
    side = make_queue(device_scope);
    struct sent *s = send(IRP_MJ_READ, 4);
    pass_ms(1);
    assert_true(s->done);
    assert_int_equal(deepest, 1);
    finish();
}

static void complete_deep(WDFREQUEST request)
{
    if (++depth > deepest)
        deepest = depth;
    WdfRequestComplete(request, STATUS_SUCCESS);
    depth--;
}

/* RULE K-Q-29: A sequential queue whose driver completes inline calls it in a loop, not recursively. */
TEST(K_Q_29_iterative)
{
    plan.queue = sequential, plan.handle = complete_deep, depth = deepest = 0;
    start();
    WdfIoQueueStop(queue, NULL, NULL);
    for (int i = 0; i < 5; i++)
        send(IRP_MJ_READ, 4);
    WdfIoQueueStart(queue);
    log_is("read read read read read");
    assert_int_equal(deepest, 1);
    finish();
}

/* RULE K-Q-29: Completing a request later presents the next one of a sequential queue inside that completion. */
TEST(K_Q_29_inside_the_completion)
{
    plan.queue = sequential;
    start();
    struct sent *a = send(IRP_MJ_READ, 4);
    send(IRP_MJ_WRITE, 4);
    log_is("read");
    complete(0, STATUS_SUCCESS, 0);
    log_is("write");
    assert_true(a->done);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

static void two_at_once(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->Settings.Parallel.NumberOfPresentedRequests = 2;
}

/* RULE K-Q-30: A queue presents its requests first in, first out. */
TEST(K_Q_30_fifo)
{
    plan.queue = sequential, plan.handle = just_complete;
    start();
    WdfIoQueueStop(queue, NULL, NULL);
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4), send(IRP_MJ_DEVICE_CONTROL, 4);
    WdfIoQueueStart(queue);
    log_is("read write control");
    finish();
}

/* RULE K-Q-30: NumberOfPresentedRequests limits how many requests of a parallel queue the driver owns. */
/* RULE F-DRV-17: A parallel queue's count of presented requests drops when one is completed. */
TEST(K_Q_30_limit)
{
    plan.queue = two_at_once;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    log_is("read read");
    complete(0, STATUS_SUCCESS, 0);
    log_is("write");
    complete(1, STATUS_SUCCESS, 0), complete(2, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-31: A request is driver-owned from its presentation until it is completed or forwarded. */
/* RULE F-DRV-17: A queue's count of presented requests drops when one is forwarded. */
TEST(K_Q_31_ownership)
{
    ULONG queued, owned;
    plan.queue = two_at_once;
    start();
    side = make_queue(manual);
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4);
    WdfIoQueueGetState(queue, &queued, &owned);
    assert_true(owned == 2 && queued == 0);
    assert_int_equal(WdfRequestForwardToIoQueue(held[0], side), STATUS_SUCCESS);
    WdfIoQueueGetState(queue, &queued, &owned);
    assert_int_equal(owned, 1);
    WdfIoQueueGetState(side, &queued, &owned);
    assert_true(queued == 1 && owned == 0);
    WDFREQUEST r = next_of(side);
    WdfIoQueueGetState(side, &queued, &owned);
    assert_true(queued == 0 && owned == 1);
    WdfRequestComplete(r, STATUS_SUCCESS);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

/* ---- Retrieval ---- */

/* RULE K-Q-35: Retrieving the next request from a parallel queue is refused. */
TEST(K_Q_35_parallel)
{
    plan.queue = parallel;
    start();
    assert_true(next_of(queue) == NULL);
    assert_int_equal(seen, STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE K-Q-35: Retrieving from a queue that is stopped or powered off returns STATUS_WDF_PAUSED, from an empty one STATUS_NO_MORE_ENTRIES and NULL. */
/* RULE F-DRV-15: Retrieving from a queue that is held returns STATUS_WDF_PAUSED. */
TEST(K_Q_35_paused_and_empty)
{
    plan.queue = manual;
    boot();
    assert_true(next_of(queue) == NULL);
    assert_int_equal(seen, STATUS_WDF_PAUSED);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(next_of(queue) == NULL);
    assert_int_equal(seen, STATUS_NO_MORE_ENTRIES);
    WdfIoQueueStop(queue, NULL, NULL);
    next_of(queue);
    assert_int_equal(seen, STATUS_WDF_PAUSED);
    WdfIoQueueStart(queue);
    finish();
}

/* RULE K-Q-35: A driver may retrieve requests from a sequential queue. */
TEST(K_Q_35_sequential)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4);
    WDFREQUEST r = next_of(queue);
    assert_int_equal(seen, STATUS_SUCCESS);
    WdfRequestComplete(r, STATUS_SUCCESS);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static void with_files(PWDFDEVICE_INIT init)
{
    WDF_FILEOBJECT_CONFIG c;
    UNICODE_STRING name = text_of(L"\\Device\\World");
    WDF_FILEOBJECT_CONFIG_INIT(&c, NULL, NULL, NULL);
    WdfDeviceInitSetFileObjectConfig(init, &c, NULL);
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
}

/* RULE K-Q-36: WdfIoQueueRetrieveRequestByFileObject takes that file's requests only; a found request that has left the queue is not found again. */
TEST(K_Q_36_by_file_object)
{
    PFILE_OBJECT one, two;
    WDFREQUEST r;
    plan.init = with_files, plan.queue = manual;
    start();
    assert_int_equal(open_path(L"\\Device\\World", &one), STATUS_SUCCESS);
    assert_int_equal(open_path(L"\\Device\\World", &two), STATUS_SUCCESS);
    WDFFILEOBJECT of_one = WdfDeviceGetFileObject(device, one), of_two = WdfDeviceGetFileObject(device, two);
    struct sent *s = send_io((struct io){.major = IRP_MJ_READ, .length = 4, .file = two});
    assert_int_equal(WdfIoQueueRetrieveRequestByFileObject(queue, of_one, &r), STATUS_NO_MORE_ENTRIES);
    assert_true(r == NULL);
    assert_int_equal(WdfIoQueueFindRequest(queue, NULL, of_one, NULL, &found), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(WdfIoQueueRetrieveRequestByFileObject(queue, of_two, &r), STATUS_SUCCESS);
    assert_true(WdfRequestGetFileObject(r) == of_two);
    WdfRequestComplete(r, STATUS_SUCCESS);
    assert_true(s->done);
    close_file(one), close_file(two);
    finish();
}

/* RULE K-Q-36: WdfIoQueueRetrieveFoundRequest of a request that was cancelled meanwhile returns STATUS_NOT_FOUND. */
/* RULE F-DRV-15: A found request that goes before the driver retrieves it is STATUS_NOT_FOUND, a race that drivers must expect. */
TEST(K_Q_36_found_but_gone)
{
    WDFREQUEST r;
    plan.queue = manual;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(WdfIoQueueFindRequest(queue, NULL, NULL, NULL, &found), STATUS_SUCCESS);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfIoQueueRetrieveFoundRequest(queue, found, &r), STATUS_NOT_FOUND);
    assert_int_equal(WdfIoQueueFindRequest(queue, found, NULL, NULL, &r), STATUS_NOT_FOUND);
    WdfObjectDereference(found);
    finish();
}

/* RULE K-Q-37: WdfIoQueueFindRequest is for manual queues only. */
TEST(K_Q_37_not_manual)
{
    plan.queue = sequential;
    start();
    assert_int_equal(WdfIoQueueFindRequest(queue, NULL, NULL, NULL, &found), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-Q-37: WdfIoQueueFindRequest works while the queue is stopped, goes on after the tag, fills the parameters and leaves the request queued and cancelable. */
/* RULE F-DRV-15: WdfIoQueueFindRequest returns the request with a reference and leaves it queued. */
TEST(K_Q_37_find)
{
    WDF_REQUEST_PARAMETERS p;
    WDFREQUEST second, third;
    plan.queue = manual;
    start();
    struct sent *a = send(IRP_MJ_READ, 4), *b = send(IRP_MJ_WRITE, 5);
    WdfIoQueueStop(queue, NULL, NULL);
    WDF_REQUEST_PARAMETERS_INIT(&p);
    p.Size--;
    assert_int_equal(WdfIoQueueFindRequest(queue, NULL, NULL, &p, &found), STATUS_INVALID_PARAMETER_4);
    WDF_REQUEST_PARAMETERS_INIT(&p);
    assert_int_equal(WdfIoQueueFindRequest(queue, NULL, NULL, &p, &found), STATUS_SUCCESS);
    assert_true(p.Type == WdfRequestTypeRead && p.Parameters.Read.Length == 4);
    assert_int_equal(WdfIoQueueFindRequest(queue, found, NULL, &p, &second), STATUS_SUCCESS);
    assert_true(p.Type == WdfRequestTypeWrite && p.Parameters.Write.Length == 5);
    assert_int_equal(WdfIoQueueFindRequest(queue, second, NULL, NULL, &third), STATUS_NO_MORE_ENTRIES);
    WdfObjectDereference(found), WdfObjectDereference(second);
    assert_true(io_cancel_irp(a->irp) && io_cancel_irp(b->irp));
    finish();
}

/* RULE V-WDF-33: Not dropping the reference of a found request is a leak, which is reported. */
TEST(V_WDF_33_reference_of_find_kept, .code = OWN_OBJECT_LEAK, .p1 = ANY)
{
    plan.queue = manual;
    start();
    send(IRP_MJ_READ, 4);
    WdfIoQueueFindRequest(queue, NULL, NULL, NULL, &found);
    WdfRequestComplete(next_of(queue), STATUS_SUCCESS);
    finish();
}

/* ---- Ready notification ---- */

/* RULE K-Q-38: WdfIoQueueReadyNotify needs a manual queue without a notification; to deregister, one that has it and is stopped. */
TEST(K_Q_38_ready_notify_refuses)
{
    plan.queue = sequential;
    start();
    side = make_queue(manual);
    assert_int_equal(WdfIoQueueReadyNotify(queue, on_ready, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfIoQueueReadyNotify(side, NULL, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfIoQueueReadyNotify(side, on_ready, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueReadyNotify(side, on_ready, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfIoQueueReadyNotify(side, NULL, NULL), STATUS_INVALID_DEVICE_REQUEST);
    WdfIoQueueStopSynchronously(side);
    assert_int_equal(WdfIoQueueReadyNotify(side, NULL, NULL), STATUS_SUCCESS);
    finish();
}

/* RULE K-Q-39: The ready notification of a manual queue comes once each time the queue stops being empty, also by a requeue. */
TEST(K_Q_39_fires_on_the_transition)
{
    plan.queue = manual;
    start();
    assert_int_equal(WdfIoQueueReadyNotify(queue, on_ready, NULL), STATUS_SUCCESS);
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4);
    log_is("ready");
    WDFREQUEST a = next_of(queue), b = next_of(queue);
    assert_int_equal(WdfRequestRequeue(a), STATUS_SUCCESS);
    log_is("ready");
    WdfRequestComplete(b, STATUS_SUCCESS);
    WdfRequestComplete(next_of(queue), STATUS_SUCCESS);
    finish();
}

/* RULE K-Q-39: The ready notification also comes on start and power-up when the queue is not empty, and never while it is stopped or powered off. */
TEST(K_Q_39_fires_on_start_and_power_up)
{
    plan.queue = manual;
    start();
    assert_int_equal(WdfIoQueueReadyNotify(queue, on_ready, NULL), STATUS_SUCCESS);
    WdfIoQueueStop(queue, NULL, NULL);
    send(IRP_MJ_READ, 4);
    log_is("");
    WdfIoQueueStart(queue);
    log_is("ready");
    fx_queues_hold(fx());
    send(IRP_MJ_READ, 4);
    log_is("");
    fx_queues_resume(fx());
    log_is("ready");
    WdfRequestComplete(next_of(queue), STATUS_SUCCESS);
    WdfRequestComplete(next_of(queue), STATUS_SUCCESS);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_Q_23_cancel_before_purge_complete),
        cmocka_unit_test(K_Q_23_stopped_before_purged),
        cmocka_unit_test(K_Q_23_head_before_arrival),
        cmocka_unit_test(K_Q_24_cancel_after_stop),
        cmocka_unit_test(K_Q_25_handler_by_type),
        cmocka_unit_test(K_Q_25_default_handler),
        cmocka_unit_test(K_Q_25_no_handler),
        cmocka_unit_test(K_Q_25_output_before_input),
        cmocka_unit_test(K_Q_26_empty_requests),
        cmocka_unit_test(K_Q_26_empty_requests_allowed),
        cmocka_unit_test(K_Q_26_empty_request_retrieved),
        cmocka_unit_test(K_Q_27_in_the_arriving_thread),
        cmocka_unit_test(K_Q_27_passive_queue_at_dispatch),
        cmocka_unit_test(K_Q_27_under_the_lock),
        cmocka_unit_test(K_Q_28_forward_presents_inside),
        cmocka_unit_test(K_Q_28_forward_is_deferred),
        cmocka_unit_test(K_Q_29_iterative),
        cmocka_unit_test(K_Q_29_inside_the_completion),
        cmocka_unit_test(K_Q_30_fifo),
        cmocka_unit_test(K_Q_30_limit),
        cmocka_unit_test(K_Q_31_ownership),
        cmocka_unit_test(K_Q_35_parallel),
        cmocka_unit_test(K_Q_35_paused_and_empty),
        cmocka_unit_test(K_Q_35_sequential),
        cmocka_unit_test(K_Q_36_by_file_object),
        cmocka_unit_test(K_Q_36_found_but_gone),
        cmocka_unit_test(K_Q_37_not_manual),
        cmocka_unit_test(K_Q_37_find),
        cmocka_unit_test(V_WDF_33_reference_of_find_kept),
        cmocka_unit_test(K_Q_38_ready_notify_refuses),
        cmocka_unit_test(K_Q_39_fires_on_the_transition),
        cmocka_unit_test(K_Q_39_fires_on_start_and_power_up),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
