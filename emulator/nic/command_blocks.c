/* What command blocks other than transmits do: individual address, configure, multicast addresses, filters, dump; and what a configuration is at first. */
#include "nic/nic_parts.h"

enum { BLOCK_NOP, BLOCK_INDIVIDUAL, BLOCK_CONFIGURE, BLOCK_MULTICAST, BLOCK_TRANSMIT, BLOCK_MICROCODE, BLOCK_DUMP, BLOCK_DIAGNOSE, BLOCK_FILTERS, BLOCK_IPCB };
enum { DUMP_SIZE = 596, CONFIGURATION_MINIMUM = 8, MULTICAST_CHUNK = 32 };

void nic_default_configuration(struct nic *nic)
{
    static const uint8_t first[22] = {0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x32, 0x00, 0x00, 0x00, 0x2E, 0x00, 0x60, 0x00, 0xF2, 0xC8, 0x00, 0x40, 0xF2, 0x00, 0x3F, 0x05};
    memcpy(nic->configuration, first, sizeof first);
    if (nic->kind != NIC_82557)
        nic->configuration[12] = 0x61, nic->configuration[19] = 0x80;
    nic->configured = false;
}

void nic_default_individual(struct nic *nic)
{
    memset(nic->individual, 0xFF, sizeof nic->individual);
    for (unsigned i = 0; nic->settings.individual_from_eeprom && i < 3; i++)
        put16(nic->individual + 2 * i, nic->eeprom.word[i]);
}

static void configure(struct nic *nic)
{
    uint8_t bytes[22];
    nic_fetch(nic, nic->cu.block + 8, bytes, sizeof bytes);
    unsigned count = bytes[0] & 0x3F;
    if (count < CONFIGURATION_MINIMUM)
        count = CONFIGURATION_MINIMUM;
    if (count > sizeof bytes)
        count = sizeof bytes;
    memcpy(nic->configuration, bytes, count);
    nic->configured = count > 8 && (nic->kind == NIC_82557 || (bytes[8] & 1));
}

static void multicast(struct nic *nic)
{
    uint8_t head[2], chunk[6 * MULTICAST_CHUNK];
    nic_fetch(nic, nic->cu.block + 8, head, 2);
    unsigned addresses = (get16(head) & 0x3FFF) / 6;
    memset(nic->hash, 0, sizeof nic->hash);
    for (unsigned i = 0; i < addresses; i += MULTICAST_CHUNK) {
        unsigned n = addresses - i < MULTICAST_CHUNK ? addresses - i : MULTICAST_CHUNK;
        nic_fetch(nic, nic->cu.block + 10 + 6 * i, chunk, 6 * n);
        nic_hash_addresses(nic, chunk, n);
    }
}

/* The counters stand there in another order, from the last to the first. */
static void dump_counters(const struct nic *nic, uint8_t *area)
{
    static const uint8_t order[16] = {
        COUNT_RX_SHORT, COUNT_RX_COLLISION, COUNT_RX_OVERRUN, COUNT_RX_RESOURCE, COUNT_RX_ALIGNMENT, COUNT_RX_CRC, COUNT_RX_GOOD, COUNT_TX_COLLISIONS, COUNT_TX_MULTIPLE,
        COUNT_TX_SINGLE, COUNT_TX_DEFERRED, COUNT_TX_LOST_CARRIER, COUNT_TX_UNDERRUN, COUNT_TX_LATE, COUNT_TX_COLLISIONS_MAX, COUNT_TX_GOOD
    };
    for (unsigned i = 0; i < 16; i++)
        put32(area + 4 * (38 + i), nic->counters[order[i]]);
}

void nic_dump_state(struct nic *nic, uint32_t address)
{
    uint8_t area[DUMP_SIZE] = {0};
    memcpy(area + 24, nic->configuration + 8, 14);
    memcpy(area + 39, nic->individual, 6);
    memcpy(area + 63, nic->hash, 8);
    dump_counters(nic, area);
    put32(area + 4 * 66, nic->port);
    put32(area + 4 * 67, nic->general_pointer);
    nic_store(nic, address, area, sizeof area);
}

static void dump(struct nic *nic)
{
    uint8_t buffer[4];
    nic_fetch(nic, nic->cu.block + 8, buffer, 4);
    nic_dump_state(nic, nic->cu.base + get32(buffer));
}

static unsigned block_type(const struct nic *nic)
{
    unsigned type = nic->cu.command & 15;
    if (type < BLOCK_FILTERS || type == BLOCK_IPCB)
        return type;
    return type == BLOCK_FILTERS ? (nic->kind == NIC_82559 ? BLOCK_FILTERS : BLOCK_NOP) : type & 7;
}

uint16_t nic_execute_block(struct nic *nic)
{
    switch (block_type(nic)) {
    case BLOCK_INDIVIDUAL: nic_fetch(nic, nic->cu.block + 8, nic->individual, 6); break;
    case BLOCK_CONFIGURE: configure(nic); break;
    case BLOCK_MULTICAST: multicast(nic); break;
    case BLOCK_DUMP: dump(nic); break;
    case BLOCK_FILTERS: nic_load_filters(nic, nic->cu.block + 8); break;
    case BLOCK_IPCB: /* the 82550's own */
        violate(nic, NIC_V_BLOCK_TYPE);
        return STATUS_C;
    default: break; /* NOP, microcode, diagnose: nothing that could be seen */
    }
    return STATUS_C | STATUS_OK;
}
