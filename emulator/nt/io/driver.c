/* Loading and unloading drivers (W-DRV-1..8); the driver object; per-driver extensions. */
#include "io.h"
#include "../image.h"

struct driver_extension {
    struct driver_extension *next;
    PDRIVER_OBJECT driver;
    PVOID id;
    /* the driver's bytes follow, 16-byte aligned */
};

/* IoRegisterDriverReinitialization, until it was called. */
struct reinitialization {
    struct reinitialization *next;
    PDRIVER_OBJECT driver;
    PDRIVER_REINITIALIZE routine;
    PVOID context;
};

struct driver_entry {
    struct driver_entry *next;
    struct nt_driver *driver;
};

static struct {
    struct driver_entry *first;
    struct driver_extension *extensions;
    struct reinitialization *reinitializations;
    bool any_loaded;
    unsigned unloads_due;
    KEVENT none_due;
} drivers;

struct nt_driver *io_system_driver;

void io_driver_begin(void)
{
    memset(&drivers, 0, sizeof drivers);
    ke_initialize_event(&drivers.none_due, NotificationEvent, TRUE);
    io_system_driver = NULL;
}

struct nt_driver *io_driver_first(void) { return drivers.first ? drivers.first->driver : NULL; }

struct nt_driver *io_driver_next(struct nt_driver *driver)
{
    struct driver_entry *e = drivers.first;
    while (e && e->driver != driver)
        e = e->next;
    return e && e->next ? e->next->driver : NULL;
}

static void list_driver(struct nt_driver *driver)
{
    struct driver_entry *e = ex_system_alloc(sizeof *e), **at = &drivers.first;
    while (*at)
        at = &(*at)->next;
    e->driver = driver;
    *at = e;
}

static void unlist_driver(struct nt_driver *driver)
{
    for (struct driver_entry **at = &drivers.first; *at; at = &(*at)->next)
        if ((*at)->driver == driver) {
            struct driver_entry *e = *at;
            *at = e->next;
            ex_system_free(e);
            return;
        }
}

/* Where an image's place is not known (a driver inside a test) and it is the only such one, the code of no other is its. */
struct nt_driver *io_driver_of_code(const void *code)
{
    if (!is_driver_code(code))
        return NULL;
    struct nt_driver *unplaced = NULL;
    unsigned count = 0;
    for (struct driver_entry *e = drivers.first; e; e = e->next) {
        const struct driver_image *image = e->driver->image;
        if (!image)
            continue;
        if (image_is_placed(image)) {
            if (image_holds_code(image, code))
                return e->driver;
            continue;
        }
        unplaced = e->driver;
        count++;
    }
    return count == 1 ? unplaced : NULL;
}

