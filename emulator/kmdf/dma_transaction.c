/* DMA transactions: creation, what they are to transfer, release, limits (K-DMA-3, 4, 8). What happens in between is dma_transfer.c's. */
#include "dma.h"

struct fx_dma_transaction *fx_dma_transaction(WDFDMATRANSACTION handle) { return fx_handle(handle, FX_DMATRANSACTION); }

struct dma_adapter *fx_dma_adapter(const struct fx_dma_transaction *t) { return t->enabler->adapter[t->direction]; }

static const char *state_name(enum fx_dma_state state)
{
    static const char *const name[] = {"Invalid", "Created", "Reserved", "Initialized", "Transfer", "TransferCompleted", "TransferFailed", "Released", "Deleted"};
    return name[state];
}

void fx_dma_require(const struct fx_dma_transaction *t, unsigned states, const char *ddi)
{
    if (!(states & 1u << t->state))
        bugcheck(0x10D, 0x8, t->object.number, t->state, 0, "K-DMA-3", "%s of DMA transaction #%u, which is in state %s", ddi, t->object.number, state_name(t->state));
}

/* ---- Its end ---- */

static void drop_request(struct fx_dma_transaction *t)
{
    if (t->referenced)
        fx_object_dereference(&t->request->object);
    t->referenced = false;
    t->request = NULL;
}

static void release(struct fx_dma_transaction *t, const char *ddi)
{
    fx_dma_require(t, ~(1u << FX_DMA_TRANSFER), ddi);
    if (t->state == FX_DMA_CREATED || t->state == FX_DMA_RELEASED)
        return;
    drop_request(t);
    t->rest = (struct dma_range){0};
    t->program = NULL;
    t->current = 0;
    t->state = t->reserved ? FX_DMA_RESERVED : FX_DMA_RELEASED;
}

static void dispose(struct fx_object *object)
{
    struct fx_dma_transaction *t = (struct fx_dma_transaction *)object;
    release(t, "the deletion");
    if (t->reserve)
        dma_cancel_waiting(fx_dma_adapter(t), t);
    fx_dma_release_channel(t, true);
    t->state = FX_DMA_DELETED;
}

NTSTATUS wdf_WdfDmaTransactionRelease(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    gate_enter(DDI_WdfDmaTransactionRelease, trace_object(DmaTransaction), 0);
    release(fx_dma_transaction(DmaTransaction), "WdfDmaTransactionRelease");
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* ---- Creation ---- */

static NTSTATUS create(struct fx_dma_enabler *enabler, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (!NT_SUCCESS(status))
        return status;
    if (!enabler->adapter[WdfDmaDirectionReadFromDevice]) /* a system profile that is not configured */
        return STATUS_INVALID_DEVICE_STATE;
    status = fx_object_create(enabler->object.driver, FX_DMATRANSACTION, sizeof(struct fx_dma_transaction), attributes, out);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_dma_transaction *t = *out;
    status = fx_object_commit(&t->object, &enabler->object);
    if (!NT_SUCCESS(status)) {
        fx_object_delete_failed(&t->object);
        return status;
    }
    t->enabler = enabler;
    t->state = FX_DMA_CREATED;
    t->single = enabler->config.Flags & WDF_DMA_ENABLER_CONFIG_REQUIRE_SINGLE_TRANSFER;
    t->object.dispose = dispose;
    enabler->used = true;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDmaTransactionCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, PWDF_OBJECT_ATTRIBUTES Attributes,
                                     WDFDMATRANSACTION *DmaTransaction)
{
    gate_enter(DDI_WdfDmaTransactionCreate, trace_object(DmaEnabler), 0);
    struct fx_dma_enabler *enabler = fx_handle(DmaEnabler, FX_DMAENABLER);
    fx_require(DmaTransaction, "DmaTransaction");
    *DmaTransaction = NULL;
    void *transaction = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDmaTransactionCreate) ? STATUS_INSUFFICIENT_RESOURCES : create(enabler, Attributes, &transaction);
    if (NT_SUCCESS(status))
        *DmaTransaction = transaction;
    gate_leave((ULONG)status);
    return status;
}

/* ---- What is to be transferred ---- */

static uint64_t chain_length(PMDL mdl)
{
    uint64_t length = 0;
    for (; mdl; mdl = mdl->Next)
        length += mdl->ByteCount;
    return length;
}

/* A packet's elements: one for each MDL that it has a part in. */
static unsigned links_of(struct dma_range range)
{
    unsigned n = 0;
    for (uint64_t size; range.length; n++)
        dma_take_run(&range, &size);
    return n;
}

