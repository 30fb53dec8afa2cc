/*
 * Cancel-safe queues (W-CSQ-1..9). The library calls the driver's routines through the gate, in the order of W-CSQ-2: insert, mark pending, set the
 * cancel routine; an IRP that was cancelled already is taken out and handed to CompleteCanceledIrp outside the lock.
 *
 * Which queue holds an IRP is kept in the IRP's record, so that misuse can be told (W-CSQ-9): the driver's own list is none of the library's business.
 */
#include "io.h"

#include <csq.h>

enum { TYPE_CONTEXT = 1, TYPE_CSQ = 2, TYPE_CSQ_EX = 3 };

static VOID csq_cancel(PDEVICE_OBJECT device, PIRP irp);

/* A call of Insert, Remove or PeekNext that has not returned: they run under the queue's lock. */
struct inside {
    struct inside *outer;
    PIO_CSQ csq;
    struct ctx *ctx;
};
static struct inside *insides;
static unsigned queued; /* IRPs in cancel-safe queues */

void io_csq_boot(void)
{
    insides = NULL;
    queued = 0;
}

/* A list over contexts, of which each looks for its own entries only. */
NO_FOOTPRINT static void go_inside(struct inside *inside, PIO_CSQ csq)
{
    *inside = (struct inside){insides, csq, current_ctx};
    insides = inside;
}

NO_FOOTPRINT static void come_out(struct inside *inside)
{
    struct inside **at = &insides;
    while (*at != inside)
        at = &(*at)->outer;
    *at = inside->outer;
}

NO_FOOTPRINT static void check_call(PIO_CSQ csq, const char *ddi)
{
    memory_check(csq, sizeof *csq, ddi);
    if (csq->Type != TYPE_CSQ && csq->Type != TYPE_CSQ_EX) {
        memory_tell_freed(csq, ddi, "cancel-safe queue");
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-CSQ-1", "%s on a queue that was never initialised", ddi);
    }
    for (const struct inside *i = insides; i; i = i->outer)
        if (i->csq == csq && i->ctx == current_ctx)
            bugcheck(OWN_RULE, 0, 0, 0, 0, "V-CSQ-1", "%s in a routine of the same queue that is called with its lock held", ddi);
}

static bool is_queued(const struct irp_record *r, PIO_CSQ csq) { return r->csq == csq && r->irp->CancelRoutine == csq_cancel; }

void io_csq_forget(struct irp_record *r)
{
    if (r->csq)
        queued--;
    r->csq = r->csq_context = NULL;
}

void io_csq_check_free(const char *memory, size_t size)
{
    char name[64];
    for (struct irp_record *r = queued ? irp_first_record() : NULL; r; r = r->next)
        if (((uintptr_t)r->csq - (uintptr_t)memory < size || (uintptr_t)r->csq_context - (uintptr_t)memory < size) && is_queued(r, r->csq))
            bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-CSQ-1", "the memory of a cancel-safe queue, or of a context, is freed while %s is in the queue",
                     irp_record_name(r, name, sizeof name));
}

static void check_insert(struct irp_record *r, PIO_CSQ_IRP_CONTEXT context, const char *ddi)
{
    char name[64];
    if (r->csq && is_queued(r, r->csq))
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-CSQ-1", "%s on %s, which is in a cancel-safe queue already", ddi, irp_record_name(r, name, sizeof name));
    for (const struct irp_record *other = context && queued ? irp_first_record() : NULL; other; other = other->next)
        if (other->csq_context == context && is_queued(other, other->csq))
            bugcheck(OWN_RULE, r->info.number, other->info.number, 0, 0, "V-CSQ-1", "%s on %s with a context that a queued IRP has", ddi,
                     irp_record_name(r, name, sizeof name));
}

