/*
 * Finding devices: SetupDi* and CM_Get_Device_Interface_List* over the enabled interfaces of a class, or the devices of a setup class (W-U-16). A device
 * information set is a snapshot: interfaces and devices that come or go later do not change it.
 */
#include "win32.h"

#define DIGCF_DEVICEINTERFACE 0x10u
#define ERROR_INVALID_USER_BUFFER 1784u
#define ERROR_INVALID_DATA 13u
#define ERROR_NO_SUCH_DEVINST 0xE000020Bu
#define ERROR_NO_SUCH_INTERFACE_DEVICE 0xE0000225u
#define DIGCF_ALLCLASSES 4u

typedef struct sp_device_interface_data {
    DWORD cbSize;
    GUID InterfaceClassGuid;
    DWORD Flags;
    ULONG_PTR Reserved; /* index + 1 in the set */
} SP_DEVICE_INTERFACE_DATA;
C_ASSERT(sizeof(SP_DEVICE_INTERFACE_DATA) == 32);

typedef struct sp_devinfo_data {
    DWORD cbSize;
    GUID ClassGuid;
    DWORD DevInst; /* index + 1 in the set */
    ULONG_PTR Reserved;
} SP_DEVINFO_DATA;
C_ASSERT(sizeof(SP_DEVINFO_DATA) == 32);

/* cbSize of a detail structure is 8 (W, and A as compiled for x64), or 5 or 6 where it is packed. */
static bool is_detail_size(DWORD size) { return size == 8 || size == 5 || size == 6; }

struct device_set {
    GUID guid;
    unsigned count, room;
    struct found {
        const WCHAR *path;      /* NULL: a device, and no interface of it */
        GUID class;
        struct devnode *node;
    } *found;
};

/* Links are \??\X or \\?\X inside the kernel; apps get the latter. */
static const WCHAR *copy_path(PCUNICODE_STRING link)
{
    WCHAR *path = ex_system_alloc((size_t)link->Length + sizeof(WCHAR));
    memcpy(path, link->Buffer, link->Length);
    if (link->Length >= 8 && path[0] == '\\' && path[3] == '\\')
        path[1] = '\\';
    return path;
}

static struct device_set *new_set(const GUID *guid)
{
    struct device_set *set = ex_system_alloc(sizeof *set);
    if (guid)
        set->guid = *guid;
    return set;
}

static void add(struct device_set *set, struct found found)
{
    if (set->count == set->room) {
        struct found *old = set->found;
        set->room = set->room ? set->room * 2 : 8;
        set->found = ex_system_alloc(set->room * sizeof *old);
        if (old) {
            memcpy(set->found, old, set->count * sizeof *old);
            ex_system_free(old);
        }
    }
    set->found[set->count++] = found;
}

/* The interfaces of a class: of all devices, or of the one with this instance path. */
static struct device_set *snapshot(const GUID *guid, PCUNICODE_STRING device)
{
    struct device_set *set = new_set(guid);
    for (const struct io_interface *i = NULL; guid && (i = io_next_interface(guid, i)) != NULL;) {
        struct devnode *node = pnp_devnode_of(io_interface_pdo(i));
        if (!device || rtl_equal_unicode(device, &node->instance_path, true))
            add(set, (struct found){copy_path(io_interface_user_link(i)), *guid, node});
    }
    return set;
}

/* The installation says which setup class a device is of. */
static bool is_of_class(struct devnode *node, const GUID *guid)
{
    WCHAR wanted[40], found[40];
    ULONG size;
    unsigned n = (unsigned)io_put_guid(wanted, guid), i = 0;
    if (!NT_SUCCESS(io_get_device_property(node->pdo, DevicePropertyClassGuid, sizeof found, found, &size)) || size < n * sizeof(WCHAR))
        return false;
    while (i < n && (wanted[i] | 32) == (found[i] | 32))
        i++;
    return i == n;
}

static struct device_set *devices_of(const GUID *guid)
{
    struct device_set *set = new_set(guid);
    for (struct devnode *node = pnp_first(); node; node = pnp_next(node))
        if (node->pdo && node->instance_path.Buffer && (!guid || is_of_class(node, guid)))
            add(set, (struct found){.node = node});
    return set;
}

static void drop(struct device_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->found[i].path)
            ex_system_free((void *)(ULONG_PTR)set->found[i].path);
    if (set->found)
        ex_system_free(set->found);
    ex_system_free(set);
}

