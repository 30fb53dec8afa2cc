/*
 * What the pcidrv driver and its applications share: the device interface, the control codes and the objects (OIDs) they speak of.
 *
 * A write sends a frame of 14 to 1514 bytes, from the destination address on and without checksum; a read waits for the next frame that comes. What comes while
 * nobody reads, or before a packet filter was set, is lost.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUIDs.
 */

#pragma once

/* {B74CFEC2-9366-454A-BA71-7C27B51470A4} */
DEFINE_GUID(GUID_DEVINTERFACE_PCIDRV, 0xb74cfec2, 0x9366, 0x454a, 0xba, 0x71, 0x7c, 0x27, 0xb5, 0x14, 0x70, 0xa4);

/* WMI. {20E35E40-7179-4F89-A28C-12ED5A3CAAA5}: the address in use, in the low 48 bits of a UINT64. */
DEFINE_GUID(PCIDRV_WMI_STD_DATA_GUID, 0x20e35e40, 0x7179, 0x4f89, 0xa2, 0x8c, 0x12, 0xed, 0x5a, 0x3c, 0xaa, 0xa5);

#define PCIDRV_MIN_FRAME 14
#define PCIDRV_MAX_FRAME 1514
#define PCIDRV_ADDRESS_LENGTH 6
#define PCIDRV_MAX_MULTICAST 32

#define NDISPROT_IOCTL(Index) CTL_CODE(FILE_DEVICE_NETWORK, (Index), METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/* Those of the protocol driver that the card stands in for: only three of them have a meaning here. */
#define IOCTL_NDISPROT_OPEN_DEVICE NDISPROT_IOCTL(0x200)
#define IOCTL_NDISPROT_QUERY_OID_VALUE NDISPROT_IOCTL(0x201) /* in: NDISPROT_QUERY_OID up to Data, out: all of it */
#define IOCTL_NDISPROT_QUERY_BINDING NDISPROT_IOCTL(0x203)
#define IOCTL_NDISPROT_BIND_WAIT NDISPROT_IOCTL(0x204)
#define IOCTL_NDISPROT_SET_OID_VALUE NDISPROT_IOCTL(0x205)   /* in: NDISPROT_SET_OID */
#define IOCTL_NDISPROT_INDICATE_STATUS NDISPROT_IOCTL(0x206) /* ends when the cable comes or goes; out: NDISPROT_INDICATE_STATUS */

/* Data is as long as the buffer, at least so long. */
typedef struct _NDISPROT_QUERY_OID
{
    ULONG Oid;
    UCHAR Data[4];
} NDISPROT_QUERY_OID, *PNDISPROT_QUERY_OID;

typedef struct _NDISPROT_SET_OID
{
    ULONG Oid;
    UCHAR Data[4];
} NDISPROT_SET_OID, *PNDISPROT_SET_OID;

typedef struct _NDISPROT_INDICATE_STATUS
{
    ULONG IndicatedStatus;
    ULONG StatusBufferOffset; /* of both buffers: 0, nothing follows */
    ULONG StatusBufferLength;
} NDISPROT_INDICATE_STATUS, *PNDISPROT_INDICATE_STATUS;

#define PCIDRV_STATUS_MEDIA_CONNECT 0x4001000B
#define PCIDRV_STATUS_MEDIA_DISCONNECT 0x4001000C

/* ---- Objects ---- */

#define OID_GEN_LINK_SPEED 0x00010107           /* query: ULONG, 100 bits a second */
#define OID_GEN_CURRENT_PACKET_FILTER 0x0001010E /* set: ULONG, PCIDRV_FILTER_... */
#define OID_GEN_MEDIA_CONNECT_STATUS 0x00010114 /* query: ULONG, 0 connected, 1 not */
#define OID_802_3_PERMANENT_ADDRESS 0x01010101  /* query: 6 bytes */
#define OID_802_3_CURRENT_ADDRESS 0x01010102
#define OID_802_3_MULTICAST_LIST 0x01010103     /* set: at most PCIDRV_MAX_MULTICAST addresses */
#define OID_802_3_MAXIMUM_LIST_SIZE 0x01010104  /* query: ULONG */

/* Counters: 64 bits, or their lower half if the buffer is too short for more. */
#define OID_GEN_XMIT_OK 0x00020101
#define OID_GEN_RCV_OK 0x00020102
#define OID_GEN_XMIT_ERROR 0x00020103
#define OID_GEN_RCV_ERROR 0x00020104
#define OID_GEN_RCV_NO_BUFFER 0x00020105
#define OID_GEN_RCV_CRC_ERROR 0x0002020D
#define OID_GEN_TRANSMIT_QUEUE_LENGTH 0x0002020E
#define OID_802_3_RCV_ERROR_ALIGNMENT 0x01020101
#define OID_802_3_XMIT_ONE_COLLISION 0x01020102
#define OID_802_3_XMIT_MORE_COLLISIONS 0x01020103
#define OID_802_3_XMIT_DEFERRED 0x01020201
#define OID_802_3_XMIT_MAX_COLLISIONS 0x01020202
#define OID_802_3_RCV_OVERRUN 0x01020203
#define OID_802_3_XMIT_UNDERRUN 0x01020204
#define OID_802_3_XMIT_HEARTBEAT_FAILURE 0x01020205
#define OID_802_3_XMIT_TIMES_CRS_LOST 0x01020206
#define OID_802_3_XMIT_LATE_COLLISIONS 0x01020207

#define OID_PNP_CAPABILITIES 0xFD010100           /* query: PCIDRV_PNP_CAPABILITIES */
#define OID_PNP_SET_POWER 0xFD010101              /* set: ULONG, a DEVICE_POWER_STATE; outside D0 nothing is received */
#define OID_PNP_QUERY_POWER 0xFD010102            /* query: ULONG 0 */
#define OID_PNP_ADD_WAKE_UP_PATTERN 0xFD010103    /* set: PCIDRV_WAKE_PATTERN with what it speaks of behind it */
#define OID_PNP_REMOVE_WAKE_UP_PATTERN 0xFD010104
#define OID_PNP_ENABLE_WAKE_UP 0xFD010106         /* set: ULONG, PCIDRV_WAKE_... */

#define PCIDRV_FILTER_DIRECTED 0x01
#define PCIDRV_FILTER_MULTICAST 0x02
#define PCIDRV_FILTER_ALL_MULTICAST 0x04
#define PCIDRV_FILTER_BROADCAST 0x08
#define PCIDRV_FILTER_PROMISCUOUS 0x20

#define PCIDRV_WAKE_PATTERN_MATCH 0x02

typedef struct _PCIDRV_PNP_CAPABILITIES
{
    ULONG Flags; /* 1: can be told to wake */
    ULONG MinMagicPacketWakeUp;
    ULONG MinPatternWakeUp;
    ULONG MinLinkChangeWakeUp;
} PCIDRV_PNP_CAPABILITIES, *PPCIDRV_PNP_CAPABILITIES;

/* The mask follows at once: bit k of byte j is byte 8j + k of the frame. The pattern lies PatternOffset bytes from here on. */
typedef struct _PCIDRV_WAKE_PATTERN
{
    ULONG Priority;
    ULONG Reserved;
    ULONG MaskSize;
    ULONG PatternOffset;
    ULONG PatternSize;
    ULONG PatternFlags;
} PCIDRV_WAKE_PATTERN, *PPCIDRV_WAKE_PATTERN;

#define PCIDRV_MAX_WAKE_MASK 12
#define PCIDRV_MAX_WAKE_PATTERN 128
