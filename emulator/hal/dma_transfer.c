/*
 * Transfers of an MDL: what part of it, in how many pieces, through bounce pages or not (W-DMA-2, 4, V-DMA-0E, 1B, 21).
 *
 * Design: an MDL may have others behind it (Next). A piece never reaches beyond the page it begins in, or beyond the neighbouring pages when they are merged, nor from one
 * MDL into the next. An adapter that is not for scatter/gather has one piece for all of an MDL: its map registers make neighbours of the pages.
 */
#include "dma_adapter.h"

#define USABLE (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)

static char *start_of(const MDL *mdl) { return (char *)mdl->StartVa + mdl->ByteOffset; }

static unsigned number_of(const MDL *mdl)
{
    const struct block *b = memory_is_kernel(mdl) ? block_find(mdl) : NULL;
    return b ? b->number : 0;
}

struct dma_range dma_range_of(PMDL mdl, const void *va, ULONG length, const char *ddi)
{
    memory_check(mdl, sizeof *mdl, "the MDL of a DMA transfer");
    uint64_t offset = (uint64_t)va - (uint64_t)start_of(mdl);
    if (offset >= mdl->ByteCount)
        bugcheck(0xE6, 0x1B, number_of(mdl), offset, mdl->ByteCount, "V-DMA-1B", "%s of an address that does not lie in MDL #%u (%u bytes)", ddi, number_of(mdl),
                 mdl->ByteCount);
    return (struct dma_range){mdl, offset, length};
}

static void check_mdl(const MDL *mdl, const char *ddi)
{
    if (mdl->ByteOffset >= DMA_PAGE || (uint64_t)mdl->StartVa % DMA_PAGE)
        bugcheck(0xE6, 0x1F, 3, number_of(mdl), 0, "V-DMA-1B", "%s of MDL #%u, which does not begin in the page that it says", ddi, number_of(mdl));
    if (!(mdl->MdlFlags & USABLE))
        bugcheck(0xE6, 0x0E, number_of(mdl), 0, 0, "V-DMA-0E", "%s of MDL #%u, whose pages are not locked", ddi, number_of(mdl));
}

void dma_check_range(const struct dma_range *range, const char *ddi)
{
    if (!range->length)
        bugcheck(0xE6, 0x21, number_of(range->mdl), 0, 0, "V-DMA-21", "%s of no bytes", ddi);
    uint64_t end = range->offset + range->length;
    for (const MDL *mdl = range->mdl; mdl && end; mdl = mdl->Next) {
        memory_check(mdl, sizeof *mdl, "the MDL of a DMA transfer");
        check_mdl(mdl, ddi);
        if (end <= mdl->ByteCount)
            return;
        end -= mdl->ByteCount;
    }
    bugcheck(0xE6, 0x24, number_of(range->mdl), range->length, end, "V-DMA-1B", "%s of %u bytes, of which %llu lie behind the end of MDL #%u", ddi, range->length,
             (unsigned long long)end, number_of(range->mdl));
}

/* ---- Walking a range ---- */

/* The bytes of the range that the first of its MDLs holds. */
static char *next_run(struct dma_range *range, uint64_t *size)
{
    while (range->mdl && range->offset >= range->mdl->ByteCount) {
        range->offset -= range->mdl->ByteCount;
        range->mdl = range->mdl->Next;
    }
    char *at = start_of(range->mdl) + range->offset;
    *size = range->mdl->ByteCount - range->offset;
    if (*size > range->length)
        *size = range->length;
    return at;
}

static void advance(struct dma_range *range, uint64_t size)
{
    range->offset += size;
    range->length -= (ULONG)size;
}

char *dma_take_run(struct dma_range *range, uint64_t *size)
{
    char *at = next_run(range, size);
    advance(range, *size);
    return at;
}

static uint64_t pages_of(const char *at, uint64_t size) { return ((uint64_t)at % DMA_PAGE + size + DMA_PAGE - 1) / DMA_PAGE; }

ULONG dma_pages_of(const struct dma_range *range)
{
    struct dma_range rest = *range;
    uint64_t pages = 0, size;
    while (rest.length) {
        const char *at = next_run(&rest, &size);
        pages += pages_of(at, size);
        advance(&rest, size);
    }
    return (ULONG)pages;
}

ULONG dma_clip(const struct dma_range *range, ULONG pages)
{
    struct dma_range rest = *range;
    uint64_t left = pages, size;
    while (rest.length && left) {
        struct dma_range before = rest;
        const char *at = dma_take_run(&rest, &size);
        if (pages_of(at, size) > left)
            return range->length - before.length + (ULONG)(left * DMA_PAGE - (uint64_t)at % DMA_PAGE);
        left -= pages_of(at, size);
    }
    return range->length - rest.length;
}

/* ---- Mapping ---- */

unsigned dma_choose_transfer(const struct dma_adapter *a)
{
    unsigned flags = choose(LANE_HARDWARE, 8);
    return a->description.ScatterGather ? flags : flags | DMA_MERGES;
}

static bool map_piece(struct dma_adapter *a, struct dma_piece *piece, const MDL *mdl, unsigned flags, bool write, const char *ends)
{
    struct dma_mapping m = {.size = piece->size, .readable = write, .writable = !write, .memory = piece->memory, .mdl = mdl, .ends = ends};
    piece->bounced = flags & DMA_BOUNCES;
    if (piece->bounced) {
        memory_check(piece->memory, piece->size, "a DMA transfer");
        m.memory = ex_system_alloc(piece->size);
        memcpy(m.memory, piece->memory, piece->size);
    }
    piece->mapping = dma_map(a->space, a->width, m, (uint64_t)piece->memory % DMA_PAGE);
    if (!piece->mapping && piece->bounced)
        ex_system_free(m.memory);
    return piece->mapping != NULL;
}

unsigned dma_map_pieces(struct dma_adapter *a, const struct dma_range *range, unsigned flags, bool write, const char *ends, struct dma_piece *piece, unsigned room)
{
    struct dma_range rest = *range;
    unsigned n = 0;
    while (rest.length && n < room) {
        uint64_t size;
        char *at = next_run(&rest, &size);
        uint64_t in_page = DMA_PAGE - (uint64_t)at % DMA_PAGE;
        if (!(flags & DMA_MERGES) && size > in_page)
            size = in_page;
        piece[n] = (struct dma_piece){.memory = at, .size = (ULONG)size};
        if (!map_piece(a, &piece[n], rest.mdl, flags, write, ends)) {
            while (n)
                dma_unmap_piece(a, &piece[--n]);
            return 0;
        }
        advance(&rest, size);
        n++;
    }
    return n;
}

void dma_unmap_piece(struct dma_adapter *a, struct dma_piece *piece)
{
    char *bounce = piece->bounced ? piece->mapping->memory : NULL;
    if (bounce && piece->mapping->writable) {
        memory_check(piece->memory, piece->size, "what a device has received");
        memcpy(piece->memory, bounce, piece->size);
    }
    if (bounce)
        ex_system_free(bounce);
    dma_unmap(a->space, piece->mapping);
    piece->mapping = NULL;
}
