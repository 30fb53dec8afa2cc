#include <ntintsafe.h>

#include "pcidrv.h"

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicCheckPattern(_In_reads_bytes_(Length) const VOID *Data, _In_ ULONG Length, _Out_ PULONG Used);

_IRQL_requires_(PASSIVE_LEVEL)
static ULONG
NicPatternSignature(_In_ const PCIDRV_WAKE_PATTERN *Pattern);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static PNIC_WAKE_ENTRY
NicFindPattern(_In_ PADAPTER Adapter, _In_ const PCIDRV_WAKE_PATTERN *Pattern);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicAddCheckedPattern(_Inout_ PADAPTER Adapter, _In_ const PCIDRV_WAKE_PATTERN *Pattern, _In_ ULONG Limit);

#define MASK_OF(Pattern) ((const UCHAR *)((Pattern) + 1))
#define BYTES_OF(Pattern) ((const UCHAR *)(Pattern) + (Pattern)->PatternOffset)

/* What a pattern takes of the chip's filter: its signature, and the mask, whose length is a bit less than a power of two there: 0, 1, 3 for 1, 2, 3. */
#define MASK_DWORDS(Pattern) ((ULONG)(((Pattern)->MaskSize + sizeof(ULONG) - 1) / sizeof(ULONG)))
#define PATTERN_DWORDS(Pattern) (1 + MASK_DWORDS(Pattern))
#define MASK_CODE(Pattern) (((ULONG)1 << (MASK_DWORDS(Pattern) - 1)) - 1)

#define FILTER_LAST 0x80000000
#define FILTER_MASK_SHIFT 27
#define FILTER_SIGNATURE 0x00FFFFFF

/* A frame to the card's own address. There is always room for it. */
typedef struct _NIC_OWN_PATTERN
{
    PCIDRV_WAKE_PATTERN Header;
    UCHAR Mask;
    UCHAR Address[PCIDRV_ADDRESS_LENGTH];
} NIC_OWN_PATTERN;

#define OWN_PATTERN_DWORDS 2

/* ---- Patterns ---- */

/* Nothing in it is believed. Used: how much of it there is, mask and pattern included. */
_Use_decl_annotations_
static NTSTATUS
NicCheckPattern(const VOID *Data, ULONG Length, PULONG Used)
{
    const PCIDRV_WAKE_PATTERN *Pattern = Data;
    const UCHAR *Mask;
    ULONG PatternEnd;
    ULONG MaskEnd;
    ULONG Bit;

    *Used = 0;

    if (Length < sizeof(*Pattern))
        return STATUS_BUFFER_TOO_SMALL;
    if (Pattern->MaskSize == 0 || Pattern->MaskSize > PCIDRV_MAX_WAKE_MASK || Pattern->PatternSize > PCIDRV_MAX_WAKE_PATTERN)
        return STATUS_INVALID_PARAMETER;

    MaskEnd = sizeof(*Pattern) + Pattern->MaskSize;
    if (!NT_SUCCESS(RtlULongAdd(Pattern->PatternOffset, Pattern->PatternSize, &PatternEnd)))
        return STATUS_INVALID_PARAMETER;
    if (MaskEnd > Length || PatternEnd > Length)
        return STATUS_INVALID_PARAMETER;

    /* What the mask selects must be there. */
    Mask = MASK_OF(Pattern);
    for (Bit = Pattern->PatternSize; Bit < Pattern->MaskSize * 8; Bit++)
    {
        if (Mask[Bit / 8] & 1 << Bit % 8)
            return STATUS_INVALID_PARAMETER;
    }

    *Used = max(MaskEnd, PatternEnd);
    return STATUS_SUCCESS;
}

