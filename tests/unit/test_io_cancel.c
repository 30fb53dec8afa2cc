/* Cancellation, chapter 4.6 (W-CAN), with a stack of two devices. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int calls[4];
static LIST_ENTRY queue;
static KSPIN_LOCK queue_lock;
static NTSTATUS cancel_status;
static KIRQL irql_in_routine, cancel_irql;
static PDEVICE_OBJECT device_in_routine;
static BOOLEAN cancel_in_routine, check_cancel, take_lock_again, keep_lock, wrong_irql, lowers;
static PDRIVER_CANCEL routine_in_routine;
static char buffer[16];
static OVERLAPPED o;

static void prepare(void)
{
    InitializeListHead(&queue);
    KeInitializeSpinLock(&queue_lock);
    cancel_status = STATUS_CANCELLED;
}

static VOID cancel_queued(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old, before = irp->CancelIrql;
    calls[0]++;
    irql_in_routine = KeGetCurrentIrql();
    device_in_routine = device;
    cancel_in_routine = irp->Cancel;
    cancel_irql = irp->CancelIrql;
    routine_in_routine = irp->CancelRoutine;
    if (keep_lock)
        return;
    if (take_lock_again)
        IoAcquireCancelSpinLock(&old);
    IoReleaseCancelSpinLock(wrong_irql ? DISPATCH_LEVEL : irp->CancelIrql);
    KeAcquireSpinLock(&queue_lock, &old);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&queue_lock, old);
    complete(irp, cancel_status, 0);
    if (lowers)
        KeLowerIrql(before);
}

/* Pattern A: own queue, own lock. */
static NTSTATUS enqueue(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeAcquireSpinLock(&queue_lock, &old);
    IoMarkIrpPending(irp);
    InsertTailList(&queue, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_queued);
    if (check_cancel && irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&queue_lock, old);
        complete(irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&queue_lock, old);
    return STATUS_PENDING;
}

static PIRP dequeue(void)
{
    KIRQL old;
    PIRP irp = NULL;
    KeAcquireSpinLock(&queue_lock, &old);
    while (!irp && !IsListEmpty(&queue)) {
        irp = CONTAINING_RECORD(RemoveHeadList(&queue), IRP, Tail.Overlay.ListEntry);
        if (!IoSetCancelRoutine(irp, NULL)) {
            InitializeListHead(&irp->Tail.Overlay.ListEntry);
            irp = NULL;
        }
    }
    KeReleaseSpinLock(&queue_lock, old);
    return irp;
}

static HANDLE pending_read(PDRIVER_DISPATCH routine)
{
    prepare();
    check_cancel = TRUE;
    lower[IRP_MJ_READ] = routine;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    o = (OVERLAPPED){0};
    ReadFile(h, buffer, 4, NULL, &o);
    return h;
}

static void routine_is_called(void)
{
    HANDLE h = pending_read(enqueue);
    assert_true(CancelIoEx(h, &o));
    assert_int_equal(calls[0], 1);
    assert_int_equal(irql_in_routine, DISPATCH_LEVEL);
    assert_int_equal(cancel_irql, PASSIVE_LEVEL);
    assert_true(device_in_routine == low);
    assert_true(cancel_in_routine);
    assert_true(routine_in_routine == NULL);
    assert_int_equal(status_of(o), STATUS_CANCELLED);
    assert_int_equal(o.InternalHigh, 0);
    CloseHandle(h);
}

/* The result is the driver's choice. */
static void success_despite_cancel(void)
{
    HANDLE h = pending_read(enqueue);
    cancel_status = STATUS_SUCCESS;
    CancelIoEx(h, &o);
    assert_int_equal(status_of(o), STATUS_SUCCESS);
    CloseHandle(h);
}

static NTSTATUS own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls[1]++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP send_own(void)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, own_done, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(up, irp), STATUS_PENDING);
    return irp;
}

static void value_of_IoCancelIrp(void)
{
    prepare();
    check_cancel = TRUE;
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = enqueue;
    PIRP irp = send_own();
    assert_true(IoCancelIrp(irp));
    assert_int_equal(calls[1], 1);
    assert_int_equal(irp->IoStatus.Status, STATUS_CANCELLED);
    IoFreeIrp(irp);
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = hold;
    irp = send_own();
    assert_false(IoCancelIrp(irp)); /* nobody to call, and the flag stays */
    assert_true(irp->Cancel);
    assert_false(IoCancelIrp(irp));
    let_go(STATUS_SUCCESS, 0);
    assert_true(irp->Cancel);
    IoFreeIrp(irp);
}

