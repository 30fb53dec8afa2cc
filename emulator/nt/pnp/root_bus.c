/* See pnp.h: the bus driver of root-enumerated devices (W-PNP-58): it makes their PDOs and answers for them. */
#include "../../hal/hal.h"
#include "pnp.h"

static unsigned instances;

/* ---- What a PDO answers ---- */


static void fill_capabilities(DEVICE_CAPABILITIES *c)
{
    static const DEVICE_POWER_STATE state[PowerSystemMaximum] = {PowerDeviceUnspecified, PowerDeviceD0, PowerDeviceD3, PowerDeviceD3,
                                                                 PowerDeviceD3,          PowerDeviceD3, PowerDeviceD3};
    memcpy(c->DeviceState, state, sizeof state);
    c->SystemWake = PowerSystemSleeping3;
    c->DeviceWake = PowerDeviceD3;
    c->WakeFromD0 = c->WakeFromD3 = 1;
    c->SurpriseRemovalOK = 1;
    c->UniqueID = 1;
}

static NTSTATUS answer_id(struct devnode *node, PIRP irp, BUS_QUERY_ID_TYPE type)
{
    UNICODE_STRING text = node->instance_path;
    size_t last = text.Length / 2u;
    while (last && text.Buffer[last - 1] != '\\')
        last--;
    if (type == BusQueryInstanceID) {
        text.Buffer += last;
        text.Length -= (USHORT)(last * 2);
    } else if (type == BusQueryDeviceID || type == BusQueryHardwareIDs) {
        text.Length = (USHORT)((last - 1) * 2);
    } else {
        return pnp_pdo_complete(irp, irp->IoStatus.Status);
    }
    return pnp_pdo_answer_text(irp, &text, type == BusQueryHardwareIDs);
}

static NTSTATUS pdo_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
        hal_device_power(location->Parameters.StartDevice.AllocatedResourcesTranslated, PowerDeviceD0);
        return pnp_pdo_complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_CAPABILITIES:
        fill_capabilities(location->Parameters.DeviceCapabilities.Capabilities);
        return pnp_pdo_complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_ID: return answer_id(device_of(pdo)->devnode, irp, location->Parameters.QueryId.IdType);
    default: return pnp_pdo_answer(pdo, irp);
    }
}

static NTSTATUS pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp)
{
    switch (irp->Tail.Overlay.CurrentStackLocation->MajorFunction) {
    case IRP_MJ_PNP: return pdo_pnp(pdo, irp);
    case IRP_MJ_POWER: return po_pdo_dispatch(pdo, irp);
    default: return pnp_pdo_answer_other(irp);
    }
}

void pnp_root_bus_boot(void)
{
    instances = 0;
    io_create_system_driver("PnpManager", pdo_dispatch, &io_system_driver);
}

static UNICODE_STRING instance_path(const char *device_id)
{
    char text[120];
    const char *end = text + sizeof text;
    const char *id = device_id;
    if (strlen(id) > 5 && (id[0] == 'R' || id[0] == 'r') && id[4] == '\\')
        id += 5;
    char *p = text_put(text_put(text, end, "ROOT\\"), end, id);
    text_number(text_put(p, end, "\\"), end, instances++, 10, 4);
    return rtl_from_ascii(text);
}

NTSTATUS pnp_root_create_pdo(struct devnode *node, const char *device_id)
{
    node->instance_path = instance_path(device_id);
    return pnp_create_pdo(node, io_system_driver, 0);
}
