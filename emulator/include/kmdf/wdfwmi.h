/*
 * WMI providers and their instances (K-WMI-1, K-WMI-2).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_WMI_PROVIDER_CONTROL {
    WdfWmiControlInvalid = 0,
    WdfWmiEventControl,
    WdfWmiInstanceControl,
} WDF_WMI_PROVIDER_CONTROL, *PWDF_WMI_PROVIDER_CONTROL;

typedef enum _WDF_WMI_PROVIDER_FLAGS {
    WdfWmiProviderEventOnly = 0x0001,
    WdfWmiProviderExpensive = 0x0002,
    WdfWmiProviderReadOnly = 0x0004,
    WdfWmiProviderTracing = 0x0008,
    WdfWmiProviderValidFlags = WdfWmiProviderEventOnly | WdfWmiProviderExpensive | WdfWmiProviderReadOnly |
                               WdfWmiProviderTracing,
} WDF_WMI_PROVIDER_FLAGS, *PWDF_WMI_PROVIDER_FLAGS;

typedef _Function_class_(EVT_WDF_WMI_PROVIDER_FUNCTION_CONTROL)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_WMI_PROVIDER_FUNCTION_CONTROL(_In_ WDFWMIPROVIDER WmiProvider,
    _In_ WDF_WMI_PROVIDER_CONTROL Control, _In_ BOOLEAN Enable);
typedef EVT_WDF_WMI_PROVIDER_FUNCTION_CONTROL *PFN_WDF_WMI_PROVIDER_FUNCTION_CONTROL;

typedef _Function_class_(EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE(_In_ WDFWMIINSTANCE WmiInstance,
    _In_ ULONG OutBufferSize, _Out_ PVOID OutBuffer, _Out_ PULONG BufferUsed);
typedef EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE *PFN_WDF_WMI_INSTANCE_QUERY_INSTANCE;

typedef _Function_class_(EVT_WDF_WMI_INSTANCE_SET_INSTANCE)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_WMI_INSTANCE_SET_INSTANCE(_In_ WDFWMIINSTANCE WmiInstance, _In_ ULONG InBufferSize,
    _In_ PVOID InBuffer);
typedef EVT_WDF_WMI_INSTANCE_SET_INSTANCE *PFN_WDF_WMI_INSTANCE_SET_INSTANCE;

typedef _Function_class_(EVT_WDF_WMI_INSTANCE_SET_ITEM)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_WMI_INSTANCE_SET_ITEM(_In_ WDFWMIINSTANCE WmiInstance, _In_ ULONG DataItemId,
    _In_ ULONG InBufferSize, _In_ PVOID InBuffer);
typedef EVT_WDF_WMI_INSTANCE_SET_ITEM *PFN_WDF_WMI_INSTANCE_SET_ITEM;

typedef _Function_class_(EVT_WDF_WMI_INSTANCE_EXECUTE_METHOD)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_WMI_INSTANCE_EXECUTE_METHOD(_In_ WDFWMIINSTANCE WmiInstance, _In_ ULONG MethodId,
    _In_ ULONG InBufferSize, _In_ ULONG OutBufferSize, _Inout_ PVOID Buffer,
    _Out_ PULONG BufferUsed);
typedef EVT_WDF_WMI_INSTANCE_EXECUTE_METHOD *PFN_WDF_WMI_INSTANCE_EXECUTE_METHOD;

typedef struct _WDF_WMI_PROVIDER_CONFIG {
    ULONG Size;
    GUID Guid;
    ULONG Flags;
    ULONG MinInstanceBufferSize;
    PFN_WDF_WMI_PROVIDER_FUNCTION_CONTROL EvtWmiProviderFunctionControl;
} WDF_WMI_PROVIDER_CONFIG, *PWDF_WMI_PROVIDER_CONFIG;

WDF_INLINE VOID WDF_WMI_PROVIDER_CONFIG_INIT(_Out_ PWDF_WMI_PROVIDER_CONFIG Config, _In_ const GUID *Guid)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->Guid = *Guid;
}

typedef struct _WDF_WMI_INSTANCE_CONFIG {
    ULONG Size;
    WDFWMIPROVIDER Provider;                    // exactly one of Provider and ProviderConfig
    PWDF_WMI_PROVIDER_CONFIG ProviderConfig;
    BOOLEAN UseContextForQuery;
    BOOLEAN Register;
    PFN_WDF_WMI_INSTANCE_QUERY_INSTANCE EvtWmiInstanceQueryInstance;
    PFN_WDF_WMI_INSTANCE_SET_INSTANCE EvtWmiInstanceSetInstance;
    PFN_WDF_WMI_INSTANCE_SET_ITEM EvtWmiInstanceSetItem;
    PFN_WDF_WMI_INSTANCE_EXECUTE_METHOD EvtWmiInstanceExecuteMethod;
} WDF_WMI_INSTANCE_CONFIG, *PWDF_WMI_INSTANCE_CONFIG;

WDF_INLINE VOID WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER(_Out_ PWDF_WMI_INSTANCE_CONFIG Config,
                                                      _In_ WDFWMIPROVIDER Provider)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->Provider = Provider;
}

WDF_INLINE VOID WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(_Out_ PWDF_WMI_INSTANCE_CONFIG Config,
                                                             _In_ PWDF_WMI_PROVIDER_CONFIG ProviderConfig)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->ProviderConfig = ProviderConfig;
}

WDF_INLINE PVOID WDF_WMI_BUFFER_ADVANCE(_In_ PVOID Buffer, _In_ size_t Bytes)
{
    return (PUCHAR)Buffer + Bytes;
}

// Appends a counted string: a USHORT length, then its characters. RequiredSize is set on every return.
WDF_INLINE NTSTATUS WDF_WMI_BUFFER_APPEND_STRING(_Out_ PVOID Buffer, _In_ ULONG BufferLength,
                                                 _In_ PCUNICODE_STRING String, _Out_ PULONG RequiredSize)
{
    *RequiredSize = (ULONG)sizeof(USHORT) + String->Length;
    if (BufferLength < *RequiredSize) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(Buffer, &String->Length, sizeof(USHORT));
    RtlCopyMemory(WDF_WMI_BUFFER_ADVANCE(Buffer, sizeof(USHORT)), String->Buffer, String->Length);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfWmiProviderCreate, PFN_WDFWMIPROVIDERCREATE,
        (_In_ WDFDEVICE Device, _In_ PWDF_WMI_PROVIDER_CONFIG WmiProviderConfig,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES ProviderAttributes, _Out_ WDFWMIPROVIDER *WmiProvider),
        (Device, WmiProviderConfig, ProviderAttributes, WmiProvider))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfWmiProviderGetDevice, PFN_WDFWMIPROVIDERGETDEVICE,
        (_In_ WDFWMIPROVIDER WmiProvider),
        (WmiProvider))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfWmiProviderIsEnabled, PFN_WDFWMIPROVIDERISENABLED,
        (_In_ WDFWMIPROVIDER WmiProvider, _In_ WDF_WMI_PROVIDER_CONTROL ProviderControl),
        (WmiProvider, ProviderControl))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONGLONG, WdfWmiProviderGetTracingHandle, PFN_WDFWMIPROVIDERGETTRACINGHANDLE,
        (_In_ WDFWMIPROVIDER WmiProvider),
        (WmiProvider))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfWmiInstanceCreate, PFN_WDFWMIINSTANCECREATE,
        (_In_ WDFDEVICE Device, _In_ PWDF_WMI_INSTANCE_CONFIG InstanceConfig,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES InstanceAttributes, _Out_opt_ WDFWMIINSTANCE *Instance),
        (Device, InstanceConfig, InstanceAttributes, Instance))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfWmiInstanceRegister, PFN_WDFWMIINSTANCEREGISTER,
        (_In_ WDFWMIINSTANCE WmiInstance),
        (WmiInstance))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfWmiInstanceDeregister, PFN_WDFWMIINSTANCEDEREGISTER,
        (_In_ WDFWMIINSTANCE WmiInstance),
        (WmiInstance))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfWmiInstanceGetDevice, PFN_WDFWMIINSTANCEGETDEVICE,
        (_In_ WDFWMIINSTANCE WmiInstance),
        (WmiInstance))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFWMIPROVIDER, WdfWmiInstanceGetProvider, PFN_WDFWMIINSTANCEGETPROVIDER,
        (_In_ WDFWMIINSTANCE WmiInstance),
        (WmiInstance))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfWmiInstanceFireEvent, PFN_WDFWMIINSTANCEFIREEVENT,
        (_In_ WDFWMIINSTANCE WmiInstance, _In_opt_ ULONG EventDataSize, _In_opt_ PVOID EventData),
        (WmiInstance, EventDataSize, EventData))

WDF_EXTERN_C_END
