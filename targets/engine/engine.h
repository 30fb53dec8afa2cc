/*
 * The engine, as its main programs (libFuzzer, AFL++, run_<target>) see it: one input is one life of a machine.
 *
 * Host world; one thread.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mutator.h"
#include "target.h"

/* Once per process. Returns false, with a line on stderr, if the program has no image of the target's driver. */
bool engine_init(void);

/* Runs the input; false if a bug-check hook dropped the life. The bytes must stay until the next call. */
bool engine_run(const uint8_t *bytes, size_t size);
/* As engine_run(), but takes the text form as well; a text that does not assemble is a life without steps, and is told in `error` if that is not NULL. */
bool engine_run_file(const uint8_t *bytes, size_t size, const char *name, char *error, size_t error_size);

/* As engine_run(), with what decides the life changed by `change` after decoding. */
bool engine_run_changed(const uint8_t *bytes, size_t size, void (*change)(struct chance *chance, void *argument), void *argument);

/* Hints for the mutator from the target's table and the last life. */
const struct mutator_hints *engine_hints(void);

#endif
