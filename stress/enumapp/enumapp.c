/*
 * enumapp: plugs toasters into the toaster bus, unplugs and ejects them.
 *
 * The load it models is several hands at one row of sockets: all threads use one handle, for the bus serves one at a time, and each carries out the operations
 * that the command line names, in order and as often as it says. With more than one hand a toaster may be there, or not, whatever oneself has done; so only somebody
 * alone knows how an operation has to end.
 *
 * What is checked: a number that was plugged in cannot be plugged in again, one that was unplugged cannot be unplugged again, and nothing else ever fails.
 *
 * Usage: enumapp [-t threads] [-r rounds] -p n | -u n | -e n ... Exit status: 0 success, 1 failure or wrong usage.
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

#define MAX_THREADS 16
#define MAX_STEPS 16
#define OPEN_ATTEMPTS 1000
#define OPEN_PAUSE_MS 10

typedef struct _STEP {
    char What; /* 'p', 'u' or 'e' */
    ULONG Serial;
} STEP;

typedef struct _WORK {
    HANDLE Bus;
    STEP Steps[MAX_STEPS];
    UINT StepCount;
    UINT Rounds;
    BOOL Alone;
    volatile LONG Done;
    volatile LONG Refused;
    volatile LONG Failed;
} WORK;

/* ---- requests ---- */

static DWORD Send(HANDLE Bus, DWORD Code, void *Input, DWORD Length)
{
    DWORD Bytes;

    return DeviceIoControl(Bus, Code, Input, Length, NULL, 0, &Bytes, NULL) ? ERROR_SUCCESS : GetLastError();
}

static DWORD PlugIn(HANDLE Bus, ULONG Serial)
{
    static const WCHAR Ids[] = BUS_HARDWARE_IDS;
    char Buffer[sizeof(BUSENUM_PLUGIN_HARDWARE) + sizeof(Ids)];
    BUSENUM_PLUGIN_HARDWARE *PlugIn = (BUSENUM_PLUGIN_HARDWARE *)Buffer;

    PlugIn->Size = sizeof(*PlugIn);
    PlugIn->SerialNo = Serial;
    memcpy(PlugIn->HardwareIDs, Ids, sizeof(Ids));
    return Send(Bus, IOCTL_BUSENUM_PLUGIN_HARDWARE, Buffer, sizeof(Buffer));
}

static DWORD UnplugOrEject(HANDLE Bus, DWORD Code, ULONG Serial)
{
    BUSENUM_UNPLUG_HARDWARE Unplug; /* an ejection looks the same */

    memset(&Unplug, 0, sizeof(Unplug));
    Unplug.Size = sizeof(Unplug);
    Unplug.SerialNo = Serial;
    return Send(Bus, Code, &Unplug, sizeof(Unplug));
}

static DWORD CarryOut(HANDLE Bus, const STEP *Step)
{
    switch (Step->What) {
    case 'p':
        return PlugIn(Bus, Step->Serial);
    case 'u':
        return UnplugOrEject(Bus, IOCTL_BUSENUM_UNPLUG_HARDWARE, Step->Serial);
    default:
        return UnplugOrEject(Bus, IOCTL_BUSENUM_EJECT_HARDWARE, Step->Serial);
    }
}

/* ---- threads ---- */

/*
 * What somebody who is alone knows of a toaster. At first nothing: others may have used the bus before. When one that was ejected has gone nobody can say, nor when
 * one that was plugged in can be ejected.
 */
enum presence { UNKNOWN, ABSENT, PRESENT };

#define MAX_KNOWN MAX_STEPS

typedef struct _KNOWN {
    ULONG Serial;
    enum presence Presence;
} KNOWN;

typedef struct _SHELF {
    KNOWN Known[MAX_KNOWN];
    UINT Count;
} SHELF;

static KNOWN *Find(SHELF *Shelf, ULONG Serial)
{
    UINT i;

    for (i = 0; i < Shelf->Count; i++) {
        if (Shelf->Known[i].Serial == Serial) {
            return &Shelf->Known[i];
        }
    }
    Shelf->Known[Shelf->Count].Serial = Serial;
    Shelf->Known[Shelf->Count].Presence = UNKNOWN;
    return &Shelf->Known[Shelf->Count++];
}

static void SetAll(SHELF *Shelf, enum presence Presence)
{
    UINT i;

    for (i = 0; i < Shelf->Count; i++) {
        Shelf->Known[i].Presence = Presence;
    }
}

/* May the operation end so? It also takes down what is there from now on. */
static BOOL IsExplained(SHELF *Shelf, const STEP *Step, DWORD Error)
{
    KNOWN *Known = Step->Serial != 0 ? Find(Shelf, Step->Serial) : NULL;
    enum presence Was = Known != NULL ? Known->Presence : UNKNOWN;

    if (Error == ERROR_SUCCESS && Known == NULL) {
        SetAll(Shelf, Step->What == 'u' ? ABSENT : UNKNOWN);
    } else if (Error == ERROR_SUCCESS) {
        Known->Presence = Step->What == 'p' ? PRESENT : Step->What == 'u' ? ABSENT : UNKNOWN;
    }
    switch (Step->What) {
    case 'p':
        return Was == UNKNOWN || (Was == ABSENT) == (Error == ERROR_SUCCESS);
    case 'u':
        return Known == NULL ? Error == ERROR_SUCCESS : Was == UNKNOWN || (Was == PRESENT) == (Error == ERROR_SUCCESS);
    default:
        return Known == NULL ? Error == ERROR_SUCCESS : Was != ABSENT || Error != ERROR_SUCCESS;
    }
}

