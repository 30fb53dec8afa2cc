/* See shadow.h. One byte for eight: how many of them are open from the first on, 0..8. */
#include "shadow.h"

#if defined(IRPFUZZ_FOOTPRINTS)
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "machine.h"
#include "memory.h"

static uint8_t *shadow;

static uint8_t *byte_of(const volatile void *address) { return shadow + ((uintptr_t)address - KERNEL_ARENA_BASE) / 8; }

static bool map_shadow(void)
{
    if (shadow)
        return true;
    shadow = mmap(NULL, ARENA_SIZE / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shadow == MAP_FAILED)
        shadow = NULL;
    return shadow;
}

void shadow_set(const volatile void *address, size_t size, bool open)
{
    if (!memory_is_kernel((const void *)(uintptr_t)address) || !map_shadow())
        return;
    memset(byte_of(address), open ? 8 : 0, size / 8);
    if (size % 8)
        byte_of(address)[size / 8] = (uint8_t)(open ? size % 8 : 0);
}

bool shadow_is_closed(const void *address, size_t size)
{
    if (!shadow || !size || !memory_is_kernel(address))
        return false;
    const uintptr_t first = (uintptr_t)address, last = first + size - 1;
    for (uintptr_t at = first & ~7ull; at <= last; at += 8) {
        unsigned end = last - at < 8 ? (unsigned)(last - at) + 1 : 8;
        if (*byte_of((const void *)at) < end)
            return true;
    }
    return false;
}

void shadow_check(const void *address, size_t size, const void *code)
{
    if (shadow_is_closed(address, size) && machine.is_driver_code && machine.is_driver_code(code))
        memory_check(address, size, "what the driver touches");
}

#endif
