/* Device timers, DpcForIsr, I/O work items, named events, and waits that termination cannot end: W-TMR-7, W-DPC-5, W-THR-4, W-THR-6, W-KE-8, W-KE-26. */
#include "two_devices.h"

#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static LONG volatile ticks;
static KIRQL seen_irql;
static PVOID seen_context, seen_irp;
static PDEVICE_OBJECT seen_device;
static KEVENT event, other_event;
static PIO_WORKITEM item;
static ULONG size_of_item;

static LONG now(LONG volatile *counter) { return InterlockedCompareExchange(counter, 0, 0); }

/* ---- The timer of a device ---- */

static VOID tick(PDEVICE_OBJECT device, PVOID context)
{
    seen_device = device;
    seen_context = context;
    seen_irql = KeGetCurrentIrql();
    InterlockedIncrement(&ticks);
}

static void device_timer(void)
{
    assert_int_equal(IoInitializeTimer(low, tick, (PVOID)&ticks), STATUS_SUCCESS);
    Sleep(3000);
    assert_int_equal(now(&ticks), 0);
    IoStartTimer(low);
    IoStartTimer(low); /* it runs already */
    Sleep(3500);
    assert_int_equal(now(&ticks), 3);
    assert_true(seen_device == low && seen_context == &ticks && seen_irql == DISPATCH_LEVEL);
    IoStopTimer(low);
    Sleep(3000);
    assert_int_equal(now(&ticks), 3);
    IoStartTimer(low);
    Sleep(1500);
    IoStopTimer(low);
    assert_int_equal(now(&ticks), 4);
}
static void timer_twice(void)
{
    IoInitializeTimer(low, tick, NULL);
    IoInitializeTimer(low, tick, NULL);
}
static void timer_left_running(void)
{
    IoInitializeTimer(low, tick, NULL);
    IoStartTimer(low);
}
static void timer_never_made(void) { IoStartTimer(low); }

/* ---- DpcForIsr ---- */

static VOID dpc_for_isr(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    seen_device = device;
    seen_irp = irp;
    seen_context = context;
    seen_irql = KeGetCurrentIrql();
    InterlockedIncrement(&ticks);
}

static void dpc_requests(void)
{
    KIRQL old;
    IoInitializeDpcRequest(low, dpc_for_isr);
    KeRaiseIrql(5, &old); /* as an interrupt routine does */
    IoRequestDpc(low, (PIRP)&event, (PVOID)11);
    IoRequestDpc(low, (PIRP)&other_event, (PVOID)22); /* still queued: one DPC for both interrupts */
    assert_int_equal(now(&ticks), 0);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    assert_int_equal(now(&ticks), 1);
    assert_true(seen_device == low && seen_irp == &event && seen_context == (PVOID)11 && seen_irql == DISPATCH_LEVEL);
    IoRequestDpc(low, NULL, (PVOID)33);
    KeFlushQueuedDpcs();
    assert_true(now(&ticks) == 2 && seen_context == (PVOID)33);
}

/* ---- Work items ---- */

static VOID work(PDEVICE_OBJECT device, PVOID context)
{
    seen_device = device;
    seen_context = context;
    seen_irql = KeGetCurrentIrql();
    assert_true(PsIsSystemThread(PsGetCurrentThread()));
    InterlockedIncrement(&ticks);
    KeSetEvent(&event, 0, FALSE);
}

static VOID work_again(PVOID object, PVOID context, PIO_WORKITEM own)
{
    seen_device = object;
    if (InterlockedIncrement(&ticks) < 3) {
        IoQueueWorkItemEx(own, work_again, DelayedWorkQueue, context); /* it is out of the queue */
        return;
    }
    IoFreeWorkItem(own);
    KeSetEvent(&event, 0, FALSE);
}

static VOID slow_work(PDEVICE_OBJECT device, PVOID context)
{
    LARGE_INTEGER interval = {.QuadPart = -50000};
    KeSetEvent(&event, 0, FALSE);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    InterlockedIncrement(&ticks);
    IoFreeWorkItem(item);
}

static VOID raising_work(PDEVICE_OBJECT device, PVOID context)
{
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
}
static VOID region_work(PDEVICE_OBJECT device, PVOID context) { KeEnterCriticalRegion(); }

static void wait_for(PKEVENT e) { KeWaitForSingleObject(e, Executive, KernelMode, FALSE, NULL); }

static PIO_WORKITEM new_item(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&other_event, NotificationEvent, FALSE);
    return item = IoAllocateWorkItem(low);
}

