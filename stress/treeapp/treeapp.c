/*
 * treeapp: a bus full of toasters that come and go while the machine sleeps and wakes.
 *
 * The load it models is a rack of hot-plug devices at its worst: every worker owns a share of the slots and, in an order of its own, plugs toasters in, opens
 * them, reads, unplugs them with the handle open, ejects them, closes; now and then one sends the machine to sleep under everybody else's requests.
 *
 * What is checked: a toaster that was plugged in comes, and can be read; the bus knows what is plugged and what is not; in the end, when everything was
 * unplugged and closed, no toaster is left.
 *
 * Usage: treeapp [workers [operations [toasters [sleeps]]]]: one operation in `sleeps` puts the machine to sleep, 0 none. As on Windows a sleep visits
 * every device, and a toaster that comes or goes is looked for among its bus's children; all else costs the same however many there are: compare 8 toasters with 64 and no
 * sleeps. Exit status: 0 success, 1 failure or wrong usage.
 */

#include <windows.h>

#include <initguid.h>

#include <cfgmgr32.h>
#include <powrprof.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#include "../../drivers/toaster/inc/public.h"

#define MAX_WORKERS 16
#define MAX_TOASTERS 64
#define MAX_PATH_LENGTH 200
#define PATIENCE 500 /* times 10 ms, until a toaster has come or gone */

typedef struct _TOASTER {
    BOOL PluggedIn;
    HANDLE Handle;               /* NULL: not open */
    char Path[MAX_PATH_LENGTH];  /* "": not known yet; the same each time it comes */
} TOASTER;

typedef struct _WORKER {
    UINT Index;
    UINT Operations;
    UINT Random;
    HANDLE Bus;
    TOASTER *Toasters; /* those with Index, Index + Workers ... are this worker's */
    UINT ToasterCount, Workers;
    UINT Sleeps; /* one operation in so many; 0: none */
    UINT Slept;
    BOOL Failed;
} WORKER;

static BOOL Complain(WORKER *Worker, const char *What, UINT Toaster, DWORD Error)
{
    printf("worker %u: toaster %u: %s (%u)\n", Worker->Index, Toaster + 1, What, (UINT)Error);
    Worker->Failed = TRUE;
    return FALSE;
}

static UINT Draw(WORKER *Worker, UINT Count)
{
    Worker->Random = Worker->Random * 1664525 + 1013904223;
    return (Worker->Random >> 8) % Count;
}

/* ---- the bus ---- */

static DWORD PlugIn(WORKER *Worker, UINT Toaster)
{
    static const WCHAR Ids[] = BUS_HARDWARE_IDS;
    union {
        BUSENUM_PLUGIN_HARDWARE Request;
        UCHAR Bytes[sizeof(BUSENUM_PLUGIN_HARDWARE) + sizeof(Ids)];
    } Buffer;
    DWORD Bytes;

    Buffer.Request.Size = sizeof(Buffer.Request);
    Buffer.Request.SerialNo = Toaster + 1;
    memcpy(Buffer.Bytes + sizeof(Buffer.Request), Ids, sizeof(Ids));
    return DeviceIoControl(Worker->Bus, IOCTL_BUSENUM_PLUGIN_HARDWARE, &Buffer, sizeof(Buffer), NULL, 0, &Bytes, NULL) ? 0 : GetLastError();
}

static DWORD Unplug(WORKER *Worker, UINT Toaster)
{
    BUSENUM_UNPLUG_HARDWARE Request = { sizeof(Request), Toaster + 1, { 0 } };
    DWORD Bytes;

    return DeviceIoControl(Worker->Bus, IOCTL_BUSENUM_UNPLUG_HARDWARE, &Request, sizeof(Request), NULL, 0, &Bytes, NULL) ? 0 : GetLastError();
}

static DWORD Eject(WORKER *Worker, UINT Toaster)
{
    BUSENUM_EJECT_HARDWARE Request = { sizeof(Request), Toaster + 1, { 0 } };
    DWORD Bytes;

    return DeviceIoControl(Worker->Bus, IOCTL_BUSENUM_EJECT_HARDWARE, &Request, sizeof(Request), NULL, 0, &Bytes, NULL) ? 0 : GetLastError();
}

/* ---- interfaces ---- */

