/*
 * Completing requests, and what they tell of themselves (K-REQ-1..18); what may not be done to them (V-WDF).
 */
#include "kmdf_world.h"

static NTSTATUS seen;

static void start_holding(void)
{
    plan.queue = sequential;
    start();
}

/* RULE K-REQ-1: A driver ends its ownership of a request by completing, forwarding or requeueing it, or by acknowledging a stop. */
TEST(K_REQ_1_completed_once)
{
    start_holding();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_false(s->done);
    complete(0, STATUS_SUCCESS, 4);
    assert_true(s->done && s->information == 4);
    finish();
}

/* RULE K-REQ-2: WdfRequestComplete keeps the Information set earlier, at first 0. */
TEST(K_REQ_2_information)
{
    start_holding();
    struct sent *a = send(IRP_MJ_READ, 4);
    WdfRequestComplete(held[0], STATUS_SUCCESS);
    assert_int_equal(a->information, 0);
    struct sent *b = send(IRP_MJ_READ, 4);
    WdfRequestSetInformation(held[1], 3);
    assert_int_equal(WdfRequestGetInformation(held[1]), 3);
    WdfRequestComplete(held[1], STATUS_SUCCESS);
    assert_int_equal(b->information, 3);
    struct sent *c = send(IRP_MJ_READ, 4);
    WdfRequestSetInformation(held[2], 3);
    WdfRequestCompleteWithInformation(held[2], STATUS_SUCCESS, 2);
    assert_int_equal(c->information, 2);
    struct sent *d = send(IRP_MJ_READ, 4);
    WdfRequestCompleteWithPriorityBoost(held[3], STATUS_UNSUCCESSFUL, 5);
    assert_int_equal(d->status, STATUS_UNSUCCESSFUL);
    finish();
}

/* RULE K-REQ-3: A queue hears of a completion, and presents the next request, before WdfRequestComplete returns. */
TEST(K_REQ_3_next_before_return)
{
    start_holding();
    struct sent *s = send(IRP_MJ_READ, 4);
    send(IRP_MJ_WRITE, 4);
    WdfObjectReference(held[0]);
    complete(0, STATUS_SUCCESS, 0);
    log_is("read write");
    assert_true(s->done && WdfRequestWdmGetIrp(held[0]) == NULL);
    WdfObjectDereference(held[0]);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

static const struct { NTSTATUS from, to; } mapping[] = {
    {STATUS_WDF_PAUSED, STATUS_DEVICE_BUSY}, {STATUS_WDF_BUSY, STATUS_DEVICE_BUSY}, {STATUS_WDF_INTERNAL_ERROR, STATUS_INTERNAL_ERROR},
    {STATUS_WDF_TOO_FRAGMENTED, STATUS_INVALID_DEVICE_REQUEST}, {STATUS_WDF_TOO_MANY_TRANSFERS, STATUS_INVALID_DEVICE_REQUEST},
    {STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS, STATUS_INSUFFICIENT_RESOURCES}, {STATUS_WDF_NO_CALLBACK, STATUS_INVALID_DEVICE_REQUEST},
    {STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED}, {STATUS_SUCCESS, STATUS_SUCCESS}};

/* RULE K-REQ-4: Completing translates the statuses of the framework's own facility for the caller and keeps all others. */
/* RULE F-DRV-9: A framework status with which a request is completed reaches the caller as an ordinary NTSTATUS. */
TEST(K_REQ_4_status_mapping)
{
    start_holding();
    for (int i = 0; i < (int)(sizeof mapping / sizeof *mapping); i++) {
        struct sent *s = send(IRP_MJ_READ, 4);
        complete(i, mapping[i].from, 0);
        assert_int_equal(s->status, mapping[i].to);
    }
    finish();
}

/* RULE K-REQ-5: Completing a request with STATUS_PENDING is reported. */
TEST(K_REQ_5_status_pending, .code = 0xC9, .p1 = ANY)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    complete(0, STATUS_PENDING, 0);
}

/* RULE K-REQ-6: Completing a read with more Information than it asked for is bug check WDF_VIOLATION with parameter 0x6. */
/* RULE V-WDF-14: Completing with Information beyond the request's buffer is reported. */
TEST(K_REQ_6_read, .code = 0x10D, .p1 = 6)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    complete(0, STATUS_SUCCESS, 5);
}

