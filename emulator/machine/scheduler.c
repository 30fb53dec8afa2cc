/* See context.h: what both engines share. */
#include <string.h>

#include "buffer_order.h"
#include "engine.h"

#define MAX_POINTS 2000000u

struct machine machine;
uint32_t machine_lints;
__thread struct ctx *current_ctx;
const struct engine *engine = &engine_fiber;

static struct ctx contexts[MAX_CONTEXTS];

void memory_begin(void);
void trace_begin(void);
void choose_begin(const struct chance *chance);

void machine_init(enum engine_kind kind)
{
    machine.engine = kind;
    engine = kind == ENGINE_FIBER ? &engine_fiber : &engine_thread;
    machine.hang_limit = 600 * CLOCK_SECOND;
    engine->init();
}

static void machine_begin(const struct chance *chance)
{
    machine.chance = chance;
    machine.cpus = chance->cpus && chance->cpus <= MACHINE_MAX_CPUS ? chance->cpus : 2;
    memset(machine.cpu, 0, sizeof machine.cpu);
    for (unsigned i = 0; i < machine.ctx_count; i++)
        contexts[i].state = CTX_FREE;
    machine.ctx_count = 0;
    machine.first_ready = machine.last_ready = NULL;
    machine.max_points = chance->max_points ? chance->max_points : MAX_POINTS;
    machine.points = machine.points_at_wait = machine.last_progress = 0;
    clock_begin();
    machine.race_pending = false;
    machine.on_settled = NULL;
    memory_begin();
    trace_begin();
    choose_begin(chance);
    footprint_begin();
    interrupt_begin();
    device_models_begin();
    buffer_order_forget();
}

bool machine_run(const struct chance *chance, void (*life)(void *), void *argument)
{
    static bool faults_installed;
    if (!faults_installed) /* only now: fuzzers install their own handlers after main() began */
        user_faults_install();
    faults_installed = true;
    machine_begin(chance);
    machine.in_life = true;
    bool completed = engine->run(life, argument);
    machine.in_life = false;
    return completed;
}

void machine_abandon(void)
{
    engine->abandon();
    __builtin_trap();
}

#define NAMES_MAX 256

/* One copy of each name for the life of the process. Names come from literals and from programs, so there are few. */
static const char *keep_name(const char *name)
{
    static char names[NAMES_MAX][CTX_NAME_MAX];
    static unsigned count;
    for (unsigned i = 0; i < count; i++)
        if (!strncmp(names[i], name, CTX_NAME_MAX - 1))
            return names[i];
    if (count == NAMES_MAX)
        return "thread";
    strncpy(names[count], name, CTX_NAME_MAX - 1);
    return names[count++];
}

uint16_t ctx_next_id(void)
{
    uint16_t i = 0;
    while (i < machine.ctx_count && contexts[i].state != CTX_FREE)
        i++;
    return i;
}

void ctx_set_state(struct ctx *ctx, enum ctx_state state)
{
    bool was = ctx->state == CTX_READY, is = state == CTX_READY;
    ctx->state = (uint8_t)state;
    if (was == is)
        return;
    if (is) {
        ctx->next_ready = NULL;
        ctx->prev_ready = machine.last_ready;
        *(machine.last_ready ? &machine.last_ready->next_ready : &machine.first_ready) = ctx;
        machine.last_ready = ctx;
        return;
    }
    *(ctx->prev_ready ? &ctx->prev_ready->next_ready : &machine.first_ready) = ctx->next_ready;
    *(ctx->next_ready ? &ctx->next_ready->prev_ready : &machine.last_ready) = ctx->prev_ready;
}

struct ctx *ctx_allocate(enum ctx_kind kind, uint8_t role, const char *name, void (*entry)(void *), void *argument)
{
    unsigned i = ctx_next_id();
    if (i == MAX_CONTEXTS)
        bugcheck(OWN_OUT_OF_RESOURCES, MAX_CONTEXTS, 0, 0, 0, NULL, "more than %d threads at once", MAX_CONTEXTS);
    if (i == machine.ctx_count)
        machine.ctx[machine.ctx_count++] = &contexts[i];
    struct ctx *ctx = &contexts[i];
    void *engine_part = ctx->engine;
    *ctx = (struct ctx){.id = (uint16_t)i, .kind = (uint8_t)kind, .role = role, .cpu = -1,
                        .last_cpu = (uint8_t)(i % machine.cpus), /* where it goes first: threads spread over the processors */
                        .entry = entry, .argument = argument, .engine = engine_part, .stack_size = UINTPTR_MAX};
    ctx_set_state(ctx, CTX_READY);
    ctx->name = keep_name(name);
    if (kind != CTX_IDLE) { /* whoever happens to be there makes an idle thread */
        footprint_count(&machine.ctx_count, true); /* numbers are given in order */
        footprint_wake(ctx);
    }
    return ctx;
}

