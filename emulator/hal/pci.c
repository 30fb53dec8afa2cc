/* See pci.h: the functions of a life, and what their PDOs answer. */
#include "../nt/pnp/pnp.h"
#include "pci.h"

struct pci_wake {
    KDPC dpc;
    unsigned count;
};

static struct {
    struct pci_function *first, **last;
    unsigned count;
    struct nt_driver *driver;    /* NULL until the first device: a machine without the bus has no driver of it */
} pci;

void pci_boot(void)
{
    pci.first = NULL;
    pci.last = &pci.first;
    pci.count = 0;
    pci.driver = NULL;
}

/* ---- Functions ---- */

PDEVICE_OBJECT pci_pdo(const struct pci_function *f) { return f->node ? f->node->pdo : NULL; }

struct pci_function *pci_function_of(PDEVICE_OBJECT pdo)
{
    struct pci_function *f = pci.first;
    while (f && (!pdo || pci_pdo(f) != pdo))
        f = f->next;
    return f;
}

struct pci_function *pci_function_at(unsigned slot)
{
    struct pci_function *f = pci.first;
    while (f && f->slot != slot)
        f = f->next;
    return f;
}

static bool is_on_the_bus(const struct pci_function *f)
{
    const struct pci_function *other = pci.first;
    while (other && other != f)
        other = other->next;
    return other != NULL;
}

static VOID NTAPI wake(PKDPC dpc, PVOID context, PVOID a, PVOID b);

void pci_add(struct pci_function *f)
{
    if (!is_on_the_bus(f)) {
        f->next = NULL;
        f->node = NULL;
        f->slot = ++pci.count;
        f->references = 0;
        f->wake = ex_system_alloc(sizeof *f->wake);
        ke_initialize_dpc(&f->wake->dpc, wake, f);
        *pci.last = f;
        pci.last = &f->next;
    }
    pci_set_up(f);
}

void pci_pull(struct pci_function *f)
{
    device_pull(f->model);
    if (pci_pdo(f))
        pnp_device_is_gone(f->node);
}

/* ---- Wake ---- */

/* As the interrupt of a machine's chip set leads to it. */
static VOID NTAPI wake(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    struct pci_function *f = context;
    (void)dpc, (void)a, (void)b;
    if (pci_pdo(f) && po_device_wakes(pci_pdo(f)))
        f->wake->count++;
}

void pci_pme(struct pci_function *f) { ke_insert_queue_dpc(&f->wake->dpc, NULL, NULL); }
unsigned pci_wakes(const struct pci_function *f) { return f->wake->count; }

static void wake_ended(PDEVICE_OBJECT pdo)
{
    struct pci_function *f = pci_function_of(pdo);
    if (f)
        pci_arm_wake(f, false);
}

static NTSTATUS wait_wake(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_function *f = pci_function_of(pdo);
    DEVICE_CAPABILITIES c = {0};
    pci_fill_capabilities(f, &c);
    if (!c.DeviceWake)
        return pnp_pdo_complete(irp, STATUS_NOT_SUPPORTED);
    if (irp->Tail.Overlay.CurrentStackLocation->Parameters.WaitWake.PowerState > c.SystemWake || f->state > c.DeviceWake)
        return pnp_pdo_complete(irp, STATUS_INVALID_DEVICE_STATE);
    if (!device_of(pdo)->wait_wake)
        pci_arm_wake(f, true);
    return po_pdo_dispatch(pdo, irp);
}

/* ---- Power ---- */

/* One that does not answer the bus is not there, whoever thinks so. */
static bool is_missing(struct pci_function *f)
{
    if (pci_is_there(f))
        return false;
    device_pull(f->model);
    return true;
}

static NTSTATUS pdo_power(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_function *f = pci_function_of(pdo);
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    if (location->MinorFunction == IRP_MN_WAIT_WAKE)
        return wait_wake(pdo, irp);
    if (location->MinorFunction != IRP_MN_SET_POWER || location->Parameters.Power.Type != DevicePowerState)
        return po_pdo_dispatch(pdo, irp);
    DEVICE_POWER_STATE state = location->Parameters.Power.State.DeviceState;
    if (state == PowerDeviceD0 && is_missing(f))
        return pnp_pdo_complete(irp, STATUS_NO_SUCH_DEVICE);
    pci_set_power(f, state);
    return pnp_pdo_complete(irp, STATUS_SUCCESS);
}

/* ---- PnP ---- */

