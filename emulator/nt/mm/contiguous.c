/* Physically contiguous memory: all of the kernel arena is, so it is nonpaged pool that begins on a page (W-MDL-1 has its physical addresses). */
#include "../io/io.h"

#define PAGE 4096ull
#define TAG 'tnoC'
#define FOUR_GB 0x100000000ull

/* The block that holds it begins up to a page before. */
struct contiguous {
    struct contiguous *next;
    void *block, *memory;
    size_t size;
};
static struct contiguous *all;

void mm_contiguous_boot(void) { all = NULL; }

static void lint_request(uint16_t ddi, uint64_t highest)
{
    if (machine_lints & LINT_LOW_MEMORY && highest < FOUR_GB)
        bugcheck(0xC4, 0x141, highest, 0, 0, "V-MEM-26", "%s asks for physical memory below 4 GB", ddi_table[ddi].name);
}

static PVOID allocate(uint16_t ddi, SIZE_T size, uint64_t lowest, uint64_t highest, uint64_t boundary, const void *caller)
{
    gate_enter(ddi, size, highest);
    lint_request(ddi, highest);
    void *memory = NULL, *block = choose_fault(ddi) ? NULL : ex_allocate(POOL_NONPAGED, size + (size ? PAGE : 0), TAG, caller, false);
    if (block) {
        memory = (void *)(((uintptr_t)block + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
        uint64_t first = mm_physical_of(memory), last = first + size - 1;
        if (first < lowest || last > highest || (boundary && first / boundary != last / boundary)) {
            ex_free_with_tag(block, TAG, caller);
            memory = NULL;
        }
    }
    if (memory) {
        struct contiguous *c = ex_system_alloc(sizeof *c);
        *c = (struct contiguous){all, block, memory, size};
        all = c;
    }
    gate_leave(trace_object(memory));
    return memory;
}

static void release(uint16_t ddi, void *memory, const SIZE_T *size, const void *caller)
{
    gate_enter(ddi, trace_object(memory), size ? *size : 0);
    struct contiguous **at = &all, *c;
    while (*at && (*at)->memory != memory)
        at = &(*at)->next;
    c = *at;
    if (!c)
        bugcheck(0xC2, 0x41, 0, 0, 0, "V-MEM-4", "%s of an address that is no contiguous memory, or was freed before", ddi_table[ddi].name);
    if (size && *size != c->size)
        bugcheck(0xC4, 0x13F, *size, c->size, 0, "V-MEM-17", "%s of %llu bytes, allocated were %llu", ddi_table[ddi].name, (unsigned long long)*size,
                 (unsigned long long)c->size);
    *at = c->next;
    ex_free_with_tag(c->block, TAG, caller);
    ex_system_free(c);
    gate_leave(0);
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    return allocate(DDI_MmAllocateContiguousMemory, NumberOfBytes, 0, (uint64_t)HighestAcceptableAddress.QuadPart, 0, CALLER);
}

PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
                                             PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType)
{
    (void)CacheType;
    return allocate(DDI_MmAllocateContiguousMemorySpecifyCache, NumberOfBytes, (uint64_t)LowestAcceptableAddress.QuadPart,
                    (uint64_t)HighestAcceptableAddress.QuadPart, (uint64_t)BoundaryAddressMultiple.QuadPart, CALLER);
}

VOID MmFreeContiguousMemory(PVOID BaseAddress) { release(DDI_MmFreeContiguousMemory, BaseAddress, NULL, CALLER); }

VOID MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    (void)CacheType;
    release(DDI_MmFreeContiguousMemorySpecifyCache, BaseAddress, &NumberOfBytes, CALLER);
}
