#include <initguid.h>

#include "bus.h"

static EVT_WDF_DRIVER_DEVICE_ADD BusEvtDeviceAdd;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusDeviceSetUp(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusQueueCreate(_In_ WDFDEVICE Device);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, BusEvtDeviceAdd)
#pragma alloc_text(PAGE, BusDeviceSetUp)
#pragma alloc_text(PAGE, BusQueueCreate)
#endif

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG Config;
    NTSTATUS Status;

    WDF_DRIVER_CONFIG_INIT(&Config, BusEvtDeviceAdd);

    Status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &Config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster bus: WdfDriverCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
BusEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    WdfDeviceInitSetDeviceType(DeviceInit, FILE_DEVICE_BUS_EXTENDER);
    WdfDeviceInitSetExclusive(DeviceInit, TRUE);
    BusChildrenPrepare(DeviceInit);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, BUS_CONTEXT);
    Status = WdfDeviceCreate(&DeviceInit, &Attributes, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster bus: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = BusDeviceSetUp(Device);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster bus: the device is not to be used, 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
BusDeviceSetUp(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    PNP_BUS_INFORMATION BusInformation;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Device;
    Status = WdfWaitLockCreate(&Attributes, &BusGetContext(Device)->ChildLock);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = BusQueueCreate(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_BUSENUM_TOASTER, NULL);
    if (!NT_SUCCESS(Status))
        return Status;

    BusInformation.BusTypeGuid = GUID_DEVCLASS_TOASTER;
    BusInformation.LegacyBusType = PNPBus;
    BusInformation.BusNumber = 0;
    WdfDeviceSetBusInformationForChildren(Device, &BusInformation);

    Status = BusWmiRegister(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    return BusPlugInConfigured(Device);
}

_Use_decl_annotations_
static NTSTATUS
BusQueueCreate(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_IO_QUEUE_CONFIG Config;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoDeviceControl = BusEvtIoDeviceControl;

    /* The requests wait for locks and create devices. */
    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ExecutionLevel = WdfExecutionLevelPassive;

    return WdfIoQueueCreate(Device, &Config, &Attributes, WDF_NO_HANDLE);
}
