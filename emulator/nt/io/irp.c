/*
 * IRPs: allocation, reuse, names, history.
 *
 * Design: an IRP is one block: a pointer to its record, then the IRP and its stack locations. The record (struct irp_info
 * and more) is a block of its own that outlives the IRP, so that misuse of a freed IRP can still be told with the IRP's history. Records are
 * reused first-in first-out once RECORDS_KEPT are free.
 */
#include "io.h"

#define FRONT 16
#define RECORDS_KEPT 64
#define IRP_OF_EMULATOR 0x80 /* in AllocationFlags: the record's pointer is in front */

static struct {
    uint32_t number;
    struct irp_record *live, *live_last;
    struct irp_record *freed, *freed_last;
    unsigned freed_count;
} irps;

unsigned io_built_irps;

void irp_boot(void)
{
    memset(&irps, 0, sizeof irps);
    io_built_irps = 0;
}

/* Whoever looks through the list sees what is on it by now: adding and removing commute with one another, but not with that. */
static struct irp_record *first_live(void)
{
    footprint_count(&irps.live, true);
    return irps.live;
}

void io_check_no_irps(void)
{
    char name[64];
    for (struct irp_record *r = first_live(); r; r = r->next) {
        if (r->raw || r->info.finished || r->irp->CurrentLocation < 1 || r->irp->CurrentLocation > r->irp->StackCount)
            continue;
        PDEVICE_OBJECT device = r->irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
        if (device && ob_is_live(device) && device_of(device)->deleted)
            bugcheck(OWN_RULE, r->info.number, device_number(device), 0, 0, "V-UNL-11", "%s is still with device #%u, which was deleted",
                     irp_record_name(r, name, sizeof name), device_number(device));
    }
}

void io_check_lent_event(const KEVENT *event)
{
    char name[64];
    for (struct irp_record *r = first_live(); r; r = r->next)
        if (r->info.built_by == 1 && !r->info.finished && r->irp->UserEvent == event && r->irp->CurrentLocation <= r->irp->StackCount)
            bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-IRP-36", "the driver sets the event that it gave to %s: only the I/O manager may",
                     irp_record_name(r, name, sizeof name));
}

/* Records are numbered and listed in order of allocation, which no step asks for. */
NO_FOOTPRINT static struct irp_record *record_get(void)
{
    footprint_count(&irps.live, false);
    struct irp_record *r = irps.freed;
    if (r && irps.freed_count > RECORDS_KEPT && !r->pins && !r->frames) {
        irps.freed = r->next;
        irps.freed_count--;
    } else {
        r = block_alloc_bare(ARENA_KERNEL, BLOCK_SYSTEM, sizeof *r, 0, NULL);
        if (!r)
            bugcheck(OWN_OUT_OF_RESOURCES, sizeof *r, 0, 0, 0, NULL, "the emulated kernel memory is used up");
        msan_define(r, sizeof *r);
    }
    /* All but the history, three quarters of it, which is read only as far as `events` says. */
    memset(r, 0, offsetof(struct irp_record, info.history));
    memset(&r->irp, 0, sizeof *r - offsetof(struct irp_record, irp));
    r->info.number = ++irps.number;
    r->info.issued_at = clock_now();
    r->live = true;
    r->major = 0xff;
    r->prev = irps.live_last;
    r->next = NULL;
    *(irps.live_last ? &irps.live_last->next : &irps.live) = r;
    irps.live_last = r;
    return r;
}

NO_FOOTPRINT static void record_put(struct irp_record *r)
{
    footprint_count(&irps.live, false);
    *(r->prev ? &r->prev->next : &irps.live) = r->next;
    *(r->next ? &r->next->prev : &irps.live_last) = r->prev;
    io_csq_forget(r);
    r->live = false;
    r->info.freed = true;
    r->next = NULL;
    *(irps.freed ? &irps.freed_last->next : &irps.freed) = r;
    irps.freed_last = r;
    irps.freed_count++;
}

