/* See cards.h. */
#include "win32/win32.h"

#include "nic/card.h"

#include "cards.h"
#include "life.h"

#define SLOTS 8

enum { PARTNER_FAST = 0x45E1, PARTNER_SLOW = 0x4021 };
enum { STUCK_FOR_EVER = 255, CAUSE = 1, UNSEEN_CAUSES = 50 };
enum { HEADER = 14, SOURCE = 6, TYPE = 12, MAGIC_SIZE = 6 + 16 * 6, SHORTEST_FRAME = 60, LONGEST_FRAME = 1514 };

struct slot {
    struct nic_card card;        /* first */
    bool used;
    bool replugged;              /* another cable, or none */
    uint8_t which;               /* of the target's cards */
    /* What it lies about: LIE_*, after so many answers, of the register at filter - 1 (0: all). */
    uint8_t lies;
    uint16_t skip;
    uint8_t filter;
    uint32_t before;             /* what was read last */
    bool honest;                 /* whatever the input says about it */
    bool looked_at;              /* by the bus, for its shape */
    bool misshapen;
    uint8_t unseen;              /* how often in a row its cause was, while it interrupted */
    uint16_t slow;               /* microseconds that an access takes */
};

static struct {
    struct slot slot[SLOTS];
    struct slot *present[WIRE_CARDS];
    struct nic_switch wire;
    bool lied;
    bool over;                   /* the input: from now on cards are honest */
    /* Of the input's lies and strikes: how often each was asked about, what was true then; and how often the registers were touched. */
    uint16_t asked[MAX_LIES];
    uint32_t true_before[MAX_LIES];
    unsigned accesses[WIRE_CARDS];
} cards;

static void obey_input(struct slot *s);

void (*life_wire)(unsigned card, bool sent, const uint8_t *frame, uint32_t size);

bool cards_has(unsigned which) { return which < WIRE_CARDS && target.card[which]; }

/* Most targets have none: then there is nothing to forget. */
void cards_begin(void)
{
    if (!cards_has(0))
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        cards.slot[i].used = false;
    memset(cards.present, 0, sizeof cards.present);
    memset(&cards.wire, 0, sizeof cards.wire);
    memset(cards.asked, 0, sizeof cards.asked[0] * life.program->lies);
    memset(cards.true_before, 0, sizeof cards.true_before[0] * life.program->lies);
    memset(cards.accesses, 0, sizeof cards.accesses);
    cards.lied = cards.over = false;
}

unsigned cards_accesses(unsigned which) { return cards.accesses[which % WIRE_CARDS]; }

static bool is_out(const struct slot *s) { return s->card.nic.model.absent || s->card.nic.hostile.gone; }
static bool cable_is_out(const struct slot *s) { return !s->card.nic.settings.partner; }

/* From a cable's change until both ends have agreed again what is sent is lost. */
static bool has_no_wire(struct slot *s)
{
    s->replugged = s->replugged && !s->card.nic.phy.link;
    return s->replugged || cable_is_out(s);
}

bool life_has_strange_hardware(void)
{
    bool any = cards.lied;
    for (unsigned i = 0; i < WIRE_CARDS; i++)
        any |= cards.present[i] && is_out(cards.present[i]);
    return any;
}

uint8_t cards_disturbance(void)
{
    uint8_t all = life_has_strange_hardware() ? DISTURBED_HARDWARE : 0;
    for (unsigned i = 0; i < WIRE_CARDS; i++)
        if (cards.present[i] && has_no_wire(cards.present[i]))
            all |= DISTURBED_WIRE;
    return all;
}

unsigned cards_wakes(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        if (cards.slot[i].used)
            n += pci_wakes(&cards.slot[i].card.function);
    return n;
}

uint32_t cards_state(void)
{
    const struct slot *s = cards.present[0];
    if (!s)
        return 0;
    const struct nic *nic = &s->card.nic;
    return 1 + ((nic->ru.state * 4u + nic->cu.state) * 2u + is_out(s)) * 2u + cards.lied;
}

/* ---- In their slots ---- */

