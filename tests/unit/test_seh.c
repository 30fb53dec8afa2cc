/* Structured exceptions in driver code, chapter 1.3 (W-SEH): what the DDIs raise and what a guarded body makes of it. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static int trace_of;
static void note(int digit) { trace_of = trace_of * 10 + digit; }

static NTSTATUS code_of(void (*body)(void))
{
    NTSTATUS code = STATUS_SUCCESS;
    __try {
        body();
        note(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
        note(2);
    }
    return code;
}

static void raise_status(void) { ExRaiseStatus(STATUS_DEVICE_BUSY); }
static void raise_violation(void) { ExRaiseAccessViolation(); }
static void raise_misalignment(void) { ExRaiseDatatypeMisalignment(); }
static void raise_nothing(void) {}
static void probe_kernel(void) { ProbeForRead(low, 4, 1); }
static void probe_wrap(void) { ProbeForRead((PVOID)(ULONG_PTR)0x20000, ~0ull - 5, 1); }
static void probe_odd(void) { ProbeForRead((PVOID)(ULONG_PTR)0x20001, 4, 4); }
static void probe_low(void) { ProbeForRead((PVOID)(ULONG_PTR)16, 4, 4); }
static void probe_nothing(void) { ProbeForRead(low, 0, 1); }
static void probe_write_kernel(void) { ProbeForWrite(low, 4, 1); }
static void probe_write_low(void) { ProbeForWrite((PVOID)(ULONG_PTR)16, 4, 4); }
static char user_bytes[16];
static void probe_user(void)
{
    ProbeForRead(user_bytes, sizeof user_bytes, 1);
    ProbeForWrite(user_bytes, sizeof user_bytes, 1);
}
static void read_null(void) { note(*(volatile int *)(ULONG_PTR)16); }
static void write_low(void) { *(volatile int *)(ULONG_PTR)0x1000 = 1; }

static PMDL mdl;
static void lock_kernel(void) { MmProbeAndLockPages(mdl, UserMode, IoReadAccess); }

static void every_raise(void)
{
    assert_int_equal(code_of(raise_status), STATUS_DEVICE_BUSY);
    assert_int_equal(trace_of, 2);
    assert_int_equal(code_of(raise_nothing), STATUS_SUCCESS);
    assert_int_equal(trace_of, 21);
    assert_int_equal(code_of(raise_violation), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(raise_misalignment), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(code_of(probe_kernel), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(probe_wrap), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(probe_odd), STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(code_of(probe_low), STATUS_SUCCESS); /* nothing is touched */
    assert_int_equal(code_of(probe_nothing), STATUS_SUCCESS);
    assert_int_equal(code_of(probe_write_kernel), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(probe_write_low), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(probe_user), STATUS_SUCCESS);
    mdl = IoAllocateMdl(low, 100, FALSE, FALSE, NULL);
    assert_int_equal(code_of(lock_kernel), STATUS_ACCESS_VIOLATION);
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(user_bytes, sizeof user_bytes, FALSE, FALSE, NULL);
    assert_int_equal(code_of(lock_kernel), STATUS_SUCCESS);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void faults_on_user_addresses(void)
{
    assert_int_equal(code_of(read_null), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(write_low), STATUS_ACCESS_VIOLATION);
    assert_int_equal(code_of(read_null), STATUS_ACCESS_VIOLATION); /* and again */
}

/* ---- Forms ---- */

static int inner_then_outer(void)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
            note(9);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        note(1);
    }
    return 0;
}

static int leave_and_finally(void)
{
    __try {
        note(1);
        __leave;
        note(9);
    } __finally {
        note(AbnormalTermination() ? 9 : 2);
    }
    return 0;
}

static int return_through_finally(void)
{
    __try {
        note(1);
        return 7;
    } __finally {
        note(AbnormalTermination() ? 2 : 9);
    }
    return 8;
}

static int finally_under_exception(void)
{
    __try {
        __try {
            note(1);
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } __finally {
            note(AbnormalTermination() ? 2 : 9);
        }
        note(9);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        note(3);
    }
    return 0;
}

static int goto_through_finally(void)
{
    __try {
        note(1);
        goto out;
    } __finally {
        note(2);
    }
    note(9);
out:
    return 5;
}

static void forms(void)
{
    inner_then_outer();
    assert_int_equal(trace_of, 1);
    trace_of = 0;
    leave_and_finally();
    assert_int_equal(trace_of, 12);
    trace_of = 0;
    assert_int_equal(return_through_finally(), 7);
    assert_int_equal(trace_of, 12);
    trace_of = 0;
    finally_under_exception();
    assert_int_equal(trace_of, 123);
    trace_of = 0;
    assert_int_equal(goto_through_finally(), 5);
    assert_int_equal(trace_of, 12);
}

/* ---- In a driver: a METHOD_NEITHER request ---- */

static NTSTATUS neither(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG value = 0;
    __try {
        ProbeForRead(location->Parameters.DeviceIoControl.Type3InputBuffer, sizeof(ULONG), sizeof(ULONG));
        value = *(volatile ULONG *)location->Parameters.DeviceIoControl.Type3InputBuffer;
        ProbeForWrite(irp->UserBuffer, sizeof(ULONG), sizeof(ULONG));
        *(volatile ULONG *)irp->UserBuffer = value + 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return complete(irp, GetExceptionCode(), 0);
    }
    return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
}

