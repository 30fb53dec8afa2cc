#include <initguid.h>

#include "toaster.h"
#include "../inc/public.h"

static EVT_WDF_DRIVER_DEVICE_ADD ToasterEvtDeviceAdd;
static EVT_WDF_IO_QUEUE_IO_READ ToasterEvtIoRead;
static EVT_WDF_IO_QUEUE_IO_WRITE ToasterEvtIoWrite;
static EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL ToasterEvtIoDeviceControl;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterQueueInitialize(_In_ WDFDEVICE Device);

/* The I/O callbacks stay resident: the queue does not ask for PASSIVE_LEVEL, so a driver above may send at DISPATCH_LEVEL. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ToasterEvtDeviceAdd)
#pragma alloc_text(PAGE, ToasterQueueInitialize)
#endif

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

    Status = WdfDeviceCreate(&DeviceInit, WDF_NO_OBJECT_ATTRIBUTES, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_TOASTER, NULL);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: WdfDeviceCreateDeviceInterface failed with 0x%x\n", Status));
        return Status;
    }

    return ToasterQueueInitialize(Device);
}

_Use_decl_annotations_
static NTSTATUS
ToasterQueueInitialize(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoRead = ToasterEvtIoRead;
    Config.EvtIoWrite = ToasterEvtIoWrite;
    Config.EvtIoDeviceControl = ToasterEvtIoDeviceControl;

    Status = WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: WdfIoQueueCreate failed with 0x%x\n", Status));

    return Status;
}

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

/* The bytes go nowhere, but all of them do. */
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
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);
    UNREFERENCED_PARAMETER(IoControlCode);

    WdfRequestComplete(Request, STATUS_INVALID_DEVICE_REQUEST);
}
