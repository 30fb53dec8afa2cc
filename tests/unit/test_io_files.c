/* File objects: create, cleanup, close, cancellation by file and thread, chapter 4.10 (W-FIL). */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int creates, cleanups;
static LONG volatile closes, running, most_running;
static LONG now(LONG volatile *counter) { return InterlockedCompareExchange(counter, 0, 0); }
static NTSTATUS create_status;
static struct {
    ULONG options;
    USHORT share;
    ACCESS_MASK access;
    WCHAR name[16];
    USHORT name_length;
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;
} seen;
static char data[8];
static DWORD n;

static NTSTATUS note_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    creates++;
    seen.options = location->Parameters.Create.Options;
    seen.share = location->Parameters.Create.ShareAccess;
    seen.access = location->Parameters.Create.SecurityContext->DesiredAccess;
    seen.file = location->FileObject;
    seen.device = location->FileObject->DeviceObject;
    seen.name_length = location->FileObject->FileName.Length;
    for (unsigned i = 0; i < seen.name_length / 2u && i < 16; i++)
        seen.name[i] = location->FileObject->FileName.Buffer[i];
    location->FileObject->FsContext = &seen;
    return NT_SUCCESS(create_status) ? pass(device, irp) : complete(irp, create_status, 0);
}

static NTSTATUS note_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    cleanups++;
    assert_true(IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext == &seen);
    return pass(device, irp);
}

static NTSTATUS note_close(PDEVICE_OBJECT device, PIRP irp)
{
    InterlockedIncrement(&closes);
    assert_true(IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext == &seen);
    return pass(device, irp);
}

static HANDLE open_with(const char *path, DWORD access, DWORD share, DWORD disposition, DWORD flags)
{
    upper[IRP_MJ_CREATE] = note_create;
    upper[IRP_MJ_CLEANUP] = note_cleanup;
    upper[IRP_MJ_CLOSE] = note_close;
    return CreateFileA(path, access, share, NULL, disposition, flags, NULL);
}

static HANDLE open_noted(DWORD flags) { return open_with("\\\\.\\TWO", READ_WRITE, 3, 3, flags); }

static void parameters(void)
{
    HANDLE h = open_with("\\\\.\\TWO\\ab\\c", GENERIC_READ, 5, 4, OVERLAPPED_FLAG);
    assert_true(h != INVALID_HANDLE);
    assert_int_equal(seen.options >> 24, FILE_OPEN_IF);
    assert_int_equal(seen.options & 0xFFFFFF, FILE_NON_DIRECTORY_FILE);
    assert_int_equal(seen.share, 5);
    assert_true((seen.access & (FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE)) == (FILE_READ_DATA | SYNCHRONIZE));
    assert_true(seen.name_length == 10 && seen.name[0] == '\\' && seen.name[1] == 'a' && seen.name[4] == 'c');
    assert_true(seen.device == low); /* the named device's, though the top of its stack was asked */
    CloseHandle(h);
    h = open_with("\\\\.\\TWO", READ_WRITE, 0, 1, 0);
    assert_int_equal(seen.options >> 24, FILE_CREATE);
    assert_true(seen.options & FILE_SYNCHRONOUS_IO_NONALERT);
    assert_int_equal(seen.name_length, 0);
    CloseHandle(h);
}

static void refusals(void)
{
    low->Flags |= DO_DEVICE_INITIALIZING;
    assert_true(open_noted(0) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 433);
    low->Flags &= ~DO_DEVICE_INITIALIZING;
    low->Flags |= DO_EXCLUSIVE;
    HANDLE h = open_noted(0);
    assert_true(h != INVALID_HANDLE);
    assert_true(open_noted(0) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 5);
    CloseHandle(h);
    Sleep(1);
    h = open_noted(0);
    assert_true(h != INVALID_HANDLE);
    CloseHandle(h);
    assert_true(CreateFileA("\\\\.\\NOSUCH", READ_WRITE, 0, NULL, 3, 0, NULL) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 2);
}

/* The create is waited for, whatever the handle. */
static void pended_create(void)
{
    lower[IRP_MJ_CREATE] = hold;
    let_go_later(5, STATUS_SUCCESS, FILE_OPENED);
    HANDLE h = open_two(OVERLAPPED_FLAG);
    assert_true(h != INVALID_HANDLE);
    lower[IRP_MJ_CREATE] = NULL;
    CloseHandle(h);
}

static void failed_create(void)
{
    create_status = STATUS_INVALID_DEVICE_STATE;
    assert_true(open_noted(0) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 22);
    Sleep(1);
    assert_true(creates == 1 && cleanups == 0 && now(&closes) == 0);
}

static SHARE_ACCESS share;

