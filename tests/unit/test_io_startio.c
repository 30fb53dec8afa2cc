/* Device queues and the StartIo model: W-SIO-1..7, V-SIO-2, V-SIO-3, V-IRP-14. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KDEVICE_QUEUE queue;
static KDEVICE_QUEUE_ENTRY entry[6];
static char data[16];

/* ---- W-SIO-1: the queue by itself ---- */

static KIRQL raise(void)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    return irql;
}

static void first_come_first_served(void)
{
    KeInitializeDeviceQueue(&queue);
    KIRQL irql = raise();
    assert_false(KeInsertDeviceQueue(&queue, &entry[0])); /* not queued: the queue is busy with it */
    assert_true(queue.Busy && !entry[0].Inserted);
    for (unsigned i = 1; i < 4; i++)
        assert_true(KeInsertDeviceQueue(&queue, &entry[i]));
    assert_true(KeRemoveDeviceQueue(&queue) == &entry[1] && !entry[1].Inserted);
    assert_true(KeRemoveEntryDeviceQueue(&queue, &entry[2]));
    assert_false(KeRemoveEntryDeviceQueue(&queue, &entry[2])); /* it is out */
    assert_true(KeRemoveDeviceQueue(&queue) == &entry[3]);
    assert_true(queue.Busy);
    assert_true(KeRemoveDeviceQueue(&queue) == NULL);
    assert_false(queue.Busy);
    assert_true(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == NULL);
    assert_false(KeInsertByKeyDeviceQueue(&queue, &entry[0], 9));
    KeLowerIrql(irql);
}

static void sorted(void)
{
    static const ULONG key[5] = {5, 3, 5, 9, 1};
    KeInitializeDeviceQueue(&queue);
    KIRQL irql = raise();
    assert_false(KeInsertByKeyDeviceQueue(&queue, &entry[5], 0));
    for (unsigned i = 0; i < 5; i++)
        assert_true(KeInsertByKeyDeviceQueue(&queue, &entry[i], key[i]));
    assert_true(KeRemoveByKeyDeviceQueue(&queue, 4) == &entry[0]); /* the first 5, then the second */
    assert_true(KeRemoveByKeyDeviceQueue(&queue, 5) == &entry[2]);
    assert_true(KeRemoveByKeyDeviceQueueIfBusy(&queue, 10) == &entry[4]); /* around to the first */
    assert_true(KeRemoveDeviceQueue(&queue) == &entry[1]);
    assert_true(KeRemoveDeviceQueue(&queue) == &entry[3]);
    assert_true(KeRemoveByKeyDeviceQueue(&queue, 0) == NULL && !queue.Busy);
    KeLowerIrql(irql);
}

static void inserted_below_dispatch(void)
{
    KeInitializeDeviceQueue(&queue);
    KeInsertDeviceQueue(&queue, &entry[0]);
}
static void removed_when_idle(void)
{
    KeInitializeDeviceQueue(&queue);
    raise();
    KeRemoveDeviceQueue(&queue);
}
static void entry_inserted_twice(void)
{
    KeInitializeDeviceQueue(&queue);
    raise();
    for (unsigned i = 0; i < 3; i++)
        KeInsertDeviceQueue(&queue, &entry[i / 2 + 1]);
    KeInsertDeviceQueue(&queue, &entry[2]);
}
static void queue_never_initialised(void)
{
    memset(&queue, 0, sizeof queue);
    raise();
    KeInsertDeviceQueue(&queue, &entry[0]);
}

/* ---- A driver that starts packets: each takes a millisecond ---- */

static KTIMER timer;
static KDPC done_dpc;
static unsigned started, running, most_running, done;
static ULONG order[32];
static bool with_cancel, with_key, at_once, twice, never_next;

static ULONG key_of(PIRP irp) { return IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length; }

