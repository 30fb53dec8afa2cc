/* See wmi.h: data blocks that drivers opened, and what they ask of them and hear of their events (W-WMI-6). */
#include "wmi.h"
#include "../image.h"
#include "../../machine/stack.h"

#define FIRST_ROOM 256u /* for data: a provider that needs more says so */
#define TRIES 4         /* what it needs may change between two questions */

/* What is known of an opened block; outlives its object while a callback runs. */
struct consumer {
    struct consumer *next;
    GUID guid;
    ULONG access;
    WMI_NOTIFICATION_CALLBACK callback;
    PVOID context;
    const struct nt_driver *driver; /* who opened it, where that is known */
    const void *opened_at;
    unsigned pins;
    bool closed;
    const struct nt_thread *called_in; /* the callback runs */
    KEVENT idle;                    /* notification: it does not */
    struct ex_work work;
};

/* The object that the driver holds. */
struct block_object {
    struct consumer *consumer;
};

static struct consumer *consumers;

void wmi_blocks_boot(void) { consumers = NULL; }

static struct consumer *consumer_of(const void *object, const char *ddi)
{
    if (!ob_is_live(object) || ob_type_of(object) != OB_WMI)
        bugcheck(0x18, 0, 0, 0, 0, "V-OBJ-1", "%s on something that IoWMIOpenBlock did not open, or that was dereferenced since", ddi);
    return ((const struct block_object *)object)->consumer;
}

const GUID *wmi_block_guid(const void *object, const char *ddi) { return &consumer_of(object, ddi)->guid; }

bool wmi_is_wanted(const GUID *guid, enum wmi_switch what)
{
    ULONG access = what == WMI_EVENTS ? WMIGUID_NOTIFICATION : WMIGUID_QUERY;
    for (const struct consumer *c = consumers; c; c = c->next)
        if (!c->closed && c->access & access && !memcmp(&c->guid, guid, sizeof *guid))
            return true;
    return false;
}

/* ---- Opening and closing ---- */

static void unpin(struct consumer *c)
{
    if (--c->pins || !c->closed)
        return;
    struct consumer **at = &consumers;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    ex_system_free(c);
}

static void settle(struct consumer *c)
{
    c->pins++;
    if (c->access & WMIGUID_NOTIFICATION)
        wmi_settle_all(&c->guid, WMI_EVENTS);
    if (c->access & WMIGUID_QUERY)
        wmi_settle_all(&c->guid, WMI_COLLECTION);
    unpin(c);
}

static void closed(void *context)
{
    struct consumer *c = context;
    settle(c);
    unpin(c);
}

/* A driver that lets go of its block may go itself: nobody is in its callback when it does, if it can wait at all. */
static void await_callback(struct consumer *c)
{
    if (c->called_in && c->called_in != ke_current_thread() && ke_get_current_irql() == PASSIVE_LEVEL)
        ke_wait_internal(&c->idle, "a WMI notification callback to return");
}

/* The last reference went, at whatever level: the providers are told by a worker. */
static void destroy(void *object)
{
    struct consumer *c = ((struct block_object *)object)->consumer;
    c->closed = true;
    c->pins++;
    await_callback(c);
    c->work.run = closed;
    c->work.context = c;
    ex_queue_work(&c->work);
}

/* Events may be waited for before there is a provider. */
static bool has_provider(const GUID *guid)
{
    bool found = false;
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p))
        found |= wmi_guid_of(p, guid) != NULL;
    return found;
}

static NTSTATUS open_block(const GUID *guid, ULONG access, PVOID *object, const void *caller)
{
    if (!(access & WMIGUID_NOTIFICATION) && !has_provider(guid))
        return STATUS_WMI_GUID_NOT_FOUND;
    struct block_object *block = ob_create(OB_WMI, sizeof *block, BLOCK_SYSTEM, destroy);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct consumer *c = ex_system_alloc(sizeof *c);
    *c = (struct consumer){.next = consumers, .guid = *guid, .access = access, .driver = io_driver_of_code(caller), .opened_at = caller};
    ke_initialize_event(&c->idle, NotificationEvent, TRUE);
    consumers = c;
    block->consumer = c;
    *object = block;
    msan_define(object, sizeof *object);
    settle(c);
    return STATUS_SUCCESS;
}

NTSTATUS IoWMIOpenBlock(GUID *DataBlockGuid, ULONG DesiredAccess, PVOID *DataBlockObject)
{
    gate_enter(DDI_IoWMIOpenBlock, DesiredAccess, 0);
    *DataBlockObject = NULL;
    NTSTATUS status = choose_fault(DDI_IoWMIOpenBlock) ? STATUS_INSUFFICIENT_RESOURCES : open_block(DataBlockGuid, DesiredAccess, DataBlockObject, CALLER);
    gate_leave((ULONG)status);
    return status;
}

