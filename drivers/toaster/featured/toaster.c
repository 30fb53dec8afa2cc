#include <initguid.h>

#include "toaster.h"
#include "../inc/driver.h"
#include "../inc/public.h"

/* How crisp this driver wants its toast. */
#define TOASTER_CRISPINESS_LEVEL 8

static EVT_WDF_DRIVER_DEVICE_ADD ToasterEvtDeviceAdd;
static EVT_WDF_DEVICE_PREPARE_HARDWARE ToasterEvtDevicePrepareHardware;
static EVT_WDF_DEVICE_RELEASE_HARDWARE ToasterEvtDeviceReleaseHardware;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT ToasterEvtDeviceSelfManagedIoInit;
static EVT_WDF_DEVICE_FILE_CREATE ToasterEvtDeviceFileCreate;
static EVT_WDF_FILE_CLOSE ToasterEvtFileClose;
static EVT_WDF_IO_QUEUE_IO_READ ToasterEvtIoRead;
static EVT_WDF_IO_QUEUE_IO_WRITE ToasterEvtIoWrite;
static EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL ToasterEvtIoDeviceControl;

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
ToasterDevicePrepare(_Inout_ PWDFDEVICE_INIT DeviceInit);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterDeviceInitialize(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterQueueInitialize(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
ToasterTalkToBus(_In_ const TOASTER_INTERFACE_STANDARD *Bus);

/* The I/O callbacks stay resident: the queue does not ask for PASSIVE_LEVEL, so a driver above may send at DISPATCH_LEVEL. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ToasterEvtDeviceAdd)
#pragma alloc_text(PAGE, ToasterDevicePrepare)
#pragma alloc_text(PAGE, ToasterDeviceInitialize)
#pragma alloc_text(PAGE, ToasterQueueInitialize)
#pragma alloc_text(PAGE, ToasterEvtDevicePrepareHardware)
#pragma alloc_text(PAGE, ToasterEvtDeviceReleaseHardware)
#pragma alloc_text(PAGE, ToasterEvtDeviceSelfManagedIoInit)
#pragma alloc_text(PAGE, ToasterTalkToBus)
#pragma alloc_text(PAGE, ToasterEvtDeviceFileCreate)
#pragma alloc_text(PAGE, ToasterEvtFileClose)
#endif

/* ---- Entry ---- */

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG Config;
    NTSTATUS Status;

    WDF_DRIVER_CONFIG_INIT(&Config, ToasterEvtDeviceAdd);

    Status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &Config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: WdfDriverCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    ToasterDevicePrepare(DeviceInit);
    ToasterPowerPrepare(DeviceInit);

    Status = WdfDeviceCreate(&DeviceInit, WDF_NO_OBJECT_ATTRIBUTES, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = ToasterDeviceInitialize(Device);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: the device is not to be used, 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static VOID
ToasterDevicePrepare(PWDFDEVICE_INIT DeviceInit)
{
    WDF_PNPPOWER_EVENT_CALLBACKS Callbacks;
    WDF_FILEOBJECT_CONFIG Files;

    PAGED_CODE();

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtDevicePrepareHardware = ToasterEvtDevicePrepareHardware;
    Callbacks.EvtDeviceReleaseHardware = ToasterEvtDeviceReleaseHardware;
    Callbacks.EvtDeviceD0Entry = ToasterEvtDeviceD0Entry;
    Callbacks.EvtDeviceD0Exit = ToasterEvtDeviceD0Exit;
    Callbacks.EvtDeviceSelfManagedIoInit = ToasterEvtDeviceSelfManagedIoInit;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &Callbacks);

    WDF_FILEOBJECT_CONFIG_INIT(&Files, ToasterEvtDeviceFileCreate, ToasterEvtFileClose, WDF_NO_EVENT_CALLBACK);
    WdfDeviceInitSetFileObjectConfig(DeviceInit, &Files, WDF_NO_OBJECT_ATTRIBUTES);
}

_Use_decl_annotations_
static NTSTATUS
ToasterDeviceInitialize(WDFDEVICE Device)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_TOASTER, NULL);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = ToasterQueueInitialize(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = ToasterPowerInitialize(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    return ToasterWmiInitialize(Device);
}

_Use_decl_annotations_
static NTSTATUS
ToasterQueueInitialize(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG Config;

    PAGED_CODE();

    /* Power-managed, as is the default: a request brings an idle toaster back. */
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoRead = ToasterEvtIoRead;
    Config.EvtIoWrite = ToasterEvtIoWrite;
    Config.EvtIoDeviceControl = ToasterEvtIoDeviceControl;

    return WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
}

/* ---- PnP ---- */

/* A toaster's bus gives it nothing; what another one might is told, and left alone. */
_Use_decl_annotations_
static NTSTATUS
ToasterEvtDevicePrepareHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesRaw, WDFCMRESLIST ResourcesTranslated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor;
    ULONG Count = WdfCmResourceListGetCount(ResourcesTranslated);
    ULONG Index;

    UNREFERENCED_PARAMETER(ResourcesRaw);

    PAGED_CODE();

    for (Index = 0; Index < Count; Index++)
    {
        Descriptor = WdfCmResourceListGetDescriptor(ResourcesTranslated, Index);
        switch (Descriptor->Type)
        {
        case CmResourceTypePort:
            KdPrint(("toaster: port 0x%llx, %u bytes\n", Descriptor->u.Port.Start.QuadPart, Descriptor->u.Port.Length));
            break;
        case CmResourceTypeMemory:
            KdPrint(("toaster: memory 0x%llx, %u bytes\n", Descriptor->u.Memory.Start.QuadPart, Descriptor->u.Memory.Length));
            break;
        case CmResourceTypeInterrupt:
            KdPrint(("toaster: interrupt, level %u, vector %u\n", Descriptor->u.Interrupt.Level, Descriptor->u.Interrupt.Vector));
            break;
        default:
            break;
        }
    }

    /* After a rebalance too: the toaster comes back. That nobody could be told is no reason not to start. */
    ToasterFireArrival(Device);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtDeviceReleaseHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesTranslated)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(ResourcesTranslated);

    PAGED_CODE();

    return STATUS_SUCCESS;
}

