/* Frames from the wire: addresses, errors, descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

static void configure_bytes(unsigned at, uint8_t value)
{
    char text[80] = DIRECTED_BROADCAST;
    text[3 * at] = "0123456789abcdef"[value >> 4];
    text[3 * at + 1] = "0123456789abcdef"[value & 15];
    execute(2, text);
}

/* The status that a frame leaves in a fresh RFD; 0: none. */
static uint32_t status_of(const char *address, uint32_t type, uint32_t size, unsigned bad)
{
    uint8_t frame[4096];
    command(0, 0x04);
    one_rfd(0, 4000);
    nic_receive_bad(&card, frame, make_frame(frame, address, type, size), bad);
    w8(1, 0xFF);
    return m16(0x11000a);
}

/* RULE N-13-2: the multicast hash is six bits of the checksum of the address */
static void hash(void **state)
{
    (void)state;
    static const struct { const char *address; unsigned index; } known[] = {
        {"01:00:5e:00:00:01", 38}, {"01:00:5e:00:00:fb", 8}, {"01:80:c2:00:00:01", 62}, {"33:33:00:00:00:01", 46}, {"33:33:ff:12:34:56", 18}, {"01:00:5e:7f:ff:fa", 63},
        {"ff:ff:ff:ff:ff:ff", 31}
    };
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t address[6];
        make_frame(address, known[i].address, 0, 6);
        assert_int_equal(nic_hash_index(address), known[i].index);
    }
}

/* RULE N-13-1: ours, broadcast, multicast by hash or all, a hashed individual one, promiscuous; each with its bits of the status */
static void addresses(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, 0), 0xA020);
    assert_int_equal(status_of(ALL_ADDRESS, 0x800, 60, 0), 0xA022);
    assert_int_equal(status_of("01:00:5e:00:00:01", 0x800, 60, 0), 0);
    assert_int_equal(status_of("52:54:00:aa:aa:aa", 0x800, 60, 0), 0);
    configure_bytes(21, 0x0D);
    assert_int_equal(status_of("01:00:5e:00:00:01", 0x800, 60, 0), 0xA022);
    configure_bytes(15, 0x6A);
    assert_int_equal(status_of(ALL_ADDRESS, 0x800, 60, 0), 0);
    configure_bytes(15, 0x69);
    assert_int_equal(status_of("52:54:00:aa:aa:aa", 0x800, 60, 0), 0xA026);
    assert_int_equal(status_of("01:00:5e:00:00:01", 0x800, 60, 0), 0xA026);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, 0), 0xA020);
    configure_bytes(15, 0x78); /* the bit for local administration is ignored */
    assert_int_equal(status_of("50:54:00:12:34:56", 0x800, 60, 0), 0xA020);
    configure_bytes(20, 0x7F);
    assert_int_equal(status_of("52:54:00:aa:aa:aa", 0x800, 60, 0), 0);
    execute(3, "06 00 52 54 00 aa aa aa");
    assert_int_equal(status_of("52:54:00:aa:aa:aa", 0x800, 60, 0), 0xA022);
}

/* RULE N-8-0: bit 5 tells a type field from a length field; zero is a type */
static void type_and_length(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    assert_int_equal(status_of(US_ADDRESS, 1500, 60, 0), 0xA000);
    assert_int_equal(status_of(US_ADDRESS, 1501, 60, 0), 0xA020);
    assert_int_equal(status_of(US_ADDRESS, 0, 60, 0), 0xA020);
}

/* RULE N-13-3: short, misaligned and damaged frames count, one error for each, whatever the state; they are kept only if the driver wants bad frames */
static void bad_frames(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    assert_int_equal(status_of(US_ADDRESS, 0x800, 30, NIC_BAD_CHECKSUM), 0);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_CHECKSUM | NIC_BAD_ALIGNMENT), 0);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_CHECKSUM), 0);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_OVERRUN), 0);
    assert_int_equal(card.counters[15], 1);
    assert_int_equal(card.counters[11], 1);
    assert_int_equal(card.counters[10], 1);
    assert_int_equal(card.counters[13], 1);
    uint8_t frame[60];
    command(0, 0x04);
    nic_receive_bad(&card, frame, make_frame(frame, US_ADDRESS, 0x800, 60), NIC_BAD_CHECKSUM);
    assert_int_equal(card.counters[10], 2);
    execute(2, "16 88 00 00 00 00 b2 02 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 05");
    assert_int_equal(status_of(US_ADDRESS, 0x800, 30, 0), 0x80A0);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_CHECKSUM), 0x8820);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_SYMBOL), 0x8030);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, NIC_BAD_OVERRUN), 0x8120);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 1515, 0), 0x8020);
    assert_int_equal(card.counters[9], 0);
    configure_bytes(18, 0xFA);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 1514, 0), 0xA020);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 1515, 0), 0xA020);
    nic_world(NIC_82557);
    set_up();
    configure_bytes(18, 0xFA);
    assert_int_equal(status_of(US_ADDRESS, 0x800, 1515, 0), 0);
}

