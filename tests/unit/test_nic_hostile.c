/* A card that wakes machines, and one that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

/* ---- Power and wake ---- */

static void sleep_in(unsigned state, bool enable) { nic_config_write(&card, 0xE0, 2, state | (enable ? 0x100 : 0)); }
static bool woken(void) { return nic_config_read(&card, 0xE0, 2) & 0x8000; }

/* RULE N-14-3: loaded filters wake from a sleep: our address, an ARP for us, a pattern; the packet is kept and can be dumped */
static void filters(void **state)
{
    (void)state;
    uint8_t frame[60];
    nic_world(NIC_82559);
    set_up();
    execute(8, "0a 01 00 48 00 00 00 c2"); /* ARP for x.x.1.10; our address */
    assert_int_equal(card.wake.filters, 2);
    sleep_in(2, true);
    frame_in("52:54:00:aa:aa:aa", 0x800, 60);
    assert_false(woken());
    make_frame(frame, ALL_ADDRESS, 0x0806, 60);
    frame[21] = 1, frame[40] = 0x0A, frame[41] = 0x02;
    nic_receive(&card, frame, 60);
    assert_false(woken());
    frame[41] = 0x01;
    nic_receive(&card, frame, 60);
    assert_true(woken());
    assert_int_equal(pme_edges, 1);
    sleep_in(0, true);
    assert_int_equal(r8(0x1B) & 0x20, 0x20);
    w8(0x1B, 0x21);
    assert_false(woken());
    w32(8, 0x105007);
    pass(20);
    assert_int_equal(m32(0x105000), 0xA000);
    assert_int_equal(m32(0x105004), 60);
    assert_memory_equal(world_at(0x105008, 60), frame, 60);
    sleep_in(3, true);
    nic_receive(&card, frame, 60);
    assert_true(woken());
}

/* RULE N-14-3: a pattern is compared by the signature of the bytes that its mask selects */
static void pattern(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    put(0x101008, "00 00 00 80 00 30 00 00"); /* bytes 12 and 13 of the packet */
    uint32_t signature = (0x88u << 1) ^ 0xB5u << 8;
    *world_at(0x101008, 1) = (uint8_t)signature, *world_at(0x101009, 1) = (uint8_t)(signature >> 8);
    execute(8, NULL);
    assert_int_equal(card.wake.filters, 2);
    sleep_in(3, true);
    frame_in("52:54:00:aa:aa:aa", 0x88B6, 60);
    assert_false(woken());
    frame_in("52:54:00:aa:aa:aa", 0x88B5, 60);
    assert_true(woken());
}

/* RULE N-14-2: a magic packet is six ones and our address 16 times, wherever it stands in a frame, and not a byte less */
static void magic(void **state)
{
    (void)state;
    uint8_t frame[160];
    nic_world(NIC_82559);
    set_up();
    for (unsigned at = 14; at < 40; at++)
        for (unsigned cut = 0; cut < 2; cut++) {
            make_frame(frame, US_ADDRESS, 0x88B5, sizeof frame);
            memset(frame + at - 2, 0xFF, 2 + 6); /* more ones than needed */
            for (unsigned i = 0; i < 16; i++)
                memcpy(frame + at + 6 + 6 * i, card.individual, 6);
            card.pmdr = 0;
            nic_receive(&card, frame, at + 6 + 16 * 6 - cut);
            assert_int_equal(card.pmdr >> 6 & 1, !cut);
        }
}

/* RULE N-14-2: a link change wakes if configured; PME# is asserted only if enabled and drops with either bit; the 82557 has none of it */
static void link_change(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    nic_plug_cable(&card, 0);
    assert_false(woken());
    execute(2, "16 88 00 00 00 00 32 03 01 20 2e 00 60 00 f2 68 00 40 f2 80 3f 05");
    nic_plug_cable(&card, 0x45E1);
    pass(2000000);
    assert_true(woken());
    assert_int_equal(r8(0x1B), 0x81);
    assert_int_equal(pme_edges, 0);
    nic_config_write(&card, 0xE0, 2, 0x0100);
    assert_int_equal(pme_edges, 1);
    nic_config_write(&card, 0xE0, 2, 0x8000);
    assert_false(card.wake.pme);
    nic_world(NIC_82557);
    nic_config_write(&card, 0xE0, 2, 3);
    assert_int_equal(r32(0), 0);
}

