/*
 * Frames in both directions at once, numbered and checksummed, from several threads at each card.
 *
 * The order of reads is the order in which frames come: whoever posts a read takes a ticket, and by ticket the frames' numbers are in order and none is missing. Likewise
 * frames are numbered in the order in which they are written. An echo that was late may stand between them.
 *
 * A card throws away what comes when nobody reads, or when its ring is full. So the sender needs a credit for each frame, and the receiver gives one for each read that it
 * has posted. The window is less than half of the ring (32): as many frames may be on their way as others, read already, have not yet gone back there. With
 * another window frames are lost, and are to be in order all the same.
 *
 * Nor does a card receive that sleeps, and requests that wait for it to wake are handed to its driver by several threads at once, in no order that counts. Where that may
 * happen (-z, and -g, whose cards idle as well) frames are lost and overtaken; none comes twice.
 */

#include "nicapp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 20000 /* longer than any reset takes */
#define LOST_MS 100       /* where frames may be lost: so long for one that is on its way */

#define TRAFFIC_TYPE 0xB588 /* 0x88B5 on the wire: for experiments */
#define IP_TYPE 0x0008      /* of an echo */
#define MAGIC 0x4E494341

typedef struct _FRAME {
    UCHAR To[PCIDRV_ADDRESS_LENGTH];
    UCHAR From[PCIDRV_ADDRESS_LENGTH];
    USHORT Type;
    USHORT Length;
    UINT Magic;
    UINT Number;
    UINT Sum; /* of all that follows, beginning with number and length */
    UCHAR Payload[PCIDRV_MAX_FRAME - 28];
} FRAME;

typedef struct _SLOT {
    OVERLAPPED Overlapped;
    BOOL Busy;
    UINT Ticket;
    FRAME Frame;
} SLOT;

typedef struct _STATION {
    CARD *Card;
    struct _STATION *Peer;
    const OPTIONS *Options;
    UINT Slots; /* of each thread */
    HANDLE Credits; /* that the peer has given */
    CRITICAL_SECTION SendLock;
    UINT NextNumber;
    CRITICAL_SECTION ReadLock;
    UINT NextTicket;
    BOOL Closed; /* no more reads */
    BYTE *Seen; /* of each number: it has come */
    UINT *Order; /* of each ticket: 1 + the number of the frame that came for it */
    volatile LONG Received;
    volatile LONG Refused; /* writes that the driver gave back */
    HANDLE AllReceived;
} STATION;

static BOOL Fail(STATION *Station, const char *What, DWORD Error)
{
    return Complain(Station->Card, What, Error);
}

static BOOL IsOverAt(const CARD *Card)
{
    return Card->Failed || Card->Gone;
}

static BOOL IsOver(const STATION *Station)
{
    return IsOverAt(Station->Card) || IsOverAt(Station->Peer->Card);
}

/* ---- frames ---- */

/* Most are short; some have the full length. */
static UINT LengthOf(UINT Number)
{
    UINT Random = Number * 2654435761u >> 16;

    return Number % 16 == 15 ? PCIDRV_MAX_FRAME - Random % 8 : MIN_WIRE_LENGTH + Random % 128;
}

static UINT SumOf(const FRAME *Frame)
{
    UINT Length = Frame->Length - FIELD_OFFSET(FRAME, Payload);
    UINT Sum = Frame->Number * 31 + Frame->Length;
    UINT Word;
    UINT i;

    for (i = 0; i + sizeof(Word) <= Length; i += sizeof(Word)) {
        memcpy(&Word, Frame->Payload + i, sizeof(Word));
        Sum = (Sum << 5 | Sum >> 27) + Word;
    }
    for (; i < Length; i++) {
        Sum = (Sum << 5 | Sum >> 27) + Frame->Payload[i];
    }
    return Sum;
}

static void BuildFrame(const STATION *Station, FRAME *Frame, UINT Number)
{
    UINT Random = Number;
    UINT Length = LengthOf(Number);
    UINT i;

    memcpy(Frame->To, Station->Peer->Card->Address, PCIDRV_ADDRESS_LENGTH);
    memcpy(Frame->From, Station->Card->Address, PCIDRV_ADDRESS_LENGTH);
    Frame->Type = TRAFFIC_TYPE;
    Frame->Length = (USHORT)Length;
    Frame->Magic = MAGIC;
    Frame->Number = Number;
    for (i = 0; i < Length - FIELD_OFFSET(FRAME, Payload); i += sizeof(Random)) {
        Random = Random * 1664525 + 1013904223;
        memcpy(Frame->Payload + i, &Random, sizeof(Random));
    }
    Frame->Sum = SumOf(Frame);
}

