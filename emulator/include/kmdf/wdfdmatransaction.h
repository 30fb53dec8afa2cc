/*
 * DMA transactions (K-DMA-3 to K-DMA-8).
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_PROGRAM_DMA)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN EVT_WDF_PROGRAM_DMA(_In_ WDFDMATRANSACTION Transaction, _In_ WDFDEVICE Device,
    _In_ WDFCONTEXT Context, _In_ WDF_DMA_DIRECTION Direction, _In_ PSCATTER_GATHER_LIST SgList);
typedef EVT_WDF_PROGRAM_DMA *PFN_WDF_PROGRAM_DMA;

typedef _Function_class_(EVT_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN EVT_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL(_In_ WDFDMATRANSACTION DmaTransaction,
    _In_ WDFDEVICE Device, _In_opt_ PVOID Context, _In_opt_ PMDL Mdl, _In_ size_t Offset,
    _In_ size_t Length);
typedef EVT_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL *PFN_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL;

typedef _Function_class_(EVT_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE(_In_ WDFDMATRANSACTION Transaction,
    _In_ WDFDEVICE Device, _In_ WDFCONTEXT Context, _In_ WDF_DMA_DIRECTION Direction,
    _In_ DMA_COMPLETION_STATUS Status);
typedef EVT_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE *PFN_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE;

typedef _Function_class_(EVT_WDF_RESERVE_DMA)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_RESERVE_DMA(_In_ WDFDMATRANSACTION DmaTransaction, _In_ PVOID Context);
typedef EVT_WDF_RESERVE_DMA *PFN_WDF_RESERVE_DMA;

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionCreate, PFN_WDFDMATRANSACTIONCREATE,
        (_In_ WDFDMAENABLER DmaEnabler, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFDMATRANSACTION *DmaTransaction),
        (DmaEnabler, Attributes, DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionInitialize, PFN_WDFDMATRANSACTIONINITIALIZE,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction,
         _In_ WDF_DMA_DIRECTION DmaDirection, _In_ PMDL Mdl, _In_ PVOID VirtualAddress,
         _In_ size_t Length),
        (DmaTransaction, EvtProgramDmaFunction, DmaDirection, Mdl, VirtualAddress, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionInitializeUsingOffset, PFN_WDFDMATRANSACTIONINITIALIZEUSINGOFFSET,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction,
         _In_ WDF_DMA_DIRECTION DmaDirection, _In_ PMDL Mdl, _In_ size_t Offset,
         _In_ size_t Length),
        (DmaTransaction, EvtProgramDmaFunction, DmaDirection, Mdl, Offset, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionInitializeUsingRequest, PFN_WDFDMATRANSACTIONINITIALIZEUSINGREQUEST,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ WDFREQUEST Request,
         _In_ PFN_WDF_PROGRAM_DMA EvtProgramDmaFunction, _In_ WDF_DMA_DIRECTION DmaDirection),
        (DmaTransaction, Request, EvtProgramDmaFunction, DmaDirection))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionExecute, PFN_WDFDMATRANSACTIONEXECUTE,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_opt_ WDFCONTEXT Context),
        (DmaTransaction, Context))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionRelease, PFN_WDFDMATRANSACTIONRELEASE,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfDmaTransactionDmaCompleted, PFN_WDFDMATRANSACTIONDMACOMPLETED,
        (_In_ WDFDMATRANSACTION DmaTransaction, _Out_ NTSTATUS *Status),
        (DmaTransaction, Status))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfDmaTransactionDmaCompletedWithLength, PFN_WDFDMATRANSACTIONDMACOMPLETEDWITHLENGTH,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ size_t TransferredLength,
         _Out_ NTSTATUS *Status),
        (DmaTransaction, TransferredLength, Status))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfDmaTransactionDmaCompletedFinal, PFN_WDFDMATRANSACTIONDMACOMPLETEDFINAL,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ size_t FinalTransferredLength,
         _Out_ NTSTATUS *Status),
        (DmaTransaction, FinalTransferredLength, Status))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(size_t, WdfDmaTransactionGetBytesTransferred, PFN_WDFDMATRANSACTIONGETBYTESTRANSFERRED,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetMaximumLength, PFN_WDFDMATRANSACTIONSETMAXIMUMLENGTH,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ size_t MaximumLength),
        (DmaTransaction, MaximumLength))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetSingleTransferRequirement, PFN_WDFDMATRANSACTIONSETSINGLETRANSFERREQUIREMENT,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ BOOLEAN RequireSingleTransfer),
        (DmaTransaction, RequireSingleTransfer))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFREQUEST, WdfDmaTransactionGetRequest, PFN_WDFDMATRANSACTIONGETREQUEST,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(size_t, WdfDmaTransactionGetCurrentDmaTransferLength, PFN_WDFDMATRANSACTIONGETCURRENTDMATRANSFERLENGTH,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfDmaTransactionGetDevice, PFN_WDFDMATRANSACTIONGETDEVICE,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionGetTransferInfo, PFN_WDFDMATRANSACTIONGETTRANSFERINFO,
        (_In_ WDFDMATRANSACTION DmaTransaction, _Out_opt_ size_t *MapRegisterCount,
         _Out_opt_ size_t *ScatterGatherElementCount),
        (DmaTransaction, MapRegisterCount, ScatterGatherElementCount))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetChannelConfigurationCallback, PFN_WDFDMATRANSACTIONSETCHANNELCONFIGURATIONCALLBACK,
        (_In_ WDFDMATRANSACTION DmaTransaction,
         _In_opt_ PFN_WDF_DMA_TRANSACTION_CONFIGURE_DMA_CHANNEL ConfigureRoutine,
         _In_opt_ PVOID ConfigureContext),
        (DmaTransaction, ConfigureRoutine, ConfigureContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetTransferCompleteCallback, PFN_WDFDMATRANSACTIONSETTRANSFERCOMPLETECALLBACK,
        (_In_ WDFDMATRANSACTION DmaTransaction,
         _In_opt_ PFN_WDF_DMA_TRANSACTION_DMA_TRANSFER_COMPLETE DmaCompletionRoutine,
         _In_opt_ PVOID DmaCompletionContext),
        (DmaTransaction, DmaCompletionRoutine, DmaCompletionContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetImmediateExecution, PFN_WDFDMATRANSACTIONSETIMMEDIATEEXECUTION,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ BOOLEAN UseImmediateExecution),
        (DmaTransaction, UseImmediateExecution))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfDmaTransactionAllocateResources, PFN_WDFDMATRANSACTIONALLOCATERESOURCES,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ WDF_DMA_DIRECTION DmaDirection,
         _In_ ULONG RequiredMapRegisters, _In_ PFN_WDF_RESERVE_DMA EvtReserveDmaFunction,
         _In_ PVOID EvtReserveDmaContext),
        (DmaTransaction, DmaDirection, RequiredMapRegisters, EvtReserveDmaFunction,
         EvtReserveDmaContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionSetDeviceAddressOffset, PFN_WDFDMATRANSACTIONSETDEVICEADDRESSOFFSET,
        (_In_ WDFDMATRANSACTION DmaTransaction, _In_ ULONG Offset),
        (DmaTransaction, Offset))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionFreeResources, PFN_WDFDMATRANSACTIONFREERESOURCES,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfDmaTransactionCancel, PFN_WDFDMATRANSACTIONCANCEL,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PVOID, WdfDmaTransactionWdmGetTransferContext, PFN_WDFDMATRANSACTIONWDMGETTRANSFERCONTEXT,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfDmaTransactionStopSystemTransfer, PFN_WDFDMATRANSACTIONSTOPSYSTEMTRANSFER,
        (_In_ WDFDMATRANSACTION DmaTransaction),
        (DmaTransaction))

WDF_EXTERN_C_END
