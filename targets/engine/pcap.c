/* See pcap.h. */
#include "pcap.h"

#include <stdio.h>

#include "machine/clock.h"

#define EPOCH 1704067200u /* the machine's start, in seconds since 1970 */
#define FRAME_MAX 65535u

enum { MAGIC_NANOSECONDS = 0xA1B23C4D, LINK_ETHERNET = 1 };

static struct {
    FILE *file;
    bool failed;
    const uint8_t *on_its_way;  /* what a card has sent, while the other one hears it */
} capture;

static void put(const void *bytes, size_t size) { capture.failed |= fwrite(bytes, 1, size, capture.file) != size; }

bool pcap_begin(const char *path)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, longest, link;
    } header = {MAGIC_NANOSECONDS, 2, 4, 0, 0, FRAME_MAX, LINK_ETHERNET};
    capture.file = fopen(path, "wb");
    if (!capture.file)
        return false;
    capture.failed = false;
    capture.on_its_way = NULL;
    put(&header, sizeof header);
    return true;
}

void pcap_frame(unsigned card, bool sent, const uint8_t *frame, uint32_t size)
{
    (void)card;
    bool again = !sent && frame == capture.on_its_way;
    capture.on_its_way = sent ? frame : NULL;
    if (again)
        return;
    uint64_t now = clock_now();
    uint32_t record[4] = {EPOCH + (uint32_t)(now / CLOCK_SECOND), (uint32_t)(now % CLOCK_SECOND * 100), size, size};
    put(record, sizeof record);
    put(frame, size);
    capture.failed |= fflush(capture.file) != 0;
}

bool pcap_end(void)
{
    bool good = fclose(capture.file) == 0 && !capture.failed;
    capture.file = NULL;
    return good;
}
