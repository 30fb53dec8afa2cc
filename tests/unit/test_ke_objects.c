/* Waits, events, semaphores, mutexes, DPCs, timers, threads, IRQL: W-KE, W-DPC, W-TMR, W-THR, W-IRQL and their V- rules. */
#include "unit.h"

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context);

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KEVENT event_a, event_b, called;
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static KTIMER timer;
static KDPC dpc, other_dpc;
static KSPIN_LOCK lock;
static int order[8], order_count;
static PVOID seen_argument;
static KIRQL seen_irql;
static ULONG seen_cpu;
static HANDLE seen_thread;

static VOID note(int what)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    order[order_count++] = what;
    KeReleaseSpinLock(&lock, irql);
}

static VOID NTAPI dpc_routine(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)a2;
    seen_irql = KeGetCurrentIrql();
    seen_argument = a1;
    seen_cpu = KeGetCurrentProcessorNumber();
    note((int)(ULONG_PTR)context);
    KeSetEvent(&called, 0, FALSE);
}

static VOID NTAPI requeue_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)context, (void)a2;
    note((int)(ULONG_PTR)a1);
    if ((ULONG_PTR)a1 < 3)
        assert_true(KeInsertQueueDpc(d, (PVOID)((ULONG_PTR)a1 + 1), NULL));
}

static VOID NTAPI waiting_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    KeWaitForSingleObject(&event_a, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI lowering_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    KeLowerIrql(PASSIVE_LEVEL);
}

static VOID NTAPI raising_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    KIRQL irql;
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

static VOID NTAPI endless_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    for (int i = 0; i < 1000; i++)
        KeStallExecutionProcessor(100000);
}

static VOID NTAPI wait_for_event(PVOID context)
{
    KeWaitForSingleObject(&event_b, Executive, KernelMode, FALSE, NULL);
    note((int)(ULONG_PTR)context);
}

static VOID NTAPI set_both(PVOID context)
{
    (void)context;
    KeSetEvent(&event_a, 0, FALSE);
    KeSetEvent(&event_b, 0, FALSE);
}

static VOID NTAPI take_and_keep_semaphore(PVOID context)
{
    KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    note((int)(ULONG_PTR)context);
}

static VOID NTAPI release_mutex(PVOID context)
{
    (void)context;
    KeReleaseMutex(&mutex, FALSE);
}

static VOID NTAPI terminate(PVOID context)
{
    seen_thread = PsGetCurrentThreadId();
    seen_irql = KeGetCurrentIrql();
    note((int)(ULONG_PTR)context);
    PsTerminateSystemThread(STATUS_SUCCESS);
    note(99);
}

static VOID NTAPI ex_callback(PEX_TIMER t, PVOID context)
{
    (void)t;
    seen_irql = KeGetCurrentIrql();
    note((int)(ULONG_PTR)context);
}

#pragma clang section text = "" data = "" bss = ""

static const LARGE_INTEGER poll = {.QuadPart = 0}, ten_ms = {.QuadPart = -100000};

static void begin(void)
{
    order_count = 0;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&event_a, SynchronizationEvent, FALSE);
    KeInitializeEvent(&event_b, SynchronizationEvent, FALSE);
    KeInitializeEvent(&called, SynchronizationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 0, 3);
    KeInitializeMutex(&mutex, 0);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, dpc_routine, (PVOID)1);
    KeInitializeDpc(&other_dpc, dpc_routine, (PVOID)2);
}

static NTSTATUS wait_with(PVOID object, const LARGE_INTEGER *timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, (PLARGE_INTEGER)timeout);
}

static NTSTATUS wait_many(PVOID a, PVOID b, WAIT_TYPE type, const LARGE_INTEGER *timeout)
{
    PVOID objects[2] = {a, b};
    return KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, (PLARGE_INTEGER)timeout, NULL);
}

static struct nt_thread *start(PKSTART_ROUTINE routine, ULONG_PTR context) { return ps_create_system_thread(routine, (PVOID)context); }

