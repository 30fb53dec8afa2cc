/*
 * Views of a trace for people: text, one line an event, indented by how deep the call is; and Chrome's trace format (chrome://tracing,
 * Perfetto), contexts as threads. Both are sinks of machine/trace.h, installed around one life.
 */
#ifndef ENGINE_TRACE_VIEW_H
#define ENGINE_TRACE_VIEW_H

#include <stdio.h>

#include "machine/trace.h"

/* The sink stays valid until the next call; the file stays the caller's. */
const struct trace_sink *trace_view_text(FILE *out);
const struct trace_sink *trace_view_json(FILE *out);
/* One record as a line of the text view, without a line end. While the record's life runs: contexts are named as they are now. */
void trace_view_line(const struct trace_record *record, char *out, size_t size);
/* Completes the JSON document; for text does nothing. */
void trace_view_end(const struct trace_sink *sink);

#endif
