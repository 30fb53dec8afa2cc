/*
 * Remove locks (W-RML-1..4). The lock's own fields are the driver's memory; count and state are kept there as on Windows. Tags of the holders
 * are counted by a small list of the emulator's, and so are the locks themselves, with the limits that the driver set for them: what a checked build of
 * the library looks at.
 */
#include "io.h"

struct holder {
    struct holder *next;
    PIO_REMOVE_LOCK lock;
    PVOID tag;
    uint64_t since;
};

struct known_lock {
    struct known_lock *next;
    PIO_REMOVE_LOCK lock;
    ULONG minutes, high_watermark; /* 0: no limit */
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
    const struct known_lock *k = require(RemoveLock, "IoAcquireRemoveLock");
    hb_acquire(RemoveLock);
    NTSTATUS status = STATUS_DELETE_PENDING;
    if (!RemoveLock->Common.Removed) {
        struct holder *h = ex_system_alloc(sizeof *h);
        *h = (struct holder){holders, RemoveLock, Tag, clock_now()};
        holders = h;
        if (k->high_watermark && holders_of(RemoveLock) > k->high_watermark)
            bugcheck(OWN_RULE, k->high_watermark, 0, 0, 0, "W-RML-4", "a remove lock is held more than %u times, which its driver set as the most", k->high_watermark);
        RemoveLock->Common.IoCount++;
        status = STATUS_SUCCESS;
    }
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

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    gate_enter(DDI_IoReleaseRemoveLockAndWaitEx, trace_object(RemoveLock), trace_object(Tag));
    require(RemoveLock, "IoReleaseRemoveLockAndWait");
    RemoveLock->Common.Removed = TRUE;
    forget_tag(RemoveLock, Tag, 0xD6);
    drop(RemoveLock);
    drop(RemoveLock); /* the one from initialisation */
    if (RemoveLock->Common.IoCount > 0)
        ke_wait_internal(&RemoveLock->Common.RemoveEvent, "all holders of a remove lock to release it");
    hb_acquire(RemoveLock);
    gate_leave(0);
}
