/* A driver that touches a wide part of the WDM surface. Compiled as C and as C++, never run. */
#include <INITGUID.H>
#include <WDM.h>
#include <Ntddk.h>
#include <NtStrSafe.h>
#include <ntintsafe.h>
#include <DriverSpecs.h>
#include <wdmsec.h>
#include <wdmguid.h>
#include <wmistr.h>
#include <WmiLib.h>
#include <csq.h>
#include <dontuse.h>
#include <TraceLoggingProvider.h>
#include <aux_klib.h>
#include "driver.tmh"

DEFINE_GUID(GUID_DRIVER, 0xcdc35b6e, 0xbe4, 0x4936, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0xa, 0x7c, 0x1a);

#define POOL_TAG 'tseT'
#define IOCTL_ECHO CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_NEITHER, FILE_ANY_ACCESS)

typedef struct _EXTENSION {
    PDEVICE_OBJECT Self, Lower;
    IO_REMOVE_LOCK RemoveLock;
    KSPIN_LOCK Lock;
    LIST_ENTRY Pending;
    KTIMER Timer;
    KDPC Dpc;
    FAST_MUTEX Mutex;
    _Guarded_by_(Lock) ULONG Count;
    volatile ULONG *Registers;
    IO_CSQ Csq;
    NPAGED_LOOKASIDE_LIST Lookaside;
} EXTENSION, *PEXTENSION;

EXTERN_C_START
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_ADD_DEVICE AddDevice;
EXTERN_C_END
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH Read;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH Control;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH Pnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH Power;
DRIVER_CANCEL Cancel;
IO_COMPLETION_ROUTINE Completed;
KDEFERRED_ROUTINE Tick;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, AddDevice)
#pragma alloc_text(PAGE, Unload)
#endif
#pragma warning(disable : 4100)
#pragma prefast(suppress : 28118, "tested")
#pragma comment(lib, "wdmsec")

__inline PEXTENSION ExtensionOf(__in PDEVICE_OBJECT device)
{
    return (PEXTENSION)device->DeviceExtension;
}

static FORCEINLINE ULONG Twice(_In_ ULONG value)
{
    return value * 2;
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG i;

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    KdPrint(("%wZ\n", RegistryPath));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "loaded %d\n", 1));
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = Read;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    DriverObject->MajorFunction[IRP_MJ_PNP] = Pnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = Power;
    DriverObject->DriverUnload = Unload;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    return STATUS_SUCCESS;
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    PAGED_CODE();
    TraceEvents(TRACE_LEVEL_INFORMATION, DBG_INIT, "%!FUNC!");
    WPP_CLEANUP(DriverObject);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PEXTENSION extension;
    NTSTATUS status;
    WCHAR buffer[64];
    UNICODE_STRING name;
    LARGE_INTEGER due;
    DECLARE_CONST_UNICODE_STRING(sddl, L"D:P(A;;GA;;;SY)");

    PAGED_CODE();
    RtlInitUnicodeString(&name, L"\\Device\\Test");
    status = IoCreateDeviceSecure(DriverObject, sizeof(EXTENSION), &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
        &sddl, (LPCGUID)&GUID_DRIVER, &device);
    if (!NT_SUCCESS(status))
        return status;
    extension = ExtensionOf(device);
    RtlZeroMemory(extension, sizeof(*extension));
    extension->Self = device;
    IoInitializeRemoveLock(&extension->RemoveLock, POOL_TAG, 1, 2);
    KeInitializeSpinLock(&extension->Lock);
    InitializeListHead(&extension->Pending);
    ExInitializeFastMutex(&extension->Mutex);
    KeInitializeDpc(&extension->Dpc, Tick, extension);
    KeInitializeTimerEx(&extension->Timer, SynchronizationTimer);
    ExInitializeNPagedLookasideList(&extension->Lookaside, NULL, NULL, 0, 64, POOL_TAG, 0);
    due.QuadPart = Int32x32To64(-1, 10000);
    KeSetCoalescableTimer(&extension->Timer, due, 100, 10, &extension->Dpc);
    status = RtlStringCbPrintfW(buffer, sizeof(buffer), L"%ws-%d", L"dev", 1);
    (VOID)_snwprintf(buffer, RTL_NUMBER_OF(buffer), L"%s", L"text");
    NT_ASSERT(wcslen(buffer) > 0);
    ASSERT(NT_SUCCESS(status));
    ASSERTMSG("attached", device != NULL);
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return status;
}

