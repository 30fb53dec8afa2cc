/*
 * Spin locks and IRQL (W-LCK-20..31, W-IRQL-3).
 *
 * A held lock's word holds its owner's context number + 1. Locks held by a context are listed so that a release can be matched with its acquire, and an order
 * graph over lock addresses finds a cycle before it becomes a deadlock (V-LCK-17).
 */
#include "ke.h"

#define MAX_HELD 12
#define MAX_NODES 64

struct held_lock {
    PKSPIN_LOCK lock;
    bool raised;
    KIRQL old;
};

static struct {
    struct held_lock held[MAX_CONTEXTS][MAX_HELD];
    KIRQL base_irql[MAX_CONTEXTS];        /* before the first of the held locks raised */
    PKSPIN_LOCK node[MAX_NODES];
    ULONG64 after[MAX_NODES];             /* bit j: node j was taken while this one was held */
    unsigned nodes;
} locks;

void ke_lock_begin(void) { locks.nodes = 0; }

static KSPIN_LOCK word_of(const struct ctx *ctx) { return (KSPIN_LOCK)ctx->id + 1; }

static struct ctx *owner_of(KSPIN_LOCK word) { return word && word <= machine.ctx_count ? machine.ctx[word - 1] : NULL; }

bool ke_spin_lock_owned_by_current(PKSPIN_LOCK lock) { return *lock == word_of(current_ctx); }

/* ---- Order graph ---- */

static unsigned node_of(PKSPIN_LOCK lock)
{
    for (unsigned i = 0; i < locks.nodes; i++)
        if (locks.node[i] == lock)
            return i;
    if (locks.nodes == MAX_NODES)
        return MAX_NODES;
    locks.node[locks.nodes] = lock;
    locks.after[locks.nodes] = 0;
    return locks.nodes++;
}

static bool reaches(unsigned from, unsigned to, ULONG64 seen)
{
    if (locks.after[from] >> to & 1)
        return true;
    for (unsigned i = 0; i < locks.nodes; i++)
        if (locks.after[from] >> i & 1 && !(seen >> i & 1) && reaches(i, to, seen | 1ull << i))
            return true;
    return false;
}

static void check_order(struct ctx *ctx, PKSPIN_LOCK lock)
{
    unsigned to = node_of(lock);
    for (unsigned i = 0; i < ctx->spinlocks_held && to < MAX_NODES; i++) {
        unsigned from = node_of(locks.held[ctx->id][i].lock);
        if (from == MAX_NODES || from == to || locks.after[from] >> to & 1)
            continue;
        if (reaches(to, from, 0))
            bugcheck(0xC4, 0x1001, to, from, 0, "V-LCK-17",
                     "lock %u is taken while lock %u is held; elsewhere they are taken the other way round: a deadlock in waiting", to, from);
        locks.after[from] |= 1ull << to;
    }
}

void ke_lock_check_free(const char *memory, size_t size)
{
    for (unsigned i = 0; i < locks.nodes; i++) {
        const char *lock = (const char *)locks.node[i];
        if (lock < memory || lock >= memory + size)
            continue;
        struct ctx *owner = owner_of(*locks.node[i]);
        for (unsigned h = 0; owner && h < owner->spinlocks_held; h++)
            if (locks.held[owner->id][h].lock == locks.node[i])
                bugcheck(0xC4, 0x100B, 0, 0, 0, "V-LCK-23", "memory with a held spin lock in it is freed");
        locks.node[i] = NULL; /* the node dies with its memory (W-LCK-31) */
        locks.after[i] = 0;
        for (unsigned j = 0; j < locks.nodes; j++)
            locks.after[j] &= ~(1ull << i);
    }
}

/* ---- Acquire, release ---- */

