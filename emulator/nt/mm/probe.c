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

/* The I/O manager's: a driver may have made one for the same bytes, which is how it locks them. */
static bool has_mdl(const IRP *irp)
{
    const MDL *mdl = irp->MdlAddress;
    return mdl && memory_is_kernel(mdl) && block_is(block_of(mdl)) && block_of(mdl)->use == BLOCK_MDL && !block_of(mdl)->allocated_at;
}

/* The buffer of a request that has a system buffer or an MDL for it is the I/O manager's, probed and all: UserBuffer is for METHOD_NEITHER (V-BUF-9). */
void mm_check_method(const void *address, const char *ddi)
{
    char name[64];
    for (const struct irp_record *r = address ? irp_first_record() : NULL; r; r = r->next) {
        const bool asked = r->info.built_by == 2 && r->irp->UserBuffer == address;
        if (asked && (r->irp->Flags & IRP_BUFFERED_IO || has_mdl(r->irp)) && io_acting_frame(r))
            bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-BUF-9", "%s on the UserBuffer of %s, whose data are in its %s", ddi,
                     irp_record_name(r, name, sizeof name), r->irp->Flags & IRP_BUFFERED_IO ? "system buffer" : "MDL");
    }
}

VOID ProbeForRead(CONST VOID *Address, SIZE_T Length, ULONG Alignment)
{
    gate_enter(DDI_ProbeForRead, trace_object(Address), Length);
    mm_check_method(Address, "ProbeForRead");
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
    mm_check_method(Address, "ProbeForWrite");
    if (Length) {
        check_alignment(Address, Alignment);
        if (!mm_is_user_range(Address, Length)) /* each page is touched */
            seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
    }
    gate_leave(0);
}
