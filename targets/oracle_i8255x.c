/* What the card may touch. See oracle_i8255x.h. */
#include "oracle_i8255x.h"

#include <string.h>

enum { OP_INDIVIDUAL = 1, OP_CONFIGURE, OP_MULTICAST, OP_TRANSMIT, OP_MICROCODE, OP_DUMP, OP_DIAGNOSE, OP_FILTERS, OP_IPCB };
enum { DUMP_SIZE = 596, DUMP_MAGIC = 0xA006, WAKE_SIZE = 128, STATUS_GOOD = 0xA000, STATUS_BAD_TYPE = 0x8000 };
enum { RFD_DATA = 16, SIZE_MASK = 0x3FFF, RFD_STATUS_BITS = 0xAFB6, RFD_C = 0x8000, RFD_OK = 0x2000, RFD_TRUNCATED = 0x0200, RFD_COUNTED = 0xC000 };
enum { PORT_SELF_TEST = 1, PORT_DUMP = 3, PORT_DUMP_WAKE = 7 };
enum { FRAMES_UNDER_WAY = 2, COUNTER_TX_GOOD = 0, COUNTER_RX_GOOD = 9 };

struct follow follow;

bool follow_is_quiet(void) { return follow.confused || life_has_strange_hardware(); }

static bool extended(void) { return follow.card->kind != NIC_82557 && !(follow.configuration[6] & 0x10); }
static bool dynamic(void) { return follow.card->kind != NIC_82557 && (follow.configuration[7] & 0x80); }

static void wrong(const char *what, uint32_t value, uint32_t expected)
{
    bugcheck(OWN_DEVICE_ANSWER, value, expected, 0, 0, NULL, "%s: 0x%X where the manual has 0x%X", what, value, expected);
}

/* ---- Resets ---- */

void follow_selective_reset(void)
{
    follow.pending = follow.in_block = follow.resume = follow.mdi_asked = false;
    follow.cu = FOLLOW_IDLE;
    follow.ru = NIC_RU_IDLE;
    follow.have_rfd = false;
    memset(follow.dump, 0, sizeof follow.dump);
    follow.port = 0;
    follow.mask = 0;
    follow.pointer = 0;
    follow.must = follow.may = 0;
    follow.sticky = follow.card->settings.rnr_on_drop ? STAT_RNR : 0;
    memset(follow.frame, 0, sizeof follow.frame);
}

void follow_software_reset(void)
{
    static const uint8_t first[22] = {0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x32, 0x00, 0x00, 0x00, 0x2E, 0x00, 0x60, 0x00, 0xF2, 0xC8, 0x00, 0x40, 0xF2, 0x00, 0x3F, 0x05};
    follow_selective_reset();
    follow.confused = false; /* what the other reset keeps is not known then */
    follow.cu_base = follow.ru_base = follow.dump_address = 0;
    follow.received = follow.transmits = 0;
    follow.uncounted = false;
    memcpy(follow.configuration, first, sizeof first);
}

/* ---- Commands ---- */

static void ru_accept(unsigned command)
{
    bool ready = follow.ru == NIC_RU_READY;
    bool parked = ready && follow.have_rfd && (follow_get16(follow.descriptor + 2) & BLOCK_EL) && !(follow_get16(follow.descriptor + 14) & SIZE_MASK);
    uint32_t rfd = (follow.ru_base + follow.pointer) & ~1u;
    if (command == 1 && (!ready || (parked && follow.card->ru.rfd == rfd))) { /* a frame may have found the unit parked, or none came yet */
        follow.ru = NIC_RU_READY;
        follow.have_rfd = parked && rfd == follow.rfd; /* then nobody need read it again */
        follow.rfd = rfd;
    } else if (command == 2 && follow.ru == NIC_RU_SUSPENDED) {
        follow.ru = NIC_RU_READY;
        follow.have_rfd = false;
    } else if (command == 4) {
        if (parked)
            follow.may |= STAT_RNR;
        else if (ready)
            follow.must |= STAT_RNR;
        follow.ru = NIC_RU_IDLE;
    } else if (command == 6) {
        follow.ru_base = follow.pointer;
    }
}

