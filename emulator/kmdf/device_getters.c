/* What a device tells of itself (K-DRV-42, 44..46) and small settings. */
#include "../nt/io/io.h"
#include "device.h"

#define GETTER(ddi)                                    \
    gate_enter(DDI_##ddi, trace_object(Device), 0);    \
    struct fx_device *device = fx_handle(Device, FX_DEVICE)

WDFDEVICE wdf_WdfWdmDeviceGetWdfDeviceHandle(PWDF_DRIVER_GLOBALS DriverGlobals, PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_WdfWdmDeviceGetWdfDeviceHandle, trace_object(DeviceObject), 0);
    fx_require(DeviceObject, "DeviceObject");
    struct fx_device *device = fx_device_of(DeviceObject);
    gate_leave(trace_object(device));
    return (WDFDEVICE)device;
}

PDEVICE_OBJECT wdf_WdfDeviceWdmGetDeviceObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceWdmGetDeviceObject);
    gate_leave(trace_object(device->wdm));
    return device->wdm;
}

PDEVICE_OBJECT wdf_WdfDeviceWdmGetAttachedDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceWdmGetAttachedDevice);
    gate_leave(trace_object(device->attached));
    return device->attached;
}

PDEVICE_OBJECT wdf_WdfDeviceWdmGetPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceWdmGetPhysicalDevice);
    gate_leave(trace_object(device->pdo));
    return device->pdo;
}

WDFDRIVER wdf_WdfDeviceGetDriver(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetDriver);
    gate_leave(0);
    return (WDFDRIVER)device->object.driver;
}

ULONG wdf_WdfDeviceGetCharacteristics(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetCharacteristics);
    gate_leave(device->wdm->Characteristics);
    return device->wdm->Characteristics;
}

VOID wdf_WdfDeviceSetCharacteristics(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, ULONG DeviceCharacteristics)
{
    GETTER(WdfDeviceSetCharacteristics);
    device->wdm->Characteristics = DeviceCharacteristics;
    gate_leave(0);
}

ULONG wdf_WdfDeviceGetAlignmentRequirement(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetAlignmentRequirement);
    gate_leave(device->wdm->AlignmentRequirement);
    return device->wdm->AlignmentRequirement;
}

VOID wdf_WdfDeviceSetAlignmentRequirement(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, ULONG AlignmentRequirement)
{
    GETTER(WdfDeviceSetAlignmentRequirement);
    device->wdm->AlignmentRequirement = AlignmentRequirement;
    gate_leave(0);
}

WDF_DEVICE_PNP_STATE wdf_WdfDeviceGetDevicePnpState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetDevicePnpState);
    WDF_DEVICE_PNP_STATE state = (WDF_DEVICE_PNP_STATE)device->own->states[FX_MACHINE_PNP].now;
    gate_leave(state);
    return state;
}

WDF_DEVICE_POWER_STATE wdf_WdfDeviceGetDevicePowerState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetDevicePowerState);
    WDF_DEVICE_POWER_STATE state = (WDF_DEVICE_POWER_STATE)device->own->states[FX_MACHINE_POWER].now;
    gate_leave(state);
    return state;
}

WDF_DEVICE_POWER_POLICY_STATE wdf_WdfDeviceGetDevicePowerPolicyState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetDevicePowerPolicyState);
    WDF_DEVICE_POWER_POLICY_STATE state = (WDF_DEVICE_POWER_POLICY_STATE)device->own->states[FX_MACHINE_POLICY].now;
    gate_leave(state);
    return state;
}

POWER_ACTION wdf_WdfDeviceGetSystemPowerAction(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device)
{
    GETTER(WdfDeviceGetSystemPowerAction);
    POWER_ACTION action = device->own->system_action;
    gate_leave(action);
    return action;
}

/* ---- PnP state a driver sets (K-PNP-62, 63) ---- */

VOID wdf_WdfDeviceGetDeviceState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_STATE DeviceState)
{
    GETTER(WdfDeviceGetDeviceState);
    fx_require(DeviceState, "DeviceState");
    if (DeviceState->Size != sizeof *DeviceState)
        fx_misuse("K-BUG-2", "WdfDeviceGetDeviceState: WDF_DEVICE_STATE.Size is wrong");
    *DeviceState = device->own->device_state;
    gate_leave(0);
}

