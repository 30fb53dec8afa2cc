/*
 * Registry keys (K-REG-1..3), and the ways to those of the driver and its devices (K-DRV-9, 53). A WDFKEY owns a kernel handle, which closes with it.
 */
#include "device.h"

#include "../nt/cm/cm.h"
#include "../nt/ke/ke.h"

struct fx_key {
    struct fx_object object;
    HANDLE handle;
};

/* ---- Keys ---- */

static void destroy(struct fx_object *object)
{
    struct fx_key *key = (struct fx_key *)object;
    if (key->handle)
        ob_close_kernel_handle(key->handle);
}

/* Made before its handle, so that a bad attribute costs nothing. */
static NTSTATUS key_new(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, unsigned flags, struct fx_key **out)
{
    void *memory = NULL;
    NTSTATUS status = fx_object_new(driver, FX_KEY, sizeof(struct fx_key), attributes, flags, &memory);
    *out = memory;
    if (NT_SUCCESS(status)) {
        (*out)->object.destroy = destroy;
        (*out)->object.passive_dispose = (*out)->object.passive_callbacks = true;
    }
    return status;
}

static NTSTATUS key_finish(struct fx_key *key, NTSTATUS status, WDFKEY *out)
{
    if (NT_SUCCESS(status))
        *out = (WDFKEY)key;
    else
        fx_object_delete_failed(&key->object);
    return status;
}

static bool is_well_formed(PCUNICODE_STRING text) { return !(text->Length & 1) && text->Length <= text->MaximumLength && (text->Buffer || !text->Length); }

static NTSTATUS open_or_create(struct fx_driver *driver, WDFKEY parent, PCUNICODE_STRING name, struct cm_request request, ULONG *disposition,
                               PWDF_OBJECT_ATTRIBUTES attributes, WDFKEY *out)
{
    struct fx_key *above = parent ? fx_handle(parent, FX_KEY) : NULL, *key;
    struct cm_open *open = NULL;
    if (!is_well_formed(name))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = key_new(driver, attributes, 0, &key);
    if (!NT_SUCCESS(status))
        return status;
    if (above)
        status = cm_use(above->handle, 0, &open);
    request.root = open ? open->key : NULL;
    request.path = name;
    if (NT_SUCCESS(status))
        status = cm_open(&request, &key->handle, disposition);
    return key_finish(key, status, out);
}

NTSTATUS wdf_WdfRegistryOpenKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY ParentKey, PCUNICODE_STRING KeyName, ACCESS_MASK DesiredAccess,
                                PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfRegistryOpenKey, trace_object(ParentKey), DesiredAccess);
    fx_require(KeyName, "KeyName");
    fx_require(Key, "Key");
    *Key = NULL;
    struct cm_request request = {.access = DesiredAccess, .caller = CALLER};
    NTSTATUS status = choose_fault(DDI_WdfRegistryOpenKey)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : open_or_create(fx_driver_of(DriverGlobals), ParentKey, KeyName, request, NULL, KeyAttributes, Key);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryCreateKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY ParentKey, PCUNICODE_STRING KeyName, ACCESS_MASK DesiredAccess,
                                  ULONG CreateOptions, PULONG CreateDisposition, PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfRegistryCreateKey, trace_object(ParentKey), DesiredAccess);
    fx_require(KeyName, "KeyName");
    fx_require(Key, "Key");
    *Key = NULL;
    struct cm_request request = {.access = DesiredAccess, .create = true, .options = CreateOptions, .caller = CALLER};
    NTSTATUS status = choose_fault(DDI_WdfRegistryCreateKey)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : open_or_create(fx_driver_of(DriverGlobals), ParentKey, KeyName, request, CreateDisposition, KeyAttributes, Key);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfRegistryClose(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key)
{
    gate_enter(DDI_WdfRegistryClose, trace_object(Key), 0);
    fx_object_delete(fx_handle(Key, FX_KEY));
    gate_leave(0);
}

