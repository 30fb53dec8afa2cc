/* See oracle_pcidrv.h. Host world. */
#include "oracle_pcidrv.h"

#include <string.h>

#include "machine/report.h"
#include "oracle.h"

#define SHORTEST 14u
#define LONGEST 1514u
#define PADDED 60u
#define SENT_MAX 1024
#define CAME_MAX 256
#define LOST_AT_POWER_DOWN 2u /* one frame on the wire, one in the FIFO */

#define LONG_ENOUGH 10000000u      /* a second: whatever was under way has ended */

enum { WIN32_INVALID_USER_BUFFER = 1784 };

struct frame {
    uint64_t hash;
    uint32_t size;
};

static struct {
    struct frame sent[SENT_MAX];
    unsigned sent_count;
    struct frame came[CAME_MAX];
    uint8_t bytes[CAME_MAX][LONGEST];
    unsigned came_count;
    uint64_t due[CAME_MAX]; /* when one came that somebody who reads is to have */
    unsigned due_count;
} wire;

void pcidrv_begin(void)
{
    wire.sent_count = 0;
    wire.came_count = 0;
    wire.due_count = 0;
    pcidrv_oid_begin();
}

/* ---- The wire ---- */

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return hash;
}

#define HASH_EMPTY 0xCBF29CE484222325u

/* More than there is room for are counted, but not known: then nothing is judged that would need them. */
void pcidrv_wire(unsigned card, bool sent, const uint8_t *frame, uint32_t size)
{
    (void)card;
    if (sent) {
        if (wire.sent_count < SENT_MAX)
            wire.sent[wire.sent_count] = (struct frame){hash_bytes(HASH_EMPTY, frame, size), size};
        wire.sent_count++;
        return;
    }
    if (wire.came_count < CAME_MAX && size <= LONGEST) {
        wire.came[wire.came_count] = (struct frame){hash_bytes(HASH_EMPTY, frame, size), size};
        memcpy(wire.bytes[wire.came_count], frame, size);
    }
    if (size <= LONGEST)
        wire.came_count++;
}

/* Of those that come one upon the other some may find the ring full. */
void pcidrv_to_receive(unsigned card)
{
    uint64_t now = life_time();
    bool alone = !wire.due_count || now - wire.due[wire.due_count - 1] > LONG_ENOUGH;
    if (card == 0 && alone && wire.due_count < CAME_MAX)
        wire.due[wire.due_count++] = now;
}

unsigned pcidrv_frames(bool sent) { return sent ? wire.sent_count : wire.came_count; }

/* ---- Writes ---- */

static void check_write(const struct request *r)
{
    bool possible = r->length >= SHORTEST && r->length <= LONGEST;
    if (!r->length)
        possible = true; /* ends before the driver sees it */
    if (!possible && r->error == WIN32_INVALID_USER_BUFFER) {
        if (r->bytes)
            wrong_length(r, 0);
        return;
    }
    if (r->error) {
        if (!is_excused(r))
            wrong_status(r, possible ? "expected is success" : "expected is 1784 (invalid user buffer)");
        return;
    }
    if (!possible)
        wrong_status(r, "but no frame has that length: expected is 1784 (invalid user buffer)");
    if (r->bytes != r->length)
        wrong_length(r, r->length);
}

/* As the card sends it. */
static struct frame frame_of(const struct request *r)
{
    static uint8_t bytes[LONGEST];
    uint32_t size = r->length < PADDED ? PADDED : r->length;
    memset(bytes, 0, sizeof bytes);
    for (uint32_t i = 0; i < r->length; i++)
        bytes[i] = pattern_byte(r->fill, i);
    return (struct frame){hash_bytes(HASH_EMPTY, bytes, size), size};
}

static bool is_frame(const struct request *r) { return r && r->kind == OP_WRITE && r->length >= SHORTEST && r->length <= LONGEST; }

static unsigned sent_like(struct frame f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < wire.sent_count; i++)
        n += wire.sent[i].hash == f.hash && wire.sent[i].size == f.size;
    return n;
}

