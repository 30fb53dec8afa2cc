/* Into another process for a while (V-GEN-32), and onto a larger stack (W-MEM-15). */
#include "ke.h"

#define LARGEST_EXPANSION 0x12000 /* MAXIMUM_EXPANSION_SIZE */

/* The emulated machine has one address space, so that only the current process changes. The state that a nested attach hides stands with the caller. */
VOID KeStackAttachProcess(PKPROCESS Process, PKAPC_STATE ApcState)
{
    gate_enter(DDI_KeStackAttachProcess, trace_object(Process), 0);
    struct nt_thread *thread = ke_current_thread();
    if (current_ctx->top)
        bugcheck(0x5, 0, 0, 0, 1, "V-GEN-32", "KeStackAttachProcess in a DPC or an ISR, which runs in any process");
    if (!thread->attached++)
        thread->own_process = thread->process;
    ApcState->Process = (PKPROCESS)thread->process;
    thread->process = (PEPROCESS)Process == PsInitialSystemProcess ? NULL : (struct nt_process *)Process;
    gate_leave(0);
}

VOID KeUnstackDetachProcess(PKAPC_STATE ApcState)
{
    gate_enter(DDI_KeUnstackDetachProcess, 0, 0);
    struct nt_thread *thread = ke_current_thread();
    if (!thread->attached)
        bugcheck(0x6, 0, 0, 0, 0, "V-GEN-32", "KeUnstackDetachProcess by a thread that is not attached to a process");
    thread->process = (struct nt_process *)ApcState->Process;
    if (!--thread->attached && thread->process != thread->own_process)
        bugcheck(0x6, 1, 0, 0, 0, "V-GEN-32", "KeUnstackDetachProcess with another state than that of the attach: the thread is not back in its process");
    gate_leave(0);
}

/* The emulated stacks are large enough for any expansion that Windows grants. */
NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    gate_enter(DDI_KeExpandKernelStackAndCallout, Size, 0);
    NTSTATUS status = Size > LARGEST_EXPANSION ? STATUS_INVALID_PARAMETER_3 : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && choose_fault(DDI_KeExpandKernelStackAndCallout))
        status = STATUS_NO_MEMORY;
    if (NT_SUCCESS(status)) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_ExpandedStackCallout, (const void *)Callout, NULL);
        Callout(Parameter);
        callback_leave(&frame, 0);
    }
    gate_leave((ULONG)status);
    return status;
}
