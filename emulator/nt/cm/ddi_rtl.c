/*
 * RtlQueryRegistryValues and the other Rtl routines for the registry (W-REG-4, W-REG-5).
 *
 * A query walks its table with two keys in hand: the one that the call names, and the one that the last SUBKEY entry named. What an entry finds, or its default,
 * goes through deliver(): to the entry's routine, or where DIRECT says.
 */
#include "cm.h"
#include "../ke/ke.h"

/* ---- Paths ---- */

/* Where each RelativeTo begins, below \Registry. */
static struct cm_key *begin_of(ULONG relative, UNICODE_STRING *path)
{
    static const char *const places[RTL_REGISTRY_MAXIMUM] = {
        "", "Machine\\System\\CurrentControlSet\\Services", "Machine\\System\\CurrentControlSet\\Control",
        "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion", "Machine\\Hardware\\DeviceMap", "User\\.Default",
    };
    static const UNICODE_STRING registry = RTL_CONSTANT_STRING(L"\\Registry\\");
    struct cm_key *root = cm_root();
    if (relative != RTL_REGISTRY_ABSOLUTE)
        return cm_make(root, places[relative]);
    UNICODE_STRING head = *path;
    head.Length = registry.Length;
    if (path->Length < registry.Length || !rtl_equal_unicode(&head, &registry, true))
        return NULL;
    path->Buffer += registry.Length / 2;
    path->Length -= registry.Length;
    return root;
}

static UNICODE_STRING text_of(PCWSTR text)
{
    USHORT n = 0;
    while (text && text[n])
        n++;
    return (UNICODE_STRING){(USHORT)(n * 2), (USHORT)(n * 2 + 2), (PWCH)text};
}

