/*
 * PnP and power callbacks for tests in the world of kmdf_world.h: each writes its word into the log, and so does the bus beneath for every IRP that
 * arrives there ("<start>", "<D3>", "<wait-wake>"), so that a test compares one line with a whole sequence.
 *
 *     plan.init = pnp_callbacks; plan.add = pnp_add; boot(); watch_bus(); ... log_is("<start> Prepare ...");
 */
#ifndef TESTS_UNIT_PNP_WORLD_H
#define TESTS_UNIT_PNP_WORLD_H

#include <irpfuzz_format.h>

#include "kmdf_world.h"
#include "nt/io/io.h"

/* What the callbacks answer; reset by pnp_reset(). */
static struct {
    NTSTATUS prepare, d0_entry, post, init, restart, arm_s0, arm_sx, query_remove;
    bool sx_with_reason;
    bool power_of_bus;       /* power IRPs are logged too */
    bool bus_fails_d0;       /* it completes the IRP for D0 with an error */
    bool quiet_bus;          /* nothing of the bus is logged */
} answers;

static const GUID pnp_interface = {0x11223344, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}};

static bool interface_is_on(void)
{
    return io_next_interface(&pnp_interface, NULL) != NULL;
}

static void say_state(const char *word, WDF_POWER_DEVICE_STATE state)
{
    static const char *const names[] = {"?", "D0", "D1", "D2", "D3", "Final", "Hibernate"};
    char text[48];
    irpfuzz_snprintf(text, sizeof text, "%s(%s)", word, names[state]);
    say(text);
}

static NTSTATUS on_prepare(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated) { say("Prepare"); return answers.prepare; }
static NTSTATUS on_release(WDFDEVICE d, WDFCMRESLIST translated) { say("Release"); return STATUS_SUCCESS; }
static NTSTATUS on_d0_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("D0Entry", s); return answers.d0_entry; }
static NTSTATUS on_d0_exit(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("D0Exit", s); return STATUS_SUCCESS; }
static NTSTATUS on_post(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("Post", s); return answers.post; }
static NTSTATUS on_pre(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("Pre", s); return STATUS_SUCCESS; }
static NTSTATUS on_smio_init(WDFDEVICE d) { say(interface_is_on() ? "Init+" : "Init"); return answers.init; }
static NTSTATUS on_suspend(WDFDEVICE d) { say("Suspend"); return STATUS_SUCCESS; }
static NTSTATUS on_restart(WDFDEVICE d) { say("Restart"); return answers.restart; }
static VOID on_flush(WDFDEVICE d) { say(interface_is_on() ? "Flush+" : "Flush"); }
static VOID on_smio_cleanup(WDFDEVICE d) { say("Cleanup"); }
static VOID on_surprise(WDFDEVICE d) { say("Surprise"); }
static NTSTATUS on_query_remove(WDFDEVICE d) { say("QueryRemove"); return answers.query_remove; }
static NTSTATUS on_query_stop(WDFDEVICE d) { say("QueryStop"); return STATUS_SUCCESS; }

/* "+": the wait-wake IRP is still out. */
static void say_wake(const char *word)
{
    char text[48];
    irpfuzz_snprintf(text, sizeof text, "%s%s", word, device_of(fx()->pdo)->wait_wake ? "+" : "");
    say(text);
}

static NTSTATUS on_arm_s0(WDFDEVICE d) { say_wake("ArmS0"); return answers.arm_s0; }
static VOID on_disarm_s0(WDFDEVICE d) { say_wake("DisarmS0"); }
static VOID on_wake_s0(WDFDEVICE d) { say_wake("WakeS0"); }
static NTSTATUS on_arm_sx(WDFDEVICE d) { say_wake("ArmSx"); return answers.arm_sx; }
static NTSTATUS on_arm_sx_reason(WDFDEVICE d, BOOLEAN device_enabled, BOOLEAN children) { say_wake("ArmSxReason"); return answers.arm_sx; }
static VOID on_disarm_sx(WDFDEVICE d) { say_wake("DisarmSx"); }
static VOID on_wake_sx(WDFDEVICE d) { say_wake("WakeSx"); }