VOID wdf_WdfDeviceSetDeviceState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_STATE DeviceState)
{
    GETTER(WdfDeviceSetDeviceState);
    fx_require(DeviceState, "DeviceState");
    if (DeviceState->Size != sizeof *DeviceState)
        fx_misuse("K-BUG-2", "WdfDeviceSetDeviceState: WDF_DEVICE_STATE.Size is wrong");
    device->own->device_state = *DeviceState;
    if (device->node)
        pnp_invalidate_state(device->node);
    gate_leave(0);
}

VOID wdf_WdfDeviceSetStaticStopRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, BOOLEAN Stoppable)
{
    GETTER(WdfDeviceSetStaticStopRemove);
    device->own->static_stop_remove += Stoppable ? -1 : 1;
    gate_leave(0);
}

VOID wdf_WdfDeviceSetFailed(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, WDF_DEVICE_FAILED_ACTION FailedAction)
{
    GETTER(WdfDeviceSetFailed);
    if (FailedAction != WdfDeviceFailedAttemptRestart && FailedAction != WdfDeviceFailedNoRestart)
        fx_misuse("K-PNP-62", "WdfDeviceSetFailed: the action %u is invalid", FailedAction);
    fx_pnp_device_failed(device);
    gate_leave(0);
}

VOID wdf_WdfDeviceSetPnpCapabilities(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_PNP_CAPABILITIES PnpCapabilities)
{
    GETTER(WdfDeviceSetPnpCapabilities);
    fx_require(PnpCapabilities, "PnpCapabilities");
    if (PnpCapabilities->Size != sizeof *PnpCapabilities)
        fx_misuse("K-BUG-2", "WdfDeviceSetPnpCapabilities: WDF_DEVICE_PNP_CAPABILITIES.Size is wrong");
    device->own->pnp_caps = *PnpCapabilities;
    device->own->has_pnp_caps = true;
    gate_leave(0);
}

VOID wdf_WdfDeviceSetPowerCapabilities(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DEVICE_POWER_CAPABILITIES PowerCapabilities)
{
    GETTER(WdfDeviceSetPowerCapabilities);
    fx_require(PowerCapabilities, "PowerCapabilities");
    if (PowerCapabilities->Size != sizeof *PowerCapabilities)
        fx_misuse("K-BUG-2", "WdfDeviceSetPowerCapabilities: WDF_DEVICE_POWER_CAPABILITIES.Size is wrong");
    device->own->power_caps = *PowerCapabilities;
    device->own->has_power_caps = true;
    gate_leave(0);
}

/* Stored for the matching IRPs only (K-PNP-88). */
VOID wdf_WdfDeviceSetBusInformationForChildren(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PPNP_BUS_INFORMATION BusInformation)
{
    GETTER(WdfDeviceSetBusInformationForChildren);
    fx_require(BusInformation, "BusInformation");
    device->own->bus.information = *BusInformation;
    device->own->bus.has_information = true;
    gate_leave(0);
}

/* The framework goes on with the next stack location, or with the driver's own once more. */
static void check_handed_back(const IRP *irp)
{
    const struct irp_record *r = irp_record(irp);
    if (!r->skipped && !r->next_prepared)
        fx_misuse("V-WDF-26", "WdfDeviceWdmDispatchPreprocessedIrp of IRP #%u, whose stack location was neither skipped nor copied to the next", r->info.number);
}

NTSTATUS wdf_WdfDeviceWdmDispatchPreprocessedIrp(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PIRP Irp)
{
    GETTER(WdfDeviceWdmDispatchPreprocessedIrp);
    fx_require(Irp, "Irp");
    check_handed_back(Irp);
    io_set_next_irp_stack_location(Irp); /* K-DRV-81: the driver has skipped or copied its own */
    io_get_current_irp_stack_location(Irp)->DeviceObject = device->wdm;
    NTSTATUS status = fx_dispatch_preprocessed(device, Irp);
    gate_leave((ULONG)status);
    return status;
}
