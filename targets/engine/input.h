/*
 * The input format: what a fuzzer's bytes mean.
 *
 * Principle of operation. An input is a list of 16-byte records, little-endian. Any byte string is a valid input: kinds and fields are
 * folded by modulo, bytes behind the last whole record are ignored. A record is an operation of an app thread, an event on the PnP thread, or
 * a decision that goes to a lane of chance; so changing a decision leaves the meaning of every operation as it was, and the other way round.
 * The canonical form of a record has every ignored bit zero and every folded field in range; two records with
 * the same canonical form mean the same.
 *
 * Internal design. One table (record_table in input.c) says for each kind its name, its class and how each field is folded. The decoder, the
 * text form and the mutator all read that table, so a new kind is one line there and one case where it is carried out.
 *
 * Host world: plain C, no Windows header, no state.
 */
#ifndef ENGINE_INPUT_H
#define ENGINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/choose.h"

#define RECORD_SIZE 16
#define MAX_OPERATIONS 64
#define MAX_INPUT (256 * RECORD_SIZE)  /* what the mutators keep to; longer inputs are decoded all the same */

#define APP_THREADS 4
#define APP_PROCESSES 2                /* app0 and app1 run in process 0, app2 and app3 in process 1 */
#define APP_HANDLES 8                  /* h0..h7 of each process */
#define INTERFACE_CLASSES 4            /* of a target: `open NAME class=1` */
#define TREE_DEVICES 8                 /* that events and `open` can name: 0 the root-enumerated one, 1.. what its bus reports; of a target with devices beside
                                          the first one, the last numbers name those */
#define REQUEST_NAMES 16               /* r0..r15 of each process */
#define MAX_IO_LENGTH 131072
#define MAX_IOCTL_LENGTH 65535
#define MAX_SLEEP_MS 60000
#define MAX_PASS_MS 120000
#define MAX_NTH 1024
#define WMI_CLASSES 8                  /* of a target: `wmi query class=1` */
#define WMI_INSTANCES 4
#define WIRE_CARDS 2                   /* of a target: `frame card=1` */
#define MAX_FRAME 2600
#define MAX_LIES 64                    /* of one input, and as many strikes */
#define MAX_ACCESSES 4096              /* of the driver's, by which lies and strikes are counted */
#define MAX_REPEAT 64

struct record {
    uint8_t kind, actor, slot, flags;
    uint32_t a, b, c;
};

enum record_kind {
    /* App threads; actor = thread. */
    OP_OPEN,         /* slot = handle, flags OPEN_SYNC, a = class of interface, b = which of the devices that have it */
    OP_READ,         /* slot = handle, flags = enum io_mode, a = length, c = request name */
    OP_WRITE,        /* the same, b = fill */
    OP_IOCTL,        /* slot = handle, flags = enum io_mode, a = in length | out length << 16, b = code, c = request name | fill << 8 */
    OP_CANCEL,       /* slot = request name */
    OP_CANCEL_ALL,   /* slot = handle, flags CANCEL_OWN */
    OP_CLOSE,        /* slot = handle */
    OP_EXIT_THREAD,
    OP_WAIT,         /* slot = request name */
    OP_SLEEP,        /* a = ms, flags SLEEP_ALERTABLE */
    /* The PnP thread. */
    /* up to EV_READD, and EV_WAKE: slot = device in the tree */
    EV_QUERY_STOP, EV_STOP, EV_CANCEL_STOP, EV_REBALANCE,
    EV_QUERY_REMOVE, EV_CANCEL_REMOVE, EV_REMOVE, EV_SURPRISE_REMOVE, EV_READD,
    EV_SLEEP,        /* slot = 0..3: S1..S4 */
    EV_RESUME,
    EV_IDLE,         /* nobody uses the device for the idle time-out its driver configured; no effect (no time passes) if it configured none */
    EV_WAKE,         /* the device signals wake; no effect unless its driver has armed it, then also the end of the machine's sleep */
    EV_PROCESS_EXIT, /* slot = process; its threads get no chance to clean up */
    EV_RELOAD,       /* removes the device, unloads the driver, loads it and adds the device again */
    EV_PASS_TIME,    /* a = ms */
    /* Decisions. */
    DE_SCHEDULE,     /* a = hash of the DDI's name, b = nth time (1..), slot = role */
    DE_FAULT,        /* a = hash, b = nth */
    DE_VALUE,        /* slot = lane, a = value */
    DE_CONFIG,       /* slot = policy, flags = cpus - 1 | CONFIG_RANDOM_FAULTS, a = seed, b = depth, c = length; the last one counts */
    /* An app thread, again: kinds keep their numbers. */
    OP_WMI,          /* slot = device in the tree, flags = enum wmi_verb, a = in length | out length << 16, b = item or method, c = class | instance << 4 | fill << 8 */
    /* The PnP thread, again: a network card, its wire and its truth; slot = which of the target's cards. Of a target without cards they are nothing. */
    EV_FRAME,        /* flags = enum frame_to, a = length, b = fill, c = enum frame_flaw | (times - 1) << 8 */
    EV_CABLE,        /* flags = enum cable */
    EV_HARDWARE,     /* flags = enum hardware_verb; a, b, c as hardware_verbs[] says */
    /* Decisions, again: what a card of the target is from the moment its power comes on; actor = which card. Of a target without cards they are nothing. */
    DE_LIE,          /* slot = enum lie_about, flags = enum lie_how, a = where | times << 16 (0: for ever), b = nth (1..) of the answers about that, c = value */
    DE_STRIKE,       /* flags = enum hardware_verb; a, b as for EV_HARDWARE, c = its c | n << 8: when the driver touches the registers for the nth time */
    EV_CARD,         /* flags = enum card_verb; a, b, c hold the fields that card_verbs[] names. Of a target whose card has a driver it is nothing. */
    RECORD_KINDS
};

