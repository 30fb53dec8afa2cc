/*
 * Dispatcher objects and waits (W-KE).
 *
 * A wait that cannot be satisfied at once puts one block per object on the objects' lists and blocks its context. Whoever signals an object satisfies the
 * waits on it there and then, in FIFO order, so that nobody can steal a signal that released a waiter.
 */
#include "ke.h"
#include "../io/io.h"

#define STACK_REACH 0x4000

struct waiter {
    struct nt_thread *thread;
    struct ctx *ctx;
    ULONG count;
    bool all, done, alerted;
    NTSTATUS status;
    struct alarm timeout;
    KWAIT_BLOCK *block;
    struct waiter *next, **link; /* all blocked waits, for checks of freed and reinitialised objects */
};

static struct waiter *blocked;

/* How many of their objects begin in the lines of memory that share this place: most memory that is freed holds none, and is not looked for. */
#define LINE_BITS 6
#define LINES 512u
static uint16_t waited_for[LINES];

void ke_wait_begin(void)
{
    blocked = NULL;
    memset(waited_for, 0, sizeof waited_for);
}

NO_FOOTPRINT static uint16_t *line_of(uintptr_t line) { return &waited_for[line % LINES]; }

/* Who waits for an object is seen on the object, too: these order nothing. */
NO_FOOTPRINT static void list_blocked(struct waiter *w)
{
    w->next = blocked;
    w->link = &blocked;
    if (w->next)
        w->next->link = &w->next;
    blocked = w;
    for (ULONG i = 0; i < w->count; i++)
        ++*line_of((uintptr_t)w->block[i].Object >> LINE_BITS);
}

NO_FOOTPRINT static void unlist_blocked(struct waiter *w)
{
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    for (ULONG i = 0; i < w->count; i++)
        --*line_of((uintptr_t)w->block[i].Object >> LINE_BITS);
}

NO_FOOTPRINT static bool may_be_waited_for(uintptr_t memory, size_t size)
{
    uintptr_t first = memory >> LINE_BITS, last = (memory + size - 1) >> LINE_BITS;
    bool may = last - first >= LINES;
    for (uintptr_t line = first; line <= last && !may; line++)
        may = *line_of(line) != 0;
    return may;
}

/* Somebody who waits for an object in this memory, or NULL. */
NO_FOOTPRINT static const struct waiter *waiter_in(const void *memory, size_t size)
{
    if (!size || !may_be_waited_for((uintptr_t)memory, size))
        return NULL;
    for (const struct waiter *w = blocked; w; w = w->next)
        for (ULONG i = 0; i < w->count; i++)
            if ((uintptr_t)w->block[i].Object - (uintptr_t)memory < size)
                return w;
    return NULL;
}

void ke_wait_check_free(const char *memory, size_t size)
{
    const struct waiter *w = waiter_in(memory, size);
    if (w)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-KE-11", "memory is freed with an object in it that %s waits for", w->ctx->name);
}

void ke_check_nonpaged(const void *object, const char *what)
{
    if (memory_is_paged(object))
        bugcheck(0xC4, 0xE1, 0, 0, 0, "V-LCK-27", "%s lies in paged pool", what);
}

void ke_check_initialise(const void *object, const char *ddi)
{
    ke_check_nonpaged(object, "a dispatcher object");
    const struct waiter *w = waiter_in(object, sizeof(DISPATCHER_HEADER));
    if (w)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-OBJ-11", "%s: the object is initialised again while %s waits for it", ddi, w->ctx->name);
}

void ke_dispatcher_init(DISPATCHER_HEADER *header, enum dispatcher_type type, LONG state)
{
    RtlZeroMemory(header, sizeof *header);
    header->Type = (UCHAR)type;
    header->DebugActive = DISPATCHER_MAGIC;
    header->SignalState = state;
    header->WaitListHead.Flink = header->WaitListHead.Blink = &header->WaitListHead;
}

