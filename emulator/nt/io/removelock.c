/*
 * Remove locks (W-RML-1..4, V-RML-1..6). The lock's own fields are the driver's memory; count and state are kept there as on Windows. Tags of the holders
 * are counted by a small list of the emulator's, and so are the locks themselves, with the limits that the driver set for them: what a checked build of
 * the library looks at. An acquire whose tag is the IRP of the dispatch routine that makes it belongs to that routine's frame (call.c) until that returns.
 */
#include "io.h"

struct holder {
    struct holder *next;
    PIO_REMOVE_LOCK lock;
    PVOID tag;
    uint64_t since;
    struct dispatch_frame *frame; /* that acquired it for its IRP, and has not returned */
};

struct known_lock {
    struct known_lock *next;
    PIO_REMOVE_LOCK lock;
    ULONG minutes, high_watermark; /* 0: no limit */
    PDEVICE_OBJECT device;         /* in whose extension it lies; NULL: elsewhere */
    bool used;
};

static struct holder *holders;
static struct known_lock *locks;

void io_remove_locks_boot(void)
{
    holders = NULL;
    locks = NULL;
}

void io_remove_lock_check_free(const char *memory, size_t size)
{
    for (const struct holder *h = holders; h; h = h->next)
        if ((uintptr_t)h->lock - (uintptr_t)memory < size)
            bugcheck(OWN_RULE, 11, 0, 0, 0, "V-UNL-11", "a remove lock goes with its memory (a device's, maybe) while it is still held");
    for (struct known_lock **at = &locks; *at;) {
        struct known_lock *k = *at;
        if ((uintptr_t)k->lock - (uintptr_t)memory >= size) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        ex_system_free(k);
    }
}

static struct known_lock *find(PIO_REMOVE_LOCK lock)
{
    struct known_lock *k = locks;
    while (k && k->lock != lock)
        k = k->next;
    return k;
}

static unsigned holders_of(PIO_REMOVE_LOCK lock)
{
    unsigned n = 0;
    for (const struct holder *h = holders; h; h = h->next)
        n += h->lock == lock;
    return n;
}

/* Memory that a driver uses again for another object may hold a new lock; a device's extension is used once. */
static void check_first_time(PIO_REMOVE_LOCK lock)
{
    const struct known_lock *k = find(lock);
    if (!k)
        return;
    const struct block *b = memory_is_kernel(lock) ? block_find(lock) : NULL;
    if (holders_of(lock) || (b && b->use == BLOCK_DEVICE && !lock->Common.Removed))
        bugcheck(0xC4, 0xD7, 0, 0, 0, "V-MSC-2", "a remove lock that is in use is initialised again");
}

static struct known_lock *require(PIO_REMOVE_LOCK lock, const char *ddi)
{
    memory_check(lock, sizeof lock->Common, ddi);
    struct known_lock *k = find(lock);
    if (!k) {
        memory_tell_freed(lock, ddi, "remove lock");
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-RML-1", "%s on a remove lock that was never initialised", ddi);
    }
    return k;
}

/* Two drivers may share code, so all devices are looked at. */
static PDEVICE_OBJECT device_with(const IO_REMOVE_LOCK *lock)
{
    for (struct nt_driver *driver = io_driver_first(); driver; driver = io_driver_next(driver))
        for (PDEVICE_OBJECT device = driver->object.DeviceObject; device; device = device->NextDevice)
            if ((uintptr_t)lock - (uintptr_t)device->DeviceExtension < device_of(device)->extension_size)
                return device;
    return NULL;
}

