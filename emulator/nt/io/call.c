/*
 * IoCallDriver and the contract of a dispatch routine (W-IRP-1, W-IRP-20..24).
 *
 * Design: each call of a dispatch routine has a frame on the host's stack, linked into the IRP's record. Completing, passing down and marking
 * pending note themselves in the innermost frame of the stack location concerned, and what the routine returns is judged by that. The frame
 * survives the IRP, since the record is pinned while a frame is linked.
 */
#include "io.h"

#define KERNEL_STACK 0x10000 /* more than a thread may use of its kernel stack below one call */

static bool may_be_sent_at_dispatch(UCHAR major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_INTERNAL_DEVICE_CONTROL ||
           major == IRP_MJ_POWER;
}

static void check_call(PDEVICE_OBJECT device, PIRP irp, struct irp_record *r)
{
    char name[64];
    if (!device)
        bugcheck(0xC9, 0x204, r->info.number, 0, 0, "V-IO-204", "%s was sent to a NULL device object", irp_record_name(r, name, sizeof name));
    if (!ob_is_live(device) || device->Type != IO_TYPE_DEVICE)
        bugcheck(0xC9, 4, r->info.number, 0, 0, "V-IO-04", "%s was sent to something that is no device object (or was deleted)", irp_record_name(r, name, sizeof name));
    if (irp->CancelRoutine)
        bugcheck(0xC9, 0x203, r->info.number, 0, 0, "V-IO-203", "%s was passed down with its cancel routine still set", irp_record_name(r, name, sizeof name));
    if (irp->CurrentLocation <= 1)
        bugcheck(0x35, r->info.number, 0, 0, 0, "W-IRP-1", "%s has no stack location left for device #%u", irp_record_name(r, name, sizeof name), device_number(device));
    if (r->info.finished || irp->CurrentLocation > irp->StackCount + 1)
        bugcheck(0xC9, 0x205, r->info.number, 0, 0, "V-IO-205", "%s was sent although it is completed", irp_record_name(r, name, sizeof name));
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    if (current_ctx->interrupts_off)
        bugcheck(0xC4, 0xC0, r->info.number, 0, 0, "V-IO-13", "%s was sent with interrupts disabled", irp_record_name(r, name, sizeof name));
    if (current_ctx->irql > IRQL_DISPATCH)
        bugcheck(0xC9, 0x10, r->info.number, current_ctx->irql, 0, "W-IRQL-21", "%s was sent at IRQL %u", irp_record_name(r, name, sizeof name), current_ctx->irql);
    if (current_ctx->irql == IRQL_DISPATCH && !may_be_sent_at_dispatch(next->MajorFunction))
        bugcheck(0xC9, 0x23A, r->info.number, next->MajorFunction, 0, "W-IRQL-21", "%s (major %u) was sent at DISPATCH_LEVEL", irp_record_name(r, name, sizeof name),
                 next->MajorFunction);
    if (irp->CurrentLocation <= irp->StackCount && next->CompletionRoutine && r->routine_set_at != irp->CurrentLocation - 1) {
        PIO_STACK_LOCATION own = next + 1;
        if (next->CompletionRoutine == own->CompletionRoutine && next->Context == own->Context && next->Control & 0xe0)
            bugcheck(0xC9, 0x207, r->info.number, 0, 0, "W-IRP-3", "%s: the upper driver's completion routine was copied into the next stack location",
                     irp_record_name(r, name, sizeof name));
    }
}

struct dispatch_frame *io_frame_at(const struct irp_record *r, CHAR location)
{
    struct dispatch_frame *f = r->frames;
    while (f && f->location != location)
        f = f->outer;
    return f;
}

static bool is_linked(const struct irp_record *r, const struct dispatch_frame *frame)
{
    const struct dispatch_frame *f = r->frames;
    while (f && f != frame)
        f = f->outer;
    return f != NULL;
}

NO_FOOTPRINT struct dispatch_frame *io_acting_frame(const struct irp_record *r)
{
    struct dispatch_frame *f = r->frames;
    while (f && (f->ctx != current_ctx || f->top != current_ctx->top || f->gate_depth + 2 != current_ctx->gate_depth))
        f = f->outer;
    return f;
}

