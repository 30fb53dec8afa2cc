/* Spin locks, fast and guarded mutexes, regions and the order between them: W-LCK, V-LCK. */
#include "unit.h"

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context);

/* What is called as a driver's routine, and the data it shares, belongs to a driver image. */
#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KSPIN_LOCK spin_a, spin_b;
static EX_SPIN_LOCK rw;
static FAST_MUTEX fast_a, fast_b;
static KGUARDED_MUTEX guarded;
static KMUTEX mutex_a, mutex_b;
static KEVENT go, done;
static int sequence[8], steps;
static LONG shared_count;

static VOID NTAPI queued_waiter(PVOID context)
{
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&spin_a, &handle);
    sequence[steps++] = (int)(ULONG_PTR)context;
    KeReleaseInStackQueuedSpinLock(&handle);
}

static VOID NTAPI reader(PVOID context)
{
    (void)context;
    KIRQL irql = ExAcquireSpinLockShared(&rw);
    KeStallExecutionProcessor(1);
    ExReleaseSpinLockShared(&rw, irql);
}

static VOID NTAPI writer(PVOID context)
{
    (void)context;
    KIRQL irql = ExAcquireSpinLockExclusive(&rw);
    shared_count++;
    ExReleaseSpinLockExclusive(&rw, irql);
}

static VOID NTAPI fast_adder(PVOID context)
{
    (void)context;
    for (int i = 0; i < 5; i++) {
        ExAcquireFastMutex(&fast_a);
        LONG old = shared_count;
        KeStallExecutionProcessor(1);
        shared_count = old + 1;
        ExReleaseFastMutex(&fast_a);
    }
}

static VOID NTAPI hold_fast(PVOID context)
{
    (void)context;
    ExAcquireFastMutex(&fast_a);
    KeSetEvent(&go, 0, FALSE);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    ExReleaseFastMutex(&fast_a);
}

static VOID NTAPI release_fast_of_other(PVOID context)
{
    (void)context;
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    ExReleaseFastMutex(&fast_a);
}

static VOID NTAPI end_owning_mutex(PVOID context)
{
    (void)context;
    KeWaitForSingleObject(&mutex_a, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI end_holding_spin_lock(PVOID context)
{
    (void)context;
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
}

static VOID NTAPI end_in_critical_region(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
}

static LONG volatile number;
static LONG64 volatile wide;
static PVOID volatile pointer;

static VOID NTAPI add_interlocked(PVOID context)
{
    (void)context;
    for (int i = 0; i < 20; i++)
        InterlockedIncrement(&number);
}

static VOID NTAPI add_plainly(PVOID context)
{
    (void)context;
    for (int i = 0; i < 3; i++) {
        shared_count++;
        KeStallExecutionProcessor(1); /* no order between the two threads */
    }
}

static VOID NTAPI add_locked(PVOID context)
{
    (void)context;
    KIRQL irql;
    for (int i = 0; i < 3; i++) {
        KeAcquireSpinLock(&spin_a, &irql);
        shared_count++;
        KeReleaseSpinLock(&spin_a, irql);
    }
}

static VOID NTAPI keep_spin_lock(PVOID context)
{
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    KeSetEvent(&go, 0, FALSE);
    while (!KeReadStateEvent(&done))
        KeStallExecutionProcessor(1);
    KeReleaseSpinLock(&spin_a, irql);
    (void)context;
}

#pragma clang section text = "" data = "" bss = ""

static void begin(void)
{
    steps = 0;
    shared_count = 0;
    KeInitializeSpinLock(&spin_a);
    KeInitializeSpinLock(&spin_b);
    rw = 0;
    ExInitializeFastMutex(&fast_a);
    ExInitializeFastMutex(&fast_b);
    KeInitializeGuardedMutex(&guarded);
    KeInitializeMutex(&mutex_a, 0);
    KeInitializeMutex(&mutex_b, 0);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
}

static struct nt_thread *start(PKSTART_ROUTINE routine, ULONG_PTR context) { return ps_create_system_thread(routine, (PVOID)context); }

static void join(struct nt_thread *thread)
{
    ke_wait_for_single_object(thread, Executive, KernelMode, FALSE, NULL);
    ob_dereference(thread);
}

static void wait_for(PKEVENT event) { KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL); }

static bool own(PKMUTEX mutex)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    return KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS;
}

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

