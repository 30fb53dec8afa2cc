#include "nothing.h"

static EVT_WDF_IO_QUEUE_IO_READ NothingEvtIoRead;
static EVT_WDF_IO_QUEUE_IO_WRITE NothingEvtIoWrite;
static EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL NothingEvtIoDeviceControl;

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static VOID
NothingTakePlace(_Inout_ PDEVICE_CONTEXT DeviceContext);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static VOID
NothingLeavePlace(_Inout_ PDEVICE_CONTEXT DeviceContext);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static VOID
NothingEndRequest(
    _Inout_ PDEVICE_CONTEXT DeviceContext,
    _In_ WDFREQUEST Request,
    _In_ NTSTATUS Status,
    _In_ ULONG_PTR Information);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
_Must_inspect_result_
static NTSTATUS
NothingStoreData(
    _Inout_ PDEVICE_CONTEXT DeviceContext,
    _In_ WDFREQUEST Request,
    _In_range_(1, NOTHING_MAX_LENGTH) ULONG Length);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NothingRelease(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ WDFREQUEST Request);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NothingForward(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ WDFREQUEST Request);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NothingDrain(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ WDFREQUEST Request);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
NothingReportStatistics(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ WDFREQUEST Request);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NothingQueuesCreate)
#endif

/*
 * The order matters: at removal the framework purges the queues in the order of their creation, so a FORWARD that is under way
 * while the default queue is purged finds the other one open.
 */
_Use_decl_annotations_
NTSTATUS
NothingQueuesCreate(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchParallel);
    Config.Settings.Parallel.NumberOfPresentedRequests = NOTHING_REQUESTS_IN_PROGRESS;
    Config.PowerManaged = WdfFalse;
    Config.EvtIoRead = NothingEvtIoRead;
    Config.EvtIoWrite = NothingEvtIoWrite;
    Config.EvtIoDeviceControl = NothingEvtIoDeviceControl;

    Status = WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_IO_QUEUE_CONFIG_INIT(&Config, WdfIoQueueDispatchManual);
    Config.PowerManaged = WdfFalse;

    return WdfIoQueueCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, &NothingDeviceGetContext(Device)->ParkedQueue);
}

/* ---- Places in the queue, and counting ---- */

/* For each request that the queue presents, before anything else. */
_Use_decl_annotations_
static VOID
NothingTakePlace(PDEVICE_CONTEXT DeviceContext)
{
    WdfSpinLockAcquire(DeviceContext->Lock);
    DeviceContext->Statistics.Presented++;
    DeviceContext->InProgress++;
    NT_ASSERT(DeviceContext->InProgress <= NOTHING_REQUESTS_IN_PROGRESS);
    if (DeviceContext->Statistics.HighWater < DeviceContext->InProgress)
        DeviceContext->Statistics.HighWater = DeviceContext->InProgress;
    WdfSpinLockRelease(DeviceContext->Lock);
}

/* Before the queue gets to know: it presents the next request at once, on this stack or another. */
_Use_decl_annotations_
static VOID
NothingLeavePlace(PDEVICE_CONTEXT DeviceContext)
{
    WdfSpinLockAcquire(DeviceContext->Lock);
    NT_ASSERT(DeviceContext->InProgress > 0);
    DeviceContext->InProgress--;
    WdfSpinLockRelease(DeviceContext->Lock);
}

/* Request has no place any more. */
_Use_decl_annotations_
static VOID
NothingEndRequest(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request, NTSTATUS Status, ULONG_PTR Information)
{
    WdfSpinLockAcquire(DeviceContext->Lock);
    if (Status == STATUS_CANCELLED)
        DeviceContext->Statistics.Cancelled++;
    else
        DeviceContext->Statistics.Completed++;
    WdfSpinLockRelease(DeviceContext->Lock);

    WdfRequestCompleteWithInformation(Request, Status, Information);
}

_Use_decl_annotations_
VOID
NothingCompleteRequest(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request, NTSTATUS Status, ULONG_PTR Information)
{
    NothingLeavePlace(DeviceContext);
    NothingEndRequest(DeviceContext, Request, Status, Information);
}

/* ---- Reads and writes: neither is presented with a length of 0 ---- */

/* The bytes are those stored when the read's turn came. */
_Use_decl_annotations_
static VOID
NothingEvtIoRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(WdfIoQueueGetDevice(Queue));
    PVOID Buffer;
    NTSTATUS Status;

    NothingTakePlace(DeviceContext);

    Status = WdfRequestRetrieveOutputBuffer(Request, Length, &Buffer, NULL);
    if (!NT_SUCCESS(Status))
    {
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
        return;
    }

    WdfSpinLockAcquire(DeviceContext->Lock);
    if (Length > DeviceContext->Length)
        Length = DeviceContext->Length;
    if (Length > 0)
        RtlCopyMemory(Buffer, DeviceContext->Buffer, Length);
    WdfSpinLockRelease(DeviceContext->Lock);

    NothingParkRequest(DeviceContext, Request, Length, NOTHING_DELAY_TICKS);
}