void io_check_owner(const IRP *irp, const struct irp_record *r, const char *what, uint32_t p1, const void *caller)
{
    if (!is_driver_code(caller) || irp->CurrentLocation > irp->StackCount || irp->CurrentLocation < 1 || r->info.finished || r->info.completing)
        return;
    PDEVICE_OBJECT owner = irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    if (!owner || !ob_is_live(owner))
        return;
    const struct dispatch_frame *f = io_acting_frame(r);
    struct nt_driver *driver = io_driver_of_code(caller);
    char name[64];
    if ((f && f->passed && f->device != owner) || (driver && owner->DriverObject != &driver->object))
        bugcheck(0xC9, p1, r->info.number, device_number(owner), 0, p1 == 0x229 ? "V-IO-229" : p1 == 0x205 ? "V-IO-205" : "V-IO-209",
                 "%s on %s, which was passed down and is still with device #%u", what, irp_record_name(r, name, sizeof name), device_number(owner));
}

NO_FOOTPRINT static void unlink_frame(struct irp_record *r, struct dispatch_frame *frame)
{
    struct dispatch_frame **at = &r->frames;
    while (*at != frame)
        at = &(*at)->outer;
    *at = frame->outer;
}

/* No status that anybody defined: the reserved bit, or a facility of Windows beyond the last (uninitialised memory, most likely). */
static bool is_odd(NTSTATUS status)
{
    const ULONG s = (ULONG)status;
    return s & 0x10000000 || (!(s & 0x20000000) && (s >> 16 & 0xfff) > 0xff);
}

/* What the dispatch routine of a driver returned against what it did (W-IRP-20..22). */
static void judge(struct irp_record *r, const struct dispatch_frame *f, NTSTATUS s, unsigned device)
{
    char name[64];
    if (machine_lints)
        io_lint_pended(r, f, device);
    if ((ULONG)s == 0xffffffff)
        bugcheck(0xC9, 0x225, r->info.number, (ULONG)s, 0, "V-IO-225", "the dispatch routine of device #%u returned 0xFFFFFFFF for %s", device,
                 irp_record_name(r, name, sizeof name));
    if (is_odd(s))
        bugcheck(0xC9, 0x21B, r->info.number, (ULONG)s, 0, "V-IO-21B", "the dispatch routine of device #%u returned 0x%08X for %s, which is no status", device,
                 (ULONG)s, irp_record_name(r, name, sizeof name));
    if (f->pended && s != STATUS_PENDING)
        bugcheck(0xC9, 0x23E, r->info.number, (ULONG)s, 0, "W-IRP-21", "device #%u marked %s pending but its dispatch routine returned 0x%08X", device,
                 irp_record_name(r, name, sizeof name), (ULONG)s);
    if (s == STATUS_PENDING && !f->pended && !(f->passed && f->passed_status == STATUS_PENDING))
        bugcheck(0xC9, 0x23D, r->info.number, 0, 0, "W-IRP-21", "the dispatch routine of device #%u returned STATUS_PENDING for %s without IoMarkIrpPending",
                 device, irp_record_name(r, name, sizeof name));
    if (f->pended || s == STATUS_PENDING)
        return;
    if (!f->completed && !f->passed)
        bugcheck(0xC9, 0x226, r->info.number, (ULONG)s, 0, "W-IRP-20",
                 "the dispatch routine of device #%u returned 0x%08X for %s, which it neither completed nor passed on nor marked pending", device, (ULONG)s,
                 irp_record_name(r, name, sizeof name));
    NTSTATUS expected = f->completed ? f->completed_status : f->passed_status;
    bool known = f->completed || !f->stopped;
    if (known && s != expected)
        bugcheck(0xC9, 0x224, r->info.number, (ULONG)s, (ULONG)expected, "W-IRP-20",
                 "the dispatch routine of device #%u returned 0x%08X for %s, whose status is 0x%08X", device, (ULONG)s, irp_record_name(r, name, sizeof name),
                 (ULONG)expected);
}

/* A dispatch routine has returned; what it had built and not waited for would write a status block, or set an event, on a stack that is no more (V-IRP-35). */
static void check_built_irps(const void *frame)
{
    const uintptr_t above = (uintptr_t)frame;
    struct nt_thread *thread = ke_current_thread();
    for (LIST_ENTRY *e = thread->irps.Flink; e != &thread->irps; e = e->Flink) {
        PIRP irp = CONTAINING_RECORD(e, IRP, ThreadListEntry);
        struct irp_record *r = irp_record(irp);
        bool iosb_gone = above - (uintptr_t)r->info.user_iosb < KERNEL_STACK, event_gone = above - (uintptr_t)irp->UserEvent < KERNEL_STACK;
        if (r->info.built_by == 1 && !r->info.finished && (iosb_gone || event_gone))
            bugcheck(0xC9, iosb_gone ? 0xC : 0xD, r->info.number, 0, 0, "V-IRP-35",
                     "a routine returned while IRP #%u, which it had built, is still under way: its %s lies on the routine's stack", r->info.number,
                     iosb_gone ? "status block" : "event");
    }
}

