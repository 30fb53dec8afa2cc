/*
 * Cancelling requests that the driver owns (K-REQ-30..36), in chosen orders and under a thousand schedules.
 */
#include "kmdf_world.h"

static NTSTATUS seen;

static void mark_and_keep(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    held[held_count++] = request;
}

static void cancel_then_mark(WDFREQUEST request)
{
    io_cancel_irp(WdfRequestWdmGetIrp(request));
    mark_and_keep(request);
    say("marked");
}

/* RULE K-REQ-30: Marking a request that was cancelled before calls EvtRequestCancel, inside the call if this thread may. */
/* RULE F-DRV-10: Without a callback lock EvtRequestCancel can run inside the call that marks a cancelled request. */
TEST(K_REQ_30_inside_the_call)
{
    plan.queue = sequential, plan.handle = cancel_then_mark;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("read cancel marked");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* RULE K-REQ-30: Marking a cancelled request under the presentation lock calls EvtRequestCancel only after the handler has returned. */
/* RULE F-DRV-10: While the callback lock is held, the cancel callback of a request that is marked is put off until the lock is free. */
TEST(K_REQ_30_after_the_handler)
{
    plan.queue = sequential_serialised, plan.handle = cancel_then_mark;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("read marked cancel");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

static void cancel_then_mark_ex(WDFREQUEST request)
{
    io_cancel_irp(WdfRequestWdmGetIrp(request));
    seen = WdfRequestMarkCancelableEx(request, on_cancel);
    WdfRequestComplete(request, seen);
}

/* RULE K-REQ-31: WdfRequestMarkCancelableEx on a cancelled request returns STATUS_CANCELLED and never calls EvtRequestCancel. */
/* RULE F-DRV-10: When WdfRequestMarkCancelableEx fails, the cancel callback is not called and the driver still owns the request. */
TEST(K_REQ_31_ex)
{
    plan.queue = sequential, plan.handle = cancel_then_mark_ex;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(seen, STATUS_CANCELLED);
    log_is("read");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

/* RULE K-REQ-31: WdfRequestMarkCancelableEx on a request that is not cancelled returns STATUS_SUCCESS, and a later cancel calls EvtRequestCancel. */
TEST(K_REQ_31_success)
{
    plan.queue = sequential;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestMarkCancelableEx(held[0], on_cancel), STATUS_SUCCESS);
    assert_true(io_cancel_irp(s->irp));
    log_is("read cancel");
    finish();
}

static VOID mark_in_context(WDFDEVICE d, WDFREQUEST r) { WdfRequestMarkCancelable(r, on_cancel); }
static void caller_context(PWDFDEVICE_INIT init) { WdfDeviceInitSetIoInCallerContextCallback(init, mark_in_context); }

/* RULE K-REQ-31: WdfRequestMarkCancelable on a request that came from no queue is reported. */
TEST(K_REQ_31_no_queue, MISUSE)
{
    plan.init = caller_context, plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
}

/* RULE K-REQ-32: WdfRequestUnmarkCancelable returns STATUS_SUCCESS when the driver is alone again with the request. */
TEST(K_REQ_32_unmarked)
{
    plan.queue = sequential, plan.handle = mark_and_keep;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_SUCCESS);
    assert_false(io_cancel_irp(s->irp));
    log_is("read");
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-REQ-32: WdfRequestUnmarkCancelable returns STATUS_CANCELLED after EvtRequestCancel has run; with a reference the handle is still valid. */
/* RULE F-DRV-11: STATUS_CANCELLED from WdfRequestUnmarkCancelable means that the request belongs to EvtRequestCancel. */
TEST(K_REQ_32_lost)
{
    plan.queue = sequential, plan.handle = mark_and_keep;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WdfObjectReference(held[0]);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_CANCELLED);
    WdfObjectDereference(held[0]);
    log_is("read cancel");
    finish();
}

/* RULE K-REQ-32: WdfRequestUnmarkCancelable also returns STATUS_CANCELLED while EvtRequestCancel waits for a lock that the driver holds. */
/* RULE F-DRV-11: After STATUS_CANCELLED from WdfRequestUnmarkCancelable the cancel callback has run, is running or will still run. */
TEST(K_REQ_32_callback_to_come)
{
    plan.queue = sequential_serialised, plan.handle = mark_and_keep;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WdfObjectAcquireLock(queue);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_CANCELLED);
    say("unmark");
    WdfObjectReleaseLock(queue);
    log_is("read unmark cancel");
    finish();
}

