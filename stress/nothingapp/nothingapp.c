/*
 * nothingapp: client and stress load of the nothing driver.
 *
 * The load it models is a crowd at a counter with two places: every worker has a handle of its own and sends reads, writes and
 * commands in turn, many more than the device works on at a time, so that most wait in its queue. HOLDs block a place until
 * somebody's RELEASE comes or the worker loses patience and cancels; FORWARDs step aside until somebody's DRAIN.
 *
 * What is checked: a write reports its full length, and what a read brings is the start of one block that somebody wrote. A
 * RELEASE, which takes a place itself, never finds more than one HOLD. The device never says that more than two requests were
 * in progress. Who is alone with the device (a third argument says so) also adds up: as many HOLDs and FORWARDs have succeeded as
 * RELEASEs and DRAINs said, all workers together.
 *
 * Usage: nothingapp [threads [operations [alone]]]. Exit status: 0 success, 1 failure or wrong usage.
 */

#include <windows.h>

#include <initguid.h>

#include <cfgmgr32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#include "../../drivers/nothing/public.h"
#include "../inc/interface.h"

#define MAX_THREADS 32
#define PATIENCE_MS 2000 /* with something that may wait for ever */

typedef struct _WORKER {
    char *Path;
    UINT Index;
    UINT Operations;
    HANDLE Device;
    HANDLE Event;
    UCHAR Buffer[NOTHING_MAX_LENGTH];
    UINT Held, Released;     /* HOLDs that succeeded; what this worker's RELEASEs said */
    UINT Forwarded, Drained; /* the same for FORWARDs and DRAINs */
    UINT Cancelled;
    BOOL Failed;
} WORKER;

static BOOL Complain(WORKER *Worker, const char *What, UINT Value)
{
    printf("worker %u: %s (%u)\n", Worker->Index, What, Value);
    Worker->Failed = TRUE;
    return FALSE;
}

/* ---- requests ---- */

/* Waits for the end of a request that was just sent. Whoever has lost patience cancels it and waits again. */
static DWORD WaitForEnd(WORKER *Worker, BOOL Sent, OVERLAPPED *Overlapped, DWORD *Bytes)
{
    if (!Sent && GetLastError() != ERROR_IO_PENDING) {
        return GetLastError();
    }
    if (WaitForSingleObject(Worker->Event, PATIENCE_MS) == WAIT_TIMEOUT) {
        CancelIoEx(Worker->Device, Overlapped);
    }
    return GetOverlappedResult(Worker->Device, Overlapped, Bytes, TRUE) ? ERROR_SUCCESS : GetLastError();
}

/* TRUE if it succeeded. One that was cancelled for lack of patience is counted, and no failure. */
static BOOL HasEndedWell(WORKER *Worker, const char *What, DWORD Error)
{
    if (Error == ERROR_OPERATION_ABORTED) {
        Worker->Cancelled++;
        return FALSE;
    }
    return Error == ERROR_SUCCESS || Complain(Worker, What, (UINT)Error);
}

static BOOL Command(WORKER *Worker, const char *Name, DWORD Code, void *Answer, DWORD Size)
{
    OVERLAPPED Overlapped = { 0 };
    DWORD Bytes = 0;
    BOOL Sent;

    Overlapped.hEvent = Worker->Event;
    Sent = DeviceIoControl(Worker->Device, Code, NULL, 0, Answer, Size, NULL, &Overlapped);
    if (!HasEndedWell(Worker, Name, WaitForEnd(Worker, Sent, &Overlapped, &Bytes))) {
        return FALSE;
    }
    return Bytes == Size || Complain(Worker, "a command brings another number of bytes", (UINT)Bytes);
}

