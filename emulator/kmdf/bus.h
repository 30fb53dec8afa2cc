/*
 * Bus drivers: the devices a function device enumerates (K-PNP-65..69, K-CHD-1..7).
 *
 * Principle of operation. A function device has sets of children: one of static children and one for each child list. A child is a description;
 * its PDO is made when the PnP manager asks for the bus relations, and lives until it has been left out of an answer and was removed, or until
 * its bus goes. What a driver says of its children takes effect at once, or, while it scans or iterates, when that ends.
 *
 * Internal design. A set's lock (a spin lock: a driver's description callbacks run under it at DISPATCH_LEVEL) covers its entries. Only
 * relations queries and removals free an entry that has a PDO, and the PnP manager lets one of these happen at a time.
 *
 * Files: children.c the sets; childlist.c and childlist_ddi.c WDFCHILDLIST; static_child.c; relations.c what the PnP manager is told; pdoinit.c, pdo.c, pdo_wake.c
 * the PDO's side.
 */
#ifndef KMDF_BUS_H
#define KMDF_BUS_H

#include "fx.h"

struct fx_child_list;

/* ---- Children ---- */

enum fx_child_state {
    FX_CHILD_QUEUED,   /* said to be there during a scan or an iteration */
    FX_CHILD_NEW,      /* described; its PDO is made at the next relations query */
    FX_CHILD_PRESENT,  /* has a PDO, which is reported */
    FX_CHILD_MISSING   /* has a PDO, which is not reported any more */
};

struct fx_child {
    LIST_ENTRY entry;
    struct fx_children *of;
    uint32_t number;           /* grows in order of addition */
    enum fx_child_state state;
    bool wanted;               /* what the driver said last; the state follows when no scan or iteration is under way */
    bool tentative;            /* not found again by this scan yet */
    bool creating;             /* EvtChildListCreateDevice runs, or is about to */
    bool clone;                /* does not wait for the end of its predecessor (K-CHD-6) */
    bool left_out;             /* an answer to a relations query was without it (K-PNP-66) */
    struct fx_device *device;
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id; /* NULL: a static child */
    PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address;   /* NULL: the list has none */
};

struct fx_children {
    LIST_ENTRY entry;          /* of the bus's sets, in order of creation */
    struct fx_device *bus;
    struct fx_child_list *list; /* NULL: static children */
    LIST_ENTRY children;
    struct fx_lock lock;
    uint32_t last_number;
    LONG scans, iterations;
    KEVENT settled;            /* notification: neither is under way */
};

/* What a function device has for its children. */
struct fx_bus {
    LIST_ENTRY sets;
    struct fx_children statics;
    struct fx_child_list *default_list;
    PNP_BUS_INFORMATION information;
    bool has_information;
};

/* ---- children.c ---- */

void fx_bus_init(struct fx_device *device);
void fx_children_init(struct fx_children *set, struct fx_device *bus, struct fx_child_list *list);
/* With the lock held: the driver's last word on this child takes effect, unless it scans or iterates. It may be freed by that. */
void fx_child_apply(struct fx_child *child);
void fx_children_apply(struct fx_children *set); /* on all of them */
/* In order of addition. */
struct fx_child *fx_children_first(struct fx_children *set);
struct fx_child *fx_children_next(struct fx_child *child);
struct fx_child *fx_child_add(struct fx_children *set); /* lock held; NULL: no memory */
/* Lock held: out of the set; its descriptions are cleaned up. */
void fx_child_free(struct fx_child *child);
/* The first entry after that number: for who has let others run since he saw the one that had it. */
struct fx_child *fx_children_after(struct fx_children *set, uint32_t number);
void fx_children_begin_scan(struct fx_children *set);
void fx_children_end_scan(struct fx_children *set);
void fx_children_begin_iteration(struct fx_children *set);
void fx_children_end_iteration(struct fx_children *set);
bool fx_child_mark_missing(struct fx_child *child); /* false: it was missing already */
/* Is this child among those that an iteration with these flags sees? */
bool fx_child_matches(const struct fx_child *child, ULONG flags);
/* The bus has gone by surprise, and all its children with it (K-PNP-50). */
void fx_bus_surprised(struct fx_device *bus);
/* Before the bus's own removal goes on, its children end (K-PNP-42). PASSIVE_LEVEL. */
void fx_bus_remove_children(struct fx_device *bus);
/* Until nobody scans or iterates any more. PASSIVE_LEVEL. */
void fx_bus_wait_for_scans(struct fx_device *bus);
/* The child's PDO is gone for good. */
void fx_child_gone(struct fx_child *child);

/* ---- childlist.c ---- */

