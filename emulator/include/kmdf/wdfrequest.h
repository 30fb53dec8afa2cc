/*
 * Requests (chapter 5 of the KMDF specification).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_REQUEST_TYPE {
    WdfRequestTypeCreate = 0x0,
    WdfRequestTypeCreateNamedPipe = 0x1,
    WdfRequestTypeClose = 0x2,
    WdfRequestTypeRead = 0x3,
    WdfRequestTypeWrite = 0x4,
    WdfRequestTypeQueryInformation = 0x5,
    WdfRequestTypeSetInformation = 0x6,
    WdfRequestTypeQueryEA = 0x7,
    WdfRequestTypeSetEA = 0x8,
    WdfRequestTypeFlushBuffers = 0x9,
    WdfRequestTypeQueryVolumeInformation = 0xa,
    WdfRequestTypeSetVolumeInformation = 0xb,
    WdfRequestTypeDirectoryControl = 0xc,
    WdfRequestTypeFileSystemControl = 0xd,
    WdfRequestTypeDeviceControl = 0xe,
    WdfRequestTypeDeviceControlInternal = 0xf,
    WdfRequestTypeShutdown = 0x10,
    WdfRequestTypeLockControl = 0x11,
    WdfRequestTypeCleanup = 0x12,
    WdfRequestTypeCreateMailSlot = 0x13,
    WdfRequestTypeQuerySecurity = 0x14,
    WdfRequestTypeSetSecurity = 0x15,
    WdfRequestTypePower = 0x16,
    WdfRequestTypeSystemControl = 0x17,
    WdfRequestTypeDeviceChange = 0x18,
    WdfRequestTypeQueryQuota = 0x19,
    WdfRequestTypeSetQuota = 0x1A,
    WdfRequestTypePnp = 0x1B,
    WdfRequestTypeOther = 0x1C,
    WdfRequestTypeUsb = 0x40,
    WdfRequestTypeNoFormat = 0xFF,
    WdfRequestTypeMax,
} WDF_REQUEST_TYPE, *PWDF_REQUEST_TYPE;

typedef enum _WDF_REQUEST_REUSE_FLAGS {
    WDF_REQUEST_REUSE_NO_FLAGS = 0x00000000,
    WDF_REQUEST_REUSE_SET_NEW_IRP = 0x00000001,
    WDF_REQUEST_REUSE_MUST_COMPLETE = 0x00000002,
} WDF_REQUEST_REUSE_FLAGS, *PWDF_REQUEST_REUSE_FLAGS;

typedef enum _WDF_REQUEST_SEND_OPTIONS_FLAGS {
    WDF_REQUEST_SEND_OPTION_TIMEOUT = 0x00000001,
    WDF_REQUEST_SEND_OPTION_SYNCHRONOUS = 0x00000002,
    WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE = 0x00000004,
    WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET = 0x00000008,
    WDF_REQUEST_SEND_OPTION_IMPERSONATE_CLIENT = 0x00010000,
    WDF_REQUEST_SEND_OPTION_IMPERSONATION_IGNORE_FAILURE = 0x00020000,
} WDF_REQUEST_SEND_OPTIONS_FLAGS, *PWDF_REQUEST_SEND_OPTIONS_FLAGS;

typedef enum _WDF_REQUEST_FORWARD_OPTIONS_FLAGS {
    WDF_REQUEST_FORWARD_OPTION_SEND_AND_FORGET = 0x00000001,
} WDF_REQUEST_FORWARD_OPTIONS_FLAGS, *PWDF_REQUEST_FORWARD_OPTIONS_FLAGS;

typedef struct _WDF_REQUEST_PARAMETERS {
    USHORT Size;
    UCHAR MinorFunction;
    WDF_REQUEST_TYPE Type;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;
        struct {
            size_t Length;
            ULONG POINTER_ALIGNMENT Key;
            LONGLONG DeviceOffset;
        } Read;
        struct {
            size_t Length;
            ULONG POINTER_ALIGNMENT Key;
            LONGLONG DeviceOffset;
        } Write;
        struct {
            size_t OutputBufferLength;
            size_t POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            PVOID Arg1;
            PVOID Arg2;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Arg4;
        } Others;
    } Parameters;
} WDF_REQUEST_PARAMETERS, *PWDF_REQUEST_PARAMETERS;

WDF_INLINE VOID WDF_REQUEST_PARAMETERS_INIT(_Out_ PWDF_REQUEST_PARAMETERS Parameters)
{
    RtlZeroMemory(Parameters, sizeof(*Parameters));
    Parameters->Size = sizeof(*Parameters);
}

typedef struct _WDF_USB_REQUEST_COMPLETION_PARAMS *PWDF_USB_REQUEST_COMPLETION_PARAMS;

typedef struct _WDF_REQUEST_COMPLETION_PARAMS {
    ULONG Size;
    WDF_REQUEST_TYPE Type;
    IO_STATUS_BLOCK IoStatus;
    union {
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } Write;
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } Read;
        struct {
            ULONG IoControlCode;
            struct {
                WDFMEMORY Buffer;
                size_t Offset;
            } Input;
            struct {
                WDFMEMORY Buffer;
                size_t Offset;
                size_t Length;
            } Output;
        } Ioctl;
        struct {
            union {
                PVOID Ptr;
                ULONG_PTR Value;
            } Argument1;
            union {
                PVOID Ptr;
                ULONG_PTR Value;
            } Argument2;
            union {
                PVOID Ptr;
                ULONG_PTR Value;
            } Argument3;
            union {
                PVOID Ptr;
                ULONG_PTR Value;
            } Argument4;
        } Others;
        struct {
            PWDF_USB_REQUEST_COMPLETION_PARAMS Completion;
        } Usb;
    } Parameters;
} WDF_REQUEST_COMPLETION_PARAMS, *PWDF_REQUEST_COMPLETION_PARAMS;

WDF_INLINE VOID WDF_REQUEST_COMPLETION_PARAMS_INIT(_Out_ PWDF_REQUEST_COMPLETION_PARAMS Params)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfRequestTypeNoFormat;
}

typedef _Function_class_(EVT_WDF_REQUEST_CANCEL)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_REQUEST_CANCEL(_In_ WDFREQUEST Request);
typedef EVT_WDF_REQUEST_CANCEL *PFN_WDF_REQUEST_CANCEL;

typedef _Function_class_(EVT_WDF_REQUEST_COMPLETION_ROUTINE)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_REQUEST_COMPLETION_ROUTINE(_In_ WDFREQUEST Request, _In_ WDFIOTARGET Target,
    _In_ PWDF_REQUEST_COMPLETION_PARAMS Params, _In_ WDFCONTEXT Context);
typedef EVT_WDF_REQUEST_COMPLETION_ROUTINE *PFN_WDF_REQUEST_COMPLETION_ROUTINE;

typedef struct _WDF_REQUEST_REUSE_PARAMS {
    ULONG Size;
    ULONG Flags;
    NTSTATUS Status;
    PIRP NewIrp;
} WDF_REQUEST_REUSE_PARAMS, *PWDF_REQUEST_REUSE_PARAMS;

WDF_INLINE VOID WDF_REQUEST_REUSE_PARAMS_INIT(_Out_ PWDF_REQUEST_REUSE_PARAMS Params, _In_ ULONG Flags,
                                              _In_ NTSTATUS Status)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Flags = Flags;
    Params->Status = Status;
}

WDF_INLINE VOID WDF_REQUEST_REUSE_PARAMS_SET_NEW_IRP(_Inout_ PWDF_REQUEST_REUSE_PARAMS Params,
                                                     _In_ PIRP NewIrp)
{
    Params->Flags |= WDF_REQUEST_REUSE_SET_NEW_IRP;
    Params->NewIrp = NewIrp;
}

typedef struct _WDF_REQUEST_SEND_OPTIONS {
    ULONG Size;
    ULONG Flags;
    LONGLONG Timeout;       // 100 ns, negative for relative
} WDF_REQUEST_SEND_OPTIONS, *PWDF_REQUEST_SEND_OPTIONS;

WDF_INLINE VOID WDF_REQUEST_SEND_OPTIONS_INIT(_Out_ PWDF_REQUEST_SEND_OPTIONS Options, _In_ ULONG Flags)
{
    RtlZeroMemory(Options, sizeof(*Options));
    Options->Size = sizeof(*Options);
    Options->Flags = Flags;
}

WDF_INLINE VOID WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(_Inout_ PWDF_REQUEST_SEND_OPTIONS Options,
                                                     _In_ LONGLONG Timeout)
{
    Options->Flags |= WDF_REQUEST_SEND_OPTION_TIMEOUT;
    Options->Timeout = Timeout;
}

typedef struct _WDF_REQUEST_FORWARD_OPTIONS {
    ULONG Size;
    ULONG Flags;
} WDF_REQUEST_FORWARD_OPTIONS, *PWDF_REQUEST_FORWARD_OPTIONS;

WDF_INLINE VOID WDF_REQUEST_FORWARD_OPTIONS_INIT(_Out_ PWDF_REQUEST_FORWARD_OPTIONS ForwardOptions)
{
    RtlZeroMemory(ForwardOptions, sizeof(*ForwardOptions));
    ForwardOptions->Size = sizeof(*ForwardOptions);
    ForwardOptions->Flags |= WDF_REQUEST_FORWARD_OPTION_SEND_AND_FORGET;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestCreate, PFN_WDFREQUESTCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES RequestAttributes, _In_opt_ WDFIOTARGET IoTarget,
         _Out_ WDFREQUEST *Request),
        (RequestAttributes, IoTarget, Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestCreateFromIrp, PFN_WDFREQUESTCREATEFROMIRP,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES RequestAttributes, _In_ PIRP Irp,
         _In_ BOOLEAN RequestFreesIrp, _Out_ WDFREQUEST *Request),
        (RequestAttributes, Irp, RequestFreesIrp, Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestReuse, PFN_WDFREQUESTREUSE,
        (_In_ WDFREQUEST Request, _In_ PWDF_REQUEST_REUSE_PARAMS ReuseParams),
        (Request, ReuseParams))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestChangeTarget, PFN_WDFREQUESTCHANGETARGET,
        (_In_ WDFREQUEST Request, _In_ WDFIOTARGET IoTarget),
        (Request, IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestFormatRequestUsingCurrentType, PFN_WDFREQUESTFORMATREQUESTUSINGCURRENTTYPE,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestWdmFormatUsingStackLocation, PFN_WDFREQUESTWDMFORMATUSINGSTACKLOCATION,
        (_In_ WDFREQUEST Request, _In_ PIO_STACK_LOCATION Stack),
        (Request, Stack))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfRequestSend, PFN_WDFREQUESTSEND,
        (_In_ WDFREQUEST Request, _In_ WDFIOTARGET Target,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS Options),
        (Request, Target, Options))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestGetStatus, PFN_WDFREQUESTGETSTATUS,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestMarkCancelable, PFN_WDFREQUESTMARKCANCELABLE,
        (_In_ WDFREQUEST Request, _In_ PFN_WDF_REQUEST_CANCEL EvtRequestCancel),
        (Request, EvtRequestCancel))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestMarkCancelableEx, PFN_WDFREQUESTMARKCANCELABLEEX,
        (_In_ WDFREQUEST Request, _In_ PFN_WDF_REQUEST_CANCEL EvtRequestCancel),
        (Request, EvtRequestCancel))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestUnmarkCancelable, PFN_WDFREQUESTUNMARKCANCELABLE,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfRequestIsCanceled, PFN_WDFREQUESTISCANCELED,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfRequestCancelSentRequest, PFN_WDFREQUESTCANCELSENTREQUEST,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfRequestIsFrom32BitProcess, PFN_WDFREQUESTISFROM32BITPROCESS,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestSetCompletionRoutine, PFN_WDFREQUESTSETCOMPLETIONROUTINE,
        (_In_ WDFREQUEST Request, _In_opt_ PFN_WDF_REQUEST_COMPLETION_ROUTINE CompletionRoutine,
         _In_opt_ WDFCONTEXT CompletionContext),
        (Request, CompletionRoutine, CompletionContext))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestGetCompletionParams, PFN_WDFREQUESTGETCOMPLETIONPARAMS,
        (_In_ WDFREQUEST Request, _Out_ PWDF_REQUEST_COMPLETION_PARAMS Params),
        (Request, Params))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestAllocateTimer, PFN_WDFREQUESTALLOCATETIMER,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestComplete, PFN_WDFREQUESTCOMPLETE,
        (_In_ WDFREQUEST Request, _In_ NTSTATUS Status),
        (Request, Status))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestCompleteWithPriorityBoost, PFN_WDFREQUESTCOMPLETEWITHPRIORITYBOOST,
        (_In_ WDFREQUEST Request, _In_ NTSTATUS Status, _In_ CCHAR PriorityBoost),
        (Request, Status, PriorityBoost))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestCompleteWithInformation, PFN_WDFREQUESTCOMPLETEWITHINFORMATION,
        (_In_ WDFREQUEST Request, _In_ NTSTATUS Status, _In_ ULONG_PTR Information),
        (Request, Status, Information))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestGetParameters, PFN_WDFREQUESTGETPARAMETERS,
        (_In_ WDFREQUEST Request, _Out_ PWDF_REQUEST_PARAMETERS Parameters),
        (Request, Parameters))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveInputMemory, PFN_WDFREQUESTRETRIEVEINPUTMEMORY,
        (_In_ WDFREQUEST Request, _Out_ WDFMEMORY *Memory),
        (Request, Memory))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveOutputMemory, PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY,
        (_In_ WDFREQUEST Request, _Out_ WDFMEMORY *Memory),
        (Request, Memory))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveInputBuffer, PFN_WDFREQUESTRETRIEVEINPUTBUFFER,
        (_In_ WDFREQUEST Request, _In_ size_t MinimumRequiredLength, _Out_ PVOID *Buffer,
         _Out_opt_ size_t *Length),
        (Request, MinimumRequiredLength, Buffer, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveOutputBuffer, PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER,
        (_In_ WDFREQUEST Request, _In_ size_t MinimumRequiredSize, _Out_ PVOID *Buffer,
         _Out_opt_ size_t *Length),
        (Request, MinimumRequiredSize, Buffer, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveInputWdmMdl, PFN_WDFREQUESTRETRIEVEINPUTWDMMDL,
        (_In_ WDFREQUEST Request, _Out_ PMDL *Mdl),
        (Request, Mdl))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveOutputWdmMdl, PFN_WDFREQUESTRETRIEVEOUTPUTWDMMDL,
        (_In_ WDFREQUEST Request, _Out_ PMDL *Mdl),
        (Request, Mdl))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveUnsafeUserInputBuffer, PFN_WDFREQUESTRETRIEVEUNSAFEUSERINPUTBUFFER,
        (_In_ WDFREQUEST Request, _In_ size_t MinimumRequiredLength, _Out_ PVOID *InputBuffer,
         _Out_opt_ size_t *Length),
        (Request, MinimumRequiredLength, InputBuffer, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRetrieveUnsafeUserOutputBuffer, PFN_WDFREQUESTRETRIEVEUNSAFEUSEROUTPUTBUFFER,
        (_In_ WDFREQUEST Request, _In_ size_t MinimumRequiredLength, _Out_ PVOID *OutputBuffer,
         _Out_opt_ size_t *Length),
        (Request, MinimumRequiredLength, OutputBuffer, Length))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestSetInformation, PFN_WDFREQUESTSETINFORMATION,
        (_In_ WDFREQUEST Request, _In_ ULONG_PTR Information),
        (Request, Information))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG_PTR, WdfRequestGetInformation, PFN_WDFREQUESTGETINFORMATION,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFFILEOBJECT, WdfRequestGetFileObject, PFN_WDFREQUESTGETFILEOBJECT,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestProbeAndLockUserBufferForRead, PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORREAD,
        (_In_ WDFREQUEST Request, _In_ PVOID Buffer, _In_ size_t Length,
         _Out_ WDFMEMORY *MemoryObject),
        (Request, Buffer, Length, MemoryObject))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestProbeAndLockUserBufferForWrite, PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORWRITE,
        (_In_ WDFREQUEST Request, _In_ PVOID Buffer, _In_ size_t Length,
         _Out_ WDFMEMORY *MemoryObject),
        (Request, Buffer, Length, MemoryObject))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(KPROCESSOR_MODE, WdfRequestGetRequestorMode, PFN_WDFREQUESTGETREQUESTORMODE,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfRequestGetRequestorProcessId, PFN_WDFREQUESTGETREQUESTORPROCESSID,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestForwardToIoQueue, PFN_WDFREQUESTFORWARDTOIOQUEUE,
        (_In_ WDFREQUEST Request, _In_ WDFQUEUE DestinationQueue),
        (Request, DestinationQueue))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestForwardToParentDeviceIoQueue, PFN_WDFREQUESTFORWARDTOPARENTDEVICEIOQUEUE,
        (_In_ WDFREQUEST Request, _In_ WDFQUEUE ParentDeviceQueue,
         _In_ PWDF_REQUEST_FORWARD_OPTIONS ForwardOptions),
        (Request, ParentDeviceQueue, ForwardOptions))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFQUEUE, WdfRequestGetIoQueue, PFN_WDFREQUESTGETIOQUEUE,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfRequestRequeue, PFN_WDFREQUESTREQUEUE,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfRequestStopAcknowledge, PFN_WDFREQUESTSTOPACKNOWLEDGE,
        (_In_ WDFREQUEST Request, _In_ BOOLEAN Requeue),
        (Request, Requeue))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PIRP, WdfRequestWdmGetIrp, PFN_WDFREQUESTWDMGETIRP,
        (_In_ WDFREQUEST Request),
        (Request))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfRequestIsReserved, PFN_WDFREQUESTISRESERVED,
        (_In_ WDFREQUEST Request),
        (Request))

WDF_EXTERN_C_END
