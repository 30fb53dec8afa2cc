/* Driver and device objects: W-DRV-1..21, V-DRV-2..7, V-UNL-9, V-IO-18, V-IO-23F, V-IO-243, V-IO-245. */
#include "two_devices.h"

#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

/* ---- A driver of whatever the test wants, alone ---- */

static NTSTATUS (*entry_routine)(PDRIVER_OBJECT driver, PUNICODE_STRING path);
static unsigned unloads;

static VOID solo_unload(PDRIVER_OBJECT driver)
{
    unloads++;
    while (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

static int solo_entry(void *driver_object, void *path)
{
    PDRIVER_OBJECT driver = driver_object;
    driver->DriverUnload = solo_unload;
    return entry_routine(driver, path);
}

static NTSTATUS named_device(PDRIVER_OBJECT driver, const WCHAR *text, PDEVICE_OBJECT *device)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, text);
    return IoCreateDevice(driver, 24, text ? &name : NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, device);
}

/* ---- W-DRV-1, 3, 4: DriverEntry ---- */

static PUNICODE_STRING kept_path;
static bool all_invalid;

static NTSTATUS entry_looks(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING expected;
    PDEVICE_OBJECT device;
    RtlInitUnicodeString(&expected, L"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\solo");
    assert_int_equal(RtlCompareUnicodeString(path, &expected, TRUE), 0);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    all_invalid = true;
    for (unsigned i = 1; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        all_invalid &= driver->MajorFunction[i] && driver->MajorFunction[i] == driver->MajorFunction[0];
    driver->MajorFunction[IRP_MJ_READ] = NULL;
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    assert_int_equal(named_device(driver, L"\\Device\\SOLO", &device), STATUS_SUCCESS);
    assert_true(device->Flags & DO_DEVICE_INITIALIZING);
    kept_path = path;
    return STATUS_SUCCESS;
}

static NTSTATUS entry_with_extensions(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UCHAR *bytes;
    PVOID again;
    assert_int_equal(IoAllocateDriverObjectExtension(driver, driver, 40, (PVOID *)&bytes), STATUS_SUCCESS);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(bytes[i], 0);
    assert_int_equal(IoAllocateDriverObjectExtension(driver, driver, 8, &again), STATUS_OBJECT_NAME_COLLISION);
    assert_true(again == NULL && IoGetDriverObjectExtension(driver, driver) == bytes && IoGetDriverObjectExtension(driver, &unloads) == NULL);
    return STATUS_SUCCESS;
}

/* ---- W-DRV-8 ---- */

static ULONG counts[4], called;
static VOID again(PDRIVER_OBJECT driver, PVOID context, ULONG count)
{
    assert_false(driver->DeviceObject->Flags & DO_DEVICE_INITIALIZING); /* DriverEntry is over */
    counts[called++] = count;
    if (called < 3)
        IoRegisterDriverReinitialization(driver, again, context);
}
static NTSTATUS entry_asks_again(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    IoRegisterDriverReinitialization(driver, again, NULL);
    assert_int_equal(called, 0);
    return named_device(driver, NULL, &device);
}
static NTSTATUS entry_asks_again_and_fails(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    IoRegisterDriverReinitialization(driver, again, NULL);
    return STATUS_NO_SUCH_DEVICE;
}

/* ---- V-DRV-2: what a failed DriverEntry leaves ---- */

static KTIMER timer;
static KDPC dpc;
static PVOID left;
static VOID nothing(PKDPC d, PVOID context, PVOID a, PVOID b) {}
static VOID runs_on(PVOID context)
{
    LARGE_INTEGER long_time = {.QuadPart = -10000000};
    KeDelayExecutionThread(KernelMode, FALSE, &long_time);
}

static NTSTATUS fails_and_leaves_a_device(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    named_device(driver, NULL, &device);
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS fails_and_leaves_memory(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    left = ExAllocatePoolWithTag(NonPagedPoolNx, 10, 'tfeL');
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS fails_and_leaves_a_timer(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, nothing, NULL);
    KeSetTimer(&timer, due, &dpc);
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS fails_and_leaves_a_thread(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, runs_on, NULL);
    ZwClose(handle);
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS fails_and_leaves_a_link(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING link, target;
    RtlInitUnicodeString(&link, L"\\DosDevices\\LEFT");
    RtlInitUnicodeString(&target, L"\\Device\\LEFT");
    IoCreateSymbolicLink(&link, &target);
    return STATUS_NO_SUCH_DEVICE;
}
static NTSTATUS fails_clean(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    named_device(driver, NULL, &device);
    IoDeleteDevice(device);
    return STATUS_NO_SUCH_DEVICE;
}

#if UNIT_CATCHES_FAULTS
/* The path goes when DriverEntry returns. */
static VOID unload_uses_path(PDRIVER_OBJECT driver)
{
    WCHAR first = kept_path->Buffer[0];
    unloads += first == '\\';
    solo_unload(driver);
}
static NTSTATUS entry_keeps_path(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    kept_path = path;
    driver->DriverUnload = unload_uses_path;
    return STATUS_SUCCESS;
}
#endif

/* ---- PnP: what AddDevice sets ---- */

static ULONG add_sets, add_clears;
static enum { REMOVES_WELL, NOT_DELETED, DETACHES_EARLY, FAILS_REMOVE, FAILS_SURPRISE, NO_POWER, COMPLETES_CAPABILITIES, COMPLETES_UNTOUCHED,
              PASSES_FAILURE, UNSAYS, COMPLETES_POWER, PASSES_POWER_FAILURE, FAILS_CAPABILITIES } remove_how;

/* The filter above it in the same driver: what it set to success is taken back below. */
static NTSTATUS pass_and_unsay(PDEVICE_OBJECT lower_device, PIRP irp)
{
    irp->IoStatus.Status = irp->IoStatus.Status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower_device, irp);
}

static NTSTATUS pnp_pass(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower_device = *(PDEVICE_OBJECT *)device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    if ((remove_how == FAILS_REMOVE && minor == IRP_MN_REMOVE_DEVICE) || (remove_how == FAILS_SURPRISE && minor == IRP_MN_SURPRISE_REMOVAL))
        return complete(irp, STATUS_DEVICE_BUSY, 0);
    if (minor == IRP_MN_QUERY_CAPABILITIES)
        switch ((int)remove_how) {
        case COMPLETES_CAPABILITIES: return complete(irp, STATUS_SUCCESS, 0);
        case COMPLETES_UNTOUCHED: return complete(irp, irp->IoStatus.Status, 0);
        case PASSES_FAILURE: irp->IoStatus.Status = STATUS_DEVICE_BUSY; break;
        case UNSAYS: return pass_and_unsay(lower_device, irp);
        case FAILS_CAPABILITIES: return complete(irp, STATUS_DEVICE_BUSY, 0); /* who fails it completes it */
        }
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(lower_device, irp);
    if (minor == IRP_MN_SURPRISE_REMOVAL && remove_how == DETACHES_EARLY)
        IoDetachDevice(lower_device);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(lower_device);
        if (remove_how != NOT_DELETED)
            IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS pass_on(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    bool query = location->MajorFunction == IRP_MJ_POWER && location->MinorFunction == IRP_MN_QUERY_POWER;
    if (query && remove_how == COMPLETES_POWER)
        return complete(irp, STATUS_SUCCESS, 0);
    if (query && remove_how == PASSES_POWER_FAILURE)
        irp->IoStatus.Status = STATUS_DEVICE_BUSY;
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(*(PDEVICE_OBJECT *)device->DeviceExtension, irp);
}
static NTSTATUS add_one(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = named_device(driver, NULL, &device);
    if (!NT_SUCCESS(status))
        return status;
    PDEVICE_OBJECT lower_device = IoAttachDeviceToDeviceStack(device, pdo);
    if (!lower_device) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    *(PDEVICE_OBJECT *)device->DeviceExtension = lower_device;
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE | add_sets;
    device->Flags &= ~(DO_DEVICE_INITIALIZING | add_clears);
    device->Flags |= add_sets;
    return STATUS_SUCCESS;
}
static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    NTSTATUS status = add_one(driver, pdo);
    return NT_SUCCESS(status) && remove_how == UNSAYS ? add_one(driver, pdo) : status;
}
static NTSTATUS entry_pnp(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverExtension->AddDevice = add_device;
    driver->MajorFunction[IRP_MJ_PNP] = pnp_pass;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = pass_on;
    if (remove_how != NO_POWER)
        driver->MajorFunction[IRP_MJ_POWER] = pass_on;
    return STATUS_SUCCESS;
}

#if UNIT_CATCHES_FAULTS
static NTSTATUS add_unchecked(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    named_device(driver, NULL, &device);
    PDEVICE_OBJECT lower_device = IoAttachDeviceToDeviceStack(device, pdo);
    device->Flags |= lower_device->Flags & DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
static NTSTATUS entry_unchecked(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverExtension->AddDevice = add_unchecked;
    driver->MajorFunction[IRP_MJ_PNP] = driver->MajorFunction[IRP_MJ_POWER] = driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = pass_on;
    return STATUS_SUCCESS;
}
#endif

/* ---- W-DRV-10, 11, 15: devices, made by the driver of two ---- */

static void creation(void)
{
    PDRIVER_OBJECT driver = low->DriverObject;
    PDEVICE_OBJECT first, second;
    assert_int_equal(named_device(driver, L"\\Device\\ONE", &first), STATUS_SUCCESS);
    assert_true(driver->DeviceObject == first && first->DriverObject == driver && first->StackSize == 1 && first->AttachedDevice == NULL);
    assert_int_equal(first->Flags, DO_DEVICE_INITIALIZING | DO_DEVICE_HAS_NAME);
    assert_int_equal((ULONG_PTR)first->DeviceExtension & 15, 0);
    for (unsigned i = 0; i < 24; i++)
        assert_int_equal(((UCHAR *)first->DeviceExtension)[i], 0);
    assert_int_equal(named_device(driver, L"\\Device\\one", &second), STATUS_OBJECT_NAME_COLLISION); /* names ignore case */
    assert_true(second == NULL && driver->DeviceObject == first);
    assert_int_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_KEYBOARD, FILE_READ_ONLY_DEVICE, TRUE, &second), STATUS_SUCCESS);
    assert_int_equal(second->Flags, DO_DEVICE_INITIALIZING | DO_EXCLUSIVE);
    assert_true(driver->DeviceObject == second && second->NextDevice == first && second->DeviceExtension == NULL);
    assert_true(second->DeviceType == FILE_DEVICE_KEYBOARD && second->Characteristics == FILE_READ_ONLY_DEVICE);
    IoDeleteDevice(first); /* out of the middle of the chain */
    assert_true(driver->DeviceObject == second && second->NextDevice == up);
    IoDeleteDevice(second);
}

static void generated_names(void)
{
    UNICODE_STRING low_name;
    PDEVICE_OBJECT device[2];
    RtlInitUnicodeString(&low_name, L"\\Device\\LOW"); /* taken, and not looked at */
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(IoCreateDevice(low->DriverObject, 0, &low_name, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &device[i]), STATUS_SUCCESS);
        assert_true(device[i]->Flags & DO_DEVICE_HAS_NAME);
        PCUNICODE_STRING name = io_device_name(device[i]);
        assert_int_equal(name->Length, 16 * sizeof(WCHAR)); /* \Device\%08x */
    }
    assert_true(RtlCompareUnicodeString(io_device_name(device[0]), io_device_name(device[1]), TRUE) != 0);
    IoDeleteDevice(device[0]);
    IoDeleteDevice(device[1]);
}