static void exchange(void)
{
    HANDLE h = pending_read(hold);
    PIRP irp = held[0];
    assert_true(IoSetCancelRoutine(irp, cancel_queued) == NULL);
    assert_true(IoSetCancelRoutine(irp, NULL) == cancel_queued);
    assert_true(IoSetCancelRoutine(irp, NULL) == NULL);
    let_go(STATUS_SUCCESS, 0);
    CloseHandle(h);
}

/* The losing order: a cancel before the routine is set is seen by the check after it. */
static NTSTATUS cancelled_first(PDEVICE_OBJECT device, PIRP irp)
{
    assert_false(IoCancelIrp(irp));
    return enqueue(device, irp);
}

static void cancelled_before_the_routine(void)
{
    HANDLE h = pending_read(cancelled_first);
    assert_int_equal(calls[0], 0);
    assert_int_equal(status_of(o), STATUS_CANCELLED);
    CloseHandle(h);
}

static NTSTATUS cancelled_unseen(PDEVICE_OBJECT device, PIRP irp)
{
    check_cancel = FALSE;
    IoCancelIrp(irp);
    return enqueue(device, irp);
}

static void cancel_is_lost(void)
{
    DWORD n;
    HANDLE h = pending_read(cancelled_unseen);
    GetOverlappedResult(h, &o, &n, TRUE);
}

static DWORD canceller(void *file)
{
    CancelIoEx(file, NULL);
    return 0;
}

/* Every order of cancel and completion ends in exactly one completion. */
static void race(void)
{
    HANDLE h = open_two(OVERLAPPED_FLAG), t;
    DWORD n;
    prepare();
    check_cancel = TRUE;
    lower[IRP_MJ_READ] = enqueue;
    t = CreateThread(NULL, 0, canceller, h, 0, NULL);
    OVERLAPPED r[3] = {{0}, {0}, {0}};
    for (unsigned i = 0; i < 3; i++)
        r[i].hEvent = CreateEventA(NULL, TRUE, FALSE, NULL), ReadFile(h, buffer, 4, NULL, &r[i]);
    for (PIRP irp; (irp = dequeue()) != NULL;)
        complete(irp, STATUS_SUCCESS, 0);
    for (unsigned i = 0; i < 3; i++) {
        BOOL done = GetOverlappedResult(h, &r[i], &n, TRUE);
        assert_true(done || GetLastError() == 995);
    }
    WaitForSingleObject(t, FOREVER);
    assert_true(IsListEmpty(&queue));
    CloseHandle(h);
}

/* Pattern B: the cancel spin lock is the queue's lock. */
static VOID cancel_under_lock(PDEVICE_OBJECT device, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS enqueue_under_lock(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    if (irp->Cancel) {
        IoReleaseCancelSpinLock(old);
        return complete(irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(irp);
    InsertTailList(&queue, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_under_lock);
    IoReleaseCancelSpinLock(old);
    return STATUS_PENDING;
}

static PIRP dequeue_under_lock(void)
{
    KIRQL old;
    PIRP irp = NULL;
    IoAcquireCancelSpinLock(&old);
    if (!IsListEmpty(&queue)) {
        irp = CONTAINING_RECORD(RemoveHeadList(&queue), IRP, Tail.Overlay.ListEntry);
        IoSetCancelRoutine(irp, NULL);
    }
    IoReleaseCancelSpinLock(old);
    return irp;
}

static void race_under_lock(void)
{
    HANDLE h = open_two(OVERLAPPED_FLAG);
    OVERLAPPED r = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
    DWORD n;
    prepare();
    lower[IRP_MJ_READ] = enqueue_under_lock;
    HANDLE t = CreateThread(NULL, 0, canceller, h, 0, NULL);
    bool pended = !ReadFile(h, buffer, 4, NULL, &r) && GetLastError() == 997; /* an error at once signals nothing */
    PIRP irp = dequeue_under_lock();
    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    assert_true(!pended || GetOverlappedResult(h, &r, &n, TRUE) || GetLastError() == 995);
    WaitForSingleObject(t, FOREVER);
    CloseHandle(h);
}

static void lock_levels(void)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void lock_twice(void)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    IoAcquireCancelSpinLock(&old);
}

static NTSTATUS complete_under_lock(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    complete(irp, STATUS_SUCCESS, 0);
    IoReleaseCancelSpinLock(old);
    return STATUS_SUCCESS;
}

static void completed_under_lock(void) { pending_read(complete_under_lock); }
static void kept_lock(void) { keep_lock = TRUE, CancelIoEx(pending_read(enqueue), &o); }
static void lock_taken_again(void) { take_lock_again = TRUE, CancelIoEx(pending_read(enqueue), &o); }
static void wrong_level(void) { wrong_irql = TRUE, CancelIoEx(pending_read(enqueue), &o); }
static void lowers_itself(void) { wrong_irql = lowers = TRUE, CancelIoEx(pending_read(enqueue), &o); }

static VOID cancel_and_forget(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static NTSTATUS complete_then_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_and_forget);
    held[0] = irp;
    return STATUS_PENDING;
}

static void cancel_of_freed(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoFreeIrp(irp);
    IoCancelIrp(irp);
}

/* The routine completes an IRP that the dequeuer, who ignored the exchange's NULL, completes too. */
static PIRP stolen;
static VOID cancel_stolen(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(stolen, STATUS_SUCCESS, 0);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS hold_stealable(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    stolen = irp;
    IoSetCancelRoutine(irp, cancel_stolen);
    return STATUS_PENDING;
}

static void completed_by_both(void) { CancelIoEx(pending_read(hold_stealable), &o); }
static void never_completed(void) { CancelIo(pending_read(complete_then_cancelable)); }
static void not_cancelable(void) { CancelIo(pending_read(hold)); }

/* A routine set on an IRP that is completed and waits for its thread to take it. */
static void cancel_of_completed(void)
{
    static KEVENT event;
    static IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    lower[IRP_MJ_DEVICE_CONTROL] = hold;
    PIRP irp = IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), up, NULL, 0, NULL, 0, FALSE, &event, &iosb);
    IoCallDriver(up, irp);
    KeEnterGuardedRegion(); /* keeps the last stage away */
    let_go(STATUS_SUCCESS, 0);
    IoSetCancelRoutine(irp, cancel_queued);
    IoCancelIrp(irp);
}

