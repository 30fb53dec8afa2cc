/*
 * pcidrv: the function driver of an Intel 8255x network card without a network stack above it. Writes are frames that go out, reads are frames that came in, the
 * rest is objects to query and to set (public.h).
 *
 * Principle. Frames are sent through a ring of TCBs, one a write, which the chip works off in order; a write that finds the ring full or sending on hold waits in
 * PendingWriteQueue. Frames are received into a ring of RFDs and copied from there into the next read of PendingReadQueue. Both happen at DISPATCH_LEVEL, in callbacks
 * and in the interrupt's DPC. What takes long or waits for the chip (configuration, PHY, counters, link detection, reset) happens at PASSIVE_LEVEL: the watchdog is a
 * passive timer, and IoctlQueue presents its requests there.
 *
 * Locks, outermost first:
 *
 *   ControlLock   a wait lock: all of the slow part. Who holds it may sleep.
 *   SendLock      the ring of TCBs, and why nothing may be sent.
 *   ReceiveLock   the ring of RFDs. Never together with SendLock.
 *   ScbLock       each command to the chip: waiting until the last one was taken, pointer and command are one step.
 *
 * and the interrupt's own. No request is completed, forwarded or retrieved, and no DMA transaction ended, under any of the spin locks.
 *
 * An RFD has one owner: the ring, or who has taken it from there and gives it back (receive.c). A TCB between head and tail belongs to the chip until it is complete;
 * the write it carries ends in one place (send.c). Holding sends back is a set of reasons; who takes the last one away drains PendingWriteQueue, and who has put a
 * write there looks again whether it could be sent: so none is stranded. Whoever moves writes to the ring, or
 * takes frames from the other, is alone with that: who comes meanwhile leaves word, and is not waited for.
 *
 * driver.c has entry and what a device consists of, hardware.c its resources and start, power.c D-states and self-managed I/O, scb.c commands to the chip, control.c
 * what needs a command block, eeprom.c, phy.c, link.c, interrupt.c, send.c, receive.c, watchdog.c, oid.c, wake.c, wmi.c.
 */

#pragma once

#include <ntddk.h>
#include <wdmguid.h>
#include <wdf.h>

#include "public.h"
#include "chip.h"

#define NIC_POOL_TAG 'DICP'

#define NIC_IDLE_TIMEOUT_MS 10000

/* At any level: no longer than this at a time, and so often. Else whoever waits sleeps. */
#define NIC_POLL_US 10
#define NIC_POLLS 50

/* ---- State ---- */

/* Adapter->Flags, changed by Interlocked functions. */
#define NIC_HARDWARE_ERROR 0x04000000  /* the chip did not do what it was told: to be reset */
#define NIC_HARDWARE_FAILED 0x00800000 /* and that is of no use */
#define NIC_REMOVE_IN_PROGRESS 0x08000000

/* Why writes wait: Adapter->SendHold. */
#define NIC_HOLD_LINK 0x01    /* nobody knows yet whether there is a PHY */
#define NIC_HOLD_CONTROL 0x02 /* the command unit works on something else */
#define NIC_HOLD_RESET 0x04
#define NIC_HOLD_SUSPEND 0x08 /* on the way to low power, or there */

typedef enum _NIC_SPEED_DUPLEX
{
    NicSpeedAuto,
    NicSpeed10Half,
    NicSpeed10Full,
    NicSpeed100Half,
    NicSpeed100Full
} NIC_SPEED_DUPLEX;

typedef enum _NIC_MEDIA
{
    NicMediaConnected,
    NicMediaDisconnected
} NIC_MEDIA;

typedef struct _NIC_TCB_ENTRY
{
    PNIC_TCB Tcb;
    ULONG Physical;
    PNIC_TBD Tbds;
    WDFDMATRANSACTION Transaction; /* NULL: free */
} NIC_TCB_ENTRY, *PNIC_TCB_ENTRY;

typedef struct _NIC_RFD_ENTRY
{
    LIST_ENTRY Entry;
    WDFMEMORY Memory; /* this structure's */
    WDFCOMMONBUFFER Buffer;
    PNIC_RFD Rfd;
    ULONG Physical;

    /* Of the frame it holds, while it is out of the ring. */
    ULONG Length;
} NIC_RFD_ENTRY, *PNIC_RFD_ENTRY;