static void exclusive(void)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"\\DosDevices\\ONLY"); /* a device may be named in there */
    upper[IRP_MJ_CREATE] = succeed;
    IoCreateDevice(low->DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, TRUE, &device);
    assert_true(CreateFileA("\\\\.\\ONLY", READ_WRITE, 3, NULL, 3, 0, NULL) == INVALID_HANDLE); /* not ready yet: made in no DriverEntry */
    assert_int_equal(GetLastError(), 433); /* ERROR_NO_SUCH_DEVICE */
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    HANDLE h = CreateFileA("\\\\.\\ONLY", READ_WRITE, 3, NULL, 3, 0, NULL);
    assert_true(h != INVALID_HANDLE);
    assert_true(CreateFileA("\\\\.\\ONLY", READ_WRITE, 3, NULL, 3, 0, NULL) == INVALID_HANDLE && GetLastError() == 5);
    CloseHandle(h);
    h = CreateFileA("\\\\.\\ONLY", READ_WRITE, 3, NULL, 3, 0, NULL);
    assert_true(h != INVALID_HANDLE);
    CloseHandle(h);
    IoDeleteDevice(device);
}

static void deleted_while_referenced(void)
{
    PDEVICE_OBJECT device;
    named_device(low->DriverObject, L"\\Device\\ONE", &device);
    ObReferenceObject(device);
    IoDeleteDevice(device);
    assert_true(low->DriverObject->DeviceObject == up); /* out of the chain at once */
    ((UCHAR *)device->DeviceExtension)[0] = 1;          /* the extension stays with the reference */
    ObDereferenceObject(device);
}
static void deleted_and_used(void)
{
    PDEVICE_OBJECT device;
    named_device(low->DriverObject, NULL, &device);
    IoDeleteDevice(device);
    IoGetAttachedDevice(device);
}
static void extension_overrun(void)
{
    PDEVICE_OBJECT device;
    named_device(low->DriverObject, NULL, &device);
    ((volatile UCHAR *)device->DeviceExtension)[24] = 1;
    IoDeleteDevice(device);
}
static void both_methods(void)
{
    up->Flags |= DO_DIRECT_IO; /* and DO_BUFFERED_IO */
    CloseHandle(open_two(0));
}

