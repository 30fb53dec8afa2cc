/*
 * The registers (CSR) and the interrupt.
 *
 * A register is its bytes: any width reads them together, and a wide write is applied byte by byte in the order acknowledge, mask, general pointer, PORT, EEPROM, MDI, the rest,
 * and the command byte last, so that one write may acknowledge, set the pointer and start a unit. The line follows STAT and the masks once, at the end of a write.
 */
#include "nic/nic_parts.h"

enum {
    CSR_STATUS = 0x00, CSR_STAT = 0x01, CSR_COMMAND = 0x02, CSR_MASK = 0x03, CSR_POINTER = 0x04, CSR_PORT = 0x08, CSR_FLASH = 0x0C, CSR_EEPROM = 0x0E, CSR_MDI = 0x10,
    CSR_RX_COUNT = 0x14, CSR_EARLY_RX = 0x18, CSR_FLOW = 0x19, CSR_FLOW_XON = 0x1A, CSR_PMDR = 0x1B, CSR_GENERAL_CONTROL = 0x1C, CSR_GENERAL_STATUS = 0x1D, CSR_CARDBUS = 0x30,
    CSR_END = 0x40
};

/* ---- The interrupt ---- */

static uint8_t masked_stat(const struct nic *nic)
{
    uint8_t mask = nic->mask & 0xF0;
    if (nic->mask & 0x08)
        mask |= STAT_ER;
    if (nic->mask & 0x04)
        mask |= STAT_FCP;
    return mask;
}

void nic_update_line(struct nic *nic)
{
    bool up = (nic->stat & ~masked_stat(nic)) != 0 && (!(nic->mask & MASK_ALL) || nic->hostile.mask_ignored);
    up = up && nic->wake.state == 0 && !nic->port_busy && !nic->hostile.silent && !nic->hostile.gone; /* never with a cause that cannot be read */
    if (up == nic->line)
        return;
    nic->line = up;
    if (up)
        device_raise(&nic->model);
    else
        device_lower(&nic->model);
}

bool nic_line(const struct nic *nic) { return nic->line; }

void nic_set_stat(struct nic *nic, uint8_t bits)
{
    nic->stat |= bits;
    nic_update_line(nic);
}

/* ---- Reading ---- */

static uint8_t byte_of(uint32_t value, uint32_t offset) { return (uint8_t)(value >> 8 * (offset & 3)); }

static uint8_t units_byte(const struct nic *nic)
{
    return (uint8_t)((nic->cu.state == NIC_CU_ACTIVE ? 0x80 : nic->cu.state == NIC_CU_SUSPENDED ? 0x40 : 0) | nic->ru.state << 2);
}

static uint8_t flow_control_byte(const struct nic *nic)
{
    return (uint8_t)(nic->wire.xoff << 1 | (nic->wire.xoff ? 4 : 0) | (nic->wire.paused ? 8 : 0));
}

/* 82558 and later: 0x18 to 0x1B; 82559: 0x1C, 0x1D and the CardBus registers. */
static uint8_t later_byte(const struct nic *nic, uint32_t offset)
{
    if (nic->kind == NIC_82557 || (nic->kind == NIC_82558 && offset > CSR_PMDR))
        return 0;
    switch (offset) {
    case CSR_EARLY_RX: return nic->early_receive;
    case CSR_FLOW: return nic->flow_control[0];
    case CSR_FLOW_XON: return flow_control_byte(nic);
    case CSR_PMDR: return (uint8_t)((nic->pmdr & 0xFE) | nic->config[CONFIG_PMCSR + 1] >> 7);
    case CSR_GENERAL_CONTROL: return nic->general_control;
    case CSR_GENERAL_STATUS: return nic_phy_status(nic);
    default: return offset >= CSR_CARDBUS ? nic->cardbus[offset - CSR_CARDBUS] : 0;
    }
}

/* While a PORT function runs. */
static uint8_t reset_byte(const struct nic *nic, uint32_t offset)
{
    switch (offset & ~3u) {
    case CSR_PORT: return byte_of(nic->port, offset);
    case CSR_FLASH: return byte_of(nic->kind == NIC_82559 ? 0x00080002 : 0x00080000, offset);
    case CSR_MDI: return byte_of(0x10000000, offset);
    default: return 0;
    }
}

