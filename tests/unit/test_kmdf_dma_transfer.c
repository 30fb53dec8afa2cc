/* Common buffers and DMA transactions of the framework: K-DMA-1, 3..9. */
#include "transaction_world.h"

/* ---- Enablers ---- */

/* RULE K-DMA-1: The longest transfer of an enabler is what its adapter's map registers let one have; a duplex profile has an adapter for each direction. */
TEST(K_DMA_1_adapters, .chance = HARDWARE(1))
{
    boot();
    make_enabler(WdfDmaProfileScatterGather64, 16384);
    assert_int_equal(WdfDmaEnablerGetFragmentLength(enabler, WdfDmaDirectionReadFromDevice), 4096);
    assert_int_equal(WdfDmaEnablerGetMaximumLength(enabler), 16384);
    assert_true(WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionReadFromDevice) != NULL);
    assert_true(WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionReadFromDevice) == WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionWriteToDevice));
    make_enabler(WdfDmaProfileScatterGather64Duplex, 16384);
    assert_int_equal(WdfDmaEnablerGetFragmentLength(enabler, WdfDmaDirectionWriteToDevice), 16384);
    assert_true(WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionReadFromDevice) != WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionWriteToDevice));
    finish();
}

/* RULE K-DMA-1: A system profile has to be configured first, which no machine without a system DMA controller can be. */
TEST(K_DMA_1_system)
{
    WDF_DMA_SYSTEM_PROFILE_CONFIG config;
    PHYSICAL_ADDRESS nowhere = {.QuadPart = 0};
    boot();
    make_enabler(WdfDmaProfileSystem, 4096);
    assert_int_equal(WdfDmaTransactionCreate(enabler, WDF_NO_OBJECT_ATTRIBUTES, &transaction), STATUS_INVALID_DEVICE_STATE);
    WDF_DMA_SYSTEM_PROFILE_CONFIG_INIT(&config, nowhere, Width8Bits, NULL);
    assert_int_equal(WdfDmaEnablerConfigureSystemProfile(enabler, &config, WdfDmaDirectionReadFromDevice), STATUS_NOT_SUPPORTED);
    config.Size--;
    assert_int_equal(WdfDmaEnablerConfigureSystemProfile(enabler, &config, WdfDmaDirectionReadFromDevice), STATUS_INFO_LENGTH_MISMATCH);
    assert_true(WdfDmaEnablerWdmGetDmaAdapter(enabler, WdfDmaDirectionReadFromDevice) == NULL);
    finish();
}

/* ---- Common buffers ---- */

