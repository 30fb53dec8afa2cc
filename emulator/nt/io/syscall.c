/* The system calls that win32 stands on: read, write, control, cancel, rundown (W-CMP-7..10, W-FIL-5, 20, 21). */
#include "io.h"

#define CANCEL_LIMIT (300ll * (long long)CLOCK_SECOND) /* W-FIL-20: about five minutes */

/* False: the thread was asked to end while it waited. */
static bool lock_file(PFILE_OBJECT file)
{
    while (file->Busy) {
        file->Waiters++;
        NTSTATUS status = ke_wait_interruptible(&file->Lock, "the file, which is in use by another thread");
        file->Waiters--;
        if (status == STATUS_THREAD_IS_TERMINATING)
            return false;
    }
    file->Busy = TRUE;
    return true;
}

static void unlock_file(PFILE_OBJECT file)
{
    file->Busy = FALSE;
    if (file->Waiters)
        ke_set_event(&file->Lock, 0, FALSE);
}

static PIRP build(const struct io_target_file *to, UCHAR major, PDEVICE_OBJECT *top)
{
    *top = io_get_attached_device(to->file->DeviceObject);
    PIRP irp = io_allocate_irp((*top)->StackSize, TRUE);
    if (!irp)
        return NULL;
    struct irp_record *r = irp_record(irp);
    struct nt_thread *thread = ke_current_thread();
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    r->info.built_by = 2;
    r->info.user_event = to->event;
    r->info.apc_routine = to->apc_routine;
    r->info.apc_context = to->apc_context;
    r->info.user_iosb = to->iosb;
    r->major = major;
    irp->UserIosb = to->iosb;
    irp->RequestorMode = thread->process ? UserMode : KernelMode;
    irp->Tail.Overlay.OriginalFileObject = to->file;
    irp->Flags = IRP_DEFER_IO_COMPLETION | (to->file->Flags & FO_SYNCHRONOUS_IO ? IRP_SYNCHRONOUS_API : 0);
    next->MajorFunction = major;
    next->FileObject = to->file;
    ob_reference(to->file);
    io_handle_used(to->file);
    if (to->event)
        ob_reference(to->event);
    irp_link_to_thread(r, thread);
    return irp;
}

/* Set-up failed: no driver saw the IRP. */
static void discard(PIRP irp)
{
    struct irp_record *r = irp_record(irp);
    PVOID event = r->info.user_event;
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    io_release_buffers(irp);
    irp_unlink_from_thread(r);
    io_free_irp(irp);
    if (event)
        ob_dereference(event);
    ob_dereference(file);
}

/* The IRP holds the only reference of an asynchronous file: with STATUS_PENDING both may be gone. The caller holds a synchronous one. */
static NTSTATUS send(PIRP irp, PDEVICE_OBJECT top, const struct io_target_file *to)
{
    struct irp_record *r = irp_record(irp);
    PFILE_OBJECT file = to->file;
    const bool synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    char why[80];
    uint32_t number = r->info.number;
    ke_reset_event(&file->Event);
    if (to->event)
        ke_reset_event(to->event);
    irp_pin(r);
    NTSTATUS status = io_call_driver(top, irp);
    if (status != STATUS_PENDING) {
        if (!r->live || r->irp != irp || !r->info.finished)
            bugcheck(0xC9, 0x226, number, (ULONG)status, 0, "W-IRP-20", "%s came back with status 0x%08X without being completed",
                     irp_record_name(r, why, sizeof why), (ULONG)status);
        hb_acquire(irp);
        status = irp->IoStatus.Status;
        io_finish_in_thread(irp, false);
    } else if (synchronous) {
        if (r->live) {
            char *p = why + strlen(irp_record_name(r, why, sizeof why));
            text_put(p, why + sizeof why, " to complete");
            /* Asked to end, the thread has what it waits for cancelled, and goes on waiting: the request must not outlive the call. */
            if (ke_wait_interruptible(&file->Event, why) == STATUS_THREAD_IS_TERMINATING) {
                if (r->live && !r->info.finished && !irp->Cancel)
                    io_cancel_irp(irp);
                ke_wait_internal(&file->Event, why);
            }
        }
        status = file->FinalStatus;
    }
    irp_unpin(r);
    return status;
}

/* The lock keeps a synchronous file until the wait is over. */
static NTSTATUS send_in_turn(PIRP irp, PDEVICE_OBJECT top, const struct io_target_file *to)
{
    PFILE_OBJECT file = to->file;
    if (!lock_file(file)) {
        discard(irp);
        return STATUS_CANCELLED;
    }
    ob_reference(file);
    NTSTATUS status = send(irp, top, to);
    unlock_file(file);
    ob_dereference(file);
    return status;
}

static NTSTATUS synchronized(const struct io_target_file *to, PIRP irp, PDEVICE_OBJECT top, NTSTATUS set_up)
{
    if (!NT_SUCCESS(set_up)) {
        discard(irp);
        return set_up;
    }
    return to->file->Flags & FO_SYNCHRONOUS_IO ? send_in_turn(irp, top, to) : send(irp, top, to);
}

