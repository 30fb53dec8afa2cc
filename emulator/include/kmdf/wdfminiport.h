/*
 * For drivers whose port driver owns the device and the dispatch table (K-DRV-10).
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfDeviceMiniportCreate, PFN_WDFDEVICEMINIPORTCREATE,
        (_In_ WDFDRIVER Driver, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PDEVICE_OBJECT AttachedDeviceObject,
         _In_opt_ PDEVICE_OBJECT Pdo, _Out_ WDFDEVICE *Device),
        (Driver, Attributes, DeviceObject, AttachedDeviceObject, Pdo, Device))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfDriverMiniportUnload, PFN_WDFDRIVERMINIPORTUNLOAD,
        (_In_ WDFDRIVER Driver),
        (Driver))

WDF_EXTERN_C_END
