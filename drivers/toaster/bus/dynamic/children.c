#include "../shared/bus.h"

#include <ntintsafe.h>

#define BUS_POOL_TAG 'EsuB'

/* What the child list knows a toaster by: the serial number tells it from others, the identifiers come with it. */
typedef struct _BUS_CHILD
{
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Header;
    ULONG SerialNo;

    /* In characters, terminators included. */
    ULONG HardwareIdsCount;

    _Field_size_(HardwareIdsCount)
    PWSTR HardwareIds;
} BUS_CHILD, *PBUS_CHILD;

static EVT_WDF_CHILD_LIST_CREATE_DEVICE BusEvtChildListCreateDevice;
static EVT_WDF_CHILD_LIST_IDENTIFICATION_DESCRIPTION_DUPLICATE BusEvtChildListDuplicate;
static EVT_WDF_CHILD_LIST_IDENTIFICATION_DESCRIPTION_COMPARE BusEvtChildListCompare;
static EVT_WDF_CHILD_LIST_IDENTIFICATION_DESCRIPTION_CLEANUP BusEvtChildListCleanup;

static VOID
BusChildInit(_Out_ PBUS_CHILD Child, _In_ ULONG SerialNo);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusEjectAll(_In_ WDFCHILDLIST List);

/* The description callbacks stay resident: they run with the list's spin lock held. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusChildrenPrepare)
#pragma alloc_text(PAGE, BusPlugIn)
#pragma alloc_text(PAGE, BusUnplug)
#pragma alloc_text(PAGE, BusEject)
#pragma alloc_text(PAGE, BusEjectAll)
#pragma alloc_text(PAGE, BusEvtChildListCreateDevice)
#endif

_Use_decl_annotations_
VOID
BusChildrenPrepare(PWDFDEVICE_INIT DeviceInit)
{
    WDF_CHILD_LIST_CONFIG Config;

    PAGED_CODE();

    WDF_CHILD_LIST_CONFIG_INIT(&Config, sizeof(BUS_CHILD), BusEvtChildListCreateDevice);
    Config.EvtChildListIdentificationDescriptionDuplicate = BusEvtChildListDuplicate;
    Config.EvtChildListIdentificationDescriptionCompare = BusEvtChildListCompare;
    Config.EvtChildListIdentificationDescriptionCleanup = BusEvtChildListCleanup;

    WdfFdoInitSetDefaultChildListConfig(DeviceInit, &Config, WDF_NO_OBJECT_ATTRIBUTES);
}

_Use_decl_annotations_
static VOID
BusChildInit(PBUS_CHILD Child, ULONG SerialNo)
{
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&Child->Header, sizeof(*Child));
    Child->SerialNo = SerialNo;
    Child->HardwareIdsCount = 0;
    Child->HardwareIds = NULL;
}

/* ---- Requests ---- */

/*
 * The list itself looks for the serial number and adds the toaster in one step. That there is one is a success to it, but not to the caller. It is to a scan
 * as well: a plug that comes to nothing would save the toaster from being unplugged with all the others. The lock keeps it out of the scan.
 */
_Use_decl_annotations_
NTSTATUS
BusPlugIn(WDFDEVICE Bus, ULONG SerialNo, PCWSTR HardwareIds, ULONG HardwareIdsCount)
{
    BUS_CHILD Child;
    NTSTATUS Status;

    PAGED_CODE();

    BusChildInit(&Child, SerialNo);
    Child.HardwareIds = (PWSTR)HardwareIds;
    Child.HardwareIdsCount = HardwareIdsCount;

    WdfWaitLockAcquire(BusGetContext(Bus)->ChildLock, NULL);
    Status = WdfChildListAddOrUpdateChildDescriptionAsPresent(WdfFdoGetDefaultChildList(Bus), &Child.Header, NULL);
    WdfWaitLockRelease(BusGetContext(Bus)->ChildLock);

    return Status == STATUS_OBJECT_NAME_EXISTS ? STATUS_INVALID_PARAMETER : Status;
}

/*
 * All are unplugged by a scan that finds none. Scans nest: of two that overlap only the outer one counts, and it would spare what was plugged in between their
 * beginnings. The lock keeps them apart, so that each takes out every toaster that was there when it began.
 */
_Use_decl_annotations_
NTSTATUS
BusUnplug(WDFDEVICE Bus, ULONG SerialNo)
{
    WDFCHILDLIST List = WdfFdoGetDefaultChildList(Bus);
    BUS_CHILD Child;
    NTSTATUS Status;

    PAGED_CODE();

    if (SerialNo == 0)
    {
        WdfWaitLockAcquire(BusGetContext(Bus)->ChildLock, NULL);
        WdfChildListBeginScan(List);
        WdfChildListEndScan(List);
        WdfWaitLockRelease(BusGetContext(Bus)->ChildLock);
        return STATUS_SUCCESS;
    }

    BusChildInit(&Child, SerialNo);
    Status = WdfChildListUpdateChildDescriptionAsMissing(List, &Child.Header);
    return Status == STATUS_NO_SUCH_DEVICE ? STATUS_INVALID_PARAMETER : Status;
}

