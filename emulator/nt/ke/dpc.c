/*
 * DPCs (W-DPC). A queued DPC stands on its processor's list; DpcData holds its place in the order of queueing, plus one.
 * It is taken off the list before its routine starts, so it may be queued again while it runs.
 */
#include "ke.h"

#define DPC_OBJECT 19
#define THREADED_DPC_OBJECT 24
#define DPC_TARGETED 0x100 /* in KDPC.Number, plus the processor */

static struct {
    LIST_ENTRY queue[MACHINE_MAX_CPUS];
    ULONG64 sequence;
    ULONG64 running[MACHINE_MAX_CPUS];      /* sequence of the one that runs, 0 none */
    const KDPC *running_dpc[MACHINE_MAX_CPUS];
    KEVENT progress;                        /* set when a DPC ends and somebody flushes */
    unsigned flushers;
} dpcs;

static bool run_one(unsigned cpu);

void ke_dpc_begin(void)
{
    for (unsigned c = 0; c < MACHINE_MAX_CPUS; c++) {
        InitializeListHead(&dpcs.queue[c]);
        dpcs.running[c] = 0;
        dpcs.running_dpc[c] = NULL;
    }
    dpcs.sequence = 0;
    dpcs.flushers = 0;
    ke_initialize_event(&dpcs.progress, NotificationEvent, FALSE);
    machine.run_dpc = run_one;
}

void ke_initialize_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    RtlZeroMemory(dpc, sizeof *dpc);
    dpc->Type = DPC_OBJECT;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

/* KOBJECTS values of an ordinary and a threaded DPC. A threaded one runs as an ordinary one does, which Windows may always do (W-IRQL, 2.2). */
static bool is_dpc(const KDPC *dpc) { return dpc->Type == DPC_OBJECT || dpc->Type == THREADED_DPC_OBJECT; }

/* The DPC itself, not its old content, tells whether it is queued: the memory may be fresh. */
static bool is_queued(const KDPC *dpc)
{
    for (unsigned c = 0; c < machine.cpus; c++)
        for (LIST_ENTRY *e = dpcs.queue[c].Flink; e != &dpcs.queue[c]; e = e->Flink)
            if (e == &dpc->DpcListEntry)
                return true;
    return false;
}

bool ke_dpc_active(const KDPC *dpc)
{
    if (dpc->DpcData)
        return true;
    for (unsigned c = 0; c < machine.cpus; c++)
        if (dpcs.running_dpc[c] == dpc)
            return true;
    return false;
}

static unsigned target_cpu(const KDPC *dpc)
{
    unsigned wanted = dpc->Number >= DPC_TARGETED ? dpc->Number - DPC_TARGETED : cpu_current();
    return wanted % machine.cpus;
}

BOOLEAN ke_queue_dpc_on(PKDPC dpc, PVOID a1, PVOID a2, unsigned cpu)
{
    if (dpc->DpcData)
        return FALSE;
    dpc->DpcData = (PVOID)(++dpcs.sequence + 1);
    dpc->SystemArgument1 = a1;
    dpc->SystemArgument2 = a2;
    hb_release(dpc);
    if (dpc->Importance == HighImportance)
        InsertHeadList(&dpcs.queue[cpu], &dpc->DpcListEntry);
    else
        InsertTailList(&dpcs.queue[cpu], &dpc->DpcListEntry);
    cpu_request_dpc(cpu);
    return TRUE;
}

BOOLEAN ke_insert_queue_dpc(PKDPC dpc, PVOID a1, PVOID a2)
{
    memory_check(dpc, sizeof *dpc, "KeInsertQueueDpc");
    if (!is_dpc(dpc))
        bugcheck(0xC7, 1, 0, 0, 0, "V-OBJ-10", "a DPC that was never initialised is queued");
    return ke_queue_dpc_on(dpc, a1, a2, target_cpu(dpc));
}

BOOLEAN ke_remove_queue_dpc(PKDPC dpc)
{
    memory_check(dpc, sizeof *dpc, "KeRemoveQueueDpc");
    if (!dpc->DpcData)
        return FALSE;
    for (unsigned c = 0; c < machine.cpus; c++)
        for (LIST_ENTRY *e = dpcs.queue[c].Flink; e != &dpcs.queue[c]; e = e->Flink)
            if (e == &dpc->DpcListEntry && machine.cpu[c].dpcs)
                machine.cpu[c].dpcs--;
    RemoveEntryList(&dpc->DpcListEntry);
    dpc->DpcData = NULL;
    return TRUE;
}

struct dpc_call {
    PKDPC dpc;
    PKDEFERRED_ROUTINE routine;
    PVOID context, a1, a2;
};

static void call_routine(void *argument)
{
    struct dpc_call c = *(struct dpc_call *)argument;
    if (!is_driver_code(c.routine)) {
        c.routine(c.dpc, c.context, c.a1, c.a2);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_DpcRoutine, c.routine, c.dpc);
    frame.by_timer = c.a1 == KE_TIMER_ARGUMENT;
    c.routine(c.dpc, c.context, c.a1, c.a2);
    callback_leave(&frame, 0);
}

