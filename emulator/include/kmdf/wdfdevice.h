/*
 * Devices: creation, PnP and power callbacks, power policy, interfaces, properties (chapters 2 and 3 of the KMDF
 * specification).
 */
#pragma once

/* With PLUGPLAY_REGKEY_DEVICE or PLUGPLAY_REGKEY_DRIVER: the subkey there that is named for the driver. */
#define WDF_REGKEY_DEVICE_SUBKEY 256
#define WDF_REGKEY_DRIVER_SUBKEY 256

WDF_EXTERN_C_START

#include "wdfdevicestate.h"
#include "wdfdevicetypes.h"

// Before creation: the fields of WDFDEVICE_INIT (2.3).
_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitFree, PFN_WDFDEVICEINITFREE,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPnpPowerEventCallbacks, PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS,
        (_In_ PWDFDEVICE_INIT DeviceInit,
         _In_ PWDF_PNPPOWER_EVENT_CALLBACKS PnpPowerEventCallbacks),
        (DeviceInit, PnpPowerEventCallbacks))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPowerPolicyEventCallbacks, PFN_WDFDEVICEINITSETPOWERPOLICYEVENTCALLBACKS,
        (_In_ PWDFDEVICE_INIT DeviceInit,
         _In_ PWDF_POWER_POLICY_EVENT_CALLBACKS PowerPolicyEventCallbacks),
        (DeviceInit, PowerPolicyEventCallbacks))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPowerPolicyOwnership, PFN_WDFDEVICEINITSETPOWERPOLICYOWNERSHIP,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ BOOLEAN IsPowerPolicyOwner),
        (DeviceInit, IsPowerPolicyOwner))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitRegisterPnpStateChangeCallback, PFN_WDFDEVICEINITREGISTERPNPSTATECHANGECALLBACK,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ WDF_DEVICE_PNP_STATE PnpState,
         _In_ PFN_WDF_DEVICE_PNP_STATE_CHANGE_NOTIFICATION EvtDevicePnpStateChange,
         _In_ ULONG CallbackTypes),
        (DeviceInit, PnpState, EvtDevicePnpStateChange, CallbackTypes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitRegisterPowerStateChangeCallback, PFN_WDFDEVICEINITREGISTERPOWERSTATECHANGECALLBACK,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ WDF_DEVICE_POWER_STATE PowerState,
         _In_ PFN_WDF_DEVICE_POWER_STATE_CHANGE_NOTIFICATION EvtDevicePowerStateChange,
         _In_ ULONG CallbackTypes),
        (DeviceInit, PowerState, EvtDevicePowerStateChange, CallbackTypes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitRegisterPowerPolicyStateChangeCallback,
        PFN_WDFDEVICEINITREGISTERPOWERPOLICYSTATECHANGECALLBACK,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ WDF_DEVICE_POWER_POLICY_STATE PowerPolicyState,
         _In_ PFN_WDF_DEVICE_POWER_POLICY_STATE_CHANGE_NOTIFICATION EvtDevicePowerPolicyStateChange,
         _In_ ULONG CallbackTypes),
        (DeviceInit, PowerPolicyState, EvtDevicePowerPolicyStateChange, CallbackTypes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetExclusive, PFN_WDFDEVICEINITSETEXCLUSIVE,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ BOOLEAN IsExclusive),
        (DeviceInit, IsExclusive))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetIoType, PFN_WDFDEVICEINITSETIOTYPE,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ WDF_DEVICE_IO_TYPE IoType),
        (DeviceInit, IoType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetIoTypeEx, PFN_WDFDEVICEINITSETIOTYPEEX,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_IO_TYPE_CONFIG IoTypeConfig),
        (DeviceInit, IoTypeConfig))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPowerNotPageable, PFN_WDFDEVICEINITSETPOWERNOTPAGEABLE,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPowerPageable, PFN_WDFDEVICEINITSETPOWERPAGEABLE,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetPowerInrush, PFN_WDFDEVICEINITSETPOWERINRUSH,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetDeviceType, PFN_WDFDEVICEINITSETDEVICETYPE,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ DEVICE_TYPE DeviceType),
        (DeviceInit, DeviceType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitAssignName, PFN_WDFDEVICEINITASSIGNNAME,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_opt_ PCUNICODE_STRING DeviceName),
        (DeviceInit, DeviceName))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitAssignSDDLString, PFN_WDFDEVICEINITASSIGNSDDLSTRING,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_opt_ PCUNICODE_STRING SDDLString),
        (DeviceInit, SDDLString))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetDeviceClass, PFN_WDFDEVICEINITSETDEVICECLASS,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ const GUID *DeviceClassGuid),
        (DeviceInit, DeviceClassGuid))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetCharacteristics, PFN_WDFDEVICEINITSETCHARACTERISTICS,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ ULONG DeviceCharacteristics,
         _In_ BOOLEAN OrInValues),
        (DeviceInit, DeviceCharacteristics, OrInValues))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetFileObjectConfig, PFN_WDFDEVICEINITSETFILEOBJECTCONFIG,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_FILEOBJECT_CONFIG FileObjectConfig,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES FileObjectAttributes),
        (DeviceInit, FileObjectConfig, FileObjectAttributes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetRequestAttributes, PFN_WDFDEVICEINITSETREQUESTATTRIBUTES,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_OBJECT_ATTRIBUTES RequestAttributes),
        (DeviceInit, RequestAttributes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceInitAssignWdmIrpPreprocessCallback, PFN_WDFDEVICEINITASSIGNWDMIRPPREPROCESSCALLBACK,
        (_In_ PWDFDEVICE_INIT DeviceInit,
         _In_ PFN_WDFDEVICE_WDM_IRP_PREPROCESS EvtDeviceWdmIrpPreprocess, _In_ UCHAR MajorFunction,
         _In_opt_ PUCHAR MinorFunctions, _In_ ULONG NumMinorFunctions),
        (DeviceInit, EvtDeviceWdmIrpPreprocess, MajorFunction, MinorFunctions, NumMinorFunctions))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetIoInCallerContextCallback, PFN_WDFDEVICEINITSETIOINCALLERCONTEXTCALLBACK,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PFN_WDF_IO_IN_CALLER_CONTEXT EvtIoInCallerContext),
        (DeviceInit, EvtIoInCallerContext))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetRemoveLockOptions, PFN_WDFDEVICEINITSETREMOVELOCKOPTIONS,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_REMOVE_LOCK_OPTIONS Options),
        (DeviceInit, Options))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitSetReleaseHardwareOrderOnFailure, PFN_WDFDEVICEINITSETRELEASEHARDWAREORDERONFAILURE,
        (_In_ PWDFDEVICE_INIT DeviceInit,
         _In_ WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE ReleaseHardwareOrderOnFailure),
        (DeviceInit, ReleaseHardwareOrderOnFailure))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceInitAllowSelfIoTarget, PFN_WDFDEVICEINITALLOWSELFIOTARGET,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

