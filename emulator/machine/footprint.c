/* See footprint.h. */
#include "footprint.h"

#if defined(IRPFUZZ_FOOTPRINTS)
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define CONTEXTS 32              /* more at once: the life is not followed */
#define TIME (CONTEXTS - 1)      /* stands for nobody's steps */
#define STEPS 8192
#define WORDS (1u << 16)
#define READERS 10
#define RECENT 512

struct clock_vector {
    uint16_t at[CONTEXTS];
} __attribute__((aligned(32)));

struct word {
    uint64_t key;                /* its address and the life: words of an earlier life are free */
    uint16_t writer;             /* step; 0 none since the start */
    uint8_t readers, unused;
    uint16_t reader[READERS];    /* steps, at most one of each context */
};
_Static_assert(sizeof(struct word) == 32, "two to a cache line");

static struct {
    bool on, lost;               /* lost: something did not fit */
    bool time;
    uint16_t life;
    unsigned steps, words;
    uint16_t current[CONTEXTS];  /* open step, 0 none */
    uint16_t last[CONTEXTS];     /* the one before */
    uint16_t woken_by[CONTEXTS];
    uint64_t sum, order;         /* of the steps that are over; without their processors */
} fp;

static struct clock_vector vector[STEPS];
static uint8_t owner[STEPS];
static bool meets[STEPS];        /* see footprint_is_local() */
static uint16_t place[STEPS];    /* where it began */
/* Words, places and contexts (by a hash; two in one bit only make more shared): a step from that place touched that word in some life, and another context's step
 * did with no other order between the two. */
#define SHARED_BITS 22
static uint64_t shared[(1u << SHARED_BITS) / 64];
static bool learned;
static uint64_t lately[2][RECENT]; /* most accesses repeat one of the same step: word and step, loads and stores */
static struct word words[WORDS];

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static inline void join(struct clock_vector *to, const struct clock_vector *from)
{
    for (unsigned i = 0; i < CONTEXTS; i++)
        to->at[i] = to->at[i] > from->at[i] ? to->at[i] : from->at[i];
}

void footprint_begin(void)
{
    fp.on = false;
    fp.lost = false;
    fp.time = false;
    if (!++fp.life) {
        memset(words, 0, sizeof words);
        fp.life = 1;
    }
}

void footprint_start(void)
{
    if (fp.on || fp.lost)
        return;
    fp.on = true;
    fp.steps = fp.words = 0;
    fp.sum = fp.order = 0;
    memset(fp.current, 0, sizeof fp.current);
    memset(fp.last, 0, sizeof fp.last);
    memset(fp.woken_by, 0, sizeof fp.woken_by);
    memset(&vector[0], 0, sizeof vector[0]);
    memset(lately, 0, sizeof lately);
}

static void lose(void)
{
    fp.on = false;
    fp.lost = true;
}

static unsigned self(void)
{
    if (fp.time || !current_ctx)
        return TIME;
    if (current_ctx->id >= TIME)
        lose();
    return current_ctx->id % CONTEXTS;
}

static void open_step(unsigned c, uint16_t at_place)
{
    if (fp.steps == STEPS - 1) {
        lose();
        return;
    }
    unsigned step = ++fp.steps;
    vector[step] = vector[fp.last[c]];
    if (fp.woken_by[c])
        join(&vector[step], &vector[fp.woken_by[c]]);
    fp.woken_by[c] = 0;
    vector[step].at[c]++;
    owner[step] = (uint8_t)c;
    meets[step] = false;
    place[step] = at_place;
    fp.current[c] = (uint16_t)step;
}

static void close_step(unsigned c, unsigned cpu)
{
    unsigned step = fp.current[c];
    if (!step)
        return;
    uint64_t words8[CONTEXTS / 4], hash = mix(c + 1);
    memcpy(words8, vector[step].at, sizeof words8);
    for (unsigned i = 0; i < CONTEXTS / 4; i++)
        hash = (hash ^ words8[i]) * 0x9e3779b97f4a7c15ull ^ hash >> 29;
    fp.order += mix(hash);
    fp.sum += mix(hash + cpu);
    fp.last[c] = (uint16_t)step;
    fp.current[c] = 0;
}

void footprint_step(uint16_t at_place)
{
    if (!fp.on)
        return;
    unsigned c = self();
    close_step(c, (unsigned)(current_ctx ? current_ctx->cpu + 1 : 0));
    open_step(c, at_place);
}

void footprint_wake(const struct ctx *ctx)
{
    if (!fp.on)
        return;
    unsigned c = self();
    if (ctx->id >= TIME) {
        lose();
        return;
    }
    if (!fp.current[c])
        open_step(c, 0);
    fp.woken_by[ctx->id] = fp.current[c];
    meets[fp.current[c]] = true;
}

void footprint_time(bool passes)
{
    if (!fp.on)
        return;
    if (passes) {
        fp.time = true;
        open_step(TIME, 0);
        for (unsigned i = 0; i < TIME; i++)
            join(&vector[fp.current[TIME]], &vector[fp.last[i]]);
    } else {
        close_step(TIME, 0);
        fp.time = false;
    }
}

