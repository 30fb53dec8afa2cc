/* See trace_view.h. */
#include "trace_view.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "machine/machine.h"
#include "text.h"

static struct trace_sink text_sink, json_sink;
static bool json_first;

static const char *context_name(const struct trace_record *r)
{
    return r->ctx < machine.ctx_count ? machine.ctx[r->ctx]->name : "?";
}

/* "IRQL" column: the level's initial as in the documentation, P A D, or its number. */
static const char *irql_letter(unsigned irql)
{
    static const char *const letters[] = {"P", "A", "D"};
    return irql < 3 ? letters[irql] : "H";
}

static void describe(const struct trace_record *r, char *out, size_t size)
{
    const char *name = r->code < ddi_count ? ddi_table[r->code].name : "?";
    switch (r->type) {
    case TRACE_CALL: snprintf(out, size, "%s(%" PRIx64 ", %" PRIx64 ")", name, r->a, r->b); break;
    case TRACE_RETURN: snprintf(out, size, "%s = %" PRIx64, name, r->a); break;
    case TRACE_CALLBACK: snprintf(out, size, "-> %s %" PRIx64, name, r->a); break;
    case TRACE_CALLBACK_END: snprintf(out, size, "<- %s = %" PRIx64, name, r->a); break;
    case TRACE_SWITCH:
        snprintf(out, size, "at %s: switch to %s", name, r->a < machine.ctx_count ? machine.ctx[r->a]->name : "?");
        break;
    case TRACE_CHOICE:
        if (r->code == LANE_FAULT && r->a < ddi_count)
            snprintf(out, size, "choice: %s fails", ddi_table[r->a].name);
        else
            snprintf(out, size, "choice: %s, %" PRIu64 " of %" PRIu64, text_lane_name(r->code), r->a, r->b);
        break;
    case TRACE_TIME:
        snprintf(out, size, "time is %" PRIu64 ".%07" PRIu64 " s", (uint64_t)(r->a / CLOCK_SECOND), (uint64_t)(r->a % CLOCK_SECOND));
        break;
    case TRACE_OPERATION:
        snprintf(out, size, "=== step %" PRIu64 ": %s", r->a, r->code < RECORD_KINDS ? record_table[r->code].name : "?");
        break;
    case TRACE_DATA: snprintf(out, size, "%" PRIu64 " bytes to the app, hash %016" PRIx64, r->a, r->b); break;
    case TRACE_NOTE: snprintf(out, size, "note %u: %" PRIx64 ", %" PRIx64, r->code, r->a, r->b); break;
    case TRACE_PRINT: snprintf(out, size, "DbgPrint, %" PRIu64 " bytes", r->a); break;
    case TRACE_BUGCHECK: snprintf(out, size, "*** bug check %x: %" PRIx64 ", %" PRIx64, r->code, r->a, r->b); break;
    default: snprintf(out, size, "?"); break;
    }
}

void trace_view_line(const struct trace_record *r, char *out, size_t size)
{
    char line[160];
    describe(r, line, sizeof line);
    unsigned depth = r->depth;
    if ((r->type == TRACE_CALL || r->type == TRACE_CALLBACK_END) && depth)
        depth--; /* a call stands as deep as its return */
    snprintf(out, size, "%4" PRIu64 ".%07" PRIu64 " %-10s %s%d %*s%s", (uint64_t)(r->time / CLOCK_SECOND), (uint64_t)(r->time % CLOCK_SECOND),
             context_name(r), irql_letter(r->irql), (int8_t)r->cpu, (int)depth * 2, "", line);
}

static void text_record(void *owner, const struct trace_record *r)
{
    char line[512];
    trace_view_line(r, line, sizeof line);
    fprintf(owner, "%s\n", line);
}

static void text_text(void *owner, const char *text, size_t length)
{
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    fprintf(owner, "                        | %.*s\n", (int)length, text);
}

const struct trace_sink *trace_view_text(FILE *out)
{
    text_sink = (struct trace_sink){text_record, text_text, out};
    return &text_sink;
}

static void json_object(FILE *out, cJSON *object)
{
    char *printed = cJSON_PrintUnformatted(object);
    fprintf(out, "%s%s", json_first ? "[\n" : ",\n", printed);
    json_first = false;
    free(printed);
    cJSON_Delete(object);
}

static void json_record(void *owner, const struct trace_record *r)
{
    static const char phase[] = {[TRACE_CALL] = 'B', [TRACE_RETURN] = 'E', [TRACE_CALLBACK] = 'B', [TRACE_CALLBACK_END] = 'E'};
    char ph[2] = {r->type < sizeof phase && phase[r->type] ? phase[r->type] : 'i', 0}, line[160];
    describe(r, line, sizeof line);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", ph[0] == 'i' ? line : ddi_table[r->code].name);
    cJSON_AddStringToObject(o, "ph", ph);
    /* Virtual time stands still while code runs: the order of records is kept by a nanosecond each. */
    static double tick;
    tick = json_first ? 0 : tick + 0.001;
    cJSON_AddNumberToObject(o, "ts", (double)r->time / 10 + tick);
    cJSON_AddNumberToObject(o, "pid", 1);
    cJSON_AddNumberToObject(o, "tid", r->ctx);
    if (ph[0] == 'i')
        cJSON_AddStringToObject(o, "s", "t");
    cJSON *arguments = cJSON_AddObjectToObject(o, "args");
    cJSON_AddStringToObject(arguments, "context", context_name(r));
    cJSON_AddNumberToObject(arguments, "irql", r->irql);
    cJSON_AddStringToObject(arguments, "what", line);
    json_object(owner, o);
}

static void json_text(void *owner, const char *text, size_t length)
{
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", line);
    cJSON_AddStringToObject(o, "ph", "i");
    cJSON_AddNumberToObject(o, "ts", (double)clock_now() / 10);
    cJSON_AddNumberToObject(o, "pid", 1);
    cJSON_AddNumberToObject(o, "tid", 0);
    json_object(owner, o);
}

const struct trace_sink *trace_view_json(FILE *out)
{
    json_first = true;
    json_sink = (struct trace_sink){json_record, json_text, out};
    return &json_sink;
}

void trace_view_end(const struct trace_sink *sink)
{
    if (sink == &json_sink)
        fputs(json_first ? "[]\n" : "\n]\n", sink->owner);
}
