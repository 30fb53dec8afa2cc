/* See cards.h. */
#include "nt/nt.h"

#include "cards.h"
#include "runner.h"

#define PULL_STEP (20 * CLOCK_MS / 1000)

static struct {
    struct nic_switch wire;
    struct nic_card card[STRESS_MAX_CARDS];
} cards;

void (*cards_prepare)(struct nic_card *card);

struct nic_card *cards_at(unsigned which) { return &cards.card[which]; }

static void check(const char *what, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        bugcheck(OWN_WRONG_STATUS, (uint32_t)status, 0, 0, 0, NULL, "%s failed with status 0x%08X", what, (unsigned)status);
}

static void bring_up_card(unsigned which)
{
    struct nic_card *card = &cards.card[which];
    NTSTATUS status;
    nic_card_init(card, stress_app.awake ? NIC_82557 : NIC_82559);
    card->nic.settings.link_at_power_on = true;
    card->nic.settings.auxiliary_power = true;
    card->nic.eeprom.word[2] = (uint16_t)(card->nic.eeprom.word[2] + (which << 8));
    nic_eeprom_seal(&card->nic);
    if (cards_prepare)
        cards_prepare(card);
    nic_card_connect(card, &cards.wire);
    nic_card_plug(card);
    struct devnode *node = pci_create_device(NULL, &card->function, &status);
    check("loading the card's driver and adding the device", status);
    check("starting the card", pnp_start(node));
}

void cards_bring_up(void)
{
    memset(&cards.wire, 0, sizeof cards.wire);
    for (unsigned i = 0; i < stress_app.cards; i++)
        bring_up_card(i);
}

void cards_pull(void)
{
    for (unsigned i = 0; i < stress_app.cards; i++) {
        LARGE_INTEGER pause = {.QuadPart = -(LONGLONG)(1 + choose(LANE_DATA, 256) * choose(LANE_DATA, 256) * PULL_STEP)};
        ke_delay_execution_thread(KernelMode, FALSE, &pause);
        nic_card_pull(&cards.card[i]);
    }
}

void cards_bring_down(void)
{
    for (unsigned i = 0; i < stress_app.cards; i++) {
        struct devnode *node = cards.card[i].function.node;
        if (node->state != DEVNODE_STARTED)
            continue; /* pulled, and removed since */
        check("asking the driver for the card's removal", pnp_query_remove(node));
        check("removing the card", pnp_remove(node));
    }
}
