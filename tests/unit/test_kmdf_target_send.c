/*
 * Sending requests to I/O targets (K-REQ-40..48): asynchronously, synchronously, with time-outs, and forgetting them.
 */
#include "kmdf_world.h"
#include "target_world.h"

/* ---- A request of the driver's own ---- */

/* RULE K-REQ-43: WdfRequestSend returns TRUE and the completion routine is called once, here before the call returns. */
/* RULE K-TGT-1: The default target is the device below, and is started. */
TEST(K_REQ_43_inline)
{
    start_above();
    assert_int_equal(WdfIoTargetGetState(target), WdfIoTargetStarted);
    assert_true(WdfIoTargetWdmGetTargetDeviceObject(target) == under);
    low_information = 8;
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    log_is("back");
    assert_int_equal(came_with, STATUS_SUCCESS);
    assert_int_equal(came_information, 8);
    assert_int_equal(WdfRequestGetStatus(r), STATUS_SUCCESS);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-43: A lower device that pends completes the request later; the completion routine is called then. */
TEST(K_REQ_43_pended)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    log_is("");
    assert_int_equal(WdfRequestGetStatus(r), STATUS_PENDING);
    assert_true(low_let_go(STATUS_SUCCESS, 3));
    log_is("back");
    assert_int_equal(came_information, 3);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-43: The status of a request that the lower device failed is the lower device's. */
TEST(K_REQ_43_failed_below)
{
    start_above();
    low_how = FAIL_IT;
    WDFREQUEST r = formatted_read();
    assert_true(WdfRequestSend(r, target, NULL));
    assert_int_equal(came_with, STATUS_IO_DEVICE_ERROR);
    assert_int_equal(WdfRequestGetStatus(r), STATUS_IO_DEVICE_ERROR);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-47: The completion routine runs in the thread that completes the request, at its IRQL. */
TEST(K_REQ_47_irql_of_the_completer)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    low_let_go(STATUS_SUCCESS, 0);
    ke_lower_irql(irql);
    assert_int_equal(came_irql, DISPATCH_LEVEL);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-47: The registration of a completion routine is used up by its call: the next send has none. */
TEST(K_REQ_47_cleared)
{
    start_above();
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    log_is("back");
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_true(WdfRequestSend(r, target, NULL));
    log_is("");
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-42: Sending a request that is with a target already is WDF_VIOLATION 0x6. */
/* RULE V-WDF-15: A request sent twice is reported as WDF_VIOLATION 0x6. */
TEST(K_REQ_42_sent_twice, .code = 0x10D, .p1 = 6)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    WdfRequestSend(r, target, NULL);
}

/* RULE V-WDF-16: Sending a request that was not formatted is reported. */
TEST(V_WDF_16_not_formatted, MISUSE, .rule = "V-WDF-16")
{
    start_above();
    WDFREQUEST r = make_request();
    WdfRequestSetCompletionRoutine(r, on_back, NULL);
    WdfRequestSend(r, target, NULL);
}

/* RULE K-REQ-40: Options of a wrong Size are reported. */
TEST(K_REQ_40_size, MISUSE, .rule = "K-REQ-40")
{
    start_above();
    WDF_REQUEST_SEND_OPTIONS o = send_options(0, 0);
    o.Size--;
    WdfRequestSend(formatted_read(), target, &o);
}

/* RULE K-REQ-40: SEND_AND_FORGET with another flag is reported. */
TEST(K_REQ_40_forget_with_another, MISUSE, .rule = "K-REQ-40")
{
    start_above();
    send_with(formatted_read(), WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET | WDF_REQUEST_SEND_OPTION_TIMEOUT, MS);
}

/* RULE K-REQ-52: Deleting a request while it is with a target is reported. */
/* RULE V-WDF-23: A request of the driver's own is deleted by the driver, and not while it is sent. */
TEST(K_REQ_52_deleted_while_sent, MISUSE, .rule = "K-REQ-52")
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    WdfObjectDelete(r);
}

static VOID on_back_delete(WDFREQUEST request, WDFIOTARGET t, PWDF_REQUEST_COMPLETION_PARAMS params, WDFCONTEXT context)
{
    say("back");
    WdfObjectDelete(request);
}

/* RULE K-REQ-52: The completion routine may delete the request. */
TEST(K_REQ_52_deleted_in_the_routine)
{
    start_above();
    WDFREQUEST r = formatted_read();
    WdfRequestSetCompletionRoutine(r, on_back_delete, NULL);
    assert_true(WdfRequestSend(r, target, NULL));
    log_is("back");
    finish_above();
}

static int again;
static VOID on_back_again(WDFREQUEST request, WDFIOTARGET t, PWDF_REQUEST_COMPLETION_PARAMS params, WDFCONTEXT context)
{
    WDF_REQUEST_REUSE_PARAMS reuse;
    say("back");
    if (!again--)
        return;
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WdfRequestReuse(request, &reuse);
    WdfIoTargetFormatRequestForRead(t, request, NULL, NULL, NULL);
    WdfRequestSetCompletionRoutine(request, on_back_again, NULL);
    if (!WdfRequestSend(request, t, NULL))
        say("refused");
}

/* RULE K-REQ-47: The completion routine may reuse the request and send it again. */
TEST(K_REQ_47_sent_again_in_the_routine)
{
    start_above();
    again = 3;
    WDFREQUEST r = formatted_read();
    WdfRequestSetCompletionRoutine(r, on_back_again, NULL);
    WdfRequestSend(r, target, NULL);
    log_is("back back back back");
    assert_int_equal(seen.count, 4);
    WdfObjectDelete(r);
    finish_above();
}

/* ---- A request that a queue delivered ---- */

static ULONG forward_flags;
static LONGLONG forward_timeout;
static bool forward_formats, forward_routine;
static BOOLEAN forward_sent;
static NTSTATUS forward_status;

static void forward(WDFREQUEST request)
{
    if (forward_formats)
        WdfRequestFormatRequestUsingCurrentType(request);
    if (forward_routine)
        WdfRequestSetCompletionRoutine(request, on_back_complete, NULL);
    forward_sent = send_with(request, forward_flags, forward_timeout);
    if (forward_sent)
        return;
    forward_status = WdfRequestGetStatus(request);
    WdfRequestComplete(request, forward_status);
}

static void start_forwarding_from(void (*kind)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *), ULONG flags, bool formats, bool routine)
{
    forward_flags = flags, forward_timeout = 0, forward_formats = formats, forward_routine = routine;
    plan.queue = kind, plan.handle = forward;
    start_above();
}

