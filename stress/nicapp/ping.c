/*
 * A ping: one side asks who has an address, and then sends echo requests; the other answers both. One read is outstanding at each side, and any number of writes, whose
 * memory goes when they end. What is lost is sent again.
 *
 * All happens in one thread a side, in completion routines.
 */

#include "nicapp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 10
#define ATTEMPT_MS 1000
#define MAX_PAYLOAD 1428

#define TYPE_ARP 0x0806
#define TYPE_IP 0x0800
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define ICMP_REPLY 0
#define ICMP_REQUEST 8

/* Within a frame. */
#define ARP_OPERATION 20
#define ARP_SENDER 22
#define ARP_SENDER_IP 28
#define ARP_TARGET 32
#define ARP_TARGET_IP 38
#define ARP_END 42
#define IP_LENGTH 16
#define IP_CHECKSUM 24
#define IP_SOURCE 26
#define IP_TARGET 30
#define ICMP_TYPE 34
#define ICMP_CHECKSUM 36
#define ICMP_NUMBER 38
#define ICMP_PAYLOAD 46

typedef struct _PINGER PINGER;

typedef struct _BLOCK {
    OVERLAPPED Overlapped; /* hEvent: the PINGER, for the routines do without an event */
    UCHAR Frame[PCIDRV_MAX_FRAME];
} BLOCK;

struct _PINGER {
    CARD *Card;
    UINT Ip;
    UINT PeerIp;
    UINT Count;            /* of echoes to send; 0: it only answers */
    HANDLE Stop;           /* to be answered no more */
    BLOCK Read;
    UINT Outstanding;
    UCHAR Peer[PCIDRV_ADDRESS_LENGTH];
    BOOL Resolved;
    UINT Replies;
    BOOL Stopping;
    BOOL Failed;
};

/* ---- frames ---- */

static UINT Get16(const UCHAR *At)
{
    return At[0] << 8 | At[1];
}

static void Put16(UCHAR *At, UINT Value)
{
    At[0] = (UCHAR)(Value >> 8);
    At[1] = (UCHAR)Value;
}

static UINT Get32(const UCHAR *At)
{
    return Get16(At) << 16 | Get16(At + 2);
}

static void Put32(UCHAR *At, UINT Value)
{
    Put16(At, Value >> 16);
    Put16(At + 2, Value & 0xFFFF);
}

/* The Internet's: 0xFFFF less the sum, carries included. Of what has its own in it: 0. */
static UINT Checksum(const UCHAR *At, UINT Length)
{
    UINT Sum = 0;
    UINT i;

    for (i = 0; i + 1 < Length; i += 2) {
        Sum += Get16(At + i);
    }
    if (Length % 2 != 0) {
        Sum += (UINT)At[Length - 1] << 8;
    }
    while (Sum >> 16 != 0) {
        Sum = (Sum & 0xFFFF) + (Sum >> 16);
    }
    return 0xFFFF - Sum;
}

static void PutHeader(const PINGER *Pinger, UCHAR *Frame, const UCHAR *To, UINT Type)
{
    memcpy(Frame, To, PCIDRV_ADDRESS_LENGTH);
    memcpy(Frame + PCIDRV_ADDRESS_LENGTH, Pinger->Card->Address, PCIDRV_ADDRESS_LENGTH);
    Put16(Frame + 2 * PCIDRV_ADDRESS_LENGTH, Type);
}

static void PutArp(const PINGER *Pinger, UCHAR *Frame, UINT Operation, const UCHAR *Target)
{
    static const UCHAR Ethernet[] = { 0, 1, 0x08, 0x00, 6, 4 };

    memset(Frame, 0, MIN_WIRE_LENGTH);
    PutHeader(Pinger, Frame, Target, TYPE_ARP);
    memcpy(Frame + HEADER_LENGTH, Ethernet, sizeof(Ethernet));
    Put16(Frame + ARP_OPERATION, Operation);
    memcpy(Frame + ARP_SENDER, Pinger->Card->Address, PCIDRV_ADDRESS_LENGTH);
    Put32(Frame + ARP_SENDER_IP, Pinger->Ip);
    if (Operation == ARP_REPLY) {
        memcpy(Frame + ARP_TARGET, Target, PCIDRV_ADDRESS_LENGTH);
    }
    Put32(Frame + ARP_TARGET_IP, Pinger->PeerIp);
}

