/*
 * A WDM driver of two devices, LOW and over it UP, for tests of the I/O manager. What each does with a major function is the test's: it fills in lower[] and
 * upper[]; an empty entry of UP passes the IRP down, one of LOW succeeds. The test's body runs as an app's main thread, outside the gate, so it may call Win32 functions
 * and, as a driver would, DDIs.
 *
 * shown(body) is a life that must end well; reported(body, code, p1) one that must end in that bug check.
 */
#ifndef TESTS_UNIT_TWO_DEVICES_H
#define TESTS_UNIT_TWO_DEVICES_H

#include "unit.h"

#include "nt/image.h"
#include "win32/win32.h"

/* Win32, as apps see it. */
typedef void (*completion_routine)(DWORD error, DWORD bytes, OVERLAPPED *overlapped);
HANDLE CreateFileA(const char *, DWORD, DWORD, void *, DWORD, DWORD, HANDLE);
BOOL ReadFile(HANDLE, void *, DWORD, DWORD *, OVERLAPPED *);
BOOL WriteFile(HANDLE, const void *, DWORD, DWORD *, OVERLAPPED *);
BOOL ReadFileEx(HANDLE, void *, DWORD, OVERLAPPED *, completion_routine);
BOOL DeviceIoControl(HANDLE, DWORD, void *, DWORD, void *, DWORD, DWORD *, OVERLAPPED *);
BOOL GetOverlappedResult(HANDLE, OVERLAPPED *, DWORD *, BOOL);
BOOL CancelIo(HANDLE);
BOOL CancelIoEx(HANDLE, OVERLAPPED *);
BOOL CloseHandle(HANDLE);
BOOL DuplicateHandle(HANDLE, HANDLE, HANDLE, HANDLE *, DWORD, BOOL, DWORD);
HANDLE CreateEventA(void *, BOOL, BOOL, const char *);
BOOL SetEvent(HANDLE);
HANDLE CreateThread(void *, SIZE_T, DWORD (*)(void *), void *, DWORD, DWORD *);
BOOL TerminateThread(HANDLE, DWORD);
void ExitProcess(DWORD);
DWORD GetLastError(void);
void SetLastError(DWORD);
void Sleep(DWORD);
DWORD SleepEx(DWORD, BOOL);
DWORD WaitForSingleObject(HANDLE, DWORD);
HANDLE CreateIoCompletionPort(HANDLE, HANDLE, ULONG_PTR, DWORD);
BOOL GetQueuedCompletionStatus(HANDLE, DWORD *, ULONG_PTR *, OVERLAPPED **, DWORD);
BOOL SetFileCompletionNotificationModes(HANDLE, UCHAR);
void *irpfuzz_malloc(size_t);
void irpfuzz_free(void *);

#define status_of(o) ((NTSTATUS)(o).Internal)

#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)
#define OVERLAPPED_FLAG 0x40000000u
#define FOREVER 0xFFFFFFFFu
#define CODE(function, method, access) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), method, access)

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PDRIVER_DISPATCH upper[IRP_MJ_MAXIMUM_FUNCTION + 1], lower[IRP_MJ_MAXIMUM_FUNCTION + 1];
static PDEVICE_OBJECT low, up;

__attribute__((unused)) static NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, 0); }

static NTSTATUS pass(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(low, irp);
}

static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    PDRIVER_DISPATCH routine = device == up ? upper[major] : lower[major];
    return (routine ? routine : device == up ? pass : succeed)(device, irp);
}

/* What LOW holds until it is told to let go, oldest first. */
static KSPIN_LOCK held_lock;
static PIRP held[8];
static unsigned held_count;

__attribute__((unused)) static NTSTATUS hold(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL irql;
    IoMarkIrpPending(irp);
    KeAcquireSpinLock(&held_lock, &irql);
    held[held_count++] = irp;
    KeReleaseSpinLock(&held_lock, irql);
    return STATUS_PENDING;
}

__attribute__((unused)) static void let_go(NTSTATUS status, ULONG_PTR information)
{
    KIRQL irql;
    KeAcquireSpinLock(&held_lock, &irql);
    PIRP irp = held[0];
    held_count--;
    for (unsigned i = 0; i < held_count; i++)
        held[i] = held[i + 1];
    KeReleaseSpinLock(&held_lock, irql);
    complete(irp, status, information);
}

