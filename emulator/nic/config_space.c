/*
 * PCI configuration space: 256 bytes, three tables of the same size (what it holds, which bits a write changes, which bits a written 1 clears) made when power comes on;
 * then what a write has for a consequence: where the windows are, whether the card may use the bus, its power state.
 */
#include "nic/nic_parts.h"

enum {
    COMMAND = 0x04, STATUS = 0x06, REVISION = 0x08, CLASS = 0x0A, CACHE_LINE = 0x0C, LATENCY = 0x0D, BAR = 0x10, SUBSYSTEM = 0x2C, ROM = 0x30, CAPABILITY = 0x34, LINE = 0x3C,
    PIN = 0x3D, POWER = 0xDC, POWER_DATA = 0xE3
};
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };

static void set(struct nic *nic, uint32_t offset, unsigned width, uint32_t value, uint32_t writable, uint32_t clears)
{
    for (unsigned i = 0; i < width; i++) {
        nic->config[offset + i] = (uint8_t)(value >> 8 * i);
        nic->config_writable[offset + i] = (uint8_t)(writable >> 8 * i);
        nic->config_clears[offset + i] = (uint8_t)(clears >> 8 * i);
    }
}

static uint32_t config_dword(const struct nic *nic, uint32_t offset) { return get32(nic->config + offset); }

/* ---- What it holds at first ---- */

static void header(struct nic *nic)
{
    static const uint8_t revision[] = {[NIC_82557] = 0x02, [NIC_82558] = 0x05, [NIC_82559] = 0x08};
    bool first = nic->kind == NIC_82557;
    set(nic, 0x00, 4, 0x12298086, 0, 0);
    set(nic, COMMAND, 2, 0, first ? 0x0147 : 0x0157, 0);
    set(nic, STATUS, 2, first ? 0x0280 : 0x0290, 0, 0xF100);
    set(nic, REVISION, 4, 0x02000000 | revision[nic->kind], 0, 0);
    set(nic, CACHE_LINE, 1, 0, first ? 0 : 0x18, 0);
    set(nic, LATENCY, 1, 0, 0xFF, 0);
    set(nic, LINE, 4, 0x18080100, 0x000000FF, 0);
}

static void windows(struct nic *nic)
{
    set(nic, BAR, 4, nic->kind == NIC_82559 ? 0 : 8, 0xFFFFF000, 0);
    set(nic, BAR + 4, 4, 1, ~(nic->model.window[NIC_WINDOW_PORTS].size - 1), 0);
    set(nic, BAR + 8, 4, 0, 0xFFF00000, 0);
    bool no_boot = nic->eeprom.word[10] & 0x0800;
    set(nic, ROM, 4, 0, no_boot ? 0 : 0xFFF00001, 0);
}

/* Kept through a reset while auxiliary power is there. */
static void power_management(struct nic *nic)
{
    if (nic->kind == NIC_82557)
        return;
    uint16_t kept = nic->settings.auxiliary_power ? nic->config[CONFIG_PMCSR + 1] & 0x81 : 0;
    set(nic, CAPABILITY, 1, POWER, 0, 0);
    set(nic, POWER, 4, (nic->settings.auxiliary_power ? 0xFE210001u : 0x7E210001u), 0, 0);
    set(nic, CONFIG_PMCSR, 2, (uint32_t)kept << 8, nic->kind == NIC_82559 ? 0x1F03 : 0x0103, 0x8000);
    nic->config[POWER_DATA] = nic->kind == NIC_82559 ? 58 : 0;
}

static void subsystem(struct nic *nic)
{
    bool valid = (nic->eeprom.word[10] & 0xC000) == 0x4000;
    if (nic->kind != NIC_82557 && valid)
        set(nic, SUBSYSTEM, 4, nic->eeprom.word[12] | (uint32_t)nic->eeprom.word[11] << 16, 0, 0);
}

/* ---- What it means ---- */

