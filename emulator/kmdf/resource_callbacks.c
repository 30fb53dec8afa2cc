/*
 * Where a driver has a say about resources (K-PNP-10, 68, 71): a function or filter driver about what its device needs, a bus driver about what its
 * PDOs use and need.
 */
#include "resource.h"

static NTSTATUS call(struct fx_device *device, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE, WDFIORESREQLIST), struct fx_reslist *list)
{
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device, (WDFIORESREQLIST)list);
    callback_leave(&frame, (ULONG)status);
    return status;
}

/* ---- FILTER_RESOURCE_REQUIREMENTS ---- */

/* Who gives another list frees the one before it (W-PNP-33). */
static NTSTATUS replace(const struct fx_reslist *list, PIRP irp)
{
    IO_RESOURCE_REQUIREMENTS_LIST *now = fx_requirements_pack(list);
    if (!now)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (irp->IoStatus.Information)
        ex_free_with_tag((PVOID)irp->IoStatus.Information, 0, NULL);
    irp->IoStatus.Information = (ULONG_PTR)now;
    irp->IoStatus.Status = STATUS_SUCCESS;
    return STATUS_SUCCESS;
}

static NTSTATUS ask(struct fx_device *device, PIRP irp, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE, WDFIORESREQLIST), bool adds)
{
    struct fx_reslist *list;
    if (!routine)
        return STATUS_SUCCESS;
    NTSTATUS status = fx_reslist_new(device, FX_IORESREQLIST, &device->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_requirements_fill(device, list, (const IO_RESOURCE_REQUIREMENTS_LIST *)irp->IoStatus.Information);
    list->may_add = adds, list->may_remove = !adds;
    if (NT_SUCCESS(status))
        status = call(device, ddi, routine, list);
    if (NT_SUCCESS(status) && list->changed)
        status = replace(list, irp);
    fx_object_delete(&list->object);
    return status;
}

/* What was added is taken away again before lower drivers look, and added behind them (K-PNP-71). */
NTSTATUS fx_filter_requirements(struct fx_device *device, PIRP irp)
{
    const WDF_FDO_EVENT_CALLBACKS *c = &device->own->init->fdo;
    NTSTATUS status = ask(device, irp, DDI_EvtDeviceFilterRemoveResourceRequirements, c->EvtDeviceFilterRemoveResourceRequirements, false);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    if (!c->EvtDeviceFilterAddResourceRequirements)
        return fx_forward(device, irp);
    fx_forward_and_wait(device, irp);
    status = ask(device, irp, DDI_EvtDeviceFilterAddResourceRequirements, c->EvtDeviceFilterAddResourceRequirements, true);
    return fx_complete(irp, NT_SUCCESS(status) ? irp->IoStatus.Status : status);
}

/* ---- START ---- */

struct shown {
    struct fx_reslist *raw, *translated;
    CM_RESOURCE_LIST *packed_raw, *packed_translated;
};

static NTSTATUS show(struct fx_device *device, const CM_RESOURCE_LIST *from, struct fx_reslist **list)
{
    NTSTATUS status = fx_reslist_new(device, FX_CMRESLIST, &device->object, list);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_cm_list_fill(*list, from);
    (*list)->may_remove = true;
    return status;
}

static CM_RESOURCE_LIST *pack_like(const struct fx_reslist *list, const CM_RESOURCE_LIST *from)
{
    return fx_cm_list_pack(list, from->List[0].InterfaceType, from->List[0].BusNumber);
}

/* The driver takes what it added itself out of the lists that lower drivers see. */
static NTSTATUS remove_added(struct fx_device *device, struct shown *s, PIO_STACK_LOCATION location)
{
    CM_RESOURCE_LIST *raw = location->Parameters.StartDevice.AllocatedResources;
    CM_RESOURCE_LIST *translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    PFN_WDF_DEVICE_REMOVE_ADDED_RESOURCES routine = device->own->init->fdo.EvtDeviceRemoveAddedResources;
    NTSTATUS status = show(device, raw, &s->raw);
    if (NT_SUCCESS(status))
        status = show(device, translated, &s->translated);
    if (!NT_SUCCESS(status))
        return status;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceRemoveAddedResources, routine, device);
    status = routine((WDFDEVICE)device, (WDFCMRESLIST)s->raw, (WDFCMRESLIST)s->translated);
    callback_leave(&frame, (ULONG)status);
    if (!NT_SUCCESS(status) || !raw || !translated || (!s->raw->changed && !s->translated->changed))
        return status;
    s->packed_raw = pack_like(s->raw, raw), s->packed_translated = pack_like(s->translated, translated);
    if (!s->packed_raw || !s->packed_translated)
        return STATUS_INSUFFICIENT_RESOURCES;
    location->Parameters.StartDevice.AllocatedResources = s->packed_raw;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = s->packed_translated;
    return status;
}

