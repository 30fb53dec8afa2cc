/*
 * What the mutator thinks of for a card without a driver: records of EV_CARD, and routines of a few of them. See mutator.h.
 *
 * A card does next to nothing unless several things fit together: a block in memory, a pointer to it and the command that starts it. So few slots are used, values are those that a driver would
 * write or their neighbours, and whole routines are made at once; what is odd comes from changing one field of them.
 */
#include "mutator.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool one_in(struct mutator *m, unsigned n) { return mutator_random(m, n) == 0; }
static uint32_t below(struct mutator *m, uint32_t n) { return (uint32_t)mutator_random(m, n); }
static uint32_t any(struct mutator *m) { return (uint32_t)mutator_random(m, 1ull << 32); }
static uint32_t slot(struct mutator *m) { return below(m, one_in(m, 4) ? 16 : 2); }
static void set(struct record *r, const char *name, uint32_t value) { card_set_field(r, name, value); }

/* Near a number that means something. */
static uint32_t number(struct mutator *m)
{
    static const uint32_t common[] = {0, 1, 2, 4, 5, 6, 7, 8, 12, 14, 16, 22, 23, 60, 63, 64, 120, 255, 256, 1514, 2600, 0x3FFF, 0x4000, 0x8000, 0xFFFF};
    uint32_t n = one_in(m, 4) ? below(m, 256) : common[below(m, COUNT(common))];
    return one_in(m, 8) ? n + 1 : n;
}

/* ---- Where ---- */

static void place(struct mutator *m, struct record *r, unsigned of)
{
    static const uint32_t offsets[] = {1, 2, 3, 4, 8, 16, 0xFFFF, 0xFFFE, 0xFFF8, 0xFFF0};
    set(r, "of", one_in(m, 16) ? below(m, CARD_PLACES) : of);
    set(r, "slot", slot(m));
    set(r, "off", one_in(m, 6) ? (one_in(m, 2) ? offsets[below(m, COUNT(offsets))] : below(m, 0x10000)) : 0);
}

/* ---- Registers ---- */

static void fill_access(struct mutator *m, struct record *r)
{
    static const uint16_t registers[] = {0, 1, 2, 3, 4, 8, 0x0B, 0x0C, 0x0E, 0x10, 0x13, 0x14, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x20, 0x30, 0x3C, 0x40, 0xFF8};
    static const uint32_t values[] = {0, 1, 2, 3, 0xFF, 0xFF00, 0x10, 0x20, 0x100, 0x8000, 0xFFFFFFFF};
    set(r, "in", one_in(m, 6) ? below(m, 3) : 0);
    set(r, "at", one_in(m, 8) ? below(m, 0x1000) : registers[below(m, COUNT(registers))]);
    set(r, "value", one_in(m, 3) ? any(m) : one_in(m, 2) ? 1u << below(m, 32) : values[below(m, COUNT(values))]);
    set(r, "high", one_in(m, 2) ? any(m) : 0);
}

static const uint8_t commands[] = {0x10, 0x10, 0x10, 0x10, 0x20, 0x20, 0x40, 0x50, 0x60, 0x70, 0xA0, 0x01, 0x01, 0x01, 0x02, 0x04, 0x05, 0x06, 0x11};

static void fill_command(struct mutator *m, struct record *r)
{
    uint32_t byte = one_in(m, 12) ? below(m, 256) : commands[below(m, COUNT(commands))];
    set(r, "byte", byte);
    if (byte >> 4 == 6 || (byte & 7) == 6)
        set(r, "off", one_in(m, 4) ? below(m, 0x10000) : 0);
    else
        place(m, r, byte >> 4 == 1 ? AT_BLOCK : byte >> 4 == 4 ? AT_RESULT : (byte & 7) == 1 ? AT_RFD : AT_NOTHING);
    set(r, "later", one_in(m, 8));
}

static void fill_port(struct mutator *m, struct record *r)
{
    static const uint8_t functions[] = {0, 1, 1, 2, 3, 3, 7, 7, 4, 15};
    set(r, "function", functions[below(m, COUNT(functions))]);
    place(m, r, AT_RESULT);
    set(r, "later", one_in(m, 6));
}

