/*
 * Device relations: bus relations with the making of PDOs (K-CHD-4, K-PNP-66), and what a driver adds to removal and ejection relations (K-PNP-88).
 */
#include "device.h"

/* ---- Answers ---- */

static DEVICE_RELATIONS *behind(const DEVICE_RELATIONS *old, ULONG more)
{
    ULONG count = old ? old->Count : 0;
    SIZE_T size = FIELD_OFFSET(DEVICE_RELATIONS, Objects) + (count + more) * sizeof(PDEVICE_OBJECT);
    DEVICE_RELATIONS *relations = ex_allocate(POOL_PAGED, size < sizeof *relations ? sizeof *relations : size, 'leRF', NULL, true);
    if (!relations)
        return NULL;
    if (count)
        memcpy(relations->Objects, old->Objects, count * sizeof(PDEVICE_OBJECT));
    relations->Count = count;
    return relations;
}

static void put(DEVICE_RELATIONS *relations, PDEVICE_OBJECT device)
{
    ob_reference(device);
    relations->Objects[relations->Count++] = device;
}

static void replace(PIRP irp, DEVICE_RELATIONS *relations)
{
    if (irp->IoStatus.Information)
        ex_free_with_tag((PVOID)irp->IoStatus.Information, 0, NULL);
    irp->IoStatus.Information = (ULONG_PTR)relations;
    irp->IoStatus.Status = STATUS_SUCCESS;
}

NTSTATUS fx_relations_answer(PIRP irp, const struct fx_relations *r, PDEVICE_OBJECT own)
{
    DEVICE_RELATIONS *relations = behind((DEVICE_RELATIONS *)irp->IoStatus.Information, r->count + (own != NULL));
    if (!relations)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (own)
        put(relations, own);
    for (ULONG i = 0; i < r->count; i++)
        put(relations, r->device[i]);
    replace(irp, relations);
    return STATUS_SUCCESS;
}

/* ---- Bus relations ---- */

bool fx_bus_has_children(const struct fx_device *device)
{
    const struct fx_bus *bus = &device->own->bus;
    return bus->sets.Flink->Flink != &bus->sets || !IsListEmpty(&bus->statics.children); /* a child list, or a static child */
}

/* K-PNP-66; a child that the PnP manager has never seen goes without further ado. */
static void leave_out(struct fx_child *child)
{
    struct fx_device *device = child->device;
    PFN_WDF_DEVICE_REPORTED_MISSING routine = device->own->as_pdo->init->callbacks.EvtDeviceReportedMissing;
    child->left_out = true;
    if (!pnp_devnode_of(device->wdm)) {
        fx_pdo_end(device);
        return;
    }
    if (!routine)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceReportedMissing, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
}

/* True: drivers were called, who may have added to the set, and taken away what has no PDO. */
static bool bring_one_up_to_date(struct fx_child *child)
{
    if (child->state == FX_CHILD_MISSING && !child->left_out) {
        leave_out(child);
        return true;
    }
    if (child->state != FX_CHILD_NEW)
        return false;
    if (fx_child_claim(child))
        fx_child_create_device(child);
    return true;
}

static void bring_up_to_date(struct fx_children *set)
{
    for (struct fx_child *child = fx_children_first(set); child;) {
        uint32_t number = child->number;
        child = bring_one_up_to_date(child) ? fx_children_after(set, number) : fx_children_next(child);
    }
}

/* One that was said to be missing while this query ran is in it for the last time: the next query leaves it out, and tells its driver. */
static bool is_reported(const struct fx_child *child)
{
    return child->state == FX_CHILD_PRESENT || (child->state == FX_CHILD_MISSING && child->device && !child->left_out);
}

static ULONG count(struct fx_children *set)
{
    ULONG n = 0;
    for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child))
        n += is_reported(child);
    return n;
}

static void report(struct fx_children *set, DEVICE_RELATIONS *relations)
{
    for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child))
        if (is_reported(child))
            put(relations, child->device->wdm);
}

