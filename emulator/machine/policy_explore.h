/*
 * The schedule policy of systematic exploration: behaves as the constraints policy does and records where the life could have gone another way.
 *
 * Principle of operation. A life runs under the decisions in struct chance. Behind the last of them that is the explorer's own, each scheduling
 * point that had more than one candidate is written down: its place and count, as an input names them, and for each other candidate the role with which a decision
 * would choose it. Adding one such decision to the list makes the next schedule; the explorer (targets/engine/explore_search.c) walks the tree of them. So
 * every schedule is an ordinary input: `schedule: at PLACE #nth ROLE` lines that replay bit for bit.
 *
 * Internal design. What a role chooses is asked of the constraints policy itself; a candidate whose role means another one is named by its number (values from
 * 128 on, see policy.c). The clock interrupt counts as a candidate where an alarm is near.
 *
 * Host world; one life at a time.
 */
#ifndef MACHINE_POLICY_EXPLORE_H
#define MACHINE_POLICY_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "choose.h"
#include "footprint.h"

struct explore_point {
    uint32_t alternatives;   /* index of its first role in explore_record.role */
    uint32_t log;            /* length of the footprint log here */
    uint16_t count;          /* of the alternatives: candidates other than the one that goes on, and the clock; none that sleeps */
    uint16_t where, nth;
    uint16_t step;           /* which the one that goes on begins here */
    uint8_t goes_on;         /* its context, EXPLORE_NOBODY if it sleeps */
    bool preempts;           /* it was running: choosing another one is a preemption */
};

#define EXPLORE_NOBODY 0xff

/* A context that sleeps (footprint.h) once a decision was carried out. */
struct explore_sleeper {
    uint8_t context;
    unsigned count;
    const struct footprint_access *access;
};

#define EXPLORE_MAX_POINTS (1u << 16)
#define EXPLORE_MAX_ROLES (1u << 18)

struct explore_record {
    /* Set by the explorer before a life. */
    unsigned first;          /* decisions of chance->schedule from here on are the explorer's */
    bool (*is_known)(uint64_t state); /* a point where the machine stands so was recorded before: all that can follow is known. Notes the state. NULL: never */
    struct {
        unsigned count;
        const struct explore_sleeper *sleeper;
    } sleepers[MAX_DECISIONS]; /* for each of the explorer's decisions */

    /* The life's. */
    unsigned matched;        /* of the explorer's decisions: all, or the life did not go as it went before */
    unsigned points, roles;
    bool overflow;           /* more points than there is room for, or one that no decision can name */
    struct explore_point point[EXPLORE_MAX_POINTS];
    unsigned branch;         /* length of the footprint log at the last of the explorer's decisions */
    uint8_t role[EXPLORE_MAX_ROLES];
    uint8_t context[EXPLORE_MAX_ROLES]; /* that the role chooses; EXPLORE_NOBODY for the clock and idle threads */
};

extern struct explore_record explore_record;

#endif
