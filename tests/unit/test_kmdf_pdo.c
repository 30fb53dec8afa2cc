/*
 * PDOs of a framework bus with function devices above them (golden traces: test_kmdf_golden.c): plugging and unplugging in
 * every power state, eject, and what a PDO answers.
 */
#include "bus_world.h"

#define STARTS "c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init"
/* A removal of the stack: the function device has ended before the IRP reaches the PDO, but for its EvtDestroy. */
#define STACK_GOES "f1:Suspend f1:D0Exit(Final) f1:Release f1:Flush f1:Cleanup f1:~ c1:Suspend c1:D0Exit(Final) c1:Release c1:Flush f1:!"
#define SURPRISED "f1:Surprise f1:Suspend f1:D0Exit(Final) f1:Release f1:Flush c1:Surprise c1:Suspend c1:D0Exit(Final) c1:Release c1:Flush"
#define ENDS "f1:Cleanup f1:~ c1:Cleanup c1:~ c1:! f1:!"

/* RULE K-CHD-4: A PDO is made while bus relations are queried, and its function driver's device is started above it. */
/* RULE K-CHD-6: A child that is reported missing goes by surprise, and its PDO is destroyed at its REMOVE. */
/* RULE K-PNP-66: EvtDeviceReportedMissing runs at the report that leaves the child out; its removal then ends in EvtCleanup and EvtDestroy. */
TEST(K_PNP_66_plug_and_unplug)
{
    bus_start();
    plug(1);
    log_is("create(1) " STARTS);
    assert_int_equal(node_of(1)->state, DEVNODE_STARTED);
    unplug(1);
    log_is("c1:Missing " SURPRISED " " ENDS);
    finish();
}

/* RULE K-PNP-40: A removal of the bus waits for each child's end, before it goes on with its own queues and Cleanup. */
/* RULE K-PNP-42: The bus's children are processed as removed before its own Cleanup. */
TEST(K_PNP_42_bus_is_removed_with_a_child)
{
    bus_start();
    plug(1);
    log_clear();
    assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS);
    log_is("f1:QueryRemove c1:QueryRemove b:QueryRemove");
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is(STACK_GOES " b:Suspend b:D0Exit(Final) b:Release b:Flush c1:Cleanup c1:~ c1:! b:Cleanup b:~ b:!");
    unload();
}

/* RULE K-PNP-50: A surprise removal of the bus makes its children missing: each goes at its own REMOVE, without a report. */
TEST(K_PNP_50_bus_goes_by_surprise_with_a_child)
{
    bus_start();
    plug(1);
    log_clear();
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    log_is("b:Surprise b:Suspend b:D0Exit(Final) b:Release b:Flush " SURPRISED);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is(ENDS " b:Cleanup b:~ b:!");
    unload();
}

/* ---- Removed while present ---- */

/* RULE K-PNP-65: A PDO that waits and is left out then goes at once, with its Cleanup. */
TEST(K_PNP_65_missing_while_it_waits)
{
    bus_start();
    plug(1);
    assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
    log_clear();
    unplug(1);
    log_is("c1:Missing c1:Cleanup c1:~ c1:!");
    finish();
}

/* RULE K-PNP-65: A PDO whose start failed waits too, and may be started again: its failure is forgotten. */
TEST(K_PNP_65_failed_start)
{
    bus_start();
    bus_plan.d0_entry = STATUS_UNSUCCESSFUL;
    plug(1);
    log_is("create(1) c1:Prepare c1:D0Entry(Final) c1:Release f1:~ f1:!"); /* REMOVE follows */
    struct devnode *child = node_of(1);
    bus_plan.d0_entry = STATUS_SUCCESS;
    assert_int_equal(pnp_add_again(child), STATUS_SUCCESS);
    log_is(STARTS);
    pnp_lock();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_clear();
    po_system_resume();
    pass_ms(1);
    pnp_unlock();
    log_is("b:D0Entry(D3) scan b:Restart c1:D0Entry(D3) c1:Restart f1:D0Entry(D3) f1:Restart");
    finish();
}

