/*
 * MDLs and their Mm functions (W-MDL-1..8).
 *
 * Design: kernel and user memory of the machine are one address space on the host, so the system mapping of a page is the page itself; only
 * the states are kept, and checked. A physical address is an arena offset.
 */
#include "../../hal/dma.h"
#include "../ke/ke.h"
#include "io.h"

#define PAGE 4096ull
#define KERNEL_STACK 0x6000 /* what a thread has of it: the routine's locals are no farther */
#define KERNEL_PHYSICAL 0x10000000ull
#define USER_PHYSICAL 0x80000000ull

uint64_t mm_physical_of(const void *address)
{
    if (memory_is_kernel(address))
        return (uint64_t)(uintptr_t)address - KERNEL_ARENA_BASE + KERNEL_PHYSICAL;
    if (memory_is_user(address))
        return (uint64_t)(uintptr_t)address - USER_ARENA_BASE + USER_PHYSICAL;
    return (uint64_t)(uintptr_t)address & 0xffffffffffull;
}

static size_t pages_of(const void *va, size_t length)
{
    return (size_t)((((uint64_t)(uintptr_t)va & (PAGE - 1)) + length + PAGE - 1) / PAGE);
}

/*
 * An MDL is opaque (V-MDL-11). Behind the page numbers of one that IoAllocateMdl made stands a number for what the emulator has put into it; a driver may link
 * MDLs (Next), say that a mapping may fail, and look.
 */
#define MAY_BE_SET (MDL_MAPPING_CAN_FAIL | MDL_NETWORK_HEADER)

/* What stands in front of an MDL of the driver's own is the driver's, and may be anything. */
__attribute__((no_sanitize("address", "memory", "thread"))) static uint64_t *seal_of(const MDL *mdl)
{
    if (!memory_is_kernel(mdl) || ((uintptr_t)mdl & 15) || !block_is(block_of(mdl)) || block_of(mdl)->use != BLOCK_MDL || block_of(mdl)->state != BLOCK_LIVE)
        return NULL; /* in memory of the driver's own */
    return (uint64_t *)((char *)(uintptr_t)mdl + ((block_of(mdl)->size - sizeof(uint64_t)) & ~7ull));
}

static uint64_t seal(const MDL *mdl)
{
    const uint64_t field[] = {(uint64_t)mdl->StartVa, mdl->ByteOffset, mdl->ByteCount, (uint16_t)mdl->Size, (uint16_t)mdl->MdlFlags & ~(uint64_t)MAY_BE_SET};
    uint64_t hash = 0;
    for (unsigned i = 0; i < sizeof field / sizeof field[0]; i++)
        hash = (hash ^ field[i]) * 0x9e3779b97f4a7c15ull;
    return hash;
}

static void sealed(const MDL *mdl)
{
    uint64_t *at = seal_of(mdl);
    if (at)
        *at = seal(mdl);
}

static void check_sealed(const MDL *mdl, const char *what)
{
    const uint64_t *at = seal_of(mdl);
    if (at && *at != seal(mdl))
        bugcheck(OWN_RULE, block_of(mdl)->number, 0, 0, 0, "V-MDL-11", "MDL #%u is %s, and a driver has written to its fields: an MDL is opaque",
                 block_of(mdl)->number, what);
}

static void *start_of(const MDL *mdl) { return (char *)mdl->StartVa + mdl->ByteOffset; }

void mm_check_method(const void *address, const char *ddi); /* mm/probe.c */

static void describe(PMDL mdl, PVOID va, size_t length)
{
    size_t n = pages_of(va, length);
    mdl->Next = NULL;
    mdl->Size = (CSHORT)(sizeof(MDL) + (n < 4000 ? n : 4000) * sizeof(PFN_NUMBER));
    mdl->MdlFlags = 0;
    mdl->Process = NULL;
    mdl->StartVa = (PVOID)((uintptr_t)va & ~(uintptr_t)(PAGE - 1));
    mdl->ByteOffset = (ULONG)((uintptr_t)va & (PAGE - 1));
    mdl->ByteCount = (ULONG)length;
    sealed(mdl);
}

