/*
 * What a target tells: its WDM objects, its device's properties and interfaces (K-TGT-6). NULL or STATUS_INVALID_DEVICE_STATE while it is closed.
 */
#include "target.h"

PDEVICE_OBJECT wdf_WdfIoTargetWdmGetTargetDeviceObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetWdmGetTargetDeviceObject, trace_object(IoTarget), 0);
    PDEVICE_OBJECT wdm = ((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->wdm;
    gate_leave(trace_object(wdm));
    return wdm;
}

PDEVICE_OBJECT wdf_WdfIoTargetWdmGetTargetPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetWdmGetTargetPhysicalDevice, trace_object(IoTarget), 0);
    PDEVICE_OBJECT pdo = ((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->pdo;
    gate_leave(trace_object(pdo));
    return pdo;
}

PFILE_OBJECT wdf_WdfIoTargetWdmGetTargetFileObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetWdmGetTargetFileObject, trace_object(IoTarget), 0);
    PFILE_OBJECT file = ((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->file;
    gate_leave(trace_object(file));
    return file;
}

HANDLE wdf_WdfIoTargetWdmGetTargetFileHandle(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfIoTargetWdmGetTargetFileHandle, trace_object(IoTarget), 0);
    HANDLE handle = ((struct fx_target *)fx_handle(IoTarget, FX_IOTARGET))->handle;
    gate_leave(handle != NULL);
    return handle;
}

/* ---- Properties ---- */

NTSTATUS wdf_WdfIoTargetQueryTargetProperty(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                            ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    gate_enter(DDI_WdfIoTargetQueryTargetProperty, trace_object(IoTarget), DeviceProperty);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    fx_require(ResultLength, "ResultLength");
    if (BufferLength)
        fx_require(PropertyBuffer, "PropertyBuffer");
    *ResultLength = 0;
    NTSTATUS status = target->wdm ? fx_property_query(target->pdo, DeviceProperty, BufferLength, PropertyBuffer, ResultLength)
                                  : STATUS_INVALID_DEVICE_STATE;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfIoTargetAllocAndQueryTargetProperty(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                    POOL_TYPE PoolType, PWDF_OBJECT_ATTRIBUTES PropertyMemoryAttributes, WDFMEMORY *PropertyMemory)
{
    gate_enter(DDI_WdfIoTargetAllocAndQueryTargetProperty, trace_object(IoTarget), DeviceProperty);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    fx_require(PropertyMemory, "PropertyMemory");
    *PropertyMemory = NULL;
    NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
    if (target->wdm)
        status = choose_fault(DDI_WdfIoTargetAllocAndQueryTargetProperty)
                     ? STATUS_INSUFFICIENT_RESOURCES
                     : fx_property_query_into_memory(fx_driver_of(DriverGlobals), target->pdo, DeviceProperty, PoolType, PropertyMemoryAttributes, CALLER,
                                                     PropertyMemory);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Interfaces ---- */

static NTSTATUS NTAPI came_back(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    ke_set_event(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* IRP_MN_QUERY_INTERFACE, from the top of the target's stack. */
static NTSTATUS query_interface(PDEVICE_OBJECT wdm, LPCGUID type, PINTERFACE out, USHORT size, USHORT version, PVOID data)
{
    KEVENT done;
    ke_initialize_event(&done, NotificationEvent, FALSE);
    PIRP irp = io_allocate_irp(wdm->StackSize, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = IRP_MN_QUERY_INTERFACE;
    next->Parameters.QueryInterface.InterfaceType = type;
    next->Parameters.QueryInterface.Size = size;
    next->Parameters.QueryInterface.Version = version;
    next->Parameters.QueryInterface.Interface = out;
    next->Parameters.QueryInterface.InterfaceSpecificData = data;
    io_set_completion_routine(irp, came_back, &done, TRUE, TRUE, TRUE);
    if (io_call_driver(wdm, irp) == STATUS_PENDING)
        ke_wait_internal(&done, "IRP_MN_QUERY_INTERFACE to complete");
    hb_acquire(irp);
    NTSTATUS status = irp->IoStatus.Status;
    io_free_irp(irp);
    return status;
}

NTSTATUS wdf_WdfIoTargetQueryForInterface(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIOTARGET IoTarget, LPCGUID InterfaceType, PINTERFACE Interface,
                                          USHORT Size, USHORT Version, PVOID InterfaceSpecificData)
{
    gate_enter(DDI_WdfIoTargetQueryForInterface, trace_object(IoTarget), Size);
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    fx_require(InterfaceType, "InterfaceType");
    fx_require(Interface, "Interface");
    NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
    if (target->wdm)
        status = query_interface(target->wdm, InterfaceType, Interface, Size, Version, InterfaceSpecificData);
    gate_leave((ULONG)status);
    return status;
}
