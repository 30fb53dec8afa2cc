/* Network cards on the PCI bus of a stress program's machine, on one switch: what one sends the others hear. Kernel side. */
#ifndef STRESS_CARDS_H
#define STRESS_CARDS_H

#include "nic/card.h"

/* stress_app.cards of them, each with an address of its own, their drivers loaded and started. Under the PnP lock. */
void cards_bring_up(void);
/* Out of their slots, each at a time that lane data chooses. */
void cards_pull(void);
/* Those that are still there. Under the PnP lock. */
void cards_bring_down(void);

/* For tests. */
struct nic_card *cards_at(unsigned which);
extern void (*cards_prepare)(struct nic_card *card); /* each, before its power comes on; NULL: as they are */

#endif
