/*
 * Framework queues, requests and memory: K-Q, K-REQ, K-SYN, K-MEM. The driver below parks, completes, marks or forwards what it is given, as the
 * test asks; IRPs are made by hand and sent to the top of its device stack.
 */
#include "unit.h"

#include "kmdf/fx.h"

/* The test looks at the driver's variables without asking anybody, which ThreadSanitizer would rightly call a race. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

PWDF_DRIVER_GLOBALS WdfDriverGlobals;

enum mode { COMPLETE, PARK, MARK, MARK_EX, FORWARD, FORWARD_AND_COMPLETE, STOP_INSIDE, ECHO };
enum event { PRESENTED = 1, CANCEL, CANCELED_ON_QUEUE, STOPPED, RESUMED, STOP_COMPLETE, PURGE_COMPLETE, READY };

/* ---- The driver ---- */

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static struct {
    WDF_IO_QUEUE_DISPATCH_TYPE type;
    WDF_SYNCHRONIZATION_SCOPE scope;
    WDF_EXECUTION_LEVEL level;
    ULONG limit;
    BOOLEAN zero_length, with_stop;
    enum mode mode;
    BOOLEAN acknowledge, requeue; /* in EvtIoStop */
} plan;
static WDFQUEUE queue, side; /* side: a manual queue */
static WDFREQUEST parked[16];
static int parked_count;
static struct { int event; KIRQL irql; int depth; } seen[64];
static int seen_count, depth;
static NTSTATUS mark_status, forward_status;
static ULONG stop_flags;

static void note(int event)
{
    seen[seen_count].event = event;
    seen[seen_count].depth = depth;
    seen[seen_count++].irql = KeGetCurrentIrql();
}

static VOID on_cancel(WDFREQUEST request)
{
    note(CANCEL);
    WdfRequestCompleteWithInformation(request, STATUS_CANCELLED, 0);
}

static void echo(WDFREQUEST request);

static void handle(WDFREQUEST request, ULONG_PTR length)
{
    note(PRESENTED);
    depth++;
    switch (plan.mode) {
    case COMPLETE:
        WdfRequestCompleteWithInformation(request, STATUS_SUCCESS, length);
        break;
    case MARK:
        WdfRequestMarkCancelable(request, on_cancel);
        parked[parked_count++] = request;
        break;
    case MARK_EX:
        mark_status = WdfRequestMarkCancelableEx(request, on_cancel);
        if (!NT_SUCCESS(mark_status))
            WdfRequestComplete(request, mark_status);
        else
            parked[parked_count++] = request;
        break;
    case FORWARD_AND_COMPLETE:
        WdfRequestForwardToIoQueue(request, side);
        WdfRequestComplete(request, STATUS_SUCCESS);
        break;
    case STOP_INSIDE:
        WdfIoQueueStopSynchronously(queue);
        break;
    case ECHO:
        seen_count = 0;
        echo(request);
        break;
    case FORWARD:
        forward_status = WdfRequestForwardToIoQueue(request, side);
        if (!NT_SUCCESS(forward_status))
            WdfRequestComplete(request, forward_status);
        break;
    default:
        parked[parked_count++] = request;
        break;
    }
    depth--;
}

static VOID on_read(WDFQUEUE q, WDFREQUEST request, size_t length) { handle(request, length); }
static VOID on_control(WDFQUEUE q, WDFREQUEST request, size_t out, size_t in, ULONG code) { handle(request, 0); }

static VOID on_stop(WDFQUEUE q, WDFREQUEST request, ULONG flags)
{
    note(STOPPED);
    stop_flags = flags;
    if (plan.acknowledge)
        WdfRequestStopAcknowledge(request, plan.requeue);
    else
        WdfRequestComplete(request, STATUS_CANCELLED);
}

static VOID on_resume(WDFQUEUE q, WDFREQUEST request) { note(RESUMED); }
static VOID on_stop_complete(WDFQUEUE q, WDFCONTEXT context) { note(STOP_COMPLETE); }
static VOID on_purge_complete(WDFQUEUE q, WDFCONTEXT context) { note(PURGE_COMPLETE); }
static VOID on_ready(WDFQUEUE q, WDFCONTEXT context) { note(READY); }

static VOID on_canceled_on_queue(WDFQUEUE q, WDFREQUEST request)
{
    note(CANCELED_ON_QUEUE);
    WdfRequestComplete(request, STATUS_CANCELLED);
}