/* RULE K-REQ-32: WdfRequestUnmarkCancelable on a request that is not marked is reported. */
TEST(K_REQ_32_not_marked, MISUSE)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfRequestUnmarkCancelable(held[0]);
}

/* RULE V-WDF-5: Marking a request cancelable twice is reported. */
TEST(V_WDF_5_marked_twice, MISUSE)
{
    plan.queue = sequential, plan.handle = mark_and_keep;
    start();
    send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelable(held[0], on_cancel);
}

/* RULE V-WDF-5: Marking a request cancelable twice through WdfRequestMarkCancelableEx is reported too. */
TEST(V_WDF_5_marked_twice_ex, MISUSE)
{
    plan.queue = sequential, plan.handle = mark_and_keep;
    start();
    send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelableEx(held[0], on_cancel);
}

static KIRQL irql_of_cancel;
static void note_irql(WDFREQUEST request)
{
    irql_of_cancel = KeGetCurrentIrql();
    WdfRequestComplete(request, STATUS_CANCELLED);
}

/* RULE K-REQ-33: EvtRequestCancel runs under the presentation lock when a scope is in effect. */
/* RULE F-DRV-12: Under a synchronization scope EvtRequestCancel runs under the same lock as the queue's callbacks. */
TEST(K_REQ_33_under_the_lock)
{
    plan.queue = sequential_serialised, plan.handle = mark_and_keep, plan.cancel = note_irql;
    start();
    assert_true(io_cancel_irp(send(IRP_MJ_READ, 4)->irp));
    assert_int_equal(irql_of_cancel, DISPATCH_LEVEL);
    finish();
}

static void passive(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ExecutionLevel = WdfExecutionLevelPassive; }

/* RULE K-REQ-33: EvtRequestCancel of a passive queue runs at PASSIVE_LEVEL, whatever the canceller's IRQL. */
TEST(K_REQ_33_passive_queue)
{
    plan.queue = passive, plan.handle = mark_and_keep, plan.cancel = note_irql, irql_of_cancel = HIGH_LEVEL;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    io_cancel_irp(s->irp);
    log_is("read");
    ke_lower_irql(irql);
    sched_settle();
    assert_int_equal(irql_of_cancel, PASSIVE_LEVEL);
    finish();
}

static void keep(WDFREQUEST request) {}

/* RULE K-REQ-33: EvtRequestCancel need not complete the request at once; the IRP stays cancelled. */
TEST(K_REQ_33_completed_later)
{
    plan.queue = sequential, plan.handle = mark_and_keep, plan.cancel = keep;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    io_cancel_irp(s->irp);
    assert_false(s->done);
    assert_true(WdfRequestIsCanceled(held[0]));
    complete(0, STATUS_CANCELLED, 0);
    finish();
}

/* RULE K-REQ-35: WdfRequestIsCanceled returns whether the IRP's Cancel flag is set. */
/* RULE K-REQ-36: Cancelling an owned request that is not marked has no effect until the driver asks. */
TEST(K_REQ_35_polling)
{
    plan.queue = sequential;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_false(WdfRequestIsCanceled(held[0]));
    assert_false(io_cancel_irp(s->irp));
    assert_false(s->done);
    log_is("read");
    assert_true(WdfRequestIsCanceled(held[0]));
    complete(0, STATUS_CANCELLED, 0);
    finish();
}

/* RULE K-REQ-35: WdfRequestIsCanceled may not be asked of a request that is marked cancelable. */
/* RULE V-WDF-4: Calling WdfRequestIsCanceled on a cancelable request is reported. */
TEST(K_REQ_35_marked, MISUSE)
{
    plan.queue = sequential, plan.handle = mark_and_keep;
    start();
    send(IRP_MJ_READ, 4);
    WdfRequestIsCanceled(held[0]);
}

/* ---- Schedules ---- */

