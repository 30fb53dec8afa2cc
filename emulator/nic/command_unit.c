/*
 * The command byte, and the command unit (CU): it walks a list of command blocks in memory.
 *
 * A block goes: its header is read, its link is kept, it is executed, its status is written in one word of 16 bits, then STAT's CX if it asked (I), then the end of
 * the list (EL) or a suspension (S), STAT's CNA, and the line. EL, S and I count as they were read, except that a resume reads S once more in the block that
 * was executed last: so a driver appends to a list that is running.
 */
#include "nic/nic_parts.h"

enum {
    CUC_NOP, CUC_START, CUC_RESUME, CUC_HPQ_START, CUC_LOAD_DUMP_ADDRESS, CUC_DUMP, CUC_LOAD_BASE, CUC_DUMP_RESET, CUC_STATIC_RESUME = 10, CUC_HPQ_RESUME = 11
};

static void enter(struct nic *nic, uint32_t offset)
{
    struct nic_command_unit *cu = &nic->cu;
    alarm_cancel(&cu->late_cna); /* a start or a resume takes it back */
    cu->state = NIC_CU_ACTIVE;
    cu->resume = false;
    cu->fetched = false;
    cu->link = offset;
    nic_cu_step(nic);
}

static void start(struct nic *nic)
{
    if (nic->cu.state == NIC_CU_ACTIVE)
        violate(nic, NIC_V_CU_ACTIVE);
    else
        enter(nic, nic->general_pointer);
}

/* S of the block that was executed last, as it stands in memory now. */
static bool still_suspends(struct nic *nic)
{
    uint8_t command[2];
    nic_fetch(nic, nic->cu.block + 2, command, 2);
    return get16(command) & COMMAND_S;
}

static void resume(struct nic *nic)
{
    if (nic->cu.state == NIC_CU_ACTIVE)
        nic->cu.resume = true;
    else if (nic->cu.state == NIC_CU_SUSPENDED && !still_suspends(nic))
        enter(nic, nic->cu.link);
}

static void static_resume(struct nic *nic)
{
    if (nic->kind == NIC_82557)
        violate(nic, NIC_V_RESERVED_COMMAND);
    else if (nic->cu.state == NIC_CU_SUSPENDED)
        enter(nic, nic->cu.link);
}

static void load_base(struct nic *nic)
{
    if (nic->cu.state != NIC_CU_IDLE || nic->ru.state != NIC_RU_IDLE)
        violate(nic, NIC_V_BASE_WHILE_ACTIVE);
    nic->cu.base = nic->general_pointer;
}

static void cu_command(struct nic *nic, unsigned command)
{
    switch (command) {
    case CUC_NOP: break;
    case CUC_START: start(nic); break;
    case CUC_RESUME: resume(nic); break;
    case CUC_STATIC_RESUME: static_resume(nic); break;
    case CUC_LOAD_BASE: load_base(nic); break;
    case CUC_LOAD_DUMP_ADDRESS:
        nic->dump_address = nic->general_pointer & ~3u;
        nic->dump_address_loaded = true;
        break;
    case CUC_DUMP: case CUC_DUMP_RESET: nic_statistics_dump(nic, (uint8_t)command); break;
    default: violate(nic, NIC_V_RESERVED_COMMAND);
    }
}

/* The bus is asked first, so that a command which touches memory waits whole; so does a dump behind another one. */
static bool touches_memory(const struct nic *nic, uint8_t command)
{
    if (command >> 4 == CUC_DUMP || command >> 4 == CUC_DUMP_RESET)
        return nic->dump_command;
    return command >> 4 == CUC_RESUME && nic->cu.state == NIC_CU_SUSPENDED;
}

