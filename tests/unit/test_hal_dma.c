/* DMA adapters, common buffers, scatter/gather lists, and what a device reaches: W-DMA-1..6, V-DMA-03, 07, 0E, 0F, 11, 1B, 21, 26. */
#include "dma_world.h"

static PHYSICAL_ADDRESS logical;
static PUCHAR common;
static DEVICE_DESCRIPTION odd;
static ULONG size, pages;
static UCHAR room[256];

static PDMA_OPERATIONS of(void) { return adapter->DmaOperations; }

/* ---- Adapters ---- */

/* RULE W-DMA-1: A bus master's adapter may take as many map registers as its longest transfer touches pages; a device that is none gets no adapter here. */
TEST(W_DMA_1_adapter)
{
    boot();
    get_adapter(TRUE, FALSE);
    assert_int_equal(registers, LONGEST / 4096 + 1);
    assert_true(of()->Size == FIELD_OFFSET(DMA_OPERATIONS, GetDmaAdapterInfo) && of()->GetDmaAlignment(adapter) == 1 && of()->ReadDmaCounter(adapter) == 0);
    put_adapter();
    odd = description(TRUE, FALSE);
    odd.Master = FALSE;
    assert_true(IoGetDmaAdapter(node->pdo, &odd, &registers) == NULL);
    finish();
}

/* RULE W-DMA-1: An adapter may be given fewer map registers than its longest transfer needs. */
TEST(W_DMA_1_few_registers, .chance = HARDWARE(1))
{
    boot();
    get_adapter(TRUE, FALSE);
    assert_int_equal(registers, 2);
    put_adapter();
    finish();
}

/* RULE V-DMA-21: A DEVICE_DESCRIPTION of an unknown version is reported. */
TEST(V_DMA_21_version, .code = 0xE6, .p1 = 0x25)
{
    boot();
    odd = description(TRUE, FALSE);
    odd.Version = 4;
    IoGetDmaAdapter(node->pdo, &odd, &registers);
}

TEST(W_DMA_1_no_pdo, .code = 0xCA, .p1 = 2)
{
    boot();
    odd = description(TRUE, FALSE);
    IoGetDmaAdapter(WdfDeviceWdmGetDeviceObject(device), &odd, &registers);
}

/* RULE V-DMA-1E: HalGetAdapter is reported. */
TEST(V_DMA_1E_obsolete, .code = 0xE6, .p1 = 0x1E)
{
    boot();
    odd = description(TRUE, FALSE);
    HalGetAdapter(&odd, &registers);
}

/* RULE V-DMA-18: An adapter that was put is not used again. */
TEST(V_DMA_18_released, .code = 0xE6, .p1 = 0x18)
{
    boot();
    get_adapter(TRUE, FALSE);
    put_adapter();
    of()->GetDmaAlignment(adapter);
}

/* RULE V-DMA-18: No adapter is none. */
TEST(V_DMA_18_null, .code = 0xE6, .p1 = 0x19)
{
    boot();
    IoFreeAdapterChannel((raise(), NULL));
}

/* RULE V-DMA-11: An adapter that is held when its device is removed is reported. */
TEST(V_DMA_11_left, .code = 0xE6, .p1 = 0x11)
{
    boot();
    get_adapter(TRUE, FALSE);
    finish();
}

/* RULE V-DMA-07: An adapter is not put while a common buffer or a list of it is out. */
TEST(V_DMA_07_buffer, .code = 0xE6, .p1 = 0x07)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    put_adapter();
}
TEST(V_DMA_07_list, .code = 0xE6, .p1 = 0x0A)
{
    begin_dma();
    get_list(TRUE);
    put_adapter();
}
TEST(V_DMA_07_waiting, .code = 0xE6, .p1 = 0x0A, .chance = HARDWARE(0, 4))
{
    begin_dma();
    raise();
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
    put_adapter();
}

/* RULE V-DMA-13: DMA routines are called at the level that each is for: buffers and adapters at PASSIVE_LEVEL, lists at DISPATCH_LEVEL and nowhere else. */
TEST(V_DMA_13_buffer, .code = 0xE6, .p1 = 0x13)
{
    boot();
    get_adapter(TRUE, FALSE);
    raise();
    of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
}
TEST(V_DMA_13_list, .code = 0xE6, .p1 = 0x13)
{
    begin_dma();
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
}