static void go_on_at(uint32_t link)
{
    follow.cu = FOLLOW_ACTIVE;
    follow.in_block = follow.resume = false;
    follow.link = link;
}

static void queue_dump(uint8_t command)
{
    if (follow.dump[1].due)
        follow.dump[0] = follow.dump[1];
    unsigned i = follow.dump[0].due;
    follow.dump[i].due = true;
    follow.dump[i].to = follow.dump_address;
    follow.dump[i].command = command;
    follow.dump[i].counters = false;
}

static void cu_accept(unsigned command)
{
    bool still = follow.cu == FOLLOW_IDLE || follow.cu == FOLLOW_SUSPENDED;
    switch (command) {
    case 1:
        if (still)
            go_on_at(follow.pointer);
        break;
    case 2:
        if (follow.cu == FOLLOW_SUSPENDED)
            follow.cu = FOLLOW_ASKS;
        else if (follow.cu == FOLLOW_ACTIVE)
            follow.resume = true;
        break;
    case 4: follow.dump_address = follow.pointer & ~3u; break;
    case 5:
    case 7: queue_dump((uint8_t)command); break;
    case 6: follow.cu_base = follow.pointer; break;
    case 10:
        if (follow.card->kind != NIC_82557 && follow.cu == FOLLOW_SUSPENDED)
            go_on_at(follow.link);
        break;
    default: break;
    }
}

void follow_sync(void)
{
    if (!follow.pending || follow.card->command)
        return;
    follow.pending = false;
    if (follow.command & 7)
        ru_accept(follow.command & 7);
    cu_accept(follow.command >> 4);
}

/* ---- The command unit's transfers ---- */

static unsigned operation(void)
{
    unsigned op = follow.word & 15;
    if (op < OP_FILTERS || op == OP_IPCB)
        return op;
    return op != OP_FILTERS ? op & 7 : follow.card->kind == NIC_82559 ? OP_FILTERS : 0;
}

static bool transmits(void) { return follow.in_block && (follow.word & 7) == OP_TRANSMIT; }
static bool within(uint32_t address, uint32_t size, uint32_t from, uint32_t length) { return address - from <= length && size <= length - (address - from); }

static bool fits_suspend(uint32_t address, uint32_t size)
{
    return (follow.cu == FOLLOW_ASKS || follow.cu == FOLLOW_ASKS_AT_END) && address == follow.block + 2 && size == 2;
}

static void cause_cna(bool idle)
{
    bool delayed = follow.card->kind != NIC_82557 && (follow.word & 7) == OP_TRANSMIT && (follow.word & 0x1F00);
    if (!idle && (follow.configuration[6] & 8))
        return;
    if (delayed)
        follow.sticky |= STAT_CNA;
    else
        follow.must |= STAT_CNA;
}

static void take_suspend(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)size;
    if (!(follow_get16(bytes) & BLOCK_S)) {
        go_on_at(follow.link);
        return;
    }
    if (follow.cu == FOLLOW_ASKS_AT_END)
        cause_cna(false);
    follow.cu = FOLLOW_SUSPENDED;
}

static bool fits_header(uint32_t address, uint32_t size)
{
    return follow.cu == FOLLOW_ACTIVE && !follow.in_block && address == ((follow.cu_base + follow.link) & ~1u) && size == (extended() ? 32 : 16);
}

static void take_header(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    memcpy(follow.header, bytes, size);
    follow.block = address;
    follow.word = (uint16_t)follow_get16(bytes + 2);
    follow.link = follow_get32(bytes + 4);
    follow.in_block = true;
    follow.counted = follow.dump_known = follow.last_tbd = false;
    follow.immediate = follow.left = follow.length = 0;
    follow.tbds = 0;
}

/* Parameters of what is no transmit. */
static bool fits_parameters(uint32_t address, uint32_t size)
{
    if (!follow.in_block)
        return false;
    switch (operation()) {
    case OP_INDIVIDUAL: return within(address, size, follow.block + 8, 6);
    case OP_CONFIGURE: return within(address, size, follow.block + 8, 22);
    case OP_MULTICAST: return follow.counted ? within(address, size, follow.block + 10, follow.count) : within(address, size, follow.block + 8, 2);
    case OP_DUMP: return within(address, size, follow.block + 8, 4);
    case OP_FILTERS: return within(address, size, follow.block + 8, 64);
    default: return false;
    }
}

