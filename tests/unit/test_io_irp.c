/* IRPs, stack locations and the contract of dispatch routines, chapters 4.2 and 4.3 (W-IRP-1..25), and the I/O checks of 11.4 to 11.6. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int calls[4];
static CHAR location_seen[2];
static CCHAR count_seen;
static ULONG flags_seen, control_code;
static CHAR mode_seen;
static NTSTATUS status_seen;
static KEVENT event;

static NTSTATUS note(PDEVICE_OBJECT device, PIRP irp)
{
    location_seen[device == up] = irp->CurrentLocation;
    count_seen = irp->StackCount;
    flags_seen = irp->Flags;
    mode_seen = irp->RequestorMode;
    status_seen = irp->IoStatus.Status;
    assert_true(IoGetCurrentIrpStackLocation(irp)->DeviceObject == device);
    return device == up ? pass(device, irp) : succeed(device, irp);
}

static NTSTATUS note_and_copy(PDEVICE_OBJECT device, PIRP irp)
{
    location_seen[1] = irp->CurrentLocation;
    IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(low, irp);
}

static void locations(void)
{
    upper[IRP_MJ_READ] = note_and_copy;
    lower[IRP_MJ_READ] = note;
    read_four();
    assert_int_equal(count_seen, 2);
    assert_int_equal(location_seen[1], 2);
    assert_int_equal(location_seen[0], 1);
    upper[IRP_MJ_READ] = note;
    read_four();
    assert_int_equal(location_seen[0], 2); /* skipped: the same location again */
}

static NTSTATUS pass_on_from_the_bottom(PDEVICE_OBJECT device, PIRP irp)
{
    (irp->Tail.Overlay.CurrentStackLocation - 1)->MajorFunction = IRP_MJ_READ;
    return IoCallDriver(low, irp);
}

static void run_out(void)
{
    upper[IRP_MJ_READ] = note_and_copy;
    lower[IRP_MJ_READ] = pass_on_from_the_bottom;
    read_four();
}

static NTSTATUS routine(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[0]++;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS routine_at_the_bottom(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    return succeed(device, irp);
}

static void next_at_the_bottom(void)
{
    upper[IRP_MJ_READ] = note_and_copy;
    lower[IRP_MJ_READ] = routine_at_the_bottom;
    read_four();
}

/* ---- W-IRP-3, 4, 5 ---- */

static NTSTATUS compare_locations(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION own = IoGetCurrentIrpStackLocation(irp), next = IoGetNextIrpStackLocation(irp);
    IoMarkIrpPending(irp); /* in this location only: copying clears the next one's */
    next->CompletionRoutine = (PIO_COMPLETION_ROUTINE)(PVOID)routine;
    IoCopyCurrentIrpStackLocationToNext(irp);
    assert_int_equal(next->MajorFunction, IRP_MJ_READ);
    assert_int_equal(next->Parameters.Read.Length, 4);
    assert_true(next->FileObject == own->FileObject);
    assert_int_equal(next->Control, 0);
    assert_true(next->CompletionRoutine == routine); /* not copied over */
    next->CompletionRoutine = NULL;
    IoSetCompletionRoutine(irp, routine, &calls, TRUE, FALSE, TRUE);
    assert_true(next->Control == (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL) && next->Context == &calls);
    IoCallDriver(low, irp);
    return STATUS_PENDING;
}

static void copy_and_set(void)
{
    upper[IRP_MJ_READ] = compare_locations;
    read_four();
    assert_int_equal(calls[0], 1);
}

static NTSTATUS copy_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}

static NTSTATUS copy_all(PDEVICE_OBJECT device, PIRP irp)
{
    *IoGetNextIrpStackLocation(irp) = *IoGetCurrentIrpStackLocation(irp);
    return IoCallDriver(low, irp);
}

static void copied_routine(void)
{
    PIRP irp = IoAllocateIrp(3, FALSE);
    upper[IRP_MJ_INTERNAL_DEVICE_CONTROL] = copy_all;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(up, irp);
}

static NTSTATUS skip_and_set(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}

static NTSTATUS skip_and_mark(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    IoCallDriver(low, irp);
    return STATUS_PENDING;
}

