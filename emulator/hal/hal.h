/*
 * The HAL as nt and the framework see it: interrupts connected to ISRs, and the mappings of device memory.
 *
 * A KINTERRUPT is opaque to drivers. Its line is the machine's (machine/interrupt.h), found by the vector of the translated resource; several interrupts on a line
 * are a chain in order of connection. Each has a spin lock, its own or one the driver gave, that its ISR holds at SynchronizeIrql.
 */
#ifndef HAL_HAL_H
#define HAL_HAL_H

#include "../nt/nt.h"

#define HAL_LOWEST_DIRQL 3
#define HAL_HIGHEST_DIRQL 12

struct hal_connection {
    PDEVICE_OBJECT pdo;          /* NULL: nobody says */
    PKSERVICE_ROUTINE routine;   /* or: */
    PKMESSAGE_SERVICE_ROUTINE message_routine;
    ULONG message;
    PVOID context;
    PKSPIN_LOCK lock;            /* NULL: one of its own */
    PKEVENT event;               /* a passive one's lock: a synchronization event; NULL: one of its own */
    ULONG vector;
    KIRQL irql, synchronize_irql; /* synchronize_irql 0: irql */
    bool latched, shared;
    bool passive;                /* the ISR runs in a worker thread at PASSIVE_LEVEL */
    KAFFINITY processors;
};

typedef struct _KINTERRUPT {
    ULONG version;               /* CONNECT_*: how it has to be disconnected */
    uint32_t number;
    LIST_ENTRY entry;            /* all, in order of connection */
    struct hal_connection c;
    struct interrupt_line *line;
    KSPIN_LOCK own_lock;
    bool inactive;               /* IoReportInterruptInactive */
    const struct nt_driver *driver; /* NULL: not connected by a driver's own code */
    /* Of a passive one. */
    KEVENT free_event;           /* synchronization: nobody holds it */
    struct ex_work work;
    bool busy;                   /* its work is queued or runs */
    KEVENT idle;                 /* notification: it is not */
} KINTERRUPT;

void hal_boot(void);

/* STATUS_INVALID_PARAMETER: a level, vector or sharing that is impossible. The ISR may be called before this returns. PASSIVE_LEVEL. */
NTSTATUS hal_connect(const struct hal_connection *connection, ULONG version, const void *caller, PKINTERRUPT *interrupt);
/* No ISR of it runs when this returns. PASSIVE_LEVEL. */
void hal_disconnect(PKINTERRUPT interrupt);
bool hal_is_interrupt(const void *interrupt);
/* The interrupt a DDI was given; anything else is a bug check. */
PKINTERRUPT hal_interrupt(PKINTERRUPT interrupt, const char *ddi);
/* Its lock, at its level; a passive one's is an event. Returns the level before. */
KIRQL hal_acquire_lock(PKINTERRUPT interrupt);
void hal_release_lock(PKINTERRUPT interrupt, KIRQL irql);
void hal_report_active(PKINTERRUPT interrupt, bool active);
/* The first interrupt descriptor of what a device was started with, translated; NULL: there is none. */
const CM_PARTIAL_RESOURCE_DESCRIPTOR *hal_interrupt_of(PDEVICE_OBJECT pdo, USHORT *messages);

/* What a driver's code has left: V-HAL-2, V-UNL-8. */
void hal_driver_unloaded(const struct nt_driver *driver);
/* The device was stopped or removed: nothing of it may still be mapped or connected (W-PNP-63, V-HAL-2). */
void hal_device_released(PDEVICE_OBJECT pdo, const CM_RESOURCE_LIST *translated);

/* The bus takes the device to this state: outside D0 its registers do not answer, and in D3 they lose what was written to them (W-POW-12). */
void hal_device_power(const CM_RESOURCE_LIST *translated, DEVICE_POWER_STATE state);

/* The parts (mapping.c). */
void hal_mappings_boot(void);
void hal_mappings_unloaded(const struct nt_driver *driver);
void hal_mappings_released(uint64_t start, uint64_t size);
/* The register at an address that a driver accesses, and where it may not be. */
struct device_model;
struct hal_register {
    struct device_model *model;  /* NULL: no model answers there: all ones */
    unsigned window;
    uint32_t offset;
    char *memory;                /* of the machine itself, in place of a device */
};
struct hal_register hal_register_at(const volatile void *address, unsigned width, const char *ddi);
struct hal_register hal_port_at(ULONG_PTR port, unsigned width, const char *ddi);

#endif