static void fill_eeprom(struct mutator *m, struct record *r)
{
    static const uint8_t addresses[] = {0, 1, 10, 62, 63, 64, 127, 254, 255};
    set(r, "do", one_in(m, 2) ? EEPROM_READ : below(m, EEPROM_VERBS));
    set(r, "at", one_in(m, 4) ? below(m, 256) : addresses[below(m, COUNT(addresses))]);
    set(r, "words", one_in(m, 2) ? 0 : below(m, 16));
    set(r, "data", any(m));
}

static void fill_mdi(struct mutator *m, struct record *r)
{
    static const uint16_t data[] = {0, 0x8000, 0x4000, 0x3000, 0x1200, 0x3300, 0x0C00, 0x2100, 0xFFFF};
    set(r, "op", one_in(m, 8) ? below(m, 4) : 1 + below(m, 2));
    set(r, "reg", one_in(m, 2) ? below(m, 7) : below(m, 32));
    set(r, "phy", one_in(m, 8) ? below(m, 32) : 1);
    set(r, "data", data[below(m, COUNT(data))]);
    set(r, "interrupt", one_in(m, 4));
    set(r, "later", one_in(m, 8));
}

static void fill_config(struct mutator *m, struct record *r)
{
    static const uint8_t registers[] = {0, 4, 5, 6, 0x0C, 0x0D, 0x10, 0x14, 0x18, 0x30, 0x34, 0x3C, 0xDC, 0xE0, 0xE0, 0xE0, 0xE1, 0xE2};
    static const uint32_t power[] = {0, 1, 2, 3, 0x100, 0x103, 0x8000, 0x8103, 0x1E00};
    uint32_t at = registers[below(m, COUNT(registers))];
    set(r, "at", one_in(m, 8) ? below(m, 256) : at);
    set(r, "width", below(m, 3));
    set(r, "value", at == 0xE0 ? power[below(m, COUNT(power))] : at == 4 && !one_in(m, 3) ? 7 : any(m));
}

/* ---- Memory ---- */

static void fill_block_of(struct mutator *m, struct record *r, unsigned op)
{
    static const uint16_t ends[] = {0x8000, 0x8000, 0x8000, 0xA000, 0x4000, 0x6000, 0xC000, 0};
    uint32_t command = op | ends[below(m, COUNT(ends))] | (one_in(m, 12) ? below(m, 32) << 8 : 0) | (one_in(m, 12) ? 0x10u : 0);
    set(r, "slot", slot(m));
    set(r, "link", slot(m));
    set(r, "command", command);
    set(r, "data", one_in(m, 3) ? any(m) : 0);
    switch (op & 7) {
    case 2:
        set(r, "n", one_in(m, 3) ? number(m) : 0);
        set(r, "m", one_in(m, 2) ? below(m, 22) | below(m, 256) << 8 : 0);
        set(r, "data", one_in(m, 3) ? (below(m, 22) | (1u << below(m, 8)) << 8) : 0);
        break;
    case 3: set(r, "n", one_in(m, 3) ? number(m) : 6 * below(m, 8) + (one_in(m, 4) ? below(m, 6) : 0)); break;
    case 4:
        set(r, "n", (one_in(m, 4) ? number(m) & 0xFF : below(m, 4)) | (one_in(m, 3) ? 0x1000u : slot(m) << 8));
        set(r, "m", one_in(m, 2) ? number(m) : 0);
        break;
    case 6: set(r, "n", one_in(m, 2) ? 0 : below(m, 0x2000)); break;
    default:
        set(r, "n", below(m, 16));
        set(r, "m", one_in(m, 2) ? any(m) : 0xFFFF);
    }
}

static void fill_block(struct mutator *m, struct record *r)
{
    static const uint8_t ops[] = {0, 1, 2, 2, 2, 3, 3, 4, 4, 0xC, 0xC, 0xC, 5, 6, 7, 8, 8, 9, 0xA, 0xB, 0xD, 0xE, 0xF};
    fill_block_of(m, r, ops[below(m, COUNT(ops))]);
}

static void fill_rfd(struct mutator *m, struct record *r)
{
    static const uint16_t ends[] = {0, 0, 0x8000, 0x8000, 0x4000, 0xC000, 0x0008};
    static const uint16_t sizes[] = {1514, 1514, 1536, 0, 1, 40, 59, 60, 64, 0x3FFF, 0xFFFF};
    set(r, "slot", slot(m));
    set(r, "link", slot(m));
    set(r, "even", one_in(m, 8));
    set(r, "command", ends[below(m, COUNT(ends))]);
    set(r, "size", one_in(m, 6) ? below(m, 0x10000) : sizes[below(m, COUNT(sizes))]);
    set(r, "rbd", one_in(m, 2) ? ~0u : 0);
}