typedef struct _NIC_WAKE_ENTRY
{
    LIST_ENTRY Entry;
    ULONG Signature;
    ULONG Length;
    UCHAR Pattern[ANYSIZE_ARRAY]; /* a PCIDRV_WAKE_PATTERN, mask and pattern */
} NIC_WAKE_ENTRY, *PNIC_WAKE_ENTRY;

typedef USHORT (*NIC_READ_EEPROM)(_In_ volatile USHORT *Register);
typedef VOID (*NIC_WRITE_EEPROM)(_In_ volatile USHORT *Register, _In_ USHORT Value);

typedef struct _ADAPTER
{
    /* Made with the device, and never changed. */
    WDFDEVICE Device;
    WDFINTERRUPT Interrupt;
    WDFDMAENABLER DmaEnabler;
    WDFWAITLOCK ControlLock;
    WDFSPINLOCK SendLock;
    WDFSPINLOCK ReceiveLock;
    WDFSPINLOCK ScbLock;
    WDFTIMER Watchdog;
    WDFWORKITEM ReceiveWork;
    WDFQUEUE PendingWriteQueue;
    WDFQUEUE PendingReadQueue;
    WDFQUEUE PendingOidQueue;
    WDFQUEUE IndicationQueue;
    BUS_INTERFACE_STANDARD Bus; /* Context NULL: not there */
    UCHAR Revision;
    UCHAR PowerCapability; /* where it is in configuration space; 0: none, or the chip is too old */
    ULONG NumTcb;
    ULONG NumRfd;
    ULONG MaxRfd;
    ULONG SpeedDuplex; /* NIC_SPEED_DUPLEX */
    PNIC_SHARED Shared;
    ULONG SharedPhysical;

    /* Between EvtDevicePrepareHardware and EvtDeviceReleaseHardware. */
    PNIC_CSR Csr;
    PVOID Ports;
    SIZE_T PortLength;
    BOOLEAN PortsMapped;
    NIC_READ_EEPROM ReadEeprom;
    NIC_WRITE_EEPROM WriteEeprom;

    _Interlocked_ volatile LONG Flags;
    _Interlocked_ volatile LONG Media;       /* NIC_MEDIA */
    _Interlocked_ volatile LONG SendWaiting; /* writes in PendingWriteQueue, or on their way there */

    /* The slow part. */
    UCHAR PermanentAddress[PCIDRV_ADDRESS_LENGTH];
    UCHAR CurrentAddress[PCIDRV_ADDRESS_LENGTH];
    BOOLEAN AddressSet; /* by WMI */
    BOOLEAN LinkDetection;
    BOOLEAN LinkKnown;
    UCHAR PhyAddress;
    ULONG PhyId;
    ULONG LinkIndex;     /* of the PHY that is looked at */
    ULONG LinkTicks;     /* of waiting for it */
    ULONG LinkPatience;  /* ticks left for all of them */
    UCHAR LinkFirst;     /* the first PHY that exists, or PHY_SERIAL */
    ULONG LinkSpeed; /* Mb/s */
    BOOLEAN FullDuplex;
    ULONG MulticastCount;
    UCHAR Multicast[PCIDRV_MAX_MULTICAST][PCIDRV_ADDRESS_LENGTH];
    UCHAR Configuration[NIC_CONFIGURATION_LENGTH]; /* what the chip has */
    ULONGLONG Statistics[NicCounters];
    ULONG ResetFailures;
    LIST_ENTRY WakePatterns;
    ULONG WakeDwords;    /* of the chip's filter, that they take */
    UCHAR WakeAddress[PCIDRV_ADDRESS_LENGTH]; /* in the card's own pattern */
    BOOLEAN AllowWakeArming;

    _Guarded_by_(ScbLock) BOOLEAN Powered;

    /* Sending. */
    _Guarded_by_(SendLock) ULONG SendHold;
    _Guarded_by_(SendLock) BOOLEAN SendAborting; /* what comes to be sent now is refused */
    _Guarded_by_(SendLock) BOOLEAN TransmitIdle; /* the command unit has to be started, not resumed */
    _Guarded_by_(SendLock) BOOLEAN Sending;      /* somebody moves writes to the ring: one at a time, or they would overtake each other */
    _Guarded_by_(SendLock) BOOLEAN SendAgain;    /* and is to look again before he leaves */
    _Guarded_by_(SendLock) ULONG SendReserved;   /* places in the ring promised to writes that are being mapped */
    _Guarded_by_(SendLock) ULONG SendBusy;
    _Guarded_by_(SendLock) ULONG SendHead;
    _Guarded_by_(SendLock) ULONG SendTail;
    _Guarded_by_(SendLock) ULONG SendHangTicks;  /* of the watchdog, since a send completed */
    _Guarded_by_(SendLock) PNIC_TCB_ENTRY Tcbs;

    /* Receiving. PowerState is what OID_PNP_SET_POWER says. */
    _Guarded_by_(ReceiveLock) BOOLEAN Receiving;         /* somebody takes frames from the ring: one at a time, for the same reason */
    _Guarded_by_(ReceiveLock) BOOLEAN ReceiveAgain;
    _Guarded_by_(ReceiveLock) LIST_ENTRY ReceiveRing;
    _Guarded_by_(ReceiveLock) LIST_ENTRY ReceiveSurplus; /* to be freed */
    _Guarded_by_(ReceiveLock) ULONG ReadyRfds;           /* in the ring */
    _Guarded_by_(ReceiveLock) ULONG CurrentRfds;
    _Guarded_by_(ReceiveLock) ULONG ShrinkTicks;
    _Guarded_by_(ReceiveLock) BOOLEAN Growing;
    _Guarded_by_(ReceiveLock) BOOLEAN ReceiveAllowed;    /* the receive unit may be started */
    _Guarded_by_(ReceiveLock) ULONG PacketFilter;
    _Guarded_by_(ReceiveLock) ULONG PowerState;

    /* Under the interrupt's lock. */
    BOOLEAN InterruptEnabled;
    BOOLEAN InterruptHeld;
    ULONG StuckInterrupts; /* in a row that could not be acknowledged */

    LONG volatile IsrMasked; /* by the ISR, whose DPC has not unmasked yet */
} ADAPTER, *PADAPTER;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(ADAPTER, NicGetAdapter)

