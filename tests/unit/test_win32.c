/*
 * The Win32 layer over a small driver: W-U, W-FIL-20..22, W-ERR. The driver keeps reads until a write comes (or they are cancelled), answers one
 * control code at once and fails another, so that every way a request can end is there.
 */
#include "unit.h"

#include "nt/image.h"
#include "win32/win32.h"

/* The functions under test, as apps see them. */
typedef void (*completion_routine)(DWORD error, DWORD bytes, OVERLAPPED *overlapped);
HANDLE CreateFileA(const char *, DWORD, DWORD, void *, DWORD, DWORD, HANDLE);
BOOL ReadFile(HANDLE, void *, DWORD, DWORD *, OVERLAPPED *);
BOOL WriteFile(HANDLE, const void *, DWORD, DWORD *, OVERLAPPED *);
BOOL ReadFileEx(HANDLE, void *, DWORD, OVERLAPPED *, completion_routine);
BOOL DeviceIoControl(HANDLE, DWORD, void *, DWORD, void *, DWORD, DWORD *, OVERLAPPED *);
BOOL GetOverlappedResult(HANDLE, OVERLAPPED *, DWORD *, BOOL);
BOOL CancelIo(HANDLE);
BOOL CancelIoEx(HANDLE, OVERLAPPED *);
BOOL CancelSynchronousIo(HANDLE);
BOOL CloseHandle(HANDLE);
BOOL DuplicateHandle(HANDLE, HANDLE, HANDLE, HANDLE *, DWORD, BOOL, DWORD);
HANDLE CreateEventA(void *, BOOL, BOOL, const char *);
BOOL SetEvent(HANDLE);
HANDLE CreateMutexA(void *, BOOL, const char *);
BOOL ReleaseMutex(HANDLE);
HANDLE CreateSemaphoreA(void *, LONG, LONG, const char *);
BOOL ReleaseSemaphore(HANDLE, LONG, LONG *);
HANDLE CreateThread(void *, SIZE_T, DWORD (*)(void *), void *, DWORD, DWORD *);
DWORD ResumeThread(HANDLE);
BOOL TerminateThread(HANDLE, DWORD);
BOOL GetExitCodeThread(HANDLE, DWORD *);
void ExitProcess(DWORD);
DWORD GetLastError(void);
void Sleep(DWORD);
DWORD SleepEx(DWORD, BOOL);
DWORD WaitForSingleObject(HANDLE, DWORD);
DWORD WaitForMultipleObjects(DWORD, const HANDLE *, BOOL, DWORD);
HANDLE CreateIoCompletionPort(HANDLE, HANDLE, ULONG_PTR, DWORD);
BOOL GetQueuedCompletionStatus(HANDLE, DWORD *, ULONG_PTR *, OVERLAPPED **, DWORD);
BOOL PostQueuedCompletionStatus(HANDLE, DWORD, ULONG_PTR, OVERLAPPED *);
BOOL SetFileCompletionNotificationModes(HANDLE, UCHAR);
ULONGLONG GetTickCount64(void);
void *irpfuzz_malloc(size_t);
void irpfuzz_free(void *);
struct cs { ULONG_PTR word[5]; };
void InitializeCriticalSection(struct cs *);
void EnterCriticalSection(struct cs *);
void LeaveCriticalSection(struct cs *);

#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)
#define OVERLAPPED_FLAG 0x40000000u
#define IOCTL_SUCCEED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_FAIL CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_NEEDS_WRITE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_WRITE_ACCESS)

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static LIST_ENTRY reads;
static KSPIN_LOCK reads_lock;
static int cleanups, closes, cancels;