PMDL io_allocate_mdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN quota, PIRP irp)
{
    (void)quota;
    if (length > 0xffffffffu - PAGE)
        return NULL;
    PMDL mdl = block_alloc(ARENA_KERNEL, BLOCK_MDL, sizeof(MDL) + pages_of(va, length) * sizeof(PFN_NUMBER) + sizeof(uint64_t), ' ldM', NULL);
    if (!mdl)
        return NULL;
    memset(mdl, 0, sizeof *mdl);
    describe(mdl, va, length);
    if (irp && !secondary)
        irp->MdlAddress = mdl;
    if (irp && secondary) {
        PMDL *at = &irp->MdlAddress;
        while (*at)
            at = &(*at)->Next;
        *at = mdl;
    }
    return mdl;
}

static unsigned mdl_number(const MDL *mdl)
{
    const struct block *b = memory_is_kernel(mdl) ? block_find(mdl) : NULL;
    return b ? b->number : 0;
}

/* What MmMapLockedPagesSpecifyCache has mapped into a process. */
struct user_mapping {
    struct user_mapping *next;
    const MDL *mdl;
    const struct nt_process *process;
};
static struct user_mapping *user_mappings;

static struct user_mapping **user_mapping_of(const MDL *mdl)
{
    struct user_mapping **at = &user_mappings;
    while (*at && (*at)->mdl != mdl)
        at = &(*at)->next;
    return at;
}

/* The MDL of an IRP is its creator's (W-MDL-8); only those that a driver did not allocate itself are looked for. */
static void check_not_lent(const MDL *mdl, const char *ddi)
{
    char name[64];
    if (!memory_is_kernel(mdl) || !block_is(block_of(mdl)) || block_of(mdl)->allocated_at)
        return;
    for (const struct irp_record *r = irp_first_record(); r; r = r->next) {
        const MDL *own = r->info.built_by && !r->raw ? r->irp->MdlAddress : NULL;
        while (own && own != mdl)
            own = own->Next;
        if (own)
            bugcheck(OWN_RULE, mdl_number(mdl), r->info.number, 0, 0, "W-MDL-8", "%s on MDL #%u, which belongs to the creator of %s", ddi, mdl_number(mdl),
                     irp_record_name(r, name, sizeof name));
    }
}

/* The MDLs that a driver has locked pages with, wherever they stand (V-MDL-10). */
struct locked_mdl {
    struct locked_mdl *next;
    const MDL *mdl;
    const struct nt_process *process;
};
static struct locked_mdl *locked_mdls;

NO_FOOTPRINT static struct locked_mdl **locked_mdl_of(const MDL *mdl)
{
    struct locked_mdl **at = &locked_mdls;
    while (*at && (*at)->mdl != mdl)
        at = &(*at)->next;
    return at;
}

static void note_locked(const MDL *mdl, const struct nt_process *process)
{
    if (*locked_mdl_of(mdl))
        bugcheck(0xD9, process ? 1 : 2, mdl_number(mdl), 0, 0, "V-MDL-10",
                 "the pages of MDL #%u were locked, the MDL was written over, and now pages are locked with it again", mdl_number(mdl));
    struct locked_mdl *l = ex_system_alloc(sizeof *l);
    *l = (struct locked_mdl){locked_mdls, mdl, process};
    locked_mdls = l;
}

static void note_unlocked(const MDL *mdl)
{
    struct locked_mdl **at = locked_mdl_of(mdl), *l = *at;
    if (!l)
        return;
    *at = l->next;
    ex_system_free(l);
}

void io_free_mdl(PMDL mdl)
{
    check_sealed(mdl, "freed");
    if (user_mappings && *user_mapping_of(mdl))
        bugcheck(0xC4, 0xB8, mdl_number(mdl), 0, 0, "V-MDL-5", "IoFreeMdl on MDL #%u, which is still mapped into a process", mdl_number(mdl));
    if (mdl->MdlFlags & MDL_PAGES_LOCKED && !(mdl->MdlFlags & MDL_PARTIAL))
        bugcheck(0xC4, 0xB8, mdl_number(mdl), 0, 0, "W-MDL-7", "IoFreeMdl on MDL #%u, whose pages are still locked", mdl_number(mdl));
    block_free(mdl, NULL);
}

void mm_build(PMDL mdl, USHORT flags)
{
    PFN_NUMBER *pfn = (PFN_NUMBER *)(mdl + 1);
    size_t n = pages_of(start_of(mdl), mdl->ByteCount);
    for (size_t i = 0; i < n; i++)
        pfn[i] = mm_physical_of((char *)mdl->StartVa + i * PAGE) / PAGE;
    mdl->MdlFlags |= (CSHORT)flags;
    sealed(mdl);
}

