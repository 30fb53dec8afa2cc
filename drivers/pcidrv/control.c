#include "pcidrv.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicRunCommandBlock(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicBuildConfiguration(
    _In_ PADAPTER Adapter,
    _In_ ULONG PacketFilter,
    _Out_writes_(NIC_CONFIGURATION_LENGTH) PUCHAR Configuration);

/* A frame takes 1.3 ms at the slowest, and there are no more than 64 of them. */
#define NIC_SENDS_MS 250

/* A command block is a matter of microseconds. */
#define NIC_COMMAND_MS 100

#define SHARED_PHYSICAL(Adapter, Member) ((Adapter)->SharedPhysical + FIELD_OFFSET(NIC_SHARED, Member))

/* ---- Command blocks ---- */

/* It is started, and ends its list: the ring of frames is behind it no more, and has to be started too. */
_Use_decl_annotations_
NTSTATUS
NicSubmitCommand(PADAPTER Adapter, USHORT Command, const VOID *Parameters, ULONG Length)
{
    PNIC_COMMAND_BLOCK Block = &Adapter->Shared->Command;
    NTSTATUS Status;

    NT_ASSERT(Length <= sizeof(Block->Parameters));

    NicHoldSends(Adapter, NIC_HOLD_CONTROL);
    if (NicWaitForSends(Adapter, NIC_SENDS_MS))
    {
        RtlCopyMemory(Block->Parameters, Parameters, Length);
        NicWrite16(&Block->Header.Command, CB_COMMAND_END | Command);
        NicWrite32(&Block->Header.Link, NIC_NO_LINK);
        NicWrite16(&Block->Header.Status, 0);

        NicRestartRing(Adapter);
        Status = NicRunCommandBlock(Adapter);
    }
    else
    {
        Status = STATUS_DEVICE_NOT_READY;
    }
    NicReleaseSends(Adapter, NIC_HOLD_CONTROL);

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NicRunCommandBlock(PADAPTER Adapter)
{
    PNIC_COMMAND_BLOCK Block = &Adapter->Shared->Command;
    USHORT BlockStatus;
    NTSTATUS Status;
    ULONG Poll;

    Status = NicScbCommand(Adapter, SCB_CU_START, SHARED_PHYSICAL(Adapter, Command));
    if (!NT_SUCCESS(Status))
        return Status;

    for (Poll = 0; Poll < NIC_POLLS + NIC_COMMAND_MS; Poll++)
    {
        BlockStatus = NicRead16(&Block->Header.Status);
        if (BlockStatus & CB_STATUS_COMPLETE)
            return BlockStatus & CB_STATUS_OK ? STATUS_SUCCESS : STATUS_DEVICE_DATA_ERROR;

        if (Poll < NIC_POLLS)
            KeStallExecutionProcessor(NIC_POLL_US);
        else if (NicScbStatus(Adapter) == NIC_GONE_16)
            return STATUS_DEVICE_NOT_CONNECTED;
        else
            NicSleep(1);
    }

    NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
    return STATUS_DEVICE_DATA_ERROR;
}

/* ---- Configuration ---- */

/*
 * Standard descriptors and counters, an interrupt whenever the command unit stops, short frames discarded, one retry after an underrun. The filter decides on bytes 15
 * and 21: frames to the card's own address always pass, those to the multicast list too.
 */
static const UCHAR NicConfigurationBase[NIC_CONFIGURATION_LENGTH] = {
    NIC_CONFIGURATION_LENGTH, 0x88, 0x00, 0x01, 0x00, 0x00, 0x32, 0x03, 0x01, 0x00, 0x2E,
    0x00, 0x60, 0x00, 0xF2, 0xEA, 0x00, 0x40, 0xF2, 0x80, 0x3F, 0x05};

#define CONFIGURATION_MII 8
#define CONFIGURATION_FILTER 15
#define CONFIGURATION_FILTER_PROMISCUOUS 0x01
#define CONFIGURATION_FILTER_NO_BROADCAST 0x02
#define CONFIGURATION_FILTER_CARRIER 0x80
#define CONFIGURATION_DUPLEX 19
#define CONFIGURATION_DUPLEX_FORCED 0xC0
#define CONFIGURATION_MULTICAST 21
#define CONFIGURATION_MULTICAST_ALL 0x08

_Use_decl_annotations_
static VOID
NicBuildConfiguration(PADAPTER Adapter, ULONG PacketFilter, PUCHAR Configuration)
{
    PUCHAR Filter = &Configuration[CONFIGURATION_FILTER];

    RtlCopyMemory(Configuration, NicConfigurationBase, NIC_CONFIGURATION_LENGTH);

    *Filter &= ~(CONFIGURATION_FILTER_PROMISCUOUS | CONFIGURATION_FILTER_NO_BROADCAST | CONFIGURATION_FILTER_CARRIER);
    if (PacketFilter & PCIDRV_FILTER_PROMISCUOUS)
        *Filter |= CONFIGURATION_FILTER_PROMISCUOUS;
    if (!(PacketFilter & PCIDRV_FILTER_BROADCAST))
        *Filter |= CONFIGURATION_FILTER_NO_BROADCAST;
    if (PacketFilter & PCIDRV_FILTER_ALL_MULTICAST)
        Configuration[CONFIGURATION_MULTICAST] |= CONFIGURATION_MULTICAST_ALL;

    if (Adapter->PhyAddress == PHY_SERIAL)
    {
        Configuration[CONFIGURATION_MII] = 0;
        *Filter |= CONFIGURATION_FILTER_CARRIER;
    }

    if (Adapter->SpeedDuplex == NicSpeed10Full || Adapter->SpeedDuplex == NicSpeed100Full)
        Configuration[CONFIGURATION_DUPLEX] = CONFIGURATION_DUPLEX_FORCED;
    else if (Adapter->SpeedDuplex != NicSpeedAuto)
        Configuration[CONFIGURATION_DUPLEX] = 0;
}

/* The receive unit is stopped meanwhile; whoever called starts it again. */
_Use_decl_annotations_
NTSTATUS
NicConfigure(PADAPTER Adapter, ULONG PacketFilter)
{
    UCHAR Configuration[NIC_CONFIGURATION_LENGTH];
    NTSTATUS Status;

    NicBuildConfiguration(Adapter, PacketFilter, Configuration);
    if (RtlEqualMemory(Configuration, Adapter->Configuration, sizeof(Configuration)))
        return STATUS_SUCCESS;

    if ((NicScbStatus(Adapter) & SCB_STATUS_RU) != SCB_STATUS_RU_IDLE)
    {
        Status = NicScbCommand(Adapter, SCB_RU_ABORT, 0);
        if (!NT_SUCCESS(Status))
            return Status;
    }

    /* Whatever becomes of it, the chip has not what it had. */
    RtlZeroMemory(Adapter->Configuration, sizeof(Adapter->Configuration));
    Status = NicSubmitCommand(Adapter, CB_COMMAND_CONFIGURE, Configuration, sizeof(Configuration));
    if (NT_SUCCESS(Status))
        RtlCopyMemory(Adapter->Configuration, Configuration, sizeof(Configuration));

    return Status;
}

_Use_decl_annotations_
NTSTATUS
NicSetPacketFilter(PADAPTER Adapter, ULONG PacketFilter)
{
    NTSTATUS Status;

    /* Only those that hold ControlLock change it. */
    if (PacketFilter == Adapter->PacketFilter)
        return STATUS_SUCCESS;

    Status = NicConfigure(Adapter, PacketFilter);
    if (NT_SUCCESS(Status))
    {
        WdfSpinLockAcquire(Adapter->ReceiveLock);
        Adapter->PacketFilter = PacketFilter;
        WdfSpinLockRelease(Adapter->ReceiveLock);
    }

    /* Here, and not by whoever takes frames just now: a frame to the new filter may come as soon as this has succeeded. */
    if (NicStartReceive(Adapter) == STATUS_MORE_PROCESSING_REQUIRED)
        NicReceive(Adapter);
    return NT_SUCCESS(Status) ? Status : STATUS_DEVICE_NOT_READY;
}

_Use_decl_annotations_
NTSTATUS
NicLoadAddress(PADAPTER Adapter)
{
    return NicSubmitCommand(Adapter, CB_COMMAND_ADDRESS, Adapter->CurrentAddress, sizeof(Adapter->CurrentAddress));
}

_Use_decl_annotations_
NTSTATUS
NicLoadMulticast(PADAPTER Adapter)
{
    UCHAR Parameters[NIC_MAX_PARAMETERS];
    ULONG Length = Adapter->MulticastCount * PCIDRV_ADDRESS_LENGTH;

    Parameters[0] = (UCHAR)Length;
    Parameters[1] = (UCHAR)(Length >> 8);
    RtlCopyMemory(&Parameters[sizeof(USHORT)], Adapter->Multicast, Length);

    return NicSubmitCommand(Adapter, CB_COMMAND_MULTICAST, Parameters, sizeof(USHORT) + Length);
}

/* ---- Counters ---- */

_Use_decl_annotations_
NTSTATUS
NicInitializeStatistics(PADAPTER Adapter)
{
    ULONGLONG Statistics[NicCounters];
    NTSTATUS Status;

    Status = NicScbCommand(Adapter, SCB_CU_DUMP_ADDRESS, SHARED_PHYSICAL(Adapter, Statistics));
    if (!NT_SUCCESS(Status))
        return Status;

    /* What it has counted up to now means nothing: sleep may have spoilt it. */
    RtlCopyMemory(Statistics, Adapter->Statistics, sizeof(Statistics));
    Status = NicReadStatistics(Adapter);
    RtlCopyMemory(Adapter->Statistics, Statistics, sizeof(Statistics));

    return Status;
}

_Use_decl_annotations_
NTSTATUS
NicReadStatistics(PADAPTER Adapter)
{
    PNIC_STATISTICS Block = &Adapter->Shared->Statistics;
    NTSTATUS Status;
    ULONG Poll;
    ULONG Index;

    NicWrite32(&Block->Complete, 0);
    Status = NicScbCommand(Adapter, SCB_CU_DUMP_RESET, 0);
    if (!NT_SUCCESS(Status))
        return Status;

    for (Poll = 0; NicRead32(&Block->Complete) != STATISTICS_COMPLETE; Poll++)
    {
        if (Poll == NIC_POLLS + NIC_COMMAND_MS)
        {
            NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
            return STATUS_DEVICE_DATA_ERROR;
        }

        if (Poll < NIC_POLLS)
            KeStallExecutionProcessor(NIC_POLL_US);
        else if (NicScbStatus(Adapter) == NIC_GONE_16)
            return STATUS_DEVICE_NOT_CONNECTED;
        else
            NicSleep(1);
    }
    KeMemoryBarrier();

    for (Index = 0; Index < NicCounters; Index++)
        Adapter->Statistics[Index] += NicRead32(&Block->Counters[Index]);

    return STATUS_SUCCESS;
}
