/*
 * The golden traces: for each scenario of a device's life the exact order of what its driver is told, of what becomes of its requests and of the IRPs that
 * reach the bus ("<start>"). The device has two interrupts, a DMA enabler, a default child list and a power-managed queue, which may hold the request r;
 * the last three rows are about PDOs and filters, in the world of bus_world.h ("b:" the bus, "c1:" its child, "f1:" the function device, "u1:" the filter).
 *
 * "ArmS0+": the wait-wake IRP is out then. "stop(suspend/c)": EvtIoStop of a request that is marked cancelable.
 */
#include "card.h"
#include "pnp_world.h"
#include "bus_world.h"

/* ---- The device ---- */

static WDFINTERRUPT interrupts[2];
static NTSTATUS second_enable; /* what I1.Enable returns */
static NTSTATUS expected;      /* of the start */

static NTSTATUS say_interrupt(WDFINTERRUPT interrupt, const char *word)
{
    char line[16];
    irpfuzz_snprintf(line, sizeof line, "I%d.%s", interrupt == interrupts[1], word);
    say(line);
    return STATUS_SUCCESS;
}

static BOOLEAN on_isr(WDFINTERRUPT interrupt, ULONG message) { return FALSE; }
static NTSTATUS on_interrupt_enable(WDFINTERRUPT i, WDFDEVICE d) { return say_interrupt(i, "Enable"), i == interrupts[1] ? second_enable : STATUS_SUCCESS; }
static NTSTATUS on_interrupt_disable(WDFINTERRUPT i, WDFDEVICE d) { return say_interrupt(i, "Disable"); }
static NTSTATUS on_fill(WDFDMAENABLER e) { return say("DmaFill"), STATUS_SUCCESS; }
static NTSTATUS on_dma_enable(WDFDMAENABLER e) { return say("DmaEnable"), STATUS_SUCCESS; }
static NTSTATUS on_dma_start(WDFDMAENABLER e) { return say("DmaStart"), STATUS_SUCCESS; }
static NTSTATUS on_dma_stop(WDFDMAENABLER e) { return say("DmaStop"), STATUS_SUCCESS; }
static NTSTATUS on_dma_disable(WDFDMAENABLER e) { return say("DmaDisable"), STATUS_SUCCESS; }
static NTSTATUS on_dma_flush(WDFDMAENABLER e) { return say("DmaFlush"), STATUS_SUCCESS; }
static VOID on_golden_scan(WDFCHILDLIST list) { say("Scan"); }

static VOID on_stop_reason(WDFQUEUE q, WDFREQUEST request, ULONG flags)
{
    char line[32];
    irpfuzz_snprintf(line, sizeof line, "stop(%s%s)", flags & WdfRequestStopActionPurge ? "purge" : "suspend",
                     flags & WdfRequestStopRequestCancelable ? "/c" : "");
    say(line);
    if (flags & WdfRequestStopActionPurge)
        WdfRequestComplete(request, STATUS_CANCELLED);
    else
        WdfRequestStopAcknowledge(request, FALSE);
}

static void stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop_reason, c->EvtIoResume = on_resume;
}

static void golden_init(PWDFDEVICE_INIT init)
{
    WDF_CHILD_LIST_CONFIG c;
    pnp_callbacks(init);
    WDF_CHILD_LIST_CONFIG_INIT(&c, sizeof(CHILD_ID), on_create_child);
    c.EvtChildListScanForChildren = on_golden_scan;
    WdfFdoInitSetDefaultChildListConfig(init, &c, WDF_NO_OBJECT_ATTRIBUTES);
}

static void add_interrupts(WDFDEVICE d)
{
    WDF_INTERRUPT_CONFIG c;
    WDF_INTERRUPT_CONFIG_INIT(&c, on_isr, NULL);
    c.EvtInterruptEnable = on_interrupt_enable, c.EvtInterruptDisable = on_interrupt_disable;
    for (int i = 0; i < 2; i++)
        assert_int_equal(WdfInterruptCreate(d, &c, WDF_NO_OBJECT_ATTRIBUTES, &interrupts[i]), STATUS_SUCCESS);
}

