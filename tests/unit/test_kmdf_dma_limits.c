/* What enablers and transactions refuse, and what is left when something fails in the middle: K-DMA-1, 3..9. */
#include "machine/machine.h"

/* No driver's data: they outlast a life. */
static unsigned ways[2];
static struct chance chance_now;

#include "transaction_world.h"

/* ---- Enablers ---- */

static const struct dma_adapter *adapter_for(WDF_DMA_DIRECTION direction) { return (const struct dma_adapter *)WdfDmaEnablerWdmGetDmaAdapter(enabler, direction); }

static void check_profile(WDF_DMA_PROFILE profile, enum dma_width width, BOOLEAN scatter_gather, BOOLEAN duplex)
{
    make_enabler(profile, 4096);
    const struct dma_adapter *read = adapter_for(WdfDmaDirectionReadFromDevice), *write = adapter_for(WdfDmaDirectionWriteToDevice);
    assert_true(read->width == width && write->width == width);
    assert_int_equal(read->description.ScatterGather, scatter_gather);
    assert_int_equal(read != write, duplex);
    assert_int_equal(WdfDmaEnablerGetMaximumScatterGatherElements(enabler), scatter_gather ? WDF_DMA_ENABLER_UNLIMITED_FRAGMENTS : 1);
    WdfDmaEnablerSetMaximumScatterGatherElements(enabler, 7);
    assert_int_equal(WdfDmaEnablerGetMaximumScatterGatherElements(enabler), scatter_gather ? 7 : 1);
    WdfObjectDelete(enabler); /* takes all of its adapters with it */
}

/* RULE K-DMA-1: A profile says whether addresses have 64 bits, lists many elements, and each direction an adapter of its own. */
TEST(K_DMA_1_profiles)
{
    boot();
    check_profile(WdfDmaProfilePacket, DMA_32_BITS, FALSE, FALSE);
    check_profile(WdfDmaProfilePacket64, DMA_64_BITS, FALSE, FALSE);
    check_profile(WdfDmaProfileScatterGather, DMA_32_BITS, TRUE, FALSE);
    check_profile(WdfDmaProfileScatterGather64, DMA_64_BITS, TRUE, FALSE);
    check_profile(WdfDmaProfileScatterGatherDuplex, DMA_32_BITS, TRUE, TRUE);
    check_profile(WdfDmaProfileScatterGather64Duplex, DMA_64_BITS, TRUE, TRUE);
    finish();
}

/* RULE K-DMA-1: An enabler for transfers of 4 GB and more has as many map registers as there are. */
TEST(K_DMA_1_very_long)
{
    boot();
    make_enabler(WdfDmaProfileScatterGather64, 0x100001000);
    assert_int_equal(WdfDmaEnablerGetMaximumLength(enabler), 0x100001000);
    assert_int_equal(WdfDmaEnablerGetFragmentLength(enabler, WdfDmaDirectionReadFromDevice), 4095 * 4096);
    finish();
}

/* RULE K-DMA-1: There are two directions. */
TEST(K_DMA_1_direction, MISUSE, .rule = "K-DMA-1")
{
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    WdfDmaEnablerGetFragmentLength(enabler, 2);
}

