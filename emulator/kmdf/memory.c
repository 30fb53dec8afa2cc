/*
 * Memory objects and lookaside lists (K-MEM-1..3).
 */
#include "device.h"

struct fx_lookaside {
    struct fx_object object;
    SIZE_T size;
    enum pool_kind kind;
    ULONG tag;
    bool has_attributes;
    WDF_OBJECT_ATTRIBUTES attributes; /* of the memory it hands out */
};

/* ---- Creation ---- */

static void destroy_pool_memory(struct fx_object *object)
{
    struct fx_memory *memory = (struct fx_memory *)object;
    ex_free_with_tag(memory->buffer, 0, CALLER);
    if (memory->lookaside)
        fx_object_dereference(&memory->lookaside->object);
}

static enum pool_kind kind_of(POOL_TYPE type) { return type & 1 ? POOL_PAGED : POOL_NONPAGED; }

static NTSTATUS new_memory(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, enum pool_kind kind, ULONG tag, SIZE_T size,
                           const void *caller, struct fx_memory **out)
{
    void *buffer = ex_allocate(kind, size, tag ? tag : driver->tag, caller, false);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct fx_memory *memory;
    NTSTATUS status = fx_object_new(driver, FX_MEMORY, sizeof *memory, attributes, 0, (void **)&memory);
    if (!NT_SUCCESS(status)) {
        ex_free_with_tag(buffer, 0, caller);
        return status;
    }
    memory->buffer = buffer;
    memory->size = size;
    memory->object.destroy = destroy_pool_memory;
    if (kind == POOL_PAGED)
        memory->object.passive_dispose = memory->object.passive_callbacks = true; /* K-OBJ-21 */
    *out = memory;
    return STATUS_SUCCESS;
}

NTSTATUS fx_memory_new(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, POOL_TYPE pool, ULONG tag, SIZE_T size, const void *caller,
                       struct fx_memory **out)
{
    return new_memory(driver, attributes, kind_of(pool), tag, size, caller, out);
}

NTSTATUS wdf_WdfMemoryCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES Attributes, POOL_TYPE PoolType, ULONG PoolTag,
                             size_t BufferSize, WDFMEMORY *Memory, PVOID *Buffer)
{
    gate_enter(DDI_WdfMemoryCreate, BufferSize, PoolTag);
    fx_require(Memory, "Memory");
    struct fx_memory *memory = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!BufferSize)
        status = STATUS_INVALID_PARAMETER;
    else if (!choose_fault(DDI_WdfMemoryCreate))
        status = new_memory(fx_driver_of(DriverGlobals), Attributes, kind_of(PoolType), PoolTag, BufferSize, CALLER, &memory);
    *Memory = (WDFMEMORY)memory;
    if (Buffer)
        *Buffer = memory ? memory->buffer : NULL;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfMemoryCreatePreallocated(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES Attributes, PVOID Buffer, size_t BufferSize,
                                         WDFMEMORY *Memory)
{
    gate_enter(DDI_WdfMemoryCreatePreallocated, trace_object(Buffer), BufferSize);
    fx_require(Buffer, "Buffer");
    fx_require(Memory, "Memory");
    struct fx_memory *memory = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!BufferSize)
        status = STATUS_INVALID_PARAMETER;
    else if (!choose_fault(DDI_WdfMemoryCreatePreallocated))
        status = fx_object_new(fx_driver_of(DriverGlobals), FX_MEMORY, sizeof *memory, Attributes, 0, (void **)&memory);
    if (NT_SUCCESS(status)) {
        memory->buffer = Buffer;
        memory->size = BufferSize;
        memory->preallocated = true;
    }
    *Memory = (WDFMEMORY)memory;
    gate_leave((ULONG)status);
    return status;
}

/* Embedded memory goes with its request, which releases it without coming here. */
static void check_embedded(struct fx_object *object)
{
    bugcheck(0x10D, 7, object->number, FX_MEMORY, 0, "K-OBJ-5", "the last reference of memory #%u, which belongs to request #%u, was dropped by a dereference",
             object->number, ((struct fx_memory *)object)->request->object.number);
}

void fx_memory_embed(struct fx_memory *memory, struct fx_request *request, void *buffer, SIZE_T size, bool read_only)
{
    fx_object_init(request->object.driver, &memory->object, FX_MEMORY);
    memory->object.embedded = memory->object.no_delete = true;
    memory->object.device = request->object.device;
    memory->object.destroy = check_embedded;
    memory->buffer = buffer;
    memory->size = size;
    memory->request = request;
    memory->read_only = read_only;
}

/* ---- Access ---- */

PVOID wdf_WdfMemoryGetBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY Memory, size_t *BufferSize)
{
    gate_enter(DDI_WdfMemoryGetBuffer, trace_object(Memory), 0);
    struct fx_memory *memory = fx_handle(Memory, FX_MEMORY);
    if (BufferSize)
        *BufferSize = memory->size;
    void *buffer = memory->buffer;
    gate_leave(trace_object(buffer));
    return buffer;
}

NTSTATUS wdf_WdfMemoryAssignBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY Memory, PVOID Buffer, size_t BufferSize)
{
    gate_enter(DDI_WdfMemoryAssignBuffer, trace_object(Memory), BufferSize);
    struct fx_memory *memory = fx_handle(Memory, FX_MEMORY);
    fx_require(Buffer, "Buffer");
    if (!memory->preallocated)
        bugcheck(0x10D, 5, memory->object.number, FX_MEMORY, 0, "K-MEM-1", "WdfMemoryAssignBuffer: memory #%u was not created preallocated",
                 memory->object.number);
    NTSTATUS status = BufferSize ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status)) {
        memory->buffer = Buffer;
        memory->size = BufferSize;
    }
    gate_leave((ULONG)status);
    return status;
}

