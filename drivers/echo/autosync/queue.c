#include "driver.h"

static EVT_WDF_IO_QUEUE_IO_READ EchoEvtIoRead;
static EVT_WDF_IO_QUEUE_IO_WRITE EchoEvtIoWrite;
static EVT_WDF_REQUEST_CANCEL EchoEvtRequestCancel;
static EVT_WDF_TIMER EchoEvtTimerFunc;
static EVT_WDF_OBJECT_CONTEXT_DESTROY EchoEvtQueueDestroy;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
EchoTimerCreate(_In_ WDFQUEUE Queue, _Out_ WDFTIMER *Timer);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Queue)
_Must_inspect_result_
static NTSTATUS
EchoStoreData(_In_ WDFQUEUE Queue, _In_ WDFREQUEST Request, _In_range_(1, ECHO_MAX_WRITE_LENGTH) ULONG Length);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Queue)
static VOID
EchoParkRequest(_In_ WDFQUEUE Queue, _In_ WDFREQUEST Request, _In_ ULONG Information);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, EchoQueueInitialize)
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
    Attributes.SynchronizationScope = WdfSynchronizationScopeQueue;
    Attributes.EvtDestroyCallback = EchoEvtQueueDestroy;

    Status = WdfIoQueueCreate(Device, &Config, &Attributes, &Queue);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo: WdfIoQueueCreate failed with 0x%x\n", Status));
        return Status;
    }

    QueueContext = EchoQueueGetContext(Queue);
    QueueContext->Buffer = NULL;
    QueueContext->Length = 0;
    QueueContext->Timer = NULL;
    QueueContext->CurrentRequest = NULL;
    QueueContext->CurrentStatus = STATUS_INVALID_DEVICE_REQUEST;

    Status = EchoTimerCreate(Queue, &QueueContext->Timer);
    if (!NT_SUCCESS(Status))
        KdPrint(("echo: WdfTimerCreate failed with 0x%x\n", Status));

    return Status;
}

/* The timer is the queue's child and serialised with it: its callback runs under the queue's callback lock. */
_Use_decl_annotations_
static NTSTATUS
EchoTimerCreate(WDFQUEUE Queue, WDFTIMER *Timer)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_TIMER_CONFIG Config;

    PAGED_CODE();

    WDF_TIMER_CONFIG_INIT_PERIODIC(&Config, EchoEvtTimerFunc, ECHO_TIMER_PERIOD_MS);

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Queue;

    return WdfTimerCreate(&Config, &Attributes, Timer);
}

/* The queue's children, the timer among them, are gone by now, and so is every request. */
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

    EchoParkRequest(Queue, Request, (ULONG)Length);
    return;

CompleteRequest:
    KdPrint(("echo: read failed with 0x%x\n", Status));
    WdfRequestCompleteWithInformation(Request, Status, 0);
}

_Use_decl_annotations_
static VOID
EchoEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    NTSTATUS Status;

    if (Length > ECHO_MAX_WRITE_LENGTH)
    {
        WdfRequestCompleteWithInformation(Request, STATUS_BUFFER_OVERFLOW, 0);
        return;
    }

    Status = EchoStoreData(Queue, Request, (ULONG)Length);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo: write failed with 0x%x\n", Status));
        WdfRequestCompleteWithInformation(Request, Status, 0);
        return;
    }

    EchoParkRequest(Queue, Request, (ULONG)Length);
}

/* Replaces the stored bytes with those of Request. The old ones stay until the new ones are complete, so failure is harmless. */
_Use_decl_annotations_
static NTSTATUS
EchoStoreData(WDFQUEUE Queue, WDFREQUEST Request, ULONG Length)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(Queue);
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
 * Hands Request to the timer. It is published before it becomes cancelable, so a cancel callback always finds it in the
 * context; the callback lock keeps the timer away until both are done. The caller gives the request up.
 */
_Use_decl_annotations_
static VOID
EchoParkRequest(WDFQUEUE Queue, WDFREQUEST Request, ULONG Information)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(Queue);

    NT_ASSERT(QueueContext->CurrentRequest == NULL);

    WdfRequestSetInformation(Request, Information);
    QueueContext->CurrentRequest = Request;
    QueueContext->CurrentStatus = STATUS_SUCCESS;
    WdfRequestMarkCancelable(Request, EchoEvtRequestCancel);
}

/*
 * Runs under the queue's callback lock. The field may already be clear: then a timer tick lost the race for this request
 * and left it to this callback. Either way it cannot hold another request, since the queue presents the next one only
 * after this one has been completed.
 */
_Use_decl_annotations_
static VOID
EchoEvtRequestCancel(WDFREQUEST Request)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(WdfRequestGetIoQueue(Request));

    NT_ASSERT(QueueContext->CurrentRequest == Request || QueueContext->CurrentRequest == NULL);

    QueueContext->CurrentRequest = NULL;
    WdfRequestCompleteWithInformation(Request, STATUS_CANCELLED, 0);
}

/* Runs under the queue's callback lock, at DISPATCH_LEVEL. */
_Use_decl_annotations_
static VOID
EchoEvtTimerFunc(WDFTIMER Timer)
{
    PQUEUE_CONTEXT QueueContext = EchoQueueGetContext(WdfTimerGetParentObject(Timer));
    WDFREQUEST Request = QueueContext->CurrentRequest;
    NTSTATUS Status;

    if (Request == NULL)
        return;

    /* From here on the request is either completed below or the cancel callback's alone; no later tick may see it. */
    QueueContext->CurrentRequest = NULL;

    Status = WdfRequestUnmarkCancelable(Request);
    if (Status == STATUS_CANCELLED)
        return;

    WdfRequestComplete(Request, QueueContext->CurrentStatus);
}