/* The key that RelativeTo and Path name. */
static NTSTATUS locate(ULONG relative, PCWSTR path, ACCESS_MASK needs, bool create, struct cm_key **out)
{
    struct cm_open *open;
    *out = NULL;
    if (relative & RTL_REGISTRY_HANDLE) {
        NTSTATUS status = cm_use((HANDLE)path, needs, &open);
        if (NT_SUCCESS(status))
            *out = open->key;
        return status;
    }
    relative &= ~(ULONG)RTL_REGISTRY_OPTIONAL;
    if (relative >= RTL_REGISTRY_MAXIMUM)
        return STATUS_INVALID_PARAMETER;
    UNICODE_STRING rest = text_of(path);
    struct cm_key *from = begin_of(relative, &rest);
    if (!from)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (rest.Length && rest.Buffer[0] == '\\')
        rest.Buffer++, rest.Length -= 2;
    *out = create ? cm_make_unicode(from, &rest) : cm_find(from, &rest);
    return *out ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- Where an answer goes ---- */

struct query {
    struct cm_key *top, *key;   /* key NULL: a SUBKEY that is not there */
    PVOID context;
    const void *caller;
};

static bool is_text(ULONG type) { return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ; }

/* Length of the text without its terminator, in bytes; an odd byte is none of it. */
static ULONG text_length(struct cm_data d)
{
    ULONG bytes = d.size & ~1u;
    if (d.type != REG_MULTI_SZ && bytes >= 2 && ((const WCHAR *)(const void *)d.data)[bytes / 2 - 1] == 0)
        bytes -= 2;
    return bytes;
}

static NTSTATUS direct_text(struct query *q, struct cm_data d, PUNICODE_STRING to)
{
    ULONG bytes = text_length(d), room = bytes + (ULONG)sizeof(WCHAR);
    memory_check(to, sizeof *to, "the UNICODE_STRING of a direct query");
    if (room > 0xffff)
        return STATUS_BUFFER_TOO_SMALL;
    if (!to->Buffer) {
        to->Buffer = ex_allocate(POOL_PAGED, room, 'grtS', q->caller, true);
        to->MaximumLength = (USHORT)room;
    } else if (to->MaximumLength < room) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (!to->Buffer)
        return STATUS_NO_MEMORY;
    memory_check(to->Buffer, room, "the buffer of a direct query's UNICODE_STRING");
    memcpy(to->Buffer, d.data, bytes);
    to->Buffer[bytes / 2] = 0;
    to->Length = (USHORT)bytes;
    msan_define(to->Buffer, room);
    msan_define(to, sizeof *to);
    return STATUS_SUCCESS;
}

/* More than four bytes that are no text: the buffer begins with its length, negative for the data alone. */
static NTSTATUS direct_long(struct cm_data d, ULONG *to)
{
    LONG told = *(LONG *)to;
    ULONG room = told < 0 ? 0u - (ULONG)told : (ULONG)told, header = told < 0 ? 0 : 2 * (ULONG)sizeof(ULONG);
    if (room < header + d.size)
        return STATUS_BUFFER_TOO_SMALL;
    memory_check(to, header + d.size, "the buffer of a direct query");
    if (header) {
        to[0] = d.size;
        to[1] = d.type;
    }
    memcpy((char *)to + header, d.data, d.size);
    msan_define(to, header + d.size);
    return STATUS_SUCCESS;
}

static NTSTATUS direct(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, struct cm_data d)
{
    if (is_text(d.type))
        return direct_text(q, d, entry->EntryContext);
    memory_check(entry->EntryContext, d.size < sizeof(ULONG) ? d.size : sizeof(ULONG), "the variable of a direct query");
    if (d.size > sizeof(ULONG))
        return direct_long(d, entry->EntryContext);
    memcpy(entry->EntryContext, d.data, d.size);
    msan_define(entry->EntryContext, d.size);
    return STATUS_SUCCESS;
}

/* V-SEC-8: who does not say which type it expects gets a text written over its number. */
static void check_type_said(const struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, const struct cm_value *v, struct cm_data d)
{
    char name[96];
    if (entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK)
        return;
    rtl_to_ascii(&v->name, name, sizeof name);
    if (!cm_is_trusted(q->key))
        bugcheck(0x139, 9, 0, 0, 0, "V-SEC-8", "RtlQueryRegistryValues reads %s from a hive that anybody may write, with RTL_QUERY_REGISTRY_DIRECT and no "
                 "RTL_QUERY_REGISTRY_TYPECHECK", name);
    if (is_text(d.type) != is_text(v->type))
        bugcheck(0x139, 9, d.type, v->type, 0, "V-SEC-8", "RtlQueryRegistryValues reads %s with RTL_QUERY_REGISTRY_DIRECT and no "
                 "RTL_QUERY_REGISTRY_TYPECHECK: it has type %u, and what is written is no variable for that", name, d.type);
}

static NTSTATUS call(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, PCWSTR name, ULONG type, const void *data, ULONG size)
{
    struct callback_frame frame;
    callback_enter(&frame, DDI_QueryRoutine, (const void *)entry->QueryRoutine, NULL);
    NTSTATUS status = entry->QueryRoutine((PWSTR)name, type, (PVOID)data, size, q->context, entry->EntryContext);
    callback_leave(&frame, (ULONG)status);
    return status;
}

/* A routine gets each text of several by itself, unless it wants them as they are. */
static NTSTATUS call_for_each(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, PCWSTR name, struct cm_data d)
{
    const WCHAR *text = (const void *)d.data;
    ULONG chars = d.size / 2, from = 0;
    NTSTATUS status = STATUS_SUCCESS;
    while (NT_SUCCESS(status) && from < chars && text[from]) {
        ULONG to = from;
        while (to < chars && text[to])
            to++;
        to += to < chars;
        status = call(q, entry, name, REG_SZ, text + from, (to - from) * 2);
        from = to;
    }
    return status;
}

/* The routine's own copy: it may write into it. */
static NTSTATUS routine(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, PCWSTR name, struct cm_data d)
{
    UCHAR *copy = ex_allocate(POOL_PAGED, d.size ? d.size : 1, 'vgeR', NULL, true);
    if (!copy)
        return STATUS_NO_MEMORY;
    memcpy(copy, d.data, d.size);
    msan_define(copy, d.size);
    bool expands = !(entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND);
    NTSTATUS status = expands && d.type == REG_MULTI_SZ
                          ? call_for_each(q, entry, name, (struct cm_data){d.type, d.size, copy})
                          : call(q, entry, name, expands && d.type == REG_EXPAND_SZ ? REG_SZ : d.type, copy, d.size);
    ex_free_with_tag(copy, 0, NULL);
    return status;
}

static NTSTATUS deliver(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry, PCWSTR name, struct cm_data d)
{
    ULONG expected = entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    if (!(entry->Flags & RTL_QUERY_REGISTRY_DIRECT))
        return routine(q, entry, name, d);
    if (entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK && d.type != expected)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return direct(q, entry, d);
}

/* ---- The table ---- */

static NTSTATUS give_default(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry)
{
    struct cm_data d = {entry->DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK, entry->DefaultLength, entry->DefaultData};
    if (d.type == REG_NONE)
        return entry->Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
    if (is_text(d.type) && !d.size && d.data) {
        const WCHAR *text = (const void *)d.data;
        while (text[d.size / 2] || (d.type == REG_MULTI_SZ && text[d.size / 2 + 1]))
            d.size += 2;
        d.size += d.type == REG_MULTI_SZ ? 4 : 2;
    }
    return deliver(q, entry, entry->Name, d);
}

static NTSTATUS query_one(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry)
{
    UNICODE_STRING name = text_of(entry->Name);
    struct cm_value *v = q->key ? cm_value(q->key, &name) : NULL;
    if (!v)
        return give_default(q, entry);
    struct cm_data d = cm_read(v);
    if (entry->Flags & RTL_QUERY_REGISTRY_DIRECT)
        check_type_said(q, entry, v, d);
    NTSTATUS status = deliver(q, entry, entry->Name, d);
    if (NT_SUCCESS(status) && entry->Flags & RTL_QUERY_REGISTRY_DELETE)
        cm_delete_value(q->key, &name);
    return status;
}

/* No name: every value of the key. The routine may delete the one it is shown. */
static NTSTATUS query_all(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry)
{
    if (!q->key || !q->key->values)
        return entry->Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
    NTSTATUS status = STATUS_SUCCESS;
    for (struct cm_value *v = q->key->values, *next; v && NT_SUCCESS(status); v = next) {
        UNICODE_STRING name = rtl_copy_of(&v->name);
        next = v->next;
        status = routine(q, entry, name.Buffer, cm_read(v));
        if (NT_SUCCESS(status) && entry->Flags & RTL_QUERY_REGISTRY_DELETE)
            cm_delete_value(q->key, &name);
        ex_system_free(name.Buffer);
    }
    return status;
}

static NTSTATUS query_entry(struct query *q, const RTL_QUERY_REGISTRY_TABLE *entry)
{
    if (entry->Flags & RTL_QUERY_REGISTRY_DIRECT &&
        (!entry->Name || entry->QueryRoutine || entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_NOVALUE)))
        return STATUS_INVALID_PARAMETER;
    if (entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY))
        q->key = q->top;
    if (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) {
        UNICODE_STRING path = text_of(entry->Name);
        if (!entry->Name)
            return STATUS_INVALID_PARAMETER;
        q->key = q->top ? cm_find(q->top, &path) : NULL;
        if (!q->key)
            return entry->Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
        return entry->QueryRoutine ? query_all(q, entry) : STATUS_SUCCESS;
    }
    if (entry->Flags & RTL_QUERY_REGISTRY_NOVALUE)
        return entry->QueryRoutine ? call(q, entry, NULL, REG_NONE, NULL, 0) : STATUS_SUCCESS;
    if (!entry->Name)
        return entry->QueryRoutine ? query_all(q, entry) : STATUS_SUCCESS;
    return entry->QueryRoutine || entry->Flags & RTL_QUERY_REGISTRY_DIRECT ? query_one(q, entry) : STATUS_SUCCESS;
}

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context, PVOID Environment)
{
    (void)Environment; /* the kernel has none: what expands stays as it is */
    gate_enter(DDI_RtlQueryRegistryValues, RelativeTo, 0);
    struct query q = {.context = Context, .caller = CALLER};
    bool fails = choose_fault(DDI_RtlQueryRegistryValues);
    NTSTATUS status = fails ? STATUS_NO_MEMORY : locate(RelativeTo, Path, KEY_QUERY_VALUE, false, &q.top);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && RelativeTo & RTL_REGISTRY_OPTIONAL && !(RelativeTo & RTL_REGISTRY_HANDLE))
        status = STATUS_SUCCESS;
    q.key = q.top;
    for (; NT_SUCCESS(status) && (QueryTable->QueryRoutine || QueryTable->Name); QueryTable++)
        status = query_entry(&q, QueryTable);
    gate_leave((ULONG)status);
    return status;
}