DISPATCHER_HEADER *ke_dispatcher(PVOID object, const char *ddi)
{
    DISPATCHER_HEADER *header = object;
    if (!object)
        bugcheck(0xC4, 0xE1, 0, 0, 0, "W-KE-11", "%s was given a NULL dispatcher object", ddi);
    memory_check(object, sizeof *header, ddi);
    if (header->DebugActive != DISPATCHER_MAGIC)
        bugcheck(0xC4, 0xE1, 0, 0, 0, "V-OBJ-10", "%s was given a dispatcher object that was never initialised", ddi);
    return header;
}

static bool signalled(const DISPATCHER_HEADER *header, const struct nt_thread *thread)
{
    if (header->Type == TYPE_MUTANT)
        return header->SignalState > 0 || ((const KMUTANT *)header)->OwnerThread == (const void *)thread;
    return header->SignalState > 0;
}

/* Side effects of a satisfied wait (W-KE-2). */
static NTSTATUS consume(DISPATCHER_HEADER *header, struct nt_thread *thread)
{
    hb_acquire(header);
    switch (header->Type) {
    case TYPE_SYNCHRONIZATION_EVENT:
    case TYPE_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case TYPE_SEMAPHORE:
        header->SignalState--;
        break;
    case TYPE_MUTANT: {
        KMUTANT *mutant = (KMUTANT *)header;
        if (header->SignalState == MINLONG)
            bugcheck(0x1E, (ULONG)STATUS_MUTANT_LIMIT_EXCEEDED, 0, 0, 0, "W-KE-24", "a mutex is acquired too often by its owner");
        if (mutant->OwnerThread != (void *)thread) {
            if (mutant->ApcDisable) { /* a kernel mutex: those of apps may be released in any order, and abandoned */
                thread->ctx->apc_disable++;
                mutex_order_acquired(thread->ctx, mutant);
            }
        }
        mutant->OwnerThread = (void *)thread;
        header->SignalState--;
        if (mutant->Abandoned) {
            mutant->Abandoned = FALSE;
            return STATUS_ABANDONED;
        }
        break;
    }
    default:
        break;
    }
    return STATUS_SUCCESS;
}

static DISPATCHER_HEADER *object_of(const struct waiter *w, ULONG i) { return w->block[i].Object; }

static bool try_satisfy(struct waiter *w)
{
    if (w->all) {
        for (ULONG i = 0; i < w->count; i++)
            if (!signalled(object_of(w, i), w->thread))
                return false;
        w->status = STATUS_SUCCESS;
        for (ULONG i = 0; i < w->count; i++)
            if (consume(object_of(w, i), w->thread) == STATUS_ABANDONED)
                w->status = STATUS_ABANDONED;
        return true;
    }
    for (ULONG i = 0; i < w->count; i++) {
        if (!signalled(object_of(w, i), w->thread))
            continue;
        w->status = consume(object_of(w, i), w->thread) + (NTSTATUS)i;
        return true;
    }
    return false;
}

static void link_blocks(struct waiter *w)
{
    for (ULONG i = 0; i < w->count; i++) {
        LIST_ENTRY *head = &object_of(w, i)->WaitListHead, *entry = &w->block[i].WaitListEntry;
        entry->Flink = head;
        entry->Blink = head->Blink;
        head->Blink->Flink = entry;
        head->Blink = entry;
    }
}

static void finish(struct waiter *w)
{
    for (ULONG i = 0; i < w->count; i++) {
        LIST_ENTRY *entry = &w->block[i].WaitListEntry;
        entry->Flink->Blink = entry->Blink;
        entry->Blink->Flink = entry->Flink;
    }
    alarm_cancel(&w->timeout);
    w->done = true;
    ctx_wake(w->ctx);
}

void ke_signal(DISPATCHER_HEADER *header)
{
    hb_release(header);
    LIST_ENTRY *entry = header->WaitListHead.Flink;
    while (entry != &header->WaitListHead && header->SignalState > 0) {
        struct waiter *w = (struct waiter *)(void *)((KWAIT_BLOCK *)entry)->Thread;
        LIST_ENTRY *next = entry->Flink;
        if (!w->done && try_satisfy(w)) {
            finish(w);
            next = header->WaitListHead.Flink; /* the waiter may have had two blocks here */
        }
        entry = next;
    }
}

