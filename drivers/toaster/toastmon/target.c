/* IoGetLowerDeviceObject is declared for file systems only. */
#include <ntifs.h>

#include "toastmon.h"

#define MONITOR_READ_LENGTH 100
#define MONITOR_WRITE_LENGTH 120

#define MONITOR_FIRST_DUE_MS 1
#define MONITOR_PERIOD_MS 1000

static EVT_WDF_TIMER TargetEvtTimer;
static EVT_WDF_REQUEST_COMPLETION_ROUTINE TargetEvtReadCompletion;
static EVT_WDF_REQUEST_COMPLETION_ROUTINE TargetEvtWriteCompletion;
static EVT_WDF_IO_TARGET_QUERY_REMOVE TargetEvtQueryRemove;
static EVT_WDF_IO_TARGET_REMOVE_CANCELED TargetEvtRemoveCanceled;
static EVT_WDF_IO_TARGET_REMOVE_COMPLETE TargetEvtRemoveComplete;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
TargetCreate(_In_ WDFDEVICE Monitor, _Out_ WDFIOTARGET *Target);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
TargetPrepare(_In_ WDFIOTARGET Target);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
TargetOpen(_In_ WDFIOTARGET Target, _In_ PCUNICODE_STRING Name);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
TargetList(_In_ WDFIOTARGET Target);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
TargetUnlist(_In_ WDFIOTARGET Target);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
TargetPostRead(_In_ WDFIOTARGET Target);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
TargetPostWrite(_In_ WDFIOTARGET Target);

_IRQL_requires_max_(DISPATCH_LEVEL)
static BOOLEAN
TargetSend(
    _In_ WDFIOTARGET Target,
    _In_ WDFREQUEST Request,
    _In_ PFN_WDF_REQUEST_COMPLETION_ROUTINE Completion);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
TargetPutBack(_In_ WDFREQUEST Request, _Inout_ WDFREQUEST volatile *Slot);

/* What power callbacks call stays resident. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, TargetAdd)
#pragma alloc_text(PAGE, TargetCreate)
#pragma alloc_text(PAGE, TargetPrepare)
#pragma alloc_text(PAGE, TargetOpen)
#pragma alloc_text(PAGE, TargetList)
#pragma alloc_text(PAGE, TargetUnlist)
#pragma alloc_text(PAGE, TargetRemoveAll)
#pragma alloc_text(PAGE, TargetIsProvider)
#pragma alloc_text(PAGE, TargetPrintName)
#pragma alloc_text(PAGE, TargetEvtQueryRemove)
#pragma alloc_text(PAGE, TargetEvtRemoveCanceled)
#pragma alloc_text(PAGE, TargetEvtRemoveComplete)
#endif

/* ---- Coming ---- */

/*
 * From the moment when it is open the target is told of its toaster's removal, and the one who is told may delete it while we are still here: the reference keeps
 * its context, which says so.
 */
_Use_decl_annotations_
NTSTATUS
TargetAdd(WDFDEVICE Monitor, PCUNICODE_STRING Name)
{
    WDFWAITLOCK Lock = MonitorGetContext(Monitor)->Lock;
    WDFIOTARGET Target;
    NTSTATUS Status;

    PAGED_CODE();

    Status = TargetCreate(Monitor, &Target);
    if (!NT_SUCCESS(Status))
        return Status;

    WdfObjectReference(Target);

    Status = TargetOpen(Target, Name);
    if (!NT_SUCCESS(Status))
    {
        /* It never was open, so nobody else knows of it but those who walk the list. */
        TargetUnlist(Target);
        WdfObjectDelete(Target);
    }
    else
    {
        WdfWaitLockAcquire(Lock, NULL);
        if (TargetGetContext(Target)->Listed && MonitorGetContext(Monitor)->Working)
            TargetStart(Target);
        WdfWaitLockRelease(Lock);
    }

    WdfObjectDereference(Target);
    return Status;
}