static unsigned locked_for_apps; /* MDLs with locked pages of a process, by drivers */

void mm_locks_boot(void)
{
    locked_for_apps = 0;
    user_mappings = NULL;
    locked_mdls = NULL;
}

void mm_check_process_exit(const struct nt_process *process)
{
    for (const struct user_mapping *m = user_mappings; m; m = m->next)
        if (m->process == process)
            bugcheck(OWN_RULE, mdl_number(m->mdl), 0, 0, 0, "W-MDL-6", "a process ends into which MDL #%u is still mapped", mdl_number(m->mdl));
    for (struct block *b = locked_for_apps ? block_next_live(NULL) : NULL; b; b = block_next_live(b)) {
        const MDL *mdl = block_memory(b);
        if (b->use == BLOCK_MDL && mdl->MdlFlags & MDL_PAGES_LOCKED && mdl->Process == (PVOID)(ULONG_PTR)process)
            bugcheck(0xCB, b->number, mdl->ByteCount, 0, 0, "V-MDL-9", "a process ends while %u bytes of its memory are locked by MDL #%u of a driver",
                     mdl->ByteCount, b->number);
    }
}

void mm_unlock_pages(PMDL mdl)
{
    check_sealed(mdl, "unlocked");
    if (mdl->MdlFlags & MDL_PARTIAL)
        bugcheck(0xC4, 0xB4, mdl_number(mdl), 0, 0, "V-MDL-3", "MmUnlockPages on MDL #%u, which is partial", mdl_number(mdl));
    if (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        bugcheck(0xC4, 0x7D, mdl_number(mdl), 0, 0, "W-MDL-3", "MmUnlockPages on MDL #%u, which describes nonpaged pool", mdl_number(mdl));
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        bugcheck(0xC4, 0x7C, mdl_number(mdl), 0, 0, "W-MDL-3", "MmUnlockPages on MDL #%u, whose pages are not locked", mdl_number(mdl));
    hal_dma_check_unlocked(mdl);
    if (mdl->Process)
        locked_for_apps--;
    mdl->Process = NULL;
    mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    mdl->MappedSystemVa = NULL;
    note_unlocked(mdl);
    sealed(mdl);
}

PVOID mm_get_system_address_for_mdl_safe(PMDL mdl, ULONG priority)
{
    (void)priority;
    if (memory_is_io_space(mdl->StartVa) && !(mdl->MdlFlags & MDL_IO_SPACE))
        bugcheck(0xC4, 0x89, mdl_number(mdl), 0, 0, "V-MDL-8", "MDL #%u, which describes device memory, is mapped without MDL_IO_SPACE", mdl_number(mdl));
    check_sealed(mdl, "mapped");
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)))
        bugcheck(0xC4, 0xB3, mdl_number(mdl), 0, 0, "W-MDL-5", "MDL #%u was mapped although its pages are not locked", mdl_number(mdl));
    mdl->MappedSystemVa = start_of(mdl);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA | (mdl->MdlFlags & MDL_PARTIAL ? MDL_PARTIAL_HAS_BEEN_MAPPED : 0);
    sealed(mdl);
    return mdl->MappedSystemVa;
}

/* ---- DDIs ---- */

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    gate_enter(DDI_IoAllocateMdl, trace_object(VirtualAddress), Length);
    PMDL mdl = choose_fault(DDI_IoAllocateMdl) ? NULL : io_allocate_mdl(VirtualAddress, Length, SecondaryBuffer, ChargeQuota, Irp);
    if (mdl) {
        block_of(mdl)->allocated_at = CALLER;
        block_of(mdl)->owner = io_driver_of_code(CALLER);
    }
    gate_leave(trace_object(mdl));
    return mdl;
}

VOID IoFreeMdl(PMDL Mdl)
{
    gate_enter(DDI_IoFreeMdl, trace_object(Mdl), 0);
    memory_check(Mdl, sizeof *Mdl, "the MDL given to IoFreeMdl");
    check_not_lent(Mdl, "IoFreeMdl");
    io_free_mdl(Mdl);
    gate_leave(0);
}

