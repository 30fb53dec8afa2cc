/*
 * Threads and APCs (W-THR, W-APC). A struct nt_thread is the PKTHREAD/PETHREAD a driver sees; its context is the machine's.
 */
#include "ke.h"

#include "../../machine/sanitizer.h"

static struct {
    struct nt_thread *idle;
    uint32_t number;
} threads;

static bool deliver_kernel_apcs(void);

/* INIT code goes when DriverEntry has returned (W-IRQL-12). */
static void check_discarded(const void *routine, const char *what)
{
    struct nt_driver *driver = io_driver_of_code(routine);
    if (driver && driver->initialized)
        bugcheck(0x50, 0, 8, 0, 0, "W-IRQL-12", "%s lies in the INIT section, which was discarded when DriverEntry had returned", what);
}

void ke_check_discarded(const void *code, const char *what)
{
    if ((uintptr_t)code - machine.discardable < machine.discardable_size)
        check_discarded(code, what);
}

void ke_thread_begin(void)
{
    machine.discardable = (uintptr_t)__start_INIT;
    machine.discardable_size = (uintptr_t)__stop_INIT - (uintptr_t)__start_INIT;
    machine.check_discarded = check_discarded;
    threads.idle = NULL;
    threads.number = 0;
    machine.is_pageable = is_pageable_code;
    machine.is_driver_code = is_driver_code;
    machine.deliver_apcs = deliver_kernel_apcs;
}

static struct nt_thread *make_thread(struct nt_process *process)
{
    struct nt_thread *t = ob_create(OB_THREAD, sizeof *t, BLOCK_THREAD, NULL);
    if (!t)
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "no memory for a thread");
    ke_dispatcher_init(&t->header, TYPE_THREAD, 0);
    t->process = process;
    t->number = ++threads.number;
    t->priority = 8;
    InitializeListHead(&t->irps);
    InitializeListHead(&t->kernel_apcs);
    InitializeListHead(&t->user_apcs);
    InitializeListHead(&t->process_entry);
    return t;
}

struct nt_thread *ke_adopt_current_thread(void)
{
    struct nt_thread *t = make_thread(NULL);
    t->ctx = current_ctx;
    current_ctx->thread = t;
    return t;
}

struct nt_thread *ke_current_thread(void)
{
    struct nt_thread *t = current_ctx->thread;
    if (t)
        return t;
    if (!threads.idle)
        threads.idle = make_thread(NULL);
    threads.idle->ctx = current_ctx;
    return threads.idle;
}

static void check_mutexes(const struct ctx *ctx)
{
    if (mutex_order_count())
        bugcheck(0x4000008A, 0, 0, 0, 0, "W-KE-25", "thread %s ends owning a mutex", ctx->name);
}

static void end_thread(struct nt_thread *t)
{
    t->terminating = true;
    if (current_ctx->irql != IRQL_PASSIVE)
        bugcheck(0xC8, current_ctx->irql, 0, 0, 0, "W-IRQL-6", "thread %s ends at IRQL %u", current_ctx->name, current_ctx->irql);
    if (current_ctx->spinlocks_held)
        bugcheck(0xC4, 0x100A, 0, 0, 0, "V-LCK-23", "thread %s ends holding a spin lock", current_ctx->name);
    io_rundown_thread(t);
    check_mutexes(current_ctx);
    if (current_ctx->apc_disable || current_ctx->special_apc_disable)
        bugcheck(0x20, 0, current_ctx->apc_disable, current_ctx->special_apc_disable, 0, "V-GEN-8",
                 "thread %s ends inside a critical or guarded region", current_ctx->name);
    if (t->float_saves)
        bugcheck(OWN_RULE, t->float_saves, 0, 0, 0, "W-IRQL-14", "thread %s ends without restoring the floating-point state it saved", current_ctx->name);
    t->ended = true;
    t->header.SignalState = 1;
    ke_signal(&t->header);
    current_ctx->thread = NULL;
    ob_dereference(t); /* the reference of the running thread */
}

static void thread_main(void *argument)
{
    struct nt_thread *t = argument;
    hb_acquire(t);
    t->entry(t->argument);
    end_thread(t);
}

struct nt_thread *ke_create_thread(enum ctx_kind kind, uint8_t role, const char *name, struct nt_process *process, void (*entry)(void *),
                                   void *argument)
{
    struct nt_thread *t = make_thread(process);
    t->entry = entry;
    t->argument = argument;
    ob_reference(t); /* one for the caller, one until it ended */
    hb_release(t);
    t->ctx = ctx_create(kind, role, name, thread_main, t);
    t->ctx->thread = t;
    return t;
}

void ke_exit_thread(NTSTATUS status)
{
    struct nt_thread *t = ke_current_thread();
    t->exit_status = status;
    end_thread(t);
    ctx_exit();
}

/* ---- APCs ---- */

static bool kernel_apcs_allowed(const struct ctx *ctx) { return ctx->irql == IRQL_PASSIVE && !ctx->special_apc_disable && !ctx->top; }

static bool deliver_kernel_apcs(void)
{
    struct ctx *ctx = current_ctx;
    struct nt_thread *t = ctx->thread;
    if (!t || !kernel_apcs_allowed(ctx))
        return false;
    bool any = !IsListEmpty(&t->kernel_apcs);
    ctx->apc_pending = false;
    while (!IsListEmpty(&t->kernel_apcs)) {
        struct nt_apc *apc = CONTAINING_RECORD(RemoveHeadList(&t->kernel_apcs), struct nt_apc, entry);
        apc->queued = false;
        uint8_t old = irql_raise(IRQL_APC);
        hb_acquire(apc);
        apc->run(apc);
        irql_lower(old);
    }
    return any;
}

