/*
 * What a request carries to its target (K-REQ-49..54): formatting, sending and waiting in one call, reuse, requests without an IRP.
 */
#include "kmdf_world.h"
#include "target_world.h"

#define BUFFERED ((ULONG)CTL_CODE(0x8000, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS))
#define IN_DIRECT ((ULONG)CTL_CODE(0x8000, 0x802, METHOD_IN_DIRECT, FILE_ANY_ACCESS))
#define OUT_DIRECT ((ULONG)CTL_CODE(0x8000, 0x803, METHOD_OUT_DIRECT, FILE_ANY_ACCESS))
#define NEITHER ((ULONG)CTL_CODE(0x8000, 0x804, METHOD_NEITHER, FILE_ANY_ACCESS))

static WDFREQUEST r;
static WDFMEMORY in, out;
static char *in_bytes, *out_bytes;

static void buffers(size_t in_size, size_t out_size)
{
    in = make_memory(in_size, (void **)&in_bytes);
    out = make_memory(out_size, (void **)&out_bytes);
    memset(in_bytes, 'i', in_size);
    memset(out_bytes, 'o', out_size);
    r = make_request();
    WdfRequestSetCompletionRoutine(r, on_back, NULL);
}

static void end(void)
{
    if (r)
        WdfObjectDelete(r);
    r = NULL;
    finish_above();
}

/* ---- Reads and writes ---- */

/* RULE K-REQ-54: A buffered target gets a read's memory as its system buffer; length, offsets and parameters are told at the end. */
/* RULE K-REQ-47: The completion parameters tell the kind of request, its memory, the offset in it and the bytes transferred. */
TEST(K_REQ_54_read_buffered)
{
    LONGLONG at = 0x123456789;
    WDFMEMORY_OFFSET part = {.BufferOffset = 4, .BufferLength = 6};
    start_beside_with(DO_BUFFERED_IO);
    buffers(16, 16);
    low_information = 6;
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, &part, &at), STATUS_SUCCESS);
    assert_true(WdfRequestSend(r, target, NULL));
    assert_int_equal(seen.major, IRP_MJ_READ);
    assert_int_equal(seen.length, 6);
    assert_int_equal(seen.offset, at);
    assert_true(seen.system == out_bytes + 4 && !seen.mdl);
    assert_int_equal(came_params.Type, WdfRequestTypeRead);
    assert_true(came_params.Parameters.Read.Buffer == out);
    assert_int_equal(came_params.Parameters.Read.Offset, 4);
    assert_int_equal(came_params.Parameters.Read.Length, 6);
    end();
}

/* RULE K-REQ-54: A direct target gets an MDL of the memory. */
TEST(K_REQ_54_write_direct)
{
    start_beside_with(DO_DIRECT_IO);
    buffers(16, 16);
    low_how = PEND;
    assert_int_equal(WdfIoTargetFormatRequestForWrite(target, r, in, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_int_equal(seen.major, IRP_MJ_WRITE);
    assert_true(!seen.system && seen.mdl);
    assert_true(mm_get_system_address_for_mdl_safe(seen.mdl, NormalPagePriority) == in_bytes);
    assert_int_equal(seen.mdl->ByteCount, 16);
    low_let_go(STATUS_SUCCESS, 16);
    assert_int_equal(came_params.Type, WdfRequestTypeWrite);
    assert_int_equal(came_params.Parameters.Write.Length, 16);
    end();
}

/* RULE K-REQ-54: A target that does neither gets the address. */
TEST(K_REQ_54_read_neither)
{
    start_beside_with(0);
    buffers(16, 16);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_true(!seen.system && !seen.mdl && seen.user == out_bytes);
    end();
}

/* RULE K-REQ-49: An offset and length beyond the memory: STATUS_INTEGER_OVERFLOW. */
TEST(K_REQ_49_beyond)
{
    start_beside();
    buffers(16, 16);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, &(WDFMEMORY_OFFSET){17, 0}, NULL), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, &(WDFMEMORY_OFFSET){8, 9}, NULL), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, &(WDFMEMORY_OFFSET){8, (size_t)-1}, NULL), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, &(WDFMEMORY_OFFSET){8, 8}, NULL), STATUS_SUCCESS);
    end();
}

