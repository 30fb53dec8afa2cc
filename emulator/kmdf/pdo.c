/* See bus.h: what a PDO answers (K-PNP-67..69), its power and its bus's, and its end (K-PNP-65, 66). */
#include "device.h"

NTSTATUS fx_pdo_attach(struct fx_device *device, struct WDFDEVICE_INIT *init)
{
    struct fx_pdo *pdo = ex_system_alloc(sizeof *pdo);
    if (!pdo)
        return STATUS_INSUFFICIENT_RESOURCES;
    pdo->bus = init->of_pdo->bus;
    pdo->init = init->of_pdo;
    pdo->child = init->of_pdo->child;
    ke_initialize_event(&pdo->wake_idle, NotificationEvent, TRUE);
    device->own->as_pdo = pdo;
    device->pdo = device->wdm;
    if (init->of_pdo->forwards_to_parent)
        device->wdm->StackSize += pdo->bus->wdm->StackSize; /* K-DRV-43 */
    return STATUS_SUCCESS;
}

void fx_pdo_free(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo)
        return;
    fx_relations_clear(&pdo->ejection);
    ex_system_free(pdo);
    device->own->as_pdo = NULL;
}

bool fx_pdo_stays(const struct fx_device *device)
{
    const struct fx_pdo *pdo = device->own->as_pdo;
    return pdo && pdo->child && !pdo->child->left_out;
}

/* ---- Power of the bus ---- */

NTSTATUS fx_pdo_power_parent(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo || pdo->init->no_power_dependency)
        return STATUS_SUCCESS;
    if (!pdo->holds_parent) {
        pdo->holds_parent = true;
        fx_power_reference(pdo->bus);
    }
    return fx_policy_wait_for_d0(pdo->bus);
}

void fx_pdo_release_parent(struct fx_device *device)
{
    struct fx_pdo *pdo = device->own->as_pdo;
    if (!pdo || !pdo->holds_parent)
        return;
    pdo->holds_parent = false;
    fx_power_dereference(pdo->bus);
}

/* ---- Identifiers and texts: pool memory that the PnP manager frees ---- */

static NTSTATUS answer_text(PIRP irp, const UNICODE_STRING *text)
{
    WCHAR *copy = ex_allocate(POOL_PAGED, text->Length + sizeof(WCHAR), 'dIRF', NULL, true); /* with one zero more */
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(copy, text->Buffer, text->Length);
    irp->IoStatus.Information = (ULONG_PTR)copy;
    return STATUS_SUCCESS;
}

