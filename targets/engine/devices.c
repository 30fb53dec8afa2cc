/* See devices.h. */
#include "win32/win32.h"
#include "nt/image.h"

#include "cards.h"
#include "devices.h"
#include "legacy.h"
#include "life.h"

#define MAX_DEVICES 8
#define MAX_NUMBERS 256             /* of devices in a life, for the marks below; children of more are told apart no more */

static struct {
    struct devnode *node[MAX_DEVICES]; /* root-enumerated devices that are not removed yet; the last is the present one */
    unsigned count;
    struct devnode *beside[TARGET_BESIDE]; /* the target's other root-enumerated devices; NULL: not there */
    bool asleep;
    uint64_t leaving[MAX_NUMBERS / 64]; /* by number: the PnP manager is about to take the device away */
    struct pnp_install only;           /* of a target that names one driver */
    _Alignas(CM_RESOURCE_LIST) char resources[sizeof(CM_RESOURCE_LIST) + TARGET_RESOURCES * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)]; /* of the one that has some */
} devices;

static struct devnode *present(void) { return devices.count ? devices.node[devices.count - 1] : NULL; }
static enum devnode_state state_of(const struct devnode *node) { return node ? node->state : DEVNODE_REMOVED; }

static bool is_low(const struct devnode *node) { return node && node->device_state > PowerDeviceD0; }

static bool is_legacy(void) { return target.path != NULL; }

/* Not on its way out. */
static bool is_there(const struct devnode *node)
{
    return node->state == DEVNODE_STARTED || node->state == DEVNODE_STOP_PENDING || node->state == DEVNODE_STOPPED || node->state == DEVNODE_REMOVE_PENDING;
}

/* What the bus reports, up to three, counts as well. */
static unsigned children(void)
{
    unsigned n = 0;
    for (struct devnode *child = present() ? pnp_first_child(present()) : NULL; child && n < 3; child = pnp_next_sibling(child))
        n += is_there(child);
    return n;
}

uint32_t devices_state(void)
{
    if (is_legacy())
        return legacy_state();
    return cards_state() * 0x10000u + (((state_of(devices.beside[0]) * 4u + children()) * 16u + state_of(present())) * 2u + devices.asleep) * 2u + is_low(present());
}

uint32_t devices_number(void *pdo) { return pnp_devnode_of(pdo) ? pnp_devnode_of(pdo)->number : 0; }

/* A card beside the first one takes the first of these places. */
static bool has_beside(unsigned i) { return target.beside[i].id || cards_has(i + 1); }

/* Which of the devices beside the first one a slot means, the last slot the first of them; -1: none. */
static int beside_of(uint8_t slot)
{
    unsigned i = TREE_DEVICES - 1u - slot;
    return i < TARGET_BESIDE && has_beside(i) ? (int)i : -1;
}

static bool is_beside(const struct devnode *node)
{
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (node == devices.beside[i])
            return true;
    return false;
}

/* Device 0 is the present root-enumerated one, the others are its children in turn. */
static struct devnode *device_at(uint8_t slot)
{
    unsigned n = 0;
    if (beside_of(slot) >= 0)
        return devices.beside[beside_of(slot)];
    for (struct devnode *child = slot && present() ? pnp_first_child(present()) : NULL; child; child = pnp_next_sibling(child))
        n++;
    struct devnode *node = n ? pnp_first_child(present()) : present();
    for (unsigned i = n ? (slot - 1u) % n : 0; i; i--)
        node = pnp_next_sibling(node);
    return node;
}

void *devices_pdo(uint8_t slot)
{
    const struct devnode *node = is_legacy() ? NULL : device_at(slot);
    return node ? node->pdo : NULL;
}

static uint8_t disturbance_in(enum devnode_state state)
{
    uint8_t cards = cards_disturbance();
    switch (state) {
    case DEVNODE_STARTED: return cards | (devices.asleep ? DISTURBED_STATE : 0);
    case DEVNODE_STOP_PENDING:
    case DEVNODE_STOPPED:
    case DEVNODE_REMOVE_PENDING: return cards | DISTURBED_STATE;
    default: return cards | DISTURBED_REMOVE;
    }
}

