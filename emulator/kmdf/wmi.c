/* See wmi.h: creating providers and instances, and when WMI hears of them. */
#include "wmi.h"

/* ---- The lists ---- */

struct fx_wmi_provider *fx_wmi_find(struct fx_device *device, const GUID *guid)
{
    LIST_ENTRY *head = &device->own->wmi.providers;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_wmi_provider *p = CONTAINING_RECORD(e, struct fx_wmi_provider, entry);
        if (!memcmp(&p->config.Guid, guid, sizeof *guid))
            return p;
    }
    return NULL;
}

struct fx_wmi_instance *fx_wmi_instance_at(struct fx_wmi_provider *p, ULONG index)
{
    LIST_ENTRY *e = p->instances.Flink;
    if (index >= p->count)
        return NULL;
    while (index--)
        e = e->Flink;
    return CONTAINING_RECORD(e, struct fx_wmi_instance, entry);
}

ULONG fx_wmi_index(const struct fx_wmi_instance *i)
{
    ULONG index = 0;
    for (LIST_ENTRY *e = i->provider->instances.Flink; e != &i->entry; e = e->Flink)
        index++;
    return index;
}

/* ---- Registration with WMI ---- */

void fx_wmi_init(struct fx_device *device) { InitializeListHead(&device->own->wmi.providers); }

/* A device without providers has nothing to say. */
static NTSTATUS tell_wmi(struct fx_device *device)
{
    struct fx_wmi *w = &device->own->wmi;
    if (!w->open || (!w->registered && IsListEmpty(&w->providers)))
        return STATUS_SUCCESS;
    NTSTATUS status = wmi_registration_control(device->wdm, w->registered ? WMIREG_ACTION_UPDATE_GUIDS : WMIREG_ACTION_REGISTER);
    w->registered |= NT_SUCCESS(status);
    return status;
}

NTSTATUS fx_wmi_register(struct fx_device *device)
{
    device->own->wmi.open = true;
    return device->own->wmi.registered ? STATUS_SUCCESS : tell_wmi(device);
}

void fx_wmi_deregister(struct fx_device *device)
{
    struct fx_wmi *w = &device->own->wmi;
    w->open = false;
    if (!w->registered)
        return;
    w->registered = false;
    wmi_registration_control(device->wdm, WMIREG_ACTION_DEREGISTER);
}

void fx_wmi_cleanup(struct fx_device *device)
{
    struct fx_wmi *w = &device->own->wmi;
    w->cleaned = true;
    while (!IsListEmpty(&w->providers))
        fx_object_delete(&CONTAINING_RECORD(w->providers.Flink, struct fx_wmi_provider, entry)->object);
}

void fx_wmi_free(struct fx_device *device)
{
    if (device->own->wmi.mof.Buffer)
        ex_system_free(device->own->wmi.mof.Buffer);
}

