/*
 * WmiLib: WMI IRPs for providers that would rather give routines and a table (W-WMI-3, W-WMI-4, W-WMI-6).
 *
 * WmiSystemControl finds out whose an IRP is and what it wants, and calls the routine for it; the routine ends with WmiCompleteRequest, which turns the provider's
 * data into a whole WNODE and completes the IRP. REGINFO alone is answered here and left to the driver to complete.
 */
#include "wmi.h"
#include <wmilib.h>

/* A provider's QueryWmiRegInfo that is being called: it does not complete the IRP. */
struct asking {
    struct asking *outer;
    const IRP *irp;
};
static struct asking *asking;

void wmi_lib_boot(void) { asking = NULL; }

/* ---- REGINFO ---- */

struct registration {
    ULONG flags;
    UNICODE_STRING name;
    PUNICODE_STRING path;
    UNICODE_STRING mof;
    PDEVICE_OBJECT pdo;
};

static NTSTATUS ask_driver(const WMILIB_CONTEXT *lib, PDEVICE_OBJECT device, PIRP irp, struct registration *r)
{
    struct asking a = {asking, irp};
    struct callback_frame frame;
    memset(r, 0, sizeof *r);
    asking = &a;
    callback_enter(&frame, DDI_QueryWmiRegInfo, (const void *)lib->QueryWmiRegInfo, device);
    NTSTATUS status = lib->QueryWmiRegInfo(device, &r->flags, &r->name, &r->path, &r->mof, &r->pdo);
    callback_leave(&frame, (ULONG)status);
    struct asking **at = &asking;
    while (*at != &a)
        at = &(*at)->outer;
    *at = a.outer;
    return status;
}

static ULONG put_string(char *info, ULONG *at, PCUNICODE_STRING string)
{
    ULONG offset = *at;
    if (!string || !string->Length)
        return 0;
    memcpy(info + offset, &string->Length, sizeof(USHORT));
    memcpy(info + offset + sizeof(USHORT), string->Buffer, string->Length);
    *at += (ULONG)sizeof(USHORT) + string->Length;
    return offset;
}

static ULONG room_for(PCUNICODE_STRING string) { return string && string->Length ? (ULONG)sizeof(USHORT) + string->Length : 0; }

static void write_reginfo(const WMILIB_CONTEXT *lib, const struct registration *r, WMIREGINFOW *info, ULONG size, bool reference)
{
    ULONG at = FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) + lib->GuidCount * (ULONG)sizeof *info->WmiRegGuid;
    bool by_name = r->flags & WMIREG_FLAG_INSTANCE_BASENAME;
    memset(info, 0, size);
    info->BufferSize = size;
    info->GuidCount = lib->GuidCount;
    ULONG base = by_name ? put_string((char *)info, &at, &r->name) : 0;
    info->RegistryPath = put_string((char *)info, &at, r->path);
    info->MofResourceName = put_string((char *)info, &at, &r->mof);
    for (ULONG i = 0; i < lib->GuidCount; i++) {
        WMIREGGUIDW *g = &info->WmiRegGuid[i];
        g->Guid = *lib->GuidList[i].Guid;
        g->Flags = lib->GuidList[i].Flags | r->flags;
        g->InstanceCount = lib->GuidList[i].InstanceCount;
        if (by_name)
            g->BaseNameOffset = base;
        else if (g->Flags & WMIREG_FLAG_INSTANCE_PDO) {
            g->Pdo = (ULONG_PTR)r->pdo;
            if (reference)
                ob_reference(r->pdo);
        }
    }
}

