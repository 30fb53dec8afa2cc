/*
 * ERESOURCE: reader/writer lock with owners (W-LCK-4..6).
 *
 * What Windows keeps in the ERESOURCE is kept in a record beside it that OwnerTable points to; the fields that drivers look at (ActiveCount, waiter
 * counts, Flag) are kept true. Waiters stand in one FIFO; a release grants from its head, so nobody starves.
 */
#include "../ke/ke.h"

#define MAX_OWNERS 24

struct resource_wait {
    struct resource_wait *next;
    ERESOURCE_THREAD thread;
    bool exclusive, granted;
    KEVENT event;
};

struct resource {
    PERESOURCE self;
    struct resource *next, **link;
    struct { ERESOURCE_THREAD thread; ULONG count; } owner[MAX_OWNERS];
    unsigned owners;
    bool exclusive;
    struct resource_wait *first, **last;
};

static struct resource *resources; /* all that are initialised */

void ex_resource_begin(void) { resources = NULL; }

static ERESOURCE_THREAD self_id(void) { return (ERESOURCE_THREAD)(ULONG_PTR)ke_current_thread(); }

static struct resource *find(const ERESOURCE *resource)
{
    for (struct resource *r = resources; r; r = r->next)
        if (r->self == resource)
            return r;
    return NULL;
}

static struct resource *of(PERESOURCE resource, const char *ddi)
{
    memory_check(resource, sizeof *resource, ddi);
    struct resource *r = find(resource);
    if (!r)
        bugcheck(0xC4, 0xD1, 0, 0, 0, "V-MEM-20", "%s was given an ERESOURCE that was never initialised (or is deleted)", ddi);
    return r;
}

void ex_resource_check_free(const char *memory, size_t size)
{
    for (struct resource *r = resources; r; r = r->next)
        if ((uintptr_t)r->self - (uintptr_t)memory < size)
            bugcheck(0xC4, 0xD2, 0, 0, 0, "V-MEM-9", "memory with an ERESOURCE in it is freed that was not deleted");
}

static void publish(struct resource *r)
{
    ULONG shared = 0, exclusive = 0;
    for (struct resource_wait *w = r->first; w; w = w->next)
        w->exclusive ? exclusive++ : shared++;
    r->self->ActiveCount = (SHORT)(r->owners ? r->exclusive ? 1 : r->owners : 0);
    r->self->Flag = r->exclusive ? ResourceOwnedExclusive : 0;
    r->self->NumberOfSharedWaiters = shared;
    r->self->NumberOfExclusiveWaiters = exclusive;
}

static unsigned owner_index(const struct resource *r, ERESOURCE_THREAD thread)
{
    unsigned i = 0;
    while (i < r->owners && r->owner[i].thread != thread)
        i++;
    return i;
}

static bool owns(const struct resource *r, ERESOURCE_THREAD thread) { return owner_index(r, thread) < r->owners; }

static void grant(struct resource *r, ERESOURCE_THREAD thread, bool exclusive)
{
    unsigned i = owner_index(r, thread);
    if (i == MAX_OWNERS)
        bugcheck(OWN_OUT_OF_RESOURCES, MAX_OWNERS, 0, 0, 0, NULL, "more than %d threads own one ERESOURCE", MAX_OWNERS);
    if (i == r->owners) {
        r->owner[r->owners++].thread = thread;
        r->owner[i].count = 0;
    }
    r->owner[i].count++;
    r->exclusive |= exclusive;
    publish(r);
}

static void wake_waiters(struct resource *r)
{
    while (r->first && (r->first->exclusive ? !r->owners : !r->exclusive)) {
        struct resource_wait *w = r->first;
        r->first = w->next;
        if (!r->first)
            r->last = &r->first;
        w->granted = true;
        grant(r, w->thread, w->exclusive);
        ke_set_event(&w->event, 0, FALSE);
    }
    publish(r);
}

static bool wait_for_grant(struct resource *r, bool exclusive)
{
    struct resource_wait w = {.thread = self_id(), .exclusive = exclusive};
    ke_initialize_event(&w.event, NotificationEvent, FALSE);
    *r->last = &w;
    r->last = &w.next;
    r->self->ContentionCount++;
    publish(r);
    ke_wait_internal(&w.event, exclusive ? "an ERESOURCE, exclusively" : "an ERESOURCE, shared");
    hb_acquire(r->self);
    return true;
}

