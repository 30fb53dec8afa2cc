/* See gate.h. */
#include <string.h>

#include "engine.h"

static const struct ddi *current_ddi(const struct ctx *ctx)
{
    return ctx->gate_depth ? &ddi_table[ctx->gate[ctx->gate_depth - 1]] : &ddi_table[0];
}

static _Noreturn void irql_violation(const struct ctx *ctx, const struct ddi *ddi)
{
    if (ddi->flags & DDI_WDF_IRQL)
        bugcheck(OWN_WDF_MISUSE, ctx->irql, ddi->max_irql, 0, 0, "V-WDF-35", "%s called at IRQL %u, allowed is at most %u", ddi->name,
                 ctx->irql, ddi->max_irql);
    if (ddi->flags & DDI_USER) /* a thread that came back to its app so: the app's next call tells */
        bugcheck(0x4A, ctx->irql, 0, 0, 0, "V-IRQ-43", "an app calls %s at IRQL %u: its thread returned to user mode raised", ddi->name, ctx->irql);
    if (ddi->irql_rule >> 24)
        bugcheck(ddi->irql_rule >> 24, ddi->irql_rule & 0xffffff, ctx->irql, ddi->max_irql, 0, "V-DMA-13", "%s called at IRQL %u, allowed is %s %u", ddi->name, ctx->irql,
                 ddi->flags & DDI_EXACT_IRQL ? "exactly" : "at most", ddi->max_irql);
    bugcheck(0xC4, ddi->irql_rule ? ddi->irql_rule : 0xE5, ctx->irql, ddi->max_irql, 0, "W-IRQL-20", "%s called at IRQL %u, allowed is %s %u",
             ddi->name, ctx->irql, ddi->flags & DDI_EXACT_IRQL ? "exactly" : "at most", ddi->max_irql);
}

/* Only where memory can be poisoned; the emulator itself may touch everything. */
#if defined(IRPFUZZ_ASAN)
static void show_paged(void)
{
    if (memory_paged_hidden)
        memory_hide_paged(false);
}

void gate_set_paged(void)
{
    bool hide = current_ctx->irql >= IRQL_DISPATCH && memory_paged_blocks && machine.engine == ENGINE_FIBER;
    if (hide != memory_paged_hidden)
        memory_hide_paged(hide);
}
#else
static void show_paged(void) {}
void gate_set_paged(void) {}
#endif

/* A stack of the driver's own: only KeExpandKernelStackAndCallout may change stacks (V-MEM-28). */
static void stack_switched(const struct ctx *ctx, const void *frame, const struct ddi *ddi)
{
    bool others = false;
#if defined(IRPFUZZ_TSAN)
    if (ctx->top) /* DPCs and ISRs have stacks of their own: activation_call() */
        return;
#endif
    for (unsigned i = 0; i < machine.ctx_count; i++)
        others |= (uintptr_t)frame - machine.ctx[i]->stack < machine.ctx[i]->stack_size;
    bugcheck(0xC4, others ? 0x91 : 0x90, ctx->id, 0, 0, "V-MEM-28", "%s is called on a stack that is %s", ddi->name,
             others ? "another thread's" : "neither a thread's nor a DPC's");
}

/* What is wrong with a thread that came back to its app. */
static void check_user_mode(const struct ctx *ctx, const struct ddi *ddi)
{
    if (ctx->apc_disable || ctx->special_apc_disable)
        bugcheck(0x1, ctx->apc_disable, ctx->special_apc_disable, 0, 0, "V-GEN-1", "an app calls %s: its thread returned to user mode with APCs disabled", ddi->name);
}

void gate_enter(uint16_t number, uint64_t a, uint64_t b)
{
    if (machine.engine == ENGINE_THREAD)
        gate_lock();
    show_paged();
    struct ctx *ctx = current_ctx;
    const struct ddi *ddi = &ddi_table[number];
    if ((uintptr_t)__builtin_frame_address(0) - ctx->stack >= ctx->stack_size)
        stack_switched(ctx, __builtin_frame_address(0), ddi);
    if (ctx->gate_depth == CTX_GATE_DEPTH)
        bugcheck(0x7F, 8, ctx->gate_depth, 0, 0, "W-MEM-15", "%s: calls are nested more than %d deep (endless recursion)", ddi->name,
                 CTX_GATE_DEPTH);
    ctx->gate[ctx->gate_depth++] = number;
    ctx->in_gate = true;
    trace(TRACE_CALL, number, a, b);
    if (machine.race_pending)
        race_raise();
    if (ctx->irql > ddi->max_irql || (ddi->flags & DDI_EXACT_IRQL && ctx->irql != ddi->max_irql))
        irql_violation(ctx, ddi);
    if (ddi->flags & DDI_USER)
        check_user_mode(ctx, ddi);
    if (!(ddi->flags & DDI_NO_POINT))
        sched_point(number);
}

bool gate_deliver_apcs(void)
{
    struct ctx *ctx = current_ctx;
    footprint_touch(&ctx->apc_pending, false);
    if (!ctx->apc_pending || ctx->irql != IRQL_PASSIVE || ctx->running_dpcs)
        return false;
    bool in_gate = ctx->in_gate; /* not at a load or store of the driver's */
    ctx->in_gate = true;
    show_paged();
    bool any = machine.deliver_apcs();
    ctx->in_gate = in_gate;
    return any;
}

