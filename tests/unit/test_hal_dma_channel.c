/* The adapter's channel, map registers and transfers: W-DMA-7, 8, V-DMA-00, 03, 07, 0B, 0D, 10, 16, 1D. */
#include "dma_world.h"

static PVOID base;
static ULONG moved, got;
static IO_ALLOCATION_ACTION answer;

static PDMA_OPERATIONS of(void) { return adapter->DmaOperations; }

static IO_ALLOCATION_ACTION NTAPI on_channel(PDEVICE_OBJECT d, PIRP irp, PVOID b, PVOID context)
{
    base = b;
    list_irql = KeGetCurrentIrql();
    say("channel");
    return answer;
}

static NTSTATUS allocate(ULONG count) { return of()->AllocateAdapterChannel(adapter, node->pdo, count, on_channel, NULL); }

/* At DISPATCH_LEVEL, with so many registers. */
static void begin_channel(IO_ALLOCATION_ACTION keeps, ULONG count)
{
    begin_dma();
    answer = keeps;
    raise();
    assert_int_equal(allocate(count), STATUS_SUCCESS);
    lower();
    log_is("channel");
    raise();
}

static void begin_registers(ULONG count) { begin_channel(DeallocateObjectKeepRegisters, count); }

static ULONG64 map(PVOID at, ULONG bytes, BOOLEAN write)
{
    moved = bytes;
    return (ULONG64)of()->MapTransfer(adapter, mdl, base, at, &moved, write).QuadPart;
}

static void flush(PVOID at, ULONG bytes, BOOLEAN write) { of()->FlushAdapterBuffers(adapter, mdl, base, at, bytes, write); }
static void release(ULONG count) { of()->FreeMapRegisters(adapter, base, count); }

static void end_registers(ULONG count)
{
    release(count);
    lower();
    end_dma();
}

/* RULE W-DMA-7: AllocateAdapterChannel calls its routine at DISPATCH_LEVEL; DeallocateObjectKeepRegisters leaves the map registers to the driver. */
/* RULE W-DMA-8: MapTransfer may map less than asked: the loop goes on to the end; one flush is for all of it. */
TEST(W_DMA_8_loop)
{
    begin_registers(3);
    assert_int_equal(list_irql, DISPATCH_LEVEL);
    for (got = 0; got < BYTES - BEFORE; got += moved) {
        ULONG64 at = map(buffer + got, BYTES - BEFORE - got, FALSE);
        device_writes(at + moved - 1, 0x22);
        assert_true(moved <= 4096);
    }
    flush(buffer, BYTES - BEFORE, FALSE);
    assert_int_equal(buffer[4096 - BEFORE - 1], 0x22);
    assert_int_equal(buffer[BYTES - BEFORE - 1], 0x22);
    end_registers(3);
}

/* RULE W-DMA-8: The map registers of an adapter without scatter/gather make one address of all pages. */
TEST(W_DMA_8_packet)
{
    boot();
    get_adapter(FALSE, FALSE);
    get_buffer();
    answer = DeallocateObjectKeepRegisters;
    raise();
    assert_int_equal(IoAllocateAdapterChannel(adapter, node->pdo, 3, on_channel, NULL), STATUS_SUCCESS);
    moved = BYTES - BEFORE;
    ULONG64 at = (ULONG64)IoMapTransfer(adapter, mdl, base, buffer, &moved, TRUE).QuadPart;
    assert_int_equal(moved, BYTES - BEFORE);
    buffer[9000] = 0x23;
    assert_int_equal(device_reads(at + 9000), 0x23);
    assert_true(IoFlushAdapterBuffers(adapter, mdl, base, buffer, moved, TRUE));
    IoFreeMapRegisters(adapter, base, 3);
    lower();
    end_dma();
}

/* RULE W-DMA-8: Through bounce pages the driver sees what came after the flush. */
TEST(W_DMA_8_bounced, .chance = HARDWARE(0, 0, DMA_BOUNCES | DMA_MERGES))
{
    begin_registers(3);
    ULONG64 at = map(buffer, BYTES - BEFORE, FALSE);
    assert_int_equal(moved, BYTES - BEFORE);
    device_writes(at + 9000, 0x24);
    assert_int_equal(buffer[9000], 0x11);
    flush(buffer, moved, FALSE);
    assert_int_equal(buffer[9000], 0x24);
    end_registers(3);
}

