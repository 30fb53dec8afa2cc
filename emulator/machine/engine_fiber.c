/*
 * The deterministic engine: every context is a fiber on one host thread.
 *
 * Principle of operation. A switch is a jump to another stack, decided by the schedule policy among the contexts that could run
 * next on a real machine with the configured processors. Nothing here asks the host for anything.
 *
 * Internal design. A processor's resident context may be at DISPATCH_LEVEL or above, or have DPCs waiting on its processor: then only it can go on
 * there. Every other ready context can go on if some processor is free of such. Fibers are kept across lives; a fiber's stack holds an endless
 * loop that runs one context's entry after the other. Boost.Context's jump is used through its C symbols.
 */
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

typedef void *fcontext;
struct transfer {
    fcontext from;
    void *data;
};
struct transfer jump_fcontext(fcontext to, void *data);
fcontext make_fcontext(void *stack_top, size_t size, void (*entry)(struct transfer));

#define STACK_SIZE (256u << 10)
#define STACKS_BASE 0x7e8000000000ull
#define FAIR_POINTS 20000u

struct fiber {
    fcontext context;
    char *stack;
    void *fake_stack;
    void *tsan;       /* identity ThreadSanitizer sees: own_tsan, or that of the DPC that runs on top */
    void *own_tsan;
    bool parked;      /* at rest in fiber_main(): its stack holds nothing of a context */
    jmp_buf base;     /* fiber_main(), for ctx_exit() */
};

static struct fiber fibers[MAX_CONTEXTS];
static struct fiber host;
static struct ctx *settler;

#if defined(IRPFUZZ_ASAN)
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old, size_t *size_old);
static const void *host_bottom;
static size_t host_size;
#endif
#if defined(IRPFUZZ_TSAN)
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void *__tsan_get_current_fiber(void);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#define TSAN_NO_SYNC 1
/* Of a processor's DPCs and ISRs. `joined`: knows of the earlier lives. */
static struct own_identity { void *tsan; bool joined; } own_identities[MACHINE_MAX_CPUS][ACTIVATION_OWN_MAX];
static char life_sync;
#endif

