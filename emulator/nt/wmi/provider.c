/* See wmi.h: registration of providers (W-WMI-1), and the IRPs that are sent to them (W-WMI-2). */
#include "wmi.h"

static struct {
    struct wmi_provider *first;
    uint32_t last_id;
} providers;

void wmi_boot(void)
{
    memset(&providers, 0, sizeof providers);
    wmi_names_boot();
    wmi_lib_boot();
    wmi_blocks_boot();
    wmi_events_boot();
}

/* ---- The list ---- */

struct wmi_provider *wmi_provider_of(PDEVICE_OBJECT device)
{
    struct wmi_provider *p = providers.first;
    while (p && (p->device != device || p->gone))
        p = p->next;
    return p;
}

struct wmi_provider *wmi_provider_by_id(uint32_t id)
{
    struct wmi_provider *p = providers.first;
    while (p && p->id != id)
        p = p->next;
    return p;
}

void wmi_pin(struct wmi_provider *p) { p->pins++; }

static void free_provider(struct wmi_provider *p)
{
    struct wmi_provider **at = &providers.first;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    wmi_free_guids(p);
    ob_dereference(p->device);
    ex_system_free(p);
}

void wmi_unpin(struct wmi_provider *p)
{
    if (--p->pins == 0 && p->gone)
        free_provider(p);
}

struct wmi_provider *wmi_provider_next(struct wmi_provider *p)
{
    struct wmi_provider *next = p ? p->next : providers.first;
    while (next && next->gone)
        next = next->next;
    if (next)
        wmi_pin(next);
    if (p)
        wmi_unpin(p);
    return next;
}

struct wmi_guid *wmi_guid_of(const struct wmi_provider *p, const GUID *guid)
{
    struct wmi_guid *g = p->guids;
    while (g && (g->removed || memcmp(&g->guid, guid, sizeof *guid)))
        g = g->next;
    return g;
}

/* ---- IRPs ---- */

NTSTATUS wmi_send(struct wmi_provider *p, UCHAR minor, PVOID path, ULONG size, PVOID buffer, ULONG_PTR *information)
{
    if (p->gone || p->blocked)
        return STATUS_WMI_GUID_DISCONNECTED;
    PDEVICE_OBJECT top = io_get_attached_device(p->device);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION next = irp->Tail.Overlay.CurrentStackLocation - 1;
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = minor;
    next->Parameters.WMI.ProviderId = (ULONG_PTR)p->device;
    next->Parameters.WMI.DataPath = path;
    next->Parameters.WMI.BufferSize = size;
    next->Parameters.WMI.Buffer = buffer;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    irp_info(irp)->built_by = 3;
    irp_info(irp)->issuer = ke_current_thread();
    hb_acquire(&p->device); /* what came before the registration */
    IO_STATUS_BLOCK iosb = {0};
    p->calls++;
    ke_reset_event(&p->idle);
    NTSTATUS status = io_send_and_wait(irp, top, &iosb);
    hb_release(&p->calls);
    if (--p->calls == 0)
        ke_set_event(&p->idle, 0, FALSE);
    if (information)
        *information = iosb.Information;
    return status;
}

/* ---- Registration ---- */

static void run_work(void *context)
{
    struct wmi_provider *p = context;
    p->work_queued = false;
    if (!p->gone)
        wmi_query_reginfo(p);
    wmi_unpin(p);
}

/* Later, in a worker: the driver is in the middle of its start, most likely. */
static void ask_later(struct wmi_provider *p, ULONG query)
{
    p->query = p->work_queued && p->query == WMIREGISTER ? WMIREGISTER : query;
    hb_release(&p->device);
    if (p->work_queued)
        return;
    p->work_queued = true;
    p->work.run = run_work;
    p->work.context = p;
    wmi_pin(p);
    ex_queue_work(&p->work);
}

static NTSTATUS add_provider(PDEVICE_OBJECT device)
{
    if (wmi_provider_of(device))
        return STATUS_OBJECT_NAME_EXISTS;
    if (choose_fault(DDI_IoWMIRegistrationControl))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct wmi_provider *p = ex_system_alloc(sizeof *p), **at = &providers.first;
    p->id = ++providers.last_id;
    p->device = device;
    ob_reference(device);
    ke_initialize_event(&p->idle, NotificationEvent, TRUE);
    while (*at)
        at = &(*at)->next;
    *at = p;
    ask_later(p, WMIREGISTER);
    return STATUS_SUCCESS;
}

