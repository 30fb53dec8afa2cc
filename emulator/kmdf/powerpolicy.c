/*
 * Power policy (K-PNP-73..88): when the owner of a stack's power policy goes to Dx and back.
 *
 * Principle of operation. Three reasons move a started device: system sleep, idling (no power reference for the time-out), and a reference that
 * needs D0. All decisions are taken by decide(), on one work item per device, except for the system IRP that sleeps, which waits in its own
 * thread. A decision holds the power lock while it asks for the device IRP and waits for it.
 *
 * Internal design. References, the idle timer and system resume only queue the work item; it looks at the state again each time, so that nothing
 * is lost when several reasons come together. fx_policy_stop() makes further work do nothing and waits for the one that runs.
 */
#include "device.h"

#include "../nt/cm/cm.h"

#define DEFAULT_TIMEOUT_MS 5000

/* ---- Device power IRPs of our own ---- */

struct ask {
    KEVENT done;
    NTSTATUS status;
};

static VOID NTAPI answered(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    struct ask *ask = context;
    ask->status = iosb->Status;
    ke_set_event(&ask->done, 0, FALSE);
}

/* fx_power_dispatch() does the work when the IRP arrives. */
static NTSTATUS ask_for(struct fx_device *device, DEVICE_POWER_STATE state)
{
    struct ask ask;
    ke_initialize_event(&ask.done, NotificationEvent, FALSE);
    device->own->own_power_irp = true;
    NTSTATUS status = po_request_power_irp(device->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = state}, answered, &ask, NULL);
    if (status == STATUS_PENDING) {
        ke_wait_internal(&ask.done, "the device power IRP the framework asked for");
        status = ask.status;
    }
    device->own->own_power_irp = false;
    return status;
}

/* ---- Wake ---- */

static NTSTATUS call_arm(struct fx_device *device, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE))
{
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void call_void(struct fx_device *device, uint16_t ddi, VOID (*routine)(WDFDEVICE))
{
    if (!routine)
        return;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
}

static void queue_work(struct fx_device *device);

static VOID NTAPI wake_completed(PDEVICE_OBJECT pdo, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    struct fx_device *device = context;
    device->own->wait_wake = NULL;
    if (NT_SUCCESS(iosb->Status)) {
        device->own->wake_triggered = true;
        queue_work(device);
    }
    ke_set_event(&device->own->wake_sent, 0, FALSE);
    ke_set_event(&device->own->wake_done, 0, FALSE);
}

/* The driver arms when the IRP is with the bus, not before (K-PNP-80). False: the bus refused it. */
static bool send_wait_wake(struct fx_device *device, SYSTEM_POWER_STATE deepest)
{
    struct fx_device_private *own = device->own;
    ke_reset_event(&own->wake_sent);
    ke_reset_event(&own->wake_done);
    NTSTATUS status = po_request_power_irp(device->pdo, IRP_MN_WAIT_WAKE, (POWER_STATE){.SystemState = deepest}, wake_completed, device,
                                           &own->wait_wake);
    if (status != STATUS_PENDING) {
        ke_set_event(&own->wake_done, 0, FALSE);
        return false;
    }
    ke_wait_internal(&own->wake_sent, "the wait-wake IRP to reach the bus");
    return own->wait_wake || own->wake_triggered;
}

NTSTATUS fx_policy_wait_wake_irp(struct fx_device *device, PIRP irp)
{
    bool ours = irp == device->own->wait_wake;
    NTSTATUS status = device->own->as_pdo ? fx_pdo_wait_wake(device, irp) : fx_forward(device, irp);
    if (ours)
        ke_set_event(&device->own->wake_sent, 0, FALSE);
    return status;
}

static void cancel_wait_wake(struct fx_device *device)
{
    if (device->own->wait_wake)
        io_cancel_irp(device->own->wait_wake);
    ke_wait_internal(&device->own->wake_done, "the wait-wake IRP to end");
}

static NTSTATUS arm_s0(struct fx_device *device)
{
    if (!send_wait_wake(device, PowerSystemWorking))
        return STATUS_UNSUCCESSFUL;
    NTSTATUS status = call_arm(device, DDI_EvtDeviceArmWakeFromS0, device->own->init->policy.EvtDeviceArmWakeFromS0);
    if (NT_SUCCESS(status))
        status = fx_pdo_enable_wake(device, PowerSystemWorking); /* a PDO is its own bus (K-PNP-80) */
    if (NT_SUCCESS(status))
        device->own->armed_s0 = true;
    else
        cancel_wait_wake(device); /* K-PNP-81: no disarm */
    return status;
}

static void arm_sx(struct fx_device *device, SYSTEM_POWER_STATE state)
{
    const WDF_POWER_POLICY_EVENT_CALLBACKS *c = &device->own->init->policy;
    NTSTATUS status;
    if (!send_wait_wake(device, state))
        return;
    if (c->EvtDeviceArmWakeFromSxWithReason) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDeviceArmWakeFromSxWithReason, c->EvtDeviceArmWakeFromSxWithReason, device);
        status = c->EvtDeviceArmWakeFromSxWithReason((WDFDEVICE)device, TRUE, FALSE);
        callback_leave(&frame, (ULONG)status);
    } else {
        status = call_arm(device, DDI_EvtDeviceArmWakeFromSx, c->EvtDeviceArmWakeFromSx);
    }
    if (NT_SUCCESS(status))
        status = fx_pdo_enable_wake(device, state);
    if (NT_SUCCESS(status)) {
        device->own->armed_sx = true;
        return;
    }
    cancel_wait_wake(device);
    call_void(device, DDI_EvtDeviceDisarmWakeFromSx, c->EvtDeviceDisarmWakeFromSx); /* K-PNP-81 */
}