static void timed_out(struct alarm *alarm)
{
    struct waiter *w = CONTAINING_RECORD(alarm, struct waiter, timeout);
    w->status = STATUS_TIMEOUT;
    finish(w);
}

void ke_interrupt_wait(struct nt_thread *thread)
{
    if (thread->waiting)
        ctx_wake(thread->ctx);
}

static uint64_t due_time(const LARGE_INTEGER *timeout)
{
    if (timeout->QuadPart < 0)
        return clock_now() + (uint64_t)-timeout->QuadPart;
    uint64_t absolute = (uint64_t)timeout->QuadPart;
    return absolute > CLOCK_SYSTEM_TIME_AT_START ? absolute - CLOCK_SYSTEM_TIME_AT_START : 0;
}

/* V-IRQ-27, V-LCK-28. */
static void check_wait_irql(const LARGE_INTEGER *timeout)
{
    struct ctx *ctx = current_ctx;
    if (ctx->irql < IRQL_DISPATCH || (timeout && timeout->QuadPart == 0 && ctx->irql == IRQL_DISPATCH))
        return;
    if (ctx->top)
        bugcheck(0xB8, 0, 0, 0, 0, "V-LCK-28", "a DPC waits: it can not be switched away from");
    bugcheck(0xC4, ctx->irql > IRQL_DISPATCH ? 0x120 : timeout ? 0x122 : 0x121, ctx->irql, 0, 0, "V-IRQ-27",
             "a wait that may block, at IRQL %u", ctx->irql);
}

/* V-LCK-26: while a UserMode wait lasts the kernel stack may be paged out, and an object on it with it. */
static void check_not_on_stack(const void *object)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0), there = (uintptr_t)object;
    if (there >= here && there - here < STACK_REACH && !memory_is_kernel(object))
        bugcheck(0xC4, 0x123, 0, 0, 0, "V-LCK-26", "a wait in UserMode for an object on the kernel stack");
}

static void check_distinct(ULONG count, PVOID objects[])
{
    for (ULONG i = 0; i < count; i++)
        for (ULONG j = 0; j < i; j++)
            if (objects[i] == objects[j])
                bugcheck(OWN_RULE, i, j, 0, 0, "W-KE-5", "a wait for all of %u objects names object %u twice", count, j);
}

/* The second half of a set-and-wait pair (W-KE-6): the level that KeSetEvent(.., Wait = TRUE) left raised goes back. */
static void wait_follows(struct nt_thread *thread)
{
    if (!thread->wait_next)
        return;
    thread->wait_next = false;
    irql_lower(thread->wait_irql);
}

/* Something other than the objects ends or interrupts the wait: true if it ended it. */
static bool interrupted(struct waiter *w, KPROCESSOR_MODE mode, BOOLEAN alertable)
{
    struct nt_thread *thread = w->thread;
    if (thread->exit_asked && !thread->terminating && mode == UserMode) {
        w->status = STATUS_THREAD_IS_TERMINATING;
        return true;
    }
    if (alertable && !IsListEmpty(&thread->user_apcs)) {
        w->status = STATUS_USER_APC;
        return true;
    }
    return false;
}

static void intend_mutex(const KMUTANT *mutant, const struct nt_thread *thread)
{
    if (mutant->ApcDisable && mutant->OwnerThread != (const void *)thread)
        mutex_order_intend(mutant);
}

/* For the report of who waits for whom. Types as in DISPATCHER_HEADER.Type; a notification object is even where there are two. */
static const char *kind_of(const void *object)
{
    switch (((const DISPATCHER_HEADER *)object)->Type & 0x7f) {
    case 0: case 1: return "an event to be set";
    case 2: return "a mutex";
    case 3: return "a process to end";
    case 5: return "a semaphore";
    case 6: return "a thread to end";
    case 8: case 9: return "a timer to expire";
    default: return "an object to be signalled";
    }
}