/* The echo pattern: one request is current; whoever ends it clears it first, all under the presentation lock. */
static WDFREQUEST current;

static void echo_cancelled(WDFREQUEST request)
{
    current = NULL;
    WdfRequestComplete(request, STATUS_CANCELLED);
}

static void echo(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    current = request;
}

static void echo_tick(void)
{
    WdfObjectAcquireLock(queue);
    WDFREQUEST request = current;
    if (request && WdfRequestUnmarkCancelable(request) != STATUS_CANCELLED) {
        current = NULL;
        WdfRequestComplete(request, STATUS_SUCCESS);
    }
    WdfObjectReleaseLock(queue);
}

static struct sent *of_sender[6];
static int sent_by_sender;

static bool all_done(void)
{
    for (int i = 0; i < sent_by_sender; i++)
        if (!of_sender[i]->done)
            return false;
    return sent_by_sender == 6;
}

static void sender(void *context)
{
    for (int i = 0; i < 6; i++) {
        of_sender[i] = send(IRP_MJ_READ, 4);
        sent_by_sender++;
    }
}

static void canceller(void *context)
{
    for (int i = 0; i < 6; i++) {
        if (i < sent_by_sender && of_sender[i]->irp && !of_sender[i]->done)
            io_cancel_irp(of_sender[i]->irp);
        sched_point(DDI_Block);
    }
}

static void ticker(void *context)
{
    for (int i = 0; i < 400 && !all_done(); i++) {
        echo_tick();
        pass_ms(1);
    }
}

static unsigned outcomes[2]; /* over all schedules: completed, cancelled */

static void echo_under_a_schedule(void)
{
    start();
    current = NULL, sent_by_sender = 0;
    struct nt_thread *threads[] = {ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "sender", NULL, sender, NULL),
                                   ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0 + 1, "canceller", NULL, canceller, NULL),
                                   ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0 + 2, "ticker", NULL, ticker, NULL)};
    fx_queues_hold(fx());
    fx_queues_resume(fx());
    for (int i = 0; i < 3; i++) {
        ke_wait_for_single_object(threads[i], Executive, KernelMode, FALSE, NULL);
        ob_dereference(threads[i]);
    }
    assert_true(all_done());
    for (int i = 0; i < 6; i++)
        outcomes[of_sender[i]->status == STATUS_CANCELLED]++;
    finish();
}

/* RULE K-REQ-32: Each request ends once, whatever the schedule of completion, cancellation and power. */
/* RULE V-WDF-8: A request that a handler leaves pending is completed later, here by a timer. */
static void K_REQ_32_every_request_ends_once(void **state)
{
    for (unsigned seed = 1; seed <= 1000; seed++) {
        struct chance chance = {.policy = seed & 1 ? POLICY_RANDOM : POLICY_PCT, .cpus = 2, .seed = seed, .pct_depth = 3, .pct_length = 400};
        world_reset(&(struct world_plan){.queue = sequential_serialised, .handle = echo, .cancel = echo_cancelled});
        unit_life(echo_under_a_schedule, &chance);
    }
    assert_true(outcomes[0] > 500 && outcomes[1] > 500); /* the schedules differ */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_30_inside_the_call),
        cmocka_unit_test(K_REQ_30_after_the_handler),
        cmocka_unit_test(K_REQ_31_ex),
        cmocka_unit_test(K_REQ_31_success),
        cmocka_unit_test(K_REQ_31_no_queue),
        cmocka_unit_test(K_REQ_32_unmarked),
        cmocka_unit_test(K_REQ_32_lost),
        cmocka_unit_test(K_REQ_32_callback_to_come),
        cmocka_unit_test(K_REQ_32_not_marked),
        cmocka_unit_test(V_WDF_5_marked_twice),
        cmocka_unit_test(V_WDF_5_marked_twice_ex),
        cmocka_unit_test(K_REQ_33_under_the_lock),
        cmocka_unit_test(K_REQ_33_passive_queue),
        cmocka_unit_test(K_REQ_33_completed_later),
        cmocka_unit_test(K_REQ_35_polling),
        cmocka_unit_test(K_REQ_35_marked),
        cmocka_unit_test(K_REQ_32_every_request_ends_once),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