/* ---- SetupDi ---- */

static void *get_class_devs(const GUID *guid, DWORD flags)
{
    if (flags & DIGCF_DEVICEINTERFACE)
        return snapshot(guid, NULL);
    return devices_of(flags & DIGCF_ALLCLASSES ? NULL : guid);
}

void *SetupDiGetClassDevsW(const GUID *guid, const WCHAR *enumerator, void *window, DWORD flags)
{
    (void)enumerator, (void)window;
    user_enter(DDI_SetupDiGetClassDevsW, flags, 0);
    void *set = get_class_devs(guid, flags);
    user_leave(trace_object(set));
    return set;
}

void *SetupDiGetClassDevsA(const GUID *guid, const char *enumerator, void *window, DWORD flags)
{
    (void)enumerator, (void)window;
    user_enter(DDI_SetupDiGetClassDevsA, flags, 0);
    void *set = get_class_devs(guid, flags);
    user_leave(trace_object(set));
    return set;
}

static struct device_set *set_of(void *handle) { return handle == INVALID_HANDLE ? NULL : handle; }

static BOOL enum_interfaces(struct device_set *set, DWORD index, SP_DEVICE_INTERFACE_DATA *data)
{
    if (!set)
        return error_fail(ERROR_INVALID_HANDLE);
    if (!data || data->cbSize != sizeof *data)
        return error_fail(ERROR_INVALID_USER_BUFFER);
    if (index >= set->count || !set->found[index].path)
        return error_fail(ERROR_NO_MORE_ITEMS);
    *data = (SP_DEVICE_INTERFACE_DATA){.cbSize = sizeof *data, .InterfaceClassGuid = set->found[index].class, .Flags = 1, .Reserved = index + 1};
    msan_define(data, sizeof *data);
    return TRUE;
}

