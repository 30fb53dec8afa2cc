/*
 * PnP IRPs of all devices (K-PNP-10..15, 30..33, 40..66); what only a PDO answers is in pdo.c.
 *
 * The PnP manager sends one state-changing IRP at a time, at PASSIVE_LEVEL; each is processed in its thread.
 */
#include "device.h"

static const WDF_PNPPOWER_EVENT_CALLBACKS *callbacks(const struct fx_device *device) { return &device->own->init->pnp; }

static void enters(struct fx_device *device, WDF_DEVICE_PNP_STATE state) { fx_state_enters(device, FX_MACHINE_PNP, state); }

/* The machine waits there for what comes next. */
static void rests_in(struct fx_device *device, WDF_DEVICE_PNP_STATE state)
{
    enters(device, state);
    fx_state_rests(device, FX_MACHINE_PNP);
}

/* Started, or on the way to being stopped or removed: hardware may be prepared. */
static bool is_running(const struct fx_device *device)
{
    enum fx_pnp_state s = device->own->state;
    return s == FX_PNP_STARTED || s == FX_PNP_QUERY_STOP || s == FX_PNP_QUERY_REMOVE;
}

void fx_pnp_added(struct fx_device *device) { rests_in(device, WdfDevStatePnpInit); }

void fx_pnp_device_failed(struct fx_device *device)
{
    device->own->failed = true;
    ke_set_event(&device->own->d0, 0, FALSE); /* it will not get there: who waits need not */
    if (!device->node)
        return;
    device->node->failed = true;
    pnp_invalidate_state(device->node);
}

/* ---- Hardware ---- */

static void free_resource_lists(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (own->raw)
        fx_object_delete(own->raw);
    if (own->translated)
        fx_object_delete(own->translated);
    own->raw = own->translated = NULL;
}

static NTSTATUS make_resource_lists(struct fx_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    NTSTATUS status = fx_cm_list_create(device, stack->Parameters.StartDevice.AllocatedResources, &device->own->raw);
    if (NT_SUCCESS(status))
        status = fx_cm_list_create(device, stack->Parameters.StartDevice.AllocatedResourcesTranslated, &device->own->translated);
    if (NT_SUCCESS(status))
        fx_interrupts_assign(device);
    else
        free_resource_lists(device);
    return status;
}

static NTSTATUS prepare_hardware(struct fx_device *device)
{
    PFN_WDF_DEVICE_PREPARE_HARDWARE routine = callbacks(device)->EvtDevicePrepareHardware;
    device->own->hardware_prepared = true;
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDevicePrepareHardware, routine, device);
    device->own->preparing = true;
    NTSTATUS status = routine((WDFDEVICE)device, (WDFCMRESLIST)device->own->raw, (WDFCMRESLIST)device->own->translated);
    device->own->preparing = false;
    callback_leave(&frame, (ULONG)status);
    return status;
}

static NTSTATUS release_hardware(struct fx_device *device)
{
    PFN_WDF_DEVICE_RELEASE_HARDWARE routine = callbacks(device)->EvtDeviceReleaseHardware;
    NTSTATUS status = STATUS_SUCCESS;
    if (!device->own->hardware_prepared)
        return status;
    device->own->hardware_prepared = false;
    fx_interrupts_disconnect(device);
    if (routine) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDeviceReleaseHardware, routine, device);
        status = routine((WDFDEVICE)device, (WDFCMRESLIST)device->own->translated);
        callback_leave(&frame, (ULONG)status);
    }
    fx_interrupts_release(device);
    free_resource_lists(device);
    return status;
}

/* K-PNP-41 */
static void cleanup_for_remove(struct fx_device *device)
{
    fx_wmi_deregister(device);
    fx_interfaces_disable(device);
    if (!device->own->as_pdo) /* a PDO's goes when it is missing (K-DRV-50) */
        fx_symbolic_link_delete(device);
    fx_queues_purge(device, true);
    fx_smio_flush(device);
}

/* ---- Start ---- */

