/*
 * Finding devices: SetupDi* and CM_Get_Device_Interface_List* over the enabled interfaces of a class (W-U-16). A device information set
 * is a snapshot: interfaces that come or go later do not change it.
 */
#include "win32.h"

#define DIGCF_DEVICEINTERFACE 0x10u
#define ERROR_INVALID_USER_BUFFER 1784u
#define MAX_INTERFACES 64

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
    unsigned count;
    const WCHAR *path[MAX_INTERFACES];
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

static struct device_set *snapshot(const GUID *guid)
{
    struct device_set *set = ex_system_alloc(sizeof *set);
    PCUNICODE_STRING link;
    if (guid)
        set->guid = *guid;
    while (guid && set->count < MAX_INTERFACES && io_enum_interfaces(guid, set->count, &link))
        set->path[set->count++] = copy_path(link);
    return set;
}

static void drop(struct device_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        ex_system_free((void *)(ULONG_PTR)set->path[i]);
    ex_system_free(set);
}

/* ---- SetupDi ---- */

static void *get_class_devs(const GUID *guid, DWORD flags)
{
    return snapshot(flags & DIGCF_DEVICEINTERFACE ? guid : NULL);
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
    if (index >= set->count)
        return error_fail(ERROR_NO_MORE_ITEMS);
    *data = (SP_DEVICE_INTERFACE_DATA){.cbSize = sizeof *data, .InterfaceClassGuid = set->guid, .Flags = 1, .Reserved = index + 1};
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
    if (!set || !data->Reserved || data->Reserved > set->count)
        return error_fail(set ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
    const WCHAR *path = set->path[data->Reserved - 1];
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
        length += (ULONG)wide_length(set->path[i]) + 1;
    return length;
}

static ULONG list_size(const GUID *guid, ULONG *length)
{
    if (!guid || !length)
        return CR_INVALID_POINTER;
    struct device_set *set = snapshot(guid);
    *length = list_length(set);
    msan_define(length, sizeof *length);
    drop(set);
    return CR_SUCCESS;
}

static ULONG list(const GUID *guid, void *buffer, ULONG size, size_t width)
{
    if (!guid || !buffer)
        return CR_INVALID_POINTER;
    struct device_set *set = snapshot(guid);
    ULONG at = 0, length = list_length(set);
    bool fits = length <= size;
    for (unsigned i = 0; fits && i < set->count + 1; i++) {
        static const WCHAR end[1];
        const WCHAR *path = i < set->count ? set->path[i] : end;
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

ULONG CM_Get_Device_Interface_List_SizeW(ULONG *length, const GUID *guid, const WCHAR *device, ULONG flags)
{
    (void)device;
    user_enter(DDI_CM_Get_Device_Interface_List_SizeW, flags, 0);
    ULONG result = list_size(guid, length);
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_List_SizeA(ULONG *length, const GUID *guid, const char *device, ULONG flags)
{
    (void)device;
    user_enter(DDI_CM_Get_Device_Interface_List_SizeA, flags, 0);
    ULONG result = list_size(guid, length);
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_ListW(const GUID *guid, const WCHAR *device, WCHAR *buffer, ULONG size, ULONG flags)
{
    (void)device;
    user_enter(DDI_CM_Get_Device_Interface_ListW, size, flags);
    ULONG result = list(guid, buffer, size, sizeof(WCHAR));
    user_leave(result);
    return result;
}

ULONG CM_Get_Device_Interface_ListA(const GUID *guid, const char *device, char *buffer, ULONG size, ULONG flags)
{
    (void)device;
    user_enter(DDI_CM_Get_Device_Interface_ListA, size, flags);
    ULONG result = list(guid, buffer, size, 1);
    user_leave(result);
    return result;
}