/* RULE K-REQ-6: Completing a write with more Information than it had bytes is bug check WDF_VIOLATION with parameter 0x6. */
TEST(K_REQ_6_write, .code = 0x10D, .p1 = 6)
{
    start_holding();
    send(IRP_MJ_WRITE, 4);
    complete(0, STATUS_SUCCESS, 5);
}

/* RULE K-REQ-6: Completing a user-mode control request with more Information than its output buffer takes is WDF_VIOLATION 0x6. */
TEST(K_REQ_6_control, .code = 0x10D, .p1 = 6)
{
    start_holding();
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 8, .out = 4, .user = true});
    complete(0, STATUS_SUCCESS, 5);
}

/* RULE K-REQ-6: Information is not checked when a request fails, nor for a kernel-mode control request. */
/* RULE F-DRV-8: The framework hands on Information as the driver set it, without cutting it to the buffer. */
TEST(K_REQ_6_not_checked)
{
    start_holding();
    struct sent *a = send(IRP_MJ_READ, 4);
    complete(0, STATUS_UNSUCCESSFUL, 5);
    struct sent *b = send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 8, .out = 4});
    complete(1, STATUS_SUCCESS, 5);
    assert_true(a->information == 5 && b->information == 5);
    finish();
}

/* The framework calls it just before the IRP is completed. */
static void look_at_flags(void *context, NTSTATUS status) { seen = (NTSTATUS)((PIRP)context)->Flags & (IRP_BUFFERED_IO | IRP_INPUT_OPERATION); }

/* RULE K-REQ-7: A buffered user-mode control request without output may be completed with Information, and nothing is copied back. */
/* RULE F-DRV-8: With an output length of 0 nothing is copied back to the app, whatever Information says. */
TEST(K_REQ_7_no_copy_back)
{
    start_holding();
    struct sent *s = send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 8, .user = true});
    s->irp->Flags |= IRP_BUFFERED_IO | IRP_INPUT_OPERATION;
    WdfObjectReference(held[0]);
    PIRP irp = s->irp;
    seen = 0;
    fx_request_on_completed((struct fx_request *)held[0], look_at_flags, irp);
    complete(0, STATUS_SUCCESS, 8);
    WdfObjectDereference(held[0]);
    assert_int_equal(seen, IRP_BUFFERED_IO);
    finish();
}

/* RULE K-REQ-8: A driver's reference on a request's memory object that is left at completion is bug check WDF_VIOLATION with parameter 0x3. */
/* RULE V-WDF-12: A reference that is left on a request's memory when it is completed is reported. */
TEST(K_REQ_8_memory_referenced, .code = 0x10D, .p1 = 3)
{
    WDFMEMORY m;
    start_holding();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestRetrieveOutputMemory(held[0], &m), STATUS_SUCCESS);
    WdfObjectReference(m);
    complete(0, STATUS_SUCCESS, 0);
}

/* RULE V-WDF-12: A request's memory object that is used after the completion is a stale handle. */
TEST(V_WDF_12_memory_after_completion, .code = 0x10D, .p1 = 5)
{
    WDFMEMORY m;
    start_holding();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestRetrieveOutputMemory(held[0], &m), STATUS_SUCCESS);
    complete(0, STATUS_SUCCESS, 0);
    WdfMemoryGetBuffer(m, NULL);
}

/* RULE K-REQ-9: Completing a request that is still marked cancelable is reported. */
/* RULE V-WDF-2: A request marked cancelable is completed only after WdfRequestUnmarkCancelable succeeded. */
TEST(K_REQ_9_marked, MISUSE)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelable(held[0], on_cancel);
    complete(0, STATUS_SUCCESS, 0);
}

/* RULE K-REQ-9: Completing a request twice is reported even when the driver still has a reference on it. */
/* RULE V-WDF-1: A request is completed once: a second completion is reported. */
TEST(K_REQ_9_twice, .code = 0x44, .p1 = ANY)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfObjectReference(held[0]);
    complete(0, STATUS_SUCCESS, 0);
    complete(0, STATUS_SUCCESS, 0);
}

/* RULE V-WDF-1: Completing a request again through its stale handle is reported. */
TEST(V_WDF_1_stale_handle, .code = 0x10D, .p1 = 5)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    complete(0, STATUS_SUCCESS, 0);
    complete(0, STATUS_SUCCESS, 0);
}

static void serialised_cancel(WDFREQUEST request) {}

