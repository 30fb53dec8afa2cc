/*
 * Toaster, featured variant: a function driver that uses what the framework offers beside I/O.
 *
 * Reads and writes are those of the simple toaster. Around them: the files that are open, the hardware's coming and going, the device's power, idling and
 * wake, direct calls into the bus, and what WMI asks and is told. toaster.c holds entry, PnP, files and I/O, power.c power and wake, wmi.c WMI.
 *
 * No request is ever kept: each is completed in the callback that brings it, so that stopping the queue waits for nobody but those callbacks.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#define TOASTER_POOL_TAG 'saoT'

DRIVER_INITIALIZE DriverEntry;

/* ---- power.c ---- */

EVT_WDF_DEVICE_D0_ENTRY ToasterEvtDeviceD0Entry;
EVT_WDF_DEVICE_D0_EXIT ToasterEvtDeviceD0Exit;

/* Before the device is created: what is called when it is armed to wake the machine, or itself. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
ToasterPowerPrepare(_Inout_ PWDFDEVICE_INIT DeviceInit);

/* Lets the device idle, and wake a sleeping machine if its bus can. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
ToasterPowerInitialize(_In_ WDFDEVICE Device);

/* ---- wmi.c ---- */

/* What WMI may ask of the device: registered when it starts, and deregistered when it goes. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
ToasterWmiInitialize(_In_ WDFDEVICE Device);

/* Tells whoever listens that the device has come. Between EvtDevicePrepareHardware and EvtDeviceReleaseHardware. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
ToasterFireArrival(_In_ WDFDEVICE Device);
