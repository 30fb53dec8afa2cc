/* ZwCreateKey and its relatives (W-REG-1, W-REG-2). */
#include "cm.h"
#include "../ke/ke.h"

#define TRACE(handle) ((ULONG64)(handle) & 0xffff)

/* ---- What every Zw routine is checked for ---- */

void cm_check_context(void)
{
    if (current_ctx->special_apc_disable)
        bugcheck(0xC4, 0xE5, 0, 0, 0, "V-IRQ-34", "%s with special kernel APCs disabled", gate_where(ctx_current()));
}

void cm_check_pointer(const void *address, size_t size, const char *what)
{
    if (!address)
        return;
    if (memory_is_user(address))
        bugcheck(0xC4, 0xE0, 0, 0, 0, "V-SEC-1", "%s: %s is at an address of an app, which may change it meanwhile", gate_where(ctx_current()), what);
    memory_check(address, size, what);
}

static void check_string(PCUNICODE_STRING text, const char *what)
{
    if (!text)
        return;
    cm_check_pointer(text, sizeof *text, what);
    if (text->Length & 1 || text->MaximumLength & 1 || text->MaximumLength < text->Length || (text->Length && !text->Buffer))
        bugcheck(0xC4, 0xE4, text->Length, text->MaximumLength, 0, "V-SEC-2", "%s: %s is no well-formed UNICODE_STRING (Length %u, MaximumLength %u)",
                 gate_where(ctx_current()), what, text->Length, text->MaximumLength);
    if (memory_is_user(text->Buffer))
        bugcheck(0xC4, 0xE4, 0, 0, 0, "V-SEC-2", "%s: the text of %s is at an address of an app", gate_where(ctx_current()), what);
    if (text->Length)
        memory_check(text->Buffer, text->Length, what);
}

static void check_attributes(POBJECT_ATTRIBUTES attributes)
{
    cm_check_pointer(attributes, sizeof *attributes, "the OBJECT_ATTRIBUTES");
    if (attributes->Length != sizeof *attributes || !attributes->ObjectName)
        bugcheck(0xC4, 0xE4, attributes->Length, 0, 0, "V-SEC-2", "%s with OBJECT_ATTRIBUTES that InitializeObjectAttributes did not fill in",
                 gate_where(ctx_current()));
    check_string(attributes->ObjectName, "the name in OBJECT_ATTRIBUTES");
    if (ke_current_thread()->process && !(attributes->Attributes & OBJ_KERNEL_HANDLE))
        bugcheck(OWN_RULE, 5, 0, 0, 0, "V-SEC-5", "%s without OBJ_KERNEL_HANDLE in the process of an app, which could close the handle or use it",
                 gate_where(ctx_current()));
}

/* ---- Opening and closing ---- */

static NTSTATUS open_or_create(uint16_t ddi, POBJECT_ATTRIBUTES attributes, struct cm_request request, HANDLE *handle, ULONG *disposition)
{
    struct cm_open *root = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    cm_check_context();
    cm_check_pointer(handle, sizeof *handle, "where the handle goes");
    check_attributes(attributes);
    *handle = NULL;
    if (choose_fault(ddi))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (attributes->RootDirectory)
        status = cm_use(attributes->RootDirectory, 0, &root);
    if (!NT_SUCCESS(status))
        return status;
    request.root = root ? root->key : NULL;
    request.path = attributes->ObjectName;
    status = cm_open(&request, handle, disposition);
    msan_define(handle, sizeof *handle);
    return status;
}

