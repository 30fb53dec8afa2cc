/* What a driver of the e100 kind does from power to traffic, register by register, as the manual and real boards answer. The steps stand on one another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

static uint32_t rx_rfd0(const char *command_and_size)
{
    put(0x11000a, "00 00 00 80 ff ff ff ff ff ff ff ff 00 00 00 00");
    put(0x110018, command_and_size);
    command(0x11000a, 0x01);
    return r16(0);
}

/* RULE N-A-0: configuration space: identification, sizes of the windows, capability, and nothing decodes before the command register says so */
static void pci(void **state)
{
    (void)state;
    nic_world_bare(NIC_82559);
    assert_int_equal(nic_config_read(&card, 0x00, 4), 0x12298086);
    assert_int_equal(nic_config_read(&card, 0x04, 4), 0x02900000);
    assert_int_equal(nic_config_read(&card, 0x08, 4), 0x02000008);
    for (unsigned bar = 0; bar < 3; bar++)
        nic_config_write(&card, 0x10 + 4 * bar, 4, 0xFFFFFFFF);
    assert_int_equal(nic_config_read(&card, 0x10, 4), 0xFFFFF000);
    assert_int_equal(nic_config_read(&card, 0x14, 4), 0xFFFFFFC1);
    assert_int_equal(nic_config_read(&card, 0x18, 4), 0xFFF00000);
    assert_int_equal(nic_config_read(&card, 0x2C, 4), 0x000E8086);
    assert_int_equal(nic_config_read(&card, 0x34, 1), 0xDC);
    assert_int_equal(nic_config_read(&card, 0x3C, 4), 0x18080100);
    assert_int_equal(nic_config_read(&card, 0xDC, 4), 0x7E210001);
    nic_config_write(&card, 0x10, 4, 0xE0000000);
    nic_config_write(&card, 0x14, 4, 0xC001);
    assert_int_equal(r32(0), 0xFFFFFFFF);
    nic_config_write(&card, 0x04, 2, 0x0007);
    assert_int_equal(nic_config_read(&card, 0x04, 2), 7);
    assert_int_equal(nic_config_read(&card, 0x10, 4), 0xE0000000);
    assert_int_equal(nic_config_read(&card, 0x14, 4), 0xC001);
    unsigned window;
    uint32_t offset;
    assert_ptr_equal(device_model_at(0xE0000010, 4, false, &window, &offset), &card.model);
    assert_int_equal(offset, 0x10);
    assert_ptr_equal(device_model_at(0xC00E, 2, true, &window, &offset), &card.model);
    assert_int_equal(window, NIC_WINDOW_PORTS);
}

static void reset(void)
{
    assert_int_equal(r32(0x00), 0);
    assert_int_equal(r32(0x04), 0);
    assert_int_equal(r32(0x08), 0);
    assert_int_equal(r32(0x0C), 0x00080002);
    assert_int_equal(r32(0x10), 0x10000000);
    assert_int_equal(r32(0x14), 0);
    w32(0x08, 2);
    assert_int_equal(r32(0x08), 2);
    pass(20);
    assert_int_equal(r32(0x08), 0);
    w32(0x08, 0);
    pass(20);
    assert_int_equal(r32(0x08), 0);
    assert_int_equal(r8(0x03), 0);
    w8(0x03, 1);
    assert_int_equal(r8(0x03), 1);
    assert_int_equal(r16(0), 0);
    assert_false(nic_line(&card));
}

static void self_test(void)
{
    put(0x100000, "00 00 00 00 ff ff ff ff");
    w32(0x08, 0x100001);
    pass(5000);
    assert_int_equal(m32(0x100000), 0x04F4518B);
    assert_int_equal(m32(0x100004), 0);
    assert_int_equal(r8(0x03), 0);
    assert_int_equal(r16(0), 0);
    w8(0x03, 1);
}

/* ---- EEPROM, the word accesses of a driver that waits after each ---- */

static void eeprom_write(uint32_t pins)
{
    w16(0x0E, pins);
    pass(100);
}

static void eeprom_out(unsigned bit)
{
    eeprom_write(2 | bit << 2);
    eeprom_write(3 | bit << 2);
    eeprom_write(2 | bit << 2);
}

static uint32_t eeprom_word(unsigned address, unsigned bits)
{
    uint32_t value = 0;
    eeprom_write(2);
    eeprom_out(1), eeprom_out(1), eeprom_out(0);
    for (unsigned i = bits; i-- > 0;)
        eeprom_out(address >> i & 1);
    for (unsigned i = 0; i < 16; i++) {
        eeprom_write(3);
        value = value << 1 | (r16(0x0E) >> 3 & 1);
        eeprom_write(2);
    }
    eeprom_write(0), eeprom_write(1), eeprom_write(0);
    return value;
}

