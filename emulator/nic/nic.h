/*
 * The network card: a model of Intel's 82557, 82558 and 82559 as a driver sees them (registers, descriptors in its memory, interrupt, wire).
 *
 * Principle of operation. The card is a device model (machine/device_model.h) with the same registers behind two windows (memory and ports) and a third for its
 * flash. What it reaches outside goes through the four functions of struct nic_host: memory by bus address, the wire, the PME# pin. A frame on the wire is the bytes
 * from the destination address on, without the checksum. Everything takes virtual time (struct nic_settings); nothing is random.
 *
 *     static struct nic card;
 *     nic_init(&card, NIC_82559, &host);       each life anew, then card.settings, card.eeprom, card.model.vector as wished
 *     nic_reset(&card);                        power comes on
 *     device_plug(&card.model);
 *     nic_config_write(&card, 4, 2, 7);        a bus places the windows (BARs) and lets accesses through
 *     nic_receive(&card, frame, size);         somebody else sends
 *
 * Hostile answers. struct nic_override may change what a register reads as, what a descriptor field is written as, and the fate of a command or of a completion; the
 * functions nic_hostile_* do what no request asked for. Without them the card is a correct one. What a driver does against the manual is counted in card.violations.
 *
 * Internal design. One struct; each file has one part of the chip: csr.c (registers, interrupt), port.c (resets, self-test), command_unit.c (lists of command blocks) with
 * command_blocks.c (what they do) and transmit.c (frames to the wire), receive_unit.c, filter.c, statistics.c, eeprom.c, phy.c, wake.c, config_space.c, hostile.c;
 * nic_parts.h is what they say to each other. Alarms carry each part forward; a part whose next step needs the bus while the driver has bus mastering off waits
 * in `waiting` and goes on when it is let.
 *
 * Called from inside the gate, any IRQL.
 */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/clock.h"
#include "machine/device_model.h"

enum nic_kind { NIC_82557, NIC_82558, NIC_82559 };
enum { NIC_WINDOW_MEMORY, NIC_WINDOW_PORTS, NIC_WINDOW_FLASH };

#define NIC_FRAME_MAX 2600u
#define NIC_EEPROM_WORDS 256
#define NIC_COUNTERS 19

struct nic_host {
    void *context;
    /* False: nobody claims that address. */
    bool (*read)(void *context, uint64_t bus_address, void *to, uint32_t size);
    bool (*write)(void *context, uint64_t bus_address, const void *from, uint32_t size);
    void (*transmit)(void *context, const void *frame, uint32_t size);
    /* PME# is asserted. */
    void (*pme)(void *context);
};

/* What the manual leaves open, and how long things take (unit 100 ns; 0: at once). nic_init() sets the card's own. */
struct nic_settings {
    uint32_t accept, command_block, statistics, mdi, port_reset, self_test, eeprom_write;
    uint32_t autonegotiation, forced_link;
    bool link_at_power_on;   /* power was there long before: the link needs no time */
    bool rfd_prefetch;       /* the next receive descriptor is read when the one before is closed, not when a frame needs it */
    bool rnr_on_drop;        /* RNR also when the first frame is lost */
    bool auxiliary_power;    /* PME state outlives a reset */
    bool individual_from_eeprom;
    uint8_t pad_byte;
    uint16_t transmit_maximum;
    uint16_t partner;        /* abilities of who is at the other end, as register 5 of the PHY tells; 0: no cable */
};

/* What a driver did that the manual forbids. */
enum nic_violation {
    NIC_V_COMMAND_PENDING,   /* wrote the command byte while it was not zero */
    NIC_V_TWO_COMMANDS,      /* both units in one write */
    NIC_V_RESERVED_COMMAND, NIC_V_CU_ACTIVE, NIC_V_BASE_WHILE_ACTIVE, NIC_V_NO_DUMP_ADDRESS, NIC_V_ODD_ADDRESS, NIC_V_MDI_PENDING, NIC_V_PORT_FUNCTION,
    NIC_V_PORT_PENDING, NIC_V_RU_READY, NIC_V_EMPTY_TRANSMIT, NIC_V_LONG_TRANSMIT, NIC_V_FLEXIBLE_RFD, NIC_V_BLOCK_TYPE, NIC_V_UNALIGNED, NIC_VIOLATIONS
};

