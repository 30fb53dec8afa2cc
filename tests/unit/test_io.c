/* The I/O manager, PnP and power with a tiny WDM driver: W-IRP, W-CMP, W-CAN, W-FIL, W-BUF, W-PNP, W-POW. */
#include "unit.h"

#include "nt/image.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

enum fault { SOUND, DOUBLE_COMPLETE, KEEP_CANCEL_ROUTINE, PENDING_UNMARKED, MARKED_NOT_PENDING, FORGET, WRONG_STATUS, TOO_MUCH, LEAK, LEAVE_ATTACHED,
             LOSE_POWER, FAIL_REMOVE, CANCEL_LOCK, LINK_LEFT, LOSE_READ, DOUBLE_FREE, THREAD_LEFT, IRP_AT_REMOVE };
static enum fault fault;
static int creates, cleanups, closes, unloads;

struct extension {
    PDEVICE_OBJECT lower, self;
    KSPIN_LOCK lock;
    LIST_ENTRY queue;
    KDPC dpc;
    KTIMER timer;
    UNICODE_STRING link;
};

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static NTSTATUS stop(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_MORE_PROCESSING_REQUIRED; }

static void send_to_self(PDEVICE_OBJECT device)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    device->DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = keep;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    ObReferenceObject(device);
    IoCallDriver(device, irp);
}

static VOID cancel_read(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    KIRQL irql;
    if (fault == CANCEL_LOCK)
        return;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&x->lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&x->lock, irql);
    complete(irp, STATUS_CANCELLED, 0);
}

static VOID answer(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    struct extension *x = context;
    PIRP irp = NULL;
    KeAcquireSpinLockAtDpcLevel(&x->lock);
    if (!IsListEmpty(&x->queue)) {
        irp = CONTAINING_RECORD(RemoveHeadList(&x->queue), IRP, Tail.Overlay.ListEntry);
        if (fault != KEEP_CANCEL_ROUTINE && !IoSetCancelRoutine(irp, NULL)) {
            InitializeListHead(&irp->Tail.Overlay.ListEntry);
            irp = NULL;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&x->lock);
    if (!irp)
        return;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG n = location->Parameters.Read.Length;
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, n, 'x');
    complete(irp, STATUS_SUCCESS, fault == TOO_MUCH ? n + 1 : n);
    if (fault == DOUBLE_COMPLETE)
        complete(irp, STATUS_SUCCESS, n);
}

static NTSTATUS dispatch_read(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    KIRQL irql;
    if (fault == FORGET)
        return STATUS_SUCCESS;
    if (fault == PENDING_UNMARKED)
        return STATUS_PENDING;
    if (fault == WRONG_STATUS) {
        complete(irp, STATUS_SUCCESS, 0);
        return STATUS_UNSUCCESSFUL;
    }
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0)
        return complete(irp, STATUS_SUCCESS, 0);
    IoMarkIrpPending(irp);
    if (fault == LOSE_READ)
        return STATUS_PENDING;
    KeAcquireSpinLock(&x->lock, &irql);
    InsertTailList(&x->queue, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel_read);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&x->lock, irql);
        complete(irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    KeReleaseSpinLock(&x->lock, irql);
    if (fault == MARKED_NOT_PENDING)
        return STATUS_SUCCESS;
    return STATUS_PENDING;
}

static NTSTATUS dispatch_write(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    ULONG n = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    LARGE_INTEGER due = {.QuadPart = -10000};
    KeSetTimer(&x->timer, due, &x->dpc); /* a write answers a read, a millisecond later */
    return complete(irp, STATUS_SUCCESS, n);
}

static NTSTATUS dispatch_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG) || location->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    if ((location->Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_BUFFERED) {
        *(ULONG *)irp->AssociatedIrp.SystemBuffer += 1;
        return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
    }
    ULONG *out = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    *out = *(ULONG *)irp->AssociatedIrp.SystemBuffer * 2;
    return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
}

static NTSTATUS dispatch_file(PDEVICE_OBJECT device, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE: creates++; break;
    case IRP_MJ_CLEANUP: cleanups++; break;
    case IRP_MJ_CLOSE: closes++; break;
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS started(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS start(struct extension *x, PIRP irp)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, started, &event, TRUE, TRUE, TRUE);
    NTSTATUS status = IoCallDriver(x->lower, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status))
        status = IoSetDeviceInterfaceState(&x->link, TRUE);
    return complete(irp, status, 0);
}

