#include <initguid.h>

#include "pcidrv.h"

static EVT_WDF_DRIVER_DEVICE_ADD NicEvtDeviceAdd;
static EVT_WDF_OBJECT_CONTEXT_CLEANUP NicEvtDeviceCleanup;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCreateDevice(_Inout_ PWDFDEVICE_INIT DeviceInit, _Out_ WDFDEVICE *Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicInitializeDevice(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicReadRegistry(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
static ULONG
NicReadSetting(_In_ WDFKEY Key, _In_ PCUNICODE_STRING Name, _In_ ULONG Default, _In_ ULONG Minimum, _In_ ULONG Maximum);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCreateLocks(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCreateQueues(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCreateManualQueue(_In_ WDFDEVICE Device, _In_opt_ PFN_WDF_IO_QUEUE_IO_CANCELED_ON_QUEUE Canceled, _Out_ WDFQUEUE *Queue);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCreateDma(_Inout_ PADAPTER Adapter);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, NicEvtDeviceAdd)
#pragma alloc_text(PAGE, NicEvtDeviceCleanup)
#pragma alloc_text(PAGE, NicCreateDevice)
#pragma alloc_text(PAGE, NicInitializeDevice)
#pragma alloc_text(PAGE, NicReadRegistry)
#pragma alloc_text(PAGE, NicReadSetting)
#pragma alloc_text(PAGE, NicCreateLocks)
#pragma alloc_text(PAGE, NicCreateQueues)
#pragma alloc_text(PAGE, NicCreateManualQueue)
#pragma alloc_text(PAGE, NicCreateDma)
#endif

/* How many there are if the registry does not say, and what it may say. With two TCBs the next one to be filled would be the one that a resume not taken yet looks at. */
#define NIC_DEFAULT_RFDS 32
#define NIC_MIN_RFDS 5
#define NIC_MAX_RFDS 1024
#define NIC_GROW_RFDS 128
#define NIC_DEFAULT_TCBS 32
#define NIC_MIN_TCBS 3
#define NIC_MAX_TCBS 64

/* A frame that begins anywhere in a page lies in so many. */
#define NIC_FRAME_MAP_REGISTERS (BYTES_TO_PAGES(PCIDRV_MAX_FRAME) + 1)

/* ---- Entry ---- */

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_DRIVER_CONFIG Config;
    WDFDRIVER Driver;
    NTSTATUS Status;

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);

    WDF_DRIVER_CONFIG_INIT(&Config, NicEvtDeviceAdd);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, DRIVER_CONTEXT);

    Status = WdfDriverCreate(DriverObject, RegistryPath, &Attributes, &Config, &Driver);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("pcidrv: WdfDriverCreate failed with 0x%x\n", Status));
        return Status;
    }

    /* A child of the driver, and gone with it. */
    Status = WdfLookasideListCreate(
        WDF_NO_OBJECT_ATTRIBUTES, sizeof(NIC_RFD_ENTRY), NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, NIC_POOL_TAG, &NicGetDriver(Driver)->RfdEntries);
    if (!NT_SUCCESS(Status))
        KdPrint(("pcidrv: WdfLookasideListCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NicEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    PADAPTER Adapter;
    WDFDEVICE Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    Status = NicCreateDevice(DeviceInit, &Device);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("pcidrv: WdfDeviceCreate failed with 0x%x\n", Status));
        return Status;
    }

    Adapter = NicGetAdapter(Device);
    Adapter->Device = Device;
    Adapter->TransmitIdle = TRUE;
    InitializeListHead(&Adapter->ReceiveRing);
    InitializeListHead(&Adapter->ReceiveSurplus);
    InitializeListHead(&Adapter->WakePatterns);

    Status = NicInitializeDevice(Adapter);
    if (NT_SUCCESS(Status) && Adapter->PowerCapability != 0)
        Status = NicPowerInitialize(Adapter);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceCreateDeviceInterface(Device, &GUID_DEVINTERFACE_PCIDRV, NULL);
    if (NT_SUCCESS(Status))
        Status = NicWmiInitialize(Device);

    if (!NT_SUCCESS(Status))
        KdPrint(("pcidrv: adding the device failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NicCreateDevice(PWDFDEVICE_INIT DeviceInit, WDFDEVICE *Device)
{
    WDF_PNPPOWER_EVENT_CALLBACKS Callbacks;
    WDF_OBJECT_ATTRIBUTES Attributes;

    PAGED_CODE();

    WdfDeviceInitSetIoType(DeviceInit, WdfDeviceIoDirect);

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtDevicePrepareHardware = NicEvtDevicePrepareHardware;
    Callbacks.EvtDeviceReleaseHardware = NicEvtDeviceReleaseHardware;
    Callbacks.EvtDeviceD0Entry = NicEvtDeviceD0Entry;
    Callbacks.EvtDeviceD0Exit = NicEvtDeviceD0Exit;
    Callbacks.EvtDeviceSelfManagedIoInit = NicEvtDeviceSelfManagedIoStart;
    Callbacks.EvtDeviceSelfManagedIoSuspend = NicEvtDeviceSelfManagedIoSuspend;
    Callbacks.EvtDeviceSelfManagedIoRestart = NicEvtDeviceSelfManagedIoStart;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &Callbacks);

    NicPowerPrepare(DeviceInit);

    /* The context comes zeroed. */
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, ADAPTER);
    Attributes.EvtCleanupCallback = NicEvtDeviceCleanup;

    return WdfDeviceCreate(&DeviceInit, &Attributes, Device);
}