/* RULE K-REQ-49: Formatting references the memory, which stays until the request is formatted anew, reused or deleted. */
TEST(K_REQ_49_references)
{
    start_beside();
    buffers(16, 16);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, out, NULL, NULL), STATUS_SUCCESS);
    WdfObjectDelete(out);
    out_bytes[0] = 1; /* it is there */
    low_how = PEND;
    WdfRequestSend(r, target, NULL);
    out_bytes[15] = 1;
    low_let_go(STATUS_SUCCESS, 16);
    out_bytes[1] = 1;
    assert_int_equal(((struct fx_object *)out)->references, 1);
    assert_int_equal(((struct fx_object *)in)->references, 1);
    assert_int_equal(WdfIoTargetFormatRequestForWrite(target, r, in, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(((struct fx_object *)in)->references, 2);
    WDF_REQUEST_REUSE_PARAMS reuse;
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WdfRequestReuse(r, &reuse);
    assert_int_equal(((struct fx_object *)in)->references, 1);
    end();
}

/* RULE K-REQ-49: Formatting a request that is with a target is reported. */
TEST(K_REQ_49_sent, MISUSE)
{
    start_beside();
    buffers(16, 16);
    low_how = PEND;
    WdfIoTargetFormatRequestForRead(target, r, out, NULL, NULL);
    WdfRequestSend(r, target, NULL);
    WdfIoTargetFormatRequestForRead(target, r, out, NULL, NULL);
}

static const struct chance first_format = {.fault = {{DDI_WdfIoTargetFormatRequestForRead, 1, 1}}, .fault_count = 1};

/* RULE K-REQ-49: The first format of a request may fail for want of memory; the request can be formatted again. */
TEST(K_REQ_49_no_memory, .chance = &first_format)
{
    start_beside();
    r = make_request();
    WDFMEMORY m = make_memory(8, NULL);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, m, NULL, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, m, NULL, NULL), STATUS_SUCCESS);
    assert_true(WdfRequestSend(r, target, NULL));
    end();
}

/* ---- Control codes ---- */

static NTSTATUS format(ULONG code) { return WdfIoTargetFormatRequestForIoctl(target, r, code, in, NULL, out, NULL); }

