#include "pcidrv.h"

static EVT_WDF_WORKITEM NicEvtReceiveWork;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicAllocateRfd(_Inout_ PADAPTER Adapter, _Out_ PNIC_RFD_ENTRY *Rfd);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicFreeRfd(_In_ PNIC_RFD_ENTRY Rfd);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->ReceiveLock)
static VOID
NicReturnRfd(_Inout_ PADAPTER Adapter, _Inout_ PNIC_RFD_ENTRY Rfd);

/* TRUE: there is to be one more, and the caller has it made. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->ReceiveLock)
static BOOLEAN
NicGrow(_Inout_ PADAPTER Adapter);

/* TRUE: the caller takes frames, until NicEndReceive(). */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
static BOOLEAN
NicBeginReceive(_Inout_ PADAPTER Adapter);

/* TRUE: there is more to be taken, or somebody else wanted to meanwhile, and it is allowed still. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
static BOOLEAN
NicEndReceive(_Inout_ PADAPTER Adapter, _In_ BOOLEAN More);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
static ULONG
NicTakeFrames(
    _Inout_ PADAPTER Adapter,
    _Out_writes_to_(NIC_RECEIVE_BATCH, return) PNIC_RFD_ENTRY *Frames,
    _Out_ PBOOLEAN More);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
static VOID
NicReturnFrames(_Inout_ PADAPTER Adapter, _In_reads_(Count) PNIC_RFD_ENTRY *Frames, _In_ ULONG Count);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->ReceiveLock)
static BOOLEAN
NicIsFrame(_In_ PADAPTER Adapter, _Inout_ PNIC_RFD_ENTRY Rfd, _In_ USHORT Status);

/* The first of the ring that the chip has not filled, or NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->ReceiveLock)
_Must_inspect_result_
static PNIC_RFD_ENTRY
NicFindFreeRfd(_In_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NicServeRead(_In_ PADAPTER Adapter, _In_ const NIC_RFD_ENTRY *Rfd);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicReceiveInitialize)
#pragma alloc_text(PAGE, NicReceiveCleanup)
#pragma alloc_text(PAGE, NicAllocateRfd)
#pragma alloc_text(PAGE, NicFreeRfd)
#endif

/* So many frames are taken from the ring at a time, and so many times in a row. */
#define NIC_RECEIVE_BATCH 20
#define NIC_RECEIVE_ROUNDS (1024 / NIC_RECEIVE_BATCH + 1)

/* With fewer ready, or none for the chip, the ring is too small; when that has not been so for so many ticks it is too large. */
#define NIC_LOW_RFDS 4
#define NIC_SHRINK_TICKS 10

/* ---- RFDs ---- */

_Use_decl_annotations_
NTSTATUS
NicReceiveInitialize(PADAPTER Adapter)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_WORKITEM_CONFIG Config;
    PNIC_RFD_ENTRY Rfd;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_WORKITEM_CONFIG_INIT(&Config, NicEvtReceiveWork);
    Config.AutomaticSerialization = FALSE;
    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Adapter->Device;
    Status = WdfWorkItemCreate(&Config, &Attributes, &Adapter->ReceiveWork);
    if (!NT_SUCCESS(Status))
        return Status;

    while (Adapter->CurrentRfds < Adapter->NumRfd)
    {
        Status = NicAllocateRfd(Adapter, &Rfd);
        if (!NT_SUCCESS(Status))
            return Status;

        WdfSpinLockAcquire(Adapter->ReceiveLock);
        NicReturnRfd(Adapter, Rfd);
        Adapter->CurrentRfds++;
        WdfSpinLockRelease(Adapter->ReceiveLock);
    }

    return STATUS_SUCCESS;
}

/* Nobody is here any more, not even the locks. */
_Use_decl_annotations_
VOID
NicReceiveCleanup(PADAPTER Adapter)
{
    PLIST_ENTRY Lists[] = {&Adapter->ReceiveRing, &Adapter->ReceiveSurplus};
    ULONG Index;

    PAGED_CODE();

    for (Index = 0; Index < RTL_NUMBER_OF(Lists); Index++)
    {
        while (!IsListEmpty(Lists[Index]))
            WdfObjectDelete(CONTAINING_RECORD(RemoveHeadList(Lists[Index]), NIC_RFD_ENTRY, Entry)->Memory);
    }
}

