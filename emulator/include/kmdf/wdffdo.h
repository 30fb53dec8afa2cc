/*
 * Function and filter devices: queries on the device below, static children.
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS(_In_ WDFDEVICE Device,
    _In_ WDFIORESREQLIST IoResourceRequirementsList);
typedef EVT_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS *PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS;

typedef _Function_class_(EVT_WDF_DEVICE_REMOVE_ADDED_RESOURCES)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DEVICE_REMOVE_ADDED_RESOURCES(_In_ WDFDEVICE Device,
    _In_ WDFCMRESLIST ResourcesRaw, _In_ WDFCMRESLIST ResourcesTranslated);
typedef EVT_WDF_DEVICE_REMOVE_ADDED_RESOURCES *PFN_WDF_DEVICE_REMOVE_ADDED_RESOURCES;

typedef struct _WDF_FDO_EVENT_CALLBACKS {
    ULONG Size;
    PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS EvtDeviceFilterAddResourceRequirements;
    PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS EvtDeviceFilterRemoveResourceRequirements;
    PFN_WDF_DEVICE_REMOVE_ADDED_RESOURCES EvtDeviceRemoveAddedResources;
} WDF_FDO_EVENT_CALLBACKS, *PWDF_FDO_EVENT_CALLBACKS;

WDF_INLINE VOID WDF_FDO_EVENT_CALLBACKS_INIT(_Out_ PWDF_FDO_EVENT_CALLBACKS Callbacks)
{
    RtlZeroMemory(Callbacks, sizeof(*Callbacks));
    Callbacks->Size = sizeof(*Callbacks);
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfFdoInitWdmGetPhysicalDevice, PFN_WDFFDOINITWDMGETPHYSICALDEVICE,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoInitOpenRegistryKey, PFN_WDFFDOINITOPENREGISTRYKEY,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ ULONG DeviceInstanceKeyType,
         _In_ ACCESS_MASK DesiredAccess, _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes,
         _Out_ WDFKEY *Key),
        (DeviceInit, DeviceInstanceKeyType, DesiredAccess, KeyAttributes, Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoInitQueryProperty, PFN_WDFFDOINITQUERYPROPERTY,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ ULONG BufferLength, _Out_opt_ PVOID PropertyBuffer, _Out_ PULONG ResultLength),
        (DeviceInit, DeviceProperty, BufferLength, PropertyBuffer, ResultLength))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoInitAllocAndQueryProperty, PFN_WDFFDOINITALLOCANDQUERYPROPERTY,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes,
         _Out_ WDFMEMORY *PropertyMemory),
        (DeviceInit, DeviceProperty, PoolType, PropertyMemoryAttributes, PropertyMemory))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoInitQueryPropertyEx, PFN_WDFFDOINITQUERYPROPERTYEX,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
         _In_ ULONG BufferLength, _Out_opt_ PVOID PropertyBuffer, _Out_ PULONG ResultLength,
         _Out_ PDEVPROPTYPE Type),
        (DeviceInit, DeviceProperty, BufferLength, PropertyBuffer, ResultLength, Type))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoInitAllocAndQueryPropertyEx, PFN_WDFFDOINITALLOCANDQUERYPROPERTYEX,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes,
         _Out_ WDFMEMORY *PropertyMemory, _Out_ PDEVPROPTYPE Type),
        (DeviceInit, DeviceProperty, PoolType, PropertyMemoryAttributes, PropertyMemory, Type))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfFdoInitSetEventCallbacks, PFN_WDFFDOINITSETEVENTCALLBACKS,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_FDO_EVENT_CALLBACKS FdoEventCallbacks),
        (DeviceInit, FdoEventCallbacks))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfFdoInitSetFilter, PFN_WDFFDOINITSETFILTER,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfFdoInitSetDefaultChildListConfig, PFN_WDFFDOINITSETDEFAULTCHILDLISTCONFIG,
        (_Inout_ PWDFDEVICE_INIT DeviceInit, _Inout_ PWDF_CHILD_LIST_CONFIG Config,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES DefaultDeviceListAttributes),
        (DeviceInit, Config, DefaultDeviceListAttributes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoQueryForInterface, PFN_WDFFDOQUERYFORINTERFACE,
        (_In_ WDFDEVICE Fdo, _In_ LPCGUID InterfaceType, _Out_ PINTERFACE Interface,
         _In_ USHORT Size, _In_ USHORT Version, _In_opt_ PVOID InterfaceSpecificData),
        (Fdo, InterfaceType, Interface, Size, Version, InterfaceSpecificData))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFCHILDLIST, WdfFdoGetDefaultChildList, PFN_WDFFDOGETDEFAULTCHILDLIST,
        (_In_ WDFDEVICE Fdo),
        (Fdo))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfFdoAddStaticChild, PFN_WDFFDOADDSTATICCHILD,
        (_In_ WDFDEVICE Fdo, _In_ WDFDEVICE Child),
        (Fdo, Child))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfFdoLockStaticChildListForIteration, PFN_WDFFDOLOCKSTATICCHILDLISTFORITERATION,
        (_In_ WDFDEVICE Fdo),
        (Fdo))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfFdoRetrieveNextStaticChild, PFN_WDFFDORETRIEVENEXTSTATICCHILD,
        (_In_ WDFDEVICE Fdo, _In_opt_ WDFDEVICE PreviousChild, _In_ ULONG Flags),
        (Fdo, PreviousChild, Flags))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfFdoUnlockStaticChildListFromIteration, PFN_WDFFDOUNLOCKSTATICCHILDLISTFROMITERATION,
        (_In_ WDFDEVICE Fdo),
        (Fdo))

WDF_EXTERN_C_END
