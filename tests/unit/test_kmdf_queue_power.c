/*
 * Power-managed queues (K-Q-62..69).
 */
#include "kmdf_world.h"

static NTSTATUS seen;
static ULONG flags_seen;
static bool requeue;

static void acknowledge(WDFREQUEST request, ULONG flags)
{
    flags_seen = flags;
    WdfRequestStopAcknowledge(request, requeue);
}

static void parallel_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop, c->EvtIoResume = on_resume;
}

static void finish_held(void)
{
    for (int i = 0; i < held_count; i++)
        complete(i, STATUS_SUCCESS, 0);
    finish();
}

static void in_thread(void (*run)(void *), void (*meanwhile)(void))
{
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "helper", NULL, run, NULL);
    meanwhile();
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
}

static WDFREQUEST order[4];
static int order_count;
static void acknowledge_in_order(WDFREQUEST request, ULONG flags)
{
    order[order_count++] = request;
    WdfRequestStopAcknowledge(request, FALSE);
}

/* RULE K-Q-62: Power-down calls EvtIoStop with the Suspend action for each driver-owned request of a power-managed queue, oldest first. */
TEST(K_Q_62_stop_oldest_first)
{
    plan.queue = parallel_stoppable, plan.stop = acknowledge_in_order, order_count = 0;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4), send(IRP_MJ_READ, 4);
    log_clear();
    fx_queues_hold(fx());
    log_is("stop stop stop");
    assert_true(order[0] == held[0] && order[1] == held[1] && order[2] == held[2]);
    fx_queues_resume(fx());
    finish_held();
}

static bool let_go;
static void linger(WDFREQUEST request)
{
    while (!let_go)
        pass_ms(1);
    say("leaving");
    WdfRequestComplete(request, STATUS_SUCCESS);
}
static void sender(void *context) { send(IRP_MJ_READ, 4); }
static void release(void *context) { pass_ms(5), let_go = true; }
static void hold_meanwhile(void)
{
    pass_ms(1);
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0 + 1, "release", NULL, release, NULL);
    fx_queues_hold(fx());
    say("held");
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
}

/* RULE K-Q-62: Before the EvtIoStop notifications, power-down waits until no dispatch callback of the queue runs in any thread. */
TEST(K_Q_62_waits_for_callbacks)
{
    plan.queue = sequential, plan.handle = linger, let_go = false;
    start();
    in_thread(sender, hold_meanwhile);
    log_is("read leaving held");
    fx_queues_resume(fx());
    finish();
}

static void end_it(void *context)
{
    pass_ms(5);
    say("ending");
    complete(0, STATUS_SUCCESS, 0);
}
static void hold(void)
{
    fx_queues_hold(fx());
    say("held");
}

/* RULE K-Q-62: Power-down's wait for an owned request ends when the driver completes it, or acknowledges the stop. */
TEST(K_Q_62_completion_ends_the_wait)
{
    plan.queue = sequential_stoppable;
    start();
    send(IRP_MJ_READ, 4);
    in_thread(end_it, hold);
    log_is("read stop ending held");
    fx_queues_resume(fx());
    finish();
}

/* RULE K-Q-63: For a queue without EvtIoStop, power-down waits until the driver has completed the requests it owns. */
/* RULE F-DRV-2: Power-down blocks until every owned request of a power-managed queue is finished. */
/* RULE K-REQ-1: A request that the driver neither completes nor passes on blocks power-down. */
TEST(K_Q_63_without_io_stop)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    in_thread(end_it, hold);
    log_is("read ending held");
    fx_queues_resume(fx());
    finish();
}

static void mark_and_keep(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    held[held_count++] = request;
}
static void keep_cancelled(WDFREQUEST request) {}

/* RULE K-Q-63: An owned request that was cancelled gets no EvtIoStop at power-down, but is waited for. */
TEST(K_Q_63_cancelled_request)
{
    plan.queue = sequential_stoppable, plan.handle = mark_and_keep, plan.cancel = keep_cancelled;
    start();
    io_cancel_irp(send(IRP_MJ_READ, 4)->irp);
    in_thread(end_it, hold);
    log_is("read cancel ending held");
    fx_queues_resume(fx());
    finish();
}

