/*
 * See pnp.h: which drivers a device gets, and their AddDevice (W-PNP-1, 2, 73). A driver is loaded for the first device that wants it and unloaded
 * when it has no device any more.
 */
#include "../../hal/pci.h"
#include "pnp.h"
#include "../cm/cm.h"
#include "../image.h"

static struct {
    const struct pnp_install *table;
    unsigned count;
} installed;

void pnp_stack_boot(void)
{
    installed.table = NULL;
    installed.count = 0;
}

void pnp_set_installed(const struct pnp_install *table, unsigned count)
{
    installed.table = table;
    installed.count = count;
}

static WCHAR lower(WCHAR c) { return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c; }

static bool is_id(const char *id, const WCHAR *text)
{
    for (; *id && *text; id++, text++)
        if (lower((UCHAR)*id) != lower(*text))
            return false;
    return !*id && !*text;
}

static const struct pnp_install *match_one(const WCHAR *id)
{
    for (unsigned i = 0; i < installed.count; i++)
        if (is_id(installed.table[i].id, id))
            return &installed.table[i];
    return NULL;
}

/* The first of the device's identifiers that an installed driver names (W-PNP-73). */
static const struct pnp_install *match(const UNICODE_STRING *ids)
{
    const struct pnp_install *found = NULL;
    for (const WCHAR *id = ids->Buffer; id && *id && !found; id++) {
        found = match_one(id);
        while (*id)
            id++;
    }
    return found;
}

static struct nt_driver *find_loaded(const char *name)
{
    struct nt_driver *driver = io_driver_first();
    while (driver && (!driver->image || strcmp(driver->image->name, name) || driver->unloaded || driver->unloading))
        driver = io_driver_next(driver);
    return driver;
}

static NTSTATUS load(const char *name, struct nt_driver **driver)
{
    *driver = find_loaded(name);
    if (*driver)
        return STATUS_SUCCESS;
    const struct driver_image *image = image_find(name);
    if (!image)
        bugcheck(OWN_RULE, 0, 0, 0, 0, NULL, "the driver %s is installed for a device, but is not part of this program", name);
    NTSTATUS status = io_load_driver(image, driver);
    if (NT_SUCCESS(status))
        (*driver)->by_pnp = true;
    return status;
}

static NTSTATUS add(struct devnode *node, const char *name)
{
    struct nt_driver *driver;
    NTSTATUS status = load(name, &driver);
    if (!NT_SUCCESS(status))
        return status;
    node->driver[node->drivers++] = driver;
    ob_reference(driver); /* it may have no device in this stack (K-DRV-21), and go with that of another */
    return io_call_add_device(driver, node->pdo);
}

static NTSTATUS add_all(struct devnode *node, const char *const *names)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned i = 0; NT_SUCCESS(status) && i < PNP_FILTERS && names[i]; i++)
        status = add(node, names[i]);
    return status;
}

static NTSTATUS add_installed(struct devnode *node)
{
    const struct pnp_install *in = node->installed;
    NTSTATUS status = add_all(node, in->lower);
    if (NT_SUCCESS(status) && in->function)
        status = add(node, in->function);
    if (NT_SUCCESS(status))
        node->function = in->function ? node->driver[node->drivers - 1] : NULL;
    return NT_SUCCESS(status) ? add_all(node, in->upper) : status;
}

/* Filters that attached before another's AddDevice failed get REMOVE (W-PNP-2). */
static void tear_down(struct devnode *node)
{
    if (node->pdo->AttachedDevice) {
        pnp_remove_stack(node);
    } else {
        pci_device_removed(node->pdo);
        io_interfaces_of_device_gone(node->pdo);
        pnp_drop_drivers(node);
    }
    node->state = DEVNODE_FAILED;
}

