/*
 * Systematic exploration: one program under every schedule with at most so many preemptions.
 *
 * Principle of operation. A schedule is the list of its decisions (machine/policy_explore.h). The first has none; a life under a schedule tells where it could
 * have gone another way, and each of these places behind its last decision makes one schedule with one decision more. So each schedule is
 * made exactly once. Letting another context go on while the running one could is a preemption; who goes on when the running one has to wait is free. Schedules
 * without a preemption come first, then those with one, and so on: the first failing one has as few as possible, and what was finished is a proof.
 *
 * Internal design. explore.c watches: a child process explores and writes the schedule it is about to run into memory both see, so that whatever ends it
 * (a sanitizer, a fault, a life that does not end) is told with its schedule. explore_search.c is the child's side, explore_result.c tells the
 * outcome.
 *
 * Host world.
 */
#ifndef ENGINE_EXPLORE_H
#define ENGINE_EXPLORE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/choose.h"

#define EXPLORE_MAX_PREEMPTIONS 8

struct explore_options {
    const char *file;         /* its name, for what is printed */
    const char *directory;    /* where a failing schedule goes */
    unsigned preemptions;
    double time;              /* seconds, 0: no limit */
    bool reduction;
    bool all;                 /* go on behind a bug: counts what lives end in */
    bool json, quiet;
    bool pct;                 /* instead: `runs` random lives, bugs of depth `depth` */
    unsigned depth;
    uint64_t runs, seed;
};

enum explore_state { EXPLORE_RUNS, EXPLORE_DONE, EXPLORE_BUG, EXPLORE_STOPPED, EXPLORE_TOO_LARGE, EXPLORE_DIVERGED };

/* What the exploring process tells the watching one. */
struct explore_shared {
    volatile sig_atomic_t stop;        /* the watcher's wish */
    volatile int state;                /* enum explore_state */
    volatile uint64_t lives;           /* begun */
    volatile unsigned level;           /* preemptions of the schedules that run now */
    volatile double way;               /* 0..1: how far the walk of this level is, roughly */
    volatile unsigned walks;           /* of this level: what is learned makes it begin anew */
    uint64_t done[EXPLORE_MAX_PREEMPTIONS + 1]; /* schedules with so many preemptions */
    uint64_t pruned;                   /* lives that were dropped where they began to repeat */
    uint64_t bugs;                     /* --all */
    uint64_t outcomes, outcome_hash;   /* different ends of a life as its apps see it, and all of them in one number */
    uint64_t orders, order_hash;       /* --all, in builds that follow footprints: different orders of dependent steps */
    uint64_t points, contexts;         /* at most, in one life: those with more than one candidate; PCT's k and n */

    /* The schedule of the life that runs, or of the one that failed. */
    struct chance chance;
    unsigned own;                      /* decisions of the program itself; the explorer's are behind them */
    unsigned preemptions;
    char bug[64];
};

/* Exit status of the verb: 0 no bug, 1 a bug, 2 no input for this, 3 no process, 4 stopped before the end. */
int explore(const struct explore_options *options, const uint8_t *input, size_t size);

/* ---- explore_search.c ---- */

void explore_search(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size);
void explore_pct(const struct explore_options *options, struct explore_shared *shared, const uint8_t *input, size_t size);

/* ---- explore_result.c ---- */

/* The schedule that failed. */
struct explore_finding {
    char *text;       /* the program with that schedule */
    char path[4096];  /* the file it is in, or should be */
    int error;        /* errno, where it could not be written */
    bool repeated;    /* in a process of its own it fails as well */
};

/* Makes the text and writes it to a file of the directory. */
void explore_save(const struct explore_options *options, const struct explore_shared *shared, const uint8_t *input, size_t size,
                  struct explore_finding *finding);
/* Runs it in a process of its own and keeps what that reports beside the file; what could not be written goes to stderr instead. */
void explore_report(const struct explore_options *options, struct explore_finding *finding);
/* finding: NULL if there is none. */
void explore_print(const struct explore_options *options, const struct explore_shared *shared, double seconds, const struct explore_finding *finding);

#endif
