/*
 * Turns: who of the program's actors starts its next step when.
 *
 * Principle of operation. Steps start in the order of the program: a step starts when all before it have started. From then on its actor and the
 * actor of the following step run side by side, and the schedule decides how they interleave. An actor that is blocked inside a call does
 * not hold up the others: its steps are put off until it is back. Letting time pass holds up everybody.
 *
 * Internal design. An actor waits for its turn on an event, in user mode if it is an app, so that I/O of its own can still be
 * delivered to it. Whether an actor is blocked or just slow shows when nothing can run any more: only then is its step put off.
 */
#ifndef ENGINE_TURNS_H
#define ENGINE_TURNS_H

#include <stdbool.h>

#include "input.h"

void turns_begin(const struct program *program);
/* The caller's next step, or -1 once the program is over (for apps: and turns_close() was called). */
int turns_next(unsigned actor);
void turns_actor_ended(unsigned actor);
/* While held, no step starts: time passes. PnP thread only. */
void turns_hold(bool hold);
bool turns_are_held(void);
/* Apps that are out of steps may go. PnP thread only. */
void turns_close(void);
/* Nobody takes turns: the PnP thread alone stands at this step. */
void turns_alone(int step);
/* The step an actor carries out now, or -1. For reports. */
int turns_current(unsigned actor);

#endif
