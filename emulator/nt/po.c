/*
 * Power (W-POW-1..16): PoRequestPowerIrp, system sleep and resume, what a PDO answers, and the watchdog.
 *
 * Design: a power IRP is a request queued on its device, one system and one device SET/QUERY at a time (W-POW-6). It is sent by a worker thread, so
 * that a driver's stack never nests, except system IRPs, which the pnp thread sends and waits for. WAIT_WAKE is not queued.
 */
#include "../hal/hal.h"
#include "io/io.h"

struct power_request {
    struct power_request *next;
    struct ex_work work;
    PDEVICE_OBJECT device;   /* whose stack; referenced */
    PDEVICE_OBJECT owner;    /* its PDO, which counts what is outstanding; referenced */
    PDEVICE_OBJECT top;
    PIRP irp;
    UCHAR minor;
    bool queued;             /* counts as the busy one of its device */
    bool inrush;             /* counts as the one that draws much */
    unsigned kind;           /* 0 system, 1 device */
    POWER_STATE state;
    PREQUEST_POWER_COMPLETE callback;
    PVOID context;
};

static uint32_t d0_requests;
static struct { bool busy; struct power_request *first, **last; } inrush; /* one device at a time may draw so much (W-POW-6) */
static bool suspending;

void po_boot(void);
void po_boot(void)
{
    d0_requests = 0;
    suspending = false;
    inrush.busy = false;
    inrush.first = NULL;
    inrush.last = &inrush.first;
}

uint32_t po_d0_requests(void) { return d0_requests; }

static void send_request(void *context)
{
    struct power_request *q = context;
    q->top = io_get_attached_device(q->device);
    io_call_driver(q->top, q->irp);
}

static bool draws_much(const struct power_request *q)
{
    if (q->minor != IRP_MN_SET_POWER || q->kind != 1 || q->state.DeviceState != PowerDeviceD0)
        return false;
    PDEVICE_OBJECT d = q->owner;
    while (d && !(d->Flags & DO_POWER_INRUSH))
        d = d->AttachedDevice;
    return d != NULL;
}

static void begin(struct power_request *q)
{
    q->work = (struct ex_work){.run = send_request, .context = q};
    ex_queue_work(&q->work);
}

static void start(struct power_request *q)
{
    q->inrush = draws_much(q);
    if (!q->inrush || !inrush.busy) {
        inrush.busy |= q->inrush;
        begin(q);
        return;
    }
    q->next = NULL;
    *inrush.last = q;
    inrush.last = &q->next;
}

static void next_inrush(void)
{
    struct power_request *q = inrush.first;
    inrush.busy = q != NULL;
    if (!q)
        return;
    inrush.first = q->next;
    if (!q->next)
        inrush.last = &inrush.first;
    begin(q);
}

/* The next request of the device may go (W-POW-6). */
static void next_request(struct nt_device *owner, unsigned kind)
{
    struct power_request *q = owner->power[kind].first;
    if (!q) {
        owner->power[kind].busy = false;
        return;
    }
    owner->power[kind].first = q->next;
    if (!q->next)
        owner->power[kind].last = &owner->power[kind].first;
    start(q);
}

static void call_back(struct power_request *q, IO_STATUS_BLOCK *iosb)
{
    if (!q->callback)
        return;
    if (!is_driver_code(q->callback)) {
        q->callback(q->device, q->minor, q->state, q->context, iosb);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_PowerCompletion, q->callback, q->device);
    q->callback(q->device, q->minor, q->state, q->context, iosb);
    callback_leave(&frame, 0);
}

static void finished(PIRP irp)
{
    struct irp_record *r = irp_record(irp);
    struct power_request *q = r->finish_context;
    IO_STATUS_BLOCK iosb = irp->IoStatus;
    struct nt_device *owner = q->queued ? device_of(q->owner) : NULL;
    if (q->minor == IRP_MN_SET_POWER && q->kind == 1 && NT_SUCCESS(iosb.Status) && owner && owner->devnode)
        owner->devnode->device_state = q->state.DeviceState;
    hb_acquire(irp);
    if (q->minor == IRP_MN_SET_POWER && q->kind == 1 && q->state.DeviceState == PowerDeviceD0 && NT_SUCCESS(iosb.Status))
        po_idle_in_d0(q->owner);
    if (q->inrush)
        next_inrush();
    if (owner)
        next_request(owner, q->kind);
    call_back(q, &iosb);
    ke_set_event(&r->info.done, 0, FALSE);
    io_free_irp(irp);
    ob_dereference(q->owner);
    ob_dereference(q->device);
    ex_system_free(q);
}

