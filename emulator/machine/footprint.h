/*
 * Footprints: which steps of a life depend on one another, so that systematic exploration can tell two schedules that differ only in the order of
 * independent steps.
 *
 * Principle of operation. A step is what a context does from one scheduling point to its next. In builds with footprints (IRPFUZZ_FOOTPRINTS, preset `explore`)
 * the emulator's Windows world, drivers and apps report every load and store; the machine reports what it does for them in words of its own (a context that is
 * woken, an alarm, a DPC, a block that is freed). Two steps depend on one another if they are of one context, if one wakes or creates the other's context, or if
 * both touch the same word and one of them writes. footprint_state() is a number for where the life stands: the set of steps done with the order of dependent ones
 * among them, the processors, who runs.
 *
 * Why equal numbers mean equal states. Two lives with the same steps and the same order of dependent ones can be turned into one another by exchanging neighbours that
 * touch nothing in common: the machine then holds the same values in the same objects, and what can follow is the same. What the number does not show
 * is what no step can see: addresses and numbers of blocks, the trace, the order in the ready list (any ready context may be chosen). The argument
 * needs that a step touches memory only through code that reports it. That holds but for comparing and scanning functions of the C library, which read
 * names and identifiers; and for a target's oracle, whose calls the engine orders by the sequence number it writes before each.
 *
 * Internal design. A vector clock for each step, kept in an array; a table of words says which step wrote each last and who has read it since. The number is a sum
 * over the steps of a hash of their clocks, so it does not depend on their order.
 *
 * Host world; one life at a time. Without IRPFUZZ_FOOTPRINTS nothing of this exists.
 */
#ifndef MACHINE_FOOTPRINT_H
#define MACHINE_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctx;

/*
 * A function whose loads and stores are not followed: it keeps books of the emulator's own, or looks for a broken rule where the order that matters is seen
 * elsewhere. Each says so.
 */
#define NO_FOOTPRINT __attribute__((no_sanitize("thread")))

#if defined(IRPFUZZ_FOOTPRINTS)

/* A life begins: nothing is followed yet. */
void footprint_begin(void);
/* From here on; all that was before comes first for everybody. A second call does nothing. */
void footprint_start(void);
/* The current context begins its next step at this place (a DDI's number, as scheduling points have it). */
void footprint_step(uint16_t place);
/* The current step reads or writes something of the machine's that stands at this address. */
void footprint_touch(const void *address, bool writes);
void footprint_free(const void *memory, size_t size);
/* The current step counts at this address, in a function that is not followed: counting commutes with counting. `ends`: what the count says now decides. */
void footprint_count(const void *address, bool ends);
/* The current step sets something for that time. */
void footprint_moment(uint64_t time);
/* The next step of that context comes behind the current one. */
void footprint_wake(const struct ctx *ctx);
/* What comes is time's own: behind every step so far, and nobody's. Until it is told to end. */
void footprint_time(bool passes);
/* The schedule lets the clock come in the current context: a choice that its own steps do not show, so it is ordered with all. */
void footprint_clock(void);
/* The current step cannot be exchanged with what others do, whatever it touches: it changes who may run. */
void footprint_meet(void);
/* The step that the current context does next, or is in; 0: too long to say. */
unsigned footprint_next(void);
/* That step is over and may be exchanged with any step of another context: it touched nothing that steps which nothing else orders were ever seen to touch. */
bool footprint_is_local(unsigned step);
/* True once after a life in which something was shared for the first time: what footprint_is_local() said before may have been wrong. */
bool footprint_learned(void);
/* Where the life stands; 0: it went on for too long to say. `runs`: the context that could go on, NULL nobody. */
uint64_t footprint_state(const struct ctx *runs, uint64_t more);

/* The steps of this life, or the last one, and the order of the dependent ones alone: equal for lives that differ in nothing else. 0: too long to say. */
uint64_t footprint_order(void);

#else

static inline uint64_t footprint_order(void) { return 0; }
static inline void footprint_moment(uint64_t time) { (void)time; }

static inline void footprint_begin(void) {}
static inline void footprint_start(void) {}
static inline void footprint_step(uint16_t place) { (void)place; }
static inline void footprint_touch(const void *address, bool writes) { (void)address, (void)writes; }
static inline void footprint_free(const void *memory, size_t size) { (void)memory, (void)size; }
static inline void footprint_count(const void *address, bool ends) { (void)address, (void)ends; }
static inline void footprint_wake(const struct ctx *ctx) { (void)ctx; }
static inline void footprint_meet(void) {}
static inline unsigned footprint_next(void) { return 0; }
static inline bool footprint_is_local(unsigned step) { return (void)step, false; }
static inline bool footprint_learned(void) { return false; }
static inline void footprint_clock(void) {}
static inline void footprint_time(bool passes) { (void)passes; }
static inline uint64_t footprint_state(const struct ctx *runs, uint64_t more)
{
    (void)runs, (void)more;
    return 0;
}

#endif

#endif
