/* See pnp.h: the devnodes, the lock, and the worker that does what drivers asked the PnP manager for. */
#include "pnp.h"

struct node_entry {
    struct devnode node;
    struct node_entry *next, *prev;                 /* all that are not gone, in order of creation */
    struct node_entry *next_sibling, *prev_sibling; /* children of one parent, in that order */
    struct node_entry *first_child, *last_child;
    struct node_entry *next_asked;
    bool is_asked;
};

static struct {
    struct node_entry *first, *last;
    uint32_t count;
    KEVENT free;                   /* the lock */
    const struct nt_thread *owner; /* who holds it */
    uint32_t depth;                /* how often */
    struct node_entry *asked, *last_asked;
    struct ex_work work;
    bool working;                  /* the work item is queued or runs */
    KEVENT settled;                /* it is not */
    KEVENT awake;                  /* the machine does not sleep: the worker may begin */
    void (*watch)(struct devnode *, enum pnp_change);
} tree;

static struct node_entry *entry_of(const struct devnode *node) { return CONTAINING_RECORD(node, struct node_entry, node); }
static struct devnode *node_of(struct node_entry *e) { return e ? &e->node : NULL; }

struct devnode *pnp_first(void) { return node_of(tree.first); }
struct devnode *pnp_next(struct devnode *node) { return node_of(entry_of(node)->next); }
struct devnode *pnp_last(void) { return node_of(tree.last); }
struct devnode *pnp_previous(struct devnode *node) { return node_of(entry_of(node)->prev); }
struct devnode *pnp_first_child(const struct devnode *node) { return node_of(entry_of(node)->first_child); }
struct devnode *pnp_last_child(const struct devnode *node) { return node_of(entry_of(node)->last_child); }
struct devnode *pnp_next_sibling(const struct devnode *node) { return node_of(entry_of(node)->next_sibling); }
struct devnode *pnp_previous_sibling(const struct devnode *node) { return node_of(entry_of(node)->prev_sibling); }

struct devnode *pnp_devnode_of(PDEVICE_OBJECT pdo) { return device_of(pdo)->devnode; }

static void do_work(void *context);

void pnp_boot(void);
void pnp_boot(void)
{
    memset(&tree, 0, sizeof tree);
    ke_initialize_event(&tree.free, SynchronizationEvent, TRUE);
    ke_initialize_event(&tree.settled, NotificationEvent, TRUE);
    ke_initialize_event(&tree.awake, NotificationEvent, TRUE);
    tree.work = (struct ex_work){.run = do_work};
    pnp_node_boot();
    io_stack_rules_boot();
    pnp_stack_boot();
    pnp_notify_boot();
    pnp_registrations_boot();
    pnp_root_bus_boot();
}

struct devnode *pnp_new_node(struct devnode *parent, PDEVICE_OBJECT pdo)
{
    struct node_entry *e = ex_system_alloc(sizeof *e);
    struct devnode *node = &e->node;
    node->parent = parent;
    node->depth = parent ? parent->depth + 1 : 0;
    node->pdo = pdo;
    node->number = ++tree.count;
    node->reported = true;
    node->system_state = PowerSystemWorking;
    node->device_state = PowerDeviceD0;
    node->bus.LegacyBusType = InterfaceTypeUndefined;
    node->state = DEVNODE_ALONE;
    InitializeListHead(&node->interfaces);
    e->prev = tree.last;
    *(tree.last ? &tree.last->next : &tree.first) = e;
    tree.last = e;
    if (parent) {
        struct node_entry *p = entry_of(parent);
        e->prev_sibling = p->last_child;
        *(p->last_child ? &p->last_child->next_sibling : &p->first_child) = e;
        p->last_child = e;
    }
    if (pdo)
        device_of(pdo)->devnode = node;
    return node;
}

void pnp_forget_node(struct devnode *node)
{
    struct node_entry *e = entry_of(node);
    *(e->prev ? &e->prev->next : &tree.first) = e->next;
    *(e->next ? &e->next->prev : &tree.last) = e->prev;
    if (!node->parent)
        return;
    struct node_entry *p = entry_of(node->parent);
    *(e->prev_sibling ? &e->prev_sibling->next_sibling : &p->first_child) = e->next_sibling;
    *(e->next_sibling ? &e->next_sibling->prev_sibling : &p->last_child) = e->prev_sibling;
}

/* ---- The lock ---- */

void pnp_lock(void)
{
    if (tree.owner != ke_current_thread()) {
        ke_wait_internal(&tree.free, "the PnP manager");
        tree.owner = ke_current_thread();
    }
    ++tree.depth;
}

