/*
 * Spin locks (W-LCK-20..26): ordinary, in-stack queued and reader/writer ones.
 *
 * The word of a held KSPIN_LOCK is its owner's context number + 1. That of an EX_SPIN_LOCK is the number of readers, or EXCLUSIVE and the owner;
 * WRITER_WAITS holds new readers back. What a context holds is listed, so that a release can be matched with its acquire.
 * A queued waiter takes a ticket and gets the lock handed over; ordinary waiters race for it (W-LCK-23).
 */
#include "ke.h"

#define EXCLUSIVE 0x80000000u
#define WRITER_WAITS 0x40000000u
#define COUNT 0xffffu

enum kind { KIND_SPIN, KIND_QUEUED, KIND_EXCLUSIVE, KIND_SHARED };

static struct {
    struct held_lock held[MAX_CONTEXTS][MAX_HELD_LOCKS];
    ULONG64 base_irql[MAX_CONTEXTS]; /* before the first of the held locks raised; a word each */
    ULONG64 ticket[MAX_CONTEXTS];  /* of a context that waits for a queued lock, else 0 */
    ULONG64 last_ticket;
    unsigned spinning;             /* contexts that wait for some lock */
} locks;

void ke_lock_begin(void)
{
    lock_order_begin();
    locks.last_ticket = 0;
    locks.spinning = 0;
    memset(locks.ticket, 0, sizeof locks.ticket);
}

static KSPIN_LOCK word_of(const struct ctx *ctx) { return (KSPIN_LOCK)ctx->id + 1; }

static struct ctx *owner_of(KSPIN_LOCK word) { return word && word <= machine.ctx_count ? machine.ctx[word - 1] : NULL; }

bool ke_spin_lock_owned_by_current(PKSPIN_LOCK lock) { return *lock == word_of(current_ctx); }

NO_FOOTPRINT static struct held_lock *held_by(const struct ctx *ctx, const void *lock)
{
    struct held_lock *held = locks.held[ctx->id];
    for (unsigned i = ctx->spinlocks_held; i-- > 0;)
        if (held[i].lock == lock)
            return &held[i];
    return NULL;
}

/* Somebody who holds a lock that lies in the given memory, or NULL. The lock's word says when it was taken, and freeing touches it. */
NO_FOOTPRINT static struct ctx *holder_in(const void *memory, size_t size)
{
    for (unsigned c = 0; c < machine.ctx_count; c++)
        for (unsigned i = 0; machine.ctx[c]->state != CTX_FREE && i < machine.ctx[c]->spinlocks_held; i++)
            if ((uintptr_t)locks.held[machine.ctx[c]->id][i].lock - (uintptr_t)memory < size)
                return machine.ctx[c];
    return NULL;
}

void ke_lock_check_free(const char *memory, size_t size)
{
    if (holder_in(memory, size))
        bugcheck(0xC4, 0x100B, 0, 0, 0, "V-LCK-23", "memory with a held spin lock in it is freed");
    lock_order_forget(memory, size);
}

static void check_initialise(const void *lock, size_t size)
{
    struct ctx *holder = holder_in(lock, size);
    ke_check_nonpaged(lock, "a spin lock");
    if (holder)
        bugcheck(0xC4, 0x1005, 0, 0, 0, "V-LCK-21", "a spin lock is initialised again while %s holds it", holder->name);
    lock_order_forget(lock, size);
}

/* ---- What is held ---- */

/* old: the level before the acquire. Not noted earlier: while a context waits, an interrupt on top of it may take and give back a first lock of its own. */
static void note_acquired(const void *lock, enum kind kind, KIRQL old)
{
    struct ctx *ctx = current_ctx;
    if (!ctx->spinlocks_held)
        locks.base_irql[ctx->id] = old;
    if (ctx->spinlocks_held == MAX_HELD_LOCKS)
        bugcheck(0xC4, 0x1000, MAX_HELD_LOCKS, 0, 0, "V-LCK-2", "more than %d spin locks held at once", MAX_HELD_LOCKS);
    locks.held[ctx->id][ctx->spinlocks_held++] = (struct held_lock){lock, (UCHAR)kind};
    hb_acquire(lock);
}

