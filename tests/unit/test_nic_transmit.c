/* Transmit blocks: what becomes of them on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic_world.h"

static void bytes(uint32_t address, uint32_t size, unsigned seed)
{
    for (uint32_t i = 0; i < size; i++)
        *world_at(address + i, 1) = (uint8_t)(seed + 5 * i);
}

static void configure_bytes(unsigned at, uint8_t value)
{
    char text[80] = DIRECTED_BROADCAST;
    text[3 * at] = "0123456789abcdef"[value >> 4];
    text[3 * at + 1] = "0123456789abcdef"[value & 15];
    execute(2, text);
}

static void send(const char *block)
{
    put(0x102000, block);
    command(0x102000, 0x10);
    pass(400);
    w8(1, 0xFF);
}

/* RULE N-7-0: a simplified block sends its own bytes; a count of zero sends nothing and completes well */
static void simplified(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    bytes(0x102010, 100, 1);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_size, 100);
    assert_memory_equal(sent_frame, world_at(0x102010, 100), 100);
    assert_int_equal(m16(0x102000), 0xA000);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 00 80 c8 00");
    assert_int_equal(sent_frames, 1);
    assert_int_equal(m16(0x102000), 0xA000);
    assert_int_equal(card.violations[NIC_V_EMPTY_TRANSMIT], 1);
}

/* RULE N-7-0: a flexible block sends its own bytes, then its TBDs in order; empty ones add nothing; EL ends them but on the 82557 */
static void flexible(void **state)
{
    (void)state;
    for (enum nic_kind kind = NIC_82557; kind <= NIC_82559; kind++) {
        nic_world(kind);
        set_up();
        bytes(0x102010, 20, 1), bytes(0x107000, 200, 50);
        put(0x106000, "00 70 10 00 20 00 00 00 00 00 00 00 00 00 00 00 40 70 10 00 30 80 00 00 00 70 10 00 10 00 00 00");
        send("00 00 0c 80 00 21 10 00 00 60 10 00 14 00 c8 04");
        assert_int_equal(sent_size, 20 + 0x20 + 0x30 + (kind == NIC_82557 ? 0x10 : 0));
        assert_memory_equal(sent_frame, world_at(0x102010, 20), 20);
        assert_memory_equal(sent_frame + 20, world_at(0x107000, 0x20), 0x20);
        assert_memory_equal(sent_frame + 52, world_at(0x107040, 0x30), 0x30);
    }
}

/* RULE N-7-0: an extended block (82558 and later) holds two TBDs itself, further ones stand in the array, its own bytes behind both */
static void extended(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    configure_bytes(6, 0x22);
    bytes(0x107000, 300, 9), bytes(0x102020, 14, 3);
    put(0x102010, "00 70 10 00 3c 00 00 00 40 70 10 00 40 00 00 00");
    put(0x106000, "80 70 10 00 21 00 00 00");
    send("00 00 0c 80 00 21 10 00 00 60 10 00 00 00 c8 03");
    assert_int_equal(sent_size, 0x3C + 0x40 + 0x21);
    assert_memory_equal(sent_frame + 0x7C, world_at(0x107080, 0x21), 0x21);
    send("00 00 0c 80 00 21 10 00 10 20 10 00 00 00 c8 01");
    assert_int_equal(sent_size, 0x3C);
    send("00 00 0c 80 00 21 10 00 10 20 10 00 0e 00 c8 02");
    assert_int_equal(sent_size, 14 + 0x3C + 0x40);
    assert_memory_equal(sent_frame, world_at(0x102020, 14), 14);
    configure_bytes(6, 0x32);
    nic_world(NIC_82557);
    set_up();
    configure_bytes(6, 0x22);
    bytes(0x107000, 60, 9);
    put(0x106000, "00 70 10 00 3c 00 00 00");
    send("00 00 0c 80 00 21 10 00 00 60 10 00 00 00 c8 01");
    assert_int_equal(sent_size, 60); /* an 82557 has standard blocks only */
}

/* RULE N-7-0: the card inserts its own address and pads if it was told so; with NC the frame goes as it is, its last four bytes are the checksum */
static void source_and_padding(void **state)
{
    (void)state;
    for (enum nic_kind kind = NIC_82557; kind <= NIC_82559; kind++) {
        nic_world(kind);
        set_up();
        configure_bytes(10, 0x26);
        bytes(0x102010, 30, 1);
        send("00 00 04 80 00 21 10 00 ff ff ff ff 1e 80 c8 00");
        assert_int_equal(sent_size, 60);
        assert_memory_equal(sent_frame + 6, "\x52\x54\x00\x12\x34\x56", 6);
        assert_memory_equal(sent_frame + 12, world_at(0x102016, 24), 24);
        assert_int_equal(sent_frame[59], kind == NIC_82557 ? 0x7E : 0);
        configure_bytes(18, 0xF0);
        send("00 00 04 80 00 21 10 00 ff ff ff ff 1e 80 c8 00");
        assert_int_equal(sent_size, 30);
        put(0x102010, "31 32 33 34 35 36 37 38 39 26 39 f4 cb");
        sent_frames = 0;
        send("00 00 14 80 00 21 10 00 ff ff ff ff 0d 80 c8 00");
        assert_int_equal(sent_frames, 1);
        assert_int_equal(sent_size, 9);
        *world_at(0x102010, 1) ^= 1;
        send("00 00 14 80 00 21 10 00 ff ff ff ff 0d 80 c8 00");
        assert_int_equal(sent_frames, 1); /* a wrong checksum reaches nobody */
    }
}

