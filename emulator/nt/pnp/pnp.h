/*
 * Plug and Play: the device tree and what the PnP manager does with it (W-PNP-1..59). Private to nt/pnp and to bus drivers; who conducts a life uses nt.h.
 *
 * Principle of operation. A devnode stands for a device from the moment its bus driver reported it until the end of the life. PnP operations change one
 * devnode or one subtree at a time: each takes pnp_lock(), be it the conductor of the life (events of the program) or the PnP manager's own work, which drivers ask
 * for (relations or state invalidated, an eject, the last handle of a device that is gone). A worker thread does that work, so it comes at any time.
 *
 * Files: tree.c the devnodes, the lock and the worker; send.c the PnP IRPs; node.c the state machine of a device and its children;
 * notify.c and notify_ddi.c who is told of it; relations.c devices that go together; enumerate.c children that come and go; stack.c their drivers; resources.c what a device needs and is given; pdo.c what bus drivers have in common;
 * root_bus.c that of root-enumerated devices; ddi.c.
 *
 * All functions run at PASSIVE_LEVEL in a system thread that holds the lock, except where they say otherwise.
 */
#ifndef NT_PNP_PNP_H
#define NT_PNP_PNP_H

#include "../io/io.h"

/* ---- tree.c ---- */

struct devnode *pnp_new_node(struct devnode *parent, PDEVICE_OBJECT pdo);
/* Out of the tree; its memory stays, since drivers' objects may still name it. */
void pnp_forget_node(struct devnode *node);
/* What is to be done for a devnode, later, by the worker. Any IRQL up to DISPATCH_LEVEL, no lock. */
enum pnp_work { PNP_WORK_RELATIONS = 1, PNP_WORK_STATE = 2, PNP_WORK_EJECT = 4, PNP_WORK_CLOSED = 8, PNP_WORK_GONE = 16 };
void pnp_ask(struct devnode *node, enum pnp_work what);
void pnp_tell(struct devnode *node, enum pnp_change change);

/* ---- send.c: each builds the IRP, sends it to the top of the stack and waits ---- */

NTSTATUS pnp_send(struct devnode *node, UCHAR minor, IO_STATUS_BLOCK *iosb);
/* `fill` writes the parameters into the stack location; what iosb->Information is beforehand the IRP begins with. */
NTSTATUS pnp_send_with(struct devnode *node, UCHAR minor, void (*fill)(PIO_STACK_LOCATION, void *), void *context, IO_STATUS_BLOCK *iosb);
NTSTATUS pnp_query_relations(struct devnode *node, DEVICE_RELATION_TYPE type, DEVICE_RELATIONS **relations);
NTSTATUS pnp_query_capabilities(struct devnode *node, DEVICE_CAPABILITIES *capabilities);
/* Text from the PDO, in system memory; Buffer NULL: it gave none. `multi`: with all its strings and the last zero. */
UNICODE_STRING pnp_query_id(struct devnode *node, BUS_QUERY_ID_TYPE type, bool multi);
UNICODE_STRING pnp_query_text(struct devnode *node, DEVICE_TEXT_TYPE type);
#define PNP_DEVICE_IS_GONE (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED | PNP_DEVICE_DISABLED)
ULONG_PTR pnp_query_device_state(struct devnode *node);

/* ---- node.c ---- */

void pnp_node_boot(void);
/* REMOVE to whatever stack there is, down to a PDO alone; its drivers may go. */
void pnp_remove_stack(struct devnode *node);
/* START of a device that is started already, without a stop before it: its resources have changed. One that refuses goes by surprise. */
NTSTATUS pnp_start_again(struct devnode *node);
/* START of a device that was just added; when it fails its stack is gone again (W-PNP-20). */
NTSTATUS pnp_bring_up(struct devnode *node);
/* Stops the device and starts it again, with what its bus says now that it needs. */
void pnp_rebalance(struct devnode *node);
/* REMOVE for the whole subtree, children first. `stays`: its bus goes on reporting it, so its PDO stays. BUSY: a handle is open. */
NTSTATUS pnp_remove_subtree(struct devnode *node, bool stays);