static void start_forwarding(ULONG flags, bool formats, bool routine) { start_forwarding_from(parallel, flags, formats, routine); }

/* RULE K-REQ-50: WdfRequestFormatRequestUsingCurrentType passes a delivered request on as it came. */
/* RULE K-REQ-47: A delivered request is the driver's again in its completion routine, which completes it. */
TEST(K_REQ_50_current_type)
{
    start_forwarding(0, true, true);
    low_information = 4;
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("read back");
    assert_int_equal(seen.major, IRP_MJ_READ);
    assert_int_equal(seen.length, 4);
    assert_true(s->done);
    assert_int_equal(s->information, 4);
    assert_int_equal(came_params.Type, WdfRequestTypeNoFormat);
    finish_above();
}

/* RULE K-REQ-40: A delivered request that is sent asynchronously without a completion routine is reported. */
/* RULE V-WDF-17: A request is sent with a completion routine, unless synchronously or to be forgotten. */
TEST(V_WDF_17_no_routine, MISUSE, .rule = "V-WDF-17")
{
    start_forwarding(0, true, false);
    send(IRP_MJ_READ, 4);
}

static void mark_and_send(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_cancel);
    forward(request);
}

/* RULE V-WDF-6: A request that is marked cancelable may not be sent. */
TEST(V_WDF_6_cancelable, MISUSE, .rule = "V-WDF-6")
{
    forward_flags = 0, forward_formats = false, forward_routine = false;
    plan.queue = parallel, plan.handle = mark_and_send;
    start_above();
    send(IRP_MJ_READ, 4);
}

