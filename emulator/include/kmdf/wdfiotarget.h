/*
 * I/O targets (5.5, 7.7).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_IO_TARGET_STATE {
    WdfIoTargetStateUndefined = 0,
    WdfIoTargetStarted,
    WdfIoTargetStopped,
    WdfIoTargetClosedForQueryRemove,
    WdfIoTargetClosed,
    WdfIoTargetDeleted,
    WdfIoTargetPurged,
} WDF_IO_TARGET_STATE, *PWDF_IO_TARGET_STATE;

typedef enum _WDF_IO_TARGET_OPEN_TYPE {
    WdfIoTargetOpenUndefined = 0,
    WdfIoTargetOpenUseExistingDevice,
    WdfIoTargetOpenByName,
    WdfIoTargetOpenReopen,
    WdfIoTargetOpenLocalTargetByFile,
} WDF_IO_TARGET_OPEN_TYPE, *PWDF_IO_TARGET_OPEN_TYPE;

typedef enum _WDF_IO_TARGET_SENT_IO_ACTION {
    WdfIoTargetSentIoUndefined = 0,
    WdfIoTargetCancelSentIo,
    WdfIoTargetWaitForSentIoToComplete,
    WdfIoTargetLeaveSentIoPending,
} WDF_IO_TARGET_SENT_IO_ACTION, *PWDF_IO_TARGET_SENT_IO_ACTION;

typedef enum _WDF_IO_TARGET_PURGE_IO_ACTION {
    WdfIoTargetPurgeIoUndefined = 0,
    WdfIoTargetPurgeIoAndWait,
    WdfIoTargetPurgeIo,
} WDF_IO_TARGET_PURGE_IO_ACTION, *PWDF_IO_TARGET_PURGE_IO_ACTION;

typedef _Function_class_(EVT_WDF_IO_TARGET_QUERY_REMOVE)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS EVT_WDF_IO_TARGET_QUERY_REMOVE(_In_ WDFIOTARGET IoTarget);
typedef EVT_WDF_IO_TARGET_QUERY_REMOVE *PFN_WDF_IO_TARGET_QUERY_REMOVE;

typedef _Function_class_(EVT_WDF_IO_TARGET_REMOVE_CANCELED)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_IO_TARGET_REMOVE_CANCELED(_In_ WDFIOTARGET IoTarget);
typedef EVT_WDF_IO_TARGET_REMOVE_CANCELED *PFN_WDF_IO_TARGET_REMOVE_CANCELED;

typedef _Function_class_(EVT_WDF_IO_TARGET_REMOVE_COMPLETE)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_IO_TARGET_REMOVE_COMPLETE(_In_ WDFIOTARGET IoTarget);
typedef EVT_WDF_IO_TARGET_REMOVE_COMPLETE *PFN_WDF_IO_TARGET_REMOVE_COMPLETE;

typedef struct _WDF_IO_TARGET_OPEN_PARAMS {
    ULONG Size;
    WDF_IO_TARGET_OPEN_TYPE Type;
    PFN_WDF_IO_TARGET_QUERY_REMOVE EvtIoTargetQueryRemove;
    PFN_WDF_IO_TARGET_REMOVE_CANCELED EvtIoTargetRemoveCanceled;
    PFN_WDF_IO_TARGET_REMOVE_COMPLETE EvtIoTargetRemoveComplete;
    PDEVICE_OBJECT TargetDeviceObject;      // UseExistingDevice
    PFILE_OBJECT TargetFileObject;          // UseExistingDevice
    UNICODE_STRING TargetDeviceName;        // ByName, as are the following
    ACCESS_MASK DesiredAccess;
    ULONG ShareAccess;
    ULONG FileAttributes;
    ULONG CreateDisposition;
    ULONG CreateOptions;
    PVOID EaBuffer;
    ULONG EaBufferLength;
    PLONGLONG AllocationSize;
    ULONG FileInformation;                  // out
    UNICODE_STRING FileName;                // LocalTargetByFile
} WDF_IO_TARGET_OPEN_PARAMS, *PWDF_IO_TARGET_OPEN_PARAMS;

WDF_INLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(_Out_ PWDF_IO_TARGET_OPEN_PARAMS Params,
                                                               _In_ PDEVICE_OBJECT DeviceObject)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfIoTargetOpenUseExistingDevice;
    Params->TargetDeviceObject = DeviceObject;
}

WDF_INLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_CREATE_BY_NAME(_Out_ PWDF_IO_TARGET_OPEN_PARAMS Params,
                                                              _In_ PCUNICODE_STRING TargetDeviceName,
                                                              _In_ ACCESS_MASK DesiredAccess)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfIoTargetOpenByName;
    Params->TargetDeviceName = *TargetDeviceName;
    Params->DesiredAccess = DesiredAccess;
    Params->CreateOptions = FILE_NON_DIRECTORY_FILE;
}

WDF_INLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(_Out_ PWDF_IO_TARGET_OPEN_PARAMS Params,
                                                            _In_ PCUNICODE_STRING TargetDeviceName,
                                                            _In_ ACCESS_MASK DesiredAccess)
{
    WDF_IO_TARGET_OPEN_PARAMS_INIT_CREATE_BY_NAME(Params, TargetDeviceName, DesiredAccess);
    Params->CreateDisposition = FILE_OPEN;
}

WDF_INLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(_Out_ PWDF_IO_TARGET_OPEN_PARAMS Params)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfIoTargetOpenReopen;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetCreate, PFN_WDFIOTARGETCREATE,
        (_In_ WDFDEVICE Device, _In_opt_ PWDF_OBJECT_ATTRIBUTES IoTargetAttributes,
         _Out_ WDFIOTARGET *IoTarget),
        (Device, IoTargetAttributes, IoTarget))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetOpen, PFN_WDFIOTARGETOPEN,
        (_In_ WDFIOTARGET IoTarget, _In_ PWDF_IO_TARGET_OPEN_PARAMS OpenParams),
        (IoTarget, OpenParams))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoTargetCloseForQueryRemove, PFN_WDFIOTARGETCLOSEFORQUERYREMOVE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfIoTargetClose, PFN_WDFIOTARGETCLOSE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetStart, PFN_WDFIOTARGETSTART,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfIoTargetStop, PFN_WDFIOTARGETSTOP,
        (_In_ WDFIOTARGET IoTarget, _In_ WDF_IO_TARGET_SENT_IO_ACTION Action),
        (IoTarget, Action))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfIoTargetPurge, PFN_WDFIOTARGETPURGE,
        (_In_ WDFIOTARGET IoTarget, _In_ WDF_IO_TARGET_PURGE_IO_ACTION Action),
        (IoTarget, Action))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDF_IO_TARGET_STATE, WdfIoTargetGetState, PFN_WDFIOTARGETGETSTATE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfIoTargetGetDevice, PFN_WDFIOTARGETGETDEVICE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetQueryTargetProperty, PFN_WDFIOTARGETQUERYTARGETPROPERTY,
        (_In_ WDFIOTARGET IoTarget, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ ULONG BufferLength, _Out_opt_ PVOID PropertyBuffer, _Out_ PULONG ResultLength),
        (IoTarget, DeviceProperty, BufferLength, PropertyBuffer, ResultLength))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetAllocAndQueryTargetProperty, PFN_WDFIOTARGETALLOCANDQUERYTARGETPROPERTY,
        (_In_ WDFIOTARGET IoTarget, _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes,
         _Out_ WDFMEMORY *PropertyMemory),
        (IoTarget, DeviceProperty, PoolType, PropertyMemoryAttributes, PropertyMemory))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetQueryForInterface, PFN_WDFIOTARGETQUERYFORINTERFACE,
        (_In_ WDFIOTARGET IoTarget, _In_ LPCGUID InterfaceType, _Out_ PINTERFACE Interface,
         _In_ USHORT Size, _In_ USHORT Version, _In_opt_ PVOID InterfaceSpecificData),
        (IoTarget, InterfaceType, Interface, Size, Version, InterfaceSpecificData))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfIoTargetWdmGetTargetDeviceObject, PFN_WDFIOTARGETWDMGETTARGETDEVICEOBJECT,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PDEVICE_OBJECT, WdfIoTargetWdmGetTargetPhysicalDevice, PFN_WDFIOTARGETWDMGETTARGETPHYSICALDEVICE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PFILE_OBJECT, WdfIoTargetWdmGetTargetFileObject, PFN_WDFIOTARGETWDMGETTARGETFILEOBJECT,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(HANDLE, WdfIoTargetWdmGetTargetFileHandle, PFN_WDFIOTARGETWDMGETTARGETFILEHANDLE,
        (_In_ WDFIOTARGET IoTarget),
        (IoTarget))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSelfAssignDefaultIoQueue, PFN_WDFIOTARGETSELFASSIGNDEFAULTIOQUEUE,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFQUEUE Queue),
        (IoTarget, Queue))

// Request NULL: the framework uses one of its own.
_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSendReadSynchronously, PFN_WDFIOTARGETSENDREADSYNCHRONOUSLY,
        (_In_ WDFIOTARGET IoTarget, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR OutputBuffer, _In_opt_ PLONGLONG DeviceOffset,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PULONG_PTR BytesRead),
        (IoTarget, Request, OutputBuffer, DeviceOffset, RequestOptions, BytesRead))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetFormatRequestForRead, PFN_WDFIOTARGETFORMATREQUESTFORREAD,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFREQUEST Request, _In_opt_ WDFMEMORY OutputBuffer,
         _In_opt_ PWDFMEMORY_OFFSET OutputBufferOffset, _In_opt_ PLONGLONG DeviceOffset),
        (IoTarget, Request, OutputBuffer, OutputBufferOffset, DeviceOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSendWriteSynchronously, PFN_WDFIOTARGETSENDWRITESYNCHRONOUSLY,
        (_In_ WDFIOTARGET IoTarget, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR InputBuffer, _In_opt_ PLONGLONG DeviceOffset,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PULONG_PTR BytesWritten),
        (IoTarget, Request, InputBuffer, DeviceOffset, RequestOptions, BytesWritten))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetFormatRequestForWrite, PFN_WDFIOTARGETFORMATREQUESTFORWRITE,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFREQUEST Request, _In_opt_ WDFMEMORY InputBuffer,
         _In_opt_ PWDFMEMORY_OFFSET InputBufferOffset, _In_opt_ PLONGLONG DeviceOffset),
        (IoTarget, Request, InputBuffer, InputBufferOffset, DeviceOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSendIoctlSynchronously, PFN_WDFIOTARGETSENDIOCTLSYNCHRONOUSLY,
        (_In_ WDFIOTARGET IoTarget, _In_opt_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR InputBuffer, _In_opt_ PWDF_MEMORY_DESCRIPTOR OutputBuffer,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PULONG_PTR BytesReturned),
        (IoTarget, Request, IoctlCode, InputBuffer, OutputBuffer, RequestOptions, BytesReturned))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetFormatRequestForIoctl, PFN_WDFIOTARGETFORMATREQUESTFORIOCTL,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ WDFMEMORY InputBuffer, _In_opt_ PWDFMEMORY_OFFSET InputBufferOffset,
         _In_opt_ WDFMEMORY OutputBuffer, _In_opt_ PWDFMEMORY_OFFSET OutputBufferOffset),
        (IoTarget, Request, IoctlCode, InputBuffer, InputBufferOffset, OutputBuffer,
         OutputBufferOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSendInternalIoctlSynchronously, PFN_WDFIOTARGETSENDINTERNALIOCTLSYNCHRONOUSLY,
        (_In_ WDFIOTARGET IoTarget, _In_opt_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR InputBuffer, _In_opt_ PWDF_MEMORY_DESCRIPTOR OutputBuffer,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PULONG_PTR BytesReturned),
        (IoTarget, Request, IoctlCode, InputBuffer, OutputBuffer, RequestOptions, BytesReturned))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetFormatRequestForInternalIoctl, PFN_WDFIOTARGETFORMATREQUESTFORINTERNALIOCTL,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ WDFMEMORY InputBuffer, _In_opt_ PWDFMEMORY_OFFSET InputBufferOffset,
         _In_opt_ WDFMEMORY OutputBuffer, _In_opt_ PWDFMEMORY_OFFSET OutputBufferOffset),
        (IoTarget, Request, IoctlCode, InputBuffer, InputBufferOffset, OutputBuffer,
         OutputBufferOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetSendInternalIoctlOthersSynchronously, PFN_WDFIOTARGETSENDINTERNALIOCTLOTHERSSYNCHRONOUSLY,
        (_In_ WDFIOTARGET IoTarget, _In_opt_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR OtherArg1, _In_opt_ PWDF_MEMORY_DESCRIPTOR OtherArg2,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR OtherArg4,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PULONG_PTR BytesReturned),
        (IoTarget, Request, IoctlCode, OtherArg1, OtherArg2, OtherArg4, RequestOptions,
         BytesReturned))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfIoTargetFormatRequestForInternalIoctlOthers, PFN_WDFIOTARGETFORMATREQUESTFORINTERNALIOCTLOTHERS,
        (_In_ WDFIOTARGET IoTarget, _In_ WDFREQUEST Request, _In_ ULONG IoctlCode,
         _In_opt_ WDFMEMORY OtherArg1, _In_opt_ PWDFMEMORY_OFFSET OtherArg1Offset,
         _In_opt_ WDFMEMORY OtherArg2, _In_opt_ PWDFMEMORY_OFFSET OtherArg2Offset,
         _In_opt_ WDFMEMORY OtherArg4, _In_opt_ PWDFMEMORY_OFFSET OtherArg4Offset),
        (IoTarget, Request, IoctlCode, OtherArg1, OtherArg1Offset, OtherArg2, OtherArg2Offset,
         OtherArg4, OtherArg4Offset))

WDF_EXTERN_C_END
