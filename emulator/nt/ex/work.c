/*
 * Worker threads and their queue (W-THR-4..6). Workers are created when work waits and none is free for it, and kept until the end of the life.
 *
 * A worker may wait for work that stands in this queue (a power transition waits for its IRPs), so an item must never wait for a worker to
 * become free while another could be made: Windows makes further workers when all are stuck, up to its own bound.
 */
#include "../io/io.h"
#include "../ke/ke.h"

#define WORKERS 136 /* 64 devices that come up together, each with its own IRP, below a bus that does the same */
#define NAMED 8     /* those after it share the last role */

static struct {
    struct ex_work *head, *tail;
    KEVENT arrived;              /* synchronization: one worker wakes per item */
    struct nt_thread *worker[WORKERS];
    char name[WORKERS][12];
    unsigned workers;
    unsigned idle;               /* workers that wait, those included that an item has woken but that have not run yet */
    unsigned queued;             /* items in the list */
    bool stop;
} work;

void ex_work_begin(void)
{
    work.head = work.tail = NULL;
    work.workers = work.idle = work.queued = 0;
    work.stop = false;
    ke_initialize_event(&work.arrived, SynchronizationEvent, FALSE);
}

static struct ex_work *next_item(void)
{
    while (!work.head && !work.stop) {
        work.idle++;
        ke_wait_internal(&work.arrived, "work");
        work.idle--;
    }
    struct ex_work *item = work.head;
    if (!item)
        return NULL;
    work.queued--;
    work.head = item->next;
    if (!work.head)
        work.tail = NULL;
    else if (work.idle)
        ke_set_event(&work.arrived, 0, FALSE);
    item->queued = false;
    return item;
}

static void worker_main(void *argument)
{
    (void)argument;
    struct ex_work *item;
    while ((item = next_item()) != NULL) {
        void (*run)(void *) = item->run; /* the item may be freed or queued again by its routine */
        void *context = item->context;
        hb_acquire(item);
        run(context);
        if (current_ctx->irql != IRQL_PASSIVE)
            bugcheck(0xE4, 8, current_ctx->irql, 0, 0, "W-THR-6", "a work item returned at IRQL %u", current_ctx->irql);
    }
    if (work.stop && work.idle)
        ke_set_event(&work.arrived, 0, FALSE);
}

void ex_queue_work(struct ex_work *item)
{
    item->queued = true;
    item->next = NULL;
    hb_release(item);
    if (work.tail)
        work.tail->next = item;
    else
        work.head = item;
    work.tail = item;
    unsigned most = machine.chance->workers && machine.chance->workers < WORKERS ? machine.chance->workers : WORKERS;
    if (++work.queued > work.idle && work.workers < most) {
        unsigned i = work.workers++;
        char *name = work.name[i], *end = name + sizeof work.name[i] - 1;
        *text_number(text_put(name, end, "worker"), end, i, 10, 1) = 0;
        unsigned role = i < NAMED ? i : NAMED - 1;
        work.worker[i] = ke_create_thread(CTX_WORKER, (uint8_t)(ROLE_WORKER0 + role), name, NULL, worker_main, NULL);
        return;
    }
    ke_set_event(&work.arrived, 0, FALSE);
}

void ex_check_workers(void)
{
    if (work.queued && work.workers == WORKERS)
        bugcheck(OWN_OUT_OF_RESOURCES, WORKERS, work.queued, 0, 0, NULL, "all %d worker threads wait and %u work items are queued", WORKERS, work.queued);
}

void ex_stop_workers(void)
{
    work.stop = true;
    ke_set_event(&work.arrived, 0, FALSE);
    for (unsigned i = 0; i < work.workers; i++) {
        ke_wait_for_single_object(work.worker[i], Executive, KernelMode, FALSE, NULL);
        ob_dereference(work.worker[i]);
    }
}

/* ---- ExQueueWorkItem: the driver's WORK_QUEUE_ITEM, whose List.Flink is set while it is queued ---- */

struct driver_item {
    struct ex_work work;
    PWORK_QUEUE_ITEM item;
};

static void run_driver_item(void *context)
{
    struct driver_item *driver = context;
    PWORK_QUEUE_ITEM item = driver->item;
    ex_system_free(driver);
    PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
    PVOID parameter = item->Parameter;
    item->List.Flink = NULL; /* from here on it may be queued again or freed */
    struct callback_frame frame;
    callback_enter(&frame, DDI_WorkerRoutine, (const void *)routine, item);
    routine(parameter);
    callback_leave(&frame, 0);
}

void ex_work_check_free(const char *memory, size_t size)
{
    for (struct ex_work *item = work.head; item; item = item->next)
        if (item->run == run_driver_item && (uintptr_t)((struct driver_item *)item->context)->item - (uintptr_t)memory < size)
            bugcheck(0xE4, 0, 0, 0, 0, "W-THR-5", "memory is freed that a queued work item needs");
}

void ex_queue_driver_item(PWORK_QUEUE_ITEM item)
{
    struct driver_item *driver = ex_system_alloc(sizeof *driver);
    driver->item = item;
    driver->work.run = run_driver_item;
    driver->work.context = driver;
    item->List.Flink = &item->List;
    hb_release(item);
    ex_queue_work(&driver->work);
}

VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    gate_enter(DDI_ExQueueWorkItem, trace_object(WorkItem), QueueType);
    lint_obsolete("ExQueueWorkItem", "IoQueueWorkItem, which keeps the driver loaded,");
    memory_check(WorkItem, sizeof *WorkItem, "ExQueueWorkItem");
    if (memory_is_paged(WorkItem))
        bugcheck(0xC4, 0x131, 0, 0, 0, "V-MSC-3", "a work item lies in paged pool");
    if (WorkItem->List.Flink)
        bugcheck(0xE4, 1, 0, 0, 0, "W-THR-5", "a work item is queued that is queued already (or was never initialised)");
    if ((ULONG)QueueType >= MaximumWorkQueue)
        bugcheck(0xE4, 6, QueueType, 0, 0, "W-THR-5", "a work item is queued to queue %u, which does not exist", QueueType);
    if (!WorkItem->WorkerRoutine)
        bugcheck(0xE4, 7, 0, 0, 0, "W-THR-5", "a work item without a routine is queued");
    ex_queue_driver_item(WorkItem);
    gate_leave(0);
}