/* ---- Regions ---- */

static void regions(void)
{
    assert_false(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    assert_true(KeAreApcsDisabled());
    assert_false(KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    assert_false(KeAreApcsDisabled());
    KeEnterGuardedRegion();
    assert_true(KeAreApcsDisabled());
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    assert_false(KeAreAllApcsDisabled());
}
/* RULE W-LCK-1: Critical regions nest and hold normal APCs only; a guarded region holds all. */
TEST(W_LCK_1_regions_nest) { LIFE(regions); }

static void leave_critical(void) { KeLeaveCriticalRegion(); }
/* RULE V-LCK-7: KeLeaveCriticalRegion without its Enter is bug check 0xC4/0x3E. */
TEST(V_LCK_7_leave_without_enter) { BUGCHECK(leave_critical, 0xC4, 0x3E); }

static void leave_guarded(void) { KeLeaveGuardedRegion(); }
/* RULE V-LCK-8: KeLeaveGuardedRegion without its Enter is bug check 0xC4/0x4000E. */
TEST(V_LCK_8_leave_without_enter) { BUGCHECK(leave_guarded, 0xC4, 0x4000E); }

/* ---- Fast and guarded mutexes ---- */

static void fast_mutex(void)
{
    begin();
    ExAcquireFastMutex(&fast_a);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    assert_false(ExTryToAcquireFastMutex(&fast_a));
    assert_true(ExTryToAcquireFastMutex(&fast_b));
    ExReleaseFastMutex(&fast_b);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&fast_a);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}
/* RULE W-LCK-2: A fast mutex raises to APC_LEVEL and restores the level it found; trying tells whether it was taken. */
TEST(W_LCK_2_fast_mutex_raises_to_apc) { LIFE(fast_mutex); }

static void fast_contention(void)
{
    begin();
    struct nt_thread *t[3];
    for (int i = 0; i < 3; i++)
        t[i] = start(fast_adder, 0);
    for (int i = 0; i < 3; i++)
        join(t[i]);
    ExAcquireFastMutex(&fast_a);
    assert_int_equal(shared_count, 15);
    ExReleaseFastMutex(&fast_a);
}
/* RULE W-LCK-2: A fast mutex excludes: no update under it is lost under any schedule. */
TEST(W_LCK_2_fast_mutex_excludes)
{
    (void)state;
    for (uint64_t seed = 1; seed < 60; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
        unit_life(fast_contention, &chance);
    }
}

static void fast_recursive(void)
{
    begin();
    ExAcquireFastMutex(&fast_a);
    ExAcquireFastMutex(&fast_a);
}
/* RULE V-LCK-16: A mutex that its owner asks for again is a self-deadlock, 0xC4/0x1000. */
TEST(V_LCK_16_fast_mutex_is_not_recursive) { BUGCHECK(fast_recursive, 0xC4, 0x1000); }

static void fast_release_low(void)
{
    begin();
    ExReleaseFastMutex(&fast_a);
}
static void fast_unsafe_acquire(void)
{
    begin();
    ExAcquireFastMutexUnsafe(&fast_a);
}
static void fast_unsafe_release(void)
{
    begin();
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&fast_a);
    KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&fast_a);
}
/* RULE V-LCK-14: ExReleaseFastMutex below APC_LEVEL is bug check 0xC4/0x34; the unsafe calls with APCs enabled are 0xC4/0x39 and 0xC4/0x3A. */
TEST(V_LCK_14_fast_mutex_state)
{
    BUGCHECK(fast_release_low, 0xC4, 0x34);
    BUGCHECK(fast_unsafe_acquire, 0xC4, 0x39);
    BUGCHECK(fast_unsafe_release, 0xC4, 0x3A);
}