static void finish(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status)
{
    running--;
    done++;
    if (!never_next)
        IoStartNextPacket(device, with_cancel);
    if (twice)
        IoStartNextPacket(device, with_cancel);
    complete(irp, status, 0);
}

static VOID packet_done(PKDPC dpc, PVOID context, PVOID a, PVOID b) { finish(context, ((PDEVICE_OBJECT)context)->CurrentIrp, STATUS_SUCCESS); }

static void work_on(PDEVICE_OBJECT device, PIRP irp)
{
    LARGE_INTEGER soon = {.QuadPart = -10000};
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_true(device->CurrentIrp == irp);
    order[started++ % 32] = key_of(irp);
    if (++running > most_running)
        most_running = running;
    if (at_once)
        finish(device, irp, STATUS_SUCCESS);
    else
        KeSetTimer(&timer, soon, &done_dpc);
}

static VOID start_plain(PDEVICE_OBJECT device, PIRP irp) { work_on(device, irp); }

/* The packet may be cancelled until this routine takes its cancel routine away (W-SIO-5). */
static VOID start_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    if (irp != device->CurrentIrp || !IoSetCancelRoutine(irp, NULL)) { /* the cancel routine has it */
        IoReleaseCancelSpinLock(irql);
        return;
    }
    bool cancelled = irp->Cancel; /* before there was a routine */
    IoReleaseCancelSpinLock(irql);
    if (cancelled) {
        running++;
        finish(device, irp, STATUS_CANCELLED);
    } else {
        work_on(device, irp);
    }
}

static unsigned cancelled_current, cancelled_queued;

static VOID cancel_packet(PDEVICE_OBJECT device, PIRP irp)
{
    if (irp == device->CurrentIrp) {
        KIRQL irql;
        IoReleaseCancelSpinLock(irp->CancelIrql);
        cancelled_current++;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        IoStartNextPacket(device, TRUE);
        KeLowerIrql(irql);
    } else {
        bool queued = KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
        IoReleaseCancelSpinLock(irp->CancelIrql);
        if (!queued)
            return;
        cancelled_queued++;
    }
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS start_read(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG key = key_of(irp);
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, with_key ? &key : NULL, with_cancel ? cancel_packet : NULL);
    return STATUS_PENDING;
}

static void ready(PDRIVER_STARTIO routine)
{
    low->DriverObject->DriverStartIo = routine;
    lower[IRP_MJ_READ] = start_read;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&done_dpc, packet_done, low);
}

#define READS 6
static OVERLAPPED o[READS];

static HANDLE read_all(const ULONG *key)
{
    HANDLE h = open_two(OVERLAPPED_FLAG);
    for (unsigned i = 0; i < READS; i++)
        ReadFile(h, data, key ? key[i] : i, NULL, &o[i]);
    return h;
}

/* ---- W-SIO-2, 3 ---- */

static void one_after_the_other(void)
{
    ready(start_plain);
    HANDLE h = read_all(NULL);
    assert_int_equal(started, 1);
    Sleep(20);
    assert_true(started == READS && done == READS && most_running == 1 && low->CurrentIrp == NULL && !low->DeviceQueue.Busy);
    for (unsigned i = 0; i < READS; i++)
        assert_true(order[i] == i && status_of(o[i]) == STATUS_SUCCESS);
    CloseHandle(h);
}

static void by_key(void)
{
    static const ULONG key[READS] = {8, 7, 3, 5, 3, 1}, sorted_key[READS] = {8, 1, 3, 3, 5, 7};
    with_key = true;
    ready(start_plain);
    HANDLE h = read_all(key);
    Sleep(20);
    for (unsigned i = 0; i < READS; i++)
        assert_int_equal(order[i], sorted_key[i]);
    CloseHandle(h);
}