static void work_items(void)
{
    new_item();
    IoQueueWorkItem(item, work, DelayedWorkQueue, (PVOID)&ticks);
    wait_for(&event);
    assert_true(seen_device == low && seen_context == &ticks && seen_irql == PASSIVE_LEVEL && now(&ticks) == 1);
    InterlockedExchange(&ticks, 0);
    IoQueueWorkItemEx(item, work_again, CriticalWorkQueue, NULL);
    wait_for(&event);
    assert_int_equal(now(&ticks), 3);
    size_of_item = IoSizeofWorkItem();
    PIO_WORKITEM own = ExAllocatePoolZero(NonPagedPool, size_of_item, 'tseT');
    IoInitializeWorkItem(low, own);
    IoQueueWorkItem(own, work, DelayedWorkQueue, NULL);
    wait_for(&event);
    IoUninitializeWorkItem(own);
    ExFreePoolWithTag(own, 'tseT');
}

/* The device lives as long as the routine that was queued for it. */
static void work_keeps_the_device(void)
{
    PDEVICE_OBJECT device;
    IoCreateDevice(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    new_item();
    IoFreeWorkItem(item);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, slow_work, DelayedWorkQueue, NULL);
    IoDeleteDevice(device);
    wait_for(&event);
    assert_int_equal(now(&ticks), 0);
    assert_true(ob_is_live(device));
    Sleep(10);
    assert_int_equal(now(&ticks), 1);
    assert_false(ob_is_live(device));
}

#define WITH_ITEM(name, ...)    \
    static void name(void)      \
    {                           \
        KIRQL old;              \
        new_item();             \
        KeRaiseIrql(DISPATCH_LEVEL, &old); \
        __VA_ARGS__;            \
        KeLowerIrql(old);       \
        Sleep(10);              \
    }
WITH_ITEM(item_queued_twice, IoQueueWorkItem(item, work, DelayedWorkQueue, NULL); IoQueueWorkItem(item, work, DelayedWorkQueue, NULL))
WITH_ITEM(item_freed_queued, IoQueueWorkItem(item, work, DelayedWorkQueue, NULL); IoFreeWorkItem(item))
WITH_ITEM(item_wrong_queue, IoQueueWorkItem(item, work, (WORK_QUEUE_TYPE)9, NULL))
WITH_ITEM(item_no_routine, IoQueueWorkItem(item, NULL, DelayedWorkQueue, NULL))
WITH_ITEM(item_raises, IoQueueWorkItem(item, raising_work, DelayedWorkQueue, NULL))
WITH_ITEM(item_in_region, IoQueueWorkItem(item, region_work, DelayedWorkQueue, NULL))

static VOID set_other(PDEVICE_OBJECT device, PVOID context) { KeSetEvent(&other_event, 0, FALSE); }

/* Work that waits for other work of the same pool. */
static VOID waiting_work(PDEVICE_OBJECT device, PVOID context)
{
    IoQueueWorkItem(context, set_other, DelayedWorkQueue, NULL);
    wait_for(&other_event);
    KeSetEvent(&event, 0, FALSE);
}

static void work_waits_for_work(void)
{
    PIO_WORKITEM first = new_item(), second = IoAllocateWorkItem(low);
    IoQueueWorkItem(first, waiting_work, DelayedWorkQueue, second);
    wait_for(&event);
    Sleep(1);
    IoFreeWorkItem(first);
    IoFreeWorkItem(second);
}

/* ---- Named events ---- */

static void named_events(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Two"), other = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Other");
    HANDLE first, second, third;
    PKEVENT a = IoCreateNotificationEvent(&name, &first), b, c;
    assert_true(a && first);
    assert_int_equal(KeReadStateEvent(a), 1); /* new: signalled */
    KeClearEvent(a);
    b = IoCreateNotificationEvent(&name, &second);
    assert_true(a == b && first != second);
    assert_int_equal(KeReadStateEvent(b), 0); /* old: as it was */
    c = IoCreateSynchronizationEvent(&other, &third);
    assert_true(c != a);
    wait_for(c);
    assert_int_equal(KeReadStateEvent(c), 0); /* a synchronization event */
    KeSetEvent(b, 0, FALSE);
    wait_for(a);
    assert_int_equal(KeReadStateEvent(a), 1); /* a notification event */
    KeClearEvent(a);
    assert_int_equal(ZwClose(first), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(b), 0);
    ZwClose(second);
    ZwClose(third);
    a = IoCreateNotificationEvent(&name, &first); /* the last handle had taken it away */
    assert_int_equal(KeReadStateEvent(a), 1);
    ZwClose(first);
}

static void handle_left(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Two");
    HANDLE handle;
    IoCreateNotificationEvent(&name, &handle);
}

/* ---- W-KE-8: a KernelMode wait outlasts termination ---- */

static NTSTATUS wait_in_driver(PDEVICE_OBJECT device, PIRP irp)
{
    KeWaitForSingleObject(&event, Executive, (KPROCESSOR_MODE)(ULONG_PTR)seen_context, FALSE, NULL);
    return succeed(device, irp);
}

