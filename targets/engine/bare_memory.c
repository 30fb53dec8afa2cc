/*
 * The memory of a card without a driver, and what is written there: command blocks, descriptors, frames. See bare.h.
 *
 * The memory is as large as it is said to be, to the byte: an allocation of its own, so that a sanitizer sees who runs over its end. A block and a descriptor have a place each; what does
 * not fit runs into the next one's, as it would in any memory.
 */
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "target.h"

enum { BLOCKS = 0, BLOCK_STEP = 0x100, RFDS = 0x1000, RFD_STEP = 0x800, ARRAYS = 0x9000, ARRAY_STEP = 0x80, BUFFERS = 0xA000, BUFFER_STEP = 0x400, RESULTS = 0xE000, RESULT_STEP = 0x200 };
enum { OP_INDIVIDUAL = 1, OP_CONFIGURE, OP_MULTICAST, OP_TRANSMIT, OP_DUMP = 6, OP_FILTERS = 8 };
enum { NO_ARRAY = 16 };

uint8_t *bare_memory;

void bare_memory_begin(void)
{
    if (!bare_memory)
        bare_memory = malloc(BARE_SIZE);
    if (bare_memory)
        memset(bare_memory, 0, BARE_SIZE);
}

static void put8(uint32_t address, uint8_t value)
{
    if (address - BARE_BASE < BARE_SIZE)
        bare_memory[address - BARE_BASE] = value;
}

static void put16(uint32_t address, uint32_t value) { put8(address, (uint8_t)value), put8(address + 1, (uint8_t)(value >> 8)); }
static void put32(uint32_t address, uint32_t value) { put16(address, value), put16(address + 2, value >> 16); }

static void put_bytes(uint32_t address, const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        put8(address + i, bytes[i]);
}

static uint32_t block_at(uint32_t slot) { return BARE_BASE + BLOCKS + slot * BLOCK_STEP; }
static uint32_t array_at(uint32_t slot) { return BARE_BASE + ARRAYS + slot * ARRAY_STEP; }
/* At an address that is 2 modulo 8, where drivers have them; or at one that is 0. */
static uint32_t rfd_at(uint32_t slot, bool even) { return BARE_BASE + RFDS + slot * RFD_STEP + (even ? 0 : 2); }

uint32_t bare_place(const struct record *r)
{
    uint32_t slot = card_field(r, "slot"), off = (uint32_t)(int16_t)card_field(r, "off");
    switch (card_field(r, "of")) {
    case AT_BLOCK: return block_at(slot) + off;
    case AT_RFD: return rfd_at(slot, false) + off;
    case AT_ARRAY: return array_at(slot) + off;
    case AT_BUFFER: return BARE_BASE + BUFFERS + slot * BUFFER_STEP + off;
    case AT_RESULT: return BARE_BASE + RESULTS + slot * RESULT_STEP + off;
    case AT_END: return BARE_BASE + BARE_SIZE - 16 + slot + off;
    case AT_NOWHERE: return slot << 28 | (off & 0x00FFFFFF);
    default: return off;
    }
}

/* ---- Command blocks ---- */

static void put_individual(uint32_t at, const struct record *r)
{
    static const uint8_t own[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    put_bytes(at + 8, own, 6);
    put8(at + 13, (uint8_t)(0x56 ^ card_field(r, "data")));
}

/* What a driver would say, but for up to three bytes: m says one of them, data two more (which it is, and its value in the byte behind). n: the count, 0 the usual one. */
static void put_configuration(uint32_t at, const struct record *r)
{
    static const uint8_t usual[22] = {0x16, 0x08, 0, 0, 0, 0, 0x32, 0x03, 0x01, 0, 0x2E, 0, 0x60, 0, 0xF2, 0x48, 0, 0x40, 0xF2, 0x80, 0x3F, 0x05};
    uint32_t n = card_field(r, "n") & 0x3F, m = card_field(r, "m"), data = card_field(r, "data");
    const uint32_t change[3] = {m, data & 0xFFFF, data >> 16};
    put_bytes(at + 8, usual, sizeof usual);
    for (unsigned i = 0; i < 3; i++)
        if (change[i] & 31)
            put8(at + 8 + (change[i] & 31), (uint8_t)(change[i] >> 8));
    if (n)
        put8(at + 8, (uint8_t)n);
}

static void put_multicast(uint32_t at, const struct record *r)
{
    static const uint8_t group[5] = {0x01, 0x00, 0x5E, 0x00, 0x00};
    uint32_t n = card_field(r, "n"), last = card_field(r, "data");
    put16(at + 8, n);
    for (uint32_t i = 0; i < 16 && 6 * i < (n & 0x3FFF); i++) {
        put_bytes(at + 10 + 6 * i, group, sizeof group);
        put8(at + 15 + 6 * i, (uint8_t)(last + i));
    }
}

/* n: the number of TBDs and, above it, which array (NO_ARRAY: none); m: how much stands in the block itself; data: seed of that. */
static void put_transmit(uint32_t at, const struct record *r, uint32_t base)
{
    static const uint8_t header[14] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00};
    uint32_t n = card_field(r, "n"), m = card_field(r, "m"), array = n >> 8, count = m & 0x3FFF;
    uint8_t fill = (uint8_t)card_field(r, "data");
    put32(at + 8, array & NO_ARRAY ? ~0u : array_at(array & 15) - base);
    put16(at + 12, m);
    put8(at + 14, 1);
    put8(at + 15, (uint8_t)n);
    for (uint32_t i = 0; i < count && i < 256; i++)
        put8(at + 16 + i, i < sizeof header ? header[i] : pattern_byte(fill, i));
}

