/*
 * CM_Register_Notification (W-U-16): an app hears of interfaces that come and go, and of the removal of a device that it has open.
 *
 * Design: a registration is a listener of the PnP manager's and a queue of what it was told. A thread of the app's process, made when there is something in the
 * queue, calls the app's routine for one event after the other and ends. Only a query for removal is waited for: the app's answer, or the end of that thread.
 */
#include "win32.h"

enum cm_result { CR_SUCCESS = 0, CR_INVALID_POINTER = 3, CR_INVALID_FLAG = 4, CR_FAILURE = 0x13, CR_INVALID_DATA = 0x1F };

enum cm_filter { FILTER_INTERFACE, FILTER_HANDLE };
#define FILTER_ALL_CLASSES 1u
enum cm_action { ACTION_ARRIVAL, ACTION_REMOVAL, ACTION_QUERY_REMOVE, ACTION_QUERY_REMOVE_FAILED, ACTION_REMOVE_PENDING, ACTION_REMOVE_COMPLETE, ACTION_CUSTOM };

typedef struct cm_notify_filter {
    DWORD cbSize, Flags, FilterType, Reserved;
    union {
        GUID ClassGuid;
        HANDLE Target;
        WCHAR InstanceId[200];
    } u;
} CM_NOTIFY_FILTER;
C_ASSERT(sizeof(CM_NOTIFY_FILTER) == 416);

typedef struct cm_notify_event_data {
    DWORD FilterType, Reserved;
    union {
        struct {
            GUID ClassGuid;
            WCHAR SymbolicLink[1];
        } DeviceInterface;
        struct {
            GUID EventGuid;
            LONG NameOffset;
            DWORD DataSize;
            UCHAR Data[1];
        } DeviceHandle;
    } u;
} CM_NOTIFY_EVENT_DATA;
C_ASSERT(FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceInterface.SymbolicLink) == 24 && FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceHandle.Data) == 32);

struct cm_notification;
typedef DWORD (*cm_callback)(struct cm_notification *handle, void *context, unsigned action, CM_NOTIFY_EVENT_DATA *data, DWORD size);

struct cm_event {
    struct cm_event *next;
    unsigned action;
    CM_NOTIFY_EVENT_DATA *data; /* system memory */
    DWORD size, answer;
    KEVENT *answered;           /* somebody waits */
};

struct cm_notification {
    struct cm_notification *next;
    struct nt_process *process;
    struct pnp_listener *listener;
    DWORD filter;
    cm_callback callback;
    void *context;
    struct cm_event *first, *last;
    struct cm_event *asked;     /* the PnP manager waits for the answer to it */
    struct nt_thread *thread;   /* calls the routine; referenced */
};
static struct cm_notification *notifications;

void cfgmgr_begin(void) { notifications = NULL; }

/* ---- Telling the app: in a thread of its own ---- */

/* Where the app may have it. */
static DWORD call(struct cm_notification *n, const struct cm_event *e)
{
    CM_NOTIFY_EVENT_DATA *data = user_alloc(e->size, NULL);
    if (!data)
        return 0;
    memcpy(data, e->data, e->size);
    msan_define(data, e->size);
    struct callback_frame frame;
    hb_acquire(n); /* behind the call that registered it */
    callback_enter(&frame, DDI_CmNotifyCallback, (const void *)n->callback, NULL);
    DWORD answer = n->callback(n, n->context, e->action, data, e->size);
    callback_leave(&frame, answer);
    hb_release(n); /* who unregisters waits for it */
    user_free(data, NULL);
    return answer;
}

static void free_event(struct cm_event *e)
{
    ex_system_free(e->data);
    ex_system_free(e);
}

static struct cm_event *take_event(struct cm_notification *n)
{
    struct cm_event *e = n->first;
    if (e && !(n->first = e->next))
        n->last = NULL;
    return e;
}

