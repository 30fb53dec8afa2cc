/* How requests are better not sent to I/O targets: lints (V-WDF-18..20, 22, 24). Without the lint all of it is allowed, as on Windows. */
#include "kmdf_world.h"
#include "target_world.h"

static void ask_status_of_what_was_sent(ULONG flags)
{
    start_above();
    low_how = flags ? SUCCEED : PEND;
    WDFREQUEST r = formatted_read();
    WDF_REQUEST_SEND_OPTIONS o = send_options(flags | WDF_REQUEST_SEND_OPTION_TIMEOUT, WDF_REL_TIMEOUT_IN_SEC(1));
    assert_true(WdfRequestSend(r, target, &o));
    WdfRequestGetStatus(r);
    low_let_go(STATUS_SUCCESS, 0);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE V-WDF-19: WdfRequestGetStatus is not for a request that was sent asynchronously: its completion routine hears the status (a lint). */
TEST(V_WDF_19_after_asynchronous_send, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-19") { ask_status_of_what_was_sent(0); }

/* RULE V-WDF-19: After a synchronous send it is. */
TEST(V_WDF_19_after_synchronous_send, .lint = LINT_SEND) { ask_status_of_what_was_sent(WDF_REQUEST_SEND_OPTION_SYNCHRONOUS); }

/* RULE V-WDF-19: And after a send that failed. */
TEST(V_WDF_19_after_failed_send, .lint = LINT_SEND)
{
    start_beside();
    WDFREQUEST r = formatted_read();
    WdfIoTargetClose(target);
    assert_false(WdfRequestSend(r, target, NULL));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_INVALID_DEVICE_STATE);
    WdfObjectDelete(r);
    finish_above();
}

static void send_with_lock(bool held)
{
    WDFSPINLOCK lock;
    WDF_OBJECT_ATTRIBUTES a;
    start_above();
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    low_how = PEND;
    assert_int_equal(WdfSpinLockCreate(&a, &lock), STATUS_SUCCESS);
    WDFREQUEST r = formatted_read();
    WdfSpinLockAcquire(lock);
    if (!held)
        WdfSpinLockRelease(lock);
    assert_true(WdfRequestSend(r, target, NULL));
    if (held)
        WdfSpinLockRelease(lock);
    low_let_go(STATUS_SUCCESS, 0);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE V-WDF-20: A request is not sent with a spin lock held: it may be completed before the call returns (a lint). */
TEST(V_WDF_20_lock_held, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-20") { send_with_lock(true); }

/* RULE V-WDF-20: Once the lock is released it may be sent. */
TEST(V_WDF_20_lock_released, .lint = LINT_SEND) { send_with_lock(false); }

/* RULE V-WDF-20: The lint is off unless it is asked for. */
TEST(V_WDF_20_lint_is_off) { send_with_lock(true); }

static void read_synchronously(PWDF_REQUEST_SEND_OPTIONS options)
{
    UCHAR buffer[8];
    ULONG_PTR bytes;
    WDF_MEMORY_DESCRIPTOR d;
    start_above();
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&d, buffer, sizeof buffer);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, &d, NULL, options, &bytes), STATUS_SUCCESS);
    finish_above();
}

