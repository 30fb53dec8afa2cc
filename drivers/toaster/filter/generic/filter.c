#include "filter.h"

static EVT_WDF_DRIVER_DEVICE_ADD FilterEvtDeviceAdd;
static EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL FilterEvtIoDeviceControl;

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
FilterForwardRequest(_In_ WDFREQUEST Request, _In_ WDFIOTARGET Target);

#ifdef FORWARD_REQUEST_WITH_COMPLETION
static EVT_WDF_REQUEST_COMPLETION_ROUTINE FilterEvtRequestCompletion;
#endif

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, FilterEvtDeviceAdd)
#endif

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG Config;
    NTSTATUS Status;

    WDF_DRIVER_CONFIG_INIT(&Config, FilterEvtDeviceAdd);

    Status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &Config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("filter: WdfDriverCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
FilterEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDF_IO_QUEUE_CONFIG Config;
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    /* The device takes its type, its flags and its power from the one below, and what has no queue is passed on. */
    WdfFdoInitSetFilter(DeviceInit);

    Status = WdfDeviceCreate(&DeviceInit, WDF_NO_OBJECT_ATTRIBUTES, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("filter: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    /* Not power-managed, as is the default of a filter: whether the device can serve a request now is the function driver's question. */
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoDeviceControl = FilterEvtIoDeviceControl;

    Status = WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("filter: WdfIoQueueCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static VOID
FilterEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);

    KdPrint(("filter: control code 0x%x\n", IoControlCode));
    UNREFERENCED_PARAMETER(IoControlCode);

    FilterForwardRequest(Request, WdfDeviceGetIoTarget(WdfIoQueueGetDevice(Queue)));
}

#ifndef FORWARD_REQUEST_WITH_COMPLETION

/* Once it is sent the request is the driver's below: it must not be touched here again. If it is not sent it is still ours to complete. */
_Use_decl_annotations_
static VOID
FilterForwardRequest(WDFREQUEST Request, WDFIOTARGET Target)
{
    WDF_REQUEST_SEND_OPTIONS Options;
    NTSTATUS Status;

    WDF_REQUEST_SEND_OPTIONS_INIT(&Options, WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET);
    if (WdfRequestSend(Request, Target, &Options))
        return;

    Status = WdfRequestGetStatus(Request);
    KdPrint(("filter: WdfRequestSend failed with 0x%x\n", Status));
    WdfRequestComplete(Request, Status);
}

#else

_Use_decl_annotations_
static VOID
FilterForwardRequest(WDFREQUEST Request, WDFIOTARGET Target)
{
    NTSTATUS Status;

    WdfRequestFormatRequestUsingCurrentType(Request);
    WdfRequestSetCompletionRoutine(Request, FilterEvtRequestCompletion, NULL);
    if (WdfRequestSend(Request, Target, WDF_NO_SEND_OPTIONS))
        return;

    Status = WdfRequestGetStatus(Request);
    KdPrint(("filter: WdfRequestSend failed with 0x%x\n", Status));
    WdfRequestComplete(Request, Status);
}

/* Completing with the lower driver's status leaves the number of bytes as that driver has set it. */
_Use_decl_annotations_
static VOID
FilterEvtRequestCompletion(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Target);
    UNREFERENCED_PARAMETER(Context);

    WdfRequestComplete(Request, Params->IoStatus.Status);
}

#endif
