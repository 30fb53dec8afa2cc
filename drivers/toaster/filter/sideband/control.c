#include "filter.h"

#define FILTER_DEVICE_NAME L"\\Device\\ToasterFilter"
#define FILTER_LINK_NAME L"\\DosDevices\\ToasterFilter"

static EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL FilterEvtIoDeviceControl;

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(FilterLock)
static VOID
FilterControlDeviceCreate(VOID);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
FilterControlDeviceSetUp(_In_ WDFDEVICE Device);

/* The filter devices, and the control device if there is one; both under the lock. */
static WDFCOLLECTION FilterDevices;
static WDFDEVICE FilterControlDevice;
static WDFWAITLOCK FilterLock;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, FilterControlInitialize)
#pragma alloc_text(PAGE, FilterControlAdd)
#pragma alloc_text(PAGE, FilterControlRemove)
#pragma alloc_text(PAGE, FilterControlDeviceCreate)
#pragma alloc_text(PAGE, FilterControlDeviceSetUp)
#pragma alloc_text(PAGE, FilterEvtIoDeviceControl)
#endif

_Use_decl_annotations_
NTSTATUS
FilterControlInitialize(VOID)
{
    NTSTATUS Status;

    /* Both belong to the driver object, which outlives every device. */
    Status = WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &FilterDevices);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("sideband: WdfCollectionCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &FilterLock);
    if (!NT_SUCCESS(Status))
        KdPrint(("sideband: WdfWaitLockCreate failed with 0x%x\n", Status));

    return Status;
}

/*
 * Not the count but the missing device says that one is needed: the attempt of an earlier filter may have failed, for want of memory or because an
 * application still had a handle to the one before, which keeps the name.
 */
_Use_decl_annotations_
NTSTATUS
FilterControlAdd(WDFDEVICE Device)
{
    NTSTATUS Status;

    PAGED_CODE();

    WdfWaitLockAcquire(FilterLock, NULL);
    Status = WdfCollectionAdd(FilterDevices, Device);
    if (NT_SUCCESS(Status) && FilterControlDevice == NULL)
        FilterControlDeviceCreate();
    WdfWaitLockRelease(FilterLock);

    if (!NT_SUCCESS(Status))
        KdPrint(("sideband: WdfCollectionAdd failed with 0x%x\n", Status));

    return Status;
}

/*
 * The control device is deleted behind the lock: deletion waits for its requests, and they take the lock. A filter that comes in between finds the name
 * still taken; so whoever has freed the name looks again.
 */
_Use_decl_annotations_
VOID
FilterControlRemove(WDFDEVICE Device)
{
    WDFDEVICE Unneeded = NULL;

    PAGED_CODE();

    WdfWaitLockAcquire(FilterLock, NULL);
    WdfCollectionRemove(FilterDevices, Device);
    if (WdfCollectionGetCount(FilterDevices) == 0)
    {
        Unneeded = FilterControlDevice;
        FilterControlDevice = NULL;
    }
    WdfWaitLockRelease(FilterLock);

    if (Unneeded == NULL)
        return;

    WdfObjectDelete(Unneeded);

    WdfWaitLockAcquire(FilterLock, NULL);
    if (WdfCollectionGetCount(FilterDevices) != 0 && FilterControlDevice == NULL)
        FilterControlDeviceCreate();
    WdfWaitLockRelease(FilterLock);
}

_Use_decl_annotations_
static VOID
FilterControlDeviceCreate(VOID)
{
    DECLARE_CONST_UNICODE_STRING(DeviceName, FILTER_DEVICE_NAME);
    PWDFDEVICE_INIT DeviceInit;
    WDFDEVICE Device;
    NTSTATUS Status;

    PAGED_CODE();

    DeviceInit = WdfControlDeviceInitAllocate(WdfGetDriver(), &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R);
    if (DeviceInit == NULL)
    {
        KdPrint(("sideband: WdfControlDeviceInitAllocate failed\n"));
        return;
    }

    WdfDeviceInitSetExclusive(DeviceInit, FALSE);
    Status = WdfDeviceInitAssignName(DeviceInit, &DeviceName);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceCreate(&DeviceInit, WDF_NO_OBJECT_ATTRIBUTES, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("sideband: no control device, 0x%x\n", Status));
        WdfDeviceInitFree(DeviceInit);
        return;
    }

    Status = FilterControlDeviceSetUp(Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("sideband: no use of the control device, 0x%x\n", Status));
        WdfObjectDelete(Device);
        return;
    }

    FilterControlDevice = Device;
}

/* Nobody opens the device before it is finished, so nobody finds it half made. */
_Use_decl_annotations_
static NTSTATUS
FilterControlDeviceSetUp(WDFDEVICE Device)
{
    DECLARE_CONST_UNICODE_STRING(LinkName, FILTER_LINK_NAME);
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_IO_QUEUE_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceCreateSymbolicLink(Device, &LinkName);
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchSequential);
    Config.EvtIoDeviceControl = FilterEvtIoDeviceControl;

    /* The callback waits for a lock. */
    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ExecutionLevel = WdfExecutionLevelPassive;

    Status = WdfIoQueueCreate(Device, &Config, &Attributes, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        return Status;

    WdfControlFinishInitializing(Device);
    return STATUS_SUCCESS;
}

/* Every control code is understood in the same way. */
_Use_decl_annotations_
static VOID
FilterEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    ULONG Count;
    ULONG Index;

    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);
    UNREFERENCED_PARAMETER(IoControlCode);

    PAGED_CODE();

    /* The lock keeps each device, and with it its context, from being cleaned up while it is looked at. */
    WdfWaitLockAcquire(FilterLock, NULL);
    Count = WdfCollectionGetCount(FilterDevices);
    for (Index = 0; Index < Count; Index++)
        KdPrint(("sideband: toaster %u\n", FilterGetContext(WdfCollectionGetItem(FilterDevices, Index))->SerialNo));
    WdfWaitLockRelease(FilterLock);

    WdfRequestComplete(Request, STATUS_SUCCESS);
}
