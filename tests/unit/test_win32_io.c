/* Win32's view of requests, chapter 10 (W-U, W-ERR): results, errors, events, APCs and packets for what a driver answers. */
#include "two_devices.h"

BOOL WriteFileEx(HANDLE, const void *, DWORD, OVERLAPPED *, completion_routine);
BOOL PostQueuedCompletionStatus(HANDLE, DWORD, ULONG_PTR, OVERLAPPED *);

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static NTSTATUS answer_status;
static ULONG_PTR answer_bytes;
static DWORD n;
static char data[8];

static NTSTATUS answer(PDEVICE_OBJECT device, PIRP irp)
{
    if (irp->AssociatedIrp.SystemBuffer && irp->Flags & IRP_INPUT_OPERATION)
        RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 's');
    return complete(irp, answer_status, answer_bytes);
}

static HANDLE start(DWORD flags)
{
    lower[IRP_MJ_READ] = lower[IRP_MJ_WRITE] = lower[IRP_MJ_DEVICE_CONTROL] = answer;
    answer_status = STATUS_SUCCESS;
    answer_bytes = 0;
    return open_two(flags);
}

static DWORD error_for(HANDLE h, NTSTATUS status)
{
    answer_status = status;
    SetLastError(0);
    return DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), NULL, 0, NULL, 0, &n, NULL) ? 0 : GetLastError();
}

static void error_table(void)
{
    static const struct { ULONG status; DWORD error; } table[] = {
        {0x00000000, 0}, {0x80000005, 234}, {0x80000002, 998}, {0x80000006, 18}, {0x80000011, 170}, {0x8000001A, 259}, {0xC0000001, 31},
        {0xC0000002, 1}, {0xC0000003, 87}, {0xC0000004, 24}, {0xC0000005, 998}, {0xC0000008, 6}, {0xC000000D, 87}, {0xC00000EF, 87},
        {0xC00000FA, 87}, {0xC000000E, 433}, {0xC000000F, 2}, {0xC0000010, 1}, {0xC0000011, 38}, {0xC0000016, 234}, {0xC0000017, 8},
        {0xC0000022, 5}, {0xC0000023, 122}, {0xC0000024, 6}, {0xC0000033, 123}, {0xC0000034, 2}, {0xC0000035, 183}, {0xC000003A, 3},
        {0xC000003E, 23}, {0xC000003F, 23}, {0xC0000043, 32}, {0xC0000044, 1816}, {0xC0000046, 288}, {0xC0000047, 298}, {0xC0000056, 5},
        {0xC0000059, 1306}, {0xC0000061, 1314}, {0xC000009A, 1450}, {0xC000009D, 1167}, {0xC000009E, 21}, {0xC00000A3, 21}, {0xC00000B5, 121},
        {0xC00000BB, 50}, {0xC00000C0, 55}, {0xC00000E5, 1359}, {0xC00000E8, 1784}, {0xC00000E9, 1117}, {0xC0000120, 995}, {0xC0000128, 6},
        {0xC0000182, 87}, {0xC0000183, 1117}, {0xC0000184, 22}, {0xC0000185, 1117}, {0xC0000186, 1117}, {0xC0000189, 19}, {0xC0000206, 1784},
        {0xC0000225, 1168}, {0xC000022D, 1237}, {0xC00002B6, 1617}, {0xC00000A2, 19}, {0xC00000BA, 5}, {0xC000014B, 109}, {0xC0000483, 483},
        {0x8000000E, 28}, {0x8000000F, 21}, {0x80000010, 21}, {0xC000009C, 23}, {0xC0070057, 87}, {0xC00704D2, 0x4D2}, {0xC0001234, 317}};
    HANDLE h = start(0);
    for (unsigned i = 0; i < RTL_NUMBER_OF(table); i++)
        assert_int_equal(error_for(h, (NTSTATUS)table[i].status), table[i].error);
    SetLastError(77); /* success leaves it alone */
    answer_status = STATUS_SUCCESS;
    assert_true(DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), NULL, 0, NULL, 0, &n, NULL));
    assert_int_equal(GetLastError(), 77);
    CloseHandle(h);
}

static DWORD other_error(void *argument)
{
    SetLastError(5);
    return 0;
}

static void error_per_thread(void)
{
    SetLastError(9);
    WaitForSingleObject(CreateThread(NULL, 0, other_error, NULL, 0, NULL), FOREVER);
    assert_int_equal(GetLastError(), 9);
}

