/*
 * What an input ends in, found out in another process, so that whatever ends that process (a sanitizer, a fault, a loop that never comes back) is a
 * verdict like any other. For commands that try many inputs and compare (minimize.h).
 *
 * Internal design. A child process runs one life after the other for as long as it lives; where it died, the next life gets a new one. ThreadSanitizer's
 * runtime has a memory of its own that no life resets, so there each life gets a process. Call stacks are compared by their addresses, and named only where
 * that does not settle it: naming takes a process and half a second.
 *
 * Host world; one thread. The process must not have run a life itself, and has no other children.
 */
#ifndef ENGINE_VERDICT_H
#define ENGINE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/choose.h"
#include "machine/report.h"

#define VERDICT_MAX_INPUT (1u << 20)

enum verdict_kind { VERDICT_FINE, VERDICT_BUG, VERDICT_CRASH, VERDICT_TIMEOUT }; /* CRASH: it died without a report */

struct verdict {
    enum verdict_kind kind;
    uint32_t code;            /* of the bug check */
    uint64_t parameter;       /* its first, where that says which violation it is; else 0 */
    const char *rule;         /* that was broken; may be NULL */
    char function[96];        /* verdict_function() */
    unsigned frames;
    uintptr_t frame[CAUGHT_FRAMES];
    char what[256];
    uint64_t hash;            /* of the life's trace; 0 if a sanitizer ended it */
};

/* Of a bug: the innermost driver function on the stack; of a data race, both sides; "none". */
const char *verdict_function(struct verdict *verdict);

/* False if no process could be started, or the input is longer than VERDICT_MAX_INPUT. `seconds` is the host's time the life may take. */
bool verdict_of(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict);

/* The same, and every decision of the life spelt out (machine/choose.h). */
bool verdict_with_transcript(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict, struct transcript *transcript);

/* The same finding: what happened, which violation, and where. */
bool verdict_same(struct verdict *a, struct verdict *b);

#endif