/* RULE W-DMA-7: DeallocateObject gives channel and registers back, KeepObject keeps the channel until FreeAdapterChannel. */
TEST(W_DMA_7_actions)
{
    begin_channel(DeallocateObject, 1);
    answer = KeepObject;
    assert_int_equal(allocate(1), STATUS_SUCCESS);
    log_is("channel");
    map(buffer, 4, TRUE);
    flush(buffer, 4, TRUE);
    of()->FreeAdapterChannel(adapter);
    assert_int_equal(allocate(1), STATUS_SUCCESS);
    IoFreeAdapterChannel(adapter);
    lower();
    end_dma();
}

/* RULE W-DMA-8: What was mapped in several calls may be flushed in as many, in any order. */
TEST(W_DMA_8_parts)
{
    begin_registers(3);
    ULONG64 first = map(buffer, 8, FALSE), second = map(buffer + 8, 8, FALSE), third = map(buffer + 4096, 8, FALSE);
    flush(buffer, 8, FALSE);
    device_writes(second, 0x26), device_writes(third, 0x27);
    assert_false(hal_dma_reaches(node->pdo, first, 1, true));
    flush(buffer + 4096, 8, FALSE);
    assert_true(hal_dma_reaches(node->pdo, second, 1, true));
    assert_int_equal(map(buffer, 8, FALSE) % 4096, BEFORE);
    flush(buffer, 16, FALSE);
    assert_true(buffer[8] == 0x26 && buffer[4096] == 0x27);
    end_registers(3);
}

/* RULE W-DMA-7: A channel for which there are no registers yet comes later, at DISPATCH_LEVEL. */
TEST(W_DMA_7_later, .chance = HARDWARE(0, DMA_WAITS))
{
    begin_dma();
    answer = DeallocateObject;
    raise();
    assert_int_equal(allocate(1), STATUS_SUCCESS);
    log_is("");
    lower();
    log_is("channel");
    assert_int_equal(list_irql, DISPATCH_LEVEL);
    end_dma();
}

/* RULE W-DMA-4: A device object has one request that waits, whether it is for a channel or for a list. */
TEST(W_DMA_4_list_then_channel, .code = OWN_RULE, .p1 = 1, .rule = "W-DMA-4", .chance = HARDWARE(0, DMA_WAITS))
{
    begin_dma();
    raise();
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
    allocate(1);
}
TEST(W_DMA_4_channel_then_list, .code = OWN_RULE, .p1 = 1, .rule = "W-DMA-4", .chance = HARDWARE(0, DMA_WAITS))
{
    begin_dma();
    raise();
    allocate(1);
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
}

TEST(W_DMA_7_no_action, .code = OWN_RULE, .p1 = 9, .rule = "W-DMA-7") { begin_channel(9, 1); }

/* RULE V-DMA-0B: A driver has one channel of an adapter at a time. */
TEST(V_DMA_0B_two, .code = 0xE6, .p1 = 0x0B)
{
    begin_channel(KeepObject, 1);
    allocate(1);
}
TEST(V_DMA_0B_waiting, .code = 0xE6, .p1 = 0x0B, .chance = HARDWARE(0, DMA_WAITS))
{
    begin_dma();
    raise();
    allocate(1);
    allocate(1);
}

/* RULE V-DMA-0B: No more map registers are asked for than the adapter has, and no more used than were allocated. */
TEST(V_DMA_0B_registers, .code = 0xE6, .p1 = 0x0C)
{
    begin_dma();
    raise();
    allocate(registers + 1);
}
TEST(V_DMA_0B_used_up, .code = 0xE6, .p1 = 0x15)
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    map(buffer + 4096, 4, TRUE);
}
TEST(V_DMA_0B_too_long, .code = 0xE6, .p1 = 0x15)
{
    begin_registers(1);
    map(buffer, 4096, TRUE);
}

/* RULE V-DMA-03: Channels and map registers are freed once, and no more of them than there are. */
TEST(V_DMA_03_channel, .code = 0xE6, .p1 = 0x04)
{
    begin_channel(DeallocateObject, 1);
    of()->FreeAdapterChannel(adapter);
}
TEST(V_DMA_03_registers, .code = 0xE6, .p1 = 0x05)
{
    begin_registers(2);
    release(2);
    release(2);
}
TEST(V_DMA_03_more, .code = 0xE6, .p1 = 0x05)
{
    begin_registers(2);
    release(3);
}
/* RULE W-DMA-8: Map registers are freed as many as they were allocated. */
TEST(W_DMA_8_fewer, .code = OWN_RULE, .p1 = 1, .rule = "W-DMA-8")
{
    begin_registers(2);
    release(1);
}