static void send_and_complete(WDFREQUEST request)
{
    forward(request);
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE V-WDF-9: A request that is with an I/O target is not the driver's to complete. */
TEST(V_WDF_9_completed_while_sent, MISUSE, .rule = "V-WDF-9")
{
    start_forwarding(0, true, true);
    plan.handle = send_and_complete;
    low_how = PEND;
    send(IRP_MJ_READ, 4);
}

/* RULE K-REQ-48: Who cancels a request that was passed on reaches the device that has it. */
TEST(K_REQ_48_cancelled_from_above)
{
    start_forwarding(0, true, true);
    low_how = PEND_CANCELABLE;
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(io_cancel_irp(s->irp));
    log_is("read back");
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish_above();
}

static void stop_cancels(WDFREQUEST request, ULONG flags)
{
    assert_true(WdfRequestCancelSentRequest(request));
}

static void stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop, c->EvtIoResume = on_resume;
}

/* RULE K-REQ-48: EvtIoStop may cancel a request that the driver has sent. */
TEST(K_REQ_48_stop_cancels)
{
    start_forwarding_from(stoppable, 0, true, true);
    plan.stop = stop_cancels;
    low_how = PEND_CANCELABLE;
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("read");
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_CANCELLED);
    log_is("stop back ~queue !queue");
    unload();
    io_unload_driver(low_nt);
}

static void stop_acknowledges(WDFREQUEST request, ULONG flags) { WdfRequestStopAcknowledge(request, FALSE); }

/* RULE K-Q-65: A request that the driver has sent may stay with its target while the device is stopped: it is acknowledged without being requeued. */
TEST(K_Q_65_sent_request)
{
    start_forwarding_from(stoppable, 0, true, true);
    plan.stop = stop_acknowledges;
    low_how = PEND;
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    assert_int_equal(pnp_stop(node), STATUS_SUCCESS);
    log_is("read stop");
    low_let_go(STATUS_SUCCESS, 4);
    assert_true(s->done);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("back");
    finish_above();
}

/* ---- Send and forget ---- */

/* RULE K-REQ-44: SEND_AND_FORGET passes a delivered request to the lower device in the driver's own stack location. */
TEST(K_REQ_44_skipped)
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, false);
    low_information = 2;
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(forward_sent);
    assert_int_equal(seen.depth, 0);
    assert_true(s->done);
    assert_int_equal(s->information, 2);
    assert_int_equal(seen.length, 4);
    log_is("read");
    finish_above();
}

/* RULE K-REQ-44: With WdfRequestFormatRequestUsingCurrentType the next stack location is used. */
TEST(K_REQ_44_formatted)
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, true, false);
    low_how = PEND;
    struct sent *s = send(IRP_MJ_WRITE, 4);
    assert_false(s->done);
    assert_int_equal(seen.depth, 1);
    low_let_go(STATUS_SUCCESS, 4);
    assert_int_equal(s->information, 4);
    finish_above();
}

/* RULE K-REQ-44: A request that was sent and forgotten is out of its queue at once: a sequential queue goes on. */
TEST(K_REQ_44_queue_goes_on)
{
    start_forwarding_from(sequential, WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, false);
    low_how = PEND;
    send(IRP_MJ_READ, 4);
    send(IRP_MJ_READ, 4);
    log_is("read read");
    low_let_go(STATUS_SUCCESS, 0);
    low_let_go(STATUS_SUCCESS, 0);
    finish_above();
}

static void controls_only(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoRead = NULL, c->EvtIoWrite = NULL, c->EvtIoInternalDeviceControl = NULL;
    c->PowerManaged = WdfFalse;
}

