/*
 * The driver object (K-DRV-1 to K-DRV-10).
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_DRIVER_DEVICE_ADD)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_DRIVER_DEVICE_ADD(_In_ WDFDRIVER Driver, _Inout_ PWDFDEVICE_INIT DeviceInit);
typedef EVT_WDF_DRIVER_DEVICE_ADD *PFN_WDF_DRIVER_DEVICE_ADD;

typedef _Function_class_(EVT_WDF_DRIVER_UNLOAD)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_DRIVER_UNLOAD(_In_ WDFDRIVER Driver);
typedef EVT_WDF_DRIVER_UNLOAD *PFN_WDF_DRIVER_UNLOAD;

typedef _Function_class_(EVT_WDF_TRACE_CALLBACK)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_TRACE_CALLBACK(_In_ UCHAR MinorFunction, _In_ PVOID DataPath, _In_ ULONG BufferLength,
    _Inout_ PVOID Buffer, _In_ PVOID Context, _Out_ PULONG Size);
typedef EVT_WDF_TRACE_CALLBACK *PFN_WDF_TRACE_CALLBACK;

typedef enum _WDF_DRIVER_INIT_FLAGS {
    WdfDriverInitNonPnpDriver = 0x00000001,
    WdfDriverInitNoDispatchOverride = 0x00000002,
    WdfVerifyOn = 0x00000004,
    WdfVerifierOn = 0x00000008,
    WdfDriverInitCompanion = 0x00000010,
} WDF_DRIVER_INIT_FLAGS, *PWDF_DRIVER_INIT_FLAGS;

typedef struct _WDF_DRIVER_CONFIG {
    ULONG Size;
    PFN_WDF_DRIVER_DEVICE_ADD EvtDriverDeviceAdd;
    PFN_WDF_DRIVER_UNLOAD EvtDriverUnload;
    ULONG DriverInitFlags;
    ULONG DriverPoolTag;    // 0: derived from the service name (K-DRV-6)
} WDF_DRIVER_CONFIG, *PWDF_DRIVER_CONFIG;

WDF_INLINE VOID WDF_DRIVER_CONFIG_INIT(_Out_ PWDF_DRIVER_CONFIG Config,
                                       _In_opt_ PFN_WDF_DRIVER_DEVICE_ADD EvtDriverDeviceAdd)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtDriverDeviceAdd = EvtDriverDeviceAdd;
}

typedef struct _WDF_DRIVER_VERSION_AVAILABLE_PARAMS {
    ULONG Size;
    ULONG MajorVersion;
    ULONG MinorVersion;
} WDF_DRIVER_VERSION_AVAILABLE_PARAMS, *PWDF_DRIVER_VERSION_AVAILABLE_PARAMS;

WDF_INLINE VOID WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(_Out_ PWDF_DRIVER_VERSION_AVAILABLE_PARAMS Params,
                                                         _In_ ULONG MajorVersion, _In_ ULONG MinorVersion)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->MajorVersion = MajorVersion;
    Params->MinorVersion = MinorVersion;
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverCreate, PFN_WDFDRIVERCREATE,
        (_In_ PDRIVER_OBJECT DriverObject, _In_ PCUNICODE_STRING RegistryPath,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES DriverAttributes, _In_ PWDF_DRIVER_CONFIG DriverConfig,
         _Out_opt_ WDFDRIVER *Driver),
        (DriverObject, RegistryPath, DriverAttributes, DriverConfig, Driver))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PWSTR, WdfDriverGetRegistryPath, PFN_WDFDRIVERGETREGISTRYPATH,
        (_In_ WDFDRIVER Driver),
        (Driver))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PDRIVER_OBJECT, WdfDriverWdmGetDriverObject, PFN_WDFDRIVERWDMGETDRIVEROBJECT,
        (_In_ WDFDRIVER Driver),
        (Driver))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverOpenParametersRegistryKey, PFN_WDFDRIVEROPENPARAMETERSREGISTRYKEY,
        (_In_ WDFDRIVER Driver, _In_ ACCESS_MASK DesiredAccess,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (Driver, DesiredAccess, KeyAttributes, Key))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDRIVER, WdfWdmDriverGetWdfDriverHandle, PFN_WDFWDMDRIVERGETWDFDRIVERHANDLE,
        (_In_ PDRIVER_OBJECT DriverObject),
        (DriverObject))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverRegisterTraceInfo, PFN_WDFDRIVERREGISTERTRACEINFO,
        (_In_ PDRIVER_OBJECT DriverObject, _In_ PFN_WDF_TRACE_CALLBACK EvtTraceCallback,
         _In_ PVOID ControlBlock),
        (DriverObject, EvtTraceCallback, ControlBlock))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverRetrieveVersionString, PFN_WDFDRIVERRETRIEVEVERSIONSTRING,
        (_In_ WDFDRIVER Driver, _In_ WDFSTRING String),
        (Driver, String))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfDriverIsVersionAvailable, PFN_WDFDRIVERISVERSIONAVAILABLE,
        (_In_ WDFDRIVER Driver, _In_ PWDF_DRIVER_VERSION_AVAILABLE_PARAMS VersionAvailableParams),
        (Driver, VersionAvailableParams))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverErrorReportApiMissing, PFN_WDFDRIVERERRORREPORTAPIMISSING,
        (_In_ WDFDRIVER Driver, _In_opt_ PCWSTR FrameworkExtensionName, _In_ ULONG ApiIndex,
         _In_ BOOLEAN DoesApiReturnNtstatus),
        (Driver, FrameworkExtensionName, ApiIndex, DoesApiReturnNtstatus))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDriverOpenPersistentStateRegistryKey, PFN_WDFDRIVEROPENPERSISTENTSTATEREGISTRYKEY,
        (_In_ WDFDRIVER Driver, _In_ ACCESS_MASK DesiredAccess,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (Driver, DesiredAccess, KeyAttributes, Key))

WDF_EXTERN_C_END
