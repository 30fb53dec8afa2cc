#include "pcidrv.h"

/* The part is slow: each edge is held so long. */
#define EEPROM_HOLD_US 4

#define EEPROM_OPCODE_READ 6 /* with the start bit */
#define EEPROM_OPCODE_BITS 3
#define EEPROM_MAX_ADDRESS_BITS 8
#define EEPROM_DATA_BITS 16

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicEepromSet(_In_ PADAPTER Adapter, _In_ USHORT Pins);

_IRQL_requires_(PASSIVE_LEVEL)
static BOOLEAN
NicEepromClock(_In_ PADAPTER Adapter, _In_ USHORT DataIn);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
NicEepromSend(_In_ PADAPTER Adapter, _In_ ULONG Value, _In_ ULONG Bits);

_IRQL_requires_(PASSIVE_LEVEL)
static ULONG
NicEepromAddressBits(_In_ PADAPTER Adapter);

_Use_decl_annotations_
NTSTATUS
NicReadEeprom(PADAPTER Adapter, PUSHORT Words, ULONG Count)
{
    ULONG AddressBits = NicEepromAddressBits(Adapter);
    ULONG Index;
    ULONG Bit;

    if (AddressBits == 0)
        return STATUS_DEVICE_CONFIGURATION_ERROR;

    for (Index = 0; Index < Count; Index++)
    {
        NicEepromSet(Adapter, EEPROM_SELECT);
        NicEepromSend(Adapter, EEPROM_OPCODE_READ, EEPROM_OPCODE_BITS);
        NicEepromSend(Adapter, Index, AddressBits);

        Words[Index] = 0;
        for (Bit = 0; Bit < EEPROM_DATA_BITS; Bit++)
            Words[Index] = (USHORT)(Words[Index] << 1 | NicEepromClock(Adapter, 0));

        NicEepromSet(Adapter, 0);
    }

    return STATUS_SUCCESS;
}

/* As many as it takes until it answers with a zero; 0: nothing answers that could be an EEPROM. */
_Use_decl_annotations_
static ULONG
NicEepromAddressBits(PADAPTER Adapter)
{
    BOOLEAN Out = TRUE;
    ULONG Bits = 0;

    NicEepromSet(Adapter, EEPROM_SELECT);
    NicEepromSend(Adapter, EEPROM_OPCODE_READ, EEPROM_OPCODE_BITS);
    while (Out && Bits < EEPROM_MAX_ADDRESS_BITS)
    {
        Out = NicEepromClock(Adapter, 0);
        Bits++;
    }
    NicEepromSet(Adapter, 0);

    /* 64, 128 or 256 words. */
    return !Out && Bits >= 6 ? Bits : 0;
}

_Use_decl_annotations_
static VOID
NicEepromSend(PADAPTER Adapter, ULONG Value, ULONG Bits)
{
    while (Bits-- > 0)
        (VOID)NicEepromClock(Adapter, Value >> Bits & 1 ? EEPROM_DATA_IN : 0);
}

/* One bit in and, behind the falling edge, one out. */
_Use_decl_annotations_
static BOOLEAN
NicEepromClock(PADAPTER Adapter, USHORT DataIn)
{
    NicEepromSet(Adapter, EEPROM_SELECT | DataIn);
    NicEepromSet(Adapter, EEPROM_SELECT | DataIn | EEPROM_CLOCK);
    NicEepromSet(Adapter, EEPROM_SELECT | DataIn);

    return (Adapter->ReadEeprom((volatile USHORT *)((PUCHAR)Adapter->Ports + FIELD_OFFSET(NIC_CSR, Eeprom))) & EEPROM_DATA_OUT) != 0;
}

_Use_decl_annotations_
static VOID
NicEepromSet(PADAPTER Adapter, USHORT Pins)
{
    Adapter->WriteEeprom((volatile USHORT *)((PUCHAR)Adapter->Ports + FIELD_OFFSET(NIC_CSR, Eeprom)), Pins);
    KeStallExecutionProcessor(EEPROM_HOLD_US);
}