static void acquire(PKSPIN_LOCK lock, bool raised, KIRQL old)
{
    struct ctx *ctx = current_ctx;
    memory_check(lock, sizeof *lock, "a spin lock");
    if (ctx->spinlocks_held)
        check_order(ctx, lock);
    else
        locks.base_irql[ctx->id] = old;
    while (*lock) {
        struct ctx *owner = owner_of(*lock);
        if (owner == ctx)
            bugcheck(0x0F, 0, 0, 0, 0, "V-LCK-1", "a spin lock is acquired by the processor that holds it already");
        if (!owner)
            bugcheck(0xC4, 0x1002, 0, 0, 0, "V-LCK-18", "a spin lock that was never initialised is acquired");
        ctx_spin("a spin lock", lock, owner);
    }
    *lock = word_of(ctx);
    if (ctx->spinlocks_held == MAX_HELD)
        bugcheck(0xC4, 0x1000, MAX_HELD, 0, 0, "V-LCK-2", "more than %d spin locks held at once", MAX_HELD);
    locks.held[ctx->id][ctx->spinlocks_held++] = (struct held_lock){lock, raised, old};
    hb_acquire(lock);
}

static void release(PKSPIN_LOCK lock)
{
    struct ctx *ctx = current_ctx;
    memory_check(lock, sizeof *lock, "a spin lock");
    if (!*lock)
        bugcheck(0x10, 0, 0, 0, 0, "V-LCK-5", "a spin lock that nobody holds is released");
    if (owner_of(*lock) != ctx)
        bugcheck(0xC4, 0x1004, 0, 0, 0, "V-LCK-20", "a spin lock is released by %s but held by %s", ctx->name,
                 owner_of(*lock) ? owner_of(*lock)->name : "nobody known");
    unsigned n = ctx->spinlocks_held, i = n;
    struct held_lock *held = locks.held[ctx->id];
    while (i > 0 && held[i - 1].lock != lock)
        i--;
    for (; i && i < n; i++)
        held[i - 1] = held[i];
    ctx->spinlocks_held = n - 1;
    hb_release(lock);
    *lock = 0;
    for (unsigned c = 0; c < machine.ctx_count; c++)
        if (machine.ctx[c]->state == CTX_SPINNING && machine.ctx[c]->wait_object == lock)
            ctx_wake(machine.ctx[c]);
}

void ke_initialize_spin_lock(PKSPIN_LOCK lock) { *lock = 0; }

KIRQL ke_acquire_spin_lock_raise_to_dpc(PKSPIN_LOCK lock)
{
    if (current_ctx->irql > IRQL_DISPATCH)
        bugcheck(0xC4, 0x42, current_ctx->irql, 0, 0, "V-LCK-6", "a spin lock is acquired at IRQL %u", current_ctx->irql);
    KIRQL old = irql_raise(IRQL_DISPATCH);
    acquire(lock, true, old);
    return old;
}

void ke_release_spin_lock(PKSPIN_LOCK lock, KIRQL irql)
{
    struct ctx *ctx = current_ctx;
    if (ctx->irql != IRQL_DISPATCH)
        bugcheck(0xC4, 0x32, ctx->irql, 0, 0, "V-LCK-6", "a spin lock is released at IRQL %u", ctx->irql);
    release(lock);
    if (irql > IRQL_DISPATCH || (irql < IRQL_DISPATCH && ctx->spinlocks_held) ||
        (!ctx->spinlocks_held && irql != locks.base_irql[ctx->id]))
        bugcheck(0xC4, 0x20015, irql, locks.base_irql[ctx->id], 0, "V-IRQ-15", "a spin lock is released to IRQL %u, it was acquired from %u%s",
                 irql, locks.base_irql[ctx->id], ctx->spinlocks_held ? " and another lock is still held" : "");
    irql_lower(irql);
}

void ke_acquire_spin_lock_at_dpc_level(PKSPIN_LOCK lock)
{
    if (current_ctx->irql < IRQL_DISPATCH)
        bugcheck(0xC4, 0x40, current_ctx->irql, 0, 0, "V-LCK-6", "KeAcquireSpinLockAtDpcLevel at IRQL %u", current_ctx->irql);
    acquire(lock, false, current_ctx->irql);
}