/* An IRP that leaves the queue: nobody but the library may have touched its DriverContext[3]. */
static void check_leaving(const IRP *irp, const struct irp_record *r)
{
    char name[64];
    if (r->csq && irp->Tail.Overlay.DriverContext[3] != (r->csq_context ? r->csq_context : r->csq))
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-CSQ-1", "DriverContext[3] of %s was changed while a cancel-safe queue held the IRP",
                 irp_record_name(r, name, sizeof name));
}

static NTSTATUS call_insert(PIO_CSQ csq, PIRP irp, PVOID context)
{
    struct callback_frame frame;
    struct inside inside;
    NTSTATUS status = STATUS_SUCCESS;
    go_inside(&inside, csq);
    callback_enter(&frame, DDI_CsqInsertIrp, (const void *)csq->CsqInsertIrp, irp);
    if (csq->Type == TYPE_CSQ_EX)
        status = ((PIO_CSQ_INSERT_IRP_EX)csq->CsqInsertIrp)(csq, irp, context);
    else
        csq->CsqInsertIrp(csq, irp);
    callback_leave(&frame, (ULONG)status);
    come_out(&inside);
    return status;
}

static void call_remove(PIO_CSQ csq, PIRP irp)
{
    struct callback_frame frame;
    struct inside inside;
    go_inside(&inside, csq);
    callback_enter(&frame, DDI_CsqRemoveIrp, (const void *)csq->CsqRemoveIrp, irp);
    csq->CsqRemoveIrp(csq, irp);
    callback_leave(&frame, 0);
    come_out(&inside);
}

static PIRP call_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    struct callback_frame frame;
    struct inside inside;
    char name[64];
    go_inside(&inside, csq);
    callback_enter(&frame, DDI_CsqPeekNextIrp, (const void *)csq->CsqPeekNextIrp, irp);
    PIRP next = csq->CsqPeekNextIrp(csq, irp, context);
    callback_leave(&frame, trace_object(next));
    come_out(&inside);
    struct irp_record *r = next ? irp_require(next, "a cancel-safe queue's PeekNextIrp", 0xC9, 0x205) : NULL;
    if (r && r->csq != csq)
        bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-CSQ-1", "PeekNextIrp of a cancel-safe queue returned %s, which is not in the queue",
                 irp_record_name(r, name, sizeof name));
    return next;
}

static void call_complete(PIO_CSQ csq, PIRP irp)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_CsqCompleteCanceledIrp, (const void *)csq->CsqCompleteCanceledIrp, irp);
    csq->CsqCompleteCanceledIrp(csq, irp);
    callback_leave(&frame, 0);
}

/* The lock routines may raise the IRQL and keep a spin lock: that is what they are for. */
static void lock(PIO_CSQ csq, PKIRQL irql)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_CsqAcquireLock, (const void *)csq->CsqAcquireLock, csq);
    csq->CsqAcquireLock(csq, irql);
    frame.irql = current_ctx->irql;
    frame.spinlocks = current_ctx->spinlocks_held;
    frame.apc_disable = current_ctx->apc_disable;
    frame.special_apc_disable = current_ctx->special_apc_disable;
    callback_leave(&frame, 0);
}

static void unlock(PIO_CSQ csq, KIRQL irql)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_CsqReleaseLock, (const void *)csq->CsqReleaseLock, csq);
    csq->CsqReleaseLock(csq, irql);
    frame.irql = current_ctx->irql;
    frame.spinlocks = current_ctx->spinlocks_held;
    frame.apc_disable = current_ctx->apc_disable;
    frame.special_apc_disable = current_ctx->special_apc_disable;
    callback_leave(&frame, 0);
}

static void forget_context(PIRP irp)
{
    struct irp_record *r = irp_record(irp);
    PIO_CSQ_IRP_CONTEXT context = r->csq_context;
    check_leaving(irp, r);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
    io_csq_forget(r);
}