static BOOL IsWhole(const STATION *Station, const FRAME *Frame, UINT Length)
{
    return Length >= FIELD_OFFSET(FRAME, Payload) && Frame->Type == TRAFFIC_TYPE && Frame->Magic == MAGIC && Frame->Length == Length && Length == LengthOf(Frame->Number) &&
        memcmp(Frame->To, Station->Card->Address, PCIDRV_ADDRESS_LENGTH) == 0 &&
        memcmp(Frame->From, Station->Peer->Card->Address, PCIDRV_ADDRESS_LENGTH) == 0 && Frame->Sum == SumOf(Frame);
}

/* ---- slots ---- */

static BOOL MakeSlots(SLOT **Slots, UINT Count)
{
    UINT i;

    *Slots = calloc(Count, sizeof(**Slots));
    for (i = 0; *Slots != NULL && i < Count; i++) {
        (*Slots)[i].Overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
        if ((*Slots)[i].Overlapped.hEvent == NULL) {
            return FALSE;
        }
    }
    return *Slots != NULL;
}

static void FreeSlots(SLOT *Slots, UINT Count)
{
    UINT i;

    for (i = 0; Slots != NULL && i < Count; i++) {
        if (Slots[i].Overlapped.hEvent != NULL) {
            CloseHandle(Slots[i].Overlapped.hEvent);
        }
    }
    free(Slots);
}

/* The result of a request that is out. */
static DWORD Await(const STATION *Station, SLOT *Slot, DWORD *Bytes)
{
    Slot->Busy = FALSE;
    return GetOverlappedResult(Station->Card->Device, &Slot->Overlapped, Bytes, TRUE) ? 0 : GetLastError();
}

/* ---- writers ---- */

/* What becomes of a write when the driver has to reset the card. */
static BOOL IsRefusal(const STATION *Station, DWORD Error)
{
    return Station->Options->MayLose && !Station->Options->MayGo && (Error == ERROR_NOT_READY || Error == ERROR_GEN_FAILURE);
}

static BOOL EndWrite(STATION *Station, SLOT *Slot)
{
    DWORD Bytes = 0;
    DWORD Error;

    if (!Slot->Busy) {
        return TRUE;
    }
    Error = Await(Station, Slot, &Bytes);
    if (Error == 0) {
        return Bytes == Slot->Frame.Length || Fail(Station, "a frame was sent in part", Bytes);
    }
    if (IsRefusal(Station, Error)) {
        InterlockedIncrement(&Station->Refused);
        return TRUE;
    }
    return Fail(Station, "a write failed", Error);
}

/* A frame of which nothing is heard any more gives its credit back, where that may be. */
static BOOL TakeCredit(STATION *Station)
{
    BOOL MayLose = Station->Options->MayLose;

    if (WaitForSingleObject(Station->Credits, MayLose ? LOST_MS : PATIENCE_MS) == WAIT_OBJECT_0 || MayLose) {
        return TRUE;
    }
    return IsOver(Station) ? FALSE : Fail(Station, "a frame was lost", 0);
}

/* FALSE: all are written, or that is of no use any more. */
static BOOL Write(STATION *Station, SLOT *Slot)
{
    DWORD Error = 0;
    BOOL Left;

    EnterCriticalSection(&Station->SendLock);
    Left = Station->NextNumber < Station->Options->Frames;
    if (Left) {
        BuildFrame(Station, &Slot->Frame, Station->NextNumber++);
        Slot->Busy = TRUE;
        if (!WriteFile(Station->Card->Device, &Slot->Frame, Slot->Frame.Length, NULL, &Slot->Overlapped)) {
            Error = GetLastError();
        }
    }
    LeaveCriticalSection(&Station->SendLock);
    if (Error != 0 && Error != ERROR_IO_PENDING) {
        Slot->Busy = FALSE;
        return Fail(Station, "a write was refused", Error);
    }
    return Left;
}

static DWORD WINAPI WriteFrames(void *Argument)
{
    STATION *Station = Argument;
    SLOT *Slots;
    UINT i;

    if (!MakeSlots(&Slots, Station->Slots)) {
        Fail(Station, "out of memory", 0);
    }
    for (i = 0; !IsOver(Station); i = (i + 1) % Station->Slots) {
        if (!EndWrite(Station, &Slots[i]) || !TakeCredit(Station) || !Write(Station, &Slots[i])) {
            break;
        }
    }
    for (i = 0; Slots != NULL && i < Station->Slots; i++) {
        EndWrite(Station, &Slots[i]);
    }
    FreeSlots(Slots, Station->Slots);
    return 0;
}