static bool has_exclusive_waiter(const struct resource *r)
{
    for (const struct resource_wait *w = r->first; w; w = w->next)
        if (w->exclusive)
            return true;
    return false;
}

static bool acquire_exclusive(PERESOURCE resource, bool wait)
{
    struct resource *r = of(resource, "ExAcquireResourceExclusiveLite");
    bool mine = owns(r, self_id());
    if (!r->owners || (r->exclusive && mine)) {
        grant(r, self_id(), true);
        hb_acquire(resource);
        return true;
    }
    if (!wait)
        return false;
    if (mine)
        bugcheck(0xC4, 0x1000, 0, 0, 0, "V-LCK-16", "a thread that owns an ERESOURCE shared asks for it exclusively: it waits for itself");
    return wait_for_grant(r, true);
}

enum sharing { SHARE_NORMAL, SHARE_STARVE_EXCLUSIVE, SHARE_WAIT_FOR_EXCLUSIVE };

/* W-LCK-5: which shared requests are granted at once. */
static bool may_share(const struct resource *r, enum sharing sharing)
{
    bool mine = owns(r, self_id());
    if (!r->owners || (r->exclusive && mine))
        return true;
    if (r->exclusive)
        return false;
    switch (sharing) {
    case SHARE_STARVE_EXCLUSIVE: return true;
    case SHARE_WAIT_FOR_EXCLUSIVE: return !has_exclusive_waiter(r);
    default: return mine || !has_exclusive_waiter(r);
    }
}

static bool acquire_shared(PERESOURCE resource, bool wait, enum sharing sharing)
{
    struct resource *r = of(resource, "ExAcquireResourceSharedLite");
    if (may_share(r, sharing)) {
        grant(r, self_id(), false);
        hb_acquire(resource);
        return true;
    }
    return wait ? wait_for_grant(r, false) : false;
}

static void release(PERESOURCE resource, ERESOURCE_THREAD thread)
{
    struct resource *r = of(resource, "ExReleaseResourceLite");
    unsigned i = owner_index(r, thread);
    if (i == r->owners)
        bugcheck(0xE3, 0, 0, 0, 0, "V-LCK-12", "an ERESOURCE is released by a thread that does not own it");
    hb_release(resource);
    if (--r->owner[i].count)
        return;
    r->owner[i] = r->owner[--r->owners];
    if (!r->owners)
        r->exclusive = false;
    wake_waiters(r);
}

static void require_apcs_disabled(uint32_t code, const char *ddi)
{
    if (current_ctx->irql < IRQL_APC && !ke_apcs_disabled())
        bugcheck(0xC4, code, 0, 0, 0, "V-LCK-13", "%s with kernel APCs enabled: KeEnterCriticalRegion comes first", ddi);
}

/* ---- DDIs ---- */

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExInitializeResourceLite, trace_object(Resource), 0);
    memory_check(Resource, sizeof *Resource, "ExInitializeResourceLite");
    ke_check_nonpaged(Resource, "an ERESOURCE");
    if ((ULONG_PTR)Resource & 7)
        bugcheck(0xC4, 0x3D, 0, 0, 0, "V-MEM-20", "an ERESOURCE is not aligned to 8 bytes");
    if (find(Resource))
        bugcheck(0xC4, 0xD0, 0, 0, 0, "V-MEM-20", "an ERESOURCE is initialised a second time");
    struct resource *r = ex_system_alloc(sizeof *r);
    RtlZeroMemory(Resource, sizeof *Resource);
    r->self = Resource;
    r->last = &r->first;
    r->next = resources;
    r->link = &resources;
    if (r->next)
        r->next->link = &r->next;
    resources = r;
    gate_leave(0);
    return STATUS_SUCCESS;
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExReinitializeResourceLite, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExReinitializeResourceLite");
    r->owners = 0;
    r->exclusive = false;
    publish(r);
    gate_leave(0);
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExDeleteResourceLite, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExDeleteResourceLite");
    if (r->owners)
        bugcheck(0xC4, 0x100B, 0, 0, 0, "V-LCK-23", "an ERESOURCE is deleted while it is owned");
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    ex_system_free(r);
    gate_leave(0);
    return STATUS_SUCCESS;
}