/* RULE V-WDF-22: A synchronous send without a time-out waits for as long as the other driver likes (a lint). */
TEST(V_WDF_22_no_timeout, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-22") { read_synchronously(NULL); }

/* RULE V-WDF-22: With one it does not. */
TEST(V_WDF_22_timeout, .lint = LINT_SEND)
{
    WDF_REQUEST_SEND_OPTIONS o = send_options(WDF_REQUEST_SEND_OPTION_TIMEOUT, WDF_REL_TIMEOUT_IN_SEC(1));
    read_synchronously(&o);
}

/* RULE V-WDF-22: The same holds for WdfRequestSend. */
TEST(V_WDF_22_request_send, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-22")
{
    start_above();
    WDFREQUEST r = formatted_read();
    WDF_REQUEST_SEND_OPTIONS o = send_options(WDF_REQUEST_SEND_OPTION_SYNCHRONOUS, 0);
    WdfRequestSend(r, target, &o);
    WdfObjectDelete(r);
    finish_above();
}

static void pass_on(WDFREQUEST request, NTSTATUS (*format)(WDFIOTARGET, WDFREQUEST, WDFMEMORY))
{
    WDFMEMORY memory;
    assert_int_equal(WdfRequestRetrieveOutputMemory(request, &memory), STATUS_SUCCESS);
    assert_int_equal(format(target, request, memory), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(request, on_back_complete, NULL);
    assert_true(WdfRequestSend(request, target, NULL));
}
static NTSTATUS as_read(WDFIOTARGET t, WDFREQUEST r, WDFMEMORY m) { return WdfIoTargetFormatRequestForRead(t, r, m, NULL, NULL); }
static NTSTATUS as_ioctl(WDFIOTARGET t, WDFREQUEST r, WDFMEMORY m)
{
    return WdfIoTargetFormatRequestForIoctl(t, r, CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, FILE_ANY_ACCESS), NULL, NULL, m, NULL);
}
static void pass_on_as_read(WDFREQUEST request) { pass_on(request, as_read); }
static void pass_on_as_ioctl(WDFREQUEST request) { pass_on(request, as_ioctl); }

static void pass_a_read_on(void (*handle)(WDFREQUEST))
{
    plan.queue = sequential, plan.handle = handle;
    start_above();
    send(IRP_MJ_READ, 4);
    finish_above();
}

/* RULE V-WDF-24: A read that came from a queue goes on as a read (a lint). */
TEST(V_WDF_24_read_as_ioctl, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-24") { pass_a_read_on(pass_on_as_ioctl); }

/* RULE V-WDF-24: One that does is fine. */
TEST(V_WDF_24_read_as_read, .lint = LINT_SEND) { pass_a_read_on(pass_on_as_read); }

static NTSTATUS ended_with; /* STATUS_PENDING: with what WdfRequestGetStatus says */
static void fail_to_send(WDFREQUEST request)
{
    WDFMEMORY memory;
    assert_int_equal(WdfRequestRetrieveOutputMemory(request, &memory), STATUS_SUCCESS);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, request, memory, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(request, on_back_complete, NULL);
    WdfIoTargetClose(target);
    assert_false(WdfRequestSend(request, target, NULL));
    WdfRequestComplete(request, ended_with == STATUS_PENDING ? WdfRequestGetStatus(request) : ended_with);
}
static void pass_on_in_vain(NTSTATUS status)
{
    ended_with = status;
    plan.queue = sequential, plan.handle = fail_to_send;
    start_beside();
    send(IRP_MJ_READ, 4);
    finish_above();
}

/* RULE V-WDF-18: A request that WdfRequestSend refused is completed with the status that WdfRequestGetStatus tells (a lint). */
TEST(V_WDF_18_with_another_status, .lint = LINT_SEND, MISUSE, .rule = "V-WDF-18") { pass_on_in_vain(STATUS_SUCCESS); }

/* RULE V-WDF-18: With that one it is fine, and with any where the lint is not asked for. */
TEST(V_WDF_18_with_its_status, .lint = LINT_SEND) { pass_on_in_vain(STATUS_PENDING); }
TEST(V_WDF_18_lint_is_off) { pass_on_in_vain(STATUS_SUCCESS); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_WDF_19_after_asynchronous_send),
        cmocka_unit_test(V_WDF_19_after_synchronous_send),
        cmocka_unit_test(V_WDF_19_after_failed_send),
        cmocka_unit_test(V_WDF_20_lock_held),
        cmocka_unit_test(V_WDF_20_lock_released),
        cmocka_unit_test(V_WDF_20_lint_is_off),
        cmocka_unit_test(V_WDF_22_no_timeout),
        cmocka_unit_test(V_WDF_22_timeout),
        cmocka_unit_test(V_WDF_22_request_send),
        cmocka_unit_test(V_WDF_24_read_as_ioctl),
        cmocka_unit_test(V_WDF_24_read_as_read),
        cmocka_unit_test(V_WDF_18_with_another_status),
        cmocka_unit_test(V_WDF_18_with_its_status),
        cmocka_unit_test(V_WDF_18_lint_is_off),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
