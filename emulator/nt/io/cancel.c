/* Cancellation (W-CAN-1..6): the one cancel spin lock, the exchange of the cancel routine, IoCancelIrp. */
#include "io.h"

static PKSPIN_LOCK cancel_lock;

void io_cancel_boot(void)
{
    cancel_lock = ex_system_alloc(sizeof *cancel_lock);
    ke_initialize_spin_lock(cancel_lock);
}

void io_acquire_cancel_spin_lock(PKIRQL irql) { *irql = ke_acquire_spin_lock_raise_to_dpc(cancel_lock); }
/* A cancel routine may stay at DISPATCH_LEVEL, to start the next packet say, and lower to Irp->CancelIrql itself. */
void io_release_cancel_spin_lock(KIRQL irql)
{
    if (irql == DISPATCH_LEVEL)
        ke_release_spin_lock_from_dpc_level(cancel_lock);
    else
        ke_release_spin_lock(cancel_lock, irql);
}

void io_check_cancel_routine(const IRP *irp, const struct irp_record *r)
{
    char name[64];
    if (irp->CancelRoutine != r->cancel_routine)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-DRV-8", "CancelRoutine of %s was written by the driver: IoSetCancelRoutine exchanges it",
                 irp_record_name(r, name, sizeof name));
}

PDRIVER_CANCEL io_set_cancel_routine(PIRP irp, PDRIVER_CANCEL routine)
{
    struct irp_record *r = irp_require(irp, "IoSetCancelRoutine", 0xC9, 0x229);
    io_check_cancel_routine(irp, r);
    hb_acquire(&irp->CancelRoutine);
    PDRIVER_CANCEL old = irp->CancelRoutine;
    irp->CancelRoutine = r->cancel_routine = routine;
    hb_release(&irp->CancelRoutine);
    irp_note(irp, routine ? IRP_CANCEL_ROUTINE_SET : IRP_CANCEL_ROUTINE_CLEARED, old != NULL, routine);
    return old;
}

void io_call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL irql)
{
    unsigned number = irp_record(irp)->info.number;
    irp_note(irp, IRP_CANCEL_ROUTINE_CALLED, 0, routine);
    if (!is_driver_code(routine)) {
        routine(device, irp);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_Cancel, routine, irp);
    routine(device, irp);
    if (ke_spin_lock_owned_by_current(cancel_lock))
        bugcheck(0xC9, 5, number, 0, 0, "V-CAN-3", "the cancel routine of IRP #%u returned without releasing the cancel spin lock", number);
    frame.spinlocks--; /* it was called with the lock and had to give it back */
    frame.irql = irql;
    callback_leave(&frame, 0);
}

BOOLEAN io_cancel_irp(PIRP irp)
{
    struct irp_record *r = irp_require(irp, "IoCancelIrp", 0xC9, 0x205);
    irp_pin(r);
    KIRQL irql;
    io_acquire_cancel_spin_lock(&irql);
    if (!r->live) {
        io_release_cancel_spin_lock(irql);
        irp_unpin(r);
        return FALSE;
    }
    irp->Cancel = TRUE;
    r->info.cancelled_at = clock_now();
    irp_note(irp, IRP_CANCELLED, 0, NULL);
    io_check_cancel_routine(irp, r);
    hb_acquire(&irp->CancelRoutine);
    PDRIVER_CANCEL routine = irp->CancelRoutine;
    irp->CancelRoutine = r->cancel_routine = NULL;
    hb_release(&irp->CancelRoutine);
    if (!routine) {
        io_release_cancel_spin_lock(irql);
        irp_unpin(r);
        return FALSE;
    }
    if (irp->CurrentLocation > irp->StackCount + 1)
        bugcheck(0x48, r->info.number, 0, 0, 0, "W-CAN-2", "IRP #%u has a cancel routine although it is completed", r->info.number);
    irp->CancelIrql = irql;
    PDEVICE_OBJECT device = irp->CurrentLocation <= irp->StackCount ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
    io_call_cancel_routine(routine, device, irp, irql);
    irp_unpin(r);
    return TRUE;
}

/* A driver whose StartIo routine was promised packets that cannot be cancelled makes the current one cancelable. */
static void check_start_io(PIRP irp)
{
    PDEVICE_OBJECT device = irp->CurrentLocation <= irp->StackCount ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
    if (device && ob_is_live(device) && device_of(device)->startio.non_cancelable && device->CurrentIrp == irp)
        bugcheck(OWN_RULE, irp_record(irp)->info.number, device_number(device), 0, 0, "V-IRP-14",
                 "a cancel routine is set for the current packet of device #%u, whose packets IoSetStartIoAttributes made noncancelable", device_number(device));
}

PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    gate_enter(DDI_IoSetCancelRoutine, trace_object(Irp), CancelRoutine != NULL);
    if (CancelRoutine) {
        io_check_owner(Irp, irp_require(Irp, "IoSetCancelRoutine", 0xC9, 0x229), "IoSetCancelRoutine", 0x229, CALLER);
        check_start_io(Irp);
    }
    PDRIVER_CANCEL old = io_set_cancel_routine(Irp, CancelRoutine);
    gate_leave(old != NULL);
    return old;
}

BOOLEAN IoCancelIrp(PIRP Irp)
{
    gate_enter(DDI_IoCancelIrp, trace_object(Irp), 0);
    BOOLEAN called = io_cancel_irp(Irp);
    gate_leave(called);
    return called;
}

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    gate_enter(DDI_IoAcquireCancelSpinLock, 0, 0);
    io_acquire_cancel_spin_lock(Irql);
    gate_leave(0);
}

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    gate_enter(DDI_IoReleaseCancelSpinLock, Irql, 0);
    io_release_cancel_spin_lock(Irql);
    gate_leave(0);
}
