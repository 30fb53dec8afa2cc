/*
 * The canary: nondeterminism planted on purpose, in builds with IRPFUZZ_CANARY only, to show that tests/determinism notices such a fault.
 *
 * It is made like the real ones: rare, and far from where it shows. About one allocation in a thousand is 16 bytes larger than was asked
 * for, as the processor's cycle counter wills; so the blocks behind it have other addresses in every run.
 *
 * memory.c alone may use it.
 */
#ifndef MACHINE_CANARY_H
#define MACHINE_CANARY_H

#include <stddef.h>

#if defined(IRPFUZZ_CANARY)
static inline size_t canary_noise(void) { return __builtin_ia32_rdtsc() % 1021 ? 0 : 16; }
#else
static inline size_t canary_noise(void) { return 0; }
#endif

#endif
