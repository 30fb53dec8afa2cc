/*
 * Plug and Play: root-enumerated devices and their state machine (W-PNP-1..41).
 *
 * Principle of operation. Whoever conducts a life calls these functions from the pnp thread, one at a time per device (W-PNP-4). Each builds the PnP
 * IRP, sends it to the top of the stack and waits for it.
 *
 * Internal design. The physical device objects belong to a bus driver of the emulator's own, whose dispatch routine is at the end of this
 * file; power IRPs it hands to po.c. A devnode lives in system memory until the end of the life.
 */
#include "io/io.h"

static struct {
    struct node_entry { struct devnode node; struct node_entry *next; } *first;
    unsigned instance;
} tree;

static struct devnode *surprised; /* its SURPRISE_REMOVAL is on its way */

static struct node_entry *entry_of(struct devnode *node) { return CONTAINING_RECORD(node, struct node_entry, node); }
struct devnode *pnp_first(void) { return tree.first ? &tree.first->node : NULL; }
struct devnode *pnp_next(struct devnode *node) { return entry_of(node)->next ? &entry_of(node)->next->node : NULL; }

struct devnode *pnp_devnode_of(PDEVICE_OBJECT pdo) { return device_of(pdo)->devnode; }

bool pnp_has_open_handles(const struct devnode *node)
{
    for (PDEVICE_OBJECT o = node->pdo; o; o = o->AttachedDevice)
        if (o->ReferenceCount > 0)
            return true;
    return false;
}

/* ---- Sending ---- */

static PIRP build(struct devnode *node, UCHAR minor, PDEVICE_OBJECT *top)
{
    *top = io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp((*top)->StackSize, FALSE);
    if (!irp)
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "no memory for a PnP IRP");
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    irp_info(irp)->built_by = 3;
    irp_info(irp)->issuer = ke_current_thread();
    return irp;
}

static NTSTATUS send(struct devnode *node, UCHAR minor, IO_STATUS_BLOCK *iosb)
{
    PDEVICE_OBJECT top;
    PIRP irp = build(node, minor, &top);
    return io_send_and_wait(irp, top, iosb);
}

/* W-PNP-22..24, 40: these may not fail. */
static void must_succeed(struct devnode *node, UCHAR minor, NTSTATUS status, const char *name)
{
    if (!NT_SUCCESS(status))
        bugcheck(0xC9, 0x247, minor, (ULONG)status, device_number(node->pdo), "V-PNP-1", "IRP_MN_%s was completed with 0x%08X: it must not fail", name,
                 (ULONG)status);
}

static void query_capabilities(struct devnode *node)
{
    PDEVICE_OBJECT top;
    PIRP irp = build(node, IRP_MN_QUERY_CAPABILITIES, &top);
    DEVICE_CAPABILITIES *capabilities = ex_system_alloc(sizeof *capabilities);
    capabilities->Size = sizeof *capabilities;
    capabilities->Version = 1;
    capabilities->Address = capabilities->UINumber = (ULONG)-1;
    (irp->Tail.Overlay.CurrentStackLocation - 1)->Parameters.DeviceCapabilities.Capabilities = capabilities;
    io_send_and_wait(irp, top, NULL);
    ex_system_free(capabilities);
}

static ULONG_PTR query_device_state(struct devnode *node)
{
    IO_STATUS_BLOCK iosb = {0};
    return NT_SUCCESS(send(node, IRP_MN_QUERY_PNP_DEVICE_STATE, &iosb)) ? iosb.Information : 0;
}

static void query_bus_relations(struct devnode *node)
{
    PDEVICE_OBJECT top;
    IO_STATUS_BLOCK iosb = {0};
    PIRP irp = build(node, IRP_MN_QUERY_DEVICE_RELATIONS, &top);
    (irp->Tail.Overlay.CurrentStackLocation - 1)->Parameters.QueryDeviceRelations.Type = BusRelations;
    if (!NT_SUCCESS(io_send_and_wait(irp, top, &iosb)) || !iosb.Information)
        return;
    DEVICE_RELATIONS *relations = (DEVICE_RELATIONS *)iosb.Information;
    for (ULONG i = 0; i < relations->Count; i++)
        ob_dereference(relations->Objects[i]);
    ex_free_with_tag(relations, 0, NULL);
}