/* The part lies inside the source, and the target has room for its pages and no mapping of an earlier part (W-MDL-7). */
static void check_partial(const MDL *source, const MDL *target, uintptr_t offset, const void *va, ULONG length)
{
    const struct block *b = memory_is_kernel(target) ? block_find(target) : NULL;
    if (offset > source->ByteCount || length > source->ByteCount - offset)
        bugcheck(OWN_RULE, mdl_number(source), length, source->ByteCount, 0, "W-MDL-7", "IoBuildPartialMdl of %u bytes that do not all lie inside MDL #%u", length,
                 mdl_number(source));
    const size_t of_ours = b && b->use == BLOCK_MDL ? sizeof(uint64_t) : 0;
    if (b && block_memory((struct block *)b) == target && sizeof(MDL) + pages_of(va, length) * sizeof(PFN_NUMBER) + of_ours > b->size)
        bugcheck(OWN_RULE, mdl_number(target), length, 0, 0, "W-MDL-7", "IoBuildPartialMdl of %u bytes into MDL #%u, which is too small for their pages", length,
                 mdl_number(target));
    if (target->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)
        bugcheck(OWN_RULE, mdl_number(target), 0, 0, 0, "W-MDL-7", "IoBuildPartialMdl into MDL #%u, which is still mapped: MmPrepareMdlForReuse comes first",
                 mdl_number(target));
}

VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    gate_enter(DDI_IoBuildPartialMdl, trace_object(SourceMdl), Length);
    check_sealed(SourceMdl, "described in part");
    check_sealed(TargetMdl, "described in part");
    uintptr_t offset = (uintptr_t)VirtualAddress - (uintptr_t)start_of(SourceMdl);
    if (!Length && offset <= SourceMdl->ByteCount)
        Length = SourceMdl->ByteCount - (ULONG)offset;
    check_partial(SourceMdl, TargetMdl, offset, VirtualAddress, Length);
    PMDL next = TargetMdl->Next;
    describe(TargetMdl, VirtualAddress, Length);
    TargetMdl->Next = next;
    mm_build(TargetMdl, MDL_PARTIAL);
    if (SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        TargetMdl->MappedSystemVa = start_of(TargetMdl);
        TargetMdl->MdlFlags |= SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL);
    }
    sealed(TargetMdl);
    gate_leave(0);
}

/* Once for an MDL that nothing else was done with, and for memory that stays where it is without being locked (W-MDL-4). */
static void check_buildable(const MDL *mdl)
{
    const void *start = start_of(mdl);
    if (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))
        bugcheck(OWN_RULE, mdl_number(mdl), (USHORT)mdl->MdlFlags, 0, 0, "W-MDL-4", "MmBuildMdlForNonPagedPool on MDL #%u, which is built, locked or mapped already",
                 mdl_number(mdl));
    if (memory_is_user(start) || (uintptr_t)start - (uintptr_t)__builtin_frame_address(0) < KERNEL_STACK)
        bugcheck(0xC4, 0x140, mdl_number(mdl), 0, 0, "V-MDL-6", "MmBuildMdlForNonPagedPool on MDL #%u, whose memory is %s", mdl_number(mdl),
                 memory_is_user(start) ? "an app's" : "on a stack");
}

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    gate_enter(DDI_MmBuildMdlForNonPagedPool, trace_object(MemoryDescriptorList), 0);
    check_buildable(MemoryDescriptorList);
    if (memory_is_paged(start_of(MemoryDescriptorList)))
        bugcheck(0xC4, 0x7F, mdl_number(MemoryDescriptorList), 0, 0, "V-MDL-6", "MmBuildMdlForNonPagedPool on MDL #%u, which describes paged pool",
                 mdl_number(MemoryDescriptorList));
    check_sealed(MemoryDescriptorList, "built");
    bool device = memory_is_io_space(MemoryDescriptorList->StartVa);
    mm_build(MemoryDescriptorList, (USHORT)(MDL_SOURCE_IS_NONPAGED_POOL | (device ? MDL_IO_SPACE : 0)));
    MemoryDescriptorList->MappedSystemVa = start_of(MemoryDescriptorList);
    gate_leave(0);
}

VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    gate_enter(DDI_MmProbeAndLockPages, trace_object(MemoryDescriptorList), AccessMode);
    PMDL mdl = MemoryDescriptorList;
    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        bugcheck(0xC4, 0xB0, mdl_number(mdl), 0, 0, "W-MDL-3", "the pages of MDL #%u were locked twice", mdl_number(mdl));
    if (mdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))
        bugcheck(0xC4, 0xB0, mdl_number(mdl), 0, 0, "W-MDL-3", "MmProbeAndLockPages on MDL #%u, which is nonpaged or partial", mdl_number(mdl));
    const void *start = start_of(mdl);
    if (AccessMode == UserMode)
        mm_check_method(start, "MmProbeAndLockPages");
    if (memory_is_io_space(start))
        bugcheck(0xC4, 0x6F, mdl_number(mdl), 0, 0, "V-MDL-8", "MmProbeAndLockPages on MDL #%u, which describes device memory: it is no page that could be locked",
                 mdl_number(mdl));
    check_sealed(mdl, "locked");
    if (AccessMode == UserMode ? !mm_is_user_range(start, mdl->ByteCount) : (uintptr_t)start < PAGE)
        seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
    mm_build(mdl, (USHORT)(MDL_PAGES_LOCKED | (Operation != IoReadAccess ? MDL_WRITE_OPERATION : 0)));
    note_locked(mdl, AccessMode == UserMode ? ke_current_thread()->process : NULL);
    if (AccessMode == UserMode && ke_current_thread()->process) {
        mdl->Process = (PVOID)ke_current_thread()->process;
        locked_for_apps++;
    }
    gate_leave(0);
}

/* By this MDL: a flag alone locks nothing, and its pages would be unlocked more often than locked. Of an MDL of IoAllocateMdl the flag can be believed (V-MDL-11). */
static void check_was_locked(const MDL *mdl)
{
    const bool own = seal_of(mdl) != NULL; /* whose flags are what the emulator made them */
    if (!own && mdl->MdlFlags & MDL_PAGES_LOCKED && !(mdl->MdlFlags & MDL_PARTIAL) && !*locked_mdl_of(mdl))
        bugcheck(0x4E, 7, mdl_number(mdl), 0, 0, "V-GEN-15", "MmUnlockPages on MDL #%u, whose pages were never locked: they are unlocked more often than locked",
                 mdl_number(mdl));
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    gate_enter(DDI_MmUnlockPages, trace_object(MemoryDescriptorList), 0);
    check_not_lent(MemoryDescriptorList, "MmUnlockPages");
    check_was_locked(MemoryDescriptorList);
    mm_unlock_pages(MemoryDescriptorList);
    gate_leave(0);
}

PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority)
{
    gate_enter(DDI_MmGetSystemAddressForMdlSafe, trace_object(Mdl), Priority);
    memory_check(Mdl, sizeof *Mdl, "the MDL given to MmGetSystemAddressForMdlSafe");
    bool maps = !(Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL));
    PVOID address = maps && choose_fault(DDI_MmGetSystemAddressForMdlSafe) ? NULL : mm_get_system_address_for_mdl_safe(Mdl, Priority);
    gate_leave(trace_object(address));
    return address;
}

PVOID MmGetSystemAddressForMdl(PMDL Mdl)
{
    gate_enter(DDI_MmGetSystemAddressForMdl, trace_object(Mdl), 0);
    lint_obsolete("MmGetSystemAddressForMdl", "MmGetSystemAddressForMdlSafe");
    if (!(Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPING_CAN_FAIL)))
        bugcheck(0xC4, 0x81, mdl_number(Mdl), 0, 0, "V-MDL-7", "MDL #%u is mapped by a call that cannot fail: MmGetSystemAddressForMdlSafe is meant", mdl_number(Mdl));
    PVOID address = mm_get_system_address_for_mdl_safe(Mdl, HighPagePriority);
    gate_leave(trace_object(address));
    return address;
}

/* Into the current process; the app's address is the memory itself. It raises where a mapping for the kernel is NULL (W-MDL-6). */
static void map_for_app(const MDL *mdl)
{
    const struct nt_process *process = ke_current_thread()->process;
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL)))
        bugcheck(0xC4, 0xB3, mdl_number(mdl), 0, 0, "W-MDL-5", "MDL #%u was mapped although its pages are not locked", mdl_number(mdl));
    if (!process || current_ctx->irql > IRQL_APC)
        bugcheck(0xC4, 0x76, mdl_number(mdl), current_ctx->irql, 0, "W-MDL-6", "MDL #%u is mapped for an app, but not in an app's process, or above APC_LEVEL",
                 mdl_number(mdl));
    struct user_mapping *m = ex_system_alloc(sizeof *m);
    *m = (struct user_mapping){user_mappings, mdl, process};
    user_mappings = m;
}