/* ---- W-DRV-13, 14: stacks ---- */

static void attachment(void)
{
    PDEVICE_OBJECT top, fresh;
    named_device(low->DriverObject, NULL, &top);
    named_device(low->DriverObject, NULL, &fresh);
    low->AlignmentRequirement = up->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
    assert_true(IoAttachDeviceToDeviceStack(top, low) == up); /* on the top of the stack */
    assert_true(up->AttachedDevice == top && top->StackSize == up->StackSize + 1 && top->AlignmentRequirement == FILE_QUAD_ALIGNMENT);
    assert_true(IoGetAttachedDevice(low) == top);
    assert_true(IoGetLowerDeviceObject(top) == up && IoGetDeviceAttachmentBaseRef(top) == low && IoGetLowerDeviceObject(low) == NULL);
    ObDereferenceObject(up);
    ObDereferenceObject(low);
    assert_true(IoAttachDeviceToDeviceStack(fresh, top) == NULL); /* that one is not initialised yet */
    IoDetachDevice(up);
    assert_true(up->AttachedDevice == NULL);
    IoDeleteDevice(top);
    IoDeleteDevice(fresh);
}

static void attached_by_name(void)
{
    PDEVICE_OBJECT top, target;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"\\Device\\LOW");
    named_device(low->DriverObject, NULL, &top);
    assert_int_equal(IoAttachDevice(top, &name, &target), STATUS_SUCCESS);
    assert_true(target == up && up->AttachedDevice == top && low->ReferenceCount == 0);
    IoDetachDevice(target);
    RtlInitUnicodeString(&name, L"\\Device\\NOBODY");
    assert_int_equal(IoAttachDevice(top, &name, &target), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_true(target == NULL);
    IoDeleteDevice(top);
}

