/* See oracle_pcidrv.h: the objects, and WMI, which knows one of them as well. Host world. */
#include "oracle_pcidrv.h"

#include <string.h>

#include "engine/text.h"
#include "machine/report.h"
#include "oracle.h"

#define HEADER 4u
#define ADDRESS 6u
#define LIST_MAX 32u
#define COUNTER 0x80u /* a size that means: 8 bytes, or 4 if there is no room */
#define SET_MAX 32

enum { WIN32_GEN_FAILURE = 31, WIN32_NOT_SUPPORTED = 50, WIN32_NOT_READY = 21, WIN32_INVALID_USER_BUFFER = 1784 };

enum {
    OID_SPEED = 0x00010107, OID_FILTER = 0x0001010E, OID_MEDIA = 0x00010114, OID_PERMANENT = 0x01010101, OID_CURRENT = 0x01010102, OID_MULTICAST = 0x01010103,
    OID_LIST_SIZE = 0x01010104, OID_XMIT_OK = 0x00020101, OID_RCV_OK = 0x00020102, OID_QUEUE_LENGTH = 0x0002020E
};
static const uint32_t oid_capabilities = 0xFD010100, oid_set_power = 0xFD010101, oid_query_power = 0xFD010102, oid_add = 0xFD010103, oid_remove = 0xFD010104,
                      oid_enable = 0xFD010106;

static const struct {
    uint32_t oid;
    uint8_t size;
} queries[] = {
    {OID_SPEED, 4},       {OID_MEDIA, 4},       {OID_CURRENT, ADDRESS}, {OID_QUEUE_LENGTH, COUNTER}, {OID_PERMANENT, ADDRESS}, {OID_LIST_SIZE, 4},
    {OID_XMIT_OK, COUNTER}, {OID_RCV_OK, COUNTER}, {0x00020103, COUNTER}, {0x00020104, COUNTER}, {0x00020105, COUNTER}, {0x0002020D, COUNTER},
    {0x01020101, COUNTER}, {0x01020102, COUNTER}, {0x01020103, COUNTER}, {0x01020201, COUNTER}, {0x01020202, COUNTER}, {0x01020203, COUNTER},
    {0x01020204, COUNTER}, {0x01020205, COUNTER}, {0x01020206, COUNTER}, {0x01020207, COUNTER}, {0xFD010100, 16},      {0xFD010102, 4},
    {OID_MULTICAST, 0},   {0xFFFFFFFF, 0}};
#define QUERIES (sizeof queries / sizeof queries[0])

static const uint32_t sets[] = {OID_FILTER, OID_FILTER, OID_FILTER, OID_MULTICAST, OID_MULTICAST, 0xFD010101, 0xFD010103, 0xFD010103, 0xFD010104, 0xFD010106, 0xFFFFFFFF};
#define SETS (sizeof sets / sizeof sets[0])

static const uint8_t permanent[ADDRESS] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

/* Addresses that somebody has tried to give the card. */
static struct {
    uint8_t address[SET_MAX][ADDRESS];
    unsigned count;
} given;

void pcidrv_oid_begin(void) { given.count = 0; }

static uint32_t word_at(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* ---- What an ioctl brings ---- */

static void put(uint8_t *in, uint32_t length, uint32_t offset, uint32_t value)
{
    if (offset + sizeof value <= length)
        memcpy(in + offset, &value, sizeof value);
}

/* A mask of two bytes and a pattern of ten, as far as there is room. Some say that it lies elsewhere, or that it is longer; some masks are. */
static void put_pattern(uint8_t fill, uint8_t *in, uint32_t length)
{
    static const uint32_t offsets[16] = {26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 0, 0xFFFFFFF8};
    const uint32_t header[6] = {fill & 1, 0, 2, offsets[fill >> 4], fill & 4 && fill > 0xC0 ? 0x10010 : 10, 0};
    for (unsigned i = 0; i < 6; i++)
        put(in, length, HEADER + 4 * i, header[i]);
    if (length >= HEADER + 26) {
        in[HEADER + 24] = 0x3F;
        in[HEADER + 25] = (uint8_t)((fill & 2) | (fill >> 4 == 8 ? 0x80 : 0));
    }
}

bool pcidrv_ioctl_input(uint32_t code, uint8_t fill, uint8_t *in, uint32_t length)
{
    static const uint32_t filters[] = {0x09, 0x0B, 0x0D, 0x20, 0x01, 0x2F, 0x00, 0x10};
    if (code != NIC_IOCTL_QUERY && code != NIC_IOCTL_SET)
        return false;
    for (uint32_t i = 0; i < length; i++)
        in[i] = pattern_byte(fill, i);
    uint32_t oid = code == NIC_IOCTL_QUERY ? queries[fill % QUERIES].oid : sets[fill % SETS];
    put(in, length, 0, oid);
    if (code == NIC_IOCTL_QUERY)
        return true;
    if (oid == OID_FILTER)
        put(in, length, HEADER, filters[fill / SETS % 8]);
    else if (oid == oid_add || oid == oid_remove)
        put_pattern(fill, in, length);
    else if (oid == oid_set_power || oid == oid_enable)
        put(in, length, HEADER, fill / SETS % 6);
    return true;
}

/* ---- Queries ---- */

static bool was_given(const uint8_t *address)
{
    for (unsigned i = 0; i < given.count && i < SET_MAX; i++)
        if (memcmp(given.address[i], address, ADDRESS) == 0)
            return true;
    return given.count > SET_MAX;
}

/* Writes that were out while the question was; also one whose call has not come back yet. */
static unsigned writes_beside(const struct request *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *w = life_request(i);
        if (w && w->kind == OP_WRITE && w->issued_at && w->issued_at < r->finished_at && (!w->finished || w->finished_at > r->issued_at))
            n++;
    }
    return n;
}

