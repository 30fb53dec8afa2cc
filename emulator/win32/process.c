/*
 * See process.h. A thread's way out is always thread_end(), on the thread itself: from its own return, from ExitThread, or from the next
 * user DDI or user wait after somebody asked (exit_asked). The last thread of a process runs the process down.
 */
#include "win32.h"

static uint32_t next_process;
static unsigned app_threads; /* created without a role of their own */

struct start {
    DWORD (*routine)(void *);
    void *argument;
    KEVENT resumed;
    DWORD suspend_count;
    struct nt_thread *thread;
    struct start *next;
};
static struct start *suspended_threads;

struct nt_process *process_create(const char *name)
{
    struct nt_process *process = ob_create(OB_PROCESS, sizeof *process, BLOCK_SYSTEM, NULL);
    if (!process)
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "no memory for a process");
    ke_initialize_event(&process->ended, NotificationEvent, FALSE);
    ke_initialize_event(&process->never, NotificationEvent, FALSE);
    InitializeListHead(&process->threads);
    process->number = ++next_process;
    for (unsigned i = 0; name[i] && i + 1 < sizeof process->name; i++)
        process->name[i] = name[i];
    return process;
}

void process_release(struct nt_process *process) { ob_dereference(process); }
uint32_t process_id(const struct nt_process *process) { return NT_SYSTEM_PROCESS_ID + process->number * 4; }
bool process_ended(const struct nt_process *process) { return process->ran_down; }

void process_set_administrator(struct nt_process *process, bool administrator)
{
    process->plain_user = !administrator;
    for (LIST_ENTRY *entry = process->threads.Flink; entry != &process->threads; entry = entry->Flink)
        CONTAINING_RECORD(entry, struct nt_thread, process_entry)->plain_user = !administrator;
}

/* W-FIL-22: the handles go when no thread is left; then whoever waits for the process goes on. */
static void run_down(struct nt_process *process)
{
    if (process->ran_down)
        return;
    process->ran_down = process->exiting = true;
    hb_acquire(&process->threads);
    handle_close_all(process);
    cfgmgr_process_ended(process);
    mm_check_process_exit(process);
    hb_release(&process->ended);
    ke_set_event(&process->ended, 0, FALSE);
}

void thread_end(NTSTATUS status)
{
    struct nt_thread *thread = ke_current_thread();
    struct nt_process *process = thread->process;
    thread->terminating = true;
    thread->exit_status = status;
    io_rundown_thread(thread);
    mutants_abandon(process, thread);
    RemoveEntryList(&thread->process_entry);
    hb_release(&process->threads); /* the end of a process comes after the end of each of its threads */
    if (--process->thread_count == 0) {
        if (!process->exiting)
            process->exit_code = (uint32_t)status;
        run_down(process);
    }
    hb_release(thread);
    ob_dereference(process);
    ke_exit_thread(status);
}

static void end_if_asked(void)
{
    struct nt_thread *thread = ke_current_thread();
    if (thread->exit_asked && thread->process && !thread->terminating)
        thread_end(thread->exit_status);
}

void user_enter(uint16_t ddi, uint64_t a, uint64_t b)
{
    gate_enter(ddi, a, b);
    end_if_asked();
}

void user_leave(uint64_t result)
{
    end_if_asked();
    gate_leave(result);
}

static void thread_main(void *argument)
{
    struct nt_thread *thread = ke_current_thread();
    struct start start = *(struct start *)argument;
    struct start *waiting = argument;
    if (start.suspend_count && user_wait_step(&waiting->resumed, false, NULL) == STATUS_THREAD_IS_TERMINATING)
        thread_end(thread->exit_status);
    hb_acquire(argument);
    ex_system_free(argument);
    if (thread->exit_asked)
        thread_end(thread->exit_status);
    struct callback_frame frame;
    callback_enter(&frame, DDI_ThreadProc, (const void *)start.routine, NULL);
    DWORD result = start.routine(start.argument);
    callback_leave(&frame, result);
    thread_end(thread->exit_asked ? thread->exit_status : (NTSTATUS)result);
}

struct nt_thread *process_start_thread(struct nt_process *process, uint8_t role, const char *name, DWORD (*routine)(void *), void *argument,
                                       bool suspended)
{
    if (process->exiting)
        return NULL;
    struct start *start = ex_system_alloc(sizeof *start);
    *start = (struct start){.routine = routine, .argument = argument, .suspend_count = suspended};
    ke_initialize_event(&start->resumed, NotificationEvent, FALSE);
    if (role == ROLE_NONE)
        role = (uint8_t)(ROLE_APP0 + app_threads++ % (ROLE_PNP - ROLE_APP0));
    hb_release(start);
    ob_reference(process); /* the thread's, until thread_end() */
    struct nt_thread *thread = ke_create_thread(CTX_APP, role, name, process, thread_main, start);
    thread->process_id = process_id(process);
    thread->plain_user = process->plain_user;
    InsertTailList(&process->threads, &thread->process_entry);
    process->thread_count++;
    if (suspended) {
        start->thread = thread;
        start->next = suspended_threads;
        suspended_threads = start;
    }
    return thread;
}

DWORD thread_resume(struct nt_thread *thread)
{
    for (struct start **at = &suspended_threads; *at; at = &(*at)->next)
        if ((*at)->thread == thread) {
            struct start *start = *at;
            DWORD before = start->suspend_count--;
            if (before == 1) {
                *at = start->next;
                hb_release(start);
                ke_set_event(&start->resumed, 0, FALSE);
            }
            return before;
        }
    return 0;
}