/* Of a transaction that has to be one transfer. */
static NTSTATUS check_single(const struct fx_dma_transaction *t)
{
    ULONG pages = dma_pages_of(&t->rest), elements = t->enabler->scatter_gather ? pages : links_of(t->rest);
    if (!t->single)
        return STATUS_SUCCESS;
    if (pages > fx_dma_adapter(t)->registers)
        return STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS;
    if (t->rest.length > fx_dma_longest(t))
        return STATUS_WDF_TOO_MANY_TRANSFERS;
    return elements > t->enabler->maximum_elements ? STATUS_WDF_TOO_FRAGMENTED : STATUS_SUCCESS;
}

static NTSTATUS initialize(struct fx_dma_transaction *t, PFN_WDF_PROGRAM_DMA program, WDF_DMA_DIRECTION direction, PMDL mdl, uint64_t offset, size_t length,
                           const char *ddi)
{
    fx_dma_require(t, 1u << FX_DMA_CREATED | 1u << FX_DMA_RESERVED | 1u << FX_DMA_RELEASED, ddi);
    fx_require((const void *)program, "EvtProgramDmaFunction");
    fx_require(mdl, "Mdl");
    if (!length || length > 0xffffffff || (direction != WdfDmaDirectionReadFromDevice && direction != WdfDmaDirectionWriteToDevice) ||
        offset >= mdl->ByteCount || length > chain_length(mdl) - offset)
        return STATUS_INVALID_PARAMETER;
    t->program = program;
    t->direction = direction;
    t->rest = (struct dma_range){mdl, offset, (ULONG)length};
    t->transferred = 0;
    t->current = 0;
    NTSTATUS status = check_single(t);
    t->state = NT_SUCCESS(status) ? FX_DMA_INITIALIZED : t->reserved ? FX_DMA_RESERVED : FX_DMA_RELEASED;
    return status;
}

NTSTATUS wdf_WdfDmaTransactionInitialize(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction,
                                         WDF_DMA_DIRECTION DmaDirection, PMDL Mdl, PVOID VirtualAddress, size_t Length)
{
    gate_enter(DDI_WdfDmaTransactionInitialize, trace_object(DmaTransaction), Length);
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    fx_require(Mdl, "Mdl");
    uint64_t offset = (uint64_t)VirtualAddress - (uint64_t)Mdl->StartVa - Mdl->ByteOffset;
    NTSTATUS status = initialize(t, EvtProgramDmaFunction, DmaDirection, Mdl, offset, Length, "WdfDmaTransactionInitialize");
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDmaTransactionInitializeUsingOffset(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction,
                                                    PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction, WDF_DMA_DIRECTION DmaDirection, PMDL Mdl, size_t Offset, size_t Length)
{
    gate_enter(DDI_WdfDmaTransactionInitializeUsingOffset, trace_object(DmaTransaction), Length);
    NTSTATUS status = initialize(fx_dma_transaction(DmaTransaction), EvtProgramDmaFunction, DmaDirection, Mdl, Offset, Length,
                                 "WdfDmaTransactionInitializeUsingOffset");
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS initialize_by(struct fx_dma_transaction *t, struct fx_request *request, PFN_WDF_PROGRAM_DMA program, WDF_DMA_DIRECTION direction)
{
    PMDL mdl;
    SIZE_T length;
    fx_dma_require(t, 1u << FX_DMA_CREATED | 1u << FX_DMA_RESERVED | 1u << FX_DMA_RELEASED, "WdfDmaTransactionInitializeUsingRequest");
    NTSTATUS status = fx_request_dma_buffer(request, direction == WdfDmaDirectionWriteToDevice, DDI_WdfDmaTransactionInitializeUsingRequest, &mdl, &length);
    if (NT_SUCCESS(status))
        status = initialize(t, program, direction, mdl, 0, length, "WdfDmaTransactionInitializeUsingRequest");
    if (NT_SUCCESS(status))
        t->request = request;
    return status;
}

NTSTATUS wdf_WdfDmaTransactionInitializeUsingRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, WDFREQUEST Request,
                                                     PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction, WDF_DMA_DIRECTION DmaDirection)
{
    gate_enter(DDI_WdfDmaTransactionInitializeUsingRequest, trace_object(DmaTransaction), trace_object(Request));
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    struct fx_request *request = fx_request_handle(Request, "WdfDmaTransactionInitializeUsingRequest");
    NTSTATUS status = initialize_by(t, request, EvtProgramDmaFunction, DmaDirection);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Limits and ways ---- */

VOID wdf_WdfDmaTransactionSetMaximumLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, size_t MaximumLength)
{
    gate_enter(DDI_WdfDmaTransactionSetMaximumLength, trace_object(DmaTransaction), MaximumLength);
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction);
    if (!MaximumLength)
        fx_misuse("K-DMA-8", "WdfDmaTransactionSetMaximumLength of DMA transaction #%u with 0", t->object.number);
    t->maximum = MaximumLength;
    gate_leave(0);
}