static void eeprom(void)
{
    assert_int_equal(r16(0x0E), 8);
    eeprom_write(2);
    eeprom_out(1), eeprom_out(1), eeprom_out(0);
    eeprom_write(2);
    unsigned bits = 0;
    do {
        eeprom_write(2), eeprom_write(3), eeprom_write(2);
        bits++;
    } while ((r16(0x0E) & 8) && bits < 20);
    assert_int_equal(bits, 6);
    for (unsigned i = 0; i < 16; i++) {
        eeprom_write(3);
        assert_int_equal(r16(0x0E) >> 3 & 1, 0x5452 >> (15 - i) & 1);
        eeprom_write(2);
    }
    eeprom_write(0), eeprom_write(1), eeprom_write(0);
    assert_int_equal(r16(0x0E), 8);
    uint32_t sum = 0;
    for (unsigned i = 0; i < 64; i++)
        sum += eeprom_word(i, 6);
    assert_int_equal(sum & 0xFFFF, 0xBABA);
    assert_int_equal(eeprom_word(0, 6), 0x5452);
    assert_int_equal(eeprom_word(1, 6), 0x1200);
    assert_int_equal(eeprom_word(2, 6), 0x5634);
}

static void bases_and_address(void)
{
    command(0, 0x60);
    assert_int_equal(r8(0x02), 0);
    command(0, 0x06);
    assert_int_equal(r8(0x02), 0);
    assert_int_equal(r16(0), 0);
    put(0x101000, "00 00 01 80 ff ff ff ff 52 54 00 12 34 56");
    w32(0x04, 0x101000);
    w8(0x02, 0x10);
    assert_int_equal(r8(0x02), 0x10);
    pass(10);
    assert_int_equal(r8(0x02), 0);
    assert_int_equal(m16(0x101000), 0xA000);
    assert_int_equal(m16(0x101002), 0x8001);
    assert_int_equal(r16(0), 0x2000);
    assert_false(nic_line(&card));
    w16(0, 0x2000);
    assert_int_equal(r16(0), 0);
}

static void configure(void)
{
    put(0x101000, "00 00 02 80 ff ff ff ff " DIRECTED_BROADCAST);
    command(0x101000, 0x10);
    pass(10);
    assert_int_equal(m16(0x101000), 0xA000);
    assert_int_equal(r16(0), 0x2000);
    w16(0, 0xFF00);
    assert_int_equal(r16(0), 0);
}

static void receive_start(void)
{
    put(0x11000a, "00 00 00 00 0a 08 11 00 ff ff ff ff 00 00 ea 05");
    put(0x11080a, "00 00 00 80 ff ff ff ff ff ff ff ff 00 00 ea 05");
    command(0x11000a, 0x01);
    assert_int_equal(r8(0x02), 0);
    assert_int_equal(r16(0), 0x0010);
    assert_int_equal(r32(0x14), 0x5E8);
}

static void fill(uint32_t address, uint32_t size, unsigned seed)
{
    for (uint32_t i = 0; i < size; i++)
        *world_at(address + i, 1) = (uint8_t)(seed + 3 * i);
}

static void transmit_first(void)
{
    fill(0x107000, 60, 1);
    put(0x106000, "00 70 10 00 3c 00 00 00");
    put(0x102000, "00 00 0c 40 00 21 10 00 00 60 10 00 00 00 c8 01");
    command(0x102000, 0x10);
    pass(20);
    assert_int_equal(sent_frames, 1);
    assert_int_equal(sent_size, 60);
    assert_memory_equal(sent_frame, world_at(0x107000, 60), 60);
    assert_int_equal(m16(0x102000), 0xA000);
    assert_int_equal(r16(0), 0x2050);
    w8(0x03, 0);
    assert_true(nic_line(&card));
    w8(0x03, 1);
    assert_false(nic_line(&card));
    w16(0, 0x2000);
    assert_int_equal(r16(0), 0x0050);
    w8(0x03, 0);
    assert_false(nic_line(&card));
}

static void transmit_appended(void)
{
    fill(0x107100, 14, 9);
    fill(0x10720d, 100, 77);
    put(0x106040, "00 71 10 00 0e 00 00 00 0d 72 10 00 64 00 00 00");
    put(0x102100, "00 00 0c 40 00 22 10 00 40 60 10 00 00 00 c8 02");
    set16(0x102002, 0x000C);
    w8(0x02, 0x20);
    pass(30);
    assert_int_equal(sent_size, 114);
    assert_memory_equal(sent_frame, world_at(0x107100, 14), 14);
    assert_memory_equal(sent_frame + 14, world_at(0x10720d, 100), 100);
    assert_int_equal(m16(0x102100), 0xA000);
    assert_int_equal(r16(0), 0x2050);
    assert_true(nic_line(&card));
    w16(0, 0x2000);
    assert_false(nic_line(&card));
}

