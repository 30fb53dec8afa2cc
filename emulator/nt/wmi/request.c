/*
 * See wmi.h: queries, changes and methods (W-WMI-2..5).
 *
 * The provider writes into a WNODE that lies in nonpaged memory and ends where the room for its data ends; what comes back is checked, since the service copies what
 * the WNODE says to whoever asked.
 */
#include "wmi.h"

#define LARGEST_ROOM (1u << 20)

/* ---- WNODEs ---- */

WNODE_HEADER *wmi_wnode(const GUID *guid, ULONG flags, ULONG size, ULONG defined)
{
    WNODE_HEADER *h = ex_allocate(POOL_NONPAGED, size, WMI_TAG, NULL, false);
    if (!h)
        return NULL;
    memset(h, 0, defined);
    msan_define(h, defined);
    h->BufferSize = size;
    h->Guid = *guid;
    h->Flags = flags;
    h->Version = 1;
    return h;
}

void wmi_free_wnode(void *wnode) { ex_free_with_tag(wnode, 0, NULL); }

/* The three kinds that concern one instance begin alike: offset of the name, index, (the item or the method,) offset and size of the data. */
struct single {
    WNODE_HEADER *header;
    ULONG *index, *id, *data_offset, *data_size;
};

static void name_fields(struct single *s, WNODE_HEADER *h)
{
    s->header = h;
    ULONG *field = (ULONG *)(h + 1);
    bool has_id = h->Flags & (WNODE_FLAG_SINGLE_ITEM | WNODE_FLAG_METHOD_ITEM);
    s->index = field + 1;
    s->id = has_id ? field + 2 : NULL;
    s->data_offset = field + 2 + has_id;
    s->data_size = field + 3 + has_id;
}

#define SINGLE_FIXED 68u /* of the longer kinds; names begin behind it */
_Static_assert(FIELD_OFFSET(WNODE_SINGLE_ITEM, VariableData) <= SINGLE_FIXED && FIELD_OFFSET(WNODE_METHOD_ITEM, VariableData) <= SINGLE_FIXED &&
                   FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData) <= SINGLE_FIXED, "names would overlap");

/* With the instance's name and room for data; `length` bytes of data are there, the rest was never written. */
static bool make_single(struct single *s, const struct wmi_guid *g, ULONG flags, ULONG instance, ULONG id, const void *data, ULONG length, ULONG room)
{
    UNICODE_STRING name = wmi_instance_name(g, instance);
    ULONG data_offset = wmi_align(SINGLE_FIXED + (ULONG)sizeof(USHORT) + name.Length);
    flags |= WNODE_FLAG_STATIC_INSTANCE_NAMES;
    WNODE_HEADER *h = wmi_wnode(&g->guid, flags, data_offset + (room > length ? room : length), data_offset);
    if (h) {
        name_fields(s, h);
        *(ULONG *)(h + 1) = SINGLE_FIXED;
        *s->index = instance;
        if (s->id)
            *s->id = id;
        *s->data_offset = data_offset;
        *s->data_size = length;
        char *text = (char *)h + SINGLE_FIXED;
        memcpy(text, &name.Length, sizeof(USHORT));
        if (name.Length)
            memcpy(text + sizeof(USHORT), name.Buffer, name.Length);
        if (length) {
            memcpy((char *)h + data_offset, data, length);
            msan_define((char *)h + data_offset, length);
        }
    }
    if (name.Buffer)
        ex_system_free(name.Buffer);
    return h != NULL;
}

/* ---- What comes back ---- */

_Noreturn static void wrong_answer(const struct wmi_provider *p, uint64_t a, uint64_t b, const char *what)
{
    bugcheck(OWN_RULE, device_number(p->device), a, b, 0, "W-WMI-5", "device #%u answered a WMI query with %s (%llu, where %llu would do)",
             device_number(p->device), what, (unsigned long long)a, (unsigned long long)b);
}

static void check_data(const struct wmi_provider *p, const WNODE_HEADER *h, ULONG size, ULONG offset, ULONG length)
{
    if (offset > size || length > size - offset)
        wrong_answer(p, (uint64_t)offset + length, size, "data behind the end of its WNODE");
    if (offset % 8 && length)
        wrong_answer(p, offset, wmi_align(offset), "data that is not aligned to 8 bytes");
    long long hole = msan_first_undefined((const char *)h + offset, length);
    if (hole >= 0)
        bugcheck(OWN_UNINITIALIZED_COPYOUT, device_number(p->device), (uint64_t)hole, length, 0, "W-BUF-12",
                 "device #%u gives %u bytes of a WMI data block to who asked, of which byte %lld was never written", device_number(p->device), length, hole);
    trace(TRACE_DATA, IRP_MJ_SYSTEM_CONTROL, length, trace_hash_bytes((const char *)h + offset, length));
}

