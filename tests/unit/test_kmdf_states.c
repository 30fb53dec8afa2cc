/*
 * The machines of a device: the notifications of their states, in which threads they run, a start of a started device, sleep that is refused.
 */
#include "pnp_world.h"

#include "nt/cm/cm.h"
#include "nt/pnp/pnp.h"

/* ---- Notifications: "L" leave, "E" enter, "P" post-process, then the state and, behind ">", the other one ---- */

static void say_change(char machine, ULONG type, ULONG now, ULONG next)
{
    char text[48];
    if (type == StateNotificationPostProcessState)
        irpfuzz_snprintf(text, sizeof text, "%cP%X", machine, (unsigned)now);
    else
        irpfuzz_snprintf(text, sizeof text, "%c%c%X>%X", machine, type == StateNotificationEnterState ? 'E' : 'L', (unsigned)now, (unsigned)next);
    say(text);
}

static VOID pnp_changed(WDFDEVICE d, PCWDF_DEVICE_PNP_NOTIFICATION_DATA n)
{
    say_change('n', n->Type, n->Data.EnterState.CurrentState, n->Data.EnterState.NewState);
    if (n->Type == StateNotificationEnterState)
        assert_int_equal(WdfDeviceGetDevicePnpState(d), n->Data.EnterState.NewState);
    else
        assert_int_equal(WdfDeviceGetDevicePnpState(d), n->Data.PostProcessState.CurrentState);
}

static VOID power_changed(WDFDEVICE d, PCWDF_DEVICE_POWER_NOTIFICATION_DATA n)
{
    say_change('w', n->Type, n->Data.EnterState.CurrentState, n->Data.EnterState.NewState);
}

static VOID policy_changed(WDFDEVICE d, PCWDF_DEVICE_POWER_POLICY_NOTIFICATION_DATA n)
{
    say_change('y', n->Type, n->Data.EnterState.CurrentState, n->Data.EnterState.NewState);
}

static void watch_states(PWDFDEVICE_INIT init)
{
    pnp_callbacks(init);
    WdfDeviceInitRegisterPnpStateChangeCallback(init, WdfDevStatePnpHardwareAvailable, pnp_changed, StateNotificationAllStates);
    WdfDeviceInitRegisterPnpStateChangeCallback(init, WdfDevStatePnpStarted, pnp_changed, StateNotificationEnterState);
    WdfDeviceInitRegisterPowerStateChangeCallback(init, WdfDevStatePowerD0Starting, power_changed, StateNotificationAllStates);
    WdfDeviceInitRegisterPowerPolicyStateChangeCallback(init, WdfDevStatePwrPolStarted, policy_changed, StateNotificationEnterState);
}

/* RULE K-PNP-4: A change of state is told as Leave(old) and Enter(new), then the new state's action runs, then its PostProcess is told. */
/* RULE K-DRV-33: A notification is called for the state and the types that it was registered for. */
TEST(K_PNP_4_order)
{
    pnp_reset();
    plan.init = watch_states;
    boot();
    log_is("");
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    /* The action of HardwareAvailable is the hardware and the power-up, in which the power machine's D0Starting is D0Entry. */
    log_is("nE106>108 Prepare wE316>30F D0Entry(Final) wP30F wL30F>310 Post(Final) Init nP108 nL108>109 yE505>502 nE109>119");
    finish();
}

static void watch_policy(PWDFDEVICE_INIT init)
{
    pnp_callbacks(init);
    WdfDeviceInitRegisterPowerPolicyStateChangeCallback(init, WdfDevStatePwrPolWaitingUnarmed, policy_changed,
                                                        StateNotificationPostProcessState | StateNotificationLeaveState);
    WdfDeviceInitRegisterPowerStateChangeCallback(init, WdfDevStatePowerDx, power_changed, StateNotificationAllStates);
}

static void idles(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    pnp_add(d);
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = 100;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &s), STATUS_SUCCESS);
}