static void heard(struct nic_card *card, bool sent, const void *frame, uint32_t size)
{
    unsigned which = ((struct slot *)card)->which;
    if (target.wire)
        target.wire(which, sent, frame, size);
    if (life_wire)
        life_wire(which, sent, frame, size);
}

/* The bus looks now for its windows and its pin. */
static void plug(struct slot *s)
{
    s->looked_at = true;
    nic_card_plug(&s->card);
    s->looked_at = false;
    if (s->misshapen)
        nic_card_lies(&s->card);
}

static void fill_slot(struct slot *s, unsigned which)
{
    struct nic *nic = &s->card.nic;
    nic_card_init(&s->card, (enum nic_kind)(target.card[which] - CARD_82557));
    s->used = true;
    s->replugged = false;
    s->which = (uint8_t)which;
    s->lies = s->slow = s->unseen = 0;
    s->honest = cards.over;
    s->misshapen = false;
    nic->settings.auxiliary_power = true; /* so that it wakes the machine from S3 */
    nic->settings.link_at_power_on = true;
    nic->eeprom.word[2] = (uint16_t)(nic->eeprom.word[2] + (which << 8)); /* each has an address of its own */
    nic_eeprom_seal(nic);
    s->card.heard = heard;
    obey_input(s);
    plug(s);
}

static bool is_free(const struct slot *s) { return !s->card.function.node || s->card.function.node->state == DEVNODE_REMOVED; }

/* The card that is there, a new one in place of one that is not any more, or another slot. */
static struct slot *take_slot(unsigned which)
{
    struct slot *s = cards.present[which];
    if (s && is_free(s)) {
        if (is_out(s)) {
            s->lies = s->slow = 0;
            plug(s);
        }
        return s;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (!cards.slot[i].used) {
            fill_slot(&cards.slot[i], which);
            return &cards.slot[i];
        }
    return NULL;
}

/* The new one has the port of the old one. */
static void connect(struct slot *s)
{
    struct slot *old = cards.present[s->which];
    cards.present[s->which] = s;
    if (old == s)
        return;
    if (old)
        old->card.on = NULL;
    cards.wire.port[s->which] = &s->card;
    s->card.on = &cards.wire;
}

struct devnode *cards_create_device(unsigned which, int32_t *status)
{
    struct slot *s = take_slot(which);
    if (!s)
        return NULL;
    connect(s);
    return pci_create_device(NULL, &s->card.function, status);
}

struct nic *cards_plug_bare(int kind, const struct nic_host *host)
{
    unsigned i = 0;
    while (i < SLOTS && cards.slot[i].used)
        i++;
    if (i == SLOTS)
        return NULL;
    struct slot *s = &cards.slot[i];
    if (cards.present[0])
        nic_hostile_gone(&cards.present[0]->card.nic);
    memset(s, 0, sizeof *s);
    nic_card_init(&s->card, (enum nic_kind)kind);
    s->used = true;
    s->card.nic.host = *host;
    s->card.function.asked_by_driver = true; /* nobody else asks */
    cards.present[0] = s;
    return &s->card.nic;
}

void cards_pull(const struct devnode *node)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (cards.slot[i].used && cards.slot[i].card.function.node == node)
            nic_card_pull(&cards.slot[i].card);
}

/* ---- Frames ---- */

static void own_address(const struct nic *nic, uint8_t to[6])
{
    for (unsigned i = 0; i < 6; i++)
        to[i] = (uint8_t)(nic->eeprom.word[i / 2] >> 8 * (i % 2));
}

static void put_destination(const struct nic *nic, const struct record *r, uint8_t to[6])
{
    static const uint8_t group[6] = {0x01, 0x00, 0x5E, 0x00, 0x00, 0x00}, other[6] = {0x52, 0x54, 0x00, 0x99, 0x00, 0x00};
    own_address(nic, to);
    if (r->flags == FRAME_TO_ALL)
        memset(to, 0xFF, 6);
    else if (r->flags != FRAME_TO_CARD)
        memcpy(to, r->flags == FRAME_TO_GROUP ? group : other, 6);
    if (r->flags == FRAME_TO_GROUP || r->flags == FRAME_TO_OTHER)
        to[5] = (uint8_t)r->b;
}

