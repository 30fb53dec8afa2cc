/*
 * A network card in a machine: the model (nic.h) as a function of the PCI bus (hal/pci.h), with the memory that its driver lets it reach (hal/dma.h) and a port of a switch.
 *
 *     static struct nic_card card;
 *     nic_card_init(&card, NIC_82559);                 each life anew, then card.nic.settings, .eeprom as wished
 *     nic_card_plug(&card);                            power comes on, it is on the bus
 *     node = pci_create_device(NULL, &card.function, &status);
 *     nic_card_arrives(&card, frame, size, 0);         somebody else sends
 *
 * What it sends goes to card.heard, if there is one, and to the other cards of its switch. A card that has lied (nic_card_lies()) reaches no further than an I/O memory
 * management unit lets it, and nobody is told: no driver is to blame for what such a card does.
 *
 * Called from inside the gate, any IRQL; plugging at PASSIVE_LEVEL.
 */
#ifndef NIC_CARD_H
#define NIC_CARD_H

#include "hal/pci.h"

#include "nic/nic.h"

#define NIC_SWITCH_PORTS 4

struct nic_card;

struct nic_switch {
    struct nic_card *port[NIC_SWITCH_PORTS];
};

struct nic_card {
    struct nic nic;              /* first: the model is the card */
    struct pci_function function;
    struct nic_switch *on;       /* NULL: nobody else is there */
    bool lies;
    uint32_t sent, arrived;      /* frames */
    void (*heard)(struct nic_card *card, bool sent, const void *frame, uint32_t size); /* a frame is on the wire; NULL: nobody listens */
};

void nic_card_init(struct nic_card *card, enum nic_kind kind);
/* Also one that was pulled: as fresh from the shop. */
void nic_card_plug(struct nic_card *card);
/* At the first port that is free; false: none is. */
bool nic_card_connect(struct nic_card *card, struct nic_switch *to);
void nic_card_arrives(struct nic_card *card, const void *frame, uint32_t size, unsigned bad);
/* Out of its slot, from one moment to the next. */
void nic_card_pull(struct nic_card *card);
/* From here on it need not be believed. Whoever makes it do what nic.h calls hostile says this before. */
void nic_card_lies(struct nic_card *card);

#endif