/* MemorySanitizer knows nothing of values that come out of the jump. */
NO_MSAN static void jump(struct fiber *from, struct fiber *to)
{
#if defined(IRPFUZZ_TSAN)
    __tsan_switch_to_fiber(to->tsan, TSAN_NO_SYNC);
#endif
#if defined(IRPFUZZ_ASAN)
    const void *bottom = to->stack ? to->stack : host_bottom;
    __sanitizer_start_switch_fiber(&from->fake_stack, bottom, to->stack ? STACK_SIZE : host_size);
#endif
    struct transfer t = jump_fcontext(to->context, from);
    ((struct fiber *)t.data)->context = t.from;
#if defined(IRPFUZZ_ASAN)
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

static struct fiber *fiber_of(struct ctx *ctx) { return ctx ? ctx->engine : &host; }

static void engine_fiber_init(void)
{
    static char *stacks;
    if (stacks)
        return;
    stacks = mmap((void *)STACKS_BASE, (size_t)MAX_CONTEXTS * STACK_SIZE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (stacks != (char *)STACKS_BASE)
        __builtin_trap();
    for (unsigned i = 0; i < MAX_CONTEXTS; i++) {
        fibers[i].stack = stacks + (size_t)i * STACK_SIZE;
        mprotect(fibers[i].stack, 4096, PROT_NONE); /* overflow faults instead of hitting the neighbour */
    }
}

/* ---- Who could run next ---- */

static bool pinned(const struct ctx *ctx)
{
    return ctx->irql >= IRQL_DISPATCH || ctx->interrupts_off || ctx->running_dpcs || machine.cpu[ctx->cpu].dpcs;
}

static int shared_cpu(const struct ctx *self)
{
    if (self->cpu >= 0 && !pinned(self))
        return self->cpu;
    for (unsigned c = 0; c < machine.cpus; c++) {
        struct ctx *r = machine.cpu[c].resident;
        if (r ? !pinned(r) : !machine.cpu[c].dpcs)
            return (int)c;
    }
    return -1;
}

static int free_cpu(const struct ctx *wanting)
{
    const struct cpu *last = &machine.cpu[wanting->last_cpu];
    if (!last->resident && !last->dpcs)
        return wanting->last_cpu;
    for (unsigned c = 0; c < machine.cpus; c++)
        if (!machine.cpu[c].resident && !machine.cpu[c].dpcs)
            return (int)c;
    return -1;
}

static struct ctx *idle_of(unsigned c);

/* Stands for the idle thread of a processor while it is only a candidate: who asks must change nothing, whether he is answered or not. */
static struct ctx idle_candidate[MACHINE_MAX_CPUS];

/* Stands for the interrupt that would come on top of the context that runs: the default where it can come. */
static struct ctx interrupt_candidate = {.id = MAX_CONTEXTS - 1, .role = ROLE_INTERRUPT, .cpu = -1};

static struct ctx *candidate_of(unsigned c)
{
    const struct ctx *idle = machine.cpu[c].idle;
    idle_candidate[c] = (struct ctx){.id = idle ? idle->id : ctx_next_id(), .kind = CTX_IDLE, .role = (uint8_t)(ROLE_CPU0 + c), .cpu = (int8_t)c};
    return &idle_candidate[c];
}

static struct ctx *chosen(struct ctx *candidate)
{
    size_t c = (size_t)(candidate - idle_candidate);
    return c < MACHINE_MAX_CPUS ? idle_of((unsigned)c) : candidate;
}

static unsigned gather(struct ctx **out, struct ctx *self)
{
    unsigned n = 0;
    if (self->state == CTX_READY)
        out[n++] = self;
    for (unsigned c = 0; c < machine.cpus; c++) {
        struct ctx *r = machine.cpu[c].resident;
        if (!r && (machine.cpu[c].dpcs || (machine.interrupts && interrupt_for_idle(c))))
            out[n++] = candidate_of(c);
        else if (r && r != self && r->state == CTX_READY && pinned(r))
            out[n++] = r;
    }
    if (shared_cpu(self) < 0)
        return n;
    for (struct ctx *ctx = machine.first_ready; ctx; ctx = ctx->next_ready)
        if (ctx != self && ctx->kind != CTX_IDLE && (ctx->cpu < 0 || !pinned(ctx)))
            out[n++] = ctx;
    return n;
}

/* ---- Switching ---- */

static void leave_cpu(struct ctx *ctx)
{
    if (ctx->cpu < 0)
        return;
    machine.cpu[ctx->cpu].resident = NULL;
    ctx->last_cpu = (uint8_t)ctx->cpu;
    ctx->cpu = -1;
}

static void take_cpu(struct ctx *ctx, unsigned c)
{
    if (machine.cpu[c].resident)
        leave_cpu(machine.cpu[c].resident);
    machine.cpu[c].resident = ctx;
    ctx->cpu = (int8_t)c;
}

static void place(struct ctx *next, const struct ctx *self)
{
    if (next->cpu >= 0)
        return;
    int c = free_cpu(next);
    take_cpu(next, (unsigned)(c >= 0 ? c : shared_cpu(self)));
}

static void arrived(void)
{
    struct ctx *self = current_ctx;
    self->points_in_a_row = 0;
    if (self->kind == CTX_APP || self->role == ROLE_PNP)
        machine.last_progress = clock_now();
    if (self->kind == CTX_IDLE)
        interrupts_take();
    cpu_drain_dpcs();
}

static void switch_to(struct ctx *next, uint16_t where)
{
    struct ctx *self = current_ctx;
    place(next, self);
    if (next == self) {
        arrived();
        return;
    }
    trace(TRACE_SWITCH, where, next->id, 0);
    current_ctx = next;
    jump(fiber_of(self), fiber_of(next));
    current_ctx = self;
    arrived();
}

/* The current context cannot go on (or ended): someone else must. */
static struct ctx *next_after(struct ctx *self, uint16_t where)
{
    struct ctx *candidates[MAX_CONTEXTS + MACHINE_MAX_CPUS];
    for (;;) {
        unsigned n = gather(candidates, self);
        if (n) {
            policy_is_asked(where);
            return chosen(candidates[policy_pick(where, candidates, n)]);
        }
        if (machine.interrupts && interrupt_hurry())
            continue;
        if (settler && settler != self) {
            struct ctx *woken = settler;
            settler = NULL;
            footprint_time(true);
            ctx_wake(woken);
            footprint_time(false);
            continue;
        }
        if (settler == self) {
            settler = NULL;
            footprint_time(true);
            footprint_wake(self);
            footprint_time(false);
            ctx_set_state(self, CTX_READY);
            continue;
        }
        footprint_time(true);
        if (!call_settled())
            let_time_pass();
        footprint_time(false);
    }
}

static void fiber_block(bool keeps_processor)
{
    struct ctx *self = current_ctx;
    ctx_set_state(self, keeps_processor ? CTX_SPINNING : CTX_BLOCKED);
    if (!keeps_processor)
        leave_cpu(self);
    footprint_step(WHERE_BLOCK);
    switch_to(next_after(self, WHERE_BLOCK), WHERE_BLOCK);
    footprint_step(WHERE_BLOCK);
}

static void fiber_wake(struct ctx *ctx) { (void)ctx; }

/*
 * The clock interrupt comes while contexts could run: what is due next is due now, and a DPC that it queued goes first. Only a near alarm is
 * taken (a driver's timer): a watchdog's must not be reached by wishing.
 */
static void clock_interrupt(uint16_t where)
{
    if (!clock_may_come())
        return;
    footprint_clock();
    clock_jump();
    machine.last_progress = clock_now();
    struct ctx *candidates[MAX_CONTEXTS + MACHINE_MAX_CPUS];
    unsigned n = gather(candidates, current_ctx);
    for (unsigned i = 1; i < n; i++)
        if (candidates[i]->kind == CTX_IDLE || (candidates[i]->cpu >= 0 && machine.cpu[candidates[i]->cpu].dpcs)) {
            switch_to(chosen(candidates[i]), where);
            return;
        }
}

static void fiber_point(uint16_t where)
{
    struct ctx *self = current_ctx;
    if (++machine.points > machine.max_points)
        bugcheck(OWN_LIVELOCK, machine.points, 0, 0, 0, "V-LCK-31", "%llu scheduling points and the life has not ended: %s loops",
                 (unsigned long long)machine.points, self->name);
    if (machine.points - machine.points_at_wait >= WORK_POINTS)
        sched_work();
    footprint_step(where);
    struct interrupt_line *line = machine.interrupts ? interrupt_due(true) : NULL;
    bool asked = policy_is_asked(where);
    bool unfair = ++self->points_in_a_row > FAIR_POINTS;
    if (!asked && !unfair && !line)
        return;
    if (asked && policy_wants_clock()) {
        clock_interrupt(where);
        return;
    }
    if (line && !asked) {
        interrupt_deliver(line);
        return;
    }
    struct ctx *candidates[MAX_CONTEXTS + MACHINE_MAX_CPUS + 1];
    unsigned n = 0;
    if (line)
        candidates[n++] = &interrupt_candidate;
    n += gather(candidates + n, self);
    if (n < 2)
        return;
    unsigned pick = asked ? policy_pick(where, candidates, n) : 0;
    if (line && !pick) {
        interrupt_deliver(line);
        return;
    }
    if (unfair)
        pick = pick ? pick : 1;
    if (candidates[pick] == self)
        return;
    struct ctx *next = chosen(candidates[pick]);
    if (machine.on_switch)
        machine.on_switch(where, next->gate_depth ? next->gate[next->gate_depth - 1] : 0);
    switch_to(next, where);
}

static void fiber_settle(void)
{
    struct ctx *self = current_ctx;
    settler = self;
    ctx_block("everything else to settle", NULL, NULL);
}

/* ---- A fiber's life ---- */

static void finish(void)
{
    struct ctx *self = current_ctx;
    fiber_of(self)->parked = true;
    if (self->kind == CTX_IDLE) {
        leave_cpu(self);
        ctx_set_state(self, CTX_BLOCKED);
    } else {
        leave_cpu(self);
        ctx_free(self);
    }
    footprint_step(WHERE_BLOCK);
    if (self->role == ROLE_PNP) { /* the life is over */
        struct fiber *me = fiber_of(self);
        current_ctx = NULL;
        jump(me, &host);
    } else {
        struct ctx *next = next_after(self, WHERE_BLOCK);
        place(next, self);
            if (next != self) {
            trace(TRACE_SWITCH, WHERE_BLOCK, next->id, 0);
            struct fiber *me = fiber_of(self);
            current_ctx = next;
            jump(me, fiber_of(next));
        }
    }
}

NO_MSAN static void fiber_main(struct transfer t)
{
    ((struct fiber *)t.data)->context = t.from;
#if defined(IRPFUZZ_ASAN)
    __sanitizer_finish_switch_fiber(NULL, host_bottom ? NULL : &host_bottom, host_bottom ? NULL : &host_size);
#endif
    for (;;) {
        fiber_of(current_ctx)->parked = false;
#if defined(IRPFUZZ_TSAN)
        __tsan_acquire(&life_sync);
#endif
        if (!_setjmp(fiber_of(current_ctx)->base)) {
            footprint_step(WHERE_BLOCK);
            arrived();
            if (current_ctx->entry)
                current_ctx->entry(current_ctx->argument);
        }
        finish();
    }
}

static void fiber_exit(void) { longjmp(fiber_of(current_ctx)->base, 1); }

#if defined(IRPFUZZ_TSAN)
/* A thread's creator orders it behind all that it did, which no line of a driver does: so the host creates all of them, and the
 * first life of a process, which needs new ones, sees the races that later ones see. */
static void *new_identity(void)
{
    void *here = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(host.tsan, TSAN_NO_SYNC);
    void *identity = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(here, TSAN_NO_SYNC);
    return identity;
}
#endif

static void fiber_create(struct ctx *ctx)
{
    struct fiber *f = &fibers[ctx->id];
    ctx->engine = f;
    ctx->stack = (uintptr_t)f->stack;
    ctx->stack_size = STACK_SIZE;
    if (f->context)
        return;
    f->context = make_fcontext(f->stack + STACK_SIZE, STACK_SIZE - 4096, fiber_main);
#if defined(IRPFUZZ_TSAN)
    if (!f->own_tsan)
        f->own_tsan = new_identity();
    f->tsan = f->own_tsan;
#endif
}

static struct ctx *idle_of(unsigned c)
{
    struct ctx *idle = machine.cpu[c].idle;
    if (!idle) {
        idle = ctx_create(CTX_IDLE, (uint8_t)(ROLE_CPU0 + c), "idle", NULL, NULL);
        machine.cpu[c].idle = idle;
    }
    ctx_set_state(idle, CTX_READY);
    take_cpu(idle, c);
    return idle;
}

static bool abandoned;

#if defined(IRPFUZZ_TSAN)
static void join(void *identity)
{
    __tsan_switch_to_fiber(identity, TSAN_NO_SYNC);
    __tsan_release(&life_sync);
    __tsan_switch_to_fiber(host.tsan, TSAN_NO_SYNC);
}

/* What this life's threads and DPCs did happened before the next life; within a life this key orders nothing. */
static void join_identities(void)
{
    for (unsigned i = 0; i < machine.ctx_count; i++)
        if (fibers[i].own_tsan) {
            join(fibers[i].own_tsan);
            fibers[i].tsan = fibers[i].own_tsan;
        }
    for (unsigned i = 0; i < MACHINE_MAX_CPUS * ACTIVATION_OWN_MAX; i++) {
        struct own_identity *own = &own_identities[0][0] + i;
        if (own->tsan)
            join(own->tsan);
        if (own->tsan && abandoned) { /* perhaps in the middle of a routine */
            __tsan_destroy_fiber(own->tsan);
            own->tsan = NULL;
        }
        own->joined = false;
    }
    __tsan_acquire(&life_sync);
}
#endif

/* The fiber starts afresh: whatever its stack held is dropped. */
static void fiber_reset(struct fiber *f)
{
    f->context = NULL;
    f->parked = false;
    asan_unpoison(f->stack + 4096, STACK_SIZE - 4096);
#if defined(IRPFUZZ_TSAN)
    if (f->own_tsan)
        __tsan_destroy_fiber(f->own_tsan);
    f->tsan = f->own_tsan = NULL;
#endif
}

static bool fiber_run(void (*life)(void *), void *argument)
{
    settler = NULL;
    abandoned = false;
#if defined(IRPFUZZ_TSAN)
    if (!host.tsan)
        host.tsan = __tsan_get_current_fiber();
    __tsan_release(&life_sync);
#endif
    struct ctx *first = ctx_create(CTX_SYSTEM, ROLE_PNP, "pnp", life, argument);
    take_cpu(first, 0);
    current_ctx = first;
    jump(&host, fiber_of(first));
    current_ctx = NULL;
#if defined(IRPFUZZ_TSAN)
    join_identities();
#endif
    for (unsigned i = 0; i < machine.ctx_count; i++)
        if (fibers[i].context && !fibers[i].parked)
            fiber_reset(&fibers[i]);
    return !abandoned;
}

static void fiber_abandon(void)
{
    abandoned = true;
    struct fiber *me = fiber_of(current_ctx);
    me->parked = false; /* also where the bug check came while it ended: it holds a frame to be dropped */
    current_ctx = NULL;
    jump(me, &host);
}

static void no_lock(void) {}

/* A DPC or ISR is another thread of execution than the one it interrupts: ThreadSanitizer must not take program order for an order. */
static void fiber_activate(struct activation *a, bool begins)
{
#if defined(IRPFUZZ_TSAN)
    struct fiber *f = fiber_of(current_ctx);
    if (begins && a->own) {
        a->tsan_fiber_below = __tsan_get_current_fiber();
        struct own_identity *own = &own_identities[cpu_current()][a->own - 1];
        if (!own->tsan)
            own->tsan = new_identity();
        __tsan_switch_to_fiber(own->tsan, TSAN_NO_SYNC);
        if (!own->joined)
            __tsan_acquire(&life_sync);
        own->joined = true;
        f->tsan = own->tsan; /* a switch away while it runs comes back to it */
    } else if (!begins && a->tsan_fiber_below) {
        __tsan_switch_to_fiber(a->tsan_fiber_below, TSAN_NO_SYNC);
        f->tsan = a->tsan_fiber_below;
    }
#else
    (void)a, (void)begins;
#endif
}

const struct engine engine_fiber = {
    .name = "deterministic", .init = engine_fiber_init, .run = fiber_run, .create = fiber_create, .block = fiber_block,
    .wake = fiber_wake, .point = fiber_point, .settle = fiber_settle, .exit = fiber_exit, .abandon = fiber_abandon, .activate = fiber_activate,
    .lock = no_lock, .unlock = no_lock,
};