/* The same from a DPC, some milliseconds later. */
static struct { KTIMER timer; KDPC dpc; NTSTATUS status; ULONG_PTR information; } timed;

/* The clock may be faster than the dispatch routine that has yet to hold the IRP. */
static VOID let_go_timed(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LARGE_INTEGER soon = {.QuadPart = -10000};
    KIRQL irql;
    KeAcquireSpinLock(&held_lock, &irql);
    bool any = held_count != 0;
    KeReleaseSpinLock(&held_lock, irql);
    if (any)
        let_go(timed.status, timed.information);
    else
        KeSetTimer(&timed.timer, soon, &timed.dpc);
}

__attribute__((unused)) static void let_go_later(ULONG milliseconds, NTSTATUS status, ULONG_PTR information)
{
    LARGE_INTEGER due = {.QuadPart = -10000ll * milliseconds};
    timed.status = status;
    timed.information = information;
    KeInitializeTimer(&timed.timer);
    KeInitializeDpc(&timed.dpc, let_go_timed, NULL);
    KeSetTimer(&timed.timer, due, &timed.dpc);
}

/* What the test wants done first. */
static VOID (*at_unload)(VOID);

static VOID two_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;
    if (at_unload)
        at_unload();
    RtlInitUnicodeString(&link, L"\\DosDevices\\TWO");
    IoDeleteSymbolicLink(&link);
    IoDetachDevice(low);
    IoDeleteDevice(up);
    IoDeleteDevice(low);
}

static int two_entry(void *driver_object, void *path)
{
    PDRIVER_OBJECT driver = driver_object;
    UNICODE_STRING name, link;
    RtlInitUnicodeString(&name, L"\\Device\\LOW");
    RtlInitUnicodeString(&link, L"\\DosDevices\\TWO");
    driver->DriverUnload = two_unload;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    IoCreateDevice(driver, 64, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &low);
    IoCreateDevice(driver, 64, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &up);
    low->Flags |= DO_BUFFERED_IO;
    low->Flags &= ~DO_DEVICE_INITIALIZING;
    IoAttachDeviceToDeviceStack(up, low);
    up->Flags |= DO_BUFFERED_IO;
    return IoCreateSymbolicLink(&link, &name);
}

static HANDLE open_two(DWORD flags) { return CreateFileA("\\\\.\\TWO", READ_WRITE, 3, NULL, 3, flags, NULL); }

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image two_image = {.name = "two", .entry = two_entry};
__attribute__((section("drv_images"), used)) static const struct driver_image *const two_registration = &two_image;

static void (*two_body)(void);
static const struct chance *two_chance;

static int two_app(int argc, char **argv)
{
    two_body();
    return 0;
}

static void two_life(void)
{
    static const char *const argv[] = {"app"};
    struct nt_driver *driver;
    uint32_t code = ~0u;
    held_count = 0; /* a life that ended in a bug check leaves what it held */
    win32_begin();
    assert_int_equal(io_load_driver(&two_image, &driver), STATUS_SUCCESS);
    struct nt_process *process = process_create("app");
    thread_release(process_run(process, ROLE_APP0, two_app, 1, argv));
    assert_true(process_wait(process, PROCESS_FOREVER, &code));
    process_release(process);
    sched_settle();
    io_unload_driver(driver);
}

static void shown(void (*body)(void))
{
    two_body = body;
    unit_life(two_life, two_chance);
}

__attribute__((unused)) static void two_reported(void (*body)(void), const char *name, uint32_t code, uint64_t p1)
{
    two_body = body;
    unit_expecting = name;
    unit_expect_bugcheck_by(two_life, two_chance, code, p1);
}
#define reported(body, code, p1) two_reported(body, #body, code, p1)

/* The same under many schedules. */
__attribute__((unused)) static void shown_in_any_order(void (*body)(void), unsigned lives)
{
    for (uint64_t seed = 1; seed <= lives; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
        two_chance = &chance;
        shown(body);
    }
    two_chance = NULL;
}

/* An app reads four bytes from the upper device. */
static inline void read_four(void)
{
    DWORD n;
    char buffer[16];
    HANDLE h = open_two(0);
    ReadFile(h, buffer, 4, &n, NULL);
    CloseHandle(h);
}

/* The body of a life in which that read is the routine's. */
#define READ_UP(name, routine)              \
    static void name(void)                  \
    {                                       \
        upper[IRP_MJ_READ] = routine;       \
        read_four();                        \
    }

#endif
