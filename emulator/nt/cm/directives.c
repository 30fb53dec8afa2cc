/*
 * What an INF says about the device objects of a device, Security, Exclusive and DeviceCharacteristics in its .HW section or for its class: the PnP
 * manager applies it to the whole stack when its drivers have been added (W-PNP-71, 73). The device's own word is before its class's.
 */
#include "cm.h"
#include "../image.h"

static const struct image_inf_value *in_list(struct image_inf_list list, const char *name)
{
    for (unsigned i = list.count; i-- > 0;) /* the last word counts */
        if (!list.value[i].subkey[0] && strcmp(list.value[i].name, name) == 0)
            return &list.value[i];
    return NULL;
}

static bool says_something(const struct image_inf *inf)
{
    bool any = inf->class_values.count > 0;
    for (unsigned m = 0; m < inf->model_count; m++)
        any |= inf->model[m].device.count > 0;
    return any;
}

static const struct image_inf_value *directive(const struct image_inf *inf, const struct image_inf_model *model, const char *name)
{
    const struct image_inf_value *v = in_list(model->device, name);
    return v ? v : in_list(inf->class_values, name);
}

static ULONG number_in(const struct image_inf_value *v)
{
    ULONG number = 0;
    if (v && v->type == REG_DWORD && v->size == sizeof number)
        memcpy(&number, v->data, sizeof number);
    return number;
}

static void secure(PDEVICE_OBJECT device, const struct image_inf_value *v)
{
    struct se_descriptor *security = NULL;
    UNICODE_STRING sddl = {(USHORT)(v->size - sizeof(WCHAR)), (USHORT)v->size, (PWCH)(ULONG_PTR)v->data};
    if (v->type != REG_SZ || v->size < sizeof(WCHAR) || !NT_SUCCESS(se_parse_sddl(&sddl, &security)))
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "W-PNP-73", "the INF's Security for device #%u is no SDDL that a device takes", device_number(device));
    if (device_of(device)->security)
        ex_system_free(device_of(device)->security);
    device_of(device)->security = security;
}

void cm_apply_directives(struct devnode *node, const struct driver_image *function)
{
    const struct image_inf *inf = function ? function->inf : NULL;
    const struct image_inf_model *model = inf && says_something(inf) ? cm_model_of(inf, node) : NULL;
    if (!model)
        return;
    const struct image_inf_value *security = directive(inf, model, "Security");
    ULONG exclusive = number_in(directive(inf, model, "Exclusive")), characteristics = number_in(directive(inf, model, "DeviceCharacteristics"));
    for (PDEVICE_OBJECT d = node->pdo; d; d = d->AttachedDevice) {
        d->Characteristics |= characteristics;
        if (exclusive)
            d->Flags |= DO_EXCLUSIVE;
        if (security)
            secure(d, security);
    }
}

/* ---- Numbers that the system itself reads: from the registry, or, in a life that has none, from what the INF would have put there ---- */

static ULONG in_inf(struct image_inf_list list, const char *subkey, const char *name, ULONG otherwise)
{
    for (unsigned i = list.count; i-- > 0;)
        if (strcmp(list.value[i].subkey, subkey) == 0 && strcmp(list.value[i].name, name) == 0 && list.value[i].type == REG_DWORD)
            return number_in(&list.value[i]);
    return otherwise;
}

static ULONG in_key(struct cm_key *key, const char *subkey, const char *name, ULONG otherwise)
{
    ULONG number = otherwise;
    UNICODE_STRING path = rtl_from_ascii(subkey);
    struct cm_key *at = key ? cm_find(key, &path) : NULL;
    const struct cm_value *v = at ? cm_value_named(at, name) : NULL;
    if (v && v->type == REG_DWORD && v->size == sizeof number)
        memcpy(&number, v->data, sizeof number);
    ex_system_free(path.Buffer);
    return number;
}

ULONG cm_service_number(const struct nt_driver *driver, const char *subkey, const char *name, ULONG otherwise)
{
    const struct image_inf *inf = driver->image ? driver->image->inf : NULL;
    if (!cm_has_tree())
        return inf ? in_inf(inf->service, subkey, name, otherwise) : otherwise;
    struct cm_key *services = cm_make(cm_root(), "Machine\\System\\CurrentControlSet\\Services");
    return in_key(cm_child(services, &driver->extension.ServiceKeyName), subkey, name, otherwise);
}

ULONG cm_device_number(struct devnode *node, const struct driver_image *function, const char *subkey, const char *name, ULONG otherwise)
{
    const struct image_inf *inf = function ? function->inf : NULL;
    if (node->hardware_key) {
        UNICODE_STRING parameters = RTL_CONSTANT_STRING(L"Device Parameters");
        return in_key(cm_child(node->hardware_key, &parameters), subkey, name, otherwise);
    }
    const struct image_inf_model *model = inf && says_something(inf) ? cm_model_of(inf, node) : NULL;
    return model ? in_inf(model->device, subkey, name, otherwise) : otherwise;
}