NTSTATUS ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex, PUNICODE_STRING Class,
                     ULONG CreateOptions, PULONG Disposition)
{
    (void)TitleIndex;
    gate_enter(DDI_ZwCreateKey, DesiredAccess, CreateOptions);
    check_string(Class, "the class");
    cm_check_pointer(Disposition, sizeof *Disposition, "where the disposition goes");
    struct cm_request request = {.access = DesiredAccess, .create = true, .options = CreateOptions, .class_name = Class, .caller = CALLER};
    NTSTATUS status = open_or_create(DDI_ZwCreateKey, ObjectAttributes, request, KeyHandle, Disposition);
    if (Disposition)
        msan_define(Disposition, sizeof *Disposition);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS open_key(uint16_t ddi, PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, const void *caller)
{
    gate_enter(ddi, access, 0);
    NTSTATUS status = open_or_create(ddi, attributes, (struct cm_request){.access = access, .caller = caller}, handle, NULL);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    return open_key(DDI_ZwOpenKey, KeyHandle, DesiredAccess, ObjectAttributes, CALLER);
}

NTSTATUS ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions)
{
    (void)OpenOptions;
    return open_key(DDI_ZwOpenKeyEx, KeyHandle, DesiredAccess, ObjectAttributes, CALLER);
}

