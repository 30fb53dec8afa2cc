/*
 * The gate around the functions of an adapter of DEVICE_DESCRIPTION_VERSION3 (W-DMA-10): the same requests with offsets in place of addresses, at any level up to
 * DISPATCH_LEVEL, with a transfer context in place of the one request for each device object, and without waiting if the driver says so.
 *
 * Design: a transfer context is the driver's memory; what stands at its beginning says that it was initialised, its address tells waiting requests apart.
 */
#include "dma_extended.h"

#define CONTEXT_MAGIC 0x78746341444d4144ull

NTSTATUS NTAPI GetDmaAdapterInfo(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo)
{
    static const UCHAR bits[DMA_WIDTHS] = {24, 32, 64};
    gate_enter(DDI_GetDmaAdapterInfo, trace_object(DmaAdapter), AdapterInfo->Version);
    const struct dma_adapter *a = dma_adapter_of(DmaAdapter, "GetDmaAdapterInfo");
    bool known = AdapterInfo->Version == DMA_ADAPTER_INFO_VERSION1;
    if (known)
        AdapterInfo->V1 = (DMA_ADAPTER_INFO_V1){.ScatterGatherLimit = a->registers, .DmaAddressWidth = bits[a->width], .Flags = ADAPTER_INFO_SYNCHRONOUS_CALLBACK,
                                                .MinimumTransferUnit = 1};
    gate_leave(known);
    return known ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static struct dma_range range_at(PMDL mdl, ULONGLONG offset, ULONG length, const char *ddi)
{
    memory_check(mdl, sizeof *mdl, "the MDL of a DMA transfer");
    struct dma_range range = {mdl, offset, length};
    dma_check_range(&range, ddi);
    return range;
}

NTSTATUS NTAPI GetDmaTransferInfo(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset, ULONG Length, BOOLEAN WriteOnly, PDMA_TRANSFER_INFO TransferInfo)
{
    (void)WriteOnly;
    gate_enter(DDI_GetDmaTransferInfo, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "GetDmaTransferInfo");
    struct dma_range range = range_at(Mdl, Offset, Length, "GetDmaTransferInfo");
    ULONG size = 0, pages = dma_pages_of(&range);
    NTSTATUS status = dma_list_size(a, &range, &size, NULL);
    if (TransferInfo->Version < DMA_TRANSFER_INFO_VERSION1 || TransferInfo->Version > DMA_TRANSFER_INFO_VERSION2)
        status = STATUS_NOT_SUPPORTED;
    if (NT_SUCCESS(status))
        TransferInfo->V1 = (DMA_TRANSFER_INFO_V1){pages, pages, size};
    if (NT_SUCCESS(status) && TransferInfo->Version == DMA_TRANSFER_INFO_VERSION2)
        TransferInfo->V2.LogicalPageCount = pages;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS NTAPI InitializeDmaTransferContext(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    gate_enter(DDI_InitializeDmaTransferContext, trace_object(DmaTransferContext), 0);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "InitializeDmaTransferContext");
    memory_check(DmaTransferContext, DMA_TRANSFER_CONTEXT_SIZE_V1, "a DMA transfer context");
    dma_check_key(a, DmaTransferContext, "InitializeDmaTransferContext");
    memset(DmaTransferContext, 0, DMA_TRANSFER_CONTEXT_SIZE_V1);
    *(uint64_t *)DmaTransferContext = CONTEXT_MAGIC;
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static const void *key_of(const void *context, const char *ddi)
{
    memory_check(context, DMA_TRANSFER_CONTEXT_SIZE_V1, "a DMA transfer context");
    if (!context || *(const uint64_t *)context != CONTEXT_MAGIC)
        bugcheck(OWN_RULE, context != NULL, 0, 0, 0, "W-DMA-10", "%s with a transfer context that InitializeDmaTransferContext has not seen", ddi);
    return context;
}

/* ---- Common buffers ---- */

PVOID NTAPI AllocateCommonBufferEx(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled,
                                   NODE_REQUIREMENT PreferredNode)
{
    (void)PreferredNode;
    gate_enter(DDI_AllocateCommonBufferEx, trace_object(DmaAdapter), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateCommonBufferEx");
    struct dma_bounds bounds = {0, MaximumAddress ? (uint64_t)MaximumAddress->QuadPart : ~0ull};
    PVOID memory = choose_fault(DDI_AllocateCommonBufferEx) ? NULL : dma_allocate_common_buffer(a, Length, bounds, LogicalAddress, CacheEnabled);
    gate_leave(trace_object(memory));
    return memory;
}

/* ---- Lists ---- */

NTSTATUS NTAPI GetScatterGatherListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                      ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
                                      PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PSCATTER_GATHER_LIST *ScatterGatherList)
{
    (void)DmaCompletionRoutine, (void)CompletionContext; /* of system DMA */
    gate_enter(DDI_GetScatterGatherListEx, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "GetScatterGatherListEx");
    struct dma_list_request r = {.range = range_at(Mdl, Offset, Length, "GetScatterGatherListEx"), .device = DeviceObject, .routine = ExecutionRoutine,
                                 .key = key_of(DmaTransferContext, "GetScatterGatherListEx"), .context = Context, .write = WriteToDevice,
                                 .immediate = Flags & DMA_SYNCHRONOUS_CALLBACK, .out = ScatterGatherList};
    NTSTATUS status = !ExecutionRoutine && !(r.immediate && ScatterGatherList) ? STATUS_INVALID_PARAMETER :
                      choose_fault(DDI_GetScatterGatherListEx) ? STATUS_INSUFFICIENT_RESOURCES : dma_get_list(a, &r, "GetScatterGatherListEx");
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS NTAPI BuildScatterGatherListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                        ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                        ULONG ScatterGatherLength, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PVOID ScatterGatherList)
{
    (void)DmaCompletionRoutine, (void)CompletionContext;
    gate_enter(DDI_BuildScatterGatherListEx, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "BuildScatterGatherListEx");
    struct dma_list_request r = {.range = range_at(Mdl, Offset, Length, "BuildScatterGatherListEx"), .device = DeviceObject, .routine = ExecutionRoutine,
                                 .key = key_of(DmaTransferContext, "BuildScatterGatherListEx"), .context = Context, .write = WriteToDevice,
                                 .immediate = Flags & DMA_SYNCHRONOUS_CALLBACK, .buffer = ScatterGatherBuffer, .buffer_size = ScatterGatherLength,
                                 .out = ScatterGatherList};
    NTSTATUS status = !ScatterGatherBuffer || (!ExecutionRoutine && !(r.immediate && ScatterGatherList)) ? STATUS_INVALID_PARAMETER :
                      choose_fault(DDI_BuildScatterGatherListEx) ? STATUS_INSUFFICIENT_RESOURCES : dma_get_list(a, &r, "BuildScatterGatherListEx");
    gate_leave((ULONG)status);
    return status;
}

/* ---- The channel ---- */

NTSTATUS NTAPI AllocateAdapterChannelEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, ULONG NumberOfMapRegisters, ULONG Flags,
                                        PDRIVER_CONTROL ExecutionRoutine, PVOID ExecutionContext, PVOID *MapRegisterBase)
{
    gate_enter(DDI_AllocateAdapterChannelEx, trace_object(DmaAdapter), NumberOfMapRegisters);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateAdapterChannelEx");
    struct dma_channel_request r = {.device = DeviceObject, .registers = NumberOfMapRegisters, .routine = ExecutionRoutine, .context = ExecutionContext,
                                    .immediate = Flags & DMA_SYNCHRONOUS_CALLBACK, .key = key_of(DmaTransferContext, "AllocateAdapterChannelEx"),
                                    .out = MapRegisterBase};
    NTSTATUS status = !ExecutionRoutine && !(r.immediate && MapRegisterBase) ? STATUS_INVALID_PARAMETER :
                      choose_fault(DDI_AllocateAdapterChannelEx) ? STATUS_INSUFFICIENT_RESOURCES : dma_allocate_channel(a, &r, "AllocateAdapterChannelEx");
    gate_leave((ULONG)status);
    return status;
}

/* What is to be configured belongs to a system DMA controller. */
NTSTATUS NTAPI ConfigureAdapterChannel(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber, PVOID Context)
{
    (void)Context;
    gate_enter(DDI_ConfigureAdapterChannel, trace_object(DmaAdapter), FunctionNumber);
    dma_adapter_of(DmaAdapter, "ConfigureAdapterChannel");
    gate_leave((ULONG)STATUS_NOT_IMPLEMENTED);
    return STATUS_NOT_IMPLEMENTED;
}

BOOLEAN NTAPI CancelAdapterChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext)
{
    (void)DeviceObject;
    gate_enter(DDI_CancelAdapterChannel, trace_object(DmaAdapter), 0);
    bool cancelled = dma_cancel_waiting(dma_adapter_of(DmaAdapter, "CancelAdapterChannel"), key_of(DmaTransferContext, "CancelAdapterChannel"));
    gate_leave(cancelled);
    return cancelled;
}