/* RULE V-DMA-13: What is for DISPATCH_LEVEL or less is called no higher (0xE6/0x14), and may be called there: PutDmaAdapter is one of those. */
TEST(V_DMA_13_higher, .code = 0xE6, .p1 = 0x14)
{
    KIRQL old;
    begin_dma();
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    of()->MapTransfer(adapter, mdl, NULL, buffer, &size, TRUE);
}
TEST(V_DMA_13_put_raised)
{
    begin_dma();
    raise();
    put_adapter();
    lower();
    free_buffer();
    finish();
}

/* RULE W-DMA-9: Any alignment is good enough for a device whose accesses the caches see. */
TEST(W_DMA_9_alignment)
{
    begin_dma();
    assert_int_equal(of()->GetDmaAlignment(adapter), 1);
    assert_int_equal(HalGetDmaAlignment(adapter), 1);
    assert_int_equal(get_list_of(buffer + 1, 3, FALSE), STATUS_SUCCESS);
    device_writes(address_of(0) + 2, 0x37);
    put_list(FALSE);
    assert_true(buffer[3] == 0x37 && buffer[2] == 0x11 && buffer[4] == 0x11);
    log_clear();
    end_dma();
}

/* RULE W-DMA-9: DMA routines that are for PASSIVE_LEVEL are called nowhere else. */
TEST(W_DMA_9_irql, .code = 0xE6, .p1 = 0x13)
{
    begin_dma();
    raise();
    of()->GetDmaAlignment(adapter);
}

/* ---- Common buffers ---- */

/* RULE W-DMA-11: KeFlushIoBuffers moves nothing: what a driver writes into a descriptor ring the device reads each time anew. */
TEST(W_DMA_11_ring)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    mdl = IoAllocateMdl(common, 64, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    ((PUCHAR)common)[8] = 0x51;
    KeFlushIoBuffers(mdl, FALSE, TRUE);
    assert_int_equal(device_reads((ULONG64)logical.QuadPart + 8), 0x51);
    ((PUCHAR)common)[8] = 0x52;
    assert_int_equal(device_reads((ULONG64)logical.QuadPart + 8), 0x52);
    device_writes((ULONG64)logical.QuadPart + 8, 0x53);
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    assert_int_equal(((PUCHAR)common)[8], 0x53);
    IoFreeMdl(mdl);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    put_adapter();
    finish();
}

/* RULE W-DMA-3: A common buffer begins on a page, is no zeros, and one memory for the driver and its device until it is freed. */
TEST(W_DMA_3_common_buffer)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 5000, &logical, TRUE);
    assert_true(common != NULL && (ULONG_PTR)common % 4096 == 0 && logical.QuadPart % 4096 == 0);
#ifndef IRPFUZZ_MSAN
    assert_true(common[0] != 0 && common[4999] != 0);
#endif
    common[4999] = 7;
    assert_int_equal(device_reads((ULONG64)logical.QuadPart + 4999), 7);
    device_writes((ULONG64)logical.QuadPart, 9);
    assert_int_equal(common[0], 9);
    assert_true(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 5000, true) && !hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 5001, true));
    of()->FreeCommonBuffer(adapter, 5000, logical, common, TRUE);
    assert_false(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 1, false));
    put_adapter();
    finish();
}

/* RULE W-DMA-2: A logical address is no physical one; a device of 32 bits gets them below 4 GB, one of 64 bits above. */
TEST(W_DMA_2_logical)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    assert_true(logical.QuadPart != MmGetPhysicalAddress(common).QuadPart && (ULONG64)logical.QuadPart < 0x100000000ull);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    put_adapter();
    get_adapter(TRUE, TRUE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    assert_true((ULONG64)logical.QuadPart >= 0x100000000ull);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    put_adapter();
    finish();
}

/* RULE V-DMA-03: A common buffer is freed once. */
TEST(V_DMA_03_buffer, .code = 0xE6, .p1 = 0x03)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
}

