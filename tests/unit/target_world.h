/*
 * For tests of I/O targets, beside kmdf_world.h: a WDM driver with two devices. LOW has a name and stands alone; UNDER is attached below the framework's
 * device (plan.init = put_under). What both do with I/O is the test's: low_how. What they saw of the last request is in `seen`.
 */
#ifndef TESTS_UNIT_TARGET_WORLD_H
#define TESTS_UNIT_TARGET_WORLD_H

#include "kmdf_world.h"

#include "nt/image.h"

#pragma clang diagnostic ignored "-Wunused-function"
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

enum how { SUCCEED, FAIL_IT, PEND, PEND_CANCELABLE };
static enum how low_how;
static ULONG_PTR low_information; /* of what succeeds */
static PDEVICE_OBJECT low, under, below_under;
static PIRP low_held[8];
static int low_held_count;
static PDRIVER_OBJECT low_driver;
static void (*low_touch)(void *buffer); /* what the lower driver does with a transfer's system buffer when it gets and when it completes it */
static struct {
    UCHAR major;
    ULONG length, out, code;
    LONGLONG offset;
    PVOID system, user, type3, argument1;
    PMDL mdl;
    PFILE_OBJECT file;
    int count, creates, cleanups, closes;
    int depth; /* stack locations above its own */
} seen;

static void low_touch_buffer(PIRP irp)
{
    if (low_touch && irp->AssociatedIrp.SystemBuffer)
        low_touch(irp->AssociatedIrp.SystemBuffer);
}

static NTSTATUS low_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    low_touch_buffer(irp);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void low_forget(PIRP irp)
{
    int i = 0;
    while (i < low_held_count && low_held[i] != irp)
        i++;
    for (; i < low_held_count - 1; i++)
        low_held[i] = low_held[i + 1];
    low_held_count--;
}

static VOID low_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    low_forget(irp);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    low_complete(irp, STATUS_CANCELLED, 0);
}

/* The oldest that LOW or UNDER holds, if it is still there. */
static bool low_let_go(NTSTATUS status, ULONG_PTR information)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    PIRP irp = low_held_count ? low_held[0] : NULL;
    if (irp) {
        IoSetCancelRoutine(irp, NULL);
        low_forget(irp);
    }
    IoReleaseCancelSpinLock(irql);
    if (irp)
        low_complete(irp, status, information);
    return irp != NULL;
}

static NTSTATUS low_hold(PIRP irp)
{
    KIRQL irql;
    IoMarkIrpPending(irp);
    IoAcquireCancelSpinLock(&irql);
    if (low_how == PEND_CANCELABLE && irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        low_complete(irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    if (low_how == PEND_CANCELABLE)
        IoSetCancelRoutine(irp, low_cancel);
    low_held[low_held_count++] = irp;
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

static void low_look(PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    bool control = s->MajorFunction == IRP_MJ_DEVICE_CONTROL || s->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    seen.count++;
    seen.major = s->MajorFunction;
    seen.depth = irp->StackCount - irp->CurrentLocation;
    seen.file = s->FileObject;
    seen.system = irp->AssociatedIrp.SystemBuffer, seen.user = irp->UserBuffer, seen.mdl = irp->MdlAddress;
    seen.argument1 = s->Parameters.Others.Argument1;
    seen.length = control ? s->Parameters.DeviceIoControl.InputBufferLength : s->Parameters.Read.Length;
    seen.out = s->Parameters.DeviceIoControl.OutputBufferLength;
    seen.code = s->Parameters.DeviceIoControl.IoControlCode;
    seen.type3 = s->Parameters.DeviceIoControl.Type3InputBuffer;
    seen.offset = s->Parameters.Read.ByteOffset.QuadPart;
}

static NTSTATUS low_io(PIRP irp)
{
    low_look(irp);
    low_touch_buffer(irp);
    switch (low_how) {
    case SUCCEED:
        return low_complete(irp, STATUS_SUCCESS, low_information);
    case FAIL_IT:
        return low_complete(irp, STATUS_IO_DEVICE_ERROR, 0);
    default:
        return low_hold(irp);
    }
}

static NTSTATUS low_pass(PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    bool gone = s->MajorFunction == IRP_MJ_PNP && s->MinorFunction == IRP_MN_REMOVE_DEVICE;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(below_under, irp);
    if (gone) {
        IoDetachDevice(below_under);
        IoDeleteDevice(under);
        under = NULL;
    }
    return status;
}

static NTSTATUS low_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
        seen.creates++;
        return low_complete(irp, STATUS_SUCCESS, FILE_OPENED);
    case IRP_MJ_CLEANUP:
        seen.cleanups++;
        return low_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLOSE:
        seen.closes++;
        return low_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_PNP: case IRP_MJ_POWER: case IRP_MJ_SYSTEM_CONTROL:
        return low_pass(irp);
    default:
        return low_io(irp);
    }
}

static VOID low_unload(PDRIVER_OBJECT d) { IoDeleteDevice(low); }
static NTSTATUS low_add(PDRIVER_OBJECT d, PDEVICE_OBJECT pdo) { return STATUS_SUCCESS; }

static ULONG low_flags = DO_BUFFERED_IO;
static int low_entry(void *driver_object, void *path)
{
    UNICODE_STRING name;
    low_driver = driver_object;
    RtlInitUnicodeString(&name, L"\\Device\\LOW");
    low_driver->DriverUnload = low_unload;
    low_driver->DriverExtension->AddDevice = low_add;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        low_driver->MajorFunction[i] = low_dispatch;
    NTSTATUS status = IoCreateDevice(low_driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &low);
    low->Flags |= low_flags;
    low->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

/* plan.init: UNDER between the PDO and the framework's device. */
static void put_under(PWDFDEVICE_INIT init)
{
    PDEVICE_OBJECT pdo = WdfFdoInitWdmGetPhysicalDevice(init);
    IoCreateDevice(low_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &under);
    below_under = IoAttachDeviceToDeviceStack(under, pdo);
    under->Flags |= low_flags | (below_under->Flags & DO_POWER_PAGABLE);
    under->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image low_image = {.name = "low", .entry = low_entry};
__attribute__((section("drv_images"), used)) static const struct driver_image *const low_registration = &low_image;
static struct nt_driver *low_nt;

/* ---- The world with it ---- */

static WDFIOTARGET target;

static void low_load_with(ULONG flags)
{
    memset(&seen, 0, sizeof seen);
    low_how = SUCCEED, low_information = 0, low_held_count = 0, low_flags = flags, low_touch = NULL;
    target = NULL;
    assert_int_equal(io_load_driver(&low_image, &low_nt), STATUS_SUCCESS);
}

/* A started framework device above UNDER; `target` is its default one. */
static void start_above(void)
{
    low_load_with(DO_BUFFERED_IO);
    plan.init = put_under;
    start();
    target = WdfDeviceGetIoTarget(device);
}

/* A filter above UNDER. */
static void put_under_filter(PWDFDEVICE_INIT init)
{
    put_under(init);
    WdfFdoInitSetFilter(init);
}

static void start_filter(void)
{
    low_load_with(DO_BUFFERED_IO);
    plan.init = put_under_filter;
    start();
    target = WdfDeviceGetIoTarget(device);
}

static void finish_above(void)
{
    finish();
    io_unload_driver(low_nt);
}

/* A target of the driver's own on LOW, opened by name. */
static NTSTATUS open_low(void)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    UNICODE_STRING name = text_of(L"\\Device\\LOW");
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, &name, GENERIC_READ | GENERIC_WRITE);
    return WdfIoTargetOpen(target, &p);
}

static void make_target(void)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_attributes(&a, NULL);
    target = NULL;
    created = WdfIoTargetCreate(device, &a, &target);
    if (NT_SUCCESS(created))
        named(target)->name = "target";
}

