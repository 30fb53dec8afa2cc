/*
 * Completion: the walk up the stack (W-CMP-1..6), the final stage (W-CMP-7) and the stage in the requester's thread (W-CMP-8..10).
 *
 * Design: an IRP of the PnP or power manager ends in its record's `finish`; one that the I/O manager waits for itself ends by its `done`
 * event; every other goes through io_finish_in_thread(), either inline in the system call that issued it (completed before the dispatch
 * routine returned, not pended) or as a special kernel APC of the issuing thread.
 */
#include "io.h"

void (*io_port_hook)(PFILE_OBJECT file, void *apc_context, PIO_STATUS_BLOCK iosb);

static void check_complete(PIRP irp, struct irp_record *r)
{
    char name[64];
    if (irp->CurrentLocation > irp->StackCount + 1 || r->info.finished)
        bugcheck(0x44, r->info.number, 0, 0, 0, "W-CMP-1", "%s was completed twice", irp_record_name(r, name, sizeof name));
    if (r->info.completing)
        bugcheck(0x44, r->info.number, 0, 0, 0, "W-CMP-1", "%s was completed again while its completion goes on", irp_record_name(r, name, sizeof name));
    if (irp->IoStatus.Status == STATUS_PENDING || (ULONG)irp->IoStatus.Status == 0xffffffff)
        bugcheck(0xC9, 6, r->info.number, (ULONG)irp->IoStatus.Status, 0, "V-IO-06", "%s was completed with status 0x%08X",
                 irp_record_name(r, name, sizeof name), (ULONG)irp->IoStatus.Status);
    if (irp->CancelRoutine)
        bugcheck(0xC9, 7, r->info.number, 0, 0, "V-IO-07", "%s was completed with its cancel routine still set", irp_record_name(r, name, sizeof name));
    if (current_ctx->irql > IRQL_DISPATCH)
        bugcheck(0xC9, 0xE, r->info.number, current_ctx->irql, 0, "V-IO-0E", "%s was completed at IRQL %u", irp_record_name(r, name, sizeof name),
                 current_ctx->irql);
}

static bool routine_wanted(const IRP *irp, UCHAR control)
{
    return (NT_SUCCESS(irp->IoStatus.Status) && control & SL_INVOKE_ON_SUCCESS) || (!NT_SUCCESS(irp->IoStatus.Status) && control & SL_INVOKE_ON_ERROR) ||
           (irp->Cancel && control & SL_INVOKE_ON_CANCEL);
}

static NTSTATUS call_completion_routine(PIO_COMPLETION_ROUTINE routine, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (!is_driver_code(routine))
        return routine(device, irp, context);
    struct callback_frame frame;
    callback_enter(&frame, DDI_IoCompletion, routine, irp);
    NTSTATUS status = routine(device, irp, context);
    callback_leave(&frame, (ULONG)status);
    return status;
}

/* The routine said "go on": the IRP must still be here, at the same place, and a pended one must be marked (W-IRP-24). */
static void check_continued(PIRP irp, struct irp_record *r, PIO_COMPLETION_ROUTINE routine, CHAR location)
{
    char name[64];
    if (!r->live || r->irp != irp || irp->CurrentLocation != location)
        bugcheck(0x44, r->info.number, 0, 0, 0, "W-CMP-5", "a completion routine of %s completed, freed or sent it and returned as if it went on",
                 irp_record_name(r, name, sizeof name));
    if (is_driver_code(routine) && irp->PendingReturned && location <= irp->StackCount &&
        !(irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED))
        bugcheck(0xC9, 0x228, r->info.number, 0, 0, "W-IRP-24", "a completion routine of %s did not call IoMarkIrpPending although PendingReturned is set",
                 irp_record_name(r, name, sizeof name));
}

static void finish(PIRP irp, struct irp_record *r);

