#include "bus.h"

/* The PnP manager's limit, in characters with the terminator. */
#define BUS_MAX_DEVICE_ID_LENGTH 200

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusPlugInRequest(_In_ WDFDEVICE Bus, _In_ WDFREQUEST Request);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusUnplugRequest(_In_ WDFDEVICE Bus, _In_ WDFREQUEST Request);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusEjectRequest(_In_ WDFDEVICE Bus, _In_ WDFREQUEST Request);

_Must_inspect_result_
static BOOLEAN
BusIsDeviceId(_In_z_ PCWSTR Id);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusEvtIoDeviceControl)
#pragma alloc_text(PAGE, BusPlugInRequest)
#pragma alloc_text(PAGE, BusUnplugRequest)
#pragma alloc_text(PAGE, BusEjectRequest)
#pragma alloc_text(PAGE, BusIsDeviceId)
#endif

/* No request brings anything back, whatever room there is for it: the number of bytes is 0. */
_Use_decl_annotations_
VOID
BusEvtIoDeviceControl(
    WDFQUEUE Queue,
    WDFREQUEST Request,
    size_t OutputBufferLength,
    size_t InputBufferLength,
    ULONG IoControlCode)
{
    WDFDEVICE Bus = WdfIoQueueGetDevice(Queue);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);

    PAGED_CODE();

    switch (IoControlCode)
    {
    case IOCTL_BUSENUM_PLUGIN_HARDWARE:
        Status = BusPlugInRequest(Bus, Request);
        break;
    case IOCTL_BUSENUM_UNPLUG_HARDWARE:
        Status = BusUnplugRequest(Bus, Request);
        break;
    case IOCTL_BUSENUM_EJECT_HARDWARE:
        Status = BusEjectRequest(Bus, Request);
        break;
    default:
        Status = STATUS_INVALID_PARAMETER;
        break;
    }

    WdfRequestComplete(Request, Status);
}

_Use_decl_annotations_
static NTSTATUS
BusPlugInRequest(WDFDEVICE Bus, WDFREQUEST Request)
{
    PBUSENUM_PLUGIN_HARDWARE PlugIn;
    size_t Length;
    ULONG Count;
    NTSTATUS Status;

    PAGED_CODE();

    /* At least the two terminators of an empty list: they are looked at below. */
    Status = WdfRequestRetrieveInputBuffer(Request, sizeof(*PlugIn) + 2 * sizeof(UNICODE_NULL), (PVOID *)&PlugIn, &Length);
    if (!NT_SUCCESS(Status))
        return Status;

    /* Serial number 0 means all toasters: one that had it could never be unplugged alone. */
    if (PlugIn->Size != sizeof(*PlugIn) || PlugIn->SerialNo == 0)
        return STATUS_INVALID_PARAMETER;

    Count = (ULONG)((Length - sizeof(*PlugIn)) / sizeof(WCHAR));
    if (PlugIn->HardwareIDs[Count - 1] != UNICODE_NULL || PlugIn->HardwareIDs[Count - 2] != UNICODE_NULL)
        return STATUS_INVALID_PARAMETER;

    if (!BusIsDeviceId(PlugIn->HardwareIDs))
        return STATUS_INVALID_PARAMETER;

    return BusPlugIn(Bus, PlugIn->SerialNo, PlugIn->HardwareIDs, Count);
}

_Use_decl_annotations_
static NTSTATUS
BusUnplugRequest(WDFDEVICE Bus, WDFREQUEST Request)
{
    PBUSENUM_UNPLUG_HARDWARE Unplug;
    size_t Length;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfRequestRetrieveInputBuffer(Request, sizeof(*Unplug), (PVOID *)&Unplug, &Length);
    if (!NT_SUCCESS(Status))
        return Status;

    if (Unplug->Size != Length)
        return STATUS_INVALID_PARAMETER;

    return BusUnplug(Bus, Unplug->SerialNo);
}

_Use_decl_annotations_
static NTSTATUS
BusEjectRequest(WDFDEVICE Bus, WDFREQUEST Request)
{
    PBUSENUM_EJECT_HARDWARE Eject;
    size_t Length;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfRequestRetrieveInputBuffer(Request, sizeof(*Eject), (PVOID *)&Eject, &Length);
    if (!NT_SUCCESS(Status))
        return Status;

    if (Eject->Size != Length)
        return STATUS_INVALID_PARAMETER;

    return BusEject(Bus, Eject->SerialNo);
}

/*
 * The PnP manager takes a malformed identifier for a broken bus driver and stops the machine. An application must not be able to do that, so what it
 * sends is held against the manager's rules: enumerator, one backslash, device; printable ASCII without a comma; short enough.
 */
_Use_decl_annotations_
static BOOLEAN
BusIsDeviceId(PCWSTR Id)
{
    ULONG Separator = 0;
    ULONG Length;

    PAGED_CODE();

    for (Length = 0; Id[Length] != UNICODE_NULL; Length++)
    {
        if (Id[Length] <= L' ' || Id[Length] > L'~' || Id[Length] == L',')
            return FALSE;

        if (Id[Length] == L'\\')
        {
            if (Separator != 0 || Length == 0)
                return FALSE;
            Separator = Length;
        }
    }

    return Separator != 0 && Separator + 1 < Length && Length < BUS_MAX_DEVICE_ID_LENGTH;
}
