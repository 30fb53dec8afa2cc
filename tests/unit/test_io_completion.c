/* Completion, chapter 4.4 (W-CMP), with a stack of two devices. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int calls[4];
static NTSTATUS lower_status;
static BOOLEAN on_success, on_error, on_cancel, seen_pending;
static ULONG seen_length;
static PDEVICE_OBJECT seen_device;
static PVOID seen_file;
static UCHAR seen_control;
static PIRP stopped;

static NTSTATUS passed_up(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[0]++;
    seen_device = device;
    seen_pending = irp->PendingReturned;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    PIO_STACK_LOCATION below = IoGetCurrentIrpStackLocation(irp) - 1;
    seen_length = below->Parameters.Read.Length;
    seen_file = below->FileObject;
    seen_control = below->Control;
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS watch(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, passed_up, NULL, on_success, on_error, on_cancel);
    return IoCallDriver(low, irp);
}

static NTSTATUS answer(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, lower_status, 0); }

static VOID cancel_held(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    held_count = 0;
    complete(irp, lower_status, 0);
}

static NTSTATUS hold_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    held[held_count++] = irp;
    IoSetCancelRoutine(irp, cancel_held);
    return STATUS_PENDING;
}

/* ---- W-CMP-1 ---- */

static NTSTATUS complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    complete(irp, STATUS_SUCCESS, 0);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_PENDING;
}

static NTSTATUS complete_pending(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_PENDING, 0); }
static NTSTATUS complete_minus_one(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, (NTSTATUS)-1, 0); }

static NTSTATUS complete_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel_held);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS complete_high(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeRaiseIrql(5, &old);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS complete_locked(PDEVICE_OBJECT device, PIRP irp)
{
    KSPIN_LOCK lock;
    KIRQL old;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    complete(irp, STATUS_SUCCESS, 0);
    KeReleaseSpinLock(&lock, old);
    return STATUS_SUCCESS;
}

static NTSTATUS complete_too_much(PDEVICE_OBJECT device, PIRP irp)
{
    RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, 4);
    return complete(irp, STATUS_SUCCESS, 5);
}

#define READ_WITH(name, routine)            \
    static void name(void)                  \
    {                                       \
        lower[IRP_MJ_READ] = routine;       \
        read_four();                        \
    }
READ_WITH(read_twice, complete_twice)
READ_WITH(read_pending, complete_pending)
READ_WITH(read_minus_one, complete_minus_one)
READ_WITH(read_cancelable, complete_cancelable)
READ_WITH(read_high, complete_high)
READ_WITH(read_locked, complete_locked)
READ_WITH(read_too_much, complete_too_much)

/* ---- W-CMP-2, 3, 4 ---- */

static BOOLEAN called_when(NTSTATUS status, BOOLEAN success, BOOLEAN error, BOOLEAN cancel)
{
    calls[0] = 0;
    lower_status = status;
    on_success = success, on_error = error, on_cancel = cancel;
    read_four();
    return calls[0] == 1;
}

static void routines_by_result(void)
{
    upper[IRP_MJ_READ] = watch;
    lower[IRP_MJ_READ] = answer;
    assert_true(called_when(STATUS_SUCCESS, TRUE, FALSE, FALSE));
    assert_false(called_when(STATUS_SUCCESS, FALSE, TRUE, TRUE));
    assert_true(called_when(STATUS_UNSUCCESSFUL, FALSE, TRUE, FALSE));
    assert_false(called_when(STATUS_UNSUCCESSFUL, TRUE, FALSE, TRUE));
    assert_true(called_when(STATUS_BUFFER_OVERFLOW, FALSE, TRUE, FALSE)); /* a warning is no success */
    assert_false(called_when(STATUS_BUFFER_OVERFLOW, TRUE, FALSE, FALSE));
    lower[IRP_MJ_READ] = hold_cancelable; /* Irp->Cancel alone */
    lower_status = STATUS_SUCCESS;
    calls[0] = 0;
    on_success = on_error = FALSE, on_cancel = TRUE;
    char buffer[4];
    HANDLE h = open_two(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    ReadFile(h, buffer, 4, NULL, &o);
    CancelIoEx(h, &o);
    assert_int_equal(calls[0], 1);
    CloseHandle(h);
}

static NTSTATUS copy_only(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, passed_up, NULL, FALSE, FALSE, FALSE);
    return IoCallDriver(low, irp);
}

