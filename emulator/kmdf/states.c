/*
 * The states of a device's three machines as a driver may log them (K-PNP-4, K-DRV-33).
 *
 * Principle of operation. pnp.c, power.c and powerpolicy.c say which of the documented states they enter, and when they come to rest in one. Nothing
 * in the framework decides by them: they are for WdfDeviceGetDevicePnpState and its kin and for the notifications that a driver has registered.
 *
 * Internal design. A move is Leave(old), Enter(new), then what the caller does, then PostProcess(new): at the next move, or when the caller says that
 * the machine rests. With no registration a move is one store.
 */
#include "device.h"

/* ---- Registration ---- */

struct fx_state_watcher {
    struct fx_state_watcher *next;
    enum fx_machine machine;
    ULONG state, types;
    PFN_WDF_DEVICE_PNP_STATE_CHANGE_NOTIFICATION routine; /* of whatever machine: the three differ in their enumerations only */
};

NTSTATUS fx_states_register(PWDFDEVICE_INIT init, enum fx_machine machine, ULONG state, ULONG types, void *routine)
{
    static const struct { ULONG before, end; } range[FX_MACHINES] = {
        [FX_MACHINE_PNP] = {WdfDevStatePnpInvalid, WdfDevStatePnpNull},
        [FX_MACHINE_POWER] = {WdfDevStatePowerInvalid, WdfDevStatePowerNull},
        [FX_MACHINE_POLICY] = {WdfDevStatePwrPolInvalid, WdfDevStatePwrPolNull},
    };
    if (state <= range[machine].before || state >= range[machine].end || !types || types & ~(ULONG)StateNotificationAllStates)
        return STATUS_INVALID_PARAMETER;
    for (struct fx_state_watcher *w = init->watchers; w; w = w->next)
        if (w->machine == machine && w->state == state)
            w->types &= ~types; /* one callback of each type: the last one registered */
    struct fx_state_watcher *w = ex_system_alloc(sizeof *w);
    if (!w)
        return STATUS_INSUFFICIENT_RESOURCES;
    *w = (struct fx_state_watcher){.next = init->watchers, .machine = machine, .state = state, .types = types, .routine = routine};
    init->watchers = w;
    return STATUS_SUCCESS;
}

void fx_states_free(PWDFDEVICE_INIT init)
{
    while (init->watchers) {
        struct fx_state_watcher *w = init->watchers;
        init->watchers = w->next;
        ex_system_free(w);
    }
}

/* ---- Notification ---- */

static void tell(struct fx_device *device, enum fx_machine machine, ULONG of, ULONG type, ULONG from, ULONG to)
{
    static const uint16_t ddi[FX_MACHINES] = {
        [FX_MACHINE_PNP] = DDI_EvtDevicePnpStateChange,
        [FX_MACHINE_POWER] = DDI_EvtDevicePowerStateChange,
        [FX_MACHINE_POLICY] = DDI_EvtDevicePowerPolicyStateChange,
    };
    for (const struct fx_state_watcher *w = device->own->init->watchers; w; w = w->next) {
        if (w->machine != machine || w->state != of || !(w->types & type))
            continue;
        WDF_DEVICE_PNP_NOTIFICATION_DATA data = {.Type = (WDF_STATE_NOTIFICATION_TYPE)type};
        data.Data.EnterState.CurrentState = (WDF_DEVICE_PNP_STATE)from;
        if (type != StateNotificationPostProcessState)
            data.Data.EnterState.NewState = (WDF_DEVICE_PNP_STATE)to;
        struct callback_frame frame;
        callback_enter(&frame, ddi[machine], w->routine, device);
        w->routine((WDFDEVICE)device, &data);
        callback_leave(&frame, 0);
    }
}

