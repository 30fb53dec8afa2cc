/* What adapters of DEVICE_DESCRIPTION_VERSION3 have gained since: W-DMA-10. */
#include "dma_world.h"

static PHYSICAL_ADDRESS logical, again;
static PDMA_COMMON_BUFFER_VECTOR vector;
static PUCHAR memory;

static PDMA_OPERATIONS of(void) { return adapter->DmaOperations; }

static PHYSICAL_ADDRESS at(ULONG64 address) { return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)address}; }

/* ---- Bounds ---- */

static bool had_between(ULONG64 lowest, ULONG64 highest)
{
    PHYSICAL_ADDRESS low = at(lowest), high = at(highest);
    MEMORY_CACHING_TYPE type = MmNonCached;
    memory = of()->AllocateCommonBufferWithBounds(adapter, &low, &high, 5000, 0, &type, 0, &logical);
    if (!memory)
        return false;
    ULONG64 first = (ULONG64)logical.QuadPart;
    assert_true(first >= lowest && first + 4999 <= highest && first % PAGE_SIZE == 0);
    device_writes(first + 4999, 0x61);
    assert_int_equal(memory[4999], 0x61);
    of()->FreeCommonBuffer(adapter, 5000, logical, memory, FALSE);
    return true;
}

/* RULE W-DMA-10: AllocateCommonBufferWithBounds finds logical addresses between the lowest and the highest one, or none. */
TEST(W_DMA_10_bounds)
{
    boot_version3(64);
    assert_true(had_between(0, ~0ull));
    ULONG64 first = (ULONG64)logical.QuadPart;
    assert_true(had_between(0, 0xffffffff));
    assert_true(had_between(0x123000, 0xffffff));
    assert_true(had_between(first + 1, ~0ull));
    assert_true((ULONG64)logical.QuadPart > first);
    assert_true(had_between(first + PAGE_SIZE, first + 3 * PAGE_SIZE - 1));
    assert_false(had_between(first + PAGE_SIZE, first + PAGE_SIZE + 4998));
    assert_false(had_between(0, 4096));
    assert_false(had_between(~0ull - 8191, ~0ull));
    memory = of()->AllocateCommonBufferWithBounds(adapter, NULL, NULL, 16, 0, NULL, 0, &logical);
    of()->FreeCommonBuffer(adapter, 16, logical, memory, TRUE);
    end_dma();
}

/* ---- Vectors ---- */

static NTSTATUS get_vector(ULONG count, ULONGLONG bytes)
{
    return of()->AllocateCommonBufferVector(adapter, at(0), at(0xffffffff), MmCached, 0, 0, count, bytes, &vector);
}