static bool is_within(const struct fx_memory *memory, size_t offset, size_t count)
{
    return offset <= memory->size && count <= memory->size - offset;
}

NTSTATUS wdf_WdfMemoryCopyToBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY SourceMemory, size_t SourceOffset, PVOID Buffer,
                                   size_t NumBytesToCopyTo)
{
    gate_enter(DDI_WdfMemoryCopyToBuffer, trace_object(SourceMemory), NumBytesToCopyTo);
    struct fx_memory *memory = fx_handle(SourceMemory, FX_MEMORY);
    fx_require(Buffer, "Buffer");
    NTSTATUS status = STATUS_SUCCESS;
    if (!NumBytesToCopyTo)
        status = STATUS_INVALID_PARAMETER;
    else if (!is_within(memory, SourceOffset, NumBytesToCopyTo))
        status = STATUS_BUFFER_TOO_SMALL;
    else {
        memory_check(Buffer, NumBytesToCopyTo, "the buffer given to WdfMemoryCopyToBuffer");
        memcpy(Buffer, (char *)memory->buffer + SourceOffset, NumBytesToCopyTo);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfMemoryCopyFromBuffer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY DestinationMemory, size_t DestinationOffset, PVOID Buffer,
                                     size_t NumBytesToCopyFrom)
{
    gate_enter(DDI_WdfMemoryCopyFromBuffer, trace_object(DestinationMemory), NumBytesToCopyFrom);
    struct fx_memory *memory = fx_handle(DestinationMemory, FX_MEMORY);
    fx_require(Buffer, "Buffer");
    NTSTATUS status = STATUS_SUCCESS;
    if (memory->read_only)
        fx_misuse("K-MEM-2", "WdfMemoryCopyFromBuffer writes to the input memory of request #%u", memory->request->object.number);
    if (!NumBytesToCopyFrom)
        status = STATUS_INVALID_PARAMETER;
    else if (!is_within(memory, DestinationOffset, NumBytesToCopyFrom))
        status = STATUS_INVALID_BUFFER_SIZE;
    else {
        memory_check(Buffer, NumBytesToCopyFrom, "the buffer given to WdfMemoryCopyFromBuffer");
        memcpy((char *)memory->buffer + DestinationOffset, Buffer, NumBytesToCopyFrom);
    }
    gate_leave((ULONG)status);
    return status;
}

/* ---- Lookaside lists ---- */

static NTSTATUS new_lookaside(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, PWDF_OBJECT_ATTRIBUTES memory_attributes,
                              struct fx_lookaside **out)
{
    NTSTATUS status = fx_validate_attributes(memory_attributes, 0);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_object_new(driver, FX_LOOKASIDE, sizeof **out, attributes, 0, (void **)out);
    if (NT_SUCCESS(status) && memory_attributes) {
        (*out)->has_attributes = true;
        (*out)->attributes = *memory_attributes;
    }
    return status;
}

static bool are_of_two_devices(PWDF_OBJECT_ATTRIBUTES a, PWDF_OBJECT_ATTRIBUTES b)
{
    if (!a || !b || !a->ParentObject || !b->ParentObject)
        return false;
    struct fx_device *first = ((struct fx_object *)fx_handle(a->ParentObject, 0))->device;
    struct fx_device *second = ((struct fx_object *)fx_handle(b->ParentObject, 0))->device;
    return first && second && first != second;
}

NTSTATUS wdf_WdfLookasideListCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES LookasideAttributes, size_t BufferSize,
                                    POOL_TYPE PoolType, PWDF_OBJECT_ATTRIBUTES MemoryAttributes, ULONG PoolTag, WDFLOOKASIDE *Lookaside)
{
    gate_enter(DDI_WdfLookasideListCreate, BufferSize, PoolTag);
    fx_require(Lookaside, "Lookaside");
    struct fx_lookaside *list = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!BufferSize || (kind_of(PoolType) == POOL_PAGED && are_of_two_devices(LookasideAttributes, MemoryAttributes)))
        status = STATUS_INVALID_PARAMETER;
    else if (!choose_fault(DDI_WdfLookasideListCreate))
        status = new_lookaside(fx_driver_of(DriverGlobals), LookasideAttributes, MemoryAttributes, &list);
    if (NT_SUCCESS(status)) {
        list->size = BufferSize;
        list->kind = kind_of(PoolType);
        list->tag = PoolTag;
        if (list->kind == POOL_PAGED)
            list->object.passive_dispose = list->object.passive_callbacks = true;
    }
    *Lookaside = (WDFLOOKASIDE)list;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfMemoryCreateFromLookaside(PWDF_DRIVER_GLOBALS DriverGlobals, WDFLOOKASIDE Lookaside, WDFMEMORY *Memory)
{
    gate_enter(DDI_WdfMemoryCreateFromLookaside, trace_object(Lookaside), 0);
    struct fx_lookaside *list = fx_handle(Lookaside, FX_LOOKASIDE);
    fx_require(Memory, "Memory");
    struct fx_memory *memory = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!choose_fault(DDI_WdfMemoryCreateFromLookaside))
        status = new_memory(list->object.driver, list->has_attributes ? &list->attributes : NULL, list->kind, list->tag, list->size, CALLER, &memory);
    if (NT_SUCCESS(status)) {
        memory->lookaside = list;
        fx_object_reference(&list->object); /* the list may be deleted before its memory */
    }
    *Memory = (WDFMEMORY)memory;
    gate_leave((ULONG)status);
    return status;
}
