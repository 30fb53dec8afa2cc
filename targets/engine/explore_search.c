/*
 * See explore.h: the process that explores.
 *
 * A node is a schedule that was run and may have children: decisions it has, preemptions among them, and how many of its recorded points are its own to expand.
 * Nodes are kept for good, children are not: at the next level each node runs once more to find its points, which costs one life in a hundred and
 * no memory. Free choices (who goes on when the running context waits) belong to the level of their parent and are run at once, last found first.
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

#define MAX_NODES (1u << 28)
#define NO_NODE UINT32_MAX

struct node {
    uint32_t parent;
    uint32_t expands;     /* recorded points before this one are its own to expand */
    uint16_t where, nth;  /* its last decision */
    uint8_t role, decisions, preemptions;
};

static struct {
    const struct explore_options *options;
    struct explore_shared *shared;
    const uint8_t *input;
    size_t size;
    struct node *node;    /* reserved, not backed, up to MAX_NODES */
    uint32_t nodes;
    struct bugcheck bug;
    bool bug_found;
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

/* Counts the outcome if it is new; the sum does not depend on the order in which they are met. */
static void note_outcome(void)
{
    static uint64_t *table;
    static uint64_t room = 1u << 12;
    uint64_t hash = outcome() | 1;
    if (!table)
        table = calloc(room, sizeof *table);
    uint64_t at = hash >> 16 & (room - 1);
    for (; table[at]; at = (at + 1) & (room - 1))
        if (table[at] == hash)
            return;
    if (search.shared->outcomes >= room / 2) /* more than anybody will compare */
        return;
    table[at] = hash;
    search.shared->outcomes++;
    search.shared->outcome_hash += hash;
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
    engine_run_changed(search.input, search.size, use_shared_chance, NULL);
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

/* ---- The tree ---- */

static void put_decisions(uint32_t node, struct decision *decision)
{
    for (; node != NO_NODE && search.node[node].decisions; node = search.node[node].parent)
        decision[search.node[node].decisions - 1] =
            (struct decision){search.node[node].where, search.node[node].nth, search.node[node].role};
}

/* The life of a node. Its points are in explore_record. */
static void run_node(uint32_t parent, const struct node *node)
{
    struct explore_shared *s = search.shared;
    struct decision *own = s->chance.schedule + s->own;
    if (s->own + node->decisions > MAX_DECISIONS)
        end(EXPLORE_TOO_LARGE);
    put_decisions(parent, own);
    if (node->decisions)
        own[node->decisions - 1] = (struct decision){node->where, node->nth, node->role};
    s->chance.schedule_count = s->own + node->decisions;
    s->preemptions = node->preemptions;
    explore_record.first = s->own;
    run_life();
    if (explore_record.matched != node->decisions)
        end(EXPLORE_DIVERGED);
    if (explore_record.overflow)
        end(EXPLORE_TOO_LARGE);
}

static uint32_t keep_node(const struct node *node)
{
    if (search.nodes == MAX_NODES)
        end(EXPLORE_TOO_LARGE);
    search.node[search.nodes] = *node;
    return search.nodes++;
}

static struct node child_of(uint32_t parent, const struct explore_point *point, uint8_t role)
{
    const struct node *p = &search.node[parent];
    return (struct node){.parent = parent, .where = point->where, .nth = point->nth, .role = role, .decisions = (uint8_t)(p->decisions + 1),
                         .preemptions = (uint8_t)(p->preemptions + point->preempts)};
}

/* Counts what the points of the last life lead to. Returns how many are free choices. */
static unsigned count_children(const struct node *node)
{
    struct explore_shared *s = search.shared;
    unsigned free_choices = 0;
    for (unsigned i = 0; i < node->expands; i++) {
        const struct explore_point *p = &explore_record.point[i];
        if (!p->preempts)
            free_choices += p->count;
        else if (node->preemptions < search.options->preemptions)
            s->known[node->preemptions + 1] += p->count;
    }
    s->known[node->preemptions] += free_choices;
    return free_choices;
}

/* Runs a schedule that was not run before, and those that differ from it by free choices. */
static void run_new(struct node first)
{
    uint32_t bottom = search.nodes, done = bottom;
    bool last_level = first.preemptions == search.options->preemptions;
    struct node node = first;
    for (;;) {
        run_node(node.parent, &node);
        search.shared->done[node.preemptions]++;
        node.expands = explore_record.points;
        unsigned free_choices = count_children(&node);
        if (done < search.nodes)
            search.node[done].expands = node.expands;
        else if (free_choices || !last_level)
            keep_node(&node);
        /* Its free children stand behind it as nodes that are still to run. */
        for (unsigned i = 0; free_choices && i < node.expands; i++) {
            const struct explore_point *p = &explore_record.point[i];
            for (unsigned a = 0; !p->preempts && a < p->count; a++) {
                struct node child = child_of(done, p, explore_record.role[p->alternatives + a]);
                keep_node(&child);
            }
        }
        if (++done >= search.nodes)
            break;
        node = search.node[done];
    }
    if (last_level)
        search.nodes = bottom;
}

/* The schedules with one preemption more than this one. */
static void run_preempted(uint32_t parent)
{
    static struct explore_point *points;
    static uint8_t *roles;
    if (!points) {
        points = malloc(sizeof explore_record.point);
        roles = malloc(sizeof explore_record.role);
    }
    struct node node = search.node[parent];
    run_node(node.parent, &node);
    unsigned count = node.expands;
    memcpy(points, explore_record.point, count * sizeof *points);
    memcpy(roles, explore_record.role, explore_record.roles);
    for (unsigned i = 0; i < count; i++)
        for (unsigned a = 0; points[i].preempts && a < points[i].count; a++)
            run_new(child_of(parent, &points[i], roles[points[i].alternatives + a]));
}

static void set_up(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size)
{
    search.options = options;
    search.shared = shared;
    search.input = input;
    search.size = size;
    bugcheck_set_hook(on_bugcheck);
    life.keeps_results = true;
}

void explore_search(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size)
{
    set_up(options, shared, input, size);
    search.node = mmap(NULL, (size_t)MAX_NODES * sizeof *search.node, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (search.node == MAP_FAILED)
        _exit(3);
    shared->chance.policy = POLICY_EXPLORE;
    shared->known[0] = 1;
    run_new((struct node){.parent = NO_NODE});
    for (uint32_t from = 0, level = 1; level <= options->preemptions; level++) {
        uint32_t to = search.nodes;
        shared->level = level;
        for (; from < to; from++)
            run_preempted(from);
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