enum record_class { CLASS_APP, CLASS_PNP, CLASS_DECISION };

enum io_mode { IO_SYNC, IO_EVENT, IO_APC, IO_MODES }; /* wait inside the call; OVERLAPPED with an event; completion routine (…Ex) */
/* What an app asks of WMI, in the order of the kernel's enum wmi_operation. */
enum wmi_verb {
    WMI_QUERY_ALL, WMI_QUERY, WMI_SET, WMI_SET_ITEM, WMI_METHOD, WMI_ENABLE_EVENTS, WMI_DISABLE_EVENTS, WMI_ENABLE_COLLECTION, WMI_DISABLE_COLLECTION,
    WMI_VERBS
};
/* Who a frame is for: the card itself, everybody, a group, somebody else. */
enum frame_to { FRAME_TO_CARD, FRAME_TO_ALL, FRAME_TO_GROUP, FRAME_TO_OTHER, FRAME_TOS };
enum frame_flaw { FRAME_BAD_CHECKSUM = 1, FRAME_BAD_ALIGNMENT = 2, FRAME_BAD_SYMBOL = 4, FRAME_OVERRUN = 8, FRAME_MAGIC = 16 /* none: a wake-up packet for the card */ };
enum cable { CABLE_OUT, CABLE_FAST, CABLE_SLOW, CABLES };
/* What the hardware does that nobody asked it for (nic/nic.h). */
enum hardware_verb {
    HARDWARE_STAT,    /* a = causes of an interrupt that are none */
    HARDWARE_STUCK,   /* a = causes that come back when they are acknowledged, c = how often; 255: always */
    HARDWARE_SILENCE, /* a = 1: no interrupt any more; 0: again */
    HARDWARE_FREEZE,  /* a = units that no longer move; 0: all go on */
    HARDWARE_RFD,     /* a = status | count << 16, b = where, c = fill: a frame that never was */
    HARDWARE_BLOCK,   /* a = status, b = where: a command that is done */
    HARDWARE_WRITE,   /* a = length, b = where, c = fill: into memory */
    HARDWARE_DEAD,    /* reads as all ones from now on, and the PnP manager does not hear of it */
    HARDWARE_PULL,    /* the same, and the PnP manager hears of it, later */
    HARDWARE_ARM,     /* a = enum hardware_lie, b = the answer after so many is the first that lane `hardware` may change, c = 0: of all registers; n: of that at n - 1 */
    HARDWARE_HONEST,  /* no lies any more */
    HARDWARE_SPURIOUS, /* one interrupt, whatever is masked, whoever sleeps */
    HARDWARE_SLOW,    /* a = microseconds that each access to a register takes */
    HARDWARE_VERBS
};
enum hardware_lie { LIE_REGISTERS = 1, LIE_CONFIG = 2, LIE_FIELDS = 4, LIE_COMMANDS = 8, LIE_COMPLETIONS = 16, LIES = 31 };
/* `where` of memory: enum hardware_place | offset << 8, an offset of 16 bits with a sign. */
enum hardware_place {
    PLACE_RFD, PLACE_BLOCK, PLACE_COUNTERS, PLACE_NEXT_BLOCK,
    PLACE_NEXT_RFD,   /* behind the one that the next frame goes to */
    PLACE_LAST_RFD,   /* the last frame is in it */
    PLACE_POINTER,    /* what the driver has pointed at last */
    PLACE_TBD,        /* the next piece of a frame that is sent */
    HARDWARE_PLACES
};

