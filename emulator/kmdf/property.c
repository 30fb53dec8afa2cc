/* Device properties (K-DRV-32, 52): IoGetDeviceProperty for a device, or for the one whose WDFDEVICE_INIT is at hand. */
#include "device.h"

NTSTATUS fx_property_query(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer, PULONG needed)
{
    return pdo ? io_get_device_property(pdo, property, length, buffer, needed) : STATUS_INVALID_DEVICE_REQUEST;
}

/* Asked for its size first, then in memory of that size. */
NTSTATUS fx_property_query_into_memory(struct fx_driver *driver, PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, POOL_TYPE pool,
                                       PWDF_OBJECT_ATTRIBUTES attributes, const void *caller, WDFMEMORY *out)
{
    ULONG length;
    NTSTATUS status = fx_property_query(pdo, property, 0, NULL, &length);
    if (status != STATUS_BUFFER_TOO_SMALL)
        return NT_SUCCESS(status) ? STATUS_UNSUCCESSFUL : status;
    struct fx_memory *memory;
    status = fx_memory_new(driver, attributes, pool, 0, length, caller, &memory);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_property_query(pdo, property, length, memory->buffer, &length);
    if (NT_SUCCESS(status))
        *out = (WDFMEMORY)memory;
    else
        fx_object_delete_failed(&memory->object);
    return status;
}

static PDEVICE_OBJECT pdo_of_init(PWDFDEVICE_INIT handle)
{
    PWDFDEVICE_INIT init = fx_init_of(handle);
    return init->kind == FX_INIT_FDO ? init->pdo : NULL;
}

