/*
 * See wmi.h: IRP_MJ_SYSTEM_CONTROL of a framework device (K-WMI-2). What is for another device of the stack, or no WMI request at all, is passed on; the rest is
 * answered here, with the help of the driver's callbacks, at PASSIVE_LEVEL and in the sender's thread.
 */
#include "wmi.h"
#include "../nt/io/io.h"

static ULONG align8(ULONG offset) { return (offset + 7) & ~7u; }

/* One request, with the provider that it is for. */
struct wmi_request {
    struct fx_device *device;
    PIRP irp;
    PIO_STACK_LOCATION stack;
    struct fx_wmi_provider *provider;
};

static void *at(const struct wmi_request *r, ULONG offset) { return (char *)r->stack->Parameters.WMI.Buffer + offset; }
static ULONG room_behind(const struct wmi_request *r, ULONG offset)
{
    ULONG size = r->stack->Parameters.WMI.BufferSize;
    return size > offset ? size - offset : 0;
}

static NTSTATUS too_small(const struct wmi_request *r, ULONG needed)
{
    WNODE_TOO_SMALL *w = r->stack->Parameters.WMI.Buffer;
    if (r->stack->Parameters.WMI.BufferSize < sizeof *w)
        return STATUS_BUFFER_TOO_SMALL;
    w->WnodeHeader.BufferSize = sizeof *w;
    w->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
    w->SizeNeeded = needed;
    r->irp->IoStatus.Information = sizeof *w;
    return STATUS_SUCCESS;
}

/* ---- The driver's callbacks ---- */

static void judge(const struct fx_wmi_instance *i, const char *what, NTSTATUS status, ULONG used, ULONG room)
{
    if (status == STATUS_PENDING)
        fx_misuse("K-WMI-2", "%s of WMI instance #%u returned STATUS_PENDING: it answers at once", what, i->object.number);
    if (NT_SUCCESS(status) && used > room)
        fx_misuse("V-WMI-3", "%s of WMI instance #%u says that it used %u bytes, there was room for %u", what, i->object.number, used, room);
}

/* STATUS_BUFFER_TOO_SMALL: *used is what is needed. */
static NTSTATUS query_instance(struct fx_wmi_instance *i, ULONG room, void *buffer, ULONG *used)
{
    ULONG least = i->provider->config.MinInstanceBufferSize;
    PFN_WDF_WMI_INSTANCE_QUERY_INSTANCE routine = i->config.EvtWmiInstanceQueryInstance;
    *used = least;
    if (room < least)
        return STATUS_BUFFER_TOO_SMALL;
    if (i->config.UseContextForQuery) {
        memcpy(buffer, i->object.contexts + 1, least);
        return STATUS_SUCCESS;
    }
    *used = 0;
    if (!routine)
        return STATUS_NOT_SUPPORTED;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWmiInstanceQueryInstance, routine, i);
    NTSTATUS status = routine((WDFWMIINSTANCE)i, room, buffer, used);
    callback_leave(&frame, (ULONG)status);
    judge(i, "EvtWmiInstanceQueryInstance", status, *used, room);
    return status;
}

static NTSTATUS of_set(const struct fx_wmi_instance *i, const char *what, NTSTATUS status)
{
    judge(i, what, status, 0, 0);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_WMI_SET_FAILURE : status;
}

static NTSTATUS set_instance(struct fx_wmi_instance *i, ULONG size, void *buffer)
{
    PFN_WDF_WMI_INSTANCE_SET_INSTANCE routine = i->config.EvtWmiInstanceSetInstance;
    if (!routine || i->provider->config.Flags & WdfWmiProviderReadOnly)
        return STATUS_WMI_READ_ONLY;
    if (size < i->provider->config.MinInstanceBufferSize)
        return STATUS_BUFFER_TOO_SMALL;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWmiInstanceSetInstance, routine, i);
    NTSTATUS status = routine((WDFWMIINSTANCE)i, size, buffer);
    callback_leave(&frame, (ULONG)status);
    return of_set(i, "EvtWmiInstanceSetInstance", status);
}

static NTSTATUS set_item(struct fx_wmi_instance *i, ULONG item, ULONG size, void *buffer)
{
    PFN_WDF_WMI_INSTANCE_SET_ITEM routine = i->config.EvtWmiInstanceSetItem;
    if (!routine || i->provider->config.Flags & WdfWmiProviderReadOnly)
        return STATUS_WMI_READ_ONLY;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWmiInstanceSetItem, routine, i);
    NTSTATUS status = routine((WDFWMIINSTANCE)i, item, size, buffer);
    callback_leave(&frame, (ULONG)status);
    return of_set(i, "EvtWmiInstanceSetItem", status);
}