static void lint_only_one(const struct known_lock *lock)
{
    for (const struct known_lock *k = locks; machine_lints & LINT_PNP && lock->device && k; k = k->next)
        if (k != lock && k->device == lock->device)
            bugcheck(OWN_RULE, device_number(k->device), 0, 0, 0, "V-RML-5", "device #%u has two remove locks in its extension", device_number(k->device));
}

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark, ULONG RemlockSize)
{
    (void)AllocateTag, (void)RemlockSize;
    gate_enter(DDI_IoInitializeRemoveLockEx, trace_object(Lock), 0);
    check_first_time(Lock);
    struct known_lock *k = find(Lock);
    if (!k) {
        k = ex_system_alloc(sizeof *k);
        k->next = locks;
        locks = k;
    }
    k->lock = Lock;
    k->device = device_with(Lock);
    k->used = false;
    lint_only_one(k);
    k->minutes = MaxLockedMinutes;
    k->high_watermark = HighWatermark;
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    ke_initialize_event(&Lock->Common.RemoveEvent, NotificationEvent, FALSE);
    gate_leave(0);
}

static void drop(PIO_REMOVE_LOCK lock)
{
    if (--lock->Common.IoCount < 0)
        bugcheck(0xC4, 0xD5, 0, 0, 0, "W-RML-2", "a remove lock was released more often than acquired");
    if (!lock->Common.IoCount)
        ke_set_event(&lock->Common.RemoveEvent, 0, FALSE);
}

static void forget_tag(PIO_REMOVE_LOCK lock, PVOID tag, uint32_t code)
{
    const struct known_lock *k = find(lock);
    for (struct holder **at = &holders; *at; at = &(*at)->next)
        if ((*at)->lock == lock && (*at)->tag == tag) {
            struct holder *h = *at;
            uint64_t minutes = (clock_now() - h->since) / (60 * CLOCK_SECOND);
            if (k && k->minutes && minutes > k->minutes)
                bugcheck(OWN_RULE, minutes, k->minutes, 0, 0, "W-RML-4", "a remove lock was held for %llu minutes, its driver allows %u", (unsigned long long)minutes,
                         k->minutes);
            if (h->frame && code == 0xD6)
                h->frame->lock_waited = true;
            *at = h->next;
            ex_system_free(h);
            return;
        }
    bugcheck(0xC4, code, 0, 0, 0, "W-RML-2", "a remove lock was released with a tag that does not hold it");
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    (void)File, (void)Line, (void)RemlockSize;
    gate_enter(DDI_IoAcquireRemoveLockEx, trace_object(RemoveLock), trace_object(Tag));
    struct known_lock *k = require(RemoveLock, "IoAcquireRemoveLock");
    const struct irp_record *r = irp_if_live(Tag);
    struct dispatch_frame *f = r ? io_acting_frame(r) : NULL;
    k->used = true;
    hb_acquire(RemoveLock);
    NTSTATUS status = STATUS_DELETE_PENDING;
    if (!RemoveLock->Common.Removed) {
        struct holder *h = ex_system_alloc(sizeof *h);
        *h = (struct holder){holders, RemoveLock, Tag, clock_now(), f};
        holders = h;
        if (f)
            f->locks_taken++;
        if (k->high_watermark && holders_of(RemoveLock) > k->high_watermark)
            bugcheck(OWN_RULE, k->high_watermark, 0, 0, 0, "W-RML-4", "a remove lock is held more than %u times, which its driver set as the most", k->high_watermark);
        RemoveLock->Common.IoCount++;
        status = STATUS_SUCCESS;
    }
    if (f && !NT_SUCCESS(status))
        f->lock_refused = true;
    hb_release(RemoveLock);
    gate_leave((ULONG)status);
    return status;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    gate_enter(DDI_IoReleaseRemoveLockEx, trace_object(RemoveLock), trace_object(Tag));
    require(RemoveLock, "IoReleaseRemoveLock");
    hb_release(RemoveLock);
    forget_tag(RemoveLock, Tag, 0xD5);
    drop(RemoveLock);
    gate_leave(0);
}