/* ---- readers ---- */

static BOOL Post(STATION *Station, SLOT *Slot)
{
    DWORD Error = 0;
    BOOL Open;

    EnterCriticalSection(&Station->ReadLock);
    Open = !Station->Closed;
    if (Open) {
        Slot->Ticket = Station->NextTicket++;
        Slot->Busy = TRUE;
        if (!ReadFile(Station->Card->Device, &Slot->Frame, PCIDRV_MAX_FRAME, NULL, &Slot->Overlapped)) {
            Error = GetLastError();
        }
    }
    LeaveCriticalSection(&Station->ReadLock);
    if (Error != 0 && Error != ERROR_IO_PENDING) {
        Slot->Busy = FALSE;
        return Fail(Station, "a read was refused", Error);
    }
    if (Open) {
        ReleaseSemaphore(Station->Peer->Credits, 1, NULL);
    }
    return Open;
}

/* As many as can be ended by a frame: one for each, one for each echo that was late, and those that are out meanwhile. */
static UINT TicketsOf(const OPTIONS *Options)
{
    return Options->Frames + 2 * Options->Pings + MAX_WINDOW;
}

/* FALSE: that one has come before. */
static BOOL Remember(STATION *Station, UINT Ticket, UINT Number)
{
    BOOL First;

    EnterCriticalSection(&Station->ReadLock);
    First = Number < Station->Options->Frames && !Station->Seen[Number];
    if (First) {
        Station->Seen[Number] = TRUE;
    }
    if (First && Ticket < TicketsOf(Station->Options)) {
        Station->Order[Ticket] = 1 + Number;
    }
    LeaveCriticalSection(&Station->ReadLock);
    return First;
}

static BOOL Check(STATION *Station, const SLOT *Slot, UINT Length)
{
    const FRAME *Frame = &Slot->Frame;

    if (Length >= HEADER_LENGTH && Frame->Type == IP_TYPE) {
        return TRUE;
    }
    if (!IsWhole(Station, Frame, Length)) {
        return Fail(Station, "a frame was changed", Length);
    }
    if (!Remember(Station, Slot->Ticket, Frame->Number)) {
        return Fail(Station, "a frame came twice", Frame->Number);
    }
    if ((UINT)InterlockedIncrement(&Station->Received) == Station->Options->Frames) {
        SetEvent(Station->AllReceived);
    }
    return TRUE;
}

static BOOL IsClosed(STATION *Station)
{
    BOOL Closed;

    EnterCriticalSection(&Station->ReadLock);
    Closed = Station->Closed;
    LeaveCriticalSection(&Station->ReadLock);
    return Closed;
}

/* FALSE: that was the last one. */
static BOOL EndRead(STATION *Station, SLOT *Slot)
{
    DWORD Bytes = 0;
    DWORD Error = Await(Station, Slot, &Bytes);

    if (Error == 0) {
        return Check(Station, Slot, Bytes);
    }
    if (Error == ERROR_OPERATION_ABORTED && IsClosed(Station)) {
        return FALSE;
    }
    return Fail(Station, "a read failed", Error);
}

static DWORD WINAPI ReadFrames(void *Argument)
{
    STATION *Station = Argument;
    BOOL Fine;
    SLOT *Slots;
    UINT i;

    Fine = MakeSlots(&Slots, Station->Slots) || Fail(Station, "out of memory", 0);
    for (i = 0; Fine && i < Station->Slots; i++) {
        Fine = Post(Station, &Slots[i]);
    }
    for (i = 0; Fine; i = (i + 1) % Station->Slots) {
        Fine = EndRead(Station, &Slots[i]) && Post(Station, &Slots[i]);
    }
    for (i = 0; Slots != NULL && i < Station->Slots; i++) {
        if (Slots[i].Busy) {
            EndRead(Station, &Slots[i]);
        }
    }
    FreeSlots(Slots, Station->Slots);
    return 0;
}

/* ---- a station ---- */

static BOOL Prepare(STATION *Station, STATION *Peer, CARD *Card, const OPTIONS *Options)
{
    Station->Card = Card;
    Station->Peer = Peer;
    Station->Options = Options;
    Station->Slots = Options->Window / Options->Threads;
    InitializeCriticalSection(&Station->SendLock);
    InitializeCriticalSection(&Station->ReadLock);
    Station->Credits = CreateSemaphoreA(NULL, 0, 0x7FFFFFFF, NULL);
    Station->AllReceived = CreateEventA(NULL, TRUE, FALSE, NULL);
    Station->Seen = calloc(Options->Frames, sizeof(*Station->Seen));
    Station->Order = calloc(TicketsOf(Options), sizeof(*Station->Order));
    return Station->Credits != NULL && Station->AllReceived != NULL && Station->Seen != NULL && Station->Order != NULL;
}