static uint64_t *leaving_word(uint32_t number) { return &devices.leaving[number / 64 % (MAX_NUMBERS / 64)]; }
static bool is_leaving(uint32_t number) { return *leaving_word(number) >> number % 64 & 1; }

uint8_t devices_disturbance(uint32_t number)
{
    if (number == life.device)
        return disturbance_in(state_of(present()));
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (devices.beside[i] && devices.beside[i]->number == number)
            return disturbance_in(devices.beside[i]->state);
    const struct devnode *child = present() ? pnp_first_child(present()) : NULL;
    while (child && child->number != number)
        child = pnp_next_sibling(child);
    return !child || is_leaving(number) ? DISTURBED_REMOVE : disturbance_in(child->state);
}

/* What a request that is issued from now on, or is out now, has to reckon with. */
static void note_state(void)
{
    uint8_t state = disturbance_in(state_of(present()));
    life.state = state;
    if (state)
        life_disturb(state, -1, -1, -1);
}

/* Before an event that changes the state: who is out now may feel it. */
static void expect(uint8_t disturbance)
{
    life.state |= disturbance;
    life_disturb(disturbance, -1, -1, -1);
}

/* Of a device beside the first one only its own requests feel it. */
static void expect_of(const struct devnode *node, uint8_t disturbance)
{
    if (is_beside(node))
        life_disturb_device(disturbance, node->number);
    else
        expect(disturbance);
}

static void check_set_up(const char *what, NTSTATUS status)
{
    if (!NT_SUCCESS(status) && !life_has_faults() && !life_has_strange_hardware())
        bugcheck(OWN_WRONG_STATUS, (uint32_t)status, 0, 0, 0, NULL, "%s failed with status 0x%08X although nothing was made to fail", what,
                 (unsigned)status);
}

/* No app has it open, or what stands on it: whoever keeps it from being removed is a driver that does not let go. */
static void check_goes(struct devnode *node)
{
    if (target.may_stay || !node || node->state != DEVNODE_STARTED)
        return;
    check_set_up("asking for the removal of a device that nobody uses", pnp_query_remove(node));
}

/* Removes the device if no file of it is open; else it goes when the last one is closed (W-PNP-55). */
static bool take_away_root(struct devnode *node)
{
    if (node->state == DEVNODE_STARTED || node->state == DEVNODE_STOPPED || node->state == DEVNODE_STOP_PENDING ||
        node->state == DEVNODE_REMOVE_PENDING) {
        if (node->state != DEVNODE_REMOVE_PENDING && !NT_SUCCESS(pnp_query_remove(node)))
            pnp_surprise_remove(node);
    }
    return node->state == DEVNODE_REMOVED || NT_SUCCESS(pnp_remove(node));
}

static void take_away_beside(unsigned i)
{
    if (take_away_root(devices.beside[i]))
        devices.beside[i] = NULL;
}

static bool take_away(unsigned index)
{
    if (!take_away_root(devices.node[index]))
        return false;
    devices.count--;
    for (unsigned i = index; i < devices.count; i++)
        devices.node[i] = devices.node[i + 1];
    return true;
}

/*
 * What the PnP manager does of its own accord: a device that failed is removed by surprise (K-PNP-60), one that its bus does not report any more too. A child that
 * comes, or goes, is nobody's business but of those who have it open.
 */
static void watch(struct devnode *node, enum pnp_change change)
{
    if (!node->parent) {
        if (is_beside(node))
            life_disturb_device(DISTURBED_REMOVE, node->number);
        else
            expect(DISTURBED_REMOVE);
        return;
    }
    if (change == PNP_COMES)
        return;
    *leaving_word(node->number) |= 1ull << node->number % 64;
    life_disturb_device(DISTURBED_REMOVE, node->number);
}

static bool has_gone(const struct devnode *node)
{
    bool gone = node->state == DEVNODE_SURPRISE_REMOVED || node->state == DEVNODE_FAILED || node->state == DEVNODE_REMOVED;
    return gone && !pnp_has_open_handles(node);
}

