/*
 * The last part of a completion, in the requester's thread, while that thread is still inside the dispatch routine (W-APC-1, W-CMP-10), and what then keeps the file
 * (W-FIL-6).
 */
#include "two_devices.h"

static unsigned ended_inside; /* lives in which the request ended, or the file was closed, while the dispatch routine ran */

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define LOOKS 30

static LONG volatile cleanups, closes, looks;
static int completed; /* atomic: IoCompleteRequest has returned */
static int closes_inside;
static bool seen_inside;   /* the dispatch routine still ran by then */
static PFILE_OBJECT seen_file;
static char data[4];
static OVERLAPPED o;
static HANDLE file;

static LONG now(LONG volatile *counter) { return InterlockedCompareExchange(counter, 0, 0); }

static HANDLE start(DWORD (*routine)(void *)) { return CreateThread(NULL, 0, routine, NULL, 0, NULL); }

static void join(HANDLE t)
{
    WaitForSingleObject(t, FOREVER);
    CloseHandle(t);
}

static void let_others_run(void)
{
    LARGE_INTEGER interval = {.QuadPart = -50000};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

/* ---- When the APC comes ---- */

static bool ended_meanwhile(void) { return __atomic_load_n(&completed, __ATOMIC_ACQUIRE); }

/* Whenever the driver's code goes on behind a point where others may have run, the APC has come if it was due. */
static NTSTATUS look(PDEVICE_OBJECT device, PIRP irp)
{
    hold(device, irp);
    for (int i = 0; i < LOOKS; i++) {
        InterlockedIncrement(&looks);
        if (ended_meanwhile()) {
            assert_true(status_of(o) == STATUS_SUCCESS);
            seen_inside = true;
            break;
        }
    }
    return STATUS_PENDING;
}

static void look_while_held_off(void)
{
    for (int i = 0; i < LOOKS; i++) {
        InterlockedIncrement(&looks);
        if (ended_meanwhile()) {
            assert_true(status_of(o) == STATUS_PENDING);
            seen_inside = true;
        }
    }
    let_others_run();
    assert_true(status_of(o) == STATUS_PENDING); /* in a wait neither */
    seen_inside |= ended_meanwhile();
}

static void look_again(void) { assert_true(!seen_inside || status_of(o) == STATUS_SUCCESS); }

static NTSTATUS look_guarded(PDEVICE_OBJECT device, PIRP irp)
{
    KeEnterGuardedRegion();
    hold(device, irp);
    look_while_held_off();
    KeLeaveGuardedRegion();
    look_again();
    return STATUS_PENDING;
}

static NTSTATUS look_raised(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    hold(device, irp);
    look_while_held_off();
    KeLowerIrql(old);
    look_again();
    return STATUS_PENDING;
}

static NTSTATUS look_with_mutex(PDEVICE_OBJECT device, PIRP irp)
{
    KGUARDED_MUTEX guarded;
    FAST_MUTEX fast;
    KeInitializeGuardedMutex(&guarded);
    ExInitializeFastMutex(&fast);
    KeAcquireGuardedMutex(&guarded);
    hold(device, irp);
    ExAcquireFastMutex(&fast);
    look_while_held_off();
    ExReleaseFastMutex(&fast);
    assert_true(!seen_inside || status_of(o) == STATUS_PENDING);
    KeReleaseGuardedMutex(&guarded);
    look_again();
    return STATUS_PENDING;
}

/* Only normal APCs are held off here. */
static NTSTATUS look_in_critical_region(PDEVICE_OBJECT device, PIRP irp)
{
    KeEnterCriticalRegion();
    NTSTATUS status = look(device, irp);
    KeLeaveCriticalRegion();
    return status;
}

static DWORD let_it_go(void *argument)
{
    KIRQL irql;
    for (;;) {
        KeAcquireSpinLock(&held_lock, &irql);
        bool any = held_count != 0;
        KeReleaseSpinLock(&held_lock, irql);
        if (any)
            break;
        Sleep(1);
    }
    let_go(STATUS_SUCCESS, 0);
    __atomic_store_n(&completed, 1, __ATOMIC_RELEASE);
    return 0;
}

static void completed_inside(PDRIVER_DISPATCH routine)
{
    lower[IRP_MJ_READ] = routine;
    file = open_two(OVERLAPPED_FLAG);
    HANDLE t = start(let_it_go);
    ReadFile(file, data, 4, NULL, &o);
    join(t);
    assert_true(status_of(o) == STATUS_SUCCESS);
    ended_inside += seen_inside;
    CloseHandle(file);
}

static void delivered(void) { completed_inside(look); }
static void delivered_in_critical_region(void) { completed_inside(look_in_critical_region); }
static void held_by_guarded_region(void) { completed_inside(look_guarded); }
static void held_by_level(void) { completed_inside(look_raised); }
static void held_by_mutexes(void) { completed_inside(look_with_mutex); }

/* ---- What keeps the file ---- */

static NTSTATUS note_create(PDEVICE_OBJECT device, PIRP irp)
{
    seen_file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    return succeed(device, irp);
}

static NTSTATUS note_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    InterlockedIncrement(&cleanups);
    return succeed(device, irp);
}

