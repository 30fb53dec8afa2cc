/*
 * Interlocked lists (W-LCK-41). A sequenced list keeps its first entry in Region and its depth in the low word of Alignment; the emulator runs alone inside
 * the gate, so no sequence number is needed. The links are written here, so they are told to the sanitizers as a hand-over.
 */
#include "../ke/ke.h"

static PSLIST_ENTRY first_of(const SLIST_HEADER *head) { return (PSLIST_ENTRY)(ULONG_PTR)head->Region; }

static void set_list(PSLIST_HEADER head, PSLIST_ENTRY first, USHORT depth)
{
    head->Region = (ULONGLONG)(ULONG_PTR)first;
    head->Alignment = depth;
}

static USHORT depth_of(const SLIST_HEADER *head) { return (USHORT)head->Alignment; }

static void check_head(const SLIST_HEADER *head)
{
    memory_check(head, sizeof *head, "a sequenced list");
    if ((ULONG_PTR)head & 15)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-LCK-41", "an SLIST_HEADER is not aligned to 16 bytes");
}

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    check_head(SListHead);
    set_list(SListHead, NULL, 0);
}

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead) { return depth_of(SListHead); }

static PSLIST_ENTRY push(uint16_t ddi, PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    gate_enter(ddi, trace_object(head), trace_object(entry));
    check_head(head);
    memory_check(entry, sizeof entry->Next, "an entry of a sequenced list");
    if ((ULONG_PTR)entry & 15)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-LCK-41", "an entry of a sequenced list is not aligned to 16 bytes");
    PSLIST_ENTRY first = first_of(head);
    for (PSLIST_ENTRY e = first; e; e = e->Next)
        if (e == entry)
            bugcheck(OWN_RULE, 0, 0, 0, 0, "W-LCK-41", "an entry is pushed on a sequenced list that holds it already");
    hb_release(head);
    entry->Next = first;
    msan_define(entry, sizeof entry->Next);
    set_list(head, entry, (USHORT)(depth_of(head) + 1));
    gate_leave(trace_object(first));
    return first;
}

static PSLIST_ENTRY pop(uint16_t ddi, PSLIST_HEADER head)
{
    gate_enter(ddi, trace_object(head), 0);
    check_head(head);
    PSLIST_ENTRY first = first_of(head);
    if (first) {
        memory_check(first, sizeof first->Next, "an entry of a sequenced list");
        set_list(head, first->Next, (USHORT)(depth_of(head) - 1));
        hb_acquire(head);
    }
    gate_leave(trace_object(first));
    return first;
}

static PSLIST_ENTRY flush(uint16_t ddi, PSLIST_HEADER head)
{
    gate_enter(ddi, trace_object(head), 0);
    check_head(head);
    PSLIST_ENTRY first = first_of(head);
    set_list(head, NULL, 0);
    hb_acquire(head);
    gate_leave(trace_object(first));
    return first;
}

PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    return push(DDI_InterlockedPushEntrySList, ListHead, ListEntry);
}

PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead) { return pop(DDI_InterlockedPopEntrySList, ListHead); }
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead) { return flush(DDI_InterlockedFlushSList, ListHead); }

PSLIST_ENTRY ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    return push(DDI_ExInterlockedPushEntrySList, ListHead, ListEntry);
}

PSLIST_ENTRY ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock) { return pop(DDI_ExInterlockedPopEntrySList, ListHead); }
PSLIST_ENTRY ExInterlockedFlushSList(PSLIST_HEADER ListHead) { return flush(DDI_ExInterlockedFlushSList, ListHead); }

/* ---- Under a spin lock, at HIGH_LEVEL: the lock must not be held through the ordinary calls at the same time ---- */

static void enter_list(uint16_t ddi, const void *list, PKSPIN_LOCK lock)
{
    gate_enter(ddi, trace_object(list), trace_object(lock));
    memory_check(list, sizeof(LIST_ENTRY), ddi_table[ddi].name);
    memory_check(lock, sizeof *lock, ddi_table[ddi].name);
    if (ke_spin_lock_owned_by_current(lock))
        bugcheck(0x0F, 0, 0, 0, 0, "W-LCK-41", "%s: the caller holds the spin lock already", ddi_table[ddi].name);
    while (*lock)
        ke_spin_for(lock, NULL);
    hb_acquire(lock);
}

static void leave_list(PKSPIN_LOCK lock, uint64_t result)
{
    hb_release(lock);
    gate_leave(result);
}

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedInsertHeadList, ListHead, Lock);
    PLIST_ENTRY first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    msan_define(ListEntry, sizeof *ListEntry);
    leave_list(Lock, trace_object(first));
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedInsertTailList, ListHead, Lock);
    PLIST_ENTRY last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    msan_define(ListEntry, sizeof *ListEntry);
    leave_list(Lock, trace_object(last));
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedRemoveHeadList, ListHead, Lock);
    PLIST_ENTRY first = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
    leave_list(Lock, trace_object(first));
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedPopEntryList, ListHead, Lock);
    PSINGLE_LIST_ENTRY first = PopEntryList(ListHead);
    leave_list(Lock, trace_object(first));
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedPushEntryList, ListHead, Lock);
    PSINGLE_LIST_ENTRY first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    msan_define(ListEntry, sizeof *ListEntry);
    leave_list(Lock, trace_object(first));
    return first;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedAddUlong, Lock, Lock);
    ULONG old = *Addend;
    *Addend = old + Increment;
    leave_list(Lock, old);
    return old;
}

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    enter_list(DDI_ExInterlockedAddLargeInteger, Lock, Lock);
    LARGE_INTEGER old = *Addend;
    Addend->QuadPart += Increment.QuadPart;
    leave_list(Lock, (ULONG64)old.QuadPart);
    return old;
}

VOID ExInterlockedAddLargeStatistic(PLARGE_INTEGER Addend, ULONG Increment)
{
    gate_enter(DDI_ExInterlockedAddLargeStatistic, Increment, 0);
    hb_acquire(Addend);
    Addend->QuadPart += Increment;
    hb_release(Addend);
    gate_leave(0);
}

LONGLONG ExInterlockedCompareExchange64(LONGLONG volatile *Destination, PLONGLONG Exchange, PLONGLONG Comparand, PKSPIN_LOCK Lock)
{
    (void)Lock;
    gate_enter(DDI_ExInterlockedCompareExchange64, 0, 0);
    hb_acquire(Destination);
    LONGLONG old = *Destination;
    if (old == *Comparand)
        *Destination = *Exchange;
    hb_release(Destination);
    gate_leave((ULONG64)old);
    return old;
}
