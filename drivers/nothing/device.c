#include <initguid.h>

#include "nothing.h"

static EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT NothingEvtDeviceSelfManagedIoStart;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_SUSPEND NothingEvtDeviceSelfManagedIoSuspend;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_FLUSH NothingEvtDeviceSelfManagedIoFlush;
static EVT_WDF_OBJECT_CONTEXT_CLEANUP NothingEvtDeviceCleanup;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NothingCreateDevice(_Inout_ PWDFDEVICE_INIT DeviceInit, _Out_ WDFDEVICE *Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NothingCreateLockAndTimer(_In_ WDFDEVICE Device);

/* The self-managed I/O callbacks stay resident: they run while the system may still be without its paging device. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NothingEvtDeviceAdd)
#pragma alloc_text(PAGE, NothingCreateDevice)
#pragma alloc_text(PAGE, NothingCreateLockAndTimer)
#pragma alloc_text(PAGE, NothingEvtDeviceCleanup)
#endif

_Use_decl_annotations_
NTSTATUS
NothingEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    Status = NothingCreateDevice(DeviceInit, &Device);
    if (NT_SUCCESS(Status))
        Status = NothingCreateLockAndTimer(Device);
    if (NT_SUCCESS(Status))
        Status = NothingQueuesCreate(Device);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_NOTHING, NULL);

    if (!NT_SUCCESS(Status))
        KdPrint(("nothing: adding the device failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NothingCreateDevice(PWDFDEVICE_INIT DeviceInit, WDFDEVICE *Device)
{
    WDF_PNPPOWER_EVENT_CALLBACKS PnpPowerCallbacks;
    WDF_OBJECT_ATTRIBUTES Attributes;

    PAGED_CODE();

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&PnpPowerCallbacks);
    PnpPowerCallbacks.EvtDeviceSelfManagedIoInit = NothingEvtDeviceSelfManagedIoStart;
    PnpPowerCallbacks.EvtDeviceSelfManagedIoSuspend = NothingEvtDeviceSelfManagedIoSuspend;
    PnpPowerCallbacks.EvtDeviceSelfManagedIoRestart = NothingEvtDeviceSelfManagedIoStart;
    PnpPowerCallbacks.EvtDeviceSelfManagedIoFlush = NothingEvtDeviceSelfManagedIoFlush;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &PnpPowerCallbacks);

    WdfDeviceInitSetIoType(DeviceInit, WdfDeviceIoBuffered);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, REQUEST_CONTEXT);
    WdfDeviceInitSetRequestAttributes(DeviceInit, &Attributes);

    /* The context comes zeroed: no slot is taken, nothing is stored or counted. */
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, DEVICE_CONTEXT);
    Attributes.EvtCleanupCallback = NothingEvtDeviceCleanup;

    return WdfDeviceCreate(&DeviceInit, &Attributes, Device);
}

/* Both are the device's children. Nothing serialises the timer's callback. */
_Use_decl_annotations_
static NTSTATUS
NothingCreateLockAndTimer(WDFDEVICE Device)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(Device);
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_TIMER_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Device;

    Status = WdfSpinLockCreate(&Attributes, &DeviceContext->Lock);
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_TIMER_CONFIG_INIT_PERIODIC(&Config, NothingEvtTimerFunc, NOTHING_TICK_MS);
    Config.AutomaticSerialization = FALSE;

    return WdfTimerCreate(&Config, &Attributes, &DeviceContext->Timer);
}

/* Serves as init and as restart. */
_Use_decl_annotations_
static NTSTATUS
NothingEvtDeviceSelfManagedIoStart(WDFDEVICE Device)
{
    WdfTimerStart(NothingDeviceGetContext(Device)->Timer, WDF_REL_TIMEOUT_IN_MS(NOTHING_TICK_MS));

    return STATUS_SUCCESS;
}

/* Requests stay parked, and more may come: they are not power-managed, and the power machine does not wait for them. */
_Use_decl_annotations_
static NTSTATUS
NothingEvtDeviceSelfManagedIoSuspend(WDFDEVICE Device)
{
    WdfTimerStop(NothingDeviceGetContext(Device)->Timer, TRUE);

    return STATUS_SUCCESS;
}

/*
 * The device goes, and the framework is about to purge the queues, for which it waits until this driver has no request left.
 * The queue still presents some until then: with the mode set they are not parked, for nobody would come for them.
 */
_Use_decl_annotations_
static VOID
NothingEvtDeviceSelfManagedIoFlush(WDFDEVICE Device)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(Device);

    WdfSpinLockAcquire(DeviceContext->Lock);
    DeviceContext->ReleaseMode = NothingReleaseNow;
    WdfSpinLockRelease(DeviceContext->Lock);

    NothingEndParkedRequests(DeviceContext, NothingChooseAll);
}

/* The device's children, the lock among them, are gone by now, and so is every request: nobody else is here. */
_Use_decl_annotations_
static VOID
NothingEvtDeviceCleanup(WDFOBJECT Object)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(Object);
    ULONG Index;

    PAGED_CODE();

    for (Index = 0; Index < NOTHING_REQUESTS_IN_PROGRESS; Index++)
        NT_ASSERT(DeviceContext->Slots[Index].Request == NULL);

    if (DeviceContext->Buffer == NULL)
        return;

    ExFreePoolWithTag(DeviceContext->Buffer, NOTHING_POOL_TAG);
    DeviceContext->Buffer = NULL;
    DeviceContext->Length = 0;
}
