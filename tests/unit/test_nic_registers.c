/* Registers of the kinds, widths, resets, the EEPROM and the PHY, configuration space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

/* RULE N-2-1: any width reads the same bytes; eight bytes are two dwords; memory and ports are one file; beyond it reads zero */
static void widths(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w32(4, 0x12345678);
    assert_int_equal(r8(5), 0x56);
    assert_int_equal(r16(6), 0x1234);
    assert_int_equal(device_read(&card.model, 0, 0, 8), 0x1234567800000000ull);
    assert_int_equal(device_read(&card.model, NIC_WINDOW_PORTS, 4, 4), 0x12345678);
    device_write(&card.model, NIC_WINDOW_PORTS, 6, 2, 0xABCD);
    assert_int_equal(r32(4), 0xABCD5678);
    assert_int_equal(r32(0x40), 0);
    w32(0x40, 5);
    w32(0xFFC, 5);
    assert_int_equal(r32(0x40), 0);
    assert_int_equal(device_read(&card.model, NIC_WINDOW_FLASH, 0, 4), 0xFFFFFFFF);
}

/* RULE N-2-1: PORT and MDI act when their last byte is written, whatever the width */
static void last_byte_triggers(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w8(3, 1);
    w16(8, 2), w8(0x0A, 0);
    assert_int_equal(r8(3), 1);
    w8(0x0B, 0);
    pass(20);
    assert_int_equal(r8(3), 0);
    w8(0x10, 0), w8(0x11, 0), w8(0x12, 0x22);
    pass(30);
    assert_int_equal(r16(0x10), 0);
    w8(0x13, 0x08);
    pass(30);
    assert_int_equal(r16(0x10), 0x02A8);
}

/* RULE N-C-0: the kinds have the registers of their time */
static void registers_of_the_kinds(void **state)
{
    (void)state;
    for (enum nic_kind kind = NIC_82557; kind <= NIC_82559; kind++) {
        nic_world(kind);
        w8(3, 0xFD);
        assert_int_equal(r8(3), kind == NIC_82557 ? 0x01 : 0xFD);
        w8(0x18, 0x11), w8(0x19, 0xFF), w8(0x1C, 0xFF);
        assert_int_equal(r8(0x18), kind == NIC_82557 ? 0 : 0x11);
        assert_int_equal(r8(0x19), kind == NIC_82557 ? 0 : 7);
        assert_int_equal(r8(0x1C), kind == NIC_82559 ? 3 : 0);
        assert_int_equal(r8(0x1D), kind == NIC_82559 ? 7 : 0);
        assert_int_equal(nic_config_read(&card, 8, 1), kind == NIC_82557 ? 2 : kind == NIC_82558 ? 5 : 8);
        assert_int_equal(nic_config_read(&card, 0x34, 1), kind == NIC_82557 ? 0 : 0xDC);
        assert_int_equal(nic_config_read(&card, 0x2C, 4), kind == NIC_82557 ? 0 : 0x000E8086);
    }
}

/* RULE N-2-0: while a PORT function runs the registers read as after a reset and writes are lost; a reserved function is ignored */
static void port_runs(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w32(4, 77);
    w32(8, 0x100001);
    assert_int_equal(r32(8), 0x100001);
    assert_int_equal(r32(4), 0);
    w8(3, 1);
    w32(4, 55);
    pass(2000);
    assert_int_equal(r32(8), 0);
    assert_int_equal(r8(3), 0);
    assert_int_equal(r32(4), 0);
    w32(8, 2);
    w32(4, 55);
    pass(20);
    assert_int_equal(r32(4), 0);
    w8(3, 1);
    w32(8, 5);
    assert_int_equal(r32(8), 0);
    assert_int_equal(r8(3), 1);
    assert_int_equal(card.violations[NIC_V_PORT_FUNCTION], 1);
    nic_config_write(&card, 4, 2, 3);
    set16(0x100000, 0);
    w32(8, 0x100001);
    pass(2000);
    assert_int_equal(m16(0x100000), 0);
    nic_config_write(&card, 4, 2, 7);
    assert_int_equal(m32(0x100000), 0x04F4518B);
    assert_int_equal(r32(8), 0);
}

