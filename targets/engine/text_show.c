/* See text.h: from records to text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine/context.h"
#include "machine/gate.h"
#include "text.h"

/* A growing line: counts what would be written, writes what fits. */
struct sink {
    char *out;
    size_t size, length;
};

static void put(struct sink *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct sink *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = s->length < s->size ? s->size - s->length : 0;
    int n = vsnprintf(room ? s->out + s->length : NULL, room, format, arguments);
    va_end(arguments);
    s->length += n > 0 ? (size_t)n : 0;
}

static void put_hex(struct sink *s, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(s, "%02x", bytes[i]);
}

static const char *const lanes[LANE_COUNT] = {"schedule", "fault", "hardware", "user-memory", "data", "registry"};
static const char *const policies[POLICY_COUNT] = {"constraints", "random", "pct", "recording", "explore"};

const char *text_lane_name(unsigned lane) { return lane < LANE_COUNT ? lanes[lane] : NULL; }
const char *text_policy_name(unsigned policy) { return policy < POLICY_COUNT ? policies[policy] : NULL; }

struct role_range {
    const char *name;
    uint8_t first, count;
};
static const struct role_range roles[] = {
    {"cpu", ROLE_CPU0, MACHINE_MAX_CPUS}, {"app", ROLE_APP0, 32}, {"pnp", ROLE_PNP, 1}, {"clock", ROLE_CLOCK, 1}, {"worker", ROLE_WORKER0, 8}, {"system", ROLE_SYSTEM0, 64}};
#define ROLE_RANGES (sizeof roles / sizeof roles[0])

void text_role(uint8_t role, char *out, size_t size)
{
    for (unsigned i = 0; i < ROLE_RANGES; i++) {
        const struct role_range *r = &roles[i];
        if (role < r->first || role >= r->first + r->count)
            continue;
        if (r->count == 1)
            snprintf(out, size, "%s", r->name);
        else
            snprintf(out, size, "%s%u", r->name, role - r->first);
        return;
    }
    snprintf(out, size, "role=%u", role);
}

bool text_role_parse(const char *word, uint8_t *role)
{
    for (unsigned i = 0; i < ROLE_RANGES; i++) {
        const struct role_range *r = &roles[i];
        size_t n = strlen(r->name);
        unsigned index = 0;
        int used = 0;
        if (strncmp(word, r->name, n))
            continue;
        if (r->count == 1 && !word[n]) {
            *role = r->first;
            return true;
        }
        if (sscanf(word + n, "%u%n", &index, &used) == 1 && !word[n + (size_t)used] && index < r->count) {
            *role = (uint8_t)(r->first + index);
            return true;
        }
    }
    unsigned value = 0;
    int used = 0;
    if (sscanf(word, "role=%u%n", &value, &used) != 1 || word[used] || value > 255)
        return false;
    *role = (uint8_t)value;
    return true;
}

static void put_ddi(struct sink *s, uint16_t hash)
{
    uint16_t ddi = ddi_by_hash16(hash);
    if (ddi)
        put(s, "%s", ddi_table[ddi].name);
    else
        put(s, "0x%04x", hash);
}

static void put_mode(struct sink *s, const struct record *r)
{
    if (r->flags != IO_SYNC)
        put(s, " %s -> r%u", r->flags == IO_EVENT ? "async" : "apc", request_name(r));
}

static const char *const wmi_verbs[WMI_VERBS] = {"query-all", "query", "set", "set-item", "method", "enable-events", "disable-events", "enable-collection",
                                                 "disable-collection"};
const char *text_wmi_verb(unsigned verb) { return verb < WMI_VERBS ? wmi_verbs[verb] : NULL; }

static void put_wmi(struct sink *s, const struct record *r)
{
    put(s, "wmi %s", wmi_verbs[r->flags]);
    if (wmi_class(r))
        put(s, " class=%u", wmi_class(r));
    if (r->slot)
        put(s, " device=%u", r->slot);
    if (wmi_instance(r))
        put(s, " instance=%u", wmi_instance(r));
    if (wmi_has_id(r->flags))
        put(s, " id=%u", r->b);
    if (wmi_has_in(r->flags))
        put(s, " in=%u", ioctl_in_length(r));
    if (wmi_has_out(r->flags))
        put(s, " out=%u", ioctl_out_length(r));
    if (wmi_has_in(r->flags))
        put(s, " fill=0x%02x", r->c >> 8);
}