/* A target with all it needs, in the list, and closed. */
_Use_decl_annotations_
static NTSTATUS
TargetCreate(WDFDEVICE Monitor, WDFIOTARGET *Target)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, TARGET_CONTEXT);
    Status = WdfIoTargetCreate(Monitor, &Attributes, Target);
    if (!NT_SUCCESS(Status))
        return Status;

    TargetGetContext(*Target)->Monitor = Monitor;

    Status = TargetPrepare(*Target);
    if (NT_SUCCESS(Status))
        Status = TargetList(*Target);
    if (!NT_SUCCESS(Status))
        WdfObjectDelete(*Target);

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
TargetPrepare(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_TIMER_CONFIG Config;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Target;

    /* How large their IRPs must be is known when they are first sent. */
    Status = WdfRequestCreate(&Attributes, NULL, (WDFREQUEST *)&Context->ReadRequest);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = WdfRequestCreate(&Attributes, NULL, (WDFREQUEST *)&Context->WriteRequest);
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_TIMER_CONFIG_INIT(&Config, TargetEvtTimer);
    Config.AutomaticSerialization = FALSE;
    Attributes.ExecutionLevel = WdfExecutionLevelPassive;
    return WdfTimerCreate(&Config, &Attributes, &Context->Timer);
}

_Use_decl_annotations_
static NTSTATUS
TargetOpen(WDFIOTARGET Target, PCUNICODE_STRING Name)
{
    WDF_IO_TARGET_OPEN_PARAMS Params;

    PAGED_CODE();

    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&Params, Name, STANDARD_RIGHTS_ALL);
    Params.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE;
    Params.EvtIoTargetQueryRemove = TargetEvtQueryRemove;
    Params.EvtIoTargetRemoveCanceled = TargetEvtRemoveCanceled;
    Params.EvtIoTargetRemoveComplete = TargetEvtRemoveComplete;
    return WdfIoTargetOpen(Target, &Params);
}

/* ---- The list ---- */

_Use_decl_annotations_
static NTSTATUS
TargetList(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    PMONITOR_CONTEXT Monitor = MonitorGetContext(Context->Monitor);
    NTSTATUS Status;

    PAGED_CODE();

    WdfWaitLockAcquire(Monitor->Lock, NULL);
    Status = WdfCollectionAdd(Monitor->Targets, Target);
    Context->Listed = NT_SUCCESS(Status);
    WdfWaitLockRelease(Monitor->Lock);

    return Status;
}

_Use_decl_annotations_
static VOID
TargetUnlist(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    PMONITOR_CONTEXT Monitor = MonitorGetContext(Context->Monitor);

    PAGED_CODE();

    WdfWaitLockAcquire(Monitor->Lock, NULL);
    Context->Listed = FALSE;
    WdfCollectionRemove(Monitor->Targets, Target);
    WdfWaitLockRelease(Monitor->Lock);
}

/* One at a time: to delete a target is to wait for who is just being told of its removal, and that one wants the lock. */
_Use_decl_annotations_
VOID
TargetRemoveAll(WDFDEVICE Monitor)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Monitor);
    WDFIOTARGET Target;

    PAGED_CODE();

    for (;;)
    {
        WdfWaitLockAcquire(Context->Lock, NULL);
        Target = (WDFIOTARGET)WdfCollectionGetFirstItem(Context->Targets);
        if (Target != NULL)
        {
            TargetGetContext(Target)->Listed = FALSE;
            WdfCollectionRemoveItem(Context->Targets, 0);
        }
        WdfWaitLockRelease(Context->Lock);

        if (Target == NULL)
            break;

        WdfObjectDelete(Target);
    }
}

/* ---- Polling ---- */

_Use_decl_annotations_
VOID
TargetStart(WDFIOTARGET Target)
{
    /* Fails while the target is closed. */
    if (NT_SUCCESS(WdfIoTargetStart(Target)))
        WdfTimerStart(TargetGetContext(Target)->Timer, WDF_REL_TIMEOUT_IN_MS(MONITOR_FIRST_DUE_MS));
}

/* The timer first, or it would send what has just come back. */
_Use_decl_annotations_
VOID
TargetStop(WDFIOTARGET Target)
{
    WdfTimerStop(TargetGetContext(Target)->Timer, TRUE);
    WdfIoTargetPurge(Target, WdfIoTargetPurgeIoAndWait);
}

