/* Adapters of DEVICE_DESCRIPTION_VERSION3: W-DMA-10. */
#include "dma_world.h"

static DECLSPEC_ALIGN(16) UCHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1], other[DMA_TRANSFER_CONTEXT_SIZE_V1];
static PVOID base;
static KIRQL channel_irql;
static IO_ALLOCATION_ACTION answer;
static DECLSPEC_ALIGN(16) UCHAR third[DMA_TRANSFER_CONTEXT_SIZE_V1];
static UCHAR room[256];
static ULONG moved;
static PHYSICAL_ADDRESS logical;

static PDMA_OPERATIONS of(void) { return adapter->DmaOperations; }

static void begin(ULONG width)
{
    boot_version3(width);
    assert_int_equal(of()->InitializeDmaTransferContext(adapter, context), STATUS_SUCCESS);
    assert_int_equal(of()->InitializeDmaTransferContext(adapter, other), STATUS_SUCCESS);
    assert_int_equal(of()->InitializeDmaTransferContext(adapter, third), STATUS_SUCCESS);
}

static IO_ALLOCATION_ACTION NTAPI on_channel(PDEVICE_OBJECT d, PIRP irp, PVOID b, PVOID word)
{
    base = b;
    channel_irql = KeGetCurrentIrql();
    say(word);
    return answer;
}

static NTSTATUS allocate(PVOID with, PVOID word) { return of()->AllocateAdapterChannelEx(adapter, node->pdo, with, 2, 0, on_channel, word, NULL); }
static NTSTATUS allocate_now(PVOID with) { return of()->AllocateAdapterChannelEx(adapter, node->pdo, with, 2, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base); }

static NTSTATUS get_with(PVOID with, ULONG flags, PDRIVER_LIST_CONTROL routine)
{
    return of()->GetScatterGatherListEx(adapter, node->pdo, with, mdl, 2000, 3000, flags, routine, NULL, TRUE, NULL, NULL, &list);
}

/* RULE W-DMA-10: An adapter of an older description ends before the newer functions. */
TEST(W_DMA_10_older)
{
    begin_dma();
    assert_int_equal(of()->Size, FIELD_OFFSET(DMA_OPERATIONS, GetDmaAdapterInfo));
    end_dma();
}