/* ---- Power ---- */

static void idle_after(WDFDEVICE d, ULONG ms)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = ms;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &s), STATUS_SUCCESS);
}

static void idling_bus(WDFDEVICE d) { idle_after(d, 10); }
static void idling_function(WDFDEVICE d) { idle_after(d, 30); }

/* RULE K-PNP-11: A PDO's start takes a power reference on its bus and waits for D0 after PrepareHardware. */
/* RULE K-PNP-38: A child in D0 keeps its idling bus in D0; when it leaves, the bus may idle again. */
TEST(K_PNP_11_38_child_keeps_its_bus)
{
    bus_plan.bus = idling_bus;
    bus_start();
    pass_ms(15);
    log_is("b:Suspend b:D0Exit(D3)");
    plug(1);
    log_clear();
    pass_ms(100);
    log_is("");
    unplug(1);
    log_is("c1:Missing " SURPRISED " " ENDS);
    pass_ms(15);
    log_is("b:Suspend b:D0Exit(D3)");
    finish();
}

static void independent(PWDFDEVICE_INIT init)
{
    WDF_PDO_EVENT_CALLBACKS none;
    WDF_PDO_EVENT_CALLBACKS_INIT(&none);
    WdfPdoInitSetEventCallbacks(init, &none);
    WdfPdoInitRemovePowerDependencyOnParent(init);
}

/* RULE K-PNP-11: A PDO without power dependency neither waits for its bus nor keeps it in D0. */
TEST(K_PNP_11_no_power_dependency)
{
    bus_plan.bus = idling_bus, bus_plan.child_init = independent;
    bus_start();
    pass_ms(15);
    log_is("b:Suspend b:D0Exit(D3)");
    plug(1);
    log_is("create(1) " STARTS);
    finish();
}

static void start_idle(void)
{
    bus_plan.bus = idling_bus, bus_plan.function = idling_function;
    bus_start();
    plug(1);
    log_clear();
    pass_ms(35);
    log_is("f1:Suspend f1:D0Exit(D3) c1:Suspend c1:D0Exit(D3)");
    pass_ms(15);
    log_is("b:Suspend b:D0Exit(D3)");
}

/* RULE K-PNP-38: A child that idles lets its bus idle; on its way up it brings the bus up first. */
TEST(K_PNP_38_child_idles_then_bus)
{
    start_idle();
    assert_int_equal(WdfDeviceStopIdle(function_of[1], TRUE), STATUS_SUCCESS);
    log_is("b:D0Entry(D3) scan b:Restart c1:D0Entry(D3) c1:Restart f1:D0Entry(D3) f1:Restart");
    WdfDeviceResumeIdle(function_of[1]);
    finish();
}

/* RULE K-PNP-51: A child that idles and is unplugged gets SurpriseRemoval and ReleaseHardware without any power callback. */
TEST(K_PNP_51_unplugged_while_idle)
{
    start_idle();
    unplug(1);
    log_is("c1:Missing f1:Surprise f1:Release f1:Flush c1:Surprise c1:Release c1:Flush " ENDS);
    finish();
}

/* RULE K-PNP-73: At a system sleep the children go first, and they come back after their bus. */
TEST(K_PNP_73_sleep_and_resume)
{
    bus_start();
    plug(1);
    log_clear();
    pnp_lock();
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    pass_ms(1);
    log_is("f1:Suspend f1:D0Exit(D3) c1:Suspend c1:D0Exit(D3) b:Suspend b:D0Exit(D3)");
    po_system_resume();
    pass_ms(1);
    log_is("b:D0Entry(D3) scan b:Restart c1:D0Entry(D3) c1:Restart f1:D0Entry(D3) f1:Restart");
    pnp_unlock();
    finish();
}

static void forget_all(WDFCHILDLIST list)
{
    WdfChildListBeginScan(list);
    WdfChildListEndScan(list);
}