/* RULE K-DMA-1: A bus master's enabler has no system profile to configure. */
TEST(K_DMA_1_no_system)
{
    WDF_DMA_SYSTEM_PROFILE_CONFIG config;
    PHYSICAL_ADDRESS nowhere = {.QuadPart = 0};
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    WDF_DMA_SYSTEM_PROFILE_CONFIG_INIT(&config, nowhere, Width8Bits, NULL);
    assert_int_equal(WdfDmaEnablerConfigureSystemProfile(enabler, &config, WdfDmaDirectionReadFromDevice), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* ---- Common buffers ---- */

/* RULE K-DMA-9: Without a configuration a common buffer has the alignment of its device. */
TEST(K_DMA_9_device_alignment)
{
    boot();
    WdfDeviceSetAlignmentRequirement(device, 0x3fff);
    make_enabler(WdfDmaProfileScatterGather, 4096);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(WdfCommonBufferCreate(enabler, 100, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_SUCCESS);
        assert_int_equal((ULONG64)WdfCommonBufferGetAlignedLogicalAddress(common).QuadPart & 0x3fff, 0);
        device_writes((ULONG64)WdfCommonBufferGetAlignedLogicalAddress(common).QuadPart + 99, 7);
        assert_int_equal(((PUCHAR)WdfCommonBufferGetAlignedVirtualAddress(common))[99], 7);
    }
    finish();
}

/* RULE K-DMA-9: A common buffer that is longer than an adapter can give is STATUS_INSUFFICIENT_RESOURCES, and no handle. */
TEST(K_DMA_9_too_long)
{
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    common = (WDFCOMMONBUFFER)enabler;
    assert_int_equal(WdfCommonBufferCreate(enabler, 0x100000064, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INSUFFICIENT_RESOURCES);
    assert_true(common == NULL);
    assert_int_equal(WdfCommonBufferCreate(enabler, 0xf0000000, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INSUFFICIENT_RESOURCES);
    finish();
}

/* RULE K-DMA-9: The length of a common buffer is what was asked for, whatever its alignment takes. */
TEST(K_DMA_9_length)
{
    WDF_COMMON_BUFFER_CONFIG config;
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    WDF_COMMON_BUFFER_CONFIG_INIT(&config, 0x7fff);
    assert_int_equal(WdfCommonBufferCreateWithConfig(enabler, 100, &config, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_SUCCESS);
    assert_int_equal(WdfCommonBufferGetLength(common), 100);
    finish();
}

/* RULE K-DMA-9: A system profile has no common buffers; a device of one may not touch them. */
TEST(K_DMA_9_system)
{
    boot();
    make_enabler(WdfDmaProfileSystem, 4096);
    assert_int_equal(WdfCommonBufferCreate(enabler, 64, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-DMA-9: A common buffer that is deleted at DISPATCH_LEVEL is freed at PASSIVE_LEVEL. */
TEST(K_DMA_9_deleted_raised)
{
    boot();
    make_enabler(WdfDmaProfileScatterGather, 4096);
    assert_int_equal(WdfCommonBufferCreate(enabler, 64, WDF_NO_OBJECT_ATTRIBUTES, &common), STATUS_SUCCESS);
    ULONG64 logical = (ULONG64)WdfCommonBufferGetAlignedLogicalAddress(common).QuadPart;
    raise();
    WdfObjectDelete(common);
    assert_true(hal_dma_reaches(node->pdo, logical, 64, true));
    lower();
    pass_ms(1);
    assert_false(hal_dma_reaches(node->pdo, logical, 1, true));
    finish();
}

/* ---- A chain of MDLs ---- */

#define FIRST 4000u
#define SECOND_AT 5000u
#define SECOND 100u
static PMDL whole;

/* In place of the one MDL: two of parts of the buffer. */
static void make_chain(void)
{
    whole = mdl;
    mdl = IoAllocateMdl(buffer, FIRST, FALSE, FALSE, NULL);
    mdl->Next = IoAllocateMdl(buffer + SECOND_AT, SECOND, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    MmBuildMdlForNonPagedPool(mdl->Next);
}

static void end_chain(void)
{
    IoFreeMdl(mdl->Next);
    IoFreeMdl(mdl);
    mdl = whole;
    end();
}

static NTSTATUS initialize_at(size_t offset, size_t bytes)
{
    return WdfDmaTransactionInitializeUsingOffset(transaction, on_program, WdfDmaDirectionWriteToDevice, mdl, offset, bytes);
}

/* RULE K-DMA-4: A transfer may go on in the next MDL of a chain, but begins in the first. */
TEST(K_DMA_4_chain)
{
    begin(WdfDmaProfileScatterGather, 16384);
    make_chain();
    buffer[SECOND_AT] = 0x71, buffer[SECOND_AT + SECOND - 1] = 0x72;
    assert_int_equal(initialize_at(FIRST, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_at(10, FIRST + SECOND - 9), STATUS_INVALID_PARAMETER);
    assert_int_equal(initialize_at(10, FIRST + SECOND - 10), STATUS_SUCCESS);
    WdfDmaTransactionGetTransferInfo(transaction, &count, &more);
    assert_true(count == 3 && more == 3);
    execute(transaction);
    log_is("program(3,4090)");
    assert_true(copier.store[FIRST - 10] == 0x71 && copier.store[FIRST - 10 + SECOND - 1] == 0x72);
    assert_true(completed());
    end_chain();
}

/* RULE K-DMA-7: What is left of a chain goes on in the MDL where it lies. */
TEST(K_DMA_7_chain)
{
    begin(WdfDmaProfilePacket, 16384);
    make_chain();
    buffer[SECOND_AT] = 0x71, buffer[SECOND_AT + 50] = 0x73;
    assert_int_equal(initialize_at(0, FIRST + SECOND), STATUS_SUCCESS);
    WdfDmaTransactionGetTransferInfo(transaction, &count, &more);
    assert_true(count == 3 && more == 2);
    execute(transaction);
    program_irql = PASSIVE_LEVEL;
    assert_false(completed());
    log_is("program(1,4000) program(1,100)");
    assert_int_equal(program_irql, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(copier.store[FIRST], 0x71);
    assert_false(WdfDmaTransactionDmaCompletedWithLength(transaction, 50, &last));
    log_is("program(1,50)");
    assert_int_equal(copier.store[FIRST + SECOND], 0x73);
    assert_true(completed());
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), FIRST + SECOND);
    end_chain();
}

/* ---- One transfer ---- */

/* RULE K-DMA-4: That a transaction is one transfer may be said of all of an enabler's; a packet's has to lie in one MDL. */
TEST(K_DMA_4_single_enabler)
{
    WDF_DMA_ENABLER_CONFIG config;
    begin(WdfDmaProfileScatterGather, 8192);
    WDF_DMA_ENABLER_CONFIG_INIT(&config, WdfDmaProfilePacket, 8192);
    config.Flags = WDF_DMA_ENABLER_CONFIG_REQUIRE_SINGLE_TRANSFER;
    assert_int_equal(WdfDmaEnablerCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &enabler), STATUS_SUCCESS);
    make_transaction(&transaction);
    assert_int_equal(initialize_at(0, 8193), STATUS_WDF_TOO_MANY_TRANSFERS);
    assert_int_equal(initialize_at(0, 8192), STATUS_SUCCESS);
    WdfDmaTransactionRelease(transaction);
    make_chain();
    assert_int_equal(initialize_at(0, FIRST + SECOND), STATUS_WDF_TOO_FRAGMENTED);
    assert_int_equal(initialize_at(0, FIRST), STATUS_SUCCESS);
    end_chain();
}

/* RULE K-DMA-8: A transaction's own limit does not reach beyond its enabler's. */
TEST(K_DMA_8_larger)
{
    begin(WdfDmaProfileScatterGather, 4096);
    WdfDmaTransactionSetMaximumLength(transaction, 100000);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    log_is("program(2,4096)");
    assert_true(WdfDmaTransactionDmaCompletedFinal(transaction, 0, &last));
    end();
}

TEST(K_DMA_8_no_length, MISUSE, .rule = "K-DMA-8")
{
    begin(WdfDmaProfileScatterGather, 4096);
    WdfDmaTransactionSetMaximumLength(transaction, 0);
}

/* RULE K-DMA-8: Each use of a transaction counts its bytes anew. */
TEST(K_DMA_8_again)
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    assert_true(completed());
    WdfDmaTransactionRelease(transaction);
    assert_int_equal(WdfDmaTransactionGetCurrentDmaTransferLength(transaction), 0);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), 0);
    execute(transaction);
    assert_true(completed());
    assert_int_equal(WdfDmaTransactionGetBytesTransferred(transaction), BYTES - BEFORE);
    end();
}

/* ---- Failures in the middle ---- */

/* RULE K-DMA-7: When what is left cannot be staged, the answer is TRUE with the error; the driver releases and may use the transaction again. */
TEST(K_DMA_7_not_staged, .chance = HARDWARE(0, 0, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 4096);
    WdfDmaTransactionSetImmediateExecution(transaction, TRUE);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    assert_true(completed());
    assert_int_equal(last, STATUS_INSUFFICIENT_RESOURCES);
    log_is("program(2,4096)");
    WdfDmaTransactionRelease(transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    log_is("program(2,4096)");
    assert_true(WdfDmaTransactionDmaCompletedFinal(transaction, 1, &last));
    end();
}

/* RULE K-DMA-3: After a failure nothing but the release is left. */
TEST(K_DMA_3_failed, .code = 0x10D, .p1 = 8, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 4096);
    WdfDmaTransactionSetImmediateExecution(transaction, TRUE);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
}

/* RULE K-DMA-5: Immediate execution of a packet whose channel cannot be had is STATUS_INSUFFICIENT_RESOURCES. */
TEST(K_DMA_5_immediate_packet, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfilePacket, 16384);
    WdfDmaTransactionSetImmediateExecution(transaction, TRUE);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    assert_int_equal(execute(transaction), STATUS_INSUFFICIENT_RESOURCES);
    log_is("");
    WdfDmaTransactionRelease(transaction);
    end();
}

/* RULE K-DMA-7: A transfer that was never programmed is not completed. */
TEST(K_DMA_7_not_programmed, MISUSE, .rule = "K-DMA-7", .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    raise();
    execute(transaction);
    completed();
}

TEST(K_DMA_7_rest_not_programmed, MISUSE, .rule = "K-DMA-7", .chance = HARDWARE(0, 0, DMA_WAITS))
{
    begin(WdfDmaProfileScatterGather, 4096);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    raise();
    completed();
    completed();
}

/* RULE K-DMA-7: A transfer is completed with no more bytes than it has, be it one. */
TEST(K_DMA_7_one_more, MISUSE, .rule = "K-DMA-7")
{
    begin(WdfDmaProfileScatterGather, 16384);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    WdfDmaTransactionDmaCompletedWithLength(transaction, BYTES - BEFORE + 1, &last);
}

/* RULE K-DMA-3: GetTransferInfo is for a transaction that is initialised. */
TEST(K_DMA_3_info_early, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfileScatterGather, 16384);
    WdfDmaTransactionGetTransferInfo(transaction, &count, &more);
}

/* RULE K-DMA-8: What belongs to system DMA is misuse of a bus master's transaction. */
#define SYSTEM_ONLY(name, call)                                              \
    TEST(K_DMA_8_##name, MISUSE, .rule = "K-DMA-8")                          \
    {                                                                        \
        begin(WdfDmaProfileScatterGather, 16384);                            \
        call;                                                                \
    }
SYSTEM_ONLY(stop, WdfDmaTransactionStopSystemTransfer(transaction))
SYSTEM_ONLY(device_offset, WdfDmaTransactionSetDeviceAddressOffset(transaction, 1))
SYSTEM_ONLY(channel_callback, WdfDmaTransactionSetChannelConfigurationCallback(transaction, NULL, NULL))
SYSTEM_ONLY(complete_callback, WdfDmaTransactionSetTransferCompleteCallback(transaction, NULL, NULL))

/* ---- Reserving ---- */

static VOID on_reserve(WDFDMATRANSACTION t, PVOID context) { say(context); }

static NTSTATUS reserve(ULONG count)
{
    return WdfDmaTransactionAllocateResources(transaction, WdfDmaDirectionWriteToDevice, count, on_reserve, "reserved");
}

/* RULE K-DMA-8: A scatter/gather profile has nothing to reserve; no map registers, or more than there are, are STATUS_INVALID_PARAMETER. */
TEST(K_DMA_8_reserve_refused)
{
    begin(WdfDmaProfileScatterGather, 16384);
    assert_int_equal(reserve(1), STATUS_INVALID_DEVICE_REQUEST);
    make_enabler(WdfDmaProfilePacket, 4096);
    make_transaction(&transaction);
    assert_int_equal(reserve(0), STATUS_INVALID_PARAMETER);
    assert_int_equal(reserve(3), STATUS_INVALID_PARAMETER);
    assert_int_equal(reserve(2), STATUS_SUCCESS);
    log_is("reserved");
    WdfDmaTransactionFreeResources(transaction);
    end();
}

/* RULE K-DMA-8: A transfer has no more pages than map registers were reserved. */
TEST(K_DMA_8_reserved_few)
{
    begin(WdfDmaProfilePacket, 16384);
    assert_int_equal(reserve(2), STATUS_SUCCESS);
    initialize(transaction, WdfDmaDirectionWriteToDevice);
    execute(transaction);
    assert_false(completed());
    log_is("reserved program(1,8092) program(1,1808)");
    assert_true(completed() && stored());
    WdfDmaTransactionRelease(transaction);
    WdfDmaTransactionFreeResources(transaction);
    initialize(transaction, WdfDmaDirectionWriteToDevice); /* as if it had never been reserved: the channel is free when it is done */
    execute(transaction);
    assert_true(completed());
    make_transaction(&second);
    initialize(second, WdfDmaDirectionWriteToDevice);
    execute(second);
    log_is("program(1,9900) second(1,9900)");
    assert_true(WdfDmaTransactionDmaCompleted(second, &last));
    end();
}

/* RULE K-DMA-3: A reserved transaction that cannot be initialised stays reserved. */
TEST(K_DMA_3_reserved_stays)
{
    begin(WdfDmaProfilePacket, 8192);
    WdfDmaTransactionSetSingleTransferRequirement(transaction, TRUE);
    assert_int_equal(reserve(3), STATUS_SUCCESS);
    assert_int_equal(initialize_at(0, 8193), STATUS_WDF_TOO_MANY_TRANSFERS);
    WdfDmaTransactionFreeResources(transaction);
    log_is("reserved");
    end();
}

/* RULE K-DMA-8: A transaction that is deleted gives up what it waits for, and what it has reserved. */
TEST(K_DMA_8_deleted_waiting, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfilePacket, 16384);
    raise();
    assert_int_equal(reserve(1), STATUS_SUCCESS);
    WdfObjectDelete(transaction);
    lower();
    log_is("");
    end();
}
TEST(K_DMA_8_deleted_reserved)
{
    begin(WdfDmaProfilePacket, 16384);
    make_transaction(&second);
    assert_int_equal(reserve(1), STATUS_SUCCESS);
    initialize(second, WdfDmaDirectionWriteToDevice);
    execute(second);
    log_is("reserved");
    WdfObjectDelete(transaction);
    KeLowerIrql(KeRaiseIrqlToDpcLevel());
    log_is("second(1,9900)");
    assert_true(WdfDmaTransactionDmaCompleted(second, &last));
    end();
}

TEST(K_DMA_3_reserve_twice, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfilePacket, 16384);
    reserve(1);
    reserve(1);
}
TEST(K_DMA_3_free_unreserved, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfilePacket, 16384);
    WdfDmaTransactionFreeResources(transaction);
}
TEST(K_DMA_3_free_twice, .code = 0x10D, .p1 = 8)
{
    begin(WdfDmaProfilePacket, 16384);
    reserve(1);
    WdfDmaTransactionFreeResources(transaction);
    WdfDmaTransactionFreeResources(transaction);
}

/* RULE K-DMA-3: Nothing is cancelled of a reservation that has failed, or was cancelled before. */
TEST(K_DMA_3_cancel_failed, .code = 0x10D, .p1 = 8, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfilePacket, 16384);
    WdfDmaTransactionSetImmediateExecution(transaction, TRUE);
    assert_int_equal(reserve(1), STATUS_INSUFFICIENT_RESOURCES);
    WdfDmaTransactionCancel(transaction);
}
TEST(K_DMA_3_cancel_twice, .code = 0x10D, .p1 = 8, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(WdfDmaProfilePacket, 16384);
    raise();
    reserve(1);
    assert_true(WdfDmaTransactionCancel(transaction));
    WdfDmaTransactionCancel(transaction);
}