/* RULE N-15-0: what a selective reset keeps and a software reset does not; the PHY is touched by neither */
static void what_resets_keep(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    execute(3, "06 00 01 00 5e 00 00 01");
    command(0x104000, 0x40);
    command(0x1000, 0x60);
    card.counters[3] = 9;
    w32(0x10, 0x043B0005);
    pass(30);
    w32(8, 2);
    pass(20);
    assert_int_equal(card.cu.base, 0x1000);
    assert_int_equal(card.counters[3], 9);
    assert_int_equal(card.dump_address, 0x104000);
    assert_int_equal(card.hash[4], 1 << 6);
    assert_int_equal(card.configuration[15], 0x68);
    assert_int_equal(card.individual[5], 0x56);
    card.individual[5] = 1;
    w32(8, 0);
    pass(20);
    assert_int_equal(card.cu.base, 0);
    assert_int_equal(card.counters[3], 0);
    assert_int_equal(card.dump_address, 0);
    assert_int_equal(card.hash[4], 0);
    assert_int_equal(card.configuration[15], 0xC8);
    assert_int_equal(card.individual[5], 0x56);
    assert_int_equal(card.phy.reg[27], 5);
    nic_reset(&card);
    assert_int_equal(card.phy.reg[27], 0);
    assert_int_equal(nic_config_read(&card, 4, 2), 0);
    card.kind = NIC_82558, card.settings.individual_from_eeprom = false;
    nic_reset(&card);
    assert_int_equal(card.individual[0], 0xFF);
}

/* ---- EEPROM ---- */

static void pins(unsigned value) { w8(0x0E, value); }
static void bit_out(unsigned bit) { pins(2 | bit << 2), pins(3 | bit << 2), pins(2 | bit << 2); }
static void bits_out(uint32_t value, unsigned n)
{
    while (n-- > 0)
        bit_out(value >> n & 1);
}

static uint32_t bits_in(unsigned n)
{
    uint32_t value = 0;
    while (n-- > 0) {
        pins(3);
        value = value << 1 | (r8(0x0E) >> 3 & 1);
        pins(2);
    }
    return value;
}

static uint32_t read_word(unsigned address)
{
    pins(0), pins(2);
    bits_out(6, 3), bits_out(address, 6);
    uint32_t value = bits_in(16);
    pins(0);
    return value;
}

static void write_word(unsigned address, uint32_t value)
{
    pins(0), pins(2);
    bits_out(5, 3), bits_out(address, 6), bits_out(value, 16);
    pins(0);
}

/* RULE N-11-0: writing has to be enabled, takes its time, which the part shows while it is selected, and replaces the word */
static void eeprom_writes(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    write_word(5, 0x1234);
    pass(5000);
    assert_int_equal(read_word(5), 0x0201);
    pins(2), bits_out(0x13, 5), bits_out(0, 4), pins(0);
    write_word(5, 0x1234);
    pins(2);
    assert_int_equal(r8(0x0E) & 8, 0);
    assert_int_equal(read_word(5), 0); /* busy: it hears nothing */
    pass(5000);
    pins(2);
    assert_int_equal(r8(0x0E) & 8, 8);
    assert_int_equal(read_word(5), 0x1234);
    pins(2), bits_out(7, 3), bits_out(5, 6), pins(0);
    pass(5000);
    assert_int_equal(read_word(5), 0xFFFF);
    pins(2), bits_out(0x10, 5), bits_out(0, 4), pins(0);
    write_word(5, 0x4321);
    pass(5000);
    assert_int_equal(read_word(5), 0xFFFF);
    assert_int_equal(read_word(2), 0x5634);
}

/* RULE N-11-0: a read goes on with the next word; leading zeros are no start; a clock that rises with chip select is none */
static void eeprom_reads(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    pins(3);
    pins(2);
    bits_out(0, 2), bits_out(6, 3), bits_out(1, 6);
    assert_int_equal(bits_in(16), 0x1200);
    assert_int_equal(bits_in(16), 0x5634);
    pins(0);
    assert_int_equal(r16(0x0E), 8);
    w16(0x0E, 0x4802);
    assert_int_equal(r16(0x0E), 0x000A);
    card.eeprom.address_bits = 8;
    nic_eeprom_seal(&card);
    pins(0), pins(2), bits_out(6, 3);
    for (unsigned i = 0; i < 7; i++) {
        bit_out(0);
        assert_int_equal(r8(0x0E) & 8, 8);
    }
    bit_out(0);
    assert_int_equal(r8(0x0E) & 8, 0);
}

/* ---- PHY ---- */

static uint32_t phy_read(unsigned reg)
{
    w32(0x10, 0x08200000 | reg << 16);
    pass(30);
    return r32(0x10) & 0xFFFF;
}