/* As the chip computes it of the bytes that the mask selects. */
_Use_decl_annotations_
static ULONG
NicPatternSignature(const PCIDRV_WAKE_PATTERN *Pattern)
{
    const UCHAR *Mask = MASK_OF(Pattern);
    const UCHAR *Bytes = BYTES_OF(Pattern);
    ULONG Signature = 0;
    ULONG Selected = 0;
    ULONG Carry;
    ULONG Index;

    for (Index = 0; Index < Pattern->PatternSize && Index < Pattern->MaskSize * 8; Index++)
    {
        if (!(Mask[Index / 8] & 1 << Index % 8))
            continue;

        Carry = Signature & 0x80000000 ? 0x04C11DB7 : 0;
        Signature = Signature << 1 ^ (ULONG)Bytes[Index] << 8 * (Selected % 3) ^ Carry;
        Selected++;
    }

    return Signature & FILTER_SIGNATURE;
}

_Use_decl_annotations_
static PNIC_WAKE_ENTRY
NicFindPattern(PADAPTER Adapter, const PCIDRV_WAKE_PATTERN *Pattern)
{
    const PCIDRV_WAKE_PATTERN *Other;
    PNIC_WAKE_ENTRY Wake;
    PLIST_ENTRY Link;

    for (Link = Adapter->WakePatterns.Flink; Link != &Adapter->WakePatterns; Link = Link->Flink)
    {
        Wake = CONTAINING_RECORD(Link, NIC_WAKE_ENTRY, Entry);
        Other = (const PCIDRV_WAKE_PATTERN *)Wake->Pattern;
        if (Other->Priority == Pattern->Priority && Other->MaskSize == Pattern->MaskSize && Other->PatternSize == Pattern->PatternSize &&
            RtlEqualMemory(MASK_OF(Other), MASK_OF(Pattern), Pattern->MaskSize) &&
            RtlEqualMemory(BYTES_OF(Other), BYTES_OF(Pattern), Pattern->PatternSize))
            return Wake;
    }

    return NULL;
}

_Use_decl_annotations_
static NTSTATUS
NicAddCheckedPattern(PADAPTER Adapter, const PCIDRV_WAKE_PATTERN *Pattern, ULONG Limit)
{
    ULONG Length = max(sizeof(*Pattern) + Pattern->MaskSize, Pattern->PatternOffset + Pattern->PatternSize);
    PNIC_WAKE_ENTRY Wake;

    if (Adapter->WakeDwords + PATTERN_DWORDS(Pattern) > Limit)
        return STATUS_INSUFFICIENT_RESOURCES;

    Wake = ExAllocatePool2(POOL_FLAG_NON_PAGED, FIELD_OFFSET(NIC_WAKE_ENTRY, Pattern) + (SIZE_T)Length, NIC_POOL_TAG);
    if (Wake == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Wake->Length = Length;
    Wake->Signature = NicPatternSignature(Pattern);
    RtlCopyMemory(Wake->Pattern, Pattern, Length);
    InsertHeadList(&Adapter->WakePatterns, &Wake->Entry);
    Adapter->WakeDwords += PATTERN_DWORDS(Pattern);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
NicAddWakePattern(PADAPTER Adapter, const VOID *Data, ULONG Length)
{
    NTSTATUS Status;
    ULONG Used;

    Status = NicCheckPattern(Data, Length, &Used);
    if (!NT_SUCCESS(Status))
        return Status;

    return NicAddCheckedPattern(Adapter, Data, NIC_FILTER_DWORDS - OWN_PATTERN_DWORDS);
}

_Use_decl_annotations_
NTSTATUS
NicRemoveWakePattern(PADAPTER Adapter, const VOID *Data, ULONG Length)
{
    PNIC_WAKE_ENTRY Wake;
    NTSTATUS Status;
    ULONG Used;

    Status = NicCheckPattern(Data, Length, &Used);
    if (!NT_SUCCESS(Status))
        return Status;

    Wake = NicFindPattern(Adapter, Data);
    if (Wake == NULL)
        return STATUS_UNSUCCESSFUL;

    RemoveEntryList(&Wake->Entry);
    Adapter->WakeDwords -= PATTERN_DWORDS((PPCIDRV_WAKE_PATTERN)Wake->Pattern);
    ExFreePoolWithTag(Wake, NIC_POOL_TAG);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
NicWakeCleanup(PADAPTER Adapter)
{
    while (!IsListEmpty(&Adapter->WakePatterns))
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&Adapter->WakePatterns), NIC_WAKE_ENTRY, Entry), NIC_POOL_TAG);
}