static VOID Finish(PEXTENSION extension, PIRP Irp, NTSTATUS status, ULONG_PTR information)
{
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = ExtensionOf(DeviceObject);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    KIRQL irql;
    ULONG total;
    NTSTATUS status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    status = RtlULongAdd(stack->Parameters.Read.Length, 1, &total);
    if (!NT_SUCCESS(status)) {
        Finish(extension, Irp, status, 0);
        return status;
    }
    KeAcquireSpinLock(&extension->Lock, &irql);
    IoSetCancelRoutine(Irp, Cancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&extension->Lock, irql);
        Finish(extension, Irp, STATUS_CANCELLED, 0);
        return STATUS_CANCELLED;
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&extension->Pending, &Irp->Tail.Overlay.ListEntry);
    extension->Count += Twice(total);
    KeReleaseSpinLock(&extension->Lock, irql);
    return STATUS_PENDING;
}

NTSTATUS Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = ExtensionOf(DeviceObject);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    NTSTATUS status = STATUS_SUCCESS;
    PMDL mdl = NULL;
    PVOID copy = NULL, address;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_ECHO:
        __try {
            __try {
                ProbeForRead(input, length, sizeof(UCHAR));
                copy = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, length, POOL_TAG);
                RtlCopyMemory(copy, input, length);
                mdl = IoAllocateMdl(input, length, FALSE, TRUE, NULL);
                if (mdl == NULL)
                    __leave;
                MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
                address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
                if (address == NULL)
                    status = STATUS_INSUFFICIENT_RESOURCES;
            } __finally {
                if (copy != NULL)
                    ExFreePoolWithTag(copy, POOL_TAG);
                if (AbnormalTermination())
                    DbgPrint("abnormal %08x\n", status);
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
        }
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    if (mdl != NULL)
        IoFreeMdl(mdl);
    Finish(extension, Irp, status, 0);
    return status;
}

_Function_class_(DRIVER_CANCEL) _Requires_lock_held_(_Global_cancel_spin_lock_) _Releases_lock_(_Global_cancel_spin_lock_)
_IRQL_requires_min_(DISPATCH_LEVEL) _IRQL_requires_(DISPATCH_LEVEL)
VOID Cancel(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ _IRQL_uses_cancel_ PIRP Irp)
{
    PEXTENSION extension = ExtensionOf(DeviceObject);

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
    Finish(extension, Irp, STATUS_CANCELLED, 0);
}

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned)
        KeSetEvent((PRKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = ExtensionOf(DeviceObject);
    KEVENT event;
    NTSTATUS status;

    PAGED_CODE();
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, Completed, &event, TRUE, TRUE, TRUE);
        status = IoCallDriver(extension->Lower, Irp);
        if (status == STATUS_PENDING) {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
            status = Irp->IoStatus.Status;
        }
        WRITE_REGISTER_ULONG(extension->Registers, READ_REGISTER_ULONG(extension->Registers) | 1);
        KeStallExecutionProcessor(10);
        Finish(extension, Irp, status, 0);
        return status;
    case IRP_MN_REMOVE_DEVICE:
        IoReleaseRemoveLockAndWait(&extension->RemoveLock, Irp);
        __fallthrough;
    default:
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(extension->Lower, Irp);
    }
}

NTSTATUS Power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(ExtensionOf(DeviceObject)->Lower, Irp);
}

VOID Tick(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PEXTENSION extension = (PEXTENSION)DeferredContext;
    LARGE_INTEGER now;
    ULONG index;
    PVOID entry;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeQuerySystemTime(&now);
    InterlockedIncrement((LONG volatile *)&extension->Count);
    InterlockedOr((LONG volatile *)&extension->Count, 4);
    (void)InterlockedExchangePointer((PVOID volatile *)&extension->Lower, extension->Lower);
    KeMemoryBarrier();
    if (_BitScanForward(&index, extension->Count))
        extension->Count = _rotl(extension->Count, (int)index);
    entry = ExAllocateFromNPagedLookasideList(&extension->Lookaside);
    if (entry != NULL)
        ExFreeToNPagedLookasideList(&extension->Lookaside, entry);
    if (!IsListEmpty(&extension->Pending) && KeGetCurrentIrql() == DISPATCH_LEVEL)
        DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%I64d\n", now.QuadPart);
    YieldProcessor();
}