static NTSTATUS neither(PDEVICE_OBJECT device, PIRP irp) { return IoCallDriver(low, irp); }
static NTSTATUS to_nobody(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(NULL, irp);
}
static NTSTATUS to_no_device(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver((PDEVICE_OBJECT)irp, irp);
}
static VOID never_called(PDEVICE_OBJECT device, PIRP irp) {}
static NTSTATUS pass_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, never_called);
    return pass(device, irp);
}
static NTSTATUS pass_high(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeRaiseIrql(5, &old);
    return pass(device, irp);
}
static NTSTATUS return_high(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    succeed(device, irp);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return STATUS_SUCCESS;
}
static NTSTATUS return_in_region(PDEVICE_OBJECT device, PIRP irp)
{
    KeEnterCriticalRegion();
    return succeed(device, irp);
}
READ_UP(read_skip_set, skip_and_set)
READ_UP(read_skip_mark, skip_and_mark)
READ_UP(read_neither, neither)
READ_UP(read_to_nobody, to_nobody)
READ_UP(read_to_no_device, to_no_device)
READ_UP(read_pass_cancelable, pass_cancelable)
READ_UP(read_pass_high, pass_high)
READ_UP(read_return_high, return_high)
READ_UP(read_return_in_region, return_in_region)

static void create_at_dispatch(void)
{
    KIRQL old;
    PIRP irp = IoAllocateIrp(2, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoCallDriver(up, irp);
}

/* ---- W-IRP-6, 7, 10 ---- */

C_ASSERT(IRP_MJ_CREATE == 0 && IRP_MJ_CLOSE == 2 && IRP_MJ_READ == 3 && IRP_MJ_WRITE == 4 && IRP_MJ_FLUSH_BUFFERS == 9 && IRP_MJ_DEVICE_CONTROL == 0xE &&
         IRP_MJ_INTERNAL_DEVICE_CONTROL == 0xF && IRP_MJ_SHUTDOWN == 0x10 && IRP_MJ_CLEANUP == 0x12 && IRP_MJ_POWER == 0x16 &&
         IRP_MJ_SYSTEM_CONTROL == 0x17 && IRP_MJ_PNP == 0x1B && IRP_MJ_MAXIMUM_FUNCTION == 0x1B);
C_ASSERT(IRP_BUFFERED_IO == 0x10 && IRP_DEALLOCATE_BUFFER == 0x20 && IRP_INPUT_OPERATION == 0x40 && IRP_CREATE_OPERATION == 0x80 &&
         IRP_READ_OPERATION == 0x100 && IRP_WRITE_OPERATION == 0x200 && IRP_CLOSE_OPERATION == 0x400 && IRP_DEFER_IO_COMPLETION == 0x800);
C_ASSERT(SL_PENDING_RETURNED == 1 && SL_ERROR_RETURNED == 2 && SL_INVOKE_ON_CANCEL == 0x20 && SL_INVOKE_ON_SUCCESS == 0x40 && SL_INVOKE_ON_ERROR == 0x80);

static ULONG flags_of(ULONG mask) { return flags_seen & mask; }

static void irp_flags(void)
{
    char buffer[4] = {0};
    DWORD n;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        lower[i] = note;
    HANDLE h = open_two(0);
    assert_int_equal(flags_of(IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API), IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API);
    status_seen = 1;
    ReadFile(h, buffer, 4, &n, NULL);
    assert_int_equal(flags_of(0x374), IRP_READ_OPERATION | IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | IRP_INPUT_OPERATION | IRP_SYNCHRONOUS_API);
    assert_int_equal(mode_seen, UserMode);
    assert_int_equal(status_seen, 0);
    WriteFile(h, buffer, 4, &n, NULL);
    assert_int_equal(flags_of(0x370), IRP_WRITE_OPERATION | IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER);
    ReadFile(h, buffer, 0, &n, NULL);
    assert_int_equal(flags_of(0x70), 0);
    DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), buffer, 4, NULL, 0, &n, NULL);
    assert_int_equal(flags_of(0x70), IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER);
    DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), NULL, 0, buffer, 4, &n, NULL);
    assert_int_equal(flags_of(0x70), IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | IRP_INPUT_OPERATION);
    CloseHandle(h);
    Sleep(1);
    assert_true(flags_seen & IRP_CLOSE_OPERATION);
    assert_int_equal(mode_seen, KernelMode);
}

