/*
 * nicapp: two network cards that talk to each other.
 *
 * The load it models is two machines at the ends of one wire, each with a program that keeps its card busy: the cards are found and opened, asked for their
 * address and link, told what to receive; one side pings the other; then several threads at each card read and write at full depth, in both directions at once.
 *
 * What is checked: objects can be queried and set, and what makes no sense is refused; a ping comes back as it was sent; of the frames none is lost, none
 * overtakes another and none is changed, and the cards have counted what was sent. Where the cards are reset meanwhile (-l) frames are lost, but those that
 * come are whole and in order; where they are pulled (-g) what is left is that everything ends.
 *
 * Usage: nicapp [-n frames] [-t threads] [-w window] [-p pings] [-l] [-g] [-z]. -z: the cards sleep for a while, and one wakes the other. Exit status: 0 success, 1 failure
 * or wrong usage. Of several instances one runs after the other.
 */

#include <windows.h>

#include <initguid.h>

#include "nicapp.h"

#include <cfgmgr32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAP_MS 30000 /* a card that nobody uses sleeps after ten seconds */

/* A MULTI_SZ for free(); NULL after a message. */
static char *FindCards(void)
{
    GUID Guid = GUID_DEVINTERFACE_PCIDRV;
    ULONG Length = 0;
    char *List;

    if (CM_Get_Device_Interface_List_SizeA(&Length, &Guid, NULL, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS) {
        printf("the cards cannot be listed\n");
        return NULL;
    }
    List = malloc(Length);
    if (List == NULL) {
        printf("out of memory\n");
        return NULL;
    }
    if (CM_Get_Device_Interface_ListA(&Guid, NULL, List, Length, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS) {
        printf("the cards have gone\n");
        free(List);
        return NULL;
    }
    return List;
}

static BOOL OpenCards(CARD Cards[2], BOOL MayGo)
{
    char *List = FindCards();
    const char *Path = List;
    BOOL Opened = List != NULL;
    UINT i;

    for (i = 0; i < 2; i++) {
        Cards[i].Index = i;
        Cards[i].MayGo = MayGo;
        Cards[i].Device = INVALID_HANDLE_VALUE;
    }
    for (i = 0; Opened && i < 2; i++) {
        if (*Path == '\0') {
            Opened = Complain(&Cards[i], "it is not present", ERROR_NO_SUCH_DEVICE);
        } else {
            Opened = OpenCard(&Cards[i], Path);
            Path += strlen(Path) + 1;
        }
    }
    free(List);
    return Opened;
}

/* ---- the run ---- */

typedef struct _COUNTERS {
    ULONGLONG Sent[2];
    ULONGLONG Received[2];
} COUNTERS;

static BOOL QueryBoth(CARD Cards[2], COUNTERS *Counters)
{
    return QueryCounters(&Cards[0], &Counters->Sent[0], &Counters->Received[0]) && QueryCounters(&Cards[1], &Counters->Sent[1], &Counters->Received[1]);
}

/* What one card has sent since then the other has received, and perhaps an echo that was late. Before, while the filter was set, one may have been lost. */
static BOOL CompareCounters(CARD Cards[2], const COUNTERS *Before)
{
    COUNTERS Now;
    UINT i;

    if (!QueryBoth(Cards, &Now)) {
        return FALSE;
    }
    for (i = 0; i < 2; i++) {
        UINT Sent = (UINT)(Now.Sent[i] - Before->Sent[i]);
        UINT Received = (UINT)(Now.Received[1 - i] - Before->Received[1 - i]);

        if (Received < Sent) {
            printf("card %u has sent %u frames, of which %u have come\n", i + 1, Sent, Received);
            return FALSE;
        }
    }
    return TRUE;
}

/* A frame to a card that sleeps wakes it; it is as good as lost, as a first frame often is. */
static BOOL Wake(CARD *From, const CARD *To)
{
    UCHAR Frame[MIN_WIRE_LENGTH] = { 0 };
    OVERLAPPED Overlapped;
    DWORD Bytes;
    BOOL Fine;

    memcpy(Frame, To->Address, PCIDRV_ADDRESS_LENGTH);
    memcpy(Frame + PCIDRV_ADDRESS_LENGTH, From->Address, PCIDRV_ADDRESS_LENGTH);
    memset(&Overlapped, 0, sizeof(Overlapped));
    Overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    Fine = Overlapped.hEvent != NULL && (WriteFile(From->Device, Frame, sizeof(Frame), NULL, &Overlapped) || GetLastError() == ERROR_IO_PENDING) &&
        GetOverlappedResult(From->Device, &Overlapped, &Bytes, TRUE);
    if (!Fine) {
        Complain(From, "waking the other one failed", GetLastError());
    }
    if (Overlapped.hEvent != NULL) {
        CloseHandle(Overlapped.hEvent);
    }
    return Fine;
}

static BOOL Nap(CARD Cards[2], UINT Pings)
{
    Sleep(NAP_MS);
    if (!Wake(&Cards[0], &Cards[1])) {
        return FALSE;
    }
    Sleep(NAP_MS / 10);
    return Ping(&Cards[0], &Cards[1], Pings);
}

static BOOL Use(CARD Cards[2], const OPTIONS *Options)
{
    COUNTERS Before;

    if (!BindCard(&Cards[0]) || !BindCard(&Cards[1])) {
        return FALSE;
    }
    if (Options->Pings != 0 && !(Ping(&Cards[0], &Cards[1], Options->Pings) && Ping(&Cards[1], &Cards[0], Options->Pings))) {
        return FALSE;
    }
    if (!SetFilter(&Cards[0], PCIDRV_FILTER_DIRECTED) || !SetFilter(&Cards[1], PCIDRV_FILTER_DIRECTED)) {
        return FALSE;
    }
    if (!QueryBoth(Cards, &Before) || !Exchange(Cards, Options)) {
        return FALSE;
    }
    if (!Options->MayLose && !CompareCounters(Cards, &Before)) {
        return FALSE;
    }
    return !Options->Naps || (SetFilter(&Cards[1], PCIDRV_FILTER_DIRECTED | PCIDRV_FILTER_BROADCAST) && Nap(Cards, Options->Pings));
}

static BOOL TakeOption(OPTIONS *Options, const char *Option)
{
    BOOL *Flag = NULL;

    if (strcmp(Option, "-l") == 0) {
        Flag = &Options->MayLose;
    } else if (strcmp(Option, "-g") == 0) {
        Flag = &Options->MayGo;
    } else if (strcmp(Option, "-z") == 0) {
        Flag = &Options->Naps;
    }
    if (Flag != NULL) {
        *Flag = TRUE;
    }
    return Flag != NULL;
}

static BOOL TakeNumber(OPTIONS *Options, const char *Option, const char *Number)
{
    UINT Value = Number == NULL ? 0 : (UINT)strtoul(Number, NULL, 10);

    if (Number == NULL) {
        return FALSE;
    }
    if (strcmp(Option, "-n") == 0) {
        Options->Frames = Value;
    } else if (strcmp(Option, "-t") == 0) {
        Options->Threads = Value;
    } else if (strcmp(Option, "-w") == 0) {
        Options->Window = Value;
    } else if (strcmp(Option, "-p") == 0) {
        Options->Pings = Value;
    } else {
        return FALSE;
    }
    return TRUE;
}

static BOOL TakeArguments(int argc, char **argv, OPTIONS *Options)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (TakeOption(Options, argv[i])) {
            continue;
        }
        if (!TakeNumber(Options, argv[i], argv[i + 1])) {
            return FALSE;
        }
        i++;
    }
    Options->MayLose |= Options->MayGo || Options->Window > SAFE_WINDOW;
    return Options->Threads >= 1 && Options->Threads <= MAX_THREADS && Options->Frames >= 1 && Options->Window >= Options->Threads && Options->Window <= MAX_WINDOW;
}

