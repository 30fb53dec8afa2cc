/* MDLs: W-MDL-1..8, and what the verifier says about them beyond the rules of test_io_rules.c: V-MDL-4..6. */
#include "two_devices.h"

#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define SIZE 10000 /* three pages or four */

static UCHAR *pool;
static char app_data[64];
static PMDL mdl, part;
static PVOID address;

static void pool_and_mdl(void)
{
    pool = ExAllocatePoolWithTag(NonPagedPoolNx, SIZE, 'ldMT');
    mdl = IoAllocateMdl(pool, SIZE, FALSE, FALSE, NULL);
}
static void release(void)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(pool, 'ldMT');
}

/* ---- W-MDL-1, 2, 8 ---- */

static void described(void)
{
    pool_and_mdl();
    assert_true(MmGetMdlVirtualAddress(mdl) == pool && MmGetMdlByteCount(mdl) == SIZE && MmGetMdlByteOffset(mdl) == ((ULONG_PTR)pool & 4095));
    assert_true(mdl->Next == NULL && !(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)));
    assert_true(IoAllocateMdl(pool, 0xffffffff, FALSE, FALSE, NULL) == NULL);
    release();
}

static void flags(void)
{
    assert_true(MDL_MAPPED_TO_SYSTEM_VA == 1 && MDL_PAGES_LOCKED == 2 && MDL_SOURCE_IS_NONPAGED_POOL == 4 && MDL_PARTIAL == 0x10);
    assert_true(MDL_PARTIAL_HAS_BEEN_MAPPED == 0x20 && MDL_WRITE_OPERATION == 0x80 && MDL_IO_SPACE == 0x800);
    pool_and_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    assert_int_equal(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_MAPPED_TO_SYSTEM_VA), MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_true(address == mdl->MappedSystemVa && mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    MmUnlockPages(mdl); /* and unmaps */
    assert_int_equal(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    release();
}

/* An IRP's MDLs are a chain; the I/O manager takes it apart. */
static NTSTATUS chain_to_irp(PDEVICE_OBJECT device, PIRP irp)
{
    PMDL first = IoAllocateMdl(app_data, 8, FALSE, FALSE, irp), second = IoAllocateMdl(app_data + 8, 8, TRUE, FALSE, irp);
    assert_true(irp->MdlAddress == first && first->Next == second && second->Next == NULL);
    irp->MdlAddress = NULL;
    IoFreeMdl(first); /* that one only */
    IoFreeMdl(second);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void chained(void)
{
    lower[IRP_MJ_FLUSH_BUFFERS] = chain_to_irp;
    lower[IRP_MJ_DEVICE_CONTROL] = chain_to_irp;
    HANDLE h = open_two(0);
    DWORD n;
    assert_true(DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), NULL, 0, NULL, 0, &n, NULL));
    CloseHandle(h);
}
static NTSTATUS free_first_only(PDEVICE_OBJECT device, PIRP irp)
{
    PMDL first = IoAllocateMdl(app_data, 8, FALSE, FALSE, irp);
    IoAllocateMdl(app_data + 8, 8, TRUE, FALSE, irp);
    irp->MdlAddress = NULL;
    IoFreeMdl(first);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(rest_of_a_chain_left, free_first_only)

/* ---- W-MDL-3 ---- */

static unsigned raised;
static NTSTATUS lock_app_memory(PDEVICE_OBJECT device, PIRP irp)
{
    mdl = IoAllocateMdl((PVOID)8, 16, FALSE, FALSE, NULL);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised++;
        assert_int_equal(GetExceptionCode(), STATUS_ACCESS_VIOLATION);
    }
    assert_false(mdl->MdlFlags & MDL_PAGES_LOCKED);
    IoFreeMdl(mdl);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(read_lock_app_memory, lock_app_memory)
static void bad_address_raises(void)
{
    read_lock_app_memory();
    assert_int_equal(raised, 1);
}

/* ---- W-MDL-4 ---- */

static void nonpaged(void)
{
    pool_and_mdl();
    MmBuildMdlForNonPagedPool(mdl);
    assert_true(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL && mdl->MappedSystemVa == pool);
    assert_true(MmGetSystemAddressForMdlSafe(mdl, HighPagePriority | MdlMappingNoExecute) == pool);
    release();
}
static void built_twice(void)
{
    pool_and_mdl();
    MmBuildMdlForNonPagedPool(mdl);
    MmBuildMdlForNonPagedPool(mdl);
}
static void built_when_locked(void)
{
    pool_and_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmBuildMdlForNonPagedPool(mdl);
}
static NTSTATUS build_over_stack(PDEVICE_OBJECT device, PIRP irp)
{
    char local[32];
    MmBuildMdlForNonPagedPool(IoAllocateMdl(local, sizeof local, FALSE, FALSE, NULL));
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(built_over_a_stack, build_over_stack)
static NTSTATUS build_over_app(PDEVICE_OBJECT device, PIRP irp)
{
    MmBuildMdlForNonPagedPool(IoAllocateMdl(irp->UserBuffer, 4, FALSE, FALSE, NULL));
    return complete(irp, STATUS_SUCCESS, 0);
}
static void built_over_an_app(void)
{
    DWORD n;
    void *memory = irpfuzz_malloc(16);
    upper[IRP_MJ_READ] = build_over_app;
    ReadFile(open_two(0), memory, 4, &n, NULL);
}

/* ---- W-MDL-5 ---- */

static void no_mapping(void)
{
    pool_and_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    assert_true(MmGetSystemAddressForMdlSafe(mdl, LowPagePriority) == NULL);
    MmUnlockPages(mdl);
    release();
}

/* ---- W-MDL-6: mappings ---- */

static void mapped_and_unmapped(void)
{
    pool_and_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    for (unsigned i = 0; i < 2; i++) {
        address = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
        assert_true(address != NULL);
        MmUnmapLockedPages(address, mdl);
    }
    MmUnlockPages(mdl);
    release();
}

static bool leave_mapped, unmap_elsewhere;
static NTSTATUS map_to_app(PDEVICE_OBJECT device, PIRP irp)
{
    pool_and_mdl();
    MmBuildMdlForNonPagedPool(mdl);
    address = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    return complete(irp, STATUS_SUCCESS, 0);
}
static NTSTATUS unmap_from_app(PDEVICE_OBJECT device, PIRP irp)
{
    MmUnmapLockedPages(address, mdl);
    release();
    return complete(irp, STATUS_SUCCESS, 0);
}
static VOID unmap_in_system(PDEVICE_OBJECT device, PVOID item)
{
    MmUnmapLockedPages(address, mdl);
    IoFreeWorkItem(item);
}
static void mapped_for_the_app(void)
{
    DWORD n;
    HANDLE h = open_two(0);
    upper[IRP_MJ_READ] = map_to_app;
    upper[IRP_MJ_WRITE] = unmap_from_app;
    ReadFile(h, app_data, 4, &n, NULL);
    *(volatile UCHAR *)address = 7; /* the app sees what the driver does */
    assert_int_equal(pool[0], 7);
    if (unmap_elsewhere) {
        PIO_WORKITEM item = IoAllocateWorkItem(low);
        IoQueueWorkItem(item, unmap_in_system, DelayedWorkQueue, item);
        Sleep(1);
    }
    if (!leave_mapped)
        WriteFile(h, app_data, 4, &n, NULL);
    CloseHandle(h);
}
static void unmapped_elsewhere(void)
{
    unmap_elsewhere = true;
    mapped_for_the_app();
}
static void mapped_at_exit(void)
{
    leave_mapped = true;
    mapped_for_the_app();
}
static NTSTATUS mapping_raises(PDEVICE_OBJECT device, PIRP irp)
{
    pool_and_mdl();
    MmBuildMdlForNonPagedPool(mdl);
    __try {
        address = MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised++;
    }
    release();
    return complete(irp, STATUS_SUCCESS, 0);
}
static void no_mapping_for_the_app(void)
{
    upper[IRP_MJ_READ] = mapping_raises;
    read_four();
    assert_int_equal(raised, 1);
}
static NTSTATUS free_mapped(PDEVICE_OBJECT device, PIRP irp)
{
    map_to_app(device, irp);
    release();
    return STATUS_SUCCESS;
}
READ_UP(freed_when_mapped, free_mapped)

/* ---- W-MDL-7: partial MDLs ---- */

static void whole_and_part(void)
{
    pool_and_mdl();
    part = IoAllocateMdl(pool, SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
}
static void parts(void)
{
    whole_and_part();
    for (ULONG offset = 0; offset < SIZE; offset += 4000) {
        ULONG length = SIZE - offset < 4000 ? 0 : 4000; /* 0: the rest */
        IoBuildPartialMdl(mdl, part, pool + offset, length);
        assert_true(part->MdlFlags & MDL_PARTIAL && MmGetMdlByteCount(part) == (length ? length : SIZE - offset));
        assert_true(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == pool + offset);
        MmPrepareMdlForReuse(part);
    }
    IoBuildPartialMdl(mdl, part, pool, 8);
    address = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    MmUnmapLockedPages(address, part); /* it was mapped for itself */
    MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    IoFreeMdl(part); /* unmaps */
    MmUnlockPages(mdl);
    release();
}
static void part_outside(void)
{
    whole_and_part();
    IoBuildPartialMdl(mdl, part, pool + 4000, SIZE - 3999);
}
static void part_too_large(void)
{
    whole_and_part();
    PMDL small = IoAllocateMdl(pool, 16, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, small, pool, SIZE);
}
static void part_not_prepared(void)
{
    whole_and_part();
    IoBuildPartialMdl(mdl, part, pool, 8);
    MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    IoBuildPartialMdl(mdl, part, pool + 8, 8);
}
static void mapping_of_the_whole(void)
{
    whole_and_part();
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    IoBuildPartialMdl(mdl, part, pool, 8);
    MmUnmapLockedPages(part->MappedSystemVa, part);
}

/* ---- W-MDL-8 ---- */

static NTSTATUS free_lent(PDEVICE_OBJECT device, PIRP irp)
{
    IoFreeMdl(irp->MdlAddress);
    return complete(irp, STATUS_SUCCESS, 0);
}
static NTSTATUS unlock_lent(PDEVICE_OBJECT device, PIRP irp)
{
    MmUnlockPages(irp->MdlAddress);
    return complete(irp, STATUS_SUCCESS, 0);
}
static NTSTATUS use_lent(PDEVICE_OBJECT device, PIRP irp)
{
    part = IoAllocateMdl(MmGetMdlVirtualAddress(irp->MdlAddress), 2, FALSE, FALSE, NULL);
    IoBuildPartialMdl(irp->MdlAddress, part, MmGetMdlVirtualAddress(irp->MdlAddress), 2);
    *(PUCHAR)MmGetSystemAddressForMdlSafe(part, NormalPagePriority) = 9;
    IoFreeMdl(part);
    return complete(irp, STATUS_SUCCESS, 1);
}
static void read_direct(PDRIVER_DISPATCH routine)
{
    DWORD n;
    up->Flags = (up->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    upper[IRP_MJ_READ] = routine;
    HANDLE h = open_two(0);
    ReadFile(h, app_data, 4, &n, NULL);
    CloseHandle(h);
}
static void lent_mdl_freed(void) { read_direct(free_lent); }
static void lent_mdl_unlocked(void) { read_direct(unlock_lent); }
static void lent_mdl_used(void)
{
    read_direct(use_lent);
    assert_int_equal(app_data[0], 9);
}

#pragma clang section text = "" data = "" bss = ""

static const struct chance no_memory = {.fault_count = 1, .fault = {{.ddi = DDI_MmGetSystemAddressForMdlSafe, .nth = 1, .value = 1}}};

static void without_memory(void (*body)(void))
{
    two_chance = &no_memory;
    shown(body);
    two_chance = NULL;
}

static void breaks(void (*body)(void), const char *name, const char *rule)
{
    unit_expected_rule = rule;
    two_reported(body, name, OWN_RULE, ~0ull);
}
#define breaks_rule(body, rule) breaks(body, #body, rule)

/* RULE W-MDL-1: The flags of an MDL tell its state: locked, mapped, nonpaged, partial. */
/* RULE W-MDL-2: IoAllocateMdl describes memory and locks nothing; with an IRP, the MDL becomes the IRP's or is added to its chain. */
static void W_MDL_1_description(void **state)
{
    shown(flags);
    shown(described);
    shown(chained);
    reported(rest_of_a_chain_left, 0xC4, 0x62);
}

/* RULE W-MDL-3: MmProbeAndLockPages raises an exception for memory that cannot be locked; MmUnlockPages undoes it and the mapping. */
static void W_MDL_3_locking(void **state) { shown(bad_address_raises); }

/* RULE W-MDL-4: MmBuildMdlForNonPagedPool is for nonpaged pool and sets the system address; nothing else is done with such an MDL. */
/* RULE V-MDL-6: MmBuildMdlForNonPagedPool over a stack or an app's memory is bug check 0xC4/0x140. */
static void W_MDL_4_nonpaged(void **state)
{
    shown(nonpaged);
    breaks_rule(built_twice, "W-MDL-4");
    breaks_rule(built_when_locked, "W-MDL-4");
    reported(built_over_a_stack, 0xC4, 0x140);
    reported(built_over_an_app, 0xC4, 0x140);
}

/* RULE W-MDL-5: MmGetSystemAddressForMdlSafe is NULL when there is no room for the mapping. */
static void W_MDL_5_mapping(void **state) { without_memory(no_mapping); }

/* RULE W-MDL-6: A mapping that a driver made is undone by it; one for an app raises when it fails, and is undone in the app's process. */
/* RULE V-MDL-4: Unmapping in another process than the mapping's is bug check 0xC4/0xB9, a partial MDL with the whole's mapping is 0xC4/0xB5. */
/* RULE V-MDL-5: Freeing an MDL that is still mapped into a process is bug check 0xC4/0xB8. */
static void W_MDL_6_mappings(void **state)
{
    shown(mapped_and_unmapped);
    shown(mapped_for_the_app);
    without_memory(no_mapping_for_the_app);
    reported(unmapped_elsewhere, 0xC4, 0xB9);
    breaks_rule(mapped_at_exit, "W-MDL-6");
    reported(mapping_of_the_whole, 0xC4, 0xB5);
    reported(freed_when_mapped, 0xC4, 0xB8);
}

/* RULE W-MDL-7: A partial MDL lies inside its source and fits its target, and is used again after MmPrepareMdlForReuse. */
static void W_MDL_7_partial(void **state)
{
    shown(parts);
    breaks_rule(part_outside, "W-MDL-7");
    breaks_rule(part_too_large, "W-MDL-7");
    breaks_rule(part_not_prepared, "W-MDL-7");
}

/* RULE W-MDL-8: The MDL of an IRP is its creator's: who gets the IRP maps it, or builds parts of it, and neither unlocks nor frees it. */
static void W_MDL_8_lent(void **state)
{
    shown(lent_mdl_used);
    breaks_rule(lent_mdl_freed, "W-MDL-8");
    breaks_rule(lent_mdl_unlocked, "W-MDL-8");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_MDL_1_description), cmocka_unit_test(W_MDL_3_locking), cmocka_unit_test(W_MDL_4_nonpaged), cmocka_unit_test(W_MDL_5_mapping),
        cmocka_unit_test(W_MDL_6_mappings), cmocka_unit_test(W_MDL_7_partial), cmocka_unit_test(W_MDL_8_lent),
    };
    return cmocka_run_group_tests(tests);
}