/* RULE K-CHD-3: EvtChildListScanForChildren is called at each D0 entry of the bus: what it does not find again is missing. */
TEST(K_CHD_3_gone_over_a_sleep)
{
    bus_start();
    plug(1);
    log_clear();
    pnp_lock();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    bus_plan.scan = forget_all;
    po_system_resume();
    pass_ms(1);
    pnp_unlock();
    log_is("f1:Suspend f1:D0Exit(D3) c1:Suspend c1:D0Exit(D3) b:Suspend b:D0Exit(D3) "
           "b:D0Entry(D3) scan b:Restart c1:D0Entry(D3) c1:Restart f1:D0Entry(D3) f1:Restart");
    pnp_settle();
    log_is("c1:Missing " SURPRISED " " ENDS);
    finish();
}

/* ---- A WDM function driver ---- */

/* RULE K-PNP-10: A PDO below a WDM function driver starts, sleeps and goes by the IRPs that this passes on. */
TEST(K_PNP_10_below_a_wdm_driver)
{
    bus_plan.hardware_id = L"TEST\\wdm";
    bus_start();
    plug(1);
    log_is("create(1) c1:Prepare c1:D0Entry(Final) c1:Init w1:started");
    pnp_lock();
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    pass_ms(1);
    log_is("c1:Suspend c1:D0Exit(D3) b:Suspend b:D0Exit(D3)");
    po_system_resume();
    pass_ms(1);
    pnp_unlock();
    log_is("b:D0Entry(D3) scan b:Restart c1:D0Entry(D3) c1:Restart");
    unplug(1);
    log_is("c1:Missing w1:surprise c1:Surprise c1:Suspend c1:D0Exit(Final) c1:Release c1:Flush w1:remove c1:Cleanup c1:~ c1:!");
    finish();
}

/* ---- Eject ---- */

/* RULE K-PNP-67: An eject that succeeds makes the child missing: query, remove, EvtDeviceEject, and the PDO goes. */
TEST(K_PNP_67_eject)
{
    bus_start();
    plug(1);
    log_clear();
    WdfPdoRequestEject(child_of[1]);
    log_is("");
    pnp_settle();
    log_is("f1:QueryRemove c1:QueryRemove " STACK_GOES " c1:Eject c1:Missing c1:Cleanup c1:~ c1:!");
    finish();
}

/* RULE K-PNP-67: An eject that fails leaves the child, which is started again. */
TEST(K_PNP_67_eject_fails)
{
    bus_plan.eject = STATUS_DEVICE_BUSY;
    bus_start();
    plug(1);
    log_clear();
    WdfPdoRequestEject(child_of[1]);
    pnp_settle();
    log_is("f1:QueryRemove c1:QueryRemove " STACK_GOES " c1:Eject "
           "c1:Prepare c1:D0Entry(Final) c1:Restart f1:Prepare f1:D0Entry(Final) f1:Init");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_66_plug_and_unplug),
        cmocka_unit_test(K_PNP_42_bus_is_removed_with_a_child),
        cmocka_unit_test(K_PNP_50_bus_goes_by_surprise_with_a_child),
        cmocka_unit_test(K_PNP_65_missing_while_it_waits),
        cmocka_unit_test(K_PNP_65_failed_start),
        cmocka_unit_test(K_PNP_11_38_child_keeps_its_bus),
        cmocka_unit_test(K_PNP_11_no_power_dependency),
        cmocka_unit_test(K_PNP_38_child_idles_then_bus),
        cmocka_unit_test(K_PNP_51_unplugged_while_idle),
        cmocka_unit_test(K_PNP_73_sleep_and_resume),
        cmocka_unit_test(K_CHD_3_gone_over_a_sleep),
        cmocka_unit_test(K_PNP_10_below_a_wdm_driver),
        cmocka_unit_test(K_PNP_67_eject),
        cmocka_unit_test(K_PNP_67_eject_fails),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
