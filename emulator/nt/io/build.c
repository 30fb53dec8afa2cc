/* IRPs that drivers have the I/O manager build (W-IRP-41..43), forwarding and waiting (W-IRP-25), opening by name (W-DRV-17). */
#include "io.h"

/* IRP_MJ_READ, WRITE, FLUSH_BUFFERS, SHUTDOWN, PNP, POWER with the buffers the target's flags ask for. */
/* A buffer that a driver gives must be memory; NULL and what is near it is not (W-IRP-43). */
static void check_buffer(const void *buffer, ULONG length, uint32_t p1, const char *what)
{
    if (length && (uintptr_t)buffer < 0x10000)
        bugcheck(0xC9, p1, length, 0, 0, p1 == 8 ? "V-IO-08" : "V-IO-09", "%s with a length of %u and no buffer", what, length);
}

static PIRP build_fsd(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length, PLARGE_INTEGER offset)
{
    PIRP irp = io_allocate_irp(device->StackSize, FALSE);
    if (!irp)
        return NULL;
    struct irp_record *r = irp_record(irp);
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    next->MajorFunction = (UCHAR)major;
    r->major = (UCHAR)major;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE)
        return irp;
    next->Parameters.Write.Length = length; /* Read's fields lie in the same places */
    next->Parameters.Write.ByteOffset.QuadPart = offset ? offset->QuadPart : 0;
    r->output_limit = length;
    if (!NT_SUCCESS(io_set_up_transfer(irp, device, major == IRP_MJ_WRITE, buffer, length))) {
        io_release_buffers(irp);
        io_free_irp(irp);
        return NULL;
    }
    return irp;
}

/* Thread-bound: the I/O manager completes and frees it (W-IRP-42). */
static void bind(PIRP irp, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    struct irp_record *r = irp_record(irp);
    r->info.built_by = 1;
    r->info.user_iosb = iosb;
    irp->UserIosb = iosb;
    irp->UserEvent = event;
    irp->Flags |= IRP_SYNCHRONOUS_API;
    irp_link_to_thread(r, ke_current_thread());
}

PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                  PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    gate_enter(DDI_IoBuildSynchronousFsdRequest, MajorFunction, trace_object(DeviceObject));
    if (MajorFunction == IRP_MJ_READ || MajorFunction == IRP_MJ_WRITE)
        check_buffer(Buffer, Length, 8, "IoBuildSynchronousFsdRequest");
    PIRP irp = choose_fault(DDI_IoBuildSynchronousFsdRequest) ? NULL : build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);
    if (irp)
        bind(irp, Event, IoStatusBlock);
    gate_leave(trace_object(irp));
    return irp;
}

/* What the creator of the IRP has to free itself (W-IRP-41). */
static void charge(void *memory, enum block_use use, const void *caller)
{
    if (!memory)
        return;
    struct block *b = block_of(memory);
    b->use = (uint8_t)use;
    b->allocated_at = caller;
    b->owner = io_driver_of_code(caller);
}

PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                   PIO_STATUS_BLOCK IoStatusBlock)
{
    gate_enter(DDI_IoBuildAsynchronousFsdRequest, MajorFunction, trace_object(DeviceObject));
    if (MajorFunction == IRP_MJ_READ || MajorFunction == IRP_MJ_WRITE)
        check_buffer(Buffer, Length, 8, "IoBuildAsynchronousFsdRequest");
    PIRP irp = choose_fault(DDI_IoBuildAsynchronousFsdRequest) ? NULL : build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);
    if (irp) {
        irp->UserIosb = IoStatusBlock;
        irp_record(irp)->allocated_at = CALLER;
        charge(irp->AssociatedIrp.SystemBuffer, BLOCK_POOL, CALLER);
        charge(irp->MdlAddress, BLOCK_MDL, CALLER);
    }
    gate_leave(trace_object(irp));
    return irp;
}

PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                   ULONG OutputBufferLength, BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    gate_enter(DDI_IoBuildDeviceIoControlRequest, IoControlCode, trace_object(DeviceObject));
    if ((IoControlCode & 3) != METHOD_NEITHER) {
        check_buffer(InputBuffer, InputBufferLength, 9, "IoBuildDeviceIoControlRequest");
        check_buffer(OutputBuffer, OutputBufferLength, 9, "IoBuildDeviceIoControlRequest");
    }
    PIRP irp = choose_fault(DDI_IoBuildDeviceIoControlRequest) ? NULL : io_allocate_irp(DeviceObject->StackSize, FALSE);
    if (irp) {
        PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
        next->MajorFunction = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
        irp_record(irp)->major = next->MajorFunction;
        irp_record(irp)->output_limit = OutputBufferLength;
        if (NT_SUCCESS(io_set_up_control(irp, IoControlCode, InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength))) {
            bind(irp, Event, IoStatusBlock);
        } else {
            io_release_buffers(irp);
            io_free_irp(irp);
            irp = NULL;
        }
    }
    gate_leave(trace_object(irp));
    return irp;
}

static NTSTATUS forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    (void)device, (void)irp;
    ke_set_event(event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    gate_enter(DDI_IoForwardIrpSynchronously, trace_object(DeviceObject), trace_object(Irp));
    BOOLEAN sent = Irp->CurrentLocation > 1;
    if (sent) {
        char why[80];
        KEVENT event;
        ke_initialize_event(&event, NotificationEvent, FALSE);
        io_copy_current_irp_stack_location_to_next(Irp);
        io_set_completion_routine(Irp, forwarded, &event, TRUE, TRUE, TRUE);
        if (io_call_driver(DeviceObject, Irp) == STATUS_PENDING) {
            irp_name(Irp, why, sizeof why);
            ke_wait_internal(&event, why);
        }
        hb_acquire(Irp);
    }
    gate_leave(sent);
    return sent;
}

NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    gate_enter(DDI_IoGetDeviceObjectPointer, DesiredAccess, 0);
    NTSTATUS status = choose_fault(DDI_IoGetDeviceObjectPointer) ? STATUS_INSUFFICIENT_RESOURCES
                                                                : io_create_file_for_kernel(ObjectName, DesiredAccess, FileObject);
    if (NT_SUCCESS(status)) {
        io_handle_opened(*FileObject);
        io_handle_closed(*FileObject); /* CLEANUP: the handle is gone, the reference stays */
        *DeviceObject = io_get_attached_device((*FileObject)->DeviceObject);
    }
    gate_leave((ULONG)status);
    return status;
}
