/* What the card's registers may say, and its interrupt, EEPROM and PHY. See oracle_i8255x.h. */
#include "oracle_i8255x.h"

#include <string.h>

#include "machine/clock.h"

enum { CONFIG_COMMAND = 4, DECODES_MEMORY = 2, EEPROM_FIRST = 0x0C, EEPROM_LAST = 0x0F, PHY = 1 };
enum { MASK_ALL = 1, MASK_TRIGGER = 2 };

static void wrong(const char *what, uint32_t value, uint32_t expected)
{
    bugcheck(OWN_DEVICE_ANSWER, value, expected, 0, 0, NULL, "%s reads 0x%X where the manual has 0x%X", what, value, expected);
}

static bool may_be_read(void)
{
    const struct nic *card = follow.card;
    return !card->wake.state && (card->config[CONFIG_COMMAND] & DECODES_MEMORY) && !card->port_busy && !follow_is_quiet();
}

static uint32_t read(uint32_t offset, unsigned width) { return (uint32_t)device_read(&follow.card->model, NIC_WINDOW_MEMORY, offset, width); }

/* ---- What is written ---- */

static bool is_port_function(unsigned function) { return function <= 3 || (function == 7 && follow.card->kind == NIC_82559); }

static void begin_port(uint32_t value)
{
    if (!is_port_function(value & 15))
        return;
    if (value & 15)
        follow_selective_reset();
    else
        follow_software_reset();
    follow.port = value & 15;
    follow.port_to = value & ~15u;
}

static void write_mask(uint8_t value)
{
    follow.mask = value & (follow.card->kind == NIC_82557 ? MASK_ALL : (uint8_t)~MASK_TRIGGER);
    if (value & MASK_TRIGGER)
        follow.must |= STAT_SWI;
}

static void write_byte(uint32_t offset, uint8_t value, uint32_t *port)
{
    unsigned shift = 8 * (offset & 3);
    if (offset >= EEPROM_FIRST && offset <= EEPROM_LAST && (!follow.eeprom_at_work || follow.card->port_busy))
        follow.eeprom_unknown = true;
    if (offset >= 8 && offset <= 11)
        *port = (*port & ~(0xFFu << shift)) | (uint32_t)value << shift;
    if (offset == 11)
        begin_port(*port);
    if (follow.card->port_busy)
        return;
    if (offset == 1)
        follow.must &= (uint8_t)~value, follow.may &= (uint8_t)~value;
    else if (offset == 3)
        write_mask(value);
    else if (offset >= 4 && offset <= 7)
        follow.pointer = (follow.pointer & ~(0xFFu << shift)) | (uint32_t)value << shift;
    else if (offset == 0x13)
        follow.mdi_asked = true, follow.sticky |= value & 0x20 ? STAT_MDI : 0;
}

static void before_write(uint32_t offset, unsigned width, uint64_t value)
{
    uint32_t port = follow.card->port;
    follow_sync();
    for (unsigned i = 0; i < width; i++)
        if (offset + i != 2)
            write_byte(offset + i, (uint8_t)(value >> 8 * i), &port);
    if (offset > 2 || offset + width <= 2 || follow.card->port_busy)
        return;
    follow.command = (uint8_t)(value >> 8 * (2 - offset)) & 0xF7;
    follow.pending = follow.command != 0;
}

static void plugged(struct nic *card)
{
    memset(&follow, 0, sizeof follow);
    follow.card = card;
    memcpy(follow.eeprom, card->eeprom.word, sizeof follow.eeprom);
    follow_software_reset();
}

static void was_reset(void)
{
    follow.power = 0;
    follow.eeprom_enabled = false;
    follow_software_reset();
}

/* Its units stop when it leaves D0; it is as new when it leaves D3. */
static void after_config(void)
{
    unsigned power = follow.card->wake.state, before = follow.power;
    follow.power = power;
    if (power != before && !before)
        follow_selective_reset();
    if (power != before && before == 3)
        follow_software_reset();
    follow_sync();
}

static void arrives(const uint8_t *frame, uint32_t size)
{
    if (size >= 18 && frame[12] == 0x88 && frame[13] == 0x08)
        follow.sticky |= STAT_FCP;
}

/* ---- What is read ---- */

static uint8_t masked(void)
{
    return (uint8_t)((follow.mask & 0xF0) | (follow.mask & 8 ? 2 : 0) | (follow.mask & 4 ? 1 : 0));
}

static void check_line(uint8_t stat)
{
    bool expected = (stat & ~masked()) && !(follow.mask & MASK_ALL);
    if (nic_line(follow.card) != expected)
        bugcheck(OWN_DEVICE_ANSWER, stat, follow.mask, 0, 0, NULL, "the interrupt is %s, with causes 0x%02X and mask 0x%02X", expected ? "not asserted" : "asserted", stat,
                 follow.mask);
}