static NTSTATUS reginfo(const WMILIB_CONTEXT *lib, PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct registration r;
    struct wmi_provider *p = wmi_provider_of(device);
    if (p)
        p->asks_control = lib->WmiFunctionControl;
    irp->IoStatus.Information = 0;
    NTSTATUS status = ask_driver(lib, device, irp, &r);
    if (NT_SUCCESS(status) && r.flags & WMIREG_FLAG_INSTANCE_PDO && (!ob_is_live(r.pdo) || ob_type_of(r.pdo) != OB_DEVICE))
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "W-WMI-4", "QueryWmiRegInfo of device #%u says WMIREG_FLAG_INSTANCE_PDO and names no PDO",
                 device_number(device));
    if (NT_SUCCESS(status)) {
        ULONG needed = wmi_align(FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) + lib->GuidCount * (ULONG)sizeof(WMIREGGUIDW) +
                                 (r.flags & WMIREG_FLAG_INSTANCE_BASENAME ? room_for(&r.name) : 0) + room_for(r.path) + room_for(&r.mof));
        WMIREGINFOW *info = stack->Parameters.WMI.Buffer;
        irp->IoStatus.Information = needed;
        if (needed <= stack->Parameters.WMI.BufferSize) {
            write_reginfo(lib, &r, info, needed, stack->MinorFunction == IRP_MN_REGINFO_EX);
        } else {
            status = STATUS_BUFFER_TOO_SMALL;
            *(ULONG *)info = needed;
            irp->IoStatus.Information = sizeof(ULONG);
        }
    }
    if (r.name.Buffer) /* the driver allocated it for us */
        ex_free_with_tag(r.name.Buffer, 0, NULL);
    return status;
}

/* ---- The other minor functions ---- */

struct query {
    const WMILIB_CONTEXT *lib;
    PDEVICE_OBJECT device;
    PIRP irp;
    PIO_STACK_LOCATION stack;
    ULONG guid, instance;
    bool called;            /* the driver's routine was: it answers for the IRP */
};

/* Data of one instance, between two offsets of the WNODE. */
static void *data_at(const struct query *q, ULONG offset) { return (char *)q->stack->Parameters.WMI.Buffer + offset; }

static NTSTATUS returned(struct callback_frame *frame, NTSTATUS status)
{
    callback_leave(frame, (ULONG)status);
    return status;
}

#define CALL(q, ddi, routine, ...) \
    ((q)->called = true, callback_enter(&frame, ddi, (const void *)(routine), (q)->irp), returned(&frame, (routine)(__VA_ARGS__)))

static NTSTATUS query_all(struct query *q)
{
    struct callback_frame frame;
    WNODE_ALL_DATA *all = q->stack->Parameters.WMI.Buffer;
    ULONG size = q->stack->Parameters.WMI.BufferSize, count = q->lib->GuidList[q->guid].InstanceCount;
    ULONG offset = wmi_align(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) + count * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
    bool fits = offset <= size;
    if (size < FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength))
        return STATUS_BUFFER_TOO_SMALL;
    all->DataBlockOffset = offset;
    all->InstanceCount = count;
    all->OffsetInstanceNameOffsets = 0;
    return CALL(q, DDI_QueryWmiDataBlock, q->lib->QueryWmiDataBlock, q->device, q->irp, q->guid, 0, count,
                fits ? (PULONG)all->OffsetInstanceDataAndLength : NULL, fits ? size - offset : 0, fits ? data_at(q, offset) : NULL);
}

static NTSTATUS query_single(struct query *q)
{
    struct callback_frame frame;
    WNODE_SINGLE_INSTANCE *single = q->stack->Parameters.WMI.Buffer;
    ULONG size = q->stack->Parameters.WMI.BufferSize, offset = single->DataBlockOffset;
    bool fits = offset < size;
    return CALL(q, DDI_QueryWmiDataBlock, q->lib->QueryWmiDataBlock, q->device, q->irp, q->guid, q->instance, 1, fits ? &single->SizeDataBlock : NULL,
                fits ? size - offset : 0, fits ? data_at(q, offset) : NULL);
}

static NTSTATUS set_instance(struct query *q)
{
    struct callback_frame frame;
    const WNODE_SINGLE_INSTANCE *single = q->stack->Parameters.WMI.Buffer;
    if (!q->lib->SetWmiDataBlock)
        return STATUS_WMI_READ_ONLY;
    return CALL(q, DDI_SetWmiDataBlock, q->lib->SetWmiDataBlock, q->device, q->irp, q->guid, q->instance, single->SizeDataBlock,
                data_at(q, single->DataBlockOffset));
}

