/*
 * Synchronization scope, execution level, spin and wait locks (K-SYN-1..12); timers, DPCs and work items (K-TMR, K-DPC, K-WI).
 */
#include "kmdf_world.h"

static NTSTATUS seen;
static WDF_EXECUTION_LEVEL level_of;
static WDF_SYNCHRONIZATION_SCOPE scope_of;

static void set_device(WDF_OBJECT_ATTRIBUTES *a)
{
    if (level_of)
        a->ExecutionLevel = level_of;
    if (scope_of)
        a->SynchronizationScope = scope_of;
}
static void begin(WDF_EXECUTION_LEVEL level, WDF_SYNCHRONIZATION_SCOPE scope)
{
    level_of = level, scope_of = scope;
    plan.device = set_device;
    start();
}
static void begin_plain(void) { begin(0, 0); }

static struct fx_queue *fxq(WDFQUEUE q) { return (struct fx_queue *)q; }
static void passive(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ExecutionLevel = WdfExecutionLevelPassive; }
static void scope_none(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->SynchronizationScope = WdfSynchronizationScopeNone; }
static void passive_serialised(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential_serialised(c, a);
    a->ExecutionLevel = WdfExecutionLevelPassive;
}
static void finish_held(void)
{
    for (int i = 0; i < held_count; i++)
        complete(i, STATUS_SUCCESS, 0);
    finish();
}

/* ---- Scope and level ---- */

/* RULE K-SYN-1: A queue inherits execution level and synchronization scope from its device. */
TEST(K_SYN_1_queue_inherits)
{
    plan.queue = sequential;
    begin(WdfExecutionLevelPassive, WdfSynchronizationScopeDevice);
    assert_true(fxq(queue)->passive && fxq(queue)->presentation == &fx()->lock);
    assert_true(fxq(make_queue(scope_none))->presentation == NULL);
    finish();
}

/* RULE K-SYN-2: The callback lock of a passive device is a mutex, of any other a spin lock; under scope Device the queues use it. */
TEST(K_SYN_2_kinds_of_lock)
{
    plan.queue = sequential;
    begin(0, WdfSynchronizationScopeDevice);
    assert_true(!fx()->lock.passive && fxq(queue)->presentation == &fx()->lock);
    WDFQUEUE own = make_queue(sequential_serialised), free = make_queue(scope_none);
    assert_true(fxq(own)->presentation == &fxq(own)->lock);
    WdfObjectAcquireLock(free); /* it has a lock although nothing is serialised with it */
    assert_true(fx_lock_held(&fxq(free)->lock));
    WdfObjectReleaseLock(free);
    finish();
}

static void look_at_lock(WDFREQUEST request)
{
    struct fx_queue *q = fxq(WdfRequestGetIoQueue(request));
    seen = fx_lock_held(&q->lock) ? 1 : fx_lock_held(&fx()->lock) ? 2 : 0;
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE K-SYN-3: EvtIo callbacks hold no lock under synchronization scope None. */
TEST(K_SYN_3_scope_none)
{
    plan.queue = scope_none, plan.handle = look_at_lock;
    begin_plain();
    send(IRP_MJ_READ, 4);
    assert_int_equal(seen, 0);
    finish();
}

/* RULE K-SYN-3: EvtIo callbacks hold the queue's lock under synchronization scope Queue. */
TEST(K_SYN_3_scope_queue)
{
    plan.queue = sequential_serialised, plan.handle = look_at_lock;
    begin_plain();
    send(IRP_MJ_READ, 4);
    assert_int_equal(seen, 1);
    finish();
}

/* RULE K-SYN-3: EvtIo callbacks hold the device's lock under synchronization scope Device. */
TEST(K_SYN_3_scope_device)
{
    plan.queue = sequential, plan.handle = look_at_lock;
    begin(0, WdfSynchronizationScopeDevice);
    send(IRP_MJ_READ, 4);
    assert_int_equal(seen, 2);
    finish();
}

/* RULE K-SYN-4: A queue under a scope is called at DISPATCH_LEVEL even for an IRP that arrived at PASSIVE_LEVEL. */
TEST(K_SYN_4_scope_raises)
{
    plan.queue = sequential_serialised;
    begin_plain();
    send(IRP_MJ_READ, 4);
    assert_int_equal(last_irql, DISPATCH_LEVEL);
    finish_held();
}

/* RULE K-SYN-4: With scope None a queue is called at the caller's IRQL; a passive queue is called at PASSIVE_LEVEL, also under a scope. */
TEST(K_SYN_4_passive)
{
    plan.queue = passive_serialised;
    begin_plain();
    send(IRP_MJ_READ, 4);
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    finish_held();
}

static NTSTATUS timer_for(WDFOBJECT parent, BOOLEAN automatic, WDF_EXECUTION_LEVEL level)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    c.AutomaticSerialization = automatic;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = parent;
    if (level)
        a.ExecutionLevel = level;
    return WdfTimerCreate(&c, &a, &t);
}

