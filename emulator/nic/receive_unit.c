/*
 * The receive unit (RU): frames from the wire into the descriptors (RFDs) that the driver linked.
 *
 * The order in memory is a promise: data, then the count with EOF and F, then the status with C. Behind it come FR, the counters and, with the end of the list (EL) or a
 * suspension (S), RNR in the same instant. Settings decide whether the next RFD is read when the one before is closed or when a frame needs it.
 */
#include "nic/nic_parts.h"

enum { RUC_START = 1, RUC_RESUME, RUC_REDIRECT, RUC_ABORT, RUC_LOAD_SPLIT, RUC_LOAD_BASE, RUC_RBD_RESUME };
enum { RFD_DATA = 16, COUNT_DONE = 0xC000, SIZE_MASK = 0x3FFF };
enum {
    RX_CRC = 0x0800, RX_ALIGNMENT = 0x0400, RX_TRUNCATED = 0x0200, RX_OVERRUN = 0x0100, RX_SHORT = 0x0080, RX_TYPE = 0x0020, RX_SYMBOL = 0x0010,
    RX_NO_MATCH = 0x0004, RX_NOT_INDIVIDUAL = 0x0002
};
enum { WIRE_MINIMUM = 60, WIRE_MAXIMUM = 1514, HEADER = 14 };

/* ---- Descriptors ---- */

static uint32_t rfd_size(const struct nic *nic) { return get16(nic->ru.descriptor + 14) & SIZE_MASK; }

static void fetch_rfd(struct nic *nic)
{
    if (nic->ru.fetched)
        return;
    nic_fetch(nic, nic->ru.rfd, nic->ru.descriptor, sizeof nic->ru.descriptor);
    nic->ru.fetched = true;
}

/* An RFD is the next one: its size is shown in the byte count, and a card that reads ahead keeps what it saw. */
static void set_up_rfd(struct nic *nic, uint32_t address)
{
    struct nic_receive_unit *ru = &nic->ru;
    ru->rfd = address & ~1u;
    ru->fetched = ru->dropped = false;
    if (ru->state != NIC_RU_READY)
        return; /* behind the end of a ring the link may be anything */
    if (address & 1)
        violate(nic, NIC_V_ODD_ADDRESS);
    if (!nic_bus_master(nic))
        return;
    fetch_rfd(nic);
    ru->byte_count = rfd_size(nic) & 0x7F8;
    ru->fetched = nic->settings.rfd_prefetch;
}

static void leave_ready(struct nic *nic, uint8_t state)
{
    nic->ru.state = state;
    nic->ru.fetched = false;
    nic->stat |= STAT_RNR;
}

/* ---- Commands ---- */

static void start(struct nic *nic)
{
    if (nic->ru.state == NIC_RU_READY) {
        violate(nic, NIC_V_RU_READY);
        return;
    }
    nic->ru.state = NIC_RU_READY;
    set_up_rfd(nic, nic->ru.base + nic->general_pointer);
}

static void resume(struct nic *nic)
{
    if (nic->ru.state != NIC_RU_SUSPENDED)
        return;
    nic->ru.state = NIC_RU_READY;
    set_up_rfd(nic, nic->ru.rfd);
}

static void abort_receive(struct nic *nic)
{
    if (nic->ru.state == NIC_RU_READY)
        leave_ready(nic, NIC_RU_IDLE);
    nic->ru.state = NIC_RU_IDLE;
}

static void load_base(struct nic *nic)
{
    if (nic->ru.state != NIC_RU_IDLE)
        violate(nic, NIC_V_BASE_WHILE_ACTIVE);
    nic->ru.base = nic->general_pointer;
}

void nic_ru_command(struct nic *nic, unsigned command)
{
    switch (command) {
    case RUC_START: start(nic); break;
    case RUC_RESUME: resume(nic); break;
    case RUC_ABORT: abort_receive(nic); break;
    case RUC_LOAD_SPLIT:
        nic->ru.header_split = true;
        nic->ru.header_size = nic->general_pointer & 0x3FFE;
        break;
    case RUC_LOAD_BASE: load_base(nic); break;
    default: violate(nic, NIC_V_RESERVED_COMMAND);
    }
}

