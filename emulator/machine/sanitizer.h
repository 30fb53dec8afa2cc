/*
 * What the emulator tells the sanitizers, and nothing else: which bytes are addressable (AddressSanitizer), which are
 * initialised (MemorySanitizer), which hand-overs order two contexts (ThreadSanitizer), and which stack runs (all).
 *
 * The emulator itself is built without ThreadSanitizer, so a happens-before edge exists only where Windows gives one
 * and the emulator says so here: lock hand-over, IRP hand-over, DPC queueing, waits, interlocked operations.
 * Every function is empty in a build without the sanitizer concerned. Callable from both worlds, at any IRQL.
 */
#ifndef MACHINE_SANITIZER_H
#define MACHINE_SANITIZER_H

#include <stddef.h>

#include "shadow.h"

#if defined(IRPFUZZ_ASAN)
void __asan_poison_memory_region(void const volatile *address, size_t size);
void __asan_unpoison_memory_region(void const volatile *address, size_t size);
#endif
#if defined(IRPFUZZ_TSAN)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#endif
#if defined(IRPFUZZ_MSAN)
void __msan_poison(const volatile void *address, size_t size);
void __msan_unpoison(const volatile void *address, size_t size);
/* Offset of the first uninitialised byte, or -1. (intptr_t in the runtime: the same width.) */
long long __msan_test_shadow(const volatile void *address, size_t size);
#endif

/* A function whose accesses MemorySanitizer does not follow. */
#define NO_MSAN __attribute__((no_sanitize("memory")))

/* The bytes may no longer be touched by instrumented code. */
static inline void asan_poison(const volatile void *address, size_t size)
{
#if defined(IRPFUZZ_ASAN)
    __asan_poison_memory_region(address, size);
#elif defined(IRPFUZZ_FOOTPRINTS)
    shadow_set(address, size, false);
#else
    (void)address, (void)size;
#endif
}

static inline void asan_unpoison(const volatile void *address, size_t size)
{
#if defined(IRPFUZZ_ASAN)
    __asan_unpoison_memory_region(address, size);
#elif defined(IRPFUZZ_FOOTPRINTS)
    shadow_set(address, size, true);
#else
    (void)address, (void)size;
#endif
}

/* The bytes hold no defined value (a fresh allocation that Windows does not zero). */
static inline void msan_undefine(const volatile void *address, size_t size)
{
#if defined(IRPFUZZ_MSAN)
    __msan_poison(address, size);
#else
    (void)address, (void)size;
#endif
}

static inline void msan_define(const volatile void *address, size_t size)
{
#if defined(IRPFUZZ_MSAN)
    __msan_unpoison(address, size);
#else
    (void)address, (void)size;
#endif
}

/* Offset of the first byte MemorySanitizer holds to be uninitialised, or -1 (always, in other builds). */
static inline long long msan_first_undefined(const volatile void *address, size_t size)
{
#if defined(IRPFUZZ_MSAN)
    return size ? __msan_test_shadow(address, size) : -1;
#else
    (void)address, (void)size;
    return -1;
#endif
}

/* What this context did so far happens before whatever follows the matching hb_acquire(key). */
static inline void hb_release(const volatile void *key)
{
#if defined(IRPFUZZ_TSAN)
    __tsan_release((void *)key);
#else
    (void)key;
#endif
}

static inline void hb_acquire(const volatile void *key)
{
#if defined(IRPFUZZ_TSAN)
    __tsan_acquire((void *)key);
#else
    (void)key;
#endif
}

#endif