static void add_enabler(WDFDEVICE d)
{
    WDF_DMA_ENABLER_CONFIG c;
    WDFDMAENABLER enabler;
    WDF_DMA_ENABLER_CONFIG_INIT(&c, WdfDmaProfileScatterGather, 4096);
    c.EvtDmaEnablerFill = on_fill, c.EvtDmaEnablerEnable = on_dma_enable, c.EvtDmaEnablerSelfManagedIoStart = on_dma_start;
    c.EvtDmaEnablerSelfManagedIoStop = on_dma_stop, c.EvtDmaEnablerDisable = on_dma_disable, c.EvtDmaEnablerFlush = on_dma_flush;
    assert_int_equal(WdfDmaEnablerCreate(d, &c, WDF_NO_OBJECT_ATTRIBUTES, &enabler), STATUS_SUCCESS);
}

static void golden_add(WDFDEVICE d)
{
    pnp_add(d);
    add_interrupts(d);
    add_enabler(d);
}

static void idle_after(WDFDEVICE d, WDF_POWER_POLICY_S0_IDLE_CAPABILITIES caps, ULONG ms)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, caps);
    s.IdleTimeout = ms;
    if (caps == IdleCanWakeFromS0)
        s.DxState = PowerDeviceD2;
    assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &s), STATUS_SUCCESS);
}

static void golden_add_idling(WDFDEVICE d) { golden_add(d), idle_after(d, IdleCannotWakeFromS0, 10); }
static void golden_add_waking(WDFDEVICE d) { golden_add(d), idle_after(d, IdleCanWakeFromS0, 10); }

static void golden_add_waking_system(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS s;
    golden_add(d);
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&s);
    s.DxState = PowerDeviceD2;
    assert_int_equal(WdfDeviceAssignSxWakeSettings(d, &s), STATUS_SUCCESS);
}

/* ---- Where a scenario begins ---- */

static void added_as(void (*add)(WDFDEVICE))
{
    plan.init = golden_init, plan.device = named_device, plan.add = add, plan.queue = stoppable;
    boot();
    watch_bus();
    card_resources(node, 2, 0);
    answers.power_of_bus = true;
}

static void started_as(void (*add)(WDFDEVICE))
{
    added_as(add);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
}

static void added(void) { added_as(golden_add); }
static void started(void) { started_as(golden_add); }
static void started_idling(void) { started_as(golden_add_idling); }
static void started_waking(void) { started_as(golden_add_waking); }
static void started_sleep_waking(void) { started_as(golden_add_waking_system); }
static void started_with_reason(void) { answers.sx_with_reason = true, started_sleep_waking(); }
static void started_arming_fails(void) { answers.arm_s0 = STATUS_UNSUCCESSFUL, started_waking(); }
static void prepare_will_fail(void) { added(), answers.prepare = expected = STATUS_DEVICE_NOT_CONNECTED; }
static void d0_entry_will_fail(void) { added(), answers.d0_entry = STATUS_IO_DEVICE_ERROR, expected = STATUS_DEVICE_POWER_FAILURE; }
static void enable_will_fail(void) { added(), second_enable = STATUS_IO_DEVICE_ERROR, expected = STATUS_DEVICE_POWER_FAILURE; }
static void init_will_fail(void) { added(), answers.init = STATUS_UNSUCCESSFUL, expected = STATUS_DEVICE_POWER_FAILURE; }

static struct sent *r; /* the first request */
static void reads(void)
{
    struct sent *sent = send(IRP_MJ_READ, 4);
    r = r ? r : sent;
}
static void idles(void) { pass_ms(12); }
static void almost_idles(void) { pass_ms(9); }
static void started_with_r(void) { started(), reads(), log_clear(); }
static void in_dx(void) { started_idling(), idles(), log_clear(); }
static void in_dx_armed(void) { started_waking(), idles(), log_clear(); }