static NTSTATUS create_queues(WDFDEVICE device)
{
    WDF_IO_QUEUE_CONFIG config;
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, plan.type ? plan.type : WdfIoQueueDispatchSequential);
    if (plan.limit)
        config.Settings.Parallel.NumberOfPresentedRequests = plan.limit;
    config.AllowZeroLengthRequests = plan.zero_length;
    if (plan.type != WdfIoQueueDispatchManual) {
        config.EvtIoRead = on_read;
        config.EvtIoWrite = on_read;
        config.EvtIoDeviceControl = on_control;
    }
    if (plan.with_stop) {
        config.EvtIoStop = on_stop;
        config.EvtIoResume = on_resume;
    }
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    if (plan.scope)
        attributes.SynchronizationScope = plan.scope;
    if (plan.level)
        attributes.ExecutionLevel = plan.level;
    NTSTATUS status = WdfIoQueueCreate(device, &config, &attributes, &queue);
    if (!NT_SUCCESS(status))
        return status;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.EvtIoCanceledOnQueue = on_canceled_on_queue;
    return WdfIoQueueCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &side);
}

static NTSTATUS on_device_add(WDFDRIVER driver, PWDFDEVICE_INIT init)
{
    WDFDEVICE device;
    WdfDeviceInitSetIoType(init, WdfDeviceIoBuffered);
    NTSTATUS status = WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &device);
    return NT_SUCCESS(status) ? create_queues(device) : status;
}

static NTSTATUS driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    WDF_DRIVER_CONFIG config;
    WDF_DRIVER_CONFIG_INIT(&config, on_device_add);
    return WdfDriverCreate(driver, path, WDF_NO_OBJECT_ATTRIBUTES, &config, WDF_NO_HANDLE);
}

/* From the outside of a queue callback, as a timer or thread of the driver would. */
static void complete(int i, ULONG_PTR length) { WdfRequestCompleteWithInformation(parked[i], STATUS_SUCCESS, length); }

static int complete_under_lock(int i)
{
    WdfObjectAcquireLock(queue);
    complete(i, 0);
    int count = seen_count;
    WdfObjectReleaseLock(queue);
    return count;
}

static void mark(int i) { WdfRequestMarkCancelable(parked[i], on_cancel); }

/* The echo pattern: one request is current; whoever ends it clears it first, all under the presentation lock. */
static WDFREQUEST current;
static int ended;

static VOID on_echo_cancel(WDFREQUEST request)
{
    current = NULL;
    ended++;
    WdfRequestComplete(request, STATUS_CANCELLED);
}

static void echo(WDFREQUEST request)
{
    WdfRequestMarkCancelable(request, on_echo_cancel);
    current = request;
}

static void echo_tick(void)
{
    WdfObjectAcquireLock(queue);
    WDFREQUEST request = current;
    if (request && WdfRequestUnmarkCancelable(request) != STATUS_CANCELLED) {
        current = NULL;
        ended++;
        WdfRequestComplete(request, STATUS_SUCCESS);
    }
    WdfObjectReleaseLock(queue);
}

#pragma clang section text = "" data = "" bss = ""

static const struct driver_image image = {"queue_test", (int (*)(void *, void *))driver_entry, (void **)&WdfDriverGlobals, 31};

/* ---- The outside ---- */

static struct nt_driver *driver;
static struct devnode *node;

struct sent {
    PIRP irp;
    bool done;
    NTSTATUS returned, status;
    ULONG_PTR information;
    char buffer[64];
};
static struct sent sent[16];
static int sent_count;

static NTSTATUS NTAPI came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct sent *s = context;
    assert_false(s->done);
    s->done = true;
    s->status = irp->IoStatus.Status;
    s->information = irp->IoStatus.Information;
    s->irp = NULL;
    irp->AssociatedIrp.SystemBuffer = NULL;
    io_free_irp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static struct sent *send_with(UCHAR major, ULONG length, bool cancelled)
{
    struct sent *s = &sent[sent_count++];
    *s = (struct sent){0};
    PDEVICE_OBJECT top = io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    s->irp = irp;
    irp->RequestorMode = KernelMode;
    irp->AssociatedIrp.SystemBuffer = length ? s->buffer : NULL;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Cancel = cancelled;
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    next->MajorFunction = major;
    if (major == IRP_MJ_DEVICE_CONTROL) {
        next->Parameters.DeviceIoControl.IoControlCode = CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);
        next->Parameters.DeviceIoControl.InputBufferLength = length;
        next->Parameters.DeviceIoControl.OutputBufferLength = length / 2;
    } else {
        next->Parameters.Read.Length = length;
    }
    io_set_completion_routine(irp, came_back, s, TRUE, TRUE, TRUE);
    s->returned = io_call_driver(top, irp);
    return s;
}

