/*
 * Formatting: what a request's IRP is to carry to a target (K-REQ-49, 54). Nothing of the IRP but its next stack location is written here.
 */
#include "target.h"

/* ---- Buffers ---- */

NTSTATUS fx_io_buffer_of_memory(WDFMEMORY handle, const WDFMEMORY_OFFSET *offset, struct fx_io_buffer *out)
{
    *out = (struct fx_io_buffer){0};
    if (!handle)
        return STATUS_SUCCESS;
    struct fx_memory *memory = fx_handle(handle, FX_MEMORY);
    SIZE_T at = offset ? offset->BufferOffset : 0, length = offset ? offset->BufferLength : 0;
    if (at > memory->size || length > memory->size - at)
        return STATUS_INTEGER_OVERFLOW;
    out->memory = memory;
    out->address = (char *)memory->buffer + at;
    out->offset = at;
    out->length = length ? length : memory->size - at;
    return STATUS_SUCCESS;
}

void fx_format_release(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    if (!send)
        return;
    for (unsigned i = 0; i < 3; i++) {
        if (send->memory[i])
            fx_object_dereference(&send->memory[i]->object);
        send->memory[i] = NULL;
    }
    if (send->own_buffer)
        ex_system_free(send->own_buffer);
    if (send->own_mdl)
        io_free_mdl(send->own_mdl);
    send->own_buffer = send->copy_to = NULL;
    send->own_mdl = NULL;
    send->buffers = (struct fx_irp_buffers){0};
    send->has_context = send->formatted = false;
}

static void hold_memory(struct fx_request_send *send, unsigned i, const struct fx_io_buffer *buffer)
{
    if (buffer->memory)
        fx_object_reference(&buffer->memory->object);
    send->memory[i] = buffer->memory;
}