static void note_released(const struct held_lock *held)
{
    struct ctx *ctx = current_ctx;
    const struct held_lock *end = locks.held[ctx->id] + --ctx->spinlocks_held;
    for (struct held_lock *h = (struct held_lock *)held; h < end; h++)
        h[0] = h[1];
}

static void note_intended(const void *lock)
{
    struct ctx *ctx = current_ctx;
    memory_check(lock, sizeof(LONG), "a spin lock");
    if (ctx->spinlocks_held)
        lock_order_check(locks.held[ctx->id], ctx->spinlocks_held, lock);
}

void ke_spin_for(const void *lock, struct ctx *owner)
{
    locks.spinning++;
    ctx_spin("a spin lock", lock, owner);
    locks.spinning--;
}

static void wake_spinners(const void *lock)
{
    for (unsigned c = 0; locks.spinning && c < machine.ctx_count; c++)
        if (machine.ctx[c]->state == CTX_SPINNING && machine.ctx[c]->wait_object == lock)
            ctx_wake(machine.ctx[c]);
}

/* ---- KSPIN_LOCK ---- */

static struct ctx *check_owner(PKSPIN_LOCK lock, enum kind kind)
{
    struct ctx *owner = owner_of(*lock);
    if (!owner)
        bugcheck(0xC4, 0x1002, 0, 0, 0, "V-LCK-18", "a spin lock that was never initialised is acquired");
    if (owner == current_ctx)
        bugcheck(0x0F, 0, 0, 0, 0, kind == KIND_QUEUED ? "V-LCK-3" : "V-LCK-1",
                 "a spin lock is acquired by the processor that holds it already");
    const struct held_lock *held = held_by(owner, lock);
    if (held && held->kind != kind)
        bugcheck(0xC4, 0x1008, held->kind, kind, 0, "V-LCK-22",
                 "a spin lock is acquired through the %s calls while %s holds it through the %s ones", kind == KIND_QUEUED ? "queued" : "ordinary",
                 owner->name, kind == KIND_QUEUED ? "ordinary" : "queued");
    return owner;
}

static void acquire(PKSPIN_LOCK lock, KIRQL old)
{
    note_intended(lock);
    while (*lock)
        ke_spin_for(lock, check_owner(lock, KIND_SPIN));
    *lock = word_of(current_ctx);
    note_acquired(lock, KIND_SPIN, old);
}

static void acquire_queued(PKSPIN_LOCK lock, KIRQL old)
{
    struct ctx *self = current_ctx;
    note_intended(lock);
    if (*lock) {
        check_owner(lock, KIND_QUEUED);
        locks.ticket[self->id] = ++locks.last_ticket;
        while (*lock && *lock != word_of(self))
            ke_spin_for(lock, owner_of(*lock));
        locks.ticket[self->id] = 0;
    }
    *lock = word_of(self);
    note_acquired(lock, KIND_QUEUED, old);
}

/* The context that waits longest in the lock's queue, or NULL. */
static struct ctx *first_in_queue(const void *lock)
{
    struct ctx *first = NULL;
    for (unsigned c = 0; locks.spinning && c < machine.ctx_count; c++) {
        struct ctx *ctx = machine.ctx[c];
        if (ctx->state != CTX_SPINNING || ctx->wait_object != lock || !locks.ticket[ctx->id])
            continue;
        if (!first || locks.ticket[ctx->id] < locks.ticket[first->id])
            first = ctx;
    }
    return first;
}