/* RULE W-DMA-3: A common buffer is freed with the length, the address and the caching that it was allocated with. */
TEST(W_DMA_3_other_length, .code = OWN_RULE, .p1 = 64, .rule = "W-DMA-3")
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    of()->FreeCommonBuffer(adapter, 65, logical, common, TRUE);
}
TEST(W_DMA_3_other_address, .code = OWN_RULE, .p1 = 64, .rule = "W-DMA-3")
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    logical.QuadPart++;
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
}
TEST(W_DMA_3_other_caching, .code = OWN_RULE, .p1 = 64, .rule = "W-DMA-3")
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    of()->FreeCommonBuffer(adapter, 64, logical, common, FALSE);
}

#ifdef UNIT_CATCHES_FAULTS
/* RULE V-DMA-0F: A driver's write behind a common buffer, or before it, is found when the buffer is freed (at once where memory can be poisoned). */
TEST(V_DMA_0F_driver_behind, .code = 0xE6, .p1 = 0x0F)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    common[64] = 0;
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
}
TEST(V_DMA_0F_driver_before, .code = 0xE6, .p1 = 0x0F)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    common[-1] = 0;
    of()->FreeCommonBuffer(adapter, 64, logical, common, TRUE);
}
#endif

/* RULE V-DMA-0F: A device's write behind a common buffer, in its last page, is reported. */
TEST(V_DMA_0F_device, .code = 0xE6, .p1 = 0x0F)
{
    boot();
    get_adapter(TRUE, FALSE);
    common = of()->AllocateCommonBuffer(adapter, 64, &logical, TRUE);
    device_writes((ULONG64)logical.QuadPart + 64, 1);
}

/* ---- What a device reaches ---- */

/* RULE V-DMA-26: A device that uses an address which it was never given is reported; a physical address is one of them. */
TEST(V_DMA_26_physical, .code = 0xE6, .p1 = 0x26)
{
    begin_dma();
    device_reads((ULONG64)MmGetPhysicalAddress(buffer).QuadPart);
}
TEST(V_DMA_26_nothing, .code = 0xE6, .p1 = 0x26)
{
    boot();
    device_reads(0x1000);
}
TEST(V_DMA_26_behind, .code = 0xE6, .p1 = 0x26)
{
    begin_dma();
    get_list(TRUE);
    device_reads(address_of(0) + list->Elements[0].Length);
}

/* RULE V-DMA-26: A device writes only where its driver wants to read, and the other way round. */
TEST(V_DMA_26_direction, .code = 0xE6, .p1 = 0x26)
{
    begin_dma();
    get_list(TRUE);
    device_writes(address_of(0), 1);
}

/* RULE W-DMA-5: After PutScatterGatherList the device may not touch the memory. */
TEST(W_DMA_5_after_put, .code = 0xE6, .p1 = 0x26)
{
    begin_dma();
    get_list(FALSE);
    ULONG64 at = address_of(0);
    put_list(FALSE);
    device_writes(at, 1);
}

/* RULE W-DMA-2: Between two mappings a page stays free, and an address that was taken back is not given again soon. */
TEST(W_DMA_2_apart)
{
    begin_dma();
    get_list_of(buffer, 8, TRUE);
    PSCATTER_GATHER_LIST first = list;
    ULONG64 at = address_of(0);
    get_list_of(buffer + 8, 8, TRUE);
    assert_true(address_of(0) / PAGE_SIZE >= at / PAGE_SIZE + 2);
    put_list(TRUE);
    list = first;
    put_list(TRUE);
    get_list_of(buffer, 8, TRUE);
    assert_true(address_of(0) != at);
    put_list(TRUE);
    log_clear();
    end_dma();
}

/* ---- Lists ---- */

