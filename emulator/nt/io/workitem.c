/* I/O work items (W-THR-4): a device is referenced while its item is queued. */
#include "io.h"

struct _IO_WORKITEM {
    struct ex_work work;
    PVOID object;               /* device or driver */
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    PVOID context;
    bool pending;
    uint32_t number;
    struct _IO_WORKITEM *next;
};

static struct {
    struct _IO_WORKITEM *first;
    uint32_t number;
} items;

void io_workitems_boot(void) { memset(&items, 0, sizeof items); }

static void run_item(void *context)
{
    struct _IO_WORKITEM *item = context;
    PVOID object = item->object, argument = item->context;
    PIO_WORKITEM_ROUTINE routine = item->routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex = item->routine_ex;
    item->pending = false; /* the routine may free or queue it again */
    struct callback_frame frame;
    const void *code = routine ? (const void *)routine : (const void *)routine_ex;
    bool driver = is_driver_code(code);
    if (driver)
        callback_enter(&frame, DDI_WorkItem, code, object);
    if (routine)
        routine(object, argument);
    else
        routine_ex(object, argument, item);
    if (driver)
        callback_leave(&frame, 0);
    ob_dereference(object);
}

static void initialize(struct _IO_WORKITEM *item, PVOID object)
{
    memset(item, 0, sizeof *item);
    item->object = object;
    item->number = ++items.number;
}

static void queue(struct _IO_WORKITEM *item, const void *routine, bool ex, WORK_QUEUE_TYPE type, PVOID context)
{
    if ((ULONG)type >= MaximumWorkQueue)
        bugcheck(0xE4, 6, item->number, type, 0, "W-THR-5", "work item #%u was queued to queue %u, which does not exist", item->number, type);
    if (item->pending)
        bugcheck(0xE4, 1, item->number, 0, 0, "W-THR-5", "work item #%u was queued while it is queued", item->number);
    if (!routine)
        bugcheck(0xE4, 7, item->number, 0, 0, "W-THR-5", "work item #%u was queued without a routine", item->number);
    item->routine = ex ? NULL : (PIO_WORKITEM_ROUTINE)routine;
    item->routine_ex = ex ? (PIO_WORKITEM_ROUTINE_EX)routine : NULL;
    item->context = context;
    item->pending = true;
    item->work.run = run_item;
    item->work.context = item;
    ob_reference(item->object);
    ex_queue_work(&item->work);
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoAllocateWorkItem, trace_object(DeviceObject), 0);
    PIO_WORKITEM item = choose_fault(DDI_IoAllocateWorkItem) ? NULL : block_alloc(ARENA_KERNEL, BLOCK_WORKITEM, sizeof *item, 'kWoI', CALLER);
    if (item)
        initialize(item, DeviceObject);
    gate_leave(trace_object(item));
    return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    gate_enter(DDI_IoFreeWorkItem, trace_object(IoWorkItem), 0);
    if (IoWorkItem->pending)
        bugcheck(0xE4, 0, IoWorkItem->number, 0, 0, "W-THR-5", "work item #%u was freed while it is queued", IoWorkItem->number);
    block_free(IoWorkItem, CALLER);
    gate_leave(0);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    gate_enter(DDI_IoInitializeWorkItem, trace_object(IoObject), 0);
    if (memory_is_paged(IoWorkItem))
        bugcheck(0xC4, 0x131, 0, 0, 0, "V-MSC-3", "a work item lies in paged pool");
    initialize(IoWorkItem, IoObject);
    gate_leave(0);
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    gate_enter(DDI_IoUninitializeWorkItem, trace_object(IoWorkItem), 0);
    if (IoWorkItem->pending)
        bugcheck(0xE4, 0, IoWorkItem->number, 0, 0, "W-THR-5", "work item #%u was uninitialised while it is queued", IoWorkItem->number);
    gate_leave(0);
}

ULONG IoSizeofWorkItem(VOID) { return sizeof(struct _IO_WORKITEM); }

VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    gate_enter(DDI_IoQueueWorkItem, trace_object(IoWorkItem), QueueType);
    queue(IoWorkItem, (const void *)WorkerRoutine, false, QueueType, Context);
    gate_leave(0);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    gate_enter(DDI_IoQueueWorkItemEx, trace_object(IoWorkItem), QueueType);
    queue(IoWorkItem, (const void *)WorkerRoutine, true, QueueType, Context);
    gate_leave(0);
}
