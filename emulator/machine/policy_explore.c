/* See policy_explore.h. */
#include "policy_explore.h"

#include <stddef.h>

#include "machine.h"

#define MAX_NTH 1023 /* the highest count that an input can name */

struct explore_record explore_record;

static struct {
    const struct chance *chance;
    const struct decision *now; /* of the point being asked */
    unsigned to_match;          /* the explorer's decisions */
    uint16_t where;
    bool recorded;              /* the point being asked has an entry */
} state;

static void begin(const struct chance *chance)
{
    struct explore_record *r = &explore_record;
    state.chance = chance;
    state.now = NULL;
    state.to_match = chance->schedule_count - r->first;
    r->matched = r->points = r->roles = 0;
    r->overflow = false;
}

static bool is_asked(uint16_t where)
{
    state.recorded = false;
    state.where = where;
    state.now = choose_schedule_decision(where);
    if (state.now && state.now - state.chance->schedule >= (ptrdiff_t)explore_record.first)
        explore_record.matched++;
    return true;
}

/* Behind all of the explorer's decisions, and not where the program says itself what happens. */
static bool records(void) { return !state.now && explore_record.matched == state.to_match; }

static struct explore_point *point_of(uint16_t where)
{
    struct explore_record *r = &explore_record;
    if (state.recorded)
        return &r->point[r->points - 1];
    uint32_t nth = choose_asked(LANE_SCHEDULE, where);
    if (r->points == EXPLORE_MAX_POINTS || r->roles + MAX_CONTEXTS > EXPLORE_MAX_ROLES || nth > MAX_NTH) {
        r->overflow = true;
        return NULL;
    }
    uint64_t here = r->is_known ? footprint_state(where == WHERE_BLOCK ? NULL : current_ctx, policy_clocks()) : 0;
    if (here && r->is_known(here))
        machine_abandon();
    state.recorded = true;
    r->point[r->points] = (struct explore_point){.alternatives = r->roles, .where = where, .nth = (uint16_t)nth, .preempts = where != WHERE_BLOCK,
                                                    .step = (uint16_t)(where == WHERE_BLOCK ? 0 : footprint_next())};
    return &r->point[r->points++];
}

static void add(struct explore_point *point, uint8_t role)
{
    explore_record.role[explore_record.roles++] = role;
    point->count++;
}

/* Asked only while clocks are left, before pick(), and also where there is but one candidate. */
static bool wants_clock(void)
{
    if (clock_may_come())
        footprint_start();
    if (state.now)
        return state.now->value == ROLE_CLOCK;
    if (!records() || !clock_may_come())
        return false;
    struct explore_point *point = point_of(state.where);
    if (point)
        add(point, ROLE_CLOCK);
    return false;
}

static void record(struct explore_point *point, struct ctx *const *candidates, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        uint8_t role;
        if (constraints_role(candidates, count, i, &role))
            add(point, role);
        else
            explore_record.overflow = true;
    }
}

static unsigned pick(uint16_t where, struct ctx *const *candidates, unsigned count)
{
    footprint_start();
    if (state.now)
        return constraints_choice(state.now->value, candidates, count);
    struct explore_point *point = records() ? point_of(where) : NULL;
    if (point)
        record(point, candidates, count);
    return 0;
}

const struct policy policy_explore = {"explore", begin, is_asked, wants_clock, pick};
