/*
 * A fuzz target: one table and, if the target can judge results, a few short functions.
 *
 * To fuzz a driver of your own: copy targets/echo_autosync.c, name the driver, its hardware identifier and its device interface, list the
 * control codes and lengths worth trying, and add irpfuzz_target(<name>) to targets/CMakeLists.txt. The engine does the rest: it boots a
 * machine, loads the driver, starts the device, lets app threads and the PnP manager loose on it, and brings everything down again. A driver that is
 * bus lists the stacks of the devices it reports as well, three lines each (targets/toaster_bus.c); one that is
 * no PnP driver (targets/cancel.c) has a path instead of identifier and interface, and is started and stopped as a service is: see legacy.h.
 *
 * The functions are the target's oracle; each may be NULL. They are called on the thread of the app that saw the event, never while the
 * emulator is inside the kernel, and speak with bugcheck(OWN_WRONG_DATA ...). `struct request` says all there is to know about one call of an app.
 *
 * Plain C: no Windows header, no host header.
 */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"
#include "nt/install.h"

/* Win32 error codes that oracles like to name. */
enum {
    WIN32_SUCCESS = 0, WIN32_INVALID_FUNCTION = 1, WIN32_ACCESS_DENIED = 5, WIN32_INVALID_HANDLE = 6, WIN32_INVALID_PARAMETER = 87, WIN32_INSUFFICIENT_BUFFER = 122,
    WIN32_MORE_DATA = 234, WIN32_OPERATION_ABORTED = 995,
    WIN32_NO_SYSTEM_RESOURCES = 1450
};

/* What happened while a request was out (or just before) that excuses a result other than the usual. */
enum disturbance {
    DISTURBED_CANCEL = 1,   /* somebody asked to cancel it */
    DISTURBED_CLOSE = 2,    /* its handle was closed */
    DISTURBED_EXIT = 4,     /* its thread or process ended */
    DISTURBED_REMOVE = 8,   /* the device was not there, failed, or went */
    DISTURBED_STATE = 16,   /* the device was stopped, asleep, or about to be */
    DISTURBED_HARDWARE = 32, /* a card of the target has lied in this life, or is gone: whatever it had to do with may have ended in any way */
    DISTURBED_WIRE = 64     /* a cable was out */
};

/* One call of an app: open, read, write or ioctl. */
struct request {
    uint8_t kind;            /* OP_OPEN, OP_READ, OP_WRITE, OP_IOCTL */
    uint8_t mode;            /* enum io_mode, as carried out */
    uint8_t thread, process, handle;
    uint8_t fill;            /* pattern of the data: pattern_byte() */
    uint8_t disturbed;       /* enum disturbance */
    uint16_t step;           /* its operation in the program: the stable name */
    uint32_t length;         /* of the read or write; in length of an ioctl */
    uint32_t out_length;     /* of an ioctl */
    uint32_t code;           /* of an ioctl */
    uint32_t device;         /* 1, 2 ...: which device, in order of being added, the handle belongs to */
    uint8_t class;           /* class of interface that the handle was opened by: 0, or 1 + index in `also` */
    bool issued, finished;   /* finished: the app saw its end */
    uint64_t issued_at;      /* order of events in this life ... */
    uint64_t finished_at;
    uint64_t issued_time;    /* ... and virtual time, 100 ns */
    uint64_t finished_time;
    uint32_t error;          /* Win32 error, 0 success */
    uint32_t bytes;          /* transferred, as told to the app */
    uint8_t *data;           /* buffer of a read or write; in buffer of an ioctl */
    uint8_t *out;            /* out buffer of an ioctl */
    uint64_t result;         /* hash of the bytes that came back, where life.keeps_results */
    bool overlapped_file;    /* its file was opened for overlapped I/O: it does not wait for others of that file */

    bool given_up;           /* it might have waited for ever, and did until its app went, which cancelled it then */

    /* The engine's own. */
    void *file, *event;
    void *overlapped;
};

/* What an app asked of WMI, and what came of it. */
struct wmi_request {
    uint16_t step;           /* its operation in the program: the stable name */
    uint8_t verb;            /* enum wmi_verb */
    uint8_t class;           /* index in `wmi` */
    uint8_t instance, fill;
    uint8_t disturbed;       /* enum disturbance, of its device: before it was asked or when the answer was there */
    uint32_t device;         /* as in struct request; 0: there was none */
    uint32_t id;             /* of the item or method */
    uint32_t in_length, out_length; /* out: the room for data that the driver was given */
    uint8_t *in, *out;
    uint32_t status;         /* NTSTATUS */
    uint32_t returned;       /* bytes of data in `out`; with WMI_BUFFER_TOO_SMALL: what the driver needs */
};
enum {
    WMI_SUCCESS = 0, WMI_NO_SUCH_CLASS = 0xC0000295, WMI_NO_SUCH_INSTANCE = 0xC0000296, WMI_NO_SUCH_ITEM = 0xC0000297, WMI_READ_ONLY = 0xC00002C6,
    WMI_SET_FAILED = 0xC00002C7, WMI_PROVIDER_GONE = 0xC0000301, WMI_DELETE_PENDING = 0xC0000056, WMI_BUFFER_TOO_SMALL = 0xC0000023,
    WMI_INVALID_REQUEST = 0xC0000010, WMI_INVALID_PARAMETER_MIX = 0xC0000030
};
/* The driver itself has answered: the class was there, and its device was not on its way out. */
static inline bool wmi_was_answered(const struct wmi_request *r)
{
    return r->status != WMI_NO_SUCH_CLASS && r->status != WMI_PROVIDER_GONE && r->status != WMI_DELETE_PENDING;
}

