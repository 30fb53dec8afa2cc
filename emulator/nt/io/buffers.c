/* The buffer methods (W-BUF-1..12): what the I/O manager makes of the caller's addresses, and what goes back. */
#include "../../machine/buffer_order.h"
#include "io.h"

static PVOID system_buffer(PIRP irp, size_t size)
{
    if (!size)
        return NULL;
    irp->AssociatedIrp.SystemBuffer = block_alloc(ARENA_KERNEL, BLOCK_SYSTEM, size, 'fuBI', NULL);
    irp_info(irp)->system_buffer_size = size;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return irp->AssociatedIrp.SystemBuffer;
}

/* An app's buffer that cannot be one ends the call before a driver sees it (W-U-6). */
static bool refused(const IRP *irp, const void *buffer, ULONG length)
{
    return irp->RequestorMode == UserMode && !mm_is_user_range(buffer, length);
}

static NTSTATUS describe(PIRP irp, void *buffer, ULONG length, bool device_writes)
{
    PMDL mdl = io_allocate_mdl(buffer, length, FALSE, FALSE, irp);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    mm_build(mdl, (USHORT)(MDL_PAGES_LOCKED | (device_writes ? MDL_WRITE_OPERATION : 0)));
    return STATUS_SUCCESS;
}

NTSTATUS io_set_up_transfer(PIRP irp, PDEVICE_OBJECT top, bool write, void *buffer, ULONG length)
{
    irp->UserBuffer = buffer;
    irp->Flags |= write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    if (top->Flags & DO_BUFFERED_IO) {
        if (!length)
            return STATUS_SUCCESS;
        if (refused(irp, buffer, length))
            return STATUS_ACCESS_VIOLATION;
        if (!system_buffer(irp, length))
            return STATUS_INSUFFICIENT_RESOURCES;
        if (write)
            memcpy(irp->AssociatedIrp.SystemBuffer, buffer, length);
        else
            irp->Flags |= IRP_INPUT_OPERATION;
    } else if (top->Flags & DO_DIRECT_IO && length) {
        if (refused(irp, buffer, length))
            return STATUS_ACCESS_VIOLATION;
        if (machine_lints & LINT_WRITE_BUFFER && write)
            irp_record(irp)->write_hash = trace_hash_bytes(buffer, length);
        return describe(irp, buffer, length, !write);
    }
    return STATUS_SUCCESS;
}

NTSTATUS io_set_up_control(PIRP irp, ULONG code, void *in, ULONG in_length, void *out, ULONG out_length)
{
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    next->Parameters.DeviceIoControl.OutputBufferLength = out_length;
    next->Parameters.DeviceIoControl.InputBufferLength = in_length;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    ULONG method = code & 3;
    if (method == METHOD_NEITHER) {
        next->Parameters.DeviceIoControl.Type3InputBuffer = in;
        irp->UserBuffer = out;
        return STATUS_SUCCESS;
    }
    if (refused(irp, in, in_length) || refused(irp, out, out_length))
        return STATUS_ACCESS_VIOLATION;
    ULONG size = method == METHOD_BUFFERED && out_length > in_length ? out_length : in_length;
    if (size && !system_buffer(irp, size))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in_length)
        memcpy(irp->AssociatedIrp.SystemBuffer, in, in_length);
    if (method == METHOD_BUFFERED) {
        if (out_length)
            buffer_order_begin(irp->AssociatedIrp.SystemBuffer, in_length);
        irp->UserBuffer = out;
        if (out && out_length)
            irp->Flags |= IRP_INPUT_OPERATION;
        return STATUS_SUCCESS;
    }
    return out_length ? describe(irp, out, out_length, method == METHOD_OUT_DIRECT) : STATUS_SUCCESS;
}

/* What IoStatus.Information may be at most; the stack location is zeroed by now. */
static size_t output_limit(const struct irp_record *r) { return r->output_limit; }

void io_copy_back(PIRP irp)
{
    struct irp_record *r = irp_record(irp);
    NTSTATUS status = irp->IoStatus.Status;
    ULONG_PTR count = irp->IoStatus.Information;
    char name[64];
    if (NT_ERROR(status) || status == STATUS_VERIFY_REQUIRED)
        return;
    if ((r->major == IRP_MJ_READ || r->major == IRP_MJ_WRITE) && count > output_limit(r) && !(irp->Flags & IRP_INPUT_OPERATION))
        bugcheck(OWN_WRONG_LENGTH, r->info.number, count, output_limit(r), 0, "W-CMP-12", "%s reported %llu bytes transferred, asked for were %llu",
                 irp_record_name(r, name, sizeof name), (unsigned long long)count, (unsigned long long)output_limit(r));
    if (!(irp->Flags & IRP_INPUT_OPERATION) || !(irp->Flags & IRP_BUFFERED_IO) || !irp->AssociatedIrp.SystemBuffer)
        return;
    if (count > output_limit(r))
        bugcheck(0xC9, 0x312, r->info.number, count, output_limit(r), "W-BUF-11", "%s was completed with Information %llu, its output buffer has %llu bytes",
                 irp_record_name(r, name, sizeof name), (unsigned long long)count, (unsigned long long)output_limit(r));
    long long hole = msan_first_undefined(irp->AssociatedIrp.SystemBuffer, count);
    if (hole >= 0)
        bugcheck(OWN_UNINITIALIZED_COPYOUT, r->info.number, (uint64_t)hole, count, 0, "W-BUF-12",
                 "%s gives %llu bytes to user mode, of which byte %lld was never written", irp_record_name(r, name, sizeof name), (unsigned long long)count,
                 hole);
    if (count) {
        memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, count);
        msan_define(irp->UserBuffer, count);
        trace(TRACE_DATA, r->major, count, trace_hash_bytes(irp->AssociatedIrp.SystemBuffer, count));
    }
}

/* The app itself may have changed its bytes: that is why this is a lint. */
static void check_write_buffer(const IRP *irp)
{
    const struct irp_record *r = irp_record(irp);
    char name[64];
    if (r->write_hash && irp->MdlAddress && trace_hash_bytes(irp->UserBuffer, irp->MdlAddress->ByteCount) != r->write_hash)
        bugcheck(0xC4, 0x1010, r->info.number, 0, 0, "V-IO-17", "the buffer of %s is not what it was when the write was issued",
                 irp_record_name(r, name, sizeof name));
}

void io_release_buffers(PIRP irp)
{
    if (machine_lints & LINT_WRITE_BUFFER)
        check_write_buffer(irp);
    if (irp->Flags & IRP_DEALLOCATE_BUFFER && irp->AssociatedIrp.SystemBuffer) {
        irp_record(irp)->system_buffer = irp->AssociatedIrp.SystemBuffer;
        buffer_order_end(irp->AssociatedIrp.SystemBuffer);
        block_free(irp->AssociatedIrp.SystemBuffer, NULL);
    }
    irp->AssociatedIrp.SystemBuffer = NULL;
    irp->Flags &= ~(ULONG)(IRP_DEALLOCATE_BUFFER | IRP_BUFFERED_IO | IRP_INPUT_OPERATION);
    for (PMDL mdl = irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            mm_unlock_pages(mdl);
        io_free_mdl(mdl);
    }
    irp->MdlAddress = NULL;
}