/* RULE W-DMA-10: A vector has so many common buffers of one size; one may be freed by itself, the rest goes with the vector. */
TEST(W_DMA_10_vector)
{
    PVOID first, last;
    boot_version3(64);
    assert_int_equal(get_vector(0, 64), STATUS_INVALID_PARAMETER);
    assert_int_equal(get_vector(3, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(get_vector(3, 0x100000000), STATUS_INVALID_PARAMETER);
    assert_int_equal(get_vector(0x10000, 0xffffffff), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(get_vector(3, 64), STATUS_SUCCESS);
    of()->GetCommonBufferFromVectorByIndex(adapter, vector, 0, &first, &logical);
    of()->GetCommonBufferFromVectorByIndex(adapter, vector, 2, &last, &again);
    assert_true(first != last && (ULONG64)again.QuadPart <= 0xffffffff);
    device_writes((ULONG64)again.QuadPart + 63, 0x62);
    assert_int_equal(((PUCHAR)last)[63], 0x62);
    of()->FreeCommonBufferFromVector(adapter, vector, 2);
    assert_false(hal_dma_reaches(node->pdo, (ULONG64)again.QuadPart, 1, true));
    assert_true(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 64, true));
    of()->FreeCommonBufferVector(adapter, vector);
    assert_false(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 1, true));
    end_dma();
}

/* RULE W-DMA-10: A vector may be long: each of its buffers has its own memory and its own addresses. */
TEST(W_DMA_10_long_vector)
{
    enum { MANY = 100 };
    PVOID each;
    boot_version3(64);
    assert_int_equal(get_vector(MANY, 64), STATUS_SUCCESS);
    for (ULONG i = 0; i < MANY; i++) {
        of()->GetCommonBufferFromVectorByIndex(adapter, vector, i, &each, &logical);
        device_writes((ULONG64)logical.QuadPart, (UCHAR)i);
    }
    for (ULONG i = 0; i < MANY; i++) {
        of()->GetCommonBufferFromVectorByIndex(adapter, vector, i, &each, &logical);
        assert_int_equal(*(PUCHAR)each, i);
    }
    of()->FreeCommonBufferVector(adapter, vector);
    end_dma();
}

/* RULE V-DMA-03: A common buffer of a vector is freed once, and a vector, too. */
TEST(V_DMA_03_of_vector, .code = 0xE6, .p1 = 0x03)
{
    boot_version3(64);
    get_vector(2, 64);
    of()->FreeCommonBufferFromVector(adapter, vector, 1);
    of()->FreeCommonBufferFromVector(adapter, vector, 1);
}
TEST(V_DMA_03_behind_vector, .code = 0xE6, .p1 = 0x03)
{
    PVOID none;
    boot_version3(64);
    get_vector(2, 64);
    of()->GetCommonBufferFromVectorByIndex(adapter, vector, 2, &none, &logical);
}
TEST(V_DMA_03_vector, .code = 0xE6, .p1 = 0x03)
{
    boot_version3(64);
    get_vector(2, 64);
    of()->FreeCommonBufferVector(adapter, vector);
    of()->FreeCommonBufferVector(adapter, vector);
}

/* RULE V-DMA-07: An adapter is not put while a vector of it is out, even one whose buffers were all freed. */
TEST(V_DMA_07_vector, .code = 0xE6, .p1 = 0x07)
{
    boot_version3(64);
    get_vector(1, 64);
    of()->FreeCommonBufferFromVector(adapter, vector, 0);
    put_adapter();
}

/* ---- Of an MDL ---- */

static NTSTATUS create(PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count)
{
    return of()->CreateCommonBufferFromMdl(adapter, mdl, configs, count, &logical);
}

/* RULE W-DMA-10: CreateCommonBufferFromMdl makes one address of an MDL's pages, which the driver keeps; FreeCommonBuffer takes it back. */
TEST(W_DMA_10_from_mdl)
{
    boot_version3(32);
    assert_int_equal(create(NULL, 0), STATUS_SUCCESS);
    assert_int_equal((ULONG64)logical.QuadPart % PAGE_SIZE, BEFORE);
    device_writes((ULONG64)logical.QuadPart + 9000, 0x63);
    assert_int_equal(buffer[9000], 0x63);
    assert_false(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, BYTES - BEFORE + 1, true));
    of()->FreeCommonBuffer(adapter, BYTES - BEFORE, logical, NULL, TRUE);
    assert_false(hal_dma_reaches(node->pdo, (ULONG64)logical.QuadPart, 1, true));
    end_dma();
}

/* RULE W-DMA-10: Its configurations say which part of the MDL, where its addresses are, and what the device may do with it. */
TEST(W_DMA_10_from_mdl_configured)
{
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION c[3];
    boot_version3(64);
    RtlZeroMemory(c, sizeof c);
    c[0].ConfigType = CommonBufferConfigTypeSubSection, c[0].SubSection.Offset = 4000, c[0].SubSection.Length = 8;
    c[1].ConfigType = CommonBufferConfigTypeHardwareAccessPermissions, c[1].HardwareAccessType = CommonBufferHardwareAccessReadOnly;
    c[2].ConfigType = CommonBufferConfigTypeLogicalAddressLimits, c[2].LogicalAddressLimits.MaximumAddress = at(0xffffffff);
    buffer[4007] = 0x64;
    assert_int_equal(create(c, 3), STATUS_SUCCESS);
    ULONG64 first = (ULONG64)logical.QuadPart;
    assert_true(first <= 0xffffffff && device_reads(first + 7) == 0x64);
    assert_false(hal_dma_reaches(node->pdo, first, 1, true) || hal_dma_reaches(node->pdo, first, 9, false));
    again = logical;
    c[1].HardwareAccessType = CommonBufferHardwareAccessWriteOnly;
    assert_int_equal(create(c, 2), STATUS_SUCCESS);
    first = (ULONG64)logical.QuadPart;
    assert_true(first > 0xffffffff && hal_dma_reaches(node->pdo, first, 8, true) && !hal_dma_reaches(node->pdo, first, 8, false));
    of()->FreeCommonBuffer(adapter, 8, again, buffer + 4000, TRUE);
    assert_true(hal_dma_reaches(node->pdo, first, 8, true));
    of()->FreeCommonBuffer(adapter, 8, logical, buffer + 4000, TRUE);
    end_dma();
}