/* Fields of memory that the card writes. */
enum nic_field {
    NIC_FIELD_BLOCK_STATUS, NIC_FIELD_RFD_STATUS, NIC_FIELD_RFD_COUNT, NIC_FIELD_COUNTER, NIC_FIELD_COUNTER_MAGIC, NIC_FIELD_SELF_TEST, NIC_FIELD_DUMP_MAGIC
};
enum nic_fate { NIC_DONE, NIC_HELD, NIC_LOST, NIC_TWICE, NIC_LATE };

/* Each member may be NULL; each gets the benign answer (or stands for NIC_DONE) and gives the one to use. */
struct nic_override {
    void *context;
    /* The driver is about to read or write a register: the last moment before that. */
    void (*access)(void *context);
    /* offset into the CSR as the driver reads it, width 1, 2 or 4. */
    uint32_t (*register_read)(void *context, uint32_t offset, unsigned width, uint32_t benign);
    uint32_t (*config_read)(void *context, uint32_t offset, unsigned width, uint32_t benign);
    /* A register of the PHY at this address; 0xFFFF where none is. */
    uint16_t (*phy_read)(void *context, unsigned address, unsigned reg, uint16_t benign);
    uint32_t (*field)(void *context, enum nic_field field, uint32_t bus_address, uint32_t benign);
    /* A command byte: done, held (never accepted), or lost (accepted, not executed). */
    enum nic_fate (*command)(void *context, uint8_t command);
    /* A write of a block's or an RFD's status: done, lost, twice or late (by a millisecond; what is late does not keep the unit from going on). */
    enum nic_fate (*completion)(void *context, enum nic_field field, uint32_t bus_address);
};

/* Why a frame is no good. */
enum { NIC_BAD_CHECKSUM = 1, NIC_BAD_ALIGNMENT = 2, NIC_BAD_SYMBOL = 4, NIC_BAD_OVERRUN = 8 };
enum { NIC_CU_IDLE, NIC_CU_SUSPENDED, NIC_CU_ACTIVE };
enum { NIC_RU_IDLE = 0, NIC_RU_SUSPENDED = 1, NIC_RU_NO_RESOURCES = 2, NIC_RU_READY = 4 };
enum { NIC_FROZEN_COMMAND = 1, NIC_FROZEN_CU = 2, NIC_FROZEN_RU = 4, NIC_FROZEN_MDI = 8, NIC_FROZEN_PORT = 16 };

struct nic_command_unit {
    uint8_t state;
    bool resume;             /* asked for while active */
    bool fetched;            /* a block is being executed */
    bool wants_wire;         /* its block sends, but the FIFO is full */
    uint32_t base, block, link;
    uint16_t command;
    uint8_t header[32];
    uint32_t at, length;     /* of a frame being gathered: its next TBD, the bytes so far */
    uint8_t gathering;
    struct alarm alarm, late_cna;
    uint8_t gather[NIC_FRAME_MAX + 8];
};

struct nic_wire {
    bool busy, queued;       /* a frame is on the wire, another one in the FIFO */
    bool paused;             /* by a pause frame that came */
    bool xoff;
    uint32_t length[2];
    bool no_crc[2];
    struct alarm alarm, pause;
    uint8_t frame[2][NIC_FRAME_MAX + 72];
};

struct nic_receive_unit {
    uint8_t state;
    bool fetched, dropped;
    bool header_split;
    uint32_t base, rfd, byte_count;
    uint32_t last;           /* the RFD that took the last frame */
    uint16_t header_size;
    uint8_t descriptor[16];
};

struct nic_eeprom {
    uint16_t word[NIC_EEPROM_WORDS];
    uint8_t pins, address_bits, phase, bits;
    bool out, write_enabled, commit, dummy;
    uint8_t opcode;
    uint16_t address, shift;
    uint64_t busy_until;
};

struct nic_phy {
    uint16_t reg[32];
    bool link, complete, off;
    bool lost;               /* the link was, since register 1 was read last */
    struct alarm alarm;
};

struct nic_wake {
    uint8_t state;           /* D0..D3 */
    bool pme;                /* the pin */
    unsigned filters;        /* dwords */
    uint32_t filter[16];
    uint32_t packet_length;
    uint8_t packet[120];
};

