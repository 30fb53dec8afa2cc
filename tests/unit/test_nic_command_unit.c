/* The command byte and the walk over a list of command blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

#define BLOCK 0x102000u

static void block(unsigned n, uint32_t command_word)
{
    uint32_t at = BLOCK + 0x40 * n, link = at + 0x40;
    put(at, "00 00 00 00 00 00 00 00");
    set16(at + 2, command_word);
    set16(at + 4, link);
    set16(at + 6, link >> 16);
}

static bool done(unsigned n) { return m16(BLOCK + 0x40 * n) == 0xA000; }

/* RULE N-4-1: a list runs over its links until EL; each block is marked complete, CNA comes once, at the end */
static void list_runs_to_its_end(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0), block(1, 0x2000), block(2, 0x8000), block(3, 0);
    command(BLOCK, 0x10);
    assert_int_equal(r8(0), 0x80);
    pass(4);
    assert_true(done(0));
    assert_int_equal(r8(1), 0);
    pass(5);
    assert_true(done(1));
    assert_int_equal(r8(1), 0x80);
    pass(5);
    assert_true(done(2));
    assert_int_equal(r16(0), 0xA000);
    pass(100);
    assert_false(done(3));
    assert_int_equal(r8(0), 0);
}

/* RULE N-4-1: a start while active is ignored; from suspended it forgets the list */
static void start_in_each_state(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0), block(1, 0x4000), block(2, 0x8000), block(3, 0x8000);
    command(BLOCK, 0x10);
    command(BLOCK + 0xC0, 0x10);
    assert_int_equal(card.violations[NIC_V_CU_ACTIVE], 1);
    pass(100);
    assert_true(done(1));
    assert_false(done(3));
    assert_int_equal(r16(0), 0x2040);
    w8(1, 0xFF);
    command(BLOCK + 0xC0, 0x10);
    pass(100);
    assert_true(done(3));
    assert_false(done(2));
    assert_int_equal(r16(0), 0x2000);
}

/* RULE N-4-1: a resume from suspended reads S of the last block again, goes on at the link as it was read before, and stays if S still stands */
static void resume_reads_s_again(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0x4000), block(1, 0x8000), block(2, 0x8000);
    command(BLOCK, 0x10);
    pass(20);
    w8(1, 0xFF);
    command(0, 0x20);
    pass(20);
    assert_int_equal(r16(0), 0x0040);
    set16(BLOCK + 2, 0);
    set16(BLOCK + 4, BLOCK + 0x80); /* too late */
    command(0, 0x20);
    pass(20);
    assert_true(done(1));
    assert_false(done(2));
    assert_int_equal(r16(0), 0x2000);
}

/* RULE N-4-1: a resume that comes while active is kept for the next block that suspends, and dropped by one that does not */
static void resume_while_active(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0x4000), block(1, 0x4000), block(2, 0x8000);
    command(BLOCK, 0x10);
    set16(BLOCK + 2, 0);
    command(0, 0x20);
    assert_int_equal(r8(0), 0x80);
    pass(2);
    assert_true(done(0));
    assert_int_equal(r16(0), 0x0080); /* went on, no CNA */
    pass(20);
    assert_true(done(1));
    assert_int_equal(r16(0), 0x2040);
    w8(1, 0xFF);
    block(0, 0), block(1, 0x4000), block(2, 0x8000);
    command(BLOCK, 0x10);
    command(0, 0x20);
    pass(2);
    set16(BLOCK + 0x42, 0); /* S is gone when the second ends, but nobody asks */
    pass(20);
    assert_int_equal(r16(0), 0x2040);
}

/* RULE N-4-1: a static resume does not look at S; the 82557 has none; in idle both resumes do nothing */
static void static_resume(void **state)
{
    (void)state;
    for (enum nic_kind kind = NIC_82557; kind <= NIC_82559; kind++) {
        nic_world(kind);
        set_up();
        command(0, 0xA0);
        command(0, 0x20);
        assert_int_equal(r16(0), 0);
        block(0, 0x4000), block(1, 0x8000);
        command(BLOCK, 0x10);
        pass(20);
        command(0, 0xA0);
        pass(20);
        assert_int_equal(done(1), kind != NIC_82557);
    }
}

