/*
 * The PHY at address 1 of the management bus (MDI): an 82555, or what the later chips have built in. Other addresses answer with ones.
 *
 * The link comes up a while after power, a reset of the PHY, a restart of the negotiation or a plugged cable, with the best mode that both ends can.
 */
#include "nic/nic_parts.h"

enum { MDI_READY = 1 << 28, MDI_INTERRUPT = 1 << 29, MDI_WRITE = 1, MDI_READ = 2, PHY_ADDRESS = 1 };
enum { CONTROL, STATUS, ID_1, ID_2, ADVERTISE, PARTNER, EXPANSION, RESULT = 16, FIRST_COUNTER = 19, LAST_COUNTER = 25 };
enum { CONTROL_RESET = 0x8000, CONTROL_100 = 0x2000, CONTROL_NEGOTIATE = 0x1000, CONTROL_OFF = 0x0C00, CONTROL_RESTART = 0x0200, CONTROL_FULL = 0x0100 };
enum { RESULT_100 = 2, RESULT_FULL = 1, STATUS_FIXED = 0x7809, STATUS_COMPLETE = 0x20, STATUS_LINK = 4 };
enum { CAN_100_FULL = 0x100, CAN_100 = 0x80, CAN_10_FULL = 0x40, CAN_10 = 0x20, CAN_ANY = 0x1E0 };

static const uint16_t writable[32] = {[CONTROL] = 0xFF80, [ADVERTISE] = 0xA7FF, [16] = 0xE000, [17] = 0xFBBF, [18] = 0xF800, [26] = 0xFFFF, [27] = 0x0007};

bool nic_phy_link(const struct nic *nic) { return nic->phy.link && !(nic->phy.reg[CONTROL] & CONTROL_OFF); }

/* Link, 100 Mb/s, full duplex: the general status register. */
uint8_t nic_phy_status(const struct nic *nic)
{
    if (!nic_phy_link(nic))
        return 0;
    return (uint8_t)(1 | (nic->phy.reg[RESULT] & RESULT_100) | (nic->phy.reg[RESULT] & RESULT_FULL) << 2);
}

/* ---- The link ---- */

static void link_up(struct nic *nic, uint16_t result)
{
    struct nic_phy *phy = &nic->phy;
    phy->reg[RESULT] = (uint16_t)((phy->reg[RESULT] & ~3u) | result);
    phy->link = true;
    nic_wake_link_changed(nic);
}

static uint16_t best_mode(uint16_t common)
{
    if (common & (CAN_100_FULL | CAN_100))
        return common & CAN_100_FULL ? RESULT_100 | RESULT_FULL : RESULT_100;
    return common & CAN_10_FULL ? RESULT_FULL : 0;
}

static void negotiated(struct nic *nic)
{
    struct nic_phy *phy = &nic->phy;
    uint16_t partner = nic->settings.partner, common = phy->reg[ADVERTISE] & partner & CAN_ANY;
    phy->reg[PARTNER] = partner;
    phy->reg[EXPANSION] = partner == 0x0021 ? 0 : 3; /* 0021: found by its signal, it does not negotiate */
    phy->complete = true;
    if (common)
        link_up(nic, best_mode(common));
}

static void settle(struct nic *nic)
{
    uint16_t control = nic->phy.reg[CONTROL];
    if (control & CONTROL_NEGOTIATE)
        negotiated(nic);
    else
        link_up(nic, (control & CONTROL_100 ? RESULT_100 : 0) | (control & CONTROL_FULL ? RESULT_FULL : 0));
}

static void settled(struct alarm *alarm) { settle(NIC_OF(alarm, phy.alarm)); }

static void lose_link(struct nic *nic)
{
    struct nic_phy *phy = &nic->phy;
    bool had = phy->link;
    phy->lost |= had;
    phy->link = phy->complete = false;
    phy->reg[PARTNER] = phy->reg[EXPANSION] = 0;
    phy->reg[RESULT] &= (uint16_t)~3u;
    alarm_cancel(&phy->alarm);
    if (had)
        nic_wake_link_changed(nic);
}

static void start_over(struct nic *nic)
{
    struct nic_phy *phy = &nic->phy;
    lose_link(nic);
    if (!nic->settings.partner || phy->off || (phy->reg[CONTROL] & CONTROL_OFF))
        return;
    uint32_t takes = phy->reg[CONTROL] & CONTROL_NEGOTIATE ? nic->settings.autonegotiation : nic->settings.forced_link;
    if (takes)
        alarm_set(&phy->alarm, clock_now() + takes, settled);
    else
        settle(nic);
}

void nic_plug_cable(struct nic *nic, uint16_t partner)
{
    nic->settings.partner = partner;
    start_over(nic);
}