HANDLE wdf_WdfRegistryWdmGetHandle(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key)
{
    gate_enter(DDI_WdfRegistryWdmGetHandle, trace_object(Key), 0);
    HANDLE handle = ((struct fx_key *)fx_handle(Key, FX_KEY))->handle;
    gate_leave(0);
    return handle;
}

/* The key that a WDFKEY's handle stands for; `*status` says why not. */
static struct cm_key *use(struct fx_key *key, ACCESS_MASK needs, NTSTATUS *status)
{
    struct cm_open *open = NULL;
    *status = cm_use(key->handle, needs, &open);
    return NT_SUCCESS(*status) ? open->key : NULL;
}

NTSTATUS wdf_WdfRegistryRemoveKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key)
{
    gate_enter(DDI_WdfRegistryRemoveKey, trace_object(Key), 0);
    struct fx_key *key = fx_handle(Key, FX_KEY);
    NTSTATUS status;
    struct cm_key *at = use(key, DELETE, &status);
    if (at)
        status = cm_delete(at);
    if (NT_SUCCESS(status))
        fx_object_delete(&key->object);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryRemoveValue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName)
{
    gate_enter(DDI_WdfRegistryRemoveValue, trace_object(Key), 0);
    struct fx_key *key = fx_handle(Key, FX_KEY);
    fx_require(ValueName, "ValueName");
    NTSTATUS status;
    struct cm_key *at = use(key, KEY_SET_VALUE, &status);
    if (at)
        status = cm_delete_value(at, ValueName);
    gate_leave((ULONG)status);
    return status;
}

/* ---- The driver's and its devices' keys ---- */

NTSTATUS wdf_WdfDriverOpenParametersRegistryKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, ACCESS_MASK DesiredAccess,
                                                PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfDriverOpenParametersRegistryKey, trace_object(Driver), DesiredAccess);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    struct fx_key *key;
    fx_require(Key, "Key");
    *Key = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDriverOpenParametersRegistryKey) ? STATUS_INSUFFICIENT_RESOURCES : key_new(driver, KeyAttributes, 0, &key);
    bool writes = DesiredAccess & ~(ACCESS_MASK)(KEY_READ | GENERIC_READ);
    if (NT_SUCCESS(status))
        status = key_finish(key, cm_open_driver_key(driver->nt, DriverRegKeyParameters, DesiredAccess, writes, CALLER, &key->handle), Key);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDriverOpenPersistentStateRegistryKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, ACCESS_MASK DesiredAccess,
                                                     PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfDriverOpenPersistentStateRegistryKey, trace_object(Driver), DesiredAccess);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    struct fx_key *key;
    fx_require(Key, "Key");
    *Key = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDriverOpenPersistentStateRegistryKey) ? STATUS_INSUFFICIENT_RESOURCES : key_new(driver, KeyAttributes, 0, &key);
    if (NT_SUCCESS(status))
        status = key_finish(key, cm_open_driver_key(driver->nt, DriverRegKeyPersistentState, DesiredAccess, true, CALLER, &key->handle), Key);
    gate_leave((ULONG)status);
    return status;
}

/* The keys of one device: the framework's own subkey is named for the driver. */
static NTSTATUS open_device_key(struct fx_driver *driver, PDEVICE_OBJECT pdo, ULONG type, ACCESS_MASK access, PWDF_OBJECT_ATTRIBUTES attributes,
                                const void *caller, WDFKEY *out)
{
    char name[96], *subkey = NULL;
    struct fx_key *key;
    NTSTATUS status = key_new(driver, attributes, FX_PARENT_FORBIDDEN, &key);
    if (!NT_SUCCESS(status))
        return status;
    if (type & (WDF_REGKEY_DEVICE_SUBKEY | WDF_REGKEY_DRIVER_SUBKEY)) {
        UCHAR *at = (UCHAR *)name;
        PUNICODE_STRING service = &driver->nt->extension.ServiceKeyName;
        for (unsigned i = 0; i < service->Length / 2u && i + 1 < sizeof name; i++)
            *at++ = (UCHAR)service->Buffer[i];
        *at = 0;
        subkey = name;
    }
    return key_finish(key, cm_open_device_key(pdo, type, access, subkey, caller, &key->handle), out);
}

