#include "pcidrv.h"

/* FALSE: the request waits, or was ended. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static BOOLEAN
NicPendOid(_In_ PADAPTER Adapter, _In_ WDFREQUEST Request);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_not_held_(Adapter->ControlLock)
static VOID
NicServeQuery(_Inout_ PADAPTER Adapter, _In_ WDFREQUEST Request);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_not_held_(Adapter->ControlLock)
static VOID
NicServeSet(_Inout_ PADAPTER Adapter, _In_ WDFREQUEST Request);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicQueryOid(
    _Inout_ PADAPTER Adapter,
    _In_ ULONG Oid,
    _Out_writes_bytes_to_(Length, *Written) PVOID Data,
    _In_ ULONG Length,
    _Out_ PULONG Written);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicSetOid(_Inout_ PADAPTER Adapter, _In_ ULONG Oid, _In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicQueryCounter(_Inout_ PADAPTER Adapter, _In_ ULONG Oid, _Out_ PULONGLONG Value);

_Must_inspect_result_
static NTSTATUS
NicAnswer(
    _Out_writes_bytes_to_(Length, *Written) PVOID Data,
    _In_ ULONG Length,
    _In_reads_bytes_(Size) const VOID *Value,
    _In_ ULONG Size,
    _Out_ PULONG Written);

#define OID_HEADER FIELD_OFFSET(NDISPROT_QUERY_OID, Data)

C_ASSERT(sizeof(NDISPROT_QUERY_OID) == sizeof(NDISPROT_SET_OID) && OID_HEADER == FIELD_OFFSET(NDISPROT_SET_OID, Data));

#define NIC_ALL_FILTERS \
    (PCIDRV_FILTER_DIRECTED | PCIDRV_FILTER_MULTICAST | PCIDRV_FILTER_ALL_MULTICAST | PCIDRV_FILTER_BROADCAST | PCIDRV_FILTER_PROMISCUOUS)

/* ---- Requests ---- */

_Use_decl_annotations_
VOID
NicEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    PADAPTER Adapter = NicGetAdapter(WdfIoQueueGetDevice(Queue));
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);

    switch (IoControlCode)
    {
    case IOCTL_NDISPROT_QUERY_OID_VALUE:
        NicServeQuery(Adapter, Request);
        return;

    case IOCTL_NDISPROT_SET_OID_VALUE:
        NicServeSet(Adapter, Request);
        return;

    case IOCTL_NDISPROT_INDICATE_STATUS:
        Status = WdfRequestForwardToIoQueue(Request, Adapter->IndicationQueue);
        if (NT_SUCCESS(Status))
            return;
        break;

    default:
        Status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }

    WdfRequestCompleteWithInformation(Request, Status, 0);
}

/* Whoever ends link detection takes ControlLock to do so, and looks into the queue after that: what is put there under it is found. */
_Use_decl_annotations_
static BOOLEAN
NicPendOid(PADAPTER Adapter, WDFREQUEST Request)
{
    NTSTATUS Status;

    if (!Adapter->LinkDetection)
        return FALSE;

    Status = WdfRequestForwardToIoQueue(Request, Adapter->PendingOidQueue);
    if (!NT_SUCCESS(Status))
        WdfRequestCompleteWithInformation(Request, STATUS_UNSUCCESSFUL, 0);
    return TRUE;
}

/* A request of either kind: link detection does not begin again before this device was in low power. */
_Use_decl_annotations_
VOID
NicServePendingOids(PADAPTER Adapter)
{
    WDF_REQUEST_PARAMETERS Parameters;
    WDFREQUEST Request;

    while (NT_SUCCESS(WdfIoQueueRetrieveNextRequest(Adapter->PendingOidQueue, &Request)))
    {
        WDF_REQUEST_PARAMETERS_INIT(&Parameters);
        WdfRequestGetParameters(Request, &Parameters);
        if (Parameters.Parameters.DeviceIoControl.IoControlCode == IOCTL_NDISPROT_SET_OID_VALUE)
            NicServeSet(Adapter, Request);
        else
            NicServeQuery(Adapter, Request);
    }
}

/* Input and output share the buffer. What was asked for stays in front of the answer. */
_Use_decl_annotations_
static VOID
NicServeQuery(PADAPTER Adapter, WDFREQUEST Request)
{
    PNDISPROT_QUERY_OID Query;
    ULONG Written = 0;
    PVOID Input;
    size_t Length;
    ULONG Oid;
    NTSTATUS Status;

    Status = WdfRequestRetrieveInputBuffer(Request, OID_HEADER, &Input, NULL);
    if (NT_SUCCESS(Status))
        Status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*Query), (PVOID *)&Query, &Length);
    if (!NT_SUCCESS(Status))
    {
        WdfRequestCompleteWithInformation(Request, STATUS_BUFFER_TOO_SMALL, 0);
        return;
    }

    Oid = Query->Oid;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    if ((Oid == OID_GEN_LINK_SPEED || Oid == OID_GEN_MEDIA_CONNECT_STATUS) && NicPendOid(Adapter, Request))
    {
        WdfWaitLockRelease(Adapter->ControlLock);
        return;
    }
    Status = NicQueryOid(Adapter, Oid, Query->Data, (ULONG)min(Length - OID_HEADER, MAXULONG), &Written);
    WdfWaitLockRelease(Adapter->ControlLock);

    WdfRequestCompleteWithInformation(Request, Status, OID_HEADER + Written);
}

