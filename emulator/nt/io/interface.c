/* Device interfaces (W-DRV-19). A link exists while its interface is enabled; arrival waits for the end of START. */
#include "io.h"

#define LINK_CHARS 256

struct io_interface {
    LIST_ENTRY entry;           /* devnode->interfaces */
    LIST_ENTRY all;             /* in order of registration */
    struct io_interface *next_in_bucket; /* the latest first */
    uint32_t hash;              /* of the link without its prefix, which the kernel and apps write differently */
    PDEVICE_OBJECT pdo;
    GUID guid;
    UNICODE_STRING link;        /* \??\... */
    UNICODE_STRING user_link;   /* \\?\... */
    UNICODE_STRING reference;   /* "\ref" or empty */
    struct ob_name *name;       /* while enabled */
};

#define BUCKETS 64
#define PREFIX 4u

static LIST_ENTRY interfaces;
static struct io_interface *buckets[BUCKETS];

void io_interfaces_boot(void)
{
    InitializeListHead(&interfaces);
    memset(buckets, 0, sizeof buckets);
}

size_t io_put_guid(WCHAR *out, const GUID *g)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    out[n++] = '{';
    for (int i = 28; i >= 0; i -= 4)
        out[n++] = (UCHAR)hex[g->Data1 >> i & 15];
    out[n++] = '-';
    for (int i = 12; i >= 0; i -= 4)
        out[n++] = (UCHAR)hex[g->Data2 >> i & 15];
    out[n++] = '-';
    for (int i = 12; i >= 0; i -= 4)
        out[n++] = (UCHAR)hex[g->Data3 >> i & 15];
    for (unsigned i = 0; i < 8; i++) {
        if (i == 0 || i == 2)
            out[n++] = '-';
        out[n++] = (UCHAR)hex[g->Data4[i] >> 4];
        out[n++] = (UCHAR)hex[g->Data4[i] & 15];
    }
    out[n++] = '}';
    return n;
}

/* \??\ROOT#ECHO#0000#{guid}[\ref] */
static UNICODE_STRING make_link(const struct devnode *node, const GUID *guid, PCUNICODE_STRING reference, const WCHAR *prefix)
{
    WCHAR text[LINK_CHARS];
    size_t n = 0;
    for (; n < 4; n++)
        text[n] = prefix[n];
    for (unsigned i = 0; i < node->instance_path.Length / 2u && n < LINK_CHARS - 48; i++)
        text[n++] = node->instance_path.Buffer[i] == '\\' ? '#' : node->instance_path.Buffer[i];
    text[n++] = '#';
    n += io_put_guid(text + n, guid);
    if (reference && reference->Length) {
        text[n++] = '\\';
        for (unsigned i = 0; i < reference->Length / 2u && n < LINK_CHARS - 1; i++)
            text[n++] = reference->Buffer[i];
    }
    UNICODE_STRING whole = {(USHORT)(n * 2), (USHORT)(n * 2), text};
    return rtl_copy_of(&whole);
}

static uint32_t hash_of(PCUNICODE_STRING link)
{
    size_t length = link->Length / 2u;
    return length > PREFIX ? rtl_hash_further(RTL_HASH_START, link->Buffer + PREFIX, length - PREFIX) : RTL_HASH_START;
}

/* The latest that has this link: a device may have come back, under its old name, while a handle keeps the one that went. */
static struct io_interface *find_link(PCUNICODE_STRING link)
{
    uint32_t hash = hash_of(link);
    struct io_interface *i = buckets[hash % BUCKETS];
    while (i && (i->hash != hash || !rtl_equal_unicode(&i->link, link, true)))
        i = i->next_in_bucket;
    return i;
}

static void link_in(struct io_interface *i, struct devnode *node)
{
    i->hash = hash_of(&i->link);
    i->next_in_bucket = buckets[i->hash % BUCKETS];
    buckets[i->hash % BUCKETS] = i;
    InsertTailList(&interfaces, &i->all);
    InsertTailList(&node->interfaces, &i->entry);
}

static void unlink(struct io_interface *i)
{
    struct io_interface **at = &buckets[i->hash % BUCKETS];
    while (*at != i)
        at = &(*at)->next_in_bucket;
    *at = i->next_in_bucket;
    RemoveEntryList(&i->all);
    RemoveEntryList(&i->entry);
}

bool io_interface_is_registered(PCUNICODE_STRING link) { return find_link(link) != NULL; }