static NTSTATUS execute(struct fx_wmi_instance *i, ULONG method, ULONG in, ULONG out, void *buffer, ULONG *used)
{
    PFN_WDF_WMI_INSTANCE_EXECUTE_METHOD routine = i->config.EvtWmiInstanceExecuteMethod;
    *used = 0;
    if (!routine)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWmiInstanceExecuteMethod, routine, i);
    NTSTATUS status = routine((WDFWMIINSTANCE)i, method, in, out, buffer, used);
    callback_leave(&frame, (ULONG)status);
    judge(i, "EvtWmiInstanceExecuteMethod", status, *used, out);
    return status;
}

/* ---- One instance ---- */

static struct fx_wmi_instance *instance_of(const struct wmi_request *r)
{
    const WNODE_SINGLE_INSTANCE *w = r->stack->Parameters.WMI.Buffer;
    return w->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES ? fx_wmi_instance_at(r->provider, w->InstanceIndex) : NULL;
}

static NTSTATUS query_single(const struct wmi_request *r, struct fx_wmi_instance *i)
{
    WNODE_SINGLE_INSTANCE *w = r->stack->Parameters.WMI.Buffer;
    ULONG offset = w->DataBlockOffset, room = room_behind(r, offset), used;
    NTSTATUS status = query_instance(i, room, at(r, offset), &used);
    if (status == STATUS_BUFFER_TOO_SMALL && used > room)
        return too_small(r, offset + used);
    if (!NT_SUCCESS(status))
        return status;
    w->SizeDataBlock = used;
    w->WnodeHeader.BufferSize = offset + used;
    r->irp->IoStatus.Information = offset + used;
    return status;
}

static NTSTATUS execute_method(const struct wmi_request *r, struct fx_wmi_instance *i)
{
    WNODE_METHOD_ITEM *w = r->stack->Parameters.WMI.Buffer;
    ULONG offset = w->DataBlockOffset, room = room_behind(r, offset), used;
    if (w->SizeDataBlock > room)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = execute(i, w->MethodId, w->SizeDataBlock, room, at(r, offset), &used);
    if (status == STATUS_BUFFER_TOO_SMALL && used > room)
        return too_small(r, offset + used);
    if (!NT_SUCCESS(status))
        return status;
    w->SizeDataBlock = used;
    w->WnodeHeader.BufferSize = offset + used;
    r->irp->IoStatus.Information = offset + used;
    return status;
}

static NTSTATUS change_instance(const struct wmi_request *r, struct fx_wmi_instance *i)
{
    const WNODE_SINGLE_INSTANCE *w = r->stack->Parameters.WMI.Buffer;
    if (w->SizeDataBlock > room_behind(r, w->DataBlockOffset))
        return STATUS_INVALID_PARAMETER;
    return set_instance(i, w->SizeDataBlock, at(r, w->DataBlockOffset));
}

static NTSTATUS change_item(const struct wmi_request *r, struct fx_wmi_instance *i)
{
    const WNODE_SINGLE_ITEM *w = r->stack->Parameters.WMI.Buffer;
    if (w->SizeDataItem > room_behind(r, w->DataBlockOffset))
        return STATUS_INVALID_PARAMETER;
    return set_item(i, w->ItemId, w->SizeDataItem, at(r, w->DataBlockOffset));
}

/* It may be deregistered and deleted while its callback runs. */
static NTSTATUS with_instance(const struct wmi_request *r, NTSTATUS (*handler)(const struct wmi_request *, struct fx_wmi_instance *))
{
    struct fx_wmi_instance *i = instance_of(r);
    if (!i)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    fx_object_reference(&i->object);
    fx_object_reference(&i->provider->object);
    struct fx_wmi_provider *p = i->provider;
    NTSTATUS status = handler(r, i);
    fx_object_dereference(&i->object);
    fx_object_dereference(&p->object);
    return status;
}

/* ---- All instances ---- */