/* ---- The card's own ---- */

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
static VOID
NicOwnPattern(_In_ PADAPTER Adapter, _Out_ NIC_OWN_PATTERN *Pattern)
{
    RtlZeroMemory(Pattern, sizeof(*Pattern));
    Pattern->Header.MaskSize = sizeof(Pattern->Mask);
    Pattern->Header.PatternOffset = FIELD_OFFSET(NIC_OWN_PATTERN, Address);
    Pattern->Header.PatternSize = sizeof(Pattern->Address);
    Pattern->Mask = 0x3F;
    RtlCopyMemory(Pattern->Address, Adapter->WakeAddress, sizeof(Pattern->Address));
}

_Use_decl_annotations_
NTSTATUS
NicAddOwnWakePattern(PADAPTER Adapter)
{
    NIC_OWN_PATTERN Pattern;

    /* Remembered, or another address in between would keep this one from being found. */
    RtlCopyMemory(Adapter->WakeAddress, Adapter->CurrentAddress, sizeof(Adapter->WakeAddress));
    NicOwnPattern(Adapter, &Pattern);
    return NicAddCheckedPattern(Adapter, &Pattern.Header, NIC_FILTER_DWORDS);
}

_Use_decl_annotations_
VOID
NicRemoveOwnWakePattern(PADAPTER Adapter)
{
    NIC_OWN_PATTERN Pattern;

    NicOwnPattern(Adapter, &Pattern);
    (VOID)NicRemoveWakePattern(Adapter, &Pattern, sizeof(Pattern));
}

/* ---- The chip ---- */

_Use_decl_annotations_
NTSTATUS
NicLoadWakeFilter(PADAPTER Adapter)
{
    const PCIDRV_WAKE_PATTERN *Pattern;
    ULONG Filter[NIC_FILTER_DWORDS];
    PNIC_WAKE_ENTRY Wake;
    PLIST_ENTRY Link;
    ULONG First = 0;
    ULONG Count = 0;

    RtlZeroMemory(Filter, sizeof(Filter));
    for (Link = Adapter->WakePatterns.Flink; Link != &Adapter->WakePatterns; Link = Link->Flink)
    {
        Wake = CONTAINING_RECORD(Link, NIC_WAKE_ENTRY, Entry);
        Pattern = (const PCIDRV_WAKE_PATTERN *)Wake->Pattern;
        NT_ASSERT(Count + PATTERN_DWORDS(Pattern) <= NIC_FILTER_DWORDS);

        First = Count;
        Filter[First] = Wake->Signature | MASK_CODE(Pattern) << FILTER_MASK_SHIFT;
        RtlCopyMemory(&Filter[First + 1], MASK_OF(Pattern), Pattern->MaskSize);
        Count += PATTERN_DWORDS(Pattern);
    }

    if (Count == 0)
        return STATUS_SUCCESS;

    Filter[First] |= FILTER_LAST;
    return NicSubmitCommand(Adapter, CB_COMMAND_FILTER, Filter, sizeof(Filter));
}

_Use_decl_annotations_
VOID
NicDisableWake(PADAPTER Adapter)
{
    ULONG Offset = Adapter->PowerCapability + FIELD_OFFSET(PCI_PM_CAPABILITY, PMCSR);
    PVOID Bus = Adapter->Bus.Context;
    PCI_PMCSR Control;

    if (Adapter->Bus.GetBusData(Bus, PCI_WHICHSPACE_CONFIG, &Control, Offset, sizeof(Control)) != sizeof(Control) || !Control.PMEEnable)
        return;

    /* Its status is cleared by writing a one, and that is not ours to do. */
    Control.PMEEnable = 0;
    Control.PMEStatus = 0;
    (VOID)Adapter->Bus.SetBusData(Bus, PCI_WHICHSPACE_CONFIG, &Control, Offset, sizeof(Control));
}