static NTSTATUS query_id(const struct fx_pdo *pdo, PIRP irp)
{
    const UNICODE_STRING *text = NULL;
    switch (io_get_current_irp_stack_location(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID: text = &pdo->init->device_id; break;
    case BusQueryInstanceID: text = &pdo->init->instance_id; break;
    case BusQueryHardwareIDs: text = &pdo->init->hardware_ids; break;
    case BusQueryCompatibleIDs: text = &pdo->init->compatible_ids; break;
    case BusQueryContainerID: text = &pdo->init->container_id; break;
    default: break;
    }
    return text && text->Buffer ? answer_text(irp, text) : irp->IoStatus.Status;
}

static const struct fx_pdo_text *find_text(const struct fx_pdo *pdo, LCID locale)
{
    for (const struct fx_pdo_text *t = pdo->init->texts; t; t = t->next)
        if (t->locale == locale)
            return t;
    return NULL;
}

static NTSTATUS query_text(const struct fx_pdo *pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    const struct fx_pdo_text *text = find_text(pdo, stack->Parameters.QueryDeviceText.LocaleId);
    if (!text)
        text = find_text(pdo, pdo->init->default_locale);
    if (!text)
        return irp->IoStatus.Status;
    if (stack->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription)
        return answer_text(irp, &text->description);
    if (stack->Parameters.QueryDeviceText.DeviceTextType == DeviceTextLocationInformation)
        return answer_text(irp, &text->location);
    return irp->IoStatus.Status;
}

static NTSTATUS query_bus_information(const struct fx_pdo *pdo, PIRP irp)
{
    const struct fx_bus *bus = &pdo->bus->own->bus;
    if (!bus->has_information)
        return irp->IoStatus.Status;
    PNP_BUS_INFORMATION *copy = ex_allocate(POOL_PAGED, sizeof *copy, 'IBRF', NULL, true);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    *copy = bus->information;
    irp->IoStatus.Information = (ULONG_PTR)copy;
    return STATUS_SUCCESS;
}

static NTSTATUS query_relations(struct fx_device *device, PIRP irp)
{
    const struct fx_pdo *pdo = device->own->as_pdo;
    switch (io_get_current_irp_stack_location(irp)->Parameters.QueryDeviceRelations.Type) {
    case TargetDeviceRelation: return fx_relations_answer(irp, &(struct fx_relations){0}, device->wdm);
    case EjectionRelations: return pdo->ejection.count ? fx_relations_answer(irp, &pdo->ejection, NULL) : irp->IoStatus.Status;
    case RemovalRelations: return device->own->removal.count ? fx_relations_answer(irp, &device->own->removal, NULL) : irp->IoStatus.Status;
    default: return irp->IoStatus.Status;
    }
}

/* ---- Eject, lock (K-PNP-67) ---- */

/* Its child is missing from here on; what a scan still holds back takes effect first. */
static void ejected(struct fx_device *device)
{
    struct fx_child *child = device->own->as_pdo->child;
    if (!child)
        return;
    struct fx_children *set = child->of;
    fx_lock_acquire(&set->lock);
    fx_child_mark_missing(child);
    fx_lock_release(&set->lock);
    ke_wait_internal(&set->settled, "a scan of the bus's children to end");
}

static NTSTATUS eject(struct fx_device *device, PIRP irp)
{
    PFN_WDF_DEVICE_EJECT routine = device->own->as_pdo->init->callbacks.EvtDeviceEject;
    if (!routine)
        return irp->IoStatus.Status;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceEject, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device);
    callback_leave(&frame, (ULONG)status);
    if (NT_SUCCESS(status))
        ejected(device);
    return status;
}

static NTSTATUS set_lock(struct fx_device *device, PIRP irp)
{
    PFN_WDF_DEVICE_SET_LOCK routine = device->own->as_pdo->init->callbacks.EvtDeviceSetLock;
    BOOLEAN lock = io_get_current_irp_stack_location(irp)->Parameters.SetLock.Lock;
    if (!routine)
        return irp->IoStatus.Status;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceSetLock, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device, lock);
    callback_leave(&frame, (ULONG)status);
    return status;
}

bool fx_pdo_dispatch(struct fx_device *device, PIRP irp, NTSTATUS *status)
{
    const struct fx_pdo *pdo = device->own->as_pdo;
    switch (io_get_current_irp_stack_location(irp)->MinorFunction) {
    case IRP_MN_QUERY_ID: *status = query_id(pdo, irp); break;
    case IRP_MN_QUERY_DEVICE_TEXT: *status = query_text(pdo, irp); break;
    case IRP_MN_QUERY_BUS_INFORMATION: *status = query_bus_information(pdo, irp); break;
    case IRP_MN_QUERY_DEVICE_RELATIONS: *status = query_relations(device, irp); break;
    case IRP_MN_QUERY_RESOURCES: *status = fx_pdo_query_resources(device, irp); break;
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS: *status = fx_pdo_query_requirements(device, irp); break;
    case IRP_MN_EJECT: *status = eject(device, irp); break;
    case IRP_MN_SET_LOCK: *status = set_lock(device, irp); break;
    default: return false;
    }
    fx_complete(irp, *status);
    return true;
}

/* ---- The end ---- */

void fx_pdo_end(struct fx_device *device)
{
    struct fx_child *child = device->own->as_pdo->child;
    device->own->state = FX_PNP_REMOVED;
    device->own->accepts_creates = false;
    fx_pnp_dispose(device);
    fx_device_delete_wdm(device);
    device->own->as_pdo->child = NULL;
    if (child)
        fx_child_gone(child);
    fx_object_dereference(&device->object);
}
