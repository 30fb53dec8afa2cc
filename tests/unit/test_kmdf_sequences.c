/*
 * PnP and power around the golden traces (test_kmdf_golden.c): queries, failures, sleep while idle, what the power policy owner may say and ask.
 */
#include "pnp_world.h"

/* Q1: power-managed; "stop(...)" tells the reason and "/c" that the request is marked cancelable. */
static VOID on_stop_reason(WDFQUEUE q, WDFREQUEST request, ULONG flags)
{
    char text[32];
    irpfuzz_snprintf(text, sizeof text, "stop(%s%s)", flags & WdfRequestStopActionPurge ? "purge" : "suspend",
                     flags & WdfRequestStopRequestCancelable ? "/c" : "");
    say(text);
    if (flags & WdfRequestStopActionPurge)
        WdfRequestComplete(request, STATUS_CANCELLED);
    else
        WdfRequestStopAcknowledge(request, FALSE);
}

static void stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    sequential(c, a);
    c->EvtIoStop = on_stop_reason, c->EvtIoResume = on_resume;
}

static void parallel_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop_reason, c->EvtIoResume = on_resume;
}

static void begin(void)
{
    pnp_reset();
    plan.queue = plan.queue ? plan.queue : stoppable;
    boot();
    watch_bus();
}

static void start_and_read(void)
{
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    send(IRP_MJ_READ, 4);
    log_is("<start> Prepare D0Entry(Final) Post(Final) Init read");
}

/* RULE K-PNP-31: Cancelling a query-stop or query-remove calls nothing in the driver; I/O goes on behind the query. */
TEST(K_PNP_31_cancelled_queries)
{
    plan.queue = parallel_stoppable;
    begin();
    start_and_read();
    pnp_query_stop(node), send(IRP_MJ_WRITE, 4), pnp_cancel_stop(node);
    pnp_query_remove(node), pnp_cancel_remove(node);
    log_is("QueryStop <query-stop> write <cancel-stop> QueryRemove <query-remove> <cancel-remove>");
    complete(0, STATUS_SUCCESS, 4), complete(1, STATUS_SUCCESS, 4);
    finish();
}

/* RULE K-PNP-52: A surprise removal of a stopped device calls SurpriseRemoval and purges the queues, without any power callback. */
TEST(K_PNP_52_surprise_removal_when_stopped)
{
    begin();
    start_and_read();
    complete(0, STATUS_SUCCESS, 4);
    pnp_query_stop(node), pnp_stop(node);
    log_clear();
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    log_is("Surprise Flush <surprise>");
    finish();
}

/* RULE K-PNP-52: A surprise removal of a device that was never started calls nothing in the driver. */
/* RULE K-PNP-43: The removal of a device that was never started goes straight to the cleanup of its objects. */
TEST(K_PNP_43_52_never_started)
{
    begin();
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    log_is("<surprise>");
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is("~queue ~device !queue <remove> !device");
    unload();
}

/* RULE K-PNP-62: WdfDeviceSetFailed returns at once, and the device then goes by a surprise removal. */
TEST(K_PNP_62_set_failed)
{
    begin();
    start_and_read();
    WdfDeviceSetFailed(device, WdfDeviceFailedNoRestart);
    log_is("");
    pnp_settle();
    log_is("Surprise Suspend stop(suspend) Pre(Final) D0Exit(Final) Release stop(purge) Flush <surprise> Cleanup ~queue ~device !queue <remove> !device");
    finish();
}

static ULONG device_state_bits(void)
{
    PDEVICE_OBJECT top = io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    IO_STATUS_BLOCK iosb = {0};
    io_get_next_irp_stack_location(irp)->MajorFunction = IRP_MJ_PNP;
    io_get_next_irp_stack_location(irp)->MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp_info(irp)->built_by = 3; /* the PnP manager */
    io_send_and_wait(irp, top, &iosb);
    return (ULONG)iosb.Information;
}

