/* See memory.h. Blocks of a class are carved from the arena in order and recycled first-in first-out through a quarantine. */
#include <string.h>
#include <sys/mman.h>

#include "canary.h"
#include "machine.h"

#define GRANULE 16
#define RED_ZONE 16
#define CLASS_COUNT 100 /* up to ARENA_SIZE / 4: class_of(2^28) = 99 */
#define QUARANTINE (4u << 20)
#define OPEN_STEP (16u << 20) /* divides ARENA_SIZE */
#define MAGIC BLOCK_MAGIC /* block_is() */
#define FREED_PATTERN 0xfe
#define ZONE_PATTERN 0xfa
#define FRESH_PATTERN 0xcd
#define PAGED_MAX 256 /* blocks of paged pool that are hidden; more than that are not */

struct free_list {
    struct block *head, *tail;
    uint64_t waiting; /* bytes in this class's quarantine */
};

struct memory {
    char *base, *next;
    char *opened; /* from here on nothing may be touched yet */
    unsigned classes; /* lists from here on were not used in this life */
    struct free_list list[CLASS_COUNT];
};

static struct memory memories[ARENA_COUNT];
static struct block *oldest, *youngest; /* live blocks */
static struct block *paged[PAGED_MAX];
unsigned memory_paged_blocks;
bool memory_paged_hidden;
static uint32_t next_number;

/* Classes: 16-byte steps to 256, then four per doubling. */
static unsigned class_of(size_t size, size_t *rounded)
{
    if (size <= 256) {
        unsigned c = size ? (unsigned)((size + 15) / 16) - 1 : 0;
        *rounded = (c + 1) * 16u;
        return c;
    }
    unsigned log = 63 - (unsigned)__builtin_clzll(size - 1); /* 2^log < size <= 2^(log+1) */
    size_t step = (size_t)1 << (log - 2);
    size_t n = (size - 1 - ((size_t)1 << log)) / step; /* 0..3 */
    *rounded = ((size_t)1 << log) + (n + 1) * step;
    return 16 + (log - 8) * 4 + (unsigned)n;
}

static void map_arena(struct memory *m, uint64_t base)
{
    void *p = mmap((void *)base, ARENA_SIZE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != (void *)base) {
        report_line("irpfuzz: cannot map the emulated memory at %llx: another mapping is in the way", (unsigned long long)base);
        __builtin_trap();
    }
    m->base = m->next = m->opened = p;
}

/*
 * An arena is opened piece by piece, once in a process: poisoning it whole writes a quarter of a gigabyte of AddressSanitizer's shadow, most of the
 * time that a short process takes.
 */
static void open_arena(struct memory *m, const char *end)
{
    while (m->opened < end) {
        if (mprotect(m->opened, OPEN_STEP, PROT_READ | PROT_WRITE)) {
            report_line("irpfuzz: no memory is left for the emulated machine");
            __builtin_trap();
        }
        asan_poison(m->opened, OPEN_STEP);
        m->opened += OPEN_STEP;
    }
}

void memory_begin(void)
{
    static const uint64_t bases[ARENA_COUNT] = {KERNEL_ARENA_BASE, USER_ARENA_BASE};
    for (unsigned i = 0; i < ARENA_COUNT; i++) {
        struct memory *m = &memories[i];
        if (!m->base) {
            map_arena(m, bases[i]);
        } else {
            asan_poison(m->base, (size_t)(m->next - m->base));
            if (m->next - m->base > (32 << 20)) /* a rare big life must not cost memory for ever */
                madvise(m->base, (size_t)(m->next - m->base), MADV_DONTNEED);
        }
        m->next = m->base;
        memset(m->list, 0, m->classes * sizeof m->list[0]);
        m->classes = 0;
    }
    oldest = youngest = NULL;
    next_number = 0;
    memory_paged_blocks = 0;
    memory_paged_hidden = false;
}

/* A header is poisoned for everyone but this file and, where the emulator is not instrumented, the emulator. */
#if defined(IRPFUZZ_EMULATOR_ASAN)
static void header_open(const struct block *b) { asan_unpoison(b, sizeof *b); }
static void header_close(const struct block *b) { (void)b; }
#else
static void header_open(const struct block *b) { (void)b; }
static void header_close(const struct block *b) { (void)b; }
#endif

#if !defined(IRPFUZZ_ASAN)
/* By words where it can: each block that is freed comes through here. */
static bool is_pattern(const unsigned char *p, size_t n, unsigned char pattern)
{
    for (; n % 8; n--)
        if (*p++ != pattern)
            return false;
    for (; n; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        if (word != pattern * 0x0101010101010101ull)
            return false;
    }
    return true;
}
#endif