void footprint_clock(void)
{
    if (!fp.on)
        return;
    footprint_step(0);
    footprint_time(true);
    footprint_time(false);
    unsigned c = self();
    if (fp.on && fp.current[c])
        join(&vector[fp.current[c]], &vector[fp.last[TIME]]);
}

/* ---- Words ---- */

static struct word *word_at(uintptr_t granule)
{
    uint64_t key = (uint64_t)granule << 16 | fp.life;
    unsigned at = (unsigned)(granule * 0x9e3779b97f4a7c15ull >> 48) % WORDS;
    while (words[at].key != key) {
        if ((uint16_t)words[at].key != fp.life) { /* free */
            if (++fp.words > WORDS / 2)
                lose();
            words[at] = (struct word){.key = key};
            return &words[at];
        }
        at = (at + 1) % WORDS;
    }
    return &words[at];
}

static inline uint64_t shared_bit(unsigned step, uint64_t granule)
{
    uint64_t key = granule * 0x9e3779b97f4a7c15ull + (place[step] + 1) * 0xc2b2ae3d27d4eb4full + owner[step] * 0x165667b19e3779f9ull;
    return (key ^ key >> 32) * 0x9e3779b97f4a7c15ull >> (64 - SHARED_BITS);
}

static inline bool is_shared(unsigned step, uint64_t granule)
{
    uint64_t bit = shared_bit(step, granule);
    return shared[bit / 64] >> bit % 64 & 1;
}

static void share(unsigned step, uint64_t granule)
{
    uint64_t bit = shared_bit(step, granule);
    learned = learned || !is_shared(step, granule);
    shared[bit / 64] |= 1ull << bit % 64;
    meets[step] = true;
}

static inline void behind(const struct word *w, unsigned step, unsigned c, unsigned earlier)
{
    if (owner[earlier] == c || vector[step].at[owner[earlier]] >= vector[earlier].at[owner[earlier]])
        return;
    join(&vector[step], &vector[earlier]);
    share(step, w->key >> 16);
    share(earlier, w->key >> 16);
}

static void store(struct word *w, unsigned step, unsigned c)
{
    if (w->writer)
        behind(w, step, c, w->writer);
    for (unsigned i = 0; i < w->readers; i++)
        behind(w, step, c, w->reader[i]);
    w->writer = (uint16_t)step;
    w->readers = 0;
}

static void load(struct word *w, unsigned step, unsigned c)
{
    unsigned i = 0;
    while (i < w->readers && owner[w->reader[i]] != c)
        i++;
    if (i < w->readers && w->reader[i] == step)
        return;
    if (w->writer)
        behind(w, step, c, w->writer);
    if (i == READERS) { /* one more order than there is, which is harmless */
        store(w, step, c);
        return;
    }
    w->reader[i] = (uint16_t)step;
    w->readers = (uint8_t)(i == w->readers ? i + 1 : w->readers);
}

static inline void touch(uintptr_t granule, bool writes)
{
    unsigned c = self();
    if (!fp.current[c])
        open_step(c, 0);
    unsigned step = fp.current[c];
    uint64_t this = (uint64_t)granule << 16 | step;
    uint64_t *recent = &lately[writes][granule % RECENT];
    if (*recent == this)
        return;
    *recent = this;
    meets[step] = meets[step] || is_shared(step, granule);
    struct word *w = word_at(granule);
    if (w->writer == step)
        return;
    if (writes)
        store(w, step, c);
    else
        load(w, step, c);
}

static __attribute__((always_inline)) inline void access(const void *address, size_t size, bool writes)
{
    shadow_check(address, size, __builtin_return_address(0));
    if (!fp.on || !size)
        return;
    uintptr_t last = ((uintptr_t)address + size - 1) >> 3;
    for (uintptr_t g = (uintptr_t)address >> 3; g <= last && fp.on; g++)
        touch(g, writes);
}

/* What is no word of memory has a name that no load can have: addresses end at bit 47. */
#define COUNT_NAME (1ull << 48)
#define MOMENT_NAME (1ull << 49)

void footprint_touch(const void *address, bool writes) { access(address, 1, writes); }
void footprint_count(const void *address, bool ends) { access((const void *)((uintptr_t)address | COUNT_NAME), 1, ends); }
void footprint_moment(uint64_t time) { access((const void *)(uintptr_t)((time & ((1ull << 44) - 1)) << 3 | MOMENT_NAME), 1, true); }
void footprint_free(const void *memory, size_t size) { access(memory, size, true); }

/* ---- Steps that may be exchanged ---- */

void footprint_meet(void)
{
    if (!fp.on)
        return;
    unsigned c = self();
    if (!fp.current[c])
        open_step(c, 0);
    meets[fp.current[c]] = true;
}

unsigned footprint_next(void)
{
    if (!fp.on)
        return 0;
    unsigned c = self();
    if (!fp.current[c])
        open_step(c, 0);
    return fp.current[c];
}

bool footprint_is_local(unsigned step) { return step && !fp.lost && !meets[step]; }

