/* Overlapped results and cancellation (W-U-9, W-U-11), and what an app may not do with an OVERLAPPED that is still in use. */
#include "win32.h"

/* ---- Pending IRPs of the process ---- */

static PIRP pending_irp(bool (*matches)(const IRP *irp, const char *from, const char *to), const void *memory, size_t size)
{
    struct nt_process *process = process_current();
    const char *from = memory, *to = from + size;
    for (LIST_ENTRY *t = process->threads.Flink; t != &process->threads; t = t->Flink) {
        struct nt_thread *thread = CONTAINING_RECORD(t, struct nt_thread, process_entry);
        for (LIST_ENTRY *e = thread->irps.Flink; e != &thread->irps; e = e->Flink) {
            PIRP irp = CONTAINING_RECORD(e, IRP, ThreadListEntry);
            if (!irp_info(irp)->finished && matches(irp, from, to))
                return irp;
        }
    }
    return NULL;
}

static bool in_range(const void *p, const char *from, const char *to) { return (const char *)p >= from && (const char *)p < to; }

static bool uses_iosb(const IRP *irp, const char *from, const char *to) { return in_range(irp_info(irp)->user_iosb, from, to); }

static bool uses_memory(const IRP *irp, const char *from, const char *to)
{
    if (uses_iosb(irp, from, to) || (irp->UserBuffer && in_range(irp->UserBuffer, from, to)))
        return true;
    return irp->MdlAddress && in_range((const char *)irp->MdlAddress->StartVa + irp->MdlAddress->ByteOffset, from, to);
}

void overlapped_check_idle(const OVERLAPPED *overlapped)
{
    if (overlapped->Internal != STATUS_PENDING)
        return;
    PIRP irp = pending_irp(uses_iosb, overlapped, 1);
    if (irp)
        app_error("W-U-11", "an OVERLAPPED is used again while IRP #%llu still writes to it", irp_info(irp)->number, 0);
}

void overlapped_check_free(const void *memory, size_t size)
{
    PIRP irp = pending_irp(uses_memory, memory, size);
    if (irp)
        app_error("W-U-11", "memory (%2$llu bytes) is freed that holds the OVERLAPPED or the buffer of IRP #%1$llu, which is still pending",
                  irp_info(irp)->number, size);
}

/* ---- Results ---- */

static NTSTATUS wait_for_end(HANDLE handle, const OVERLAPPED *overlapped, DWORD milliseconds, bool alertable)
{
    void *body;
    HANDLE event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
    NTSTATUS status = handle_lookup(event ? event : handle, event ? OB_EVENT : 0, &body, NULL);
    void *waitable = NT_SUCCESS(status) ? handle_waitable(body) : NULL;
    if (!waitable)
        return STATUS_INVALID_HANDLE;
    LARGE_INTEGER storage;
    ob_reference(body);
    status = user_wait_step(waitable, alertable, user_timeout(milliseconds, &storage));
    hb_acquire(body);
    ob_dereference(body);
    if (status == STATUS_THREAD_IS_TERMINATING)
        thread_end(ke_current_thread()->exit_status);
    if (status == STATUS_USER_APC)
        ke_run_user_apcs();
    return status;
}

static BOOL overlapped_result(HANDLE handle, OVERLAPPED *overlapped, DWORD *bytes, DWORD milliseconds, bool alertable)
{
    if (overlapped->Internal == STATUS_PENDING) {
        if (!milliseconds)
            return error_fail(ERROR_IO_INCOMPLETE);
        NTSTATUS status = wait_for_end(handle, overlapped, milliseconds, alertable);
        if (status == STATUS_TIMEOUT)
            return error_fail(ERROR_WAIT_TIMEOUT);
        if (status == STATUS_USER_APC)
            return error_fail(WAIT_IO_COMPLETION);
        if (!NT_SUCCESS(status))
            return error_from_status(status);
    }
    *bytes = (DWORD)overlapped->InternalHigh;
    msan_define(bytes, sizeof *bytes);
    return result_of_status((NTSTATUS)overlapped->Internal);
}

BOOL GetOverlappedResult(HANDLE handle, OVERLAPPED *overlapped, DWORD *bytes, BOOL wait)
{
    user_enter(DDI_GetOverlappedResult, (ULONG_PTR)handle, (uint64_t)wait);
    BOOL done = overlapped_result(handle, overlapped, bytes, wait ? INFINITE : 0, false);
    user_leave((uint64_t)done);
    return done;
}

BOOL GetOverlappedResultEx(HANDLE handle, OVERLAPPED *overlapped, DWORD *bytes, DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_GetOverlappedResultEx, (ULONG_PTR)handle, milliseconds);
    BOOL done = overlapped_result(handle, overlapped, bytes, milliseconds, alertable != 0);
    user_leave((uint64_t)done);
    return done;
}

/* ---- Cancellation (W-FIL-21) ---- */

static NTSTATUS cancel_file(HANDLE handle, OVERLAPPED *overlapped, bool own, ULONG *count)
{
    void *file;
    NTSTATUS status = handle_lookup(handle, OB_FILE, &file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    ob_reference(file);
    *count = io_cancel_file(file, (IO_STATUS_BLOCK *)overlapped, own, own);
    ob_dereference(file);
    return STATUS_SUCCESS;
}

BOOL CancelIo(HANDLE handle)
{
    user_enter(DDI_CancelIo, (ULONG_PTR)handle, 0);
    ULONG count;
    BOOL done = result_of_status(cancel_file(handle, NULL, true, &count));
    user_leave((uint64_t)done);
    return done;
}

BOOL CancelIoEx(HANDLE handle, OVERLAPPED *overlapped)
{
    user_enter(DDI_CancelIoEx, (ULONG_PTR)handle, trace_object(overlapped));
    ULONG count = 0;
    NTSTATUS status = cancel_file(handle, overlapped, false, &count);
    BOOL done = NT_SUCCESS(status) && !count ? error_fail(ERROR_NOT_FOUND) : result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

BOOL CancelSynchronousIo(HANDLE handle)
{
    user_enter(DDI_CancelSynchronousIo, (ULONG_PTR)handle, 0);
    void *thread;
    NTSTATUS status = handle_lookup(handle, OB_THREAD, &thread, NULL);
    BOOL done;
    if (!NT_SUCCESS(status))
        done = error_from_status(status);
    else
        done = thread_cancel_synchronous(thread) ? TRUE : error_fail(ERROR_NOT_FOUND);
    user_leave((uint64_t)done);
    return done;
}