/* r1 is marked cancelable, r2 waits in a manual queue, r3 is the driver's from a queue that is not power-managed. */
static WDFQUEUE side, always;
static void side_queue(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { manual(c, a), c->EvtIoCanceledOnQueue = on_canceled_on_queue; }
static void always_on(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { manual(c, a), c->PowerManaged = WdfFalse, c->EvtIoStop = on_stop_reason; }
static void with_requests_everywhere(void)
{
    WDFREQUEST mine;
    added();
    side = make_queue(side_queue), named(side)->name = "side";
    always = make_queue(always_on), named(always)->name = "always";
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    for (int i = 0; i < 4; i++)
        reads();
    WdfRequestMarkCancelable(held[1], on_cancel);
    assert_int_equal(WdfRequestForwardToIoQueue(held[2], side), STATUS_SUCCESS);
    assert_int_equal(WdfRequestForwardToIoQueue(held[3], always), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueRetrieveNextRequest(always, &mine), STATUS_SUCCESS);
    log_clear();
}

static void idling_bus(WDFDEVICE d) { idle_after(d, IdleCannotWakeFromS0, 10); }
static void idling_function(WDFDEVICE d) { idle_after(d, IdleCannotWakeFromS0, 30); }
static void under_idle_bus(void) { bus_plan.bus = idling_bus, bus_start(), pass_ms(15), log_clear(); }
static void child_plugged(void) { bus_start(), plug(1), log_clear(); }
static void with_filter(void) { bus_plan.hardware_id = L"TEST\\filtered", bus_plan.function = idling_function, bus_start(); }

/* ---- What happens ---- */

static void starts(void) { assert_int_equal(pnp_start(node), expected); }
static void interface_shows(void) { say(interface_is_on() ? "on" : "off"); }
static void wake_signal(void) { assert_true(po_device_wakes(node->pdo)), pass_ms(1); }
static void reads_and_waits(void) { reads(), pass_ms(1); }
static void sleeps(void) { po_system_sleep(PowerSystemSleeping3, PowerActionSleep); }
static void resumes(void) { po_system_resume(), pass_ms(1); }
static void query_stop(void) { assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS); }
static void stops(void) { pnp_stop(node); }
static void query_remove(void) { assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS); }
static void removes(void) { assert_int_equal(pnp_remove(node), STATUS_SUCCESS); }
static void goes_by_surprise(void) { assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS); }
static void time_passes(void) { pass_ms(35); }

static void plugs(void) { plug(1); }
static WDFDEVICE kept;
static void removes_child(void)
{
    kept = child_of[1];
    struct devnode *child = node_of(1);
    assert_int_equal(pnp_remove(child), STATUS_SUCCESS);
    assert_int_equal(child->state, DEVNODE_ALONE);
    assert_int_equal(WdfDeviceGetDevicePnpState(kept), WdfDevStatePnpRemovedPdoWait);
}
static void adds_again(void)
{
    assert_int_equal(pnp_add_again(node_of(1)), STATUS_SUCCESS);
    assert_true(child_of[1] == kept);
}
static void is_needed(void)
{
    assert_int_equal(WdfDeviceStopIdle(function_of[1], TRUE), STATUS_SUCCESS);
    pass_ms(1);
    WdfDeviceResumeIdle(function_of[1]);
}

/* ---- The table ---- */

#define UP(from) "D0Entry(" from ") I0.Enable I1.Enable Post(" from ") DmaFill DmaEnable DmaStart Scan"
#define DOWN(to) "DmaStop DmaDisable DmaFlush Pre(" to ") I1.Disable I0.Disable D0Exit(" to ")"
#define OBJECTS "~queue ~device !queue <remove> !device"

