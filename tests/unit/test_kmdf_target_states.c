/*
 * States of I/O targets: start, stop, purge, close, deletion (K-TGT-1, 2, 4, 5, K-REQ-41), and what an opened target tells (K-TGT-6).
 */
#include "kmdf_world.h"
#include "target_world.h"

#include "kmdf/target.h"

static WDF_IO_TARGET_STATE state(void) { return WdfIoTargetGetState(target); }

static void reuse(WDFREQUEST r)
{
    WDF_REQUEST_REUSE_PARAMS p;
    WDF_REQUEST_REUSE_PARAMS_INIT(&p, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    assert_int_equal(WdfRequestReuse(r, &p), STATUS_SUCCESS);
}

/* ---- Stop and start ---- */

/* RULE K-REQ-41: A request sent to a stopped target is kept, and TRUE is returned; starting the target sends it. */
/* RULE K-TGT-4: WdfIoTargetStart sends what waited while the target was stopped. */
TEST(K_REQ_41_stopped)
{
    start_above();
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    assert_int_equal(state(), WdfIoTargetStopped);
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    assert_int_equal(seen.count, 0);
    assert_int_equal(WdfRequestGetStatus(r), STATUS_WDF_QUEUED);
    log_is("");
    assert_int_equal(WdfIoTargetStart(target), STATUS_SUCCESS);
    log_is("back");
    assert_int_equal(came_with, STATUS_SUCCESS);
    assert_int_equal(seen.count, 1);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-41: A request that waits for a stopped target can be cancelled. */
TEST(K_REQ_41_cancelled_while_it_waits)
{
    start_above();
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    assert_true(WdfRequestCancelSentRequest(r));
    log_is("back");
    assert_int_equal(came_with, STATUS_CANCELLED);
    assert_int_equal(WdfIoTargetStart(target), STATUS_SUCCESS);
    assert_int_equal(seen.count, 0);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-45: A request that still waits for a stopped target when its time is over ends with STATUS_IO_TIMEOUT. */
TEST(K_REQ_45_while_it_waits)
{
    start_above();
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    WDFREQUEST r = formatted_read();
    send_with(r, WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS);
    pass_ms(3);
    log_is("back");
    assert_int_equal(came_with, STATUS_IO_TIMEOUT);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-41: IGNORE_TARGET_STATE sends to a stopped and to a purged target. */
TEST(K_REQ_41_ignoring)
{
    start_above();
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    WDFREQUEST r = formatted_read();
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE, 0));
    log_is("back");
    WdfIoTargetPurge(target, WdfIoTargetPurgeIoAndWait);
    reuse(r);
    WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL);
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE, 0));
    assert_int_equal(seen.count, 2);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-TGT-4: WdfIoTargetStop(CancelSentIo) cancels what was sent and waits for it. */
TEST(K_TGT_4_stop_cancels)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST a = formatted_read(), b = formatted_read();
    WdfRequestSend(a, target, NULL);
    WdfRequestSend(b, target, NULL);
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    log_is("back back");
    assert_int_equal(WdfRequestGetStatus(a), STATUS_CANCELLED);
    assert_int_equal(WdfRequestGetStatus(b), STATUS_CANCELLED);
    WdfObjectDelete(a);
    WdfObjectDelete(b);
    finish_above();
}

static void let_go_later(void *context)
{
    pass_ms(3);
    low_let_go(STATUS_SUCCESS, 5);
}

/* RULE K-TGT-4: WdfIoTargetStop(WaitForSentIoToComplete) waits without cancelling. */
TEST(K_TGT_4_stop_waits)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    struct nt_thread *other = thread_of(let_go_later, NULL);
    WdfIoTargetStop(target, WdfIoTargetWaitForSentIoToComplete);
    say("stopped");
    log_is("back stopped");
    assert_int_equal(came_with, STATUS_SUCCESS);
    join(other);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-TGT-4: WdfIoTargetStop(LeaveSentIoPending) returns at once, also at DISPATCH_LEVEL. */
