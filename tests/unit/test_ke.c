/* Dispatcher objects, DPCs, timers, spin locks, threads: W-KE, W-DPC, W-TMR, W-LCK, W-THR, W-IRQL. */
#include "unit.h"

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context);

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KEVENT event_a, event_b;
static KTIMER timer;
static KDPC dpc;
static KSPIN_LOCK lock_a, lock_b;
static volatile LONG hits; /* counted by the DPC, read after KeFlushQueuedDpcs() or a wait for event_a */
static int order[8], order_count;

static VOID NTAPI count_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    hits++;
    KeSetEvent(&event_a, 0, FALSE);
}

static VOID NTAPI waiter(PVOID context)
{
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
    KIRQL irql;
    KeAcquireSpinLock(&lock_a, &irql); /* a notification event orders no waiter with another */
    order[order_count++] = (int)(ULONG_PTR)context;
    KeReleaseSpinLock(&lock_a, irql);
}

static VOID NTAPI lock_ab(PVOID context)
{
    (void)context;
    KIRQL irql;
    KeAcquireSpinLock(&lock_a, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock_b);
    KeReleaseSpinLockFromDpcLevel(&lock_b);
    KeReleaseSpinLock(&lock_a, irql);
}

static VOID NTAPI lock_ba(PVOID context)
{
    (void)context;
    KIRQL irql;
    KeAcquireSpinLock(&lock_b, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock_a);
    KeReleaseSpinLockFromDpcLevel(&lock_a);
    KeReleaseSpinLock(&lock_b, irql);
}

#pragma clang section text = "" data = "" bss = ""

static void join(struct nt_thread *thread)
{
    ke_wait_for_single_object(thread, Executive, KernelMode, FALSE, NULL);
    ob_dereference(thread);
}

