/*
 * See explore.h: the process that explores.
 *
 * Principle of operation. A walk in depth, once for each number of preemptions: the first walk allows none, the next one, and so on. A frame stands for a schedule
 * on the path: its life was run, its points wait for their turn; each alternative of each point makes a schedule one decision longer. What the walks before have
 * seen is run again, which costs a few lives in a hundred and keeps memory small.
 *
 * Reduction, in two ways. A preemption before a step that touches nothing of what steps of other contexts touch may as well come behind that step: the same
 * order of dependent steps, as many preemptions or fewer. So nobody else is tried there. Which steps are of that kind is learned: a word at which steps of
 * two contexts met with no other order between them is remembered with the places and contexts of both, over all lives, and a walk during which
 * something new was learned begins anew. (Were a step taken for local that is not, take the shortest schedule in which it meets another: with local steps moved
 * forward it was run, and there the two meet as well.) Whatever changes who may run, IRQL, DPCs, alarms, waking, is never local.
 *
 * A life that comes to a point where the machine stands as it stood at a point of an earlier life of this walk, with as many preemptions left or
 * fewer, is dropped: from there every alternative was or will be explored. Where the machine stands is a number for the steps done and the order of
 * those that depend on one another (machine/footprint.h says why equal numbers mean equal states, and what that assumes). Frames on the path are finished
 * before the walk ends, and no state can be met twice on one path, so nothing is dropped in favour of something that is dropped itself. Only builds that
 * follow footprints have such numbers; the others run every schedule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine.h"
#include "explore.h"
#include "life.h"
#include "machine/machine.h"
#include "machine/policy_explore.h"

#define MAX_DEPTH (MAX_DECISIONS + 1)
#define MAX_STATES (1u << 27)

struct frame {
    struct explore_point *point;
    uint8_t *role;
    unsigned points, point_room, role_room;
    unsigned preemptions;
};

static struct {
    const struct explore_options *options;
    struct explore_shared *shared;
    const uint8_t *input;
    size_t size;
    unsigned bound;       /* preemptions of this walk */
    uint64_t begun;       /* lives before this walk */
    uint64_t again_at;    /* lives; then it begins anew; 0: it is as good as it can be */
    bool again;
    struct frame frame[MAX_DEPTH];
    struct bugcheck bug;
    bool bug_found;
    bool reduces;
} search;

/* ---- A life ---- */

static void on_bugcheck(const struct bugcheck *bug)
{
    search.bug = *bug;
    search.bug_found = true;
    machine_abandon();
}

static _Noreturn void end(enum explore_state state)
{
    search.shared->state = (int)state;
    _exit(0);
}

/* What apps saw and how the life ended: two lives with the same hash are the same to the world outside. */
static uint64_t outcome(void)
{
    uint64_t seen[5 * MAX_OPERATIONS + 2], n = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!r)
            continue;
        uint64_t values[] = {i, r->finished, r->error, r->bytes, r->finished ? r->result : 0};
        memcpy(seen + n, values, sizeof values);
        n += 5;
    }
    seen[n++] = search.bug_found ? search.bug.code : 0;
    return trace_hash_bytes(seen, n * sizeof seen[0]);
}

/* A set of numbers that grows while it is small enough for somebody to compare. */
struct set {
    uint64_t *table;
};
#define SET_ROOM (1u << 22)

/* Counts the number if it is new; the sum does not depend on the order in which they are met. */
static void count_new(struct set *set, uint64_t hash, uint64_t *count, uint64_t *sum)
{
    hash |= 1;
    if (!set->table)
        set->table = calloc(SET_ROOM, sizeof *set->table);
    if (!set->table || *count >= SET_ROOM / 2)
        return;
    uint64_t at = hash >> 16 & (SET_ROOM - 1);
    for (; set->table[at]; at = (at + 1) & (SET_ROOM - 1))
        if (set->table[at] == hash)
            return;
    set->table[at] = hash;
    ++*count;
    *sum += hash;
}

