/* The functions of an adapter of DEVICE_DESCRIPTION_VERSION3 (W-DMA-10), as dma_ddi_extended.c and dma_ddi_newer.c have them. */
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

/* Those of dma_ddi_newer.c. */
NTSTATUS NTAPI AllocateDomainCommonBuffer(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                          MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode, PPHYSICAL_ADDRESS LogicalAddress, PVOID *VirtualAddress);
NTSTATUS NTAPI FlushDmaBuffer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation);
NTSTATUS NTAPI JoinDmaDomain(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle);
NTSTATUS NTAPI LeaveDmaDomain(PDMA_ADAPTER DmaAdapter);
HANDLE NTAPI GetDmaDomain(PDMA_ADAPTER DmaAdapter);
PVOID NTAPI AllocateCommonBufferWithBounds(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MinimumAddress, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                           MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode, PPHYSICAL_ADDRESS LogicalAddress);
NTSTATUS NTAPI AllocateCommonBufferVector(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, MEMORY_CACHING_TYPE CacheType,
                                          ULONG IdealNode, ULONG Flags, ULONG NumberOfElements, ULONGLONG SizeOfElements, PDMA_COMMON_BUFFER_VECTOR *VectorOut);
VOID NTAPI GetCommonBufferFromVectorByIndex(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index, PVOID *VirtualAddressOut,
                                            PPHYSICAL_ADDRESS LogicalAddressOut);
VOID NTAPI FreeCommonBufferFromVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index);
VOID NTAPI FreeCommonBufferVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector);
NTSTATUS NTAPI CreateCommonBufferFromMdl(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs, ULONG ExtendedConfigsCount,
                                         PPHYSICAL_ADDRESS LogicalAddress);

#define DMA_NEWER_OPERATIONS \
    .AllocateDomainCommonBuffer = AllocateDomainCommonBuffer, \
    .FlushDmaBuffer = FlushDmaBuffer, \
    .JoinDmaDomain = JoinDmaDomain, \
    .LeaveDmaDomain = LeaveDmaDomain, \
    .GetDmaDomain = GetDmaDomain, \
    .AllocateCommonBufferWithBounds = AllocateCommonBufferWithBounds, \
    .AllocateCommonBufferVector = AllocateCommonBufferVector, \
    .GetCommonBufferFromVectorByIndex = GetCommonBufferFromVectorByIndex, \
    .FreeCommonBufferFromVector = FreeCommonBufferFromVector, \
    .FreeCommonBufferVector = FreeCommonBufferVector, \
    .CreateCommonBufferFromMdl = CreateCommonBufferFromMdl

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
    .CancelMappedTransfer = CancelMappedTransfer, \
    DMA_NEWER_OPERATIONS

#endif