static void take_configuration(const uint8_t *bytes, uint32_t size)
{
    uint32_t count = bytes[0] & 0x3F;
    count = count < 8 ? 8 : count > 22 ? 22 : count;
    memcpy(follow.configuration, bytes, count < size ? count : size);
}

static void take_parameters(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    if (operation() == OP_CONFIGURE && address == follow.block + 8)
        take_configuration(bytes, size);
    if (operation() == OP_MULTICAST && !follow.counted && size == 2) {
        follow.count = (follow_get16(bytes) & SIZE_MASK) / 6 * 6; /* whole addresses */
        follow.counted = true;
    }
    if (operation() == OP_DUMP && size == 4) {
        follow.dump_to = follow.cu_base + follow_get32(bytes);
        follow.dump_known = true;
    }
}

/* ---- A transmit ---- */

static uint32_t room(void)
{
    uint32_t most = follow.card->settings.transmit_maximum;
    return follow.length < most ? most - follow.length : 0;
}

static void gather(const uint8_t *bytes, uint32_t size)
{
    if (size <= sizeof follow.gather - follow.length)
        memcpy(follow.gather + follow.length, bytes, size);
    follow.length += size;
}

static uint32_t immediate_size(void) { return follow_get16(follow.header + 12) & SIZE_MASK; }

static bool fits_immediate(uint32_t address, uint32_t size)
{
    uint32_t from = follow.block + (extended() ? 0x20 : 0x10);
    return transmits() && !follow.tbds && address == from + follow.immediate && size <= immediate_size() - follow.immediate && size <= room();
}

static void take_immediate(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address;
    gather(bytes, size);
    follow.immediate += size;
}

static bool fits_tbd(uint32_t address, uint32_t size)
{
    uint32_t array = follow.cu_base + follow_get32(follow.header + 8), at = array + 8 * follow.tbds;
    unsigned number = follow.header[15];
    if (!transmits() || size != 8 || (follow.left && room()) || follow.last_tbd)
        return false;
    if (!extended() && (!(follow.word & BLOCK_SF) || follow_get32(follow.header + 8) == ~0u))
        return false;
    if (extended())
        at = follow.tbds < 2 ? follow.block + 0x10 + 8 * follow.tbds : array + 8 * (follow.tbds - 2);
    return address == at && (follow.tbds < number || (dynamic() && number == 0xFF));
}

static void take_tbd(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)size;
    if (dynamic() && !follow_get32(bytes))
        return; /* not valid yet: it is read again */
    follow.buffer = follow_get32(bytes);
    follow.left = follow_get16(bytes + 4) & SIZE_MASK;
    follow.last_tbd = follow.card->kind != NIC_82557 && (follow_get32(bytes + 4) & 0x18000);
    follow.tbds++;
}

static bool fits_buffer(uint32_t address, uint32_t size) { return transmits() && follow.left && address == follow.buffer && size <= follow.left && size <= room(); }

static void take_buffer(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address;
    gather(bytes, size);
    follow.buffer += size;
    follow.left -= size;
}

/* ---- A block's end ---- */

static bool fits_status(uint32_t address, uint32_t size) { return follow.in_block && address == follow.block && size == 2; }

static void leave_block(void)
{
    if (follow.word & BLOCK_I)
        follow.must |= STAT_CX;
    if (follow.word & BLOCK_EL) {
        follow.cu = FOLLOW_IDLE;
        cause_cna(true);
    } else if ((follow.word & BLOCK_S) && follow.resume) {
        follow.cu = FOLLOW_ASKS_AT_END;
    } else if (follow.word & BLOCK_S) {
        follow.cu = FOLLOW_SUSPENDED;
        cause_cna(false);
    }
    follow.resume = false;
}

static void take_status(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)size;
    uint32_t expected = operation() == OP_IPCB ? STATUS_BAD_TYPE : STATUS_GOOD;
    if (follow_get16(bytes) != expected)
        wrong("the status of a command block", follow_get16(bytes), expected);
    if (transmits())
        follow_will_send();
    follow.in_block = false;
    leave_block();
}

