/*
 * Lookaside lists (W-MEM-9). Each entry is a pool block of its own that is freed at once when it comes back: what a driver cannot rely on (old contents, the
 * same address again) does not happen, and a use after the free is seen. The counters that drivers may read are kept.
 */
#include "../ke/ke.h"

#define MAX_LISTS 64
#define SMALLEST 16 /* room for the link of a cached entry */

static const GENERAL_LOOKASIDE *lists[MAX_LISTS];
static unsigned count;

void ex_lookaside_begin(void) { count = 0; }

static unsigned index_of(const void *list)
{
    unsigned i = 0;
    while (i < count && (const void *)lists[i] != list)
        i++;
    return i;
}

void ex_lookaside_check_free(const char *memory, size_t size)
{
    for (unsigned i = 0; i < count; i++)
        if ((uintptr_t)lists[i] - (uintptr_t)memory < size)
            bugcheck(0xC4, 0xCC, 0, 0, 0, "V-MEM-19", "memory with a lookaside list in it is freed that was not deleted");
}

static void require_list(const void *list, const char *ddi)
{
    memory_check(list, sizeof(GENERAL_LOOKASIDE), ddi);
    if (index_of(list) == count)
        bugcheck(0xC4, 0xCB, 0, 0, 0, "V-MEM-19", "%s was given a lookaside list that is not initialised (or is deleted)", ddi);
}

static void initialize(GENERAL_LOOKASIDE *list, POOL_TYPE type, SIZE_T size, ULONG tag, const char *ddi)
{
    memory_check(list, sizeof *list, ddi);
    ke_check_nonpaged(list, "a lookaside list's head");
    if (index_of(list) < count)
        bugcheck(0xC4, 0xCA, 0, 0, 0, "V-MEM-19", "a lookaside list is initialised a second time");
    if (size < SMALLEST)
        bugcheck(0xC4, 0xCD, size, SMALLEST, 0, "V-MEM-19", "a lookaside list of %llu byte entries: too small", (unsigned long long)size);
    if (count == MAX_LISTS)
        bugcheck(OWN_OUT_OF_RESOURCES, MAX_LISTS, 0, 0, 0, NULL, "more than %d lookaside lists", MAX_LISTS);
    RtlZeroMemory(list, sizeof *list);
    list->Type = type;
    list->Size = (ULONG)size;
    list->Tag = tag;
    list->Depth = 4;
    list->MaximumDepth = 256;
    lists[count++] = list;
}

static void delete(GENERAL_LOOKASIDE *list, const char *ddi)
{
    require_list(list, ddi);
    if (list->TotalAllocates != list->TotalFrees)
        bugcheck(OWN_RULE, list->TotalAllocates, list->TotalFrees, 0, 0, "W-MEM-9", "a lookaside list is deleted while %u of its entries are out",
                 list->TotalAllocates - list->TotalFrees);
    lists[index_of(list)] = lists[--count];
}

static enum pool_kind kind_of(const GENERAL_LOOKASIDE *list) { return list->Type & 1 ? POOL_PAGED : POOL_NONPAGED; }

static PVOID allocate(GENERAL_LOOKASIDE *list, bool extended, uint16_t ddi, const void *caller)
{
    struct callback_frame frame;
    PVOID entry;
    require_list(list, ddi_table[ddi].name);
    if (choose_fault(ddi))
        return NULL;
    if (!list->Allocate) {
        entry = ex_allocate(kind_of(list), list->Size, list->Tag, caller, false);
    } else {
        callback_enter(&frame, DDI_LookasideAllocate, (const void *)list->Allocate, list);
        entry = extended ? list->AllocateEx(list->Type, list->Size, list->Tag, (PLOOKASIDE_LIST_EX)list)
                         : list->Allocate(list->Type, list->Size, list->Tag);
        callback_leave(&frame, trace_object(entry));
    }
    list->AllocateMisses++;
    list->TotalAllocates += entry != NULL;
    return entry;
}