typedef struct _DRIVER_CONTEXT
{
    WDFLOOKASIDE RfdEntries;
} DRIVER_CONTEXT, *PDRIVER_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DRIVER_CONTEXT, NicGetDriver)

/* PASSIVE_LEVEL, with or without ControlLock. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicSleep(_In_ ULONG Milliseconds);

FORCEINLINE
BOOLEAN
NicHasFlag(_Inout_ PADAPTER Adapter, _In_ LONG Flag)
{
    return (InterlockedOr(&Adapter->Flags, 0) & Flag) != 0;
}

FORCEINLINE
VOID
NicSetFlag(_Inout_ PADAPTER Adapter, _In_ LONG Flag)
{
    InterlockedOr(&Adapter->Flags, Flag);
}

DRIVER_INITIALIZE DriverEntry;

/* ---- hardware.c ---- */

EVT_WDF_DEVICE_PREPARE_HARDWARE NicEvtDevicePrepareHardware;
EVT_WDF_DEVICE_RELEASE_HARDWARE NicEvtDeviceReleaseHardware;

/* Asks the bus what chip it is. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicReadConfiguration(_Inout_ PADAPTER Adapter);

/* Brings the chip from wherever it is to work: bases, configuration, address, filters, counters. Nothing is received yet. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicInitializeChip(_Inout_ PADAPTER Adapter);

/* ---- power.c ---- */

EVT_WDF_DEVICE_D0_ENTRY NicEvtDeviceD0Entry;
EVT_WDF_DEVICE_D0_EXIT NicEvtDeviceD0Exit;
EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT NicEvtDeviceSelfManagedIoStart;
EVT_WDF_DEVICE_SELF_MANAGED_IO_SUSPEND NicEvtDeviceSelfManagedIoSuspend;