/* RULE K-REQ-44: A filter sends and forgets the control codes that it looks at; the device below answers its client. */
TEST(K_REQ_44_filter)
{
    forward_flags = WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, forward_timeout = 0, forward_formats = forward_routine = false;
    plan.queue = controls_only, plan.handle = forward;
    start_filter();
    low_information = 3;
    struct sent *s = send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 4, .out = 4, .user = true});
    log_is("control");
    assert_int_equal(s->information, 3);
    assert_int_equal(seen.major, IRP_MJ_DEVICE_CONTROL);
    low_how = FAIL_IT;
    forward_flags = 0, forward_formats = forward_routine = true;
    s = send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 4, .out = 4, .user = true});
    log_is("control back");
    assert_int_equal(s->status, STATUS_IO_DEVICE_ERROR);
    finish_above();
}

/* RULE K-REQ-44: The state of the target is not asked for a request that is sent and forgotten. */
TEST(K_REQ_44_stopped_target)
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, false);
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(s->done);
    assert_int_equal(seen.count, 1);
    finish_above();
}

/* RULE K-REQ-44: A request of the driver's own cannot be sent and forgotten: STATUS_INVALID_DEVICE_STATE. */
TEST(K_REQ_44_driver_created)
{
    start_above();
    WDFREQUEST r = formatted_read();
    assert_false(send_with(r, WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, 0));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_INVALID_DEVICE_STATE);
    log_is("");
    WdfObjectDelete(r);
    finish_above();
}

static void format_and_forget(WDFREQUEST request)
{
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, request, NULL, NULL, NULL), STATUS_SUCCESS);
    forward(request);
}

/* RULE K-REQ-44: A request formatted by WdfIoTargetFormat... cannot be sent and forgotten: STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_REQ_44_with_a_format)
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, false);
    plan.handle = format_and_forget;
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(forward_status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(s->status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(seen.count, 0);
    finish_above();
}

/* RULE K-REQ-44: A completion routine on a request that is sent and forgotten is reported. */
TEST(K_REQ_44_with_a_routine, MISUSE, .rule = "K-REQ-44")
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, true);
    send(IRP_MJ_READ, 4);
}

static void forget_and_complete(WDFREQUEST request)
{
    forward(request);
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE V-WDF-9: A request that was sent and forgotten is gone: it may not be completed. */
TEST(V_WDF_9_completed_after_forgetting, .code = 0x10D, .p1 = 5)
{
    start_forwarding(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, false, false);
    plan.handle = forget_and_complete;
    send(IRP_MJ_READ, 4);
}

/* ---- Cancelling ---- */

/* RULE K-REQ-48: WdfRequestCancelSentRequest returns TRUE if the lower driver's cancel routine ran. */
TEST(K_REQ_48_cancelled)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    assert_true(WdfRequestCancelSentRequest(r));
    log_is("back");
    assert_int_equal(came_with, STATUS_CANCELLED);
    assert_false(WdfRequestCancelSentRequest(r));
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-48: Without a cancel routine below it returns FALSE, and the request ends as the lower driver wants. */
TEST(K_REQ_48_no_cancel_routine)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    WdfRequestSend(r, target, NULL);
    assert_false(WdfRequestCancelSentRequest(r));
    log_is("");
    low_let_go(STATUS_SUCCESS, 0);
    assert_int_equal(came_with, STATUS_SUCCESS);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-42: A request that was cancelled before it is sent is not sent: STATUS_CANCELLED, until it is reused. */
TEST(K_REQ_42_cancelled_before)
{
    WDF_REQUEST_REUSE_PARAMS reuse;
    start_above();
    WDFREQUEST r = formatted_read();
    assert_false(WdfRequestCancelSentRequest(r));
    assert_false(WdfRequestSend(r, target, NULL));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_CANCELLED);
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WdfRequestReuse(r, &reuse);
    WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL);
    assert_true(WdfRequestSend(r, target, NULL));
    WdfObjectDelete(r);
    finish_above();
}