TEST(K_TGT_4_stop_leaves)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    WdfIoTargetStop(target, WdfIoTargetLeaveSentIoPending);
    ke_lower_irql(irql);
    log_is("");
    low_let_go(STATUS_SUCCESS, 0);
    log_is("back");
    WdfObjectDelete(r);
    finish_above();
}

/* RULE V-WDF-35: Waiting for sent requests at DISPATCH_LEVEL is reported. */
TEST(V_WDF_35_stop_at_dispatch, MISUSE, .rule = "V-WDF-35")
{
    start_above();
    ke_raise_irql(DISPATCH_LEVEL);
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
}

/* RULE K-TGT-4: An action that is none is reported. */
TEST(K_TGT_4_no_action, MISUSE, .rule = "K-TGT-4")
{
    start_above();
    WdfIoTargetStop(target, WdfIoTargetSentIoUndefined);
}

/* ---- Purge ---- */

/* RULE K-TGT-4: Purging ends what waits with STATUS_WDF_DEVICE_REMOVED_NOT_SENT and cancels what was sent; new requests are refused. */
/* RULE K-REQ-41: A purged target refuses requests: FALSE, STATUS_INVALID_DEVICE_STATE. */
TEST(K_TGT_4_purge)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST sent = formatted_read();
    WdfRequestSend(sent, target, NULL);
    WdfIoTargetStop(target, WdfIoTargetLeaveSentIoPending);
    WDFREQUEST waiting = formatted_read();
    WdfRequestSend(waiting, target, NULL);
    WdfIoTargetPurge(target, WdfIoTargetPurgeIoAndWait);
    assert_int_equal(state(), WdfIoTargetPurged);
    log_is("back back");
    assert_int_equal(WdfRequestGetStatus(waiting), STATUS_WDF_DEVICE_REMOVED_NOT_SENT);
    assert_int_equal(WdfRequestGetStatus(sent), STATUS_CANCELLED);
    reuse(sent);
    WdfIoTargetFormatRequestForRead(target, sent, NULL, NULL, NULL);
    assert_false(WdfRequestSend(sent, target, NULL));
    assert_int_equal(WdfRequestGetStatus(sent), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(WdfIoTargetStart(target), STATUS_SUCCESS);
    low_how = SUCCEED;
    assert_true(WdfRequestSend(sent, target, NULL));
    WdfObjectDelete(sent);
    WdfObjectDelete(waiting);
    finish_above();
}

/* RULE K-TGT-4: WdfIoTargetPurge(PurgeIo) does not wait. */
TEST(K_TGT_4_purge_returns)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    WdfIoTargetPurge(target, WdfIoTargetPurgeIo);
    log_is("");
    low_let_go(STATUS_SUCCESS, 0);
    log_is("back");
    WdfObjectDelete(r);
    finish_above();
}

/* ---- Targets of the driver's own ---- */

/* RULE K-TGT-1: A target that was created is closed until it is opened, then started. */
/* RULE K-TGT-6: An opened target tells its device, file and handle; a closed one NULL. */
TEST(K_TGT_1_opened_by_name)
{
    low_load_with(DO_BUFFERED_IO);
    start();
    make_target();
    assert_int_equal(state(), WdfIoTargetClosed);
    assert_true(!WdfIoTargetWdmGetTargetDeviceObject(target) && !WdfIoTargetWdmGetTargetFileObject(target));
    assert_int_equal(open_low(), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetStarted);
    assert_true(WdfIoTargetWdmGetTargetDeviceObject(target) == low);
    PFILE_OBJECT file = WdfIoTargetWdmGetTargetFileObject(target);
    assert_true(file && file->DeviceObject == low);
    assert_true(WdfIoTargetWdmGetTargetFileHandle(target) != NULL);
    assert_true(!WdfIoTargetWdmGetTargetPhysicalDevice(target));
    assert_true(WdfIoTargetGetDevice(target) == device);
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    assert_true(seen.file == file);
    WdfObjectDelete(r);
    log_clear();
    WdfIoTargetClose(target);
    assert_int_equal(state(), WdfIoTargetClosed);
    assert_true(!WdfIoTargetWdmGetTargetDeviceObject(target));
    sched_settle();
    assert_int_equal(seen.creates, 1);
    assert_int_equal(seen.cleanups, 1);
    assert_int_equal(seen.closes, 1);
    assert_int_equal(open_low(), STATUS_SUCCESS);
    WdfObjectDelete(target);
    log_is("~target !target");
    sched_settle();
    assert_int_equal(seen.closes, 2);
    finish_above();
}

