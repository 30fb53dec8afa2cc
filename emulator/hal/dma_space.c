/*
 * The logical addresses of devices, and what a device reaches through them (W-DMA-2, V-DMA-26).
 *
 * Design: a space holds its mappings in an array sorted by address. Addresses are given out upwards and come round again at the end of the range, so that an
 * address that was taken back is not another one's soon; between two mappings a page stays free, so that no transfer of the device runs from one into the next.
 * The ranges hold no physical address of this machine's memory: a driver that gives its device MmGetPhysicalAddress() is caught by its first access.
 */
#include "dma_adapter.h"

#include "../nt/io/io.h"

#define SPACES_APART 10u        /* devices have ranges of their own up to this number */
#define GONE 8u                 /* mappings taken back that are remembered, for the reports */

struct dma_space {
    struct dma_space *next;
    PDEVICE_OBJECT pdo;
    unsigned index;
    struct dma_mapping **mapping;
    unsigned count, room;
    unsigned of_mdls;         /* that have an MDL */
    uint64_t cursor[DMA_WIDTHS]; /* 0: at the beginning of the range */
    struct { uint64_t logical, size; const char *ends; } gone[GONE];
    unsigned gone_count;
};

static struct dma_space *spaces;

void hal_dma_boot(void)
{
    spaces = NULL;
    dma_adapters_boot();
}

static struct dma_space *find_space(PDEVICE_OBJECT pdo)
{
    struct dma_space *s = spaces;
    while (s && s->pdo != pdo)
        s = s->next;
    return s;
}

struct dma_space *dma_space_of(PDEVICE_OBJECT pdo)
{
    struct dma_space *s = find_space(pdo);
    if (s)
        return s;
    s = ex_system_alloc(sizeof *s);
    s->pdo = pdo;
    s->index = spaces ? spaces->index + 1 : 0;
    s->next = spaces;
    spaces = s;
    return s;
}

/* Above 4 GB for a device of 64 bits, so that one that drops the upper half is caught; what is left of 16 MB for one of 24. */
static void range_of(const struct dma_space *s, enum dma_width width, uint64_t *first, uint64_t *end)
{
    static const struct { uint64_t first, size; bool apart; } range[DMA_WIDTHS] = {
        [DMA_24_BITS] = {0x100000, 0xf00000, false},
        [DMA_32_BITS] = {0x50000000, 0x4000000, true},
        [DMA_64_BITS] = {0x8000000000, 0x100000000, true},
    };
    *first = range[width].first + (range[width].apart ? s->index % SPACES_APART * range[width].size : 0);
    *end = *first + range[width].size;
}

/* ---- Mappings ---- */

static uint64_t page_below(uint64_t address) { return address & ~(uint64_t)(DMA_PAGE - 1); }
static uint64_t page_above(uint64_t address) { return page_below(address + DMA_PAGE - 1); }
static uint64_t end_of(const struct dma_mapping *m) { return m->logical + m->size + m->pad; }