/* False: it was no mapping for an app. */
static bool unmap_for_app(const MDL *mdl)
{
    struct user_mapping **at = user_mapping_of(mdl), *m = *at;
    if (!m)
        return false;
    if (m->process != ke_current_thread()->process) {
        if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
            return false;
        bugcheck(0xC4, 0xB9, mdl_number(mdl), 0, 0, "V-MDL-4", "MDL #%u is unmapped in another process than the one it was mapped into", mdl_number(mdl));
    }
    *at = m->next;
    ex_system_free(m);
    return true;
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType, PVOID BaseAddress,
                                   ULONG BugCheckOnFailure, ULONG Priority)
{
    (void)CacheType, (void)BaseAddress;
    PMDL mdl = MemoryDescriptorList;
    gate_enter(DDI_MmGetSystemAddressForMdlSafe, trace_object(mdl), Priority);
    if (AccessMode == UserMode) {
        bool failed = choose_fault(DDI_MmGetSystemAddressForMdlSafe);
        if (!failed)
            map_for_app(mdl);
        gate_leave(!failed);
        if (failed)
            seh_raise((ULONG)STATUS_INSUFFICIENT_RESOURCES);
        return start_of(mdl);
    }
    if (BugCheckOnFailure)
        bugcheck(0xC4, 0x82, mdl_number(mdl), 0, 0, "V-MDL-7", "MDL #%u is mapped with BugCheckOnFailure", mdl_number(mdl));
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL_HAS_BEEN_MAPPED))
        bugcheck(0xC4, 0xB2, mdl_number(mdl), 0, 0, "V-MDL-2", "MDL #%u is mapped a second time (or describes nonpaged pool)", mdl_number(mdl));
    PVOID address = choose_fault(DDI_MmGetSystemAddressForMdlSafe) ? NULL : mm_get_system_address_for_mdl_safe(mdl, Priority);
    gate_leave(trace_object(address));
    return address;
}

PVOID MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    (void)AccessMode;
    return MmGetSystemAddressForMdl(MemoryDescriptorList);
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    gate_enter(DDI_MmUnmapLockedPages, trace_object(MemoryDescriptorList), 0);
    PMDL mdl = MemoryDescriptorList;
    if (unmap_for_app(mdl)) {
        gate_leave(0);
        return;
    }
    if (mdl->MdlFlags & MDL_PARTIAL && mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA && !(mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED))
        bugcheck(0xC4, 0xB5, mdl_number(mdl), 0, 0, "V-MDL-4", "MmUnmapLockedPages on MDL #%u, a partial one whose mapping is that of the whole", mdl_number(mdl));
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        bugcheck(0xC4, 0xB6, mdl_number(mdl), 0, 0, "W-MDL-6", "MmUnmapLockedPages on MDL #%u, which is not mapped", mdl_number(mdl));
    if (BaseAddress != mdl->MappedSystemVa)
        bugcheck(0xDA, 0, mdl_number(mdl), 0, 0, "W-MDL-6", "MmUnmapLockedPages on MDL #%u with an address that is not its mapping", mdl_number(mdl));
    check_sealed(mdl, "unmapped");
    mdl->MdlFlags &= (CSHORT) ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    mdl->MappedSystemVa = NULL;
    sealed(mdl);
    gate_leave(0);
}

VOID MmInitializeMdl(PMDL MemoryDescriptorList, PVOID BaseVa, SIZE_T Length) { describe(MemoryDescriptorList, BaseVa, Length); }

VOID MmPrepareMdlForReuse(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PARTIAL)
        Mdl->MdlFlags &= (CSHORT) ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    sealed(Mdl);
}

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length) { return sizeof(MDL) + pages_of(Base, Length) * sizeof(PFN_NUMBER); }

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    gate_enter(DDI_MmGetPhysicalAddress, trace_object(BaseAddress), 0);
    PHYSICAL_ADDRESS out = {.QuadPart = (LONGLONG)mm_physical_of(BaseAddress)};
    gate_leave((uint64_t)out.QuadPart);
    return out;
}

BOOLEAN MmIsAddressValid(PVOID VirtualAddress) { return memory_is_kernel(VirtualAddress) || memory_is_user(VirtualAddress); }