static NTSTATUS work_for(WDFOBJECT parent, BOOLEAN automatic)
{
    WDF_WORKITEM_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFWORKITEM w;
    WDF_WORKITEM_CONFIG_INIT(&c, on_work);
    c.AutomaticSerialization = automatic;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = parent;
    return WdfWorkItemCreate(&c, &a, &w);
}

/* RULE K-SYN-5: With automatic serialisation below a dispatch-level parent under a scope, timers may be created, passive timers and work items may not. */
TEST(K_SYN_5_dispatch_parent)
{
    plan.queue = sequential_serialised;
    begin_plain();
    assert_int_equal(timer_for(queue, TRUE, 0), STATUS_SUCCESS);
    assert_int_equal(timer_for(queue, TRUE, WdfExecutionLevelPassive), STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL);
    assert_int_equal(work_for(queue, TRUE), STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL);
    assert_int_equal(work_for(queue, FALSE), STATUS_SUCCESS);
    finish();
}

/* RULE K-SYN-5: With automatic serialisation below a passive parent, only passive callbacks may be created; without a scope any may. */
TEST(K_SYN_5_passive_parent)
{
    plan.queue = passive_serialised;
    begin_plain();
    assert_int_equal(timer_for(queue, TRUE, 0), STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL);
    assert_int_equal(timer_for(queue, TRUE, WdfExecutionLevelPassive), STATUS_SUCCESS);
    assert_int_equal(work_for(queue, TRUE), STATUS_SUCCESS);
    assert_int_equal(timer_for(device, TRUE, 0), STATUS_SUCCESS);
    assert_int_equal(work_for(device, TRUE), STATUS_SUCCESS);
    finish();
}

static void passive_driver(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    a->ExecutionLevel = WdfExecutionLevelPassive;
    a->SynchronizationScope = WdfSynchronizationScopeDevice;
}

/* RULE K-SYN-6: For automatic serialisation a level that the device inherited from the driver does not make it a passive parent. */
TEST(K_SYN_6_inherited_level)
{
    plan.config = passive_driver;
    begin_plain();
    assert_int_equal(fx()->level, WdfExecutionLevelPassive);
    assert_int_equal(work_for(device, TRUE), STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL);
    finish();
}

/* RULE K-SYN-6: For automatic serialisation the level of a parent queue is the one that it ended up with. */
TEST(K_SYN_6_resolved_level_of_a_queue)
{
    plan.config = passive_driver, plan.queue = sequential;
    begin_plain();
    assert_int_equal(work_for(queue, TRUE), STATUS_SUCCESS);
    finish();
}

static void device_scope_dispatch(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential(c, a);
    a->SynchronizationScope = WdfSynchronizationScopeDevice, a->ExecutionLevel = WdfExecutionLevelDispatch;
}

