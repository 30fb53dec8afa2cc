/*
 * Where two lives of one input part: `replay --diverge`.
 *
 * Principle of operation. A life that is run with diverge_sink() installed leaves its whole trace, record by record with the text a person reads,
 * in a log. Two logs are compared record by record; the first that differs is printed with the few before it. A log can be kept in
 * a file and compared in another process, of another build as well: records name no host address (machine/trace.h), so they are the same there.
 *
 * Host world; used by run_main.c. The logs belong to the caller, who frees them.
 */
#ifndef ENGINE_DIVERGE_H
#define ENGINE_DIVERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "machine/trace.h"

struct trace_log {
    uint8_t *bytes;
    size_t used, room;
    uint64_t records;
};

/* A sink that appends to the log; valid until the next call. */
const struct trace_sink *diverge_sink(struct trace_log *log);
void diverge_free(struct trace_log *log);

/* True: the same. Otherwise tells on `out` where they part; a_name and b_name say whose traces these are. */
bool diverge_compare(const struct trace_log *a, const char *a_name, const struct trace_log *b, const char *b_name, FILE *out);

/* The log as a file's bytes and back. diverge_load() fails, with a sentence in `error`, on what is no trace or comes from another version of
 * the emulator (its DDIs have other numbers). */
bool diverge_save(const struct trace_log *log, FILE *file);
bool diverge_load(struct trace_log *log, const char *path, char *error, size_t error_size);

#endif
