/*
 * Physical devices that a bus driver enumerates (3.8, 7.10).
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_DEVICE_RESOURCES_QUERY)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_RESOURCES_QUERY(_In_ WDFDEVICE Device, _In_ WDFCMRESLIST Resources);
typedef EVT_WDF_DEVICE_RESOURCES_QUERY *PFN_WDF_DEVICE_RESOURCES_QUERY;

typedef _Function_class_(EVT_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY(_In_ WDFDEVICE Device,
    _In_ WDFIORESREQLIST IoResourceRequirementsList);
typedef EVT_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY *PFN_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY;

typedef _Function_class_(EVT_WDF_DEVICE_EJECT)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_EJECT(_In_ WDFDEVICE Device);
typedef EVT_WDF_DEVICE_EJECT *PFN_WDF_DEVICE_EJECT;

typedef _Function_class_(EVT_WDF_DEVICE_SET_LOCK)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_SET_LOCK(_In_ WDFDEVICE Device, _In_ BOOLEAN IsLocked);
typedef EVT_WDF_DEVICE_SET_LOCK *PFN_WDF_DEVICE_SET_LOCK;

typedef _Function_class_(EVT_WDF_DEVICE_ENABLE_WAKE_AT_BUS)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_ENABLE_WAKE_AT_BUS(_In_ WDFDEVICE Device,
    _In_ SYSTEM_POWER_STATE PowerState);
typedef EVT_WDF_DEVICE_ENABLE_WAKE_AT_BUS *PFN_WDF_DEVICE_ENABLE_WAKE_AT_BUS;

typedef _Function_class_(EVT_WDF_DEVICE_DISABLE_WAKE_AT_BUS)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_DEVICE_DISABLE_WAKE_AT_BUS(_In_ WDFDEVICE Device);
typedef EVT_WDF_DEVICE_DISABLE_WAKE_AT_BUS *PFN_WDF_DEVICE_DISABLE_WAKE_AT_BUS;

typedef _Function_class_(EVT_WDF_DEVICE_REPORTED_MISSING)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_DEVICE_REPORTED_MISSING(_In_ WDFDEVICE Device);
typedef EVT_WDF_DEVICE_REPORTED_MISSING *PFN_WDF_DEVICE_REPORTED_MISSING;

typedef struct _WDF_PDO_EVENT_CALLBACKS {
    ULONG Size;
    PFN_WDF_DEVICE_RESOURCES_QUERY EvtDeviceResourcesQuery;
    PFN_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY EvtDeviceResourceRequirementsQuery;
    PFN_WDF_DEVICE_EJECT EvtDeviceEject;
    PFN_WDF_DEVICE_SET_LOCK EvtDeviceSetLock;
    PFN_WDF_DEVICE_ENABLE_WAKE_AT_BUS EvtDeviceEnableWakeAtBus;
    PFN_WDF_DEVICE_DISABLE_WAKE_AT_BUS EvtDeviceDisableWakeAtBus;
    PFN_WDF_DEVICE_REPORTED_MISSING EvtDeviceReportedMissing;
} WDF_PDO_EVENT_CALLBACKS, *PWDF_PDO_EVENT_CALLBACKS;

WDF_INLINE VOID WDF_PDO_EVENT_CALLBACKS_INIT(_Out_ PWDF_PDO_EVENT_CALLBACKS Callbacks)
{
    RtlZeroMemory(Callbacks, sizeof(*Callbacks));
    Callbacks->Size = sizeof(*Callbacks);
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PWDFDEVICE_INIT, WdfPdoInitAllocate, PFN_WDFPDOINITALLOCATE,
        (_In_ WDFDEVICE ParentDevice),
        (ParentDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoInitSetEventCallbacks, PFN_WDFPDOINITSETEVENTCALLBACKS,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_PDO_EVENT_CALLBACKS DispatchTable),
        (DeviceInit, DispatchTable))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAssignDeviceID, PFN_WDFPDOINITASSIGNDEVICEID,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING DeviceID),
        (DeviceInit, DeviceID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAssignInstanceID, PFN_WDFPDOINITASSIGNINSTANCEID,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING InstanceID),
        (DeviceInit, InstanceID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAddHardwareID, PFN_WDFPDOINITADDHARDWAREID,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING HardwareID),
        (DeviceInit, HardwareID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAddCompatibleID, PFN_WDFPDOINITADDCOMPATIBLEID,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING CompatibleID),
        (DeviceInit, CompatibleID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAssignContainerID, PFN_WDFPDOINITASSIGNCONTAINERID,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING ContainerID),
        (DeviceInit, ContainerID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAddDeviceText, PFN_WDFPDOINITADDDEVICETEXT,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCUNICODE_STRING DeviceDescription,
         _In_ PCUNICODE_STRING DeviceLocation, _In_ LCID LocaleId),
        (DeviceInit, DeviceDescription, DeviceLocation, LocaleId))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoInitSetDefaultLocale, PFN_WDFPDOINITSETDEFAULTLOCALE,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ LCID LocaleId),
        (DeviceInit, LocaleId))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoInitAssignRawDevice, PFN_WDFPDOINITASSIGNRAWDEVICE,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ const GUID *DeviceClassGuid),
        (DeviceInit, DeviceClassGuid))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoInitAllowForwardingRequestToParent, PFN_WDFPDOINITALLOWFORWARDINGREQUESTTOPARENT,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoInitRemovePowerDependencyOnParent, PFN_WDFPDOINITREMOVEPOWERDEPENDENCYONPARENT,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoMarkMissing, PFN_WDFPDOMARKMISSING,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfPdoRequestEject, PFN_WDFPDOREQUESTEJECT,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfPdoGetParent, PFN_WDFPDOGETPARENT,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoRetrieveIdentificationDescription, PFN_WDFPDORETRIEVEIDENTIFICATIONDESCRIPTION,
        (_In_ WDFDEVICE Device,
         _Inout_ PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription),
        (Device, IdentificationDescription))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoRetrieveAddressDescription, PFN_WDFPDORETRIEVEADDRESSDESCRIPTION,
        (_In_ WDFDEVICE Device, _Inout_ PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription),
        (Device, AddressDescription))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoUpdateAddressDescription, PFN_WDFPDOUPDATEADDRESSDESCRIPTION,
        (_In_ WDFDEVICE Device, _Inout_ PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription),
        (Device, AddressDescription))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfPdoAddEjectionRelationsPhysicalDevice, PFN_WDFPDOADDEJECTIONRELATIONSPHYSICALDEVICE,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT PhysicalDevice),
        (Device, PhysicalDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoRemoveEjectionRelationsPhysicalDevice, PFN_WDFPDOREMOVEEJECTIONRELATIONSPHYSICALDEVICE,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT PhysicalDevice),
        (Device, PhysicalDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfPdoClearEjectionRelationsDevices, PFN_WDFPDOCLEAREJECTIONRELATIONSDEVICES,
        (_In_ WDFDEVICE Device),
        (Device))

WDF_EXTERN_C_END