static struct sent *send(ULONG length) { return send_with(IRP_MJ_READ, length, false); }
static struct fx_device *fx_dev(void) { return ((struct fx_object *)queue)->device; }

static void start(void)
{
    sent_count = 0;
    NTSTATUS status = io_load_driver(&image, &driver);
    assert_int_equal(status, STATUS_SUCCESS);
    node = pnp_create_root_device(driver, "Root\\QTEST", &status);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
}

static void finish(void)
{
    for (int i = 0; i < sent_count; i++)
        assert_true(sent[i].done);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    io_unload_driver(driver);
}

static void expect(int i, int event) { assert_int_equal(i < seen_count ? seen[i].event : 0, event); }

static void one_tick(void *context)
{
    LARGE_INTEGER interval = {.QuadPart = -10000};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
    echo_tick();
}

#define LIFE(name)                                        \
    static void name##_body(void);                        \
    static void name(void **state) { unit_life(name##_body, NULL); } \
    static void name##_body(void)
#define BUG(name, code, p1)                               \
    static void name##_body(void);                        \
    static void name(void **state) { unit_expect_bugcheck(name##_body, code, p1); } \
    static void name##_body(void)

/* ---- Arrival and dispatch ---- */

LIFE(k_q_22_dispatch_returns_pending_although_completed_inline)
{
    start();
    struct sent *s = send(8);
    assert_int_equal(s->returned, STATUS_PENDING);
    assert_true(s->done);
    assert_int_equal(s->information, 8);
    finish();
}

LIFE(k_q_26_empty_reads_are_completed_without_callback)
{
    start();
    struct sent *s = send(0);
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_SUCCESS);
    assert_int_equal(seen_count, 0);
    send_with(IRP_MJ_DEVICE_CONTROL, 0, false);
    expect(0, PRESENTED);
    finish();
}

LIFE(k_q_26_empty_reads_are_presented_if_allowed)
{
    plan.zero_length = TRUE;
    start();
    send(0);
    assert_int_equal(seen_count, 1);
    finish();
}

LIFE(k_q_25_no_handler_is_invalid_device_request)
{
    start();
    struct sent *s = send_with(IRP_MJ_INTERNAL_DEVICE_CONTROL, 4, false);
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

LIFE(k_q_29_next_sequential_request_is_presented_inside_complete)
{
    plan.mode = PARK;
    start();
    struct sent *a = send(4), *b = send(5);
    assert_int_equal(parked_count, 1);
    complete(0, 4);
    assert_true(a->done);
    assert_int_equal(parked_count, 2);
    assert_false(b->done);
    complete(1, 5);
    finish();
}

LIFE(k_q_30_parallel_limit_counts_owned_requests)
{
    plan.mode = PARK, plan.type = WdfIoQueueDispatchParallel, plan.limit = 2;
    start();
    send(1), send(2), send(3);
    assert_int_equal(parked_count, 2);
    complete(0, 0);
    assert_int_equal(parked_count, 3);
    complete(1, 0), complete(2, 0);
    finish();
}

/* ---- Presentation lock ---- */

LIFE(k_syn_4_scope_queue_calls_at_dispatch_level)
{
    plan.scope = WdfSynchronizationScopeQueue;
    start();
    send(4);
    assert_int_equal(seen[0].irql, DISPATCH_LEVEL);
    finish();
}

LIFE(k_syn_4_scope_none_keeps_the_callers_level)
{
    plan.scope = WdfSynchronizationScopeNone;
    start();
    send(4);
    assert_int_equal(seen[0].irql, PASSIVE_LEVEL);
    finish();
}

LIFE(k_q_27_completing_under_the_lock_defers_to_a_dpc)
{
    plan.mode = PARK, plan.scope = WdfSynchronizationScopeQueue;
    start();
    send(1), send(2);
    assert_int_equal(complete_under_lock(0), 1);
    assert_int_equal(parked_count, 2); /* when the lock was released */
    complete(1, 0);
    finish();
}

LIFE(k_q_27_passive_queue_defers_to_a_work_item_above_passive)
{
    plan.level = WdfExecutionLevelPassive;
    start();
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    struct sent *s = send(4);
    assert_false(s->done);
    ke_lower_irql(irql);
    sched_settle();
    assert_true(s->done);
    assert_int_equal(seen[0].irql, PASSIVE_LEVEL);
    finish();
}

/* ---- Cancellation ---- */

LIFE(k_req_30_mark_of_a_cancelled_request_calls_back_inside)
{
    plan.mode = MARK;
    start();
    struct sent *s = send_with(IRP_MJ_READ, 4, true);
    expect(1, CANCEL);
    assert_int_equal(seen[1].depth, 1);
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

LIFE(k_req_30_under_a_lock_the_callback_comes_after_the_handler)
{
    plan.mode = MARK, plan.scope = WdfSynchronizationScopeQueue;
    start();
    struct sent *s = send_with(IRP_MJ_READ, 4, true);
    expect(1, CANCEL);
    assert_int_equal(seen[1].depth, 0);
    assert_true(s->done);
    finish();
}

LIFE(k_req_31_mark_ex_returns_cancelled_and_never_calls_back)
{
    plan.mode = MARK_EX;
    start();
    struct sent *s = send_with(IRP_MJ_READ, 4, true);
    assert_int_equal(mark_status, STATUS_CANCELLED);
    assert_int_equal(seen_count, 1);
    assert_true(s->done);
    finish();
}

LIFE(k_req_32_unmark_returns_success_and_the_driver_owns_it)
{
    plan.mode = MARK;
    start();
    struct sent *s = send(4);
    assert_int_equal(WdfRequestUnmarkCancelable(parked[0]), STATUS_SUCCESS);
    assert_false(io_cancel_irp(s->irp));
    assert_false(s->done);
    complete(0, 0);
    finish();
}

LIFE(k_req_33_cancel_of_a_marked_request_calls_back)
{
    plan.mode = MARK;
    start();
    struct sent *s = send(4);
    assert_true(io_cancel_irp(s->irp));
    expect(1, CANCEL);
    assert_int_equal(s->status, STATUS_CANCELLED);
    finish();
}

LIFE(k_req_32_unmark_after_cancel_returns_cancelled)
{
    plan.mode = MARK;
    start();
    struct sent *s = send(4);
    WdfObjectReference(parked[0]);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfRequestUnmarkCancelable(parked[0]), STATUS_CANCELLED);
    WdfObjectDereference(parked[0]);
    finish();
}

LIFE(k_q_80_a_queued_request_is_cancelled_invisibly)
{
    plan.mode = PARK;
    start();
    send(1);
    struct sent *s = send(2);
    assert_true(io_cancel_irp(s->irp));
    assert_true(s->done);
    assert_int_equal(s->status, STATUS_CANCELLED);
    assert_int_equal(seen_count, 1);
    complete(0, 0);
    finish();
}

LIFE(k_q_80_a_forwarded_request_goes_to_canceled_on_queue)
{
    plan.mode = FORWARD;
    start();
    struct sent *s = send(1);
    assert_int_equal(forward_status, STATUS_SUCCESS);
    io_cancel_irp(s->irp);
    expect(1, CANCELED_ON_QUEUE);
    assert_true(s->done);
    finish();
}

/* ---- Manual queues ---- */

LIFE(k_q_35_retrieve_next_until_no_more_entries)
{
    plan.mode = FORWARD;
    start();
    send(1), send(2);
    WDFREQUEST r;
    assert_int_equal(WdfIoQueueRetrieveNextRequest(side, &r), STATUS_SUCCESS);
    WdfRequestComplete(r, STATUS_SUCCESS);
    WdfIoQueueStop(side, NULL, NULL);
    assert_int_equal(WdfIoQueueRetrieveNextRequest(side, &r), STATUS_WDF_PAUSED);
    WdfIoQueueStart(side);
    assert_int_equal(WdfIoQueueRetrieveNextRequest(side, &r), STATUS_SUCCESS);
    WdfRequestComplete(r, STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueRetrieveNextRequest(side, &r), STATUS_NO_MORE_ENTRIES);
    assert_true(r == NULL);
    finish();
}

LIFE(k_q_37_find_references_and_the_tag_may_vanish)
{
    plan.mode = FORWARD;
    start();
    struct sent *s = send(1);
    WDFREQUEST tag, r;
    assert_int_equal(WdfIoQueueFindRequest(side, NULL, NULL, NULL, &tag), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueFindRequest(side, tag, NULL, NULL, &r), STATUS_NO_MORE_ENTRIES);
    io_cancel_irp(s->irp);
    assert_int_equal(WdfIoQueueRetrieveFoundRequest(side, tag, &r), STATUS_NOT_FOUND);
    WdfObjectDereference(tag);
    send(1);
    assert_int_equal(WdfIoQueueFindRequest(side, NULL, NULL, NULL, &tag), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueRetrieveFoundRequest(side, tag, &r), STATUS_SUCCESS);
    WdfObjectDereference(tag);
    WdfRequestComplete(r, STATUS_SUCCESS);
    finish();
}

LIFE(k_q_39_ready_notify_fires_on_the_transition_from_empty)
{
    plan.mode = FORWARD;
    start();
    assert_int_equal(WdfIoQueueReadyNotify(queue, on_ready, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfIoQueueReadyNotify(side, on_ready, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfIoQueueReadyNotify(side, on_ready, NULL), STATUS_INVALID_DEVICE_REQUEST);
    send(1), send(2);
    expect(1, READY);
    expect(2, PRESENTED);
    assert_int_equal(seen_count, 3);
    WDFREQUEST a, b;
    WdfIoQueueRetrieveNextRequest(side, &a);
    assert_int_equal(WdfRequestRequeue(a), STATUS_SUCCESS);
    WdfIoQueueRetrieveNextRequest(side, &b);
    assert_true(a == b); /* K-Q-48: at the head */
    WdfRequestComplete(b, STATUS_SUCCESS);
    WdfIoQueueRetrieveNextRequest(side, &a);
    WdfRequestRequeue(a);
    expect(3, READY);
    WdfIoQueueRetrieveNextRequest(side, &a);
    WdfRequestComplete(a, STATUS_SUCCESS);
    finish();
}

LIFE(k_q_45_a_queue_that_does_not_accept_is_busy)
{
    plan.mode = FORWARD;
    start();
    WdfIoQueuePurgeSynchronously(side);
    struct sent *s = send(1);
    assert_int_equal(forward_status, STATUS_WDF_BUSY);
    assert_int_equal(s->status, STATUS_DEVICE_BUSY); /* K-REQ-4 */
    finish();
}

/* ---- Stop, start, drain, purge ---- */

LIFE(k_q_55_stop_keeps_accepting_and_reports_when_nothing_is_owned)
{
    plan.mode = PARK;
    start();
    send(1);
    WdfIoQueueStop(queue, on_stop_complete, NULL);
    send(2);
    assert_int_equal(seen_count, 1);
    complete(0, 0);
    expect(1, STOP_COMPLETE);
    assert_true(WDF_IO_QUEUE_STOPPED(WdfIoQueueGetState(queue, NULL, NULL)));
    WdfIoQueueStart(queue);
    expect(2, PRESENTED);
    complete(1, 0);
    finish();
}

LIFE(k_q_55_purge_refuses_and_cancels)
{
    plan.mode = MARK;
    start();
    struct sent *a = send(1), *b = send(2);
    WdfIoQueuePurge(queue, on_purge_complete, NULL);
    assert_int_equal(a->status, STATUS_CANCELLED);
    assert_int_equal(b->status, STATUS_CANCELLED);
    expect(1, CANCEL);
    expect(2, PURGE_COMPLETE);
    struct sent *c = send(3);
    assert_int_equal(c->returned, STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(c->status, STATUS_INVALID_DEVICE_STATE);
    assert_true(WDF_IO_QUEUE_PURGED(WdfIoQueueGetState(queue, NULL, NULL)));
    WdfIoQueueStart(queue);
    finish();
}

LIFE(k_q_59_synchronous_stop_waits_for_the_owner)
{
    plan.mode = ECHO, plan.scope = WdfSynchronizationScopeQueue;
    start();
    sent_count = 0;
    struct sent *s = send(4);
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "ticker", NULL, one_tick, NULL);
    WdfIoQueueStopSynchronously(queue);
    assert_true(s->done);
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
    finish();
}

LIFE(k_q_66_removal_cancels_queued_and_marked_requests)
{
    plan.mode = MARK;
    start();
    struct sent *a = send(1), *b = send(2);
    fx_queues_purge(fx_dev(), true);
    assert_int_equal(a->status, STATUS_CANCELLED);
    assert_int_equal(b->status, STATUS_CANCELLED);
    assert_int_equal(send(3)->returned, STATUS_INVALID_DEVICE_STATE);
    finish();
}

LIFE(k_q_55_drain_presents_what_is_queued)
{
    plan.mode = PARK;
    start();
    send(1), send(2);
    WdfIoQueueDrain(queue, on_purge_complete, NULL);
    complete(0, 0);
    complete(1, 0);
    expect(1, PRESENTED);
    expect(2, PURGE_COMPLETE);
    assert_true(WDF_IO_QUEUE_DRAINED(WdfIoQueueGetState(queue, NULL, NULL)));
    finish();
}

/* ---- Power ---- */

LIFE(k_q_65_acknowledged_requests_are_resumed)
{
    plan.mode = PARK, plan.with_stop = TRUE, plan.acknowledge = TRUE;
    start();
    send(1);
    fx_queues_hold(fx_dev());
    expect(1, STOPPED);
    assert_int_equal(stop_flags, WdfRequestStopActionSuspend);
    send(2); /* K-Q-68 */
    assert_int_equal(parked_count, 1);
    fx_queues_resume(fx_dev());
    expect(2, RESUMED);
    complete(0, 0);
    complete(1, 0);
    finish();
}

LIFE(k_q_65_requeued_requests_are_presented_again)
{
    plan.mode = PARK, plan.with_stop = TRUE, plan.acknowledge = TRUE, plan.requeue = TRUE;
    start();
    send(1);
    fx_queues_hold(fx_dev());
    fx_queues_resume(fx_dev());
    expect(2, PRESENTED);
    complete(1, 0);
    finish();
}

LIFE(k_q_64_stop_tells_of_cancelable_requests)
{
    plan.mode = MARK, plan.with_stop = TRUE, plan.acknowledge = TRUE;
    start();
    struct sent *s = send(1);
    fx_queues_hold(fx_dev());
    assert_int_equal(stop_flags, (ULONG)WdfRequestStopActionSuspend | (ULONG)WdfRequestStopRequestCancelable);
    io_cancel_irp(s->irp);
    assert_true(s->done);
    fx_queues_resume(fx_dev());
    finish();
}

/* ---- Buffers, memory ---- */

LIFE(k_req_20_22_buffers_of_a_control_request)
{
    plan.mode = PARK;
    start();
    send_with(IRP_MJ_DEVICE_CONTROL, 8, false);
    PVOID in, out;
    size_t in_length, out_length;
    assert_int_equal(WdfRequestRetrieveInputBuffer(parked[0], 8, &in, &in_length), STATUS_SUCCESS);
    assert_int_equal(WdfRequestRetrieveOutputBuffer(parked[0], 4, &out, &out_length), STATUS_SUCCESS);
    assert_true(in == out);
    assert_int_equal(in_length, 8);
    assert_int_equal(out_length, 4);
    assert_int_equal(WdfRequestRetrieveOutputBuffer(parked[0], 5, &out, &out_length), STATUS_BUFFER_TOO_SMALL);
    assert_true(out == NULL && out_length == 0);
    WDFMEMORY a, b;
    assert_int_equal(WdfRequestRetrieveInputMemory(parked[0], &a), STATUS_SUCCESS);
    WdfRequestRetrieveInputMemory(parked[0], &b);
    assert_true(a == b);
    PMDL mdl;
    assert_int_equal(WdfRequestRetrieveOutputWdmMdl(parked[0], &mdl), STATUS_SUCCESS);
    assert_int_equal(mdl->ByteCount, 4);
    complete(0, 4);
    finish();
}

LIFE(k_mem_1_2_create_and_copy)
{
    start();
    WDFMEMORY m;
    char bytes[8] = "1234567";
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 0, &m, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 8, &m, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCopyFromBuffer(m, 0, bytes, 8), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCopyFromBuffer(m, 1, bytes, 8), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(WdfMemoryCopyToBuffer(m, 8, bytes, 1), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(WdfMemoryCopyToBuffer(m, 4, bytes, 4), STATUS_SUCCESS);
    assert_int_equal(bytes[0], '5');
    WdfObjectDelete(m);
    finish();
}

/* ---- Schedules ---- */

static bool all_done(void)
{
    for (int i = 0; i < sent_count; i++)
        if (!sent[i].done)
            return false;
    return sent_count == 6;
}

static void sender(void *context)
{
    for (int i = 0; i < 6; i++)
        send(4);
}

static void canceller(void *context)
{
    for (int i = 0; i < 6; i++) {
        if (i < sent_count && sent[i].irp && !sent[i].done)
            io_cancel_irp(sent[i].irp);
        sched_point(DDI_Block);
    }
}

static void ticker(void *context)
{
    for (int i = 0; i < 400 && !all_done(); i++) {
        echo_tick();
        LARGE_INTEGER interval = {.QuadPart = -10000};
        ke_delay_execution_thread(KernelMode, FALSE, &interval);
    }
}

static unsigned outcomes[2]; /* over all schedules: completed, cancelled */

static void echo_under_a_schedule(void)
{
    plan.mode = ECHO, plan.scope = WdfSynchronizationScopeQueue;
    start();
    struct nt_thread *threads[] = {ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "sender", NULL, sender, NULL),
                                   ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0 + 1, "canceller", NULL, canceller, NULL),
                                   ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0 + 2, "ticker", NULL, ticker, NULL)};
    fx_queues_hold(fx_dev());
    fx_queues_resume(fx_dev());
    for (int i = 0; i < 3; i++) {
        ke_wait_for_single_object(threads[i], Executive, KernelMode, FALSE, NULL);
        ob_dereference(threads[i]);
    }
    assert_true(all_done());
    for (int i = 0; i < sent_count; i++)
        outcomes[sent[i].status == STATUS_CANCELLED]++;
    finish();
}

static void k_req_32_every_request_ends_once_in_1000_schedules(void **state)
{
    for (unsigned seed = 1; seed <= 1000; seed++) {
        struct chance chance = {.policy = seed & 1 ? POLICY_RANDOM : POLICY_PCT, .cpus = 2, .seed = seed, .pct_depth = 3, .pct_length = 400};
        unit_life(echo_under_a_schedule, &chance);
    }
    assert_true(outcomes[0] > 500 && outcomes[1] > 500); /* the schedules differ */
}

/* ---- Misuse ---- */

BUG(v_wdf_14_information_beyond_the_buffer, 0x10D, 6)
{
    plan.mode = PARK;
    start();
    send(4);
    complete(0, 5);
}

BUG(v_wdf_1_double_completion_is_a_stale_handle, 0x10D, 5)
{
    plan.mode = PARK;
    start();
    send(4);
    complete(0, 0);
    complete(0, 0);
}

BUG(v_wdf_1_double_completion_of_a_referenced_request, 0x44, ~0ull)
{
    plan.mode = PARK;
    start();
    send(4);
    WdfObjectReference(parked[0]);
    complete(0, 0);
    complete(0, 0);
}

BUG(v_wdf_2_completion_while_cancelable, OWN_WDF_MISUSE, ~0ull)
{
    plan.mode = MARK;
    start();
    send(4);
    complete(0, 0);
}

BUG(v_wdf_5_marked_twice, OWN_WDF_MISUSE, ~0ull)
{
    plan.mode = MARK;
    start();
    send(4);
    mark(0);
}

BUG(v_wdf_12_memory_still_referenced, 0x10D, 3)
{
    plan.mode = PARK;
    start();
    send(4);
    WDFMEMORY m;
    WdfRequestRetrieveOutputMemory(parked[0], &m);
    WdfObjectReference(m);
    complete(0, 0);
}

BUG(k_obj_5_dereference_of_a_request_not_completed, 0x10D, 7)
{
    plan.mode = PARK;
    start();
    send(4);
    WdfObjectDereference(parked[0]);
}

BUG(v_wdf_32_synchronous_stop_under_the_presentation_lock, OWN_WDF_MISUSE, ~0ull)
{
    plan.mode = STOP_INSIDE, plan.level = WdfExecutionLevelPassive, plan.scope = WdfSynchronizationScopeQueue;
    start();
    send(4);
}

BUG(v_wdf_9_use_of_a_queued_request, OWN_WDF_MISUSE, ~0ull)
{
    plan.mode = FORWARD_AND_COMPLETE;
    start();
    send(4);
}

BUG(k_q_57_second_stop_callback, 0x10D, 0xA)
{
    plan.mode = PARK;
    start();
    send(4);
    WdfIoQueueStop(queue, on_stop_complete, NULL);
    WdfIoQueueStop(queue, on_stop_complete, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_q_22_dispatch_returns_pending_although_completed_inline),
        cmocka_unit_test(k_q_26_empty_reads_are_completed_without_callback),
        cmocka_unit_test(k_q_26_empty_reads_are_presented_if_allowed),
        cmocka_unit_test(k_q_25_no_handler_is_invalid_device_request),
        cmocka_unit_test(k_q_29_next_sequential_request_is_presented_inside_complete),
        cmocka_unit_test(k_q_30_parallel_limit_counts_owned_requests),
        cmocka_unit_test(k_syn_4_scope_queue_calls_at_dispatch_level),
        cmocka_unit_test(k_syn_4_scope_none_keeps_the_callers_level),
        cmocka_unit_test(k_q_27_completing_under_the_lock_defers_to_a_dpc),
        cmocka_unit_test(k_q_27_passive_queue_defers_to_a_work_item_above_passive),
        cmocka_unit_test(k_req_30_mark_of_a_cancelled_request_calls_back_inside),
        cmocka_unit_test(k_req_30_under_a_lock_the_callback_comes_after_the_handler),
        cmocka_unit_test(k_req_31_mark_ex_returns_cancelled_and_never_calls_back),
        cmocka_unit_test(k_req_32_unmark_returns_success_and_the_driver_owns_it),
        cmocka_unit_test(k_req_33_cancel_of_a_marked_request_calls_back),
        cmocka_unit_test(k_req_32_unmark_after_cancel_returns_cancelled),
        cmocka_unit_test(k_q_80_a_queued_request_is_cancelled_invisibly),
        cmocka_unit_test(k_q_80_a_forwarded_request_goes_to_canceled_on_queue),
        cmocka_unit_test(k_q_35_retrieve_next_until_no_more_entries),
        cmocka_unit_test(k_q_37_find_references_and_the_tag_may_vanish),
        cmocka_unit_test(k_q_39_ready_notify_fires_on_the_transition_from_empty),
        cmocka_unit_test(k_q_45_a_queue_that_does_not_accept_is_busy),
        cmocka_unit_test(k_q_55_stop_keeps_accepting_and_reports_when_nothing_is_owned),
        cmocka_unit_test(k_q_55_purge_refuses_and_cancels),
        cmocka_unit_test(k_q_59_synchronous_stop_waits_for_the_owner),
        cmocka_unit_test(k_q_66_removal_cancels_queued_and_marked_requests),
        cmocka_unit_test(k_q_55_drain_presents_what_is_queued),
        cmocka_unit_test(k_q_65_acknowledged_requests_are_resumed),
        cmocka_unit_test(k_q_65_requeued_requests_are_presented_again),
        cmocka_unit_test(k_q_64_stop_tells_of_cancelable_requests),
        cmocka_unit_test(k_req_20_22_buffers_of_a_control_request),
        cmocka_unit_test(k_mem_1_2_create_and_copy),
        cmocka_unit_test(k_req_32_every_request_ends_once_in_1000_schedules),
        cmocka_unit_test(v_wdf_14_information_beyond_the_buffer),
        cmocka_unit_test(v_wdf_1_double_completion_is_a_stale_handle),
        cmocka_unit_test(v_wdf_1_double_completion_of_a_referenced_request),
        cmocka_unit_test(v_wdf_2_completion_while_cancelable),
        cmocka_unit_test(v_wdf_5_marked_twice),
        cmocka_unit_test(v_wdf_12_memory_still_referenced),
        cmocka_unit_test(k_obj_5_dereference_of_a_request_not_completed),
        cmocka_unit_test(v_wdf_32_synchronous_stop_under_the_presentation_lock),
        cmocka_unit_test(v_wdf_9_use_of_a_queued_request),
        cmocka_unit_test(k_q_57_second_stop_callback),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
