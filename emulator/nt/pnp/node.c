/*
 * See pnp.h: the state machine of a device (W-PNP-3, W-PNP-20..26, 40) and what goes through its children with it: children are asked and removed before their
 * parent, started and told that nothing comes of it after it (W-PNP-54).
 */
#include "../../hal/dma.h"
#include "../../hal/pci.h"
#include "pnp.h"

static struct devnode *surprised; /* its SURPRISE_REMOVAL is on its way */

void pnp_node_boot(void)
{
    surprised = NULL;
    pnp_relations_boot();
}

void pnp_check_free(PDEVICE_OBJECT device)
{
    if (device_of(device)->devnode)
        bugcheck(0xCA, 5, device_number(device), 0, 0, "W-PNP-50",
                 "the last reference of device #%u, which its bus has reported, is gone: the bus relations did not reference it", device_number(device));
}

bool pnp_has_open_handles(const struct devnode *node)
{
    for (PDEVICE_OBJECT o = node->pdo; o; o = o->AttachedDevice)
        if (o->ReferenceCount > 0)
            return true;
    return false;
}

bool pnp_subtree_has_open_handles(const struct devnode *node)
{
    if (pnp_has_open_handles(node))
        return true;
    for (const struct devnode *child = pnp_first_child(node); child; child = pnp_next_sibling(child))
        if (pnp_subtree_has_open_handles(child))
            return true;
    return false;
}

/* W-PNP-22..24, 40: these may not fail. */
static void must_succeed(struct devnode *node, UCHAR minor, NTSTATUS status, const char *name)
{
    if (!NT_SUCCESS(status))
        bugcheck(0xC9, 0x247, minor, (ULONG)status, device_number(node->pdo), "V-PNP-1", "IRP_MN_%s was completed with 0x%08X: it must not fail", name,
                 (ULONG)status);
}

/* ---- Start ---- */

/* A device needs its bus in D0 to come up. */
static bool has_started_bus(const struct devnode *node) { return !node->parent || node->parent->state == DEVNODE_STARTED; }

/* What was stopped with its parent, or got its drivers while that was stopped or about to be. */
static void start_children(struct devnode *node)
{
    for (struct devnode *child = pnp_first_child(node), *next; child; child = next) {
        next = pnp_next_sibling(child);
        if (child->state == DEVNODE_STOPPED || child->state == DEVNODE_INITIALIZED)
            pnp_bring_up(child);
    }
}

static NTSTATUS start(struct devnode *node)
{
    bool restart = node->state == DEVNODE_STOPPED;
    NTSTATUS status = pnp_send_start(node);
    if (!NT_SUCCESS(status)) {
        if (restart)
            pnp_surprise_remove(node);
        node->failed = true;
        return status;
    }
    node->state = DEVNODE_STARTED;
    pnp_query_capabilities(node, &node->capabilities);
    if (pnp_query_device_state(node) & PNP_DEVICE_IS_GONE) {
        node->failed = true;
        pnp_ask(node, PNP_WORK_STATE);
    }
    if (restart)
        start_children(node);
    pnp_enumerate(node);
    return status;
}

NTSTATUS pnp_start(struct devnode *node)
{
    if ((node->state != DEVNODE_INITIALIZED && node->state != DEVNODE_STOPPED) || !has_started_bus(node))
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = start(node);
    pnp_unlock();
    return status;
}

NTSTATUS pnp_start_again(struct devnode *node)
{
    if (node->state != DEVNODE_STARTED)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = pnp_send_start(node);
    if (!NT_SUCCESS(status))
        pnp_surprise_remove(node);
    pnp_unlock();
    return status;
}

NTSTATUS pnp_bring_up(struct devnode *node)
{
    if (!has_started_bus(node))
        return STATUS_SUCCESS; /* it comes with its bus */
    NTSTATUS status = pnp_start(node);
    if (!NT_SUCCESS(status))
        pnp_remove_subtree(node, node->parent && node->reported); /* or it waits for the last handle */
    return status;
}

void pnp_rebalance(struct devnode *node)
{
    if (NT_SUCCESS(pnp_query_stop(node)) && NT_SUCCESS(pnp_stop(node)))
        pnp_bring_up(node);
}

/* ---- Stop, and asking for it ---- */

/* A question to a device and its started children; the first no takes it back from those that had said yes. */
struct question {
    UCHAR minor, cancel_minor;
    const char *cancel_name;
    enum devnode_state pending;
};
static const struct question to_stop = {IRP_MN_QUERY_STOP_DEVICE, IRP_MN_CANCEL_STOP_DEVICE, "CANCEL_STOP_DEVICE", DEVNODE_STOP_PENDING};
static const struct question to_remove = {IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE, "CANCEL_REMOVE_DEVICE", DEVNODE_REMOVE_PENDING};

