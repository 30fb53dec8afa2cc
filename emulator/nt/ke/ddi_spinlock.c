/* The gate around spin locks: see spinlock.c for what they do and which misuse they report. */
#include "ke.h"

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeInitializeSpinLock, trace_object(SpinLock), 0);
    memory_check(SpinLock, sizeof *SpinLock, "KeInitializeSpinLock");
    ke_initialize_spin_lock(SpinLock);
    gate_leave(0);
}

VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    gate_enter(DDI_KeAcquireSpinLock, trace_object(SpinLock), 0);
    *OldIrql = ke_acquire_spin_lock_raise_to_dpc(SpinLock);
    gate_leave(0);
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeAcquireSpinLockRaiseToDpc, trace_object(SpinLock), 0);
    KIRQL old = ke_acquire_spin_lock_raise_to_dpc(SpinLock);
    gate_leave(old);
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    gate_enter(DDI_KeReleaseSpinLock, trace_object(SpinLock), NewIrql);
    ke_release_spin_lock(SpinLock, NewIrql);
    gate_leave(0);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeAcquireSpinLockAtDpcLevel, trace_object(SpinLock), 0);
    ke_acquire_spin_lock_at_dpc_level(SpinLock);
    gate_leave(0);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeReleaseSpinLockFromDpcLevel, trace_object(SpinLock), 0);
    ke_release_spin_lock_from_dpc_level(SpinLock);
    gate_leave(0);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeTryToAcquireSpinLockAtDpcLevel, trace_object(SpinLock), 0);
    BOOLEAN taken = ke_try_acquire_spin_lock_at_dpc_level(SpinLock);
    gate_leave(taken);
    return taken;
}

/* A threaded DPC may run at PASSIVE_LEVEL or at DISPATCH_LEVEL: these raise when needed and say what to restore (W-DPC-4). */
KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeAcquireSpinLockForDpc, trace_object(SpinLock), 0);
    KIRQL old = ke_acquire_spin_lock_raise_to_dpc(SpinLock);
    gate_leave(old);
    return old;
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    gate_enter(DDI_KeReleaseSpinLockForDpc, trace_object(SpinLock), OldIrql);
    ke_release_spin_lock(SpinLock, OldIrql);
    gate_leave(0);
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeTestSpinLock, trace_object(SpinLock), 0);
    BOOLEAN is_free = *SpinLock == 0;
    gate_leave(is_free);
    return is_free;
}

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeAcquireInStackQueuedSpinLock, trace_object(SpinLock), 0);
    ke_acquire_in_stack_queued_spin_lock(SpinLock, LockHandle);
    gate_leave(0);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeReleaseInStackQueuedSpinLock, trace_object(LockHandle->LockQueue.Lock), 0);
    ke_release_in_stack_queued_spin_lock(LockHandle);
    gate_leave(0);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeAcquireInStackQueuedSpinLockAtDpcLevel, trace_object(SpinLock), 0);
    ke_acquire_in_stack_queued_spin_lock_at_dpc_level(SpinLock, LockHandle);
    gate_leave(0);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeReleaseInStackQueuedSpinLockFromDpcLevel, trace_object(LockHandle->LockQueue.Lock), 0);
    ke_release_in_stack_queued_spin_lock_from_dpc_level(LockHandle);
    gate_leave(0);
}

VOID KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeAcquireInStackQueuedSpinLockForDpc, trace_object(SpinLock), 0);
    ke_acquire_in_stack_queued_spin_lock(SpinLock, LockHandle);
    gate_leave(0);
}

VOID KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    gate_enter(DDI_KeReleaseInStackQueuedSpinLockForDpc, trace_object(LockHandle->LockQueue.Lock), 0);
    ke_release_in_stack_queued_spin_lock(LockHandle);
    gate_leave(0);
}

static KIRQL acquire_rw(uint16_t ddi, PEX_SPIN_LOCK lock, bool shared)
{
    gate_enter(ddi, trace_object((const void *)lock), 0);
    KIRQL old = ex_acquire_spin_lock(lock, shared);
    gate_leave(old);
    return old;
}

static void release_rw(uint16_t ddi, PEX_SPIN_LOCK lock, bool shared, KIRQL old)
{
    gate_enter(ddi, trace_object((const void *)lock), old);
    ex_release_spin_lock(lock, shared, old);
    gate_leave(0);
}

static void acquire_rw_at_dpc(uint16_t ddi, PEX_SPIN_LOCK lock, bool shared)
{
    gate_enter(ddi, trace_object((const void *)lock), 0);
    ex_acquire_spin_lock_at_dpc_level(lock, shared);
    gate_leave(0);
}

static void release_rw_from_dpc(uint16_t ddi, PEX_SPIN_LOCK lock, bool shared)
{
    gate_enter(ddi, trace_object((const void *)lock), 0);
    ex_release_spin_lock_from_dpc_level(lock, shared);
    gate_leave(0);
}

KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) { return acquire_rw(DDI_ExAcquireSpinLockExclusive, SpinLock, false); }
KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) { return acquire_rw(DDI_ExAcquireSpinLockShared, SpinLock, true); }
VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) { release_rw(DDI_ExReleaseSpinLockExclusive, SpinLock, false, OldIrql); }
VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) { release_rw(DDI_ExReleaseSpinLockShared, SpinLock, true, OldIrql); }
VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) { acquire_rw_at_dpc(DDI_ExAcquireSpinLockExclusiveAtDpcLevel, SpinLock, false); }
VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) { acquire_rw_at_dpc(DDI_ExAcquireSpinLockSharedAtDpcLevel, SpinLock, true); }
VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) { release_rw_from_dpc(DDI_ExReleaseSpinLockExclusiveFromDpcLevel, SpinLock, false); }
VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) { release_rw_from_dpc(DDI_ExReleaseSpinLockSharedFromDpcLevel, SpinLock, true); }

LOGICAL ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    gate_enter(DDI_ExTryConvertSharedSpinLockExclusive, trace_object((const void *)SpinLock), 0);
    LOGICAL converted = ex_try_convert_shared_spin_lock(SpinLock);
    gate_leave(converted);
    return converted;
}
