/* See bare.h. */
#include "bare.h"

#include <string.h>

#include "cards.h"
#include "life.h"
#include "machine/machine.h"
#include "nic/nic.h"
#include "turns.h"

#define MICROSECOND 10u

enum { REG_COMMAND = 2, REG_POINTER = 4, REG_PORT = 8, REG_EEPROM = 0x0E, REG_MDI = 0x10 };
enum { COMMAND_LOAD_BASE = 6, COMMAND_START = 1 };
enum { PIN_CLOCK = 1, PIN_SELECT = 2, PIN_IN = 4, PIN_OUT = 8 };
enum { CONFIG_COMMAND = 4, DECODE_PORTS = 1, DECODE_MEMORY = 2, EVERYTHING = 7 };

static struct {
    struct nic *nic;
    uint64_t moment;             /* of the latest transfer */
    unsigned at_once, transfers; /* at that moment; in this event */
} bare;

/* ---- What the card reaches ---- */

static void count_transfer(void)
{
    if (clock_now() != bare.moment)
        bare.at_once = 0;
    bare.moment = clock_now();
    bare.transfers++;
    if (++bare.at_once > BARE_TRANSFERS_AT_ONCE)
        bugcheck(OWN_LIVELOCK, bare.at_once, 0, 0, 0, NULL, "the card asks for the bus %u times and no time passes", bare.at_once);
}

static bool is_memory(uint64_t address, uint32_t size)
{
    return address >= BARE_BASE && size <= BARE_SIZE && address - BARE_BASE <= BARE_SIZE - size;
}

static bool read_memory(void *context, uint64_t address, void *to, uint32_t size)
{
    (void)context;
    bool there = is_memory(address, size);
    count_transfer();
    if (there)
        memcpy(to, bare_memory + (address - BARE_BASE), size);
    else
        memset(to, 0xFF, size);
    target.bare->transfer(false, address, size, to);
    return there;
}

static bool write_memory(void *context, uint64_t address, const void *from, uint32_t size)
{
    (void)context;
    bool there = is_memory(address, size);
    count_transfer();
    target.bare->transfer(true, address, size, from);
    if (there)
        memcpy(bare_memory + (address - BARE_BASE), from, size);
    return there;
}

static void transmit(void *context, const void *frame, uint32_t size)
{
    (void)context;
    target.bare->sent(frame, size);
    if (life_wire)
        life_wire(0, true, frame, size);
}

static void pme(void *context) { (void)context; }

/* ---- Time ---- */

/* A card that is kept busy without end does not keep the program waiting. */
static void pass(uint64_t interval)
{
    uint64_t end = clock_now() + interval, due;
    while (clock_next_due(&due) && due <= end && bare.transfers < BARE_TRANSFERS)
        clock_pass(due > clock_now() ? due - clock_now() : 0);
    if (bare.transfers < BARE_TRANSFERS)
        clock_pass(end - clock_now());
}

/* ---- Its registers ---- */

static bool reaches(unsigned window)
{
    uint8_t bit = window == NIC_WINDOW_PORTS ? DECODE_PORTS : DECODE_MEMORY;
    return window != NIC_WINDOW_FLASH && !bare.nic->wake.state && (bare.nic->config[CONFIG_COMMAND] & bit) && !bare.nic->hostile.gone;
}

static void write_window(unsigned window, uint32_t offset, unsigned width, uint64_t value)
{
    if (reaches(window))
        target.bare->before_write(offset, width, value);
    device_write(&bare.nic->model, window, offset, width, value);
}

static void write_register(uint32_t offset, unsigned width, uint64_t value) { write_window(NIC_WINDOW_MEMORY, offset, width, value); }
static uint32_t read_register(uint32_t offset, unsigned width) { return (uint32_t)device_read(&bare.nic->model, NIC_WINDOW_MEMORY, offset, width); }

static void access_register(const struct record *r)
{
    bool write = r->flags >= CARD_WRITE8;
    unsigned width = 1u << (r->flags - (write ? CARD_WRITE8 : CARD_READ8)), window = card_field(r, "in") % 3;
    uint32_t offset = (card_field(r, "at") & ~(width - 1)) % bare.nic->model.window[window].size;
    if (write)
        write_window(window, offset, width, card_field(r, "value") | (uint64_t)card_field(r, "high") << 32);
    else
        device_read(&bare.nic->model, window, offset, width);
}

