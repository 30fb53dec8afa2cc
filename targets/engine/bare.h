/*
 * A network card without a driver: the program itself reads and writes its registers, and owns the memory that the card is told of.
 *
 * Principle of operation. A target whose `bare` is set has no driver and no kernel: a life is a card in a bus that is ours, and the program's `card` events one after the other. The
 * memory is BARE_SIZE bytes at BARE_BASE of the bus; what is beside it is nobody's, and the card finds that out. It has a lay-out, so that a program can say "the third command block"
 * and mean bytes that the card will take for one. Time passes where an event says so, or waits for the card. Whatever the card asks of the bus, of the wire and of its registers goes past
 * the target's judge, struct bare_judge, which sees it before it happens and knows from it alone what the card may touch next.
 *
 * A card that goes round in circles without time going on is a LIVELOCK (BARE_TRANSFERS_AT_ONCE). One that is kept busy by a list without end is left alone after
 * BARE_TRANSFERS of one event: that is what it was told to do.
 *
 * Internal design. bare.c carries out, bare_memory.c makes blocks and descriptors, cards.c holds the card itself, so that its wire and its lies are the same as with a driver.
 *
 * Kernel side, first context; plain C.
 */
#ifndef ENGINE_BARE_H
#define ENGINE_BARE_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"

struct nic;

#define BARE_BASE 0x00100000u
#define BARE_SIZE 0x10000u
#define BARE_TRANSFERS_AT_ONCE 50000u
#define BARE_TRANSFERS 4000u

enum bare_eeprom { BARE_EEPROM_BEGINS, BARE_EEPROM_WORD, BARE_EEPROM_DONE };

/* What a judge of the card hears. `card` may be looked at; what was not yet done to it when a function is called is said there. */
struct bare_judge {
    void (*plugged)(struct nic *card);                                                     /* power has come on */
    void (*reset)(void);                                                                   /* the bus's reset line was pulled */
    void (*before_write)(uint32_t offset, unsigned width, uint64_t value);                 /* of a register; before it is done */
    void (*after_config)(void);                                                            /* the configuration space was written */
    void (*transfer)(bool write, uint64_t address, uint32_t size, const uint8_t *bytes);   /* on the bus: what is read, or about to be written */
    void (*arrives)(const uint8_t *frame, uint32_t size);                                  /* CARD_FRAME, from the wire */
    void (*sent)(const uint8_t *frame, uint32_t size);                                     /* on the wire */
    void (*eeprom)(const struct record *r, enum bare_eeprom when, uint16_t word, unsigned nth); /* its nth word was read; another order was carried out */
    void (*mdi)(const struct record *r, uint32_t answer);
    void (*settled)(void);                                                                 /* an event is over */
};

/* The whole life. */
void bare_life(void);

/* ---- bare_memory.c ---- */

extern uint8_t *bare_memory;
/* The bus address that the three fields of a place mean. */
uint32_t bare_place(const struct record *r);
/* CARD_BLOCK, CARD_RFD, CARD_TBD, CARD_FILL, CARD_POKE. Links and pointers are made for these bases. */
void bare_write_memory(const struct record *r, uint32_t cu_base, uint32_t ru_base);
/* CARD_FRAME: its length; the bytes go to `frame`, which has room for 4096. */
uint32_t bare_frame(const struct record *r, const uint8_t own[6], uint8_t *frame);
void bare_memory_begin(void);

#endif