/* RULE K-PNP-4: The machines of power and of power policy tell of idling in the same way. */
TEST(K_PNP_4_idle)
{
    pnp_reset();
    plan.init = watch_policy, plan.add = idles;
    start();
    log_clear();
    pass_ms(200);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerDx);
    assert_int_equal(WdfDeviceGetDevicePowerPolicyState(device), WdfDevStatePwrPolWaitingUnarmed);
    log_is("Suspend Pre(D3) D0Exit(D3) wE31C>33C wP33C yP509");
    assert_int_equal(WdfDeviceStopIdle(device, TRUE), STATUS_SUCCESS);
    log_is("yL509>50B wL33C>301 D0Entry(D3) Post(D3) Restart");
    WdfDeviceResumeIdle(device);
    finish();
}

/* ---- Start of a started device ---- */

/* RULE K-PNP-15: A START of a started device powers it down to D3Final and releases its hardware before the IRP goes down; then it is started again. */
TEST(K_PNP_15_start_again)
{
    pnp_reset();
    boot();
    watch_bus();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    assert_true(interface_is_on());
    assert_int_equal(pnp_start_again(node), STATUS_SUCCESS);
    log_is("Suspend Pre(Final) D0Exit(Final) Release <start> Prepare D0Entry(Final) Post(Final) Restart");
    assert_true(interface_is_on());
    finish();
}

/* RULE K-PNP-15: A device that refuses its second START has failed, and goes by surprise. */
TEST(K_PNP_15_start_again_fails)
{
    pnp_reset();
    boot();
    watch_bus();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    answers.prepare = STATUS_UNSUCCESSFUL;
    assert_int_equal(pnp_start_again(node), STATUS_UNSUCCESSFUL);
    log_is("Suspend Pre(Final) D0Exit(Final) Release <start> Prepare Release Flush Surprise <surprise>");
    finish();
}

/* ---- Threads ---- */

static KEVENT removed;
static PKTHREAD prepared_in;

static NTSTATUS waiting_d0_exit(WDFDEVICE d, WDF_POWER_DEVICE_STATE target)
{
    say_state("D0Exit", target);
    KeWaitForSingleObject(&removed, Executive, KernelMode, FALSE, NULL);
    say("out");
    return STATUS_SUCCESS;
}

static VOID surprise_lets_go(WDFDEVICE d)
{
    say("Surprise");
    KeSetEvent(&removed, 0, FALSE);
}

static NTSTATUS prepare_here(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    prepared_in = KeGetCurrentThread();
    return STATUS_SUCCESS;
}

static void meeting(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    KeInitializeEvent(&removed, NotificationEvent, FALSE);
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = prepare_here;
    c.EvtDeviceD0Exit = waiting_d0_exit;
    c.EvtDeviceSurpriseRemoval = surprise_lets_go;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE K-PNP-53: EvtDeviceSurpriseRemoval does not wait for a power callback that is running; the rest of the removal does. */
TEST(K_PNP_53_meets_d0_exit)
{
    pnp_reset();
    plan.init = meeting, plan.add = idles;
    start();
    pass_ms(200);
    log_is("D0Exit(D3)");
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    log_is("Surprise out");
    finish();
}

/* RULE K-PNP-2: PnP callbacks run in the thread that brings the PnP IRP. */
TEST(K_PNP_2_thread)
{
    pnp_reset();
    plan.init = meeting;
    start();
    assert_true(prepared_in == (PKTHREAD)ke_current_thread());
    KeSetEvent(&removed, 0, FALSE);
    finish();
}

static void not_owner(PWDFDEVICE_INIT init)
{
    pnp_callbacks(init);
    WdfDeviceInitSetPowerPolicyOwnership(init, FALSE);
    WdfDeviceInitSetPowerNotPageable(init);
}

/* A device power IRP as a driver above would pass it on: in its completion or from its DPC. */
static void send_power_at_dispatch(DEVICE_POWER_STATE state)
{
    PDEVICE_OBJECT top = io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    KIRQL old;
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = IRP_MN_SET_POWER;
    next->Parameters.Power.Type = DevicePowerState;
    next->Parameters.Power.State.DeviceState = state;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp_info(irp)->built_by = 3;
    irp_info(irp)->synchronous = true;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(io_call_driver(top, irp), STATUS_PENDING);
    say("pending");
    KeLowerIrql(old);
    if (!irp_info(irp)->finished)
        ke_wait_internal(&irp_info(irp)->done, "the power IRP of the test");
    assert_int_equal(irp->IoStatus.Status, STATUS_SUCCESS);
    io_free_irp(irp);
}

/* RULE K-PNP-2: A power IRP that comes above PASSIVE_LEVEL is worked on later, at PASSIVE_LEVEL, and never beside another one. */
TEST(K_PNP_2_power_irp_at_dispatch)
{
    pnp_reset();
    plan.init = not_owner;
    start();
    log_clear();
    send_power_at_dispatch(PowerDeviceD3);
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerDxNP);
    send_power_at_dispatch(PowerDeviceD0);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0NP);
    log_is("pending Suspend Pre(D3) D0Exit(D3) pending D0Entry(D3) Post(D3) Restart");
    finish();
}