static void chain_listed(void)
{
    PDEVICE_OBJECT list[4];
    ULONG count;
    assert_int_equal(IoEnumerateDeviceObjectList(low->DriverObject, list, sizeof list, &count), STATUS_SUCCESS);
    assert_true(count == 2 && list[0] == up && list[1] == low);
    ObDereferenceObject(list[0]);
    ObDereferenceObject(list[1]);
    assert_int_equal(IoEnumerateDeviceObjectList(low->DriverObject, list, sizeof list[0], &count), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(count, 2);
    ObDereferenceObject(list[0]);
}

static void nothing_attached(void) { IoDetachDevice(up); }
static void deleted_over_another(void) { IoDeleteDevice(up); }

/* ---- W-DRV-16..18: names and pointers ---- */

static void links(void)
{
    UNICODE_STRING link, same, target;
    RtlInitUnicodeString(&link, L"\\DosDevices\\Global\\More");
    RtlInitUnicodeString(&same, L"\\??\\MORE");
    RtlInitUnicodeString(&target, L"\\Device\\LOW");
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&same, &target), STATUS_OBJECT_NAME_COLLISION);
    HANDLE h = CreateFileA("\\\\.\\more", READ_WRITE, 3, NULL, 3, 0, NULL);
    assert_true(h != INVALID_HANDLE);
    CloseHandle(h);
    assert_int_equal(IoDeleteSymbolicLink(&same), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_true(CreateFileA("\\\\.\\more", READ_WRITE, 3, NULL, 3, 0, NULL) == INVALID_HANDLE && GetLastError() == 2);
}

