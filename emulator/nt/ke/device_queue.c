/*
 * Device queues (W-SIO-1): a busy flag and a list. The first entry that finds the queue not busy is not queued but makes it busy: its owner goes to work, and
 * whoever takes the last entry out, or finds none, makes it idle again.
 */
#include "ke.h"

#define TYPE_DEVICE_QUEUE 20

void ke_initialize_device_queue(PKDEVICE_QUEUE queue)
{
    queue->Type = TYPE_DEVICE_QUEUE;
    queue->Size = sizeof *queue;
    queue->Busy = FALSE;
    InitializeListHead(&queue->DeviceListHead);
    ke_initialize_spin_lock(&queue->Lock);
}

static void require(PKDEVICE_QUEUE queue, const char *ddi)
{
    memory_check(queue, sizeof *queue, ddi);
    if (queue->Type != TYPE_DEVICE_QUEUE) {
        memory_tell_freed(queue, ddi, "device queue");
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-SIO-1", "%s on a device queue that was never initialised", ddi);
    }
    hb_acquire(queue);
    hb_release(queue);
}

static bool holds(const KDEVICE_QUEUE *queue, const KDEVICE_QUEUE_ENTRY *entry)
{
    const LIST_ENTRY *e = queue->DeviceListHead.Flink;
    while (e != &queue->DeviceListHead && e != &entry->DeviceListEntry)
        e = e->Flink;
    return e != &queue->DeviceListHead;
}

bool ke_insert_device_queue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG *key, const char *ddi)
{
    require(queue, ddi);
    memory_check(entry, sizeof *entry, ddi);
    if (holds(queue, entry))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-SIO-1", "%s of an entry that the device queue holds already", ddi);
    entry->SortKey = key ? *key : 0;
    entry->Inserted = queue->Busy;
    if (!queue->Busy) {
        queue->Busy = TRUE;
        return false;
    }
    LIST_ENTRY *before = &queue->DeviceListHead; /* that it is put in front of */
    while (key && before->Blink != &queue->DeviceListHead &&
           CONTAINING_RECORD(before->Blink, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > *key)
        before = before->Blink;
    InsertTailList(before, &entry->DeviceListEntry);
    return true;
}

static PKDEVICE_QUEUE_ENTRY take(LIST_ENTRY *e)
{
    PKDEVICE_QUEUE_ENTRY entry = CONTAINING_RECORD(e, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(e);
    entry->Inserted = FALSE;
    return entry;
}

PKDEVICE_QUEUE_ENTRY ke_remove_device_queue(PKDEVICE_QUEUE queue, const ULONG *key, const char *ddi)
{
    require(queue, ddi);
    if (!queue->Busy)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-SIO-1", "%s on a device queue that is not busy", ddi);
    if (IsListEmpty(&queue->DeviceListHead)) {
        queue->Busy = FALSE;
        return NULL;
    }
    LIST_ENTRY *e = queue->DeviceListHead.Flink;
    while (key && e != &queue->DeviceListHead && CONTAINING_RECORD(e, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey < *key)
        e = e->Flink;
    return take(e == &queue->DeviceListHead ? e->Flink : e);
}

bool ke_remove_entry_device_queue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const char *ddi)
{
    require(queue, ddi);
    memory_check(entry, sizeof *entry, ddi);
    if (!entry->Inserted)
        return false;
    if (!holds(queue, entry))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-SIO-1", "%s of an entry that another device queue holds", ddi);
    take(&entry->DeviceListEntry);
    return true;
}

/* ---- DDIs ---- */

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    gate_enter(DDI_KeInitializeDeviceQueue, trace_object(DeviceQueue), 0);
    ke_check_nonpaged(DeviceQueue, "a device queue");
    ke_initialize_device_queue(DeviceQueue);
    gate_leave(0);
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    gate_enter(DDI_KeInsertDeviceQueue, trace_object(DeviceQueue), trace_object(DeviceQueueEntry));
    bool queued = ke_insert_device_queue(DeviceQueue, DeviceQueueEntry, NULL, "KeInsertDeviceQueue");
    gate_leave(queued);
    return queued;
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    gate_enter(DDI_KeInsertByKeyDeviceQueue, trace_object(DeviceQueue), SortKey);
    bool queued = ke_insert_device_queue(DeviceQueue, DeviceQueueEntry, &SortKey, "KeInsertByKeyDeviceQueue");
    gate_leave(queued);
    return queued;
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    gate_enter(DDI_KeRemoveDeviceQueue, trace_object(DeviceQueue), 0);
    PKDEVICE_QUEUE_ENTRY entry = ke_remove_device_queue(DeviceQueue, NULL, "KeRemoveDeviceQueue");
    gate_leave(trace_object(entry));
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    gate_enter(DDI_KeRemoveByKeyDeviceQueue, trace_object(DeviceQueue), SortKey);
    PKDEVICE_QUEUE_ENTRY entry = ke_remove_device_queue(DeviceQueue, &SortKey, "KeRemoveByKeyDeviceQueue");
    gate_leave(trace_object(entry));
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    gate_enter(DDI_KeRemoveByKeyDeviceQueueIfBusy, trace_object(DeviceQueue), SortKey);
    require(DeviceQueue, "KeRemoveByKeyDeviceQueueIfBusy");
    PKDEVICE_QUEUE_ENTRY entry = DeviceQueue->Busy ? ke_remove_device_queue(DeviceQueue, &SortKey, "KeRemoveByKeyDeviceQueueIfBusy") : NULL;
    gate_leave(trace_object(entry));
    return entry;
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    gate_enter(DDI_KeRemoveEntryDeviceQueue, trace_object(DeviceQueue), trace_object(DeviceQueueEntry));
    bool removed = ke_remove_entry_device_queue(DeviceQueue, DeviceQueueEntry, "KeRemoveEntryDeviceQueue");
    gate_leave(removed);
    return removed;
}