static NTSTATUS start_failed(struct fx_device *device, PIRP irp, NTSTATUS status)
{
    enters(device, WdfDevStatePnpFailedOwnHardware);
    release_hardware(device);
    enters(device, WdfDevStatePnpFailed);
    cleanup_for_remove(device);
    device->own->state = FX_PNP_FAILED;
    rests_in(device, WdfDevStatePnpFailedWaitForRemove);
    return fx_complete(irp, status);
}

static NTSTATUS power_up_locked(struct fx_device *device)
{
    fx_policy_starting(device);
    fx_power_lock(device);
    NTSTATUS status = fx_power_up(device);
    fx_power_unlock(device);
    return status;
}

static void power_down_locked(struct fx_device *device)
{
    fx_power_lock(device);
    if (device->own->in_d0)
        device->own->failed |= !fx_power_stop(device);
    fx_power_unlock(device);
}

static void drop_query_reference(struct fx_device *device)
{
    if (!device->own->query_reference)
        return;
    device->own->query_reference = false;
    fx_power_dereference(device);
}

/* A PDO that was removed, but not from its bus, is as new, but for what its driver made at creation (K-PNP-65). */
static void begin_again(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    own->failed = own->power_failed = false;
    own->accepts_creates = true;
    own->system_state = PowerSystemWorking;
    fx_queues_reopen(device);
}

/* A START without a STOP before it: the resources may be others (K-PNP-15). False: the device failed on its way down. */
static bool stop_for_restart(struct fx_device *device)
{
    enters(device, WdfDevStatePnpRestart);
    fx_policy_stop(device, true);
    drop_query_reference(device);
    power_down_locked(device);
    bool fine = NT_SUCCESS(release_hardware(device)) && !device->own->failed;
    device->own->state = FX_PNP_STOPPED;
    return fine;
}

/* The last step of the first start: whoever looks for the device finds it. */
static NTSTATUS announce(struct fx_device *device)
{
    enters(device, WdfDevStatePnpEnableInterfaces);
    fx_interfaces_enable(device);
    NTSTATUS status = fx_wmi_register(device);
    if (NT_SUCCESS(status))
        return status;
    enters(device, WdfDevStatePnpFailedIoStarting);
    power_down_locked(device);
    return status;
}

static NTSTATUS start(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    if (own->state == FX_PNP_FAILED) {
        enters(device, WdfDevStatePnpFailedStarted);
        rests_in(device, WdfDevStatePnpFailedWaitForRemove);
        return fx_complete(irp, STATUS_INVALID_DEVICE_STATE); /* K-PNP-22 */
    }
    if (is_running(device) && !stop_for_restart(device))
        return start_failed(device, irp, STATUS_DEVICE_POWER_FAILURE);
    bool again = own->state == FX_PNP_REMOVED_WAITS, first = own->state == FX_PNP_INIT || again;
    if (again)
        begin_again(device);
    if (own->as_pdo)
        irp->IoStatus.Status = STATUS_SUCCESS; /* K-PNP-10 */
    enters(device, first ? WdfDevStatePnpInitStarting : WdfDevStatePnpStoppedWaitForStartCompletion);
    NTSTATUS status = fx_start_lower(device, irp);
    if (NT_SUCCESS(status))
        status = make_resource_lists(device, irp);
    if (!NT_SUCCESS(status)) {
        rests_in(device, first ? WdfDevStatePnpInit : WdfDevStatePnpStopped);
        return fx_complete(irp, status);
    }
    own->state = FX_PNP_STARTING;
    enters(device, first ? WdfDevStatePnpHardwareAvailable : WdfDevStatePnpStartingFromStopped);
    status = prepare_hardware(device);
    if (NT_SUCCESS(status))
        status = fx_capabilities_query(device);
    if (!NT_SUCCESS(status))
        return start_failed(device, irp, status);
    if (!first)
        enters(device, WdfDevStatePnpRestarting);
    status = power_up_locked(device);
    if (!NT_SUCCESS(status)) {
        enters(device, WdfDevStatePnpHardwareAvailablePowerPolicyFailed);
        return start_failed(device, irp, STATUS_DEVICE_POWER_FAILURE); /* K-PNP-6 */
    }
    own->state = FX_PNP_STARTED;
    status = first ? announce(device) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return start_failed(device, irp, status);
    fx_policy_started(device);
    rests_in(device, WdfDevStatePnpStarted);
    return fx_complete(irp, STATUS_SUCCESS);
}