/* RULE N-14-1: in D1 to D3 the registers are hidden and the units stopped; D1 keeps the windows; D3 without PME turns the PHY off */
static void power_states(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    one_rfd(0, 1514);
    sleep_in(1, false);
    assert_int_equal(r32(0), 0xFFFFFFFF);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0);
    sleep_in(0, false);
    assert_int_equal(r32(0), 0);
    assert_int_equal(card.configuration[15], 0x68);
    assert_true(card.phy.link);
    sleep_in(3, true);
    assert_true(card.phy.link);
    sleep_in(3, false);
    assert_false(card.phy.link);
    sleep_in(0, false);
    assert_int_equal(card.configuration[15], 0xC8);
    pass(2000000);
    assert_true(card.phy.link);
}

/* ---- Lies ---- */

static uint32_t lie_offset, lie_value, lie_field;
static enum nic_fate lie_fate;
static uint32_t lying_read(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    (void)context, (void)width;
    return offset == lie_offset ? lie_value : benign;
}

static uint32_t lying_field(void *context, enum nic_field field, uint32_t address, uint32_t benign)
{
    (void)context, (void)address;
    return field == lie_field ? lie_value : benign;
}

static enum nic_fate lying_command(void *context, uint8_t byte)
{
    (void)context, (void)byte;
    return lie_fate;
}

static enum nic_fate lying_completion(void *context, enum nic_field field, uint32_t address)
{
    (void)context, (void)field, (void)address;
    return lie_fate;
}

/* RULE N-B-36: any register may be made to answer otherwise, and any field that the card writes */
static void answers(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    card.override.register_read = lying_read;
    lie_offset = 0x10, lie_value = 0xDEADBEEF;
    assert_int_equal(r32(0x10), 0xDEADBEEF);
    assert_int_equal(r32(0x04), 0x101000);
    card.override.register_read = NULL;
    card.override.config_read = lying_read;
    lie_offset = 0x0E;
    assert_int_equal(nic_config_read(&card, 0x0E, 1), 0xEF);
    card.override.field = lying_field;
    lie_field = NIC_FIELD_RFD_COUNT, lie_value = 0xFFFF;
    one_rfd(0, 1514);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x110016), 0xFFFF);
    assert_int_equal(m16(0x11000a), 0xA020);
    lie_field = NIC_FIELD_BLOCK_STATUS, lie_value = 0x8000;
    execute(0, NULL);
    assert_int_equal(m16(0x101000), 0x8000);
    lie_field = NIC_FIELD_COUNTER_MAGIC, lie_value = 0xA005;
    command(0x104000, 0x40);
    command(0, 0x70);
    pass(10);
    assert_int_equal(m32(0x104040), 0xA005);
    lie_field = NIC_FIELD_SELF_TEST, lie_value = 0;
    w32(8, 0x100001);
    pass(2000);
    assert_int_equal(m32(0x100000), 0);
}

/* RULE N-B-2: a command may never be accepted, or be accepted and not executed */
static void commands(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    card.override.command = lying_command;
    lie_fate = NIC_HELD;
    execute(0, NULL);
    assert_int_equal(r8(2), 0x10);
    assert_int_equal(m16(0x101000), 0);
    lie_fate = NIC_LOST;
    execute(0, NULL);
    assert_int_equal(r8(2), 0);
    assert_int_equal(m16(0x101000), 0);
    lie_fate = NIC_DONE;
    execute(0, NULL);
    assert_int_equal(m16(0x101000), 0xA000);
}

/* RULE N-B-19: a completion may be lost, come late, or twice, after the driver took its block back */
static void completions(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    card.override.completion = lying_completion;
    lie_fate = NIC_LOST;
    execute(0, NULL);
    assert_int_equal(m16(0x101000), 0);
    lie_fate = NIC_LATE;
    execute(0, NULL);
    assert_int_equal(m16(0x101000), 0);
    pass(1000);
    assert_int_equal(m16(0x101000), 0xA000);
    lie_fate = NIC_TWICE;
    execute(0, NULL);
    assert_int_equal(m16(0x101000), 0xA000);
    set16(0x101000, 0);
    pass(1000);
    assert_int_equal(m16(0x101000), 0xA000);
}

