/* See bus.h: WDFCHILDLIST, the descriptions of its children and the making of their PDOs (K-CHD-1, 4, 6). */
#include "childlist.h"

typedef PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id_header;
typedef PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address_header;

struct fx_child_list *fx_child_list_of(void *handle) { return fx_handle(handle, FX_CHILDLIST); }

/* ---- The driver's description callbacks (lock held) ---- */

static const WDF_CHILD_LIST_CONFIG *config_of(const struct fx_child *child) { return &child->of->list->config; }
static WDFCHILDLIST handle_of(const struct fx_child *child) { return (WDFCHILDLIST)child->of->list; }

static NTSTATUS duplicate_id(struct fx_child *child, id_header from)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (!c->EvtChildListIdentificationDescriptionDuplicate) {
        memcpy(child->id, from, c->IdentificationDescriptionSize);
        return STATUS_SUCCESS;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListIdentificationDescriptionDuplicate, c->EvtChildListIdentificationDescriptionDuplicate, child->of->list);
    NTSTATUS status = c->EvtChildListIdentificationDescriptionDuplicate(handle_of(child), from, child->id);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static NTSTATUS duplicate_address(struct fx_child *child, address_header from)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (!c->EvtChildListAddressDescriptionDuplicate) {
        memcpy(child->address, from, c->AddressDescriptionSize);
        return STATUS_SUCCESS;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListAddressDescriptionDuplicate, c->EvtChildListAddressDescriptionDuplicate, child->of->list);
    NTSTATUS status = c->EvtChildListAddressDescriptionDuplicate(handle_of(child), from, child->address);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void cleanup_id(struct fx_child *child)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (!c->EvtChildListIdentificationDescriptionCleanup)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListIdentificationDescriptionCleanup, c->EvtChildListIdentificationDescriptionCleanup, child->of->list);
    c->EvtChildListIdentificationDescriptionCleanup(handle_of(child), child->id);
    callback_leave(&frame, 0);
}

static void cleanup_address(struct fx_child *child)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (!c->EvtChildListAddressDescriptionCleanup)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListAddressDescriptionCleanup, c->EvtChildListAddressDescriptionCleanup, child->of->list);
    c->EvtChildListAddressDescriptionCleanup(handle_of(child), child->address);
    callback_leave(&frame, 0);
}

void fx_child_list_cleanup(struct fx_child *child)
{
    if (child->id) {
        cleanup_id(child);
        ex_system_free(child->id);
    }
    if (child->address) {
        cleanup_address(child);
        ex_system_free(child->address);
    }
    child->id = NULL, child->address = NULL;
}

static bool same_id(struct fx_child_list *list, id_header a, id_header b, fx_child_compare compare)
{
    if (!compare)
        compare = list->config.EvtChildListIdentificationDescriptionCompare;
    if (!compare)
        return !memcmp(a, b, list->config.IdentificationDescriptionSize); /* padding included (K-CHD-1) */
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListIdentificationDescriptionCompare, compare, list);
    BOOLEAN same = compare((WDFCHILDLIST)list, a, b);
    callback_leave(&frame, same);
    return same;
}

struct fx_child *fx_child_list_find(struct fx_child_list *list, id_header id, bool (*wanted)(const struct fx_child *), fx_child_compare compare)
{
    LIST_ENTRY *head = &list->set.children;
    for (LIST_ENTRY *e = head->Blink; e != head; e = e->Blink) { /* the latest of several first */
        struct fx_child *child = CONTAINING_RECORD(e, struct fx_child, entry);
        if (wanted(child) && same_id(list, id, child->id, compare))
            return child;
    }
    return NULL;
}

/* ---- Descriptions ---- */

