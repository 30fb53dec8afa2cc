#include <initguid.h>

#include "toastmon.h"
#include "../inc/public.h"

#include <wdmguid.h>

static EVT_WDF_DRIVER_DEVICE_ADD MonitorEvtDeviceAdd;
static EVT_WDF_DEVICE_D0_ENTRY MonitorEvtDeviceD0Entry;
static EVT_WDF_DEVICE_D0_EXIT MonitorEvtDeviceD0Exit;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT MonitorEvtDeviceSelfManagedIoInit;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_CLEANUP MonitorEvtDeviceSelfManagedIoCleanup;
static DRIVER_NOTIFICATION_CALLBACK_ROUTINE MonitorInterfaceChange;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
MonitorInitialize(_In_ WDFDEVICE Device);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, MonitorEvtDeviceAdd)
#pragma alloc_text(PAGE, MonitorInitialize)
#pragma alloc_text(PAGE, MonitorEvtDeviceSelfManagedIoInit)
#pragma alloc_text(PAGE, MonitorEvtDeviceSelfManagedIoCleanup)
#pragma alloc_text(PAGE, MonitorInterfaceChange)
#endif

/* ---- Entry ---- */

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG Config;
    NTSTATUS Status;

    WDF_DRIVER_CONFIG_INIT(&Config, MonitorEvtDeviceAdd);

    Status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &Config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("toastmon: WdfDriverCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
MonitorEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDF_PNPPOWER_EVENT_CALLBACKS Callbacks;
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtDeviceD0Entry = MonitorEvtDeviceD0Entry;
    Callbacks.EvtDeviceD0Exit = MonitorEvtDeviceD0Exit;
    Callbacks.EvtDeviceSelfManagedIoInit = MonitorEvtDeviceSelfManagedIoInit;
    Callbacks.EvtDeviceSelfManagedIoCleanup = MonitorEvtDeviceSelfManagedIoCleanup;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &Callbacks);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, MONITOR_CONTEXT);
    Status = WdfDeviceCreate(&DeviceInit, &Attributes, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toastmon: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = MonitorInitialize(Device);
    if (!NT_SUCCESS(Status))
        KdPrint(("toastmon: the device is not to be used, 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
MonitorInitialize(WDFDEVICE Device)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Device);
    WDF_OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Device;

    Status = WdfCollectionCreate(&Attributes, &Context->Targets);
    if (!NT_SUCCESS(Status))
        return Status;

    return WdfWaitLockCreate(&Attributes, &Context->Lock);
}

/* ---- Power ---- */

/* Also before anybody tells of toasters: then the list is empty. */
_Use_decl_annotations_
static NTSTATUS
MonitorEvtDeviceD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Device);
    ULONG Count;
    ULONG Index;

    UNREFERENCED_PARAMETER(PreviousState);

    WdfWaitLockAcquire(Context->Lock, NULL);

    Context->Working = TRUE;
    Count = WdfCollectionGetCount(Context->Targets);
    for (Index = 0; Index < Count; Index++)
        TargetStart((WDFIOTARGET)WdfCollectionGetItem(Context->Targets, Index));

    WdfWaitLockRelease(Context->Lock);

    return STATUS_SUCCESS;
}

/* The targets stay open: a toaster that is about to go is closed all the same, and one that comes is listed and waits for D0. */
_Use_decl_annotations_
static NTSTATUS
MonitorEvtDeviceD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Device);
    ULONG Count;
    ULONG Index;

    UNREFERENCED_PARAMETER(TargetState);

    WdfWaitLockAcquire(Context->Lock, NULL);

    Context->Working = FALSE;
    Count = WdfCollectionGetCount(Context->Targets);
    for (Index = 0; Index < Count; Index++)
        TargetStop((WDFIOTARGET)WdfCollectionGetItem(Context->Targets, Index));

    WdfWaitLockRelease(Context->Lock);

    return STATUS_SUCCESS;
}

/* ---- Word of toasters ---- */

/*
 * Here, and not when the device is added: what begins here ends in SelfManagedIoCleanup, while the lock, the list and the device are what they were. When the
 * device's own cleanup callback runs they are gone, and a toaster that comes at that moment would be listed nowhere.
 */
_Use_decl_annotations_
static NTSTATUS
MonitorEvtDeviceSelfManagedIoInit(WDFDEVICE Device)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Device);
    NTSTATUS Status;

    PAGED_CODE();

    MonitorWmiBegin(Device);

    Status = IoRegisterPlugPlayNotification(
        EventCategoryDeviceInterfaceChange,
        PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
        (PVOID)&GUID_DEVINTERFACE_TOASTER,
        WdfDriverWdmGetDriverObject(WdfDeviceGetDriver(Device)),
        MonitorInterfaceChange,
        Device,
        &Context->Notification);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toastmon: IoRegisterPlugPlayNotification failed with 0x%x\n", Status));
        Context->Notification = NULL;
    }

    return Status;
}

_Use_decl_annotations_
static VOID
MonitorEvtDeviceSelfManagedIoCleanup(WDFDEVICE Device)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Device);

    PAGED_CODE();

    /* When this returns the routine has returned, and will not be called again. */
    if (Context->Notification != NULL)
    {
        IoUnregisterPlugPlayNotificationEx(Context->Notification);
        Context->Notification = NULL;
    }

    MonitorWmiEnd(Device);
    TargetRemoveAll(Device);
}

/* One that is told both as there and as coming is polled twice, which hurts nobody. Of one that goes its target is told. */
_Use_decl_annotations_
static NTSTATUS
MonitorInterfaceChange(PVOID NotificationStructure, PVOID Context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION Change = NotificationStructure;
    NTSTATUS Status;

    PAGED_CODE();

    if (!IsEqualGUID(&Change->Event, &GUID_DEVICE_INTERFACE_ARRIVAL))
        return STATUS_SUCCESS;

    Status = TargetAdd((WDFDEVICE)Context, Change->SymbolicLinkName);
    if (!NT_SUCCESS(Status))
        KdPrint(("toastmon: a toaster is not watched, 0x%x\n", Status));

    return STATUS_SUCCESS;
}
