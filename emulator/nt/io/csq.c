/*
 * Cancel-safe queues (W-CSQ-1..9). The library calls the driver's routines through the gate, in the order of W-CSQ-2: insert, mark pending, set the
 * cancel routine; an IRP that was cancelled already is taken out and handed to CompleteCanceledIrp outside the lock.
 */
#include "io.h"

#include <csq.h>

enum { TYPE_CONTEXT = 1, TYPE_CSQ = 2, TYPE_CSQ_EX = 3 };

static NTSTATUS call_insert(PIO_CSQ csq, PIRP irp, PVOID context)
{
    struct callback_frame frame;
    NTSTATUS status = STATUS_SUCCESS;
    callback_enter(&frame, DDI_CsqInsertIrp, (const void *)csq->CsqInsertIrp, irp);
    if (csq->Type == TYPE_CSQ_EX)
        status = ((PIO_CSQ_INSERT_IRP_EX)csq->CsqInsertIrp)(csq, irp, context);
    else
        csq->CsqInsertIrp(csq, irp);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void call_remove(PIO_CSQ csq, PIRP irp)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_CsqRemoveIrp, (const void *)csq->CsqRemoveIrp, irp);
    csq->CsqRemoveIrp(csq, irp);
    callback_leave(&frame, 0);
}

static PIRP call_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_CsqPeekNextIrp, (const void *)csq->CsqPeekNextIrp, irp);
    PIRP next = csq->CsqPeekNextIrp(csq, irp, context);
    callback_leave(&frame, trace_object(next));
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
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];
    if (context && context->Type == TYPE_CONTEXT)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

static VOID csq_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    KIRQL irql;
    io_release_cancel_spin_lock(irp->CancelIrql);
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];
    PIO_CSQ csq = context->Type == TYPE_CONTEXT ? context->Csq : (PIO_CSQ)context;
    lock(csq, &irql);
    forget_context(irp);
    call_remove(csq, irp);
    unlock(csq, irql);
    call_complete(csq, irp);
}

static NTSTATUS insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context)
{
    KIRQL irql;
    irp_require(irp, "IoCsqInsertIrp", 0xC9, 0x205);
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
    gate_enter(DDI_IoCsqInitialize, trace_object(Csq), 1);
    initialize(Csq, TYPE_CSQ_EX, (PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    gate_leave(0);
    return STATUS_SUCCESS;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    gate_enter(DDI_IoCsqInsertIrp, trace_object(Csq), trace_object(Irp));
    insert(Csq, Irp, Context, NULL);
    gate_leave(0);
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    gate_enter(DDI_IoCsqInsertIrp, trace_object(Csq), trace_object(Irp));
    NTSTATUS status = insert(Csq, Irp, Context, InsertContext);
    gate_leave((ULONG)status);
    return status;
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    gate_enter(DDI_IoCsqRemoveIrp, trace_object(Csq), 0);
    KIRQL irql;
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
