/*
 * PORT: resets, the self-test and the dump; and what each reset touches (the power's and the bus's too).
 *
 * A function acts at once; while it runs PORT reads back what was written and the other registers read as after a reset.
 */
#include "nic/nic_parts.h"

enum { PORT_SOFTWARE_RESET, PORT_SELF_TEST, PORT_SELECTIVE_RESET, PORT_DUMP, PORT_DUMP_WAKE = 7 };

static const uint32_t signature[] = {[NIC_82557] = 0x49CAA8D6, [NIC_82558] = 0x24C9F043, [NIC_82559] = 0x04F4518B};

void nic_selective_reset(struct nic *nic)
{
    nic_cu_stop(nic);
    nic_ru_stop(nic);
    nic_wire_stop(nic);
    nic_csr_reset(nic);
}

void nic_software_reset(struct nic *nic)
{
    nic_selective_reset(nic);
    nic->cu.base = nic->ru.base = nic->dump_address = 0;
    nic->dump_address_loaded = false;
    nic->ru.header_split = false;
    nic_default_configuration(nic);
    nic_default_individual(nic);
    memset(nic->hash, 0, sizeof nic->hash);
    memset(nic->counters, 0, sizeof nic->counters);
    memset(nic->tco, 0, sizeof nic->tco);
    nic->wake.filters = 0;
}

void nic_reset(struct nic *nic)
{
    alarm_cancel(&nic->port_alarm);
    nic->port = 0;
    nic->port_busy = false;
    if (nic->wake.state)
        device_set_power(&nic->model, true);
    nic->wake.state = 0;
    nic_config_reset(nic);
    nic_software_reset(nic);
    nic->pmdr = 0;
    nic_eeprom_power_on(nic);
    nic_phy_power_on(nic);
    nic_update_line(nic);
}

/* ---- Functions ---- */

static void self_test_result(struct nic *nic, uint32_t address)
{
    uint8_t result[8];
    uint32_t word[2] = {signature[nic->kind], 0};
    for (unsigned i = 0; i < 2; i++) {
        if (nic->override.field)
            word[i] = nic->override.field(nic->override.context, NIC_FIELD_SELF_TEST, address + 4 * i, word[i]);
        put32(result + 4 * i, word[i]);
    }
    nic_store(nic, address, result, sizeof result);
}

static void dump(struct nic *nic, uint32_t address)
{
    nic_dump_state(nic, address);
    nic_store_field(nic, NIC_FIELD_DUMP_MAGIC, address + 596, 0xA006, 4);
}

/* It ran for as long as it takes: results, and PORT reads 0. */
void nic_port_continue(struct nic *nic)
{
    unsigned function = nic->port_running & 15;
    uint32_t address = nic->port_running & ~15u;
    if (!nic->port_busy)
        return;
    bool writes = function == PORT_SELF_TEST || function == PORT_DUMP || function == PORT_DUMP_WAKE;
    if (frozen(nic, NIC_FROZEN_PORT) || (writes && !nic_may_master(nic, WAITING_PORT)))
        return;
    nic->port_busy = false;
    if (function == PORT_SELF_TEST) {
        self_test_result(nic, address);
        nic_software_reset(nic);
    } else if (function == PORT_DUMP) {
        dump(nic, address);
    } else if (function == PORT_DUMP_WAKE) {
        nic_dump_wake_packet(nic, address);
    }
    nic->port = 0;
    nic_update_line(nic);
}

static void port_done(struct alarm *alarm) { nic_port_continue(NIC_OF(alarm, port_alarm)); }

static bool known_function(const struct nic *nic, unsigned function) { return function <= PORT_DUMP || (function == PORT_DUMP_WAKE && nic->kind == NIC_82559); }

void nic_port_function(struct nic *nic, uint32_t value)
{
    unsigned function = value & 15;
    if (!known_function(nic, function)) {
        violate(nic, NIC_V_PORT_FUNCTION);
        nic->port = nic->port_busy ? nic->port_running : 0;
        return;
    }
    if (nic->port_busy)
        violate(nic, NIC_V_PORT_PENDING);
    if (function == PORT_SOFTWARE_RESET)
        nic_software_reset(nic);
    else
        nic_selective_reset(nic);
    nic->port_busy = true;
    nic->port = nic->port_running = value;
    uint32_t takes = function == PORT_SELF_TEST ? nic->settings.self_test : nic->settings.port_reset;
    if (takes)
        alarm_set(&nic->port_alarm, clock_now() + takes, port_done);
    else
        nic_port_continue(nic);
}
