#include "../shared/bus.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(BusGetContext(Bus)->ChildLock)
_Must_inspect_result_
static BOOLEAN
BusIsPluggedIn(_In_ WDFDEVICE Bus, _In_ ULONG SerialNo);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(BusGetContext(Bus)->ChildLock)
_Must_inspect_result_
static NTSTATUS
BusAddChild(_In_ WDFDEVICE Bus, _In_ ULONG SerialNo, _In_ PCWSTR HardwareId);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusChildrenPrepare)
#pragma alloc_text(PAGE, BusPlugIn)
#pragma alloc_text(PAGE, BusUnplug)
#pragma alloc_text(PAGE, BusEject)
#pragma alloc_text(PAGE, BusIsPluggedIn)
#pragma alloc_text(PAGE, BusAddChild)
#endif

/* Static children need no preparation. */
_Use_decl_annotations_
VOID
BusChildrenPrepare(PWDFDEVICE_INIT DeviceInit)
{
    UNREFERENCED_PARAMETER(DeviceInit);

    PAGED_CODE();
}

/*
 * The framework's own lock of the collection keeps children from going while it is walked; it keeps nobody from adding one. That a serial number is still
 * free when the toaster is added is what our lock is for.
 */
_Use_decl_annotations_
NTSTATUS
BusPlugIn(WDFDEVICE Bus, ULONG SerialNo, PCWSTR HardwareIds, ULONG HardwareIdsCount)
{
    PBUS_CONTEXT BusContext = BusGetContext(Bus);
    NTSTATUS Status = STATUS_INVALID_PARAMETER;

    UNREFERENCED_PARAMETER(HardwareIdsCount);

    PAGED_CODE();

    WdfWaitLockAcquire(BusContext->ChildLock, NULL);
    if (!BusIsPluggedIn(Bus, SerialNo))
        Status = BusAddChild(Bus, SerialNo, HardwareIds);
    WdfWaitLockRelease(BusContext->ChildLock);

    return Status;
}

_Use_decl_annotations_
static BOOLEAN
BusIsPluggedIn(WDFDEVICE Bus, ULONG SerialNo)
{
    WDFDEVICE Child = NULL;

    PAGED_CODE();

    WdfFdoLockStaticChildListForIteration(Bus);
    do
    {
        Child = WdfFdoRetrieveNextStaticChild(Bus, Child, WdfRetrieveAddedChildren);
    } while (Child != NULL && BusPdoGetContext(Child)->SerialNo != SerialNo);
    WdfFdoUnlockStaticChildListFromIteration(Bus);

    return Child != NULL;
}

/* Until it is added the child is ours to take back: as an init structure first, as a device later. */
_Use_decl_annotations_
static NTSTATUS
BusAddChild(WDFDEVICE Bus, ULONG SerialNo, PCWSTR HardwareId)
{
    PWDFDEVICE_INIT ChildInit;
    WDFDEVICE Child;
    NTSTATUS Status;

    PAGED_CODE();

    ChildInit = WdfPdoInitAllocate(Bus);
    if (ChildInit == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Status = BusPdoCreate(&ChildInit, SerialNo, HardwareId, &Child);
    if (Child == NULL)
    {
        WdfDeviceInitFree(ChildInit);
        return Status;
    }

    if (NT_SUCCESS(Status))
        Status = WdfFdoAddStaticChild(Bus, Child);
    if (!NT_SUCCESS(Status))
        WdfObjectDelete(Child);

    return Status;
}

/* One that cannot be marked is no reason to leave the others; one that is missing already is as wished if all are to go. */
_Use_decl_annotations_
NTSTATUS
BusUnplug(WDFDEVICE Bus, ULONG SerialNo)
{
    PBUS_CONTEXT BusContext = BusGetContext(Bus);
    NTSTATUS Status = SerialNo == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    WDFDEVICE Child = NULL;
    NTSTATUS MarkStatus;

    PAGED_CODE();

    WdfWaitLockAcquire(BusContext->ChildLock, NULL);
    WdfFdoLockStaticChildListForIteration(Bus);

    while ((Child = WdfFdoRetrieveNextStaticChild(Bus, Child, WdfRetrieveAddedChildren)) != NULL)
    {
        if (SerialNo != 0 && BusPdoGetContext(Child)->SerialNo != SerialNo)
            continue;

        MarkStatus = WdfPdoMarkMissing(Child);
        if (SerialNo != 0)
        {
            Status = MarkStatus == STATUS_NO_SUCH_DEVICE ? STATUS_INVALID_PARAMETER : MarkStatus;
            break;
        }
        if (!NT_SUCCESS(MarkStatus) && MarkStatus != STATUS_NO_SUCH_DEVICE && NT_SUCCESS(Status))
            Status = MarkStatus;
    }

    WdfFdoUnlockStaticChildListFromIteration(Bus);
    WdfWaitLockRelease(BusContext->ChildLock);

    return Status;
}

_Use_decl_annotations_
NTSTATUS
BusEject(WDFDEVICE Bus, ULONG SerialNo)
{
    PBUS_CONTEXT BusContext = BusGetContext(Bus);
    NTSTATUS Status = SerialNo == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    WDFDEVICE Child = NULL;

    PAGED_CODE();

    /* What is unplugged while anybody iterates leaves the list when the last of them has ended: a plug behind it would still find the number taken. */
    WdfWaitLockAcquire(BusContext->ChildLock, NULL);
    WdfFdoLockStaticChildListForIteration(Bus);

    while ((Child = WdfFdoRetrieveNextStaticChild(Bus, Child, WdfRetrieveAddedChildren)) != NULL)
    {
        if (SerialNo != 0 && BusPdoGetContext(Child)->SerialNo != SerialNo)
            continue;

        WdfPdoRequestEject(Child);
        Status = STATUS_SUCCESS;
        if (SerialNo != 0)
            break;
    }

    WdfFdoUnlockStaticChildListFromIteration(Bus);
    WdfWaitLockRelease(BusContext->ChildLock);

    return Status;
}