/* RULE V-DMA-07: An adapter is not put while its channel or map registers are out. */
TEST(V_DMA_07_channel, .code = 0xE6, .p1 = 0x08)
{
    begin_channel(KeepObject, 1);
    lower();
    put_adapter();
}
TEST(V_DMA_07_registers, .code = 0xE6, .p1 = 0x09)
{
    begin_registers(1);
    lower();
    put_adapter();
}

/* RULE V-DMA-10: Map registers are not freed while they map something. */
TEST(V_DMA_10_mapped, .code = 0xE6, .p1 = 0x10)
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    release(1);
}

/* RULE V-DMA-0D: What was mapped is flushed before its channel goes, and not in parts. */
TEST(V_DMA_0D_channel, .code = 0xE6, .p1 = 0x0D)
{
    begin_channel(KeepObject, 1);
    map(buffer, 4, TRUE);
    of()->FreeAdapterChannel(adapter);
}
TEST(V_DMA_0D_part, .code = 0xE6, .p1 = 0x0D)
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    flush(buffer, 3, TRUE);
}

/* RULE V-DMA-16: What is flushed is mapped. */
TEST(V_DMA_16_empty, .code = 0xE6, .p1 = 0x16)
{
    begin_registers(1);
    flush(buffer, 4, TRUE);
}
TEST(V_DMA_16_elsewhere, .code = 0xE6, .p1 = 0x20)
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    flush(buffer + 4, 4, TRUE);
}
TEST(V_DMA_16_no_registers, .code = 0xE6, .p1 = 0x20)
{
    begin_registers(1);
    release(1);
    flush(buffer, 4, TRUE);
}

/* RULE V-DMA-00: No more pages are flushed than there are map registers. */
TEST(V_DMA_00_flush, .code = 0xE6, .p1 = 0x00)
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    flush(buffer, 8192, TRUE);
}

/* RULE V-DMA-1D: Bytes are mapped once. */
TEST(V_DMA_1D_twice, .code = 0xE6, .p1 = 0x1D)
{
    begin_registers(3);
    map(buffer, 8, TRUE);
    map(buffer + 4, 8, TRUE);
}

TEST(V_DMA_1D_around, .code = 0xE6, .p1 = 0x1D)
{
    begin_registers(3);
    map(buffer + 4, 8, TRUE);
    map(buffer, 16, TRUE);
}

/* RULE V-DMA-1B: What is flushed lies in its MDL. */
TEST(V_DMA_1B_flush, .code = 0xE6, .p1 = 0x24)
{
    begin_registers(3);
    map(buffer, 8, TRUE);
    flush(buffer, BYTES, TRUE);
}

/* RULE W-DMA-8: A flush is for the direction of the map. */
TEST(W_DMA_8_direction, .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-8")
{
    begin_registers(1);
    map(buffer, 4, TRUE);
    flush(buffer, 4, FALSE);
}

TEST(V_DMA_21_zero, .code = 0xE6, .p1 = 0x21)
{
    begin_registers(1);
    map(buffer, 0, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DMA_8_loop), cmocka_unit_test(W_DMA_8_packet), cmocka_unit_test(W_DMA_8_bounced), cmocka_unit_test(W_DMA_7_actions),
        cmocka_unit_test(W_DMA_7_later), cmocka_unit_test(W_DMA_7_no_action), cmocka_unit_test(V_DMA_0B_two), cmocka_unit_test(V_DMA_0B_waiting),
        cmocka_unit_test(V_DMA_0B_registers), cmocka_unit_test(V_DMA_0B_used_up), cmocka_unit_test(V_DMA_0B_too_long), cmocka_unit_test(V_DMA_03_channel),
        cmocka_unit_test(V_DMA_03_registers), cmocka_unit_test(V_DMA_03_more), cmocka_unit_test(W_DMA_8_fewer), cmocka_unit_test(V_DMA_07_channel),
        cmocka_unit_test(V_DMA_07_registers), cmocka_unit_test(V_DMA_10_mapped), cmocka_unit_test(V_DMA_0D_channel), cmocka_unit_test(V_DMA_0D_part),
        cmocka_unit_test(V_DMA_16_empty), cmocka_unit_test(V_DMA_16_elsewhere), cmocka_unit_test(V_DMA_16_no_registers), cmocka_unit_test(V_DMA_00_flush),
        cmocka_unit_test(V_DMA_1D_twice), cmocka_unit_test(W_DMA_8_direction), cmocka_unit_test(V_DMA_21_zero), cmocka_unit_test(W_DMA_8_parts),
        cmocka_unit_test(W_DMA_4_list_then_channel), cmocka_unit_test(W_DMA_4_channel_then_list), cmocka_unit_test(V_DMA_1D_around), cmocka_unit_test(V_DMA_1B_flush),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