_Noreturn static void left_open(const struct consumer *c, const struct nt_driver *driver)
{
    char name[80];
    struct stack_frame where = {0};
    stack_name(c->opened_at, &where);
    bugcheck(0xC4, 0xDA, 0, 0, 0, "V-UNL-9", "%s has a WMI data block open after it was unloaded, opened by %s %s",
             driver ? rtl_to_ascii(&driver->object.DriverName, name, sizeof name) : "a driver", where.function[0] ? where.function : "?", where.place);
}

void wmi_check_closed(const struct nt_driver *driver)
{
    for (const struct consumer *c = consumers; c; c = c->next)
        if (!c->closed && c->driver == driver)
            left_open(c, driver);
}

void wmi_check_closed_by_all(void)
{
    for (const struct consumer *c = consumers; c; c = c->next)
        if (!c->closed)
            left_open(c, NULL);
}

/* ---- Events ---- */

NTSTATUS IoWMISetNotificationCallback(PVOID Object, WMI_NOTIFICATION_CALLBACK Callback, PVOID Context)
{
    gate_enter(DDI_IoWMISetNotificationCallback, trace_object(Object), 0);
    struct consumer *c = consumer_of(Object, "IoWMISetNotificationCallback");
    c->callback = Callback;
    c->context = Context;
    hb_release(c);
    gate_leave(0);
    return STATUS_SUCCESS;
}

static void call(struct consumer *c, const WNODE_HEADER *wnode)
{
    WNODE_HEADER *copy = wmi_wnode(&wnode->Guid, 0, wnode->BufferSize, wnode->BufferSize);
    if (!copy)
        return;
    memcpy(copy, wnode, wnode->BufferSize);
    hb_acquire(c);
    struct callback_frame frame;
    WMI_NOTIFICATION_CALLBACK routine = c->callback;
    c->called_in = ke_current_thread();
    ke_reset_event(&c->idle);
    callback_enter(&frame, DDI_WmiNotification, (const void *)routine, NULL);
    routine(copy, c->context);
    callback_leave(&frame, 0);
    c->called_in = NULL;
    ke_set_event(&c->idle, 0, FALSE);
    wmi_free_wnode(copy);
}

void wmi_tell_consumers(const WNODE_HEADER *wnode)
{
    for (struct consumer *c = consumers, *next; c; c = next) {
        c->pins++;
        if (!c->closed && c->callback && c->access & WMIGUID_NOTIFICATION && !memcmp(&c->guid, &wnode->Guid, sizeof c->guid))
            call(c, wnode);
        next = c->next;
        unpin(c);
    }
}

/* ---- Queries ---- */

/* Gives the driver a WNODE, or says how large it is. */
static NTSTATUS give(const void *wnode, ULONG size, ULONG *room, PVOID out)
{
    ULONG had = *room;
    *room = size;
    if (had < size)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, wnode, size);
    msan_define(out, size);
    return STATUS_SUCCESS;
}

static NTSTATUS query_provider(struct wmi_provider *p, const GUID *guid, WNODE_ALL_DATA **wnode)
{
    ULONG room = FIRST_ROOM, needed;
    NTSTATUS status = STATUS_WMI_GUID_NOT_FOUND;
    for (unsigned i = 0; i < TRIES; i++) {
        struct wmi_guid *g = wmi_guid_of(p, guid);
        status = g ? wmi_query_provider(p, g, room, wnode, &needed) : STATUS_WMI_GUID_NOT_FOUND;
        if (status != STATUS_BUFFER_TOO_SMALL)
            break;
        room = needed;
    }
    return status;
}

/* The answers of all providers in one chain, each aligned; *total is what there is or would be. */
static NTSTATUS query_all(const GUID *guid, ULONG *total, char *out, ULONG room)
{
    NTSTATUS result = STATUS_WMI_GUID_NOT_FOUND;
    WNODE_ALL_DATA *last = NULL;
    *total = 0;
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p)) {
        WNODE_ALL_DATA *wnode;
        NTSTATUS status = wmi_guid_of(p, guid) ? query_provider(p, guid, &wnode) : STATUS_WMI_GUID_NOT_FOUND;
        if (!NT_SUCCESS(status)) {
            if (result == STATUS_WMI_GUID_NOT_FOUND)
                result = status;
            continue;
        }
        ULONG at = wmi_align(*total), size = wnode->WnodeHeader.BufferSize;
        *total = at + size;
        result = *total > room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
        if (NT_SUCCESS(result)) {
            if (last)
                last->WnodeHeader.Linkage = (ULONG)(out + at - (char *)last);
            last = memcpy(out + at, wnode, size);
        }
        wmi_free_wnode(wnode);
    }
    return result;
}