NTSTATUS wdf_WdfDeviceOpenRegistryKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, ULONG DeviceInstanceKeyType, ACCESS_MASK DesiredAccess,
                                      PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfDeviceOpenRegistryKey, trace_object(Device), DeviceInstanceKeyType);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Key, "Key");
    *Key = NULL;
    NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
    if (choose_fault(DDI_WdfDeviceOpenRegistryKey))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!device->control && device->pdo && pnp_devnode_of(device->pdo))
        status = open_device_key(fx_driver_of(DriverGlobals), device->pdo, DeviceInstanceKeyType, DesiredAccess, KeyAttributes, CALLER, Key);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfFdoInitOpenRegistryKey(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, ULONG DeviceInstanceKeyType,
                                       ACCESS_MASK DesiredAccess, PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfFdoInitOpenRegistryKey, 0, DeviceInstanceKeyType);
    PWDFDEVICE_INIT init = fx_init_of(DeviceInit);
    fx_require(Key, "Key");
    *Key = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER; /* K-DRV-32 */
    if (choose_fault(DDI_WdfFdoInitOpenRegistryKey))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (init->kind == FX_INIT_FDO)
        status = open_device_key(fx_driver_of(DriverGlobals), init->pdo, DeviceInstanceKeyType, DesiredAccess, KeyAttributes, CALLER, Key);
    gate_leave((ULONG)status);
    return status;
}

/* A volatile key below Hardware\DeviceMap, made if it is not there. */
NTSTATUS wdf_WdfDeviceOpenDevicemapKey(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PCUNICODE_STRING KeyName, ACCESS_MASK DesiredAccess,
                                       PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    gate_enter(DDI_WdfDeviceOpenDevicemapKey, trace_object(Device), DesiredAccess);
    fx_handle(Device, FX_DEVICE);
    struct fx_key *key;
    fx_require(KeyName, "KeyName");
    fx_require(Key, "Key");
    *Key = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!is_well_formed(KeyName))
        status = STATUS_INVALID_PARAMETER;
    else if (!choose_fault(DDI_WdfDeviceOpenDevicemapKey))
        status = key_new(fx_driver_of(DriverGlobals), KeyAttributes, 0, &key);
    if (NT_SUCCESS(status)) {
        struct cm_key *at = cm_make_unicode(cm_make(cm_root(), "Machine\\Hardware\\DeviceMap"), KeyName);
        status = key_finish(key, cm_open_key(at, DesiredAccess, CALLER, &key->handle), Key);
    }
    gate_leave((ULONG)status);
    return status;
}

/* ---- Reading ---- */

static NTSTATUS read_value(WDFKEY handle, PCUNICODE_STRING name, struct cm_data *data)
{
    NTSTATUS status;
    struct fx_key *key = fx_handle(handle, FX_KEY);
    fx_require(name, "ValueName");
    if (!is_well_formed(name))
        return STATUS_INVALID_PARAMETER;
    struct cm_key *at = use(key, KEY_QUERY_VALUE, &status);
    struct cm_value *v = at ? cm_value(at, name) : NULL;
    if (at && !v)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (v)
        *data = cm_read(v);
    return status;
}

