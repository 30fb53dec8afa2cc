/*
 * Remove locks (W-RML-1..4). The lock's own fields are the driver's memory; count and state are kept there as on Windows. Tags of the holders
 * are counted by a small list of the emulator's.
 */
#include "io.h"

struct holder {
    struct holder *next;
    PIO_REMOVE_LOCK lock;
    PVOID tag;
};

static struct holder *holders;

void io_remove_locks_boot(void) { holders = NULL; }

void io_remove_lock_check_free(const char *memory, size_t size)
{
    for (const struct holder *h = holders; h; h = h->next)
        if ((uintptr_t)h->lock - (uintptr_t)memory < size)
            bugcheck(OWN_RULE, 11, 0, 0, 0, "V-UNL-11", "a device goes whose remove lock is still held");
}

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark, ULONG RemlockSize)
{
    (void)AllocateTag, (void)MaxLockedMinutes, (void)HighWatermark, (void)RemlockSize;
    gate_enter(DDI_IoInitializeRemoveLockEx, trace_object(Lock), 0);
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
    for (struct holder **at = &holders; *at; at = &(*at)->next)
        if ((*at)->lock == lock && (*at)->tag == tag) {
            struct holder *h = *at;
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
    hb_acquire(RemoveLock);
    NTSTATUS status = STATUS_DELETE_PENDING;
    if (!RemoveLock->Common.Removed) {
        struct holder *h = ex_system_alloc(sizeof *h);
        *h = (struct holder){holders, RemoveLock, Tag};
        holders = h;
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
    hb_release(RemoveLock);
    forget_tag(RemoveLock, Tag, 0xD5);
    drop(RemoveLock);
    gate_leave(0);
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    gate_enter(DDI_IoReleaseRemoveLockAndWaitEx, trace_object(RemoveLock), trace_object(Tag));
    RemoveLock->Common.Removed = TRUE;
    forget_tag(RemoveLock, Tag, 0xD6);
    drop(RemoveLock);
    drop(RemoveLock); /* the one from initialisation */
    if (RemoveLock->Common.IoCount > 0)
        ke_wait_internal(&RemoveLock->Common.RemoveEvent, "all holders of a remove lock to release it");
    hb_acquire(RemoveLock);
    gate_leave(0);
}