static void release(PKSPIN_LOCK lock, enum kind kind)
{
    struct ctx *ctx = current_ctx;
    memory_check(lock, sizeof *lock, "a spin lock");
    if (!*lock)
        bugcheck(0x10, 0, 0, 0, 0, "V-LCK-5", "a spin lock that nobody holds is released");
    const struct held_lock *held = held_by(ctx, lock);
    if (!held)
        bugcheck(0xC4, 0x1004, 0, 0, 0, "V-LCK-20", "a spin lock is released by %s but held by %s", ctx->name,
                 owner_of(*lock) ? owner_of(*lock)->name : "nobody known");
    if (held->kind != kind)
        bugcheck(0xC4, 0x1009, held->kind, kind, 0, "V-LCK-22", "a spin lock is released through other calls than it was acquired with");
    note_released(held);
    hb_release(lock);
    *lock = 0;
    struct ctx *next = first_in_queue(lock);
    if (next) {
        *lock = word_of(next); /* handed over: nobody can come first */
        ctx_wake(next);
        return;
    }
    wake_spinners(lock);
}

/* ---- IRQL around them ---- */

static KIRQL raise_for_lock(void)
{
    if (current_ctx->irql > IRQL_DISPATCH)
        bugcheck(0xC4, 0x42, current_ctx->irql, 0, 0, "V-LCK-6", "a spin lock is acquired at IRQL %u", current_ctx->irql);
    return irql_raise(IRQL_DISPATCH);
}

static void require_dispatch(const char *ddi, uint32_t code)
{
    if (current_ctx->irql < IRQL_DISPATCH)
        bugcheck(0xC4, code, current_ctx->irql, 0, 0, "V-LCK-6", "%s at IRQL %u", ddi, current_ctx->irql);
}

static void require_exactly_dispatch(void)
{
    if (current_ctx->irql != IRQL_DISPATCH)
        bugcheck(0xC4, 0x32, current_ctx->irql, 0, 0, "V-LCK-6", "a spin lock is released at IRQL %u", current_ctx->irql);
}

/* Back to the level saved by the acquire; locks may be released in any order as long as the last one restores the first one's level. */
static void lower_from_lock(KIRQL irql)
{
    struct ctx *ctx = current_ctx;
    KIRQL base = locks.base_irql[ctx->id];
    if (irql > IRQL_DISPATCH || (irql < IRQL_DISPATCH && ctx->spinlocks_held) || (!ctx->spinlocks_held && irql != base))
        bugcheck(0xC4, 0x20015, irql, base, 0, "V-IRQ-15", "a spin lock is released to IRQL %u, it was acquired from %u%s", irql, base,
                 ctx->spinlocks_held ? " and another lock is still held" : "");
    irql_lower(irql);
}

void ke_initialize_spin_lock(PKSPIN_LOCK lock)
{
    check_initialise(lock, sizeof *lock);
    *lock = 0;
}

KIRQL ke_acquire_spin_lock_raise_to_dpc(PKSPIN_LOCK lock)
{
    KIRQL old = raise_for_lock();
    acquire(lock, old);
    return old;
}

void ke_release_spin_lock(PKSPIN_LOCK lock, KIRQL irql)
{
    require_exactly_dispatch();
    release(lock, KIND_SPIN);
    lower_from_lock(irql);
}

void ke_acquire_spin_lock_at_dpc_level(PKSPIN_LOCK lock)
{
    require_dispatch("KeAcquireSpinLockAtDpcLevel", 0x40);
    acquire(lock, current_ctx->irql);
}

void ke_release_spin_lock_from_dpc_level(PKSPIN_LOCK lock)
{
    require_dispatch("KeReleaseSpinLockFromDpcLevel", 0x41);
    release(lock, KIND_SPIN);
}

bool ke_try_acquire_spin_lock_at_dpc_level(PKSPIN_LOCK lock)
{
    require_dispatch("KeTryToAcquireSpinLockAtDpcLevel", 0x40);
    memory_check(lock, sizeof *lock, "a spin lock");
    if (*lock)
        return false;
    *lock = word_of(current_ctx); /* no edge into it: it can not wait (W-LCK-30) */
    note_acquired(lock, KIND_SPIN, current_ctx->irql);
    return true;
}