/* Devices that went by surprise, or failed, and whose last handle is closed now. */
static void sweep(void)
{
    pnp_unlock();
    pnp_settle();
    pnp_lock();
    for (unsigned i = devices.count; i-- > 0;)
        if (has_gone(devices.node[i]))
            take_away(i);
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (devices.beside[i] && has_gone(devices.beside[i]))
            take_away_beside(i);
}

static NTSTATUS start(struct devnode *node)
{
    life.starts++;
    return pnp_start(node);
}

static struct devnode *create(unsigned which, const char *id, NTSTATUS *status)
{
    return cards_has(which) ? cards_create_device(which, status) : pnp_create_root_device(NULL, id, status);
}

static void add(void)
{
    if (devices.count == MAX_DEVICES)
        return;
    NTSTATUS status;
    struct devnode *node = create(0, target.device_id, &status);
    if (!node)
        return;
    check_set_up("loading the driver and adding the device", status);
    devices.node[devices.count++] = node;
    life.device = node->number;
    if (NT_SUCCESS(status))
        check_set_up("starting the device", start(node));
    sweep();
    note_state();
}

static CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor(const struct target_resource *r)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR d = {.ShareDisposition = CmResourceShareDeviceExclusive};
    if (r->kind == RESOURCE_INTERRUPT) {
        d.Type = CmResourceTypeInterrupt;
        d.u.Interrupt.Vector = (ULONG)r->start, d.u.Interrupt.Level = r->size, d.u.Interrupt.Affinity = 1;
        return d;
    }
    if (r->kind == RESOURCE_DMA) {
        d.Type = CmResourceTypeDma;
        d.u.Dma.Channel = (ULONG)r->start, d.u.Dma.Port = r->size;
        return d;
    }
    d.Type = r->kind == RESOURCE_PORT ? CmResourceTypePort : CmResourceTypeMemory;
    d.Flags = r->kind == RESOURCE_PORT ? CM_RESOURCE_PORT_IO : CM_RESOURCE_MEMORY_READ_WRITE;
    d.u.Memory.Start.QuadPart = (LONGLONG)r->start, d.u.Memory.Length = r->size; /* ports stand at the same place */
    return d;
}

static const CM_RESOURCE_LIST *list_of(const struct target_beside *beside)
{
    CM_RESOURCE_LIST *list = (CM_RESOURCE_LIST *)devices.resources;
    list->Count = 1;
    list->List[0].InterfaceType = Internal;
    list->List[0].PartialResourceList.Version = list->List[0].PartialResourceList.Revision = 1;
    list->List[0].PartialResourceList.Count = beside->resource_count;
    for (unsigned i = 0; i < beside->resource_count; i++)
        list->List[0].PartialResourceList.PartialDescriptors[i] = descriptor(&beside->resources[i]);
    return list;
}

static void add_beside(unsigned i)
{
    NTSTATUS status;
    devices.beside[i] = create(i + 1, target.beside[i].id, &status);
    if (!devices.beside[i])
        return;
    check_set_up("loading the driver of a device beside the first one, and adding it", status);
    if (target.beside[i].resource_count)
        devices.beside[i]->raw = devices.beside[i]->translated = list_of(&target.beside[i]);
    if (NT_SUCCESS(status))
        check_set_up("starting a device beside the first one", start(devices.beside[i]));
    sweep();
}

void devices_begin(void)
{
    devices.count = 0;
    memset(devices.beside, 0, sizeof devices.beside);
    devices.asleep = false;
    memset(devices.leaving, 0, sizeof devices.leaving);
    cards_begin();
    if (is_legacy()) {
        legacy_begin();
        return;
    }
    devices.only = (struct pnp_install){.id = target.device_id, .function = target.driver};
    pnp_set_installed(target.stacks ? target.stacks : &devices.only, target.stacks ? target.stack_count : 1);
    pnp_set_watch(watch);
    pnp_lock();
    add();
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (has_beside(i) && !target.beside[i].later)
            add_beside(i);
    pnp_unlock();
}

static void wake_up(void)
{
    if (!devices.asleep)
        return;
    po_system_resume();
    devices.asleep = false;
}