static void join(struct nt_thread *thread)
{
    ke_wait_for_single_object(thread, Executive, KernelMode, FALSE, NULL);
    ob_dereference(thread);
}

static KIRQL raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
    return old;
}

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

/* ---- Waits ---- */

static void timeouts(void)
{
    begin();
    assert_int_equal(wait_with(&event_a, &poll), STATUS_TIMEOUT);
    uint64_t before = clock_now();
    assert_int_equal(wait_with(&event_a, &ten_ms), STATUS_TIMEOUT);
    assert_int_equal(clock_now() - before, 100000);
    LARGE_INTEGER absolute = {.QuadPart = (LONGLONG)(CLOCK_SYSTEM_TIME_AT_START + clock_now() + 70)};
    assert_int_equal(wait_with(&event_a, &absolute), STATUS_TIMEOUT);
    assert_int_equal(clock_now() - before, 100070);
    KeSetEvent(&event_a, 0, FALSE);
    assert_int_equal(wait_with(&event_a, &ten_ms), STATUS_SUCCESS);
    assert_int_equal(clock_now() - before, 100070);
}
/* RULE W-KE-1: A wait for a signalled object is satisfied at once, any other ends with STATUS_TIMEOUT when its time is over. */
/* RULE W-KE-3: A wait's timeout is 0 to poll, negative for an interval, positive for a system time. */
TEST(W_KE_1_3_timeouts) { LIFE(timeouts); }

static void effects(void)
{
    begin();
    KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
    assert_int_equal(wait_with(&semaphore, NULL), STATUS_SUCCESS);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimer(&timer, ten_ms, NULL);
    assert_int_equal(wait_with(&timer, NULL), STATUS_SUCCESS);
    assert_false(KeReadStateTimer(&timer));
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, ten_ms, NULL);
    wait_with(&timer, NULL);
    assert_true(KeReadStateTimer(&timer));
    assert_int_equal(wait_with(&mutex, NULL), STATUS_SUCCESS);
    assert_int_equal(wait_with(&mutex, NULL), STATUS_SUCCESS);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), -1);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
}
/* RULE W-KE-2: A wait that is satisfied counts a semaphore down, clears a synchronization timer, owns a mutex, leaves a notification timer. */
TEST(W_KE_2_effects_of_a_wait) { LIFE(effects); }

static void lowest_index(void)
{
    begin();
    KeSetEvent(&event_a, 0, FALSE);
    KeSetEvent(&event_b, 0, FALSE);
    assert_int_equal(wait_many(&event_a, &event_b, WaitAny, NULL), STATUS_WAIT_0);
    assert_int_equal(KeReadStateEvent(&event_b), 1); /* only the winner's side effect */
    assert_int_equal(wait_many(&event_a, &event_b, WaitAny, NULL), STATUS_WAIT_1);
}
/* RULE W-KE-4: Of several signalled objects in a wait for any, the lowest index wins and only its side effect happens. */
TEST(W_KE_4_lowest_index_wins) { LIFE(lowest_index); }

static void wait_all(void)
{
    begin();
    KeSetEvent(&event_a, 0, FALSE);
    assert_int_equal(wait_many(&event_a, &event_b, WaitAll, &ten_ms), STATUS_TIMEOUT);
    assert_int_equal(KeReadStateEvent(&event_a), 1); /* nothing was taken */
    KeClearEvent(&event_a);
    struct nt_thread *t = start(set_both, 0);
    assert_int_equal(wait_many(&event_a, &event_b, WaitAll, NULL), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event_a) + KeReadStateEvent(&event_b), 0);
    join(t);
}
/* RULE W-KE-4: A wait for all objects takes all of them or none. */
TEST(W_KE_4_wait_for_all_is_atomic) { LIFE(wait_all); }

