/*
 * The call stack of a report: walked by frame pointers on the fiber's own stack, named by llvm-symbolizer, driver frames first-class and
 * the emulator's inner frames left out unless there are no others. For reports only: it starts a process.
 */
#ifndef MACHINE_STACK_H
#define MACHINE_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct stack_frame {
    char function[96];
    char place[160];   /* path:line relative to the tree, or empty */
    bool driver;       /* in driver or app code, not the emulator's */
};

/* `code`, unless it is NULL, and the code addresses of the frames above `frame`, innermost first; returns how many. Starts no process. */
unsigned stack_collect(const void *code, const void *frame, uintptr_t *out, unsigned max);
/* For each of these addresses the driver's (or app's) function it lies in, the innermost of those inlined there; empty if it is none of theirs. */
void stack_driver_functions(const uintptr_t *address, unsigned count, char (*function)[96]);
/* Names one code address. */
bool stack_name(const void *address, struct stack_frame *out);
/* The "stack" section of a report. */
void stack_write(const void *code, const void *frame);

#endif