static bool fits_dump(uint32_t address, uint32_t size) { return follow.in_block && follow.dump_known && within(address, size, follow.dump_to, DUMP_SIZE); }
static void take_nothing(uint32_t address, uint32_t size, const uint8_t *bytes) { (void)address, (void)size, (void)bytes; }

/* ---- Statistics ---- */

static unsigned counters(void)
{
    if (follow.card->kind == NIC_82557)
        return 16;
    if (follow.card->kind == NIC_82559 && (follow.configuration[6] & 4))
        return 20;
    return follow.configuration[6] & 0x20 ? 16 : 19;
}

static int dump_at(uint32_t address, bool magic)
{
    for (int i = 0; i < 2; i++)
        if (follow.dump[i].due && follow.dump[i].counters == magic && address == follow.dump[i].to + (magic ? 4 * counters() : 0))
            return i;
    return -1;
}

static bool fits_counters(uint32_t address, uint32_t size) { return dump_at(address, false) >= 0 && size == 4 * counters(); }
static bool fits_magic(uint32_t address, uint32_t size) { return dump_at(address, true) >= 0 && size == 4; }

static void take_counters(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)size;
    follow.dump[dump_at(address, false)].counters = true;
    uint32_t good = follow_get32(bytes + 4 * COUNTER_RX_GOOD), sent = follow_get32(bytes + 4 * COUNTER_TX_GOOD);
    if (good != follow.received && !follow.uncounted)
        wrong("the counter of good frames received", good, follow.received);
    if (sent > follow.transmits && !follow.uncounted)
        wrong("the counter of good frames sent", sent, follow.transmits);
    for (unsigned i = 1; i < COUNTER_RX_GOOD; i++) /* there are no collisions on this wire, and it is never late */
        if (follow_get32(bytes + 4 * i))
            wrong("a counter of what did not happen", follow_get32(bytes + 4 * i), 0);
}

static void take_magic(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)size;
    int i = dump_at(address, true);
    uint32_t expected = 0xA000u | follow.dump[i].command;
    if (follow_get32(bytes) != expected)
        wrong("the word behind the counters", follow_get32(bytes), expected);
    if (follow.dump[i].command == 7) {
        follow.received = follow.uncounted = 0;
        follow.transmits = FRAMES_UNDER_WAY;
    }
    follow.dump[i].due = false;
    if (i == 0) { /* the later one is the only one now */
        follow.dump[0] = follow.dump[1];
        follow.dump[1].due = false;
    }
}

/* ---- PORT ---- */

static bool fits_port(uint32_t address, uint32_t size)
{
    switch (follow.port) {
    case PORT_SELF_TEST: return address == follow.port_to && size == 8;
    case PORT_DUMP: return within(address, size, follow.port_to, DUMP_SIZE + 4);
    case PORT_DUMP_WAKE: return within(address, size, follow.port_to, WAKE_SIZE);
    default: return false;
    }
}

static void take_port(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    if (follow.port == PORT_SELF_TEST) {
        if (!follow_get32(bytes) || follow_get32(bytes + 4))
            wrong("the result of a self-test", follow_get32(bytes + 4), 0);
        follow_software_reset();
    } else if (follow.port == PORT_DUMP && address == follow.port_to + DUMP_SIZE) {
        if (size != 4 || follow_get32(bytes) != DUMP_MAGIC)
            wrong("the word behind a dump", follow_get32(bytes), DUMP_MAGIC);
        follow.port = 0;
    } else if (follow.port == PORT_DUMP_WAKE && address == follow.port_to) {
        follow.port = 0;
    }
}

/* ---- The receive unit ---- */

static bool ready(void) { return follow.ru == NIC_RU_READY; }
static uint32_t rfd_size(void) { return follow_get16(follow.descriptor + 14) & SIZE_MASK; }

static bool fits_rfd(uint32_t address, uint32_t size)
{
    return ready() && size == 16 && address == follow.rfd;
}

static void take_rfd(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address;
    memcpy(follow.descriptor, bytes, size);
    follow.have_rfd = true;
    follow.counted_rfd = false;
    follow.stored = 0;
}