static void put_magic(const struct nic *nic, uint8_t *to)
{
    memset(to, 0xFF, 6);
    for (unsigned i = 0; i < 16; i++)
        own_address(nic, to + 6 + 6 * i);
}

static bool is_to_receive(const struct nic *nic, const uint8_t *frame, uint32_t size)
{
    return size >= SHORTEST_FRAME && size <= LONGEST_FRAME && nic->phy.link && !nic->wake.state && !nic->port_busy && !nic->hostile.gone &&
        !memcmp(frame, nic->individual, sizeof nic->individual);
}

static void send_frame(struct slot *s, const struct record *r, unsigned nth)
{
    static const uint8_t neighbour[8] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00};
    static const unsigned flaw[] = {NIC_BAD_CHECKSUM, NIC_BAD_ALIGNMENT, NIC_BAD_SYMBOL, NIC_BAD_OVERRUN};
    static uint8_t frame[MAX_FRAME + HEADER];
    unsigned bad = 0;
    put_destination(&s->card.nic, r, frame);
    memcpy(frame + SOURCE, neighbour, sizeof neighbour);
    for (uint32_t i = 0; HEADER + i < r->a; i++)
        frame[HEADER + i] = pattern_byte((uint8_t)(r->b + nth), i);
    if (r->c & FRAME_MAGIC && r->a >= HEADER + MAGIC_SIZE)
        put_magic(&s->card.nic, frame + HEADER);
    for (unsigned i = 0; i < 4; i++)
        if (r->c >> i & 1)
            bad |= flaw[i];
    if (target.to_receive && !bad && is_to_receive(&s->card.nic, frame, r->a))
        target.to_receive(s->which);
    nic_card_arrives(&s->card, frame, r->a, bad);
}

/* ---- Lies that an event has armed ---- */

static bool lies_now(struct slot *s, unsigned about)
{
    if (!(s->lies & about))
        return false;
    if (!s->skip)
        return true;
    s->skip--;
    return false;
}

static uint32_t twist(struct slot *s, uint32_t benign, unsigned bits)
{
    uint32_t before = s->before;
    s->before = benign;
    switch (choose(LANE_HARDWARE, 5)) {
    case 1: return ~0u;
    case 2: return 0;
    case 3: return benign ^ 1u << choose(LANE_HARDWARE, bits);
    case 4: return before;
    default: return benign;
    }
}

static uint32_t armed_register(struct slot *s, uint32_t offset, unsigned width, uint32_t benign)
{
    bool asked = !s->filter || s->filter - 1u == offset;
    return asked && lies_now(s, LIE_REGISTERS) ? twist(s, benign, 8 * width) : benign;
}

static enum nic_fate armed_completion(struct slot *s)
{
    static const enum nic_fate fates[] = {NIC_DONE, NIC_LOST, NIC_TWICE, NIC_LATE};
    return lies_now(s, LIE_COMPLETIONS) ? fates[choose(LANE_HARDWARE, 4)] : NIC_DONE;
}

/* ---- Lies of the input, each at its time ---- */

static void has_lied(struct slot *s)
{
    cards.lied = true;
    life_disturb(DISTURBED_HARDWARE, -1, -1, -1);
    nic_card_lies(&s->card);
}

static bool is_about(const struct slot *s, const struct record *lie, unsigned about) { return lie->slot == about && lie->actor == s->which && !s->honest; }

/* Asked once more; is it time? */
static bool is_time(const struct record *lie, unsigned i)
{
    unsigned nth = cards.asked[i] = (uint16_t)(cards.asked[i] + (cards.asked[i] < UINT16_MAX));
    return nth >= lie->b && (!lie_times(lie) || nth < lie->b + lie_times(lie));
}