static NTSTATUS sharing_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ACCESS_MASK access = location->Parameters.Create.SecurityContext->DesiredAccess;
    NTSTATUS status = STATUS_SUCCESS;
    if (creates++ == 0)
        IoSetShareAccess(access, location->Parameters.Create.ShareAccess, location->FileObject, &share);
    else
        status = IoCheckShareAccess(access, location->Parameters.Create.ShareAccess, location->FileObject, &share, TRUE);
    return complete(irp, status, 0);
}

static NTSTATUS sharing_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    IoRemoveShareAccess(IoGetCurrentIrpStackLocation(irp)->FileObject, &share);
    return complete(irp, STATUS_SUCCESS, 0);
}

static void sharing(void)
{
    upper[IRP_MJ_CREATE] = sharing_create;
    upper[IRP_MJ_CLEANUP] = sharing_cleanup;
    HANDLE h = CreateFileA("\\\\.\\TWO", GENERIC_READ, 1, NULL, 3, 0, NULL), other;
    assert_true(CreateFileA("\\\\.\\TWO", GENERIC_WRITE, 3, NULL, 3, 0, NULL) == INVALID_HANDLE);
    assert_int_equal(GetLastError(), 32);
    other = CreateFileA("\\\\.\\TWO", GENERIC_READ, 1, NULL, 3, 0, NULL);
    assert_true(other != INVALID_HANDLE);
    CloseHandle(h);
    CloseHandle(other);
    h = CreateFileA("\\\\.\\TWO", GENERIC_WRITE, 3, NULL, 3, 0, NULL);
    assert_true(h != INVALID_HANDLE);
    CloseHandle(h);
}

/* ---- W-FIL-5 ---- */

static NTSTATUS slow(PDEVICE_OBJECT device, PIRP irp)
{
    LARGE_INTEGER interval = {.QuadPart = -10000};
    LONG count = InterlockedIncrement(&running);
    if (count > now(&most_running))
        InterlockedExchange(&most_running, count);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    InterlockedDecrement(&running);
    return complete(irp, STATUS_SUCCESS, 0);
}

static DWORD read_once(void *file)
{
    char own[4];
    DWORD count;
    OVERLAPPED o = {0};
    ReadFile(file, own, 4, &count, &o);
    return 0;
}

static void read_by_two(DWORD flags)
{
    InterlockedExchange(&most_running, 0);
    lower[IRP_MJ_READ] = slow;
    HANDLE h = open_two(flags), t[2];
    for (unsigned i = 0; i < 2; i++)
        t[i] = CreateThread(NULL, 0, read_once, h, 0, NULL);
    for (unsigned i = 0; i < 2; i++)
        WaitForSingleObject(t[i], FOREVER);
    CloseHandle(h);
}

static void serialised(void)
{
    read_by_two(0);
    assert_int_equal(now(&most_running), 1);
    read_by_two(OVERLAPPED_FLAG);
    assert_int_equal(now(&most_running), 2);
}

static void asynchronous_wants_overlapped(void)
{
    HANDLE h = open_noted(OVERLAPPED_FLAG);
    assert_false(ReadFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 87);
    CloseHandle(h);
}

/* ---- W-FIL-6, 7, 8 ---- */

static void cleanup_and_close(void)
{
    HANDLE h = open_noted(OVERLAPPED_FLAG), copy;
    OVERLAPPED o = {0};
    assert_true(DuplicateHandle((HANDLE)-1, h, (HANDLE)-1, &copy, 0, FALSE, 2));
    assert_int_equal(creates, 1);
    lower[IRP_MJ_READ] = hold;
    ReadFile(h, data, 4, NULL, &o);
    CloseHandle(h);
    assert_int_equal(cleanups, 0);
    CloseHandle(copy);
    assert_int_equal(cleanups, 1);
    Sleep(1);
    assert_int_equal(now(&closes), 0); /* the IRP still holds the file object */
    let_go(STATUS_CANCELLED, 0);
    Sleep(1);
    assert_int_equal(now(&closes), 1);
    assert_int_equal(cleanups, 1);
}

static NTSTATUS fails(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_DELETE_PENDING, 0); }

static void failing_cleanup(void)
{
    lower[IRP_MJ_CLEANUP] = fails;
    CloseHandle(open_two(0));
}

static void failing_close(void)
{
    lower[IRP_MJ_CLOSE] = fails;
    CloseHandle(open_two(0));
    Sleep(1);
}

/* ---- W-FIL-10 ---- */

