/* See input.h. */
#include "input.h"

#include <string.h>

#include "machine/gate.h"

#define NONE {FOLD_NONE, 0}
#define ANY {FOLD_ANY, 0}
#define MOD(n) {FOLD_MODULO, n}
#define BITS(mask) {FOLD_BITS, mask}
#define NTH {FOLD_NTH, MAX_NTH}
#define APP MOD(APP_THREADS)
#define HANDLE MOD(APP_HANDLES)
#define REQUEST MOD(REQUEST_NAMES)
#define DEVICE MOD(TREE_DEVICES)
#define HASH BITS(0xffff)
#define CARD MOD(WIRE_CARDS)

const struct record_type record_table[RECORD_KINDS] = {
    /*                       name              class           actor slot     flags          a                      b          c        often */
    [OP_OPEN] =            {"open",            CLASS_APP,      APP,  HANDLE,  BITS(1),       MOD(INTERFACE_CLASSES), MOD(TREE_DEVICES), NONE, 0},
    [OP_READ] =            {"read",            CLASS_APP,      APP,  HANDLE,  MOD(IO_MODES), MOD(MAX_IO_LENGTH + 1), NONE,     REQUEST, 0},
    [OP_WRITE] =           {"write",           CLASS_APP,      APP,  HANDLE,  MOD(IO_MODES), MOD(MAX_IO_LENGTH + 1), BITS(255), REQUEST, 0},
    [OP_IOCTL] =           {"ioctl",           CLASS_APP,      APP,  HANDLE,  MOD(IO_MODES), ANY,                   ANY,       BITS(0xff0f), 0},
    [OP_CANCEL] =          {"cancel",          CLASS_APP,      APP,  REQUEST, NONE,          NONE,                  NONE,      NONE, 0},
    [OP_CANCEL_ALL] =      {"cancel-all",      CLASS_APP,      APP,  HANDLE,  BITS(1),       NONE,                  NONE,      NONE, 0},
    [OP_CLOSE] =           {"close",           CLASS_APP,      APP,  HANDLE,  NONE,          NONE,                  NONE,      NONE, 0},
    [OP_EXIT_THREAD] =     {"exit-thread",     CLASS_APP,      APP,  NONE,    NONE,          NONE,                  NONE,      NONE, 0},
    [OP_WAIT] =            {"wait",            CLASS_APP,      APP,  REQUEST, NONE,          NONE,                  NONE,      NONE, 0},
    [OP_SLEEP] =           {"sleep",           CLASS_APP,      APP,  NONE,    BITS(1),       MOD(MAX_SLEEP_MS + 1), NONE,      NONE, 0},
    [EV_QUERY_STOP] =      {"query-stop",      CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_STOP] =            {"stop",            CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_CANCEL_STOP] =     {"cancel-stop",     CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_REBALANCE] =       {"rebalance",       CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 2},
    [EV_QUERY_REMOVE] =    {"query-remove",    CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_CANCEL_REMOVE] =   {"cancel-remove",   CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_REMOVE] =          {"remove",          CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_SURPRISE_REMOVE] = {"surprise-remove", CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_READD] =           {"re-add",          CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_SLEEP] =           {"system-sleep",    CLASS_PNP,      NONE, MOD(4),  NONE,          NONE,                  NONE,      NONE, 2},
    [EV_RESUME] =          {"resume",          CLASS_PNP,      NONE, NONE,    NONE,          NONE,                  NONE,      NONE, 2},
    [EV_IDLE] =            {"idle",            CLASS_PNP,      NONE, NONE,    NONE,          NONE,                  NONE,      NONE, 1},
    [EV_WAKE] =            {"wake",            CLASS_PNP,      NONE, DEVICE,  NONE,          NONE,                  NONE,      NONE, 1},
    [EV_PROCESS_EXIT] =    {"process-exit",    CLASS_PNP,      NONE, MOD(APP_PROCESSES), NONE, NONE,                NONE,      NONE, 1},
    [EV_RELOAD] =          {"reload",          CLASS_PNP,      NONE, NONE,    NONE,          NONE,                  NONE,      NONE, 1},
    [EV_PASS_TIME] =       {"pass-time",       CLASS_PNP,      NONE, NONE,    NONE,          MOD(MAX_PASS_MS + 1),  NONE,      NONE, 3},
    [DE_SCHEDULE] =        {"schedule",        CLASS_DECISION, NONE, ANY,     NONE,          HASH,                  NTH,       NONE, 0},
    [DE_FAULT] =           {"fault",           CLASS_DECISION, NONE, NONE,    NONE,          HASH,                  NTH,       NONE, 0},
    [DE_VALUE] =           {"value",           CLASS_DECISION, NONE, {FOLD_LANE, 0}, NONE,   BITS(255),             NONE,      NONE, 0},
    [DE_CONFIG] =          {"config",          CLASS_DECISION, NONE, MOD(POLICY_RECORDING), BITS(7), ANY,           MOD(17),   BITS(0xffff), 0},
    [OP_WMI] =             {"wmi",             CLASS_APP,      APP,  DEVICE,  MOD(WMI_VERBS), ANY,                  ANY,       BITS(0xff37), 0},
    [EV_FRAME] =           {"frame",           CLASS_PNP,      NONE, CARD,    MOD(FRAME_TOS), MOD(MAX_FRAME + 1),   BITS(255), BITS(0x3f1f), 0},
    [EV_CABLE] =           {"cable",           CLASS_PNP,      NONE, CARD,    MOD(CABLES),   NONE,                  NONE,      NONE, 0},
    [EV_HARDWARE] =        {"hardware",        CLASS_PNP,      NONE, CARD,    MOD(HARDWARE_VERBS), ANY,             ANY,       ANY, 0},
    [DE_LIE] =             {"lie",             CLASS_DECISION, CARD, MOD(ABOUTS), MOD(HOWS), BITS(0xff00ff), {FOLD_NTH, MAX_ACCESSES}, ANY, 0},
    [DE_STRIKE] =          {"strike",          CLASS_DECISION, CARD, NONE,    MOD(HARDWARE_VERBS), ANY,             ANY,       ANY, 0},
    [EV_CARD] =            {"card",            CLASS_PNP,      NONE, NONE,    MOD(CARD_VERBS), ANY,                 ANY,       ANY, 0},
};