static void note_outcome(void)
{
    static struct set outcomes, orders;
    struct explore_shared *s = search.shared;
    count_new(&outcomes, outcome(), &s->outcomes, &s->outcome_hash);
    if (footprint_order() && search.options->all && !search.bug_found)
        count_new(&orders, footprint_order(), &s->orders, &s->order_hash);
}

static void keep_most(uint64_t *most, uint64_t value)
{
    if (value > *most)
        *most = value;
}

static void use_shared_chance(struct chance *chance, void *argument)
{
    (void)argument;
    *chance = search.shared->chance;
}

/* Under the schedule that stands in shared memory. */
static void run_life(void)
{
    struct explore_shared *s = search.shared;
    if (s->stop)
        end(EXPLORE_STOPPED);
    search.bug_found = false;
    s->lives++;
    if (!engine_run_changed(search.input, search.size, use_shared_chance, NULL) && !search.bug_found) {
        s->pruned++;
        return;
    }
    if (search.bug_found)
        s->bugs++;
    if (search.bug_found && !search.options->all) {
        snprintf(s->bug, sizeof s->bug, "%s", bugcheck_name(search.bug.code));
        end(EXPLORE_BUG);
    }
    note_outcome();
    keep_most(&s->points, policy_picks());
    keep_most(&s->contexts, machine.ctx_count);
}

/* ---- States that were met ---- */

static struct {
    uint64_t *table, room, count;
    unsigned left;        /* preemptions that the life under way has left */
} states;

/* An entry: the number with the preemptions that were left in its last bits. */
#define LEFT_MASK 15ull

static uint64_t *find_state(uint64_t state)
{
    uint64_t at = (state >> 4) & (states.room - 1);
    while (states.table[at] && (states.table[at] ^ state) & ~LEFT_MASK)
        at = (at + 1) & (states.room - 1);
    return &states.table[at];
}

static void states_grow(void)
{
    uint64_t *old = states.table, had = states.room;
    states.room = had ? had * 2 : 1u << 16;
    states.table = calloc(states.room, sizeof *states.table);
    if (!states.table)
        _exit(3);
    for (uint64_t i = 0; i < had; i++)
        if (old[i])
            *find_state(old[i]) = old[i];
    free(old);
}

static void states_forget(void)
{
    free(states.table);
    states.table = NULL;
    states.room = states.count = 0;
    states_grow();
}

/* True if it was met with as many preemptions left. */
static bool is_known(uint64_t state)
{
    if (states.count * 2 >= states.room && states.room < MAX_STATES)
        states_grow();
    state = (state & ~LEFT_MASK) | (states.left + 1);
    uint64_t *entry = find_state(state);
    if (*entry)
        return (*entry & LEFT_MASK) >= (state & LEFT_MASK) || (*entry = state, false);
    if (states.count * 4 < states.room * 3) { /* full: what is not noted is run again, which is only slow */
        *entry = state;
        states.count++;
    }
    return false;
}

/* ---- The walk ---- */

static void *room_for(void *memory, unsigned *room, unsigned count, size_t size)
{
    if (count <= *room)
        return memory;
    *room = count * 2;
    memory = realloc(memory, *room * size);
    if (!memory)
        _exit(3);
    return memory;
}

/*
 * What remains of a point: nothing if the running context may as well do its next step first (see the head of this file), or only the clock, which
 * comes at a time and not only between steps. False: nothing.
 */
static bool take_point(struct explore_point *to, const struct explore_point *p)
{
    *to = *p;
    if (!search.reduces || !p->preempts || !footprint_is_local(p->step))
        return true;
    to->count = p->count && explore_record.role[p->alternatives] == ROLE_CLOCK;
    return to->count;
}

static void keep_frame(struct frame *f)
{
    const struct explore_record *r = &explore_record;
    f->points = 0;
    f->point = room_for(f->point, &f->point_room, r->points, sizeof *f->point);
    f->role = room_for(f->role, &f->role_room, r->roles, 1);
    for (unsigned i = 0; i < r->points; i++)
        if (take_point(&f->point[f->points], &r->point[i]))
            f->points++;
    if (r->roles)
        memcpy(f->role, r->role, r->roles);
}

/*
 * What was taken for needless may not have been. The walk begins anew, but not at once: what is learned comes in flocks, and the lives of a walk that
 * began too early are all run again.
 */