static NTSTATUS end(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI cancel_read(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&reads_lock, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    cancels++;
    KeReleaseSpinLock(&reads_lock, irql);
    end(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;
    (void)device;
    KeAcquireSpinLock(&reads_lock, &irql);
    IoSetCancelRoutine(irp, cancel_read);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        KeReleaseSpinLock(&reads_lock, irql);
        return end(irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(irp);
    InsertTailList(&reads, &irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&reads_lock, irql);
    return STATUS_PENDING;
}

/* Satisfies the oldest read with the first byte of the data. */
static NTSTATUS NTAPI write(PDEVICE_OBJECT device, PIRP irp)
{
    PIRP waiting = NULL;
    KIRQL irql;
    (void)device;
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    KeAcquireSpinLock(&reads_lock, &irql);
    if (!IsListEmpty(&reads)) {
        waiting = CONTAINING_RECORD(reads.Flink, IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(waiting, NULL))
            RemoveHeadList(&reads);
        else
            waiting = NULL;
    }
    KeReleaseSpinLock(&reads_lock, irql);
    if (waiting) {
        *(char *)waiting->AssociatedIrp.SystemBuffer = *(char *)irp->AssociatedIrp.SystemBuffer;
        end(waiting, STATUS_SUCCESS, 1);
    }
    return end(irp, STATUS_SUCCESS, length);
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SUCCEED: return end(irp, STATUS_SUCCESS, 0);
    default: return end(irp, STATUS_DEVICE_BUSY, 0);
    case IOCTL_FAIL: return end(irp, STATUS_INVALID_DEVICE_STATE, 0);
    }
}

static NTSTATUS NTAPI create_close(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    KIRQL irql;
    (void)device;
    KeAcquireSpinLock(&reads_lock, &irql);
    cleanups += major == IRP_MJ_CLEANUP;
    closes += major == IRP_MJ_CLOSE;
    KeReleaseSpinLock(&reads_lock, irql);
    return end(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;
    RtlInitUnicodeString(&link, L"\\DosDevices\\W32TEST");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

static int entry(void *driver_object, void *path)
{
    PDRIVER_OBJECT driver = driver_object;
    PDEVICE_OBJECT device;
    UNICODE_STRING name, link;
    (void)path;
    RtlInitUnicodeString(&name, L"\\Device\\W32TEST");
    RtlInitUnicodeString(&link, L"\\DosDevices\\W32TEST");
    InitializeListHead(&reads);
    KeInitializeSpinLock(&reads_lock);
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
    driver->MajorFunction[IRP_MJ_READ] = read;
    driver->MajorFunction[IRP_MJ_WRITE] = write;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    return IoCreateSymbolicLink(&link, &name);
}

/* Counted under the lock, since a worker may send CLOSE. */
static int count(const int *counter)
{
    KIRQL irql;
    KeAcquireSpinLock(&reads_lock, &irql);
    int value = *counter;
    KeReleaseSpinLock(&reads_lock, irql);
    return value;
}

/* The same from the life's own thread, which is inside the gate. */
static int count_inside(const int *counter)
{
    KIRQL irql = ke_acquire_spin_lock_raise_to_dpc(&reads_lock);
    int value = *counter;
    ke_release_spin_lock(&reads_lock, irql);
    return value;
}

/* ---- Apps ---- */

static HANDLE shared[4];
static int seen[8];

static HANDLE open_device(DWORD flags) { return CreateFileA("\\\\.\\W32TEST", READ_WRITE, 3, NULL, 3, flags, NULL); }

static int app_errors(int argc, char **argv)
{
    DWORD n = 77;
    assert_int_equal(argc, 2);
    assert_true(argv[1][0] == 'x' && !argv[2]);
    assert_true(CreateFileA("\\\\.\\NOSUCH", READ_WRITE, 0, NULL, 3, 0, NULL) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 2);
    HANDLE h = open_device(0);
    assert_true(h != INVALID_HANDLE);
    assert_true(DeviceIoControl(h, IOCTL_SUCCEED, NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(n, 0);
    assert_false(DeviceIoControl(h, IOCTL_FAIL, NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), 22);
    HANDLE read_only = CreateFileA("\\\\.\\W32TEST", GENERIC_READ, 3, NULL, 3, 0, NULL);
    assert_false(DeviceIoControl(read_only, IOCTL_NEEDS_WRITE, NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), 5);
    assert_false(WriteFile(read_only, &n, 1, &n, NULL));
    assert_int_equal(GetLastError(), 5);
    assert_true(CloseHandle(h));
    assert_false(CloseHandle(h));
    assert_int_equal(GetLastError(), 6);
    HANDLE o = open_device(OVERLAPPED_FLAG);
    assert_false(ReadFile(o, &n, 1, &n, NULL));
    assert_int_equal(GetLastError(), 87);
    return 5; /* two handles stay open: the process closes them */
}

static int app_event(int argc, char **argv)
{
    (void)argc, (void)argv;
    char in = 'q', *buffer = irpfuzz_malloc(1);
    DWORD n = 0;
    HANDLE h = open_device(OVERLAPPED_FLAG);
    OVERLAPPED r = {.hEvent = CreateEventA(NULL, TRUE, TRUE, NULL)}, w = {.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL)};
    assert_false(ReadFile(h, buffer, 1, NULL, &r));
    assert_int_equal(GetLastError(), 997);
    assert_int_equal(r.Internal, STATUS_PENDING);
    assert_int_equal(WaitForSingleObject(r.hEvent, 0), 258); /* W-U-4: reset by the kernel */
    assert_false(GetOverlappedResult(h, &r, &n, FALSE));
    assert_int_equal(GetLastError(), 996);
    assert_true(WriteFile(h, &in, 1, NULL, &w));
    assert_true(GetOverlappedResult(h, &r, &n, TRUE));
    assert_int_equal(n, 1);
    assert_int_equal(*buffer, 'q');
    irpfuzz_free(buffer);
    return 0;
}

static void on_read(DWORD error, DWORD bytes, OVERLAPPED *overlapped)
{
    seen[0]++;
    seen[1] = (int)error;
    seen[2] = (int)bytes;
    overlapped->hEvent = NULL;
}

static int app_apc(int argc, char **argv)
{
    (void)argc, (void)argv;
    char in = 'a', out = 0;
    OVERLAPPED r = {.hEvent = NULL}, w = {.hEvent = NULL};
    HANDLE h = open_device(OVERLAPPED_FLAG);
    assert_int_equal(SleepEx(5, TRUE), 0);
    assert_true(ReadFileEx(h, &out, 1, &r, on_read));
    WriteFile(h, &in, 1, NULL, &w);
    Sleep(10);
    assert_int_equal(seen[0], 0); /* only an alertable wait delivers */
    assert_int_equal(SleepEx(0xFFFFFFFF, TRUE), 192);
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[2], 1);
    assert_int_equal(out, 'a');
    assert_true(ReadFileEx(h, &out, 1, &r, on_read));
    assert_true(CancelIo(h));
    assert_int_equal(SleepEx(0, TRUE), 192);
    assert_int_equal(seen[1], 995);
    return 0;
}

static int app_port(int argc, char **argv)
{
    (void)argc, (void)argv;
    char in = 'p', out = 0;
    OVERLAPPED r = {.hEvent = NULL}, w = {.hEvent = NULL}, *which;
    DWORD n;
    ULONG_PTR key;
    HANDLE h = open_device(OVERLAPPED_FLAG), port = CreateIoCompletionPort(h, NULL, 42, 0);
    assert_true(port != NULL);
    assert_true(CreateIoCompletionPort(h, port, 43, 0) == NULL);
    assert_int_equal(GetLastError(), 87);
    ReadFile(h, &out, 1, NULL, &r);
    assert_true(WriteFile(h, &in, 1, NULL, &w)); /* at once, and still a packet */
    for (int i = 0; i < 2; i++) {
        assert_true(GetQueuedCompletionStatus(port, &n, &key, &which, 0xFFFFFFFF));
        assert_int_equal(key, 42);
        assert_int_equal(n, 1);
        assert_true(which == &r || which == &w);
    }
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &which, 10));
    assert_int_equal(GetLastError(), 258);
    assert_true(which == NULL);
    assert_true(SetFileCompletionNotificationModes(h, 1));
    assert_true(WriteFile(h, &in, 1, NULL, &w));
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &which, 0));
    ReadFile(h, &out, 1, NULL, &r);
    assert_true(CancelIoEx(h, &r));
    assert_false(GetQueuedCompletionStatus(port, &n, &key, &which, 0xFFFFFFFF));
    assert_int_equal(GetLastError(), 995);
    assert_true(which == &r);
    assert_false(CancelIoEx(h, NULL));
    assert_int_equal(GetLastError(), 1168);
    PostQueuedCompletionStatus(port, 7, 8, NULL);
    assert_true(GetQueuedCompletionStatus(port, &n, &key, &which, 0));
    assert_true(n == 7 && key == 8 && !which);
    return 0;
}