static void take_back(struct devnode *node, const struct question *q);
static void take_back_from_children(struct devnode *node, const struct question *q);

static void take_back_from_related(struct devnode *node, const struct question *q)
{
    for (struct devnode *related = pnp_related(node, NULL); q == &to_remove && related; related = pnp_related(node, related))
        if (related->state == q->pending) {
            take_back(related, q);
            pnp_tell_of_removal(related, PNP_REMOVE_CANCELLED);
        }
    pnp_forget_relations(node);
}

static void take_back(struct devnode *node, const struct question *q)
{
    must_succeed(node, q->cancel_minor, pnp_send(node, q->cancel_minor, NULL), q->cancel_name);
    if (node->state == q->pending)
        node->state = node->before;
    take_back_from_related(node, q);
    take_back_from_children(node, q);
    if (q == &to_stop && node->state == DEVNODE_STARTED)
        start_children(node);
    if (node->state_due)
        pnp_invalidate_state(node);
}

static void take_back_from_children(struct devnode *node, const struct question *q)
{
    for (struct devnode *child = pnp_first_child(node); child; child = pnp_next_sibling(child))
        if (child->state == q->pending)
            take_back(child, q);
}

static bool can_be_asked(const struct devnode *node, const struct question *q)
{
    return node->state == DEVNODE_STARTED || (q == &to_remove && node->state == DEVNODE_INITIALIZED);
}

static NTSTATUS ask(struct devnode *node, const struct question *q);

/* What has to go with the device is asked before it (W-PNP-54). */
static NTSTATUS ask_related(struct devnode *node)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (node->state == DEVNODE_STARTED)
        pnp_note_relations(node, RemovalRelations);
    for (struct devnode *related = pnp_related(node, NULL); NT_SUCCESS(status) && related; related = pnp_related(node, related))
        if (can_be_asked(related, &to_remove)) {
            status = pnp_ask_listeners(related);
            status = NT_SUCCESS(status) ? ask(related, &to_remove) : status;
        }
    return status;
}

static NTSTATUS ask(struct devnode *node, const struct question *q)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (struct devnode *child = pnp_last_child(node); NT_SUCCESS(status) && child; child = pnp_previous_sibling(child))
        if (can_be_asked(child, q))
            status = ask(child, q);
    if (NT_SUCCESS(status) && q == &to_remove)
        status = ask_related(node);
    if (!NT_SUCCESS(status)) {
        take_back_from_related(node, q);
        take_back_from_children(node, q);
        return status;
    }
    status = pnp_send(node, q->minor, NULL);
    bool vetoed = NT_SUCCESS(status) && q == &to_remove && pnp_has_open_handles(node);
    if (!NT_SUCCESS(status) || vetoed) {
        take_back(node, q); /* drivers above the one that refused have said yes */
        return vetoed ? STATUS_PLUGPLAY_QUERY_VETOED : status;
    }
    node->before = node->state;
    node->state = q->pending;
    if (status == STATUS_RESOURCE_REQUIREMENTS_CHANGED)
        pnp_query_requirements(node);
    return status;
}

/* A bus is not stopped under a device that waits to be removed: that one goes on using it until it is. */
static bool has_pending_removal(const struct devnode *node)
{
    for (const struct devnode *child = pnp_first_child(node); child; child = pnp_next_sibling(child))
        if (child->state == DEVNODE_REMOVE_PENDING || has_pending_removal(child))
            return true;
    return false;
}

static NTSTATUS question(struct devnode *node, const struct question *q)
{
    if (!can_be_asked(node, q) || (q == &to_stop && has_pending_removal(node)))
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = q == &to_remove ? pnp_ask_listeners(node) : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        status = ask(node, q);
        if (q == &to_remove && !NT_SUCCESS(status))
            pnp_tell_of_removal(node, PNP_REMOVE_CANCELLED);
    }
    pnp_unlock();
    return status;
}

/* While its bus is to stop or to go, a device is: that is taken back with the bus's. */
static NTSTATUS cancel(struct devnode *node, const struct question *q)
{
    if ((node->state != q->pending && node->state != DEVNODE_STARTED) || (node->parent && node->parent->state == q->pending))
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    bool was_asked = node->state == q->pending;
    take_back(node, q);
    if (q == &to_remove && was_asked)
        pnp_tell_of_removal(node, PNP_REMOVE_CANCELLED);
    pnp_unlock();
    return STATUS_SUCCESS;
}

