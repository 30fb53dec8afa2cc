/*
 * notifyapp: opens every toaster that comes, and lets go of each that goes.
 *
 * The load it models is a desktop that shows the toasters there are: it hears of one that comes and opens it; it is asked before one is taken away, and closes it
 * so that it can be; it opens it again when it stays after all; and it forgets it when it has gone, with or without a word. The rest is a user with many hands, who
 * plugs toasters in, unplugs and ejects them, hides them, and has all closed or opened again.
 *
 * Principle of operation. What the system says comes on a thread of the system's, which must not wait for itself: it closes and opens, but ends no registration.
 * That is done by one thread of our own, which also frees the toaster when the system knows of it no more.
 *
 * Usage: notifyapp [-r rounds] command ... with the commands p<n> u<n> e<n> (plug in, unplug, eject; 0: all), h (hide all), o (open all again), x (close all),
 * f (call the sideband filter), w<ms> (wait). Exit status: 0 success, 1 failure or wrong usage.
 */

#include <windows.h>

#include <initguid.h>

#include <cfgmgr32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#include "../../drivers/toaster/inc/public.h"
#include "../inc/interface.h"

#define FILTER_PATH "\\\\.\\ToasterFilter"
#define FILTER_CODE 0x00224000

#define OPEN_ATTEMPTS 1000
#define OPEN_PAUSE_MS 10

typedef struct _TOASTER {
    struct _TOASTER *Next;
    struct _APP *App;
    HANDLE Device;                /* INVALID_HANDLE_VALUE: closed */
    HCMNOTIFICATION Registration;
    HCMNOTIFICATION Old;          /* of a handle that was closed; to be ended */
    BOOL Gone;                    /* to be freed, or about to be */
    WCHAR Path[1];
} TOASTER;

typedef struct _APP {
    CRITICAL_SECTION Lock;  /* of all below, and of the toasters */
    TOASTER *Toasters;
    HANDLE Bus;
    HANDLE Work;            /* for the janitor */
    BOOL Ending;
    volatile LONG Failed;
    UINT Arrivals, Removals;
} APP;

static void Complain(APP *App, const char *What, UINT Value)
{
    printf("%s (%u)\n", What, Value);
    InterlockedExchange(&App->Failed, TRUE);
}

/* ---- one toaster, under the lock ---- */

static DWORD CALLBACK HearOfToaster(HCMNOTIFICATION Registration, PVOID Context, CM_NOTIFY_ACTION Action, PCM_NOTIFY_EVENT_DATA Data, DWORD Size);