KIRQL ke_acquire_interrupt_lock(PKSPIN_LOCK lock, KIRQL level)
{
    if (current_ctx->irql > level)
        bugcheck(0x9, current_ctx->irql, level, 0, 0, "W-INT-4", "the lock of an interrupt, which is taken at IRQL %u, is acquired at IRQL %u", level,
                 current_ctx->irql);
    KIRQL old = irql_raise(level);
    acquire(lock, old);
    return old;
}

void ke_release_interrupt_lock(PKSPIN_LOCK lock, KIRQL level, KIRQL irql)
{
    if (current_ctx->irql != level || irql > level)
        bugcheck(0xC4, 0x32, current_ctx->irql, level, irql, "W-INT-4", "the lock of an interrupt, which is taken at IRQL %u, is released at IRQL %u to IRQL %u", level,
                 current_ctx->irql, irql);
    release(lock, KIND_SPIN);
    irql_lower(irql);
}

static void queue_handle_in_use(PKLOCK_QUEUE_HANDLE handle, PKSPIN_LOCK lock)
{
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
}

static PKSPIN_LOCK lock_of_handle(PKLOCK_QUEUE_HANDLE handle)
{
    PKSPIN_LOCK lock = handle->LockQueue.Lock;
    if (!lock)
        bugcheck(0xC4, 0x40007, 0, 0, 0, "V-LCK-4", "an in-stack queued spin lock is released through a handle that holds none");
    handle->LockQueue.Lock = NULL;
    return lock;
}

void ke_acquire_in_stack_queued_spin_lock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    KIRQL old = raise_for_lock();
    acquire_queued(lock, old);
    queue_handle_in_use(handle, lock);
    handle->OldIrql = old;
}

void ke_release_in_stack_queued_spin_lock(PKLOCK_QUEUE_HANDLE handle)
{
    require_exactly_dispatch();
    release(lock_of_handle(handle), KIND_QUEUED);
    lower_from_lock(handle->OldIrql);
}

void ke_acquire_in_stack_queued_spin_lock_at_dpc_level(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    require_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel", 0x40);
    acquire_queued(lock, current_ctx->irql);
    queue_handle_in_use(handle, lock);
}

void ke_release_in_stack_queued_spin_lock_from_dpc_level(PKLOCK_QUEUE_HANDLE handle)
{
    require_dispatch("KeReleaseInStackQueuedSpinLockFromDpcLevel", 0x41);
    release(lock_of_handle(handle), KIND_QUEUED);
}

/* ---- EX_SPIN_LOCK (W-LCK-24) ---- */

/* Readers are ordered after the last writer, a writer after everybody: two keys, so that readers do not order each other. */
static const void *readers_key(const LONG *lock) { return (const char *)lock + 1; }

static struct ctx *writer_of(ULONG word) { return word & EXCLUSIVE ? owner_of(word & COUNT) : NULL; }

static void acquire_exclusive(PEX_SPIN_LOCK lock, KIRQL old)
{
    struct ctx *self = current_ctx;
    volatile ULONG *word = (volatile ULONG *)lock;
    note_intended(lock);
    const struct held_lock *held = held_by(self, lock);
    if (held)
        bugcheck(0x0F, held->kind, 0, 0, 0, "V-LCK-1", "a reader/writer spin lock is acquired exclusively by the processor that holds it already");
    while (*word & ~WRITER_WAITS) {
        if (*word & EXCLUSIVE && !writer_of(*word))
            bugcheck(0xC4, 0x1002, 0, 0, 0, "V-LCK-18", "a reader/writer spin lock that was never initialised is acquired");
        *word |= WRITER_WAITS;
        ke_spin_for(lock, writer_of(*word));
    }
    *word = EXCLUSIVE | (ULONG)word_of(self);
    note_acquired(lock, KIND_EXCLUSIVE, old);
    hb_acquire(readers_key(lock));
}