static void too_many(void)
{
    begin();
    PVOID objects[4] = {&event_a, &event_b, &called, &timer};
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}
static void twice_in_all(void)
{
    begin();
    wait_many(&event_a, &event_a, WaitAll, NULL);
}
/* RULE W-KE-5: A wait for more than three objects needs wait blocks (0xC); an object may not appear twice in a wait for all. */
/* RULE V-LCK-29: A wait for more than three objects without wait blocks is bug check 0xC. */
TEST(W_KE_5_limits_of_a_wait)
{
    BUGCHECK(too_many, 0x0C, ~0ull);
    BUGCHECK(twice_in_all, OWN_RULE, ~0ull);
}

static void fifo(void)
{
    begin();
    struct nt_thread *t[3];
    for (int i = 0; i < 3; i++) {
        t[i] = start(wait_for_event, (ULONG_PTR)i);
        sched_settle();
    }
    for (int i = 0; i < 3; i++) {
        KeSetEvent(&event_b, 0, FALSE);
        sched_settle();
    }
    for (int i = 0; i < 3; i++)
        join(t[i]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(order[i], i);
}
/* RULE W-KE-6: The waiters of one object are released first come, first served. */
/* RULE W-KE-20: Setting a synchronization event releases one waiter. */
TEST(W_KE_6_20_first_come_first_served) { LIFE(fifo); }

static void set_and_wait(void)
{
    begin();
    KeSetEvent(&event_b, 0, TRUE);
    assert_true(KeGetCurrentIrql() > APC_LEVEL);
    assert_int_equal(wait_with(&event_b, NULL), STATUS_SUCCESS);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}
static void set_and_wait_high(void)
{
    begin();
    raise_to(DISPATCH_LEVEL);
    KeSetEvent(&event_b, 0, TRUE);
}
/* RULE W-KE-6: A release with Wait = TRUE leaves the IRQL raised until the wait that follows. */
/* RULE V-IRQ-16: Setting or releasing an object with Wait = TRUE needs APC_LEVEL or below. */
TEST(W_KE_6_release_and_wait)
{
    LIFE(set_and_wait);
    BUGCHECK(set_and_wait_high, 0xC4, 0x20016);
}

static void user_wait_on_stack(void)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&event, UserRequest, UserMode, FALSE, NULL);
}
/* RULE W-KE-10: A UserMode wait for an object on the kernel stack is bug check 0xC4/0x123. */
/* RULE V-LCK-26: An object on the kernel stack may be paged out during a UserMode wait for it: bug check 0xC4/0x123. */
TEST(W_KE_10_user_wait_on_stack_object) { BUGCHECK(user_wait_on_stack, 0xC4, 0x123); }

static void freed_with_waiter(void)
{
    begin();
    PKMUTEX m = ExAllocatePoolZero(NonPagedPool, sizeof *m, 'tseT');
    KeInitializeMutex(m, 0);
    wait_with(m, NULL);
    ExFreePoolWithTag(m, 'tseT');
}
static void reinitialised_with_waiter(void)
{
    begin();
    start(wait_for_event, 0);
    sched_settle();
    KeInitializeEvent(&event_b, NotificationEvent, FALSE);
}
/* RULE W-KE-11: Memory with an owned mutex in it is not freed. */
/* RULE W-KE-22: An event that has waiters may not be initialised again. */
/* RULE V-OBJ-11: A dispatcher object that is in use is not initialised again. */
TEST(W_KE_11_22_objects_in_use)
{
    BUGCHECK(freed_with_waiter, 0xC4, 0x100B);
    BUGCHECK(reinitialised_with_waiter, OWN_RULE, ~0ull);
}

static void pulse(void)
{
    begin();
    struct nt_thread *t = start(wait_for_event, 5);
    sched_settle();
    KePulseEvent(&event_b, 0, FALSE);
    assert_int_equal(KeReadStateEvent(&event_b), 0);
    join(t);
    assert_int_equal(order[0], 5);
}
/* RULE W-KE-21: KePulseEvent releases who waits and leaves the event clear. */
TEST(W_KE_21_pulse) { LIFE(pulse); }