/* FALSE: it is going, or has gone. */
static BOOL Open(TOASTER *Toaster)
{
    CM_NOTIFY_FILTER Filter;

    Toaster->Device = CreateFileW(Toaster->Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (Toaster->Device == INVALID_HANDLE_VALUE) {
        return FALSE;
    }
    memset(&Filter, 0, sizeof(Filter));
    Filter.cbSize = sizeof(Filter);
    Filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE;
    Filter.u.DeviceHandle.hTarget = Toaster->Device;
    if (CM_Register_Notification(&Filter, Toaster, HearOfToaster, &Toaster->Registration) != CR_SUCCESS) {
        CloseHandle(Toaster->Device);
        Toaster->Device = INVALID_HANDLE_VALUE;
        Toaster->Registration = NULL;
        return FALSE;
    }
    return TRUE;
}

static void Close(TOASTER *Toaster)
{
    if (Toaster->Device != INVALID_HANDLE_VALUE) {
        CloseHandle(Toaster->Device);
        Toaster->Device = INVALID_HANDLE_VALUE;
    }
}

/* ---- what the system says ---- */

/* The registration stays until the janitor ends it, and with it the toaster. */
static void LetGo(TOASTER *Toaster)
{
    Close(Toaster);
    if (!Toaster->Gone) {
        Toaster->Gone = TRUE;
        Toaster->App->Removals++;
    }
    SetEvent(Toaster->App->Work);
}

/* The registration is of the handle that was closed: it is put aside, for it cannot be ended from here. */
static void OpenAgain(TOASTER *Toaster)
{
    if (Toaster->Device != INVALID_HANDLE_VALUE || Toaster->Gone || Toaster->Old != NULL) {
        return;
    }
    Toaster->Old = Toaster->Registration;
    Toaster->Registration = NULL;
    if (!Open(Toaster)) {
        LetGo(Toaster);
    }
    SetEvent(Toaster->App->Work);
}

static DWORD CALLBACK HearOfToaster(HCMNOTIFICATION Registration, PVOID Context, CM_NOTIFY_ACTION Action, PCM_NOTIFY_EVENT_DATA Data, DWORD Size)
{
    TOASTER *Toaster = Context;

    (void)Data;
    (void)Size;
    EnterCriticalSection(&Toaster->App->Lock);
    if (Registration == Toaster->Registration) { /* else of a handle that was closed */
        switch (Action) {
        case CM_NOTIFY_ACTION_DEVICEQUERYREMOVE:
            Close(Toaster);
            break;
        case CM_NOTIFY_ACTION_DEVICEQUERYREMOVEFAILED:
            OpenAgain(Toaster);
            break;
        case CM_NOTIFY_ACTION_DEVICEREMOVEPENDING:
        case CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE:
            LetGo(Toaster);
            break;
        default:
            break;
        }
    }
    LeaveCriticalSection(&Toaster->App->Lock);
    return ERROR_SUCCESS;
}

static BOOL Add(APP *App, PCWSTR Path)
{
    size_t Length = 0;
    TOASTER *Toaster;

    while (Path[Length] != 0) {
        Length++;
    }
    Toaster = calloc(1, sizeof(*Toaster) + Length * sizeof(WCHAR));
    if (Toaster == NULL) {
        return FALSE;
    }
    Toaster->App = App;
    memcpy(Toaster->Path, Path, Length * sizeof(WCHAR));
    EnterCriticalSection(&App->Lock);
    if (Open(Toaster)) {
        Toaster->Next = App->Toasters;
        App->Toasters = Toaster;
        Toaster = NULL;
        App->Arrivals++;
    }
    LeaveCriticalSection(&App->Lock);
    free(Toaster); /* one that had gone before it could be opened */
    return TRUE;
}

static DWORD CALLBACK HearOfInterface(HCMNOTIFICATION Registration, PVOID Context, CM_NOTIFY_ACTION Action, PCM_NOTIFY_EVENT_DATA Data, DWORD Size)
{
    APP *App = Context;

    (void)Registration;
    (void)Size;
    if (Action == CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL && !Add(App, Data->u.DeviceInterface.SymbolicLink)) {
        Complain(App, "out of memory", 0);
    }
    return ERROR_SUCCESS;
}

/* ---- the janitor ---- */

/* What there is to end: a registration and, with the last of a toaster, the toaster. FALSE: nothing. */
static BOOL TakeWork(APP *App, BOOL Everything, HCMNOTIFICATION *Registration, TOASTER **Toaster)
{
    TOASTER **At;

    *Registration = NULL;
    *Toaster = NULL;
    for (At = &App->Toasters; *At != NULL; At = &(*At)->Next) {
        if ((*At)->Old != NULL) {
            *Registration = (*At)->Old;
            (*At)->Old = NULL;
            return TRUE;
        }
        if ((*At)->Gone || Everything) {
            *Toaster = *At;
            (*At)->Gone = TRUE;
            *Registration = (*At)->Registration;
            *At = (*At)->Next;
            return TRUE;
        }
    }
    return FALSE;
}

/* Ending a registration waits for whoever is just being told something, and they want the lock. */
static void CleanUp(APP *App, BOOL Everything)
{
    HCMNOTIFICATION Registration;
    TOASTER *Toaster;
    BOOL More;

    do {
        EnterCriticalSection(&App->Lock);
        More = TakeWork(App, Everything, &Registration, &Toaster);
        LeaveCriticalSection(&App->Lock);
        if (Registration != NULL) {
            CM_Unregister_Notification(Registration);
        }
        if (Toaster != NULL) {
            Close(Toaster);
            free(Toaster);
        }
    } while (More);
}

static DWORD WINAPI KeepClean(void *Argument)
{
    APP *App = Argument;
    BOOL Ending;

    do {
        WaitForSingleObject(App->Work, INFINITE);
        EnterCriticalSection(&App->Lock);
        Ending = App->Ending;
        LeaveCriticalSection(&App->Lock);
        CleanUp(App, Ending);
    } while (!Ending);
    return 0;
}

/* ---- the user ---- */

static void PlugIn(APP *App, ULONG Serial)
{
    static const WCHAR Ids[] = BUS_HARDWARE_IDS;
    char Buffer[sizeof(BUSENUM_PLUGIN_HARDWARE) + sizeof(Ids)];
    BUSENUM_PLUGIN_HARDWARE *PlugIn = (BUSENUM_PLUGIN_HARDWARE *)Buffer;
    DWORD Bytes;

    PlugIn->Size = sizeof(*PlugIn);
    PlugIn->SerialNo = Serial;
    memcpy(PlugIn->HardwareIDs, Ids, sizeof(Ids));
    if (!DeviceIoControl(App->Bus, IOCTL_BUSENUM_PLUGIN_HARDWARE, Buffer, sizeof(Buffer), NULL, 0, &Bytes, NULL) &&
        GetLastError() != ERROR_INVALID_PARAMETER) { /* it is there already */
        Complain(App, "a toaster cannot be plugged in", (UINT)GetLastError());
    }
}

static void UnplugOrEject(APP *App, DWORD Code, ULONG Serial)
{
    BUSENUM_UNPLUG_HARDWARE Unplug; /* an ejection looks the same */
    DWORD Bytes;

    memset(&Unplug, 0, sizeof(Unplug));
    Unplug.Size = sizeof(Unplug);
    Unplug.SerialNo = Serial;
    if (!DeviceIoControl(App->Bus, Code, &Unplug, sizeof(Unplug), NULL, 0, &Bytes, NULL) &&
        (GetLastError() != ERROR_INVALID_PARAMETER || Serial == 0)) {
        Complain(App, "a toaster cannot be taken away", (UINT)GetLastError());
    }
}

/* One that is just going may refuse. */
static void HideAll(APP *App)
{
    TOASTER *Toaster;
    DWORD Bytes;

    EnterCriticalSection(&App->Lock);
    for (Toaster = App->Toasters; Toaster != NULL; Toaster = Toaster->Next) {
        if (Toaster->Device != INVALID_HANDLE_VALUE) {
            DeviceIoControl(Toaster->Device, IOCTL_TOASTER_DONT_DISPLAY_IN_UI_DEVICE, NULL, 0, NULL, 0, &Bytes, NULL);
        }
    }
    LeaveCriticalSection(&App->Lock);
}

static void CloseAll(APP *App)
{
    TOASTER *Toaster;

    EnterCriticalSection(&App->Lock);
    for (Toaster = App->Toasters; Toaster != NULL; Toaster = Toaster->Next) {
        Close(Toaster);
    }
    LeaveCriticalSection(&App->Lock);
}

static void OpenAll(APP *App)
{
    TOASTER *Toaster;

    EnterCriticalSection(&App->Lock);
    for (Toaster = App->Toasters; Toaster != NULL; Toaster = Toaster->Next) {
        OpenAgain(Toaster);
    }
    LeaveCriticalSection(&App->Lock);
}

/* The filter may not be installed. */
static void CallFilter(APP *App)
{
    HANDLE Filter = CreateFileA(FILTER_PATH, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    DWORD Bytes;

    if (Filter == INVALID_HANDLE_VALUE) {
        return;
    }
    if (!DeviceIoControl(Filter, FILTER_CODE, NULL, 0, NULL, 0, &Bytes, NULL)) {
        Complain(App, "the filter does not answer", (UINT)GetLastError());
    }
    CloseHandle(Filter);
}

static void CarryOut(APP *App, const char *Command)
{
    ULONG Number = (ULONG)strtoul(Command + 1, NULL, 10);

    switch (Command[0]) {
    case 'p':
        PlugIn(App, Number);
        break;
    case 'u':
        UnplugOrEject(App, IOCTL_BUSENUM_UNPLUG_HARDWARE, Number);
        break;
    case 'e':
        UnplugOrEject(App, IOCTL_BUSENUM_EJECT_HARDWARE, Number);
        break;
    case 'h':
        HideAll(App);
        break;
    case 'o':
        OpenAll(App);
        break;
    case 'x':
        CloseAll(App);
        break;
    case 'f':
        CallFilter(App);
        break;
    default:
        Sleep(Number);
        break;
    }
}

/* ---- the run ---- */

/* The bus is opened by one at a time: whoever comes while it is in use waits for a while. */
static BOOL OpenBus(APP *App)
{
    char *Path = FindInterface(&GUID_DEVINTERFACE_BUSENUM_TOASTER, "toaster bus");
    UINT i;

    if (Path == NULL) {
        return FALSE;
    }
    App->Bus = INVALID_HANDLE_VALUE;
    for (i = 0; i < OPEN_ATTEMPTS && App->Bus == INVALID_HANDLE_VALUE; i++) {
        App->Bus = CreateFileA(Path, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
        if (App->Bus == INVALID_HANDLE_VALUE && GetLastError() != ERROR_ACCESS_DENIED) {
            break;
        }
        if (App->Bus == INVALID_HANDLE_VALUE) {
            Sleep(OPEN_PAUSE_MS);
        }
    }
    free(Path);
    if (App->Bus == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed (%u)\n", (UINT)GetLastError());
    }
    return App->Bus != INVALID_HANDLE_VALUE;
}

static HCMNOTIFICATION Register(APP *App)
{
    CM_NOTIFY_FILTER Filter;
    HCMNOTIFICATION Registration;

    memset(&Filter, 0, sizeof(Filter));
    Filter.cbSize = sizeof(Filter);
    Filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE;
    Filter.u.DeviceInterface.ClassGuid = GUID_DEVINTERFACE_TOASTER;
    if (CM_Register_Notification(&Filter, App, HearOfInterface, &Registration) != CR_SUCCESS) {
        Complain(App, "the system will not tell of toasters", 0);
        return NULL;
    }
    return Registration;
}

static void RunCommands(APP *App, int Count, char **Commands, UINT Rounds)
{
    HCMNOTIFICATION Registration = Register(App);
    UINT Round;
    int i;

    if (Registration == NULL) {
        return;
    }
    for (Round = 0; Round < Rounds && !App->Failed; Round++) {
        for (i = 0; i < Count; i++) {
            CarryOut(App, Commands[i]);
        }
    }
    CM_Unregister_Notification(Registration);
}

static void RunWithJanitor(APP *App, int Count, char **Commands, UINT Rounds)
{
    HANDLE Janitor = CreateThread(NULL, 0, KeepClean, App, 0, NULL);

    if (Janitor == NULL) {
        Complain(App, "CreateThread failed", (UINT)GetLastError());
        return;
    }
    RunCommands(App, Count, Commands, Rounds);
    EnterCriticalSection(&App->Lock);
    App->Ending = TRUE;
    LeaveCriticalSection(&App->Lock);
    SetEvent(App->Work);
    WaitForSingleObject(Janitor, INFINITE);
    CloseHandle(Janitor);
    printf("%u toasters have come, %u have gone\n", App->Arrivals, App->Removals);
}

static BOOL AreCommands(int Count, char **Commands)
{
    int i;

    for (i = 0; i < Count; i++) {
        if (strchr("puehoxfw", Commands[i][0]) == NULL || (Commands[i][0] == 'p' && atoi(Commands[i] + 1) <= 0)) {
            return FALSE;
        }
    }
    return Count > 0;
}

int main(int argc, char **argv)
{
    int First = argc > 2 && strcmp(argv[1], "-r") == 0 ? 3 : 1;
    int Rounds = First == 3 ? atoi(argv[2]) : 1;
    APP App;

    if (Rounds < 1 || !AreCommands(argc - First, argv + First)) {
        printf("usage: notifyapp [-r rounds] p<n> | u<n> | e<n> | h | o | x | f | w<ms> ...: plug toaster n in, unplug it, eject it (0: all); hide, open, close all; "
               "call the filter; wait\n");
        return 1;
    }
    memset(&App, 0, sizeof(App));
    App.Work = CreateEventA(NULL, FALSE, FALSE, NULL);
    if (App.Work == NULL) {
        printf("CreateEvent failed (%u)\n", (UINT)GetLastError());
        return 1;
    }
    InitializeCriticalSection(&App.Lock);
    if (OpenBus(&App)) {
        RunWithJanitor(&App, argc - First, argv + First, (UINT)Rounds);
        CloseHandle(App.Bus);
    } else {
        App.Failed = TRUE;
    }
    DeleteCriticalSection(&App.Lock);
    CloseHandle(App.Work);
    return App.Failed ? 1 : 0;
}