static DWORD tell_app(void *argument)
{
    struct cm_notification *n = argument;
    user_enter(DDI_CmNotifyThread, 0, 0);
    for (struct cm_event *e; !ke_current_thread()->exit_asked && (e = take_event(n)) != NULL;) {
        e->answer = call(n, e);
        if (e->answered)
            ke_set_event(e->answered, 0, FALSE);
        else
            free_event(e);
    }
    if (!ke_current_thread()->exit_asked) {
        ob_dereference(n->thread);
        n->thread = NULL;
    }
    user_leave(0);
    return 0;
}

/* False: nobody will ever hear it. */
static bool post(struct cm_notification *n, struct cm_event *e)
{
    if (n->thread && (n->thread->exit_asked || n->thread->terminating || n->thread->ended))
        return false;
    *(n->last ? &n->last->next : &n->first) = e;
    n->last = e;
    if (!n->thread)
        n->thread = process_start_thread(n->process, ROLE_NONE, "cm notify", tell_app, n, false);
    return n->thread;
}

/* ---- What the PnP manager says ---- */

static CM_NOTIFY_EVENT_DATA *interface_data(const struct pnp_told *told, DWORD *size)
{
    *size = (DWORD)(FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceInterface.SymbolicLink) + told->user_link->Length + sizeof(WCHAR));
    CM_NOTIFY_EVENT_DATA *data = ex_system_alloc(*size < sizeof *data ? sizeof *data : *size);
    data->FilterType = FILTER_INTERFACE;
    data->u.DeviceInterface.ClassGuid = *told->guid;
    memcpy(data->u.DeviceInterface.SymbolicLink, told->user_link->Buffer, told->user_link->Length);
    return data;
}

static CM_NOTIFY_EVENT_DATA *handle_data(const struct pnp_told *told, DWORD *size)
{
    const TARGET_DEVICE_CUSTOM_NOTIFICATION *custom = told->custom;
    DWORD length = custom ? custom->Size - (DWORD)FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) : 0;
    *size = (DWORD)FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceHandle.Data) + length;
    CM_NOTIFY_EVENT_DATA *data = ex_system_alloc(*size < sizeof *data ? sizeof *data : *size);
    data->FilterType = FILTER_HANDLE;
    data->u.DeviceHandle.NameOffset = custom ? custom->NameBufferOffset : -1;
    if (custom) {
        data->u.DeviceHandle.EventGuid = custom->Event;
        data->u.DeviceHandle.DataSize = length;
        memcpy(data->u.DeviceHandle.Data, custom->CustomDataBuffer, length);
    }
    return data;
}

