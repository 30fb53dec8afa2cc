/* Memory as the card reaches it: as a bus master, if the driver lets it. See nic_parts.h. */
#include "nic/nic_parts.h"

enum { STATUS_MASTER_ABORT = 0x2000 };

bool nic_may_master(struct nic *nic, uint32_t part)
{
    if (nic_bus_master(nic) && !nic->hostile.gone)
        return true;
    nic->waiting |= part;
    return false;
}

void nic_bus_granted(struct nic *nic)
{
    uint32_t waiting = nic->waiting;
    nic->waiting = 0;
    if (waiting & WAITING_PORT)
        nic_port_continue(nic);
    if (waiting & WAITING_DUMP)
        nic_dump_finish(&nic->dump_alarm);
    if (waiting & WAITING_COMMAND_UNIT)
        nic_cu_step(nic);
    if (waiting & WAITING_ACCEPT)
        nic_accept(&nic->accept_alarm);
}

void nic_fetch(struct nic *nic, uint32_t address, void *to, uint32_t size)
{
    if (nic->host.read && nic->host.read(nic->host.context, address, to, size))
        return;
    memset(to, 0xFF, size);
    nic_config_status(nic, STATUS_MASTER_ABORT);
}

void nic_store(struct nic *nic, uint32_t address, const void *from, uint32_t size)
{
    if (!nic->host.write || !nic->host.write(nic->host.context, address, from, size))
        nic_config_status(nic, STATUS_MASTER_ABORT);
}

void nic_store_field(struct nic *nic, enum nic_field field, uint32_t address, uint32_t value, unsigned width)
{
    uint8_t bytes[4];
    if (nic->override.field)
        value = nic->override.field(nic->override.context, field, address, value);
    put32(bytes, value);
    nic_store(nic, address, bytes, width);
}

void nic_complete(struct nic *nic, enum nic_field field, uint32_t address, uint16_t status)
{
    enum nic_fate fate = nic->override.completion ? nic->override.completion(nic->override.context, field, address) : NIC_DONE;
    if (fate == NIC_LOST || fate == NIC_HELD)
        return;
    if (fate == NIC_LATE || fate == NIC_TWICE)
        nic_hostile_late(nic, address, status);
    if (fate != NIC_LATE)
        nic_store_field(nic, field, address, status, 2);
}