static VOID csq_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    KIRQL irql;
    io_release_cancel_spin_lock(irp->CancelIrql);
    check_leaving(irp, irp_record(irp));
    PIO_CSQ csq = irp_record(irp)->csq;
    lock(csq, &irql);
    forget_context(irp);
    call_remove(csq, irp);
    unlock(csq, irql);
    call_complete(csq, irp);
}

static NTSTATUS insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context, const char *ddi)
{
    KIRQL irql;
    struct irp_record *r = irp_require(irp, ddi, 0xC9, 0x205);
    check_call(csq, ddi);
    check_insert(r, context, ddi);
    io_csq_forget(r); /* a driver may have taken it out behind the library's back */
    r->csq = csq;
    r->csq_context = context;
    queued++;
    if (context) {
        context->Type = TYPE_CONTEXT;
        context->Irp = irp;
        context->Csq = csq;
        irp->Tail.Overlay.DriverContext[3] = context;
    } else {
        irp->Tail.Overlay.DriverContext[3] = csq;
    }
    csq->ReservePointer = NULL;
    lock(csq, &irql);
    NTSTATUS status = call_insert(csq, irp, insert_context);
    if (!NT_SUCCESS(status)) {
        forget_context(irp);
        unlock(csq, irql);
        return status;
    }
    io_mark_irp_pending(irp);
    io_set_cancel_routine(irp, csq_cancel);
    if (irp->Cancel && io_set_cancel_routine(irp, NULL)) {
        forget_context(irp);
        call_remove(csq, irp);
        unlock(csq, irql);
        call_complete(csq, irp);
        return status;
    }
    unlock(csq, irql);
    return status;
}

static void initialize(PIO_CSQ csq, ULONG type, PVOID insert_irp, PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                       PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    csq->Type = type;
    csq->CsqInsertIrp = (PIO_CSQ_INSERT_IRP)insert_irp;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    csq->ReservePointer = NULL;
}

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                         PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    gate_enter(DDI_IoCsqInitialize, trace_object(Csq), 0);
    initialize(Csq, TYPE_CSQ, (PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    gate_leave(0);
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                           PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    gate_enter(DDI_IoCsqInitializeEx, trace_object(Csq), 0);
    initialize(Csq, TYPE_CSQ_EX, (PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    gate_leave(0);
    return STATUS_SUCCESS;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    gate_enter(DDI_IoCsqInsertIrp, trace_object(Csq), trace_object(Irp));
    insert(Csq, Irp, Context, NULL, "IoCsqInsertIrp");
    gate_leave(0);
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    gate_enter(DDI_IoCsqInsertIrpEx, trace_object(Csq), trace_object(Irp));
    NTSTATUS status = insert(Csq, Irp, Context, InsertContext, "IoCsqInsertIrpEx");
    gate_leave((ULONG)status);
    return status;
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    gate_enter(DDI_IoCsqRemoveIrp, trace_object(Csq), 0);
    KIRQL irql;
    check_call(Csq, "IoCsqRemoveIrp");
    lock(Csq, &irql);
    PIRP irp = Context->Irp;
    if (irp && !io_set_cancel_routine(irp, NULL))
        irp = NULL; /* being cancelled: the cancel routine waits for the lock */
    if (irp) {
        call_remove(Csq, irp);
        forget_context(irp);
    }
    unlock(Csq, irql);
    gate_leave(trace_object(irp));
    return irp;
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    gate_enter(DDI_IoCsqRemoveNextIrp, trace_object(Csq), 0);
    KIRQL irql;
    check_call(Csq, "IoCsqRemoveNextIrp");
    lock(Csq, &irql);
    PIRP irp = call_peek(Csq, NULL, PeekContext);
    while (irp && !io_set_cancel_routine(irp, NULL))
        irp = call_peek(Csq, irp, PeekContext);
    if (irp) {
        call_remove(Csq, irp);
        forget_context(irp);
    }
    unlock(Csq, irql);
    gate_leave(trace_object(irp));
    return irp;
}