struct target_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

struct target_interface {
    const char *name;              /* what its devices are called in texts */
    struct target_guid id;
    const char *path;              /* instead of `id`: of a device that drivers make beside the stacks, "\\\\.\\ToasterFilter" */
};

/* A network card (nic/nic.h). */
enum target_card { CARD_NONE, CARD_82557, CARD_82558, CARD_82559 };

#define TARGET_BESIDE 2
#define TARGET_RESOURCES 6

/* What a device is started with. Nothing stands behind the addresses: what is read there is all ones. */
struct target_resource {
    enum { RESOURCE_PORT, RESOURCE_MEMORY, RESOURCE_INTERRUPT, RESOURCE_DMA } kind;
    uint64_t start;                /* first port, physical address; interrupt vector; channel of the system's DMA controller */
    uint32_t size;                 /* ports, bytes; IRQL; the controller's port */
};

struct target_wmi {
    const char *name;              /* of the class, for the reader */
    struct target_guid id;
};

struct bare_judge;

struct target {
    const char *name;              /* also that of its corpus */
    const char *driver;            /* the driver image */
    const char *device;            /* what the device is called in texts */
    const char *device_id;         /* of the root-enumerated device: "Root\\ECHO" */
    struct target_guid interface_id;/* how apps find it */
    const struct pnp_install *stacks; /* instead of `driver`: what is installed, for the root-enumerated device and for what its bus reports */
    unsigned stack_count;
    struct target_beside {         /* further root-enumerated devices among them */
        const char *id;
        bool later;                /* not there until an event adds it */
        const struct target_resource *resources;
        unsigned resource_count;   /* at most TARGET_RESOURCES */
    } beside[TARGET_BESIDE];       /* events name the first of them device=7, the second device=6 */
    uint8_t card[WIRE_CARDS];      /* enum target_card: the device is a function of the PCI bus, not root-enumerated, and `device_id` an identifier of it; a second card
                                      stands beside the first one (device=7), on the same switch */
    const struct bare_judge *bare; /* its first card has no driver, there is no kernel, and this judges it: engine/bare.h */
    const struct target_interface *also; /* interfaces of the devices behind the first one: class 1, 2 ... of an `open` */
    unsigned also_count;
    const char *path;              /* of a legacy driver, instead of the two above: the device it makes when it is loaded, "\\\\.\\CancelSamp" */
    const uint32_t *codes;         /* control codes worth trying */
    unsigned code_count;
    const uint32_t *lengths;       /* lengths around its limits */
    unsigned length_count;
    const struct target_wmi *wmi;  /* WMI data blocks of its drivers: class 0, 1 ... of a `wmi` operation */
    unsigned wmi_count;
    uint32_t completes_ms;         /* a request on a working device ends within this time for each one before it; 0: may wait for ever */
    bool hostile;                  /* its card is the attacker: what the fuzzer thinks up is mostly the card's doing */
    uint32_t lints;                /* enum machine_lint (machine/machine.h): matters of taste that are bugs in this driver */
    bool may_stay;                 /* its drivers may refuse to be removed although nobody uses the device */
    bool reads_only;               /* it serves no writes: what the bench measures then are reads */
    const char *opens_wire;        /* operations of app0 with h0 after which its card's frames reach a read, as text: the bench measures frames; NULL: it does not */

    /* Writes the input of an ioctl, for codes that want more than a pattern; false: the pattern. `fill` is the record's. */
    bool (*ioctl_input)(uint32_t code, uint8_t fill, uint8_t *in, uint32_t length);
    bool (*waits)(const struct request *request);      /* it ends only when somebody asks for that: an app that goes cancels it first */
    void (*begin)(void);                               /* start of a life */
    void (*issued)(const struct request *request);     /* about to be sent */
    void (*finished)(const struct request *request);   /* the app saw its end */
    void (*wmi_asked)(const struct wmi_request *request);    /* about to be asked: the driver may see it, and others its effect, long before the app gets its answer */
    void (*wmi_answered)(const struct wmi_request *request); /* the app got its answer from WMI */
    void (*ended)(void);                               /* the life's end: everything is closed */
    /* A frame is on the wire: one that a card sends, or one that comes to it. Called from inside the kernel: to be looked at, and remembered. */
    void (*wire)(unsigned card, bool sent, const uint8_t *frame, uint32_t size);
    /* One comes now that the card is to receive: whole, to its own address, with the link up and the card awake. Called like wire(), before it. */
    void (*to_receive)(unsigned card);
};

/* Every binary of the engine is linked with one target. */
extern const struct target target;

/* What an oracle may ask. The requests of this life by step; NULL where the step is none (or not yet carried out). */
const struct request *life_request(unsigned step);
unsigned life_steps(void);
/* May an allocation or DDI fail in this life? Then any call may end with an error. */
bool life_has_faults(void);
/* May a registry value be answered as another than the driver was installed with? */
bool life_has_strange_registry(void);
/* Has a card lied in this life, or is one not there? */
bool life_has_strange_hardware(void);
/* How often devices of this target were started or powered up so far. */
unsigned life_power_ups(void);
uint64_t life_time(void);
/* How often time has gone on so far, to the next timer, while somebody had work to do (a clock interrupt by choice): else only waiting costs time. */
unsigned life_clocks(void);

/* Data that apps send and expect: differs from byte to byte and from page to page. */
static inline uint8_t pattern_byte(uint8_t fill, size_t i) { return (uint8_t)(fill + i + (i >> 8)); }

#endif