static DWORD read_for_ever(void *argument)
{
    char out;
    DWORD n;
    ReadFile((HANDLE)argument, &out, 1, &n, NULL);
    seen[3] = (int)GetLastError();
    return 9;
}

static int app_threads(int argc, char **argv)
{
    (void)argc, (void)argv;
    DWORD code;
    HANDLE h = open_device(0), t = CreateThread(NULL, 0, read_for_ever, h, 0, NULL);
    Sleep(1);
    assert_true(GetExitCodeThread(t, &code));
    assert_int_equal(code, 259);
    assert_true(CancelSynchronousIo(t));
    assert_int_equal(WaitForSingleObject(t, 0xFFFFFFFF), 0);
    assert_true(GetExitCodeThread(t, &code));
    assert_int_equal(code, 9);
    assert_int_equal(seen[3], 995);
    assert_false(CancelSynchronousIo(t));
    HANDLE u = CreateThread(NULL, 0, read_for_ever, h, 4, NULL);
    assert_int_equal(WaitForSingleObject(u, 5), 258);
    assert_int_equal(ResumeThread(u), 1);
    Sleep(1);
    seen[3] = 1;
    assert_true(TerminateThread(u, 77));
    assert_int_equal(WaitForSingleObject(u, 0xFFFFFFFF), 0);
    assert_true(GetExitCodeThread(u, &code));
    assert_int_equal(code, 77);
    assert_int_equal(seen[3], 1); /* no user code ran after the termination */
    return 0;
}