/* RULE K-SYN-7: A queue of scope Device with another level than its device's fails with STATUS_INVALID_PARAMETER; a passive periodic timer is not supported. */
TEST(K_SYN_7_creation_failures)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    begin(WdfExecutionLevelPassive, 0);
    make_queue(device_scope_dispatch);
    assert_int_equal(created, STATUS_INVALID_PARAMETER);
    WDF_TIMER_CONFIG_INIT_PERIODIC(&c, on_timer, 10);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device, a.ExecutionLevel = WdfExecutionLevelPassive;
    assert_int_equal(WdfTimerCreate(&c, &a, &t), STATUS_NOT_SUPPORTED);
    finish();
}

/* RULE K-SYN-8: The config INIT macros turn automatic serialisation on for timers, DPCs and work items. */
TEST(K_SYN_8_defaults)
{
    WDF_TIMER_CONFIG t;
    WDF_DPC_CONFIG d;
    WDF_WORKITEM_CONFIG w;
    WDF_INTERRUPT_CONFIG i;
    WDF_TIMER_CONFIG_INIT(&t, on_timer);
    WDF_DPC_CONFIG_INIT(&d, on_dpc);
    WDF_WORKITEM_CONFIG_INIT(&w, on_work);
    WDF_INTERRUPT_CONFIG_INIT(&i, NULL, NULL);
    assert_true(t.AutomaticSerialization && d.AutomaticSerialization && w.AutomaticSerialization && !i.AutomaticSerialization);
}

static void acquire_queue(WDFREQUEST request) { WdfObjectAcquireLock(queue); }

/* RULE K-SYN-9: A driver that acquires the presentation lock inside a callback under that lock is bug check WDF_VIOLATION with parameter 0x2. */
TEST(K_SYN_9_acquired_in_a_callback, .code = 0x10D, .p1 = 2)
{
    plan.queue = sequential_serialised, plan.handle = acquire_queue;
    begin_plain();
    send(IRP_MJ_READ, 4);
}

/* RULE K-SYN-10: The presentation lock is released when the callback returns, not when it completes the request. */
TEST(K_SYN_10_released_after_the_callback)
{
    plan.queue = sequential_serialised;
    begin_plain();
    send(IRP_MJ_READ, 4);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    WdfObjectAcquireLock(queue);
    WdfObjectReleaseLock(queue);
    finish_held();
}

/* ---- Spin and wait locks ---- */

static WDFSPINLOCK spin;
static WDFWAITLOCK wait_lock;
static void make_locks(void)
{
    begin_plain();
    assert_int_equal(WdfSpinLockCreate(NULL, &spin), STATUS_SUCCESS);
    assert_int_equal(WdfWaitLockCreate(NULL, &wait_lock), STATUS_SUCCESS);
}

/* RULE K-SYN-11: WdfSpinLockAcquire raises to DISPATCH_LEVEL, and the release restores the level before. */
TEST(K_SYN_11_spin_lock)
{
    make_locks();
    WdfSpinLockAcquire(spin);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    WdfSpinLockRelease(spin);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    finish();
}

/* RULE K-SYN-11: A WDFSPINLOCK that one thread acquires twice is bug check WDF_VIOLATION with parameter 0x2. */
/* RULE V-WDF-37: A WDFSPINLOCK is not recursive: acquiring it again is a bug check. */
TEST(K_SYN_11_acquired_twice, .code = 0x10D, .p1 = 2) { make_locks(), WdfSpinLockAcquire(spin), WdfSpinLockAcquire(spin); }

/* RULE K-SYN-11: A WDFSPINLOCK released by a thread that does not hold it is bug check WDF_VIOLATION with parameter 0xB. */
/* RULE V-WDF-38: A WDFSPINLOCK is released by the thread that acquired it. */
TEST(K_SYN_11_released_unheld, .code = 0x10D, .p1 = 0xB) { make_locks(), WdfSpinLockRelease(spin); }