/* No routine is called: the I/O manager itself carries the mark up, so that the issuer learns of it. */
static void pending_carried_up(void)
{
    char buffer[4];
    DWORD n;
    upper[IRP_MJ_READ] = copy_only;
    lower[IRP_MJ_READ] = hold;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    assert_false(ReadFile(h, buffer, 4, NULL, &o));
    let_go(STATUS_UNSUCCESSFUL, 0); /* delivered, since it was pended */
    assert_true(status_of(o) == STATUS_UNSUCCESSFUL);
    assert_false(GetOverlappedResult(h, &o, &n, FALSE));
    assert_int_equal(calls[0], 0);
    CloseHandle(h);
}

static void location_is_cleared(void)
{
    on_success = TRUE;
    seen_length = 77, seen_control = 77, seen_file = &seen_file;
    upper[IRP_MJ_READ] = watch;
    lower[IRP_MJ_READ] = answer;
    read_four();
    assert_int_equal(calls[0], 1);
    assert_int_equal(seen_length, 0);
    assert_true(seen_file == NULL);
    assert_int_equal(seen_control & ~SL_ERROR_RETURNED, 0);
    assert_true(seen_device == up);
}

static NTSTATUS own_irp_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[1]++;
    seen_device = device;
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS own_irp_marked(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    IoMarkIrpPending(irp);
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send_own(PIO_COMPLETION_ROUTINE routine)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(up, irp);
}

static void creator_has_no_device(void)
{
    seen_device = up;
    send_own(own_irp_done);
    assert_int_equal(calls[1], 1);
    assert_true(seen_device == NULL);
}

static void creator_marks_pending(void) { send_own(own_irp_marked); }

/* ---- W-CMP-5, 6 ---- */