static uint32_t twisted(const struct record *lie, uint32_t honest, uint32_t before)
{
    switch (lie->flags) {
    case HOW_ONES: return ~0u;
    case HOW_ZERO: return 0;
    case HOW_BEFORE: return before;
    case HOW_VALUE: return lie->c;
    case HOW_OR: return honest | lie->c;
    case HOW_WITHOUT: return honest & ~lie->c;
    default: return honest ^ lie->c;
    }
}

static uint32_t ones_of(unsigned width) { return width >= 4 ? ~0u : (1u << 8 * width) - 1; }

/* The answer, of so many bytes, to a question about `places` from offset on; a lie is about one of them and what is behind it. */
static uint32_t told(struct slot *s, unsigned about, uint32_t offset, unsigned places, unsigned width, uint32_t honest)
{
    const struct program *p = life.program;
    uint32_t answer = honest;
    for (unsigned i = 0; i < p->lies; i++) {
        const struct record *lie = &p->lie[i];
        uint32_t where = lie_where(lie), first = where - offset;
        if (!is_about(s, lie, about) || where < offset || first >= places)
            continue;
        uint32_t mask = ones_of(width - first), before = cards.true_before[i];
        cards.true_before[i] = honest >> 8 * first;
        if (is_time(lie, i))
            answer = (answer & ~(mask << 8 * first)) | (twisted(lie, answer >> 8 * first, before) & mask) << 8 * first;
    }
    if (answer != honest)
        has_lied(s);
    return answer;
}

static enum nic_fate fate_of(struct slot *s, unsigned about, unsigned where)
{
    static const enum nic_fate of_command[] = {[FATE_LOST] = NIC_LOST, [FATE_HELD] = NIC_HELD}, others[] = {[FATE_LOST] = NIC_LOST, [FATE_TWICE] = NIC_TWICE, [FATE_LATE] = NIC_LATE};
    const struct program *p = life.program;
    enum nic_fate fate = NIC_DONE;
    for (unsigned i = 0; i < p->lies; i++) {
        const struct record *lie = &p->lie[i];
        if (is_about(s, lie, about) && (!lie_where(lie) || lie_where(lie) == where) && is_time(lie, i))
            fate = about == ABOUT_COMMAND ? of_command[lie->flags] : others[lie->flags];
    }
    if (fate != NIC_DONE)
        has_lied(s);
    return fate;
}

/* ---- What the card is asked ---- */

static uint32_t cause_in(uint32_t offset, unsigned width, uint32_t value)
{
    bool there = offset <= CAUSE && offset + width > CAUSE;
    return there ? value >> 8 * (CAUSE - offset) & 0xff : 0;
}

/* A line that stays up while its cause cannot be seen hangs a machine, whatever the driver does: none can claim it. So it falls in time, and is silent from then on. */
static void note_cause(struct slot *s, uint32_t honest, uint32_t cause)
{
    if (!s->card.nic.line || cause == honest)
        s->unseen = 0;
    else if ((cause == 0 || cause == 0xff) && ++s->unseen >= UNSEEN_CAUSES)
        nic_hostile_silence(&s->card.nic, true);
}

static uint32_t lie_register(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    uint32_t value = told(context, ABOUT_REGISTER, offset, width, width, armed_register(context, offset, width, benign));
    if (cause_in(offset, width, ~0u))
        note_cause(context, cause_in(offset, width, benign), cause_in(offset, width, value));
    return value;
}

/* To drivers: what the bus makes of a lie is no driver's business, but for the shape of the card, which it sees when the card is plugged in. */
static uint32_t lie_config(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    struct slot *s = context;
    if (s->looked_at) {
        uint32_t shape = told(s, ABOUT_SHAPE, offset, width, width, benign);
        s->misshapen |= shape != benign;
        return shape;
    }
    if (!s->card.function.asked_by_driver)
        return benign;
    return told(s, ABOUT_CONFIG, offset, width, width, lies_now(s, LIE_CONFIG) ? twist(s, benign, 8 * width) : benign);
}

static uint16_t lie_phy(void *context, unsigned address, unsigned reg, uint16_t benign)
{
    (void)address;
    return (uint16_t)told(context, ABOUT_PHY, reg, 1, 2, benign);
}