int main(int argc, char **argv)
{
    OPTIONS Options = { .Frames = 1000, .Threads = 2, .Window = SAFE_WINDOW, .Pings = 8 };
    CARD Cards[2];
    HANDLE Alone;
    BOOL Fine;

    if (!TakeArguments(argc, argv, &Options)) {
        printf("usage: nicapp [-n frames] [-t 1..%u threads] [-w window, as many as threads at least, %u at most] [-p pings] [-l: frames may be lost] "
               "[-g: cards may go] [-z: cards sleep]\n", MAX_THREADS, MAX_WINDOW);
        return 1;
    }
    memset(Cards, 0, sizeof(Cards));
    Alone = CreateMutexA(NULL, FALSE, "nicapp");
    if (Alone == NULL) {
        printf("CreateMutex failed (%u)\n", (UINT)GetLastError());
        return 1;
    }
    WaitForSingleObject(Alone, INFINITE); /* of two that read from one card each would miss what the other gets */
    Fine = OpenCards(Cards, Options.MayGo) && Use(Cards, &Options);
    CloseCard(&Cards[0]);
    CloseCard(&Cards[1]);
    ReleaseMutex(Alone);
    CloseHandle(Alone);
    return Cards[0].Failed || Cards[1].Failed || !(Fine || Cards[0].Gone || Cards[1].Gone) ? 1 : 0;
}