_Use_decl_annotations_
static NTSTATUS
NicAllocateRfd(PADAPTER Adapter, PNIC_RFD_ENTRY *Rfd)
{
    WDFCOMMONBUFFER Buffer;
    WDFMEMORY Memory;
    PUCHAR Virtual;
    ULONG Physical;
    ULONG Shift;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfMemoryCreateFromLookaside(NicGetDriver(WdfDeviceGetDriver(Adapter->Device))->RfdEntries, &Memory);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = WdfCommonBufferCreate(Adapter->DmaEnabler, NIC_RFD_BUFFER, WDF_NO_OBJECT_ATTRIBUTES, &Buffer);
    if (!NT_SUCCESS(Status))
    {
        WdfObjectDelete(Memory);
        return Status;
    }

    Virtual = WdfCommonBufferGetAlignedVirtualAddress(Buffer);
    Physical = WdfCommonBufferGetAlignedLogicalAddress(Buffer).LowPart;
    Shift = (0 - Physical) % NIC_RFD_ALIGNMENT + NIC_RFD_SHIFT;
    RtlZeroMemory(Virtual, NIC_RFD_BUFFER);

    *Rfd = WdfMemoryGetBuffer(Memory, NULL);
    (*Rfd)->Memory = Memory;
    (*Rfd)->Buffer = Buffer;
    (*Rfd)->Rfd = (PNIC_RFD)(Virtual + Shift);
    (*Rfd)->Physical = Physical + Shift;
    (*Rfd)->Length = 0;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
NicFreeRfd(PNIC_RFD_ENTRY Rfd)
{
    PAGED_CODE();

    WdfObjectDelete(Rfd->Buffer);
    WdfObjectDelete(Rfd->Memory);
}

/* It becomes the ring's end before the ring goes on to it: the chip never finds one that is not ready, or none. */
_Use_decl_annotations_
static VOID
NicReturnRfd(PADAPTER Adapter, PNIC_RFD_ENTRY Rfd)
{
    PNIC_RFD_ENTRY Tail;

    NicWriteHalves(Rfd->Rfd->Link, NIC_NO_LINK);
    NicWriteHalves(Rfd->Rfd->Rbd, NIC_NO_LINK);
    NicWrite16(&Rfd->Rfd->ActualCount, 0);
    NicWrite16(&Rfd->Rfd->Size, PCIDRV_MAX_FRAME);
    NicWrite16(&Rfd->Rfd->Command, CB_COMMAND_END);
    NicWrite16(&Rfd->Rfd->Status, 0);
    KeMemoryBarrier();

    if (!IsListEmpty(&Adapter->ReceiveRing))
    {
        Tail = CONTAINING_RECORD(Adapter->ReceiveRing.Blink, NIC_RFD_ENTRY, Entry);
        NicWriteHalves(Tail->Rfd->Link, Rfd->Physical);
        KeMemoryBarrier();
        NicWrite16(&Tail->Rfd->Command, 0);
    }

    InsertTailList(&Adapter->ReceiveRing, &Rfd->Entry);
    Adapter->ReadyRfds++;
}

_Use_decl_annotations_
VOID
NicClearReceiveRing(PADAPTER Adapter)
{
    PNIC_RFD_ENTRY Rfd;
    ULONG Count;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    for (Count = Adapter->ReadyRfds; Count > 0; Count--)
    {
        Rfd = CONTAINING_RECORD(RemoveHeadList(&Adapter->ReceiveRing), NIC_RFD_ENTRY, Entry);
        Adapter->ReadyRfds--;
        NicReturnRfd(Adapter, Rfd);
    }
    WdfSpinLockRelease(Adapter->ReceiveLock);
}

/* ---- Their number ---- */

_Use_decl_annotations_
VOID
NicReceiveTick(PADAPTER Adapter)
{
    WdfSpinLockAcquire(Adapter->ReceiveLock);
    if (Adapter->CurrentRfds > Adapter->NumRfd)
        Adapter->ShrinkTicks++;
    WdfSpinLockRelease(Adapter->ReceiveLock);
}

_Use_decl_annotations_
static BOOLEAN
NicGrow(PADAPTER Adapter)
{
    Adapter->ShrinkTicks = 0;
    if (Adapter->Growing || Adapter->CurrentRfds >= Adapter->MaxRfd)
        return FALSE;

    Adapter->Growing = TRUE;
    return TRUE;
}

/* One more, or fewer: memory that the device shares comes and goes at PASSIVE_LEVEL only. */
_Use_decl_annotations_
static VOID
NicEvtReceiveWork(WDFWORKITEM WorkItem)
{
    PADAPTER Adapter = NicGetAdapter(WdfWorkItemGetParentObject(WorkItem));
    PNIC_RFD_ENTRY Rfd = NULL;
    LIST_ENTRY Surplus;
    BOOLEAN Growing;

    InitializeListHead(&Surplus);
    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Growing = Adapter->Growing;
    while (!IsListEmpty(&Adapter->ReceiveSurplus))
        InsertTailList(&Surplus, RemoveHeadList(&Adapter->ReceiveSurplus));
    WdfSpinLockRelease(Adapter->ReceiveLock);

    while (!IsListEmpty(&Surplus))
        NicFreeRfd(CONTAINING_RECORD(RemoveHeadList(&Surplus), NIC_RFD_ENTRY, Entry));

    if (!Growing)
        return;
    if (!NT_SUCCESS(NicAllocateRfd(Adapter, &Rfd)))
        Rfd = NULL;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Adapter->Growing = FALSE;
    if (Rfd != NULL)
    {
        NicReturnRfd(Adapter, Rfd);
        Adapter->CurrentRfds++;
    }
    WdfSpinLockRelease(Adapter->ReceiveLock);

    /* The chip may have stopped for want of it. */
    NicReceive(Adapter);
}

/* ---- Frames ---- */

_Use_decl_annotations_
static BOOLEAN
NicBeginReceive(PADAPTER Adapter)
{
    BOOLEAN Busy;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Busy = Adapter->Receiving;
    Adapter->ReceiveAgain = Busy;
    Adapter->Receiving = TRUE;
    WdfSpinLockRelease(Adapter->ReceiveLock);

    return !Busy;
}

_Use_decl_annotations_
static BOOLEAN
NicEndReceive(PADAPTER Adapter, BOOLEAN More)
{
    BOOLEAN Again;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Again = (More || Adapter->ReceiveAgain) && Adapter->ReceiveAllowed;
    Adapter->ReceiveAgain = FALSE;
    Adapter->Receiving = FALSE;
    WdfSpinLockRelease(Adapter->ReceiveLock);

    return Again;
}

_Use_decl_annotations_
VOID
NicReceive(PADAPTER Adapter)
{
    PNIC_RFD_ENTRY Frames[NIC_RECEIVE_BATCH];
    BOOLEAN More = TRUE;
    ULONG Count;
    ULONG Round;
    ULONG Index;

    if (!NicBeginReceive(Adapter))
        return;

    for (Round = 0; More && Round < NIC_RECEIVE_ROUNDS; Round++)
    {
        Count = NicTakeFrames(Adapter, Frames, &More);
        if (Count > 0)
            NicIndicateMedia(Adapter, NicMediaConnected);

        for (Index = 0; Index < Count; Index++)
            NicServeRead(Adapter, Frames[Index]);

        NicReturnFrames(Adapter, Frames, Count);

        /* What came while the chip was about to stop. */
        if (!More)
            More = NicStartReceive(Adapter) == STATUS_MORE_PROCESSING_REQUIRED;
    }

    /* There are others to be served meanwhile. */
    if (NicEndReceive(Adapter, More))
        (VOID)WdfInterruptQueueDpcForIsr(Adapter->Interrupt);
}

_Use_decl_annotations_
VOID
NicAllowReceive(PADAPTER Adapter, BOOLEAN Allowed)
{
    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Adapter->ReceiveAllowed = Allowed;
    WdfSpinLockRelease(Adapter->ReceiveLock);
}

/* From the head of the ring, in the order they came. What is no frame for anybody goes back at once, and is not looked at twice here. */
_Use_decl_annotations_
static ULONG
NicTakeFrames(PADAPTER Adapter, PNIC_RFD_ENTRY *Frames, PBOOLEAN More)
{
    PNIC_RFD_ENTRY Rfd;
    ULONG Count = 0;
    BOOLEAN Grow = FALSE;
    USHORT Status;
    ULONG Left;

    *More = FALSE;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    for (Left = Adapter->ReadyRfds; Left > 0; Left--)
    {
        Rfd = CONTAINING_RECORD(Adapter->ReceiveRing.Flink, NIC_RFD_ENTRY, Entry);
        Status = NicRead16(&Rfd->Rfd->Status);
        if (!(Status & CB_STATUS_COMPLETE))
            break;
        if (Count == NIC_RECEIVE_BATCH)
        {
            *More = TRUE;
            break;
        }

        KeMemoryBarrier();
        RemoveEntryList(&Rfd->Entry);
        Adapter->ReadyRfds--;
        if (NicIsFrame(Adapter, Rfd, Status))
            Frames[Count++] = Rfd;
        else
            NicReturnRfd(Adapter, Rfd);
    }

    if (Adapter->ReadyRfds < NIC_LOW_RFDS)
        Grow = NicGrow(Adapter);
    WdfSpinLockRelease(Adapter->ReceiveLock);

    if (Grow)
        WdfWorkItemEnqueue(Adapter->ReceiveWork);

    return Count;
}

/* The chip may write what it likes, whenever it likes: the length that is judged is the one that is used. */
_Use_decl_annotations_
static BOOLEAN
NicIsFrame(PADAPTER Adapter, PNIC_RFD_ENTRY Rfd, USHORT Status)
{
    USHORT Count = NicRead16(&Rfd->Rfd->ActualCount);

    Rfd->Length = Count & RFD_COUNT_MASK;

    if (!(Status & CB_STATUS_OK) || (Count & RFD_COUNT_COMPLETE) != RFD_COUNT_COMPLETE)
        return FALSE;
    if (Rfd->Length < PCIDRV_MIN_FRAME || Rfd->Length > PCIDRV_MAX_FRAME)
        return FALSE;

    return Adapter->PacketFilter != 0 && Adapter->PowerState == PowerDeviceD0;
}

/* Who reads a frame too long for the buffer has its beginning. Nobody reads: it is lost. */
_Use_decl_annotations_
static VOID
NicServeRead(PADAPTER Adapter, const NIC_RFD_ENTRY *Rfd)
{
    WDFREQUEST Request;
    PVOID Buffer;
    size_t Length;
    NTSTATUS Status;

    while (NT_SUCCESS(WdfIoQueueRetrieveNextRequest(Adapter->PendingReadQueue, &Request)))
    {
        Status = WdfRequestRetrieveOutputBuffer(Request, 1, &Buffer, &Length);
        if (NT_SUCCESS(Status))
        {
            Length = min(Length, Rfd->Length);
            RtlCopyMemory(Buffer, Rfd->Rfd->Data, Length);
            WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, Length);
            return;
        }

        WdfRequestCompleteWithInformation(Request, Status, 0);
    }
}

