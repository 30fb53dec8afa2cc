/* See text.h: from text to records. A line is cut into words; each statement takes the words it knows, and what is left over is an error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/gate.h"
#include "text.h"

#define MAX_WORDS 16
#define MAX_LINE 512

struct line {
    const char *file;
    unsigned number;
    char text[MAX_LINE];
    char *word[MAX_WORDS];
    unsigned words, next;
    const char *device; /* the name that the target's device has in programs; NULL: any */
    char *error;
    size_t error_size;
};

static bool fail(const struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(const struct line *l, const char *format, ...)
{
    int n = snprintf(l->error, l->error_size, "%s:%u: ", l->file, l->number);
    if (n < 0 || (size_t)n >= l->error_size)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(l->error + n, l->error_size - (size_t)n, format, arguments);
    va_end(arguments);
    return false;
}

static bool split(struct line *l)
{
    l->words = l->next = 0;
    for (char *word = strtok(l->text, " \t\r"); word; word = strtok(NULL, " \t\r")) {
        if (l->words == MAX_WORDS)
            return fail(l, "too many words, a line holds one statement");
        l->word[l->words++] = word;
    }
    return true;
}

static const char *peek(const struct line *l) { return l->next < l->words ? l->word[l->next] : ""; }

static const char *take(struct line *l)
{
    const char *word = peek(l);
    if (l->next < l->words)
        l->next++;
    return word;
}

static bool take_if(struct line *l, const char *word)
{
    if (strcmp(peek(l), word))
        return false;
    l->next++;
    return true;
}

/* A number, decimal or 0x...; nothing but `suffix` behind it. */
static bool number(const char *text, const char *suffix, uint64_t *value)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    *value = strtoull(text, &end, 0);
    return !strcmp(end, suffix);
}

static bool take_number(struct line *l, const char *prefix, const char *suffix, uint64_t max, const char *what, uint32_t *out)
{
    const char *word = peek(l);
    size_t n = strlen(prefix);
    uint64_t value;
    if (strncmp(word, prefix, n) || !number(word + n, suffix, &value))
        return fail(l, "\"%s\" is no %s, write for example %s3%s", word, what, prefix, suffix);
    if (value > max)
        return fail(l, "\"%s\" is out of range, the largest %s is %s%llu%s", word, what, prefix, (unsigned long long)max, suffix);
    l->next++;
    *out = (uint32_t)value;
    return true;
}

static bool take_small(struct line *l, const char *prefix, const char *suffix, uint64_t max, const char *what, uint8_t *out)
{
    uint32_t value;
    if (!take_number(l, prefix, suffix, max, what, &value))
        return false;
    *out = (uint8_t)value;
    return true;
}

static bool take_handle(struct line *l, struct record *r) { return take_small(l, "h", "", APP_HANDLES - 1, "handle", &r->slot); }
static bool take_request(struct line *l, struct record *r) { return take_small(l, "r", "", REQUEST_NAMES - 1, "request", &r->slot); }

static bool take_ddi(struct line *l, uint32_t *hash)
{
    const char *word = take(l);
    uint64_t value;
    if (number(word, "", &value) && value <= 0xffff) {
        *hash = (uint32_t)value;
        return true;
    }
    if (!*word || !ddi_by_name(word))
        return fail(l, "\"%s\" is no DDI or callback of the emulator, check the spelling", word);
    *hash = ddi_name_hash16(word);
    return true;
}

static bool take_nth(struct line *l, uint32_t *nth)
{
    if (!take_number(l, "#", "", MAX_NTH - 1, "count", nth))
        return false;
    return *nth ? true : fail(l, "#0 never happens, counts start at #1");
}

/* [async -> rN | apc -> rN] */
static bool take_mode(struct line *l, struct record *r)
{
    if (take_if(l, "async"))
        r->flags = IO_EVENT;
    else if (take_if(l, "apc"))
        r->flags = IO_APC;
    else
        return true;
    uint8_t name;
    if (!take_if(l, "->"))
        return fail(l, "an %s request needs a name, add -> r0", r->flags == IO_EVENT ? "async" : "apc");
    if (!take_small(l, "r", "", REQUEST_NAMES - 1, "request", &name))
        return false;
    r->c |= name;
    return true;
}