/*
 * A lie is about the bytes of a register or of configuration space from `where` on, however wide they are read; about what the bus sees when it looks for windows and
 * pin; about a register of the PHY, at whichever address it is looked for; about fields of memory that the card writes; about the fate of a command (`where`: of this one only; 0: of any), of a block's or a frame's completion.
 */
enum lie_about {
    ABOUT_REGISTER, ABOUT_CONFIG, ABOUT_SHAPE, ABOUT_PHY, ABOUT_BLOCK_STATUS, ABOUT_RFD_STATUS, ABOUT_RFD_COUNT, ABOUT_COUNTER, ABOUT_COUNTER_MAGIC, ABOUT_SELF_TEST, ABOUT_DUMP_MAGIC,
    ABOUT_COMMAND, ABOUT_BLOCK_FATE, ABOUT_RFD_FATE,
    ABOUTS
};
enum lie_how { HOW_ONES, HOW_ZERO, HOW_BEFORE /* the honest answer to the question before */, HOW_VALUE, HOW_OR, HOW_WITHOUT, HOW_FLIP, HOWS };
/* Of ABOUT_COMMAND and behind it, instead: a command cannot be late, nor come twice; a completion is not held. */
enum lie_fate { FATE_LOST, FATE_HELD, FATE_TWICE = 1, FATE_LATE };
static inline bool lie_has_where(unsigned about) { return about <= ABOUT_PHY || about == ABOUT_COMMAND; }
static inline bool lie_is_fate(unsigned about) { return about >= ABOUT_COMMAND; }
static inline unsigned lie_hows(unsigned about) { return about == ABOUT_COMMAND ? 2 : lie_is_fate(about) ? 3 : HOWS; }
static inline bool lie_has_value(unsigned about, unsigned how) { return !lie_is_fate(about) && how >= HOW_VALUE; }

struct hardware_verb_type {
    const char *name;            /* as in the text form */
    uint32_t a, b, c;            /* the bits of each field that mean something */
};
extern const struct hardware_verb_type hardware_verbs[HARDWARE_VERBS];

/*
 * What stands in for a driver does with a card that has none (bare.h): one row of card_verbs[] each, and one case where it is carried out. Memory is spoken of by what lies there:
 * `of` says what, `slot` which of them, `off` how far behind it.
 */
enum card_verb {
    CARD_READ8, CARD_READ16, CARD_READ32, CARD_READ64, CARD_WRITE8, CARD_WRITE16, CARD_WRITE32, CARD_WRITE64,
    CARD_COMMAND,     /* the general pointer, then the command byte; waits until it was taken unless told not to */
    CARD_PORT, CARD_EEPROM, CARD_MDI, CARD_CONFIG_READ, CARD_CONFIG_WRITE,
    CARD_BLOCK,       /* a whole command block; what `n`, `m` and `data` are depends on its command */
    CARD_RFD, CARD_TBD,
    CARD_FILL, CARD_POKE,
    CARD_WAIT,        /* units of 100 ns */
    CARD_FRAME,       /* from the wire, more freely than EV_FRAME */
    CARD_RESET,       /* the bus's */
    CARD_PLUG,        /* another card in its place */
    CARD_VERBS
};
enum card_place { AT_NOTHING, AT_BLOCK, AT_RFD, AT_ARRAY, AT_BUFFER, AT_RESULT, AT_END, AT_NOWHERE, CARD_PLACES };
enum card_option { CARD_AUXILIARY_POWER = 1, CARD_READS_AHEAD = 2, CARD_RNR_ON_DROP = 4, CARD_LARGE_EEPROM = 8, CARD_NO_LINK = 16, CARD_AT_ONCE = 32 };
enum card_eeprom { EEPROM_READ, EEPROM_WRITE, EEPROM_ERASE, EEPROM_ENABLE, EEPROM_DISABLE, EEPROM_WRITE_ALL, EEPROM_ERASE_ALL, EEPROM_HALF, EEPROM_VERBS };
enum card_frame_to { CARD_TO_CARD, CARD_TO_ALL, CARD_TO_GROUP, CARD_TO_OTHER, CARD_TO_PAUSE };

#define CARD_FIELDS 7
struct card_field {
    const char *name;            /* as in the text form; NULL: no more fields */
    uint8_t word, shift, bits;   /* where in a, b, c (0, 1, 2) it is */
    const char *const *words;    /* names of its values instead of numbers, up to a NULL */
};
struct card_verb_type {
    const char *name;
    struct card_field field[CARD_FIELDS];
};
extern const struct card_verb_type card_verbs[CARD_VERBS];
uint32_t card_field_mask(const struct card_field *field);

#define OPEN_SYNC 1       /* without FILE_FLAG_OVERLAPPED: every request waits */
#define CANCEL_OWN 1      /* CancelIo (this thread's requests) instead of CancelIoEx (all of the handle) */
#define SLEEP_ALERTABLE 1
#define CONFIG_RANDOM_FAULTS 4

