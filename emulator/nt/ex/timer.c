/*
 * EX_TIMER (W-TMR-6): a timer object that the system allocates. Its callback runs at DISPATCH_LEVEL from a DPC. The dispatcher header comes first, so
 * it can be waited for. Due times are exact.
 */
#include "../ke/ke.h"

struct _EX_TIMER {
    DISPATCHER_HEADER header;
    struct alarm alarm;
    KDPC dpc;
    PEXT_CALLBACK callback;
    PVOID context;
    uint64_t period;
    unsigned cpu;
    bool deleted;
    struct _EX_TIMER *next; /* all that are allocated, for unload checks */
};

static PEX_TIMER first;

void ex_timer_begin(void) { first = NULL; }

static void forget(const struct _EX_TIMER *timer)
{
    PEX_TIMER *at = &first;
    while (*at != timer)
        at = &(*at)->next;
    *at = timer->next;
}

bool ex_timer_of_driver(const struct nt_driver *driver)
{
    PEX_TIMER t = first;
    while (t && (t->deleted || io_driver_of_code((const void *)t->callback) != driver))
        t = t->next;
    return t != NULL;
}

static void NTAPI call_back(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    (void)a1, (void)a2;
    PEX_TIMER timer = context;
    struct callback_frame frame;
    callback_enter(&frame, DDI_ExTimerCallback, (const void *)timer->callback, timer);
    timer->callback(timer, timer->context);
    callback_leave(&frame, 0);
    (void)dpc;
    if (timer->deleted)
        ex_system_free(timer);
}

static void expire(struct alarm *alarm)
{
    PEX_TIMER timer = CONTAINING_RECORD(alarm, struct _EX_TIMER, alarm);
    if (timer->period)
        alarm_set(alarm, alarm->due + timer->period, expire);
    timer->header.SignalState = 1;
    ke_signal(&timer->header);
    if (timer->callback)
        ke_queue_dpc_on(&timer->dpc, NULL, NULL, timer->cpu % machine.cpus);
}

static PEX_TIMER live(PEX_TIMER timer, const char *ddi)
{
    ke_dispatcher(timer, ddi);
    if (timer->deleted)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-TMR-6", "%s on a timer that was deleted", ddi);
    return timer;
}

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    gate_enter(DDI_ExAllocateTimer, Attributes, 0);
    PEX_TIMER timer = choose_fault(DDI_ExAllocateTimer) ? NULL : ex_system_alloc(sizeof *timer);
    if (timer) {
        ke_dispatcher_init(&timer->header, Attributes & EX_TIMER_NOTIFICATION ? TYPE_NOTIFICATION_TIMER : TYPE_SYNCHRONIZATION_TIMER, 0);
        ke_initialize_dpc(&timer->dpc, call_back, timer);
        timer->callback = Callback;
        timer->context = CallbackContext;
        timer->next = first;
        first = timer;
    }
    gate_leave(trace_object(timer));
    return timer;
}

BOOLEAN ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    (void)Parameters;
    gate_enter(DDI_ExSetTimer, trace_object(Timer), (ULONG64)DueTime);
    live(Timer, "ExSetTimer");
    if (Period < 0)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-TMR-6", "ExSetTimer with a negative period");
    uint64_t absolute = (uint64_t)DueTime > CLOCK_SYSTEM_TIME_AT_START ? (uint64_t)DueTime - CLOCK_SYSTEM_TIME_AT_START : 0;
    BOOLEAN was_set = alarm_cancel(&Timer->alarm);
    Timer->header.SignalState = 0;
    Timer->period = (uint64_t)Period;
    Timer->cpu = cpu_current();
    hb_release(&Timer->dpc);
    alarm_set(&Timer->alarm, DueTime <= 0 ? clock_now() + (uint64_t)-DueTime : absolute, expire);
    gate_leave(was_set);
    return was_set;
}

BOOLEAN ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters)
{
    (void)Parameters;
    gate_enter(DDI_ExCancelTimer, trace_object(Timer), 0);
    BOOLEAN was_set = alarm_cancel(&live(Timer, "ExCancelTimer")->alarm);
    gate_leave(was_set);
    return was_set;
}

static void destroy(PEX_TIMER timer, bool wait)
{
    timer->deleted = true;
    forget(timer);
    if (ke_remove_queue_dpc(&timer->dpc) || !ke_dpc_active(&timer->dpc)) {
        ex_system_free(timer);
        return;
    }
    if (wait) /* the callback that runs now frees it */
        ke_flush_queued_dpcs();
}

BOOLEAN ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    (void)Parameters;
    gate_enter(DDI_ExDeleteTimer, trace_object(Timer), Wait);
    live(Timer, "ExDeleteTimer");
    if (Wait && (!Cancel || current_ctx->irql > IRQL_APC))
        bugcheck(OWN_RULE, Cancel, current_ctx->irql, 0, 0, "W-TMR-6", "ExDeleteTimer with Wait %s",
                 Cancel ? "above APC_LEVEL" : "but without Cancel");
    if (!Cancel && Timer->alarm.set)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-TMR-6", "a timer is deleted while it is set, without Cancel");
    BOOLEAN was_set = alarm_cancel(&Timer->alarm);
    destroy(Timer, Wait);
    gate_leave(was_set);
    return was_set;
}
