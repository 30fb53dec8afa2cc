#include <initguid.h>

#include "toastmon.h"
#include "../inc/wmi.h"

#include <wmistr.h>

static FWMI_NOTIFICATION_CALLBACK MonitorArrival;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, MonitorWmiBegin)
#pragma alloc_text(PAGE, MonitorWmiEnd)
#pragma alloc_text(PAGE, MonitorArrival)
#endif

_Use_decl_annotations_
VOID
MonitorWmiBegin(WDFDEVICE Monitor)
{
    PMONITOR_CONTEXT Context = MonitorGetContext(Monitor);
    NTSTATUS Status;

    PAGED_CODE();

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

/* The last reference waits for a callback that runs, which is why nobody may hold a lock here that the callback takes. */
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
}

/* A toaster speaks when it starts: the first time before it is registered, without a number, and before anybody can have opened it. */
_Use_decl_annotations_
static VOID
MonitorArrival(PVOID Wnode, PVOID Context)
{
    PMONITOR_CONTEXT Monitor = MonitorGetContext((WDFDEVICE)Context);
    ULONG ProviderId = ((PWNODE_HEADER)Wnode)->ProviderId;
    WDFIOTARGET Target;
    ULONG Count;
    ULONG Index;

    PAGED_CODE();

    if (ProviderId == 0)
        return;

    WdfWaitLockAcquire(Monitor->Lock, NULL);
    Count = WdfCollectionGetCount(Monitor->Targets);
    for (Index = 0; Index < Count; Index++)
    {
        Target = (WDFIOTARGET)WdfCollectionGetItem(Monitor->Targets, Index);
        if (TargetIsProvider(Target, ProviderId))
        {
            TargetPrintName(Target);
            break;
        }
    }
    WdfWaitLockRelease(Monitor->Lock);
}