static NTSTATUS set_item(struct query *q)
{
    struct callback_frame frame;
    const WNODE_SINGLE_ITEM *item = q->stack->Parameters.WMI.Buffer;
    if (!q->lib->SetWmiDataItem)
        return STATUS_WMI_READ_ONLY;
    return CALL(q, DDI_SetWmiDataItem, q->lib->SetWmiDataItem, q->device, q->irp, q->guid, q->instance, item->ItemId, item->SizeDataItem,
                data_at(q, item->DataBlockOffset));
}

static NTSTATUS execute(struct query *q)
{
    struct callback_frame frame;
    const WNODE_METHOD_ITEM *method = q->stack->Parameters.WMI.Buffer;
    if (!q->lib->ExecuteWmiMethod)
        return STATUS_INVALID_DEVICE_REQUEST;
    return CALL(q, DDI_ExecuteWmiMethod, q->lib->ExecuteWmiMethod, q->device, q->irp, q->guid, q->instance, method->MethodId, method->SizeDataBlock,
                q->stack->Parameters.WMI.BufferSize - method->DataBlockOffset, data_at(q, method->DataBlockOffset));
}

static NTSTATUS control(struct query *q)
{
    struct callback_frame frame;
    UCHAR minor = q->stack->MinorFunction;
    bool events = minor <= IRP_MN_DISABLE_EVENTS, enable = minor == IRP_MN_ENABLE_EVENTS || minor == IRP_MN_ENABLE_COLLECTION;
    if (!q->lib->WmiFunctionControl)
        return STATUS_SUCCESS;
    return CALL(q, DDI_WmiFunctionControl, q->lib->WmiFunctionControl, q->device, q->irp, q->guid, events ? WmiEventControl : WmiDataBlockControl,
                (BOOLEAN)enable);
}

static bool find_guid(struct query *q)
{
    const GUID *guid = q->stack->Parameters.WMI.DataPath;
    for (q->guid = 0; q->guid < q->lib->GuidCount; q->guid++)
        if (!memcmp(q->lib->GuidList[q->guid].Guid, guid, sizeof *guid))
            return true;
    return false;
}

static bool is_of_instance(UCHAR minor)
{
    return minor == IRP_MN_QUERY_SINGLE_INSTANCE || minor == IRP_MN_CHANGE_SINGLE_INSTANCE || minor == IRP_MN_CHANGE_SINGLE_ITEM || minor == IRP_MN_EXECUTE_METHOD;
}

static NTSTATUS carry_out(struct query *q)
{
    if (!find_guid(q))
        return STATUS_WMI_GUID_NOT_FOUND;
    if (is_of_instance(q->stack->MinorFunction)) {
        const WNODE_SINGLE_INSTANCE *single = q->stack->Parameters.WMI.Buffer;
        q->instance = single->InstanceIndex;
        if (!(single->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) || q->instance >= q->lib->GuidList[q->guid].InstanceCount)
            return STATUS_WMI_INSTANCE_NOT_FOUND;
    }
    switch (q->stack->MinorFunction) {
    case IRP_MN_QUERY_ALL_DATA: return query_all(q);
    case IRP_MN_QUERY_SINGLE_INSTANCE: return query_single(q);
    case IRP_MN_CHANGE_SINGLE_INSTANCE: return set_instance(q);
    case IRP_MN_CHANGE_SINGLE_ITEM: return set_item(q);
    case IRP_MN_EXECUTE_METHOD: return execute(q);
    default: return control(q);
    }
}

static bool is_wmi(const IO_STACK_LOCATION *stack)
{
    return stack->MajorFunction == IRP_MJ_SYSTEM_CONTROL && (stack->MinorFunction <= IRP_MN_EXECUTE_METHOD || stack->MinorFunction == IRP_MN_REGINFO_EX);
}

static NTSTATUS system_control(const WMILIB_CONTEXT *lib, PDEVICE_OBJECT device, PIRP irp, PSYSCTL_IRP_DISPOSITION disposition)
{
    struct query q = {.lib = lib, .device = device, .irp = irp, .stack = io_get_current_irp_stack_location(irp)};
    NTSTATUS status;
    *disposition = IrpNotWmi;
    if (!is_wmi(q.stack))
        return irp->IoStatus.Status;
    *disposition = IrpForward;
    if (q.stack->Parameters.WMI.ProviderId != (ULONG_PTR)device)
        return irp->IoStatus.Status;
    *disposition = IrpProcessed; /* the driver's routine may look at it */
    if (q.stack->MinorFunction == IRP_MN_REGINFO || q.stack->MinorFunction == IRP_MN_REGINFO_EX)
        status = reginfo(lib, device, irp, q.stack);
    else {
        irp->IoStatus.Information = 0;
        status = carry_out(&q);
    }
    if (!q.called) {
        *disposition = IrpNotCompleted;
        irp->IoStatus.Status = status;
    }
    return status;
}