static bool fits_data(uint32_t address, uint32_t size)
{
    return ready() && follow.have_rfd && !follow.counted_rfd && address == follow.rfd + RFD_DATA + follow.stored && size <= rfd_size() - follow.stored;
}

static void take_data(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)bytes;
    follow.stored += size;
}

static bool fits_count(uint32_t address, uint32_t size) { return ready() && follow.have_rfd && !follow.counted_rfd && address == follow.rfd + 12 && size == 2; }

static void take_count(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)size;
    if (follow_get16(bytes) != (RFD_COUNTED | follow.stored))
        wrong("the count of a receive descriptor", follow_get16(bytes), RFD_COUNTED | follow.stored);
    follow.counted_rfd = true;
}

static bool fits_rfd_status(uint32_t address, uint32_t size) { return ready() && follow.have_rfd && follow.counted_rfd && address == follow.rfd && size == 2; }

static void take_rfd_status(uint32_t address, uint32_t size, const uint8_t *bytes)
{
    (void)address, (void)size;
    uint32_t status = follow_get16(bytes), command = follow_get16(follow.descriptor + 2);
    if (!(status & RFD_C) || (status & ~RFD_STATUS_BITS) || ((status & RFD_OK) && (status & RFD_TRUNCATED)))
        wrong("the status of a receive descriptor", status, status & RFD_STATUS_BITS);
    follow.received += (status & RFD_OK) != 0;
    follow.must |= STAT_FR;
    follow.may |= STAT_CNA & follow.sticky;
    follow.ru = command & BLOCK_EL ? NIC_RU_NO_RESOURCES : command & BLOCK_S ? NIC_RU_SUSPENDED : NIC_RU_READY;
    if (!ready())
        follow.must |= STAT_RNR;
    follow.rfd = (follow.ru_base + follow_get32(follow.descriptor + 4)) & ~1u;
    follow.have_rfd = follow.counted_rfd = false;
    follow.stored = 0;
}

void follow_parked(void)
{
    bool parked = ready() && follow.have_rfd && (follow_get16(follow.descriptor + 2) & BLOCK_EL) && !rfd_size();
    if (!parked || follow.card->ru.state != NIC_RU_NO_RESOURCES)
        return;
    follow.ru = NIC_RU_NO_RESOURCES;
    follow.may |= STAT_RNR;
}

/* ---- All of them ---- */

static const struct transfer {
    bool write;
    bool (*fits)(uint32_t address, uint32_t size);
    void (*take)(uint32_t address, uint32_t size, const uint8_t *bytes);
} transfers[] = {
    {false, fits_suspend, take_suspend}, {false, fits_header, take_header}, {false, fits_parameters, take_parameters}, {false, fits_immediate, take_immediate},
    {false, fits_tbd, take_tbd}, {false, fits_buffer, take_buffer}, {false, fits_rfd, take_rfd},
    {true, fits_status, take_status}, {true, fits_dump, take_nothing}, {true, fits_counters, take_counters}, {true, fits_magic, take_magic}, {true, fits_port, take_port},
    {true, fits_data, take_data}, {true, fits_count, take_count}, {true, fits_rfd_status, take_rfd_status},
};

void follow_transfer(bool write, uint64_t address, uint32_t size, const uint8_t *bytes)
{
    const struct transfer *found = NULL;
    unsigned ways = 0;
    if (follow.card->hostile.gone)
        bugcheck(OWN_DEVICE_MEMORY, address - BARE_BASE, size, write, 0, NULL, "the card %s %u bytes, and is gone", write ? "writes" : "reads", size);
    if (follow_is_quiet())
        return;
    follow_sync();
    for (unsigned i = 0; i < sizeof transfers / sizeof transfers[0]; i++)
        if (transfers[i].write == write && transfers[i].fits((uint32_t)address, size)) {
            found = &transfers[i];
            ways++;
        }
    if (!ways || address >> 32)
        bugcheck(OWN_DEVICE_MEMORY, address - BARE_BASE, size, write, 0, NULL, "the card %s %u bytes that nobody gave it", write ? "writes" : "reads", size);
    if (ways == 1)
        found->take((uint32_t)address, size, bytes);
    else
        follow.confused = follow.uncounted = true;
}