static void sleep_system(unsigned slot)
{
    static const SYSTEM_POWER_STATE states[] = {PowerSystemSleeping1, PowerSystemSleeping2, PowerSystemSleeping3, PowerSystemHibernate};
    if (devices.asleep)
        return;
    expect(DISTURBED_STATE);
    devices.asleep = NT_SUCCESS(po_system_sleep(states[slot & 3], slot == 3 ? PowerActionHibernate : PowerActionSleep));
}

uint32_t devices_idle_ms(void)
{
    uint32_t longest = 0;
    if (is_legacy() || devices.asleep)
        return 0;
    for (struct devnode *node = pnp_first(); node; node = pnp_next(node))
        if (node->state == DEVNODE_STARTED && node->idle_ms > longest)
            longest = node->idle_ms;
    return longest;
}

/* Nobody uses the device for its idle time-out. Whether it goes to Dx is its driver's business: an open request or a power reference keeps it in D0. */
static void idle(void)
{
    for (uint32_t left = devices_idle_ms(), ms; left; left -= ms) { /* in steps that the watchdog does not take for a hang */
        ms = left < MAX_PASS_MS ? left : MAX_PASS_MS;
        LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)((ms + (ms == left)) * CLOCK_MS)};
        ke_delay_execution_thread(KernelMode, FALSE, &interval);
    }
}

/* The device signals wake. Without a wait-wake IRP at the bus, that is, unarmed, nobody hears it; in a sleeping machine it ends the sleep. */
static void signal_wake(struct devnode *node)
{
    if (node && node->pdo && po_device_wakes(node->pdo))
        wake_up();
}

static void query_stop(struct devnode *node) { pnp_query_stop(node); }
static void cancel_stop(struct devnode *node) { pnp_cancel_stop(node); }
static void query_remove(struct devnode *node) { pnp_query_remove(node); }
static void cancel_remove(struct devnode *node) { pnp_cancel_remove(node); }

static void stop(struct devnode *node)
{
    if (node->state == DEVNODE_STARTED && !NT_SUCCESS(pnp_query_stop(node)))
        return;
    pnp_stop(node);
}

/* A device starts when its bus has. */
static bool may_start(const struct devnode *node) { return !node->parent || node->parent->state == DEVNODE_STARTED; }

static void rebalance(struct devnode *node)
{
    if (!may_start(node))
        return;
    stop(node);
    if (node->state == DEVNODE_STOPPED)
        check_set_up("starting the device again", start(node));
}

/* A device that its bus reports is disabled: it stays, without drivers, until it is added again or unplugged. */
static void take_away_node(struct devnode *node)
{
    unsigned i = 0;
    while (i < devices.count && devices.node[i] != node)
        i++;
    if (i < devices.count) {
        take_away(i);
        return;
    }
    for (i = 0; i < TARGET_BESIDE; i++)
        if (node == devices.beside[i]) {
            take_away_beside(i);
            return;
        }
    pnp_remove(node);
}

static void remove_orderly(struct devnode *node)
{
    if (node->state == DEVNODE_STARTED && !NT_SUCCESS(pnp_query_remove(node)))
        return;
    expect_of(node, DISTURBED_REMOVE);
    take_away_node(node);
}

static void surprise(struct devnode *node)
{
    expect_of(node, DISTURBED_REMOVE);
    cards_pull(node);
    pnp_surprise_remove(node);
}

static void add_again(struct devnode *node)
{
    if (may_start(node))
        pnp_add_again(node);
}

static void reload(void)
{
    struct devnode *node = present();
    if (node) {
        if (pnp_subtree_has_open_handles(node)) /* Windows does not unload a driver that is in use */
            return;
        if (node->state == DEVNODE_STARTED || node->state == DEVNODE_REMOVE_PENDING)
            remove_orderly(node);
        sweep();
    }
    if (!devices.count)
        add();
}

/* ---- Events ---- */

#define STATE(state) (1u << DEVNODE_##state)
#define ADDED (STATE(STARTED) | STATE(STOP_PENDING) | STATE(STOPPED) | STATE(REMOVE_PENDING))