NTSTATUS WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp, PSYSCTL_IRP_DISPOSITION IrpDisposition)
{
    gate_enter(DDI_WmiSystemControl, trace_object(DeviceObject), trace_object(Irp));
    irp_require(Irp, "WmiSystemControl", 0x44, 0);
    NTSTATUS status = system_control(WmiLibInfo, DeviceObject, Irp, IrpDisposition);
    msan_define(IrpDisposition, sizeof *IrpDisposition);
    gate_leave((ULONG)status);
    return status;
}

/* ---- The end of a request ---- */

/* Where the data begins, and how much room the provider had for it; false: the minor function returns none. */
static bool data_room(const IO_STACK_LOCATION *stack, ULONG *offset, ULONG *room)
{
    const void *wnode = stack->Parameters.WMI.Buffer;
    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_ALL_DATA: *offset = ((const WNODE_ALL_DATA *)wnode)->DataBlockOffset; break;
    case IRP_MN_QUERY_SINGLE_INSTANCE: *offset = ((const WNODE_SINGLE_INSTANCE *)wnode)->DataBlockOffset; break;
    case IRP_MN_EXECUTE_METHOD: *offset = ((const WNODE_METHOD_ITEM *)wnode)->DataBlockOffset; break;
    default: return false;
    }
    ULONG size = stack->Parameters.WMI.BufferSize;
    *room = size > *offset ? size - *offset : 0;
    return true;
}

/* The driver wrote the instances' lengths one behind the other; in the WNODE each stands beside its offset. */
static void spread_lengths(WNODE_ALL_DATA *all)
{
    OFFSETINSTANCEDATAANDLENGTH *entry = all->OffsetInstanceDataAndLength;
    const ULONG *lengths = (const ULONG *)entry;
    for (ULONG i = all->InstanceCount; i-- > 0;)
        entry[i].LengthInstanceData = lengths[i];
    ULONG offset = all->DataBlockOffset;
    for (ULONG i = 0; i < all->InstanceCount; i++) {
        entry[i].OffsetInstanceData = offset;
        offset = wmi_align(offset + entry[i].LengthInstanceData);
    }
}

static ULONG finish_wnode(const IO_STACK_LOCATION *stack, ULONG offset, ULONG used)
{
    WNODE_HEADER *h = stack->Parameters.WMI.Buffer;
    if (stack->MinorFunction == IRP_MN_QUERY_ALL_DATA)
        spread_lengths((WNODE_ALL_DATA *)h);
    else if (stack->MinorFunction == IRP_MN_QUERY_SINGLE_INSTANCE)
        ((WNODE_SINGLE_INSTANCE *)h)->SizeDataBlock = used;
    else
        ((WNODE_METHOD_ITEM *)h)->SizeDataBlock = used;
    h->Flags |= WNODE_FLAG_STATIC_INSTANCE_NAMES;
    return h->BufferSize = offset + used;
}

static ULONG too_small(const IO_STACK_LOCATION *stack, ULONG offset, ULONG used)
{
    WNODE_TOO_SMALL *wnode = stack->Parameters.WMI.Buffer;
    wnode->WnodeHeader.BufferSize = sizeof *wnode;
    wnode->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
    wnode->SizeNeeded = offset + used;
    return sizeof *wnode;
}

