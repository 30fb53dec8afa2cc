/*
 * Frames to the wire: a transmit block is gathered from memory, told complete when its last byte was read, and goes over the wire behind the frame before it.
 *
 * The card holds two frames, one on the wire and one that waits for it; a third block waits for room. Only when a frame has left does it count.
 */
#include "nic/nic_parts.h"

enum { NO_ADDRESS = 0xFFFFFFFF, TBD_POLL = 100, CRC_BYTES = 4, WIRE_OVERHEAD = 8 + 4 + 12, FRAME_MINIMUM = 60, PAUSE_TYPE = 0x8808 };

/* How far a block is: at its beginning, among its TBDs, or read whole (and the time that this takes passes). */
enum { GATHER_FIRST, GATHER_TBDS, GATHERED };

/* ---- Gathering ---- */

static void append(struct nic *nic, uint32_t address, uint32_t size)
{
    struct nic_command_unit *cu = &nic->cu;
    uint32_t maximum = nic->settings.transmit_maximum < NIC_FRAME_MAX ? nic->settings.transmit_maximum : NIC_FRAME_MAX;
    uint32_t room = maximum > cu->length ? maximum - cu->length : 0;
    if (size > room) {
        violate(nic, NIC_V_LONG_TRANSMIT);
        size = room;
    }
    if (size)
        nic_fetch(nic, address, cu->gather + cu->length, size);
    cu->length += size;
}

static bool flexible(const struct nic *nic)
{
    if (extended_blocks(nic))
        return true;
    return (nic->cu.command & COMMAND_SF) && get32(nic->cu.header + 8) != NO_ADDRESS;
}

/* An extended block holds its first two TBDs itself. */
static uint32_t tbd_address(const struct nic *nic, uint32_t index)
{
    uint32_t array = nic->cu.base + get32(nic->cu.header + 8);
    if (!extended_blocks(nic))
        return array + 8 * index;
    return index < 2 ? nic->cu.block + 0x10 + 8 * index : array + 8 * (index - 2);
}

static bool last_tbd(const struct nic *nic, const uint8_t *tbd) { return nic->kind != NIC_82557 && (get32(tbd + 4) & 0x18000); }

/* False: a TBD is not valid yet; the CU looks again later. */
static bool gather_tbds(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    unsigned number = cu->header[0x0F];
    bool dynamic = nic->kind != NIC_82557 && (nic->configuration[7] & 0x80);
    while (cu->at < number || (dynamic && number == 0xFF)) {
        uint8_t tbd[8];
        nic_fetch(nic, tbd_address(nic, cu->at), tbd, sizeof tbd);
        if (dynamic && !get32(tbd))
            return false;
        append(nic, get32(tbd), get16(tbd + 4) & 0x3FFF);
        cu->at++;
        if (last_tbd(nic, tbd))
            break;
    }
    return true;
}

static void gather_immediate(struct nic *nic)
{
    append(nic, nic->cu.block + (extended_blocks(nic) ? 0x20 : 0x10), get16(nic->cu.header + 0x0C) & 0x3FFF);
}

/* ---- The block ---- */

static void finish_block(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    if (cu->length)
        nic_wire_send(nic, cu->length, cu->command & COMMAND_NC);
    else
        violate(nic, NIC_V_EMPTY_TRANSMIT);
    nic_cu_end(nic, STATUS_C | STATUS_OK);
}

static void again(struct alarm *alarm) { nic_cu_step(NIC_OF(alarm, cu.alarm)); }

void nic_transmit_block(struct nic *nic)
{
    struct nic_command_unit *cu = &nic->cu;
    if (cu->gathering == GATHERED) {
        finish_block(nic);
        return;
    }
    if (nic->wire.queued) {
        cu->wants_wire = true;
        return;
    }
    if (cu->gathering == GATHER_FIRST)
        gather_immediate(nic);
    cu->gathering = GATHER_TBDS;
    if (flexible(nic) && !gather_tbds(nic)) {
        alarm_set(&cu->alarm, clock_now() + TBD_POLL, again);
        return;
    }
    cu->gathering = GATHERED;
    alarm_set(&cu->alarm, clock_now() + (cu->length ? (cu->length + 7) / 8 : 1), again); /* never no time: a list may have no end */
}

/* ---- The wire ---- */

/* The source address, padding. The frame behind its checksum goes with it if the driver gave that. */
static uint32_t assemble(struct nic *nic, uint8_t *to, uint32_t length, bool no_crc)
{
    const uint8_t *from = nic->cu.gather;
    uint32_t inserted = 0;
    if (!no_crc && !(nic->configuration[10] & 8) && length >= 6) {
        memcpy(to, from, 6);
        memcpy(to + 6, nic->individual, 6);
        inserted = 6;
        memcpy(to + 12, from + 6, length - 6);
    } else {
        memcpy(to, from, length);
    }
    length += inserted;
    while (!no_crc && (nic->configuration[18] & 2) && length < FRAME_MINIMUM)
        to[length++] = nic->settings.pad_byte;
    return length;
}