static void wait_until_zero(uint32_t offset, unsigned width, unsigned tries, uint32_t each)
{
    for (pass(each); tries && read_register(offset, width); tries--)
        pass(each);
}

static void command(const struct record *r)
{
    uint8_t byte = (uint8_t)card_field(r, "byte");
    bool base = byte >> 4 == COMMAND_LOAD_BASE || (byte & 7) == COMMAND_LOAD_BASE;
    uint32_t from = byte >> 4 == COMMAND_START ? bare.nic->cu.base : (byte & 7) == COMMAND_START ? bare.nic->ru.base : 0;
    if (base || card_field(r, "of") || card_field(r, "off"))
        write_register(REG_POINTER, 4, (uint32_t)(bare_place(r) - from));
    write_register(REG_COMMAND, 1, byte);
    if (!card_field(r, "later"))
        wait_until_zero(REG_COMMAND, 1, 10, 2 * MICROSECOND);
}

static void port(const struct record *r)
{
    write_register(REG_PORT, 4, (bare_place(r) & ~15u) | card_field(r, "function"));
    if (!card_field(r, "later"))
        wait_until_zero(REG_PORT, 4, 40, 50 * MICROSECOND);
}

static void mdi(const struct record *r)
{
    uint32_t word = card_field(r, "data") | card_field(r, "reg") << 16 | card_field(r, "phy") << 21 | card_field(r, "op") << 26 | card_field(r, "interrupt") << 29;
    write_register(REG_MDI, 4, word);
    if (card_field(r, "later"))
        return;
    pass(30 * MICROSECOND);
    if (reaches(NIC_WINDOW_MEMORY))
        target.bare->mdi(r, read_register(REG_MDI, 4));
}

/* ---- The EEPROM on its three wires ---- */

static void set_pins(unsigned pins)
{
    write_register(REG_EEPROM, 2, pins);
    pass(MICROSECOND);
}

static unsigned clock_bit(unsigned in)
{
    unsigned pins = PIN_SELECT | (in ? PIN_IN : 0);
    set_pins(pins);
    set_pins(pins | PIN_CLOCK);
    unsigned out = read_register(REG_EEPROM, 2) & PIN_OUT;
    set_pins(pins);
    return out != 0;
}

static void clock_bits(uint32_t value, unsigned bits)
{
    while (bits--)
        clock_bit(value >> bits & 1);
}

static void eeprom(const struct record *r)
{
    static const uint8_t opcode[EEPROM_VERBS] = {2, 1, 3, 0, 0, 0, 0, 2};
    static const uint8_t extended[EEPROM_VERBS] = {[EEPROM_ENABLE] = 3, [EEPROM_DISABLE] = 0, [EEPROM_WRITE_ALL] = 1, [EEPROM_ERASE_ALL] = 2};
    unsigned verb = card_field(r, "do"), bits = bare.nic->eeprom.address_bits, words = 1 + card_field(r, "words");
    uint32_t address = opcode[verb] ? card_field(r, "at") : (uint32_t)extended[verb] << (bits - 2);
    target.bare->eeprom(r, BARE_EEPROM_BEGINS, 0, 0);
    set_pins(0);
    set_pins(PIN_SELECT);
    clock_bit(1);
    clock_bits(opcode[verb], 2);
    clock_bits(address, verb == EEPROM_HALF ? bits / 2 : bits);
    if (verb == EEPROM_HALF)
        return;
    for (unsigned n = 0; verb == EEPROM_READ && n < words; n++) {
        uint32_t word = 0;
        for (unsigned i = 0; i < 16; i++)
            word = word << 1 | clock_bit(0);
        target.bare->eeprom(r, BARE_EEPROM_WORD, (uint16_t)word, n);
    }
    if (verb == EEPROM_WRITE || verb == EEPROM_WRITE_ALL)
        clock_bits(card_field(r, "data"), 16);
    set_pins(0);
    if (verb == EEPROM_READ)
        return;
    pass(5 * CLOCK_MS);
    target.bare->eeprom(r, BARE_EEPROM_DONE, 0, 0);
}

/* ---- In its slot ---- */

