/*
 * Sending: WdfRequestSend and what it does with a request until it has come back (K-REQ-40..48).
 */
#include "target.h"

/* ---- The record ---- */

static VOID NTAPI expired(PKDPC dpc, PVOID context, PVOID a1, PVOID a2);

struct fx_request_send *fx_send_of(struct fx_request *request)
{
    if (request->send)
        return request->send;
    struct fx_request_send *send = ex_system_alloc(sizeof *send);
    if (!send)
        return NULL;
    send->request = request;
    send->not_sent = STATUS_PENDING;
    InitializeListHead(&send->entry);
    request->send = send;
    return send;
}

void fx_send_free(struct fx_request *request)
{
    if (!request->send)
        return;
    fx_format_release(request);
    ex_system_free(request->send);
    request->send = NULL;
}

void fx_send_forget(struct fx_request *request)
{
    if (!request->send)
        return;
    fx_format_release(request);
    request->send->routine = NULL;
    request->send->asynchronous = false;
    request->send->context = NULL;
    request->send->cancelled = false;
}

NTSTATUS fx_send_status(const struct fx_request *request)
{
    return request->send->state == FX_SEND_PENDED ? STATUS_WDF_QUEUED : STATUS_PENDING;
}

struct fx_request *fx_send_handle(WDFREQUEST handle, const char *what)
{
    struct fx_request *request = fx_handle(handle, FX_REQUEST);
    if (request->place == FX_SENT)
        fx_misuse("V-WDF-9", "%s was called for request #%u, which is with an I/O target", what, request->object.number);
    return request->driver_created ? request : fx_request_owned(handle, what);
}

/* ---- Coming back ---- */

static void call_routine(struct fx_request *request, struct fx_target *target)
{
    struct fx_request_send *send = request->send;
    PFN_WDF_REQUEST_COMPLETION_ROUTINE routine = send->routine;
    WDFCONTEXT context = send->context;
    send->routine = NULL; /* K-REQ-47 */
    send->context = NULL;
    if (!routine)
        return;
    WDF_REQUEST_COMPLETION_PARAMS params = send->params; /* the routine may reuse the request while it looks at them */
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtRequestCompletionRoutine, (const void *)routine, request);
    routine((WDFREQUEST)request, (WDFIOTARGET)target, &params, context);
    callback_leave(&frame, 0);
}

/* The request is its sender's again. After the routine it may be sent again, completed or deleted: only the references taken by begin() are ours. */
static void finish(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    struct fx_target *target = send->target;
    PKEVENT done = send->done;
    uint32_t *count = send->ignoring ? &target->ignoring_count : &target->sent_count;
    PIRP irp = request->irp;
    hb_acquire(send);
    RemoveEntryList(&send->entry);
    InitializeListHead(&send->entry);
    if (send->not_sent != STATUS_PENDING) {
        irp->IoStatus.Status = send->not_sent;
        irp->IoStatus.Information = 0;
    }
    if (send->timed_out && irp->IoStatus.Status == STATUS_CANCELLED)
        irp->IoStatus.Status = STATUS_IO_TIMEOUT; /* K-REQ-45 */
    fx_format_came_back(request);
    send->state = FX_SEND_IDLE;
    send->target = NULL;
    send->done = NULL;
    send->formatted = false;
    request->place = FX_OWNED;
    call_routine(request, target);
    fx_object_dereference(&request->object);
    --*count;
    fx_target_changed(target);
    fx_object_dereference(&target->object);
    if (done) {
        hb_release(done);
        ke_set_event(done, IO_NO_INCREMENT, FALSE);
    }
}

static void arrived(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    send->came_back = true;
    if (send->timer_armed && ke_cancel_timer(&send->timer)) {
        send->timer_armed = false;
        send->holds--;
    }
    hb_release(send);
    if (!send->holds)
        finish(request);
}

static void let_go(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    if (--send->holds == 0 && send->came_back)
        finish(request);
}

