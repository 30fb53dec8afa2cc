#include "pcidrv.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicMapResources(_Inout_ PADAPTER Adapter, _In_ WDFCMRESLIST Translated);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicMapRegisters(_Inout_ PADAPTER Adapter, _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicMapPorts(_Inout_ PADAPTER Adapter, _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicUnmapResources(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicReadAddress(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
static UCHAR
NicFindPowerCapability(_In_ const PCI_COMMON_CONFIG *Space);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, NicEvtDevicePrepareHardware)
#pragma alloc_text(PAGE, NicEvtDeviceReleaseHardware)
#pragma alloc_text(PAGE, NicReadConfiguration)
#pragma alloc_text(PAGE, NicFindPowerCapability)
#pragma alloc_text(PAGE, NicMapResources)
#pragma alloc_text(PAGE, NicMapRegisters)
#pragma alloc_text(PAGE, NicMapPorts)
#pragma alloc_text(PAGE, NicUnmapResources)
#pragma alloc_text(PAGE, NicReadAddress)
#endif

/* The header and the power-management capability, where these chips have it. */
#define NIC_CONFIGURATION_SPACE 0xE2
#define NIC_MAX_CAPABILITIES 48

#define NIC_VENDOR_INTEL 0x8086
#define NIC_DEVICE_82557 0x1229

/* ---- Which chip ---- */

_Use_decl_annotations_
NTSTATUS
NicReadConfiguration(PADAPTER Adapter)
{
    PCI_COMMON_CONFIG Space;
    NTSTATUS Status;
    ULONG Length;

    PAGED_CODE();

    Status = WdfFdoQueryForInterface(
        Adapter->Device, &GUID_BUS_INTERFACE_STANDARD, (PINTERFACE)&Adapter->Bus, sizeof(Adapter->Bus), 1, NULL);
    if (!NT_SUCCESS(Status))
    {
        RtlZeroMemory(&Adapter->Bus, sizeof(Adapter->Bus));
        return Status;
    }

    Length = Adapter->Bus.GetBusData(Adapter->Bus.Context, PCI_WHICHSPACE_CONFIG, &Space, 0, NIC_CONFIGURATION_SPACE);
    if (Length != NIC_CONFIGURATION_SPACE)
        return STATUS_INVALID_DEVICE_REQUEST;

    if (Space.VendorID != NIC_VENDOR_INTEL || Space.DeviceID != NIC_DEVICE_82557)
        KdPrint(("pcidrv: not quite the card that is expected: 0x%x, 0x%x\n", Space.VendorID, Space.DeviceID));

    Adapter->Revision = Space.RevisionID;
    if (Adapter->Revision >= NIC_REVISION_82559A)
        Adapter->PowerCapability = NicFindPowerCapability(&Space);

    return STATUS_SUCCESS;
}

/* The list is the card's, and need not end. */
_Use_decl_annotations_
static UCHAR
NicFindPowerCapability(const PCI_COMMON_CONFIG *Space)
{
    const UCHAR *Bytes = (const UCHAR *)Space;
    UCHAR Offset;
    ULONG Index;

    PAGED_CODE();

    if (!(Space->Status & PCI_STATUS_CAPABILITIES_LIST))
        return 0;

    Offset = Space->u.type0.CapabilitiesPtr & ~3;
    for (Index = 0; Index < NIC_MAX_CAPABILITIES; Index++)
    {
        /* Up to the control and status register, which is written later. */
        if (Offset < PCI_COMMON_HDR_LENGTH || Offset + FIELD_OFFSET(PCI_PM_CAPABILITY, PMCSR) + sizeof(USHORT) > NIC_CONFIGURATION_SPACE)
            return 0;
        if (Bytes[Offset] == PCI_CAPABILITY_ID_POWER_MANAGEMENT)
            return Offset;
        Offset = Bytes[Offset + 1] & ~3;
    }

    return 0;
}

/* ---- Resources ---- */

static USHORT
NicReadPort(volatile USHORT *Register)
{
    return READ_PORT_USHORT((PUSHORT)Register);
}