static void transmit_more(void)
{
    w8(0x02, 0x20); /* S is still set there */
    pass(30);
    assert_int_equal(sent_frames, 2);
    assert_int_equal(r16(0), 0x0050);
    assert_int_equal(r8(0x02), 0);
    fill(0x107300, 20, 5);
    put(0x106080, "00 73 10 00 14 00 00 00");
    put(0x102200, "00 00 0c 40 00 23 10 00 80 60 10 00 00 00 c8 01");
    set16(0x102102, 0x000C);
    w8(0x02, 0x20);
    pass(30);
    assert_int_equal(sent_frames, 3);
    assert_int_equal(sent_size, 60);
    for (unsigned i = 20; i < 60; i++)
        assert_int_equal(sent_frame[i], card.settings.pad_byte);
    assert_int_equal(m16(0x102200), 0xA000);
    assert_int_equal(r16(0), 0x2050);
    put(0x103000, "00 00 00 a0 ff ff ff ff");
    command(0x103000, 0x10);
    pass(20);
    assert_int_equal(m16(0x103000), 0xA000);
    assert_int_equal(r16(0), 0xA010);
    w16(0, 0xA000);
    w8(0x02, 0x20);
    pass(20);
    assert_int_equal(r16(0), 0x0010);
}

static void receive_two(void)
{
    uint8_t frame[60];
    make_frame(frame, US_ADDRESS, 0x0800, 60);
    nic_receive(&card, frame, 60);
    assert_int_equal(m16(0x11000a), 0xA020);
    assert_int_equal(m16(0x110016), 0xC03C);
    assert_memory_equal(world_at(0x11001a, 60), frame, 60);
    assert_int_equal(r16(0), 0x4010);
    assert_true(nic_line(&card));
    w16(0, 0x4000);
    assert_int_equal(r16(0), 0x0010);
    frame_in(ALL_ADDRESS, 0x0806, 60);
    assert_int_equal(m16(0x11080a), 0xA022);
    assert_int_equal(m16(0x110816), 0xC03C);
    assert_int_equal(r16(0), 0x5008);
    frame_in(US_ADDRESS, 0x0800, 60);
    assert_int_equal(r16(0), 0x5008);
    w16(0, 0x5000);
    assert_int_equal(r16(0), 0x0008);
}

static void receive_refused(void)
{
    uint8_t frame[2000];
    frame_in("52:54:00:aa:aa:aa", 0x0800, 60);
    assert_int_equal(rx_rfd0("ea 05"), 0x0010);
    frame_in(US_ADDRESS, 0x0800, 30);
    make_frame(frame, US_ADDRESS, 0x0800, 60);
    nic_receive_bad(&card, frame, 60, NIC_BAD_CHECKSUM);
    frame_in(US_ADDRESS, 0x0800, 1515);
    assert_int_equal(r16(0), 0x0010);
    w8(0x02, 0x04);
    pass(2);
    assert_int_equal(r16(0), 0x1000);
    w16(0, 0x1000);
    assert_int_equal(rx_rfd0("28 00"), 0x0010);
    fill(0x11001a, 100, 0);
    uint8_t behind = *world_at(0x11001a + 40, 1);
    frame_in(US_ADDRESS, 0x0800, 60);
    assert_int_equal(m16(0x11000a), 0x8220);
    assert_int_equal(m16(0x110016), 0xC028);
    assert_int_equal(*world_at(0x11001a + 40, 1), behind);
    assert_int_equal(r16(0), 0x5008);
    w16(0, 0x5000);
    rx_rfd0("00 00");
    frame_in(US_ADDRESS, 0x0800, 60);
    assert_int_equal(m16(0x11000a), 0);
    assert_int_equal(r16(0), 0x1008);
    w16(0, 0x1000);
}

