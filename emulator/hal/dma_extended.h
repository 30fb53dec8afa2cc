/* The functions of an adapter of DEVICE_DESCRIPTION_VERSION3 (W-DMA-10), as dma_ddi_extended.c has them. */
#ifndef HAL_DMA_EXTENDED_H
#define HAL_DMA_EXTENDED_H

#include "dma_adapter.h"

NTSTATUS NTAPI GetDmaAdapterInfo(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo);
NTSTATUS NTAPI GetDmaTransferInfo(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset, ULONG Length, BOOLEAN WriteOnly, PDMA_TRANSFER_INFO TransferInfo);
NTSTATUS NTAPI InitializeDmaTransferContext(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);
PVOID NTAPI AllocateCommonBufferEx(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled,
                                   NODE_REQUIREMENT PreferredNode);
NTSTATUS NTAPI AllocateAdapterChannelEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, ULONG NumberOfMapRegisters, ULONG Flags,
                                        PDRIVER_CONTROL ExecutionRoutine, PVOID ExecutionContext, PVOID *MapRegisterBase);
NTSTATUS NTAPI ConfigureAdapterChannel(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber, PVOID Context);
BOOLEAN NTAPI CancelAdapterChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext);
NTSTATUS NTAPI MapTransferEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset, ULONG DeviceOffset, PULONG Length, BOOLEAN WriteToDevice,
                             PSCATTER_GATHER_LIST ScatterGatherBuffer, ULONG ScatterGatherBufferLength, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                             PVOID CompletionContext);
NTSTATUS NTAPI GetScatterGatherListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                      ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
                                      PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PSCATTER_GATHER_LIST *ScatterGatherList);
NTSTATUS NTAPI BuildScatterGatherListEx(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl, ULONGLONG Offset, ULONG Length,
                                        ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                        ULONG ScatterGatherLength, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PVOID ScatterGatherList);
NTSTATUS NTAPI FlushAdapterBuffersEx(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, ULONGLONG Offset, ULONG Length, BOOLEAN WriteToDevice);
VOID NTAPI FreeAdapterObject(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction);
NTSTATUS NTAPI CancelMappedTransfer(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);

#define DMA_EXTENDED_OPERATIONS \
    .GetDmaAdapterInfo = GetDmaAdapterInfo, \
    .GetDmaTransferInfo = GetDmaTransferInfo, \
    .InitializeDmaTransferContext = InitializeDmaTransferContext, \
    .AllocateCommonBufferEx = AllocateCommonBufferEx, \
    .AllocateAdapterChannelEx = AllocateAdapterChannelEx, \
    .ConfigureAdapterChannel = ConfigureAdapterChannel, \
    .CancelAdapterChannel = CancelAdapterChannel, \
    .MapTransferEx = MapTransferEx, \
    .GetScatterGatherListEx = GetScatterGatherListEx, \
    .BuildScatterGatherListEx = BuildScatterGatherListEx, \
    .FlushAdapterBuffersEx = FlushAdapterBuffersEx, \
    .FreeAdapterObject = FreeAdapterObject, \
    .CancelMappedTransfer = CancelMappedTransfer

#endif