/* ---- Creation ---- */

static UNICODE_STRING instance_path(const char *device_id)
{
    char text[120];
    const char *end = text + sizeof text;
    const char *id = device_id;
    if (strlen(id) > 5 && (id[0] == 'R' || id[0] == 'r') && id[4] == '\\')
        id += 5;
    char *p = text_put(text_put(text, end, "ROOT\\"), end, id);
    text_number(text_put(p, end, "\\"), end, tree.instance++, 10, 4);
    return rtl_from_ascii(text);
}

/* After a failed AddDevice: filters that attached get REMOVE (W-PNP-2). */
static void tear_down(struct devnode *node)
{
    if (node->pdo->AttachedDevice)
        send(node, IRP_MN_REMOVE_DEVICE, NULL);
    io_interfaces_of_device_gone(node->pdo);
    node->state = DEVNODE_FAILED;
}

struct devnode *pnp_create_root_device(struct nt_driver *driver, const char *device_id, NTSTATUS *status)
{
    struct node_entry *e = ex_system_alloc(sizeof *e), **at = &tree.first;
    struct devnode *node = &e->node;
    while (*at)
        at = &(*at)->next;
    *at = e;
    node->function = driver;
    node->instance_path = instance_path(device_id);
    node->system_state = PowerSystemWorking;
    node->device_state = PowerDeviceD0;
    InitializeListHead(&node->interfaces);
    *status = io_create_device(&io_system_driver->object, 0, NULL, FILE_DEVICE_CONTROLLER, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &node->pdo);
    if (!NT_SUCCESS(*status)) {
        node->state = DEVNODE_FAILED;
        return node;
    }
    node->pdo->Flags |= DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    node->pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    device_of(node->pdo)->devnode = node;
    *status = io_call_add_device(driver, node->pdo);
    if (!NT_SUCCESS(*status))
        tear_down(node);
    return node;
}

/* ---- The state machine (W-PNP-3) ---- */

NTSTATUS pnp_start(struct devnode *node)
{
    if (node->state != DEVNODE_INITIALIZED && node->state != DEVNODE_STOPPED)
        return STATUS_INVALID_DEVICE_STATE;
    bool restart = node->state == DEVNODE_STOPPED;
    NTSTATUS status = send(node, IRP_MN_START_DEVICE, NULL);
    if (!NT_SUCCESS(status)) {
        if (restart)
            pnp_surprise_remove(node);
        node->failed = true;
        return status;
    }
    node->state = DEVNODE_STARTED;
    query_capabilities(node);
    if (query_device_state(node) & PNP_DEVICE_FAILED)
        node->failed = node->invalidate_pending = true;
    query_bus_relations(node);
    return status;
}

NTSTATUS pnp_query_stop(struct devnode *node)
{
    if (node->state != DEVNODE_STARTED)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = send(node, IRP_MN_QUERY_STOP_DEVICE, NULL);
    if (NT_SUCCESS(status))
        node->state = DEVNODE_STOP_PENDING;
    return status;
}

NTSTATUS pnp_cancel_stop(struct devnode *node)
{
    if (node->state != DEVNODE_STOP_PENDING && node->state != DEVNODE_STARTED)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = send(node, IRP_MN_CANCEL_STOP_DEVICE, NULL);
    must_succeed(node, IRP_MN_CANCEL_STOP_DEVICE, status, "CANCEL_STOP_DEVICE");
    node->state = DEVNODE_STARTED;
    return status;
}

NTSTATUS pnp_stop(struct devnode *node)
{
    if (node->state != DEVNODE_STOP_PENDING)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = send(node, IRP_MN_STOP_DEVICE, NULL);
    must_succeed(node, IRP_MN_STOP_DEVICE, status, "STOP_DEVICE");
    node->state = DEVNODE_STOPPED;
    return status;
}

