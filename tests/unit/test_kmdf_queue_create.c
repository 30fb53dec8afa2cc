/*
 * Creating queues, what they tell of themselves, and where IRPs go (K-Q-1..11, 20..22, K-DRV-80).
 */
#include "kmdf_world.h"

static NTSTATUS seen;
static WDFQUEUE side;

static NTSTATUS create(void (*configure)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *), bool is_default, WDFQUEUE *out)
{
    WDF_IO_QUEUE_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_IO_QUEUE_CONFIG_INIT(&c, WdfIoQueueDispatchSequential);
    c.DefaultQueue = is_default;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    configure(&c, &a);
    return WdfIoQueueCreate(device, &c, &a, out);
}

static void bad_level(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ExecutionLevel = 0, c->Size = 1; }
static void bad_size(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), c->Size = 1; }
static void other_level(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential(c, a);
    a->SynchronizationScope = WdfSynchronizationScopeDevice;
    a->ExecutionLevel = WdfExecutionLevelPassive;
}
static void bad_type(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DispatchType = WdfIoQueueDispatchMax; }
static void no_type(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DispatchType = WdfIoQueueDispatchInvalid; }
static void no_handler(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) {}
static void parallel_no_handler(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DispatchType = WdfIoQueueDispatchParallel; }
static void manual_handler(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { manual(c, a), c->EvtIoRead = on_read; }
static void sequential_limit(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential(c, a);
    c->Settings.Parallel.NumberOfPresentedRequests = 1;
}
static void manual_limit(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    manual(c, a);
    c->Settings.Parallel.NumberOfPresentedRequests = 1;
}
static void parent_driver(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ParentObject = driver; }

/* RULE K-Q-1: WdfIoQueueCreate refuses bad attributes, a wrong config size, a parent elsewhere, an unknown dispatch type and a queue without callbacks. */
TEST(K_Q_1_create_refuses)
{
    plan.queue = sequential;
    boot();
    WDFQUEUE q;
    assert_int_equal(create(bad_level, false, &q), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create(bad_size, false, &q), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create(sequential, false, NULL), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(create(parent_driver, false, &q), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(create(other_level, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(bad_type, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(no_type, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(no_handler, false, &q), STATUS_WDF_NO_CALLBACK);
    assert_int_equal(create(parallel_no_handler, false, &q), STATUS_WDF_NO_CALLBACK);
    assert_int_equal(create(manual_handler, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(sequential_limit, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(manual_limit, false, &q), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(sequential, true, &q), STATUS_UNSUCCESSFUL);
    finish();
}

/* RULE K-Q-1: A device's default queue can be created in PnP state Init only. */
TEST(K_Q_1_default_queue_too_late)
{
    start();
    WDFQUEUE q;
    assert_int_equal(create(sequential, true, &q), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(create(sequential, false, &q), STATUS_SUCCESS);
    finish();
}

static void unlimited_zero(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->Settings.Parallel.NumberOfPresentedRequests = 0;
}

/* RULE K-Q-2: The WDF_IO_QUEUE_CONFIG_INIT macros leave power management to the default and set no limit for a parallel queue. */
TEST(K_Q_2_config_init)
{
    WDF_IO_QUEUE_CONFIG c;
    WDF_IO_QUEUE_CONFIG_INIT(&c, WdfIoQueueDispatchParallel);
    assert_int_equal(c.PowerManaged, WdfUseDefault);
    assert_int_equal(c.Settings.Parallel.NumberOfPresentedRequests, (ULONG)-1);
    assert_false(c.DefaultQueue);
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&c, WdfIoQueueDispatchSequential);
    assert_true(c.DefaultQueue);
    assert_int_equal(c.Settings.Parallel.NumberOfPresentedRequests, 0);
}

/* RULE K-Q-2: A parallel queue whose limit of presented requests is 0 presents nothing. */
TEST(K_Q_2_limit_zero)
{
    plan.queue = unlimited_zero;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("");
    assert_true(io_cancel_irp(s->irp));
    finish();
}

static void manual_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    manual(c, a);
    c->EvtIoStop = on_stop, c->EvtIoResume = on_resume, c->EvtIoCanceledOnQueue = on_canceled_on_queue;
}

/* RULE K-Q-2: EvtIoStop, EvtIoResume and EvtIoCanceledOnQueue are allowed on manual queues. */
TEST(K_Q_2_manual_with_power_callbacks)
{
    boot();
    assert_int_equal(create(manual_stoppable, false, &side), STATUS_SUCCESS);
    finish();
}

static bool power_managed(WDFQUEUE q) { return ((struct fx_queue *)q)->power_managed; }
static void filter(PWDFDEVICE_INIT init) { WdfFdoInitSetFilter(init); }
static void not_managed(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), c->PowerManaged = WdfFalse; }
static void managed(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), c->PowerManaged = WdfTrue; }

/* RULE K-Q-3: Queues of a function device are power-managed by default. */
TEST(K_Q_3_function_device)
{
    boot();
    assert_true(power_managed(make_queue(sequential)));
    assert_false(power_managed(make_queue(not_managed)));
    finish();
}

/* RULE K-Q-3: The queues of a filter are not power-managed unless it says so. */
TEST(K_Q_3_filter)
{
    plan.init = filter;
    boot();
    assert_false(power_managed(make_queue(sequential)));
    assert_true(power_managed(make_queue(managed)));
    finish();
}

/* RULE K-Q-4: A power-managed queue is off before the first start and on in D0; any other queue is on at once. */
TEST(K_Q_4_initial_power_state)
{
    plan.queue = sequential;
    boot();
    side = make_queue(not_managed);
    assert_true(WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueuePnpHeld);
    assert_false(WdfIoQueueGetState(side, NULL, NULL) & WdfIoQueuePnpHeld);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_false(WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueuePnpHeld);
    assert_false(WdfIoQueueGetState(make_queue(sequential), NULL, NULL) & WdfIoQueuePnpHeld);
    finish();
}

static VOID on_other_read(WDFQUEUE q, WDFREQUEST request, size_t n)
{
    say("other");
    held[held_count++] = request;
}
static void for_read(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoRead = on_other_read; }

static void route_read(WDFDEVICE d)
{
    side = make_queue(for_read);
    seen = WdfDeviceConfigureRequestDispatching(d, side, WdfRequestTypeRead);
}

/* RULE K-Q-5: The default queue takes every request type that no other queue is configured for; a later configuration overrides it. */
TEST(K_Q_5_default_queue_takes_the_rest)
{
    plan.queue = sequential, plan.add = route_read;
    start();
    assert_int_equal(seen, STATUS_SUCCESS);
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 4);
    log_is("other write");
    complete(0, STATUS_SUCCESS, 0), complete(1, STATUS_SUCCESS, 0);
    send(IRP_MJ_DEVICE_CONTROL, 4), complete(2, STATUS_SUCCESS, 0);
    send(IRP_MJ_INTERNAL_DEVICE_CONTROL, 4), complete(3, STATUS_SUCCESS, 0);
    log_is("control internal");
    finish();
}

static WDFQUEUE queues[3];
static VOID on_stop_named(WDFQUEUE q, WDFREQUEST request, ULONG flags)
{
    for (int i = 0; i < 3; i++)
        if (q == queues[i])
            say(i == 0 ? "0" : i == 1 ? "1" : "2");
    WdfRequestStopAcknowledge(request, FALSE);
}
static void one_of_three(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { manual(c, a), c->EvtIoStop = on_stop_named; }
static int next;
static void spread(WDFREQUEST request) { WdfRequestForwardToIoQueue(request, queues[2 - next++]); }

/* RULE K-Q-6: The power machine walks a device's queues in the order of their creation. */
TEST(K_Q_6_order_of_creation)
{
    plan.queue = sequential, plan.handle = spread, next = 0;
    start();
    WDFREQUEST request[3];
    for (int i = 0; i < 3; i++)
        queues[i] = make_queue(one_of_three);
    for (int i = 0; i < 3; i++)
        send(IRP_MJ_READ, 4);
    log_clear();
    for (int i = 0; i < 3; i++)
        assert_int_equal(WdfIoQueueRetrieveNextRequest(queues[i], &request[i]), STATUS_SUCCESS);
    fx_queues_hold(fx());
    log_is("0 1 2");
    fx_queues_resume(fx());
    for (int i = 0; i < 3; i++)
        WdfRequestComplete(request[i], STATUS_SUCCESS);
    finish();
}

/* ---- State ---- */

/* RULE K-Q-10: WdfIoQueueGetState returns the queue's state bits and the counts of queued and of driver-owned requests. */
TEST(K_Q_10_state_bits)
{
    ULONG queued, owned;
    plan.queue = sequential;
    boot();
    const ULONG fresh = WdfIoQueueAcceptRequests | WdfIoQueueDispatchRequests | WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests;
    assert_int_equal(fresh, 0x0F);
    assert_int_equal(WdfIoQueueGetState(queue, &queued, &owned), fresh | 0x10); /* PnpHeld */
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueGetState(queue, &queued, &owned), fresh);
    assert_true(queued == 0 && owned == 0);
    send(IRP_MJ_READ, 4), send(IRP_MJ_READ, 4);
    assert_int_equal(WdfIoQueueGetState(queue, &queued, &owned), WdfIoQueueAcceptRequests | WdfIoQueueDispatchRequests);
    assert_true(queued == 1 && owned == 1);
    complete(0, STATUS_SUCCESS, 0), complete(1, STATUS_SUCCESS, 0);
    finish();
}

static WDF_IO_QUEUE_STATE state(void) { return WdfIoQueueGetState(queue, NULL, NULL); }

/* RULE K-Q-11: The macros for queue states tell READY, IDLE, STOPPED, DRAINED and PURGED from the bits. */
TEST(K_Q_11_state_macros)
{
    plan.queue = sequential;
    boot();
    assert_false(WDF_IO_QUEUE_READY(state()));
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(WDF_IO_QUEUE_READY(state()) && WDF_IO_QUEUE_IDLE(state()));
    WdfIoQueueStopSynchronously(queue);
    assert_true(WDF_IO_QUEUE_STOPPED(state()) && !WDF_IO_QUEUE_READY(state()));
    WdfIoQueueStart(queue);
    WdfIoQueueDrainSynchronously(queue);
    assert_true(WDF_IO_QUEUE_DRAINED(state()));
    WdfIoQueueStart(queue);
    WdfIoQueuePurgeSynchronously(queue);
    assert_true(WDF_IO_QUEUE_PURGED(state()) && !WDF_IO_QUEUE_READY(state()));
    WdfIoQueueStart(queue);
    finish();
}

/* ---- Routing ---- */

/* RULE K-Q-20: A request of a type that no queue takes is completed with STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_Q_20_no_queue)
{
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(s->returned, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static void only_write(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoWrite = on_write; }

/* RULE K-Q-20: A filter whose default queue has no handler for a request's type forwards the request, and the driver never sees it. */
TEST(K_Q_20_filter_forwards)
{
    plan.init = filter, plan.queue = only_write;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(s->done); /* by the device below, in its own way */
    log_is("");
    send(IRP_MJ_WRITE, 4);
    log_is("write");
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-20: A filter without queues forwards every request to the driver below. */
TEST(K_Q_20_filter_without_queue)
{
    plan.init = filter;
    start();
    assert_true(send(IRP_MJ_READ, 4)->done);
    finish();
}

static void look_at_region(WDFREQUEST request)
{
    seen = KeAreApcsDisabled();
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE K-Q-21: The requesting thread is in a critical region while its request is dispatched. */
TEST(K_Q_21_critical_region)
{
    plan.queue = sequential, plan.handle = look_at_region;
    start();
    send(IRP_MJ_READ, 4);
    assert_true(seen);
    assert_false(KeAreApcsDisabled());
    finish();
}

static void complete_inline(WDFREQUEST request) { WdfRequestCompleteWithInformation(request, STATUS_SUCCESS, 3); }

/* RULE K-Q-22: The framework's dispatch routine returns STATUS_PENDING even when the driver completed the request in its callback. */
TEST(K_Q_22_pending_although_completed)
{
    plan.queue = sequential, plan.handle = complete_inline;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(s->returned, STATUS_PENDING);
    assert_true(s->done && s->information == 3);
    finish();
}

/* RULE K-Q-22: A request for a queue that does not accept is completed with STATUS_INVALID_DEVICE_STATE, which dispatch returns. */
TEST(K_Q_22_not_accepting)
{
    plan.queue = sequential;
    start();
    WdfIoQueuePurgeSynchronously(queue);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(s->returned, STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(s->status, STATUS_INVALID_DEVICE_STATE);
    log_is("");
    finish();
}

/* ---- WdfDeviceConfigureRequestDispatching ---- */

static void configure(WDFDEVICE d)
{
    WDFQUEUE reads = make_queue(for_read), again = make_queue(for_read), hand = make_queue(manual);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, hand, WdfRequestTypeUsb), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, reads, WdfRequestTypeWrite), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, queue, WdfRequestTypeRead), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, reads, WdfRequestTypeRead), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, again, WdfRequestTypeRead), STATUS_WDF_BUSY);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, hand, WdfRequestTypeWrite), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, hand, WdfRequestTypeCreate), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(d, hand, WdfRequestTypeCreate), STATUS_INVALID_PARAMETER);
    side = again;
    seen = STATUS_ALERTED;
}