static void fast_at_dispatch(void)
{
    begin();
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&fast_a);
}
/* RULE V-IRQ-05: A fast mutex is acquired at APC_LEVEL at most. */
TEST(V_IRQ_05_fast_mutex_at_dispatch) { BUGCHECK(fast_at_dispatch, 0xC4, 0x20005); }

static void fast_release_by_other(void)
{
    begin();
    struct nt_thread *holder = start(hold_fast, 0);
    wait_for(&go);
    join(start(release_fast_of_other, 0));
    join(holder);
}
/* RULE V-LCK-20: A lock is released by the thread that acquired it, else bug check 0xC4/0x1004. */
TEST(V_LCK_20_release_by_another_thread) { BUGCHECK(fast_release_by_other, 0xC4, 0x1004); }

static void guarded_mutex(void)
{
    begin();
    KeAcquireGuardedMutex(&guarded);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeAreAllApcsDisabled());
    assert_false(KeTryToAcquireGuardedMutex(&guarded));
    KeReleaseGuardedMutex(&guarded);
    assert_false(KeAreAllApcsDisabled());
}
/* RULE W-LCK-3: A guarded mutex disables APCs without raising IRQL. */
TEST(W_LCK_3_guarded_mutex) { LIFE(guarded_mutex); }

/* ---- Spin locks ---- */

static void spin_levels(void)
{
    begin();
    KIRQL irql, inner;
    KeAcquireSpinLock(&spin_a, &irql);
    assert_int_equal(irql, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeAcquireSpinLock(&spin_b, &inner);
    assert_int_equal(inner, DISPATCH_LEVEL);
    KeReleaseSpinLock(&spin_a, DISPATCH_LEVEL); /* another order of release: W-LCK-31 */
    KeReleaseSpinLock(&spin_b, irql);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(spin_a | spin_b, 0);
}
/* RULE W-LCK-20: KeAcquireSpinLock raises to DISPATCH_LEVEL and hands out the old level; the word of a free lock is 0. */
/* RULE W-LCK-31: Spin locks may be released in any order when the levels are right. */
TEST(W_LCK_20_31_levels_and_order_of_release) { LIFE(spin_levels); }

static void spin_wrong_level(void)
{
    begin();
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    KeAcquireSpinLock(&spin_a, &irql);
    KeReleaseSpinLock(&spin_a, PASSIVE_LEVEL);
}
/* RULE V-IRQ-15: A spin lock is released to the level that its acquire saved: bug check 0xC4/0x20015. */
TEST(V_IRQ_15_released_to_another_level) { BUGCHECK(spin_wrong_level, 0xC4, 0x20015); }

static void at_dpc_low(void)
{
    begin();
    KeAcquireSpinLockAtDpcLevel(&spin_a);
}
static void from_dpc_low(void)
{
    begin();
    KeReleaseSpinLockFromDpcLevel(&spin_a);
}
static void acquire_high(void)
{
    begin();
    KIRQL irql;
    KeRaiseIrql(5, &irql);
    KeAcquireSpinLock(&spin_a, &irql);
}
static void release_low(void)
{
    begin();
    KeReleaseSpinLock(&spin_a, PASSIVE_LEVEL);
}
/* RULE W-LCK-21: The AtDpcLevel calls leave the IRQL alone and need DISPATCH_LEVEL. */
/* RULE V-LCK-6: The AtDpcLevel calls below DISPATCH_LEVEL are bug checks 0xC4/0x40 and 0xC4/0x41, an acquire above it is 0xC4/0x42, a release elsewhere 0xC4/0x32. */
TEST(V_LCK_6_spin_lock_levels)
{
    BUGCHECK(at_dpc_low, 0xC4, 0x40);
    BUGCHECK(from_dpc_low, 0xC4, 0x41);
    BUGCHECK(acquire_high, 0xC4, 0x42);
    BUGCHECK(release_low, 0xC4, 0x32);
}

static void queued_order(void)
{
    begin();
    struct nt_thread *t[2];
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&spin_a, &handle);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    for (int i = 0; i < 2; i++)
        t[i] = start(queued_waiter, (ULONG_PTR)i + 1);
    for (int i = 0; i < 200; i++) /* points at which the others may come to spin */
        KeStallExecutionProcessor(1);
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    for (int i = 0; i < 2; i++)
        join(t[i]);
    assert_int_equal(steps, 2);
}
/* RULE W-LCK-23: Queued spin locks exclude each other and restore the level that the handle saved. */
TEST(W_LCK_23_queued_spin_locks)
{
    (void)state;
    for (uint64_t seed = 1; seed < 100; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed, .cpus = 3};
        unit_life(queued_order, &chance);
    }
}