_Use_decl_annotations_
static VOID
NicServeSet(PADAPTER Adapter, WDFREQUEST Request)
{
    PNDISPROT_SET_OID Set;
    size_t Length;
    NTSTATUS Status;

    Status = WdfRequestRetrieveInputBuffer(Request, sizeof(*Set), (PVOID *)&Set, &Length);
    if (!NT_SUCCESS(Status))
    {
        WdfRequestCompleteWithInformation(Request, STATUS_BUFFER_TOO_SMALL, 0);
        return;
    }

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    if (Set->Oid == OID_GEN_CURRENT_PACKET_FILTER && NicPendOid(Adapter, Request))
    {
        WdfWaitLockRelease(Adapter->ControlLock);
        return;
    }
    Status = NicSetOid(Adapter, Set->Oid, Set->Data, (ULONG)min(Length - OID_HEADER, MAXULONG));
    WdfWaitLockRelease(Adapter->ControlLock);

    WdfRequestCompleteWithInformation(Request, Status, 0);
}

/* ---- Queries ---- */

_Use_decl_annotations_
static NTSTATUS
NicAnswer(PVOID Data, ULONG Length, const VOID *Value, ULONG Size, PULONG Written)
{
    if (Length < Size)
        return STATUS_BUFFER_TOO_SMALL;

    RtlCopyMemory(Data, Value, Size);
    *Written = Size;
    return STATUS_SUCCESS;
}

/* Counters are not known before the others were asked for. */
_Use_decl_annotations_
static NTSTATUS
NicQueryOid(PADAPTER Adapter, ULONG Oid, PVOID Data, ULONG Length, PULONG Written)
{
    PCIDRV_PNP_CAPABILITIES Capabilities = {1, PowerDeviceUnspecified, PowerDeviceD3, PowerDeviceUnspecified};
    ULONGLONG Counter;
    NTSTATUS Status;
    ULONG Value;

    *Written = 0;

    switch (Oid)
    {
    case OID_GEN_LINK_SPEED:
        NicPhySpeed(Adapter);
        Value = Adapter->LinkSpeed * 10000;
        return NicAnswer(Data, Length, &Value, sizeof(Value), Written);

    case OID_GEN_MEDIA_CONNECT_STATUS:
        NicRefreshMedia(Adapter);
        Value = (ULONG)InterlockedOr(&Adapter->Media, 0);
        return NicAnswer(Data, Length, &Value, sizeof(Value), Written);

    case OID_802_3_PERMANENT_ADDRESS:
        return NicAnswer(Data, Length, Adapter->PermanentAddress, sizeof(Adapter->PermanentAddress), Written);

    case OID_802_3_CURRENT_ADDRESS:
        return NicAnswer(Data, Length, Adapter->CurrentAddress, sizeof(Adapter->CurrentAddress), Written);

    case OID_802_3_MAXIMUM_LIST_SIZE:
        Value = PCIDRV_MAX_MULTICAST;
        return NicAnswer(Data, Length, &Value, sizeof(Value), Written);

    case OID_PNP_CAPABILITIES:
        if (Adapter->PowerCapability == 0)
            return STATUS_BUFFER_TOO_SMALL;
        return NicAnswer(Data, Length, &Capabilities, sizeof(Capabilities), Written);

    case OID_PNP_QUERY_POWER:
        Value = 0;
        return NicAnswer(Data, Length, &Value, sizeof(Value), Written);

    default:
        Status = NicQueryCounter(Adapter, Oid, &Counter);
        if (!NT_SUCCESS(Status))
            return Status;
        return NicAnswer(Data, Length, &Counter, Length < sizeof(Counter) ? sizeof(ULONG) : sizeof(Counter), Written);
    }
}

typedef struct _NIC_OID_COUNTERS
{
    ULONG Oid;
    NIC_COUNTER First;
    NIC_COUNTER Last;
} NIC_OID_COUNTERS;

