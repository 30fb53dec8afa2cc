/* See resource.h: lists, and the lists of assigned resources that a driver sees at its start (K-RES-1, K-PNP-11). */
#include "resource.h"

#define TAG 0x73655246u /* 'FRes' */

/* ---- Lists ---- */

static void free_entry(struct fx_reslist *list, ULONG index)
{
    if (list->object.type != FX_IORESREQLIST)
        ex_system_free(list->entry[index]);
}

static void destroy(struct fx_object *object)
{
    struct fx_reslist *list = (struct fx_reslist *)object;
    for (ULONG i = 0; i < list->count; i++)
        free_entry(list, i);
    if (list->entry)
        ex_system_free(list->entry);
}

/* A driver may delete an alternative that it has made: it leaves the requirements. */
static void leave_owner(struct fx_object *object)
{
    struct fx_reslist *list = (struct fx_reslist *)object, *owner = list->owner;
    ULONG index = owner ? fx_reslist_find(owner, list) : 0;
    if (!owner || index == owner->count)
        return;
    for (owner->count--; index < owner->count; index++)
        owner->entry[index] = owner->entry[index + 1];
    owner->changed = true;
}

NTSTATUS fx_reslist_new(struct fx_device *device, enum fx_type type, struct fx_object *parent, struct fx_reslist **out)
{
    void *memory;
    NTSTATUS status = fx_object_create(device->object.driver, type, sizeof(struct fx_reslist), NULL, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_reslist *list = memory;
    list->object.no_delete = true;
    list->object.dispose = leave_owner;
    list->object.destroy = destroy;
    list->interface_type = InterfaceTypeUndefined;
    status = fx_object_commit(&list->object, parent);
    if (!NT_SUCCESS(status)) {
        fx_object_delete_failed(&list->object);
        return status;
    }
    *out = list;
    return STATUS_SUCCESS;
}

static bool make_room(struct fx_reslist *list)
{
    if (list->count < list->room)
        return true;
    ULONG room = list->room ? 2 * list->room : 8;
    void **entry = ex_system_alloc(room * sizeof *entry);
    if (!entry)
        return false;
    memcpy(entry, list->entry, list->count * sizeof *entry);
    if (list->entry)
        ex_system_free(list->entry);
    list->entry = entry;
    list->room = room;
    return true;
}

NTSTATUS fx_reslist_insert(struct fx_reslist *list, const void *entry, size_t size, ULONG index)
{
    if (index == WDF_INSERT_AT_END)
        index = list->count;
    if (index > list->count)
        return STATUS_INVALID_PARAMETER;
    void *kept = size ? ex_system_alloc(size) : (void *)entry;
    if (!kept || !make_room(list))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (size)
        memcpy(kept, entry, size);
    for (ULONG i = list->count++; i > index; i--)
        list->entry[i] = list->entry[i - 1];
    list->entry[index] = kept;
    list->changed = true;
    return STATUS_SUCCESS;
}

ULONG fx_reslist_find(const struct fx_reslist *list, const void *entry)
{
    ULONG i = 0;
    while (i < list->count && list->entry[i] != entry)
        i++;
    return i;
}

static const struct fx_reslist *owner_of(const struct fx_reslist *list) { return list->owner ? list->owner : list; }

void fx_reslist_require_add(const struct fx_reslist *list)
{
    char name[40];
    if (!owner_of(list)->may_add)
        fx_misuse("K-RES-1", "%s: nothing may be added to %s here", gate_where(ctx_current()), fx_name(&list->object, name, sizeof name));
}

static void require_remove(const struct fx_reslist *list, ULONG index)
{
    char name[40];
    if (!owner_of(list)->may_remove)
        fx_misuse("K-RES-1", "%s: nothing may be removed from %s here", gate_where(ctx_current()), fx_name(&list->object, name, sizeof name));
    if (index >= list->count)
        fx_misuse("K-RES-1", "%s: %s has no such entry", gate_where(ctx_current()), fx_name(&list->object, name, sizeof name));
}

void fx_reslist_remove(struct fx_reslist *list, ULONG index)
{
    require_remove(list, index);
    struct fx_object *object = list->object.type == FX_IORESREQLIST ? list->entry[index] : NULL;
    free_entry(list, index);
    for (ULONG i = index + 1; i < list->count; i++)
        list->entry[i - 1] = list->entry[i];
    list->count--;
    list->changed = true;
    if (object)
        fx_object_delete(object);
}

/* ---- Assigned resources ---- */

NTSTATUS fx_cm_list_fill(struct fx_reslist *list, const CM_RESOURCE_LIST *from)
{
    if (!from || !from->Count)
        return STATUS_SUCCESS;
    const CM_PARTIAL_RESOURCE_LIST *p = &from->List[0].PartialResourceList;
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < p->Count && NT_SUCCESS(status); i++)
        status = fx_reslist_insert(list, &p->PartialDescriptors[i], sizeof p->PartialDescriptors[i], WDF_INSERT_AT_END);
    list->changed = false;
    return status;
}

