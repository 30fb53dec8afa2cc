/*
 * What an installation leaves in the registry (W-PNP-70, 71, 73): service keys, and of each device its instance (hardware) key below Enum and its software key below
 * the class. What a driver's INF says is in its image (image.h); a driver without an INF has what every service and device has.
 */
#include "cm.h"
#include "../image.h"

#define SERVICES "Machine\\System\\CurrentControlSet\\Services\\"
#define ENUM "Machine\\System\\CurrentControlSet\\Enum\\"
#define CLASSES "Machine\\System\\CurrentControlSet\\Control\\Class\\"
#define UNKNOWN_CLASS "{4D36E97E-E325-11CE-BFC1-08002BE10318}"

static const char *join(char *out, size_t size, const char *a, const char *b)
{
    text_put(text_put(out, out + size, a), out + size, b);
    return out;
}

/* ---- What an INF adds ---- */

static void set_value(struct cm_key *root, struct cm_key *key, const struct image_inf_value *v)
{
    UNICODE_STRING name = rtl_from_ascii(v->name);
    struct cm_key *at = v->subkey[0] == '\\' ? cm_make(root, v->subkey + 1) : cm_make(key, v->subkey);
    bool keeps = v->flags & INF_NO_CLOBBER && cm_value(at, &name);
    if (v->flags & INF_DELETES)
        cm_delete_value(at, &name);
    else if (!(v->flags & INF_KEY_ONLY) && !keeps)
        cm_set(at, &name, v->type, v->data, v->size);
    ex_system_free(name.Buffer);
}

static void set_list(struct cm_key *root, struct cm_key *key, struct image_inf_list list)
{
    for (unsigned i = 0; i < list.count; i++)
        set_value(root, key, &list.value[i]);
}

/* ---- Services ---- */

static void install_service(struct cm_key *root, struct nt_driver *driver)
{
    const struct image_inf *inf = driver->image->inf;
    char name[96], text[160];
    rtl_to_ascii(&driver->extension.ServiceKeyName, name, sizeof name);
    struct cm_key *services = cm_make(root, SERVICES);
    driver->in_registry = true;
    if (cm_child(services, &driver->extension.ServiceKeyName))
        return; /* loaded before */
    struct cm_key *key = cm_make(services, name);
    cm_set_number(key, "Type", 1);
    cm_set_number(key, "Start", 3);
    cm_set_number(key, "ErrorControl", 1);
    char path[128];
    cm_set_text(key, "ImagePath", join(path, sizeof path, "System32\\drivers\\", join(text, sizeof text, name, ".sys")));
    if (inf)
        set_list(root, key, inf->service);
}

/* ---- Devices ---- */

static bool same_id(PCUNICODE_STRING id, const char *text)
{
    UNICODE_STRING other = rtl_from_ascii(text);
    bool same = rtl_equal_unicode(id, &other, true);
    ex_system_free(other.Buffer);
    return same;
}

/* The strings of a MULTI_SZ one by one: `id` is the latest, empty before the first. */
static bool next_id(PCUNICODE_STRING ids, UNICODE_STRING *id)
{
    const WCHAR *at = id->Buffer ? id->Buffer + id->Length / 2 + 1 : ids->Buffer, *end = ids->Buffer + ids->Length / 2;
    unsigned n = 0;
    while (at && at + n < end && at[n])
        n++;
    *id = (UNICODE_STRING){(USHORT)(n * 2), (USHORT)(n * 2), (PWCH)at};
    return n > 0;
}

/* How well the identifiers of one list suit the model; the least is best. */
static unsigned rank_of(PCUNICODE_STRING ids, const struct image_inf_model *model, unsigned base)
{
    UNICODE_STRING id = {0, 0, NULL};
    for (unsigned n = 0; next_id(ids, &id); n++)
        for (unsigned i = 0; i < model->id_count; i++)
            if (same_id(&id, model->id[i]))
                return base + (i ? 0x1000 : 0) + n * 16 + i;
    return ~0u;
}

/* W-PNP-73: the device's hardware IDs before its compatible ones, the INF's hardware ID before its compatible ones, then their order. */
static const struct image_inf_model *find_model(const struct image_inf *inf, PCUNICODE_STRING hardware, PCUNICODE_STRING compatible)
{
    const struct image_inf_model *best = NULL;
    unsigned best_rank = ~0u;
    for (unsigned m = 0; inf && m < inf->model_count; m++) {
        unsigned rank = rank_of(hardware, &inf->model[m], 0), other = rank_of(compatible, &inf->model[m], 0x2000);
        rank = rank < other ? rank : other;
        if (rank < best_rank) {
            best = &inf->model[m];
            best_rank = rank;
        }
    }
    return best;
}