void ke_release_spin_lock_from_dpc_level(PKSPIN_LOCK lock)
{
    if (current_ctx->irql < IRQL_DISPATCH)
        bugcheck(0xC4, 0x41, current_ctx->irql, 0, 0, "V-LCK-6", "KeReleaseSpinLockFromDpcLevel at IRQL %u", current_ctx->irql);
    release(lock);
}

KIRQL ke_get_current_irql(void) { return current_ctx->irql; }

KIRQL ke_raise_irql(KIRQL irql)
{
    if (irql < current_ctx->irql || irql > IRQL_HIGH)
        bugcheck(0xC4, 0x30, current_ctx->irql, irql, 0, "V-IRQ-26", "KeRaiseIrql from %u to %u lowers", current_ctx->irql, irql);
    return irql_raise(irql);
}

void ke_lower_irql(KIRQL irql)
{
    struct ctx *ctx = current_ctx;
    if (irql > ctx->irql)
        bugcheck(0xC4, 0x31, ctx->irql, irql, 0, "V-IRQ-26", "KeLowerIrql from %u to %u raises", ctx->irql, irql);
    if (irql < IRQL_DISPATCH && (ctx->top ? ctx->top->name[0] == 'D' : false))
        bugcheck(0xC4, 0x31, ctx->irql, irql, 1, "W-IRQL-3", "a DPC lowers the IRQL to %u", irql);
    if (irql < IRQL_DISPATCH && ctx->spinlocks_held)
        bugcheck(0xC4, 0x31, ctx->irql, irql, 0, "V-LCK-2", "the IRQL is lowered to %u while a spin lock is held", irql);
    irql_lower(irql);
}

void ke_enter_critical_region(void) { current_ctx->apc_disable++; }

void ke_leave_critical_region(void)
{
    if (!current_ctx->apc_disable)
        bugcheck(0xC4, 0x3E, 0, 0, 0, "W-LCK-1", "KeLeaveCriticalRegion without KeEnterCriticalRegion");
    current_ctx->apc_disable--;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeInitializeSpinLock, trace_object(SpinLock), 0);
    memory_check(SpinLock, sizeof *SpinLock, "KeInitializeSpinLock");
    ke_initialize_spin_lock(SpinLock);
    gate_leave(0);
}

VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    gate_enter(DDI_KeAcquireSpinLock, trace_object(SpinLock), 0);
    *OldIrql = ke_acquire_spin_lock_raise_to_dpc(SpinLock);
    gate_leave(0);
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeAcquireSpinLockRaiseToDpc, trace_object(SpinLock), 0);
    KIRQL old = ke_acquire_spin_lock_raise_to_dpc(SpinLock);
    gate_leave(old);
    return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    gate_enter(DDI_KeReleaseSpinLock, trace_object(SpinLock), NewIrql);
    ke_release_spin_lock(SpinLock, NewIrql);
    gate_leave(0);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeAcquireSpinLockAtDpcLevel, trace_object(SpinLock), 0);
    ke_acquire_spin_lock_at_dpc_level(SpinLock);
    gate_leave(0);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeReleaseSpinLockFromDpcLevel, trace_object(SpinLock), 0);
    ke_release_spin_lock_from_dpc_level(SpinLock);
    gate_leave(0);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    gate_enter(DDI_KeTryToAcquireSpinLockAtDpcLevel, trace_object(SpinLock), 0);
    BOOLEAN free = *SpinLock == 0;
    if (free)
        ke_acquire_spin_lock_at_dpc_level(SpinLock);
    gate_leave(free);
    return free;
}

KIRQL KeGetCurrentIrql(VOID)
{
    return ke_get_current_irql(); /* reads one byte of the caller's own processor: no gate */
}

VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    gate_enter(DDI_KeRaiseIrql, NewIrql, 0);
    *OldIrql = ke_raise_irql(NewIrql);
    gate_leave(0);
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
