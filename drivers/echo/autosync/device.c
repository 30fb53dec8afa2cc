#include <initguid.h>

#include "driver.h"
#include "public.h"

static EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT EchoEvtDeviceSelfManagedIoStart;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_SUSPEND EchoEvtDeviceSelfManagedIoSuspend;

/* The self-managed I/O callbacks stay resident: they run while the system may still be without its paging device. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, EchoDeviceCreate)
#endif

_Use_decl_annotations_
NTSTATUS
EchoDeviceCreate(PWDFDEVICE_INIT DeviceInit)
{
    WDF_PNPPOWER_EVENT_CALLBACKS PnpPowerCallbacks;
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFDEVICE Device;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&PnpPowerCallbacks);
    PnpPowerCallbacks.EvtDeviceSelfManagedIoInit = EchoEvtDeviceSelfManagedIoStart;
    PnpPowerCallbacks.EvtDeviceSelfManagedIoSuspend = EchoEvtDeviceSelfManagedIoSuspend;
    PnpPowerCallbacks.EvtDeviceSelfManagedIoRestart = EchoEvtDeviceSelfManagedIoStart;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &PnpPowerCallbacks);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, DEVICE_CONTEXT);
    Status = WdfDeviceCreate(&DeviceInit, &Attributes, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_ECHO, NULL);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo: WdfDeviceCreateDeviceInterface failed with 0x%x\n", Status));
        return Status;
    }

    return EchoQueueInitialize(Device);
}

/* Serves as init and as restart: the framework has powered the queue up before either, but a suspend left it stopped. */
_Use_decl_annotations_
static NTSTATUS
EchoEvtDeviceSelfManagedIoStart(WDFDEVICE Device)
{
    PDEVICE_CONTEXT DeviceContext = EchoDeviceGetContext(Device);
    WDFQUEUE Queue = WdfDeviceGetDefaultQueue(Device);

    DeviceContext->Starts++;
    KdPrint(("echo: self-managed I/O start %u\n", DeviceContext->Starts));

    WdfIoQueueStart(Queue);
    WdfTimerStart(EchoQueueGetContext(Queue)->Timer, WDF_REL_TIMEOUT_IN_MS(ECHO_TIMER_FIRST_MS));

    return STATUS_SUCCESS;
}

/*
 * The order matters: stopping the queue waits for the parked request, and it is the timer that completes it. Once the queue
 * owns nothing and presents nothing, the timer has no work left and may go.
 */
_Use_decl_annotations_
static NTSTATUS
EchoEvtDeviceSelfManagedIoSuspend(WDFDEVICE Device)
{
    WDFQUEUE Queue = WdfDeviceGetDefaultQueue(Device);

    KdPrint(("echo: self-managed I/O suspend\n"));

    WdfIoQueueStopSynchronously(Queue);
    WdfTimerStop(EchoQueueGetContext(Queue)->Timer, TRUE);

    return STATUS_SUCCESS;
}