static void semaphores(void)
{
    begin();
    struct nt_thread *t[2] = {start(take_and_keep_semaphore, 1), start(take_and_keep_semaphore, 2)};
    sched_settle();
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 3, FALSE), 0);
    join(t[0]);
    join(t[1]);
    assert_int_equal(order_count, 2);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1);
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 1);
}
static void semaphore_limit(void)
{
    begin();
    KeReleaseSemaphore(&semaphore, 0, 4, FALSE);
}
static void semaphore_bad(void) { KeInitializeSemaphore(&semaphore, 2, 1); }
/* RULE W-KE-23: KeReleaseSemaphore returns the count before; the count may not pass the limit. */
/* RULE V-LCK-25: Releasing a semaphore past its limit raises STATUS_SEMAPHORE_LIMIT_EXCEEDED. */
TEST(W_KE_23_semaphore)
{
    LIFE(semaphores);
    BUGCHECK(semaphore_limit, 0x1E, 0xC0000047);
    BUGCHECK(semaphore_bad, OWN_RULE, ~0ull);
}

static void mutex_apcs(void)
{
    begin();
    wait_with(&mutex, NULL);
    assert_true(KeAreApcsDisabled());
    wait_with(&mutex, NULL);
    KeReleaseMutex(&mutex, FALSE);
    assert_true(KeAreApcsDisabled());
    KeReleaseMutex(&mutex, FALSE);
    assert_false(KeAreApcsDisabled());
}
static void mutex_not_owned(void)
{
    begin();
    wait_with(&mutex, NULL);
    join(start(release_mutex, 0));
}
/* RULE W-KE-24: A mutex is recursive and keeps its owner in a critical region; releasing one that another thread owns raises STATUS_MUTANT_NOT_OWNED. */
/* RULE V-LCK-24: An unhandled STATUS_MUTANT_NOT_OWNED is bug check 0x1E. */
TEST(W_KE_24_mutex)
{
    LIFE(mutex_apcs);
    BUGCHECK(mutex_not_owned, 0x1E, 0xC0000046);
}

/* ---- DPCs ---- */

static void first_arguments(void)
{
    begin();
    KIRQL old = raise_to(DISPATCH_LEVEL);
    assert_true(KeInsertQueueDpc(&dpc, (PVOID)11, NULL));
    assert_false(KeInsertQueueDpc(&dpc, (PVOID)22, NULL));
    KeLowerIrql(old);
    wait_with(&called, NULL);
    assert_int_equal((ULONG_PTR)seen_argument, 11);
    assert_int_equal(seen_irql, DISPATCH_LEVEL);
}
static void requeue(void)
{
    begin();
    KeInitializeDpc(&dpc, requeue_dpc, NULL);
    KeInsertQueueDpc(&dpc, (PVOID)1, NULL);
    KeFlushQueuedDpcs();
    KeFlushQueuedDpcs();
    assert_int_equal(order_count, 3);
}
/* RULE W-DPC-1: A DPC is queued once, with the first call's arguments; it may queue itself again while it runs. */
TEST(W_DPC_1_queued_once)
{
    LIFE(first_arguments);
    LIFE(requeue);
}

static void importance(void)
{
    begin();
    KIRQL old = raise_to(DISPATCH_LEVEL);
    KeSetImportanceDpc(&other_dpc, HighImportance);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&other_dpc, NULL, NULL);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
}
/* RULE W-DPC-2: A DPC of high importance goes to the head of the queue. */
TEST(W_DPC_2_importance) { LIFE(importance); }