/* ---- Query, cancel, stop ---- */

static NTSTATUS ask_driver(struct fx_device *device, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE))
{
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device);
    callback_leave(&frame, (ULONG)status);
    if (status == STATUS_NOT_SUPPORTED)
        fx_misuse("K-PNP-30", "%s returned STATUS_NOT_SUPPORTED", ddi_table[ddi].name);
    return status;
}

/* A query-stop or a query-remove. */
struct query {
    enum fx_pnp_state pending;
    uint16_t ddi;
    WDF_DEVICE_PNP_STATE checks, asks, waits, not_started, cancelled;
};
static const struct query query_stop = {FX_PNP_QUERY_STOP, DDI_EvtDeviceQueryStop, WdfDevStatePnpQueryStopStaticCheck,
                                        WdfDevStatePnpQueryStopAskDriver, WdfDevStatePnpQueryStopPending, WdfDevStatePnpNull,
                                        WdfDevStatePnpStartedCancelStop};
static const struct query query_remove = {FX_PNP_QUERY_REMOVE, DDI_EvtDeviceQueryRemove, WdfDevStatePnpQueryRemoveStaticCheck,
                                          WdfDevStatePnpQueryRemoveAskDriver, WdfDevStatePnpQueryRemovePending, WdfDevStatePnpInitQueryRemove,
                                          WdfDevStatePnpStartedCancelRemove};

static NTSTATUS may_go(struct fx_device *device, const struct query *q, NTSTATUS (*routine)(WDFDEVICE))
{
    enters(device, q->checks);
    if (device->own->static_stop_remove > 0)
        return STATUS_INVALID_DEVICE_STATE;
    if (fx_in_special_use(device))
        return STATUS_DEVICE_NOT_READY;
    enters(device, q->asks);
    NTSTATUS status = ask_driver(device, q->ddi, routine);
    return NT_SUCCESS(status) ? fx_policy_ensure_d0(device) : status;
}