/* RULE V-WDF-3: A request is not completed after WdfRequestUnmarkCancelable returned STATUS_CANCELLED: EvtRequestCancel does that. */
TEST(V_WDF_3_complete_after_lost_unmark, MISUSE)
{
    plan.queue = sequential_serialised, plan.cancel = serialised_cancel;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelable(held[0], on_cancel);
    WdfObjectAcquireLock(queue);
    io_cancel_irp(s->irp); /* the callback waits for the lock */
    assert_int_equal(WdfRequestUnmarkCancelable(held[0]), STATUS_CANCELLED);
    complete(0, STATUS_CANCELLED, 0);
}

/* RULE V-WDF-9: A driver that touches a request after forwarding it is reported: the request is no longer its own. */
TEST(V_WDF_9_forwarded, MISUSE)
{
    start_holding();
    WDFQUEUE side = make_queue(manual);
    send(IRP_MJ_READ, 4);
    WdfRequestForwardToIoQueue(held[0], side);
    complete(0, STATUS_SUCCESS, 0);
}

/* RULE V-WDF-9: A driver that touches a request after completing it is reported, even if it holds a reference. */
TEST(V_WDF_9_completed, .code = 0x10D, .p1 = 5)
{
    WDF_REQUEST_PARAMETERS p;
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfObjectReference(held[0]);
    complete(0, STATUS_SUCCESS, 0);
    WDF_REQUEST_PARAMETERS_INIT(&p);
    WdfRequestGetParameters(held[0], &p);
}

/* RULE K-OBJ-5: Dropping the last reference of a request instead of completing it is a bug check. */
/* RULE V-WDF-39: An object that is ended by dropping references instead of deleting it is a bug check. */
TEST(K_OBJ_5_request_dereferenced, .code = 0x10D, .p1 = 7)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfObjectDereference(held[0]);
}

/* RULE K-REQ-10: A request may be completed at DISPATCH_LEVEL. */
TEST(K_REQ_10_at_dispatch)
{
    start_holding();
    struct sent *s = send(IRP_MJ_READ, 4);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    complete(0, STATUS_SUCCESS, 0);
    KeLowerIrql(irql);
    assert_true(s->done);
    finish();
}

/* ---- What a request tells ---- */

/* RULE K-REQ-15: WdfRequestGetParameters returns the type, the minor function and the parameters of each type of request. */
TEST(K_REQ_15_parameters)
{
    WDF_REQUEST_PARAMETERS p;
    plan.queue = parallel;
    start();
    send(IRP_MJ_READ, 4), send(IRP_MJ_WRITE, 5);
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 6, .out = 7, .code = CTL_CODE(0x8000, 0x801, METHOD_BUFFERED, 0)});
    WDF_REQUEST_PARAMETERS_INIT(&p);
    WdfRequestGetParameters(held[0], &p);
    assert_true(p.Type == WdfRequestTypeRead && p.Parameters.Read.Length == 4);
    WdfRequestGetParameters(held[1], &p);
    assert_true(p.Type == WdfRequestTypeWrite && p.Parameters.Write.Length == 5);
    WdfRequestGetParameters(held[2], &p);
    assert_true(p.Type == WdfRequestTypeDeviceControl && p.Parameters.DeviceIoControl.InputBufferLength == 6);
    assert_true(p.Parameters.DeviceIoControl.OutputBufferLength == 7);
    assert_int_equal(p.Parameters.DeviceIoControl.IoControlCode, (ULONG)CTL_CODE(0x8000, 0x801, METHOD_BUFFERED, 0));
    for (int i = 0; i < 3; i++)
        complete(i, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-REQ-15: With the verifier on, Type3InputBuffer of a user-mode METHOD_NEITHER request reads as NULL. */
TEST(K_REQ_15_type3_input_buffer)
{
    WDF_REQUEST_PARAMETERS p;
    const ULONG code = CTL_CODE(0x8000, 0x801, METHOD_NEITHER, 0);
    plan.queue = parallel;
    start();
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 4, .code = code, .neither = true, .user = true});
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = 4, .code = code, .neither = true});
    WDF_REQUEST_PARAMETERS_INIT(&p);
    WdfRequestGetParameters(held[0], &p);
    assert_true(p.Parameters.DeviceIoControl.Type3InputBuffer == NULL);
    WdfRequestGetParameters(held[1], &p);
    assert_true(p.Parameters.DeviceIoControl.Type3InputBuffer != NULL);
    complete(0, STATUS_SUCCESS, 0), complete(1, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-REQ-15: WdfRequestGetParameters with a structure whose Size is too small is reported. */
TEST(K_REQ_15_size, MISUSE)
{
    WDF_REQUEST_PARAMETERS p = {0};
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfRequestGetParameters(held[0], &p);
}

/* RULE K-REQ-16: A request tells its queue, its requestor mode, its IRP and whether the caller is a 32-bit process. */
TEST(K_REQ_16_getters)
{
    plan.queue = parallel;
    start();
    struct sent *s = send(IRP_MJ_READ, 4);
    send_io((struct io){.major = IRP_MJ_READ, .length = 4, .user = true});
    assert_true(WdfRequestGetIoQueue(held[0]) == queue && WdfRequestGetFileObject(held[0]) == NULL);
    assert_int_equal(WdfRequestGetRequestorMode(held[0]), KernelMode);
    assert_int_equal(WdfRequestGetRequestorMode(held[1]), UserMode);
    assert_true(WdfRequestWdmGetIrp(held[0]) == s->irp && !WdfRequestIsFrom32BitProcess(held[0]));
    WdfObjectReference(held[0]);
    complete(0, STATUS_SUCCESS, 0), complete(1, STATUS_SUCCESS, 0);
    assert_true(WdfRequestWdmGetIrp(held[0]) == NULL);
    WdfObjectDereference(held[0]);
    finish();
}

/* RULE K-REQ-17: WdfRequestGetStatus returns the status field of the IRP. */
TEST(K_REQ_17_status)
{
    start_holding();
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestGetStatus(held[0]), s->irp->IoStatus.Status);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-88: WdfRequestIsReserved returns FALSE for an ordinary request. */
TEST(K_Q_88_not_reserved)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    assert_false(WdfRequestIsReserved(held[0]));
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-BUG-2: What the framework's verifier breaks on ends the life here under a code of its own. */
TEST(K_BUG_2_break, MISUSE)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfRequestUnmarkCancelable(held[0]);
}