bool event_names_device(unsigned kind)
{
    const struct record_type *type = &record_table[kind];
    return type->class == CLASS_PNP && type->slot.fold == FOLD_MODULO && type->slot.limit == TREE_DEVICES;
}

#define WHERE 0xffff07
const struct hardware_verb_type hardware_verbs[HARDWARE_VERBS] = {
    [HARDWARE_STAT] =    {"stat",    0xfd,       0,     0}, /* never all ones, which is what a card that is gone reads as */
    [HARDWARE_STUCK] =   {"stuck",   0xfd,       0,     0xff},
    [HARDWARE_SILENCE] = {"silence", 1,          0,     0},
    [HARDWARE_FREEZE] =  {"freeze",  0x1f,       0,     0},
    [HARDWARE_RFD] =     {"rfd",     0xffffffff, WHERE, 0xff},
    [HARDWARE_BLOCK] =   {"block",   0xffff,     WHERE, 0},
    [HARDWARE_WRITE] =   {"write",   0xfff,      WHERE, 0xff},
    [HARDWARE_DEAD] =    {"dead",    0,          0,     0},
    [HARDWARE_PULL] =    {"pull",    0,          0,     0},
    [HARDWARE_ARM] =     {"arm",     LIES,       0xfff, 0x3f},
    [HARDWARE_HONEST] =  {"honest",  0,          0,     0},
    [HARDWARE_SPURIOUS] = {"spurious", 0,        0,     0},
    [HARDWARE_SLOW] =    {"slow",    0x7ff,       0,     0},
};

static const char *const windows[] = {"memory", "ports", "flash", "none", NULL};
static const char *const places[] = {"nothing", "block", "rfd", "array", "buffer", "result", "end", "nowhere", NULL};
static const char *const eeprom_verbs[] = {"read", "write", "erase", "enable", "disable", "write-all", "erase-all", "half", NULL};
static const char *const frame_tos[] = {"card", "all", "group", "other", "pause", "card5", "card6", "card7", NULL};
static const char *const kinds[] = {"82559", "82558", "82557", "82559er", NULL};

