/*
 * Resource lists: assigned resources (WDFCMRESLIST) and requirements (WDFIORESREQLIST of WDFIORESLIST) (7.9).
 */
#pragma once

WDF_EXTERN_C_START

#define WDF_INSERT_AT_END ((ULONG)-1)

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceRequirementsListSetSlotNumber, PFN_WDFIORESOURCEREQUIREMENTSLISTSETSLOTNUMBER,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ ULONG SlotNumber),
        (RequirementsList, SlotNumber))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceRequirementsListSetInterfaceType, PFN_WDFIORESOURCEREQUIREMENTSLISTSETINTERFACETYPE,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ INTERFACE_TYPE InterfaceType),
        (RequirementsList, InterfaceType))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoResourceRequirementsListAppendIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTAPPENDIORESLIST,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ WDFIORESLIST IoResList),
        (RequirementsList, IoResList))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoResourceRequirementsListInsertIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTINSERTIORESLIST,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ WDFIORESLIST IoResList, _In_ ULONG Index),
        (RequirementsList, IoResList, Index))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfIoResourceRequirementsListGetCount, PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT,
        (_In_ WDFIORESREQLIST RequirementsList),
        (RequirementsList))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFIORESLIST, WdfIoResourceRequirementsListGetIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ ULONG Index),
        (RequirementsList, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceRequirementsListRemove, PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVE,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ ULONG Index),
        (RequirementsList, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceRequirementsListRemoveByIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVEBYIORESLIST,
        (_In_ WDFIORESREQLIST RequirementsList, _In_ WDFIORESLIST IoResList),
        (RequirementsList, IoResList))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoResourceListCreate, PFN_WDFIORESOURCELISTCREATE,
        (_In_ WDFIORESREQLIST RequirementsList, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFIORESLIST *ResourceList),
        (RequirementsList, Attributes, ResourceList))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoResourceListAppendDescriptor, PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR,
        (_In_ WDFIORESLIST ResourceList, _In_ PIO_RESOURCE_DESCRIPTOR Descriptor),
        (ResourceList, Descriptor))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoResourceListInsertDescriptor, PFN_WDFIORESOURCELISTINSERTDESCRIPTOR,
        (_In_ WDFIORESLIST ResourceList, _In_ PIO_RESOURCE_DESCRIPTOR Descriptor, _In_ ULONG Index),
        (ResourceList, Descriptor, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceListUpdateDescriptor, PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR,
        (_In_ WDFIORESLIST ResourceList, _In_ PIO_RESOURCE_DESCRIPTOR Descriptor, _In_ ULONG Index),
        (ResourceList, Descriptor, Index))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfIoResourceListGetCount, PFN_WDFIORESOURCELISTGETCOUNT,
        (_In_ WDFIORESLIST ResourceList),
        (ResourceList))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PIO_RESOURCE_DESCRIPTOR, WdfIoResourceListGetDescriptor, PFN_WDFIORESOURCELISTGETDESCRIPTOR,
        (_In_ WDFIORESLIST ResourceList, _In_ ULONG Index),
        (ResourceList, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceListRemove, PFN_WDFIORESOURCELISTREMOVE,
        (_In_ WDFIORESLIST ResourceList, _In_ ULONG Index),
        (ResourceList, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoResourceListRemoveByDescriptor, PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR,
        (_In_ WDFIORESLIST ResourceList, _In_ PIO_RESOURCE_DESCRIPTOR Descriptor),
        (ResourceList, Descriptor))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCmResourceListAppendDescriptor, PFN_WDFCMRESOURCELISTAPPENDDESCRIPTOR,
        (_In_ WDFCMRESLIST List, _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor),
        (List, Descriptor))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCmResourceListInsertDescriptor, PFN_WDFCMRESOURCELISTINSERTDESCRIPTOR,
        (_In_ WDFCMRESLIST List, _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor, _In_ ULONG Index),
        (List, Descriptor, Index))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfCmResourceListGetCount, PFN_WDFCMRESOURCELISTGETCOUNT,
        (_In_ WDFCMRESLIST List),
        (List))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PCM_PARTIAL_RESOURCE_DESCRIPTOR, WdfCmResourceListGetDescriptor, PFN_WDFCMRESOURCELISTGETDESCRIPTOR,
        (_In_ WDFCMRESLIST List, _In_ ULONG Index),
        (List, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCmResourceListRemove, PFN_WDFCMRESOURCELISTREMOVE,
        (_In_ WDFCMRESLIST List, _In_ ULONG Index),
        (List, Index))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCmResourceListRemoveByDescriptor, PFN_WDFCMRESOURCELISTREMOVEBYDESCRIPTOR,
        (_In_ WDFCMRESLIST List, _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor),
        (List, Descriptor))

WDF_EXTERN_C_END
