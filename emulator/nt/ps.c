/* Processes as drivers see them: the one of the calling thread, the system's, identifiers (W-SEC-4). */
#include "io/io.h"

PEPROCESS PsInitialSystemProcess;

void ps_boot(void)
{
    KEVENT *never_ends = ob_create(OB_PROCESS, sizeof *never_ends, BLOCK_SYSTEM, NULL);
    ke_initialize_event(never_ends, NotificationEvent, FALSE);
    PsInitialSystemProcess = (PEPROCESS)never_ends;
}

static PEPROCESS process_of(const struct nt_thread *thread) { return thread->process ? (PEPROCESS)thread->process : PsInitialSystemProcess; }
static HANDLE id_of(const struct nt_thread *thread) { return (HANDLE)(ULONG_PTR)(thread->process ? thread->process_id : NT_SYSTEM_PROCESS_ID); }

PEPROCESS IoGetCurrentProcess(VOID) { return process_of(ke_current_thread()); }
PEPROCESS PsGetCurrentProcess(VOID) { return process_of(ke_current_thread()); }
HANDLE PsGetCurrentProcessId(VOID) { return id_of(ke_current_thread()); }
PEPROCESS IoThreadToProcess(PETHREAD Thread) { return process_of((struct nt_thread *)Thread); }
PEPROCESS PsGetThreadProcess(PETHREAD Thread) { return process_of((struct nt_thread *)Thread); }
HANDLE PsGetThreadProcessId(PETHREAD Thread) { return id_of((struct nt_thread *)Thread); }

/* Who asked for an IRP; nobody did for one that a driver allocated. */
PEPROCESS IoGetRequestorProcess(PIRP Irp)
{
    const struct nt_thread *thread = (struct nt_thread *)Irp->Tail.Overlay.Thread;
    return thread ? process_of(thread) : NULL;
}

ULONG IoGetRequestorProcessId(PIRP Irp)
{
    const struct nt_thread *thread = (struct nt_thread *)Irp->Tail.Overlay.Thread;
    return thread ? (ULONG)(ULONG_PTR)id_of(thread) : 0;
}

BOOLEAN IoIs32bitProcess(PIRP Irp)
{
    (void)Irp;
    return FALSE;
}