static NTSTATUS call_dispatch(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp)
{
    if (!is_driver_code(routine))
        return routine(device, irp);
    struct callback_frame frame;
    callback_enter(&frame, DDI_Dispatch, routine, irp);
    NTSTATUS status = routine(device, irp);
    callback_leave(&frame, (ULONG)status);
    return status;
}

NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoCallDriver", 0xC9, 0x205);
    check_call(device, irp, r);
    /* After IoSkipCurrentIrpStackLocation the sender's frame has the location that is used again. */
    struct dispatch_frame *sender = io_frame_at(r, (CHAR)(irp->CurrentLocation - (r->skipped ? 1 : 0)));
    r->skipped = r->next_prepared = false;
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    r->major = location->MajorFunction;
    r->minor = location->MinorFunction;
    r->info.completing = false;
    PDRIVER_DISPATCH routine = location->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION ? device->DriverObject->MajorFunction[location->MajorFunction]
                                                                                 : io_invalid_device_request;
    struct dispatch_frame frame = {.outer = r->frames, .location = irp->CurrentLocation, .device = device, .ctx = current_ctx,
                                   .top = current_ctx->top, .gate_depth = current_ctx->gate_depth, .status_in = irp->IoStatus.Status};
    if (frame.location < r->deepest)
        r->deepest = frame.location;
    r->frames = &frame;
    irp_note(irp, IRP_SENT, device_number(device), routine);
    unsigned number = device_number(device);
    bool driver = is_driver_code(routine);
    ob_reference(device); /* the device may delete itself in its dispatch routine */
    hb_release(irp);
    hb_acquire(irp);
    NTSTATUS status = call_dispatch(routine, device, irp);
    if (driver && ke_current_thread()->built_irps)
        check_built_irps(&frame);
    if (sender && is_linked(r, sender)) { /* its routine may have returned meanwhile */
        sender->passed = true;
        sender->passed_status = status;
    }
    unlink_frame(r, &frame);
    if (frame.locks_taken)
        io_remove_lock_frame_ends(r, &frame, !frame.pended && status != STATUS_PENDING && (frame.completed || (frame.passed && !frame.stopped)));
    if (driver)
        judge(r, &frame, status, number);
    if (frame.pended && driver)
        io_check_wait_wake_kept(r, device);
    ob_dereference(device);
    return status;
}

/* For complete.c: events of the location, seen by the routine whose call is still running. */
void io_frame_completed(struct irp_record *r, CHAR location, NTSTATUS status)
{
    struct dispatch_frame *f = io_frame_at(r, location);
    if (f) {
        f->completed = true;
        f->completed_status = status;
    }
}

void io_frame_stopped(struct irp_record *r, CHAR location)
{
    for (struct dispatch_frame *f = r->frames; f; f = f->outer)
        if (f->location == location) {
            f->stopped = true;
            f->completed = false;
        }
}

/* After IoSkipCurrentIrpStackLocation there is nothing of the driver's own left to change. */
NO_FOOTPRINT static void check_not_skipped(struct irp_record *r, const char *what)
{
    char name[64];
    if (r->skipped)
        bugcheck(0xC9, 0x206, r->info.number, 0, 0, "V-IRP-20", "%s on %s after IoSkipCurrentIrpStackLocation", what, irp_record_name(r, name, sizeof name));
}

void io_mark_irp_pending(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoMarkIrpPending", 0xC9, 0x205);
    check_not_skipped(r, "IoMarkIrpPending");
    if (r->info.finished)
        bugcheck(0x44, r->info.number, 0, 0, 0, "V-IRP-11", "IoMarkIrpPending on IRP #%u, which is completed: marking comes first", r->info.number);
    if (irp->CurrentLocation > irp->StackCount)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-IRP-21", "IoMarkIrpPending on IRP #%u by its creator, which has no stack location", r->info.number);
    irp->Tail.Overlay.CurrentStackLocation->Control |= SL_PENDING_RETURNED;
    struct dispatch_frame *f = io_frame_at(r, irp->CurrentLocation);
    if (f)
        f->pended = true;
    irp_note(irp, IRP_PENDED, 0, NULL);
}

/* ---- Stack locations ---- */

PIO_STACK_LOCATION io_get_current_irp_stack_location(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoGetCurrentIrpStackLocation", 0xC9, 0x205);
    if (irp->CurrentLocation > irp->StackCount + 1)
        bugcheck(0x44, r->info.number, 0, 0, 0, "W-IRP-2", "IoGetCurrentIrpStackLocation on IRP #%u, which is completed", r->info.number);
    return irp->Tail.Overlay.CurrentStackLocation;
}