static struct block *recycle(struct free_list *list)
{
    struct block *b = list->head;
    if (!b || list->waiting < QUARANTINE)
        return NULL;
    header_open(b);
#if !defined(IRPFUZZ_ASAN)
    if (!is_pattern((unsigned char *)(b + 1), b->size, FREED_PATTERN))
        bugcheck(0xC6, b->number, b->size, b->tag, 0, "V-MEM-14", "block #%u (%llu bytes) was written to after it was freed", b->number,
                 (unsigned long long)b->size);
#endif
    list->head = b->next;
    if (!list->head)
        list->tail = NULL;
    list->waiting -= sizeof *b + b->room;
    return b;
}

static void live_add(struct block *b)
{
    b->next = NULL;
    b->older = youngest;
    if (youngest) {
        header_open(youngest);
        youngest->next = b;
        header_close(youngest);
    } else {
        oldest = b;
    }
    youngest = b;
}

/* A header that was overwritten from the block before it leads nowhere; better to say so than to follow it. */
static bool is_live_header(const struct block *b)
{
    if (!memory_is_kernel(b) && !memory_is_user(b))
        return false;
    header_open(b);
    return b->magic == MAGIC && b->state == BLOCK_LIVE;
}

static void live_remove(struct block *b)
{
    struct block *older = b->older, *younger = b->next;
    if ((older ? !is_live_header(older) : oldest != b) || (younger ? !is_live_header(younger) : youngest != b))
        bugcheck(0x19, 0x20, b->number, 0, 0, "V-MEM-11", "the header of block #%u, or of one allocated next to it, was overwritten", b->number);
    *(older ? &older->next : &oldest) = younger;
    *(younger ? &younger->older : &youngest) = older;
    if (older)
        header_close(older);
    if (younger)
        header_close(younger);
}

#if !defined(IRPFUZZ_ASAN)
/* Nearly every zone has 16 to 31 bytes: two stores that may overlap instead of a call. */
static void fill_zone(char *from, char *end)
{
    _Static_assert(RED_ZONE == 16, "the two stores cover up to twice that");
    memset(from, ZONE_PATTERN, RED_ZONE);
    memset(end - RED_ZONE, ZONE_PATTERN, RED_ZONE);
    if (end - from > 2 * RED_ZONE)
        memset(from, ZONE_PATTERN, (size_t)(end - from));
}
#endif

/* A live block whose `size` bytes are addressable and hold anything. */
static char *take_block(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller)
{
    size += canary_noise();
    if (size > ARENA_SIZE / 4)
        return NULL;
    size_t rounded;
    unsigned c = class_of(size, &rounded);
    struct memory *m = &memories[arena];
    struct block *b = recycle(&m->list[c]);
    if (!b) {
        size_t total = sizeof *b + rounded + RED_ZONE;
        if (m->next + total > m->base + ARENA_SIZE)
            return NULL;
        if (m->next + total > m->opened)
            open_arena(m, m->next + total);
        b = (struct block *)m->next;
        m->next += total;
        header_open(b);
    }
    msan_define(b, sizeof *b);
    *b = (struct block){.magic = MAGIC, .state = BLOCK_LIVE, .use = (uint8_t)use, .arena = (uint8_t)arena, .tag = tag,
                        .number = ++next_number, .size = size, .allocated_at = caller, .size_class = (uint8_t)c,
                        .room = (uint32_t)(rounded + RED_ZONE), .allocated_by = current_ctx ? (uint8_t)current_ctx->id : 0};
    live_add(b);
    char *p = (char *)(b + 1);
    asan_unpoison(p, size);
#if !defined(IRPFUZZ_ASAN)
    fill_zone(p + size, p + rounded + RED_ZONE);
#endif
    header_close(b);
    return p;
}

void *block_alloc(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller)
{
    char *p = take_block(arena, use, size, tag, caller);
    if (p) {
        memset(p, FRESH_PATTERN, size);
        msan_undefine(p, size);
    }
    return p;
}

void *block_alloc_bare(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller)
{
    return take_block(arena, use, size, tag, caller);
}

void *block_alloc_zero(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller)
{
    char *p = take_block(arena, use, size, tag, caller);
    if (p) {
        memset(p, 0, size);
        msan_define(p, size);
    }
    return p;
}

void block_set_paged(void *memory)
{
    struct block *b = block_of(memory);
    header_open(b);
    b->pool_type = 1;
    header_close(b);
    if (memory_paged_blocks < PAGED_MAX)
        paged[memory_paged_blocks++] = b;
}

static void paged_remove(const struct block *b)
{
    for (unsigned i = 0; i < memory_paged_blocks; i++)
        if (paged[i] == b) {
            paged[i] = paged[--memory_paged_blocks];
            return;
        }
}

bool memory_is_paged(const void *address)
{
    for (unsigned i = 0; i < memory_paged_blocks; i++) {
        const struct block *b = paged[i];
        header_open(b);
        bool inside = (uintptr_t)address - (uintptr_t)(b + 1) < b->size;
        header_close(b);
        if (inside)
            return true;
    }
    return false;
}

