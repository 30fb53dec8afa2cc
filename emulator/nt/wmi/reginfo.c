/*
 * See wmi.h: IRP_MN_REGINFO_EX, and IRP_MN_REGINFO for who does not know it: which data blocks a provider has (W-WMI-1).
 *
 * What a driver writes there is believed by nobody: each offset is checked, since Windows would follow it.
 */
#include "wmi.h"

#define FIRST_SIZE 1024u     /* of the buffer for the answer: who needs more says so */
#define LARGEST_SIZE 65536u

static void free_names(struct wmi_guid *g)
{
    for (ULONG i = 0; g->names && i < g->instances; i++)
        ex_system_free(g->names[i].Buffer);
    if (g->names)
        ex_system_free(g->names);
    if (g->base.Buffer)
        ex_system_free(g->base.Buffer);
    g->names = NULL;
    g->base = (UNICODE_STRING){0, 0, NULL};
}

void wmi_free_guids(struct wmi_provider *p)
{
    for (struct wmi_guid *g = p->guids, *next; g; g = next) {
        next = g->next;
        free_names(g);
        ex_system_free(g);
    }
    p->guids = NULL;
}

/* ---- Reading the answer ---- */

/* One WMIREGINFO of the answer, with the bytes that it may use. */
struct answer {
    const struct wmi_provider *p;
    const WMIREGINFOW *info;
    ULONG size;
};

_Noreturn static void malformed(const struct answer *a, const char *what)
{
    bugcheck(OWN_RULE, device_number(a->p->device), 0, 0, 0, "W-WMI-1", "what device #%u answered to IRP_MN_REGINFO is malformed: %s",
             device_number(a->p->device), what);
}

/* A counted string at this offset; Buffer points into the answer. */
static UNICODE_STRING string_at(const struct answer *a, ULONG offset, const char *what)
{
    if (offset > a->size || a->size - offset < sizeof(USHORT) || offset % sizeof(USHORT))
        malformed(a, what);
    const USHORT *counted = (const USHORT *)((const char *)a->info + offset);
    if (*counted > a->size - offset - sizeof(USHORT) || *counted % sizeof(WCHAR))
        malformed(a, what);
    return (UNICODE_STRING){*counted, *counted, (WCHAR *)(counted + 1)};
}

static void copy_list(const struct answer *a, const WMIREGGUIDW *r, struct wmi_guid *g)
{
    ULONG offset = r->InstanceNameList;
    if (!r->InstanceCount)
        return;
    if (r->InstanceCount > a->size / sizeof(USHORT))
        malformed(a, "more instances than names");
    g->names = ex_system_alloc(r->InstanceCount * sizeof *g->names);
    for (ULONG i = 0; i < r->InstanceCount; i++) {
        UNICODE_STRING name = string_at(a, offset, "a name in the list of instance names lies outside it");
        g->names[i] = rtl_copy_of(&name);
        offset += (ULONG)sizeof(USHORT) + name.Length;
    }
}

/* The PDO's instance path and an underscore (W-WMI-4). REGINFO_EX referenced the PDO for us. */
static void name_after_pdo(const struct answer *a, const WMIREGGUIDW *r, struct wmi_guid *g)
{
    PDEVICE_OBJECT pdo = (PDEVICE_OBJECT)r->Pdo;
    if (!ob_is_live(pdo) || ob_type_of(pdo) != OB_DEVICE)
        malformed(a, "WMIREG_FLAG_INSTANCE_PDO without a PDO");
    const struct devnode *node = device_of(pdo)->devnode;
    const UNICODE_STRING path = node ? node->instance_path : (UNICODE_STRING){0, 0, NULL};
    g->base = (UNICODE_STRING){(USHORT)(path.Length + 2), (USHORT)(path.Length + 4), ex_system_alloc((size_t)path.Length + 4)};
    if (path.Length)
        memcpy(g->base.Buffer, path.Buffer, path.Length);
    g->base.Buffer[path.Length / 2] = '_';
}

static struct wmi_guid *node_for(struct wmi_provider *p, const GUID *guid)
{
    struct wmi_guid **at = &p->guids;
    while (*at && memcmp(&(*at)->guid, guid, sizeof *guid))
        at = &(*at)->next;
    if (!*at) {
        *at = ex_system_alloc(sizeof **at);
        (*at)->guid = *guid;
    }
    return *at;
}