static NTSTATUS stop(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[0]++;
    stopped = irp;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS stop_and_pend(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(low, irp);
    return STATUS_PENDING;
}

static void stopping_and_going_on(void)
{
    char buffer[4];
    upper[IRP_MJ_READ] = stop_and_pend;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    assert_false(ReadFile(h, buffer, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_int_equal(calls[0], 1);
    assert_true(status_of(o) == STATUS_PENDING);
    Sleep(10);
    assert_true(status_of(o) == STATUS_PENDING); /* frozen */
    assert_true(IoGetCurrentIrpStackLocation(stopped)->DeviceObject == up);
    complete(stopped, STATUS_INVALID_DEVICE_STATE, 0);
    assert_true(status_of(o) == STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(calls[0], 1); /* its own routine is not called again */
    CloseHandle(h);
}

static NTSTATUS synchronous(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    if (IoCallDriver(low, irp) == STATUS_PENDING)
        return complete(irp, STATUS_SUCCESS, 0); /* LOW still has it */
    return complete(irp, STATUS_SUCCESS, 0);
}

static void completed_under_lower(void)
{
    upper[IRP_MJ_READ] = synchronous;
    lower[IRP_MJ_READ] = hold;
    read_four();
}

static NTSTATUS send_again(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(low, irp);
    IoCallDriver(low, irp);
    return STATUS_PENDING;
}

static void resent_under_lower(void)
{
    upper[IRP_MJ_READ] = send_again;
    lower[IRP_MJ_READ] = hold;
    read_four();
}

/* ---- W-CMP-7..10: what the requester sees, and when ---- */

static void inline_and_pended(void)
{
    char buffer[4];
    HANDLE h = open_two(OVERLAPPED_FLAG), e = CreateEventA(NULL, TRUE, FALSE, NULL);
    OVERLAPPED o = {.hEvent = e};
    lower[IRP_MJ_READ] = answer;
    lower_status = STATUS_INVALID_DEVICE_STATE; /* fails inline: the call says so, nothing else does */
    assert_false(ReadFile(h, buffer, 4, NULL, &o));
    assert_int_equal(GetLastError(), 22);
    assert_true(status_of(o) == STATUS_PENDING);
    assert_int_equal(WaitForSingleObject(e, 0), 258);
    lower_status = STATUS_SUCCESS; /* succeeds inline: status block and event as well */
    assert_true(ReadFile(h, buffer, 4, NULL, &o));
    assert_true(status_of(o) == STATUS_SUCCESS);
    assert_int_equal(WaitForSingleObject(e, 0), 0);
    lower[IRP_MJ_READ] = hold; /* pends and then fails: status block and event */
    assert_false(ReadFile(h, buffer, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_int_equal(WaitForSingleObject(e, 0), 258);
    let_go(STATUS_INVALID_DEVICE_STATE, 0);
    assert_true(status_of(o) == STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(WaitForSingleObject(e, 0), 0);
    CloseHandle(h);
}

static void on_done(DWORD error, DWORD bytes, OVERLAPPED *o)
{
    calls[2]++;
    calls[3] = WaitForSingleObject(o->hEvent, 0) == 0 ? 1 : 2;
}

/* Nothing reaches the requester while it may take no special APC. */
static void seen_by_the_thread_only(void)
{
    char *buffer = irpfuzz_malloc(4);
    OVERLAPPED o = {0};
    HANDLE h = open_two(OVERLAPPED_FLAG);
    lower[IRP_MJ_READ] = hold;
    RtlZeroMemory(buffer, 4);
    ReadFile(h, buffer, 4, NULL, &o);
    RtlFillMemory(held[0]->AssociatedIrp.SystemBuffer, 4, 'y');
    KeEnterGuardedRegion();
    let_go(STATUS_SUCCESS, 4);
    assert_true(status_of(o) == STATUS_PENDING);
    assert_int_equal(buffer[0], 0);
    KeLeaveGuardedRegion();
    assert_true(status_of(o) == STATUS_SUCCESS);
    assert_int_equal(o.InternalHigh, 4);
    assert_int_equal(buffer[0], 'y');
    irpfuzz_free(buffer);
    assert_true(ReadFileEx(h, &calls[1], 4, &o, on_done));
    let_go(STATUS_INVALID_DEVICE_STATE, 0);
    assert_int_equal(calls[2], 0);
    assert_true(status_of(o) == STATUS_INVALID_DEVICE_STATE); /* the status block first, the APC when the thread lets it in */
    assert_int_equal(SleepEx(0, TRUE), 192);
    assert_int_equal(calls[2], 1);
    CloseHandle(h);
}

static DWORD read_and_die(void *argument)
{
    static char buffer[4];
    static OVERLAPPED o;
    ReadFile(argument, buffer, 4, NULL, &o);
    return 0;
}

/* A packet and the file's event; a synchronous file's final status. */
static void packet_and_file_event(void)
{
    char buffer[4];
    DWORD n;
    ULONG_PTR key;
    OVERLAPPED o = {0}, *which;
    HANDLE h = open_two(OVERLAPPED_FLAG), port = CreateIoCompletionPort(h, NULL, 5, 0);
    lower[IRP_MJ_READ] = hold;
    ReadFile(h, buffer, 4, NULL, &o);
    assert_int_equal(WaitForSingleObject(h, 0), 258);
    let_go(STATUS_INVALID_DEVICE_STATE, 0);
    assert_int_equal(WaitForSingleObject(h, 0), 0);
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &which, 0));
    assert_true(which == &o && GetLastError() == 22);
    lower[IRP_MJ_READ] = answer;
    lower_status = STATUS_INVALID_DEVICE_STATE; /* inline error: no packet, no event */
    ReadFile(h, buffer, 4, NULL, &o);
    assert_int_equal(WaitForSingleObject(h, 0), 258);
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &which, 0));
    assert_true(which == NULL && GetLastError() == 258);
    assert_true(SetFileCompletionNotificationModes(h, 2)); /* the handle is not signalled any more */
    lower[IRP_MJ_READ] = hold;
    ReadFile(h, buffer, 4, NULL, &o);
    let_go(STATUS_SUCCESS, 0);
    assert_true(status_of(o) == STATUS_SUCCESS);
    assert_int_equal(WaitForSingleObject(h, 0), 258);
    CloseHandle(h);
    h = open_two(0);
    let_go_later(5, STATUS_SUCCESS, 0);
    assert_true(ReadFile(h, buffer, 4, &n, NULL));
    let_go_later(5, STATUS_INVALID_DEVICE_STATE, 0);
    assert_false(ReadFile(h, buffer, 4, &n, NULL));
    assert_int_equal(GetLastError(), 22);
    CloseHandle(h);
    (void)read_and_die;
}

/* ---- W-CMP-12 ---- */

static NTSTATUS count_four(PDEVICE_OBJECT device, PIRP irp)
{
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 'z');
    return complete(irp, STATUS_SUCCESS, 3);
}

static NTSTATUS created(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, FILE_CREATED); }

static void information(void)
{
    char buffer[8] = {0};
    DWORD n = 0;
    lower[IRP_MJ_READ] = count_four;
    HANDLE h = open_two(0);
    assert_true(ReadFile(h, buffer, 4, &n, NULL));
    assert_int_equal(n, 3);
    assert_int_equal(buffer[2], 'z');
    assert_int_equal(buffer[3], 0);
    CloseHandle(h);
    h = CreateFileA("\\\\.\\TWO", READ_WRITE, 3, NULL, 4 /* OPEN_ALWAYS */, 0, NULL);
    assert_int_equal(GetLastError(), 0); /* Information 0 is FILE_SUPERSEDED */
    CloseHandle(h);
    lower[IRP_MJ_CREATE] = created;
    h = CreateFileA("\\\\.\\TWO", READ_WRITE, 3, NULL, 4, 0, NULL);
    assert_int_equal(GetLastError(), 0);
    CloseHandle(h);
}

/* ---- W-CMP-11 ---- */

static CCHAR boost;
static NTSTATUS complete_boosted(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, boost);
    return STATUS_SUCCESS;
}

