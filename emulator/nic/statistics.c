/* The counters, and their dump into memory: counters, then (if asked) zero, then the magic word that tells the driver that they are there. */
#include "nic/nic_parts.h"

enum { DUMP_KEEP = 5, DUMP_RESET = 7 };

void nic_count(struct nic *nic, unsigned counter) { nic->counters[counter]++; }

/* How many dwords stand before the magic word. */
static unsigned layout(const struct nic *nic)
{
    uint8_t byte = nic->configuration[6];
    if (nic->kind == NIC_82557)
        return 16;
    if (nic->kind == NIC_82559 && (byte & 4))
        return 20;
    return byte & 0x20 ? 16 : 19;
}

static uint32_t counter_value(const struct nic *nic, unsigned n) { return n < NIC_COUNTERS ? nic->counters[n] : (uint32_t)nic->tco[0] | (uint32_t)nic->tco[1] << 16; }

static void dump(struct nic *nic)
{
    uint8_t area[4 * 20];
    unsigned n = layout(nic);
    for (unsigned i = 0; i < n; i++) {
        uint32_t value = counter_value(nic, i);
        if (nic->override.field)
            value = nic->override.field(nic->override.context, NIC_FIELD_COUNTER, nic->dump_to + 4 * i, value);
        put32(area + 4 * i, value);
    }
    nic_store(nic, nic->dump_to, area, 4 * n);
    if (nic->dump_command == DUMP_RESET) {
        memset(nic->counters, 0, sizeof nic->counters);
        memset(nic->tco, 0, sizeof nic->tco);
    }
    nic_store_field(nic, NIC_FIELD_COUNTER_MAGIC, nic->dump_to + 4 * n, 0xA000 | nic->dump_command, 4);
}

void nic_dump_finish(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, dump_alarm);
    if (!nic->dump_command || !nic_may_master(nic, WAITING_DUMP))
        return;
    dump(nic);
    nic->dump_command = 0;
}

void nic_statistics_dump(struct nic *nic, uint8_t command)
{
    if (!nic->dump_address_loaded)
        violate(nic, NIC_V_NO_DUMP_ADDRESS);
    if (nic->dump_command && alarm_cancel(&nic->dump_alarm))
        nic_dump_finish(&nic->dump_alarm); /* one after the other */
    nic->dump_to = nic->dump_address;
    nic->dump_command = command;
    if (nic->settings.statistics)
        alarm_set(&nic->dump_alarm, clock_now() + nic->settings.statistics, nic_dump_finish);
    else
        nic_dump_finish(&nic->dump_alarm);
}
