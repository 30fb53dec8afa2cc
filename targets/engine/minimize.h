/*
 * Makes an input smaller while it still does what it does: fewest operations, fewest decisions, smallest values.
 *
 * Principle of operation. The caller's test says whether a changed input still counts. What stays in is needed: in the end no single record can go, and no
 * field can take a smaller value of those that are tried. Records go in halves, quarters, .. and one by one; then fields shrink; this is repeated
 * until nothing changes. Positional decisions ("the 5th call of KeSetEvent") are corrected when a record before their place goes: where the
 * same input without a record fails the test, smaller counts of the decisions are tried as well.
 *
 * Host world; one search at a time.
 */
#ifndef ENGINE_MINIMIZE_H
#define ENGINE_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct minimize {
    /* Does this input still count? */
    bool (*test)(const uint8_t *bytes, size_t size, void *context);
    /* After each success; may be NULL. */
    void (*progress)(const uint8_t *bytes, size_t size, void *context);
    /* Asked before each test: true ends the search with what there is. May be NULL. */
    bool (*stop)(void *context);
    void *context;
};

/* In place; the input must count as it is. Returns the new size, a multiple of RECORD_SIZE; records are in canonical form, if they count that way. */
size_t minimize(const struct minimize *minimize, uint8_t *bytes, size_t size);

/* Operations and events, and decisions that say something else than what happens anyway. */
void minimize_count(const uint8_t *bytes, size_t size, unsigned *operations, unsigned *decisions);

/* ---- minimize_result.c: the verb ---- */

struct minimize_options {
    const char *file;        /* its name, for what is printed */
    const char *output;      /* where the text goes; NULL: beside the file */
    unsigned time;           /* seconds, 0: no limit */
    bool json;
};

/* Makes the input smaller, in place, replays the result and tells. Exit status: 0, 1 if a replay did not report the same, 2 if the input ends in no bug. */
int minimize_result(const struct minimize_options *options, uint8_t *input, size_t size, size_t room);

#endif