/* Everything is a child of the device: what was made goes with it. */
_Use_decl_annotations_
static NTSTATUS
NicInitializeDevice(PADAPTER Adapter)
{
    NTSTATUS Status;

    PAGED_CODE();

    Status = NicReadConfiguration(Adapter);
    if (!NT_SUCCESS(Status))
        return Status;

    Adapter->AllowWakeArming = Adapter->PowerCapability != 0;
    NicReadRegistry(Adapter);

    Status = NicCreateLocks(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicCreateQueues(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicInterruptInitialize(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicWatchdogInitialize(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicCreateDma(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicSendInitialize(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicReceiveInitialize(Adapter);

    return Status;
}

/* The device's children, the common buffers among them, are gone by now, and so is every request. */
_Use_decl_annotations_
static VOID
NicEvtDeviceCleanup(WDFOBJECT Object)
{
    PADAPTER Adapter = NicGetAdapter(Object);

    PAGED_CODE();

    NT_ASSERT(Adapter->SendBusy == 0 && Adapter->SendReserved == 0 && Adapter->SendWaiting == 0);

    /* Adding it may have failed before there were any lists. */
    if (Adapter->Device == NULL)
        return;

    NicReceiveCleanup(Adapter);
    NicWakeCleanup(Adapter);

    if (Adapter->Tcbs != NULL)
        ExFreePoolWithTag(Adapter->Tcbs, NIC_POOL_TAG);
    Adapter->Tcbs = NULL;

    if (Adapter->Bus.InterfaceDereference != NULL)
        Adapter->Bus.InterfaceDereference(Adapter->Bus.Context);
    Adapter->Bus.InterfaceDereference = NULL;
}

/* ---- Settings ---- */

_Use_decl_annotations_
static VOID
NicReadRegistry(PADAPTER Adapter)
{
    DECLARE_CONST_UNICODE_STRING(NumRfd, L"NumRfd");
    DECLARE_CONST_UNICODE_STRING(NumTcb, L"NumTcb");
    DECLARE_CONST_UNICODE_STRING(SpeedDuplex, L"SpeedDuplex");
    WDFKEY Key;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceOpenRegistryKey(Adapter->Device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &Key);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("pcidrv: no settings, 0x%x\n", Status));
        Key = NULL;
    }

    Adapter->NumRfd = NicReadSetting(Key, &NumRfd, NIC_DEFAULT_RFDS, NIC_MIN_RFDS, NIC_MAX_RFDS);
    Adapter->NumTcb = NicReadSetting(Key, &NumTcb, NIC_DEFAULT_TCBS, NIC_MIN_TCBS, NIC_MAX_TCBS);
    Adapter->SpeedDuplex = NicReadSetting(Key, &SpeedDuplex, NicSpeedAuto, NicSpeedAuto, NicSpeed100Full);
    Adapter->MaxRfd = max(Adapter->NumRfd, NIC_GROW_RFDS);

    if (Key != NULL)
        WdfRegistryClose(Key);
}

_Use_decl_annotations_
static ULONG
NicReadSetting(WDFKEY Key, PCUNICODE_STRING Name, ULONG Default, ULONG Minimum, ULONG Maximum)
{
    ULONG Value = Default;

    PAGED_CODE();

    if (Key == NULL || !NT_SUCCESS(WdfRegistryQueryULong(Key, Name, &Value)))
        return Default;

    return min(max(Value, Minimum), Maximum);
}

/* ---- Parts ---- */

_Use_decl_annotations_
static NTSTATUS
NicCreateLocks(PADAPTER Adapter)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Adapter->Device;

    Status = WdfWaitLockCreate(&Attributes, &Adapter->ControlLock);
    if (NT_SUCCESS(Status))
        Status = WdfSpinLockCreate(&Attributes, &Adapter->SendLock);
    if (NT_SUCCESS(Status))
        Status = WdfSpinLockCreate(&Attributes, &Adapter->ReceiveLock);
    if (NT_SUCCESS(Status))
        Status = WdfSpinLockCreate(&Attributes, &Adapter->ScbLock);

    return Status;
}

/* All are power-managed, as is the default. */
_Use_decl_annotations_
static NTSTATUS
NicCreateQueues(PADAPTER Adapter)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_IO_QUEUE_CONFIG Config;
    WDFQUEUE Queue;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoWrite = NicEvtIoWrite;
    Status = WdfIoQueueCreate(Adapter->Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, &Queue);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceConfigureRequestDispatching(Adapter->Device, Queue, WdfRequestTypeWrite);
    if (!NT_SUCCESS(Status))
        return Status;

    /* Objects are served under ControlLock, and waited for. */
    WDF_IO_QUEUE_CONFIG_INIT(&Config, WdfIoQueueDispatchParallel);
    Config.EvtIoDeviceControl = NicEvtIoDeviceControl;
    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ExecutionLevel = WdfExecutionLevelPassive;
    Status = WdfIoQueueCreate(Adapter->Device, &Config, &Attributes, &Queue);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceConfigureRequestDispatching(Adapter->Device, Queue, WdfRequestTypeDeviceControl);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = NicCreateManualQueue(Adapter->Device, NULL, &Adapter->PendingReadQueue);
    if (NT_SUCCESS(Status))
        Status = WdfDeviceConfigureRequestDispatching(Adapter->Device, Adapter->PendingReadQueue, WdfRequestTypeRead);
    if (NT_SUCCESS(Status))
        Status = NicCreateManualQueue(Adapter->Device, NicEvtWriteCanceledOnQueue, &Adapter->PendingWriteQueue);
    if (NT_SUCCESS(Status))
        Status = NicCreateManualQueue(Adapter->Device, NULL, &Adapter->PendingOidQueue);
    if (NT_SUCCESS(Status))
        Status = NicCreateManualQueue(Adapter->Device, NULL, &Adapter->IndicationQueue);

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NicCreateManualQueue(WDFDEVICE Device, PFN_WDF_IO_QUEUE_IO_CANCELED_ON_QUEUE Canceled, WDFQUEUE *Queue)
{
    WDF_IO_QUEUE_CONFIG Config;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT(&Config, WdfIoQueueDispatchManual);
    Config.EvtIoCanceledOnQueue = Canceled;

    return WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, Queue);
}

/* No more TCBs than map registers for them; and a frame is never to be sent in parts. */
_Use_decl_annotations_
static NTSTATUS
NicCreateDma(PADAPTER Adapter)
{
    WDF_DMA_ENABLER_CONFIG Config;
    WDFCOMMONBUFFER Buffer;
    SIZE_T Fragment;
    NTSTATUS Status;

    PAGED_CODE();

    WdfDeviceSetAlignmentRequirement(Adapter->Device, FILE_OCTA_ALIGNMENT);

    WDF_DMA_ENABLER_CONFIG_INIT(&Config, WdfDmaProfileScatterGather, ((SIZE_T)Adapter->NumTcb * NIC_TBDS - 1) * PAGE_SIZE);
    Status = WdfDmaEnablerCreate(Adapter->Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, &Adapter->DmaEnabler);
    if (!NT_SUCCESS(Status))
        return Status;

    Fragment = WdfDmaEnablerGetFragmentLength(Adapter->DmaEnabler, WdfDmaDirectionWriteToDevice);
    if (Fragment < PCIDRV_MAX_FRAME)
        return STATUS_INSUFFICIENT_RESOURCES;

    Adapter->NumTcb = (ULONG)min(Adapter->NumTcb, (BYTES_TO_PAGES(Fragment) + 1) / NIC_FRAME_MAP_REGISTERS);
    Adapter->NumTcb = max(Adapter->NumTcb, NIC_MIN_TCBS);
    WdfDmaEnablerSetMaximumScatterGatherElements(Adapter->DmaEnabler, NIC_TBDS);

    Status = WdfCommonBufferCreate(Adapter->DmaEnabler, sizeof(NIC_SHARED), WDF_NO_OBJECT_ATTRIBUTES, &Buffer);
    if (!NT_SUCCESS(Status))
        return Status;

    Adapter->Shared = WdfCommonBufferGetAlignedVirtualAddress(Buffer);
    Adapter->SharedPhysical = WdfCommonBufferGetAlignedLogicalAddress(Buffer).LowPart;
    RtlZeroMemory(Adapter->Shared, sizeof(*Adapter->Shared));
    return STATUS_SUCCESS;
}
