/* Work items (K-WI-1..3): an entry of the system's work queue; enqueueing inside the callback asks for one more run. */
#include "device.h"

struct fx_workitem {
    struct fx_object object;
    WDFOBJECT parent;
    WDF_WORKITEM_CONFIG config;
    struct ex_work work;
    struct fx_lock *lock;
    bool queued;
    struct ctx *running;
    KEVENT idle;                /* notification: neither queued nor running */
};

static void run(void *context)
{
    struct fx_workitem *w = context;
    w->queued = false;
    w->running = ctx_current();
    if (w->lock)
        fx_lock_acquire(w->lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWorkItemFunc, w->config.EvtWorkItemFunc, w);
    w->config.EvtWorkItemFunc((WDFWORKITEM)w);
    callback_leave(&frame, 0);
    if (w->lock)
        fx_lock_release(w->lock);
    w->running = NULL;
    if (w->queued)
        ex_queue_work(&w->work);
    else
        ke_set_event(&w->idle, 0, FALSE);
    fx_object_dereference(&w->object); /* of the enqueue; the callback may have deleted it */
}

static void enqueue(struct fx_workitem *w)
{
    if (w->queued || w->object.state != FX_CREATED)
        return;
    w->queued = true;
    fx_object_reference(&w->object);
    ke_reset_event(&w->idle);
    if (!w->running)
        ex_queue_work(&w->work);
}

static void dispose(struct fx_object *object)
{
    struct fx_workitem *w = (struct fx_workitem *)object;
    if (w->running != ctx_current())
        ke_wait_internal(&w->idle, "a work item to finish");
}

static NTSTATUS workitem_create(struct fx_driver *driver, const WDF_WORKITEM_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_REQUIRED);
    if (!NT_SUCCESS(status))
        return status;
    if (config->Size != sizeof *config)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!config->EvtWorkItemFunc)
        return STATUS_INVALID_PARAMETER;
    struct fx_lock *lock;
    struct fx_object *parent = fx_handle(attributes->ParentObject, 0);
    if (!parent->device)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = fx_effective_lock(parent, config->AutomaticSerialization, true, &lock);
    if (NT_SUCCESS(status))
        status = fx_object_new_below_device(driver, FX_WORKITEM, sizeof(struct fx_workitem), attributes, 0, out);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_workitem *w = *out;
    w->config = *config;
    w->parent = attributes->ParentObject;
    w->lock = lock;
    w->work = (struct ex_work){.run = run, .context = w};
    w->object.dispose = dispose;
    ke_initialize_event(&w->idle, NotificationEvent, TRUE);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfWorkItemCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes,
                               WDFWORKITEM *WorkItem)
{
    gate_enter(DDI_WdfWorkItemCreate, 0, 0);
    fx_require(Config, "Config");
    fx_require(Attributes, "Attributes");
    fx_require(WorkItem, "WorkItem");
    *WorkItem = NULL;
    void *item = NULL;
    NTSTATUS status = choose_fault(DDI_WdfWorkItemCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                          : workitem_create(fx_driver_of(DriverGlobals), Config, Attributes, &item);
    if (NT_SUCCESS(status))
        *WorkItem = item;
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfWorkItemEnqueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem)
{
    gate_enter(DDI_WdfWorkItemEnqueue, trace_object(WorkItem), 0);
    enqueue(fx_handle(WorkItem, FX_WORKITEM));
    gate_leave(0);
}

WDFOBJECT wdf_WdfWorkItemGetParentObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem)
{
    gate_enter(DDI_WdfWorkItemGetParentObject, trace_object(WorkItem), 0);
    struct fx_workitem *w = fx_handle(WorkItem, FX_WORKITEM);
    gate_leave(trace_object(w->parent));
    return w->parent;
}

VOID wdf_WdfWorkItemFlush(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem)
{
    gate_enter(DDI_WdfWorkItemFlush, trace_object(WorkItem), 0);
    struct fx_workitem *w = fx_handle(WorkItem, FX_WORKITEM);
    if (w->running == ctx_current())
        fx_misuse("K-WI-2", "WdfWorkItemFlush waits for work item #%u inside its own callback", w->object.number);
    ke_wait_internal(&w->idle, "a work item to finish");
    gate_leave(0);
}
