/*
 * Work items (7.2 of the KMDF specification).
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_WORKITEM)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_WORKITEM(_In_ WDFWORKITEM WorkItem);
typedef EVT_WDF_WORKITEM *PFN_WDF_WORKITEM;

typedef struct _WDF_WORKITEM_CONFIG {
    ULONG Size;
    PFN_WDF_WORKITEM EvtWorkItemFunc;
    BOOLEAN AutomaticSerialization;
} WDF_WORKITEM_CONFIG, *PWDF_WORKITEM_CONFIG;

// Serialised with the parent's callbacks unless the driver says otherwise (K-SYN-8).
WDF_INLINE VOID WDF_WORKITEM_CONFIG_INIT(_Out_ PWDF_WORKITEM_CONFIG Config,
                                         _In_ PFN_WDF_WORKITEM EvtWorkItemFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtWorkItemFunc = EvtWorkItemFunc;
    Config->AutomaticSerialization = TRUE;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfWorkItemCreate, PFN_WDFWORKITEMCREATE,
        (_In_ PWDF_WORKITEM_CONFIG Config, _In_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFWORKITEM *WorkItem),
        (Config, Attributes, WorkItem))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfWorkItemEnqueue, PFN_WDFWORKITEMENQUEUE,
        (_In_ WDFWORKITEM WorkItem),
        (WorkItem))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfWorkItemGetParentObject, PFN_WDFWORKITEMGETPARENTOBJECT,
        (_In_ WDFWORKITEM WorkItem),
        (WorkItem))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfWorkItemFlush, PFN_WDFWORKITEMFLUSH,
        (_In_ WDFWORKITEM WorkItem),
        (WorkItem))

WDF_EXTERN_C_END