void io_complete_request(PIRP irp, CCHAR boost)
{
    (void)boost;
    struct irp_record *r = irp_require(irp, "IoCompleteRequest", 0x44, 0);
    check_complete(irp, r);
    irp_note(irp, IRP_COMPLETED, (ULONG)irp->IoStatus.Status, NULL);
    io_frame_completed(r, irp->CurrentLocation, irp->IoStatus.Status);
    hb_release(irp);
    r->info.completing = true;
    irp_pin(r);
    while (irp->CurrentLocation <= irp->StackCount) {
        PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
        UCHAR control = location->Control;
        PIO_COMPLETION_ROUTINE routine = location->CompletionRoutine;
        PVOID context = location->Context;
        irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        location->MinorFunction = location->Flags = 0;
        location->Control = control & SL_ERROR_RETURNED;
        memset(&location->Parameters, 0, sizeof location->Parameters);
        location->FileObject = NULL;
        CHAR upper = irp->CurrentLocation;
        if (routine && routine_wanted(irp, control)) {
            PDEVICE_OBJECT device = upper <= irp->StackCount ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
            irp_note(irp, IRP_COMPLETION_ROUTINE_CALLED, (ULONG)irp->IoStatus.Status, routine);
            r->info.completing = false; /* the routine may stop and complete again */
            r->stopped_status = irp->IoStatus.Status;
            hb_acquire(irp);
            NTSTATUS status = call_completion_routine(routine, device, irp, context);
            if (status == STATUS_MORE_PROCESSING_REQUIRED) {
                io_frame_stopped(r, upper);
                irp_unpin(r);
                return;
            }
            r->stopped_status = 0;
            check_continued(irp, r, routine, upper);
            hb_release(irp);
            r->info.completing = true;
        } else if (irp->PendingReturned && upper <= irp->StackCount) {
            irp->Tail.Overlay.CurrentStackLocation->Control |= SL_PENDING_RETURNED;
        }
        io_frame_completed(r, upper, irp->IoStatus.Status);
    }
    irp->CurrentLocation++; /* beyond StackCount + 1: completed */
    finish(irp, r);
    irp_unpin(r);
}

static void finish_apc(struct nt_apc *apc)
{
    PIRP irp = apc->context;
    hb_acquire(irp);
    io_finish_in_thread(irp, true);
}

static void finish(PIRP irp, struct irp_record *r)
{
    char name[64];
    irp_note(irp, IRP_FINISHED, (ULONG)irp->IoStatus.Status, NULL);
    hb_release(irp);
    r->info.finished = true;
    if (r->finish) {
        r->finish(irp);
        return;
    }
    if (r->info.built_by == 0)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-IRP-33",
                 "%s was made by IoAllocateIrp and completed to its end: its completion routine must return STATUS_MORE_PROCESSING_REQUIRED",
                 irp_record_name(r, name, sizeof name));
    if (irp->MdlAddress && irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED)
        for (PMDL mdl = irp->MdlAddress; mdl; mdl = mdl->Next)
            mm_unlock_pages(mdl);
    if (r->info.synchronous || (irp->Flags & IRP_DEFER_IO_COMPLETION && !irp->PendingReturned)) {
        ke_set_event(&r->info.done, 0, FALSE);
        return; /* the system call goes on with it */
    }
    r->info.apc = (struct nt_apc){.run = finish_apc, .context = irp};
    ke_queue_kernel_apc(r->info.issuer, &r->info.apc);
}

static void run_user_apc(struct nt_apc *apc)
{
    struct { struct nt_apc apc; void (*routine)(void *, PIO_STATUS_BLOCK, ULONG); void *context; PIO_STATUS_BLOCK iosb; } *user = (void *)apc;
    void (*routine)(void *, PIO_STATUS_BLOCK, ULONG) = user->routine;
    void *context = user->context;
    PIO_STATUS_BLOCK iosb = user->iosb;
    ex_system_free(user);
    if (!is_driver_code(routine)) {
        routine(context, iosb, 0);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_UserApc, routine, NULL);
    routine(context, iosb, 0);
    callback_leave(&frame, 0);
}

static void queue_user_apc(const struct irp_info *info, struct nt_thread *thread)
{
    struct { struct nt_apc apc; PVOID routine; PVOID context; PIO_STATUS_BLOCK iosb; } *user = ex_system_alloc(sizeof *user);
    if (!user)
        return;
    user->apc = (struct nt_apc){.user = true, .run = run_user_apc};
    user->routine = info->apc_routine;
    user->context = info->apc_context;
    user->iosb = info->user_iosb;
    ke_queue_user_apc(thread, &user->apc);
}

