/* A legacy driver with a cancel-safe queue, remove lock and requests of its own: W-CSQ, W-RML, W-IRP-40..43, W-DRV-5, 16. */
#include "unit.h"

#include <csq.h>

#include "nt/image.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define CODE_OUTER CTL_CODE(0x22, 1, METHOD_BUFFERED, 0)
#define CODE_INNER CTL_CODE(0x22, 2, METHOD_BUFFERED, 0)

static bool keep_link, wrong_tag, set_timer;

struct extension {
    IO_CSQ csq;
    LIST_ENTRY queue;
    KSPIN_LOCK lock;
    IO_REMOVE_LOCK remove;
    KTIMER timer;
    KDPC dpc;
};

static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID insert(PIO_CSQ csq, PIRP irp) { InsertTailList(&CONTAINING_RECORD(csq, struct extension, csq)->queue, &irp->Tail.Overlay.ListEntry); }
static VOID take_out(PIO_CSQ csq, PIRP irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }

static PIRP peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    struct extension *x = CONTAINING_RECORD(csq, struct extension, csq);
    PLIST_ENTRY next = irp ? irp->Tail.Overlay.ListEntry.Flink : x->queue.Flink;
    for (; next != &x->queue; next = next->Flink) {
        PIRP found = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
        if (!context || IoGetCurrentIrpStackLocation(found)->FileObject == context)
            return found;
    }
    return NULL;
}

static VOID acquire(PIO_CSQ csq, PKIRQL irql) { KeAcquireSpinLock(&CONTAINING_RECORD(csq, struct extension, csq)->lock, irql); }
static VOID release(PIO_CSQ csq, KIRQL irql) { KeReleaseSpinLock(&CONTAINING_RECORD(csq, struct extension, csq)->lock, irql); }
static VOID cancelled(PIO_CSQ csq, PIRP irp) { complete(irp, STATUS_CANCELLED, 0); }
static VOID nothing(PKDPC dpc, PVOID context, PVOID a, PVOID b) {}

static NTSTATUS ask_inner(PDEVICE_OBJECT device, PULONG value)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(CODE_INNER, device, value, sizeof *value, value, sizeof *value, FALSE, &event, &iosb);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return iosb.Status;
}

static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG *buffer = irp->AssociatedIrp.SystemBuffer;
    PIRP next;
    NTSTATUS status;
    switch (location->MajorFunction) {
    case IRP_MJ_READ:
        IoCsqInsertIrp(&x->csq, irp, NULL);
        return STATUS_PENDING;
    case IRP_MJ_WRITE:
        next = IoCsqRemoveNextIrp(&x->csq, NULL);
        if (next) {
            *(UCHAR *)next->AssociatedIrp.SystemBuffer = 7;
            complete(next, STATUS_SUCCESS, 1);
        }
        return complete(irp, STATUS_SUCCESS, location->Parameters.Write.Length);
    case IRP_MJ_DEVICE_CONTROL:
        if (location->Parameters.DeviceIoControl.IoControlCode == CODE_INNER) {
            *buffer += 5;
            return complete(irp, STATUS_SUCCESS, sizeof *buffer);
        }
        status = IoAcquireRemoveLock(&x->remove, irp);
        if (!NT_SUCCESS(status))
            return complete(irp, status, 0);
        status = ask_inner(device, buffer);
        IoReleaseRemoveLock(&x->remove, wrong_tag ? NULL : irp);
        return complete(irp, status, NT_SUCCESS(status) ? sizeof *buffer : 0);
    case IRP_MJ_CLEANUP:
        while ((next = IoCsqRemoveNextIrp(&x->csq, location->FileObject)) != NULL)
            complete(next, STATUS_CANCELLED, 0);
        return complete(irp, STATUS_SUCCESS, 0);
    default: return complete(irp, STATUS_SUCCESS, 0);
    }
}

static VOID unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;
    struct extension *x = driver->DeviceObject->DeviceExtension;
    RtlInitUnicodeString(&link, L"\\DosDevices\\Queue");
    if (!keep_link)
        IoDeleteSymbolicLink(&link);
    if (NT_SUCCESS(IoAcquireRemoveLock(&x->remove, driver)))
        IoReleaseRemoveLockAndWait(&x->remove, driver);
    IoDeleteDevice(driver->DeviceObject);
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    LARGE_INTEGER due = {.QuadPart = -100000000};
    RtlInitUnicodeString(&name, L"\\Device\\Queue");
    RtlInitUnicodeString(&link, L"\\DosDevices\\Queue");
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct extension), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    struct extension *x = device->DeviceExtension;
    InitializeListHead(&x->queue);
    KeInitializeSpinLock(&x->lock);
    KeInitializeTimer(&x->timer);
    KeInitializeDpc(&x->dpc, nothing, NULL);
    if (set_timer)
        KeSetTimer(&x->timer, due, &x->dpc);
    IoInitializeRemoveLock(&x->remove, 'ueuQ', 0, 0);
    IoCsqInitialize(&x->csq, insert, take_out, peek, acquire, release, cancelled);
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_READ] = driver->MajorFunction[IRP_MJ_WRITE] = driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image image = {"queue", (int (*)(void *, void *))driver_entry, NULL, 0};
static struct nt_driver *driver;
static bool *planted;