/* ---- Cancelling while its turn comes ---- */

static KEVENT cancel_ended;
static LONG volatile programmed;
static BOOLEAN cancelled;

static BOOLEAN note_program(WDFDMATRANSACTION t, WDFDEVICE d, WDFCONTEXT context, WDF_DMA_DIRECTION direction, PSCATTER_GATHER_LIST l)
{
    InterlockedExchange(&programmed, 1);
    return TRUE;
}

static VOID cancels(PVOID context)
{
    while (!cancelled && !InterlockedCompareExchange(&programmed, 0, 0)) {
        cancelled = WdfDmaTransactionCancel(transaction);
        KeStallExecutionProcessor(1);
    }
    KeSetEvent(&cancel_ended, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void cancel_races(void)
{
    HANDLE thread;
    begin(WdfDmaProfilePacket, 16384);
    programmed = cancelled = FALSE;
    KeInitializeEvent(&cancel_ended, NotificationEvent, FALSE);
    assert_int_equal(WdfDmaTransactionInitialize(transaction, note_program, WdfDmaDirectionWriteToDevice, mdl, buffer, 4000), STATUS_SUCCESS);
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, cancels, NULL);
    ZwClose(thread);
    raise(); /* its DPC waits, unless another processor has it */
    assert_int_equal(execute(transaction), STATUS_SUCCESS);
    KeStallExecutionProcessor(1);
    lower();
    KeWaitForSingleObject(&cancel_ended, Executive, KernelMode, FALSE, NULL);
    assert_true(cancelled != (BOOLEAN)programmed);
    ways[cancelled]++;
    if (programmed)
        assert_true(completed());
    WdfDmaTransactionRelease(transaction);
    end();
}

/* RULE K-DMA-8: Whatever the schedule, a transaction that waits is either cancelled or programmed. */
static void K_DMA_8_cancel_races(void **state)
{
    for (unsigned i = 0; i < 100; i++) {
        chance_now = *HARDWARE(0, DMA_WAITS);
        chance_now.policy = i % 2 ? POLICY_PCT : POLICY_RANDOM;
        chance_now.seed = i + 1, chance_now.pct_depth = 3, chance_now.pct_length = 100, chance_now.cpus = 1 + i % 3;
        world_run(cancel_races, (struct outcome){.chance = &chance_now});
    }
    assert_true(ways[0] && ways[1]);
}

/* ---- Its request ---- */

/* RULE K-DMA-5: A transaction is not executed for a request that was completed meanwhile. */
TEST(K_DMA_5_request_gone, .code = 0x10D, .p1 = ANY)
{
    plan.queue = parallel;
    start();
    make_enabler(WdfDmaProfileScatterGather, 16384);
    make_transaction(&transaction);
    send(IRP_MJ_READ, 40);
    WDFREQUEST request = held[held_count - 1];
    WdfObjectReference(request); /* its memory stays */
    assert_int_equal(WdfDmaTransactionInitializeUsingRequest(transaction, request, on_program, WdfDmaDirectionReadFromDevice), STATUS_SUCCESS);
    complete(held_count - 1, STATUS_SUCCESS, 0);
    execute(transaction);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DMA_1_profiles), cmocka_unit_test(K_DMA_1_very_long), cmocka_unit_test(K_DMA_1_direction), cmocka_unit_test(K_DMA_1_no_system),
        cmocka_unit_test(K_DMA_9_device_alignment), cmocka_unit_test(K_DMA_9_too_long), cmocka_unit_test(K_DMA_9_system), cmocka_unit_test(K_DMA_9_length), cmocka_unit_test(K_DMA_9_deleted_raised),
        cmocka_unit_test(K_DMA_4_chain), cmocka_unit_test(K_DMA_7_chain), cmocka_unit_test(K_DMA_4_single_enabler), cmocka_unit_test(K_DMA_8_larger),
        cmocka_unit_test(K_DMA_8_no_length), cmocka_unit_test(K_DMA_8_again), cmocka_unit_test(K_DMA_7_not_staged), cmocka_unit_test(K_DMA_3_failed),
        cmocka_unit_test(K_DMA_5_immediate_packet), cmocka_unit_test(K_DMA_7_not_programmed), cmocka_unit_test(K_DMA_7_rest_not_programmed), cmocka_unit_test(K_DMA_7_one_more), cmocka_unit_test(K_DMA_3_info_early), cmocka_unit_test(K_DMA_8_stop),
        cmocka_unit_test(K_DMA_8_device_offset), cmocka_unit_test(K_DMA_8_channel_callback), cmocka_unit_test(K_DMA_8_complete_callback),
        cmocka_unit_test(K_DMA_8_reserve_refused), cmocka_unit_test(K_DMA_8_reserved_few), cmocka_unit_test(K_DMA_3_reserved_stays),
        cmocka_unit_test(K_DMA_8_deleted_waiting), cmocka_unit_test(K_DMA_8_deleted_reserved), cmocka_unit_test(K_DMA_3_reserve_twice),
        cmocka_unit_test(K_DMA_3_free_unreserved), cmocka_unit_test(K_DMA_3_free_twice), cmocka_unit_test(K_DMA_3_cancel_failed),
        cmocka_unit_test(K_DMA_3_cancel_twice), cmocka_unit_test(K_DMA_5_request_gone), cmocka_unit_test(K_DMA_8_cancel_races),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