void nic_accept(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, accept_alarm);
    uint8_t command = nic->command;
    if (!command || frozen(nic, NIC_FROZEN_COMMAND) || (touches_memory(nic, command) && !nic_may_master(nic, WAITING_ACCEPT)))
        return;
    enum nic_fate fate = nic->override.command ? nic->override.command(nic->override.context, command) : NIC_DONE;
    if (fate == NIC_HELD)
        return;
    nic->command = 0;
    if (fate == NIC_LOST)
        return;
    if (command & 7)
        nic_ru_command(nic, command & 7);
    cu_command(nic, command >> 4);
    nic_update_line(nic);
}

/* ---- Walking the list ---- */

static void executed(struct alarm *alarm) { nic_cu_step(NIC_OF(alarm, cu.alarm)); }

/* The block's header is read, its link kept; how long it will take is known. */
static void begin_block(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    uint32_t address = cu->base + cu->link;
    if (address & 1)
        violate(nic, NIC_V_ODD_ADDRESS);
    cu->block = address & ~1u;
    nic_fetch(nic, cu->block, cu->header, extended_blocks(nic) ? 32 : 16);
    cu->command = (uint16_t)get16(cu->header + 2);
    cu->link = get32(cu->header + 4);
    cu->fetched = true;
    cu->at = cu->length = 0;
    cu->gathering = 0;
}

static bool transmits(const struct nic_command_unit *cu) { return (cu->command & 7) == 4; }

/* The next thing that the CU has to do: begin with a block, or finish the one at hand. */
void nic_cu_step(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    if (cu->state != NIC_CU_ACTIVE || frozen(nic, NIC_FROZEN_CU) || !nic_may_master(nic, WAITING_COMMAND_UNIT))
        return;
    if (!cu->fetched) {
        begin_block(nic);
        if (transmits(cu))
            nic_transmit_block(nic);
        else
            alarm_set(&cu->alarm, clock_now() + nic->settings.command_block, executed);
    } else if (transmits(cu)) {
        nic_transmit_block(nic);
    } else {
        nic_cu_end(nic, nic_execute_block(nic));
    }
}

static void late_cna(struct alarm *alarm)
{
    nic_set_stat(NIC_OF(alarm, cu.late_cna), STAT_CNA);
}

static void leave_active(struct nic *nic, uint8_t state)
{
    uint32_t delay = nic->kind != NIC_82557 && (nic->cu.command & 7) == 4 ? nic->cu.command >> 8 & 31 : 0;
    bool tells = state == NIC_CU_IDLE || !(nic->configuration[6] & 8);
    nic->cu.state = state;
    if (!tells)
        return;
    if (delay)
        alarm_set(&nic->cu.late_cna, clock_now() + (delay * 776 + 5) / 10, late_cna);
    else
        nic->stat |= STAT_CNA;
}

/* A frame was received: CNA comes with FR. */
void nic_raise_late_cna(struct nic *nic)
{
    if (alarm_cancel(&nic->cu.late_cna))
        nic->stat |= STAT_CNA;
}

static bool suspends(struct nic *nic)
{
    bool resumed = nic->cu.resume;
    nic->cu.resume = false;
    return (nic->cu.command & COMMAND_S) && (!resumed || still_suspends(nic));
}

void nic_cu_end(struct nic *nic, uint16_t status)
{
    struct nic_command_unit *cu = &nic->cu;
    cu->fetched = false;
    nic_complete(nic, NIC_FIELD_BLOCK_STATUS, cu->block, status);
    if (cu->command & COMMAND_I)
        nic->stat |= STAT_CX;
    if (cu->command & COMMAND_EL)
        leave_active(nic, NIC_CU_IDLE);
    else if (suspends(nic))
        leave_active(nic, NIC_CU_SUSPENDED);
    nic_update_line(nic);
    if (cu->state == NIC_CU_ACTIVE)
        nic_cu_step(nic);
}

void nic_cu_stop(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    alarm_cancel(&cu->alarm);
    alarm_cancel(&cu->late_cna);
    cu->state = NIC_CU_IDLE;
    cu->resume = cu->fetched = cu->wants_wire = false;
}