VOID wdf_WdfDmaTransactionSetSingleTransferRequirement(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, BOOLEAN RequireSingleTransfer)
{
    gate_enter(DDI_WdfDmaTransactionSetSingleTransferRequirement, trace_object(DmaTransaction), RequireSingleTransfer);
    fx_dma_transaction(DmaTransaction)->single = RequireSingleTransfer != FALSE;
    gate_leave(0);
}

VOID wdf_WdfDmaTransactionSetImmediateExecution(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, BOOLEAN UseImmediateExecution)
{
    gate_enter(DDI_WdfDmaTransactionSetImmediateExecution, trace_object(DmaTransaction), UseImmediateExecution);
    fx_dma_transaction(DmaTransaction)->immediate = UseImmediateExecution != FALSE;
    gate_leave(0);
}

/* ---- Questions ---- */

#define GETTER(ddi) \
    gate_enter(DDI_##ddi, trace_object(DmaTransaction), 0); \
    struct fx_dma_transaction *t = fx_dma_transaction(DmaTransaction)

size_t wdf_WdfDmaTransactionGetBytesTransferred(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionGetBytesTransferred);
    gate_leave(t->transferred);
    return t->transferred;
}

size_t wdf_WdfDmaTransactionGetCurrentDmaTransferLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionGetCurrentDmaTransferLength);
    gate_leave(t->current);
    return t->current;
}

WDFREQUEST wdf_WdfDmaTransactionGetRequest(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionGetRequest);
    gate_leave(trace_object(t->request));
    return (WDFREQUEST)t->request;
}

WDFDEVICE wdf_WdfDmaTransactionGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionGetDevice);
    gate_leave(trace_object(t->enabler->device));
    return (WDFDEVICE)t->enabler->device;
}

VOID wdf_WdfDmaTransactionGetTransferInfo(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, size_t *MapRegisterCount,
                                          size_t *ScatterGatherElementCount)
{
    GETTER(WdfDmaTransactionGetTransferInfo);
    fx_dma_require(t, 1u << FX_DMA_INITIALIZED, "WdfDmaTransactionGetTransferInfo");
    ULONG pages = dma_pages_of(&t->rest);
    if (MapRegisterCount)
        *MapRegisterCount = pages;
    if (ScatterGatherElementCount)
        *ScatterGatherElementCount = t->enabler->scatter_gather ? pages : links_of(t->rest);
    gate_leave(pages);
}

PVOID wdf_WdfDmaTransactionWdmGetTransferContext(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionWdmGetTransferContext);
    gate_leave(0);
    return t;
}

/* ---- Of system DMA alone: its channel's configuration, its controller's end of a transfer ---- */

static void only_system(const struct fx_dma_transaction *t, const char *ddi)
{
    if (!t->enabler->system)
        fx_misuse("K-DMA-8", "%s of DMA transaction #%u, whose enabler has no system profile", ddi, t->object.number);
}

VOID wdf_WdfDmaTransactionSetChannelConfigurationCallback(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction,
                                                          PFN_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL ConfigureRoutine, PVOID ConfigureContext)
{
    GETTER(WdfDmaTransactionSetChannelConfigurationCallback);
    (void)ConfigureRoutine, (void)ConfigureContext;
    only_system(t, "WdfDmaTransactionSetChannelConfigurationCallback");
    gate_leave(0);
}

VOID wdf_WdfDmaTransactionSetTransferCompleteCallback(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction,
                                                      PFN_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE DmaCompletionRoutine, PVOID DmaCompletionContext)
{
    GETTER(WdfDmaTransactionSetTransferCompleteCallback);
    (void)DmaCompletionRoutine, (void)DmaCompletionContext;
    only_system(t, "WdfDmaTransactionSetTransferCompleteCallback");
    gate_leave(0);
}

VOID wdf_WdfDmaTransactionSetDeviceAddressOffset(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction, ULONG Offset)
{
    GETTER(WdfDmaTransactionSetDeviceAddressOffset);
    (void)Offset;
    only_system(t, "WdfDmaTransactionSetDeviceAddressOffset");
    gate_leave(0);
}

VOID wdf_WdfDmaTransactionStopSystemTransfer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMATRANSACTION DmaTransaction)
{
    GETTER(WdfDmaTransactionStopSystemTransfer);
    only_system(t, "WdfDmaTransactionStopSystemTransfer");
    gate_leave(0);
}
