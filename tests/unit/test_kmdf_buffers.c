/*
 * The buffers of a request (K-REQ-20..26), and framework memory (K-MEM-1, 2).
 */
#include "kmdf_world.h"

static NTSTATUS seen;
static PVOID buffer;
static size_t size;

static NTSTATUS input(int i, size_t required) { return WdfRequestRetrieveInputBuffer(held[i], required, &buffer, &size); }
static NTSTATUS output(int i, size_t required) { return WdfRequestRetrieveOutputBuffer(held[i], required, &buffer, &size); }

static void finish_held(void)
{
    for (int i = 0; i < held_count; i++)
        complete(i, STATUS_SUCCESS, 0);
    finish();
}

static void start_parallel(void)
{
    plan.queue = parallel;
    start();
}

static ULONG code_of(ULONG method) { return 0x80000000u | 0x801 << 2 | method; }
static struct sent *control(ULONG method, ULONG in, ULONG out)
{
    return send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .code = code_of(method), .length = in, .out = out});
}

/* RULE K-REQ-20: A read has only an output buffer and a write only an input buffer; asking for the other returns STATUS_INVALID_DEVICE_REQUEST. */
/* RULE V-WDF-13: Retrieving the input buffer of a read, or the output buffer of a write, is reported. */
TEST(K_REQ_20_read_and_write)
{
    start_parallel();
    struct sent *r = send(IRP_MJ_READ, 4), *w = send(IRP_MJ_WRITE, 5);
    assert_int_equal(input(0, 0), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(output(0, 0), STATUS_SUCCESS);
    assert_true(buffer == r->buffer && size == 4);
    assert_int_equal(output(1, 0), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(input(1, 0), STATUS_SUCCESS);
    assert_true(buffer == w->buffer && size == 5);
    finish_held();
}

static void zero_allowed(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { parallel(c, a), c->AllowZeroLengthRequests = TRUE; }

/* RULE K-REQ-20: Retrieving a buffer that is empty, or shorter than required, returns STATUS_BUFFER_TOO_SMALL. */
/* RULE F-DRV-6: Retrieving a buffer of length 0 returns STATUS_BUFFER_TOO_SMALL even when 0 bytes are required. */
TEST(K_REQ_20_too_small)
{
    plan.queue = zero_allowed;
    start();
    send(IRP_MJ_READ, 0), send(IRP_MJ_READ, 4), control(METHOD_BUFFERED, 0, 4);
    assert_int_equal(output(0, 0), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(output(1, 5), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(output(1, 4), STATUS_SUCCESS);
    assert_int_equal(input(2, 0), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(output(2, 0), STATUS_SUCCESS);
    finish_held();
}

static void direct(PWDFDEVICE_INIT init) { WdfDeviceInitSetIoType(init, WdfDeviceIoDirect); }

/* RULE K-REQ-20: Retrieving the buffer of a direct I/O request that has no MDL returns STATUS_BUFFER_TOO_SMALL. */
TEST(K_REQ_20_direct_without_mdl)
{
    plan.init = direct;
    start_parallel();
    send(IRP_MJ_READ, 4);
    assert_int_equal(output(0, 0), STATUS_BUFFER_TOO_SMALL);
    finish_held();
}

static const struct chance no_mapping = {.fault_count = 1, .fault = {{DDI_WdfRequestRetrieveOutputBuffer, 1, 1}}};
static PMDL mdl_of(PVOID memory, ULONG n)
{
    PMDL mdl = io_allocate_mdl(memory, n, FALSE, FALSE, NULL);
    mm_build(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = memory;
    return mdl;
}

/* RULE K-REQ-20: Retrieving a buffer of direct I/O returns the MDL's mapping, or STATUS_INSUFFICIENT_RESOURCES when it cannot be mapped. */
TEST(K_REQ_20_direct, .chance = &no_mapping)
{
    plan.init = direct;
    start_parallel();
    PVOID memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'tset');
    PMDL mdl = mdl_of(memory, 8), got;
    send_io((struct io){.major = IRP_MJ_READ, .length = 8, .mdl = mdl});
    assert_int_equal(output(0, 0), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(output(0, 8), STATUS_SUCCESS);
    assert_true(buffer == memory && size == 8);
    assert_int_equal(WdfRequestRetrieveOutputWdmMdl(held[0], &got), STATUS_SUCCESS);
    assert_true(got == mdl);
    complete(0, STATUS_SUCCESS, 0);
    io_free_mdl(mdl);
    ExFreePoolWithTag(memory, 'tset');
    finish();
}

/* RULE K-REQ-20: A METHOD_BUFFERED request has one buffer for input and output, with a length for each. */
/* RULE F-DRV-7: Input and output of a METHOD_BUFFERED request share one system buffer: writing the output overwrites the input. */
TEST(K_REQ_20_method_buffered)
{
    start_parallel();
    struct sent *s = control(METHOD_BUFFERED, 8, 4);
    assert_int_equal(input(0, 8), STATUS_SUCCESS);
    assert_true(buffer == s->buffer && size == 8);
    assert_int_equal(output(0, 4), STATUS_SUCCESS);
    assert_true(buffer == s->buffer && size == 4);
    finish_held();
}

/* RULE K-REQ-20: A METHOD_OUT_DIRECT request takes its input from the system buffer and its output from an MDL. */
TEST(K_REQ_20_method_direct)
{
    start_parallel();
    struct sent *s = control(METHOD_OUT_DIRECT, 8, 4);
    assert_int_equal(input(0, 8), STATUS_SUCCESS);
    assert_true(buffer == s->buffer);
    assert_int_equal(output(0, 0), STATUS_BUFFER_TOO_SMALL); /* no MDL */
    finish_held();
}

static struct sent *neither(bool user, UCHAR major)
{
    return send_io((struct io){.major = major, .code = code_of(METHOD_NEITHER), .length = 8, .out = 4, .neither = true, .user = user});
}

/* RULE K-REQ-20: Retrieving either buffer of a user-mode METHOD_NEITHER request in a queue callback returns STATUS_INVALID_DEVICE_REQUEST. */
/* RULE F-DRV-6: The ordinary buffer retrieval DDIs refuse a METHOD_NEITHER request of user mode. */
TEST(K_REQ_20_method_neither_user)
{
    start_parallel();
    neither(true, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(input(0, 0), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(output(0, 0), STATUS_INVALID_DEVICE_REQUEST);
    finish_held();
}

/* RULE K-REQ-20: For METHOD_NEITHER requests from kernel mode, internal ones too, the retrieval DDIs return the caller's pointers as they are. */
TEST(K_REQ_20_method_neither_kernel)
{
    start_parallel();
    struct sent *a = neither(false, IRP_MJ_DEVICE_CONTROL), *b = neither(true, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_int_equal(input(0, 8), STATUS_SUCCESS);
    assert_true(buffer == a->buffer && size == 8);
    assert_int_equal(output(1, 4), STATUS_SUCCESS);
    assert_true(buffer == b->buffer && size == 4);
    finish_held();
}

/* RULE K-REQ-21: When retrieving a buffer fails, its pointer becomes NULL and its length 0; the length parameter is optional. */
TEST(K_REQ_21_failure_outputs)
{
    start_parallel();
    send(IRP_MJ_READ, 4);
    buffer = &seen, size = 99;
    assert_int_equal(output(0, 5), STATUS_BUFFER_TOO_SMALL);
    assert_true(buffer == NULL && size == 0);
    assert_int_equal(WdfRequestRetrieveOutputBuffer(held[0], 4, &buffer, NULL), STATUS_SUCCESS);
    finish_held();
}

/* RULE K-REQ-22: Retrieving a request's memory object again returns the same handle. */
TEST(K_REQ_22_memory)
{
    WDFMEMORY a, b;
    char bytes[4] = {0};
    start_parallel();
    struct sent *s = send(IRP_MJ_WRITE, 4);
    assert_int_equal(WdfRequestRetrieveInputMemory(held[0], &a), STATUS_SUCCESS);
    assert_int_equal(WdfRequestRetrieveInputMemory(held[0], &b), STATUS_SUCCESS);
    assert_true(a == b && WdfMemoryGetBuffer(a, &size) == s->buffer && size == 4);
    assert_int_equal(WdfMemoryCopyToBuffer(a, 0, bytes, 4), STATUS_SUCCESS);
    finish_held();
}

/* RULE K-REQ-22: A write's input memory is read-only for the framework's copy DDIs. */
/* RULE K-MEM-2: Copying into read-only request memory is a verifier break. */
TEST(K_REQ_22_read_only, MISUSE)
{
    WDFMEMORY m;
    char bytes[4] = {0};
    start_parallel();
    send(IRP_MJ_WRITE, 4);
    assert_int_equal(WdfRequestRetrieveInputMemory(held[0], &m), STATUS_SUCCESS);
    WdfMemoryCopyFromBuffer(m, 0, bytes, 4);
}

/* RULE K-REQ-22: The memory object of a request is not the driver's to delete. */
TEST(K_REQ_22_not_deletable, MISUSE)
{
    WDFMEMORY m;
    start_parallel();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestRetrieveOutputMemory(held[0], &m), STATUS_SUCCESS);
    WdfObjectDelete(m);
}

/* RULE K-REQ-23: For buffered I/O the framework builds one MDL per request and direction, and none for length 0 or for METHOD_NEITHER of user mode. */
TEST(K_REQ_23_mdl)
{
    PMDL in, out, again;
    start_parallel();
    control(METHOD_BUFFERED, 8, 4), control(METHOD_BUFFERED, 8, 0);
    neither(true, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(WdfRequestRetrieveInputWdmMdl(held[0], &in), STATUS_SUCCESS);
    assert_int_equal(WdfRequestRetrieveOutputWdmMdl(held[0], &out), STATUS_SUCCESS);
    assert_int_equal(WdfRequestRetrieveOutputWdmMdl(held[0], &again), STATUS_SUCCESS);
    assert_true(in != out && out == again && in->ByteCount == 8 && out->ByteCount == 4);
    assert_int_equal(WdfRequestRetrieveOutputWdmMdl(held[1], &out), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(WdfRequestRetrieveInputWdmMdl(held[2], &in), STATUS_INVALID_DEVICE_REQUEST);
    assert_true(in == NULL);
    finish_held();
}

static void neither_io(PWDFDEVICE_INIT init) { WdfDeviceInitSetIoType(init, WdfDeviceIoNeither); }

/* RULE K-REQ-24: Retrieving the buffer of a user-mode read on a device of I/O type Neither returns STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_REQ_24_neither_io)
{
    plan.init = neither_io;
    start_parallel();
    send_io((struct io){.major = IRP_MJ_READ, .length = 4, .neither = true, .user = true});
    assert_int_equal(output(0, 0), STATUS_INVALID_DEVICE_REQUEST);
    finish_held();
}

static VOID in_context(WDFDEVICE d, WDFREQUEST r)
{
    created = WdfRequestRetrieveUnsafeUserInputBuffer(r, 9, &buffer, NULL);
    seen = WdfRequestRetrieveUnsafeUserInputBuffer(r, 0, &buffer, &size);
    WdfRequestComplete(r, STATUS_SUCCESS);
}
static void caller_context(PWDFDEVICE_INIT init) { WdfDeviceInitSetIoInCallerContextCallback(init, in_context); }

/* RULE K-REQ-25: In EvtIoInCallerContext a METHOD_NEITHER request gives its raw input pointer; one that is too short is STATUS_BUFFER_TOO_SMALL. */
TEST(K_REQ_25_unsafe_input)
{
    plan.init = caller_context;
    start_parallel();
    struct sent *s = neither(true, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(seen, STATUS_SUCCESS);
    assert_true(buffer == s->buffer && size == 8);
    assert_int_equal(created, STATUS_BUFFER_TOO_SMALL);
    finish();
}

/* RULE K-REQ-25: The unsafe retrieval of a user buffer of length 0 succeeds when 0 bytes are required. */
TEST(K_REQ_25_unsafe_empty)
{
    plan.init = caller_context;
    start_parallel();
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .code = code_of(METHOD_NEITHER), .neither = true, .user = true});
    assert_int_equal(seen, STATUS_SUCCESS);
    finish();
}

/* RULE K-REQ-25: The unsafe retrieval of user buffers fails with STATUS_INVALID_DEVICE_REQUEST for all but METHOD_NEITHER user requests, internal ones included. */
TEST(K_REQ_25_unsafe_refused)
{
    plan.init = caller_context;
    start_parallel();
    neither(true, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_int_equal(seen, STATUS_INVALID_DEVICE_REQUEST);
    control(METHOD_BUFFERED, 8, 4);
    assert_int_equal(seen, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-REQ-25: Retrieving a raw user buffer outside EvtIoInCallerContext is reported. */
TEST(K_REQ_25_unsafe_outside, MISUSE)
{
    start_parallel();
    neither(true, IRP_MJ_DEVICE_CONTROL);
    WdfRequestRetrieveUnsafeUserInputBuffer(held[0], 0, &buffer, NULL);
}

/* RULE K-REQ-26: Probing and locking 0 bytes returns STATUS_INVALID_USER_BUFFER; for a bad address the exception of the probe is the status. */
TEST(K_REQ_26_probe_and_lock)
{
    WDFMEMORY m;
    start_parallel();
    neither(false, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(WdfRequestProbeAndLockUserBufferForRead(held[0], &seen, 0, &m), STATUS_INVALID_USER_BUFFER);
    assert_int_equal(WdfRequestProbeAndLockUserBufferForWrite(held[0], NULL, 4, &m), STATUS_ACCESS_VIOLATION);
    finish_held();
}

/* ---- Memory ---- */

/* RULE K-MEM-1: WdfMemoryCreate refuses size 0; preallocated memory keeps the driver's buffer and can be given another. */
TEST(K_MEM_1_create)
{
    WDFMEMORY m;
    char one[4], two[8];
    boot();
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 0, &m, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfMemoryCreatePreallocated(NULL, one, 0, &m), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfMemoryCreatePreallocated(NULL, one, 4, &m), STATUS_SUCCESS);
    assert_true(WdfMemoryGetBuffer(m, &size) == one && size == 4);
    assert_int_equal(WdfMemoryAssignBuffer(m, two, 8), STATUS_SUCCESS);
    assert_true(WdfMemoryGetBuffer(m, &size) == two && size == 8);
    finish();
}

/* RULE K-MEM-1: WdfMemoryCreatePreallocated with a NULL buffer is bug check WDF_VIOLATION with parameter 0x4. */
TEST(K_MEM_1_null_buffer, .code = 0x10D, .p1 = 4)
{
    WDFMEMORY m;
    boot();
    WdfMemoryCreatePreallocated(NULL, NULL, 4, &m);
}

/* RULE K-MEM-1: WdfMemoryAssignBuffer on memory that is not preallocated is bug check WDF_VIOLATION with parameter 0x5. */
TEST(K_MEM_1_assign_to_pool_memory, .code = 0x10D, .p1 = 5)
{
    WDFMEMORY m;
    boot();
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 4, &m, NULL), STATUS_SUCCESS);
    WdfMemoryAssignBuffer(m, &seen, 4);
}

/* RULE K-MEM-2: The WdfMemoryCopy DDIs refuse 0 bytes with STATUS_INVALID_PARAMETER, and a range beyond the memory with a status for each direction. */
TEST(K_MEM_2_copies)
{
    WDFMEMORY m;
    char bytes[8] = "1234567";
    boot();
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 8, &m, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCopyFromBuffer(m, 0, bytes, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfMemoryCopyToBuffer(m, 0, bytes, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfMemoryCopyFromBuffer(m, 0, bytes, 8), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCopyFromBuffer(m, 1, bytes, 8), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(WdfMemoryCopyToBuffer(m, 8, bytes, 1), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(WdfMemoryCopyToBuffer(m, 4, bytes, 4), STATUS_SUCCESS);
    assert_int_equal(bytes[0], '5');
    finish();
}

/* RULE K-MEM-3: A lookaside list's memory has the list's size and the memory attributes; the list may be deleted before it. */
TEST(K_MEM_3_lookaside)
{
    WDF_OBJECT_ATTRIBUTES list_attributes, memory_attributes;
    WDFLOOKASIDE list;
    WDFMEMORY a, b;
    size_t size;
    boot();
    name_attributes(&list_attributes, device), name_attributes(&memory_attributes, device);
    assert_int_equal(WdfLookasideListCreate(NULL, 0, NonPagedPoolNx, NULL, 0, &list), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfLookasideListCreate(&list_attributes, 24, NonPagedPoolNx, &memory_attributes, 'tseT', &list), STATUS_SUCCESS);
    named(list)->name = "list";
    assert_int_equal(WdfMemoryCreateFromLookaside(list, &a), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCreateFromLookaside(list, &b), STATUS_SUCCESS);
    assert_true(a != b && WdfMemoryGetBuffer(a, &size) != NULL && size == 24);
    named(a)->name = "a", named(b)->name = "b";
    WdfObjectDelete(a);
    log_is("~a !a");
    WdfObjectDelete(list);
    log_is("~list"); /* its memory holds it */
    WdfObjectDelete(b);
    log_is("~b !b !list");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_20_read_and_write),
        cmocka_unit_test(K_REQ_20_too_small),
        cmocka_unit_test(K_REQ_20_direct_without_mdl),
        cmocka_unit_test(K_REQ_20_direct),
        cmocka_unit_test(K_REQ_20_method_buffered),
        cmocka_unit_test(K_REQ_20_method_direct),
        cmocka_unit_test(K_REQ_20_method_neither_user),
        cmocka_unit_test(K_REQ_20_method_neither_kernel),
        cmocka_unit_test(K_REQ_21_failure_outputs),
        cmocka_unit_test(K_REQ_22_memory),
        cmocka_unit_test(K_REQ_22_read_only),
        cmocka_unit_test(K_REQ_22_not_deletable),
        cmocka_unit_test(K_REQ_23_mdl),
        cmocka_unit_test(K_REQ_24_neither_io),
        cmocka_unit_test(K_REQ_25_unsafe_input),
        cmocka_unit_test(K_REQ_25_unsafe_empty),
        cmocka_unit_test(K_REQ_25_unsafe_refused),
        cmocka_unit_test(K_REQ_25_unsafe_outside),
        cmocka_unit_test(K_REQ_26_probe_and_lock),
        cmocka_unit_test(K_MEM_1_create),
        cmocka_unit_test(K_MEM_1_null_buffer),
        cmocka_unit_test(K_MEM_1_assign_to_pool_memory),
        cmocka_unit_test(K_MEM_2_copies),
        cmocka_unit_test(K_MEM_3_lookaside),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
