/*
 * Callback locks, wait locks and spin locks (chapter 6 of the KMDF specification).
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfObjectAcquireLock, PFN_WDFOBJECTACQUIRELOCK,
        (_In_ WDFOBJECT Object),
        (Object))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfObjectReleaseLock, PFN_WDFOBJECTRELEASELOCK,
        (_In_ WDFOBJECT Object),
        (Object))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfWaitLockCreate, PFN_WDFWAITLOCKCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES LockAttributes, _Out_ WDFWAITLOCK *Lock),
        (LockAttributes, Lock))

// Timeout in 100 ns, negative for relative, NULL waits for ever; returns STATUS_TIMEOUT, a success code.
_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfWaitLockAcquire, PFN_WDFWAITLOCKACQUIRE,
        (_In_ WDFWAITLOCK Lock, _In_opt_ PLONGLONG Timeout),
        (Lock, Timeout))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfWaitLockRelease, PFN_WDFWAITLOCKRELEASE,
        (_In_ WDFWAITLOCK Lock),
        (Lock))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfSpinLockCreate, PFN_WDFSPINLOCKCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, _Out_ WDFSPINLOCK *SpinLock),
        (SpinLockAttributes, SpinLock))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfSpinLockAcquire, PFN_WDFSPINLOCKACQUIRE,
        (_In_ WDFSPINLOCK SpinLock),
        (SpinLock))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfSpinLockRelease, PFN_WDFSPINLOCKRELEASE,
        (_In_ WDFSPINLOCK SpinLock),
        (SpinLock))

WDF_EXTERN_C_END