static void put_app(struct sink *s, const struct record *r, const char *device)
{
    const char *name = record_table[r->kind].name;
    put(s, "app%u: ", r->actor);
    switch (r->kind) {
    case OP_OPEN:
        put(s, "h%u = open", r->slot);
        if (device)
            put(s, " %s", device);
        if (r->a)
            put(s, " class=%u", r->a);
        if (r->b)
            put(s, " nth=%u", r->b);
        if (r->flags & OPEN_SYNC)
            put(s, " sync");
        break;
    case OP_READ:
        put(s, "read h%u len=%u", r->slot, r->a);
        put_mode(s, r);
        break;
    case OP_WRITE:
        put(s, "write h%u len=%u fill=0x%02x", r->slot, r->a, r->b);
        put_mode(s, r);
        break;
    case OP_IOCTL:
        put(s, "ioctl h%u code=0x%x in=%u out=%u fill=0x%02x", r->slot, r->b, ioctl_in_length(r), ioctl_out_length(r), r->c >> 8);
        put_mode(s, r);
        break;
    case OP_CANCEL:
    case OP_WAIT:
        put(s, "%s r%u", name, r->slot);
        break;
    case OP_CANCEL_ALL:
        put(s, "%s h%u%s", name, r->slot, r->flags & CANCEL_OWN ? " own" : "");
        break;
    case OP_CLOSE:
        put(s, "%s h%u", name, r->slot);
        break;
    case OP_WMI:
        put_wmi(s, r);
        break;
    case OP_SLEEP:
        put(s, "%s %ums%s", name, r->a, r->flags & SLEEP_ALERTABLE ? " alertable" : "");
        break;
    default:
        put(s, "%s", name);
        break;
    }
}

static const char *const tos[FRAME_TOS] = {"card", "all", "group", "other"};
static const char *const flaws[] = {"bad-checksum", "bad-alignment", "bad-symbol", "overrun", "magic"};
static const char *const cables[CABLES] = {"out", "fast", "slow"};
const char *text_frame_to(unsigned to) { return to < FRAME_TOS ? tos[to] : NULL; }
const char *text_frame_flaw(unsigned bit) { return bit < sizeof flaws / sizeof flaws[0] ? flaws[bit] : NULL; }
const char *text_cable(unsigned cable) { return cable < CABLES ? cables[cable] : NULL; }

static void put_frame(struct sink *s, const struct record *r)
{
    put(s, " to=%s len=%u fill=0x%02x", tos[r->flags], r->a, r->b);
    for (unsigned bit = 0; text_frame_flaw(bit); bit++)
        if (r->c >> bit & 1)
            put(s, " %s", flaws[bit]);
    if (frame_times(r) > 1)
        put(s, " times=%u", frame_times(r));
}

static void put_hardware(struct sink *s, const struct record *r)
{
    const struct hardware_verb_type *t = &hardware_verbs[r->flags];
    put(s, " %s", t->name);
    if (t->a)
        put(s, " value=0x%x", r->a);
    if (t->b)
        put(s, " at=0x%x", r->b);
    if (t->c)
        put(s, " with=0x%x", r->c);
}

/* Fields that are 0 are left out. */
static void put_card(struct sink *s, const struct record *r)
{
    const struct card_verb_type *t = &card_verbs[r->flags];
    put(s, " %s", t->name);
    for (const struct card_field *f = t->field; f < t->field + CARD_FIELDS && f->name; f++) {
        uint32_t value = card_field(r, f->name);
        if (value && f->words)
            put(s, " %s=%s", f->name, f->words[value]);
        else if (value)
            put(s, " %s=0x%x", f->name, value);
    }
}

static void put_card_event(struct sink *s, const struct record *r)
{
    if (r->kind == EV_FRAME)
        put_frame(s, r);
    else if (r->kind == EV_CABLE)
        put(s, " %s", cables[r->flags]);
    else
        put_hardware(s, r);
    if (r->slot)
        put(s, " card=%u", r->slot);
}

static void put_event(struct sink *s, const struct record *r)
{
    put(s, "pnp: %s", record_table[r->kind].name);
    if (event_names_card(r->kind))
        put_card_event(s, r);
    else if (r->kind == EV_CARD)
        put_card(s, r);
    else if (r->kind == EV_SLEEP)
        put(s, " S%u", r->slot + 1u);
    else if (event_names_device(r->kind) && r->slot)
        put(s, " device=%u", r->slot);
    else if (r->kind == EV_PROCESS_EXIT)
        put(s, " %u", r->slot);
    else if (r->kind == EV_PASS_TIME)
        put(s, " %ums", r->a);
}

