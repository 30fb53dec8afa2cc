/*
 * IoGetDeviceProperty (W-PNP-72): what the PnP manager knows of a device. A root-enumerated device has what its installation gives every device; friendly
 * name, location and bus data are unset.
 */
#include "io.h"

struct answer {
    UNICODE_STRING text;
    bool multi;         /* REG_MULTI_SZ: another zero follows */
    ULONG number;       /* where there is no text */
    bool known;
};

/* The instance path is ROOT\ECHO\0000. */
static UNICODE_STRING part_of_path(const UNICODE_STRING *path, unsigned first, unsigned count)
{
    unsigned part = 0, from = 0, to = 0;
    for (unsigned i = 0; i <= path->Length / sizeof(WCHAR); i++) {
        bool end = i == path->Length / sizeof(WCHAR);
        if (!end && path->Buffer[i] != '\\')
            continue;
        part++;
        if (part == first)
            from = i + 1;
        if (part == first + count)
            to = i;
    }
    return (UNICODE_STRING){(USHORT)((to - from) * sizeof(WCHAR)), (USHORT)((to - from) * sizeof(WCHAR)), path->Buffer + from};
}

static struct answer look_up(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property)
{
    const UNICODE_STRING *path = &device_of(pdo)->devnode->instance_path;
    PCUNICODE_STRING name = io_device_name(pdo);
    switch (property) {
    case DevicePropertyDeviceDescription: return (struct answer){.text = part_of_path(path, 1, 1), .known = true};
    case DevicePropertyHardwareID: return (struct answer){.text = part_of_path(path, 0, 2), .multi = true, .known = true};
    case DevicePropertyEnumeratorName: return (struct answer){.text = part_of_path(path, 0, 1), .known = true};
    case DevicePropertyPhysicalDeviceObjectName: return name ? (struct answer){.text = *name, .known = true} : (struct answer){0};
    case DevicePropertyInstallState: return (struct answer){.number = InstallStateInstalled, .known = true};
    default: return (struct answer){0};
    }
}

NTSTATUS io_get_device_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer, PULONG needed)
{
    *needed = 0;
    if (!device_of(pdo)->devnode)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct answer a = look_up(pdo, property);
    if (!a.known)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *needed = a.text.Buffer ? (ULONG)(a.text.Length + (a.multi ? 2 : 1) * sizeof(WCHAR)) : sizeof(ULONG);
    if (length < *needed)
        return STATUS_BUFFER_TOO_SMALL;
    memory_check(buffer, *needed, "the buffer for a device property");
    memset(buffer, 0, *needed);
    if (a.text.Buffer)
        memcpy(buffer, a.text.Buffer, a.text.Length);
    else
        memcpy(buffer, &a.number, sizeof a.number);
    msan_define(buffer, *needed);
    return STATUS_SUCCESS;
}

NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength, PVOID PropertyBuffer,
                             PULONG ResultLength)
{
    gate_enter(DDI_IoGetDeviceProperty, trace_object(DeviceObject), DeviceProperty);
    NTSTATUS status = io_get_device_property(DeviceObject, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
    gate_leave((ULONG)status);
    return status;
}
