/*
 * Nothing: a software-only PnP function driver that shows what a counted queue does. It keeps its requests for a while and
 * finishes them later; how many it has at a time is the queue's business.
 *
 * Principle: the default queue is parallel and presents at most NOTHING_REQUESTS_IN_PROGRESS requests; a place is free again
 * when one is completed or forwarded. There are as many slots as places, so whoever was presented finds a slot, as long as a
 * request gives up its slot before its place. No synchronization scope: I/O callbacks, timer and cancel callbacks run side by
 * side on any processor. Three rules keep them apart:
 *
 *   - All of DEVICE_CONTEXT that changes does so under Lock. Requests are completed and forwarded outside it, because either
 *     presents the next request on the same stack.
 *   - Each parked request has shares (REQUEST_CONTEXT). The parker creates one, which belongs to the cancel callback until the
 *     request stops being cancelable; whoever takes the request out of its slot to end it (timer, RELEASE, flush) adds one of
 *     its own, under Lock. As long as a share is left the handle is valid; who drops the last one completes the request.
 *   - A request is taken out of its slot once. Who finds the slot empty, or somebody else's, leaves the request alone.
 *
 * Neither queue is power-managed: requests come in whatever the power state, and those parked while the timer is stopped wait
 * for its restart. At removal there is none, so the flush ends what is parked, and from then on parking is ending.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#include "public.h"

#define NOTHING_POOL_TAG 'htoN'

/* A request parked between two ticks is due at the second one to come: it stays for one whole tick at least. */
#define NOTHING_DELAY_TICKS 2
#define NOTHING_HELD MAXULONGLONG

typedef struct _NOTHING_SLOT
{
    WDFREQUEST Request; /* NULL: the slot is free */

    /* What the request is to be completed with. */
    NTSTATUS Status;
    ULONG_PTR Information;

    ULONGLONG DueTick; /* NOTHING_HELD: until released */
} NOTHING_SLOT, *PNOTHING_SLOT;

typedef enum _NOTHING_RELEASE_MODE
{
    NothingReleaseLater = 0, /* parked requests are ended by timer, RELEASE or cancellation */
    NothingReleaseNow        /* nobody comes for them any more: none is parked */
} NOTHING_RELEASE_MODE;

typedef struct _DEVICE_CONTEXT
{
    /* Made with the device, and never changed. */
    WDFSPINLOCK Lock;
    WDFTIMER Timer;
    WDFQUEUE ParkedQueue;

    _Guarded_by_(Lock) NOTHING_SLOT Slots[NOTHING_REQUESTS_IN_PROGRESS];
    _Guarded_by_(Lock) ULONGLONG Tick;
    _Guarded_by_(Lock) NOTHING_RELEASE_MODE ReleaseMode;

    /* What the last write stored: Length bytes of non-paged pool, or NULL and 0. */
    _Guarded_by_(Lock) _Field_size_bytes_(Length) PVOID Buffer;
    _Guarded_by_(Lock) ULONG Length;

    /* InProgress follows what the queue does and decides nothing. */
    _Guarded_by_(Lock) ULONG InProgress;
    _Guarded_by_(Lock) NOTHING_STATISTICS Statistics;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, NothingDeviceGetContext)

typedef struct _REQUEST_CONTEXT
{
    ULONG Slot; /* where it was parked */

    /* 1 while parked, 2 while somebody works on it, 0 when the last one has taken over its cancelled completion. */
    _Interlocked_ volatile LONG CancelCompletionShares;
} REQUEST_CONTEXT, *PREQUEST_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(REQUEST_CONTEXT, NothingRequestGetContext)

DRIVER_INITIALIZE DriverEntry;
EVT_WDF_DRIVER_DEVICE_ADD NothingEvtDeviceAdd;
EVT_WDF_TIMER NothingEvtTimerFunc;

/* ---- queue.c ---- */

/* Gives Device its default queue and the queue of those that step aside. On failure what was made goes with the device. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NothingQueuesCreate(_In_ WDFDEVICE Device);

/* Gives up the request's place in the queue and completes it. The next one may have been presented when this returns. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
VOID
NothingCompleteRequest(
    _Inout_ PDEVICE_CONTEXT DeviceContext,
    _In_ WDFREQUEST Request,
    _In_ NTSTATUS Status,
    _In_ ULONG_PTR Information);

/* ---- slot.c ---- */

typedef enum _NOTHING_CHOICE
{
    NothingChooseDue,  /* those whose tick has come */
    NothingChooseHeld, /* those that wait for a RELEASE */
    NothingChooseAll   /* all, as cancelled */
} NOTHING_CHOICE;

/* Keeps Request, which the queue presented, for DelayTicks ticks or, with NOTHING_HELD, for ever. The caller gives it up. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
VOID
NothingParkRequest(
    _Inout_ PDEVICE_CONTEXT DeviceContext,
    _In_ WDFREQUEST Request,
    _In_ ULONG_PTR Information,
    _In_ ULONGLONG DelayTicks);

/* Ends the parked requests of that choice and returns how many; those that were cancelled meanwhile do not count. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(DeviceContext->Lock)
ULONG
NothingEndParkedRequests(_Inout_ PDEVICE_CONTEXT DeviceContext, _In_ NOTHING_CHOICE Choice);