static bool parse_open(struct line *l, struct record *r)
{
    r->kind = OP_OPEN;
    if (!take_handle(l, r))
        return false;
    if (!take_if(l, "=") || !take_if(l, "open"))
        return fail(l, "a handle is made by open, write h%u = open", r->slot);
    if (l->next < l->words && strcmp(peek(l), "sync") && !strchr(peek(l), '=')) {
        const char *name = take(l); /* for the reader: there is one alone */
        if (l->device && strcmp(name, l->device))
            return fail(l, "the target's device is called %s: write that, or give the --target that has %s", l->device, name);
    }
    if (!strncmp(peek(l), "class=", 6) && !take_number(l, "class=", "", INTERFACE_CLASSES - 1, "class of interface", &r->a))
        return false;
    if (!strncmp(peek(l), "nth=", 4) && !take_number(l, "nth=", "", TREE_DEVICES - 1, "device", &r->b))
        return false;
    if (take_if(l, "sync"))
        r->flags = OPEN_SYNC;
    return true;
}

static bool parse_io(struct line *l, struct record *r)
{
    uint32_t in = 0, out = 0, fill = 0;
    if (!take_handle(l, r))
        return false;
    if (r->kind == OP_IOCTL) {
        if (!take_number(l, "code=", "", 0xffffffff, "control code", &r->b) || !take_number(l, "in=", "", MAX_IOCTL_LENGTH, "length", &in) ||
            !take_number(l, "out=", "", MAX_IOCTL_LENGTH, "length", &out))
            return false;
        r->a = in | out << 16;
    } else if (!take_number(l, "len=", "", MAX_IO_LENGTH, "length", &r->a)) {
        return false;
    }
    if (!strncmp(peek(l), "fill=", 5) && !take_number(l, "fill=", "", 255, "fill", &fill))
        return false;
    if (r->kind == OP_WRITE)
        r->b = fill;
    else if (r->kind == OP_IOCTL)
        r->c = fill << 8;
    else if (fill)
        return fail(l, "a read has no fill, remove fill=");
    return take_mode(l, r);
}

/* A setting that may be left out. */
static bool take_setting(struct line *l, const char *prefix, uint64_t max, const char *what, uint32_t *out)
{
    *out = 0;
    return strncmp(peek(l), prefix, strlen(prefix)) || take_number(l, prefix, "", max, what, out);
}

static bool parse_wmi(struct line *l, struct record *r)
{
    uint32_t class, device, instance, in = 0, out = 0, fill = 0;
    const char *verb = take(l);
    while (r->flags < WMI_VERBS && strcmp(text_wmi_verb(r->flags), verb))
        r->flags++;
    if (r->flags == WMI_VERBS)
        return fail(l, "\"%s\" is nothing to ask of WMI, use query-all, query, set, set-item, method, enable-events, disable-events, enable-collection or "
                       "disable-collection", verb);
    if (!take_setting(l, "class=", WMI_CLASSES - 1, "WMI class", &class) || !take_setting(l, "device=", TREE_DEVICES - 1, "device", &device) ||
        !take_setting(l, "instance=", WMI_INSTANCES - 1, "instance", &instance))
        return false;
    if (instance && !wmi_has_instance(r->flags))
        return fail(l, "%s is for all instances, remove instance=", verb);
    if (wmi_has_id(r->flags) && !take_number(l, "id=", "", 0xffffffff, "item or method", &r->b))
        return false;
    if (wmi_has_in(r->flags) && !take_number(l, "in=", "", MAX_IOCTL_LENGTH, "length", &in))
        return false;
    if (wmi_has_out(r->flags) && !take_number(l, "out=", "", MAX_IOCTL_LENGTH, "length", &out))
        return false;
    if (wmi_has_in(r->flags) && !take_setting(l, "fill=", 255, "fill", &fill))
        return false;
    r->slot = (uint8_t)device;
    r->a = in | out << 16;
    r->c = class | instance << 4 | fill << 8;
    return true;
}

