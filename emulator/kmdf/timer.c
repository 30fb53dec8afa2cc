/*
 * Timers (K-TMR-1..7, F16): a KTIMER with a KDPC; the passive kind goes on to a work item, where several expirations become one call.
 *
 * Stopping with wait keeps later starts from taking effect until it is over; so does deletion, for ever.
 */
#include "device.h"

struct fx_timer {
    struct fx_object object;
    WDFOBJECT parent;
    WDF_TIMER_CONFIG config;
    KTIMER timer;
    KDPC dpc;
    struct ex_work work;
    struct fx_lock *lock;
    bool passive, work_queued;
    uint32_t stopping;          /* Stop(Wait) calls and dispose in progress */
    bool start_suppressed;
    struct ctx *running;        /* inside EvtTimerFunc */
    void *running_activation;
    KEVENT idle;                /* notification: no passive callback queued or running */
};

static bool in_own_callback(const struct fx_timer *t) { return t->running == ctx_current() && t->running_activation == ctx_current()->top; }

static void call(struct fx_timer *t)
{
    if (t->lock)
        fx_lock_acquire(t->lock);
    t->running = ctx_current();
    t->running_activation = ctx_current()->top;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtTimerFunc, t->config.EvtTimerFunc, t);
    t->config.EvtTimerFunc((WDFTIMER)t);
    callback_leave(&frame, 0);
    t->running = NULL;
    if (t->lock)
        fx_lock_release(t->lock);
}

static void run_passive(void *context)
{
    struct fx_timer *t = context;
    t->work_queued = false;
    call(t);
    if (!t->work_queued)
        ke_set_event(&t->idle, 0, FALSE);
    fx_object_dereference(&t->object);
}

static VOID NTAPI expired(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_timer *t = context;
    if (!t->passive) {
        fx_object_reference(&t->object); /* the callback may delete the timer (K-TMR-6) */
        call(t);
        fx_object_dereference(&t->object);
        return;
    }
    if (t->work_queued)
        return;
    t->work_queued = true;
    fx_object_reference(&t->object);
    ke_reset_event(&t->idle);
    ex_queue_work(&t->work);
}

/* PASSIVE_LEVEL: until neither DPC nor work item is under way. */
static void wait_idle(struct fx_timer *t)
{
    if (ke_dpc_active(&t->dpc))
        ke_flush_queued_dpcs();
    if (t->passive && !in_own_callback(t))
        ke_wait_internal(&t->idle, "a timer callback to return");
}

static void dispose(struct fx_object *object)
{
    struct fx_timer *t = (struct fx_timer *)object;
    t->stopping++; /* and never less again */
    ke_cancel_timer(&t->timer);
    wait_idle(t);
}

/* ---- Creation ---- */

static NTSTATUS check(const WDF_TIMER_CONFIG *c, PWDF_OBJECT_ATTRIBUTES a)
{
    if (c->Size != sizeof *c && c->Size != FIELD_OFFSET(WDF_TIMER_CONFIG, TolerableDelay) &&
        c->Size != FIELD_OFFSET(WDF_TIMER_CONFIG, UseHighResolutionTimer))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (c->Period > MAXLONG)
        return STATUS_INVALID_PARAMETER;
    if (c->Size == sizeof *c && c->TolerableDelay > 0 && c->UseHighResolutionTimer == WdfTrue)
        return STATUS_INVALID_PARAMETER;
    if (c->Period > 0 && a && a->ExecutionLevel == WdfExecutionLevelPassive)
        return STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

static void initialize(struct fx_timer *t, const WDF_TIMER_CONFIG *config, WDFOBJECT parent)
{
    memcpy(&t->config, config, config->Size);
    t->parent = parent;
    t->passive = t->object.level == WdfExecutionLevelPassive;
    ke_initialize_timer_ex(&t->timer, SynchronizationTimer);
    ke_initialize_dpc(&t->dpc, expired, t);
    t->work = (struct ex_work){.run = run_passive, .context = t};
    ke_initialize_event(&t->idle, NotificationEvent, TRUE);
    t->object.dispose = dispose;
}

static NTSTATUS timer_create(struct fx_driver *driver, const WDF_TIMER_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_REQUIRED | FX_LEVEL_ALLOWED);
    if (NT_SUCCESS(status))
        status = check(config, attributes);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_lock *lock;
    bool passive = attributes->ExecutionLevel == WdfExecutionLevelPassive;
    struct fx_object *parent = fx_handle(attributes->ParentObject, 0);
    if (!parent->device)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = fx_effective_lock(parent, config->AutomaticSerialization, passive, &lock);
    if (NT_SUCCESS(status))
        status = fx_object_new_below_device(driver, FX_TIMER, sizeof(struct fx_timer), attributes, FX_LEVEL_ALLOWED, out);
    if (!NT_SUCCESS(status))
        return status;
    initialize(*out, config, attributes->ParentObject);
    ((struct fx_timer *)*out)->lock = lock;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfTimerCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_TIMER_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFTIMER *Timer)
{
    gate_enter(DDI_WdfTimerCreate, 0, 0);
    fx_require(Config, "Config");
    fx_require(Attributes, "Attributes");
    fx_require(Timer, "Timer");
    *Timer = NULL;
    void *timer = NULL;
    NTSTATUS status = choose_fault(DDI_WdfTimerCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                       : timer_create(fx_driver_of(DriverGlobals), Config, Attributes, &timer);
    if (NT_SUCCESS(status))
        *Timer = timer;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Start and stop ---- */

static BOOLEAN start(struct fx_timer *t, LONGLONG due)
{
    if (t->stopping) {
        t->start_suppressed = true;
        return FALSE;
    }
    return ke_set_timer_ex(&t->timer, (LARGE_INTEGER){.QuadPart = due}, (LONG)t->config.Period, &t->dpc);
}

BOOLEAN wdf_WdfTimerStart(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer, LONGLONG DueTime)
{
    gate_enter(DDI_WdfTimerStart, trace_object(Timer), (uint64_t)DueTime);
    BOOLEAN queued = start(fx_handle(Timer, FX_TIMER), DueTime);
    gate_leave(queued);
    return queued;
}

static BOOLEAN stop(struct fx_timer *t, BOOLEAN wait)
{
    if (!wait)
        return ke_cancel_timer(&t->timer);
    if (ke_get_current_irql() > PASSIVE_LEVEL)
        fx_misuse("V-WDF-35", "WdfTimerStop waits at IRQL %u", ke_get_current_irql());
    if (in_own_callback(t))
        fx_misuse("K-TMR-3", "WdfTimerStop waits for timer #%u inside its own callback", t->object.number);
    t->stopping++;
    t->start_suppressed = false;
    BOOLEAN removed = ke_cancel_timer(&t->timer);
    wait_idle(t);
    t->stopping--;
    return removed || t->start_suppressed;
}

BOOLEAN wdf_WdfTimerStop(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer, BOOLEAN Wait)
{
    gate_enter(DDI_WdfTimerStop, trace_object(Timer), Wait);
    BOOLEAN removed = stop(fx_handle(Timer, FX_TIMER), Wait);
    gate_leave(removed);
    return removed;
}

WDFOBJECT wdf_WdfTimerGetParentObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer)
{
    gate_enter(DDI_WdfTimerGetParentObject, trace_object(Timer), 0);
    struct fx_timer *t = fx_handle(Timer, FX_TIMER);
    gate_leave(trace_object(t->parent));
    return t->parent;
}