NTSTATUS pnp_query_stop(struct devnode *node) { return question(node, &to_stop); }
NTSTATUS pnp_cancel_stop(struct devnode *node) { return cancel(node, &to_stop); }
NTSTATUS pnp_query_remove(struct devnode *node) { return question(node, &to_remove); }
NTSTATUS pnp_cancel_remove(struct devnode *node) { return cancel(node, &to_remove); }

/* What it was started with, as Mm and Hal calls want it. */
static const CM_RESOURCE_LIST *given_to(const struct devnode *node) { return node->translated ? node->translated : node->raw ? node->raw : node->boot; }

static void stop(struct devnode *node)
{
    for (struct devnode *child = pnp_last_child(node); child; child = pnp_previous_sibling(child))
        if (child->state == DEVNODE_STOP_PENDING)
            stop(child);
    must_succeed(node, IRP_MN_STOP_DEVICE, pnp_send(node, IRP_MN_STOP_DEVICE, NULL), "STOP_DEVICE");
    hal_device_released(node->pdo, given_to(node));
    node->state = DEVNODE_STOPPED;
}

NTSTATUS pnp_stop(struct devnode *node)
{
    if (node->state != DEVNODE_STOP_PENDING)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    stop(node);
    pnp_unlock();
    return STATUS_SUCCESS;
}

/* ---- Surprise removal ---- */

static bool is_there(const struct devnode *node)
{
    return node->pdo && node->state != DEVNODE_SURPRISE_REMOVED && node->state != DEVNODE_REMOVED && node->state != DEVNODE_FAILED;
}

static void surprise(struct devnode *node)
{
    node->state = DEVNODE_SURPRISE_REMOVED; /* new opens fail from here on */
    struct devnode *outer = surprised;
    surprised = node;
    NTSTATUS status = pnp_send(node, IRP_MN_SURPRISE_REMOVAL, NULL);
    surprised = outer;
    must_succeed(node, IRP_MN_SURPRISE_REMOVAL, status, "SURPRISE_REMOVAL");
    for (struct devnode *child = pnp_first_child(node); child; child = pnp_next_sibling(child))
        if (is_there(child) && child->state != DEVNODE_ALONE)
            surprise(child);
}

NTSTATUS pnp_surprise_remove(struct devnode *node)
{
    if (!is_there(node) || node->state == DEVNODE_ALONE)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    surprise(node);
    pnp_tell_of_removal(node, PNP_REMOVE_COMPLETE);
    pnp_unlock();
    return STATUS_SUCCESS;
}

bool pnp_is_being_surprised(PDEVICE_OBJECT device)
{
    return surprised && surprised->pdo != device && io_bottom_of_stack(device) == surprised->pdo;
}

/* ---- Removal ---- */

/* Everybody above the PDO is gone: detached (V-IO-21D) and deleted. */
struct stack_above {
    PDEVICE_OBJECT device[16];
    unsigned count;
};

static void note_stack(struct stack_above *above, PDEVICE_OBJECT pdo)
{
    above->count = 0;
    for (PDEVICE_OBJECT d = pdo->AttachedDevice; d && above->count < 16; d = d->AttachedDevice) {
        ob_reference(d);
        above->device[above->count++] = d;
    }
}

static void check_stack_deleted(const struct stack_above *above)
{
    for (unsigned i = 0; i < above->count; i++) {
        unsigned number = device_number(above->device[i]);
        if (!device_of(above->device[i])->deleted)
            bugcheck(0xC9, 0x21E, number, 0, 0, "V-IO-21E", "device #%u was not deleted by its driver's IRP_MN_REMOVE_DEVICE", number);
        ob_dereference(above->device[i]);
    }
}

static void check_removed(struct devnode *node, const struct stack_above *above)
{
    unsigned enabled = io_interfaces_enabled(node->pdo);
    po_check_no_wait_wake(node->pdo);
    po_idle_forget(node->pdo);
    io_check_no_irps();
    if (node->pdo->AttachedDevice)
        bugcheck(0xC9, 0x21D, device_number(node->pdo->AttachedDevice), 0, 0, "V-IO-21D", "device #%u is still attached after IRP_MN_REMOVE_DEVICE",
                 device_number(node->pdo->AttachedDevice));
    check_stack_deleted(above);
    if (enabled)
        bugcheck(OWN_RULE, device_number(node->pdo), enabled, 0, 0, "W-DRV-19", "the driver left %u device interface(s) of device #%u enabled after IRP_MN_REMOVE_DEVICE",
                 enabled, device_number(node->pdo));
}