/* RULE K-REQ-54: METHOD_BUFFERED: one buffer of the larger size carries the input down, and the output back into the memory. */
TEST(K_REQ_54_buffered)
{
    start_beside();
    buffers(4, 12);
    low_how = PEND;
    assert_int_equal(format(BUFFERED), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_int_equal(seen.major, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(seen.code, BUFFERED);
    assert_int_equal(seen.length, 4);
    assert_int_equal(seen.out, 12);
    assert_true(seen.system != in_bytes && seen.system != out_bytes);
    assert_true(!memcmp(seen.system, "iiii", 4));
    memcpy(seen.system, "answer", 6);
    low_let_go(STATUS_SUCCESS, 6);
    assert_true(!memcmp(out_bytes, "answeroooooo", 12));
    assert_int_equal(came_params.Type, WdfRequestTypeDeviceControl);
    assert_int_equal(came_params.Parameters.Ioctl.IoControlCode, BUFFERED);
    assert_true(came_params.Parameters.Ioctl.Input.Buffer == in && came_params.Parameters.Ioctl.Output.Buffer == out);
    assert_int_equal(came_params.Parameters.Ioctl.Output.Length, 6);
    end();
}

/* RULE K-REQ-54: Nothing is copied back on an error; on a warning it is. */
TEST(K_REQ_54_copied_on_success)
{
    start_beside();
    buffers(4, 4);
    low_how = PEND;
    format(BUFFERED);
    WdfRequestSend(r, target, NULL);
    memcpy(seen.system, "bad!", 4);
    low_let_go(STATUS_IO_DEVICE_ERROR, 4);
    assert_true(!memcmp(out_bytes, "oooo", 4));
    WDF_REQUEST_REUSE_PARAMS reuse;
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WdfRequestReuse(r, &reuse);
    format(BUFFERED);
    WdfRequestSend(r, target, NULL);
    memcpy(seen.system, "warn", 4);
    low_let_go(STATUS_BUFFER_OVERFLOW, 4);
    assert_true(!memcmp(out_bytes, "warn", 4));
    end();
}

/* RULE K-REQ-54: The direct methods: input as the system buffer, output as an MDL. */
TEST(K_REQ_54_direct)
{
    start_beside();
    buffers(4, 12);
    assert_int_equal(format(OUT_DIRECT), STATUS_SUCCESS);
    low_how = PEND;
    WdfRequestSend(r, target, NULL);
    assert_true(seen.system == in_bytes && mm_get_system_address_for_mdl_safe(seen.mdl, NormalPagePriority) == out_bytes);
    low_let_go(STATUS_SUCCESS, 0);
    assert_int_equal(format(IN_DIRECT), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_true(seen.mdl != NULL);
    low_let_go(STATUS_SUCCESS, 0);
    end();
}

/* RULE K-REQ-54: METHOD_NEITHER: both addresses as they are. */
TEST(K_REQ_54_neither)
{
    start_beside();
    buffers(4, 12);
    assert_int_equal(WdfIoTargetFormatRequestForInternalIoctl(target, r, NEITHER, in, NULL, out, NULL), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_int_equal(seen.major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_true(seen.type3 == in_bytes && seen.user == out_bytes && !seen.system && !seen.mdl);
    assert_int_equal(came_params.Type, WdfRequestTypeDeviceControlInternal);
    end();
}

/* RULE K-REQ-49: WdfIoTargetFormatRequestForInternalIoctlOthers carries up to three memory objects as plain arguments. */
TEST(K_REQ_49_others)
{
    start_beside();
    buffers(4, 12);
    assert_int_equal(WdfIoTargetFormatRequestForInternalIoctlOthers(target, r, NEITHER, in, NULL, out, NULL, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSend(r, target, NULL);
    assert_int_equal(seen.major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_int_equal(seen.code, NEITHER);
    assert_true(seen.argument1 == in_bytes);
    assert_int_equal(came_params.Type, WdfRequestTypeOther);
    end();
}

/* ---- A delivered request that goes down as another ---- */

static void go_as_control(WDFREQUEST request)
{
    assert_int_equal(WdfIoTargetFormatRequestForIoctl(target, request, BUFFERED, in, NULL, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(request, on_back, NULL);
    held[held_count++] = request;
    assert_true(WdfRequestSend(request, target, NULL));
}

/* RULE K-REQ-49: A delivered request may go down as another one; when it is back, its own buffers are its IRP's again. */
TEST(K_REQ_49_delivered_as_another)
{
    plan.queue = sequential, plan.handle = go_as_control;
    start_above();
    buffers(4, 4);
    low_how = PEND;
    struct sent *s = send(IRP_MJ_WRITE, 8);
    assert_int_equal(seen.major, IRP_MJ_DEVICE_CONTROL);
    assert_true(seen.system != s->buffer);
    low_let_go(STATUS_SUCCESS, 0);
    log_is("write back");
    void *mine;
    assert_int_equal(WdfRequestRetrieveInputBuffer(held[0], 8, &mine, NULL), STATUS_SUCCESS);
    assert_true(mine == s->buffer);
    complete(0, STATUS_SUCCESS, 8);
    assert_int_equal(s->information, 8);
    end();
}

static void go_with_own_memory(WDFREQUEST request)
{
    WDFMEMORY m;
    assert_int_equal(WdfRequestRetrieveInputMemory(request, &m), STATUS_SUCCESS);
    assert_int_equal(WdfIoTargetFormatRequestForWrite(target, request, m, NULL, NULL), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(request, on_back_complete, NULL);
    assert_true(WdfRequestSend(request, target, NULL));
}

/* RULE K-REQ-3: Completing a request first releases what its format holds, here its own memory. */
TEST(K_REQ_3_format_released)
{
    plan.queue = sequential, plan.handle = go_with_own_memory;
    start_above();
    r = NULL;
    struct sent *s = send(IRP_MJ_WRITE, 8);
    assert_true(s->done && seen.system == s->buffer);
    end();
}

static void hold_memory(WDFREQUEST request)
{
    WDFMEMORY m;
    assert_int_equal(WdfRequestRetrieveInputMemory(request, &m), STATUS_SUCCESS);
    assert_int_equal(WdfIoTargetFormatRequestForWrite(target, r, m, NULL, NULL), STATUS_SUCCESS);
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE K-REQ-8: A delivered request is not completed while another request that was formatted with its memory holds that. */
TEST(K_REQ_8_memory_in_a_format, .code = 0x10D, .p1 = 3)
{
    plan.queue = sequential, plan.handle = hold_memory;
    start_above();
    r = make_request();
    send(IRP_MJ_WRITE, 8);
}

/* ---- By hand ---- */

/* RULE K-REQ-50: WdfRequestWdmFormatUsingStackLocation sends a location as the driver filled it in. */
TEST(K_REQ_50_stack_location)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_FLUSH_BUFFERS};
    start_beside();
    r = make_request();
    WdfRequestSetCompletionRoutine(r, on_back, NULL);
    WdfRequestWdmFormatUsingStackLocation(r, &location);
    assert_true(WdfRequestSend(r, target, NULL));
    assert_int_equal(seen.major, IRP_MJ_FLUSH_BUFFERS);
    assert_int_equal(came_params.Type, WdfRequestTypeNoFormat);
    end();
}

/* RULE V-WDF-15: A request of the driver's own has no current type to format by: WDF_VIOLATION 0x6. */
TEST(V_WDF_15_no_current_type, .code = 0x10D, .p1 = 6)
{
    start_beside();
    WdfRequestFormatRequestUsingCurrentType(make_request());
}

/* RULE V-WDF-15: Formatting a request without an IRP by hand: WDF_VIOLATION 0x6. */
TEST(V_WDF_15_no_irp, .code = 0x10D, .p1 = 6)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_READ};
    start_beside();
    assert_int_equal(WdfRequestCreate(NULL, NULL, &r), STATUS_SUCCESS);
    WdfRequestWdmFormatUsingStackLocation(r, &location);
}

/* RULE K-REQ-52: A request made for no target gets its IRP when it is formatted. */
TEST(K_REQ_52_no_target)
{
    start_beside();
    assert_int_equal(WdfRequestCreate(NULL, NULL, &r), STATUS_SUCCESS);
    assert_true(!WdfRequestWdmGetIrp(r));
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfRequestWdmGetIrp(r)->StackCount, low->StackSize);
    assert_true(WdfRequestSend(r, target, NULL));
    end();
}

/* RULE K-REQ-50: WdfRequestChangeTarget makes room for the new target; one that is closed is refused. */
TEST(K_REQ_50_change_target)
{
    start_beside();
    assert_int_equal(WdfRequestCreate(NULL, NULL, &r), STATUS_SUCCESS);
    assert_int_equal(WdfRequestChangeTarget(r, target), STATUS_SUCCESS);
    assert_int_equal(WdfRequestWdmGetIrp(r)->StackCount, low->StackSize);
    assert_int_equal(WdfRequestChangeTarget(r, WdfDeviceGetIoTarget(device)), STATUS_SUCCESS);
    assert_true(WdfRequestWdmGetIrp(r)->StackCount >= WdfIoTargetWdmGetTargetDeviceObject(WdfDeviceGetIoTarget(device))->StackSize);
    WdfIoTargetClose(target);
    assert_int_equal(WdfRequestChangeTarget(r, target), STATUS_INVALID_DEVICE_STATE);
    end();
}

/* RULE K-REQ-50: An IRP that is not the framework's stays; if it is too small for a target, STATUS_REQUEST_NOT_ACCEPTED. */
/* RULE K-REQ-42: An IRP with too few stack locations is not sent. */
TEST(K_REQ_50_small_irp)
{
    start_above(); /* two devices are below */
    PIRP irp = io_allocate_irp(1, FALSE);
    assert_int_equal(WdfRequestCreateFromIrp(NULL, irp, TRUE, &r), STATUS_SUCCESS);
    assert_int_equal(WdfRequestChangeTarget(r, target), STATUS_REQUEST_NOT_ACCEPTED);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL), STATUS_REQUEST_NOT_ACCEPTED);
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_READ};
    WdfRequestWdmFormatUsingStackLocation(r, &location);
    assert_false(WdfRequestSend(r, target, NULL));
    assert_int_equal(WdfRequestGetStatus(r), STATUS_REQUEST_NOT_ACCEPTED);
    end();
}

/* ---- Reuse ---- */

static NTSTATUS reuse_with(WDFREQUEST request, ULONG flags, PIRP irp)
{
    WDF_REQUEST_REUSE_PARAMS p;
    WDF_REQUEST_REUSE_PARAMS_INIT(&p, flags, STATUS_NOT_SUPPORTED);
    p.NewIrp = irp;
    return WdfRequestReuse(request, &p);
}

/* RULE K-REQ-51: Reuse initialises the IRP of a request of the driver's own again; its status is the one given. */
TEST(K_REQ_51_created)
{
    start_beside();
    low_how = FAIL_IT;
    r = formatted_read();
    WdfRequestSend(r, target, NULL);
    assert_int_equal(reuse_with(r, WDF_REQUEST_REUSE_NO_FLAGS, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfRequestGetStatus(r), STATUS_NOT_SUPPORTED);
    low_how = SUCCEED;
    WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL);
    assert_true(WdfRequestSend(r, target, NULL));
    end();
}

/* RULE K-REQ-51: Wrong Size or flags: STATUS_INVALID_PARAMETER. */
TEST(K_REQ_51_parameters)
{
    WDF_REQUEST_REUSE_PARAMS p;
    start_beside();
    r = make_request();
    WDF_REQUEST_REUSE_PARAMS_INIT(&p, 0x100, STATUS_SUCCESS);
    assert_int_equal(WdfRequestReuse(r, &p), STATUS_INVALID_PARAMETER);
    p.Flags = 0, p.Size--;
    assert_int_equal(WdfRequestReuse(r, &p), STATUS_INVALID_PARAMETER);
    end();
}

/* RULE K-REQ-51: A request may get another IRP. */
TEST(K_REQ_51_new_irp)
{
    start_beside();
    r = make_request();
    PIRP irp = io_allocate_irp(4, FALSE);
    assert_int_equal(reuse_with(r, WDF_REQUEST_REUSE_SET_NEW_IRP, irp), STATUS_SUCCESS);
    assert_true(WdfRequestWdmGetIrp(r) == irp);
    WdfIoTargetFormatRequestForRead(target, r, NULL, NULL, NULL);
    assert_true(WdfRequestSend(r, target, NULL));
    WdfObjectDelete(r);
    r = NULL;
    io_free_irp(irp); /* still the driver's */
    end();
}

static void reuse_delivered(WDFREQUEST request)
{
    assert_int_equal(reuse_with(request, WDF_REQUEST_REUSE_SET_NEW_IRP, NULL), STATUS_WDF_REQUEST_INVALID_STATE);
    assert_int_equal(reuse_with(request, WDF_REQUEST_REUSE_NO_FLAGS, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfRequestGetStatus(request), STATUS_NOT_SUPPORTED);
    WdfRequestComplete(request, STATUS_SUCCESS);
}

/* RULE K-REQ-51: A delivered request may be reused, but gets no other IRP: STATUS_WDF_REQUEST_INVALID_STATE. */
TEST(K_REQ_51_delivered)
{
    plan.queue = sequential, plan.handle = reuse_delivered;
    start_above();
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_SUCCESS);
    r = NULL;
    end();
}

/* RULE K-REQ-51: Reusing a request that is with a target is reported. */
TEST(K_REQ_51_in_flight, MISUSE)
{
    start_beside();
    low_how = PEND;
    r = formatted_read();
    WdfRequestSend(r, target, NULL);
    reuse_with(r, WDF_REQUEST_REUSE_NO_FLAGS, NULL);
}

static NTSTATUS preprocess(WDFDEVICE d, PIRP irp)
{
    io_mark_irp_pending(irp);
    assert_int_equal(reuse_with(r, WDF_REQUEST_REUSE_SET_NEW_IRP | WDF_REQUEST_REUSE_MUST_COMPLETE, irp), STATUS_SUCCESS);
    WdfRequestCompleteWithInformation(r, STATUS_SUCCESS, 3);
    return STATUS_PENDING;
}

static void preprocessing(PWDFDEVICE_INIT init)
{
    put_under(init);
    WdfDeviceInitAssignWdmIrpPreprocessCallback(init, preprocess, IRP_MJ_READ, NULL, 0);
}

/* RULE K-REQ-51: With MUST_COMPLETE a request of the driver's own takes an IRP over that the driver then completes; not without an IRP. */
/* RULE K-REQ-11: Only then may a request that the driver created be completed. */
TEST(K_REQ_51_must_complete)
{
    low_load_with(DO_BUFFERED_IO);
    plan.init = preprocessing;
    start();
    assert_int_equal(WdfRequestCreate(NULL, NULL, &r), STATUS_SUCCESS);
    assert_int_equal(reuse_with(r, WDF_REQUEST_REUSE_MUST_COMPLETE, NULL), STATUS_INVALID_PARAMETER);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_true(s->done);
    assert_int_equal(s->information, 3);
    assert_true(!WdfRequestWdmGetIrp(r));
    s = send(IRP_MJ_READ, 4);
    assert_true(s->done);
    end();
}

/* ---- Send and wait ---- */

static WDF_MEMORY_DESCRIPTOR plain(void *buffer, ULONG length)
{
    WDF_MEMORY_DESCRIPTOR d;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&d, buffer, length);
    return d;
}

/* RULE K-REQ-53: WdfIoTargetSendIoctlSynchronously with a request of the framework's own and plain buffers. */
TEST(K_REQ_53_ioctl)
{
    char a[4] = "abcd", b[8] = "";
    ULONG_PTR bytes = 99;
    start_beside();
    low_information = 4; /* what stands in the buffer comes back */
    WDF_MEMORY_DESCRIPTOR i = plain(a, 4), o = plain(b, 8);
    assert_int_equal(WdfIoTargetSendIoctlSynchronously(target, NULL, BUFFERED, &i, &o, NULL, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 4);
    assert_true(!memcmp(b, "abcd", 4));
    low_how = FAIL_IT;
    assert_int_equal(WdfIoTargetSendInternalIoctlSynchronously(target, NULL, BUFFERED, &i, &o, NULL, &bytes), STATUS_IO_DEVICE_ERROR);
    assert_int_equal(seen.major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    low_how = SUCCEED;
    assert_int_equal(WdfIoTargetSendInternalIoctlOthersSynchronously(target, NULL, NEITHER, &i, NULL, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_true(seen.argument1 == a);
    r = NULL;
    end();
}

/* RULE K-REQ-53: A descriptor of a handle with offsets; the request given stays the driver's, and its completion routine is not called. */
TEST(K_REQ_53_with_a_request)
{
    WDF_MEMORY_DESCRIPTOR d;
    WDFMEMORY_OFFSET part = {4, 4};
    LONGLONG at = 512;
    ULONG_PTR bytes;
    start_beside();
    buffers(16, 16);
    low_information = 4;
    WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&d, out, &part);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, r, &d, &at, NULL, &bytes), STATUS_SUCCESS);
    assert_true(seen.system == out_bytes + 4);
    assert_int_equal(seen.offset, 512);
    assert_int_equal(bytes, 4);
    assert_int_equal(((struct fx_object *)out)->references, 1);
    log_is("");
    assert_int_equal(WdfIoTargetSendWriteSynchronously(target, r, &d, NULL, NULL, &bytes), STATUS_SUCCESS);
    end();
}

/* RULE K-REQ-53: A descriptor of an MDL goes to a direct target as it is. */
TEST(K_REQ_53_mdl)
{
    WDF_MEMORY_DESCRIPTOR d;
    start_beside_with(DO_DIRECT_IO);
    buffers(16, 16);
    PMDL mdl = io_allocate_mdl(out_bytes, 16, FALSE, FALSE, NULL);
    mm_build(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = out_bytes;
    WDF_MEMORY_DESCRIPTOR_INIT_MDL(&d, mdl, 16);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, &d, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_true(seen.mdl == mdl);
    io_free_mdl(mdl);
    end();
}

/* RULE K-REQ-53: Time-out: STATUS_IO_TIMEOUT. Purged or closed: STATUS_INVALID_DEVICE_STATE. Options that make no sense: STATUS_INVALID_PARAMETER. */
TEST(K_REQ_53_failures)
{
    WDF_REQUEST_SEND_OPTIONS o = send_options(WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS);
    start_beside();
    r = NULL;
    low_how = PEND_CANCELABLE;
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, &o, NULL), STATUS_IO_TIMEOUT);
    WDF_REQUEST_SEND_OPTIONS forget = send_options(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, 0);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, &forget, NULL), STATUS_INVALID_PARAMETER);
    WDF_MEMORY_DESCRIPTOR none = {0};
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, &none, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, &o, NULL), STATUS_IO_TIMEOUT);
    WdfIoTargetPurge(target, WdfIoTargetPurgeIoAndWait);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, NULL, NULL), STATUS_INVALID_DEVICE_STATE);
    WdfIoTargetClose(target);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, NULL, NULL), STATUS_INVALID_DEVICE_STATE);
    end();
}