/* The cancel test app's abrupt end: the handle is closed under the readers, then the process exits. */
static DWORD alertable_reader(void *argument)
{
    char out[4];
    OVERLAPPED r = {.hEvent = NULL};
    for (;;) {
        if (!ReadFileEx((HANDLE)argument, out, 4, &r, on_read))
            ExitProcess(1);
        SleepEx(0xFFFFFFFF, TRUE);
    }
}

static int app_abrupt(int argc, char **argv)
{
    (void)argc, (void)argv;
    HANDLE h = open_device(OVERLAPPED_FLAG);
    for (int i = 0; i < 3; i++)
        CreateThread(NULL, 0, alertable_reader, h, 0, NULL);
    Sleep(10);
    assert_int_equal(count(&cleanups), 0);
    CloseHandle(h);
    assert_int_equal(count(&cleanups), 1);
    assert_int_equal(count(&closes), 0);
    return 3;
}

static DWORD take_and_die(void *argument)
{
    WaitForSingleObject(argument, 0xFFFFFFFF);
    return 0;
}

static int app_sync(int argc, char **argv)
{
    (void)argc, (void)argv;
    LONG before;
    HANDLE m = CreateMutexA(NULL, FALSE, "m"), again = CreateMutexA(NULL, FALSE, "m");
    assert_int_equal(GetLastError(), 183);
    CloseHandle(again);
    HANDLE t = CreateThread(NULL, 0, take_and_die, m, 0, NULL);
    WaitForSingleObject(t, 0xFFFFFFFF);
    assert_int_equal(WaitForSingleObject(m, 0xFFFFFFFF), 128);
    assert_int_equal(WaitForSingleObject(m, 0), 0);
    assert_true(ReleaseMutex(m));
    assert_true(ReleaseMutex(m));
    assert_false(ReleaseMutex(m));
    assert_int_equal(GetLastError(), 288);
    HANDLE s = CreateSemaphoreA(NULL, 1, 2, NULL);
    assert_true(ReleaseSemaphore(s, 1, &before));
    assert_int_equal(before, 1);
    assert_false(ReleaseSemaphore(s, 1, NULL));
    assert_int_equal(GetLastError(), 298);
    HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL), all[2] = {e, s}, copy;
    assert_int_equal(WaitForMultipleObjects(2, all, FALSE, 0), 1);
    assert_int_equal(WaitForMultipleObjects(2, all, TRUE, 3), 258);
    assert_true(DuplicateHandle((HANDLE)-1, e, (HANDLE)-1, &copy, 0, FALSE, 2));
    CloseHandle(e);
    assert_true(SetEvent(copy));
    all[0] = copy;
    assert_int_equal(WaitForMultipleObjects(2, all, TRUE, 3), 0);
    assert_int_equal(WaitForSingleObject((HANDLE)0x7777, 0), (DWORD)-1);
    assert_int_equal(GetLastError(), 6);
    assert_int_equal(GetTickCount64(), 3);
    return 0;
}