bool footprint_learned(void)
{
    bool did = learned;
    learned = false;
    return did;
}

/* ---- The state ---- */

uint64_t footprint_state(const struct ctx *runs, uint64_t more)
{
    if (!fp.on)
        return 0;
    uint64_t hash = fp.sum + mix(runs ? runs->id + 1u : 0) + mix(more + 1000) + mix(clock_now() + 77);
    for (unsigned i = 0; i < machine.ctx_count; i++) {
        const struct ctx *ctx = machine.ctx[i];
        if (ctx->state != CTX_FREE)
            hash += mix(ctx->id | (uint64_t)(uint8_t)ctx->cpu << 16 | (uint64_t)ctx->last_cpu << 24 | (uint64_t)ctx->state << 32 | 1ull << 40);
    }
    for (unsigned c = 0; c < machine.cpus; c++)
        hash += mix(c | (uint64_t)machine.cpu[c].dpcs << 8 | (uint64_t)machine.cpu[c].draining << 40 | 1ull << 50);
    return hash ? hash : 1;
}

uint64_t footprint_order(void) { return fp.on ? fp.order : 0; }

/* ---- What the compiler calls (clang's instrumentation for races, whose runtime this takes the place of) ---- */

void __tsan_init(void);
void __tsan_init(void) {}

#define PLAIN(size)                                                      \
    void __tsan_read##size(void *a);                                     \
    void __tsan_read##size(void *a) { access(a, size, false); }          \
    void __tsan_write##size(void *a);                                    \
    void __tsan_write##size(void *a) { access(a, size, true); }          \
    void __tsan_unaligned_read##size(void *a);                           \
    void __tsan_unaligned_read##size(void *a) { access(a, size, false); } \
    void __tsan_unaligned_write##size(void *a);                          \
    void __tsan_unaligned_write##size(void *a) { access(a, size, true); } \
    void __tsan_read_write##size(void *a);                               \
    void __tsan_read_write##size(void *a) { access(a, size, true); }     \
    void __tsan_unaligned_read_write##size(void *a);                     \
    void __tsan_unaligned_read_write##size(void *a) { access(a, size, true); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    access(from, size, false);
    access(to, size, true);
    return memcpy(to, from, size);
}

void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size)
{
    access(from, size, false);
    access(to, size, true);
    return memmove(to, from, size);
}

void *__tsan_memset(void *to, int value, size_t size);
void *__tsan_memset(void *to, int value, size_t size)
{
    access(to, size, true);
    return memset(to, value, size);
}

/* Everything runs on one host thread: an atomic operation is an operation. */
#define FETCH(bits, name, expression)                                                                    \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *a, uint##bits##_t v, int order); \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *a, uint##bits##_t v, int order)  \
    {                                                                                                    \
        (void)order;                                                                                     \
        access((const void *)(uintptr_t)a, bits / 8, true);                                              \
        uint##bits##_t old = *a;                                                                         \
        *a = (uint##bits##_t)(expression);                                                               \
        return old;                                                                                      \
    }
#define ATOMIC(bits)                                                                                              \
    FETCH(bits, exchange, v)                                                                                      \
    FETCH(bits, fetch_add, old + v)                                                                               \
    FETCH(bits, fetch_sub, old - v)                                                                               \
    FETCH(bits, fetch_and, old &v)                                                                                \
    FETCH(bits, fetch_or, old | v)                                                                                \
    FETCH(bits, fetch_xor, old ^ v)                                                                               \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *a, int order);                        \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *a, int order)                         \
    {                                                                                                             \
        (void)order;                                                                                              \
        access((const void *)(uintptr_t)a, bits / 8, false);                                                      \
        return *a;                                                                                                \
    }                                                                                                             \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *a, uint##bits##_t v, int order);                     \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *a, uint##bits##_t v, int order)                      \
    {                                                                                                             \
        (void)order;                                                                                              \
        access((const void *)(uintptr_t)a, bits / 8, true);                                                       \
        *a = v;                                                                                                   \
    }                                                                                                             \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile uint##bits##_t *a, uint##bits##_t *c, uint##bits##_t v, int order, int fail); \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile uint##bits##_t *a, uint##bits##_t *c, uint##bits##_t v, int order, int fail)  \
    {                                                                                                             \
        (void)order, (void)fail;                                                                                  \
        access((const void *)(uintptr_t)a, bits / 8, true);                                                       \
        bool same = *a == *c;                                                                                     \
        *(same ? (uint##bits##_t *)(uintptr_t)a : c) = same ? v : *a;                                             \
        return same;                                                                                              \
    }                                                                                                             \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *a, uint##bits##_t c, uint##bits##_t v, int order, int fail); \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *a, uint##bits##_t c, uint##bits##_t v, int order, int fail)  \
    {                                                                                                             \
        (void)order, (void)fail;                                                                                  \
        access((const void *)(uintptr_t)a, bits / 8, true);                                                       \
        uint##bits##_t old = *a;                                                                                  \
        if (old == c)                                                                                             \
            *a = v;                                                                                               \
        return old;                                                                                               \
    }
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) { (void)order; }
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order) { (void)order; }

#endif