static void access_checks(void)
{
    lower[IRP_MJ_READ] = lower[IRP_MJ_WRITE] = lower[IRP_MJ_DEVICE_CONTROL] = succeed;
    HANDLE reader = open_with("\\\\.\\TWO", GENERIC_READ, 3, 3, 0), writer = open_with("\\\\.\\TWO", GENERIC_WRITE, 3, 3, 0),
           none = open_with("\\\\.\\TWO", 0, 3, 3, 0);
    assert_true(ReadFile(reader, data, 4, &n, NULL));
    assert_false(WriteFile(reader, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 5);
    assert_false(ReadFile(writer, data, 4, &n, NULL));
    assert_true(WriteFile(writer, data, 4, &n, NULL));
    assert_true(DeviceIoControl(none, CODE(1, METHOD_BUFFERED, 0), NULL, 0, NULL, 0, &n, NULL));
    assert_false(DeviceIoControl(none, CODE(1, METHOD_BUFFERED, 1), NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), 5);
    assert_true(DeviceIoControl(reader, CODE(1, METHOD_BUFFERED, 1), NULL, 0, NULL, 0, &n, NULL));
    assert_false(DeviceIoControl(reader, CODE(1, METHOD_BUFFERED, 2), NULL, 0, NULL, 0, &n, NULL));
    assert_false(DeviceIoControl(writer, CODE(1, METHOD_BUFFERED, 3), NULL, 0, NULL, 0, &n, NULL));
    CloseHandle(reader);
    CloseHandle(writer);
    CloseHandle(none);
}

/* ---- W-FIL-20, 21 ---- */

static VOID cancel_held(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    creates++;
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS hold_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_held);
    return STATUS_PENDING;
}

static OVERLAPPED others;

static DWORD issue_and_wait(void *file)
{
    ReadFile(file, data, 4, NULL, &others);
    SleepEx(FOREVER, TRUE);
    return 0;
}

static DWORD issue_and_end(void *file)
{
    ReadFile(file, data, 4, NULL, &others);
    return 0;
}

static void cancel_by_thread_and_file(void)
{
    OVERLAPPED a = {0}, b = {0};
    lower[IRP_MJ_READ] = hold_cancelable;
    HANDLE h = open_two(OVERLAPPED_FLAG), t = CreateThread(NULL, 0, issue_and_wait, h, 0, NULL);
    Sleep(1);
    ReadFile(h, data, 4, NULL, &a);
    ReadFile(h, data, 4, NULL, &b);
    assert_true(CancelIoEx(h, &b)); /* one of them */
    assert_int_equal(creates, 1);
    assert_int_equal(status_of(b), STATUS_CANCELLED);
    assert_int_equal(status_of(a), STATUS_PENDING);
    assert_true(CancelIo(h)); /* those of this thread */
    assert_int_equal(creates, 2);
    assert_int_equal(status_of(a), STATUS_CANCELLED);
    assert_int_equal(status_of(others), STATUS_PENDING);
    assert_true(CancelIo(h)); /* nothing left is no error */
    assert_true(CancelIoEx(h, NULL)); /* those of the process */
    assert_int_equal(creates, 3);
    assert_false(CancelIoEx(h, NULL));
    assert_int_equal(GetLastError(), 1168);
    TerminateThread(t, 0);
    WaitForSingleObject(t, FOREVER);
    CloseHandle(h);
}

static void thread_rundown(void)
{
    lower[IRP_MJ_READ] = hold_cancelable;
    HANDLE h = open_two(OVERLAPPED_FLAG), t = CreateThread(NULL, 0, issue_and_end, h, 0, NULL);
    WaitForSingleObject(t, FOREVER);
    assert_int_equal(creates, 1); /* cancelled and waited for before the thread's handle is signalled */
    CloseHandle(h);
}

static void thread_never_ends(void)
{
    lower[IRP_MJ_READ] = hold;
    HANDLE h = open_two(OVERLAPPED_FLAG), t = CreateThread(NULL, 0, issue_and_end, h, 0, NULL);
    WaitForSingleObject(t, FOREVER);
}

/* A thread that waits for the file lock, or for a request that nobody ends, ends when it is terminated. */
static DWORD read_synchronously(void *file)
{
    char own[4];
    DWORD count;
    ReadFile(file, own, 4, &count, NULL);
    return 0;
}

static void terminated_in_a_call(void)
{
    lower[IRP_MJ_READ] = hold_cancelable;
    HANDLE h = open_two(0), first = CreateThread(NULL, 0, read_synchronously, h, 0, NULL), second;
    Sleep(1);
    second = CreateThread(NULL, 0, read_synchronously, h, 0, NULL);
    Sleep(1);
    TerminateThread(second, 1); /* it waits for the lock */
    assert_int_equal(WaitForSingleObject(second, 1000), 0);
    assert_int_equal(WaitForSingleObject(first, 0), 258);
    TerminateThread(first, 1);
    assert_int_equal(WaitForSingleObject(first, 1000), 0);
    CloseHandle(h);
}

#pragma clang section text = "" data = "" bss = ""