NTSTATUS io_read_write_file(const struct io_target_file *to, bool write, void *buffer, ULONG length, const LARGE_INTEGER *offset)
{
    PDEVICE_OBJECT top;
    PIRP irp = build(to, write ? IRP_MJ_WRITE : IRP_MJ_READ, &top);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    LARGE_INTEGER at = offset ? *offset : to->file->CurrentByteOffset;
    if (write) {
        next->Parameters.Write.Length = length;
        next->Parameters.Write.ByteOffset = at;
    } else {
        next->Parameters.Read.Length = length;
        next->Parameters.Read.ByteOffset = at;
    }
    irp_record(irp)->output_limit = length;
    NTSTATUS status = io_set_up_transfer(irp, top, write, buffer, length);
    return synchronized(to, irp, top, status);
}

/* What the code's function does is the driver's to say; data that it takes and did not refuse were meant for something (V-SEC-10). */
static void lint_access(ULONG code, ULONG in_length, ULONG out_length, NTSTATUS status)
{
    const bool writes = (code & 3) == METHOD_IN_DIRECT ? out_length != 0 : in_length && !out_length;
    if ((code >> 14 & 3) == FILE_ANY_ACCESS && writes && NT_SUCCESS(status))
        bugcheck(OWN_RULE, code, in_length, out_length, 0, "V-SEC-10", "the control code 0x%X takes data, and whoever can open the device may send it (FILE_ANY_ACCESS)",
                 code);
}

NTSTATUS io_device_io_control_file(const struct io_target_file *to, ULONG code, void *in, ULONG in_length, void *out, ULONG out_length)
{
    PDEVICE_OBJECT top;
    ULONG access = code >> 14 & 3;
    if ((access & FILE_READ_ACCESS && !to->file->ReadAccess) || (access & FILE_WRITE_ACCESS && !to->file->WriteAccess))
        return STATUS_ACCESS_DENIED;
    PIRP irp = build(to, IRP_MJ_DEVICE_CONTROL, &top);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp_record(irp)->output_limit = out_length;
    NTSTATUS status = io_set_up_control(irp, code, in, in_length, out, out_length);
    status = synchronized(to, irp, top, status);
    if (machine_lints & LINT_ACCESS)
        lint_access(code, in_length, out_length, status);
    return status;
}

/* ---- Cancel ---- */

static void wait_gone(struct irp_record *r)
{
    LARGE_INTEGER limit = {.QuadPart = -CANCEL_LIMIT};
    char name[64];
    if (ke_wait_for_single_object(&r->info.done, Executive, KernelMode, FALSE, &limit) == STATUS_TIMEOUT)
        bugcheck(0xC4, 0x135, r->info.number, 0, CANCEL_LIMIT / (long long)CLOCK_MS, "V-CAN-6", "%s was cancelled and is not completed after 300 seconds",
                 irp_record_name(r, name, sizeof name));
}

ULONG io_cancel_file(PFILE_OBJECT file, PIO_STATUS_BLOCK iosb, bool by_thread, bool wait)
{
    struct irp_record *list[64];
    uint32_t number[64];
    unsigned n = 0;
    struct nt_thread *self = ke_current_thread();
    for (struct irp_record *r = irp_first_record(); r && n < 64; r = r->next) {
        if (r->irp->Tail.Overlay.OriginalFileObject != file || r->info.built_by != 2 || !r->info.on_thread_list || r->info.finished)
            continue;
        if ((iosb && r->info.user_iosb != iosb) || (by_thread && r->info.issuer != self))
            continue;
        if (!by_thread && r->info.issuer->process != self->process)
            continue;
        irp_pin(r);
        list[n] = r;
        number[n++] = r->info.number;
    }
    for (unsigned i = 0; i < n; i++)
        if (list[i]->live && list[i]->info.number == number[i] && !list[i]->info.finished)
            io_cancel_irp(list[i]->irp);
    for (unsigned i = 0; i < n; i++) {
        if (wait && list[i]->live && list[i]->info.number == number[i])
            wait_gone(list[i]);
        irp_unpin(list[i]);
    }
    return n;
}

void io_rundown_thread(struct nt_thread *thread)
{
    struct irp_record *list[64];
    while (!IsListEmpty(&thread->irps)) {
        unsigned n = 0;
        for (PLIST_ENTRY e = thread->irps.Flink; e != &thread->irps && n < 64; e = e->Flink) {
            list[n] = irp_record(CONTAINING_RECORD(e, IRP, ThreadListEntry));
            irp_pin(list[n++]);
        }
        for (unsigned i = 0; i < n; i++)
            if (list[i]->live && !list[i]->info.finished)
                io_cancel_irp(list[i]->irp);
        for (unsigned i = 0; i < n; i++) {
            if (list[i]->live)
                wait_gone(list[i]);
            irp_unpin(list[i]);
        }
    }
}
