/*
 * Which bytes of the kernel arena driver code may touch, in builds that follow footprints: those see every load and store anyway, and exploring would miss a
 * use of freed memory otherwise. What AddressSanitizer's shadow is to other builds; the emulator's own accesses are not judged.
 *
 * Host world. Without IRPFUZZ_FOOTPRINTS nothing of this exists.
 */
#ifndef MACHINE_SHADOW_H
#define MACHINE_SHADOW_H

#include <stdbool.h>
#include <stddef.h>

#if defined(IRPFUZZ_FOOTPRINTS)

/* From here on these bytes may be touched, or not. `address` is a multiple of 8. Addresses outside the arena are ignored. */
void shadow_set(const volatile void *address, size_t size, bool open);
bool shadow_is_closed(const void *address, size_t size);
/* `code` touches the bytes: a bug check if it is a driver's and may not. */
void shadow_check(const void *address, size_t size, const void *code);

#endif

#endif
