/*
 * Registry keys (7.5).
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryOpenKey, PFN_WDFREGISTRYOPENKEY,
        (_In_opt_ WDFKEY ParentKey, _In_ PCUNICODE_STRING KeyName, _In_ ACCESS_MASK DesiredAccess,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (ParentKey, KeyName, DesiredAccess, KeyAttributes, Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryCreateKey, PFN_WDFREGISTRYCREATEKEY,
        (_In_opt_ WDFKEY ParentKey, _In_ PCUNICODE_STRING KeyName, _In_ ACCESS_MASK DesiredAccess,
         _In_ ULONG CreateOptions, _Out_opt_ PULONG CreateDisposition,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES KeyAttributes, _Out_ WDFKEY *Key),
        (ParentKey, KeyName, DesiredAccess, CreateOptions, CreateDisposition, KeyAttributes, Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfRegistryClose, PFN_WDFREGISTRYCLOSE,
        (_In_ WDFKEY Key),
        (Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(HANDLE, WdfRegistryWdmGetHandle, PFN_WDFREGISTRYWDMGETHANDLE,
        (_In_ WDFKEY Key),
        (Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryRemoveKey, PFN_WDFREGISTRYREMOVEKEY,
        (_In_ WDFKEY Key),
        (Key))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryRemoveValue, PFN_WDFREGISTRYREMOVEVALUE,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName),
        (Key, ValueName))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryValue, PFN_WDFREGISTRYQUERYVALUE,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ ULONG ValueLength,
         _Out_opt_ PVOID Value, _Out_opt_ PULONG ValueLengthQueried, _Out_opt_ PULONG ValueType),
        (Key, ValueName, ValueLength, Value, ValueLengthQueried, ValueType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryMemory, PFN_WDFREGISTRYQUERYMEMORY,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ POOL_TYPE PoolType,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES MemoryAttributes, _Out_ WDFMEMORY *Memory,
         _Out_opt_ PULONG ValueType),
        (Key, ValueName, PoolType, MemoryAttributes, Memory, ValueType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryMultiString, PFN_WDFREGISTRYQUERYMULTISTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES StringsAttributes, _In_ WDFCOLLECTION Collection),
        (Key, ValueName, StringsAttributes, Collection))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryUnicodeString, PFN_WDFREGISTRYQUERYUNICODESTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _Out_opt_ PUSHORT ValueByteLength,
         _Inout_ PUNICODE_STRING Value),
        (Key, ValueName, ValueByteLength, Value))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryString, PFN_WDFREGISTRYQUERYSTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ WDFSTRING String),
        (Key, ValueName, String))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryQueryULong, PFN_WDFREGISTRYQUERYULONG,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _Out_ PULONG Value),
        (Key, ValueName, Value))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignValue, PFN_WDFREGISTRYASSIGNVALUE,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ ULONG ValueType,
         _In_ ULONG ValueLength, _In_ PVOID Value),
        (Key, ValueName, ValueType, ValueLength, Value))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignMemory, PFN_WDFREGISTRYASSIGNMEMORY,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ ULONG ValueType,
         _In_ WDFMEMORY Memory, _In_opt_ PWDFMEMORY_OFFSET MemoryOffsets),
        (Key, ValueName, ValueType, Memory, MemoryOffsets))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignMultiString, PFN_WDFREGISTRYASSIGNMULTISTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ WDFCOLLECTION StringsCollection),
        (Key, ValueName, StringsCollection))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignUnicodeString, PFN_WDFREGISTRYASSIGNUNICODESTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ PCUNICODE_STRING Value),
        (Key, ValueName, Value))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignString, PFN_WDFREGISTRYASSIGNSTRING,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ WDFSTRING String),
        (Key, ValueName, String))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRegistryAssignULong, PFN_WDFREGISTRYASSIGNULONG,
        (_In_ WDFKEY Key, _In_ PCUNICODE_STRING ValueName, _In_ ULONG Value),
        (Key, ValueName, Value))

WDF_EXTERN_C_END