/* The string a driver frees with RtlFreeUnicodeString. */
static NTSTATUS give_link(const struct io_interface *i, PUNICODE_STRING link, const void *caller)
{
    size_t size = (size_t)i->link.Length + 2;
    link->Buffer = ex_allocate(POOL_PAGED, size, 'rtSI', caller, false);
    if (!link->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(link->Buffer, i->link.Buffer, size);
    msan_define(link->Buffer, size);
    link->Length = i->link.Length;
    link->MaximumLength = (USHORT)size;
    return STATUS_SUCCESS;
}

static NTSTATUS register_for(PDEVICE_OBJECT pdo, const GUID *guid, PUNICODE_STRING reference, PUNICODE_STRING link, const void *caller)
{
    struct devnode *node = pdo && ob_is_live(pdo) ? device_of(pdo)->devnode : NULL;
    *link = (UNICODE_STRING){0, 0, NULL};
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    for (unsigned i = 0; reference && i < reference->Length / 2u; i++)
        if (reference->Buffer[i] == '\\' || reference->Buffer[i] == '/')
            return STATUS_INVALID_DEVICE_REQUEST;
    UNICODE_STRING wanted = make_link(node, guid, reference, L"\\??\\");
    struct io_interface *old = find_link(&wanted);
    if (old && old->pdo == pdo) {
        ex_system_free(wanted.Buffer);
        return give_link(old, link, caller);
    }
    struct io_interface *i = ex_system_alloc(sizeof *i);
    if (!i)
        return STATUS_INSUFFICIENT_RESOURCES;
    i->pdo = pdo;
    i->guid = *guid;
    i->link = wanted;
    i->user_link = make_link(node, guid, reference, L"\\\\?\\");
    if (reference && reference->Length) {
        i->reference = (UNICODE_STRING){(USHORT)(reference->Length + 2), (USHORT)(reference->Length + 4), ex_system_alloc((size_t)reference->Length + 4)};
        i->reference.Buffer[0] = '\\';
        memcpy(i->reference.Buffer + 1, reference->Buffer, reference->Length);
    }
    link_in(i, node);
    return give_link(i, link, caller);
}

NTSTATUS io_register_device_interface(PDEVICE_OBJECT pdo, const GUID *guid, PUNICODE_STRING reference, PUNICODE_STRING link)
{
    return register_for(pdo, guid, reference, link, NULL);
}

NTSTATUS io_set_device_interface_state(PUNICODE_STRING link, BOOLEAN enable)
{
    struct io_interface *i = find_link(link);
    if (!i)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!enable) {
        if (!i->name)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        ob_name_remove(i->name);
        i->name = NULL;
        pnp_interface_changed(&i->guid, &i->link, &i->user_link, false);
        return STATUS_SUCCESS;
    }
    if (i->name)
        return STATUS_OBJECT_NAME_EXISTS;
    NTSTATUS status = ob_name_add(&i->link, i->pdo, i->reference.Buffer ? &i->reference : NULL, true, &i->name);
    if (NT_SUCCESS(status))
        pnp_interface_changed(&i->guid, &i->link, &i->user_link, true);
    return status;
}

const struct io_interface *io_next_interface(const GUID *guid, const struct io_interface *after)
{
    for (const LIST_ENTRY *e = after ? after->all.Flink : interfaces.Flink; e != &interfaces; e = e->Flink) {
        const struct io_interface *i = CONTAINING_RECORD(e, struct io_interface, all);
        if (i->name && !memcmp(&i->guid, guid, sizeof *guid))
            return i;
    }
    return NULL;
}

PCUNICODE_STRING io_interface_link(const struct io_interface *i) { return &i->link; }
PCUNICODE_STRING io_interface_user_link(const struct io_interface *i) { return &i->user_link; }
PDEVICE_OBJECT io_interface_pdo(const struct io_interface *i) { return i->pdo; }

bool io_find_interface(PCUNICODE_STRING link, GUID *guid, PDEVICE_OBJECT *pdo)
{
    uint32_t hash = hash_of(link);
    struct io_interface *i = buckets[hash % BUCKETS];
    while (i && (!i->name || i->hash != hash || (!rtl_equal_unicode(&i->link, link, true) && !rtl_equal_unicode(&i->user_link, link, true))))
        i = i->next_in_bucket;
    if (!i)
        return false;
    *guid = i->guid;
    *pdo = i->pdo;
    return true;
}

static LIST_ENTRY *interfaces_of(PDEVICE_OBJECT pdo) { return &device_of(pdo)->devnode->interfaces; }

unsigned io_interfaces_enabled(PDEVICE_OBJECT pdo)
{
    unsigned n = 0;
    for (const LIST_ENTRY *e = interfaces_of(pdo)->Flink; e != interfaces_of(pdo); e = e->Flink)
        n += CONTAINING_RECORD(e, struct io_interface, entry)->name != NULL;
    return n;
}

