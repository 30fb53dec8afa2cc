/* Collections: ordered lists of referenced objects, duplicates allowed (K-COL-1). */
#include "device.h"

struct item {
    LIST_ENTRY entry;
    struct fx_object *object;
};

struct fx_collection {
    struct fx_object object;
    LIST_ENTRY items;
    ULONG count;
};

static void drop(struct fx_collection *collection, struct item *item)
{
    struct fx_object *object = item->object;
    RemoveEntryList(&item->entry);
    collection->count--;
    ex_system_free(item);
    fx_object_dereference(object);
}

static void dispose(struct fx_object *object)
{
    struct fx_collection *collection = (struct fx_collection *)object;
    while (!IsListEmpty(&collection->items))
        drop(collection, CONTAINING_RECORD(collection->items.Flink, struct item, entry));
}

static struct item *item_at(struct fx_collection *collection, ULONG index)
{
    for (LIST_ENTRY *e = collection->items.Flink; e != &collection->items; e = e->Flink)
        if (index-- == 0)
            return CONTAINING_RECORD(e, struct item, entry);
    return NULL;
}

NTSTATUS wdf_WdfCollectionCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES CollectionAttributes, WDFCOLLECTION *Collection)
{
    gate_enter(DDI_WdfCollectionCreate, 0, 0);
    fx_require(Collection, "Collection");
    *Collection = NULL;
    void *memory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfCollectionCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                            : fx_object_new(fx_driver_of(DriverGlobals), FX_COLLECTION, sizeof(struct fx_collection),
                                                                            CollectionAttributes, 0, &memory);
    if (NT_SUCCESS(status)) {
        struct fx_collection *collection = memory;
        InitializeListHead(&collection->items);
        collection->object.dispose = dispose;
        *Collection = memory;
    }
    gate_leave((ULONG)status);
    return status;
}

#define COLLECTION(ddi)                                   \
    gate_enter(DDI_##ddi, trace_object(Collection), 0);   \
    struct fx_collection *collection = fx_handle(Collection, FX_COLLECTION)

ULONG wdf_WdfCollectionGetCount(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection)
{
    COLLECTION(WdfCollectionGetCount);
    gate_leave(collection->count);
    return collection->count;
}

static NTSTATUS add(struct fx_collection *collection, struct fx_object *object)
{
    struct item *item = ex_system_alloc(sizeof *item);
    if (!item)
        return STATUS_UNSUCCESSFUL;
    fx_object_reference(object);
    item->object = object;
    InsertTailList(&collection->items, &item->entry);
    collection->count++;
    return STATUS_SUCCESS;
}

NTSTATUS fx_collection_add(WDFCOLLECTION collection, struct fx_object *object) { return add(fx_handle(collection, FX_COLLECTION), object); }

struct fx_object *fx_collection_at(WDFCOLLECTION handle, ULONG index)
{
    struct fx_collection *collection = fx_handle(handle, FX_COLLECTION);
    struct item *item = item_at(collection, index);
    return item ? item->object : NULL;
}

NTSTATUS wdf_WdfCollectionAdd(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection, WDFOBJECT Object)
{
    COLLECTION(WdfCollectionAdd);
    struct fx_object *object = fx_handle(Object, 0);
    NTSTATUS status = choose_fault(DDI_WdfCollectionAdd) ? STATUS_UNSUCCESSFUL : add(collection, object);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfCollectionRemove(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection, WDFOBJECT Item)
{
    COLLECTION(WdfCollectionRemove);
    struct fx_object *object = fx_handle(Item, 0);
    LIST_ENTRY *e = collection->items.Flink;
    while (e != &collection->items && CONTAINING_RECORD(e, struct item, entry)->object != object)
        e = e->Flink;
    if (e == &collection->items)
        fx_misuse("K-COL-1", "WdfCollectionRemove: the object is not in the collection");
    drop(collection, CONTAINING_RECORD(e, struct item, entry));
    gate_leave(0);
}

VOID wdf_WdfCollectionRemoveItem(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection, ULONG Index)
{
    COLLECTION(WdfCollectionRemoveItem);
    struct item *item = item_at(collection, Index);
    if (!item)
        fx_misuse("K-COL-1", "WdfCollectionRemoveItem: index %u of %u", Index, collection->count);
    drop(collection, item);
    gate_leave(0);
}

static WDFOBJECT object_at(struct fx_collection *collection, ULONG index)
{
    struct item *item = item_at(collection, index);
    return item ? (WDFOBJECT)item->object : NULL;
}

WDFOBJECT wdf_WdfCollectionGetItem(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection, ULONG Index)
{
    COLLECTION(WdfCollectionGetItem);
    WDFOBJECT object = object_at(collection, Index);
    gate_leave(trace_object(object));
    return object;
}

WDFOBJECT wdf_WdfCollectionGetFirstItem(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection)
{
    COLLECTION(WdfCollectionGetFirstItem);
    WDFOBJECT object = object_at(collection, 0);
    gate_leave(trace_object(object));
    return object;
}

WDFOBJECT wdf_WdfCollectionGetLastItem(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOLLECTION Collection)
{
    COLLECTION(WdfCollectionGetLastItem);
    WDFOBJECT object = collection->count ? object_at(collection, collection->count - 1) : NULL;
    gate_leave(trace_object(object));
    return object;
}