static NTSTATUS note_close(PDEVICE_OBJECT device, PIRP irp)
{
    InterlockedIncrement(&closes);
    return succeed(device, irp);
}

static NTSTATUS hold_and_linger(PDEVICE_OBJECT device, PIRP irp)
{
    hold(device, irp);
    while (!now(&cleanups))
        let_others_run();
    let_others_run();
    closes_inside = now(&closes);
    return STATUS_PENDING;
}

/* A driver that goes on with the file when it may be closed keeps it by a reference of its own. */
static NTSTATUS hold_with_reference(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT kept = IoGetCurrentIrpStackLocation(irp)->FileObject;
    ObReferenceObject(kept);
    NTSTATUS status = hold_and_linger(device, irp);
    assert_true(kept == seen_file);
    ObDereferenceObject(kept);
    return status;
}

static DWORD complete_and_close(void *argument)
{
    let_it_go(NULL);
    CloseHandle(file);
    return 0;
}

static DWORD close_and_complete(void *argument)
{
    Sleep(1);
    CloseHandle(file);
    let_it_go(NULL);
    return 0;
}

static void read_and_close(PDRIVER_DISPATCH reader, DWORD flags, DWORD (*other)(void *))
{
    DWORD count;
    lower[IRP_MJ_CREATE] = note_create, lower[IRP_MJ_CLEANUP] = note_cleanup, lower[IRP_MJ_CLOSE] = note_close, lower[IRP_MJ_READ] = reader;
    file = open_two(flags);
    HANDLE t = start(other);
    ReadFile(file, data, 4, &count, flags ? &o : NULL);
    join(t);
    Sleep(1); /* it may be a worker that sends CLOSE */
    assert_int_equal(now(&cleanups), 1);
    assert_int_equal(now(&closes), 1);
    ended_inside += closes_inside == 1;
}

/* The last reference goes with the handle, in the other thread ... */
static void closed_inside_by_handle(void) { read_and_close(hold_and_linger, OVERLAPPED_FLAG, complete_and_close); }

/* ... or with the IRP, in the APC, where no CLOSE can be sent: a worker does it. */
static void closed_inside_by_irp(void) { read_and_close(hold_and_linger, OVERLAPPED_FLAG, close_and_complete); }

static void synchronous_is_kept(void)
{
    read_and_close(hold_and_linger, 0, complete_and_close);
    assert_int_equal(closes_inside, 0);
}

static void referenced_is_kept(void)
{
    read_and_close(hold_with_reference, OVERLAPPED_FLAG, complete_and_close);
    assert_int_equal(closes_inside, 0);
}

/* ---- Packets of files that want none for what ends at once ---- */