void nic_ru_stop(struct nic *nic)
{
    nic->ru.state = NIC_RU_IDLE;
    nic->ru.fetched = nic->ru.dropped = false;
    nic->ru.byte_count = 0;
}

/* ---- A frame into memory ---- */

static uint32_t type_or_length(const uint8_t *frame, uint32_t size) { return size >= HEADER ? (uint32_t)frame[12] << 8 | frame[13] : 0; }

static uint32_t checksum(const uint8_t *frame, uint32_t size)
{
    uint32_t sum = 0;
    for (uint32_t i = HEADER; i < size; i++)
        sum += i & 1 ? frame[i] : (uint32_t)frame[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

static uint32_t frame_check(const uint8_t *frame, uint32_t size)
{
    uint32_t crc = ~0u;
    for (uint32_t i = 0; i < size; i++) {
        crc ^= frame[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* What stands behind the frame in memory. */
static uint32_t make_tail(const struct nic *nic, const uint8_t *frame, uint32_t size, uint8_t tail[6])
{
    uint32_t length = 0;
    if (nic->configuration[18] & 4) {
        put32(tail, frame_check(frame, size));
        length = 4;
    }
    if (nic->kind == NIC_82559 && (nic->configuration[9] & 1)) {
        put16(tail + length, checksum(frame, size));
        length += 2;
    }
    return length;
}

static uint32_t without_padding(const struct nic *nic, const uint8_t *frame, uint32_t size)
{
    uint32_t length = type_or_length(frame, size);
    bool strip = (nic->configuration[18] & 5) == 1 && length >= 1 && length <= 1500;
    return strip && HEADER + length < size ? HEADER + length : size;
}

/* Returns how many bytes were stored; *whole: how many there were. */
static uint32_t store_data(struct nic *nic, const uint8_t *frame, uint32_t size, uint32_t *whole)
{
    uint8_t tail[6];
    uint32_t room = rfd_size(nic), kept = without_padding(nic, frame, size), extra = make_tail(nic, frame, size, tail);
    uint32_t first = kept < room ? kept : room, second = extra < room - first ? extra : room - first;
    *whole = kept + extra;
    if (first)
        nic_store(nic, nic->ru.rfd + RFD_DATA, frame, first);
    if (second)
        nic_store(nic, nic->ru.rfd + RFD_DATA + first, tail, second);
    return first + second;
}

static void close_rfd(struct nic *nic)
{
    uint32_t command = get16(nic->ru.descriptor + 2), link = nic->ru.base + get32(nic->ru.descriptor + 4);
    if (command & COMMAND_EL)
        leave_ready(nic, NIC_RU_NO_RESOURCES);
    else if (command & COMMAND_S)
        leave_ready(nic, NIC_RU_SUSPENDED);
    set_up_rfd(nic, link);
}

static void deliver(struct nic *nic, const uint8_t *frame, uint32_t size, uint16_t flags, bool bad)
{
    uint32_t whole, address = nic->ru.rfd;
    fetch_rfd(nic);
    uint32_t command = get16(nic->ru.descriptor + 2);
    if ((command & COMMAND_EL) && !rfd_size(nic)) { /* how a driver parks the end of its ring */
        nic_count(nic, COUNT_RX_RESOURCE);
        leave_ready(nic, NIC_RU_NO_RESOURCES);
        return;
    }
    if (command & COMMAND_SF)
        violate(nic, NIC_V_FLEXIBLE_RFD);
    uint32_t stored = store_data(nic, frame, size, &whole);
    uint16_t status = STATUS_C | flags;
    if (stored < whole)
        status |= RX_TRUNCATED;
    else if (!bad)
        status |= STATUS_OK;
    nic_store_field(nic, NIC_FIELD_RFD_COUNT, address + 12, COUNT_DONE | stored, 2);
    nic_complete(nic, NIC_FIELD_RFD_STATUS, address, status);
    nic->ru.last = address;
    nic->stat |= STAT_FR;
    if (stored < whole)
        nic_count(nic, COUNT_RX_RESOURCE);
    else if (!bad)
        nic_count(nic, COUNT_RX_GOOD);
    close_rfd(nic);
}

/* ---- A frame from the wire ---- */

/* Errors count whatever the RU's state; one of them for each frame. */
static uint16_t count_errors(struct nic *nic, uint32_t size, unsigned bad)
{
    if (size < WIRE_MINIMUM) {
        nic_count(nic, COUNT_RX_SHORT);
        return RX_SHORT;
    }
    if (bad & NIC_BAD_ALIGNMENT) {
        nic_count(nic, COUNT_RX_ALIGNMENT);
        return RX_ALIGNMENT | RX_CRC;
    }
    if (bad & NIC_BAD_CHECKSUM) {
        nic_count(nic, COUNT_RX_CRC);
        return RX_CRC;
    }
    return 0;
}

static bool too_long(const struct nic *nic, uint32_t size)
{
    return size > WIRE_MAXIMUM && (nic->kind == NIC_82557 || !(nic->configuration[18] & 8));
}

static bool is_kept(const struct nic *nic, uint16_t errors, bool bad, bool overrun)
{
    bool save_bad = nic->configuration[6] & 0x80;
    if ((errors & RX_SHORT) && (nic->configuration[7] & 1))
        return false;
    if (overrun)
        return save_bad || (nic->configuration[6] & 0x40);
    return !bad || save_bad;
}

static void no_room(struct nic *nic, bool bad)
{
    if (nic->ru.state != NIC_RU_NO_RESOURCES || bad)
        return;
    nic_count(nic, COUNT_RX_RESOURCE);
    if (nic->settings.rnr_on_drop && !nic->ru.dropped)
        nic->stat |= STAT_RNR;
    nic->ru.dropped = true;
}

static uint16_t match_flags(const uint8_t *frame, uint32_t size, struct nic_match match)
{
    uint32_t type = type_or_length(frame, size);
    return (uint16_t)((type == 0 || type > 1500 ? RX_TYPE : 0) | (match.individual ? 0 : RX_NOT_INDIVIDUAL) | (match.promiscuous ? RX_NO_MATCH : 0));
}

void nic_frame_arrives(struct nic *nic, const uint8_t *frame, uint32_t size, unsigned flaws)
{
    if (!nic_link_enabled(nic) || size < 6 || nic_filter_flow_control(nic, frame, size))
        return;
    struct nic_match match = nic_match_address(nic, frame);
    if (!match.accepted)
        return;
    bool overrun = (flaws & NIC_BAD_OVERRUN) || (nic->ru.state == NIC_RU_READY && !nic_bus_master(nic));
    uint16_t errors = count_errors(nic, size, flaws);
    bool bad = errors || flaws || overrun || too_long(nic, size);
    if (overrun)
        nic_count(nic, COUNT_RX_OVERRUN);
    if (!is_kept(nic, errors, bad, overrun) || !nic_bus_master(nic) || frozen(nic, NIC_FROZEN_RU))
        return;
    if (nic->ru.state != NIC_RU_READY) {
        no_room(nic, bad);
        return;
    }
    errors |= (uint16_t)((overrun ? RX_OVERRUN : 0) | (flaws & NIC_BAD_SYMBOL ? RX_SYMBOL : 0));
    deliver(nic, frame, size, errors | match_flags(frame, size, match), bad);
    nic_raise_late_cna(nic);
}

/* Somebody else's frames reach nobody while the card talks to itself. */
static bool listens(const struct nic *nic)
{
    return nic_phy_link(nic) && !(nic->phy.reg[0] & 0x4000) && (nic->configuration[10] & 0xC0) != 0x40 && !nic->hostile.gone;
}

void nic_receive_bad(struct nic *nic, const void *frame, uint32_t size, unsigned bad)
{
    if (size > SIZE_MASK || !listens(nic))
        return;
    if (!bad)
        nic_wake_frame(nic, frame, size);
    if (nic->wake.state == 0 && !nic->port_busy)
        nic_frame_arrives(nic, frame, size, bad);
    nic_update_line(nic);
}

void nic_receive(struct nic *nic, const void *frame, uint32_t size) { nic_receive_bad(nic, frame, size, 0); }
