#include "pcidrv.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicTryPhys(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicAwaitLink(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicSettleForAnyPhy(_Inout_ PADAPTER Adapter);

/* How long one PHY may take, and all of them, in ticks of the watchdog. */
#define NIC_LINK_TICKS 35
#define NIC_LINK_PATIENCE 70

/* The last revision that may have something else than a PHY. */
#define NIC_REVISION_82557C 3

#define NIC_USUAL_PHY 1

_Use_decl_annotations_
VOID
NicBeginLinkDetection(PADAPTER Adapter)
{
    Adapter->LinkIndex = 0;
    Adapter->LinkTicks = 0;
    Adapter->LinkPatience = NIC_LINK_PATIENCE;
    Adapter->LinkFirst = PHY_SERIAL;
}

_Use_decl_annotations_
NTSTATUS
NicDetectLink(PADAPTER Adapter)
{
    NTSTATUS Status;

    Status = Adapter->LinkTicks == 0 ? NicTryPhys(Adapter) : NicAwaitLink(Adapter);
    if (Status == STATUS_PENDING && --Adapter->LinkPatience > 0)
        return Status;

    if (Status == STATUS_PENDING || Status == STATUS_NOT_FOUND)
        Status = NicSettleForAnyPhy(Adapter);
    if (!NT_SUCCESS(Status))
        KdPrint(("pcidrv: looking for a link failed with 0x%x\n", Status));

    Adapter->LinkKnown = TRUE;
    NicPhySpeed(Adapter);
    NicRefreshMedia(Adapter);
    return Status;
}

/* The usual address first. One with a link, negotiated as it comes, is taken at once; another one is set up and given time. */
_Use_decl_annotations_
static NTSTATUS
NicTryPhys(PADAPTER Adapter)
{
    BOOLEAN Exists;
    USHORT Value;
    ULONG Phy;
    NTSTATUS Status;

    for (; Adapter->LinkIndex < PHY_ADDRESSES; Adapter->LinkIndex++)
    {
        Phy = Adapter->LinkIndex < 2 ? 1 - Adapter->LinkIndex : Adapter->LinkIndex;
        Status = NicPhyExists(Adapter, Phy, &Exists);
        if (!NT_SUCCESS(Status))
            return Status;
        if (!Exists)
            continue;

        if (Adapter->LinkFirst == PHY_SERIAL)
            Adapter->LinkFirst = (UCHAR)Phy;
        Status = NicPhySelect(Adapter, Phy);
        if (NT_SUCCESS(Status))
            Status = NicPhyStatus(Adapter, Phy, &Value);
        if (!NT_SUCCESS(Status) || ((Value & PHY_STATUS_LINK) && Adapter->SpeedDuplex == NicSpeedAuto))
            return Status;

        /* What it cannot do it will not learn. */
        Status = NicPhySetup(Adapter);
        if (!NT_SUCCESS(Status))
            return Status;

        Adapter->LinkTicks = 1;
        return STATUS_PENDING;
    }

    return STATUS_NOT_FOUND;
}

_Use_decl_annotations_
static NTSTATUS
NicAwaitLink(PADAPTER Adapter)
{
    USHORT Value;
    NTSTATUS Status;

    Status = NicPhyStatus(Adapter, Adapter->PhyAddress, &Value);
    if (!NT_SUCCESS(Status) || (Value & PHY_STATUS_LINK))
        return Status;

    if (++Adapter->LinkTicks > NIC_LINK_TICKS)
    {
        Adapter->LinkTicks = 0;
        Adapter->LinkIndex++;
    }

    return STATUS_PENDING;
}

/* Without a cable it is the first one that is there. Without any an old chip has something else on its serial interface, which is known by nothing at all. */
_Use_decl_annotations_
static NTSTATUS
NicSettleForAnyPhy(PADAPTER Adapter)
{
    if (Adapter->LinkFirst != PHY_SERIAL)
        return Adapter->PhyAddress == Adapter->LinkFirst ? STATUS_SUCCESS : NicPhySelect(Adapter, Adapter->LinkFirst);

    if (Adapter->Revision > NIC_REVISION_82557C)
    {
        Adapter->PhyAddress = NIC_USUAL_PHY;
        return STATUS_SUCCESS;
    }

    Adapter->PhyAddress = PHY_SERIAL;
    return NicConfigure(Adapter, Adapter->PacketFilter);
}

_Use_decl_annotations_
VOID
NicRefreshMedia(PADAPTER Adapter)
{
    USHORT Value = PHY_STATUS_LINK;

    if (Adapter->PhyAddress != PHY_SERIAL && !NT_SUCCESS(NicPhyStatus(Adapter, Adapter->PhyAddress, &Value)))
        return;

    NicIndicateMedia(Adapter, Value & PHY_STATUS_LINK ? NicMediaConnected : NicMediaDisconnected);
}

_Use_decl_annotations_
VOID
NicIndicateMedia(PADAPTER Adapter, NIC_MEDIA Media)
{
    PNDISPROT_INDICATE_STATUS Indication;
    WDFREQUEST Request;
    NTSTATUS Status;

    if (InterlockedExchange(&Adapter->Media, Media) == (LONG)Media)
        return;

    if (!NT_SUCCESS(WdfIoQueueRetrieveNextRequest(Adapter->IndicationQueue, &Request)))
        return;

    Status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*Indication), (PVOID *)&Indication, NULL);
    if (!NT_SUCCESS(Status))
    {
        WdfRequestCompleteWithInformation(Request, STATUS_BUFFER_TOO_SMALL, 0);
        return;
    }

    Indication->IndicatedStatus = Media == NicMediaConnected ? PCIDRV_STATUS_MEDIA_CONNECT : PCIDRV_STATUS_MEDIA_DISCONNECT;
    Indication->StatusBufferOffset = 0;
    Indication->StatusBufferLength = 0;
    WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, sizeof(*Indication));
}
