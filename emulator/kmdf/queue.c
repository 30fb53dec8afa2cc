/*
 * Creating queues, routing IRPs to them, and what a queue tells of itself (K-Q-1..6, 10, 20..22, K-DRV-80). The loop that calls the driver is in
 * queue_dispatch.c.
 */
#include "device.h"

/* ---- Creation ---- */

static bool has_io_routine(const WDF_IO_QUEUE_CONFIG *c)
{
    return c->EvtIoDefault || c->EvtIoRead || c->EvtIoWrite || c->EvtIoDeviceControl || c->EvtIoInternalDeviceControl;
}

static NTSTATUS check_dispatch_type(const WDF_IO_QUEUE_CONFIG *c)
{
    switch (c->DispatchType) {
    case WdfIoQueueDispatchSequential:
        if (!has_io_routine(c))
            return STATUS_WDF_NO_CALLBACK;
        return c->Settings.Parallel.NumberOfPresentedRequests ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    case WdfIoQueueDispatchParallel:
        return has_io_routine(c) ? STATUS_SUCCESS : STATUS_WDF_NO_CALLBACK;
    case WdfIoQueueDispatchManual:
        return has_io_routine(c) || c->Settings.Parallel.NumberOfPresentedRequests ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

struct queue_constraints {
    WDF_EXECUTION_LEVEL level;
    WDF_SYNCHRONIZATION_SCOPE scope;
};

/* K-SYN-1. */
static struct queue_constraints resolve(const struct fx_device *device, const WDF_OBJECT_ATTRIBUTES *attributes)
{
    struct queue_constraints c = {device->level, device->scope};
    if (attributes && attributes->ExecutionLevel != WdfExecutionLevelInheritFromParent)
        c.level = attributes->ExecutionLevel;
    if (attributes && attributes->SynchronizationScope != WdfSynchronizationScopeInheritFromParent)
        c.scope = attributes->SynchronizationScope;
    return c;
}

/* Everything K-Q-1 asks for, in its order. */
static NTSTATUS check_create(struct fx_device *device, const WDF_IO_QUEUE_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, bool wants_handle)
{
    NTSTATUS status = fx_validate_attributes(attributes, FX_LEVEL_ALLOWED | FX_SCOPE_ALLOWED);
    if (!NT_SUCCESS(status))
        return status;
    if (config->Size != sizeof *config)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!config->DefaultQueue && !wants_handle)
        return STATUS_INVALID_PARAMETER_4;
    if (config->DefaultQueue && !fx_device_in_init(device))
        return STATUS_INVALID_DEVICE_STATE;
    if (attributes && attributes->ParentObject) {
        struct fx_object *parent = fx_handle(attributes->ParentObject, 0);
        if (parent->device != device)
            return STATUS_INVALID_DEVICE_REQUEST;
    }
    struct queue_constraints c = resolve(device, attributes);
    if (c.scope == WdfSynchronizationScopeDevice && c.level != device->level)
        return STATUS_INVALID_PARAMETER;
    status = check_dispatch_type(config);
    if (!NT_SUCCESS(status))
        return status;
    return config->DefaultQueue && device->default_queue ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static void unlink_queue(struct fx_queue *queue)
{
    RemoveEntryList(&queue->device_entry);
    InitializeListHead(&queue->device_entry);
    struct fx_device *device = queue->object.device;
    if (device->default_queue == queue)
        device->default_queue = NULL;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (device->dispatch[i] == queue)
            device->dispatch[i] = NULL;
}

static void dispose_queue(struct fx_object *object)
{
    struct fx_queue *queue = (struct fx_queue *)object;
    queue->deleted = true;
    fx_queue_purge_wait(queue); /* K-Q-60 */
    fx_progress_end(queue);
    unlink_queue(queue);
}

/* K-Q-3, 4. */
static void init_power(struct fx_queue *queue, const struct fx_device *device)
{
    if (device->control)
        queue->power_managed = false;
    else if (queue->config.PowerManaged == WdfUseDefault)
        queue->power_managed = !device->filter;
    else
        queue->power_managed = queue->config.PowerManaged == WdfTrue;
    queue->power = queue->power_managed && !device->queues_on ? FX_POWER_OFF : FX_POWER_ON;
    queue->shut_down = device->queues_shut_down;
}

static void init_queue(struct fx_queue *queue, struct fx_device *device, const WDF_IO_QUEUE_CONFIG *config, struct queue_constraints c)
{
    queue->config = *config;
    queue->passive = c.level == WdfExecutionLevelPassive;
    queue->object.level = (uint8_t)c.level;
    queue->object.scope = (uint8_t)c.scope;
    queue->object.passive_callbacks |= queue->passive; /* K-SYN-6: by its resolved level */
    queue->object.dispose = dispose_queue;
    queue->object.device = device;
    fx_lock_init(&queue->lock, queue->passive);
    if (c.scope == WdfSynchronizationScopeQueue)
        queue->presentation = &queue->lock;
    else if (c.scope == WdfSynchronizationScopeDevice)
        queue->presentation = &device->lock;
    InitializeListHead(&queue->queued);
    InitializeListHead(&queue->owned);
    InitializeListHead(&queue->cancelled);
    InitializeListHead(&queue->cancelled_in_queue);
    InitializeListHead(&queue->device_entry);
    ke_initialize_event(&queue->changed, NotificationEvent, FALSE);
    fx_queue_dispatch_init(queue);
    init_power(queue, device);
    queue->dispatch = true;
    queue->accept = !queue->shut_down;
}

/* K-Q-5: whatever is not explicitly routed elsewhere; never creates. */
static void take_default_routes(struct fx_device *device, struct fx_queue *queue)
{
    static const uint8_t majors[] = {IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_INTERNAL_DEVICE_CONTROL};
    for (unsigned i = 0; i < sizeof majors; i++)
        if (!device->dispatch_configured[majors[i]])
            device->dispatch[majors[i]] = queue;
    device->default_queue = queue;
    queue->is_default = true;
    queue->object.no_delete = true;
}

static NTSTATUS create_queue(struct fx_device *device, PWDF_IO_QUEUE_CONFIG config, PWDF_OBJECT_ATTRIBUTES attributes, WDFQUEUE *handle)
{
    NTSTATUS status = check_create(device, config, attributes, handle != NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_queue *queue;
    status = fx_object_create(device->object.driver, FX_QUEUE, sizeof *queue, attributes, (void **)&queue);
    if (!NT_SUCCESS(status))
        return status;
    init_queue(queue, device, config, resolve(device, attributes));
    struct fx_object *parent = attributes && attributes->ParentObject ? (void *)attributes->ParentObject : &device->object;
    status = fx_object_commit(&queue->object, parent);
    if (!NT_SUCCESS(status)) {
        queue->object.dispose = NULL;
        fx_object_delete_failed(&queue->object);
        return status;
    }
    InsertTailList(&device->queues, &queue->device_entry);
    if (config->DefaultQueue)
        take_default_routes(device, queue);
    if (handle)
        *handle = (WDFQUEUE)queue;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoQueueCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_IO_QUEUE_CONFIG Config,
                              PWDF_OBJECT_ATTRIBUTES QueueAttributes, WDFQUEUE *Queue)
{
    gate_enter(DDI_WdfIoQueueCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Config, "Config");
    NTSTATUS status = choose_fault(DDI_WdfIoQueueCreate) ? STATUS_INSUFFICIENT_RESOURCES : create_queue(device, Config, QueueAttributes, Queue);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Routing ---- */

bool fx_queue_handles(const struct fx_queue *queue, uint8_t major)
{
    const WDF_IO_QUEUE_CONFIG *c = &queue->config;
    if (c->DispatchType == WdfIoQueueDispatchManual || c->EvtIoDefault)
        return true;
    switch (major) {
    case IRP_MJ_READ: return c->EvtIoRead != NULL;
    case IRP_MJ_WRITE: return c->EvtIoWrite != NULL;
    case IRP_MJ_DEVICE_CONTROL: return c->EvtIoDeviceControl != NULL;
    case IRP_MJ_INTERNAL_DEVICE_CONTROL: return c->EvtIoInternalDeviceControl != NULL;
    default: return false;
    }
}

static NTSTATUS configure(struct fx_device *device, struct fx_queue *queue, WDF_REQUEST_TYPE type)
{
    switch (type) { /* a request type is the major function's number */
    case WdfRequestTypeCreate: case WdfRequestTypeRead: case WdfRequestTypeWrite: case WdfRequestTypeDeviceControl:
    case WdfRequestTypeDeviceControlInternal:
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (queue->object.device != device)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!device->control && !fx_device_in_init(device))
        return STATUS_INVALID_DEVICE_STATE;
    if (!fx_queue_handles(queue, (uint8_t)type) || queue->is_default)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (device->dispatch_configured[type])
        return type == WdfRequestTypeCreate ? STATUS_INVALID_PARAMETER : STATUS_WDF_BUSY;
    device->dispatch[type] = queue;
    device->dispatch_configured[type] = true;
    queue->object.no_delete = true;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDeviceConfigureRequestDispatching(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, WDFQUEUE Queue,
                                                  WDF_REQUEST_TYPE RequestType)
{
    gate_enter(DDI_WdfDeviceConfigureRequestDispatching, trace_object(Device), (uint64_t)RequestType);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    NTSTATUS status = configure(device, queue, RequestType);
    gate_leave((ULONG)status);
    return status;
}

bool fx_queue_take(struct fx_queue *queue, struct fx_request *request)
{
    if (!queue->accept)
        return false;
    fx_queue_power_up(queue);
    hb_release(request);
    fx_queue_dispatch(queue, request);
    return true;
}

NTSTATUS fx_queue_submit(struct fx_queue *queue, struct fx_request *request)
{
    if (!queue->accept) {
        fx_request_complete(request, STATUS_INVALID_DEVICE_STATE);
        return STATUS_INVALID_DEVICE_STATE;
    }
    io_mark_irp_pending(request->irp); /* K-Q-22: first, then nobody can be too early */
    fx_queue_take(queue, request);
    return STATUS_PENDING;
}

/* The request for an IRP that is on its way to the queue. STATUS_PENDING: it waits for a reserved one (K-Q-87). A failure has completed the IRP. */
static NTSTATUS make_request(struct fx_device *device, struct fx_queue *queue, bool presented_by_queue, PIRP irp, struct fx_request **request)
{
    NTSTATUS status = fx_request_create(device, presented_by_queue ? queue : NULL, irp, request);
    if (queue && queue->progress)
        status = fx_progress_request(queue, irp, request, status);
    return NT_SUCCESS(status) ? status : fx_complete(irp, status);
}

/* K-Q-85. Pended before, since the driver may hand the request to anybody. */
static NTSTATUS call_in_caller_context(struct fx_device *device, PIRP irp, struct fx_queue *routed)
{
    struct fx_queue *queue = routed ? routed : device->dispatch[io_get_current_irp_stack_location(irp)->MajorFunction];
    struct fx_request *request;
    NTSTATUS status = make_request(device, queue, false, irp, &request);
    if (status != STATUS_SUCCESS)
        return status;
    if (request->reserved)
        return fx_queue_submit(queue, request);
    io_mark_irp_pending(irp);
    request->routed = routed;
    request->in_caller_context = true;
    request->caller_thread = ke_current_thread();
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtIoInCallerContext, device->in_caller_context, request);
    device->in_caller_context((WDFDEVICE)device, (WDFREQUEST)request);
    callback_leave(&frame, 0);
    return STATUS_PENDING;
}

static NTSTATUS route(struct fx_device *device, PIRP irp)
{
    uint8_t major = io_get_current_irp_stack_location(irp)->MajorFunction;
    if (device->in_caller_context)
        return call_in_caller_context(device, irp, NULL);
    struct fx_queue *queue = device->dispatch[major];
    bool handled = queue && (!device->filter || !queue->is_default || fx_queue_handles(queue, major));
    if (!handled)
        return device->filter ? fx_forward(device, irp) : fx_complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    struct fx_request *request;
    NTSTATUS status = make_request(device, queue, true, irp, &request);
    return status == STATUS_SUCCESS ? fx_queue_submit(queue, request) : status;
}

NTSTATUS fx_io_dispatch(struct fx_device *device, PIRP irp)
{
    if (ke_get_current_irql() > APC_LEVEL)
        return route(device, irp);
    ke_enter_critical_region(); /* K-Q-21 */
    NTSTATUS status = route(device, irp);
    ke_leave_critical_region();
    return status;
}

NTSTATUS fx_queue_create_request(struct fx_device *device, PIRP irp, struct fx_file *file)
{
    struct fx_queue *queue = device->dispatch[IRP_MJ_CREATE];
    if (!queue)
        return STATUS_NOT_FOUND;
    struct fx_request *request;
    void *created = file ? (void *)file : device; /* for fx_file_create_completed() */
    NTSTATUS status = fx_request_create(device, queue, irp, &request);
    if (!NT_SUCCESS(status)) {
        fx_complete(irp, status);
        fx_file_create_completed(created, status);
        return status;
    }
    request->file = file;
    fx_request_on_completed(request, fx_file_create_completed, created);
    return fx_queue_submit(queue, request);
}

static NTSTATUS enqueue(struct fx_device *device, struct fx_request *request)
{
    if (request->queue || request->driver_created || request->device != device)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct fx_queue *queue = request->routed ? request->routed : device->dispatch[request->major];
    bool handled = queue && (!device->filter || !queue->is_default || fx_queue_handles(queue, request->major));
    if (!handled && device->filter) {
        fx_request_pass_down(request);
        return STATUS_SUCCESS;
    }
    if (!handled)
        return STATUS_INVALID_DEVICE_REQUEST;
    request->in_caller_context = false;
    request->place = FX_WITH_FRAMEWORK;
    if (fx_queue_take(queue, request))
        return STATUS_SUCCESS;
    request->place = FX_OWNED;
    return STATUS_WDF_BUSY;
}

NTSTATUS wdf_WdfDeviceEnqueueRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, WDFREQUEST Request)
{
    gate_enter(DDI_WdfDeviceEnqueueRequest, trace_object(Device), trace_object(Request));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    struct fx_request *request = fx_request_owned(Request, "WdfDeviceEnqueueRequest");
    NTSTATUS status = enqueue(device, request);
    gate_leave((ULONG)status);
    return status;
}

/* K-DRV-82. With or without the flag PREPROCESSED_IRP the current location is the one that the request stands on. */
static NTSTATUS check_routing(const struct fx_device *device, PIRP irp, const struct fx_queue *queue, ULONG flags)
{
    const ULONG known = WDF_DISPATCH_IRP_TO_IO_QUEUE_INVOKE_INCALLERCTX_CALLBACK | WDF_DISPATCH_IRP_TO_IO_QUEUE_PREPROCESSED_IRP;
    uint8_t major = io_get_current_irp_stack_location(irp)->MajorFunction;
    bool ours = major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    if (flags & ~known || !ours || !fx_queue_handles(queue, major) || queue->object.device != device)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static NTSTATUS dispatch_to_queue(struct fx_device *device, PIRP irp, struct fx_queue *queue, ULONG flags)
{
    NTSTATUS status = check_routing(device, irp, queue, flags);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    if (flags & WDF_DISPATCH_IRP_TO_IO_QUEUE_INVOKE_INCALLERCTX_CALLBACK && device->in_caller_context)
        return call_in_caller_context(device, irp, queue);
    struct fx_request *request;
    status = make_request(device, queue, true, irp, &request);
    return status == STATUS_SUCCESS ? fx_queue_submit(queue, request) : status;
}

NTSTATUS wdf_WdfDeviceWdmDispatchIrpToIoQueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PIRP Irp, WDFQUEUE Queue, ULONG Flags)
{
    gate_enter(DDI_WdfDeviceWdmDispatchIrpToIoQueue, trace_object(Device), trace_object(Irp));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    fx_require(Irp, "Irp");
    NTSTATUS status = dispatch_to_queue(device, Irp, queue, Flags);
    gate_leave((ULONG)status);
    return status;
}

/* ---- What a queue tells ---- */

WDFDEVICE wdf_WdfIoQueueGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue)
{
    gate_enter(DDI_WdfIoQueueGetDevice, trace_object(Queue), 0);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    WDFDEVICE device = (WDFDEVICE)queue->object.device;
    gate_leave(trace_object(device));
    return device;
}

WDFQUEUE wdf_WdfDeviceGetDefaultQueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfDeviceGetDefaultQueue, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    WDFQUEUE queue = (WDFQUEUE)device->default_queue;
    gate_leave(trace_object(queue));
    return queue;
}

static WDF_IO_QUEUE_STATE state_of(const struct fx_queue *queue)
{
    unsigned state = 0;
    if (queue->accept)
        state |= WdfIoQueueAcceptRequests;
    if (queue->dispatch)
        state |= WdfIoQueueDispatchRequests;
    if (!queue->queued_count)
        state |= WdfIoQueueNoRequests;
    if (!queue->owned_count)
        state |= WdfIoQueueDriverNoRequests;
    if (queue->power_managed && queue->power != FX_POWER_ON)
        state |= WdfIoQueuePnpHeld;
    return (WDF_IO_QUEUE_STATE)state;
}

WDF_IO_QUEUE_STATE wdf_WdfIoQueueGetState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue, PULONG QueueRequests, PULONG DriverRequests)
{
    gate_enter(DDI_WdfIoQueueGetState, trace_object(Queue), 0);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    WDF_IO_QUEUE_STATE state = state_of(queue);
    if (QueueRequests)
        *QueueRequests = queue->queued_count;
    if (DriverRequests)
        *DriverRequests = queue->owned_count;
    gate_leave(state);
    return state;
}