/* RULE K-PNP-63: WdfDeviceSetDeviceState goes into the answer to QUERY_PNP_DEVICE_STATE and invalidates the state. */
TEST(K_PNP_63_device_state)
{
    WDF_DEVICE_STATE s;
    begin();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(device_state_bits(), 0);
    WDF_DEVICE_STATE_INIT(&s);
    s.DontDisplayInUI = WdfTrue, s.NotDisableable = WdfTrue;
    WdfDeviceSetDeviceState(device, &s);
    assert_true(node->asked || node->failed);
    assert_int_equal(device_state_bits(), PNP_DEVICE_DONT_DISPLAY_IN_UI | PNP_DEVICE_NOT_DISABLEABLE);
    finish();
}

/* RULE K-PNP-63: WdfDeviceSetStaticStopRemove counts: each call that forbids stop and remove needs one that allows them. */
/* RULE K-PNP-30: While WdfDeviceSetStaticStopRemove forbids them, queries fail with STATUS_INVALID_DEVICE_STATE without asking the driver. */
TEST(K_PNP_30_63_static_stop_remove)
{
    begin();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    WdfDeviceSetStaticStopRemove(device, FALSE), WdfDeviceSetStaticStopRemove(device, FALSE), WdfDeviceSetStaticStopRemove(device, TRUE);
    assert_int_equal(pnp_query_stop(node), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(pnp_query_remove(node), STATUS_INVALID_DEVICE_STATE);
    log_is("<cancel-stop> <cancel-remove>"); /* drivers above might have said yes */
    WdfDeviceSetStaticStopRemove(device, TRUE);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    log_is("QueryStop <query-stop>");
    pnp_cancel_stop(node);
    finish();
}

/* RULE K-PNP-22: A device whose start failed cannot be started. */
/* RULE K-PNP-41: The requests that wait in the queues of a device whose start failed are cancelled. */
TEST(K_PNP_22_41_failed_start)
{
    begin();
    answers.d0_entry = STATUS_IO_DEVICE_ERROR;
    struct sent *r = send(IRP_MJ_READ, 4);
    assert_int_equal(pnp_start(node), STATUS_DEVICE_POWER_FAILURE);
    assert_true(r->done && r->status == STATUS_CANCELLED);
    assert_int_equal(pnp_start(node), STATUS_INVALID_DEVICE_STATE);
    log_clear();
    finish();
}

/* ---- Idling and wake ---- */

static WDF_POWER_POLICY_S0_IDLE_CAPABILITIES idle_caps;
static void idling(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    pnp_add(d);
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, idle_caps);
    s.IdleTimeout = 10;
    if (idle_caps == IdleCanWakeFromS0)
        s.DxState = PowerDeviceD2;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &s), STATUS_SUCCESS);
}

static void start_idling(WDF_POWER_POLICY_S0_IDLE_CAPABILITIES caps)
{
    idle_caps = caps;
    pnp_reset();
    plan.queue = stoppable, plan.add = idling;
    boot();
    watch_bus();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("<start> Prepare D0Entry(Final) Post(Final) Init");
    answers.power_of_bus = true;
}

static void idle_out_armed(void)
{
    pass_ms(12);
    log_is("Suspend <wait-wake> ArmS0+ Pre(D2) D0Exit(D2) <D2>");
}

static void end_idling(void)
{
    log_clear();
    finish();
}

static void waking_from_sleep(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS s;
    pnp_add(d);
    if (idle_caps)
        idling(d);
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&s);
    s.DxState = PowerDeviceD2;
    assert_int_equal(WdfDeviceAssignSxWakeSettings(d, &s), STATUS_SUCCESS);
}

static void start_waking(bool with_reason)
{
    pnp_reset();
    answers.sx_with_reason = with_reason;
    plan.queue = stoppable, plan.add = waking_from_sleep;
    boot();
    watch_bus();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    answers.power_of_bus = true;
}