static NTSTATUS open_with(WDF_IO_TARGET_OPEN_PARAMS p) { return WdfIoTargetOpen(target, &p); }

/* RULE K-TGT-2: Opening fails by what is wrong: the Size, the type, the name, the state; and as opening the device fails. */
TEST(K_TGT_2_failures)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    UNICODE_STRING name = text_of(L"\\Device\\LOW"), nobody = text_of(L"\\Device\\NOBODY"), empty = {0};
    low_load_with(DO_BUFFERED_IO);
    start();
    make_target();
    WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&p);
    assert_int_equal(open_with(p), STATUS_INVALID_DEVICE_REQUEST);
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, &nobody, GENERIC_READ);
    assert_true(NT_ERROR(open_with(p)));
    assert_int_equal(state(), WdfIoTargetClosed);
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, &empty, GENERIC_READ);
    assert_int_equal(open_with(p), STATUS_INVALID_PARAMETER);
    WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(&p, NULL);
    assert_int_equal(open_with(p), STATUS_INVALID_PARAMETER);
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, &name, GENERIC_READ);
    p.Type = WdfIoTargetOpenUndefined;
    assert_int_equal(open_with(p), STATUS_INVALID_PARAMETER);
    p.Type = WdfIoTargetOpenByName, p.Size--;
    assert_int_equal(open_with(p), STATUS_INFO_LENGTH_MISMATCH);
    p.Size++;
    assert_int_equal(open_with(p), STATUS_SUCCESS);
    assert_int_equal(open_with(p), STATUS_INVALID_DEVICE_STATE);
    finish_above();
}

/* RULE K-TGT-2: UseExistingDevice sends to a device object that the driver has, which stays until the target is closed. */
TEST(K_TGT_2_existing)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    low_load_with(DO_BUFFERED_IO);
    start();
    make_target();
    WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(&p, low);
    assert_int_equal(open_with(p), STATUS_SUCCESS);
    assert_int_equal(seen.creates, 0);
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    assert_int_equal(seen.count, 1);
    assert_true(!seen.file);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-TGT-5: CloseForQueryRemove closes the device and keeps its name for Reopen. */
/* RULE K-REQ-41: A target that is closed refuses requests, also those that ignore its state. */
TEST(K_TGT_5_query_remove)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    start_beside();
    WdfIoTargetCloseForQueryRemove(target);
    assert_int_equal(state(), WdfIoTargetClosedForQueryRemove);
    sched_settle();
    assert_int_equal(seen.closes, 1);
    assert_int_equal(WdfIoTargetStart(target), STATUS_INVALID_DEVICE_STATE);
    WDFREQUEST r = formatted_read();
    assert_false(WdfRequestSend(r, target, NULL));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_INVALID_DEVICE_STATE);
    assert_false(send_with(r, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE, 0));
    WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&p);
    assert_int_equal(open_with(p), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetStarted);
    assert_true(WdfRequestSend(r, target, NULL));
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-TGT-5: Closing cancels what was sent and waits for it, also what ignores the target's state. */
/* RULE K-OBJ-18: An I/O target is cleaned up before its requests are cancelled and waited for. */
TEST(K_TGT_5_close_cancels)
{
    start_beside();
    low_how = PEND_CANCELABLE;
    WDFREQUEST a = formatted_read(), b = formatted_read();
    WdfRequestSend(a, target, NULL);
    send_with(b, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE, 0);
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    log_is("back");
    WdfIoTargetClose(target);
    log_is("back");
    assert_int_equal(open_low(), STATUS_SUCCESS);
    reuse(a);
    WdfIoTargetFormatRequestForRead(target, a, NULL, NULL, NULL);
    WdfRequestSetCompletionRoutine(a, on_back, NULL);
    WdfRequestSend(a, target, NULL);
    WdfObjectDelete(target);
    log_is("~target back !target");
    WdfObjectDelete(a);
    WdfObjectDelete(b);
    finish_above();
}