static NTSTATUS dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE: return start(x, irp);
    case IRP_MN_REMOVE_DEVICE: {
        KeCancelTimer(&x->timer);
        if (x->link.Buffer) {
            if (fault != LINK_LEFT)
                IoSetDeviceInterfaceState(&x->link, FALSE);
            RtlFreeUnicodeString(&x->link);
        }
        irp->IoStatus.Status = fault == FAIL_REMOVE ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
        if (fault == FAIL_REMOVE)
            return complete(irp, STATUS_UNSUCCESSFUL, 0);
        IoSkipCurrentIrpStackLocation(irp);
        NTSTATUS status = IoCallDriver(x->lower, irp);
        if (fault == LEAVE_ATTACHED)
            return status;
        if (fault == IRP_AT_REMOVE)
            send_to_self(device);
        IoDetachDevice(x->lower);
        IoDeleteDevice(device);
        return status;
    }
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL: irp->IoStatus.Status = STATUS_SUCCESS; break;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(x->lower, irp);
}

static VOID device_power_done(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = context;
    complete(irp, iosb->Status, 0);
}

static NTSTATUS system_power_passed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    POWER_STATE state = {.DeviceState = location->Parameters.Power.State.SystemState == PowerSystemWorking ? PowerDeviceD0 : PowerDeviceD3};
    if (PoRequestPowerIrp(x->self, IRP_MN_SET_POWER, state, device_power_done, irp, NULL) != STATUS_PENDING)
        return STATUS_CONTINUE_COMPLETION;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS dispatch_wmi(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(x->lower, irp);
}

static NTSTATUS dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PoStartNextPowerIrp(irp);
    if (location->MinorFunction == IRP_MN_SET_POWER && location->Parameters.Power.Type == SystemPowerState) {
        IoMarkIrpPending(irp);
        if (fault == LOSE_POWER)
            return STATUS_PENDING;
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, system_power_passed, NULL, TRUE, TRUE, TRUE);
        PoCallDriver(x->lower, irp);
        return STATUS_PENDING;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(x->lower, irp);
}

static const GUID interface_guid = {0x12345678, 0x1234, 0x5678, {1, 2, 3, 4, 5, 6, 7, 8}};

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    struct extension *x = device->DeviceExtension;
    x->self = device;
    KeInitializeSpinLock(&x->lock);
    InitializeListHead(&x->queue);
    KeInitializeDpc(&x->dpc, answer, x);
    KeInitializeTimer(&x->timer);
    status = IoRegisterDeviceInterface(pdo, &interface_guid, NULL, &x->link);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    x->lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (!x->lower) {
        RtlFreeUnicodeString(&x->link);
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID unload(PDRIVER_OBJECT driver) { unloads++; }

static VOID wait_for_ever(PVOID context)
{
    LARGE_INTEGER interval = {.QuadPart = -10000000};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    driver->DriverExtension->AddDevice = add_device;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_CLOSE] = dispatch_file;
    driver->MajorFunction[IRP_MJ_READ] = dispatch_read;
    driver->MajorFunction[IRP_MJ_WRITE] = dispatch_write;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_control;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_wmi;
    if (fault == LEAK)
        (void)ExAllocatePoolWithTag(NonPagedPool, 100, 'kaeL');
    if (fault == THREAD_LEFT) {
        HANDLE thread;
        PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, wait_for_ever, NULL);
        ZwClose(thread);
    }
    return STATUS_SUCCESS;
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image image = {"tiny", (int (*)(void *, void *))driver_entry, NULL, 0};
__attribute__((section("drv_images"), used)) static const struct driver_image *const registration = &image;

static struct nt_driver *driver;
static struct devnode *node;
static enum fault planted;

static void bring_up(void)
{
    NTSTATUS status;
    fault = planted;
    assert_true(image_find("tiny") == &image);
    assert_int_equal(io_load_driver(&image, &driver), STATUS_SUCCESS);
    node = pnp_create_root_device(driver, "TINY", &status);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
}

static void take_down(void)
{
    assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    io_unload_driver(driver);
}