NTSTATUS ZwDeleteKey(HANDLE KeyHandle)
{
    gate_enter(DDI_ZwDeleteKey, TRACE(KeyHandle), 0);
    struct cm_open *open;
    cm_check_context();
    NTSTATUS status = cm_use(KeyHandle, DELETE, &open);
    if (NT_SUCCESS(status))
        status = cm_delete(open->key);
    if (NT_SUCCESS(status))
        open->used_up = true;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwFlushKey(HANDLE KeyHandle)
{
    gate_enter(DDI_ZwFlushKey, TRACE(KeyHandle), 0);
    struct cm_open *open;
    cm_check_context();
    NTSTATUS status = cm_use(KeyHandle, 0, &open);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Answers ---- */

/* W-REG-2: with room for the fixed part it gets that and what of the rest fits; `need` is told anyway. */
static NTSTATUS give(PVOID buffer, ULONG length, PULONG need, const void *answer, ULONG fixed, ULONG total)
{
    cm_check_pointer(need, sizeof *need, "where the length goes");
    *need = total;
    msan_define(need, sizeof *need);
    if (length < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    ULONG fits = total < length ? total : length;
    cm_check_pointer(buffer, fits, "the buffer for what is asked");
    memcpy(buffer, answer, fits);
    msan_define(buffer, fits);
    return fits < total ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static ULONG up(ULONG at, ULONG alignment) { return (at + alignment - 1) & ~(alignment - 1); }

static NTSTATUS give_basic(const struct cm_value *v, ULONG type, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name), total = fixed + v->name.Length;
    KEY_VALUE_BASIC_INFORMATION *info = ex_system_alloc(total + sizeof *info);
    info->Type = type;
    info->NameLength = v->name.Length;
    memcpy(info->Name, v->name.Buffer, v->name.Length);
    NTSTATUS status = give(buffer, length, need, info, fixed, total);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_full(const struct cm_value *v, struct cm_data data, ULONG alignment, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name), offset = up(fixed + v->name.Length, alignment);
    KEY_VALUE_FULL_INFORMATION *info = ex_system_alloc(offset + data.size + sizeof *info);
    info->Type = data.type;
    info->DataOffset = data.size ? offset : (ULONG)-1;
    info->DataLength = data.size;
    info->NameLength = v->name.Length;
    memcpy(info->Name, v->name.Buffer, v->name.Length);
    memcpy((char *)info + offset, data.data, data.size);
    NTSTATUS status = give(buffer, length, need, info, fixed, data.size ? offset + data.size : fixed + v->name.Length);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_partial(struct cm_data data, bool align64, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = align64 ? FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data) : FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
    ULONG *info = ex_system_alloc(fixed + data.size);
    ULONG *at = align64 ? info : info + 1; /* TitleIndex is always 0 */
    at[0] = data.type;
    at[1] = data.size;
    memcpy((char *)info + fixed, data.data, data.size);
    NTSTATUS status = give(buffer, length, need, info, fixed, fixed + data.size);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_value(const struct cm_value *v, KEY_VALUE_INFORMATION_CLASS class, PVOID buffer, ULONG length, PULONG need)
{
    struct cm_data data = cm_read(v);
    switch (class) {
    case KeyValueBasicInformation: return give_basic(v, data.type, buffer, length, need);
    case KeyValueFullInformation: return give_full(v, data, 4, buffer, length, need);
    case KeyValueFullInformationAlign64: return give_full(v, data, 8, buffer, length, need);
    case KeyValuePartialInformation: return give_partial(data, false, buffer, length, need);
    case KeyValuePartialInformationAlign64: return give_partial(data, true, buffer, length, need);
    default: return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                         PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    gate_enter(DDI_ZwQueryValueKey, TRACE(KeyHandle), Length);
    struct cm_open *open;
    cm_check_context();
    check_string(ValueName, "the value's name");
    NTSTATUS status = cm_use(KeyHandle, KEY_QUERY_VALUE, &open);
    struct cm_value *v = NT_SUCCESS(status) ? cm_value(open->key, ValueName) : NULL;
    if (v)
        status = give_value(v, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
    else if (NT_SUCCESS(status))
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                             ULONG Length, PULONG ResultLength)
{
    gate_enter(DDI_ZwEnumerateValueKey, TRACE(KeyHandle), Index);
    struct cm_open *open;
    cm_check_context();
    NTSTATUS status = cm_use(KeyHandle, KEY_QUERY_VALUE, &open);
    struct cm_value *v = NT_SUCCESS(status) ? open->key->values : NULL;
    while (v && Index--)
        v = v->next;
    if (v)
        status = give_value(v, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
    else if (NT_SUCCESS(status))
        status = STATUS_NO_MORE_ENTRIES;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Keys ---- */

static void measure(const struct cm_key *key, KEY_FULL_INFORMATION *info)
{
    for (const struct cm_key *c = key->child; c; c = c->next) {
        info->SubKeys++;
        info->MaxNameLen = c->name.Length > info->MaxNameLen ? c->name.Length : info->MaxNameLen;
        info->MaxClassLen = c->class_name.Length > info->MaxClassLen ? c->class_name.Length : info->MaxClassLen;
    }
    for (const struct cm_value *v = key->values; v; v = v->next) {
        info->Values++;
        info->MaxValueNameLen = v->name.Length > info->MaxValueNameLen ? v->name.Length : info->MaxValueNameLen;
        info->MaxValueDataLen = v->size > info->MaxValueDataLen ? v->size : info->MaxValueDataLen;
    }
}

static NTSTATUS give_key_full(const struct cm_key *key, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = FIELD_OFFSET(KEY_FULL_INFORMATION, Class);
    KEY_FULL_INFORMATION *info = ex_system_alloc(sizeof *info + key->class_name.Length);
    info->LastWriteTime = key->written;
    info->ClassOffset = key->class_name.Length ? fixed : (ULONG)-1;
    info->ClassLength = key->class_name.Length;
    measure(key, info);
    memcpy(info->Class, key->class_name.Buffer, key->class_name.Length);
    NTSTATUS status = give(buffer, length, need, info, fixed, fixed + key->class_name.Length);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_key_node(const struct cm_key *key, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = FIELD_OFFSET(KEY_NODE_INFORMATION, Name), offset = up(fixed + key->name.Length, 4);
    KEY_NODE_INFORMATION *info = ex_system_alloc(offset + key->class_name.Length + sizeof *info);
    info->LastWriteTime = key->written;
    info->NameLength = key->name.Length;
    info->ClassOffset = key->class_name.Length ? offset : (ULONG)-1;
    info->ClassLength = key->class_name.Length;
    memcpy(info->Name, key->name.Buffer, key->name.Length);
    memcpy((char *)info + offset, key->class_name.Buffer, key->class_name.Length);
    NTSTATUS status = give(buffer, length, need, info, fixed, key->class_name.Length ? offset + key->class_name.Length : fixed + key->name.Length);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_key_basic(const struct cm_key *key, PVOID buffer, ULONG length, PULONG need)
{
    ULONG fixed = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    KEY_BASIC_INFORMATION *info = ex_system_alloc(sizeof *info + key->name.Length);
    info->LastWriteTime = key->written;
    info->NameLength = key->name.Length;
    memcpy(info->Name, key->name.Buffer, key->name.Length);
    NTSTATUS status = give(buffer, length, need, info, fixed, fixed + key->name.Length);
    ex_system_free(info);
    return status;
}

/* The whole path, as \REGISTRY\MACHINE\... */
static NTSTATUS give_key_path(const struct cm_key *key, PVOID buffer, ULONG length, PULONG need)
{
    ULONG bytes = 0, fixed = FIELD_OFFSET(KEY_NAME_INFORMATION, Name);
    for (const struct cm_key *k = key; k; k = k->parent)
        bytes += k->name.Length + (ULONG)sizeof(WCHAR);
    KEY_NAME_INFORMATION *info = ex_system_alloc(sizeof *info + bytes);
    ULONG at = bytes;
    info->NameLength = bytes;
    for (const struct cm_key *k = key; k; k = k->parent) {
        at -= k->name.Length;
        memcpy((char *)info->Name + at, k->name.Buffer, k->name.Length);
        at -= (ULONG)sizeof(WCHAR);
        info->Name[at / sizeof(WCHAR)] = '\\';
    }
    NTSTATUS status = give(buffer, length, need, info, fixed, fixed + bytes);
    ex_system_free(info);
    return status;
}

static NTSTATUS give_key(const struct cm_key *key, KEY_INFORMATION_CLASS class, PVOID buffer, ULONG length, PULONG need)
{
    switch (class) {
    case KeyBasicInformation: return give_key_basic(key, buffer, length, need);
    case KeyNodeInformation: return give_key_node(key, buffer, length, need);
    case KeyFullInformation: return give_key_full(key, buffer, length, need);
    default: return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    gate_enter(DDI_ZwQueryKey, TRACE(KeyHandle), KeyInformationClass);
    struct cm_open *open;
    cm_check_context();
    NTSTATUS status = cm_use(KeyHandle, KeyInformationClass == KeyNameInformation ? 0 : KEY_QUERY_VALUE, &open);
    if (NT_SUCCESS(status) && KeyInformationClass == KeyNameInformation)
        status = give_key_path(open->key, KeyInformation, Length, ResultLength);
    else if (NT_SUCCESS(status))
        status = give_key(open->key, KeyInformationClass, KeyInformation, Length, ResultLength);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length,
                        PULONG ResultLength)
{
    gate_enter(DDI_ZwEnumerateKey, TRACE(KeyHandle), Index);
    struct cm_open *open;
    cm_check_context();
    NTSTATUS status = cm_use(KeyHandle, KEY_ENUMERATE_SUB_KEYS, &open);
    const struct cm_key *child = NT_SUCCESS(status) ? open->key->child : NULL;
    while (child && Index--)
        child = child->next;
    if (child)
        status = give_key(child, KeyInformationClass, KeyInformation, Length, ResultLength);
    else if (NT_SUCCESS(status))
        status = STATUS_NO_MORE_ENTRIES;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Writing values ---- */

NTSTATUS ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data, ULONG DataSize)
{
    (void)TitleIndex;
    gate_enter(DDI_ZwSetValueKey, TRACE(KeyHandle), DataSize);
    struct cm_open *open;
    cm_check_context();
    check_string(ValueName, "the value's name");
    if (DataSize)
        cm_check_pointer(Data, DataSize, "the value's data");
    NTSTATUS status = cm_use(KeyHandle, KEY_SET_VALUE, &open);
    if (NT_SUCCESS(status))
        status = choose_fault(DDI_ZwSetValueKey) ? STATUS_INSUFFICIENT_RESOURCES : cm_set(open->key, ValueName, Type, Data, DataSize);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    gate_enter(DDI_ZwDeleteValueKey, TRACE(KeyHandle), 0);
    struct cm_open *open;
    cm_check_context();
    check_string(ValueName, "the value's name");
    NTSTATUS status = cm_use(KeyHandle, KEY_SET_VALUE, &open);
    if (NT_SUCCESS(status))
        status = cm_delete_value(open->key, ValueName);
    gate_leave((ULONG)status);
    return status;
}