static void note_learned(void)
{
    uint64_t lives = search.shared->lives - search.begun;
    if (search.reduces && footprint_learned())
        search.again_at = lives + lives / 2 + 64;
    search.again = search.again_at && lives >= search.again_at;
}

/* The life of the schedule with so many decisions, which stand in shared memory. */
static void run_frame(unsigned depth)
{
    struct explore_shared *s = search.shared;
    struct frame *f = &search.frame[depth];
    s->chance.schedule_count = s->own + depth;
    s->preemptions = f->preemptions;
    states.left = search.bound - f->preemptions;
    explore_record.first = s->own;
    explore_record.is_known = search.reduces ? is_known : NULL;
    run_life();
    note_learned();
    if (explore_record.matched != depth)
        end(EXPLORE_DIVERGED);
    if (explore_record.overflow)
        end(EXPLORE_TOO_LARGE);
    if (f->preemptions == search.bound)
        s->done[search.bound]++;
    keep_frame(f);
}

static void walk(unsigned depth, double begin, double share);

/* The schedules that choose an alternative at this point. They are the share [begin, begin + share) of the walk, as a guess. */
static void walk_point(unsigned depth, unsigned at, double begin, double share)
{
    struct frame *f = &search.frame[depth];
    const struct explore_point *p = &f->point[at];
    struct explore_shared *s = search.shared;
    if (s->own + depth >= MAX_DECISIONS)
        end(EXPLORE_TOO_LARGE);
    for (unsigned a = 0; a < p->count && !search.again; a++) {
        s->chance.schedule[s->own + depth] = (struct decision){p->where, p->nth, f->role[p->alternatives + a]};
        search.frame[depth + 1].preemptions = f->preemptions + p->preempts;
        walk(depth + 1, begin + share * a / p->count, share / p->count);
    }
}

/* The part of a schedule's walk that lies before point i of n: early points leave room for more decisions behind them. */
static double part_before(unsigned i, unsigned n, unsigned preemptions_left)
{
    double behind = 1;
    for (unsigned k = 0; k <= preemptions_left; k++)
        behind *= 1 - (double)i / n;
    return 1 - behind;
}

/* Runs the schedule and all that begin with its decisions. */
static void walk(unsigned depth, double begin, double share)
{
    run_frame(depth);
    struct frame *f = &search.frame[depth];
    for (unsigned i = 0; i < f->points && !search.again; i++) {
        double from = part_before(i, f->points, search.bound - f->preemptions), to = part_before(i + 1, f->points, search.bound - f->preemptions);
        search.shared->way = begin + share * from;
        if (!f->point[i].preempts || f->preemptions < search.bound)
            walk_point(depth, i, begin + share * from, share * (to - from));
    }
}

static void set_up(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size)
{
    search.options = options;
    search.shared = shared;
    search.input = input;
    search.size = size;
    search.reduces = options->reduction && !shared->own;
    bugcheck_set_hook(on_bugcheck);
    life.keeps_results = true;
}

void explore_search(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size)
{
    set_up(options, shared, input, size);
    shared->chance.policy = POLICY_EXPLORE;
    for (search.bound = 0; search.bound <= options->preemptions; search.bound++) {
        shared->level = search.bound;
        shared->walks = 0;
        do {
            shared->walks++;
            search.again_at = search.again = 0;
            search.begun = shared->lives;
            shared->done[search.bound] = 0;
            states_forget();
            walk(0, 0, 1);
        } while (search.again_at);
    }
    end(EXPLORE_DONE);
}

/* ---- PCT ---- */

void explore_pct(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size)
{
    struct chance *chance = &shared->chance;
    set_up(options, shared, input, size);
    chance->policy = POLICY_CONSTRAINTS;
    run_life(); /* measures */
    chance->policy = POLICY_PCT;
    chance->pct_depth = (uint16_t)(options->depth - 1);
    for (uint64_t i = 0; i < options->runs; i++) {
        chance->seed = (uint32_t)(options->seed + i);
        chance->pct_length = (uint32_t)shared->points;
        run_life();
    }
    end(EXPLORE_DONE);
}