/* The device interfaces of this class that are present, a MULTI_SZ for free(); NULL after a failure. */
static char *Interfaces(const GUID *Class)
{
    GUID Guid = *Class;
    ULONG Length = 0;
    char *List;

    for (;;) {
        CONFIGRET Result;

        if (CM_Get_Device_Interface_List_SizeA(&Length, &Guid, NULL, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS) {
            return NULL;
        }
        List = malloc(Length);
        if (List == NULL) {
            return NULL;
        }
        Result = CM_Get_Device_Interface_ListA(&Guid, NULL, List, Length, CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
        if (Result == CR_SUCCESS) {
            return List;
        }
        free(List);
        if (Result != CR_BUFFER_SMALL) {
            return NULL;
        }
    }
}

/* A toaster's path names its device, and that ends with the serial number, in two digits or more. */
static BOOL IsPathOf(const char *Path, UINT Toaster)
{
    char Number[16];
    const char *At;

    snprintf(Number, sizeof(Number), "%02u#{", Toaster + 1);
    At = strstr(Path, Number);
    return At != NULL && (At[-1] < '0' || At[-1] > '9');
}

static BOOL FindPath(WORKER *Worker, UINT Toaster)
{
    char *Found = Worker->Toasters[Toaster].Path;
    char *List = Interfaces(&GUID_DEVINTERFACE_TOASTER);
    const char *Path;

    for (Path = List; Path != NULL && *Path; Path += strlen(Path) + 1) {
        if (IsPathOf(Path, Toaster) && strlen(Path) < MAX_PATH_LENGTH) {
            strcpy(Found, Path);
        }
    }
    free(List);
    return *Found != '\0';
}

/* ---- one toaster ---- */

static void Close(TOASTER *T)
{
    if (T->Handle != NULL) {
        CloseHandle(T->Handle);
    }
    T->Handle = NULL;
}

static BOOL TryOpen(WORKER *Worker, UINT Toaster)
{
    TOASTER *T = &Worker->Toasters[Toaster];
    HANDLE Handle;

    if (*T->Path == '\0' && !FindPath(Worker, Toaster)) {
        return FALSE;
    }
    Handle = CreateFileA(T->Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Handle == INVALID_HANDLE_VALUE) {
        return FALSE;
    }
    T->Handle = Handle;
    return TRUE;
}

/* It was plugged in, so it comes; not before everything that was asked of the PnP manager earlier. */
static void Open(WORKER *Worker, UINT Toaster)
{
    UINT Try;

    for (Try = 0; Try < PATIENCE; Try++) {
        if (TryOpen(Worker, Toaster)) {
            return;
        }
        Sleep(10);
    }
    Complain(Worker, "it was plugged in and does not come", Toaster, GetLastError());
}

/* Of a request that waited in the queue when the toaster went, cancelled is what is left. */
static BOOL IsGone(DWORD Error)
{
    return Error == ERROR_OPERATION_ABORTED || Error == ERROR_BAD_COMMAND || Error == ERROR_NO_SUCH_DEVICE || Error == ERROR_DEVICE_NOT_CONNECTED || Error == ERROR_DEVICE_REMOVED;
}

/* What was unplugged and plugged in again may have been opened before the first of the two was heard of: then the handle dies, and the path leads to the new one. */
static void Read(WORKER *Worker, UINT Toaster)
{
    UCHAR Buffer[10];
    DWORD Bytes;
    UINT Try;

    for (Try = 0; Try < PATIENCE && !Worker->Failed; Try++) {
        if (ReadFile(Worker->Toasters[Toaster].Handle, Buffer, sizeof(Buffer), &Bytes, NULL)) {
            return;
        }
        if (!IsGone(GetLastError())) {
            break;
        }
        Close(&Worker->Toasters[Toaster]);
        Open(Worker, Toaster);
    }
    if (!Worker->Failed) {
        Complain(Worker, "it is there and cannot be read", Toaster, GetLastError());
    }
}

static void UseToaster(WORKER *Worker, UINT Toaster)
{
    TOASTER *T = &Worker->Toasters[Toaster];

    if (!T->PluggedIn) {
        DWORD Error = PlugIn(Worker, Toaster);

        T->PluggedIn = Error == 0;
        if (Error != 0) {
            Complain(Worker, "plugging it in failed", Toaster, Error);
        }
    } else if (T->Handle == NULL) {
        Open(Worker, Toaster);
    } else if (Draw(Worker, 3) == 0) {
        Close(T);
    } else {
        Read(Worker, Toaster);
    }
}

/* With the handle open as often as not: then its end is a surprise. */
static void TakeAway(WORKER *Worker, UINT Toaster)
{
    TOASTER *T = &Worker->Toasters[Toaster];
    DWORD Error = Unplug(Worker, Toaster);

    if (T->PluggedIn != (Error == 0)) {
        Complain(Worker, T->PluggedIn ? "unplugging it failed" : "it was unplugged twice", Toaster, Error);
    }
    T->PluggedIn = FALSE;
    Close(T);
}

/* An open handle is a veto. Nobody tells when the ejection is over, so what is not vetoed is unplugged as well. */
static void TakeOut(WORKER *Worker, UINT Toaster)
{
    TOASTER *T = &Worker->Toasters[Toaster];
    DWORD Error = Eject(Worker, Toaster);

    if (!T->PluggedIn && Error == 0) {
        Complain(Worker, "what is not there was ejected", Toaster, Error);
    }
    if (T->Handle != NULL) {
        Sleep(1);
        Read(Worker, Toaster);
    }
    Close(T);
    Unplug(Worker, Toaster);
    T->PluggedIn = FALSE;
}

/* ---- workers ---- */

static void Operate(WORKER *Worker)
{
    UINT Share = (Worker->ToasterCount - Worker->Index + Worker->Workers - 1) / Worker->Workers;
    UINT Toaster = Worker->Index + Worker->Workers * Draw(Worker, Share);

    if (Worker->Sleeps && Draw(Worker, Worker->Sleeps) == 0) {
        Worker->Slept += SetSuspendState(Draw(Worker, 4) == 0, FALSE, FALSE) != FALSE;
        return;
    }
    switch (Draw(Worker, 64)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        TakeAway(Worker, Toaster);
        break;
    case 5:
    case 6:
        TakeOut(Worker, Toaster);
        break;
    default:
        UseToaster(Worker, Toaster);
        break;
    }
}

static DWORD WINAPI Work(void *Argument)
{
    WORKER *Worker = Argument;
    UINT i;

    for (i = 0; i < Worker->Operations && !Worker->Failed; i++) {
        Operate(Worker);
    }
    for (i = Worker->Index; i < Worker->ToasterCount; i += Worker->Workers) {
        if (Worker->Toasters[i].PluggedIn) {
            TakeAway(Worker, i);
        }
        Close(&Worker->Toasters[i]);
    }
    return 0;
}

/* ---- the run ---- */

static HANDLE OpenBus(void)
{
    char *List = Interfaces(&GUID_DEVINTERFACE_BUSENUM_TOASTER);
    HANDLE Bus = INVALID_HANDLE_VALUE;

    if (List != NULL && *List) {
        Bus = CreateFileA(List, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    }
    free(List);
    return Bus;
}

static BOOL AllAreGone(void)
{
    UINT Try;

    for (Try = 0; Try < PATIENCE; Try++) {
        char *List = Interfaces(&GUID_DEVINTERFACE_TOASTER);
        BOOL Gone = List != NULL && *List == '\0';

        free(List);
        if (Gone) {
            return TRUE;
        }
        Sleep(10);
    }
    printf("everything was unplugged, but a toaster is there\n");
    return FALSE;
}

static BOOL Run(HANDLE Bus, UINT Workers, UINT Operations, UINT ToasterCount, UINT Sleeps)
{
    static TOASTER Toasters[MAX_TOASTERS];
    WORKER Worker[MAX_WORKERS];
    HANDLE Threads[MAX_WORKERS];
    BOOL Failed = FALSE;
    UINT Started, i;

    memset(Toasters, 0, sizeof(Toasters));
    for (Started = 0; Started < Workers; Started++) {
        WORKER *W = &Worker[Started];

        *W = (WORKER){ .Index = Started, .Operations = Operations / Workers, .Random = Started * 7919 + 1, .Bus = Bus,
            .Toasters = Toasters, .ToasterCount = ToasterCount, .Workers = Workers, .Sleeps = Sleeps };
        Threads[Started] = CreateThread(NULL, 0, Work, W, 0, NULL);
        if (Threads[Started] == NULL) {
            printf("CreateThread failed (%u)\n", (UINT)GetLastError());
            break;
        }
    }
    for (i = 0; i < Started; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
        Failed |= Worker[i].Failed;
    }
    return Started == Workers && !Failed && AllAreGone();
}

int main(int argc, char **argv)
{
    UINT Workers = argc > 1 ? (UINT)atoi(argv[1]) : 4;
    UINT Operations = argc > 2 ? (UINT)atoi(argv[2]) : 10000;
    UINT ToasterCount = argc > 3 ? (UINT)atoi(argv[3]) : 64;
    UINT Sleeps = argc > 4 ? (UINT)atoi(argv[4]) : 64;
    HANDLE Bus;
    BOOL Fine;

    if (argc > 5 || Workers < 1 || Workers > MAX_WORKERS || ToasterCount < Workers || ToasterCount > MAX_TOASTERS) {
        printf("usage: treeapp [workers 1..%u [operations [toasters, as many as workers at least, %u at most [sleeps]]]]\n", MAX_WORKERS, MAX_TOASTERS);
        return 1;
    }
    Bus = OpenBus();
    if (Bus == INVALID_HANDLE_VALUE) {
        printf("no toaster bus is present\n");
        return 1;
    }
    Fine = Run(Bus, Workers, Operations, ToasterCount, Sleeps);
    CloseHandle(Bus);
    return !Fine;
}