static uint32_t lie_field(void *context, enum nic_field field, uint32_t bus_address, uint32_t benign)
{
    static const uint8_t about[] = {
        [NIC_FIELD_BLOCK_STATUS] = ABOUT_BLOCK_STATUS, [NIC_FIELD_RFD_STATUS] = ABOUT_RFD_STATUS, [NIC_FIELD_RFD_COUNT] = ABOUT_RFD_COUNT,
        [NIC_FIELD_COUNTER] = ABOUT_COUNTER, [NIC_FIELD_COUNTER_MAGIC] = ABOUT_COUNTER_MAGIC, [NIC_FIELD_SELF_TEST] = ABOUT_SELF_TEST,
        [NIC_FIELD_DUMP_MAGIC] = ABOUT_DUMP_MAGIC
    };
    (void)bus_address;
    return told(context, about[field], 0, 1, 4, lies_now(context, LIE_FIELDS) ? twist(context, benign, 16) : benign);
}

static enum nic_fate lie_command(void *context, uint8_t command)
{
    enum nic_fate armed = lies_now(context, LIE_COMMANDS) ? (enum nic_fate)choose(LANE_HARDWARE, NIC_LOST + 1) : NIC_DONE, fate = fate_of(context, ABOUT_COMMAND, command);
    return fate != NIC_DONE ? fate : armed;
}

static enum nic_fate lie_completion(void *context, enum nic_field field, uint32_t bus_address)
{
    enum nic_fate armed = armed_completion(context), fate = fate_of(context, field == NIC_FIELD_RFD_STATUS ? ABOUT_RFD_FATE : ABOUT_BLOCK_FATE, 0);
    (void)bus_address;
    return fate != NIC_DONE ? fate : armed;
}

static void strike(struct slot *s);
static void about_to_be_accessed(void *context)
{
    struct slot *s = context;
    cards.accesses[s->which]++;
    if (s->slow)
        ke_stall_execution_processor(s->slow);
    if (life.program->strikes)
        strike(s);
}

static void let_lie(struct slot *s)
{
    s->card.nic.override = (struct nic_override){s, about_to_be_accessed, lie_register, lie_config, lie_phy, lie_field, lie_command, lie_completion};
}

/* A card that is never to lie is asked nothing. */
static void obey_input(struct slot *s)
{
    if (life.program->lies || life.program->strikes || target.hostile)
        let_lie(s);
}

static void arm(struct slot *s, const struct record *r)
{
    s->lies = (uint8_t)r->a, s->skip = (uint16_t)r->b, s->filter = (uint8_t)r->c;
    s->before = 0;
    let_lie(s);
}

static void be_honest(struct slot *s)
{
    struct nic *nic = &s->card.nic;
    s->lies = s->slow = 0;
    s->honest = true;
    nic_hostile_stuck(nic, 0, 0);
    nic_hostile_silence(nic, false);
    nic_hostile_freeze(nic, 0);
}

/* ---- What nobody asked for ---- */

/* As the card has read it. */
static uint32_t next_rfd(const struct nic *nic)
{
    const uint8_t *link = nic->ru.descriptor + 4;
    return link[0] | (uint32_t)link[1] << 8 | (uint32_t)link[2] << 16 | (uint32_t)link[3] << 24;
}

static uint32_t place(const struct nic *nic, uint32_t where)
{
    const uint32_t at[HARDWARE_PLACES] = {[PLACE_RFD] = nic->ru.rfd, [PLACE_BLOCK] = nic->cu.block, [PLACE_COUNTERS] = nic->dump_address,
                                          [PLACE_NEXT_BLOCK] = nic->cu.base + nic->cu.link, [PLACE_NEXT_RFD] = nic->ru.base + next_rfd(nic),
                                          [PLACE_LAST_RFD] = nic->ru.last, [PLACE_POINTER] = nic->general_pointer, [PLACE_TBD] = nic->cu.at};
    return at[where % HARDWARE_PLACES] + (uint32_t)(int16_t)(where >> 8);
}

