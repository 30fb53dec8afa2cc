/*
 * The gate around DMA: IoGetDmaAdapter, the functions of an adapter (DMA_OPERATIONS), and the routed Io and Hal functions that stand for them.
 *
 * A driver calls an adapter's function through the table that the adapter points to; each is one gate, under the table's name for it.
 */
#include "dma_extended.h"

PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters)
{
    gate_enter(DDI_IoGetDmaAdapter, trace_object(PhysicalDeviceObject), DeviceDescription->MaximumLength);
    PDMA_ADAPTER adapter = choose_fault(DDI_IoGetDmaAdapter) ? NULL : dma_get_adapter(PhysicalDeviceObject, DeviceDescription, NumberOfMapRegisters, CALLER);
    gate_leave(trace_object(adapter));
    return adapter;
}

PADAPTER_OBJECT HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters)
{
    (void)DeviceDescription, (void)NumberOfMapRegisters;
    gate_enter(DDI_HalGetAdapter, 0, 0);
    bugcheck(0xE6, 0x1E, 0, 0, 0, "V-DMA-1E", "HalGetAdapter is called, which knows no Plug and Play: IoGetDmaAdapter is the one to call");
}

static VOID NTAPI PutDmaAdapter(PDMA_ADAPTER DmaAdapter)
{
    gate_enter(DDI_PutDmaAdapter, trace_object(DmaAdapter), 0);
    dma_put_adapter(DmaAdapter);
    gate_leave(0);
}

/* ---- Common buffers ---- */

static PVOID NTAPI AllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    gate_enter(DDI_AllocateCommonBuffer, trace_object(DmaAdapter), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateCommonBuffer");
    PVOID memory = choose_fault(DDI_AllocateCommonBuffer) ? NULL : dma_allocate_common_buffer(a, Length, DMA_ANYWHERE, LogicalAddress, CacheEnabled);
    gate_leave(trace_object(memory));
    return memory;
}

static VOID NTAPI FreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress, BOOLEAN CacheEnabled)
{
    gate_enter(DDI_FreeCommonBuffer, trace_object(DmaAdapter), Length);
    dma_free_common_buffer(dma_adapter_of(DmaAdapter, "FreeCommonBuffer"), Length, LogicalAddress, VirtualAddress, CacheEnabled);
    gate_leave(0);
}

/* ---- Scatter/gather lists ---- */

static NTSTATUS NTAPI GetScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                           PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice)
{
    gate_enter(DDI_GetScatterGatherList, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "GetScatterGatherList");
    struct dma_list_request r = {.range = dma_range_of(Mdl, CurrentVa, Length, "GetScatterGatherList"), .device = DeviceObject, .key = DeviceObject,
                                 .routine = ExecutionRoutine, .context = Context, .write = WriteToDevice};
    NTSTATUS status = choose_fault(DDI_GetScatterGatherList) ? STATUS_INSUFFICIENT_RESOURCES : dma_get_list(a, &r, "GetScatterGatherList");
    gate_leave((ULONG)status);
    return status;
}

static VOID NTAPI PutScatterGatherList(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, BOOLEAN WriteToDevice)
{
    gate_enter(DDI_PutScatterGatherList, trace_object(ScatterGather), WriteToDevice);
    dma_put_list(dma_adapter_of(DmaAdapter, "PutScatterGatherList"), ScatterGather, WriteToDevice, "PutScatterGatherList");
    gate_leave(0);
}