static VOID next_by_key(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PIRP irp = low->CurrentIrp;
    ULONG key = key_of(irp);
    running--;
    IoStartNextPacketByKey(low, FALSE, key); /* as an elevator goes up */
    complete(irp, STATUS_SUCCESS, 0);
}
static void elevator(void)
{
    static const ULONG key[READS] = {4, 9, 1, 6, 2, 5}, up_key[READS] = {4, 5, 6, 9, 1, 2};
    with_key = true;
    ready(start_plain);
    KeInitializeDpc(&done_dpc, next_by_key, NULL);
    HANDLE h = read_all(key);
    Sleep(20);
    for (unsigned i = 0; i < READS; i++)
        assert_int_equal(order[i], up_key[i]);
    CloseHandle(h);
}

static VOID start_by_key(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG key = key_of(irp);
    if (started == 0) { /* until the others are queued */
        work_on(device, irp);
        return;
    }
    order[started++] = key;
    IoStartNextPacketByKey(device, FALSE, key); /* deferred, with its key */
    complete(irp, STATUS_SUCCESS, 0);
}
static void deferred_elevator(void)
{
    static const ULONG key[READS] = {4, 9, 1, 6, 2, 5}, up_key[READS] = {4, 5, 6, 9, 1, 2};
    with_key = true;
    ready(start_by_key);
    IoSetStartIoAttributes(low, TRUE, FALSE);
    KeInitializeDpc(&done_dpc, next_by_key, NULL);
    HANDLE h = read_all(key);
    Sleep(20);
    for (unsigned i = 0; i < READS; i++)
        assert_int_equal(order[i], up_key[i]);
    CloseHandle(h);
}

/* ---- W-SIO-2, 5, 6: cancellation ---- */

static void cancelable_ready(void)
{
    with_cancel = true;
    ready(start_cancelable);
    IoSetStartIoAttributes(low, TRUE, FALSE);
}

static void cancelled_in_the_queue(void)
{
    cancelable_ready();
    HANDLE h = read_all(NULL);
    assert_true(CancelIoEx(h, &o[2]));
    assert_true(CancelIoEx(h, &o[0])); /* the current one: no cancel routine any more */
    Sleep(20);
    assert_true(cancelled_queued == 1 && started == READS - 1 && status_of(o[2]) == STATUS_CANCELLED && status_of(o[0]) == STATUS_SUCCESS);
    CloseHandle(h);
}

static NTSTATUS cancel_then_start(PDEVICE_OBJECT device, PIRP irp)
{
    IoCancelIrp(irp);
    return start_read(device, irp);
}

static void cancelled_before(void)
{
    cancelable_ready();
    lower[IRP_MJ_READ] = cancel_then_start;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 1, NULL, &o[0]); /* idle: StartIo is called and finds out */
    Sleep(1);
    assert_true(status_of(o[0]) == STATUS_CANCELLED && started == 0 && cancelled_queued == 0);
    lower[IRP_MJ_READ] = start_read;
    ReadFile(h, data, 1, NULL, &o[1]);
    lower[IRP_MJ_READ] = cancel_then_start;
    ReadFile(h, data, 1, NULL, &o[2]); /* busy: its cancel routine is called */
    Sleep(5);
    assert_true(status_of(o[1]) == STATUS_SUCCESS && status_of(o[2]) == STATUS_CANCELLED && cancelled_queued == 1 && started == 1);
    CloseHandle(h);
}

static DWORD cancel_some(void *file)
{
    for (unsigned i = 0; i < READS; i++)
        CancelIoEx(file, &o[i]);
    return 0;
}

static void wait_for_all(void)
{
    for (unsigned i = 0; i < READS; i++)
        while (status_of(o[i]) == STATUS_PENDING)
            Sleep(1);
}