static NTSTATUS complete_pended(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static void packets(void)
{
    DWORD count;
    ULONG_PTR key;
    OVERLAPPED *which;
    file = open_two(OVERLAPPED_FLAG);
    HANDLE port = CreateIoCompletionPort(file, NULL, 5, 0);
    assert_true(SetFileCompletionNotificationModes(file, 1));
    assert_true(ReadFile(file, data, 4, NULL, &o));
    assert_false(GetQueuedCompletionStatus(port, &count, &key, &which, 0));
    lower[IRP_MJ_READ] = complete_pended;
    assert_false(ReadFile(file, data, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_true(GetQueuedCompletionStatus(port, &count, &key, &which, 0) && which == &o);
    lower[IRP_MJ_READ] = hold_and_linger;
    HANDLE t = start(complete_and_close); /* the file is gone when the call comes back */
    assert_false(ReadFile(file, data, 4, NULL, &o));
    join(t);
    assert_true(GetQueuedCompletionStatus(port, &count, &key, &which, 0) && which == &o);
    CloseHandle(port);
}

static void packets_noted(void)
{
    lower[IRP_MJ_CLEANUP] = note_cleanup, lower[IRP_MJ_CLOSE] = note_close;
    packets();
    assert_int_equal(closes_inside, 1);
}

#pragma clang section text = "" data = "" bss = ""

static void in_any_order(void (*body)(void))
{
    ended_inside = 0;
    shown(body);
    shown_in_any_order(body, 60);
    assert_true(ended_inside > 5); /* or nothing was shown */
}

/* RULE W-APC-1: The APC that ends a request comes at any point of its own dispatch routine below APC_LEVEL, in a critical region too. */
/* RULE W-CMP-10: The requester's thread sees the result as soon as it can take an APC, while the dispatch routine still runs. */
static void W_APC_1_inside_the_dispatch_routine(void **state)
{
    in_any_order(delivered);
    in_any_order(delivered_in_critical_region);
}

/* RULE W-APC-1: A guarded region, a guarded or fast mutex and APC_LEVEL hold that APC off; it comes when they end. */
/* RULE W-LCK-1: A guarded region holds all APCs. */
/* RULE W-LCK-3: Who owns a guarded mutex gets no APC. */
static void W_APC_1_held_off(void **state)
{
    in_any_order(held_by_guarded_region);
    in_any_order(held_by_level);
    in_any_order(held_by_mutexes);
}

/* RULE W-FIL-6: Of a file that is not synchronous an IRP holds the only reference of its call: CLEANUP and CLOSE may come before the dispatch routine returns. */
/* RULE W-CMP-8: The end of a request drops its reference of the file. */
static void W_FIL_6_closed_inside_the_dispatch_routine(void **state)
{
    in_any_order(closed_inside_by_handle);
    in_any_order(closed_inside_by_irp);
}

/* RULE W-FIL-5: The call on a synchronous file keeps the file until it comes back. */
/* RULE W-FIL-6: A reference of the driver's own keeps the file from CLOSE. */
static void W_FIL_6_kept(void **state)
{
    shown(synchronous_is_kept);
    shown(referenced_is_kept);
    shown_in_any_order(synchronous_is_kept, 60);
    shown_in_any_order(referenced_is_kept, 60);
}

/* RULE W-U-10: FILE_SKIP_COMPLETION_PORT_ON_SUCCESS leaves out the packet of what ends before the call comes back, not of what was pended. */
static void W_U_10_packets_that_are_left_out(void **state) { shown(packets_noted); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_APC_1_inside_the_dispatch_routine), cmocka_unit_test(W_APC_1_held_off),
        cmocka_unit_test(W_FIL_6_closed_inside_the_dispatch_routine), cmocka_unit_test(W_FIL_6_kept),
        cmocka_unit_test(W_U_10_packets_that_are_left_out),
    };
    return cmocka_run_group_tests(tests);
}