/* UP has a child IRP below for each parent: the parent's cancel cancels the child, whose completion completes the parent. */
static struct { PIRP parent, child; LONG volatile owners; } family;

static VOID cancel_parent(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    calls[2]++;
    IoCancelIrp(family.child);
    if (InterlockedDecrement(&family.owners) == 0)
        IoFreeIrp(family.child);
}

static NTSTATUS child_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PIRP parent = family.parent;
    bool cancelling = IoSetCancelRoutine(parent, NULL) == NULL; /* the canceller still uses the child */
    NTSTATUS status = irp->IoStatus.Status;
    calls[1]++;
    if (!cancelling || InterlockedDecrement(&family.owners) == 0)
        IoFreeIrp(irp);
    complete(parent, status, 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS have_child(PDEVICE_OBJECT device, PIRP irp)
{
    family.parent = irp;
    family.child = IoAllocateIrp(low->StackSize, FALSE);
    InterlockedExchange(&family.owners, 2);
    IoGetNextIrpStackLocation(family.child)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(family.child, child_done, NULL, TRUE, TRUE, TRUE);
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_parent);
    IoCallDriver(low, family.child);
    return STATUS_PENDING;
}

static void parent_and_child(void)
{
    prepare();
    check_cancel = TRUE;
    upper[IRP_MJ_READ] = have_child;
    lower[IRP_MJ_INTERNAL_DEVICE_CONTROL] = enqueue;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    o = (OVERLAPPED){0};
    ReadFile(h, buffer, 4, NULL, &o);
    assert_true(CancelIoEx(h, &o));
    assert_true(calls[0] == 1 && calls[1] == 1 && calls[2] == 1);
    assert_int_equal(status_of(o), STATUS_CANCELLED);
    CloseHandle(h);
}

