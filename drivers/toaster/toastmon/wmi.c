#include <initguid.h>

#include "toastmon.h"
#include "../inc/wmi.h"

#include <wmistr.h>

static FWMI_NOTIFICATION_CALLBACK MonitorArrival;

_IRQL_requires_(PASSIVE_LEVEL)
static BOOLEAN
MonitorIsListed(_In_ PVOID Monitor);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
MonitorTell(_In_ WDFDEVICE Monitor, _In_ ULONG ProviderId);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, MonitorWmiInitialize)
#pragma alloc_text(PAGE, MonitorWmiBegin)
#pragma alloc_text(PAGE, MonitorWmiEnd)
#pragma alloc_text(PAGE, MonitorArrival)
#pragma alloc_text(PAGE, MonitorIsListed)
#pragma alloc_text(PAGE, MonitorTell)
#endif

/*
 * The monitors that may be told of arrivals. To let go of a block is not to wait for who is just being told: such a one finds here, under the lock, whether
 * the monitor it was told for is still there.
 */
static WDFWAITLOCK MonitorsLock;
static WDFCOLLECTION Monitors;

_Use_decl_annotations_
NTSTATUS
MonitorWmiInitialize(VOID)
{
    NTSTATUS Status;

    Status = WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &MonitorsLock);
    if (!NT_SUCCESS(Status))
        return Status;

    return WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &Monitors);
}

_Use_decl_annotations_
VOID
MonitorWmiBegin(WDFDEVICE Monitor)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Monitor);
    NTSTATUS Status;

    PAGED_CODE();

    WdfWaitLockAcquire(MonitorsLock, NULL);
    Status = WdfCollectionAdd(Monitors, Monitor);
    WdfWaitLockRelease(MonitorsLock);
    if (!NT_SUCCESS(Status))
        return;

    Status = IoWMIOpenBlock((GUID *)&TOASTER_NOTIFY_DEVICE_ARRIVAL_EVENT, WMIGUID_NOTIFICATION, &Context->ArrivalBlock);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toastmon: IoWMIOpenBlock failed with 0x%x\n", Status));
        Context->ArrivalBlock = NULL;
        return;
    }

    Status = IoWMISetNotificationCallback(Context->ArrivalBlock, MonitorArrival, Monitor);
    if (!NT_SUCCESS(Status))
        KdPrint(("toastmon: IoWMISetNotificationCallback failed with 0x%x\n", Status));
}

_Use_decl_annotations_
VOID
MonitorWmiEnd(WDFDEVICE Monitor)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Monitor);

    PAGED_CODE();

    if (Context->ArrivalBlock != NULL)
    {
        ObDereferenceObject(Context->ArrivalBlock);
        Context->ArrivalBlock = NULL;
    }

    WdfWaitLockAcquire(MonitorsLock, NULL);
    if (MonitorIsListed(Monitor))
        WdfCollectionRemove(Monitors, Monitor);
    WdfWaitLockRelease(MonitorsLock);
}

/* Only compares: what it is given may have gone. */
_Use_decl_annotations_
static BOOLEAN
MonitorIsListed(PVOID Monitor)
{
    ULONG Count = WdfCollectionGetCount(Monitors);
    ULONG Index;

    PAGED_CODE();

    for (Index = 0; Index < Count; Index++)
    {
        if (WdfCollectionGetItem(Monitors, Index) == Monitor)
            return TRUE;
    }

    return FALSE;
}

_Use_decl_annotations_
static VOID
MonitorArrival(PVOID Wnode, PVOID Context)
{
    PWNODE_HEADER Header = Wnode;

    PAGED_CODE();

    WdfWaitLockAcquire(MonitorsLock, NULL);
    if (MonitorIsListed(Context))
        MonitorTell((WDFDEVICE)Context, Header->ProviderId);
    WdfWaitLockRelease(MonitorsLock);
}

/* A toaster speaks when it starts: the first time before it is registered, without a number, and before anybody can have opened it. */
_Use_decl_annotations_
static VOID
MonitorTell(WDFDEVICE Monitor, ULONG ProviderId)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Monitor);
    WDFIOTARGET Target;
    ULONG Count;
    ULONG Index;

    PAGED_CODE();

    if (ProviderId == 0)
        return;

    WdfWaitLockAcquire(Context->Lock, NULL);
    Count = WdfCollectionGetCount(Context->Targets);
    for (Index = 0; Index < Count; Index++)
    {
        Target = (WDFIOTARGET)WdfCollectionGetItem(Context->Targets, Index);
        if (TargetIsProvider(Target, ProviderId))
        {
            TargetPrintName(Target);
            break;
        }
    }
    WdfWaitLockRelease(Context->Lock);
}
