/* See diverge.h. A log is a row of entries: a record, the length of its text, the text. */
#include "diverge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machine/gate.h"
#include "trace_view.h"

#define LINE 200
#define SHOWN_BEFORE 6

struct entry {
    struct trace_record record;
    uint32_t length;
    const char *text;
};

struct header {
    char magic[8];
    uint32_t version, ddis;
};
static const struct header own_header = {"irptrace", 1, 0};

static void append(struct trace_log *log, const void *bytes, size_t size)
{
    if (log->used + size > log->room) {
        size_t room = (log->used + size) * 2;
        uint8_t *grown = realloc(log->bytes, room);
        if (!grown) {
            fputs("irpfuzz: out of memory for the trace\n", stderr);
            exit(3);
        }
        log->bytes = grown;
        log->room = room;
    }
    memcpy(log->bytes + log->used, bytes, size);
    log->used += size;
}

static void keep(void *owner, const struct trace_record *r)
{
    struct trace_log *log = owner;
    char line[LINE];
    trace_view_line(r, line, sizeof line);
    uint32_t length = (uint32_t)strlen(line);
    append(log, r, sizeof *r);
    append(log, &length, sizeof length);
    append(log, line, length);
    log->records++;
}

const struct trace_sink *diverge_sink(struct trace_log *log)
{
    static struct trace_sink sink;
    sink = (struct trace_sink){keep, NULL, log};
    return &sink;
}

void diverge_free(struct trace_log *log)
{
    free(log->bytes);
    *log = (struct trace_log){0};
}

/* The entry at *at, which moves on; false at the end, or where a file was cut. */
static bool next(const struct trace_log *log, size_t *at, struct entry *e)
{
    size_t head = sizeof e->record + sizeof e->length;
    if (log->used - *at < head)
        return false;
    memcpy(&e->record, log->bytes + *at, sizeof e->record);
    memcpy(&e->length, log->bytes + *at + sizeof e->record, sizeof e->length);
    if (log->used - *at - head < e->length)
        return false;
    e->text = (const char *)log->bytes + *at + head;
    *at += head + e->length;
    return true;
}

static void print_entry(FILE *out, char sign, const struct entry *e) { fprintf(out, "%c %.*s\n", sign, (int)e->length, e->text); }

static void print_side(FILE *out, char sign, bool have, const struct entry *e)
{
    if (have)
        print_entry(out, sign, e);
    else
        fprintf(out, "%c (ended)\n", sign);
}

/* The records behind e as they are, where the text of both is the same. */
static void print_raw(FILE *out, char sign, const struct trace_record *r)
{
    fprintf(out, "%c   type %u code %u irql %u context %u processor %d depth %u time %" PRIu64 " a %" PRIx64 " b %" PRIx64 "\n", sign, r->type,
            r->code, r->irql, r->ctx, (int8_t)r->cpu, r->depth, r->time, r->a, r->b);
}

bool diverge_compare(const struct trace_log *a, const char *a_name, const struct trace_log *b, const char *b_name, FILE *out)
{
    struct entry before[SHOWN_BEFORE], ea = {0}, eb = {0};
    size_t at_a = 0, at_b = 0;
    uint64_t index = 0;
    bool have_a, have_b;
    for (;; index++) {
        have_a = next(a, &at_a, &ea);
        have_b = next(b, &at_b, &eb);
        if (!have_a && !have_b)
            return true;
        if (!have_a || !have_b || memcmp(&ea.record, &eb.record, sizeof ea.record))
            break;
        before[index % SHOWN_BEFORE] = ea;
    }
    fprintf(out, "the traces part at record %" PRIu64 " (- %s, + %s)\n", index, a_name, b_name);
    for (uint64_t i = index > SHOWN_BEFORE ? index - SHOWN_BEFORE : 0; i < index; i++)
        print_entry(out, ' ', &before[i % SHOWN_BEFORE]);
    print_side(out, '-', have_a, &ea);
    print_side(out, '+', have_b, &eb);
    if (have_a && have_b && ea.length == eb.length && !memcmp(ea.text, eb.text, ea.length)) {
        print_raw(out, '-', &ea.record);
        print_raw(out, '+', &eb.record);
    }
    return false;
}

bool diverge_save(const struct trace_log *log, FILE *file)
{
    struct header h = own_header;
    h.ddis = ddi_count;
    return fwrite(&h, sizeof h, 1, file) == 1 && (!log->used || fwrite(log->bytes, log->used, 1, file) == 1);
}

bool diverge_load(struct trace_log *log, const char *path, char *error, size_t error_size)
{
    struct header h;
    uint8_t part[65536];
    *log = (struct trace_log){0};
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(error, error_size, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    bool good = fread(&h, sizeof h, 1, file) == 1 && !memcmp(h.magic, own_header.magic, sizeof h.magic) && h.version == own_header.version;
    for (size_t n; good && (n = fread(part, 1, sizeof part, file)) > 0;)
        append(log, part, n);
    fclose(file);
    if (!good)
        snprintf(error, error_size, "%s is no trace: make one with replay --save-trace", path);
    else if (h.ddis != ddi_count)
        snprintf(error, error_size, "%s comes from another version of the emulator: make it anew", path);
    return good && h.ddis == ddi_count;
}
