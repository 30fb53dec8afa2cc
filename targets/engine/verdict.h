/*
 * What an input ends in, found out in a process of its own: nothing of an earlier life is left there, and whatever ends the process (a sanitizer, a
 * fault, a loop that never comes back) is a verdict like any other. For commands that try many inputs and compare (minimize.h).
 *
 * Host world; one thread. The process must not have run a life itself.
 */
#ifndef ENGINE_VERDICT_H
#define ENGINE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/choose.h"

enum verdict_kind { VERDICT_FINE, VERDICT_BUG, VERDICT_CRASH, VERDICT_TIMEOUT }; /* CRASH: it died without a report */

struct verdict {
    enum verdict_kind kind;
    uint32_t code;            /* of the bug check */
    uint64_t parameter;       /* its first, where that says which violation it is; else 0 */
    const char *rule;         /* that was broken; may be NULL */
    char function[96];        /* innermost driver function on the stack; of a data race, both sides; "none" */
    char what[256];
    uint64_t hash;            /* of the life's trace; 0 if a sanitizer ended it */
};

/* False if no process could be started. `seconds` is the host's time the life may take. */
bool verdict_of(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict);

/* The same, and every decision of the life spelt out (machine/choose.h). */
bool verdict_with_transcript(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict, struct transcript *transcript);

/* The same finding: what happened, which violation, and where. */
bool verdict_same(const struct verdict *a, const struct verdict *b);

#endif