// Creation and dispatching (2.4, 2.8).
_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceCreate, PFN_WDFDEVICECREATE,
        (_Inout_ PWDFDEVICE_INIT *DeviceInit, _In_opt_ PWDF_OBJECT_ATTRIBUTES DeviceAttributes,
         _Out_ WDFDEVICE *Device),
        (DeviceInit, DeviceAttributes, Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceConfigureRequestDispatching, PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING,
        (_In_ WDFDEVICE Device, _In_ WDFQUEUE Queue, _In_ WDF_REQUEST_TYPE RequestType),
        (Device, Queue, RequestType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceConfigureWdmIrpDispatchCallback, PFN_WDFDEVICECONFIGUREWDMIRPDISPATCHCALLBACK,
        (_In_ WDFDEVICE Device, _In_opt_ WDFDRIVER Driver, _In_ UCHAR MajorFunction,
         _In_ PFN_WDFDEVICE_WDM_IRP_DISPATCH EvtDeviceWdmIrpDispatch,
         _In_opt_ WDFCONTEXT DriverContext),
        (Device, Driver, MajorFunction, EvtDeviceWdmIrpDispatch, DriverContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceWdmDispatchPreprocessedIrp, PFN_WDFDEVICEWDMDISPATCHPREPROCESSEDIRP,
        (_In_ WDFDEVICE Device, _In_ PIRP Irp),
        (Device, Irp))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceWdmDispatchIrp, PFN_WDFDEVICEWDMDISPATCHIRP,
        (_In_ WDFDEVICE Device, _In_ PIRP Irp, _In_ WDFCONTEXT DispatchContext),
        (Device, Irp, DispatchContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceWdmDispatchIrpToIoQueue, PFN_WDFDEVICEWDMDISPATCHIRPTOIOQUEUE,
        (_In_ WDFDEVICE Device, _In_ PIRP Irp, _In_ WDFQUEUE Queue, _In_ ULONG Flags),
        (Device, Irp, Queue, Flags))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceEnqueueRequest, PFN_WDFDEVICEENQUEUEREQUEST,
        (_In_ WDFDEVICE Device, _In_ WDFREQUEST Request),
        (Device, Request))

// Handles and what a device knows of itself.
_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfWdmDeviceGetWdfDeviceHandle, PFN_WDFWDMDEVICEGETWDFDEVICEHANDLE,
        (_In_ PDEVICE_OBJECT DeviceObject),
        (DeviceObject))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfDeviceWdmGetDeviceObject, PFN_WDFDEVICEWDMGETDEVICEOBJECT,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfDeviceWdmGetAttachedDevice, PFN_WDFDEVICEWDMGETATTACHEDDEVICE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfDeviceWdmGetPhysicalDevice, PFN_WDFDEVICEWDMGETPHYSICALDEVICE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFFILEOBJECT, WdfDeviceGetFileObject, PFN_WDFDEVICEGETFILEOBJECT,
        (_In_ WDFDEVICE Device, _In_ PFILE_OBJECT FileObject),
        (Device, FileObject))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(WDFDRIVER, WdfDeviceGetDriver, PFN_WDFDEVICEGETDRIVER,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFQUEUE, WdfDeviceGetDefaultQueue, PFN_WDFDEVICEGETDEFAULTQUEUE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFIOTARGET, WdfDeviceGetIoTarget, PFN_WDFDEVICEGETIOTARGET,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFIOTARGET, WdfDeviceGetSelfIoTarget, PFN_WDFDEVICEGETSELFIOTARGET,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfDeviceGetCharacteristics, PFN_WDFDEVICEGETCHARACTERISTICS,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetCharacteristics, PFN_WDFDEVICESETCHARACTERISTICS,
        (_In_ WDFDEVICE Device, _In_ ULONG DeviceCharacteristics),
        (Device, DeviceCharacteristics))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfDeviceGetAlignmentRequirement, PFN_WDFDEVICEGETALIGNMENTREQUIREMENT,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetAlignmentRequirement, PFN_WDFDEVICESETALIGNMENTREQUIREMENT,
        (_In_ WDFDEVICE Device, _In_ ULONG AlignmentRequirement),
        (Device, AlignmentRequirement))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDF_DEVICE_PNP_STATE, WdfDeviceGetDevicePnpState, PFN_WDFDEVICEGETDEVICEPNPSTATE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDF_DEVICE_POWER_STATE, WdfDeviceGetDevicePowerState, PFN_WDFDEVICEGETDEVICEPOWERSTATE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDF_DEVICE_POWER_POLICY_STATE, WdfDeviceGetDevicePowerPolicyState, PFN_WDFDEVICEGETDEVICEPOWERPOLICYSTATE,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(POWER_ACTION, WdfDeviceGetSystemPowerAction, PFN_WDFDEVICEGETSYSTEMPOWERACTION,
        (_In_ WDFDEVICE Device),
        (Device))