/* RULE K-SYN-12: WdfWaitLockAcquire with time-out 0 polls; with another it returns STATUS_TIMEOUT when the time is over. */
TEST(K_SYN_12_wait_lock)
{
    LONGLONG zero = 0, some = WDF_REL_TIMEOUT_IN_MS(3);
    make_locks();
    assert_int_equal(WdfWaitLockAcquire(wait_lock, NULL), STATUS_SUCCESS);
    assert_true(KeAreApcsDisabled());
    assert_int_equal(WdfWaitLockAcquire(wait_lock, &zero), STATUS_TIMEOUT);
    assert_int_equal(WdfWaitLockAcquire(wait_lock, &some), STATUS_TIMEOUT);
    WdfWaitLockRelease(wait_lock);
    assert_false(KeAreApcsDisabled());
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL); /* polling is legal there */
    assert_int_equal(WdfWaitLockAcquire(wait_lock, &zero), STATUS_SUCCESS);
    ke_lower_irql(irql);
    WdfWaitLockRelease(wait_lock);
    finish();
}

/* RULE K-SYN-12: A WDFWAITLOCK is not recursive: the thread that holds it and acquires it without time-out waits for ever. */
TEST(K_SYN_12_self_deadlock, MISUSE) { make_locks(), WdfWaitLockAcquire(wait_lock, NULL), WdfWaitLockAcquire(wait_lock, NULL); }

/* RULE V-WDF-37: Releasing a lock that is not held is reported. */
TEST(V_WDF_37_wait_lock_not_held, MISUSE) { make_locks(), WdfWaitLockRelease(wait_lock); }

/* RULE V-WDF-35: Waiting for a WDFWAITLOCK at DISPATCH_LEVEL is reported. */
TEST(V_WDF_35_wait_at_dispatch, MISUSE)
{
    make_locks();
    ke_raise_irql(DISPATCH_LEVEL);
    WdfWaitLockAcquire(wait_lock, NULL);
}

/* ---- Timers ---- */

static NTSTATUS timer_with(void (*change)(WDF_TIMER_CONFIG *))
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    change(&c);
    return WdfTimerCreate(&c, &a, &t);
}
static void timer_size(WDF_TIMER_CONFIG *c) { c->Size = 1; }
static void timer_period(WDF_TIMER_CONFIG *c) { c->Period = 0x80000000u; }
static void timer_tolerance(WDF_TIMER_CONFIG *c) { c->TolerableDelay = 5, c->UseHighResolutionTimer = WdfTrue; }

/* RULE K-TMR-1: WdfTimerCreate refuses a wrong config size, too long a period, a tolerance for a high-resolution timer, and a parent without device. */
TEST(K_TMR_1_create_refuses)
{
    begin_plain();
    assert_int_equal(timer_with(timer_size), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(timer_with(timer_period), STATUS_INVALID_PARAMETER);
    assert_int_equal(timer_with(timer_tolerance), STATUS_INVALID_PARAMETER);
    assert_int_equal(timer_for(NULL, FALSE, 0), STATUS_WDF_PARENT_NOT_SPECIFIED);
    assert_int_equal(timer_for(driver, FALSE, 0), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-TMR-2: WdfTimerStart returns TRUE if the timer was queued already, and sets it anew. */
TEST(K_TMR_2_start)
{
    begin_plain();
    WDFTIMER t = make_timer("T", device);
    assert_false(WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(5)));
    assert_true(WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(20)));
    pass_ms(10);
    log_is("");
    pass_ms(15);
    log_is("timer");
    assert_int_equal(last_irql, DISPATCH_LEVEL);
    finish();
}

static void restart(void *t)
{
    if (created == STATUS_SUCCESS)
        WdfTimerStart((WDFTIMER)t, WDF_REL_TIMEOUT_IN_MS(1));
}

/* RULE K-TMR-2: WdfTimerStart takes an absolute due time as well as an interval. */
/* RULE K-TMR-3: WdfTimerStop returns TRUE if the timer was queued and is removed. */
TEST(K_TMR_3_stop)
{
    begin_plain();
    WDFTIMER t = make_timer("T", device);
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    WdfTimerStart(t, now.QuadPart + WDF_ABS_TIMEOUT_IN_MS(5));
    pass_ms(6);
    log_is("timer");
    WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(5));
    assert_true(WdfTimerStop(t, TRUE));
    assert_false(WdfTimerStop(t, FALSE));
    pass_ms(10);
    log_is("");
    finish();
}