/* Before the device is created. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicPowerPrepare(_Inout_ PWDFDEVICE_INIT DeviceInit);

/* The card may idle, and wake itself and the machine, if it can. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicPowerInitialize(_In_ PADAPTER Adapter);

/* ---- eeprom.c ---- */

/* The first words of the card's EEPROM. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicReadEeprom(_In_ PADAPTER Adapter, _Out_writes_(Count) PUSHORT Words, _In_ ULONG Count);

/* ---- scb.c ---- */

/* STATUS_DEVICE_DATA_ERROR: the chip does not take it; STATUS_DEVICE_NOT_CONNECTED: there is none; STATUS_DEVICE_NOT_READY: it is not in D0. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ScbLock)
_Must_inspect_result_
NTSTATUS
NicScbCommand(_Inout_ PADAPTER Adapter, _In_ UCHAR Command, _In_ ULONG Pointer);

/* Lets the command unit go on behind Previous, which it has stopped at or is about to. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ScbLock)
_Must_inspect_result_
NTSTATUS
NicScbResume(_Inout_ PADAPTER Adapter, _Inout_ PNIC_TCB Previous);

/* The status word, with every command taken; NIC_GONE_16 also outside D0. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ScbLock)
USHORT
NicScbStatus(_Inout_ PADAPTER Adapter);

/* One of the PORT functions that reset the chip. Its interrupts are masked afterwards. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicPortReset(_Inout_ PADAPTER Adapter, _In_ ULONG Function);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicSelfTest(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicMdiRead(_Inout_ PADAPTER Adapter, _In_ ULONG Phy, _In_ ULONG Register, _Out_ PUSHORT Value);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicMdiWrite(_Inout_ PADAPTER Adapter, _In_ ULONG Phy, _In_ ULONG Register, _In_ USHORT Value);

/* ---- control.c ---- */

/* Has the chip execute one command block, while no frame is being sent. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicSubmitCommand(
    _Inout_ PADAPTER Adapter,
    _In_ USHORT Command,
    _In_reads_bytes_(Length) const VOID *Parameters,
    _In_ ULONG Length);

/* The configuration that goes with this filter. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicConfigure(_Inout_ PADAPTER Adapter, _In_ ULONG PacketFilter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicSetPacketFilter(_Inout_ PADAPTER Adapter, _In_ ULONG PacketFilter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicLoadAddress(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicLoadMulticast(_Inout_ PADAPTER Adapter);

/* Tells the chip where its counters go, and forgets what they say. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicInitializeStatistics(_Inout_ PADAPTER Adapter);

/* Adds what the chip has counted since to Adapter->Statistics. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicReadStatistics(_Inout_ PADAPTER Adapter);

/* ---- phy.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicPhyExists(_Inout_ PADAPTER Adapter, _In_ ULONG Phy, _Out_ PBOOLEAN Exists);

/* Makes this PHY the only one on the wire. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicPhySelect(_Inout_ PADAPTER Adapter, _In_ ULONG Phy);

/* Forces what is to be forced, or negotiates anew. STATUS_UNSUCCESSFUL: it cannot do what is asked for. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicPhySetup(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicPhyReset(_Inout_ PADAPTER Adapter);

/* PHY_STATUS as it is now. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicPhyStatus(_Inout_ PADAPTER Adapter, _In_ ULONG Phy, _Out_ PUSHORT Value);

/* Sets Adapter->LinkSpeed and FullDuplex. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
VOID
NicPhySpeed(_Inout_ PADAPTER Adapter);

/* ---- link.c ---- */

/* Link detection begins anew. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
VOID
NicBeginLinkDetection(_Inout_ PADAPTER Adapter);

/* One step of looking for a PHY with a link. STATUS_PENDING: there is more to do, in a while; else it is over, whatever has come of it. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
NTSTATUS
NicDetectLink(_Inout_ PADAPTER Adapter);

/* Looks whether there is a link, and tells of a change. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
VOID
NicRefreshMedia(_Inout_ PADAPTER Adapter);

/* This is how it is; whoever waits for a change is told. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
NicIndicateMedia(_Inout_ PADAPTER Adapter, _In_ NIC_MEDIA Media);

/* ---- interrupt.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicInterruptInitialize(_Inout_ PADAPTER Adapter);

/* Masks the chip's interrupts until they are released. While they are connected. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
NicHoldInterrupts(_In_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID
NicReleaseInterrupts(_In_ PADAPTER Adapter);

/* ---- send.c ---- */

