/* Mutexes and semaphores (W-KE-23..25). A KMUTEX's ApcDisable byte says that owning it disables normal kernel APCs (kernel mutexes do, user
 * mode mutants do not). */
#include "ke.h"

void ke_initialize_mutant(PKMUTANT mutant, bool kernel)
{
    RtlZeroMemory(mutant, sizeof *mutant);
    ke_dispatcher_init(&mutant->Header, TYPE_MUTANT, 1);
    mutant->ApcDisable = kernel;
}

/* Previous signal state (0: it became free), or a status in *status if the caller may not release it. */
LONG ke_release_mutant(PKMUTANT mutant, NTSTATUS *status)
{
    DISPATCHER_HEADER *header = ke_dispatcher(mutant, "KeReleaseMutex");
    struct nt_thread *thread = ke_current_thread();
    *status = STATUS_SUCCESS;
    if (mutant->OwnerThread != (void *)thread) {
        *status = STATUS_MUTANT_NOT_OWNED;
        return 0;
    }
    LONG old = header->SignalState;
    if (++header->SignalState != 1)
        return old;
    mutant->OwnerThread = NULL;
    if (mutant->ApcDisable) {
        mutex_order_released(mutant, "KeReleaseMutex");
        thread->ctx->apc_disable--;
    }
    ke_signal(header);
    return old;
}

void ke_initialize_semaphore(PKSEMAPHORE semaphore, LONG count, LONG limit)
{
    RtlZeroMemory(semaphore, sizeof *semaphore);
    ke_dispatcher_init(&semaphore->Header, TYPE_SEMAPHORE, count);
    semaphore->Limit = limit;
}

LONG ke_release_semaphore(PKSEMAPHORE semaphore, LONG adjustment, NTSTATUS *status)
{
    DISPATCHER_HEADER *header = ke_dispatcher(semaphore, "KeReleaseSemaphore");
    LONG old = header->SignalState;
    *status = adjustment <= 0 || (LONG64)old + adjustment > semaphore->Limit ? STATUS_SEMAPHORE_LIMIT_EXCEEDED : STATUS_SUCCESS;
    if (*status)
        return old;
    header->SignalState = old + adjustment;
    ke_signal(header);
    return old;
}

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    gate_enter(DDI_KeInitializeMutex, trace_object(Mutex), Level);
    memory_check(Mutex, sizeof *Mutex, "KeInitializeMutex");
    ke_check_initialise(Mutex, "KeInitializeMutex");
    lock_order_forget(Mutex, sizeof *Mutex);
    ke_initialize_mutant(Mutex, true);
    gate_leave(0);
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    gate_enter(DDI_KeReleaseMutex, trace_object(Mutex), 0);
    NTSTATUS status;
    LONG old = ke_release_mutant(Mutex, &status);
    if (status && seh_guarded())
        seh_raise((ULONG)status);
    if (status)
        bugcheck(0x1E, (ULONG)status, 0, 0, 0, "V-LCK-24", "KeReleaseMutex by a thread that does not own the mutex raises STATUS_MUTANT_NOT_OWNED");
    ke_wait_pair(Wait, "KeReleaseMutex");
    gate_leave((ULONG)old);
    return old;
}

LONG KeReadStateMutex(PRKMUTEX Mutex)
{
    gate_enter(DDI_KeReadStateMutex, trace_object(Mutex), 0);
    LONG state = ke_dispatcher(Mutex, "KeReadStateMutex")->SignalState;
    gate_leave((ULONG)state);
    return state;
}

VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    gate_enter(DDI_KeInitializeSemaphore, trace_object(Semaphore), (ULONG)Count);
    memory_check(Semaphore, sizeof *Semaphore, "KeInitializeSemaphore");
    ke_check_initialise(Semaphore, "KeInitializeSemaphore");
    if (Count < 0 || Limit <= 0 || Count > Limit)
        bugcheck(OWN_RULE, (ULONG)Count, (ULONG)Limit, 0, 0, "W-KE-23", "a semaphore is initialised with count %d and limit %d", Count, Limit);
    ke_initialize_semaphore(Semaphore, Count, Limit);
    gate_leave(0);
}

LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    (void)Increment;
    gate_enter(DDI_KeReleaseSemaphore, trace_object(Semaphore), (ULONG)Adjustment);
    NTSTATUS status;
    LONG old = ke_release_semaphore(Semaphore, Adjustment, &status);
    if (status && seh_guarded())
        seh_raise((ULONG)status);
    if (status)
        bugcheck(0x1E, (ULONG)status, (ULONG)old, (ULONG)Adjustment, 0, "V-LCK-25",
                 "KeReleaseSemaphore beyond the limit raises STATUS_SEMAPHORE_LIMIT_EXCEEDED");
    ke_wait_pair(Wait, "KeReleaseSemaphore");
    gate_leave((ULONG)old);
    return old;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    gate_enter(DDI_KeReadStateSemaphore, trace_object(Semaphore), 0);
    LONG state = ke_dispatcher(Semaphore, "KeReadStateSemaphore")->SignalState;
    gate_leave((ULONG)state);
    return state;
}