void memory_hide_paged(bool hide)
{
    memory_paged_hidden = hide;
    for (unsigned i = 0; i < memory_paged_blocks; i++) {
        struct block *b = paged[i];
        header_open(b);
        if (hide)
            asan_poison(b + 1, b->size);
        else
            asan_unpoison(b + 1, b->size);
        header_close(b);
    }
}

/* The size in the header decides the rest of it: an underrun of a few bytes reaches no farther than there. */
static void check_header(const struct block *b)
{
    size_t rounded;
    unsigned c = class_of(b->size, &rounded);
    if (b->size > ARENA_SIZE / 4 || b->size_class != c || b->room != rounded + RED_ZONE)
        bugcheck(0xC4, 0x13F, b->number, b->size, b->room, "V-MEM-17", "block #%u is freed, and its size is not the one it was allocated with: its header was written to",
                 b->number);
}

uint32_t block_number(const void *memory)
{
    struct block *b = block_of(memory);
    header_open(b);
    uint32_t number = b->number;
    header_close(b);
    return number;
}

void block_retag(void *memory, uint32_t tag)
{
    struct block *b = block_of(memory);
    header_open(b);
    b->tag = tag;
    header_close(b);
}

void block_free(void *memory, const void *caller)
{
    struct block *b = block_of(memory);
    header_open(b);
    check_header(b);
    footprint_free(memory, b->size);
    if (b->pool_type)
        paged_remove(b);
#if !defined(IRPFUZZ_ASAN)
    if (!is_pattern((unsigned char *)memory + b->size, b->room - b->size, ZONE_PATTERN)) {
        bugcheck(0xC1, b->number, b->size, b->tag, 0x24, "V-MEM-11",
                 "the bytes behind block #%u (%llu bytes) were overwritten: found when it was freed", b->number, (unsigned long long)b->size);
    }
    memset(memory, FREED_PATTERN, b->size);
#endif
    live_remove(b);
    b->state = BLOCK_FREE;
    b->freed_at = caller;
    b->freed_by = current_ctx ? (uint8_t)current_ctx->id : 0;
    b->next = NULL;
    asan_poison(memory, b->size);
    struct memory *m = &memories[b->arena];
    struct free_list *list = &m->list[b->size_class];
    if (b->size_class >= m->classes)
        m->classes = b->size_class + 1u;
    if (list->tail) {
        header_open(list->tail);
        list->tail->next = b;
        header_close(list->tail);
    } else {
        list->head = b;
    }
    list->tail = b;
    list->waiting += sizeof *b + b->room;
    header_close(b);
}

static struct block *next_block(struct memory *m, struct block *b)
{
    char *p = b ? (char *)(b + 1) + b->room : m->base;
    if (p >= m->next)
        return NULL;
    header_open((struct block *)p);
    return (struct block *)p;
}

struct block *block_find(const void *address)
{
    for (unsigned i = 0; i < ARENA_COUNT; i++) {
        struct memory *m = &memories[i];
        if ((const char *)address < m->base || (const char *)address >= m->next)
            continue;
        for (struct block *b = next_block(m, NULL); b; b = next_block(m, b))
            if ((const char *)address < (char *)(b + 1) + b->room)
                return b;
    }
    return NULL;
}

struct block *block_next_live(const struct block *after)
{
    struct block *b = after ? after->next : oldest;
    if (b)
        header_open(b);
    return b;
}

void *block_memory(struct block *block) { return block + 1; }

void memory_tell_freed(const void *address, const char *ddi, const char *object)
{
    const struct block *b = memory_is_kernel(address) ? block_find(address) : NULL;
    if (b && b->state == BLOCK_FREE)
        bugcheck(0xD5, b->number, 0, 0, 0, "V-MEM-13", "%s on a %s in block #%u, which was freed", ddi, object, b->number);
}

#if defined(IRPFUZZ_ASAN)
void *__asan_region_is_poisoned(void *begin, size_t size);
static bool is_closed(const void *address, size_t size) { return __asan_region_is_poisoned((void *)(uintptr_t)address, size); }
#elif defined(IRPFUZZ_FOOTPRINTS)
static bool is_closed(const void *address, size_t size) { return shadow_is_closed(address, size); }
#endif

#if defined(IRPFUZZ_ASAN) || defined(IRPFUZZ_FOOTPRINTS)
void memory_check(const void *address, size_t size, const char *what)
{
    if (!memory_is_kernel(address) || !is_closed(address, size))
        return;
    const struct block *b = block_find(address);
    if (b && b->state == BLOCK_FREE)
        bugcheck(0xD5, b->number, 0, 0, 0, "V-MEM-13", "%s lies in block #%u, which was freed", what, b->number);
    bugcheck(0xD6, b ? b->number : 0, 0, 0, 0, "V-MEM-12", "%s reaches beyond the end of block #%u", what, b ? b->number : 0);
}
#else
void memory_check(const void *address, size_t size, const char *what)
{
    (void)address, (void)size, (void)what;
}
#endif

void *machine_keep(size_t size)
{
    return mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
