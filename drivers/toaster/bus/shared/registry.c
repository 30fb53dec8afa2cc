#include "bus.h"

/* More than one would want in a kitchen: what the registry says is not believed beyond this. */
#define BUS_MAX_CONFIGURED 10

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusQueryConfiguredCount(_In_ WDFDEVICE Bus, _Out_ PULONG Count);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusPlugInConfigured)
#pragma alloc_text(PAGE, BusQueryConfiguredCount)
#endif

/* One that cannot be plugged in is no reason to do without the others, or without the bus. */
_Use_decl_annotations_
NTSTATUS
BusPlugInConfigured(WDFDEVICE Bus)
{
    static const WCHAR HardwareIds[] = BUS_HARDWARE_IDS;
    ULONG SerialNo;
    ULONG Count;
    NTSTATUS Status;
    NTSTATUS PlugStatus;

    PAGED_CODE();

    Status = BusQueryConfiguredCount(Bus, &Count);
    if (!NT_SUCCESS(Status))
        return Status;

    for (SerialNo = 1; SerialNo <= Count; SerialNo++)
    {
        PlugStatus = BusPlugIn(Bus, SerialNo, HardwareIds, RTL_NUMBER_OF(HardwareIds));
        if (!NT_SUCCESS(PlugStatus))
            KdPrint(("toaster bus: toaster %u is not plugged in, 0x%x\n", SerialNo, PlugStatus));
    }

    return STATUS_SUCCESS;
}

/* Without the value, or with one of another type, no toaster is plugged in; without its hardware key the device is not what it should be. */
_Use_decl_annotations_
static NTSTATUS
BusQueryConfiguredCount(WDFDEVICE Bus, PULONG Count)
{
    DECLARE_CONST_UNICODE_STRING(ValueName, L"NumberOfToasters");
    WDFKEY Key;
    ULONG Value;
    NTSTATUS Status;

    PAGED_CODE();

    *Count = 0;

    Status = WdfDeviceOpenRegistryKey(Bus, PLUGPLAY_REGKEY_DEVICE, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &Key);
    if (!NT_SUCCESS(Status))
        return Status;

    if (NT_SUCCESS(WdfRegistryQueryULong(Key, &ValueName, &Value)))
        *Count = min(Value, BUS_MAX_CONFIGURED);

    WdfRegistryClose(Key);
    return STATUS_SUCCESS;
}