_Use_decl_annotations_
static VOID
NicReturnFrames(PADAPTER Adapter, PNIC_RFD_ENTRY *Frames, ULONG Count)
{
    BOOLEAN Surplus = FALSE;
    ULONG Index;

    if (Count == 0)
        return;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    for (Index = 0; Index < Count; Index++)
    {
        if (Adapter->ShrinkTicks >= NIC_SHRINK_TICKS && Adapter->CurrentRfds > Adapter->NumRfd)
        {
            InsertTailList(&Adapter->ReceiveSurplus, &Frames[Index]->Entry);
            Adapter->CurrentRfds--;
            Adapter->ShrinkTicks = 0;
            Surplus = TRUE;
        }
        else
        {
            NicReturnRfd(Adapter, Frames[Index]);
        }
    }
    WdfSpinLockRelease(Adapter->ReceiveLock);

    if (Surplus)
        WdfWorkItemEnqueue(Adapter->ReceiveWork);
}

_Use_decl_annotations_
static PNIC_RFD_ENTRY
NicFindFreeRfd(PADAPTER Adapter)
{
    PLIST_ENTRY Entry;
    PNIC_RFD_ENTRY Rfd;

    for (Entry = Adapter->ReceiveRing.Flink; Entry != &Adapter->ReceiveRing; Entry = Entry->Flink)
    {
        Rfd = CONTAINING_RECORD(Entry, NIC_RFD_ENTRY, Entry);
        if (!(NicRead16(&Rfd->Rfd->Status) & CB_STATUS_COMPLETE))
            return Rfd;
    }

    return NULL;
}

