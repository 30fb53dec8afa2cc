/* Small services of the kernel that keep no state: affinity, floating point, cache flushes, local time, previous mode. */
#include "ke.h"

/* Affinity is accepted and reported as set: a context may run on every processor anyhow (W-CON-8). */
static KAFFINITY all_processors(void) { return ((KAFFINITY)1 << machine.cpus) - 1; }

static void check_affinity(KAFFINITY affinity, const char *ddi)
{
    if (!(affinity & all_processors()))
        bugcheck(OWN_RULE, affinity, machine.cpus, 0, 0, "W-CON-8", "%s names no processor of this machine", ddi);
}

VOID KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    gate_enter(DDI_KeSetSystemAffinityThread, Affinity, 0);
    check_affinity(Affinity, "KeSetSystemAffinityThread");
    gate_leave(0);
}

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    gate_enter(DDI_KeSetSystemAffinityThreadEx, Affinity, 0);
    check_affinity(Affinity, "KeSetSystemAffinityThreadEx");
    gate_leave(0);
    return 0; /* none was set before */
}

VOID KeRevertToUserAffinityThread(VOID)
{
    gate_enter(DDI_KeRevertToUserAffinityThread, 0, 0);
    gate_leave(0);
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    gate_enter(DDI_KeRevertToUserAffinityThreadEx, Affinity, 0);
    gate_leave(0);
}

#define SAVED_STATE 0x50465653u

/* x64 kernel code may use floating point below DISPATCH_LEVEL without saving anything (W-IRQL-14); who saves restores, though, and what was saved. */
NTSTATUS KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    gate_enter(DDI_KeSaveFloatingPointState, 0, 0);
    *(ULONG *)FloatSave = SAVED_STATE;
    ke_current_thread()->float_saves++;
    gate_leave(0);
    return STATUS_SUCCESS;
}

NTSTATUS KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    gate_enter(DDI_KeRestoreFloatingPointState, 0, 0);
    struct nt_thread *thread = ke_current_thread();
    if (!thread->float_saves || *(ULONG *)FloatSave != SAVED_STATE)
        bugcheck(OWN_RULE, thread->float_saves, 0, 0, 0, "W-IRQL-14", "KeRestoreFloatingPointState of a state that this thread did not save, or restored already");
    *(ULONG *)FloatSave = 0;
    thread->float_saves--;
    gate_leave(0);
    return STATUS_SUCCESS;
}

/* Caches are coherent with devices (W-DMA-11). */
VOID KeFlushIoBuffers(PMDL Mdl, BOOLEAN ReadOperation, BOOLEAN DmaOperation)
{
    (void)ReadOperation, (void)DmaOperation;
    gate_enter(DDI_KeFlushIoBuffers, trace_object(Mdl), 0);
    memory_check(Mdl, sizeof *Mdl, "KeFlushIoBuffers");
    gate_leave(0);
}

/* The machine's time zone is UTC (W-RTL-4). */
VOID ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime) { *LocalTime = *SystemTime; }
VOID ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime) { *SystemTime = *LocalTime; }

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    gate_enter(DDI_ExSetTimerResolution, DesiredTime, SetResolution);
    gate_leave(0);
    return 156250; /* the tick never changes: expiry is exact */
}

KPROCESSOR_MODE ExGetPreviousMode(VOID) { return ke_current_thread()->process ? UserMode : KernelMode; }
