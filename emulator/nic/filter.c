/* Which frames are for us: addresses, the multicast hash, flow control. */
#include "nic/nic_parts.h"

enum { PAUSE_TYPE_HIGH = 0x88, PAUSE_TYPE_LOW = 0x08 };

static const uint8_t pause_group[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01};

bool nic_link_enabled(const struct nic *nic)
{
    return nic->configured && (nic->kind == NIC_82557 || !(nic->configuration[8] & 0x80));
}

/* Bits 7 to 2 of the checksum register, which is shifted to the left and not inverted at the end. */
uint32_t nic_hash_index(const uint8_t address[6])
{
    uint32_t crc = ~0u;
    for (unsigned i = 0; i < 6; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t carry = crc >> 31 ^ (address[i] >> bit & 1);
            crc = crc << 1 ^ (carry ? 0x04C11DB7u : 0);
        }
    return crc >> 2 & 63;
}

void nic_hash_addresses(struct nic *nic, const uint8_t *addresses, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t index = nic_hash_index(addresses + 6 * i);
        nic->hash[index >> 3] |= (uint8_t)(1u << (index & 7));
    }
}

static bool hash_hit(const struct nic *nic, const uint8_t *frame)
{
    uint32_t index = nic_hash_index(frame);
    return nic->hash[index >> 3] >> (index & 7) & 1;
}

static bool is_individual(const struct nic *nic, const uint8_t *frame)
{
    uint8_t ignored = nic->kind != NIC_82557 && (nic->configuration[15] & 0x10) ? 2 : 0;
    return !((frame[0] ^ nic->individual[0]) & ~ignored) && !memcmp(frame + 1, nic->individual + 1, 5);
}

static bool is_broadcast(const uint8_t *frame)
{
    static const uint8_t all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    return !memcmp(frame, all, 6);
}

static bool matches_group(const struct nic *nic, const uint8_t *frame)
{
    if (is_broadcast(frame))
        return !(nic->configuration[15] & 2);
    if (frame[0] & 1)
        return (nic->configuration[21] & 8) || hash_hit(nic, frame);
    return (nic->configuration[20] & 0x40) && hash_hit(nic, frame);
}

struct nic_match nic_match_address(const struct nic *nic, const uint8_t *frame)
{
    struct nic_match match = {true, false, false};
    match.individual = is_individual(nic, frame);
    if (match.individual || matches_group(nic, frame))
        return match;
    match.accepted = match.promiscuous = nic->configuration[15] & 1;
    return match;
}

/* ---- Flow control (82558 and later) ---- */

static void pause_frame(struct nic *nic, const uint8_t *frame)
{
    if (frame[14] || frame[15] != 1) {
        nic_count(nic, COUNT_FC_RX_UNSUPPORTED);
        return;
    }
    if (nic->configuration[19] & 4)
        return;
    nic_count(nic, COUNT_FC_RX_PAUSE);
    nic_paused(nic, (uint32_t)frame[16] << 8 | frame[17]);
    nic->stat |= STAT_FCP;
}

bool nic_filter_flow_control(struct nic *nic, const uint8_t *frame, uint32_t size)
{
    if (nic->kind == NIC_82557 || size < 18 || frame[12] != PAUSE_TYPE_HIGH || frame[13] != PAUSE_TYPE_LOW)
        return false;
    bool group = !memcmp(frame, pause_group, 6);
    if (group || is_individual(nic, frame))
        pause_frame(nic, frame);
    return group && (nic->configuration[19] & 0x20);
}