/* K-PNP-82 */
void fx_policy_wake_window(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    const WDF_POWER_POLICY_EVENT_CALLBACKS *c = &own->init->policy;
    if (!own->armed_s0 && !own->armed_sx)
        return;
    cancel_wait_wake(device);
    fx_pdo_disable_wake(device);
    if (own->armed_s0) {
        if (own->wake_triggered)
            call_void(device, DDI_EvtDeviceWakeFromS0Triggered, c->EvtDeviceWakeFromS0Triggered);
        call_void(device, DDI_EvtDeviceDisarmWakeFromS0, c->EvtDeviceDisarmWakeFromS0);
    } else {
        if (own->wake_triggered)
            call_void(device, DDI_EvtDeviceWakeFromSxTriggered, c->EvtDeviceWakeFromSxTriggered);
        call_void(device, DDI_EvtDeviceDisarmWakeFromSx, c->EvtDeviceDisarmWakeFromSx);
    }
    own->armed_s0 = own->armed_sx = own->wake_triggered = false;
}

/* ---- Transitions, with the power lock held ---- */

static void rests_in(struct fx_device *device, WDF_DEVICE_POWER_POLICY_STATE state)
{
    fx_policy_enters(device, state);
    fx_state_rests(device, FX_MACHINE_POLICY);
}

/* Where a started device in D0 waits for a reason to go down. */
static void rests_in_d0(struct fx_device *device)
{
    const struct fx_idle *idle = &device->own->idle;
    fx_policy_enters(device, WdfDevStatePwrPolStartingDecideS0Wake);
    rests_in(device, !idle->enabled                                      ? WdfDevStatePwrPolStarted
                     : idle->settings.IdleCaps == IdleCannotWakeFromS0 ? WdfDevStatePwrPolStartedIdleCapable
                                                                       : WdfDevStatePwrPolStartedWakeCapable);
}

/* False: the arming failed and the device has to come up again at once (K-PNP-81). */
static bool go_idle(struct fx_device *device)
{
    struct fx_idle *idle = &device->own->idle;
    bool wakes = idle->settings.IdleCaps == IdleCanWakeFromS0, armed = true;
    fx_policy_enters(device, wakes ? WdfDevStatePwrPolTimerExpiredWakeCapablePowerDown : WdfDevStatePwrPolTimerExpiredNoWake);
    bool fine = fx_power_down_io(device);
    fx_policy_enters(device, wakes ? WdfDevStatePwrPolTimerExpiredWakeCapableSendWake : WdfDevStatePwrPolTimerExpiredNoWakeCompletePowerDown);
    if (wakes)
        armed = NT_SUCCESS(arm_s0(device));
    if (wakes)
        fx_policy_enters(device, armed ? WdfDevStatePwrPolWakeCapableDeviceIdle : WdfDevStatePwrPolTimerExpiredWakeCapableWakeFailed);
    ask_for(device, idle->dx);
    rests_in(device, wakes ? WdfDevStatePwrPolWaitingArmed : WdfDevStatePwrPolWaitingUnarmed);
    if (!fine)
        fx_pnp_device_failed(device);
    return armed;
}

