/*
 * For class extensions: the entries of the function table that have no public prototype. A driver includes this
 * header itself; the structures of the framework's own that the functions take stay opaque.
 */
#pragma once

WDF_EXTERN_C_START

typedef struct _WDFCX_FILEOBJECT_CONFIG WDFCX_FILEOBJECT_CONFIG, *PWDFCX_FILEOBJECT_CONFIG;
typedef struct _WDFCX_PNPPOWER_EVENT_CALLBACKS WDFCX_PNPPOWER_EVENT_CALLBACKS, *PWDFCX_PNPPOWER_EVENT_CALLBACKS;
typedef struct _WDFCX_POWER_POLICY_EVENT_CALLBACKS WDFCX_POWER_POLICY_EVENT_CALLBACKS,
    *PWDFCX_POWER_POLICY_EVENT_CALLBACKS;

typedef _Function_class_(EVT_WDFCXDEVICE_WDM_IRP_PREPROCESS)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS EVT_WDFCXDEVICE_WDM_IRP_PREPROCESS(_In_ WDFDEVICE Device, _Inout_ PIRP Irp,
    _In_ WDFCONTEXT DispatchContext);
typedef EVT_WDFCXDEVICE_WDM_IRP_PREPROCESS *PFN_WDFCXDEVICE_WDM_IRP_PREPROCESS;

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PWDFCXDEVICE_INIT, WdfCxDeviceInitAllocate, PFN_WDFCXDEVICEINITALLOCATE,
        (_In_ PWDFDEVICE_INIT DeviceInit),
        (DeviceInit))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCxDeviceInitAssignWdmIrpPreprocessCallback, PFN_WDFCXDEVICEINITASSIGNWDMIRPPREPROCESSCALLBACK,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit,
         _In_ PFN_WDFCXDEVICE_WDM_IRP_PREPROCESS EvtCxDeviceWdmIrpPreprocess,
         _In_ UCHAR MajorFunction, _In_opt_ PUCHAR MinorFunctions, _In_ ULONG NumMinorFunctions),
        (CxDeviceInit, EvtCxDeviceWdmIrpPreprocess, MajorFunction, MinorFunctions,
         NumMinorFunctions))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCxDeviceInitSetIoInCallerContextCallback, PFN_WDFCXDEVICEINITSETIOINCALLERCONTEXTCALLBACK,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit,
         _In_ PFN_WDF_IO_IN_CALLER_CONTEXT EvtIoInCallerContext),
        (CxDeviceInit, EvtIoInCallerContext))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCxDeviceInitSetRequestAttributes, PFN_WDFCXDEVICEINITSETREQUESTATTRIBUTES,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit, _In_ PWDF_OBJECT_ATTRIBUTES RequestAttributes),
        (CxDeviceInit, RequestAttributes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCxDeviceInitSetFileObjectConfig, PFN_WDFCXDEVICEINITSETFILEOBJECTCONFIG,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit, _In_ PWDFCX_FILEOBJECT_CONFIG CxFileObjectConfig,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES FileObjectAttributes),
        (CxDeviceInit, CxFileObjectConfig, FileObjectAttributes))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCxDeviceInitSetPnpPowerEventCallbacks, PFN_WDFCXDEVICEINITSETPNPPOWEREVENTCALLBACKS,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit,
         _In_ PWDFCX_PNPPOWER_EVENT_CALLBACKS CxPnpPowerCallbacks),
        (CxDeviceInit, CxPnpPowerCallbacks))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfCxDeviceInitSetPowerPolicyEventCallbacks, PFN_WDFCXDEVICEINITSETPOWERPOLICYEVENTCALLBACKS,
        (_In_ PWDFCXDEVICE_INIT CxDeviceInit,
         _In_ PWDFCX_POWER_POLICY_EVENT_CALLBACKS CxPowerPolicyCallbacks),
        (CxDeviceInit, CxPowerPolicyCallbacks))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCxDeviceInitAllocateContext, PFN_WDFCXDEVICEINITALLOCATECONTEXT,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PWDF_OBJECT_ATTRIBUTES ContextAttributes,
         _Out_opt_ PVOID *Context),
        (DeviceInit, ContextAttributes, Context))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PVOID, WdfCxDeviceInitGetTypedContextWorker, PFN_WDFCXDEVICEINITGETTYPEDCONTEXTWORKER,
        (_In_ PWDFDEVICE_INIT DeviceInit, _In_ PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo),
        (DeviceInit, TypeInfo))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfCxVerifierKeBugCheck, PFN_WDFCXVERIFIERKEBUGCHECK,
        (_In_opt_ WDFOBJECT Object, _In_ ULONG BugCheckCode, _In_ ULONG_PTR BugCheckParameter1,
         _In_ ULONG_PTR BugCheckParameter2, _In_ ULONG_PTR BugCheckParameter3,
         _In_ ULONG_PTR BugCheckParameter4),
        (Object, BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
         BugCheckParameter4))

WDF_EXTERN_C_END
