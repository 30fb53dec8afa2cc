/*
 * Contexts and their scheduler.
 *
 * Principle of operation. A context is a thread of the emulated system: an app thread, a system thread, a worker, or the idle
 * thread of a processor. Interrupt-like activity does not get a context of its own: a DPC runs as an *activation* on
 * top of the context it interrupts, exactly as on a processor. A context at DISPATCH_LEVEL or above keeps its processor;
 * below it, threads share the processors. At each scheduling point the scheduler asks the schedule policy which of the
 * runnable contexts goes on; the answer 0 is always "the one that runs".
 *
 * Internal design. Two engines implement this interface: engine_fiber.c (deterministic; every context a fiber on one host thread)
 * and engine_thread.c (free-running; every context a pthread, the gate a lock). Common rules live in scheduler.c.
 *
 * Called by nt only, from inside the gate. Units of time are 100 ns.
 */
#ifndef MACHINE_CONTEXT_H
#define MACHINE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#define CTX_NAME_MAX 24
#define CTX_GATE_DEPTH 24
#define MACHINE_MAX_CPUS 4

enum ctx_kind { CTX_IDLE, CTX_SYSTEM, CTX_WORKER, CTX_APP };

enum ctx_state { CTX_FREE, CTX_READY, CTX_BLOCKED, CTX_SPINNING };

/* A role names a context in inputs and reports independently of creation order. */
enum ctx_role {
    ROLE_CPU0 = 0,      /* + processor: its DPCs, or its idle thread */
    ROLE_APP0 = 8,      /* + app thread of the program */
    ROLE_PNP = 40,      /* the thread that carries PnP and power events */
    ROLE_INTERRUPT = 42, /* no context: an interrupt on top of the one that runs */
    ROLE_CLOCK = 41,    /* no context: the clock interrupt comes, the next alarm is due now */
    ROLE_WORKER0 = 48,  /* + worker thread */
    ROLE_SYSTEM0 = 56,  /* + system thread created by a driver */
    ROLE_NONE = 255
};

/* Something that runs on top of a context: a DPC, an APC, an ISR. Lives on the host stack of whoever runs it. */
struct activation {
    struct activation *below;
    const char *name;        /* "DPC", "APC", "ISR" */
    const void *object;      /* the KDPC, the interrupt line ... */
    uint8_t own;             /* 0: runs as the interrupted thread; n: is the processor's nth thread of execution (1 its DPCs, 2.. ISRs over one another) */
    uint8_t irql_below;      /* IRQL of what was interrupted */
    void *tsan_fiber_below;
};

struct ctx {
    uint16_t id;             /* index into machine.ctx */
    uint8_t kind, state, role;
    uint8_t irql;            /* current IRQL of what runs on top of this context */
    int8_t cpu;              /* processor it is resident on, -1 none */
    uint8_t last_cpu;
    bool running_dpcs;       /* drains a DPC queue: no nested drain */
    bool interrupts_off;     /* _disable(): keeps its processor, and nothing interrupts it */
    bool exiting;
    const char *name;        /* of at most CTX_NAME_MAX - 1 characters; outlives the context: histories keep it */
    struct activation *top;
    struct ctx *next_ready, *prev_ready;

    /* What nt hangs on it. */
    void *thread;            /* its KTHREAD */
    uint32_t spinlocks_held;
    void *held_locks;        /* nt's list of held locks, for reports and order checks */
    uint32_t apc_disable, special_apc_disable;
    bool apc_pending;        /* nt queued an APC that could not run yet: delivered at the next point that may (sched_point, gate_leave) */

    /* Why it waits, for reports; valid while BLOCKED or SPINNING. */
    const char *wait_reason;
    const void *wait_object;
    struct ctx *wait_holder; /* who would have to act, NULL unknown */

    /* Gate bookkeeping. */
    uint16_t gate[CTX_GATE_DEPTH];
    uint8_t gate_depth;
    bool in_gate;

    /* Engine. */
    void (*entry)(void *argument);
    void *argument;
    void *engine;            /* struct fiber or struct host_thread */
    uint32_t points_in_a_row;
    uintptr_t stack, stack_size; /* where it runs; everywhere, if the engine does not tell */
};

extern __thread struct ctx *current_ctx;

static inline struct ctx *ctx_current(void) { return current_ctx; }

/* Creates a ready context that runs entry(argument). Never NULL: running out of contexts is a bug check of our own.
 * The name is copied. */
struct ctx *ctx_create(enum ctx_kind kind, uint8_t role, const char *name, void (*entry)(void *), void *argument);

/* Blocks the current context until ctx_wake(). Reason is a literal; object and holder may be NULL. Caller at or below APC_LEVEL. */
void ctx_block(const char *reason, const void *object, struct ctx *holder);

/* As ctx_block(), but keeps the processor: a spin at DISPATCH_LEVEL or above. */
void ctx_spin(const char *reason, const void *object, struct ctx *holder);

void ctx_wake(struct ctx *ctx);

/* Ends the current context; also done when entry returns. Never returns. */
_Noreturn void ctx_exit(void);

/* IRQL. irql_raise returns the old level. irql_lower delivers what became deliverable before it returns (W-IRQL-4). */
uint8_t irql_raise(uint8_t irql);
void irql_lower(uint8_t irql);

/* The interrupt flag of the current context's processor; what became deliverable meanwhile is delivered before it is on again. */
void interrupt_flag_set(bool on);

/* A DPC was queued on a processor: it runs as soon as that processor is below DISPATCH_LEVEL, before this call returns if it is
 * the caller's (W-DPC-2). The hook installed by nt runs one queued DPC and returns false when none was left. */
void cpu_request_dpc(unsigned cpu);
void cpu_drain_dpcs(void);

/* Pushes and pops an activation on the current context; who calls a DPC, an APC or an ISR wraps it in these. */
#define ACTIVATION_DPC 1
#define ACTIVATION_OWN_MAX 4 /* DPCs, and ISRs over one another: INTERRUPT_NESTING */
void activation_push(struct activation *activation, const char *name, const void *object, unsigned own);
void activation_pop(struct activation *activation);

/* Calls body(argument), the routine of the DPC or ISR that was pushed. */
void activation_call(void (*body)(void *), void *argument);

/* The scheduler's own places, numbered before the DDIs: DDI_Block, DDI_Release and DDI_Memory of emulator/ddi.h. */
enum { WHERE_BLOCK = 1, WHERE_RELEASE = 2, WHERE_MEMORY = 3 };

/* A point where another context may go on, and where the kernel APCs run that came for this one meanwhile. `where` is a DDI number (gate.h) or one
 * of the places above. */
void sched_point(uint16_t where);

/* True while a context other than idle ones is alive or a DPC is queued. */
bool sched_others_alive(void);

/* Lets everything else run until nothing can run without time passing. For the thread that conducts a life. */
void sched_settle(void);

/* Processor the current context is on. */
unsigned cpu_current(void);

#endif
