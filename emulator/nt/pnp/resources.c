/*
 * See pnp.h: what a device needs and is given (W-PNP-30, 31, 33, 39, 60). The bus tells what the device uses and needs when it is found; its drivers may change the
 * needs before each start. There is no arbitration: a device is started with what the conductor chose for it, or with what its bus says that it uses.
 */
#include "pnp.h"

/* ---- Lists, and their sizes ---- */

static const void *after_partial(const CM_PARTIAL_RESOURCE_LIST *list)
{
    memory_check(list, FIELD_OFFSET(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors), "a resource list");
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = list->PartialDescriptors;
    for (ULONG i = 0; i < list->Count; i++) {
        memory_check(d, sizeof *d, "a resource list");
        size_t data = d->Type == CmResourceTypeDeviceSpecific ? d->u.DeviceSpecificData.DataSize : 0;
        d = (const CM_PARTIAL_RESOURCE_DESCRIPTOR *)((const char *)(d + 1) + data);
    }
    return d;
}

static size_t size_of_resources(const CM_RESOURCE_LIST *list)
{
    memory_check(list, FIELD_OFFSET(CM_RESOURCE_LIST, List), "a resource list");
    const char *at = (const char *)list->List;
    for (ULONG i = 0; i < list->Count; i++)
        at = after_partial(&((const CM_FULL_RESOURCE_DESCRIPTOR *)at)->PartialResourceList);
    return (size_t)(at - (const char *)list);
}

/* In pool, where whoever keeps a pointer to it after its time is found out. */
static PVOID pool_copy(const void *list, size_t size)
{
    PVOID copy = list ? ex_allocate(POOL_PAGED, size, 'sRpP', NULL, false) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, list, size);
    msan_define(copy, size);
    return copy;
}

static void *system_copy(const void *list, size_t size) { return memcpy(ex_system_alloc(size), list, size); }

static void replace(void **kept, void *list)
{
    if (*kept)
        ex_system_free(*kept);
    *kept = list;
}

/* ---- What the bus says ---- */

void pnp_query_resources(struct devnode *node)
{
    IO_STATUS_BLOCK iosb = {0};
    bool told = NT_SUCCESS(pnp_send(node, IRP_MN_QUERY_RESOURCES, &iosb)) && iosb.Information;
    CM_RESOURCE_LIST *list = told ? (CM_RESOURCE_LIST *)iosb.Information : NULL;
    replace((void **)&node->boot, list ? system_copy(list, size_of_resources(list)) : NULL);
    if (list)
        ex_free_with_tag(list, 0, NULL);
}

static IO_RESOURCE_REQUIREMENTS_LIST *keep_requirements(IO_RESOURCE_REQUIREMENTS_LIST *list)
{
    if (!list)
        return NULL;
    memory_check(list, sizeof list->ListSize, "a list of resource requirements");
    memory_check(list, list->ListSize, "a list of resource requirements");
    return system_copy(list, list->ListSize);
}

void pnp_query_requirements(struct devnode *node)
{
    IO_STATUS_BLOCK iosb = {0};
    bool told = NT_SUCCESS(pnp_send(node, IRP_MN_QUERY_RESOURCE_REQUIREMENTS, &iosb)) && iosb.Information;
    IO_RESOURCE_REQUIREMENTS_LIST *list = told ? (IO_RESOURCE_REQUIREMENTS_LIST *)iosb.Information : NULL;
    replace((void **)&node->requirements, keep_requirements(list));
    if (list)
        ex_free_with_tag(list, 0, NULL);
}

/* ---- What its drivers make of it ---- */

/* The list's memory is not that of a block that lives. */
static bool is_freed(const void *list, uint32_t number)
{
    const struct block *b = block_find(list);
    return !b || b->state != BLOCK_LIVE || b->number != number;
}

static void fill_requirements(PIO_STACK_LOCATION location, void *list) { location->Parameters.FilterResourceRequirements.IoResourceRequirementList = list; }

/* Whoever gives another list frees the one before it; the list in Information counts (W-PNP-33). */
static void filter(struct devnode *node)
{
    IO_RESOURCE_REQUIREMENTS_LIST *list = pool_copy(node->requirements, node->requirements ? node->requirements->ListSize : 0);
    uint32_t number = list ? block_number(list) : 0;
    IO_STATUS_BLOCK iosb = {.Information = (ULONG_PTR)list};
    NTSTATUS status = pnp_send_with(node, IRP_MN_FILTER_RESOURCE_REQUIREMENTS, fill_requirements, list, &iosb);
    IO_RESOURCE_REQUIREMENTS_LIST *now = (IO_RESOURCE_REQUIREMENTS_LIST *)iosb.Information;
    bool replaced = NT_SUCCESS(status) && now != list;
    if (replaced && list && !is_freed(list, number))
        bugcheck(0xC4, 0x62, number, 1, 0, "V-PNP-15", "a driver of device #%u replaced its resource requirements and did not free the list before",
                 device_number(node->pdo));
    if (!replaced)
        now = list;
    replace((void **)&node->filtered, keep_requirements(now));
    if (now)
        ex_free_with_tag(now, 0, NULL);
}

/* ---- START ---- */

struct given {
    CM_RESOURCE_LIST *raw, *translated;
};

static void fill_start(PIO_STACK_LOCATION location, void *context)
{
    const struct given *given = context;
    location->Parameters.StartDevice.AllocatedResources = given->raw;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = given->translated;
}

NTSTATUS pnp_send_start(struct devnode *node)
{
    filter(node);
    const CM_RESOURCE_LIST *raw = node->raw ? node->raw : node->boot, *translated = node->translated ? node->translated : raw;
    struct given given = {pool_copy(raw, raw ? size_of_resources(raw) : 0), pool_copy(translated, translated ? size_of_resources(translated) : 0)};
    NTSTATUS status = pnp_send_with(node, IRP_MN_START_DEVICE, fill_start, &given, NULL);
    if (given.raw)
        ex_free_with_tag(given.raw, 0, NULL);
    if (given.translated)
        ex_free_with_tag(given.translated, 0, NULL);
    return status;
}

/* ---- Usage (W-PNP-39) ---- */

struct usage {
    DEVICE_USAGE_NOTIFICATION_TYPE type;
    BOOLEAN in_path;
};

static void fill_usage(PIO_STACK_LOCATION location, void *context)
{
    const struct usage *usage = context;
    location->Parameters.UsageNotification.Type = usage->type;
    location->Parameters.UsageNotification.InPath = usage->in_path;
}

NTSTATUS pnp_notify_usage(struct devnode *node, DEVICE_USAGE_NOTIFICATION_TYPE type, bool in_path)
{
    struct usage usage = {type, in_path};
    if (node->state != DEVNODE_STARTED)
        return STATUS_INVALID_DEVICE_STATE;
    pnp_lock();
    NTSTATUS status = pnp_send_with(node, IRP_MN_DEVICE_USAGE_NOTIFICATION, fill_usage, &usage, NULL);
    if (!NT_SUCCESS(status) && !in_path)
        bugcheck(OWN_RULE, (ULONG)status, type, device_number(node->pdo), 0, "W-PNP-39",
                 "IRP_MN_DEVICE_USAGE_NOTIFICATION with InPath FALSE was completed with 0x%08X: only a file that comes may be refused", (ULONG)status);
    pnp_unlock();
    return status;
}