/* ---- Registers ---- */

static void reset_registers(struct nic *nic)
{
    struct nic_phy *phy = &nic->phy;
    memset(phy->reg, 0, sizeof phy->reg);
    phy->reg[CONTROL] = 0x3000;
    phy->reg[ID_1] = 0x02A8;
    phy->reg[ID_2] = nic->kind == NIC_82559 ? 0x0154 : 0x0150;
    phy->reg[ADVERTISE] = nic->kind == NIC_82559 ? 0x05E1 : 0x01E1;
    phy->reg[18] = PHY_ADDRESS;
}

void nic_phy_power_on(struct nic *nic)
{
    nic->phy.off = false;
    reset_registers(nic);
    start_over(nic);
    nic->phy.lost = false;
    if (nic->settings.link_at_power_on && nic->settings.partner) {
        alarm_cancel(&nic->phy.alarm);
        settle(nic);
    }
}

/* Without power there is no link, and nobody to tell of its loss. */
void nic_phy_power(struct nic *nic, bool on)
{
    if (on != nic->phy.off)
        return;
    if (on) {
        nic_phy_power_on(nic);
        return;
    }
    nic->phy.off = true;
    nic->phy.link = nic->phy.complete = false;
    alarm_cancel(&nic->phy.alarm);
}

static uint16_t read_status(struct nic_phy *phy)
{
    bool link = phy->link && !phy->lost;
    phy->lost = false;
    return (uint16_t)(STATUS_FIXED | (phy->complete ? STATUS_COMPLETE : 0) | (link ? STATUS_LINK : 0));
}

static uint16_t phy_read(struct nic *nic, unsigned reg)
{
    uint16_t value = nic->phy.reg[reg];
    if (reg == STATUS)
        return read_status(&nic->phy);
    if (reg >= FIRST_COUNTER && reg <= LAST_COUNTER)
        nic->phy.reg[reg] = 0;
    return value;
}

static void write_control(struct nic *nic, uint16_t value)
{
    struct nic_phy *phy = &nic->phy;
    uint16_t before = phy->reg[CONTROL], decides = CONTROL_OFF | CONTROL_NEGOTIATE | (value & CONTROL_NEGOTIATE ? 0 : CONTROL_100 | CONTROL_FULL);
    if (value & CONTROL_RESET) {
        reset_registers(nic);
        start_over(nic);
        return;
    }
    phy->reg[CONTROL] = value & writable[CONTROL] & (uint16_t)~CONTROL_RESTART;
    if (((before ^ value) & decides) || ((value & CONTROL_RESTART) && (value & CONTROL_NEGOTIATE)))
        start_over(nic);
}

static void phy_write(struct nic *nic, unsigned reg, uint16_t value)
{
    if (reg == CONTROL)
        write_control(nic, value);
    else
        nic->phy.reg[reg] = (uint16_t)((nic->phy.reg[reg] & ~writable[reg]) | (value & writable[reg]));
}

/* ---- The management bus ---- */

static uint16_t answer(struct nic *nic, unsigned address, unsigned reg)
{
    uint16_t value = address == PHY_ADDRESS ? phy_read(nic, reg) : 0xFFFF;
    return nic->override.phy_read ? nic->override.phy_read(nic->override.context, address, reg, value) : value;
}

void nic_mdi_finish(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, mdi_alarm);
    unsigned reg = nic->mdi >> 16 & 31, address = nic->mdi >> 21 & 31, operation = nic->mdi >> 26 & 3;
    if (frozen(nic, NIC_FROZEN_MDI))
        return;
    if (operation == MDI_READ)
        nic->mdi = (nic->mdi & 0xFFFF0000) | answer(nic, address, reg);
    else if (address == PHY_ADDRESS)
        phy_write(nic, reg, (uint16_t)nic->mdi);
    nic->mdi |= MDI_READY;
    nic->mdi_busy = false;
    if (nic->mdi & MDI_INTERRUPT)
        nic_set_stat(nic, STAT_MDI);
}

void nic_mdi_command(struct nic *nic)
{
    unsigned operation = nic->mdi >> 26 & 3;
    if (nic->mdi_busy)
        violate(nic, NIC_V_MDI_PENDING);
    nic->mdi &= 0x3FFFFFFF & ~(uint32_t)MDI_READY;
    if (operation != MDI_READ && operation != MDI_WRITE) {
        nic->mdi |= MDI_READY;
        return;
    }
    nic->mdi_busy = true;
    if (nic->settings.mdi)
        alarm_set(&nic->mdi_alarm, clock_now() + nic->settings.mdi, nic_mdi_finish);
    else
        nic_mdi_finish(&nic->mdi_alarm);
}