static NTSTATUS NTAPI CalculateScatterGatherList(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa, ULONG Length, PULONG ScatterGatherListSize,
                                                 PULONG NumberOfMapRegisters)
{
    gate_enter(DDI_CalculateScatterGatherList, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "CalculateScatterGatherList");
    struct dma_range range = {NULL, (uint64_t)CurrentVa, Length};
    if (Mdl)
        range = dma_range_of(Mdl, CurrentVa, Length, "CalculateScatterGatherList");
    if (Mdl)
        dma_check_range(&range, "CalculateScatterGatherList");
    NTSTATUS status = dma_list_size(a, &range, ScatterGatherListSize, NumberOfMapRegisters);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS NTAPI BuildScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                             PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                             ULONG ScatterGatherLength)
{
    gate_enter(DDI_BuildScatterGatherList, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "BuildScatterGatherList");
    struct dma_list_request r = {.range = dma_range_of(Mdl, CurrentVa, Length, "BuildScatterGatherList"), .device = DeviceObject, .key = DeviceObject,
                                 .routine = ExecutionRoutine, .context = Context, .write = WriteToDevice, .buffer = ScatterGatherBuffer,
                                 .buffer_size = ScatterGatherLength};
    NTSTATUS status = choose_fault(DDI_BuildScatterGatherList) ? STATUS_INSUFFICIENT_RESOURCES : dma_get_list(a, &r, "BuildScatterGatherList");
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS NTAPI BuildMdlFromScatterGatherList(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, PMDL OriginalMdl, PMDL *TargetMdl)
{
    gate_enter(DDI_BuildMdlFromScatterGatherList, trace_object(ScatterGather), trace_object(OriginalMdl));
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "BuildMdlFromScatterGatherList");
    NTSTATUS status = choose_fault(DDI_BuildMdlFromScatterGatherList) ? STATUS_INSUFFICIENT_RESOURCES : dma_mdl_from_list(a, ScatterGather, OriginalMdl, TargetMdl);
    gate_leave((ULONG)status);
    return status;
}

/* ---- The channel ---- */

static NTSTATUS NTAPI AllocateAdapterChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
                                             PVOID Context)
{
    gate_enter(DDI_AllocateAdapterChannel, trace_object(DmaAdapter), NumberOfMapRegisters);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateAdapterChannel");
    struct dma_channel_request r = {.device = DeviceObject, .registers = NumberOfMapRegisters, .routine = ExecutionRoutine, .context = Context};
    if (a->channel || dma_anybody_waits(a, true))
        bugcheck(0xE6, 0x0B, a->number, 0, 0, "V-DMA-0B", "AllocateAdapterChannel of adapter #%u, whose channel the driver has or waits for already", a->number);
    r.key = DeviceObject;
    NTSTATUS status = choose_fault(DDI_AllocateAdapterChannel) ? STATUS_INSUFFICIENT_RESOURCES : dma_allocate_channel(a, &r, "AllocateAdapterChannel");
    gate_leave((ULONG)status);
    return status;
}

static VOID NTAPI FreeAdapterChannel(PDMA_ADAPTER DmaAdapter)
{
    gate_enter(DDI_FreeAdapterChannel, trace_object(DmaAdapter), 0);
    dma_free_channel(dma_adapter_of(DmaAdapter, "FreeAdapterChannel"), "FreeAdapterChannel");
    gate_leave(0);
}

static VOID NTAPI FreeMapRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase, ULONG NumberOfMapRegisters)
{
    gate_enter(DDI_FreeMapRegisters, trace_object(DmaAdapter), NumberOfMapRegisters);
    dma_free_registers(dma_adapter_of(DmaAdapter, "FreeMapRegisters"), MapRegisterBase, NumberOfMapRegisters, "FreeMapRegisters");
    gate_leave(0);
}

static PHYSICAL_ADDRESS NTAPI MapTransfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    gate_enter(DDI_MapTransfer, trace_object(Mdl), *Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "MapTransfer");
    struct dma_range range = dma_range_of(Mdl, CurrentVa, *Length, "MapTransfer");
    PHYSICAL_ADDRESS logical = dma_map_transfer(a, &range, MapRegisterBase, Length, WriteToDevice, "MapTransfer");
    gate_leave((uint64_t)logical.QuadPart);
    return logical;
}