void pnp_remove_stack(struct devnode *node)
{
    struct stack_above above;
    note_stack(&above, node->pdo);
    NTSTATUS status = pnp_send(node, IRP_MN_REMOVE_DEVICE, NULL);
    if (!NT_SUCCESS(status))
        bugcheck(0xC9, 0x306, (ULONG)status, device_number(node->pdo), 0, "V-PNP-1", "IRP_MN_REMOVE_DEVICE was completed with 0x%08X", (ULONG)status);
    check_removed(node, &above);
    hal_device_released(node->pdo, given_to(node));
    hal_dma_released(node->pdo);
    pci_device_removed(node->pdo);
    io_interfaces_of_device_gone(node->pdo);
    pnp_drop_drivers(node);
}

/* The device is gone: out of the tree. Its PDO belongs to its bus driver, which has deleted it or does so when it is removed itself. */
static void let_go(struct devnode *node)
{
    PDEVICE_OBJECT pdo = node->pdo;
    node->state = DEVNODE_REMOVED;
    node->pdo = NULL;
    pnp_forget_node(node);
    if (!pdo)
        return;
    device_of(pdo)->devnode = NULL;
    if (node->parent)
        ob_dereference(pdo); /* the reference that came with the bus relations */
    else
        io_delete_device(pdo);
}

/* W-PNP-22, 52: a bus driver deletes the PDO of a device that it does not report any more, and of no other. */
static void check_pdo(struct devnode *node)
{
    bool deleted = device_of(node->pdo)->deleted;
    if (deleted && node->reported && node->parent->state == DEVNODE_STARTED)
        bugcheck(0xC9, 0x221, device_number(node->pdo), 0, 0, "V-IO-221", "the bus driver deleted device #%u, which it reports as present",
                 device_number(node->pdo));
    if (!deleted && !node->reported && node->parent->state == DEVNODE_STARTED)
        bugcheck(OWN_RULE, device_number(node->pdo), 0, 0, 0, "W-PNP-22", "the bus driver did not delete device #%u at IRP_MN_REMOVE_DEVICE, although it does not report it any more",
                 device_number(node->pdo));
}

static void remove_related(struct devnode *node)
{
    for (struct devnode *related = pnp_related(node, NULL), *next; related; related = next) {
        next = pnp_related(node, related);
        if (related->state == DEVNODE_REMOVE_PENDING)
            pnp_remove_subtree(related, related->parent && related->reported);
    }
    pnp_forget_relations(node);
}

/* The children's stacks first; their PDOs may stay until their bus driver goes itself. */
static void remove_one(struct devnode *node, bool stays)
{
    for (struct devnode *child = pnp_last_child(node), *next; child; child = next) {
        next = pnp_previous_sibling(child);
        remove_one(child, true);
    }
    remove_related(node);
    if (node->pdo && (node->state != DEVNODE_FAILED || node->pdo->AttachedDevice || node->parent))
        pnp_remove_stack(node);
    node->removing = false;
    pnp_tell_of_one(node, PNP_REMOVE_COMPLETE); /* who went by surprise was told so then */
    for (struct devnode *child; (child = pnp_last_child(node)) != NULL;)
        let_go(child);
    if (node->parent && node->pdo && !stays)
        check_pdo(node);
    if (stays && node->pdo && node->parent && !device_of(node->pdo)->deleted)
        node->state = DEVNODE_ALONE;
    else
        let_go(node);
}

/* From here on nobody opens any of them: those whose turn to go comes last would be removed under an open file. */
static void close_for_opens(struct devnode *node)
{
    node->removing = true;
    for (struct devnode *child = pnp_first_child(node); child; child = pnp_next_sibling(child))
        close_for_opens(child);
}

static bool related_are_open(const struct devnode *node)
{
    for (struct devnode *related = pnp_related(node, NULL); related; related = pnp_related(node, related))
        if (related->state == DEVNODE_REMOVE_PENDING && pnp_subtree_has_open_handles(related))
            return true;
    return false;
}

NTSTATUS pnp_remove_subtree(struct devnode *node, bool stays)
{
    if (pnp_subtree_has_open_handles(node) || related_are_open(node))
        return STATUS_DEVICE_BUSY; /* REMOVE waits for the last handle (W-PNP-55) */
    close_for_opens(node);
    struct devnode *parent = node->parent;
    if (node->state == DEVNODE_REMOVE_PENDING)
        pnp_tell_of_removal(node, PNP_REMOVE_PENDING);
    remove_one(node, stays);
    if (parent && parent->state == DEVNODE_SURPRISE_REMOVED)
        pnp_ask(parent, PNP_WORK_CLOSED);
    return STATUS_SUCCESS;
}

NTSTATUS pnp_remove(struct devnode *node)
{
    if (node->state == DEVNODE_REMOVED)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = pnp_remove_subtree(node, node->parent && node->reported);
    pnp_unlock();
    return status;
}