/* RULE W-DMA-10: A part that the MDL has not got, no bytes, limits the wrong way round and an unknown configuration are STATUS_INVALID_PARAMETER. */
TEST(W_DMA_10_from_mdl_refused)
{
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION c;
    boot_version3(32);
    RtlZeroMemory(&c, sizeof c);
    c.ConfigType = CommonBufferConfigTypeSubSection, c.SubSection.Offset = BYTES - BEFORE, c.SubSection.Length = 1;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.SubSection.Offset = BYTES;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.SubSection.Offset = 1, c.SubSection.Length = BYTES - BEFORE;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.SubSection.Length = 0;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.ConfigType = CommonBufferConfigTypeLogicalAddressLimits, c.LogicalAddressLimits.MinimumAddress = at(2), c.LogicalAddressLimits.MaximumAddress = at(1);
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.LogicalAddressLimits.MaximumAddress = at(4096);
    assert_int_equal(create(&c, 1), STATUS_INSUFFICIENT_RESOURCES);
    c.ConfigType = CommonBufferConfigTypeHardwareAccessPermissions, c.HardwareAccessType = CommonBufferHardwareAccessMax;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    c.ConfigType = CommonBufferConfigTypeMax;
    assert_int_equal(create(&c, 1), STATUS_INVALID_PARAMETER);
    end_dma();
}

/* RULE V-DMA-0E: The pages of such a buffer are locked, or nonpaged pool. */
TEST(V_DMA_0E_from_mdl, .code = 0xE6, .p1 = 0x0E)
{
    boot_version3(32);
    mdl->MdlFlags &= ~(MDL_SOURCE_IS_NONPAGED_POOL | MDL_PAGES_LOCKED);
    create(NULL, 0);
}

/* RULE V-DMA-07: An adapter is not put while a common buffer of an MDL is out. */
TEST(V_DMA_07_from_mdl, .code = 0xE6, .p1 = 0x07)
{
    boot_version3(32);
    create(NULL, 0);
    put_adapter();
}

/* RULE W-DMA-3: A common buffer of an MDL is freed with its length. */
TEST(W_DMA_3_from_mdl, .code = OWN_RULE, .p1 = ANY, .rule = "W-DMA-3")
{
    boot_version3(32);
    create(NULL, 0);
    of()->FreeCommonBuffer(adapter, BYTES, logical, buffer, TRUE);
}

/* ---- Caches and domains ---- */

/* RULE W-DMA-10: FlushDmaBuffer has nothing to move where caches see what devices do. */
/* RULE W-DMA-10: A device has a space of logical addresses of its own: there are no domains to join. */
TEST(W_DMA_10_domains)
{
    boot_version3(32);
    assert_int_equal(of()->FlushDmaBuffer(adapter, mdl, TRUE), STATUS_SUCCESS);
    assert_true(of()->GetDmaDomain(adapter) == NULL);
    assert_int_equal(of()->JoinDmaDomain(adapter, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(of()->LeaveDmaDomain(adapter), STATUS_NOT_SUPPORTED);
    assert_int_equal(of()->AllocateDomainCommonBuffer(adapter, NULL, NULL, 64, 0, NULL, 0, &logical, (PVOID *)&memory), STATUS_NOT_SUPPORTED);
    end_dma();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_DMA_10_bounds), cmocka_unit_test(W_DMA_10_vector), cmocka_unit_test(W_DMA_10_long_vector), cmocka_unit_test(V_DMA_03_of_vector), cmocka_unit_test(V_DMA_03_behind_vector),
        cmocka_unit_test(V_DMA_03_vector), cmocka_unit_test(V_DMA_07_vector), cmocka_unit_test(W_DMA_10_from_mdl), cmocka_unit_test(W_DMA_10_from_mdl_configured),
        cmocka_unit_test(W_DMA_10_from_mdl_refused), cmocka_unit_test(V_DMA_0E_from_mdl), cmocka_unit_test(V_DMA_07_from_mdl), cmocka_unit_test(W_DMA_3_from_mdl),
        cmocka_unit_test(W_DMA_10_domains),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