static BOOLEAN NTAPI FlushAdapterBuffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    gate_enter(DDI_FlushAdapterBuffers, trace_object(Mdl), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "FlushAdapterBuffers");
    struct dma_range range = dma_range_of(Mdl, CurrentVa, Length, "FlushAdapterBuffers");
    dma_flush(a, &range, MapRegisterBase, WriteToDevice, "FlushAdapterBuffers");
    gate_leave(TRUE);
    return TRUE;
}

/* Caches see what devices do: any alignment is good. */
static ULONG NTAPI GetDmaAlignment(PDMA_ADAPTER DmaAdapter)
{
    gate_enter(DDI_GetDmaAlignment, trace_object(DmaAdapter), 0);
    dma_adapter_of(DmaAdapter, "GetDmaAlignment");
    gate_leave(1);
    return 1;
}

/* Of a system DMA controller's channel, which a bus master has none of. */
static ULONG NTAPI ReadDmaCounter(PDMA_ADAPTER DmaAdapter)
{
    gate_enter(DDI_ReadDmaCounter, trace_object(DmaAdapter), 0);
    dma_adapter_of(DmaAdapter, "ReadDmaCounter");
    gate_leave(0);
    return 0;
}

#define OPERATIONS \
    .PutDmaAdapter = PutDmaAdapter, \
    .AllocateCommonBuffer = AllocateCommonBuffer, \
    .FreeCommonBuffer = FreeCommonBuffer, \
    .AllocateAdapterChannel = AllocateAdapterChannel, \
    .FlushAdapterBuffers = FlushAdapterBuffers, \
    .FreeAdapterChannel = FreeAdapterChannel, \
    .FreeMapRegisters = FreeMapRegisters, \
    .MapTransfer = MapTransfer, \
    .GetDmaAlignment = GetDmaAlignment, \
    .ReadDmaCounter = ReadDmaCounter, \
    .GetScatterGatherList = GetScatterGatherList, \
    .PutScatterGatherList = PutScatterGatherList, \
    .CalculateScatterGatherList = CalculateScatterGatherList, \
    .BuildScatterGatherList = BuildScatterGatherList, \
    .BuildMdlFromScatterGatherList = BuildMdlFromScatterGatherList

extern const DMA_OPERATIONS dma_operations, dma_operations_extended;
/* Version 3 of the description has those of dma_ddi_extended.c as well. */
const DMA_OPERATIONS dma_operations = {.Size = FIELD_OFFSET(DMA_OPERATIONS, GetDmaAdapterInfo), OPERATIONS};
const DMA_OPERATIONS dma_operations_extended = {.Size = sizeof(DMA_OPERATIONS), OPERATIONS, DMA_EXTENDED_OPERATIONS};

/* ---- Other spellings ---- */

NTSTATUS IoAllocateAdapterChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    return AllocateAdapterChannel(DmaAdapter, DeviceObject, NumberOfMapRegisters, ExecutionRoutine, Context);
}

BOOLEAN IoFlushAdapterBuffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    return FlushAdapterBuffers(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

VOID IoFreeAdapterChannel(PDMA_ADAPTER DmaAdapter) { FreeAdapterChannel(DmaAdapter); }

VOID IoFreeMapRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase, ULONG NumberOfMapRegisters)
{
    FreeMapRegisters(DmaAdapter, MapRegisterBase, NumberOfMapRegisters);
}

PHYSICAL_ADDRESS IoMapTransfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    return MapTransfer(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

PVOID HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    return AllocateCommonBuffer(DmaAdapter, Length, LogicalAddress, CacheEnabled);
}

VOID HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress, BOOLEAN CacheEnabled)
{
    FreeCommonBuffer(DmaAdapter, Length, LogicalAddress, VirtualAddress, CacheEnabled);
}

ULONG HalReadDmaCounter(PDMA_ADAPTER DmaAdapter) { return ReadDmaCounter(DmaAdapter); }

ULONG HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter) { return GetDmaAlignment(DmaAdapter); }
