/* See wmi.h: names of instances (W-WMI-4), and what helps a provider to make its own. */
#include "wmi.h"
#include "../ke/ke.h"

#define DIGITS 10

/* How many instances of a block were given numbers (IoWMIAllocateInstanceIds). */
struct numbered {
    struct numbered *next;
    GUID guid;
    ULONG given;
};
static struct numbered *numbered;

void wmi_names_boot(void) { numbered = NULL; }

/* ---- Names of instances ---- */

UNICODE_STRING wmi_instance_name(const struct wmi_guid *g, ULONG instance)
{
    if (g->names && instance < g->instances)
        return rtl_copy_of(&g->names[instance]);
    if (!g->base.Buffer)
        return (UNICODE_STRING){0, 0, NULL};
    char digits[DIGITS + 1], *end = text_number(digits, digits + sizeof digits, instance, 10, 1);
    USHORT count = (USHORT)(end - digits);
    UNICODE_STRING name = {(USHORT)(g->base.Length + 2 * count), (USHORT)(g->base.Length + 2 * count + 2), NULL};
    name.Buffer = ex_system_alloc(name.MaximumLength);
    memcpy(name.Buffer, g->base.Buffer, g->base.Length);
    for (USHORT i = 0; i < count; i++)
        name.Buffer[g->base.Length / 2 + i] = (WCHAR)digits[i];
    return name;
}

static bool is_name_of(const struct wmi_guid *g, ULONG instance, PCUNICODE_STRING name)
{
    UNICODE_STRING own = wmi_instance_name(g, instance);
    bool same = own.Buffer && rtl_equal_unicode(&own, name, true);
    if (own.Buffer)
        ex_system_free(own.Buffer);
    return same;
}

struct wmi_provider *wmi_find_instance(const GUID *guid, PCUNICODE_STRING name, ULONG *instance)
{
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p)) {
        const struct wmi_guid *g = wmi_guid_of(p, guid);
        for (*instance = 0; g && *instance < g->instances; ++*instance)
            if (is_name_of(g, *instance, name))
                return p;
    }
    return NULL;
}

/* ---- Strings that a driver is given, and frees ---- */

static NTSTATUS give(PCUNICODE_STRING name, PUNICODE_STRING out, const void *caller)
{
    USHORT room = (USHORT)(name->Length + sizeof(WCHAR));
    *out = (UNICODE_STRING){0, 0, ex_allocate(POOL_PAGED, room, 'nImW', caller, true)};
    if (!out->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(out->Buffer, name->Buffer, name->Length);
    msan_define(out->Buffer, room);
    out->Length = name->Length;
    out->MaximumLength = room;
    return STATUS_SUCCESS;
}

/* The name of the first instance that the stack of this device has of the block. */
static NTSTATUS name_for_device(const GUID *guid, PDEVICE_OBJECT device, PUNICODE_STRING out, const void *caller)
{
    NTSTATUS status = STATUS_WMI_INSTANCE_NOT_FOUND;
    PDEVICE_OBJECT bottom = io_bottom_of_stack(device);
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p)) {
        const struct wmi_guid *g = io_bottom_of_stack(p->device) == bottom ? wmi_guid_of(p, guid) : NULL;
        if (!g || !g->instances || NT_SUCCESS(status))
            continue;
        UNICODE_STRING name = wmi_instance_name(g, 0);
        if (!name.Buffer)
            continue;
        status = give(&name, out, caller);
        ex_system_free(name.Buffer);
    }
    return status;
}

NTSTATUS IoWMIDeviceObjectToInstanceName(PVOID DataBlockObject, PDEVICE_OBJECT DeviceObject, PUNICODE_STRING InstanceName)
{
    gate_enter(DDI_IoWMIDeviceObjectToInstanceName, trace_object(DataBlockObject), trace_object(DeviceObject));
    *InstanceName = (UNICODE_STRING){0, 0, NULL};
    NTSTATUS status = choose_fault(DDI_IoWMIDeviceObjectToInstanceName)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : name_for_device(wmi_block_guid(DataBlockObject, "IoWMIDeviceObjectToInstanceName"), DeviceObject, InstanceName, CALLER);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoWMIHandleToInstanceName(PVOID DataBlockObject, HANDLE FileHandle, PUNICODE_STRING InstanceName)
{
    gate_enter(DDI_IoWMIHandleToInstanceName, trace_object(DataBlockObject), 0);
    *InstanceName = (UNICODE_STRING){0, 0, NULL};
    const GUID *guid = wmi_block_guid(DataBlockObject, "IoWMIHandleToInstanceName");
    PFILE_OBJECT file = ob_body_of_handle(FileHandle);
    NTSTATUS status = !file || ob_type_of(file) != OB_FILE              ? STATUS_INVALID_HANDLE
                      : choose_fault(DDI_IoWMIHandleToInstanceName) ? STATUS_INSUFFICIENT_RESOURCES
                                                                    : name_for_device(guid, file->DeviceObject, InstanceName, CALLER);
    gate_leave((ULONG)status);
    return status;
}

/* The PDO's instance path, the symbolic link, or both. */
static NTSTATUS suggest(PDEVICE_OBJECT pdo, PCUNICODE_STRING link, bool both, PUNICODE_STRING out, const void *caller)
{
    const struct devnode *node = pdo && ob_is_live(pdo) ? device_of(pdo)->devnode : NULL;
    if ((!pdo && !link) || (pdo && !node) || (both && !(pdo && link)))
        return STATUS_INVALID_PARAMETER;
    if (!both)
        return give(node ? &node->instance_path : link, out, caller);
    UNICODE_STRING name = {(USHORT)(node->instance_path.Length + link->Length), 0, NULL};
    name.Buffer = ex_system_alloc((size_t)name.Length + sizeof(WCHAR));
    memcpy(name.Buffer, node->instance_path.Buffer, node->instance_path.Length);
    memcpy((char *)name.Buffer + node->instance_path.Length, link->Buffer, link->Length);
    NTSTATUS status = give(&name, out, caller);
    ex_system_free(name.Buffer);
    return status;
}

NTSTATUS IoWMISuggestInstanceName(PDEVICE_OBJECT PhysicalDeviceObject, PUNICODE_STRING SymbolicLinkName, BOOLEAN CombineNames,
                                  PUNICODE_STRING SuggestedInstanceName)
{
    gate_enter(DDI_IoWMISuggestInstanceName, trace_object(PhysicalDeviceObject), CombineNames);
    *SuggestedInstanceName = (UNICODE_STRING){0, 0, NULL};
    NTSTATUS status = choose_fault(DDI_IoWMISuggestInstanceName)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : suggest(PhysicalDeviceObject, SymbolicLinkName, CombineNames, SuggestedInstanceName, CALLER);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoWMIAllocateInstanceIds(GUID *Guid, ULONG InstanceCount, ULONG *FirstInstanceId)
{
    gate_enter(DDI_IoWMIAllocateInstanceIds, InstanceCount, 0);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!choose_fault(DDI_IoWMIAllocateInstanceIds)) {
        struct numbered **at = &numbered;
        while (*at && memcmp(&(*at)->guid, Guid, sizeof *Guid))
            at = &(*at)->next;
        if (!*at) {
            *at = ex_system_alloc(sizeof **at);
            (*at)->guid = *Guid;
        }
        *FirstInstanceId = (*at)->given;
        msan_define(FirstInstanceId, sizeof *FirstInstanceId);
        (*at)->given += InstanceCount;
        status = STATUS_SUCCESS;
    }
    gate_leave((ULONG)status);
    return status;
}