/* In a PnP stack, once it is built, only the removal ends what the lock stands for; a lock that lies elsewhere may be another thing's. */
static void check_may_wait(const struct known_lock *k)
{
    PDEVICE_OBJECT device = k->device;
    const struct devnode *node = device && device_of(device)->lower ? device_of(io_bottom_of_stack(device))->devnode : NULL;
    if (node && node->state != DEVNODE_ALONE && !io_is_being_removed(device))
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "V-RML-2", "IoReleaseRemoveLockAndWait for device #%u outside IRP_MN_REMOVE_DEVICE", device_number(device));
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    gate_enter(DDI_IoReleaseRemoveLockAndWaitEx, trace_object(RemoveLock), trace_object(Tag));
    check_may_wait(require(RemoveLock, "IoReleaseRemoveLockAndWait"));
    RemoveLock->Common.Removed = TRUE;
    forget_tag(RemoveLock, Tag, 0xD6);
    drop(RemoveLock);
    drop(RemoveLock); /* the one from initialisation */
    if (RemoveLock->Common.IoCount > 0)
        ke_wait_internal(&RemoveLock->Common.RemoveEvent, "all holders of a remove lock to release it");
    hb_acquire(RemoveLock);
    gate_leave(0);
}

/* ---- Locks that are held for an IRP ---- */

void io_remove_lock_frame_ends(struct irp_record *r, struct dispatch_frame *f, bool done)
{
    char name[64];
    for (struct holder *h = holders; h; h = h->next) {
        if (h->frame != f)
            continue;
        if (done)
            bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-RML-1",
                     "a dispatch routine returned and holds a remove lock for %s, which is completed or was passed on to its end", irp_record_name(r, name, sizeof name));
        h->frame = NULL;
    }
}

static bool is_held_by(const struct dispatch_frame *f)
{
    const struct holder *h = holders;
    while (h && h->frame != f)
        h = h->next;
    return h != NULL;
}

static bool is_transfer(UCHAR major)
{
    return major == IRP_MJ_CREATE || major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_FLUSH_BUFFERS || major == IRP_MJ_DEVICE_CONTROL ||
           major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
}

static void check_refused(const struct irp_record *r, const struct dispatch_frame *f)
{
    char name[64];
    if (f->lock_refused && !f->locks_taken && is_transfer(r->major))
        bugcheck(OWN_RULE, r->info.number, device_number(f->device), 0, 0, "V-RML-6", "%s is passed down although IoAcquireRemoveLock failed for it: device #%u is being removed",
                 irp_record_name(r, name, sizeof name), device_number(f->device));
}

static const struct known_lock *used_lock_of(PDEVICE_OBJECT device)
{
    const struct known_lock *k = locks;
    while (k && !(k->device == device && k->used))
        k = k->next;
    return k;
}

void io_remove_lock_check_passed(const struct irp_record *r, const struct dispatch_frame *f)
{
    char name[64];
    bool removal = r->major == IRP_MJ_PNP && (r->minor == IRP_MN_REMOVE_DEVICE || r->minor == IRP_MN_SURPRISE_REMOVAL || r->minor == IRP_MN_QUERY_REMOVE_DEVICE);
    check_refused(r, f);
    if (f->locks_taken && !f->lock_waited && !is_held_by(f))
        bugcheck(OWN_RULE, r->info.number, device_number(f->device), 0, 0, "V-RML-3", "device #%u passes %s down after it has released the remove lock for it",
                 device_number(f->device), irp_record_name(r, name, sizeof name));
    if (machine_lints & LINT_PNP && removal && !f->locks_taken && used_lock_of(f->device))
        bugcheck(OWN_RULE, r->info.number, device_number(f->device), 0, 0, "V-RML-4", "device #%u passes %s down without its remove lock",
                 device_number(f->device), irp_record_name(r, name, sizeof name));
}

void io_remove_lock_check_detached(PDEVICE_OBJECT device)
{
    const struct known_lock *k = used_lock_of(device);
    if (k && !k->lock->Common.Removed)
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "V-RML-4", "device #%u is detached by IRP_MN_REMOVE_DEVICE without IoReleaseRemoveLockAndWait: requests may be in it",
                 device_number(device));
}
