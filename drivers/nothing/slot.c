#include "nothing.h"

static EVT_WDF_REQUEST_CANCEL NothingEvtRequestCancel;

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(DeviceContext->Lock)
static ULONG
NothingFindFreeSlot(_In_ PDEVICE_CONTEXT DeviceContext);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static ULONG
NothingClaimParkedRequests(
    _Inout_ PDEVICE_CONTEXT DeviceContext,
    _In_ NOTHING_CHOICE Choice,
    _Out_writes_to_(NOTHING_REQUESTS_IN_PROGRESS, return) PNOTHING_SLOT Claimed);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static BOOLEAN
NothingEndClaimedRequest(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ const NOTHING_SLOT *Claimed);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
static VOID
NothingDropShareOfCancelledRequest(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ WDFREQUEST Request);

/* There is one: the queue presents no more requests than there are slots, and each had given up its slot before its place. */
_Use_decl_annotations_
static ULONG
NothingFindFreeSlot(PDEVICE_CONTEXT DeviceContext)
{
    ULONG Index = 0;

    while (Index < NOTHING_REQUESTS_IN_PROGRESS - 1 && DeviceContext->Slots[Index].Request != NULL)
        Index++;
    NT_ASSERT(DeviceContext->Slots[Index].Request == NULL);

    return Index;
}

/*
 * Taking the slot and marking are one step under the lock, or somebody could claim a request that is not cancelable yet. Only
 * the Ex form may be used there: the plain one may call the cancel callback on this stack, which takes the same lock.
 */
_Use_decl_annotations_
VOID
NothingParkRequest(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request, ULONG_PTR Information, ULONGLONG DelayTicks)
{
    PREQUEST_CONTEXT RequestContext = NothingRequestGetContext(Request);
    PNOTHING_SLOT Slot;
    NTSTATUS Status = STATUS_CANCELLED;

    RequestContext->CancelCompletionShares = 1;

    WdfSpinLockAcquire(DeviceContext->Lock);
    if (DeviceContext->ReleaseMode == NothingReleaseLater)
    {
        RequestContext->Slot = NothingFindFreeSlot(DeviceContext);
        Slot = &DeviceContext->Slots[RequestContext->Slot];
        Slot->Request = Request;
        Slot->Status = STATUS_SUCCESS;
        Slot->Information = Information;
        Slot->DueTick = DelayTicks == NOTHING_HELD ? NOTHING_HELD : DeviceContext->Tick + DelayTicks;

        Status = WdfRequestMarkCancelableEx(Request, NothingEvtRequestCancel);
        if (!NT_SUCCESS(Status))
            Slot->Request = NULL;
    }
    WdfSpinLockRelease(DeviceContext->Lock);

    /* On success the request belongs to those who end it, and may be gone already. */
    if (!NT_SUCCESS(Status))
        NothingCompleteRequest(DeviceContext, Request, Status, 0);
}

/*
 * Takes the parked requests of that choice out of their slots and adds a share to each for the caller, who must unmark them.
 * The cancel callback empties the slot before it drops its share, so there is a share to add to.
 */
_Use_decl_annotations_
static ULONG
NothingClaimParkedRequests(PDEVICE_CONTEXT DeviceContext, NOTHING_CHOICE Choice, PNOTHING_SLOT Claimed)
{
    PNOTHING_SLOT Slot;
    ULONG Count = 0;
    ULONG Index;

    WdfSpinLockAcquire(DeviceContext->Lock);
    if (Choice == NothingChooseDue)
        DeviceContext->Tick++;

    for (Index = 0; Index < NOTHING_REQUESTS_IN_PROGRESS; Index++)
    {
        Slot = &DeviceContext->Slots[Index];
        if (Slot->Request == NULL)
            continue;
        if (Choice == NothingChooseDue && Slot->DueTick > DeviceContext->Tick)
            continue;
        if (Choice == NothingChooseHeld && Slot->DueTick != NOTHING_HELD)
            continue;

        InterlockedIncrement(&NothingRequestGetContext(Slot->Request)->CancelCompletionShares);
        Claimed[Count++] = *Slot;
        Slot->Request = NULL;
    }
    WdfSpinLockRelease(DeviceContext->Lock);

    return Count;
}

/* FALSE if it was cancelled meanwhile. The share keeps the handle valid until then; the request may be gone on return. */
_Use_decl_annotations_
static BOOLEAN
NothingEndClaimedRequest(PDEVICE_CONTEXT DeviceContext, const NOTHING_SLOT *Claimed)
{
    if (WdfRequestUnmarkCancelable(Claimed->Request) == STATUS_CANCELLED)
    {
        NothingDropShareOfCancelledRequest(DeviceContext, Claimed->Request);
        return FALSE;
    }

    /* The cancel callback will never run, so its share is void and this thread is alone with the request. */
    NT_ASSERT(NothingRequestGetContext(Claimed->Request)->CancelCompletionShares == 2);
    NothingCompleteRequest(DeviceContext, Claimed->Request, Claimed->Status, Claimed->Information);
    return TRUE;
}

_Use_decl_annotations_
ULONG
NothingEndParkedRequests(PDEVICE_CONTEXT DeviceContext, NOTHING_CHOICE Choice)
{
    NOTHING_SLOT Claimed[NOTHING_REQUESTS_IN_PROGRESS];
    ULONG Ended = 0;
    ULONG Count;
    ULONG Index;

    Count = NothingClaimParkedRequests(DeviceContext, Choice, Claimed);

    for (Index = 0; Index < Count; Index++)
    {
        if (Choice == NothingChooseAll)
        {
            Claimed[Index].Status = STATUS_CANCELLED;
            Claimed[Index].Information = 0;
        }
        if (NothingEndClaimedRequest(DeviceContext, &Claimed[Index]))
            Ended++;
    }

    return Ended;
}

/* Request may be gone when this returns. */
_Use_decl_annotations_
static VOID
NothingDropShareOfCancelledRequest(PDEVICE_CONTEXT DeviceContext, WDFREQUEST Request)
{
    if (InterlockedDecrement(&NothingRequestGetContext(Request)->CancelCompletionShares) == 0)
        NothingCompleteRequest(DeviceContext, Request, STATUS_CANCELLED, 0);
}

/* Holds a share from the start. The slot is this request's, or it was claimed and the slot is free or somebody else's. */
_Use_decl_annotations_
static VOID
NothingEvtRequestCancel(WDFREQUEST Request)
{
    PDEVICE_CONTEXT DeviceContext = NothingDeviceGetContext(WdfIoQueueGetDevice(WdfRequestGetIoQueue(Request)));
    PNOTHING_SLOT Slot = &DeviceContext->Slots[NothingRequestGetContext(Request)->Slot];

    WdfSpinLockAcquire(DeviceContext->Lock);
    if (Slot->Request == Request)
        Slot->Request = NULL;
    WdfSpinLockRelease(DeviceContext->Lock);

    NothingDropShareOfCancelledRequest(DeviceContext, Request);
}

/* Runs at DISPATCH_LEVEL with no lock held. */
_Use_decl_annotations_
VOID
NothingEvtTimerFunc(WDFTIMER Timer)
{
    NothingEndParkedRequests(NothingDeviceGetContext(WdfTimerGetParentObject(Timer)), NothingChooseDue);
}