static void synchronous(void)
{
    HANDLE h = start(0);
    answer_bytes = 4;
    assert_true(ReadFile(h, data, 4, &n, NULL) && n == 4 && data[3] == 's');
    answer_bytes = 0;
    answer_status = STATUS_END_OF_FILE;
    assert_true(ReadFile(h, data, 4, &n, NULL) && n == 0);
    assert_false(WriteFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 38);
    answer_status = STATUS_BUFFER_OVERFLOW;
    answer_bytes = 3;
    n = 0;
    assert_false(DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), NULL, 0, data, 4, &n, NULL));
    assert_true(GetLastError() == 234 && n == 3);
    CloseHandle(h);
}

static void overlapped(void)
{
    HANDLE h = start(OVERLAPPED_FLAG), e = CreateEventA(NULL, TRUE, TRUE, NULL);
    OVERLAPPED o = {.hEvent = e};
    assert_false(ReadFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 87);
    answer_bytes = 2;
    assert_true(ReadFile(h, data, 4, NULL, &o)); /* at once */
    assert_true(o.InternalHigh == 2 && WaitForSingleObject(e, 0) == 0);
    answer_status = STATUS_BUFFER_OVERFLOW; /* a warning has completed */
    assert_false(ReadFile(h, data, 4, NULL, &o));
    assert_true(GetLastError() == 234 && status_of(o) == STATUS_BUFFER_OVERFLOW && WaitForSingleObject(e, 0) == 0);
    answer_status = STATUS_INVALID_DEVICE_STATE; /* an error has not */
    answer_bytes = 0;
    assert_false(ReadFile(h, data, 4, NULL, &o));
    assert_true(GetLastError() == 22 && status_of(o) == STATUS_PENDING && WaitForSingleObject(e, 0) == 258);
    o = (OVERLAPPED){.hEvent = e};
    lower[IRP_MJ_READ] = hold;
    assert_false(ReadFile(h, data, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_false(GetOverlappedResult(h, &o, &n, FALSE));
    assert_int_equal(GetLastError(), 996);
    let_go_later(3, STATUS_SUCCESS, 0);
    assert_true(GetOverlappedResult(h, &o, &n, TRUE));
    o = (OVERLAPPED){0}; /* no event: the file's */
    ReadFile(h, data, 4, NULL, &o);
    assert_int_equal(WaitForSingleObject(h, 0), 258);
    let_go_later(3, STATUS_CANCELLED, 0);
    assert_false(GetOverlappedResult(h, &o, &n, TRUE));
    assert_int_equal(GetLastError(), 995);
    assert_int_equal(WaitForSingleObject(h, 0), 0);
    CloseHandle(h);
}

static int ends;
static DWORD end_error, end_bytes;
static void on_end(DWORD error, DWORD bytes, OVERLAPPED *o)
{
    ends++;
    end_error = error;
    end_bytes = bytes;
}

static void routines(void)
{
    HANDLE h = start(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    answer_bytes = 4;
    assert_true(ReadFileEx(h, data, 4, &o, on_end));
    assert_int_equal(ends, 0);
    assert_int_equal(SleepEx(0, FALSE), 0); /* not alertable */
    assert_int_equal(ends, 0);
    assert_int_equal(SleepEx(0, TRUE), 192);
    assert_true(ends == 1 && end_error == 0 && end_bytes == 4);
    answer_status = STATUS_BUFFER_OVERFLOW;
    SetLastError(0);
    assert_true(ReadFileEx(h, data, 4, &o, on_end));
    assert_int_equal(GetLastError(), 234);
    SleepEx(0, TRUE);
    assert_true(ends == 2 && end_error == 234);
    answer_status = STATUS_INVALID_DEVICE_STATE;
    answer_bytes = 0;
    assert_false(WriteFileEx(h, data, 4, &o, on_end));
    assert_int_equal(GetLastError(), 22);
    assert_int_equal(SleepEx(0, TRUE), 0);
    assert_int_equal(ends, 2);
    CreateIoCompletionPort(h, NULL, 1, 0);
    assert_false(ReadFileEx(h, data, 4, &o, on_end)); /* bound to a port */
    assert_int_equal(GetLastError(), 87);
    CloseHandle(h);
}

static OVERLAPPED *packet(HANDLE port, BOOL *good)
{
    OVERLAPPED *which = NULL;
    ULONG_PTR key;
    *good = GetQueuedCompletionStatus(port, &n, &key, &which, 0);
    return which;
}

static DWORD wait_for_packet(void *port)
{
    OVERLAPPED *which = (OVERLAPPED *)data;
    ULONG_PTR key;
    DWORD count;
    if (GetQueuedCompletionStatus(port, &count, &key, &which, FOREVER) || which)
        return 1;
    end_error = GetLastError();
    return 2;
}

static void packets(void)
{
    HANDLE h = start(OVERLAPPED_FLAG), port = CreateIoCompletionPort(h, NULL, 1, 0), e = CreateEventA(NULL, TRUE, FALSE, NULL);
    OVERLAPPED o = {0}, tagged = {.hEvent = (HANDLE)((ULONG_PTR)e | 1)};
    BOOL good;
    answer_bytes = 4;
    ReadFile(h, data, 4, NULL, &o);
    assert_true(packet(port, &good) == &o && good && n == 4);
    answer_status = STATUS_BUFFER_OVERFLOW;
    ReadFile(h, data, 4, NULL, &o);
    assert_true(packet(port, &good) == &o && !good && GetLastError() == 234);
    answer_status = STATUS_INVALID_DEVICE_STATE;
    answer_bytes = 0;
    ReadFile(h, data, 4, NULL, &o);
    assert_true(packet(port, &good) == NULL && !good && GetLastError() == 258);
    o = (OVERLAPPED){0};
    answer_status = STATUS_SUCCESS;
    ReadFile(h, data, 4, NULL, &tagged); /* the low bit keeps the packet back, the event is set */
    assert_true(packet(port, &good) == NULL);
    assert_int_equal(WaitForSingleObject(e, 0), 0);
    PostQueuedCompletionStatus(port, 1, 1, &o);
    PostQueuedCompletionStatus(port, 2, 1, &tagged);
    assert_true(packet(port, &good) == &o && packet(port, &good) == &tagged); /* in order */
    HANDLE t = CreateThread(NULL, 0, wait_for_packet, port, 0, NULL);
    Sleep(1);
    CloseHandle(h);
    CloseHandle(port);
    WaitForSingleObject(t, FOREVER);
    assert_int_equal(end_error, 735);
}

static void closing(void)
{
    HANDLE h = start(OVERLAPPED_FLAG);
    OVERLAPPED o = {0};
    lower[IRP_MJ_READ] = hold;
    ReadFile(h, data, 4, NULL, &o);
    assert_true(CloseHandle(h)); /* at once, whatever is pending */
    assert_false(CloseHandle(h));
    assert_int_equal(GetLastError(), 6);
    assert_int_equal(status_of(o), STATUS_PENDING);
    let_go(STATUS_CANCELLED, 0);
    assert_int_equal(status_of(o), STATUS_CANCELLED);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-U-19: NTSTATUS values become Win32 errors by RtlNtStatusToDosError's table; unknown ones 317, NTWIN32 ones their low half; success sets none. */
static void W_U_19_error_table(void **state) { shown(error_table); }

/* RULE W-U-19: The last error belongs to its thread. */
static void W_U_19_per_thread(void **state) { shown(error_per_thread); }

/* RULE W-U-3: A synchronous call returns TRUE on success and, for a read, at the end of the file; its byte count is Information. */
/* RULE W-U-6: A control request that ends with a warning returns FALSE with the byte count. */
static void W_U_3_synchronous(void **state) { shown(synchronous); }

/* RULE W-U-4: A call on an overlapped handle needs an OVERLAPPED; success is TRUE, pending is 997; a warning has completed, an error at once has not. */
/* RULE W-U-5: An overlapped request without an event signals the file handle. */
/* RULE W-U-9: GetOverlappedResult returns ERROR_IO_INCOMPLETE or waits, then gives bytes and the mapped status. */
static void W_U_4_overlapped(void **state)
{
    shown(overlapped);
    shown_in_any_order(overlapped, 30);
}

/* RULE W-U-7: Completion routines run in alertable waits of the issuing thread, not after an error at once, and not on a handle with a port. */
static void W_U_7_completion_routines(void **state) { shown(routines); }

/* RULE W-U-10: A port gets packets for success and warnings at once, none for errors at once; it is FIFO; closing it ends its waiters with 735. */
/* RULE W-U-5: The low bit of hEvent in the OVERLAPPED keeps the packet back from the port. */
static void W_U_10_packets(void **state) { shown(packets); }

/* RULE W-U-12: CloseHandle with I/O pending takes the handle at once; the I/O completes later; a second close is ERROR_INVALID_HANDLE. */
static void W_U_12_closing(void **state) { shown(closing); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_U_19_error_table), cmocka_unit_test(W_U_19_per_thread), cmocka_unit_test(W_U_3_synchronous), cmocka_unit_test(W_U_4_overlapped),
        cmocka_unit_test(W_U_7_completion_routines), cmocka_unit_test(W_U_10_packets), cmocka_unit_test(W_U_12_closing),
    };
    return cmocka_run_group_tests(tests);
}