static void raised(WDFREQUEST request)
{
    KIRQL irql;
    WdfRequestComplete(request, STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
}

/* RULE K-BUG-4: A callback that returns at another IRQL than it was called at is bug check WDF_VIOLATION with parameter 0xE. */
/* RULE V-WDF-36: A framework callback returns at the IRQL at which it was called. */
TEST(K_BUG_4_irql, .code = 0x10D, .p1 = 0xE)
{
    plan.queue = sequential, plan.handle = raised;
    start();
    send(IRP_MJ_READ, 4);
}

static void in_region(WDFREQUEST request)
{
    WdfRequestComplete(request, STATUS_SUCCESS);
    KeEnterCriticalRegion();
}

/* RULE K-BUG-4: A callback that returns inside a critical region it entered is bug check WDF_VIOLATION with parameter 0xF. */
/* RULE V-WDF-36: A framework callback leaves every critical region that it entered. */
TEST(K_BUG_4_critical_region, .code = 0x10D, .p1 = 0xF)
{
    plan.queue = sequential, plan.handle = in_region;
    start();
    send(IRP_MJ_READ, 4);
}

/* RULE V-WDF-39: A DDI that is given NULL for a required parameter is a bug check. */
TEST(V_WDF_39_null_parameter, .code = 0x10D, .p1 = 4)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    WdfRequestMarkCancelable(held[0], NULL);
}

/* RULE V-WDF-7: A request that the driver never finishes blocks removal for ever, which is reported. */
/* RULE K-BUG-5: A wait of the framework that never ends is reported. */
TEST(V_WDF_7_lost_request, .code = 0x9F, .p1 = ANY)
{
    start_holding();
    send(IRP_MJ_READ, 4);
    pnp_remove(node);
}

/* ---- Requests of the driver's own ---- */

static WDFREQUEST own_request(BOOLEAN frees, PIRP irp)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFREQUEST request;
    name_attributes(&a, device);
    assert_int_equal(irp ? WdfRequestCreateFromIrp(&a, irp, frees, &request) : WdfRequestCreate(&a, NULL, &request), STATUS_SUCCESS);
    named(request)->name = "own";
    return request;
}

/* RULE K-REQ-11: Completing a request that the driver created with WdfRequestCreate is reported. */
/* RULE V-WDF-23: A request that the driver created is deleted, never completed. */
TEST(K_REQ_11_created_from_irp, MISUSE, .rule = "K-REQ-11")
{
    start_holding();
    WdfRequestComplete(own_request(TRUE, IoAllocateIrp(2, FALSE)), STATUS_SUCCESS);
}