PIO_STACK_LOCATION io_get_next_irp_stack_location(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoGetNextIrpStackLocation", 0xC9, 0x205);
    if (irp->CurrentLocation <= 1)
        bugcheck(0xC9, 0x208, r->info.number, 0, 0, "V-IO-208", "IRP #%u has no next stack location", r->info.number);
    return irp->Tail.Overlay.CurrentStackLocation - 1;
}

void io_skip_current_irp_stack_location(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoSkipCurrentIrpStackLocation", 0xC9, 0x205);
    if (irp->CurrentLocation > irp->StackCount)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-IRP-20", "IoSkipCurrentIrpStackLocation on IRP #%u, which has no current location to skip",
                 r->info.number);
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    r->skipped = true;
}

void io_set_next_irp_stack_location(PIRP irp)
{
    (void)io_get_next_irp_stack_location(irp);
    irp->CurrentLocation--;
    irp->Tail.Overlay.CurrentStackLocation--;
    irp_record(irp)->skipped = false;
}

void io_copy_current_irp_stack_location_to_next(PIRP irp)
{
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    memcpy(next, next + 1, offsetof(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
    irp_record(irp)->next_prepared = true;
}

void io_set_completion_routine(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context, BOOLEAN success, BOOLEAN error, BOOLEAN cancel)
{
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    check_not_skipped(irp_record(irp), "IoSetCompletionRoutine");
    next->CompletionRoutine = routine;
    next->Context = context;
    next->Control = (UCHAR)((success ? SL_INVOKE_ON_SUCCESS : 0) | (error ? SL_INVOKE_ON_ERROR : 0) | (cancel ? SL_INVOKE_ON_CANCEL : 0));
    irp_record(irp)->routine_set_at = (CHAR)(irp->CurrentLocation - 1);
    struct dispatch_frame *f = io_frame_at(irp_record(irp), irp->CurrentLocation);
    if (f)
        f->has_routine = true;
}

/* ---- DDIs ---- */

/* What a driver must have done before it sends an IRP (W-IRP-4, V-IRP-32). */
static void check_prepared(PDEVICE_OBJECT device, PIRP irp, struct irp_record *r, const void *caller)
{
    char name[64];
    if (r->ex_failed)
        bugcheck(0xC4, 0x4100F, r->info.number, 0, 0, "V-IRP-39", "%s was sent although IoSetCompletionRoutineEx had failed for it",
                 irp_record_name(r, name, sizeof name));
    r->ex_registered = false;
    if (is_driver_code(caller))
        io_check_passed(device, irp, r);
    if (r->skipped) /* the location above stands for the current one */
        return;
    io_check_owner(irp, r, "IoCallDriver", 0x205, caller);
    if (!is_driver_code(caller) || irp->CurrentLocation <= 1 || irp->CurrentLocation > irp->StackCount + 1)
        return;
    if (irp->CurrentLocation <= irp->StackCount && !r->next_prepared)
        bugcheck(0xC9, 0x206, r->info.number, 0, 0, "V-IRP-20", "%s was passed down with its next stack location neither copied, skipped nor filled in",
                 irp_record_name(r, name, sizeof name));
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    io_check_made(irp, r, next);
    if (irp->CurrentLocation == irp->StackCount + 1 && r->info.built_by == 0 && !next->CompletionRoutine)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-IRP-32", "%s, which the driver allocated, was sent without a completion routine",
                 irp_record_name(r, name, sizeof name));
    if (r->info.built_by == 1 && irp->CurrentLocation == irp->StackCount + 1 && (current_ctx->irql >= IRQL_APC || current_ctx->special_apc_disable))
        bugcheck(0xC9, 0x302, r->info.number, current_ctx->irql, 0, "W-IRQL-22",
                 "%s is sent where its completion, a special kernel APC, cannot come (IRQL %u, or a guarded region)", irp_record_name(r, name, sizeof name),
                 current_ctx->irql);
}

NTSTATUS IoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    gate_enter(DDI_IoCallDriver, trace_object(DeviceObject), trace_object(Irp));
    struct irp_record *r = irp_require(Irp, "IoCallDriver", 0xC9, 0x205);
    check_prepared(DeviceObject, Irp, r, CALLER);
    const bool own = r->info.built_by == 1 && Irp->CurrentLocation == Irp->StackCount + 1;
    const bool signalled = own && Irp->UserEvent && Irp->UserEvent->Header.SignalState;
    const uint32_t number = r->info.number;
    NTSTATUS status = io_call_driver(DeviceObject, Irp);
    if (signalled && status == STATUS_PENDING)
        bugcheck(0xC9, 0x307, number, 0, 0, "V-IO-307", "IRP #%u is pending, and the event to wait for it was signalled before it was sent", number);
    gate_leave((ULONG)status);
    return status;
}