static NTSTATUS assign_mof(struct fx_device *device, PCUNICODE_STRING name)
{
    struct fx_wmi *w = &device->own->wmi;
    if (device->object.state != FX_CREATED)
        return STATUS_DELETE_PENDING;
    if (!name->Length || !name->Buffer || name->Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    if (w->mof.Buffer)
        return STATUS_INVALID_DEVICE_REQUEST;
    return fx_unicode_copy(&w->mof, name);
}

NTSTATUS wdf_WdfDeviceAssignMofResourceName(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PCUNICODE_STRING MofResourceName)
{
    gate_enter(DDI_WdfDeviceAssignMofResourceName, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(MofResourceName, "MofResourceName");
    NTSTATUS status = choose_fault(DDI_WdfDeviceAssignMofResourceName) ? STATUS_INSUFFICIENT_RESOURCES : assign_mof(device, MofResourceName);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Providers ---- */

static const GUID power_guids[] = {
    {0x827c0a6f, 0xfeb0, 0x11d0, {0xbd, 0x26, 0x00, 0xaa, 0x00, 0xb7, 0xb3, 0x2a}},  /* a device may be idled */
    {0xa9546a82, 0xfeb0, 0x11d0, {0xbd, 0x26, 0x00, 0xaa, 0x00, 0xb7, 0xb3, 0x2a}}}; /* a device may wake the system */

/* The framework offers these itself, once the driver has let the user control them. */
static bool is_power_policys(const struct fx_device *device, const GUID *guid)
{
    const struct fx_device_private *own = device->own;
    if (!device->power_policy_owner)
        return false;
    if (!memcmp(guid, &power_guids[0], sizeof *guid))
        return own->idle.assigned && own->idle.settings.UserControlOfIdleSettings == IdleAllowUserControl;
    if (!memcmp(guid, &power_guids[1], sizeof *guid))
        return own->wake_assigned && own->wake.UserControlOfWakeSettings == WakeAllowUserControl;
    return false;
}

static NTSTATUS check_provider(const struct fx_device *device, const WDF_WMI_PROVIDER_CONFIG *c)
{
    if (c->Size != sizeof *c)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (c->Flags & ~(ULONG)WdfWmiProviderValidFlags)
        return STATUS_INVALID_PARAMETER;
    if (c->Flags & WdfWmiProviderTracing && (c->Flags != WdfWmiProviderTracing || c->MinInstanceBufferSize))
        return STATUS_INVALID_PARAMETER;
    if (is_power_policys(device, &c->Guid))
        return STATUS_WMI_GUID_DISCONNECTED;
    return device->own->wmi.cleaned ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;
}

static void provider_dispose(struct fx_object *object)
{
    struct fx_wmi_provider *p = (struct fx_wmi_provider *)object;
    if (p->listed)
        RemoveEntryList(&p->entry);
    p->listed = false;
}

static NTSTATUS create_provider(struct fx_device *device, const WDF_WMI_PROVIDER_CONFIG *c, PWDF_OBJECT_ATTRIBUTES attributes,
                                struct fx_wmi_provider **out)
{
    struct fx_wmi_provider *p;
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (NT_SUCCESS(status))
        status = check_provider(device, c);
    if (NT_SUCCESS(status))
        status = fx_object_create(device->object.driver, FX_WMIPROVIDER, sizeof *p, attributes, (void **)&p);
    if (!NT_SUCCESS(status))
        return status;
    p->config = *c;
    InitializeListHead(&p->instances);
    p->object.no_delete = true;
    p->object.dispose = provider_dispose;
    status = fx_object_commit(&p->object, &device->object);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&p->object);
        return status;
    }
    p->listed = !fx_wmi_find(device, &c->Guid); /* a second one with the same GUID is made, and never heard of */
    if (p->listed)
        InsertTailList(&device->own->wmi.providers, &p->entry);
    *out = p;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfWmiProviderCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_WMI_PROVIDER_CONFIG WmiProviderConfig,
                                  PWDF_OBJECT_ATTRIBUTES ProviderAttributes, WDFWMIPROVIDER *WmiProvider)
{
    gate_enter(DDI_WdfWmiProviderCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(WmiProviderConfig, "WmiProviderConfig");
    fx_require(WmiProvider, "WmiProvider");
    struct fx_wmi_provider *p = NULL;
    NTSTATUS status = choose_fault(DDI_WdfWmiProviderCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                            : create_provider(device, WmiProviderConfig, ProviderAttributes, &p);
    if (NT_SUCCESS(status) && WmiProviderConfig->Flags & WdfWmiProviderTracing)
        tell_wmi(device); /* it has no instances that would */
    *WmiProvider = (WDFWMIPROVIDER)p;
    gate_leave((ULONG)status);
    return status;
}

WDFDEVICE wdf_WdfWmiProviderGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIPROVIDER WmiProvider)
{
    gate_enter(DDI_WdfWmiProviderGetDevice, trace_object(WmiProvider), 0);
    struct fx_wmi_provider *p = fx_handle(WmiProvider, FX_WMIPROVIDER);
    gate_leave(trace_object(p->object.device));
    return (WDFDEVICE)p->object.device;
}

BOOLEAN wdf_WdfWmiProviderIsEnabled(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIPROVIDER WmiProvider, WDF_WMI_PROVIDER_CONTROL ProviderControl)
{
    gate_enter(DDI_WdfWmiProviderIsEnabled, trace_object(WmiProvider), ProviderControl);
    struct fx_wmi_provider *p = fx_handle(WmiProvider, FX_WMIPROVIDER);
    if (ProviderControl != WdfWmiEventControl && ProviderControl != WdfWmiInstanceControl)
        fx_misuse("K-WMI-1", "WdfWmiProviderIsEnabled is asked about a control that does not exist (%u)", (unsigned)ProviderControl);
    BOOLEAN enabled = p->enabled[ProviderControl - WdfWmiEventControl];
    gate_leave(enabled);
    return enabled;
}

ULONGLONG wdf_WdfWmiProviderGetTracingHandle(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIPROVIDER WmiProvider)
{
    gate_enter(DDI_WdfWmiProviderGetTracingHandle, trace_object(WmiProvider), 0);
    struct fx_wmi_provider *p = fx_handle(WmiProvider, FX_WMIPROVIDER);
    gate_leave(p->tracing_handle);
    return p->tracing_handle;
}

/* ---- Instances ---- */

static NTSTATUS check_context(const WDF_WMI_INSTANCE_CONFIG *c, PWDF_OBJECT_ATTRIBUTES attributes, ULONG least)
{
    if (!c->UseContextForQuery)
        return STATUS_SUCCESS;
    if (c->EvtWmiInstanceSetInstance || c->EvtWmiInstanceSetItem || !attributes || !attributes->ContextTypeInfo)
        return STATUS_INVALID_PARAMETER;
    SIZE_T size = attributes->ContextSizeOverride ? attributes->ContextSizeOverride : attributes->ContextTypeInfo->ContextSize;
    return size < least ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

static NTSTATUS check_instance(const struct fx_device *device, const WDF_WMI_INSTANCE_CONFIG *c, const WDF_WMI_PROVIDER_CONFIG *of,
                               PWDF_OBJECT_ATTRIBUTES attributes)
{
    bool callbacks = c->EvtWmiInstanceQueryInstance || c->EvtWmiInstanceSetInstance || c->EvtWmiInstanceSetItem || c->EvtWmiInstanceExecuteMethod;
    if (of->Flags & WdfWmiProviderTracing)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (of->Flags & WdfWmiProviderEventOnly && (callbacks || c->UseContextForQuery))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = check_context(c, attributes, of->MinInstanceBufferSize);
    return NT_SUCCESS(status) && device->own->wmi.cleaned ? STATUS_INVALID_DEVICE_STATE : status;
}

static NTSTATUS register_instance(struct fx_wmi_instance *i)
{
    struct fx_wmi_provider *p = i->provider;
    if (i->registered)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (i->object.device->own->wmi.cleaned || i->object.state != FX_CREATED)
        return STATUS_INVALID_DEVICE_STATE;
    i->registered = true;
    InsertTailList(&p->instances, &i->entry);
    p->count++;
    return p->listed ? tell_wmi(i->object.device) : STATUS_SUCCESS;
}

static void deregister_instance(struct fx_wmi_instance *i)
{
    if (!i->registered)
        return;
    i->registered = false;
    RemoveEntryList(&i->entry);
    i->provider->count--;
    if (i->provider->listed && !i->object.device->own->wmi.cleaned)
        tell_wmi(i->object.device);
}

static void instance_dispose(struct fx_object *object) { deregister_instance((struct fx_wmi_instance *)object); }

static NTSTATUS make_instance(struct fx_wmi_provider *p, const WDF_WMI_INSTANCE_CONFIG *c, PWDF_OBJECT_ATTRIBUTES attributes,
                              struct fx_wmi_instance **out)
{
    struct fx_wmi_instance *i;
    NTSTATUS status = fx_object_create(p->object.driver, FX_WMIINSTANCE, sizeof *i, attributes, (void **)&i);
    if (!NT_SUCCESS(status))
        return status;
    i->provider = p;
    i->config = *c;
    i->object.dispose = instance_dispose;
    status = fx_object_commit(&i->object, &p->object);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&i->object);
        return status;
    }
    if (c->Register) {
        status = register_instance(i);
        if (!NT_SUCCESS(status)) {
            fx_object_delete_failed(&i->object);
            return status;
        }
    }
    *out = i;
    return STATUS_SUCCESS;
}

static NTSTATUS create_instance(struct fx_device *device, const WDF_WMI_INSTANCE_CONFIG *c, PWDF_OBJECT_ATTRIBUTES attributes,
                                struct fx_wmi_instance **out)
{
    if (c->Size != sizeof *c)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!c->Provider == !c->ProviderConfig)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_wmi_provider *p = c->Provider ? fx_handle(c->Provider, FX_WMIPROVIDER) : NULL;
    if (p && p->object.device != device)
        return STATUS_INVALID_PARAMETER;
    status = check_instance(device, c, p ? &p->config : c->ProviderConfig, attributes);
    if (NT_SUCCESS(status) && !p)
        status = create_provider(device, c->ProviderConfig, NULL, &p);
    if (!NT_SUCCESS(status))
        return status;
    status = make_instance(p, c, attributes, out);
    if (!NT_SUCCESS(status) && !c->Provider)
        fx_object_delete_failed(&p->object);
    return status;
}

