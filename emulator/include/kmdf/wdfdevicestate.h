/*
 * The diagnostic states of a device's three state machines.
 *
 * A driver reads them from notification callbacks and getters and should only log them. The values of each list are
 * consecutive in the order given here.
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_DEVICE_PNP_STATE {
    WdfDevStatePnpInvalid = 0xFF,
    WdfDevStatePnpObjectCreated = 0x100,
    WdfDevStatePnpCheckForDevicePresence = 0x101,
    WdfDevStatePnpEjectFailed = 0x102,
    WdfDevStatePnpEjectHardware = 0x103,
    WdfDevStatePnpEjectedWaitingForRemove = 0x104,
    WdfDevStatePnpInit = 0x105,
    WdfDevStatePnpInitStarting = 0x106,
    WdfDevStatePnpInitSurpriseRemoved = 0x107,
    WdfDevStatePnpHardwareAvailable = 0x108,
    WdfDevStatePnpEnableInterfaces = 0x109,
    WdfDevStatePnpHardwareAvailablePowerPolicyFailed = 0x10A,
    WdfDevStatePnpQueryRemoveAskDriver = 0x10B,
    WdfDevStatePnpQueryRemovePending = 0x10C,
    WdfDevStatePnpQueryRemoveStaticCheck = 0x10D,
    WdfDevStatePnpQueriedRemoving = 0x10E,
    WdfDevStatePnpQueryStopAskDriver = 0x10F,
    WdfDevStatePnpQueryStopPending = 0x110,
    WdfDevStatePnpQueryStopStaticCheck = 0x111,
    WdfDevStatePnpQueryCanceled = 0x112,
    WdfDevStatePnpRemoved = 0x113,
    WdfDevStatePnpPdoRemoved = 0x114,
    WdfDevStatePnpRemovedPdoWait = 0x115,
    WdfDevStatePnpRemovedPdoSurpriseRemoved = 0x116,
    WdfDevStatePnpRemovingDisableInterfaces = 0x117,
    WdfDevStatePnpRestarting = 0x118,
    WdfDevStatePnpStarted = 0x119,
    WdfDevStatePnpStartedCancelStop = 0x11A,
    WdfDevStatePnpStartedCancelRemove = 0x11B,
    WdfDevStatePnpStartedRemoving = 0x11C,
    WdfDevStatePnpStartingFromStopped = 0x11D,
    WdfDevStatePnpStopped = 0x11E,
    WdfDevStatePnpStoppedWaitForStartCompletion = 0x11F,
    WdfDevStatePnpStartedStopping = 0x120,
    WdfDevStatePnpSurpriseRemove = 0x121,
    WdfDevStatePnpInitQueryRemove = 0x122,
    WdfDevStatePnpInitQueryRemoveCanceled = 0x123,
    WdfDevStatePnpFdoRemoved = 0x124,
    WdfDevStatePnpRemovedWaitForChildren = 0x125,
    WdfDevStatePnpQueriedSurpriseRemove = 0x126,
    WdfDevStatePnpSurpriseRemoveIoStarted = 0x127,
    WdfDevStatePnpFailedPowerDown = 0x128,
    WdfDevStatePnpFailedIoStarting = 0x129,
    WdfDevStatePnpFailedOwnHardware = 0x12A,
    WdfDevStatePnpFailed = 0x12B,
    WdfDevStatePnpFailedSurpriseRemoved = 0x12C,
    WdfDevStatePnpFailedStarted = 0x12D,
    WdfDevStatePnpFailedWaitForRemove = 0x12E,
    WdfDevStatePnpFailedInit = 0x12F,
    WdfDevStatePnpPdoInitFailed = 0x130,
    WdfDevStatePnpRestart = 0x131,
    WdfDevStatePnpFinal = 0x132,
    WdfDevStatePnpNull = 0x133,
} WDF_DEVICE_PNP_STATE, *PWDF_DEVICE_PNP_STATE;

typedef enum _WDF_DEVICE_POWER_STATE {
    WdfDevStatePowerInvalid = 0x2FF,
    WdfDevStatePowerObjectCreated = 0x300,
    WdfDevStatePowerCheckDeviceType = 0x301,
    WdfDevStatePowerCheckDeviceTypeNP = 0x302,
    WdfDevStatePowerCheckParentState = 0x303,
    WdfDevStatePowerCheckParentStateNP = 0x304,
    WdfDevStatePowerEnablingWakeAtBus = 0x305,
    WdfDevStatePowerEnablingWakeAtBusNP = 0x306,
    WdfDevStatePowerD0 = 0x307,
    WdfDevStatePowerD0NP = 0x308,
    WdfDevStatePowerD0BusWakeOwner = 0x309,
    WdfDevStatePowerD0BusWakeOwnerNP = 0x30A,
    WdfDevStatePowerD0ArmedForWake = 0x30B,
    WdfDevStatePowerD0ArmedForWakeNP = 0x30C,
    WdfDevStatePowerD0DisarmingWake = 0x30D,
    WdfDevStatePowerD0DisarmingWakeNP = 0x30E,
    WdfDevStatePowerD0Starting = 0x30F,
    WdfDevStatePowerD0StartingConnectInterrupt = 0x310,
    WdfDevStatePowerD0StartingDmaEnable = 0x311,
    WdfDevStatePowerD0StartingStartSelfManagedIo = 0x312,
    WdfDevStatePowerDecideD0State = 0x313,
    WdfDevStatePowerGotoD3Stopped = 0x314,
    WdfDevStatePowerStopped = 0x315,
    WdfDevStatePowerStartingCheckDeviceType = 0x316,
    WdfDevStatePowerStartingChild = 0x317,
    WdfDevStatePowerDxDisablingWake = 0x318,
    WdfDevStatePowerDxDisablingWakeNP = 0x319,
    WdfDevStatePowerGotoDx = 0x31A,
    WdfDevStatePowerGotoDxNP = 0x31B,
    WdfDevStatePowerGotoDxIoStopped = 0x31C,
    WdfDevStatePowerGotoDxIoStoppedNP = 0x31D,
    WdfDevStatePowerGotoDxNPFailed = 0x31E,
    WdfDevStatePowerGotoDxArmedForWake = 0x31F,
    WdfDevStatePowerGotoDxArmedForWakeNP = 0x320,
    WdfDevStatePowerGotoDxIoStoppedArmedForWake = 0x321,
    WdfDevStatePowerGotoDxIoStoppedArmedForWakeNP = 0x322,
    WdfDevStatePowerGotoStopped = 0x323,
    WdfDevStatePowerNotifyingD0EntryToWake = 0x324,
    WdfDevStatePowerNotifyingD0EntryToWakeNP = 0x325,
    WdfDevStatePowerNotifyingD0ExitToWake = 0x326,
    WdfDevStatePowerNotifyingD0ExitToWakeNP = 0x327,
    WdfDevStatePowerWakePending = 0x328,
    WdfDevStatePowerWakePendingNP = 0x329,
    WdfDevStatePowerWaking = 0x32A,
    WdfDevStatePowerWakingNP = 0x32B,
    WdfDevStatePowerWakingConnectInterrupt = 0x32C,
    WdfDevStatePowerWakingConnectInterruptNP = 0x32D,
    WdfDevStatePowerWakingDmaEnable = 0x32E,
    WdfDevStatePowerWakingDmaEnableNP = 0x32F,
    WdfDevStatePowerStartSelfManagedIo = 0x330,
    WdfDevStatePowerStartSelfManagedIoNP = 0x331,
    WdfDevStatePowerStartSelfManagedIoFailed = 0x332,
    WdfDevStatePowerStartSelfManagedIoFailedNP = 0x333,
    WdfDevStatePowerWaitForParent = 0x334,
    WdfDevStatePowerWaitForParentNP = 0x335,
    WdfDevStatePowerStartFailed = 0x336,
    WdfDevStatePowerUpFailed = 0x337,
    WdfDevStatePowerUpFailedNP = 0x338,
    WdfDevStatePowerUpFailedDerefParent = 0x339,
    WdfDevStatePowerGotoFailed = 0x33A,
    WdfDevStatePowerPowerFailed = 0x33B,
    WdfDevStatePowerDx = 0x33C,
    WdfDevStatePowerDxNP = 0x33D,
    WdfDevStatePowerDxArmedForWake = 0x33E,
    WdfDevStatePowerDxArmedForWakeNP = 0x33F,
    WdfDevStatePowerDxStoppedDisarmWake = 0x340,
    WdfDevStatePowerDxStoppedDisarmWakeNP = 0x341,
    WdfDevStatePowerDxStoppedArmForWake = 0x342,
    WdfDevStatePowerDxStoppedArmForWakeNP = 0x343,
    WdfDevStatePowerFinalPowerDownFailed = 0x344,
    WdfDevStatePowerFinalPowerDownFailedNP = 0x345,
    WdfDevStatePowerFinal = 0x346,
    WdfDevStatePowerNull = 0x347,
} WDF_DEVICE_POWER_STATE, *PWDF_DEVICE_POWER_STATE;

typedef enum _WDF_DEVICE_POWER_POLICY_STATE {
    WdfDevStatePwrPolInvalid = 0x4FF,
    WdfDevStatePwrPolObjectCreated = 0x500,
    WdfDevStatePwrPolStarting = 0x501,
    WdfDevStatePwrPolStarted = 0x502,
    WdfDevStatePwrPolStartingSucceeded = 0x503,
    WdfDevStatePwrPolStartingFailed = 0x504,
    WdfDevStatePwrPolStartingDecideS0Wake = 0x505,
    WdfDevStatePwrPolStartedIdleCapable = 0x506,
    WdfDevStatePwrPolTimerExpiredNoWake = 0x507,
    WdfDevStatePwrPolTimerExpiredNoWakeCompletePowerDown = 0x508,
    WdfDevStatePwrPolWaitingUnarmed = 0x509,
    WdfDevStatePwrPolWaitingUnarmedQueryIdle = 0x50A,
    WdfDevStatePwrPolS0NoWakePowerUp = 0x50B,
    WdfDevStatePwrPolS0NoWakeCompletePowerUp = 0x50C,
    WdfDevStatePwrPolSystemSleepNeedWake = 0x50D,
    WdfDevStatePwrPolSystemSleepNeedWakeCompletePowerUp = 0x50E,
    WdfDevStatePwrPolSystemSleepPowerRequestFailed = 0x50F,
    WdfDevStatePwrPolCheckPowerPageable = 0x510,
    WdfDevStatePwrPolSleepingWakeWakeArrived = 0x511,
    WdfDevStatePwrPolSleepingWakeRevertArmWake = 0x512,
    WdfDevStatePwrPolSystemAsleepWakeArmed = 0x513,
    WdfDevStatePwrPolSystemWakeDeviceWakeEnabled = 0x514,
    WdfDevStatePwrPolSystemWakeDeviceWakeEnabledWakeCanceled = 0x515,
    WdfDevStatePwrPolSystemWakeDeviceWakeDisarm = 0x516,
    WdfDevStatePwrPolSystemWakeDeviceWakeTriggered = 0x517,
    WdfDevStatePwrPolSystemWakeDeviceWakeTriggeredS0 = 0x518,
    WdfDevStatePwrPolSystemWakeDeviceWokeDisarm = 0x519,
    WdfDevStatePwrPolSleepingWakeWakeArrivedNP = 0x51A,
    WdfDevStatePwrPolSleepingWakeRevertArmWakeNP = 0x51B,
    WdfDevStatePwrPolSleepingWakePowerDownFailed = 0x51C,
    WdfDevStatePwrPolSleepingWakePowerDownFailedWakeCanceled = 0x51D,
    WdfDevStatePwrPolSystemAsleepWakeArmedNP = 0x51E,
    WdfDevStatePwrPolSystemWakeDeviceWakeEnabledNP = 0x51F,
    WdfDevStatePwrPolSystemWakeDeviceWakeEnabledWakeCanceledNP = 0x520,
    WdfDevStatePwrPolSystemWakeDeviceWakeDisarmNP = 0x521,
    WdfDevStatePwrPolSystemWakeDeviceWakeTriggeredNP = 0x522,
    WdfDevStatePwrPolSystemWakeDeviceWakeTriggeredS0NP = 0x523,
    WdfDevStatePwrPolSystemWakeDeviceWokeDisarmNP = 0x524,
    WdfDevStatePwrPolSystemWakeDeviceWakeCompletePowerUp = 0x525,
    WdfDevStatePwrPolSleepingNoWakeCompletePowerDown = 0x526,
    WdfDevStatePwrPolSleepingNoWakeDxRequestFailed = 0x527,
    WdfDevStatePwrPolSleepingWakePowerDown = 0x528,
    WdfDevStatePwrPolSleepingSendWake = 0x529,
    WdfDevStatePwrPolSystemAsleepNoWake = 0x52A,
    WdfDevStatePwrPolSystemWakeDeviceWakeDisabled = 0x52B,
    WdfDevStatePwrPolSystemWakeDeviceToD0 = 0x52C,
    WdfDevStatePwrPolSystemWakeDeviceToD0CompletePowerUp = 0x52D,
    WdfDevStatePwrPolSystemWakeQueryIdle = 0x52E,
    WdfDevStatePwrPolStartedWakeCapable = 0x52F,
    WdfDevStatePwrPolTimerExpiredDecideUsbSS = 0x530,
    WdfDevStatePwrPolTimerExpiredWakeCapablePowerDown = 0x531,
    WdfDevStatePwrPolTimerExpiredWakeCapableSendWake = 0x532,
    WdfDevStatePwrPolTimerExpiredWakeCapableUsbSS = 0x533,
    WdfDevStatePwrPolTimerExpiredWakeCapableWakeArrived = 0x534,
    WdfDevStatePwrPolTimerExpiredWakeCapableCancelWake = 0x535,
    WdfDevStatePwrPolTimerExpiredWakeCapableCleanup = 0x536,
    WdfDevStatePwrPolTimerExpiredWakeCapableDxAllocFailed = 0x537,
    WdfDevStatePwrPolTimerExpiredWakeCompletedPowerDown = 0x538,
    WdfDevStatePwrPolTimerExpiredWakeCapablePowerUp = 0x539,
    WdfDevStatePwrPolWakeCapableDeviceIdle = 0x53A,
    WdfDevStatePwrPolWakeCapableUsbSSCompleted = 0x53B,
    WdfDevStatePwrPolWaitingArmedUsbSS = 0x53C,
    WdfDevStatePwrPolWaitingArmed = 0x53D,
    WdfDevStatePwrPolWaitingArmedQueryIdle = 0x53E,
    WdfDevStatePwrPolIoPresentArmed = 0x53F,
    WdfDevStatePwrPolIoPresentArmedWakeCanceled = 0x540,
    WdfDevStatePwrPolS0WakeDisarm = 0x541,
    WdfDevStatePwrPolS0WakeCompletePowerUp = 0x542,
    WdfDevStatePwrPolTimerExpiredWakeSucceeded = 0x543,
    WdfDevStatePwrPolTimerExpiredWakeCompletedDisarm = 0x544,
    WdfDevStatePwrPolTimerExpiredWakeCapableWakeSucceeded = 0x545,
    WdfDevStatePwrPolTimerExpiredWakeCapableWakeFailed = 0x546,
    WdfDevStatePwrPolWakeFailedUsbSS = 0x547,
    WdfDevStatePwrPolCancelUsbSS = 0x548,
    WdfDevStatePwrPolCancelingWakeForSystemSleep = 0x549,
    WdfDevStatePwrPolCancelingWakeForSystemSleepWakeCanceled = 0x54A,
    WdfDevStatePwrPolDisarming = 0x54B,
    WdfDevStatePwrPolStoppingResetDevice = 0x54C,
    WdfDevStatePwrPolStoppingResetDeviceCompletePowerUp = 0x54D,
    WdfDevStatePwrPolStoppingD0 = 0x54E,
    WdfDevStatePwrPolStoppingD0CompletePowerUp = 0x54F,
    WdfDevStatePwrPolStoppingDisarmWake = 0x550,
    WdfDevStatePwrPolStoppingDisarmWakeCancelWake = 0x551,
    WdfDevStatePwrPolStoppingDisarmWakeWakeCanceled = 0x552,
    WdfDevStatePwrPolStopping = 0x553,
    WdfDevStatePwrPolStoppingFailed = 0x554,
    WdfDevStatePwrPolStoppingSendStatus = 0x555,
    WdfDevStatePwrPolStoppingCancelTimer = 0x556,
    WdfDevStatePwrPolStoppingWaitForIdleTimeout = 0x557,
    WdfDevStatePwrPolStoppingCancelUsbSS = 0x558,
    WdfDevStatePwrPolStoppingWaitForUsbSSCompletion = 0x559,
    WdfDevStatePwrPolStoppingCancelWake = 0x55A,
    WdfDevStatePwrPolStopped = 0x55B,
    WdfDevStatePwrPolRestartingFailed = 0x55C,
    WdfDevStatePwrPolRemoved = 0x55D,
    WdfDevStatePwrPolFinal = 0x55E,
    WdfDevStatePwrPolNull = 0x55F,
} WDF_DEVICE_POWER_POLICY_STATE, *PWDF_DEVICE_POWER_POLICY_STATE;

// Whether the state is one of a device that must not touch pageable memory.
WDF_INLINE BOOLEAN WdfDevStateIsNP(_In_ WDF_DEVICE_POWER_STATE State)
{
    switch (State) {
    case WdfDevStatePowerCheckDeviceTypeNP:
    case WdfDevStatePowerCheckParentStateNP:
    case WdfDevStatePowerEnablingWakeAtBusNP:
    case WdfDevStatePowerD0NP:
    case WdfDevStatePowerD0BusWakeOwnerNP:
    case WdfDevStatePowerD0ArmedForWakeNP:
    case WdfDevStatePowerD0DisarmingWakeNP:
    case WdfDevStatePowerDxDisablingWakeNP:
    case WdfDevStatePowerGotoDxNP:
    case WdfDevStatePowerGotoDxIoStoppedNP:
    case WdfDevStatePowerGotoDxArmedForWakeNP:
    case WdfDevStatePowerGotoDxIoStoppedArmedForWakeNP:
    case WdfDevStatePowerNotifyingD0EntryToWakeNP:
    case WdfDevStatePowerNotifyingD0ExitToWakeNP:
    case WdfDevStatePowerWakePendingNP:
    case WdfDevStatePowerWakingNP:
    case WdfDevStatePowerWakingConnectInterruptNP:
    case WdfDevStatePowerWakingDmaEnableNP:
    case WdfDevStatePowerStartSelfManagedIoNP:
    case WdfDevStatePowerStartSelfManagedIoFailedNP:
    case WdfDevStatePowerWaitForParentNP:
    case WdfDevStatePowerUpFailedNP:
    case WdfDevStatePowerDxNP:
    case WdfDevStatePowerDxArmedForWakeNP:
    case WdfDevStatePowerDxStoppedDisarmWakeNP:
    case WdfDevStatePowerDxStoppedArmForWakeNP:
    case WdfDevStatePowerFinalPowerDownFailedNP:
    case WdfDevStatePowerGotoDxNPFailed:
        return TRUE;
    default:
        return FALSE;
    }
}

// The pageable twin of a state; a state that has none is its own.
WDF_INLINE WDF_DEVICE_POWER_STATE WdfDevStateNormalize(_In_ WDF_DEVICE_POWER_STATE State)
{
    if (State == WdfDevStatePowerGotoDxNPFailed || !WdfDevStateIsNP(State)) {
        return State;
    }
    return (WDF_DEVICE_POWER_STATE)(State - 1);
}

WDF_EXTERN_C_END
