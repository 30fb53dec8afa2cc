/* See pnp.h: a bus and its children (W-PNP-1, 50..52, 56, 57). */
#include "pnp.h"

/* ---- Identifiers ---- */

#define ID_CHARS 200

static void check_id(struct devnode *node, const UNICODE_STRING *id, bool multi)
{
    unsigned length = 0;
    for (unsigned i = 0; i < id->Length / sizeof(WCHAR); i++) {
        WCHAR c = id->Buffer[i];
        length = c ? length + 1 : 0;
        if (!c && multi)
            continue;
        if (c < 0x21 || c > 0x7f || c == ',' || length >= ID_CHARS)
            bugcheck(0xCA, 3, device_number(node->pdo), c, length, "W-PNP-56",
                     c < 0x21 || c > 0x7f || c == ',' ? "an identifier of device #%u has the character 0x%04X, which none may have"
                                                      : "an identifier of device #%u is too long (character 0x%04X is the 200th)",
                     device_number(node->pdo), c);
    }
}

/* <device id>\<instance id>, the latter made unique by its parent's number if the bus does not promise that it is. */
static void name_node(struct devnode *node, const UNICODE_STRING *device, const UNICODE_STRING *instance)
{
    char prefix[32], *p = prefix, *end = prefix + sizeof prefix;
    p = text_put(p, end, "\\");
    if (!node->capabilities.UniqueID) {
        p = text_number(p, end, node->depth, 10, 1);
        p = text_put(p, end, "&");
        p = text_number(p, end, device_number(node->parent->pdo), 16, 1);
        p = text_put(p, end, "&");
    }
    unsigned n = device->Length / 2u, room = n + (unsigned)(p - prefix) + instance->Length / 2u + 1;
    WCHAR *text = ex_system_alloc(room * sizeof(WCHAR));
    memcpy(text, device->Buffer, device->Length);
    for (const char *c = prefix; c < p; c++)
        text[n++] = (UCHAR)*c;
    if (instance->Length)
        memcpy(text + n, instance->Buffer, instance->Length);
    n += instance->Length / 2u;
    node->instance_path = (UNICODE_STRING){(USHORT)(n * 2), (USHORT)(n * 2), text};
    node->path_hash = rtl_hash_further(RTL_HASH_START, text, n);
}

/* Two that are reported at once under one name cannot be told apart. One that is gone, and waits for its last handle, may have its name taken. */
static void check_duplicate(const struct devnode *node)
{
    for (const struct devnode *other = node->parent ? pnp_first_child(node->parent) : NULL; other; other = pnp_next_sibling(other))
        if (other != node && other->reported && other->path_hash == node->path_hash && other->instance_path.Buffer && rtl_equal_unicode(&other->instance_path, &node->instance_path, true))
            bugcheck(0xCA, 1, device_number(node->pdo), device_number(other->pdo), 0, "W-PNP-50", "devices #%u and #%u have the same identifiers",
                     device_number(other->pdo), device_number(node->pdo));
}

/* In the order of W-PNP-57. False: without a device identifier nothing can be done with it. */
static bool ask_for_ids(struct devnode *node)
{
    UNICODE_STRING device = pnp_query_id(node, BusQueryDeviceID, false);
    pnp_query_capabilities(node, &node->capabilities);
    node->description = pnp_query_text(node, DeviceTextDescription);
    node->location = pnp_query_text(node, DeviceTextLocationInformation);
    UNICODE_STRING instance = pnp_query_id(node, BusQueryInstanceID, false);
    node->hardware_ids = pnp_query_id(node, BusQueryHardwareIDs, true);
    node->compatible_ids = pnp_query_id(node, BusQueryCompatibleIDs, true);
    UNICODE_STRING container = pnp_query_id(node, BusQueryContainerID, false);
    if (container.Buffer)
        ex_system_free(container.Buffer);
    check_id(node, &device, false);
    check_id(node, &instance, false);
    check_id(node, &node->hardware_ids, true);
    check_id(node, &node->compatible_ids, true);
    if (device.Buffer) {
        name_node(node, &device, &instance);
        ex_system_free(device.Buffer);
        check_duplicate(node);
    }
    if (instance.Buffer)
        ex_system_free(instance.Buffer);
    return node->instance_path.Buffer != NULL;
}

static void ask_for_bus(struct devnode *node)
{
    IO_STATUS_BLOCK iosb = {0};
    if (!NT_SUCCESS(pnp_send(node, IRP_MN_QUERY_BUS_INFORMATION, &iosb)) || !iosb.Information)
        return;
    memory_check((PVOID)iosb.Information, sizeof node->bus, "the bus information of a device");
    node->bus = *(PNP_BUS_INFORMATION *)iosb.Information;
    ex_free_with_tag((PVOID)iosb.Information, 0, NULL);
}

/* ---- Children that come ---- */