static NTSTATUS wait(ULONG count, PVOID objects[], bool all, KPROCESSOR_MODE mode, BOOLEAN alertable, const LARGE_INTEGER *timeout,
                     const char *why)
{
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    struct waiter w = {.thread = ke_current_thread(), .ctx = current_ctx, .count = count, .all = all, .block = blocks};
    for (ULONG i = 0; i < count; i++) {
        DISPATCHER_HEADER *header = ke_dispatcher(objects[i], "a wait");
        blocks[i].Object = header;
        blocks[i].Thread = (void *)&w;
        if (header->Type == TYPE_MUTANT && !(timeout && !timeout->QuadPart))
            intend_mutex((const KMUTANT *)header, w.thread);
    }
    if (current_ctx->apc_pending)
        machine.deliver_apcs(); /* what they signal must be seen before this thread blocks */
    if (try_satisfy(&w))
        return w.status;
    if (interrupted(&w, mode, alertable))
        return w.status;
    if (timeout && timeout->QuadPart == 0)
        return STATUS_TIMEOUT;
    link_blocks(&w);
    if (timeout)
        alarm_set(&w.timeout, due_time(timeout), timed_out);
    w.thread->alertable = alertable;
    list_blocked(&w);
    while (!w.done) {
        w.thread->waiting = true;
        ctx_block(why ? why : kind_of(objects[0]), count ? objects[0] : NULL, NULL);
        w.thread->waiting = false;
        if (w.done)
            break;
        if (current_ctx->apc_pending)
            machine.deliver_apcs();
        if (!w.done && interrupted(&w, mode, alertable))
            finish(&w);
    }
    unlist_blocked(&w);
    w.thread->alertable = false;
    for (ULONG i = 0; i < count; i++) /* the signaller satisfied the wait; the order is the waiter's */
        hb_acquire(blocks[i].Object);
    return w.status;
}

NTSTATUS ke_wait_for_single_object(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    (void)reason;
    wait_follows(ke_current_thread());
    check_wait_irql(timeout);
    if (mode == UserMode)
        check_not_on_stack(object);
    return wait(1, &object, false, mode, alertable, timeout, NULL);
}

NTSTATUS ke_wait_for_multiple_objects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                      BOOLEAN alertable, PLARGE_INTEGER timeout, PKWAIT_BLOCK blocks)
{
    (void)reason;
    if (!count || count > MAXIMUM_WAIT_OBJECTS || (count > THREAD_WAIT_OBJECTS && !blocks && mode == KernelMode))
        bugcheck(0x0C, count, 0, 0, 0, "W-KE-5", "a wait for %u objects%s", count, blocks ? "" : " without a wait block array");
    wait_follows(ke_current_thread());
    check_wait_irql(timeout);
    for (ULONG i = 0; mode == UserMode && i < count; i++)
        check_not_on_stack(objects[i]);
    if (type == WaitAll)
        check_distinct(count, objects);
    return wait(count, objects, type == WaitAll, mode, alertable, timeout, type == WaitAll ? "all of several objects" : "one of several objects");
}

void ke_wait_internal(PKEVENT event, const char *why)
{
    PVOID object = event;
    wait(1, &object, false, KernelMode, FALSE, NULL, why);
}

NTSTATUS ke_wait_interruptible(PKEVENT event, const char *why)
{
    PVOID object = event;
    return wait(1, &object, false, UserMode, FALSE, NULL, why);
}

NTSTATUS ke_delay_execution_thread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
    check_wait_irql(NULL);
    if (interval->QuadPart == 0) {
        sched_point(DDI_Block);
        struct waiter w = {.thread = ke_current_thread()};
        return interrupted(&w, mode, alertable) ? w.status : STATUS_SUCCESS;
    }
    NTSTATUS status = wait(0, NULL, false, mode, alertable, interval, "time to pass");
    return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}

/* ---- Events ---- */