static void removed(void)
{
    begin();
    KIRQL old = raise_to(DISPATCH_LEVEL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(KeRemoveQueueDpc(&dpc));
    assert_false(KeRemoveQueueDpc(&dpc));
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    assert_int_equal(order_count, 0);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(order_count, 1);
    assert_int_equal(seen_cpu, 1);
}
static void freed_queued(void)
{
    raise_to(DISPATCH_LEVEL);
    PKDPC d = ExAllocatePoolZero(NonPagedPool, sizeof *d, 'tseT');
    KeInitializeDpc(d, dpc_routine, NULL);
    KeInsertQueueDpc(d, NULL, NULL);
    ExFreePoolWithTag(d, 'tseT');
}
/* RULE W-DPC-3: A DPC that was removed does not run; KeFlushQueuedDpcs waits for all processors; a queued DPC may not be freed (0xC7/1). */
TEST(W_DPC_3_remove_and_flush)
{
    LIFE(removed);
    BUGCHECK(freed_queued, 0xC7, 1);
}

static void bad_cpu(void)
{
    begin();
    KeSetTargetProcessorDpc(&dpc, 31);
}
static void target_while_queued(void)
{
    begin();
    raise_to(DISPATCH_LEVEL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
}
/* RULE W-DPC-4: A DPC for a processor that does not exist is bug check 0xC7/3; its target and importance change only while it is not queued. */
TEST(W_DPC_4_target)
{
    BUGCHECK(bad_cpu, 0xC7, 3);
    BUGCHECK(target_while_queued, OWN_RULE, ~0ull);
}

static void watchdog(void)
{
    begin();
    KeInitializeDpc(&dpc, endless_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
static void watchdog_period(void)
{
    raise_to(DISPATCH_LEVEL);
    for (int i = 0; i < 2000; i++)
        KeStallExecutionProcessor(100000);
}
/* RULE W-DPC-6: A DPC that runs for more than 20 s of virtual time is bug check 0x133/0, two minutes at DISPATCH_LEVEL are 0x133/1. */
/* RULE V-LCK-31: Time spent at DISPATCH_LEVEL is watched: too much is bug check 0x133/0 in one DPC, 0x133/1 in all. */
TEST(W_DPC_6_watchdog)
{
    BUGCHECK(watchdog, 0x133, 0);
    BUGCHECK(watchdog_period, 0x133, 1);
}

static void dpc_waits(void)
{
    begin();
    KeInitializeDpc(&dpc, waiting_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
/* RULE V-LCK-28: A DPC that waits for an object is bug check 0xB8. */
TEST(V_LCK_28_wait_in_dpc) { BUGCHECK(dpc_waits, 0xB8, ~0ull); }

/* ---- Timers ---- */

static void timer_system_arguments(void)
{
    begin();
    KeSetTimer(&timer, ten_ms, &dpc);
    wait_with(&called, NULL);
    assert_true(seen_argument != NULL);
    assert_true(KeReadStateTimer(&timer));
    KeSetTimer(&timer, ten_ms, &dpc);
    assert_false(KeReadStateTimer(&timer)); /* setting clears the signal */
    KeCancelTimer(&timer);
}
/* RULE W-DPC-7: A timer's DPC gets system arguments that mean nothing to the driver. */
/* RULE W-TMR-1: Setting a timer clears its signal. */
TEST(W_DPC_7_timer_arguments) { LIFE(timer_system_arguments); }

static void period(void)
{
    begin();
    uint64_t before = clock_now();
    KeSetTimerEx(&timer, ten_ms, 5, &dpc);
    for (int i = 0; i < 4; i++)
        wait_with(&called, NULL);
    assert_int_equal(clock_now() - before, 100000 + 3 * 50000);
    assert_true(KeCancelTimer(&timer));
    KeFlushQueuedDpcs();
}
/* RULE W-TMR-2: A periodic timer is due again one period after it was due. */
TEST(W_TMR_2_period) { LIFE(period); }

static void timer_freed(void)
{
    PKTIMER t = ExAllocatePoolZero(NonPagedPool, sizeof *t, 'tseT');
    KeInitializeTimer(t);
    KeSetTimer(t, ten_ms, NULL);
    ExFreePoolWithTag(t, 'tseT');
}
static void timer_reinitialised(void)
{
    begin();
    KeSetTimer(&timer, ten_ms, NULL);
    KeInitializeTimer(&timer);
}
/* RULE W-TMR-4: A timer that is set may neither be freed (0xC7/0) nor initialised again. */
/* RULE V-MEM-8: Pool with a timer that is set in it is not freed. */
TEST(W_TMR_4_set_timer_goes)
{
    BUGCHECK(timer_freed, 0xC7, 0);
    BUGCHECK(timer_reinitialised, OWN_RULE, ~0ull);
}

static void ex_timers(void)
{
    begin();
    PEX_TIMER t = ExAllocateTimer(ex_callback, (PVOID)3, 0);
    assert_false(ExSetTimer(t, -50000, 20000, NULL));
    LARGE_INTEGER wait = {.QuadPart = -80000};
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    assert_true(ExCancelTimer(t, NULL));
    KeFlushQueuedDpcs();
    assert_int_equal(order_count, 2); /* at 5 and 7 ms */
    assert_int_equal(seen_irql, DISPATCH_LEVEL);
    assert_false(ExDeleteTimer(t, TRUE, TRUE, NULL));
}
static void ex_wait_without_cancel(void) { ExDeleteTimer(ExAllocateTimer(ex_callback, NULL, 0), FALSE, TRUE, NULL); }
/* RULE W-TMR-6: An EX_TIMER calls back at DISPATCH_LEVEL, first when due and then every period; a deletion that waits has to cancel too. */
TEST(W_TMR_6_ex_timer)
{
    LIFE(ex_timers);
    BUGCHECK(ex_wait_without_cancel, OWN_RULE, ~0ull);
}

static void delays(void)
{
    uint64_t before = clock_now();
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, (PLARGE_INTEGER)&ten_ms), STATUS_SUCCESS);
    assert_int_equal(clock_now() - before, 100000);
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, (PLARGE_INTEGER)&poll), STATUS_SUCCESS);
    KeStallExecutionProcessor(5);
    assert_int_equal(clock_now() - before, 100050);
}
/* RULE W-TMR-8: A delay lasts its interval and returns STATUS_SUCCESS; a stall lets virtual time pass. */
TEST(W_TMR_8_delay_and_stall) { LIFE(delays); }

static void counter(void)
{
    LARGE_INTEGER frequency, before = KeQueryPerformanceCounter(&frequency), after, ticks;
    KeQueryTickCount(&ticks);
    for (ULONG us = 0; us < 50; us++) {
        KeStallExecutionProcessor(us);
        KeMemoryBarrier();
        after = KeQueryPerformanceCounter(NULL);
        assert_true(after.QuadPart - before.QuadPart >= us * (frequency.QuadPart / 1000000) && after.QuadPart - before.QuadPart < 10 * us + 10);
        before = after;
    }
    KeStallExecutionProcessor(15625);
    LARGE_INTEGER later;
    KeQueryTickCount(&later);
    assert_int_equal(later.QuadPart, ticks.QuadPart + 1);
}
/* RULE W-HAL-5: The performance counter is monotonic and runs at 10 MHz; a stall takes its time, a tick KeQueryTimeIncrement times 100 ns. */
/* RULE V-DMA-01: The counter that Windows would report when it went back or jumped (0xE6/1, 2) does neither here, whatever the host does. */
TEST(W_HAL_5_counter) { LIFE(counter); }

static void clocks(void)
{
    LARGE_INTEGER precise, coarse, ticks, frequency;
    KeDelayExecutionThread(KernelMode, FALSE, (PLARGE_INTEGER)&ten_ms);
    KeQuerySystemTimePrecise(&precise);
    KeQuerySystemTime(&coarse);
    KeQueryTickCount(&ticks);
    assert_int_equal(precise.QuadPart, CLOCK_SYSTEM_TIME_AT_START + clock_now());
    assert_true(coarse.QuadPart <= precise.QuadPart);
    assert_int_equal(KeQueryTimeIncrement(), 156250);
    assert_int_equal(ticks.QuadPart, clock_now() / 156250);
    assert_int_equal(KeQueryPerformanceCounter(&frequency).QuadPart, clock_now());
    assert_int_equal(frequency.QuadPart, 10000000);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), machine.cpus);
    assert_int_equal(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), machine.cpus);
    assert_true(KeGetCurrentProcessorNumber() < machine.cpus);
}
/* RULE W-CON-7: All clocks a driver can read are the one virtual clock. */
/* RULE W-CON-8: All ways to ask for the processor count agree. */
TEST(W_CON_7_8_clocks_and_processors) { LIFE(clocks); }