/* RULE K-DMA-9: A common buffer has a virtual and a logical address, of the alignment that was asked for, until it is deleted. */
TEST(K_DMA_9_common_buffer)
{
    WDF_COMMON_BUFFER_CONFIG config;
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    assert_int_equal(WdfCommonBufferCreate(enabler, 100, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_SUCCESS);
    assert_int_equal(WdfCommonBufferGetLength(common), 100);
    ULONG64 logical = (ULONG64)WdfCommonBufferGetAlignedLogicalAddress(common).QuadPart;
    device_writes(logical + 99, 5);
    assert_int_equal(((PUCHAR)WdfCommonBufferGetAlignedVirtualAddress(common))[99], 5);
    WdfObjectDelete(common);
    assert_false(hal_dma_reaches(node->pdo, logical, 1, false));
    WDF_COMMON_BUFFER_CONFIG_INIT(&config, 0x7fff);
    assert_int_equal(WdfCommonBufferCreateWithConfig(enabler, 100, &config, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_SUCCESS);
    logical = (ULONG64)WdfCommonBufferGetAlignedLogicalAddress(common).QuadPart;
    assert_int_equal(logical & 0x7fff, 0);
    device_writes(logical, 6);
    assert_int_equal(*(PUCHAR)WdfCommonBufferGetAlignedVirtualAddress(common), 6);
    finish(); /* the enabler's children go with it, before its adapter */
}

/* RULE K-DMA-9: No bytes are STATUS_INVALID_PARAMETER, another size of the configuration STATUS_INFO_LENGTH_MISMATCH, a parent is forbidden. */
TEST(K_DMA_9_refused)
{
    WDF_COMMON_BUFFER_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    WDF_COMMON_BUFFER_CONFIG_INIT(&config, 15);
    assert_int_equal(WdfCommonBufferCreate(enabler, 0, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INVALID_PARAMETER);
    config.Size++;
    assert_int_equal(WdfCommonBufferCreateWithConfig(enabler, 8, &config, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INFO_LENGTH_MISMATCH);
    config.Size--, config.AlignmentRequirement = 16;
    assert_int_equal(WdfCommonBufferCreateWithConfig(enabler, 8, &config, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INVALID_PARAMETER);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    assert_int_equal(WdfCommonBufferCreate(enabler, 8, &attributes, &common), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_int_equal(WdfDmaTransactionCreate(enabler, &attributes, &transaction), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_true(common == NULL && transaction == NULL);
    finish();
}

/* ---- A transaction from beginning to end ---- */

/* RULE K-DMA-5: Execute calls EvtProgramDma at DISPATCH_LEVEL with the list of the first transfer, before it returns when it can. */
/* RULE K-DMA-7: The last transfer completed is TRUE and STATUS_SUCCESS. */
TEST(K_DMA_5_execute)
{
    begin(WdfDmaProfileScatterGather, 16384);
    buffer[5000] = 0x5a;
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("program(3,9900)");
    assert_int_equal(program_irql, DISPATCH_LEVEL);
    assert_true(stored() && copier.store[5000] == 0x5a);
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), 0);
    assert_true(completed() && last == STATUS_SUCCESS);
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), BYTES - BEFORE);
    WdfDmaTransactionRelease(transaction);
    WdfDmaTransactionRelease(transaction); /* a second one does nothing */
    initialize(transaction, WdfDmaDirectionReadFromDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    copier.store[0]++;
    assert_true(completed() && copier.written == BYTES - BEFORE);
    log_is("program(3,9900)");
    end();
}

/* RULE K-DMA-5: Without map registers EvtProgramDma is called later; until then the transaction can be cancelled. */
TEST(K_DMA_5_later, .chance = HARDWARE(0, DMA_WAITS, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    raise();
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    assert_true(WdfDmaTransactionCancel(transaction));
    lower();
    log_is("");
    WdfDmaTransactionRelease(transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    raise();
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("");
    lower();
    log_is("program(3,9900)");
    assert_false(WdfDmaTransactionCancel(transaction));
    assert_true(completed());
    end();
}

/* RULE K-DMA-5: Immediate execution without map registers is STATUS_INSUFFICIENT_RESOURCES; after a failure the driver releases. */
TEST(K_DMA_5_immediate, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 16384);
    WdfDmaTransactionSetImmediateExecution(transaction, TRUE);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_INSUFFICIENT_RESOURCES);
    WdfDmaTransactionRelease(transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("program(3,9900)");
    assert_true(completed());
    end();
}

/* RULE K-DMA-5: The driver may complete and delete the transaction inside EvtProgramDma. */
TEST(K_DMA_5_deleted_inside)
{
    begin(WdfDmaProfileScatterGather, 4096);
    completes_inside = delete_inside = TRUE;
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("program(2,4096) program(2,4096) program(1,1708)");
    assert_true(ended && stored());
    completes_inside = delete_inside = FALSE;
    end();
}

/* RULE K-DMA-6: A scatter/gather transfer has no more elements and no more bytes than the enabler allows; what is longer is staged. */
/* RULE K-DMA-7: With bytes left the next transfer begins inside the call, which is FALSE with STATUS_MORE_PROCESSING_REQUIRED. */
TEST(K_DMA_6_staged)
{
    begin(WdfDmaProfileScatterGather, 8192);
    WdfObjectDelete(transaction);
    make_enabler(WdfDmaProfileScatterGather, 8192);
    WdfDmaEnablerSetMaximumScatterGatherElements(enabler, 2);
    make_transaction(&transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("program(2,8092)");
    assert_false(completed());
    assert_int_equal(last, STATUS_MORE_PROCESSING_REQUIRED);
    log_is("program(1,1808)");
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), 8092);
    assert_true(completed() && stored());
    end();
}

/* RULE K-DMA-1: The elements of an enabler's lists are not set after its first transaction. */
TEST(K_DMA_1_too_late, MISUSE, .rule = "K-DMA-1")
{
    begin(WdfDmaProfileScatterGather, 8192);
    WdfDmaEnablerSetMaximumScatterGatherElements(enabler, 2);
}

/* RULE K-DMA-6: A packet profile's transfer is one element; a second transaction waits until the first has ended. */
TEST(K_DMA_6_packet)
{
    begin(WdfDmaProfilePacket, 8192);
    make_transaction(&second);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    initialize(second, WdfDmaDirectionReadFromDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    assert_int_equal(execute(second), STATUS_SUCCESS);
    log_is("program(1,8192)");
    assert_false(completed());
    log_is("program(1,1708)");
    assert_true(completed() && stored());
    KeLowerIrql(KeRaiseIrqlToDpcLevel());
    log_is("second(1,8192)");
    assert_true(WdfDmaTransactionDmaCompletedFinal(second, 8000, &last) && last == STATUS_SUCCESS);
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(second), 8000);
    WdfDmaTransactionRelease(second);
    end();
}

/* RULE K-DMA-7: A transfer of fewer bytes than were asked for is followed by one from there on; Final ends the transaction whatever is left. */
TEST(K_DMA_7_lengths)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionReadFromDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    assert_false(WdfDmaTransactionDmaCompletedWithLength(transaction, 4000, &last));
    log_is("program(3,9900) program(2,5900)");
    assert_true(WdfDmaTransactionDmaCompletedFinal(transaction, 100, &last) && last == STATUS_SUCCESS);
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), 4100);
    end();
}

/* RULE K-DMA-7: No transfer is completed with more bytes than it has. */
TEST(K_DMA_7_too_long, MISUSE, .rule = "K-DMA-7")
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionReadFromDevice);
    execute(transaction);
    WdfDmaTransactionDmaCompletedWithLength(transaction, BYTES, &last);
}