/* ---- W-IRP-9: after the IRP was given away ---- */

static NTSTATUS touch_after_completion(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    complete(irp, STATUS_SUCCESS, 0);
    control_code = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
    return STATUS_PENDING;
}

static NTSTATUS mark_too_late(PDEVICE_OBJECT device, PIRP irp)
{
    complete(irp, STATUS_SUCCESS, 0);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static NTSTATUS mark_after_passing(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoCallDriver(low, irp);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static NTSTATUS set_cancel_after_passing(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoCallDriver(low, irp);
    IoSetCancelRoutine(irp, never_called);
    return STATUS_PENDING;
}
READ_UP(read_touch, touch_after_completion)
READ_UP(read_late_mark, mark_too_late)
static void read_mark_after_passing(void)
{
    lower[IRP_MJ_READ] = hold;
    upper[IRP_MJ_READ] = mark_after_passing;
    read_four();
}
static void read_set_cancel_after_passing(void)
{
    lower[IRP_MJ_READ] = hold;
    upper[IRP_MJ_READ] = set_cancel_after_passing;
    read_four();
}

/* ---- W-IRP-20, 21, 22 ---- */

static NTSTATUS pended_and_completed(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    complete(irp, STATUS_UNSUCCESSFUL, 0);
    return STATUS_PENDING;
}

static void pending_stays_pending(void)
{
    char buffer[4];
    upper[IRP_MJ_READ] = pended_and_completed;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    assert_false(ReadFile(h, buffer, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_true(status_of(o) == STATUS_UNSUCCESSFUL);
    CloseHandle(h);
}

static NTSTATUS other_status(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, 0), STATUS_UNSUCCESSFUL; }
static NTSTATUS other_than_lower(PDEVICE_OBJECT device, PIRP irp) { return pass(device, irp), STATUS_UNSUCCESSFUL; }
static NTSTATUS nothing(PDEVICE_OBJECT device, PIRP irp) { return STATUS_SUCCESS; }
static NTSTATUS minus_one(PDEVICE_OBJECT device, PIRP irp) { return succeed(device, irp), (NTSTATUS)-1; }
static NTSTATUS unmarked(PDEVICE_OBJECT device, PIRP irp) { return held[0] = irp, STATUS_PENDING; }
static NTSTATUS marked_only(PDEVICE_OBJECT device, PIRP irp) { return hold(device, irp), STATUS_SUCCESS; }
static NTSTATUS completed_as_pending(PDEVICE_OBJECT device, PIRP irp) { return succeed(device, irp), STATUS_PENDING; }
READ_UP(read_other_status, other_status)
READ_UP(read_other_than_lower, other_than_lower)
READ_UP(read_nothing, nothing)
READ_UP(read_minus_one, minus_one)
READ_UP(read_unmarked, unmarked)
READ_UP(read_marked_only, marked_only)
READ_UP(read_completed_as_pending, completed_as_pending)

/* ---- W-IRP-23, 24, 25: ways of forwarding ---- */

static NTSTATUS wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS forward_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wake, &event, TRUE, TRUE, TRUE);
    NTSTATUS status = IoCallDriver(low, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS forward_synchronously(PDEVICE_OBJECT device, PIRP irp)
{
    assert_true(IoForwardIrpSynchronously(low, irp));
    NTSTATUS status = irp->IoStatus.Status;
    assert_true(IoGetCurrentIrpStackLocation(irp)->DeviceObject == up);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS go_on(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_CONTINUE_COMPLETION; }

static NTSTATUS forward_pended(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, go_on, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(low, irp);
    return STATUS_PENDING;
}

static NTSTATUS forward_unpropagated(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, go_on, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}

static NTSTATUS fail(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_INVALID_DEVICE_STATE, 0); }

static void forwarded(PDRIVER_DISPATCH how)
{
    char buffer[4];
    DWORD n;
    upper[IRP_MJ_READ] = how;
    HANDLE h = open_two(0);
    lower[IRP_MJ_READ] = succeed;
    assert_true(ReadFile(h, buffer, 4, &n, NULL));
    lower[IRP_MJ_READ] = fail;
    assert_false(ReadFile(h, buffer, 4, &n, NULL));
    assert_int_equal(GetLastError(), 22);
    lower[IRP_MJ_READ] = hold;
    let_go_later(3, STATUS_INVALID_DEVICE_STATE, 0);
    assert_false(ReadFile(h, buffer, 4, &n, NULL));
    assert_int_equal(GetLastError(), 22);
    CloseHandle(h);
}

static void all_ways(void)
{
    forwarded(pass);
    forwarded(copy_by_hand);
    forwarded(forward_and_wait);
    forwarded(forward_pended);
    forwarded(forward_synchronously);
}

static void unpropagated(void)
{
    upper[IRP_MJ_READ] = forward_unpropagated;
    lower[IRP_MJ_READ] = hold;
    let_go_later(3, STATUS_SUCCESS, 0);
    read_four();
}

/* ---- Making and freeing IRPs ---- */

static NTSTATUS own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[1]++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP own_irp(PIO_COMPLETION_ROUTINE done)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    if (done)
        IoSetCompletionRoutine(irp, done, NULL, TRUE, TRUE, TRUE);
    return irp;
}

static void own_irp_and_reuse(void)
{
    PIRP irp = own_irp(own_done);
    assert_int_equal(irp->StackCount, 2);
    assert_int_equal(irp->CurrentLocation, 3);
    assert_int_equal(irp->Size, IoSizeOfIrp(2));
    assert_int_equal(IoCallDriver(up, irp), STATUS_SUCCESS);
    assert_int_equal(calls[1], 1);
    IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
    assert_int_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(irp->CurrentLocation, 3);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, own_done, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(up, irp);
    assert_int_equal(calls[1], 2);
    IoFreeIrp(irp);
}

static void sent_without_routine(void) { IoCallDriver(up, own_irp(NULL)); }
static void runs_to_its_end(void) { IoCallDriver(up, own_irp(go_on)); }
static void freed_garbage(void) { IoFreeIrp((PIRP)held); }
static void sent_garbage(void) { IoCallDriver(up, (PIRP)held); }
static void never_freed(void) { (void)own_irp(NULL); }

static void freed_twice(void)
{
    PIRP irp = own_irp(NULL);
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}

static void freed_in_flight(void)
{
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = hold;
    PIRP irp = own_irp(own_done);
    IoCallDriver(up, irp);
    IoFreeIrp(irp);
}

static void reused_in_flight(void)
{
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = hold;
    PIRP irp = own_irp(own_done);
    IoCallDriver(up, irp);
    IoReuseIrp(irp, 0);
}

static void freed_as_pool(void) { ExFreePool(own_irp(NULL)); }
static void initialized_again(void) { PIRP irp = own_irp(NULL); IoInitializeIrp(irp, irp->Size, irp->StackCount); }

static IO_STATUS_BLOCK built_iosb;

static PIRP built(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), up, NULL, 0, NULL, 0, FALSE, &event, &built_iosb);
}