struct fx_child_list *fx_child_list_of(void *handle);
/* For the list's own descriptions; lock held where a driver's callback may run. */
void fx_child_list_cleanup(struct fx_child *child);
NTSTATUS fx_child_list_create_default(struct fx_device *device, const struct WDFDEVICE_INIT *init);
/* Makes the PDO (K-CHD-4). The child is gone if that failed. PASSIVE_LEVEL. */
void fx_child_create_device(struct fx_child *child);
/* Takes a new child for fx_child_create_device(): false if another entry with the same identification has a PDO that still dies. */
bool fx_child_claim(struct fx_child *child);
NTSTATUS fx_child_retrieve_id(struct fx_child *child, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id);
NTSTATUS fx_child_retrieve_address(struct fx_child *child, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address);
NTSTATUS fx_child_update_address(struct fx_child *child, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address);

/* ---- relations.c ---- */

/* A set of device objects, each referenced: removal or ejection relations. */
struct fx_relations {
    PDEVICE_OBJECT *device;
    ULONG count;
};
void fx_relations_clear(struct fx_relations *r);
NTSTATUS fx_relations_add(struct fx_relations *r, PDEVICE_OBJECT device, uint16_t ddi);
void fx_relations_remove(struct fx_relations *r, PDEVICE_OBJECT device);
/* Into the IRP, behind what others have put there. `own` is referenced as well, if any. */
NTSTATUS fx_relations_answer(PIRP irp, const struct fx_relations *r, PDEVICE_OBJECT own);
bool fx_bus_has_children(const struct fx_device *bus);
/* BusRelations: makes PDOs, tells of missing ones, and reports the rest. */
NTSTATUS fx_bus_answer(struct fx_device *bus, PIRP irp);

/* ---- pdoinit.c ---- */

struct fx_pdo_text {
    struct fx_pdo_text *next;
    LCID locale;
    UNICODE_STRING description, location;
};

struct fx_pdo_init {
    struct fx_device *bus;
    struct fx_child *child;    /* of a child list; NULL: a static child */
    UNICODE_STRING device_id, instance_id, container_id;
    UNICODE_STRING hardware_ids, compatible_ids; /* each string with its zero; the list's last zero is not there */
    struct fx_pdo_text *texts;
    LCID default_locale;
    WDF_PDO_EVENT_CALLBACKS callbacks;
    bool raw, forwards_to_parent, no_power_dependency;
    GUID raw_class;
};
/* NULL: no memory. */
PWDFDEVICE_INIT fx_pdo_init_create(struct fx_device *bus, struct fx_child *child);
void fx_pdo_init_free(struct fx_pdo_init *init);
NTSTATUS fx_pdo_check_init(const struct WDFDEVICE_INIT *init); /* K-DRV-40 */

/* ---- pdo.c ---- */

struct fx_pdo {
    struct fx_device *bus;
    const struct fx_pdo_init *init;
    struct fx_child *child;    /* NULL: a static child that was not added, or all is over */
    bool holds_parent;         /* a power reference on the bus (K-PNP-38) */
    bool wake_enabled;         /* EvtDeviceEnableWakeAtBus was called, the disable was not */
    bool wake_work_queued;
    PIRP wait_wake;
    struct ex_work wake_work;
    KEVENT wake_idle;          /* notification: no wake work is queued or running */
    struct fx_relations ejection;
};
NTSTATUS fx_pdo_attach(struct fx_device *device, struct WDFDEVICE_INIT *init);
void fx_pdo_free(struct fx_device *device);
/* Its bus reports it: a REMOVE takes its drivers only (K-PNP-65). */
bool fx_pdo_stays(const struct fx_device *device);
/* Queries and requests that only a PDO answers. False: not one of these. */
bool fx_pdo_dispatch(struct fx_device *device, PIRP irp, NTSTATUS *status);
/* It goes for good without a REMOVE of its own: its bus goes, or the PnP manager never saw it (K-PNP-42). PASSIVE_LEVEL. */
void fx_pdo_end(struct fx_device *device);
/* K-PNP-11 step 4: D0 of the bus, or its failure, is waited for. */
NTSTATUS fx_pdo_power_parent(struct fx_device *device);
void fx_pdo_release_parent(struct fx_device *device);

/* ---- pdo_wake.c ---- */

NTSTATUS fx_pdo_wait_wake(struct fx_device *device, PIRP irp);
/* EvtDeviceEnableWakeAtBus, EvtDeviceDisableWakeAtBus if they are due. PASSIVE_LEVEL, power lock held. */
NTSTATUS fx_pdo_enable_wake(struct fx_device *device, SYSTEM_POWER_STATE state);
void fx_pdo_disable_wake(struct fx_device *device);
/* The pended wait-wake IRP ends so. False: there is none. Any IRQL up to DISPATCH_LEVEL. */
bool fx_pdo_complete_wait_wake(struct fx_device *device, NTSTATUS status);
/* Before removal goes on: no wake work runs or is queued. */
void fx_pdo_stop_wake(struct fx_device *device);

#endif