struct fx_child *fx_child_list_add(struct fx_child_list *list, id_header id, address_header address, NTSTATUS *status)
{
    const WDF_CHILD_LIST_CONFIG *c = &list->config;
    id_header id_copy = ex_system_alloc(c->IdentificationDescriptionSize);
    address_header address_copy = c->AddressDescriptionSize ? ex_system_alloc(c->AddressDescriptionSize) : NULL;
    struct fx_child *child = fx_child_add(&list->set);
    child->id = id_copy;
    child->id->IdentificationDescriptionSize = c->IdentificationDescriptionSize;
    *status = duplicate_id(child, id);
    if (!NT_SUCCESS(*status)) { /* nothing of it was stored: no cleanup */
        ex_system_free(id_copy);
        child->id = NULL;
    }
    if (NT_SUCCESS(*status) && address_copy) {
        address_copy->AddressDescriptionSize = c->AddressDescriptionSize;
        child->address = address_copy;
        *status = address ? duplicate_address(child, address) : STATUS_SUCCESS;
    }
    if (NT_SUCCESS(*status))
        return child;
    if (address_copy)
        ex_system_free(address_copy);
    child->address = NULL;
    fx_child_free(child);
    return NULL;
}

NTSTATUS fx_child_update_address(struct fx_child *child, address_header address)
{
    if (!child->address || address->AddressDescriptionSize != config_of(child)->AddressDescriptionSize)
        return STATUS_INVALID_DEVICE_REQUEST;
    cleanup_address(child);
    memset(child->address, 0, config_of(child)->AddressDescriptionSize);
    child->address->AddressDescriptionSize = config_of(child)->AddressDescriptionSize;
    return duplicate_address(child, address);
}

NTSTATUS fx_child_retrieve_id(struct fx_child *child, id_header to)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (to->IdentificationDescriptionSize != c->IdentificationDescriptionSize)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!c->EvtChildListIdentificationDescriptionCopy) {
        memcpy(to, child->id, c->IdentificationDescriptionSize);
        return STATUS_SUCCESS;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListIdentificationDescriptionCopy, c->EvtChildListIdentificationDescriptionCopy, child->of->list);
    c->EvtChildListIdentificationDescriptionCopy(handle_of(child), child->id, to);
    callback_leave(&frame, 0);
    return STATUS_SUCCESS;
}

NTSTATUS fx_child_retrieve_address(struct fx_child *child, address_header to)
{
    const WDF_CHILD_LIST_CONFIG *c = config_of(child);
    if (!child->address || to->AddressDescriptionSize != c->AddressDescriptionSize)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!c->EvtChildListAddressDescriptionCopy) {
        memcpy(to, child->address, c->AddressDescriptionSize);
        return STATUS_SUCCESS;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListAddressDescriptionCopy, c->EvtChildListAddressDescriptionCopy, child->of->list);
    c->EvtChildListAddressDescriptionCopy(handle_of(child), child->address, to);
    callback_leave(&frame, 0);
    return STATUS_SUCCESS;
}

/* ---- Making a PDO (K-CHD-4) ---- */

/* Also one that is present only until the scan ends in whose midst its PDO was made: nobody wants it any more. */
bool fx_child_is_dying(const struct fx_child *child) { return child->device && (child->state == FX_CHILD_MISSING || (child->state == FX_CHILD_PRESENT && !child->wanted)); }

bool fx_child_claim(struct fx_child *child)
{
    struct fx_children *set = child->of;
    child->creating = true; /* before anybody else runs: from here on nobody frees it */
    if (child->clone || !set->list)
        return true;
    fx_lock_acquire(&set->lock);
    bool waits = fx_child_list_find(set->list, child->id, fx_child_is_dying, NULL) != NULL;
    if (waits) {
        child->creating = false;
        fx_child_apply(child); /* it may be unwanted by now: then it is gone */
    }
    fx_lock_release(&set->lock);
    return !waits;
}

static NTSTATUS call_create(struct fx_child *child, PWDFDEVICE_INIT init)
{
    PFN_WDF_CHILD_LIST_CREATE_DEVICE routine = config_of(child)->EvtChildListCreateDevice;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListCreateDevice, routine, child->of->list);
    NTSTATUS status = routine(handle_of(child), child->id, init);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void refuse(struct fx_child *child, NTSTATUS status)
{
    struct fx_children *set = child->of;
    fx_lock_acquire(&set->lock);
    child->creating = false;
    if (status != STATUS_RETRY || !child->wanted)
        fx_child_free(child);
    fx_lock_release(&set->lock);
    if (status == STATUS_RETRY)
        pnp_invalidate_relations(set->bus->node);
}