static struct cs section;
static int inside, entered;

static DWORD enter_often(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; i++) {
        EnterCriticalSection(&section);
        EnterCriticalSection(&section);
        assert_int_equal(inside++, 0);
        Sleep(1);
        inside--;
        entered++;
        LeaveCriticalSection(&section);
        LeaveCriticalSection(&section);
    }
    return 0;
}

static int app_lock(int argc, char **argv)
{
    (void)argc, (void)argv;
    HANDLE t[3];
    InitializeCriticalSection(&section);
    for (int i = 0; i < 3; i++)
        t[i] = CreateThread(NULL, 0, enter_often, NULL, 0, NULL);
    assert_int_equal(WaitForMultipleObjects(3, t, TRUE, 0xFFFFFFFF), 0);
    assert_int_equal(entered, 60);
    return 0;
}

static int app_frees_pending(int argc, char **argv)
{
    (void)argc, (void)argv;
    HANDLE h = open_device(OVERLAPPED_FLAG);
    OVERLAPPED *r = irpfuzz_malloc(sizeof *r);
    *r = (OVERLAPPED){.hEvent = NULL};
    ReadFile(h, seen, 1, NULL, r);
    irpfuzz_free(r);
    return 0;
}

static int app_reuses_pending(int argc, char **argv)
{
    (void)argc, (void)argv;
    HANDLE h = open_device(OVERLAPPED_FLAG);
    OVERLAPPED r = {.hEvent = NULL};
    ReadFile(h, seen, 1, NULL, &r);
    ReadFile(h, seen, 1, NULL, &r);
    return 0;
}