static void check_scb(void)
{
    static const uint8_t cus[] = {[FOLLOW_IDLE] = 0, [FOLLOW_SUSPENDED] = 0x40, [FOLLOW_ACTIVE] = 0x80, [FOLLOW_ASKS] = 0x40, [FOLLOW_ASKS_AT_END] = 0x80};
    uint32_t scb = read(0, 4);
    uint8_t status = (uint8_t)scb, stat = (uint8_t)(scb >> 8), command = (uint8_t)(scb >> 16), mask = (uint8_t)(scb >> 24);
    uint8_t expected = (uint8_t)(cus[follow.cu] | follow.ru << 2);
    if (status != expected)
        wrong("the units' state", status, expected);
    if (stat & ~(follow.must | follow.may | follow.sticky))
        wrong("a cause of an interrupt that was none", stat, follow.must);
    if (~stat & follow.must)
        wrong("the causes of an interrupt", stat, follow.must);
    if (command & 8)
        wrong("the command", command, command & 0xF7);
    if (mask != follow.mask)
        wrong("the mask", mask, follow.mask);
    follow.must |= stat;
    check_line(stat);
}

/* Bits that are always 0, of each dword. */
static void check_reserved(void)
{
    static const struct { uint8_t offset; uint32_t zero; } reserved[] = {
        {0x08, 0}, {0x0C, 0xFFF00000}, {0x10, 0xC0000000}, {0x14, 0xFFFFF807}, {0x18, 0x1E00F800}, {0x1C, 0xFFFFF8FC}, {0x20, ~0u}, {0x24, ~0u}, {0x28, ~0u}, {0x2C, ~0u}, {0x40, ~0u}
    };
    for (unsigned i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (read(reserved[i].offset, 4) & reserved[i].zero)
            wrong("a register with reserved bits", read(reserved[i].offset, 4), read(reserved[i].offset, 4) & ~reserved[i].zero);
}

static void settled(void)
{
    follow.eeprom_at_work = false;
    if (follow_is_quiet())
        return;
    follow_sync();
    follow_parked();
    if (follow.card->wake.state && nic_line(follow.card))
        bugcheck(OWN_DEVICE_ANSWER, follow.card->wake.state, 0, 0, 0, NULL, "the card asserts its interrupt in D%u", follow.card->wake.state);
    if (!may_be_read())
        return;
    check_scb();
    if (read(4, 4) != follow.pointer)
        wrong("the general pointer", read(4, 4), follow.pointer);
    check_reserved();
}

/* ---- EEPROM and PHY ---- */

static void eeprom_changes(const struct record *r, unsigned words)
{
    unsigned verb = card_field(r, "do");
    uint16_t value = (uint16_t)(verb == EEPROM_WRITE || verb == EEPROM_WRITE_ALL ? card_field(r, "data") : 0xFFFF);
    if (verb == EEPROM_ENABLE || verb == EEPROM_DISABLE)
        follow.eeprom_enabled = verb == EEPROM_ENABLE;
    if (!follow.eeprom_enabled)
        return;
    if (verb == EEPROM_WRITE || verb == EEPROM_ERASE)
        follow.eeprom[card_field(r, "at") % words] = value;
    for (unsigned i = 0; i < words && (verb == EEPROM_WRITE_ALL || verb == EEPROM_ERASE_ALL); i++)
        follow.eeprom[i] = value;
}

static void eeprom(const struct record *r, enum bare_eeprom when, uint16_t word, unsigned nth)
{
    unsigned words = 1u << follow.card->eeprom.address_bits;
    if (when == BARE_EEPROM_BEGINS) {
        follow.eeprom_at_work = true;
        return;
    }
    if (!may_be_read() || clock_now() < follow.card->eeprom.busy_until)
        follow.eeprom_unknown = true;
    if (follow.eeprom_unknown)
        return;
    if (when == BARE_EEPROM_DONE)
        eeprom_changes(r, words);
    else if (word != follow.eeprom[(card_field(r, "at") + nth) % words])
        wrong("a word of the EEPROM", word, follow.eeprom[(card_field(r, "at") + nth) % words]);
}

static void mdi(const struct record *r, uint32_t answer)
{
    unsigned op = card_field(r, "op");
    uint32_t asked = card_field(r, "reg") | card_field(r, "phy") << 5 | op << 10;
    if (!may_be_read() || follow.card->mdi_alarm.set || !follow.mdi_asked)
        return;
    if (!(answer >> 28 & 1) || (answer >> 16 & 0xFFF) != asked)
        wrong("the MDI register", answer >> 16, asked | 1 << 12);
    if (op == 2 && card_field(r, "phy") != PHY && (answer & 0xFFFF) != 0xFFFF)
        wrong("a PHY that is not there", answer & 0xFFFF, 0xFFFF);
    if (op == 2 && card_field(r, "phy") == PHY && card_field(r, "reg") == 2 && (answer & 0xFFFF) != 0x02A8)
        wrong("the PHY's identifier", answer & 0xFFFF, 0x02A8);
    if (op == 1 && (answer & 0xFFFF) != card_field(r, "data"))
        wrong("what was written to the PHY", answer & 0xFFFF, card_field(r, "data"));
}

const struct bare_judge i8255x_judge = {
    .plugged = plugged, .reset = was_reset, .before_write = before_write, .after_config = after_config, .transfer = follow_transfer, .arrives = arrives, .sent = follow_sent,
    .eeprom = eeprom, .mdi = mdi, .settled = settled
};