NTSTATUS wdf_WdfWmiInstanceCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_WMI_INSTANCE_CONFIG InstanceConfig,
                                  PWDF_OBJECT_ATTRIBUTES InstanceAttributes, WDFWMIINSTANCE *Instance)
{
    gate_enter(DDI_WdfWmiInstanceCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(InstanceConfig, "InstanceConfig");
    struct fx_wmi_instance *i = NULL;
    NTSTATUS status = choose_fault(DDI_WdfWmiInstanceCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                            : create_instance(device, InstanceConfig, InstanceAttributes, &i);
    if (Instance)
        *Instance = (WDFWMIINSTANCE)i;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfWmiInstanceRegister(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIINSTANCE WmiInstance)
{
    gate_enter(DDI_WdfWmiInstanceRegister, trace_object(WmiInstance), 0);
    struct fx_wmi_instance *i = fx_handle(WmiInstance, FX_WMIINSTANCE);
    NTSTATUS status = choose_fault(DDI_WdfWmiInstanceRegister) ? STATUS_INSUFFICIENT_RESOURCES : register_instance(i);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfWmiInstanceDeregister(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIINSTANCE WmiInstance)
{
    gate_enter(DDI_WdfWmiInstanceDeregister, trace_object(WmiInstance), 0);
    deregister_instance(fx_handle(WmiInstance, FX_WMIINSTANCE));
    gate_leave(0);
}

WDFDEVICE wdf_WdfWmiInstanceGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIINSTANCE WmiInstance)
{
    gate_enter(DDI_WdfWmiInstanceGetDevice, trace_object(WmiInstance), 0);
    struct fx_wmi_instance *i = fx_handle(WmiInstance, FX_WMIINSTANCE);
    gate_leave(trace_object(i->object.device));
    return (WDFDEVICE)i->object.device;
}

WDFWMIPROVIDER wdf_WdfWmiInstanceGetProvider(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIINSTANCE WmiInstance)
{
    gate_enter(DDI_WdfWmiInstanceGetProvider, trace_object(WmiInstance), 0);
    struct fx_wmi_instance *i = fx_handle(WmiInstance, FX_WMIINSTANCE);
    gate_leave(trace_object(i->provider));
    return (WDFWMIPROVIDER)i->provider;
}

/* ---- Events ---- */

#define EVENT_LIMIT 0xFFFFu /* far beyond what WMI takes: keeps the sum in range */

static NTSTATUS fire(struct fx_wmi_instance *i, ULONG size, const void *data, const void *caller)
{
    PDEVICE_OBJECT wdm = i->object.device->wdm;
    if (!i->registered || !wdm)
        return STATUS_INVALID_DEVICE_STATE;
    if (size > EVENT_LIMIT)
        return STATUS_BUFFER_OVERFLOW;
    ULONG offset = (FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData) + 7) & ~7u;
    WNODE_SINGLE_INSTANCE *w = ex_allocate(POOL_NONPAGED, offset + size, FX_TAG, NULL, true);
    if (!w)
        return STATUS_INSUFFICIENT_RESOURCES;
    msan_define(w, offset);
    w->WnodeHeader.BufferSize = offset + size;
    w->WnodeHeader.ProviderId = wmi_provider_id(wdm);
    w->WnodeHeader.Version = 1;
    w->WnodeHeader.Guid = i->provider->config.Guid;
    w->WnodeHeader.Flags = WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_STATIC_INSTANCE_NAMES;
    w->InstanceIndex = fx_wmi_index(i);
    w->DataBlockOffset = offset;
    w->SizeDataBlock = size;
    if (size) {
        memory_check(data, size, "the data of WdfWmiInstanceFireEvent");
        memcpy((char *)w + offset, data, size);
        if (msan_first_undefined(data, size) < 0)
            msan_define((char *)w + offset, size);
    }
    NTSTATUS status = wmi_write_event(w, caller);
    if (!NT_SUCCESS(status))
        ex_free_with_tag(w, 0, NULL);
    return status;
}

NTSTATUS wdf_WdfWmiInstanceFireEvent(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWMIINSTANCE WmiInstance, ULONG EventDataSize, PVOID EventData)
{
    gate_enter(DDI_WdfWmiInstanceFireEvent, trace_object(WmiInstance), EventDataSize);
    struct fx_wmi_instance *i = fx_handle(WmiInstance, FX_WMIINSTANCE);
    NTSTATUS status = EventDataSize && !EventData                        ? STATUS_INVALID_PARAMETER
                      : choose_fault(DDI_WdfWmiInstanceFireEvent) ? STATUS_INSUFFICIENT_RESOURCES
                                                                  : fire(i, EventDataSize, EventData, CALLER);
    gate_leave((ULONG)status);
    return status;
}
