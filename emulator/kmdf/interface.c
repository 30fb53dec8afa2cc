/* Device interfaces, symbolic links, names and properties (K-DRV-50..52, 60..64). */
#include "device.h"

/* ---- Interfaces ---- */

static void set_state(struct fx_interface *i, bool enable)
{
    if (i->enabled == enable)
        return;
    i->enabled = enable; /* a failure does not fail the start (K-DRV-61) */
    io_set_device_interface_state(&i->link, enable);
}

static NTSTATUS register_link(struct fx_device *device, struct fx_interface *i);

void fx_interfaces_enable(struct fx_device *device)
{
    LIST_ENTRY *head = &device->own->interfaces;
    hb_release(head); /* an open through an interface sees all of start */
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_interface *i = CONTAINING_RECORD(e, struct fx_interface, entry);
        if (device->own->as_pdo) /* not before its start; and the PnP manager forgets it at a removal */
            register_link(device, i);
        if (i->automatic && i->wanted)
            set_state(i, true);
    }
}

void fx_interfaces_disable(struct fx_device *device)
{
    LIST_ENTRY *head = &device->own->interfaces;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        set_state(CONTAINING_RECORD(e, struct fx_interface, entry), false);
}

static void interface_free(struct fx_interface *i)
{
    if (i->reference.Buffer)
        ex_system_free(i->reference.Buffer);
    if (i->link.Buffer)
        ex_system_free(i->link.Buffer);
    ex_system_free(i);
}

void fx_interfaces_free(struct fx_device *device)
{
    LIST_ENTRY *head = &device->own->interfaces;
    while (!IsListEmpty(head))
        interface_free(CONTAINING_RECORD(RemoveHeadList(head), struct fx_interface, entry));
}

/* The system's string comes from pool; the framework keeps its own copy. */
static NTSTATUS register_link(struct fx_device *device, struct fx_interface *i)
{
    UNICODE_STRING link;
    NTSTATUS status = io_register_device_interface(device->pdo, &i->guid, i->reference.Buffer ? &i->reference : NULL, &link);
    if (!NT_SUCCESS(status))
        return status;
    if (i->link.Buffer)
        ex_system_free(i->link.Buffer);
    i->link = (UNICODE_STRING){0};
    status = fx_unicode_copy(&i->link, &link);
    ex_free_with_tag(link.Buffer, 0, CALLER);
    return status;
}