static void Dispose(STATION *Station)
{
    if (Station->Credits != NULL) {
        CloseHandle(Station->Credits);
    }
    if (Station->AllReceived != NULL) {
        CloseHandle(Station->AllReceived);
    }
    free(Station->Seen);
    free(Station->Order);
    DeleteCriticalSection(&Station->SendLock);
    DeleteCriticalSection(&Station->ReadLock);
}

/* Reads that are posted end. */
static void Close(STATION *Station)
{
    EnterCriticalSection(&Station->ReadLock);
    Station->Closed = TRUE;
    LeaveCriticalSection(&Station->ReadLock);
    CancelIoEx(Station->Card->Device, NULL);
}

static void Join(HANDLE *Threads, UINT Count)
{
    UINT i;

    for (i = 0; i < Count; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
    }
}

/* Threads for both stations. The number of those that were started. */
static UINT Start(STATION Stations[2], LPTHREAD_START_ROUTINE Routine, HANDLE *Threads)
{
    UINT Count = 2 * Stations[0].Options->Threads;
    UINT i;

    for (i = 0; i < Count; i++) {
        Threads[i] = CreateThread(NULL, 0, Routine, &Stations[i % 2], 0, NULL);
        if (Threads[i] == NULL) {
            Fail(&Stations[i % 2], "CreateThread failed", GetLastError());
            break;
        }
    }
    return i;
}

/* Where none may be lost none is missing; else their numbers rise all the same. */
static void CheckOrder(STATION *Station)
{
    UINT Next = 0;
    UINT i;

    for (i = 0; i < TicketsOf(Station->Options) && !IsOver(Station); i++) {
        UINT Number = Station->Order[i] - 1;

        if (Station->Order[i] == 0) {
            continue;
        }
        if (Number < Next || (Number != Next && !Station->Options->MayLose)) {
            printf("card %u: frame %u for read %u, instead of %u\n", Station->Card->Index + 1, Number, i, Next);
            Fail(Station, "a frame was overtaken", Number);
        }
        Next = Number + 1;
    }
}

static void AwaitFrames(STATION *Station)
{
    DWORD Patience = Station->Options->MayLose ? LOST_MS : PATIENCE_MS;

    if (WaitForSingleObject(Station->AllReceived, Patience) != WAIT_OBJECT_0 && !Station->Options->MayLose && !IsOver(Station)) {
        Fail(Station, "the last frames were lost", (DWORD)Station->Received);
    }
}

static BOOL Run(STATION Stations[2])
{
    HANDLE Readers[2 * MAX_THREADS];
    HANDLE Writers[2 * MAX_THREADS];
    UINT Reading = Start(Stations, ReadFrames, Readers);
    UINT Writing = Start(Stations, WriteFrames, Writers);
    UINT i;

    Join(Writers, Writing);
    for (i = 0; i < 2; i++) {
        AwaitFrames(&Stations[i]);
    }
    for (i = 0; i < 2; i++) {
        Close(&Stations[i]);
    }
    Join(Readers, Reading);
    for (i = 0; i < 2; i++) {
        if (!Stations[i].Options->Naps && !Stations[i].Options->MayGo) {
            CheckOrder(&Stations[i]);
        }
        printf("card %u: %u frames sent, %u of them refused, %u received\n", i + 1, Stations[i].NextNumber, (UINT)Stations[i].Refused, (UINT)Stations[i].Received);
    }
    return !IsOver(&Stations[0]);
}

BOOL Exchange(CARD Cards[2], const OPTIONS *Options)
{
    STATION *Stations = calloc(2, sizeof(*Stations));
    BOOL Ready = Stations != NULL;
    BOOL Passed;
    UINT i;

    for (i = 0; Stations != NULL && i < 2; i++) {
        Ready = Prepare(&Stations[i], &Stations[1 - i], &Cards[i], Options) && Ready;
    }
    if (!Ready) {
        printf("out of memory\n");
    }
    Passed = Ready && Run(Stations);
    for (i = 0; Stations != NULL && i < 2; i++) {
        Dispose(&Stations[i]);
    }
    free(Stations);
    return Passed;
}