struct nt_thread *thread_create(struct nt_process *process, uint8_t role, const char *name, uint32_t (*body)(void *), void *argument)
{
    return process_start_thread(process, role, name, body, argument, false);
}

void thread_release(struct nt_thread *thread) { ob_dereference(thread); }

static bool wait_for(void *object, uint64_t timeout)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)timeout};
    return ke_wait_for_single_object(object, Executive, KernelMode, FALSE, timeout == PROCESS_FOREVER ? NULL : &due) == STATUS_SUCCESS;
}

bool thread_wait(struct nt_thread *thread, uint64_t timeout)
{
    bool ended = wait_for(thread, timeout);
    if (ended)
        hb_acquire(thread);
    return ended;
}

bool process_wait(struct nt_process *process, uint64_t timeout, uint32_t *exit_code)
{
    if (!wait_for(process, timeout))
        return false;
    hb_acquire(&process->ended);
    if (exit_code)
        *exit_code = process->exit_code;
    return true;
}

/* ---- main() of an app ---- */

struct app_start {
    int (*main)(int, char **);
    int argc;
    char **argv;
};

static DWORD app_main(void *argument)
{
    struct app_start app = *(struct app_start *)argument;
    int result = app.main(app.argc, app.argv);
    gate_enter(DDI_ExitProcess, (DWORD)result, 0);
    process_terminate(process_current(), (uint32_t)result);
    __builtin_unreachable();
}

struct nt_thread *process_run(struct nt_process *process, uint8_t role, int (*main)(int, char **), int argc, const char *const *argv)
{
    struct app_start *app = ex_system_alloc(sizeof *app);
    *app = (struct app_start){.main = main, .argc = argc, .argv = user_alloc((size_t)(argc + 1) * sizeof(char *), NULL)};
    msan_define(app->argv, (size_t)(argc + 1) * sizeof(char *));
    for (int i = 0; i < argc; i++) {
        size_t size = strlen(argv[i]) + 1;
        app->argv[i] = memcpy(user_alloc(size, NULL), argv[i], size);
        msan_define(app->argv[i], size);
    }
    app->argv[argc] = NULL;
    return process_start_thread(process, role, process->name, app_main, app, false);
}

/* ---- Ending from outside ---- */

/* The first IRP that the thread waits for inside a system call and that nobody cancelled yet. */
static PIRP synchronous_irp(struct nt_thread *thread)
{
    for (LIST_ENTRY *entry = thread->irps.Flink; entry != &thread->irps; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, ThreadListEntry);
        if ((irp->Flags & IRP_SYNCHRONOUS_API || irp_info(irp)->synchronous) && !irp_info(irp)->finished && !irp->Cancel)
            return irp;
    }
    return NULL;
}

ULONG thread_cancel_synchronous(struct nt_thread *thread)
{
    ULONG count = 0;
    for (PIRP irp; (irp = synchronous_irp(thread)) != NULL; count++)
        io_cancel_irp(irp);
    return count;
}

void thread_terminate(struct nt_thread *thread, uint32_t exit_code)
{
    if (thread == ke_current_thread())
        thread_end((NTSTATUS)exit_code);
    if (thread->exit_asked || thread->terminating || thread->ended)
        return;
    thread->exit_asked = true;
    thread->exit_status = (NTSTATUS)exit_code;
    ke_interrupt_wait(thread);
    thread_cancel_synchronous(thread);
}

void process_terminate(struct nt_process *process, uint32_t exit_code)
{
    struct nt_thread *self = ke_current_thread();
    if (!process->exiting)
        process->exit_code = exit_code;
    process->exiting = true;
    /* Cancelling may let a thread end, so the list is walked from its start until nobody is left to ask. */
    for (LIST_ENTRY *entry = process->threads.Flink; entry != &process->threads;) {
        struct nt_thread *thread = CONTAINING_RECORD(entry, struct nt_thread, process_entry);
        if (thread == self || thread->exit_asked || thread->terminating) {
            entry = entry->Flink;
            continue;
        }
        thread_terminate(thread, exit_code);
        entry = process->threads.Flink;
    }
    if (self->process == process)
        thread_end((NTSTATUS)exit_code);
    if (!process->thread_count)
        run_down(process);
}

void thread_exit(uint32_t exit_code)
{
    gate_enter(DDI_ExitThread, exit_code, 0);
    thread_end((NTSTATUS)exit_code);
}

/* ---- Console control events ---- */

#define CONTROL_C_EXIT 0xC000013Au

static DWORD run_console_handlers(void *argument)
{
    DWORD event = (DWORD)(ULONG_PTR)argument;
    struct console_handler *next = process_current()->console_handlers;
    for (; next; next = next->next)
        if (next->routine(event))
            return 0;
    gate_enter(DDI_ExitProcess, CONTROL_C_EXIT, 0);
    process_terminate(process_current(), CONTROL_C_EXIT);
    __builtin_unreachable();
}

void process_console_event(struct nt_process *process, uint32_t event)
{
    if (event == 0 && process->ignores_ctrl_c)
        return;
    struct nt_thread *thread = process_start_thread(process, ROLE_NONE, "ctrl handler", run_console_handlers, (void *)(ULONG_PTR)event, false);
    if (thread)
        ob_dereference(thread);
}

void win32_begin(void)
{
    next_process = 0;
    ob_user_handle_hook = process_handle_object;
    app_threads = 0;
    suspended_threads = NULL;
    sync_begin();
    port_begin();
    lock_begin();
    heap_begin();
    service_begin();
    cfgmgr_begin();
}