static bool parse_app(struct line *l, struct record *r)
{
    const char *verb = peek(l);
    if (verb[0] == 'h' && verb[1] >= '0' && verb[1] <= '9')
        return parse_open(l, r);
    unsigned kind = 0;
    while (kind < RECORD_KINDS && (kind == OP_OPEN || record_table[kind].class != CLASS_APP || strcmp(record_table[kind].name, verb)))
        kind++;
    if (kind == RECORD_KINDS)
        return fail(l, "\"%s\" is no operation of an app, use open, read, write, ioctl, cancel, cancel-all, close, wait, sleep, exit-thread or wmi", verb);
    take(l);
    r->kind = (uint8_t)kind;
    switch (kind) {
    case OP_READ:
    case OP_WRITE:
    case OP_IOCTL: return parse_io(l, r);
    case OP_CANCEL:
    case OP_WAIT: return take_request(l, r);
    case OP_CLOSE: return take_handle(l, r);
    case OP_WMI: return parse_wmi(l, r);
    case OP_CANCEL_ALL:
        if (!take_handle(l, r))
            return false;
        r->flags = take_if(l, "own") ? CANCEL_OWN : 0;
        return true;
    case OP_SLEEP:
        if (!take_number(l, "", "ms", MAX_SLEEP_MS, "time", &r->a))
            return false;
        r->flags = take_if(l, "alertable") ? SLEEP_ALERTABLE : 0;
        return true;
    default: return true;
    }
}

static bool parse_frame(struct line *l, struct record *r)
{
    uint32_t times = 0;
    const char *to = !strncmp(peek(l), "to=", 3) ? take(l) + 3 : "";
    while (r->flags < FRAME_TOS && strcmp(text_frame_to(r->flags), to))
        r->flags++;
    if (r->flags == FRAME_TOS)
        return fail(l, "a frame says who it is for, write to=card, to=all, to=group or to=other");
    if (!take_number(l, "len=", "", MAX_FRAME, "length", &r->a) || !take_setting(l, "fill=", 255, "fill", &r->b))
        return false;
    for (unsigned bit = 0; text_frame_flaw(bit); bit++)
        if (take_if(l, text_frame_flaw(bit)))
            r->c |= 1u << bit;
    if (!take_setting(l, "times=", MAX_REPEAT, "count", &times))
        return false;
    r->c |= (times ? times - 1 : 0) << 8;
    return true;
}

static bool parse_cable(struct line *l, struct record *r)
{
    const char *word = take(l);
    while (r->flags < CABLES && strcmp(text_cable(r->flags), word))
        r->flags++;
    return r->flags < CABLES || fail(l, "\"%s\" is nothing that happens to a cable, use out, fast or slow", word);
}

static bool parse_hardware(struct line *l, struct record *r)
{
    const char *verb = take(l);
    while (r->flags < HARDWARE_VERBS && strcmp(hardware_verbs[r->flags].name, verb))
        r->flags++;
    if (r->flags == HARDWARE_VERBS)
        return fail(l, "\"%s\" is nothing that hardware does, use stat, stuck, silence, freeze, rfd, block, write, dead, pull, arm, honest, spurious or slow", verb);
    const struct hardware_verb_type *t = &hardware_verbs[r->flags];
    if ((t->a && !take_number(l, "value=", "", 0xffffffff, "value", &r->a)) || (t->b && !take_number(l, "at=", "", 0xffffffff, "place", &r->b)) ||
        (t->c && !take_number(l, "with=", "", 0xffffffff, "number", &r->c)))
        return false;
    if ((r->a & ~t->a) || (r->b & ~t->b) || (r->c & ~t->c))
        return fail(l, "hardware %s takes bits of value=0x%x at=0x%x with=0x%x only", verb, t->a, t->b, t->c);
    return true;
}

static bool parse_card_event(struct line *l, struct record *r)
{
    uint32_t card;
    bool good = r->kind == EV_FRAME ? parse_frame(l, r) : r->kind == EV_CABLE ? parse_cable(l, r) : parse_hardware(l, r);
    if (!good || !take_setting(l, "card=", WIRE_CARDS - 1, "card", &card))
        return false;
    r->slot = (uint8_t)card;
    return true;
}