static void PutEcho(const PINGER *Pinger, UCHAR *Frame, UINT Type, UINT Number, UINT Payload)
{
    static const UCHAR Ip[] = { 0x45, 0, 0, 0, 0xAB, 0xBA, 0, 0, 128, 1 };

    memset(Frame, 0, ICMP_PAYLOAD);
    PutHeader(Pinger, Frame, Pinger->Peer, TYPE_IP);
    memcpy(Frame + HEADER_LENGTH, Ip, sizeof(Ip));
    Put16(Frame + IP_LENGTH, ICMP_PAYLOAD - HEADER_LENGTH + Payload);
    Put32(Frame + IP_SOURCE, Pinger->Ip);
    Put32(Frame + IP_TARGET, Pinger->PeerIp);
    Put16(Frame + IP_CHECKSUM, Checksum(Frame + HEADER_LENGTH, ICMP_TYPE - HEADER_LENGTH));
    Frame[ICMP_TYPE] = (UCHAR)Type;
    Put16(Frame + ICMP_NUMBER, Number);
    memset(Frame + ICMP_PAYLOAD, 'a' + Number % 26, Payload);
    Put16(Frame + ICMP_CHECKSUM, Checksum(Frame + ICMP_TYPE, ICMP_PAYLOAD - ICMP_TYPE + Payload));
}

/* ---- requests ---- */

static void Fail(PINGER *Pinger, const char *What, DWORD Error)
{
    Complain(Pinger->Card, What, Error);
    Pinger->Failed = TRUE;
}

static void CALLBACK WriteEnded(DWORD Error, DWORD Bytes, OVERLAPPED *Overlapped)
{
    PINGER *Pinger = Overlapped->hEvent;

    (void)Bytes;
    Pinger->Outstanding--;
    free(CONTAINING_RECORD(Overlapped, BLOCK, Overlapped));
    if (Error != 0) {
        Fail(Pinger, "a write failed", Error);
    }
}

static BLOCK *NewBlock(PINGER *Pinger)
{
    BLOCK *Block = calloc(1, sizeof(*Block));

    if (Block == NULL) {
        Fail(Pinger, "out of memory", 0);
        return NULL;
    }
    Block->Overlapped.hEvent = Pinger;
    return Block;
}

static void Send(PINGER *Pinger, BLOCK *Block, UINT Length)
{
    if (!WriteFileEx(Pinger->Card->Device, Block->Frame, Length, &Block->Overlapped, WriteEnded)) {
        Fail(Pinger, "a write was refused", GetLastError());
        free(Block);
        return;
    }
    Pinger->Outstanding++;
}

static void SendArp(PINGER *Pinger, UINT Operation, const UCHAR *Target)
{
    BLOCK *Block = NewBlock(Pinger);

    if (Block != NULL) {
        PutArp(Pinger, Block->Frame, Operation, Target);
        Send(Pinger, Block, MIN_WIRE_LENGTH);
    }
}

static void SendEcho(PINGER *Pinger, UINT Type, UINT Number, UINT Payload)
{
    BLOCK *Block = NewBlock(Pinger);

    if (Block != NULL) {
        PutEcho(Pinger, Block->Frame, Type, Number, Payload);
        Send(Pinger, Block, ICMP_PAYLOAD + Payload);
    }
}

/* ---- what comes ---- */

static void TakeArp(PINGER *Pinger, const UCHAR *Frame, UINT Length)
{
    if (Length < ARP_END || Get32(Frame + ARP_TARGET_IP) != Pinger->Ip) {
        return;
    }
    memcpy(Pinger->Peer, Frame + ARP_SENDER, PCIDRV_ADDRESS_LENGTH);
    if (Get16(Frame + ARP_OPERATION) == ARP_REQUEST) {
        SendArp(Pinger, ARP_REPLY, Pinger->Peer);
    } else {
        Pinger->Resolved = TRUE;
    }
}

/* Lengths in a frame are its sender's word: what counts is how much has come. */
static void TakeIp(PINGER *Pinger, const UCHAR *Frame, UINT Length)
{
    UINT Said = Length < ICMP_PAYLOAD ? 0 : Get16(Frame + IP_LENGTH) + HEADER_LENGTH;
    UINT Number;

    if (Said < ICMP_PAYLOAD || Said > Length || Get32(Frame + IP_TARGET) != Pinger->Ip) {
        return;
    }
    if (Checksum(Frame + HEADER_LENGTH, ICMP_TYPE - HEADER_LENGTH) != 0 || Checksum(Frame + ICMP_TYPE, Said - ICMP_TYPE) != 0) {
        Fail(Pinger, "a checksum is wrong", 0);
        return;
    }
    Number = Get16(Frame + ICMP_NUMBER);
    if (Frame[ICMP_TYPE] == ICMP_REQUEST) {
        SendEcho(Pinger, ICMP_REPLY, Number, Said - ICMP_PAYLOAD);
    } else if (Number == Pinger->Replies) {
        Pinger->Replies++;
    }
}

static void PostRead(PINGER *Pinger);