void fx_states_begin(struct fx_device *device)
{
    struct fx_states *s = device->own->states;
    s[FX_MACHINE_PNP].now = WdfDevStatePnpObjectCreated;
    s[FX_MACHINE_POWER].now = WdfDevStatePowerObjectCreated;
    s[FX_MACHINE_POLICY].now = WdfDevStatePwrPolObjectCreated;
    for (enum fx_machine m = 0; m < FX_MACHINES; m++)
        s[m].rests = true;
}

void fx_state_rests(struct fx_device *device, enum fx_machine machine)
{
    struct fx_states *s = &device->own->states[machine];
    if (s->rests)
        return;
    s->rests = true;
    tell(device, machine, s->now, StateNotificationPostProcessState, s->now, 0);
}

void fx_state_enters(struct fx_device *device, enum fx_machine machine, ULONG state)
{
    struct fx_states *s = &device->own->states[machine];
    ULONG from = s->now;
    if (!device->own->init->watchers) {
        s->now = state;
        return;
    }
    fx_state_rests(device, machine);
    tell(device, machine, from, StateNotificationLeaveState, from, state);
    s->now = state;
    s->rests = false;
    tell(device, machine, state, StateNotificationEnterState, from, state);
}

void fx_power_enters(struct fx_device *device, WDF_DEVICE_POWER_STATE state)
{
    bool pageable = !device->wdm || device->wdm->Flags & DO_POWER_PAGABLE;
    WDF_DEVICE_POWER_STATE twin = (WDF_DEVICE_POWER_STATE)(state + 1);
    fx_state_enters(device, FX_MACHINE_POWER, !pageable && WdfDevStateIsNP(twin) && twin != WdfDevStatePowerGotoDxNPFailed ? twin : state);
}

/* The policy machine is the owner's alone (K-PNP-1). */
void fx_policy_enters(struct fx_device *device, WDF_DEVICE_POWER_POLICY_STATE state)
{
    if (device->power_policy_owner)
        fx_state_enters(device, FX_MACHINE_POLICY, state);
}

/* ---- DDIs ---- */

#define REGISTER(machine, ddi, state, routine)                                                \
    gate_enter(DDI_##ddi, trace_object(DeviceInit), 0);                                       \
    PWDFDEVICE_INIT init = fx_init_of(DeviceInit);                                            \
    fx_require((void *)routine, #routine);                                                    \
    NTSTATUS status = fx_states_register(init, machine, state, CallbackTypes, (void *)routine); \
    gate_leave((ULONG)status);                                                                \
    return status

NTSTATUS wdf_WdfDeviceInitRegisterPnpStateChangeCallback(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, WDF_DEVICE_PNP_STATE PnpState,
                                                         PFN_WDF_DEVICE_PNP_STATE_CHANGE_NOTIFICATION EvtDevicePnpStateChange, ULONG CallbackTypes)
{
    REGISTER(FX_MACHINE_PNP, WdfDeviceInitRegisterPnpStateChangeCallback, PnpState, EvtDevicePnpStateChange);
}

NTSTATUS wdf_WdfDeviceInitRegisterPowerStateChangeCallback(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                           WDF_DEVICE_POWER_STATE PowerState,
                                                           PFN_WDF_DEVICE_POWER_STATE_CHANGE_NOTIFICATION EvtDevicePowerStateChange,
                                                           ULONG CallbackTypes)
{
    REGISTER(FX_MACHINE_POWER, WdfDeviceInitRegisterPowerStateChangeCallback, PowerState, EvtDevicePowerStateChange);
}

NTSTATUS wdf_WdfDeviceInitRegisterPowerPolicyStateChangeCallback(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                                 WDF_DEVICE_POWER_POLICY_STATE PowerPolicyState,
                                                                 PFN_WDF_DEVICE_POWER_POLICY_STATE_CHANGE_NOTIFICATION EvtDevicePowerPolicyStateChange,
                                                                 ULONG CallbackTypes)
{
    REGISTER(FX_MACHINE_POLICY, WdfDeviceInitRegisterPowerPolicyStateChangeCallback, PowerPolicyState, EvtDevicePowerPolicyStateChange);
}