_Use_decl_annotations_
static VOID
NothingEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(WdfIoQueueGetDevice(Queue));
    NTSTATUS Status = STATUS_INVALID_BUFFER_SIZE;

    NothingTakePlace(DeviceContext);

    if (Length <= NOTHING_MAX_LENGTH)
        Status = NothingStoreData(DeviceContext, Request, (ULONG)Length);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("nothing: write failed with 0x%x\n", Status));
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
        return;
    }

    NothingParkRequest(DeviceContext, Request, Length, NOTHING_DELAY_TICKS);
}

/* Replaces the stored bytes with those of Request in one step: who reads meanwhile gets the old ones or the new ones. */
_Use_decl_annotations_
static NTSTATUS
NothingStoreData(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request, ULONG Length)
{
    PVOID Data;
    PVOID Buffer;
    PVOID OldBuffer;
    NTSTATUS Status;

    Status = WdfRequestRetrieveInputBuffer(Request, Length, &Data, NULL);
    if (!NT_SUCCESS(Status))
        return Status;

    Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, Length, NOTHING_POOL_TAG);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    RtlCopyMemory(Buffer, Data, Length);

    WdfSpinLockAcquire(DeviceContext->Lock);
    OldBuffer = DeviceContext->Buffer;
    DeviceContext->Buffer = Buffer;
    DeviceContext->Length = Length;
    WdfSpinLockRelease(DeviceContext->Lock);

    if (OldBuffer != NULL)
        ExFreePoolWithTag(OldBuffer, NOTHING_POOL_TAG);

    return STATUS_SUCCESS;
}

/* ---- Commands ---- */

_Use_decl_annotations_
static VOID
NothingEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(WdfIoQueueGetDevice(Queue));

    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);

    NothingTakePlace(DeviceContext);

    switch (IoControlCode)
    {
    case IOCTL_NOTHING_HOLD:
        NothingParkRequest(DeviceContext, Request, 0, NOTHING_HELD);
        break;
    case IOCTL_NOTHING_RELEASE:
        NothingRelease(DeviceContext, Request);
        break;
    case IOCTL_NOTHING_FORWARD:
        NothingForward(DeviceContext, Request);
        break;
    case IOCTL_NOTHING_DRAIN:
        NothingDrain(DeviceContext, Request);
        break;
    case IOCTL_NOTHING_STATS:
        NothingReportStatistics(DeviceContext, Request);
        break;
    default:
        NothingCompleteRequest(DeviceContext, Request, STATUS_INVALID_DEVICE_REQUEST, 0);
        break;
    }
}

/* The answer must have room before anything is released, or nobody would hear how many there were. */
_Use_decl_annotations_
static VOID
NothingRelease(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request)
{
    PULONG Released;
    NTSTATUS Status;

    Status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*Released), (PVOID *)&Released, NULL);
    if (!NT_SUCCESS(Status))
    {
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
        return;
    }

    *Released = NothingEndParkedRequests(DeviceContext, NothingChooseHeld);
    NothingCompleteRequest(DeviceContext, Request, STATUS_SUCCESS, sizeof(*Released));
}

/*
 * The request is not cancelable here and must not be: the queue it goes to takes care of its cancellation. Forwarded is as good
 * as completed for the default queue, which presents the next request on this stack.
 */
_Use_decl_annotations_
static VOID
NothingForward(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request)
{
    NTSTATUS Status;

    NothingLeavePlace(DeviceContext);

    Status = WdfRequestForwardToIoQueue(Request, DeviceContext->ParkedQueue);
    if (!NT_SUCCESS(Status))
        NothingEndRequest(DeviceContext, Request, Status, 0);
}

/*
 * Ends those that are in the queue now; what comes meanwhile is the next DRAIN's, so that this one, which may run at
 * DISPATCH_LEVEL, has an end. One that was cancelled is not in the queue any more when it is asked for.
 */
_Use_decl_annotations_
static VOID
NothingDrain(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request)
{
    WDFREQUEST Parked;
    PULONG Drained;
    ULONG Queued;
    NTSTATUS Status;

    Status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*Drained), (PVOID *)&Drained, NULL);
    if (!NT_SUCCESS(Status))
    {
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
        return;
    }

    WdfIoQueueGetState(DeviceContext->ParkedQueue, &Queued, NULL);

    for (*Drained = 0; *Drained < Queued; ++*Drained)
    {
        Status = WdfIoQueueRetrieveNextRequest(DeviceContext->ParkedQueue, &Parked);
        if (!NT_SUCCESS(Status))
            break;
        NothingEndRequest(DeviceContext, Parked, STATUS_SUCCESS, 0);
    }

    NothingCompleteRequest(DeviceContext, Request, STATUS_SUCCESS, sizeof(*Drained));
}

_Use_decl_annotations_
static VOID
NothingReportStatistics(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request)
{
    PNOTHING_STATISTICS Statistics;
    NTSTATUS Status;

    Status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*Statistics), (PVOID *)&Statistics, NULL);
    if (!NT_SUCCESS(Status))
    {
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
        return;
    }

    WdfSpinLockAcquire(DeviceContext->Lock);
    *Statistics = DeviceContext->Statistics;
    WdfSpinLockRelease(DeviceContext->Lock);

    NothingCompleteRequest(DeviceContext, Request, STATUS_SUCCESS, sizeof(*Statistics));
}
