/*
 * The free-running engine: every context is a pthread, for the stress apps.
 *
 * Principle of operation. Drivers and apps run truly in parallel; the emulator runs one context at a time behind the gate lock. Each
 * context counts as a processor of its own, so nothing waits for a processor. Time passes when no context runs.
 *
 * Internal design. The gate lock and the wake words are plain futexes: ThreadSanitizer sees no edge through them (or it would hide
 * the driver's races); the edges that Windows gives are annotated by the layers above, as in the other engine. The context that blocks
 * last lets time pass on everybody's behalf. DPCs run on whichever context drains the queue.
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
    bool started;
};

static struct host_thread threads[MAX_CONTEXTS];
static atomic_int lock_word; /* 0 free, 1 held, 2 held with waiters */
static unsigned running;     /* contexts not blocked; under the lock */
static struct ctx *settler;
static atomic_int life_over;

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

/* The caller is about to stop: if it was the last to run, something must be made runnable. */
static void keep_going(void)
{
    while (running == 0 && !atomic_load(&life_over)) {
        if (machine.cpu[0].dpcs) {
            struct ctx *self = current_ctx;
            uint8_t state = self->state, irql = self->irql;
            self->state = CTX_READY;
            self->irql = IRQL_PASSIVE;
            running++;
            cpu_drain_dpcs();
            running--;
            self->irql = irql;
            if (self->state == CTX_READY) /* may have been woken by its own DPC */
                self->state = state;
            if (atomic_load(&((struct host_thread *)self->engine)->awake))
                return;
            continue;
        }
        if (settler) {
            struct ctx *woken = settler;
            settler = NULL;
            ctx_wake(woken);
            continue;
        }
        let_time_pass();
    }
}

static void thread_block(bool keeps_processor)
{
    struct ctx *self = current_ctx;
    struct host_thread *me = self->engine;
    self->state = keeps_processor ? CTX_SPINNING : CTX_BLOCKED;
    atomic_store(&me->awake, 0);
    running--;
    keep_going();
    if (self->kind == CTX_APP || self->role == ROLE_PNP)
        machine.last_progress = clock_now();
    while (!atomic_load(&me->awake)) {
        thread_unlock();
        futex_wait(&me->awake, 0);
        thread_lock();
    }
    self->state = CTX_READY;
    if (self->kind == CTX_APP || self->role == ROLE_PNP)
        machine.last_progress = clock_now();
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
static void thread_point(uint16_t where)
{
    (void)where;
    machine.points++;
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

static _Noreturn void thread_finish(void)
{
    struct ctx *self = current_ctx;
    bool last = self->role == ROLE_PNP;
    struct host_thread *me = self->engine;
    running--;
    if (last)
        atomic_store(&life_over, 1);
    else
        keep_going();
    me->started = false;
    ctx_free(self);
    if (last)
        futex_wake(&life_over, 1);
    thread_unlock();
    pthread_exit(NULL);
}

static void *thread_main(void *argument)
{
    struct ctx *self = argument;
    current_ctx = self;
    thread_lock();
    self->entry(self->argument);
    thread_finish();
}

static void thread_create(struct ctx *ctx)
{
    struct host_thread *t = &threads[ctx->id];
    ctx->engine = t;
    ctx->cpu = 0;
    t->started = true;
    running++;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    if (pthread_create(&t->handle, &attributes, thread_main, ctx))
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "the host gives no more threads");
    pthread_attr_destroy(&attributes);
}

static bool thread_run(void (*life)(void *), void *argument)
{
    atomic_store(&life_over, 0);
    running = 0;
    settler = NULL;
    machine.cpus = 1; /* one DPC queue, drained by whoever comes by */
    thread_lock();
    ctx_create(CTX_SYSTEM, ROLE_PNP, "pnp", life, argument);
    thread_unlock();
    while (!atomic_load(&life_over))
        futex_wait(&life_over, 0);
    thread_lock();
    thread_unlock();
    return true;
}

static void thread_abandon(void) { _exit(1); }
static void thread_exit(void) { thread_finish(); }

const struct engine engine_thread = {
    .name = "free-running", .init = engine_thread_init, .run = thread_run, .create = thread_create, .block = thread_block,
    .wake = thread_wake, .point = thread_point, .settle = thread_settle, .exit = thread_exit, .abandon = thread_abandon,
    .lock = thread_lock, .unlock = thread_unlock,
};
