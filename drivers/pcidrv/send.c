#include "pcidrv.h"

static EVT_WDF_PROGRAM_DMA NicEvtProgramDma;

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->SendLock)
static BOOLEAN
NicCanSend(_In_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static BOOLEAN
NicReservePlace(_Inout_ PADAPTER Adapter);

/* TRUE: the caller moves writes, with a place reserved for the first, until NicMoveWrites() or NicEndSending() says that he is done. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static BOOLEAN
NicBeginWrite(_Inout_ PADAPTER Adapter);

/* FALSE: somebody has asked for it meanwhile, and the caller has to go on. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static BOOLEAN
NicEndSending(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static VOID
NicMoveWrites(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static VOID
NicSendWaiting(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static VOID
NicQueueWrite(_Inout_ PADAPTER Adapter, _In_ WDFREQUEST Request);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
static BOOLEAN
NicStartWrite(_Inout_ PADAPTER Adapter, _In_ WDFREQUEST Request);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->SendLock)
_Must_inspect_result_
static NTSTATUS
NicFillTcb(_In_ PNIC_TCB_ENTRY Entry, _In_ const SCATTER_GATHER_LIST *SgList);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->SendLock)
_Must_inspect_result_
static NTSTATUS
NicStartTcb(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->SendLock)
static WDFDMATRANSACTION
NicTakeHead(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NicEndWrite(_In_ WDFDMATRANSACTION Transaction, _In_ NTSTATUS Status);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicSendInitialize)
#endif

/* Nobody maps a frame for longer, unless there are no map registers; and then ending others' writes has freed some. */
#define NIC_MAPPING_MS 1000

/* ---- The ring ---- */

/* TCBs and then TBDs, NIC_TBDS for each TCB, in one common buffer. */
_Use_decl_annotations_
NTSTATUS
NicSendInitialize(PADAPTER Adapter)
{
    WDFCOMMONBUFFER Buffer;
    PNIC_TCB Tcbs;
    PNIC_TBD Tbds;
    ULONG Physical;
    SIZE_T Length;
    NTSTATUS Status;
    ULONG Index;

    PAGED_CODE();

    Adapter->Tcbs = ExAllocatePool2(POOL_FLAG_NON_PAGED, Adapter->NumTcb * sizeof(NIC_TCB_ENTRY), NIC_POOL_TAG);
    if (Adapter->Tcbs == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Length = Adapter->NumTcb * (sizeof(NIC_TCB) + NIC_TBDS * sizeof(NIC_TBD));
    Status = WdfCommonBufferCreate(Adapter->DmaEnabler, Length, WDF_NO_OBJECT_ATTRIBUTES, &Buffer);
    if (!NT_SUCCESS(Status))
        return Status;

    Tcbs = WdfCommonBufferGetAlignedVirtualAddress(Buffer);
    Tbds = (PNIC_TBD)&Tcbs[Adapter->NumTcb];
    Physical = WdfCommonBufferGetAlignedLogicalAddress(Buffer).LowPart;
    RtlZeroMemory(Tcbs, Length);

    for (Index = 0; Index < Adapter->NumTcb; Index++)
    {
        Adapter->Tcbs[Index].Tcb = &Tcbs[Index];
        Adapter->Tcbs[Index].Physical = Physical + Index * sizeof(NIC_TCB);
        Adapter->Tcbs[Index].Tbds = &Tbds[Index * NIC_TBDS];
        Tcbs[Index].Header.Link = Physical + (Index + 1) % Adapter->NumTcb * sizeof(NIC_TCB);
        Tcbs[Index].TbdArray = Physical + Adapter->NumTcb * sizeof(NIC_TCB) + Index * NIC_TBDS * sizeof(NIC_TBD);
    }

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
NicRestartRing(PADAPTER Adapter)
{
    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->TransmitIdle = TRUE;
    WdfSpinLockRelease(Adapter->SendLock);
}

_Use_decl_annotations_
static BOOLEAN
NicCanSend(PADAPTER Adapter)
{
    return Adapter->SendHold == 0 && Adapter->SendReserved + Adapter->SendBusy < Adapter->NumTcb;
}

_Use_decl_annotations_
static BOOLEAN
NicReservePlace(PADAPTER Adapter)
{
    BOOLEAN Reserved;

    WdfSpinLockAcquire(Adapter->SendLock);
    Reserved = NicCanSend(Adapter);
    if (Reserved)
        Adapter->SendReserved++;
    WdfSpinLockRelease(Adapter->SendLock);

    return Reserved;
}

/* The oldest write leaves the ring, which is as it should be for whoever takes the lock next. */
_Use_decl_annotations_
static WDFDMATRANSACTION
NicTakeHead(PADAPTER Adapter)
{
    PNIC_TCB_ENTRY Entry = &Adapter->Tcbs[Adapter->SendHead];
    WDFDMATRANSACTION Transaction = Entry->Transaction;

    NT_ASSERT(Adapter->SendBusy > 0 && Transaction != NULL);

    Entry->Transaction = NULL;
    Adapter->SendHead = (Adapter->SendHead + 1) % Adapter->NumTcb;
    Adapter->SendBusy--;
    Adapter->SendHangTicks = 0;

    return Transaction;
}

/* ---- Writes ---- */

_Use_decl_annotations_
VOID
NicEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PADAPTER Adapter = NicGetAdapter(WdfIoQueueGetDevice(Queue));

    if (Length < PCIDRV_MIN_FRAME || Length > PCIDRV_MAX_FRAME)
    {
        WdfRequestCompleteWithInformation(Request, STATUS_INVALID_BUFFER_SIZE, 0);
        return;
    }

    if (NicHasFlag(Adapter, NIC_REMOVE_IN_PROGRESS))
    {
        WdfRequestCompleteWithInformation(Request, STATUS_DEVICE_NOT_CONNECTED, 0);
        return;
    }

    /* Behind those that wait already. Is its place free again, somebody may wait for that. */
    if (NicBeginWrite(Adapter))
    {
        if (!NicStartWrite(Adapter, Request) || !NicEndSending(Adapter))
            NicMoveWrites(Adapter);
        return;
    }

    /* What it waits for may just have come to pass. */
    NicQueueWrite(Adapter, Request);
    NicDrainSends(Adapter);
}

/* Counted before it can be taken from the queue again, or cancelled there. */
_Use_decl_annotations_
static VOID
NicQueueWrite(PADAPTER Adapter, WDFREQUEST Request)
{
    NTSTATUS Status;

    InterlockedIncrement(&Adapter->SendWaiting);
    Status = WdfRequestForwardToIoQueue(Request, Adapter->PendingWriteQueue);
    if (NT_SUCCESS(Status))
        return;

    InterlockedDecrement(&Adapter->SendWaiting);
    WdfRequestCompleteWithInformation(Request, STATUS_UNSUCCESSFUL, 0);
}

_Use_decl_annotations_
VOID
NicEvtWriteCanceledOnQueue(WDFQUEUE Queue, WDFREQUEST Request)
{
    PADAPTER Adapter = NicGetAdapter(WdfIoQueueGetDevice(Queue));

    InterlockedDecrement(&Adapter->SendWaiting);
    WdfRequestCompleteWithInformation(Request, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_
static BOOLEAN
NicBeginWrite(PADAPTER Adapter)
{
    BOOLEAN Begun;

    WdfSpinLockAcquire(Adapter->SendLock);
    Begun = !Adapter->Sending && InterlockedOr(&Adapter->SendWaiting, 0) == 0 && NicCanSend(Adapter);
    if (Begun)
    {
        Adapter->Sending = TRUE;
        Adapter->SendReserved++;
    }
    WdfSpinLockRelease(Adapter->SendLock);

    return Begun;
}

_Use_decl_annotations_
static BOOLEAN
NicEndSending(PADAPTER Adapter)
{
    BOOLEAN Again;

    WdfSpinLockAcquire(Adapter->SendLock);
    Again = Adapter->SendAgain;
    Adapter->SendAgain = FALSE;
    Adapter->Sending = Again;
    WdfSpinLockRelease(Adapter->SendLock);

    return !Again;
}

_Use_decl_annotations_
VOID
NicDrainSends(PADAPTER Adapter)
{
    BOOLEAN Busy;

    WdfSpinLockAcquire(Adapter->SendLock);
    Busy = Adapter->Sending;
    Adapter->SendAgain = Busy;
    Adapter->Sending = TRUE;
    WdfSpinLockRelease(Adapter->SendLock);

    if (!Busy)
        NicMoveWrites(Adapter);
}

_Use_decl_annotations_
static VOID
NicMoveWrites(PADAPTER Adapter)
{
    do
    {
        NicSendWaiting(Adapter);
    } while (!NicEndSending(Adapter));
}

/* While a write is in nobody's sight, between queue and ring, what it needs may come: so having put it back one looks again. */
_Use_decl_annotations_
static VOID
NicSendWaiting(PADAPTER Adapter)
{
    WDFREQUEST Request;
    BOOLEAN CanSend;

    for (;;)
    {
        WdfSpinLockAcquire(Adapter->SendLock);
        CanSend = NicCanSend(Adapter);
        WdfSpinLockRelease(Adapter->SendLock);
        if (!CanSend || !NT_SUCCESS(WdfIoQueueRetrieveNextRequest(Adapter->PendingWriteQueue, &Request)))
            return;

        if (NicReservePlace(Adapter))
        {
            InterlockedDecrement(&Adapter->SendWaiting);
            (VOID)NicStartWrite(Adapter, Request);
        }
        else if (!NT_SUCCESS(WdfRequestRequeue(Request)))
        {
            InterlockedDecrement(&Adapter->SendWaiting);
            WdfRequestCompleteWithInformation(Request, STATUS_UNSUCCESSFUL, 0);
        }
    }
}

/* With a place in the ring. FALSE: it failed, and the place is free again. */
_Use_decl_annotations_
static BOOLEAN
NicStartWrite(PADAPTER Adapter, WDFREQUEST Request)
{
    WDFDMATRANSACTION Transaction;
    NTSTATUS Status;

    Status = WdfDmaTransactionCreate(Adapter->DmaEnabler, WDF_NO_OBJECT_ATTRIBUTES, &Transaction);
    if (NT_SUCCESS(Status))
    {
        Status = WdfDmaTransactionInitializeUsingRequest(Transaction, Request, NicEvtProgramDma, WdfDmaDirectionWriteToDevice);

        /* On success it belongs to NicEvtProgramDma, and may be gone. */
        if (NT_SUCCESS(Status))
            Status = WdfDmaTransactionExecute(Transaction, Adapter);
        if (NT_SUCCESS(Status))
            return TRUE;
        WdfObjectDelete(Transaction);
    }

    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->SendReserved--;
    WdfSpinLockRelease(Adapter->SendLock);

    WdfRequestCompleteWithInformation(Request, Status, 0);
    return FALSE;
}

/* The place becomes a TCB, or is given up: then the DPC looks for a write that waits for one. Not here, where that might be on this stack again, and again. */
_Use_decl_annotations_
static BOOLEAN
NicEvtProgramDma(
    WDFDMATRANSACTION Transaction,
    WDFDEVICE Device,
    WDFCONTEXT Context,
    WDF_DMA_DIRECTION Direction,
    PSCATTER_GATHER_LIST SgList)
{
    PADAPTER Adapter = Context;
    PNIC_TCB_ENTRY Entry;
    NTSTATUS Status = STATUS_DEVICE_NOT_READY;

    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Direction);

    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->SendReserved--;
    if (!Adapter->SendAborting)
    {
        Entry = &Adapter->Tcbs[Adapter->SendTail];
        NT_ASSERT(Entry->Transaction == NULL);

        Status = NicFillTcb(Entry, SgList);
        if (NT_SUCCESS(Status))
            Status = NicStartTcb(Adapter);
        if (NT_SUCCESS(Status))
        {
            Entry->Transaction = Transaction;
            Adapter->SendTail = (Adapter->SendTail + 1) % Adapter->NumTcb;
            Adapter->SendBusy++;
        }
    }
    WdfSpinLockRelease(Adapter->SendLock);

    if (NT_SUCCESS(Status))
        return TRUE;

    NicEndWrite(Transaction, Status == STATUS_DEVICE_NOT_READY ? Status : STATUS_UNSUCCESSFUL);
    (VOID)WdfInterruptQueueDpcForIsr(Adapter->Interrupt);
    return FALSE;
}

_Use_decl_annotations_
static NTSTATUS
NicFillTcb(PNIC_TCB_ENTRY Entry, const SCATTER_GATHER_LIST *SgList)
{
    PNIC_TCB Tcb = Entry->Tcb;
    UCHAR Count = 0;
    ULONG Index;

    for (Index = 0; Index < SgList->NumberOfElements; Index++)
    {
        if (SgList->Elements[Index].Length == 0)
            continue;
        if (Count == NIC_TBDS)
            return STATUS_INVALID_BUFFER_SIZE;

        NicWrite32(&Entry->Tbds[Count].Address, SgList->Elements[Index].Address.LowPart);
        NicWrite32(&Entry->Tbds[Count].Size, SgList->Elements[Index].Length);
        Count++;
    }

    Tcb->ByteCount = 0;
    Tcb->Threshold = NIC_TRANSMIT_THRESHOLD;
    Tcb->TbdCount = Count;
    NicWrite16(&Tcb->Header.Command, CB_COMMAND_SUSPEND | CB_COMMAND_FLEXIBLE | CB_COMMAND_TRANSMIT);

    /* Last: the one before may have been completed twice. */
    KeMemoryBarrier();
    NicWrite16(&Tcb->Header.Status, 0);
    return STATUS_SUCCESS;
}

/* Every TCB stops the command unit; the next one lets it go on. */
_Use_decl_annotations_
static NTSTATUS
NicStartTcb(PADAPTER Adapter)
{
    PNIC_TCB_ENTRY Entry = &Adapter->Tcbs[Adapter->SendTail];
    ULONG Previous = (Adapter->SendTail + Adapter->NumTcb - 1) % Adapter->NumTcb;
    NTSTATUS Status;

    if (!Adapter->TransmitIdle)
        return NicScbResume(Adapter, Adapter->Tcbs[Previous].Tcb);

    if ((NicScbStatus(Adapter) & SCB_STATUS_CU) == SCB_STATUS_CU_ACTIVE)
    {
        NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
        return STATUS_DEVICE_DATA_ERROR;
    }

    Status = NicScbCommand(Adapter, SCB_CU_START, Entry->Physical);
    if (NT_SUCCESS(Status))
        Adapter->TransmitIdle = FALSE;

    return Status;
}

/* ---- Their end ---- */

_Use_decl_annotations_
VOID
NicCompleteSends(PADAPTER Adapter)
{
    WDFDMATRANSACTION Transaction;
    USHORT TcbStatus;

    WdfSpinLockAcquire(Adapter->SendLock);
    while (Adapter->SendBusy > 0)
    {
        TcbStatus = NicRead16(&Adapter->Tcbs[Adapter->SendHead].Tcb->Header.Status);
        if (!(TcbStatus & CB_STATUS_COMPLETE))
            break;

        Transaction = NicTakeHead(Adapter);
        WdfSpinLockRelease(Adapter->SendLock);

        NicEndWrite(Transaction, TcbStatus & CB_STATUS_OK ? STATUS_SUCCESS : STATUS_DEVICE_DATA_ERROR);

        WdfSpinLockAcquire(Adapter->SendLock);
    }
    WdfSpinLockRelease(Adapter->SendLock);
}

/*
 * Never under a lock: ending a transaction lets the next one have its map registers, and that may be programmed on this stack. What is mapped is mapped at once, so
 * nothing is left to be transferred.
 */
_Use_decl_annotations_
static VOID
NicEndWrite(WDFDMATRANSACTION Transaction, NTSTATUS Status)
{
    WDFREQUEST Request = WdfDmaTransactionGetRequest(Transaction);
    size_t Length = 0;
    NTSTATUS DmaStatus;
    BOOLEAN Ended;

    if (NT_SUCCESS(Status))
    {
        Ended = WdfDmaTransactionDmaCompleted(Transaction, &DmaStatus);
        Length = WdfDmaTransactionGetBytesTransferred(Transaction);
    }
    else
    {
        Ended = WdfDmaTransactionDmaCompletedFinal(Transaction, 0, &DmaStatus);
    }
    NT_ASSERT(Ended);
    UNREFERENCED_PARAMETER(Ended);
    if (NT_SUCCESS(Status))
        Status = DmaStatus;

    WdfObjectDelete(Transaction);
    WdfRequestCompleteWithInformation(Request, Status, Length);
}

/* ---- Hold ---- */

_Use_decl_annotations_
VOID
NicHoldSends(PADAPTER Adapter, ULONG Reason)
{
    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->SendHold |= Reason;
    WdfSpinLockRelease(Adapter->SendLock);
}

_Use_decl_annotations_
VOID
NicReleaseSends(PADAPTER Adapter, ULONG Reason)
{
    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->SendHold &= ~Reason;
    WdfSpinLockRelease(Adapter->SendLock);

    NicDrainSends(Adapter);
}

_Use_decl_annotations_
BOOLEAN
NicWaitForSends(PADAPTER Adapter, ULONG Milliseconds)
{
    USHORT Status;
    BOOLEAN Empty;
    ULONG Wait;

    for (Wait = 0;; Wait++)
    {
        WdfSpinLockAcquire(Adapter->SendLock);
        NT_ASSERT(Adapter->SendHold != 0);
        Empty = Adapter->SendReserved == 0 && Adapter->SendBusy == 0;
        WdfSpinLockRelease(Adapter->SendLock);

        Status = NicScbStatus(Adapter);
        if (Empty && (Status & SCB_STATUS_CU) != SCB_STATUS_CU_ACTIVE)
            return TRUE;
        if (Status == NIC_GONE_16)
            return Empty;
        if (Wait == Milliseconds)
            return FALSE;
        NicSleep(1);
    }
}

_Use_decl_annotations_
VOID
NicAbortSends(PADAPTER Adapter, NTSTATUS Status)
{
    WDFDMATRANSACTION Transaction;
    ULONG Wait = 0;

    WdfSpinLockAcquire(Adapter->SendLock);
    NT_ASSERT(Adapter->SendHold != 0);
    Adapter->SendAborting = TRUE;
    while (Adapter->SendBusy > 0 || (Adapter->SendReserved > 0 && Wait < NIC_MAPPING_MS))
    {
        Transaction = Adapter->SendBusy > 0 ? NicTakeHead(Adapter) : NULL;
        WdfSpinLockRelease(Adapter->SendLock);

        if (Transaction != NULL)
        {
            NicEndWrite(Transaction, Status);
        }
        else
        {
            NicSleep(1);
            Wait++;
        }

        WdfSpinLockAcquire(Adapter->SendLock);
    }

    Adapter->SendHead = 0;
    Adapter->SendTail = 0;
    Adapter->SendHangTicks = 0;
    Adapter->TransmitIdle = TRUE;
    WdfSpinLockRelease(Adapter->SendLock);
}

/* Those that are there now: more may come, and those wait for the end of the reset. */
_Use_decl_annotations_
VOID
NicAbortWaitingSends(PADAPTER Adapter, NTSTATUS Status)
{
    LONG Waiting = InterlockedOr(&Adapter->SendWaiting, 0);
    WDFREQUEST Request;

    while (Waiting-- > 0 && NT_SUCCESS(WdfIoQueueRetrieveNextRequest(Adapter->PendingWriteQueue, &Request)))
    {
        InterlockedDecrement(&Adapter->SendWaiting);
        WdfRequestCompleteWithInformation(Request, Status, 0);
    }
}

_Use_decl_annotations_
VOID
NicResumeSends(PADAPTER Adapter)
{
    WdfSpinLockAcquire(Adapter->SendLock);
    Adapter->SendAborting = FALSE;
    WdfSpinLockRelease(Adapter->SendLock);
}
