/*
 * Locks that live in the app's own memory: critical sections, slim reader/writer locks, condition variables.
 *
 * Internal design. State changes are plain writes, since the gate lets nobody else run; who has to wait queues on the lock's address and is
 * woken by whoever changes the state, then looks again. The lock's memory is the app's: only its state is kept there, so a lock that
 * is copied, moved or freed behaves as on Windows.
 */
#include "win32.h"

typedef struct win32_critical_section {
    void *DebugInfo;
    LONG LockCount, RecursionCount; /* LockCount -1: free */
    HANDLE OwningThread, LockSemaphore;
    ULONG_PTR SpinCount;
} CRITICAL_SECTION;
C_ASSERT(sizeof(CRITICAL_SECTION) == 40);

/* 0 free, odd: exclusive, else 2 * number of readers. */
typedef struct win32_srwlock {
    ULONG_PTR state;
} SRWLOCK;

/* ---- Waiting on an address ---- */

struct keyed {
    struct keyed *next;
    const volatile void *key;
    KEVENT woken;
    bool chosen;
};
static struct keyed *waiters, **last_waiter;

void lock_begin(void)
{
    waiters = NULL;
    last_waiter = &waiters;
}

static void keyed_remove(struct keyed *keyed)
{
    for (struct keyed **at = &waiters; *at; at = &(*at)->next)
        if (*at == keyed) {
            *at = keyed->next;
            if (last_waiter == &keyed->next)
                last_waiter = at;
            return;
        }
}

/* FIFO per key. */
static void keyed_wake(const volatile void *key, unsigned count)
{
    hb_release(key);
    for (struct keyed *next, *k = waiters; k && count; k = next) {
        next = k->next;
        if (k->key != key)
            continue;
        keyed_remove(k);
        k->chosen = true;
        ke_set_event(&k->woken, 0, FALSE);
        count--;
    }
}

/* False on time-out. The caller released what guards the key; nobody can slip in between, since it has not left the gate. */
static bool keyed_wait(const volatile void *key, DWORD milliseconds)
{
    struct keyed *self = ex_system_alloc(sizeof *self);
    *self = (struct keyed){.key = key};
    ke_initialize_event(&self->woken, NotificationEvent, FALSE);
    *last_waiter = self;
    last_waiter = &self->next;
    LARGE_INTEGER storage;
    NTSTATUS status = user_wait_step(&self->woken, false, user_timeout(milliseconds, &storage));
    bool chosen = self->chosen;
    if (!chosen)
        keyed_remove(self);
    ex_system_free(self);
    if (status == STATUS_THREAD_IS_TERMINATING) {
        if (chosen)
            keyed_wake(key, 1); /* the turn it was given goes to the next */
        thread_end(ke_current_thread()->exit_status);
    }
    hb_acquire(key);
    return chosen;
}

/* ---- Critical sections ---- */

static HANDLE self_handle(void) { return (HANDLE)(ULONG_PTR)thread_id(ke_current_thread()); }

static void cs_init(CRITICAL_SECTION *cs, DWORD spin)
{
    *cs = (CRITICAL_SECTION){.LockCount = -1, .SpinCount = spin};
    msan_define(cs, sizeof *cs);
}

static bool cs_try(CRITICAL_SECTION *cs)
{
    if (cs->RecursionCount && cs->OwningThread != self_handle())
        return false;
    cs->OwningThread = self_handle();
    cs->RecursionCount++;
    cs->LockCount++;
    hb_acquire(cs);
    return true;
}

static void cs_enter(CRITICAL_SECTION *cs)
{
    while (!cs_try(cs))
        keyed_wait(cs, INFINITE);
}

static void cs_leave(CRITICAL_SECTION *cs)
{
    if (!cs->RecursionCount || cs->OwningThread != self_handle())
        app_error("W-U-15", "LeaveCriticalSection by thread %llu, which does not own it (owner %llu): the section is corrupt from now on",
                  (ULONG_PTR)self_handle(), cs->RecursionCount ? (ULONG_PTR)cs->OwningThread : 0);
    cs->LockCount--;
    if (--cs->RecursionCount)
        return;
    cs->OwningThread = NULL;
    keyed_wake(cs, 1);
}

void InitializeCriticalSection(CRITICAL_SECTION *cs)
{
    user_enter(DDI_InitializeCriticalSection, trace_object(cs), 0);
    cs_init(cs, 0);
    user_leave(0);
}

BOOL InitializeCriticalSectionAndSpinCount(CRITICAL_SECTION *cs, DWORD spin)
{
    user_enter(DDI_InitializeCriticalSectionAndSpinCount, trace_object(cs), spin);
    cs_init(cs, spin);
    user_leave(TRUE);
    return TRUE;
}

BOOL InitializeCriticalSectionEx(CRITICAL_SECTION *cs, DWORD spin, DWORD flags)
{
    (void)flags;
    user_enter(DDI_InitializeCriticalSectionEx, trace_object(cs), spin);
    cs_init(cs, spin);
    user_leave(TRUE);
    return TRUE;
}

void DeleteCriticalSection(CRITICAL_SECTION *cs)
{
    user_enter(DDI_DeleteCriticalSection, trace_object(cs), 0);
    cs_init(cs, 0);
    user_leave(0);
}