static PFILE_OBJECT open_file(ULONG options)
{
    const struct io_interface *i = io_next_interface(&interface_guid, NULL);
    PFILE_OBJECT file;
    ULONG_PTR information;
    assert_true(i != NULL);
    assert_int_equal(io_create_file(io_interface_user_link(i), FILE_READ_DATA | FILE_WRITE_DATA, 0, FILE_OPEN, options, &file, &information), STATUS_SUCCESS);
    io_handle_opened(file);
    return file;
}

static void close_file(PFILE_OBJECT file)
{
    io_handle_closed(file);
    ob_dereference(file);
}

/* Five milliseconds; the kernel APCs of this thread run meanwhile. */
static void pause(void)
{
    LARGE_INTEGER interval = {.QuadPart = -50000};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
}

#define SYNC FILE_SYNCHRONOUS_IO_NONALERT

static void body_whole_life(void)
{
    IO_STATUS_BLOCK iosb = {0};
    IO_STATUS_BLOCK read_iosb = {.Status = -1};
    char buffer[16] = {0};
    bring_up();
    PFILE_OBJECT file = open_file(0);
    struct io_target_file to = {.file = file, .iosb = &read_iosb};
    assert_int_equal(io_read_write_file(&to, false, buffer, 8, NULL), STATUS_PENDING);
    to.iosb = &iosb;
    assert_int_equal(io_read_write_file(&to, true, buffer, 3, NULL), STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 3);
    assert_int_equal(read_iosb.Status, -1);
    pause();
    assert_int_equal(read_iosb.Status, STATUS_SUCCESS);
    assert_int_equal(read_iosb.Information, 8);
    assert_int_equal(buffer[7], 'x');
    assert_int_equal(buffer[8], 0);
    close_file(file);
    take_down();
    assert_int_equal(creates + cleanups * 10 + closes * 100, 111);
    assert_int_equal(unloads, 1);
}

static void body_controls(void)
{
    IO_STATUS_BLOCK iosb = {0};
    ULONG in = 41, out = 0;
    bring_up();
    PFILE_OBJECT file = open_file(SYNC);
    struct io_target_file to = {.file = file, .iosb = &iosb};
    assert_int_equal(io_device_io_control_file(&to, CTL_CODE(0x22, 1, METHOD_BUFFERED, 0), &in, 4, &out, 4), STATUS_SUCCESS);
    assert_int_equal(out, 42);
    assert_int_equal(iosb.Information, 4);
    assert_int_equal(io_device_io_control_file(&to, CTL_CODE(0x22, 1, METHOD_OUT_DIRECT, 0), &in, 4, &out, 4), STATUS_SUCCESS);
    assert_int_equal(out, 82);
    assert_int_equal(io_device_io_control_file(&to, CTL_CODE(0x22, 1, METHOD_BUFFERED, 0), &in, 4, &out, 2), STATUS_BUFFER_TOO_SMALL);
    assert_true(pnp_query_remove(node) == STATUS_PLUGPLAY_QUERY_VETOED);
    close_file(file);
    take_down();
}

static void body_cancel(void)
{
    IO_STATUS_BLOCK iosb = {.Status = -1};
    char buffer[16];
    bring_up();
    PFILE_OBJECT file = open_file(0);
    struct io_target_file to = {.file = file, .iosb = &iosb};
    assert_int_equal(io_read_write_file(&to, false, buffer, 8, NULL), STATUS_PENDING);
    assert_int_equal(io_cancel_file(file, &iosb, false, false), 1);
    pause();
    assert_int_equal(iosb.Status, STATUS_CANCELLED);
    assert_int_equal(io_read_write_file(&to, false, buffer, 8, NULL), STATUS_PENDING);
    io_rundown_thread(ke_current_thread());
    close_file(file);
    take_down();
}

static void body_power(void)
{
    bring_up();
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    assert_int_equal(node->device_state, PowerDeviceD3);
    assert_int_equal(po_system_resume(), STATUS_SUCCESS);
    sched_settle();
    assert_int_equal(node->device_state, PowerDeviceD0);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    assert_int_equal(pnp_stop(node), STATUS_SUCCESS);
    /* The interface is still enabled: START answers OBJECT_NAME_EXISTS, a success. */
    assert_true(NT_SUCCESS(pnp_start(node)));
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    io_unload_driver(driver);
}