static void into_memory(struct nic *nic, const struct record *r)
{
    static uint8_t bytes[4096];
    uint32_t to = place(nic, r->b), size = (r->flags == HARDWARE_RFD ? r->a >> 16 : r->a) % sizeof bytes;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = pattern_byte((uint8_t)r->c, i);
    if (r->flags == HARDWARE_RFD)
        nic_hostile_rfd(nic, to, (uint16_t)(r->a >> 16), (uint16_t)r->a, bytes, size);
    else
        nic_hostile_write(nic, to, bytes, size);
}

static void slow_down(struct slot *s, uint32_t microseconds)
{
    s->slow = (uint16_t)microseconds;
    let_lie(s);
}

static void strange(struct slot *s, const struct record *r)
{
    struct nic *nic = &s->card.nic;
    if (r->flags != HARDWARE_PULL)
        has_lied(s);
    else
        life_disturb(DISTURBED_HARDWARE, -1, -1, -1);
    switch (r->flags) {
    case HARDWARE_STAT: nic_hostile_stat(nic, (uint8_t)r->a); break;
    case HARDWARE_STUCK: nic_hostile_stuck(nic, (uint8_t)r->a, (uint16_t)(r->c == STUCK_FOR_EVER ? 0 : r->c + 1)); break;
    case HARDWARE_SILENCE: nic_hostile_silence(nic, r->a); break;
    case HARDWARE_FREEZE: nic_hostile_freeze(nic, r->a); break;
    case HARDWARE_BLOCK: nic_hostile_block(nic, place(nic, r->b), (uint16_t)r->a); break;
    case HARDWARE_RFD:
    case HARDWARE_WRITE: into_memory(nic, r); break;
    case HARDWARE_DEAD: nic_hostile_gone(nic); break;
    case HARDWARE_PULL: nic_card_pull(&s->card); break;
    case HARDWARE_ARM: arm(s, r); break;
    case HARDWARE_SPURIOUS: interrupt_glitch(interrupt_line(nic->model.vector)); break;
    case HARDWARE_SLOW: slow_down(s, r->a); break;
    default: be_honest(s); break;
    }
}

/* Those whose time has come, in the order of the input. */
static void strike(struct slot *s)
{
    const struct program *p = life.program;
    for (unsigned i = 0; i < p->strikes && !is_out(s) && !s->honest; i++)
        if (p->strike[i].actor == s->which && strike_nth(&p->strike[i]) == cards.accesses[s->which]) {
            struct record r = strike_event(&p->strike[i]);
            strange(s, &r);
        }
}

static void plug_cable(struct slot *s, unsigned cable)
{
    static const uint16_t partner[CABLES] = {[CABLE_OUT] = 0, [CABLE_FAST] = PARTNER_FAST, [CABLE_SLOW] = PARTNER_SLOW};
    const struct nic_wire *wire = &s->card.nic.wire;
    life_disturb(DISTURBED_WIRE, -1, -1, -1);
    life_disturb_last(DISTURBED_WIRE, OP_WRITE, wire->busy + wire->queued); /* the card has them, and has said so */
    s->replugged = true;
    nic_plug_cable(&s->card.nic, partner[cable]);
}

void cards_event(const struct record *r)
{
    struct slot *s = cards.present[r->slot];
    if (!s || is_out(s))
        return;
    if (r->kind == EV_HARDWARE)
        strange(s, r);
    else if (r->kind == EV_CABLE)
        plug_cable(s, r->flags);
    else
        for (unsigned n = 0; n < frame_times(r); n++)
            send_frame(s, r, n);
}

void cards_restore(void)
{
    cards.over = true;
    for (unsigned i = 0; i < WIRE_CARDS; i++) {
        struct slot *s = cards.present[i];
        if (!s)
            continue;
        if (s->card.nic.hostile.gone)
            nic_card_pull(&s->card);
        else if (cards.lied || life.program->lies || life.program->strikes)
            be_honest(s);
        if (cable_is_out(s))
            plug_cable(s, CABLE_FAST);
    }
}
