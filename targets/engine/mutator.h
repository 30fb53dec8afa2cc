/*
 * The record-aware mutator, shared by libFuzzer and AFL++.
 *
 * Principle of operation. A mutation works on whole records: insert, delete, duplicate, swap, move, splice, tweak one field. New values come
 * from what means something: lengths around the limits of the target, its control codes, contexts that exist, and DDIs that the last life really
 * called, at counts that it really reached. Results stay whole records; any input may be given.
 *
 * Internal design. The only state is `struct mutator`: a generator started from the caller's seed, and the hints. Same seed,
 * same hints, same bytes in: same bytes out. No allocation.
 *
 * Host world.
 */
#ifndef ENGINE_MUTATOR_H
#define ENGINE_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

#include "input.h"

struct mutator_hints {
    const uint32_t *lengths;        /* interesting lengths */
    unsigned length_count;
    const uint32_t *codes;          /* control codes */
    unsigned code_count;
    unsigned wmi_classes;           /* WMI data blocks of the target: 0, WMI is left alone */
    unsigned cards;                 /* network cards of the target: 0, wire and hardware are left alone */
    bool hostile;                   /* its card is the attacker: half of all records are about it */
    bool bare;                      /* its card has no driver: programs speak to it themselves, and there is nobody else */
    unsigned system_contexts;       /* worker and system threads worth naming */
    /* How often the last life passed this DDI as a scheduling point (LANE_SCHEDULE) or a call that may fail (LANE_FAULT); NULL: not known. */
    uint32_t (*asked)(enum lane lane, uint16_t ddi);
    /* How often the last life touched the registers of a card; NULL: not known. */
    unsigned (*accesses)(unsigned card);
};

struct mutator {
    uint64_t random;
    const struct mutator_hints *hints;
};

void mutator_init(struct mutator *m, uint64_t seed, const struct mutator_hints *hints);
uint64_t mutator_random(struct mutator *m, uint64_t below); /* 0..below-1; below >= 1 */

/* mutator_card.c: a record of EV_CARD, with this verb. */
void mutator_fill_card(struct mutator *m, struct record *r, unsigned verb);
/* A few of them that belong together, as a driver would do them: a block and the command that starts it, ... Returns how many; room for MUTATOR_ROUTINE. */
#define MUTATOR_ROUTINE 5
unsigned mutator_card_routine(struct mutator *m, struct record *out);

/* A plausible record in canonical form. */
struct record mutator_record(struct mutator *m);

/* Changes the input in place; returns its new size: a multiple of RECORD_SIZE, 0 < size <= max (max >= RECORD_SIZE). */
size_t mutator_mutate(struct mutator *m, uint8_t *bytes, size_t size, size_t max);

/* Mixes two inputs; returns the size of the result, as above. */
size_t mutator_cross(struct mutator *m, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max);

/* A fresh input of up to max bytes: some opens, then plausible records. */
size_t mutator_generate(struct mutator *m, uint8_t *out, size_t max);

#endif
