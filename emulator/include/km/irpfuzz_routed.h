/*
 * After the packaged DDK headers: every DDI which those make a macro or an inline function is a function here, with the
 * prototype the WDK documents, so that the emulator provides it behind its gate. IRQL
 * limits are the gate's (W-IRQL-20). A name that is an alias on Windows too stays one; the function is the documented name.
 */
#undef KeGetCurrentIrql
#undef KeRaiseIrql
#undef KfRaiseIrql
#undef KeRaiseIrqlToDpcLevel
#undef KeRaiseIrqlToSynchLevel
#undef KeLowerIrql
#undef KeGetCurrentThread
#undef PsGetCurrentThread
#undef PsGetCurrentProcess
#undef KeGetCurrentProcessorNumber
#undef KeMemoryBarrier
#undef KeFlushWriteBuffer
#undef KeFlushIoBuffers
#undef KeQuerySystemTime
#undef KeQueryTickCount
#undef KeQueryInterruptTime
#undef KeInitializeSpinLock
#undef KeAcquireSpinLock
#undef ExInitializeFastMutex
#undef IoGetCurrentIrpStackLocation
#undef IoGetNextIrpStackLocation
#undef IoSkipCurrentIrpStackLocation
#undef IoSetNextIrpStackLocation
#undef IoCopyCurrentIrpStackLocationToNext
#undef IoMarkIrpPending
#undef IoSetCompletionRoutine
#undef IoSetCancelRoutine
#undef IoCallDriver
#undef IoCompleteRequest
#undef IoRequestDpc
#undef IoInitializeDpcRequest
#undef IoInitializeThreadedDpcRequest
#undef IoGetRemainingStackSize
#undef PoSetDeviceBusy
#undef ObReferenceObject
#undef ObDereferenceObject
#undef ObReferenceObjectWithTag
#undef ObDereferenceObjectWithTag
#undef ExAllocateFromNPagedLookasideList
#undef ExFreeToNPagedLookasideList
#undef ExAllocateFromPagedLookasideList
#undef ExFreeToPagedLookasideList
#undef ExAllocateFromLookasideListEx
#undef ExFreeToLookasideListEx
#undef ExFreePool
#undef InitializeSListHead
#undef ExQueryDepthSList
#undef InterlockedPopEntrySList
#undef InterlockedPushEntrySList
#undef InterlockedFlushSList
#undef ExInterlockedPopEntrySList
#undef ExInterlockedPushEntrySList
#undef ExInterlockedFlushSList
#undef ExInterlockedCompareExchange64
#undef ExInterlockedAddLargeStatistic
#undef MmGetSystemAddressForMdlSafe
#undef MmGetSystemAddressForMdl
#undef MmInitializeMdl
#undef MmPrepareMdlForReuse
#undef READ_REGISTER_UCHAR
#undef WRITE_REGISTER_UCHAR
#undef READ_REGISTER_BUFFER_UCHAR
#undef WRITE_REGISTER_BUFFER_UCHAR
#undef READ_REGISTER_USHORT
#undef WRITE_REGISTER_USHORT
#undef READ_REGISTER_BUFFER_USHORT
#undef WRITE_REGISTER_BUFFER_USHORT
#undef READ_REGISTER_ULONG
#undef WRITE_REGISTER_ULONG
#undef READ_REGISTER_BUFFER_ULONG
#undef WRITE_REGISTER_BUFFER_ULONG
#undef READ_REGISTER_ULONG64
#undef WRITE_REGISTER_ULONG64
#undef READ_REGISTER_BUFFER_ULONG64
#undef WRITE_REGISTER_BUFFER_ULONG64
#undef READ_PORT_UCHAR
#undef WRITE_PORT_UCHAR
#undef READ_PORT_BUFFER_UCHAR
#undef WRITE_PORT_BUFFER_UCHAR
#undef READ_PORT_USHORT
#undef WRITE_PORT_USHORT
#undef READ_PORT_BUFFER_USHORT
#undef WRITE_PORT_BUFFER_USHORT
#undef READ_PORT_ULONG
#undef WRITE_PORT_ULONG
#undef READ_PORT_BUFFER_ULONG
#undef WRITE_PORT_BUFFER_ULONG
#undef IoAllocateAdapterChannel
#undef IoFlushAdapterBuffers
#undef IoFreeAdapterChannel
#undef IoFreeMapRegisters
#undef IoMapTransfer
#undef HalAllocateCommonBuffer
#undef HalFreeCommonBuffer
#undef HalReadDmaCounter
#undef HalGetDmaAlignment
#undef InitializeListHead
#undef IsListEmpty
#undef RemoveEntryList
#undef RemoveHeadList
#undef RemoveTailList
#undef InsertTailList
#undef InsertHeadList
#undef AppendTailList
#undef PopEntryList
#undef PushEntryList
#undef RtlSecureZeroMemory
#undef InterlockedBitTestAndSet
#undef InterlockedBitTestAndReset
#undef KeGetPcr
#undef IoAdjustPagingPathCount
#undef YieldProcessor
#undef DbgRaiseAssertionFailure
#undef DbgBreakPoint

