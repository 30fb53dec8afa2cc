#include "pcidrv.h"

static EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE NicEvtWmiQuery;
static EVT_WDF_WMI_INSTANCE_SET_INSTANCE NicEvtWmiSet;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicWmiInitialize)
#pragma alloc_text(PAGE, NicEvtWmiQuery)
#pragma alloc_text(PAGE, NicEvtWmiSet)
#endif

/* The only one of it: the address in use, first byte first. */
typedef struct _NIC_WMI_DATA
{
    ULONGLONG MacAddress;
} NIC_WMI_DATA, *PNIC_WMI_DATA;

_Use_decl_annotations_
NTSTATUS
NicWmiInitialize(WDFDEVICE Device)
{
    DECLARE_CONST_UNICODE_STRING(MofResourceName, L"PciDrvWMI");
    WDF_WMI_PROVIDER_CONFIG Provider;
    WDF_WMI_INSTANCE_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceAssignMofResourceName(Device, &MofResourceName);
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_WMI_PROVIDER_CONFIG_INIT(&Provider, &PCIDRV_WMI_STD_DATA_GUID);
    Provider.MinInstanceBufferSize = sizeof(NIC_WMI_DATA);

    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&Config, &Provider);
    Config.Register = TRUE;
    Config.EvtWmiInstanceQueryInstance = NicEvtWmiQuery;
    Config.EvtWmiInstanceSetInstance = NicEvtWmiSet;

    return WdfWmiInstanceCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, NULL);
}

_Use_decl_annotations_
static NTSTATUS
NicEvtWmiQuery(WDFWMIINSTANCE WmiInstance, ULONG OutBufferSize, PVOID OutBuffer, PULONG BufferUsed)
{
    PADAPTER Adapter = NicGetAdapter(WdfWmiInstanceGetDevice(WmiInstance));
    NIC_WMI_DATA Data = {0};

    PAGED_CODE();

    *BufferUsed = sizeof(Data);
    if (OutBufferSize < sizeof(Data))
        return STATUS_BUFFER_TOO_SMALL;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    RtlCopyMemory(&Data.MacAddress, Adapter->CurrentAddress, sizeof(Adapter->CurrentAddress));
    WdfWaitLockRelease(Adapter->ControlLock);

    RtlCopyMemory(OutBuffer, &Data, sizeof(Data));
    return STATUS_SUCCESS;
}

/* Asleep, the card hears of it when it comes back. */
_Use_decl_annotations_
static NTSTATUS
NicEvtWmiSet(WDFWMIINSTANCE WmiInstance, ULONG InBufferSize, PVOID InBuffer)
{
    PADAPTER Adapter = NicGetAdapter(WdfWmiInstanceGetDevice(WmiInstance));
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();

    /* Nobody has the address of a group. */
    if (InBufferSize < sizeof(Adapter->CurrentAddress) || (*(PUCHAR)InBuffer & 1))
        return STATUS_WMI_SET_FAILURE;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    RtlCopyMemory(Adapter->CurrentAddress, InBuffer, sizeof(Adapter->CurrentAddress));
    Adapter->AddressSet = TRUE;
    if (NicScbStatus(Adapter) != NIC_GONE_16)
        Status = NicLoadAddress(Adapter);
    WdfWaitLockRelease(Adapter->ControlLock);

    return NT_SUCCESS(Status) ? STATUS_SUCCESS : STATUS_WMI_SET_FAILURE;
}