void irp_pin(struct irp_record *r) { r->pins++; }
void irp_unpin(struct irp_record *r) { r->pins--; }

NO_FOOTPRINT struct irp_record *irp_record(const IRP *irp)
{
    if (irp->AllocationFlags & IRP_OF_EMULATOR)
        return *(struct irp_record **)((char *)(uintptr_t)irp - FRONT);
    for (struct irp_record *r = irps.live_last; r; r = r->prev)
        if (r->irp == irp)
            return r;
    bugcheck(0xC9, 3, 0, 0, 0, "V-IO-03", "a pointer that is no IRP was used as one");
}

struct irp_info *irp_info(const IRP *irp) { return &irp_record(irp)->info; }

__attribute__((no_sanitize("address", "memory"))) static int block_state_of(const IRP *irp)
{
    const struct block *b = block_of((const char *)irp - FRONT);
    if (!memory_is_kernel(irp) || !memory_is_kernel(b) || ((uintptr_t)irp & 15))
        return 0;
    return b->magic == BLOCK_MAGIC && b->use == BLOCK_IRP ? b->state : 0;
}

struct irp_record *irp_if_live(const void *maybe) { return maybe && block_state_of(maybe) == BLOCK_LIVE ? irp_record(maybe) : NULL; }

NO_FOOTPRINT struct irp_record *irp_require(const IRP *irp, const char *what, uint32_t code, uint32_t p1)
{
    int state = irp ? block_state_of(irp) : 0;
    if (state == BLOCK_LIVE)
        return irp_record(irp);
    struct irp_record *r;
    if (state != BLOCK_FREE)
        for (r = irps.live_last; r; r = r->prev)
            if (r->irp == irp && r->raw)
                return r;
    struct irp_record *last = NULL;
    for (r = irps.freed; r; r = r->next)
        if (r->irp == irp)
            last = r;
    char name[64];
    if (last)
        bugcheck(code, code == 0xC9 ? p1 : last->info.number, last->info.number, 0, 0, code == 0x44 ? "W-CMP-1" : "W-IRP-9",
                 "%s on %s, which was completed and freed before", what, irp_record_name(last, name, sizeof name));
    if (code == 0xC9 && p1 == 1)
        bugcheck(0xC9, 1, 0, 0, 0, "V-IO-01", "%s on something whose type is not IRP", what);
    bugcheck(0xC9, 3, 0, 0, 0, "V-IO-03", "%s on something that is no IRP", what);
}

PIRP irp_first(void)
{
    const struct irp_record *first = first_live();
    return first ? first->irp : NULL;
}

PIRP irp_next(PIRP irp)
{
    struct irp_record *r = irp_record(irp)->next;
    return r ? r->irp : NULL;
}

struct irp_record *irp_first_record(void) { return first_live(); }
struct irp_record *irp_first_freed_record(void) { return irps.freed; }
const void *irp_memory(const struct irp_record *r) { return (const char *)r->irp - FRONT; }

/* ---- Allocation ---- */

