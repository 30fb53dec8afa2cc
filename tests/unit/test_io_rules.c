/*
 * Rules of the verifier about requests, MDLs, objects and unloading that Windows checks by its own tools or not at all: V-IRP-3..41, V-MDL, V-OBJ-3..7, V-FIL-2, 3,
 * V-UNL-3..11.
 */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int calls[4];
static KEVENT event;
static IO_STATUS_BLOCK iosb;
static SLIST_HEADER DECLSPEC_ALIGN(16) stack;
static SLIST_ENTRY DECLSPEC_ALIGN(16) entry;
static PIRP queued;
static ERESOURCE resource;
static NPAGED_LOOKASIDE_LIST lookaside;
static KDPC dpc;
static IO_REMOVE_LOCK *remove_lock;

#define READ_HELD(name, routine)            \
    static void name(void)                  \
    {                                       \
        lower[IRP_MJ_READ] = hold;          \
        let_go_later(3, STATUS_SUCCESS, 0); \
        upper[IRP_MJ_READ] = routine;       \
        read_four();                        \
    }

/* ---- Completion against what the lower driver said: V-IRP-3, 10 ---- */

static NTSTATUS fail(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_INVALID_DEVICE_STATE, 0); }

static NTSTATUS wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS forward(PIRP irp, PIO_COMPLETION_ROUTINE routine)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, routine, &event, TRUE, TRUE, TRUE);
    NTSTATUS status = IoCallDriver(low, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

static NTSTATUS success_over_failure(PDEVICE_OBJECT device, PIRP irp)
{
    forward(irp, wake);
    return complete(irp, STATUS_SUCCESS, 0);
}

static void converted(void)
{
    lower[IRP_MJ_READ] = fail;
    upper[IRP_MJ_READ] = success_over_failure;
    read_four();
}

/* Marked, sent, and then completed as if nothing had been marked. */
static NTSTATUS marked_and_synchronous(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(read_marked_and_synchronous, marked_and_synchronous)

/* ---- Marking after an interlocked insertion: V-IRP-12 ---- */

static NTSTATUS push_then_mark(PDEVICE_OBJECT device, PIRP irp)
{
    queued = irp;
    InterlockedPushEntrySList(&stack, &entry);
    if (InterlockedPopEntrySList(&stack)) /* as another thread would, before this one goes on */
        complete(queued, STATUS_SUCCESS, 0);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}
READ_UP(read_push_then_mark, push_then_mark)

/* ---- Events in completion routines: V-IRP-22..24 ---- */

static NTSTATUS wake_and_mark(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return wake(device, irp, context);
}
static NTSTATUS wait_for_marked(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = forward(irp, wake_and_mark);
    return complete(irp, status, 0);
}
READ_HELD(read_wait_for_marked, wait_for_marked)

static NTSTATUS no_wake_when_pended(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (!irp->PendingReturned) /* the wrong way round */
        KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static NTSTATUS wait_in_vain(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = forward(irp, no_wake_when_pended);
    return complete(irp, status, 0);
}
READ_HELD(read_wait_in_vain, wait_in_vain)

static NTSTATUS stop(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_MORE_PROCESSING_REQUIRED; }

static PIRP own_irp(PIO_COMPLETION_ROUTINE routine)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, routine, &event, TRUE, TRUE, TRUE);
    return irp;
}

static void wait_for_nobody(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = hold;
    IoCallDriver(up, own_irp(stop));
    let_go(STATUS_SUCCESS, 0);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

/* ---- IoSetCompletionRoutineEx: V-IRP-30, 31, 39, 40 ---- */

static NTSTATUS propagate(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[0]++;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS forward_ex(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (!NT_SUCCESS(IoSetCompletionRoutineEx(up, irp, propagate, NULL, TRUE, TRUE, TRUE)))
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    return IoCallDriver(low, irp);
}
static void ex_used_well(void)
{
    upper[IRP_MJ_READ] = forward_ex;
    read_four();
    assert_int_equal(calls[0], 1);
}
static void ex_fails_well(void)
{
    upper[IRP_MJ_READ] = forward_ex;
    read_four();
    assert_int_equal(calls[0], 0);
}

static NTSTATUS forward_ex_unchecked(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    (void)IoSetCompletionRoutineEx(up, irp, propagate, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
READ_UP(ex_unchecked, forward_ex_unchecked)

static NTSTATUS register_ex_only(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    (void)IoSetCompletionRoutineEx(up, irp, propagate, NULL, TRUE, TRUE, TRUE);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(ex_never_sent, register_ex_only)

static NTSTATUS forward_ex_with_lower(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    (void)IoSetCompletionRoutineEx(low, irp, propagate, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
READ_UP(ex_with_lower, forward_ex_with_lower)

static NTSTATUS forward_plain(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, propagate, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
READ_UP(plain_routine, forward_plain)

/* ---- Built IRPs: V-IRP-35, 36 ---- */

static PIRP build(PKEVENT e, PIO_STATUS_BLOCK block)
{
    lower[IRP_MJ_DEVICE_CONTROL] = hold;
    KeInitializeEvent(e, NotificationEvent, FALSE);
    return IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), low, NULL, 0, NULL, 0, FALSE, e, block);
}

static NTSTATUS build_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT e;
    IO_STATUS_BLOCK block;
    PIRP child = build(&e, &block);
    let_go_later(3, STATUS_SUCCESS, 0);
    if (IoCallDriver(low, child) == STATUS_PENDING)
        KeWaitForSingleObject(&e, Executive, KernelMode, FALSE, NULL);
    return complete(irp, block.Status, 0);
}
static void built_and_waited(void)
{
    upper[IRP_MJ_READ] = build_and_wait;
    read_four();
}

static NTSTATUS build_and_return(PDEVICE_OBJECT device, PIRP irp)
{
    IO_STATUS_BLOCK block;
    IoCallDriver(low, build(&event, &block));
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(built_and_left, build_and_return)

static NTSTATUS build_with_event_and_return(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT e;
    IoCallDriver(low, build(&e, &iosb));
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(built_with_event_and_left, build_with_event_and_return)

static void event_set_by_driver(void)
{
    IoCallDriver(low, build(&event, &iosb));
    KeSetEvent(&event, 0, FALSE);
}

/* ---- MDLs ---- */

static char nonpaged[64];

static PMDL mdl_of(PVOID memory, ULONG size) { return IoAllocateMdl(memory, size, FALSE, FALSE, NULL); }
static PMDL built_mdl(void)
{
    PMDL mdl = mdl_of(nonpaged, sizeof nonpaged);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}
static PMDL locked_mdl(void)
{
    PMDL mdl = mdl_of(nonpaged, sizeof nonpaged);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    return mdl;
}

static void mdls(void)
{
    PMDL mdl = locked_mdl(), partial = mdl_of(nonpaged, 8);
    PVOID address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_true(address && address == MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    IoBuildPartialMdl(mdl, partial, nonpaged + 16, 8);
    assert_true(MmGetSystemAddressForMdlSafe(partial, NormalPagePriority) == (char *)address + 16);
    IoFreeMdl(partial);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    mdl = built_mdl();
    assert_true(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == (PVOID)nonpaged);
    IoFreeMdl(mdl);
}
static void lock_nonpaged(void) { MmProbeAndLockPages(built_mdl(), KernelMode, IoReadAccess); }
static void lock_twice(void) { MmProbeAndLockPages(locked_mdl(), KernelMode, IoReadAccess); }
static void map_unlocked(void) { MmGetSystemAddressForMdlSafe(mdl_of(nonpaged, 64), NormalPagePriority); }
static void map_twice(void)
{
    PMDL mdl = locked_mdl();
    for (int i = 0; i < 2; i++)
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}
static void unlock_unlocked(void) { MmUnlockPages(mdl_of(nonpaged, 64)); }
static void unlock_nonpaged(void) { MmUnlockPages(built_mdl()); }
static void unlock_partial(void)
{
    PMDL partial = mdl_of(nonpaged, 8);
    IoBuildPartialMdl(locked_mdl(), partial, nonpaged, 8);
    MmUnlockPages(partial);
}
static void unmap_unmapped(void) { MmUnmapLockedPages(nonpaged, locked_mdl()); }
static void unmap_elsewhere(void)
{
    PMDL mdl = locked_mdl();
    MmUnmapLockedPages((char *)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) + 8, mdl);
}
static void free_locked(void) { IoFreeMdl(locked_mdl()); }
static void build_paged(void) { MmBuildMdlForNonPagedPool(mdl_of(ExAllocatePoolZero(PagedPool, 64, 'tseT'), 64)); }
static void map_or_die(void) { (void)MmGetSystemAddressForMdl(locked_mdl()); }
static void map_with_bug_check(void) { MmMapLockedPagesSpecifyCache(locked_mdl(), KernelMode, MmCached, NULL, TRUE, NormalPagePriority); }
static void mdl_left(void) { (void)mdl_of(nonpaged, 64); }

/* ---- Objects ---- */

static void dereferenced_too_often(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Two");
    HANDLE handle;
    ObDereferenceObject(IoCreateNotificationEvent(&name, &handle));
}
static void dereferenced_below_zero(void)
{
    ObReferenceObject(low);
    ObDereferenceObject(low);
    ObDereferenceObject(low);
    ObDereferenceObject(low);
}
static void reference_left(void) { (void)IoGetAttachedDeviceReference(low); }
static void reference_returned(void)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(low);
    assert_true(top == up);
    ObDereferenceObject(top);
}
static void untyped_handle(void)
{
    PVOID object;
    ObReferenceObjectByHandle((HANDLE)(ULONG_PTR)4, 0, NULL, UserMode, &object, NULL);
}

/* ---- Files ---- */

struct file_context { KEVENT done; };

static NTSTATUS make_context(PDEVICE_OBJECT device, PIRP irp)
{
    struct file_context *context = ExAllocatePoolZero(NonPagedPool, sizeof *context, 'tseT');
    KeInitializeEvent(&context->done, NotificationEvent, FALSE);
    IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext = context;
    return complete(irp, STATUS_SUCCESS, 0);
}
static NTSTATUS free_context(PDEVICE_OBJECT device, PIRP irp)
{
    ExFreePoolWithTag(IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext, 'tseT');
    return complete(irp, STATUS_SUCCESS, 0);
}

static void context_freed_too_early(void)
{
    static char buffer[4];
    static OVERLAPPED o;
    lower[IRP_MJ_CREATE] = make_context;
    lower[IRP_MJ_CLEANUP] = free_context; /* CLOSE would be the time */
    lower[IRP_MJ_READ] = hold;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, buffer, 4, NULL, &o);
    CloseHandle(h);
    struct file_context *context = IoGetCurrentIrpStackLocation(held[0])->FileObject->FsContext;
    KeSetEvent(&context->done, 0, FALSE);
}

static void queued_after_cleanup(void)
{
    static char buffer[4];
    static OVERLAPPED o;
    lower[IRP_MJ_READ] = hold;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, buffer, 4, NULL, &o);
    CloseHandle(h); /* the driver does not look through its queue */
}

/* ---- Unloading ---- */

static VOID no_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) {}
static VOID ex_tick(PEX_TIMER t, PVOID context) {}
static VOID queue_dpc(VOID)
{
    KeInitializeDpc(&dpc, no_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
static VOID leave_resource(VOID) { ExInitializeResourceLite(&resource); }
static VOID leave_lookaside(VOID) { ExInitializeNPagedLookasideList(&lookaside, NULL, NULL, 0, 64, 'tseT', 0); }
static VOID leave_ex_timer(VOID) { ExAllocateTimer(ex_tick, NULL, 0); }

#define UNLOAD_WITH(name, routine) static void name(void) { at_unload = routine; }
UNLOAD_WITH(dpc_queued, queue_dpc)
UNLOAD_WITH(resource_left, leave_resource)
UNLOAD_WITH(lookaside_left, leave_lookaside)
UNLOAD_WITH(ex_timer_left, leave_ex_timer)

/* An IRP that another driver still has. */
static VOID send_and_go(VOID)
{
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = hold;
    ObReferenceObject(low);
    IoCallDriver(low, own_irp(stop));
}
UNLOAD_WITH(irp_under_way, send_and_go)

static void remove_lock_held(void)
{
    PDEVICE_OBJECT device;
    IoCreateDevice(low->DriverObject, sizeof *remove_lock, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    remove_lock = device->DeviceExtension;
    IoInitializeRemoveLock(remove_lock, 'tseT', 0, 0);
    IoAcquireRemoveLock(remove_lock, device);
    IoDeleteDevice(device);
}

static VOID allocate(PVOID context)
{
    ExFreePoolWithTag(ExAllocatePoolZero(NonPagedPool, 8, 'tseT'), 'tseT');
}
static VOID allocate_elsewhere(VOID)
{
    HANDLE handle;
    PVOID thread;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, allocate, NULL);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}
static VOID allocate_here(VOID) { allocate(NULL); }
UNLOAD_WITH(allocation_elsewhere, allocate_elsewhere)
UNLOAD_WITH(allocation_here, allocate_here)

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)

static void linted(void (*body)(void), uint32_t lint, uint32_t code)
{
    shown(body);
    machine_lints = lint;
    reported(body, code, ~0ull);
    machine_lints = 0;
}

static void with_fault(uint16_t ddi, struct chance *chance)
{
    *chance = (struct chance){.fault_count = 1, .fault = {{.ddi = ddi, .nth = 1, .value = 1}}};
    two_chance = chance;
}

/* RULE V-IRP-3: Returning success for an IRP that the lower driver failed is reported where that is asked for. */
TEST(V_IRP_3_status_kept) { linted(converted, LINT_STATUS, OWN_RULE); }

/* RULE V-IRP-10: An IRP that was marked pending is not completed as if it were synchronous. */
TEST(V_IRP_10_marked_and_synchronous) { reported(read_marked_and_synchronous, 0xC9, 0x23E); }

/* RULE V-IRP-12: Marking an IRP pending after queueing it is too late: somebody may have completed it. */
TEST(V_IRP_12_marked_after_push) { reported(read_push_then_mark, 0x44, ~0ull); }

/* RULE V-IRP-22: A completion routine that stops completion and sets an event does not mark the IRP pending. */
TEST(V_IRP_22_event_and_mark) { reported(read_wait_for_marked, 0xC9, 0x23E); }

/* RULE V-IRP-23: A completion routine sets the event whenever PendingReturned is set, or its waiter hangs. */
/* RULE V-IRP-24: A thread that waits for an event that nothing can set is reported. */
TEST(V_IRP_23_event_not_set)
{
    reported(read_wait_in_vain, OWN_DEADLOCK, ~0ull);
    reported(wait_for_nobody, OWN_DEADLOCK, ~0ull);
}

/* RULE V-IRP-30: The result of IoSetCompletionRoutineEx is looked at before the IRP is sent. */
/* RULE V-IRP-31: An IRP for which IoSetCompletionRoutineEx succeeded is sent: what that allocated leaks otherwise. */
/* RULE V-IRP-39: An IRP for which IoSetCompletionRoutineEx failed is completed, else 0xC4/0x4100F is reported. */
/* RULE V-IRP-40: IoSetCompletionRoutineEx is given the device that sends the IRP, not the lower one. */
TEST(V_IRP_30_routine_ex)
{
    struct chance chance;
    shown(ex_used_well);
    with_fault(DDI_IoSetCompletionRoutineEx, &chance);
    shown(ex_fails_well);
    reported(ex_unchecked, 0xC4, 0x4100F);
    two_chance = NULL;
    reported(ex_never_sent, 0xC4, 0x62);
    reported(ex_with_lower, OWN_RULE, ~0ull);
}

/* RULE V-IRP-41: IoSetCompletionRoutine in a driver without AddDevice is reported where that is asked for. */
TEST(V_IRP_41_plain_routine) { linted(plain_routine, LINT_COMPLETION_ROUTINE, OWN_RULE); }

/* RULE V-IRP-35: A routine that built an IRP waits for it, when pended, before its event and status block go with its stack. */
/* RULE V-IO-0C: The status block of an IRP on a stack that is unwound is reported. */
/* RULE V-IO-0D: The event of an IRP on a stack that is unwound is reported. */
TEST(V_IRP_35_built_and_left)
{
    shown(built_and_waited);
    shown_in_any_order(built_and_waited, 20);
    reported(built_and_left, 0xC9, 0x0C);
    reported(built_with_event_and_left, 0xC9, 0x0D);
}

/* RULE V-IRP-36: The event that a driver gives to IoBuildDeviceIoControlRequest is for the I/O manager to set. */
TEST(V_IRP_36_event_set_by_driver) { reported(event_set_by_driver, OWN_RULE, ~0ull); }

/* RULE V-MDL-1: Locking the pages of an MDL of nonpaged pool, or of one locked already, is bug check 0xC4/0xB0. */
/* RULE V-MDL-2: Mapping an MDL whose pages are not locked is bug check 0xC4/0xB3, mapping it twice 0xC4/0xB2. */
/* RULE V-MDL-3: Unlocking an MDL that was never locked is bug check 0xC4/0x7C, one of nonpaged pool 0xC4/0x7D, a partial one 0xC4/0xB4. */
/* RULE V-MDL-4: Unmapping an MDL that is not mapped is bug check 0xC4/0xB6, unmapping at another address than its own 0xDA. */
/* RULE V-MDL-5: Freeing an MDL whose pages are locked is bug check 0xC4/0xB8. */
/* RULE V-MDL-6: MmBuildMdlForNonPagedPool on other memory than nonpaged pool is bug check 0xC4/0x7F. */
/* RULE V-MDL-7: Mapping calls that crash instead of failing for want of memory are reported: bug check 0xC4/0x81 and 0xC4/0x82. */
TEST(V_MDL_1_states)
{
    shown(mdls);
    reported(lock_nonpaged, 0xC4, 0xB0);
    reported(lock_twice, 0xC4, 0xB0);
    reported(map_unlocked, 0xC4, 0xB3);
    reported(map_twice, 0xC4, 0xB2);
    reported(unlock_unlocked, 0xC4, 0x7C);
    reported(unlock_nonpaged, 0xC4, 0x7D);
    reported(unlock_partial, 0xC4, 0xB4);
    reported(unmap_unmapped, 0xC4, 0xB6);
    reported(unmap_elsewhere, 0xDA, ~0ull);
    reported(free_locked, 0xC4, 0xB8);
    reported(build_paged, 0xC4, 0x7F);
    reported(map_or_die, 0xC4, 0x81);
    reported(map_with_bug_check, 0xC4, 0x82);
    reported(mdl_left, 0xC4, 0x62);
}

/* RULE V-OBJ-3: Dropping an object reference that was not taken is bug check 0x18. */
TEST(V_OBJ_3_reference_count)
{
    reported(dereferenced_too_often, 0x18, ~0ull);
    reported(dereferenced_below_zero, 0x18, ~0ull);
}

/* RULE V-OBJ-4: The reference of IoGetAttachedDeviceReference is given back, else the device stays. */
TEST(V_OBJ_4_reference_left)
{
    shown(reference_returned);
    reported(reference_left, OWN_RULE, ~0ull);
}

/* RULE V-OBJ-7: An app's handle is referenced with an object type, so that another kind of handle is refused. */
TEST(V_OBJ_7_untyped_handle) { reported(untyped_handle, OWN_RULE, ~0ull); }

/* RULE V-FIL-2: FsContext that is freed while an IRP of the file is under way is found when it is used. */
TEST(V_FIL_2_context_freed)
{
#if defined(IRPFUZZ_ASAN)
    reported(context_freed_too_early, 0xD5, ~0ull);
#else
    reported(context_freed_too_early, 0xC4, 0xE1);
#endif
}

/* RULE V-FIL-3: An IRP that stays queued after the CLEANUP of its file is reported at the limit. */
TEST(V_FIL_3_queued_after_cleanup) { reported(queued_after_cleanup, 0xC4, 0x135); }

/* RULE V-UNL-3: A DPC that is queued when its driver is unloaded is bug check 0xC7/1. */
TEST(V_UNL_3_queued_dpc) { reported(dpc_queued, 0xC7, 1); }

/* RULE V-UNL-4: An ERESOURCE (bug check 0xC4/0xD2) or a lookaside list (0xC4/0xCC) left in the data of an unloaded driver is reported. */
TEST(V_UNL_4_resources)
{
    reported(resource_left, 0xC4, 0xD2);
    reported(lookaside_left, 0xC4, 0xCC);
}

/* RULE V-UNL-8: An EX_TIMER that a driver leaves at its unload is reported. */
TEST(V_UNL_8_ex_timer) { reported(ex_timer_left, OWN_RULE, 8); }

/* RULE V-UNL-10: An IRP under way with a routine in an unloaded driver is bug check 0xCE. */
TEST(V_UNL_10_irp_under_way) { reported(irp_under_way, 0xCE, ~0ull); }

/* RULE V-UNL-11: A device is deleted only when nobody holds its remove lock. */
TEST(V_UNL_11_remove_lock) { reported(remove_lock_held, OWN_RULE, 11); }

/* RULE V-MEM-16: Memory that another thread allocates while its driver is unloaded is bug check 0xC4/0x61. */
TEST(V_MEM_16_allocation_at_unload)
{
    shown(allocation_here);
    reported(allocation_elsewhere, 0xC4, 0x61);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_IRP_3_status_kept), cmocka_unit_test(V_IRP_10_marked_and_synchronous), cmocka_unit_test(V_IRP_12_marked_after_push),
        cmocka_unit_test(V_IRP_22_event_and_mark), cmocka_unit_test(V_IRP_23_event_not_set), cmocka_unit_test(V_IRP_30_routine_ex),
        cmocka_unit_test(V_IRP_41_plain_routine), cmocka_unit_test(V_IRP_35_built_and_left), cmocka_unit_test(V_IRP_36_event_set_by_driver),
        cmocka_unit_test(V_MDL_1_states), cmocka_unit_test(V_OBJ_3_reference_count), cmocka_unit_test(V_OBJ_4_reference_left),
        cmocka_unit_test(V_OBJ_7_untyped_handle), cmocka_unit_test(V_FIL_2_context_freed), cmocka_unit_test(V_FIL_3_queued_after_cleanup),
        cmocka_unit_test(V_UNL_3_queued_dpc), cmocka_unit_test(V_UNL_4_resources), cmocka_unit_test(V_UNL_8_ex_timer),
        cmocka_unit_test(V_UNL_10_irp_under_way), cmocka_unit_test(V_UNL_11_remove_lock), cmocka_unit_test(V_MEM_16_allocation_at_unload),
    };
    return cmocka_run_group_tests(tests);
}