static void acquire_shared(PEX_SPIN_LOCK lock, KIRQL old)
{
    volatile ULONG *word = (volatile ULONG *)lock;
    note_intended(lock);
    while (*word & (EXCLUSIVE | WRITER_WAITS)) {
        struct ctx *writer = writer_of(*word);
        if (writer == current_ctx)
            bugcheck(0x0F, 0, 0, 0, 0, "V-LCK-1", "a reader/writer spin lock is acquired by the processor that holds it already");
        if (*word & EXCLUSIVE && !writer)
            bugcheck(0xC4, 0x1002, 0, 0, 0, "V-LCK-18", "a reader/writer spin lock that was never initialised is acquired");
        ke_spin_for(lock, writer);
    }
    ++*word;
    note_acquired(lock, KIND_SHARED, old);
}

static void release_rw(PEX_SPIN_LOCK lock, enum kind kind)
{
    volatile ULONG *word = (volatile ULONG *)lock;
    memory_check((const void *)lock, sizeof *lock, "a reader/writer spin lock");
    const struct held_lock *held = held_by(current_ctx, (const void *)lock);
    if (!held && !(*word & (EXCLUSIVE | COUNT)))
        bugcheck(0x10, 0, 0, 0, 0, "V-LCK-5", "a reader/writer spin lock that nobody holds is released");
    if (!held)
        bugcheck(0xC4, 0x1004, 0, 0, 0, "V-LCK-20", "a reader/writer spin lock is released by %s, which does not hold it", current_ctx->name);
    if (held->kind != kind)
        bugcheck(0xC4, 0x1009, held->kind, kind, 0, "V-LCK-22", "a reader/writer spin lock is released through other calls than it was acquired with");
    note_released(held);
    hb_release(kind == KIND_SHARED ? readers_key(lock) : (const void *)lock);
    *word = kind == KIND_SHARED ? *word - 1 : 0;
    if (*word & COUNT)
        return;
    *word = 0; /* waiting writers ask again */
    wake_spinners((const void *)lock);
}

KIRQL ex_acquire_spin_lock(PEX_SPIN_LOCK lock, bool shared)
{
    KIRQL old = raise_for_lock();
    shared ? acquire_shared(lock, old) : acquire_exclusive(lock, old);
    return old;
}

void ex_release_spin_lock(PEX_SPIN_LOCK lock, bool shared, KIRQL irql)
{
    require_exactly_dispatch();
    release_rw(lock, shared ? KIND_SHARED : KIND_EXCLUSIVE);
    lower_from_lock(irql);
}

void ex_acquire_spin_lock_at_dpc_level(PEX_SPIN_LOCK lock, bool shared)
{
    require_dispatch("ExAcquireSpinLock...AtDpcLevel", 0x40);
    shared ? acquire_shared(lock, current_ctx->irql) : acquire_exclusive(lock, current_ctx->irql);
}

void ex_release_spin_lock_from_dpc_level(PEX_SPIN_LOCK lock, bool shared)
{
    require_dispatch("ExReleaseSpinLock...FromDpcLevel", 0x41);
    release_rw(lock, shared ? KIND_SHARED : KIND_EXCLUSIVE);
}

bool ex_try_convert_shared_spin_lock(PEX_SPIN_LOCK lock)
{
    volatile ULONG *word = (volatile ULONG *)lock;
    struct held_lock *held = held_by(current_ctx, (const void *)lock);
    require_dispatch("ExTryConvertSharedSpinLockExclusive", 0x40);
    if (!held || held->kind != KIND_SHARED)
        bugcheck(0xC4, 0x1009, 0, 0, 0, "V-LCK-22", "ExTryConvertSharedSpinLockExclusive without a shared hold");
    if ((*word & COUNT) != 1)
        return false;
    *word = EXCLUSIVE | (*word & WRITER_WAITS) | (ULONG)word_of(current_ctx);
    held->kind = KIND_EXCLUSIVE;
    hb_acquire(readers_key(lock));
    return true;
}