static void fill_tbd(struct mutator *m, struct record *r)
{
    static const uint16_t sizes[] = {60, 14, 0, 1, 100, 1514, 2600, 0x3FFF, 0xFFFF};
    set(r, "array", slot(m));
    set(r, "index", below(m, one_in(m, 4) ? 16 : 3));
    set(r, "size", sizes[below(m, COUNT(sizes))]);
    set(r, "last", one_in(m, 3) ? below(m, 4) : 0);
    place(m, r, one_in(m, 12) ? AT_NOTHING : AT_BUFFER);
}

static void fill_fill(struct mutator *m, struct record *r)
{
    place(m, r, 1 + below(m, 6));
    set(r, "len", one_in(m, 2) ? below(m, 64) : below(m, 0x1000));
    set(r, "with", below(m, 256));
    set(r, "value", one_in(m, 2) ? any(m) : number(m));
}

/* ---- The wire, and the rest ---- */

static void fill_frame(struct mutator *m, struct record *r)
{
    static const uint16_t sizes[] = {60, 60, 60, 64, 14, 18, 42, 59, 61, 116, 119, 121, 200, 1514, 1515, 4095, 5, 6};
    static const uint16_t types[] = {0x0800, 0x8808, 0x8808, 0x0806, 46, 1500, 1501, 1};
    static const uint32_t words[] = {0, 0x00010000, 0x00010001, 0x0001FFFF, 0x00020000, 0x00011234};
    set(r, "to", below(m, 5));
    set(r, "len", one_in(m, 6) ? below(m, 4096) : sizes[below(m, COUNT(sizes))]);
    set(r, "type", one_in(m, 2) ? 0 : types[below(m, COUNT(types))]);
    set(r, "words", words[below(m, COUNT(words))]);
    set(r, "fill", one_in(m, 2) ? 0 : below(m, 256));
    set(r, "bad", one_in(m, 6) ? below(m, 16) : 0);
    set(r, "shape", one_in(m, 2) ? 0 : below(m, 4));
}

static void fill_wait(struct mutator *m, struct record *r)
{
    static const uint32_t units[] = {0, 1, 10, 50, 100, 1000, 10000, 100000, 1000000, 15000000};
    set(r, "units", one_in(m, 4) ? below(m, 1u << 24) : units[below(m, COUNT(units))]);
}

static void fill_plug(struct mutator *m, struct record *r)
{
    set(r, "kind", below(m, 3));
    set(r, "options", one_in(m, 2) ? 1u << below(m, 6) : below(m, 64));
}

void mutator_fill_card(struct mutator *m, struct record *r, unsigned verb)
{
    static void (*const fills[CARD_VERBS])(struct mutator *, struct record *) = {
        [CARD_COMMAND] = fill_command, [CARD_PORT] = fill_port, [CARD_EEPROM] = fill_eeprom, [CARD_MDI] = fill_mdi, [CARD_CONFIG_READ] = fill_config,
        [CARD_CONFIG_WRITE] = fill_config, [CARD_BLOCK] = fill_block, [CARD_RFD] = fill_rfd, [CARD_TBD] = fill_tbd, [CARD_FILL] = fill_fill, [CARD_POKE] = fill_fill,
        [CARD_WAIT] = fill_wait, [CARD_FRAME] = fill_frame, [CARD_PLUG] = fill_plug,
    };
    *r = (struct record){.kind = EV_CARD, .flags = (uint8_t)verb};
    if (fills[verb])
        fills[verb](m, r);
    else if (verb <= CARD_WRITE64)
        fill_access(m, r);
    *r = record_canonical(r);
}

/* ---- Routines ---- */

static struct record start(struct mutator *m, const struct record *block)
{
    struct record r = {.kind = EV_CARD, .flags = CARD_COMMAND};
    set(&r, "byte", block->flags == CARD_RFD ? 0x01 : 0x10);
    set(&r, "of", block->flags == CARD_RFD ? AT_RFD : AT_BLOCK);
    set(&r, "slot", card_field(block, "slot"));
    if (one_in(m, 12))
        set(&r, "off", 1 + below(m, 16));
    return r;
}

