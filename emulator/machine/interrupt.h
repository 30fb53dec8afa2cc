/*
 * Interrupt lines: what a device raises and an ISR answers.
 *
 * Principle of operation. A line is a vector. A level line wants service as long as a device asserts it; a latched one (a message as well) once for
 * each edge. Once somebody is connected, the service is an activation at the line's IRQL (DIRQL) on top of a context whose own IRQL is below: as a DPC, and over
 * a DPC. It comes at the next scheduling point of the context that runs, before an IRQL that held it off is lowered for good, or on an idle
 * processor: at each point the schedule may choose to let the context, or another one, go on first. The hardware lane may hold an interrupt off for some points.
 *
 * Internal design. machine.interrupts counts the lines that want service, so that a life without interrupts pays for one comparison at each point. Delivery is
 * at the points themselves, never where a line is asserted: a device model may assert from anywhere. The routine that serves a line is nt's
 * (machine.serve_line); it stays in service until that returns, and one that nobody claims for too long is an interrupt storm (V-HAL-7).
 *
 * Called from inside the gate, any IRQL.
 */
#ifndef MACHINE_INTERRUPT_H
#define MACHINE_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#define INTERRUPT_LINES 32
#define INTERRUPT_NESTING 3 /* ISRs over one another on a processor, each at a higher level */

struct ctx;

struct interrupt_line {
    uint32_t vector;
    uint8_t irql;            /* of who is connected, 0: nobody is */
    bool latched;
    bool masked;             /* connected, but not delivered meanwhile */
    bool in_service;
    bool edge;               /* latched: came and was not served yet */
    bool spurious;           /* to be served once although no device asks for it */
    bool glitch;             /* ... because one asked for so short a time that it does no more; that is how it is served now */
    bool wants;              /* counted in machine.interrupts */
    uint16_t hold;           /* points that it is held off for yet */
    uint32_t sources;        /* the devices that assert it, a bit each */
    uint32_t processors;     /* that take it, a bit each */
    unsigned unclaimed, claimed; /* services in a row while it was asserted throughout */
};

void interrupt_begin(void);

/* The line of a vector; made when first asked for. */
struct interrupt_line *interrupt_line(uint32_t vector);
/* A number for a device on the line: its bit in `sources`. */
unsigned interrupt_new_source(void);

/* A level line is asserted or no longer; a latched one gets an edge when it becomes so. */
void interrupt_assert(struct interrupt_line *line, unsigned source);
void interrupt_deassert(struct interrupt_line *line, unsigned source);
/* An edge: what a message is. Lost while nobody is connected. */
void interrupt_pulse(struct interrupt_line *line);
/* Its ISRs are called although no device asks for it, as may happen at any time while one is connected (W-INT-6). */
void interrupt_spurious(struct interrupt_line *line);
/* The same, but it is some device's doing: an ISR may take it for its own. */
void interrupt_glitch(struct interrupt_line *line);

/* For nt. Connecting lets an asserted line in at once, which may be before this returns. */
void interrupt_connect(struct interrupt_line *line, uint8_t irql, bool latched, uint32_t processors);
void interrupt_disconnect(struct interrupt_line *line);
void interrupt_mask(struct interrupt_line *line, bool masked);
/* A service has ended and the line is asserted by the same devices as before: V-HAL-7 when that does not end. */
void interrupt_check_storm(struct interrupt_line *line, bool claimed);

/* For the engines. The line that the current context has to serve now: the highest; NULL none. `passes`: one point goes by, which an interrupt held off waits for. */
struct interrupt_line *interrupt_due(bool passes);
/* An idle processor would take one. */
bool interrupt_for_idle(unsigned cpu);
/* Runs the ISRs of that line on top of the current context. */
void interrupt_deliver(struct interrupt_line *line);
/* All that the current context has to serve now. */
void interrupts_take(void);
/* Nothing else can run: what was held off comes now. False: nothing was. */
bool interrupt_hurry(void);

#endif