/* ---- relations.c: devices that go together ---- */

void pnp_relations_boot(void);
/* Asks for those of this type and remembers them; the device is started. */
void pnp_note_relations(struct devnode *node, DEVICE_RELATION_TYPE type);
struct devnode *pnp_related(const struct devnode *of, const struct devnode *after); /* remembered ones; after NULL: the first */
void pnp_forget_relations(const struct devnode *node); /* those of it, and it among others' */

/* ---- resources.c ---- */

void pnp_query_resources(struct devnode *node);
void pnp_query_requirements(struct devnode *node);
/* FILTER_RESOURCE_REQUIREMENTS, then START_DEVICE with what the device was given. */
NTSTATUS pnp_send_start(struct devnode *node);

/* ---- stack.c ---- */

void pnp_stack_boot(void);
/* AddDevice of all drivers installed for the device's identifiers; STATUS_SUCCESS with state ALONE: none are. On failure no stack is left. */
NTSTATUS pnp_build_stack(struct devnode *node);
/* Its drivers that have no device any more are unloaded. */
void pnp_drop_drivers(struct devnode *node);

/* ---- enumerate.c ---- */

/* What the PnP manager wants to know of a device that has come: identifiers, bus, resources. False: the bus gave it no name. One without a parent has a unique one. */
bool pnp_ask_about(struct devnode *node);
/* Its bus reports it no more: it goes by surprise, if it was started, and is removed as soon as its last handle is closed. */
void pnp_went_missing(struct devnode *node);
/* Asks the device's stack for its children and works off the difference. */
void pnp_enumerate(struct devnode *node);
/* IRP_MN_EJECT and what goes before and after it (W-PNP-35). */
void pnp_eject(struct devnode *node);

/* ---- notify.c: what listeners are told (nt.h); events of a subtree go to the leaves first ---- */

void pnp_notify_boot(void);
/* PNP_QUERY_REMOVE to who listens to the subtree, before its drivers are asked: STATUS_PLUGPLAY_QUERY_VETOED, and those that were asked know it, if one refuses. */
NTSTATUS pnp_ask_listeners(struct devnode *node);
void pnp_tell_of_removal(struct devnode *node, enum pnp_event event);
void pnp_tell_of_one(struct devnode *node, enum pnp_event event);
/* A custom event, which the worker tells; `told` is set then. */
NTSTATUS pnp_report_change(struct devnode *node, const TARGET_DEVICE_CUSTOM_NOTIFICATION *custom, PDEVICE_CHANGE_COMPLETE_CALLBACK complete, PVOID context,
                           KEVENT *told);
/* The worker tells the next event; false: there is none. */
bool pnp_tell_next(void);
/* tree.c: the worker has something to tell. Any IRQL up to DISPATCH_LEVEL. */
void pnp_wake_worker(void);

/* ---- notify_ddi.c ---- */

void pnp_registrations_boot(void);
/* One of the events that the PnP manager itself tells of. */
bool pnp_is_own_event(const GUID *guid);

/* ---- pdo.c: for bus drivers of ours, of which hal/pci.c is one ---- */

NTSTATUS pnp_create_pdo(struct devnode *node, struct nt_driver *bus, size_t extension_size);
/* Completes the IRP, and returns that status. */
NTSTATUS pnp_pdo_complete(PIRP irp, NTSTATUS status);
/* Information becomes a block of the pool with a copy of the data; `room` bytes, the rest zero. */
NTSTATUS pnp_pdo_answer_with(PIRP irp, const void *data, size_t size, size_t room);
NTSTATUS pnp_pdo_answer_text(PIRP irp, const UNICODE_STRING *text, bool multi);
/* PnP IRPs that the bus has no answer of its own for; and IRPs that are neither PnP nor power. */
NTSTATUS pnp_pdo_answer(PDEVICE_OBJECT pdo, PIRP irp);
NTSTATUS pnp_pdo_answer_other(PIRP irp);

/* ---- root_bus.c ---- */

void pnp_root_bus_boot(void);
NTSTATUS pnp_root_create_pdo(struct devnode *node, const char *device_id);

#endif