static void fill(PIRP irp, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action)
{
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = minor;
    if (minor == IRP_MN_WAIT_WAKE) {
        next->Parameters.WaitWake.PowerState = state.SystemState;
    } else {
        next->Parameters.Power.Type = type;
        next->Parameters.Power.State = state;
        next->Parameters.Power.ShutdownType = action;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    struct irp_record *r = irp_record(irp);
    r->info.built_by = 3;
    r->major = IRP_MJ_POWER;
    r->minor = minor;
}

NTSTATUS po_request_power_irp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PREQUEST_POWER_COMPLETE callback, PVOID context, PIRP *irp)
{
    if (minor != IRP_MN_WAIT_WAKE && minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER)
        return STATUS_INVALID_PARAMETER_2;
    PDEVICE_OBJECT top = io_get_attached_device(device);
    struct power_request *q = ex_system_alloc(sizeof *q);
    PIRP new_irp = io_allocate_irp(top->StackSize, FALSE);
    if (!new_irp) {
        ex_system_free(q);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *q = (struct power_request){.device = device, .irp = new_irp, .minor = minor, .kind = 1, .state = state, .callback = callback, .context = context};
    q->owner = io_bottom_of_stack(device);
    ob_reference(device);
    ob_reference(q->owner);
    fill(new_irp, minor, DevicePowerState, state, PowerActionNone);
    irp_record(new_irp)->finish = finished;
    irp_record(new_irp)->finish_context = q;
    if (irp)
        *irp = new_irp;
    hb_release(new_irp);
    struct nt_device *owner = device_of(q->owner);
    if (minor == IRP_MN_WAIT_WAKE) {
        start(q);
        return STATUS_PENDING;
    }
    q->queued = true;
    d0_requests += minor == IRP_MN_SET_POWER && state.DeviceState == PowerDeviceD0;
    if (owner->power[1].busy) {
        *owner->power[1].last = q;
        owner->power[1].last = &q->next;
        return STATUS_PENDING;
    }
    owner->power[1].busy = true;
    start(q);
    return STATUS_PENDING;
}

/* A WAIT_WAKE whose sender is gone, and did not cancel it. */
void po_check_no_wait_wake(PDEVICE_OBJECT pdo)
{
    char name[64];
    for (struct irp_record *r = irp_first_record(); r; r = r->next) {
        const struct power_request *q = r->finish == finished && !r->info.finished ? r->finish_context : NULL;
        if (q && q->owner == pdo && q->minor == IRP_MN_WAIT_WAKE && !r->irp->Cancel)
            bugcheck(OWN_RULE, r->info.number, device_number(pdo), 0, 0, "V-POW-8", "%s is still with device #%u, whose stack was removed: who sent it did not cancel it",
                     irp_record_name(r, name, sizeof name), device_number(pdo));
    }
}

/* ---- System power (W-POW-7, W-POW-8) ---- */

static NTSTATUS send_system(struct devnode *node, UCHAR minor, SYSTEM_POWER_STATE state, POWER_ACTION action)
{
    PDEVICE_OBJECT top = io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    struct nt_device *owner = device_of(node->pdo);
    fill(irp, minor, SystemPowerState, (POWER_STATE){.SystemState = state}, action);
    irp_info(irp)->issuer = ke_current_thread();
    owner->power[0].busy = true;
    bool sleep = minor == IRP_MN_SET_POWER && state > PowerSystemWorking;
    struct irp_under_way outer = {0};
    if (sleep)
        outer = io_begin_under_way(UNDER_WAY_SLEEP, node, irp);
    NTSTATUS status = io_send_and_wait(irp, top, NULL);
    if (sleep)
        io_end_under_way(UNDER_WAY_SLEEP, outer);
    owner->power[0].busy = false;
    if (minor == IRP_MN_SET_POWER)
        node->system_state = state;
    return status;
}

static bool has_stack(const struct devnode *node)
{
    return node->pdo && (node->state == DEVNODE_STARTED || node->state == DEVNODE_STOP_PENDING || node->state == DEVNODE_REMOVE_PENDING ||
                         node->state == DEVNODE_STOPPED);
}

/* Leaves first: devices in the reverse order of their creation. `stop` ends a query at the first refusal. */
static NTSTATUS for_all(UCHAR minor, SYSTEM_POWER_STATE state, POWER_ACTION action, bool leaves_first, bool stop)
{
    NTSTATUS result = STATUS_SUCCESS;
    for (struct devnode *node = leaves_first ? pnp_last() : pnp_first(); node; node = leaves_first ? pnp_previous(node) : pnp_next(node)) {
        if (!has_stack(node))
            continue;
        NTSTATUS status = send_system(node, minor, state, action);
        if (!NT_SUCCESS(status) && stop)
            return status;
        if (!NT_SUCCESS(status))
            result = status;
    }
    return result;
}

NTSTATUS po_system_resume(void)
{
    NTSTATUS status = for_all(IRP_MN_SET_POWER, PowerSystemWorking, PowerActionNone, false, false);
    pnp_rest(false);
    return status;
}

NTSTATUS po_system_sleep(SYSTEM_POWER_STATE state, POWER_ACTION action)
{
    NTSTATUS status = for_all(IRP_MN_QUERY_POWER, state, action, true, true);
    if (!NT_SUCCESS(status)) {
        po_system_resume(); /* the refusal is told by "stay in S0" */
        return status;
    }
    status = for_all(IRP_MN_SET_POWER, state, action, true, false);
    pnp_rest(NT_SUCCESS(status));
    return status;
}

#define NIGHT (100 * CLOCK_MS)

NTSTATUS po_suspend(SYSTEM_POWER_STATE state, POWER_ACTION action)
{
    if (suspending)
        return STATUS_ALREADY_COMMITTED;
    suspending = true;
    pnp_lock();
    NTSTATUS status = po_system_sleep(state, action);
    pnp_unlock();
    if (NT_SUCCESS(status)) {
        LARGE_INTEGER night = {.QuadPart = -(LONGLONG)NIGHT};
        ke_delay_execution_thread(KernelMode, FALSE, &night);
        pnp_lock();
        po_system_resume();
        pnp_unlock();
    }
    suspending = false;
    return status;
}

/* ---- The PDO's side ---- */

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    io_complete_request(irp, IO_NO_INCREMENT);
    return status;
}