static UCHAR seen[8];
static unsigned seen_count;
static NTSTATUS note(PDEVICE_OBJECT device, PIRP irp)
{
    seen[seen_count++] = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    return complete(irp, STATUS_SUCCESS, 0);
}
static void pointer_by_name(void)
{
    UNICODE_STRING name;
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    upper[IRP_MJ_CREATE] = upper[IRP_MJ_CLEANUP] = upper[IRP_MJ_CLOSE] = note;
    RtlInitUnicodeString(&name, L"\\Device\\LOW");
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device), STATUS_SUCCESS);
    assert_true(device == up && file->DeviceObject == low && IoGetRelatedDeviceObject(file) == up);
    assert_true(seen_count == 2 && seen[0] == IRP_MJ_CREATE && seen[1] == IRP_MJ_CLEANUP);
    ObDereferenceObject(file);
    assert_true(seen_count == 3 && seen[2] == IRP_MJ_CLOSE);
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(low);
    assert_true(top == up);
    ObDereferenceObject(top);
}

/* ---- W-DRV-20 ---- */

static PDEVICE_OBJECT shut[4];
static NTSTATUS on_shutdown(PDEVICE_OBJECT device, PIRP irp)
{
    shut[seen_count++] = device;
    return complete(irp, STATUS_SUCCESS, 0);
}
static void shutdown_registered(void)
{
    upper[IRP_MJ_SHUTDOWN] = lower[IRP_MJ_SHUTDOWN] = on_shutdown;
    PDEVICE_OBJECT apart;
    named_device(low->DriverObject, NULL, &apart);
    assert_int_equal(IoRegisterLastChanceShutdownNotification(apart), STATUS_SUCCESS);
    assert_int_equal(IoRegisterShutdownNotification(low), STATUS_SUCCESS);
    assert_true(low->Flags & DO_SHUTDOWN_REGISTERED);
    assert_int_equal(IoRegisterShutdownNotification(apart), STATUS_SUCCESS);
    io_shutdown_system();
    /* The latest first, each to the top of its stack; then the last chance. */
    assert_true(seen_count == 3 && shut[0] == apart && shut[1] == up && shut[2] == apart);
    IoUnregisterShutdownNotification(low);
    IoUnregisterShutdownNotification(apart);
    assert_false(low->Flags & DO_SHUTDOWN_REGISTERED);
    io_shutdown_system();
    assert_int_equal(seen_count, 3);
    IoDeleteDevice(apart);
}
static void shutdown_left(void)
{
    PDEVICE_OBJECT apart;
    named_device(low->DriverObject, NULL, &apart);
    IoRegisterShutdownNotification(apart);
    IoDeleteDevice(apart);
}
static NTSTATUS pend_for_good(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}
static void shutdown_hangs(void)
{
    lower[IRP_MJ_SHUTDOWN] = pend_for_good;
    IoRegisterShutdownNotification(low);
    io_shutdown_system();
}

/* ---- W-DRV-21 ---- */