/* RULE N-8-0: padding is stripped, or the checksum stored behind, or the sum of the payload (82559), if the driver asked for it */
static void tails(void **state)
{
    (void)state;
    static const uint8_t check[] = {0x26, 0x39, 0xF4, 0xCB};
    nic_world(NIC_82559);
    set_up();
    configure_bytes(18, 0xF3);
    status_of(US_ADDRESS, 20, 60, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 34);
    status_of(US_ADDRESS, 0x800, 60, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 60);
    configure_bytes(18, 0xF7);
    status_of(US_ADDRESS, 20, 60, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 64);
    configure_bytes(9, 1);
    status_of(US_ADDRESS, 0x800, 60, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 62);
    uint32_t sum = 0;
    for (unsigned i = 14; i < 60; i += 2)
        sum += *world_at(0x11001a + i, 1) * 256u + *world_at(0x11001b + i, 1);
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    assert_int_equal(m16(0x11001a + 60), sum);
    /* the check value of "123456789" is known: 9 bytes, kept although short */
    execute(2, "16 88 00 00 00 00 b2 02 01 00 2e 00 60 00 f2 69 00 40 f6 80 3f 05");
    command(0, 0x04);
    one_rfd(0, 100);
    nic_receive(&card, "123456789", 9);
    assert_memory_equal(world_at(0x11001a + 9, 4), check, 4);
}

static unsigned count_at_status;
static bool order_write(void *context, uint64_t address, const void *from, uint32_t size)
{
    if (address == 0x11000a)
        count_at_status = m16(0x110016);
    return world_write(context, address, from, size);
}

/* RULE N-8-0: the count with EOF and F stands in memory before the status does */
static void order_of_writes(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    card.host.write = order_write;
    assert_int_equal(status_of(US_ADDRESS, 0x800, 60, 0), 0xA020);
    assert_int_equal(count_at_status, 0xC03C);
}

/* RULE N-5-0: S suspends with RNR, a resume goes on at the link; EL ends with no resources and wins over S; a start in ready is ignored */
static void states_of_the_unit(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    put(0x11080a, "00 00 00 c0 0a 00 11 00 ff ff ff ff 00 00 ea 05");
    one_rfd(0x4000, 1514);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(r16(0), 0x5004);
    w8(1, 0xFF);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(r16(0), 0x0004);
    assert_int_equal(card.counters[12], 0);
    command(0, 0x02);
    assert_int_equal(r16(0), 0x0010);
    command(0x11000a, 0x01);
    assert_int_equal(card.violations[NIC_V_RU_READY], 1);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11080a), 0xA020);
    assert_int_equal(r16(0), 0x5008);
    command(0, 0x02); /* not from no resources */
    assert_int_equal(r8(0), 0x08);
    w8(1, 0xFF);
    card.settings.rnr_on_drop = true;
    frame_in(US_ADDRESS, 0x800, 60);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(r8(1), 0x10);
    assert_int_equal(card.counters[12], 2);
    command(0, 0x04);
    assert_int_equal(r8(0), 0);
}

/* RULE N-5-0: a card that reads ahead does not see what the driver changes in the RFD that is next */
static void prefetch(void **state)
{
    (void)state;
    for (unsigned ahead = 0; ahead < 2; ahead++) {
        nic_world(NIC_82559);
        card.settings.rfd_prefetch = ahead;
        set_up();
        one_rfd(0, 1514);
        set16(0x11000c, 0x8000);
        frame_in(US_ADDRESS, 0x800, 60);
        assert_int_equal(r8(0), ahead ? 0x10 : 0x08);
    }
}

/* RULE N-16-0: without bus mastering a frame is lost as an overrun; frames into nowhere are lost with no resources */
static void bus_errors(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    one_rfd(0, 1514);
    nic_config_write(&card, 4, 2, 3);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(card.counters[13], 1);
    assert_int_equal(m16(0x11000a), 0);
    nic_config_write(&card, 4, 2, 7);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0xA020);
    command(0, 0x04);
    w8(1, 0xFF);
    command(0x900000, 0x01);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(r16(0), 0x5008);
}

/* RULE N-13-1: without a configuration, a link, or in isolation nothing comes in */
static void deaf_card(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    one_rfd(0, 1514);
    frame_in(ALL_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0);
    set_up();
    frame_in(ALL_ADDRESS, 0x800, 4);
    nic_plug_cable(&card, 0);
    frame_in(ALL_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0);
    nic_plug_cable(&card, 0x45E1);
    pass(2000000);
    frame_in(ALL_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0xA022);
    w32(0x10, 0x04203400);
    pass(30);
    one_rfd(0, 1514);
    frame_in(ALL_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11080a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash), cmocka_unit_test(addresses), cmocka_unit_test(type_and_length), cmocka_unit_test(bad_frames), cmocka_unit_test(tails),
        cmocka_unit_test(order_of_writes), cmocka_unit_test(states_of_the_unit), cmocka_unit_test(prefetch), cmocka_unit_test(bus_errors), cmocka_unit_test(deaf_card)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
