/*
 * Pool (W-MEM-1..8). A block is charged to the driver whose code asked for it; the checks at free are those of Driver Verifier.
 */
#include "../nt.h"
#include "../io/io.h"
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
    void *(*const alloc)(enum arena, enum block_use, size_t, uint32_t, const void *) = zero ? block_alloc_zero : block_alloc;
    void *memory = size > MAX_SIZE ? NULL : alloc(ARENA_KERNEL, BLOCK_POOL, size, tag, caller);
    if (!memory)
        return NULL;
    struct block *block = block_of(memory);
    if (kind == POOL_PAGED)
        block_set_paged(memory);
    struct nt_driver *driver = io_driver_of_code(caller);
    if (driver && driver->unloading && driver->unloaded_by != current_ctx)
        bugcheck(0xC4, 0x61, block->number, size, tag, "V-MEM-16", "memory is allocated by another thread of a driver while it is unloaded");
    block->owner = driver;
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
        if (block && block->use == BLOCK_IRP)
            bugcheck(0xC4, 0x105, block->number, 0, 0, "V-IO-15", "an IRP is freed with ExFreePool");
        bugcheck(0xC4, 0x10, block ? block->number : 0, 0, 0, "V-MEM-4", "an address inside block #%u is freed, not its start",
                 block ? block->number : 0);
    }
    if (block->state == BLOCK_FREE)
        bugcheck(0xC4, 0x13, block->number, block->tag, 0, "V-MEM-6", "block #%u is freed a second time", block->number);
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
    ke_wait_check_free(memory, block->size);
    ke_mutex_check_free(memory, block->size);
    ex_resource_check_free(memory, block->size);
    ex_lookaside_check_free(memory, block->size);
    ex_work_check_free(memory, block->size);
    io_csq_check_free(memory, block->size);
    io_remove_lock_check_free(memory, block->size);
    block_free(memory, caller);
}

void *ex_system_alloc(size_t size)
{
    void *memory = block_alloc_zero(ARENA_KERNEL, BLOCK_SYSTEM, size, 0, NULL);
    if (!memory)
        bugcheck(OWN_OUT_OF_RESOURCES, size, 0, 0, 0, NULL, "the emulated kernel memory is used up");
    return memory;
}

void ex_system_free(void *memory) { block_free(memory, NULL); }