// PnP state, capabilities and relations.
_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceGetDeviceState, PFN_WDFDEVICEGETDEVICESTATE,
        (_In_ WDFDEVICE Device, _Out_ PWDF_DEVICE_STATE DeviceState),
        (Device, DeviceState))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetDeviceState, PFN_WDFDEVICESETDEVICESTATE,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_STATE DeviceState),
        (Device, DeviceState))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetStaticStopRemove, PFN_WDFDEVICESETSTATICSTOPREMOVE,
        (_In_ WDFDEVICE Device, _In_ BOOLEAN Stoppable),
        (Device, Stoppable))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetFailed, PFN_WDFDEVICESETFAILED,
        (_In_ WDFDEVICE Device, _In_ WDF_DEVICE_FAILED_ACTION FailedAction),
        (Device, FailedAction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetPnpCapabilities, PFN_WDFDEVICESETPNPCAPABILITIES,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_PNP_CAPABILITIES PnpCapabilities),
        (Device, PnpCapabilities))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetPowerCapabilities, PFN_WDFDEVICESETPOWERCAPABILITIES,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_POWER_CAPABILITIES PowerCapabilities),
        (Device, PowerCapabilities))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetBusInformationForChildren, PFN_WDFDEVICESETBUSINFORMATIONFORCHILDREN,
        (_In_ WDFDEVICE Device, _In_ PPNP_BUS_INFORMATION BusInformation),
        (Device, BusInformation))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceSetSpecialFileSupport, PFN_WDFDEVICESETSPECIALFILESUPPORT,
        (_In_ WDFDEVICE Device, _In_ WDF_SPECIAL_FILE_TYPE FileType,
         _In_ BOOLEAN FileTypeIsSupported),
        (Device, FileType, FileTypeIsSupported))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAddDependentUsageDeviceObject, PFN_WDFDEVICEADDDEPENDENTUSAGEDEVICEOBJECT,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT DependentDevice),
        (Device, DependentDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceRemoveDependentUsageDeviceObject, PFN_WDFDEVICEREMOVEDEPENDENTUSAGEDEVICEOBJECT,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT DependentDevice),
        (Device, DependentDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAddRemovalRelationsPhysicalDevice, PFN_WDFDEVICEADDREMOVALRELATIONSPHYSICALDEVICE,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT PhysicalDevice),
        (Device, PhysicalDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceRemoveRemovalRelationsPhysicalDevice, PFN_WDFDEVICEREMOVEREMOVALRELATIONSPHYSICALDEVICE,
        (_In_ WDFDEVICE Device, _In_ PDEVICE_OBJECT PhysicalDevice),
        (Device, PhysicalDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceClearRemovalRelationsDevices, PFN_WDFDEVICECLEARREMOVALRELATIONSDEVICES,
        (_In_ WDFDEVICE Device),
        (Device))

// Power policy (3.10, 3.11).
_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAssignS0IdleSettings, PFN_WDFDEVICEASSIGNS0IDLESETTINGS,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_POWER_POLICY_IDLE_SETTINGS Settings),
        (Device, Settings))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAssignSxWakeSettings, PFN_WDFDEVICEASSIGNSXWAKESETTINGS,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_POWER_POLICY_WAKE_SETTINGS Settings),
        (Device, Settings))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceWdmAssignPowerFrameworkSettings, PFN_WDFDEVICEWDMASSIGNPOWERFRAMEWORKSETTINGS,
        (_In_ WDFDEVICE Device, _In_ PWDF_POWER_FRAMEWORK_SETTINGS PowerFrameworkSettings),
        (Device, PowerFrameworkSettings))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceIndicateWakeStatus, PFN_WDFDEVICEINDICATEWAKESTATUS,
        (_In_ WDFDEVICE Device, _In_ NTSTATUS WaitWakeStatus),
        (Device, WaitWakeStatus))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceStopIdleNoTrack, PFN_WDFDEVICESTOPIDLENOTRACK,
        (_In_ WDFDEVICE Device, _In_ BOOLEAN WaitForD0),
        (Device, WaitForD0))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceResumeIdleNoTrack, PFN_WDFDEVICERESUMEIDLENOTRACK,
        (_In_ WDFDEVICE Device),
        (Device))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceStopIdleActual, PFN_WDFDEVICESTOPIDLEACTUAL,
        (_In_ WDFDEVICE Device, _In_ BOOLEAN WaitForD0, _In_opt_ PVOID Tag, _In_ LONG Line,
         _In_ PCSTR File),
        (Device, WaitForD0, Tag, Line, File))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDeviceResumeIdleActual, PFN_WDFDEVICERESUMEIDLEACTUAL,
        (_In_ WDFDEVICE Device, _In_opt_ PVOID Tag, _In_ LONG Line, _In_ PCSTR File),
        (Device, Tag, Line, File))