/* ---- The others ---- */

NTSTATUS RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType, PVOID ValueData, ULONG ValueLength)
{
    gate_enter(DDI_RtlWriteRegistryValue, RelativeTo, ValueLength);
    UNICODE_STRING name = text_of(ValueName);
    struct cm_key *key;
    bool fails = choose_fault(DDI_RtlWriteRegistryValue);
    NTSTATUS status = fails ? STATUS_INSUFFICIENT_RESOURCES : locate(RelativeTo, Path, KEY_SET_VALUE, true, &key);
    if (NT_SUCCESS(status) && ValueLength)
        memory_check(ValueData, ValueLength, "the data of a registry value");
    if (NT_SUCCESS(status))
        status = cm_set(key, &name, ValueType, ValueData, ValueLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    gate_enter(DDI_RtlDeleteRegistryValue, RelativeTo, 0);
    UNICODE_STRING name = text_of(ValueName);
    struct cm_key *key;
    NTSTATUS status = locate(RelativeTo, Path, KEY_SET_VALUE, false, &key);
    if (NT_SUCCESS(status))
        status = cm_delete_value(key, &name);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    gate_enter(DDI_RtlCreateRegistryKey, RelativeTo, 0);
    struct cm_key *key;
    bool fails = choose_fault(DDI_RtlCreateRegistryKey);
    NTSTATUS status = fails ? STATUS_INSUFFICIENT_RESOURCES : locate(RelativeTo, Path, 0, true, &key);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    gate_enter(DDI_RtlCheckRegistryKey, RelativeTo, 0);
    struct cm_key *key;
    NTSTATUS status = locate(RelativeTo, Path, 0, false, &key);
    gate_leave((ULONG)status);
    return status;
}