/* RULE K-PNP-81: When ArmWakeFromSx fails, DisarmWakeFromSx follows and the device sleeps unarmed. */
TEST(K_PNP_81_arming_for_sleep_fails)
{
    idle_caps = 0;
    start_waking(false);
    answers.arm_sx = STATUS_UNSUCCESSFUL;
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("<S3> Suspend <wait-wake> ArmSx+ DisarmSx Pre(D2) D0Exit(D2) <D2>");
    po_system_resume();
    pass_ms(1);
    log_is("<S0> <D0> D0Entry(D2) Post(D2) Restart");
    end_idling();
}

/* RULE K-PNP-74: At a system sleep a device that idles in Dx and may wake the system is brought up, then down again armed. */
TEST(K_PNP_74_sleep_while_idle_with_wake)
{
    idle_caps = IdleCanWakeFromS0;
    start_waking(false);
    idle_out_armed();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("<S3> <D0> D0Entry(D2) Post(D2) DisarmS0 Restart Suspend <wait-wake> ArmSx+ Pre(D2) D0Exit(D2) <D2>");
    po_system_resume();
    pass_ms(1);
    log_is("<S0> <D0> D0Entry(D2) Post(D2) DisarmSx Restart");
    end_idling();
}

/* RULE K-PNP-74: At a system sleep a device that idles in Dx and may not wake the system stays there, and nothing is called. */
/* RULE K-PNP-75: When the system is back in S0, a device that was idle returns to D0. */
TEST(K_PNP_74_75_sleep_while_idle)
{
    start_idling(IdleCannotWakeFromS0);
    pass_ms(12);
    log_clear();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("<S3>");
    po_system_resume();
    pass_ms(1);
    log_is("<S0> <D0> D0Entry(D3) Post(D3) Restart");
    end_idling();
}