static NTSTATUS query_each(const struct wmi_request *r, struct fx_wmi_instance *const *instances, ULONG count)
{
    WNODE_ALL_DATA *w = r->stack->Parameters.WMI.Buffer;
    ULONG offset = align8(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) + count * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
    ULONG end = offset;
    bool fits = offset <= r->stack->Parameters.WMI.BufferSize;
    w->DataBlockOffset = offset;
    w->InstanceCount = count;
    w->OffsetInstanceNameOffsets = 0;
    for (ULONG i = 0; i < count; i++) {
        ULONG used, room = fits ? room_behind(r, offset) : 0;
        NTSTATUS status = query_instance(instances[i], room, room ? at(r, offset) : at(r, r->stack->Parameters.WMI.BufferSize), &used);
        if (status == STATUS_BUFFER_TOO_SMALL && used > room)
            fits = false;
        else if (!NT_SUCCESS(status))
            return status;
        if (fits)
            w->OffsetInstanceDataAndLength[i] = (OFFSETINSTANCEDATAANDLENGTH){offset, used};
        end = offset + used;
        offset = align8(end);
    }
    if (!fits)
        return too_small(r, end);
    w->WnodeHeader.Flags |= WNODE_FLAG_STATIC_INSTANCE_NAMES;
    w->WnodeHeader.BufferSize = end;
    r->irp->IoStatus.Information = end;
    return STATUS_SUCCESS;
}

/* Those that are registered now, held: they may come and go while the driver is asked. */
static NTSTATUS query_all(const struct wmi_request *r)
{
    struct fx_wmi_provider *p = r->provider;
    ULONG count = p->count;
    if (r->stack->Parameters.WMI.BufferSize < FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength))
        return STATUS_BUFFER_TOO_SMALL;
    struct fx_wmi_instance **held = ex_system_alloc((count + 1) * sizeof *held);
    fx_object_reference(&p->object);
    for (ULONG i = 0; i < count; i++) {
        held[i] = fx_wmi_instance_at(p, i);
        fx_object_reference(&held[i]->object);
    }
    NTSTATUS status = query_each(r, held, count);
    for (ULONG i = 0; i < count; i++)
        fx_object_dereference(&held[i]->object);
    fx_object_dereference(&p->object);
    ex_system_free(held);
    return status;
}

/* ---- Enabling ---- */

static NTSTATUS control(const struct wmi_request *r, WDF_WMI_PROVIDER_CONTROL what, BOOLEAN enable)
{
    struct fx_wmi_provider *p = r->provider;
    PFN_WDF_WMI_PROVIDER_FUNCTION_CONTROL routine = p->config.EvtWmiProviderFunctionControl;
    bool *enabled = &p->enabled[what - WdfWmiEventControl], before = *enabled;
    *enabled = enable; /* the callback may ask */
    if (p->config.Flags & WdfWmiProviderTracing)
        p->tracing_handle = enable ? ((const WNODE_HEADER *)r->stack->Parameters.WMI.Buffer)->HistoricalContext : 0;
    if (!routine)
        return STATUS_SUCCESS;
    fx_object_reference(&p->object);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtWmiProviderFunctionControl, routine, p);
    NTSTATUS status = routine((WDFWMIPROVIDER)p, what, enable);
    callback_leave(&frame, (ULONG)status);
    if (status == STATUS_PENDING)
        fx_misuse("K-WMI-2", "EvtWmiProviderFunctionControl of WMI provider #%u returned STATUS_PENDING: it answers at once", p->object.number);
    if (!NT_SUCCESS(status))
        *enabled = before;
    fx_object_dereference(&p->object);
    return status;
}

/* ---- REGINFO ---- */

static ULONG string_room(PCUNICODE_STRING s) { return s && s->Length ? (ULONG)sizeof(USHORT) + s->Length : 0; }

static ULONG put_string(char *info, ULONG *end, PCUNICODE_STRING s)
{
    ULONG offset = *end;
    if (!string_room(s))
        return 0;
    memcpy(info + offset, &s->Length, sizeof(USHORT));
    memcpy(info + offset + sizeof(USHORT), s->Buffer, s->Length);
    *end += string_room(s);
    return offset;
}

static ULONG registration_flags(const struct fx_wmi_provider *p)
{
    ULONG flags = p->config.Flags;
    return (flags & WdfWmiProviderEventOnly ? WMIREG_FLAG_EVENT_ONLY_GUID : 0) | (flags & WdfWmiProviderExpensive ? WMIREG_FLAG_EXPENSIVE : 0) |
           (flags & WdfWmiProviderTracing ? WMIREG_FLAG_TRACED_GUID | WMIREG_FLAG_TRACE_CONTROL_GUID : 0) |
           (!p->count && !(flags & WdfWmiProviderTracing) ? WMIREG_FLAG_REMOVE_GUID : 0);
}