NTSTATUS wdf_WdfRegistryQueryULong(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, PULONG Value)
{
    gate_enter(DDI_WdfRegistryQueryULong, trace_object(Key), 0);
    struct cm_data data;
    fx_require(Value, "Value");
    NTSTATUS status = read_value(Key, ValueName, &data);
    if (NT_SUCCESS(status) && data.type != REG_DWORD)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (NT_SUCCESS(status) && data.size > sizeof *Value)
        status = STATUS_BUFFER_OVERFLOW;
    if (NT_SUCCESS(status)) {
        memory_check(Value, sizeof *Value, "where a number of the registry goes");
        *Value = 0;
        memcpy(Value, data.data, data.size);
        msan_define(Value, sizeof *Value);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryQueryValue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, ULONG ValueLength, PVOID Value,
                                   PULONG ValueLengthQueried, PULONG ValueType)
{
    gate_enter(DDI_WdfRegistryQueryValue, trace_object(Key), ValueLength);
    struct cm_data data;
    if (ValueLength)
        fx_require(Value, "Value");
    NTSTATUS status = read_value(Key, ValueName, &data);
    bool found = NT_SUCCESS(status);
    if (found && ValueLengthQueried)
        *ValueLengthQueried = data.size;
    if (found && ValueType)
        *ValueType = data.type;
    if (found && (data.size > ValueLength || !Value))
        status = STATUS_BUFFER_OVERFLOW;
    else if (found) {
        memory_check(Value, data.size, "the buffer for a registry value");
        memcpy(Value, data.data, data.size);
        msan_define(Value, data.size);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryQueryMemory(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, POOL_TYPE PoolType,
                                    PWDF_OBJECT_ATTRIBUTES MemoryAttributes, WDFMEMORY *Memory, PULONG ValueType)
{
    gate_enter(DDI_WdfRegistryQueryMemory, trace_object(Key), 0);
    struct cm_data data;
    struct fx_memory *memory;
    fx_require(Memory, "Memory");
    *Memory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfRegistryQueryMemory) ? STATUS_INSUFFICIENT_RESOURCES : read_value(Key, ValueName, &data);
    if (NT_SUCCESS(status) && !data.size)
        status = STATUS_RESOURCE_DATA_NOT_FOUND;
    if (NT_SUCCESS(status))
        status = fx_memory_new(fx_driver_of(DriverGlobals), MemoryAttributes, PoolType, 0, data.size, CALLER, &memory);
    if (NT_SUCCESS(status)) {
        memcpy(memory->buffer, data.data, data.size);
        msan_define(memory->buffer, data.size);
        *Memory = (WDFMEMORY)memory;
        if (ValueType)
            *ValueType = data.type;
    }
    gate_leave((ULONG)status);
    return status;
}

/* The text without its terminator; an odd byte at the end is none of it. */
static UNICODE_STRING text_of(struct cm_data data)
{
    ULONG bytes = data.size & ~1u;
    if (bytes >= 2 && ((const WCHAR *)(const void *)data.data)[bytes / 2 - 1] == 0)
        bytes -= 2;
    return (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, (PWCH)(void *)data.data};
}

NTSTATUS wdf_WdfRegistryQueryUnicodeString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, PUSHORT ValueByteLength,
                                           PUNICODE_STRING Value)
{
    gate_enter(DDI_WdfRegistryQueryUnicodeString, trace_object(Key), 0);
    struct cm_data data;
    fx_require(Value, "Value");
    NTSTATUS status = Value->MaximumLength ? read_value(Key, ValueName, &data) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status) && data.type != REG_SZ)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (NT_SUCCESS(status) && data.size > 0xffff)
        status = STATUS_INVALID_BUFFER_SIZE;
    if (NT_SUCCESS(status) && ValueByteLength)
        *ValueByteLength = (USHORT)data.size;
    if (NT_SUCCESS(status) && data.size > Value->MaximumLength)
        status = STATUS_BUFFER_OVERFLOW;
    if (NT_SUCCESS(status)) {
        memory_check(Value->Buffer, data.size, "the buffer for a text of the registry");
        memcpy(Value->Buffer, data.data, data.size);
        msan_define(Value->Buffer, data.size);
        Value->Length = text_of(data).Length;
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryQueryString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, WDFSTRING String)
{
    gate_enter(DDI_WdfRegistryQueryString, trace_object(Key), trace_object(String));
    struct cm_data data;
    struct fx_string *string = fx_handle(String, FX_STRING);
    NTSTATUS status = choose_fault(DDI_WdfRegistryQueryString) ? STATUS_INSUFFICIENT_RESOURCES : read_value(Key, ValueName, &data);
    if (NT_SUCCESS(status) && data.type != REG_SZ)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (NT_SUCCESS(status) && !data.size)
        status = STATUS_RESOURCE_DATA_NOT_FOUND;
    else if (NT_SUCCESS(status) && data.size > 0xffff)
        status = STATUS_INVALID_BUFFER_SIZE;
    if (NT_SUCCESS(status)) {
        UNICODE_STRING text = text_of(data);
        status = fx_string_assign(string, &text);
    }
    gate_leave((ULONG)status);
    return status;
}

