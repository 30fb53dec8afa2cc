/* Drivers: loading, AddDevice, what a driver in a PnP stack answers: W-DRV-1..8, 12, V-DRV-1..10, V-SEC-7, V-IO-215..247. */
#include "two_devices.h"

#include <wdmsec.h>

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

/* ---- V-DRV-5, 8, 10, V-SEC-7 ---- */

static void table_changed(void) { low->DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = succeed; }

static VOID never_called(PDEVICE_OBJECT device, PIRP irp) { IoReleaseCancelSpinLock(irp->CancelIrql); }
static NTSTATUS write_cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    irp->CancelRoutine = never_called;
    IoSetCancelRoutine(irp, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(cancel_routine_written, write_cancel_routine)
static NTSTATUS clear_cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    IoSetCancelRoutine(irp, never_called);
    irp->CancelRoutine = NULL;
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(cancel_routine_cleared, clear_cancel_routine)

static void named_without_descriptor(void)
{
    PDEVICE_OBJECT device;
    named_device(low->DriverObject, L"\\Device\\OPEN", &device);
}
static void secured(ULONG characteristics)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING name, sddl;
    RtlInitUnicodeString(&name, L"\\Device\\SHUT");
    RtlInitUnicodeString(&sddl, L"D:P(A;;GA;;;SY)");
    IoCreateDeviceSecure(low->DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, characteristics, FALSE, &sddl, NULL, &device);
    IoDeleteDevice(device);
}
static void named_without_secure_open(void) { secured(0); }
static void named_and_secured(void)
{
    PDEVICE_OBJECT device;
    secured(FILE_DEVICE_SECURE_OPEN);
    named_device(low->DriverObject, NULL, &device);
    IoDeleteDevice(device);
}
static NTSTATUS entry_without_unload(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    driver->DriverUnload = NULL;
    return named_device(driver, NULL, &device);
}
static NTSTATUS add_named(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING name, sddl;
    RtlInitUnicodeString(&name, L"\\Device\\FDO");
    RtlInitUnicodeString(&sddl, L"D:P(A;;GA;;;SY)");
    return IoCreateDeviceSecure(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &sddl, NULL, &device);
}
static NTSTATUS entry_adds_named(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverExtension->AddDevice = add_named;
    return STATUS_SUCCESS;
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
              PASSES_FAILURE, UNSAYS, COMPLETES_POWER, PASSES_POWER_FAILURE, FAILS_CAPABILITIES,
              UNTOUCHED_POWER, UNSAYS_POWER } remove_how;

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
    if (minor == IRP_MN_START_DEVICE) { /* the bus first */
        IoForwardIrpSynchronously(lower_device, irp);
        return complete(irp, irp->IoStatus.Status, 0);
    }
    if (minor == IRP_MN_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL || minor == IRP_MN_QUERY_REMOVE_DEVICE)
        irp->IoStatus.Status = STATUS_SUCCESS;
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
    if (query && remove_how == UNTOUCHED_POWER)
        return complete(irp, irp->IoStatus.Status, 0);
    if (query && remove_how == UNSAYS_POWER)
        irp->IoStatus.Status = irp->IoStatus.Status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
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
    return NT_SUCCESS(status) && (remove_how == UNSAYS || remove_how == UNSAYS_POWER) ? add_one(driver, pdo) : status;
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

static void both_methods(void)
{
    up->Flags |= DO_DIRECT_IO; /* and DO_BUFFERED_IO */
    CloseHandle(open_two(0));
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
        if (removal == COMPLETES_POWER || removal == PASSES_POWER_FAILURE || removal == UNTOUCHED_POWER || removal == UNSAYS_POWER)
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
}

/* RULE V-MSC-10: What is lent to DriverEntry alone, its registry path, is not used afterwards. */
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

/* RULE V-UNL-5: The report names the thread that is left: its routine, what it does, and who made it where. */
static void V_UNL_5_names_the_thread(void **state)
{
    unit_wants_report = true;
    fails_leaving(fails_and_leaves_a_thread, 0xCE, ~0ull);
    assert_true(strstr(unit_report, "(runs_on) still runs: it ") != NULL);
    assert_true(strstr(unit_report, "; made by fails_and_leaves_a_thread in thread ") != NULL);
    assert_true(strstr(unit_report, "test_io_driver.c:") != NULL);
}

