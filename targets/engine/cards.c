/* See cards.h. */
#include "win32/win32.h"

#include "nic/card.h"

#include "cards.h"
#include "life.h"

#define SLOTS 8

enum { PARTNER_FAST = 0x45E1, PARTNER_SLOW = 0x4021 };
enum { HEADER = 14, SOURCE = 6, TYPE = 12, MAGIC_SIZE = 6 + 16 * 6 };

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
};

static struct {
    struct slot slot[SLOTS];
    struct slot *present[WIRE_CARDS];
    struct nic_switch wire;
    bool lied;
} cards;

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
    cards.lied = false;
}

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

static void fill_slot(struct slot *s, unsigned which)
{
    struct nic *nic = &s->card.nic;
    nic_card_init(&s->card, (enum nic_kind)(target.card[which] - CARD_82557));
    s->used = true;
    s->replugged = false;
    s->which = (uint8_t)which;
    s->lies = 0;
    nic->settings.auxiliary_power = true; /* so that it wakes the machine from S3 */
    nic->settings.link_at_power_on = true;
    nic->eeprom.word[2] = (uint16_t)(nic->eeprom.word[2] + (which << 8)); /* each has an address of its own */
    nic_eeprom_seal(nic);
    s->card.heard = heard;
    nic_card_plug(&s->card);
}

static bool is_free(const struct slot *s) { return !s->card.function.node || s->card.function.node->state == DEVNODE_REMOVED; }

/* The card that is there, a new one in place of one that is not any more, or another slot. */
static struct slot *take_slot(unsigned which)
{
    struct slot *s = cards.present[which];
    if (s && is_free(s)) {
        if (is_out(s)) {
            s->lies = 0;
            nic_card_plug(&s->card);
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
    nic_card_arrives(&s->card, frame, r->a, bad);
}

/* ---- Lies ---- */

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

static uint32_t lie_register(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    struct slot *s = context;
    bool asked = !s->filter || s->filter - 1u == offset;
    return asked && lies_now(s, LIE_REGISTERS) ? twist(s, benign, 8 * width) : benign;
}

/* To drivers: what the bus makes of a lie is no driver's business. */
static uint32_t lie_config(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    const struct slot *s = context;
    (void)offset;
    return s->card.function.asked_by_driver && lies_now(context, LIE_CONFIG) ? twist(context, benign, 8 * width) : benign;
}

static uint32_t lie_field(void *context, enum nic_field field, uint32_t bus_address, uint32_t benign)
{
    (void)field, (void)bus_address;
    return lies_now(context, LIE_FIELDS) ? twist(context, benign, 16) : benign;
}

static enum nic_fate lie_command(void *context, uint8_t command)
{
    (void)command;
    return lies_now(context, LIE_COMMANDS) ? (enum nic_fate)choose(LANE_HARDWARE, NIC_LOST + 1) : NIC_DONE;
}

static enum nic_fate lie_completion(void *context, enum nic_field field, uint32_t bus_address)
{
    static const enum nic_fate fates[] = {NIC_DONE, NIC_LOST, NIC_TWICE, NIC_LATE};
    (void)field, (void)bus_address;
    return lies_now(context, LIE_COMPLETIONS) ? fates[choose(LANE_HARDWARE, 4)] : NIC_DONE;
}

static void arm(struct slot *s, const struct record *r)
{
    s->lies = (uint8_t)r->a, s->skip = (uint16_t)r->b, s->filter = (uint8_t)r->c;
    s->before = 0;
    s->card.nic.override = (struct nic_override){s, lie_register, lie_config, lie_field, lie_command, lie_completion};
}

static void be_honest(struct slot *s)
{
    struct nic *nic = &s->card.nic;
    s->lies = 0;
    memset(&nic->override, 0, sizeof nic->override);
    nic_hostile_stuck(nic, 0, 0);
    nic_hostile_silence(nic, false);
    nic_hostile_freeze(nic, 0);
}

/* ---- What nobody asked for ---- */

static uint32_t place(const struct nic *nic, uint32_t where)
{
    const uint32_t at[HARDWARE_PLACES] = {[PLACE_RFD] = nic->ru.rfd, [PLACE_BLOCK] = nic->cu.block, [PLACE_COUNTERS] = nic->dump_address,
                                          [PLACE_NEXT_BLOCK] = nic->cu.base + nic->cu.link};
    return at[where & 3] + (uint32_t)(int16_t)(where >> 8);
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

static void strange(struct slot *s, const struct record *r)
{
    struct nic *nic = &s->card.nic;
    life_disturb(DISTURBED_HARDWARE, -1, -1, -1);
    if (r->flags != HARDWARE_PULL) {
        cards.lied = true;
        nic_card_lies(&s->card);
    }
    switch (r->flags) {
    case HARDWARE_STAT: nic_hostile_stat(nic, (uint8_t)r->a); break;
    case HARDWARE_STUCK: nic_hostile_stuck(nic, (uint8_t)r->a, (uint16_t)(r->c + 1)); break;
    case HARDWARE_SILENCE: nic_hostile_silence(nic, r->a); break;
    case HARDWARE_FREEZE: nic_hostile_freeze(nic, r->a); break;
    case HARDWARE_BLOCK: nic_hostile_block(nic, place(nic, r->b), (uint16_t)r->a); break;
    case HARDWARE_RFD:
    case HARDWARE_WRITE: into_memory(nic, r); break;
    case HARDWARE_DEAD: nic_hostile_gone(nic); break;
    case HARDWARE_PULL: nic_card_pull(&s->card); break;
    case HARDWARE_ARM: arm(s, r); break;
    default: be_honest(s); break;
    }
}

static void plug_cable(struct slot *s, unsigned cable)
{
    static const uint16_t partner[CABLES] = {[CABLE_OUT] = 0, [CABLE_FAST] = PARTNER_FAST, [CABLE_SLOW] = PARTNER_SLOW};
    life_disturb(DISTURBED_WIRE, -1, -1, -1);
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
    for (unsigned i = 0; i < WIRE_CARDS; i++) {
        struct slot *s = cards.present[i];
        if (!s)
            continue;
        if (s->card.nic.hostile.gone)
            nic_card_pull(&s->card);
        else if (cards.lied)
            be_honest(s);
        if (cable_is_out(s))
            plug_cable(s, CABLE_FAST);
    }
}