static uint8_t read_byte(const struct nic *nic, uint32_t offset)
{
    if (offset >= CSR_END)
        return 0;
    if (nic->port_busy)
        return reset_byte(nic, offset);
    switch (offset & ~3u) {
    case CSR_PORT: return byte_of(nic->port, offset);
    case CSR_FLASH: return offset < CSR_EEPROM ? nic->flash_control[offset - CSR_FLASH] : offset == CSR_EEPROM ? nic_eeprom_read_pins(nic) : 0;
    case CSR_MDI: return byte_of(nic->mdi, offset);
    case CSR_RX_COUNT: return byte_of(nic->ru.byte_count, offset);
    default: return later_byte(nic, offset);
    }
}

/* What a driver reads most is taken whole, not byte by byte. */
static bool read_whole(const struct nic *nic, uint32_t offset, uint32_t *value)
{
    if (nic->port_busy || offset >= CSR_PORT)
        return false;
    if (offset >= CSR_POINTER)
        *value = nic->general_pointer;
    else
        *value = units_byte(nic) | (uint32_t)nic->stat << 8 | (uint32_t)nic->command << 16 | (uint32_t)nic->mask << 24;
    return true;
}

static uint32_t read_register(struct nic *nic, uint32_t offset, unsigned width)
{
    uint32_t value = 0;
    if ((offset & 3) + width <= 4 && read_whole(nic, offset, &value))
        value = value >> 8 * (offset & 3) & (width == 4 ? ~0u : (1u << 8 * width) - 1);
    else
        for (unsigned i = 0; i < width; i++)
            value |= (uint32_t)read_byte(nic, offset + i) << 8 * i;
    return nic->override.register_read ? nic->override.register_read(nic->override.context, offset, width, value) : value;
}

static void about_to_be_accessed(struct nic *nic)
{
    if (nic->override.access && !nic->hostile.gone)
        nic->override.access(nic->override.context);
}

static uint64_t device_register_read(struct device_model *model, unsigned window, uint32_t offset, unsigned width)
{
    struct nic *nic = (struct nic *)model;
    about_to_be_accessed(nic);
    if (nic->hostile.gone || !nic_decodes(nic, window) || window == NIC_WINDOW_FLASH)
        return ~0ull; /* an empty flash is all ones, too */
    if (width < 8)
        return read_register(nic, offset, width);
    uint64_t low = read_register(nic, offset, 4);
    return low | (uint64_t)read_register(nic, offset + 4, 4) << 32;
}

/* ---- Writing ---- */

static void acknowledge(struct nic *nic, uint8_t bits)
{
    nic->stat = (uint8_t)((nic->stat & ~bits) | nic->hostile.stuck);
    if (nic->hostile.stuck_left && !--nic->hostile.stuck_left)
        nic->hostile.stuck = 0;
}

static void write_mask(struct nic *nic, uint8_t value)
{
    nic->mask = value & (nic->kind == NIC_82557 ? MASK_ALL : (uint8_t)~MASK_TRIGGER);
    if (value & MASK_TRIGGER)
        nic->stat |= STAT_SWI;
}

static void set_byte(uint32_t *value, uint32_t offset, uint8_t byte)
{
    unsigned shift = 8 * (offset & 3);
    *value = (*value & ~(0xFFu << shift)) | (uint32_t)byte << shift;
}

static void write_port(struct nic *nic, uint32_t offset, uint8_t byte)
{
    set_byte(&nic->port, offset, byte);
    if (offset == CSR_PORT + 3)
        nic_port_function(nic, nic->port);
}

static void write_mdi(struct nic *nic, uint32_t offset, uint8_t byte)
{
    set_byte(&nic->mdi, offset, byte);
    if (offset == CSR_MDI + 3)
        nic_mdi_command(nic);
}

static void write_pmdr(struct nic *nic, uint8_t value)
{
    nic->pmdr &= (uint8_t)~(value & 0xE0);
    if (value & 1) { /* the mirror of PME_Status clears it there, too */
        nic->config[CONFIG_PMCSR + 1] &= 0x7F;
        nic_update_pme(nic);
    }
}

