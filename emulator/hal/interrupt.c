/*
 * Interrupt objects (W-INT).
 *
 * Design: the machine calls serve_line() as an activation at DIRQL; it walks the line's chain. A level line stops at the first ISR that claims, a latched one calls all
 * and again while any claims. Each ISR is called at its SynchronizeIrql with its lock held. A passive interrupt is answered by a work item while its line is
 * masked.
 */
#include "dma.h"
#include "pci.h"

#include "../nt/ke/ke.h"

#define CLAIMS_MAX 1000 /* rounds in which somebody claims a latched interrupt */

static struct {
    LIST_ENTRY connected;
    KEVENT served;           /* set when a service ends and somebody waits for it */
    unsigned waiters;
    uint32_t numbers;
} hal;

static bool serve_line(struct interrupt_line *line);

void hal_boot(void)
{
    InitializeListHead(&hal.connected);
    ke_initialize_event(&hal.served, NotificationEvent, FALSE);
    hal.waiters = 0;
    hal.numbers = 0;
    machine.serve_line = serve_line;
    hal_mappings_boot();
    hal_dma_boot();
    pci_boot();
}

static PKINTERRUPT interrupt_at(LIST_ENTRY *entry) { return CONTAINING_RECORD(entry, KINTERRUPT, entry); }

bool hal_is_interrupt(const void *interrupt)
{
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        if (interrupt_at(e) == interrupt)
            return true;
    return false;
}

PKINTERRUPT hal_interrupt(PKINTERRUPT interrupt, const char *ddi)
{
    if (hal_is_interrupt(interrupt))
        return interrupt;
    bugcheck(OWN_RULE, 0, 0, 0, 0, "V-HAL-3", "%s is given an interrupt object that is not connected", ddi);
}

/* ---- Its lock ---- */

KIRQL hal_acquire_lock(PKINTERRUPT i)
{
    if (!i->c.passive)
        return ke_acquire_interrupt_lock(i->c.lock, i->c.synchronize_irql);
    if (ke_get_current_irql() > APC_LEVEL)
        bugcheck(OWN_RULE, i->number, ke_get_current_irql(), 0, 0, "W-INT-4", "the lock of interrupt #%u, which is handled at PASSIVE_LEVEL, is acquired at IRQL %u",
                 i->number, ke_get_current_irql());
    KIRQL old = ke_get_current_irql();
    ke_enter_critical_region();
    ke_wait_internal(i->c.event, "the lock of a passive interrupt");
    return old;
}

void hal_release_lock(PKINTERRUPT i, KIRQL irql)
{
    if (!i->c.passive) {
        ke_release_interrupt_lock(i->c.lock, i->c.synchronize_irql, irql);
        return;
    }
    ke_set_event(i->c.event, 0, FALSE);
    ke_leave_critical_region();
}

/* ---- Service ---- */

static bool run_routine(PKINTERRUPT i)
{
    const void *routine = i->c.routine ? (const void *)i->c.routine : (const void *)i->c.message_routine;
    bool driver = is_driver_code(routine);
    struct callback_frame frame;
    if (driver)
        callback_enter(&frame, i->c.routine ? DDI_InterruptService : DDI_MessageService, routine, i);
    BOOLEAN claimed = i->c.routine ? i->c.routine(i, i->c.context) : i->c.message_routine(i, i->c.context, i->c.message);
    if (driver)
        callback_leave(&frame, claimed);
    return claimed;
}

/* V-HAL-7: on a line that others share, an ISR that claims whatever comes steals their interrupts. */
static void check_claim(const KINTERRUPT *i, bool asserted, bool claimed)
{
    if (claimed && i->c.shared && !i->c.latched && !asserted && !i->line->sources)
        bugcheck(OWN_RULE, i->number, i->c.vector, 0, 0, "V-HAL-7", "the ISR of interrupt #%u claims an interrupt although no device asserts the shared line (vector 0x%X)",
                 i->number, i->c.vector);
}

static bool call_isr(PKINTERRUPT i)
{
    bool asserted = i->line->sources != 0 || i->line->glitch;
    KIRQL old = hal_acquire_lock(i);
    bool claimed = run_routine(i);
    hal_release_lock(i, old);
    check_claim(i, asserted, claimed);
    return claimed;
}

/* A line is masked while a worker answers it, and while all its interrupts are reported inactive. */
static void set_mask(struct interrupt_line *line)
{
    bool busy = false, active = false;
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        if (interrupt_at(e)->line == line) {
            busy |= interrupt_at(e)->busy;
            active |= !interrupt_at(e)->inactive;
        }
    interrupt_mask(line, busy || !active);
}

