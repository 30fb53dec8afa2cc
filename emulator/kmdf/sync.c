/* WDFSPINLOCK and WDFWAITLOCK (K-SYN-11, 12; V-WDF-37, 38). Ordering between contexts comes from the kernel primitives beneath. */
#include "device.h"

struct fx_spinlock {
    struct fx_object object;
    KSPIN_LOCK spin;
    KIRQL old_irql;
    struct ctx *owner;
    void *owner_activation;
    bool of_interrupt;
};

struct fx_waitlock {
    struct fx_object object;
    KEVENT free_event;
    struct ctx *owner;
};

static void check_not_held(struct fx_object *object)
{
    bool held = object->type == FX_SPINLOCK ? ((struct fx_spinlock *)object)->owner != NULL : ((struct fx_waitlock *)object)->owner != NULL;
    char name[40];
    if (held)
        fx_misuse("V-WDF-37", "%s is deleted while it is held", fx_name(object, name, sizeof name));
}

/* ---- Spin locks ---- */

NTSTATUS wdf_WdfSpinLockCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK *SpinLock)
{
    gate_enter(DDI_WdfSpinLockCreate, 0, 0);
    fx_require(SpinLock, "SpinLock");
    *SpinLock = NULL;
    void *memory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfSpinLockCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                          : fx_object_new(fx_driver_of(DriverGlobals), FX_SPINLOCK, sizeof(struct fx_spinlock),
                                                                          SpinLockAttributes, 0, &memory);
    if (NT_SUCCESS(status)) {
        struct fx_spinlock *lock = memory;
        ke_initialize_spin_lock(&lock->spin);
        lock->object.dispose = check_not_held;
        *SpinLock = memory;
    }
    gate_leave((ULONG)status);
    return status;
}

static bool owns(const struct fx_spinlock *lock)
{
    return lock->owner == ctx_current() && lock->owner_activation == ctx_current()->top;
}

PKSPIN_LOCK fx_spinlock_for_interrupt(WDFSPINLOCK handle)
{
    struct fx_spinlock *lock = fx_handle(handle, FX_SPINLOCK);
    lock->of_interrupt = true;
    return &lock->spin;
}

static void check_not_of_interrupt(const struct fx_spinlock *lock)
{
    if (lock->of_interrupt)
        fx_misuse("K-SYN-11", "spin lock #%u is an interrupt's: only WdfInterruptAcquireLock takes it", lock->object.number);
}

VOID wdf_WdfSpinLockAcquire(PWDF_DRIVER_GLOBALS DriverGlobals, WDFSPINLOCK SpinLock)
{
    gate_enter(DDI_WdfSpinLockAcquire, trace_object(SpinLock), 0);
    struct fx_spinlock *lock = fx_handle(SpinLock, FX_SPINLOCK);
    check_not_of_interrupt(lock);
    if (owns(lock))
        bugcheck(0x10D, 2, lock->object.number, 0, 0, "K-SYN-11", "spin lock #%u is acquired by the thread that holds it", lock->object.number);
    KIRQL old = ke_acquire_spin_lock_raise_to_dpc(&lock->spin);
    lock->old_irql = old;
    lock->owner = ctx_current();
    lock->owner_activation = ctx_current()->top;
    gate_leave(0);
}

VOID wdf_WdfSpinLockRelease(PWDF_DRIVER_GLOBALS DriverGlobals, WDFSPINLOCK SpinLock)
{
    gate_enter(DDI_WdfSpinLockRelease, trace_object(SpinLock), 0);
    struct fx_spinlock *lock = fx_handle(SpinLock, FX_SPINLOCK);
    check_not_of_interrupt(lock);
    if (!owns(lock))
        bugcheck(0x10D, 0xB, lock->object.number, 1, 0, "K-SYN-11", "spin lock #%u is released by a thread that does not hold it",
                 lock->object.number);
    lock->owner = NULL;
    ke_release_spin_lock(&lock->spin, lock->old_irql);
    gate_leave(0);
}

/* ---- Wait locks ---- */

PKEVENT fx_waitlock_event(WDFWAITLOCK handle)
{
    struct fx_waitlock *lock = fx_handle(handle, FX_WAITLOCK);
    return &lock->free_event;
}

NTSTATUS wdf_WdfWaitLockCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES LockAttributes, WDFWAITLOCK *Lock)
{
    gate_enter(DDI_WdfWaitLockCreate, 0, 0);
    fx_require(Lock, "Lock");
    *Lock = NULL;
    void *memory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfWaitLockCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                          : fx_object_new(fx_driver_of(DriverGlobals), FX_WAITLOCK, sizeof(struct fx_waitlock),
                                                                          LockAttributes, 0, &memory);
    if (NT_SUCCESS(status)) {
        struct fx_waitlock *lock = memory;
        ke_initialize_event(&lock->free_event, SynchronizationEvent, TRUE);
        lock->object.dispose = check_not_held;
        *Lock = memory;
    }
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS wait_lock_acquire(struct fx_waitlock *lock, PLONGLONG timeout)
{
    if (lock->owner == ctx_current() && !timeout)
        fx_misuse("K-SYN-12", "wait lock #%u is acquired for ever by the thread that holds it", lock->object.number);
    bool polls = timeout && *timeout == 0;
    if (!polls && ke_get_current_irql() > APC_LEVEL)
        fx_misuse("V-WDF-35", "WdfWaitLockAcquire waits at IRQL %u", ke_get_current_irql());
    LARGE_INTEGER due;
    if (timeout)
        due.QuadPart = *timeout;
    ke_enter_critical_region();
    NTSTATUS status = ke_wait_for_single_object(&lock->free_event, Executive, KernelMode, FALSE, timeout ? &due : NULL);
    if (status == STATUS_TIMEOUT)
        ke_leave_critical_region();
    else
        lock->owner = ctx_current();
    return status;
}

NTSTATUS wdf_WdfWaitLockAcquire(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWAITLOCK Lock, PLONGLONG Timeout)
{
    gate_enter(DDI_WdfWaitLockAcquire, trace_object(Lock), 0);
    NTSTATUS status = wait_lock_acquire(fx_handle(Lock, FX_WAITLOCK), Timeout);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfWaitLockRelease(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWAITLOCK Lock)
{
    gate_enter(DDI_WdfWaitLockRelease, trace_object(Lock), 0);
    struct fx_waitlock *lock = fx_handle(Lock, FX_WAITLOCK);
    if (!lock->owner)
        fx_misuse("V-WDF-37", "wait lock #%u is released but not held", lock->object.number);
    lock->owner = NULL;
    ke_set_event(&lock->free_event, 0, FALSE);
    ke_leave_critical_region();
    gate_leave(0);
}