/* The sum of those from First to Last. */
static const NIC_OID_COUNTERS NicOidCounters[] = {
    {OID_GEN_XMIT_OK, NicTransmitGood, NicTransmitGood},
    {OID_GEN_RCV_OK, NicReceiveGood, NicReceiveGood},
    {OID_GEN_XMIT_ERROR, NicTransmitMaxCollisions, NicTransmitLostCarrier},
    {OID_GEN_RCV_ERROR, NicReceiveCrcErrors, NicReceiveShort},
    {OID_GEN_RCV_NO_BUFFER, NicReceiveResourceErrors, NicReceiveResourceErrors},
    {OID_GEN_RCV_CRC_ERROR, NicReceiveCrcErrors, NicReceiveCrcErrors},
    {OID_802_3_RCV_ERROR_ALIGNMENT, NicReceiveAlignmentErrors, NicReceiveAlignmentErrors},
    {OID_802_3_XMIT_ONE_COLLISION, NicTransmitOneCollision, NicTransmitOneCollision},
    {OID_802_3_XMIT_MORE_COLLISIONS, NicTransmitMoreCollisions, NicTransmitMoreCollisions},
    {OID_802_3_XMIT_DEFERRED, NicTransmitDeferred, NicTransmitDeferred},
    {OID_802_3_XMIT_MAX_COLLISIONS, NicTransmitMaxCollisions, NicTransmitMaxCollisions},
    {OID_802_3_RCV_OVERRUN, NicReceiveOverruns, NicReceiveOverruns},
    {OID_802_3_XMIT_UNDERRUN, NicTransmitUnderruns, NicTransmitUnderruns},
    {OID_802_3_XMIT_HEARTBEAT_FAILURE, NicTransmitLostCarrier, NicTransmitLostCarrier},
    {OID_802_3_XMIT_TIMES_CRS_LOST, NicTransmitLostCarrier, NicTransmitLostCarrier},
    {OID_802_3_XMIT_LATE_COLLISIONS, NicTransmitLateCollisions, NicTransmitLateCollisions}};

_Use_decl_annotations_
static NTSTATUS
NicQueryCounter(PADAPTER Adapter, ULONG Oid, PULONGLONG Value)
{
    const NIC_OID_COUNTERS *Counters;
    NTSTATUS Status;
    ULONG Index;
    ULONG At;

    *Value = 0;

    if (Oid == OID_GEN_TRANSMIT_QUEUE_LENGTH)
    {
        *Value = (ULONG)InterlockedOr(&Adapter->SendWaiting, 0);
        return STATUS_SUCCESS;
    }

    for (Index = 0; Index < RTL_NUMBER_OF(NicOidCounters); Index++)
    {
        Counters = &NicOidCounters[Index];
        if (Counters->Oid != Oid)
            continue;

        Status = NicReadStatistics(Adapter);
        for (At = Counters->First; NT_SUCCESS(Status) && At <= (ULONG)Counters->Last; At++)
            *Value += Adapter->Statistics[At];
        return Status;
    }

    return STATUS_NOT_SUPPORTED;
}

/* ---- Sets ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicSetMulticastList(_Inout_ PADAPTER Adapter, _In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length)
{
    if (Length % PCIDRV_ADDRESS_LENGTH != 0 || Length > sizeof(Adapter->Multicast))
        return STATUS_INVALID_BUFFER_SIZE;

    RtlCopyMemory(Adapter->Multicast, Data, Length);
    Adapter->MulticastCount = Length / PCIDRV_ADDRESS_LENGTH;
    return NicLoadMulticast(Adapter);
}

/* Until it is D0 again nothing is received. What state the device really is in is the framework's business. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicSetPowerState(_Inout_ PADAPTER Adapter, _In_ ULONG State)
{
    if (State < PowerDeviceD0 || State > PowerDeviceD3)
        return STATUS_INVALID_PARAMETER;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Adapter->PowerState = State;
    WdfSpinLockRelease(Adapter->ReceiveLock);
    return STATUS_SUCCESS;
}

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicEnableWake(_Inout_ PADAPTER Adapter, _In_ ULONG Kinds)
{
    if (Adapter->PowerCapability == 0)
        return STATUS_NOT_SUPPORTED;

    Adapter->AllowWakeArming = (Kinds & PCIDRV_WAKE_PATTERN_MATCH) != 0;
    return Kinds == 0 || Adapter->AllowWakeArming ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

_Use_decl_annotations_
static NTSTATUS
NicSetOid(PADAPTER Adapter, ULONG Oid, const VOID *Data, ULONG Length)
{
    ULONG Value;

    /* There are so many bytes of data at least. */
    RtlCopyMemory(&Value, Data, sizeof(Value));

    switch (Oid)
    {
    case OID_802_3_MULTICAST_LIST:
        return NicSetMulticastList(Adapter, Data, Length);

    case OID_GEN_CURRENT_PACKET_FILTER:
        if (Length != sizeof(Value))
            return STATUS_INVALID_BUFFER_SIZE;
        if (Value & ~NIC_ALL_FILTERS)
            return STATUS_NOT_SUPPORTED;
        return NicSetPacketFilter(Adapter, Value);

    case OID_PNP_SET_POWER:
        return NicSetPowerState(Adapter, Value);

    case OID_PNP_ADD_WAKE_UP_PATTERN:
        return Adapter->AllowWakeArming ? NicAddWakePattern(Adapter, Data, Length) : STATUS_NOT_SUPPORTED;

    case OID_PNP_REMOVE_WAKE_UP_PATTERN:
        return Adapter->AllowWakeArming ? NicRemoveWakePattern(Adapter, Data, Length) : STATUS_NOT_SUPPORTED;

    case OID_PNP_ENABLE_WAKE_UP:
        return NicEnableWake(Adapter, Value);

    default:
        return STATUS_NOT_SUPPORTED;
    }
}