static void start_beside_with(ULONG flags)
{
    low_load_with(flags);
    start();
    make_target();
    assert_int_equal(created, STATUS_SUCCESS);
    assert_int_equal(open_low(), STATUS_SUCCESS);
}

static void start_beside(void) { start_beside_with(DO_BUFFERED_IO); }

/* ---- Requests ---- */

static int came_back;
static NTSTATUS came_with;
static ULONG_PTR came_information;
static WDF_REQUEST_COMPLETION_PARAMS came_params;
static KIRQL came_irql;

/* "back" */
static VOID on_back(WDFREQUEST request, WDFIOTARGET t, PWDF_REQUEST_COMPLETION_PARAMS params, WDFCONTEXT context)
{
    say("back");
    came_back++;
    came_irql = KeGetCurrentIrql();
    came_params = *params;
    came_with = params->IoStatus.Status;
    came_information = params->IoStatus.Information;
}

/* "back", and the request is completed with what the lower device said. */
static VOID on_back_complete(WDFREQUEST request, WDFIOTARGET t, PWDF_REQUEST_COMPLETION_PARAMS params, WDFCONTEXT context)
{
    on_back(request, t, params, context);
    WdfRequestComplete(request, params->IoStatus.Status);
}

static WDFREQUEST make_request(void)
{
    WDFREQUEST r = NULL;
    came_back = 0, came_with = 0;
    created = WdfRequestCreate(NULL, target, &r);
    return r;
}

static WDFMEMORY make_memory(size_t size, void **buffer)
{
    WDFMEMORY m = NULL;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    assert_int_equal(WdfMemoryCreate(&a, NonPagedPoolNx, 'tseT', size, &m, buffer), STATUS_SUCCESS);
    return m;
}

/* A read of a request of the driver's own, formatted and with on_back. */
static WDFREQUEST formatted_read(void)
{
    WDFREQUEST r = make_request();
    WDFMEMORY m = make_memory(8, NULL);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, m, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(r, on_back, NULL);
    return r;
}

static WDF_REQUEST_SEND_OPTIONS send_options(ULONG flags, LONGLONG timeout)
{
    WDF_REQUEST_SEND_OPTIONS o;
    WDF_REQUEST_SEND_OPTIONS_INIT(&o, flags);
    o.Timeout = timeout;
    return o;
}

static BOOLEAN send_with(WDFREQUEST r, ULONG flags, LONGLONG timeout)
{
    WDF_REQUEST_SEND_OPTIONS o = send_options(flags, timeout);
    return WdfRequestSend(r, target, &o);
}

#define MS (-10000ll)

/* The delegates of a test's second thread. */
static struct nt_thread *thread_of(void (*body)(void *), void *context)
{
    return ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "other", NULL, body, context);
}

static void join(struct nt_thread *thread)
{
    ke_wait_for_single_object(thread, Executive, KernelMode, FALSE, NULL);
    ob_dereference(thread);
}

#endif
