/*
 * The buffers of a request (chapter 5.3: K-REQ-20..26): where they are by transfer type, as pointers, memory objects and MDLs.
 */
#include "dma.h"

enum direction { INPUT, OUTPUT };

/* Where a buffer is. At most one of system, mdl and raw is meant: `via` says which. */
struct span {
    enum { VIA_SYSTEM, VIA_MDL, VIA_RAW } via;
    void *address;      /* system buffer or raw address */
    SIZE_T length;
    bool user_raw;      /* raw and the caller is in user mode: only the Unsafe calls may give it */
};

static bool is_user_control(const struct fx_request *request)
{
    return request->major == IRP_MJ_DEVICE_CONTROL && request->irp->RequestorMode == UserMode;
}

static void locate_read_write(const struct fx_request *request, SIZE_T length, struct span *span)
{
    PIRP irp = request->irp;
    span->length = length;
    WDF_DEVICE_IO_TYPE type = request->device ? request->device->io_type : irp->MdlAddress ? WdfDeviceIoDirect : WdfDeviceIoBuffered;
    switch (type) {
    case WdfDeviceIoDirect:
        span->via = VIA_MDL;
        break;
    case WdfDeviceIoNeither:
        span->via = VIA_RAW;
        span->address = irp->UserBuffer;
        span->user_raw = irp->RequestorMode == UserMode;
        break;
    default:
        span->via = VIA_SYSTEM;
        span->address = irp->AssociatedIrp.SystemBuffer;
        break;
    }
}

static void locate_control(const struct fx_request *request, enum direction direction, struct span *span)
{
    PIRP irp = request->irp;
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    ULONG method = stack->Parameters.DeviceIoControl.IoControlCode & 3;
    span->length = direction == INPUT ? stack->Parameters.DeviceIoControl.InputBufferLength : stack->Parameters.DeviceIoControl.OutputBufferLength;
    if (method == METHOD_NEITHER) {
        span->via = VIA_RAW;
        span->address = direction == INPUT ? stack->Parameters.DeviceIoControl.Type3InputBuffer : irp->UserBuffer;
        span->user_raw = is_user_control(request);
    } else if (direction == OUTPUT && method != METHOD_BUFFERED) {
        span->via = VIA_MDL;
    } else {
        span->via = VIA_SYSTEM;
        span->address = irp->AssociatedIrp.SystemBuffer;
    }
}

static bool locate(const struct fx_request *request, enum direction direction, struct span *span)
{
    const IO_STACK_LOCATION *stack = fx_request_stack(request);
    *span = (struct span){0};
    switch (request->major) {
    case IRP_MJ_READ:
        locate_read_write(request, stack->Parameters.Read.Length, span);
        return direction == OUTPUT;
    case IRP_MJ_WRITE:
        locate_read_write(request, stack->Parameters.Write.Length, span);
        return direction == INPUT;
    case IRP_MJ_DEVICE_CONTROL: case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        locate_control(request, direction, span);
        return true;
    default:
        return false;
    }
}

/* K-REQ-20: what decides before any mapping is made. */
static NTSTATUS check(const struct fx_request *request, enum direction direction, SIZE_T required, struct span *span)
{
    if (!locate(request, direction, span) || span->user_raw)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!span->length || span->length < required)
        return STATUS_BUFFER_TOO_SMALL;
    if (span->via == VIA_MDL && !request->irp->MdlAddress)
        return STATUS_BUFFER_TOO_SMALL;
    return STATUS_SUCCESS;
}

