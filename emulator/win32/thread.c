/* Threads and processes as an app sees them (W-U-13). The model is process.c's. */
#include "win32.h"

#define CREATE_SUSPENDED 4u
#define STILL_ACTIVE 259u
#define ALL_ACCESS 0x1FFFFFu

typedef DWORD (*thread_routine)(void *);

static HANDLE start(thread_routine routine, void *argument, DWORD flags, DWORD *id)
{
    struct nt_process *process = process_current();
    struct nt_thread *thread = process_start_thread(process, ROLE_NONE, process->name, routine, argument, (flags & CREATE_SUSPENDED) != 0);
    if (!thread)
        return error_fail(ERROR_ACCESS_DENIED), NULL;
    if (id) {
        *id = thread_id(thread);
        msan_define(id, sizeof *id);
    }
    return handle_insert(process, thread, ALL_ACCESS); /* the caller's reference becomes the handle's */
}

HANDLE CreateThread(void *security, SIZE_T stack, thread_routine routine, void *argument, DWORD flags, DWORD *id)
{
    (void)security, (void)stack;
    user_enter(DDI_CreateThread, flags, 0);
    HANDLE handle = start(routine, argument, flags, id);
    user_leave((ULONG_PTR)handle);
    return handle;
}

size_t _beginthreadex(void *security, unsigned stack, unsigned (*routine)(void *), void *argument, unsigned flags, unsigned *id)
{
    (void)security, (void)stack;
    user_enter(DDI__beginthreadex, flags, 0);
    HANDLE handle = start(routine, argument, flags, id);
    user_leave((ULONG_PTR)handle);
    return (size_t)handle;
}

struct plain_start {
    void (*routine)(void *);
    void *argument;
};

static DWORD run_plain(void *argument)
{
    struct plain_start plain = *(struct plain_start *)argument;
    plain.routine(plain.argument);
    return 0;
}

/* The handle belongs to the thread, which closes it when it ends; here it lives until the process does. */
size_t _beginthread(void (*routine)(void *), unsigned stack, void *argument)
{
    (void)stack;
    user_enter(DDI__beginthread, 0, 0);
    struct plain_start *plain = ex_system_alloc(sizeof *plain);
    *plain = (struct plain_start){routine, argument};
    HANDLE handle = start(run_plain, plain, 0, NULL);
    user_leave((ULONG_PTR)handle);
    return handle ? (size_t)handle : (size_t)-1;
}

_Noreturn void ExitThread(DWORD code)
{
    user_enter(DDI_ExitThread, code, 0);
    thread_end((NTSTATUS)code);
}

_Noreturn void _endthreadex(unsigned code) { ExitThread(code); }
_Noreturn void _endthread(void) { ExitThread(0); }

BOOL TerminateThread(HANDLE handle, DWORD code)
{
    user_enter(DDI_TerminateThread, (ULONG_PTR)handle, code);
    void *thread;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &thread, NULL);
    if (NT_SUCCESS(status))
        thread_terminate(thread, code);
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

DWORD ResumeThread(HANDLE handle)
{
    user_enter(DDI_ResumeThread, (ULONG_PTR)handle, 0);
    void *thread;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &thread, NULL);
    DWORD before = (DWORD)-1;
    if (NT_SUCCESS(status))
        before = thread_resume(thread);
    else
        error_from_status(status);
    user_leave(before);
    return before;
}

