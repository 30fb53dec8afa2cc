/*
 * Rules about a stack of devices and what the PnP and power managers ask of it (V-PNP-2..14, V-POW-1..8): how drivers attach themselves, how they go, what they do
 * while they start or fall asleep.
 *
 * Design: at most one START, one REMOVE and one SET_POWER for a sleep are under way at a time (the PnP manager's lock); who sends one says so here, with its record.
 * Whose dispatch routine acts is then a question to the record's frames (call.c).
 */
#include "io.h"

static struct irp_under_way under_way[UNDER_WAY_KINDS];

static struct {
    PDEVICE_OBJECT pdo;
    PDRIVER_OBJECT driver;
    const struct ctx *ctx;
} adding;

void io_stack_rules_boot(void)
{
    memset(under_way, 0, sizeof under_way);
    memset(&adding, 0, sizeof adding);
}

struct irp_under_way io_begin_under_way(enum under_way kind, struct devnode *node, const IRP *irp)
{
    struct irp_under_way outer = under_way[kind];
    under_way[kind] = (struct irp_under_way){node, irp_record(irp)};
    return outer;
}

void io_end_under_way(enum under_way kind, struct irp_under_way outer) { under_way[kind] = outer; }

/* ---- AddDevice: V-PNP-4, V-PNP-5 ---- */

void io_begin_adding(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    adding.pdo = pdo;
    adding.driver = driver;
    adding.ctx = current_ctx;
}

void io_end_adding(void) { adding.pdo = NULL; }

void io_check_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    if (!source || !ob_is_live(source) || ob_type_of(source) != OB_DEVICE)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-PNP-5", "IoAttachDeviceToDeviceStack of something that IoCreateDevice did not make");
    if (adding.pdo && adding.ctx == current_ctx && source->DriverObject == adding.driver && target != adding.pdo)
        bugcheck(OWN_RULE, device_number(source), device_number(adding.pdo), 0, 0, "V-PNP-4",
                 "AddDevice attaches device #%u to a device other than the PDO that it was given, device #%u", device_number(source), device_number(adding.pdo));
}

/* ---- REMOVE_DEVICE and SURPRISE_REMOVAL: V-PNP-2, V-PNP-6, V-PNP-10 ---- */

bool io_is_being_removed(PDEVICE_OBJECT device)
{
    const struct devnode *node = under_way[UNDER_WAY_REMOVE].node;
    return node && node->pdo != device && io_bottom_of_stack(device) == node->pdo;
}

void io_check_delete(PDEVICE_OBJECT device)
{
    const unsigned number = device_number(device);
    const struct irp_record *r = under_way[UNDER_WAY_REMOVE].record;
    if (pnp_is_being_surprised(device))
        bugcheck(0xC9, 0x242, number, 0, 0, "V-IO-242", "device #%u is deleted by IRP_MN_SURPRISE_REMOVAL: REMOVE_DEVICE is still to come", number);
    const struct dispatch_frame *f = r && !device_of(device)->devnode ? r->frames : NULL;
    if (f && f->device == device && !f->passed && !f->completed && r->deepest >= f->location)
        bugcheck(OWN_RULE, r->info.number, number, 0, 0, "V-PNP-6", "device #%u is deleted before its driver has passed IRP #%u (PNP REMOVE_DEVICE) down",
                 number, r->info.number);
}

/* The function driver handles these; a filter may leave them to others. */
void io_check_required(const IRP *irp, const struct irp_record *r, PDEVICE_OBJECT device)
{
    char name[64];
    bool required = r->minor == IRP_MN_REMOVE_DEVICE || r->minor == IRP_MN_SURPRISE_REMOVAL || r->minor == IRP_MN_QUERY_REMOVE_DEVICE;
    const struct devnode *node = required && irp->IoStatus.Status == STATUS_NOT_SUPPORTED ? device_of(io_bottom_of_stack(device))->devnode : NULL;
    if (node && node->function && device->DriverObject == &node->function->object)
        bugcheck(0xC9, 0x217, r->info.number, device_number(device), 0, "V-PNP-10",
                 "the function driver passes %s down from device #%u with STATUS_NOT_SUPPORTED: it has to handle it", irp_record_name(r, name, sizeof name),
                 device_number(device));
}