void gate_leave(uint64_t result)
{
    struct ctx *ctx = current_ctx;
    uint16_t number = ctx->gate[ctx->gate_depth - 1];
    if (gate_deliver_apcs() || ddi_table[number].flags & DDI_RELEASES)
        sched_point(WHERE_RELEASE);
    ctx->gate_depth--;
    ctx->in_gate = false;
    trace(TRACE_RETURN, number, result, 0);
    gate_set_paged();
    if (machine.engine == ENGINE_THREAD)
        gate_unlock();
}

void callback_enter(struct callback_frame *frame, uint16_t callback, const void *routine, const void *object)
{
    struct ctx *ctx = current_ctx;
    if (ctx->irql >= IRQL_DISPATCH && machine.is_pageable && machine.is_pageable(routine))
        bugcheck(0xD1, 0, ctx->irql, 8, 0, "V-IRQ-39", "%s is pageable code (alloc_text PAGE) and is called at IRQL %u", ddi_table[callback].name,
                 ctx->irql);
    if ((uintptr_t)routine - machine.discardable < machine.discardable_size)
        machine.check_discarded(routine, ddi_table[callback].name);
    *frame = (struct callback_frame){.callback = callback, .irql = ctx->irql, .saved_depth = ctx->gate_depth,
                                     .spinlocks = ctx->spinlocks_held, .apc_disable = ctx->apc_disable,
                                     .special_apc_disable = ctx->special_apc_disable, .was_in_gate = ctx->in_gate};
    trace(TRACE_CALLBACK, callback, trace_object(object), 0);
    sched_point(callback);
    if (ctx->gate_depth == CTX_GATE_DEPTH)
        bugcheck(0x7F, 8, ctx->gate_depth, 0, 0, "W-MEM-15", "%s: calls are nested more than %d deep (endless recursion)",
                 ddi_table[callback].name, CTX_GATE_DEPTH);
    ctx->gate[ctx->gate_depth++] = callback;
    ctx->in_gate = false;
    gate_set_paged();
    if (machine.engine == ENGINE_THREAD)
        gate_unlock();
}

/* What a callback that comes back at another IRQL is, by class (W-IRQL-6). */
static _Noreturn void irql_changed(const struct callback_frame *frame, const struct ctx *ctx)
{
    const struct ddi *cb = &ddi_table[frame->callback];
    uint32_t code = 0xC8, p1 = ctx->irql;
    const char *rule = "W-IRQL-6";
    if (!strncmp(cb->module, "kmdf", 4))
        code = 0x10D, p1 = 0xE;
    else if (!strcmp(cb->name, "Dispatch"))
        code = 0xC9, p1 = 5;
    else if (!strcmp(cb->name, "IoCompletion"))
        code = 0xC4, p1 = 0xFA;
    else if (!strcmp(cb->name, "PnpNotification"))
        code = 0xCA, p1 = 0xA;
    else if (!strcmp(cb->module, "hal"))
        code = 0xC4, p1 = 0x111, rule = "V-IRQ-35";
    bugcheck(code, p1, frame->irql, ctx->irql, 0, rule, "%s was called at IRQL %u and returned at IRQL %u", cb->name, frame->irql,
             ctx->irql);
}

/* By class (W-IRQL-7); a framework callback's is a WDF_VIOLATION (K-BUG-4, V-WDF-36). */
static _Noreturn void critical_region_changed(const struct callback_frame *frame, const struct ctx *ctx)
{
    const struct ddi *cb = &ddi_table[frame->callback];
    uint32_t code = 0xC4, p1 = 0xC5;
    const char *rule = "W-IRQL-7";
    if (!strncmp(cb->module, "kmdf", 4))
        code = 0x10D, p1 = 0xF, rule = "V-WDF-36";
    else if (!strcmp(cb->name, "IoCompletion"))
        p1 = 0xFB, rule = "V-IO-14";
    else if (!strcmp(cb->name, "PnpNotification"))
        code = 0xCA, p1 = 0xA, rule = "V-PNP-12";
    else if (!strcmp(cb->name, "DpcRoutine"))
        code = 0xC7, p1 = frame->by_timer ? 5 : 4, rule = "V-IRQ-37";
    bugcheck(code, p1, frame->apc_disable, ctx->apc_disable, 0, rule, "%s changed the APC disable count from %d to %d", cb->name,
             (int)frame->apc_disable, (int)ctx->apc_disable);
}

void callback_leave(struct callback_frame *frame, uint64_t result)
{
    if (machine.engine == ENGINE_THREAD)
        gate_lock();
    show_paged();
    struct ctx *ctx = current_ctx;
    const struct ddi *cb = &ddi_table[frame->callback];
    if (machine.race_pending)
        race_raise();
    ctx->in_gate = frame->was_in_gate;
    ctx->gate_depth = frame->saved_depth;
    if (ctx->spinlocks_held != frame->spinlocks)
        bugcheck(0xC4, 0x4000A, frame->spinlocks, ctx->spinlocks_held, 0, "V-LCK-2", "%s returned %s", cb->name,
                 ctx->spinlocks_held > frame->spinlocks ? "while it holds a spin lock" : "having released a spin lock it did not take");
    if (ctx->irql != frame->irql)
        irql_changed(frame, ctx);
    if (ctx->interrupts_off && !strcmp(cb->name, "Dispatch"))
        bugcheck(0xC4, 0xC1, ctx->irql, 0, 0, "V-IO-13", "a dispatch routine returned with interrupts disabled");
    if (ctx->apc_disable != frame->apc_disable || ctx->special_apc_disable != frame->special_apc_disable)
        critical_region_changed(frame, ctx);
    trace(TRACE_CALLBACK_END, frame->callback, result, 0);
    sched_point(frame->callback);
}

const char *gate_where(const struct ctx *ctx) { return current_ddi(ctx)->name; }
