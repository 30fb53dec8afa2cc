#include "driver.h"

static EVT_WDF_IO_QUEUE_IO_READ EchoEvtIoRead;
static EVT_WDF_IO_QUEUE_IO_WRITE EchoEvtIoWrite;
static EVT_WDF_REQUEST_CANCEL EchoEvtRequestCancel;
static EVT_WDF_TIMER EchoEvtTimerFunc;
static EVT_WDF_OBJECT_CONTEXT_DESTROY EchoEvtQueueDestroy;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
EchoLockCreate(_In_ WDFQUEUE Queue, _Out_ WDFSPINLOCK *Lock);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
EchoTimerCreate(_In_ WDFQUEUE Queue, _Out_ WDFTIMER *Timer);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
static NTSTATUS
EchoStoreData(
    _Inout_ PQUEUE_CONTEXT QueueContext,
    _In_ WDFREQUEST Request,
    _In_range_(1, ECHO_MAX_WRITE_LENGTH) ULONG Length);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(QueueContext->Lock)
static VOID
EchoParkRequest(_Inout_ PQUEUE_CONTEXT QueueContext, _In_ WDFREQUEST Request, _In_ ULONG Information);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(QueueContext->Lock)
_Must_inspect_result_
static WDFREQUEST
EchoClaimParkedRequest(_Inout_ PQUEUE_CONTEXT QueueContext, _Out_ NTSTATUS *Status);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
EchoDropShareOfCancelledRequest(_In_ WDFREQUEST Request);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, EchoQueueInitialize)
#pragma alloc_text(PAGE, EchoLockCreate)
#pragma alloc_text(PAGE, EchoTimerCreate)
#endif

_Use_decl_annotations_
NTSTATUS
EchoQueueInitialize(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG Config;
    WDF_OBJECT_ATTRIBUTES Attributes;
    PQUEUE_CONTEXT QueueContext;
    WDFQUEUE Queue;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&Config, WdfIoQueueDispatchSequential);
    Config.EvtIoRead = EchoEvtIoRead;
    Config.EvtIoWrite = EchoEvtIoWrite;

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, QUEUE_CONTEXT);
    Attributes.EvtDestroyCallback = EchoEvtQueueDestroy;

    Status = WdfIoQueueCreate(Device, &Config, &Attributes, &Queue);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo_2: WdfIoQueueCreate failed with 0x%x\n", Status));
        return Status;
    }

    QueueContext = EchoQueueGetContext(Queue);
    QueueContext->Buffer = NULL;
    QueueContext->Length = 0;
    QueueContext->Timer = NULL;
    QueueContext->Lock = NULL;
    QueueContext->CurrentRequest = NULL;
    QueueContext->CurrentStatus = STATUS_INVALID_DEVICE_REQUEST;

    Status = EchoLockCreate(Queue, &QueueContext->Lock);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo_2: WdfSpinLockCreate failed with 0x%x\n", Status));
        return Status;
    }

    Status = EchoTimerCreate(Queue, &QueueContext->Timer);
    if (!NT_SUCCESS(Status))
        KdPrint(("echo_2: WdfTimerCreate failed with 0x%x\n", Status));

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
EchoLockCreate(WDFQUEUE Queue, WDFSPINLOCK *Lock)
{
    WDF_OBJECT_ATTRIBUTES Attributes;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Queue;

    return WdfSpinLockCreate(&Attributes, Lock);
}

/* The timer is the queue's child, so it is stopped before the queue goes, but nothing serialises its callback. */
_Use_decl_annotations_
static NTSTATUS
EchoTimerCreate(WDFQUEUE Queue, WDFTIMER *Timer)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_TIMER_CONFIG Config;

    PAGED_CODE();

    WDF_TIMER_CONFIG_INIT_PERIODIC(&Config, EchoEvtTimerFunc, ECHO_TIMER_PERIOD_MS);
    Config.AutomaticSerialization = FALSE;

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Queue;

    return WdfTimerCreate(&Config, &Attributes, Timer);
}

/* The queue's children, timer and lock, are gone by now, and so is every request. */
_Use_decl_annotations_
static VOID
EchoEvtQueueDestroy(WDFOBJECT Object)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(Object);

    if (QueueContext->Buffer == NULL)
        return;

    ExFreePoolWithTag(QueueContext->Buffer, ECHO_POOL_TAG);
    QueueContext->Buffer = NULL;
    QueueContext->Length = 0;
}

_Use_decl_annotations_
static VOID
EchoEvtIoRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(Queue);
    WDFMEMORY Memory;
    NTSTATUS Status;

    if (QueueContext->Buffer == NULL)
    {
        WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, 0);
        return;
    }

    if (Length > QueueContext->Length)
        Length = QueueContext->Length;

    Status = WdfRequestRetrieveOutputMemory(Request, &Memory);
    if (!NT_SUCCESS(Status))
        goto CompleteRequest;

    Status = WdfMemoryCopyFromBuffer(Memory, 0, QueueContext->Buffer, Length);
    if (!NT_SUCCESS(Status))
        goto CompleteRequest;

    EchoParkRequest(QueueContext, Request, (ULONG)Length);
    return;

CompleteRequest:
    KdPrint(("echo_2: read failed with 0x%x\n", Status));
    WdfRequestCompleteWithInformation(Request, Status, 0);
}