static void take_guid(struct wmi_provider *p, const struct answer *a, const WMIREGGUIDW *r)
{
    struct wmi_guid *g = node_for(p, &r->Guid);
    free_names(g);
    if (g->removed) { /* it is back, as new */
        g->ever_enabled = false;
        memset(g->told, 0, sizeof g->told);
        memset(g->asked_for, 0, sizeof g->asked_for);
    }
    g->flags = r->Flags;
    g->instances = r->InstanceCount;
    g->removed = r->Flags & WMIREG_FLAG_REMOVE_GUID;
    if (g->removed)
        return;
    if (r->Flags & WMIREG_FLAG_INSTANCE_PDO)
        name_after_pdo(a, r, g);
    else if (r->Flags & WMIREG_FLAG_INSTANCE_LIST)
        copy_list(a, r, g);
    else if (r->Flags & WMIREG_FLAG_INSTANCE_BASENAME) {
        UNICODE_STRING base = string_at(a, r->BaseNameOffset, "the base name lies outside it");
        g->base = rtl_copy_of(&base);
    }
}

static void take_info(struct wmi_provider *p, const struct answer *a, bool references)
{
    const WMIREGINFOW *info = a->info;
    if (a->size < FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) || info->GuidCount > (a->size - FIELD_OFFSET(WMIREGINFOW, WmiRegGuid)) / sizeof *info->WmiRegGuid)
        malformed(a, "the data blocks do not fit into it");
    if (info->RegistryPath)
        string_at(a, info->RegistryPath, "the registry path lies outside it");
    if (info->MofResourceName)
        string_at(a, info->MofResourceName, "the name of the MOF resource lies outside it");
    for (ULONG i = 0; i < info->GuidCount; i++) {
        const WMIREGGUIDW *r = &info->WmiRegGuid[i];
        take_guid(p, a, r);
        if (references && r->Flags & WMIREG_FLAG_INSTANCE_PDO)
            ob_dereference((PVOID)r->Pdo);
    }
}

static void take_answer(struct wmi_provider *p, const void *buffer, ULONG size, bool references)
{
    struct answer a = {p, buffer, size};
    for (;;) {
        take_info(p, &a, references);
        ULONG next = a.info->NextWmiRegInfo;
        if (!next)
            return;
        if (next >= a.size || next % 8)
            malformed(&a, "the next WMIREGINFO lies outside it");
        a.info = (const WMIREGINFOW *)((const char *)a.info + next);
        a.size -= next;
    }
}

/* ---- Asking ---- */

static void *new_buffer(ULONG size)
{
    void *buffer = ex_allocate(POOL_NONPAGED, size, WMI_TAG, NULL, true);
    if (buffer)
        msan_define(buffer, size);
    return buffer;
}

/* Once with this minor function. STATUS_BUFFER_TOO_SMALL: *size is what the provider needs. */
static NTSTATUS ask(struct wmi_provider *p, UCHAR minor, ULONG query, ULONG *size)
{
    void *buffer = new_buffer(*size);
    ULONG_PTR information = 0;
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = wmi_send(p, minor, (PVOID)(ULONG_PTR)query, *size, buffer, &information);
    if (information > *size && (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL))
        bugcheck(OWN_RULE, device_number(p->device), information, *size, 0, "W-WMI-1",
                 "device #%u answered IRP_MN_REGINFO with %llu bytes, the buffer has %u", device_number(p->device), (unsigned long long)information, *size);
    if ((status == STATUS_BUFFER_TOO_SMALL || NT_SUCCESS(status)) && information == sizeof(ULONG)) {
        ULONG needed = *(ULONG *)buffer;
        status = needed > *size && needed <= LARGEST_SIZE ? STATUS_BUFFER_TOO_SMALL : STATUS_UNSUCCESSFUL;
        *size = needed;
    } else if (status == STATUS_BUFFER_TOO_SMALL) {
        status = STATUS_UNSUCCESSFUL; /* and does not say for what */
    } else if (NT_SUCCESS(status)) {
        take_answer(p, buffer, (ULONG)information, minor == IRP_MN_REGINFO_EX);
    }
    ex_free_with_tag(buffer, 0, NULL);
    return status;
}

static NTSTATUS ask_with(struct wmi_provider *p, UCHAR minor, ULONG query)
{
    ULONG size = FIRST_SIZE;
    NTSTATUS status;
    do
        status = ask(p, minor, query, &size);
    while (status == STATUS_BUFFER_TOO_SMALL);
    return status;
}

void wmi_query_reginfo(struct wmi_provider *p)
{
    ULONG query = p->query;
    if (query == WMIREGISTER)
        for (struct wmi_guid *g = p->guids; g; g = g->next)
            g->removed = true;
    NTSTATUS status = ask_with(p, IRP_MN_REGINFO_EX, query);
    if (!NT_SUCCESS(status) && !p->gone)
        ask_with(p, IRP_MN_REGINFO, query);
    for (struct wmi_guid *g = p->guids; g; g = g->next) /* who opened the block before there was a provider */
        for (unsigned what = 0; what < WMI_SWITCHES; what++)
            wmi_settle(p, g, what);
}