/* RULE K-REQ-11: A request that the driver created cannot be completed, whether it has an IRP or not. */
TEST(K_REQ_11_created, MISUSE, .rule = "K-REQ-11")
{
    start_holding();
    WdfRequestComplete(own_request(FALSE, NULL), STATUS_SUCCESS);
}

static bool is_live(PIRP irp)
{
    PIRP i = irp_first();
    while (i && i != irp)
        i = irp_next(i);
    return i != NULL;
}

/* RULE V-WDF-23: Deleting a request that the driver created is its end; it frees its IRP if it was told to. */
/* RULE F-DRV-23: Requests that the driver created are ended with WdfObjectDelete. */
/* RULE K-REQ-31: WdfRequestMarkCancelableEx fails for a request that came from no queue. */
TEST(V_WDF_23_deleted)
{
    start_holding();
    PIRP kept = IoAllocateIrp(2, FALSE), given = IoAllocateIrp(2, FALSE);
    WDFREQUEST a = own_request(TRUE, given), b = own_request(FALSE, kept), c = own_request(FALSE, NULL);
    assert_true(WdfRequestWdmGetIrp(b) == kept && WdfRequestWdmGetIrp(c) == NULL);
    assert_true(WdfRequestGetIoQueue(b) == NULL);
    assert_int_equal(WdfRequestMarkCancelableEx(b, on_cancel), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfRequestForwardToIoQueue(b, queue), STATUS_INVALID_DEVICE_REQUEST);
    WdfObjectDelete(a), WdfObjectDelete(b), WdfObjectDelete(c);
    log_is("~own !own ~own !own ~own !own");
    assert_true(is_live(kept) && !is_live(given));
    IoFreeIrp(kept);
    own_request(TRUE, IoAllocateIrp(2, FALSE)); /* goes with its parent */
    finish();
    log_is("~queue ~own !queue !own");
}

/* RULE V-WDF-15: Asking a request without an IRP for what the IRP holds is bug check 0x10D/6/2. */
TEST(V_WDF_15_no_irp, .code = 0x10D, .p1 = 6)
{
    start_holding();
    WdfRequestGetInformation(own_request(FALSE, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_1_completed_once),
        cmocka_unit_test(K_REQ_2_information),
        cmocka_unit_test(K_REQ_3_next_before_return),
        cmocka_unit_test(K_REQ_4_status_mapping),
        cmocka_unit_test(K_REQ_5_status_pending),
        cmocka_unit_test(K_REQ_6_read),
        cmocka_unit_test(K_REQ_6_write),
        cmocka_unit_test(K_REQ_6_control),
        cmocka_unit_test(K_REQ_6_not_checked),
        cmocka_unit_test(K_REQ_7_no_copy_back),
        cmocka_unit_test(K_REQ_8_memory_referenced),
        cmocka_unit_test(V_WDF_12_memory_after_completion),
        cmocka_unit_test(K_REQ_9_marked),
        cmocka_unit_test(K_REQ_9_twice),
        cmocka_unit_test(V_WDF_1_stale_handle),
        cmocka_unit_test(V_WDF_3_complete_after_lost_unmark),
        cmocka_unit_test(V_WDF_9_forwarded),
        cmocka_unit_test(V_WDF_9_completed),
        cmocka_unit_test(K_OBJ_5_request_dereferenced),
        cmocka_unit_test(K_REQ_10_at_dispatch),
        cmocka_unit_test(K_REQ_15_parameters),
        cmocka_unit_test(K_REQ_15_type3_input_buffer),
        cmocka_unit_test(K_REQ_15_size),
        cmocka_unit_test(K_REQ_16_getters),
        cmocka_unit_test(K_REQ_17_status),
        cmocka_unit_test(K_Q_88_not_reserved),
        cmocka_unit_test(K_BUG_2_break),
        cmocka_unit_test(K_BUG_4_irql),
        cmocka_unit_test(K_BUG_4_critical_region),
        cmocka_unit_test(V_WDF_39_null_parameter),
        cmocka_unit_test(V_WDF_7_lost_request),
        cmocka_unit_test(K_REQ_11_created_from_irp),
        cmocka_unit_test(K_REQ_11_created),
        cmocka_unit_test(V_WDF_23_deleted),
        cmocka_unit_test(V_WDF_15_no_irp),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
