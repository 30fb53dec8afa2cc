/*
 * Control devices (2.7).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_DEVICE_SHUTDOWN_FLAGS {
    WdfDeviceShutdown = 0x01,
    WdfDeviceLastChanceShutdown = 0x02,
} WDF_DEVICE_SHUTDOWN_FLAGS, *PWDF_DEVICE_SHUTDOWN_FLAGS;

typedef _Function_class_(EVT_WDF_DEVICE_SHUTDOWN_NOTIFICATION)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_DEVICE_SHUTDOWN_NOTIFICATION(_In_ WDFDEVICE Device);
typedef EVT_WDF_DEVICE_SHUTDOWN_NOTIFICATION *PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION;

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PWDFDEVICE_INIT, WdfControlDeviceInitAllocate, PFN_WDFCONTROLDEVICEINITALLOCATE,
        (_In_ WDFDRIVER Driver, _In_ const UNICODE_STRING *SDDLString),
        (Driver, SDDLString))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfControlDeviceInitSetShutdownNotification, PFN_WDFCONTROLDEVICEINITSETSHUTDOWNNOTIFICATION,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION Notification,
         _In_ UCHAR Flags),
        (DeviceInit, Notification, Flags))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfControlFinishInitializing, PFN_WDFCONTROLFINISHINITIALIZING,
        (_In_ WDFDEVICE Device),
        (Device))

WDF_EXTERN_C_END
