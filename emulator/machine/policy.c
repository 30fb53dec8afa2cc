/*
 * Schedule policies.
 *
 * Constraints: positional statements from the input ("at the 3rd point inside WdfRequestComplete, app1 goes on"); everywhere else
 * the running context goes on. Random: each point switches with probability 1/4. PCT: random priorities, highest
 * runnable goes on, whose priority is dropped at d change points (Burckhardt et al., ASPLOS 2010): a bug that needs d + 1 ordered steps is met
 * with probability 1/(n k^d) at least, of n contexts and k points with a choice. Recording: the answers of an earlier life.
 */
#include <stddef.h>

#include "machine.h"

static struct {
    const struct chance *chance;
    const struct decision *now; /* constraint that matched the point being asked */
    uint64_t random;
    uint64_t point;
    uint32_t priority[MAX_CONTEXTS]; /* PCT: 0 = not drawn yet */
    uint64_t change[16];
    uint32_t recorded;
} state;

static void begin(const struct chance *chance)
{
    state.chance = chance;
    state.now = NULL;
    state.random = chance->seed;
    state.point = 0;
    state.recorded = 0;
}

/* The point is counted all the same: a transcript names it (choose_transcribe()). */
static bool always(uint16_t where)
{
    choose_schedule_decision(where);
    return true;
}

static bool constraints_is_asked(uint16_t where)
{
    state.now = choose_schedule_decision(where);
    return state.now != NULL;
}

static bool constraints_wants_clock(void) { return state.now && state.now->value == ROLE_CLOCK; }

static bool has_role(const struct ctx *ctx, uint8_t role)
{
    if (role < ROLE_CPU0 + MACHINE_MAX_CPUS)
        return ctx->cpu == role && (ctx->running_dpcs || machine.cpu[role].dpcs || ctx->kind == CTX_IDLE);
    return ctx->role == role;
}

unsigned constraints_choice(uint8_t role, struct ctx *const *candidates, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (has_role(candidates[i], role))
            return i;
    /* A role that cannot run: any other context by number, so that a mutated value still means something. */
    return role >= 128 ? role % count : 0;
}

bool constraints_role(struct ctx *const *candidates, unsigned count, unsigned i, uint8_t *role)
{
    const struct ctx *ctx = candidates[i];
    uint8_t tried[2] = {ctx->cpu >= 0 ? (uint8_t)(ROLE_CPU0 + ctx->cpu) : ctx->role, ctx->role};
    for (unsigned t = 0; t < 2; t++)
        if (constraints_choice(tried[t], candidates, count) == i) {
            *role = tried[t];
            return true;
        }
    for (unsigned value = 128; value < ROLE_NONE; value++)
        if (constraints_choice((uint8_t)value, candidates, count) == i) {
            *role = (uint8_t)value;
            return true;
        }
    return false;
}

static unsigned constraints_pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    (void)where;
    return state.now ? constraints_choice(state.now->value, candidates, count) : 0;
}

static unsigned random_pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    (void)where;
    (void)candidates;
    uint64_t r = choose_random(&state.random);
    return r & 3 ? 0 : (unsigned)((r >> 8) % count);
}

static bool random_wants_clock(void) { return choose_random(&state.random) % 256 == 0; }

static void pct_begin(const struct chance *chance)
{
    begin(chance);
    for (unsigned i = 0; i < MAX_CONTEXTS; i++)
        state.priority[i] = 0;
    unsigned depth = chance->pct_depth < 16 ? chance->pct_depth : 16;
    uint64_t length = chance->pct_length ? chance->pct_length : 500;
    for (unsigned i = 0; i < 16; i++)
        state.change[i] = i < depth ? 1 + choose_random(&state.random) % length : 0;
}

#define LOWERED 1000 /* priorities drawn at first lie above, those of change points below */

/* A change point's priority does not depend on when it comes: which of two lowered contexts goes first is drawn as well. */
static bool pct_changes(uint32_t *priority)
{
    for (unsigned i = 0; i < 16; i++)
        if (state.change[i] == state.point) {
            *priority = LOWERED - i;
            return true;
        }
    return false;
}

static unsigned pct_best(struct ctx *const *candidates, unsigned count)
{
    unsigned best = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t *p = &state.priority[candidates[i]->id];
        if (!*p)
            *p = LOWERED + 1 + (uint32_t)(choose_random(&state.random) % 1000000);
        if (*p > state.priority[candidates[best]->id])
            best = i;
    }
    return best;
}

static unsigned pct_pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    (void)where;
    state.point++;
    unsigned best = pct_best(candidates, count);
    uint32_t lowered;
    if (!pct_changes(&lowered))
        return best;
    state.priority[candidates[best]->id] = lowered; /* who would go on now is who is held back */
    return pct_best(candidates, count);
}

static unsigned recording_pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    (void)where;
    (void)candidates;
    if (state.recorded >= state.chance->recording_length)
        return 0;
    return state.chance->recording[state.recorded++] % count;
}

const struct policy policy_constraints = {"constraints", begin, constraints_is_asked, constraints_wants_clock, constraints_pick};
const struct policy policy_random = {"random", begin, always, random_wants_clock, random_pick};
const struct policy policy_pct = {"pct", pct_begin, always, NULL, pct_pick};
const struct policy policy_recording = {"recording", begin, always, NULL, recording_pick};