static void write_later(struct nic *nic, uint32_t offset, uint8_t value)
{
    if (nic->kind == NIC_82557 || (nic->kind == NIC_82558 && offset > CSR_PMDR))
        return;
    if (offset == CSR_EARLY_RX)
        nic->early_receive = value;
    else if (offset == CSR_FLOW)
        nic->flow_control[0] = value & 7;
    else if (offset == CSR_FLOW_XON)
        nic_flow_control_write(nic, value);
    else if (offset == CSR_PMDR)
        write_pmdr(nic, value);
    else if (offset == CSR_GENERAL_CONTROL)
        nic->general_control = value & 3;
    else if (offset >= CSR_CARDBUS)
        nic->cardbus[offset - CSR_CARDBUS] = value;
}

static void write_command(struct nic *nic, uint8_t value)
{
    if (nic->command)
        violate(nic, NIC_V_COMMAND_PENDING);
    if ((value & 0xF0) && (value & 7))
        violate(nic, NIC_V_TWO_COMMANDS);
    nic->command = value & 0xF7;
    if (!nic->command)
        alarm_cancel(&nic->accept_alarm);
    else if (nic->settings.accept)
        alarm_set(&nic->accept_alarm, clock_now() + nic->settings.accept, nic_accept);
    else
        nic_accept(&nic->accept_alarm);
}

static void write_byte(struct nic *nic, uint32_t offset, uint8_t value)
{
    if (offset >= CSR_END || (nic->port_busy && (offset & ~3u) != CSR_PORT))
        return;
    switch (offset & ~3u) {
    case CSR_STATUS:
        if (offset == CSR_STAT)
            acknowledge(nic, value);
        else if (offset == CSR_MASK)
            write_mask(nic, value);
        else if (offset == CSR_COMMAND)
            write_command(nic, value);
        break;
    case CSR_POINTER: set_byte(&nic->general_pointer, offset, value); break;
    case CSR_PORT: write_port(nic, offset, value); break;
    case CSR_FLASH:
        if (offset == CSR_EEPROM)
            nic_eeprom_pins(nic, value & 7);
        else if (offset < CSR_EEPROM)
            nic->flash_control[offset - CSR_FLASH] = value;
        break;
    case CSR_MDI: write_mdi(nic, offset, value); break;
    case CSR_RX_COUNT: break;
    default: write_later(nic, offset, value);
    }
}

static void device_register_write(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value)
{
    struct nic *nic = (struct nic *)model;
    about_to_be_accessed(nic);
    if (nic->hostile.gone || !nic_decodes(nic, window) || window == NIC_WINDOW_FLASH)
        return;
    if (offset == CSR_POINTER && width == 4 && !nic->port_busy) {
        nic->general_pointer = (uint32_t)value;
        return;
    }
    if (offset % width)
        violate(nic, NIC_V_UNALIGNED);
    for (unsigned i = 0; i < width; i++)
        if (offset + i != CSR_COMMAND)
            write_byte(nic, offset + i, (uint8_t)(value >> 8 * i));
    if (offset <= CSR_COMMAND && offset + width > CSR_COMMAND)
        write_byte(nic, CSR_COMMAND, (uint8_t)(value >> 8 * (CSR_COMMAND - offset)));
    nic_update_line(nic);
}

static bool interrupt_enabled(const struct device_model *model) { return !(((const struct nic *)model)->mask & MASK_ALL); }

const struct device_ops nic_device_ops = {device_register_read, device_register_write, interrupt_enabled, NULL};

void nic_csr_reset(struct nic *nic)
{
    alarm_cancel(&nic->accept_alarm);
    alarm_cancel(&nic->mdi_alarm);
    alarm_cancel(&nic->dump_alarm);
    nic->stat = nic->mask = nic->command = nic->early_receive = nic->general_control = 0;
    nic->general_pointer = 0;
    nic->mdi = 0x10000000;
    nic->mdi_busy = false;
    nic->dump_command = 0;
    nic->waiting = 0;
    memset(nic->flow_control, 0, sizeof nic->flow_control);
    memset(nic->cardbus, 0, sizeof nic->cardbus);
    nic->flash_control[0] = nic->kind == NIC_82559 ? 2 : 0;
    nic->flash_control[1] = 0;
    nic->wire.xoff = false;
    nic_eeprom_pins(nic, 0);
    nic_update_line(nic);
}