static void start_later(void *context)
{
    pass_ms(3);
    WdfIoTargetStart(target);
}

/* RULE K-REQ-53: A stopped target makes the sender wait until it is started. */
TEST(K_REQ_53_stopped)
{
    start_beside();
    r = NULL;
    WdfIoTargetStop(target, WdfIoTargetCancelSentIo);
    struct nt_thread *other = thread_of(start_later, NULL);
    assert_int_equal(WdfIoTargetSendReadSynchronously(target, NULL, NULL, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfIoTargetGetState(target), WdfIoTargetStarted);
    join(other);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_54_read_buffered),
        cmocka_unit_test(K_REQ_54_write_direct),
        cmocka_unit_test(K_REQ_54_read_neither),
        cmocka_unit_test(K_REQ_49_beyond),
        cmocka_unit_test(K_REQ_49_references),
        cmocka_unit_test(K_REQ_49_sent),
        cmocka_unit_test(K_REQ_49_no_memory),
        cmocka_unit_test(K_REQ_54_buffered),
        cmocka_unit_test(K_REQ_54_copied_on_success),
        cmocka_unit_test(K_REQ_54_direct),
        cmocka_unit_test(K_REQ_54_neither),
        cmocka_unit_test(K_REQ_49_others),
        cmocka_unit_test(K_REQ_49_delivered_as_another),
        cmocka_unit_test(K_REQ_3_format_released),
        cmocka_unit_test(K_REQ_8_memory_in_a_format),
        cmocka_unit_test(K_REQ_50_stack_location),
        cmocka_unit_test(V_WDF_15_no_current_type),
        cmocka_unit_test(V_WDF_15_no_irp),
        cmocka_unit_test(K_REQ_52_no_target),
        cmocka_unit_test(K_REQ_50_change_target),
        cmocka_unit_test(K_REQ_50_small_irp),
        cmocka_unit_test(K_REQ_51_created),
        cmocka_unit_test(K_REQ_51_parameters),
        cmocka_unit_test(K_REQ_51_new_irp),
        cmocka_unit_test(K_REQ_51_delivered),
        cmocka_unit_test(K_REQ_51_in_flight),
        cmocka_unit_test(K_REQ_51_must_complete),
        cmocka_unit_test(K_REQ_53_ioctl),
        cmocka_unit_test(K_REQ_53_with_a_request),
        cmocka_unit_test(K_REQ_53_mdl),
        cmocka_unit_test(K_REQ_53_failures),
        cmocka_unit_test(K_REQ_53_stopped),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
