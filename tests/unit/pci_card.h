/*
 * The card of card.h as a function of the PCI bus: 4 KiB of memory, 64 ports, 64 KiB of memory, INTA#, power management with D1 and PME from D0 and D3 (also without
 * power). Its configuration space is three tables, as a card's is.
 *
 *     plan.create = pci_card_create; boot();      the bus makes the driver's device of it
 */
#ifndef TESTS_UNIT_PCI_CARD_H
#define TESTS_UNIT_PCI_CARD_H

#include "hal/pci.h"

#include "card.h"
#include "kmdf_world.h"

enum { PCI_CARD_POWER = 0x50, PCI_CARD_PMCSR = 0x54 };

struct pci_card {
    struct card card;
    struct pci_function function;
    uint8_t config[256], writable[256], clears[256];
};

static struct pci_card pci_card;

static struct pci_card *pci_card_of(struct pci_function *f) { return CONTAINING_RECORD(f, struct pci_card, function); }

static uint32_t pci_card_read(struct pci_function *f, uint32_t offset, unsigned width)
{
    uint32_t value = 0;
    memcpy(&value, pci_card_of(f)->config + offset, width);
    return value;
}

static void pci_card_write(struct pci_function *f, uint32_t offset, unsigned width, uint32_t value)
{
    struct pci_card *c = pci_card_of(f);
    bool slept = c->config[PCI_CARD_PMCSR] & 3;
    for (unsigned i = 0; i < width; i++, value >>= 8) {
        uint8_t *at = &c->config[offset + i], byte = (uint8_t)value;
        *at = (uint8_t)(((*at & ~c->writable[offset + i]) | (byte & c->writable[offset + i])) & ~(byte & c->clears[offset + i]));
    }
    if (slept && !(c->config[PCI_CARD_PMCSR] & 3)) { /* D3 to D0 is a reset; this card does the same from D1 */
        memset(c->config + 0x10, 0, 0x18);
        c->config[0x10] = 8, c->config[0x14] = 1;
        c->config[0x04] = c->config[0x05] = c->config[0x0C] = c->config[0x3C] = 0;
    }
}

static void pci_card_field(unsigned offset, unsigned width, uint32_t value, uint32_t writable)
{
    memcpy(pci_card.config + offset, &value, width);
    memcpy(pci_card.writable + offset, &writable, width);
}

static uint32_t pci_card_config(unsigned offset, unsigned width) { return pci_card_read(&pci_card.function, offset, width); }

static void pci_card_power_on(void)
{
    memset(pci_card.config, 0, sizeof pci_card.config);
    pci_card_field(0x00, 4, 0x56781234, 0);
    pci_card_field(0x04, 4, 0x02100000, 0x0157);
    pci_card_field(0x08, 4, 0x0280009A, 0);
    pci_card_field(0x0C, 2, 0, 0xFFFF);
    pci_card_field(0x10, 4, 8, 0xFFFFF000);
    pci_card_field(0x14, 4, 1, 0xFFFFFFC0);
    pci_card_field(0x18, 4, 0, 0xFFFF0000);
    pci_card_field(0x2C, 4, 0xBEEF4321, 0);
    pci_card_field(0x34, 1, 0x40, 0);
    pci_card_field(0x3C, 2, 0x0100, 0xFF);
    pci_card_field(0x40, 2, 0x5009, 0); /* a capability of a vendor's, then power */
    pci_card_field(PCI_CARD_POWER, 4, 0xCA020001, 0); /* PME from D0, D3, D3cold; D1 */
    pci_card_field(PCI_CARD_PMCSR, 2, 0, 0x0103);
    pci_card.clears[PCI_CARD_PMCSR + 1] = 0x80;
}

static struct devnode *pci_card_create(struct nt_driver *nt_driver, NTSTATUS *status)
{
    pci_card = (struct pci_card){.card.model = {.name = "the PCI card", .ops = &card_ops},
                                 .function = {.config_read = pci_card_read, .config_write = pci_card_write}};
    pci_card.function.model = &pci_card.card.model;
    pci_card_power_on();
    pci_add(&pci_card.function);
    return pci_create_device(nt_driver, &pci_card.function, status);
}

#endif