void ctx_free(struct ctx *ctx)
{
    footprint_count(&machine.ctx_count, false);
    ctx_set_state(ctx, CTX_FREE);
}

struct ctx *ctx_create(enum ctx_kind kind, uint8_t role, const char *name, void (*entry)(void *), void *argument)
{
    struct ctx *ctx = ctx_allocate(kind, role, name, entry, argument);
    engine->create(ctx);
    return ctx;
}

static void wait_begin(const char *reason, const void *object, struct ctx *holder)
{
    struct ctx *self = current_ctx;
    self->wait_reason = reason;
    self->wait_object = object;
    self->wait_holder = holder;
    footprint_count(self, true);
}

void ctx_block(const char *reason, const void *object, struct ctx *holder)
{
    wait_begin(reason, object, holder);
    engine->block(false);
}

void ctx_spin(const char *reason, const void *object, struct ctx *holder)
{
    wait_begin(reason, object, holder);
    engine->block(true);
}

void ctx_wake(struct ctx *ctx)
{
    footprint_count(ctx, true); /* what stands beside the state is read often */
    if (ctx->state != CTX_BLOCKED && ctx->state != CTX_SPINNING)
        return;
    ctx_set_state(ctx, CTX_READY);
    ctx->wait_holder = NULL;
    footprint_wake(ctx);
    engine->wake(ctx);
}

/* Each delivery ends with a lowered IRQL, where another context may go on before the interrupted code does. */
void sched_point(uint16_t where)
{
    engine->point(where);
    while (gate_deliver_apcs())
        engine->point(WHERE_RELEASE);
}

void sched_settle(void) { engine->settle(); }
void gate_lock(void) { engine->lock(); }
void gate_unlock(void) { engine->unlock(); }

unsigned cpu_current(void)
{
    footprint_meet(); /* another order may bring another processor */
    return current_ctx->cpu < 0 ? 0 : (unsigned)current_ctx->cpu;
}

void ctx_exit(void)
{
    engine->exit();
    __builtin_trap();
}

void activation_push(struct activation *a, const char *name, const void *object, unsigned own)
{
    struct ctx *self = current_ctx;
    *a = (struct activation){.below = self->top, .name = name, .object = object, .irql_below = self->irql, .own = (uint8_t)own};
    self->top = a;
    if (engine->activate)
        engine->activate(a, true);
}

void activation_pop(struct activation *a)
{
    current_ctx->top = a->below;
    if (engine->activate)
        engine->activate(a, false);
}

/*
 * To ThreadSanitizer a DPC or an ISR is another thread than the one it interrupts, so it must not use the stack bytes that thread has used: each
 * processor has a stack for its DPCs, as on Windows, and for its ISRs. Other builds need no such stacks.
 */
#if defined(IRPFUZZ_TSAN)
#define OWN_STACK_SIZE (256u << 10)
static char own_stack[MACHINE_MAX_CPUS][ACTIVATION_OWN_MAX][OWN_STACK_SIZE] __attribute__((aligned(16)));

