/* See wmi.h: events, from the provider to a worker that tells the consumers (W-WMI-6). */
#include "wmi.h"

#define LARGEST_EVENT 1024u

struct event {
    struct event *next;
    WNODE_HEADER *wnode; /* system memory */
};

static struct {
    struct event *first, **last;
    struct ex_work work;
    bool work_queued;
} events;

void wmi_events_boot(void)
{
    memset(&events, 0, sizeof events);
    events.last = &events.first;
}

static void tell_all(void *context)
{
    (void)context;
    for (struct event *e; (e = events.first) != NULL;) {
        events.first = e->next;
        if (!e->next)
            events.last = &events.first;
        wmi_tell_consumers(e->wnode);
        ex_system_free(e->wnode);
        ex_system_free(e);
    }
    events.work_queued = false;
}

NTSTATUS wmi_post_event(const WNODE_HEADER *wnode)
{
    if (wnode->BufferSize > LARGEST_EVENT)
        return STATUS_BUFFER_OVERFLOW;
    trace(TRACE_DATA, IRP_MJ_SYSTEM_CONTROL, wnode->BufferSize, trace_hash_bytes(wnode + 1, wnode->BufferSize - sizeof *wnode));
    if (!wmi_is_wanted(&wnode->Guid, WMI_EVENTS))
        return STATUS_SUCCESS; /* nobody hears it */
    struct event *e = ex_system_alloc(sizeof *e);
    e->wnode = memcpy(ex_system_alloc(wnode->BufferSize), wnode, wnode->BufferSize);
    *events.last = e;
    events.last = &e->next;
    if (events.work_queued)
        return STATUS_SUCCESS;
    events.work_queued = true;
    events.work.run = tell_all;
    ex_queue_work(&events.work);
    return STATUS_SUCCESS;
}

/* ---- IoWMIWriteEvent ---- */

static void check_event(const WNODE_HEADER *wnode)
{
    memory_check(wnode, sizeof *wnode, "the event that IoWMIWriteEvent is given");
    if (wnode->BufferSize < sizeof *wnode)
        bugcheck(OWN_RULE, wnode->BufferSize, 0, 0, 0, "W-WMI-6", "IoWMIWriteEvent is given a WNODE whose BufferSize is %u: it holds a WNODE_HEADER at least",
                 wnode->BufferSize);
    memory_check(wnode, wnode->BufferSize, "the event that IoWMIWriteEvent is given");
    if (memory_is_paged(wnode))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-WMI-6", "IoWMIWriteEvent is given a WNODE in paged pool");
    long long hole = msan_first_undefined(wnode, wnode->BufferSize);
    if (hole >= 0)
        bugcheck(OWN_UNINITIALIZED_COPYOUT, (uint64_t)hole, wnode->BufferSize, 0, 0, "W-BUF-12",
                 "IoWMIWriteEvent is given a WNODE of %u bytes, of which byte %lld was never written", wnode->BufferSize, hole);
}

/* Windows drops such an event, and drivers rely on that. */
static void lint_unasked(const WNODE_HEADER *wnode)
{
    const struct wmi_provider *p = wmi_provider_by_id(wnode->ProviderId);
    const struct wmi_guid *g = p ? wmi_guid_of(p, &wnode->Guid) : NULL;
    if (g && !g->ever_enabled)
        bugcheck(OWN_RULE, device_number(p->device), 0, 0, 0, "V-WMI-3", "device #%u sends a WMI event that nobody has ever enabled", device_number(p->device));
}

NTSTATUS wmi_write_event(PVOID wnode, const void *caller)
{
    check_event(wnode);
    if (machine_lints & LINT_WMI_EVENT)
        lint_unasked(wnode);
    const WNODE_HEADER *h = wnode;
    NTSTATUS status = !(h->Flags & WNODE_FLAG_EVENT_ITEM) ? STATUS_INVALID_PARAMETER : wmi_post_event(h);
    if (NT_SUCCESS(status)) /* from here on the block is WMI's: who touches it touches freed memory */
        ex_free_with_tag(wnode, 0, caller);
    return status;
}

NTSTATUS IoWMIWriteEvent(PVOID WnodeEventItem)
{
    gate_enter(DDI_IoWMIWriteEvent, 0, 0);
    NTSTATUS status = choose_fault(DDI_IoWMIWriteEvent) ? STATUS_INSUFFICIENT_RESOURCES : wmi_write_event(WnodeEventItem, CALLER);
    gate_leave((ULONG)status);
    return status;
}
