/* Waits of apps and sleeping (W-U-8). Objects are referenced for the time of the wait, since another thread may close the handle. */
#include "win32.h"

#define MAX_OBJECTS 64

LARGE_INTEGER *user_timeout(DWORD milliseconds, LARGE_INTEGER *storage)
{
    if (milliseconds == INFINITE)
        return NULL;
    storage->QuadPart = -(LONGLONG)(milliseconds * CLOCK_MS);
    return storage;
}

static NTSTATUS wait_step(ULONG count, void **objects, bool all, bool alertable, LARGE_INTEGER *timeout)
{
    if (count == 1)
        return ke_wait_for_single_object(objects[0], UserRequest, UserMode, alertable, timeout);
    return ke_wait_for_multiple_objects(count, objects, all ? WaitAll : WaitAny, UserRequest, UserMode, alertable, timeout, NULL);
}

NTSTATUS user_wait_step(void *object, bool alertable, LARGE_INTEGER *timeout) { return wait_step(1, &object, false, alertable, timeout); }

/* What every return to user mode from a wait does. */
static NTSTATUS after_wait(NTSTATUS status)
{
    if (status == STATUS_THREAD_IS_TERMINATING)
        thread_end(ke_current_thread()->exit_status);
    if (status == STATUS_USER_APC)
        ke_run_user_apcs();
    return status;
}

NTSTATUS user_wait(ULONG count, void **objects, bool all, bool alertable, LARGE_INTEGER *timeout)
{
    return after_wait(wait_step(count, objects, all, alertable, timeout));
}

/* Statuses of a wait are its results already (0.., 128.., 192, 258). */
static DWORD wait_for_handles(ULONG count, const HANDLE *handles, bool all, bool alertable, DWORD milliseconds)
{
    void *bodies[MAX_OBJECTS], *waitables[MAX_OBJECTS];
    if (count == 0 || count > MAX_OBJECTS)
        return error_fail(ERROR_INVALID_PARAMETER), (DWORD)WAIT_FAILED;
    for (ULONG i = 0; i < count; i++) {
        NTSTATUS status = handle_lookup(handles[i], 0, &bodies[i], NULL);
        if (!NT_SUCCESS(status) || !(waitables[i] = handle_waitable(bodies[i])))
            return error_fail(ERROR_INVALID_HANDLE), (DWORD)WAIT_FAILED;
        for (ULONG j = 0; all && j < i; j++)
            if (bodies[j] == bodies[i])
                return error_fail(ERROR_INVALID_PARAMETER), (DWORD)WAIT_FAILED;
    }
    for (ULONG i = 0; i < count; i++)
        ob_reference(bodies[i]);
    LARGE_INTEGER storage;
    NTSTATUS status = wait_step(count, waitables, all, alertable, user_timeout(milliseconds, &storage));
    for (ULONG i = 0; i < count; i++) {
        if ((ULONG)status < 192 && (all || ((ULONG)status & 63) == i))
            hb_acquire(bodies[i]);
        ob_dereference(bodies[i]);
    }
    return (DWORD)after_wait(status);
}

DWORD WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_WaitForSingleObjectEx, (ULONG_PTR)handle, milliseconds);
    DWORD result = wait_for_handles(1, &handle, false, alertable != 0, milliseconds);
    user_leave(result);
    return result;
}

DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
{
    user_enter(DDI_WaitForSingleObject, (ULONG_PTR)handle, milliseconds);
    DWORD result = wait_for_handles(1, &handle, false, false, milliseconds);
    user_leave(result);
    return result;
}

DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_WaitForMultipleObjectsEx, count, milliseconds);
    DWORD result = wait_for_handles(count, handles, all != 0, alertable != 0, milliseconds);
    user_leave(result);
    return result;
}

DWORD WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds)
{
    user_enter(DDI_WaitForMultipleObjects, count, milliseconds);
    DWORD result = wait_for_handles(count, handles, all != 0, false, milliseconds);
    user_leave(result);
    return result;
}

static NTSTATUS signal_object(HANDLE handle)
{
    void *body;
    NTSTATUS status = handle_lookup(handle, 0, &body, NULL);
    if (!NT_SUCCESS(status))
        return status;
    hb_release(body);
    switch (ob_type_of(body)) {
    case OB_EVENT: ke_set_event(body, 0, FALSE); return STATUS_SUCCESS;
    case OB_SEMAPHORE: ke_release_semaphore(body, 1, &status); return status;
    case OB_MUTANT: ke_release_mutant(body, &status); return status;
    default: return STATUS_OBJECT_TYPE_MISMATCH;
    }
}

DWORD SignalObjectAndWait(HANDLE signal, HANDLE wait, DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_SignalObjectAndWait, (ULONG_PTR)signal, (ULONG_PTR)wait);
    NTSTATUS status = signal_object(signal);
    DWORD result = (DWORD)WAIT_FAILED;
    if (NT_SUCCESS(status))
        result = wait_for_handles(1, &wait, false, alertable != 0, milliseconds);
    else
        error_from_status(status);
    user_leave(result);
    return result;
}

/* Endless sleep has no alarm, so that a program in which everybody sleeps for ever is known for what it is. */
static DWORD sleep_for(DWORD milliseconds, bool alertable)
{
    LARGE_INTEGER interval;
    NTSTATUS status;
    if (milliseconds == INFINITE)
        status = user_wait_step(&process_current()->never, alertable, NULL);
    else
        status = ke_delay_execution_thread(UserMode, alertable, user_timeout(milliseconds, &interval));
    return after_wait(status) == STATUS_USER_APC ? WAIT_IO_COMPLETION : 0;
}

DWORD SleepEx(DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_SleepEx, milliseconds, (uint64_t)alertable);
    DWORD result = sleep_for(milliseconds, alertable != 0);
    user_leave(result);
    return result;
}

void Sleep(DWORD milliseconds)
{
    user_enter(DDI_Sleep, milliseconds, 0);
    sleep_for(milliseconds, false);
    user_leave(0);
}

BOOL SwitchToThread(void)
{
    user_enter(DDI_SwitchToThread, 0, 0);
    sched_point(DDI_Block);
    user_leave(TRUE);
    return TRUE;
}