static bool run_one(unsigned cpu)
{
    if (IsListEmpty(&dpcs.queue[cpu]))
        return false;
    PKDPC dpc = CONTAINING_RECORD(RemoveHeadList(&dpcs.queue[cpu]), KDPC, DpcListEntry);
    ULONG64 outer = dpcs.running[cpu];
    const KDPC *outer_dpc = dpcs.running_dpc[cpu];
    dpcs.running[cpu] = (ULONG64)dpc->DpcData - 1;
    dpcs.running_dpc[cpu] = dpc;
    ke_watchdog_dpc(cpu, true);
    struct dpc_call call = {dpc, dpc->DeferredRoutine, dpc->DeferredContext, dpc->SystemArgument1, dpc->SystemArgument2};
    dpc->DpcData = NULL;
    struct activation activation;
    activation_push(&activation, "DPC", dpc, ACTIVATION_DPC);
    hb_acquire(dpc);
    activation_call(call_routine, &call);
    hb_release(&dpcs); /* still as the DPC: what it did is before the return of KeFlushQueuedDpcs */
    activation_pop(&activation);
    ke_watchdog_dpc(cpu, false);
    dpcs.running[cpu] = outer;
    dpcs.running_dpc[cpu] = outer_dpc;
    if (dpcs.flushers)
        ke_set_event(&dpcs.progress, 0, FALSE);
    return true;
}

/* Is a DPC with a sequence up to `last` still queued or running? */
static bool unfinished(ULONG64 last)
{
    for (unsigned c = 0; c < machine.cpus; c++) {
        if (dpcs.running[c] && dpcs.running[c] <= last)
            return true;
        for (LIST_ENTRY *e = dpcs.queue[c].Flink; e != &dpcs.queue[c]; e = e->Flink)
            if ((ULONG64)CONTAINING_RECORD(e, KDPC, DpcListEntry)->DpcData - 1 <= last)
                return true;
    }
    return false;
}

void ke_flush_queued_dpcs(void)
{
    ULONG64 last = dpcs.sequence;
    dpcs.flushers++;
    while (unfinished(last)) {
        ke_reset_event(&dpcs.progress);
        ke_wait_internal(&dpcs.progress, "queued DPCs to end");
    }
    dpcs.flushers--;
    hb_acquire(&dpcs);
}

void ke_dpc_check_free(const char *memory, size_t size)
{
    for (unsigned c = 0; c < machine.cpus; c++)
        for (LIST_ENTRY *e = dpcs.queue[c].Flink; e != &dpcs.queue[c]; e = e->Flink)
            if ((const char *)e >= memory && (const char *)e < memory + size)
                bugcheck(0xC7, 1, 0, 0, 0, "W-MEM-6", "memory with a queued DPC in it is freed");
}

static void initialize_dpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, UCHAR type)
{
    memory_check(dpc, sizeof *dpc, "KeInitializeDpc");
    ke_check_nonpaged(dpc, "a DPC");
    if (is_queued(dpc))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-OBJ-11", "a DPC is initialised again while it is queued");
    ke_initialize_dpc(dpc, routine, context);
    dpc->Type = type;
}

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    gate_enter(DDI_KeInitializeDpc, trace_object(Dpc), 0);
    initialize_dpc(Dpc, Routine, Context, DPC_OBJECT);
    gate_leave(0);
}

VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    gate_enter(DDI_KeInitializeThreadedDpc, trace_object(Dpc), 0);
    initialize_dpc(Dpc, Routine, Context, THREADED_DPC_OBJECT);
    gate_leave(0);
}

BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID Argument1, PVOID Argument2)
{
    gate_enter(DDI_KeInsertQueueDpc, trace_object(Dpc), 0);
    BOOLEAN queued = ke_insert_queue_dpc(Dpc, Argument1, Argument2);
    gate_leave(queued);
    return queued;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc)
{
    gate_enter(DDI_KeRemoveQueueDpc, trace_object(Dpc), 0);
    BOOLEAN removed = ke_remove_queue_dpc(Dpc);
    gate_leave(removed);
    return removed;
}

VOID KeFlushQueuedDpcs(VOID)
{
    gate_enter(DDI_KeFlushQueuedDpcs, 0, 0);
    ke_flush_queued_dpcs();
    gate_leave(0);
}

static void check_not_queued(const KDPC *dpc, const char *ddi)
{
    memory_check(dpc, sizeof *dpc, ddi);
    if (!is_dpc(dpc))
        bugcheck(0xC7, 1, 0, 0, 0, "V-OBJ-10", "%s was given a DPC that was never initialised", ddi);
    if (dpc->DpcData)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-DPC-4", "%s is called while the DPC is queued", ddi);
}

VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    gate_enter(DDI_KeSetImportanceDpc, trace_object(Dpc), Importance);
    check_not_queued(Dpc, "KeSetImportanceDpc");
    Dpc->Importance = (UCHAR)Importance;
    gate_leave(0);
}

static void aim(PRKDPC dpc, unsigned cpu, const char *ddi)
{
    check_not_queued(dpc, ddi);
    if (cpu >= machine.cpus)
        bugcheck(0xC7, 3, cpu, machine.cpus, 0, "W-DPC-4", "a DPC is aimed at processor %u of %u", cpu, machine.cpus);
    dpc->Number = (USHORT)(DPC_TARGETED + cpu);
}

VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    gate_enter(DDI_KeSetTargetProcessorDpc, trace_object(Dpc), (UCHAR)Number);
    aim(Dpc, (UCHAR)Number, "KeSetTargetProcessorDpc");
    gate_leave(0);
}

NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    gate_enter(DDI_KeSetTargetProcessorDpcEx, trace_object(Dpc), ProcNumber->Number);
    NTSTATUS status = ProcNumber->Group || ProcNumber->Number >= machine.cpus ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        aim(Dpc, ProcNumber->Number, "KeSetTargetProcessorDpcEx");
    gate_leave((ULONG)status);
    return status;
}