static BOOLEAN synchronous;
static NTSTATUS note_synchronous(PDEVICE_OBJECT device, PIRP irp)
{
    synchronous = IoIsOperationSynchronous(irp);
    return complete(irp, STATUS_SUCCESS, 0);
}

static void asked_whether_synchronous(void)
{
    OVERLAPPED o = {0};
    upper[IRP_MJ_READ] = note_synchronous;
    HANDLE h = open_two(0);
    assert_true(ReadFile(h, data, 4, &n, NULL) && synchronous);
    CloseHandle(h);
    h = open_two(OVERLAPPED_FLAG);
    assert_true(ReadFile(h, data, 4, &n, &o) && !synchronous);
    CloseHandle(h);
}

/* IoIsOperationSynchronous tells a file that waits for its requests from an overlapped one. */
static void synchronous_operations(void **state) { shown(asked_whether_synchronous); }

/* RULE W-FIL-1: An open fails for a device that is not ready, or exclusive and open; its CREATE goes to the top of the stack and is waited for. */
static void W_FIL_1_opens(void **state)
{
    shown(refusals);
    shown(pended_create);
}

/* RULE W-FIL-2: Disposition, options, share, access and the rest of the path arrive with the CREATE. */
/* RULE W-U-1: CreateFile maps dispositions, access and flags to the kernel's. */
static void W_FIL_2_parameters(void **state) { shown(parameters); }

/* RULE W-FIL-3: A failed CREATE gets neither CLEANUP nor CLOSE. */
static void W_FIL_3_failed_create(void **state) { shown(failed_create); }

/* RULE W-FIL-4: FsContext belongs to the driver, and share access is kept by IoCheckShareAccess and its kin. */
static void W_FIL_4_share_access(void **state) { shown(sharing); }

/* RULE W-FIL-5: Requests on a synchronous file are serialised, on others not; an asynchronous request gives its place in the file itself. */
static void W_FIL_5_synchronous_files(void **state)
{
    shown(serialised);
    shown(asynchronous_wants_overlapped);
}

/* RULE W-OBJ-3: The last reference of an object runs what ends it, as the CLOSE of a file. */
/* RULE W-FIL-6: A file gets one CLEANUP with its last handle and one CLOSE with its last reference, which an IRP holds too. */
/* RULE W-FIL-8: DuplicateHandle makes a handle to the same file object, without CREATE. */
static void W_FIL_6_cleanup_and_close(void **state) { shown(cleanup_and_close); }

/* RULE V-FIL-1: A CLEANUP or CLOSE that a driver fails is reported. */
/* RULE W-FIL-7: A driver completes CLEANUP and CLOSE with success. */
static void V_FIL_1_failed_cleanup(void **state)
{
    reported(failing_cleanup, OWN_RULE, ~0ull);
    reported(failing_close, OWN_RULE, ~0ull);
}

/* RULE W-FIL-10: The rights of a handle are checked before there is an IRP. */
static void W_FIL_10_access_checks(void **state) { shown(access_checks); }

/* RULE W-FIL-20: A thread's end cancels its IRPs and waits for them; one that is never completed is reported. */
static void W_FIL_20_thread_rundown(void **state)
{
    shown(thread_rundown);
    shown_in_any_order(thread_rundown, 50);
    reported(thread_never_ends, 0xC4, 0x135);
}

/* RULE W-FIL-21: CancelIo cancels the thread's requests, CancelIoEx the process's or one; without any it is ERROR_NOT_FOUND. */
/* RULE W-U-11: A cancelled request completes through its normal channel. */
static void W_FIL_21_cancel_by_thread_and_file(void **state) { shown(cancel_by_thread_and_file); }

/* RULE W-KE-7: Termination ends the waits of a thread inside a synchronous call. */
/* RULE W-U-13: TerminateThread runs the thread down without user code. */
static void W_KE_7_terminated_in_a_call(void **state)
{
    shown(terminated_in_a_call);
    shown_in_any_order(terminated_in_a_call, 50);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_FIL_1_opens), cmocka_unit_test(W_FIL_2_parameters), cmocka_unit_test(W_FIL_3_failed_create),
        cmocka_unit_test(W_FIL_4_share_access), cmocka_unit_test(W_FIL_5_synchronous_files), cmocka_unit_test(W_FIL_6_cleanup_and_close),
        cmocka_unit_test(V_FIL_1_failed_cleanup), cmocka_unit_test(synchronous_operations), cmocka_unit_test(W_FIL_10_access_checks), cmocka_unit_test(W_FIL_20_thread_rundown),
        cmocka_unit_test(W_FIL_21_cancel_by_thread_and_file), cmocka_unit_test(W_KE_7_terminated_in_a_call),
    };
    return cmocka_run_group_tests(tests);
}