NTSTATUS fx_bus_answer(struct fx_device *device, PIRP irp)
{
    LIST_ENTRY *head = &device->own->bus.sets;
    ULONG n = 0;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        bring_up_to_date(CONTAINING_RECORD(e, struct fx_children, entry));
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        n += count(CONTAINING_RECORD(e, struct fx_children, entry));
    DEVICE_RELATIONS *relations = behind((DEVICE_RELATIONS *)irp->IoStatus.Information, n);
    if (!relations)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        report(CONTAINING_RECORD(e, struct fx_children, entry), relations);
    replace(irp, relations);
    return STATUS_SUCCESS;
}

/* ---- What a driver adds ---- */

void fx_relations_clear(struct fx_relations *r)
{
    for (ULONG i = 0; i < r->count; i++)
        ob_dereference(r->device[i]);
    if (r->device)
        ex_system_free(r->device);
    *r = (struct fx_relations){0};
}

NTSTATUS fx_relations_add(struct fx_relations *r, PDEVICE_OBJECT device, uint16_t ddi)
{
    for (ULONG i = 0; i < r->count; i++)
        if (r->device[i] == device)
            return STATUS_SUCCESS;
    PDEVICE_OBJECT *all = choose_fault(ddi) ? NULL : ex_system_alloc((r->count + 1) * sizeof *all);
    if (!all)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (r->count) {
        memcpy(all, r->device, r->count * sizeof *all);
        ex_system_free(r->device);
    }
    ob_reference(device);
    all[r->count++] = device;
    r->device = all;
    return STATUS_SUCCESS;
}

void fx_relations_remove(struct fx_relations *r, PDEVICE_OBJECT device)
{
    ULONG i = 0;
    while (i < r->count && r->device[i] != device)
        i++;
    if (i == r->count)
        return;
    ob_dereference(device);
    for (r->count--; i < r->count; i++)
        r->device[i] = r->device[i + 1];
}

NTSTATUS wdf_WdfDeviceAddRemovalRelationsPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT PhysicalDevice)
{
    gate_enter(DDI_WdfDeviceAddRemovalRelationsPhysicalDevice, trace_object(Device), trace_object(PhysicalDevice));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(PhysicalDevice, "PhysicalDevice");
    NTSTATUS status = fx_relations_add(&device->own->removal, PhysicalDevice, DDI_WdfDeviceAddRemovalRelationsPhysicalDevice);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceRemoveRemovalRelationsPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT PhysicalDevice)
{
    gate_enter(DDI_WdfDeviceRemoveRemovalRelationsPhysicalDevice, trace_object(Device), trace_object(PhysicalDevice));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(PhysicalDevice, "PhysicalDevice");
    fx_relations_remove(&device->own->removal, PhysicalDevice);
    gate_leave(0);
}

VOID wdf_WdfDeviceClearRemovalRelationsDevices(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfDeviceClearRemovalRelationsDevices, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_relations_clear(&device->own->removal);
    gate_leave(0);
}

static struct fx_relations *ejection_of(WDFDEVICE handle)
{
    struct fx_device *device = fx_handle(handle, FX_DEVICE);
    if (!device->own->as_pdo)
        fx_misuse("K-DRV-32", "%s: device #%u is no PDO", gate_where(ctx_current()), device->object.number);
    return &device->own->as_pdo->ejection;
}

NTSTATUS wdf_WdfPdoAddEjectionRelationsPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT PhysicalDevice)
{
    gate_enter(DDI_WdfPdoAddEjectionRelationsPhysicalDevice, trace_object(Device), trace_object(PhysicalDevice));
    struct fx_relations *ejection = ejection_of(Device);
    fx_require(PhysicalDevice, "PhysicalDevice");
    NTSTATUS status = fx_relations_add(ejection, PhysicalDevice, DDI_WdfPdoAddEjectionRelationsPhysicalDevice);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfPdoRemoveEjectionRelationsPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PDEVICE_OBJECT PhysicalDevice)
{
    gate_enter(DDI_WdfPdoRemoveEjectionRelationsPhysicalDevice, trace_object(Device), trace_object(PhysicalDevice));
    struct fx_relations *ejection = ejection_of(Device);
    fx_require(PhysicalDevice, "PhysicalDevice");
    fx_relations_remove(ejection, PhysicalDevice);
    gate_leave(0);
}

VOID wdf_WdfPdoClearEjectionRelationsDevices(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfPdoClearEjectionRelationsDevices, trace_object(Device), 0);
    fx_relations_clear(ejection_of(Device));
    gate_leave(0);
}
