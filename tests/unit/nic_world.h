/*
 * A card on a bench, without a driver: memory of its own, a wire whose frames are kept, and short names for what a test does to it.
 *
 *     nic_world(NIC_82559);          a card with power, windows placed, bus mastering on, link up
 *     w32(0x08, 0); pass(20);        registers (memory window); time in microseconds
 *     put(0x101000, "00 00 01 80");  memory; m16(0x101000) reads it
 *
 * Test code must include cmocka.h before this.
 */
#ifndef TESTS_UNIT_NIC_WORLD_H
#define TESTS_UNIT_NIC_WORLD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nic/nic.h"

#define WORLD_BASE 0x100000u
#define WORLD_SIZE 0x20000u
#define US 10u

static struct nic card;
static uint8_t world_memory[WORLD_SIZE], sent_frame[4096];
static uint32_t sent_size;
static unsigned sent_frames, pme_edges, memory_writes;

static inline uint8_t *world_at(uint64_t address, uint32_t size)
{
    return address >= WORLD_BASE && address + size <= WORLD_BASE + WORLD_SIZE ? world_memory + (address - WORLD_BASE) : NULL;
}

static bool world_read(void *context, uint64_t address, void *to, uint32_t size)
{
    (void)context;
    uint8_t *p = world_at(address, size);
    if (p)
        memcpy(to, p, size);
    return p;
}

static bool world_write(void *context, uint64_t address, const void *from, uint32_t size)
{
    (void)context;
    uint8_t *p = world_at(address, size);
    memory_writes++;
    if (p)
        memcpy(p, from, size);
    return p;
}

static void world_transmit(void *context, const void *frame, uint32_t size)
{
    (void)context;
    memcpy(sent_frame, frame, size);
    sent_size = size;
    sent_frames++;
}

static void world_pme(void *context)
{
    (void)context;
    pme_edges++;
}

static inline uint32_t r8(uint32_t offset) { return (uint32_t)device_read(&card.model, 0, offset, 1); }
static inline uint32_t r16(uint32_t offset) { return (uint32_t)device_read(&card.model, 0, offset, 2); }
static inline uint32_t r32(uint32_t offset) { return (uint32_t)device_read(&card.model, 0, offset, 4); }
static inline void w8(uint32_t offset, uint32_t value) { device_write(&card.model, 0, offset, 1, value); }
static inline void w16(uint32_t offset, uint32_t value) { device_write(&card.model, 0, offset, 2, value); }
static inline void w32(uint32_t offset, uint32_t value) { device_write(&card.model, 0, offset, 4, value); }
static inline uint32_t m16(uint32_t address) { return world_at(address, 2)[0] | (uint32_t)world_at(address, 2)[1] << 8; }
static inline uint32_t m32(uint32_t address) { return m16(address) | m16(address + 2) << 16; }
static inline void pass(uint32_t microseconds) { clock_pass(microseconds * US); }

static inline void set16(uint32_t address, uint32_t value)
{
    world_at(address, 2)[0] = (uint8_t)value;
    world_at(address, 2)[1] = (uint8_t)(value >> 8);
}

/* Bytes in hexadecimal. */
static inline void put(uint32_t address, const char *bytes)
{
    for (char *end; *bytes; bytes = end) {
        *world_at(address++, 1) = (uint8_t)strtoul(bytes, &end, 16);
        while (*end == ' ')
            end++;
    }
}

static inline void nic_world_bare(enum nic_kind kind)
{
    static const struct nic_host host = {NULL, world_read, world_write, world_transmit, world_pme};
    clock_begin();
    device_models_begin();
    memset(world_memory, 0, sizeof world_memory);
    sent_size = sent_frames = pme_edges = memory_writes = 0;
    nic_init(&card, kind, &host);
    nic_reset(&card);
    device_plug(&card.model);
}

static inline void nic_world(enum nic_kind kind)
{
    nic_world_bare(kind);
    nic_config_write(&card, 0x10, 4, 0xE0000000);
    nic_config_write(&card, 0x14, 4, 0xC000);
    nic_config_write(&card, 0x04, 2, 7);
    clock_pass(2 * CLOCK_SECOND);
}

/* ---- What drivers do ---- */

static inline void command(uint32_t pointer, uint32_t byte)
{
    w32(0x04, pointer);
    w8(0x02, byte);
    pass(2);
}

/* A block at 101000 with EL; what follows its link. */
static inline void execute(uint32_t opcode, const char *parameters)
{
    put(0x101000, "00 00 00 80 ff ff ff ff");
    set16(0x101002, 0x8000 | opcode);
    if (parameters)
        put(0x101008, parameters);
    command(0x101000, 0x10);
    pass(20);
    w8(0x01, 0xFF);
}

#define DIRECTED_BROADCAST "16 88 00 00 00 00 32 03 01 00 2e 00 60 00 f2 68 00 40 f2 80 3f 05"

static inline void set_up(void)
{
    w8(0x03, 1);
    command(0, 0x60);
    command(0, 0x06);
    execute(1, "52 54 00 12 34 56");
    execute(2, DIRECTED_BROADCAST);
}

/* One RFD at 11000a. */
static inline void one_rfd(uint32_t command_word, uint32_t size)
{
    put(0x11000a, "00 00 00 00 0a 08 11 00 ff ff ff ff 00 00 00 00");
    set16(0x11000c, command_word);
    set16(0x110018, size);
    command(0x11000a, 0x01);
}

static inline uint32_t make_frame(uint8_t *frame, const char *destination, uint32_t type, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        frame[i] = (uint8_t)(i * 7 + 1);
    for (unsigned i = 0; i < 6; i++)
        frame[i] = (uint8_t)strtoul(destination + 3 * i, NULL, 16);
    if (size >= 14)
        frame[12] = (uint8_t)(type >> 8), frame[13] = (uint8_t)type;
    return size;
}

#define US_ADDRESS "52:54:00:12:34:56"
#define ALL_ADDRESS "ff:ff:ff:ff:ff:ff"

static inline void frame_in(const char *destination, uint32_t type, uint32_t size)
{
    uint8_t frame[4096];
    nic_receive(&card, frame, make_frame(frame, destination, type, size));
}

#endif
