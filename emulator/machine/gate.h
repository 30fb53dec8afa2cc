/*
 * The one gate to the kernel, and the DDI table.
 *
 * Principle of operation. A driver or an app enters the emulator only through a DDI. Each DDI opens with gate_enter() and ends with
 * gate_leave(); each is declared once in a .def table (name, highest IRQL, flags, module). The gate checks the IRQL, writes the trace, and is the
 * scheduling point. Inside the gate the emulator runs alone; it leaves the gate to call a routine of the driver or app
 * (callback_enter/callback_leave) and when it blocks. Emulator layers call each other's internal functions, never a DDI.
 *
 * Internal design. The tables emulator/{nt,hal,kmdf,win32}/ddi.def are expanded by emulator/ddi.h (numbers) and emulator/ddi_table.c (facts). In the
 * deterministic engine the gate is bookkeeping; in the free-running one it is a lock that ThreadSanitizer does not see.
 */
#ifndef MACHINE_GATE_H
#define MACHINE_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum ddi_flags {
    DDI_MAY_BLOCK = 1,   /* may wait: see the IRQL rule of the DDI itself */
    DDI_CAN_FAIL = 2,    /* fails by choice, lane FAULT */
    DDI_CALLBACK = 4,    /* a routine of the driver or app, not a function of ours */
    DDI_NO_POINT = 8,    /* too cheap or too frequent to be a scheduling point (any-IRQL getters) */
    DDI_EXACT_IRQL = 16, /* max_irql is the only level allowed */
    DDI_WDF_IRQL = 32,   /* wrong IRQL is a WDF verifier matter, not the kernel's */
    DDI_USER = 64,       /* called by apps */
    DDI_RELEASES = 128   /* releases what others wait for or look at (a lock, a reference count): a scheduling point on both sides, since the
                          * driver may go on with plain loads and stores, which are no DDIs */
};

struct ddi {
    const char *name;
    uint8_t max_irql;
    uint8_t flags;
    const char *module;    /* "nt/io", "kmdf/request" ... */
    uint32_t irql_rule;    /* P1 of bug check 0xC4 for a wrong IRQL (V-IRQ-*), 0: the generic 0xE5; 0xE6000013: P1 0x13 of bug check 0xE6 */
};

extern const struct ddi ddi_table[];
extern const unsigned ddi_count;
/* Number of the DDI with this hash or name; 0 (no DDI) if there is none. */
uint16_t ddi_by_hash16(uint16_t hash16);
uint16_t ddi_by_name(const char *name);
/* How inputs refer to a DDI: stable when the table grows. */
uint16_t ddi_name_hash16(const char *name);
uint16_t ddi_hash16(uint16_t ddi);
/* Innermost DDI or callback the context is in, for reports. */
struct ctx;
const char *gate_where(const struct ctx *ctx);

/* IRQL check, trace record, scheduling point. a and b are arguments worth tracing: numbers, or trace_object(pointer). */
void gate_enter(uint16_t ddi, uint64_t a, uint64_t b);
void gate_leave(uint64_t result);

/* Runs the kernel APCs of the current context, if there are any that may run where it stands; for sched_point(). */
bool gate_deliver_apcs(void);

/* Leaving the gate into code of the driver or app, and back. Leave checks that IRQL, spin locks and APC state are as at entry and raises the
 * bug check that belongs to the callback's class (W-IRQL-6, V-LCK-2). */
struct callback_frame {
    uint16_t callback;
    uint8_t irql, saved_depth;
    uint32_t spinlocks, apc_disable, special_apc_disable;
    bool was_in_gate;
    bool by_timer;        /* a DPC that a timer queued: said by the caller, after callback_enter() */
};
void callback_enter(struct callback_frame *frame, uint16_t callback, const void *routine, const void *object);
void callback_leave(struct callback_frame *frame, uint64_t result);

/* Before driver code goes on: hides paged pool or shows it, by the level the code runs at. */
void gate_set_paged(void);

/* Engine hooks: the lock of the free-running engine. */
void gate_lock(void);
void gate_unlock(void);

#endif