NTSTATUS pnp_build_stack(struct devnode *node)
{
    node->drivers = 0;
    if (!node->function || node->installed) {
        node->installed = match(&node->hardware_ids);
        if (!node->installed)
            node->installed = match(&node->compatible_ids);
        if (!node->installed && node->capabilities.RawDeviceOK)
            node->state = DEVNODE_INITIALIZED; /* its bus driver alone serves it */
        if (!node->installed)
            return STATUS_SUCCESS;
    }
    NTSTATUS status = node->installed ? add_installed(node) : io_call_add_device(node->function, node->pdo);
    if (!NT_SUCCESS(status)) {
        tear_down(node);
        return status;
    }
    node->state = DEVNODE_INITIALIZED;
    if (node->function)
        cm_apply_directives(node, node->function->image);
    return status;
}

/* A device that a driver deleted while it is open (a control device beside the stacks) is not in its list, but still needs its code (W-DRV-6). */
static bool is_idle(const struct nt_driver *driver)
{
    return driver->by_pnp && !driver->unloaded && !driver->object.DeviceObject && !driver->files && !driver->unloading;
}

/* It may be gone then. */
static void unload_if_idle(struct nt_driver *driver)
{
    if (is_idle(driver))
        io_unload_driver(driver);
}

void pnp_drop_drivers(struct devnode *node)
{
    if (node->installed)
        node->function = NULL; /* it may be unloaded while the devnode stays */
    while (node->drivers) {
        struct nt_driver *driver = node->driver[--node->drivers];
        unload_if_idle(driver);
        ob_dereference(driver);
    }
}

static bool serves_a_device(const struct nt_driver *driver)
{
    for (struct devnode *node = pnp_first(); node; node = pnp_next(node))
        for (unsigned i = 0; i < node->drivers; i++)
            if (node->driver[i] == driver)
                return true;
    return false;
}

/* Nobody will ever delete that device, so the driver stays loaded for ever (W-DRV-6). */
static void check_nothing_left(const struct nt_driver *driver)
{
    PDEVICE_OBJECT left = driver->object.DeviceObject;
    if (!driver->by_pnp || driver->unloaded || driver->unloading || driver->files || !left || serves_a_device(driver))
        return;
    bugcheck(OWN_RULE, 6, ob_header(left)->number, 0, 0, driver->framework ? "V-WDF-45" : "V-UNL-6",
             "%s has no device of PnP any more and cannot be unloaded: device #%u is left (a PnP driver deletes its control devices with its last device)",
             driver->image->name, ob_header(left)->number);
}

void pnp_unload_idle_drivers(void)
{
    for (struct nt_driver *driver = io_driver_first(), *next; driver; driver = next) {
        next = io_driver_next(driver);
        if (is_idle(driver))
            io_unload_driver(driver);
        else
            check_nothing_left(driver);
    }
}

/* ---- Root-enumerated devices ---- */

/* The one hardware identifier, as MULTI_SZ. */
static UNICODE_STRING one_id(const char *device_id)
{
    char text[128];
    const char *end = text + sizeof text - 1;
    *text_put(text, end, device_id) = 0;
    UNICODE_STRING id = rtl_from_ascii(text), list = {(USHORT)(id.Length + 2 * sizeof(WCHAR)), (USHORT)(id.Length + 2 * sizeof(WCHAR)), NULL};
    list.Buffer = ex_system_alloc(list.Length);
    memcpy(list.Buffer, id.Buffer, id.Length);
    ex_system_free(id.Buffer);
    return list;
}

struct devnode *pnp_create_root_device(struct nt_driver *driver, const char *device_id, NTSTATUS *status)
{
    pnp_lock();
    struct devnode *node = pnp_new_node(NULL, NULL);
    node->function = driver;
    node->hardware_ids = one_id(device_id);
    *status = pnp_root_create_pdo(node, device_id);
    if (NT_SUCCESS(*status))
        *status = pnp_build_stack(node);
    else
        node->state = DEVNODE_FAILED;
    pnp_unlock();
    return node;
}

NTSTATUS pnp_add_again(struct devnode *node)
{
    if (node->state != DEVNODE_ALONE || !node->reported)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = pnp_build_stack(node);
    if (NT_SUCCESS(status) && node->state == DEVNODE_INITIALIZED)
        status = pnp_bring_up(node);
    pnp_unlock();
    return status;
}