void io_interfaces_of_device_gone(PDEVICE_OBJECT pdo)
{
    while (!IsListEmpty(interfaces_of(pdo))) {
        struct io_interface *i = CONTAINING_RECORD(interfaces_of(pdo)->Flink, struct io_interface, entry);
        unlink(i);
        if (i->name) {
            ob_name_remove(i->name);
            pnp_interface_changed(&i->guid, &i->link, &i->user_link, false);
        }
        ex_system_free(i->link.Buffer);
        ex_system_free(i->user_link.Buffer);
        if (i->reference.Buffer)
            ex_system_free(i->reference.Buffer);
        ex_system_free(i);
    }
}

/* ---- Lists and aliases ---- */

static bool is_listed(const struct io_interface *i, const GUID *guid, PDEVICE_OBJECT pdo, ULONG flags)
{
    return !memcmp(&i->guid, guid, sizeof *guid) && (!pdo || i->pdo == pdo) && (i->name || flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE);
}

/* MULTI_SZ in paged pool of the driver's. */
static NTSTATUS list_interfaces(const GUID *guid, PDEVICE_OBJECT pdo, ULONG flags, PWSTR *list, const void *caller)
{
    size_t size = sizeof(WCHAR), at = 0;
    for (const LIST_ENTRY *e = interfaces.Flink; e != &interfaces; e = e->Flink) {
        const struct io_interface *i = CONTAINING_RECORD(e, struct io_interface, all);
        size += is_listed(i, guid, pdo, flags) ? i->link.Length + sizeof(WCHAR) : 0;
    }
    WCHAR *out = ex_allocate(POOL_PAGED, size, 'sLoI', caller, true);
    if (!out)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (const LIST_ENTRY *e = interfaces.Flink; e != &interfaces; e = e->Flink) {
        const struct io_interface *i = CONTAINING_RECORD(e, struct io_interface, all);
        if (!is_listed(i, guid, pdo, flags))
            continue;
        memcpy((char *)out + at, i->link.Buffer, i->link.Length);
        at += i->link.Length + sizeof(WCHAR);
    }
    msan_define(out, size);
    *list = out;
    return STATUS_SUCCESS;
}

/* The same device's interface of the other class, with the same reference string. */
static const struct io_interface *alias_of(const struct io_interface *of, const GUID *guid)
{
    for (const LIST_ENTRY *e = interfaces_of(of->pdo)->Flink; e != interfaces_of(of->pdo); e = e->Flink) {
        const struct io_interface *i = CONTAINING_RECORD(e, struct io_interface, entry);
        if (!memcmp(&i->guid, guid, sizeof *guid) && rtl_equal_unicode(&i->reference, &of->reference, true))
            return i;
    }
    return NULL;
}

NTSTATUS IoGetDeviceInterfaces(CONST GUID *InterfaceClassGuid, PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags, PWSTR *SymbolicLinkList)
{
    gate_enter(DDI_IoGetDeviceInterfaces, trace_object(PhysicalDeviceObject), Flags);
    *SymbolicLinkList = NULL;
    NTSTATUS status = choose_fault(DDI_IoGetDeviceInterfaces)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : list_interfaces(InterfaceClassGuid, PhysicalDeviceObject, Flags, SymbolicLinkList, CALLER);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName, CONST GUID *AliasInterfaceClassGuid, PUNICODE_STRING AliasSymbolicLinkName)
{
    gate_enter(DDI_IoGetDeviceInterfaceAlias, 0, 0);
    *AliasSymbolicLinkName = (UNICODE_STRING){0, 0, NULL};
    const struct io_interface *i = find_link(SymbolicLinkName), *alias = i ? alias_of(i, AliasInterfaceClassGuid) : NULL;
    NTSTATUS status = !alias                                        ? STATUS_OBJECT_NAME_NOT_FOUND
                      : choose_fault(DDI_IoGetDeviceInterfaceAlias) ? STATUS_INSUFFICIENT_RESOURCES
                                                                    : give_link(alias, AliasSymbolicLinkName, CALLER);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject, CONST GUID *InterfaceClassGuid, PUNICODE_STRING ReferenceString,
                                   PUNICODE_STRING SymbolicLinkName)
{
    gate_enter(DDI_IoRegisterDeviceInterface, trace_object(PhysicalDeviceObject), 0);
    NTSTATUS status = choose_fault(DDI_IoRegisterDeviceInterface)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : register_for(PhysicalDeviceObject, InterfaceClassGuid, ReferenceString, SymbolicLinkName, CALLER);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    gate_enter(DDI_IoSetDeviceInterfaceState, Enable, 0);
    NTSTATUS status = choose_fault(DDI_IoSetDeviceInterfaceState) ? STATUS_INSUFFICIENT_RESOURCES : io_set_device_interface_state(SymbolicLinkName, Enable);
    gate_leave((ULONG)status);
    return status;
}
