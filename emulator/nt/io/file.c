/*
 * File objects: create, cleanup, close (W-FIL-1..8), share access.
 *
 * A file object is born with one reference, which goes to whoever called io_create_file. Handles count separately: the last one to close sends
 * CLEANUP, the last reference CLOSE. Every IRP holds a reference.
 */
#include "io.h"

static struct {
    unsigned due;      /* files whose CLOSE a worker has to send */
    KEVENT none_due;
} closes;

void io_file_boot(void)
{
    closes.due = 0;
    ke_initialize_event(&closes.none_due, NotificationEvent, TRUE);
}

void io_wait_for_closes(void)
{
    ke_wait_internal(&closes.none_due, "files to be closed");
    io_wait_for_unloads();
}

/* A driver without a routine for these answers STATUS_INVALID_DEVICE_REQUEST, which nobody minds; any other failure is somebody's decision (V-FIL-1). */
static void must_succeed(const char *what, PFILE_OBJECT file, NTSTATUS status)
{
    if (!NT_SUCCESS(status) && status != STATUS_INVALID_DEVICE_REQUEST && status != STATUS_NOT_SUPPORTED)
        bugcheck(OWN_RULE, ob_header(file)->number, (ULONG)status, 0, 0, "V-FIL-1", "%s of file object #%u was failed with 0x%08X: it must succeed", what,
                 ob_header(file)->number, (ULONG)status);
}

static void send_close(struct nt_file *f)
{
    PFILE_OBJECT file = &f->object;
    PDEVICE_OBJECT top = io_get_attached_device(file->DeviceObject);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (irp) {
        PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
        irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
        next->MajorFunction = IRP_MJ_CLOSE;
        next->FileObject = file;
        irp_info(irp)->built_by = 2;
        must_succeed("IRP_MJ_CLOSE", file, io_send_and_wait(irp, top, NULL));
    }
}

static void release_file(struct nt_file *f)
{
    PDEVICE_OBJECT device = f->object.DeviceObject;
    if (f->object.FileName.Buffer)
        ex_system_free(f->object.FileName.Buffer);
    f->object.FileName.Buffer = NULL;
    if (device) {
        PDRIVER_OBJECT driver = device->DriverObject;
        hb_release(&driver->DriverUnload);
        device->ReferenceCount--;
        ((struct nt_driver *)driver)->files--;
        if (!device_of(device)->deleted)
            pnp_note_closed(device);
        io_driver_use_dropped(driver);
        ob_dereference(device);
    }
    f->closed = true;
}

/* The last reference went where CLOSE may not be sent: it is sent by a worker, with the reference of its own. */
static void close_later(void *context)
{
    struct nt_file *f = context;
    send_close(f);
    release_file(f);
    ob_dereference(f);
    if (--closes.due == 0)
        ke_set_event(&closes.none_due, 0, FALSE);
}

static void destroy_file(void *body)
{
    struct nt_file *f = body;
    if (f->closed)
        return;
    ob_header(body)->pointers = 1; /* the file object is whole while CLOSE is handled */
    ob_header(body)->deleted = 0;
    if (!f->opened) {
        release_file(f);
    } else if (current_ctx->irql == IRQL_PASSIVE && !current_ctx->running_dpcs) {
        send_close(f);
        release_file(f);
    } else {
        f->close_work = (struct ex_work){.run = close_later, .context = f};
        closes.due++;
        ke_reset_event(&closes.none_due);
        ex_queue_work(&f->close_work);
        return;
    }
    ob_header(body)->pointers = 0;
    ob_header(body)->deleted = 1;
}