NTSTATUS pnp_query_remove(struct devnode *node)
{
    if (node->state != DEVNODE_STARTED && node->state != DEVNODE_INITIALIZED)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = send(node, IRP_MN_QUERY_REMOVE_DEVICE, NULL);
    if (!NT_SUCCESS(status))
        return status;
    node->state = DEVNODE_REMOVE_PENDING;
    if (!pnp_has_open_handles(node))
        return status;
    pnp_cancel_remove(node);
    return STATUS_PLUGPLAY_QUERY_VETOED;
}

NTSTATUS pnp_cancel_remove(struct devnode *node)
{
    if (node->state != DEVNODE_REMOVE_PENDING && node->state != DEVNODE_STARTED)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = send(node, IRP_MN_CANCEL_REMOVE_DEVICE, NULL);
    must_succeed(node, IRP_MN_CANCEL_REMOVE_DEVICE, status, "CANCEL_REMOVE_DEVICE");
    node->state = DEVNODE_STARTED;
    return status;
}

NTSTATUS pnp_surprise_remove(struct devnode *node)
{
    if (node->state == DEVNODE_SURPRISE_REMOVED || node->state == DEVNODE_REMOVED || node->state == DEVNODE_FAILED)
        return STATUS_INVALID_DEVICE_STATE;
    node->state = DEVNODE_SURPRISE_REMOVED; /* new opens fail from here on */
    surprised = node;
    NTSTATUS status = send(node, IRP_MN_SURPRISE_REMOVAL, NULL);
    surprised = NULL;
    must_succeed(node, IRP_MN_SURPRISE_REMOVAL, status, "SURPRISE_REMOVAL");
    return status;
}

bool pnp_is_being_surprised(PDEVICE_OBJECT device)
{
    return surprised && surprised->pdo != device && io_bottom_of_stack(device) == surprised->pdo;
}

/* Everybody above the PDO is gone: detached (V-IO-21D) and deleted. */
struct stack_above {
    PDEVICE_OBJECT device[16];
    unsigned count;
};

static void note_stack(struct stack_above *above, PDEVICE_OBJECT pdo)
{
    above->count = 0;
    for (PDEVICE_OBJECT d = pdo->AttachedDevice; d && above->count < 16; d = d->AttachedDevice) {
        ob_reference(d);
        above->device[above->count++] = d;
    }
}

static void check_stack_deleted(const struct stack_above *above)
{
    for (unsigned i = 0; i < above->count; i++) {
        unsigned number = device_number(above->device[i]);
        if (!device_of(above->device[i])->deleted)
            bugcheck(0xC9, 0x21E, number, 0, 0, "V-IO-21E", "device #%u was not deleted by its driver's IRP_MN_REMOVE_DEVICE", number);
        ob_dereference(above->device[i]);
    }
}

NTSTATUS pnp_remove(struct devnode *node)
{
    if (node->state == DEVNODE_REMOVED)
        return STATUS_INVALID_DEVICE_STATE;
    if (!node->pdo) {
        node->state = DEVNODE_REMOVED;
        return STATUS_SUCCESS;
    }
    if (pnp_has_open_handles(node))
        return STATUS_DEVICE_BUSY; /* REMOVE waits for the last handle (W-PNP-55) */
    node->removing = true;
    struct stack_above above = {.count = 0};
    NTSTATUS status = STATUS_SUCCESS;
    if (node->state != DEVNODE_FAILED || node->pdo->AttachedDevice) {
        note_stack(&above, node->pdo);
        status = send(node, IRP_MN_REMOVE_DEVICE, NULL);
        if (!NT_SUCCESS(status))
            bugcheck(0xC9, 0x306, (ULONG)status, device_number(node->pdo), 0, "V-PNP-1", "IRP_MN_REMOVE_DEVICE was completed with 0x%08X", (ULONG)status);
    }
    io_check_no_irps();
    if (node->pdo->AttachedDevice)
        bugcheck(0xC9, 0x21D, device_number(node->pdo->AttachedDevice), 0, 0, "V-IO-21D", "device #%u is still attached after IRP_MN_REMOVE_DEVICE",
                 device_number(node->pdo->AttachedDevice));
    check_stack_deleted(&above);
    if (io_interfaces_enabled(node->pdo))
        bugcheck(OWN_RULE, device_number(node->pdo), io_interfaces_enabled(node->pdo), 0, 0, "W-DRV-19",
                 "the driver left %u device interface(s) of device #%u enabled after IRP_MN_REMOVE_DEVICE", io_interfaces_enabled(node->pdo),
                 device_number(node->pdo));
    io_interfaces_of_device_gone(node->pdo);
    node->state = DEVNODE_REMOVED;
    device_of(node->pdo)->devnode = NULL;
    io_delete_device(node->pdo);
    node->pdo = NULL;
    return status;
}

