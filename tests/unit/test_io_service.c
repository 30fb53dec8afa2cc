/* Loading and unloading through the service functions, and who may open a device that has a security descriptor: W-DRV-5, W-DRV-11, W-FIL-1, W-SEC-1. */
#include "two_devices.h"

#include <wdmsec.h>

typedef struct { DWORD type, state, controls, exit_code, specific, checkpoint, hint; } SERVICE_STATUS;
void *OpenSCManagerA(const char *, const char *, DWORD);
void *CreateServiceA(void *, const char *, const char *, DWORD, DWORD, DWORD, DWORD, const char *, const char *, DWORD *, const char *, const char *,
                     const char *);
void *OpenServiceA(void *, const char *, DWORD);
BOOL StartServiceA(void *, DWORD, const char **);
BOOL ControlService(void *, DWORD, SERVICE_STATUS *);
BOOL QueryServiceStatus(void *, SERVICE_STATUS *);
BOOL DeleteService(void *);
BOOL CloseServiceHandle(void *);

enum { STOPPED = 1, STOP_PENDING = 3, RUNNING = 4 };

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static unsigned entries;
static LONG volatile unload_count;
#define unloads InterlockedCompareExchange(&unload_count, 0, 0)
static bool no_unload, fail_entry;
static UNICODE_STRING sddl;
static ULONG characteristics;
static NTSTATUS created;

static NTSTATUS answer(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, 0); }