#define IN_WINDOW {"in", 0, 12, 2, windows}
#define PLACE(word) {"of", word, 0, 3, places}, {"slot", word, 4, 4, NULL}, {"off", word, 8, 16, NULL}
const struct card_verb_type card_verbs[CARD_VERBS] = {
    [CARD_READ8] =        {"read8",   {IN_WINDOW, {"at", 0, 0, 12, NULL}}},
    [CARD_READ16] =       {"read16",  {IN_WINDOW, {"at", 0, 0, 12, NULL}}},
    [CARD_READ32] =       {"read32",  {IN_WINDOW, {"at", 0, 0, 12, NULL}}},
    [CARD_READ64] =       {"read64",  {IN_WINDOW, {"at", 0, 0, 12, NULL}}},
    [CARD_WRITE8] =       {"write8",  {IN_WINDOW, {"at", 0, 0, 12, NULL}, {"value", 1, 0, 8, NULL}}},
    [CARD_WRITE16] =      {"write16", {IN_WINDOW, {"at", 0, 0, 12, NULL}, {"value", 1, 0, 16, NULL}}},
    [CARD_WRITE32] =      {"write32", {IN_WINDOW, {"at", 0, 0, 12, NULL}, {"value", 1, 0, 32, NULL}}},
    [CARD_WRITE64] =      {"write64", {IN_WINDOW, {"at", 0, 0, 12, NULL}, {"value", 1, 0, 32, NULL}, {"high", 2, 0, 32, NULL}}},
    [CARD_COMMAND] =      {"command", {{"byte", 0, 0, 8, NULL}, PLACE(1), {"later", 0, 8, 1, NULL}}},
    [CARD_PORT] =         {"port",    {{"function", 0, 0, 4, NULL}, PLACE(1), {"later", 0, 8, 1, NULL}}},
    [CARD_EEPROM] =       {"eeprom",  {{"do", 0, 0, 3, eeprom_verbs}, {"at", 0, 8, 8, NULL}, {"words", 0, 16, 4, NULL}, {"data", 1, 0, 16, NULL}}},
    [CARD_MDI] =          {"mdi",     {{"op", 0, 0, 2, NULL}, {"reg", 0, 2, 5, NULL}, {"phy", 0, 7, 5, NULL}, {"data", 1, 0, 16, NULL}, {"interrupt", 0, 12, 1, NULL},
                                      {"later", 0, 13, 1, NULL}}},
    [CARD_CONFIG_READ] =  {"config-read",  {{"at", 0, 0, 8, NULL}, {"width", 0, 8, 2, NULL}}},
    [CARD_CONFIG_WRITE] = {"config-write", {{"at", 0, 0, 8, NULL}, {"width", 0, 8, 2, NULL}, {"value", 1, 0, 32, NULL}}},
    [CARD_BLOCK] =        {"block",   {{"slot", 0, 0, 4, NULL}, {"link", 0, 4, 4, NULL}, {"command", 0, 16, 16, NULL}, {"n", 1, 0, 16, NULL}, {"m", 1, 16, 16, NULL},
                                      {"data", 2, 0, 32, NULL}}},
    [CARD_RFD] =          {"rfd",     {{"slot", 0, 0, 4, NULL}, {"link", 0, 4, 4, NULL}, {"even", 0, 8, 1, NULL}, {"command", 0, 16, 16, NULL}, {"size", 1, 0, 16, NULL},
                                      {"rbd", 2, 0, 32, NULL}}},
    [CARD_TBD] =          {"tbd",     {{"array", 0, 0, 4, NULL}, {"index", 0, 4, 4, NULL}, {"size", 0, 8, 16, NULL}, {"last", 0, 24, 2, NULL}, PLACE(1)}},
    [CARD_FILL] =         {"fill",    {PLACE(0), {"len", 1, 0, 12, NULL}, {"with", 1, 16, 8, NULL}}},
    [CARD_POKE] =         {"poke",    {PLACE(0), {"value", 1, 0, 32, NULL}}},
    [CARD_WAIT] =         {"wait",    {{"units", 0, 0, 24, NULL}}},
    [CARD_FRAME] =        {"frame",   {{"to", 0, 12, 3, frame_tos}, {"len", 0, 0, 12, NULL}, {"type", 1, 0, 16, NULL}, {"words", 2, 0, 32, NULL}, {"fill", 1, 16, 8, NULL},
                                      {"bad", 0, 16, 4, NULL}, {"shape", 0, 20, 2, NULL}}},
    [CARD_RESET] =        {"reset",   {{NULL, 0, 0, 0, NULL}}},
    [CARD_PLUG] =         {"plug",    {{"kind", 0, 0, 2, kinds}, {"options", 0, 8, 6, NULL}}},
};

