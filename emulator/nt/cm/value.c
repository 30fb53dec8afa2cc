/* Values of keys (W-REG-2, W-REG-3), and what hostile answers may be read instead of them. */
#include "cm.h"
#include "../ke/ke.h"

uint64_t ke_system_time(void);

struct cm_value *cm_value(const struct cm_key *key, PCUNICODE_STRING name)
{
    static const UNICODE_STRING none;
    for (struct cm_value *v = key->values; v; v = v->next)
        if (rtl_equal_unicode(&v->name, name ? name : &none, true))
            return v;
    return NULL;
}

const struct cm_value *cm_value_named(const struct cm_key *key, const char *name)
{
    UNICODE_STRING n = rtl_from_ascii(name);
    const struct cm_value *v = cm_value(key, &n);
    ex_system_free(n.Buffer);
    return v;
}

static struct cm_value *add(struct cm_key *key, PCUNICODE_STRING name)
{
    struct cm_value **at = &key->values, *v = ex_system_alloc(sizeof *v);
    if (!v)
        return NULL;
    while (*at)
        at = &(*at)->next;
    if (name && name->Length)
        v->name = rtl_copy_of(name);
    *at = v;
    return v;
}

NTSTATUS cm_set(struct cm_key *key, PCUNICODE_STRING name, ULONG type, const void *data, ULONG size)
{
    UCHAR *copy = ex_system_alloc((size_t)size + CM_SPARE);
    struct cm_value *v = cm_value(key, name);
    if (copy && !v)
        v = add(key, name);
    if (!copy || !v) {
        if (copy)
            ex_system_free(copy);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (size)
        memcpy(copy, data, size);
    memset(copy + size, 'A', CM_SPARE);
    if (v->data)
        ex_system_free(v->data);
    v->type = type;
    v->size = size;
    v->data = copy;
    key->written.QuadPart = (LONGLONG)ke_system_time();
    cm_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

static void free_value(struct cm_value *v)
{
    if (v->name.Buffer)
        ex_system_free(v->name.Buffer);
    ex_system_free(v->data);
    ex_system_free(v);
}

NTSTATUS cm_delete_value(struct cm_key *key, PCUNICODE_STRING name)
{
    struct cm_value *v = cm_value(key, name), **at = &key->values;
    if (!v)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
    free_value(v);
    key->written.QuadPart = (LONGLONG)ke_system_time();
    cm_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

void cm_free_values(struct cm_key *key)
{
    for (struct cm_value *v; (v = key->values) != NULL;) {
        key->values = v->next;
        free_value(v);
    }
}

void cm_set_text(struct cm_key *key, const char *name, const char *text)
{
    UNICODE_STRING n = rtl_from_ascii(name), t = rtl_from_ascii(text);
    cm_set(key, &n, REG_SZ, t.Buffer, t.Length + (ULONG)sizeof(WCHAR));
    ex_system_free(n.Buffer);
    ex_system_free(t.Buffer);
}

void cm_set_number(struct cm_key *key, const char *name, ULONG number)
{
    UNICODE_STRING n = rtl_from_ascii(name);
    cm_set(key, &n, REG_DWORD, &number, sizeof number);
    ex_system_free(n.Buffer);
}

/* ---- Hostile answers ---- */

/* Another type, another length, no terminator; from HOSTILE_NUMBERS on another number. The order is part of the input format. */
enum {
    AS_IT_IS, IS_NONE, IS_TEXT, IS_BINARY, IS_NUMBER, IS_TEXTS, IS_LONG_NUMBER, LACKS_A_BYTE, LACKS_A_CHAR, HAS_A_BYTE_MORE, HAS_A_CHAR_MORE,
    IS_EMPTY, HOSTILE_NUMBERS
};
static const ULONG numbers[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

struct cm_data cm_read(const struct cm_value *v)
{
    struct cm_data d = {v->type, v->size, v->data};
    unsigned answer = choose(LANE_REGISTRY, HOSTILE_NUMBERS + NUMBER_COUNT);
    switch (answer) {
    case AS_IT_IS: break;
    case IS_NONE: d.type = REG_NONE; break;
    case IS_TEXT: d.type = REG_SZ; break;
    case IS_BINARY: d.type = REG_BINARY; break;
    case IS_NUMBER: d.type = REG_DWORD; break;
    case IS_TEXTS: d.type = REG_MULTI_SZ; break;
    case IS_LONG_NUMBER: d.type = REG_QWORD; break;
    case LACKS_A_BYTE: d.size -= d.size > 0; break;
    case LACKS_A_CHAR: d.size -= d.size > 1 ? 2 : 0; break;
    case HAS_A_BYTE_MORE: d.size += 1; break;
    case HAS_A_CHAR_MORE: d.size += 2; break;
    case IS_EMPTY: d.size = 0; break;
    default:
        if (d.type == REG_DWORD && d.size == sizeof(ULONG))
            d.data = (const UCHAR *)&numbers[answer - HOSTILE_NUMBERS];
        break;
    }
    return d;
}