static VOID solo_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;
    InterlockedIncrement(&unload_count);
    RtlInitUnicodeString(&link, L"\\DosDevices\\SOLO");
    IoDeleteSymbolicLink(&link);
    if (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

/* A device that goes when an app says so, and keeps its file. */
static NTSTATUS delete_device(PDEVICE_OBJECT device, PIRP irp)
{
    IoDeleteDevice(device);
    return complete(irp, STATUS_SUCCESS, 0);
}

static int solo_entry(void *driver_object, void *path)
{
    PDRIVER_OBJECT driver = driver_object;
    PDEVICE_OBJECT device;
    UNICODE_STRING name, link;
    entries++;
    if (fail_entry)
        return STATUS_NO_SUCH_DEVICE;
    RtlInitUnicodeString(&name, L"\\Device\\SOLO");
    RtlInitUnicodeString(&link, L"\\DosDevices\\SOLO");
    driver->DriverUnload = no_unload ? NULL : solo_unload;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = driver->MajorFunction[IRP_MJ_CLEANUP] = answer;
    driver->MajorFunction[IRP_MJ_READ] = answer;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = delete_device;
    created = sddl.Length ? IoCreateDeviceSecure(driver, 0, &name, FILE_DEVICE_UNKNOWN, characteristics, FALSE, &sddl, NULL, &device)
                          : IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, characteristics, FALSE, &device);
    if (!NT_SUCCESS(created))
        return created;
    return IoCreateSymbolicLink(&link, &name);
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image solo_image = {.name = "solo", .entry = solo_entry};
__attribute__((section("drv_images"), used)) static const struct driver_image *const solo_registration = &solo_image;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static void *solo_service(void) { return CreateServiceA(OpenSCManagerA(NULL, NULL, 0), "solo", "solo", 0, 1, 3, 1, "C:\\solo.sys", NULL, NULL, NULL, NULL, NULL); }
static HANDLE open_solo(void) { return CreateFileA("\\\\.\\SOLO", READ_WRITE, 3, NULL, 3, 0, NULL); }

static DWORD state_of(void *service)
{
    SERVICE_STATUS status = {0};
    QueryServiceStatus(service, &status);
    return status.state;
}

/* ---- Load, unload ---- */

static void started_and_stopped(void)
{
    SERVICE_STATUS status;
    void *service = solo_service();
    assert_true(state_of(service) == STOPPED && open_solo() == INVALID_HANDLE && GetLastError() == 2);
    assert_true(StartServiceA(service, 0, NULL) && state_of(service) == RUNNING && entries == 1);
    assert_true(!StartServiceA(service, 0, NULL) && GetLastError() == 1056);
    HANDLE h = open_solo();
    assert_true(h != INVALID_HANDLE);
    CloseHandle(h);
    assert_true(ControlService(service, 1, &status) && status.state == STOPPED && unloads == 1);
    assert_true(!ControlService(service, 1, &status) && GetLastError() == 1062);
    assert_true(StartServiceA(service, 0, NULL) && state_of(service) == RUNNING); /* and once more in one life */
    assert_true(ControlService(service, 1, &status) && status.state == STOPPED);
    assert_true(DeleteService(service) && CloseServiceHandle(service));
    assert_true(OpenServiceA(OpenSCManagerA(NULL, NULL, 0), "solo", 0) == NULL && GetLastError() == 1060);
}

static void stopped_while_open(void)
{
    SERVICE_STATUS status;
    DWORD n;
    char data[4];
    void *service = solo_service();
    StartServiceA(service, 0, NULL);
    HANDLE h = open_solo(), second = open_solo();
    assert_true(ControlService(service, 1, &status) && status.state == STOP_PENDING && unloads == 0);
    assert_true(!ControlService(service, 1, &status) && GetLastError() == 1061);
    assert_true(!StartServiceA(service, 0, NULL) && GetLastError() == 1056);
    assert_true(open_solo() == INVALID_HANDLE); /* no such device any more */
    assert_true(ReadFile(h, data, 0, &n, NULL)); /* what is open works on */
    CloseHandle(h);
    Sleep(1);
    assert_true(unloads == 0 && state_of(service) == STOP_PENDING);
    CloseHandle(second);
    Sleep(1);
    assert_true(unloads == 1 && state_of(service) == STOPPED);
    assert_true(StartServiceA(service, 0, NULL) && ControlService(service, 1, &status) && status.state == STOPPED);
}

/* Its device is deleted, and still its code is needed: for the file. */
static void stopped_while_a_deleted_device_is_open(void)
{
    SERVICE_STATUS status;
    DWORD n;
    void *service = solo_service();
    StartServiceA(service, 0, NULL);
    HANDLE h = open_solo();
    assert_true(DeviceIoControl(h, CODE(0, METHOD_BUFFERED, FILE_ANY_ACCESS), NULL, 0, NULL, 0, &n, NULL));
    assert_true(ControlService(service, 1, &status) && status.state == STOP_PENDING && unloads == 0);
    CloseHandle(h);
    Sleep(1);
    assert_true(unloads == 1 && state_of(service) == STOPPED);
}

/* The process ends with the handle open and the driver told to go: testapp's abrupt way out. */
static VOID unloaded_once(VOID) { assert_int_equal(unloads, 1); }
static void stopped_and_exited(void)
{
    at_unload = unloaded_once;
    void *service = solo_service();
    StartServiceA(service, 0, NULL);
    open_solo();
    ControlService(service, 1, NULL);
    DeleteService(service);
    ExitProcess(0);
}

/* Two starts, then two stops, side by side: one of each takes effect. */
static LONG volatile done_by_threads;
static DWORD start_it(void *service)
{
    BOOL done = StartServiceA(service, 0, NULL);
    InterlockedExchangeAdd(&done_by_threads, done);
    return 0;
}
static DWORD stop_it(void *service)
{
    SERVICE_STATUS status;
    BOOL done = ControlService(service, 1, &status);
    InterlockedExchangeAdd(&done_by_threads, done);
    return 0;
}
static void one_at_a_time(void)
{
    void *service = solo_service();
    for (unsigned i = 0; i < 2; i++) {
        HANDLE threads[2];
        done_by_threads = 0;
        for (unsigned k = 0; k < 2; k++)
            threads[k] = CreateThread(NULL, 0, i ? stop_it : start_it, service, 0, NULL);
        for (unsigned k = 0; k < 2; k++)
            WaitForSingleObject(threads[k], 0xFFFFFFFF);
        assert_true(done_by_threads == 1 && state_of(service) == (i ? STOPPED : RUNNING) && entries == 1 && unloads == i);
    }
}

static void not_unloadable(void)
{
    no_unload = true;
    void *service = solo_service();
    StartServiceA(service, 0, NULL);
    assert_true(!ControlService(service, 1, NULL) && GetLastError() == 1052 && state_of(service) == RUNNING);
    HANDLE h = open_solo();
    assert_true(h != INVALID_HANDLE); /* it works on */
    CloseHandle(h);
}

static void entry_fails(void)
{
    fail_entry = true;
    void *service = solo_service();
    assert_true(!StartServiceA(service, 0, NULL) && entries == 1 && unloads == 0 && state_of(service) == STOPPED);
}

/* ---- Security ---- */

static bool may_open(const WCHAR *text, const char *name, DWORD access)
{
    SERVICE_STATUS status;
    RtlInitUnicodeString(&sddl, text);
    void *service = solo_service();
    if (!service)
        service = OpenServiceA(OpenSCManagerA(NULL, NULL, 0), "solo", 0);
    StartServiceA(service, 0, NULL);
    assert_int_equal(created, STATUS_SUCCESS);
    HANDLE h = CreateFileA(name, access, 3, NULL, 3, 0, NULL);
    bool open = h != INVALID_HANDLE;
    assert_true(open || GetLastError() == 5);
    if (open)
        CloseHandle(h);
    ControlService(service, 1, &status);
    assert_int_equal(status.state, STOPPED);
    return open;
}
#define may_use(text, access) may_open(text, "\\\\.\\SOLO", access)

static const WCHAR system_and_administrators[] = L"D:P(A;;GA;;;SY)(A;;GA;;;BA)";
static const WCHAR world_reads[] = L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)";

