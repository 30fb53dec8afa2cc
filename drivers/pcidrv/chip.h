/*
 * Intel 8255x: its registers, and what it reads and writes in memory.
 *
 * The chip writes to shared memory whenever it likes, so each field of it is read once, through the functions at the end, and nothing that it could have changed
 * (links, commands, lengths, addresses) is ever read back: the driver keeps its own copy.
 */

#pragma once

/* ---- Registers ---- */

typedef struct _NIC_CSR
{
    USHORT ScbStatus;    /* 00 */
    UCHAR ScbCommand;    /* 02: the chip zeroes it when it has taken it */
    UCHAR InterruptMask; /* 03 */
    ULONG ScbPointer;    /* 04 */
    ULONG Port;          /* 08 */
    USHORT Flash;        /* 0C */
    USHORT Eeprom;       /* 0E */
    ULONG Mdi;           /* 10 */
    ULONG ReceiveBytes;  /* 14 */
    UCHAR EarlyReceive;  /* 18, from here on not in an 82557 */
    UCHAR FlowControl[2];
    UCHAR WakeStatus;    /* 1B */
} NIC_CSR, *PNIC_CSR;

C_ASSERT(FIELD_OFFSET(NIC_CSR, Mdi) == 0x10);
C_ASSERT(FIELD_OFFSET(NIC_CSR, WakeStatus) == 0x1B);

/* How much of them there is in the memory window, and in the port window. */
#define NIC_CSR_LENGTH 0x1000
#define NIC_PORTS_LENGTH 0x20

/* No living chip says so. */
#define NIC_GONE_16 0xFFFF
#define NIC_GONE_32 0xFFFFFFFF

#define SCB_STATUS_CAUSES 0xFF00
#define SCB_STATUS_CU 0x00C0
#define SCB_STATUS_CU_ACTIVE 0x0080
#define SCB_STATUS_RU 0x003C
#define SCB_STATUS_RU_IDLE 0x0000
#define SCB_STATUS_RU_NO_RESOURCES 0x0008
#define SCB_STATUS_RU_READY 0x0010

#define SCB_CU_START 0x10
#define SCB_CU_RESUME 0x20
#define SCB_CU_DUMP_ADDRESS 0x40
#define SCB_CU_BASE 0x60
#define SCB_CU_DUMP_RESET 0x70
#define SCB_RU_START 0x01
#define SCB_RU_ABORT 0x04
#define SCB_RU_BASE 0x06

#define SCB_MASK_ALL 0x01

#define PORT_SOFTWARE_RESET 0
#define PORT_SELF_TEST 1
#define PORT_SELECTIVE_RESET 2

#define EEPROM_CLOCK 0x01
#define EEPROM_SELECT 0x02
#define EEPROM_DATA_IN 0x04
#define EEPROM_DATA_OUT 0x08

#define MDI_WRITE 0x04000000
#define MDI_READ 0x08000000
#define MDI_READY 0x10000000
#define MDI_PHY_SHIFT 21
#define MDI_REGISTER_SHIFT 16

/* All causes of a wake-up that the chip remembers: cleared by writing ones. */
#define NIC_WAKE_STATUS_ALL 0xE0

/* The first revision whose power can be managed: 82559, A step. */
#define NIC_REVISION_82559A 6

/* ---- PHY ---- */

#define PHY_CONTROL 0
#define PHY_CONTROL_FULL_DUPLEX 0x0100
#define PHY_CONTROL_RESTART 0x0200
#define PHY_CONTROL_ISOLATE 0x0400
#define PHY_CONTROL_NEGOTIATE 0x1000
#define PHY_CONTROL_SPEED_100 0x2000
#define PHY_CONTROL_RESET 0x8000

#define PHY_STATUS 1
#define PHY_STATUS_LINK 0x0004
#define PHY_STATUS_COMPLETE 0x0020
#define PHY_STATUS_10_HALF 0x0800
#define PHY_STATUS_10_FULL 0x1000
#define PHY_STATUS_100_HALF 0x2000
#define PHY_STATUS_100_FULL 0x4000

#define PHY_ID_LOW 2
#define PHY_ID_HIGH 3
#define PHY_ID_MASK 0xFFF0FFFF
#define PHY_ID_INTEL_82553 0x000003E0
#define PHY_ID_INTEL_82553C 0x035002A8
#define PHY_ID_INTEL_82555 0x015002A8
#define PHY_ID_NATIONAL 0x5C002000

#define PHY_ADVERTISEMENT 4
#define PHY_PARTNER 5
#define PHY_ABILITY_10_HALF 0x0020
#define PHY_ABILITY_10_FULL 0x0040
#define PHY_ABILITY_100_HALF 0x0080
#define PHY_ABILITY_100_FULL 0x0100
#define PHY_ABILITY_T4 0x0200

#define PHY_INTEL_STATUS 16
#define PHY_INTEL_FULL_DUPLEX 0x0001
#define PHY_INTEL_SPEED_100 0x0002

#define PHY_NATIONAL_STATUS 25
#define PHY_NATIONAL_SPEED_10 0x0040

#define PHY_ADDRESSES 32

/* No PHY at all: what hangs on the serial interface of an 82557. */
#define PHY_SERIAL 32

/* ---- Command blocks ---- */

#define CB_STATUS_COMPLETE 0x8000
#define CB_STATUS_OK 0x2000