/* K-PNP-30 */
static NTSTATUS query(struct fx_device *device, PIRP irp, const struct query *q, NTSTATUS (*routine)(WDFDEVICE))
{
    struct fx_device_private *own = device->own;
    if (own->state == FX_PNP_STARTED) {
        NTSTATUS status = may_go(device, q, routine);
        if (!NT_SUCCESS(status)) {
            rests_in(device, WdfDevStatePnpStarted);
            return fx_complete(irp, status);
        }
        own->state = q->pending;
        rests_in(device, q->waits);
    } else if (own->state == FX_PNP_INIT && q->not_started != WdfDevStatePnpNull) {
        rests_in(device, q->not_started);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_forward(device, irp);
}

static NTSTATUS cancel(struct fx_device *device, PIRP irp, const struct query *q)
{
    struct fx_device_private *own = device->own;
    irp->IoStatus.Status = STATUS_SUCCESS;
    if (own->state == FX_PNP_STARTED) {
        enters(device, q->cancelled);
        rests_in(device, WdfDevStatePnpStarted);
    } else if (own->states[FX_MACHINE_PNP].now == (ULONG)q->not_started) {
        enters(device, WdfDevStatePnpInitQueryRemoveCanceled);
        rests_in(device, WdfDevStatePnpInit);
    }
    if (own->state != q->pending)
        return fx_forward(device, irp);
    enters(device, WdfDevStatePnpQueryCanceled);
    NTSTATUS status = fx_forward_and_wait(device, irp);
    own->state = FX_PNP_STARTED;
    drop_query_reference(device);
    rests_in(device, WdfDevStatePnpStarted);
    return fx_complete(irp, status);
}

static NTSTATUS stop(struct fx_device *device, PIRP irp)
{
    if (is_running(device)) {
        enters(device, WdfDevStatePnpStartedStopping);
        fx_policy_stop(device, true);
        drop_query_reference(device);
        power_down_locked(device);
        enters(device, WdfDevStatePnpStopped);
        if (!NT_SUCCESS(release_hardware(device)) || device->own->failed)
            fx_pnp_device_failed(device);
        device->own->state = FX_PNP_STOPPED;
        fx_state_rests(device, FX_MACHINE_PNP);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_forward(device, irp);
}

/* ---- Removal ---- */

static void call_surprise_removal(struct fx_device *device)
{
    PFN_WDF_DEVICE_SURPRISE_REMOVAL routine = callbacks(device)->EvtDeviceSurpriseRemoval;
    if (!routine)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceSurpriseRemoval, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
}

/* K-PNP-50..52 */
static NTSTATUS surprise_removal(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    bool initial = own->state == FX_PNP_INIT, clean = own->state == FX_PNP_FAILED;
    if (own->state == FX_PNP_QUERY_STOP || own->state == FX_PNP_QUERY_REMOVE)
        enters(device, WdfDevStatePnpQueriedSurpriseRemove);
    enters(device, initial              ? WdfDevStatePnpInitSurpriseRemoved
                   : clean              ? WdfDevStatePnpFailedSurpriseRemoved
                   : is_running(device) ? WdfDevStatePnpSurpriseRemoveIoStarted
                                        : WdfDevStatePnpSurpriseRemove);
    if (!initial)
        call_surprise_removal(device);
    fx_bus_surprised(device);
    if (!initial && !clean) {
        drop_query_reference(device);
        fx_policy_stop(device, false);
        power_down_locked(device);
        fx_pdo_stop_wake(device);
        if (own->hardware_prepared)
            enters(device, WdfDevStatePnpFailedOwnHardware);
        release_hardware(device);
        enters(device, WdfDevStatePnpFailed);
        cleanup_for_remove(device);
        enters(device, WdfDevStatePnpFailedWaitForRemove);
    }
    fx_state_rests(device, FX_MACHINE_PNP);
    ke_set_event(&own->d0, 0, FALSE); /* who waits for D0 waits in vain */
    own->accepts_creates = false;
    own->state = FX_PNP_SURPRISE_REMOVED;
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_forward(device, irp);
}

static void wait_for_remove_lock(struct fx_device *device)
{
    device->own->removed = true;
    if (device->own->outstanding > 0)
        ke_wait_internal(&device->own->drained, "power and WMI IRPs to leave the device");
}

void fx_pnp_dispose(struct fx_device *device)
{
    fx_symbolic_link_delete(device);
    fx_bus_remove_children(device);
    fx_queues_purge(device, false);
    fx_smio_cleanup(device);
    fx_wmi_cleanup(device);
    fx_bus_wait_for_scans(device);
    fx_device_dispose_tree(device);
    wait_for_remove_lock(device);
}

static void removed_states(struct fx_device *device)
{
    enters(device, device->own->as_pdo ? WdfDevStatePnpCheckForDevicePresence : WdfDevStatePnpRemoved);
    fx_power_enters(device, WdfDevStatePowerFinal);
    fx_state_rests(device, FX_MACHINE_POWER);
    fx_policy_enters(device, WdfDevStatePwrPolRemoved);
    fx_state_rests(device, FX_MACHINE_POLICY);
}

/* K-PNP-40, 42, 43 */
static NTSTATUS remove_device(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    hb_acquire(&own->files);
    if (is_running(device)) {
        enters(device, own->state == FX_PNP_STARTED ? WdfDevStatePnpStartedRemoving : WdfDevStatePnpQueriedRemoving);
        fx_policy_stop(device, true);
        drop_query_reference(device);
        power_down_locked(device);
        release_hardware(device);
        enters(device, WdfDevStatePnpRemovingDisableInterfaces);
        cleanup_for_remove(device);
    } else if (own->state == FX_PNP_STOPPED) {
        enters(device, WdfDevStatePnpRemovingDisableInterfaces);
        cleanup_for_remove(device);
    }
    own->accepts_creates = false;
    fx_policy_stop(device, false);
    fx_pdo_stop_wake(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    removed_states(device);
    if (fx_pdo_stays(device)) {
        own->state = FX_PNP_REMOVED_WAITS;
        rests_in(device, WdfDevStatePnpRemovedPdoWait);
        own->changing = false;
        return fx_complete(irp, STATUS_SUCCESS);
    }
    own->state = FX_PNP_REMOVED;
    if (own->as_pdo) {
        enters(device, WdfDevStatePnpPdoRemoved);
        fx_object_reference(&device->object);
        fx_pdo_end(device);
        NTSTATUS status = fx_complete(irp, STATUS_SUCCESS);
        fx_object_dereference(&device->object);
        return status;
    }
    enters(device, WdfDevStatePnpFdoRemoved);
    fx_pnp_dispose(device);
    fx_policy_check_references(device);
    rests_in(device, WdfDevStatePnpFinal);
    NTSTATUS status = fx_forward(device, irp);
    fx_device_destroy(device);
    return status;
}

/* ---- Answers ---- */

static ULONG tri(WDF_TRI_STATE value, ULONG bit) { return value == WdfTrue ? bit : 0; }

static NTSTATUS query_device_state(struct fx_device *device, PIRP irp)
{
    const WDF_DEVICE_STATE *s = &device->own->device_state;
    ULONG bits = tri(s->Disabled, PNP_DEVICE_DISABLED) | tri(s->DontDisplayInUI, PNP_DEVICE_DONT_DISPLAY_IN_UI) | tri(s->Failed, PNP_DEVICE_FAILED) |
                 tri(s->Removed, PNP_DEVICE_REMOVED) | tri(s->NotDisableable, PNP_DEVICE_NOT_DISABLEABLE) |
                 tri(s->ResourcesChanged, PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED);
    if (device->own->failed)
        bits |= PNP_DEVICE_FAILED;
    if (bits) {
        irp->IoStatus.Information |= bits;
        irp->IoStatus.Status = STATUS_SUCCESS;
    }
    return fx_forward(device, irp);
}

#define APPLY(set, field)                        \
    if (own->set.field != WdfUseDefault)         \
        caps->field = own->set.field == WdfTrue

static void apply_pnp_caps(const struct fx_device_private *own, PDEVICE_CAPABILITIES caps)
{
    APPLY(pnp_caps, LockSupported);
    APPLY(pnp_caps, EjectSupported);
    APPLY(pnp_caps, Removable);
    APPLY(pnp_caps, DockDevice);
    APPLY(pnp_caps, UniqueID);
    APPLY(pnp_caps, SilentInstall);
    APPLY(pnp_caps, SurpriseRemovalOK);
    APPLY(pnp_caps, HardwareDisabled);
    APPLY(pnp_caps, NoDisplayInUI);
    if (own->pnp_caps.Address != (ULONG)-1)
        caps->Address = own->pnp_caps.Address;
    if (own->pnp_caps.UINumber != (ULONG)-1)
        caps->UINumber = own->pnp_caps.UINumber;
}

static void apply_power_caps(const struct fx_device_private *own, PDEVICE_CAPABILITIES caps)
{
    const WDF_DEVICE_POWER_CAPABILITIES *p = &own->power_caps;
    APPLY(power_caps, DeviceD1);
    APPLY(power_caps, DeviceD2);
    APPLY(power_caps, WakeFromD0);
    APPLY(power_caps, WakeFromD1);
    APPLY(power_caps, WakeFromD2);
    APPLY(power_caps, WakeFromD3);
    for (unsigned i = 0; i < PowerSystemMaximum; i++)
        if (p->DeviceState[i] != PowerDeviceMaximum)
            caps->DeviceState[i] = p->DeviceState[i];
    if (p->DeviceWake != PowerDeviceMaximum)
        caps->DeviceWake = p->DeviceWake;
    if (p->SystemWake != PowerSystemMaximum)
        caps->SystemWake = p->SystemWake;
    caps->D1Latency = p->D1Latency ? p->D1Latency : caps->D1Latency;
    caps->D2Latency = p->D2Latency ? p->D2Latency : caps->D2Latency;
    caps->D3Latency = p->D3Latency ? p->D3Latency : caps->D3Latency;
}

/* K-PNP-69 */
static NTSTATUS query_capabilities(struct fx_device *device, PIRP irp)
{
    const struct fx_device_private *own = device->own;
    if (!own->has_pnp_caps && !own->has_power_caps && !own->as_pdo)
        return fx_forward(device, irp);
    if (own->as_pdo)
        irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = fx_forward_and_wait(device, irp);
    PDEVICE_CAPABILITIES caps = io_get_current_irp_stack_location(irp)->Parameters.DeviceCapabilities.Capabilities;
    if (NT_SUCCESS(status) && own->has_pnp_caps)
        apply_pnp_caps(own, caps);
    if (NT_SUCCESS(status) && own->has_power_caps)
        apply_power_caps(own, caps);
    if (own->as_pdo && own->as_pdo->init->raw)
        caps->RawDeviceOK = 1;
    return fx_complete(irp, status);
}

/* The framework's own part of an answer that a function device or filter gives. */
static NTSTATUS add_relations(struct fx_device *device, PIRP irp)
{
    DEVICE_RELATION_TYPE type = io_get_current_irp_stack_location(irp)->Parameters.QueryDeviceRelations.Type;
    if (type == BusRelations && fx_bus_has_children(device))
        return fx_bus_answer(device, irp);
    if (type == RemovalRelations && device->own->removal.count)
        return fx_relations_answer(irp, &device->own->removal, NULL);
    return STATUS_SUCCESS;
}

static NTSTATUS query_relations(struct fx_device *device, PIRP irp)
{
    NTSTATUS status = add_relations(device, irp);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    PFN_WDF_DEVICE_RELATIONS_QUERY routine = callbacks(device)->EvtDeviceRelationsQuery;
    if (routine) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDeviceRelationsQuery, routine, device);
        routine((WDFDEVICE)device, io_get_current_irp_stack_location(irp)->Parameters.QueryDeviceRelations.Type);
        callback_leave(&frame, 0);
    }
    return fx_forward(device, irp);
}

/* ---- Dispatch ---- */

static NTSTATUS dispatch(struct fx_device *device, PIRP irp)
{
    const WDF_PNPPOWER_EVENT_CALLBACKS *c = callbacks(device);
    NTSTATUS status;
    if (device->own->as_pdo && fx_pdo_dispatch(device, irp, &status))
        return status;
    switch (io_get_current_irp_stack_location(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(device, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return query(device, irp, &query_stop, c->EvtDeviceQueryStop);
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return query(device, irp, &query_remove, c->EvtDeviceQueryRemove);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel(device, irp, &query_stop);
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return cancel(device, irp, &query_remove);
    case IRP_MN_STOP_DEVICE:
        return stop(device, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        return surprise_removal(device, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(device, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return query_device_state(device, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return query_capabilities(device, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return query_relations(device, irp);
    case IRP_MN_QUERY_INTERFACE:
        return fx_query_interface(device, irp);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return fx_usage_notification(device, irp);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return fx_filter_requirements(device, irp);
    default:
        return fx_forward(device, irp);
    }
}

static bool changes_state(UCHAR minor)
{
    return minor <= IRP_MN_CANCEL_STOP_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL; /* START .. CANCEL_STOP are the first seven */
}

NTSTATUS fx_pnp_dispatch(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    if (!device->node)
        device->node = pnp_devnode_of(device->pdo); /* a PDO's: it has one from its first IRP on */
    UCHAR minor = io_get_current_irp_stack_location(irp)->MinorFunction;
    if (!changes_state(minor))
        return dispatch(device, irp);
    if (own->changing)
        bugcheck(0x10D, 0xC, device->object.number, irp_info(irp)->number, 0, "K-PNP-5",
                 "a PnP IRP that changes the state of device #%u came while another one is being worked on", device->object.number);
    own->changing = true;
    NTSTATUS status = dispatch(device, irp);
    if (minor != IRP_MN_REMOVE_DEVICE) /* after that the device may be gone */
        own->changing = false;
    return status;
}
