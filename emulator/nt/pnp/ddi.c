/* PnP DDIs: what a driver asks the PnP manager for. It is done later, by the worker (tree.c). */
#include "pnp.h"

/* Only a PDO has a devnode; anything else is no business of the PnP manager's (0xCA). */
static struct devnode *node_of(PDEVICE_OBJECT pdo, const char *ddi)
{
    if (!pdo || !ob_is_live(pdo) || !device_of(pdo)->devnode)
        bugcheck(0xCA, 2, pdo && ob_is_live(pdo) ? device_number(pdo) : 0, 0, 0, "W-PNP-51", "%s on a device that is no PDO, or not one that its bus has reported", ddi);
    return device_of(pdo)->devnode;
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    gate_enter(DDI_IoInvalidateDeviceState, trace_object(PhysicalDeviceObject), 0);
    pnp_invalidate_state(node_of(PhysicalDeviceObject, "IoInvalidateDeviceState"));
    gate_leave(0);
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    gate_enter(DDI_IoInvalidateDeviceRelations, trace_object(DeviceObject), Type);
    struct devnode *node = node_of(DeviceObject, "IoInvalidateDeviceRelations");
    if (Type == BusRelations)
        pnp_invalidate_relations(node);
    gate_leave(0);
}

VOID IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    gate_enter(DDI_IoRequestDeviceEject, trace_object(PhysicalDeviceObject), 0);
    pnp_request_eject(node_of(PhysicalDeviceObject, "IoRequestDeviceEject"));
    gate_leave(0);
}