/* Sends the query; STATUS_BUFFER_TOO_SMALL and *needed (bytes of the whole WNODE) if the provider says so by a WNODE_TOO_SMALL. */
static NTSTATUS query(struct wmi_provider *p, UCHAR minor, struct wmi_guid *g, WNODE_HEADER *h, ULONG *size, ULONG *needed)
{
    ULONG room = h->BufferSize;
    ULONG_PTR information = 0;
    NTSTATUS status = wmi_send(p, minor, &g->guid, room, h, &information);
    if (!NT_SUCCESS(status))
        return status;
    if (information > room)
        wrong_answer(p, information, room, "more bytes than its buffer has");
    if (information < sizeof *h)
        wrong_answer(p, information, sizeof *h, "less than a WNODE");
    *size = (ULONG)information;
    if (!(h->Flags & WNODE_FLAG_TOO_SMALL))
        return STATUS_SUCCESS;
    if (information < FIELD_OFFSET(WNODE_TOO_SMALL, SizeNeeded) + sizeof(ULONG))
        wrong_answer(p, information, sizeof(WNODE_TOO_SMALL), "a WNODE_TOO_SMALL that does not say what is needed");
    *needed = ((WNODE_TOO_SMALL *)h)->SizeNeeded;
    if (*needed <= room)
        wrong_answer(p, *needed, room, "a WNODE_TOO_SMALL although there is the room that it wants");
    return STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS wmi_query_instance(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG room, WNODE_SINGLE_INSTANCE **wnode, ULONG *needed)
{
    struct single s;
    ULONG size = 0, of_wnode = 0;
    *wnode = NULL;
    *needed = 0;
    if (room > LARGEST_ROOM || !make_single(&s, g, WNODE_FLAG_SINGLE_INSTANCE, instance, 0, NULL, 0, room))
        return STATUS_INSUFFICIENT_RESOURCES;
    ULONG before = *s.data_offset;
    NTSTATUS status = query(p, IRP_MN_QUERY_SINGLE_INSTANCE, g, s.header, &size, &of_wnode);
    if (status == STATUS_BUFFER_TOO_SMALL)
        *needed = of_wnode > before ? of_wnode - before : 0;
    if (NT_SUCCESS(status) && size < FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData))
        wrong_answer(p, size, sizeof(WNODE_SINGLE_INSTANCE), "less than a WNODE_SINGLE_INSTANCE");
    if (!NT_SUCCESS(status)) {
        wmi_free_wnode(s.header);
        return status;
    }
    check_data(p, s.header, size, *s.data_offset, *s.data_size);
    *wnode = (WNODE_SINGLE_INSTANCE *)s.header;
    return status;
}

/* ---- All instances of a provider ---- */

/* Where the data of the first instance may begin. */
static ULONG all_data_offset(ULONG instances)
{
    return wmi_align((ULONG)FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) + instances * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

static void check_all(const struct wmi_provider *p, const WNODE_ALL_DATA *all, ULONG size)
{
    const ULONG fixed = FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength);
    if (size < fixed)
        wrong_answer(p, size, fixed, "less than a WNODE_ALL_DATA");
    bool same = all->WnodeHeader.Flags & WNODE_FLAG_FIXED_INSTANCE_SIZE;
    if (!same && all->InstanceCount > (size - fixed) / sizeof(OFFSETINSTANCEDATAANDLENGTH))
        wrong_answer(p, all->InstanceCount, (size - fixed) / sizeof(OFFSETINSTANCEDATAANDLENGTH), "more instances than its WNODE has room for");
    ULONG step = wmi_align(all->FixedInstanceSize);
    if (same && (all->InstanceCount > size || (uint64_t)all->DataBlockOffset + (uint64_t)step * all->InstanceCount > (uint64_t)wmi_align(size)))
        wrong_answer(p, (uint64_t)all->DataBlockOffset + (uint64_t)step * all->InstanceCount, size, "data behind the end of its WNODE");
    for (ULONG i = 0; i < all->InstanceCount; i++)
        if (same)
            check_data(p, &all->WnodeHeader, size, all->DataBlockOffset + i * step, all->FixedInstanceSize);
        else
            check_data(p, &all->WnodeHeader, size, all->OffsetInstanceDataAndLength[i].OffsetInstanceData, all->OffsetInstanceDataAndLength[i].LengthInstanceData);
}