static void pnp_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_POWER_POLICY_EVENT_CALLBACKS p;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = on_prepare;
    c.EvtDeviceReleaseHardware = on_release;
    c.EvtDeviceD0Entry = on_d0_entry;
    c.EvtDeviceD0Exit = on_d0_exit;
    c.EvtDeviceD0EntryPostInterruptsEnabled = on_post;
    c.EvtDeviceD0ExitPreInterruptsDisabled = on_pre;
    c.EvtDeviceSelfManagedIoInit = on_smio_init;
    c.EvtDeviceSelfManagedIoSuspend = on_suspend;
    c.EvtDeviceSelfManagedIoRestart = on_restart;
    c.EvtDeviceSelfManagedIoFlush = on_flush;
    c.EvtDeviceSelfManagedIoCleanup = on_smio_cleanup;
    c.EvtDeviceSurpriseRemoval = on_surprise;
    c.EvtDeviceQueryRemove = on_query_remove;
    c.EvtDeviceQueryStop = on_query_stop;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
    WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(&p);
    p.EvtDeviceArmWakeFromS0 = on_arm_s0;
    p.EvtDeviceDisarmWakeFromS0 = on_disarm_s0;
    p.EvtDeviceWakeFromS0Triggered = on_wake_s0;
    if (answers.sx_with_reason)
        p.EvtDeviceArmWakeFromSxWithReason = on_arm_sx_reason;
    else
        p.EvtDeviceArmWakeFromSx = on_arm_sx;
    p.EvtDeviceDisarmWakeFromSx = on_disarm_sx;
    p.EvtDeviceWakeFromSxTriggered = on_wake_sx;
    WdfDeviceInitSetPowerPolicyEventCallbacks(init, &p);
}

static void named_device(WDF_OBJECT_ATTRIBUTES *a) { name_attributes(a, NULL); }

static void pnp_add(WDFDEVICE d)
{
    named(d)->name = "device";
    WdfDeviceCreateDeviceInterface(d, &pnp_interface, NULL);
}

/* ---- The bus ---- */

static PDRIVER_DISPATCH bus_pnp, bus_power;

static NTSTATUS NTAPI bus_got_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    static const char *const names[] = {"<start>", "<query-remove>", "<remove>", "<cancel-remove>", "<stop>", "<query-stop>", "<cancel-stop>"};
    UCHAR minor = io_get_current_irp_stack_location(irp)->MinorFunction;
    if (answers.quiet_bus)
        return bus_pnp(pdo, irp);
    if (minor < sizeof names / sizeof names[0])
        say(names[minor]);
    else if (minor == IRP_MN_SURPRISE_REMOVAL)
        say("<surprise>");
    return bus_pnp(pdo, irp);
}

static NTSTATUS NTAPI bus_got_power(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    char text[24];
    if (answers.bus_fails_d0 && stack->MinorFunction == IRP_MN_SET_POWER && stack->Parameters.Power.Type == DevicePowerState &&
        stack->Parameters.Power.State.DeviceState == PowerDeviceD0) {
        say("<D0 fails>");
        PoStartNextPowerIrp(irp);
        irp->IoStatus.Status = STATUS_DEVICE_POWER_FAILURE;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_DEVICE_POWER_FAILURE;
    }
    if (!answers.power_of_bus)
        return bus_power(pdo, irp);
    if (stack->MinorFunction == IRP_MN_WAIT_WAKE) {
        say("<wait-wake>");
    } else if (stack->MinorFunction == IRP_MN_SET_POWER) {
        if (stack->Parameters.Power.Type == DevicePowerState)
            irpfuzz_snprintf(text, sizeof text, "<D%d>", (int)stack->Parameters.Power.State.DeviceState - PowerDeviceD0);
        else
            irpfuzz_snprintf(text, sizeof text, "<S%d>", (int)stack->Parameters.Power.State.SystemState - PowerSystemWorking);
        say(text);
    }
    return bus_power(pdo, irp);
}

static void watch_bus(void)
{
    PDRIVER_OBJECT bus = node->pdo->DriverObject;
    bus_pnp = bus->MajorFunction[IRP_MJ_PNP], bus->MajorFunction[IRP_MJ_PNP] = bus_got_pnp;
    bus_power = bus->MajorFunction[IRP_MJ_POWER], bus->MajorFunction[IRP_MJ_POWER] = bus_got_power;
}

static void pnp_reset(void)
{
    memset(&answers, 0, sizeof answers);
    plan.init = pnp_callbacks, plan.device = named_device, plan.add = pnp_add;
}

#endif
