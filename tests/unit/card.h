/*
 * A small card for tests of interrupts and registers: a level line or messages, four registers in memory, the same four at ports.
 *
 *     0 cause   what asks for an interrupt; writing ones clears them
 *     4 enable  of those, which may interrupt
 *     8 data    what was written last
 *    12 bell    what is written appears in cause
 *
 * card_resources() gives the device what a bus would: memory, ports and the interrupt. Test code must include this before its driver's section begins.
 */
#ifndef TESTS_UNIT_CARD_H
#define TESTS_UNIT_CARD_H

#include "nt/nt.h"

#define CARD_MEMORY 0xE0001000u
#define CARD_PORTS 0xC000u
#define CARD_SIZE 256u
#define CARD_VECTOR 0x41u
#define CARD_DIRQL 5
enum { CARD_CAUSE = 0, CARD_ENABLE = 4, CARD_DATA = 8, CARD_BELL = 12 };

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

struct card {
    struct device_model model;
    uint32_t cause, enable, data;
    bool messages;           /* a bit of cause that rises is a message of that number */
    unsigned reads, writes, last_width;
};

static void card_update(struct card *card)
{
    if (card->messages)
        return;
    if (card->cause & card->enable)
        device_raise(&card->model);
    else
        device_lower(&card->model);
}

/* Something happened that the driver has to hear of. */
static void card_event(struct card *card, uint32_t bits)
{
    card->cause |= bits;
    for (unsigned n = 0; card->messages && n < 8; n++)
        if (bits & card->enable & 1u << n)
            device_send_message(&card->model, n);
    card_update(card);
}

static uint64_t card_read(struct device_model *model, unsigned window, uint32_t offset, unsigned width)
{
    struct card *card = (struct card *)model;
    card->reads++, card->last_width = width;
    return offset == CARD_CAUSE ? card->cause : offset == CARD_ENABLE ? card->enable : card->data >> 8 * (offset % 4);
}

static void card_write(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value)
{
    struct card *card = (struct card *)model;
    card->writes++, card->last_width = width;
    if (offset == CARD_CAUSE)
        card->cause &= ~(uint32_t)value;
    else if (offset == CARD_ENABLE)
        card->enable = (uint32_t)value;
    else if (offset == CARD_BELL)
        card_event(card, (uint32_t)value);
    else
        card->data = (uint32_t)value;
    card_update(card);
}

static bool card_interrupt_enabled(const struct device_model *model) { return ((const struct card *)model)->enable != 0; }

static void card_power_lost(struct device_model *model)
{
    struct card *card = (struct card *)model;
    card->cause = card->enable = card->data = 0;
}

static const struct device_ops card_ops = {card_read, card_write, card_interrupt_enabled, card_power_lost};

static void card_plug_at(struct card *card, const char *name, uint32_t memory, uint32_t ports, uint32_t vector)
{
    *card = (struct card){.model = {.name = name, .ops = &card_ops, .vector = vector,
                                    .window = {{memory, CARD_SIZE, false}, {ports, CARD_SIZE, true}}}};
    device_plug(&card->model);
}

static void card_plug(struct card *card) { card_plug_at(card, "the card", CARD_MEMORY, CARD_PORTS, CARD_VECTOR); }

/* ---- What a bus assigns ---- */

struct card_list {
    CM_RESOURCE_LIST list;
    CM_PARTIAL_RESOURCE_DESCRIPTOR more[4];
};

static void card_interrupt_descriptor(CM_PARTIAL_RESOURCE_DESCRIPTOR *d, uint32_t vector, unsigned messages, bool raw)
{
    *d = (CM_PARTIAL_RESOURCE_DESCRIPTOR){.Type = CmResourceTypeInterrupt, .ShareDisposition = messages ? CmResourceShareDeviceExclusive : CmResourceShareShared,
                                          .Flags = messages ? CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE
                                                            : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE};
    if (messages && raw) {
        d->u.MessageInterrupt.Raw.MessageCount = (USHORT)messages;
        d->u.MessageInterrupt.Raw.Vector = vector;
        d->u.MessageInterrupt.Raw.Affinity = 3;
        return;
    }
    d->u.Interrupt.Level = raw ? vector - 0x30 : CARD_DIRQL;
    d->u.Interrupt.Vector = raw ? vector - 0x30 : vector;
    d->u.Interrupt.Affinity = 3;
}

/* Memory, ports, and `lines` interrupts from `vector` on; messages: the last of them is so many messages (0: a line). */
static void card_fill(struct card_list *to, unsigned lines, unsigned messages, bool raw)
{
    CM_PARTIAL_RESOURCE_LIST *p = &to->list.List[0].PartialResourceList;
    *to = (struct card_list){.list = {.Count = 1}};
    p->Version = p->Revision = 1;
    p->PartialDescriptors[0] = (CM_PARTIAL_RESOURCE_DESCRIPTOR){.Type = CmResourceTypeMemory, .u.Memory = {{.QuadPart = CARD_MEMORY}, CARD_SIZE}};
    p->PartialDescriptors[1] = (CM_PARTIAL_RESOURCE_DESCRIPTOR){.Type = CmResourceTypePort, .u.Port = {{.QuadPart = CARD_PORTS}, CARD_SIZE}};
    for (unsigned i = 0; i < lines; i++)
        card_interrupt_descriptor(&p->PartialDescriptors[2 + i], CARD_VECTOR + i, i == lines - 1 ? messages : 0, raw);
    p->Count = 2 + lines;
}

static void card_resources(struct devnode *node, unsigned lines, unsigned messages)
{
    static struct card_list raw, translated;
    card_fill(&raw, lines, messages, true);
    card_fill(&translated, lines, messages, false);
    node->raw = &raw.list, node->translated = &translated.list;
}

#pragma clang attribute pop

#endif