// STATUS_PENDING, a success code, means: reference taken, device not in D0 yet (K-PNP-83).
#define WdfDeviceStopIdle(Device, WaitForD0) WdfDeviceStopIdleWithTag(Device, WaitForD0, NULL)
#define WdfDeviceStopIdleWithTag(Device, WaitForD0, Tag) \
    WdfDeviceStopIdleActual(Device, WaitForD0, Tag, __LINE__, __FILE__)
#define WdfDeviceResumeIdle(Device) WdfDeviceResumeIdleWithTag(Device, NULL)
#define WdfDeviceResumeIdleWithTag(Device, Tag) WdfDeviceResumeIdleActual(Device, Tag, __LINE__, __FILE__)

// Names, interfaces, properties, registry (2.5, 2.6).
_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceCreateSymbolicLink, PFN_WDFDEVICECREATESYMBOLICLINK,
        (_In_ WDFDEVICE Device, _In_ PCUNICODE_STRING SymbolicLinkName),
        (Device, SymbolicLinkName))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceRetrieveDeviceName, PFN_WDFDEVICERETRIEVEDEVICENAME,
        (_In_ WDFDEVICE Device, _In_ WDFSTRING String),
        (Device, String))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAssignMofResourceName, PFN_WDFDEVICEASSIGNMOFRESOURCENAME,
        (_In_ WDFDEVICE Device, _In_ PCUNICODE_STRING MofResourceName),
        (Device, MofResourceName))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceCreateDeviceInterface, PFN_WDFDEVICECREATEDEVICEINTERFACE,
        (_In_ WDFDEVICE Device, _In_ const GUID *InterfaceClassGUID,
         _In_opt_ PCUNICODE_STRING ReferenceString),
        (Device, InterfaceClassGUID, ReferenceString))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceSetDeviceInterfaceState, PFN_WDFDEVICESETDEVICEINTERFACESTATE,
        (_In_ WDFDEVICE Device, _In_ const GUID *InterfaceClassGUID,
         _In_opt_ PCUNICODE_STRING ReferenceString, _In_ BOOLEAN IsInterfaceEnabled),
        (Device, InterfaceClassGUID, ReferenceString, IsInterfaceEnabled))