static void CALLBACK ReadEnded(DWORD Error, DWORD Bytes, OVERLAPPED *Overlapped)
{
    PINGER *Pinger = Overlapped->hEvent;
    const UCHAR *Frame = CONTAINING_RECORD(Overlapped, BLOCK, Overlapped)->Frame;
    UINT Type = Error == 0 && Bytes >= HEADER_LENGTH ? Get16(Frame + 2 * PCIDRV_ADDRESS_LENGTH) : 0;

    Pinger->Outstanding--;
    if (Error != 0) {
        if (Error != ERROR_OPERATION_ABORTED || !Pinger->Stopping) {
            Fail(Pinger, "a read failed", Error);
        }
        return;
    }
    if (Type == TYPE_ARP) {
        TakeArp(Pinger, Frame, Bytes);
    } else if (Type == TYPE_IP) {
        TakeIp(Pinger, Frame, Bytes);
    }
    if (!Pinger->Failed && !Pinger->Stopping) {
        PostRead(Pinger);
    }
}

static void PostRead(PINGER *Pinger)
{
    memset(&Pinger->Read.Overlapped, 0, sizeof(Pinger->Read.Overlapped));
    Pinger->Read.Overlapped.hEvent = Pinger;
    if (!ReadFileEx(Pinger->Card->Device, Pinger->Read.Frame, sizeof(Pinger->Read.Frame), &Pinger->Read.Overlapped, ReadEnded)) {
        Fail(Pinger, "a read was refused", GetLastError());
        return;
    }
    Pinger->Outstanding++;
}

/* ---- one side ---- */

static BOOL Resolve(PINGER *Pinger)
{
    static const UCHAR Everybody[PCIDRV_ADDRESS_LENGTH] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    UINT Attempt;

    for (Attempt = 0; Attempt < ATTEMPTS && !Pinger->Resolved && !Pinger->Failed; Attempt++) {
        SendArp(Pinger, ARP_REQUEST, Everybody);
        while (SleepEx(ATTEMPT_MS, TRUE) == WAIT_IO_COMPLETION && !Pinger->Resolved && !Pinger->Failed) {
        }
    }
    if (!Pinger->Resolved && !Pinger->Failed) {
        Fail(Pinger, "nobody has the address", 0);
    }
    return Pinger->Resolved;
}

static BOOL SendEchoes(PINGER *Pinger)
{
    UINT Attempt = 0;

    while (Pinger->Replies < Pinger->Count && Attempt < ATTEMPTS && !Pinger->Failed) {
        UINT Number = Pinger->Replies;

        SendEcho(Pinger, ICMP_REQUEST, Number, Number % 2 == 0 ? MAX_PAYLOAD - Number % MAX_PAYLOAD : 32 + Number % MAX_PAYLOAD);
        while (SleepEx(ATTEMPT_MS, TRUE) == WAIT_IO_COMPLETION && Pinger->Replies == Number && !Pinger->Failed) {
        }
        Attempt = Pinger->Replies == Number ? Attempt + 1 : 0;
    }
    if (Pinger->Replies < Pinger->Count && !Pinger->Failed) {
        Fail(Pinger, "no response", 0);
    }
    return !Pinger->Failed;
}

static DWORD WINAPI RunSide(void *Argument)
{
    PINGER *Pinger = Argument;

    PostRead(Pinger);
    if (Pinger->Count != 0) {
        if (!Pinger->Failed && Resolve(Pinger)) {
            SendEchoes(Pinger);
        }
    } else {
        while (!Pinger->Failed && WaitForSingleObjectEx(Pinger->Stop, INFINITE, TRUE) == WAIT_IO_COMPLETION) {
        }
    }
    Pinger->Stopping = TRUE;
    CancelIoEx(Pinger->Card->Device, &Pinger->Read.Overlapped);
    while (Pinger->Outstanding != 0) {
        SleepEx(INFINITE, TRUE);
    }
    return 0;
}

/* ---- both ---- */

static void PrepareSide(PINGER *Pinger, CARD *Card, CARD *Peer, UINT Count, HANDLE Stop)
{
    memset(Pinger, 0, sizeof(*Pinger));
    Pinger->Card = Card;
    Pinger->Ip = 0xC0A80001 + Card->Index;
    Pinger->PeerIp = 0xC0A80001 + Peer->Index;
    Pinger->Count = Count;
    Pinger->Stop = Stop;
}

BOOL Ping(CARD *From, CARD *To, UINT Count)
{
    PINGER *Sides = calloc(2, sizeof(*Sides));
    HANDLE Stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE Answering = NULL;
    BOOL Failed;

    if (Sides != NULL && Stop != NULL) {
        PrepareSide(&Sides[0], From, To, Count, NULL);
        PrepareSide(&Sides[1], To, From, 0, Stop);
        Answering = CreateThread(NULL, 0, RunSide, &Sides[1], 0, NULL);
    }
    Failed = Answering == NULL;
    if (Failed) {
        printf("out of memory\n");
    } else {
        RunSide(&Sides[0]);
        SetEvent(Stop);
        WaitForSingleObject(Answering, INFINITE);
        CloseHandle(Answering);
        Failed = Sides[0].Failed || Sides[1].Failed;
    }
    if (Stop != NULL) {
        CloseHandle(Stop);
    }
    free(Sides);
    return !Failed;
}