static void welcome(struct fx_child *child, struct fx_device *device)
{
    struct fx_children *set = child->of;
    fx_lock_acquire(&set->lock);
    child->creating = false;
    child->device = device;
    child->state = FX_CHILD_PRESENT;
    device->own->as_pdo->child = child;
    device->wdm->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    hb_release(device);
    fx_child_apply(child); /* it may be unwanted by now */
    fx_lock_release(&set->lock);
}

void fx_child_create_device(struct fx_child *child)
{
    PWDFDEVICE_INIT init = fx_pdo_init_create(child->of->bus, child);
    if (!init) {
        refuse(child, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    NTSTATUS status = call_create(child, init);
    struct fx_device *device = init->device;
    if (NT_SUCCESS(status) && device) {
        welcome(child, device);
        return;
    }
    if (NT_SUCCESS(status))
        fx_misuse("K-CHD-4", "EvtChildListCreateDevice returned success without a device");
    if (device) {
        device->own->as_pdo->child = NULL;
        fx_pdo_end(device);
    } else {
        fx_init_free(init);
    }
    refuse(child, status);
}

/* ---- The list ---- */

static NTSTATUS check_config(const WDF_CHILD_LIST_CONFIG *c)
{
    if (c->Size != sizeof *c)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!c->IdentificationDescriptionSize || !c->EvtChildListCreateDevice)
        return STATUS_INVALID_PARAMETER;
    if (c->IdentificationDescriptionSize > (ULONG)-1 - c->AddressDescriptionSize) /* one entry holds both */
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The bus has entered D0 (K-CHD-3). */
static NTSTATUS scan(struct fx_power_part *part)
{
    struct fx_child_list *list = CONTAINING_RECORD(part, struct fx_child_list, part);
    PFN_WDF_CHILD_LIST_SCAN_FOR_CHILDREN routine = list->config.EvtChildListScanForChildren;
    if (routine) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtChildListScanForChildren, routine, list);
        routine((WDFCHILDLIST)list);
        callback_leave(&frame, 0);
    }
    return STATUS_SUCCESS;
}

/* Whatever the bus's removal has left: none has a PDO. */
static void dispose_list(struct fx_object *object)
{
    struct fx_child_list *list = (struct fx_child_list *)object;
    fx_power_part_remove(&list->part);
    fx_lock_acquire(&list->set.lock);
    for (struct fx_child *child; (child = fx_children_first(&list->set)) != NULL;)
        fx_child_free(child);
    RemoveEntryList(&list->set.entry);
    fx_lock_release(&list->set.lock);
}

NTSTATUS fx_child_list_create(struct fx_device *bus, const WDF_CHILD_LIST_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, struct fx_child_list **out)
{
    NTSTATUS status = check_config(config);
    if (NT_SUCCESS(status))
        status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (!NT_SUCCESS(status))
        return status;
    void *memory;
    status = fx_object_create(bus->object.driver, FX_CHILDLIST, sizeof(struct fx_child_list), attributes, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_child_list *list = memory;
    status = fx_object_commit(&list->object, &bus->object);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&list->object);
        return status;
    }
    list->object.no_delete = true;
    list->object.dispose = dispose_list;
    list->config = *config;
    fx_children_init(&list->set, bus, list);
    list->part.power_up = scan;
    fx_power_part_add(bus, FX_STAGE_CHILDREN, &list->part);
    *out = list;
    return STATUS_SUCCESS;
}

NTSTATUS fx_child_list_create_default(struct fx_device *device, const struct WDFDEVICE_INIT *init)
{
    PWDF_OBJECT_ATTRIBUTES attributes = init->child_list_attributes.Size ? (PWDF_OBJECT_ATTRIBUTES)&init->child_list_attributes : NULL;
    if (!init->child_list.Size)
        return STATUS_SUCCESS;
    return fx_child_list_create(device, &init->child_list, attributes, &device->own->bus.default_list);
}
