/* The HAL: registers, ports and mappings of device memory: W-HAL, V-HAL-1..5. */
#include "card.h"

static struct chance chance_now;

#include "hal_world.h"

/* RULE W-HAL-1: A register is accessed with the width that was asked for, once; a buffer of registers advances, a buffer of a port does not. */
TEST(W_HAL_1_widths)
{
    UCHAR bytes[4] = {1, 2, 3, 4};
    begin();
    unsigned reads = card.reads, writes = card.writes;
    WRITE_REGISTER_ULONG(reg(CARD_DATA), 0x44332211);
    assert_true(card.writes == writes + 1 && card.last_width == 4);
    assert_int_equal(READ_REGISTER_USHORT((PUSHORT)(base + CARD_DATA + 2)), 0x4433);
    assert_true(card.reads == reads + 1 && card.last_width == 2);
    READ_REGISTER_BUFFER_UCHAR(base + CARD_DATA, bytes, 4);
    assert_true(bytes[0] == 0x11 && bytes[3] == 0x44 && card.reads == reads + 5 && card.last_width == 1);
    PUCHAR port = (PUCHAR)(ULONG_PTR)(CARD_PORTS + CARD_DATA);
    WRITE_PORT_BUFFER_UCHAR(port, bytes, 4);
    assert_true(card.data == 0x44 && card.writes == writes + 5);
    assert_int_equal(READ_PORT_UCHAR(port), 0x44);
    assert_int_equal(READ_REGISTER_ULONG64((PULONG64)(base + CARD_DATA)), 0x44);
    unmap();
    finish();
}

/* RULE W-HAL-2: A posted write may be delayed until the next read of the same device, and no longer than until time passes. */
TEST(W_HAL_2_posted_writes, .chance = &chance_now)
{
    begin();
    card.model.posts_writes = true;
    WRITE_REGISTER_ULONG(reg(CARD_DATA), 5);
    assert_int_equal(card.data, 0);
    WRITE_REGISTER_ULONG(reg(CARD_DATA), 6);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_DATA)), 6);
    WRITE_REGISTER_ULONG(reg(CARD_DATA), 7);
    assert_int_equal(card.data, 6);
    pass_ms(1);
    assert_int_equal(card.data, 7);
    unmap();
    finish();
}

/* RULE W-HAL-4: A mapping has the page offset of its physical address; it may fail, and is unmapped with the same size. */
TEST(W_HAL_4_mapping)
{
    PHYSICAL_ADDRESS at = {.QuadPart = CARD_MEMORY + 0x10};
    begin();
    PUCHAR part = MmMapIoSpaceEx(at, 0x20, PAGE_READWRITE | PAGE_NOCACHE);
    assert_true(part && part != base + 0x10 && ((ULONG_PTR)part & 0xfff) == 0x010);
    MmUnmapIoSpace(part, 0x20);
    unmap();
    finish();
}

/* RULE W-HAL-4: Nonpaged memory may be mapped by its physical address, more than once: it is the same memory. */
TEST(W_HAL_4_memory)
{
    begin();
    PUCHAR memory = ExAllocatePoolWithTag(NonPagedPoolNx, 200, 'maps');
    memory[101] = 0x5c, memory[102] = 0x5d;
    PUCHAR all = MmMapIoSpace(MmGetPhysicalAddress(memory), 200, MmCached), part = MmMapIoSpace(MmGetPhysicalAddress(memory + 101), 10, MmCached);
    PUCHAR first = MmMapIoSpace(MmGetPhysicalAddress(memory), 3, MmCached);
    assert_true(((ULONG_PTR)part & 0xfff) == ((ULONG_PTR)(memory + 101) & 0xfff) && all[101] == 0x5c && part[0] == 0x5c);
    assert_int_equal(READ_REGISTER_UCHAR(part + 1), 0x5d);
    WRITE_REGISTER_UCHAR(part + 2, 0x5e);
    assert_int_equal(memory[103], 0x5e);
    MmUnmapIoSpace(all, 200), MmUnmapIoSpace(part, 10), MmUnmapIoSpace(first, 3);
    ExFreePoolWithTag(memory, 'maps');
    unmap();
    finish();
}