BOOL GetExitCodeThread(HANDLE handle, DWORD *code)
{
    user_enter(DDI_GetExitCodeThread, (ULONG_PTR)handle, 0);
    void *body;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &body, NULL);
    if (NT_SUCCESS(status)) {
        struct nt_thread *thread = body;
        *code = thread->ended ? (DWORD)thread->exit_status : STILL_ACTIVE;
        msan_define(code, sizeof *code);
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

BOOL GetExitCodeProcess(HANDLE handle, DWORD *code)
{
    user_enter(DDI_GetExitCodeProcess, (ULONG_PTR)handle, 0);
    void *body;
    NTSTATUS status = handle_lookup(handle, OB_PROCESS, &body, NULL);
    if (NT_SUCCESS(status)) {
        struct nt_process *process = body;
        *code = process->ran_down ? process->exit_code : STILL_ACTIVE;
        msan_define(code, sizeof *code);
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

HANDLE GetCurrentThread(void) { return THREAD_PSEUDO_HANDLE; }
HANDLE GetCurrentProcess(void) { return PROCESS_PSEUDO_HANDLE; }

DWORD GetCurrentThreadId(void)
{
    user_enter(DDI_GetCurrentThreadId, 0, 0);
    DWORD id = thread_id(ke_current_thread());
    user_leave(id);
    return id;
}

DWORD GetThreadId(HANDLE handle)
{
    user_enter(DDI_GetThreadId, (ULONG_PTR)handle, 0);
    void *thread;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &thread, NULL);
    DWORD id = NT_SUCCESS(status) ? thread_id(thread) : (DWORD)error_from_status(status);
    user_leave(id);
    return id;
}

DWORD GetCurrentProcessId(void)
{
    user_enter(DDI_GetCurrentProcessId, 0, 0);
    DWORD id = process_id(process_current());
    user_leave(id);
    return id;
}

BOOL SetThreadPriority(HANDLE handle, int priority)
{
    user_enter(DDI_SetThreadPriority, (ULONG_PTR)handle, (unsigned)priority);
    void *body;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &body, NULL);
    if (NT_SUCCESS(status))
        ((struct nt_thread *)body)->priority = 8 + priority;
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

_Noreturn void ExitProcess(DWORD code)
{
    user_enter(DDI_ExitProcess, code, 0);
    process_terminate(process_current(), code);
    __builtin_unreachable();
}

_Noreturn void irpfuzz_app_exit(int code) { ExitProcess((DWORD)code); }

BOOL TerminateProcess(HANDLE handle, DWORD code)
{
    user_enter(DDI_TerminateProcess, (ULONG_PTR)handle, code);
    void *process;
    NTSTATUS status = handle_lookup(handle, OB_PROCESS, &process, NULL);
    if (NT_SUCCESS(status))
        process_terminate(process, code);
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

/* ---- User APCs of an app's own (W-U-14) ---- */

struct queued_call {
    struct nt_apc apc;
    void (*routine)(ULONG_PTR);
    ULONG_PTR argument;
};

static void run_queued_call(struct nt_apc *apc)
{
    struct queued_call call = *CONTAINING_RECORD(apc, struct queued_call, apc);
    ex_system_free(CONTAINING_RECORD(apc, struct queued_call, apc));
    struct callback_frame frame;
    callback_enter(&frame, DDI_UserApc, (const void *)call.routine, NULL);
    call.routine(call.argument);
    callback_leave(&frame, 0);
}

DWORD QueueUserAPC(void (*routine)(ULONG_PTR), HANDLE handle, ULONG_PTR argument)
{
    user_enter(DDI_QueueUserAPC, (ULONG_PTR)handle, 0);
    void *body;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &body, NULL);
    if (NT_SUCCESS(status) && ((struct nt_thread *)body)->terminating)
        status = STATUS_UNSUCCESSFUL;
    if (NT_SUCCESS(status)) {
        struct queued_call *call = ex_system_alloc(sizeof *call);
        *call = (struct queued_call){.apc.run = run_queued_call, .routine = routine, .argument = argument};
        ke_queue_user_apc(body, &call->apc);
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return (DWORD)done;
}

/* ---- Console control ---- */

BOOL SetConsoleCtrlHandler(BOOL (*routine)(DWORD), BOOL add)
{
    user_enter(DDI_SetConsoleCtrlHandler, (uint64_t)add, 0);
    struct nt_process *process = process_current();
    BOOL done = TRUE;
    if (!routine) {
        process->ignores_ctrl_c = add != 0;
    } else if (add) {
        struct console_handler *handler = ex_system_alloc(sizeof *handler);
        *handler = (struct console_handler){.next = process->console_handlers, .routine = routine};
        process->console_handlers = handler;
    } else {
        struct console_handler **at = &process->console_handlers;
        while (*at && (*at)->routine != routine)
            at = &(*at)->next;
        if (*at)
            *at = (*at)->next;
        else
            done = error_fail(ERROR_INVALID_PARAMETER);
    }
    user_leave((uint64_t)done);
    return done;
}