/* A control device has no PDO to be named after. */
static void put_provider(const struct wmi_request *r, const struct fx_wmi_provider *p, WMIREGGUIDW *g, ULONG base)
{
    g->Guid = p->config.Guid;
    g->Flags = registration_flags(p);
    g->InstanceCount = p->count;
    if (base) {
        g->Flags |= WMIREG_FLAG_INSTANCE_BASENAME;
        g->BaseNameOffset = base;
    } else if (!(g->Flags & (WMIREG_FLAG_REMOVE_GUID | WMIREG_FLAG_TRACED_GUID))) {
        g->Flags |= WMIREG_FLAG_INSTANCE_PDO;
        g->Pdo = (ULONG_PTR)r->device->pdo;
        if (r->stack->MinorFunction == IRP_MN_REGINFO_EX)
            ob_reference(r->device->pdo);
    }
}

static NTSTATUS reginfo(const struct wmi_request *r)
{
    struct fx_device *device = r->device;
    LIST_ENTRY *head = &device->own->wmi.providers;
    static WCHAR control_name[] = L"Control";
    const UNICODE_STRING unnamed = {sizeof control_name - 2, sizeof control_name, control_name};
    PCUNICODE_STRING path = &device->object.driver->registry_path, mof = &device->own->wmi.mof, base = device->control ? io_device_name(device->wdm) : NULL;
    ULONG count = 0;
    if (device->control && !base)
        base = &unnamed;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        count++;
    ULONG end = FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) + count * (ULONG)sizeof(WMIREGGUIDW);
    ULONG needed = align8(end + string_room(base) + string_room(path) + string_room(mof));
    WMIREGINFOW *info = r->stack->Parameters.WMI.Buffer;
    if (needed > r->stack->Parameters.WMI.BufferSize) {
        *(ULONG *)info = needed;
        r->irp->IoStatus.Information = sizeof(ULONG);
        return STATUS_BUFFER_TOO_SMALL;
    }
    memset(info, 0, needed);
    info->BufferSize = needed;
    info->GuidCount = count;
    ULONG base_offset = put_string((char *)info, &end, base);
    info->RegistryPath = put_string((char *)info, &end, path);
    info->MofResourceName = put_string((char *)info, &end, mof);
    WMIREGGUIDW *g = info->WmiRegGuid;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        put_provider(r, CONTAINING_RECORD(e, struct fx_wmi_provider, entry), g++, base_offset);
    r->irp->IoStatus.Information = needed;
    return STATUS_SUCCESS;
}

/* ---- Dispatch ---- */

static NTSTATUS answer(struct wmi_request *r)
{
    UCHAR minor = r->stack->MinorFunction;
    if (minor == IRP_MN_REGINFO || minor == IRP_MN_REGINFO_EX)
        return reginfo(r);
    r->provider = fx_wmi_find(r->device, r->stack->Parameters.WMI.DataPath);
    if (!r->provider)
        return STATUS_WMI_GUID_NOT_FOUND;
    switch (minor) {
    case IRP_MN_QUERY_ALL_DATA: return query_all(r);
    case IRP_MN_QUERY_SINGLE_INSTANCE: return with_instance(r, query_single);
    case IRP_MN_CHANGE_SINGLE_INSTANCE: return with_instance(r, change_instance);
    case IRP_MN_CHANGE_SINGLE_ITEM: return with_instance(r, change_item);
    case IRP_MN_EXECUTE_METHOD: return with_instance(r, execute_method);
    case IRP_MN_ENABLE_EVENTS: return control(r, WdfWmiEventControl, TRUE);
    case IRP_MN_DISABLE_EVENTS: return control(r, WdfWmiEventControl, FALSE);
    case IRP_MN_ENABLE_COLLECTION: return control(r, WdfWmiInstanceControl, TRUE);
    default: return control(r, WdfWmiInstanceControl, FALSE);
    }
}

NTSTATUS fx_wmi_dispatch(struct fx_device *device, PIRP irp)
{
    struct wmi_request r = {.device = device, .irp = irp, .stack = io_get_current_irp_stack_location(irp)};
    UCHAR minor = r.stack->MinorFunction;
    bool known = minor <= IRP_MN_EXECUTE_METHOD || minor == IRP_MN_REGINFO_EX;
    if (!known || r.stack->Parameters.WMI.ProviderId != (ULONG_PTR)device->wdm)
        return fx_forward(device, irp);
    irp->IoStatus.Information = 0;
    return fx_complete(irp, answer(&r));
}
