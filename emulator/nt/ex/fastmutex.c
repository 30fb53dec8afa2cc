/*
 * Fast mutexes and guarded mutexes (W-LCK-2, W-LCK-3). One implementation: Count is 1 when free, Owner the owning thread, and contenders wait for the
 * embedded event. A guarded mutex disables APCs by the guarded region, a fast mutex by IRQL.
 */
#include "../ke/ke.h"

static void *owner_of(const FAST_MUTEX *mutex) { return mutex->Owner; }

void ex_initialize_fast_mutex(PFAST_MUTEX mutex)
{
    lock_order_forget(mutex, sizeof *mutex);
    RtlZeroMemory(mutex, sizeof *mutex);
    mutex->Count = 1;
    ke_initialize_event(&mutex->Event, SynchronizationEvent, FALSE);
}

static void check(PFAST_MUTEX mutex, const char *ddi)
{
    memory_check(mutex, sizeof *mutex, ddi);
    if (mutex->Event.Header.DebugActive != DISPATCHER_MAGIC)
        bugcheck(0xC4, 0x1002, 0, 0, 0, "V-LCK-18", "%s was given a mutex that was never initialised", ddi);
}

static void take(PFAST_MUTEX mutex, bool tried)
{
    struct nt_thread *self = ke_current_thread();
    PVOID event = &mutex->Event;
    if (owner_of(mutex) == (void *)self && mutex->Count <= 0)
        bugcheck(0xC4, 0x1000, 0, 0, 0, "V-LCK-16", "a fast or guarded mutex is acquired by its owner: it waits for itself");
    if (!tried)
        mutex_order_intend(mutex);
    while (mutex->Count <= 0) {
        mutex->Contention++; /* waiters now */
        ke_wait_for_single_object(event, Executive, KernelMode, FALSE, NULL);
        mutex->Contention--;
    }
    mutex->Count = 0;
    mutex->Owner = (PKTHREAD)self;
    mutex_order_acquired(current_ctx, mutex);
    hb_acquire(mutex);
}

static void give(PFAST_MUTEX mutex, const char *ddi)
{
    check(mutex, ddi);
    if (mutex->Count > 0)
        bugcheck(0xC4, 0x1007, 0, 0, 0, "V-LCK-5", "%s: the mutex is not owned", ddi);
    if (owner_of(mutex) != (void *)ke_current_thread())
        bugcheck(0xC4, 0x1004, 0, 0, 0, "V-LCK-20", "%s: the mutex is owned by another thread", ddi);
    mutex_order_released(mutex, ddi);
    mutex->Owner = NULL;
    mutex->Count = 1;
    hb_release(mutex);
    if (mutex->Contention)
        ke_set_event(&mutex->Event, 0, FALSE);
}

static void acquire_safe(PFAST_MUTEX mutex, bool tried)
{
    KIRQL old = irql_raise(IRQL_APC);
    take(mutex, tried);
    mutex->OldIrql = old;
}

static void require_apcs_disabled(uint32_t code, const char *ddi)
{
    if (current_ctx->irql < IRQL_APC && !ke_apcs_disabled())
        bugcheck(0xC4, code, 0, 0, 0, "V-LCK-14", "%s with APCs enabled: an APC could deadlock with it", ddi);
    if (current_ctx->irql > IRQL_APC)
        bugcheck(0xC4, code, current_ctx->irql, 0, 0, "V-LCK-14", "%s at IRQL %u", ddi, current_ctx->irql);
}

VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExInitializeFastMutex, trace_object(FastMutex), 0);
    memory_check(FastMutex, sizeof *FastMutex, "ExInitializeFastMutex");
    ke_check_nonpaged(FastMutex, "a fast mutex");
    ex_initialize_fast_mutex(FastMutex);
    gate_leave(0);
}

VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExAcquireFastMutex, trace_object(FastMutex), 0);
    check(FastMutex, "ExAcquireFastMutex");
    acquire_safe(FastMutex, false);
    gate_leave(0);
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExTryToAcquireFastMutex, trace_object(FastMutex), 0);
    check(FastMutex, "ExTryToAcquireFastMutex");
    BOOLEAN is_free = FastMutex->Count > 0;
    if (is_free)
        acquire_safe(FastMutex, true);
    gate_leave(is_free);
    return is_free;
}

VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExReleaseFastMutex, trace_object(FastMutex), 0);
    if (current_ctx->irql != IRQL_APC)
        bugcheck(0xC4, 0x34, current_ctx->irql, 0, 0, "V-LCK-14", "ExReleaseFastMutex at IRQL %u: APC_LEVEL is required", current_ctx->irql);
    KIRQL old = (KIRQL)FastMutex->OldIrql;
    give(FastMutex, "ExReleaseFastMutex");
    irql_lower(old);
    gate_leave(0);
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExAcquireFastMutexUnsafe, trace_object(FastMutex), 0);
    require_apcs_disabled(0x39, "ExAcquireFastMutexUnsafe");
    check(FastMutex, "ExAcquireFastMutexUnsafe");
    take(FastMutex, false);
    gate_leave(0);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExReleaseFastMutexUnsafe, trace_object(FastMutex), 0);
    require_apcs_disabled(0x3A, "ExReleaseFastMutexUnsafe");
    give(FastMutex, "ExReleaseFastMutexUnsafe");
    gate_leave(0);
}

VOID ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExEnterCriticalRegionAndAcquireFastMutexUnsafe, trace_object(FastMutex), 0);
    check(FastMutex, "ExEnterCriticalRegionAndAcquireFastMutexUnsafe");
    ke_enter_critical_region();
    take(FastMutex, false);
    gate_leave(0);
}

VOID ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX FastMutex)
{
    gate_enter(DDI_ExReleaseFastMutexUnsafeAndLeaveCriticalRegion, trace_object(FastMutex), 0);
    give(FastMutex, "ExReleaseFastMutexUnsafeAndLeaveCriticalRegion");
    ke_leave_critical_region();
    gate_leave(0);
}

/* ---- KGUARDED_MUTEX: the same memory, seen as a fast mutex (as Windows has done since version 8) ---- */

_Static_assert(sizeof(KGUARDED_MUTEX) >= sizeof(FAST_MUTEX), "a guarded mutex holds a fast mutex");

static PFAST_MUTEX inside(PKGUARDED_MUTEX mutex) { return (PFAST_MUTEX)(void *)mutex; }

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeInitializeGuardedMutex, trace_object(Mutex), 0);
    memory_check(Mutex, sizeof *Mutex, "KeInitializeGuardedMutex");
    ke_check_nonpaged(Mutex, "a guarded mutex");
    ex_initialize_fast_mutex(inside(Mutex));
    gate_leave(0);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeAcquireGuardedMutex, trace_object(Mutex), 0);
    check(inside(Mutex), "KeAcquireGuardedMutex");
    ke_enter_guarded_region();
    take(inside(Mutex), false);
    gate_leave(0);
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeTryToAcquireGuardedMutex, trace_object(Mutex), 0);
    check(inside(Mutex), "KeTryToAcquireGuardedMutex");
    BOOLEAN is_free = inside(Mutex)->Count > 0;
    if (is_free) {
        ke_enter_guarded_region();
        take(inside(Mutex), true);
    }
    gate_leave(is_free);
    return is_free;
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeReleaseGuardedMutex, trace_object(Mutex), 0);
    give(inside(Mutex), "KeReleaseGuardedMutex");
    ke_leave_guarded_region();
    gate_leave(0);
}

VOID KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeAcquireGuardedMutexUnsafe, trace_object(Mutex), 0);
    require_apcs_disabled(0x39, "KeAcquireGuardedMutexUnsafe");
    check(inside(Mutex), "KeAcquireGuardedMutexUnsafe");
    take(inside(Mutex), false);
    gate_leave(0);
}

VOID KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    gate_enter(DDI_KeReleaseGuardedMutexUnsafe, trace_object(Mutex), 0);
    require_apcs_disabled(0x3A, "KeReleaseGuardedMutexUnsafe");
    give(inside(Mutex), "KeReleaseGuardedMutexUnsafe");
    gate_leave(0);
}
