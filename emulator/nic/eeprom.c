/*
 * The EEPROM behind register 0E: a 93C46 (64 words) or 93C66 (256) on three wires. It looks at chip select and at the rising edges of its clock alone.
 *
 * After the start bit come two bits of opcode and the address; a read answers with a zero bit and then the words on end; a write takes sixteen bits and is done when
 * chip select falls, if writing is enabled. Then the part is busy for a while, which DO shows while it is selected.
 */
#include "nic/nic_parts.h"

enum { PIN_SK = 1, PIN_CS = 2, PIN_DI = 4, PIN_DO = 8 };
enum { PHASE_START, PHASE_OPCODE, PHASE_ADDRESS, PHASE_READ, PHASE_WRITE, PHASE_OVER };
enum { OP_EXTENDED, OP_WRITE, OP_READ, OP_ERASE };
enum { EXTENDED_DISABLE, EXTENDED_WRITE_ALL, EXTENDED_ERASE_ALL, EXTENDED_ENABLE };

static unsigned words(const struct nic_eeprom *e) { return 1u << e->address_bits; }

void nic_eeprom_seal(struct nic *nic)
{
    struct nic_eeprom *e = &nic->eeprom;
    uint16_t sum = 0;
    for (unsigned i = 0; i + 1 < words(e); i++)
        sum = (uint16_t)(sum + e->word[i]);
    e->word[words(e) - 1] = (uint16_t)(0xBABA - sum);
}

void nic_eeprom_default(struct nic *nic)
{
    static const uint16_t image[13] = {0x5452, 0x1200, 0x5634, 0x0203, 0x0000, 0x0201, 0x4701, 0x0000, 0x7213, 0x8310, 0x40A0, 0x000E, 0x8086};
    memcpy(nic->eeprom.word, image, sizeof image);
    if (nic->kind == NIC_82557)
        nic->eeprom.word[5] = 0x0101;
    nic->eeprom.address_bits = 6;
    nic_eeprom_seal(nic);
}

void nic_eeprom_power_on(struct nic *nic)
{
    nic->eeprom.write_enabled = false;
    nic->eeprom.busy_until = 0;
}

static unsigned extended_operation(const struct nic_eeprom *e) { return e->address >> (e->address_bits - 2) & 3; }

/* Chip select falls behind a whole command. */
static void commit(struct nic *nic)
{
    struct nic_eeprom *e = &nic->eeprom;
    unsigned operation = e->opcode == OP_EXTENDED ? extended_operation(e) : 4;
    e->commit = false;
    if (operation == EXTENDED_ENABLE || operation == EXTENDED_DISABLE) {
        e->write_enabled = operation == EXTENDED_ENABLE;
        return;
    }
    if (!e->write_enabled)
        return;
    uint16_t value = e->opcode == OP_ERASE || operation == EXTENDED_ERASE_ALL ? 0xFFFF : e->shift;
    if (e->opcode == OP_WRITE || e->opcode == OP_ERASE)
        e->word[e->address % words(e)] = value;
    for (unsigned i = 0; operation < 4 && i < words(e); i++)
        e->word[i] = value;
    e->busy_until = clock_now() + nic->settings.eeprom_write;
}

static void address_complete(struct nic_eeprom *e)
{
    e->bits = 0;
    e->shift = 0;
    if (e->opcode == OP_READ) {
        e->phase = PHASE_READ;
        e->out = false; /* the dummy zero */
        e->shift = e->word[e->address % words(e)];
        return;
    }
    bool takes_data = e->opcode == OP_WRITE || (e->opcode == OP_EXTENDED && extended_operation(e) == EXTENDED_WRITE_ALL);
    e->phase = takes_data ? PHASE_WRITE : PHASE_OVER;
    e->commit = !takes_data;
}

static void read_clock(struct nic_eeprom *e)
{
    if (e->bits == 16) {
        e->bits = 0;
        e->address = (uint16_t)((e->address + 1u) % words(e));
        e->shift = e->word[e->address];
    }
    e->out = e->shift >> (15 - e->bits++) & 1;
}

static void rising_clock(struct nic_eeprom *e, bool in)
{
    switch (e->phase) {
    case PHASE_START:
        if (in)
            e->phase = PHASE_OPCODE, e->bits = 0, e->opcode = 0, e->out = true;
        break;
    case PHASE_OPCODE:
        e->opcode = (uint8_t)(e->opcode << 1 | in);
        if (++e->bits == 2)
            e->phase = PHASE_ADDRESS, e->bits = 0, e->address = 0;
        break;
    case PHASE_ADDRESS:
        e->address = (uint16_t)(e->address << 1 | in);
        if (++e->bits == e->address_bits)
            address_complete(e);
        break;
    case PHASE_READ: read_clock(e); break;
    case PHASE_WRITE:
        e->shift = (uint16_t)(e->shift << 1 | in);
        if (++e->bits == 16)
            e->phase = PHASE_OVER, e->commit = true;
        break;
    }
}

void nic_eeprom_pins(struct nic *nic, uint8_t pins)
{
    struct nic_eeprom *e = &nic->eeprom;
    uint8_t before = e->pins;
    e->pins = pins;
    if (!(pins & PIN_CS)) {
        if ((before & PIN_CS) && e->commit)
            commit(nic);
        e->commit = false;
        e->phase = PHASE_START;
        e->out = true;
    } else if (!(before & PIN_CS)) {
        e->phase = PHASE_START;
        e->out = true; /* a clock that rises in the same write is none */
    } else if ((pins & PIN_SK) && !(before & PIN_SK) && clock_now() >= e->busy_until) {
        rising_clock(e, pins & PIN_DI);
    }
}

uint8_t nic_eeprom_read_pins(const struct nic *nic)
{
    const struct nic_eeprom *e = &nic->eeprom;
    bool busy = (e->pins & PIN_CS) && clock_now() < e->busy_until;
    return (uint8_t)(e->pins | (e->out && !busy ? PIN_DO : 0));
}