/* ROOT\ECHO of ROOT\ECHO\0000: the identifier of a device whose bus gives none. */
static UNICODE_STRING id_in_path(const struct devnode *node)
{
    UNICODE_STRING id = node->instance_path;
    while (id.Length && id.Buffer[id.Length / 2 - 1] != '\\')
        id.Length -= 2;
    id.Length -= id.Length ? 2 : 0;
    return id;
}

const struct image_inf_model *cm_model_of(const struct image_inf *inf, const struct devnode *node)
{
    UNICODE_STRING id = id_in_path(node), none = {0, 0, NULL};
    bool bus = node->parent && node->hardware_ids.Buffer;
    return find_model(inf, bus ? &node->hardware_ids : &id, bus ? &node->compatible_ids : &none);
}

static UNICODE_STRING last_part(UNICODE_STRING id)
{
    unsigned chars = id.Length / 2u, from = chars;
    while (from && id.Buffer[from - 1] != '\\')
        from--;
    return (UNICODE_STRING){(USHORT)((chars - from) * 2), (USHORT)((chars - from) * 2), id.Buffer + from};
}

/* The values that stand in the instance key itself, of those that a .HW section names without a subkey. */
static bool is_of_instance(const struct image_inf_value *v)
{
    static const char *const names[] = {"UpperFilters", "LowerFilters", "Security", "DeviceType", "DeviceCharacteristics", "Exclusive", "FriendlyName"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!v->subkey[0] && strcmp(v->name, names[i]) == 0)
            return true;
    return false;
}

static void set_string(struct cm_key *key, const char *name, ULONG type, PCUNICODE_STRING text, unsigned zeros)
{
    UNICODE_STRING n = rtl_from_ascii(name);
    WCHAR *copy = ex_system_alloc((size_t)text->Length + zeros * sizeof(WCHAR));
    memcpy(copy, text->Buffer, text->Length);
    if (text->Length)
        cm_set(key, &n, type, copy, text->Length + zeros * (ULONG)sizeof(WCHAR));
    ex_system_free(copy);
    ex_system_free(n.Buffer);
}

static struct cm_key *make_software_key(struct cm_key *root, struct cm_key *instance, const struct image_inf *inf, const struct image_inf_model *model)
{
    char path[160], number[8], driver[96];
    const char *guid = inf && inf->class_guid[0] ? inf->class_guid : UNKNOWN_CLASS;
    struct cm_key *class = cm_make(root, join(path, sizeof path, CLASSES, guid));
    if (inf && !class->values)
        set_list(root, class, inf->class_values);
    unsigned count = 0;
    for (struct cm_key *c = class->child; c; c = c->next)
        count++;
    text_number(number, number + sizeof number, count, 10, 4);
    struct cm_key *key = cm_make(class, number);
    cm_set_text(instance, "ClassGUID", guid);
    cm_set_text(instance, "Class", inf ? inf->class_name : "Unknown");
    cm_set_text(instance, "Driver", join(driver, sizeof driver, guid, join(path, sizeof path, "\\", number)));
    if (model) {
        cm_set_text(key, "DriverDesc", model->description);
        cm_set_text(key, "ProviderName", inf->provider);
        cm_set_text(key, "MatchingDeviceId", model->id[0]);
        set_list(root, key, model->driver);
    }
    return key;
}

/* What the bus says of the device: there before any driver is. */
static void install_instance(struct cm_key *root, struct devnode *node)
{
    UNICODE_STRING id = id_in_path(node);
    UNICODE_STRING bus_ids = node->hardware_ids;
    bool bus = node->parent && bus_ids.Buffer; /* the root bus answers with what the path says */
    UNICODE_STRING description = node->description.Buffer ? node->description : last_part(id);
    struct cm_key *key = node->hardware_key = cm_make_unicode(cm_make(root, ENUM), &node->instance_path);
    if (key->values)
        return; /* the same device, come again */
    set_string(key, "DeviceDesc", REG_SZ, &description, 1);
    set_string(key, "HardwareID", REG_MULTI_SZ, bus ? &bus_ids : &id, bus ? 0 : 2);
    set_string(key, "CompatibleIDs", REG_MULTI_SZ, &node->compatible_ids, 0);
    set_string(key, "LocationInformation", REG_SZ, &node->location, 1);
    cm_set_number(key, "ConfigFlags", 0);
}

static UNICODE_STRING ids_of(const struct cm_key *key, const char *name)
{
    const struct cm_value *v = cm_value_named(key, name);
    return v ? (UNICODE_STRING){(USHORT)v->size, (USHORT)v->size, (PWCH)(void *)v->data} : (UNICODE_STRING){0, 0, NULL};
}