static void begin(void)
{
    hits = 0;
    order_count = 0;
    KeInitializeEvent(&event_a, NotificationEvent, FALSE);
    KeInitializeEvent(&event_b, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeInitializeTimer(&timer);
    KeInitializeSpinLock(&lock_a);
    KeInitializeSpinLock(&lock_b);
}

static void body_notification_event(void)
{
    begin();
    struct nt_thread *t1 = ps_create_system_thread(waiter, (PVOID)1), *t2 = ps_create_system_thread(waiter, (PVOID)2);
    sched_settle();
    assert_int_equal(KeSetEvent(&event_a, 0, FALSE), 0);
    join(t1);
    join(t2);
    assert_int_equal(order_count, 2);
    assert_int_equal(order[0], 1); /* FIFO: W-KE-6 */
    assert_int_equal(KeReadStateEvent(&event_a), 1);
}

/* RULE W-KE-20: Setting a notification event releases every waiter, and it stays set. */
static void W_KE_20_notification_event_releases_all(void **state)
{
    (void)state;
    unit_life(body_notification_event, NULL);
}

static void body_synchronization_event(void)
{
    begin();
    KeSetEvent(&event_b, 0, FALSE);
    assert_int_equal(KeSetEvent(&event_b, 0, FALSE), 1); /* a second set is lost */
    LARGE_INTEGER zero = {.QuadPart = 0};
    assert_int_equal(KeWaitForSingleObject(&event_b, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(&event_b, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
}

/* RULE W-KE-2: A wait clears a synchronization event, and setting an event that is set already has no effect. */
static void W_KE_2_synchronization_event_clears(void **state)
{
    (void)state;
    unit_life(body_synchronization_event, NULL);
}

static void body_timer(void)
{
    begin();
    LARGE_INTEGER due = {.QuadPart = -10 * 10000};
    assert_false(KeSetTimer(&timer, due, &dpc));
    assert_true(KeSetTimer(&timer, due, &dpc));
    uint64_t before = clock_now();
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(clock_now() - before, 10 * CLOCK_MS);
    assert_int_equal(hits, 1);
    assert_false(KeCancelTimer(&timer)); /* expired: not in the queue (W-TMR-3) */
    KeSetTimerEx(&timer, due, 5, &dpc);
    KeClearEvent(&event_a);
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
    assert_true(KeCancelTimer(&timer)); /* periodic: always in the queue */
    KeFlushQueuedDpcs();
}

/* RULE W-TMR-1: KeSetTimer tells whether the timer was set before. */
/* RULE W-TMR-3: KeCancelTimer tells whether the timer was in the queue, where a periodic timer always is. */
static void W_TMR_1_2_3_timer_and_its_dpc(void **state)
{
    (void)state;
    unit_life(body_timer, NULL);
}

static void body_dpc(void)
{
    begin();
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    assert_false(KeInsertQueueDpc(&dpc, NULL, NULL)); /* W-DPC-1 */
    assert_int_equal(KeReadStateEvent(&event_a), 0);
    KeLowerIrql(old);
    assert_int_equal(KeReadStateEvent(&event_a), 1); /* delivered before KeLowerIrql returned: W-IRQL-4 */
    KeClearEvent(&event_a);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    assert_int_equal(KeReadStateEvent(&event_a), 1); /* at PASSIVE on the own processor: at once, W-DPC-2 */
    KeFlushQueuedDpcs();
    assert_int_equal(hits, 2);
}

/* RULE W-DPC-2: A DPC for the caller's processor runs before KeInsertQueueDpc returns, or when the level falls below DISPATCH_LEVEL. */
static void W_DPC_1_2_delivery(void **state)
{
    (void)state;
    unit_life(body_dpc, NULL);
}

static VOID NTAPI wait_for_timer(PVOID context)
{
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    KIRQL irql;
    KeAcquireSpinLock(&lock_a, &irql);
    order[order_count++] = (int)(ULONG_PTR)context;
    KeReleaseSpinLock(&lock_a, irql);
}

/* How many of two waiters an expiry releases. */
static int released_by_expiry(void)
{
    LARGE_INTEGER due = {.QuadPart = -10000}, moment = {.QuadPart = -50000};
    struct nt_thread *t[2] = {ps_create_system_thread(wait_for_timer, (PVOID)1), ps_create_system_thread(wait_for_timer, (PVOID)2)};
    KeSetTimer(&timer, due, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    KIRQL irql;
    KeAcquireSpinLock(&lock_a, &irql);
    int released = order_count;
    KeReleaseSpinLock(&lock_a, irql);
    if (released < 2) {
        KeSetTimer(&timer, due, NULL);
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    join(t[0]);
    join(t[1]);
    return released;
}

static void body_timer_types(void)
{
    begin();
    assert_int_equal(released_by_expiry(), 2);
    assert_true(KeReadStateTimer(&timer)); /* a notification timer stays signalled */
    order_count = 0;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    assert_int_equal(released_by_expiry(), 1);
    assert_false(KeReadStateTimer(&timer)); /* each expiry was one waiter's */
}

/* RULE W-TMR-5: KeInitializeTimer makes a notification timer, which releases all waiters; a synchronization timer releases one and clears itself. */
static void W_TMR_5_types_of_timer(void **state)
{
    (void)state;
    unit_life(body_timer_types, NULL);
}

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"
static VOID NTAPI end_in_region(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}
#pragma clang section text = "" data = "" bss = ""

static int apcs_run;
static struct nt_apc late_apc;
static void late_apc_ran(struct nt_apc *apc)
{
    (void)apc;
    apcs_run++;
}

static void end_with_user_apc(void *argument)
{
    (void)argument;
    late_apc.run = late_apc_ran;
    ke_queue_user_apc(ke_current_thread(), &late_apc);
}

static void body_end_with_apc(void)
{
    apcs_run = 0;
    join(ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "ends", NULL, end_with_user_apc, NULL));
    assert_int_equal(apcs_run, 0); /* flushed, not run */
}

static void body_end_in_region(void)
{
    begin();
    join(ps_create_system_thread(end_in_region, NULL));
}

/* RULE W-APC-3: User APCs that are queued when a thread ends are dropped; a thread that ends with APCs disabled is bug check 0x20. */
static void W_APC_3_thread_end(void **state)
{
    (void)state;
    unit_life(body_end_with_apc, NULL);
    unit_expect_bugcheck(body_end_in_region, 0x20, ~0ull);
}

static void body_wait_under_lock(void)
{
    begin();
    KIRQL irql;
    LARGE_INTEGER moment = {.QuadPart = -10000};
    KeAcquireSpinLock(&lock_a, &irql);
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, &moment);
}

static void body_recursive_lock(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&lock_a, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock_a);
}

/* RULE V-LCK-1: A spin lock acquired twice by one processor is bug check 0xF. */
/* RULE W-LCK-22: A thread that holds a lock never waits for that lock. */
static void V_LCK_1_recursive_acquire(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_recursive_lock, 0x0F, ~0ull);
}

static void body_lock_order(void)
{
    begin();
    lock_ab(NULL);
    lock_ba(NULL);
}

/* RULE V-LCK-17: Two locks that are taken in opposite orders are bug check 0xC4/0x1001, whether a deadlock happens or not. */
static void V_LCK_17_lock_order(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_lock_order, 0xC4, 0x1001);
}

static void body_release_unowned(void)
{
    begin();
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeReleaseSpinLock(&lock_a, old);
}

/* RULE V-LCK-5: Releasing a free spin lock is bug check 0x10. */
static void V_LCK_5_release_unowned(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_release_unowned, 0x10, ~0ull);
}

