/* Power states, and what wakes the machine: link changes, magic packets, the filters that a driver loads (82559) or configures (82558), and PME#. */
#include "nic/nic_parts.h"

enum { PMCSR_STATUS_HIGH = 0x80, PMCSR_ENABLE_HIGH = 0x01, PMDR_LINK = 0x80, PMDR_MAGIC = 0x40, PMDR_INTERESTING = 0x20, POWER_D3 = 3 };
enum { WAKE_LINK = 0x20, WAKE_ARP = 0x40, WAKE_MULTICAST = 0x80, WAKE_INDIVIDUAL = 0x01, WAKE_NO_MAGIC = 0x02 };
enum { FILTER_LAST = 1u << 31, FILTER_FIXED = 1 << 30, FILTER_ARP = 1 << 27, FILTER_TYPE = 1 << 26, FILTER_INDIVIDUAL = 1 << 25 };

/* ---- PME# ---- */

void nic_update_pme(struct nic *nic)
{
    uint8_t high = nic->config[CONFIG_PMCSR + 1];
    bool up = (high & PMCSR_STATUS_HIGH) && (high & PMCSR_ENABLE_HIGH);
    bool rises = up && !nic->wake.pme;
    nic->wake.pme = up;
    if (rises && nic->host.pme && !nic->hostile.gone)
        nic->host.pme(nic->host.context);
}

void nic_wake_event(struct nic *nic, uint8_t pmdr)
{
    if (nic->kind == NIC_82557)
        return;
    if (nic->kind == NIC_82559)
        nic->pmdr |= pmdr;
    nic->config[CONFIG_PMCSR + 1] |= PMCSR_STATUS_HIGH;
    nic_update_pme(nic);
}

void nic_wake_link_changed(struct nic *nic)
{
    if (nic->configuration[9] & WAKE_LINK)
        nic_wake_event(nic, PMDR_LINK);
}

/* ---- Power states ---- */

void nic_power_state(struct nic *nic, unsigned state)
{
    unsigned before = nic->wake.state;
    if (state == before)
        return;
    nic->wake.state = (uint8_t)state;
    if (before == 0) { /* its units stop where they are */
        alarm_cancel(&nic->port_alarm);
        nic->port_busy = false;
        nic->port = 0;
        nic_selective_reset(nic);
        device_set_power(&nic->model, false);
    }
    if (before == POWER_D3) {
        nic_config_leave_d3(nic);
        unsigned filters = nic->wake.filters;
        nic_software_reset(nic);
        nic->wake.filters = filters;
    }
    if (state == 0)
        device_set_power(&nic->model, true);
    nic_update_line(nic);
}

void nic_wake_phy(struct nic *nic) { nic_phy_power(nic, nic->wake.state < 2 || (nic->config[CONFIG_PMCSR + 1] & PMCSR_ENABLE_HIGH)); }

/* ---- Packets ---- */

/* Six ones in a row and the address 16 times behind them. Each run of six covers one byte of every six: only around such a one it is looked for. */
static bool is_magic(const struct nic *nic, const uint8_t *frame, uint32_t size)
{
    enum { RUN = 6, MAGIC = RUN + 16 * 6 };
    static const uint8_t ones[RUN] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    for (uint32_t probe = RUN - 1; probe + MAGIC - RUN < size; probe += RUN) {
        if (frame[probe] != 0xFF)
            continue;
        for (uint32_t at = probe - (RUN - 1); at <= probe && at + MAGIC <= size; at++) {
            unsigned n = 0;
            if (memcmp(frame + at, ones, RUN))
                continue;
            while (n < 16 && !memcmp(frame + at + RUN + 6 * n, nic->individual, 6))
                n++;
            if (n == 16)
                return true;
        }
    }
    return false;
}

static bool is_arp(const uint8_t *frame, uint32_t size, uint32_t low_address)
{
    return size >= 42 && frame[12] == 0x08 && frame[13] == 0x06 && frame[21] == 1 && ((uint32_t)frame[40] << 8 | frame[41]) == low_address;
}

static uint32_t swap16(uint32_t v) { return (v >> 8 & 0xFF) | (v & 0xFF) << 8; }

static bool fixed_filter(const struct nic *nic, uint32_t filter, const uint8_t *frame, uint32_t size)
{
    bool ours = !memcmp(frame, nic->individual, 6);
    if (filter & FILTER_ARP)
        return is_arp(frame, size, swap16(filter & 0xFFFF));
    if (filter & FILTER_TYPE)
        return ours && size >= 14 && ((uint32_t)frame[12] << 8 | frame[13]) == swap16(filter & 0xFFFF);
    return (filter & FILTER_INDIVIDUAL) && ours;
}