static bool sleeping(const struct fx_device *device) { return device->own->system_state > PowerSystemWorking; }

static bool wake_enabled(const struct fx_device *device)
{
    return device->own->wake_assigned && device->own->wake.Enabled != WdfFalse;
}

static void go_to_sleep(struct fx_device *device, SYSTEM_POWER_STATE state)
{
    bool arms = wake_enabled(device) && state < PowerSystemShutdown;
    if (!device->own->in_d0 && !device->own->power_failed && arms) {
        fx_policy_enters(device, WdfDevStatePwrPolSystemSleepNeedWake);
        ask_for(device, PowerDeviceD0); /* K-PNP-74: up, and down again armed for this sleep */
    }
    if (!device->own->in_d0) {
        rests_in(device, WdfDevStatePwrPolSystemAsleepNoWake);
        return; /* without wake it stays in its Dx */
    }
    fx_policy_enters(device, arms ? WdfDevStatePwrPolSleepingWakePowerDown : WdfDevStatePwrPolSleepingNoWakeCompletePowerDown);
    bool fine = fx_power_down_io(device);
    DEVICE_POWER_STATE dx = PowerDeviceD3;
    if (arms) {
        fx_policy_enters(device, WdfDevStatePwrPolSleepingSendWake);
        arm_sx(device, state);
        fx_policy_enters(device, device->own->armed_sx ? WdfDevStatePwrPolSleepingWakeWakeArrived : WdfDevStatePwrPolSleepingWakeRevertArmWake);
        dx = device->own->wake.DxState != PowerDeviceMaximum ? device->own->wake.DxState : fx_capabilities_wake_state(device, state);
    }
    ask_for(device, dx);
    rests_in(device, device->own->armed_sx ? WdfDevStatePwrPolSystemAsleepWakeArmed : WdfDevStatePwrPolSystemAsleepNoWake);
    if (!fine)
        fx_pnp_device_failed(device);
}

/* What leads a waiting device up, and what completes it. */
static void come_up(struct fx_device *device)
{
    static const struct { WDF_DEVICE_POWER_POLICY_STATE waits, goes, ends; } ways[] = {
        {WdfDevStatePwrPolWaitingUnarmed, WdfDevStatePwrPolS0NoWakePowerUp, WdfDevStatePwrPolS0NoWakeCompletePowerUp},
        {WdfDevStatePwrPolWaitingArmed, WdfDevStatePwrPolIoPresentArmed, WdfDevStatePwrPolS0WakeCompletePowerUp},
        {WdfDevStatePwrPolSystemAsleepNoWake, WdfDevStatePwrPolSystemWakeDeviceToD0, WdfDevStatePwrPolSystemWakeDeviceToD0CompletePowerUp},
        {WdfDevStatePwrPolSystemAsleepWakeArmed, WdfDevStatePwrPolSystemWakeDeviceWakeEnabled,
         WdfDevStatePwrPolSystemWakeDeviceWakeCompletePowerUp},
    };
    ULONG waits = device->own->states[FX_MACHINE_POLICY].now;
    unsigned i = 0;
    while (i < sizeof ways / sizeof ways[0] - 1 && (ULONG)ways[i].waits != waits)
        i++;
    fx_policy_enters(device, ways[i].goes);
    ask_for(device, PowerDeviceD0);
    device->own->system_action = PowerActionNone;
    fx_policy_enters(device, ways[i].ends);
}

/* ---- Decisions ---- */

static ULONG timeout_of(const struct fx_idle *idle) { return idle->settings.IdleTimeout ? idle->settings.IdleTimeout : DEFAULT_TIMEOUT_MS; }

static void start_idle_timer(struct fx_device *device)
{
    struct fx_idle *idle = &device->own->idle;
    if (!idle->enabled || device->own->power_references || !device->own->policy_started || !device->own->in_d0)
        return;
    ke_set_timer_ex(&idle->timer, (LARGE_INTEGER){.QuadPart = -(LONGLONG)timeout_of(idle) * (LONGLONG)CLOCK_MS}, 0, &idle->dpc);
}

static bool needs_d0(const struct fx_device *device)
{
    const struct fx_device_private *own = device->own;
    return own->power_references > 0 || !own->idle.enabled || own->wake_triggered || own->resume_due;
}