_Use_decl_annotations_
static VOID
EchoEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(Queue);
    NTSTATUS Status;

    if (Length > ECHO_MAX_WRITE_LENGTH)
    {
        WdfRequestCompleteWithInformation(Request, STATUS_BUFFER_OVERFLOW, 0);
        return;
    }

    Status = EchoStoreData(QueueContext, Request, (ULONG)Length);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo_2: write failed with 0x%x\n", Status));
        WdfRequestCompleteWithInformation(Request, Status, 0);
        return;
    }

    EchoParkRequest(QueueContext, Request, (ULONG)Length);
}

/* Replaces the stored bytes with those of Request. The old ones stay until the new ones are complete, so failure is harmless. */
_Use_decl_annotations_
static NTSTATUS
EchoStoreData(PQUEUE_CONTEXT QueueContext, WDFREQUEST Request, ULONG Length)
{
    WDFMEMORY Memory;
    PVOID Buffer;
    NTSTATUS Status;

    Status = WdfRequestRetrieveInputMemory(Request, &Memory);
    if (!NT_SUCCESS(Status))
        return Status;

    Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length, ECHO_POOL_TAG);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Status = WdfMemoryCopyToBuffer(Memory, 0, Buffer, Length);
    if (!NT_SUCCESS(Status))
    {
        ExFreePoolWithTag(Buffer, ECHO_POOL_TAG);
        return Status;
    }

    if (QueueContext->Buffer != NULL)
        ExFreePoolWithTag(QueueContext->Buffer, ECHO_POOL_TAG);

    QueueContext->Buffer = Buffer;
    QueueContext->Length = Length;
    return STATUS_SUCCESS;
}

/*
 * Hands Request to the timer; the caller gives it up. Publishing and marking are one step under the lock, or the timer could
 * find a request that is not cancelable yet. Only the Ex form may be used there: the plain one may call the cancel callback
 * on this stack, which takes the same lock.
 */
_Use_decl_annotations_
static VOID
EchoParkRequest(PQUEUE_CONTEXT QueueContext, WDFREQUEST Request, ULONG Information)
{
    NTSTATUS Status;

    EchoRequestGetContext(Request)->CancelCompletionShares = 1;
    WdfRequestSetInformation(Request, Information);

    WdfSpinLockAcquire(QueueContext->Lock);
    NT_ASSERT(QueueContext->CurrentRequest == NULL);
    QueueContext->CurrentRequest = Request;
    QueueContext->CurrentStatus = STATUS_SUCCESS;
    Status = WdfRequestMarkCancelableEx(Request, EchoEvtRequestCancel);
    if (!NT_SUCCESS(Status))
        QueueContext->CurrentRequest = NULL;
    WdfSpinLockRelease(QueueContext->Lock);

    /* On success the request belongs to timer and cancel callback, and may be gone already. */
    if (!NT_SUCCESS(Status))
        WdfRequestCompleteWithInformation(Request, Status, 0);
}

/*
 * Takes the parked request, if there is one, out of the context and adds a share for the caller, who must unmark it. A
 * request is claimed once: a tick that comes while another still works on it finds nothing.
 */
_Use_decl_annotations_
static WDFREQUEST
EchoClaimParkedRequest(PQUEUE_CONTEXT QueueContext, NTSTATUS *Status)
{
    WDFREQUEST Request;

    WdfSpinLockAcquire(QueueContext->Lock);
    Request = QueueContext->CurrentRequest;
    *Status = QueueContext->CurrentStatus;
    if (Request != NULL)
    {
        /* The cancel callback clears CurrentRequest before it drops its share, so there is a share to add to. */
        InterlockedIncrement(&EchoRequestGetContext(Request)->CancelCompletionShares);
        QueueContext->CurrentRequest = NULL;
    }
    WdfSpinLockRelease(QueueContext->Lock);

    return Request;
}

/* Request may be gone when this returns. */
_Use_decl_annotations_
static VOID
EchoDropShareOfCancelledRequest(WDFREQUEST Request)
{
    if (InterlockedDecrement(&EchoRequestGetContext(Request)->CancelCompletionShares) != 0)
        return;

    WdfRequestCompleteWithInformation(Request, STATUS_CANCELLED, 0);
}

/* Holds a share from the start. CurrentRequest is this request, or NULL when the timer has claimed it. */
_Use_decl_annotations_
static VOID
EchoEvtRequestCancel(WDFREQUEST Request)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(WdfRequestGetIoQueue(Request));

    WdfSpinLockAcquire(QueueContext->Lock);
    NT_ASSERT(QueueContext->CurrentRequest == Request || QueueContext->CurrentRequest == NULL);
    QueueContext->CurrentRequest = NULL;
    WdfSpinLockRelease(QueueContext->Lock);

    EchoDropShareOfCancelledRequest(Request);
}

/* Runs at DISPATCH_LEVEL with no lock held. */
_Use_decl_annotations_
static VOID
EchoEvtTimerFunc(WDFTIMER Timer)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(WdfTimerGetParentObject(Timer));
    WDFREQUEST Request;
    NTSTATUS Status;

    Request = EchoClaimParkedRequest(QueueContext, &Status);
    if (Request == NULL)
        return;

    /* The share keeps the handle valid should the cancel callback have run since. */
    if (WdfRequestUnmarkCancelable(Request) == STATUS_CANCELLED)
    {
        EchoDropShareOfCancelledRequest(Request);
        return;
    }

    /* The cancel callback will never run, so its share is void and this callback is alone with the request. */
    NT_ASSERT(EchoRequestGetContext(Request)->CancelCompletionShares == 2);
    WdfRequestComplete(Request, Status);
}
