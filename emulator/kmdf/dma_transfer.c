/*
 * The transfers of a DMA transaction: WdfDmaTransactionExecute, EvtProgramDma, WdfDmaTransactionDmaCompleted (K-DMA-5, 6, 7), and the reservation of a channel.
 *
 * Design: a transfer is as many bytes of what is left as every limit lets through. For a scatter/gather profile the adapter makes its list, now or later; for a packet
 * profile the transaction gets the adapter's channel first and then maps one piece after the other with the same map registers.
 */
#include "dma.h"

size_t fx_dma_longest(const struct fx_dma_transaction *t)
{
    size_t fragment = t->enabler->fragment_length[t->direction];
    return t->maximum && t->maximum < fragment ? t->maximum : fragment;
}

ULONG fx_dma_most_pages(const struct fx_dma_transaction *t)
{
    ULONG most = t->base ? t->base_count : fx_dma_adapter(t)->registers;
    return t->enabler->scatter_gather && t->enabler->maximum_elements < most ? (ULONG)t->enabler->maximum_elements : most;
}

static struct dma_range next_transfer(const struct fx_dma_transaction *t)
{
    struct dma_range range = t->rest;
    size_t longest = fx_dma_longest(t);
    if (range.length > longest)
        range.length = (ULONG)longest;
    range.length = dma_clip(&range, fx_dma_most_pages(t));
    return range;
}

/* ---- EvtProgramDma ---- */

/* The driver may complete and even delete the transaction in there. */
static void program(struct fx_dma_transaction *t, PSCATTER_GATHER_LIST list)
{
    struct callback_frame frame;
    fx_object_reference(&t->object);
    t->list = list;
    callback_enter(&frame, DDI_EvtProgramDma, (const void *)t->program, t);
    BOOLEAN result = t->program((WDFDMATRANSACTION)t, (WDFDEVICE)t->enabler->device, t->context, t->direction, list);
    callback_leave(&frame, result);
    fx_object_dereference(&t->object);
}

static VOID NTAPI on_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device, (void)irp;
    program(context, list);
}

static NTSTATUS stage_list(struct fx_dma_transaction *t)
{
    struct dma_list_request r = {.range = next_transfer(t), .device = t->enabler->device->wdm, .routine = on_list, .context = t,
                                 .write = t->direction == WdfDmaDirectionWriteToDevice, .immediate = t->immediate, .key = t};
    t->current = r.range.length;
    return dma_get_list(fx_dma_adapter(t), &r, "WdfDmaTransactionExecute");
}

/* ---- Packets ---- */

static void stage_packet(struct fx_dma_transaction *t)
{
    struct dma_range range = next_transfer(t);
    PHYSICAL_ADDRESS logical = dma_map_transfer(fx_dma_adapter(t), &range, t->base, &t->current, t->direction == WdfDmaDirectionWriteToDevice,
                                                "WdfDmaTransactionExecute");
    t->one = (SCATTER_GATHER_LIST){.NumberOfElements = 1, .Elements = {{.Address = logical, .Length = t->current}}};
    KIRQL irql = ke_get_current_irql();
    if (irql < DISPATCH_LEVEL)
        ke_raise_irql(DISPATCH_LEVEL);
    program(t, &t->one);
    if (irql < DISPATCH_LEVEL)
        ke_lower_irql(irql);
}

static IO_ALLOCATION_ACTION NTAPI on_channel(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device, (void)irp;
    struct fx_dma_transaction *t = context;
    t->base = base;
    stage_packet(t);
    return KeepObject;
}

static NTSTATUS begin_packets(struct fx_dma_transaction *t)
{
    t->base_count = min(dma_pages_of(&t->rest), fx_dma_adapter(t)->registers);
    struct dma_channel_request r = {.device = t->enabler->device->wdm, .registers = t->base_count, .routine = on_channel, .context = t,
                                    .immediate = t->immediate, .key = t};
    return dma_allocate_channel(fx_dma_adapter(t), &r, "WdfDmaTransactionExecute");
}

void fx_dma_release_channel(struct fx_dma_transaction *t, bool reserved_too)
{
    if (!t->base || (t->reserved && !reserved_too))
        return;
    t->base = NULL;
    t->reserved = false;
    dma_free_channel(fx_dma_adapter(t), "WdfDmaTransactionRelease");
}

/* ---- Execution ---- */