/* RULE N-7-0: a block is complete when it was read, the frame has left and counts after its time on the wire; the third waits for room */
static void wire_time(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    for (unsigned i = 0; i < 3; i++) {
        put(0x102000 + 0x800 * i, "00 00 04 00 00 00 10 00 ff ff ff ff dc 85 c8 00");
        set16(0x102004 + 0x800 * i, 0x2800 + 0x800 * i);
        bytes(0x102010 + 0x800 * i, 1500, i);
    }
    set16(0x103002, 0x8004);
    command(0x102000, 0x10);
    pass(20);
    assert_int_equal(m16(0x102000), 0xA000);
    assert_int_equal(card.counters[0], 0);
    pass(40);
    assert_int_equal(m16(0x102800), 0xA000);
    assert_int_equal(m16(0x103000), 0);
    assert_int_equal(sent_frames, 0);
    pass(82);
    assert_int_equal(sent_frames, 1);
    assert_int_equal(card.counters[0], 1);
    pass(20);
    assert_int_equal(m16(0x103000), 0xA000);
    assert_int_equal(r8(0), 0);
    pass(300);
    assert_int_equal(sent_frames, 3);
    assert_int_equal(sent_frame[0], 2);
}

/* RULE N-6-1: before a configuration, with CSMA off, without a link nothing is sent, although blocks complete */
static void silent_card(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    w8(3, 1);
    bytes(0x102010, 100, 1);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(m16(0x102000), 0xA000);
    assert_int_equal(sent_frames, 0);
    set_up();
    configure_bytes(8, 0x81);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_frames, 0);
    configure_bytes(8, 0x01);
    nic_plug_cable(&card, 0);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_frames, 0);
}

/* RULE N-13-4: in loopback a frame goes through the filter into memory, nothing to the wire, and internally nothing comes from there */
static void loopback(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    configure_bytes(10, 0x6E);
    bytes(0x102010, 100, 1);
    memset(world_at(0x102010, 6), 0xFF, 6);
    one_rfd(0x8000, 1514);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_frames, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 100);
    assert_memory_equal(world_at(0x11001a, 100), world_at(0x102010, 100), 100);
    one_rfd(0x8000, 1514);
    frame_in(US_ADDRESS, 0x800, 60);
    assert_int_equal(m16(0x11000a), 0);
    configure_bytes(10, 0x2E);
    w32(0x10, 0x04207100); /* the PHY's own */
    pass(30);
    pass(2000000);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_frames, 0);
    assert_int_equal(m16(0x110016), 0xC000 | 100);
}

/* RULE N-7-0: what is longer than the card can hold is cut */
static void too_long(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    put(0x106000, "00 70 10 00 00 08 00 00 00 80 10 00 00 08 00 00");
    send("00 00 0c 80 00 21 10 00 00 60 10 00 00 00 c8 02");
    assert_int_equal(sent_size, NIC_FRAME_MAX);
    assert_int_equal(card.violations[NIC_V_LONG_TRANSMIT], 1);
}

/* RULE N-6-2: with dynamic TBDs one whose address is zero is looked at again until it is not */
static void dynamic_tbds(void **state)
{
    (void)state;
    nic_world(NIC_82559);
    set_up();
    configure_bytes(7, 0x83);
    bytes(0x107000, 100, 1);
    put(0x106000, "00 70 10 00 40 00 00 00 00 00 00 00 10 00 01 00");
    send("00 00 0c 80 00 21 10 00 00 60 10 00 00 00 c8 ff");
    assert_int_equal(m16(0x102000), 0);
    put(0x106008, "40 70 10 00");
    pass(50);
    assert_int_equal(m16(0x102000), 0xA000);
    assert_int_equal(sent_size, 0x50);
}

/* RULE N-13-5: a pause frame holds the next frame back for its time and interrupts; a pause of zero ends that; XOFF and XON send their own */
static void flow_control(void **state)
{
    (void)state;
    uint8_t frame[60];
    nic_world(NIC_82559);
    set_up();
    make_frame(frame, "01:80:c2:00:00:01", 0x8808, 60);
    frame[14] = 0, frame[15] = 1, frame[16] = 0, frame[17] = 100;
    nic_receive(&card, frame, 60);
    assert_int_equal(r8(1), 1);
    assert_int_equal(r8(0x1A), 8);
    assert_int_equal(card.counters[17], 1);
    bytes(0x102010, 100, 1);
    send("00 00 04 80 00 21 10 00 ff ff ff ff 64 80 c8 00");
    assert_int_equal(sent_frames, 0);
    pass(300);
    assert_int_equal(sent_frames, 1);
    assert_int_equal(r8(0x1A), 0);
    nic_receive(&card, frame, 60);
    frame[17] = 0;
    nic_receive(&card, frame, 60);
    assert_int_equal(r8(0x1A), 0);
    frame[15] = 2;
    nic_receive(&card, frame, 60);
    assert_int_equal(card.counters[18], 1);
    w8(0x1A, 2);
    assert_int_equal(sent_frames, 2);
    assert_int_equal(sent_frame[12], 0x88);
    assert_int_equal(sent_frame[16], 0x40);
    assert_int_equal(r8(0x1A) & 2, 2);
    w8(0x1A, 1);
    assert_int_equal(sent_frame[16], 0);
    assert_int_equal(r8(0x1A), 0);
    assert_int_equal(card.counters[16], 2);
    nic_world(NIC_82557);
    set_up();
    frame[15] = 1, frame[17] = 100;
    nic_receive(&card, frame, 60);
    assert_int_equal(r8(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simplified), cmocka_unit_test(flexible), cmocka_unit_test(extended), cmocka_unit_test(source_and_padding), cmocka_unit_test(wire_time),
        cmocka_unit_test(silent_card), cmocka_unit_test(loopback), cmocka_unit_test(too_long), cmocka_unit_test(dynamic_tbds), cmocka_unit_test(flow_control)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