static void serve_passive(void *context)
{
    PKINTERRUPT i = context;
    struct interrupt_line *line = i->line;
    bool asserted = line->sources != 0, claimed = i->inactive || call_isr(i);
    i->busy = false;
    set_mask(line);
    if (asserted && line->wants)
        interrupt_check_storm(line, claimed);
    ke_set_event(&i->idle, 0, FALSE);
}

static void queue_passive(PKINTERRUPT i)
{
    if (i->busy)
        return;
    i->busy = true;
    ke_reset_event(&i->idle);
    set_mask(i->line);
    ex_queue_work(&i->work);
}

/* All of the chain once; a level line's, until one claims. */
static bool call_chain(struct interrupt_line *line)
{
    bool any = false;
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected && !(any && !line->latched); e = e->Flink) {
        PKINTERRUPT i = interrupt_at(e);
        if (i->line != line || i->inactive)
            continue;
        if (i->c.passive)
            queue_passive(i);
        else
            any |= call_isr(i);
    }
    return any;
}

static bool is_alone(const struct interrupt_line *line)
{
    unsigned n = 0;
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        n += interrupt_at(e)->line == line;
    return n < 2;
}

static bool serve_line(struct interrupt_line *line)
{
    bool claimed = call_chain(line);
    unsigned rounds = 0;
    if (claimed && line->latched && !is_alone(line)) /* W-INT-3: an edge of one device may have hidden another's */
        while (call_chain(line))
            if (++rounds == CLAIMS_MAX)
                bugcheck(OWN_INTERRUPT_STORM, line->vector, rounds, 1, 0, "V-HAL-7", "the ISRs of the latched vector 0x%X claim for ever", line->vector);
    if (hal.waiters)
        ke_set_event(&hal.served, 0, FALSE);
    return claimed;
}

/* ---- Connecting ---- */

static bool is_possible(const struct hal_connection *c)
{
    KAFFINITY all = ((KAFFINITY)1 << machine.cpus) - 1;
    if ((!c->routine && !c->message_routine) || !(c->processors & all) || c->irql < HAL_LOWEST_DIRQL || c->irql > HAL_HIGHEST_DIRQL)
        return false;
    if (c->synchronize_irql > HAL_HIGHEST_DIRQL || (c->synchronize_irql && c->synchronize_irql < c->irql))
        return false;
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink) {
        const struct hal_connection *o = &interrupt_at(e)->c;
        if (o->vector == c->vector && (!o->shared || !c->shared || o->latched != c->latched || o->irql != c->irql || o->passive != c->passive))
            return false;
    }
    return true;
}

/* V-HAL-8. On a shared line the device may be another driver's. */
static void check_device_quiet(const struct hal_connection *c, const char *when)
{
    ULONG vector = c->vector;
    const struct device_model *m = c->shared ? NULL : device_of_vector(vector);
    if (m && !m->absent && !m->asleep && m->ops->interrupt_enabled && m->ops->interrupt_enabled(m))
        bugcheck(OWN_RULE, vector, 0, 0, 0, "V-HAL-8", "the interrupt of %s (vector 0x%X) is enabled %s", m->name, vector, when);
}

static void prepare(PKINTERRUPT i, const struct hal_connection *c, ULONG version, const void *caller)
{
    i->version = version;
    i->number = ++hal.numbers;
    i->c = *c;
    i->line = interrupt_line(c->vector);
    i->driver = caller ? io_driver_of_code(caller) : NULL;
    if (!c->lock)
        i->c.lock = &i->own_lock;
    if (!c->event)
        i->c.event = &i->free_event;
    if (!c->synchronize_irql)
        i->c.synchronize_irql = c->irql;
    ke_initialize_event(&i->free_event, SynchronizationEvent, TRUE);
    ke_initialize_event(&i->idle, NotificationEvent, TRUE);
    i->work = (struct ex_work){.run = serve_passive, .context = i};
}

NTSTATUS hal_connect(const struct hal_connection *c, ULONG version, const void *caller, PKINTERRUPT *interrupt)
{
    if (!is_possible(c))
        return STATUS_INVALID_PARAMETER;
    check_device_quiet(c, "before its ISR is connected");
    PKINTERRUPT i = ex_system_alloc(sizeof *i);
    if (!i)
        return STATUS_INSUFFICIENT_RESOURCES;
    prepare(i, c, version, caller);
    InsertTailList(&hal.connected, &i->entry);
    hb_release(i->line); /* what the driver did so far is before its ISR's first call */
    *interrupt = i;
    interrupt_connect(i->line, c->irql, c->latched, (uint32_t)c->processors);
    set_mask(i->line);
    return STATUS_SUCCESS;
}