/* One step towards what is wanted; false when there is nothing more to do. */
static bool decide(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (!own->policy_started || own->power_failed || own->failed || sleeping(device))
        return false;
    if (!own->in_d0 && needs_d0(device)) {
        own->resume_due = false;
        come_up(device);
        rests_in_d0(device);
        start_idle_timer(device);
        return true;
    }
    own->resume_due = false;
    if (own->in_d0 && own->idle.due && !needs_d0(device)) {
        own->idle.due = false;
        if (!go_idle(device)) {
            come_up(device);
            rests_in_d0(device);
        }
        return true;
    }
    return false;
}

static void work(void *context)
{
    struct fx_device *device = context;
    struct fx_device_private *own = device->own;
    bool more = true;
    while (more || own->policy_again) { /* one item at a time: several would use up the workers that power IRPs need */
        own->policy_again = false;
        fx_power_lock(device);
        more = decide(device);
        fx_power_unlock(device);
    }
    own->policy_work_queued = false;
    ke_set_event(&own->policy_done, 0, FALSE);
}

static void queue_work(struct fx_device *device)
{
    if (!device->own->policy_started)
        return;
    device->own->policy_again = true;
    if (device->own->policy_work_queued)
        return;
    device->own->policy_work_queued = true;
    ke_reset_event(&device->own->policy_done);
    ex_queue_work(&device->own->policy_work);
}

static VOID NTAPI idle_expired(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_device *device = context;
    if (device->own->power_references)
        return;
    device->own->idle.due = true;
    queue_work(device);
}

/* ---- References ---- */

void fx_power_reference(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (own->power_references++ > 0 || !own->policy_started)
        return;
    if (own->idle.enabled) {
        own->idle.due = false;
        ke_cancel_timer(&own->idle.timer);
    }
    if (!own->in_d0 || own->leaving_d0)
        queue_work(device);
}

void fx_power_dereference(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (own->power_references == 0)
        fx_misuse("K-PNP-84", "%s: a power reference is dropped that was not taken", gate_where(ctx_current()));
    if (--own->power_references == 0 && own->idle.enabled)
        start_idle_timer(device);
}

static bool stays_in_d0(const struct fx_device *device) { return device->own->in_d0 && !device->own->leaving_d0; }

NTSTATUS fx_policy_wait_for_d0(struct fx_device *device)
{
    if (stays_in_d0(device))
        return STATUS_SUCCESS;
    ke_wait_internal(&device->own->d0, "the device to reach D0");
    return device->own->in_d0 ? STATUS_SUCCESS : STATUS_POWER_STATE_INVALID;
}

NTSTATUS fx_policy_ensure_d0(struct fx_device *device)
{
    if (!device->power_policy_owner)
        return STATUS_SUCCESS;
    fx_power_reference(device);
    device->own->query_reference = true;
    NTSTATUS status = device->own->power_failed ? STATUS_POWER_STATE_INVALID : fx_policy_wait_for_d0(device);
    if (!NT_SUCCESS(status)) {
        device->own->query_reference = false;
        fx_power_dereference(device);
    }
    return status;
}

/* ---- Life of a device ---- */

void fx_policy_init(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    own->policy_work = (struct ex_work){.run = work, .context = device};
    own->system_state = PowerSystemWorking;
    own->system_action = PowerActionNone;
    ke_initialize_event(&own->power_free, SynchronizationEvent, TRUE);
    ke_initialize_event(&own->policy_done, NotificationEvent, TRUE);
    ke_initialize_event(&own->wake_done, NotificationEvent, TRUE);
    ke_initialize_event(&own->wake_sent, NotificationEvent, TRUE);
    ke_initialize_event(&own->d0, NotificationEvent, FALSE);
}

void fx_policy_starting(struct fx_device *device) { fx_policy_enters(device, WdfDevStatePwrPolStarting); }

void fx_policy_started(struct fx_device *device)
{
    if (!device->power_policy_owner)
        return;
    device->own->policy_started = true;
    fx_policy_enters(device, WdfDevStatePwrPolStartingSucceeded);
    rests_in_d0(device);
    start_idle_timer(device);
}

/* The way back from Dx of a device that is stopped: through D0, or, when it is gone, without it. */
static void leave_dx(struct fx_device *device, bool wake_up)
{
    struct fx_device_private *own = device->own;
    if (own->in_d0)
        return;
    if (wake_up && !own->power_failed && !sleeping(device)) {
        fx_power_lock(device);
        come_up(device);
        fx_power_unlock(device);
    }
    if (!own->in_d0 && (own->armed_s0 || own->armed_sx)) {
        cancel_wait_wake(device);
        fx_pdo_disable_wake(device);
        own->armed_s0 = own->armed_sx = false;
    }
}