VOID NTAPI FreeAdapterObject(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction)
{
    gate_enter(DDI_FreeAdapterObject, trace_object(DmaAdapter), AllocationAction);
    dma_free_object(dma_adapter_of(DmaAdapter, "FreeAdapterObject"), AllocationAction, "FreeAdapterObject");
    gate_leave(0);
}

/* As many elements as the list has room for. */
static NTSTATUS map_elements(struct dma_adapter *a, struct dma_range range, PVOID base, PULONG length, BOOLEAN write, PSCATTER_GATHER_LIST list, ULONG room)
{
    ULONG mapped = 0, n = 0;
    ULONG most = room < sizeof(SCATTER_GATHER_LIST) ? 0 : (room - FIELD_OFFSET(SCATTER_GATHER_LIST, Elements)) / sizeof(SCATTER_GATHER_ELEMENT);
    if (!list || !most)
        return list ? STATUS_BUFFER_TOO_SMALL : STATUS_INVALID_PARAMETER;
    for (ULONG part; range.length && n < most; n++) {
        list->Elements[n] = (SCATTER_GATHER_ELEMENT){.Address = dma_map_transfer(a, &range, base, &part, write, "MapTransferEx")};
        list->Elements[n].Length = part;
        range.offset += part, range.length -= part;
        mapped += part;
    }
    list->NumberOfElements = n;
    list->Reserved = 0;
    *length = mapped;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MapTransferEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset, ULONG DeviceOffset, PULONG Length, BOOLEAN WriteToDevice,
                             PSCATTER_GATHER_LIST ScatterGatherBuffer, ULONG ScatterGatherBufferLength, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                             PVOID CompletionContext)
{
    (void)DeviceOffset, (void)DmaCompletionRoutine, (void)CompletionContext;
    gate_enter(DDI_MapTransferEx, trace_object(Mdl), *Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "MapTransferEx");
    struct dma_range range = range_at(Mdl, Offset, *Length, "MapTransferEx");
    NTSTATUS status = map_elements(a, range, MapRegisterBase, Length, WriteToDevice, ScatterGatherBuffer, ScatterGatherBufferLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS NTAPI FlushAdapterBuffersEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset, ULONG Length, BOOLEAN WriteToDevice)
{
    gate_enter(DDI_FlushAdapterBuffersEx, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "FlushAdapterBuffersEx");
    struct dma_range range = range_at(Mdl, Offset, Length, "FlushAdapterBuffersEx");
    dma_flush(a, &range, MapRegisterBase, WriteToDevice, "FlushAdapterBuffersEx");
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* A bus master's transfer is its own to stop. */
NTSTATUS NTAPI CancelMappedTransfer(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    gate_enter(DDI_CancelMappedTransfer, trace_object(DmaAdapter), 0);
    dma_adapter_of(DmaAdapter, "CancelMappedTransfer");
    key_of(DmaTransferContext, "CancelMappedTransfer");
    gate_leave((ULONG)STATUS_NOT_IMPLEMENTED);
    return STATUS_NOT_IMPLEMENTED;
}