/* A card that has no wire sends all the same, and counts it. */
static unsigned writes_without_wire(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *w = life_request(i);
        n += w && w->kind == OP_WRITE && w->issued_at && (w->disturbed & DISTURBED_WIRE);
    }
    return n;
}

static _Noreturn void wrong_answer(const struct request *r, uint32_t oid, uint64_t value)
{
    bugcheck(OWN_WRONG_DATA, r->step, oid, value, 0, NULL, "step %u: object 0x%08x is said to be 0x%llx, which it cannot be", r->step, oid, (unsigned long long)value);
}

static void check_value(const struct request *r, uint32_t oid)
{
    const uint8_t *data = r->out + HEADER;
    uint64_t value = 0;
    uint32_t size = r->bytes - HEADER;
    memcpy(&value, data, size < sizeof value ? size : sizeof value);
    bool possible = true;
    if (oid == OID_SPEED)
        possible = value == 100000 || value == 1000000;
    else if (oid == OID_MEDIA)
        possible = value <= 1;
    else if (oid == OID_PERMANENT)
        possible = memcmp(data, permanent, ADDRESS) == 0;
    else if (oid == OID_CURRENT)
        possible = memcmp(data, permanent, ADDRESS) == 0 || was_given(data);
    else if (oid == OID_LIST_SIZE)
        possible = value == LIST_MAX;
    else if (oid == OID_XMIT_OK)
        possible = value <= pcidrv_frames(true) + writes_without_wire();
    else if (oid == OID_QUEUE_LENGTH)
        possible = value <= writes_beside(r);
    else if (oid == oid_query_power)
        possible = !value;
    else if (oid == oid_capabilities)
        possible = word_at(data) == 1 && !word_at(data + 4) && word_at(data + 8) == 4 && !word_at(data + 12);
    if (!possible && !life_has_strange_hardware())
        wrong_answer(r, oid, value);
}

static uint32_t size_of_answer(uint32_t oid, uint32_t room)
{
    for (unsigned i = 0; i < QUERIES; i++)
        if (queries[i].oid == oid)
            return queries[i].size != COUNTER ? queries[i].size : room < 8 ? 4 : 8;
    return 0;
}

void pcidrv_check_query(const struct request *r)
{
    uint32_t oid = r->length >= HEADER ? word_at(r->data) : 0, room = r->out_length >= 2 * HEADER ? r->out_length - HEADER : 0;
    uint32_t size = room && r->length >= HEADER ? size_of_answer(oid, room) : 0;
    bool fits = room && r->length >= HEADER;
    uint32_t expected = !fits ? WIN32_INSUFFICIENT_BUFFER : !size ? WIN32_NOT_SUPPORTED : size > room ? WIN32_INSUFFICIENT_BUFFER : 0;
    if (r->error != expected) {
        if (r->error && is_excused(r))
            return;
        bugcheck(OWN_WRONG_STATUS, r->step, r->error, expected, oid, NULL, "step %u: a query of object 0x%08x with %u bytes of room ended with error %u, expected is %u",
                 r->step, oid, r->out_length, r->error, expected);
    }
    if (r->error)
        return;
    if (r->bytes != HEADER + size)
        wrong_length(r, HEADER + size);
    if (word_at(r->out) != oid)
        wrong_answer(r, oid, word_at(r->out));
    check_value(r, oid);
}

/* ---- Sets ---- */

/* A pattern whose parts lie where it says, in itself. */
static bool is_pattern(const uint8_t *data, uint32_t length)
{
    if (length < 24)
        return false;
    uint64_t mask = word_at(data + 8), offset = word_at(data + 12), size = word_at(data + 16);
    if (!mask || mask > 12 || size > 128 || 24 + mask > length || offset + size > length)
        return false;
    for (uint32_t bit = (uint32_t)size; bit < mask * 8; bit++)
        if (data[24 + bit / 8] & 1 << bit % 8)
            return false;
    return true;
}

