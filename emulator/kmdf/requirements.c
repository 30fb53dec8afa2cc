/* Resource requirements as framework objects (K-RES-1, 2): alternatives, each a list of descriptors. */
#include "resource.h"

#define TAG 0x71655246u /* 'FReq' */

/* ---- To and from what IRPs carry ---- */

static NTSTATUS add_alternative(struct fx_device *device, struct fx_reslist *to, const IO_RESOURCE_LIST *from)
{
    struct fx_reslist *list;
    NTSTATUS status = fx_reslist_new(device, FX_IORESLIST, &to->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    list->owner = to;
    for (ULONG i = 0; i < from->Count && NT_SUCCESS(status); i++)
        status = fx_reslist_insert(list, &from->Descriptors[i], sizeof from->Descriptors[i], WDF_INSERT_AT_END);
    list->changed = false;
    return NT_SUCCESS(status) ? fx_reslist_insert(to, list, 0, WDF_INSERT_AT_END) : status;
}

NTSTATUS fx_requirements_fill(struct fx_device *device, struct fx_reslist *list, const IO_RESOURCE_REQUIREMENTS_LIST *from)
{
    if (!from)
        return STATUS_SUCCESS;
    list->interface_type = from->InterfaceType, list->bus = from->BusNumber, list->slot = from->SlotNumber;
    const IO_RESOURCE_LIST *at = from->List;
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < from->AlternativeLists && NT_SUCCESS(status); i++) {
        status = add_alternative(device, list, at);
        at = (const IO_RESOURCE_LIST *)(at->Descriptors + at->Count);
    }
    list->changed = false;
    return status;
}

static size_t packed_size(const struct fx_reslist *list)
{
    size_t size = FIELD_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List);
    for (ULONG i = 0; i < list->count; i++)
        size += FIELD_OFFSET(IO_RESOURCE_LIST, Descriptors) + ((const struct fx_reslist *)list->entry[i])->count * sizeof(IO_RESOURCE_DESCRIPTOR);
    return size < sizeof(IO_RESOURCE_REQUIREMENTS_LIST) ? sizeof(IO_RESOURCE_REQUIREMENTS_LIST) : size;
}

IO_RESOURCE_REQUIREMENTS_LIST *fx_requirements_pack(const struct fx_reslist *list)
{
    size_t size = packed_size(list);
    IO_RESOURCE_REQUIREMENTS_LIST *to = ex_allocate(POOL_PAGED, size, TAG, NULL, true);
    if (!to)
        return NULL;
    to->ListSize = (ULONG)size;
    to->InterfaceType = list->interface_type, to->BusNumber = list->bus, to->SlotNumber = list->slot;
    to->AlternativeLists = list->count;
    IO_RESOURCE_LIST *at = to->List;
    for (ULONG i = 0; i < list->count; i++) {
        const struct fx_reslist *alternative = list->entry[i];
        at->Version = at->Revision = 1, at->Count = alternative->count;
        for (ULONG n = 0; n < alternative->count; n++)
            memcpy(&at->Descriptors[n], alternative->entry[n], sizeof at->Descriptors[n]);
        at = (IO_RESOURCE_LIST *)(at->Descriptors + at->Count);
    }
    return to;
}

/* ---- Requirements ---- */

VOID wdf_WdfIoResourceRequirementsListSetSlotNumber(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG SlotNumber)
{
    gate_enter(DDI_WdfIoResourceRequirementsListSetSlotNumber, trace_object(RequirementsList), SlotNumber);
    struct fx_reslist *list = fx_handle(RequirementsList, FX_IORESREQLIST);
    fx_reslist_require_add(list);
    list->slot = SlotNumber;
    list->changed = true;
    gate_leave(0);
}

VOID wdf_WdfIoResourceRequirementsListSetInterfaceType(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, INTERFACE_TYPE InterfaceType)
{
    gate_enter(DDI_WdfIoResourceRequirementsListSetInterfaceType, trace_object(RequirementsList), InterfaceType);
    struct fx_reslist *list = fx_handle(RequirementsList, FX_IORESREQLIST);
    fx_reslist_require_add(list);
    list->interface_type = InterfaceType;
    list->changed = true;
    gate_leave(0);
}