void ke_initialize_event(PKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    ke_dispatcher_init(&event->Header, type == NotificationEvent ? TYPE_NOTIFICATION_EVENT : TYPE_SYNCHRONIZATION_EVENT, state != FALSE);
}

LONG ke_set_event(PKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    (void)increment;
    (void)wait;
    DISPATCHER_HEADER *header = ke_dispatcher(event, "KeSetEvent");
    LONG old = header->SignalState;
    header->SignalState = 1;
    ke_signal(header);
    return old;
}

LONG ke_reset_event(PKEVENT event)
{
    DISPATCHER_HEADER *header = ke_dispatcher(event, "KeResetEvent");
    LONG old = header->SignalState;
    header->SignalState = 0;
    return old;
}

void ke_wait_pair(BOOLEAN wait_is_next, const char *ddi)
{
    struct nt_thread *thread = ke_current_thread();
    if (!wait_is_next)
        return;
    if (current_ctx->irql > IRQL_APC)
        bugcheck(0xC4, 0x20016, current_ctx->irql, IRQL_APC, 0, "V-IRQ-16", "%s with Wait = TRUE at IRQL %u", ddi, current_ctx->irql);
    thread->wait_next = true;
    thread->wait_irql = irql_raise(IRQL_DISPATCH);
}

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    gate_enter(DDI_KeInitializeEvent, trace_object(Event), State);
    memory_check(Event, sizeof *Event, "KeInitializeEvent");
    ke_check_initialise(Event, "KeInitializeEvent");
    ke_initialize_event(Event, Type, State);
    gate_leave(0);
}

LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    gate_enter(DDI_KeSetEvent, trace_object(Event), 0);
    if (io_built_irps && is_driver_code(CALLER))
        io_check_lent_event(Event);
    LONG old = ke_set_event(Event, Increment, Wait);
    ke_wait_pair(Wait, "KeSetEvent");
    gate_leave((ULONG)old);
    return old;
}

LONG KeResetEvent(PRKEVENT Event)
{
    gate_enter(DDI_KeResetEvent, trace_object(Event), 0);
    LONG old = ke_reset_event(Event);
    gate_leave((ULONG)old);
    return old;
}

VOID KeClearEvent(PRKEVENT Event)
{
    gate_enter(DDI_KeClearEvent, trace_object(Event), 0);
    ke_reset_event(Event);
    gate_leave(0);
}

LONG KeReadStateEvent(PRKEVENT Event)
{
    gate_enter(DDI_KeReadStateEvent, trace_object(Event), 0);
    LONG state = ke_dispatcher(Event, "KeReadStateEvent")->SignalState;
    gate_leave((ULONG)state);
    return state;
}

LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    gate_enter(DDI_KePulseEvent, trace_object(Event), 0);
    LONG old = ke_set_event(Event, Increment, Wait);
    ke_reset_event(Event);
    ke_wait_pair(Wait, "KePulseEvent");
    gate_leave((ULONG)old);
    return old;
}

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON Reason, KPROCESSOR_MODE Mode, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    gate_enter(DDI_KeWaitForSingleObject, trace_object(Object), Timeout ? (ULONG64)Timeout->QuadPart : ~0ull);
    if (machine_lints)
        io_lint_wait();
    NTSTATUS status = ke_wait_for_single_object(Object, Reason, Mode, Alertable, Timeout);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON Reason, KPROCESSOR_MODE Mode,
                                  BOOLEAN Alertable, PLARGE_INTEGER Timeout, PKWAIT_BLOCK Blocks)
{
    gate_enter(DDI_KeWaitForMultipleObjects, Count, Timeout ? (ULONG64)Timeout->QuadPart : ~0ull);
    NTSTATUS status = ke_wait_for_multiple_objects(Count, Object, WaitType, Reason, Mode, Alertable, Timeout, Blocks);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE Mode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    gate_enter(DDI_KeDelayExecutionThread, (ULONG64)Interval->QuadPart, 0);
    NTSTATUS status = ke_delay_execution_thread(Mode, Alertable, Interval);
    gate_leave((ULONG)status);
    return status;
}