static NTSTATUS stage(struct fx_dma_transaction *t)
{
    if (t->enabler->scatter_gather)
        return stage_list(t);
    if (!t->base)
        return begin_packets(t);
    stage_packet(t);
    return STATUS_SUCCESS;
}

/* What fails before it is programmed holds no channel but a reserved one. */
static void fail(struct fx_dma_transaction *t) { t->state = FX_DMA_FAILED; }

static NTSTATUS execute(struct fx_dma_transaction *t, WDFCONTEXT context)
{
    fx_dma_require(t, 1u << FX_DMA_INITIALIZED, "WdfDmaTransactionExecute");
    if (t->request && !t->referenced)
        fx_object_reference(&fx_request_handle((WDFREQUEST)t->request, "WdfDmaTransactionExecute")->object);
    t->referenced = t->request != NULL;
    t->context = context;
    t->state = FX_DMA_TRANSFER;
    bool fault = choose_fault(DDI_WdfDmaTransactionExecute);
    fx_object_reference(&t->object);
    NTSTATUS status = fault ? STATUS_INSUFFICIENT_RESOURCES : stage(t);
    if (!NT_SUCCESS(status))
        fail(t);
    fx_object_dereference(&t->object);
    return status;
}

NTSTATUS wdf_WdfDmaTransactionExecute(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, WDFCONTEXT Context)
{
    gate_enter(DDI_WdfDmaTransactionExecute, trace_object(DmaTransaction), 0);
    NTSTATUS status = execute(fx_dma_transaction(DmaTransaction), Context);
    gate_leave((ULONG)status);
    return status;
}

/* ---- A transfer is done ---- */

static void flush(struct fx_dma_transaction *t)
{
    struct dma_range range = t->rest;
    range.length = t->current;
    bool write = t->direction == WdfDmaDirectionWriteToDevice;
    if (t->enabler->scatter_gather)
        dma_put_list(fx_dma_adapter(t), t->list, write, "WdfDmaTransactionDmaCompleted");
    else
        dma_flush(fx_dma_adapter(t), &range, t->base, write, "WdfDmaTransactionDmaCompleted");
    t->list = NULL;
}

static BOOLEAN done(struct fx_dma_transaction *t, enum fx_dma_state state, NTSTATUS result, NTSTATUS *status)
{
    t->state = state;
    fx_dma_release_channel(t, false);
    *status = result;
    return TRUE;
}

/* What is left goes on inside this call; the driver may complete that and delete the transaction before it returns. */
static BOOLEAN go_on(struct fx_dma_transaction *t, NTSTATUS *status)
{
    if (t->single)
        return done(t, FX_DMA_FAILED, STATUS_WDF_TOO_MANY_TRANSFERS, status);
    fx_object_reference(&t->object);
    NTSTATUS staged = stage(t);
    BOOLEAN over = !NT_SUCCESS(staged);
    *status = over ? staged : STATUS_MORE_PROCESSING_REQUIRED;
    if (over)
        fail(t);
    fx_object_dereference(&t->object);
    return over;
}

static BOOLEAN completed(WDFDMATRANSACTION handle, const size_t *length, bool final, NTSTATUS *status, const char *ddi)
{
    struct fx_dma_transaction *t = fx_dma_transaction(handle);
    fx_require(status, "Status");
    fx_dma_require(t, 1u << FX_DMA_TRANSFER, ddi);
    if (!t->list)
        fx_misuse("K-DMA-7", "%s of DMA transaction #%u, whose EvtProgramDma was not called yet", ddi, t->object.number);
    if (length && *length > t->current)
        fx_misuse("K-DMA-7", "%s of DMA transaction #%u with %llu bytes, its transfer has %u", ddi, t->object.number, (unsigned long long)*length, t->current);
    ULONG bytes = length ? (ULONG)*length : t->current;
    flush(t);
    t->transferred += bytes;
    t->rest.offset += bytes;
    t->rest.length -= bytes;
    if (final || !t->rest.length)
        return done(t, FX_DMA_COMPLETED, STATUS_SUCCESS, status);
    return go_on(t, status);
}

BOOLEAN wdf_WdfDmaTransactionDmaCompleted(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, NTSTATUS *Status)
{
    gate_enter(DDI_WdfDmaTransactionDmaCompleted, trace_object(DmaTransaction), 0);
    BOOLEAN over = completed(DmaTransaction, NULL, false, Status, "WdfDmaTransactionDmaCompleted");
    gate_leave(over);
    return over;
}

