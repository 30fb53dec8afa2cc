/* Named devices with a security descriptor, under the documented name. PASSIVE_LEVEL. */
#ifndef IRPFUZZ_KM_WDMSEC_H
#define IRPFUZZ_KM_WDMSEC_H

#include <wdm.h>
#include_next <wdmsec.h>

#undef IoCreateDeviceSecure
#ifdef __cplusplus
extern "C" {
#endif
NTSTATUS IoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
    DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive, PCUNICODE_STRING DefaultSDDLString,
    LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject);
#ifdef __cplusplus
}
#endif

#endif