static unsigned mask_dwords(uint32_t filter)
{
    static const uint8_t length[8] = {1, 2, 2, 3, 3, 3, 3, 4};
    return length[filter >> 27 & 7];
}

static uint32_t pattern_signature(const uint32_t *mask, unsigned dwords, const uint8_t *frame, uint32_t size)
{
    uint32_t s = 0;
    unsigned i = 0;
    for (uint32_t k = 0; k < 32 * dwords && k < size; k++) {
        if (!(mask[k / 32] >> k % 32 & 1))
            continue;
        s = s << 1 ^ (uint32_t)frame[k] << 8 * (i % 3) ^ (s >> 31 ? 0x04C11DB7u : 0);
        i++;
    }
    return s & 0xFFFFFF;
}

static bool filter_matches(const struct nic *nic, const uint8_t *frame, uint32_t size)
{
    const struct nic_wake *w = &nic->wake;
    for (unsigned i = 0; i < w->filters;) {
        uint32_t filter = w->filter[i++];
        unsigned dwords = filter & FILTER_FIXED ? 0 : mask_dwords(filter);
        if (dwords > w->filters - i)
            return false;
        if (filter & FILTER_FIXED ? fixed_filter(nic, filter, frame, size) : pattern_signature(w->filter + i, dwords, frame, size) == (filter & 0xFFFFFF))
            return true;
        i += dwords;
        if (filter & FILTER_LAST)
            return false;
    }
    return false;
}

static void keep_packet(struct nic *nic, const uint8_t *frame, uint32_t size)
{
    nic->wake.packet_length = size;
    memcpy(nic->wake.packet, frame, size < sizeof nic->wake.packet ? size : sizeof nic->wake.packet);
}

/* The 82558's filters are bits of its configuration. */
static bool configured_wake(const struct nic *nic, const uint8_t *frame, uint32_t size, struct nic_match match)
{
    uint8_t byte = nic->configuration[9];
    if ((byte & WAKE_ARP) && is_arp(frame, size, swap16(get16(nic->configuration + 13))))
        return true;
    if ((byte & WAKE_MULTICAST) && match.accepted && !match.individual && !match.promiscuous && (frame[0] & 1))
        return true;
    return (nic->configuration[19] & WAKE_INDIVIDUAL) && match.individual;
}

void nic_wake_frame(struct nic *nic, const uint8_t *frame, uint32_t size)
{
    if (nic->kind == NIC_82557 || size < 14)
        return;
    struct nic_match match = nic_match_address(nic, frame);
    if (match.accepted && is_magic(nic, frame, size)) {
        if (nic->kind == NIC_82559)
            nic->pmdr |= PMDR_MAGIC; /* seen, even if it wakes nobody */
        if (!(nic->configuration[19] & WAKE_NO_MAGIC))
            nic_wake_event(nic, PMDR_MAGIC);
    }
    if (nic->wake.state == 0)
        return;
    if (nic->kind == NIC_82559 && filter_matches(nic, frame, size)) {
        keep_packet(nic, frame, size);
        nic_wake_event(nic, PMDR_INTERESTING);
    } else if (nic->kind == NIC_82558 && configured_wake(nic, frame, size, match)) {
        nic_wake_event(nic, 0);
    }
}

void nic_load_filters(struct nic *nic, uint32_t address)
{
    uint8_t bytes[64];
    nic_fetch(nic, address, bytes, sizeof bytes);
    unsigned n = 0;
    bool last = false;
    while (n < 16 && !last) {
        uint32_t filter = get32(bytes + 4 * n);
        unsigned length = 1 + (filter & FILTER_FIXED ? 0 : mask_dwords(filter));
        last = filter & FILTER_LAST;
        for (unsigned i = 0; i < length && n < 16; i++, n++)
            nic->wake.filter[n] = get32(bytes + 4 * n);
    }
    nic->wake.filters = n;
}

/* Its length, its beginning, and a mark in the first dword at the end. */
void nic_dump_wake_packet(struct nic *nic, uint32_t address)
{
    uint32_t length = nic->wake.packet_length, kept = length < sizeof nic->wake.packet ? length : sizeof nic->wake.packet;
    uint8_t word[4];
    put32(word, length > sizeof nic->wake.packet ? 0xFF : length);
    nic_store(nic, address + 4, word, 4);
    if (kept)
        nic_store(nic, address + 8, nic->wake.packet, kept);
    nic_store_field(nic, NIC_FIELD_DUMP_MAGIC, address, 0xA000, 4);
}
