/* The tree of keys and the handles to them (cm.h; W-REG-1). */
#include "cm.h"
#include "../ke/ke.h"

#define NAME_CHARS 255

static struct {
    struct cm_key *root;
    struct cm_open *opens;      /* latest first */
} registry;

void cm_boot(void)
{
    registry.root = NULL;
    registry.opens = NULL;
    cm_notify_boot();
}

uint64_t ke_system_time(void);

bool cm_has_tree(void) { return registry.root != NULL; }

/* ---- Paths ---- */

/* Takes the next name off a path; false: there is none. An empty one ("a\\b") is given as it is. */
static bool next_name(UNICODE_STRING *path, UNICODE_STRING *name)
{
    if (!path->Length)
        return false;
    unsigned n = 0, chars = path->Length / 2u;
    while (n < chars && path->Buffer[n] != '\\')
        n++;
    *name = (UNICODE_STRING){(USHORT)(n * 2), (USHORT)(n * 2), path->Buffer};
    unsigned used = n < chars ? n + 1 : n;
    path->Buffer += used;
    path->Length -= (USHORT)(used * 2);
    return true;
}

static int compare(PCUNICODE_STRING a, PCUNICODE_STRING b)
{
    unsigned n = (a->Length < b->Length ? a->Length : b->Length) / 2u;
    for (unsigned i = 0; i < n; i++) {
        WCHAR x = rtl_upcase_char(a->Buffer[i]), y = rtl_upcase_char(b->Buffer[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (int)a->Length - (int)b->Length;
}

struct cm_key *cm_child(struct cm_key *key, PCUNICODE_STRING name)
{
    for (struct cm_key *c = key->child; c; c = c->next)
        if (rtl_equal_unicode(&c->name, name, true))
            return c;
    return NULL;
}

struct cm_key *cm_find(struct cm_key *from, PCUNICODE_STRING path)
{
    UNICODE_STRING rest = *path, name;
    while (from && next_name(&rest, &name))
        from = cm_child(from, &name);
    return from;
}

static struct cm_key *add(struct cm_key *parent, PCUNICODE_STRING name)
{
    struct cm_key *key = ex_system_alloc(sizeof *key);
    if (!key)
        return NULL;
    key->name = rtl_copy_of(name);
    key->written.QuadPart = (LONGLONG)ke_system_time();
    key->parent = parent;
    if (!parent)
        return key;
    key->is_volatile = parent->is_volatile;
    struct cm_key **at = &parent->child;
    while (*at && compare(&(*at)->name, name) < 0)
        at = &(*at)->next;
    key->next = *at;
    *at = key;
    return key;
}

struct cm_key *cm_make_unicode(struct cm_key *from, PCUNICODE_STRING path)
{
    UNICODE_STRING rest = *path, name;
    while (from && next_name(&rest, &name)) {
        struct cm_key *old = cm_child(from, &name);
        from = old ? old : add(from, &name);
    }
    return from;
}

struct cm_key *cm_make(struct cm_key *from, const char *path)
{
    UNICODE_STRING text = rtl_from_ascii(path);
    struct cm_key *key = cm_make_unicode(from, &text);
    ex_system_free(text.Buffer);
    return key;
}

const char *cm_path(const struct cm_key *key, char *out, size_t size)
{
    const struct cm_key *part[32];
    unsigned n = 0;
    char name[128], *p = out;
    for (; key && n < sizeof part / sizeof part[0]; key = key->parent)
        part[n++] = key;
    *out = 0;
    while (n)
        p = text_put(text_put(p, out + size, "\\"), out + size, rtl_to_ascii(&part[--n]->name, name, sizeof name));
    return out;
}

bool cm_is_trusted(const struct cm_key *key)
{
    static const UNICODE_STRING machine_hives = RTL_CONSTANT_STRING(L"Machine");
    while (key->parent && key->parent->parent)
        key = key->parent;
    return rtl_equal_unicode(&key->name, &machine_hives, true);
}

/* ---- The tree ---- */

static struct cm_key *plant(void)
{
    static const char *const always[] = {
        "Machine\\System\\CurrentControlSet\\Services", "Machine\\System\\CurrentControlSet\\Enum", "Machine\\System\\CurrentControlSet\\Control\\Class",
        "Machine\\System\\CurrentControlSet\\Control\\DeviceClasses", "Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current",
        "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion", "User\\.Default",
    };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Registry");
    struct cm_key *root = add(NULL, &name);
    for (unsigned i = 0; i < sizeof always / sizeof always[0]; i++)
        cm_make(root, always[i]);
    struct cm_key *hardware = cm_make(root, "Machine\\Hardware");
    hardware->is_volatile = true;
    cm_make(hardware, "DeviceMap");
    return root;
}

struct cm_key *cm_root(void)
{
    if (!registry.root)
        registry.root = plant();
    cm_install_all(registry.root);
    return registry.root;
}

/* Its memory stays until nobody has a handle to it. */
static void free_key(struct cm_key *key)
{
    cm_free_values(key);
    ex_system_free(key->name.Buffer);
    if (key->class_name.Buffer)
        ex_system_free(key->class_name.Buffer);
    ex_system_free(key);
}

NTSTATUS cm_delete(struct cm_key *key)
{
    if (key->deleted)
        return STATUS_KEY_DELETED;
    if (key->child || !key->parent || !key->parent->parent)
        return STATUS_CANNOT_DELETE;
    struct cm_key **at = &key->parent->child;
    while (*at != key)
        at = &(*at)->next;
    *at = key->next;
    key->deleted = true;
    cm_forget_watches(NULL, key);
    cm_changed(key->parent, REG_NOTIFY_CHANGE_NAME);
    if (!key->handles)
        free_key(key);
    return STATUS_SUCCESS;
}

/* ---- Handles ---- */

static void destroy_open(void *body)
{
    struct cm_open *open = body, **at = &registry.opens;
    cm_forget_watches(open, NULL);
    while (*at && *at != open)
        at = &(*at)->next;
    if (*at)
        *at = open->next;
    if (--open->key->handles == 0 && open->key->deleted)
        free_key(open->key);
}

static ACCESS_MASK granted(ACCESS_MASK access)
{
    if (access & (GENERIC_ALL | MAXIMUM_ALLOWED))
        return KEY_ALL_ACCESS;
    if (access & GENERIC_READ)
        access |= KEY_READ;
    if (access & GENERIC_WRITE)
        access |= KEY_WRITE;
    if (access & GENERIC_EXECUTE)
        access |= KEY_EXECUTE;
    return access & KEY_ALL_ACCESS;
}

NTSTATUS cm_open_key(struct cm_key *key, ACCESS_MASK access, const void *caller, HANDLE *handle)
{
    if (key->deleted)
        return STATUS_KEY_DELETED;
    struct cm_open *open = ob_create(OB_KEY, sizeof *open, BLOCK_SYSTEM, destroy_open);
    if (!open)
        return STATUS_INSUFFICIENT_RESOURCES;
    open->key = key;
    open->access = granted(access);
    open->caller = caller;
    open->next = registry.opens;
    registry.opens = open;
    key->handles++;
    *handle = ob_open_kernel_handle(open);
    ob_dereference(open); /* the handle keeps it */
    return STATUS_SUCCESS;
}

static NTSTATUS create_child(struct cm_key *parent, PCUNICODE_STRING name, const struct cm_request *request, struct cm_key **out)
{
    bool is_volatile = request->options & REG_OPTION_VOLATILE;
    if (parent->is_volatile && !is_volatile)
        return STATUS_CHILD_MUST_BE_VOLATILE;
    if (!parent->parent)
        return STATUS_ACCESS_DENIED; /* hives are loaded, not made */
    *out = add(parent, name);
    if (!*out)
        return STATUS_INSUFFICIENT_RESOURCES;
    (*out)->is_volatile = is_volatile;
    cm_changed(parent, REG_NOTIFY_CHANGE_NAME);
    if (request->class_name && request->class_name->Length)
        (*out)->class_name = rtl_copy_of(request->class_name);
    return STATUS_SUCCESS;
}

/* From \Registry, or from a key; the path is what follows. */
static NTSTATUS begin_of(const struct cm_request *request, struct cm_key **from, UNICODE_STRING *rest)
{
    static const UNICODE_STRING registry_name = RTL_CONSTANT_STRING(L"Registry");
    UNICODE_STRING name;
    *rest = *request->path;
    bool absolute = rest->Length && rest->Buffer[0] == '\\';
    *from = request->root;
    if (request->root)
        return absolute ? STATUS_OBJECT_PATH_SYNTAX_BAD : request->root->deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
    if (!absolute)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    rest->Buffer++;
    rest->Length -= 2;
    if (!next_name(rest, &name) || !rtl_equal_unicode(&name, &registry_name, true))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *from = cm_root();
    return STATUS_SUCCESS;
}

NTSTATUS cm_open(const struct cm_request *request, HANDLE *handle, ULONG *disposition)
{
    struct cm_key *key, *next;
    UNICODE_STRING rest, name;
    ULONG done = REG_OPENED_EXISTING_KEY;
    NTSTATUS status = begin_of(request, &key, &rest);
    while (NT_SUCCESS(status) && next_name(&rest, &name)) {
        if (!name.Length || name.Length > NAME_CHARS * 2)
            return STATUS_OBJECT_NAME_INVALID;
        next = cm_child(key, &name);
        if (!next && (!request->create || rest.Length))
            return STATUS_OBJECT_NAME_NOT_FOUND;
        if (!next) {
            status = create_child(key, &name, request, &next);
            done = REG_CREATED_NEW_KEY;
        }
        key = next;
    }
    if (NT_SUCCESS(status))
        status = cm_open_key(key, request->access, request->caller, handle);
    if (NT_SUCCESS(status) && disposition)
        *disposition = done;
    return status;
}

NTSTATUS cm_use(HANDLE handle, ACCESS_MASK needs, struct cm_open **out)
{
    struct cm_open *open = ob_body_of_handle(handle);
    if (!open && handle && (LONG64)handle < 0 && handle != NtCurrentProcess() && handle != NtCurrentThread())
        bugcheck(0x93, (ULONG64)handle, 0, 0, 0, "V-OBJ-2", "%s with the handle of a key that was closed", gate_where(ctx_current()));
    if (!open)
        return STATUS_INVALID_HANDLE;
    if (ob_type_of(open) != OB_KEY)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (open->used_up)
        bugcheck(0x93, (ULONG64)handle, 1, 0, 0, "V-OBJ-2", "%s with a handle whose key was deleted with it: it may only be closed",
                 gate_where(ctx_current()));
    if (open->key->deleted)
        return STATUS_KEY_DELETED;
    *out = open;
    return needs & ~open->access ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

const struct cm_open *cm_left_open(const struct nt_driver *driver)
{
    const struct cm_open *open = registry.opens;
    while (open && driver && (!open->caller || io_driver_of_code(open->caller) != driver))
        open = open->next;
    return open;
}