static POWER_ACTION action_seen[2];
static NTSTATUS entry_action(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { action_seen[0] = WdfDeviceGetSystemPowerAction(d); return STATUS_SUCCESS; }
static NTSTATUS exit_action(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { action_seen[1] = WdfDeviceGetSystemPowerAction(d); return STATUS_SUCCESS; }
static void with_actions(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceD0Entry = entry_action, c.EvtDeviceD0Exit = exit_action;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}
static void idle_soon(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = 10;
    WdfDeviceAssignS0IdleSettings(d, &s);
}

/* RULE K-PNP-77: WdfDeviceGetSystemPowerAction tells D0Exit and D0Entry of a system sleep from those of idling. */
TEST(K_PNP_77_system_power_action)
{
    plan.init = with_actions, plan.add = idle_soon;
    action_seen[0] = action_seen[1] = (POWER_ACTION)-1;
    start();
    assert_int_equal(action_seen[0], PowerActionNone);
    po_system_sleep(PowerSystemHibernate, PowerActionHibernate);
    assert_int_equal(action_seen[1], PowerActionHibernate);
    po_system_resume();
    pass_ms(1);
    assert_int_equal(action_seen[0], PowerActionHibernate);
    pass_ms(12);
    assert_int_equal(action_seen[1], PowerActionNone);
    finish();
}

static WDF_POWER_DEVICE_STATE recorded_in_init;
static NTSTATUS look_at_state(WDFDEVICE d)
{
    recorded_in_init = fx()->own->recorded;
    pass_ms(50);
    return STATUS_SUCCESS;
}
static void slow_init(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSelfManagedIoInit = look_at_state, c.EvtDeviceD0Exit = on_d0_exit;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE K-PNP-13: The framework has the old power state of a device on record until SelfManagedIoInit has returned. */
/* RULE K-PNP-14: The idle time-out of a device does not run before its start is over. */
TEST(K_PNP_13_14_while_starting)
{
    plan.init = slow_init, plan.add = idle_soon;
    start();
    assert_int_equal(recorded_in_init, WdfPowerDeviceD3Final);
    assert_int_equal(fx()->own->recorded, WdfPowerDeviceD0);
    pass_ms(9);
    log_is("");
    pass_ms(2);
    log_is("D0Exit(D3)");
    finish();
}

static NTSTATUS lock_in_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE s)
{
    WdfObjectAcquireLock(d);
    say("locked");
    WdfObjectReleaseLock(d);
    return STATUS_SUCCESS;
}
static void locking(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceD0Entry = lock_in_entry;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}
static void device_scope(WDF_OBJECT_ATTRIBUTES *a) { a->SynchronizationScope = WdfSynchronizationScopeDevice; }

/* RULE K-PNP-3: Power callbacks hold no presentation lock, whatever the device's scope. */
TEST(K_PNP_3_no_lock)
{
    plan.init = locking, plan.device = device_scope;
    start();
    log_is("locked");
    finish();
}

/* RULE K-PNP-36: A shutdown powers a device down with target state D3Final. */
TEST(K_PNP_36_shutdown)
{
    begin();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    po_system_sleep(PowerSystemShutdown, PowerActionShutdown);
    log_is("Suspend Pre(Final) D0Exit(Final)");
    po_system_resume();
    pass_ms(1);
    finish();
}

/* RULE K-PNP-37: The way up begins when the bus has completed the IRP for D0, whatever its status: no look is taken at that. */
TEST(K_PNP_37_bus_fails_d0)
{
    begin();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_clear();
    answers.bus_fails_d0 = true;
    po_system_resume();
    pass_ms(1);
    log_is("<D0 fails> D0Entry(D3) Post(D3) Restart");
    assert_false(node->failed);
    answers.bus_fails_d0 = false;
    finish();
}

/* RULE K-PNP-84: WdfDeviceResumeIdle without an earlier WdfDeviceStopIdle is reported. */
TEST(K_PNP_84_underflow, MISUSE, .rule = "K-PNP-84") { start(), WdfDeviceResumeIdle(device); }

/* RULE K-PNP-84: A WdfDeviceStopIdle without a WdfDeviceResumeIdle until the device is removed is reported where lints are asked for. */
TEST(K_PNP_84_never_given_back, .lint = LINT_POWER, MISUSE, .rule = "K-PNP-84")
{
    start();
    assert_int_equal(WdfDeviceStopIdle(device, FALSE), STATUS_SUCCESS);
    finish();
}

/* RULE K-PNP-84: One that is given back is not. */
TEST(K_PNP_84_given_back, .lint = LINT_POWER)
{
    start();
    assert_int_equal(WdfDeviceStopIdle(device, FALSE), STATUS_SUCCESS);
    WdfDeviceResumeIdle(device);
    finish();
}

/* RULE K-PNP-86: WdfDeviceIndicateWakeStatus refuses two statuses, and a function device, which does not own its bus's wait-wake IRP. */
TEST(K_PNP_86_indicate_wake)
{
    start();
    assert_int_equal(WdfDeviceIndicateWakeStatus(device, STATUS_PENDING), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceIndicateWakeStatus(device, STATUS_CANCELLED), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceIndicateWakeStatus(device, STATUS_SUCCESS), STATUS_INVALID_DEVICE_STATE);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_31_cancelled_queries),
        cmocka_unit_test(K_PNP_22_41_failed_start),
        cmocka_unit_test(K_PNP_52_surprise_removal_when_stopped),
        cmocka_unit_test(K_PNP_43_52_never_started),
        cmocka_unit_test(K_PNP_62_set_failed),
        cmocka_unit_test(K_PNP_63_device_state),
        cmocka_unit_test(K_PNP_30_63_static_stop_remove),
        cmocka_unit_test(K_PNP_77_system_power_action),
        cmocka_unit_test(K_PNP_13_14_while_starting),
        cmocka_unit_test(K_PNP_3_no_lock),
        cmocka_unit_test(K_PNP_36_shutdown), cmocka_unit_test(K_PNP_37_bus_fails_d0),
        cmocka_unit_test(K_PNP_84_underflow),
        cmocka_unit_test(K_PNP_84_never_given_back),
        cmocka_unit_test(K_PNP_84_given_back),
        cmocka_unit_test(K_PNP_86_indicate_wake),
        cmocka_unit_test(K_PNP_81_arming_for_sleep_fails),
        cmocka_unit_test(K_PNP_74_sleep_while_idle_with_wake),
        cmocka_unit_test(K_PNP_74_75_sleep_while_idle),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