static void statistics(void)
{
    memset(world_at(0x104000, 0x80), 0xEE, 0x80);
    command(0x104000, 0x40);
    set16(0x104040, 0);
    uint32_t before = r16(0);
    w8(0x02, 0x70);
    pass(10);
    assert_int_equal(m32(0x104040), 0xA007);
    for (unsigned i = 0; i < 16; i++) {
        uint32_t expected = i == 0 ? 3 : i == 9 ? 2 : i == 10 ? 1 : i == 12 ? 3 : i == 15 ? 1 : 0;
        assert_int_equal(m32(0x104000 + 4 * i), expected);
    }
    assert_int_equal(m32(0x104044), 0xEEEEEEEE);
    assert_int_equal(r16(0), before);
    w8(0x02, 0x70);
    pass(10);
    assert_int_equal(m32(0x104000), 0);
    w8(0x02, 0x50);
    pass(10);
    assert_int_equal(m32(0x104040), 0xA005);
    execute(2, "16 88 00 00 00 00 12 03 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 05");
    w8(0x02, 0x50);
    pass(10);
    assert_int_equal(m32(0x10404C), 0xA005);
    execute(2, "16 88 00 00 00 00 36 03 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 05");
    w8(0x02, 0x50);
    pass(10);
    assert_int_equal(m32(0x104050), 0xA005);
    assert_int_equal(m32(0x104054), 0xEEEEEEEE);
    execute(2, DIRECTED_BROADCAST);
}

/* RULE N-A-1: after a selective and a software reset the registers are at their first values and interrupts are enabled */
/* RULE N-A-2: the self-test writes its signature and a zero, and ends like a software reset */
/* RULE N-A-3: the EEPROM tells its size by the dummy zero and its words add up to BABA */
/* RULE N-A-5: a list of one block: the status, its command word untouched, CNA, and no interrupt while M is set */
/* RULE N-A-7: a receive start shows the size of the RFD in the byte count */
/* RULE N-A-8: transmit: one frame, one appended by moving S, a resume on S, a short frame, a NOP with I, a resume while idle */
/* RULE N-A-9: receive: ours, broadcast, no room, not ours, short, bad checksum, long, truncated, a parked end of the ring */
/* RULE N-A-10: the statistics of all that, in their three layouts */
static void from_power_to_traffic(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    reset();
    self_test();
    eeprom();
    bases_and_address();
    configure();
    receive_start();
    transmit_first();
    transmit_appended();
    transmit_more();
    receive_two();
    receive_refused();
    statistics();
    for (unsigned v = 0; v < NIC_VIOLATIONS; v++)
        if (card.violations[v])
            fail_msg("violation %u, %u times", v, card.violations[v]);
}

static void cause_cna(void) { put(0x101000, "00 00 00 80 ff ff ff ff"); command(0x101000, 0x10); pass(20); }

/* RULE N-A-11: STAT latches whatever the masks, the line follows both; an acknowledgement clears the bits it names */
static void interrupt_logic(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    w8(3, 0);
    w8(3, 2);
    assert_int_equal(r8(1), 4);
    assert_true(nic_line(&card));
    assert_int_equal(r8(3), 0);
    w8(1, 8);
    assert_int_equal(r8(1), 4);
    w8(1, 4);
    assert_int_equal(r8(1), 0);
    assert_false(nic_line(&card));
    w8(3, 3);
    assert_int_equal(r8(1), 4);
    assert_false(nic_line(&card));
    w8(3, 0);
    assert_true(nic_line(&card));
    w8(1, 0xFF);
    assert_false(nic_line(&card));
    w8(3, 0x20);
    cause_cna();
    assert_int_equal(r8(1), 0x20);
    assert_false(nic_line(&card));
    w8(3, 0);
    assert_true(nic_line(&card));
    one_rfd(0x8000, 1514);
    frame_in(US_ADDRESS, 0x800, 60);
    w8(1, 0x10);
    assert_int_equal(r8(1), 0x60);
    w8(1, 0x20);
    assert_int_equal(r8(1), 0x40);
    assert_true(nic_line(&card));
    cause_cna();
    w8(3, 0x40);
    w8(1, 0x20);
    assert_int_equal(r8(1), 0x40);
    assert_false(nic_line(&card));
    cause_cna();
    w32(4, 0x101000);
    set16(0x101000, 0);
    w32(0, 0x00106000);
    assert_int_equal(r8(1), 0);
    assert_int_equal(r8(3), 0);
    pass(20);
    assert_int_equal(m16(0x101000), 0xA000);
    assert_true(nic_line(&card));
}

static void wait_mdi(uint32_t value) { w32(0x10, value); pass(26); }

