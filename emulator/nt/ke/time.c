/*
 * Time and processors as a driver reads them (W-CON-7, W-CON-8), stalls, and the DPC watchdog (W-DPC-6).
 *
 * All clocks are one virtual clock. Time passes inside a routine only through KeStallExecutionProcessor, so the watchdog is looked at there.
 */
#include "ke.h"

#define TICK 156250ull            /* KeQueryTimeIncrement: 15.625 ms */
#define DPC_LIMIT (0x501 * TICK)  /* one DPC */
#define PERIOD_LIMIT (0x1E00 * TICK) /* all time at DISPATCH_LEVEL or above without a pause */
#define STALL_LIMIT 50u           /* microseconds that a driver had better not exceed; no verifier of Windows looks at it */

static struct {
    uint64_t dpc_began[MACHINE_MAX_CPUS];
    unsigned dpcs[MACHINE_MAX_CPUS];     /* that run: what is above DISPATCH_LEVEL may be an ISR on top of a thread as well */
    uint64_t raised[MACHINE_MAX_CPUS];   /* 100 ns at or above DISPATCH_LEVEL */
    uint64_t raised_end[MACHINE_MAX_CPUS];
} watchdog;

void ke_time_begin(void) { memset(&watchdog, 0, sizeof watchdog); }

void ke_watchdog_dpc(unsigned cpu, bool begins)
{
    watchdog.dpcs[cpu] += begins ? 1 : -1u;
    if (begins)
        watchdog.dpc_began[cpu] = clock_now();
}

static void check_watchdog(unsigned cpu, uint64_t interval)
{
    struct ctx *ctx = current_ctx;
    if (ctx->irql < IRQL_DISPATCH) {
        watchdog.raised[cpu] = 0;
        return;
    }
    uint64_t now = clock_now();
    if (watchdog.dpcs[cpu] && now - watchdog.dpc_began[cpu] > DPC_LIMIT)
        bugcheck(0x133, 0, (now - watchdog.dpc_began[cpu]) / TICK, DPC_LIMIT / TICK, 0, "V-LCK-31", "a DPC has run for %llu ms",
                 (unsigned long long)((now - watchdog.dpc_began[cpu]) / CLOCK_MS));
    watchdog.raised[cpu] = (watchdog.raised_end[cpu] + interval == now ? watchdog.raised[cpu] : 0) + interval;
    watchdog.raised_end[cpu] = now;
    if (watchdog.raised[cpu] > PERIOD_LIMIT)
        bugcheck(0x133, 1, watchdog.raised[cpu] / TICK, PERIOD_LIMIT / TICK, 0, "V-LCK-31", "processor %u stays at DISPATCH_LEVEL for %llu s", cpu,
                 (unsigned long long)(watchdog.raised[cpu] / CLOCK_SECOND));
}

void ke_stall_execution_processor(ULONG microseconds)
{
    unsigned cpu = cpu_current();
    uint64_t interval = microseconds * 10ull;
    clock_pass(interval);
    check_watchdog(cpu, interval);
}

uint64_t ke_system_time(void) { return CLOCK_SYSTEM_TIME_AT_START + clock_now(); }

VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    gate_enter(DDI_KeStallExecutionProcessor, MicroSeconds, 0);
    if (machine_lints & LINT_STALL && MicroSeconds > STALL_LIMIT)
        bugcheck(OWN_RULE, MicroSeconds, STALL_LIMIT, 0, 0, "V-HAL-10", "KeStallExecutionProcessor of %u microseconds: a wait of more than %u gives the processor to others",
                 MicroSeconds, STALL_LIMIT);
    ke_stall_execution_processor(MicroSeconds);
    gate_leave(0);
}

/* The getters below read one word that every processor sees alike: they are no scheduling points and leave no trace. */

VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime) { CurrentTime->QuadPart = (LONGLONG)(CLOCK_SYSTEM_TIME_AT_START + clock_now() / TICK * TICK); }
VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) { CurrentTime->QuadPart = (LONGLONG)ke_system_time(); }
ULONGLONG KeQueryInterruptTime(VOID) { return clock_now() / TICK * TICK; }
VOID KeQueryTickCount(PLARGE_INTEGER TickCount) { TickCount->QuadPart = (LONGLONG)(clock_now() / TICK); }
ULONG KeQueryTimeIncrement(VOID) { return (ULONG)TICK; }

ULONG64 KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    *QpcTimeStamp = clock_now();
    return clock_now();
}


/* 10 MHz, as on every Windows 10 machine with a usable time stamp counter. */
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    if (PerformanceFrequency)
        PerformanceFrequency->QuadPart = 10000000;
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)clock_now()};
}

/* ---- Processors ---- */

ULONG KeGetCurrentProcessorNumber(VOID) { return cpu_current(); }

ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber)
        *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)cpu_current()};
    return cpu_current();
}

KAFFINITY KeQueryActiveProcessors(VOID)
{
    gate_enter(DDI_KeQueryActiveProcessors, 0, 0);
    KAFFINITY all = ((KAFFINITY)1 << machine.cpus) - 1;
    gate_leave(all);
    return all;
}

ULONG KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors)
        *ActiveProcessors = ((KAFFINITY)1 << machine.cpus) - 1;
    return machine.cpus;
}

static ULONG processors_of(USHORT group) { return group == 0 || group == ALL_PROCESSOR_GROUPS ? machine.cpus : 0; }

ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber) { return processors_of(GroupNumber); }
ULONG KeQueryMaximumProcessorCount(VOID) { return machine.cpus; }
ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber) { return processors_of(GroupNumber); }
USHORT KeQueryActiveGroupCount(VOID) { return 1; }
USHORT KeQueryMaximumGroupCount(VOID) { return 1; }
USHORT KeQueryHighestNodeNumber(VOID) { return 0; }
USHORT KeGetCurrentNodeNumber(VOID) { return 0; }
ULONG KeGetRecommendedSharedDataAlignment(VOID) { return SYSTEM_CACHE_ALIGNMENT_SIZE; }

NTSTATUS KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= machine.cpus)
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

ULONG KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    return ProcNumber->Group || ProcNumber->Number >= machine.cpus ? INVALID_PROCESSOR_INDEX : ProcNumber->Number;
}

VOID KeFlushWriteBuffer(VOID) { __sync_synchronize(); }