static void queued_released_as_ordinary(void)
{
    begin();
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&spin_a, &handle);
    KeReleaseSpinLock(&spin_a, PASSIVE_LEVEL);
}
/* RULE V-LCK-22: A lock acquired through one family of calls and released through another is bug check 0xC4/0x1009. */
/* RULE W-LCK-8: A lock is released by the same family of calls as it was acquired. */
TEST(V_LCK_22_mixed_families) { BUGCHECK(queued_released_as_ordinary, 0xC4, 0x1009); }

static void queued_twice(void)
{
    begin();
    KLOCK_QUEUE_HANDLE one, two;
    KeAcquireInStackQueuedSpinLock(&spin_a, &one);
    KeAcquireInStackQueuedSpinLock(&spin_a, &two);
}
/* RULE V-LCK-3: A queued spin lock that one processor acquires twice is reported. */
TEST(V_LCK_3_queued_twice) { BUGCHECK(queued_twice, 0x0F, ~0ull); }

static void queued_released_twice(void)
{
    begin();
    KLOCK_QUEUE_HANDLE handle;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&spin_a, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}
/* RULE V-LCK-4: A queued spin lock released twice through one handle is bug check 0xC4/0x40007. */
TEST(V_LCK_4_queued_released_twice) { BUGCHECK(queued_released_twice, 0xC4, 0x40007); }

static void readers_and_writers(void)
{
    begin();
    struct nt_thread *t[4] = {start(reader, 0), start(writer, 0), start(reader, 0), start(writer, 0)};
    for (int i = 0; i < 4; i++)
        join(t[i]);
    KIRQL irql = ExAcquireSpinLockShared(&rw);
    assert_int_equal(shared_count, 2);
    assert_true(ExTryConvertSharedSpinLockExclusive(&rw));
    ExReleaseSpinLockExclusive(&rw, irql);
    assert_int_equal(rw, 0);
}
/* RULE W-LCK-24: Readers share a reader-writer spin lock, a writer is alone with it, and the only reader may become the writer. */
TEST(W_LCK_24_reader_writer_spin_lock)
{
    (void)state;
    for (uint64_t seed = 1; seed < 100; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed, .cpus = 3};
        unit_life(readers_and_writers, &chance);
    }
}

static void rw_recursive(void)
{
    begin();
    ExAcquireSpinLockExclusive(&rw);
    ExAcquireSpinLockExclusiveAtDpcLevel(&rw);
}
/* RULE W-LCK-24: The exclusive hold of a reader-writer spin lock is not recursive. */
TEST(W_LCK_24_exclusive_is_not_recursive) { BUGCHECK(rw_recursive, 0x0F, ~0ull); }

static void spin_uninitialised(void)
{
    PKSPIN_LOCK lock = ExAllocatePoolWithTag(NonPagedPool, sizeof *lock, 'tseT');
    RtlFillMemory(lock, sizeof *lock, 0xcd);
    KIRQL irql;
    KeAcquireSpinLock(lock, &irql);
}
/* RULE V-LCK-18: A spin lock that was never initialised is bug check 0xC4/0x1002. */
TEST(V_LCK_18_uninitialised_spin_lock) { BUGCHECK(spin_uninitialised, 0xC4, 0x1002); }