NTSTATUS wdf_WdfDeviceQueryProperty(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                    ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    gate_enter(DDI_WdfDeviceQueryProperty, trace_object(Device), DeviceProperty);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(ResultLength, "ResultLength");
    if (BufferLength)
        fx_require(PropertyBuffer, "PropertyBuffer");
    NTSTATUS status = choose_fault(DDI_WdfDeviceQueryProperty)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : fx_property_query(device->pdo, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDeviceAllocAndQueryProperty(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                            POOL_TYPE PoolType, PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes, WDFMEMORY *PropertyMemory)
{
    gate_enter(DDI_WdfDeviceAllocAndQueryProperty, trace_object(Device), DeviceProperty);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(PropertyMemory, "PropertyMemory");
    *PropertyMemory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDeviceAllocAndQueryProperty)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : fx_property_query_into_memory(fx_driver_of(DriverGlobals), device->pdo, DeviceProperty, PoolType, PropertyMemoryAttributes, CALLER,
                                              PropertyMemory);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfFdoInitQueryProperty(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                     ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    gate_enter(DDI_WdfFdoInitQueryProperty, 0, DeviceProperty);
    PDEVICE_OBJECT pdo = pdo_of_init(DeviceInit);
    fx_require(ResultLength, "ResultLength");
    if (BufferLength)
        fx_require(PropertyBuffer, "PropertyBuffer");
    NTSTATUS status = choose_fault(DDI_WdfFdoInitQueryProperty)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : fx_property_query(pdo, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfFdoInitAllocAndQueryProperty(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                             POOL_TYPE PoolType, PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes, WDFMEMORY *PropertyMemory)
{
    gate_enter(DDI_WdfFdoInitAllocAndQueryProperty, 0, DeviceProperty);
    PDEVICE_OBJECT pdo = pdo_of_init(DeviceInit);
    fx_require(PropertyMemory, "PropertyMemory");
    *PropertyMemory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfFdoInitAllocAndQueryProperty)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : fx_property_query_into_memory(fx_driver_of(DriverGlobals), pdo, DeviceProperty, PoolType, PropertyMemoryAttributes, CALLER, PropertyMemory);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Properties by key ---- */

static NTSTATUS check_key(PWDF_DEVICE_PROPERTY_DATA property)
{
    fx_require(property, "DeviceProperty");
    if (property->Size != sizeof *property)
        return STATUS_INFO_LENGTH_MISMATCH;
    fx_require(property->PropertyKey, "PropertyKey");
    return STATUS_SUCCESS;
}

static NTSTATUS query_ex(PDEVICE_OBJECT pdo, PWDF_DEVICE_PROPERTY_DATA property, ULONG length, PVOID buffer, PULONG needed, PDEVPROPTYPE type)
{
    fx_require(needed, "RequiredSize");
    fx_require(type, "Type");
    if (length)
        fx_require(buffer, "PropertyBuffer");
    NTSTATUS status = check_key(property);
    if (!NT_SUCCESS(status))
        return status;
    return pdo ? io_get_device_property_data(pdo, property->PropertyKey, property->Lcid, length, buffer, needed, type) : STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS query_ex_into_memory(struct fx_driver *driver, PDEVICE_OBJECT pdo, PWDF_DEVICE_PROPERTY_DATA property, POOL_TYPE pool,
                                     PWDF_OBJECT_ATTRIBUTES attributes, const void *caller, WDFMEMORY *out, PDEVPROPTYPE type)
{
    ULONG length;
    struct fx_memory *memory;
    NTSTATUS status = query_ex(pdo, property, 0, NULL, &length, type);
    if (status != STATUS_BUFFER_TOO_SMALL)
        return NT_SUCCESS(status) ? STATUS_UNSUCCESSFUL : status;
    status = fx_memory_new(driver, attributes, pool, 0, length, caller, &memory);
    if (!NT_SUCCESS(status))
        return status;
    status = query_ex(pdo, property, length, memory->buffer, &length, type);
    if (NT_SUCCESS(status))
        *out = (WDFMEMORY)memory;
    else
        fx_object_delete_failed(&memory->object);
    return status;
}

NTSTATUS wdf_WdfDeviceQueryPropertyEx(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
                                      ULONG BufferLength, PVOID PropertyBuffer, PULONG RequiredSize, PDEVPROPTYPE Type)
{
    gate_enter(DDI_WdfDeviceQueryPropertyEx, trace_object(Device), BufferLength);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    NTSTATUS status = choose_fault(DDI_WdfDeviceQueryPropertyEx)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : query_ex(device->pdo, DeviceProperty, BufferLength, PropertyBuffer, RequiredSize, Type);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDeviceAllocAndQueryPropertyEx(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
                                              POOL_TYPE PoolType, PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes, WDFMEMORY *PropertyMemory,
                                              PDEVPROPTYPE Type)
{
    gate_enter(DDI_WdfDeviceAllocAndQueryPropertyEx, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(PropertyMemory, "PropertyMemory");
    *PropertyMemory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDeviceAllocAndQueryPropertyEx)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : query_ex_into_memory(fx_driver_of(DriverGlobals), device->pdo, DeviceProperty, PoolType, PropertyMemoryAttributes, CALLER,
                                                 PropertyMemory, Type);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDeviceAssignProperty(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_PROPERTY_DATA PropertyData, DEVPROPTYPE Type,
                                     ULONG BufferLength, PVOID PropertyBuffer)
{
    gate_enter(DDI_WdfDeviceAssignProperty, trace_object(Device), BufferLength);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    NTSTATUS status = check_key(PropertyData);
    if (NT_SUCCESS(status) && choose_fault(DDI_WdfDeviceAssignProperty))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (NT_SUCCESS(status))
        status = device->pdo ? io_set_device_property_data(device->pdo, PropertyData->PropertyKey, PropertyData->Lcid, Type, BufferLength, PropertyBuffer)
                             : STATUS_INVALID_DEVICE_REQUEST;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfFdoInitQueryPropertyEx(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_DEVICE_PROPERTY_DATA DeviceProperty,
                                       ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength, PDEVPROPTYPE Type)
{
    gate_enter(DDI_WdfFdoInitQueryPropertyEx, 0, BufferLength);
    NTSTATUS status = choose_fault(DDI_WdfFdoInitQueryPropertyEx)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : query_ex(pdo_of_init(DeviceInit), DeviceProperty, BufferLength, PropertyBuffer, ResultLength, Type);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfFdoInitAllocAndQueryPropertyEx(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                               PWDF_DEVICE_PROPERTY_DATA DeviceProperty, POOL_TYPE PoolType,
                                               PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes, WDFMEMORY *PropertyMemory, PDEVPROPTYPE Type)
{
    gate_enter(DDI_WdfFdoInitAllocAndQueryPropertyEx, 0, 0);
    PDEVICE_OBJECT pdo = pdo_of_init(DeviceInit);
    fx_require(PropertyMemory, "PropertyMemory");
    *PropertyMemory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfFdoInitAllocAndQueryPropertyEx)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : query_ex_into_memory(fx_driver_of(DriverGlobals), pdo, DeviceProperty, PoolType, PropertyMemoryAttributes, CALLER,
                                                 PropertyMemory, Type);
    gate_leave((ULONG)status);
    return status;
}
