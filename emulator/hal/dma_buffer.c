/*
 * Common buffers (W-DMA-3, V-DMA-03, 0F), also those that are made of a driver's own memory (W-DMA-10).
 *
 * Design: a block of the kernel arena with room for a page before and behind, in which the buffer begins on a page. The bytes around it hold a tag that is looked at when
 * the buffer is freed; in builds that can poison memory they may not be touched at all. What is in a new buffer is not promised, and is no zeros here.
 * One that is made of an MDL has no block and no tag, and is known by its logical address: the driver need not have the memory mapped.
 */
#include "dma_adapter.h"

#include "../machine/sanitizer.h"

#define TAG_BYTE 0xDBu
#define TAG_WORD 0xDBDBDBDBDBDBDBDBu
#define FRONT 64u               /* of tag before the buffer */

struct dma_buffer {
    struct dma_buffer *next;
    struct dma_mapping *mapping;
    char *block, *memory;       /* block: NULL of a driver's own memory */
    ULONG length, behind;       /* behind: tag, to the end of the page */
    BOOLEAN cached;
};

static void tag(const struct dma_buffer *b)
{
    memset(b->memory - FRONT, TAG_BYTE, FRONT);
    memset(b->memory + b->length, TAG_BYTE, b->behind);
    asan_poison(b->memory - FRONT, FRONT);
    asan_poison(b->memory + b->length, b->behind);
}

/* The first offset without the tag's byte, or `end`. A driver has hundreds of buffers, and each has up to a page of tag: words first. */
static LONG64 written_at(const struct dma_buffer *b, LONG64 from, LONG64 end)
{
    const UCHAR *p = (const UCHAR *)b->memory;
    uint64_t word;
    for (; end - from >= (LONG64)sizeof word; from += sizeof word) {
        memcpy(&word, p + from, sizeof word);
        if (word != TAG_WORD)
            break;
    }
    while (from < end && p[from] == TAG_BYTE)
        from++;
    return from;
}

static void check_tag(const struct dma_buffer *b)
{
    asan_unpoison(b->memory - FRONT, FRONT);
    asan_unpoison(b->memory + b->length, b->behind);
    LONG64 i = written_at(b, -(LONG64)FRONT, 0);
    if (i == 0)
        i = written_at(b, b->length, (LONG64)b->length + b->behind);
    if (i != (LONG64)b->length + b->behind)
        bugcheck(0xE6, 0x0F, (uint64_t)i, b->length, 0, "V-DMA-0F", "a driver or its device has written at offset %lld of a common buffer of %u bytes", i, b->length);
}

static struct dma_mapping mapping_for(const struct dma_buffer *b)
{
    return (struct dma_mapping){.size = b->length, .pad = b->behind, .readable = true, .writable = true, .memory = b->memory, .ends = "FreeCommonBuffer"};
}

static bool place(struct dma_buffer *b, ULONG length)
{
    b->block = block_alloc(ARENA_KERNEL, BLOCK_SYSTEM, FRONT + 2 * DMA_PAGE + (size_t)length, ' AMD', NULL);
    if (!b->block)
        return false;
    b->memory = (char *)(((uintptr_t)b->block + FRONT + DMA_PAGE - 1) & ~(uintptr_t)(DMA_PAGE - 1));
    b->length = length;
    b->behind = (DMA_PAGE - length % DMA_PAGE) % DMA_PAGE;
    return true;
}

static void add(struct dma_adapter *a, struct dma_buffer *b, PPHYSICAL_ADDRESS logical)
{
    b->next = a->buffers;
    a->buffers = b;
    logical->QuadPart = (LONGLONG)b->mapping->logical;
}

PVOID dma_allocate_common_buffer(struct dma_adapter *a, ULONG length, struct dma_bounds bounds, PPHYSICAL_ADDRESS logical, BOOLEAN cached)
{
    struct dma_buffer *b = ex_system_alloc(sizeof *b);
    if (!length || length > ARENA_SIZE / 2 || !place(b, length)) {
        ex_system_free(b);
        return NULL;
    }
    b->cached = cached;
    b->mapping = dma_map_within(a->space, a->width, mapping_for(b), 0, bounds);
    if (!b->mapping) {
        block_free(b->block, NULL);
        ex_system_free(b);
        return NULL;
    }
    tag(b);
    add(a, b, logical);
    return b->memory;
}

NTSTATUS dma_common_buffer_of(struct dma_adapter *a, const struct dma_part *part, PPHYSICAL_ADDRESS logical)
{
    struct dma_range rest = {part->mdl, part->offset, part->length};
    uint64_t size;
    char *memory = dma_take_run(&rest, &size);
    struct dma_mapping m = {.size = size, .readable = part->readable, .writable = part->writable, .memory = memory, .mdl = part->mdl, .ends = "FreeCommonBuffer"};
    struct dma_mapping *mapping = dma_map_within(a->space, a->width, m, (uint64_t)memory % DMA_PAGE, part->bounds);
    if (!mapping)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_buffer *b = ex_system_alloc(sizeof *b);
    *b = (struct dma_buffer){.mapping = mapping, .memory = memory, .length = (ULONG)size};
    add(a, b, logical);
    return STATUS_SUCCESS;
}

static void check_same(const struct dma_buffer *b, ULONG length, PHYSICAL_ADDRESS logical, BOOLEAN cached)
{
    const char *differs = b->length != length ? "length" : b->mapping->logical != (uint64_t)logical.QuadPart ? "logical address" :
                          b->block && !b->cached != !cached ? "caching" : NULL;
    if (differs)
        bugcheck(OWN_RULE, b->length, length, 0, 0, "W-DMA-3", "FreeCommonBuffer with another %s than the buffer of %u bytes was allocated with", differs, b->length);
}

/* One of an MDL may be the buffer around, or beside, another one of it: its address does not tell. */
static bool is_meant(const struct dma_buffer *b, PHYSICAL_ADDRESS logical, const void *memory)
{
    return b->block ? b->memory == memory : b->mapping->logical == (uint64_t)logical.QuadPart;
}

void dma_free_common_buffer(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory, BOOLEAN cached)
{
    struct dma_buffer **at = &a->buffers, *b;
    while (*at && !is_meant(*at, logical, memory))
        at = &(*at)->next;
    b = *at;
    if (!b)
        bugcheck(0xE6, 0x03, a->number, 0, 0, "V-DMA-03", "FreeCommonBuffer of adapter #%u with memory that is no common buffer of it, or was freed before", a->number);
    check_same(b, length, logical, cached);
    if (b->block)
        check_tag(b);
    *at = b->next;
    dma_unmap(a->space, b->mapping);
    if (b->block)
        block_free(b->block, NULL);
    ex_system_free(b);
}