/* RULE W-DMA-10: An adapter tells its width and its limits, and what a transfer needs. */
TEST(W_DMA_10_information)
{
    DMA_ADAPTER_INFO info = {.Version = DMA_ADAPTER_INFO_VERSION1};
    DMA_TRANSFER_INFO transfer = {.Version = DMA_TRANSFER_INFO_VERSION2};
    begin(64);
    assert_int_equal(of()->GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
    assert_true(info.V1.DmaAddressWidth == 64 && info.V1.ScatterGatherLimit == registers);
    info.Version = 9;
    assert_int_equal(of()->GetDmaAdapterInfo(adapter, &info), STATUS_NOT_SUPPORTED);
    assert_int_equal(of()->GetDmaTransferInfo(adapter, mdl, 2000, 3000, FALSE, &transfer), STATUS_SUCCESS);
    assert_true(transfer.V2.MapRegisterCount == 2 && transfer.V2.LogicalPageCount == 2 &&
                transfer.V2.ScatterGatherListSize == FIELD_OFFSET(SCATTER_GATHER_LIST, Elements) + 2 * sizeof(SCATTER_GATHER_ELEMENT));
    transfer.Version = 3;
    assert_int_equal(of()->GetDmaTransferInfo(adapter, mdl, 2000, 3000, FALSE, &transfer), STATUS_NOT_SUPPORTED);
    end_dma();
}

/* RULE W-DMA-10: A list of a transfer context is had at any level up to DISPATCH_LEVEL; its routine runs at DISPATCH_LEVEL. */
TEST(W_DMA_10_list)
{
    begin(32);
    assert_int_equal(get_with(context, 0, on_list), STATUS_SUCCESS);
    log_is("list");
    assert_int_equal(list_irql, DISPATCH_LEVEL);
    assert_true(KeGetCurrentIrql() == PASSIVE_LEVEL && list->NumberOfElements == 2 && list->Elements[1].Length == 1004);
    buffer[4999] = 0x31;
    assert_int_equal(device_reads(address_of(1) + list->Elements[1].Length - 1), 0x31);
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-10: A synchronous request has its list on return, or STATUS_INSUFFICIENT_RESOURCES instead of waiting. */
TEST(W_DMA_10_synchronous, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(32);
    assert_int_equal(get_with(context, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(get_with(context, DMA_SYNCHRONOUS_CALLBACK, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(get_with(context, DMA_SYNCHRONOUS_CALLBACK, NULL), STATUS_SUCCESS);
    assert_int_equal(device_reads(address_of(0)), 0x11);
    put_list(TRUE);
    assert_int_equal(of()->BuildScatterGatherListEx(adapter, node->pdo, context, mdl, 0, 100, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, TRUE, room, sizeof room, NULL, NULL,
                                                    &list),
                     STATUS_SUCCESS);
    assert_true((PVOID)list == (PVOID)room && list->NumberOfElements == 1);
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-10: Requests with transfer contexts of their own may wait together; one that waits can be cancelled. */
TEST(W_DMA_10_cancel, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(32);
    raise();
    assert_int_equal(get_with(context, 0, on_list), STATUS_SUCCESS);
    assert_int_equal(get_with(other, 0, on_list), STATUS_SUCCESS);
    assert_true(of()->CancelAdapterChannel(adapter, node->pdo, context));
    assert_false(of()->CancelAdapterChannel(adapter, node->pdo, context));
    log_is("");
    lower();
    log_is("list");
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-10: A transfer context is initialised first, and not again while its request waits. */
TEST(W_DMA_10_no_context, .code = OWN_RULE, .p1 = 1, .rule = "W-DMA-10")
{
    begin(32);
    RtlZeroMemory(context, sizeof context);
    get_with(context, 0, on_list);
}
TEST(W_DMA_10_reinitialized, .chance = HARDWARE(0, DMA_WAITS), .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-4")
{
    begin(32);
    raise();
    get_with(context, 0, on_list);
    of()->InitializeDmaTransferContext(adapter, context);
}

/* RULE W-DMA-10: MapTransferEx fills a list as far as there is room; FlushAdapterBuffersEx ends what it mapped, FreeAdapterObject the channel. */
TEST(W_DMA_10_channel)
{
    PSCATTER_GATHER_LIST l = (PSCATTER_GATHER_LIST)room;
    begin(32);
    assert_int_equal(of()->AllocateAdapterChannelEx(adapter, node->pdo, context, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base), STATUS_SUCCESS);
    assert_int_equal(of()->AllocateAdapterChannelEx(adapter, node->pdo, other, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base), STATUS_INSUFFICIENT_RESOURCES);
    moved = BYTES - BEFORE;
    assert_int_equal(of()->MapTransferEx(adapter, mdl, base, 0, 0, &moved, TRUE, l, 8, NULL, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(of()->MapTransferEx(adapter, mdl, base, 0, 0, &moved, TRUE, l, sizeof *l + sizeof *l->Elements, NULL, NULL), STATUS_SUCCESS);
    assert_true(moved == 8192 - BEFORE && l->NumberOfElements == 2);
    assert_int_equal(device_reads((ULONG64)l->Elements[1].Address.QuadPart), 0x11);
    assert_int_equal(of()->FlushAdapterBuffersEx(adapter, mdl, base, 0, moved, TRUE), STATUS_SUCCESS);
    of()->FreeAdapterObject(adapter, DeallocateObject);
    assert_int_equal(of()->ConfigureAdapterChannel(adapter, 0, NULL), STATUS_NOT_IMPLEMENTED);
    assert_int_equal(of()->CancelMappedTransfer(adapter, context), STATUS_NOT_IMPLEMENTED);
    end_dma();
}

/* RULE W-DMA-10: A request without a routine and without a place for the answer is STATUS_INVALID_PARAMETER, and so is a list without memory. */
TEST(W_DMA_10_nowhere)
{
    begin(32);
    assert_int_equal(of()->AllocateAdapterChannelEx(adapter, node->pdo, context, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(of()->AllocateAdapterChannelEx(adapter, node->pdo, context, 1, 0, NULL, NULL, &base), STATUS_INVALID_PARAMETER);
    assert_int_equal(of()->BuildScatterGatherListEx(adapter, node->pdo, context, mdl, 0, 9, 0, on_list, NULL, TRUE, NULL, 0, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(of()->BuildScatterGatherListEx(adapter, node->pdo, context, mdl, 0, 9, 0, NULL, NULL, TRUE, room, sizeof room, NULL, NULL, &list),
                     STATUS_INVALID_PARAMETER);
    log_is("");
    end_dma();
}

/* RULE W-DMA-10: The routine of AllocateAdapterChannelEx runs at DISPATCH_LEVEL, whatever the caller's level. */
TEST(W_DMA_10_channel_irql)
{
    begin(32);
    answer = DeallocateObject;
    assert_int_equal(allocate(context, "channel"), STATUS_SUCCESS);
    log_is("channel");
    assert_int_equal(channel_irql, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    end_dma();
}

/* RULE W-DMA-10: Who waits for the channel gets it in order of coming; one that is cancelled lets the next one have it. */
TEST(W_DMA_10_order, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(32);
    answer = DeallocateObject;
    raise();
    allocate(context, "first"), allocate(other, "second"), allocate(third, "third");
    log_is("");
    lower();
    log_is("first second third");
    assert_int_equal(allocate_now(context), STATUS_SUCCESS);
    raise();
    allocate(other, "second"), allocate(third, "third");
    of()->FreeAdapterObject(adapter, DeallocateObject);
    assert_true(of()->CancelAdapterChannel(adapter, node->pdo, other));
    lower();
    log_is("third");
    end_dma();
}

/* RULE W-DMA-10: A list that waits for map registers keeps nobody from the channel. */
TEST(W_DMA_10_list_waits, .chance = HARDWARE(0, DMA_WAITS))
{
    begin(32);
    answer = DeallocateObject;
    raise();
    get_with(context, 0, on_list);
    allocate(other, "channel");
    log_is("channel");
    lower();
    log_is("list");
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-10: A transfer context has one request that waits. */
TEST(W_DMA_10_waits_already, .code = OWN_RULE, .p1 = 1, .rule = "W-DMA-4", .chance = HARDWARE(0, DMA_WAITS))
{
    begin(32);
    raise();
    allocate(context, "first");
    allocate(context, "second");
}

/* RULE W-DMA-7: FreeAdapterObject with DeallocateObjectKeepRegisters frees the channel and leaves the map registers to the driver; another action is none. */
TEST(W_DMA_7_object_keeps)
{
    begin(32);
    assert_int_equal(allocate_now(context), STATUS_SUCCESS);
    of()->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    PVOID kept = base;
    assert_int_equal(allocate_now(context), STATUS_SUCCESS);
    assert_true(base != kept);
    of()->FreeAdapterObject(adapter, DeallocateObject);
    raise();
    of()->FreeMapRegisters(adapter, kept, 2);
    lower();
    end_dma();
}
TEST(W_DMA_7_object_no_action, .code = OWN_RULE, .p1 = KeepObject, .rule = "W-DMA-7")
{
    begin(32);
    allocate_now(context);
    of()->FreeAdapterObject(adapter, KeepObject);
}

/* RULE V-DMA-03: FreeAdapterObject frees a channel that somebody has. */
TEST(V_DMA_03_object, .code = 0xE6, .p1 = 0x04)
{
    begin(32);
    of()->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
}

/* RULE W-DMA-10: A common buffer below a highest address. */
TEST(W_DMA_10_common_buffer)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = 0xffffffff}, low = {.QuadPart = 0xfff};
    begin(64);
    PVOID common = of()->AllocateCommonBufferEx(adapter, &highest, 64, &logical, TRUE, 0);
    assert_true(common != NULL && (ULONG64)logical.QuadPart <= 0xffffffff);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    assert_true(of()->AllocateCommonBufferEx(adapter, &low, 64, &logical, TRUE, 0) == NULL);
    common = of()->AllocateCommonBufferEx(adapter, NULL, 64, &logical, TRUE, 0);
    assert_true((ULONG64)logical.QuadPart > 0xffffffff);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    end_dma();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DMA_10_older), cmocka_unit_test(W_DMA_10_information), cmocka_unit_test(W_DMA_10_list), cmocka_unit_test(W_DMA_10_synchronous),
        cmocka_unit_test(W_DMA_10_cancel), cmocka_unit_test(W_DMA_10_no_context), cmocka_unit_test(W_DMA_10_reinitialized), cmocka_unit_test(W_DMA_10_channel),
        cmocka_unit_test(V_DMA_03_object), cmocka_unit_test(W_DMA_10_common_buffer), cmocka_unit_test(W_DMA_10_nowhere), cmocka_unit_test(W_DMA_10_channel_irql),
        cmocka_unit_test(W_DMA_10_order), cmocka_unit_test(W_DMA_10_list_waits), cmocka_unit_test(W_DMA_10_waits_already), cmocka_unit_test(W_DMA_7_object_keeps),
        cmocka_unit_test(W_DMA_7_object_no_action),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