/* Whoever calls this in the middle of a WMI IRP of the device waits for itself (W-WMI-1). */
static NTSTATUS remove_provider(PDEVICE_OBJECT device)
{
    struct wmi_provider *p = wmi_provider_of(device);
    char why[60];
    if (!p)
        return STATUS_INVALID_PARAMETER;
    wmi_pin(p);
    p->gone = true;
    char *end = text_put(why, why + sizeof why, "the WMI IRPs of device #");
    text_put(text_number(end, why + sizeof why, device_number(device), 10, 1), why + sizeof why, " to end");
    if (p->calls)
        ke_wait_internal(&p->idle, why);
    hb_acquire(&p->calls);
    wmi_unpin(p);
    return STATUS_SUCCESS;
}

static NTSTATUS ask_again(PDEVICE_OBJECT device, ULONG query)
{
    struct wmi_provider *p = wmi_provider_of(device);
    if (!p)
        return STATUS_INVALID_PARAMETER;
    ask_later(p, query);
    return STATUS_SUCCESS;
}

static NTSTATUS block(PDEVICE_OBJECT device)
{
    struct wmi_provider *p = wmi_provider_of(device);
    if (!p)
        return STATUS_INVALID_PARAMETER;
    p->blocked = true;
    return STATUS_SUCCESS;
}

NTSTATUS wmi_registration_control(PDEVICE_OBJECT device, ULONG action)
{
    if (!ob_is_live(device) || ob_type_of(device) != OB_DEVICE)
        bugcheck(0xC9, 4, 0, 0, 0, "V-IO-04", "IoWMIRegistrationControl on something that is no device object (or was deleted)");
    switch (action) {
    case WMIREG_ACTION_REGISTER: return add_provider(device);
    case WMIREG_ACTION_DEREGISTER: return remove_provider(device);
    case WMIREG_ACTION_REREGISTER: return ask_again(device, WMIREGISTER);
    case WMIREG_ACTION_UPDATE_GUIDS: return ask_again(device, WMIUPDATE);
    case WMIREG_ACTION_BLOCK_IRPS: return block(device);
    default: return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    gate_enter(DDI_IoWMIRegistrationControl, trace_object(DeviceObject), Action);
    NTSTATUS status = wmi_registration_control(DeviceObject, Action);
    gate_leave((ULONG)status);
    return status;
}

ULONG wmi_provider_id(PDEVICE_OBJECT device)
{
    const struct wmi_provider *p = wmi_provider_of(device);
    return p ? p->id : 0;
}

ULONG IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoWMIDeviceObjectToProviderId, trace_object(DeviceObject), 0);
    if (!ob_is_live(DeviceObject) || ob_type_of(DeviceObject) != OB_DEVICE)
        bugcheck(0xC9, 4, 0, 0, 0, "V-IO-04", "IoWMIDeviceObjectToProviderId on something that is no device object (or was deleted)");
    ULONG id = wmi_provider_id(DeviceObject);
    gate_leave(id);
    return id;
}

/* ---- Who goes has to be deregistered (V-MSC-4) ---- */

void wmi_check_deleted(PDEVICE_OBJECT device)
{
    if (wmi_provider_of(device))
        bugcheck(0xC4, 0xDB, device_number(device), 0, 0, "V-MSC-4", "device #%u is deleted and is still registered with WMI", device_number(device));
}

void wmi_check_unloaded(const struct nt_driver *driver)
{
    char name[80];
    for (const struct wmi_provider *p = providers.first; p; p = p->next)
        if (!p->gone && p->device->DriverObject == &driver->object)
            bugcheck(0xC4, 0xDA, device_number(p->device), 0, 0, "V-MSC-4", "%s was unloaded and device #%u of it is still registered with WMI",
                     rtl_to_ascii(&driver->object.DriverName, name, sizeof name), device_number(p->device));
    wmi_check_closed(driver);
}