uint32_t card_field_mask(const struct card_field *f) { return f->bits == 32 ? ~0u : (1u << f->bits) - 1; }

static const struct card_field *field_named(unsigned verb, const char *name)
{
    for (const struct card_field *f = card_verbs[verb].field; f < card_verbs[verb].field + CARD_FIELDS && f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

static uint32_t *word_of(struct record *r, unsigned word) { return word == 0 ? &r->a : word == 1 ? &r->b : &r->c; }

uint32_t card_field(const struct record *r, const char *name)
{
    const struct card_field *f = field_named(r->flags, name);
    struct record copy = *r;
    return f ? *word_of(&copy, f->word) >> f->shift & card_field_mask(f) : 0;
}

void card_set_field(struct record *r, const char *name, uint32_t value)
{
    const struct card_field *f = field_named(r->flags, name);
    if (!f)
        return;
    uint32_t *word = word_of(r, f->word);
    *word = (*word & ~(card_field_mask(f) << f->shift)) | (value & card_field_mask(f)) << f->shift;
}

static uint32_t load32(const uint8_t *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

static void store32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

struct record record_load(const uint8_t *p)
{
    return (struct record){p[0], p[1], p[2], p[3], load32(p + 4), load32(p + 8), load32(p + 12)};
}

void record_store(uint8_t *p, const struct record *r)
{
    p[0] = r->kind, p[1] = r->actor, p[2] = r->slot, p[3] = r->flags;
    store32(p + 4, r->a);
    store32(p + 8, r->b);
    store32(p + 12, r->c);
}

static uint32_t fold(struct field field, uint32_t value)
{
    switch (field.fold) {
    case FOLD_ANY: return value;
    case FOLD_MODULO: return value % field.limit;
    case FOLD_NTH: return value % field.limit ? value % field.limit : 1;
    case FOLD_BITS: return value & field.limit;
    case FOLD_LANE: return value > LANE_SCHEDULE && value < LANE_COUNT ? value : LANE_FAULT + value % (LANE_COUNT - 1);
    default: return 0;
    }
}

/* Fields that the verb does not have mean nothing. */
static void fold_wmi(struct record *r)
{
    r->a &= (wmi_has_in(r->flags) ? 0xffffu : 0) | (wmi_has_out(r->flags) ? 0xffff0000u : 0);
    r->b &= wmi_has_id(r->flags) ? ~0u : 0;
    r->c &= 0x07u | (wmi_has_instance(r->flags) ? 0x30u : 0) | (wmi_has_in(r->flags) ? 0xff00u : 0);
}

static void fold_hardware(struct record *r)
{
    const struct hardware_verb_type *t = &hardware_verbs[r->flags];
    r->a &= t->a, r->b &= t->b, r->c &= t->c;
}

static void fold_lie(struct record *r)
{
    r->flags = (uint8_t)(r->flags % lie_hows(r->slot));
    r->a &= lie_has_where(r->slot) ? ~0u : 0xff0000;
    r->c &= lie_has_value(r->slot, r->flags) ? ~0u : 0;
}

/* Its time stands beside the verb's own bits. */
static void fold_strike(struct record *r)
{
    uint32_t nth = (r->c >> 8) % MAX_ACCESSES;
    r->c &= 0xff;
    fold_hardware(r);
    r->c |= (nth ? nth : 1) << 8;
}

struct record strike_event(const struct record *strike)
{
    struct record r = *strike;
    r.kind = EV_HARDWARE, r.actor = 0, r.slot = strike->actor, r.c = strike->c & 0xff;
    return r;
}

static void fold_card(struct record *r)
{
    uint32_t mask[3] = {0};
    for (const struct card_field *f = card_verbs[r->flags].field; f < card_verbs[r->flags].field + CARD_FIELDS && f->name; f++)
        mask[f->word] |= card_field_mask(f) << f->shift;
    r->a &= mask[0], r->b &= mask[1], r->c &= mask[2];
}

struct record record_canonical(const struct record *r)
{
    uint8_t kind = r->kind % RECORD_KINDS;
    const struct record_type *t = &record_table[kind];
    struct record out = {
        .kind = kind,
        .actor = (uint8_t)fold(t->actor, r->actor),
        .slot = (uint8_t)fold(t->slot, r->slot),
        .flags = (uint8_t)fold(t->flags, r->flags),
        .a = fold(t->a, r->a),
        .b = fold(t->b, r->b),
        .c = fold(t->c, r->c),
    };
    /* A request that is waited for inside the call has no name. */
    if (record_does_io(&out) && out.flags == IO_SYNC)
        out.c &= ~(uint32_t)(REQUEST_NAMES - 1);
    if (kind == OP_WMI)
        fold_wmi(&out);
    if (kind == EV_HARDWARE)
        fold_hardware(&out);
    if (kind == DE_LIE)
        fold_lie(&out);
    if (kind == DE_STRIKE)
        fold_strike(&out);
    if (kind == EV_CARD)
        fold_card(&out);
    return out;
}

bool record_equal(const struct record *a, const struct record *b)
{
    return a->kind == b->kind && a->actor == b->actor && a->slot == b->slot && a->flags == b->flags && a->a == b->a && a->b == b->b &&
           a->c == b->c;
}

struct record record_of_decision(enum record_kind kind, const struct decision *d)
{
    uint8_t slot = kind == DE_SCHEDULE ? d->value : 0;
    return (struct record){.kind = (uint8_t)kind, .slot = slot, .a = ddi_hash16(d->ddi), .b = d->nth};
}

static void decode_positional(struct decision *list, unsigned *count, const struct record *r, uint8_t value)
{
    uint16_t ddi = ddi_by_hash16((uint16_t)r->a);
    if (!ddi || *count == MAX_DECISIONS)
        return;
    list[(*count)++] = (struct decision){.ddi = ddi, .nth = (uint16_t)r->b, .value = value};
}

static void decode_decision(struct chance *chance, const struct record *r)
{
    switch (r->kind) {
    case DE_SCHEDULE:
        decode_positional(chance->schedule, &chance->schedule_count, r, r->slot);
        break;
    case DE_FAULT:
        decode_positional(chance->fault, &chance->fault_count, r, 1);
        break;
    case DE_VALUE:
        if (chance->value_count[r->slot] < MAX_LANE_VALUES)
            chance->value[r->slot][chance->value_count[r->slot]++] = (uint8_t)r->a;
        break;
    case DE_CONFIG:
        chance->policy = r->slot;
        chance->cpus = (r->flags & 3) + 1;
        chance->random_faults = r->flags & CONFIG_RANDOM_FAULTS;
        chance->seed = r->a;
        chance->pct_depth = (uint16_t)r->b;
        chance->pct_length = r->c;
        break;
    }
}

static void chance_reset(struct chance *chance)
{
    chance->policy = POLICY_CONSTRAINTS;
    chance->cpus = 2;
    chance->pct_depth = 0;
    chance->pct_length = 0;
    chance->seed = 0;
    chance->schedule_count = chance->fault_count = 0;
    memset(chance->value_count, 0, sizeof chance->value_count); /* the values themselves are dead then */
    chance->recording = NULL;
    chance->recording_length = 0;
    chance->random_faults = false;
}

static void decode_hardware(struct program *program, const struct record *r)
{
    if (r->kind == DE_LIE && program->lies < MAX_LIES)
        program->lie[program->lies++] = *r;
    if (r->kind == DE_STRIKE && program->strikes < MAX_LIES)
        program->strike[program->strikes++] = *r;
}

void program_decode(struct program *program, const uint8_t *bytes, size_t size)
{
    chance_reset(&program->chance);
    program->operations = program->lies = program->strikes = 0;
    program->app_threads_used = 0;
    size_t count = record_count(size);
    for (size_t i = 0; i < count; i++) {
        struct record raw = record_load(bytes + i * RECORD_SIZE);
        struct record r = record_canonical(&raw);
        enum record_class class = record_table[r.kind].class;
        if (class == CLASS_DECISION) {
            decode_decision(&program->chance, &r);
            decode_hardware(program, &r);
            continue;
        }
        if (program->operations == MAX_OPERATIONS)
            continue;
        uint8_t actor = class == CLASS_APP ? r.actor : ACTOR_PNP;
        if (class == CLASS_APP)
            program->app_threads_used |= (uint8_t)(1u << actor);
        program->operation[program->operations++] = (struct operation){.record = r, .actor = actor, .line = (uint16_t)i};
    }
}
