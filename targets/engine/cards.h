/*
 * The network cards of a life: hardware in slots of the PCI bus, their wire, and what the input makes of them.
 *
 * Principle of operation. The first device of a target that names a card is a function of the PCI bus. A card stays in its slot while drivers come and go; one that was
 * pulled is replaced when the device is added again, by a second one if somebody holds the first one's device still. Frames come from a neighbour who is always there, and
 * from the target's other card. A card may be made to lie, by an event or by what the input says of it from its first moment on (DE_LIE, DE_STRIKE, each counted by what the
 * driver asks of the card). From the first answer that is not the model's oracles know it (life_has_strange_hardware()), and before the life is brought to its end the card
 * is honest again, so that what it has kept back goes on.
 *
 * Kernel side, PnP thread, PASSIVE_LEVEL.
 */
#ifndef ENGINE_CARDS_H
#define ENGINE_CARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"

struct devnode;
struct program;
struct nic;
struct nic_host;

void cards_begin(void);
/* How often drivers have touched the registers of this card in this life, or the last one. */
unsigned cards_accesses(unsigned which);
bool cards_has(unsigned which);
/* As pnp_create_root_device(); NULL: there is no slot left. */
struct devnode *cards_create_device(unsigned which, int32_t *status);
/* Of a target without a driver: a card of that kind (enum nic_kind) in place of the one before, which is dead then. It has no power yet. NULL: there is no slot left. */
struct nic *cards_plug_bare(int kind, const struct nic_host *host);
/* The device's card is out of its slot; nothing if it is no card's. */
void cards_pull(const struct devnode *node);
/* EV_FRAME, EV_CABLE, EV_HARDWARE. */
void cards_event(const struct record *r);
/* enum disturbance, as things stand. */
uint8_t cards_disturbance(void);
/* How often a card has woken the machine or its driver. */
unsigned cards_wakes(void);
/* No lies any more, cables in; a card that is dead is pulled. */
void cards_restore(void);
/* A small number for coverage; 0 without cards. */
uint32_t cards_state(void);

#endif