static void error_log(void)
{
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(low, sizeof *packet + 8);
    assert_true(packet != NULL);
    packet->ErrorCode = STATUS_DEVICE_NOT_READY;
    IoWriteErrorLogEntry(packet);
    packet = IoAllocateErrorLogEntry(low->DriverObject, ERROR_LOG_MAXIMUM_SIZE);
    assert_true(packet != NULL);
    IoFreeErrorLogEntry(packet);
    assert_true(IoAllocateErrorLogEntry(low, ERROR_LOG_MAXIMUM_SIZE + 1) == NULL);
    assert_true(IoAllocateErrorLogEntry(low, sizeof *packet - 1) == NULL);
}
static void log_entry_left(void) { left = IoAllocateErrorLogEntry(low, sizeof(IO_ERROR_LOG_PACKET)); }
static void log_entry_written_twice(void)
{
    PVOID packet = IoAllocateErrorLogEntry(low, sizeof(IO_ERROR_LOG_PACKET));
    IoWriteErrorLogEntry(packet);
    IoWriteErrorLogEntry(packet);
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image solo_image = {.name = "solo", .entry = solo_entry};
static NTSTATUS (*solo_routine)(PDRIVER_OBJECT, PUNICODE_STRING);
static void (*solo_body)(struct nt_driver *driver);
static NTSTATUS solo_status;
static unsigned solo_unloads;
static ULONG sets, clears; /* of the flags that AddDevice leaves */
static unsigned removal;   /* remove_how */

static void solo_life(void)
{
    struct nt_driver *driver;
    win32_begin();
    entry_routine = solo_routine;
    unloads = 0;
    add_sets = sets, add_clears = clears;
    remove_how = removal;
    solo_status = io_load_driver(&solo_image, &driver);
    if (NT_SUCCESS(solo_status)) {
        if (solo_body)
            solo_body(driver);
        io_unload_driver(driver);
    }
    solo_unloads = unloads;
}
static void alone(NTSTATUS (*routine)(PDRIVER_OBJECT, PUNICODE_STRING), void (*body)(struct nt_driver *))
{
    solo_routine = routine;
    solo_body = body;
    unit_life(solo_life, NULL);
}
static void alone_reported(NTSTATUS (*routine)(PDRIVER_OBJECT, PUNICODE_STRING), void (*body)(struct nt_driver *), const char *name, uint32_t code, uint64_t p1)
{
    solo_routine = routine;
    solo_body = body;
    unit_expecting = name;
    unit_expect_bugcheck_by(solo_life, two_chance, code, p1);
}
#define fails_leaving(routine, code, p1) alone_reported(routine, NULL, #routine, code, p1)

static void look_at_loaded(struct nt_driver *driver)
{
    UNICODE_STRING path = {24, 24, L"\\Device\\SOLO"};
    PFILE_OBJECT file;
    IO_STATUS_BLOCK iosb;
    char byte;
    assert_true(all_invalid && driver->object.MajorFunction[IRP_MJ_READ] == driver->object.MajorFunction[IRP_MJ_WRITE]);
    assert_false(driver->object.DeviceObject->Flags & DO_DEVICE_INITIALIZING);
    assert_int_equal(io_create_file(&path, FILE_READ_DATA, 0, FILE_OPEN, 0, &file, NULL), STATUS_SUCCESS);
    assert_int_equal(io_read_write_file(&(struct io_target_file){.file = file, .iosb = &iosb}, false, &byte, 1, NULL), STATUS_INVALID_DEVICE_REQUEST);
    ob_dereference(file);
}

static void add_and_remove(struct nt_driver *driver)
{
    NTSTATUS status;
    struct devnode *node = pnp_create_root_device(driver, "Root\\SOLO", &status);
    if (NT_SUCCESS(status)) {
        pnp_start(node);
        if (removal == COMPLETES_POWER || removal == PASSES_POWER_FAILURE)
            po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
        if (removal == DETACHES_EARLY || removal == FAILS_SURPRISE)
            pnp_surprise_remove(node);
        else
            pnp_query_remove(node);
        pnp_remove(node);
    }
    solo_status = status;
}

static void add_reported(ULONG wrong, ULONG missing, uint64_t p1)
{
    sets = wrong, clears = missing;
    alone_reported(entry_pnp, add_and_remove, "AddDevice", 0xC9, p1);
    sets = clears = 0;
}

static void removal_reported(unsigned how, uint64_t p1)
{
    removal = how;
    alone_reported(entry_pnp, add_and_remove, "removal", 0xC9, p1);
    removal = REMOVES_WELL;
}

/* RULE W-DRV-1: DriverEntry runs at PASSIVE_LEVEL with the path of its service key, and every major function has a routine that refuses. */
/* RULE W-DRV-3: The I/O manager clears DO_DEVICE_INITIALIZING of what DriverEntry made; who makes devices later does it itself. */
/* RULE W-DRV-4: A major function that DriverEntry sets to NULL gets the refusing routine again. */
static void W_DRV_1_driver_entry(void **state)
{
    alone(entry_looks, look_at_loaded);
    assert_int_equal(solo_unloads, 1);
    shown(exclusive);
}

/* RULE V-DRV-1: Using the registry path after DriverEntry has returned is a use of freed memory. */
static void V_DRV_1_registry_path(void **state)
{
#if UNIT_CATCHES_FAULTS
    alone_reported(entry_keeps_path, NULL, "entry_keeps_path", 0x50, ~0ull);
#endif
}

/* RULE V-DRV-2: What a failed DriverEntry leaves is reported: devices, memory, timers, threads, links. */
/* RULE W-DRV-2: DriverUnload is not called for a driver whose DriverEntry failed. */
static void V_DRV_2_failed_entry(void **state)
{
    alone(fails_clean, NULL);
    assert_true(solo_status == STATUS_NO_SUCH_DEVICE && solo_unloads == 0);
    fails_leaving(fails_and_leaves_a_device, 0x36, ~0ull);
    fails_leaving(fails_and_leaves_memory, 0xC4, 0x62);
    fails_leaving(fails_and_leaves_a_timer, 0xC7, 0);
    fails_leaving(fails_and_leaves_a_thread, 0xCE, ~0ull);
    fails_leaving(fails_and_leaves_a_link, OWN_RULE, 6);
}

/* RULE W-DRV-7: A driver object extension is zeroed, one per identification, and goes with the driver. */
static void W_DRV_7_extensions(void **state) { alone(entry_with_extensions, NULL); }

static void count_calls(struct nt_driver *driver)
{
    assert_true(called == 3 && counts[0] == 1 && counts[1] == 2 && counts[2] == 3);
}

/* RULE W-DRV-8: A reinitialisation routine is called after DriverEntry succeeded, with counts from 1, and may ask for another call. */
static void W_DRV_8_reinitialization(void **state)
{
    alone(entry_asks_again, count_calls);
    alone(entry_asks_again_and_fails, NULL);
}

/* RULE W-DRV-10: IoCreateDevice makes a device with a zeroed, aligned extension at the head of its driver's chain, and refuses a name that is taken. */
static void W_DRV_10_creation(void **state) { shown(creation); }

/* RULE W-DRV-11: A generated name replaces the one given; an exclusive device is opened once at a time. */
static void W_DRV_11_characteristics(void **state)
{
    shown(generated_names);
    shown(exclusive);
}

/* RULE W-DRV-12: A device has DO_BUFFERED_IO or DO_DIRECT_IO or neither, and inherits DO_POWER_PAGABLE. */
/* RULE V-IO-243: DO_DEVICE_INITIALIZING that AddDevice leaves set is reported. */
/* RULE V-DRV-3: A device made outside DriverEntry on which DO_DEVICE_INITIALIZING stays is reported when AddDevice returns. */
/* RULE V-IO-245: Both I/O methods on one device are reported. */
/* RULE V-IO-23F: A device above one with DO_POWER_PAGABLE that lacks it is reported. */
static void W_DRV_12_flags(void **state)
{
    alone(entry_pnp, add_and_remove);
    assert_int_equal(solo_status, STATUS_SUCCESS);
    add_reported(DO_DEVICE_INITIALIZING, 0, 0x243);
    add_reported(DO_DIRECT_IO, 0, 0x245);
    add_reported(0, DO_POWER_PAGABLE, 0x23F);
    reported(both_methods, 0xC9, 0x245);
}

/* RULE V-IO-21E: A device that is still there when IRP_MN_REMOVE_DEVICE is over is reported. */
/* RULE V-IO-241: Detaching a device in IRP_MN_SURPRISE_REMOVAL is reported. */
/* RULE V-IO-247: Failing a PnP IRP that must not fail, as IRP_MN_SURPRISE_REMOVAL, is reported. */
/* RULE V-IO-306: Failing IRP_MN_REMOVE_DEVICE is reported. */
/* RULE V-IO-21F: A PnP driver without a routine for IRP_MJ_PNP, IRP_MJ_POWER or IRP_MJ_SYSTEM_CONTROL is reported. */
static void V_IO_21E_removal(void **state)
{
    removal_reported(NOT_DELETED, 0x21E);
    removal_reported(DETACHES_EARLY, 0x241);
    removal_reported(FAILS_SURPRISE, 0x247);
    removal_reported(FAILS_REMOVE, 0x306);
    removal_reported(NO_POWER, 0x21F);
}

/* RULE V-IO-22E: A successful PnP IRP that a device other than the PDO completes without passing it down is reported. */
/* RULE V-IO-22F: A PnP IRP that a device other than the PDO completes untouched is reported. */
/* RULE V-IO-215: A failed PnP IRP that is passed down is reported. */
/* RULE V-IO-216: A PnP IRP whose status is made STATUS_NOT_SUPPORTED again is reported. */
/* RULE V-IO-219: A failed power IRP that is passed down is reported. */
/* RULE V-IO-231: A successful power IRP that a device other than the PDO completes is reported. */
static void V_IO_22E_answers(void **state)
{
    removal_reported(COMPLETES_CAPABILITIES, 0x22E);
    removal_reported(COMPLETES_UNTOUCHED, 0x22F);
    removal_reported(PASSES_FAILURE, 0x215);
    removal_reported(UNSAYS, 0x216);
    removal_reported(COMPLETES_POWER, 0x231);
    removal_reported(PASSES_POWER_FAILURE, 0x219);
    removal = FAILS_CAPABILITIES;
    alone(entry_pnp, add_and_remove);
    removal = REMOVES_WELL;
}

/* RULE V-DRV-7: A driver that ignores a failed IoAttachDeviceToDeviceStack is found by the fault. */
static void V_DRV_7_unchecked(void **state)
{
    static const struct chance fails = {.fault_count = 1, .fault = {{.ddi = DDI_IoAttachDeviceToDeviceStack, .nth = 1, .value = 1}}};
    two_chance = &fails;
#if UNIT_CATCHES_FAULTS
    alone_reported(entry_unchecked, add_and_remove, "add_unchecked", 0x50, ~0ull);
#endif
    solo_routine = entry_pnp;
    solo_body = add_and_remove;
    unit_life(solo_life, two_chance);
    assert_int_equal(solo_status, STATUS_NO_SUCH_DEVICE);
    two_chance = NULL;
}

/* RULE W-DRV-13: A device is attached to the top of a stack and takes over its alignment; not to a device that is not ready. */
static void W_DRV_13_attachment(void **state)
{
    shown(attachment);
    shown(attached_by_name);
    shown(chain_listed);
}

/* RULE W-DRV-14: IoDetachDevice is given the device below; a device is detached before it is deleted. */
static void W_DRV_14_detachment(void **state)
{
    reported(nothing_attached, 0xC9, 0x202);
    reported(deleted_over_another, 0xC9, 0x201);
}

/* RULE W-DRV-15: IoDeleteDevice takes a device out of its driver's chain at once, its memory goes with the last reference. */
/* RULE V-DRV-6: Writing behind a device extension, and using a deleted device, are reported. */
static void W_DRV_15_deletion(void **state)
{
    shown(deleted_while_referenced);
    reported(deleted_and_used, 0xC9, 4);
#if UNIT_CATCHES_FAULTS
    reported(extension_overrun, 0xC1, ~0ull);
#endif
}

/* RULE W-DRV-16: DOS names are one global directory, without case; a link exists once, and is gone when it is deleted. */
static void W_DRV_16_links(void **state) { shown(links); }

/* RULE W-DRV-17: IoGetDeviceObjectPointer opens the device and closes the handle; CLOSE comes with the file object's last reference. */
/* RULE W-DRV-18: IoGetAttachedDeviceReference references the top of the stack, IoGetRelatedDeviceObject does not. */
static void W_DRV_17_pointers(void **state) { shown(pointer_by_name); }

/* RULE W-DRV-20: IRP_MJ_SHUTDOWN goes to the devices that registered for it, the latest first, to the top of their stacks. */
/* RULE V-UNL-9: A device that is deleted while registered for shutdown notification is reported. */
/* RULE V-IO-18: A shutdown that never ends is bug check 0xC4/0x115. */
static void W_DRV_20_shutdown(void **state)
{
    shown(shutdown_registered);
    unit_expected_rule = "V-UNL-9";
    reported(shutdown_left, OWN_RULE, 9);
    reported(shutdown_hangs, 0xC4, 0x115);
}

/* RULE W-DRV-21: An error log entry has a size within limits, and is written or freed once. */
static void W_DRV_21_error_log(void **state)
{
    shown(error_log);
    reported(log_entry_left, 0xC4, 0x62);
    unit_expected_rule = "W-DRV-21";
    reported(log_entry_written_twice, OWN_RULE, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DRV_1_driver_entry), cmocka_unit_test(V_DRV_1_registry_path), cmocka_unit_test(V_DRV_2_failed_entry),
        cmocka_unit_test(W_DRV_7_extensions), cmocka_unit_test(W_DRV_8_reinitialization), cmocka_unit_test(W_DRV_10_creation),
        cmocka_unit_test(W_DRV_11_characteristics), cmocka_unit_test(W_DRV_12_flags), cmocka_unit_test(V_IO_21E_removal), cmocka_unit_test(V_IO_22E_answers), cmocka_unit_test(V_DRV_7_unchecked),
        cmocka_unit_test(W_DRV_13_attachment), cmocka_unit_test(W_DRV_14_detachment), cmocka_unit_test(W_DRV_15_deletion),
        cmocka_unit_test(W_DRV_16_links), cmocka_unit_test(W_DRV_17_pointers), cmocka_unit_test(W_DRV_20_shutdown), cmocka_unit_test(W_DRV_21_error_log),
    };
    return cmocka_run_group_tests(tests);
}
