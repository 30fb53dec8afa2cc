/*
 * The judge of the network card alone: what it may touch (oracle_i8255x.c), and what its registers may say (oracle_i8255x_registers.c).
 *
 * Principle of operation. The judge sees what is written to the card, and each transfer of the card on the bus before the card has seen what it reads. From that, and from the manual, it
 * knows what the card may do next: after a start, the header of the block at the pointer; after a header, what that block's command has for parameters, and so on. A transfer that
 * nothing leads to is memory that nobody gave (DEVICE_MEMORY); one that comes out of its turn, or says what it cannot say, breaks the manual (DEVICE_ANSWER).
 *
 * Where a transfer could be two things at once (a program made the same bytes a block and a descriptor) the judge does not know any more who goes on where, and is silent until the next
 * reset; so it is with a card that was made to lie.
 */
#ifndef TARGETS_ORACLE_I8255X_H
#define TARGETS_ORACLE_I8255X_H

#include "engine/bare.h"
#include "engine/target.h"
#include "machine/report.h"
#include "nic/nic.h"

enum { STAT_FCP = 0x01, STAT_SWI = 0x04, STAT_MDI = 0x08, STAT_RNR = 0x10, STAT_CNA = 0x20, STAT_FR = 0x40, STAT_CX = 0x80 };
enum { BLOCK_EL = 0x8000, BLOCK_S = 0x4000, BLOCK_I = 0x2000, BLOCK_NC = 0x10, BLOCK_SF = 8 };
/* The command unit; ASKS: it is about to read S again, with a resume at hand. */
enum { FOLLOW_IDLE, FOLLOW_SUSPENDED, FOLLOW_ACTIVE, FOLLOW_ASKS, FOLLOW_ASKS_AT_END };

#define FOLLOW_FRAMES 4

struct follow {
    struct nic *card;
    bool confused;

    /* As it was written. */
    uint32_t pointer, cu_base, ru_base, dump_address;
    uint8_t command, mask, configuration[22];
    bool pending;                /* the command was not taken yet */
    unsigned power;              /* D0..D3 */

    /* The command unit and its block. */
    unsigned cu;
    bool in_block, resume;
    uint32_t link, block;
    uint16_t word;               /* the block's command */
    uint8_t header[32];
    uint32_t count;              /* of multicast bytes */
    bool counted;
    uint32_t dump_to;
    bool dump_known;
    uint32_t immediate;          /* bytes of a transmit that were read from the block itself */
    unsigned tbds;               /* that were read */
    bool last_tbd;
    uint32_t buffer, left;       /* of the TBD that is being read */
    uint32_t length;
    uint8_t gather[NIC_FRAME_MAX + 8];

    /* The receive unit and its descriptor. */
    unsigned ru;                 /* NIC_RU_* */
    uint32_t rfd;
    bool have_rfd, counted_rfd;
    uint8_t descriptor[16];
    uint32_t stored;

    /* Results to come. */
    struct { bool due; uint32_t to; uint8_t command; bool counters; } dump[2];
    unsigned port;               /* the function that runs; 0: none that writes */
    uint32_t port_to;
    bool port_first;

    /* Causes of an interrupt that must be shown, that may be, and that may come at any time. */
    uint8_t must, may, sticky;
    uint32_t received, transmits;
    bool uncounted;              /* not all of them were seen */

    bool mdi_asked;              /* the last cycle was begun since the last reset */
    uint16_t eeprom[256];
    bool eeprom_enabled, eeprom_unknown, eeprom_at_work;

    struct { bool used, no_crc; uint32_t length; uint8_t bytes[NIC_FRAME_MAX + 72]; } frame[FOLLOW_FRAMES];
    unsigned next_frame;
};
extern struct follow follow;

/* Nothing can be said about it now. */
bool follow_is_quiet(void);
/* The command that was written, if the card has taken it by now. */
void follow_sync(void);
void follow_transfer(bool write, uint64_t address, uint32_t size, const uint8_t *bytes);
void follow_selective_reset(void);
void follow_software_reset(void);
/* The receive unit ended without a transfer: its descriptor said so, and a frame came. */
void follow_parked(void);

/* oracle_i8255x_wire.c */
void follow_will_send(void);
void follow_sent(const uint8_t *frame, uint32_t size);

/* oracle_i8255x_registers.c */
extern const struct bare_judge i8255x_judge;

static inline uint32_t follow_get16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t follow_get32(const uint8_t *p) { return follow_get16(p) | follow_get16(p + 2) << 16; }

#endif