void EnterCriticalSection(CRITICAL_SECTION *cs)
{
    user_enter(DDI_EnterCriticalSection, trace_object(cs), 0);
    cs_enter(cs);
    user_leave(0);
}

BOOL TryEnterCriticalSection(CRITICAL_SECTION *cs)
{
    user_enter(DDI_TryEnterCriticalSection, trace_object(cs), 0);
    BOOL entered = cs_try(cs);
    user_leave((uint64_t)entered);
    return entered;
}

void LeaveCriticalSection(CRITICAL_SECTION *cs)
{
    user_enter(DDI_LeaveCriticalSection, trace_object(cs), 0);
    cs_leave(cs);
    user_leave(0);
}

/* ---- Slim reader/writer locks ---- */

static bool srw_try(SRWLOCK *lock, bool shared)
{
    if (shared ? lock->state & 1 : lock->state)
        return false;
    lock->state = shared ? lock->state + 2 : 1;
    hb_acquire(lock);
    return true;
}

static void srw_acquire(SRWLOCK *lock, bool shared)
{
    while (!srw_try(lock, shared))
        keyed_wait(lock, INFINITE);
}

static void srw_release(SRWLOCK *lock, bool shared)
{
    if (shared ? lock->state & 1 || !lock->state : lock->state != 1)
        app_error("W-U-15", "a slim lock is released (%llu = shared) that is not held that way: state %llu", shared, lock->state);
    hb_release(lock);
    lock->state = shared ? lock->state - 2 : 0;
    if (!lock->state)
        keyed_wake(lock, ~0u);
}

void InitializeSRWLock(SRWLOCK *lock)
{
    user_enter(DDI_InitializeSRWLock, trace_object(lock), 0);
    lock->state = 0;
    msan_define(lock, sizeof *lock);
    user_leave(0);
}

void AcquireSRWLockExclusive(SRWLOCK *lock)
{
    user_enter(DDI_AcquireSRWLockExclusive, trace_object(lock), 0);
    srw_acquire(lock, false);
    user_leave(0);
}

void AcquireSRWLockShared(SRWLOCK *lock)
{
    user_enter(DDI_AcquireSRWLockShared, trace_object(lock), 0);
    srw_acquire(lock, true);
    user_leave(0);
}

UCHAR TryAcquireSRWLockExclusive(SRWLOCK *lock)
{
    user_enter(DDI_TryAcquireSRWLockExclusive, trace_object(lock), 0);
    UCHAR acquired = srw_try(lock, false);
    user_leave(acquired);
    return acquired;
}

UCHAR TryAcquireSRWLockShared(SRWLOCK *lock)
{
    user_enter(DDI_TryAcquireSRWLockShared, trace_object(lock), 0);
    UCHAR acquired = srw_try(lock, true);
    user_leave(acquired);
    return acquired;
}

void ReleaseSRWLockExclusive(SRWLOCK *lock)
{
    user_enter(DDI_ReleaseSRWLockExclusive, trace_object(lock), 0);
    srw_release(lock, false);
    user_leave(0);
}

void ReleaseSRWLockShared(SRWLOCK *lock)
{
    user_enter(DDI_ReleaseSRWLockShared, trace_object(lock), 0);
    srw_release(lock, true);
    user_leave(0);
}

/* ---- Condition variables: nothing is kept in them, their address is the key ---- */

typedef struct win32_condition_variable {
    void *unused;
} CONDITION_VARIABLE;

void InitializeConditionVariable(CONDITION_VARIABLE *variable)
{
    user_enter(DDI_InitializeConditionVariable, trace_object(variable), 0);
    variable->unused = NULL;
    msan_define(variable, sizeof *variable);
    user_leave(0);
}

/* Releasing and queueing are one step: nobody runs between them. */
BOOL SleepConditionVariableCS(CONDITION_VARIABLE *variable, CRITICAL_SECTION *cs, DWORD milliseconds)
{
    user_enter(DDI_SleepConditionVariableCS, trace_object(variable), milliseconds);
    cs_leave(cs);
    bool woken = keyed_wait(variable, milliseconds);
    cs_enter(cs);
    BOOL result = woken ? TRUE : error_fail(1460);
    user_leave((uint64_t)result);
    return result;
}

BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *variable, SRWLOCK *lock, DWORD milliseconds, ULONG flags)
{
    user_enter(DDI_SleepConditionVariableSRW, trace_object(variable), milliseconds);
    srw_release(lock, flags & 1);
    bool woken = keyed_wait(variable, milliseconds);
    srw_acquire(lock, flags & 1);
    BOOL result = woken ? TRUE : error_fail(1460);
    user_leave((uint64_t)result);
    return result;
}

void WakeConditionVariable(CONDITION_VARIABLE *variable)
{
    user_enter(DDI_WakeConditionVariable, trace_object(variable), 0);
    keyed_wake(variable, 1);
    user_leave(0);
}

void WakeAllConditionVariable(CONDITION_VARIABLE *variable)
{
    user_enter(DDI_WakeAllConditionVariable, trace_object(variable), 0);
    keyed_wake(variable, ~0u);
    user_leave(0);
}