static void Write(WORKER *Worker, UINT Sequence)
{
    OVERLAPPED Overlapped = { 0 };
    UINT Length = 1 + (Sequence * 7919 + Worker->Index * 104729) % NOTHING_MAX_LENGTH;
    DWORD Bytes = 0;
    BOOL Sent;
    UINT i;

    for (i = 0; i < Length; i++) {
        Worker->Buffer[i] = (UCHAR)(Worker->Index * 16 + Sequence + i);
    }
    Overlapped.hEvent = Worker->Event;
    Sent = WriteFile(Worker->Device, Worker->Buffer, Length, NULL, &Overlapped);
    if (HasEndedWell(Worker, "WriteFile failed", WaitForEnd(Worker, Sent, &Overlapped, &Bytes)) && Bytes != Length) {
        Complain(Worker, "a write reports another number of bytes", (UINT)Bytes);
    }
}

static void Read(WORKER *Worker)
{
    OVERLAPPED Overlapped = { 0 };
    DWORD Bytes = 0;
    BOOL Sent;
    UINT i;

    Overlapped.hEvent = Worker->Event;
    Sent = ReadFile(Worker->Device, Worker->Buffer, sizeof(Worker->Buffer), NULL, &Overlapped);
    if (!HasEndedWell(Worker, "ReadFile failed", WaitForEnd(Worker, Sent, &Overlapped, &Bytes))) {
        return;
    }
    for (i = 1; i < Bytes; i++) {
        if (Worker->Buffer[i] != (UCHAR)(Worker->Buffer[0] + i)) {
            Complain(Worker, "a read brings parts of two blocks, the second from byte", i);
            return;
        }
    }
}

static void Release(WORKER *Worker)
{
    ULONG Count = 0;

    if (Command(Worker, "RELEASE failed", IOCTL_NOTHING_RELEASE, &Count, sizeof(Count))) {
        Worker->Released += Count;
        if (Count > NOTHING_REQUESTS_IN_PROGRESS - 1) {
            Complain(Worker, "a RELEASE found too many in progress", Count);
        }
    }
}

static void Drain(WORKER *Worker)
{
    ULONG Count = 0;

    if (Command(Worker, "DRAIN failed", IOCTL_NOTHING_DRAIN, &Count, sizeof(Count))) {
        Worker->Drained += Count;
    }
}

static void CheckStatistics(WORKER *Worker)
{
    NOTHING_STATISTICS Statistics = { 0 };

    if (!Command(Worker, "STATS failed", IOCTL_NOTHING_STATS, &Statistics, sizeof(Statistics))) {
        return;
    }
    if (Statistics.HighWater > NOTHING_REQUESTS_IN_PROGRESS) {
        Complain(Worker, "too many were in progress", Statistics.HighWater);
    }
    if (Statistics.Presented < Statistics.Completed + Statistics.Cancelled + 1) {
        Complain(Worker, "more have ended than were presented", Statistics.Presented);
    }
}

/* ---- workers ---- */

/* Neighbours do different things at a time, so that what waits for a word gets one. */
static void Operate(WORKER *Worker, UINT Sequence)
{
    switch ((Sequence + Worker->Index * 3) % 8) {
    case 0:
        Worker->Held += Command(Worker, "HOLD failed", IOCTL_NOTHING_HOLD, NULL, 0);
        break;
    case 1:
    case 5:
        Write(Worker, Sequence);
        break;
    case 2:
        Worker->Forwarded += Command(Worker, "FORWARD failed", IOCTL_NOTHING_FORWARD, NULL, 0);
        break;
    case 3:
        Release(Worker);
        break;
    case 4:
        Drain(Worker);
        break;
    case 6:
        Read(Worker);
        break;
    default:
        CheckStatistics(Worker);
        break;
    }
}

static DWORD WINAPI Work(void *Argument)
{
    WORKER *Worker = Argument;
    UINT Sequence;

    for (Sequence = 0; Sequence < Worker->Operations && !Worker->Failed; Sequence++) {
        Operate(Worker, Sequence);
    }
    return 0;
}