void pnp_unlock(void)
{
    if (--tree.depth)
        return;
    tree.owner = NULL;
    ke_set_event(&tree.free, 0, FALSE);
}

/* ---- The worker ---- */

void pnp_set_watch(void (*watch)(struct devnode *node, enum pnp_change change)) { tree.watch = watch; }

void pnp_tell(struct devnode *node, enum pnp_change change)
{
    if (tree.watch)
        tree.watch(node, change);
}

void pnp_ask(struct devnode *node, enum pnp_work what)
{
    struct node_entry *e = entry_of(node);
    node->asked |= what;
    if (!e->is_asked) {
        e->is_asked = true;
        e->next_asked = NULL;
        *(tree.asked ? &tree.last_asked->next_asked : &tree.asked) = e;
        tree.last_asked = e;
    }
    pnp_wake_worker();
}

void pnp_wake_worker(void)
{
    if (tree.working)
        return;
    tree.working = true;
    ke_reset_event(&tree.settled);
    ex_queue_work(&tree.work);
}

static bool is_gone(const struct devnode *node) { return node->state == DEVNODE_REMOVED; }

/* What a driver said of a device that is not started any more is old news. One that is asked whether it may stop or go is not asked for its state meanwhile. */
static void look_at_state(struct devnode *node)
{
    node->state_due = node->state == DEVNODE_STOP_PENDING || node->state == DEVNODE_REMOVE_PENDING;
    ULONG_PTR told = node->state == DEVNODE_STARTED ? pnp_query_device_state(node) : 0;
    if (told & PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED && !(told & PNP_DEVICE_IS_GONE)) {
        pnp_query_requirements(node);
        pnp_rebalance(node);
    }
    if (!(told & PNP_DEVICE_IS_GONE))
        return;
    node->failed = true;
    pnp_tell(node, PNP_GOES_BY_SURPRISE);
    pnp_surprise_remove(node);
    pnp_remove(node);
}

static void take(struct devnode *node)
{
    unsigned asked = node->asked;
    node->asked = 0;
    if (asked & PNP_WORK_GONE && !is_gone(node))
        pnp_went_missing(node);
    if (asked & PNP_WORK_STATE && !is_gone(node))
        look_at_state(node);
    if (asked & PNP_WORK_EJECT && !is_gone(node))
        pnp_eject(node);
    if (asked & PNP_WORK_RELATIONS && node->state == DEVNODE_STARTED)
        pnp_enumerate(node);
    if (asked & PNP_WORK_CLOSED && (node->state == DEVNODE_SURPRISE_REMOVED || node->state == DEVNODE_FAILED))
        pnp_remove(node); /* or it waits for a child's handle */
}

void pnp_rest(bool asleep)
{
    if (asleep)
        ke_reset_event(&tree.awake);
    else
        ke_set_event(&tree.awake, 0, FALSE);
}

/* A device that were started now would wait for D0, and the resume for it. The machine may have gone to sleep while the lock was waited for. */
static void enter_awake(void)
{
    for (;;) {
        ke_wait_internal(&tree.awake, "the machine to wake");
        pnp_lock();
        if (tree.awake.Header.SignalState)
            return;
        pnp_unlock();
    }
}

static void do_work(void *context)
{
    (void)context;
    enter_awake();
    while (tree.asked || pnp_tell_next()) {
        struct node_entry *e = tree.asked;
        if (!e)
            continue;
        tree.asked = e->next_asked;
        e->is_asked = false;
        take(&e->node);
    }
    tree.working = false;
    ke_set_event(&tree.settled, 0, FALSE);
    pnp_unlock();
}

void pnp_settle(void) { ke_wait_internal(&tree.settled, "the PnP manager to have done what it was asked for"); }

void pnp_invalidate_state(struct devnode *node) { pnp_ask(node, PNP_WORK_STATE); }
void pnp_invalidate_relations(struct devnode *node) { pnp_ask(node, PNP_WORK_RELATIONS); }
void pnp_device_is_gone(struct devnode *node) { pnp_ask(node, PNP_WORK_GONE); }
void pnp_request_eject(struct devnode *node) { pnp_ask(node, PNP_WORK_EJECT); }

/* REMOVE of a device that went by surprise waits for its last handle (W-PNP-55). */
void pnp_note_closed(PDEVICE_OBJECT device)
{
    struct devnode *node = device_of(io_bottom_of_stack(device))->devnode;
    if (node && node->state == DEVNODE_SURPRISE_REMOVED && !pnp_has_open_handles(node))
        pnp_ask(node, PNP_WORK_CLOSED);
}
