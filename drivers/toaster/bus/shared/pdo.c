#include <initguid.h>

#include "bus.h"
#include "../../inc/driver.h"

#include <ntstrsafe.h>

#define BUS_LOCALE_ENGLISH 0x409

/* Room for what is printed of a serial number, with the terminator. */
#define BUS_NAME_LENGTH 80

#define BUS_CRISPINESS_LEVEL 10

static VOID BusInterfaceReference(_In_ PVOID Context);
static VOID BusInterfaceDereference(_In_ PVOID Context);
static TOASTER_GET_CRISPINESS_LEVEL BusGetCrispinessLevel;
static TOASTER_SET_CRISPINESS_LEVEL BusSetCrispinessLevel;
static TOASTER_IS_CHILD_PROTECTED BusIsSafetyLockEnabled;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusPdoAssignIds(_Inout_ PWDFDEVICE_INIT ChildInit, _In_ ULONG SerialNo, _In_ PCWSTR HardwareId);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusPdoAssignText(_Inout_ PWDFDEVICE_INIT ChildInit, _In_ ULONG SerialNo);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
BusPdoSetCapabilities(_In_ WDFDEVICE Child, _In_ ULONG SerialNo);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
BusPdoAddInterface(_In_ WDFDEVICE Child);

/* The interface's routines stay resident: a driver above may call them at DISPATCH_LEVEL. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusPdoCreate)
#pragma alloc_text(PAGE, BusPdoAssignIds)
#pragma alloc_text(PAGE, BusPdoAssignText)
#pragma alloc_text(PAGE, BusPdoSetCapabilities)
#pragma alloc_text(PAGE, BusPdoAddInterface)
#endif

_Use_decl_annotations_
NTSTATUS
BusPdoCreate(PWDFDEVICE_INIT *ChildInit, ULONG SerialNo, PCWSTR HardwareId, WDFDEVICE *Child)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    PAGED_CODE();

    *Child = NULL;

    WdfDeviceInitSetDeviceType(*ChildInit, FILE_DEVICE_BUS_EXTENDER);

    Status = BusPdoAssignIds(*ChildInit, SerialNo, HardwareId);
    if (NT_SUCCESS(Status))
        Status = BusPdoAssignText(*ChildInit, SerialNo);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster bus: no names for toaster %u, 0x%x\n", SerialNo, Status));
        return Status;
    }

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, PDO_CONTEXT);
    Status = WdfDeviceCreate(ChildInit, &Attributes, Child);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster bus: WdfDeviceCreate of toaster %u failed with 0x%x\n", SerialNo, Status));
        *Child = NULL;
        return Status;
    }

    BusPdoGetContext(*Child)->SerialNo = SerialNo;
    BusPdoSetCapabilities(*Child, SerialNo);

    Status = BusPdoAddInterface(*Child);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster bus: WdfDeviceAddQueryInterface of toaster %u failed with 0x%x\n", SerialNo, Status));

    return Status;
}

/* The serial number is the instance: PnP knows a toaster again that comes back, in whatever slot. */
_Use_decl_annotations_
static NTSTATUS
BusPdoAssignIds(PWDFDEVICE_INIT ChildInit, ULONG SerialNo, PCWSTR HardwareId)
{
    DECLARE_UNICODE_STRING_SIZE(Instance, BUS_NAME_LENGTH);
    UNICODE_STRING Id;
    NTSTATUS Status;

    PAGED_CODE();

    RtlInitUnicodeString(&Id, HardwareId);
    Status = WdfPdoInitAssignDeviceID(ChildInit, &Id);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = WdfPdoInitAddHardwareID(ChildInit, &Id);
    if (!NT_SUCCESS(Status))
        return Status;

    RtlInitUnicodeString(&Id, BUSENUM_COMPATIBLE_IDS);
    Status = WdfPdoInitAddCompatibleID(ChildInit, &Id);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = RtlUnicodeStringPrintf(&Instance, L"%02u", SerialNo);
    if (!NT_SUCCESS(Status))
        return Status;

    return WdfPdoInitAssignInstanceID(ChildInit, &Instance);
}

