/* A card: opened, asked and told what a program wants to know and to have before it uses it. */

#include "nicapp.h"

#include <stdio.h>
#include <string.h>

#define MEDIA_CONNECTED 0
#define LINK_PATIENCE 100 /* times 100 ms */
#define FAST_ETHERNET 1000000 /* in units of 100 bits a second */

/* What is left of a card that was pulled; a request that waited in it was cancelled, a frame that it was being given could not be. */
static BOOL IsGone(DWORD Error)
{
    switch (Error) {
    case ERROR_OPERATION_ABORTED:
    case ERROR_BAD_COMMAND:
    case ERROR_GEN_FAILURE:
    case ERROR_NO_SUCH_DEVICE:
    case ERROR_NOT_READY:
    case ERROR_DEVICE_NOT_CONNECTED:
    case ERROR_DEVICE_REMOVED:
    case ERROR_FILE_NOT_FOUND:
        return TRUE;
    default:
        return FALSE;
    }
}

BOOL Complain(CARD *Card, const char *What, DWORD Error)
{
    if (Card->MayGo && IsGone(Error)) {
        InterlockedExchange(&Card->Gone, 1);
    } else {
        InterlockedExchange(&Card->Failed, 1);
        printf("card %u: %s (%u)\n", Card->Index + 1, What, (UINT)Error);
    }
    return FALSE;
}

/* ---- controls ---- */

static DWORD Control(CARD *Card, DWORD Code, void *Input, DWORD InputLength, void *Output, DWORD OutputLength, DWORD *Bytes)
{
    OVERLAPPED Overlapped;
    DWORD Error = 0;

    memset(&Overlapped, 0, sizeof(Overlapped));
    Overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (Overlapped.hEvent == NULL) {
        return GetLastError();
    }
    if (!DeviceIoControl(Card->Device, Code, Input, InputLength, Output, OutputLength, NULL, &Overlapped)) {
        Error = GetLastError();
    }
    if (Error == 0 || Error == ERROR_IO_PENDING) {
        Error = GetOverlappedResult(Card->Device, &Overlapped, Bytes, TRUE) ? 0 : GetLastError();
    }
    CloseHandle(Overlapped.hEvent);
    return Error;
}

/* At most so many bytes, all of which the driver has to fill. */
static DWORD QueryOid(CARD *Card, ULONG Oid, void *Data, ULONG Length)
{
    UCHAR Buffer[FIELD_OFFSET(NDISPROT_QUERY_OID, Data) + 16];
    NDISPROT_QUERY_OID *Query = (NDISPROT_QUERY_OID *)Buffer;
    DWORD Bytes = 0;
    DWORD Error;

    memset(Buffer, 0, sizeof(Buffer));
    Query->Oid = Oid;
    Error = Control(Card, IOCTL_NDISPROT_QUERY_OID_VALUE, Buffer, sizeof(*Query), Buffer, FIELD_OFFSET(NDISPROT_QUERY_OID, Data) + Length, &Bytes);
    if (Error == 0 && Bytes != FIELD_OFFSET(NDISPROT_QUERY_OID, Data) + Length) {
        Error = ERROR_INVALID_DATA;
    }
    memcpy(Data, Query->Data, Length);
    return Error;
}

/* No output buffer: that is how the values come through. */
static DWORD SetOid(CARD *Card, ULONG Oid, const void *Data, ULONG Length)
{
    UCHAR Buffer[FIELD_OFFSET(NDISPROT_SET_OID, Data) + 16];
    NDISPROT_SET_OID *Set = (NDISPROT_SET_OID *)Buffer;
    DWORD Bytes;

    Set->Oid = Oid;
    memcpy(Set->Data, Data, Length);
    return Control(Card, IOCTL_NDISPROT_SET_OID_VALUE, Buffer, FIELD_OFFSET(NDISPROT_SET_OID, Data) + Length, NULL, 0, &Bytes);
}

/* ---- what a program does first ---- */

BOOL OpenCard(CARD *Card, const char *Path)
{
    Card->Device = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    return Card->Device != INVALID_HANDLE_VALUE || Complain(Card, "CreateFile failed", GetLastError());
}

void CloseCard(CARD *Card)
{
    if (Card->Device != INVALID_HANDLE_VALUE) {
        CloseHandle(Card->Device);
    }
    Card->Device = INVALID_HANDLE_VALUE;
}