CM_RESOURCE_LIST *fx_cm_list_pack(const struct fx_reslist *list, INTERFACE_TYPE interface_type, ULONG bus)
{
    size_t size = FIELD_OFFSET(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) + list->count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    CM_RESOURCE_LIST *to = ex_allocate(POOL_PAGED, size < sizeof *to ? sizeof *to : size, TAG, NULL, true);
    if (!to)
        return NULL;
    to->Count = 1;
    to->List[0].InterfaceType = interface_type, to->List[0].BusNumber = bus;
    CM_PARTIAL_RESOURCE_LIST *p = &to->List[0].PartialResourceList;
    p->Version = p->Revision = 1, p->Count = list->count;
    for (ULONG i = 0; i < list->count; i++)
        memcpy(&p->PartialDescriptors[i], list->entry[i], sizeof p->PartialDescriptors[i]);
    return to;
}

NTSTATUS fx_cm_list_create(struct fx_device *device, PCM_RESOURCE_LIST from, struct fx_object **object)
{
    struct fx_reslist *list;
    NTSTATUS status = fx_reslist_new(device, FX_CMRESLIST, &device->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_cm_list_fill(list, from);
    if (NT_SUCCESS(status))
        *object = &list->object;
    else
        fx_object_delete_failed(&list->object);
    return status;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR fx_cm_list_at(struct fx_object *object, ULONG index)
{
    struct fx_reslist *list = (struct fx_reslist *)object;
    return index < list->count ? list->entry[index] : NULL;
}

/* ---- DDIs ---- */

ULONG wdf_WdfCmResourceListGetCount(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List)
{
    gate_enter(DDI_WdfCmResourceListGetCount, trace_object(List), 0);
    struct fx_reslist *list = fx_handle(List, FX_CMRESLIST);
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

static NTSTATUS insert(WDFCMRESLIST handle, PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONG index)
{
    struct fx_reslist *list = fx_handle(handle, FX_CMRESLIST);
    fx_require(descriptor, "Descriptor");
    fx_reslist_require_add(list);
    return fx_reslist_insert(list, descriptor, sizeof *descriptor, index);
}

NTSTATUS wdf_WdfCmResourceListAppendDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    gate_enter(DDI_WdfCmResourceListAppendDescriptor, trace_object(List), 0);
    NTSTATUS status = choose_fault(DDI_WdfCmResourceListAppendDescriptor) ? STATUS_INSUFFICIENT_RESOURCES : insert(List, Descriptor, WDF_INSERT_AT_END);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfCmResourceListInsertDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor,
                                               ULONG Index)
{
    gate_enter(DDI_WdfCmResourceListInsertDescriptor, trace_object(List), Index);
    NTSTATUS status = choose_fault(DDI_WdfCmResourceListInsertDescriptor) ? STATUS_INSUFFICIENT_RESOURCES : insert(List, Descriptor, Index);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfCmResourceListRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, ULONG Index)
{
    gate_enter(DDI_WdfCmResourceListRemove, trace_object(List), Index);
    fx_reslist_remove(fx_handle(List, FX_CMRESLIST), Index);
    gate_leave(0);
}

VOID wdf_WdfCmResourceListRemoveByDescriptor(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    gate_enter(DDI_WdfCmResourceListRemoveByDescriptor, trace_object(List), trace_object(Descriptor));
    struct fx_reslist *list = fx_handle(List, FX_CMRESLIST);
    fx_reslist_remove(list, fx_reslist_find(list, Descriptor));
    gate_leave(0);
}