static struct cm_key *old_software_key(struct cm_key *root, struct cm_key *key)
{
    const struct cm_value *v = cm_value_named(key, "Driver");
    UNICODE_STRING path = v ? (UNICODE_STRING){(USHORT)(v->size - 2), (USHORT)v->size, (PWCH)(void *)v->data} : (UNICODE_STRING){0, 0, NULL};
    return v ? cm_find(cm_make(root, CLASSES), &path) : NULL;
}

/* Of the driver that is installed for the device: its AddDevice may ask already. NULL: it has none. */
static const struct driver_image *function_of(const struct devnode *node)
{
    if (node->function)
        return node->function->image;
    return node->installed && node->installed->function ? image_find(node->installed->function) : NULL;
}

static void install_driver(struct cm_key *root, struct devnode *node, const struct driver_image *image)
{
    const struct image_inf *inf = image->inf;
    struct cm_key *key = node->hardware_key, *parameters = cm_make(key, "Device Parameters");
    UNICODE_STRING hardware = ids_of(key, "HardwareID"), compatible = ids_of(key, "CompatibleIDs");
    const struct image_inf_model *model = find_model(inf, &hardware, &compatible);
    node->software_key = old_software_key(root, key);
    if (node->software_key)
        return;
    cm_set_text(key, "Service", image->name);
    node->software_key = make_software_key(root, key, model ? inf : NULL, model);
    if (!model)
        return;
    cm_set_text(key, "DeviceDesc", model->description);
    cm_set_text(key, "Mfg", model->manufacturer);
    for (unsigned i = 0; i < model->device.count; i++)
        set_value(root, is_of_instance(&model->device.value[i]) ? key : parameters, &model->device.value[i]);
}

void cm_install_all(struct cm_key *root)
{
    for (struct nt_driver *d = io_driver_first(); d; d = io_driver_next(d))
        if (d->image && !d->in_registry)
            install_service(root, d);
    for (struct devnode *n = pnp_first(); n; n = pnp_next(n)) {
        if (!n->hardware_key && n->instance_path.Length)
            install_instance(root, n);
        if (n->hardware_key && !n->software_key && function_of(n))
            install_driver(root, n, function_of(n));
    }
}

struct cm_key *cm_device_key(struct devnode *node)
{
    cm_root();
    return node->hardware_key;
}

/* ---- Opening them ---- */

static NTSTATUS open_below(struct cm_key *key, const char *subkey, ACCESS_MASK access, const void *caller, HANDLE *handle)
{
    return cm_open_key(subkey ? cm_make(key, subkey) : key, access, caller, handle);
}

/* Of the current hardware profile: a tree of its own, made as it is asked for. */
static struct cm_key *in_profile(struct cm_key *key)
{
    char path[256], profile[320];
    const char *below = cm_path(key, path, sizeof path) + sizeof "\\Registry\\Machine\\" - 1;
    return cm_make(cm_root(), join(profile, sizeof profile, "Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current\\", below));
}

NTSTATUS cm_open_device_key(PDEVICE_OBJECT pdo, ULONG type, ACCESS_MASK access, const char *subkey, const void *caller, HANDLE *handle)
{
    struct devnode *node = pdo && ob_is_live(pdo) ? device_of(pdo)->devnode : NULL;
    ULONG which = type & (PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER);
    *handle = NULL;
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (which != PLUGPLAY_REGKEY_DEVICE && which != PLUGPLAY_REGKEY_DRIVER)
        return STATUS_INVALID_PARAMETER;
    cm_root();
    struct cm_key *key = which == PLUGPLAY_REGKEY_DRIVER ? node->software_key : cm_make(node->hardware_key, "Device Parameters");
    if (!key || key->deleted)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return open_below(type & PLUGPLAY_REGKEY_CURRENT_HWPROFILE ? in_profile(key) : key, subkey, access, caller, handle);
}

NTSTATUS cm_open_driver_key(struct nt_driver *driver, DRIVER_REGKEY_TYPE type, ACCESS_MASK access, bool create, const void *caller, HANDLE *handle)
{
    static const char *const names[] = {"Parameters", "State", "SharedState"};
    *handle = NULL;
    if ((unsigned)type > DriverRegKeySharedPersistentState)
        return STATUS_INVALID_PARAMETER;
    struct cm_key *service = cm_child(cm_make(cm_root(), SERVICES), &driver->extension.ServiceKeyName);
    if (!service)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (create || type != DriverRegKeyParameters) /* the state keys are the system's, made as they are asked for */
        return open_below(service, names[type], access, caller, handle);
    UNICODE_STRING name = rtl_from_ascii(names[type]);
    struct cm_key *key = cm_child(service, &name);
    ex_system_free(name.Buffer);
    return key ? cm_open_key(key, access, caller, handle) : STATUS_OBJECT_NAME_NOT_FOUND;
}