#ifndef IRPFUZZ_ROUTED_H
#define IRPFUZZ_ROUTED_H

#ifdef __cplusplus
extern "C" {
#endif

/* Processors and IRQL. */
KIRQL KeGetCurrentIrql(VOID);
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql);
KIRQL KfRaiseIrql(KIRQL NewIrql);
KIRQL KeRaiseIrqlToDpcLevel(VOID);
KIRQL KeRaiseIrqlToSynchLevel(VOID);
VOID KeLowerIrql(KIRQL NewIrql);
PKTHREAD KeGetCurrentThread(VOID);
PETHREAD PsGetCurrentThread(VOID);
PEPROCESS PsGetCurrentProcess(VOID);
ULONG KeGetCurrentProcessorNumber(VOID);
VOID KeMemoryBarrier(VOID);
VOID KeFlushWriteBuffer(VOID);
VOID KeFlushIoBuffers(PMDL Mdl, BOOLEAN ReadOperation, BOOLEAN DmaOperation);

/* A breakpoint is for the emulator to report, not for the host to trap. */
VOID DbgBreakPoint(VOID);
#undef __debugbreak
#define __debugbreak() DbgBreakPoint()

/* Time: the virtual clock, never a shared page. */
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
VOID KeQueryTickCount(PLARGE_INTEGER TickCount);
ULONGLONG KeQueryInterruptTime(VOID);

/* Spin locks. */
VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql);

/* Fast mutexes. */
VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex);

/* IRPs. */
PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP Irp);
PIO_STACK_LOCATION IoGetNextIrpStackLocation(PIRP Irp);
VOID IoSkipCurrentIrpStackLocation(PIRP Irp);
VOID IoSetNextIrpStackLocation(PIRP Irp);
VOID IoCopyCurrentIrpStackLocationToNext(PIRP Irp);
VOID IoMarkIrpPending(PIRP Irp);
VOID IoSetCompletionRoutine(
    PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
    BOOLEAN InvokeOnCancel);
PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine);
NTSTATUS IoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
VOID IoCompleteRequest(PIRP Irp, CCHAR PriorityBoost);
VOID IoRequestDpc(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);
VOID IoInitializeDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine);
VOID IoInitializeThreadedDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine);
ULONG_PTR IoGetRemainingStackSize(VOID);
VOID PoSetDeviceBusy(PULONG IdlePointer);

/* Objects. */
LONG_PTR ObReferenceObject(PVOID Object);
LONG_PTR ObDereferenceObject(PVOID Object);
LONG_PTR ObReferenceObjectWithTag(PVOID Object, ULONG Tag);
LONG_PTR ObDereferenceObjectWithTag(PVOID Object, ULONG Tag);

/* Pool and lookaside lists. */
PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside);
VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry);
PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside);
VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry);
PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside);
VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry);
VOID ExFreePool(PVOID P);

/* Interlocked lists. */
VOID InitializeSListHead(PSLIST_HEADER SListHead);
USHORT ExQueryDepthSList(PSLIST_HEADER SListHead);
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead);
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry);
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead);
PSLIST_ENTRY ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock);
PSLIST_ENTRY ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
PSLIST_ENTRY ExInterlockedFlushSList(PSLIST_HEADER ListHead);
LONGLONG ExInterlockedCompareExchange64(
    LONGLONG volatile *Destination, PLONGLONG Exchange, PLONGLONG Comparand, PKSPIN_LOCK Lock);
VOID ExInterlockedAddLargeStatistic(PLARGE_INTEGER Addend, ULONG Increment);

/* MDLs. */
PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority);
PVOID MmGetSystemAddressForMdl(PMDL Mdl);
VOID MmInitializeMdl(PMDL MemoryDescriptorList, PVOID BaseVa, SIZE_T Length);
VOID MmPrepareMdlForReuse(PMDL Mdl);

