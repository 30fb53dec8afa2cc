/*
 * Doubly and singly linked lists. They stay inline, so that the sanitizers see the driver's own loads and stores, and they check
 * the neighbours' links before they change anything: a mismatch is a fast fail, bug check 0x139/3 (W-TYP-25). An entry that was
 * taken out keeps links that point nowhere, so that a second removal is always seen (W-TYP-26).
 *
 * Any IRQL that the entries' memory allows. The caller serialises.
 */
#ifndef IRPFUZZ_LISTS_H
#define IRPFUZZ_LISTS_H

#define FAST_FAIL_CORRUPT_LIST_ENTRY 3

#ifdef __cplusplus
extern "C" {
#endif

DECLSPEC_NORETURN VOID RtlFailFast(ULONG Code);
/* Reported by RemoveHeadList and RemoveTailList on an empty list, which on Windows hand out the head itself (W-TYP-25). */
VOID irpfuzz_remove_from_empty_list(PLIST_ENTRY ListHead);

#ifdef __cplusplus
}
#endif

/* Odd and not canonical, so that a dereference faults and is not taken for a link. */
#define IRPFUZZ_POISONED_LINK ((PLIST_ENTRY)(ULONG_PTR)0xdead4bad11570001ULL)

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY ListHead)
{
    ListHead->Flink = ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *ListHead)
{
    return (BOOLEAN)(ListHead->Flink == ListHead);
}

/* The poison is compared first: reading through it would fault instead of naming the mistake. */
FORCEINLINE VOID irpfuzz_check_links(PLIST_ENTRY Entry)
{
    PLIST_ENTRY next = Entry->Flink;
    PLIST_ENTRY previous = Entry->Blink;

    if (next == IRPFUZZ_POISONED_LINK || previous == IRPFUZZ_POISONED_LINK || next == NULL || previous == NULL ||
        next->Blink != Entry || previous->Flink != Entry)
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
}

FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry)
{
    PLIST_ENTRY next, previous;

    irpfuzz_check_links(Entry);
    next = Entry->Flink;
    previous = Entry->Blink;
    previous->Flink = next;
    next->Blink = previous;
    if (next != Entry)
        Entry->Flink = Entry->Blink = IRPFUZZ_POISONED_LINK;
    return (BOOLEAN)(next == previous);
}

FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Flink;

    irpfuzz_check_links(ListHead);
    if (entry == ListHead) {
        irpfuzz_remove_from_empty_list(ListHead);
        return ListHead;
    }
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Blink;

    irpfuzz_check_links(ListHead);
    if (entry == ListHead) {
        irpfuzz_remove_from_empty_list(ListHead);
        return ListHead;
    }
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
    PLIST_ENTRY first;

    irpfuzz_check_links(ListHead);
    first = ListHead->Flink;
    Entry->Flink = first;
    Entry->Blink = ListHead;
    first->Blink = Entry;
    ListHead->Flink = Entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
    PLIST_ENTRY last;

    irpfuzz_check_links(ListHead);
    last = ListHead->Blink;
    Entry->Flink = ListHead;
    Entry->Blink = last;
    last->Flink = Entry;
    ListHead->Blink = Entry;
}

/* ListToAppend is a circle of entries without a head of its own. */
FORCEINLINE VOID AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend)
{
    PLIST_ENTRY last, appended_last;

    irpfuzz_check_links(ListHead);
    irpfuzz_check_links(ListToAppend);
    last = ListHead->Blink;
    appended_last = ListToAppend->Blink;
    last->Flink = ListToAppend;
    ListHead->Blink = appended_last;
    appended_last->Flink = ListHead;
    ListToAppend->Blink = last;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY ListHead)
{
    PSINGLE_LIST_ENTRY first = ListHead->Next;

    if (first != NULL)
        ListHead->Next = first->Next;
    return first;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

#endif
