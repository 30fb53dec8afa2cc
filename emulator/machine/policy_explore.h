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

struct explore_point {
    uint32_t alternatives;   /* index of its first role in explore_record.role */
    uint16_t count;          /* of them: candidates other than the one that goes on, and the clock */
    uint16_t where, nth;
    uint16_t step;           /* what the running context does next (machine/footprint.h) */
    bool preempts;           /* the running context could go on: choosing another one is a preemption */
};

#define EXPLORE_MAX_POINTS (1u << 16)
#define EXPLORE_MAX_ROLES (1u << 18)

struct explore_record {
    /* Set by the explorer before a life. */
    unsigned first;          /* decisions of chance->schedule from here on are the explorer's */
    bool (*is_known)(uint64_t state); /* a point where the machine stands so was recorded before: all that can follow is known. Notes the state. NULL: never */

    /* The life's. */
    unsigned matched;        /* of the explorer's decisions: all, or the life did not go as it went before */
    unsigned points, roles;
    bool overflow;           /* more points than there is room for, or one that no decision can name */
    struct explore_point point[EXPLORE_MAX_POINTS];
    uint8_t role[EXPLORE_MAX_ROLES];
};

extern struct explore_record explore_record;

#endif