/* RULE K-TGT-1: The default target goes with the device: what it has is cancelled and waited for. */
TEST(K_TGT_1_goes_with_the_device)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is("back");
    assert_int_equal(came_with, STATUS_CANCELLED);
    unload();
    io_unload_driver(low_nt);
}

/* RULE K-OBJ-50: The default target is none that the driver may close. */
TEST(K_OBJ_50_default_closed, .code = 0x10D, .p1 = 5)
{
    start_above();
    WdfIoTargetClose(target);
}

/* RULE K-OBJ-34: The default target may not be deleted by the driver. */
TEST(K_OBJ_34_default_deleted, MISUSE, .rule = "K-OBJ-34")
{
    start_above();
    WdfObjectDelete(target);
}

/* RULE K-OBJ-33: A target's parent has to be a descendant of the device: STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_OBJ_33_parent_of_a_target)
{
    WDF_OBJECT_ATTRIBUTES a;
    start_beside();
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = driver;
    WDFIOTARGET t = NULL;
    assert_int_equal(WdfIoTargetCreate(device, &a, &t), STATUS_INVALID_DEVICE_REQUEST);
    WDFOBJECT o = make("o", device);
    a.ParentObject = o;
    assert_int_equal(WdfIoTargetCreate(device, &a, &t), STATUS_SUCCESS);
    WdfObjectDelete(o);
    finish_above();
}

/* ---- What an open target tells ---- */

/* RULE K-TGT-6: Properties are those of the target's physical device; while it is closed STATUS_INVALID_DEVICE_STATE. */
TEST(K_TGT_6_properties)
{
    WCHAR text[32];
    ULONG length;
    WDFMEMORY memory;
    size_t size;
    start_above();
    assert_true(WdfIoTargetWdmGetTargetPhysicalDevice(target) == node->pdo);
    assert_int_equal(WdfIoTargetQueryTargetProperty(target, DevicePropertyEnumeratorName, sizeof text, text, &length), STATUS_SUCCESS);
    WDF_OBJECT_ATTRIBUTES a;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = device;
    assert_int_equal(WdfIoTargetAllocAndQueryTargetProperty(target, DevicePropertyEnumeratorName, NonPagedPoolNx, &a, &memory), STATUS_SUCCESS);
    assert_true(!memcmp(WdfMemoryGetBuffer(memory, &size), text, length));
    assert_int_equal(size, length);
    make_target();
    assert_int_equal(WdfIoTargetQueryTargetProperty(target, DevicePropertyEnumeratorName, sizeof text, text, &length), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(WdfIoTargetAllocAndQueryTargetProperty(target, DevicePropertyEnumeratorName, NonPagedPoolNx, &a, &memory),
                     STATUS_INVALID_DEVICE_STATE);
    finish_above();
}

/* RULE K-TGT-6: WdfIoTargetQueryForInterface asks the target's stack; nobody there knows the interface. */
TEST(K_TGT_6_interface)
{
    static const GUID unknown = {1, 2, 3, {4}};
    INTERFACE i = {.Size = sizeof i};
    start_above();
    assert_int_equal(WdfIoTargetQueryForInterface(target, &unknown, &i, sizeof i, 1, NULL), STATUS_NOT_SUPPORTED);
    make_target();
    assert_int_equal(WdfIoTargetQueryForInterface(target, &unknown, &i, sizeof i, 1, NULL), STATUS_INVALID_DEVICE_STATE);
    finish_above();
}

/* ---- The target's device is about to go ---- */

static NTSTATUS on_query(WDFIOTARGET t)
{
    say("query");
    WdfIoTargetCloseForQueryRemove(t);
    return STATUS_SUCCESS;
}

static VOID on_canceled(WDFIOTARGET t)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    say("canceled");
    WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&p);
    assert_int_equal(WdfIoTargetOpen(t, &p), STATUS_SUCCESS);
}

