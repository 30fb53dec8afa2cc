/* Static children: the driver makes their PDOs and adds them (K-CHD-7); and what a PDO's own handle is good for. */
#include "device.h"

static struct fx_children *statics_of(WDFDEVICE handle)
{
    struct fx_device *bus = fx_handle(handle, FX_DEVICE);
    if (bus->control || bus->own->as_pdo)
        fx_misuse("K-DRV-32", "%s: device #%u is no function device", gate_where(ctx_current()), bus->object.number);
    return &bus->own->bus.statics;
}

static NTSTATUS add_static(struct fx_device *bus, struct fx_device *child)
{
    struct fx_pdo *pdo = child->own->as_pdo;
    if (bus->control || bus->own->as_pdo || !pdo)
        return STATUS_INVALID_PARAMETER;
    if (pdo->child)
        return STATUS_OBJECT_NAME_EXISTS;
    struct fx_children *set = &bus->own->bus.statics;
    fx_lock_acquire(&set->lock);
    struct fx_child *entry = fx_child_add(set);
    if (entry) {
        entry->device = child;
        entry->state = FX_CHILD_PRESENT;
        pdo->child = entry;
        child->object.no_delete = true; /* from here on the framework ends it */
        child->wdm->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        hb_release(child);
    }
    fx_lock_release(&set->lock);
    if (entry && bus->node)
        pnp_invalidate_relations(bus->node);
    return entry ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS wdf_WdfFdoAddStaticChild(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo, WDFDEVICE Child)
{
    gate_enter(DDI_WdfFdoAddStaticChild, trace_object(Fdo), trace_object(Child));
    struct fx_device *bus = fx_handle(Fdo, FX_DEVICE), *child = fx_handle(Child, FX_DEVICE);
    NTSTATUS status = choose_fault(DDI_WdfFdoAddStaticChild) ? STATUS_INSUFFICIENT_RESOURCES : add_static(bus, child);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfFdoLockStaticChildListForIteration(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo)
{
    gate_enter(DDI_WdfFdoLockStaticChildListForIteration, trace_object(Fdo), 0);
    struct fx_children *set = statics_of(Fdo);
    fx_lock_acquire(&set->lock);
    fx_children_begin_iteration(set);
    fx_lock_release(&set->lock);
    gate_leave(0);
}

VOID wdf_WdfFdoUnlockStaticChildListFromIteration(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo)
{
    gate_enter(DDI_WdfFdoUnlockStaticChildListFromIteration, trace_object(Fdo), 0);
    struct fx_children *set = statics_of(Fdo);
    fx_lock_acquire(&set->lock);
    fx_children_end_iteration(set);
    fx_lock_release(&set->lock);
    gate_leave(0);
}

/* The child before may be gone by now only if nobody holds the list, which the caller has to. */
static struct fx_child *next_static(struct fx_children *set, const struct fx_device *previous, ULONG flags)
{
    struct fx_child *child = fx_children_after(set, previous && previous->own->as_pdo->child ? previous->own->as_pdo->child->number : 0);
    while (child && !fx_child_matches(child, flags))
        child = fx_children_after(set, child->number);
    return child;
}

WDFDEVICE wdf_WdfFdoRetrieveNextStaticChild(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo, WDFDEVICE PreviousChild, ULONG Flags)
{
    gate_enter(DDI_WdfFdoRetrieveNextStaticChild, trace_object(Fdo), trace_object(PreviousChild));
    struct fx_children *set = statics_of(Fdo);
    struct fx_device *previous = PreviousChild ? fx_handle(PreviousChild, FX_DEVICE) : NULL;
    if (!Flags || Flags & ~(ULONG)WdfRetrieveAllChildren || (previous && !previous->own->as_pdo))
        fx_misuse("K-CHD-7", "WdfFdoRetrieveNextStaticChild: the flags are invalid, or the previous child is no PDO");
    if (!set->iterations)
        fx_misuse("K-CHD-7", "WdfFdoRetrieveNextStaticChild without WdfFdoLockStaticChildListForIteration");
    fx_lock_acquire(&set->lock);
    struct fx_child *child = next_static(set, previous, Flags);
    WDFDEVICE found = child ? (WDFDEVICE)child->device : NULL;
    fx_lock_release(&set->lock);
    gate_leave(trace_object(found));
    return found;
}

/* ---- The PDO's own handle ---- */

static struct fx_pdo *pdo_of(WDFDEVICE handle)
{
    struct fx_device *device = fx_handle(handle, FX_DEVICE);
    return device->own->as_pdo;
}

NTSTATUS wdf_WdfPdoMarkMissing(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfPdoMarkMissing, trace_object(Device), 0);
    struct fx_pdo *pdo = pdo_of(Device);
    NTSTATUS status = pdo ? STATUS_NO_SUCH_DEVICE : STATUS_INVALID_PARAMETER;
    if (pdo && pdo->child) {
        struct fx_children *set = pdo->child->of;
        fx_lock_acquire(&set->lock);
        if (fx_child_mark_missing(pdo->child))
            status = STATUS_SUCCESS;
        fx_lock_release(&set->lock);
    }
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfPdoRequestEject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfPdoRequestEject, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    if (!device->own->as_pdo)
        fx_misuse("K-DRV-32", "WdfPdoRequestEject: device #%u is no PDO", device->object.number);
    struct devnode *node = device->wdm ? pnp_devnode_of(device->wdm) : NULL;
    if (node)
        pnp_request_eject(node);
    gate_leave(0);
}

WDFDEVICE wdf_WdfPdoGetParent(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfPdoGetParent, trace_object(Device), 0);
    struct fx_pdo *pdo = pdo_of(Device);
    WDFDEVICE parent = pdo ? (WDFDEVICE)pdo->bus : NULL;
    gate_leave(trace_object(parent));
    return parent;
}

/* Its entry in a child list; NULL: a static child. */
static struct fx_child *described(WDFDEVICE handle)
{
    struct fx_pdo *pdo = pdo_of(handle);
    struct fx_child *child = pdo ? pdo->child : NULL;
    return child && child->of->list ? child : NULL;
}

NTSTATUS wdf_WdfPdoRetrieveIdentificationDescription(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device,
                                                     PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription)
{
    gate_enter(DDI_WdfPdoRetrieveIdentificationDescription, trace_object(Device), 0);
    struct fx_child *child = described(Device);
    fx_require(IdentificationDescription, "IdentificationDescription");
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (child) {
        fx_lock_acquire(&child->of->lock);
        status = fx_child_retrieve_id(child, IdentificationDescription);
        fx_lock_release(&child->of->lock);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfPdoRetrieveAddressDescription(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device,
                                              PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription)
{
    gate_enter(DDI_WdfPdoRetrieveAddressDescription, trace_object(Device), 0);
    struct fx_child *child = described(Device);
    fx_require(AddressDescription, "AddressDescription");
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (child) {
        fx_lock_acquire(&child->of->lock);
        status = fx_child_retrieve_address(child, AddressDescription);
        fx_lock_release(&child->of->lock);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfPdoUpdateAddressDescription(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device,
                                            PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription)
{
    gate_enter(DDI_WdfPdoUpdateAddressDescription, trace_object(Device), 0);
    struct fx_child *child = described(Device);
    fx_require(AddressDescription, "AddressDescription");
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (child) {
        fx_lock_acquire(&child->of->lock);
        status = fx_child_update_address(child, AddressDescription);
        fx_lock_release(&child->of->lock);
    }
    gate_leave((ULONG)status);
    return status;
}