/* RULE N-A-12: an MDI cycle takes its time, answers with the PHY's registers or with ones, and interrupts if asked */
static void mdi(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w32(0x10, 0x08210000);
    assert_int_equal(r32(0x10) >> 28 & 1, 0);
    pass(26);
    assert_int_equal(r32(0x10), 0x1821782D);
    wait_mdi(0x08220000);
    assert_int_equal(r32(0x10), 0x182202A8);
    wait_mdi(0x08230000);
    assert_int_equal(r32(0x10), 0x18230154);
    wait_mdi(0x08300000);
    assert_int_equal(r32(0x10), 0x18300003);
    wait_mdi(0x08410000);
    assert_int_equal(r32(0x10), 0x1841FFFF);
    assert_int_equal(r16(0), 0);
    wait_mdi(0x28210000);
    assert_int_equal(r8(1), 8);
    wait_mdi(0x04203200);
    wait_mdi(0x08200000);
    assert_int_equal(r32(0x10) & 0xFFFF, 0x3000);
    wait_mdi(0x08210000);
    assert_int_equal(r32(0x10) & 0xFFFF, 0x7809);
    wait_mdi(0x08210000);
    assert_int_equal(r32(0x10) & 0xFFFF, 0x7809);
    pass(1500000);
    wait_mdi(0x08210000);
    assert_int_equal(r32(0x10) & 0xFFFF, 0x782D);
}

static bool accepted(const char *address)
{
    one_rfd(0x8000, 1514);
    frame_in(address, 0x0800, 60);
    bool yes = m16(0x11000a) == 0xA022;
    w8(2, 4);
    pass(2);
    w8(1, 0xFF);
    return yes;
}

/* RULE N-A-13: multicast set-up takes whole addresses only, clears the hash first, and accepts what hashes to a set bit */
static void multicast(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    execute(3, "08 00 01 00 5e 00 00 01 01 00");
    assert_int_equal(m16(0x101000), 0xA000);
    assert_int_equal(card.hash[38 >> 3], 1 << (38 & 7));
    assert_true(accepted("01:00:5e:00:00:01"));
    assert_false(accepted("01:00:5e:00:00:fb"));
    execute(3, "00 00");
    assert_false(accepted("01:00:5e:00:00:01"));
}

/* RULE N-A-14: an abort leaves ready with RNR, once; a selective reset keeps the set-up, a software reset does not */
static void abort_and_reset(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    one_rfd(0x8000, 1514);
    w8(2, 4);
    pass(2);
    assert_int_equal(r8(0) & 0x3C, 0);
    assert_int_equal(r8(1), 0x10);
    w8(1, 0x10);
    w8(2, 4);
    pass(2);
    assert_int_equal(r8(1), 0);
    w32(8, 2);
    pass(20);
    assert_int_equal(r16(0), 0);
    assert_int_equal(r8(3), 0);
    one_rfd(0x8000, 1514);
    frame_in(US_ADDRESS, 0x0800, 60);
    assert_int_equal(m16(0x11000a), 0xA020);
    w32(8, 0);
    pass(20);
    one_rfd(0x8000, 1514);
    frame_in(US_ADDRESS, 0x0800, 60);
    assert_int_equal(m16(0x11000a), 0);
}

/* RULE N-A-15: D3 silences the card and hides its registers; leaving it resets the inside and the windows; a magic packet asserts PME# there */
static void d3(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w8(3, 2);
    assert_true(nic_line(&card));
    nic_config_write(&card, 0xE0, 2, 3);
    assert_false(nic_line(&card));
    assert_int_equal(r32(0), 0xFFFFFFFF);
    assert_int_equal(nic_config_read(&card, 0x10, 4), 0xE0000000);
    nic_config_write(&card, 0xE0, 2, 0);
    assert_int_equal(nic_config_read(&card, 0x10, 4), 0);
    assert_int_equal(nic_config_read(&card, 0x04, 2), 0);
    nic_config_write(&card, 0x04, 2, 7);
    assert_int_equal(r32(0), 0);
    pass(2000000);
    nic_config_write(&card, 0xE0, 2, 0x0103);
    uint8_t frame[200];
    make_frame(frame, US_ADDRESS, 0x0842, 200);
    memset(frame + 20, 0xFF, 6);
    for (unsigned i = 0; i < 16; i++)
        memcpy(frame + 26 + 6 * i, frame, 6);
    nic_receive(&card, frame, 200);
    assert_int_equal(nic_config_read(&card, 0xE0, 2) & 0x81FF, 0x8103);
    assert_int_equal(pme_edges, 1);
    assert_true(card.wake.pme);
    nic_config_write(&card, 0xE0, 2, 0x8100);
    assert_false(card.wake.pme);
    nic_config_write(&card, 0x04, 2, 7);
    assert_int_equal(r8(0x1B), 0x40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pci), cmocka_unit_test(from_power_to_traffic), cmocka_unit_test(interrupt_logic), cmocka_unit_test(mdi), cmocka_unit_test(multicast),
        cmocka_unit_test(abort_and_reset), cmocka_unit_test(d3)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