static void forget_wait_wake(PDEVICE_OBJECT pdo)
{
    device_of(pdo)->wait_wake = NULL;
    if (device_of(pdo)->wake_ended)
        device_of(pdo)->wake_ended(pdo);
}

static VOID cancel_wait_wake(PDEVICE_OBJECT pdo, PIRP irp)
{
    forget_wait_wake(pdo);
    io_release_cancel_spin_lock(irp->CancelIrql);
    irp->IoStatus.Information = 0;
    complete(irp, STATUS_CANCELLED);
}

static NTSTATUS pend_wait_wake(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct nt_device *d = device_of(pdo);
    if (d->wait_wake)
        return complete(irp, STATUS_DEVICE_BUSY);
    io_mark_irp_pending(irp);
    d->wait_wake = irp;
    io_set_cancel_routine(irp, cancel_wait_wake);
    if (irp->Cancel && io_set_cancel_routine(irp, NULL)) {
        forget_wait_wake(pdo);
        complete(irp, STATUS_CANCELLED);
    }
    return STATUS_PENDING;
}

bool po_device_wakes(PDEVICE_OBJECT pdo)
{
    PIRP irp = device_of(pdo)->wait_wake;
    if (!irp || !io_set_cancel_routine(irp, NULL))
        return false;
    forget_wait_wake(pdo);
    irp->IoStatus.Information = 0;
    complete(irp, STATUS_SUCCESS);
    return true;
}

static void power_hardware(PDEVICE_OBJECT pdo, const IO_STACK_LOCATION *location)
{
    const struct devnode *node = device_of(pdo)->devnode;
    if (location->Parameters.Power.Type == DevicePowerState && node)
        hal_device_power(node->translated ? node->translated : node->raw, location->Parameters.Power.State.DeviceState);
}

