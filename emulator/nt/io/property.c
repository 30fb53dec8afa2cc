/*
 * IoGetDeviceProperty and IoGetDevicePropertyData (W-PNP-72): what the PnP manager knows of a device, from its installation or from its bus; and the properties that
 * drivers give it, which stand below its instance key as Properties\{format}\<number>.
 */
#include "../cm/cm.h"

struct answer {
    const void *data;   /* NULL: number */
    ULONG size, type;   /* with the zero that ends a text; REG_SZ ... */
    ULONG text;         /* the text's own bytes, where the data has no zero */
    ULONG number;
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

/* What the installation left under this name (cm/install.c). */
static struct answer installed(struct devnode *node, const char *value)
{
    struct cm_key *key = cm_device_key(node);
    const struct cm_value *v = key ? cm_value_named(key, value) : NULL;
    return v ? (struct answer){.data = v->data, .size = v->size, .type = v->type, .known = true} : (struct answer){0};
}

static struct answer number(ULONG value) { return (struct answer){.number = value, .size = sizeof(ULONG), .type = REG_DWORD, .known = true}; }
static struct answer unless_unset(ULONG value) { return value == (ULONG)-1 ? (struct answer){0} : number(value); }

static struct answer text(UNICODE_STRING value)
{
    return (struct answer){.data = value.Buffer, .text = value.Length, .size = value.Length + (ULONG)sizeof(WCHAR), .type = REG_SZ, .known = value.Buffer != NULL};
}

/* What the bus said of itself (W-PNP-38). */
static struct answer of_bus(const struct devnode *node, DEVICE_REGISTRY_PROPERTY property)
{
    if (node->bus.LegacyBusType == InterfaceTypeUndefined)
        return (struct answer){0};
    if (property == DevicePropertyBusTypeGuid)
        return (struct answer){.data = &node->bus.BusTypeGuid, .size = sizeof(GUID), .type = REG_BINARY, .known = true};
    return number(property == DevicePropertyBusNumber ? node->bus.BusNumber : (ULONG)node->bus.LegacyBusType);
}

static struct answer removal_policy(const DEVICE_CAPABILITIES *c)
{
    return number(!c->Removable ? 1 /* not expected */ : c->SurpriseRemovalOK ? 3 /* by surprise */ : 2 /* in order */);
}

static struct answer look_up(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property)
{
    static const char *const values[] = {
        [DevicePropertyDeviceDescription] = "DeviceDesc", [DevicePropertyHardwareID] = "HardwareID", [DevicePropertyCompatibleIDs] = "CompatibleIDs",
        [DevicePropertyClassName] = "Class", [DevicePropertyClassGuid] = "ClassGUID", [DevicePropertyDriverKeyName] = "Driver",
        [DevicePropertyManufacturer] = "Mfg", [DevicePropertyFriendlyName] = "FriendlyName", [DevicePropertyLocationInformation] = "LocationInformation",
    };
    struct devnode *node = device_of(pdo)->devnode;
    bool has_capabilities = node->capabilities.Size != 0;
    PCUNICODE_STRING name = io_device_name(pdo);
    switch (property) {
    case DevicePropertyEnumeratorName: return text(part_of_path(&node->instance_path, 0, 1));
    case DevicePropertyPhysicalDeviceObjectName: return name ? text(*name) : (struct answer){0};
    case DevicePropertyInstallState: return number(cm_device_key(node) && node->software_key ? InstallStateInstalled : InstallStateNeedsReinstall);
    case DevicePropertyBusTypeGuid:
    case DevicePropertyLegacyBusType:
    case DevicePropertyBusNumber: return of_bus(node, property);
    case DevicePropertyRemovalPolicy: return has_capabilities ? removal_policy(&node->capabilities) : (struct answer){0};
    case DevicePropertyAddress: return unless_unset(has_capabilities ? node->capabilities.Address : (ULONG)-1);
    case DevicePropertyUINumber: return unless_unset(has_capabilities ? node->capabilities.UINumber : (ULONG)-1);
    default: return (unsigned)property < sizeof values / sizeof values[0] && values[property] ? installed(node, values[property]) : (struct answer){0};
    }
}

static NTSTATUS give(struct answer a, ULONG length, PVOID buffer, PULONG needed)
{
    *needed = a.known ? a.size : 0;
    if (!a.known)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (length < a.size)
        return STATUS_BUFFER_TOO_SMALL;
    memory_check(buffer, a.size, "the buffer for a device property");
    memset(buffer, 0, a.size);
    memcpy(buffer, a.data ? a.data : &a.number, a.text ? a.text : a.size);
    msan_define(buffer, a.size);
    return STATUS_SUCCESS;
}

NTSTATUS io_get_device_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer, PULONG needed)
{
    *needed = 0;
    if (!device_of(pdo)->devnode)
        return STATUS_INVALID_DEVICE_REQUEST;
    return give(look_up(pdo, property), length, buffer, needed);
}

NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength, PVOID PropertyBuffer,
                             PULONG ResultLength)
{
    gate_enter(DDI_IoGetDeviceProperty, trace_object(DeviceObject), DeviceProperty);
    NTSTATUS status = choose_fault(DDI_IoGetDeviceProperty)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : io_get_device_property(DeviceObject, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Properties by key ---- */

/* What DEVPKEY_Device_* of the format below stand for: values of the instance key, or properties of the older kind. */
static const GUID device_format = {0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}};

static const char *value_of_key(ULONG pid)
{
    static const char *const values[] = {
        [2] = "DeviceDesc", [3] = "HardwareID", [4] = "CompatibleIDs", [6] = "Service", [9] = "Class", [11] = "Driver", [12] = "ConfigFlags", [13] = "Mfg",
        [14] = "FriendlyName", [15] = "LocationInformation", [19] = "UpperFilters", [20] = "LowerFilters", [25] = "Security",
    };
    return pid < sizeof values / sizeof values[0] ? values[pid] : NULL;
}

static struct answer by_pid(PDEVICE_OBJECT pdo, ULONG pid)
{
    switch (pid) {
    case 16: return look_up(pdo, DevicePropertyPhysicalDeviceObjectName);
    case 18: return look_up(pdo, DevicePropertyUINumber);
    case 21: return look_up(pdo, DevicePropertyBusTypeGuid);
    case 22: return look_up(pdo, DevicePropertyLegacyBusType);
    case 23: return look_up(pdo, DevicePropertyBusNumber);
    case 24: return look_up(pdo, DevicePropertyEnumeratorName);
    case 30: return look_up(pdo, DevicePropertyAddress);
    case 33: return look_up(pdo, DevicePropertyRemovalPolicy);
    case 36: return look_up(pdo, DevicePropertyInstallState);
    default: return value_of_key(pid) ? installed(device_of(pdo)->devnode, value_of_key(pid)) : (struct answer){0};
    }
}

static bool is_of_system(const DEVPROPKEY *key) { return memcmp(&key->fmtid, &device_format, sizeof device_format) == 0; }

static DEVPROPTYPE type_of(ULONG type)
{
    switch (type) {
    case REG_SZ: return DEVPROP_TYPE_STRING;
    case REG_MULTI_SZ: return DEVPROP_TYPE_STRING_LIST;
    case REG_DWORD: return DEVPROP_TYPE_UINT32;
    default: return DEVPROP_TYPE_BINARY;
    }
}

/* The key of a driver's own property; its value is named for the language, the type is the property's. */
static struct cm_key *own_key(PDEVICE_OBJECT pdo, const DEVPROPKEY *key)
{
    WCHAR guid[40];
    char number[12];
    UNICODE_STRING name = {(USHORT)(io_put_guid(guid, &key->fmtid) * sizeof(WCHAR)), sizeof guid, guid};
    text_number(number, number + sizeof number, key->pid, 16, 4);
    return cm_make(cm_make_unicode(cm_make(cm_device_key(device_of(pdo)->devnode), "Properties"), &name), number);
}

static UNICODE_STRING language(LCID lcid, char text[12], WCHAR wide[12])
{
    text_number(text, text + 12, lcid, 16, 4);
    USHORT n = 0;
    for (; lcid && text[n]; n++)
        wide[n] = (UCHAR)text[n];
    return (UNICODE_STRING){(USHORT)(n * 2), 24, wide};
}

static bool is_pdo(PDEVICE_OBJECT pdo) { return pdo && ob_is_live(pdo) && device_of(pdo)->devnode; }

NTSTATUS io_get_device_property_data(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID lcid, ULONG length, PVOID data, PULONG needed, DEVPROPTYPE *type)
{
    char ascii[12];
    WCHAR wide[12];
    *needed = 0;
    *type = DEVPROP_TYPE_EMPTY;
    if (!is_pdo(pdo))
        return STATUS_INVALID_DEVICE_REQUEST;
    struct answer a = {0};
    if (is_of_system(key)) {
        a = by_pid(pdo, key->pid);
        *type = !a.known ? DEVPROP_TYPE_EMPTY : key->pid == 21 ? DEVPROP_TYPE_GUID : type_of(a.type);
    } else {
        UNICODE_STRING name = language(lcid, ascii, wide);
        const struct cm_value *v = cm_value(own_key(pdo, key), &name);
        if (v)
            a = (struct answer){.data = v->data, .size = v->size, .known = true};
        *type = v ? v->type : DEVPROP_TYPE_EMPTY;
    }
    return give(a, length, data, needed);
}

/* No data: the property goes. Of those the system knows, a driver may give the friendly name. */
NTSTATUS io_set_device_property_data(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID lcid, DEVPROPTYPE type, ULONG size, PVOID data)
{
    char ascii[12];
    WCHAR wide[12];
    static const UNICODE_STRING friendly = RTL_CONSTANT_STRING(L"FriendlyName");
    if (!is_pdo(pdo))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (is_of_system(key) && key->pid != 14)
        return STATUS_ACCESS_DENIED;
    if (data && size)
        memory_check(data, size, "the data of a device property");
    UNICODE_STRING name = is_of_system(key) ? friendly : language(lcid, ascii, wide);
    struct cm_key *at = is_of_system(key) ? cm_device_key(device_of(pdo)->devnode) : own_key(pdo, key);
    if (!data || type == DEVPROP_TYPE_EMPTY)
        return cm_delete_value(at, &name);
    return cm_set(at, &name, is_of_system(key) ? REG_SZ : type, data, size);
}

NTSTATUS IoGetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid, ULONG Flags, ULONG Size, PVOID Data, PULONG RequiredSize,
                                 PDEVPROPTYPE Type)
{
    (void)Flags;
    gate_enter(DDI_IoGetDevicePropertyData, trace_object(Pdo), PropertyKey->pid);
    NTSTATUS status = choose_fault(DDI_IoGetDevicePropertyData)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : io_get_device_property_data(Pdo, PropertyKey, Lcid, Size, Data, RequiredSize, Type);
    msan_define(RequiredSize, sizeof *RequiredSize);
    msan_define(Type, sizeof *Type);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoSetDevicePropertyData(PDEVICE_OBJECT Pdo, CONST DEVPROPKEY *PropertyKey, LCID Lcid, ULONG Flags, DEVPROPTYPE Type, ULONG Size, PVOID Data)
{
    (void)Flags;
    gate_enter(DDI_IoSetDevicePropertyData, trace_object(Pdo), PropertyKey->pid);
    NTSTATUS status = choose_fault(DDI_IoSetDevicePropertyData) ? STATUS_INSUFFICIENT_RESOURCES
                                                                : io_set_device_property_data(Pdo, PropertyKey, Lcid, Type, Size, Data);
    gate_leave((ULONG)status);
    return status;
}