static void phy_write(unsigned reg, uint32_t value)
{
    w32(0x10, 0x04200000 | reg << 16 | value);
    pass(30);
}

/* RULE N-12-0: the loss of the link stays in register 1 until it is read; the negotiation takes its time and finds the best common mode */
static void link(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    assert_int_equal(phy_read(1), 0x782D);
    nic_plug_cable(&card, 0);
    nic_plug_cable(&card, 0x00A1);
    pass(1400000);
    assert_int_equal(card.phy.link, false);
    pass(200000);
    assert_int_equal(phy_read(1), 0x7829);
    assert_int_equal(phy_read(1), 0x782D);
    assert_int_equal(phy_read(5), 0x00A1);
    assert_int_equal(phy_read(6), 3);
    assert_int_equal(phy_read(16), 2);
    assert_int_equal(r8(0x1D), 3);
    phy_write(4, 0x0061);
    phy_write(0, 0x3200);
    pass(1600000);
    assert_int_equal(phy_read(16), 0);
    assert_int_equal(r8(0x1D), 1);
    phy_write(0, 0x2100); /* no negotiation */
    assert_int_equal(phy_read(1) & 0x24, 0);
    pass(100000);
    assert_int_equal(phy_read(1), 0x780D);
    assert_int_equal(phy_read(16), 3);
    phy_write(0, 0x8000);
    assert_int_equal(phy_read(0), 0x3000);
    assert_int_equal(phy_read(4), 0x05E1);
}

/* RULE N-12-0: only the writable bits of a PHY register change */
static void phy_registers(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    for (unsigned reg = 1; reg < 32; reg++)
        phy_write(reg, 0xFFFF);
    assert_int_equal(phy_read(2), 0x02A8);
    assert_int_equal(phy_read(3), 0x0154);
    assert_int_equal(phy_read(4), 0xA7FF);
    assert_int_equal(phy_read(17), 0xFBBF);
    assert_int_equal(phy_read(27), 7);
    assert_int_equal(phy_read(28), 0);
    card.phy.reg[20] = 5;
    assert_int_equal(phy_read(20), 5);
    assert_int_equal(phy_read(20), 0);
    w32(0x10, 0x08220000);
    w32(0x10, 0x08230000);
    assert_int_equal(card.violations[NIC_V_MDI_PENDING], 1);
    w32(0x10, 0x00001234);
    assert_int_equal(r32(0x10), 0x10001234);
}

/* ---- Configuration space ---- */

/* RULE N-1-1: reserved bits stay, status bits are cleared by ones, the cache line takes two values */
static void configuration_space(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    nic_config_write(&card, 4, 2, 0xFFFF);
    assert_int_equal(nic_config_read(&card, 4, 2), 0x0157);
    nic_config_write(&card, 0, 4, 0);
    assert_int_equal(nic_config_read(&card, 0, 4), 0x12298086);
    nic_config_write(&card, 0x0C, 1, 0x08);
    assert_int_equal(nic_config_read(&card, 0x0C, 1), 0x08);
    nic_config_write(&card, 0x0C, 1, 0x18);
    assert_int_equal(nic_config_read(&card, 0x0C, 1), 0);
    nic_config_write(&card, 0x3C, 1, 11);
    assert_int_equal(nic_config_read(&card, 0x3C, 4), 0x1808010B);
    nic_config_write(&card, 0x30, 4, 0xFFFFFFFF);
    assert_int_equal(nic_config_read(&card, 0x30, 4), 0xFFF00001);
    nic_world(NIC_82557);
    nic_config_write(&card, 4, 2, 0xFFFF);
    assert_int_equal(nic_config_read(&card, 4, 2), 0x0147);
    nic_config_write(&card, 0x14, 4, 0xFFFFFFFF);
    assert_int_equal(nic_config_read(&card, 0x14, 4), 0xFFFFFFE1);
    assert_int_equal(nic_config_read(&card, 0xE0, 2), 0);
    assert_int_equal(nic_config_read(&card, 0x10, 1) & 8, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths), cmocka_unit_test(last_byte_triggers), cmocka_unit_test(registers_of_the_kinds), cmocka_unit_test(port_runs), cmocka_unit_test(what_resets_keep),
        cmocka_unit_test(eeprom_writes), cmocka_unit_test(eeprom_reads), cmocka_unit_test(link), cmocka_unit_test(phy_registers), cmocka_unit_test(configuration_space)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
