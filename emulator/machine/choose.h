/*
 * The one door for chance.
 *
 * Principle of operation. Everything in the emulator that may go more than one way asks choose(lane, n) and gets 0..n-1; 0 is always the benign
 * answer. Lanes are independent: changing one leaves the others' meaning. What stands behind a lane is exchangeable: an
 * input's list of values, a seeded generator, or a recording. The schedule lane is asked through a policy, because a good schedule
 * decision needs to know where it is asked and who could run.
 *
 * Internal design. Positional decisions ("the 3rd call of IoAllocateIrp fails", "at the 2nd point inside WdfRequestComplete
 * app1 goes on") are kept in a small table indexed by DDI, so that the common answer "nothing here" costs one load.
 *
 * Called from inside the gate, any IRQL.
 */
#ifndef MACHINE_CHOOSE_H
#define MACHINE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

struct ctx;

enum lane { LANE_SCHEDULE, LANE_FAULT, LANE_HARDWARE, LANE_USER_MEMORY, LANE_DATA, LANE_REGISTRY, LANE_COUNT };

/* A positional decision; the nth (1-based) time `ddi` is asked in this life, the answer is `value`. */
struct decision {
    uint16_t ddi;
    uint16_t nth;
    uint8_t value; /* schedule: a role; fault: the answer */
};

#define MAX_DECISIONS 240
#define MAX_LANE_VALUES 256

enum policy_kind { POLICY_CONSTRAINTS, POLICY_RANDOM, POLICY_PCT, POLICY_RECORDING, POLICY_EXPLORE, POLICY_COUNT };

/* Everything that decides a life besides its operations. Filled by the input decoder or a command. */
struct chance {
    uint8_t policy;             /* enum policy_kind, of the schedule lane */
    uint8_t cpus;               /* 1..MACHINE_MAX_CPUS, 0 = 2 */
    uint8_t workers;            /* worker threads at most, 0 = as many as there are: 1 finds work that waits for work */
    uint16_t pct_depth;         /* change points of PCT */
    uint32_t pct_length;        /* expected scheduling points of PCT */
    uint64_t seed;              /* of RANDOM and PCT; 0 keeps every other lane benign */
    unsigned schedule_count, fault_count;
    struct decision schedule[MAX_DECISIONS];
    struct decision fault[MAX_DECISIONS];
    unsigned value_count[LANE_COUNT];
    uint8_t value[LANE_COUNT][MAX_LANE_VALUES];
    const uint8_t *recording;   /* POLICY_RECORDING: one byte per schedule question with more than one candidate */
    uint32_t recording_length;
    uint64_t max_points;        /* a life with more scheduling points loops; 0: the bound for inputs */
    bool random_faults;         /* RANDOM/PCT: also fail a call in 64 */
};

/* 0..n-1; n >= 1. Not for LANE_SCHEDULE. */
uint32_t choose(enum lane lane, uint32_t n);

/* Should this call of a DDI that can fail do so? Counts the call. */
bool choose_fault(uint16_t ddi);

/* How often this life, or the last one, passed this DDI: as a scheduling point that could have had a decision (LANE_SCHEDULE), or as a call
 * that may fail (LANE_FAULT). */
uint32_t choose_asked(enum lane lane, uint16_t ddi);

/* Schedule: false = nobody could want a switch here, so candidates need not be gathered. Counts the point. */
bool policy_is_asked(uint16_t where);

/* After policy_is_asked(): does the clock interrupt come at this point? At most MAX_CLOCKS times in a life. */
bool policy_wants_clock(void);
#define MAX_CLOCKS 3
/* How often it came so far in this life: time went on then while somebody had work to do. */
unsigned choose_clocks(void);

/* Index of the candidate that goes on. candidates[0] is the default. */
unsigned policy_pick(uint16_t where, struct ctx *const *candidates, unsigned count);

/* How often this life, or the last one, asked for one of several. */
unsigned policy_picks(void);
/* Clock interrupts that the schedule let come so far. */
unsigned policy_clocks(void);

/* Every answer of a life other than 0, as decisions of the constraints policy and values of lanes: the same life without a generator. */
struct transcript {
    bool lossy;                 /* there were more than an input can hold */
    unsigned schedule_count, fault_count, value_count[LANE_COUNT];
    struct decision schedule[MAX_DECISIONS], fault[MAX_DECISIONS];
    uint8_t value[LANE_COUNT][MAX_LANE_VALUES]; /* trailing zeros included */
};
/* From the next life on; NULL: no more. */
void choose_transcribe(struct transcript *transcript);

/* Start of a life. The chance stays owned by the caller and must outlive the life. */
void choose_begin(const struct chance *chance);

/* Registers a policy's implementation; the list is in policy.c. */
struct policy {
    const char *name;
    void (*begin)(const struct chance *chance);
    bool (*is_asked)(uint16_t where);
    bool (*wants_clock)(void); /* NULL: never */
    unsigned (*pick)(uint16_t where, struct ctx *const *candidates, unsigned count);
};
extern const struct policy policy_constraints, policy_random, policy_pct, policy_recording, policy_explore;

/* For policies. The decision of the input for this point, NULL none; counts the point. */
const struct decision *choose_schedule_decision(uint16_t where);
/* The candidate that a decision with this role chooses. */
unsigned constraints_choice(uint8_t role, struct ctx *const *candidates, unsigned count);
/* The role with which a decision chooses candidate i: its processor's or its own, or else a number (128 and more). False if there is none. */
bool constraints_role(struct ctx *const *candidates, unsigned count, unsigned i, uint8_t *role);
uint64_t choose_random(uint64_t *state);

#endif
