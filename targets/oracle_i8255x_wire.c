/* Frames that the card sends: what its blocks held, and nothing else. See oracle_i8255x.h. */
#include "oracle_i8255x.h"

#include <string.h>

enum { FRAME_MINIMUM = 60, CHECKSUM = 4, SOURCE = 6 };

static bool inserts_source(void) { return !(follow.configuration[10] & 8); }

/* A block was read whole. What comes of it need not reach the wire. */
void follow_will_send(void)
{
    bool no_crc = follow.word & BLOCK_NC;
    follow.transmits++;
    follow.sticky |= STAT_FCP; /* it may talk to itself */
    if (!follow.length || follow.length > sizeof follow.gather)
        return;
    unsigned i = follow.next_frame++ % FOLLOW_FRAMES;
    uint8_t *to = follow.frame[i].bytes;
    uint32_t length = follow.length, hole = !no_crc && inserts_source() && length >= SOURCE ? SOURCE : 0;
    memset(to, 0, sizeof follow.frame[i].bytes);
    memcpy(to, follow.gather, hole ? SOURCE : length);
    if (hole)
        memcpy(to + 2 * SOURCE, follow.gather + SOURCE, length - SOURCE);
    length += hole;
    while (!no_crc && (follow.configuration[18] & 2) && length < FRAME_MINIMUM)
        to[length++] = follow.card->settings.pad_byte;
    follow.frame[i].used = true;
    follow.frame[i].no_crc = no_crc;
    follow.frame[i].length = no_crc && length > CHECKSUM ? length - CHECKSUM : length;
}

/* Its own address is where it was inserted: that is not looked at. */
static bool is_same(unsigned i, const uint8_t *frame, uint32_t size)
{
    const uint8_t *bytes = follow.frame[i].bytes;
    if (!follow.frame[i].used || follow.frame[i].length != size)
        return false;
    if (size <= 2 * SOURCE)
        return !memcmp(bytes, frame, size < SOURCE ? size : SOURCE);
    return !memcmp(bytes, frame, SOURCE) && !memcmp(bytes + 2 * SOURCE, frame + 2 * SOURCE, size - 2 * SOURCE);
}

void follow_sent(const uint8_t *frame, uint32_t size)
{
    static const uint8_t pause[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01};
    if (follow.card->hostile.gone)
        bugcheck(OWN_DEVICE_ANSWER, size, 0, 0, 0, NULL, "a frame of %u bytes is sent by a card that is gone", size);
    if (follow_is_quiet() || (size == FRAME_MINIMUM && !memcmp(frame, pause, sizeof pause)))
        return;
    for (unsigned i = 0; i < FOLLOW_FRAMES; i++)
        if (is_same(i, frame, size))
            return;
    bugcheck(OWN_DEVICE_ANSWER, size, 0, 0, 0, NULL, "the card sends a frame of %u bytes that no block held", size);
}
