#include "pcidrv.h"

static EVT_WDF_DEVICE_ARM_WAKE_FROM_S0 NicEvtDeviceArmWake;
static EVT_WDF_DEVICE_DISARM_WAKE_FROM_S0 NicEvtDeviceDisarmWake;
static EVT_WDF_DEVICE_WAKE_FROM_S0_TRIGGERED NicEvtDeviceWakeTriggered;

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicSetPowered(_Inout_ PADAPTER Adapter, _In_ BOOLEAN Powered);

_IRQL_requires_(PASSIVE_LEVEL)
static BOOLEAN
NicIsThere(_In_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicQuietChip(_Inout_ PADAPTER Adapter);

/* The callbacks stay resident: the device that holds the pages may be asleep when they run. */
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicPowerPrepare)
#pragma alloc_text(PAGE, NicPowerInitialize)
#endif

/* What the chip was given is sent by then, if it can. */
#define NIC_SUSPEND_MS 250

/* ---- Policy ---- */

/* Wake is the same from a machine that works and from one that sleeps. */
_Use_decl_annotations_
VOID
NicPowerPrepare(PWDFDEVICE_INIT DeviceInit)
{
    WDF_POWER_POLICY_EVENT_CALLBACKS Callbacks;

    PAGED_CODE();

    WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtDeviceArmWakeFromS0 = NicEvtDeviceArmWake;
    Callbacks.EvtDeviceDisarmWakeFromS0 = NicEvtDeviceDisarmWake;
    Callbacks.EvtDeviceWakeFromS0Triggered = NicEvtDeviceWakeTriggered;
    Callbacks.EvtDeviceArmWakeFromSx = NicEvtDeviceArmWake;
    Callbacks.EvtDeviceDisarmWakeFromSx = NicEvtDeviceDisarmWake;
    Callbacks.EvtDeviceWakeFromSxTriggered = NicEvtDeviceWakeTriggered;
    WdfDeviceInitSetPowerPolicyEventCallbacks(DeviceInit, &Callbacks);
}

_Use_decl_annotations_
NTSTATUS
NicPowerInitialize(PADAPTER Adapter)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS Idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS Wake;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&Idle, IdleCanWakeFromS0);
    Idle.IdleTimeout = NIC_IDLE_TIMEOUT_MS;
    Status = WdfDeviceAssignS0IdleSettings(Adapter->Device, &Idle);
    if (Status == STATUS_POWER_STATE_INVALID)
    {
        /* Where the card cannot signal, in its slot, it works without idling: what comes from outside would be lost. */
        KdPrint(("pcidrv: the slot knows no wake signal\n"));
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(Status))
        return Status;

    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&Wake);
    Status = WdfDeviceAssignSxWakeSettings(Adapter->Device, &Wake);
    if (Status == STATUS_POWER_STATE_INVALID)
        Status = STATUS_SUCCESS;

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NicEvtDeviceArmWake(WDFDEVICE Device)
{
    PADAPTER Adapter = NicGetAdapter(Device);
    NTSTATUS Status;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    Status = NicAddOwnWakePattern(Adapter);
    WdfWaitLockRelease(Adapter->ControlLock);

    return Status;
}

_Use_decl_annotations_
static VOID
NicEvtDeviceDisarmWake(WDFDEVICE Device)
{
    PADAPTER Adapter = NicGetAdapter(Device);

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    NicRemoveOwnWakePattern(Adapter);
    WdfWaitLockRelease(Adapter->ControlLock);
}

_Use_decl_annotations_
static VOID
NicEvtDeviceWakeTriggered(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);

    KdPrint(("pcidrv: the card has signalled wake\n"));
}

/* ---- D-states ---- */

_Use_decl_annotations_
static VOID
NicSetPowered(PADAPTER Adapter, BOOLEAN Powered)
{
    WdfSpinLockAcquire(Adapter->ScbLock);
    Adapter->Powered = Powered;
    WdfSpinLockRelease(Adapter->ScbLock);
}

/* One that died in its sleep has not come to D0, where alone its registers may be touched. */
_Use_decl_annotations_
static BOOLEAN
NicIsThere(PADAPTER Adapter)
{
    USHORT Vendor = NIC_GONE_16;

    return Adapter->Bus.GetBusData(Adapter->Bus.Context, PCI_WHICHSPACE_CONFIG, &Vendor, 0, sizeof(Vendor)) == sizeof(Vendor) && Vendor != NIC_GONE_16;
}

/*
 * Queues come to life when this is over, interrupts too: until then nobody else is here but WMI and objects' readers, who wait for the lock. Writes wait if it is still
 * to be found out which PHY there is.
 */