static DWORD control(HANDLE h, void *in, void *out)
{
    DWORD n;
    return DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), in, 4, out, 4, &n, NULL) ? 0 : GetLastError();
}

static void neither_requests(void)
{
    ULONG in = 41, out = 0;
    lower[IRP_MJ_DEVICE_CONTROL] = neither;
    HANDLE h = open_two(0);
    assert_int_equal(control(h, &in, &out), 0);
    assert_int_equal(out, 42);
    assert_int_equal(control(h, (void *)16, &out), 998);   /* the access faults */
    assert_int_equal(control(h, &in, (void *)16), 998);    /* the probe raises */
    assert_int_equal(control(h, low, &out), 998);
    assert_int_equal(control(h, (char *)&in + 1, &out), 998); /* misaligned */
    assert_int_equal(control(h, &in, &out), 0);
    CloseHandle(h);
}

/* Each context has its own frames. */
static DWORD raise_often(void *file)
{
    for (unsigned i = 0; i < 5; i++) {
        ULONG in = i, out = 0;
        assert_int_equal(control(file, i & 1 ? (void *)16 : &in, &out), i & 1 ? 998 : 0);
    }
    return 0;
}

static void many_threads(void)
{
    HANDLE h = open_two(OVERLAPPED_FLAG), t[3];
    (void)t;
    CloseHandle(h);
    h = open_two(0);
    lower[IRP_MJ_DEVICE_CONTROL] = neither;
    for (unsigned i = 0; i < 3; i++)
        t[i] = CreateThread(NULL, 0, raise_often, h, 0, NULL);
    for (unsigned i = 0; i < 3; i++)
        WaitForSingleObject(t[i], FOREVER);
    CloseHandle(h);
}

/* ---- What is not handled ---- */

static NTSTATUS raises(PDEVICE_OBJECT device, PIRP irp) { ExRaiseStatus(STATUS_DEVICE_BUSY); }

static void read_user_bytes(void)
{
    DWORD n;
    HANDLE h = open_two(0);
    ReadFile(h, user_bytes, 4, &n, NULL);
    CloseHandle(h);
}

static void unhandled_in_dispatch(void)
{
    lower[IRP_MJ_READ] = raises;
    read_user_bytes();
}

static NTSTATUS calls_down_guarded(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        IoSkipCurrentIrpStackLocation(irp);
        status = IoCallDriver(low, irp);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return complete(irp, STATUS_UNSUCCESSFUL, 0);
    }
    return status;
}

static NTSTATUS raises_below(PDEVICE_OBJECT device, PIRP irp)
{
    return device == up ? calls_down_guarded(device, irp) : raises(device, irp);
}

static void leaves_a_dispatch_routine(void)
{
    upper[IRP_MJ_READ] = raises_below;
    lower[IRP_MJ_READ] = raises_below;
    read_user_bytes();
}

static VOID raises_in_thread(PVOID context) { ExRaiseAccessViolation(); }

static void unhandled_in_thread(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE thread;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    PsCreateSystemThread(&thread, 0, &attributes, NULL, NULL, raises_in_thread, NULL);
    Sleep(10);
}

static void raised_high(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    code_of(raise_status);
}

static void probed_high(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    code_of(probe_user);
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-SEH-3: ExRaiseStatus and its kin, ProbeForRead, ProbeForWrite and MmProbeAndLockPages raise exceptions that a driver may handle. */
/* RULE W-BUF-7: ProbeForRead or ProbeForWrite of a kernel address raises an exception. */
static void W_SEH_3_what_DDIs_raise(void **state) { shown(every_raise); }

/* RULE W-SEH-3: Touching a user address that is no memory is an exception that a driver may handle under __try. */
static void W_SEH_3_faults_on_user_addresses(void **state) { shown(faults_on_user_addresses); }

/* RULE W-SEH-1: Leaving a guarded body by __leave, return, goto or an exception runs the __finally blocks on the way. */
/* RULE W-SEH-2: An exception filter may handle, or let the search go on outwards. */
static void W_SEH_1_forms(void **state) { shown(forms); }

/* RULE W-BUF-6: METHOD_NEITHER gives raw addresses, which are probed and used under __try in the requester's context. */
/* RULE W-SEH-3: Exception frames belong to the thread they are in. */
static void W_BUF_6_neither_under_try(void **state)
{
    shown(neither_requests);
    shown(many_threads);
    shown_in_any_order(many_threads, 50);
}

/* RULE W-SEH-5: An unhandled exception is bug check 0x3B in a system service, 0x7E in a system thread; raising needs APC_LEVEL or below. */
/* RULE W-SEH-6: ProbeForRead and ProbeForWrite are called at APC_LEVEL at most. */
static void W_SEH_5_unhandled(void **state)
{
    reported(unhandled_in_dispatch, 0x3B, (ULONG)STATUS_DEVICE_BUSY);
    reported(leaves_a_dispatch_routine, 0x3B, (ULONG)STATUS_DEVICE_BUSY);
    reported(unhandled_in_thread, 0x7E, (ULONG)STATUS_ACCESS_VIOLATION);
    reported(raised_high, 0xC4, 0x20008);
    reported(probed_high, 0xC4, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_SEH_3_what_DDIs_raise), cmocka_unit_test(W_SEH_3_faults_on_user_addresses), cmocka_unit_test(W_SEH_1_forms),
        cmocka_unit_test(W_BUF_6_neither_under_try), cmocka_unit_test(W_SEH_5_unhandled),
    };
    return cmocka_run_group_tests(tests);
}