static const char *const abouts[ABOUTS] = {"register", "config", "shape", "phy", "block-status", "rfd-status", "rfd-count", "counter", "counter-magic", "self-test", "dump-magic",
                                           "command", "block-fate", "rfd-fate"};
static const char *const hows[HOWS] = {"ones", "zero", "before", "value", "or", "without", "flip"};
static const char *const command_fates[] = {"lost", "held"}, *const fates[] = {"lost", "twice", "late"};
const char *text_lie_about(unsigned about) { return about < ABOUTS ? abouts[about] : NULL; }
const char *text_lie_how(unsigned about, unsigned how)
{
    if (how >= lie_hows(about))
        return NULL;
    return about == ABOUT_COMMAND ? command_fates[how] : lie_is_fate(about) ? fates[how] : hows[how];
}

static void put_lie(struct sink *s, const struct record *r)
{
    put(s, "%s", abouts[r->slot]);
    if (lie_has_where(r->slot))
        put(s, " 0x%02x", lie_where(r));
    put(s, " #%u %s", r->b, text_lie_how(r->slot, r->flags));
    if (lie_has_value(r->slot, r->flags))
        put(s, " 0x%x", r->c);
    if (lie_times(r))
        put(s, " times=%u", lie_times(r));
    if (r->actor)
        put(s, " card=%u", r->actor);
}

static void put_strike(struct sink *s, const struct record *r)
{
    struct record event = strike_event(r);
    put(s, "#%u", strike_nth(r));
    put_card_event(s, &event);
}

static void put_decision(struct sink *s, const struct record *r)
{
    char role[16];
    put(s, "%s: ", record_table[r->kind].name);
    switch (r->kind) {
    case DE_SCHEDULE:
        text_role(r->slot, role, sizeof role);
        put(s, "at ");
        put_ddi(s, (uint16_t)r->a);
        put(s, " #%u %s", r->b, role);
        break;
    case DE_FAULT:
        put_ddi(s, (uint16_t)r->a);
        put(s, " #%u", r->b);
        break;
    case DE_VALUE:
        put(s, "%s %u", lanes[r->slot], r->a);
        break;
    case DE_LIE: put_lie(s, r); break;
    case DE_STRIKE: put_strike(s, r); break;
    default:
        put(s, "policy=%s cpus=%u seed=%u depth=%u length=%u%s", policies[r->slot], (r->flags & 3u) + 1, r->a, r->b, r->c,
            r->flags & CONFIG_RANDOM_FAULTS ? " random-faults" : "");
        break;
    }
}

size_t text_show_record(const struct record *record, const char *device, char *out, size_t size)
{
    struct sink s = {out, size, 0};
    struct record r = record_canonical(record);
    enum record_class class = record_table[r.kind].class;
    if (class == CLASS_APP)
        put_app(&s, &r, device);
    else if (class == CLASS_PNP)
        put_event(&s, &r);
    else
        put_decision(&s, &r);
    if (!record_equal(&r, record)) {
        uint8_t bytes[RECORD_SIZE];
        record_store(bytes, record);
        put(&s, " raw=");
        put_hex(&s, bytes, sizeof bytes);
    }
    return s.length;
}

size_t text_show(const uint8_t *bytes, size_t length, const char *device, char *out, size_t size)
{
    struct sink s = {out, size, 0};
    put(&s, TEXT_MARKER "\n");
    size_t count = record_count(length);
    for (size_t i = 0; i < count; i++) {
        char line[256];
        struct record r = record_load(bytes + i * RECORD_SIZE);
        text_show_record(&r, device, line, sizeof line);
        put(&s, "%s\n", line);
    }
    if (length % RECORD_SIZE) {
        put(&s, "trailing: ");
        put_hex(&s, bytes + count * RECORD_SIZE, length % RECORD_SIZE);
        put(&s, "\n");
    }
    return s.length;
}

bool text_is_program(const uint8_t *bytes, size_t size)
{
    size_t n = strlen(TEXT_MARKER);
    return size >= n && !memcmp(bytes, TEXT_MARKER, n) && (size == n || bytes[n] == '\n' || bytes[n] == '\r');
}