static bool take_card_field(struct line *l, struct record *r, const struct card_field *f)
{
    const char *word = peek(l) + strlen(f->name) + 1;
    uint32_t value = 0;
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%s=", f->name);
    if (f->words)
        while (f->words[value] && strcmp(f->words[value], word))
            value++;
    if (f->words && f->words[value])
        take(l);
    else if (f->words)
        return fail(l, "\"%s\" is no value of %s=, write for example %s%s", word, f->name, prefix, f->words[1]);
    else if (!take_number(l, prefix, "", card_field_mask(f), "number", &value))
        return false;
    card_set_field(r, f->name, value);
    return true;
}

/* Its fields in any order, each once at most; a field that is left out is 0. */
static bool parse_card(struct line *l, struct record *r)
{
    const char *verb = take(l);
    while (r->flags < CARD_VERBS && strcmp(card_verbs[r->flags].name, verb))
        r->flags++;
    if (r->flags == CARD_VERBS)
        return fail(l, "\"%s\" is nothing to do with a card, use for example write8, read16, command, block, rfd, tbd, port, eeprom, mdi or wait", verb);
    const struct card_field *first = card_verbs[r->flags].field;
    while (strchr(peek(l), '=') && strncmp(peek(l), "raw=", 4)) {
        const struct card_field *f = first;
        size_t length = strcspn(peek(l), "=");
        while (f < first + CARD_FIELDS && f->name && (strlen(f->name) != length || strncmp(f->name, peek(l), length)))
            f++;
        if (f == first + CARD_FIELDS || !f->name)
            return fail(l, "card %s has no field \"%s\"", verb, peek(l));
        if (!take_card_field(l, r, f))
            return false;
    }
    return true;
}

static bool parse_event(struct line *l, struct record *r)
{
    const char *verb = take(l);
    unsigned kind = 0;
    while (kind < RECORD_KINDS && (record_table[kind].class != CLASS_PNP || strcmp(record_table[kind].name, verb)))
        kind++;
    if (kind == RECORD_KINDS)
        return fail(l, "\"%s\" is no event, use for example query-stop, rebalance, surprise-remove, system-sleep S3, resume, pass-time 100ms", verb);
    r->kind = (uint8_t)kind;
    if (event_names_card(kind))
        return parse_card_event(l, r);
    if (kind == EV_CARD)
        return parse_card(l, r);
    if (kind == EV_SLEEP) {
        uint8_t state;
        if (!take_small(l, "S", "", 4, "sleep state", &state))
            return false;
        if (!state)
            return fail(l, "S0 is the working state, use S1 to S4 or the event resume");
        r->slot = (uint8_t)(state - 1);
    }
    if (!strncmp(peek(l), "device=", 7))
        return take_small(l, "device=", "", event_names_device(kind) ? TREE_DEVICES - 1 : 0, "device", &r->slot);
    if (kind == EV_PROCESS_EXIT)
        return take_small(l, "", "", APP_PROCESSES - 1, "process", &r->slot);
    if (kind == EV_PASS_TIME)
        return take_number(l, "", "ms", MAX_PASS_MS, "time", &r->a);
    return true;
}

static bool parse_schedule(struct line *l, struct record *r)
{
    r->kind = DE_SCHEDULE;
    if (!take_if(l, "at"))
        return fail(l, "a schedule says where and who, write: schedule: at WdfRequestComplete #3 app1");
    if (!take_ddi(l, &r->a) || !take_nth(l, &r->b))
        return false;
    if (!text_role_parse(peek(l), &r->slot))
        return fail(l, "\"%s\" is no context, use app0.., cpu0.., pnp, clock, worker0.. or system0..", peek(l));
    take(l);
    return true;
}

static bool parse_value(struct line *l, struct record *r)
{
    r->kind = DE_VALUE;
    const char *lane = take(l);
    for (unsigned i = LANE_FAULT; i < LANE_COUNT; i++)
        if (!strcmp(lane, text_lane_name(i))) {
            r->slot = (uint8_t)i;
            return take_number(l, "", "", 255, "value", &r->a);
        }
    return fail(l, "\"%s\" is no lane, use fault, hardware, user-memory, data or registry", lane);
}

static bool take_counted(struct line *l, uint32_t *nth)
{
    if (!take_number(l, "#", "", MAX_ACCESSES - 1, "count", nth))
        return false;
    return *nth ? true : fail(l, "#0 never happens, counts start at #1");
}