/* RULE K-DMA-7: A transaction that must be one transfer ends with STATUS_WDF_TOO_MANY_TRANSFERS when bytes are left. */
TEST(K_DMA_7_single)
{
    begin(WdfDmaProfileScatterGather, 16384);
    WdfDmaTransactionSetSingleTransferRequirement(transaction, TRUE);
    initialize(transaction, WdfDmaDirectionReadFromDevice);
    execute(transaction);
    assert_true(WdfDmaTransactionDmaCompletedWithLength(transaction, 10, &last));
    assert_int_equal(last, STATUS_WDF_TOO_MANY_TRANSFERS);
    end();
}

/* RULE K-DMA-7: With bounce pages the driver sees what the device wrote once the transfer is completed. */
TEST(K_DMA_7_bounced, .chance = HARDWARE(0, DMA_BOUNCES))
{
    begin(WdfDmaProfileScatterGather64, 16384);
    initialize(transaction, WdfDmaDirectionReadFromDevice);
    copier.store[9899] = 0x42;
    execute(transaction);
    assert_int_equal(buffer[9899], 0x11);
    assert_true(completed());
    assert_int_equal(buffer[9899], 0x42);
    end();
}

/* RULE K-DMA-8: SetMaximumLength bounds the transfers that follow. */
TEST(K_DMA_8_maximum)
{
    begin(WdfDmaProfileScatterGather, 16384);
    WdfDmaTransactionSetMaximumLength(transaction, 5000);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    assert_false(completed());
    log_is("program(2,5000) program(2,4900)");
    assert_true(completed() && stored());
    end();
}

/* RULE K-DMA-8: A transaction that is reserved keeps the channel and its map registers from one use to the next. */
static VOID on_reserve(WDFDMATRANSACTION t, PVOID context) { say(context); }
TEST(K_DMA_8_reserved, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfilePacket, 16384);
    raise();
    assert_int_equal(WdfDmaTransactionAllocateResources(transaction, WdfDmaDirectionWriteToDevice, 3, on_reserve, "reserved"), STATUS_SUCCESS);
    assert_true(WdfDmaTransactionCancel(transaction));
    lower();
    log_is("");
    assert_int_equal(WdfDmaTransactionAllocateResources(transaction, WdfDmaDirectionWriteToDevice, 3, on_reserve, "reserved"), STATUS_SUCCESS);
    log_is("reserved");
    for (int i = 0; i < 2; i++) {
        initialize(transaction, WdfDmaDirectionWriteToDevice);
        assert_int_equal(execute(transaction), STATUS_SUCCESS);
        log_is("program(1,9900)");
        assert_true(completed());
        WdfDmaTransactionRelease(transaction);
    }
    make_transaction(&second);
    initialize(second, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(second), STATUS_SUCCESS);
    log_is("");
    WdfDmaTransactionFreeResources(transaction);
    KeLowerIrql(KeRaiseIrqlToDpcLevel());
    log_is("second(1,9900)");
    assert_true(WdfDmaTransactionDmaCompleted(second, &last));
    end();
}

/* ---- States ---- */

/* RULE K-DMA-3: What the state of a transaction does not allow is WDF_VIOLATION 0x8. */
TEST(K_DMA_3_execute_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    execute(transaction);
}
TEST(K_DMA_3_initialize_twice, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
}
TEST(K_DMA_3_completed_twice, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    completed();
    completed();
}
TEST(K_DMA_3_not_released, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    completed();
    initialize(transaction, WdfDmaDirectionWriteToDevice);
}
TEST(K_DMA_3_cancel_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    WdfDmaTransactionCancel(transaction);
}