_Use_decl_annotations_
static NTSTATUS
BusPdoAssignText(PWDFDEVICE_INIT ChildInit, ULONG SerialNo)
{
    DECLARE_CONST_UNICODE_STRING(Location, L"Toaster Bus 0");
    DECLARE_UNICODE_STRING_SIZE(Description, BUS_NAME_LENGTH);
    NTSTATUS Status;

    PAGED_CODE();

    Status = RtlUnicodeStringPrintf(&Description, L"Toaster %02u", SerialNo);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = WdfPdoInitAddDeviceText(ChildInit, &Description, &Location, BUS_LOCALE_ENGLISH);
    if (!NT_SUCCESS(Status))
        return Status;

    WdfPdoInitSetDefaultLocale(ChildInit, BUS_LOCALE_ENGLISH);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
BusPdoSetCapabilities(WDFDEVICE Child, ULONG SerialNo)
{
    WDF_DEVICE_PNP_CAPABILITIES Pnp;
    WDF_DEVICE_POWER_CAPABILITIES Power;

    PAGED_CODE();

    WDF_DEVICE_PNP_CAPABILITIES_INIT(&Pnp);
    Pnp.Removable = WdfTrue;
    Pnp.EjectSupported = WdfTrue;
    Pnp.SurpriseRemovalOK = WdfTrue;
    Pnp.Address = SerialNo;
    Pnp.UINumber = SerialNo;
    WdfDeviceSetPnpCapabilities(Child, &Pnp);

    /* Each system state maps to the deepest device state that the toaster has and that the bus keeps alive in it. */
    WDF_DEVICE_POWER_CAPABILITIES_INIT(&Power);
    Power.DeviceD1 = WdfTrue;
    Power.WakeFromD1 = WdfTrue;
    Power.DeviceWake = PowerDeviceD1;
    Power.DeviceState[PowerSystemWorking] = PowerDeviceD0;
    Power.DeviceState[PowerSystemSleeping1] = PowerDeviceD1;
    Power.DeviceState[PowerSystemSleeping2] = PowerDeviceD3;
    Power.DeviceState[PowerSystemSleeping3] = PowerDeviceD3;
    Power.DeviceState[PowerSystemHibernate] = PowerDeviceD3;
    Power.DeviceState[PowerSystemShutdown] = PowerDeviceD3;
    WdfDeviceSetPowerCapabilities(Child, &Power);
}

/* ---- The interface of direct calls ---- */

_Use_decl_annotations_
static NTSTATUS
BusPdoAddInterface(WDFDEVICE Child)
{
    WDF_QUERY_INTERFACE_CONFIG Config;
    TOASTER_INTERFACE_STANDARD Interface;

    PAGED_CODE();

    RtlZeroMemory(&Interface, sizeof(Interface));
    Interface.InterfaceHeader.Size = sizeof(Interface);
    Interface.InterfaceHeader.Version = TOASTER_INTERFACE_VERSION;
    Interface.InterfaceHeader.Context = Child;
    Interface.InterfaceHeader.InterfaceReference = BusInterfaceReference;
    Interface.InterfaceHeader.InterfaceDereference = BusInterfaceDereference;
    Interface.GetCrispinessLevel = BusGetCrispinessLevel;
    Interface.SetCrispinessLevel = BusSetCrispinessLevel;
    Interface.IsSafetyLockEnabled = BusIsSafetyLockEnabled;

    /* The framework copies the interface. */
    WDF_QUERY_INTERFACE_CONFIG_INIT(&Config, &Interface.InterfaceHeader, &GUID_TOASTER_INTERFACE_STANDARD, NULL);
    return WdfDeviceAddQueryInterface(Child, &Config);
}

/* Whoever holds the interface holds the PDO: a toaster may be unplugged while a driver above it is in one of the calls below. */
_Use_decl_annotations_
static VOID
BusInterfaceReference(PVOID Context)
{
    WdfObjectReference((WDFOBJECT)Context);
}

_Use_decl_annotations_
static VOID
BusInterfaceDereference(PVOID Context)
{
    WdfObjectDereference((WDFOBJECT)Context);
}

_Use_decl_annotations_
static BOOLEAN
BusGetCrispinessLevel(PVOID Context, PUCHAR Level)
{
    UNREFERENCED_PARAMETER(Context);

    *Level = BUS_CRISPINESS_LEVEL;
    return TRUE;
}

/* The bus has no knob to turn. */
_Use_decl_annotations_
static BOOLEAN
BusSetCrispinessLevel(PVOID Context, UCHAR Level)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Level);

    return TRUE;
}

_Use_decl_annotations_
static BOOLEAN
BusIsSafetyLockEnabled(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);

    return TRUE;
}