/* RULE K-Q-64: EvtIoStop at power-down has the Suspend action, and a flag tells when the request is marked cancelable. */
TEST(K_Q_64_action_flags)
{
    plan.queue = sequential_stoppable, plan.stop = acknowledge, requeue = false;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    assert_int_equal(flags_seen, 1);
    fx_queues_resume(fx());
    WdfRequestMarkCancelable(held[0], on_cancel);
    fx_queues_hold(fx());
    assert_int_equal(flags_seen, 0x10000001);
    fx_queues_resume(fx());
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_SUCCESS);
    finish_held();
}

/* RULE K-Q-65: A stop that is acknowledged without requeue leaves the request owned, and EvtIoResume tells of it at power-up. */
TEST(K_Q_65_resumed)
{
    plan.queue = sequential_stoppable, plan.stop = acknowledge, requeue = false;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    fx_queues_resume(fx());
    log_is("read stop resume");
    finish_held();
}

/* RULE K-Q-65: A stop that is acknowledged with requeue puts the request back at the head; it is presented again, without EvtIoResume. */
TEST(K_Q_65_requeued)
{
    plan.queue = sequential_stoppable, plan.stop = acknowledge, requeue = true;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    fx_queues_hold(fx());
    fx_queues_resume(fx());
    log_is("read stop read");
    complete(1, STATUS_SUCCESS, 0);
    log_is("write");
    complete(2, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-65: Acknowledging a stop with requeue of a request that is marked cancelable is reported. */
TEST(K_Q_65_requeue_of_a_marked_request, MISUSE)
{
    plan.queue = sequential_stoppable, plan.handle = mark_and_keep, plan.stop = acknowledge, requeue = true;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
}

/* RULE K-Q-65: WdfRequestStopAcknowledge without a stop notification for the request is reported. */
/* RULE V-WDF-28: WdfRequestStopAcknowledge is only for a request that EvtIoStop was called for. */
TEST(K_Q_65_acknowledge_without_stop, MISUSE)
{
    plan.queue = sequential_stoppable;
    start();
    send(IRP_MJ_READ, 4);
    WdfRequestStopAcknowledge(held[0], FALSE);
}

static void purge(void)
{
    fx_queues_purge(fx(), true);
    say("purged");
}

/* RULE K-Q-66: The purge at removal cancels queued requests, calls EvtRequestCancel for marked ones, and EvtIoStop with Purge for the rest. */
TEST(K_Q_66_purge)
{
    plan.queue = parallel_stoppable, plan.stop = acknowledge, requeue = false;
    start();
    send(IRP_MJ_READ, 4);
    struct sent *marked = send(IRP_MJ_WRITE, 4);
    WdfRequestMarkCancelable(held[1], on_cancel);
    log_clear();
    purge();
    log_is("cancel stop purged");
    assert_int_equal(flags_seen, 2);
    assert_int_equal(marked->status, STATUS_CANCELLED);
    assert_int_equal(send(IRP_MJ_READ, 4)->returned, STATUS_INVALID_DEVICE_STATE);
    complete(0, STATUS_SUCCESS, 0); /* acknowledged, but still the driver's to complete */
    finish();
}

/* RULE K-Q-66: Removal cancels the requests that are queued in power-managed queues. */
/* RULE F-DRV-3: Removal purges the power-managed queues and waits for owned requests. */
TEST(K_Q_66_queued_requests)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    struct sent *s = send(IRP_MJ_WRITE, 4);
    in_thread(end_it, purge);
    log_is("read ending purged");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

static WDFQUEUE side;
static void resume_looks(WDFREQUEST request)
{
    if (side)
        send(IRP_MJ_WRITE, 4);
    say("resumed");
}
static void write_queue(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoWrite = on_write; }
static void add_write_queue(WDFDEVICE d)
{
    side = make_queue(write_queue);
    seen = WdfDeviceConfigureRequestDispatching(d, side, WdfRequestTypeWrite);
}

/* RULE K-Q-67: While EvtIoResume is called for the owned requests at power-up, no queue presents anything new. */
TEST(K_Q_67_two_passes)
{
    plan.queue = sequential_stoppable, plan.stop = acknowledge, plan.resume = resume_looks, plan.add = add_write_queue, requeue = false;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    log_clear();
    fx_queues_resume(fx());
    log_is("resume resumed write");
    finish_held();
}

/* RULE K-Q-68: Requests that arrive while a queue is held are queued, and can be cancelled there. */
TEST(K_Q_68_held_queue)
{
    plan.queue = sequential;
    start();
    fx_queues_hold(fx());
    struct sent *a = send(IRP_MJ_READ, 4), *b = send(IRP_MJ_WRITE, 4);
    log_is("");
    assert_true(!a->done && io_cancel_irp(a->irp) && a->done);
    assert_true(WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueueAcceptRequests);
    fx_queues_resume(fx());
    log_is("write");
    assert_false(b->done);
    finish_held();
}

/* RULE K-Q-68: Retrieving from a queue that is held at power-down returns STATUS_WDF_PAUSED. */
TEST(K_Q_68_retrieval_while_held)
{
    WDFREQUEST r;
    plan.queue = manual;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    assert_int_equal(WdfIoQueueRetrieveNextRequest(queue, &r), STATUS_WDF_PAUSED);
    fx_queues_resume(fx());
    assert_int_equal(WdfIoQueueRetrieveNextRequest(queue, &r), STATUS_SUCCESS);
    WdfRequestComplete(r, STATUS_SUCCESS);
    finish();
}

static void not_managed(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel_stoppable(c, a);
    c->PowerManaged = WdfFalse;
}

/* RULE K-Q-69: A queue that is not power-managed presents in any power state; of the device's states only the end concerns it. */
TEST(K_Q_69_not_power_managed)
{
    plan.queue = not_managed, plan.stop = acknowledge, requeue = false;
    boot();
    send(IRP_MJ_READ, 4);
    log_is("read");
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    fx_queues_hold(fx());
    send(IRP_MJ_WRITE, 4);
    log_is("write");
    fx_queues_resume(fx());
    log_is("");
    complete(1, STATUS_SUCCESS, 0);
    fx_queues_purge(fx(), false);
    log_is("stop");
    assert_int_equal(flags_seen, WdfRequestStopActionPurge);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static NTSTATUS on_self_init(WDFDEVICE d)
{
    say("init");
    send(IRP_MJ_READ, 4);
    return STATUS_SUCCESS;
}
static void self_managed(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSelfManagedIoInit = on_self_init;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}
/* RULE F-DRV-1: Power-managed queues are live before SelfManagedIoInit runs. */
TEST(F_DRV_1_queues_before_self_managed_init)
{
    plan.init = self_managed, plan.queue = sequential;
    start();
    log_is("init read");
    finish_held();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_Q_62_stop_oldest_first),
        cmocka_unit_test(K_Q_62_waits_for_callbacks),
        cmocka_unit_test(K_Q_62_completion_ends_the_wait),
        cmocka_unit_test(K_Q_63_without_io_stop),
        cmocka_unit_test(K_Q_63_cancelled_request),
        cmocka_unit_test(K_Q_64_action_flags),
        cmocka_unit_test(K_Q_65_resumed),
        cmocka_unit_test(K_Q_65_requeued),
        cmocka_unit_test(K_Q_65_requeue_of_a_marked_request),
        cmocka_unit_test(K_Q_65_acknowledge_without_stop),
        cmocka_unit_test(K_Q_66_purge),
        cmocka_unit_test(K_Q_66_queued_requests),
        cmocka_unit_test(K_Q_67_two_passes),
        cmocka_unit_test(K_Q_68_held_queue),
        cmocka_unit_test(K_Q_68_retrieval_while_held),
        cmocka_unit_test(K_Q_69_not_power_managed),
        cmocka_unit_test(F_DRV_1_queues_before_self_managed_init),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