struct nic_hostile {
    uint8_t stuck;           /* STAT bits that come back after each acknowledgement */
    uint16_t stuck_left;     /* of so many of them; 0: of all */
    bool silent;             /* the line never rises */
    bool mask_ignored;       /* it rises in spite of M */
    bool gone;
    uint32_t frozen;
    struct { uint32_t address; uint16_t value; bool used; } late[8];
    struct alarm alarm;
};

struct nic {
    struct device_model model; /* first: the machine's functions take it for that */
    enum nic_kind kind;
    struct nic_host host;
    struct nic_settings settings;
    struct nic_override override;
    uint32_t violations[NIC_VIOLATIONS];

    /* Registers that stand for themselves. */
    uint8_t stat, mask, command, early_receive, flow_control[2], pmdr, general_control;
    uint8_t cardbus[16];
    uint8_t flash_control[2];
    uint32_t general_pointer, port, mdi;
    uint32_t port_running;   /* what was written to PORT when its function began: a later write does not change that one */
    bool line;               /* the interrupt's level */
    bool port_busy, mdi_busy;
    uint32_t waiting;        /* parts that want the bus */
    struct alarm accept_alarm, port_alarm, mdi_alarm, dump_alarm;

    bool configured;
    uint8_t configuration[22], individual[6], hash[8];
    uint32_t counters[NIC_COUNTERS];
    uint16_t tco[2];
    uint32_t dump_address;
    bool dump_address_loaded;
    uint32_t dump_to;        /* of the dump that runs */
    uint8_t dump_command;

    uint8_t config[256], config_writable[256], config_clears[256];
    struct nic_command_unit cu;
    struct nic_wire wire;
    struct nic_receive_unit ru;
    struct nic_eeprom eeprom;
    struct nic_phy phy;
    struct nic_wake wake;
    struct nic_hostile hostile;
};

/* Everything zero, then the kind's settings and an EEPROM with the address 52:54:00:12:34:56. host may be NULL: no memory, no wire. */
void nic_init(struct nic *nic, enum nic_kind kind, const struct nic_host *host);
/* Power comes on, or the bus's reset line is pulled. */
void nic_reset(struct nic *nic);

/* Configuration space: 256 bytes; width 1, 2 or 4, naturally aligned. */
uint32_t nic_config_read(struct nic *nic, uint32_t offset, unsigned width);
void nic_config_write(struct nic *nic, uint32_t offset, unsigned width, uint32_t value);

/* The wire's other direction. bad: NIC_BAD_*. */
void nic_receive(struct nic *nic, const void *frame, uint32_t size);
void nic_receive_bad(struct nic *nic, const void *frame, uint32_t size, unsigned bad);
/* A cable to a partner with these abilities; 0: it is pulled. */
void nic_plug_cable(struct nic *nic, uint16_t partner);

/* What a test wants to know. */
bool nic_line(const struct nic *nic);
uint32_t nic_hash_index(const uint8_t address[6]);
/* Sets the last word, so that all words add up to 0xBABA. */
void nic_eeprom_seal(struct nic *nic);

/* ---- What no request asked for ---- */

/* Bits of STAT, with no cause. */
void nic_hostile_stat(struct nic *nic, uint8_t bits);
/* A storm: these bits come back after each acknowledgement, or after so many of them (times; 0: all); bits 0 ends it. */
void nic_hostile_stuck(struct nic *nic, uint8_t bits, uint16_t times);
void nic_hostile_silence(struct nic *nic, bool silent);
void nic_hostile_ignore_mask(struct nic *nic, bool ignored);
/* A status into any command block; a count, a status (in this order) and data into any RFD; bytes anywhere. Bus mastering, power state and rings are not asked. */
void nic_hostile_block(struct nic *nic, uint32_t bus_address, uint16_t status);
void nic_hostile_rfd(struct nic *nic, uint32_t bus_address, uint16_t count, uint16_t status, const void *data, uint32_t size);
void nic_hostile_write(struct nic *nic, uint32_t bus_address, const void *bytes, uint32_t size);
/* Units that no longer move (NIC_FROZEN_*); 0: all go on. */
void nic_hostile_freeze(struct nic *nic, uint32_t units);
/* From now on everything reads as all ones, configuration space too; whatever was under way never ends. */
void nic_hostile_gone(struct nic *nic);
/* An honest card again, as far as that is to be had: what was lost stays lost until nic_reset(). */
void nic_hostile_end(struct nic *nic);

#endif
