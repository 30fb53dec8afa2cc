/*
 * Collections: ordered lists of referenced objects.
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfCollectionCreate, PFN_WDFCOLLECTIONCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES CollectionAttributes, _Out_ WDFCOLLECTION *Collection),
        (CollectionAttributes, Collection))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfCollectionGetCount, PFN_WDFCOLLECTIONGETCOUNT,
        (_In_ WDFCOLLECTION Collection),
        (Collection))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfCollectionAdd, PFN_WDFCOLLECTIONADD,
        (_In_ WDFCOLLECTION Collection, _In_ WDFOBJECT Object),
        (Collection, Object))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfCollectionRemove, PFN_WDFCOLLECTIONREMOVE,
        (_In_ WDFCOLLECTION Collection, _In_ WDFOBJECT Item),
        (Collection, Item))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfCollectionRemoveItem, PFN_WDFCOLLECTIONREMOVEITEM,
        (_In_ WDFCOLLECTION Collection, _In_ ULONG Index),
        (Collection, Index))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfCollectionGetItem, PFN_WDFCOLLECTIONGETITEM,
        (_In_ WDFCOLLECTION Collection, _In_ ULONG Index),
        (Collection, Index))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfCollectionGetFirstItem, PFN_WDFCOLLECTIONGETFIRSTITEM,
        (_In_ WDFCOLLECTION Collection),
        (Collection))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfCollectionGetLastItem, PFN_WDFCOLLECTIONGETLASTITEM,
        (_In_ WDFCOLLECTION Collection),
        (Collection))

WDF_EXTERN_C_END