static const struct golden {
    const char *rule, *scenario;
    void (*begins)(void);
    struct {
        void (*happens)(void);
        const char *order;
    } step[5];
} table[] = {
    /* RULE K-SEQ-1: FDO first start: the bus, PrepareHardware, D0Entry(D3Final), interrupts, PostInterruptsEnabled, DMA, child scan, queues on, SelfManagedIoInit, interfaces on. */
    /* RULE F-DRV-1: A power-up is a fixed order of callbacks, in which power-managed queues are live before SelfManagedIoInit. */
    /* RULE K-PNP-10: A start goes down the stack and has come back before the driver hears of it. */
    /* RULE K-PNP-11: A start has a fixed order of callbacks, which ends with the enabling of interfaces. */
    /* RULE K-PNP-12: I/O may be presented before SelfManagedIoInit has returned, but no interface is enabled then. */
    {"K-SEQ-1", "FDO first start", added,
     {{reads, ""}, {starts, "<start> Prepare " UP("Final") " read Init"}, {interface_shows, "on"}}},

    /* RULE K-SEQ-2: Idle-out without wake: Suspend, queues held, DMA down, PreInterruptsDisabled(D3), interrupts in reverse order, D0Exit(D3), the IRP goes down. */
    /* RULE K-PNP-79: A device goes idle when it was without a power reference for the time-out; a new reference brings D0 back. */
    {"K-SEQ-2", "idle-out without wake", started_idling,
     {{almost_idles, ""}, {idles, "Suspend " DOWN("D3") " <D3>"}}},

    /* RULE K-SEQ-3: I/O in Dx: the request waits, the D0 IRP comes, the power-up from D3, queues on, the request, Restart. */
    /* RULE W-POW-13: I/O that arrives in Dx waits until the owner of the power policy has brought the device to D0. */
    /* RULE K-PNP-85: A request in a power-managed queue wakes an idle device, is presented then, and keeps it awake. */
    {"K-SEQ-3", "I/O arrives in Dx", in_dx, {{reads_and_waits, "<D0> " UP("D3") " read Restart"}, {time_passes, ""}}},

    /* RULE K-SEQ-4: Idle-out with wake from S0: Suspend, queues held, the wait-wake IRP, ArmWakeFromS0, then the rest of the power-down to D2. */
    /* RULE K-PNP-80: A device is armed for wake after its queues are held and the wait-wake IRP is out. */
    {"K-SEQ-4", "idle-out with wake from S0", started_waking, {{idles, "Suspend <wait-wake> ArmS0+ " DOWN("D2") " <D2>"}}},

    /* RULE K-SEQ-5: A wake signal in S0: the D0 IRP, the power-up from D2, WakeFromS0Triggered and DisarmWakeFromS0 behind the child scan, queues on, Restart. */
    /* RULE K-PNP-82: After a wake signal the triggered and disarm callbacks both come, before the queues are on. */
    {"K-SEQ-5", "wake signal in S0", in_dx_armed, {{wake_signal, "<D0> " UP("D2") " WakeS0 DisarmS0 Restart"}}},

    /* RULE K-SEQ-6: Armed in Dx, I/O comes instead: the wait-wake IRP is cancelled and only DisarmWakeFromS0 is called, then the request is presented. */
    {"K-SEQ-6", "driver I/O instead of wake", in_dx_armed, {{reads_and_waits, "<D0> " UP("D2") " DisarmS0 read Restart"}}},

    /* RULE K-SEQ-7: ArmWakeFromS0 fails: the power-down goes on, and the device comes up again at once, without a disarm. */
    /* RULE K-PNP-81: When arming for wake fails, the wait-wake IRP is cancelled. */
    {"K-SEQ-7", "ArmWakeFromS0 fails", started_arming_fails,
     {{idles, "Suspend <wait-wake> ArmS0+ " DOWN("D2") " <D2> <D0> " UP("D2") " Restart"}}},

    /* RULE K-SEQ-8: Sx with r owned: Suspend, EvtIoStop(Suspend) acknowledged, the power-down to D3; at the resume the power-up, EvtIoResume, Restart. */
    /* RULE F-DRV-2: A power-down is a fixed order of callbacks, and waits for the requests that the driver owns. */
    /* RULE K-PNP-35: A power-down calls Suspend, holds the queues with EvtIoStop, stops DMA, then interrupts in reverse order, then calls D0Exit. */
    /* RULE K-PNP-37: A power-up calls D0Entry, enables interrupts and DMA, scans for children, turns the queues on with EvtIoResume, then calls Restart. */
    /* RULE K-PNP-73: A system sleep makes the owner of the power policy ask for D3, the return to S0 makes it ask for D0. */
    {"K-SEQ-8", "Sx (no wake) with r owned", started_with_r,
     {{sleeps, "<S3> Suspend stop(suspend) " DOWN("D3") " <D3>"}, {resumes, "<S0> <D0> " UP("D3") " resume Restart"}}},

    /* RULE K-SEQ-9: Sx armed: Suspend, queues held, the wait-wake IRP, ArmWakeFromSx, power-down; woken: power-up, WakeFromSxTriggered, DisarmWakeFromSx, Restart. */
    {"K-SEQ-9", "Sx armed, woken", started_sleep_waking,
     {{sleeps, "<S3> Suspend <wait-wake> ArmSx+ " DOWN("D2") " <D2>"}, {wake_signal, ""}, {resumes, "<S0> <D0> " UP("D2") " WakeSx DisarmSx Restart"}}},

    /* RULE K-SEQ-9: ArmWakeFromSxWithReason is called instead of ArmWakeFromSx where it is given; when something else woke the system, only the disarm comes. */
    {"K-SEQ-9", "Sx armed with reason, woken by something else", started_with_reason,
     {{sleeps, "<S3> Suspend <wait-wake> ArmSxReason+ " DOWN("D2") " <D2>"}, {resumes, "<S0> <D0> " UP("D2") " DisarmSx Restart"}}},

    /* RULE K-SEQ-10: Rebalance with r owned: QueryStop, the query passes, power-down to D3Final, ReleaseHardware, the stop passes; PrepareHardware, power-up, EvtIoResume, Restart. */
    /* RULE K-PNP-31: Nothing is called between a query-stop and the stop. */
    /* RULE K-PNP-32: A stop powers the device down to D3Final and calls ReleaseHardware before the IRP goes down. */
    /* RULE K-PNP-33: A restart after a stop: lower devices, PrepareHardware, EvtIoResume, SelfManagedIoRestart; interfaces stay enabled. */
    {"K-SEQ-10", "rebalance", started_with_r,
     {{query_stop, "QueryStop <query-stop>"},
      {stops, "Suspend stop(suspend) " DOWN("Final") " Release <stop>"},
      {interface_shows, "on"},
      {starts, "<start> Prepare " UP("Final") " resume Restart"}}},

    /* RULE K-SEQ-11: Graceful remove: power-down, ReleaseHardware, interfaces off, purge with all its callbacks, Flush, other queues, Cleanup, objects, the bus, EvtDestroy. */
    /* RULE F-DRV-3: A graceful removal is a fixed order of callbacks, from QueryRemove to the destroys. */
    /* RULE K-PNP-40: A removal has a fixed order of callbacks, and the driver's clean-up runs above a live lower stack. */
    /* RULE K-PNP-41: At a removal the interfaces go off, then the queues are purged, then comes Flush. */
    /* RULE K-PNP-42: The queues that are not power-managed are purged before Cleanup; objects go before the IRP is passed down, EvtDestroy after it. */
    /* RULE K-PNP-39: At a removal Suspend, Flush and Cleanup of the self-managed I/O come once each. */
    {"K-SEQ-11", "graceful remove", with_requests_everywhere,
     {{query_remove, "QueryRemove <query-remove>"},
      {removes, "Suspend stop(suspend) stop(suspend/c) " DOWN("Final") " Release cancel stop(purge) canceled Flush stop(purge) Cleanup "
                "~queue ~side ~always ~device !queue !side !always <remove> !device"}}},

    /* RULE K-SEQ-12: Surprise removal in D0 with r owned: SurpriseRemoval, the whole power-down, ReleaseHardware, interfaces off, purge, Flush; later Cleanup and the objects. */
    /* RULE F-DRV-4: In D0 SurpriseRemoval comes before Suspend, and owned requests are waited for. */
    /* RULE K-PNP-50: A surprise removal powers the device down like any removal, and the remove that follows does the rest. */
    {"K-SEQ-12", "surprise removal in D0", started_with_r,
     {{goes_by_surprise, "Surprise Suspend stop(suspend) " DOWN("Final") " Release stop(purge) Flush <surprise>"},
      {interface_shows, "off"},
      {removes, "Cleanup " OBJECTS}}},

    /* RULE K-SEQ-13: Surprise removal in Dx: SurpriseRemoval, ReleaseHardware, interfaces off, purge, Flush, without any power callback; later Cleanup and the objects. */
    /* RULE K-PNP-51: A surprise removal in Dx calls SurpriseRemoval, then ReleaseHardware and the clean-up, without Suspend or D0Exit. */
    /* RULE F-DRV-4: In low power Suspend has run long before SurpriseRemoval. */
    {"K-SEQ-13", "surprise removal in Dx", in_dx,
     {{goes_by_surprise, "Surprise Release Flush <surprise>"}, {interface_shows, "off"}, {removes, "Cleanup " OBJECTS}}},

    /* RULE K-SEQ-14: PrepareHardware fails: ReleaseHardware, the start fails with its status; the removal brings neither Flush nor Cleanup. */
    {"K-SEQ-14", "PrepareHardware fails", prepare_will_fail, {{starts, "<start> Prepare Release"}, {interface_shows, "off"}, {removes, OBJECTS}}},

    /* RULE K-SEQ-15: D0Entry fails at start: ReleaseHardware without D0Exit, and the start fails with STATUS_DEVICE_POWER_FAILURE. */
    /* RULE K-PNP-6: A power callback that fails at start makes the start fail with STATUS_DEVICE_POWER_FAILURE, whatever it returned. */
    {"K-SEQ-15", "D0Entry fails at start", d0_entry_will_fail,
     {{starts, "<start> Prepare D0Entry(Final) Release"}, {interface_shows, "off"}, {removes, OBJECTS}}},

    /* RULE K-SEQ-16: I1.Enable fails at start: only I0 is disabled, then D0Exit(D3Final) without PreInterruptsDisabled, ReleaseHardware, and the start fails. */
    /* RULE K-PNP-21: In the unwinding of a failed EvtInterruptEnable only interrupts whose Enable succeeded are disabled. */
    /* RULE K-PNP-20: The target of D0Exit in a start that fails is D3Final. */
    {"K-SEQ-16", "I1.Enable fails at start", enable_will_fail,
     {{starts, "<start> Prepare D0Entry(Final) I0.Enable I1.Enable I0.Disable D0Exit(Final) Release"}, {removes, OBJECTS}}},

    /* RULE K-SEQ-17: SelfManagedIoInit fails: queues held, the power-down without Suspend, ReleaseHardware, purge, Flush, the start fails; Cleanup at the remove. */
    {"K-SEQ-17", "SelfManagedIoInit fails", init_will_fail,
     {{reads, ""},
      {starts, "<start> Prepare " UP("Final") " read Init stop(suspend) " DOWN("Final") " Release stop(purge) Flush"},
      {removes, "Cleanup " OBJECTS}}},

    /* RULE K-SEQ-18: PDO start under an idle parent: the child's PrepareHardware, then the parent powers up with its Restart, then the child's D0Entry. */
    {"K-SEQ-18", "PDO start under idle parent", under_idle_bus,
     {{plugs, "create(1) c1:Prepare b:D0Entry(D3) scan b:Restart c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init"}}},

    /* RULE K-SEQ-19: PDO removed but present: powered down and flushed, neither Cleanup nor its objects' cleanup; started again: PrepareHardware to Restart. */
    /* RULE K-PNP-65: REMOVE of a PDO that is still reported calls neither Cleanup nor the cleanup of its objects, and it can be started again. */
    /* RULE K-PNP-39: A PDO that starts again after Flush is restarted, not initialised. */
    {"K-SEQ-19", "PDO removed but present, then restarted", child_plugged,
     {{removes_child, "f1:Suspend f1:D0Exit(Final) f1:Release f1:Flush f1:Cleanup f1:~ c1:Suspend c1:D0Exit(Final) c1:Release c1:Flush f1:!"},
      {adds_again, "c1:Prepare c1:D0Entry(Final) c1:Restart f1:Prepare f1:D0Entry(Final) f1:Init"}}},

    /* RULE K-SEQ-20: Filter above a PPO FDO: it starts after it, powers down before it and up after it, and never arms nor idles by itself. */
    {"K-SEQ-20", "filter above a PPO FDO", with_filter,
     {{plugs, "create(1) c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init u1:Prepare u1:D0Entry(Final) u1:Init"},
      {time_passes, "f1:Suspend u1:Suspend u1:D0Exit(D3) f1:D0Exit(D3) c1:Suspend c1:D0Exit(D3)"},
      {is_needed, "c1:D0Entry(D3) c1:Restart f1:D0Entry(D3) f1:Restart u1:D0Entry(D3) u1:Restart"}}},
};

static const struct golden *row;

static void live_through(void)
{
    row->begins();
    for (unsigned i = 0; i < sizeof row->step / sizeof row->step[0] && row->step[i].happens; i++) {
        row->step[i].happens();
        log_is(row->step[i].order);
    }
    if (r && !r->done)
        complete(0, STATUS_SUCCESS, 4);
    log_clear();
    finish();
}

static void golden_trace(void **state)
{
    row = *state;
    memset(&answers, 0, sizeof answers);
    memset(&bus_plan, 0, sizeof bus_plan);
    second_enable = expected = STATUS_SUCCESS;
    r = NULL;
    world_run(live_through, (struct outcome){0});
}

#define ROWS (sizeof table / sizeof table[0])

int main(void)
{
    static char names[ROWS][96];
    static struct CMUnitTest tests[ROWS];
    for (unsigned i = 0; i < ROWS; i++) {
        irpfuzz_snprintf(names[i], sizeof names[i], "%s %s", table[i].rule, table[i].scenario);
        tests[i] = (struct CMUnitTest){names[i], golden_trace, NULL, NULL, (void *)&table[i]};
    }
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
