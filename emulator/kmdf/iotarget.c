/*
 * I/O targets: creation, states, start, stop, purge, end (K-TGT-1, 4, 5).
 */
#include "target.h"

/* ---- Waiting ---- */

void fx_target_changed(struct fx_target *target)
{
    hb_release(&target->changed);
    if (target->waiters)
        ke_set_event(&target->changed, IO_NO_INCREMENT, FALSE);
}

/* Until everything sent has come back and its completion routine has returned; `all`: also what ignores the target's state. */
static void wait_for_sent(struct fx_target *target, bool all)
{
    while (target->sent_count || (all && target->ignoring_count)) {
        target->waiters++;
        ke_reset_event(&target->changed);
        ke_wait_internal(&target->changed, "the requests sent to an I/O target to come back");
        target->waiters--;
    }
    hb_acquire(&target->changed);
}

/* ---- Cancelling what was sent ---- */

static void mark_due(LIST_ENTRY *list)
{
    for (LIST_ENTRY *e = list->Flink; e != list; e = e->Flink)
        CONTAINING_RECORD(e, struct fx_request_send, entry)->cancel_due = true;
}

static struct fx_request *next_due(const LIST_ENTRY *list)
{
    for (LIST_ENTRY *e = list->Flink; e != list; e = e->Flink) {
        struct fx_request_send *send = CONTAINING_RECORD(e, struct fx_request_send, entry);
        if (send->cancel_due)
            return send->request;
    }
    return NULL;
}

/* Those that are out now; a cancel routine may let others in, so no position is kept. */
static void cancel_sent(LIST_ENTRY *list)
{
    mark_due(list);
    for (struct fx_request *request; (request = next_due(list)) != NULL;) {
        request->send->cancel_due = false;
        fx_object_reference(&request->object);
        fx_send_cancel(request);
        fx_object_dereference(&request->object);
    }
}

static struct fx_request *take_pended(struct fx_target *target)
{
    if (IsListEmpty(&target->pended))
        return NULL;
    struct fx_request_send *send = CONTAINING_RECORD(RemoveHeadList(&target->pended), struct fx_request_send, entry);
    InitializeListHead(&send->entry);
    io_set_cancel_routine(send->request->irp, NULL); /* the cancel routine takes it off the list before it lets the cancel spin lock go */
    return send->request;
}

static void fail_pended(struct fx_target *target)
{
    for (struct fx_request *request; (request = take_pended(target)) != NULL;)
        fx_send_fail_pended(request, STATUS_WDF_DEVICE_REMOVED_NOT_SENT);
}

/* ---- States ---- */

bool fx_target_is_open(const struct fx_target *target)
{
    return target->state == WdfIoTargetStarted || target->state == WdfIoTargetStopped || target->state == WdfIoTargetPurged;
}

NTSTATUS fx_target_start(struct fx_target *target)
{
    if (!fx_target_is_open(target))
        return STATUS_INVALID_DEVICE_STATE;
    target->state = WdfIoTargetStarted;
    for (struct fx_request *request; target->state == WdfIoTargetStarted && (request = take_pended(target)) != NULL;)
        fx_send_resend(request);
    return STATUS_SUCCESS;
}

static void check_may_wait(const struct fx_target *target, const char *ddi)
{
    if (ke_get_current_irql() > PASSIVE_LEVEL)
        fx_misuse("V-WDF-35", "%s waits for the requests sent to target #%u at IRQL %u", ddi, target->object.number, ke_get_current_irql());
}

static void stop(struct fx_target *target, WDF_IO_TARGET_SENT_IO_ACTION action)
{
    if (action != WdfIoTargetLeaveSentIoPending)
        check_may_wait(target, "WdfIoTargetStop");
    if (!fx_target_is_open(target))
        return;
    target->state = WdfIoTargetStopped;
    if (action == WdfIoTargetCancelSentIo)
        cancel_sent(&target->sent);
    if (action != WdfIoTargetLeaveSentIoPending)
        wait_for_sent(target, false);
}

static void purge(struct fx_target *target, WDF_IO_TARGET_PURGE_IO_ACTION action)
{
    if (action == WdfIoTargetPurgeIoAndWait)
        check_may_wait(target, "WdfIoTargetPurge");
    if (!fx_target_is_open(target))
        return;
    target->state = WdfIoTargetPurged;
    fail_pended(target);
    cancel_sent(&target->sent);
    if (action == WdfIoTargetPurgeIoAndWait)
        wait_for_sent(target, false);
}

void fx_target_shut(struct fx_target *target, WDF_IO_TARGET_STATE state)
{
    target->state = state;
    fail_pended(target);
    cancel_sent(&target->sent);
    cancel_sent(&target->ignoring);
    wait_for_sent(target, true);
}

void fx_target_set_device(struct fx_target *target, PDEVICE_OBJECT wdm)
{
    target->wdm = wdm;
    target->stack_size = wdm->StackSize;
    target->io_flags = wdm->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    target->pdo = io_physical_device(wdm);
    target->state = WdfIoTargetStarted;
}

