/*
 * MDLs and their Mm functions (W-MDL-1..8).
 *
 * Design: kernel and user memory of the machine are one address space on the host, so the system mapping of a page is the page itself; only
 * the states are kept, and checked. A physical address is an arena offset.
 */
#include "../ke/ke.h"
#include "io.h"

#define PAGE 4096ull
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

static void *start_of(const MDL *mdl) { return (char *)mdl->StartVa + mdl->ByteOffset; }

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
}

PMDL io_allocate_mdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN quota, PIRP irp)
{
    (void)quota;
    PMDL mdl = block_alloc(ARENA_KERNEL, BLOCK_MDL, sizeof(MDL) + pages_of(va, length) * sizeof(PFN_NUMBER), ' ldM', NULL);
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

void io_free_mdl(PMDL mdl)
{
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
}

static unsigned locked_for_apps; /* MDLs with locked pages of a process, by drivers */

void mm_locks_boot(void) { locked_for_apps = 0; }

void mm_check_process_exit(const struct nt_process *process)
{
    for (struct block *b = locked_for_apps ? block_next_live(NULL) : NULL; b; b = block_next_live(b)) {
        const MDL *mdl = block_memory(b);
        if (b->use == BLOCK_MDL && mdl->MdlFlags & MDL_PAGES_LOCKED && mdl->Process == (PVOID)(ULONG_PTR)process)
            bugcheck(0xCB, b->number, mdl->ByteCount, 0, 0, "V-MDL-9", "a process ends while %u bytes of its memory are locked by MDL #%u of a driver",
                     mdl->ByteCount, b->number);
    }
}

void mm_unlock_pages(PMDL mdl)
{
    if (mdl->MdlFlags & MDL_PARTIAL)
        bugcheck(0xC4, 0xB4, mdl_number(mdl), 0, 0, "V-MDL-3", "MmUnlockPages on MDL #%u, which is partial", mdl_number(mdl));
    if (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        bugcheck(0xC4, 0x7D, mdl_number(mdl), 0, 0, "W-MDL-3", "MmUnlockPages on MDL #%u, which describes nonpaged pool", mdl_number(mdl));
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        bugcheck(0xC4, 0x7C, mdl_number(mdl), 0, 0, "W-MDL-3", "MmUnlockPages on MDL #%u, whose pages are not locked", mdl_number(mdl));
    if (mdl->Process)
        locked_for_apps--;
    mdl->Process = NULL;
    mdl->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    mdl->MappedSystemVa = NULL;
}

PVOID mm_get_system_address_for_mdl_safe(PMDL mdl, ULONG priority)
{
    (void)priority;
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)))
        bugcheck(0xC4, 0xB3, mdl_number(mdl), 0, 0, "W-MDL-5", "MDL #%u was mapped although its pages are not locked", mdl_number(mdl));
    mdl->MappedSystemVa = start_of(mdl);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
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
    io_free_mdl(Mdl);
    gate_leave(0);
}

VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    gate_enter(DDI_IoBuildPartialMdl, trace_object(SourceMdl), Length);
    if (!Length)
        Length = SourceMdl->ByteCount - (ULONG)((char *)VirtualAddress - (char *)start_of(SourceMdl));
    PMDL next = TargetMdl->Next;
    describe(TargetMdl, VirtualAddress, Length);
    TargetMdl->Next = next;
    mm_build(TargetMdl, MDL_PARTIAL);
    if (SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        TargetMdl->MappedSystemVa = start_of(TargetMdl);
        TargetMdl->MdlFlags |= SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL);
    }
    gate_leave(0);
}

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    gate_enter(DDI_MmBuildMdlForNonPagedPool, trace_object(MemoryDescriptorList), 0);
    if (memory_is_paged(start_of(MemoryDescriptorList)))
        bugcheck(0xC4, 0x7F, mdl_number(MemoryDescriptorList), 0, 0, "V-MDL-6", "MmBuildMdlForNonPagedPool on MDL #%u, which describes paged pool",
                 mdl_number(MemoryDescriptorList));
    mm_build(MemoryDescriptorList, MDL_SOURCE_IS_NONPAGED_POOL);
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
    if (AccessMode == UserMode ? !mm_is_user_range(start, mdl->ByteCount) : (uintptr_t)start < PAGE)
        seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
    mm_build(mdl, (USHORT)(MDL_PAGES_LOCKED | (Operation != IoReadAccess ? MDL_WRITE_OPERATION : 0)));
    if (AccessMode == UserMode && ke_current_thread()->process) {
        mdl->Process = (PVOID)ke_current_thread()->process;
        locked_for_apps++;
    }
    gate_leave(0);
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    gate_enter(DDI_MmUnlockPages, trace_object(MemoryDescriptorList), 0);
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
    if (!(Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPING_CAN_FAIL)))
        bugcheck(0xC4, 0x81, mdl_number(Mdl), 0, 0, "V-MDL-7", "MDL #%u is mapped by a call that cannot fail: MmGetSystemAddressForMdlSafe is meant", mdl_number(Mdl));
    PVOID address = mm_get_system_address_for_mdl_safe(Mdl, HighPagePriority);
    gate_leave(trace_object(address));
    return address;
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType, PVOID BaseAddress,
                                   ULONG BugCheckOnFailure, ULONG Priority)
{
    (void)AccessMode, (void)CacheType, (void)BaseAddress;
    PMDL mdl = MemoryDescriptorList;
    gate_enter(DDI_MmGetSystemAddressForMdlSafe, trace_object(mdl), Priority);
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
    if (mdl->MdlFlags & MDL_PARTIAL && !(mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED))
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        bugcheck(0xC4, 0xB6, mdl_number(mdl), 0, 0, "W-MDL-6", "MmUnmapLockedPages on MDL #%u, which is not mapped", mdl_number(mdl));
    if (BaseAddress != mdl->MappedSystemVa)
        bugcheck(0xDA, 0, mdl_number(mdl), 0, 0, "W-MDL-6", "MmUnmapLockedPages on MDL #%u with an address that is not its mapping", mdl_number(mdl));
    mdl->MdlFlags &= (CSHORT)~MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = NULL;
    gate_leave(0);
}

VOID MmInitializeMdl(PMDL MemoryDescriptorList, PVOID BaseVa, SIZE_T Length) { describe(MemoryDescriptorList, BaseVa, Length); }

VOID MmPrepareMdlForReuse(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PARTIAL)
        Mdl->MdlFlags &= (CSHORT)~MDL_MAPPED_TO_SYSTEM_VA;
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
