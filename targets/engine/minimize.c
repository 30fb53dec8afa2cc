/* See minimize.h. */
#include "minimize.h"

#include <string.h>

#include "input.h"

#define MAX_RECORDS 4096
#define MAX_SHIFT 12 /* by how much the count of a decision is corrected, at most */

struct search {
    const struct minimize *m;
    struct record record[MAX_RECORDS], candidate[MAX_RECORDS];
    unsigned count;
    uint8_t bytes[MAX_RECORDS * RECORD_SIZE];
    bool stopped;
};

static size_t store(uint8_t *bytes, const struct record *records, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        record_store(bytes + i * RECORD_SIZE, &records[i]);
    return (size_t)count * RECORD_SIZE;
}

/* Takes the candidate if it counts. */
static bool try(struct search *s, unsigned count)
{
    const struct minimize *m = s->m;
    if (s->stopped || (m->stop && m->stop(m->context))) {
        s->stopped = true;
        return false;
    }
    size_t size = store(s->bytes, s->candidate, count);
    if (!m->test(s->bytes, size, m->context))
        return false;
    memcpy(s->record, s->candidate, count * sizeof s->record[0]);
    s->count = count;
    if (m->progress)
        m->progress(s->bytes, size, m->context);
    return true;
}

/* ---- Fewer records ---- */

static bool is_positional(const struct record *r) { return r->kind == DE_SCHEDULE || r->kind == DE_FAULT; }

static unsigned without(struct search *s, unsigned at, unsigned length)
{
    memcpy(s->candidate, s->record, at * sizeof s->record[0]);
    memcpy(s->candidate + at, s->record + at + length, (s->count - at - length) * sizeof s->record[0]);
    return s->count - length;
}

/* All positional decisions of the candidate, or (only >= 0) one of them, `by` earlier. False if there is none that can. */
static bool shift(struct search *s, unsigned count, int only, unsigned by)
{
    bool any = false;
    for (unsigned i = 0; i < count; i++) {
        struct record *r = &s->candidate[i];
        if (!is_positional(r) || (only >= 0 && i != (unsigned)only) || r->b <= by)
            continue;
        r->b -= by;
        any = true;
    }
    return any;
}

/* The record at `at` goes, and decisions name their places by what is left. */
static bool try_shifted(struct search *s, unsigned at)
{
    for (unsigned by = 1; by <= MAX_SHIFT; by++) {
        unsigned count = without(s, at, 1);
        if (shift(s, count, -1, by) && try(s, count))
            return true;
    }
    for (unsigned i = 0; i + 1 < s->count; i++)
        for (unsigned by = 1; by <= MAX_SHIFT && !s->stopped; by++) {
            unsigned count = without(s, at, 1);
            if (!is_positional(&s->candidate[i]) || !shift(s, count, (int)i, by))
                break;
            if (try(s, count))
                return true;
        }
    return false;
}

static bool remove_chunks(struct search *s, unsigned length)
{
    bool any = false;
    for (unsigned at = s->count; at > 0 && !s->stopped;) { /* from the end: what comes later depends on what came before */
        unsigned begin = at > length ? at - length : 0;
        bool gone = try(s, without(s, begin, at - begin));
        if (!gone && length == 1 && !is_positional(&s->record[begin]))
            gone = try_shifted(s, begin);
        any |= gone;
        at = begin < s->count ? begin : s->count;
    }
    return any;
}

static bool fewer_records(struct search *s)
{
    bool any = false;
    for (unsigned length = (s->count + 1) / 2; length >= 1; length /= 2)
        any |= remove_chunks(s, length);
    return any;
}

/* Two that only go together: a handle's second open and the read that used it. */
static bool fewer_pairs(struct search *s)
{
    for (unsigned i = 0; i < s->count; i++)
        for (unsigned j = i + 1; j < s->count && !s->stopped; j++) {
            unsigned count = without(s, j, 1);
            memmove(s->candidate + i, s->candidate + i + 1, (count - i - 1) * sizeof s->record[0]);
            if (try(s, count - 1))
                return true;
        }
    return false;
}

/* ---- Smaller values ---- */

enum which { ACTOR, SLOT, FLAGS, A, A_HIGH, B, C, WHICH };

/* Half of an ioctl's lengths, the out length, is a value of its own. */
static uint32_t get(const struct record *r, enum which which)
{
    switch (which) {
    case ACTOR: return r->actor;
    case SLOT: return r->slot;
    case FLAGS: return r->flags;
    case A: return r->kind == OP_IOCTL ? r->a & 0xffff : r->a;
    case A_HIGH: return r->kind == OP_IOCTL ? r->a >> 16 : 0;
    case B: return r->b;
    default: return r->c;
    }
}