/* RULE N-B-10: STAT bits without a cause, bits that come back, a line that ignores its mask or never rises */
static void interrupts(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    nic_hostile_stat(&card, 0x42);
    assert_true(nic_line(&card));
    w8(1, 0xFF);
    assert_false(nic_line(&card));
    nic_hostile_stuck(&card, 0x40, 0);
    w8(1, 0xFF);
    assert_int_equal(r8(1), 0x40);
    assert_true(nic_line(&card));
    w8(3, 1);
    assert_false(nic_line(&card));
    nic_hostile_ignore_mask(&card, true);
    assert_true(nic_line(&card));
    nic_hostile_silence(&card, true);
    assert_false(nic_line(&card));
    nic_hostile_stuck(&card, 0, 0);
    w8(1, 0xFF);
    assert_int_equal(r8(1), 0);
}

/* RULE N-B-16: completions of what nobody issued, bytes anywhere, at any time */
static void unsolicited(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    nic_config_write(&card, 4, 2, 0);
    nic_hostile_block(&card, 0x102000, 0xA000);
    assert_int_equal(m16(0x102000), 0xA000);
    nic_hostile_rfd(&card, 0x11000a, 0xFFFF, 0xA020, "abc", 3);
    assert_int_equal(m16(0x11000a), 0xA020);
    assert_int_equal(m16(0x110016), 0xFFFF);
    assert_memory_equal(world_at(0x11001a, 3), "abc", 3);
    nic_hostile_write(&card, 0x103000, "wxyz", 4);
    assert_memory_equal(world_at(0x103000, 4), "wxyz", 4);
}

/* RULE N-B-4: a unit may stop and go on later */
static void freezing(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    nic_hostile_freeze(&card, NIC_FROZEN_CU | NIC_FROZEN_MDI | NIC_FROZEN_RU);
    put(0x101000, "00 00 00 80");
    command(0x101000, 0x10);
    w32(0x10, 0x08220000);
    one_rfd(0, 1514);
    frame_in(US_ADDRESS, 0x800, 60);
    pass(1000);
    assert_int_equal(r8(0), 0x90);
    assert_int_equal(r32(0x10) >> 28, 0);
    assert_int_equal(m16(0x11000a), 0);
    nic_hostile_freeze(&card, NIC_FROZEN_COMMAND);
    pass(20);
    assert_int_equal(m16(0x101000), 0xA000);
    assert_int_equal(r32(0x10) & 0xFFFF, 0x02A8);
    w8(2, 0x04);
    pass(100);
    assert_int_equal(r8(2), 4);
    nic_hostile_freeze(&card, NIC_FROZEN_PORT);
    assert_int_equal(r8(2), 0);
    w32(8, 2);
    pass(1000);
    assert_int_equal(r32(8), 2);
    nic_hostile_freeze(&card, 0);
    assert_int_equal(r32(8), 0);
}

/* RULE N-B-1: pulled out: all ones from everywhere, nothing moves, the line falls */
static void gone(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    w8(3, 2);
    one_rfd(0, 1514);
    put(0x101000, "00 00 00 80");
    command(0x101000, 0x10);
    nic_hostile_gone(&card);
    assert_false(nic_line(&card));
    assert_int_equal(r32(0), 0xFFFFFFFF);
    assert_int_equal(r8(0x0E), 0xFF);
    assert_int_equal(nic_config_read(&card, 0, 2), 0xFFFF);
    memory_writes = 0;
    pass(5000);
    frame_in(US_ADDRESS, 0x800, 60);
    w32(8, 0x100001);
    pass(5000);
    assert_int_equal(memory_writes, 0);
    uint32_t pointer = card.general_pointer, mask = card.mask;
    w32(4, ~pointer);
    w8(3, mask ? 0 : 1);
    assert_true(card.general_pointer == pointer && card.mask == mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters), cmocka_unit_test(pattern), cmocka_unit_test(magic), cmocka_unit_test(link_change), cmocka_unit_test(power_states), cmocka_unit_test(answers),
        cmocka_unit_test(commands), cmocka_unit_test(completions), cmocka_unit_test(interrupts), cmocka_unit_test(unsolicited), cmocka_unit_test(freezing), cmocka_unit_test(gone)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