/* data: the first dword of each filter; m: of what its mask is made; n: how many dwords are a filter, and whether the last one is marked. */
static void put_filters(uint32_t at, const struct record *r)
{
    uint32_t n = card_field(r, "n"), length = 1 + n % 8, mask = card_field(r, "m") * 0x10001u, first = card_field(r, "data");
    for (uint32_t i = 0; i < 16; i++)
        put32(at + 8 + 4 * i, i % length ? mask : first | (n & 8 && i + length >= 16 ? 1u << 31 : 0));
}

static void put_block(const struct record *r, uint32_t base)
{
    uint32_t at = block_at(card_field(r, "slot")), command = card_field(r, "command");
    put16(at, 0);
    put16(at + 2, command);
    put32(at + 4, block_at(card_field(r, "link")) - base);
    switch (command & 7) {
    case OP_INDIVIDUAL: put_individual(at, r); break;
    case OP_CONFIGURE: put_configuration(at, r); break;
    case OP_MULTICAST: put_multicast(at, r); break;
    case OP_TRANSMIT: put_transmit(at, r, base); break;
    case OP_DUMP: put32(at + 8, BARE_BASE + RESULTS + card_field(r, "n") - base); break;
    default:
        if ((command & 15) == OP_FILTERS)
            put_filters(at, r);
    }
}

/* ---- Descriptors ---- */

static void put_rfd(const struct record *r, uint32_t base)
{
    bool even = card_field(r, "even");
    uint32_t at = rfd_at(card_field(r, "slot"), even);
    put16(at, 0);
    put16(at + 2, card_field(r, "command"));
    put32(at + 4, rfd_at(card_field(r, "link"), even) - base);
    put32(at + 8, card_field(r, "rbd"));
    put16(at + 12, 0);
    put16(at + 14, card_field(r, "size"));
}

static void put_tbd(const struct record *r)
{
    uint32_t at = array_at(card_field(r, "array")) + 8 * card_field(r, "index");
    put32(at, bare_place(r));
    put32(at + 4, card_field(r, "size") | card_field(r, "last") << 15);
}

static void put_fill(const struct record *r)
{
    uint32_t at = bare_place(r), size = card_field(r, "len");
    uint8_t fill = (uint8_t)card_field(r, "with");
    for (uint32_t i = 0; i < size; i++)
        put8(at + i, pattern_byte(fill, i));
}

void bare_write_memory(const struct record *r, uint32_t cu_base, uint32_t ru_base)
{
    switch (r->flags) {
    case CARD_BLOCK: put_block(r, cu_base); break;
    case CARD_RFD: put_rfd(r, ru_base); break;
    case CARD_TBD: put_tbd(r); break;
    case CARD_POKE: put32(bare_place(r), card_field(r, "value")); break;
    default: put_fill(r); break;
    }
}

/* ---- Frames ---- */

/* shape: 1 a wake-up packet, 2 an ARP request for an address whose last two bytes are the second of `words`, 3 of 802.3 with `type` as its length. */
uint32_t bare_frame(const struct record *r, const uint8_t own[6], uint8_t *frame)
{
    static const uint8_t start[14] = {0x52, 0x54, 0x00, 0x99, 0x00, 0x00, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00};
    static const uint8_t pause[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01}, group[6] = {0x01, 0x00, 0x5E, 0x00, 0x00, 0x00};
    uint32_t size = card_field(r, "len"), to = card_field(r, "to"), type = card_field(r, "type"), words = card_field(r, "words"), fill = card_field(r, "fill");
    for (uint32_t i = 0; i < size; i++)
        frame[i] = pattern_byte((uint8_t)fill, i);
    memcpy(frame, start, sizeof start);
    frame[5] = (uint8_t)fill;
    if (to == CARD_TO_ALL)
        memset(frame, 0xFF, 6);
    else if (to != CARD_TO_OTHER)
        memcpy(frame, to == CARD_TO_GROUP ? group : to == CARD_TO_PAUSE ? pause : own, 6);
    if (to == CARD_TO_GROUP)
        frame[5] = (uint8_t)fill;
    if (type)
        frame[12] = (uint8_t)(type >> 8), frame[13] = (uint8_t)type;
    for (unsigned i = 0; words && i < 4; i++)
        frame[14 + i] = (uint8_t)(words >> 8 * (3 - i));
    if (card_field(r, "shape") == 1 && size >= 14 + 102) {
        memset(frame + 14, 0xFF, 6);
        for (unsigned i = 0; i < 16; i++)
            memcpy(frame + 20 + 6 * i, own, 6);
    } else if (card_field(r, "shape") == 2) {
        frame[12] = 0x08, frame[13] = 0x06, frame[21] = 1;
        frame[40] = (uint8_t)(words >> 8), frame[41] = (uint8_t)words;
    }
    return size;
}