static void initialize(PIRP irp, USHORT size, CCHAR stack_size, UCHAR allocation)
{
    memset(irp, 0, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->ApcEnvironment = 0;
    irp->AllocationFlags = allocation;
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

PIRP io_allocate_irp(CCHAR stack_size, BOOLEAN charge_quota)
{
    (void)charge_quota;
    if (stack_size < 0)
        return NULL;
    USHORT size = IoSizeOfIrp(stack_size);
    char *memory = block_alloc_bare(ARENA_KERNEL, BLOCK_IRP, FRONT + (size_t)size, ' prI', NULL);
    if (!memory)
        return NULL;
    struct irp_record *r = record_get();
    if (!r)
        return NULL;
    PIRP irp = (PIRP)(memory + FRONT);
    *(struct irp_record **)memory = r;
    msan_define(memory, FRONT + (size_t)size);
    initialize(irp, size, stack_size, IRP_OF_EMULATOR);
    r->irp = irp;
    r->deepest = irp->CurrentLocation;
    ke_initialize_event(&r->info.done, NotificationEvent, FALSE);
    irp_note(irp, IRP_ALLOCATED, (uint32_t)stack_size, NULL);
    return irp;
}

void irp_link_to_thread(struct irp_record *r, struct nt_thread *thread)
{
    r->info.issuer = thread;
    r->irp->Tail.Overlay.Thread = (PETHREAD)thread;
    InsertTailList(&thread->irps, &r->irp->ThreadListEntry);
    if (r->info.built_by == 1) {
        thread->built_irps++;
        io_built_irps++;
    }
    r->info.on_thread_list = true;
}

void irp_unlink_from_thread(struct irp_record *r)
{
    if (!r->info.on_thread_list)
        return;
    if (r->info.built_by == 1) {
        r->info.issuer->built_irps--;
        io_built_irps--;
    }
    RemoveEntryList(&r->irp->ThreadListEntry);
    InitializeListHead(&r->irp->ThreadListEntry);
    r->info.on_thread_list = false;
}

void io_free_irp(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoFreeIrp", 0xC9, 1);
    char name[64];
    if (irp->Type != IO_TYPE_IRP)
        bugcheck(0xC9, 1, r->info.number, 0, 0, "V-IO-01", "IoFreeIrp on something whose type is not IRP");
    if (r->info.on_thread_list)
        bugcheck(0xC9, 2, r->info.number, 0, 0, "V-IO-02", "IoFreeIrp on %s, which is still on its thread's list", irp_record_name(r, name, sizeof name));
    if (irp->CancelRoutine)
        bugcheck(0xC9, 0x20A, r->info.number, 0, 0, "V-IO-20A", "IoFreeIrp on %s, which a lower driver still holds (its cancel routine is set)", irp_record_name(r, name, sizeof name));
    irp_note(irp, IRP_FREED, 0, NULL);
    irp->Type = 0;
    record_put(r);
    if (!r->raw)
        block_free((char *)irp - FRONT, NULL);
}

void io_reuse_irp(PIRP irp, NTSTATUS status)
{
    struct irp_record *r = irp_require(irp, "IoReuseIrp", 0xC9, 0x310);
    if (r->info.built_by)
        bugcheck(0xC9, 0x311, r->info.number, 0, 0, "V-IO-311", "IoReuseIrp on IRP #%u, which IoAllocateIrp did not make", r->info.number);
    UCHAR allocation = irp->AllocationFlags;
    initialize(irp, irp->Size, irp->StackCount, allocation);
    irp->IoStatus.Status = status;
    r->cancel_routine = NULL;
    r->ex_failed = r->ex_registered = false;
    r->info.completing = r->info.finished = r->skipped = r->next_prepared = r->creator_has_location = false;
    r->routine_set_at = 0;
}

static void initialize_raw(PIRP irp, USHORT size, CCHAR stack_size)
{
    if (block_state_of(irp) == BLOCK_LIVE) {
        struct irp_record *r = irp_record(irp);
        bugcheck(0xC9, 0x20D, r->info.number, 0, 0, "V-IO-20D", "IoInitializeIrp on IRP #%u, which IoAllocateIrp made: IoReuseIrp is meant", r->info.number);
    }
    struct irp_record *r = NULL;
    for (struct irp_record *at = first_live(); at && !r; at = at->next)
        if (at->irp == irp)
            r = at;
    if (!r && !(r = record_get()))
        return;
    initialize(irp, size, stack_size, 0);
    r->irp = irp;
    r->raw = true;
    ke_initialize_event(&r->info.done, NotificationEvent, FALSE);
    irp_note(irp, IRP_ALLOCATED, (uint32_t)stack_size, NULL);
}

/* ---- History ---- */

void irp_note(PIRP irp, enum irp_event event, uint32_t value, const void *who)
{
    struct irp_record *r = irp_record(irp);
    struct irp_info *info = &r->info;
    unsigned at = info->events % IRP_HISTORY;
    info->history[at].event = (uint8_t)event;
    info->history[at].by = current_ctx->name;
    info->history[at].irql = current_ctx->irql;
    info->history[at].location = (uint8_t)irp->CurrentLocation;
    info->history[at].time = clock_now();
    info->history[at].value = value;
    info->history[at].who = who;
    if (++info->events == 2 * IRP_HISTORY) /* a byte counts: keep the remainder, the ring is full anyway */
        info->events = IRP_HISTORY;
}

static const char *const major_names[] = {
    "CREATE", "CREATE_NAMED_PIPE", "CLOSE", "READ", "WRITE", "QUERY_INFORMATION", "SET_INFORMATION", "QUERY_EA", "SET_EA", "FLUSH_BUFFERS",
    "QUERY_VOLUME_INFORMATION", "SET_VOLUME_INFORMATION", "DIRECTORY_CONTROL", "FILE_SYSTEM_CONTROL", "DEVICE_CONTROL",
    "INTERNAL_DEVICE_CONTROL", "SHUTDOWN", "LOCK_CONTROL", "CLEANUP", "CREATE_MAILSLOT", "QUERY_SECURITY", "SET_SECURITY", "POWER",
    "SYSTEM_CONTROL", "DEVICE_CHANGE", "QUERY_QUOTA", "SET_QUOTA", "PNP"};
static const char *const pnp_names[] = {
    "START_DEVICE", "QUERY_REMOVE_DEVICE", "REMOVE_DEVICE", "CANCEL_REMOVE_DEVICE", "STOP_DEVICE", "QUERY_STOP_DEVICE",
    "CANCEL_STOP_DEVICE", "QUERY_DEVICE_RELATIONS", "QUERY_INTERFACE", "QUERY_CAPABILITIES", "QUERY_RESOURCES",
    "QUERY_RESOURCE_REQUIREMENTS", "QUERY_DEVICE_TEXT", "FILTER_RESOURCE_REQUIREMENTS", "", "READ_CONFIG", "WRITE_CONFIG", "EJECT", "SET_LOCK",
    "QUERY_ID", "QUERY_PNP_DEVICE_STATE", "QUERY_BUS_INFORMATION", "DEVICE_USAGE_NOTIFICATION", "SURPRISE_REMOVAL"};
static const char *const power_names[] = {"WAIT_WAKE", "POWER_SEQUENCE", "SET_POWER", "QUERY_POWER"};

const char *irp_record_name(const struct irp_record *r, char *out, size_t size)
{
    const char *end = out + size;
    char *p = text_put(out, end, "IRP #");
    p = text_number(p, end, r->info.number, 10, 0);
    if (r->major > IRP_MJ_MAXIMUM_FUNCTION)
        return out;
    p = text_put(p, end, " (");
    p = text_put(p, end, major_names[r->major]);
    const char *minor = NULL;
    if (r->major == IRP_MJ_PNP && r->minor < sizeof pnp_names / sizeof pnp_names[0])
        minor = pnp_names[r->minor];
    else if (r->major == IRP_MJ_POWER && r->minor < sizeof power_names / sizeof power_names[0])
        minor = power_names[r->minor];
    if (minor) {
        p = text_put(p, end, " ");
        p = text_put(p, end, minor);
    }
    text_put(p, end, ")");
    return out;
}

const char *irp_name(const IRP *irp, char *out, size_t size) { return irp_record_name(irp_record(irp), out, size); }

const char *irp_owner_name(const IRP *irp, char *out, size_t size)
{
    char *p = text_put(out, out + size, "");
    if (irp->CurrentLocation > irp->StackCount || irp->CurrentLocation < 1)
        return text_put(p, out + size, "its creator"), out;
    PDEVICE_OBJECT device = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    if (!device || !ob_is_live(device))
        return text_put(p, out + size, "a device that is gone"), out;
    char name[80];
    p = text_put(p, out + size, rtl_to_ascii(&device->DriverObject->DriverName, name, sizeof name));
    p = text_put(p, out + size, " (device #");
    p = text_number(p, out + size, device_number(device), 10, 0);
    text_put(p, out + size, ")");
    return out;
}

void irp_write_history(const struct irp_record *r)
{
    static const char *const event_names[] = {
        "", "allocated", "sent", "marked pending", "cancel routine set", "cancel routine cleared", "cancelled", "cancel routine called",
        "completed", "completion routine called", "completion stopped", "finished", "freed", "presented"};
    unsigned n = r->info.events < IRP_HISTORY ? r->info.events : IRP_HISTORY, first = r->info.events - n;
    for (unsigned i = 0; i < n; i++) {
        unsigned at = (first + i) % IRP_HISTORY;
        report_line("      %4llu.%03llu ms  %-25s location %u, value 0x%X, by %s at IRQL %u",
                    (unsigned long long)(r->info.history[at].time / CLOCK_MS), (unsigned long long)(r->info.history[at].time / 10 % 1000),
                    event_names[r->info.history[at].event], r->info.history[at].location, r->info.history[at].value, r->info.history[at].by,
                    r->info.history[at].irql);
    }
}

/* ---- DDIs ---- */

PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    gate_enter(DDI_IoAllocateIrp, (uint64_t)StackSize, 0);
    PIRP irp = choose_fault(DDI_IoAllocateIrp) ? NULL : io_allocate_irp(StackSize, ChargeQuota);
    if (irp) {
        struct irp_record *r = irp_record(irp);
        r->allocated_at = CALLER;
        r->major = 0xff;
    }
    gate_leave(trace_object(irp));
    return irp;
}

/* A creator may free or reuse its IRP before it is sent and once its own completion routine has it. */
static void check_not_in_use(PIRP irp, const char *what, uint32_t p1)
{
    struct irp_record *r = irp_require(irp, what, 0xC9, p1 == 0x20A ? 1 : p1);
    char name[64];
    if (irp->CurrentLocation <= irp->StackCount - r->creator_has_location)
        bugcheck(0xC9, p1, r->info.number, 0, 0, p1 == 0x20A ? "V-IO-20A" : "V-IO-310", "%s on %s, which a lower driver still has", what,
                 irp_record_name(r, name, sizeof name));
}

VOID IoFreeIrp(PIRP Irp)
{
    gate_enter(DDI_IoFreeIrp, trace_object(Irp), 0);
    check_not_in_use(Irp, "IoFreeIrp", 0x20A);
    io_free_irp(Irp);
    gate_leave(0);
}

VOID IoReuseIrp(PIRP Irp, NTSTATUS Status)
{
    gate_enter(DDI_IoReuseIrp, trace_object(Irp), (ULONG)Status);
    check_not_in_use(Irp, "IoReuseIrp", 0x310);
    io_reuse_irp(Irp, Status);
    gate_leave(0);
}

VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    gate_enter(DDI_IoInitializeIrp, trace_object(Irp), PacketSize);
    initialize_raw(Irp, PacketSize, StackSize);
    gate_leave(0);
}

/* Nobody goes on before it is completed: the file, or the call that made it, says so. */
BOOLEAN IoIsOperationSynchronous(PIRP Irp)
{
    gate_enter(DDI_IoIsOperationSynchronous, trace_object(Irp), 0);
    irp_require(Irp, "IoIsOperationSynchronous", 0xC9, 0x205);
    PFILE_OBJECT file = io_get_current_irp_stack_location(Irp)->FileObject;
    BOOLEAN synchronous = (file && file->Flags & FO_SYNCHRONOUS_IO) || Irp->Flags & IRP_SYNCHRONOUS_API;
    gate_leave(synchronous);
    return synchronous;
}