static NTSTATUS create_interface(struct fx_device *device, const GUID *guid, PCUNICODE_STRING reference)
{
    if (device->control)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct fx_interface *i = ex_system_alloc(sizeof *i);
    if (!i)
        return STATUS_INSUFFICIENT_RESOURCES;
    i->guid = *guid;
    i->automatic = device->own->state == FX_PNP_INIT || device->own->state == FX_PNP_STARTING;
    i->wanted = true;
    NTSTATUS status = reference && reference->Length ? fx_unicode_copy(&i->reference, reference) : STATUS_SUCCESS;
    bool is_known = !device->own->as_pdo || device->own->state == FX_PNP_STARTED;
    if (NT_SUCCESS(status) && is_known)
        status = register_link(device, i);
    if (!NT_SUCCESS(status)) {
        interface_free(i);
        return status;
    }
    InsertTailList(&device->own->interfaces, &i->entry);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDeviceCreateDeviceInterface(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, const GUID *InterfaceClassGUID,
                                            PCUNICODE_STRING ReferenceString)
{
    gate_enter(DDI_WdfDeviceCreateDeviceInterface, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(InterfaceClassGUID, "InterfaceClassGUID");
    NTSTATUS status = choose_fault(DDI_WdfDeviceCreateDeviceInterface) ? STATUS_INSUFFICIENT_RESOURCES
                                                                       : create_interface(device, InterfaceClassGUID, ReferenceString);
    gate_leave((ULONG)status);
    return status;
}

static bool matches(const struct fx_interface *i, const GUID *guid, PCUNICODE_STRING reference)
{
    USHORT length = reference ? reference->Length : 0;
    return !memcmp(&i->guid, guid, sizeof *guid) && i->reference.Length == length &&
           (!length || !memcmp(i->reference.Buffer, reference->Buffer, length));
}

static struct fx_interface *find(struct fx_device *device, const GUID *guid, PCUNICODE_STRING reference)
{
    LIST_ENTRY *head = &device->own->interfaces;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_interface *i = CONTAINING_RECORD(e, struct fx_interface, entry);
        if (matches(i, guid, reference))
            return i;
    }
    return NULL;
}

/* Before start the wish is remembered (K-DRV-63); whoever asks for it by hand wants it although start would not enable it. */
static void set_interface_state(struct fx_device *device, const GUID *guid, PCUNICODE_STRING reference, BOOLEAN enable)
{
    struct fx_interface *i = find(device, guid, reference);
    if (!i)
        return;
    i->wanted = enable;
    enum fx_pnp_state s = device->own->state;
    if (enable && (s == FX_PNP_INIT || s == FX_PNP_STARTING))
        i->automatic = true;
    if (s != FX_PNP_INIT && s != FX_PNP_STARTING && s != FX_PNP_FAILED && s != FX_PNP_SURPRISE_REMOVED && s != FX_PNP_REMOVED)
        set_state(i, enable);
}

VOID wdf_WdfDeviceSetDeviceInterfaceState(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, const GUID *InterfaceClassGUID,
                                          PCUNICODE_STRING ReferenceString, BOOLEAN IsInterfaceEnabled)
{
    gate_enter(DDI_WdfDeviceSetDeviceInterfaceState, trace_object(Device), IsInterfaceEnabled);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(InterfaceClassGUID, "InterfaceClassGUID");
    set_interface_state(device, InterfaceClassGUID, ReferenceString, IsInterfaceEnabled);
    gate_leave(0);
}

VOID wdf_WdfDeviceSetDeviceInterfaceStateEx(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, const GUID *InterfaceClassGUID,
                                            PCUNICODE_STRING ReferenceString, BOOLEAN IsInterfaceEnabled)
{
    gate_enter(DDI_WdfDeviceSetDeviceInterfaceStateEx, trace_object(Device), IsInterfaceEnabled);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(InterfaceClassGUID, "InterfaceClassGUID");
    struct fx_interface *i = find(device, InterfaceClassGUID, ReferenceString);
    if (i)
        i->automatic = false; /* from here on the driver decides */
    set_interface_state(device, InterfaceClassGUID, ReferenceString, IsInterfaceEnabled);
    gate_leave(0);
}

NTSTATUS wdf_WdfDeviceRetrieveDeviceInterfaceString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, const GUID *InterfaceClassGUID,
                                                    PCUNICODE_STRING ReferenceString, WDFSTRING String)
{
    gate_enter(DDI_WdfDeviceRetrieveDeviceInterfaceString, trace_object(Device), trace_object(String));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    struct fx_string *string = fx_handle(String, FX_STRING);
    fx_require(InterfaceClassGUID, "InterfaceClassGUID");
    struct fx_interface *i = find(device, InterfaceClassGUID, ReferenceString);
    NTSTATUS status = !i ? STATUS_OBJECT_NAME_NOT_FOUND : i->link.Buffer ? fx_string_assign(string, &i->link) : STATUS_INVALID_DEVICE_STATE;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Names and links ---- */

void fx_symbolic_link_delete(struct fx_device *device)
{
    UNICODE_STRING *link = &device->own->symbolic_link;
    if (!link->Buffer)
        return;
    io_delete_symbolic_link(link);
    ex_system_free(link->Buffer);
    *link = (UNICODE_STRING){0};
}

static NTSTATUS create_symbolic_link(struct fx_device *device, PCUNICODE_STRING name)
{
    struct fx_device_private *own = device->own;
    if (!name->Length || own->symbolic_link.Buffer)
        return STATUS_INVALID_DEVICE_REQUEST;
    PCUNICODE_STRING target = io_device_name(device->wdm);
    if (!target && !device->control)
        target = io_device_name(device->pdo);
    if (!target)
        return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS status = fx_unicode_copy(&own->symbolic_link, name);
    if (!NT_SUCCESS(status))
        return status;
    status = io_create_symbolic_link(&own->symbolic_link, (PUNICODE_STRING)target);
    if (!NT_SUCCESS(status)) {
        ex_system_free(own->symbolic_link.Buffer);
        own->symbolic_link = (UNICODE_STRING){0};
    }
    return status;
}

NTSTATUS wdf_WdfDeviceCreateSymbolicLink(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PCUNICODE_STRING SymbolicLinkName)
{
    gate_enter(DDI_WdfDeviceCreateSymbolicLink, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(SymbolicLinkName, "SymbolicLinkName");
    NTSTATUS status = choose_fault(DDI_WdfDeviceCreateSymbolicLink) ? STATUS_INSUFFICIENT_RESOURCES
                                                                    : create_symbolic_link(device, SymbolicLinkName);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDeviceRetrieveDeviceName(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, WDFSTRING String)
{
    gate_enter(DDI_WdfDeviceRetrieveDeviceName, trace_object(Device), trace_object(String));
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    struct fx_string *string = fx_handle(String, FX_STRING);
    PCUNICODE_STRING name = io_device_name(device->wdm);
    NTSTATUS status = name ? fx_string_assign(string, name) : STATUS_INVALID_PARAMETER;
    gate_leave((ULONG)status);
    return status;
}