void fx_policy_stop(struct fx_device *device, bool wake_up)
{
    struct fx_device_private *own = device->own;
    if (!own->policy_started)
        return;
    own->policy_started = false;
    if (own->idle.assigned) {
        ke_cancel_timer(&own->idle.timer);
        ke_flush_queued_dpcs();
    }
    ke_wait_internal(&own->policy_done, "the device's power policy to come to rest");
    own->idle.due = false;
    leave_dx(device, wake_up);
    fx_policy_enters(device, WdfDevStatePwrPolStopping);
    rests_in(device, WdfDevStatePwrPolStopped);
}

/* K-PNP-76 */
bool fx_policy_refuses(const struct fx_device *device, SYSTEM_POWER_STATE state)
{
    return device->power_policy_owner && wake_enabled(device) && fx_capabilities_forbid_sleep(device, state);
}

NTSTATUS fx_policy_system_irp(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    SYSTEM_POWER_STATE state = stack->Parameters.Power.State.SystemState;
    if (!own->policy_started)
        return fx_forward(device, irp);
    if (state == PowerSystemWorking) { /* not delayed by the device's own way up (K-PNP-73) */
        own->system_state = state;
        own->resume_due = !own->idle.enabled || own->armed_sx || own->idle.settings.PowerUpIdleDeviceOnSystemWake != WdfFalse ||
                          own->idle.settings.IdleCaps != IdleCannotWakeFromS0;
        queue_work(device);
        return fx_forward(device, irp);
    }
    NTSTATUS status = fx_forward_and_wait(device, irp);
    own->system_action = stack->Parameters.Power.ShutdownType;
    fx_power_lock(device);
    own->system_state = state;
    go_to_sleep(device, state);
    fx_power_unlock(device);
    return fx_complete(irp, status);
}

/* ---- DDIs ---- */

static NTSTATUS check_idle(const struct fx_device *device, const WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS *s)
{
    const struct fx_idle *idle = &device->own->idle;
    if (!device->power_policy_owner)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (s->Size != sizeof *s)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (s->IdleCaps < IdleCannotWakeFromS0 || s->IdleCaps > IdleUsbSelectiveSuspend)
        return STATUS_INVALID_PARAMETER;
    if (s->DxState < PowerDeviceD1 || s->DxState > PowerDeviceMaximum || s->Enabled > WdfUseDefault ||
        s->PowerUpIdleDeviceOnSystemWake > WdfUseDefault || (ULONG)s->IdleTimeoutType > SystemManagedIdleTimeoutWithHint ||
        s->UserControlOfIdleSettings < IdleDoNotAllowUserControl || s->UserControlOfIdleSettings > IdleAllowUserControl)
        return STATUS_INVALID_PARAMETER;
    if (s->IdleCaps == IdleUsbSelectiveSuspend && s->DxState == PowerDeviceD3)
        return STATUS_POWER_STATE_INVALID;
    if (s->IdleCaps != IdleCannotWakeFromS0 && fx_capabilities_forbid_wake(device, s->DxState))
        return STATUS_POWER_STATE_INVALID;
    if (idle->assigned && idle->settings.IdleTimeoutType != s->IdleTimeoutType)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

/* K-PNP-78: the administrator's word, or the INF's. */
static bool idles_by_default(const struct fx_device *device)
{
    return !device->node || cm_device_number(device->node, device->object.driver->nt->image, "WDF", "IdleInWorkingState", TRUE) != 0;
}

static void assign_idle(struct fx_device *device, const WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS *s)
{
    struct fx_idle *idle = &device->own->idle;
    if (!idle->assigned) {
        ke_initialize_timer_ex(&idle->timer, NotificationTimer);
        ke_initialize_dpc(&idle->dpc, idle_expired, device);
    }
    idle->assigned = true;
    idle->settings = *s;
    idle->enabled = s->Enabled == WdfUseDefault ? idles_by_default(device) : s->Enabled == WdfTrue;
    if (device->node)
        device->node->idle_ms = idle->enabled ? timeout_of(idle) : 0;
    idle->dx = s->DxState == PowerDeviceMaximum ? (s->IdleCaps == IdleCannotWakeFromS0 ? PowerDeviceD3 : PowerDeviceD2) : s->DxState;
    ke_cancel_timer(&idle->timer);
    idle->due = false;
    if (idle->enabled)
        start_idle_timer(device);
    else if (device->own->policy_started && !device->own->in_d0)
        queue_work(device);
}

NTSTATUS wdf_WdfDeviceAssignS0IdleSettings(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_POWER_POLICY_IDLE_SETTINGS Settings)
{
    gate_enter(DDI_WdfDeviceAssignS0IdleSettings, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Settings, "Settings");
    NTSTATUS status = check_idle(device, Settings);
    if (NT_SUCCESS(status) && choose_fault(DDI_WdfDeviceAssignS0IdleSettings))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status))
        assign_idle(device, Settings);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS check_wake(const struct fx_device *device, const WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS *s)
{
    if (!device->power_policy_owner)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (s->Size != sizeof *s)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (s->DxState < PowerDeviceD0 || s->DxState > PowerDeviceMaximum || s->Enabled > WdfUseDefault ||
        s->UserControlOfWakeSettings < WakeDoNotAllowUserControl || s->UserControlOfWakeSettings > WakeAllowUserControl)
        return STATUS_INVALID_PARAMETER;
    return fx_capabilities_forbid_wake(device, s->DxState) ? STATUS_POWER_STATE_INVALID : STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDeviceAssignSxWakeSettings(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_POWER_POLICY_WAKE_SETTINGS Settings)
{
    gate_enter(DDI_WdfDeviceAssignSxWakeSettings, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Settings, "Settings");
    NTSTATUS status = check_wake(device, Settings);
    if (NT_SUCCESS(status) && choose_fault(DDI_WdfDeviceAssignSxWakeSettings))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        device->own->wake = *Settings;
        device->own->wake_assigned = true;
    }
    gate_leave((ULONG)status);
    return status;
}