static void boosts(void)
{
    static const CCHAR all[] = {IO_NO_INCREMENT, IO_DISK_INCREMENT, IO_NETWORK_INCREMENT, IO_SERIAL_INCREMENT, IO_KEYBOARD_INCREMENT, IO_SOUND_INCREMENT};
    char buffer[4];
    DWORD n = 1;
    assert_int_equal(all[0] | all[1] << 4 | all[2] << 8 | all[3] << 12 | all[4] << 16 | all[5] << 20, 0x862210);
    lower[IRP_MJ_READ] = complete_boosted;
    HANDLE h = open_two(0);
    KPRIORITY before = KeQueryPriorityThread(KeGetCurrentThread());
    for (unsigned i = 0; i < ARRAYSIZE(all); i++) {
        boost = all[i];
        assert_true(ReadFile(h, buffer, 4, &n, NULL) && n == 0);
        assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), before); /* a hint only */
    }
    CloseHandle(h);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-CMP-11: The priority boost is a hint: no result depends on it. */
static void W_CMP_11_boost(void **state) { shown(boosts); }

/* RULE W-CMP-1: IoCompleteRequest is called by the IRP's owner, with a final status, no cancel routine, no spin lock, at most at DISPATCH_LEVEL. */
/* RULE V-IRP-1: Completing an IRP twice is MULTIPLE_IRP_COMPLETE_REQUESTS. */
/* RULE V-IO-06: Completing an IRP with status STATUS_PENDING or -1 is reported. */
/* RULE V-IO-07: Completing an IRP whose cancel routine is still set is reported. */
/* RULE V-IO-0E: Completing an IRP above DISPATCH_LEVEL is reported. */
/* RULE V-BUF-3: IoStatus.Information beyond the buffer is reported. */
/* RULE V-IO-312: Information larger than the output part of the system buffer is reported. */
/* RULE W-CAN-10: A driver takes its cancel routine back before IoCompleteRequest. */
/* RULE V-LCK-9: Completing an IRP while holding a spin lock is reported. */
static void W_CMP_1_preconditions(void **state)
{
    reported(read_twice, 0x44, ~0ull);
    reported(read_pending, 0xC9, 6);
    reported(read_minus_one, 0xC9, 6);
    reported(read_cancelable, 0xC9, 7);
    reported(read_high, 0xC9, 0xE);
    reported(read_locked, OWN_RULE, ~0ull);
    reported(read_too_much, 0xC9, 0x312);
}

