/* The two engines behind context.h. Internal to machine/. */
#ifndef MACHINE_ENGINE_H
#define MACHINE_ENGINE_H

#include "machine.h"

struct engine {
    const char *name;
    void (*init)(void);
    bool (*run)(void (*life)(void *), void *argument);
    void (*create)(struct ctx *ctx);
    void (*block)(bool keeps_processor);
    void (*wake)(struct ctx *ctx);
    void (*point)(uint16_t where);
    void (*settle)(void);
    void (*exit)(void);
    void (*abandon)(void);
    void (*activate)(struct activation *activation, bool begins); /* ThreadSanitizer identity of a DPC */
    void (*dpc_left)(unsigned cpu);                               /* a queued DPC that the caller cannot run; NULL: the schedule sees to it */
    void (*lock)(void);
    void (*unlock)(void);
};

extern const struct engine engine_fiber, engine_thread;

/* Shared by both: scheduler.c */
extern const struct engine *engine;
struct ctx *ctx_allocate(enum ctx_kind kind, uint8_t role, const char *name, void (*entry)(void *), void *argument);
void ctx_free(struct ctx *ctx);
void ctx_set_state(struct ctx *ctx, enum ctx_state state);
/* What the next one that is allocated will be. */
uint16_t ctx_next_id(void);
/* Nothing can run: calls machine.on_settled, once. False: nobody asked for it. */
bool call_settled(void);
/* Nothing can run: lets time pass to the next alarm, or reports a hang or deadlock. */
void let_time_pass(void);
/*
 * Work takes time too, or who always finds something to do would stop the clock for good. Once so many points have passed since time did
 * an engine calls this: the clock goes on by one tick. More points than the lives of inputs have.
 */
#define WORK_POINTS 16384
#define WORK_TICK (16 * CLOCK_MS)
void sched_work(void);

#endif