/* An event, the states of a device in which it means something, and what happens then. */
static const struct {
    uint8_t kind;
    unsigned from;
    void (*run)(struct devnode *node);
} events[] = {
    {EV_QUERY_STOP, STATE(STARTED), query_stop},
    {EV_STOP, STATE(STARTED) | STATE(STOP_PENDING), stop},
    {EV_CANCEL_STOP, STATE(STOP_PENDING), cancel_stop},
    {EV_REBALANCE, STATE(STARTED) | STATE(STOP_PENDING) | STATE(STOPPED), rebalance},
    {EV_QUERY_REMOVE, STATE(STARTED), query_remove},
    {EV_CANCEL_REMOVE, STATE(REMOVE_PENDING), cancel_remove},
    {EV_REMOVE, STATE(STARTED) | STATE(REMOVE_PENDING), remove_orderly},
    {EV_SURPRISE_REMOVE, ADDED, surprise},
    {EV_READD, STATE(ALONE), add_again},
};

static void event_on_device(uint8_t kind, struct devnode *node)
{
    for (unsigned i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i].kind == kind && events[i].from >> node->state & 1)
            events[i].run(node);
}

static void event_beside(uint8_t kind, unsigned i)
{
    sweep();
    if (devices.beside[i]) {
        life_disturb_device(DISTURBED_STATE, devices.beside[i]->number);
        event_on_device(kind, devices.beside[i]);
    } else if (kind == EV_READD) {
        add_beside(i);
    }
    sweep();
}

void devices_event(uint8_t kind, uint8_t slot)
{
    if (is_legacy()) {
        legacy_event(kind);
        return;
    }
    if (kind == EV_IDLE) {
        idle();
        note_state();
        return;
    }
    pnp_lock();
    if (kind == EV_SLEEP) {
        sleep_system(slot);
    } else if (kind == EV_RESUME) {
        wake_up();
    } else if (kind == EV_WAKE) {
        signal_wake(device_at(slot));
    } else if (event_names_device(kind) && beside_of(slot) >= 0) {
        wake_up();
        event_beside(kind, (unsigned)beside_of(slot));
    } else {
        wake_up(); /* PnP rests while the machine sleeps: the event wakes it */
        expect(DISTURBED_STATE);
        sweep();
        if (kind == EV_RELOAD)
            reload();
        else if (kind == EV_READD && (!present() || present()->state == DEVNODE_SURPRISE_REMOVED))
            add();
        else if (present())
            event_on_device(kind, device_at(slot));
        sweep();
    }
    note_state();
    pnp_unlock();
}

void devices_card_event(const struct record *r)
{
    if (!cards_has(0))
        return;
    unsigned wakes = cards_wakes();
    cards_event(r);
    ke_flush_queued_dpcs(); /* the signal that wakes arrives there */
    pnp_lock();
    if (cards_wakes() != wakes)
        wake_up();
    note_state();
    pnp_unlock();
}

static void restore(struct devnode *node)
{
    if (node->state == DEVNODE_STOP_PENDING)
        pnp_cancel_stop(node);
    if (node->state == DEVNODE_REMOVE_PENDING)
        pnp_cancel_remove(node);
    if (node->state == DEVNODE_STOPPED)
        rebalance(node);
}

bool devices_restore(void)
{
    if (is_legacy()) {
        legacy_restore();
        return true;
    }
    pnp_lock();
    wake_up(); /* the PnP manager rests until then */
    cards_restore();
    pnp_unlock();
    pnp_settle();
    pnp_lock();
    struct devnode *node = present();
    if (node)
        restore(node);
    for (struct devnode *child = node ? pnp_first_child(node) : NULL; child; child = pnp_next_sibling(child))
        restore(child);
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (devices.beside[i])
            restore(devices.beside[i]);
    note_state();
    pnp_unlock();
    return state_of(node) == DEVNODE_STARTED;
}

void devices_end(void)
{
    if (is_legacy()) {
        legacy_end();
        return;
    }
    io_wait_for_closes(); /* the apps are gone, and with them every handle */
    pnp_settle();
    pnp_lock();
    check_goes(present());
    while (devices.count && take_away(devices.count - 1))
        ;
    for (unsigned i = 0; i < TARGET_BESIDE; i++)
        if (devices.beside[i])
            take_away_beside(i);
    pnp_unload_idle_drivers();
    pnp_unlock();
}