static bool line_has_others(const KINTERRUPT *i)
{
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        if (interrupt_at(e) != i && interrupt_at(e)->line == i->line)
            return true;
    return false;
}

void hal_disconnect(PKINTERRUPT i)
{
    check_device_quiet(&i->c, "when its ISR is disconnected");
    hal.waiters++;
    for (;;) {
        if (i->busy) {
            ke_wait_internal(&i->idle, "a passive ISR to end");
        } else if (i->line->in_service) {
            ke_reset_event(&hal.served);
            ke_wait_internal(&hal.served, "an ISR to end");
        } else {
            break;
        }
        hal_interrupt(i, "IoDisconnectInterrupt"); /* nobody else has disconnected it meanwhile */
    }
    hal.waiters--;
    hb_acquire(i->line);
    if (!line_has_others(i))
        interrupt_disconnect(i->line);
    RemoveEntryList(&i->entry);
    if (line_has_others(i))
        set_mask(i->line);
    ex_system_free(i);
}

void hal_report_active(PKINTERRUPT i, bool active)
{
    i->inactive = !active;
    set_mask(i->line);
}

/* ---- What a device was given ---- */

const CM_PARTIAL_RESOURCE_DESCRIPTOR *hal_interrupt_of(PDEVICE_OBJECT pdo, USHORT *messages)
{
    const struct devnode *node = pdo ? pnp_devnode_of(pdo) : NULL;
    const CM_RESOURCE_LIST *raw = node ? node->raw ? node->raw : node->boot : NULL, *list = node && node->translated ? node->translated : raw;
    if (!list || !list->Count)
        return NULL;
    const CM_PARTIAL_RESOURCE_LIST *p = &list->List[0].PartialResourceList;
    for (ULONG n = 0; n < p->Count; n++)
        if (p->PartialDescriptors[n].Type == CmResourceTypeInterrupt) {
            bool message = p->PartialDescriptors[n].Flags & CM_RESOURCE_INTERRUPT_MESSAGE;
            *messages = message ? raw->List[0].PartialResourceList.PartialDescriptors[n].u.MessageInterrupt.Raw.MessageCount : 0;
            return &p->PartialDescriptors[n];
        }
    return NULL;
}

/* ---- What is left ---- */

static void left(const KINTERRUPT *i, const char *rule, const char *when)
{
    bugcheck(OWN_RULE, i->number, i->c.vector, 0, 0, rule, "interrupt #%u (vector 0x%X) is still connected %s", i->number, i->c.vector, when);
}

void hal_driver_unloaded(const struct nt_driver *driver)
{
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        if (interrupt_at(e)->driver == driver)
            left(interrupt_at(e), "V-UNL-8", "after its driver was unloaded");
    hal_mappings_unloaded(driver);
    hal_dma_unloaded(driver);
}

void hal_device_power(const CM_RESOURCE_LIST *translated, DEVICE_POWER_STATE state)
{
    unsigned window;
    uint32_t offset;
    struct device_model *done = NULL;
    for (ULONG n = 0; translated && translated->Count && n < translated->List[0].PartialResourceList.Count; n++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &translated->List[0].PartialResourceList.PartialDescriptors[n];
        if (d->Type != CmResourceTypeMemory && d->Type != CmResourceTypePort)
            continue;
        struct device_model *m = device_model_at((uint64_t)d->u.Generic.Start.QuadPart, 1, d->Type == CmResourceTypePort, &window, &offset);
        if (!m || m == done)
            continue;
        device_set_power(m, state == PowerDeviceD0);
        if (state == PowerDeviceD3)
            device_lose_power(m);
        done = m;
    }
}

void hal_device_released(PDEVICE_OBJECT pdo, const CM_RESOURCE_LIST *translated)
{
    for (LIST_ENTRY *e = hal.connected.Flink; e != &hal.connected; e = e->Flink)
        if (interrupt_at(e)->c.pdo == pdo && pdo)
            left(interrupt_at(e), "W-INT-1", "after its device was stopped or removed");
    for (ULONG n = 0; translated && translated->Count && n < translated->List[0].PartialResourceList.Count; n++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &translated->List[0].PartialResourceList.PartialDescriptors[n];
        if (d->Type == CmResourceTypeMemory)
            hal_mappings_released((uint64_t)d->u.Memory.Start.QuadPart, d->u.Memory.Length);
    }
}
