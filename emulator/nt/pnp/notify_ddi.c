/* See pnp.h and notify.c: a driver's registrations for PnP notifications, and what they are told (W-PNP-59, V-UNL-7). */
#include "pnp.h"

struct registration {
    struct registration *next;
    struct pnp_listener *listener;   /* NULL: hardware profiles, of which there is one for ever */
    struct nt_driver *driver;        /* referenced */
    PFILE_OBJECT file;               /* as the driver gave it, not referenced: it goes back to the driver as it is */
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine;
    PVOID context;
};
static struct registration *registrations;

void pnp_registrations_boot(void) { registrations = NULL; }

/* GUID_DEVICE_INTERFACE_ARRIVAL and the seven others of that family. */
static GUID event_guid(ULONG last) { return (GUID){0xcb3a4000 + last, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}}; }

bool pnp_is_own_event(const GUID *guid)
{
    for (ULONG last = 1; last <= 8; last++) {
        GUID own = event_guid(last);
        if (!memcmp(&own, guid, sizeof own))
            return true;
    }
    return false;
}

/* ---- What a driver is told: structures in pool, which are gone when its routine has returned ---- */

static NTSTATUS call_routine(const struct registration *r, PVOID structure)
{
    struct callback_frame frame;
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine = r->routine;
    if (!is_driver_code((const void *)routine))
        return routine(structure, r->context);
    callback_enter(&frame, DDI_PnpNotification, (const void *)routine, NULL);
    NTSTATUS status = routine(structure, r->context);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static NTSTATUS tell_structure(const struct registration *r, const void *structure, size_t size)
{
    PVOID copy = ex_allocate(POOL_PAGED, size, 'NpnP', NULL, false);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(copy, structure, size);
    msan_define(copy, size);
    NTSTATUS status = call_routine(r, copy);
    ex_free_with_tag(copy, 0, NULL);
    return status;
}

static NTSTATUS tell_of_interface(const struct registration *r, const struct pnp_told *told)
{
    size_t size = sizeof(UNICODE_STRING) + told->link->Length + sizeof(WCHAR);
    UNICODE_STRING *link = ex_allocate(POOL_PAGED, size, 'NpnP', NULL, true);
    if (!link)
        return STATUS_INSUFFICIENT_RESOURCES;
    *link = (UNICODE_STRING){told->link->Length, (USHORT)(told->link->Length + sizeof(WCHAR)), (WCHAR *)(link + 1)};
    memcpy(link->Buffer, told->link->Buffer, told->link->Length);
    DEVICE_INTERFACE_CHANGE_NOTIFICATION n = {.Version = 1, .Size = sizeof n, .Event = event_guid(told->event == PNP_INTERFACE_ARRIVAL ? 4 : 5),
                                              .InterfaceClassGuid = *told->guid, .SymbolicLinkName = link};
    msan_define(link, size);
    NTSTATUS status = tell_structure(r, &n, sizeof n);
    ex_free_with_tag(link, 0, NULL);
    return status;
}

static NTSTATUS tell_of_custom(const struct registration *r, const struct pnp_told *told)
{
    const TARGET_DEVICE_CUSTOM_NOTIFICATION *custom = told->custom;
    TARGET_DEVICE_CUSTOM_NOTIFICATION *copy = memcpy(ex_system_alloc(custom->Size), custom, custom->Size);
    copy->FileObject = r->file;
    NTSTATUS status = tell_structure(r, copy, copy->Size);
    ex_system_free(copy);
    return status;
}

static NTSTATUS hear(void *context, const struct pnp_told *told)
{
    const struct registration *r = context;
    if (told->event == PNP_INTERFACE_ARRIVAL || told->event == PNP_INTERFACE_REMOVAL)
        return tell_of_interface(r, told);
    if (told->event == PNP_CUSTOM_EVENT)
        return tell_of_custom(r, told);
    ULONG last = told->event == PNP_QUERY_REMOVE ? 6 : told->event == PNP_REMOVE_CANCELLED ? 7 : 8;
    TARGET_DEVICE_REMOVAL_NOTIFICATION n = {.Version = 1, .Size = sizeof n, .Event = event_guid(last), .FileObject = r->file};
    return tell_structure(r, &n, sizeof n);
}

/* ---- Registering ---- */

/* Those that are there already: at once, in the caller's thread. While the routine runs others may come and go. */
static void tell_of_existing(const struct registration *r, const GUID *class_guid)
{
    unsigned count = 0, n = 0;
    for (const struct io_interface *i = NULL; (i = io_next_interface(class_guid, i)) != NULL;)
        count++;
    UNICODE_STRING *links = count ? ex_system_alloc(count * sizeof *links) : NULL;
    for (const struct io_interface *i = NULL; (i = io_next_interface(class_guid, i)) != NULL;)
        links[n++] = rtl_copy_of(io_interface_link(i));
    for (n = 0; n < count; n++) {
        struct pnp_told told = {.event = PNP_INTERFACE_ARRIVAL, .guid = class_guid, .link = &links[n]};
        tell_of_interface(r, &told);
        ex_system_free(links[n].Buffer);
    }
    if (links)
        ex_system_free(links);
}

static void link_registration(struct registration *r)
{
    ob_reference(r->driver);
    r->next = registrations;
    registrations = r;
}

static NTSTATUS start_listening(struct registration *r, IO_NOTIFICATION_EVENT_CATEGORY category, PVOID data)
{
    if (category == EventCategoryHardwareProfileChange)
        return STATUS_SUCCESS;
    if (!data || (category != EventCategoryDeviceInterfaceChange && category != EventCategoryTargetDeviceChange))
        return STATUS_INVALID_PARAMETER;
    if (category == EventCategoryDeviceInterfaceChange) {
        r->listener = pnp_listen_to_interfaces(data, hear, r);
        return STATUS_SUCCESS;
    }
    r->file = data;
    return pnp_listen_to_device(data, hear, r, &r->listener);
}

static NTSTATUS add(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags, PVOID data, PDRIVER_OBJECT driver, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine,
                    PVOID context, PVOID *entry)
{
    struct registration *r = ex_system_alloc(sizeof *r);
    *r = (struct registration){.driver = (struct nt_driver *)driver, .routine = routine, .context = context};
    NTSTATUS status = start_listening(r, category, data);
    if (!NT_SUCCESS(status)) {
        ex_system_free(r);
        return status;
    }
    link_registration(r);
    *entry = r;
    msan_define(entry, sizeof *entry);
    if (category == EventCategoryDeviceInterfaceChange && flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES)
        tell_of_existing(r, data);
    return status;
}

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory, ULONG EventCategoryFlags, PVOID EventCategoryData,
                                        PDRIVER_OBJECT DriverObject, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                                        PVOID *NotificationEntry)
{
    gate_enter(DDI_IoRegisterPlugPlayNotification, EventCategory, EventCategoryFlags);
    *NotificationEntry = NULL;
    NTSTATUS status = choose_fault(DDI_IoRegisterPlugPlayNotification)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : add(EventCategory, EventCategoryFlags, EventCategoryData, DriverObject, CallbackRoutine, Context, NotificationEntry);
    gate_leave((ULONG)status);
    return status;
}

