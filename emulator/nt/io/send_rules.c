/*
 * What a driver may send, and where to: requests that it makes, requests that it passes on, and how it answers PnP and power requests, which travel to the PDO
 * (W-PNP-10..12, W-IRP-48). Called from the DDIs, for drivers only.
 */
#include "io.h"

/* PnP and power requests that only the system makes, with the status that they all begin with (W-PNP-10, W-IRP-10, W-IRP-48). */
static void check_system_request(const IRP *irp, const struct irp_record *r, const IO_STACK_LOCATION *next)
{
    static const UCHAR of_pnp_manager[] = {IRP_MN_START_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE,
                                           IRP_MN_STOP_DEVICE, IRP_MN_QUERY_STOP_DEVICE, IRP_MN_CANCEL_STOP_DEVICE, IRP_MN_SURPRISE_REMOVAL, IRP_MN_EJECT};
    char name[64];
    bool pnp = next->MajorFunction == IRP_MJ_PNP, power = next->MajorFunction == IRP_MJ_POWER;
    bool restricted = power && (next->MinorFunction == IRP_MN_SET_POWER || next->MinorFunction == IRP_MN_QUERY_POWER || next->MinorFunction == IRP_MN_WAIT_WAKE);
    if (!pnp && !power && next->MajorFunction != IRP_MJ_SYSTEM_CONTROL)
        return;
    for (unsigned i = 0; pnp && i < sizeof of_pnp_manager; i++)
        restricted |= next->MinorFunction == of_pnp_manager[i];
    if (restricted)
        bugcheck(0xC9, 0x237, r->info.number, next->MajorFunction, next->MinorFunction, "V-IO-237", "%s (major %u, minor %u) is sent by a driver: only the system sends it",
                 irp_record_name(r, name, sizeof name), next->MajorFunction, next->MinorFunction);
    if (irp->IoStatus.Status != STATUS_NOT_SUPPORTED)
        bugcheck(0xC9, pnp ? 0x20E : power ? 0x20F : 0x210, r->info.number, (ULONG)irp->IoStatus.Status, 0,
                 pnp ? "V-IO-20E" : power ? "V-IO-20F" : "V-IO-210",
                 "%s (major %u, minor %u) is sent with the status 0x%08X: it begins with STATUS_NOT_SUPPORTED", irp_record_name(r, name, sizeof name),
                 next->MajorFunction, next->MinorFunction, (ULONG)irp->IoStatus.Status);
}

/* Fields that a bus fills in only if they are as W-PNP-30 wants them beforehand. */
static void check_capabilities(const struct irp_record *r, const IO_STACK_LOCATION *next)
{
    const DEVICE_CAPABILITIES *c = next->Parameters.DeviceCapabilities.Capabilities;
    if (next->MajorFunction != IRP_MJ_PNP || next->MinorFunction != IRP_MN_QUERY_CAPABILITIES)
        return;
    static const char *const rule[] = {"V-IO-233", "V-IO-234", "V-IO-235", "V-IO-236"};
    static const char *const field[] = {"Version is not 1", "Size is too small", "Address is not -1", "UINumber is not -1"};
    int wrong = !c || c->Version != 1 ? 0 : c->Size < sizeof *c ? 1 : c->Address != (ULONG)-1 ? 2 : c->UINumber != (ULONG)-1 ? 3 : -1;
    if (wrong >= 0)
        bugcheck(0xC9, 0x233 + (unsigned)wrong, r->info.number, 0, 0, rule[wrong], "IRP #%u (PNP QUERY_CAPABILITIES) is sent with capabilities whose %s",
                 r->info.number, field[wrong]);
}

/* A request of the kernel's own has the kernel's addresses; an app's would be believed unprobed (V-SEC-3). */
static void check_addresses(const IRP *irp, const struct irp_record *r)
{
    char name[64];
    if (irp->RequestorMode == KernelMode && (memory_is_user(irp->UserBuffer) || memory_is_user(irp->AssociatedIrp.SystemBuffer)))
        bugcheck(0xC4, 0xE2, r->info.number, 0, 0, "V-SEC-3", "%s is sent as KernelMode with an address of an app's", irp_record_name(r, name, sizeof name));
}

/* From a device past the one it is attached to, to another below that. */
static void check_route(PDEVICE_OBJECT to, const IRP *irp, const struct irp_record *r)
{
    char name[64];
    CHAR own = (CHAR)(irp->CurrentLocation - (r->skipped ? 1 : 0));
    if (own < 1 || own > irp->StackCount)
        return;
    PDEVICE_OBJECT from = ((PIO_STACK_LOCATION)(irp + 1) + own - 1)->DeviceObject;
    if (!from || !ob_is_live(from) || !device_of(from)->lower || device_of(from)->lower == to)
        return;
    for (PDEVICE_OBJECT d = device_of(device_of(from)->lower)->lower; d; d = device_of(d)->lower)
        if (d == to)
            bugcheck(0xC9, 0x211, r->info.number, device_number(from), device_number(to), "V-IO-211",
                     "%s is passed from device #%u to device #%u past what lies between: the device that it is attached to is meant",
                     irp_record_name(r, name, sizeof name), device_number(from), device_number(to));
}