#if KMDF_VERSION_MINOR >= 33

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDeviceSetDeviceInterfaceStateEx, PFN_WDFDEVICESETDEVICEINTERFACESTATEEX,
        (_In_ WDFDEVICE Device, _In_ const GUID *InterfaceClassGUID,
         _In_opt_ PCUNICODE_STRING ReferenceString, _In_ BOOLEAN IsInterfaceEnabled),
        (Device, InterfaceClassGUID, ReferenceString, IsInterfaceEnabled))
#endif

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceRetrieveDeviceInterfaceString, PFN_WDFDEVICERETRIEVEDEVICEINTERFACESTRING,
        (_In_ WDFDEVICE Device, _In_ const GUID *InterfaceClassGUID,
         _In_opt_ PCUNICODE_STRING ReferenceString, _In_ WDFSTRING String),
        (Device, InterfaceClassGUID, ReferenceString, String))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceQueryProperty, PFN_WDFDEVICEQUERYPROPERTY,
        (_In_ WDFDEVICE Device, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ ULONG BufferLength, _Out_opt_ PVOID PropertyBuffer, _Out_ PULONG ResultLength),
        (Device, DeviceProperty, BufferLength, PropertyBuffer, ResultLength))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAllocAndQueryProperty, PFN_WDFDEVICEALLOCANDQUERYPROPERTY,
        (_In_ WDFDEVICE Device, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes,
         _Out_ WDFMEMORY *PropertyMemory),
        (Device, DeviceProperty, PoolType, PropertyMemoryAttributes, PropertyMemory))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceQueryPropertyEx, PFN_WDFDEVICEQUERYPROPERTYEX,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
         _In_ ULONG BufferLength, _Out_opt_ PVOID PropertyBuffer, _Out_ PULONG RequiredSize,
         _Out_ PDEVPROPTYPE Type),
        (Device, DeviceProperty, BufferLength, PropertyBuffer, RequiredSize, Type))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAllocAndQueryPropertyEx, PFN_WDFDEVICEALLOCANDQUERYPROPERTYEX,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes,
         _Out_ WDFMEMORY *PropertyMemory, _Out_ PDEVPROPTYPE Type),
        (Device, DeviceProperty, PoolType, PropertyMemoryAttributes, PropertyMemory, Type))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceAssignProperty, PFN_WDFDEVICEASSIGNPROPERTY,
        (_In_ WDFDEVICE Device, _In_ PWDF_DEVICE_PROPERTY_DATA PropertyData, _In_ DEVPROPTYPE Type,
         _In_ ULONG BufferLength, _In_opt_ PVOID PropertyBuffer),
        (Device, PropertyData, Type, BufferLength, PropertyBuffer))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceOpenRegistryKey, PFN_WDFDEVICEOPENREGISTRYKEY,
        (_In_ WDFDEVICE Device, _In_ ULONG DeviceInstanceKeyType, _In_ ACCESS_MASK DesiredAccess,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (Device, DeviceInstanceKeyType, DesiredAccess, KeyAttributes, Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceOpenDevicemapKey, PFN_WDFDEVICEOPENDEVICEMAPKEY,
        (_In_ WDFDEVICE Device, _In_ PCUNICODE_STRING KeyName, _In_ ACCESS_MASK DesiredAccess,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (Device, KeyName, DesiredAccess, KeyAttributes, Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceRetrieveCompanionTarget, PFN_WDFDEVICERETRIEVECOMPANIONTARGET,
        (_In_ WDFDEVICE Device, _Out_ WDFCOMPANIONTARGET *CompanionTarget),
        (Device, CompanionTarget))

WDF_EXTERN_C_END
