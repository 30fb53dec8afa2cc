/* WDFDEVICE_INIT of a PDO: what its bus says of it (2.3, K-PNP-68). */
#include "device.h"

PWDFDEVICE_INIT fx_pdo_init_create(struct fx_device *bus, struct fx_child *child)
{
    PWDFDEVICE_INIT init = fx_init_create(bus->object.driver, FX_INIT_PDO, NULL);
    struct fx_pdo_init *of_pdo = init ? ex_system_alloc(sizeof *of_pdo) : NULL;
    if (!of_pdo) {
        if (init)
            fx_init_free(init);
        return NULL;
    }
    of_pdo->bus = bus;
    of_pdo->child = child;
    init->of_pdo = of_pdo;
    init->wants_name = true; /* a PDO always has a name */
    return init;
}

static void free_text(UNICODE_STRING *text)
{
    if (text->Buffer)
        ex_system_free(text->Buffer);
    *text = (UNICODE_STRING){0};
}

void fx_pdo_init_free(struct fx_pdo_init *init)
{
    free_text(&init->device_id), free_text(&init->instance_id), free_text(&init->container_id);
    free_text(&init->hardware_ids), free_text(&init->compatible_ids);
    for (struct fx_pdo_text *t = init->texts, *next; t; t = next) {
        next = t->next;
        free_text(&t->description), free_text(&t->location);
        ex_system_free(t);
    }
    ex_system_free(init);
}

NTSTATUS fx_pdo_check_init(const struct WDFDEVICE_INIT *init)
{
    const struct fx_pdo_init *p = init->of_pdo;
    if (p->no_power_dependency && (p->callbacks.EvtDeviceEnableWakeAtBus || p->callbacks.EvtDeviceDisableWakeAtBus))
        return STATUS_INVALID_DEVICE_REQUEST;
    return init->name.Buffer || init->wants_name ? STATUS_SUCCESS : STATUS_OBJECT_NAME_INVALID;
}

/* ---- DDIs ---- */

#define SETTER(ddi)                                      \
    gate_enter(DDI_##ddi, trace_object(DeviceInit), 0);  \
    struct fx_pdo_init *init = fx_init_of(DeviceInit)->of_pdo

static void require_pdo(const struct fx_pdo_init *init)
{
    if (!init)
        fx_misuse("K-DRV-32", "%s: the device will be no PDO", gate_where(ctx_current()));
}

PWDFDEVICE_INIT wdf_WdfPdoInitAllocate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE ParentDevice)
{
    gate_enter(DDI_WdfPdoInitAllocate, trace_object(ParentDevice), 0);
    struct fx_device *bus = fx_handle(ParentDevice, FX_DEVICE);
    bool is_fdo = !bus->control && !bus->own->as_pdo;
    PWDFDEVICE_INIT init = is_fdo && !choose_fault(DDI_WdfPdoInitAllocate) ? fx_pdo_init_create(bus, NULL) : NULL;
    gate_leave(trace_object(init));
    return init;
}

VOID wdf_WdfPdoInitSetEventCallbacks(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_PDO_EVENT_CALLBACKS DispatchTable)
{
    SETTER(WdfPdoInitSetEventCallbacks);
    fx_require(DispatchTable, "DispatchTable");
    require_pdo(init);
    if (DispatchTable->Size != sizeof *DispatchTable)
        fx_misuse("K-DRV-30", "WdfPdoInitSetEventCallbacks: WDF_PDO_EVENT_CALLBACKS.Size is wrong");
    init->callbacks = *DispatchTable;
    gate_leave(0);
}

static NTSTATUS assign(const struct fx_pdo_init *init, UNICODE_STRING *to, PCUNICODE_STRING text, uint16_t ddi)
{
    UNICODE_STRING copy;
    if (!init)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = choose_fault(ddi) ? STATUS_INSUFFICIENT_RESOURCES : fx_unicode_copy(&copy, text);
    if (NT_SUCCESS(status)) {
        free_text(to);
        *to = copy;
    }
    return status;
}

