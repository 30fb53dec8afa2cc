/*
 * DPC objects (7.2 of the KMDF specification).
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_DPC)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_DPC(_In_ WDFDPC Dpc);
typedef EVT_WDF_DPC *PFN_WDF_DPC;

typedef struct _WDF_DPC_CONFIG {
    ULONG Size;
    PFN_WDF_DPC EvtDpcFunc;
    BOOLEAN AutomaticSerialization;
} WDF_DPC_CONFIG, *PWDF_DPC_CONFIG;

// Serialised with the parent's callbacks unless the driver says otherwise (K-SYN-8).
WDF_INLINE VOID WDF_DPC_CONFIG_INIT(_Out_ PWDF_DPC_CONFIG Config, _In_ PFN_WDF_DPC EvtDpcFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtDpcFunc = EvtDpcFunc;
    Config->AutomaticSerialization = TRUE;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDpcCreate, PFN_WDFDPCCREATE,
        (_In_ PWDF_DPC_CONFIG Config, _In_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFDPC *Dpc),
        (Config, Attributes, Dpc))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfDpcEnqueue, PFN_WDFDPCENQUEUE,
        (_In_ WDFDPC Dpc),
        (Dpc))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfDpcCancel, PFN_WDFDPCCANCEL,
        (_In_ WDFDPC Dpc, _In_ BOOLEAN Wait),
        (Dpc, Wait))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfDpcGetParentObject, PFN_WDFDPCGETPARENTOBJECT,
        (_In_ WDFDPC Dpc),
        (Dpc))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PKDPC, WdfDpcWdmGetDpc, PFN_WDFDPCWDMGETDPC,
        (_In_ WDFDPC Dpc),
        (Dpc))

WDF_EXTERN_C_END
