/* See card.h. */
#include "nic/card.h"

#include "hal/dma.h"

static struct nic_card *card_of(struct pci_function *f) { return CONTAINING_RECORD(f, struct nic_card, function); }

/* ---- What it reaches ---- */

static bool read_memory(void *context, uint64_t address, void *to, uint32_t size)
{
    struct nic_card *card = context;
    PDEVICE_OBJECT pdo = pci_pdo(&card->function);
    return pdo && (!card->lies || hal_dma_reaches(pdo, address, size, false)) && hal_dma_read(pdo, address, to, size);
}

static bool write_memory(void *context, uint64_t address, const void *from, uint32_t size)
{
    struct nic_card *card = context;
    PDEVICE_OBJECT pdo = pci_pdo(&card->function);
    return pdo && (!card->lies || hal_dma_reaches(pdo, address, size, true)) && hal_dma_write(pdo, address, from, size);
}

static void signal_pme(void *context) { pci_pme(&((struct nic_card *)context)->function); }

static void transmit(void *context, const void *frame, uint32_t size)
{
    struct nic_card *card = context;
    card->sent++;
    if (card->heard)
        card->heard(card, true, frame, size);
    for (unsigned i = 0; card->on && i < NIC_SWITCH_PORTS; i++)
        if (card->on->port[i] && card->on->port[i] != card)
            nic_card_arrives(card->on->port[i], frame, size, 0);
}

/* ---- On the bus ---- */

static uint32_t config_read(struct pci_function *f, uint32_t offset, unsigned width) { return nic_config_read(&card_of(f)->nic, offset, width); }
static void config_write(struct pci_function *f, uint32_t offset, unsigned width, uint32_t value) { nic_config_write(&card_of(f)->nic, offset, width, value); }

void nic_card_init(struct nic_card *card, enum nic_kind kind)
{
    const struct nic_host host = {card, read_memory, write_memory, transmit, signal_pme};
    memset(card, 0, sizeof *card);
    nic_init(&card->nic, kind, &host);
    card->function = (struct pci_function){.model = &card->nic.model, .config_read = config_read, .config_write = config_write};
}

void nic_card_plug(struct nic_card *card)
{
    card->lies = false;
    card->nic.model.absent = false;
    nic_hostile_end(&card->nic);
    nic_reset(&card->nic);
    pci_add(&card->function);
}

bool nic_card_connect(struct nic_card *card, struct nic_switch *to)
{
    for (unsigned i = 0; i < NIC_SWITCH_PORTS; i++)
        if (!to->port[i]) {
            to->port[i] = card;
            card->on = to;
            return true;
        }
    return false;
}

void nic_card_arrives(struct nic_card *card, const void *frame, uint32_t size, unsigned bad)
{
    card->arrived++;
    if (card->heard)
        card->heard(card, false, frame, size);
    nic_receive_bad(&card->nic, frame, size, bad);
}

void nic_card_pull(struct nic_card *card)
{
    nic_hostile_gone(&card->nic);
    pci_pull(&card->function);
}

void nic_card_lies(struct nic_card *card) { card->lies = true; }