/* ---- Threads ---- */

static void system_thread(void)
{
    begin();
    HANDLE handle;
    PVOID thread;
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, terminate, (PVOID)4), STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *IoFileObjectType, KernelMode, &thread, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(wait_with(thread, NULL), STATUS_SUCCESS);
    assert_int_equal(order_count, 1); /* PsTerminateSystemThread did not return */
    assert_int_equal(seen_irql, PASSIVE_LEVEL);
    assert_int_equal((ULONG_PTR)PsGetThreadId(thread), (ULONG_PTR)seen_thread);
    assert_int_equal(PsTerminateSystemThread(0), STATUS_INVALID_PARAMETER); /* not a system thread of a driver */
    ob_dereference(thread);
}
/* RULE W-THR-1: The handle of a system thread gives a referenced thread object, which can be waited for. */
/* RULE W-OBJ-1: A handle gives a referenced object of the type that was asked for, which outlives the handle; for another type it is STATUS_OBJECT_TYPE_MISMATCH. */
/* RULE W-THR-2: PsTerminateSystemThread ends the thread, does not return, and works on system threads only. */
TEST(W_THR_1_2_system_thread) { LIFE(system_thread); }

static void stale_handle(void)
{
    begin();
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, terminate, NULL);
    ZwClose(handle);
    ZwClose(handle);
}
/* RULE W-OBJ-2: A kernel handle that was closed is bug check 0x93 where it is closed again. */
/* RULE V-OBJ-2: Closing a kernel handle twice is bug check 0x93. */
TEST(V_OBJ_2_stale_handle) { BUGCHECK(stale_handle, 0x93, ~0ull); }