void nic_wire_send(struct nic *nic, uint32_t length, bool no_crc)
{
    struct nic_wire *w = &nic->wire;
    if (!nic->configured || (nic->kind != NIC_82557 && (nic->configuration[8] & 0x80)))
        return; /* read, but nothing is sent before a configuration */
    w->length[1] = assemble(nic, w->frame[1], length, no_crc);
    w->no_crc[1] = no_crc;
    w->queued = true;
    nic_wire_start(nic);
}

static bool speed_100(const struct nic *nic) { return nic->phy.reg[16] & 2; }

static uint32_t wire_time(const struct nic *nic, uint32_t length)
{
    uint32_t bits = (length + WIRE_OVERHEAD) * 8;
    return speed_100(nic) || !nic_phy_link(nic) ? (bits + 9) / 10 : bits; /* 10 ns a bit, or 100 */
}

/* With NC the last four bytes are the checksum. A frame with a wrong one reaches nobody. */
static bool strip_checksum(struct nic_wire *w)
{
    uint32_t crc = ~0u, length = w->length[0];
    if (!w->no_crc[0])
        return true;
    if (length <= CRC_BYTES)
        return false;
    for (uint32_t i = 0; i < length - CRC_BYTES; i++) {
        crc ^= w->frame[0][i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    w->length[0] = length - CRC_BYTES;
    return get32(w->frame[0] + w->length[0]) == ~crc;
}

static void leaves(struct nic *nic, bool good)
{
    struct nic_wire *w = &nic->wire;
    bool internal = nic->configuration[10] & 0xC0, at_phy = nic->phy.reg[0] & 0x4000;
    if (internal || at_phy)
        nic_frame_arrives(nic, w->frame[0], w->length[0], good ? 0 : NIC_BAD_CHECKSUM);
    else if (good && nic_phy_link(nic) && nic->host.transmit)
        nic->host.transmit(nic->host.context, w->frame[0], w->length[0]);
}

static void sent(struct alarm *alarm);

void nic_wire_start(struct nic *nic)
{
    struct nic_wire *w = &nic->wire;
    if (w->busy || !w->queued || w->paused)
        return;
    memcpy(w->frame[0], w->frame[1], w->length[1]);
    w->length[0] = w->length[1];
    w->no_crc[0] = w->no_crc[1];
    w->queued = false;
    w->busy = true;
    alarm_set(&w->alarm, clock_now() + wire_time(nic, w->length[0]), sent);
}

/* The wire is free: who waits for it, and the block that waits for its room. */
static void next_frame(struct nic *nic)
{
    nic_wire_start(nic);
    if (nic->cu.wants_wire && !nic->wire.queued) {
        nic->cu.wants_wire = false;
        nic_cu_step(nic);
    }
}

static void sent(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, wire.alarm);
    bool good = strip_checksum(&nic->wire);
    nic->wire.busy = false;
    nic_count(nic, COUNT_TX_GOOD);
    leaves(nic, good);
    nic_update_line(nic); /* it may have come back */
    next_frame(nic);
}

void nic_wire_stop(struct nic *nic)
{
    alarm_cancel(&nic->wire.alarm);
    alarm_cancel(&nic->wire.pause);
    nic->wire.busy = nic->wire.queued = nic->wire.paused = false;
}

/* ---- Flow control ---- */

/* One of ours, past whatever waits. */
void nic_pause_frame(struct nic *nic, uint32_t time)
{
    static const uint8_t group[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01};
    uint8_t frame[FRAME_MINIMUM] = {0};
    memcpy(frame, group, 6);
    memcpy(frame + 6, nic->individual, 6);
    frame[12] = PAUSE_TYPE >> 8, frame[13] = PAUSE_TYPE & 0xFF;
    frame[15] = 1;
    frame[16] = (uint8_t)(time >> 8), frame[17] = (uint8_t)time;
    nic_count(nic, COUNT_FC_TX_PAUSE);
    if (nic->host.transmit && nic_phy_link(nic))
        nic->host.transmit(nic->host.context, frame, sizeof frame);
}

void nic_flow_control_write(struct nic *nic, uint8_t value)
{
    bool before = nic->wire.xoff;
    if (value & 2)
        nic->wire.xoff = true;
    if (value & 1)
        nic->wire.xoff = false;
    if (before != nic->wire.xoff && nic_link_enabled(nic))
        nic_pause_frame(nic, nic->wire.xoff ? get16(nic->configuration + 16) : 0);
}

static void pause_over(struct alarm *alarm)
{
    struct nic *nic = NIC_OF(alarm, wire.pause);
    nic->wire.paused = false;
    next_frame(nic);
}

/* Slots of 512 bit times; 0 ends it. */
void nic_paused(struct nic *nic, uint32_t time)
{
    alarm_cancel(&nic->wire.pause);
    nic->wire.paused = time != 0;
    uint32_t slot = speed_100(nic) ? 51 : 512;
    if (time)
        alarm_set(&nic->wire.pause, clock_now() + (uint64_t)time * slot, pause_over);
    else
        next_frame(nic);
}