/* Each frame that was sent is somebody's, and was sent as often as it was written. */
static void check_sent(void)
{
    unsigned missing = 0, known = 0, step = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!is_frame(r))
            continue;
        struct frame f = frame_of(r);
        unsigned written = 0, succeeded = 0;
        bool first = true;
        for (unsigned j = 0; j < life_steps(); j++) {
            const struct request *other = life_request(j);
            if (!is_frame(other) || other->length != r->length || other->fill != r->fill)
                continue;
            first = first && j >= i;
            written++;
            succeeded += other->finished && !other->error && !(other->disturbed & (DISTURBED_WIRE | DISTURBED_REMOVE));
        }
        if (!first)
            continue;
        unsigned sent = sent_like(f);
        known += sent;
        if (sent > written)
            bugcheck(OWN_WRONG_DATA, i, sent, written, 0, NULL, "step %u: its frame of %u bytes was sent %u times, but written %u times", i, r->length, sent, written);
        if (sent < succeeded) {
            missing += succeeded - sent;
            step = i;
        }
    }
    if (known < wire.sent_count)
        bugcheck(OWN_WRONG_DATA, wire.sent_count, known, 0, 0, NULL, "%u frames were sent, but %u of them nobody wrote", wire.sent_count, wire.sent_count - known);
    if (missing > LOST_AT_POWER_DOWN * (life_power_ups() + 1))
        bugcheck(OWN_WRONG_DATA, step, missing, 0, 0, NULL, "step %u: %u writes succeeded whose frames were never sent", step, missing);
}

/* ---- Reads ---- */

static bool came_as(const struct request *r, unsigned i)
{
    uint32_t size = wire.came[i].size < r->length ? wire.came[i].size : r->length;
    return r->bytes == size && memcmp(r->data, wire.bytes[i], size) == 0;
}

static void check_read(const struct request *r)
{
    if (r->error) {
        if (!is_excused(r))
            wrong_status(r, "expected is success");
        if (r->error == WIN32_OPERATION_ABORTED && r->bytes)
            wrong_length(r, 0);
        return;
    }
    if (r->bytes > r->length)
        wrong_length(r, r->length);
    if (!r->length || life_has_strange_hardware() || wire.came_count > CAME_MAX)
        return;
    for (unsigned i = 0; i < wire.came_count; i++)
        if (came_as(r, i))
            return;
    bugcheck(OWN_WRONG_DATA, r->step, r->bytes, r->length, 0, NULL, "step %u: a read of %u bytes has %u bytes that are not the beginning of a frame that came", r->step,
             r->length, r->bytes);
}

/* Reads of whole frames can be told apart. */
static bool whole(const struct request *r)
{
    return r && r->kind == OP_READ && r->finished && !r->error && r->length >= LONGEST;
}

static void check_read_once(void)
{
    if (wire.came_count > CAME_MAX)
        return;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!whole(r))
            continue;
        unsigned read = 0, came = 0;
        for (unsigned j = 0; j < life_steps(); j++) {
            const struct request *other = life_request(j);
            read += whole(other) && other->bytes == r->bytes && memcmp(other->data, r->data, r->bytes) == 0;
        }
        for (unsigned j = 0; j < wire.came_count; j++)
            came += came_as(r, j);
        if (read > came)
            bugcheck(OWN_WRONG_DATA, i, read, came, 0, NULL, "step %u: its frame came %u times, and was read %u times", i, came, read);
    }
}

/* When the card had got its filter, if there was one for the whole life: never before 1; else 0. */
static uint64_t filter_time(void)
{
    const struct request *only = NULL;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!r || pcidrv_filter_of(r) < 0)
            continue;
        if (only)
            return 0;
        only = r;
    }
    return only && only->finished && !only->error && pcidrv_filter_of(only) > 0 ? only->finished_time + 1 : 0;
}

