/*
 * Lifetime of framework objects (chapter 1 of the KMDF specification).
 *
 * Principle of operation. An object is born with one reference, hangs below a parent, and goes in three phases that a driver can tell apart:
 * dispose (children first, then what the type stops, then EvtCleanup), destroying the children, and the final release (EvtDestroy, memory).
 * A reference delays the last phase only.
 *
 * Internal design. The whole framework runs inside the gate, so a state here changes atomically except where a driver's callback or a
 * wait of a type's dispose() lets others in; while a parent is not FX_CREATED its child list can only be taken apart by its own
 * destroy_children(), which keeps the walks valid. Work that IRQL forbids goes to one of two FIFO lists, the device's or the driver's.
 */
#include "device.h"

/* ---- Creation ---- */

static void name_object(struct fx_object *o, struct fx_driver *driver, enum fx_type type)
{
    o->type = (uint16_t)type;
    o->driver = driver;
    o->number = ++driver->numbers[type];
    driver->live_objects++;
}

/* Types whose EvtCleanup is promised PASSIVE_LEVEL, and those that are promised it for both callbacks (K-OBJ-21). */
static void mark_levels(struct fx_object *o)
{
    switch (o->type) {
    case FX_DEVICE: case FX_QUEUE: case FX_IOTARGET: case FX_TIMER: case FX_DPC: case FX_INTERRUPT: case FX_STRING:
        o->passive_dispose = true;
        break;
    case FX_WORKITEM: case FX_KEY: case FX_DRIVER:
        o->passive_dispose = o->passive_callbacks = true;
        break;
    default:
        break;
    }
    if (o->level == WdfExecutionLevelPassive)
        o->passive_dispose = o->passive_callbacks = true;
}

void fx_object_init(struct fx_driver *driver, struct fx_object *o, enum fx_type type)
{
    o->references = 1;
    o->state = FX_CREATED;
    o->level = WdfExecutionLevelInheritFromParent;
    o->scope = WdfSynchronizationScopeInheritFromParent;
    InitializeListHead(&o->children);
    InitializeListHead(&o->sibling);
    InitializeListHead(&o->dispose_entry);
    name_object(o, driver, type);
    mark_levels(o);
    o->magic = FX_MAGIC;
}

NTSTATUS fx_object_create(struct fx_driver *driver, enum fx_type type, SIZE_T size, PWDF_OBJECT_ATTRIBUTES attributes, void **object)
{
    if (driver && driver->fails_from && ++driver->created >= driver->fails_from)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct fx_object *o = block_alloc_zero(ARENA_KERNEL, BLOCK_WDF, size, driver ? driver->tag : FX_TAG, CALLER);
    if (!o)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!driver) /* the driver object itself */
        driver = (struct fx_driver *)o;
    fx_object_init(driver, o, type);
    if (attributes) {
        o->level = (uint8_t)attributes->ExecutionLevel;
        o->scope = (uint8_t)attributes->SynchronizationScope;
        mark_levels(o);
        NTSTATUS status = fx_context_add_first(o, attributes);
        if (!NT_SUCCESS(status)) {
            fx_object_free_unused(o);
            return status;
        }
    }
    *object = o;
    return STATUS_SUCCESS;
}

/* Its last words: name_of_freed() in bugs.c. */
static void free_object(struct fx_object *o)
{
    block_retag(o, (uint32_t)o->type << 24 | (o->number & 0xFFFFFF));
    block_free(o, CALLER);
}

void fx_object_free_unused(struct fx_object *o)
{
    o->magic = 0;
    o->driver->live_objects--;
    fx_context_free_all(o);
    free_object(o);
}

NTSTATUS fx_object_commit(struct fx_object *o, struct fx_object *parent)
{
    if (!parent)
        return STATUS_SUCCESS;
    if (parent == o)
        return STATUS_WDF_PARENT_IS_SELF;
    if (o->parent)
        return STATUS_WDF_PARENT_ALREADY_ASSIGNED;
    if (parent->state != FX_CREATED)
        return STATUS_DELETE_PENDING;
    o->parent = parent;
    InsertTailList(&parent->children, &o->sibling);
    if (!o->device)
        o->device = parent->device;
    return STATUS_SUCCESS;
}

/* ---- Dispose and destruction ---- */

static bool needs_passive_dispose(const struct fx_object *o)
{
    if (o->passive_dispose)
        return true;
    for (LIST_ENTRY *e = o->children.Flink; e != &o->children; e = e->Flink)
        if (needs_passive_dispose(CONTAINING_RECORD(e, struct fx_object, sibling)))
            return true;
    return false;
}

static void dispose(struct fx_object *o);

static void dispose_children(struct fx_object *o)
{
    for (LIST_ENTRY *e = o->children.Flink; e != &o->children; e = e->Flink) {
        struct fx_object *child = CONTAINING_RECORD(e, struct fx_object, sibling);
        if (child->state == FX_CREATED)
            dispose(child);
    }
}

/* K-OBJ-10, 18: children, then the type's own part, then EvtCleanup; an I/O target cleans up before it stops. */
static void dispose(struct fx_object *o)
{
    o->state = FX_DISPOSING;
    dispose_children(o);
    if (o->type == FX_IOTARGET)
        fx_context_cleanup_all(o);
    if (o->dispose)
        o->dispose(o);
    if (o->type != FX_IOTARGET)
        fx_context_cleanup_all(o);
    if (o->disposed)
        o->disposed(o);
    o->state = FX_DISPOSED;
}