/*
 * Behind the frames that nobody has taken yet: whoever waits for the unit to run does not wait for those to be handed on. An empty ring is one whose RFDs are all with
 * somebody who gives them back and then calls this.
 */
_Use_decl_annotations_
NTSTATUS
NicStartReceive(PADAPTER Adapter)
{
    NTSTATUS Status = STATUS_SUCCESS;
    BOOLEAN Grow = FALSE;
    PNIC_RFD_ENTRY Rfd;
    USHORT Scb;

    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Scb = NicScbStatus(Adapter);
    if (Scb == NIC_GONE_16)
    {
        Status = STATUS_DEVICE_NOT_CONNECTED;
    }
    else if (Adapter->ReceiveAllowed && (Scb & SCB_STATUS_RU) != SCB_STATUS_RU_READY && !IsListEmpty(&Adapter->ReceiveRing))
    {
        Rfd = NicFindFreeRfd(Adapter);
        if (Rfd != NULL)
            Status = NicScbCommand(Adapter, SCB_RU_START, Rfd->Physical);
        if (NT_SUCCESS(Status) && (Rfd == NULL || Rfd->Entry.Blink != &Adapter->ReceiveRing))
            Status = STATUS_MORE_PROCESSING_REQUIRED;
        Grow = (Scb & SCB_STATUS_RU) == SCB_STATUS_RU_NO_RESOURCES && NicGrow(Adapter);
    }
    WdfSpinLockRelease(Adapter->ReceiveLock);

    if (Grow)
        WdfWorkItemEnqueue(Adapter->ReceiveWork);

    return Status;
}