static BOOL Open(WORKER *Worker)
{
    Worker->Device = CreateFileA(Worker->Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
        OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (Worker->Device == INVALID_HANDLE_VALUE) {
        return Complain(Worker, "CreateFile failed", (UINT)GetLastError());
    }
    Worker->Event = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (Worker->Event == NULL) {
        CloseHandle(Worker->Device);
        return Complain(Worker, "CreateEvent failed", (UINT)GetLastError());
    }
    return TRUE;
}

static void Close(WORKER *Worker)
{
    CloseHandle(Worker->Event);
    CloseHandle(Worker->Device);
}

/* ---- the run ---- */

/* Runs as many of the workers as can be started; all that were are waited for. */
static BOOL RunWorkers(WORKER *Workers, UINT Count)
{
    HANDLE Threads[MAX_THREADS];
    BOOL Failed = FALSE;
    UINT Started = 0;
    UINT i;

    while (Started < Count && Open(&Workers[Started])) {
        Threads[Started] = CreateThread(NULL, 0, Work, &Workers[Started], 0, NULL);
        if (Threads[Started] == NULL) {
            Close(&Workers[Started]);
            Complain(&Workers[Started], "CreateThread failed", (UINT)GetLastError());
            break;
        }
        Started++;
    }
    for (i = 0; i < Started; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
        Close(&Workers[i]);
        Failed |= Workers[i].Failed;
    }
    return Started == Count && !Failed;
}

static BOOL IsSumRight(const char *What, UINT Said, UINT Seen)
{
    if (Said != Seen) {
        printf("%u %s have succeeded, but %u were said to\n", Seen, What, Said);
    }
    return Said == Seen;
}

/* Of HOLDs and FORWARDs all ends are seen, for nobody gave up on a request without waiting for its end. */
static BOOL AddUp(const WORKER *Workers, UINT Count, BOOL Alone)
{
    WORKER Sum;
    UINT i;

    memset(&Sum, 0, sizeof(Sum));
    for (i = 0; i < Count; i++) {
        Sum.Held += Workers[i].Held;
        Sum.Released += Workers[i].Released;
        Sum.Forwarded += Workers[i].Forwarded;
        Sum.Drained += Workers[i].Drained;
        Sum.Cancelled += Workers[i].Cancelled;
    }
    printf("%u workers: %u held, %u put aside, %u cancelled\n", Count, Sum.Held, Sum.Forwarded, Sum.Cancelled);
    if (!Alone) {
        return TRUE;
    }
    return IsSumRight("HOLDs", Sum.Released, Sum.Held) && IsSumRight("FORWARDs", Sum.Drained, Sum.Forwarded);
}

static BOOL Run(UINT Count, UINT Operations, BOOL Alone)
{
    char *Path = FindInterface(&GUID_DEVINTERFACE_NOTHING, "nothing device");
    WORKER *Workers;
    BOOL Passed;
    UINT i;

    if (Path == NULL) {
        return FALSE;
    }
    Workers = calloc(Count, sizeof(*Workers));
    if (Workers == NULL) {
        printf("out of memory\n");
        free(Path);
        return FALSE;
    }
    for (i = 0; i < Count; i++) {
        Workers[i].Path = Path;
        Workers[i].Index = i;
        Workers[i].Operations = Operations;
    }
    Passed = RunWorkers(Workers, Count) && AddUp(Workers, Count, Alone);
    free(Workers);
    free(Path);
    return Passed;
}

int main(int argc, char **argv)
{
    int Threads = argc > 1 ? atoi(argv[1]) : 4;
    int Operations = argc > 2 ? atoi(argv[2]) : 64;
    BOOL Alone = argc == 4 && strcmp(argv[3], "alone") == 0;

    if (argc > 4 || (argc == 4 && !Alone) || Threads < 1 || Threads > MAX_THREADS || Operations < 1) {
        printf("usage: nothingapp [1..%u threads [operations [alone]]]\n", MAX_THREADS);
        return 1;
    }
    return Run((UINT)Threads, (UINT)Operations, Alone) ? 0 : 1;
}
