/*
 * Common buffers: memory that driver and device share (K-DMA-9).
 */
#pragma once

WDF_EXTERN_C_START

typedef struct _WDF_COMMON_BUFFER_CONFIG {
    ULONG Size;
    ULONG AlignmentRequirement;     // bytes minus one, as FILE_xxx_ALIGNMENT
} WDF_COMMON_BUFFER_CONFIG, *PWDF_COMMON_BUFFER_CONFIG;

WDF_INLINE VOID WDF_COMMON_BUFFER_CONFIG_INIT(_Out_ PWDF_COMMON_BUFFER_CONFIG Config, _In_ ULONG AlignmentRequirement)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->AlignmentRequirement = AlignmentRequirement;
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCommonBufferCreate, PFN_WDFCOMMONBUFFERCREATE,
        (_In_ WDFDMAENABLER DmaEnabler, _In_ size_t Length,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFCOMMONBUFFER *CommonBuffer),
        (DmaEnabler, Length, Attributes, CommonBuffer))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCommonBufferCreateWithConfig, PFN_WDFCOMMONBUFFERCREATEWITHCONFIG,
        (_In_ WDFDMAENABLER DmaEnabler, _In_ size_t Length, _In_ PWDF_COMMON_BUFFER_CONFIG Config,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFCOMMONBUFFER *CommonBuffer),
        (DmaEnabler, Length, Config, Attributes, CommonBuffer))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PVOID, WdfCommonBufferGetAlignedVirtualAddress, PFN_WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS,
        (_In_ WDFCOMMONBUFFER CommonBuffer),
        (CommonBuffer))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PHYSICAL_ADDRESS, WdfCommonBufferGetAlignedLogicalAddress, PFN_WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS,
        (_In_ WDFCOMMONBUFFER CommonBuffer),
        (CommonBuffer))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(size_t, WdfCommonBufferGetLength, PFN_WDFCOMMONBUFFERGETLENGTH,
        (_In_ WDFCOMMONBUFFER CommonBuffer),
        (CommonBuffer))

WDF_EXTERN_C_END