/* The two devices have names of their own: the lint is for what comes after them. */
static void (*linted)(void);
static void with_lint(void)
{
    machine_lints = LINT_DEVICE;
    linted();
    machine_lints = 0;
}
static void lint_shown(void (*body)(void))
{
    linted = body;
    shown(with_lint);
}
static void lint_reported(void (*body)(void), uint64_t p1)
{
    linted = body;
    unit_expected_rule = "V-SEC-7";
    reported(with_lint, OWN_RULE, p1);
    machine_lints = 0;
}
static void solo_lint(NTSTATUS (*routine)(PDRIVER_OBJECT, PUNICODE_STRING), uint64_t p1)
{
    machine_lints = LINT_DEVICE;
    unit_expected_rule = "V-DRV-10";
    alone_reported(routine, add_and_remove, "V-DRV-10", OWN_RULE, p1);
    machine_lints = 0;
}

/* RULE V-SEC-7: A named device without a security descriptor, or without FILE_DEVICE_SECURE_OPEN, is reported where that is asked for. */
/* RULE V-DRV-10: A PnP driver's named device, and a driver that keeps a device and has no unload routine, are reported where that is asked for. */
static void V_SEC_7_lints(void **state)
{
    lint_reported(named_without_descriptor, 0);
    lint_reported(named_without_secure_open, 1);
    lint_shown(named_and_secured);
    solo_lint(entry_without_unload, 3);
    solo_lint(entry_adds_named, 2);
}

/* RULE V-DRV-5: A dispatch routine that is exchanged after DriverEntry is reported at the unload. */
static void V_DRV_5_table(void **state)
{
    unit_expected_rule = "V-DRV-5";
    reported(table_changed, OWN_RULE, IRP_MJ_SHUTDOWN);
}

/* RULE V-DRV-8: A driver that writes Irp->CancelRoutine itself is reported. */
static void V_DRV_8_opaque(void **state)
{
    unit_expected_rule = "V-DRV-8";
    reported(cancel_routine_written, OWN_RULE, ~0ull);
    unit_expected_rule = "V-DRV-8";
    reported(cancel_routine_cleared, OWN_RULE, ~0ull);
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
/* RULE W-PNP-14: A PnP driver has routines for IRP_MJ_PNP, IRP_MJ_POWER and IRP_MJ_SYSTEM_CONTROL. */
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
/* RULE V-IO-21A: A power IRP whose status is made STATUS_NOT_SUPPORTED again is reported. */
/* RULE V-IO-232: A power IRP that a device other than the PDO completes untouched is reported. */
/* RULE V-IO-231: A successful power IRP that a device other than the PDO completes is reported. */
static void V_IO_22E_answers(void **state)
{
    removal_reported(COMPLETES_CAPABILITIES, 0x22E);
    removal_reported(COMPLETES_UNTOUCHED, 0x22F);
    removal_reported(PASSES_FAILURE, 0x215);
    removal_reported(UNSAYS, 0x216);
    removal_reported(COMPLETES_POWER, 0x231);
    removal_reported(PASSES_POWER_FAILURE, 0x219);
    removal_reported(UNTOUCHED_POWER, 0x232);
    removal_reported(UNSAYS_POWER, 0x21A);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DRV_1_driver_entry), cmocka_unit_test(V_DRV_1_registry_path), cmocka_unit_test(V_DRV_2_failed_entry),
        cmocka_unit_test(V_UNL_5_names_the_thread),
        cmocka_unit_test(V_SEC_7_lints), cmocka_unit_test(V_DRV_5_table), cmocka_unit_test(V_DRV_8_opaque), cmocka_unit_test(W_DRV_7_extensions),
        cmocka_unit_test(W_DRV_8_reinitialization), cmocka_unit_test(W_DRV_12_flags), cmocka_unit_test(V_IO_21E_removal), cmocka_unit_test(V_IO_22E_answers),
        cmocka_unit_test(V_DRV_7_unchecked),
    };
    return cmocka_run_group_tests(tests);
}