/* Status block, event, APC, packet (W-CMP-8, W-CMP-9). */
static void deliver(PIRP irp, struct irp_record *r, bool dispatch_pended)
{
    const struct irp_info *info = &r->info;
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    if (NT_ERROR(irp->IoStatus.Status) && !dispatch_pended)
        return;
    if (info->user_iosb) {
        msan_define(info->user_iosb, sizeof *info->user_iosb);
        *info->user_iosb = irp->IoStatus;
        hb_release(info->user_iosb);
    }
    if (file && file->Flags & FO_SYNCHRONOUS_IO)
        file->FinalStatus = irp->IoStatus.Status;
    if (info->user_event) {
        ke_set_event(info->user_event, 0, FALSE);
        if (file && file->Flags & FO_SYNCHRONOUS_IO)
            ke_set_event(&file->Event, 0, FALSE);
    } else if (file) {
        if (!(file->Flags & FO_SKIP_SET_EVENT) || file->Flags & FO_SYNCHRONOUS_IO)
            ke_set_event(&file->Event, 0, FALSE);
    } else if (irp->UserEvent) {
        ke_set_event(irp->UserEvent, 0, FALSE);
    }
    /* W-U-10: such a file wants no packet for what ended well before the call came back. */
    bool told_by_return = file && file->Flags & FO_SKIP_COMPLETION_PORT && !dispatch_pended && NT_SUCCESS(irp->IoStatus.Status);
    if (info->apc_routine)
        queue_user_apc(info, info->issuer);
    else if (file && file->CompletionContext && info->apc_context && io_port_hook && !told_by_return)
        io_port_hook(file, info->apc_context, info->user_iosb);
}

void io_finish_in_thread(PIRP irp, bool dispatch_pended)
{
    struct irp_record *r = irp_record(irp);
    irp_pin(r);
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    PVOID event = r->info.user_event;
    io_copy_back(irp);
    io_release_buffers(irp);
    irp_unlink_from_thread(r);
    deliver(irp, r, dispatch_pended);
    ke_set_event(&r->info.done, 0, FALSE);
    io_free_irp(irp);
    if (event)
        ob_dereference(event);
    if (file)
        ob_dereference(file);
    irp_unpin(r);
}

VOID IoCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    gate_enter(DDI_IoCompleteRequest, trace_object(Irp), 0);
    struct irp_record *r = irp_require(Irp, "IoCompleteRequest", 0x44, 0);
    char name[64];
    io_check_cancel_routine(Irp, r);
    io_check_owner(Irp, r, "IoCompleteRequest", 0x209, CALLER);
    if (is_driver_code(CALLER))
        io_check_answered(Irp, r);
    if (r->ex_registered)
        bugcheck(0xC4, 0x62, r->info.number, 0, 0, "V-IRP-31", "%s was completed after IoSetCompletionRoutineEx without being sent: what that allocated leaks",
                 irp_record_name(r, name, sizeof name));
    r->ex_failed = false;
    if (machine_lints & LINT_INFORMATION && NT_ERROR(Irp->IoStatus.Status) && Irp->IoStatus.Information)
        bugcheck(OWN_RULE, r->info.number, (ULONG)Irp->IoStatus.Status, Irp->IoStatus.Information, 0, "V-BUF-4",
                 "%s was completed with the error 0x%08X and an Information that is not 0", irp_record_name(r, name, sizeof name),
                 (ULONG)Irp->IoStatus.Status);
    if (machine_lints & LINT_STATUS && r->stopped_status < 0 && NT_SUCCESS(Irp->IoStatus.Status))
        bugcheck(OWN_RULE, r->info.number, (ULONG)r->stopped_status, 0, 0, "V-IRP-3", "%s was completed with success, the lower driver's status was 0x%08X",
                 irp_record_name(r, name, sizeof name), (ULONG)r->stopped_status);
    if (is_driver_code(CALLER) && current_ctx->spinlocks_held)
        bugcheck(OWN_RULE, r->info.number, current_ctx->spinlocks_held, 0, 0, "V-LCK-9", "IoCompleteRequest on %s while a spin lock is held",
                 irp_record_name(r, name, sizeof name));
    io_complete_request(Irp, PriorityBoost);
    gate_leave(0);
}
