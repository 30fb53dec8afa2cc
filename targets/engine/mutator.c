/* See mutator.h. */
#include "mutator.h"

#include <string.h>

#include "machine/context.h"
#include "machine/gate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void mutator_init(struct mutator *m, uint64_t seed, const struct mutator_hints *hints)
{
    m->random = seed;
    m->hints = hints;
}

static uint64_t next(struct mutator *m)
{
    uint64_t z = m->random += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint64_t mutator_random(struct mutator *m, uint64_t below) { return next(m) % below; }
static bool one_in(struct mutator *m, unsigned n) { return mutator_random(m, n) == 0; }

/* ---- Values ---- */

static uint32_t pick_length(struct mutator *m, uint32_t max)
{
    static const uint32_t common[] = {0, 1, 2, 4, 7, 8, 16, 64, 511, 512, 513, 4095, 4096, 4097, 65535, 65536};
    const struct mutator_hints *h = m->hints;
    uint32_t length;
    switch (mutator_random(m, 4)) {
    case 0: length = (uint32_t)mutator_random(m, 256); break;
    case 1:
    case 2:
        if (h && h->length_count) {
            length = h->lengths[mutator_random(m, h->length_count)];
            break;
        } /* fall through */
    default: length = common[mutator_random(m, COUNT(common))]; break;
    }
    if (one_in(m, 16))
        length = (uint32_t)mutator_random(m, (uint64_t)max + 1);
    return length <= max ? length : max;
}

static uint32_t pick_code(struct mutator *m)
{
    const struct mutator_hints *h = m->hints;
    if (h && h->code_count && !one_in(m, 8))
        return h->codes[mutator_random(m, h->code_count)];
    /* CTL_CODE(FILE_DEVICE_UNKNOWN, function, method, access) */
    return 0x22u << 16 | (uint32_t)mutator_random(m, 4) << 14 | (uint32_t)(0x800 + mutator_random(m, 16)) << 2 | (uint32_t)mutator_random(m, 4);
}

static uint32_t pick_time(struct mutator *m, uint32_t max)
{
    static const uint32_t times[] = {0, 1, 10, 99, 100, 101, 500, 1000, 1999, 2000, 2001, 2100, 5000, 10000, 10100, 20000, 60000};
    uint32_t t = one_in(m, 4) ? (uint32_t)mutator_random(m, (uint64_t)max + 1) : times[mutator_random(m, COUNT(times))];
    return t <= max ? t : max;
}

static uint8_t pick_role(struct mutator *m)
{
    switch (mutator_random(m, 8)) {
    case 0: case 1: return (uint8_t)(ROLE_CPU0 + mutator_random(m, 2));
    case 2: case 3: case 4: return (uint8_t)(ROLE_APP0 + mutator_random(m, APP_THREADS));
    case 5: return one_in(m, 2) ? ROLE_PNP : ROLE_CLOCK;
    case 6: return (uint8_t)(one_in(m, 2) ? ROLE_WORKER0 + mutator_random(m, 2) : ROLE_SYSTEM0 + mutator_random(m, 2));
    default: return (uint8_t)(128 + mutator_random(m, 8)); /* any other context, by number */
    }
}

static bool can_be_asked(enum lane lane, uint16_t ddi)
{
    return lane == LANE_FAULT ? ddi_table[ddi].flags & DDI_CAN_FAIL : !(ddi_table[ddi].flags & DDI_NO_POINT);
}

/* A DDI that the last life passed, and a count that it reached (sometimes the one after); without a last life, any DDI and a small count. */
static void pick_position(struct mutator *m, enum lane lane, uint32_t *hash, uint32_t *nth)
{
    uint16_t chosen = 0;
    uint32_t reached = 0;
    const struct mutator_hints *h = m->hints;
    if (h && h->asked && !one_in(m, 16)) {
        uint64_t seen = 0;
        for (uint16_t d = 1; d < ddi_count; d++) { /* reservoir of one: each DDI seen is equally likely */
            uint32_t n = h->asked(lane, d);
            if (n && mutator_random(m, ++seen) == 0)
                chosen = d, reached = n;
        }
    }
    for (unsigned tries = 0; !chosen && tries < 32; tries++) {
        uint16_t d = (uint16_t)(1 + mutator_random(m, ddi_count - 1u));
        if (can_be_asked(lane, d) || tries == 31)
            chosen = d, reached = 4;
    }
    *hash = ddi_hash16(chosen);
    *nth = 1 + (uint32_t)mutator_random(m, reached + (one_in(m, 8) ? 2u : 0u));
    if (*nth >= MAX_NTH)
        *nth = MAX_NTH - 1;
}

/* ---- Records ---- */

static const uint8_t app_kinds[] = {OP_OPEN, OP_OPEN, OP_READ, OP_READ, OP_READ, OP_WRITE, OP_WRITE, OP_WRITE, OP_IOCTL, OP_IOCTL, OP_CANCEL,
                                    OP_CANCEL, OP_CANCEL, OP_CANCEL_ALL, OP_CLOSE, OP_EXIT_THREAD, OP_WAIT, OP_WAIT, OP_SLEEP};
static const uint8_t decision_kinds[] = {DE_SCHEDULE, DE_SCHEDULE, DE_SCHEDULE, DE_SCHEDULE, DE_SCHEDULE, DE_FAULT, DE_FAULT, DE_VALUE, DE_CONFIG};

static void fill_app(struct mutator *m, struct record *r)
{
    /* Few threads, handles and names, so that records meet on the same object. */
    r->actor = (uint8_t)(one_in(m, 4) ? mutator_random(m, APP_THREADS) : mutator_random(m, 2));
    r->slot = (uint8_t)(one_in(m, 4) ? mutator_random(m, APP_HANDLES) : mutator_random(m, 2));
    switch (r->kind) {
    case OP_OPEN: r->flags = one_in(m, 4) ? OPEN_SYNC : 0; break;
    case OP_READ:
    case OP_WRITE:
        r->flags = (uint8_t)(one_in(m, 4) ? mutator_random(m, IO_MODES) : IO_EVENT);
        r->a = pick_length(m, MAX_IO_LENGTH);
        r->b = (uint32_t)next(m);
        r->c = (uint32_t)mutator_random(m, one_in(m, 4) ? REQUEST_NAMES : 3);
        break;
    case OP_IOCTL:
        r->flags = (uint8_t)(one_in(m, 4) ? IO_SYNC : IO_EVENT);
        r->a = pick_length(m, MAX_IOCTL_LENGTH) | pick_length(m, MAX_IOCTL_LENGTH) << 16;
        r->b = pick_code(m);
        r->c = (uint32_t)mutator_random(m, 3) | (uint32_t)(next(m) & 0xff00);
        break;
    case OP_CANCEL:
    case OP_WAIT: r->slot = (uint8_t)mutator_random(m, one_in(m, 4) ? REQUEST_NAMES : 3); break;
    case OP_CANCEL_ALL: r->flags = (uint8_t)mutator_random(m, 2); break;
    case OP_SLEEP:
        r->flags = (uint8_t)mutator_random(m, 2);
        r->a = pick_time(m, MAX_SLEEP_MS);
        break;
    default: break;
    }
}

static uint32_t pick_wmi_length(struct mutator *m)
{
    static const uint32_t sizes[] = {0, 1, 3, 4, 7, 8, 9, 12, 16, 19, 20, 21, 22, 41, 42, 43, 64, 256};
    return one_in(m, 8) ? pick_length(m, MAX_IOCTL_LENGTH) : sizes[mutator_random(m, COUNT(sizes))];
}

static void fill_wmi(struct mutator *m, struct record *r)
{
    r->actor = (uint8_t)mutator_random(m, one_in(m, 4) ? APP_THREADS : 2);
    r->slot = (uint8_t)(one_in(m, 2) ? 0 : mutator_random(m, TREE_DEVICES));
    r->flags = (uint8_t)mutator_random(m, one_in(m, 4) ? WMI_VERBS : WMI_ENABLE_EVENTS);
    r->a = pick_wmi_length(m) | pick_wmi_length(m) << 16;
    r->b = (uint32_t)mutator_random(m, 8);
    r->c = (uint32_t)mutator_random(m, WMI_CLASSES) | (one_in(m, 8) ? (uint32_t)mutator_random(m, WMI_INSTANCES) << 4 : 0) | (uint32_t)(next(m) & 0xff00);
}

static const uint8_t card_kinds[] = {EV_FRAME, EV_FRAME, EV_FRAME, EV_FRAME, EV_CABLE, EV_HARDWARE, EV_HARDWARE, EV_HARDWARE};

static void fill_frame(struct mutator *m, struct record *r)
{
    static const uint32_t sizes[] = {0, 1, 13, 14, 15, 42, 59, 60, 61, 64, 100, 590, 1400, 1513, 1514, 1515, 1518, 1519, 2600};
    r->flags = (uint8_t)(one_in(m, 2) ? FRAME_TO_CARD : mutator_random(m, FRAME_TOS));
    r->a = one_in(m, 4) ? (uint32_t)mutator_random(m, MAX_FRAME + 1) : sizes[mutator_random(m, COUNT(sizes))];
    r->b = (uint32_t)mutator_random(m, 256);
    r->c = one_in(m, 4) ? 1u << mutator_random(m, 5) : 0;
    r->c |= one_in(m, 3) ? (uint32_t)mutator_random(m, MAX_REPEAT) << 8 : 0;
}

/* Values that differ from honest ones by little: a completion bit or two, small counts, near places. */
static void fill_hardware(struct mutator *m, struct record *r)
{
    static const uint32_t statuses[] = {0, 0x8000, 0xA000, 0xA020, 0xE000, 0xFFFF};
    static const uint32_t counts[] = {0, 0xC000, 0xC001, 0xC03C, 0xC5EA, 0xFFFF, 0x5EA};
    r->flags = (uint8_t)(one_in(m, 3) ? HARDWARE_ARM : mutator_random(m, HARDWARE_VERBS));
    r->a = (uint32_t)next(m);
    if (r->flags == HARDWARE_RFD || r->flags == HARDWARE_BLOCK)
        r->a = statuses[mutator_random(m, COUNT(statuses))] | counts[mutator_random(m, COUNT(counts))] << 16;
    else if (r->flags == HARDWARE_STUCK || r->flags == HARDWARE_STAT)
        r->a = 1u << mutator_random(m, 8);
    else if (r->flags == HARDWARE_ARM || r->flags == HARDWARE_FREEZE)
        r->a = one_in(m, 3) ? (uint32_t)mutator_random(m, 32) : 1u << mutator_random(m, 5);
    r->b = (uint32_t)mutator_random(m, HARDWARE_PLACES) | (one_in(m, 2) ? 0 : (uint32_t)(mutator_random(m, 128) * 16 - 1024) << 8);
    if (r->flags == HARDWARE_ARM)
        r->b = (uint32_t)mutator_random(m, 1u << mutator_random(m, 12));
    r->c = one_in(m, 2) ? 0 : (uint32_t)mutator_random(m, one_in(m, 4) ? 256 : 64);
}

/* ---- A card that attacks ---- */

/* One of the driver's accesses to a card: often an early one, of those there were; they come in bursts, so powers of two are as good as any. */
static uint32_t pick_access(struct mutator *m, unsigned card)
{
    unsigned reached = m->hints && m->hints->accesses ? m->hints->accesses(card) : 0;
    uint32_t limit = one_in(m, 2) ? 1u << mutator_random(m, 12) : reached ? reached : 64;
    return 1 + (uint32_t)mutator_random(m, limit < MAX_ACCESSES ? limit : MAX_ACCESSES - 1);
}

/* Values that mean something in one register or another: a bit, a byte's worth, what is all but right. */
static uint32_t pick_bits(struct mutator *m)
{
    static const uint32_t special[] = {0, 1, 0xFF, 0xFFFF, 0x7FFF, 0x8000, 0xA000, 0xC5EA, 0xC5EB, 0xFFFFFFE0, 0xFFFFF001, 0x10000000, 0xA005, 0xA007, 0x5EA, 0x3FFF};
    return one_in(m, 2) ? 1u << mutator_random(m, 32) : one_in(m, 4) ? (uint32_t)next(m) : special[mutator_random(m, COUNT(special))];
}

static uint32_t pick_where(struct mutator *m, unsigned about)
{
    static const uint8_t registers[] = {0x00, 0x00, 0x01, 0x02, 0x02, 0x08, 0x0E, 0x10, 0x12, 0x13}, space[] = {0x00, 0x02, 0x04, 0x06, 0x08, 0x34, 0xDC, 0xDD, 0xDE, 0xE0},
                         shapes[] = {0x00, 0x08, 0x10, 0x14, 0x18, 0x3D}, commands[] = {0, 0, 0x01, 0x04, 0x06, 0x10, 0x20, 0x40, 0x60, 0x70};
    if (about == ABOUT_REGISTER)
        return one_in(m, 4) ? (uint32_t)mutator_random(m, 0x40) : registers[mutator_random(m, COUNT(registers))];
    if (about == ABOUT_COMMAND)
        return commands[mutator_random(m, COUNT(commands))];
    if (about == ABOUT_PHY)
        return (uint32_t)mutator_random(m, one_in(m, 4) ? 32 : 6);
    if (about == ABOUT_SHAPE)
        return shapes[mutator_random(m, COUNT(shapes))];
    return one_in(m, 4) ? (uint32_t)mutator_random(m, 256) : space[mutator_random(m, COUNT(space))];
}

static void fill_lie(struct mutator *m, struct record *r)
{
    r->slot = (uint8_t)(one_in(m, 3) ? ABOUT_REGISTER : mutator_random(m, ABOUTS));
    r->flags = (uint8_t)mutator_random(m, lie_hows(r->slot));
    r->a = pick_where(m, r->slot) | (uint32_t)(one_in(m, 3) ? 0 : 1u << mutator_random(m, 8)) << 16;
    r->b = r->slot == ABOUT_REGISTER ? pick_access(m, r->actor) : 1 + (uint32_t)mutator_random(m, 1u << mutator_random(m, 6));
    r->c = pick_bits(m);
}

static void fill_strike(struct mutator *m, struct record *r)
{
    fill_hardware(m, r);
    r->c = (r->c & 0xff) | pick_access(m, r->actor) << 8;
}

static const uint8_t hostile_kinds[] = {DE_LIE, DE_LIE, DE_LIE, DE_STRIKE, DE_STRIKE, EV_HARDWARE, EV_HARDWARE, EV_FRAME};

static void fill_card(struct mutator *m, struct record *r)
{
    r->slot = (uint8_t)(one_in(m, 4) ? mutator_random(m, WIRE_CARDS) : 0);
    if (r->kind == EV_FRAME)
        fill_frame(m, r);
    else if (r->kind == EV_CABLE)
        r->flags = (uint8_t)mutator_random(m, CABLES);
    else
        fill_hardware(m, r);
}

static void fill_decision(struct mutator *m, struct record *r)
{
    switch (r->kind) {
    case DE_SCHEDULE:
        pick_position(m, LANE_SCHEDULE, &r->a, &r->b);
        r->slot = pick_role(m);
        break;
    case DE_FAULT: pick_position(m, LANE_FAULT, &r->a, &r->b); break;
    case DE_VALUE:
        r->slot = (uint8_t)(LANE_FAULT + mutator_random(m, LANE_COUNT - 1));
        r->a = (uint32_t)mutator_random(m, one_in(m, 2) ? 4 : 256);
        break;
    default:
        r->slot = (uint8_t)(one_in(m, 2) ? POLICY_CONSTRAINTS : mutator_random(m, POLICY_RECORDING));
        r->flags = (uint8_t)(mutator_random(m, 4) | (one_in(m, 16) ? CONFIG_RANDOM_FAULTS : 0));
        r->a = (uint32_t)next(m);
        r->b = (uint32_t)mutator_random(m, 6);
        r->c = 100u << mutator_random(m, 6);
        break;
    }
}

static struct record record_of_kind(struct mutator *m, uint8_t kind)
{
    struct record r = {.kind = kind};
    if (kind == OP_WMI)
        fill_wmi(m, &r);
    else if (event_names_card(kind))
        fill_card(m, &r);
    else if (kind == DE_LIE)
        fill_lie(m, &r);
    else if (kind == DE_STRIKE)
        fill_strike(m, &r);
    else if (kind == EV_CARD)
        mutator_fill_card(m, &r, (unsigned)mutator_random(m, CARD_VERBS));
    else if (record_table[kind].class == CLASS_APP)
        fill_app(m, &r);
    else if (record_table[kind].class == CLASS_DECISION)
        fill_decision(m, &r);
    else if (kind == EV_PASS_TIME)
        r.a = pick_time(m, MAX_PASS_MS);
    else
        r.slot = (uint8_t)mutator_random(m, 4);
    return record_canonical(&r);
}

static uint8_t pick_pnp_event(struct mutator *m)
{
    unsigned all = 0, kind = 0;
    for (unsigned i = 0; i < RECORD_KINDS; i++)
        all += record_table[i].often;
    unsigned left = (unsigned)mutator_random(m, all);
    while (left >= record_table[kind].often)
        left -= record_table[kind++].often;
    return (uint8_t)kind;
}

/* A driver with more than a code or two is spoken to by them. */
static bool is_for_controls(const struct mutator *m) { return m->hints && m->hints->code_count > 2; }

static bool is_bare(const struct mutator *m) { return m->hints && m->hints->bare; }

/* Where there is no driver: mostly what one would do, some wire, few lies. */
static struct record bare_record(struct mutator *m)
{
    static const uint8_t kinds[] = {EV_FRAME, EV_FRAME, EV_CABLE, EV_HARDWARE, EV_PASS_TIME, DE_VALUE};
    return record_of_kind(m, one_in(m, 8) ? kinds[mutator_random(m, COUNT(kinds))] : EV_CARD);
}

struct record mutator_record(struct mutator *m)
{
    if (m->hints && m->hints->hostile && one_in(m, 2))
        return record_of_kind(m, hostile_kinds[mutator_random(m, COUNT(hostile_kinds))]);
    if (is_bare(m))
        return bare_record(m);
    if (m->hints && m->hints->wmi_classes && one_in(m, 8))
        return record_of_kind(m, OP_WMI);
    if (is_for_controls(m) && one_in(m, 6))
        return record_of_kind(m, OP_IOCTL);
    if (m->hints && m->hints->cards && one_in(m, 4))
        return record_of_kind(m, card_kinds[mutator_random(m, COUNT(card_kinds))]);
    unsigned which = (unsigned)mutator_random(m, 16);
    if (which < 8)
        return record_of_kind(m, app_kinds[mutator_random(m, COUNT(app_kinds))]);
    if (which < 11)
        return record_of_kind(m, pick_pnp_event(m));
    return record_of_kind(m, decision_kinds[mutator_random(m, COUNT(decision_kinds))]);
}

/* ---- The list ---- */

struct list {
    uint8_t *bytes;
    size_t count, max; /* records */
};

static uint8_t *at(const struct list *l, size_t i) { return l->bytes + i * RECORD_SIZE; }

/* Opens a gap of n records at position i; false if there is no room. */
static bool open_gap(struct list *l, size_t i, size_t n)
{
    if (l->count + n > l->max)
        return false;
    memmove(at(l, i + n), at(l, i), (l->count - i) * RECORD_SIZE);
    l->count += n;
    return true;
}

static void cut(struct list *l, size_t i, size_t n)
{
    memmove(at(l, i), at(l, i + n), (l->count - i - n) * RECORD_SIZE);
    l->count -= n;
}

/* Records that belong together, in a row. */
static void insert_routine(struct mutator *m, struct list *l)
{
    struct record routine[MUTATOR_ROUTINE];
    unsigned n = mutator_card_routine(m, routine);
    size_t i = one_in(m, 2) ? l->count : mutator_random(m, l->count + 1);
    if (!open_gap(l, i, n))
        return;
    for (unsigned k = 0; k < n; k++)
        record_store(at(l, i + k), &routine[k]);
}

static void insert(struct mutator *m, struct list *l)
{
    if (is_bare(m) && one_in(m, 2)) {
        insert_routine(m, l);
        return;
    }
    size_t n = one_in(m, 4) ? 1 + mutator_random(m, 4) : 1;
    while (n--) {
        size_t i = mutator_random(m, l->count + 1);
        struct record r = mutator_record(m);
        if (open_gap(l, i, 1))
            record_store(at(l, i), &r);
    }
}

static void erase(struct mutator *m, struct list *l)
{
    if (l->count < 2)
        return;
    size_t i = mutator_random(m, l->count);
    size_t n = one_in(m, 4) ? 1 + mutator_random(m, 4) : 1;
    if (n > l->count - i)
        n = l->count - i;
    if (n < l->count)
        cut(l, i, n);
}

static void duplicate(struct mutator *m, struct list *l)
{
    size_t i = mutator_random(m, l->count), n = 1 + mutator_random(m, 3);
    if (n > l->count - i)
        n = l->count - i;
    uint8_t copy[3 * RECORD_SIZE];
    memcpy(copy, at(l, i), n * RECORD_SIZE);
    size_t to = mutator_random(m, l->count + 1);
    if (open_gap(l, to, n))
        memcpy(at(l, to), copy, n * RECORD_SIZE);
}

static void swap(struct mutator *m, struct list *l)
{
    uint8_t *a = at(l, mutator_random(m, l->count)), *b = at(l, mutator_random(m, l->count));
    uint8_t copy[RECORD_SIZE];
    memcpy(copy, a, RECORD_SIZE);
    memmove(a, b, RECORD_SIZE);
    memcpy(b, copy, RECORD_SIZE);
}

static void move(struct mutator *m, struct list *l)
{
    size_t i = mutator_random(m, l->count);
    uint8_t copy[RECORD_SIZE];
    memcpy(copy, at(l, i), RECORD_SIZE);
    cut(l, i, 1);
    size_t to = mutator_random(m, l->count + 1);
    open_gap(l, to, 1);
    memcpy(at(l, to), copy, RECORD_SIZE);
}

/* A new value for one field, of the sort that the kind calls for: taken from a fresh record of the same kind. */
static void tweak(struct mutator *m, struct list *l)
{
    uint8_t *p = at(l, mutator_random(m, l->count));
    struct record r = record_load(p);
    r = record_canonical(&r);
    struct record fresh = record_of_kind(m, r.kind);
    if (r.kind == EV_CARD && !one_in(m, 4)) /* fields mean something within their verb only */
        mutator_fill_card(m, &fresh, r.flags);
    switch (mutator_random(m, 7)) {
    case 0: r.actor = fresh.actor; break;
    case 1: r.slot = fresh.slot; break;
    case 2: r.flags = fresh.flags; break;
    case 3: r.a = r.kind == EV_CARD && r.flags != fresh.flags ? r.a ^ 1u << mutator_random(m, 32) : fresh.a; break;
    case 4: r.b = fresh.b; break;
    case 5: r.c = fresh.c; break;
    default: { /* a step up or down */
        uint32_t step = one_in(m, 2) ? 1u : (uint32_t)-1;
        if (r.kind == DE_SCHEDULE || r.kind == DE_FAULT || r.kind == DE_LIE)
            r.b += step;
        else if (r.kind == DE_STRIKE)
            r.c += step << 8;
        else
            r.a += step;
        break;
    }
    }
    r = record_canonical(&r);
    record_store(p, &r);
}

/* Positions are what finds races: a fresh place, or the same place with another count or context. */
static void aim(struct mutator *m, struct list *l)
{
    for (unsigned tries = 0; tries < 4; tries++) {
        uint8_t *p = at(l, mutator_random(m, l->count));
        struct record r = record_load(p);
        r = record_canonical(&r);
        if (r.kind != DE_SCHEDULE && r.kind != DE_FAULT)
            continue;
        struct record fresh = record_of_kind(m, r.kind);
        if (one_in(m, 3))
            fresh.slot = r.slot;
        if (one_in(m, 3))
            fresh.a = r.a;
        fresh = record_canonical(&fresh);
        record_store(p, &fresh);
        return;
    }
    struct record r = record_of_kind(m, is_bare(m) ? EV_CARD : one_in(m, 4) ? DE_FAULT : DE_SCHEDULE);
    if (open_gap(l, 0, 1))
        record_store(at(l, 0), &r);
}

/* Aligns the input to whole canonical records and gives it at least one. */
static struct list take_up(struct mutator *m, uint8_t *bytes, size_t size, size_t max)
{
    struct list l = {bytes, record_count(size), record_count(max)};
    if (l.count > l.max)
        l.count = l.max;
    if (!l.count) {
        struct record r = record_of_kind(m, is_bare(m) ? EV_CARD : OP_OPEN);
        record_store(bytes, &r);
        l.count = 1;
    }
    return l;
}

size_t mutator_mutate(struct mutator *m, uint8_t *bytes, size_t size, size_t max)
{
    static void (*const ways[])(struct mutator *, struct list *) = {insert, insert, insert, erase, erase, duplicate, swap, move, tweak, tweak,
                                                                    tweak, tweak, aim, aim, aim};
    struct list l = take_up(m, bytes, size, max < MAX_INPUT ? max : MAX_INPUT);
    size_t rounds = one_in(m, 3) ? 2 + mutator_random(m, 5) : 1;
    while (rounds--)
        ways[mutator_random(m, COUNT(ways))](m, &l);
    return l.count * RECORD_SIZE;
}

/* Head of a, middle of b, tail of a; or an interleaving of both in order. */
size_t mutator_cross(struct mutator *m, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max)
{
    size_t na = record_count(a_size), nb = record_count(b_size), n = 0, room = record_count(max < MAX_INPUT ? max : MAX_INPUT);
    size_t i = 0, j = nb ? mutator_random(m, nb) : 0;
    bool weave = one_in(m, 2);
    size_t from = na ? mutator_random(m, na + 1) : 0, middle = 1 + mutator_random(m, nb ? nb : 1);
    while (n < room && (i < na || j < nb)) {
        bool take_b = j < nb && (i >= na || (weave ? one_in(m, 2) : i >= from && middle > 0));
        if (take_b && middle)
            middle--;
        if (!take_b && i >= na)
            break;
        memcpy(out + n++ * RECORD_SIZE, take_b ? b + j++ * RECORD_SIZE : a + i++ * RECORD_SIZE, RECORD_SIZE);
        if (!weave && !middle)
            j = nb;
    }
    struct list l = take_up(m, out, n * RECORD_SIZE, max);
    return l.count * RECORD_SIZE;
}

static size_t generate_bare(struct mutator *m, uint8_t *out, size_t max)
{
    struct list l = {out, 0, record_count(max)};
    for (size_t want = 2 + mutator_random(m, 12); want; want--)
        insert(m, &l);
    return l.count * RECORD_SIZE;
}

size_t mutator_generate(struct mutator *m, uint8_t *out, size_t max)
{
    if (is_bare(m))
        return generate_bare(m, out, max);
    size_t room = record_count(max), n = 0, want = 3 + mutator_random(m, 28);
    while (n < room && n < want) {
        struct record r = n == 0 || (n == 1 && one_in(m, 2)) ? record_of_kind(m, OP_OPEN) : mutator_record(m);
        if (n == 0)
            r.actor = r.slot = r.flags = 0;
        record_store(out + n++ * RECORD_SIZE, &r);
    }
    return n * RECORD_SIZE;
}