static void place_windows(struct nic *nic)
{
    nic->model.window[NIC_WINDOW_MEMORY].base = config_dword(nic, BAR) & ~15u;
    nic->model.window[NIC_WINDOW_PORTS].base = config_dword(nic, BAR + 4) & ~3u;
    nic->model.window[NIC_WINDOW_FLASH].base = config_dword(nic, BAR + 8) & ~15u;
}

bool nic_decodes(const struct nic *nic, unsigned window)
{
    uint8_t bit = window == NIC_WINDOW_PORTS ? COMMAND_IO : COMMAND_MEMORY;
    return nic->wake.state == 0 && (nic->config[COMMAND] & bit);
}

bool nic_bus_master(const struct nic *nic) { return nic->wake.state == 0 && (nic->config[COMMAND] & COMMAND_MASTER); }

void nic_config_status(struct nic *nic, uint16_t bits) { put16(nic->config + STATUS, get16(nic->config + STATUS) | bits); }

static void power_data(struct nic *nic)
{
    static const uint8_t tenths[16] = {58, 40, 40, 40, 58, 40, 40, 40, 0};
    unsigned select = nic->config[CONFIG_PMCSR + 1] >> 1 & 15;
    nic->config[CONFIG_PMCSR + 1] = (uint8_t)((nic->config[CONFIG_PMCSR + 1] & 0x9F) | (select <= 8 ? 0x40 : 0));
    nic->config[POWER_DATA] = tenths[select];
}

static void consequences(struct nic *nic, bool was_master)
{
    place_windows(nic);
    if (nic->kind == NIC_82559)
        power_data(nic);
    if (nic->kind != NIC_82557) {
        nic_power_state(nic, nic->config[CONFIG_PMCSR] & 3);
        nic_wake_phy(nic);
        nic_update_pme(nic);
    }
    if (!was_master && nic_bus_master(nic))
        nic_bus_granted(nic);
}

void nic_config_reset(struct nic *nic)
{
    uint8_t pme = nic->config[CONFIG_PMCSR + 1];
    memset(nic->config, 0, sizeof nic->config);
    memset(nic->config_writable, 0, sizeof nic->config_writable);
    memset(nic->config_clears, 0, sizeof nic->config_clears);
    nic->config[CONFIG_PMCSR + 1] = pme;
    header(nic);
    windows(nic);
    power_management(nic);
    subsystem(nic);
    if (nic->kind == NIC_82559)
        power_data(nic);
    else if (nic->kind == NIC_82557)
        nic->config[CONFIG_PMCSR + 1] = 0;
    place_windows(nic);
    nic_update_pme(nic);
}

/* The inside of the card is reset; PME's state stays. */
void nic_config_leave_d3(struct nic *nic)
{
    uint8_t power[2] = {nic->config[CONFIG_PMCSR], nic->config[CONFIG_PMCSR + 1]};
    nic_config_reset(nic);
    memcpy(nic->config + CONFIG_PMCSR, power, sizeof power);
    nic_update_pme(nic);
}

/* ---- Access ---- */

uint32_t nic_config_read(struct nic *nic, uint32_t offset, unsigned width)
{
    uint32_t value = 0, ones = width == 4 ? ~0u : (1u << 8 * width) - 1;
    if (nic->hostile.gone || nic->model.absent)
        return ones;
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)nic->config[(offset + i) & 255] << 8 * i;
    return nic->override.config_read ? nic->override.config_read(nic->override.context, offset, width, value) & ones : value;
}

void nic_config_write(struct nic *nic, uint32_t offset, unsigned width, uint32_t value)
{
    bool master = nic_bus_master(nic);
    if (nic->hostile.gone || nic->model.absent)
        return;
    for (unsigned i = 0; i < width; i++) {
        unsigned at = (offset + i) & 255;
        uint8_t byte = (uint8_t)(value >> 8 * i), writable = nic->config_writable[at], was = nic->config[at];
        if (at == CACHE_LINE && byte != 0x08 && byte != 0x10)
            byte = 0;
        nic->config[at] = (uint8_t)(((was & ~writable) | (byte & writable)) & ~(byte & nic->config_clears[at]));
    }
    consequences(nic, master);
}