static bool parse_lie(struct line *l, struct record *r)
{
    uint32_t where = 0, times = 0, card = 0;
    r->kind = DE_LIE;
    const char *about = take(l);
    while (r->slot < ABOUTS && strcmp(text_lie_about(r->slot), about))
        r->slot++;
    if (r->slot == ABOUTS)
        return fail(l, "\"%s\" is nothing to lie about, use for example register 0x01, config 0x06, rfd-count, command 0x10 or rfd-fate", about);
    if ((lie_has_where(r->slot) && !take_number(l, "", "", 255, "place", &where)) || !take_counted(l, &r->b))
        return false;
    const char *how = take(l);
    while (text_lie_how(r->slot, r->flags) && strcmp(text_lie_how(r->slot, r->flags), how))
        r->flags++;
    if (!text_lie_how(r->slot, r->flags))
        return fail(l, "\"%s\" is no lie about %s, use %s", how, about,
                    lie_is_fate(r->slot) ? "lost, and held or twice or late" : "ones, zero, before, value, or, without or flip");
    if (lie_has_value(r->slot, r->flags) && !take_number(l, "", "", 0xffffffff, "value", &r->c))
        return false;
    if (!take_setting(l, "times=", 255, "count", &times) || !take_setting(l, "card=", WIRE_CARDS - 1, "card", &card))
        return false;
    r->a = where | times << 16;
    r->actor = (uint8_t)card;
    return true;
}

static bool parse_strike(struct line *l, struct record *r)
{
    struct record event = {.kind = EV_HARDWARE};
    uint32_t nth;
    if (!take_counted(l, &nth) || !parse_card_event(l, &event))
        return false;
    if (event.c > 0xff)
        return fail(l, "with=0x%x is more than a strike has room for, use 0xff at most", event.c);
    *r = event;
    r->kind = DE_STRIKE, r->actor = event.slot, r->slot = 0;
    r->c |= nth << 8;
    return true;
}

static bool parse_config(struct line *l, struct record *r)
{
    r->kind = DE_CONFIG;
    uint32_t cpus = 2;
    while (l->next < l->words && strncmp(peek(l), "raw=", 4)) {
        const char *word = peek(l);
        bool good = true;
        if (!strncmp(word, "policy=", 7)) {
            unsigned p = 0;
            while (p < POLICY_RECORDING && strcmp(word + 7, text_policy_name(p)))
                p++;
            if (p == POLICY_RECORDING)
                return fail(l, "\"%s\" is no schedule policy, use constraints, random or pct", word + 7);
            r->slot = (uint8_t)p;
            take(l);
        } else if (!strncmp(word, "cpus=", 5)) {
            good = take_number(l, "cpus=", "", 4, "number of processors", &cpus);
            if (good && !cpus)
                return fail(l, "a machine has at least one processor, use cpus=1 to cpus=4");
        } else if (!strncmp(word, "seed=", 5)) {
            good = take_number(l, "seed=", "", 0xffffffff, "seed", &r->a);
        } else if (!strncmp(word, "depth=", 6)) {
            good = take_number(l, "depth=", "", 16, "depth", &r->b);
        } else if (!strncmp(word, "length=", 7)) {
            good = take_number(l, "length=", "", 0xffff, "length", &r->c);
        } else if (take_if(l, "random-faults")) {
            r->flags |= CONFIG_RANDOM_FAULTS;
        } else {
            return fail(l, "\"%s\" is no setting, use policy=, cpus=, seed=, depth=, length= or random-faults", word);
        }
        if (!good)
            return false;
    }
    r->flags |= (uint8_t)(cpus - 1);
    return true;
}