static NTSTATUS insert_alternative(WDFIORESREQLIST requirements, WDFIORESLIST alternative, ULONG index)
{
    struct fx_reslist *list = fx_handle(requirements, FX_IORESREQLIST), *inserted = fx_handle(alternative, FX_IORESLIST);
    if (inserted->owner != list)
        return STATUS_INVALID_DEVICE_REQUEST;
    fx_reslist_require_add(list);
    return fx_reslist_insert(list, inserted, 0, index);
}

NTSTATUS wdf_WdfIoResourceRequirementsListAppendIoResList(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList)
{
    gate_enter(DDI_WdfIoResourceRequirementsListAppendIoResList, trace_object(RequirementsList), trace_object(IoResList));
    NTSTATUS status = choose_fault(DDI_WdfIoResourceRequirementsListAppendIoResList) ? STATUS_INSUFFICIENT_RESOURCES
                                                                                     : insert_alternative(RequirementsList, IoResList, WDF_INSERT_AT_END);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoResourceRequirementsListInsertIoResList(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList,
                                                          ULONG Index)
{
    gate_enter(DDI_WdfIoResourceRequirementsListInsertIoResList, trace_object(RequirementsList), trace_object(IoResList));
    NTSTATUS status = choose_fault(DDI_WdfIoResourceRequirementsListInsertIoResList) ? STATUS_INSUFFICIENT_RESOURCES
                                                                                     : insert_alternative(RequirementsList, IoResList, Index);
    gate_leave((ULONG)status);
    return status;
}

ULONG wdf_WdfIoResourceRequirementsListGetCount(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList)
{
    gate_enter(DDI_WdfIoResourceRequirementsListGetCount, trace_object(RequirementsList), 0);
    struct fx_reslist *list = fx_handle(RequirementsList, FX_IORESREQLIST);
    gate_leave(list->count);
    return list->count;
}

WDFIORESLIST wdf_WdfIoResourceRequirementsListGetIoResList(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG Index)
{
    gate_enter(DDI_WdfIoResourceRequirementsListGetIoResList, trace_object(RequirementsList), Index);
    struct fx_reslist *list = fx_handle(RequirementsList, FX_IORESREQLIST);
    WDFIORESLIST found = Index < list->count ? list->entry[Index] : NULL;
    gate_leave(trace_object(found));
    return found;
}

VOID wdf_WdfIoResourceRequirementsListRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG Index)
{
    gate_enter(DDI_WdfIoResourceRequirementsListRemove, trace_object(RequirementsList), Index);
    fx_reslist_remove(fx_handle(RequirementsList, FX_IORESREQLIST), Index);
    gate_leave(0);
}

VOID wdf_WdfIoResourceRequirementsListRemoveByIoResList(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList)
{
    gate_enter(DDI_WdfIoResourceRequirementsListRemoveByIoResList, trace_object(RequirementsList), trace_object(IoResList));
    struct fx_reslist *list = fx_handle(RequirementsList, FX_IORESREQLIST);
    fx_reslist_remove(list, fx_reslist_find(list, fx_handle(IoResList, FX_IORESLIST)));
    gate_leave(0);
}

/* ---- One alternative ---- */