/* An MDL for the IRP; the driver's own if it gave one. */
static NTSTATUS describe(struct fx_request_send *send, const struct fx_io_buffer *buffer)
{
    send->buffers.mdl = buffer->mdl;
    if (buffer->mdl || !buffer->length)
        return STATUS_SUCCESS;
    PMDL mdl = io_allocate_mdl(buffer->address, (ULONG)buffer->length, FALSE, FALSE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    mm_build(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = buffer->address;
    send->own_mdl = send->buffers.mdl = mdl;
    return STATUS_SUCCESS;
}

/* ---- The IRP ---- */

static void free_irp(struct fx_request *request)
{
    if (request->irp)
        io_free_irp(request->irp);
    request->irp = NULL;
}

NTSTATUS fx_format_provide_irp(struct fx_target *target, struct fx_request *request)
{
    if (request->irp && request->irp->CurrentLocation - 1 >= target->stack_size)
        return STATUS_SUCCESS;
    if (request->irp && !request->internal_irp)
        return STATUS_REQUEST_NOT_ACCEPTED;
    PIRP irp = io_allocate_irp(target->stack_size > 0 ? target->stack_size : 1, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (request->irp)
        irp->IoStatus.Status = request->irp->IoStatus.Status;
    free_irp(request);
    request->irp = irp;
    request->internal_irp = request->frees_irp = true;
    return STATUS_SUCCESS;
}

static void check_locations(const struct fx_request *request)
{
    if (request->irp->CurrentLocation <= 1)
        bugcheck(0x10D, 6, 1, irp_info(request->irp)->number, 0, "V-WDF-15", "%s: the IRP of request #%u has no stack location left",
                 gate_where(ctx_current()), request->object.number);
}

/* An empty next location. It carries the file object of a request that came with one. */
static PIO_STACK_LOCATION next_location(struct fx_request *request, UCHAR major)
{
    PIRP irp = request->irp;
    check_locations(request);
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    memset(next, 0, sizeof *next);
    next->MajorFunction = major;
    if (irp->CurrentLocation <= irp->StackCount)
        next->FileObject = io_get_current_irp_stack_location(irp)->FileObject;
    return next;
}

/* Everything that may fail for want of memory before the format is written. The first format of a request makes its record. */
static NTSTATUS prepare(struct fx_target *target, struct fx_request *request)
{
    const bool first = !request->send;
    struct fx_request_send *send = fx_send_of(request);
    if (!send || (first && choose_fault(ctx_current()->gate[ctx_current()->gate_depth - 1])))
        return STATUS_INSUFFICIENT_RESOURCES;
    fx_format_release(request);
    send->params = (WDF_REQUEST_COMPLETION_PARAMS){.Size = sizeof send->params, .Type = WdfRequestTypeNoFormat};
    return fx_format_provide_irp(target, request);
}

static NTSTATUS commit(struct fx_request *request, NTSTATUS status)
{
    if (!NT_SUCCESS(status)) {
        fx_format_release(request);
        return status;
    }
    request->send->formatted = request->send->has_context = true;
    return status;
}

/* ---- Read and write ---- */

NTSTATUS fx_format_transfer(struct fx_target *target, struct fx_request *request, UCHAR major, const struct fx_io_buffer *buffer, const LONGLONG *offset)
{
    NTSTATUS status = prepare(target, request);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_request_send *send = request->send;
    PIO_STACK_LOCATION next = next_location(request, major);
    next->Parameters.Write.Length = (ULONG)buffer->length; /* Read's fields lie in the same places */
    next->Parameters.Write.ByteOffset.QuadPart = offset ? *offset : 0;
    hold_memory(send, 0, buffer);
    if (target->io_flags & DO_BUFFERED_IO)
        send->buffers.system_buffer = buffer->length ? buffer->address : NULL;
    else if (target->io_flags & DO_DIRECT_IO)
        status = describe(send, buffer);
    else
        send->buffers.user_buffer = buffer->address;
    send->params.Type = major == IRP_MJ_READ ? WdfRequestTypeRead : WdfRequestTypeWrite;
    send->params.Parameters.Read.Buffer = (WDFMEMORY)buffer->memory; /* Write's lie in the same places */
    send->params.Parameters.Read.Offset = buffer->offset;
    return commit(request, status);
}

/* ---- Control codes ---- */

/* K-REQ-54: one buffer for both directions. */
static NTSTATUS make_buffered(struct fx_request_send *send, const struct fx_io_buffer *in, const struct fx_io_buffer *out)
{
    SIZE_T size = in->length > out->length ? in->length : out->length;
    if (!size)
        return STATUS_SUCCESS;
    send->own_buffer = ex_system_alloc(size);
    if (!send->own_buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in->length)
        memcpy(send->own_buffer, in->address, in->length);
    send->buffers.system_buffer = send->own_buffer;
    send->copy_to = out->length ? out->address : NULL;
    send->copy_limit = out->length;
    return STATUS_SUCCESS;
}

static NTSTATUS place_buffers(struct fx_request_send *send, PIO_STACK_LOCATION next, const struct fx_io_buffer *in, const struct fx_io_buffer *out)
{
    switch (next->Parameters.DeviceIoControl.IoControlCode & 3) {
    case METHOD_BUFFERED:
        return make_buffered(send, in, out);
    case METHOD_NEITHER:
        next->Parameters.DeviceIoControl.Type3InputBuffer = in->address;
        send->buffers.user_buffer = out->address;
        return STATUS_SUCCESS;
    default:
        send->buffers.system_buffer = in->length ? in->address : NULL;
        return describe(send, out);
    }
}

NTSTATUS fx_format_control(struct fx_target *target, struct fx_request *request, UCHAR major, ULONG code, const struct fx_io_buffer *in,
                           const struct fx_io_buffer *out)
{
    NTSTATUS status = prepare(target, request);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_request_send *send = request->send;
    PIO_STACK_LOCATION next = next_location(request, major);
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = (ULONG)in->length;
    next->Parameters.DeviceIoControl.OutputBufferLength = (ULONG)out->length;
    hold_memory(send, 0, in);
    hold_memory(send, 1, out);
    status = place_buffers(send, next, in, out);
    send->params.Type = major == IRP_MJ_DEVICE_CONTROL ? WdfRequestTypeDeviceControl : WdfRequestTypeDeviceControlInternal;
    send->params.Parameters.Ioctl.IoControlCode = code;
    send->params.Parameters.Ioctl.Input.Buffer = (WDFMEMORY)in->memory;
    send->params.Parameters.Ioctl.Input.Offset = in->offset;
    send->params.Parameters.Ioctl.Output.Buffer = (WDFMEMORY)out->memory;
    send->params.Parameters.Ioctl.Output.Offset = out->offset;
    return commit(request, status);
}

NTSTATUS fx_format_others(struct fx_target *target, struct fx_request *request, ULONG code, const struct fx_io_buffer args[3])
{
    NTSTATUS status = prepare(target, request);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_request_send *send = request->send;
    PIO_STACK_LOCATION next = next_location(request, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    for (unsigned i = 0; i < 3; i++)
        hold_memory(send, i, &args[i]);
    next->Parameters.Others.Argument1 = args[0].address;
    next->Parameters.Others.Argument2 = args[1].address;
    next->Parameters.Others.Argument4 = args[2].address;
    next->Parameters.DeviceIoControl.IoControlCode = code; /* Argument3 */
    send->params.Type = WdfRequestTypeOther;
    send->params.Parameters.Others.Argument1.Ptr = args[0].memory;
    send->params.Parameters.Others.Argument2.Ptr = args[1].memory;
    send->params.Parameters.Others.Argument3.Value = code;
    send->params.Parameters.Others.Argument4.Ptr = args[2].memory;
    return commit(request, STATUS_SUCCESS);
}

/* ---- Coming back ---- */

static void copy_back(const struct fx_request_send *send, const IO_STATUS_BLOCK *result)
{
    if (!send->copy_to || NT_ERROR(result->Status) || !result->Information)
        return;
    SIZE_T count = result->Information < send->copy_limit ? result->Information : send->copy_limit;
    memcpy(send->copy_to, send->own_buffer, count);
    msan_define(send->copy_to, count);
}

void fx_format_came_back(struct fx_request *request)
{
    struct fx_request_send *send = request->send;
    PIRP irp = request->irp;
    WDF_REQUEST_COMPLETION_PARAMS *params = &send->params;
    params->IoStatus = irp->IoStatus;
    if (!send->has_context)
        return;
    if (send->not_sent == STATUS_PENDING) { /* it was out */
        irp->AssociatedIrp.SystemBuffer = send->saved.system_buffer;
        irp->UserBuffer = send->saved.user_buffer;
        irp->MdlAddress = send->saved.mdl;
        copy_back(send, &irp->IoStatus);
    }
    if (params->Type == WdfRequestTypeRead || params->Type == WdfRequestTypeWrite)
        params->Parameters.Read.Length = irp->IoStatus.Information;
    else if (params->Type != WdfRequestTypeOther)
        params->Parameters.Ioctl.Output.Length = irp->IoStatus.Information;
}

/* ---- By hand ---- */

/* K-REQ-49, 50: a location that the driver, or its own caller, filled in. */
static struct fx_request *with_irp(WDFREQUEST handle, const char *what)
{
    struct fx_request *request = fx_send_handle(handle, what);
    if (!request->irp)
        bugcheck(0x10D, 6, 2, request->object.number, 0, "V-WDF-15", "%s was called for request #%u, which has no IRP yet", what, request->object.number);
    return request;
}

static void begin_by_hand(struct fx_request *request)
{
    check_locations(request);
    if (!fx_send_of(request))
        bugcheck(OWN_OUT_OF_RESOURCES, sizeof *request->send, 0, 0, 0, NULL, "the emulated kernel memory is used up");
    fx_format_release(request);
    request->send->params = (WDF_REQUEST_COMPLETION_PARAMS){.Size = sizeof request->send->params, .Type = WdfRequestTypeNoFormat};
}

VOID wdf_WdfRequestFormatRequestUsingCurrentType(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestFormatRequestUsingCurrentType, trace_object(Request), 0);
    struct fx_request *request = with_irp(Request, "WdfRequestFormatRequestUsingCurrentType");
    if (request->irp->CurrentLocation > request->irp->StackCount)
        bugcheck(0x10D, 6, 1, irp_info(request->irp)->number, 0, "K-REQ-50",
                 "WdfRequestFormatRequestUsingCurrentType was called for request #%u, which the driver made: it has no current type", request->object.number);
    begin_by_hand(request);
    io_copy_current_irp_stack_location_to_next(request->irp);
    request->send->formatted = true;
    gate_leave(0);
}

VOID wdf_WdfRequestWdmFormatUsingStackLocation(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PIO_STACK_LOCATION Stack)
{
    gate_enter(DDI_WdfRequestWdmFormatUsingStackLocation, trace_object(Request), 0);
    struct fx_request *request = with_irp(Request, "WdfRequestWdmFormatUsingStackLocation");
    fx_require(Stack, "Stack");
    begin_by_hand(request);
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(request->irp);
    memset(next, 0, sizeof *next);
    memcpy(next, Stack, offsetof(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
    request->send->formatted = true;
    gate_leave(0);
}

/* ---- The formatting DDIs ---- */

/* V-WDF-24: a request goes on as what it came. */
static struct fx_request *of_kind(WDFREQUEST handle, UCHAR major)
{
    struct fx_request *request = fx_send_handle(handle, gate_where(ctx_current()));
    if (machine_lints & LINT_SEND && !request->driver_created && request->major != major)
        fx_misuse("V-WDF-24", "%s was called for request #%u, which is of another kind", gate_where(ctx_current()), request->object.number);
    return request;
}

static NTSTATUS format_transfer(WDFIOTARGET Target, WDFREQUEST Request, UCHAR major, WDFMEMORY Memory, const WDFMEMORY_OFFSET *at,
                                const LONGLONG *device_offset)
{
    struct fx_target *target = fx_handle(Target, FX_IOTARGET);
    struct fx_request *request = of_kind(Request, major);
    struct fx_io_buffer buffer;
    NTSTATUS status = fx_io_buffer_of_memory(Memory, at, &buffer);
    return NT_SUCCESS(status) ? fx_format_transfer(target, request, major, &buffer, device_offset) : status;
}

static NTSTATUS format_control(WDFIOTARGET Target, WDFREQUEST Request, UCHAR major, ULONG code, WDFMEMORY In, const WDFMEMORY_OFFSET *in_at,
                               WDFMEMORY Out, const WDFMEMORY_OFFSET *out_at)
{
    struct fx_target *target = fx_handle(Target, FX_IOTARGET);
    struct fx_request *request = of_kind(Request, major);
    struct fx_io_buffer in, out;
    NTSTATUS status = fx_io_buffer_of_memory(In, in_at, &in);
    if (NT_SUCCESS(status))
        status = fx_io_buffer_of_memory(Out, out_at, &out);
    return NT_SUCCESS(status) ? fx_format_control(target, request, major, code, &in, &out) : status;
}

NTSTATUS wdf_WdfIoTargetFormatRequestForRead(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, WDFMEMORY OutputBuffer,
                                             PWDFMEMORY_OFFSET OutputBufferOffset, PLONGLONG DeviceOffset)
{
    gate_enter(DDI_WdfIoTargetFormatRequestForRead, trace_object(IoTarget), trace_object(Request));
    NTSTATUS status = format_transfer(IoTarget, Request, IRP_MJ_READ, OutputBuffer, OutputBufferOffset, DeviceOffset);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetFormatRequestForWrite(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, WDFMEMORY InputBuffer,
                                              PWDFMEMORY_OFFSET InputBufferOffset, PLONGLONG DeviceOffset)
{
    gate_enter(DDI_WdfIoTargetFormatRequestForWrite, trace_object(IoTarget), trace_object(Request));
    NTSTATUS status = format_transfer(IoTarget, Request, IRP_MJ_WRITE, InputBuffer, InputBufferOffset, DeviceOffset);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetFormatRequestForIoctl(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                              WDFMEMORY InputBuffer, PWDFMEMORY_OFFSET InputBufferOffset, WDFMEMORY OutputBuffer,
                                              PWDFMEMORY_OFFSET OutputBufferOffset)
{
    gate_enter(DDI_WdfIoTargetFormatRequestForIoctl, trace_object(Request), IoctlCode);
    NTSTATUS status = format_control(IoTarget, Request, IRP_MJ_DEVICE_CONTROL, IoctlCode, InputBuffer, InputBufferOffset, OutputBuffer, OutputBufferOffset);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetFormatRequestForInternalIoctl(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                      WDFMEMORY InputBuffer, PWDFMEMORY_OFFSET InputBufferOffset, WDFMEMORY OutputBuffer,
                                                      PWDFMEMORY_OFFSET OutputBufferOffset)
{
    gate_enter(DDI_WdfIoTargetFormatRequestForInternalIoctl, trace_object(Request), IoctlCode);
    NTSTATUS status = format_control(IoTarget, Request, IRP_MJ_INTERNAL_DEVICE_CONTROL, IoctlCode, InputBuffer, InputBufferOffset, OutputBuffer,
                                     OutputBufferOffset);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetFormatRequestForInternalIoctlOthers(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                            WDFMEMORY OtherArg1, PWDFMEMORY_OFFSET OtherArg1Offset, WDFMEMORY OtherArg2,
                                                            PWDFMEMORY_OFFSET OtherArg2Offset, WDFMEMORY OtherArg4, PWDFMEMORY_OFFSET OtherArg4Offset)
{
    gate_enter(DDI_WdfIoTargetFormatRequestForInternalIoctlOthers, trace_object(Request), IoctlCode);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    struct fx_request *request = fx_send_handle(Request, "WdfIoTargetFormatRequestForInternalIoctlOthers");
    struct fx_io_buffer args[3];
    NTSTATUS status = fx_io_buffer_of_memory(OtherArg1, OtherArg1Offset, &args[0]);
    if (NT_SUCCESS(status))
        status = fx_io_buffer_of_memory(OtherArg2, OtherArg2Offset, &args[1]);
    if (NT_SUCCESS(status))
        status = fx_io_buffer_of_memory(OtherArg4, OtherArg4Offset, &args[2]);
    if (NT_SUCCESS(status))
        status = fx_format_others(target, request, IoctlCode, args);
    gate_leave((ULONG)status);
    return status;
}