/* K-PNP-83 */
static NTSTATUS stop_idle(struct fx_device *device, BOOLEAN wait)
{
    struct fx_device_private *own = device->own;
    if (!device->power_policy_owner)
        return STATUS_INVALID_DEVICE_STATE;
    if (!own->policy_started || own->power_failed)
        return STATUS_POWER_STATE_INVALID;
    fx_power_reference(device);
    own->idle_stops++;
    if (stays_in_d0(device))
        return STATUS_SUCCESS;
    if (!wait)
        return STATUS_PENDING;
    NTSTATUS status = fx_policy_wait_for_d0(device);
    if (!NT_SUCCESS(status)) {
        fx_power_dereference(device);
        own->idle_stops--;
    }
    return status;
}

static void resume_idle(struct fx_device *device)
{
    device->own->idle_stops--;
    fx_power_dereference(device);
}

/* A driver may want its device never to idle again, so it is told only who asks. */
void fx_policy_check_references(const struct fx_device *device)
{
    unsigned stops = device->own->idle_stops;
    if (machine_lints & LINT_POWER && stops)
        fx_misuse("K-PNP-84", "device #%u of %s is removed, and %u call(s) of WdfDeviceStopIdle had no WdfDeviceResumeIdle: it could not idle any more",
                  device->object.number, device->object.driver->globals.DriverName, stops);
}

NTSTATUS wdf_WdfDeviceStopIdleNoTrack(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, BOOLEAN WaitForD0)
{
    gate_enter(DDI_WdfDeviceStopIdleNoTrack, trace_object(Device), WaitForD0);
    NTSTATUS status = stop_idle(fx_handle(Device, FX_DEVICE), WaitForD0);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceResumeIdleNoTrack(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    gate_enter(DDI_WdfDeviceResumeIdleNoTrack, trace_object(Device), 0);
    resume_idle(fx_handle(Device, FX_DEVICE));
    gate_leave(0);
}

NTSTATUS wdf_WdfDeviceStopIdleActual(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, BOOLEAN WaitForD0, PVOID Tag, LONG Line, PCSTR File)
{
    gate_enter(DDI_WdfDeviceStopIdleActual, trace_object(Device), WaitForD0);
    NTSTATUS status = stop_idle(fx_handle(Device, FX_DEVICE), WaitForD0);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceResumeIdleActual(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PVOID Tag, LONG Line, PCSTR File)
{
    gate_enter(DDI_WdfDeviceResumeIdleActual, trace_object(Device), 0);
    resume_idle(fx_handle(Device, FX_DEVICE));
    gate_leave(0);
}