static NTSTATUS create_alternative(struct fx_reslist *owner, PWDF_OBJECT_ATTRIBUTES attributes, WDFIORESLIST *out)
{
    struct fx_reslist *list;
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (NT_SUCCESS(status))
        status = fx_reslist_new(owner->object.device, FX_IORESLIST, &owner->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    list->object.no_delete = false;
    list->owner = owner;
    *out = (WDFIORESLIST)list;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoResourceListCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, PWDF_OBJECT_ATTRIBUTES Attributes,
                                     WDFIORESLIST *ResourceList)
{
    gate_enter(DDI_WdfIoResourceListCreate, trace_object(RequirementsList), 0);
    struct fx_reslist *owner = fx_handle(RequirementsList, FX_IORESREQLIST);
    fx_require(ResourceList, "ResourceList");
    *ResourceList = NULL;
    NTSTATUS status = choose_fault(DDI_WdfIoResourceListCreate) ? STATUS_INSUFFICIENT_RESOURCES : create_alternative(owner, Attributes, ResourceList);
    gate_leave((ULONG)status);
    return status;
}

/* What is changed in an alternative changes the requirements. */
static void note_changed(struct fx_reslist *list) { list->owner->changed = true; }

static NTSTATUS insert(WDFIORESLIST handle, PIO_RESOURCE_DESCRIPTOR descriptor, ULONG index)
{
    struct fx_reslist *list = fx_handle(handle, FX_IORESLIST);
    fx_require(descriptor, "Descriptor");
    fx_reslist_require_add(list);
    note_changed(list);
    return fx_reslist_insert(list, descriptor, sizeof *descriptor, index);
}

NTSTATUS wdf_WdfIoResourceListAppendDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor)
{
    gate_enter(DDI_WdfIoResourceListAppendDescriptor, trace_object(ResourceList), 0);
    NTSTATUS status = choose_fault(DDI_WdfIoResourceListAppendDescriptor) ? STATUS_INSUFFICIENT_RESOURCES
                                                                          : insert(ResourceList, Descriptor, WDF_INSERT_AT_END);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoResourceListInsertDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor,
                                               ULONG Index)
{
    gate_enter(DDI_WdfIoResourceListInsertDescriptor, trace_object(ResourceList), Index);
    NTSTATUS status = choose_fault(DDI_WdfIoResourceListInsertDescriptor) ? STATUS_INSUFFICIENT_RESOURCES : insert(ResourceList, Descriptor, Index);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfIoResourceListUpdateDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor,
                                           ULONG Index)
{
    gate_enter(DDI_WdfIoResourceListUpdateDescriptor, trace_object(ResourceList), Index);
    struct fx_reslist *list = fx_handle(ResourceList, FX_IORESLIST);
    fx_require(Descriptor, "Descriptor");
    if (Index >= list->count)
        fx_misuse("K-RES-1", "WdfIoResourceListUpdateDescriptor: resource list #%u has no entry %u", list->object.number, Index);
    memcpy(list->entry[Index], Descriptor, sizeof *Descriptor);
    note_changed(list);
    gate_leave(0);
}

ULONG wdf_WdfIoResourceListGetCount(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList)
{
    gate_enter(DDI_WdfIoResourceListGetCount, trace_object(ResourceList), 0);
    struct fx_reslist *list = fx_handle(ResourceList, FX_IORESLIST);
    gate_leave(list->count);
    return list->count;
}

PIO_RESOURCE_DESCRIPTOR wdf_WdfIoResourceListGetDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, ULONG Index)
{
    gate_enter(DDI_WdfIoResourceListGetDescriptor, trace_object(ResourceList), Index);
    struct fx_reslist *list = fx_handle(ResourceList, FX_IORESLIST);
    PIO_RESOURCE_DESCRIPTOR descriptor = Index < list->count ? list->entry[Index] : NULL;
    gate_leave(trace_object(descriptor));
    return descriptor;
}

VOID wdf_WdfIoResourceListRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, ULONG Index)
{
    gate_enter(DDI_WdfIoResourceListRemove, trace_object(ResourceList), Index);
    struct fx_reslist *list = fx_handle(ResourceList, FX_IORESLIST);
    note_changed(list);
    fx_reslist_remove(list, Index);
    gate_leave(0);
}

VOID wdf_WdfIoResourceListRemoveByDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor)
{
    gate_enter(DDI_WdfIoResourceListRemoveByDescriptor, trace_object(ResourceList), trace_object(Descriptor));
    struct fx_reslist *list = fx_handle(ResourceList, FX_IORESLIST);
    note_changed(list);
    fx_reslist_remove(list, fx_reslist_find(list, Descriptor));
    gate_leave(0);
}
