/*
 * The machine: processors, contexts, clock, memory, chance, trace. One machine exists; everything mutable in the emulator hangs
 * on it or on an object inside its arenas, so that machine_begin() is a fresh boot.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "choose.h"
#include "clock.h"
#include "context.h"
#include "device_model.h"
#include "footprint.h"
#include "gate.h"
#include "interrupt.h"
#include "memory.h"
#include "report.h"
#include "sanitizer.h"
#include "trace.h"

#define IRQL_PASSIVE 0
#define IRQL_APC 1
#define IRQL_DISPATCH 2
#define IRQL_HIGH 15

#define MAX_CONTEXTS 160

enum engine_kind { ENGINE_FIBER, ENGINE_THREAD };

struct cpu {
    struct ctx *resident;   /* the thread on it, NULL idle */
    struct ctx *idle;
    unsigned dpcs;          /* queued on it, not yet running */
    bool draining;          /* somebody runs them: a processor runs one at a time */
    uint8_t isrs;           /* ISRs that run on it, each over the one before */
    struct ctx *interrupted; /* by them */
};

struct machine {
    const struct chance *chance;
    unsigned cpus;
    struct cpu cpu[MACHINE_MAX_CPUS];
    struct ctx *ctx[MAX_CONTEXTS];
    unsigned ctx_count;
    struct ctx *first_ready, *last_ready; /* the contexts that are READY, in the order in which they became so */
    unsigned interrupts;        /* lines that want service (interrupt.h) */
    uint64_t points;            /* scheduling points of this life */
    uint64_t max_points;        /* more of them are a livelock (V-LCK-31) */
    uint64_t points_at_wait;    /* ... when time went on last because everything waited, or the clock ticked (sched_work) */
    uint64_t last_progress;     /* virtual time a context other than idle last ran */
    uint64_t hang_limit;        /* 100 ns without progress before a hang is reported (W-APX-24) */
    bool in_life;
    bool race_pending;          /* ThreadSanitizer reported: raised at the next gate */
    enum engine_kind engine;

    /* Installed once by a fuzzer: the schedule let a context go on that stands in `to`, instead of the one that is in `from` (DDI numbers). */
    void (*on_switch)(uint16_t from, uint16_t to);

    /* Installed once by nt. */
    bool (*run_dpc)(unsigned cpu);                       /* runs one queued DPC; false: none */
    bool (*serve_line)(struct interrupt_line *line);     /* calls the ISRs of a line; false: none claimed the interrupt */
    bool (*deliver_apcs)(void);                          /* those of the current context that may run now; false: none */
    void (*on_settled)(void);                            /* called once, when nothing can run and before time passes; may wake contexts. Each life sets it anew */
    void (*on_hang)(struct ctx *waiting);                /* may raise a better bug check than HANG; may return */
    bool (*is_driver_code)(const void *code);
    bool (*is_pageable)(const void *code);               /* driver code in a pageable section */
    uintptr_t discardable, discardable_size;             /* INIT code: gone once its driver is initialised */
    void (*check_discarded)(const void *routine, const char *callback); /* a routine in there is about to be called */
    bool (*is_guarded)(void);                            /* the current context runs a guarded body (__try) */
    void (*raise_user_fault)(void);                      /* raises the access violation there; does not return */
    const void *(*image_of)(const void *code);           /* the loaded driver that a code address belongs to */
};

extern struct machine machine;

/*
 * Rules that a sound driver may break: each is off unless asked for (run_<target> replay --lints). Set before a life, kept over lives.
 */
enum machine_lint {
    LINT_POOL_CALL = 1,          /* V-MEM-23: ExAllocatePool and the other calls that ExAllocatePool2 replaces */
    LINT_POOL_TAG = 2,           /* V-MEM-24: a default tag */
    LINT_POOL_EXECUTABLE = 4,    /* V-MEM-22: pool that may be executed */
    LINT_INFORMATION = 8,        /* V-BUF-4: Information that is not 0 on an error */
    LINT_STATUS = 16,            /* V-IRP-3: success for an IRP that the lower driver failed */
    LINT_COMPLETION_ROUTINE = 32, /* V-IRP-41: IoSetCompletionRoutine in a driver that is no PnP driver */
    LINT_PARENT = 64,            /* V-WDF-49: memory or a lock that lives as long as the driver for want of a parent */
    LINT_CALLBACK = 128,         /* V-WDF-29, V-WDF-34: what EvtIoStop, EvtIoResume and EvtDeviceSurpriseRemoval should leave to others */
    LINT_DEVICE = 512,           /* V-SEC-7, V-DRV-10: a named device that anybody may open, a PnP driver's named device, no unload routine */
    LINT_SEND = 2048,            /* V-WDF-19, 20, 22, 24: how requests are sent to I/O targets */
    LINT_PNP = 4096,             /* V-PNP-8, V-PNP-9, V-PNP-14, V-RML-4, V-RML-5: what a PnP driver had better do */
    LINT_POWER = 8192,           /* V-POW-2, V-POW-3, K-PNP-84: what its power routines had better do; power references never given back */
    LINT_WMI_EVENT = 1024,       /* V-WMI-3: an event that nobody has enabled */
    LINT_STRING = 16384,         /* V-SEC-9: strcpy, sprintf and the other calls that know no end of what they fill */
    LINT_ACCESS = 32768,         /* V-SEC-10: a control code that anybody may send takes data */
    LINT_OBSOLETE = 65536,       /* V-MSC-8: routines that others have replaced */
    LINT_LOW_MEMORY = 131072,    /* V-MEM-26: physical memory below 4 GB is asked for */
    LINT_BUFFER = 262144,        /* V-BUF-7: input that is read where output was written before */
    LINT_STALL = 524288,         /* V-HAL-10: a processor that is stalled for longer than 50 microseconds at once */
    LINT_WRITE_BUFFER = 256      /* V-IO-17: the buffer of a direct write that is not what it was when the write ends */
};
extern uint32_t machine_lints;

/* Raises the data race that ThreadSanitizer reported (sanitizer_report.c). */
void race_raise(void);

/* Faults of driver code on user addresses become exceptions (user_fault.c). The first life does this; again for whoever replaces signal handlers later. */
void user_faults_install(void);

/* Once per process. */
void machine_init(enum engine_kind engine);

/*
 * Runs one life: a fresh machine whose first context ("pnp" role) executes life(argument); returns when that context has ended.
 * Returns false if a bug check ended it through a hook that called machine_abandon().
 */
bool machine_run(const struct chance *chance, void (*life)(void *), void *argument);

/* From a bug-check hook: drops the life and makes machine_run() return false. Deterministic engine only. */
_Noreturn void machine_abandon(void);

#endif