NTSTATUS IoWMIQueryAllData(PVOID DataBlockObject, ULONG *InOutBufferSize, PVOID OutBuffer)
{
    gate_enter(DDI_IoWMIQueryAllData, trace_object(DataBlockObject), *InOutBufferSize);
    struct consumer *c = consumer_of(DataBlockObject, "IoWMIQueryAllData");
    ULONG room = OutBuffer ? *InOutBufferSize : 0;
    if (room)
        memory_check(OutBuffer, room, "the buffer of IoWMIQueryAllData");
    NTSTATUS status = choose_fault(DDI_IoWMIQueryAllData) ? STATUS_INSUFFICIENT_RESOURCES : query_all(&c->guid, InOutBufferSize, OutBuffer, room);
    if (NT_SUCCESS(status))
        msan_define(OutBuffer, *InOutBufferSize);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS query_single(const GUID *guid, PCUNICODE_STRING name, ULONG *room, PVOID out)
{
    ULONG instance, data = FIRST_ROOM, needed;
    WNODE_SINGLE_INSTANCE *wnode = NULL;
    struct wmi_provider *p = wmi_find_instance(guid, name, &instance);
    if (!p)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    NTSTATUS status = STATUS_BUFFER_TOO_SMALL;
    for (unsigned i = 0; i < TRIES && status == STATUS_BUFFER_TOO_SMALL; i++) {
        struct wmi_guid *g = wmi_guid_of(p, guid);
        status = g ? wmi_query_instance(p, g, instance, data, &wnode, &needed) : STATUS_WMI_GUID_NOT_FOUND;
        data = needed;
    }
    if (wnode) {
        status = give(wnode, wnode->WnodeHeader.BufferSize, room, out);
        wmi_free_wnode(wnode);
    }
    wmi_unpin(p);
    return status;
}

NTSTATUS IoWMIQuerySingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG *InOutBufferSize, PVOID OutBuffer)
{
    gate_enter(DDI_IoWMIQuerySingleInstance, trace_object(DataBlockObject), *InOutBufferSize);
    struct consumer *c = consumer_of(DataBlockObject, "IoWMIQuerySingleInstance");
    ULONG none = 0;
    NTSTATUS status = choose_fault(DDI_IoWMIQuerySingleInstance) ? STATUS_INSUFFICIENT_RESOURCES
                                                               : query_single(&c->guid, InstanceName, OutBuffer ? InOutBufferSize : &none, OutBuffer);
    if (none)
        *InOutBufferSize = none;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Changes and methods ---- */

static NTSTATUS change(const GUID *guid, PCUNICODE_STRING name, const ULONG *item, ULONG version, ULONG size, const void *value)
{
    ULONG instance;
    struct wmi_provider *p = wmi_find_instance(guid, name, &instance);
    if (!p)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    struct wmi_guid *g = wmi_guid_of(p, guid);
    NTSTATUS status = item ? wmi_set_item(p, g, instance, *item, version, value, size) : wmi_set_instance(p, g, instance, version, value, size);
    wmi_unpin(p);
    return status;
}

NTSTATUS IoWMISetSingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG Version, ULONG ValueBufferSize, PVOID ValueBuffer)
{
    gate_enter(DDI_IoWMISetSingleInstance, trace_object(DataBlockObject), ValueBufferSize);
    struct consumer *c = consumer_of(DataBlockObject, "IoWMISetSingleInstance");
    NTSTATUS status = choose_fault(DDI_IoWMISetSingleInstance) ? STATUS_INSUFFICIENT_RESOURCES
                                                             : change(&c->guid, InstanceName, NULL, Version, ValueBufferSize, ValueBuffer);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoWMISetSingleItem(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG DataItemId, ULONG Version, ULONG ValueBufferSize,
                            PVOID ValueBuffer)
{
    gate_enter(DDI_IoWMISetSingleItem, trace_object(DataBlockObject), DataItemId);
    struct consumer *c = consumer_of(DataBlockObject, "IoWMISetSingleItem");
    NTSTATUS status = choose_fault(DDI_IoWMISetSingleItem) ? STATUS_INSUFFICIENT_RESOURCES
                                                         : change(&c->guid, InstanceName, &DataItemId, Version, ValueBufferSize, ValueBuffer);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS execute(const GUID *guid, PCUNICODE_STRING name, ULONG method, ULONG in_size, ULONG *out_size, void *buffer)
{
    ULONG instance;
    struct wmi_provider *p = wmi_find_instance(guid, name, &instance);
    if (!p)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    NTSTATUS status = wmi_method(p, wmi_guid_of(p, guid), instance, method, buffer, in_size, buffer, out_size);
    wmi_unpin(p);
    return status;
}

NTSTATUS IoWMIExecuteMethod(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG MethodId, ULONG InBufferSize, PULONG OutBufferSize,
                            PUCHAR InOutBuffer)
{
    gate_enter(DDI_IoWMIExecuteMethod, trace_object(DataBlockObject), MethodId);
    struct consumer *c = consumer_of(DataBlockObject, "IoWMIExecuteMethod");
    NTSTATUS status = choose_fault(DDI_IoWMIExecuteMethod) ? STATUS_INSUFFICIENT_RESOURCES
                                                         : execute(&c->guid, InstanceName, MethodId, InBufferSize, OutBufferSize, InOutBuffer);
    gate_leave((ULONG)status);
    return status;
}