/* K-OBJ-11: in order of attachment, each child's own children before its creation reference. */
static void destroy_children(struct fx_object *o)
{
    while (!IsListEmpty(&o->children)) {
        struct fx_object *child = CONTAINING_RECORD(RemoveHeadList(&o->children), struct fx_object, sibling);
        InitializeListHead(&child->sibling);
        child->parent = NULL;
        destroy_children(child);
        fx_object_dereference(child);
    }
}

void fx_object_dispose_tree(struct fx_object *o)
{
    dispose(o);
    destroy_children(o);
}

static void finish_delete(struct fx_object *o)
{
    fx_object_dispose_tree(o);
    fx_object_dereference(o);
}

void fx_object_detach(struct fx_object *o)
{
    if (!o->parent)
        return;
    RemoveEntryList(&o->sibling);
    InitializeListHead(&o->sibling);
    o->parent = NULL;
}

void fx_object_delete(struct fx_object *o)
{
    if (o->early_disposed) { /* only the creation reference is left of it */
        o->early_disposed = false;
        fx_object_detach(o);
        fx_object_dereference(o);
        return;
    }
    if (o->state != FX_CREATED) /* K-OBJ-6, 7: the delete in progress, or the parent, finishes it */
        return;
    if (o->parent && o->parent->state != FX_CREATED)
        return; /* K-OBJ-7: a note only */
    fx_object_detach(o);
    if (ke_get_current_irql() > PASSIVE_LEVEL && needs_passive_dispose(o)) { /* K-OBJ-22 */
        o->state = FX_DISPOSING;
        fx_dispose_later(o, false);
        return;
    }
    finish_delete(o);
}

void fx_object_erase_callbacks(struct fx_object *o)
{
    for (struct fx_context *c = o->contexts; c; c = c->next)
        c->cleanup = NULL, c->destroy = NULL;
}

void fx_object_delete_failed(struct fx_object *o)
{
    fx_object_erase_callbacks(o); /* K-OBJ-15 */
    fx_object_delete(o);
}

void fx_object_dispose_early(struct fx_object *o)
{
    if (o->state != FX_CREATED)
        return;
    if (ke_get_current_irql() > PASSIVE_LEVEL && needs_passive_dispose(o)) {
        char name[32];
        fx_misuse("K-OBJ-60", "%s is completed at IRQL %u although it has a child whose cleanup needs PASSIVE_LEVEL",
                  fx_name(o, name, sizeof name), ke_get_current_irql());
    }
    fx_object_dispose_tree(o);
    o->early_disposed = true;
}

/* ---- References ---- */

static void finalize(struct fx_object *o)
{
    o->state = FX_DESTROYING;
    fx_context_destroy_all(o);
    if (o->destroy)
        o->destroy(o);
    fx_context_free_all(o);
    o->state = FX_DESTROYED;
    o->magic = 0;
    o->driver->live_objects--;
    if (!o->embedded)
        free_object(o);
}

static void check_last_reference(const struct fx_object *o)
{
    if (o->state != FX_CREATED)
        return;
    bool must_be_disposed = o->type == FX_DEVICE || o->type == FX_DRIVER || o->parent || !IsListEmpty(&o->children);
    if (!must_be_disposed)
        return;
    char name[32];
    bugcheck(0x10D, 7, o->number, o->type, 0, "K-OBJ-5", "the last reference of %s was dropped by a dereference: it was never deleted",
             fx_name(o, name, sizeof name));
}

void fx_object_reference(struct fx_object *o) { o->references++; }

void fx_object_dereference(struct fx_object *o)
{
    hb_release(o);
    if (--o->references > 0)
        return;
    hb_acquire(o);
    check_last_reference(o);
    if (o->passive_callbacks && ke_get_current_irql() > PASSIVE_LEVEL) /* K-OBJ-24 */
        fx_dispose_later(o, true);
    else
        finalize(o);
}

/* ---- Dispose lists (K-OBJ-25) ---- */

static void run_deferred(struct fx_object *o)
{
    o->dispose_deferred = false;
    if (o->references == 0)
        finalize(o);
    else
        finish_delete(o);
}

/* Drains at PASSIVE_LEVEL; the entry being worked on counts as listed until it is done, for fx_dispose_wait(). */
static void drain(void *context)
{
    struct fx_dispose_list *list = context;
    while (!IsListEmpty(&list->objects)) {
        struct fx_object *o = CONTAINING_RECORD(RemoveHeadList(&list->objects), struct fx_object, dispose_entry);
        InitializeListHead(&o->dispose_entry);
        hb_acquire(o);
        run_deferred(o);
    }
    list->busy = false;
    ke_set_event(&list->empty, 0, FALSE);
}

void fx_dispose_list_init(struct fx_dispose_list *list)
{
    InitializeListHead(&list->objects);
    list->work = (struct ex_work){.run = drain, .context = list};
    list->busy = false;
    ke_initialize_event(&list->empty, NotificationEvent, TRUE);
}

void fx_dispose_later(struct fx_object *o, bool driver_list)
{
    struct fx_dispose_list *list = &o->driver->dispose;
    if (!driver_list && o->device && o->device != (void *)o && o->device->own)
        list = &o->device->own->dispose;
    o->dispose_deferred = true;
    hb_release(o);
    InsertTailList(&list->objects, &o->dispose_entry);
    if (list->busy)
        return;
    list->busy = true;
    ke_reset_event(&list->empty);
    ex_queue_work(&list->work);
}

void fx_dispose_wait(struct fx_dispose_list *list)
{
    if (list->busy)
        ke_wait_internal(&list->empty, "deferred deletes of framework objects to finish");
}

/* ---- Ancestors ---- */

struct fx_object *fx_ancestor(struct fx_object *o, enum fx_type type)
{
    for (; o; o = o->parent)
        if (o->type == type)
            return o;
    return NULL;
}