NTSTATUS io_invalid_device_request(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (irp->Tail.Overlay.CurrentStackLocation->MajorFunction == IRP_MJ_POWER) {
        NTSTATUS status = irp->IoStatus.Status;
        io_complete_request(irp, IO_NO_INCREMENT);
        return status;
    }
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    io_complete_request(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static void destroy_driver(void *body)
{
    struct nt_driver *d = body;
    ex_system_free(d->object.DriverName.Buffer);
    ex_system_free(d->extension.ServiceKeyName.Buffer);
    ex_system_free(d->service_key.Buffer);
}

static struct nt_driver *create_driver(const char *name, const char *key_prefix)
{
    struct nt_driver *d = ob_create(OB_DRIVER, sizeof *d, BLOCK_DRIVER, destroy_driver);
    if (!d)
        return NULL;
    char text[160];
    d->object.Type = IO_TYPE_DRIVER;
    d->object.Size = sizeof(DRIVER_OBJECT);
    d->object.DriverExtension = &d->extension;
    d->extension.DriverObject = &d->object;
    text_put(text_put(text, text + sizeof text, "\\Driver\\"), text + sizeof text, name);
    d->object.DriverName = rtl_from_ascii(text);
    d->extension.ServiceKeyName = rtl_from_ascii(name);
    text_put(text_put(text, text + sizeof text, key_prefix), text + sizeof text, name);
    d->service_key = rtl_from_ascii(text);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        d->object.MajorFunction[i] = io_invalid_device_request;
    list_driver(d);
    return d;
}

NTSTATUS io_create_system_driver(const char *name, PDRIVER_DISPATCH dispatch, struct nt_driver **driver)
{
    *driver = create_driver(name, "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\");
    if (!*driver)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        (*driver)->object.MajorFunction[i] = dispatch;
    (*driver)->initialized = true;
    return STATUS_SUCCESS;
}

/* The next one that the driver asked for, taken out of the list; NULL: none. */
static struct reinitialization *take_reinitialization(PDRIVER_OBJECT driver)
{
    struct reinitialization **at = &drivers.reinitializations;
    while (*at && (*at)->driver != driver)
        at = &(*at)->next;
    struct reinitialization *r = *at;
    if (r)
        *at = r->next;
    return r;
}

/* A routine may ask to be called again (W-DRV-8). */
static void reinitialize(struct nt_driver *d)
{
    struct reinitialization *r;
    while ((r = take_reinitialization(&d->object)) != NULL) {
        struct reinitialization due = *r;
        ex_system_free(r);
        struct callback_frame frame;
        callback_enter(&frame, DDI_DriverReinitialize, (const void *)due.routine, &d->object);
        due.routine(&d->object, due.context, ++d->extension.Count);
        callback_leave(&frame, 0);
    }
}

static void free_driver(struct nt_driver *d)
{
    for (struct reinitialization *r; (r = take_reinitialization(&d->object)) != NULL;)
        ex_system_free(r);
    for (struct driver_extension **at = &drivers.extensions; *at;) {
        struct driver_extension *x = *at;
        if (x->driver != &d->object) {
            at = &x->next;
            continue;
        }
        *at = x->next;
        ex_system_free(x);
    }
    unlist_driver(d);
    ob_dereference(d); /* its devices that are left keep it */
}

NTSTATUS io_load_driver(const struct driver_image *image, struct nt_driver **driver)
{
    struct nt_driver *d = create_driver(image->name, "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\");
    *driver = NULL;
    if (!d)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (drivers.any_loaded && image_is_placed(image)) /* maybe again in one life */
        image_restore(image);
    else if (drivers.any_loaded && !io_driver_next(io_system_driver))
        images_restore();
    drivers.any_loaded = true;
    d->image = image;
    d->object.DriverStart = (PVOID)image->entry;
    d->object.DriverInit = (PDRIVER_INITIALIZE)image->entry;
    UNICODE_STRING *path = ex_system_alloc(sizeof *path);
    *path = rtl_copy_of(&d->service_key); /* its own copy: gone after DriverEntry (V-DRV-1) */
    struct callback_frame frame;
    callback_enter(&frame, DDI_DriverEntry, (const void *)image->entry, &d->object);
    image_bind_shared_types(image);
    NTSTATUS status = image->entry(&d->object, path);
    callback_leave(&frame, (ULONG)status);
    ex_system_free(path->Buffer);
    ex_system_free(path);
    if (!NT_SUCCESS(status)) {
        if (d->entry_failed)
            d->entry_failed(d);
        d->unloaded = true;
        verifier_driver_unloaded(d);
        free_driver(d);
        return status;
    }
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (!d->object.MajorFunction[i])
            d->object.MajorFunction[i] = io_invalid_device_request;
    memcpy(d->dispatch, d->object.MajorFunction, sizeof d->dispatch);
    for (PDEVICE_OBJECT o = d->object.DeviceObject; o; o = o->NextDevice) {
        o->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        hb_release(&o->Flags); /* whoever opens it finds it ready */
    }
    if (machine_lints & LINT_DEVICE && d->object.DeviceObject && !d->object.DriverUnload && !d->extension.AddDevice)
        bugcheck(OWN_RULE, 3, 0, 0, 0, "V-DRV-10", "a driver that keeps a device has no unload routine");
    d->initialized = true;
    *driver = d;
    reinitialize(d);
    return status;
}

/* Requests may be on their way through the table while it changes (V-DRV-5). */
static void check_table(const struct nt_driver *d)
{
    char name[80];
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (d->object.MajorFunction[i] != d->dispatch[i])
            bugcheck(OWN_RULE, i, 0, 0, 0, "V-DRV-5", "the dispatch routine of %s for major function %u was changed after DriverEntry",
                     rtl_to_ascii(&d->object.DriverName, name, sizeof name), i);
}

void io_unload_driver(struct nt_driver *d)
{
    check_table(d);
    PDRIVER_UNLOAD unload = d->object.DriverUnload;
    d->unloading = true;
    d->unloaded_by = current_ctx;
    hb_acquire(&d->object.DriverUnload); /* behind the end of every file (release_file) */
    if (!unload)
        return; /* W-DRV-5: it stays */
    if (is_driver_code(unload)) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_DriverUnload, unload, &d->object);
        unload(&d->object);
        callback_leave(&frame, 0);
    } else {
        unload(&d->object);
    }
    d->unloaded = true;
    verifier_driver_unloaded(d);
    free_driver(d);
}

/* A device that was deleted while it is open is not in the list, and still needs the driver's code (W-DRV-6). */
static bool in_use(const struct nt_driver *d)
{
    PDEVICE_OBJECT device = d->object.DeviceObject;
    while (device && !device->AttachedDevice)
        device = device->NextDevice;
    return d->files || device;
}

static void unload_later(void *context)
{
    io_unload_driver(context);
    if (--drivers.unloads_due == 0)
        ke_set_event(&drivers.none_due, 0, FALSE);
}

void io_driver_use_dropped(PDRIVER_OBJECT driver)
{
    struct nt_driver *d = (struct nt_driver *)driver;
    if (!d->unload_pending || d->unloading || d->unload_work.run || in_use(d))
        return;
    d->unload_work = (struct ex_work){.run = unload_later, .context = d};
    drivers.unloads_due++;
    ke_reset_event(&drivers.none_due);
    ex_queue_work(&d->unload_work);
}

void io_wait_for_unloads(void) { ke_wait_internal(&drivers.none_due, "drivers to unload"); }

NTSTATUS io_ask_driver_to_unload(struct nt_driver *d)
{
    if (!d->object.DriverUnload || d->unload_pending || d->unloading)
        return STATUS_INVALID_DEVICE_REQUEST;
    d->unload_pending = true;
    if (in_use(d))
        return STATUS_PENDING;
    io_unload_driver(d);
    return STATUS_SUCCESS;
}

void io_check_method(PDEVICE_OBJECT device)
{
    if ((device->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO)) == (DO_BUFFERED_IO | DO_DIRECT_IO))
        bugcheck(0xC9, 0x245, device_number(device), 0, 0, "W-DRV-12", "device #%u has DO_BUFFERED_IO and DO_DIRECT_IO", device_number(device));
}

/* What AddDevice must have set and cleared (W-DRV-3, W-DRV-12). */
static void check_added(PDEVICE_OBJECT device, bool by_driver)
{
    unsigned number = device_number(device);
    if (device->Flags & DO_DEVICE_INITIALIZING)
        bugcheck(0xC9, 0x243, number, 0, 0, "W-DRV-3", "AddDevice left DO_DEVICE_INITIALIZING set on device #%u", number);
    io_check_method(device);
    if (by_driver && device_of(device)->lower->Flags & DO_POWER_PAGABLE && !(device->Flags & (DO_POWER_PAGABLE | DO_POWER_INRUSH)))
        bugcheck(0xC9, 0x23F, number, 0, 0, "W-DRV-12", "device #%u lacks DO_POWER_PAGABLE, which the device below it has", number);
}

/* A driver in a PnP stack has a routine for what every such driver is sent (W-PNP-14). */
static void check_majors(const struct nt_driver *driver)
{
    static const UCHAR required[] = {IRP_MJ_PNP, IRP_MJ_POWER, IRP_MJ_SYSTEM_CONTROL};
    char name[80];
    for (unsigned i = 0; i < sizeof required; i++)
        if (driver->object.MajorFunction[required[i]] == io_invalid_device_request)
            bugcheck(0xC9, 0x21F, required[i], 0, 0, "V-IO-21F", "%s has an AddDevice routine and no dispatch routine for major function %u",
                     rtl_to_ascii(&driver->object.DriverName, name, sizeof name), required[i]);
}

NTSTATUS io_call_add_device(struct nt_driver *driver, PDEVICE_OBJECT pdo)
{
    PDRIVER_ADD_DEVICE add = driver->extension.AddDevice;
    if (!add)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status;
    if (is_driver_code(add)) {
        struct callback_frame frame;
        io_begin_adding(&driver->object, pdo);
        callback_enter(&frame, DDI_AddDevice, add, pdo);
        status = add(&driver->object, pdo);
        callback_leave(&frame, (ULONG)status);
        io_end_adding();
    } else {
        status = add(&driver->object, pdo);
    }
    if (NT_SUCCESS(status) && is_driver_code(add))
        check_majors(driver);
    for (PDEVICE_OBJECT o = NT_SUCCESS(status) ? pdo->AttachedDevice : NULL; o; o = o->AttachedDevice)
        check_added(o, is_driver_code(add));
    return status;
}

static struct driver_extension *find_extension(PDRIVER_OBJECT driver, PVOID id)
{
    struct driver_extension *x = drivers.extensions;
    while (x && (x->driver != driver || x->id != id))
        x = x->next;
    return x;
}

NTSTATUS IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress, ULONG DriverObjectExtensionSize,
                                         PVOID *DriverObjectExtension)
{
    gate_enter(DDI_IoAllocateDriverObjectExtension, trace_object(DriverObject), DriverObjectExtensionSize);
    NTSTATUS status = STATUS_SUCCESS;
    *DriverObjectExtension = NULL;
    struct driver_extension *x = NULL;
    if (find_extension(DriverObject, ClientIdentificationAddress))
        status = STATUS_OBJECT_NAME_COLLISION;
    else if (choose_fault(DDI_IoAllocateDriverObjectExtension) || !(x = ex_system_alloc(32 + (size_t)DriverObjectExtensionSize)))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (x) {
        *x = (struct driver_extension){drivers.extensions, DriverObject, ClientIdentificationAddress};
        drivers.extensions = x;
        *DriverObjectExtension = (char *)x + 32;
    }
    gate_leave((ULONG)status);
    return status;
}

PVOID IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    gate_enter(DDI_IoGetDriverObjectExtension, trace_object(DriverObject), 0);
    struct driver_extension *x = find_extension(DriverObject, ClientIdentificationAddress);
    gate_leave(x != NULL);
    return x ? (char *)x + 32 : NULL;
}

static void add_reinitialization(uint16_t ddi, PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine, PVOID context)
{
    gate_enter(ddi, trace_object(driver), 0);
    struct reinitialization *r = ex_system_alloc(sizeof *r), **at = &drivers.reinitializations;
    *r = (struct reinitialization){NULL, driver, routine, context};
    while (*at)
        at = &(*at)->next;
    *at = r;
    gate_leave(0);
}

VOID IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE DriverReinitializationRoutine, PVOID Context)
{
    add_reinitialization(DDI_IoRegisterDriverReinitialization, DriverObject, DriverReinitializationRoutine, Context);
}

/* No driver is loaded at boot here: the same. */
VOID IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE DriverReinitializationRoutine, PVOID Context)
{
    add_reinitialization(DDI_IoRegisterBootDriverReinitialization, DriverObject, DriverReinitializationRoutine, Context);
}