static void unregister(PVOID entry, bool wait)
{
    struct registration **at = &registrations;
    while (*at && *at != entry)
        at = &(*at)->next;
    struct registration *r = *at;
    if (!r)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-PNP-59", "a PnP notification is unregistered that is not registered");
    *at = r->next;
    if (r->listener)
        pnp_stop_listening(r->listener, wait);
    ob_dereference(r->driver);
    ex_system_free(r);
}

/* Also from the routine itself, which is not called again. */
NTSTATUS IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    gate_enter(DDI_IoUnregisterPlugPlayNotification, 0, 0);
    unregister(NotificationEntry, false);
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* Waits for the routine to return, wherever it runs. */
NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    gate_enter(DDI_IoUnregisterPlugPlayNotificationEx, 0, 0);
    unregister(NotificationEntry, true);
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

void pnp_check_unregistered(const struct nt_driver *driver)
{
    char name[80];
    for (struct registration *r = registrations; r; r = r->next)
        if (r->driver == driver)
            bugcheck(0xCE, (ULONG_PTR)0, 0, 0, 0, "V-UNL-7", "%s was unloaded and is still registered for PnP notifications",
                     rtl_to_ascii(&driver->object.DriverName, name, sizeof name));
}

/* ---- Custom events ---- */

static struct devnode *node_of(PDEVICE_OBJECT pdo, const char *ddi)
{
    if (!pdo || !ob_is_live(pdo) || !device_of(pdo)->devnode)
        bugcheck(0xCA, 2, pdo && ob_is_live(pdo) ? device_number(pdo) : 0, 0, 0, "W-PNP-51", "%s on a device that is no PDO, or not one that its bus has reported", ddi);
    return device_of(pdo)->devnode;
}

/* Waits until all have heard it. */
NTSTATUS IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure)
{
    KEVENT told;
    gate_enter(DDI_IoReportTargetDeviceChange, trace_object(PhysicalDeviceObject), 0);
    ke_initialize_event(&told, NotificationEvent, FALSE);
    NTSTATUS status = pnp_report_change(node_of(PhysicalDeviceObject, "IoReportTargetDeviceChange"), NotificationStructure, NULL, NULL, &told);
    if (NT_SUCCESS(status))
        ke_wait_internal(&told, "the PnP manager to tell of a custom event");
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure, PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                PVOID Context)
{
    gate_enter(DDI_IoReportTargetDeviceChangeAsynchronous, trace_object(PhysicalDeviceObject), 0);
    NTSTATUS status = choose_fault(DDI_IoReportTargetDeviceChangeAsynchronous)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : pnp_report_change(node_of(PhysicalDeviceObject, "IoReportTargetDeviceChangeAsynchronous"), NotificationStructure, Callback, Context, NULL);
    if (NT_SUCCESS(status))
        status = STATUS_PENDING;
    gate_leave((ULONG)status);
    return status;
}