static void built_and_waited(void)
{
    lower[IRP_MJ_DEVICE_CONTROL] = hold;
    PIRP irp = built();
    assert_int_equal(irp->RequestorMode, KernelMode);
    let_go_later(3, STATUS_INVALID_DEVICE_STATE, 9);
    assert_int_equal(IoCallDriver(up, irp), STATUS_PENDING);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(built_iosb.Status, STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(built_iosb.Information, 9);
}

static void built_and_freed(void) { IoFreeIrp(built()); }
static void built_and_reused(void) { IoReuseIrp(built(), 0); }
static void built_on_nothing(void) { (void)IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), up, NULL, 8, NULL, 0, FALSE, &event, &built_iosb); }
static void built_fsd_on_nothing(void) { (void)IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, up, NULL, 8, NULL, &built_iosb); }

static void deleted_attached(void) { IoDeleteDevice(up); }
static void detached_twice(void)
{
    IoDetachDevice(low);
    IoDetachDevice(low);
}
static void deleted_twice(void)
{
    IoDetachDevice(low);
    ObReferenceObject(up);
    IoDeleteDevice(up);
    IoDeleteDevice(up);
}

static void lost(void)
{
    static char buffer[4];
    static OVERLAPPED o;
    lower[IRP_MJ_READ] = hold;
    ReadFile(open_two(OVERLAPPED_FLAG), buffer, 4, NULL, &o);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-IRP-1: An IRP has a stack location per device and the current one counts down; sending past the last is NO_MORE_IRP_STACK_LOCATIONS. */
/* RULE W-IRP-4: IoSkipCurrentIrpStackLocation gives the lower driver the same location. */
static void W_IRP_1_stack_locations(void **state)
{
    shown(locations);
    reported(run_out, 0x35, ~0ull);
}

/* RULE W-IRP-2: The lowest driver has no next stack location; the bits of Control have Windows' values. */
/* RULE V-IO-208: An IRP that runs out of stack locations is reported. */
static void W_IRP_2_no_next_location(void **state) { reported(next_at_the_bottom, 0xC9, 0x208); }

/* RULE W-IRP-3: IoCopyCurrentIrpStackLocationToNext leaves out the completion routine and clears Control. */
/* RULE W-IRP-5: IoSetCompletionRoutine writes the next location and replaces its Control. */
/* RULE V-IO-207: Copying an upper driver's completion routine into the next stack location is reported. */
static void W_IRP_3_copying(void **state)
{
    shown(copy_and_set);
    reported(copied_routine, 0xC9, 0x207);
}

/* RULE W-IRP-4: After IoSkipCurrentIrpStackLocation nothing may be set or marked; an IRP that is sent on needs either a copy or a skip. */
/* RULE V-IRP-20: Setting a completion routine or marking pending after IoSkipCurrentIrpStackLocation is reported. */
/* RULE V-IO-206: A next stack location that was neither copied nor skipped is reported. */
static void W_IRP_4_skip_and_copy_misused(void **state)
{
    reported(read_skip_set, 0xC9, 0x206);
    reported(read_skip_mark, 0xC9, 0x206);
    reported(read_neither, 0xC9, 0x206);
}

/* RULE W-IRP-6: Irp->Flags tell the operation, the buffer and the direction. */
/* RULE W-IRP-7: The major function codes are those of Windows. */
/* RULE W-IRP-10: Requests of apps begin with status 0 and RequestorMode UserMode, the I/O manager's own are KernelMode. */
static void W_IRP_6_flags_and_mode(void **state) { shown(irp_flags); }

/* RULE W-IRP-9: An IRP that was completed or passed down may not be touched. */
/* RULE V-IRP-42: Touching an IRP after completing it or passing it down is reported. */
/* RULE V-IO-229: A cancel routine set on an IRP that is processed below is reported. */
/* RULE V-IRP-2: Acting on an IRP whose owner is another device is reported. */
/* RULE W-CAN-10: No cancel routine is set on an IRP that a lower driver has. */
static void W_IRP_9_given_away(void **state)
{
    reported(read_touch, 0xC9, 0x205);
    reported(read_mark_after_passing, 0xC9, 0x205);
    reported(read_set_cancel_after_passing, 0xC9, 0x229);
}

/* RULE W-IRP-20: The dispatch routine returns what it completed with, what the lower driver returned, or STATUS_PENDING. */
/* RULE V-IO-224: A returned status other than the IRP's is reported. */
/* RULE V-IO-225: A dispatch routine that returns 0xFFFFFFFF is reported. */
/* RULE V-IO-226: A dispatch routine that neither completes, passes down nor pends its IRP is reported. */
/* RULE V-IRP-4: Returning success for an IRP nobody completed is reported. */
/* RULE V-IRP-5: A dispatch routine that returns another status than the lower driver's is reported. */
static void W_IRP_20_return_contract(void **state)
{
    reported(read_other_status, 0xC9, 0x224);
    reported(read_other_than_lower, 0xC9, 0x224);
    reported(read_nothing, 0xC9, 0x226);
    reported(read_minus_one, 0xC9, 0x225);
}

/* RULE W-IRP-21: An IRP is marked pending if and only if its dispatch routine returns STATUS_PENDING. */
/* RULE V-IO-23D: A dispatch routine that returns STATUS_PENDING without IoMarkIrpPending is reported. */
/* RULE V-IO-23E: A dispatch routine that calls IoMarkIrpPending and returns another status than STATUS_PENDING is reported. */
/* RULE V-IRP-6: For an IRP that is marked pending the dispatch routine returns STATUS_PENDING. */
/* RULE V-IRP-7: A dispatch routine returns STATUS_PENDING only for an IRP that is marked pending. */
/* RULE V-IRP-8: For a completed IRP that was never pended, STATUS_PENDING may not be returned. */
static void W_IRP_21_pending_both_ways(void **state)
{
    reported(read_unmarked, 0xC9, 0x23D);
    reported(read_marked_only, 0xC9, 0x23E);
    reported(read_completed_as_pending, 0xC9, 0x23D);
}

/* RULE W-IRP-22: Once marked pending an IRP is answered with STATUS_PENDING, even if completed by then; marking comes before anybody can complete it. */
/* RULE V-IRP-11: Marking an IRP pending that somebody completed meanwhile is reported. */
static void W_IRP_22_mark_first(void **state)
{
    shown(pending_stays_pending);
    reported(read_late_mark, 0x44, ~0ull);
}

/* RULE W-IRP-23: A driver passes an IRP on in one of four ways: skip; copy and propagate; copy, stop, wait and complete; mark, copy and return pending. */
/* RULE W-IRP-25: IoForwardIrpSynchronously waits for the lower driver and gives the IRP back to its caller. */
static void W_IRP_23_ways_of_forwarding(void **state)
{
    shown(all_ways);
    shown_in_any_order(all_ways, 50);
}

/* RULE W-IRP-24: A completion routine that lets completion go on must propagate PendingReturned. */
/* RULE V-IO-228: A completion routine that does not propagate PendingReturned is reported. */
static void W_IRP_24_propagation(void **state) { reported(unpropagated, 0xC9, 0x228); }

/* RULE W-IRP-40: IoAllocateIrp gives an empty IRP that its creator sends with a completion routine and frees. */
/* RULE W-IRP-46: IoReuseIrp resets what IoAllocateIrp made. */
/* RULE W-IRP-47: IoSizeOfIrp is the memory that an IRP of so many locations takes. */
/* RULE V-IRP-32: Sending an own IRP without a completion routine is reported. */
/* RULE V-IRP-33: An own IRP whose completion runs on past its creator is reported. */
static void W_IRP_40_own_irps(void **state)
{
    shown(own_irp_and_reuse);
    reported(sent_without_routine, OWN_RULE, ~0ull);
    reported(runs_to_its_end, OWN_RULE, ~0ull);
}

/* RULE W-IRP-42: An IRP from IoBuild... is completed and freed by the I/O manager, which sets the event; the status is in the caller's block. */
/* RULE W-IRP-43: A control request that a driver builds has KernelMode; an invalid buffer is reported. */
/* RULE V-IO-08: IoBuildAsynchronousFsdRequest with an invalid buffer is reported. */
/* RULE V-IO-09: IoBuildDeviceIoControlRequest with an invalid buffer is reported. */
static void W_IRP_42_built_irps(void **state)
{
    shown(built_and_waited);
    reported(built_on_nothing, 0xC9, 9);
    reported(built_fsd_on_nothing, 0xC9, 8);
}

/* RULE V-IO-01: IoFreeIrp on something that is no IRP is reported. */
/* RULE V-IO-02: IoFreeIrp on an IRP of a thread's list is reported. */
/* RULE V-IO-15: An IRP freed as pool is reported. */
/* RULE V-IO-20A: IoFreeIrp on an IRP that is in use is reported. */
/* RULE V-IO-20D: IoInitializeIrp on an allocated IRP is reported. */
/* RULE V-IO-310: IoReuseIrp on an IRP that is in use is reported. */
/* RULE V-IO-311: IoReuseIrp on an IRP that IoBuild... made is reported. */
/* RULE V-IRP-34: An IRP that is bound to a thread is not the driver's to free. */
/* RULE V-IRP-37: IoFreeIrp is only for IRPs that the driver allocated. */
/* RULE V-IRP-38: IoReuseIrp is only for a driver's own IRPs that are not in flight. */
static void V_IO_01_freeing_and_reusing(void **state)
{
    reported(freed_garbage, 0xC9, 1);
    reported(freed_twice, 0xC9, 1);
    reported(built_and_freed, 0xC9, 2);
    reported(freed_in_flight, 0xC9, 0x20A);
    reported(freed_as_pool, 0xC4, 0x105);
    reported(initialized_again, 0xC9, 0x20D);
    reported(reused_in_flight, 0xC9, 0x310);
    reported(built_and_reused, 0xC9, 0x311);
    reported(never_freed, 0xC4, 0x62);
}

/* RULE W-IRP-48: IoCallDriver needs an IRP, a device, an IRQL that fits the major function, and no cancel routine. */
/* RULE V-IO-03: IoCallDriver with something that is no IRP is reported. */
/* RULE V-IO-04: IoCallDriver to something that is no device is reported. */
/* RULE V-IO-10: IoCallDriver above DISPATCH_LEVEL is reported. */
/* RULE V-IO-203: IoCallDriver with the cancel routine still set is reported. */
/* RULE V-IO-204: IoCallDriver to a NULL device is reported. */
/* RULE V-IO-23A: IoCallDriver at an IRQL that is illegal for the major function is reported. */
/* RULE W-CAN-10: A driver takes its cancel routine back before IoCallDriver. */
static void W_IRP_48_checks_of_IoCallDriver(void **state)
{
    reported(sent_garbage, 0xC9, 3);
    reported(read_to_no_device, 0xC9, 4);
    reported(read_to_nobody, 0xC9, 0x204);
    reported(read_pass_cancelable, 0xC9, 0x203);
    reported(read_pass_high, 0xC9, 0x10);
    reported(create_at_dispatch, 0xC9, 0x23A);
}

/* RULE V-IO-05: A dispatch routine that returns at another IRQL is reported. */
/* RULE V-IO-14: A dispatch routine that changes the APC disable count is reported. */
static void V_IO_05_state_after_dispatch(void **state)
{
    reported(read_return_high, 0xC9, 5);
    reported(read_return_in_region, 0xC4, 0xC5);
}

/* RULE V-IO-201: Deleting a device that is still attached is reported. */
/* RULE V-IO-202: IoDetachDevice on a device with nothing attached is reported. */
/* RULE V-IO-240: IoDeleteDevice twice for one device is reported. */
static void V_IO_201_devices(void **state)
{
    reported(deleted_attached, 0xC9, 0x201);
    reported(detached_twice, 0xC9, 0x202);
    reported(deleted_twice, 0xC9, 0x240);
}

/* RULE V-IRP-43: An IRP that is never completed is found and reported. */
/* RULE V-CAN-6: An IRP that was cancelled and is not completed in time is reported. */
/* RULE V-IO-16: A cancelled IRP that is not completed in time is bug check 0xC4/0x135. */
static void V_IRP_43_lost(void **state) { reported(lost, 0xC4, 0x135); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_IRP_1_stack_locations), cmocka_unit_test(W_IRP_2_no_next_location), cmocka_unit_test(W_IRP_3_copying),
        cmocka_unit_test(W_IRP_4_skip_and_copy_misused), cmocka_unit_test(W_IRP_6_flags_and_mode), cmocka_unit_test(W_IRP_9_given_away),
        cmocka_unit_test(W_IRP_20_return_contract), cmocka_unit_test(W_IRP_21_pending_both_ways), cmocka_unit_test(W_IRP_22_mark_first),
        cmocka_unit_test(W_IRP_23_ways_of_forwarding), cmocka_unit_test(W_IRP_24_propagation), cmocka_unit_test(W_IRP_40_own_irps),
        cmocka_unit_test(W_IRP_42_built_irps), cmocka_unit_test(V_IO_01_freeing_and_reusing), cmocka_unit_test(W_IRP_48_checks_of_IoCallDriver),
        cmocka_unit_test(V_IO_05_state_after_dispatch), cmocka_unit_test(V_IO_201_devices), cmocka_unit_test(V_IRP_43_lost),
    };
    return cmocka_run_group_tests(tests);
}
