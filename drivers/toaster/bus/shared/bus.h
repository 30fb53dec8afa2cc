/*
 * Toaster bus: a root-enumerated bus whose slots are filled by requests of an application. Both variants.
 *
 * An application plugs a toaster in with a serial number and its hardware identifiers, unplugs it, or asks for it to be ejected. The variants differ in
 * who keeps the list of toasters: the dynamic one describes them to a child list of the framework, which creates a PDO when PnP
 * asks for it; the static one creates the PDOs itself and adds them to the bus's static children. What they share is here: driver.c (entry, the bus
 * device), ioctl.c (requests), registry.c (toasters that are there from the start), wmi.c (management), pdo.c (a toaster's PDO and the interface of direct calls). children.c is the variant's own.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#include "../../inc/public.h"

DRIVER_INITIALIZE DriverEntry;

/* The WMI class ToasterBusInformation of busenum.mof. {0006A660-8F12-11d2-B854-00C04FAD5171} */
DEFINE_GUID(TOASTER_BUS_WMI_STD_DATA_GUID, 0x0006a660, 0x8f12, 0x11d2, 0xb8, 0x54, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

#define BUS_WMI_MOF_RESOURCE L"ToasterBusWMI"

typedef struct _TOASTER_BUS_WMI_STD_DATA
{
    ULONG ErrorCount;

    /* The only one that can be written. */
    ULONG DebugPrintLevel;
} TOASTER_BUS_WMI_STD_DATA, *PTOASTER_BUS_WMI_STD_DATA;

typedef struct _BUS_CONTEXT
{
    /* Changes of the list of toasters that are more than one step. A lock for PASSIVE_LEVEL: PDOs are created under it. */
    WDFWAITLOCK ChildLock;
} BUS_CONTEXT, *PBUS_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(BUS_CONTEXT, BusGetContext)

typedef struct _PDO_CONTEXT
{
    ULONG SerialNo;
} PDO_CONTEXT, *PPDO_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(PDO_CONTEXT, BusPdoGetContext)

/* ---- ioctl.c ---- */

EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL BusEvtIoDeviceControl;

/* ---- registry.c ---- */

/* Plugs in as many toasters as the value NumberOfToasters of the bus's hardware key says; none if there is no such value. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusPlugInConfigured(_In_ WDFDEVICE Bus);

/* ---- wmi.c ---- */

/* Offers ToasterBusInformation of this bus; WMI hears of it when the bus has been started. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusWmiRegister(_In_ WDFDEVICE Bus);

/* ---- pdo.c ---- */

/*
 * Creates the PDO of a toaster from ChildInit, which is NULL afterwards if there is a device. On failure the caller frees what there is: ChildInit, or
 * the device, which has not been added to any list yet.
 */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusPdoCreate(_Inout_ PWDFDEVICE_INIT *ChildInit, _In_ ULONG SerialNo, _In_ PCWSTR HardwareId, _Out_ WDFDEVICE *Child);

/* ---- children.c of the variant ---- */

/* Before the bus device is created. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
BusChildrenPrepare(_Inout_ PWDFDEVICE_INIT DeviceInit);

/*
 * HardwareIds is a MULTI_SZ of that many characters, terminators included; its first string is a valid device identifier. It is copied.
 *
 * STATUS_INVALID_PARAMETER: there is a toaster with this serial number.
 */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusPlugIn(
    _In_ WDFDEVICE Bus,
    _In_ ULONG SerialNo,
    _In_reads_(HardwareIdsCount) PCWSTR HardwareIds,
    _In_ ULONG HardwareIdsCount);

/* STATUS_INVALID_PARAMETER: there is no such toaster. Serial number 0 means all of them, however many there are. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusUnplug(_In_ WDFDEVICE Bus, _In_ ULONG SerialNo);

/* As BusUnplug. Success says that the ejection was asked for: PnP may still refuse it. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
BusEject(_In_ WDFDEVICE Bus, _In_ ULONG SerialNo);