NTSTATUS wdf_WdfPdoInitAssignDeviceID(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING DeviceID)
{
    SETTER(WdfPdoInitAssignDeviceID);
    fx_require(DeviceID, "DeviceID");
    NTSTATUS status = assign(init, init ? &init->device_id : NULL, DeviceID, DDI_WdfPdoInitAssignDeviceID);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfPdoInitAssignInstanceID(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING InstanceID)
{
    SETTER(WdfPdoInitAssignInstanceID);
    fx_require(InstanceID, "InstanceID");
    NTSTATUS status = assign(init, init ? &init->instance_id : NULL, InstanceID, DDI_WdfPdoInitAssignInstanceID);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfPdoInitAssignContainerID(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING ContainerID)
{
    SETTER(WdfPdoInitAssignContainerID);
    fx_require(ContainerID, "ContainerID");
    NTSTATUS status = assign(init, init ? &init->container_id : NULL, ContainerID, DDI_WdfPdoInitAssignContainerID);
    gate_leave((ULONG)status);
    return status;
}

/* One more string and its zero behind those there are. */
static NTSTATUS append(const struct fx_pdo_init *init, UNICODE_STRING *list, PCUNICODE_STRING text, uint16_t ddi)
{
    if (!init)
        return STATUS_INVALID_DEVICE_REQUEST;
    SIZE_T size = (SIZE_T)list->Length + text->Length + sizeof(WCHAR);
    WCHAR *all = choose_fault(ddi) || size > 0xfff0 ? NULL : ex_system_alloc(size);
    if (!all)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (list->Length)
        memcpy(all, list->Buffer, list->Length);
    if (text->Length)
        memcpy(all + list->Length / sizeof(WCHAR), text->Buffer, text->Length);
    free_text(list);
    *list = (UNICODE_STRING){(USHORT)size, (USHORT)size, all};
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfPdoInitAddHardwareID(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING HardwareID)
{
    SETTER(WdfPdoInitAddHardwareID);
    fx_require(HardwareID, "HardwareID");
    NTSTATUS status = append(init, init ? &init->hardware_ids : NULL, HardwareID, DDI_WdfPdoInitAddHardwareID);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfPdoInitAddCompatibleID(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING CompatibleID)
{
    SETTER(WdfPdoInitAddCompatibleID);
    fx_require(CompatibleID, "CompatibleID");
    NTSTATUS status = append(init, init ? &init->compatible_ids : NULL, CompatibleID, DDI_WdfPdoInitAddCompatibleID);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS add_text(struct fx_pdo_init *init, PCUNICODE_STRING description, PCUNICODE_STRING location, LCID locale)
{
    if (!init)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct fx_pdo_text *text = choose_fault(DDI_WdfPdoInitAddDeviceText) ? NULL : ex_system_alloc(sizeof *text), **at = &init->texts;
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    text->locale = locale;
    NTSTATUS status = fx_unicode_copy(&text->description, description);
    if (NT_SUCCESS(status))
        status = fx_unicode_copy(&text->location, location);
    while (*at)
        at = &(*at)->next;
    *at = text;
    return status;
}

NTSTATUS wdf_WdfPdoInitAddDeviceText(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING DeviceDescription,
                                     PCUNICODE_STRING DeviceLocation, LCID LocaleId)
{
    SETTER(WdfPdoInitAddDeviceText);
    fx_require(DeviceDescription, "DeviceDescription");
    fx_require(DeviceLocation, "DeviceLocation");
    NTSTATUS status = add_text(init, DeviceDescription, DeviceLocation, LocaleId);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfPdoInitSetDefaultLocale(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, LCID LocaleId)
{
    SETTER(WdfPdoInitSetDefaultLocale);
    require_pdo(init);
    init->default_locale = LocaleId;
    gate_leave(0);
}

NTSTATUS wdf_WdfPdoInitAssignRawDevice(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, const GUID *DeviceClassGuid)
{
    SETTER(WdfPdoInitAssignRawDevice);
    fx_require(DeviceClassGuid, "DeviceClassGuid");
    NTSTATUS status = init ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    if (init) {
        init->raw = true;
        init->raw_class = *DeviceClassGuid;
        DeviceInit->power_policy_owner = true;
    }
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfPdoInitAllowForwardingRequestToParent(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfPdoInitAllowForwardingRequestToParent);
    require_pdo(init);
    init->forwards_to_parent = true;
    gate_leave(0);
}

VOID wdf_WdfPdoInitRemovePowerDependencyOnParent(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfPdoInitRemovePowerDependencyOnParent);
    require_pdo(init);
    init->no_power_dependency = true;
    gate_leave(0);
}