static void map_of_pool(POOL_TYPE type, ULONG more)
{
    begin();
    PUCHAR memory = ExAllocatePoolWithTag(type, 200, 'maps');
    MmMapIoSpace(MmGetPhysicalAddress(memory), 200 + more, MmCached);
}
TEST(V_HAL_1_paged, .code = 0xC4, .p1 = 0x83) { map_of_pool(PagedPool, 0); }
TEST(V_HAL_1_behind_memory, .code = 0xC4, .p1 = 0x83) { map_of_pool(NonPagedPoolNx, 1); }

static void map_range(ULONG64 start, SIZE_T size)
{
    PHYSICAL_ADDRESS at = {.QuadPart = (LONGLONG)start};
    begin();
    MmMapIoSpace(at, size, MmNonCached);
}

/* RULE V-HAL-1: A mapping of what is no device's memory, at a wrong IRQL or as executable is reported. */
TEST(V_HAL_1_range, .code = 0xC4, .p1 = 0x83) { map_range(0x1000, 16); }
/* RULE V-HAL-1: A mapping that reaches beyond the device's memory is reported. */
TEST(V_HAL_1_beyond, .code = 0xC4, .p1 = 0x83) { map_range(CARD_MEMORY, CARD_SIZE + 1); }

/* RULE W-HAL-4: MmMapIoSpaceEx of executable memory is reported. */
TEST(V_HAL_1_executable, .code = 0xC4, .p1 = 0x2001)
{
    PHYSICAL_ADDRESS at = {.QuadPart = CARD_MEMORY};
    begin();
    MmMapIoSpaceEx(at, 16, PAGE_EXECUTE_READWRITE);
}

/* RULE V-HAL-1: MmUnmapIoSpace above APC_LEVEL is reported. */
TEST(V_HAL_1_unmap_irql, .code = 0xC4, .p1 = 0x7B)
{
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    unmap();
}

/* RULE V-HAL-1: MmMapIoSpace above DISPATCH_LEVEL is reported. */
TEST(V_HAL_1_map_irql, .code = 0xC4, .p1 = 0x73)
{
    begin();
    KeRaiseIrql(CARD_DIRQL, &old);
    map();
}

/* RULE V-HAL-2: A mapping of a device's memory that is left when the device is stopped is reported. */
/* RULE W-PNP-63: What a start acquired is released at the stop. */
TEST(V_HAL_2_stop, .code = OWN_RULE, .p1 = CARD_MEMORY, .rule = "V-HAL-2")
{
    card_plug(&card);
    boot();
    card_resources(node, 1, 0);
    pnp_start(node);
    map();
    pnp_query_stop(node), pnp_stop(node);
}

/* RULE V-HAL-2: A mapping that is unmapped twice is reported. */
TEST(V_HAL_2_twice, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-2")
{
    begin();
    unmap(), unmap();
}

/* RULE V-HAL-2: A mapping that is unmapped with another size is reported. */
TEST(V_HAL_2_size, .code = OWN_RULE, .p1 = 1, .rule = "V-HAL-2")
{
    begin();
    MmUnmapIoSpace(base, 1);
}

/* RULE V-HAL-3: A register that is mapped no more is not accessed. */
TEST(V_HAL_3_register, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-3")
{
    begin();
    unmap();
    READ_REGISTER_ULONG(reg(0));
}

/* RULE W-HAL-3: A register's address comes from MmMapIoSpace: any other is reported. */
TEST(W_HAL_3_address, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-5")
{
    static ULONG here;
    begin();
    READ_REGISTER_ULONG(&here);
}

/* RULE V-HAL-4: A register access while the device is not in D0 is reported. */
TEST(V_HAL_4_asleep, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-4")
{
    begin();
    device_set_power(&card.model, false);
    READ_REGISTER_ULONG(reg(0));
}

/* ---- Power ---- */

static void not_owner(PWDFDEVICE_INIT init) { WdfDeviceInitSetPowerPolicyOwnership(init, FALSE); }

/* The card is the device's, which somebody else powers. */
static void begin_powered(void)
{
    plan.init = not_owner;
    card_plug(&card);
    boot();
    card_resources(node, 1, 0);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    map();
}

static void power(DEVICE_POWER_STATE state)
{
    po_request_power_irp(node->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = state}, NULL, NULL, NULL);
    pass_ms(1);
}

/* RULE W-POW-12: After D3 the registers of a device have lost what was written to them; in D1 they keep it. */
TEST(W_POW_12_registers)
{
    begin_powered();
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 7);
    power(PowerDeviceD1), power(PowerDeviceD0);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 7);
    power(PowerDeviceD3), power(PowerDeviceD0);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0);
    unmap();
    finish();
}

