/*
 * Associated IRPs (W-IRP-45): parts of a master that a driver sends to others. The driver sets the master's AssociatedIrp.IrpCount before it sends the
 * first; the master is completed with its own IoStatus when the last part is done.
 */
#include "io.h"

static void master_is_done(PIRP master, const struct irp_record *part)
{
    char name[64];
    struct irp_record *r = irp_require(master, "an associated IRP's completion", 0x44, 0);
    if (master->Flags & IRP_BUFFERED_IO)
        bugcheck(OWN_RULE, r->info.number, part->info.number, 0, 0, "W-IRP-45", "IrpCount of %s was set over its system buffer: only a request without one can be a master",
                 irp_record_name(r, name, sizeof name));
    if (master->AssociatedIrp.IrpCount <= 0)
        bugcheck(OWN_RULE, r->info.number, part->info.number, 0, 0, "W-IRP-45",
                 "an associated IRP of %s is complete, but IrpCount of the master counts none", irp_record_name(r, name, sizeof name));
    if (--master->AssociatedIrp.IrpCount)
        return;
    hb_acquire(master);
    io_complete_request(master, IO_NO_INCREMENT);
}

/* The final stage of a part: nobody waits for it but its master. */
static void finish_part(PIRP irp)
{
    struct irp_record *r = irp_record(irp);
    PIRP master = irp->AssociatedIrp.MasterIrp;
    irp_pin(r);
    for (PMDL mdl = irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        io_free_mdl(mdl);
    }
    io_free_irp(irp);
    hb_release(master);
    master_is_done(master, r);
    irp_unpin(r);
}

PIRP IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    gate_enter(DDI_IoMakeAssociatedIrp, trace_object(Irp), (uint64_t)StackSize);
    struct irp_record *master = irp_require(Irp, "IoMakeAssociatedIrp", 0xC9, 0x205);
    io_check_owner(Irp, master, "IoMakeAssociatedIrp", 0x205, CALLER);
    PIRP irp = choose_fault(DDI_IoMakeAssociatedIrp) ? NULL : io_allocate_irp(StackSize, FALSE);
    if (irp) {
        struct irp_record *r = irp_record(irp);
        r->info.built_by = 4;
        r->allocated_at = CALLER;
        r->finish = finish_part;
        irp->Flags |= IRP_ASSOCIATED_IRP;
        irp->AssociatedIrp.MasterIrp = Irp;
        irp->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    }
    gate_leave(trace_object(irp));
    return irp;
}