static DWORD read_synchronously(void *file)
{
    char own[4];
    DWORD count;
    ReadFile(file, own, 4, &count, NULL);
    return 0;
}

static HANDLE reader_in_driver(HANDLE *file)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    lower[IRP_MJ_READ] = wait_in_driver;
    *file = open_two(0);
    HANDLE t = CreateThread(NULL, 0, read_synchronously, *file, 0, NULL);
    Sleep(1);
    TerminateThread(t, 1);
    return t;
}

static void kernel_wait_outlasts(void)
{
    HANDLE file, t;
    seen_context = (PVOID)KernelMode;
    t = reader_in_driver(&file);
    assert_int_equal(WaitForSingleObject(t, 1000), 258);
    KeSetEvent(&event, 0, FALSE);
    assert_int_equal(WaitForSingleObject(t, 1000), 0);
    CloseHandle(file);
}

static void user_wait_ends(void)
{
    HANDLE file, t;
    seen_context = (PVOID)UserMode;
    t = reader_in_driver(&file);
    assert_int_equal(WaitForSingleObject(t, 1000), 0);
    CloseHandle(file);
}

static void kernel_wait_for_ever(void)
{
    HANDLE file, t;
    seen_context = (PVOID)KernelMode;
    t = reader_in_driver(&file);
    WaitForSingleObject(t, FOREVER);
}

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)

/* RULE W-TMR-7: A device's timer calls its routine at DISPATCH_LEVEL once a second from IoStartTimer to IoStopTimer, and no more once the device is deleted. */
/* RULE V-IO-0A: A second IoInitializeTimer on a device is reported. */
/* RULE V-MSC-9: A device timer that is left running is reported. */
/* RULE V-UNL-8: A device timer that is left running when the driver is unloaded is reported. */
TEST(W_TMR_7_device_timers)
{
    shown(device_timer);
    reported(timer_twice, 0xC9, 0x0A);
    reported(timer_left_running, 0xC7, 0);
    reported(timer_never_made, OWN_RULE, ~0ull);
}

/* RULE W-DPC-5: IoRequestDpc queues the device's DPC; further requests while it is queued, with their IRP and context, are lost. */
TEST(W_DPC_5_dpc_for_isr)
{
    shown(dpc_requests);
    shown_in_any_order(dpc_requests, 20);
}

/* RULE W-THR-4: A work item runs in a system thread at PASSIVE_LEVEL with its device referenced; its routine may free or queue it again. */
TEST(W_THR_4_work_items)
{
    shown(work_items);
    shown_in_any_order(work_items, 50);
    shown(work_keeps_the_device);
}

/* RULE W-THR-5: An I/O work item queued twice is bug check 0xE4/1, freed while queued 0xE4/0, to a queue that does not exist 0xE4/6, without a routine 0xE4/7. */
TEST(W_THR_5_io_work_items)
{
    reported(item_queued_twice, 0xE4, 1);
    reported(item_freed_queued, 0xE4, 0);
    reported(item_wrong_queue, 0xE4, 6);
    reported(item_no_routine, 0xE4, 7);
}

/* RULE W-THR-6: Workers are finite: work that waits for work is a deadlock with one of them; a routine must return at its level, with APCs enabled. */
TEST(W_THR_6_worker_pool)
{
    static const struct chance one_worker = {.workers = 1};
    shown(work_waits_for_work);
    two_chance = &one_worker;
    reported(work_waits_for_work, OWN_DEADLOCK, ~0ull);
    two_chance = NULL;
    reported(item_raises, 0xC8, ~0ull);
    reported(item_in_region, 0xC4, 0xC5);
}

/* RULE W-KE-26: IoCreateNotificationEvent and IoCreateSynchronizationEvent make a signalled event, or open the one of that name; the last ZwClose takes it away. */
TEST(W_KE_26_named_events) { shown(named_events); }

/* RULE V-OBJ-6: A handle that a driver leaves open at its unload is reported. */
TEST(V_OBJ_6_handle_left) { reported(handle_left, OWN_RULE, ~0ull); }

/* RULE W-KE-8: Termination does not end a KernelMode wait; a thread that waits so for ever is reported. */
TEST(W_KE_8_kernel_mode_waits)
{
    shown(user_wait_ends);
    shown(kernel_wait_outlasts);
    reported(kernel_wait_for_ever, OWN_DEADLOCK, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_TMR_7_device_timers), cmocka_unit_test(W_DPC_5_dpc_for_isr), cmocka_unit_test(W_THR_4_work_items),
        cmocka_unit_test(W_THR_5_io_work_items), cmocka_unit_test(W_THR_6_worker_pool), cmocka_unit_test(W_KE_26_named_events),
        cmocka_unit_test(V_OBJ_6_handle_left), cmocka_unit_test(W_KE_8_kernel_mode_waits),
    };
    return cmocka_run_group_tests(tests);
}