static bool parse_statement(struct line *l, struct record *r)
{
    const char *subject = take(l);
    unsigned app;
    int used = 0;
    if (sscanf(subject, "app%u:%n", &app, &used) == 1 && used && !subject[used]) {
        if (app >= APP_THREADS)
            return fail(l, "there is no app%u, use app0 to app%d", app, APP_THREADS - 1);
        r->actor = (uint8_t)app;
        return parse_app(l, r);
    }
    if (!strcmp(subject, "pnp:"))
        return parse_event(l, r);
    if (!strcmp(subject, "schedule:"))
        return parse_schedule(l, r);
    if (!strcmp(subject, "fault:")) {
        r->kind = DE_FAULT;
        return take_ddi(l, &r->a) && take_nth(l, &r->b);
    }
    if (!strcmp(subject, "value:"))
        return parse_value(l, r);
    if (!strcmp(subject, "config:"))
        return parse_config(l, r);
    if (!strcmp(subject, "lie:"))
        return parse_lie(l, r);
    if (!strcmp(subject, "strike:"))
        return parse_strike(l, r);
    return fail(l, "\"%s\" starts no statement, use app0:, pnp:, schedule:, fault:, value:, config:, lie: or strike:", subject);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Number of bytes, or -1. */
static int parse_hex(const char *text, uint8_t *out, int max)
{
    int n = 0;
    for (; text[0] && text[1]; text += 2, n++) {
        int high = hex_digit(text[0]), low = hex_digit(text[1]);
        if (n == max || high < 0 || low < 0)
            return -1;
        out[n] = (uint8_t)(high << 4 | low);
    }
    return *text ? -1 : n;
}

/* The words become `count` bytes of input. */
static bool parse_line(struct line *l, uint8_t bytes[RECORD_SIZE], int *count)
{
    if (!strcmp(peek(l), "trailing:")) {
        take(l);
        *count = parse_hex(take(l), bytes, RECORD_SIZE - 1);
        if (*count < 1 || l->next < l->words)
            return fail(l, "trailing: wants 1 to %d bytes in hex", RECORD_SIZE - 1);
        return true;
    }
    struct record r = {0};
    if (!parse_statement(l, &r))
        return false;
    *count = RECORD_SIZE;
    record_store(bytes, &r);
    if (!strncmp(peek(l), "raw=", 4)) {
        if (parse_hex(take(l) + 4, bytes, RECORD_SIZE) != RECORD_SIZE)
            return fail(l, "raw= wants %d bytes in hex", RECORD_SIZE);
        struct record raw = record_load(bytes), meaning = record_canonical(&raw);
        if (!record_equal(&meaning, &r))
            return fail(l, "raw= means another statement than the words before it, remove raw=");
    }
    if (l->next < l->words)
        return fail(l, "\"%s\" is one word too many, remove it", peek(l));
    return true;
}

bool text_assemble(const char *text, const char *file, const char *device, uint8_t *out, size_t size, size_t *out_length, char *error, size_t error_size)
{
    struct line l = {.file = file, .device = device, .error = error, .error_size = error_size};
    *out_length = 0;
    bool trailing = false;
    while (*text) {
        size_t length = strcspn(text, "\n");
        l.number++;
        if (length >= MAX_LINE)
            return fail(&l, "the line is longer than %d characters, split it", MAX_LINE - 1);
        memcpy(l.text, text, length);
        l.text[length] = 0;
        /* A # that does not count a call (#3) starts a comment. */
        for (char *p = l.text; (p = strchr(p, '#')) != NULL; p++)
            if (p == l.text || p[1] < '0' || p[1] > '9') {
                *p = 0;
                break;
            }
        text += length + (text[length] == '\n');
        if (!split(&l))
            return false;
        if (!l.words)
            continue;
        if (trailing)
            return fail(&l, "nothing may follow the trailing: line, move it to the end");
        uint8_t bytes[RECORD_SIZE];
        int count = 0;
        if (!parse_line(&l, bytes, &count))
            return false;
        trailing = count != RECORD_SIZE;
        if (*out_length + (size_t)count <= size)
            memcpy(out + *out_length, bytes, (size_t)count);
        *out_length += (size_t)count;
    }
    return true;
}

size_t text_take(uint8_t *out, size_t room, const uint8_t *bytes, size_t size)
{
    static char text[1 << 16];
    static uint8_t records[MAX_INPUT];
    char error[256];
    size_t made;
    if (!text_is_program(bytes, size)) {
        size = size < room ? size : room;
        memmove(out, bytes, size);
        return size;
    }
    if (size >= sizeof text)
        return 0;
    memcpy(text, bytes, size);
    text[size] = 0;
    if (!text_assemble(text, "seed", NULL, records, sizeof records, &made, error, sizeof error) || made > sizeof records || made > room)
        return 0;
    memcpy(out, records, made);
    return made;
}