static VOID on_complete(WDFIOTARGET t)
{
    say("complete");
    WdfObjectDelete(t);
}

static struct fx_target *fx_of(WDFIOTARGET t) { return (struct fx_target *)t; }

/* RULE K-TGT-3: Without callbacks of the driver's a target closes for the query, opens again when it is cancelled, and closes when the device is gone. */
TEST(K_TGT_3_defaults)
{
    start_beside();
    assert_int_equal(fx_target_query_remove(fx_of(target)), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetClosedForQueryRemove);
    fx_target_remove_canceled(fx_of(target));
    assert_int_equal(state(), WdfIoTargetStarted);
    fx_target_query_remove(fx_of(target));
    fx_target_remove_complete(fx_of(target));
    assert_int_equal(state(), WdfIoTargetClosed);
    finish_above();
}

/* RULE K-TGT-3: A driver's callbacks take the place of that. */
TEST(K_TGT_3_callbacks)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    UNICODE_STRING name = text_of(L"\\Device\\LOW");
    low_load_with(DO_BUFFERED_IO);
    start();
    make_target();
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, &name, GENERIC_READ);
    p.EvtIoTargetQueryRemove = on_query, p.EvtIoTargetRemoveCanceled = on_canceled, p.EvtIoTargetRemoveComplete = on_complete;
    assert_int_equal(open_with(p), STATUS_SUCCESS);
    fx_target_query_remove(fx_of(target));
    fx_target_remove_canceled(fx_of(target));
    assert_int_equal(state(), WdfIoTargetStarted);
    fx_target_query_remove(fx_of(target));
    fx_target_remove_complete(fx_of(target));
    log_is("query canceled query complete ~target !target");
    finish_above();
}

/* RULE K-TGT-3: The PnP manager tells a target that was opened by name of the removal of its device: before the device is asked, and when it is gone. */
TEST(K_TGT_3_is_told)
{
    WDF_IO_TARGET_OPEN_PARAMS p;
    start();
    make_target();
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&p, io_device_name(node->pdo), GENERIC_READ);
    assert_int_equal(open_with(p), STATUS_SUCCESS);
    assert_true(pnp_has_open_handles(node));
    assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetClosedForQueryRemove);
    assert_false(pnp_has_open_handles(node));
    assert_int_equal(pnp_cancel_remove(node), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetStarted);
    assert_true(pnp_has_open_handles(node));
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    assert_int_equal(state(), WdfIoTargetClosed);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_41_stopped),
        cmocka_unit_test(K_REQ_41_cancelled_while_it_waits),
        cmocka_unit_test(K_REQ_45_while_it_waits),
        cmocka_unit_test(K_REQ_41_ignoring),
        cmocka_unit_test(K_TGT_4_stop_cancels),
        cmocka_unit_test(K_TGT_4_stop_waits),
        cmocka_unit_test(K_TGT_4_stop_leaves),
        cmocka_unit_test(V_WDF_35_stop_at_dispatch),
        cmocka_unit_test(K_TGT_4_no_action),
        cmocka_unit_test(K_TGT_4_purge),
        cmocka_unit_test(K_TGT_4_purge_returns),
        cmocka_unit_test(K_TGT_1_opened_by_name),
        cmocka_unit_test(K_TGT_2_failures),
        cmocka_unit_test(K_TGT_2_existing),
        cmocka_unit_test(K_TGT_5_query_remove),
        cmocka_unit_test(K_TGT_5_close_cancels),
        cmocka_unit_test(K_TGT_1_goes_with_the_device),
        cmocka_unit_test(K_OBJ_50_default_closed),
        cmocka_unit_test(K_OBJ_34_default_deleted),
        cmocka_unit_test(K_OBJ_33_parent_of_a_target),
        cmocka_unit_test(K_TGT_6_properties),
        cmocka_unit_test(K_TGT_6_interface),
        cmocka_unit_test(K_TGT_3_defaults),
        cmocka_unit_test(K_TGT_3_callbacks),
        cmocka_unit_test(K_TGT_3_is_told),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