/* RULE V-POW-9: A register that a driver touches after its bus has taken the device out of D0 is reported. */
/* RULE W-POW-13: A driver does not touch its hardware in Dx. */
TEST(V_POW_9_in_dx, .code = OWN_RULE, .p1 = 1, .rule = "V-HAL-4")
{
    begin_powered();
    READ_REGISTER_ULONG(reg(CARD_DATA));
    power(PowerDeviceD2);
    READ_REGISTER_ULONG(reg(CARD_DATA));
}

/* RULE V-POW-9: A write to a port in D3 is reported as well. */
TEST(V_POW_9_port_in_d3, .code = OWN_RULE, .p1 = 1, .rule = "V-HAL-4")
{
    begin_powered();
    power(PowerDeviceD3);
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)(CARD_PORTS + CARD_DATA), 1);
}

/* RULE V-HAL-5: An access that is not naturally aligned is reported. */
TEST(V_HAL_5_alignment, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-5")
{
    begin();
    READ_REGISTER_ULONG(reg(2));
}

/* RULE V-HAL-5: A port that no device has is reported. */
TEST(V_HAL_5_port, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-5")
{
    begin();
    READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)0x80);
}

/* RULE W-HAL-8: A device that was pulled out reads as all ones, drops writes and interrupts no more. */
TEST(W_HAL_8_pulled)
{
    begin_connected();
    device_pull(&card.model);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_DATA)), 0xffffffff);
    WRITE_REGISTER_ULONG(reg(CARD_DATA), 5);
    assert_int_equal(card.data, 0);
    card_event(&card, 1);
    a_point();
    log_is("");
    IoDisconnectInterrupt(interrupt);
    unmap();
    finish();
}

#if UNIT_CATCHES_FAULTS
/* RULE W-HAL-3: A plain load of mapped device memory is not emulated, and the report says so. */
TEST(W_HAL_3_plain_load, .code = OWN_RULE, .p1 = ANY, .rule = "W-HAL-3")
{
    begin();
    static ULONG volatile seen;
    seen = *(volatile ULONG *)base;
}
#endif

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    chance_now.value_count[LANE_HARDWARE] = 4;
    memset(chance_now.value[LANE_HARDWARE], 1, 4); /* delay what is posted */
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_HAL_1_widths), cmocka_unit_test(W_HAL_2_posted_writes), cmocka_unit_test(W_HAL_4_mapping), cmocka_unit_test(W_HAL_4_memory), cmocka_unit_test(V_HAL_1_paged), cmocka_unit_test(V_HAL_1_behind_memory), cmocka_unit_test(V_HAL_1_range),
        cmocka_unit_test(V_HAL_1_beyond), cmocka_unit_test(V_HAL_1_executable), cmocka_unit_test(V_HAL_1_unmap_irql),
        cmocka_unit_test(V_HAL_1_map_irql), cmocka_unit_test(V_HAL_2_stop), cmocka_unit_test(V_HAL_2_twice), cmocka_unit_test(V_HAL_2_size),
        cmocka_unit_test(V_HAL_3_register), cmocka_unit_test(W_HAL_3_address), cmocka_unit_test(V_HAL_4_asleep), cmocka_unit_test(W_POW_12_registers), cmocka_unit_test(V_POW_9_in_dx), cmocka_unit_test(V_POW_9_port_in_d3), cmocka_unit_test(V_HAL_5_alignment),
        cmocka_unit_test(V_HAL_5_port), cmocka_unit_test(W_HAL_8_pulled),
#if UNIT_CATCHES_FAULTS
        cmocka_unit_test(W_HAL_3_plain_load),
#endif
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