static void as_administrator(void)
{
    assert_true(may_use(system_and_administrators, READ_WRITE));
    assert_true(may_use(world_reads, READ_WRITE));
    assert_false(may_use(L"D:P", GENERIC_READ));
    assert_false(may_use(L"D:P(A;;GA;;;SY)", GENERIC_READ));
    assert_true(may_use(L"D:P(A;;0x10000000;;;S-1-5-32-544)", READ_WRITE));
    assert_true(may_use(L"D:P(A;;GR;;;S-1-5-21-1-2-3-500)(A;;GA;;;WD)", READ_WRITE));
    assert_false(may_use(L"D:(A;;GA;;;S-1-5-21-1-2-3-500)(A;;GR;;;WD)", READ_WRITE));
    assert_true(may_use(L"", READ_WRITE)); /* IoCreateDevice: everybody */
}

static void as_user(void)
{
    process_set_administrator(process_current(), false);
    assert_false(may_use(system_and_administrators, GENERIC_READ));
    assert_true(may_use(world_reads, GENERIC_READ));
    assert_false(may_use(world_reads, READ_WRITE));
    assert_true(may_use(L"D:P(A;;FRFW;;;BU)", READ_WRITE));
    assert_true(may_use(L"", READ_WRITE));
    /* What lies behind the device's name is the driver's to judge, unless it says otherwise. */
    assert_true(may_open(system_and_administrators, "\\\\.\\SOLO\\x", GENERIC_READ));
    characteristics = FILE_DEVICE_SECURE_OPEN;
    assert_false(may_open(system_and_administrators, "\\\\.\\SOLO\\x", GENERIC_READ));
}

static void bad_descriptors(void)
{
    static const WCHAR *const bad[] = {L"X", L"O:BAD:P", L"D:P(A;;GA;;;SY", L"D:P(A;;GA;;;XX)", L"D:P(A;;QQ;;;SY)", L"D:P(D;;GA;;;SY)", L"D:P(A;;GA;SY)",
                                       L"D:P(A;;0x;;;SY)", L"D:P(A;;GA;;;S-1-)", L"D:P)"};
    UNICODE_STRING name, text;
    PDEVICE_OBJECT device;
    RtlInitUnicodeString(&name, L"\\Device\\MORE");
    for (unsigned i = 0; i < ARRAYSIZE(bad); i++) {
        RtlInitUnicodeString(&text, bad[i]);
        assert_int_equal(IoCreateDeviceSecure(low->DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &text, NULL, &device), STATUS_INVALID_PARAMETER);
        assert_true(device == NULL);
    }
    assert_int_equal(IoCreateDeviceSecure(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &device),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoCreateDeviceSecure(low->DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &device),
                     STATUS_SUCCESS);
    IoDeleteDevice(device);
}