/* ---- Sleep ---- */

static SYSTEM_POWER_STATE bus_wakes_from;
static PDRIVER_DISPATCH pnp_of_bus;

static NTSTATUS NTAPI bus_with_wake(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    PDEVICE_CAPABILITIES c = stack->MinorFunction == IRP_MN_QUERY_CAPABILITIES ? stack->Parameters.DeviceCapabilities.Capabilities : NULL;
    NTSTATUS status = pnp_of_bus(pdo, irp);
    if (c)
        c->SystemWake = bus_wakes_from;
    return status;
}

static void with_bus_that_wakes_from(SYSTEM_POWER_STATE state)
{
    PDRIVER_OBJECT bus = node->pdo->DriverObject;
    bus_wakes_from = state;
    pnp_of_bus = bus->MajorFunction[IRP_MJ_PNP], bus->MajorFunction[IRP_MJ_PNP] = bus_with_wake;
}

static NTSTATUS assign_wake(WDFDEVICE d, DEVICE_POWER_STATE dx)
{
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&s);
    s.DxState = dx;
    return WdfDeviceAssignSxWakeSettings(d, &s);
}

/* RULE K-PNP-76: A query-power for a sleep from which an enabled wake cannot wake the system fails with STATUS_POWER_STATE_INVALID; hibernation is no such sleep. */
TEST(K_PNP_76_no_wake_from_there)
{
    pnp_reset();
    boot();
    with_bus_that_wakes_from(PowerSystemSleeping2);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS); /* nothing is to wake the system */
    po_system_resume(), pass_ms(10);
    assert_int_equal(assign_wake(device, PowerDeviceMaximum), STATUS_SUCCESS);
    log_clear();
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_POWER_STATE_INVALID);
    pass_ms(10);
    log_is("");
    assert_int_equal(po_system_sleep(PowerSystemSleeping2, PowerActionSleep), STATUS_SUCCESS);
    po_system_resume(), pass_ms(10);
    assert_int_equal(po_system_sleep(PowerSystemHibernate, PowerActionHibernate), STATUS_SUCCESS);
    po_system_resume(), pass_ms(10);
    finish();
}

static NTSTATUS NTAPI bus_with_d1(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    PDEVICE_CAPABILITIES c = stack->MinorFunction == IRP_MN_QUERY_CAPABILITIES ? stack->Parameters.DeviceCapabilities.Capabilities : NULL;
    NTSTATUS status = pnp_of_bus(pdo, irp);
    if (c)
        c->DeviceWake = PowerDeviceD1;
    return status;
}

