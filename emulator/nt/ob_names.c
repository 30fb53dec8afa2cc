/*
 * The object directory: device names, symbolic links, interface links.
 *
 * Design: a hash table, and a list for who wants all. \DosDevices\X, \??\X, \GLOBAL??\X and the Win32 forms \\.\X, \\?\X are one
 * name, stored as \??\X. Comparison ignores case (W-DRV-16).
 */
#include "io/io.h"

#define PATH_CHARS 512
#define MAX_LINKS 16

#define BUCKETS 64

static struct ob_name *names, *buckets[BUCKETS];

void ob_names_boot(void)
{
    names = NULL;
    memset(buckets, 0, sizeof buckets);
}

struct ob_name *ob_name_first(void) { return names; }

WCHAR rtl_upcase_char(WCHAR c)
{
    if (c >= 'a' && c <= 'z')
        return (WCHAR)(c - 32);
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f))
        return (WCHAR)(c - 32);
    return c;
}

uint32_t rtl_hash_further(uint32_t hash, const WCHAR *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ rtl_upcase_char(text[i])) * 16777619u;
    return hash;
}

static bool equal_chars(const WCHAR *a, const WCHAR *b, size_t n, bool ignore_case)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i] && !(ignore_case && rtl_upcase_char(a[i]) == rtl_upcase_char(b[i])))
            return false;
    return true;
}

bool rtl_equal_unicode(PCUNICODE_STRING a, PCUNICODE_STRING b, bool ignore_case)
{
    return a->Length == b->Length && equal_chars(a->Buffer, b->Buffer, a->Length / 2, ignore_case);
}

UNICODE_STRING rtl_copy_of(PCUNICODE_STRING string)
{
    UNICODE_STRING out = {string->Length, (USHORT)(string->Length + 2), ex_system_alloc((size_t)string->Length + 2)};
    if (!out.Buffer)
        return (UNICODE_STRING){0, 0, NULL};
    memcpy(out.Buffer, string->Buffer, string->Length);
    return out;
}

UNICODE_STRING rtl_from_ascii(const char *text)
{
    size_t n = strlen(text);
    UNICODE_STRING out = {(USHORT)(n * 2), (USHORT)(n * 2 + 2), ex_system_alloc(n * 2 + 2)};
    for (size_t i = 0; out.Buffer && i < n; i++)
        out.Buffer[i] = (UCHAR)text[i];
    return out;
}

const char *rtl_to_ascii(PCUNICODE_STRING string, char *out, size_t size)
{
    size_t n = string ? string->Length / 2 : 0, i = 0;
    for (; i < n && i + 1 < size; i++)
        out[i] = string->Buffer[i] >= 32 && string->Buffer[i] < 127 ? (char)string->Buffer[i] : '?';
    out[i] = 0;
    return out;
}

char *text_put(char *at, const char *end, const char *text)
{
    while (*text && at + 1 < end)
        *at++ = *text++;
    *at = 0;
    return at;
}

char *text_number(char *at, const char *end, uint64_t number, unsigned base, unsigned digits)
{
    char text[24], *p = text + sizeof text - 1;
    *p = 0;
    do {
        *--p = "0123456789ABCDEF"[number % base];
        number /= base;
    } while (number || (digits && text + sizeof text - 1 - p < (long long)digits));
    return text_put(at, end, p);
}

struct path {
    WCHAR text[PATH_CHARS];
    size_t length;
};

static bool append(struct path *p, const WCHAR *text, size_t length)
{
    if (p->length + length >= PATH_CHARS)
        return false;
    memcpy(p->text + p->length, text, length * 2);
    p->length += length;
    return true;
}

/* Length of the prefix if the text begins with it, ignoring case. */
static size_t skip_prefix(const WCHAR *text, size_t length, const WCHAR *prefix)
{
    size_t n = 0;
    while (prefix[n])
        n++;
    return length >= n && equal_chars(text, prefix, n, true) ? n : 0;
}

static bool canonical(const WCHAR *text, size_t length, struct path *out)
{
    static const WCHAR *const dos[] = {L"\\??\\Global\\", L"\\DosDevices\\Global\\", L"\\DosDevices\\", L"\\GLOBAL??\\", L"\\??\\", L"\\\\.\\", L"\\\\?\\"};
    out->length = 0;
    for (unsigned i = 0; i < sizeof dos / sizeof dos[0]; i++) {
        size_t n = skip_prefix(text, length, dos[i]);
        if (n)
            return append(out, L"\\??\\", 4) && append(out, text + n, length - n);
    }
    return append(out, text, length);
}