/* How a field of a record is folded to its canonical value. */
enum fold {
    FOLD_NONE,      /* ignored: 0 */
    FOLD_ANY,       /* every value means something of its own */
    FOLD_MODULO,    /* value % limit */
    FOLD_NTH,       /* value % limit, 0 becomes 1 */
    FOLD_BITS,      /* value & limit */
    FOLD_LANE       /* one of the lanes that take a list of values */
};

struct field {
    uint8_t fold;
    uint32_t limit;
};

struct record_type {
    const char *name;            /* as in the text form */
    uint8_t class;               /* enum record_class */
    struct field actor, slot, flags, a, b, c;
    uint8_t often;               /* of a PnP event: how often the mutators bring it, beside the others */
};

extern const struct record_type record_table[RECORD_KINDS];

/* How many whole records the bytes hold. */
static inline size_t record_count(size_t size) { return size / RECORD_SIZE; }
/* Reads and writes the bytes as they are. */
struct record record_load(const uint8_t *bytes);
void record_store(uint8_t *bytes, const struct record *record);
/* The canonical form; idempotent. */
struct record record_canonical(const struct record *record);
bool record_equal(const struct record *a, const struct record *b);

/* The record of a positional decision: DE_SCHEDULE or DE_FAULT. */
struct record record_of_decision(enum record_kind kind, const struct decision *decision);

/* One step of the program; actor APP_THREADS is the PnP thread. */
#define ACTOR_PNP APP_THREADS
struct operation {
    struct record record;        /* canonical */
    uint8_t actor;
    uint16_t line;               /* index of its record in the input */
};

struct program {
    struct operation operation[MAX_OPERATIONS];
    unsigned operations;
    uint8_t app_threads_used;    /* bit mask */
    struct chance chance;
    unsigned lies, strikes;
    struct record lie[MAX_LIES], strike[MAX_LIES]; /* canonical */
};

/* Never fails. Operations beyond MAX_OPERATIONS and decisions beyond MAX_DECISIONS are ignored. ddi_by_hash16() names the DDIs. */
void program_decode(struct program *program, const uint8_t *bytes, size_t size);

/* Length fields of OP_IOCTL and OP_READ/OP_WRITE, once canonical. */
static inline unsigned ioctl_in_length(const struct record *r) { return r->a & 0xffff; }
static inline unsigned ioctl_out_length(const struct record *r) { return r->a >> 16; }
static inline unsigned request_name(const struct record *r) { return r->c & (REQUEST_NAMES - 1); }
/* Events whose slot says which device of the tree they come to: DEVICE in their row. */
bool event_names_device(unsigned kind);
static inline bool event_names_card(unsigned kind) { return kind >= EV_FRAME && kind <= EV_HARDWARE; }
static inline bool record_does_io(const struct record *r) { return r->kind >= OP_READ && r->kind <= OP_IOCTL; }

/* Fields of OP_WMI, once canonical, and which of them a verb has. */
static inline unsigned wmi_class(const struct record *r) { return r->c & (WMI_CLASSES - 1); }
static inline unsigned wmi_instance(const struct record *r) { return r->c >> 4 & (WMI_INSTANCES - 1); }
static inline bool wmi_has_instance(unsigned verb) { return verb >= WMI_QUERY && verb <= WMI_METHOD; }
static inline bool wmi_has_id(unsigned verb) { return verb == WMI_SET_ITEM || verb == WMI_METHOD; }
static inline bool wmi_has_in(unsigned verb) { return verb >= WMI_SET && verb <= WMI_METHOD; }
static inline bool wmi_has_out(unsigned verb) { return verb <= WMI_QUERY || verb == WMI_METHOD; }

/* Fields of DE_LIE and DE_STRIKE, once canonical. */
static inline unsigned lie_where(const struct record *r) { return r->a & 0xff; }
static inline unsigned lie_times(const struct record *r) { return r->a >> 16; }
static inline unsigned strike_nth(const struct record *r) { return r->c >> 8; }
/* What a strike does, as the event that it would be. */
struct record strike_event(const struct record *strike);

/* Fields of EV_FRAME, once canonical. */
static inline unsigned frame_times(const struct record *r) { return 1 + (r->c >> 8); }

/* A field of EV_CARD by its name; 0 if its verb has none of that name. */
uint32_t card_field(const struct record *r, const char *name);
void card_set_field(struct record *r, const char *name, uint32_t value);

/* Process that an app thread belongs to. */
static inline unsigned process_of_thread(unsigned thread) { return thread / (APP_THREADS / APP_PROCESSES); }

#endif