static void spin_initialised_while_held(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    KeInitializeSpinLock(&spin_a);
}
/* RULE V-LCK-21: A held lock that is initialised again is bug check 0xC4/0x1005. */
TEST(V_LCK_21_initialised_while_held) { BUGCHECK(spin_initialised_while_held, 0xC4, 0x1005); }

static void spin_released_by_other(void)
{
    begin();
    start(keep_spin_lock, 0);
    wait_for(&go);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseSpinLock(&spin_a, irql);
}
/* RULE W-LCK-26: A spin lock is released by the processor that acquired it, else bug check 0xC4/0x1004. */
TEST(W_LCK_26_released_by_another) { BUGCHECK(spin_released_by_other, 0xC4, 0x1004); }

static void spin_freed(void)
{
    PKSPIN_LOCK lock = ExAllocatePoolZero(NonPagedPool, sizeof *lock, 'tseT');
    KIRQL irql;
    KeAcquireSpinLock(lock, &irql);
    ExFreePoolWithTag(lock, 'tseT');
}
/* RULE V-LCK-23: Freeing memory with a held lock in it is bug check 0xC4/0x100B; a thread that ends with a lock is 0x100A, with a KMUTEX 0x4000008A. */
/* RULE W-KE-25: A thread may not end owning a KMUTEX. */
static void end_mutex(void)
{
    begin();
    join(start(end_owning_mutex, 0));
}
static void end_spin(void)
{
    begin();
    join(start(end_holding_spin_lock, 0));
}
static void end_region(void)
{
    begin();
    join(start(end_in_critical_region, 0));
}
TEST(V_LCK_23_ends_or_freed_while_held)
{
    BUGCHECK(spin_freed, 0xC4, 0x100B);
    BUGCHECK(end_mutex, 0x4000008A, ~0ull);
}

/* RULE V-LCK-2: A routine that returns with a spin lock held is bug check 0xC4/0x4000A. */
TEST(V_LCK_2_held_at_return) { BUGCHECK(end_spin, 0xC4, 0x4000A); }

/* RULE W-IRQL-7: A routine must return with the APC disable count it was called with. */
TEST(W_IRQL_7_region_left_open) { BUGCHECK(end_region, 0xC4, 0xC5); }

/* ---- What a holder may not do ---- */

static void paged_under_lock(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    ExAllocatePoolWithTag(PagedPool, 8, 'tseT');
}
static void fast_mutex_under_lock(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    ExAcquireFastMutex(&fast_a);
}
static void wait_under_lock(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    wait_for(&go);
}
static void order_under_lock(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    KeAcquireSpinLockAtDpcLevel(&spin_b);
    KeReleaseSpinLockFromDpcLevel(&spin_b);
    KeReleaseSpinLock(&spin_a, irql);
    KeAcquireSpinLock(&spin_b, &irql);
    KeAcquireSpinLockAtDpcLevel(&spin_a);
}
static void long_hold(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    for (int i = 0; i < 2000; i++)
        KeStallExecutionProcessor(100000);
}
/* RULE W-LCK-25: A holder of a spin lock does not wait, use paged pool or mutexes, take locks against the order, or hold it for long. */
TEST(W_LCK_25_while_holding)
{
    BUGCHECK(wait_under_lock, 0xC4, 0x121);
    BUGCHECK(paged_under_lock, 0xC4, 0x01);
    BUGCHECK(fast_mutex_under_lock, 0xC4, 0x20005);
    BUGCHECK(order_under_lock, 0xC4, 0x1001);
    BUGCHECK(long_hold, 0x133, 1);
}

/* ---- Interlocked ---- */