static struct record wait_a_little(struct mutator *m)
{
    struct record r = {.kind = EV_CARD, .flags = CARD_WAIT};
    set(&r, "units", one_in(m, 4) ? 10000 : 300);
    return r;
}

/* A block, the command for it, time for it. */
static unsigned run_block(struct mutator *m, struct record *out, unsigned op)
{
    out[0] = (struct record){.kind = EV_CARD, .flags = CARD_BLOCK};
    fill_block_of(m, &out[0], op);
    out[1] = start(m, &out[0]);
    out[2] = wait_a_little(m);
    return 3;
}

static unsigned run_transmit(struct mutator *m, struct record *out)
{
    mutator_fill_card(m, &out[0], CARD_TBD);
    unsigned n = run_block(m, out + 1, one_in(m, 4) ? 4 : 0xC);
    if (!one_in(m, 4)) {
        set(&out[0], "index", 0);
        set(&out[1], "n", (1 + below(m, 2)) | card_field(&out[0], "array") << 8);
    }
    return 1 + n;
}

static unsigned run_receive(struct mutator *m, struct record *out)
{
    mutator_fill_card(m, &out[0], CARD_RFD);
    out[1] = start(m, &out[0]);
    mutator_fill_card(m, &out[2], CARD_FRAME);
    if (!one_in(m, 4))
        set(&out[2], "to", CARD_TO_ALL);
    return 3;
}

static unsigned run_statistics(struct mutator *m, struct record *out)
{
    mutator_fill_card(m, &out[0], CARD_COMMAND);
    set(&out[0], "byte", 0x40);
    place(m, &out[0], AT_RESULT);
    out[1] = (struct record){.kind = EV_CARD, .flags = CARD_COMMAND};
    set(&out[1], "byte", one_in(m, 2) ? 0x50 : 0x70);
    out[2] = wait_a_little(m);
    return 3;
}

/* A list that is suspended, and gone on with: before it gets there, or after. */
static unsigned run_resume(struct mutator *m, struct record *out)
{
    run_block(m, out, one_in(m, 2) ? 0 : 4);
    set(&out[0], "command", card_field(&out[0], "command") | 0x4000);
    if (!one_in(m, 4))
        set(&out[0], "command", card_field(&out[0], "command") & 0x7FFF);
    if (one_in(m, 2))
        set(&out[2], "units", 10); /* the block is being executed */
    out[3] = (struct record){.kind = EV_CARD, .flags = CARD_COMMAND};
    set(&out[3], "byte", one_in(m, 6) ? 0xA0 : 0x20);
    out[4] = wait_a_little(m);
    return 5;
}

/* Asleep, a packet, awake, and the packet into memory. */
static unsigned run_wake(struct mutator *m, struct record *out)
{
    for (unsigned i = 0; i < 3; i += 2) {
        out[i] = (struct record){.kind = EV_CARD, .flags = CARD_CONFIG_WRITE};
        set(&out[i], "at", 0xE0);
        set(&out[i], "width", 1);
        set(&out[i], "value", i ? 0x8100 : 0x101 + below(m, 3));
    }
    mutator_fill_card(m, &out[1], CARD_FRAME);
    if (!one_in(m, 4))
        set(&out[1], "to", CARD_TO_CARD);
    out[3] = (struct record){.kind = EV_CARD, .flags = CARD_PORT};
    set(&out[3], "function", 7);
    place(m, &out[3], AT_RESULT);
    return 4;
}

unsigned mutator_card_routine(struct mutator *m, struct record *out)
{
    static const uint8_t ops[] = {0, 1, 2, 2, 2, 2, 3, 6, 7, 8, 8};
    unsigned n;
    switch (mutator_random(m, 8)) {
    case 4: n = run_resume(m, out); break;
    case 5: n = run_wake(m, out); break;
    case 0: n = run_transmit(m, out); break;
    case 1: n = run_receive(m, out); break;
    case 2: n = run_statistics(m, out); break;
    case 3:
        mutator_fill_card(m, &out[0], (unsigned)(CARD_PORT + mutator_random(m, 5)));
        n = 1;
        break;
    default: n = run_block(m, out, ops[below(m, COUNT(ops))]); break;
    }
    for (unsigned i = 0; i < n; i++)
        out[i] = record_canonical(&out[i]);
    return n;
}
