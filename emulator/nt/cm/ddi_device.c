/* Keys of devices, interfaces and drivers (W-PNP-70, W-PNP-71). */
#include "cm.h"

static PDEVICE_OBJECT require_pdo(PDEVICE_OBJECT device)
{
    if (!device || !ob_is_live(device))
        bugcheck(0xC4, 0xE4, 0, 0, 0, "W-PNP-70", "IoOpenDeviceRegistryKey with something that is no device object");
    return device;
}

NTSTATUS IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK DesiredAccess, PHANDLE DevInstRegKey)
{
    gate_enter(DDI_IoOpenDeviceRegistryKey, trace_object(DeviceObject), DevInstKeyType);
    *DevInstRegKey = NULL;
    NTSTATUS status = choose_fault(DDI_IoOpenDeviceRegistryKey)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : cm_open_device_key(require_pdo(DeviceObject), DevInstKeyType, DesiredAccess, NULL, CALLER, DevInstRegKey);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType, ACCESS_MASK DesiredAccess, ULONG Flags,
                                 PHANDLE DriverRegKey)
{
    gate_enter(DDI_IoOpenDriverRegistryKey, RegKeyType, Flags);
    *DriverRegKey = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (choose_fault(DDI_IoOpenDriverRegistryKey))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!Flags)
        status = cm_open_driver_key((struct nt_driver *)DriverObject, RegKeyType, DesiredAccess, false, CALLER, DriverRegKey);
    gate_leave((ULONG)status);
    return status;
}

/* Control\DeviceClasses\{guid}\##?#ROOT#ECHO#0000#{guid}\#[reference]\Device Parameters, made from the link's own text. */
static NTSTATUS open_interface_key(PUNICODE_STRING link, ACCESS_MASK access, const void *caller, HANDLE *handle)
{
    struct ob_name *name = ob_name_find(link);
    USHORT chars = link->Length / 2, end = 4;
    if (chars < 8 || (!name && !io_interface_is_registered(link)) || (name && !name->is_interface))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    while (end < chars && link->Buffer[end] != '\\')
        end++;
    UNICODE_STRING guid = {38 * 2, 38 * 2, link->Buffer + end - 38}, device = {(USHORT)((end - 4) * 2), 0, link->Buffer + 4};
    UNICODE_STRING reference = {(USHORT)((chars - end) * 2), 0, link->Buffer + end};
    struct cm_key *key = cm_make_unicode(cm_make(cm_root(), "Machine\\System\\CurrentControlSet\\Control\\DeviceClasses"), &guid);
    WCHAR text[300] = L"##?#";
    memcpy(text + 4, device.Buffer, device.Length);
    UNICODE_STRING part = {(USHORT)(device.Length + 8), 0, text};
    key = cm_make_unicode(key, &part);
    text[0] = '#';
    memcpy(text + 1, reference.Buffer + 1, reference.Length ? reference.Length - 2u : 0);
    part = (UNICODE_STRING){reference.Length ? reference.Length : 2, 0, text};
    return cm_open_key(cm_make(cm_make_unicode(key, &part), "Device Parameters"), access, caller, handle);
}

NTSTATUS IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName, ACCESS_MASK DesiredAccess, PHANDLE DeviceInterfaceKey)
{
    gate_enter(DDI_IoOpenDeviceInterfaceRegistryKey, DesiredAccess, 0);
    *DeviceInterfaceKey = NULL;
    NTSTATUS status = choose_fault(DDI_IoOpenDeviceInterfaceRegistryKey)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : open_interface_key(SymbolicLinkName, DesiredAccess, CALLER, DeviceInterfaceKey);
    gate_leave((ULONG)status);
    return status;
}