static VOID
NicWritePort(volatile USHORT *Register, USHORT Value)
{
    WRITE_PORT_USHORT((PUSHORT)Register, Value);
}

static USHORT
NicReadRegister(volatile USHORT *Register)
{
    return READ_REGISTER_USHORT(Register);
}

static VOID
NicWriteRegister(volatile USHORT *Register, USHORT Value)
{
    WRITE_REGISTER_USHORT(Register, Value);
}

_Use_decl_annotations_
NTSTATUS
NicEvtDevicePrepareHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesRaw, WDFCMRESLIST ResourcesTranslated)
{
    PADAPTER Adapter = NicGetAdapter(Device);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ResourcesRaw);

    PAGED_CODE();

    WdfWaitLockAcquire(Adapter->ControlLock, NULL);
    Adapter->LinkKnown = FALSE;
    Adapter->PhyAddress = 0;

    Status = NicMapResources(Adapter, ResourcesTranslated);
    if (NT_SUCCESS(Status))
        Status = NicReadAddress(Adapter);
    if (NT_SUCCESS(Status))
        Status = NicSelfTest(Adapter);
    WdfWaitLockRelease(Adapter->ControlLock);

    if (!NT_SUCCESS(Status))
        KdPrint(("pcidrv: the hardware is not to be used, 0x%x\n", Status));

    return Status;
}

/* Called whatever has become of EvtDevicePrepareHardware. Nobody is left who would touch the card, but for one who grows the ring. */
_Use_decl_annotations_
NTSTATUS
NicEvtDeviceReleaseHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesTranslated)
{
    PADAPTER Adapter = NicGetAdapter(Device);

    UNREFERENCED_PARAMETER(ResourcesTranslated);

    PAGED_CODE();

    /* A DPC that the work item has queued may run after the interrupt is gone, and queue the work item; since D0Exit that queues none. */
    KeFlushQueuedDpcs();
    WdfWorkItemFlush(Adapter->ReceiveWork);
    NicUnmapResources(Adapter);

    return STATUS_SUCCESS;
}

