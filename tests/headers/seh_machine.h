/* One thread's structured exceptions, for tests of the overlay only. */
#ifndef SEH_MACHINE_H
#define SEH_MACHINE_H

#include "irpfuzz_seh.h"

/* Raises an exception; the process ends if nothing guards the caller. */
__attribute__((__noreturn__)) void seh_raise(unsigned int code);
/* How often a break in a guarded body was met. */
extern int seh_misplaced_breaks;

#endif