static NTSTATUS NTAPI came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    arrived(context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* ---- Cancelling ---- */

BOOLEAN fx_send_cancel(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    if (!send || send->state == FX_SEND_IDLE || send->came_back)
        return FALSE;
    send->holds++;
    BOOLEAN called = io_cancel_irp(request->irp);
    let_go(request);
    return called;
}

static VOID NTAPI expired(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_request *request = context;
    struct fx_request_send *send = request->send;
    send->timer_armed = false;
    if (!send->came_back) {
        send->timed_out = true;
        io_cancel_irp(request->irp);
    }
    let_go(request);
}

/* ---- Requests that wait for their target to be started ---- */

static void count_in(struct fx_request_send *send)
{
    if (send->ignoring)
        send->target->ignoring_count++;
    else
        send->target->sent_count++;
    send->state = FX_SEND_SENT;
}

/* Off the list before the cancel spin lock is let go, so that whoever finds a request there may have it. */
static VOID cancel_pended(PDEVICE_OBJECT device, PIRP irp)
{
    struct fx_request *request = irp->Tail.Overlay.DriverContext[3];
    RemoveEntryList(&request->send->entry);
    InitializeListHead(&request->send->entry);
    count_in(request->send);
    request->send->not_sent = STATUS_CANCELLED;
    io_release_cancel_spin_lock(irp->CancelIrql);
    arrived(request);
}

void fx_send_fail_pended(struct fx_request *request, NTSTATUS status)
{
    hb_acquire(request);
    count_in(request->send);
    request->send->not_sent = status;
    arrived(request);
}

static void pend(struct fx_request *request)
{
    PIRP irp = request->irp;
    struct fx_request_send *send = request->send;
    InsertTailList(&send->target->pended, &send->entry);
    send->state = FX_SEND_PENDED;
    hb_release(request);
    irp->Tail.Overlay.DriverContext[3] = request;
    io_set_cancel_routine(irp, cancel_pended);
    if (!irp->Cancel || !io_set_cancel_routine(irp, NULL))
        return;
    RemoveEntryList(&send->entry);
    InitializeListHead(&send->entry);
    fx_send_fail_pended(request, STATUS_CANCELLED);
}

/* ---- Out ---- */

static void transmit(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    struct fx_target *target = send->target;
    PIRP irp = request->irp;
    count_in(send);
    InsertTailList(send->ignoring ? &target->ignoring : &target->sent, &send->entry);
    if (send->has_context) {
        send->saved = (struct fx_irp_buffers){irp->AssociatedIrp.SystemBuffer, irp->UserBuffer, irp->MdlAddress};
        irp->AssociatedIrp.SystemBuffer = send->buffers.system_buffer;
        irp->UserBuffer = send->buffers.user_buffer;
        irp->MdlAddress = send->buffers.mdl;
    }
    if (target->file)
        io_get_next_irp_stack_location(irp)->FileObject = target->file;
    io_set_completion_routine(irp, came_back, request, TRUE, TRUE, TRUE);
    io_call_driver(target->wdm, irp);
}

void fx_send_resend(struct fx_request *request)
{
    hb_acquire(request);
    transmit(request);
}

/* ---- Submission ---- */

/* K-REQ-41. STATUS_PENDING: it has to wait. */
static NTSTATUS check_target(const struct fx_target *target, bool ignoring)
{
    if (!target->wdm || !fx_target_is_open(target))
        return STATUS_INVALID_DEVICE_STATE;
    if (ignoring || target->state == WdfIoTargetStarted)
        return STATUS_SUCCESS;
    return target->state == WdfIoTargetStopped ? STATUS_PENDING : STATUS_INVALID_DEVICE_STATE;
}

/* K-REQ-42 */
static NTSTATUS check_locations(const struct fx_request *request, const struct fx_target *target)
{
    if (request->irp->CurrentLocation <= 1)
        bugcheck(0x10D, 6, 1, irp_info(request->irp)->number, 0, "V-WDF-15", "request #%u was sent to target #%u, and its IRP has no stack location left",
                 request->object.number, target->object.number);
    return request->irp->CurrentLocation - 1 < target->stack_size ? STATUS_REQUEST_NOT_ACCEPTED : STATUS_SUCCESS;
}

NTSTATUS fx_send_provide_timer(struct fx_request *request, uint16_t ddi)
{
    struct fx_request_send *send = fx_send_of(request);
    if (!send)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (send->timer_ready)
        return STATUS_SUCCESS;
    if (choose_fault(ddi))
        return STATUS_INSUFFICIENT_RESOURCES;
    ke_initialize_timer_ex(&send->timer, NotificationTimer);
    ke_initialize_dpc(&send->dpc, expired, request);
    send->timer_ready = true;
    return STATUS_SUCCESS;
}

static LONGLONG timeout_of(const WDF_REQUEST_SEND_OPTIONS *options)
{
    return options && options->Flags & WDF_REQUEST_SEND_OPTION_TIMEOUT ? options->Timeout : 0; /* 0: none */
}

static void begin(struct fx_request *request, struct fx_target *target, bool ignoring, PKEVENT done)
{
    struct fx_request_send *send = request->send;
    fx_object_reference(&request->object);
    fx_object_reference(&target->object);
    request->place = FX_SENT;
    send->target = target;
    send->ignoring = ignoring;
    send->done = done;
    send->holds = 0;
    send->came_back = send->timed_out = send->cancel_due = false;
    send->not_sent = STATUS_PENDING;
}

NTSTATUS fx_send_submit(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options, PKEVENT done)
{
    struct fx_request_send *send = request->send;
    const bool ignoring = options && options->Flags & WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE;
    const LONGLONG timeout = timeout_of(options);
    if (send->cancelled)
        return STATUS_CANCELLED;
    NTSTATUS where = check_target(target, ignoring), status = where;
    if (NT_SUCCESS(status))
        status = check_locations(request, target);
    if (NT_SUCCESS(status) && timeout)
        status = fx_send_provide_timer(request, DDI_WdfRequestSend);
    if (!NT_SUCCESS(status))
        return status;
    begin(request, target, ignoring, done);
    if (timeout) {
        send->timer_armed = true;
        send->holds++;
        ke_set_timer_ex(&send->timer, (LARGE_INTEGER){.QuadPart = timeout}, 0, &send->dpc);
    }
    if (where == STATUS_PENDING)
        pend(request);
    else
        transmit(request);
    return STATUS_SUCCESS;
}

NTSTATUS fx_send_and_wait(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options)
{
    KEVENT done;
    ke_initialize_event(&done, NotificationEvent, FALSE);
    NTSTATUS status = fx_send_submit(request, target, options, &done);
    if (!NT_SUCCESS(status))
        return status;
    ke_wait_internal(&done, "a request that was sent synchronously to come back");
    hb_acquire(&done);
    return STATUS_SUCCESS;
}

/* ---- WdfRequestSend ---- */

bool fx_send_options_valid(const WDF_REQUEST_SEND_OPTIONS *options)
{
    const ULONG known = WDF_REQUEST_SEND_OPTION_TIMEOUT | WDF_REQUEST_SEND_OPTION_SYNCHRONOUS | WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE |
                        WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;
    if (!options)
        return true;
    bool forget = options->Flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;
    return options->Size == sizeof *options && !(options->Flags & ~known) && !(forget && options->Flags != WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET);
}

/* The request that may be sent: the driver's, not cancelable, not out already. */
static struct fx_request *sendable(WDFREQUEST handle)
{
    struct fx_request *request = fx_handle(handle, FX_REQUEST);
    if (request->place == FX_SENT)
        bugcheck(0x10D, 6, 3, request->object.number, 0, "V-WDF-15", "request #%u was sent although it is with an I/O target already",
                 request->object.number);
    request = fx_request_owned(handle, "WdfRequestSend");
    if (machine_lints & LINT_SEND && ctx_current()->spinlocks_held)
        fx_misuse("V-WDF-20", "request #%u was sent with a spin lock held: its completion routine may want it", request->object.number);
    if (request->cancelable || request->cancel_queued)
        fx_misuse("V-WDF-6", "request #%u was sent while it is marked cancelable", request->object.number);
    return request;
}

/* K-REQ-44. On success the request is gone. */
static NTSTATUS forget(struct fx_request *request, struct fx_target *target)
{
    const struct fx_request_send *send = request->send;
    if (request->driver_created)
        return STATUS_INVALID_DEVICE_STATE;
    if (send && send->has_context)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (send && send->routine)
        fx_misuse("K-REQ-44", "request #%u was sent and forgotten with a completion routine, which nobody will call", request->object.number);
    if (request->major == IRP_MJ_CREATE && request->file)
        fx_misuse("K-REQ-44", "the create request #%u was sent and forgotten although there is a WDFFILEOBJECT for it", request->object.number);
    if (!target->wdm)
        return STATUS_INVALID_DEVICE_STATE;
    bool formatted = send && send->formatted;
    if (request->irp->CurrentLocation - (formatted ? 1 : 0) < target->stack_size)
        return STATUS_REQUEST_NOT_ACCEPTED;
    fx_request_forget(request, target->wdm, !formatted);
    return STATUS_SUCCESS;
}

static NTSTATUS send_asynchronously(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options)
{
    if (!request->driver_created && !request->send->routine)
        fx_misuse("V-WDF-17", "request #%u was sent without a completion routine: nobody would complete it", request->object.number);
    request->send->asynchronous = true;
    NTSTATUS status = fx_send_submit(request, target, options, NULL);
    if (!NT_SUCCESS(status))
        request->send->asynchronous = false;
    return status;
}

void fx_send_check_timeout(const struct fx_request *request, const WDF_REQUEST_SEND_OPTIONS *options)
{
    if (machine_lints & LINT_SEND && !timeout_of(options))
        fx_misuse("V-WDF-22", "request #%u is sent synchronously without a time-out", request->object.number);
}

static NTSTATUS send_synchronously(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options)
{
    if (ke_get_current_irql() > APC_LEVEL)
        fx_misuse("V-WDF-21", "request #%u was sent synchronously at IRQL %u", request->object.number, ke_get_current_irql());
    fx_send_check_timeout(request, options);
    request->send->asynchronous = false;
    return fx_send_and_wait(request, target, options);
}

static BOOLEAN send(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options)
{
    const ULONG flags = options ? options->Flags : 0;
    NTSTATUS status;
    if (!fx_send_options_valid(options))
        fx_misuse("K-REQ-40", "WdfRequestSend: the options are not valid (Size %u, Flags 0x%X)", (unsigned)options->Size, (unsigned)flags);
    fx_object_reference(&request->object); /* it may be completed or deleted before the call returns */
    if (flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET)
        status = forget(request, target);
    else if (!request->send || !request->send->formatted)
        fx_misuse("V-WDF-16", "request #%u was sent without having been formatted", request->object.number);
    else if (flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS)
        status = send_synchronously(request, target, options);
    else
        status = send_asynchronously(request, target, options);
    if (!NT_SUCCESS(status))
        request->irp->IoStatus.Status = status; /* K-REQ-43 */
    if (request->send)
        request->send->refused = NT_SUCCESS(status) ? STATUS_SUCCESS : status;
    fx_object_dereference(&request->object);
    return NT_SUCCESS(status);
}

BOOLEAN wdf_WdfRequestSend(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_SEND_OPTIONS Options)
{
    gate_enter(DDI_WdfRequestSend, trace_object(Request), Options ? Options->Flags : 0);
    struct fx_request *request = sendable(Request);
    BOOLEAN sent = send(request, fx_handle(Target, FX_IOTARGET), Options);
    gate_leave(sent);
    return sent;
}

/* ---- WdfRequestCancelSentRequest ---- */

static BOOLEAN cancel_sent_request(struct fx_request *request)
{
    if (request->place == FX_COMPLETED)
        return FALSE;
    struct fx_request_send *send = fx_send_of(request);
    if (!send)
        return FALSE;
    send->cancelled = true; /* what is sent from now on, before a reuse, is not (K-REQ-42) */
    fx_object_reference(&request->object);
    BOOLEAN called = fx_send_cancel(request);
    fx_object_dereference(&request->object);
    return called;
}

BOOLEAN wdf_WdfRequestCancelSentRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestCancelSentRequest, trace_object(Request), 0);
    BOOLEAN called = cancel_sent_request(fx_handle(Request, FX_REQUEST));
    gate_leave(called);
    return called;
}
