/*
 * testapp: client and stress load of the cancel drivers.
 *
 *   testapp [threads [driver]]     1 to 10 threads (1; 0 counts as 1); driver: cancel or startio (cancel)
 *
 * The load it models is a program whose threads share one handle and always have a read outstanding, each ended by a
 * completion routine; several such programs may run at once. It opens the device; if there is none it installs and starts the
 * driver's service from the current directory first. Then it waits for a character. `q` or `Q`: every thread finishes the read
 * it has out, and only then is the device closed. Anything else: the device is closed at once, under threads that have reads
 * pending and may be about to issue more, and what is left of them is for the end of the process to clear up. Both ways it
 * then stops and deletes the service, which another instance may have done, or may still prevent by having the device open.
 *
 * What is checked: a read brings how often the device had to be asked again, 0 or 1 in four bytes, or was cancelled, and
 * was cancelled only when the device was closed. Exit status: 0 success, 1 failure or wrong usage; whatever went wrong, no
 * service of this program's is left.
 */

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 10
#define DEVICE_PATH "\\\\.\\CancelSamp"
#define INSTALL_TRIES 3000
#define INSTALL_PAUSE_MS 100
#define MOST_RETRIES 1
#define UNREAD_DATA 0xEEEEEEEEu

/*
 * What main and its threads share. Never freed: on the abrupt way out the threads may use it until the process ends.
 */
typedef struct _STATE {
    HANDLE Device;
    const char *Driver;
    volatile LONG Quitting; /* no more reads */
    volatile LONG Closing;  /* reads may be cancelled, or refused */
} STATE;

/* A read and its thread. OVERLAPPED comes first: the completion routine is given its address. */
typedef struct _READER {
    OVERLAPPED Overlapped;
    STATE *State;
    ULONG Data;
    BOOL Completed;
} READER;

static BOOL IsSet(volatile LONG *Flag)
{
    return InterlockedCompareExchange(Flag, 0, 0) != 0;
}

/* ---- the service ---- */

/*
 * Where the other instances are in installing or removing it is their business; what counts is whether the device can be
 * opened then. FALSE if there is no such driver: trying again will not help.
 */
static BOOL InstallDriver(const char *Driver)
{
    char Path[MAX_PATH + 32];
    SC_HANDLE Manager;
    SC_HANDLE Service;
    DWORD Length;
    BOOL Exists = TRUE;

    Length = GetCurrentDirectoryA(MAX_PATH, Path);
    if (Length == 0 || Length >= MAX_PATH) {
        printf("the current directory has no name that fits\n");
        return FALSE;
    }
    snprintf(Path + Length, sizeof(Path) - Length, "\\%s.sys", Driver);

    Manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (Manager == NULL) {
        printf("OpenSCManager failed with %u\n", (unsigned)GetLastError());
        return TRUE;
    }

    Service = CreateServiceA(Manager, Driver, Driver, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START,
        SERVICE_ERROR_NORMAL, Path, NULL, NULL, NULL, NULL, NULL);
    if (Service == NULL && GetLastError() == ERROR_SERVICE_EXISTS) {
        Service = OpenServiceA(Manager, Driver, SERVICE_ALL_ACCESS);
    }
    if (Service == NULL) {
        printf("the service %s cannot be created yet: %u\n", Driver, (unsigned)GetLastError());
    } else {
        if (!StartServiceA(Service, 0, NULL)) {
            Exists = GetLastError() != ERROR_FILE_NOT_FOUND && GetLastError() != ERROR_PATH_NOT_FOUND;
            printf("the service %s does not start: %u\n", Driver, (unsigned)GetLastError());
        }
        CloseServiceHandle(Service);
    }
    CloseServiceHandle(Manager);
    return Exists;
}

static void RemoveDriver(const char *Driver)
{
    SERVICE_STATUS Status;
    SC_HANDLE Manager;
    SC_HANDLE Service;

    Manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (Manager == NULL) {
        printf("OpenSCManager failed with %u\n", (unsigned)GetLastError());
        return;
    }

    Service = OpenServiceA(Manager, Driver, SERVICE_ALL_ACCESS);
    if (Service == NULL) {
        printf("the service %s is gone: %u\n", Driver, (unsigned)GetLastError());
    } else {
        if (!ControlService(Service, SERVICE_CONTROL_STOP, &Status)) {
            printf("the service %s does not stop: %u\n", Driver, (unsigned)GetLastError());
        }
        if (!DeleteService(Service)) {
            printf("the service %s is not deleted: %u\n", Driver, (unsigned)GetLastError());
        }
        CloseServiceHandle(Service);
    }
    CloseServiceHandle(Manager);
}

