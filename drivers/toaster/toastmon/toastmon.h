/*
 * Toaster monitor: a root-enumerated device that opens every toaster through an I/O target and polls it, once a second, with a read and a write.
 *
 * toastmon.c holds the monitor: entry, its power, and word of toasters that come. target.c holds one toaster: opening, polling, and word of its removal. wmi.c hears
 * what toasters say of themselves.
 *
 * One lock guards which targets there are and what state each is in. Whoever holds it may wait for a target's timer and for the requests sent to it, since neither
 * timer nor completion takes it; but nobody who holds it opens a target for the first time or deletes one from outside the target's own notification: both wait
 * for notifications, and those take the lock. The exception in a notification is safe, for a target has one at a time.
 *
 * A target is in the list from before it is opened until the one who deletes it takes it out, under the lock. Who finds that it has left has nothing to do with it
 * any more.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#define MONITOR_POOL_TAG 'NOMT'

DRIVER_INITIALIZE DriverEntry;

typedef struct _MONITOR_CONTEXT
{
    WDFWAITLOCK Lock;

    /* Of WDFIOTARGET. */
    WDFCOLLECTION Targets;

    /* The device is in D0: targets are to be polled. */
    BOOLEAN Working;

    /* Word of toasters that come; NULL: not asked for. */
    PVOID Notification;

    /* The opened WMI block of what they say then; NULL: not asked for. */
    PVOID ArrivalBlock;
} MONITOR_CONTEXT, *PMONITOR_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(MONITOR_CONTEXT, MonitorGetContext)

typedef struct _TARGET_CONTEXT
{
    WDFDEVICE Monitor;

    /* In the monitor's list. */
    BOOLEAN Listed;

    /* Runs while the monitor works and the target is open. */
    WDFTIMER Timer;

    /* NULL while the request is out, or with the one who is about to send it. */
    WDFREQUEST volatile ReadRequest;
    WDFREQUEST volatile WriteRequest;
} TARGET_CONTEXT, *PTARGET_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(TARGET_CONTEXT, TargetGetContext)

/* ---- target.c ---- */

/* A toaster has come: opens it, lists it and has it polled. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
TargetAdd(_In_ WDFDEVICE Monitor, _In_ PCUNICODE_STRING Name);

/* With the lock: polls the target from now on, if it is open. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
TargetStart(_In_ WDFIOTARGET Target);

/* With the lock: when this returns nothing is out, and nothing will be. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
TargetStop(_In_ WDFIOTARGET Target);

/* With the lock: is this the toaster that WMI knows as a provider by that number? */
_IRQL_requires_(PASSIVE_LEVEL)
BOOLEAN
TargetIsProvider(_In_ WDFIOTARGET Target, _In_ ULONG ProviderId);

/* With the lock: prints the name that the user knows the toaster by. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
TargetPrintName(_In_ WDFIOTARGET Target);

/* Nobody tells of new toasters any more, and the monitor does not work: closes and deletes all targets. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
TargetRemoveAll(_In_ WDFDEVICE Monitor);

/* ---- wmi.c ---- */

/* Hears of arrivals from now on, if it can: the monitor works without. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
MonitorWmiBegin(_In_ WDFDEVICE Monitor);

/* When this returns nobody is in the monitor who was told of an arrival, and nobody will be. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
MonitorWmiEnd(_In_ WDFDEVICE Monitor);