static void body_wait_at_dispatch(void)
{
    begin();
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
}

/* RULE V-IRQ-27: A wait without timeout at DISPATCH_LEVEL is bug check 0xC4/0x121. */
/* RULE W-KE-9: Nobody waits at DISPATCH_LEVEL or while holding a spin lock; a wait with a timeout there is bug check 0xC4/0x122. */
static void V_IRQ_27_wait_at_dispatch(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_wait_under_lock, 0xC4, 0x122);
    unit_expect_bugcheck(body_wait_at_dispatch, 0xC4, 0x121);
}

static void body_deadlock(void)
{
    begin();
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
}

/* RULE V-LCK-30: When no thread can run any more that is reported, with who waits for what. */
static void V_LCK_30_deadlock_is_reported(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_deadlock, OWN_DEADLOCK, ~0ull);
}

static void body_uninitialised(void)
{
    begin();
    memset(&event_a, 0, sizeof event_a);
    KeSetEvent(&event_a, 0, FALSE);
}

/* RULE V-OBJ-10: The use of an event that was never initialised is reported. */
static void V_OBJ_10_uninitialised_event(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_uninitialised, 0xC4, 0xE1);
}

static void body_spin_contention(void)
{
    begin();
    struct nt_thread *t1 = ps_create_system_thread(lock_ab, NULL), *t2 = ps_create_system_thread(lock_ab, NULL);
    join(t1);
    join(t2);
}

/* RULE W-LCK-20: Processors that contend for a spin lock get it one after the other, under any schedule. */
static void W_LCK_20_contention_under_random_schedules(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
        unit_life(body_spin_contention, &chance);
    }
}

static void body_double_free(void)
{
    PVOID p = ExAllocatePoolWithTag(NonPagedPool, 100, 'tseT');
    ExFreePoolWithTag(p, 'tseT');
    ExFreePoolWithTag(p, 'tseT');
}

/* RULE V-MEM-6: A block freed twice is bug check 0xC4/0x13. */
static void V_MEM_6_double_free(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_double_free, 0xC4, 0x13);
}

static void body_wrong_tag(void)
{
    PVOID p = ExAllocatePoolWithTag(NonPagedPool, 100, 'tseT');
    ExFreePoolWithTag(p, 'rehO');
}

/* RULE V-MEM-7: A block freed with another tag is bug check 0xC2/0x0A. */
static void V_MEM_7_wrong_tag(void **state)
{
    (void)state;
    unit_expect_bugcheck(body_wrong_tag, 0xC2, 0x0A);
}

static uint64_t hash_once(uint64_t seed)
{
    struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
    unit_life(body_spin_contention, &chance);
    return trace_hash();
}

/* RULE W-CON-6: The same seed gives the same life, step by step. */
static void same_seed_same_hash(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 50; seed++)
        assert_int_equal(hash_once(seed), hash_once(seed));
    assert_true(hash_once(1) != hash_once(2) || hash_once(3) != hash_once(4));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_KE_20_notification_event_releases_all),
        cmocka_unit_test(W_KE_2_synchronization_event_clears),
        cmocka_unit_test(W_TMR_1_2_3_timer_and_its_dpc),
        cmocka_unit_test(W_TMR_5_types_of_timer),
        cmocka_unit_test(W_APC_3_thread_end),
        cmocka_unit_test(W_DPC_1_2_delivery),
        cmocka_unit_test(V_LCK_1_recursive_acquire),
        cmocka_unit_test(V_LCK_17_lock_order),
        cmocka_unit_test(V_LCK_5_release_unowned),
        cmocka_unit_test(V_IRQ_27_wait_at_dispatch),
        cmocka_unit_test(V_LCK_30_deadlock_is_reported),
        cmocka_unit_test(V_OBJ_10_uninitialised_event),
        cmocka_unit_test(W_LCK_20_contention_under_random_schedules),
        cmocka_unit_test(V_MEM_6_double_free),
        cmocka_unit_test(V_MEM_7_wrong_tag),
        cmocka_unit_test(same_seed_same_hash),
    };
    return cmocka_run_group_tests(tests);
}