void activation_call(void (*body)(void *), void *argument)
{
    char *top = own_stack[cpu_current()][current_ctx->top->own - 1] + OWN_STACK_SIZE;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[top], %%rsp\n\t"
                     "callq *%[body]\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(argument), [top] "+r"(top), [body] "+r"(body)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
                       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
#else
void activation_call(void (*body)(void *), void *argument) { body(argument); }
#endif

uint8_t irql_raise(uint8_t irql)
{
    struct ctx *self = current_ctx;
    uint8_t old = self->irql;
    self->irql = irql;
    if (irql >= IRQL_DISPATCH && old < IRQL_DISPATCH)
        footprint_meet(); /* it keeps its processor from here on */
    return old;
}

void irql_lower(uint8_t irql)
{
    struct ctx *self = current_ctx;
    bool drops = self->irql >= IRQL_DISPATCH && irql < IRQL_DISPATCH;
    self->irql = irql;
    if (machine.interrupts && !self->interrupts_off)
        interrupts_take();
    if (!drops)
        return;
    footprint_meet();
    cpu_drain_dpcs();
}

void interrupt_flag_set(bool on)
{
    footprint_meet(); /* it keeps its processor, or no longer does */
    current_ctx->interrupts_off = !on;
    if (!on)
        return;
    if (machine.interrupts)
        interrupts_take();
    cpu_drain_dpcs();
}

void cpu_request_dpc(unsigned cpu)
{
    footprint_touch(&machine.cpu[cpu], true);
    footprint_meet();
    machine.cpu[cpu].dpcs++;
    bool own = current_ctx->state == CTX_READY && cpu_current() == cpu;
    if (!own && engine->dpc_left)
        engine->dpc_left(cpu);
    else if (own && current_ctx->irql < IRQL_DISPATCH)
        cpu_drain_dpcs();
}

void cpu_drain_dpcs(void)
{
    struct ctx *self = current_ctx;
    if (self->running_dpcs || self->irql >= IRQL_DISPATCH || self->cpu < 0 || self->interrupts_off)
        return;
    struct cpu *cpu = &machine.cpu[self->cpu];
    if (!cpu->dpcs || cpu->draining)
        return;
    uint8_t old = self->irql;
    self->running_dpcs = cpu->draining = true;
    self->irql = IRQL_DISPATCH;
    while (cpu->dpcs) {
        footprint_touch(cpu, true);
        cpu->dpcs--;
        machine.run_dpc((unsigned)self->cpu);
    }
    self->irql = old;
    self->running_dpcs = cpu->draining = false;
}

bool sched_others_alive(void)
{
    for (unsigned i = 0; i < machine.ctx_count; i++)
        if (machine.ctx[i] != current_ctx && machine.ctx[i]->state != CTX_FREE && machine.ctx[i]->kind != CTX_IDLE)
            return true;
    for (unsigned c = 0; c < machine.cpus; c++)
        if (machine.cpu[c].dpcs)
            return true;
    return machine.interrupts != 0;
}

bool call_settled(void)
{
    void (*settled)(void) = machine.on_settled;
    machine.on_settled = NULL;
    if (settled)
        settled();
    return settled;
}

static struct ctx *longest_waiting(void)
{
    static const uint8_t order[] = {CTX_SYSTEM, CTX_APP, CTX_WORKER};
    for (unsigned k = 0; k < sizeof order; k++)
        for (unsigned i = 0; i < machine.ctx_count; i++) {
            struct ctx *ctx = machine.ctx[i];
            if (ctx->kind == order[k] && (ctx->state == CTX_SPINNING || ctx->state == CTX_BLOCKED))
                return ctx;
        }
    return current_ctx;
}

void sched_work(void)
{
    footprint_clock();
    machine.points_at_wait = machine.points;
    machine.last_progress = clock_now() + WORK_TICK;
    clock_pass(WORK_TICK);
}

void let_time_pass(void)
{
    uint64_t due;
    if (device_models_flush())
        return;
    bool more = clock_next_due(&due);
    if (more && due > clock_now())
        machine.points_at_wait = machine.points;
    if (more && due - machine.last_progress <= machine.hang_limit) {
        clock_jump();
        return;
    }
    struct ctx *waiting = longest_waiting();
    if (machine.on_hang)
        machine.on_hang(waiting);
    if (more)
        bugcheck(OWN_HANG, waiting->id, machine.hang_limit / CLOCK_SECOND, 0, 0, "V-LCK-30",
                 "%s waits (%s) although %llu seconds have passed", waiting->name,
                 waiting->wait_reason ? waiting->wait_reason : "?", (unsigned long long)(machine.hang_limit / CLOCK_SECOND));
    bugcheck(OWN_DEADLOCK, waiting->id, 0, 0, 0, "V-LCK-30", "nothing can ever run again: %s waits (%s)", waiting->name,
             waiting->wait_reason ? waiting->wait_reason : "?");
}
