#include "toaster.h"

/* Nobody has used the toaster for so long: it may go to sleep. */
#define TOASTER_IDLE_TIMEOUT_MS 60000

static EVT_WDF_DEVICE_ARM_WAKE_FROM_S0 ToasterEvtDeviceArmWakeFromS0;
static EVT_WDF_DEVICE_DISARM_WAKE_FROM_S0 ToasterEvtDeviceDisarmWakeFromS0;
static EVT_WDF_DEVICE_WAKE_FROM_S0_TRIGGERED ToasterEvtDeviceWakeFromS0Triggered;
static EVT_WDF_DEVICE_ARM_WAKE_FROM_SX ToasterEvtDeviceArmWakeFromSx;
static EVT_WDF_DEVICE_DISARM_WAKE_FROM_SX ToasterEvtDeviceDisarmWakeFromSx;
static EVT_WDF_DEVICE_WAKE_FROM_SX_TRIGGERED ToasterEvtDeviceWakeFromSxTriggered;

/* The callbacks stay resident: the device that holds the pages may be asleep when they run. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, ToasterPowerPrepare)
#pragma alloc_text(PAGE, ToasterPowerInitialize)
#endif

_Use_decl_annotations_
VOID
ToasterPowerPrepare(PWDFDEVICE_INIT DeviceInit)
{
    WDF_POWER_POLICY_EVENT_CALLBACKS Callbacks;

    PAGED_CODE();

    WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtDeviceArmWakeFromS0 = ToasterEvtDeviceArmWakeFromS0;
    Callbacks.EvtDeviceDisarmWakeFromS0 = ToasterEvtDeviceDisarmWakeFromS0;
    Callbacks.EvtDeviceWakeFromS0Triggered = ToasterEvtDeviceWakeFromS0Triggered;
    Callbacks.EvtDeviceArmWakeFromSx = ToasterEvtDeviceArmWakeFromSx;
    Callbacks.EvtDeviceDisarmWakeFromSx = ToasterEvtDeviceDisarmWakeFromSx;
    Callbacks.EvtDeviceWakeFromSxTriggered = ToasterEvtDeviceWakeFromSxTriggered;
    WdfDeviceInitSetPowerPolicyEventCallbacks(DeviceInit, &Callbacks);
}

_Use_decl_annotations_
NTSTATUS
ToasterPowerInitialize(WDFDEVICE Device)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS Idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS Wake;
    NTSTATUS Status;

    PAGED_CODE();

    /* Only a request brings the toaster back: it has no button that would signal wake while the machine works. */
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&Idle, IdleCannotWakeFromS0);
    Idle.IdleTimeout = TOASTER_IDLE_TIMEOUT_MS;

    Status = WdfDeviceAssignS0IdleSettings(Device, &Idle);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: WdfDeviceAssignS0IdleSettings failed with 0x%x\n", Status));
        return Status;
    }

    /* A toaster that cannot wake the machine is a toaster all the same. */
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&Wake);
    Status = WdfDeviceAssignSxWakeSettings(Device, &Wake);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: WdfDeviceAssignSxWakeSettings failed with 0x%x\n", Status));

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
ToasterEvtDeviceD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: comes from power state %u\n", PreviousState));
    UNREFERENCED_PARAMETER(PreviousState);

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
ToasterEvtDeviceD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: goes to power state %u\n", TargetState));
    UNREFERENCED_PARAMETER(TargetState);

    return STATUS_SUCCESS;
}

/*
 * Wake. There is no hardware to be told: a framework that arms a toaster has the bus listen. Of each pair the first runs while the device is still in D0 and its
 * queue is held, the last when it is in D0 again and before the queue goes on; in between comes the trigger if it was this device that woke the machine.
 */

_Use_decl_annotations_
static NTSTATUS
ToasterEvtDeviceArmWakeFromS0(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: armed to wake itself\n"));

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
ToasterEvtDeviceDisarmWakeFromS0(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: wakes itself no more\n"));
}

_Use_decl_annotations_
static VOID
ToasterEvtDeviceWakeFromS0Triggered(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: has woken itself\n"));
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtDeviceArmWakeFromSx(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: armed to wake the machine\n"));

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
ToasterEvtDeviceDisarmWakeFromSx(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: wakes the machine no more\n"));
}

_Use_decl_annotations_
static VOID
ToasterEvtDeviceWakeFromSxTriggered(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("toaster: has woken the machine\n"));
}
