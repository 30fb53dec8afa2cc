/* See choose.h. The table below is indexed by DDI number so that a call without a decision costs one load. */
#include <string.h>

#include "machine.h"

#define MAX_DDIS 2048
#define NO_DECISION 0xff

_Static_assert(MAX_DECISIONS <= NO_DECISION, "decisions are numbered by a byte");

struct positional {
    uint16_t asked[MAX_DDIS];
    uint8_t first[MAX_DDIS];     /* index of a decision for this DDI, chained by next; NO_DECISION none */
    uint8_t next[MAX_DECISIONS];
    const struct decision *decision;
    uint16_t marked[MAX_DECISIONS]; /* DDIs with an entry in first: undone at the next life's start */
    unsigned count;
};

static struct {
    struct positional schedule, fault;
    unsigned position[LANE_COUNT];
    uint64_t random[LANE_COUNT];
    const struct policy *policy;
    unsigned clocks, picks;
    uint16_t where;               /* the scheduling point asked last */
    struct transcript *transcript;
} door;

static const struct policy *const policies[POLICY_COUNT] = {
    [POLICY_CONSTRAINTS] = &policy_constraints,
    [POLICY_RANDOM] = &policy_random,
    [POLICY_PCT] = &policy_pct,
    [POLICY_RECORDING] = &policy_recording,
    [POLICY_EXPLORE] = &policy_explore,
};

static void positional_begin(struct positional *p, const struct decision *decision, unsigned count)
{
    for (unsigned i = 0; i < p->count; i++)
        p->first[p->marked[i]] = NO_DECISION;
    memset(p->asked, 0, sizeof p->asked[0] * ddi_count);
    if (!p->decision)
        memset(p->first, NO_DECISION, sizeof p->first);
    p->decision = decision;
    p->count = count < MAX_DECISIONS ? count : MAX_DECISIONS;
    for (unsigned i = 0; i < p->count; i++) {
        uint16_t ddi = p->marked[i] = decision[i].ddi % MAX_DDIS;
        p->next[i] = p->first[ddi];
        p->first[ddi] = (uint8_t)i;
    }
}

/* Counts the question; the decision for it, or NULL. */
static const struct decision *positional_ask(struct positional *p, uint16_t ddi)
{
    uint16_t nth = ++p->asked[ddi];
    for (unsigned i = p->first[ddi]; i != NO_DECISION; i = p->next[i])
        if (p->decision[i].nth == nth)
            return &p->decision[i];
    return NULL;
}

/* splitmix64: a known generator, good enough for schedules. */
uint64_t choose_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

void choose_begin(const struct chance *chance)
{
    static struct decision none;
    positional_begin(&door.schedule, chance->schedule_count ? chance->schedule : &none, chance->schedule_count);
    positional_begin(&door.fault, chance->fault_count ? chance->fault : &none, chance->fault_count);
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        door.position[i] = 0;
        door.random[i] = chance->seed * 31 + i;
    }
    door.clocks = door.picks = 0;
    if (door.transcript)
        memset(door.transcript, 0, sizeof *door.transcript);
    door.policy = policies[chance->policy < POLICY_COUNT ? chance->policy : 0];
    if (door.policy->begin)
        door.policy->begin(chance);
}

/* ---- Transcript ---- */

void choose_transcribe(struct transcript *transcript) { door.transcript = transcript; }

static void note_decision(struct decision *list, unsigned *count, uint16_t ddi, uint32_t nth, uint8_t value)
{
    if (*count == MAX_DECISIONS || nth > UINT16_MAX)
        door.transcript->lossy = true;
    else
        list[(*count)++] = (struct decision){.ddi = ddi, .nth = (uint16_t)nth, .value = value};
}

static void note_schedule(uint8_t role)
{
    struct transcript *t = door.transcript;
    note_decision(t->schedule, &t->schedule_count, door.where, choose_asked(LANE_SCHEDULE, door.where), role);
}

static void note_pick(struct ctx *const *candidates, unsigned count, unsigned answer)
{
    uint8_t role;
    if (constraints_role(candidates, count, answer, &role))
        note_schedule(role);
    else
        door.transcript->lossy = true;
}

static void note_value(enum lane lane, uint32_t answer)
{
    struct transcript *t = door.transcript;
    if (t->value_count[lane] < MAX_LANE_VALUES && answer <= UINT8_MAX)
        t->value[lane][t->value_count[lane]++] = (uint8_t)answer;
    else if (answer)
        t->lossy = true;
}

/* ---- Questions ---- */

uint32_t choose(enum lane lane, uint32_t n)
{
    const struct chance *chance = machine.chance;
    uint32_t answer = 0;
    if (n > 1 && (chance->value_count[lane] || chance->random_faults))
        footprint_touch(&door.position[lane], true);
    if (n > 1 && door.position[lane] < chance->value_count[lane])
        answer = chance->value[lane][door.position[lane]++] % n;
    else if (n > 1 && chance->random_faults)
        answer = choose_random(&door.random[lane]) % 8 ? 0 : (uint32_t)(choose_random(&door.random[lane]) % n);
    if (n > 1 && door.transcript)
        note_value(lane, answer);
    if (answer)
        trace(TRACE_CHOICE, lane, answer, n);
    return answer;
}

bool choose_fault(uint16_t ddi)
{
    const struct chance *chance = machine.chance;
    bool fail = false;
    if (chance->fault_count || chance->random_faults)
        footprint_touch(chance->random_faults ? &door.position[LANE_FAULT] : (const void *)&door.fault.asked[ddi], true);
    const struct decision *d = positional_ask(&door.fault, ddi);
    if (d)
        fail = d->value != 0;
    else if (chance->random_faults)
        fail = choose_random(&door.random[LANE_FAULT]) % 64 == 0;
    if (fail && door.transcript)
        note_decision(door.transcript->fault, &door.transcript->fault_count, ddi, door.fault.asked[ddi], 1);
    if (fail)
        trace(TRACE_CHOICE, LANE_FAULT, ddi, 2);
    return fail;
}

const struct decision *choose_schedule_decision(uint16_t where) { return positional_ask(&door.schedule, where); }

uint32_t choose_asked(enum lane lane, uint16_t ddi)
{
    return ddi < MAX_DDIS ? (lane == LANE_FAULT ? &door.fault : &door.schedule)->asked[ddi] : 0;
}

unsigned policy_picks(void) { return door.picks; }
unsigned policy_clocks(void) { return door.clocks; }

bool policy_is_asked(uint16_t where)
{
    door.where = where;
    return door.policy->is_asked(where);
}

bool policy_wants_clock(void)
{
    if (!door.policy->wants_clock || door.clocks == MAX_CLOCKS || !door.policy->wants_clock())
        return false;
    door.clocks++;
    if (door.transcript)
        note_schedule(ROLE_CLOCK);
    trace(TRACE_CHOICE, LANE_SCHEDULE, ROLE_CLOCK, 0);
    return true;
}

unsigned choose_clocks(void) { return door.clocks; }

unsigned policy_pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    if (count < 2)
        return 0;
    door.picks++;
    unsigned answer = door.policy->pick(where, candidates, count);
    if (answer && door.transcript)
        note_pick(candidates, count, answer);
    if (answer)
        trace(TRACE_CHOICE, LANE_SCHEDULE, candidates[answer]->id, count);
    return answer;
}