static void set(struct record *r, enum which which, uint32_t value)
{
    switch (which) {
    case ACTOR: r->actor = (uint8_t)value; break;
    case SLOT: r->slot = (uint8_t)value; break;
    case FLAGS: r->flags = (uint8_t)value; break;
    case A: r->a = r->kind == OP_IOCTL ? (r->a & 0xffff0000) | value : value; break;
    case A_HIGH: r->a = (r->a & 0xffff) | value << 16; break;
    case B: r->b = value; break;
    default: r->c = value; break;
    }
}

/* A DDI's hash and a control code are names: neither is smaller than another. */
static bool is_name(const struct record *r, enum which which)
{
    return (is_positional(r) && which == A) || (r->kind == OP_IOCTL && which == B) || (r->kind == DE_SCHEDULE && which == SLOT);
}

static bool try_value(struct search *s, unsigned at, enum which which, uint32_t value)
{
    memcpy(s->candidate, s->record, s->count * sizeof s->record[0]);
    set(&s->candidate[at], which, value);
    s->candidate[at] = record_canonical(&s->candidate[at]);
    return get(&s->candidate[at], which) < get(&s->record[at], which) && try(s, s->count);
}

static bool smaller_value(struct search *s, unsigned at, enum which which)
{
    bool any = false;
    if (is_name(&s->record[at], which))
        return false;
    for (uint32_t value = 0; value < 5; value++) /* smallest first: 0, 1, 2, 3, 4 */
        if (value < get(&s->record[at], which) && try_value(s, at, which, value))
            return true;
    for (uint32_t step = get(&s->record[at], which) / 2; step && !s->stopped; step /= 2)
        while (get(&s->record[at], which) > step && try_value(s, at, which, get(&s->record[at], which) - step))
            any = true;
    return any;
}

/* All of one actor's operations, or all that use one handle, to a smaller number at once: one alone would break what belongs together. */
static bool rename_all(struct search *s, enum which which, unsigned from, unsigned to)
{
    bool any = false;
    memcpy(s->candidate, s->record, s->count * sizeof s->record[0]);
    for (unsigned i = 0; i < s->count; i++) {
        struct record *r = &s->candidate[i];
        if (record_table[r->kind].class != CLASS_APP || get(r, which) != from)
            continue;
        if (which == SLOT && (r->kind == OP_CANCEL || r->kind == OP_WAIT || r->kind == OP_WMI))
            continue;
        set(r, which, to);
        *r = record_canonical(r);
        any = true;
    }
    return any && try(s, s->count);
}

static bool fewer_names(struct search *s)
{
    bool any = false;
    for (unsigned from = APP_THREADS; --from;)
        for (unsigned to = 0; to < from; to++)
            any |= rename_all(s, ACTOR, from, to);
    for (unsigned from = APP_HANDLES; --from;)
        for (unsigned to = 0; to < from; to++)
            any |= rename_all(s, SLOT, from, to);
    return any;
}

static bool smaller_values(struct search *s)
{
    bool any = false;
    for (unsigned i = 0; i < s->count && !s->stopped; i++)
        for (unsigned which = 0; which < WHICH; which++)
            any |= smaller_value(s, i, (enum which)which);
    return any;
}

/* ---- The whole ---- */

/* A way of writing that means the same, and a whole number of records, are no change: if they count, which they nearly always do. */
static void take_canonical(struct search *s, const uint8_t *bytes, size_t size)
{
    unsigned count = (unsigned)record_count(size);
    s->count = count < MAX_RECORDS ? count : MAX_RECORDS;
    for (unsigned i = 0; i < s->count; i++) {
        s->record[i] = record_load(bytes + i * RECORD_SIZE);
        s->candidate[i] = record_canonical(&s->record[i]);
    }
    try(s, s->count);
}

size_t minimize(const struct minimize *m, uint8_t *bytes, size_t size)
{
    static struct search search;
    struct search *s = &search;
    s->m = m;
    s->stopped = false;
    take_canonical(s, bytes, size);
    bool any;
    do {
        any = fewer_records(s);
        any |= fewer_names(s);
        any |= smaller_values(s);
        if (!any)
            any = fewer_pairs(s);
    } while (any && !s->stopped);
    return store(bytes, s->record, s->count);
}

void minimize_count(const uint8_t *bytes, size_t size, unsigned *operations, unsigned *decisions)
{
    *operations = *decisions = 0;
    for (size_t i = 0; i < record_count(size); i++) {
        struct record raw = record_load(bytes + i * RECORD_SIZE), r = record_canonical(&raw);
        if (record_table[r.kind].class != CLASS_DECISION)
            ++*operations;
        else
            *decisions += r.kind != DE_VALUE || r.a;
    }
}
