/*
 * The free-running engine: every context is a pthread, for the stress apps.
 *
 * Principle of operation. Drivers and apps run truly in parallel; the emulator runs one context at a time behind the gate lock. A
 * context belongs to one of the processors for DPCs' sake only: nothing waits for a processor. Time passes when no context runs, and a few
 * ticks come while they do.
 *
 * Internal design. The gate lock and the wake words are plain futexes: ThreadSanitizer sees no edge through them (or it would hide
 * the driver's races); the edges that Windows gives are annotated by the layers above, as in the other engine. The context that blocks
 * last lets time pass on everybody's behalf. A processor's DPCs run one after the other, on a context of that processor that
 * comes below DISPATCH_LEVEL, or on its idle thread when nobody of that processor queued them. A life is over when its first context
 * has ended and every host thread is gone: those that still wait end where they stand.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"

struct host_thread {
    pthread_t handle;
    atomic_int awake;
};

static struct host_thread threads[MAX_CONTEXTS];
static atomic_int lock_word;    /* 0 free, 1 held, 2 held with waiters */
static atomic_int host_threads; /* of this life */
static unsigned running;        /* contexts not blocked; under the lock */
static bool life_over;          /* under the lock */
static struct ctx *settler;

/*
 * The clock's interrupt may come while contexts run, or no timer would ever meet a call of an app: each so many points, for what is due soon. A context
 * that the host does not run meanwhile must not look slow for it, so only a few times until everything has waited again.
 */
#define TICK_POINTS 128
#define TICKS 3
static unsigned ticks_left; /* under the lock */

#if defined(IRPFUZZ_TSAN)
void *__tsan_create_fiber(unsigned flags);
void *__tsan_get_current_fiber(void);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
#define TSAN_NO_SYNC 1
static void *own_tsan[MACHINE_MAX_CPUS][ACTIVATION_OWN_MAX]; /* of a processor's DPCs and ISRs */
#endif
static char life_sync; /* what a life did is before the next; within a life this key orders nothing */

static void futex_wait(atomic_int *word, int value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }
static void futex_wake(atomic_int *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0); }

static void thread_lock(void)
{
    int expected = 0;
    if (atomic_compare_exchange_strong(&lock_word, &expected, 1))
        return;
    while (atomic_exchange(&lock_word, 2) != 0)
        futex_wait(&lock_word, 2);
}

static void thread_unlock(void)
{
    if (atomic_exchange(&lock_word, 0) == 2)
        futex_wake(&lock_word, 1);
}

static void engine_thread_init(void) {}

/* ---- Blocking ---- */

static void drain_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        interrupts_take();
        cpu_drain_dpcs();
        ctx_block("DPCs", NULL, NULL);
    }
}

/* DPCs that nobody of their processor is about to run: an idle processor takes them. */
static void thread_dpc_left(unsigned c)
{
    struct cpu *cpu = &machine.cpu[c];
    if (cpu->idle) {
        ctx_wake(cpu->idle);
        return;
    }
    cpu->idle = ctx_create(CTX_IDLE, (uint8_t)(ROLE_CPU0 + c), "idle", drain_for_ever, NULL);
    cpu->idle->cpu = (int8_t)c;
}

static bool wake_for_dpcs(void)
{
    interrupt_hurry();
    for (unsigned c = 0; c < machine.cpus; c++)
        if ((machine.cpu[c].dpcs && !machine.cpu[c].draining) || interrupt_for_idle(c)) {
            thread_dpc_left(c);
            return true;
        }
    return false;
}

/* The caller stops: if it was the last to run, something must be made runnable. */
static void keep_going(void)
{
    while (running == 0 && !life_over) {
        if (wake_for_dpcs())
            continue;
        if (settler) {
            struct ctx *woken = settler;
            settler = NULL;
            ctx_wake(woken);
            continue;
        }
        if (call_settled())
            continue;
        let_time_pass();
        ticks_left = TICKS;
    }
}

static void note_progress(const struct ctx *self)
{
    if (self->kind == CTX_APP || self->role == ROLE_PNP)
        machine.last_progress = clock_now();
}

static _Noreturn void leave(void)
{
    hb_release(&life_sync);
    if (atomic_fetch_sub(&host_threads, 1) == 1)
        futex_wake(&host_threads, 1);
    thread_unlock();
    pthread_exit(NULL);
}

static void thread_block(bool keeps_processor)
{
    struct ctx *self = current_ctx;
    struct host_thread *me = self->engine;
    ctx_set_state(self, keeps_processor ? CTX_SPINNING : CTX_BLOCKED);
    atomic_store(&me->awake, 0);
    note_progress(self);
    running--;
    keep_going();
    while (!atomic_load(&me->awake)) {
        thread_unlock();
        futex_wait(&me->awake, 0);
        thread_lock();
        if (life_over)
            leave();
    }
    note_progress(self);
    cpu_drain_dpcs();
}