/* Windows come in the order of the card's base address registers: registers, the same as ports, flash memory. */
_Use_decl_annotations_
static NTSTATUS
NicMapResources(PADAPTER Adapter, WDFCMRESLIST Translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor;
    BOOLEAN Interrupt = FALSE;
    ULONG Windows = 0;
    NTSTATUS Status;
    ULONG Index;

    PAGED_CODE();

    for (Index = 0; Index < WdfCmResourceListGetCount(Translated); Index++)
    {
        Descriptor = WdfCmResourceListGetDescriptor(Translated, Index);
        if (Descriptor == NULL)
            return STATUS_DEVICE_CONFIGURATION_ERROR;

        if (Descriptor->Type == CmResourceTypeInterrupt)
            Interrupt = TRUE;
        if (Descriptor->Type != CmResourceTypeMemory && Descriptor->Type != CmResourceTypePort)
            continue;

        Windows++;
        if (Windows == 1)
            Status = NicMapRegisters(Adapter, Descriptor);
        else if (Windows == 2)
            Status = NicMapPorts(Adapter, Descriptor);
        else
            Status = Windows == 3 && Descriptor->Type == CmResourceTypeMemory ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
        if (!NT_SUCCESS(Status))
            return Status;
    }

    return Windows >= 2 && Interrupt ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

_Use_decl_annotations_
static NTSTATUS
NicMapRegisters(PADAPTER Adapter, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    PAGED_CODE();

    if (Descriptor->Type != CmResourceTypeMemory || Descriptor->u.Memory.Length < NIC_CSR_LENGTH)
        return STATUS_DEVICE_CONFIGURATION_ERROR;

    Adapter->Csr = MmMapIoSpaceEx(Descriptor->u.Memory.Start, sizeof(*Adapter->Csr), PAGE_READWRITE | PAGE_NOCACHE);
    return Adapter->Csr != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* On some machines ports lie in memory. */
_Use_decl_annotations_
static NTSTATUS
NicMapPorts(PADAPTER Adapter, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    PAGED_CODE();

    if (Descriptor->Type == CmResourceTypePort)
    {
        if (Descriptor->u.Port.Length < NIC_PORTS_LENGTH)
            return STATUS_DEVICE_CONFIGURATION_ERROR;

        Adapter->Ports = (PVOID)(ULONG_PTR)Descriptor->u.Port.Start.QuadPart;
        Adapter->PortLength = Descriptor->u.Port.Length;
        Adapter->ReadEeprom = NicReadPort;
        Adapter->WriteEeprom = NicWritePort;
        return STATUS_SUCCESS;
    }

    if (Descriptor->u.Memory.Length < NIC_PORTS_LENGTH)
        return STATUS_DEVICE_CONFIGURATION_ERROR;

    Adapter->Ports = MmMapIoSpaceEx(Descriptor->u.Memory.Start, Descriptor->u.Memory.Length, PAGE_READWRITE | PAGE_NOCACHE);
    if (Adapter->Ports == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Adapter->PortLength = Descriptor->u.Memory.Length;
    Adapter->PortsMapped = TRUE;
    Adapter->ReadEeprom = NicReadRegister;
    Adapter->WriteEeprom = NicWriteRegister;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
NicUnmapResources(PADAPTER Adapter)
{
    PAGED_CODE();

    if (Adapter->Csr != NULL)
        MmUnmapIoSpace(Adapter->Csr, sizeof(*Adapter->Csr));
    if (Adapter->PortsMapped)
        MmUnmapIoSpace(Adapter->Ports, Adapter->PortLength);

    Adapter->Csr = NULL;
    Adapter->Ports = NULL;
    Adapter->PortLength = 0;
    Adapter->PortsMapped = FALSE;
}

/* ---- Start ---- */

/* Low byte first. One that was set stays. */
_Use_decl_annotations_
static NTSTATUS
NicReadAddress(PADAPTER Adapter)
{
    static const UCHAR None[PCIDRV_ADDRESS_LENGTH];
    USHORT Words[PCIDRV_ADDRESS_LENGTH / sizeof(USHORT)];
    NTSTATUS Status;
    ULONG Index;

    PAGED_CODE();

    Status = NicReadEeprom(Adapter, Words, RTL_NUMBER_OF(Words));
    if (!NT_SUCCESS(Status))
        return Status;

    for (Index = 0; Index < PCIDRV_ADDRESS_LENGTH; Index++)
        Adapter->PermanentAddress[Index] = (UCHAR)(Words[Index / 2] >> 8 * (Index % 2));

    /* Neither of a group nor of everybody, nor of nobody. */
    if ((Adapter->PermanentAddress[0] & 1) || RtlEqualMemory(Adapter->PermanentAddress, None, sizeof(None)))
        return STATUS_INVALID_ADDRESS;

    if (!Adapter->AddressSet)
        RtlCopyMemory(Adapter->CurrentAddress, Adapter->PermanentAddress, sizeof(Adapter->CurrentAddress));

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
NicInitializeChip(PADAPTER Adapter)
{
    NTSTATUS Status;

    Status = NicPortReset(Adapter, PORT_SOFTWARE_RESET);
    if (NT_SUCCESS(Status))
        Status = NicScbCommand(Adapter, SCB_CU_BASE, 0);
    if (NT_SUCCESS(Status))
        Status = NicScbCommand(Adapter, SCB_RU_BASE, 0);
    if (!NT_SUCCESS(Status))
        return Status;

    RtlZeroMemory(Adapter->Configuration, sizeof(Adapter->Configuration));
    Status = NicConfigure(Adapter, Adapter->PacketFilter);
    if (NT_SUCCESS(Status))
        Status = NicLoadAddress(Adapter);
    if (NT_SUCCESS(Status) && Adapter->MulticastCount > 0)
        Status = NicLoadMulticast(Adapter);
    if (!NT_SUCCESS(Status))
        return Status;

    /* A card that does not count works. */
    (VOID)NicInitializeStatistics(Adapter);

    if (Adapter->Revision >= NIC_REVISION_82559A)
        WRITE_REGISTER_UCHAR(&Adapter->Csr->WakeStatus, NIC_WAKE_STATUS_ALL);

    return STATUS_SUCCESS;
}