static void forget(struct shown *s)
{
    struct fx_reslist *lists[2] = {s->raw, s->translated};
    CM_RESOURCE_LIST *packed[2] = {s->packed_raw, s->packed_translated};
    for (int i = 0; i < 2; i++) {
        if (lists[i])
            fx_object_delete(&lists[i]->object);
        if (packed[i])
            ex_free_with_tag(packed[i], 0, NULL);
    }
}

/* K-PNP-10: the device itself starts with the lists as they came. */
NTSTATUS fx_start_lower(struct fx_device *device, PIRP irp)
{
    if (!device->own->init->fdo.EvtDeviceRemoveAddedResources)
        return fx_forward_and_wait(device, irp);
    PIO_STACK_LOCATION location = io_get_current_irp_stack_location(irp);
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources, translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    struct shown shown = {0};
    NTSTATUS status = remove_added(device, &shown, location);
    if (NT_SUCCESS(status))
        status = fx_forward_and_wait(device, irp);
    location->Parameters.StartDevice.AllocatedResources = raw;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = translated;
    forget(&shown);
    return status;
}

/* ---- What a bus says of its PDO (K-PNP-68); without a callback the IRP stays as it came ---- */

static void of_bus(const struct fx_device *pdo, INTERFACE_TYPE *type, ULONG *number)
{
    const struct fx_bus *bus = &pdo->own->as_pdo->bus->own->bus;
    *type = bus->has_information ? bus->information.LegacyBusType : InterfaceTypeUndefined;
    *number = bus->has_information ? bus->information.BusNumber : 0;
}

NTSTATUS fx_pdo_query_resources(struct fx_device *device, PIRP irp)
{
    PFN_WDF_DEVICE_RESOURCES_QUERY routine = device->own->as_pdo->init->callbacks.EvtDeviceResourcesQuery;
    struct fx_reslist *list;
    INTERFACE_TYPE type;
    ULONG number;
    if (!routine)
        return irp->IoStatus.Status;
    NTSTATUS status = fx_reslist_new(device, FX_CMRESLIST, &device->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    list->may_add = true;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceResourcesQuery, routine, device);
    status = routine((WDFDEVICE)device, (WDFCMRESLIST)list);
    callback_leave(&frame, (ULONG)status);
    of_bus(device, &type, &number);
    if (NT_SUCCESS(status) && list->count) {
        irp->IoStatus.Information = (ULONG_PTR)fx_cm_list_pack(list, type, number);
        status = irp->IoStatus.Information ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    fx_object_delete(&list->object);
    return status;
}

NTSTATUS fx_pdo_query_requirements(struct fx_device *device, PIRP irp)
{
    PFN_WDF_DEVICE_RESOURCE_REQUIREMENTS_QUERY routine = device->own->as_pdo->init->callbacks.EvtDeviceResourceRequirementsQuery;
    struct fx_reslist *list;
    if (!routine)
        return irp->IoStatus.Status;
    NTSTATUS status = fx_reslist_new(device, FX_IORESREQLIST, &device->object, &list);
    if (!NT_SUCCESS(status))
        return status;
    list->may_add = true;
    of_bus(device, &list->interface_type, &list->bus);
    status = call(device, DDI_EvtDeviceResourceRequirementsQuery, routine, list);
    if (NT_SUCCESS(status) && list->count) {
        irp->IoStatus.Information = (ULONG_PTR)fx_requirements_pack(list);
        status = irp->IoStatus.Information ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    fx_object_delete(&list->object);
    return status;
}
