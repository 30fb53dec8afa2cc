/* See interrupt.h. */
#include <string.h>

#include "engine.h"

#define STORM_UNCLAIMED 100   /* services that nobody claims while the line stays asserted */
#define STORM_CLAIMED 1000    /* claimed ones, in which its devices never let go of it */

static struct interrupt_line lines[INTERRUPT_LINES];
static unsigned count, sources;

void interrupt_begin(void)
{
    count = sources = 0;
    machine.interrupts = 0;
}

struct interrupt_line *interrupt_line(uint32_t vector)
{
    for (unsigned i = 0; i < count; i++)
        if (lines[i].vector == vector)
            return &lines[i];
    if (count == INTERRUPT_LINES)
        bugcheck(OWN_OUT_OF_RESOURCES, INTERRUPT_LINES, 0, 0, 0, NULL, "more than %d interrupt vectors", INTERRUPT_LINES);
    lines[count] = (struct interrupt_line){.vector = vector};
    return &lines[count++];
}

unsigned interrupt_new_source(void) { return sources++ % 32; }

static bool wants(const struct interrupt_line *line)
{
    return line->irql && !line->masked && !line->in_service && (line->edge || line->spurious || (!line->latched && line->sources));
}

/* 0, or a power of two: how many points it comes late. */
static uint16_t latency(void)
{
    uint32_t answer = choose(LANE_HARDWARE, 10);
    return answer ? (uint16_t)(1u << (answer - 1)) : 0;
}

static void update(struct interrupt_line *line)
{
    bool now = wants(line);
    footprint_touch(line, true);
    if (now == line->wants)
        return;
    line->wants = now;
    machine.interrupts += now ? 1 : -1u;
    if (now)
        footprint_meet(); /* whoever comes to a point next may be interrupted */
}

void interrupt_assert(struct interrupt_line *line, unsigned source)
{
    if (line->sources & 1u << source)
        return;
    if (line->latched && line->irql && !line->sources)
        line->edge = true;
    line->sources |= 1u << source;
    hb_release(line);
    if (!line->wants)
        line->hold = latency();
    update(line);
}

void interrupt_deassert(struct interrupt_line *line, unsigned source)
{
    line->sources &= ~(1u << source);
    line->unclaimed = line->claimed = 0;
    update(line);
}

void interrupt_pulse(struct interrupt_line *line)
{
    if (!line->irql)
        return;
    hb_release(line);
    if (!line->wants)
        line->hold = latency();
    line->edge = true;
    update(line);
}

void interrupt_spurious(struct interrupt_line *line)
{
    line->spurious = line->irql != 0;
    line->glitch = false;
    update(line);
}

void interrupt_glitch(struct interrupt_line *line)
{
    interrupt_spurious(line);
    line->glitch = line->spurious;
}

void interrupt_connect(struct interrupt_line *line, uint8_t irql, bool latched, uint32_t processors)
{
    line->irql = irql;
    line->latched = latched;
    line->processors = processors;
    line->masked = false;
    update(line);
}

void interrupt_disconnect(struct interrupt_line *line)
{
    line->irql = 0;
    line->edge = line->spurious = line->glitch = line->masked = false;
    line->unclaimed = line->claimed = 0;
    update(line);
}

void interrupt_mask(struct interrupt_line *line, bool masked)
{
    line->masked = masked;
    update(line);
}

/* ---- Delivery ---- */

/* On a processor where ISRs run, only the context that they interrupted can be interrupted again. */
static bool can_nest(const struct ctx *self)
{
    const struct cpu *cpu = &machine.cpu[self->cpu];
    return !cpu->isrs || (cpu->interrupted == self && cpu->isrs < INTERRUPT_NESTING);
}

struct interrupt_line *interrupt_due(bool passes)
{
    const struct ctx *self = current_ctx;
    struct interrupt_line *due = NULL;
    bool here = self->cpu >= 0 && !self->interrupts_off && can_nest(self);
    for (unsigned i = 0; i < count; i++) {
        struct interrupt_line *line = &lines[i];
        if (!line->wants)
            continue;
        if (line->hold) {
            line->hold -= passes;
            footprint_touch(line, true);
            continue;
        }
        if (here && line->irql > self->irql && line->processors & 1u << self->cpu && (!due || line->irql > due->irql))
            due = line;
    }
    return due;
}

bool interrupt_for_idle(unsigned cpu)
{
    for (unsigned i = 0; machine.interrupts && i < count; i++)
        if (lines[i].wants && !lines[i].hold && lines[i].processors & 1u << cpu && !machine.cpu[cpu].isrs)
            return true;
    return false;
}

bool interrupt_hurry(void)
{
    bool any = false;
    for (unsigned i = 0; machine.interrupts && i < count; i++)
        if (lines[i].wants && lines[i].hold) {
            lines[i].hold = 0;
            any = true;
        }
    return any;
}

void interrupt_check_storm(struct interrupt_line *line, bool claimed)
{
    if (!claimed && ++line->unclaimed >= STORM_UNCLAIMED)
        bugcheck(OWN_INTERRUPT_STORM, line->vector, line->unclaimed, 0, 0, "V-HAL-7",
                 "vector 0x%X is asserted and no ISR claims it: %u services in a row returned FALSE", line->vector, line->unclaimed);
    if (claimed && ++line->claimed >= STORM_CLAIMED)
        bugcheck(OWN_INTERRUPT_STORM, line->vector, line->claimed, 1, 0, "V-HAL-7",
                 "vector 0x%X is claimed each time, but its device asserts it still after %u services", line->vector, line->claimed);
    if (claimed)
        line->unclaimed = 0;
}

struct service {
    struct interrupt_line *line;
    bool claimed;
};

static void serve(void *argument)
{
    struct service *service = argument;
    service->claimed = machine.serve_line(service->line);
}

void interrupt_deliver(struct interrupt_line *line)
{
    struct ctx *self = current_ctx;
    struct cpu *cpu = &machine.cpu[self->cpu];
    struct service service = {line, false};
    struct activation activation;
    uint8_t irql = self->irql;
    bool in_gate = self->in_gate;
    bool asserted = !line->latched && line->sources;
    footprint_clock(); /* that it comes here is the schedule's choice, not this context's */
    line->glitch = line->glitch && line->spurious;
    line->edge = line->spurious = false;
    line->in_service = true;
    update(line);
    cpu->interrupted = self;
    cpu->isrs++;
    self->in_gate = true;
    activation_push(&activation, "ISR", line, ACTIVATION_DPC + cpu->isrs);
    self->irql = line->irql;
    hb_acquire(line);
    activation_call(serve, &service);
    hb_release(line);
    activation_pop(&activation);
    self->irql = irql;
    self->in_gate = in_gate;
    cpu->isrs--;
    line->in_service = false;
    update(line);
    if (asserted && line->wants)
        interrupt_check_storm(line, service.claimed);
    cpu_drain_dpcs();
}

void interrupts_take(void)
{
    struct interrupt_line *line;
    while (machine.interrupts && (line = interrupt_due(false)))
        interrupt_deliver(line);
}