bool pnp_ask_about(struct devnode *node)
{
    if (!ask_for_ids(node))
        return false;
    ask_for_bus(node);
    pnp_query_resources(node);
    pnp_query_requirements(node);
    return true;
}

static void welcome(struct devnode *node)
{
    if (!pnp_ask_about(node))
        return;
    pnp_tell(node, PNP_COMES);
    if (NT_SUCCESS(pnp_build_stack(node)) && node->state == DEVNODE_INITIALIZED)
        pnp_bring_up(node);
}

/* ---- Children that go ---- */

void pnp_went_missing(struct devnode *node)
{
    bool was_started = node->state != DEVNODE_ALONE && node->state != DEVNODE_INITIALIZED && node->state != DEVNODE_FAILED;
    node->reported = false;
    if (was_started && node->state != DEVNODE_SURPRISE_REMOVED) {
        pnp_tell(node, PNP_GOES_BY_SURPRISE);
        pnp_surprise_remove(node);
    }
    pnp_remove_subtree(node, false); /* or it waits for the last handle */
}

/* ---- The difference ---- */

/* The reported objects: known children are marked, devnodes are made for new ones. The references of new ones are kept. */
static void take_relations(struct devnode *bus, DEVICE_RELATIONS *relations)
{
    for (ULONG i = 0; i < relations->Count; i++) {
        PDEVICE_OBJECT pdo = relations->Objects[i];
        if (!pdo || !ob_is_live(pdo) || ob_type_of(pdo) != OB_DEVICE)
            bugcheck(0xCA, pdo ? 4 : 8, device_number(bus->pdo), i, 0, "W-PNP-50", "entry %u of the bus relations of device #%u is %s", i,
                     device_number(bus->pdo), pdo ? "no device" : "NULL");
        if (device_of(pdo)->deleted)
            bugcheck(0xCA, 4, device_number(pdo), i, 0, "W-PNP-50", "the bus relations of device #%u name device #%u, which is deleted",
                     device_number(bus->pdo), device_number(pdo));
        if (device_of(pdo)->lower)
            bugcheck(0xC9, 0x248, device_number(pdo), i, 0, "V-IO-248", "the bus relations of device #%u name device #%u, which is no PDO", device_number(bus->pdo),
                     device_number(pdo));
        struct devnode *node = device_of(pdo)->devnode;
        if (!node) {
            pdo->Flags |= DO_BUS_ENUMERATED_DEVICE;
            node = pnp_new_node(bus, pdo);
            node->seen = node->is_new = true;
            continue;
        }
        if (node->seen || node->parent != bus)
            bugcheck(0xCA, 1, device_number(pdo), i, 0, "W-PNP-50", "the bus relations of device #%u name device #%u %s", device_number(bus->pdo),
                     device_number(pdo), node->seen ? "twice" : "of another bus");
        node->seen = true;
        ob_dereference(pdo);
    }
}

void pnp_enumerate(struct devnode *bus)
{
    DEVICE_RELATIONS *relations;
    pnp_query_relations(bus, BusRelations, &relations);
    if (!relations)
        return; /* no bus, or one that cannot tell: nothing changes */
    for (struct devnode *child = pnp_first_child(bus); child; child = pnp_next_sibling(child))
        child->seen = child->is_new = false;
    take_relations(bus, relations);
    ex_free_with_tag(relations, 0, NULL);
    for (struct devnode *child = pnp_first_child(bus), *next; child; child = next) {
        next = pnp_next_sibling(child);
        if (!child->seen && child->reported)
            pnp_went_missing(child);
    }
    for (struct devnode *child = pnp_first_child(bus), *next; child; child = next) {
        next = pnp_next_sibling(child);
        if (child->is_new) {
            child->is_new = false;
            welcome(child);
        }
    }
}

/* ---- Eject ---- */

void pnp_eject(struct devnode *node)
{
    if (node->state == DEVNODE_STARTED)
        pnp_note_relations(node, EjectionRelations);
    if (node->state == DEVNODE_STARTED && !NT_SUCCESS(pnp_query_remove(node))) {
        pnp_forget_relations(node);
        return; /* vetoed */
    }
    if (node->state != DEVNODE_REMOVE_PENDING && node->state != DEVNODE_ALONE && node->state != DEVNODE_INITIALIZED)
        return;
    pnp_tell(node, PNP_IS_EJECTED);
    if (node->state != DEVNODE_ALONE && !NT_SUCCESS(pnp_remove_subtree(node, true)))
        return;
    if (!node->pdo || node->state != DEVNODE_ALONE)
        return;
    NTSTATUS status = pnp_send(node, IRP_MN_EJECT, NULL);
    if (NT_SUCCESS(status) && node->parent->state == DEVNODE_STARTED)
        pnp_enumerate(node->parent);
    if (node->state == DEVNODE_ALONE && node->reported && node->pdo) /* it did not let go: it is used again */
        pnp_add_again(node);
}