/* What is still out from the last time is left there. The one who stops the timer is not answered by this start. */
_Use_decl_annotations_
static VOID
TargetEvtTimer(WDFTIMER Timer)
{
    WDFIOTARGET Target = (WDFIOTARGET)WdfTimerGetParentObject(Timer);

    TargetPostRead(Target);
    TargetPostWrite(Target);

    WdfTimerStart(Timer, WDF_REL_TIMEOUT_IN_MS(MONITOR_PERIOD_MS));
}

_Use_decl_annotations_
static VOID
TargetPostRead(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    WDFREQUEST Request = InterlockedExchangePointer((PVOID volatile *)&Context->ReadRequest, NULL);
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFMEMORY Memory;
    NTSTATUS Status;

    if (Request == NULL)
        return;

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Request;
    Status = WdfMemoryCreate(&Attributes, NonPagedPoolNx, MONITOR_POOL_TAG, MONITOR_READ_LENGTH, &Memory, NULL);
    if (NT_SUCCESS(Status))
    {
        Status = WdfIoTargetFormatRequestForRead(Target, Request, Memory, NULL, NULL);
        if (NT_SUCCESS(Status) && TargetSend(Target, Request, TargetEvtReadCompletion))
            return;

        WdfObjectDelete(Memory);
    }

    TargetPutBack(Request, &Context->ReadRequest);
}

_Use_decl_annotations_
static VOID
TargetPostWrite(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    WDFREQUEST Request = InterlockedExchangePointer((PVOID volatile *)&Context->WriteRequest, NULL);
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFMEMORY Memory;
    PVOID Buffer;
    NTSTATUS Status;

    if (Request == NULL)
        return;

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Request;
    Status = WdfMemoryCreate(&Attributes, NonPagedPoolNx, MONITOR_POOL_TAG, MONITOR_WRITE_LENGTH, &Memory, &Buffer);
    if (NT_SUCCESS(Status))
    {
        RtlZeroMemory(Buffer, MONITOR_WRITE_LENGTH);

        Status = WdfIoTargetFormatRequestForWrite(Target, Request, Memory, NULL, NULL);
        if (NT_SUCCESS(Status) && TargetSend(Target, Request, TargetEvtWriteCompletion))
            return;

        WdfObjectDelete(Memory);
    }

    TargetPutBack(Request, &Context->WriteRequest);
}

/* FALSE: the completion routine is not called, the request is still ours. */
_Use_decl_annotations_
static BOOLEAN
TargetSend(WDFIOTARGET Target, WDFREQUEST Request, PFN_WDF_REQUEST_COMPLETION_ROUTINE Completion)
{
    WdfRequestSetCompletionRoutine(Request, Completion, TargetGetContext(Target));
    if (WdfRequestSend(Request, Target, WDF_NO_SEND_OPTIONS))
        return TRUE;

    KdPrint(("toastmon: WdfRequestSend failed with 0x%x\n", WdfRequestGetStatus(Request)));
    return FALSE;
}

/* The last that is done with the request: from here on it may be sent again. */
_Use_decl_annotations_
static VOID
TargetPutBack(WDFREQUEST Request, WDFREQUEST volatile *Slot)
{
    WDF_REQUEST_REUSE_PARAMS Params;

    WDF_REQUEST_REUSE_PARAMS_INIT(&Params, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    (VOID)WdfRequestReuse(Request, &Params);

    InterlockedExchangePointer((PVOID volatile *)Slot, Request);
}

/* Sends nothing: a toaster that answers at once would have this call itself for ever. */
_Use_decl_annotations_
static VOID
TargetEvtReadCompletion(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Target);

    WdfObjectDelete(Params->Parameters.Read.Buffer);
    TargetPutBack(Request, &((PTARGET_CONTEXT)Context)->ReadRequest);
}

_Use_decl_annotations_
static VOID
TargetEvtWriteCompletion(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Target);

    WdfObjectDelete(Params->Parameters.Write.Buffer);
    TargetPutBack(Request, &((PTARGET_CONTEXT)Context)->WriteRequest);
}

/* ---- Names ---- */