/* On a bus that knows no toasters there is nobody to talk to. The query takes a reference to the interface: it is given back on every path behind it. */
_Use_decl_annotations_
static NTSTATUS
ToasterEvtDeviceSelfManagedIoInit(WDFDEVICE Device)
{
    TOASTER_INTERFACE_STANDARD Bus;
    NTSTATUS Status;

    PAGED_CODE();

    RtlZeroMemory(&Bus, sizeof(Bus));
    Status = WdfFdoQueryForInterface(
        Device, &GUID_TOASTER_INTERFACE_STANDARD, &Bus.InterfaceHeader, sizeof(Bus), TOASTER_INTERFACE_VERSION, NULL);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: the bus has no interface, 0x%x\n", Status));
        return STATUS_SUCCESS;
    }

    /* A bus of an older make may say less than it was asked for. */
    if (Bus.InterfaceHeader.Size >= sizeof(Bus) && Bus.InterfaceHeader.Version == TOASTER_INTERFACE_VERSION)
        ToasterTalkToBus(&Bus);

    Bus.InterfaceHeader.InterfaceDereference(Bus.InterfaceHeader.Context);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
ToasterTalkToBus(const TOASTER_INTERFACE_STANDARD *Bus)
{
    PVOID Context = Bus->InterfaceHeader.Context;
    UCHAR Level;

    PAGED_CODE();

    if (Bus->GetCrispinessLevel(Context, &Level))
        KdPrint(("toaster: crispiness level %u\n", Level));

    if (!Bus->SetCrispinessLevel(Context, TOASTER_CRISPINESS_LEVEL))
        KdPrint(("toaster: the bus keeps its crispiness level\n"));

    if (Bus->IsSafetyLockEnabled(Context))
        KdPrint(("toaster: safe for children\n"));
}

/* ---- Files ---- */

_Use_decl_annotations_
static VOID
ToasterEvtDeviceFileCreate(WDFDEVICE Device, WDFREQUEST Request, WDFFILEOBJECT FileObject)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(FileObject);

    PAGED_CODE();

    WdfRequestComplete(Request, STATUS_SUCCESS);
}

/* The device may be gone, all but its object: nothing of it is looked at. */
_Use_decl_annotations_
static VOID
ToasterEvtFileClose(WDFFILEOBJECT FileObject)
{
    UNREFERENCED_PARAMETER(FileObject);

    PAGED_CODE();

    KdPrint(("toaster: a file is closed\n"));
}

/* ---- I/O ---- */

/* There is nothing to read; the buffer is looked at as one would before filling it. */
_Use_decl_annotations_
static VOID
ToasterEvtIoRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    WDFMEMORY Memory;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Length);

    Status = WdfRequestRetrieveOutputMemory(Request, &Memory);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: WdfRequestRetrieveOutputMemory failed with 0x%x\n", Status));

    WdfRequestCompleteWithInformation(Request, Status, 0);
}

/* The bytes go nowhere, but all of them do; none if they cannot be reached. */
_Use_decl_annotations_
static VOID
ToasterEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    WDFMEMORY Memory;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Queue);

    Status = WdfRequestRetrieveInputMemory(Request, &Memory);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: WdfRequestRetrieveInputMemory failed with 0x%x\n", Status));
        WdfRequestComplete(Request, Status);
        return;
    }

    WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_
static VOID
ToasterEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    WDF_DEVICE_STATE State;

    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);

    if (IoControlCode != IOCTL_TOASTER_DONT_DISPLAY_IN_UI_DEVICE)
    {
        WdfRequestComplete(Request, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }

    /* PnP is told that the state has changed, and asks for it when it pleases. */
    WDF_DEVICE_STATE_INIT(&State);
    State.DontDisplayInUI = WdfTrue;
    WdfDeviceSetDeviceState(WdfIoQueueGetDevice(Queue), &State);

    WdfRequestComplete(Request, STATUS_SUCCESS);
}
