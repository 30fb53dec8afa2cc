/*
 * PnP notifications (W-PNP-59).
 *
 * Principle of operation. A listener hears of the interfaces of a class that come and go, or of the removal of the device that a file is open on. Interfaces that
 * change are told later, by the PnP manager's worker; removals by whoever conducts them, in the same thread: first the listeners are asked, then the drivers, and
 * what is not allowed or called off is told again. Listeners are the drivers that registered, KMDF and the apps' side.
 *
 * Internal design. One list of listeners, in order of registration. While one is called it is pinned, so it may go, and others may come and go, meanwhile.
 */
#include "pnp.h"

struct pnp_listener {
    struct pnp_listener *next;
    const struct devnode *node;    /* removals of this device; NULL: interfaces */
    bool all_classes, by_user, gone;
    bool is_over;                  /* it was told that its device is gone */
    GUID class_guid;
    uint64_t since;                /* interface changes before this one are old news */
    uint64_t number;               /* in order of registration: who registers while others are told is not told */
    pnp_hear hear;
    void *context;
    unsigned calls;
    const struct nt_thread *called_in;
    KEVENT idle;                   /* nobody calls it */
};

/* What the worker is to tell. */
struct event {
    struct event *next;
    enum pnp_event what;
    uint64_t number;
    struct devnode *node;          /* of a custom event */
    GUID guid;
    UNICODE_STRING link, user_link;
    void *custom;
    KEVENT *told;                  /* who waits for it */
    PDEVICE_CHANGE_COMPLETE_CALLBACK complete;
    PVOID context;
};

static struct {
    struct pnp_listener *listeners;
    struct event *first, *last;
    uint64_t events, listeners_made;
} notify;

void pnp_notify_boot(void) { memset(&notify, 0, sizeof notify); }

/* ---- Listeners ---- */

static struct pnp_listener *add_listener(pnp_hear hear, void *context)
{
    struct pnp_listener *l = ex_system_alloc(sizeof *l), **at = &notify.listeners;
    l->hear = hear;
    l->context = context;
    l->since = notify.events;
    l->number = ++notify.listeners_made;
    ke_initialize_event(&l->idle, NotificationEvent, TRUE);
    while (*at)
        at = &(*at)->next;
    *at = l;
    return l;
}

struct pnp_listener *pnp_listen_to_interfaces(const GUID *class_guid, pnp_hear hear, void *context)
{
    struct pnp_listener *l = add_listener(hear, context);
    l->all_classes = !class_guid;
    if (class_guid)
        l->class_guid = *class_guid;
    return l;
}

