/*
 * echoapp: client and stress load of the echo drivers.
 *
 * The load it models is a program that keeps a device busy from several threads with overlapped I/O at full queue depth and
 * now and then changes its mind: every pair is a reader and a writer with a handle, a completion port and a set of
 * outstanding operations of its own, sharing nothing but the device. Writers send blocks that grow and shrink, each filled
 * with a pattern of its own; some operations are cancelled right after they were issued (-Cancel). Without -Async it is one
 * polite synchronous client: write a block, read it back, compare.
 *
 * What is checked: a synchronous read returns exactly what was written, and a block that is too long is refused. An
 * asynchronous read may return nothing, or the start of any block written before, by whichever writer; but all its bytes
 * must come from one block, and no byte beyond the reported count may have been touched. A write reports its full length,
 * a cancelled operation none.
 *
 * All operations of a worker are drained before its memory goes, whatever went wrong. Exit status: 0 success, 1 failure or
 * wrong usage.
 */

#include <windows.h>

#include <initguid.h>

#include <cfgmgr32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../drivers/echo/autosync/public.h"

#define MAX_BLOCK_LENGTH (40 * 1024)
#define MAX_DEPTH 100
#define MAX_THREADS 32 /* two workers each: as many as one wait takes */
#define GUARD_BYTE 0xEE
#define UNLIMITED 0xFFFFFFFFu

typedef struct _OPTIONS {
    BOOL Async;
    BOOL Verbose;
    UINT Operations;  /* reads, and as many writes, of each pair; or UNLIMITED */
    UINT Threads;     /* reader/writer pairs */
    UINT Rounds;      /* synchronous rounds of two blocks each */
    UINT Seconds;     /* asynchronous time limit; 0 for none */
    UINT Depth;       /* operations a worker keeps outstanding */
    UINT CancelEvery; /* every how-manieth operation is cancelled; 0 for none */
} OPTIONS;

typedef struct _OPERATION {
    OVERLAPPED Overlapped;
    UCHAR *Buffer; /* MAX_BLOCK_LENGTH bytes */
    UINT Length;
    UINT Index;
} OPERATION;

typedef struct _WORKER {
    const OPTIONS *Options;
    const char *Path;
    BOOL Writer;
    UINT Pair;

    HANDLE Device;
    HANDLE Port;
    OPERATION *Operations;
    UINT Depth;
    UINT Left;        /* operations still to be issued, or UNLIMITED */
    UINT Outstanding; /* issued and not yet taken from the port */
    UINT Issued;
    UINT Completed;
    UINT Cancelled;
    BOOL Failed;
} WORKER;

/* Set once, by whoever wants all workers to stop issuing. */
static volatile LONG StopRequested;

static void RequestStop(void)
{
    InterlockedExchange(&StopRequested, 1);
}

static BOOL IsStopRequested(void)
{
    return InterlockedCompareExchange(&StopRequested, 0, 0) != 0;
}

/* ---- patterns ---- */

static void FillPattern(UCHAR *Buffer, UINT Length, UCHAR First)
{
    UINT i;

    for (i = 0; i < Length; i++) {
        Buffer[i] = (UCHAR)(First + i);
    }
}

static BOOL HasPattern(const UCHAR *Buffer, UINT Length, UCHAR First)
{
    UINT i;

    for (i = 0; i < Length; i++) {
        if (Buffer[i] != (UCHAR)(First + i)) {
            printf("byte %u is %u, expected %u\n", i, Buffer[i], (UCHAR)(First + i));
            return FALSE;
        }
    }
    return TRUE;
}