static BOOLEAN acquire_ddi(uint16_t ddi, PERESOURCE resource, BOOLEAN wait, bool exclusive, enum sharing sharing)
{
    gate_enter(ddi, trace_object(resource), wait);
    require_apcs_disabled(0x37, ddi_table[ddi].name);
    BOOLEAN taken = exclusive ? acquire_exclusive(resource, wait) : acquire_shared(resource, wait, sharing);
    gate_leave(taken);
    return taken;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_ddi(DDI_ExAcquireResourceExclusiveLite, Resource, Wait, true, SHARE_NORMAL);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_ddi(DDI_ExAcquireResourceSharedLite, Resource, Wait, false, SHARE_NORMAL);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_ddi(DDI_ExAcquireSharedStarveExclusive, Resource, Wait, false, SHARE_STARVE_EXCLUSIVE);
}

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_ddi(DDI_ExAcquireSharedWaitForExclusive, Resource, Wait, false, SHARE_WAIT_FOR_EXCLUSIVE);
}

static void release_ddi(uint16_t ddi, PERESOURCE resource, ERESOURCE_THREAD thread)
{
    gate_enter(ddi, trace_object(resource), 0);
    require_apcs_disabled(0x38, ddi_table[ddi].name);
    release(resource, thread);
    gate_leave(0);
}

VOID ExReleaseResourceLite(PERESOURCE Resource) { release_ddi(DDI_ExReleaseResourceLite, Resource, self_id()); }

VOID ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    release_ddi(DDI_ExReleaseResourceForThreadLite, Resource, ResourceThreadId);
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    gate_enter(DDI_ExEnterCriticalRegionAndAcquireResourceExclusive, trace_object(Resource), 0);
    ke_enter_critical_region();
    acquire_exclusive(Resource, true);
    gate_leave(0);
    return NULL;
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    gate_enter(DDI_ExEnterCriticalRegionAndAcquireResourceShared, trace_object(Resource), 0);
    ke_enter_critical_region();
    acquire_shared(Resource, true, SHARE_NORMAL);
    gate_leave(0);
    return NULL;
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    gate_enter(DDI_ExReleaseResourceAndLeaveCriticalRegion, trace_object(Resource), 0);
    release(Resource, self_id());
    ke_leave_critical_region();
    gate_leave(0);
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExConvertExclusiveToSharedLite, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExConvertExclusiveToSharedLite");
    if (!r->exclusive || !owns(r, self_id()))
        bugcheck(0xE3, 0, 0, 0, 0, "V-LCK-12", "ExConvertExclusiveToSharedLite by a thread that does not own the resource exclusively");
    r->exclusive = false;
    hb_release(Resource);
    wake_waiters(r);
    gate_leave(0);
}

VOID ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    gate_enter(DDI_ExSetResourceOwnerPointer, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExSetResourceOwnerPointer");
    unsigned i = owner_index(r, self_id());
    if (i == r->owners || ((ULONG_PTR)OwnerPointer & 3) != 3)
        bugcheck(0xE3, i == r->owners ? 0 : 1, 0, 0, 0, "V-LCK-12",
                 i == r->owners ? "ExSetResourceOwnerPointer by a thread that does not own the resource"
                                : "ExSetResourceOwnerPointer: the two low bits of the owner must be set");
    r->owner[i].thread = (ERESOURCE_THREAD)(ULONG_PTR)OwnerPointer;
    gate_leave(0);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExIsResourceAcquiredExclusiveLite, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExIsResourceAcquiredExclusiveLite");
    BOOLEAN yes = r->exclusive && owns(r, self_id());
    gate_leave(yes);
    return yes;
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    gate_enter(DDI_ExIsResourceAcquiredSharedLite, trace_object(Resource), 0);
    struct resource *r = of(Resource, "ExIsResourceAcquiredSharedLite");
    unsigned i = owner_index(r, self_id());
    ULONG count = i < r->owners ? r->owner[i].count : 0;
    gate_leave(count);
    return count;
}

ULONG ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    gate_enter(DDI_ExGetExclusiveWaiterCount, trace_object(Resource), 0);
    ULONG count = of(Resource, "ExGetExclusiveWaiterCount")->self->NumberOfExclusiveWaiters;
    gate_leave(count);
    return count;
}

ULONG ExGetSharedWaiterCount(PERESOURCE Resource)
{
    gate_enter(DDI_ExGetSharedWaiterCount, trace_object(Resource), 0);
    ULONG count = of(Resource, "ExGetSharedWaiterCount")->self->NumberOfSharedWaiters;
    gate_leave(count);
    return count;
}