static NTSTATUS buffer_of(struct fx_request *request, enum direction direction, SIZE_T required, uint16_t ddi, struct span *span)
{
    NTSTATUS status = check(request, direction, required, span);
    if (!NT_SUCCESS(status) || span->via != VIA_MDL)
        return status;
    if (!choose_fault(ddi))
        span->address = mm_get_system_address_for_mdl_safe(request->irp->MdlAddress, NormalPagePriority);
    return span->address ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- Pointers ---- */

static NTSTATUS retrieve_buffer(WDFREQUEST handle, enum direction direction, uint16_t ddi, size_t required, PVOID *buffer, size_t *length)
{
    struct fx_request *request = fx_request_handle(handle, ddi_table[ddi].name);
    fx_require(buffer, "Buffer");
    struct span span;
    NTSTATUS status = buffer_of(request, direction, required, ddi, &span);
    bool found = NT_SUCCESS(status);
    *buffer = found ? span.address : NULL;
    if (length)
        *length = found ? span.length : 0;
    return status;
}

NTSTATUS wdf_WdfRequestRetrieveInputBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, size_t MinimumRequiredLength, PVOID *Buffer,
                                           size_t *Length)
{
    gate_enter(DDI_WdfRequestRetrieveInputBuffer, trace_object(Request), MinimumRequiredLength);
    NTSTATUS status = retrieve_buffer(Request, INPUT, DDI_WdfRequestRetrieveInputBuffer, MinimumRequiredLength, Buffer, Length);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestRetrieveOutputBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, size_t MinimumRequiredSize, PVOID *Buffer,
                                            size_t *Length)
{
    gate_enter(DDI_WdfRequestRetrieveOutputBuffer, trace_object(Request), MinimumRequiredSize);
    NTSTATUS status = retrieve_buffer(Request, OUTPUT, DDI_WdfRequestRetrieveOutputBuffer, MinimumRequiredSize, Buffer, Length);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Memory objects ---- */

static NTSTATUS retrieve_memory(WDFREQUEST handle, enum direction direction, uint16_t ddi, WDFMEMORY *out)
{
    struct fx_request *request = fx_request_handle(handle, ddi_table[ddi].name);
    fx_require(out, "Memory");
    *out = NULL;
    struct fx_memory *memory = direction == INPUT ? &request->input : &request->output;
    if (memory->object.magic != FX_MAGIC) {
        struct span span;
        NTSTATUS status = buffer_of(request, direction, 0, ddi, &span);
        if (!NT_SUCCESS(status))
            return status;
        fx_memory_embed(memory, request, span.address, span.length, direction == INPUT);
    }
    *out = (WDFMEMORY)memory;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestRetrieveInputMemory(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, WDFMEMORY *Memory)
{
    gate_enter(DDI_WdfRequestRetrieveInputMemory, trace_object(Request), 0);
    NTSTATUS status = retrieve_memory(Request, INPUT, DDI_WdfRequestRetrieveInputMemory, Memory);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestRetrieveOutputMemory(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, WDFMEMORY *Memory)
{
    gate_enter(DDI_WdfRequestRetrieveOutputMemory, trace_object(Request), 0);
    NTSTATUS status = retrieve_memory(Request, OUTPUT, DDI_WdfRequestRetrieveOutputMemory, Memory);
    gate_leave((ULONG)status);
    return status;
}

static void release_memory(struct fx_request *request, struct fx_memory *memory)
{
    struct fx_object *object = &memory->object;
    if (object->magic != FX_MAGIC)
        return;
    if (object->references > 1)
        bugcheck(0x10D, 3, request->object.number, (uint64_t)object->references - 1, 0, "V-WDF-12",
                 "request #%u is completed while the driver holds %d reference(s) on its memory object", request->object.number,
                 (int)object->references - 1);
    object->magic = 0;
    object->driver->live_objects--;
}

void fx_request_release_buffers(struct fx_request *request)
{
    release_memory(request, &request->input);
    release_memory(request, &request->output);
    for (unsigned i = 0; i < 2; i++) {
        if (request->built_mdl[i])
            io_free_mdl(request->built_mdl[i]);
        request->built_mdl[i] = NULL;
    }
}

/* ---- MDLs ---- */

static NTSTATUS mdl_of(struct fx_request *request, enum direction direction, uint16_t ddi, PMDL *mdl)
{
    struct span span;
    NTSTATUS status = check(request, direction, 0, &span);
    if (!NT_SUCCESS(status))
        return status;
    if (span.via == VIA_MDL) {
        *mdl = request->irp->MdlAddress;
        return STATUS_SUCCESS;
    }
    PMDL *built = &request->built_mdl[direction];
    if (!*built) { /* once per request and direction */
        if (choose_fault(ddi))
            return STATUS_INSUFFICIENT_RESOURCES;
        *built = io_allocate_mdl(span.address, (ULONG)span.length, FALSE, FALSE, NULL);
        if (!*built)
            return STATUS_INSUFFICIENT_RESOURCES;
        mm_build(*built, MDL_SOURCE_IS_NONPAGED_POOL);
        (*built)->MappedSystemVa = span.address;
    }
    *mdl = *built;
    return STATUS_SUCCESS;
}

static bool is_for(const struct fx_request *request, bool write)
{
    if (request->major == IRP_MJ_READ || request->major == IRP_MJ_WRITE)
        return (request->major == IRP_MJ_WRITE) == write;
    ULONG method = fx_request_stack(request)->Parameters.DeviceIoControl.IoControlCode & 3;
    return method == METHOD_BUFFERED || method == (write ? METHOD_IN_DIRECT : METHOD_OUT_DIRECT);
}

NTSTATUS fx_request_dma_buffer(struct fx_request *request, bool write, uint16_t ddi, PMDL *mdl, SIZE_T *length)
{
    bool control = request->major == IRP_MJ_DEVICE_CONTROL || request->major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    bool direct = control && (fx_request_stack(request)->Parameters.DeviceIoControl.IoControlCode & 3) != METHOD_BUFFERED;
    enum direction direction = write && !direct ? INPUT : OUTPUT; /* METHOD_IN_DIRECT: what is written is described as the output buffer */
    struct span span;
    if ((!control && request->major != IRP_MJ_READ && request->major != IRP_MJ_WRITE) || !is_for(request, write) || !locate(request, direction, &span) ||
        span.via == VIA_RAW || !span.length)
        return STATUS_INVALID_DEVICE_REQUEST;
    *length = span.length;
    return mdl_of(request, direction, ddi, mdl);
}

static NTSTATUS retrieve_mdl(WDFREQUEST handle, enum direction direction, uint16_t ddi, PMDL *mdl)
{
    struct fx_request *request = fx_request_handle(handle, ddi_table[ddi].name);
    fx_require(mdl, "Mdl");
    *mdl = NULL;
    return mdl_of(request, direction, ddi, mdl);
}

NTSTATUS wdf_WdfRequestRetrieveInputWdmMdl(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PMDL *Mdl)
{
    gate_enter(DDI_WdfRequestRetrieveInputWdmMdl, trace_object(Request), 0);
    NTSTATUS status = retrieve_mdl(Request, INPUT, DDI_WdfRequestRetrieveInputWdmMdl, Mdl);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestRetrieveOutputWdmMdl(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PMDL *Mdl)
{
    gate_enter(DDI_WdfRequestRetrieveOutputWdmMdl, trace_object(Request), 0);
    NTSTATUS status = retrieve_mdl(Request, OUTPUT, DDI_WdfRequestRetrieveOutputWdmMdl, Mdl);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Raw user addresses (K-REQ-25, 26) ---- */

static bool is_raw_user_transfer(const struct fx_request *request, const struct span *span)
{
    return span->via == VIA_RAW && request->major != IRP_MJ_INTERNAL_DEVICE_CONTROL;
}

static NTSTATUS retrieve_unsafe(WDFREQUEST handle, enum direction direction, uint16_t ddi, size_t required, PVOID *buffer, size_t *length)
{
    struct fx_request *request = fx_request_handle(handle, ddi_table[ddi].name);
    fx_require(buffer, "Buffer");
    *buffer = NULL;
    if (length)
        *length = 0;
    if (!request->in_caller_context || request->caller_thread != ke_current_thread())
        fx_misuse("K-REQ-25", "%s was called for request #%u outside EvtIoInCallerContext", ddi_table[ddi].name, request->object.number);
    struct span span;
    if (!locate(request, direction, &span) || !is_raw_user_transfer(request, &span))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (span.length < required)
        return STATUS_BUFFER_TOO_SMALL;
    *buffer = span.address;
    if (length)
        *length = span.length;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestRetrieveUnsafeUserInputBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, size_t MinimumRequiredLength,
                                                     PVOID *InputBuffer, size_t *Length)
{
    gate_enter(DDI_WdfRequestRetrieveUnsafeUserInputBuffer, trace_object(Request), MinimumRequiredLength);
    NTSTATUS status = retrieve_unsafe(Request, INPUT, DDI_WdfRequestRetrieveUnsafeUserInputBuffer, MinimumRequiredLength, InputBuffer, Length);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestRetrieveUnsafeUserOutputBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, size_t MinimumRequiredLength,
                                                      PVOID *OutputBuffer, size_t *Length)
{
    gate_enter(DDI_WdfRequestRetrieveUnsafeUserOutputBuffer, trace_object(Request), MinimumRequiredLength);
    NTSTATUS status = retrieve_unsafe(Request, OUTPUT, DDI_WdfRequestRetrieveUnsafeUserOutputBuffer, MinimumRequiredLength, OutputBuffer, Length);
    gate_leave((ULONG)status);
    return status;
}

static void unlock_memory(struct fx_object *object)
{
    struct fx_memory *memory = (struct fx_memory *)object;
    mm_unlock_pages(memory->mdl);
    io_free_mdl(memory->mdl);
}

static NTSTATUS lock_user_buffer(struct fx_request *request, PVOID buffer, SIZE_T length, USHORT flags, struct fx_memory **out)
{
    if (!length)
        return STATUS_INVALID_USER_BUFFER;
    if (request->irp->RequestorMode == UserMode && request->caller_thread != ke_current_thread() &&
        irp_info(request->irp)->issuer != ke_current_thread())
        return STATUS_ACCESS_VIOLATION;
    if (!buffer || memory_is_kernel(buffer)) /* what the probe would raise */
        return STATUS_ACCESS_VIOLATION;
    PMDL mdl = io_allocate_mdl(buffer, (ULONG)length, FALSE, FALSE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct fx_memory *memory;
    NTSTATUS status = fx_object_create(request->object.driver, FX_MEMORY, sizeof *memory, NULL, (void **)&memory);
    if (!NT_SUCCESS(status)) {
        io_free_mdl(mdl);
        return status;
    }
    mm_build(mdl, flags);
    memory->mdl = mdl;
    memory->buffer = mm_get_system_address_for_mdl_safe(mdl, NormalPagePriority);
    memory->size = length;
    memory->request = request;
    memory->read_only = !(flags & MDL_WRITE_OPERATION);
    memory->object.destroy = unlock_memory;
    fx_object_commit(&memory->object, &request->object); /* gone when the request is disposed */
    *out = memory;
    return STATUS_SUCCESS;
}

static NTSTATUS probe_and_lock(WDFREQUEST handle, uint16_t ddi, PVOID buffer, size_t length, USHORT flags, WDFMEMORY *out)
{
    struct fx_request *request = fx_request_handle(handle, ddi_table[ddi].name);
    fx_require(out, "MemoryObject");
    struct fx_memory *memory = NULL;
    NTSTATUS status = choose_fault(ddi) ? STATUS_INSUFFICIENT_RESOURCES : lock_user_buffer(request, buffer, length, flags, &memory);
    *out = (WDFMEMORY)memory;
    return status;
}

NTSTATUS wdf_WdfRequestProbeAndLockUserBufferForRead(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PVOID Buffer, size_t Length,
                                                     WDFMEMORY *MemoryObject)
{
    gate_enter(DDI_WdfRequestProbeAndLockUserBufferForRead, trace_object(Request), Length);
    NTSTATUS status = probe_and_lock(Request, DDI_WdfRequestProbeAndLockUserBufferForRead, Buffer, Length, MDL_PAGES_LOCKED, MemoryObject);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestProbeAndLockUserBufferForWrite(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PVOID Buffer, size_t Length,
                                                      WDFMEMORY *MemoryObject)
{
    gate_enter(DDI_WdfRequestProbeAndLockUserBufferForWrite, trace_object(Request), Length);
    NTSTATUS status = probe_and_lock(Request, DDI_WdfRequestProbeAndLockUserBufferForWrite, Buffer, Length,
                                     MDL_PAGES_LOCKED | MDL_WRITE_OPERATION, MemoryObject);
    gate_leave((ULONG)status);
    return status;
}