/* The same WNODE with the instances' static names behind the data, as consumers get it. */
static WNODE_ALL_DATA *with_names(const struct wmi_guid *g, const WNODE_ALL_DATA *all, ULONG size)
{
    ULONG count = all->InstanceCount, offsets = wmi_align(size), at = offsets + count * (ULONG)sizeof(ULONG), total = at;
    for (ULONG i = 0; i < count; i++) {
        UNICODE_STRING name = wmi_instance_name(g, i);
        total += (ULONG)sizeof(USHORT) + name.Length;
        if (name.Buffer)
            ex_system_free(name.Buffer);
    }
    WNODE_ALL_DATA *out = (WNODE_ALL_DATA *)wmi_wnode(&g->guid, 0, total, total);
    if (!out)
        return NULL;
    memcpy(out, all, size);
    out->WnodeHeader.BufferSize = total;
    out->OffsetInstanceNameOffsets = offsets;
    for (ULONG i = 0; i < count; i++) {
        UNICODE_STRING name = wmi_instance_name(g, i);
        ((ULONG *)((char *)out + offsets))[i] = at;
        memcpy((char *)out + at, &name.Length, sizeof(USHORT));
        if (name.Buffer) {
            memcpy((char *)out + at + sizeof(USHORT), name.Buffer, name.Length);
            ex_system_free(name.Buffer);
        }
        at += (ULONG)sizeof(USHORT) + name.Length;
    }
    return out;
}

NTSTATUS wmi_query_provider(struct wmi_provider *p, struct wmi_guid *g, ULONG room, WNODE_ALL_DATA **wnode, ULONG *needed)
{
    ULONG before = all_data_offset(g->instances), size = 0, of_wnode = 0;
    *wnode = NULL;
    *needed = 0;
    if (room > LARGEST_ROOM || before > LARGEST_ROOM)
        return STATUS_INSUFFICIENT_RESOURCES;
    WNODE_HEADER *h = wmi_wnode(&g->guid, WNODE_FLAG_ALL_DATA, before + room, before);
    if (!h)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = query(p, IRP_MN_QUERY_ALL_DATA, g, h, &size, &of_wnode);
    if (status == STATUS_BUFFER_TOO_SMALL)
        *needed = of_wnode > before ? of_wnode - before : 0;
    if (NT_SUCCESS(status)) {
        check_all(p, (WNODE_ALL_DATA *)h, size);
        *wnode = with_names(g, (WNODE_ALL_DATA *)h, size);
        status = *wnode ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    wmi_free_wnode(h);
    return status;
}

/* ---- Changes and methods ---- */

NTSTATUS wmi_set_instance(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG version, const void *data, ULONG size)
{
    struct single s;
    if (size > LARGEST_ROOM || !make_single(&s, g, WNODE_FLAG_SINGLE_INSTANCE, instance, 0, data, size, size))
        return STATUS_INSUFFICIENT_RESOURCES;
    s.header->Version = version;
    NTSTATUS status = wmi_send(p, IRP_MN_CHANGE_SINGLE_INSTANCE, &g->guid, s.header->BufferSize, s.header, NULL);
    wmi_free_wnode(s.header);
    return status;
}

NTSTATUS wmi_set_item(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG item, ULONG version, const void *data, ULONG size)
{
    struct single s;
    if (size > LARGEST_ROOM || !make_single(&s, g, WNODE_FLAG_SINGLE_ITEM, instance, item, data, size, size))
        return STATUS_INSUFFICIENT_RESOURCES;
    s.header->Version = version;
    NTSTATUS status = wmi_send(p, IRP_MN_CHANGE_SINGLE_ITEM, &g->guid, s.header->BufferSize, s.header, NULL);
    wmi_free_wnode(s.header);
    return status;
}

NTSTATUS wmi_method(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG method, const void *in, ULONG in_size, void *out, ULONG *out_size)
{
    struct single s;
    ULONG room = *out_size, size = 0, of_wnode = 0;
    *out_size = 0;
    if (room > LARGEST_ROOM || in_size > LARGEST_ROOM || !make_single(&s, g, WNODE_FLAG_METHOD_ITEM, instance, method, in, in_size, room))
        return STATUS_INSUFFICIENT_RESOURCES;
    ULONG before = *s.data_offset;
    NTSTATUS status = query(p, IRP_MN_EXECUTE_METHOD, g, s.header, &size, &of_wnode);
    if (status == STATUS_BUFFER_TOO_SMALL)
        *out_size = of_wnode > before ? of_wnode - before : 0;
    if (NT_SUCCESS(status)) {
        check_data(p, s.header, size, *s.data_offset, *s.data_size);
        *out_size = *s.data_size;
        if (*s.data_size > room)
            status = STATUS_BUFFER_TOO_SMALL; /* more than who called has room for */
        else if (*s.data_size) {
            memcpy(out, (char *)s.header + *s.data_offset, *s.data_size);
            msan_define(out, *s.data_size);
        }
    }
    wmi_free_wnode(s.header);
    return status;
}

/* ---- What an app asks for (nt.h) ---- */

static struct wmi_provider *provider_in_stack(const struct wmi_call *call, struct wmi_guid **guid)
{
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p)) {
        *guid = io_bottom_of_stack(p->device) == call->pdo ? wmi_guid_of(p, call->guid) : NULL;
        if (*guid)
            return p;
    }
    return NULL;
}