/* ---- Time-outs ---- */

/* RULE K-REQ-45: A request that the expiry of its time-out cancels ends with STATUS_IO_TIMEOUT. */
TEST(K_REQ_45_timed_out)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_TIMEOUT, 5 * MS));
    pass_ms(4);
    log_is("");
    pass_ms(2);
    log_is("back");
    assert_int_equal(came_with, STATUS_IO_TIMEOUT);
    assert_int_equal(WdfRequestGetStatus(r), STATUS_IO_TIMEOUT);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-45: A lower driver that completes a request otherwise after its time-out has the last word. */
TEST(K_REQ_45_completed_after)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    send_with(r, WDF_REQUEST_SEND_OPTION_TIMEOUT, MS);
    pass_ms(3);
    log_is("");
    low_let_go(STATUS_SUCCESS, 1);
    assert_int_equal(came_with, STATUS_SUCCESS);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-45: A request that is back in time is not touched by its timer any more, nor is its next send. */
TEST(K_REQ_45_in_time)
{
    WDF_REQUEST_REUSE_PARAMS reuse;
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    assert_int_equal(WdfRequestAllocateTimer(r), STATUS_SUCCESS);
    send_with(r, WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS);
    low_let_go(STATUS_SUCCESS, 0);
    assert_int_equal(came_with, STATUS_SUCCESS);
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WdfRequestReuse(r, &reuse);
    WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL);
    WdfRequestSend(r, target, NULL);
    pass_ms(5);
    assert_int_equal(low_held_count, 1);
    low_let_go(STATUS_SUCCESS, 0);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-45: The completion routine of a request that timed out may delete it. */
TEST(K_REQ_45_deleted_in_the_routine)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    WdfRequestSetCompletionRoutine(r, on_back_delete, NULL);
    send_with(r, WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS);
    pass_ms(3);
    log_is("back");
    finish_above();
}

static const struct chance no_timer = {.fault = {{DDI_WdfRequestSend, 1, 1}}, .fault_count = 1};

/* RULE K-REQ-45: A send with a time-out may fail for want of a timer; not after WdfRequestAllocateTimer. */
TEST(K_REQ_45_no_timer, .chance = &no_timer)
{
    start_above();
    WDFREQUEST a = formatted_read(), b = formatted_read();
    assert_int_equal(WdfRequestAllocateTimer(b), STATUS_SUCCESS);
    assert_true(send_with(b, WDF_REQUEST_SEND_OPTION_TIMEOUT, MS));
    assert_false(send_with(a, WDF_REQUEST_SEND_OPTION_TIMEOUT, MS));
    assert_int_equal(WdfRequestGetStatus(a), STATUS_INSUFFICIENT_RESOURCES);
    log_is("back");
    WdfObjectDelete(a);
    WdfObjectDelete(b);
    finish_above();
}

/* ---- Synchronously ---- */

/* RULE K-REQ-46: The completion routine of a synchronous send is called before the send returns. */
TEST(K_REQ_46_waits)
{
    start_above();
    WDFREQUEST r = formatted_read();
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS, 0));
    say("returned");
    log_is("back returned");
    WdfObjectDelete(r);
    finish_above();
}

static void let_go_later(void *context)
{
    pass_ms(3);
    low_let_go(STATUS_SUCCESS, 5);
}

/* RULE K-REQ-46: A request that another thread completes ends the wait of its synchronous sender, whose status it then has. */
TEST(K_REQ_46_completed_by_another_thread)
{
    start_above();
    low_how = PEND;
    WDFREQUEST r = formatted_read();
    struct nt_thread *other = thread_of(let_go_later, NULL);
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS, 0));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_SUCCESS);
    assert_int_equal(WdfRequestGetInformation(r), 5);
    join(other);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-46: A synchronous send whose time is over cancels the request, waits for it, and leaves STATUS_IO_TIMEOUT; it was sent: TRUE. */