#define CB_COMMAND_END 0x8000
#define CB_COMMAND_SUSPEND 0x4000
#define CB_COMMAND_FLEXIBLE 0x0008
#define CB_COMMAND_ADDRESS 1
#define CB_COMMAND_CONFIGURE 2
#define CB_COMMAND_MULTICAST 3
#define CB_COMMAND_TRANSMIT 4
#define CB_COMMAND_FILTER 8

#define NIC_NO_LINK 0xFFFFFFFF

typedef struct _NIC_CB_HEADER
{
    USHORT Status;
    USHORT Command;
    ULONG Link;
} NIC_CB_HEADER, *PNIC_CB_HEADER;

#define NIC_CONFIGURATION_LENGTH 22
#define NIC_FILTER_DWORDS 16
#define NIC_MAX_PARAMETERS (sizeof(USHORT) + PCIDRV_MAX_MULTICAST * PCIDRV_ADDRESS_LENGTH)

typedef struct _NIC_COMMAND_BLOCK
{
    NIC_CB_HEADER Header;
    UCHAR Parameters[NIC_MAX_PARAMETERS];
} NIC_COMMAND_BLOCK, *PNIC_COMMAND_BLOCK;

C_ASSERT(sizeof(ULONG) * NIC_FILTER_DWORDS <= NIC_MAX_PARAMETERS && NIC_CONFIGURATION_LENGTH <= NIC_MAX_PARAMETERS);

/* Of a frame that is sent. The rest would hold data beside the descriptors: this driver sends from the caller's buffer only. */
typedef struct _NIC_TCB
{
    NIC_CB_HEADER Header;
    ULONG TbdArray;
    USHORT ByteCount;
    UCHAR Threshold;
    UCHAR TbdCount;
    UCHAR Unused[240];
} NIC_TCB, *PNIC_TCB;

C_ASSERT(sizeof(NIC_TCB) == 256);

#define NIC_TRANSMIT_THRESHOLD 200
#define NIC_TBDS 8

typedef struct _NIC_TBD
{
    ULONG Address;
    ULONG Size;
} NIC_TBD, *PNIC_TBD;

/* ---- Receive descriptors ---- */

#define RFD_COUNT_COMPLETE 0xC000 /* end of frame, and the count is valid */
#define RFD_COUNT_MASK 0x3FFF

/*
 * It lies 2 bytes behind a multiple of 8, so that what follows a frame's header does lie on one. Therefore the longer fields are in halves.
 */
typedef struct _NIC_RFD
{
    USHORT Status;
    USHORT Command;
    USHORT Link[2];
    USHORT Rbd[2];
    USHORT ActualCount;
    USHORT Size;
    UCHAR Data[1520];
} NIC_RFD, *PNIC_RFD;

C_ASSERT(sizeof(NIC_RFD) == 1536);

#define NIC_RFD_ALIGNMENT 8
#define NIC_RFD_SHIFT 10
#define NIC_RFD_BUFFER (sizeof(NIC_RFD) + NIC_RFD_ALIGNMENT + NIC_RFD_SHIFT)

/* ---- Other shared memory ---- */

typedef struct _NIC_SELF_TEST
{
    ULONG Signature;
    ULONG Result;
} NIC_SELF_TEST, *PNIC_SELF_TEST;

typedef enum _NIC_COUNTER
{
    NicTransmitGood,
    NicTransmitMaxCollisions,
    NicTransmitLateCollisions,
    NicTransmitUnderruns,
    NicTransmitLostCarrier,
    NicTransmitDeferred,
    NicTransmitOneCollision,
    NicTransmitMoreCollisions,
    NicTransmitCollisions,
    NicReceiveGood,
    NicReceiveCrcErrors,
    NicReceiveAlignmentErrors,
    NicReceiveResourceErrors,
    NicReceiveOverruns,
    NicReceiveCollisions,
    NicReceiveShort,
    NicCounters
} NIC_COUNTER;

typedef struct _NIC_STATISTICS
{
    ULONG Counters[NicCounters];
    ULONG Complete;
} NIC_STATISTICS, *PNIC_STATISTICS;

#define STATISTICS_COMPLETE 0xA007

/* One common buffer; the chip wants each part on a multiple of 16. */
typedef struct _NIC_SHARED
{
    DECLSPEC_ALIGN(16) NIC_SELF_TEST SelfTest;
    DECLSPEC_ALIGN(16) NIC_COMMAND_BLOCK Command;
    DECLSPEC_ALIGN(16) NIC_STATISTICS Statistics;
} NIC_SHARED, *PNIC_SHARED;

FORCEINLINE
USHORT
NicRead16(_In_ const volatile USHORT *Field)
{
    return *Field;
}

FORCEINLINE
ULONG
NicRead32(_In_ const volatile ULONG *Field)
{
    return *Field;
}

FORCEINLINE
VOID
NicWrite16(_Out_ volatile USHORT *Field, _In_ USHORT Value)
{
    *Field = Value;
}

FORCEINLINE
VOID
NicWrite32(_Out_ volatile ULONG *Field, _In_ ULONG Value)
{
    *Field = Value;
}

/* Never while the chip may look at it: it comes in halves. */
FORCEINLINE
VOID
NicWriteHalves(_Out_writes_(2) volatile USHORT *Field, _In_ ULONG Value)
{
    Field[0] = (USHORT)Value;
    Field[1] = (USHORT)(Value >> 16);
}
