/*
 * Kernel timers (W-TMR). A set timer owns an alarm; the alarm's record is found through TimerListEntry.Flink while the timer is set. Expiry is exact, never
 * early; the timer's DPC goes to the processor on which the timer was set.
 */
#include "ke.h"

struct set_timer {
    struct alarm alarm;
    PKTIMER timer;
    struct set_timer *next_free;
    struct set_timer *next, **link; /* all set timers, for free checks */
};

static struct {
    struct set_timer *free, *set;
} timers;

void ke_timer_begin(void) { timers.free = timers.set = NULL; }

static struct set_timer *record_of(const KTIMER *timer) { return (struct set_timer *)(void *)timer->TimerListEntry.Flink; }

void ke_initialize_timer_ex(PKTIMER timer, TIMER_TYPE type)
{
    RtlZeroMemory(timer, sizeof *timer);
    ke_dispatcher_init(&timer->Header, type == NotificationTimer ? TYPE_NOTIFICATION_TIMER : TYPE_SYNCHRONIZATION_TIMER, 0);
}

bool ke_timer_active(const KTIMER *timer) { return record_of(timer) != NULL; }

static struct set_timer *take_record(PKTIMER timer)
{
    struct set_timer *r = timers.free;
    if (r)
        timers.free = r->next_free;
    else
        r = ex_system_alloc(sizeof *r);
    r->timer = timer;
    r->next = timers.set;
    r->link = &timers.set;
    if (r->next)
        r->next->link = &r->next;
    timers.set = r;
    timer->TimerListEntry.Flink = (void *)r;
    return r;
}

static void drop_record(PKTIMER timer)
{
    struct set_timer *r = record_of(timer);
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    r->next_free = timers.free;
    timers.free = r;
    timer->TimerListEntry.Flink = NULL;
}

static void expire(struct alarm *alarm)
{
    struct set_timer *r = CONTAINING_RECORD(alarm, struct set_timer, alarm);
    PKTIMER timer = r->timer;
    if (timer->Period)
        alarm_set(alarm, alarm->due + timer->Period * CLOCK_MS, expire);
    else
        drop_record(timer);
    timer->Header.SignalState = 1;
    ke_signal(&timer->Header);
    if (timer->Dpc)
        ke_queue_dpc_on(timer->Dpc, KE_TIMER_ARGUMENT, KE_TIMER_ARGUMENT, timer->Processor % machine.cpus);
}

BOOLEAN ke_cancel_timer(PKTIMER timer)
{
    ke_dispatcher(timer, "KeCancelTimer");
    if (!record_of(timer))
        return FALSE;
    alarm_cancel(&record_of(timer)->alarm);
    drop_record(timer);
    return TRUE;
}

static uint64_t due_in(LARGE_INTEGER due)
{
    if (due.QuadPart <= 0)
        return clock_now() + (uint64_t)-due.QuadPart;
    return (uint64_t)due.QuadPart > CLOCK_SYSTEM_TIME_AT_START ? (uint64_t)due.QuadPart - CLOCK_SYSTEM_TIME_AT_START : 0;
}

BOOLEAN ke_set_timer_ex(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc)
{
    BOOLEAN was_set = ke_cancel_timer(timer);
    timer->Header.SignalState = 0;
    timer->Period = (ULONG)period_ms;
    timer->Dpc = dpc;
    timer->Processor = cpu_current();
    timer->DueTime.QuadPart = due_in(due);
    if (dpc)
        hb_release(dpc);
    alarm_set(&take_record(timer)->alarm, timer->DueTime.QuadPart, expire);
    return was_set;
}

void ke_timer_check_free(const char *memory, size_t size)
{
    for (struct set_timer *r = timers.set; r; r = r->next)
        if ((const char *)r->timer >= memory && (const char *)r->timer < memory + size)
            bugcheck(0xC7, 0, 0, 0, 0, "V-MEM-8", "memory with a set timer in it is freed");
}

/* First set timer whose DPC routine lies in the given driver code, for unload checks; NULL none. */
const KTIMER *ke_timer_of_code(bool (*is_in)(const void *code, void *context), void *context)
{
    for (struct set_timer *r = timers.set; r; r = r->next)
        if (r->timer->Dpc && is_in((const void *)r->timer->Dpc->DeferredRoutine, context))
            return r->timer;
    return NULL;
}

static void check_initialise(const KTIMER *timer)
{
    memory_check(timer, sizeof *timer, "KeInitializeTimer");
    ke_check_initialise(timer, "KeInitializeTimer");
    for (struct set_timer *r = timers.set; r; r = r->next)
        if (r->timer == timer)
            bugcheck(OWN_RULE, 0, 0, 0, 0, "V-OBJ-11", "a timer is initialised again while it is set");
}

VOID KeInitializeTimer(PKTIMER Timer)
{
    gate_enter(DDI_KeInitializeTimer, trace_object(Timer), 0);
    check_initialise(Timer);
    ke_initialize_timer_ex(Timer, NotificationTimer);
    gate_leave(0);
}

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    gate_enter(DDI_KeInitializeTimerEx, trace_object(Timer), Type);
    check_initialise(Timer);
    ke_initialize_timer_ex(Timer, Type);
    gate_leave(0);
}

BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    gate_enter(DDI_KeSetTimer, trace_object(Timer), (ULONG64)DueTime.QuadPart);
    BOOLEAN was_set = ke_set_timer_ex(Timer, DueTime, 0, Dpc);
    gate_leave(was_set);
    return was_set;
}

BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    gate_enter(DDI_KeSetTimerEx, trace_object(Timer), (ULONG64)DueTime.QuadPart);
    BOOLEAN was_set = ke_set_timer_ex(Timer, DueTime, Period, Dpc);
    gate_leave(was_set);
    return was_set;
}

BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    (void)TolerableDelay; /* exact due times: K-TMR-5 */
    gate_enter(DDI_KeSetCoalescableTimer, trace_object(Timer), (ULONG64)DueTime.QuadPart);
    BOOLEAN was_set = ke_set_timer_ex(Timer, DueTime, (LONG)Period, Dpc);
    gate_leave(was_set);
    return was_set;
}

BOOLEAN KeCancelTimer(PKTIMER Timer)
{
    gate_enter(DDI_KeCancelTimer, trace_object(Timer), 0);
    BOOLEAN was_set = ke_cancel_timer(Timer);
    gate_leave(was_set);
    return was_set;
}

BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    gate_enter(DDI_KeReadStateTimer, trace_object(Timer), 0);
    BOOLEAN state = (BOOLEAN)ke_dispatcher(Timer, "KeReadStateTimer")->SignalState;
    gate_leave(state);
    return state;
}
