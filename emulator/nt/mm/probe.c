/*
 * User addresses: which ranges an app may name, and the probes that raise for the others (W-BUF-6, W-BUF-7, W-SEH-3).
 *
 * An app's memory is the user arena, its stack and its globals; the latter two are where the host put them, so a range is refused for what it
 * cannot be: the first 64 KB, the kernel's arena and what lies beyond the last user address.
 */
#include "../io/io.h"
#include "../ke/ke.h"

#define LOWEST_USER_ADDRESS 0x10000ull
#define HIGHEST_USER_ADDRESS 0x7fffffff0000ull

ULONG64 MmUserProbeAddress = HIGHEST_USER_ADDRESS;

/* The one check that ProbeForRead makes: nothing is touched, so low addresses pass. */
static bool below_the_limit(const void *address, size_t length)
{
    uint64_t from = (uint64_t)(uintptr_t)address, to = from + length;
    return to >= from && to <= HIGHEST_USER_ADDRESS && (to <= KERNEL_ARENA_BASE || from >= KERNEL_ARENA_BASE + ARENA_SIZE);
}

bool mm_is_user_range(const void *address, size_t length)
{
    return !length || ((uint64_t)(uintptr_t)address >= LOWEST_USER_ADDRESS && below_the_limit(address, length));
}

static void check_alignment(const void *address, ULONG alignment)
{
    if (alignment & (alignment - 1) || !alignment)
        bugcheck(OWN_RULE, alignment, 0, 0, 0, "W-BUF-6", "a probe for an alignment of %u, which is no power of two", alignment);
    if ((uintptr_t)address & (alignment - 1))
        seh_raise((ULONG)STATUS_DATATYPE_MISALIGNMENT);
}

VOID ProbeForRead(CONST VOID *Address, SIZE_T Length, ULONG Alignment)
{
    gate_enter(DDI_ProbeForRead, trace_object(Address), Length);
    if (Length) {
        check_alignment(Address, Alignment);
        if (!below_the_limit(Address, Length))
            seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
    }
    gate_leave(0);
}

VOID ProbeForWrite(PVOID Address, SIZE_T Length, ULONG Alignment)
{
    gate_enter(DDI_ProbeForWrite, trace_object(Address), Length);
    if (Length) {
        check_alignment(Address, Alignment);
        if (!mm_is_user_range(Address, Length)) /* each page is touched */
            seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
    }
    gate_leave(0);
}