TEST(K_REQ_46_timed_out)
{
    start_above();
    low_how = PEND_CANCELABLE;
    WDFREQUEST r = formatted_read();
    assert_true(send_with(r, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS | WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_IO_TIMEOUT);
    WdfObjectDelete(r);
    finish_above();
}

/* RULE K-REQ-46: A synchronous send needs PASSIVE_LEVEL. */
/* RULE V-WDF-21: A synchronous send at DISPATCH_LEVEL is reported. */
TEST(V_WDF_21_at_dispatch, MISUSE, .rule = "V-WDF-21")
{
    start_above();
    WDFREQUEST r = formatted_read();
    ke_raise_irql(DISPATCH_LEVEL);
    send_with(r, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS, 0);
}

static void forward_synchronously(WDFREQUEST request)
{
    WdfRequestFormatRequestUsingCurrentType(request);
    assert_true(send_with(request, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS, 0));
    WdfRequestComplete(request, WdfRequestGetStatus(request));
}

/* RULE K-REQ-46: A delivered request that was sent synchronously is still the driver's to complete. */
TEST(K_REQ_46_delivered)
{
    plan.queue = sequential, plan.handle = forward_synchronously;
    start_above();
    low_how = FAIL_IT;
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(s->status, STATUS_IO_DEVICE_ERROR);
    finish_above();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_43_inline),
        cmocka_unit_test(K_REQ_43_pended),
        cmocka_unit_test(K_REQ_43_failed_below),
        cmocka_unit_test(K_REQ_47_irql_of_the_completer),
        cmocka_unit_test(K_REQ_47_cleared),
        cmocka_unit_test(K_REQ_42_sent_twice),
        cmocka_unit_test(V_WDF_16_not_formatted),
        cmocka_unit_test(K_REQ_40_size),
        cmocka_unit_test(K_REQ_40_forget_with_another),
        cmocka_unit_test(K_REQ_52_deleted_while_sent),
        cmocka_unit_test(K_REQ_52_deleted_in_the_routine),
        cmocka_unit_test(K_REQ_47_sent_again_in_the_routine),
        cmocka_unit_test(K_REQ_50_current_type),
        cmocka_unit_test(V_WDF_17_no_routine),
        cmocka_unit_test(V_WDF_6_cancelable),
        cmocka_unit_test(V_WDF_9_completed_while_sent),
        cmocka_unit_test(K_REQ_48_cancelled_from_above),
        cmocka_unit_test(K_REQ_48_stop_cancels),
        cmocka_unit_test(K_Q_65_sent_request),
        cmocka_unit_test(K_REQ_44_skipped),
        cmocka_unit_test(K_REQ_44_formatted),
        cmocka_unit_test(K_REQ_44_queue_goes_on),
        cmocka_unit_test(K_REQ_44_filter),
        cmocka_unit_test(K_REQ_44_stopped_target),
        cmocka_unit_test(K_REQ_44_driver_created),
        cmocka_unit_test(K_REQ_44_with_a_format),
        cmocka_unit_test(K_REQ_44_with_a_routine),
        cmocka_unit_test(V_WDF_9_completed_after_forgetting),
        cmocka_unit_test(K_REQ_48_cancelled),
        cmocka_unit_test(K_REQ_48_no_cancel_routine),
        cmocka_unit_test(K_REQ_42_cancelled_before),
        cmocka_unit_test(K_REQ_45_timed_out),
        cmocka_unit_test(K_REQ_45_completed_after),
        cmocka_unit_test(K_REQ_45_in_time),
        cmocka_unit_test(K_REQ_45_deleted_in_the_routine),
        cmocka_unit_test(K_REQ_45_no_timer),
        cmocka_unit_test(K_REQ_46_waits),
        cmocka_unit_test(K_REQ_46_completed_by_another_thread),
        cmocka_unit_test(K_REQ_46_timed_out),
        cmocka_unit_test(V_WDF_21_at_dispatch),
        cmocka_unit_test(K_REQ_46_delivered),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
