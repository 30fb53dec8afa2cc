/*
 * Sending and waiting in one call: WdfIoTargetSend...Synchronously (K-REQ-53).
 *
 * With no request of the driver's the framework uses one of its own, which nobody else sees.
 */
#include "target.h"

static NTSTATUS describe(const WDF_MEMORY_DESCRIPTOR *d, struct fx_io_buffer *out)
{
    *out = (struct fx_io_buffer){0};
    if (!d)
        return STATUS_SUCCESS;
    switch (d->Type) {
    case WdfMemoryDescriptorTypeBuffer:
        out->address = d->u.BufferType.Buffer;
        out->length = d->u.BufferType.Length;
        return out->address || !out->length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case WdfMemoryDescriptorTypeMdl:
        if (!d->u.MdlType.Mdl)
            return STATUS_INVALID_PARAMETER;
        out->mdl = d->u.MdlType.Mdl;
        out->length = d->u.MdlType.BufferLength;
        if (out->length > out->mdl->ByteCount)
            return STATUS_BUFFER_TOO_SMALL;
        out->address = mm_get_system_address_for_mdl_safe(out->mdl, NormalPagePriority);
        return out->address ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    case WdfMemoryDescriptorTypeHandle:
        fx_handle(d->u.HandleType.Memory, FX_MEMORY);
        return fx_io_buffer_of_memory(d->u.HandleType.Memory, d->u.HandleType.Offsets, out);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* What is to be sent, and by which DDI. */
struct plan {
    uint16_t ddi;
    UCHAR major;
    ULONG code;
    bool others;
    const LONGLONG *offset;
    struct fx_io_buffer buffer[3]; /* a transfer's; in and out; the three arguments */
};

static NTSTATUS describe_all(struct plan *plan, const WDF_MEMORY_DESCRIPTOR *a, const WDF_MEMORY_DESCRIPTOR *b, const WDF_MEMORY_DESCRIPTOR *c)
{
    NTSTATUS status = describe(a, &plan->buffer[0]);
    if (NT_SUCCESS(status))
        status = describe(b, &plan->buffer[1]);
    if (NT_SUCCESS(status))
        status = describe(c, &plan->buffer[2]);
    return status;
}

static NTSTATUS format(struct fx_target *target, struct fx_request *request, const struct plan *plan)
{
    if (plan->others)
        return fx_format_others(target, request, plan->code, plan->buffer);
    if (plan->major == IRP_MJ_READ || plan->major == IRP_MJ_WRITE)
        return fx_format_transfer(target, request, plan->major, &plan->buffer[0], plan->offset);
    return fx_format_control(target, request, plan->major, plan->code, &plan->buffer[0], &plan->buffer[1]);
}

/* The request's own completion routine is not for this send. */
static NTSTATUS send_formatted(struct fx_target *target, struct fx_request *request, const WDF_REQUEST_SEND_OPTIONS *options, ULONG_PTR *bytes)
{
    request->send->routine = NULL;
    request->send->asynchronous = false;
    NTSTATUS status = fx_send_and_wait(request, target, options);
    if (NT_SUCCESS(status)) {
        status = request->irp->IoStatus.Status;
        if (bytes)
            *bytes = request->irp->IoStatus.Information;
    } else {
        request->irp->IoStatus.Status = status;
    }
    fx_format_release(request);
    return status;
}

static NTSTATUS send(struct fx_target *target, WDFREQUEST Request, const WDF_REQUEST_SEND_OPTIONS *options, const struct plan *plan, ULONG_PTR *bytes)
{
    struct fx_request *request = Request ? fx_send_handle(Request, ddi_table[plan->ddi].name) : NULL;
    if (request && (request->cancelable || request->cancel_queued))
        fx_misuse("V-WDF-6", "%s was called with request #%u while it is marked cancelable", ddi_table[plan->ddi].name, request->object.number);
    if (!fx_send_options_valid(options) || (options && options->Flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = STATUS_SUCCESS;
    if (!request)
        status = choose_fault(plan->ddi) ? STATUS_INSUFFICIENT_RESOURCES : fx_request_create_internal(target->object.driver, target, &request);
    if (!NT_SUCCESS(status))
        return status;
    fx_send_check_timeout(request, options);
    status = format(target, request, plan);
    if (NT_SUCCESS(status))
        status = send_formatted(target, request, options, bytes);
    if (!Request)
        fx_object_delete(&request->object);
    return status;
}

static NTSTATUS run(WDFIOTARGET IoTarget, WDFREQUEST Request, struct plan plan, const WDF_MEMORY_DESCRIPTOR *a, const WDF_MEMORY_DESCRIPTOR *b,
                    const WDF_MEMORY_DESCRIPTOR *c, const WDF_REQUEST_SEND_OPTIONS *options, ULONG_PTR *bytes)
{
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    if (bytes)
        *bytes = 0;
    NTSTATUS status = describe_all(&plan, a, b, c);
    return NT_SUCCESS(status) ? send(target, Request, options, &plan, bytes) : status;
}

/* ---- The DDIs ---- */

NTSTATUS wdf_WdfIoTargetSendReadSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request,
                                              PWDF_MEMORY_DESCRIPTOR OutputBuffer, PLONGLONG DeviceOffset, PWDF_REQUEST_SEND_OPTIONS RequestOptions,
                                              PULONG_PTR BytesRead)
{
    gate_enter(DDI_WdfIoTargetSendReadSynchronously, trace_object(IoTarget), trace_object(Request));
    struct plan plan = {.ddi = DDI_WdfIoTargetSendReadSynchronously, .major = IRP_MJ_READ, .offset = DeviceOffset};
    NTSTATUS status = run(IoTarget, Request, plan, OutputBuffer, NULL, NULL, RequestOptions, BytesRead);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetSendWriteSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request,
                                               PWDF_MEMORY_DESCRIPTOR InputBuffer, PLONGLONG DeviceOffset, PWDF_REQUEST_SEND_OPTIONS RequestOptions,
                                               PULONG_PTR BytesWritten)
{
    gate_enter(DDI_WdfIoTargetSendWriteSynchronously, trace_object(IoTarget), trace_object(Request));
    struct plan plan = {.ddi = DDI_WdfIoTargetSendWriteSynchronously, .major = IRP_MJ_WRITE, .offset = DeviceOffset};
    NTSTATUS status = run(IoTarget, Request, plan, InputBuffer, NULL, NULL, RequestOptions, BytesWritten);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetSendIoctlSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                               PWDF_MEMORY_DESCRIPTOR InputBuffer, PWDF_MEMORY_DESCRIPTOR OutputBuffer,
                                               PWDF_REQUEST_SEND_OPTIONS RequestOptions, PULONG_PTR BytesReturned)
{
    gate_enter(DDI_WdfIoTargetSendIoctlSynchronously, trace_object(IoTarget), IoctlCode);
    struct plan plan = {.ddi = DDI_WdfIoTargetSendIoctlSynchronously, .major = IRP_MJ_DEVICE_CONTROL, .code = IoctlCode};
    NTSTATUS status = run(IoTarget, Request, plan, InputBuffer, OutputBuffer, NULL, RequestOptions, BytesReturned);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetSendInternalIoctlSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                       PWDF_MEMORY_DESCRIPTOR InputBuffer, PWDF_MEMORY_DESCRIPTOR OutputBuffer,
                                                       PWDF_REQUEST_SEND_OPTIONS RequestOptions, PULONG_PTR BytesReturned)
{
    gate_enter(DDI_WdfIoTargetSendInternalIoctlSynchronously, trace_object(IoTarget), IoctlCode);
    struct plan plan = {.ddi = DDI_WdfIoTargetSendInternalIoctlSynchronously, .major = IRP_MJ_INTERNAL_DEVICE_CONTROL, .code = IoctlCode};
    NTSTATUS status = run(IoTarget, Request, plan, InputBuffer, OutputBuffer, NULL, RequestOptions, BytesReturned);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetSendInternalIoctlOthersSynchronously(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request,
                                                             ULONG IoctlCode, PWDF_MEMORY_DESCRIPTOR OtherArg1, PWDF_MEMORY_DESCRIPTOR OtherArg2,
                                                             PWDF_MEMORY_DESCRIPTOR OtherArg4, PWDF_REQUEST_SEND_OPTIONS RequestOptions,
                                                             PULONG_PTR BytesReturned)
{
    gate_enter(DDI_WdfIoTargetSendInternalIoctlOthersSynchronously, trace_object(IoTarget), IoctlCode);
    struct plan plan = {.ddi = DDI_WdfIoTargetSendInternalIoctlOthersSynchronously, .code = IoctlCode, .others = true};
    NTSTATUS status = run(IoTarget, Request, plan, OtherArg1, OtherArg2, OtherArg4, RequestOptions, BytesReturned);
    gate_leave((ULONG)status);
    return status;
}