BOOLEAN wdf_WdfDmaTransactionDmaCompletedWithLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, size_t TransferredLength,
                                                    NTSTATUS *Status)
{
    gate_enter(DDI_WdfDmaTransactionDmaCompletedWithLength, trace_object(DmaTransaction), TransferredLength);
    BOOLEAN over = completed(DmaTransaction, &TransferredLength, false, Status, "WdfDmaTransactionDmaCompletedWithLength");
    gate_leave(over);
    return over;
}

BOOLEAN wdf_WdfDmaTransactionDmaCompletedFinal(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, size_t FinalTransferredLength,
                                               NTSTATUS *Status)
{
    gate_enter(DDI_WdfDmaTransactionDmaCompletedFinal, trace_object(DmaTransaction), FinalTransferredLength);
    BOOLEAN over = completed(DmaTransaction, &FinalTransferredLength, true, Status, "WdfDmaTransactionDmaCompletedFinal");
    gate_leave(over);
    return over;
}

/* True: EvtProgramDma (or EvtReserveDma) is not called any more. */
BOOLEAN wdf_WdfDmaTransactionCancel(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    gate_enter(DDI_WdfDmaTransactionCancel, trace_object(DmaTransaction), 0);
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    if (!t->reserve)
        fx_dma_require(t, ~(1u << FX_DMA_CREATED | 1u << FX_DMA_RELEASED | 1u << FX_DMA_DELETED), "WdfDmaTransactionCancel");
    bool cancelled = dma_cancel_waiting(fx_dma_adapter(t), t);
    t->reserve = NULL;
    if (cancelled && t->state == FX_DMA_TRANSFER)
        fail(t);
    gate_leave(cancelled);
    return cancelled;
}

/* ---- Reserving the channel ---- */

static IO_ALLOCATION_ACTION NTAPI on_reserved(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device, (void)irp;
    struct fx_dma_transaction *t = context;
    PFN_WDF_RESERVE_DMA routine = t->reserve;
    struct callback_frame frame;
    t->base = base;
    t->reserve = NULL;
    t->reserved = true;
    t->state = FX_DMA_RESERVED;
    fx_object_reference(&t->object);
    callback_enter(&frame, DDI_EvtReserveDma, (const void *)routine, t);
    routine((WDFDMATRANSACTION)t, t->reserve_context);
    callback_leave(&frame, 0);
    fx_object_dereference(&t->object);
    return KeepObject;
}

static NTSTATUS reserve(struct fx_dma_transaction *t, WDF_DMA_DIRECTION direction, ULONG registers, PFN_WDF_RESERVE_DMA routine, PVOID context)
{
    fx_dma_require(t, 1u << FX_DMA_CREATED | 1u << FX_DMA_RELEASED, "WdfDmaTransactionAllocateResources");
    fx_require((const void *)routine, "EvtReserveDmaFunction");
    if (t->enabler->scatter_gather)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!registers || registers > t->enabler->adapter[direction]->registers)
        return STATUS_INVALID_PARAMETER;
    t->direction = direction;
    t->base_count = registers;
    t->reserve = routine, t->reserve_context = context;
    struct dma_channel_request r = {.device = t->enabler->device->wdm, .registers = registers, .routine = on_reserved, .context = t, .immediate = t->immediate,
                                    .key = t};
    NTSTATUS status = dma_allocate_channel(fx_dma_adapter(t), &r, "WdfDmaTransactionAllocateResources");
    if (!NT_SUCCESS(status))
        t->reserve = NULL;
    return status;
}

NTSTATUS wdf_WdfDmaTransactionAllocateResources(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, WDF_DMA_DIRECTION DmaDirection,
                                                ULONG RequiredMapRegisters, PFN_WDF_RESERVE_DMA EvtReserveDmaFunction, PVOID EvtReserveDmaContext)
{
    gate_enter(DDI_WdfDmaTransactionAllocateResources, trace_object(DmaTransaction), RequiredMapRegisters);
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    NTSTATUS status = choose_fault(DDI_WdfDmaTransactionAllocateResources)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : reserve(t, DmaDirection, RequiredMapRegisters, EvtReserveDmaFunction, EvtReserveDmaContext);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDmaTransactionFreeResources(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    gate_enter(DDI_WdfDmaTransactionFreeResources, trace_object(DmaTransaction), 0);
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    fx_dma_require(t, 1u << FX_DMA_RESERVED, "WdfDmaTransactionFreeResources");
    fx_dma_release_channel(t, true);
    t->state = FX_DMA_RELEASED;
    gate_leave(0);
}