static NTSTATUS give_instance(struct wmi_provider *p, struct wmi_guid *g, struct wmi_call *call)
{
    WNODE_SINGLE_INSTANCE *wnode;
    NTSTATUS status = wmi_query_instance(p, g, call->instance, call->out_size, &wnode, &call->returned);
    if (!NT_SUCCESS(status))
        return status;
    call->returned = wnode->SizeDataBlock;
    if (wnode->SizeDataBlock)
        memcpy(call->out, (char *)wnode + wnode->DataBlockOffset, wnode->SizeDataBlock);
    msan_define(call->out, wnode->SizeDataBlock);
    wmi_free_wnode(wnode);
    return status;
}

/* Of the answer only the first instance's data is given on. */
static NTSTATUS give_all(struct wmi_provider *p, struct wmi_guid *g, struct wmi_call *call)
{
    WNODE_ALL_DATA *wnode;
    NTSTATUS status = wmi_query_provider(p, g, call->out_size, &wnode, &call->returned);
    if (!NT_SUCCESS(status))
        return status;
    bool same = wnode->WnodeHeader.Flags & WNODE_FLAG_FIXED_INSTANCE_SIZE, any = wnode->InstanceCount;
    ULONG offset = same ? wnode->DataBlockOffset : wnode->OffsetInstanceDataAndLength[0].OffsetInstanceData;
    ULONG length = !any ? 0 : same ? wnode->FixedInstanceSize : wnode->OffsetInstanceDataAndLength[0].LengthInstanceData;
    call->returned = length < call->out_size ? length : call->out_size;
    if (call->returned)
        memcpy(call->out, (char *)wnode + offset, call->returned);
    msan_define(call->out, call->returned);
    wmi_free_wnode(wnode);
    return status;
}

static NTSTATUS set_switch(struct wmi_provider *p, struct wmi_guid *g, enum wmi_switch what, bool on)
{
    g->asked_for[what] = on;
    return wmi_settle(p, g, what);
}

static NTSTATUS carry_out(struct wmi_provider *p, struct wmi_guid *g, struct wmi_call *call)
{
    bool of_instance = call->operation >= WMI_CALL_QUERY && call->operation <= WMI_CALL_METHOD;
    if (of_instance && call->instance >= g->instances)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    switch (call->operation) {
    case WMI_CALL_QUERY_ALL: return give_all(p, g, call);
    case WMI_CALL_QUERY: return give_instance(p, g, call);
    case WMI_CALL_SET: return wmi_set_instance(p, g, call->instance, 1, call->in, call->in_size);
    case WMI_CALL_SET_ITEM: return wmi_set_item(p, g, call->instance, call->id, 1, call->in, call->in_size);
    case WMI_CALL_METHOD:
        call->returned = call->out_size;
        return wmi_method(p, g, call->instance, call->id, call->in, call->in_size, call->out, &call->returned);
    case WMI_CALL_ENABLE_EVENTS:
    case WMI_CALL_DISABLE_EVENTS: return set_switch(p, g, WMI_EVENTS, call->operation == WMI_CALL_ENABLE_EVENTS);
    case WMI_CALL_ENABLE_COLLECTION:
    case WMI_CALL_DISABLE_COLLECTION: return set_switch(p, g, WMI_COLLECTION, call->operation == WMI_CALL_ENABLE_COLLECTION);
    default: return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS wmi_call(struct wmi_call *call)
{
    struct wmi_guid *g;
    call->returned = 0;
    struct wmi_provider *p = provider_in_stack(call, &g);
    if (!p)
        return STATUS_WMI_GUID_NOT_FOUND;
    NTSTATUS status = carry_out(p, g, call);
    wmi_unpin(p);
    return status;
}