_Use_decl_annotations_
NTSTATUS
NicEvtDeviceD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
    PADAPTER Adapter = NicGetAdapter(Device);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(PreviousState);

    if (!NicIsThere(Adapter))
        return STATUS_DEVICE_NOT_CONNECTED;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    InterlockedAnd(&Adapter->Flags, ~(NIC_HARDWARE_ERROR | NIC_HARDWARE_FAILED));
    Adapter->ResetFailures = 0;
    NicSetPowered(Adapter, TRUE);

    NicHoldSends(Adapter, NIC_HOLD_SUSPEND);
    NicRestartRing(Adapter);
    NicClearReceiveRing(Adapter);
    WdfSpinLockAcquire(Adapter->ReceiveLock);
    Adapter->PowerState = PowerDeviceD0;
    WdfSpinLockRelease(Adapter->ReceiveLock);

    Status = NicInitializeChip(Adapter);
    NicAllowReceive(Adapter, TRUE);
    if (NT_SUCCESS(Status))
        Status = NicStartReceive(Adapter);
    if (NT_SUCCESS(Status))
    {
        Adapter->LinkDetection = !Adapter->LinkKnown;
        if (Adapter->LinkDetection)
        {
            NicBeginLinkDetection(Adapter);
            NicHoldSends(Adapter, NIC_HOLD_LINK);
        }
        NicReleaseSends(Adapter, NIC_HOLD_SUSPEND | NIC_HOLD_RESET);
    }
    else
    {
        KdPrint(("pcidrv: the card does not start, 0x%x\n", Status));
        NicAllowReceive(Adapter, FALSE);
        NicSetPowered(Adapter, FALSE);
    }
    WdfWaitLockRelease(Adapter->ControlLock);

    return Status;
}

_Use_decl_annotations_
NTSTATUS
NicEvtDeviceD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
    PADAPTER Adapter = NicGetAdapter(Device);
    NTSTATUS Status;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    NicQuietChip(Adapter);

    if (TargetState == WdfPowerDeviceD3Final)
    {
        (VOID)NicPortReset(Adapter, PORT_SOFTWARE_RESET);
        (VOID)NicPhyReset(Adapter);
    }
    else if (Adapter->PowerCapability != 0)
    {
        Status = Adapter->AllowWakeArming ? NicLoadWakeFilter(Adapter) : STATUS_NOT_SUPPORTED;
        if (!NT_SUCCESS(Status))
            NicDisableWake(Adapter);
    }

    NicSetPowered(Adapter, FALSE);
    WdfWaitLockRelease(Adapter->ControlLock);

    return STATUS_SUCCESS;
}

/*
 * The receive unit stops, and what it had to say is acknowledged: its interrupts are masked by now. What the chip has counted it forgets when it sleeps: a card that does not
 * answer has nothing to add.
 */
_Use_decl_annotations_
static VOID
NicQuietChip(PADAPTER Adapter)
{
    USHORT Status;

    NicAllowReceive(Adapter, FALSE);
    Status = NicScbStatus(Adapter);
    if (Status == NIC_GONE_16)
        return;

    if ((Status & SCB_STATUS_RU) != SCB_STATUS_RU_IDLE)
        (VOID)NicScbCommand(Adapter, SCB_RU_ABORT, 0);
    (VOID)NicReadStatistics(Adapter);

    WRITE_REGISTER_USHORT(&Adapter->Csr->ScbStatus, Status & SCB_STATUS_CAUSES);
}

/* ---- Self-managed I/O ---- */

/* Serves as init and as restart. Only now can writes be taken from the queue in which they have slept. */
_Use_decl_annotations_
NTSTATUS
NicEvtDeviceSelfManagedIoStart(WDFDEVICE Device)
{
    PADAPTER Adapter = NicGetAdapter(Device);

    NicDrainSends(Adapter);
    NicWatchdogStart(Adapter);

    return STATUS_SUCCESS;
}

/*
 * The framework is about to stop the queues, and waits for every request that this driver has. Writes that wait are in a queue, those that the chip was given are not: with
 * the watchdog gone nobody would end them if the chip did not, so they are ended here.
 */
_Use_decl_annotations_
NTSTATUS
NicEvtDeviceSelfManagedIoSuspend(WDFDEVICE Device)
{
    PADAPTER Adapter = NicGetAdapter(Device);

    NicWatchdogStop(Adapter);

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    NicHoldSends(Adapter, NIC_HOLD_SUSPEND);
    if (!NicWaitForSends(Adapter, NIC_SUSPEND_MS))
    {
        NicHoldInterrupts(Adapter);
        (VOID)NicPortReset(Adapter, PORT_SELECTIVE_RESET);
        NicAbortSends(Adapter, STATUS_DEVICE_NOT_READY);
        NicResumeSends(Adapter);
        NicReleaseInterrupts(Adapter);
    }
    WdfWaitLockRelease(Adapter->ControlLock);

    return STATUS_SUCCESS;
}