static void thread_wake(struct ctx *ctx)
{
    struct host_thread *t = ctx->engine;
    running++;
    atomic_store(&t->awake, 1);
    futex_wake(&t->awake, 1);
}

/* Now and then another context gets the gate: the host's scheduler decides which. */
static void clock_interrupt(void)
{
    if (!ticks_left || !clock_may_come())
        return;
    ticks_left--;
    uint64_t before = clock_now();
    clock_jump();
    machine.last_progress += clock_now() - before; /* nobody has waited longer for it */
}

static void thread_point(uint16_t where)
{
    (void)where;
    if (++machine.points % TICK_POINTS == 0)
        clock_interrupt();
    if (machine.points - machine.points_at_wait >= WORK_POINTS)
        sched_work();
    if (machine.interrupts) {
        struct interrupt_line *line = interrupt_due(true);
        if (line)
            interrupt_deliver(line);
    }
    cpu_drain_dpcs();
    if (machine.points % 64 == 0) {
        thread_unlock();
        thread_lock();
    }
}

static void thread_settle(void)
{
    settler = current_ctx;
    ctx_block("everything else to settle", NULL, NULL);
}

/* ---- A context's life ---- */

static void end_life(void)
{
    life_over = true;
    for (unsigned i = 0; i < machine.ctx_count; i++) {
        struct host_thread *t = machine.ctx[i]->engine;
        if (machine.ctx[i] != current_ctx && machine.ctx[i]->state != CTX_FREE) {
            atomic_store(&t->awake, 1);
            futex_wake(&t->awake, 1);
        }
    }
}

static _Noreturn void thread_finish(void)
{
    struct ctx *self = current_ctx;
    running--;
    ctx_set_state(self, CTX_BLOCKED); /* no DPC may run on it any more */
    if (self->role == ROLE_PNP)
        end_life();
    else
        keep_going();
    ctx_free(self);
    leave();
}

static void *thread_main(void *argument)
{
    struct ctx *self = argument;
    current_ctx = self;
    thread_lock();
    if (life_over)
        leave();
    self->entry(self->argument);
    thread_finish();
}

static void thread_create(struct ctx *ctx)
{
    struct host_thread *t = &threads[ctx->id];
    ctx->engine = t;
    ctx->cpu = (int8_t)(ctx->id % machine.cpus);
    running++;
    atomic_fetch_add(&host_threads, 1);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    if (pthread_create(&t->handle, &attributes, thread_main, ctx))
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "the host gives no more threads");
    pthread_attr_destroy(&attributes);
}

static void wait_for_host_threads(void)
{
    for (int left; (left = atomic_load(&host_threads)) != 0;)
        futex_wait(&host_threads, left);
    thread_lock(); /* the last one has let go of the gate */
    thread_unlock();
}

#if defined(IRPFUZZ_TSAN)
static void join_own(void)
{
    void *here = __tsan_get_current_fiber();
    for (unsigned i = 0; i < MACHINE_MAX_CPUS * ACTIVATION_OWN_MAX; i++) {
        void **own = &own_tsan[0][0] + i;
        if (!*own)
            *own = __tsan_create_fiber(0);
        __tsan_switch_to_fiber(*own, TSAN_NO_SYNC);
        hb_release(&life_sync);
        hb_acquire(&life_sync);
        __tsan_switch_to_fiber(here, TSAN_NO_SYNC);
    }
    hb_acquire(&life_sync);
}
#else
static void join_own(void) { hb_acquire(&life_sync); }
#endif

static bool thread_run(void (*life)(void *), void *argument)
{
    life_over = false;
    running = 0;
    settler = NULL;
    ticks_left = TICKS;
    hb_release(&life_sync);
    join_own();
    thread_lock();
    ctx_create(CTX_SYSTEM, ROLE_PNP, "pnp", life, argument);
    thread_unlock();
    wait_for_host_threads();
    join_own();
    return true;
}

/* As in the deterministic engine, a DPC or ISR is another thread of execution than the one it interrupts. */
static void thread_activate(struct activation *a, bool begins)
{
#if defined(IRPFUZZ_TSAN)
    if (begins && a->own) {
        a->tsan_fiber_below = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(own_tsan[cpu_current()][a->own - 1], TSAN_NO_SYNC);
    } else if (!begins && a->tsan_fiber_below) {
        __tsan_switch_to_fiber(a->tsan_fiber_below, TSAN_NO_SYNC);
    }
#else
    (void)a, (void)begins;
#endif
}

static void thread_abandon(void) { _exit(1); }
static void thread_exit(void) { thread_finish(); }

const struct engine engine_thread = {
    .name = "free-running", .init = engine_thread_init, .run = thread_run, .create = thread_create, .block = thread_block,
    .wake = thread_wake, .point = thread_point, .settle = thread_settle, .exit = thread_exit, .abandon = thread_abandon,
    .activate = thread_activate, .dpc_left = thread_dpc_left, .lock = thread_lock, .unlock = thread_unlock,
};