/* Registers and ports. */
UCHAR READ_REGISTER_UCHAR(volatile UCHAR *Register);
VOID WRITE_REGISTER_UCHAR(volatile UCHAR *Register, UCHAR Value);
VOID READ_REGISTER_BUFFER_UCHAR(volatile UCHAR *Register, PUCHAR Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_UCHAR(volatile UCHAR *Register, PUCHAR Buffer, ULONG Count);
USHORT READ_REGISTER_USHORT(volatile USHORT *Register);
VOID WRITE_REGISTER_USHORT(volatile USHORT *Register, USHORT Value);
VOID READ_REGISTER_BUFFER_USHORT(volatile USHORT *Register, PUSHORT Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_USHORT(volatile USHORT *Register, PUSHORT Buffer, ULONG Count);
ULONG READ_REGISTER_ULONG(volatile ULONG *Register);
VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value);
VOID READ_REGISTER_BUFFER_ULONG(volatile ULONG *Register, PULONG Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_ULONG(volatile ULONG *Register, PULONG Buffer, ULONG Count);
ULONG64 READ_REGISTER_ULONG64(volatile ULONG64 *Register);
VOID WRITE_REGISTER_ULONG64(volatile ULONG64 *Register, ULONG64 Value);
VOID READ_REGISTER_BUFFER_ULONG64(volatile ULONG64 *Register, PULONG64 Buffer, ULONG Count);
VOID WRITE_REGISTER_BUFFER_ULONG64(volatile ULONG64 *Register, PULONG64 Buffer, ULONG Count);
UCHAR READ_PORT_UCHAR(PUCHAR Port);
VOID WRITE_PORT_UCHAR(PUCHAR Port, UCHAR Value);
VOID READ_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
USHORT READ_PORT_USHORT(PUSHORT Port);
VOID WRITE_PORT_USHORT(PUSHORT Port, USHORT Value);
VOID READ_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
ULONG READ_PORT_ULONG(PULONG Port);
VOID WRITE_PORT_ULONG(PULONG Port, ULONG Value);
VOID READ_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);
VOID WRITE_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);

/* DMA adapters: calls into the adapter, one gate each. */
NTSTATUS IoAllocateAdapterChannel(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine,
    PVOID Context);
BOOLEAN IoFlushAdapterBuffers(
    PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice);
VOID IoFreeAdapterChannel(PDMA_ADAPTER DmaAdapter);
VOID IoFreeMapRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase, ULONG NumberOfMapRegisters);
PHYSICAL_ADDRESS IoMapTransfer(
    PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice);
PVOID HalAllocateCommonBuffer(
    PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled);
VOID HalFreeCommonBuffer(
    PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress, BOOLEAN CacheEnabled);
ULONG HalReadDmaCounter(PDMA_ADAPTER DmaAdapter);
ULONG HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter);

#ifdef __cplusplus
}
#endif

#endif

/* The fast call spellings of the same functions. */
#undef IofCallDriver
#define IofCallDriver IoCallDriver
#undef IofCompleteRequest
#define IofCompleteRequest IoCompleteRequest
#undef ObfReferenceObject
#define ObfReferenceObject ObReferenceObject
#undef ObfDereferenceObject
#define ObfDereferenceObject ObDereferenceObject
#undef ObfReferenceObjectWithTag
#define ObfReferenceObjectWithTag ObReferenceObjectWithTag
#undef ObfDereferenceObjectWithTag
#define ObfDereferenceObjectWithTag ObDereferenceObjectWithTag
#undef KfLowerIrql
#define KfLowerIrql KeLowerIrql
#undef ExpInterlockedPopEntrySList
#define ExpInterlockedPopEntrySList InterlockedPopEntrySList
#undef ExpInterlockedPushEntrySList
#define ExpInterlockedPushEntrySList InterlockedPushEntrySList
#undef ExpInterlockedFlushSList
#define ExpInterlockedFlushSList InterlockedFlushSList
#undef QueryDepthSList
#define QueryDepthSList ExQueryDepthSList
#undef YieldProcessor
#define YieldProcessor() KeMemoryBarrier()
#undef IoAdjustPagingPathCount
#define IoAdjustPagingPathCount(count, increment) \
    ((VOID)((increment) ? InterlockedIncrement(count) : InterlockedDecrement(count)))