/* ---- Creation and end ---- */

static void dispose(struct fx_object *object)
{
    struct fx_target *target = (struct fx_target *)object;
    if (target->remote)
        fx_target_close(target, WdfIoTargetDeleted);
    else
        fx_target_shut(target, WdfIoTargetDeleted);
    target->wdm = target->pdo = NULL;
}

static void destroy(struct fx_object *object)
{
    struct fx_target *target = (struct fx_target *)object;
    if (target->name.Buffer)
        ex_system_free(target->name.Buffer);
}

static void initialize(struct fx_target *target, struct fx_device *device)
{
    target->device = device;
    InitializeListHead(&target->sent);
    InitializeListHead(&target->ignoring);
    InitializeListHead(&target->pended);
    ke_initialize_event(&target->changed, NotificationEvent, FALSE);
    target->object.dispose = dispose;
    target->object.destroy = destroy;
}

struct fx_target *fx_target_create_default(struct fx_device *device)
{
    void *memory;
    if (!NT_SUCCESS(fx_object_create(device->object.driver, FX_IOTARGET, sizeof(struct fx_target), NULL, &memory)))
        return NULL;
    struct fx_target *target = memory;
    target->object.no_delete = true;
    initialize(target, device);
    fx_target_set_device(target, device->attached);
    target->pdo = device->pdo;
    fx_object_commit(&target->object, &device->object);
    return target;
}

static NTSTATUS target_create(struct fx_device *device, PWDF_OBJECT_ATTRIBUTES attributes, struct fx_target **out)
{
    NTSTATUS status = fx_validate_attributes(attributes, 0);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_object *parent = attributes && attributes->ParentObject ? fx_handle(attributes->ParentObject, 0) : &device->object;
    if (parent->device != device) /* K-OBJ-33 */
        return STATUS_INVALID_DEVICE_REQUEST;
    void *memory;
    status = fx_object_create(device->object.driver, FX_IOTARGET, sizeof(struct fx_target), attributes, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_target *target = memory;
    status = fx_object_commit(&target->object, parent);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&target->object);
        return status;
    }
    initialize(target, device);
    target->remote = true;
    target->state = WdfIoTargetClosed;
    *out = target;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoTargetCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES IoTargetAttributes, WDFIOTARGET *IoTarget)
{
    gate_enter(DDI_WdfIoTargetCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(IoTarget, "IoTarget");
    struct fx_target *target = NULL;
    NTSTATUS status = choose_fault(DDI_WdfIoTargetCreate) ? STATUS_INSUFFICIENT_RESOURCES : target_create(device, IoTargetAttributes, &target);
    *IoTarget = (WDFIOTARGET)target;
    gate_leave((ULONG)status);
    return status;
}

/* ---- The DDIs of the states ---- */

NTSTATUS wdf_WdfIoTargetStart(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetStart, trace_object(IoTarget), 0);
    NTSTATUS status = fx_target_start(fx_handle(IoTarget, FX_IOTARGET));
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfIoTargetStop(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDF_IO_TARGET_SENT_IO_ACTION Action)
{
    gate_enter(DDI_WdfIoTargetStop, trace_object(IoTarget), (uint64_t)Action);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    if (Action < WdfIoTargetCancelSentIo || Action > WdfIoTargetLeaveSentIoPending)
        fx_misuse("K-TGT-4", "WdfIoTargetStop: the action %u is none", (unsigned)Action);
    stop(target, Action);
    gate_leave(0);
}

VOID wdf_WdfIoTargetPurge(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDF_IO_TARGET_PURGE_IO_ACTION Action)
{
    gate_enter(DDI_WdfIoTargetPurge, trace_object(IoTarget), (uint64_t)Action);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    if (Action != WdfIoTargetPurgeIoAndWait && Action != WdfIoTargetPurgeIo)
        fx_misuse("K-TGT-4", "WdfIoTargetPurge: the action %u is none", (unsigned)Action);
    purge(target, Action);
    gate_leave(0);
}

WDF_IO_TARGET_STATE wdf_WdfIoTargetGetState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetGetState, trace_object(IoTarget), 0);
    WDF_IO_TARGET_STATE state = ((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->state;
    gate_leave(state);
    return state;
}

WDFDEVICE wdf_WdfIoTargetGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetGetDevice, trace_object(IoTarget), 0);
    WDFDEVICE device = (WDFDEVICE)((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->device;
    gate_leave(trace_object(device));
    return device;
}

WDFIOTARGET wdf_WdfDeviceGetIoTarget(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfDeviceGetIoTarget, trace_object(Device), 0);
    WDFIOTARGET target = (WDFIOTARGET)((struct fx_device *)fx_handle(Device, FX_DEVICE))->default_target; /* NULL: nothing is below */
    gate_leave(trace_object(target));
    return target;
}