/* The entry whose name is the first `length` characters of the path. */
static struct ob_name *lookup(const struct path *p, size_t length, uint32_t hash)
{
    UNICODE_STRING key = {(USHORT)(length * 2), (USHORT)(length * 2), (PWSTR)p->text};
    struct ob_name *n = buckets[hash % BUCKETS];
    while (n && (n->hash != hash || !rtl_equal_unicode(&n->name, &key, true)))
        n = n->next_in_bucket;
    return n;
}

static struct ob_name *find(const struct path *p) { return lookup(p, p->length, rtl_hash_further(RTL_HASH_START, p->text, p->length)); }

struct ob_name *ob_name_find(PCUNICODE_STRING name)
{
    struct path p;
    return canonical(name->Buffer, name->Length / 2, &p) ? find(&p) : NULL;
}

static void link_in(struct ob_name *n)
{
    struct ob_name **bucket = &buckets[n->hash % BUCKETS];
    n->next_in_bucket = *bucket;
    *bucket = n;
    n->next = names;
    if (names)
        names->prev = n;
    names = n;
}

static void unlink(struct ob_name *n)
{
    struct ob_name **at = &buckets[n->hash % BUCKETS];
    while (*at != n)
        at = &(*at)->next_in_bucket;
    *at = n->next_in_bucket;
    *(n->prev ? &n->prev->next : &names) = n->next;
    if (n->next)
        n->next->prev = n->prev;
}

NTSTATUS ob_name_add(PCUNICODE_STRING name, PDEVICE_OBJECT device, PCUNICODE_STRING target, bool is_interface, struct ob_name **out)
{
    struct path p;
    if (!name->Length || (name->Length & 1) || name->Buffer[0] != '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (!canonical(name->Buffer, name->Length / 2, &p))
        return STATUS_NAME_TOO_LONG;
    if (find(&p))
        return STATUS_OBJECT_NAME_COLLISION;
    struct ob_name *n = ex_system_alloc(sizeof *n);
    if (!n)
        return STATUS_INSUFFICIENT_RESOURCES;
    UNICODE_STRING key = {(USHORT)(p.length * 2), (USHORT)(p.length * 2), p.text};
    n->name = rtl_copy_of(&key);
    n->device = device;
    if (target)
        n->target = rtl_copy_of(target);
    n->is_interface = is_interface;
    n->hash = rtl_hash_further(RTL_HASH_START, p.text, p.length);
    link_in(n);
    if (out)
        *out = n;
    return STATUS_SUCCESS;
}

void ob_name_remove(struct ob_name *name)
{
    unlink(name);
    ex_system_free(name->name.Buffer);
    if (name->target.Buffer)
        ex_system_free(name->target.Buffer);
    ex_system_free(name);
}

/* The longest entry that is the path or a whole leading part of it. */
static struct ob_name *longest_match(const struct path *p)
{
    struct ob_name *best = NULL;
    uint32_t hash = RTL_HASH_START;
    for (size_t length = 0; length < p->length;) {
        size_t from = length++;
        while (length < p->length && p->text[length] != '\\')
            length++;
        hash = rtl_hash_further(hash, p->text + from, length - from);
        struct ob_name *n = lookup(p, length, hash);
        best = n ? n : best;
    }
    return best;
}

NTSTATUS ob_name_resolve(PCUNICODE_STRING path, PDEVICE_OBJECT *device, UNICODE_STRING *rest)
{
    struct path p;
    if (!path->Length || (path->Length & 1) || !canonical(path->Buffer, path->Length / 2, &p))
        return STATUS_OBJECT_NAME_INVALID;
    if (p.text[0] != '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    for (unsigned i = 0; i < MAX_LINKS; i++) {
        struct ob_name *n = longest_match(&p);
        if (!n)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        struct path next = {.length = 0};
        size_t used = n->name.Length / 2;
        if (n->target.Buffer && !append(&next, n->target.Buffer, n->target.Length / 2))
            return STATUS_NAME_TOO_LONG;
        if (!append(&next, p.text + used, p.length - used))
            return STATUS_NAME_TOO_LONG;
        if (n->device) {
            UNICODE_STRING tail = {(USHORT)(next.length * 2), (USHORT)(next.length * 2), next.text};
            *rest = next.length ? rtl_copy_of(&tail) : (UNICODE_STRING){0, 0, NULL};
            *device = n->device;
            return STATUS_SUCCESS;
        }
        if (!canonical(next.text, next.length, &p))
            return STATUS_NAME_TOO_LONG;
    }
    return STATUS_OBJECT_NAME_INVALID;
}
