#include "pcidrv.h"

static EVT_WDF_TIMER NicEvtWatchdog;

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static BOOLEAN
NicHangs(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicReset(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicRestartChip(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicGiveUp(_Inout_ PADAPTER Adapter);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicWatchdogInitialize)
#endif

#define NIC_DETECT_MS 100
#define NIC_WATCH_MS 400

/* So long the chip may take for a frame, in ticks, and so often a reset may be of no use. */
#define NIC_HANG_TICKS 5
#define NIC_RESET_FAILURES 5

/* ---- The timer ---- */

/* It fires once and starts itself anew. At PASSIVE_LEVEL, where PHY and resets can be waited for. */
_Use_decl_annotations_
NTSTATUS
NicWatchdogInitialize(PADAPTER Adapter)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDF_TIMER_CONFIG Config;

    PAGED_CODE();

    WDF_TIMER_CONFIG_INIT(&Config, NicEvtWatchdog);
    Config.AutomaticSerialization = FALSE;

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Adapter->Device;
    Attributes.ExecutionLevel = WdfExecutionLevelPassive;

    return WdfTimerCreate(&Config, &Attributes, &Adapter->Watchdog);
}

_Use_decl_annotations_
VOID
NicWatchdogStart(PADAPTER Adapter)
{
    WdfTimerStart(Adapter->Watchdog, WDF_REL_TIMEOUT_IN_MS(Adapter->LinkDetection ? NIC_DETECT_MS : NIC_WATCH_MS));
}

_Use_decl_annotations_
VOID
NicWatchdogStop(PADAPTER Adapter)
{
    (VOID)WdfTimerStop(Adapter->Watchdog, TRUE);
}

_Use_decl_annotations_
static VOID
NicEvtWatchdog(WDFTIMER Timer)
{
    PADAPTER Adapter = NicGetAdapter(WdfTimerGetParentObject(Timer));
    BOOLEAN Detected = FALSE;

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    if (Adapter->LinkDetection)
    {
        Detected = NicDetectLink(Adapter) != STATUS_PENDING;
        if (Detected)
            Adapter->LinkDetection = FALSE;
    }
    else if (NicHangs(Adapter))
    {
        NicReset(Adapter);
    }
    WdfWaitLockRelease(Adapter->ControlLock);

    if (Detected)
    {
        NicReleaseSends(Adapter, NIC_HOLD_LINK);
        NicServePendingOids(Adapter);
        NicReceive(Adapter);
    }

    if (!NicHasFlag(Adapter, NIC_REMOVE_IN_PROGRESS))
        NicWatchdogStart(Adapter);
}

/* ---- Hangs and resets ---- */

_Use_decl_annotations_
static BOOLEAN
NicHangs(PADAPTER Adapter)
{
    BOOLEAN Hangs;

    if (NicHasFlag(Adapter, NIC_HARDWARE_FAILED | NIC_HARDWARE_ERROR))
        return TRUE;

    WdfSpinLockAcquire(Adapter->SendLock);
    Hangs = Adapter->SendBusy > 0 && ++Adapter->SendHangTicks > NIC_HANG_TICKS;
    WdfSpinLockRelease(Adapter->SendLock);

    NicReceiveTick(Adapter);
    NicRefreshMedia(Adapter);
    return Hangs;
}

/* Nothing is sent or received meanwhile; writes that come wait. */
_Use_decl_annotations_
static VOID
NicReset(PADAPTER Adapter)
{
    NTSTATUS WriteStatus = STATUS_DEVICE_NOT_READY;
    NTSTATUS Status;

    if (NicHasFlag(Adapter, NIC_HARDWARE_FAILED))
    {
        NicGiveUp(Adapter);
        return;
    }

    if (NicHasFlag(Adapter, NIC_HARDWARE_ERROR))
        WriteStatus = STATUS_DEVICE_OFF_LINE;
    else if (InterlockedOr(&Adapter->Media, 0) == NicMediaDisconnected)
        WriteStatus = STATUS_DEVICE_NOT_CONNECTED;

    NicHoldSends(Adapter, NIC_HOLD_RESET);
    NicHoldInterrupts(Adapter);
    NicAllowReceive(Adapter, FALSE);

    /* Whatever it says, the chip is not to touch a frame any more before its memory is given back. */
    Status = NicPortReset(Adapter, PORT_SELECTIVE_RESET);
    NicAbortSends(Adapter, WriteStatus);
    NicAbortWaitingSends(Adapter, WriteStatus);
    NicResumeSends(Adapter);

    InterlockedAnd(&Adapter->Flags, ~NIC_HARDWARE_ERROR);
    if (NT_SUCCESS(Status))
        Status = NicRestartChip(Adapter);

    if (NT_SUCCESS(Status) && !NicHasFlag(Adapter, NIC_HARDWARE_ERROR))
    {
        Adapter->ResetFailures = 0;
    }
    else
    {
        KdPrint(("pcidrv: a reset failed with 0x%x\n", Status));
        NicSetFlag(Adapter, ++Adapter->ResetFailures < NIC_RESET_FAILURES ? NIC_HARDWARE_ERROR : NIC_HARDWARE_FAILED);
    }

    NicReleaseInterrupts(Adapter);
    NicReleaseSends(Adapter, NIC_HOLD_RESET);
}

/* A selective reset keeps what the chip was told. If that was of no use once, it is told all anew. */
_Use_decl_annotations_
static NTSTATUS
NicRestartChip(PADAPTER Adapter)
{
    NTSTATUS Status;

    if (Adapter->ResetFailures > 0)
    {
        Status = NicInitializeChip(Adapter);
        if (!NT_SUCCESS(Status))
            return Status;
    }

    NicClearReceiveRing(Adapter);
    NicAllowReceive(Adapter, TRUE);
    return NicStartReceive(Adapter);
}

/* The framework removes the device when it can. Until then nobody waits for the card: the watchdog, who would see to that, ends here. */
_Use_decl_annotations_
static VOID
NicGiveUp(PADAPTER Adapter)
{
    NicSetFlag(Adapter, NIC_REMOVE_IN_PROGRESS);

    NicHoldSends(Adapter, NIC_HOLD_RESET);
    (VOID)NicPortReset(Adapter, PORT_SOFTWARE_RESET);
    NicAbortSends(Adapter, STATUS_DEVICE_NOT_CONNECTED);
    NicAbortWaitingSends(Adapter, STATUS_DEVICE_NOT_CONNECTED);
    NicResumeSends(Adapter);

    WdfDeviceSetFailed(Adapter->Device, WdfDeviceFailedAttemptRestart);
}