static void choose_settings(struct nic *nic, uint32_t options)
{
    nic->settings.auxiliary_power = options & CARD_AUXILIARY_POWER;
    nic->settings.rfd_prefetch = options & CARD_READS_AHEAD;
    nic->settings.rnr_on_drop = options & CARD_RNR_ON_DROP;
    nic->settings.link_at_power_on = !(options & CARD_NO_LINK);
    if (options & CARD_AT_ONCE)
        nic->settings.accept = nic->settings.statistics = nic->settings.mdi = nic->settings.port_reset = nic->settings.self_test = nic->settings.eeprom_write = 0;
    if (options & CARD_LARGE_EEPROM) {
        nic->eeprom.address_bits = 8;
        nic_eeprom_seal(nic);
    }
}

/* Windows are placed, and all of it is let through, as firmware leaves a card. */
static void plug(unsigned kind, uint32_t options)
{
    static const enum nic_kind kinds[4] = {NIC_82559, NIC_82558, NIC_82557, NIC_82559};
    static const struct nic_host host = {NULL, read_memory, write_memory, transmit, pme};
    struct nic *nic = cards_plug_bare(kinds[kind & 3], &host);
    if (!nic)
        return;
    bare.nic = nic;
    choose_settings(nic, options);
    nic_reset(nic);
    nic_config_write(nic, 0x10, 4, 0xE0000000);
    nic_config_write(nic, 0x14, 4, 0xC000);
    nic_config_write(nic, CONFIG_COMMAND, 2, EVERYTHING);
    device_plug(&nic->model);
    target.bare->plugged(nic);
}

static void config_access(const struct record *r)
{
    unsigned width = 1u << card_field(r, "width") % 3;
    uint32_t offset = card_field(r, "at") & ~(width - 1);
    if (r->flags == CARD_CONFIG_READ) {
        nic_config_read(bare.nic, offset, width);
        return;
    }
    nic_config_write(bare.nic, offset, width, card_field(r, "value"));
    target.bare->after_config();
}

static void frame(const struct record *r)
{
    static uint8_t bytes[4096];
    uint8_t own[6];
    for (unsigned i = 0; i < 6; i++)
        own[i] = (uint8_t)(bare.nic->eeprom.word[i / 2] >> 8 * (i % 2));
    uint32_t size = bare_frame(r, own, bytes);
    target.bare->arrives(bytes, size);
    if (life_wire)
        life_wire(0, false, bytes, size);
    nic_receive_bad(bare.nic, bytes, size, card_field(r, "bad"));
}

/* ---- The program ---- */

static void card_event(const struct record *r)
{
    switch (r->flags) {
    case CARD_COMMAND: command(r); break;
    case CARD_PORT: port(r); break;
    case CARD_EEPROM: eeprom(r); break;
    case CARD_MDI: mdi(r); break;
    case CARD_CONFIG_READ:
    case CARD_CONFIG_WRITE: config_access(r); break;
    case CARD_BLOCK:
    case CARD_RFD:
    case CARD_TBD:
    case CARD_FILL:
    case CARD_POKE: bare_write_memory(r, bare.nic->cu.base, bare.nic->ru.base); break;
    case CARD_WAIT: pass(card_field(r, "units")); break;
    case CARD_FRAME: frame(r); break;
    case CARD_RESET:
        nic_reset(bare.nic);
        nic_config_write(bare.nic, CONFIG_COMMAND, 2, EVERYTHING);
        target.bare->reset();
        break;
    case CARD_PLUG: plug(card_field(r, "kind"), card_field(r, "options")); break;
    default: access_register(r); break;
    }
}

static void carry_out(const struct record *r)
{
    bare.transfers = 0;
    switch (r->kind) {
    case EV_CARD: card_event(r); break;
    case EV_FRAME:
    case EV_CABLE:
    case EV_HARDWARE: cards_event(r); break;
    case EV_PASS_TIME: pass(r->a * CLOCK_MS); break;
    default: return; /* of a machine with drivers */
    }
    target.bare->settled();
}

void bare_life(void)
{
    memset(&bare, 0, sizeof bare);
    bare_memory_begin();
    cards_begin();
    plug(0, 0);
    for (unsigned i = 0; i < life.program->operations; i++) {
        const struct record *r = &life.program->operation[i].record;
        turns_alone((int)i);
        coverage_pair(COVER_EVENT, r->kind == EV_CARD ? RECORD_KINDS + r->flags : r->kind, cards_state());
        trace(TRACE_OPERATION, r->kind, i, ACTOR_PNP);
        carry_out(r);
    }
}
