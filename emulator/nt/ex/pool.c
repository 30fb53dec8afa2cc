/*
 * Pool (W-MEM-1..8). A block is charged to the driver whose code asked for it; the checks at free are those of Driver Verifier.
 */
#include "../nt.h"
#include "../ke/ke.h"

#define MAX_SIZE (ULONG64)0x20000000

void *ex_allocate(enum pool_kind kind, size_t size, uint32_t tag, const void *caller, bool zero)
{
    uint8_t irql = current_ctx->irql;
    if (size == 0)
        bugcheck(0xC4, 0x00, irql, kind, 0, "V-MEM-1", "a pool allocation of zero bytes");
    if (kind == POOL_PAGED && irql > IRQL_APC)
        bugcheck(0xC4, 0x01, irql, kind, size, "V-MEM-2", "paged pool is allocated at IRQL %u", irql);
    if (irql > IRQL_DISPATCH)
        bugcheck(0xC4, 0x02, irql, kind, size, "V-MEM-2", "pool is allocated at IRQL %u", irql);
    void *memory = size > MAX_SIZE ? NULL : block_alloc(ARENA_KERNEL, BLOCK_POOL, size, tag, caller);
    if (!memory)
        return NULL;
    struct block *block = block_of(memory);
    block->pool_type = (uint8_t)kind;
    block->owner = io_driver_of_code(caller);
    if (zero) {
        memset(memory, 0, size);
        msan_define(memory, size);
    }
    return memory;
}

/* The block of a pointer that a driver wants to free, with every check of V-MEM-4..7. */
static struct block *block_to_free(void *memory, uint32_t tag)
{
    uint8_t irql = current_ctx->irql;
    if (!memory)
        bugcheck(0xC2, 0x46, 0, 0, 0, "V-MEM-4", "a NULL pointer is freed");
    if (memory_is_user(memory))
        bugcheck(0xC2, 0x40, 0, 0, 0, "V-MEM-4", "a user-mode address is freed as pool");
    if (!memory_is_kernel(memory))
        bugcheck(0xC2, 0x99, 0, 0, 0, "V-MEM-4", "an address that is not pool (a stack or image address) is freed");
    struct block *block = block_of(memory);
    if (((ULONG_PTR)memory & 15) || !block_is(block)) {
        block = block_find(memory);
        bugcheck(0xC4, 0x10, block ? block->number : 0, 0, 0, "V-MEM-4", "an address inside block #%u is freed, not its start",
                 block ? block->number : 0);
    }
    if (block->state == BLOCK_FREE)
        bugcheck(0xC4, 0x13, block->number, block->tag, 0, "V-MEM-6", "block #%u is freed a second time", block->number);
    if (block->use == BLOCK_IRP)
        bugcheck(0xC4, 0x105, block->number, 0, 0, "V-IO-15", "an IRP is freed with ExFreePool");
    if (tag && block->tag != tag)
        bugcheck(0xC2, 0x0A, block->number, block->tag, tag, "V-MEM-7", "block #%u is freed with another tag than it was allocated with",
                 block->number);
    if (irql > IRQL_DISPATCH || (block->pool_type == POOL_PAGED && irql > IRQL_APC))
        bugcheck(0xC4, block->pool_type == POOL_PAGED ? 0x11 : 0x12, irql, block->pool_type, block->number, "V-MEM-5",
                 "pool is freed at IRQL %u", irql);
    return block;
}

void ex_free_with_tag(void *memory, uint32_t tag, const void *caller)
{
    struct block *block = block_to_free(memory, tag);
    ke_timer_check_free(memory, block->size);
    ke_dpc_check_free(memory, block->size);
    ke_lock_check_free(memory, block->size);
    block_free(memory, caller);
}

void *ex_system_alloc(size_t size)
{
    void *memory = block_alloc(ARENA_KERNEL, BLOCK_SYSTEM, size, 0, NULL);
    if (!memory)
        bugcheck(OWN_OUT_OF_RESOURCES, size, 0, 0, 0, NULL, "the emulated kernel memory is used up");
    memset(memory, 0, size);
    msan_define(memory, size);
    return memory;
}

void ex_system_free(void *memory) { block_free(memory, NULL); }

/* ---- DDIs ---- */

static enum pool_kind kind_of_type(POOL_TYPE type) { return (type & 1) ? POOL_PAGED : POOL_NONPAGED; }

static PVOID allocate_ddi(uint16_t ddi, POOL_TYPE type, SIZE_T size, ULONG tag, const void *caller, bool zero)
{
    gate_enter(ddi, size, tag);
    if ((type & 0xf) == 2)
        bugcheck(0xC4, 0x03, type, size, tag, "V-MEM-3", "NonPagedPoolMustSucceed is asked for");
    PVOID memory = choose_fault(ddi) ? NULL : ex_allocate(kind_of_type(type), size, tag, caller, zero);
    gate_leave(trace_object(memory));
    return memory;
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolWithTag, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate_ddi(DDI_ExAllocatePool, PoolType, NumberOfBytes, 'enoN', CALLER, false);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_ddi(DDI_ExAllocatePoolWithTagPriority, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolZero, PoolType, NumberOfBytes, Tag, CALLER, true);
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolUninitialized, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    const void *caller = CALLER;
    gate_enter(DDI_ExAllocatePool2, NumberOfBytes, Tag);
    PVOID memory = NULL;
    bool kind_given = Flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    if (Tag && kind_given && NumberOfBytes && !choose_fault(DDI_ExAllocatePool2))
        memory = ex_allocate(Flags & POOL_FLAG_PAGED ? POOL_PAGED : POOL_NONPAGED, NumberOfBytes, Tag, caller, !(Flags & POOL_FLAG_UNINITIALIZED));
    gate_leave(trace_object(memory));
    return memory;
}

VOID ExFreePoolWithTag(PVOID Pool, ULONG Tag)
{
    gate_enter(DDI_ExFreePoolWithTag, trace_object(Pool), Tag);
    ex_free_with_tag(Pool, Tag, CALLER);
    gate_leave(0);
}

VOID ExFreePool(PVOID Pool)
{
    gate_enter(DDI_ExFreePool, trace_object(Pool), 0);
    ex_free_with_tag(Pool, 0, CALLER);
    gate_leave(0);
}