VOID IoMarkIrpPending(PIRP Irp)
{
    gate_enter(DDI_IoMarkIrpPending, trace_object(Irp), 0);
    struct irp_record *r = irp_require(Irp, "IoMarkIrpPending", 0xC9, 0x205);
    io_check_owner(Irp, r, "IoMarkIrpPending", 0x205, CALLER);
    io_mark_irp_pending(Irp);
    gate_leave(0);
}

PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP Irp)
{
    gate_enter(DDI_IoGetCurrentIrpStackLocation, trace_object(Irp), 0);
    PIO_STACK_LOCATION location = io_get_current_irp_stack_location(Irp);
    gate_leave(0);
    return location;
}

PIO_STACK_LOCATION IoGetNextIrpStackLocation(PIRP Irp)
{
    gate_enter(DDI_IoGetNextIrpStackLocation, trace_object(Irp), 0);
    PIO_STACK_LOCATION location = io_get_next_irp_stack_location(Irp);
    irp_record(Irp)->next_prepared = true;
    gate_leave(0);
    return location;
}

VOID IoSkipCurrentIrpStackLocation(PIRP Irp)
{
    gate_enter(DDI_IoSkipCurrentIrpStackLocation, trace_object(Irp), 0);
    io_skip_current_irp_stack_location(Irp);
    gate_leave(0);
}

VOID IoSetNextIrpStackLocation(PIRP Irp)
{
    gate_enter(DDI_IoSetNextIrpStackLocation, trace_object(Irp), 0);
    irp_record(Irp)->creator_has_location |= Irp->CurrentLocation == Irp->StackCount + 1;
    io_set_next_irp_stack_location(Irp);
    gate_leave(0);
}

VOID IoCopyCurrentIrpStackLocationToNext(PIRP Irp)
{
    gate_enter(DDI_IoCopyCurrentIrpStackLocationToNext, trace_object(Irp), 0);
    io_copy_current_irp_stack_location_to_next(Irp);
    gate_leave(0);
}

/* It is called at whatever level the lower driver completes at. */
static void check_routine(const IRP *irp, PIO_COMPLETION_ROUTINE routine)
{
    if (is_pageable_code((const void *)routine))
        bugcheck(0xC9, 0x227, irp_record(irp)->info.number, 0, 0, "V-IO-227", "the completion routine for IRP #%u is pageable code (alloc_text PAGE)",
                 irp_record(irp)->info.number);
}

VOID IoSetCompletionRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                            BOOLEAN InvokeOnCancel)
{
    gate_enter(DDI_IoSetCompletionRoutine, trace_object(Irp), 0);
    if (machine_lints & LINT_COMPLETION_ROUTINE) {
        struct nt_driver *driver = io_driver_of_code(CALLER);
        if (driver && !driver->extension.AddDevice)
            bugcheck(OWN_RULE, 0, 0, 0, 0, "V-IRP-41", "IoSetCompletionRoutine in a driver that may be unloaded at any time: IoSetCompletionRoutineEx is meant");
    }
    irp_require(Irp, "IoSetCompletionRoutine", 0xC9, 0x205);
    check_routine(Irp, CompletionRoutine);
    io_set_completion_routine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    gate_leave(0);
}

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                  BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    gate_enter(DDI_IoSetCompletionRoutineEx, trace_object(DeviceObject), trace_object(Irp));
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    struct irp_record *r = irp_require(Irp, "IoSetCompletionRoutineEx", 0xC9, 0x205);
    if (!r->skipped && Irp->CurrentLocation <= Irp->StackCount && Irp->Tail.Overlay.CurrentStackLocation->DeviceObject != DeviceObject)
        bugcheck(OWN_RULE, r->info.number, device_number(DeviceObject), 0, 0, "V-IRP-40",
                 "IoSetCompletionRoutineEx on IRP #%u with device #%u, which is not the device that sends it", r->info.number,
                 device_number(DeviceObject));
    check_routine(Irp, CompletionRoutine);
    r->ex_failed = choose_fault(DDI_IoSetCompletionRoutineEx);
    if (!r->ex_failed) {
        io_set_completion_routine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
        r->ex_registered = true;
        status = STATUS_SUCCESS;
    }
    gate_leave((ULONG)status);
    return status;
}
