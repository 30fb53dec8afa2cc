/* A card that lies: what no request asked for, and answers that are late. What is asked for and answered wrongly is struct nic_override. */
#include "nic/nic_parts.h"

enum { LATE = CLOCK_MS };

void nic_hostile_stat(struct nic *nic, uint8_t bits) { nic_set_stat(nic, bits); }

void nic_hostile_stuck(struct nic *nic, uint8_t bits, uint16_t times)
{
    nic->hostile.stuck = bits;
    nic->hostile.stuck_left = times;
    nic_set_stat(nic, bits);
}

void nic_hostile_silence(struct nic *nic, bool silent)
{
    nic->hostile.silent = silent;
    nic_update_line(nic);
}

void nic_hostile_ignore_mask(struct nic *nic, bool ignored)
{
    nic->hostile.mask_ignored = ignored;
    nic_update_line(nic);
}

void nic_hostile_block(struct nic *nic, uint32_t bus_address, uint16_t status)
{
    uint8_t bytes[2];
    put16(bytes, status);
    nic_store(nic, bus_address, bytes, 2);
}

void nic_hostile_rfd(struct nic *nic, uint32_t bus_address, uint16_t count, uint16_t status, const void *data, uint32_t size)
{
    uint8_t bytes[2];
    if (size)
        nic_store(nic, bus_address + 16, data, size);
    put16(bytes, count);
    nic_store(nic, bus_address + 12, bytes, 2);
    nic_hostile_block(nic, bus_address, status);
}

void nic_hostile_write(struct nic *nic, uint32_t bus_address, const void *bytes, uint32_t size)
{
    if (size)
        nic_store(nic, bus_address, bytes, size);
}

/* What came to its end meanwhile goes on where it stopped. */
void nic_hostile_freeze(struct nic *nic, uint32_t units)
{
    nic->hostile.frozen = units;
    if (nic->hostile.gone)
        return;
    if (!nic->mdi_alarm.set && nic->mdi_busy)
        nic_mdi_finish(&nic->mdi_alarm);
    if (!nic->port_alarm.set && nic->port_busy)
        nic_port_continue(nic);
    if (!nic->cu.alarm.set && !nic->cu.wants_wire)
        nic_cu_step(nic);
    if (!nic->accept_alarm.set && nic->command)
        nic_accept(&nic->accept_alarm);
}

void nic_hostile_gone(struct nic *nic)
{
    nic->hostile.gone = true;
    nic_cu_stop(nic);
    nic_wire_stop(nic);
    alarm_cancel(&nic->accept_alarm);
    alarm_cancel(&nic->port_alarm);
    alarm_cancel(&nic->mdi_alarm);
    alarm_cancel(&nic->dump_alarm);
    alarm_cancel(&nic->phy.alarm);
    alarm_cancel(&nic->hostile.alarm);
    nic_update_line(nic);
}

void nic_hostile_end(struct nic *nic)
{
    alarm_cancel(&nic->hostile.alarm);
    memset(&nic->hostile, 0, sizeof nic->hostile);
}

/* ---- Late answers ---- */

static void arrives(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, hostile.alarm);
    for (unsigned i = 0; i < 8; i++) {
        if (nic->hostile.late[i].used)
            nic_hostile_block(nic, nic->hostile.late[i].address, nic->hostile.late[i].value);
        nic->hostile.late[i].used = false;
    }
}

/* More than eight at a time: the others are lost. */
void nic_hostile_late(struct nic *nic, uint32_t address, uint16_t value)
{
    unsigned i = 0;
    while (i < 8 && nic->hostile.late[i].used)
        i++;
    if (i == 8)
        return;
    nic->hostile.late[i].used = true;
    nic->hostile.late[i].address = address;
    nic->hostile.late[i].value = value;
    if (!nic->hostile.alarm.set)
        alarm_set(&nic->hostile.alarm, clock_now() + LATE, arrives);
}