/* Those are for the protocol driver that would stand between the card and a program; there is none. */
static BOOL ExpectNoProtocol(CARD *Card)
{
    static const DWORD Codes[] = { IOCTL_NDISPROT_BIND_WAIT, IOCTL_NDISPROT_OPEN_DEVICE, IOCTL_NDISPROT_QUERY_BINDING };
    UCHAR Buffer[32] = { 0 };
    DWORD Bytes;
    UINT i;

    for (i = 0; i < sizeof(Codes) / sizeof(Codes[0]); i++) {
        DWORD Error = Control(Card, Codes[i], Buffer, sizeof(Buffer), Buffer, sizeof(Buffer), &Bytes);

        if (Error != ERROR_INVALID_FUNCTION) {
            return Complain(Card, "a request for the protocol driver was not refused", Error);
        }
    }
    return TRUE;
}

static BOOL QueryAddresses(CARD *Card)
{
    UCHAR Permanent[PCIDRV_ADDRESS_LENGTH];
    DWORD Error = QueryOid(Card, OID_802_3_PERMANENT_ADDRESS, Permanent, sizeof(Permanent));

    if (Error == 0) {
        Error = QueryOid(Card, OID_802_3_CURRENT_ADDRESS, Card->Address, sizeof(Card->Address));
    }
    if (Error != 0) {
        return Complain(Card, "the address cannot be queried", Error);
    }
    if (Card->Address[0] & 1 || memcmp(Card->Address, Permanent, sizeof(Permanent)) != 0) {
        return Complain(Card, "that is no address of a card", 0);
    }
    return TRUE;
}

/* The first query waits until the driver has found out about the link. */
static BOOL AwaitLink(CARD *Card)
{
    ULONG Media = ~0u;
    ULONG Speed = 0;
    DWORD Error = 0;
    UINT i;

    for (i = 0; i < LINK_PATIENCE && Error == 0 && Media != MEDIA_CONNECTED; i++) {
        if (i != 0) {
            Sleep(100);
        }
        Error = QueryOid(Card, OID_GEN_MEDIA_CONNECT_STATUS, &Media, sizeof(Media));
    }
    if (Error == 0) {
        Error = QueryOid(Card, OID_GEN_LINK_SPEED, &Speed, sizeof(Speed));
    }
    if (Error != 0) {
        return Complain(Card, "the link cannot be queried", Error);
    }
    if (Media != MEDIA_CONNECTED || Speed != FAST_ETHERNET) {
        printf("card %u: %s, %u bits a second\n", Card->Index + 1, Media == MEDIA_CONNECTED ? "there is a link" : "there is no link", Speed * 100);
        return Complain(Card, "it is no use without a fast link", ERROR_DEVICE_NOT_CONNECTED);
    }
    return TRUE;
}

static BOOL SetGroups(CARD *Card)
{
    static const UCHAR Groups[2][PCIDRV_ADDRESS_LENGTH] = { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0x01 }, { 0x01, 0x00, 0x5E, 0x00, 0x00, 0xFB } };
    ULONG Most = 0;
    DWORD Error = QueryOid(Card, OID_802_3_MAXIMUM_LIST_SIZE, &Most, sizeof(Most));

    if (Error == 0 && Most != PCIDRV_MAX_MULTICAST) {
        Error = ERROR_INVALID_DATA;
    }
    if (Error == 0) {
        Error = SetOid(Card, OID_802_3_MULTICAST_LIST, Groups, sizeof(Groups));
    }
    return Error == 0 || Complain(Card, "the groups cannot be set", Error);
}

BOOL SetFilter(CARD *Card, ULONG Filter)
{
    DWORD Error = SetOid(Card, OID_GEN_CURRENT_PACKET_FILTER, &Filter, sizeof(Filter));

    return Error == 0 || Complain(Card, "the filter cannot be set", Error);
}

static BOOL ExpectRefusal(CARD *Card)
{
    ULONG Value = 1;
    DWORD Error = SetOid(Card, OID_GEN_MEDIA_CONNECT_STATUS, &Value, sizeof(Value));

    return Error == ERROR_NOT_SUPPORTED || Complain(Card, "an object that can only be queried was not refused", Error);
}

BOOL BindCard(CARD *Card)
{
    return ExpectNoProtocol(Card) && QueryAddresses(Card) && AwaitLink(Card) && SetGroups(Card) && ExpectRefusal(Card) &&
        SetFilter(Card, PCIDRV_FILTER_DIRECTED | PCIDRV_FILTER_BROADCAST);
}

BOOL QueryCounters(CARD *Card, ULONGLONG *Sent, ULONGLONG *Received)
{
    DWORD Error = QueryOid(Card, OID_GEN_XMIT_OK, Sent, sizeof(*Sent));

    if (Error == 0) {
        Error = QueryOid(Card, OID_GEN_RCV_OK, Received, sizeof(*Received));
    }
    return Error == 0 || Complain(Card, "the counters cannot be queried", Error);
}