static void cancelled_at_any_time(void)
{
    cancelable_ready();
    HANDLE h = open_two(OVERLAPPED_FLAG), t = CreateThread(NULL, 0, cancel_some, h, 0, NULL);
    for (unsigned i = 0; i < READS; i++)
        ReadFile(h, data, i, NULL, &o[i]);
    WaitForSingleObject(t, FOREVER);
    wait_for_all(); /* the clock may be faster than the driver */
    unsigned cancelled = 0;
    for (unsigned i = 0; i < READS; i++) {
        assert_true(status_of(o[i]) == STATUS_SUCCESS || status_of(o[i]) == STATUS_CANCELLED);
        cancelled += status_of(o[i]) == STATUS_CANCELLED;
    }
    assert_true(cancelled_current + cancelled_queued <= cancelled && !low->DeviceQueue.Busy && running == 0);
    CloseHandle(h);
}

/* ---- W-SIO-4: attributes ---- */

static unsigned depth, deepest;
static VOID start_at_once(PDEVICE_OBJECT device, PIRP irp)
{
    assert_true(irp->CancelRoutine == NULL);
    if (++depth > deepest)
        deepest = depth;
    if (started == 0) { /* until the others are queued */
        LARGE_INTEGER soon = {.QuadPart = -10000};
        started++;
        running++;
        KeSetTimer(&timer, soon, &done_dpc);
    } else {
        at_once = true;
        work_on(device, irp);
    }
    depth--;
}

static void read_at_once(bool deferred, bool noncancelable)
{
    with_cancel = noncancelable;
    ready(start_at_once);
    IoSetStartIoAttributes(low, deferred, noncancelable);
    HANDLE h = read_all(NULL);
    Sleep(20);
    assert_true(started == READS && done == READS && deepest == 1);
    CloseHandle(h);
}
static void deferred_calls(void) { read_at_once(true, true); }
static void recursive_calls(void) { read_at_once(false, true); }

static VOID start_and_set(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, cancel_packet);
    IoSetCancelRoutine(irp, NULL);
    work_on(device, irp);
}
static void set_routine(bool noncancelable)
{
    ready(start_and_set);
    IoSetStartIoAttributes(low, FALSE, noncancelable);
    HANDLE h = read_all(NULL);
    Sleep(20);
    CloseHandle(h);
}
static void cancel_routine_for_noncancelable(void) { set_routine(true); }
static void cancel_routine_for_cancelable(void) { set_routine(false); }

/* ---- Misuse ---- */

static void started_next_twice(void)
{
    twice = true;
    ready(start_plain);
    read_four();
}

/* With deferred calls the first is remembered until StartIo returns, and there can be one of them. */
static void deferred_twice(void)
{
    twice = at_once = true;
    ready(start_plain);
    IoSetStartIoAttributes(low, TRUE, FALSE);
    read_four();
}

static DWORD read_in_thread(void *argument)
{
    read_four();
    return 0;
}
static void never_started_next(void)
{
    never_next = true;
    ready(start_plain);
    HANDLE t = CreateThread(NULL, 0, read_in_thread, NULL, 0, NULL);
    read_four(); /* one of both waits for ever */
    WaitForSingleObject(t, FOREVER);
}
static void nobody_waits(void)
{
    never_next = true;
    ready(start_plain);
    read_four();
}

static void no_start_io(void)
{
    ready(NULL);
    read_four();
}
static void next_below_dispatch(void)
{
    ready(start_plain);
    IoStartNextPacket(low, FALSE);
}
static KSPIN_LOCK lock;
static void next_under_a_lock(void)
{
    KIRQL irql;
    ready(start_plain);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    IoStartNextPacket(low, FALSE);
}

/* The packet may be complete when IoStartPacket returns. */
static NTSTATUS start_then_mark(PDEVICE_OBJECT device, PIRP irp)
{
    IoStartPacket(device, irp, NULL, NULL);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}
static VOID start_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    complete(irp, STATUS_SUCCESS, 0);
}
static void marked_after_the_start(void)
{
    ready(start_and_complete);
    lower[IRP_MJ_READ] = start_then_mark;
    read_four();
}

#pragma clang section text = "" data = "" bss = ""