void pnp_process_invalidations(struct devnode *node)
{
    if (!node->invalidate_pending || !node->pdo)
        return;
    node->invalidate_pending = false;
    if (node->state == DEVNODE_STARTED && query_device_state(node) & PNP_DEVICE_FAILED) {
        node->failed = true;
        pnp_surprise_remove(node);
    }
}

void pnp_boot(void);
static NTSTATUS pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp);

void pnp_boot(void)
{
    tree.first = NULL;
    surprised = NULL;
    tree.instance = 0;
    io_create_system_driver("PnpManager", pdo_dispatch, &io_system_driver);
}

/* ---- The bus driver: what a PDO answers ---- */

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    io_complete_request(irp, IO_NO_INCREMENT);
    return status;
}

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

static WCHAR *answer_text(const UNICODE_STRING *text, bool multi)
{
    size_t size = text->Length + (multi ? 4u : 2u);
    WCHAR *out = ex_allocate(POOL_PAGED, size, 'dIpP', NULL, true);
    if (out)
        memcpy(out, text->Buffer, text->Length);
    return out;
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
        return complete(irp, irp->IoStatus.Status);
    }
    irp->IoStatus.Information = (ULONG_PTR)answer_text(&text, type == BusQueryHardwareIDs);
    return complete(irp, irp->IoStatus.Information ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

static NTSTATUS answer_relations(PDEVICE_OBJECT pdo, PIRP irp, DEVICE_RELATION_TYPE type)
{
    if (type != TargetDeviceRelation)
        return complete(irp, irp->IoStatus.Status);
    DEVICE_RELATIONS *relations = ex_allocate(POOL_PAGED, sizeof *relations, 'leRP', NULL, true);
    if (!relations)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES);
    relations->Count = 1;
    relations->Objects[0] = pdo;
    ob_reference(pdo);
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS pdo_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION: return complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_CAPABILITIES:
        fill_capabilities(location->Parameters.DeviceCapabilities.Capabilities);
        return complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_ID: return answer_id(device_of(pdo)->devnode, irp, location->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_RELATIONS: return answer_relations(pdo, irp, location->Parameters.QueryDeviceRelations.Type);
    default: return complete(irp, irp->IoStatus.Status); /* as found (W-PNP-11) */
    }
}

static NTSTATUS pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp)
{
    switch (irp->Tail.Overlay.CurrentStackLocation->MajorFunction) {
    case IRP_MJ_PNP: return pdo_pnp(pdo, irp);
    case IRP_MJ_POWER: return po_pdo_dispatch(pdo, irp);
    case IRP_MJ_SYSTEM_CONTROL: return complete(irp, irp->IoStatus.Status);
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE: return complete(irp, STATUS_SUCCESS);
    default: return complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    gate_enter(DDI_IoInvalidateDeviceState, trace_object(PhysicalDeviceObject), 0);
    struct devnode *node = device_of(PhysicalDeviceObject)->devnode;
    if (node)
        node->invalidate_pending = true;
    gate_leave(0);
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    gate_enter(DDI_IoInvalidateDeviceRelations, trace_object(DeviceObject), Type);
    gate_leave(0);
}