/* ---- Power: V-POW-1, V-POW-8 ---- */

static bool is_up(const struct devnode *node)
{
    return node && !node->removing && (node->state == DEVNODE_STARTED || node->state == DEVNODE_STOP_PENDING || node->state == DEVNODE_REMOVE_PENDING);
}

void io_check_power_failed(const IRP *irp, const struct irp_record *r, PDEVICE_OBJECT device)
{
    char name[64];
    if (r->minor != IRP_MN_SET_POWER || !is_up(device_of(io_bottom_of_stack(device))->devnode))
        return;
    bugcheck(0xC9, 0x247, r->info.number, device_number(device), (ULONG)irp->IoStatus.Status, "V-POW-1",
             "device #%u failed %s with 0x%08X and did not pass it down: SET_POWER must not be failed", device_number(device),
             irp_record_name(r, name, sizeof name), (ULONG)irp->IoStatus.Status);
}

/* The PDO has kept a WAIT_WAKE; it may keep one. */
void io_check_wait_wake_kept(const struct irp_record *r, PDEVICE_OBJECT pdo)
{
    char name[64];
    if (r->major != IRP_MJ_POWER || r->minor != IRP_MN_WAIT_WAKE || device_of(pdo)->lower)
        return;
    for (const struct irp_record *o = irp_first_record(); o; o = o->next) {
        const IRP *irp = o->irp;
        if (o == r || o->raw || o->info.finished || o->major != IRP_MJ_POWER || o->minor != IRP_MN_WAIT_WAKE || o->deepest != irp->CurrentLocation)
            continue;
        if (irp->Tail.Overlay.CurrentStackLocation->DeviceObject == pdo)
            bugcheck(OWN_RULE, r->info.number, o->info.number, device_number(pdo), 0, "V-POW-8",
                     "device #%u keeps %s although it has IRP #%u already: the second is answered with STATUS_DEVICE_BUSY", device_number(pdo),
                     irp_record_name(r, name, sizeof name), o->info.number);
    }
}

/* ---- Lints ---- */

void io_lint_wait(void)
{
    const struct irp_record *r = under_way[UNDER_WAY_START].record;
    if (machine_lints & LINT_PNP && r && io_acting_frame(r))
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-PNP-9", "a dispatch routine waits in IRP #%u (PNP START_DEVICE): it may be pended instead", r->info.number);
}

void io_lint_pended(const struct irp_record *r, const struct dispatch_frame *f, unsigned device)
{
    char name[64];
    bool meant = r->major == IRP_MJ_PNP && (r->minor == IRP_MN_START_DEVICE || r->minor == IRP_MN_QUERY_DEVICE_RELATIONS);
    if (machine_lints & LINT_PNP && meant && f->has_routine && !f->pended)
        bugcheck(OWN_RULE, r->info.number, device, 0, 0, "V-PNP-8", "device #%u set a completion routine for %s and did not pend it", device,
                 irp_record_name(r, name, sizeof name));
    if (machine_lints & LINT_POWER && f->asked_power && !f->pended)
        bugcheck(OWN_RULE, r->info.number, device, 0, 0, "V-POW-3", "device #%u asked for a device power IRP because of %s and did not pend that", device,
                 irp_record_name(r, name, sizeof name));
}

void io_lint_allocation(const char *ddi)
{
    const struct irp_record *r = under_way[UNDER_WAY_SLEEP].record;
    if (machine_lints & LINT_POWER && r && io_acting_frame(r))
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-POW-2", "%s in IRP #%u (POWER SET_POWER), which puts the system to sleep", ddi, r->info.number);
}

void io_note_power_asked(void)
{
    const struct irp_record *r = under_way[UNDER_WAY_SLEEP].record;
    struct dispatch_frame *f = r ? io_acting_frame(r) : NULL;
    if (f)
        f->asked_power = true;
}

void io_lint_create(PDEVICE_OBJECT device)
{
    const struct devnode *node = device_of(io_bottom_of_stack(device))->devnode;
    if (machine_lints & LINT_PNP && node && node->state == DEVNODE_REMOVE_PENDING)
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "V-PNP-14", "device #%u was opened although its driver has agreed to its removal", device_number(device));
}
