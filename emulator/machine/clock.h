/*
 * The virtual clock. Time moves when every context waits (to the next due alarm), when an operation says so, and a little after very much work
 * (sched_work); never with the host's clock (W-CON-7). Unit 100 ns since the start of the life. nt's timers and wait time-outs are alarms.
 */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_MS 10000ull
#define CLOCK_SECOND 10000000ull
/* Machine start as Windows system time (100 ns since 1601): 2024-01-01 00:00 UTC. */
#define CLOCK_SYSTEM_TIME_AT_START 133485408000000000ull

struct alarm {
    struct alarm *next, *prev;
    uint64_t due;
    uint64_t sequence;
    bool set;
    /* Runs on the clock interrupt: inside the gate, must not block. */
    void (*fire)(struct alarm *alarm);
};

extern uint64_t clock_time; /* clock.c's own; read through clock_now(), which every record of the trace asks */
static inline uint64_t clock_now(void) { return clock_time; }
void alarm_set(struct alarm *alarm, uint64_t due, void (*fire)(struct alarm *));
/* True if it was set. */
bool alarm_cancel(struct alarm *alarm);
/* Fires everything due up to now + interval, in order of due time. */
void clock_pass(uint64_t interval);
/* Jumps to the next alarm and fires it; false if none is set. */
bool clock_jump(void);
bool clock_next_due(uint64_t *due);
/* An alarm is so near that a schedule may let it come while contexts could run. */
bool clock_may_come(void);
void clock_begin(void);

#endif