static void interlocked(void)
{
    begin();
    number = 5;
    assert_int_equal(InterlockedIncrement(&number), 6);
    assert_int_equal(InterlockedDecrement(&number), 5);
    assert_int_equal(InterlockedExchange(&number, 7), 5);
    assert_int_equal(InterlockedExchangeAdd(&number, 3), 7);
    assert_int_equal(InterlockedCompareExchange(&number, 1, 99), 10);
    assert_int_equal(number, 10);
    assert_int_equal(InterlockedCompareExchange(&number, 12, 10), 10);
    assert_int_equal(InterlockedAnd(&number, 4), 12);
    assert_int_equal(InterlockedOr(&number, 3), 4);
    assert_int_equal(InterlockedXor(&number, 1), 7);
    assert_int_equal(number, 6);
    wide = 0x100000000ll;
    assert_true(InterlockedIncrement64(&wide) == 0x100000001ll && InterlockedExchangeAdd64(&wide, -1) == 0x100000001ll);
    assert_true(InterlockedCompareExchange64(&wide, 2, 0x100000000ll) == 0x100000000ll && wide == 2);
    pointer = &spin_a;
    assert_true(InterlockedExchangePointer(&pointer, &spin_b) == &spin_a);
    assert_true(InterlockedCompareExchangePointer(&pointer, NULL, &spin_b) == &spin_b && pointer == NULL);
    assert_int_equal(InterlockedIncrementNoFence(&number), 7);
    assert_int_equal(InterlockedDecrementAcquire(&number), 6);
    assert_int_equal(InterlockedCompareExchangeRelease(&number, 0, 6), 6);
}
static void interlocked_by_two(void)
{
    begin();
    InterlockedExchange(&number, 0);
    struct nt_thread *t[2] = {start(add_interlocked, 0), start(add_interlocked, 0)};
    join(t[0]);
    join(t[1]);
    assert_int_equal(InterlockedExchangeAdd(&number, 0), 40);
}
/* RULE W-LCK-40: InterlockedIncrement and -Decrement return the new value, the others the old one; none is lost; the fence variants do the same. */
TEST(W_LCK_40_interlocked)
{
    LIFE(interlocked);
    for (uint64_t seed = 1; seed < 30; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
        unit_life(interlocked_by_two, &chance);
    }
}

static void by_two(PKSTART_ROUTINE routine)
{
    begin();
    struct nt_thread *t[2] = {start(routine, 0), start(routine, 0)};
    join(t[0]);
    join(t[1]);
}
static void race(void) { by_two(add_plainly); }
static void no_race(void) { by_two(add_locked); }
/* RULE W-LCK-42: Two threads that use a word, one of them writing, with nothing that orders them, are a data race, in builds that see accesses. */
/* RULE V-LCK-32: A data race between two threads is reported; one lock around all uses is enough to prevent it. */
TEST(W_LCK_42_data_race)
{
    LIFE(no_race);
#if defined(IRPFUZZ_TSAN)
    BUGCHECK(race, OWN_DATA_RACE, ~0ull);
#else
    LIFE(race);
#endif
}

/* ---- Order ---- */