/* RULE N-6-1: with CI a suspension is silent, idle is not */
static void ci_instead_of_cna(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    execute(2, "16 88 00 00 00 00 3a 03 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 05");
    block(0, 0x4000), block(1, 0x8000);
    command(BLOCK, 0x10);
    pass(20);
    assert_int_equal(r16(0), 0x0040);
    set16(BLOCK + 2, 0);
    command(0, 0x20);
    pass(20);
    assert_int_equal(r16(0), 0x2000);
}

static void suspended_transmit(uint32_t delay)
{
    put(0x102000, "00 00 00 00 00 21 10 00 ff ff ff ff 14 80 c8 00");
    set16(0x102002, 0x4004 | delay << 8);
    command(0x102000, 0x10);
    pass(10);
}

/* RULE N-4-1: CNA of a transmit waits for its delay; a receive brings it with FR, a resume takes it back; the 82557 has no delay */
static void delayed_cna(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    suspended_transmit(10);
    assert_int_equal(r16(0), 0x0040);
    pass(80);
    assert_int_equal(r16(0), 0x2040);
    w8(1, 0xFF);
    one_rfd(0x8000, 1514);
    suspended_transmit(31);
    assert_int_equal(r8(1), 0);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(r8(1), 0x70);
    w8(1, 0xFF);
    suspended_transmit(31);
    put(0x102100, "00 00 00 40 00 22 10 00");
    command(0, 0xA0);
    pass(2);
    assert_int_equal(r8(1), 0);
    pass(1000);
    assert_int_equal(r8(1), 0x20); /* the second block's own */
    nic_world(NIC_82557);
    set_up();
    suspended_transmit(31);
    assert_int_equal(r8(1), 0x20);
}

/* RULE N-4-0: the command byte clears when the command is taken, the pointer is read then; a second write replaces the first; both units: RU first */
static void acceptance(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0x8000), block(1, 0x8000);
    w32(4, BLOCK);
    w8(2, 0x10);
    w32(4, BLOCK + 0x40);
    assert_int_equal(r8(2), 0x10);
    pass(1);
    assert_int_equal(r8(2), 0);
    pass(20);
    assert_false(done(0));
    assert_true(done(1));
    w8(2, 0x10);
    w8(2, 0x20);
    assert_int_equal(card.violations[NIC_V_COMMAND_PENDING], 1);
    pass(20);
    w32(4, 0x110000);
    w8(2, 0x66);
    pass(20);
    assert_int_equal(card.violations[NIC_V_TWO_COMMANDS], 1);
    assert_int_equal(card.ru.base, 0x110000);
    assert_int_equal(card.cu.base, 0x110000);
    w8(2, 0x80);
    pass(2);
    assert_int_equal(card.violations[NIC_V_RESERVED_COMMAND], 1);
    assert_int_equal(r8(2), 0);
    card.settings.accept = 0;
    w32(4, BLOCK - 0x110000);
    w8(2, 0x10);
    assert_int_equal(r8(2), 0);
    assert_int_equal(r8(0), 0x80);
    pass(20);
    assert_true(done(0));
}

/* RULE N-4-0: offsets are added to the base and wrap at 32 bits */
static void base_and_offset(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0x8000);
    command(0xFFF00000, 0x60);
    command(BLOCK + 0x100000, 0x10);
    pass(20);
    assert_true(done(0));
    command(0, 0x60);
    put(BLOCK, "00 00 00 00");
    block(0, 0x8000);
    command(BLOCK + 1, 0x10);
    pass(20);
    assert_true(done(0));
    assert_int_equal(card.violations[NIC_V_ODD_ADDRESS], 1);
}

/* RULE N-6-0: each opcode completes well; the IPCB of a later chip does not; filters exist on the 82559 alone */
static void opcodes(void **state)
{
    (void)state;
    static const uint8_t fine[] = {0, 5, 6, 7, 8, 13, 15};
    nic_world(NIC_82559);
    set_up();
    for (unsigned i = 0; i < sizeof fine; i++) {
        put(0x101008, "00 50 10 00");
        execute(fine[i], NULL);
        assert_int_equal(m16(0x101000), 0xA000);
    }
    execute(9, NULL);
    assert_int_equal(m16(0x101000), 0x8000);
    assert_int_equal(card.violations[NIC_V_BLOCK_TYPE], 1);
    execute(8, "34 12 00 ca");
    assert_int_equal(card.wake.filters, 1);
    nic_world(NIC_82558);
    set_up();
    execute(8, "34 12 00 ca");
    assert_int_equal(m16(0x101000), 0xA000);
    assert_int_equal(card.wake.filters, 0);
}

