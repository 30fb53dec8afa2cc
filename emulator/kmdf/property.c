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
    NTSTATUS status = fx_property_query(device->pdo, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
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
    NTSTATUS status = fx_property_query(pdo, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
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