static void mutex_cycle(void)
{
    begin();
    own(&mutex_a);
    wait_for((PKEVENT)&mutex_b);
    KeReleaseMutex(&mutex_b, FALSE);
    KeReleaseMutex(&mutex_a, FALSE);
    own(&mutex_b);
    wait_for((PKEVENT)&mutex_a);
}
static void fast_cycle(void)
{
    begin();
    ExAcquireFastMutex(&fast_a);
    ExAcquireFastMutex(&fast_b);
    ExReleaseFastMutex(&fast_b);
    ExReleaseFastMutex(&fast_a);
    ExAcquireFastMutex(&fast_b);
    ExAcquireFastMutex(&fast_a);
}
static void try_makes_no_edge(void)
{
    begin();
    ExAcquireFastMutex(&fast_a);
    assert_true(ExTryToAcquireFastMutex(&fast_b));
    ExReleaseFastMutex(&fast_b);
    ExReleaseFastMutex(&fast_a);
    ExAcquireFastMutex(&fast_b);
    ExAcquireFastMutex(&fast_a);
    ExReleaseFastMutex(&fast_a);
    ExReleaseFastMutex(&fast_b);
}
static void node_dies(void)
{
    begin();
    KIRQL irql;
    KeAcquireSpinLock(&spin_a, &irql);
    KeAcquireSpinLockAtDpcLevel(&spin_b);
    KeReleaseSpinLockFromDpcLevel(&spin_b);
    KeReleaseSpinLock(&spin_a, irql);
    KeInitializeSpinLock(&spin_a);
    KeAcquireSpinLock(&spin_b, &irql);
    KeAcquireSpinLockAtDpcLevel(&spin_a);
    KeReleaseSpinLockFromDpcLevel(&spin_a);
    KeReleaseSpinLock(&spin_b, irql);
}
/* RULE W-LCK-30: Opposite orders are reported for mutexes too (0xC4/0x1001); a try that succeeds adds no order before its lock. */
TEST(W_LCK_30_order_of_mutexes)
{
    BUGCHECK(mutex_cycle, 0xC4, 0x1001);
    BUGCHECK(fast_cycle, 0xC4, 0x1001);
    LIFE(try_makes_no_edge);
}

/* RULE W-LCK-31: A lock that is initialised again begins a new life in the order of locks. */
TEST(W_LCK_31_nodes_die) { LIFE(node_dies); }

static void mutex_release_order(void)
{
    begin();
    own(&mutex_a);
    own(&mutex_b);
    KeReleaseMutex(&mutex_a, FALSE);
}
/* RULE V-LCK-19: A mutex released before one acquired later is bug check 0xC4/0x1003. */
TEST(V_LCK_19_order_of_release) { BUGCHECK(mutex_release_order, 0xC4, 0x1003); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_LCK_1_regions_nest), cmocka_unit_test(V_LCK_7_leave_without_enter), cmocka_unit_test(V_LCK_8_leave_without_enter),
        cmocka_unit_test(W_LCK_2_fast_mutex_raises_to_apc), cmocka_unit_test(W_LCK_2_fast_mutex_excludes),
        cmocka_unit_test(V_LCK_16_fast_mutex_is_not_recursive), cmocka_unit_test(V_LCK_14_fast_mutex_state),
        cmocka_unit_test(V_IRQ_05_fast_mutex_at_dispatch), cmocka_unit_test(V_LCK_20_release_by_another_thread),
        cmocka_unit_test(W_LCK_3_guarded_mutex),
        cmocka_unit_test(W_LCK_20_31_levels_and_order_of_release), cmocka_unit_test(V_IRQ_15_released_to_another_level),
        cmocka_unit_test(V_LCK_6_spin_lock_levels), cmocka_unit_test(W_LCK_23_queued_spin_locks), cmocka_unit_test(V_LCK_22_mixed_families),
        cmocka_unit_test(V_LCK_3_queued_twice), cmocka_unit_test(V_LCK_4_queued_released_twice), cmocka_unit_test(W_LCK_24_reader_writer_spin_lock),
        cmocka_unit_test(W_LCK_24_exclusive_is_not_recursive), cmocka_unit_test(V_LCK_18_uninitialised_spin_lock),
        cmocka_unit_test(V_LCK_21_initialised_while_held), cmocka_unit_test(W_LCK_26_released_by_another),
        cmocka_unit_test(V_LCK_23_ends_or_freed_while_held), cmocka_unit_test(V_LCK_2_held_at_return), cmocka_unit_test(W_IRQL_7_region_left_open),
        cmocka_unit_test(W_LCK_25_while_holding), cmocka_unit_test(W_LCK_40_interlocked), cmocka_unit_test(W_LCK_42_data_race),
        cmocka_unit_test(W_LCK_30_order_of_mutexes), cmocka_unit_test(W_LCK_31_nodes_die), cmocka_unit_test(V_LCK_19_order_of_release),
    };
    return cmocka_run_group_tests(tests);
}
