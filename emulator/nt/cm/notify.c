/*
 * ZwNotifyChangeKey: a driver waits for a change of a key, or of what is below it.
 *
 * Design: a watch per call, for one change. It ends with the change (STATUS_NOTIFY_ENUM_DIR), with its handle (STATUS_NOTIFY_CLEANUP) or with its key
 * (STATUS_KEY_DELETED). Its end sets the event and queues the work item, which is what a kernel caller's ApcRoutine is.
 */
#include "cm.h"
#include "../ke/ke.h"

struct watch {
    struct watch *next;
    const struct cm_open *open;
    const struct cm_key *key;
    ULONG filter;
    BOOLEAN subtree;
    PKEVENT event;              /* referenced; NULL: none */
    PWORK_QUEUE_ITEM item;      /* NULL: none */
    PIO_STATUS_BLOCK iosb;
    bool waits;                 /* its caller does, and frees it */
    KEVENT ended;
};

static struct watch *watches;

void cm_notify_boot(void) { watches = NULL; }

static void end(struct watch **at, NTSTATUS status)
{
    struct watch *w = *at;
    *at = w->next;
    w->iosb->Status = status;
    w->iosb->Information = 0;
    msan_define(w->iosb, sizeof *w->iosb);
    if (w->event) {
        ke_set_event(w->event, 0, FALSE);
        ob_dereference(w->event);
    }
    if (w->item)
        ex_queue_driver_item(w->item);
    if (w->waits)
        ke_set_event(&w->ended, 0, FALSE);
    else
        ex_system_free(w);
}

static bool is_watched(const struct watch *w, const struct cm_key *key)
{
    while (w->subtree && key && key != w->key)
        key = key->parent;
    return key == w->key;
}

void cm_changed(const struct cm_key *key, ULONG what)
{
    for (struct watch **at = &watches; *at;)
        if ((*at)->filter & what && is_watched(*at, key))
            end(at, STATUS_NOTIFY_ENUM_DIR);
        else
            at = &(*at)->next;
}

void cm_forget_watches(const struct cm_open *open, const struct cm_key *key)
{
    for (struct watch **at = &watches; *at;)
        if ((*at)->open == open || (*at)->key == key)
            end(at, open ? STATUS_NOTIFY_CLEANUP : STATUS_KEY_DELETED);
        else
            at = &(*at)->next;
}

/* ---- The DDI ---- */

/* In kernel mode ApcRoutine is a work item and ApcContext the queue it goes to. */
static void check_work_item(PWORK_QUEUE_ITEM item, PVOID context)
{
    if (!item)
        return;
    if (context != (PVOID)CriticalWorkQueue && context != (PVOID)DelayedWorkQueue)
        bugcheck(0xC4, 0xFC, (ULONG64)item, (ULONG64)context, 0, "V-SEC-4",
                 "ZwNotifyChangeKey with an ApcRoutine and an ApcContext that is no queue: to a driver they are a WORK_QUEUE_ITEM and CriticalWorkQueue or DelayedWorkQueue");
    cm_check_pointer(item, sizeof *item, "the work item");
}

static NTSTATUS event_of(HANDLE handle, PKEVENT *event)
{
    PVOID body = ob_body_of_handle(handle);
    if (!body)
        return STATUS_INVALID_HANDLE;
    if (ob_type_of(body) != OB_EVENT)
        return STATUS_OBJECT_TYPE_MISMATCH;
    ob_reference(body);
    *event = body;
    return STATUS_SUCCESS;
}

/* NULL: no memory. */
static struct watch *watch(struct watch what)
{
    struct watch *w = choose_fault(DDI_ZwNotifyChangeKey) ? NULL : ex_system_alloc(sizeof *w);
    if (!w)
        return NULL;
    *w = what;
    ke_initialize_event(&w->ended, NotificationEvent, FALSE);
    w->next = watches;
    watches = w;
    return w;
}

static NTSTATUS wait_for(struct watch *w)
{
    ke_wait_internal(&w->ended, "a change of a key of the registry");
    NTSTATUS status = w->iosb->Status;
    ex_system_free(w);
    return status;
}

NTSTATUS ZwNotifyChangeKey(HANDLE KeyHandle, HANDLE EventHandle, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                           ULONG NotifyFilter, BOOLEAN WatchSubtree, PVOID Buffer, ULONG BufferLength, BOOLEAN Asynchronous)
{
    gate_enter(DDI_ZwNotifyChangeKey, (ULONG64)KeyHandle & 0xffff, NotifyFilter);
    struct cm_open *open;
    PKEVENT event = NULL;
    (void)Buffer, (void)BufferLength; /* nothing is ever told in it */
    cm_check_context();
    cm_check_pointer(IoStatusBlock, sizeof *IoStatusBlock, "the IO_STATUS_BLOCK");
    check_work_item((PWORK_QUEUE_ITEM)(PVOID)ApcRoutine, ApcContext);
    NTSTATUS status = cm_use(KeyHandle, KEY_NOTIFY, &open);
    if (NT_SUCCESS(status) && (!NotifyFilter || NotifyFilter & ~(ULONG)REG_LEGAL_CHANGE_FILTER))
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status) && EventHandle)
        status = event_of(EventHandle, &event);
    if (NT_SUCCESS(status)) {
        struct watch *w = watch((struct watch){.open = open, .key = open->key, .filter = NotifyFilter, .subtree = WatchSubtree, .event = event,
                                               .item = (PWORK_QUEUE_ITEM)(PVOID)ApcRoutine, .iosb = IoStatusBlock, .waits = !Asynchronous});
        status = !w ? STATUS_INSUFFICIENT_RESOURCES : Asynchronous ? STATUS_PENDING : wait_for(w);
        if (!w && event)
            ob_dereference(event);
    }
    gate_leave((ULONG)status);
    return status;
}