static PFILE_OBJECT bring_up(void)
{
    UNICODE_STRING path = {18, 18, L"\\??\\queue"};
    PFILE_OBJECT file;
    if (planted)
        *planted = true;
    assert_int_equal(io_load_driver(&image, &driver), STATUS_SUCCESS);
    assert_int_equal(io_create_file(&path, FILE_READ_DATA | FILE_WRITE_DATA, 0, FILE_OPEN, 0, &file, NULL), STATUS_SUCCESS);
    io_handle_opened(file);
    return file;
}

static void take_down(PFILE_OBJECT file)
{
    io_handle_closed(file);
    ob_dereference(file);
    io_unload_driver(driver);
}

static void body_queue(void)
{
    IO_STATUS_BLOCK iosb[3] = {{.Status = -1}, {.Status = -1}, {.Status = -1}}, control = {0};
    UCHAR byte[3] = {0};
    ULONG value = 10;
    PFILE_OBJECT file = bring_up();
    LARGE_INTEGER moment = {.QuadPart = -10000};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(io_read_write_file(&(struct io_target_file){.file = file, .iosb = &iosb[i]}, false, &byte[i], 1, NULL), STATUS_PENDING);
    assert_int_equal(io_read_write_file(&(struct io_target_file){.file = file, .iosb = &control}, true, &byte[0], 1, NULL), STATUS_SUCCESS);
    assert_int_equal(io_cancel_file(file, &iosb[1], false, false), 1);
    assert_int_equal(io_device_io_control_file(&(struct io_target_file){.file = file, .iosb = &control}, CODE_OUTER, &value, 4, &value, 4), STATUS_SUCCESS);
    assert_int_equal(value, 15);
    ke_delay_execution_thread(KernelMode, FALSE, &moment);
    assert_int_equal(iosb[0].Status, STATUS_SUCCESS);
    assert_int_equal(byte[0], 7);
    assert_int_equal(iosb[1].Status, STATUS_CANCELLED);
    assert_int_equal(iosb[2].Status, -1);
    io_handle_closed(file);
    ke_delay_execution_thread(KernelMode, FALSE, &moment);
    assert_int_equal(iosb[2].Status, STATUS_CANCELLED);
    ob_dereference(file);
    io_unload_driver(driver);
}

static void body_control(void)
{
    IO_STATUS_BLOCK iosb;
    ULONG value = 1;
    PFILE_OBJECT file = bring_up();
    io_device_io_control_file(&(struct io_target_file){.file = file, .iosb = &iosb}, CODE_OUTER, &value, 4, &value, 4);
    take_down(file);
}

static void expect(bool *fault, uint32_t code, uint64_t p1)
{
    planted = fault;
    unit_expect_bugcheck(body_control, code, p1);
    planted = NULL;
}

/* RULE W-CSQ-2: IoCsqInsertIrp marks the IRP pending and makes it cancelable. */
/* RULE W-CSQ-4: A cancelled IRP leaves the queue and is completed by the queue's own routine. */
/* RULE W-CSQ-6: IoCsqRemoveNextIrp returns the oldest IRP that is not being cancelled. */
/* RULE W-CSQ-8: The CLEANUP of a file empties a cancel-safe queue of that file's IRPs. */
static void queue(void **state)
{
    unit_life(body_queue, NULL);
    unit_life(body_queue, NULL);
}

/* RULE V-UNL-6: A symbolic link that a driver leaves behind is reported. */
/* RULE W-RML-2: Releasing a remove lock with another tag is reported. */
/* RULE V-UNL-2: A timer that is set in an unloaded driver's memory is reported. */
static void faults(void **state)
{
    expect(&keep_link, OWN_RULE, 6);
    expect(&wrong_tag, 0xC4, 0xD5);
    expect(&set_timer, 0xC7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(queue), cmocka_unit_test(faults)};
    return cmocka_run_group_tests(tests);
}
