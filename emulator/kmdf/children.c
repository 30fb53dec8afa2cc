/* See bus.h: sets of children, and what the driver says of them (K-CHD-2, 3, 5, 7). */
#include "device.h"

void fx_children_init(struct fx_children *set, struct fx_device *bus, struct fx_child_list *list)
{
    set->bus = bus;
    set->list = list;
    InitializeListHead(&set->children);
    fx_lock_init(&set->lock, false);
    ke_initialize_event(&set->settled, NotificationEvent, TRUE);
    InsertTailList(&bus->own->bus.sets, &set->entry);
}

void fx_bus_init(struct fx_device *device)
{
    InitializeListHead(&device->own->bus.sets);
    fx_children_init(&device->own->bus.statics, device, NULL);
}

/* ---- Entries ---- */

struct fx_child *fx_child_add(struct fx_children *set)
{
    struct fx_child *child = ex_system_alloc(sizeof *child);
    if (!child)
        return NULL;
    child->of = set;
    child->number = ++set->last_number;
    child->wanted = true;
    InsertTailList(&set->children, &child->entry);
    return child;
}

void fx_child_free(struct fx_child *child)
{
    RemoveEntryList(&child->entry);
    if (child->of->list)
        fx_child_list_cleanup(child);
    ex_system_free(child);
}

struct fx_child *fx_children_after(struct fx_children *set, uint32_t number)
{
    for (LIST_ENTRY *e = set->children.Flink; e != &set->children; e = e->Flink) {
        struct fx_child *child = CONTAINING_RECORD(e, struct fx_child, entry);
        if (child->number > number)
            return child;
    }
    return NULL;
}

struct fx_child *fx_children_first(struct fx_children *set)
{
    return IsListEmpty(&set->children) ? NULL : CONTAINING_RECORD(set->children.Flink, struct fx_child, entry);
}

struct fx_child *fx_children_next(struct fx_child *child)
{
    return child->entry.Flink == &child->of->children ? NULL : CONTAINING_RECORD(child->entry.Flink, struct fx_child, entry);
}

bool fx_child_matches(const struct fx_child *child, ULONG flags)
{
    switch (child->state) {
    case FX_CHILD_PRESENT: return flags & WdfRetrievePresentChildren;
    case FX_CHILD_NEW: return flags & WdfRetrievePendingChildren;
    case FX_CHILD_MISSING: return flags & WdfRetrieveMissingChildren;
    default: return false;
    }
}

/* ---- What the driver said takes effect ---- */

/* True: the PnP manager has to ask. A child that it never saw is dropped without a word; one that is being created, when that has ended. */
static bool settle(struct fx_child *child)
{
    switch (child->state) {
    case FX_CHILD_QUEUED:
    case FX_CHILD_NEW:
        if (child->wanted) {
            bool news = child->state == FX_CHILD_QUEUED;
            child->state = FX_CHILD_NEW;
            return news;
        }
        if (!child->creating)
            fx_child_free(child);
        return false;
    case FX_CHILD_PRESENT:
        if (child->wanted)
            return false;
        child->state = FX_CHILD_MISSING;
        return true;
    default:
        return false;
    }
}

static void tell(struct fx_children *set)
{
    if (set->bus->node)
        pnp_invalidate_relations(set->bus->node);
}

void fx_child_apply(struct fx_child *child)
{
    struct fx_children *set = child->of;
    if (!set->scans && !set->iterations && settle(child))
        tell(set);
}

void fx_children_apply(struct fx_children *set)
{
    bool news = false;
    if (set->scans || set->iterations)
        return;
    for (struct fx_child *child = fx_children_first(set), *following; child; child = following) {
        following = fx_children_next(child);
        news |= settle(child);
    }
    if (news)
        tell(set);
}

bool fx_child_mark_missing(struct fx_child *child)
{
    bool was = child->wanted;
    child->wanted = child->tentative = false;
    fx_child_apply(child);
    return was;
}

static void ended(struct fx_children *set)
{
    fx_children_apply(set);
    if (!set->scans && !set->iterations)
        ke_set_event(&set->settled, 0, FALSE);
}

void fx_children_begin_scan(struct fx_children *set)
{
    ke_reset_event(&set->settled);
    if (set->scans++)
        return;
    for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child))
        child->tentative = child->wanted;
}

void fx_children_end_scan(struct fx_children *set)
{
    if (!set->scans)
        fx_misuse("K-CHD-3", "%s without WdfChildListBeginScan", gate_where(ctx_current()));
    if (--set->scans == 0)
        for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child)) {
            child->wanted &= !child->tentative;
            child->tentative = false;
        }
    ended(set);
}

void fx_children_begin_iteration(struct fx_children *set)
{
    ke_reset_event(&set->settled);
    set->iterations++;
}

void fx_children_end_iteration(struct fx_children *set)
{
    if (!set->iterations)
        fx_misuse("K-CHD-5", "%s: no iteration has begun", gate_where(ctx_current()));
    set->iterations--;
    ended(set);
}

/* ---- The end ---- */

static bool has_pending(struct fx_children *set)
{
    for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child))
        if (child->state == FX_CHILD_NEW)
            return true;
    return false;
}

void fx_child_gone(struct fx_child *child)
{
    struct fx_children *set = child->of;
    fx_lock_acquire(&set->lock);
    fx_child_free(child);
    bool pending = has_pending(set); /* it may have waited for this one */
    fx_lock_release(&set->lock);
    if (pending)
        tell(set);
}

#define FOR_EACH_SET(set, bus_device)                                                                                                            \
    for (LIST_ENTRY *e_ = (bus_device)->own->bus.sets.Flink; e_ != &(bus_device)->own->bus.sets; e_ = e_->Flink)                              \
        for (struct fx_children *set = CONTAINING_RECORD(e_, struct fx_children, entry), *once_ = set; once_; once_ = NULL)

void fx_bus_surprised(struct fx_device *bus)
{
    FOR_EACH_SET(set, bus) {
        fx_lock_acquire(&set->lock);
        for (struct fx_child *child = fx_children_first(set); child; child = fx_children_next(child))
            if (child->device) {
                child->state = FX_CHILD_MISSING;
                child->wanted = child->tentative = false;
                child->left_out = true;
            }
        fx_lock_release(&set->lock);
    }
}

static void end_children(struct fx_children *set)
{
    for (;;) {
        fx_lock_acquire(&set->lock);
        struct fx_child *child = fx_children_first(set);
        struct fx_device *device = child ? child->device : NULL;
        if (child && !device)
            fx_child_free(child);
        fx_lock_release(&set->lock);
        if (!child)
            return;
        if (device)
            fx_pdo_end(device);
    }
}

/* Before what else the bus has is taken from it: a scan that its driver never ends shows here. */
void fx_bus_wait_for_scans(struct fx_device *bus)
{
    FOR_EACH_SET(set, bus)
        ke_wait_internal(&set->settled, "a scan or an iteration of the bus's children to end");
}

void fx_bus_remove_children(struct fx_device *bus)
{
    FOR_EACH_SET(set, bus)
        end_children(set);
}