/* RULE W-CMP-2: A completion routine is called for the results it was set for: success, error (warnings too), cancel. */
static void W_CMP_2_routines_by_result(void **state) { shown(routines_by_result); }

/* RULE W-CMP-2: For a stack location without a completion routine, the I/O manager carries the pending mark up itself. */
static void W_CMP_2_pending_is_carried_up(void **state) { shown(pending_carried_up); }

/* RULE W-CMP-3: A stack location that is finished is cleared before the completion routine above it runs. */
/* RULE W-CMP-4: A completion routine gets the device of the location that set it. */
static void W_CMP_3_location_is_cleared(void **state) { shown(location_is_cleared); }

/* RULE W-CMP-4: The completion routine of an IRP's creator gets no device object, and may not mark the IRP pending. */
/* RULE V-IRP-21: IoMarkIrpPending by a creator without a location of its own is reported. */
static void W_CMP_4_creator(void **state)
{
    shown(creator_has_no_device);
    reported(creator_marks_pending, OWN_RULE, ~0ull);
}

/* RULE W-CMP-5: STATUS_MORE_PROCESSING_REQUIRED gives the IRP back; IoCompleteRequest goes on with the next upper routine. */
static void W_CMP_5_stop_and_go_on(void **state) { shown(stopping_and_going_on); }

/* RULE W-CMP-6: Completing or sending again what a lower driver still holds is reported. */
/* RULE V-IO-209: Completing an IRP that a lower driver still holds is reported. */
/* RULE V-IO-205: Sending an IRP that a lower driver still holds is reported. */
/* RULE V-IRP-9: Completing an IRP without waiting for a lower driver that returned STATUS_PENDING is reported. */
static void W_CMP_6_still_below(void **state)
{
    reported(completed_under_lower, 0xC9, 0x209);
    reported(resent_under_lower, 0xC9, 0x205);
}

/* RULE W-CMP-8: The I/O manager writes the status block and then sets the event, for requests that succeeded or were pended. */
/* RULE W-CMP-9: An error that comes at once is told by the call's return alone; one that comes after pending signals the event too. */
static void W_CMP_9_inline_and_pended_errors(void **state) { shown(inline_and_pended); }

/* RULE W-CMP-7: When an IRP was pended, the last part of its completion goes to the requester's thread as a special kernel APC. */
/* RULE W-CMP-10: The result of a pended IRP is seen only after the requester's thread took its APC; the user APC comes after the status block. */
static void W_CMP_10_in_the_requesters_thread(void **state) { shown(seen_by_the_thread_only); }

/* RULE W-CMP-8: A request without an event signals the file object, or sends a packet to its port; FILE_SKIP_SET_EVENT_ON_HANDLE keeps the file quiet. */
static void W_CMP_8_packet_and_file_event(void **state) { shown(packet_and_file_event); }

/* RULE W-CMP-12: Information is the number of bytes moved, or for a CREATE what it did. */
static void W_CMP_12_information(void **state) { shown(information); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_CMP_1_preconditions),        cmocka_unit_test(W_CMP_2_routines_by_result),
        cmocka_unit_test(W_CMP_2_pending_is_carried_up), cmocka_unit_test(W_CMP_3_location_is_cleared),
        cmocka_unit_test(W_CMP_4_creator),              cmocka_unit_test(W_CMP_5_stop_and_go_on),
        cmocka_unit_test(W_CMP_6_still_below),          cmocka_unit_test(W_CMP_9_inline_and_pended_errors),
        cmocka_unit_test(W_CMP_10_in_the_requesters_thread), cmocka_unit_test(W_CMP_8_packet_and_file_event),
        cmocka_unit_test(W_CMP_12_information),         cmocka_unit_test(W_CMP_11_boost),
    };
    return cmocka_run_group_tests(tests);
}