/* Until the app went, which gave it up. */
static bool read_in_vain(const struct request *r)
{
    return r && r->kind == OP_READ && r->length && r->given_up && r->finished && r->error == WIN32_OPERATION_ABORTED && !(r->disturbed & ~DISTURBED_CANCEL) &&
        r->device == 1;
}

/*
 * While a read waits, a frame that comes for it ends it, or another one. Judged only where nothing else can have happened to the frame: the card is awake all the time and is not
 * reset, its filter is set once, and time passes only when nothing else does.
 */
static void check_received(void)
{
    if (!wire.due_count || life_has_faults() || life_power_ups() != 1 || life_clocks())
        return;
    uint64_t filtered = filter_time();
    if (!filtered)
        return;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!read_in_vain(r))
            continue;
        uint64_t from = (r->issued_time > filtered ? r->issued_time : filtered) + LONG_ENOUGH;
        unsigned came = 0, ended = 0;
        for (unsigned j = 0; j < wire.due_count; j++)
            came += wire.due[j] > from && wire.due[j] + LONG_ENOUGH < r->finished_time;
        for (unsigned j = 0; j < life_steps(); j++) {
            const struct request *other = life_request(j);
            ended += other && other->kind == OP_READ && other->finished && !other->error && other->finished_time >= r->issued_time;
        }
        if (came > ended)
            bugcheck(OWN_WRONG_DATA, i, came, ended, 0, NULL, "step %u: the read had waited in vain when it was cancelled, while %u frame(s) came for it and %u other read(s) ended", i,
                     came, ended);
    }
}

/* ---- The rest ---- */

static void check_indicate(const struct request *r)
{
    uint32_t said[3];
    if (r->error) {
        if (r->error != WIN32_INSUFFICIENT_BUFFER || r->out_length >= sizeof said)
            if (!is_excused(r))
                wrong_status(r, "expected is success");
        return;
    }
    if (r->out_length < sizeof said)
        wrong_status(r, "but 12 bytes are needed: expected is 122 (insufficient buffer)");
    if (r->bytes != sizeof said)
        wrong_length(r, sizeof said);
    memcpy(said, r->out, sizeof said);
    if ((said[0] != 0x4001000B && said[0] != 0x4001000C) || said[1] || said[2])
        bugcheck(OWN_WRONG_DATA, r->step, said[0], said[1], said[2], NULL, "step %u: neither connected nor disconnected is indicated, but 0x%x", r->step, said[0]);
}

static void check_ioctl(const struct request *r)
{
    switch (r->code) {
    case NIC_IOCTL_QUERY: pcidrv_check_query(r); break;
    case NIC_IOCTL_SET: pcidrv_check_set(r); break;
    case NIC_IOCTL_INDICATE: check_indicate(r); break;
    default:
        if (!r->error || (r->error != WIN32_INVALID_FUNCTION && !is_excused(r)))
            wrong_status(r, "but the driver does not know the code: expected is 1 (invalid function)");
        break;
    }
}

static void check_open(const struct request *r)
{
    if (r->error && !(r->disturbed & (DISTURBED_REMOVE | DISTURBED_STATE | DISTURBED_HARDWARE)) && !life_has_faults())
        wrong_status(r, "but the device is there and works");
}

/* A frame may never come, a cable never be pulled. A read of nothing ends when somebody looks for reads, and that is when a frame has come. */
bool pcidrv_waits(const struct request *r)
{
    return r->kind == OP_READ || (r->kind == OP_IOCTL && r->code == NIC_IOCTL_INDICATE);
}

void pcidrv_finished(const struct request *r)
{
    switch (r->kind) {
    case OP_OPEN: check_open(r); break;
    case OP_READ: check_read(r); break;
    case OP_WRITE: check_write(r); break;
    default: check_ioctl(r); break;
    }
}

void pcidrv_ended(void)
{
    if (life_has_strange_hardware())
        return;
    if (wire.sent_count <= SENT_MAX)
        check_sent();
    check_read_once();
    check_received();
}