/* V-LCK-10, 11: the cancel lock out of step. */
static void cancel_lock_released_first(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoReleaseCancelSpinLock(old);
}
static NTSTATUS keep_cancel_lock(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    succeed(device, irp);
    IoAcquireCancelSpinLock(&old);
    return STATUS_SUCCESS;
}
static void cancel_lock_kept_by_dispatch(void) { pending_read(keep_cancel_lock); }
static void cancel_lock_released_twice(void)
{
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    IoReleaseCancelSpinLock(DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(old);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-CAN-2: A cancel routine found on a completed IRP is CANCEL_STATE_IN_COMPLETED_IRP. */
static void W_CAN_2_completed(void **state) { reported(cancel_of_completed, 0x48, ~0ull); }

/* RULE W-CAN-13: Who holds a child IRP for a parent cancels the child and completes the parent from the child's completion routine. */
static void W_CAN_13_parent_and_child(void **state)
{
    shown(parent_and_child);
    shown_in_any_order(parent_and_child, 50);
}

/* RULE V-LCK-10: The cancel spin lock is released only by who acquired it, is acquired once, and is not held when the routine ends. */
/* RULE V-LCK-11: Acquire and release of the cancel spin lock alternate. */
static void V_LCK_10_cancel_lock(void **state)
{
    reported(cancel_lock_released_first, 0x10, ~0ull);
    reported(lock_twice, 0xF, ~0ull);
    reported(cancel_lock_kept_by_dispatch, 0xC4, 0x4000A);
    reported(cancel_lock_released_twice, 0x10, ~0ull);
}

/* RULE W-CAN-1: IoCancelIrp sets Cancel, takes the routine away and calls it at DISPATCH_LEVEL with the saved level in CancelIrql. */
/* RULE W-CAN-12: A cancelled request ends with STATUS_CANCELLED and no bytes. */
static void W_CAN_1_routine_is_called(void **state) { shown(routine_is_called); }

/* RULE W-CAN-1: IoCancelIrp is TRUE if a routine was called; without one Cancel stays set. */
/* RULE W-CAN-6: Irp->Cancel never goes back to FALSE for that request. */
static void W_CAN_1_value(void **state) { shown(value_of_IoCancelIrp); }

/* RULE W-CAN-11: Who cancels a request may not count on STATUS_CANCELLED: the request may end otherwise. */
/* RULE W-CAN-12: A request that was cancelled may end with success. */
static void W_CAN_12_success_despite_cancel(void **state) { shown(success_despite_cancel); }

/* RULE W-CAN-4: IoSetCancelRoutine exchanges the cancel routine in one step and returns the one before. */
static void W_CAN_4_exchange(void **state) { shown(exchange); }

/* RULE W-CAN-3: A cancel routine releases the cancel spin lock it was called with, once and to CancelIrql, or lowers to that itself. */
/* RULE V-CAN-3: A cancel routine that returns with the cancel spin lock held, or at another IRQL, is reported. */
static void W_CAN_3_gives_the_lock_back(void **state)
{
    reported(kept_lock, 0xC9, 5);
    reported(lock_taken_again, 0xF, ~0ull);
    reported(wrong_level, 0xC8, 2);
    shown(lowers_itself);
}

/* RULE W-CAN-5: The cancel spin lock raises to DISPATCH_LEVEL, is not recursive, and nothing is completed under it. */
static void W_CAN_5_lock(void **state)
{
    shown(lock_levels);
    reported(lock_twice, 0xF, ~0ull);
    reported(completed_under_lock, OWN_RULE, ~0ull);
}

/* RULE W-CAN-7: A driver with its own queue and lock looks at Irp->Cancel after setting the cancel routine, and so catches a cancel that came before. */
/* RULE W-CAN-9: Every order of cancellation and completion ends in one completion of the IRP. */
static void W_CAN_7_own_queue(void **state)
{
    shown(cancelled_before_the_routine);
    shown(race);
    shown_in_any_order(race, 300);
}

/* RULE W-CAN-8: The cancel spin lock may serve as the lock of a driver's queue. */
static void W_CAN_8_cancel_lock_as_queue_lock(void **state) { shown_in_any_order(race_under_lock, 300); }

/* RULE V-IRP-13: A driver that does not look at Irp->Cancel after setting its cancel routine loses the cancel. */
static void V_IRP_13_cancel_not_looked_at(void **state) { reported(cancel_is_lost, 0xC4, 0x135); }

/* RULE V-CAN-4: A cancel routine that completes what is completed already is reported. */
static void V_CAN_4_completed_by_both(void **state) { reported(completed_by_both, 0x44, ~0ull); }

/* RULE V-CAN-5: IoCancelIrp on a freed IRP is reported. */
static void V_CAN_5_cancel_of_a_freed_irp(void **state) { reported(cancel_of_freed, 0xC9, 0x205); }

/* RULE V-CAN-6: A pended request that cannot be cancelled, or is cancelled and not completed, is reported when its time is over. */
static void V_CAN_6_not_completed(void **state)
{
    reported(never_completed, 0xC4, 0x135);
    reported(not_cancelable, 0xC4, 0x135);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_CAN_1_routine_is_called), cmocka_unit_test(W_CAN_1_value), cmocka_unit_test(W_CAN_12_success_despite_cancel),
        cmocka_unit_test(W_CAN_4_exchange), cmocka_unit_test(W_CAN_3_gives_the_lock_back), cmocka_unit_test(W_CAN_5_lock),
        cmocka_unit_test(W_CAN_7_own_queue), cmocka_unit_test(W_CAN_8_cancel_lock_as_queue_lock), cmocka_unit_test(V_IRP_13_cancel_not_looked_at),
        cmocka_unit_test(W_CAN_2_completed), cmocka_unit_test(W_CAN_13_parent_and_child), cmocka_unit_test(V_LCK_10_cancel_lock),
        cmocka_unit_test(V_CAN_4_completed_by_both), cmocka_unit_test(V_CAN_5_cancel_of_a_freed_irp), cmocka_unit_test(V_CAN_6_not_completed),
    };
    return cmocka_run_group_tests(tests);
}