static HANDLE OpenDevice(void)
{
    return CreateFileA(DEVICE_PATH, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/* No device, or one whose driver is about to go because another instance has removed it. */
static BOOL IsMissing(DWORD Error)
{
    return Error == ERROR_FILE_NOT_FOUND || Error == ERROR_NO_SUCH_DEVICE;
}

static int Usage(const char *Why);

/* While another instance keeps a driver alive that was told to go, it can neither be opened nor installed. */
static HANDLE OpenOrInstall(const char *Driver)
{
    HANDLE Device = OpenDevice();
    int i = 0;

    for (; i < INSTALL_TRIES && Device == INVALID_HANDLE_VALUE && IsMissing(GetLastError()); i++) {
        if (i > 0) {
            Sleep(INSTALL_PAUSE_MS);
        }
        if (!InstallDriver(Driver)) {
            RemoveDriver(Driver);
            Usage("there is no such driver here");
            return Device;
        }
        Device = OpenDevice();
    }
    if (Device == INVALID_HANDLE_VALUE) {
        printf("%s cannot be opened: %u\n", DEVICE_PATH, (unsigned)GetLastError());
        if (i > 0) {
            RemoveDriver(Driver);
        }
    }
    return Device;
}

/* ---- the readers ---- */

/* Not the handle, but its end with the process is what the driver's end then waits for. */
static void Fail(STATE *State)
{
    RemoveDriver(State->Driver);
    ExitProcess(1);
}

static BOOL IsEndOfRead(const READER *Reader, DWORD Error, DWORD Bytes)
{
    if (Error == 0) {
        return Bytes == sizeof(Reader->Data) && Reader->Data <= MOST_RETRIES;
    }
    return Error == ERROR_OPERATION_ABORTED && Bytes == 0 && IsSet(&Reader->State->Closing);
}

/* Runs in the thread that sent the read, while that sleeps. */
static VOID CALLBACK ReadCompleted(DWORD Error, DWORD Bytes, LPOVERLAPPED Overlapped)
{
    READER *Reader = (READER *)Overlapped;

    Reader->Completed = TRUE;
    printf("thread %u: error %u, %u bytes\n", (unsigned)GetCurrentThreadId(), (unsigned)Error, (unsigned)Bytes);

    if (!IsEndOfRead(Reader, Error, Bytes)) {
        printf("thread %u: that is no end of a read, the data are 0x%x\n", (unsigned)GetCurrentThreadId(), (unsigned)Reader->Data);
        Fail(Reader->State);
    }
}

static DWORD WINAPI ReaderThread(LPVOID Parameter)
{
    READER Reader;

    Reader.State = Parameter;
    while (!IsSet(&Reader.State->Quitting)) {
        memset(&Reader.Overlapped, 0, sizeof(Reader.Overlapped));
        Reader.Completed = FALSE;
        Reader.Data = UNREAD_DATA;
        if (!ReadFileEx(Reader.State->Device, &Reader.Data, sizeof(Reader.Data), &Reader.Overlapped, ReadCompleted)) {
            if (IsSet(&Reader.State->Closing)) {
                break;
            }
            printf("ReadFileEx failed with %u\n", (unsigned)GetLastError());
            Fail(Reader.State);
        }
        /* The read uses this stack frame until its routine has run. */
        while (!Reader.Completed) {
            SleepEx(INFINITE, TRUE);
        }
    }
    return 0;
}

static UINT StartReaders(STATE *State, HANDLE *Threads, UINT Count)
{
    UINT Started;

    for (Started = 0; Started < Count; Started++) {
        Threads[Started] = CreateThread(NULL, 0, ReaderThread, State, 0, NULL);
        if (Threads[Started] == NULL) {
            printf("CreateThread failed with %u\n", (unsigned)GetLastError());
            break;
        }
    }
    return Started;
}

static void QuitGracefully(STATE *State, HANDLE *Threads, UINT Count)
{
    InterlockedExchange(&State->Quitting, 1);
    if (Count > 0) {
        WaitForMultipleObjects(Count, Threads, TRUE, INFINITE);
    }
    CloseHandle(State->Device);
}

static void QuitAbruptly(STATE *State)
{
    InterlockedExchange(&State->Closing, 1);
    CloseHandle(State->Device);
}

static BOOL Run(STATE *State, UINT Count)
{
    HANDLE Threads[MAX_THREADS];
    UINT Started;
    UINT i;
    int Key;

    Started = StartReaders(State, Threads, Count);
    printf("%u thread(s) read; q ends them, any other character ends me\n", Started);

    Key = getchar();
    if (Key == 'q' || Key == 'Q') {
        QuitGracefully(State, Threads, Started);
    } else {
        QuitAbruptly(State);
    }

    for (i = 0; i < Started; i++) {
        CloseHandle(Threads[i]);
    }
    return Started == Count;
}

/* ---- main ---- */

static int Usage(const char *Why)
{
    printf("usage: testapp [threads [driver]]: 1 to %u threads (1), driver cancel or startio (cancel): %s\n", MAX_THREADS, Why);
    return 1;
}

static BOOL ParseThreads(const char *Text, UINT *Count)
{
    UINT Value = 0;

    do {
        if (*Text < '0' || *Text > '9') {
            return FALSE;
        }
        Value = Value * 10 + (UINT)(*Text++ - '0');
        if (Value > MAX_THREADS) {
            return FALSE;
        }
    } while (*Text != '\0');

    *Count = Value == 0 ? 1 : Value;
    return TRUE;
}

int main(int argc, char **argv)
{
    STATE *State;
    UINT Count = 1;
    BOOL Passed;

    if (argc > 3) {
        return Usage("that is one argument too many");
    }
    if (argc > 1 && !ParseThreads(argv[1], &Count)) {
        return Usage("that is no such number of threads");
    }

    State = calloc(1, sizeof(*State));
    if (State == NULL) {
        printf("out of memory\n");
        return 1;
    }
    State->Driver = argc > 2 ? argv[2] : "cancel";
    State->Device = OpenOrInstall(State->Driver);
    if (State->Device == INVALID_HANDLE_VALUE) {
        return 1;
    }

    Passed = Run(State, Count);
    RemoveDriver(State->Driver);
    return Passed ? 0 : 1;
}