static bool one_of(uint32_t value, uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return value == a || value == b || value == c || value == d; }

/* How it may end. Whether the card may be armed at all, and how many patterns it has, is not kept here. */
static bool set_may_end(uint32_t oid, const uint8_t *data, uint32_t length, uint32_t error)
{
    uint32_t value = word_at(data);
    if (oid == OID_MULTICAST)
        return error == (length % ADDRESS || length > LIST_MAX * ADDRESS ? WIN32_INVALID_USER_BUFFER : 0u);
    if (oid == OID_FILTER)
        return error == (length != 4 ? WIN32_INVALID_USER_BUFFER : value & ~0x2Fu ? WIN32_NOT_SUPPORTED : 0u);
    if (oid == oid_set_power)
        return error == (value < 1 || value > 4 ? WIN32_INVALID_PARAMETER : 0u);
    if (oid == oid_enable)
        return error == (value && !(value & 2) ? WIN32_NOT_SUPPORTED : 0u);
    if (oid == oid_add || oid == oid_remove) {
        if (error == WIN32_NOT_SUPPORTED)
            return true;
        if (!is_pattern(data, length))
            return error == WIN32_INVALID_PARAMETER || error == WIN32_INSUFFICIENT_BUFFER;
        return oid == oid_add ? one_of(error, 0, WIN32_NO_SYSTEM_RESOURCES, 0, 0) : one_of(error, 0, WIN32_GEN_FAILURE, 0, 0);
    }
    return error == WIN32_NOT_SUPPORTED;
}

void pcidrv_check_set(const struct request *r)
{
    bool fits = r->length >= 2 * HEADER;
    uint32_t oid = fits ? word_at(r->data) : 0;
    bool possible = fits ? set_may_end(oid, r->data + HEADER, r->length - HEADER, r->error) : r->error == WIN32_INSUFFICIENT_BUFFER;
    if (!possible && !(r->error && is_excused(r)))
        bugcheck(OWN_WRONG_STATUS, r->step, r->error, oid, r->length, NULL, "step %u: a set of object 0x%08x with %u bytes ended with error %u, which it should not", r->step,
                 oid, r->length, r->error);
    if (!r->error && r->bytes)
        wrong_length(r, 0);
}

int64_t pcidrv_filter_of(const struct request *r)
{
    bool fits = r->kind == OP_IOCTL && r->code == NIC_IOCTL_SET && r->length >= 2 * HEADER;
    return fits && word_at(r->data) == OID_FILTER ? (int64_t)word_at(r->data + HEADER) : -1;
}

/* ---- WMI ---- */

#define WMI_DATA 8u

static void wrong_wmi(const struct wmi_request *r, const char *expected)
{
    bugcheck(OWN_WRONG_STATUS, r->step, r->status, r->returned, 0, NULL, "step %u: wmi %s of the card ended with 0x%08x and %u bytes, %s", r->step, text_wmi_verb(r->verb),
             r->status, r->returned, expected);
}

static uint32_t promised(const struct wmi_request *r)
{
    switch (r->verb) {
    case WMI_QUERY_ALL:
    case WMI_QUERY: return r->out_length < WMI_DATA ? WMI_BUFFER_TOO_SMALL : WMI_SUCCESS;
    case WMI_SET: return r->in_length < WMI_DATA ? WMI_BUFFER_TOO_SMALL : r->in[0] & 1 ? WMI_SET_FAILED : WMI_SUCCESS;
    case WMI_SET_ITEM: return WMI_READ_ONLY;
    case WMI_METHOD: return WMI_INVALID_REQUEST;
    default: return WMI_SUCCESS;
    }
}

void pcidrv_wmi_asked(const struct wmi_request *r)
{
    if (r->verb != WMI_SET || r->in_length < ADDRESS)
        return;
    if (given.count < SET_MAX)
        memcpy(given.address[given.count], r->in, ADDRESS);
    given.count++;
}

void pcidrv_wmi_answered(const struct wmi_request *r)
{
    if (!wmi_was_answered(r) || life_has_faults() || (r->disturbed & DISTURBED_HARDWARE))
        return;
    if (wmi_has_instance(r->verb) && r->instance) {
        if (r->status != WMI_NO_SUCH_INSTANCE)
            wrong_wmi(r, "there is one instance");
        return;
    }
    if (r->status != promised(r))
        wrong_wmi(r, "the class promises another status");
    if (r->status != WMI_SUCCESS || (r->verb != WMI_QUERY && r->verb != WMI_QUERY_ALL))
        return;
    if (r->returned != WMI_DATA)
        wrong_wmi(r, "an instance has 8 bytes");
    if ((memcmp(r->out, permanent, ADDRESS) && !was_given(r->out)) || r->out[6] || r->out[7])
        wrong_wmi(r, "nobody gave the card that address");
}
