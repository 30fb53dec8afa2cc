/*
 * Worker threads and their queue (W-THR-4..6). Workers are created when work first waits and kept until the end of the life.
 */
#include "../nt.h"

#define WORKERS 3

static struct {
    struct ex_work *head, *tail;
    KEVENT arrived;              /* synchronization: one worker wakes per item */
    struct nt_thread *worker[WORKERS];
    unsigned workers, idle;
    bool stop;
} work;

void ex_work_begin(void)
{
    work.head = work.tail = NULL;
    work.workers = work.idle = 0;
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
    static const char *const names[WORKERS] = {"worker0", "worker1", "worker2"};
    item->queued = true;
    item->next = NULL;
    hb_release(item);
    if (work.tail)
        work.tail->next = item;
    else
        work.head = item;
    work.tail = item;
    if (!work.idle && work.workers < WORKERS) {
        unsigned i = work.workers++;
        work.worker[i] = ke_create_thread(CTX_WORKER, (uint8_t)(ROLE_WORKER0 + i), names[i], NULL, worker_main, NULL);
        return;
    }
    ke_set_event(&work.arrived, 0, FALSE);
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