BOOL SetupDiEnumDeviceInterfaces(void *set, void *device, const GUID *guid, DWORD index, SP_DEVICE_INTERFACE_DATA *data)
{
    (void)device, (void)guid;
    user_enter(DDI_SetupDiEnumDeviceInterfaces, index, 0);
    BOOL done = enum_interfaces(set_of(set), index, data);
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiEnumDeviceInfo(void *handle, DWORD index, SP_DEVINFO_DATA *data)
{
    user_enter(DDI_SetupDiEnumDeviceInfo, index, 0);
    struct device_set *set = set_of(handle);
    BOOL done = TRUE;
    if (!set)
        done = error_fail(ERROR_INVALID_HANDLE);
    else if (!data || data->cbSize != sizeof *data)
        done = error_fail(ERROR_INVALID_USER_BUFFER);
    else if (index >= set->count)
        done = error_fail(ERROR_NO_MORE_ITEMS);
    else
        data->ClassGuid = set->guid, data->DevInst = index + 1, data->Reserved = 0, msan_define(data, sizeof *data);
    user_leave((uint64_t)done);
    return done;
}

/* detail: cbSize, then the path in characters of `width` bytes. */
static BOOL interface_detail(struct device_set *set, const SP_DEVICE_INTERFACE_DATA *data, void *detail, DWORD size, DWORD *required,
                             size_t width)
{
    if (!set || !data->Reserved || data->Reserved > set->count || !set->found[data->Reserved - 1].path)
        return error_fail(set ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
    const WCHAR *path = set->found[data->Reserved - 1].path;
    size_t length = wide_length(path) + 1, needed = 4 + length * width;
    if (required) {
        *required = (DWORD)needed;
        msan_define(required, sizeof *required);
    }
    if (detail && !is_detail_size(*(DWORD *)detail))
        return error_fail(ERROR_INVALID_USER_BUFFER);
    if (!detail || size < needed)
        return error_fail(ERROR_INSUFFICIENT_BUFFER);
    char *to = (char *)detail + 4;
    for (size_t i = 0; i < length; i++)
        if (width == 1)
            to[i] = (char)path[i];
        else
            memcpy(to + i * 2, &path[i], 2);
    msan_define(to, length * width);
    return TRUE;
}

/* A device's information is its place in the set. */
static void fill_device(const SP_DEVICE_INTERFACE_DATA *data, SP_DEVINFO_DATA *device)
{
    if (!device)
        return;
    device->ClassGuid = data->InterfaceClassGuid;
    device->DevInst = (DWORD)data->Reserved;
}

BOOL SetupDiGetDeviceInterfaceDetailW(void *set, const SP_DEVICE_INTERFACE_DATA *data, void *detail, DWORD size, DWORD *required,
                                      SP_DEVINFO_DATA *device)
{
    user_enter(DDI_SetupDiGetDeviceInterfaceDetailW, size, 0);
    BOOL done = interface_detail(set_of(set), data, detail, size, required, sizeof(WCHAR));
    fill_device(data, device);
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiGetDeviceInterfaceDetailA(void *set, const SP_DEVICE_INTERFACE_DATA *data, void *detail, DWORD size, DWORD *required,
                                      SP_DEVINFO_DATA *device)
{
    user_enter(DDI_SetupDiGetDeviceInterfaceDetailA, size, 0);
    BOOL done = interface_detail(set_of(set), data, detail, size, required, 1);
    fill_device(data, device);
    user_leave((uint64_t)done);
    return done;
}

/* ---- Sets by hand ---- */

void *SetupDiCreateDeviceInfoList(const GUID *guid, void *window)
{
    (void)window;
    user_enter(DDI_SetupDiCreateDeviceInfoList, 0, 0);
    struct device_set *set = new_set(guid);
    user_leave(trace_object(set));
    return set;
}

/* One more interface, by its path. */
static BOOL open_interface(struct device_set *set, const WCHAR *path, SP_DEVICE_INTERFACE_DATA *data)
{
    if (!set)
        return error_fail(ERROR_INVALID_HANDLE);
    if (data && data->cbSize != sizeof *data)
        return error_fail(ERROR_INVALID_USER_BUFFER);
    UNICODE_STRING link = {(USHORT)(wide_length(path) * sizeof(WCHAR)), (USHORT)(wide_length(path) * sizeof(WCHAR)), (WCHAR *)(ULONG_PTR)path};
    PDEVICE_OBJECT pdo;
    GUID guid;
    if (!io_find_interface(&link, &guid, &pdo))
        return error_fail(ERROR_NO_SUCH_INTERFACE_DEVICE);
    add(set, (struct found){copy_path(&link), guid, pnp_devnode_of(pdo)});
    if (data) {
        *data = (SP_DEVICE_INTERFACE_DATA){.cbSize = sizeof *data, .InterfaceClassGuid = guid, .Flags = 1, .Reserved = set->count};
        msan_define(data, sizeof *data);
    }
    return TRUE;
}

BOOL SetupDiOpenDeviceInterfaceW(void *set, const WCHAR *path, DWORD flags, SP_DEVICE_INTERFACE_DATA *data)
{
    user_enter(DDI_SetupDiOpenDeviceInterfaceW, flags, 0);
    BOOL done = open_interface(set_of(set), path, data);
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiOpenDeviceInterfaceA(void *set, const char *path, DWORD flags, SP_DEVICE_INTERFACE_DATA *data)
{
    WCHAR wide[260];
    user_enter(DDI_SetupDiOpenDeviceInterfaceA, flags, 0);
    BOOL done = wide_from_ansi(wide, sizeof wide / sizeof *wide, path) ? open_interface(set_of(set), wide, data) : error_fail(ERROR_NO_SUCH_INTERFACE_DEVICE);
    user_leave((uint64_t)done);
    return done;
}

/* ---- What is known of a device ---- */

static struct devnode *node_of(struct device_set *set, const SP_DEVINFO_DATA *device)
{
    struct devnode *node = NULL;
    if (!set)
        error_fail(ERROR_INVALID_HANDLE);
    else if (!device || device->cbSize != sizeof *device || !device->DevInst || device->DevInst > set->count)
        error_fail(ERROR_INVALID_PARAMETER);
    else if (!(node = set->found[device->DevInst - 1].node) || !node->pdo)
        error_fail(ERROR_NO_SUCH_DEVINST);
    return node && node->pdo ? node : NULL;
}

/* Text in characters of `width` bytes; `size` is in characters too. */
static BOOL give_text(const WCHAR *text, size_t length, void *buffer, DWORD size, DWORD *required, size_t width)
{
    if (required) {
        *required = (DWORD)length;
        msan_define(required, sizeof *required);
    }
    if (!buffer || size < length)
        return error_fail(ERROR_INSUFFICIENT_BUFFER);
    for (size_t i = 0; i < length; i++)
        if (width == 1)
            ((char *)buffer)[i] = (char)text[i];
        else
            memcpy((char *)buffer + i * sizeof(WCHAR), &text[i], sizeof(WCHAR));
    msan_define(buffer, length * width);
    return TRUE;
}

static BOOL instance_id(struct device_set *set, const SP_DEVINFO_DATA *device, void *buffer, DWORD size, DWORD *required, size_t width)
{
    struct devnode *node = node_of(set, device);
    if (!node)
        return FALSE;
    size_t length = node->instance_path.Length / sizeof(WCHAR);
    WCHAR *text = ex_system_alloc((length + 1) * sizeof(WCHAR));
    memcpy(text, node->instance_path.Buffer, length * sizeof(WCHAR));
    BOOL done = give_text(text, length + 1, buffer, size, required, width);
    ex_system_free(text);
    return done;
}

BOOL SetupDiGetDeviceInstanceIdW(void *set, const SP_DEVINFO_DATA *device, WCHAR *buffer, DWORD size, DWORD *required)
{
    user_enter(DDI_SetupDiGetDeviceInstanceIdW, size, 0);
    BOOL done = instance_id(set_of(set), device, buffer, size, required, sizeof(WCHAR));
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiGetDeviceInstanceIdA(void *set, const SP_DEVINFO_DATA *device, char *buffer, DWORD size, DWORD *required)
{
    user_enter(DDI_SetupDiGetDeviceInstanceIdA, size, 0);
    BOOL done = instance_id(set_of(set), device, buffer, size, required, 1);
    user_leave((uint64_t)done);
    return done;
}

/* SPDRP_x is the property x + 2 of the format that all of them have. */
static const GUID device_format = {0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}};

static DWORD registry_type(DEVPROPTYPE type)
{
    return type == DEVPROP_TYPE_STRING ? REG_SZ : type == DEVPROP_TYPE_STRING_LIST ? REG_MULTI_SZ : type == DEVPROP_TYPE_UINT32 ? REG_DWORD : REG_BINARY;
}

/* Numbers and the like go as they are; lengths are in bytes here. */
static BOOL give_property(const UCHAR *data, DWORD length, DWORD type, void *buffer, DWORD size, DWORD *required, size_t width)
{
    bool is_text = type == REG_SZ || type == REG_MULTI_SZ;
    size_t unit = is_text ? width : sizeof(WCHAR);
    BOOL done = give_text((const WCHAR *)(ULONG_PTR)data, length / sizeof(WCHAR), buffer, size / (DWORD)unit, required, unit);
    if (required)
        *required *= (DWORD)unit;
    return done;
}

static BOOL registry_property(struct device_set *set, const SP_DEVINFO_DATA *device, DWORD property, DWORD *type, void *buffer, DWORD size, DWORD *required,
                              size_t width)
{
    struct devnode *node = node_of(set, device);
    const DEVPROPKEY key = {device_format, property + 2};
    DEVPROPTYPE found;
    ULONG length = 0;
    if (!node)
        return FALSE;
    if (io_get_device_property_data(node->pdo, &key, 0, 0, NULL, &length, &found) != STATUS_BUFFER_TOO_SMALL)
        return error_fail(ERROR_INVALID_DATA);
    UCHAR *data = ex_system_alloc(length);
    io_get_device_property_data(node->pdo, &key, 0, length, data, &length, &found);
    if (type) {
        *type = registry_type(found);
        msan_define(type, sizeof *type);
    }
    BOOL done = give_property(data, length, registry_type(found), buffer, size, required, width);
    ex_system_free(data);
    return done;
}

BOOL SetupDiGetDeviceRegistryPropertyW(void *set, const SP_DEVINFO_DATA *device, DWORD property, DWORD *type, void *buffer, DWORD size, DWORD *required)
{
    user_enter(DDI_SetupDiGetDeviceRegistryPropertyW, property, size);
    BOOL done = registry_property(set_of(set), device, property, type, buffer, size, required, sizeof(WCHAR));
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiGetDeviceRegistryPropertyA(void *set, const SP_DEVINFO_DATA *device, DWORD property, DWORD *type, void *buffer, DWORD size, DWORD *required)
{
    user_enter(DDI_SetupDiGetDeviceRegistryPropertyA, property, size);
    BOOL done = registry_property(set_of(set), device, property, type, buffer, size, required, 1);
    user_leave((uint64_t)done);
    return done;
}

BOOL SetupDiDestroyDeviceInfoList(void *set)
{
    user_enter(DDI_SetupDiDestroyDeviceInfoList, 0, 0);
    BOOL done = set_of(set) ? TRUE : error_fail(ERROR_INVALID_HANDLE);
    if (done)
        drop(set);
    user_leave((uint64_t)done);
    return done;
}

/* ---- CM ---- */

#define CR_SUCCESS 0u
#define CR_INVALID_POINTER 3u
#define CR_BUFFER_SMALL 0x1Au

/* Characters of the multi-string: each path with its terminator, and one more. */
static ULONG list_length(const struct device_set *set)
{
    ULONG length = 1;
    for (unsigned i = 0; i < set->count; i++)
        length += (ULONG)wide_length(set->found[i].path) + 1;
    return length;
}

static ULONG list_size(const GUID *guid, PCUNICODE_STRING device, ULONG *length)
{
    if (!guid || !length)
        return CR_INVALID_POINTER;
    struct device_set *set = snapshot(guid, device);
    *length = list_length(set);
    msan_define(length, sizeof *length);
    drop(set);
    return CR_SUCCESS;
}

static ULONG list(const GUID *guid, PCUNICODE_STRING device, void *buffer, ULONG size, size_t width)
{
    if (!guid || !buffer)
        return CR_INVALID_POINTER;
    struct device_set *set = snapshot(guid, device);
    ULONG at = 0, length = list_length(set);
    bool fits = length <= size;
    for (unsigned i = 0; fits && i < set->count + 1; i++) {
        static const WCHAR end[1];
        const WCHAR *path = i < set->count ? set->found[i].path : end;
        for (bool more = true; more; at++) {
            more = *path != 0;
            if (width == 1)
                ((char *)buffer)[at] = (char)*path;
            else
                ((WCHAR *)buffer)[at] = *path;
            path++;
        }
    }
    msan_define(buffer, at * width);
    drop(set);
    return fits ? CR_SUCCESS : CR_BUFFER_SMALL;
}

/* An instance path, or NULL for none, as the caller's string or in `text`. */
#define PATH_CHARS 256

static PCUNICODE_STRING wide_device(const WCHAR *device, UNICODE_STRING *string)
{
    if (!device || !*device)
        return NULL;
    *string = (UNICODE_STRING){(USHORT)(wide_length(device) * 2), (USHORT)(wide_length(device) * 2), (WCHAR *)(ULONG_PTR)device};
    return string;
}

static PCUNICODE_STRING narrow_device(const char *device, WCHAR text[PATH_CHARS], UNICODE_STRING *string)
{
    USHORT n = 0;
    for (; device && device[n] && n + 1 < PATH_CHARS; n++)
        text[n] = (UCHAR)device[n];
    text[n] = 0;
    return wide_device(text, string);
}

ULONG CM_Get_Device_Interface_List_SizeW(ULONG *length, const GUID *guid, const WCHAR *device, ULONG flags)
{
    UNICODE_STRING string;
    user_enter(DDI_CM_Get_Device_Interface_List_SizeW, flags, 0);
    ULONG result = list_size(guid, wide_device(device, &string), length);
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_List_SizeA(ULONG *length, const GUID *guid, const char *device, ULONG flags)
{
    WCHAR text[PATH_CHARS];
    UNICODE_STRING string;
    user_enter(DDI_CM_Get_Device_Interface_List_SizeA, flags, 0);
    ULONG result = list_size(guid, narrow_device(device, text, &string), length);
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_ListW(const GUID *guid, const WCHAR *device, WCHAR *buffer, ULONG size, ULONG flags)
{
    UNICODE_STRING string;
    user_enter(DDI_CM_Get_Device_Interface_ListW, size, flags);
    ULONG result = list(guid, wide_device(device, &string), buffer, size, sizeof(WCHAR));
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_ListA(const GUID *guid, const char *device, char *buffer, ULONG size, ULONG flags)
{
    WCHAR text[PATH_CHARS];
    UNICODE_STRING string;
    user_enter(DDI_CM_Get_Device_Interface_ListA, size, flags);
    ULONG result = list(guid, narrow_device(device, text, &string), buffer, size, 1);
    user_leave(result);
    return result;
}