/* RULE W-DMA-4: GetScatterGatherList calls its routine once, at DISPATCH_LEVEL, with a list that covers the range in order, page by page. */
TEST(W_DMA_4_list)
{
    begin_dma();
    assert_int_equal(get_list(TRUE), STATUS_SUCCESS);
    log_is("list");
    assert_int_equal(list_irql, DISPATCH_LEVEL);
    assert_int_equal(list->NumberOfElements, 3);
    assert_int_equal(list->Elements[0].Length, 4096 - BEFORE);
    assert_int_equal(list->Elements[1].Length, 4096);
    assert_int_equal(list->Elements[2].Length, BYTES - 8192);
    assert_int_equal(address_of(0) % 4096, BEFORE);
    assert_true(address_of(0) - BEFORE + 4096 != address_of(1));
    buffer[4096 - BEFORE + 5] = 0x77;
    assert_int_equal(device_reads(address_of(1) + 5), 0x77);
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-4: Neighbouring pages may be one element. */
TEST(W_DMA_4_merged, .chance = HARDWARE(0, DMA_MERGES))
{
    begin_dma();
    get_list(FALSE);
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(list->Elements[0].Length, BYTES - BEFORE);
    device_writes(address_of(0) + 5000, 0x33);
    put_list(FALSE);
    assert_int_equal(buffer[5000], 0x33);
    end_dma();
}

/* RULE W-DMA-4: A list for which there are no map registers yet comes later, at DISPATCH_LEVEL; its call was a success. */
TEST(W_DMA_4_later, .chance = HARDWARE(0, DMA_WAITS))
{
    begin_dma();
    raise();
    assert_int_equal(of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE), STATUS_SUCCESS);
    log_is("");
    lower();
    log_is("list");
    assert_int_equal(list_irql, DISPATCH_LEVEL);
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-4: One request of a device object may wait at a time. */
TEST(W_DMA_4_two_wait, .chance = HARDWARE(0, DMA_WAITS), .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-4")
{
    begin_dma();
    raise();
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
    of()->GetScatterGatherList(adapter, node->pdo, mdl, buffer, 1, on_list, NULL, TRUE);
}

/* RULE W-DMA-4: Several lists of one device may be out; a transfer of more pages than map registers is STATUS_INSUFFICIENT_RESOURCES. */
TEST(W_DMA_4_limits, .chance = HARDWARE(1))
{
    begin_dma();
    assert_int_equal(get_list(TRUE), STATUS_INSUFFICIENT_RESOURCES);
    log_is("");
    assert_int_equal(get_list_of(buffer, 8192 - BEFORE, TRUE), STATUS_SUCCESS);
    PSCATTER_GATHER_LIST first = list;
    assert_int_equal(get_list_of(buffer, 8192 - BEFORE, TRUE), STATUS_SUCCESS);
    assert_true(first != list && (ULONG64)first->Elements[0].Address.QuadPart != address_of(0));
    put_list(TRUE);
    list = first;
    put_list(TRUE);
    end_dma();
}

/* RULE W-DMA-4: A range goes on in the next MDL of a chain. */
TEST(W_DMA_4_chain)
{
    begin_dma();
    PMDL next = IoAllocateMdl(buffer, 50, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(next);
    mdl->Next = next;
    assert_int_equal(get_list_of(buffer + BYTES - BEFORE - 10, 30, TRUE), STATUS_SUCCESS);
    assert_int_equal(list->NumberOfElements, 2);
    assert_int_equal(list->Elements[1].Length, 20);
    buffer[19] = 0x44;
    assert_int_equal(device_reads(address_of(1) + 19), 0x44);
    put_list(TRUE);
    mdl->Next = NULL;
    IoFreeMdl(next);
    end_dma();
}

/* RULE W-DMA-5: With bounce pages the device sees what was there at the map, and the driver what came only after the put. */
TEST(W_DMA_5_bounced, .chance = HARDWARE(0, DMA_BOUNCES, DMA_BOUNCES))
{
    begin_dma();
    get_list(TRUE);
    buffer[0] = 0x55;
    assert_int_equal(device_reads(address_of(0)), 0x11);
    put_list(TRUE);
    get_list(FALSE);
    device_writes(address_of(0) + 1, 0x66);
    assert_int_equal(buffer[1], 0x11);
    put_list(FALSE);
    assert_int_equal(buffer[1], 0x66);
    assert_int_equal(buffer[0], 0x55);
    assert_int_equal(buffer[2], 0x11);
    end_dma();
}

/* RULE V-DMA-03: A list is put once. */
TEST(V_DMA_03_list, .code = 0xE6, .p1 = 0x06)
{
    begin_dma();
    get_list(TRUE);
    put_list(TRUE);
    put_list(TRUE);
}

/* RULE W-DMA-5: A list is put for the direction that it was made for. */
TEST(W_DMA_5_direction, .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-5")
{
    begin_dma();
    get_list(TRUE);
    put_list(FALSE);
}

/* RULE V-DMA-1B: The address of a transfer lies in its MDL, and so does the end. */
TEST(V_DMA_1B_outside, .code = 0xE6, .p1 = 0x1B)
{
    begin_dma();
    get_list_of(buffer + BYTES - BEFORE, 1, TRUE);
}
TEST(V_DMA_1B_length, .code = 0xE6, .p1 = 0x24)
{
    begin_dma();
    get_list_of(buffer + 1, BYTES - BEFORE, TRUE);
}

/* RULE V-DMA-21: A transfer has a length. */
TEST(V_DMA_21_zero, .code = 0xE6, .p1 = 0x21)
{
    begin_dma();
    get_list_of(buffer, 0, TRUE);
}

/* RULE V-DMA-0E: The pages of a transfer are locked, or nonpaged pool. */
TEST(V_DMA_0E_not_locked, .code = 0xE6, .p1 = 0x0E)
{
    begin_dma();
    mdl = IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL);
    get_list_of(buffer, 64, TRUE);
}

/* RULE V-DMA-0E: Pages are not unlocked while a device may still touch them. */
TEST(V_DMA_0E_unlocked, .code = 0xE6, .p1 = 0x0E, .chance = HARDWARE(0, DMA_BOUNCES))
{
    begin_dma();
    mdl = IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    get_list_of(buffer, 64, TRUE);
    MmUnlockPages(mdl);
}

/* RULE W-DMA-6: BuildScatterGatherList makes its list in the caller's memory, as large as CalculateScatterGatherList says. */
TEST(W_DMA_6_build)
{
    begin_dma();
    assert_int_equal(of()->CalculateScatterGatherList(adapter, mdl, buffer, BYTES - BEFORE, &size, &pages), STATUS_SUCCESS);
    assert_int_equal(pages, 3);
    assert_true(size <= sizeof room);
    assert_int_equal(of()->CalculateScatterGatherList(adapter, NULL, buffer, BYTES - BEFORE, &size, NULL), STATUS_SUCCESS);
    assert_int_equal(size, FIELD_OFFSET(SCATTER_GATHER_LIST, Elements) + 3 * sizeof(SCATTER_GATHER_ELEMENT));
    raise();
    assert_int_equal(of()->BuildScatterGatherList(adapter, node->pdo, mdl, buffer, BYTES - BEFORE, on_list, NULL, TRUE, room, size - 1), STATUS_BUFFER_TOO_SMALL);
    log_is("");
    assert_int_equal(of()->BuildScatterGatherList(adapter, node->pdo, mdl, buffer, BYTES - BEFORE, on_list, NULL, TRUE, room, size), STATUS_SUCCESS);
    lower();
    assert_true((PVOID)list == (PVOID)room && list->NumberOfElements == 3);
    assert_int_equal(device_reads(address_of(2)), 0x11);
    put_list(TRUE);
    end_dma();
}

/* RULE V-DMA-1B: The size of a list is asked for a range that the MDL has. */
TEST(V_DMA_1B_calculate, .code = 0xE6, .p1 = 0x24)
{
    begin_dma();
    of()->CalculateScatterGatherList(adapter, mdl, buffer, BYTES, &size, &pages);
}

/* RULE V-DMA-1B: An MDL begins in the page that it says. */
TEST(V_DMA_1B_page, .code = 0xE6, .p1 = 0x1F)
{
    begin_dma();
    mdl->StartVa = (PUCHAR)mdl->StartVa - PAGE_SIZE;
    mdl->ByteOffset += PAGE_SIZE;
    get_list(TRUE);
}

/* RULE W-DMA-6: Memory that holds a list is not given for another one. */
TEST(W_DMA_6_twice, .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-6")
{
    begin_dma();
    raise();
    of()->BuildScatterGatherList(adapter, node->pdo, mdl, buffer, 64, on_list, NULL, TRUE, room, sizeof room);
    of()->BuildScatterGatherList(adapter, node->pdo, mdl, buffer, 64, on_list, NULL, TRUE, room, sizeof room);
}

/* RULE W-DMA-6: The MDL of a list is the original one, or describes the bounce pages; it goes with the list. */
TEST(W_DMA_6_mdl, .chance = HARDWARE(0, 0, DMA_BOUNCES))
{
    PMDL seen;
    begin_dma();
    get_list(TRUE);
    assert_int_equal(of()->BuildMdlFromScatterGatherList(adapter, list, mdl, &seen), STATUS_SUCCESS);
    assert_true(seen == mdl);
    put_list(TRUE);
    get_list(FALSE);
    device_writes(address_of(1), 0x66);
    assert_int_equal(of()->BuildMdlFromScatterGatherList(adapter, list, mdl, &seen), STATUS_SUCCESS);
    assert_true(seen != mdl && seen->Next != NULL && *(PUCHAR)MmGetSystemAddressForMdlSafe(seen->Next, NormalPagePriority) == 0x66);
    put_list(FALSE);
    end_dma();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DMA_1_adapter), cmocka_unit_test(W_DMA_1_few_registers), cmocka_unit_test(V_DMA_21_version), cmocka_unit_test(W_DMA_1_no_pdo),
        cmocka_unit_test(V_DMA_1E_obsolete), cmocka_unit_test(V_DMA_18_released), cmocka_unit_test(V_DMA_18_null), cmocka_unit_test(V_DMA_11_left),
        cmocka_unit_test(V_DMA_07_buffer), cmocka_unit_test(V_DMA_07_list), cmocka_unit_test(V_DMA_07_waiting), cmocka_unit_test(V_DMA_13_buffer),
        cmocka_unit_test(V_DMA_13_list), cmocka_unit_test(W_DMA_3_common_buffer), cmocka_unit_test(W_DMA_2_logical), cmocka_unit_test(V_DMA_03_buffer),
        cmocka_unit_test(W_DMA_3_other_length), cmocka_unit_test(W_DMA_3_other_address), cmocka_unit_test(W_DMA_3_other_caching), cmocka_unit_test(W_DMA_2_apart),
#ifdef UNIT_CATCHES_FAULTS
        cmocka_unit_test(V_DMA_0F_driver_behind), cmocka_unit_test(V_DMA_0F_driver_before),
#endif
        cmocka_unit_test(V_DMA_0F_device), cmocka_unit_test(V_DMA_26_physical), cmocka_unit_test(V_DMA_26_nothing), cmocka_unit_test(V_DMA_26_behind),
        cmocka_unit_test(V_DMA_26_direction), cmocka_unit_test(W_DMA_5_after_put), cmocka_unit_test(W_DMA_4_list), cmocka_unit_test(W_DMA_4_merged),
        cmocka_unit_test(W_DMA_4_later), cmocka_unit_test(W_DMA_4_two_wait), cmocka_unit_test(W_DMA_4_limits), cmocka_unit_test(W_DMA_4_chain),
        cmocka_unit_test(W_DMA_5_bounced), cmocka_unit_test(V_DMA_03_list), cmocka_unit_test(W_DMA_5_direction), cmocka_unit_test(V_DMA_1B_outside),
        cmocka_unit_test(V_DMA_1B_length), cmocka_unit_test(V_DMA_21_zero), cmocka_unit_test(V_DMA_0E_not_locked), cmocka_unit_test(V_DMA_0E_unlocked), cmocka_unit_test(W_DMA_6_build),
        cmocka_unit_test(W_DMA_6_twice), cmocka_unit_test(W_DMA_6_mdl), cmocka_unit_test(V_DMA_13_higher), cmocka_unit_test(V_DMA_13_put_raised), cmocka_unit_test(W_DMA_9_alignment),
        cmocka_unit_test(W_DMA_9_irql), cmocka_unit_test(W_DMA_11_ring), cmocka_unit_test(V_DMA_1B_calculate), cmocka_unit_test(V_DMA_1B_page),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