/* RULE K-PNP-87: WdfDeviceAssignSxWakeSettings refuses a Dx deeper than the wake capability, once the capabilities are known. */
/* RULE K-PNP-78: WdfDeviceAssignS0IdleSettings refuses to wake from a Dx deeper than the wake capability. */
/* RULE K-PNP-11: The owner of the power policy asks for the capabilities when its hardware is prepared. */
TEST(K_PNP_87_capabilities)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    pnp_reset();
    boot();
    with_bus_that_wakes_from(PowerSystemSleeping3);
    node->pdo->DriverObject->MajorFunction[IRP_MJ_PNP] = bus_with_d1;
    assert_int_equal(assign_wake(device, PowerDeviceD3), STATUS_SUCCESS); /* nobody knows yet */
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(assign_wake(device, PowerDeviceD2), STATUS_POWER_STATE_INVALID);
    assert_int_equal(assign_wake(device, PowerDeviceD1), STATUS_SUCCESS);
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCanWakeFromS0);
    s.DxState = PowerDeviceD2;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(device, &s), STATUS_POWER_STATE_INVALID);
    s.DxState = PowerDeviceD1;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(device, &s), STATUS_SUCCESS);
    finish();
}

/* ---- Settings in the registry ---- */

static void idle_is_off(WDFDEVICE d)
{
    cm_set_number(cm_make(cm_device_key(node), "Device Parameters\\WDF"), "IdleInWorkingState", 0);
    idles(d);
}

static void node_of_device(WDFDEVICE d)
{
    node = ((struct fx_device *)d)->node;
    idle_is_off(d);
}

/* RULE K-PNP-78: Idle settings that leave Enabled to the default take it from IdleInWorkingState in the device's registry key. */
TEST(K_PNP_78_registry)
{
    pnp_reset();
    plan.add = node_of_device;
    start();
    pass_ms(200);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0);
    assert_int_equal(WdfDeviceGetDevicePowerPolicyState(device), WdfDevStatePwrPolStarted);
    finish();
}

static NTSTATUS third, fourth;

static void four_objects(PDRIVER_OBJECT object)
{
    WDFCOLLECTION c;
    third = WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &c);
    fourth = WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &c);
}

static void load_with(const char *name, ULONG number, ULONG verifier)
{
    struct cm_key *key = cm_make(cm_root(), "Machine\\System\\CurrentControlSet\\Services\\world\\Parameters\\Wdf");
    cm_set_number(key, name, number);
    cm_set_number(key, "VerifierOn", verifier);
    plan.entry = four_objects;
    boot();
}

/* RULE K-BUG-1: VerifierAllocateFailCount below Parameters\Wdf makes that allocation of the framework's and all later ones fail. */
TEST(K_BUG_1_allocations_fail)
{
    load_with("VerifierAllocateFailCount", 2, 1);
    assert_int_equal(third, STATUS_SUCCESS);
    assert_int_equal(fourth, STATUS_INSUFFICIENT_RESOURCES);
    assert_true(device == NULL);
    unload();
}

/* RULE K-BUG-1: With VerifierOn 0 they do not fail. */
TEST(K_BUG_1_without_verifier)
{
    load_with("VerifierAllocateFailCount", 2, 0);
    assert_int_equal(fourth, STATUS_SUCCESS);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_4_order),
        cmocka_unit_test(K_PNP_4_idle),
        cmocka_unit_test(K_PNP_15_start_again),
        cmocka_unit_test(K_PNP_15_start_again_fails),
        cmocka_unit_test(K_PNP_53_meets_d0_exit),
        cmocka_unit_test(K_PNP_2_thread),
        cmocka_unit_test(K_PNP_2_power_irp_at_dispatch),
        cmocka_unit_test(K_PNP_76_no_wake_from_there),
        cmocka_unit_test(K_PNP_87_capabilities),
        cmocka_unit_test(K_PNP_78_registry),
        cmocka_unit_test(K_BUG_1_allocations_fail),
        cmocka_unit_test(K_BUG_1_without_verifier),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