static BOOL DoStep(WORK *Work, SHELF *Shelf, const STEP *Step)
{
    DWORD Error = CarryOut(Work->Bus, Step);

    if (Error == ERROR_SUCCESS) {
        InterlockedIncrement(&Work->Done);
    } else if (Error == ERROR_INVALID_PARAMETER) {
        InterlockedIncrement(&Work->Refused);
    } else {
        printf("-%c %u failed (%u)\n", Step->What, (UINT)Step->Serial, (UINT)Error);
        return FALSE;
    }
    if (Work->Alone && !IsExplained(Shelf, Step, Error)) {
        printf("-%c %u ended with %u, after all that was done before\n", Step->What, (UINT)Step->Serial, (UINT)Error);
        return FALSE;
    }
    return TRUE;
}

static DWORD WINAPI Operate(void *Argument)
{
    WORK *Work = Argument;
    SHELF Shelf;
    UINT Round, i;

    memset(&Shelf, 0, sizeof(Shelf));
    for (Round = 0; Round < Work->Rounds; Round++) {
        for (i = 0; i < Work->StepCount; i++) {
            if (!DoStep(Work, &Shelf, &Work->Steps[i])) {
                InterlockedExchange(&Work->Failed, TRUE);
                return 1;
            }
        }
    }
    return 0;
}

static BOOL RunThreads(WORK *Work, UINT Count)
{
    HANDLE Threads[MAX_THREADS];
    UINT Started, i;

    for (Started = 0; Started < Count; Started++) {
        Threads[Started] = CreateThread(NULL, 0, Operate, Work, 0, NULL);
        if (Threads[Started] == NULL) {
            printf("CreateThread failed (%u)\n", (UINT)GetLastError());
            break;
        }
    }
    for (i = 0; i < Started; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
    }
    printf("%u done, %u refused\n", (UINT)Work->Done, (UINT)Work->Refused);
    return Started == Count && !Work->Failed;
}

/* ---- the bus ---- */

/* The bus is opened by one at a time: whoever comes while it is in use waits for a while. */
static HANDLE OpenBus(const char *Path)
{
    HANDLE Bus;
    UINT i;

    for (i = 0; i < OPEN_ATTEMPTS; i++) {
        Bus = CreateFileA(Path, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
        if (Bus != INVALID_HANDLE_VALUE || GetLastError() != ERROR_ACCESS_DENIED) {
            return Bus;
        }
        Sleep(OPEN_PAUSE_MS);
    }
    return INVALID_HANDLE_VALUE;
}

static BOOL Run(WORK *Work, UINT Threads)
{
    char *Path = FindInterface(&GUID_DEVINTERFACE_BUSENUM_TOASTER, "toaster bus");
    BOOL Passed;

    if (Path == NULL) {
        return FALSE;
    }
    Work->Bus = OpenBus(Path);
    free(Path);
    if (Work->Bus == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed (%u)\n", (UINT)GetLastError());
        return FALSE;
    }
    Passed = RunThreads(Work, Threads);
    CloseHandle(Work->Bus);
    return Passed;
}

/* ---- arguments ---- */

static BOOL TakeStep(WORK *Work, const char *Option, const char *Number)
{
    STEP *Step = &Work->Steps[Work->StepCount];
    char *End;

    if (Work->StepCount == MAX_STEPS || Option[0] != '-' || strchr("pue", Option[1]) == NULL || Option[2] != '\0') {
        return FALSE;
    }
    Step->What = Option[1];
    Step->Serial = (ULONG)strtoul(Number, &End, 10);
    if (*Number == '\0' || *End != '\0' || (Step->What == 'p' && Step->Serial == 0)) {
        return FALSE;
    }
    Work->StepCount++;
    return TRUE;
}

static BOOL TakeArguments(int argc, char **argv, WORK *Work, UINT *Threads)
{
    int i;

    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-t") == 0) {
            *Threads = (UINT)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "-r") == 0) {
            Work->Rounds = (UINT)atoi(argv[i + 1]);
        } else if (!TakeStep(Work, argv[i], argv[i + 1])) {
            return FALSE;
        }
    }
    return i == argc && Work->StepCount != 0 && *Threads >= 1 && *Threads <= MAX_THREADS && Work->Rounds >= 1;
}

int main(int argc, char **argv)
{
    WORK Work;
    UINT Threads = 1;

    memset(&Work, 0, sizeof(Work));
    Work.Rounds = 1;
    if (!TakeArguments(argc, argv, &Work, &Threads)) {
        printf("usage: enumapp [-t 1..%u threads] [-r rounds] -p n | -u n | -e n ...: plug toaster n in (n > 0), unplug it, eject it (0: all)\n", MAX_THREADS);
        return 1;
    }
    Work.Alone = Threads == 1;
    return Run(&Work, Threads) ? 0 : 1;
}
