#include "pcidrv.h"

_Use_decl_annotations_
NTSTATUS
NicPhyExists(PADAPTER Adapter, ULONG Phy, PBOOLEAN Exists)
{
    USHORT Control;
    USHORT Value;
    NTSTATUS Status;

    *Exists = FALSE;

    Status = NicMdiRead(Adapter, Phy, PHY_CONTROL, &Control);
    if (!NT_SUCCESS(Status) || Control == NIC_GONE_16)
        return Status;

    Status = NicMdiRead(Adapter, Phy, PHY_STATUS, &Value);
    if (NT_SUCCESS(Status))
        *Exists = Control != 0 || Value != 0;

    return Status;
}

/* All others leave the wire alone. What was isolated before is brought back. */
_Use_decl_annotations_
NTSTATUS
NicPhySelect(PADAPTER Adapter, ULONG Phy)
{
    USHORT Control;
    USHORT Low;
    USHORT High;
    NTSTATUS Status;
    ULONG Other;

    for (Other = 0; Other < PHY_ADDRESSES; Other++)
    {
        if (Other == Phy)
            continue;
        Status = NicMdiWrite(Adapter, Other, PHY_CONTROL, PHY_CONTROL_ISOLATE);
        if (!NT_SUCCESS(Status))
            return Status;
    }

    Status = NicMdiRead(Adapter, Phy, PHY_CONTROL, &Control);
    if (NT_SUCCESS(Status) && (Control & PHY_CONTROL_ISOLATE))
        Status = NicMdiWrite(Adapter, Phy, PHY_CONTROL, Control & ~PHY_CONTROL_ISOLATE);
    if (NT_SUCCESS(Status))
        Status = NicMdiRead(Adapter, Phy, PHY_ID_LOW, &Low);
    if (NT_SUCCESS(Status))
        Status = NicMdiRead(Adapter, Phy, PHY_ID_HIGH, &High);
    if (!NT_SUCCESS(Status))
        return Status;

    Adapter->PhyAddress = (UCHAR)Phy;
    Adapter->PhyId = (Low | (ULONG)High << 16) & PHY_ID_MASK;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
NicPhySetup(PADAPTER Adapter)
{
    static const USHORT Abilities[] = {0, PHY_STATUS_10_HALF, PHY_STATUS_10_FULL, PHY_STATUS_100_HALF, PHY_STATUS_100_FULL};
    USHORT Control = PHY_CONTROL_NEGOTIATE | PHY_CONTROL_RESTART;
    USHORT Value;
    NTSTATUS Status;

    if (Adapter->SpeedDuplex != NicSpeedAuto)
    {
        Status = NicPhyStatus(Adapter, Adapter->PhyAddress, &Value);
        if (!NT_SUCCESS(Status))
            return Status;
        if (!(Value & Abilities[Adapter->SpeedDuplex]))
            return STATUS_UNSUCCESSFUL;

        Control = 0;
        if (Adapter->SpeedDuplex == NicSpeed100Half || Adapter->SpeedDuplex == NicSpeed100Full)
            Control |= PHY_CONTROL_SPEED_100;
        if (Adapter->SpeedDuplex == NicSpeed10Full || Adapter->SpeedDuplex == NicSpeed100Full)
            Control |= PHY_CONTROL_FULL_DUPLEX;
    }

    return NicMdiWrite(Adapter, Adapter->PhyAddress, PHY_CONTROL, Control);
}

_Use_decl_annotations_
NTSTATUS
NicPhyReset(PADAPTER Adapter)
{
    if (!Adapter->LinkKnown || Adapter->PhyAddress == PHY_SERIAL)
        return STATUS_SUCCESS;

    return NicMdiWrite(Adapter, Adapter->PhyAddress, PHY_CONTROL, PHY_CONTROL_RESET);
}

/* That the link was lost is remembered until the register is read. */
_Use_decl_annotations_
NTSTATUS
NicPhyStatus(PADAPTER Adapter, ULONG Phy, PUSHORT Value)
{
    NTSTATUS Status;

    Status = NicMdiRead(Adapter, Phy, PHY_STATUS, Value);
    if (NT_SUCCESS(Status))
        Status = NicMdiRead(Adapter, Phy, PHY_STATUS, Value);

    return Status;
}

/* ---- Speed ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicPhyNegotiatedSpeed(_Inout_ PADAPTER Adapter)
{
    USHORT Partner = 0;
    USHORT Own = 0;
    USHORT Common;

    if (!NT_SUCCESS(NicMdiRead(Adapter, Adapter->PhyAddress, PHY_ADVERTISEMENT, &Own)) ||
        !NT_SUCCESS(NicMdiRead(Adapter, Adapter->PhyAddress, PHY_PARTNER, &Partner)))
        return;

    /* The best that both can. */
    Common = Own & Partner;
    Adapter->LinkSpeed = Common & (PHY_ABILITY_T4 | PHY_ABILITY_100_FULL | PHY_ABILITY_100_HALF) ? 100 : 10;
    if (Common & PHY_ABILITY_T4)
        Adapter->FullDuplex = FALSE;
    else if (Common & (PHY_ABILITY_100_FULL | PHY_ABILITY_100_HALF))
        Adapter->FullDuplex = (Common & PHY_ABILITY_100_FULL) != 0;
    else
        Adapter->FullDuplex = (Common & PHY_ABILITY_10_FULL) != 0;
}

_Use_decl_annotations_
VOID
NicPhySpeed(PADAPTER Adapter)
{
    USHORT Value;

    Adapter->LinkSpeed = 10;
    Adapter->FullDuplex = FALSE;

    if (Adapter->SpeedDuplex != NicSpeedAuto)
    {
        Adapter->LinkSpeed = Adapter->SpeedDuplex >= NicSpeed100Half ? 100 : 10;
        Adapter->FullDuplex = Adapter->SpeedDuplex == NicSpeed10Full || Adapter->SpeedDuplex == NicSpeed100Full;
        return;
    }

    if (Adapter->PhyAddress == PHY_SERIAL || !NT_SUCCESS(NicPhyStatus(Adapter, Adapter->PhyAddress, &Value)) || !(Value & PHY_STATUS_LINK))
        return;

    switch (Adapter->PhyId)
    {
    case PHY_ID_INTEL_82553:
    case PHY_ID_INTEL_82553C:
    case PHY_ID_INTEL_82555:
        if (!NT_SUCCESS(NicMdiRead(Adapter, Adapter->PhyAddress, PHY_INTEL_STATUS, &Value)))
            return;
        Adapter->LinkSpeed = Value & PHY_INTEL_SPEED_100 ? 100 : 10;
        Adapter->FullDuplex = (Value & PHY_INTEL_FULL_DUPLEX) != 0;
        break;

    case PHY_ID_NATIONAL:
        if (Value & PHY_STATUS_COMPLETE)
            NicPhyNegotiatedSpeed(Adapter);
        else if (NT_SUCCESS(NicMdiRead(Adapter, Adapter->PhyAddress, PHY_NATIONAL_STATUS, &Value)))
            Adapter->LinkSpeed = Value & PHY_NATIONAL_SPEED_10 ? 10 : 100;
        break;

    default:
        if (Value & PHY_STATUS_COMPLETE)
            NicPhyNegotiatedSpeed(Adapter);
        break;
    }
}