/* RULE K-DMA-3: A transaction is neither released nor deleted, by itself or with its device, while a transfer is under way. */
TEST(K_DMA_3_release_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    WdfDmaTransactionRelease(transaction);
}
TEST(K_DMA_3_delete_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    WdfObjectDelete(transaction);
}
TEST(K_DMA_3_removed_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    end();
}

/* ---- What is to be transferred ---- */

static NTSTATUS initialize_with(PVOID va, size_t bytes, WDF_DMA_DIRECTION direction)
{
    return WdfDmaTransactionInitialize(transaction, on_program, direction, mdl, va, bytes);
}

/* RULE K-DMA-4: No bytes, an unknown direction, an address outside the first MDL and a range beyond the MDLs are STATUS_INVALID_PARAMETER. */
TEST(K_DMA_4_initialize)
{
    begin(WdfDmaProfileScatterGather, 16384);
    assert_int_equal(initialize_with(buffer, 0, WdfDmaDirectionWriteToDevice), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_with(buffer, 10, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_with(buffer - 1, 10, WdfDmaDirectionWriteToDevice), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_with(buffer + 1, BYTES - BEFORE, WdfDmaDirectionWriteToDevice), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_with(buffer + 1, 10, WdfDmaDirectionWriteToDevice), STATUS_SUCCESS);
    WdfDmaTransactionGetTransferInfo(transaction, &count, &more);
    assert_true(count == 1 && more == 1);
    WdfDmaTransactionRelease(transaction);
    assert_int_equal(WdfDmaTransactionInitializeUsingOffset(transaction, on_program, WdfDmaDirectionWriteToDevice, mdl, BYTES - BEFORE, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDmaTransactionInitializeUsingOffset(transaction, on_program, WdfDmaDirectionWriteToDevice, mdl, 4000, 2), STATUS_SUCCESS);
    buffer[4001] = 0x21;
    execute(transaction);
    log_is("program(1,2)");
    assert_int_equal(copier.store[1], 0x21);
    assert_true(completed());
    end();
}

/* RULE K-DMA-4: A transaction that must be one transfer is refused when it is too long, too fragmented, or needs too many map registers. */
TEST(K_DMA_4_single)
{
    begin(WdfDmaProfileScatterGather, 8192);
    WdfDmaTransactionSetSingleTransferRequirement(transaction, TRUE);
    assert_int_equal(initialize_with(buffer, 8193, WdfDmaDirectionWriteToDevice), STATUS_WDF_TOO_MANY_TRANSFERS);
    make_enabler(WdfDmaProfileScatterGather, 4096);
    WdfDmaEnablerSetMaximumScatterGatherElements(enabler, 1);
    make_transaction(&transaction);
    WdfDmaTransactionSetSingleTransferRequirement(transaction, TRUE);
    assert_int_equal(initialize_with(buffer, 8192, WdfDmaDirectionWriteToDevice), STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS);
    assert_int_equal(initialize_with(buffer, 4096, WdfDmaDirectionWriteToDevice), STATUS_WDF_TOO_FRAGMENTED);
    assert_int_equal(initialize_with(buffer, 96, WdfDmaDirectionWriteToDevice), STATUS_SUCCESS);
    end();
}

static NTSTATUS by_request(WDF_DMA_DIRECTION direction)
{
    NTSTATUS status = WdfDmaTransactionInitializeUsingRequest(transaction, held[held_count - 1], on_program, direction);
    if (NT_SUCCESS(status))
        WdfDmaTransactionRelease(transaction);
    return status;
}

static NTSTATUS by_control(ULONG method, ULONG in, ULONG out, WDF_DMA_DIRECTION direction)
{
    send_io((struct io){.major = IRP_MJ_DEVICE_CONTROL, .length = in, .out = out, .code = CTL_CODE(FILE_DEVICE_UNKNOWN, 1, method, FILE_ANY_ACCESS),
                        .mdl = method == METHOD_BUFFERED || method == METHOD_NEITHER ? NULL : mdl, .neither = method == METHOD_NEITHER});
    NTSTATUS status = by_request(direction);
    complete(held_count - 1, STATUS_SUCCESS, 0);
    return status;
}

static void begin_started(void)
{
    plan.queue = parallel;
    start();
    get_buffer();
    make_enabler(WdfDmaProfileScatterGather, 16384);
    make_transaction(&transaction);
}

/* RULE K-DMA-4: A request's transfer goes in the request's direction; METHOD_BUFFERED takes both, METHOD_NEITHER and no bytes are STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_DMA_4_requests)
{
    const NTSTATUS refused = STATUS_INVALID_DEVICE_REQUEST;
    const WDF_DMA_DIRECTION read = WdfDmaDirectionReadFromDevice, write = WdfDmaDirectionWriteToDevice;
    begin_started();
    send(IRP_MJ_READ, 40);
    assert_int_equal(by_request(write), refused);
    assert_int_equal(by_request(read), STATUS_SUCCESS);
    complete(held_count - 1, STATUS_SUCCESS, 0);
    send(IRP_MJ_WRITE, 40);
    assert_int_equal(by_request(read), refused);
    assert_int_equal(by_request(write), STATUS_SUCCESS);
    complete(held_count - 1, STATUS_SUCCESS, 0);
    assert_int_equal(by_control(METHOD_BUFFERED, 8, 8, read), STATUS_SUCCESS);
    assert_int_equal(by_control(METHOD_BUFFERED, 8, 8, write), STATUS_SUCCESS);
    assert_int_equal(by_control(METHOD_BUFFERED, 8, 0, read), refused);
    assert_int_equal(by_control(METHOD_IN_DIRECT, 8, 64, write), STATUS_SUCCESS);
    assert_int_equal(by_control(METHOD_IN_DIRECT, 8, 64, read), refused);
    assert_int_equal(by_control(METHOD_OUT_DIRECT, 8, 64, read), STATUS_SUCCESS);
    assert_int_equal(by_control(METHOD_OUT_DIRECT, 8, 64, write), refused);
    assert_int_equal(by_control(METHOD_NEITHER, 8, 8, read), refused);
    free_buffer();
    finish();
}

/* RULE K-DMA-5: Execute references the request until the transaction is released. */
TEST(K_DMA_5_request)
{
    PHYSICAL_ADDRESS where = {.QuadPart = COPIER_MEMORY};
    begin_started();
    copier_plug(&copier, node->pdo);
    reg = MmMapIoSpace(where, COPIER_SIZE, MmNonCached);
    send(IRP_MJ_READ, 40);
    WDFREQUEST request = held[held_count - 1];
    assert_int_equal(WdfDmaTransactionInitializeUsingRequest(transaction, request, on_program, WdfDmaDirectionReadFromDevice), STATUS_SUCCESS);
    assert_true(WdfDmaTransactionGetRequest(transaction) == request);
    execute(transaction);
    assert_int_equal(((struct fx_object *)request)->references, 2);
    assert_true(completed());
    complete(held_count - 1, STATUS_SUCCESS, 40);
    WdfDmaTransactionRelease(transaction);
    assert_true(WdfDmaTransactionGetRequest(transaction) == NULL);
    MmUnmapIoSpace(reg, COPIER_SIZE);
    free_buffer();
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DMA_1_adapters), cmocka_unit_test(K_DMA_1_system), cmocka_unit_test(K_DMA_9_common_buffer), cmocka_unit_test(K_DMA_9_refused),
        cmocka_unit_test(K_DMA_5_execute), cmocka_unit_test(K_DMA_5_later), cmocka_unit_test(K_DMA_5_immediate), cmocka_unit_test(K_DMA_5_deleted_inside),
        cmocka_unit_test(K_DMA_6_staged), cmocka_unit_test(K_DMA_1_too_late), cmocka_unit_test(K_DMA_6_packet), cmocka_unit_test(K_DMA_7_lengths),
        cmocka_unit_test(K_DMA_7_too_long), cmocka_unit_test(K_DMA_7_single), cmocka_unit_test(K_DMA_7_bounced), cmocka_unit_test(K_DMA_8_maximum),
        cmocka_unit_test(K_DMA_8_reserved), cmocka_unit_test(K_DMA_3_execute_early), cmocka_unit_test(K_DMA_3_initialize_twice),
        cmocka_unit_test(K_DMA_3_completed_twice), cmocka_unit_test(K_DMA_3_not_released), cmocka_unit_test(K_DMA_3_cancel_early),
        cmocka_unit_test(K_DMA_3_release_early), cmocka_unit_test(K_DMA_3_delete_early), cmocka_unit_test(K_DMA_3_removed_early),
        cmocka_unit_test(K_DMA_4_initialize), cmocka_unit_test(K_DMA_4_single), cmocka_unit_test(K_DMA_4_requests), cmocka_unit_test(K_DMA_5_request),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