NTSTATUS po_pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp)
{
    switch (irp->Tail.Overlay.CurrentStackLocation->MinorFunction) {
    case IRP_MN_WAIT_WAKE: return pend_wait_wake(pdo, irp);
    case IRP_MN_SET_POWER:
        power_hardware(pdo, irp->Tail.Overlay.CurrentStackLocation);
        return complete(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_POWER: return complete(irp, STATUS_SUCCESS);
    default: return complete(irp, irp->IoStatus.Status);
    }
}

/* ---- Watchdog (W-POW-16): nothing moves any more; which IRP is it that nobody completes? ---- */

void nt_watchdog(struct ctx *waiting)
{
    char name[64], owner[120];
    struct irp_record *pnp = NULL, *mine = NULL;
    ex_check_workers();
    io_check_stalled_queues();
    for (struct irp_record *r = irp_first_record(); r; r = r->next) {
        if (r->raw || r->info.finished || r->irp->CurrentLocation > r->irp->StackCount)
            continue;
        if (r->major == IRP_MJ_POWER && r->info.built_by == 3 && r->minor != IRP_MN_WAIT_WAKE)
            bugcheck(0x9F, 3, r->info.number, 0, 0, "W-POW-16", "%s was not completed in time: %s has it", irp_record_name(r, name, sizeof name),
                     irp_owner_name(r->irp, owner, sizeof owner));
        if (r->major == IRP_MJ_SHUTDOWN && r->info.built_by == 2)
            bugcheck(0xC4, 0x115, r->info.number, 0, 0, "V-IO-18", "the system does not shut down: %s is not completed, %s has it",
                     irp_record_name(r, name, sizeof name), irp_owner_name(r->irp, owner, sizeof owner));
        if (r->major == IRP_MJ_PNP && r->info.built_by == 3)
            pnp = r;
        else if (r->info.issuer && r->info.issuer->ctx == waiting && !mine)
            mine = r;
        if (r->irp->Cancel && r->irp->CancelRoutine)
            bugcheck(0xC4, 0x135, r->info.number, 0, 0, "V-IRP-13",
                     "%s was cancelled before its cancel routine was set, and %s did not look at Irp->Cancel afterwards: it is never completed",
                     irp_record_name(r, name, sizeof name), irp_owner_name(r->irp, owner, sizeof owner));
    }
    if (pnp)
        bugcheck(0x9F, 4, pnp->info.number, 0, 0, "W-POW-16", "%s was not completed in time: %s has it", irp_record_name(pnp, name, sizeof name),
                 irp_owner_name(pnp->irp, owner, sizeof owner));
    if (mine)
        bugcheck(OWN_HANG, waiting->id, mine->info.number, 0, 0, "V-CAN-6", "%s waits (%s): %s is never completed, %s has it", waiting->name,
                 waiting->wait_reason ? waiting->wait_reason : "?", irp_record_name(mine, name, sizeof name), irp_owner_name(mine->irp, owner, sizeof owner));
}

/* ---- DDIs ---- */

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                           PVOID Context, PIRP *Irp)
{
    gate_enter(DDI_PoRequestPowerIrp, trace_object(DeviceObject), MinorFunction);
    if (Irp && MinorFunction != IRP_MN_WAIT_WAKE)
        bugcheck(0xC4, 0x4100B, MinorFunction, 0, 0, "V-POW-4", "PoRequestPowerIrp is asked for the address of an IRP that is no WAIT_WAKE: it may be gone when the call returns");
    io_note_power_asked();
    NTSTATUS status = choose_fault(DDI_PoRequestPowerIrp) ? STATUS_INSUFFICIENT_RESOURCES
                                                         : po_request_power_irp(DeviceObject, MinorFunction, PowerState, CompletionFunction, Context, Irp);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    gate_enter(DDI_PoCallDriver, trace_object(DeviceObject), trace_object(Irp));
    lint_obsolete("PoCallDriver", "IoCallDriver");
    struct irp_record *r = irp_require(Irp, "PoCallDriver", 0xC9, 0x205);
    if (is_driver_code(CALLER))
        io_check_passed(DeviceObject, Irp, r);
    NTSTATUS status = io_call_driver(DeviceObject, Irp);
    gate_leave((ULONG)status);
    return status;
}

VOID PoStartNextPowerIrp(PIRP Irp)
{
    gate_enter(DDI_PoStartNextPowerIrp, trace_object(Irp), 0);
    lint_obsolete("PoStartNextPowerIrp", "no call at all");
    irp_require(Irp, "PoStartNextPowerIrp", 0xC9, 0x205);
    gate_leave(0);
}

POWER_STATE PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State)
{
    gate_enter(DDI_PoSetPowerState, trace_object(DeviceObject), State.DeviceState);
    POWER_STATE old = {.DeviceState = device_of(DeviceObject)->device_state};
    if (Type == DevicePowerState)
        device_of(DeviceObject)->device_state = State.DeviceState;
    gate_leave(old.DeviceState);
    return old;
}