static DWORD engine_thread(void *argument)
{
    shared[1] = open_device(OVERLAPPED_FLAG);
    *(int *)argument = shared[1] != INVALID_HANDLE;
    Sleep(0xFFFFFFFF);
    return 0;
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image image = {"w32test", entry, NULL, 0};

static void run_app(int (*app)(int, char **), uint32_t expected)
{
    static const char *const argv[] = {"app", "x"};
    struct nt_driver *driver;
    uint32_t code = ~0u;
    memset(seen, 0, sizeof seen);
    cleanups = closes = cancels = inside = entered = 0;
    win32_begin();
    assert_int_equal(io_load_driver(&image, &driver), 0);
    struct nt_process *process = process_create("app");
    thread_release(process_run(process, ROLE_APP0, app, 2, argv));
    assert_true(process_wait(process, PROCESS_FOREVER, &code));
    assert_int_equal(code, expected);
    process_release(process);
    sched_settle();
    assert_int_equal(count_inside(&cleanups), count_inside(&closes));
    io_unload_driver(driver);
}

#define APP_LIFE(name, app, code)                       \
    static void name##_body(void) { run_app(app, code); } \
    static void name(void **state)                      \
    {                                                   \
        (void)state;                                    \
        unit_life(name##_body, NULL);                   \
    }

/* RULE W-U-2: Opening a missing device fails with Win32 error 2, a missing right with 5. */
/* RULE W-FIL-22: The exit of a process closes the handles that it has open. */
APP_LIFE(w_u_2_errors_and_w_fil_22_handles, app_errors, 5)
APP_LIFE(w_u_4_overlapped_by_event, app_event, 0)
/* RULE W-U-8: SleepEx returns 192 after an APC, else 0. */
APP_LIFE(w_u_7_overlapped_by_apc, app_apc, 0)
APP_LIFE(w_u_10_completion_port, app_port, 0)
/* RULE W-U-13: Threads end with their I/O cancelled and have exit codes; TerminateThread runs no user code. */
APP_LIFE(w_u_13_threads_and_w_fil_20, app_threads, 0)
APP_LIFE(w_u_12_abrupt_end, app_abrupt, 3)
/* RULE W-U-15: Apps have events, mutexes (abandoned ones too) and semaphores, whose overrun is ERROR_TOO_MANY_POSTS. */
/* RULE W-U-8: Win32 waits return the index, 128 + the index of an abandoned mutex, 258 for a timeout, or -1. */
APP_LIFE(w_u_15_synchronisation_objects, app_sync, 0)
APP_LIFE(w_u_15_critical_section, app_lock, 0)

static void frees_body(void) { run_app(app_frees_pending, 0); }
static void reuses_body(void) { run_app(app_reuses_pending, 0); }

/* RULE W-U-11: Freeing an OVERLAPPED or buffer that is in use is the app's error. */
static void w_u_11_freed_overlapped(void **state)
{
    (void)state;
    unit_expect_bugcheck(frees_body, OWN_APP_ERROR, ~0ull);
}

/* RULE W-U-11: Using an OVERLAPPED again while it is pending is the app's error. */
static void w_u_11_reused_overlapped(void **state)
{
    (void)state;
    unit_expect_bugcheck(reuses_body, OWN_APP_ERROR, ~0ull);
}

/* The engine's way: a thread with a body, terminated from outside; the process has no thread left and is run down by it. */
static void terminate_body(void)
{
    struct nt_driver *driver;
    int opened = 0;
    uint32_t code;
    cleanups = closes = 0;
    win32_begin();
    io_load_driver(&image, &driver);
    struct nt_process *process = process_create("p");
    struct nt_thread *thread = thread_create(process, ROLE_APP0, "app0", engine_thread, &opened);
    sched_settle();
    assert_false(process_wait(process, 0, NULL));
    process_terminate(process, 12);
    assert_true(thread_wait(thread, PROCESS_FOREVER));
    assert_true(process_wait(process, 0, &code));
    assert_int_equal(code, 12);
    assert_int_equal(opened, 1);
    assert_int_equal(count_inside(&cleanups), 1);
    assert_int_equal(count_inside(&closes), 1);
    thread_release(thread);
    process_release(process);
    struct nt_process *empty = process_create("empty");
    process_terminate(empty, 1);
    assert_true(process_ended(empty));
    process_release(empty);
    io_unload_driver(driver);
}

/* RULE W-FIL-22: A terminated process ends its threads, then closes its handles. */
static void w_fil_22_terminated_from_outside(void **state)
{
    (void)state;
    unit_life(terminate_body, NULL);
}

/* The same apps under many schedules. */
static void w_u_any_schedule(void **state)
{
    static void (*const bodies[])(void) = {w_u_4_overlapped_by_event_body, w_u_7_overlapped_by_apc_body, w_u_13_threads_and_w_fil_20_body,
                                           w_u_12_abrupt_end_body, w_u_15_critical_section_body, terminate_body};
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++)
        for (unsigned i = 0; i < RTL_NUMBER_OF(bodies); i++) {
            struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
            unit_life(bodies[i], &chance);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(w_u_2_errors_and_w_fil_22_handles),
        cmocka_unit_test(w_u_4_overlapped_by_event),
        cmocka_unit_test(w_u_7_overlapped_by_apc),
        cmocka_unit_test(w_u_10_completion_port),
        cmocka_unit_test(w_u_13_threads_and_w_fil_20),
        cmocka_unit_test(w_u_12_abrupt_end),
        cmocka_unit_test(w_u_15_synchronisation_objects),
        cmocka_unit_test(w_u_15_critical_section),
        cmocka_unit_test(w_u_11_freed_overlapped),
        cmocka_unit_test(w_u_11_reused_overlapped),
        cmocka_unit_test(w_fil_22_terminated_from_outside),
        cmocka_unit_test(w_u_any_schedule),
    };
    return cmocka_run_group_tests(tests);
}
