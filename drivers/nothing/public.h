/*
 * What the nothing driver and its applications share: the device interface they meet at, and the commands.
 *
 * A device of this kind works on at most NOTHING_REQUESTS_IN_PROGRESS requests at a time; the others wait their turn, commands
 * among them. A read or write ends at the second tick after its turn came; ticks are NOTHING_TICK_MS apart.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUID.
 */

#pragma once

/* {5E7D1C4A-93B6-4E0F-A8D2-6B1F0C47E935} */
DEFINE_GUID(GUID_DEVINTERFACE_NOTHING, 0x5e7d1c4a, 0x93b6, 0x4e0f, 0xa8, 0xd2, 0x6b, 0x1f, 0x0c, 0x47, 0xe9, 0x35);

#define NOTHING_REQUESTS_IN_PROGRESS 2
#define NOTHING_MAX_LENGTH 4096
#define NOTHING_TICK_MS 50

#define NOTHING_IOCTL(Index) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (Index), METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Stays in progress until a RELEASE or its cancellation ends it. Two of them fill the device: only cancellation helps then. */
#define IOCTL_NOTHING_HOLD NOTHING_IOCTL(0)

/* Ends every HOLD in progress. Output: how many, a ULONG. */
#define IOCTL_NOTHING_RELEASE NOTHING_IOCTL(1)

/* Steps aside: waits for a DRAIN or its cancellation without being in progress. */
#define IOCTL_NOTHING_FORWARD NOTHING_IOCTL(2)

/* Ends every FORWARD that waits. Output: how many, a ULONG. */
#define IOCTL_NOTHING_DRAIN NOTHING_IOCTL(3)

/* Output: a NOTHING_STATISTICS. */
#define IOCTL_NOTHING_STATS NOTHING_IOCTL(4)

typedef struct _NOTHING_STATISTICS
{
    ULONG Presented; /* requests whose turn came, this one included */
    ULONG Completed; /* of them, ended by the driver ... */
    ULONG Cancelled; /* ... the latter as cancelled; one that is cancelled while it waits never meets the driver */
    ULONG HighWater; /* the most that were in progress at once */
} NOTHING_STATISTICS, *PNOTHING_STATISTICS;