static void breaks(void (*body)(void), const char *name, const char *rule)
{
    unit_expected_rule = rule;
    two_reported(body, name, OWN_RULE, ~0ull);
}
#define breaks_rule(body, rule) breaks(body, #body, rule)

/* RULE W-SIO-1: A device queue keeps what arrives while it is busy, in order or by key; who finds nothing more in it makes it idle. */
static void W_SIO_1_device_queues(void **state)
{
    shown(first_come_first_served);
    shown(sorted);
    reported(inserted_below_dispatch, 0xC4, 0x20003);
    breaks_rule(removed_when_idle, "W-SIO-1");
    breaks_rule(entry_inserted_twice, "W-SIO-1");
    breaks_rule(queue_never_initialised, "W-SIO-1");
}

/* RULE W-SIO-2: IoStartPacket gives the packet to an idle device's StartIo at DISPATCH_LEVEL and queues it for a busy one, where an early cancel is noticed. */
/* RULE W-SIO-3: IoStartNextPacket starts the next packet, by key if asked, or makes the device idle. */
static void W_SIO_2_packets(void **state)
{
    shown(one_after_the_other);
    shown(by_key);
    shown(elevator);
    shown(cancelled_before);
    unit_expected_rule = "V-IRP-11";
    reported(marked_after_the_start, 0x44, ~0ull);
}

/* RULE W-SIO-4: With DeferredStartIo a packet is started after StartIo returned, and with NonCancelable its cancel routine is taken away first. */
static void W_SIO_4_attributes(void **state)
{
    shown(deferred_calls);
    shown(deferred_elevator);
}

/* RULE W-SIO-5: StartIo takes the cancel routine away under the cancel spin lock, and leaves a packet alone that its cancel routine has. */
/* RULE W-SIO-6: A cancel routine takes its packet out of the device's queue, or the current one over. */
static void W_SIO_6_cancellation(void **state)
{
    shown(cancelled_in_the_queue);
    shown(cancelled_at_any_time);
    shown_in_any_order(cancelled_at_any_time, 200);
}

/* RULE W-SIO-7: Packets are only for drivers with a StartIo routine. */
static void W_SIO_7_no_start_io(void **state)
{
    breaks_rule(no_start_io, "W-SIO-7");
    reported(next_below_dispatch, 0xC4, 0x20003);
    breaks_rule(next_under_a_lock, "V-LCK-9");
}

/* RULE V-SIO-2: IoStartNextPacket in a StartIo routine whose calls are not deferred is reported. */
static void V_SIO_2_recursion(void **state) { breaks_rule(recursive_calls, "V-SIO-2"); }

/* RULE V-SIO-3: A second IoStartNextPacket for one packet is reported, and a missing one when requests wait for it. */
static void V_SIO_3_next_packet(void **state)
{
    unit_wants_report = true;
    breaks_rule(started_next_twice, "V-SIO-3");
    assert_true(strstr(unit_report, "which has no packet") != NULL);
    unit_wants_report = true;
    breaks_rule(deferred_twice, "V-SIO-3");
    assert_true(strstr(unit_report, "a second time") != NULL);
    breaks_rule(never_started_next, "V-SIO-3");
    shown(nobody_waits);
}

/* RULE V-IRP-14: A cancel routine for the current packet of a device whose packets are noncancelable is reported. */
static void V_IRP_14_noncancelable(void **state)
{
    breaks_rule(cancel_routine_for_noncancelable, "V-IRP-14");
    shown(cancel_routine_for_cancelable);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_SIO_1_device_queues), cmocka_unit_test(W_SIO_2_packets), cmocka_unit_test(W_SIO_4_attributes),
        cmocka_unit_test(W_SIO_6_cancellation), cmocka_unit_test(W_SIO_7_no_start_io), cmocka_unit_test(V_SIO_2_recursion),
        cmocka_unit_test(V_SIO_3_next_packet), cmocka_unit_test(V_IRP_14_noncancelable),
    };
    return cmocka_run_group_tests(tests);
}