void ke_queue_kernel_apc(struct nt_thread *t, struct nt_apc *apc)
{
    apc->queued = true;
    apc->user = false;
    hb_release(apc);
    InsertTailList(&t->kernel_apcs, &apc->entry);
    t->ctx->apc_pending = true;
    if (t == current_ctx->thread)
        deliver_kernel_apcs();
    else
        ke_interrupt_wait(t);
}

void ke_queue_user_apc(struct nt_thread *t, struct nt_apc *apc)
{
    apc->queued = true;
    apc->user = true;
    hb_release(apc);
    InsertTailList(&t->user_apcs, &apc->entry);
    if (t->waiting && t->alertable)
        ke_interrupt_wait(t);
}

bool ke_run_user_apcs(void)
{
    struct nt_thread *t = ke_current_thread();
    bool any = false;
    while (!IsListEmpty(&t->user_apcs)) {
        struct nt_apc *apc = CONTAINING_RECORD(RemoveHeadList(&t->user_apcs), struct nt_apc, entry);
        apc->queued = false;
        hb_acquire(apc);
        apc->run(apc);
        any = true;
    }
    return any;
}

/* ---- DDIs ---- */

struct system_thread {
    PKSTART_ROUTINE routine;
    PVOID context;
};

static void run_system_thread(void *argument)
{
    struct system_thread start = *(struct system_thread *)argument;
    ex_system_free(argument);
    struct callback_frame frame;
    callback_enter(&frame, DDI_SystemThreadRoutine, (const void *)start.routine, NULL);
    start.routine(start.context);
    check_mutexes(current_ctx);
    callback_leave(&frame, 0);
}

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context)
{
    struct system_thread *start = ex_system_alloc(sizeof *start);
    *start = (struct system_thread){routine, context};
    struct nt_thread *thread = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "system", NULL, run_system_thread, start);
    thread->system = true;
    thread->routine = (const void *)routine;
    return thread;
}

PKTHREAD KeGetCurrentThread(VOID) { return (PKTHREAD)ke_current_thread(); }
PETHREAD PsGetCurrentThread(VOID) { return (PETHREAD)ke_current_thread(); }
HANDLE PsGetCurrentThreadId(VOID) { return (HANDLE)(ULONG_PTR)(ke_current_thread()->number * 4ull); }
HANDLE PsGetThreadId(PETHREAD Thread) { return (HANDLE)(ULONG_PTR)(((struct nt_thread *)Thread)->number * 4ull); }
BOOLEAN PsIsSystemThread(PETHREAD Thread) { return ((struct nt_thread *)Thread)->process == NULL; }
BOOLEAN PsIsThreadTerminating(PETHREAD Thread) { return ((struct nt_thread *)Thread)->terminating; }

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                              PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    (void)DesiredAccess, (void)ProcessHandle;
    gate_enter(DDI_PsCreateSystemThread, 0, 0);
    if (choose_fault(DDI_PsCreateSystemThread)) {
        gate_leave((ULONG)STATUS_INSUFFICIENT_RESOURCES);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct nt_thread *current = ke_current_thread();
    if (current->process && !(ObjectAttributes && ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-SEC-6", "PsCreateSystemThread in an app's process without OBJ_KERNEL_HANDLE: the app could close the handle");
    struct nt_thread *thread = ps_create_system_thread(StartRoutine, StartContext);
    thread->created_at = CALLER;
    thread->created_by = current_ctx->name;
    *ThreadHandle = ob_open_kernel_handle(thread);
    if (ClientId)
        *ClientId = (CLIENT_ID){.UniqueThread = PsGetThreadId((PETHREAD)thread)};
    ob_dereference(thread); /* the handle keeps it */
    gate_leave(0);
    return STATUS_SUCCESS;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    gate_enter(DDI_PsTerminateSystemThread, (ULONG)ExitStatus, 0);
    if (!ke_current_thread()->system) {
        gate_leave((ULONG)STATUS_INVALID_PARAMETER);
        return STATUS_INVALID_PARAMETER;
    }
    current_ctx->gate_depth = 0; /* none of the callers comes back */
    ke_exit_thread(ExitStatus);
}

KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    gate_enter(DDI_KeSetPriorityThread, trace_object(Thread), (ULONG)Priority);
    struct nt_thread *t = (struct nt_thread *)Thread;
    if (Priority < 1 || Priority > 31)
        bugcheck(OWN_RULE, (ULONG)Priority, 0, 0, 0, "W-THR-3", "KeSetPriorityThread to %d: 1 to 31 are allowed", Priority);
    KPRIORITY old = t->priority;
    t->priority = Priority;
    gate_leave((ULONG)old);
    return old;
}

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    gate_enter(DDI_KeQueryPriorityThread, trace_object(Thread), 0);
    KPRIORITY priority = ((struct nt_thread *)Thread)->priority;
    gate_leave((ULONG)priority);
    return priority;
}

LONG KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    gate_enter(DDI_KeSetBasePriorityThread, trace_object(Thread), (ULONG)Increment);
    struct nt_thread *t = (struct nt_thread *)Thread;
    LONG old = t->priority - 8; /* relative to the process, whose class is normal */
    t->priority = 8 + Increment;
    gate_leave((ULONG)old);
    return old;
}