/* RULE K-DRV-80: WdfDeviceConfigureRequestDispatching takes the five types that queues handle, once each, while the device is in PnP state Init. */
TEST(K_DRV_80_configure_dispatching)
{
    plan.queue = sequential, plan.add = configure, seen = 0;
    start();
    assert_int_equal(seen, STATUS_ALERTED);
    assert_int_equal(WdfDeviceConfigureRequestDispatching(device, side, WdfRequestTypeDeviceControl), STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE K-DRV-80: A queue that a request type is routed to cannot be deleted. */
/* RULE F-DRV-23: Queues with a request type routed to them are among the objects that WdfObjectDelete refuses. */
TEST(K_DRV_80_routed_queue_is_not_deletable, MISUSE)
{
    plan.add = route_read;
    boot();
    WdfObjectDelete(side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_Q_1_create_refuses),
        cmocka_unit_test(K_Q_1_default_queue_too_late),
        cmocka_unit_test(K_Q_2_config_init),
        cmocka_unit_test(K_Q_2_limit_zero),
        cmocka_unit_test(K_Q_2_manual_with_power_callbacks),
        cmocka_unit_test(K_Q_3_function_device),
        cmocka_unit_test(K_Q_3_filter),
        cmocka_unit_test(K_Q_4_initial_power_state),
        cmocka_unit_test(K_Q_5_default_queue_takes_the_rest),
        cmocka_unit_test(K_Q_6_order_of_creation),
        cmocka_unit_test(K_Q_10_state_bits),
        cmocka_unit_test(K_Q_11_state_macros),
        cmocka_unit_test(K_Q_20_no_queue),
        cmocka_unit_test(K_Q_20_filter_forwards),
        cmocka_unit_test(K_Q_20_filter_without_queue),
        cmocka_unit_test(K_Q_21_critical_region),
        cmocka_unit_test(K_Q_22_pending_although_completed),
        cmocka_unit_test(K_Q_22_not_accepting),
        cmocka_unit_test(K_DRV_80_configure_dispatching),
        cmocka_unit_test(K_DRV_80_routed_queue_is_not_deletable),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