NTSTATUS io_send_and_wait(PIRP irp, PDEVICE_OBJECT top, IO_STATUS_BLOCK *iosb)
{
    struct irp_record *r = irp_record(irp);
    char why[80];
    r->info.synchronous = true;
    NTSTATUS status = io_call_driver(top, irp);
    if (!r->info.finished) {
        if (status != STATUS_PENDING)
            bugcheck(0xC9, 0x226, r->info.number, (ULONG)status, 0, "W-IRP-20", "%s came back with status 0x%08X without being completed",
                     irp_record_name(r, why, sizeof why), (ULONG)status);
        char *p = why + strlen(irp_record_name(r, why, sizeof why));
        text_put(p, why + sizeof why, " to complete");
        ke_wait_internal(&r->info.done, why);
    }
    hb_acquire(irp);
    status = irp->IoStatus.Status;
    if (iosb)
        *iosb = irp->IoStatus;
    irp_unlink_from_thread(r);
    io_release_buffers(irp);
    io_free_irp(irp);
    return status;
}

static NTSTATUS may_open(PDEVICE_OBJECT device)
{
    struct nt_device *d = device_of(device);
    const struct nt_driver *driver = (struct nt_driver *)device->DriverObject;
    if (d->deleted || device->Flags & DO_DEVICE_INITIALIZING || driver->unloading || driver->unload_pending)
        return STATUS_NO_SUCH_DEVICE;
    struct devnode *node = device_of(io_bottom_of_stack(device))->devnode;
    if (node && (node->removing || node->state == DEVNODE_SURPRISE_REMOVED || node->state == DEVNODE_REMOVED || node->state == DEVNODE_FAILED ||
                 node->state == DEVNODE_INITIALIZED))
        return STATUS_NO_SUCH_DEVICE;
    if (device->Flags & DO_EXCLUSIVE && device->ReferenceCount > 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static void describe_file(PFILE_OBJECT file, PDEVICE_OBJECT device, UNICODE_STRING name, ACCESS_MASK access, ULONG share, ULONG options)
{
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof *file;
    file->DeviceObject = device;
    file->FileName = name;
    file->ReadAccess = (access & (FILE_READ_DATA | FILE_EXECUTE | GENERIC_READ)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    file->SharedRead = (share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (share & FILE_SHARE_DELETE) != 0;
    if (options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        file->Flags |= FO_SYNCHRONOUS_IO | (options & FILE_SYNCHRONOUS_IO_ALERT ? FO_ALERTABLE_IO : 0);
    ke_initialize_event(&file->Lock, SynchronizationEvent, FALSE);
    ke_initialize_event(&file->Event, NotificationEvent, FALSE);
    InitializeListHead(&file->IrpList);
    ke_initialize_spin_lock(&file->IrpListLock);
}

static NTSTATUS send_create(struct nt_file *f, PDEVICE_OBJECT top, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options,
                            KPROCESSOR_MODE mode, IO_STATUS_BLOCK *iosb)
{
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct irp_record *r = irp_record(irp);
    struct nt_thread *thread = ke_current_thread();
    ACCESS_STATE *state = ex_system_alloc(sizeof *state);
    IO_SECURITY_CONTEXT *security = ex_system_alloc(sizeof *security);
    security->AccessState = state;
    security->DesiredAccess = access;
    security->FullCreateOptions = options;
    state->OriginalDesiredAccess = state->PreviouslyGrantedAccess = access;
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = &f->object;
    next->MajorFunction = IRP_MJ_CREATE;
    next->FileObject = &f->object;
    next->Parameters.Create.SecurityContext = security;
    next->Parameters.Create.Options = (disposition << 24) | (options & 0xffffff);
    next->Parameters.Create.ShareAccess = (USHORT)share;
    r->info.built_by = 2;
    irp_link_to_thread(r, thread);
    NTSTATUS status = io_send_and_wait(irp, top, iosb);
    if (machine_lints && NT_SUCCESS(status))
        io_lint_create(top);
    ex_system_free(state);
    ex_system_free(security);
    return status;
}

/* The device's own descriptor; what lies behind its name is the driver's to judge, unless it asks for FILE_DEVICE_SECURE_OPEN (W-DRV-11). */
static bool access_denied(PDEVICE_OBJECT device, const UNICODE_STRING *rest, ACCESS_MASK access)
{
    const struct se_descriptor *security = device_of(device)->security;
    return security && (!rest->Length || device->Characteristics & FILE_DEVICE_SECURE_OPEN) &&
           !se_may_open(security, !ke_current_thread()->plain_user, access);
}

static NTSTATUS create_file(PCUNICODE_STRING path, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options, KPROCESSOR_MODE mode,
                            PFILE_OBJECT *file, ULONG_PTR *information)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING rest;
    *file = NULL;
    NTSTATUS status = ob_name_resolve(path, &device, &rest);
    if (!NT_SUCCESS(status))
        return status;
    hb_acquire(&device->Flags); /* what made the device ready is before what is done with it */
    status = may_open(device);
    if (NT_SUCCESS(status) && mode == UserMode && access_denied(device, &rest, access))
        status = STATUS_ACCESS_DENIED;
    struct nt_file *f = NT_SUCCESS(status) ? ob_create(OB_FILE, sizeof *f, BLOCK_FILE, destroy_file) : NULL;
    if (!f) {
        if (rest.Buffer)
            ex_system_free(rest.Buffer);
        return NT_SUCCESS(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
    }
    PDEVICE_OBJECT top = io_get_attached_device(device);
    io_check_method(top);
    f->access = access;
    describe_file(&f->object, device, rest, access, share, options);
    ob_reference(device);
    device->ReferenceCount++;
    ((struct nt_driver *)device->DriverObject)->files++;
    IO_STATUS_BLOCK iosb = {0};
    status = send_create(f, top, access, share, disposition, options, mode, &iosb);
    if (!NT_SUCCESS(status)) {
        ob_dereference(f); /* neither CLEANUP nor CLOSE (W-FIL-3) */
        return status;
    }
    f->opened = true;
    hb_release(&f->object.Flags); /* what CREATE did is before any use of the handle: io_handle_used() */
    *file = &f->object;
    if (information)
        *information = iosb.Information;
    return status;
}

NTSTATUS io_create_file(PCUNICODE_STRING path, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options, PFILE_OBJECT *file,
                        ULONG_PTR *information)
{
    return create_file(path, access, share, disposition, options, ke_current_thread()->process ? UserMode : KernelMode, file, information);
}

NTSTATUS io_create_file_for_kernel(PCUNICODE_STRING path, ACCESS_MASK access, PFILE_OBJECT *file)
{
    return create_file(path, access, 0, FILE_OPEN, 0, KernelMode, file, NULL);
}

NTSTATUS io_create_file_as_kernel(PCUNICODE_STRING path, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options, PFILE_OBJECT *file,
                                  ULONG_PTR *information)
{
    return create_file(path, access, share, disposition, options, KernelMode, file, information);
}

void io_handle_opened(PFILE_OBJECT file)
{
    ob_header(file)->handles++;
    file_of(file)->had_handle = true;
}

void io_handle_used(PFILE_OBJECT file) { hb_acquire(&file->Flags); }

static void send_cleanup(PFILE_OBJECT file)
{
    PDEVICE_OBJECT top = io_get_attached_device(file->DeviceObject);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (!irp)
        return;
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    next->MajorFunction = IRP_MJ_CLEANUP;
    next->FileObject = file;
    irp_info(irp)->built_by = 2;
    io_handle_used(file);
    file_of(file)->cleaned = true;
    file->Flags |= FO_CLEANUP_COMPLETE;
    must_succeed("IRP_MJ_CLEANUP", file, io_send_and_wait(irp, top, NULL));
}

static void undo_open(PDEVICE_OBJECT device, PFILE_OBJECT file, UCHAR major)
{
    PIRP irp = io_allocate_irp(device->StackSize, FALSE);
    if (!irp)
        return;
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    next->MajorFunction = major;
    next->FileObject = file;
    irp_info(irp)->built_by = 2;
    must_succeed("CLEANUP or CLOSE", file, io_send_and_wait(irp, device, NULL));
}

/* A filter takes back what the devices below have opened already, before it fails the CREATE (W-FIL-8). */
VOID IoCancelFileOpen(PDEVICE_OBJECT DeviceObject, PFILE_OBJECT FileObject)
{
    gate_enter(DDI_IoCancelFileOpen, trace_object(DeviceObject), trace_object(FileObject));
    unsigned number = ob_header(FileObject)->number;
    if (file_of(FileObject)->had_handle)
        bugcheck(OWN_RULE, number, 0, 0, 0, "W-FIL-8", "IoCancelFileOpen on file object #%u, for which there is a handle already", number);
    FileObject->Flags |= FO_FILE_OPEN_CANCELLED;
    undo_open(DeviceObject, FileObject, IRP_MJ_CLEANUP);
    undo_open(DeviceObject, FileObject, IRP_MJ_CLOSE);
    gate_leave(0);
}

void io_handle_closed(PFILE_OBJECT file)
{
    struct ob_header *h = ob_header(file);
    if (--h->handles == 0 && file_of(file)->opened)
        send_cleanup(file);
}

/* ---- Share access (W-FIL-4) ---- */

NTSTATUS IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess, BOOLEAN Update)
{
    gate_enter(DDI_IoCheckShareAccess, DesiredAccess, DesiredShareAccess);
    PFILE_OBJECT f = FileObject;
    PSHARE_ACCESS s = ShareAccess;
    f->ReadAccess = (DesiredAccess & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    f->WriteAccess = (DesiredAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    f->DeleteAccess = (DesiredAccess & DELETE) != 0;
    NTSTATUS status = STATUS_SUCCESS;
    if (f->ReadAccess || f->WriteAccess || f->DeleteAccess) {
        f->SharedRead = (DesiredShareAccess & FILE_SHARE_READ) != 0;
        f->SharedWrite = (DesiredShareAccess & FILE_SHARE_WRITE) != 0;
        f->SharedDelete = (DesiredShareAccess & FILE_SHARE_DELETE) != 0;
        bool clash = (f->ReadAccess && s->SharedRead < s->OpenCount) || (f->WriteAccess && s->SharedWrite < s->OpenCount) ||
                     (f->DeleteAccess && s->SharedDelete < s->OpenCount) || (s->Readers && !f->SharedRead) || (s->Writers && !f->SharedWrite) ||
                     (s->Deleters && !f->SharedDelete);
        status = clash ? STATUS_SHARING_VIOLATION : STATUS_SUCCESS;
        if (!clash && Update) {
            s->OpenCount++;
            s->Readers += f->ReadAccess, s->Writers += f->WriteAccess, s->Deleters += f->DeleteAccess;
            s->SharedRead += f->SharedRead, s->SharedWrite += f->SharedWrite, s->SharedDelete += f->SharedDelete;
        }
    }
    gate_leave((ULONG)status);
    return status;
}

VOID IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    memset(ShareAccess, 0, sizeof *ShareAccess);
    (void)IoCheckShareAccess(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, TRUE);
}

static void share_change(PFILE_OBJECT f, PSHARE_ACCESS s, int by)
{
    if (!f->ReadAccess && !f->WriteAccess && !f->DeleteAccess)
        return;
    s->OpenCount += (ULONG)by;
    s->Readers += (ULONG)(by * f->ReadAccess), s->Writers += (ULONG)(by * f->WriteAccess), s->Deleters += (ULONG)(by * f->DeleteAccess);
    s->SharedRead += (ULONG)(by * f->SharedRead), s->SharedWrite += (ULONG)(by * f->SharedWrite), s->SharedDelete += (ULONG)(by * f->SharedDelete);
}

VOID IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    gate_enter(DDI_IoRemoveShareAccess, trace_object(FileObject), 0);
    share_change(FileObject, ShareAccess, -1);
    gate_leave(0);
}

VOID IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    gate_enter(DDI_IoUpdateShareAccess, trace_object(FileObject), 0);
    share_change(FileObject, ShareAccess, 1);
    gate_leave(0);
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    gate_enter(DDI_IoGetRelatedDeviceObject, trace_object(FileObject), 0);
    PDEVICE_OBJECT top = io_get_attached_device(FileObject->DeviceObject);
    gate_leave(trace_object(top));
    return top;
}