/* A CREATE for a file object that is cleaned up, or whose opening a filter cancelled. */
static void check_create(const struct irp_record *r, const IO_STACK_LOCATION *next)
{
    char name[64];
    if (next->MajorFunction == IRP_MJ_CREATE && next->FileObject && next->FileObject->Flags & (FO_CLEANUP_COMPLETE | FO_FILE_OPEN_CANCELLED))
        bugcheck(0xC9, 0xF, r->info.number, 0, 0, "V-IO-0F", "%s is sent for a file object that is closed, or whose opening was cancelled",
                 irp_record_name(r, name, sizeof name));
}

void io_check_made(const IRP *irp, const struct irp_record *r, const IO_STACK_LOCATION *next)
{
    check_create(r, next);
    if (irp->CurrentLocation == irp->StackCount + 1 - r->creator_has_location && r->info.built_by < 2) {
        check_system_request(irp, r, next);
        check_capabilities(r, next);
        check_addresses(irp, r);
    }
}

/* A request of the PnP or power manager; *power tells which. */
static bool is_of_manager(const struct irp_record *r, bool *power)
{
    *power = r->major == IRP_MJ_POWER;
    return r->info.built_by == 3 && (r->major == IRP_MJ_PNP || *power);
}

/* Whoever had it before said something: that is not taken back. */
static void check_not_unsaid(const IRP *irp, const struct irp_record *r, CHAR location, bool power)
{
    char name[64];
    const struct dispatch_frame *f = io_frame_at(r, location);
    if (f && f->status_in != STATUS_NOT_SUPPORTED && irp->IoStatus.Status == STATUS_NOT_SUPPORTED)
        bugcheck(0xC9, power ? 0x21A : 0x216, r->info.number, (ULONG)f->status_in, 0, power ? "V-IO-21A" : "V-IO-216",
                 "the status 0x%08X of %s was made STATUS_NOT_SUPPORTED by device #%u", (ULONG)f->status_in, irp_record_name(r, name, sizeof name),
                 device_number(f->device));
}

void io_check_passed(PDEVICE_OBJECT to, const IRP *irp, const struct irp_record *r)
{
    char name[64];
    bool power;
    check_route(to, irp, r);
    const struct dispatch_frame *f = io_acting_frame(r);
    if (f && !f->passed)
        io_remove_lock_check_passed(r, f);
    CHAR own = (CHAR)(irp->CurrentLocation - (r->skipped ? 1 : 0));
    if (!is_of_manager(r, &power) || own > irp->StackCount)
        return;
    check_not_unsaid(irp, r, own, power);
    if (!power && f && f->location == own)
        io_check_required(irp, r, f->device);
    if (!NT_SUCCESS(irp->IoStatus.Status) && irp->IoStatus.Status != STATUS_NOT_SUPPORTED)
        bugcheck(0xC9, power ? 0x219 : 0x215, r->info.number, (ULONG)irp->IoStatus.Status, 0, power ? "V-IO-219" : "V-IO-215",
                 "%s is passed down with the status 0x%08X: who fails it completes it", irp_record_name(r, name, sizeof name), (ULONG)irp->IoStatus.Status);
}

/* Only the PDO completes one that was not passed down, or who fails it; QUERY_INTERFACE may be served on the way. */
/* A WMI request is for one device of the stack, the others pass it on; the PDO completes what is nobody's (W-WMI-2). */
static void check_provider(const IRP *irp, const struct irp_record *r)
{
    char name[64];
    if (r->major != IRP_MJ_SYSTEM_CONTROL || r->info.built_by != 3 || irp->CurrentLocation > irp->StackCount || irp->CurrentLocation < 1)
        return;
    const IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;
    PDEVICE_OBJECT device = location->DeviceObject;
    if (!device || !ob_is_live(device) || !device_of(device)->lower || location->Parameters.WMI.ProviderId == (ULONG_PTR)device)
        return;
    if (r->deepest >= irp->CurrentLocation)
        bugcheck(0xC9, 0x220, r->info.number, device_number(device), (ULONG)irp->IoStatus.Status, "V-IO-220",
                 "device #%u completed %s, which is for another device of its stack: it is to be passed down", device_number(device),
                 irp_record_name(r, name, sizeof name));
}

void io_check_answered(const IRP *irp, const struct irp_record *r)
{
    char name[64];
    bool power;
    check_provider(irp, r);
    if (!is_of_manager(r, &power) || irp->CurrentLocation > irp->StackCount || irp->CurrentLocation < 1)
        return;
    check_not_unsaid(irp, r, irp->CurrentLocation, power);
    PDEVICE_OBJECT device = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    if (!device || !ob_is_live(device) || !device_of(device)->lower || r->deepest < irp->CurrentLocation)
        return;
    bool untouched = irp->IoStatus.Status == STATUS_NOT_SUPPORTED, success = NT_SUCCESS(irp->IoStatus.Status);
    if (power && !untouched && !success)
        io_check_power_failed(irp, r, device);
    if (!untouched && (!success || (!power && r->minor == IRP_MN_QUERY_INTERFACE)))
        return;
    bugcheck(0xC9, (power ? 0x230 : 0x22D) + (untouched ? 2 : 1), r->info.number, device_number(device), (ULONG)irp->IoStatus.Status,
             power ? untouched ? "V-IO-232" : "V-IO-231" : untouched ? "V-IO-22F" : "V-IO-22E",
             "device #%u completed %s with 0x%08X and did not pass it down: that is the PDO's to answer", device_number(device),
             irp_record_name(r, name, sizeof name), (ULONG)irp->IoStatus.Status);
}
