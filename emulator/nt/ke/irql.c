/* IRQL, critical and guarded regions (W-IRQL-3, W-LCK-1). The level itself is the context's; DPCs that became deliverable run inside irql_lower(). */
#include "ke.h"

KIRQL ke_get_current_irql(void) { return current_ctx->irql; }

KIRQL ke_raise_irql(KIRQL irql)
{
    if (irql < current_ctx->irql || irql > IRQL_HIGH)
        bugcheck(0xC4, 0x30, current_ctx->irql, irql, 0, "V-IRQ-26", "KeRaiseIrql from %u to %u lowers", current_ctx->irql, irql);
    return irql_raise(irql);
}

static bool in_dpc(const struct ctx *ctx) { return ctx->top && ctx->top->name[0] == 'D'; }

void ke_lower_irql(KIRQL irql)
{
    struct ctx *ctx = current_ctx;
    if (irql > ctx->irql)
        bugcheck(0xC4, 0x31, ctx->irql, irql, 0, "V-IRQ-26", "KeLowerIrql from %u to %u raises", ctx->irql, irql);
    if (irql < IRQL_DISPATCH && in_dpc(ctx))
        bugcheck(0xC4, 0x31, ctx->irql, irql, 1, "W-IRQL-3", "a DPC lowers the IRQL to %u", irql);
    if (irql < IRQL_DISPATCH && ctx->spinlocks_held)
        bugcheck(0xC4, 0x31, ctx->irql, irql, 0, "V-LCK-2", "the IRQL is lowered to %u while a spin lock is held", irql);
    irql_lower(irql);
}

void ke_enter_critical_region(void) { current_ctx->apc_disable++; }

void ke_leave_critical_region(void)
{
    if (!current_ctx->apc_disable)
        bugcheck(0xC4, 0x3E, 0, 0, 0, "V-LCK-7", "KeLeaveCriticalRegion without KeEnterCriticalRegion");
    current_ctx->apc_disable--;
}

void ke_enter_guarded_region(void) { current_ctx->special_apc_disable++; }

void ke_leave_guarded_region(void)
{
    if (!current_ctx->special_apc_disable)
        bugcheck(0xC4, 0x4000E, 0, 0, 0, "V-LCK-8", "KeLeaveGuardedRegion without KeEnterGuardedRegion");
    current_ctx->special_apc_disable--;
}

bool ke_apcs_disabled(void) { return current_ctx->apc_disable || current_ctx->special_apc_disable; }
bool ke_all_apcs_disabled(void) { return current_ctx->special_apc_disable || current_ctx->irql >= IRQL_APC; }

/* Reads one byte of the caller's own processor: no gate. */
KIRQL KeGetCurrentIrql(VOID) { return ke_get_current_irql(); }

VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    gate_enter(DDI_KeRaiseIrql, NewIrql, 0);
    *OldIrql = ke_raise_irql(NewIrql);
    gate_leave(0);
}

KIRQL KfRaiseIrql(KIRQL NewIrql)
{
    gate_enter(DDI_KeRaiseIrql, NewIrql, 0);
    KIRQL old = ke_raise_irql(NewIrql);
    gate_leave(old);
    return old;
}

VOID KeLowerIrql(KIRQL NewIrql)
{
    gate_enter(DDI_KeLowerIrql, NewIrql, 0);
    ke_lower_irql(NewIrql);
    gate_leave(0);
}

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    gate_enter(DDI_KeRaiseIrqlToDpcLevel, 0, 0);
    KIRQL old = ke_raise_irql(IRQL_DISPATCH);
    gate_leave(old);
    return old;
}

#define SYNCH_IRQL 12

KIRQL KeRaiseIrqlToSynchLevel(VOID)
{
    gate_enter(DDI_KeRaiseIrql, SYNCH_IRQL, 0);
    KIRQL old = ke_raise_irql(SYNCH_IRQL);
    gate_leave(old);
    return old;
}

/* _disable() and _enable(): the processor's interrupt flag. */
void irpfuzz_interrupt_flag(int enable)
{
    gate_enter(enable ? DDI__enable : DDI__disable, 0, 0);
    interrupt_flag_set(enable);
    gate_leave(0);
}

#define EFLAGS_ALWAYS 2
#define EFLAGS_INTERRUPTS 0x200

unsigned long long irpfuzz_read_eflags(void) { return EFLAGS_ALWAYS | (current_ctx->interrupts_off ? 0 : EFLAGS_INTERRUPTS); }

VOID KeEnterCriticalRegion(VOID)
{
    gate_enter(DDI_KeEnterCriticalRegion, 0, 0);
    ke_enter_critical_region();
    gate_leave(0);
}

VOID KeLeaveCriticalRegion(VOID)
{
    gate_enter(DDI_KeLeaveCriticalRegion, 0, 0);
    ke_leave_critical_region();
    gate_leave(0);
}

VOID KeEnterGuardedRegion(VOID)
{
    gate_enter(DDI_KeEnterGuardedRegion, 0, 0);
    ke_enter_guarded_region();
    gate_leave(0);
}

VOID KeLeaveGuardedRegion(VOID)
{
    gate_enter(DDI_KeLeaveGuardedRegion, 0, 0);
    ke_leave_guarded_region();
    gate_leave(0);
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    gate_enter(DDI_KeAreApcsDisabled, 0, 0);
    BOOLEAN disabled = ke_apcs_disabled();
    gate_leave(disabled);
    return disabled;
}

BOOLEAN KeAreAllApcsDisabled(VOID)
{
    gate_enter(DDI_KeAreAllApcsDisabled, 0, 0);
    BOOLEAN disabled = ke_all_apcs_disabled();
    gate_leave(disabled);
    return disabled;
}