/* A driver opens in nobody's name. */
static NTSTATUS opened_by_driver;
static NTSTATUS open_from_driver(PDEVICE_OBJECT device, PIRP irp)
{
    UNICODE_STRING name;
    PFILE_OBJECT other;
    PDEVICE_OBJECT top;
    RtlInitUnicodeString(&name, L"\\Device\\SOLO");
    opened_by_driver = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &other, &top);
    if (NT_SUCCESS(opened_by_driver))
        ObDereferenceObject(other);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void opened_in_nobodys_name(void)
{
    process_set_administrator(process_current(), false);
    RtlInitUnicodeString(&sddl, L"D:P");
    void *service = solo_service();
    StartServiceA(service, 0, NULL);
    lower[IRP_MJ_READ] = open_from_driver;
    read_four();
    assert_int_equal(opened_by_driver, STATUS_SUCCESS);
    ControlService(service, 1, NULL);
}

static PEPROCESS of_app, of_work;
static KEVENT worked;
static VOID look(PDEVICE_OBJECT device, PVOID context)
{
    of_work = IoGetCurrentProcess();
    IoFreeWorkItem(context);
    KeSetEvent(&worked, 0, FALSE);
}
static NTSTATUS look_around(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    of_app = IoGetCurrentProcess();
    assert_true(PsGetCurrentProcess() == of_app && IoGetRequestorProcess(irp) == of_app && PsGetCurrentThread() == irp->Tail.Overlay.Thread);
    assert_true((ULONG_PTR)PsGetCurrentProcessId() == IoGetRequestorProcessId(irp));
    KeInitializeEvent(&worked, NotificationEvent, FALSE);
    IoQueueWorkItem(item, look, DelayedWorkQueue, item);
    KeWaitForSingleObject(&worked, Executive, KernelMode, FALSE, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void processes(void)
{
    lower[IRP_MJ_READ] = look_around;
    read_four();
    assert_true(of_app && of_work && of_app != of_work && of_work == PsInitialSystemProcess);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-DRV-5: A service's stop unloads its driver; while a device is open that waits for the last handle, and further opens fail. */
/* RULE W-DRV-6: A device that was deleted while it is open keeps its driver until the file is closed. */
/* RULE W-U-17: A stop that has to wait is SERVICE_STOP_PENDING, and the service can be started again when it is over. */
static void W_DRV_5_unload(void **state)
{
    shown(started_and_stopped);
    shown(stopped_while_open);
    shown(stopped_and_exited);
    shown(stopped_while_a_deleted_device_is_open);
    shown_in_any_order(stopped_and_exited, 30);
    shown(not_unloadable);
    shown_in_any_order(one_at_a_time, 30);
}

/* RULE W-DRV-2: A driver whose DriverEntry fails is gone without DriverUnload. */
static void W_DRV_2_entry_fails(void **state) { shown(entry_fails); }

/* RULE W-DRV-11: The device's descriptor decides about opens of the device, with FILE_DEVICE_SECURE_OPEN of what is behind its name too. */
/* RULE W-SEC-2: An SDDL is a DACL of entries that allow; anything else is refused with STATUS_INVALID_PARAMETER. */
/* RULE W-SEC-1: IoCreateDeviceSecure gives a named device the descriptor that its SDDL says; an open without the right is STATUS_ACCESS_DENIED. */
static void W_SEC_1_descriptors(void **state)
{
    shown(as_administrator);
    shown(as_user);
    shown(bad_descriptors);
    shown(opened_in_nobodys_name);
}

/* RULE W-SEC-4: The current process is the caller's in a dispatch routine, the system's in a work item. */
static void W_SEC_4_processes(void **state) { shown(processes); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DRV_5_unload), cmocka_unit_test(W_DRV_2_entry_fails), cmocka_unit_test(W_SEC_1_descriptors), cmocka_unit_test(W_SEC_4_processes),
    };
    return cmocka_run_group_tests(tests);
}