static NTSTATUS finish(PIRP irp, const IO_STACK_LOCATION *stack, NTSTATUS status, ULONG used)
{
    ULONG offset, room;
    irp->IoStatus.Information = 0;
    if (data_room(stack, &offset, &room)) {
        if (NT_SUCCESS(status) && used > room)
            bugcheck(OWN_RULE, irp_info(irp)->number, used, room, 0, "V-WMI-3",
                     "WmiCompleteRequest says that %u bytes of IRP #%u were used, there was room for %u", used, irp_info(irp)->number, room);
        if (NT_SUCCESS(status)) {
            irp->IoStatus.Information = finish_wnode(stack, offset, used);
        } else if (status == STATUS_BUFFER_TOO_SMALL && stack->Parameters.WMI.BufferSize >= sizeof(WNODE_TOO_SMALL)) {
            irp->IoStatus.Information = too_small(stack, offset, used);
            status = STATUS_SUCCESS;
        }
    }
    irp->IoStatus.Status = status;
    return status;
}

NTSTATUS WmiCompleteRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status, ULONG BufferUsed, CCHAR PriorityBoost)
{
    gate_enter(DDI_WmiCompleteRequest, trace_object(Irp), (ULONG)Status);
    struct irp_record *r = irp_require(Irp, "WmiCompleteRequest", 0x44, 0);
    (void)DeviceObject;
    for (const struct asking *a = asking; a; a = a->outer)
        if (a->irp == Irp)
            bugcheck(OWN_RULE, r->info.number, 0, 0, 0, "V-WMI-3", "WmiCompleteRequest on IRP #%u in QueryWmiRegInfo, which only answers", r->info.number);
    io_check_owner(Irp, r, "WmiCompleteRequest", 0x209, CALLER);
    NTSTATUS status = finish(Irp, io_get_current_irp_stack_location(Irp), Status, BufferUsed);
    io_check_answered(Irp, r);
    io_complete_request(Irp, PriorityBoost);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Events ---- */

static NTSTATUS fire(PDEVICE_OBJECT device, const GUID *guid, ULONG instance, ULONG size, const void *data)
{
    struct wmi_provider *p = wmi_provider_of(device);
    struct wmi_guid *g = p ? wmi_guid_of(p, guid) : NULL;
    if (g && p->asks_control && !g->ever_enabled)
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "V-WMI-3",
                 "WmiFireEvent on device #%u, whose WmiFunctionControl was never told that anybody wants this event", device_number(device));
    ULONG offset = wmi_align(FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData));
    if (size > 0xFFFF)
        return STATUS_BUFFER_OVERFLOW;
    WNODE_SINGLE_INSTANCE *wnode =
        (WNODE_SINGLE_INSTANCE *)wmi_wnode(guid, WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_STATIC_INSTANCE_NAMES, offset + size, offset + size);
    if (!wnode)
        return STATUS_INSUFFICIENT_RESOURCES;
    wnode->WnodeHeader.ProviderId = p ? p->id : 0;
    wnode->InstanceIndex = instance;
    wnode->DataBlockOffset = offset;
    wnode->SizeDataBlock = size;
    if (size)
        memcpy((char *)wnode + offset, data, size);
    NTSTATUS status = wmi_post_event(&wnode->WnodeHeader);
    wmi_free_wnode(wnode);
    return status;
}

NTSTATUS WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex, ULONG EventDataSize, PVOID EventData)
{
    gate_enter(DDI_WmiFireEvent, trace_object(DeviceObject), EventDataSize);
    if (EventDataSize && !EventData)
        bugcheck(OWN_RULE, EventDataSize, 0, 0, 0, "W-WMI-6", "WmiFireEvent is given %u bytes of data at NULL", EventDataSize);
    if (EventDataSize) {
        memory_check(EventData, EventDataSize, "the data of WmiFireEvent");
        long long hole = msan_first_undefined(EventData, EventDataSize);
        if (hole >= 0)
            bugcheck(OWN_UNINITIALIZED_COPYOUT, (uint64_t)hole, EventDataSize, 0, 0, "W-BUF-12", "WmiFireEvent is given %u bytes, of which byte %lld was never written",
                     EventDataSize, hole);
    }
    NTSTATUS status = choose_fault(DDI_WmiFireEvent) ? STATUS_INSUFFICIENT_RESOURCES : fire(DeviceObject, Guid, InstanceIndex, EventDataSize, EventData);
    if (EventData) /* the library's from the call on, whatever comes of it */
        ex_free_with_tag(EventData, 0, CALLER);
    gate_leave((ULONG)status);
    return status;
}