/* The first mapping that ends behind the address. */
static unsigned index_behind(const struct dma_space *s, uint64_t address)
{
    unsigned low = 0, high = s->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (end_of(s->mapping[middle]) > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* So many bytes that are free, from `at` on; 0: there are none before the end. */
static uint64_t find_gap(const struct dma_space *s, uint64_t at, uint64_t end, uint64_t bytes)
{
    for (unsigned i = index_behind(s, at); at + bytes <= end; i++) {
        if (i == s->count || at + bytes <= page_below(s->mapping[i]->logical))
            return at;
        at = page_above(end_of(s->mapping[i])) + DMA_PAGE;
    }
    return 0;
}

static void insert(struct dma_space *s, struct dma_mapping *m)
{
    if (s->count == s->room) {
        unsigned room = s->room ? 2 * s->room : 16;
        struct dma_mapping **more = ex_system_alloc(room * sizeof *more);
        if (s->count)
            memcpy(more, s->mapping, s->count * sizeof *more);
        if (s->mapping)
            ex_system_free(s->mapping);
        s->mapping = more, s->room = room;
    }
    unsigned i = index_behind(s, m->logical);
    memmove(s->mapping + i + 1, s->mapping + i, (s->count - i) * sizeof *s->mapping);
    s->mapping[i] = m;
    s->count++;
    s->of_mdls += m->mdl != NULL;
}

static struct dma_mapping *map_in(struct dma_space *s, enum dma_width width, const struct dma_mapping *m, uint32_t offset, struct dma_bounds bounds)
{
    uint64_t first, end, at = 0, bytes = page_above(offset + m->size + m->pad);
    range_of(s, width, &first, &end);
    if (bounds.lowest > first)
        first = page_above(bounds.lowest);
    if (bounds.highest < end - 1)
        end = page_below(bounds.highest + 1);
    if (first >= end)
        return NULL;
    if (s->cursor[width] > first)
        at = find_gap(s, s->cursor[width], end, bytes);
    if (!at)
        at = find_gap(s, first, end, bytes);
    if (!at)
        return NULL;
    s->cursor[width] = at + bytes + DMA_PAGE;
    struct dma_mapping *mapping = ex_system_alloc(sizeof *mapping);
    *mapping = *m;
    mapping->logical = at + offset;
    insert(s, mapping);
    return mapping;
}

struct dma_mapping *dma_map(struct dma_space *s, enum dma_width width, struct dma_mapping m, uint32_t offset) { return map_in(s, width, &m, offset, DMA_ANYWHERE); }

struct dma_mapping *dma_map_within(struct dma_space *s, enum dma_width width, struct dma_mapping m, uint32_t offset, struct dma_bounds bounds)
{
    struct dma_mapping *mapping = NULL;
    for (unsigned w = width + 1u; w-- > 0 && !mapping;)
        mapping = map_in(s, w, &m, offset, bounds);
    return mapping;
}

void dma_unmap(struct dma_space *s, struct dma_mapping *m)
{
    unsigned i = index_behind(s, m->logical), g = s->gone_count++ % GONE;
    memmove(s->mapping + i, s->mapping + i + 1, (s->count - i - 1) * sizeof *s->mapping);
    s->count--;
    s->of_mdls -= m->mdl != NULL;
    s->gone[g].logical = m->logical, s->gone[g].size = m->size, s->gone[g].ends = m->ends;
    ex_system_free(m);
}

static _Noreturn void unlocked(const struct dma_mapping *m)
{
    const struct block *b = memory_is_kernel(m->mdl) ? block_find(m->mdl) : NULL;
    bugcheck(0xE6, 0x0E, b ? b->number : 0, m->size, 0, "V-DMA-0E", "the pages of MDL #%u are unlocked (or its IRP completes) while a device may still %s them: %s comes first",
             b ? b->number : 0, m->writable ? "write" : "read", m->ends);
}

void hal_dma_check_unlocked(const MDL *mdl)
{
    for (const struct dma_space *s = spaces; s; s = s->next)
        for (unsigned i = 0; s->of_mdls && i < s->count; i++)
            if (s->mapping[i]->mdl == mdl)
                unlocked(s->mapping[i]);
}

/* ---- The device's accesses ---- */

static const struct dma_mapping *mapping_at(const struct dma_space *s, uint64_t logical)
{
    unsigned i = s ? index_behind(s, logical) : 0;
    return s && i < s->count && s->mapping[i]->logical <= logical ? s->mapping[i] : NULL;
}

static bool is_let(const struct dma_mapping *m, uint64_t logical, uint32_t size, bool write)
{
    return m && size <= m->size && logical - m->logical <= m->size - size && (write ? m->writable : m->readable);
}

/* What the address was until a moment ago. */
static const char *ended_by(const struct dma_space *s, uint64_t logical)
{
    for (unsigned n = 0; s && n < GONE && n < s->gone_count; n++) {
        unsigned g = (s->gone_count - 1 - n) % GONE;
        if (logical - s->gone[g].logical < s->gone[g].size)
            return s->gone[g].ends;
    }
    return NULL;
}

static bool is_physical(uint64_t address)
{
    uint64_t kernel = mm_physical_of((const void *)KERNEL_ARENA_BASE), user = mm_physical_of((const void *)USER_ARENA_BASE);
    return address - kernel < ARENA_SIZE || address - user < ARENA_SIZE;
}

static void check_in_tag(const struct dma_mapping *m, uint64_t logical, uint32_t size)
{
    uint64_t from = logical - m->logical;
    if (m->pad && from < m->size + m->pad && from + size <= m->size + m->pad)
        bugcheck(0xE6, 0x0F, from, size, m->size, "V-DMA-0F", "a device writes %u bytes at offset %llu of a DMA buffer of %llu bytes", size,
                 (unsigned long long)from, (unsigned long long)m->size);
}

static _Noreturn void fault(const struct dma_space *s, const struct dma_mapping *m, uint64_t logical, uint32_t size, bool write)
{
    const char *ended = ended_by(s, logical), *verb = write ? "writes" : "reads";
    if (m && write && m->writable)
        check_in_tag(m, logical, size);
    if (m)
        bugcheck(0xE6, 0x26, logical, size, write, "V-DMA-26", "a device %s %u bytes at offset %llu of a DMA buffer of %llu bytes%s", verb, size,
                 (unsigned long long)(logical - m->logical), (unsigned long long)m->size,
                 (write ? m->writable : m->readable) ? "" : write ? ", which was mapped for it to read" : ", which was mapped for it to write");
    if (ended)
        bugcheck(0xE6, 0x26, logical, size, write, "V-DMA-26", "a device %s %u bytes at the logical address 0x%llX, which %s has taken back from it", verb, size,
                 (unsigned long long)logical, ended);
    bugcheck(0xE6, 0x26, logical, size, write, "V-DMA-26", "a device %s %u bytes at the logical address 0x%llX, which was never mapped for it%s", verb, size,
             (unsigned long long)logical, is_physical(logical) ? ": it is a physical address" : "");
}

bool hal_dma_reaches(PDEVICE_OBJECT pdo, uint64_t logical, uint32_t size, bool write)
{
    return is_let(mapping_at(find_space(pdo), logical), logical, size, write);
}

static char *reach(PDEVICE_OBJECT pdo, uint64_t logical, uint32_t size, bool write)
{
    const struct dma_space *s = find_space(pdo);
    const struct dma_mapping *m = mapping_at(s, logical);
    if (!is_let(m, logical, size, write))
        fault(s, m, logical, size, write);
    char *memory = m->memory + (logical - m->logical);
    if (!memory_paged_hidden) /* a device has no IRQL */
        memory_check(memory, size, write ? "a device's write" : "a device's read");
    return memory;
}

bool hal_dma_read(PDEVICE_OBJECT pdo, uint64_t logical, void *to, uint32_t size)
{
    memcpy(to, reach(pdo, logical, size, false), size);
    return true;
}

bool hal_dma_write(PDEVICE_OBJECT pdo, uint64_t logical, const void *from, uint32_t size)
{
    memcpy(reach(pdo, logical, size, true), from, size);
    return true;
}
