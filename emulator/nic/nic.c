/* A card of a kind, before power comes on. See nic.h. */
#include "nic/nic_parts.h"

#define MICROSECONDS(n) ((n) * 10)

static void default_settings(struct nic *nic)
{
    nic->settings = (struct nic_settings){
        .accept = MICROSECONDS(1), .command_block = MICROSECONDS(5), .statistics = MICROSECONDS(5), .mdi = 256, .port_reset = MICROSECONDS(10), .self_test = CLOCK_MS,
        .eeprom_write = 4 * CLOCK_MS, .autonegotiation = 1500 * CLOCK_MS, .forced_link = 100 * CLOCK_MS, .individual_from_eeprom = nic->kind == NIC_82559,
        .pad_byte = nic->kind == NIC_82557 ? 0x7E : 0x00, .transmit_maximum = NIC_FRAME_MAX, .partner = 0x45E1
    };
}

void nic_init(struct nic *nic, enum nic_kind kind, const struct nic_host *host)
{
    memset(nic, 0, sizeof *nic);
    nic->kind = kind;
    if (host)
        nic->host = *host;
    nic->model.name = "i8255x";
    nic->model.ops = &nic_device_ops;
    nic->model.window[NIC_WINDOW_MEMORY].size = 4096;
    nic->model.window[NIC_WINDOW_PORTS].size = kind == NIC_82559 ? 64 : 32;
    nic->model.window[NIC_WINDOW_PORTS].port = true;
    nic->model.window[NIC_WINDOW_FLASH].size = 1u << 20;
    default_settings(nic);
    nic_eeprom_default(nic);
}