/* RULE N-6-1: a configuration shorter than eight bytes counts as eight, a longer one than 22 as 22; what is beyond the count stays */
static void configure_counts(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    execute(2, "02 11 22 00 00 00 36 07 77 77");
    assert_int_equal(card.configuration[1], 0x11);
    assert_int_equal(card.configuration[7], 0x07);
    assert_int_equal(card.configuration[8], 0x01);
    execute(2, "20 88 00 00 00 00 32 03 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 0d aa bb");
    assert_int_equal(card.configuration[21], 0x0D);
    execute(2, "0a 00 00 00 00 00 32 03 01 20 55 55");
    assert_int_equal(card.configuration[9], 0x20);
    assert_int_equal(card.configuration[10], 0x2E);
}

/* RULE N-6-3: the dump area holds configuration, address, hash and the counters from the last to the first; by PORT with its mark behind */
static void dump_area(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    execute(3, "06 00 01 00 5e 00 00 01");
    card.counters[0] = 0x11, card.counters[15] = 0x22;
    memset(world_at(0x105000, 0x300), 0xEE, 0x300);
    execute(6, "00 50 10 00");
    assert_memory_equal(world_at(0x105018, 14), card.configuration + 8, 14);
    assert_memory_equal(world_at(0x105027, 6), card.individual, 6);
    assert_memory_equal(world_at(0x10503F, 8), card.hash, 8);
    assert_int_equal(m32(0x105000 + 4 * 38), 0x22);
    assert_int_equal(m32(0x105000 + 4 * 53), 0x11);
    assert_int_equal(m32(0x105000 + 592), 0);
    assert_int_equal(m32(0x105000 + 596), 0xEEEEEEEE);
    w32(8, 0x105003);
    assert_int_equal(r32(8), 0x105003);
    pass(20);
    assert_int_equal(m32(0x105000 + 596), 0xA006);
    assert_memory_equal(world_at(0x105027, 6), card.individual, 6);
}

/* RULE N-16-0: without bus mastering the unit waits and goes on when it is let; nobody at an address reads as ones, and PCI status tells */
static void bus_errors(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0x8000);
    nic_config_write(&card, 4, 2, 3);
    command(BLOCK, 0x10);
    assert_int_equal(r8(2), 0);
    pass(1000);
    assert_int_equal(r8(0), 0x80);
    assert_false(done(0));
    nic_config_write(&card, 4, 2, 7);
    pass(20);
    assert_true(done(0));
    assert_int_equal(nic_config_read(&card, 6, 2) & 0x2000, 0);
    w8(1, 0xFF);
    command(0x900000, 0x10);
    pass(20);
    assert_int_equal(r16(0), 0xA000); /* ones: a diagnose with I and EL */
    assert_int_equal(nic_config_read(&card, 6, 2) & 0x2000, 0x2000);
    nic_config_write(&card, 6, 2, 0x2000);
    assert_int_equal(nic_config_read(&card, 6, 2) & 0x2000, 0);
}

/* RULE N-4-1: a list that ends nowhere runs on, and time with it */
static void endless_list(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    block(0, 0);
    set16(BLOCK + 4, BLOCK & 0xFFFF);
    memory_writes = 0;
    command(BLOCK, 0x10);
    pass(498);
    assert_int_equal(memory_writes, 99);
    w32(8, 2);
    pass(1000);
    assert_int_equal(memory_writes, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_runs_to_its_end), cmocka_unit_test(start_in_each_state), cmocka_unit_test(resume_reads_s_again), cmocka_unit_test(resume_while_active),
        cmocka_unit_test(static_resume), cmocka_unit_test(ci_instead_of_cna), cmocka_unit_test(delayed_cna), cmocka_unit_test(acceptance), cmocka_unit_test(base_and_offset),
        cmocka_unit_test(opcodes), cmocka_unit_test(configure_counts), cmocka_unit_test(dump_area), cmocka_unit_test(bus_errors), cmocka_unit_test(endless_list)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