/* The provider is the toaster's function device, above which there may be filters. */
_Use_decl_annotations_
BOOLEAN
TargetIsProvider(WDFIOTARGET Target, ULONG ProviderId)
{
    PDEVICE_OBJECT Device;
    PDEVICE_OBJECT Lower;
    BOOLEAN Found = FALSE;

    PAGED_CODE();

    if (WdfIoTargetGetState(Target) != WdfIoTargetStarted)
        return FALSE;

    Device = WdfIoTargetWdmGetTargetDeviceObject(Target);
    ObReferenceObject(Device);
    while (Device != NULL && !Found)
    {
        Found = IoWMIDeviceObjectToProviderId(Device) == ProviderId;
        Lower = IoGetLowerDeviceObject(Device);
        ObDereferenceObject(Device);
        Device = Lower;
    }

    if (Device != NULL)
        ObDereferenceObject(Device);

    return Found;
}

_Use_decl_annotations_
VOID
TargetPrintName(WDFIOTARGET Target)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFMEMORY Memory;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Target;

    Status = WdfIoTargetAllocAndQueryTargetProperty(Target, DevicePropertyFriendlyName, NonPagedPoolNx, &Attributes, &Memory);
    if (!NT_SUCCESS(Status) && Status != STATUS_INSUFFICIENT_RESOURCES)
        Status = WdfIoTargetAllocAndQueryTargetProperty(Target, DevicePropertyDeviceDescription, NonPagedPoolNx, &Attributes, &Memory);
    if (!NT_SUCCESS(Status))
        return;

    KdPrint(("toastmon: %ws has come\n", (PWSTR)WdfMemoryGetBuffer(Memory, NULL)));
    WdfObjectDelete(Memory);
}

/* ---- Going ---- */

/* The toaster stays if anybody keeps it open. */
_Use_decl_annotations_
static NTSTATUS
TargetEvtQueryRemove(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    WDFWAITLOCK Lock = MonitorGetContext(Context->Monitor)->Lock;

    PAGED_CODE();

    WdfWaitLockAcquire(Lock, NULL);
    if (Context->Listed)
    {
        WdfTimerStop(Context->Timer, TRUE);
        WdfIoTargetCloseForQueryRemove(Target);
    }
    WdfWaitLockRelease(Lock);

    return STATUS_SUCCESS;
}

/*
 * The toaster stays after all. One that cannot be opened again is watched no more. Who was not asked is told too, if somebody before it has refused: then the target
 * is open, and was all the time.
 */
_Use_decl_annotations_
static VOID
TargetEvtRemoveCanceled(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    PMONITOR_CONTEXT Monitor = MonitorGetContext(Context->Monitor);
    WDF_IO_TARGET_OPEN_PARAMS Params;
    NTSTATUS Status;

    PAGED_CODE();

    WdfWaitLockAcquire(Monitor->Lock, NULL);
    if (Context->Listed && WdfIoTargetGetState(Target) == WdfIoTargetClosedForQueryRemove)
    {
        WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&Params);
        Status = WdfIoTargetOpen(Target, &Params);
        if (!NT_SUCCESS(Status))
        {
            KdPrint(("toastmon: a toaster is watched no more, 0x%x\n", Status));
            Context->Listed = FALSE;
            WdfCollectionRemove(Monitor->Targets, Target);
            WdfObjectDelete(Target);
        }
        else if (Monitor->Working)
        {
            WdfTimerStart(Context->Timer, WDF_REL_TIMEOUT_IN_MS(MONITOR_PERIOD_MS));
        }
    }
    WdfWaitLockRelease(Monitor->Lock);
}

/* After a query, or by surprise: then the target is still open. */
_Use_decl_annotations_
static VOID
TargetEvtRemoveComplete(WDFIOTARGET Target)
{
    PTARGET_CONTEXT Context = TargetGetContext(Target);
    PMONITOR_CONTEXT Monitor = MonitorGetContext(Context->Monitor);

    PAGED_CODE();

    WdfWaitLockAcquire(Monitor->Lock, NULL);
    if (Context->Listed)
    {
        WdfTimerStop(Context->Timer, TRUE);
        Context->Listed = FALSE;
        WdfCollectionRemove(Monitor->Targets, Target);
        WdfObjectDelete(Target);
    }
    WdfWaitLockRelease(Monitor->Lock);
}