/* The windows go where the PnP manager wants them. */
static void take_places(struct pci_function *f, const CM_RESOURCE_LIST *raw)
{
    unsigned next = 0;
    for (ULONG n = 0; raw && raw->Count && n < raw->List[0].PartialResourceList.Count; n++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &raw->List[0].PartialResourceList.PartialDescriptors[n];
        if (d->Type != CmResourceTypeMemory && d->Type != CmResourceTypePort)
            continue;
        while (next < PCI_BARS && !f->bar_size[next])
            next++;
        if (next < PCI_BARS)
            f->bar[next++] = (uint32_t)d->u.Generic.Start.QuadPart;
    }
}

static NTSTATUS start(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_function *f = pci_function_of(pdo);
    if (is_missing(f))
        return pnp_pdo_complete(irp, STATUS_NO_SUCH_DEVICE);
    pci_set_power(f, PowerDeviceD0);
    take_places(f, irp->Tail.Overlay.CurrentStackLocation->Parameters.StartDevice.AllocatedResources);
    pci_decode(f, true);
    return pnp_pdo_complete(irp, STATUS_SUCCESS);
}

static NTSTATUS end(PDEVICE_OBJECT pdo, PIRP irp)
{
    pci_decode(pci_function_of(pdo), false);
    return pnp_pdo_answer(pdo, irp);
}

static NTSTATUS query_resources(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_resources r;
    pci_fill_resources(pci_function_of(pdo), &r, false);
    return pnp_pdo_answer_with(irp, &r, pci_size_of_resources(&r), pci_size_of_resources(&r));
}

static NTSTATUS query_requirements(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pci_requirements r;
    pci_fill_requirements(pci_function_of(pdo), &r);
    return pnp_pdo_answer_with(irp, &r, r.list.ListSize, r.list.ListSize);
}

static NTSTATUS query_bus(PIRP irp)
{
    static const PNP_BUS_INFORMATION bus = {{0xc8ebdfb0, 0xb510, 0x11d0, {0x80, 0xe5, 0x00, 0xa0, 0xc9, 0x25, 0x42, 0xe3}}, PCIBus, 0};
    return pnp_pdo_answer_with(irp, &bus, sizeof bus, sizeof bus);
}

static NTSTATUS pdo_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE: return start(pdo, irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_REMOVE_DEVICE: return end(pdo, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        pci_fill_capabilities(pci_function_of(pdo), location->Parameters.DeviceCapabilities.Capabilities);
        return pnp_pdo_complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_ID: return pci_query_id(pdo, irp, location->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_TEXT: return pci_query_text(pdo, irp, location->Parameters.QueryDeviceText.DeviceTextType);
    case IRP_MN_QUERY_BUS_INFORMATION: return query_bus(irp);
    case IRP_MN_QUERY_RESOURCES: return query_resources(pdo, irp);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS: return query_requirements(pdo, irp);
    case IRP_MN_QUERY_INTERFACE: return pci_query_interface(pdo, irp);
    case IRP_MN_READ_CONFIG:
    case IRP_MN_WRITE_CONFIG: return pci_read_write_config(pdo, irp);
    default: return pnp_pdo_answer(pdo, irp);
    }
}

static NTSTATUS pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp)
{
    switch (irp->Tail.Overlay.CurrentStackLocation->MajorFunction) {
    case IRP_MJ_PNP: return pdo_pnp(pdo, irp);
    case IRP_MJ_POWER: return pdo_power(pdo, irp);
    default: return pnp_pdo_answer_other(irp);
    }
}

/* ---- Its device ---- */

static NTSTATUS make_device(struct pci_function *f, struct devnode *node)
{
    if (!pci.driver)
        io_create_system_driver("pci", pdo_dispatch, &pci.driver);
    NTSTATUS status = pnp_create_pdo(node, pci.driver, 0);
    if (!NT_SUCCESS(status))
        return status;
    device_of(node->pdo)->wake_ended = wake_ended;
    f->node = node;
    f->references = 0;
    pnp_ask_about(node);
    struct pci_resources *translated = ex_system_alloc(sizeof *translated);
    pci_fill_resources(f, translated, true);
    node->translated = &translated->list;
    return pnp_build_stack(node);
}

struct devnode *pci_create_device(struct nt_driver *driver, struct pci_function *f, NTSTATUS *status)
{
    pnp_lock();
    struct devnode *node = pnp_new_node(NULL, NULL);
    node->function = driver;
    *status = make_device(f, node);
    if (!node->pdo)
        node->state = DEVNODE_FAILED;
    pnp_unlock();
    return node;
}

void pci_device_removed(PDEVICE_OBJECT pdo)
{
    const struct pci_function *f = pci_function_of(pdo);
    if (f && f->references)
        bugcheck(OWN_RULE, device_number(pdo), f->references, 0, 0, "V-HAL-6", "the bus interface of device #%u was not dereferenced (%u reference(s)) when its stack was removed",
                 device_number(pdo), f->references);
}