static void release(GENERAL_LOOKASIDE *list, PVOID entry, bool extended, uint16_t ddi, const void *caller)
{
    struct callback_frame frame;
    require_list(list, ddi_table[ddi].name);
    if (list->TotalFrees == list->TotalAllocates)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-MEM-9", "%s: more entries come back than the list handed out", ddi_table[ddi].name);
    list->TotalFrees++;
    list->FreeMisses++;
    if (!list->Free) {
        ex_free_with_tag(entry, list->Tag, caller);
        return;
    }
    callback_enter(&frame, DDI_LookasideFree, (const void *)list->Free, list);
    extended ? list->FreeEx(entry, (PLOOKASIDE_LIST_EX)list) : list->Free(entry);
    callback_leave(&frame, 0);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size,
                                     ULONG Tag, USHORT Depth)
{
    (void)Flags, (void)Depth;
    gate_enter(DDI_ExInitializeNPagedLookasideList, trace_object(Lookaside), Size);
    initialize(&Lookaside->L, NonPagedPool, Size, Tag, "ExInitializeNPagedLookasideList");
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
    gate_leave(0);
}

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size,
                                    ULONG Tag, USHORT Depth)
{
    (void)Flags, (void)Depth;
    gate_enter(DDI_ExInitializePagedLookasideList, trace_object(Lookaside), Size);
    initialize(&Lookaside->L, PagedPool, Size, Tag, "ExInitializePagedLookasideList");
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
    gate_leave(0);
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free, POOL_TYPE PoolType,
                                     ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    gate_enter(DDI_ExInitializeLookasideListEx, trace_object(Lookaside), Size);
    NTSTATUS status = Depth ? STATUS_INVALID_PARAMETER_8 : Flags > 2 ? STATUS_INVALID_PARAMETER_5 : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        initialize((GENERAL_LOOKASIDE *)(void *)&Lookaside->L, PoolType, Size, Tag, "ExInitializeLookasideListEx");
        Lookaside->L.AllocateEx = Allocate;
        Lookaside->L.FreeEx = Free;
    }
    gate_leave((ULONG)status);
    return status;
}

#define DELETE_DDI(name, type) \
    VOID name(type Lookaside) \
    { \
        gate_enter(DDI_##name, trace_object(Lookaside), 0); \
        delete ((GENERAL_LOOKASIDE *)(void *)&Lookaside->L, #name); \
        gate_leave(0); \
    }
DELETE_DDI(ExDeleteNPagedLookasideList, PNPAGED_LOOKASIDE_LIST)
DELETE_DDI(ExDeletePagedLookasideList, PPAGED_LOOKASIDE_LIST)
DELETE_DDI(ExDeleteLookasideListEx, PLOOKASIDE_LIST_EX)

VOID ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    gate_enter(DDI_ExFlushLookasideListEx, trace_object(Lookaside), 0);
    require_list(&Lookaside->L, "ExFlushLookasideListEx"); /* nothing is cached */
    gate_leave(0);
}

#define ENTRY_DDIS(allocate_name, free_name, type, extended) \
    PVOID allocate_name(type Lookaside) \
    { \
        gate_enter(DDI_##allocate_name, trace_object(Lookaside), 0); \
        PVOID entry = allocate((GENERAL_LOOKASIDE *)(void *)&Lookaside->L, extended, DDI_##allocate_name, CALLER); \
        gate_leave(trace_object(entry)); \
        return entry; \
    } \
    VOID free_name(type Lookaside, PVOID Entry) \
    { \
        gate_enter(DDI_##free_name, trace_object(Lookaside), trace_object(Entry)); \
        release((GENERAL_LOOKASIDE *)(void *)&Lookaside->L, Entry, extended, DDI_##free_name, CALLER); \
        gate_leave(0); \
    }
ENTRY_DDIS(ExAllocateFromNPagedLookasideList, ExFreeToNPagedLookasideList, PNPAGED_LOOKASIDE_LIST, false)
ENTRY_DDIS(ExAllocateFromPagedLookasideList, ExFreeToPagedLookasideList, PPAGED_LOOKASIDE_LIST, false)
ENTRY_DDIS(ExAllocateFromLookasideListEx, ExFreeToLookasideListEx, PLOOKASIDE_LIST_EX, true)