static void any_schedule(void)
{
    begin_plain();
    WDFTIMER t = make_timer("T", device);
    plan.call = restart;
    WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(3);
    WdfTimerStop(t, TRUE);
    log_clear();
    pass_ms(5);
    log_is("");
    finish();
}
/* RULE K-TMR-3: WdfTimerStop with Wait ends a timer that restarts itself in its callback. */
/* RULE F-DRV-16: Starts of a timer that are issued while a stop waits are ignored, those of its own callback too. */
static void K_TMR_3_restarting_timer(void **state)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed};
        world_reset(&(struct world_plan){0});
        unit_life(any_schedule, &chance);
    }
}

static void stop_itself(void *t) { WdfTimerStop((WDFTIMER)t, TRUE); }

/* RULE K-TMR-3: WdfTimerStop with Wait is for PASSIVE_LEVEL only, and from the timer's own callback it is reported. */
/* RULE F-DRV-16: WdfTimerStop with Wait is called at PASSIVE_LEVEL only. */
TEST(K_TMR_3_stop_in_the_callback, MISUSE)
{
    plan.call = stop_itself;
    begin_plain();
    WdfTimerStart(make_timer("T", device), WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(5);
}

static WDFTIMER passive_timer(void)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    name_attributes(&a, device);
    a.ExecutionLevel = WdfExecutionLevelPassive;
    assert_int_equal(WdfTimerCreate(&c, &a, &t), STATUS_SUCCESS);
    named(t)->name = "T";
    return t;
}

static void restart_slowly(void *t)
{
    pass_ms(5);
    WdfTimerStart((WDFTIMER)t, WDF_REL_TIMEOUT_IN_MS(1));
    say("restarted");
}

/* RULE K-TMR-2: WdfTimerStart while a stop waits is suppressed, and that stop returns TRUE. */
/* RULE F-DRV-16: WdfTimerStop with Wait waits for a running callback and ignores a start that it makes. */
TEST(K_TMR_2_start_while_stopping)
{
    plan.call = restart_slowly;
    begin_plain();
    WDFTIMER t = passive_timer();
    WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(3);
    log_is("timer");
    assert_true(WdfTimerStop(t, TRUE));
    log_is("restarted");
    pass_ms(20);
    log_is("");
    finish();
}

/* RULE K-TMR-4: The callback of a timer of passive execution level runs at PASSIVE_LEVEL. */
TEST(K_TMR_4_passive)
{
    begin_plain();
    WdfTimerStart(passive_timer(), WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(3);
    log_is("timer");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    finish();
}

/* RULE K-TMR-4: A periodic timer is set again by itself each time it is due. */
/* RULE K-TMR-5: A timer's tolerable delay does not move its due time in this machine. */
TEST(K_TMR_4_periodic)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    begin_plain();
    WDF_TIMER_CONFIG_INIT_PERIODIC(&c, on_timer, 10);
    c.TolerableDelay = 0xFFFFFFFF;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    assert_int_equal(WdfTimerCreate(&c, &a, &t), STATUS_SUCCESS);
    WdfTimerStart(t, WDF_REL_TIMEOUT_IN_MS(10));
    pass_ms(35);
    log_is("timer timer timer");
    assert_true(WdfTimerStop(t, TRUE));
    finish();
}

