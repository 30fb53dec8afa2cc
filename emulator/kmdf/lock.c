/*
 * Presentation locks and automatic serialisation (K-SYN-1..10), and WdfObjectAcquireLock/ReleaseLock (K-OBJ-51, 52).
 *
 * The spin type is a KSPIN_LOCK, the mutex type a synchronization event inside a critical region; both are real to the driver (IRQL, waits,
 * happens-before edges come from the kernel's own functions). The owner is remembered to tell recursion from contention.
 */
#include "device.h"

void fx_lock_init(struct fx_lock *lock, bool passive)
{
    lock->passive = passive;
    lock->owner = NULL;
    lock->owner_activation = NULL;
    if (passive)
        ke_initialize_event(&lock->free_event, SynchronizationEvent, TRUE);
    else
        ke_initialize_spin_lock(&lock->spin);
}

bool fx_lock_held(const struct fx_lock *lock)
{
    const struct ctx *ctx = ctx_current();
    return lock->owner == ctx && lock->owner_activation == ctx->top;
}

static void acquire_passive(struct fx_lock *lock)
{
    ke_enter_critical_region();
    ke_wait_internal(&lock->free_event, "a presentation lock");
}

void fx_lock_acquire(struct fx_lock *lock)
{
    if (fx_lock_held(lock))
        bugcheck(0x10D, 2, 0, 0, 0, "K-SYN-9", "%s: the presentation lock is acquired by the thread that holds it", gate_where(ctx_current()));
    if (lock->passive)
        acquire_passive(lock);
    else
        lock->old_irql = ke_acquire_spin_lock_raise_to_dpc(&lock->spin);
    lock->owner = ctx_current();
    lock->owner_activation = ctx_current()->top;
}

void fx_lock_release(struct fx_lock *lock)
{
    lock->owner = NULL;
    lock->owner_activation = NULL;
    if (!lock->passive) {
        ke_release_spin_lock(&lock->spin, lock->old_irql);
        return;
    }
    ke_set_event(&lock->free_event, 0, FALSE);
    ke_leave_critical_region();
}

/* ---- Automatic serialisation ---- */

/* The nearest ancestor that can serialise, with its lock (NULL under scope None); false if there is none. */
static bool serialising_ancestor(struct fx_object *o, struct fx_object **found, struct fx_lock **lock)
{
    for (; o; o = o->parent) {
        if (o->type == FX_QUEUE) {
            *found = o;
            *lock = ((struct fx_queue *)o)->presentation;
            return true;
        }
        if (o->type == FX_DEVICE) {
            struct fx_device *device = (struct fx_device *)o;
            *found = o;
            *lock = device->scope == WdfSynchronizationScopeDevice ? &device->lock : NULL;
            return true;
        }
    }
    return false;
}

NTSTATUS fx_effective_lock(struct fx_object *parent, BOOLEAN automatic, bool passive_callback, struct fx_lock **lock)
{
    struct fx_object *ancestor;
    *lock = NULL;
    if (!automatic)
        return STATUS_SUCCESS;
    if (!serialising_ancestor(parent, &ancestor, lock))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!*lock)
        return STATUS_SUCCESS;
    bool passive_parent = ancestor->passive_callbacks; /* K-SYN-6: the object's own mark */
    if (passive_parent != passive_callback) {
        *lock = NULL;
        return STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL;
    }
    return STATUS_SUCCESS;
}

/* ---- WdfObjectAcquireLock ---- */

static struct fx_lock *callback_lock(struct fx_object *o)
{
    switch (o->type) {
    case FX_DEVICE:
        return &((struct fx_device *)o)->lock;
    case FX_DRIVER:
        return &((struct fx_driver *)o)->lock;
    case FX_QUEUE: {
        struct fx_queue *queue = (struct fx_queue *)o;
        return queue->presentation ? queue->presentation : &queue->lock;
    }
    case FX_FILE:
        return o->device ? &o->device->lock : NULL;
    default:
        return NULL;
    }
}

static struct fx_lock *lock_of_handle(WDFOBJECT handle)
{
    struct fx_object *o = fx_handle(handle, 0);
    struct fx_lock *lock = callback_lock(o);
    if (!lock) {
        char name[32];
        bugcheck(0x10D, 0xB, o->number, 0, 0, "K-OBJ-51", "%s: %s has no lock", gate_where(ctx_current()), fx_name(o, name, sizeof name));
    }
    return lock;
}

/* K-SYN-13: a device's lock comes before its queues'. */
static void check_order(const struct fx_object *o)
{
    if (o->type != FX_DEVICE)
        return;
    const struct fx_device *device = (const struct fx_device *)o;
    for (LIST_ENTRY *e = device->queues.Flink; e != &device->queues; e = e->Flink) {
        const struct fx_queue *queue = CONTAINING_RECORD(e, struct fx_queue, device_entry);
        if (fx_lock_held(&queue->lock))
            fx_misuse("K-SYN-13", "the lock of device #%u is acquired while the lock of its queue #%u is held: elsewhere they are taken in the "
                      "opposite order", o->number, queue->object.number);
    }
}

VOID wdf_WdfObjectAcquireLock(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Object)
{
    gate_enter(DDI_WdfObjectAcquireLock, trace_object(Object), 0);
    struct fx_lock *lock = lock_of_handle(Object);
    check_order((struct fx_object *)Object);
    fx_lock_acquire(lock);
    gate_leave(0);
}

VOID wdf_WdfObjectReleaseLock(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Object)
{
    gate_enter(DDI_WdfObjectReleaseLock, trace_object(Object), 0);
    struct fx_lock *lock = lock_of_handle(Object);
    if (!fx_lock_held(lock)) {
        struct fx_object *o = (struct fx_object *)Object;
        char name[32];
        bugcheck(0x10D, 0xB, o->number, 1, 0, "V-WDF-38", "the lock of %s is released by a thread that does not hold it",
                 fx_name(o, name, sizeof name));
    }
    fx_lock_release(lock);
    gate_leave(0);
}
