/*
 * The lists of assigned resources a driver sees in EvtDevicePrepareHardware and EvtDeviceReleaseHardware (K-PNP-11). A list object always exists;
 * without resources it is empty.
 */
#include "device.h"

struct fx_cm_list {
    struct fx_object object;
    PCM_PARTIAL_RESOURCE_LIST list; /* a copy, or NULL */
    ULONG count;
};

static void destroy(struct fx_object *object)
{
    struct fx_cm_list *list = (struct fx_cm_list *)object;
    if (list->list)
        ex_system_free(list->list);
}

static NTSTATUS copy(struct fx_cm_list *to, const CM_RESOURCE_LIST *from)
{
    if (!from || !from->Count)
        return STATUS_SUCCESS;
    const CM_PARTIAL_RESOURCE_LIST *partial = &from->List[0].PartialResourceList;
    SIZE_T size = FIELD_OFFSET(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors) + partial->Count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    to->list = ex_system_alloc(size);
    if (!to->list)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(to->list, partial, size);
    to->count = partial->Count;
    return STATUS_SUCCESS;
}

NTSTATUS fx_cm_list_create(struct fx_device *device, PCM_RESOURCE_LIST from, struct fx_object **object)
{
    void *memory;
    NTSTATUS status = fx_object_create(device->object.driver, FX_CMRESLIST, sizeof(struct fx_cm_list), NULL, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_cm_list *list = memory;
    list->object.no_delete = true;
    list->object.destroy = destroy;
    status = fx_object_commit(&list->object, &device->object);
    if (NT_SUCCESS(status))
        status = copy(list, from);
    if (!NT_SUCCESS(status)) {
        fx_object_delete_failed(&list->object);
        return status;
    }
    *object = &list->object;
    return STATUS_SUCCESS;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR fx_cm_list_at(struct fx_object *object, ULONG index)
{
    struct fx_cm_list *list = (struct fx_cm_list *)object;
    return index < list->count ? &list->list->PartialDescriptors[index] : NULL;
}

ULONG wdf_WdfCmResourceListGetCount(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List)
{
    gate_enter(DDI_WdfCmResourceListGetCount, trace_object(List), 0);
    struct fx_cm_list *list = fx_handle(List, FX_CMRESLIST);
    gate_leave(list->count);
    return list->count;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR wdf_WdfCmResourceListGetDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, ULONG Index)
{
    gate_enter(DDI_WdfCmResourceListGetDescriptor, trace_object(List), Index);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = fx_cm_list_at(fx_handle(List, FX_CMRESLIST), Index);
    gate_leave(trace_object(descriptor));
    return descriptor;
}