/* A read that waits in the driver, a write that answers it. */
static void body_read(void)
{
    IO_STATUS_BLOCK iosb = {0}, read_iosb = {0};
    char buffer[16] = {0};
    bring_up();
    PFILE_OBJECT file = open_file(0);
    struct io_target_file to = {.file = file, .iosb = &read_iosb};
    io_read_write_file(&to, false, buffer, 8, NULL);
    to.iosb = &iosb;
    io_read_write_file(&to, true, buffer, 3, NULL);
    pause();
    if (fault == CANCEL_LOCK || fault == LOSE_READ) {
        to.iosb = &read_iosb;
        io_read_write_file(&to, false, buffer, 8, NULL);
        io_rundown_thread(ke_current_thread());
    }
    close_file(file);
    take_down();
}

static void body_sleep(void)
{
    bring_up();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    take_down();
}

static void body_lost(void)
{
    bring_up();
    PFILE_OBJECT file = open_file(0);
    IO_STATUS_BLOCK iosb;
    char buffer[8];
    struct io_target_file to = {.file = file, .iosb = &iosb};
    io_read_write_file(&to, false, buffer, 8, NULL);
    nt_shutdown();
}

static void sound(void (*body)(void))
{
    planted = SOUND;
    unit_life(body, NULL);
    unit_life(body, NULL); /* the second life begins as the first */
}

static void expect(enum fault f, void (*body)(void), uint32_t code, uint64_t p1)
{
    planted = f;
    unit_expect_bugcheck(body, code, p1);
    planted = SOUND;
}

static void whole_life(void **state) { sound(body_whole_life); }
static void controls(void **state) { sound(body_controls); }
static void cancel(void **state) { sound(body_cancel); }
static void power(void **state) { sound(body_power); }

/* RULE V-IO-226: An IRP forgotten by its dispatch routine is reported. */
static void return_contract(void **state)
{
    expect(PENDING_UNMARKED, body_read, 0xC9, 0x23D);
    expect(MARKED_NOT_PENDING, body_read, 0xC9, 0x23E);
    expect(FORGET, body_read, 0xC9, 0x226);
    expect(WRONG_STATUS, body_read, 0xC9, 0x224);
}

static void completion_faults(void **state)
{
    expect(DOUBLE_COMPLETE, body_read, 0x44, ~0ull);
    expect(KEEP_CANCEL_ROUTINE, body_read, 0xC9, 7);
    expect(TOO_MUCH, body_read, 0xC9, 0x312);
    expect(CANCEL_LOCK, body_read, 0xC9, 5);
    expect(LOSE_READ, body_read, 0xC4, 0x135);
    expect(SOUND, body_lost, OWN_LOST_IRP, ~0ull);
}

/* RULE W-DRV-19: An interface that the driver leaves enabled after REMOVE is reported. */
/* RULE V-MEM-15: Memory that a driver has not freed when it is unloaded is bug check 0xC4/0x62. */
/* RULE V-UNL-1: Memory a driver leaves at its unload is reported. */
/* RULE V-UNL-5: A system thread that still runs in an unloaded driver is reported. */
/* RULE V-UNL-11: An IRP that is still with a device when IRP_MN_REMOVE_DEVICE has deleted it is reported. */
/* RULE V-IO-21D: A device still attached after REMOVE is reported. */
static void pnp_faults(void **state)
{
    expect(LEAVE_ATTACHED, body_power, 0xC9, 0x21D);
    expect(IRP_AT_REMOVE, body_power, OWN_RULE, ~0ull);
    expect(FAIL_REMOVE, body_power, 0xC9, 0x306);
    expect(LOSE_POWER, body_sleep, 0x9F, 3);
    expect(LEAK, body_read, 0xC4, 0x62);
    expect(LINK_LEFT, body_read, OWN_RULE, ~0ull);
    expect(THREAD_LEFT, body_read, 0xCE, ~0ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_life), cmocka_unit_test(controls), cmocka_unit_test(cancel), cmocka_unit_test(power),
                                       cmocka_unit_test(return_contract), cmocka_unit_test(completion_faults), cmocka_unit_test(pnp_faults)};
    return cmocka_run_group_tests(tests);
}