_Use_decl_annotations_
NTSTATUS
BusEject(WDFDEVICE Bus, ULONG SerialNo)
{
    WDFCHILDLIST List = WdfFdoGetDefaultChildList(Bus);
    BUS_CHILD Child;

    PAGED_CODE();

    if (SerialNo == 0)
        return BusEjectAll(List);

    BusChildInit(&Child, SerialNo);
    return WdfChildListRequestChildEject(List, &Child.Header) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* Each description is a copy of the list's whose identifiers are still the list's: nothing in it is to be freed, or to be looked at but the number. */
_Use_decl_annotations_
static NTSTATUS
BusEjectAll(WDFCHILDLIST List)
{
    WDF_CHILD_LIST_ITERATOR Iterator;
    WDF_CHILD_RETRIEVE_INFO Info;
    WDFDEVICE Device;
    BUS_CHILD Child;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_CHILD_LIST_ITERATOR_INIT(&Iterator, WdfRetrievePresentChildren);
    WdfChildListBeginIteration(List, &Iterator);

    for (;;)
    {
        BusChildInit(&Child, 0);
        WDF_CHILD_RETRIEVE_INFO_INIT(&Info, &Child.Header);

        Status = WdfChildListRetrieveNextDevice(List, &Iterator, &Device, &Info);
        if (!NT_SUCCESS(Status) || Status == STATUS_NO_MORE_ENTRIES)
            break;

        /* One that went since it was retrieved, or has no device yet, needs no ejection. */
        if (!WdfChildListRequestChildEject(List, &Child.Header))
            KdPrint(("toaster bus: toaster %u is not ejected\n", Child.SerialNo));
    }

    WdfChildListEndIteration(List, &Iterator);
    return Status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : Status;
}

/* ---- The child list's callbacks ---- */

_Use_decl_annotations_
static NTSTATUS
BusEvtChildListCreateDevice(
    WDFCHILDLIST ChildList,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription,
    PWDFDEVICE_INIT ChildInit)
{
    PBUS_CHILD Child = CONTAINING_RECORD(IdentificationDescription, BUS_CHILD, Header);
    WDFDEVICE Device;

    UNREFERENCED_PARAMETER(ChildList);

    PAGED_CODE();

    /* On failure the framework frees what there is. */
    return BusPdoCreate(&ChildInit, Child->SerialNo, Child->HardwareIds, &Device);
}

/* The source's identifiers stand in the buffer of a request, or belong to another description: this one gets its own. */
_Use_decl_annotations_
static NTSTATUS
BusEvtChildListDuplicate(
    WDFCHILDLIST ChildList,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER SourceIdentificationDescription,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER DestinationIdentificationDescription)
{
    PBUS_CHILD Source = CONTAINING_RECORD(SourceIdentificationDescription, BUS_CHILD, Header);
    PBUS_CHILD Destination = CONTAINING_RECORD(DestinationIdentificationDescription, BUS_CHILD, Header);
    ULONG Length;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ChildList);

    Destination->SerialNo = Source->SerialNo;
    Destination->HardwareIdsCount = Source->HardwareIdsCount;

    Status = RtlULongMult(Source->HardwareIdsCount, sizeof(WCHAR), &Length);
    if (!NT_SUCCESS(Status))
        return Status;

    Destination->HardwareIds = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length, BUS_POOL_TAG);
    if (Destination->HardwareIds == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    RtlCopyMemory(Destination->HardwareIds, Source->HardwareIds, Length);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static BOOLEAN
BusEvtChildListCompare(
    WDFCHILDLIST ChildList,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER FirstIdentificationDescription,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER SecondIdentificationDescription)
{
    UNREFERENCED_PARAMETER(ChildList);

    return CONTAINING_RECORD(FirstIdentificationDescription, BUS_CHILD, Header)->SerialNo ==
        CONTAINING_RECORD(SecondIdentificationDescription, BUS_CHILD, Header)->SerialNo;
}

/* Whether it also runs for a description that could not be duplicated is nowhere said: that one has no identifiers. */
_Use_decl_annotations_
static VOID
BusEvtChildListCleanup(WDFCHILDLIST ChildList, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription)
{
    PBUS_CHILD Child = CONTAINING_RECORD(IdentificationDescription, BUS_CHILD, Header);

    UNREFERENCED_PARAMETER(ChildList);

    if (Child->HardwareIds != NULL)
    {
        ExFreePoolWithTag(Child->HardwareIds, BUS_POOL_TAG);
        Child->HardwareIds = NULL;
    }
}
