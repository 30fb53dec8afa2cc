#include "filter.h"

static EVT_WDF_DRIVER_DEVICE_ADD FilterEvtDeviceAdd;
static EVT_WDF_OBJECT_CONTEXT_CLEANUP FilterEvtDeviceContextCleanup;

_IRQL_requires_(PASSIVE_LEVEL)
static ULONG
FilterQuerySerialNo(_In_ PWDFDEVICE_INIT DeviceInit);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, FilterEvtDeviceAdd)
#pragma alloc_text(PAGE, FilterEvtDeviceContextCleanup)
#pragma alloc_text(PAGE, FilterQuerySerialNo)
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
    {
        KdPrint(("sideband: WdfDriverCreate failed with 0x%x\n", Status));
        return Status;
    }

    return FilterControlInitialize();
}

_Use_decl_annotations_
static NTSTATUS
FilterEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    PFILTER_CONTEXT FilterContext;
    WDFDEVICE Device;
    ULONG SerialNo;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    WdfFdoInitSetFilter(DeviceInit);
    SerialNo = FilterQuerySerialNo(DeviceInit);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, FILTER_CONTEXT);
    Attributes.EvtCleanupCallback = FilterEvtDeviceContextCleanup;

    Status = WdfDeviceCreate(&DeviceInit, &Attributes, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("sideband: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    FilterContext = FilterGetContext(Device);
    FilterContext->SerialNo = SerialNo;

    Status = FilterControlAdd(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    FilterContext->Listed = TRUE;
    return STATUS_SUCCESS;
}

/* The bus tells the number as the device's UI number. */
_Use_decl_annotations_
static ULONG
FilterQuerySerialNo(PWDFDEVICE_INIT DeviceInit)
{
    ULONG SerialNo = 0;
    ULONG Length;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfFdoInitQueryProperty(DeviceInit, DevicePropertyUINumber, sizeof(SerialNo), &SerialNo, &Length);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("sideband: WdfFdoInitQueryProperty failed with 0x%x\n", Status));
        return 0;
    }

    return SerialNo;
}

/* Runs for every device that was created, whether it was added to the collection or not. */
_Use_decl_annotations_
static VOID
FilterEvtDeviceContextCleanup(WDFOBJECT Object)
{
    PAGED_CODE();

    if (FilterGetContext(Object)->Listed)
        FilterControlRemove((WDFDEVICE)Object);
}