/* Each text becomes a string in the collection, which alone keeps it unless it has a parent of the driver's choice. */
static NTSTATUS append_all(struct fx_driver *driver, struct cm_data data, PWDF_OBJECT_ATTRIBUTES attributes, WDFCOLLECTION collection)
{
    const WCHAR *text = (const void *)data.data;
    ULONG chars = data.size / 2, from = 0;
    NTSTATUS status = STATUS_SUCCESS;
    while (NT_SUCCESS(status) && from < chars && text[from]) {
        ULONG to = from;
        while (to < chars && text[to])
            to++;
        UNICODE_STRING part = {(USHORT)((to - from) * 2), (USHORT)((to - from) * 2), (PWCH)text + from};
        struct fx_string *string = NULL;
        status = fx_string_new(driver, &part, attributes, &string);
        if (NT_SUCCESS(status)) {
            status = fx_collection_add(collection, &string->object);
            if (!NT_SUCCESS(status))
                fx_object_delete_failed(&string->object);
        }
        from = to + 1;
    }
    return status;
}

NTSTATUS wdf_WdfRegistryQueryMultiString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName,
                                         PWDF_OBJECT_ATTRIBUTES StringsAttributes, WDFCOLLECTION Collection)
{
    gate_enter(DDI_WdfRegistryQueryMultiString, trace_object(Key), trace_object(Collection));
    struct cm_data data;
    fx_handle(Collection, FX_COLLECTION);
    NTSTATUS status = choose_fault(DDI_WdfRegistryQueryMultiString) ? STATUS_INSUFFICIENT_RESOURCES : read_value(Key, ValueName, &data);
    if (NT_SUCCESS(status) && data.type != REG_MULTI_SZ)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (NT_SUCCESS(status) && !data.size)
        status = STATUS_RESOURCE_DATA_NOT_FOUND;
    if (NT_SUCCESS(status))
        status = append_all(fx_driver_of(DriverGlobals), data, StringsAttributes, Collection);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Writing ---- */

static NTSTATUS write_value(uint16_t ddi, WDFKEY handle, PCUNICODE_STRING name, ULONG type, const void *data, ULONG size)
{
    NTSTATUS status;
    struct fx_key *key = fx_handle(handle, FX_KEY);
    fx_require(name, "ValueName");
    if (!is_well_formed(name))
        return STATUS_INVALID_PARAMETER;
    struct cm_key *at = use(key, KEY_SET_VALUE, &status);
    if (!at)
        return status;
    if (choose_fault(ddi))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (size)
        memory_check(data, size, "the data of a registry value");
    return cm_set(at, name, type, data, size);
}

NTSTATUS wdf_WdfRegistryAssignULong(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, ULONG Value)
{
    gate_enter(DDI_WdfRegistryAssignULong, trace_object(Key), Value);
    NTSTATUS status = write_value(DDI_WdfRegistryAssignULong, Key, ValueName, REG_DWORD, &Value, sizeof Value);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryAssignValue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, ULONG ValueType, ULONG ValueLength,
                                    PVOID Value)
{
    gate_enter(DDI_WdfRegistryAssignValue, trace_object(Key), ValueLength);
    fx_require(Value, "Value");
    NTSTATUS status = write_value(DDI_WdfRegistryAssignValue, Key, ValueName, ValueType, Value, ValueLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryAssignMemory(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, ULONG ValueType, WDFMEMORY Memory,
                                     PWDFMEMORY_OFFSET MemoryOffsets)
{
    gate_enter(DDI_WdfRegistryAssignMemory, trace_object(Key), ValueType);
    struct fx_memory *memory = fx_handle(Memory, FX_MEMORY);
    size_t offset = MemoryOffsets ? MemoryOffsets->BufferOffset : 0, size = memory->size;
    NTSTATUS status = STATUS_SUCCESS;
    if (MemoryOffsets && MemoryOffsets->BufferLength)
        size = MemoryOffsets->BufferLength;
    else if (offset < size)
        size -= offset;
    if (offset > memory->size || size > memory->size - offset)
        status = STATUS_INTEGER_OVERFLOW;
    if (NT_SUCCESS(status))
        status = write_value(DDI_WdfRegistryAssignMemory, Key, ValueName, ValueType, (char *)memory->buffer + offset, (ULONG)size);
    gate_leave((ULONG)status);
    return status;
}

/* Stored with a terminator of its own. */
static NTSTATUS write_text(uint16_t ddi, WDFKEY key, PCUNICODE_STRING name, PCUNICODE_STRING text)
{
    UNICODE_STRING copy;
    if (!is_well_formed(text))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_unicode_copy(&copy, text);
    if (!NT_SUCCESS(status))
        return status;
    status = write_value(ddi, key, name, REG_SZ, copy.Buffer, copy.Length + (ULONG)sizeof(WCHAR));
    ex_system_free(copy.Buffer);
    return status;
}

NTSTATUS wdf_WdfRegistryAssignUnicodeString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, PCUNICODE_STRING Value)
{
    gate_enter(DDI_WdfRegistryAssignUnicodeString, trace_object(Key), 0);
    fx_require(Value, "Value");
    NTSTATUS status = write_text(DDI_WdfRegistryAssignUnicodeString, Key, ValueName, Value);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryAssignString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, WDFSTRING String)
{
    gate_enter(DDI_WdfRegistryAssignString, trace_object(Key), trace_object(String));
    struct fx_string *string = fx_handle(String, FX_STRING);
    NTSTATUS status = write_text(DDI_WdfRegistryAssignString, Key, ValueName, &string->text);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRegistryAssignMultiString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFKEY Key, PCUNICODE_STRING ValueName, WDFCOLLECTION StringsCollection)
{
    gate_enter(DDI_WdfRegistryAssignMultiString, trace_object(Key), trace_object(StringsCollection));
    fx_handle(StringsCollection, FX_COLLECTION);
    ULONG bytes = sizeof(WCHAR), at = 0;
    struct fx_object *object;
    for (ULONG i = 0; (object = fx_collection_at(StringsCollection, i)) != NULL; i++)
        bytes += ((struct fx_string *)fx_handle(object, FX_STRING))->text.Length + (ULONG)sizeof(WCHAR);
    WCHAR *all = ex_system_alloc(bytes);
    for (ULONG i = 0; all && (object = fx_collection_at(StringsCollection, i)) != NULL; i++) {
        UNICODE_STRING *text = &((struct fx_string *)object)->text;
        memcpy(all + at, text->Buffer, text->Length);
        at += text->Length / 2u + 1;
    }
    NTSTATUS status = all ? write_value(DDI_WdfRegistryAssignMultiString, Key, ValueName, REG_MULTI_SZ, all, bytes) : STATUS_INSUFFICIENT_RESOURCES;
    if (all)
        ex_system_free(all);
    gate_leave((ULONG)status);
    return status;
}