EVT_WDF_IO_QUEUE_IO_WRITE NicEvtIoWrite;
EVT_WDF_IO_QUEUE_IO_CANCELED_ON_QUEUE NicEvtWriteCanceledOnQueue;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicSendInitialize(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicHoldSends(_Inout_ PADAPTER Adapter, _In_ ULONG Reason);

/* Sends what has waited if there is no reason left not to. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicReleaseSends(_Inout_ PADAPTER Adapter, _In_ ULONG Reason);

/* With sends on hold: waits until the chip has sent what it was given. FALSE: it does not. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
BOOLEAN
NicWaitForSends(_Inout_ PADAPTER Adapter, _In_ ULONG Milliseconds);

/* Ends the writes that the chip has completed. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicCompleteSends(_Inout_ PADAPTER Adapter);

/* Starts writes that wait, as many as fit. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicDrainSends(_Inout_ PADAPTER Adapter);

/* With sends on hold and the chip stopped: ends the writes it has, and makes the ring new. More are refused until NicResumeSends(). */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicAbortSends(_Inout_ PADAPTER Adapter, _In_ NTSTATUS Status);

/* Those that wait, too. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicAbortWaitingSends(_Inout_ PADAPTER Adapter, _In_ NTSTATUS Status);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicResumeSends(_Inout_ PADAPTER Adapter);

/* The chip forgets where it was in the ring; nothing is being sent. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->SendLock)
VOID
NicRestartRing(_Inout_ PADAPTER Adapter);

/* ---- receive.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicReceiveInitialize(_Inout_ PADAPTER Adapter);

/* What is left when the common buffers are gone. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicReceiveCleanup(_Inout_ PADAPTER Adapter);

/* Hands frames that came to reads that wait, and has the chip receive more. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
VOID
NicReceive(_Inout_ PADAPTER Adapter);

/* The receive unit is stopped: forgets what came. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
VOID
NicClearReceiveRing(_Inout_ PADAPTER Adapter);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
VOID
NicAllowReceive(_Inout_ PADAPTER Adapter, _In_ BOOLEAN Allowed);

/* STATUS_MORE_PROCESSING_REQUIRED: there are frames to be taken. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
_Must_inspect_result_
NTSTATUS
NicStartReceive(_Inout_ PADAPTER Adapter);

/* Called by the watchdog: more RFDs than are needed go in time. */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Adapter->ReceiveLock)
VOID
NicReceiveTick(_Inout_ PADAPTER Adapter);

/* ---- watchdog.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicWatchdogInitialize(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicWatchdogStart(_In_ PADAPTER Adapter);

/* When this returns it does not run and will not. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicWatchdogStop(_In_ PADAPTER Adapter);

/* ---- oid.c ---- */

EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL NicEvtIoDeviceControl;

/* The link is known: answers those that have waited for that. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_not_held_(Adapter->ControlLock)
VOID
NicServePendingOids(_Inout_ PADAPTER Adapter);

/* ---- wake.c ---- */

/* What the card is to wake for when the framework asks it to: a frame to its own address. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicAddOwnWakePattern(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
VOID
NicRemoveOwnWakePattern(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicAddWakePattern(_Inout_ PADAPTER Adapter, _In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicRemoveWakePattern(_Inout_ PADAPTER Adapter, _In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length);

/* On the way to low power. */
_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
NTSTATUS
NicLoadWakeFilter(_Inout_ PADAPTER Adapter);

/* Whatever the framework has armed: the card is not to wake anybody. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicDisableWake(_In_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
VOID
NicWakeCleanup(_Inout_ PADAPTER Adapter);

/* ---- wmi.c ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
NicWmiInitialize(_In_ WDFDEVICE Device);