/* The app's answer; who is gone does not refuse. */
static NTSTATUS answer_to(struct cm_notification *n, struct cm_event *e)
{
    void *either[] = {e->answered, n->thread};
    KEVENT *answered = e->answered;
    ob_reference(n->thread);
    n->asked = e;
    NTSTATUS status = ke_wait_for_multiple_objects(2, either, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    if (status != STATUS_WAIT_0 && n->process->exiting) { /* with its handles, soon */
        ke_wait_internal(answered, "an app that was asked about a removal to end");
        status = STATUS_WAIT_0;
    }
    n->asked = NULL;
    ob_dereference(either[1]);
    bool refused = status == STATUS_WAIT_0 && e->answer != 0;
    if (status == STATUS_WAIT_0)
        free_event(e);
    ex_system_free(answered);
    return refused ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static NTSTATUS hear(void *context, const struct pnp_told *told)
{
    static const unsigned action[] = {[PNP_INTERFACE_ARRIVAL] = ACTION_ARRIVAL, [PNP_INTERFACE_REMOVAL] = ACTION_REMOVAL,
                                      [PNP_QUERY_REMOVE] = ACTION_QUERY_REMOVE, [PNP_REMOVE_CANCELLED] = ACTION_QUERY_REMOVE_FAILED,
                                      [PNP_REMOVE_COMPLETE] = ACTION_REMOVE_COMPLETE, [PNP_REMOVE_PENDING] = ACTION_REMOVE_PENDING,
                                      [PNP_CUSTOM_EVENT] = ACTION_CUSTOM};
    struct cm_notification *n = context;
    struct cm_event *e = ex_system_alloc(sizeof *e);
    bool asks = told->event == PNP_QUERY_REMOVE;
    e->action = action[told->event];
    e->data = told->link ? interface_data(told, &e->size) : handle_data(told, &e->size);
    if (asks) {
        e->answered = ex_system_alloc(sizeof *e->answered);
        ke_initialize_event(e->answered, NotificationEvent, FALSE);
    }
    return post(n, e) && asks ? answer_to(n, e) : STATUS_SUCCESS;
}

/* ---- Registering ---- */

static enum cm_result listen(struct cm_notification *n, const CM_NOTIFY_FILTER *filter)
{
    void *file;
    if (filter->FilterType == FILTER_INTERFACE) {
        n->listener = pnp_listen_to_interfaces(filter->Flags & FILTER_ALL_CLASSES ? NULL : &filter->u.ClassGuid, hear, n);
    } else {
        if (!NT_SUCCESS(handle_lookup(filter->u.Target, OB_FILE, &file, NULL)) || !NT_SUCCESS(pnp_listen_to_device(file, hear, n, &n->listener)))
            return CR_INVALID_DATA;
    }
    pnp_listens_for_user(n->listener);
    return CR_SUCCESS;
}

static enum cm_result enlist(const CM_NOTIFY_FILTER *filter, void *context, cm_callback callback, struct cm_notification **handle)
{
    if (!filter || !callback || !handle)
        return CR_INVALID_POINTER;
    if (filter->cbSize != sizeof *filter || filter->Reserved || filter->FilterType > FILTER_HANDLE)
        return CR_INVALID_DATA;
    if (filter->Flags & ~FILTER_ALL_CLASSES || (filter->Flags && filter->FilterType != FILTER_INTERFACE))
        return CR_INVALID_FLAG;
    struct cm_notification *n = ex_system_alloc(sizeof *n);
    n->process = process_current();
    n->callback = callback;
    n->context = context;
    enum cm_result result = listen(n, filter);
    if (result != CR_SUCCESS) {
        ex_system_free(n);
        return result;
    }
    hb_release(n);
    n->next = notifications;
    notifications = n;
    *handle = n;
    msan_define(handle, sizeof *handle);
    return result;
}

DWORD CM_Register_Notification(const CM_NOTIFY_FILTER *filter, void *context, cm_callback callback, struct cm_notification **handle)
{
    user_enter(DDI_CM_Register_Notification, filter ? filter->FilterType : 0, 0);
    enum cm_result result = enlist(filter, context, callback, handle);
    user_leave(result);
    return result;
}

static void delist(struct cm_notification *n)
{
    struct cm_notification **at = &notifications;
    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    pnp_stop_listening(n->listener, true);
}

static enum cm_result unregister(struct cm_notification *handle)
{
    struct cm_notification *n = notifications;
    while (n && n != handle)
        n = n->next;
    if (!n || n->process != process_current())
        return CR_INVALID_DATA;
    if (n->thread == ke_current_thread())
        app_error("W-U-16", "CM_Unregister_Notification is called from the notification's own routine, and waits for it to return", 0, 0);
    delist(n);
    for (struct cm_event *e; (e = take_event(n)) != NULL;) /* it hears no more */
        if (!e->answered)
            free_event(e);
    void *thread = n->thread;
    if (thread) {
        ob_reference(thread);
        user_wait(1, &thread, true, false, NULL);
        ob_dereference(thread);
    }
    hb_acquire(n);
    ex_system_free(n);
    return CR_SUCCESS;
}

DWORD CM_Unregister_Notification(struct cm_notification *handle)
{
    user_enter(DDI_CM_Unregister_Notification, 0, 0);
    enum cm_result result = unregister(handle);
    user_leave(result);
    return result;
}

/* The process is gone, with its threads. */
void cfgmgr_process_ended(const struct nt_process *process)
{
    for (struct cm_notification *n = notifications, *next; n; n = next) {
        next = n->next;
        if (n->process != process)
            continue;
        if (n->asked)
            ke_set_event(n->asked->answered, 0, FALSE);
        delist(n);
        if (n->thread)
            ob_dereference(n->thread);
        ex_system_free(n);
    }
}
