/*
 * The trace: what happened in a life, as fixed-size records.
 *
 * Principle of operation. Every DDI call and return, callback, context switch, choice other than 0, and event of a layer appends one
 * 32-byte record. Records hold no host address: an object is named by its offset in the kernel or user arena, which is the
 * same in every build. The hash of the stream is the identity of a life: same input, same hash, everywhere.
 *
 * Internal design. Records go to a ring in memory; when it is full the older half has already been hashed, so a life of any
 * length costs no system call. Text and Chrome-trace JSON are made from a sink that sees each record, installed only for replay.
 */
#ifndef MACHINE_TRACE_H
#define MACHINE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_type {
    TRACE_CALL, TRACE_RETURN,          /* a DDI: code = number, a/b = arguments or a = result */
    TRACE_CALLBACK, TRACE_CALLBACK_END,/* a routine of the driver or app */
    TRACE_SWITCH,                      /* code = where, a = to context */
    TRACE_CHOICE,                      /* code = lane, a = answer, b = of */
    TRACE_TIME,                        /* a = new virtual time */
    TRACE_OPERATION,                   /* code = operation kind of the program, a = its index */
    TRACE_DATA,                        /* bytes left the kernel: a = length, b = their hash */
    TRACE_NOTE,                        /* code = enum-less note: a literal's hash is not kept; a, b free */
    TRACE_PRINT,                       /* DbgPrint: a = length, b = hash of the text */
    TRACE_BUGCHECK
};

struct trace_record {
    uint8_t type, irql, ctx, cpu;
    uint16_t code, depth;
    uint64_t time, a, b;
};
_Static_assert(sizeof(struct trace_record) == 32, "records are hashed as bytes");

void trace_begin(void);
void trace(enum trace_type type, uint16_t code, uint64_t a, uint64_t b);

/* Names an address for the trace: its arena offset (bit 62 set for user memory), 0 for anything else. */
uint64_t trace_object(const void *address);

/* Hash of the records so far. */
uint64_t trace_hash(void);
uint64_t trace_count(void);
uint64_t trace_hash_bytes(const void *bytes, size_t size);

/* DbgPrint text, for the sinks. */
void trace_text(const char *text, size_t length);

/* A sink sees each record as it is made; NULL removes it. */
struct trace_sink {
    void (*record)(void *owner, const struct trace_record *record);
    void (*text)(void *owner, const char *text, size_t length);
    void *owner;
};
void trace_set_sink(const struct trace_sink *sink);

/* The last records, oldest first, for reports: at most max; returns how many. */
size_t trace_tail(struct trace_record *out, size_t max);

#endif