static BOOL IsUntouched(const UCHAR *Buffer, UINT From, UINT To)
{
    UINT i;

    for (i = From; i < To; i++) {
        if (Buffer[i] != GUARD_BYTE) {
            printf("byte %u is beyond the reported count and was overwritten with %u\n", i, Buffer[i]);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- finding and opening the device ---- */

/* Returns the path of the first echo device present, for free(); NULL after a message. */
static char *FindDevicePath(void)
{
    GUID Guid = GUID_DEVINTERFACE_ECHO;
    CONFIGRET Result;
    ULONG Length;
    char *List;

    Result = CM_Get_Device_Interface_List_SizeA(&Length, &Guid, NULL, CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
    if (Result != CR_SUCCESS) {
        printf("CM_Get_Device_Interface_List_Size failed with 0x%x\n", (unsigned)Result);
        return NULL;
    }
    if (Length <= 1) {
        printf("no echo device is present\n");
        return NULL;
    }

    List = malloc(Length);
    if (List == NULL) {
        printf("out of memory\n");
        return NULL;
    }

    Result = CM_Get_Device_Interface_ListA(&Guid, NULL, List, Length, CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
    if (Result != CR_SUCCESS || List[0] == '\0') {
        printf("CM_Get_Device_Interface_List failed with 0x%x\n", (unsigned)Result);
        free(List);
        return NULL;
    }
    if (List[strlen(List) + 1] != '\0') {
        printf("warning: more than one echo device is present, taking the first\n");
    }
    return List;
}

static HANDLE OpenDevice(const char *Path, DWORD Flags)
{
    HANDLE Device;

    Device = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, Flags,
        NULL);
    if (Device == INVALID_HANDLE_VALUE) {
        printf("CreateFile %s failed with %u\n", Path, (unsigned)GetLastError());
    }
    return Device;
}

/* ---- synchronous test ---- */

static BOOL WriteAndReadBack(HANDLE Device, UCHAR *Buffer, UINT Length)
{
    DWORD Bytes = 0;

    FillPattern(Buffer, Length, 0);
    if (!WriteFile(Device, Buffer, Length, &Bytes, NULL)) {
        printf("WriteFile failed with %u\n", (unsigned)GetLastError());
        return FALSE;
    }
    if (Bytes != Length) {
        printf("wrote %u bytes of %u\n", (unsigned)Bytes, Length);
        return FALSE;
    }

    memset(Buffer, GUARD_BYTE, Length);
    if (!ReadFile(Device, Buffer, Length, &Bytes, NULL)) {
        printf("ReadFile failed with %u\n", (unsigned)GetLastError());
        return FALSE;
    }
    if (Bytes != Length) {
        printf("read %u bytes of %u\n", (unsigned)Bytes, Length);
        return FALSE;
    }
    return HasPattern(Buffer, Length, 0);
}

/* One byte more than the device takes is refused as a whole. */
static BOOL IsTooLongRefused(HANDLE Device, UCHAR *Buffer)
{
    DWORD Bytes = 0;

    if (!WriteFile(Device, Buffer, MAX_BLOCK_LENGTH + 1, &Bytes, NULL) && GetLastError() == ERROR_MORE_DATA && Bytes == 0) {
        return TRUE;
    }
    printf("a block of %u bytes was not refused: wrote %u, error %u\n", MAX_BLOCK_LENGTH + 1, (unsigned)Bytes,
        (unsigned)GetLastError());
    return FALSE;
}

static BOOL RunSynchronous(const OPTIONS *Options, const char *Path)
{
    static const UINT Lengths[] = { 512, 30 * 1024 };
    UCHAR *Buffer;
    HANDLE Device;
    BOOL Passed = TRUE;
    UINT Round;
    UINT i;

    Buffer = calloc(1, MAX_BLOCK_LENGTH + 1);
    if (Buffer == NULL) {
        printf("out of memory\n");
        return FALSE;
    }

    Device = OpenDevice(Path, 0);
    if (Device == INVALID_HANDLE_VALUE) {
        free(Buffer);
        return FALSE;
    }

    for (Round = 0; Passed && Round < Options->Rounds; Round++) {
        for (i = 0; Passed && i < sizeof(Lengths) / sizeof(Lengths[0]); i++) {
            Passed = WriteAndReadBack(Device, Buffer, Lengths[i]);
            printf("round %u: %u bytes written and read back: %s\n", Round, Lengths[i], Passed ? "ok" : "FAILED");
        }
    }
    Passed = Passed && IsTooLongRefused(Device, Buffer);

    CloseHandle(Device);
    free(Buffer);
    return Passed;
}

/* ---- asynchronous test ---- */

static void Fail(WORKER *Worker)
{
    Worker->Failed = TRUE;
    RequestStop();
}

static const char *WorkerName(const WORKER *Worker)
{
    return Worker->Writer ? "writer" : "reader";
}

/* Block lengths go up and down through the whole range, so that reads meet stored blocks longer and shorter than they are. */
static UINT BlockLength(const WORKER *Worker, UINT Sequence)
{
    if (!Worker->Writer || Sequence % 4 == 3) {
        return MAX_BLOCK_LENGTH;
    }
    return 1 + (Sequence * 7919 + Worker->Pair * 104729) % MAX_BLOCK_LENGTH;
}

/* Issues Operation, which must not be outstanding. The caller has seen to it that there is something left to issue. */
static void Issue(WORKER *Worker, OPERATION *Operation)
{
    UINT Sequence = Worker->Issued++;
    DWORD Error = ERROR_SUCCESS;
    BOOL Done;

    if (Worker->Left != UNLIMITED) {
        Worker->Left--;
    }

    memset(&Operation->Overlapped, 0, sizeof(Operation->Overlapped));
    Operation->Length = BlockLength(Worker, Sequence);

    if (Worker->Writer) {
        FillPattern(Operation->Buffer, Operation->Length, (UCHAR)(Sequence * 31 + Worker->Pair));
        Done = WriteFile(Worker->Device, Operation->Buffer, Operation->Length, NULL, &Operation->Overlapped);
    } else {
        memset(Operation->Buffer, GUARD_BYTE, Operation->Length);
        Done = ReadFile(Worker->Device, Operation->Buffer, Operation->Length, NULL, &Operation->Overlapped);
    }

    if (!Done) {
        Error = GetLastError();
    }

    /* A failure at once posts no packet. Success and warnings do, and are taken from the port like any other completion. */
    if (Error != ERROR_SUCCESS && Error != ERROR_IO_PENDING && Error != ERROR_MORE_DATA) {
        printf("%s %u: operation %u failed with %u\n", WorkerName(Worker), Worker->Pair, Sequence, (unsigned)Error);
        Fail(Worker);
        return;
    }
    Worker->Outstanding++;

    /* Completed already or not: the packet of this operation has not been taken yet, so the OVERLAPPED is still its own. */
    if (Worker->Options->CancelEvery != 0 && Sequence % Worker->Options->CancelEvery == Worker->Options->CancelEvery - 1) {
        CancelIoEx(Worker->Device, &Operation->Overlapped);
    }
}

static BOOL IsResultRight(const WORKER *Worker, const OPERATION *Operation, DWORD Bytes)
{
    if (Worker->Writer) {
        if (Bytes == Operation->Length) {
            return TRUE;
        }
        printf("wrote %u bytes of %u\n", (unsigned)Bytes, Operation->Length);
        return FALSE;
    }

    if (Bytes > Operation->Length) {
        printf("read %u bytes into a buffer of %u\n", (unsigned)Bytes, Operation->Length);
        return FALSE;
    }
    return HasPattern(Operation->Buffer, Bytes, Operation->Buffer[0]) &&
        IsUntouched(Operation->Buffer, Bytes, Operation->Length);
}

/* Takes one completion from the port. Returns its operation, which is free for another use; NULL when the port itself failed. */
static OPERATION *TakeCompletion(WORKER *Worker)
{
    OVERLAPPED *Overlapped = NULL;
    OPERATION *Operation;
    ULONG_PTR Key;
    DWORD Bytes = 0;
    DWORD Error = ERROR_SUCCESS;

    if (!GetQueuedCompletionStatus(Worker->Port, &Bytes, &Key, &Overlapped, INFINITE)) {
        Error = GetLastError();
    }
    if (Overlapped == NULL) {
        printf("%s %u: GetQueuedCompletionStatus failed with %u\n", WorkerName(Worker), Worker->Pair, (unsigned)Error);
        Fail(Worker);
        return NULL;
    }

    Operation = CONTAINING_RECORD(Overlapped, OPERATION, Overlapped);
    Worker->Outstanding--;
    Worker->Completed++;

    if (Worker->Options->Verbose) {
        printf("%s %u: operation in slot %u: %u bytes, error %u\n", WorkerName(Worker), Worker->Pair, Operation->Index,
            (unsigned)Bytes, (unsigned)Error);
    }

    if (Error == ERROR_OPERATION_ABORTED && (Worker->Options->CancelEvery != 0 || IsStopRequested())) {
        Worker->Cancelled++;
        if (Bytes != 0 || (!Worker->Writer && !IsUntouched(Operation->Buffer, 0, Operation->Length))) {
            printf("%s %u: a cancelled operation reports %u bytes\n", WorkerName(Worker), Worker->Pair, (unsigned)Bytes);
            Fail(Worker);
        }
    } else if (Error != ERROR_SUCCESS) {
        printf("%s %u: slot %u failed with %u\n", WorkerName(Worker), Worker->Pair, Operation->Index, (unsigned)Error);
        Fail(Worker);
    } else if (!IsResultRight(Worker, Operation, Bytes)) {
        printf("%s %u: slot %u has a wrong result\n", WorkerName(Worker), Worker->Pair, Operation->Index);
        Fail(Worker);
    }
    return Operation;
}

static BOOL MayIssue(const WORKER *Worker)
{
    return Worker->Left != 0 && !Worker->Failed && !IsStopRequested();
}

static void RunOperations(WORKER *Worker)
{
    OPERATION *Operation;
    BOOL Stopping = FALSE;
    UINT i;

    for (i = 0; i < Worker->Depth && MayIssue(Worker); i++) {
        Issue(Worker, &Worker->Operations[i]);
    }

    while (Worker->Outstanding != 0) {
        /* What is still with the driver when the run is over need not take its time. */
        if (!Stopping && (Worker->Failed || IsStopRequested())) {
            Stopping = TRUE;
            CancelIoEx(Worker->Device, NULL);
        }

        Operation = TakeCompletion(Worker);
        if (Operation == NULL) {
            return;
        }
        if (MayIssue(Worker)) {
            Issue(Worker, Operation);
        }
    }
}

static BOOL AllocateOperations(WORKER *Worker)
{
    UINT i;

    Worker->Operations = calloc(Worker->Depth, sizeof(OPERATION));
    if (Worker->Operations == NULL) {
        return FALSE;
    }

    for (i = 0; i < Worker->Depth; i++) {
        Worker->Operations[i].Index = i;
        Worker->Operations[i].Buffer = malloc(MAX_BLOCK_LENGTH);
        if (Worker->Operations[i].Buffer == NULL) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Memory that the kernel may still write to is not given back: that happens only when the port itself has failed. */
static void FreeOperations(WORKER *Worker)
{
    UINT i;

    if (Worker->Operations == NULL || Worker->Outstanding != 0) {
        return;
    }

    for (i = 0; i < Worker->Depth; i++) {
        free(Worker->Operations[i].Buffer);
    }
    free(Worker->Operations);
}

static DWORD WINAPI WorkerThread(void *Parameter)
{
    WORKER *Worker = Parameter;

    if (!AllocateOperations(Worker)) {
        printf("%s %u: out of memory\n", WorkerName(Worker), Worker->Pair);
        Fail(Worker);
        goto FreeMemory;
    }

    Worker->Device = OpenDevice(Worker->Path, FILE_FLAG_OVERLAPPED);
    if (Worker->Device == INVALID_HANDLE_VALUE) {
        Fail(Worker);
        goto FreeMemory;
    }

    Worker->Port = CreateIoCompletionPort(Worker->Device, NULL, 0, 0);
    if (Worker->Port == NULL) {
        printf("%s %u: CreateIoCompletionPort failed with %u\n", WorkerName(Worker), Worker->Pair, (unsigned)GetLastError());
        Fail(Worker);
        goto CloseDevice;
    }

    RunOperations(Worker);

    CloseHandle(Worker->Port);
CloseDevice:
    CloseHandle(Worker->Device);
FreeMemory:
    FreeOperations(Worker);
    return Worker->Failed;
}

static void InitializeWorker(WORKER *Worker, const OPTIONS *Options, const char *Path, UINT Number)
{
    Worker->Options = Options;
    Worker->Path = Path;
    Worker->Writer = Number % 2 != 0;
    Worker->Pair = Number / 2;
    Worker->Left = Options->Operations;
    Worker->Depth = Options->Operations < Options->Depth ? Options->Operations : Options->Depth;
}

/* Waits for the workers; when there is a time limit, stops them at its end. A worker that fails stops the others itself. */
static void WaitForWorkers(const OPTIONS *Options, HANDLE *Threads, UINT Count)
{
    DWORD Limit = Options->Seconds != 0 ? Options->Seconds * 1000 : INFINITE;
    UINT i;

    if (Count == 0) {
        return;
    }

    if (WaitForMultipleObjects(Count, Threads, TRUE, Limit) == WAIT_TIMEOUT) {
        RequestStop();
        WaitForMultipleObjects(Count, Threads, TRUE, INFINITE);
    }

    for (i = 0; i < Count; i++) {
        CloseHandle(Threads[i]);
    }
}

static BOOL RunAsynchronous(const OPTIONS *Options, const char *Path)
{
    UINT Count = Options->Threads * 2;
    HANDLE Threads[MAX_THREADS * 2];
    WORKER *Workers;
    BOOL Passed = TRUE;
    UINT Started;
    UINT i;

    Workers = calloc(Count, sizeof(WORKER));
    if (Workers == NULL) {
        printf("out of memory\n");
        return FALSE;
    }

    for (Started = 0; Started < Count; Started++) {
        InitializeWorker(&Workers[Started], Options, Path, Started);
        Threads[Started] = CreateThread(NULL, 0, WorkerThread, &Workers[Started], 0, NULL);
        if (Threads[Started] == NULL) {
            printf("CreateThread failed with %u\n", (unsigned)GetLastError());
            RequestStop();
            Passed = FALSE;
            break;
        }
    }

    WaitForWorkers(Options, Threads, Started);

    for (i = 0; i < Started; i++) {
        printf("%s %u: issued %u, completed %u, of these cancelled %u: %s\n", WorkerName(&Workers[i]), Workers[i].Pair,
            Workers[i].Issued, Workers[i].Completed, Workers[i].Cancelled, Workers[i].Failed ? "FAILED" : "ok");
        Passed = Passed && !Workers[i].Failed;
    }

    free(Workers);
    return Passed;
}

/* ---- command line ---- */

static int Usage(void)
{
    printf(
        "usage: echoapp [-Count n]\n"
        "       echoapp -Async [n] [-Threads n] [-Depth n] [-Cancel n] [-Time s]\n"
        "\n"
        "  (none)      write two blocks and read them back, synchronously\n"
        "  -Count n    the same n times\n"
        "  -Async [n]  overlapped I/O, n reads and n writes for each pair of threads; no limit without n\n"
        "  -Threads n  reader/writer pairs, 1 to %u (1)\n"
        "  -Depth n    operations outstanding for each thread, 1 to %u (%u)\n"
        "  -Cancel n   cancel every n-th operation after issuing it\n"
        "  -Time s     stop after s seconds\n"
        "  -Verbose    print each completion\n",
        MAX_THREADS, MAX_DEPTH, MAX_DEPTH);
    return 1;
}

static char Lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Compares as many characters as Option has, so "-Asynchronous" is "-Async" as well. */
static BOOL StartsWith(const char *Argument, const char *Option)
{
    while (*Option != '\0') {
        if (Lower(*Argument++) != Lower(*Option++)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Accepts 1..Maximum in decimal and nothing else. */
static BOOL ParseNumber(const char *Text, UINT Maximum, UINT *Number)
{
    UINT Value = 0;

    do {
        if (*Text < '0' || *Text > '9') {
            return FALSE;
        }
        if (Value > (Maximum - (UINT)(*Text - '0')) / 10) {
            return FALSE;
        }
        Value = Value * 10 + (UINT)(*Text++ - '0');
    } while (*Text != '\0');

    *Number = Value;
    return Value != 0;
}

static BOOL ParseOption(const char *Argument, const char *Value, OPTIONS *Options, BOOL *UsedValue)
{
    *UsedValue = FALSE;

    if (StartsWith(Argument, "-Async")) {
        Options->Async = TRUE;
        if (Value == NULL || (Value[0] == '-' && (Value[1] < '0' || Value[1] > '9'))) {
            return TRUE;
        }
        *UsedValue = TRUE;
        return ParseNumber(Value, UNLIMITED - 1, &Options->Operations);
    }
    if (StartsWith(Argument, "-Verbose")) {
        Options->Verbose = TRUE;
        return TRUE;
    }

    if (Value == NULL) {
        return FALSE;
    }
    *UsedValue = TRUE;
    if (StartsWith(Argument, "-Threads")) {
        return ParseNumber(Value, MAX_THREADS, &Options->Threads);
    }
    if (StartsWith(Argument, "-Depth")) {
        return ParseNumber(Value, MAX_DEPTH, &Options->Depth);
    }
    if (StartsWith(Argument, "-Cancel")) {
        return ParseNumber(Value, 1000000, &Options->CancelEvery);
    }
    if (StartsWith(Argument, "-Count")) {
        return ParseNumber(Value, 1000000, &Options->Rounds);
    }
    if (StartsWith(Argument, "-Time")) {
        return ParseNumber(Value, 86400, &Options->Seconds);
    }
    return FALSE;
}

static BOOL ParseArguments(int Count, char **Arguments, OPTIONS *Options)
{
    BOOL UsedValue;
    int i;

    memset(Options, 0, sizeof(*Options));
    Options->Operations = UNLIMITED;
    Options->Threads = 1;
    Options->Rounds = 1;
    Options->Depth = MAX_DEPTH;

    for (i = 1; i < Count; i++) {
        if (!ParseOption(Arguments[i], i + 1 < Count ? Arguments[i + 1] : NULL, Options, &UsedValue)) {
            return FALSE;
        }
        i += UsedValue;
    }
    return TRUE;
}

static void PrintParameters(const OPTIONS *Options, const char *Path)
{
    printf("echoapp: %s\n", Path);
    if (!Options->Async) {
        printf("synchronous, %u round(s) of 512 and %u bytes\n", Options->Rounds, 30 * 1024);
        return;
    }

    printf("asynchronous, %u reader/writer pair(s), depth %u, blocks of 1 to %u bytes, ", Options->Threads, Options->Depth,
        MAX_BLOCK_LENGTH);
    if (Options->Operations == UNLIMITED) {
        printf("no limit of operations");
    } else {
        printf("%u operations each", Options->Operations);
    }
    printf(", cancel every %u, time limit %u s (0: none)\n", Options->CancelEvery, Options->Seconds);
}

int main(int argc, char **argv)
{
    OPTIONS Options;
    char *Path;
    BOOL Passed;

    if (!ParseArguments(argc, argv, &Options)) {
        return Usage();
    }

    Path = FindDevicePath();
    if (Path == NULL) {
        return 1;
    }

    PrintParameters(&Options, Path);
    Passed = Options.Async ? RunAsynchronous(&Options, Path) : RunSynchronous(&Options, Path);
    printf("%s\n", Passed ? "passed" : "FAILED");

    free(Path);
    return Passed ? 0 : 1;
}