static void null_handle(void)
{
    PVOID object;
    ObReferenceObjectByHandle(NULL, 0, NULL, KernelMode, &object, NULL);
}
static void bad_handle(void)
{
    PVOID object;
    ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)0x44, 0, NULL, KernelMode, &object, NULL);
}
/* RULE V-OBJ-1: A NULL handle is bug check 0xC4/0xF5, one that is not open 0xC4/0x3C. */
TEST(V_OBJ_1_bad_handle)
{
    BUGCHECK(null_handle, 0xC4, 0xF5);
    BUGCHECK(bad_handle, 0xC4, 0x3C);
}

static void priorities(void)
{
    KPRIORITY old = KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), LOW_REALTIME_PRIORITY);
    assert_int_equal(KeSetPriorityThread(KeGetCurrentThread(), old), LOW_REALTIME_PRIORITY);
}
/* RULE W-THR-3: KeSetPriorityThread returns the priority that the thread had before. */
TEST(W_THR_3_priority) { LIFE(priorities); }

/* ---- IRQL ---- */

static void levels(void)
{
    KIRQL old = raise_to(APC_LEVEL);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeRaiseIrqlToDpcLevel(), APC_LEVEL);
    KeLowerIrql(APC_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}
static void raise_down(void)
{
    raise_to(DISPATCH_LEVEL);
    raise_to(APC_LEVEL);
}
static void lower_up(void) { KeLowerIrql(APC_LEVEL); }
static void lower_in_dpc(void)
{
    begin();
    KeInitializeDpc(&dpc, lowering_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
/* RULE W-IRQL-1: The IRQLs of x64 are PASSIVE 0, APC 1, DISPATCH 2 and HIGH 15. */
/* RULE W-IRQL-3: KeRaiseIrql only goes up (0xC4/0x30), KeLowerIrql only down (0xC4/0x31), and not below DISPATCH_LEVEL in a DPC. */
/* RULE V-IRQ-26: KeRaiseIrql only raises and KeLowerIrql only lowers the level, else bug check 0xC4/0x30 or 0xC4/0x31. */
TEST(W_IRQL_1_3_raise_and_lower)
{
    assert_int_equal(PASSIVE_LEVEL | APC_LEVEL << 4 | DISPATCH_LEVEL << 8 | HIGH_LEVEL << 12, 0xf210);
    LIFE(levels);
    BUGCHECK(raise_down, 0xC4, 0x30);
    BUGCHECK(lower_up, 0xC4, 0x31);
    BUGCHECK(lower_in_dpc, 0xC4, 0x31);
}

static void dpc_returns_raised(void)
{
    begin();
    KeInitializeDpc(&dpc, raising_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
/* RULE W-IRQL-6: A DPC must return at the level it was called at: bug check 0xC8. */
TEST(W_IRQL_6_dpc_returns_raised) { BUGCHECK(dpc_returns_raised, 0xC8, ~0ull); }

static void wait_with_timeout_at_dispatch(void)
{
    begin();
    raise_to(DISPATCH_LEVEL);
    assert_int_equal(wait_with(&event_a, &poll), STATUS_TIMEOUT); /* polling is allowed */
    wait_with(&event_a, &ten_ms);
}
static void wait_above_dispatch(void)
{
    begin();
    raise_to(5);
    wait_with(&event_a, &poll);
}
static void delay_at_dispatch(void)
{
    raise_to(DISPATCH_LEVEL);
    KeDelayExecutionThread(KernelMode, FALSE, (PLARGE_INTEGER)&ten_ms);
}
/* RULE W-IRQL-5: At DISPATCH_LEVEL a wait may only poll: bug check 0xC4/0x122 with a timeout, 0xC4/0x120 above. */
/* RULE W-IRQL-20: A DDI that is called above its highest IRQL is reported with the code of its rule. */
/* RULE V-IRQ-0F: KeDelayExecutionThread is called at APC_LEVEL at most. */
TEST(W_IRQL_5_20_waits_at_dispatch)
{
    BUGCHECK(wait_with_timeout_at_dispatch, 0xC4, 0x122);
    BUGCHECK(wait_above_dispatch, 0xC4, 0x120);
    BUGCHECK(delay_at_dispatch, 0xC4, 0x2000F);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_KE_1_3_timeouts), cmocka_unit_test(W_KE_2_effects_of_a_wait), cmocka_unit_test(W_KE_4_lowest_index_wins),
        cmocka_unit_test(W_KE_4_wait_for_all_is_atomic), cmocka_unit_test(W_KE_5_limits_of_a_wait),
        cmocka_unit_test(W_KE_6_20_first_come_first_served), cmocka_unit_test(W_KE_6_release_and_wait),
        cmocka_unit_test(W_KE_10_user_wait_on_stack_object), cmocka_unit_test(W_KE_11_22_objects_in_use), cmocka_unit_test(W_KE_21_pulse),
        cmocka_unit_test(W_KE_23_semaphore), cmocka_unit_test(W_KE_24_mutex), cmocka_unit_test(W_DPC_1_queued_once),
        cmocka_unit_test(W_DPC_2_importance), cmocka_unit_test(W_DPC_3_remove_and_flush), cmocka_unit_test(W_DPC_4_target),
        cmocka_unit_test(W_DPC_6_watchdog), cmocka_unit_test(V_LCK_28_wait_in_dpc), cmocka_unit_test(W_DPC_7_timer_arguments),
        cmocka_unit_test(W_TMR_2_period), cmocka_unit_test(W_TMR_4_set_timer_goes), cmocka_unit_test(W_TMR_6_ex_timer),
        cmocka_unit_test(W_TMR_8_delay_and_stall), cmocka_unit_test(W_CON_7_8_clocks_and_processors), cmocka_unit_test(W_HAL_5_counter), cmocka_unit_test(W_THR_1_2_system_thread),
        cmocka_unit_test(V_OBJ_2_stale_handle), cmocka_unit_test(V_OBJ_1_bad_handle), cmocka_unit_test(W_THR_3_priority),
        cmocka_unit_test(W_IRQL_1_3_raise_and_lower), cmocka_unit_test(W_IRQL_6_dpc_returns_raised),
        cmocka_unit_test(W_IRQL_5_20_waits_at_dispatch),
    };
    return cmocka_run_group_tests(tests);
}
