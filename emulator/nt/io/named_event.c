/* Events with names (W-KE-26): made by whoever asks first, gone with the last handle. */
#include "../ke/ke.h"
#include "io.h"

struct named_event {
    KEVENT event;
    UNICODE_STRING name;
    struct named_event *next;
};

static struct named_event *first;

void io_named_events_boot(void) { first = NULL; }

static void forget_name(void *body, struct nt_process *process)
{
    (void)process;
    for (struct named_event **at = &first; *at; at = &(*at)->next)
        if (*at == body) {
            *at = (*at)->next;
            return;
        }
}

static void destroy(void *body) { ex_system_free(((struct named_event *)body)->name.Buffer); }

static struct named_event *find(PCUNICODE_STRING name)
{
    struct named_event *e = first;
    while (e && !rtl_equal_unicode(&e->name, name, true))
        e = e->next;
    return e;
}

/* A new one is signalled; an old one stays as it is. */
static PKEVENT create(uint16_t ddi, PUNICODE_STRING name, PHANDLE handle, EVENT_TYPE type)
{
    gate_enter(ddi, 0, 0);
    bool fails = choose_fault(ddi), is_new = false;
    struct named_event *e = fails ? NULL : find(name);
    if (!e && !fails && (e = ob_create(OB_EVENT, sizeof *e, BLOCK_SYSTEM, destroy)) != NULL) {
        ke_initialize_event(&e->event, type, TRUE);
        ob_header(e)->last_handle = forget_name;
        e->name = rtl_copy_of(name);
        e->next = first;
        first = e;
        is_new = true;
    }
    *handle = e ? ob_open_kernel_handle(e) : NULL;
    if (is_new)
        ob_dereference(e); /* the handle keeps it */
    gate_leave(trace_object(e));
    return e ? &e->event : NULL;
}

PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return create(DDI_IoCreateNotificationEvent, EventName, EventHandle, NotificationEvent);
}

PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return create(DDI_IoCreateSynchronizationEvent, EventName, EventHandle, SynchronizationEvent);
}