/* The device that a file is open on, as its stack says it: one object, referenced (W-PNP-53). */
static NTSTATUS target_of(PFILE_OBJECT file, struct devnode **node)
{
    DEVICE_RELATIONS *relations;
    PDEVICE_OBJECT bottom = io_bottom_of_stack(file->DeviceObject);
    *node = pnp_devnode_of(bottom);
    if (!*node)
        return STATUS_NO_SUCH_DEVICE; /* of no PnP stack */
    int64_t references = ob_header(bottom)->pointers;
    NTSTATUS status = pnp_query_relations(*node, TargetDeviceRelation, &relations);
    if (!NT_SUCCESS(status))
        return status;
    if (!relations || relations->Count != 1 || !relations->Objects[0])
        bugcheck(0xC9, 0x22B, device_number(bottom), 0, 0, "V-IO-22B",
                 "IRP_MN_QUERY_DEVICE_RELATIONS for the target of device #%u succeeded and does not name one device", device_number(bottom));
    if (relations->Objects[0] == bottom && ob_header(bottom)->pointers <= references)
        bugcheck(0xC9, 0x22C, device_number(bottom), 0, 0, "V-IO-22C", "the target relation of device #%u names a device that it did not reference",
                 device_number(bottom));
    *node = pnp_devnode_of(relations->Objects[0]);
    ob_dereference(relations->Objects[0]);
    ex_free_with_tag(relations, 0, NULL);
    return *node ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS pnp_listen_to_device(PFILE_OBJECT file, pnp_hear hear, void *context, struct pnp_listener **out)
{
    struct devnode *node;
    NTSTATUS status = target_of(file, &node);
    *out = NULL;
    if (!NT_SUCCESS(status))
        return status;
    *out = add_listener(hear, context);
    (*out)->node = node;
    return status;
}

void pnp_listens_for_user(struct pnp_listener *l) { l->by_user = true; }

static void free_listener(struct pnp_listener *l)
{
    struct pnp_listener **at = &notify.listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    ex_system_free(l);
}

void pnp_stop_listening(struct pnp_listener *l, bool wait)
{
    l->gone = true;
    if (l->calls && (wait || l->called_in != ke_current_thread())) {
        l->calls++; /* ours */
        ke_wait_internal(&l->idle, "a PnP notification callback to return");
        l->calls--;
    }
    if (!l->calls)
        free_listener(l);
}

/* ---- Telling ---- */

static NTSTATUS call(struct pnp_listener *l, const struct pnp_told *told)
{
    l->calls++;
    ke_reset_event(&l->idle);
    l->called_in = ke_current_thread();
    NTSTATUS status = l->hear(l->context, told);
    l->called_in = NULL;
    ke_set_event(&l->idle, 0, FALSE);
    return status;
}

/* The one behind it; this one may go now. */
static struct pnp_listener *behind(struct pnp_listener *l)
{
    struct pnp_listener *next = l->next;
    if (--l->calls == 0 && l->gone)
        free_listener(l);
    return next;
}

/* To the listeners of one device: apps first. The first refusal of a query ends it. */
static NTSTATUS tell_of(const struct devnode *node, const struct pnp_told *told)
{
    NTSTATUS status = STATUS_SUCCESS;
    const uint64_t last = notify.listeners_made;
    for (int by_user = 1; by_user >= 0; by_user--) {
        struct pnp_listener *l = notify.listeners;
        while (l && NT_SUCCESS(status)) {
            if (l->node != node || l->number > last || l->gone || l->is_over || l->by_user != by_user || (told->event == PNP_REMOVE_PENDING && !by_user)) {
                l = l->next;
                continue;
            }
            NTSTATUS answer = call(l, told);
            if (told->event == PNP_QUERY_REMOVE)
                status = answer;
            l->is_over = told->event == PNP_REMOVE_COMPLETE;
            l = behind(l);
        }
    }
    return status;
}

void pnp_tell_of_removal(struct devnode *node, enum pnp_event event)
{
    struct pnp_told told = {.event = event};
    if (!notify.listeners)
        return;
    for (struct devnode *child = pnp_last_child(node); child; child = pnp_previous_sibling(child))
        pnp_tell_of_removal(child, event);
    tell_of(node, &told);
}

void pnp_tell_of_one(struct devnode *node, enum pnp_event event)
{
    struct pnp_told told = {.event = event};
    tell_of(node, &told);
}

static NTSTATUS query(struct devnode *node)
{
    struct pnp_told told = {.event = PNP_QUERY_REMOVE};
    NTSTATUS status = STATUS_SUCCESS;
    for (struct devnode *child = pnp_last_child(node); NT_SUCCESS(status) && child; child = pnp_previous_sibling(child))
        status = query(child);
    return NT_SUCCESS(status) ? tell_of(node, &told) : status;
}

NTSTATUS pnp_ask_listeners(struct devnode *node)
{
    NTSTATUS status = notify.listeners ? query(node) : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        return status;
    pnp_tell_of_removal(node, PNP_REMOVE_CANCELLED);
    return STATUS_PLUGPLAY_QUERY_VETOED;
}

/* ---- What the worker tells ---- */

static void add_event(struct event *e)
{
    e->number = ++notify.events;
    *(notify.last ? &notify.last->next : &notify.first) = e;
    notify.last = e;
    pnp_wake_worker();
}

void pnp_interface_changed(const GUID *class_guid, PCUNICODE_STRING link, PCUNICODE_STRING user_link, bool arrived)
{
    struct pnp_listener *l = notify.listeners;
    while (l && l->node)
        l = l->next;
    if (!l)
        return;
    struct event *e = ex_system_alloc(sizeof *e);
    *e = (struct event){.what = arrived ? PNP_INTERFACE_ARRIVAL : PNP_INTERFACE_REMOVAL, .guid = *class_guid, .link = rtl_copy_of(link), .user_link = rtl_copy_of(user_link)};
    add_event(e);
}

static void tell_of_interface(const struct event *e)
{
    struct pnp_told told = {.event = e->what, .guid = &e->guid, .link = &e->link, .user_link = &e->user_link};
    for (struct pnp_listener *l = notify.listeners; l;) {
        if (l->node || l->gone || e->number <= l->since || (!l->all_classes && memcmp(&l->class_guid, &e->guid, sizeof e->guid))) {
            l = l->next;
            continue;
        }
        call(l, &told);
        l = behind(l);
    }
}

static void call_complete(const struct event *e)
{
    if (!e->complete)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_PnpNotification, (const void *)e->complete, e->context);
    e->complete(e->context);
    callback_leave(&frame, 0);
}

static void tell(struct event *e)
{
    if (e->what == PNP_CUSTOM_EVENT) {
        struct pnp_told told = {.event = e->what, .guid = &e->guid, .custom = e->custom};
        tell_of(e->node, &told);
        call_complete(e);
    } else {
        tell_of_interface(e);
    }
    if (e->told)
        ke_set_event(e->told, 0, FALSE);
    if (e->link.Buffer)
        ex_system_free(e->link.Buffer);
    if (e->user_link.Buffer)
        ex_system_free(e->user_link.Buffer);
    if (e->custom)
        ex_system_free(e->custom);
    ex_system_free(e);
}

bool pnp_tell_next(void)
{
    struct event *e = notify.first;
    if (!e)
        return false;
    notify.first = e->next;
    if (!e->next)
        notify.last = NULL;
    tell(e);
    return true;
}

NTSTATUS pnp_report_change(struct devnode *node, const TARGET_DEVICE_CUSTOM_NOTIFICATION *custom, PDEVICE_CHANGE_COMPLETE_CALLBACK complete, PVOID context,
                           KEVENT *told)
{
    if (pnp_is_own_event(&custom->Event))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (custom->Version != 1 || custom->Size < FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer))
        return STATUS_INVALID_PARAMETER;
    memory_check(custom, custom->Size, "the structure of a custom event");
    struct event *e = ex_system_alloc(sizeof *e);
    *e = (struct event){.what = PNP_CUSTOM_EVENT, .node = node, .guid = custom->Event, .told = told, .complete = complete, .context = context};
    e->custom = memcpy(ex_system_alloc(custom->Size), custom, custom->Size);
    add_event(e);
    return STATUS_SUCCESS;
}