static void delete_it(void *o) { WdfObjectDelete(o); }

/* RULE K-TMR-6: A passive timer may delete itself in its callback. */
TEST(K_TMR_6_passive_deletes_itself)
{
    plan.call = delete_it;
    begin_plain();
    WdfTimerStart(passive_timer(), WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(5);
    log_is("timer ~T !T");
    finish();
}

/* RULE K-TMR-6: Deleting a dispatch-level timer in its own callback is deferred to a work item. */
TEST(K_TMR_6_dispatch_deletes_itself)
{
    plan.call = delete_it;
    begin_plain();
    WdfTimerStart(make_timer("T", device), WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(5);
    log_is("timer ~T !T");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    finish();
}

/* RULE K-TMR-7: WdfTimerGetParentObject returns the parent that the timer was created with. */
TEST(K_TMR_7_parent)
{
    begin_plain();
    WDFOBJECT p = make("P", device);
    assert_true(WdfTimerGetParentObject(make_timer("T", p)) == p);
    finish();
}

/* ---- DPCs and work items ---- */

/* RULE K-DPC-1: WdfDpcEnqueue says whether the DPC was not queued yet, WdfDpcCancel whether it was removed; the routine runs at DISPATCH_LEVEL. */
TEST(K_DPC_1_enqueue_and_cancel)
{
    begin_plain();
    WDFDPC d = make_dpc("D", device);
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    assert_true(WdfDpcEnqueue(d));
    assert_false(WdfDpcEnqueue(d));
    assert_true(WdfDpcCancel(d, FALSE));
    assert_false(WdfDpcCancel(d, FALSE));
    WdfDpcEnqueue(d);
    log_is("");
    ke_lower_irql(irql);
    WdfDpcCancel(d, TRUE);
    log_is("dpc");
    assert_int_equal(last_irql, DISPATCH_LEVEL);
    assert_true(WdfDpcGetParentObject(d) == device);
    finish();
}

static void look_at_queue_lock(void *object) { seen = fx_lock_held(&fxq(queue)->lock); }

/* RULE K-SYN-3: A DPC or timer with automatic serialisation runs under its parent queue's lock. */
/* RULE F-DRV-12: Timers and DPCs whose parent is a queue share its lock. */
TEST(K_SYN_3_serialised_children)
{
    plan.queue = sequential_serialised, plan.call = look_at_queue_lock;
    begin_plain();
    WdfDpcEnqueue(make_dpc("D", queue));
    sched_settle();
    log_is("dpc");
    assert_true(seen);
    seen = 0;
    WdfTimerStart(make_timer("T", queue), WDF_REL_TIMEOUT_IN_MS(1));
    pass_ms(3);
    assert_true(seen);
    finish();
}

static void enqueue_again(void *w)
{
    if (++seen == 1)
        WdfWorkItemEnqueue((WDFWORKITEM)w);
}

/* RULE K-WI-1: Enqueueing a work item that is queued does nothing; from within its callback it makes one more run, at PASSIVE_LEVEL. */
/* RULE K-WI-2: WdfWorkItemFlush waits until the queued and the running callback of the work item are over. */
TEST(K_WI_1_enqueue)
{
    plan.call = enqueue_again, seen = 0;
    begin_plain();
    WDFWORKITEM w = make_work("W", device);
    WdfWorkItemEnqueue(w);
    WdfWorkItemEnqueue(w);
    WdfWorkItemFlush(w);
    log_is("work work");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    assert_true(WdfWorkItemGetParentObject(w) == device);
    finish();
}

/* RULE K-WI-1: WdfWorkItemCreate refuses a work item without routine, or without a device above it. */
TEST(K_WI_1_create_refuses)
{
    WDF_WORKITEM_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFWORKITEM w;
    begin_plain();
    WDF_WORKITEM_CONFIG_INIT(&c, NULL);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    assert_int_equal(WdfWorkItemCreate(&c, &a, &w), STATUS_INVALID_PARAMETER);
    assert_int_equal(work_for(driver, FALSE), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-WI-1: A work item's callback may delete the work item. */
TEST(K_WI_1_deletes_itself)
{
    plan.call = delete_it;
    begin_plain();
    WdfWorkItemEnqueue(make_work("W", device));
    pass_ms(1);
    log_is("work ~W !W");
    finish();
}

static void flush_itself(void *w) { WdfWorkItemFlush((WDFWORKITEM)w); }

/* RULE K-WI-2: WdfWorkItemFlush from the work item's own callback is reported. */
TEST(K_WI_2_flush_in_the_callback, MISUSE)
{
    plan.call = flush_itself;
    begin_plain();
    WdfWorkItemEnqueue(make_work("W", device));
    pass_ms(1);
}

static void slow(void *w)
{
    pass_ms(5);
    say("end");
}

/* RULE K-WI-3: A device is not removed while its work items run. */
TEST(K_WI_3_removal_waits)
{
    plan.call = slow;
    begin_plain();
    WdfWorkItemEnqueue(make_work("W", device));
    pass_ms(1);
    finish();
    log_is("work end ~W !W");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_SYN_1_queue_inherits),
        cmocka_unit_test(K_SYN_2_kinds_of_lock),
        cmocka_unit_test(K_SYN_3_scope_none),
        cmocka_unit_test(K_SYN_3_scope_queue),
        cmocka_unit_test(K_SYN_3_scope_device),
        cmocka_unit_test(K_SYN_4_scope_raises),
        cmocka_unit_test(K_SYN_4_passive),
        cmocka_unit_test(K_SYN_5_dispatch_parent),
        cmocka_unit_test(K_SYN_5_passive_parent),
        cmocka_unit_test(K_SYN_6_inherited_level),
        cmocka_unit_test(K_SYN_6_resolved_level_of_a_queue),
        cmocka_unit_test(K_SYN_7_creation_failures),
        cmocka_unit_test(K_SYN_8_defaults),
        cmocka_unit_test(K_SYN_9_acquired_in_a_callback),
        cmocka_unit_test(K_SYN_10_released_after_the_callback),
        cmocka_unit_test(K_SYN_11_spin_lock),
        cmocka_unit_test(K_SYN_11_acquired_twice),
        cmocka_unit_test(K_SYN_11_released_unheld),
        cmocka_unit_test(K_SYN_12_wait_lock),
        cmocka_unit_test(K_SYN_12_self_deadlock),
        cmocka_unit_test(V_WDF_37_wait_lock_not_held),
        cmocka_unit_test(V_WDF_35_wait_at_dispatch),
        cmocka_unit_test(K_TMR_1_create_refuses),
        cmocka_unit_test(K_TMR_2_start),
        cmocka_unit_test(K_TMR_3_stop),
        cmocka_unit_test(K_TMR_3_restarting_timer),
        cmocka_unit_test(K_TMR_3_stop_in_the_callback),
        cmocka_unit_test(K_TMR_2_start_while_stopping),
        cmocka_unit_test(K_TMR_4_passive),
        cmocka_unit_test(K_TMR_4_periodic),
        cmocka_unit_test(K_TMR_6_passive_deletes_itself),
        cmocka_unit_test(K_TMR_6_dispatch_deletes_itself),
        cmocka_unit_test(K_TMR_7_parent),
        cmocka_unit_test(K_DPC_1_enqueue_and_cancel),
        cmocka_unit_test(K_SYN_3_serialised_children),
        cmocka_unit_test(K_WI_1_enqueue),
        cmocka_unit_test(K_WI_1_create_refuses),
        cmocka_unit_test(K_WI_1_deletes_itself),
        cmocka_unit_test(K_WI_2_flush_in_the_callback),
        cmocka_unit_test(K_WI_3_removal_waits),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
