/* `minimize` of run_<target>: searches, proves, tells. See minimize.h. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "machine/gate.h"
#include "machine/report.h"
#include "minimize.h"
#include "run_files.h"
#include "text.h"
#include "verdict.h"

#define LIFE_LIMIT 20        /* seconds */
#define PROOF_REPLAYS 100

static struct {
    struct verdict wanted;
    uint64_t lives;
    time_t deadline;
    unsigned operations, decisions; /* now */
    bool cut_short;
    const struct minimize_options *options;
} smaller;

static void judge(const uint8_t *bytes, size_t size, struct verdict *verdict)
{
    smaller.lives++;
    if (!verdict_of(bytes, size, LIFE_LIMIT, verdict))
        stop(3, "cannot start a process: %s", strerror(errno));
}

static bool still_counts(const uint8_t *bytes, size_t size, void *context)
{
    struct verdict verdict;
    (void)context;
    judge(bytes, size, &verdict);
    return verdict_same(&verdict, &smaller.wanted);
}

static void show_smaller(const uint8_t *bytes, size_t size, void *context)
{
    (void)context;
    const struct minimize_options *options = smaller.options;
    minimize_count(bytes, size, &smaller.operations, &smaller.decisions);
    if (!isatty(STDERR_FILENO) || options->json)
        return;
    fprintf(stderr, "\r%u operations, %u decisions after %" PRIu64 " lives ", smaller.operations, smaller.decisions, smaller.lives);
}

static volatile sig_atomic_t interrupted;
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool enough(void *context)
{
    (void)context;
    return interrupted || (smaller.deadline && time(NULL) >= smaller.deadline);
}

/* How many of the replays end as the input given did. */
static unsigned prove(const uint8_t *input, size_t size)
{
    struct verdict verdict;
    unsigned same = 0;
    uint64_t hash = 0;
    for (unsigned i = 0; i < PROOF_REPLAYS; i++) {
        judge(input, size, &verdict);
        hash = i ? hash : verdict.hash;
        same += verdict_same(&verdict, &smaller.wanted) && verdict.hash == hash;
    }
    return same;
}

static const char *default_output(const struct minimize_options *options)
{
    static char name[4096];
    if (!strcmp(options->file, "-"))
        stop(2, "say where the smaller input goes: -o FILE");
    if ((size_t)snprintf(name, sizeof name, "%s.min.txt", options->file) >= sizeof name)
        stop(2, "%s: the name is too long", options->file);
    return name;
}

static void tell(const struct minimize_options *options, const char *output, unsigned operations, unsigned decisions, unsigned same, const char *text)
{
    struct verdict *v = &smaller.wanted;
    const char *name = v->kind == VERDICT_BUG ? bugcheck_name(v->code) : v->kind == VERDICT_TIMEOUT ? "TIMEOUT" : "CRASH";
    if (!options->json) {
        printf("%s%u operations and %u decisions -> %u and %u, in %" PRIu64 " lives%s\n%s in %s; the same report %u times of %d\n%s\n", text, operations,
               decisions, smaller.operations, smaller.decisions, smaller.lives, smaller.cut_short ? " (cut short: more may go)" : "", name,
               v->kind == VERDICT_BUG ? verdict_function(v) : "none", same, PROOF_REPLAYS, output);
        return;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "input", options->file);
    cJSON_AddStringToObject(o, "output", output);
    cJSON_AddStringToObject(o, "bug", name);
    cJSON_AddStringToObject(o, "function", v->kind == VERDICT_BUG ? verdict_function(v) : "none");
    cJSON_AddStringToObject(o, "what", v->what);
    cJSON_AddNumberToObject(o, "operations_before", operations);
    cJSON_AddNumberToObject(o, "decisions_before", decisions);
    cJSON_AddNumberToObject(o, "operations", smaller.operations);
    cJSON_AddNumberToObject(o, "decisions", smaller.decisions);
    cJSON_AddNumberToObject(o, "lives", (double)smaller.lives);
    cJSON_AddNumberToObject(o, "same", same);
    cJSON_AddBoolToObject(o, "complete", !smaller.cut_short);
    char *printed = cJSON_PrintUnformatted(o);
    puts(printed);
    free(printed);
    cJSON_Delete(o);
}

/* ---- Decisions of a generator ---- */

static size_t put(uint8_t *bytes, size_t size, size_t room, struct record r)
{
    if (size + RECORD_SIZE <= room)
        record_store(bytes + size, &r);
    return size + RECORD_SIZE;
}

static size_t put_decisions(uint8_t *bytes, size_t size, size_t room, const struct transcript *t)
{
    for (unsigned i = 0; i < t->schedule_count; i++)
        size = put(bytes, size, room, record_of_decision(DE_SCHEDULE, &t->schedule[i]));
    for (unsigned i = 0; i < t->fault_count; i++)
        size = put(bytes, size, room, record_of_decision(DE_FAULT, &t->fault[i]));
    for (unsigned lane = 0; lane < LANE_COUNT; lane++) {
        unsigned count = t->value_count[lane];
        while (count && !t->value[lane][count - 1])
            count--;
        for (unsigned i = 0; i < count; i++)
            size = put(bytes, size, room, (struct record){.kind = DE_VALUE, .slot = (uint8_t)lane, .a = t->value[lane][i]});
    }
    return size;
}

/*
 * A generator's schedule changes with every operation that goes. So what it decided is written out, which leaves the life as it was, and what of that
 * matters is found like everything else. Where that is more than an input holds, the generator stays.
 */
static size_t spell_out(uint8_t *input, size_t size, size_t room)
{
    static uint8_t spelt[1 << 16];
    static struct transcript transcript;
    struct verdict verdict;
    struct program program;
    program_decode(&program, input, size);
    if (program.chance.policy == POLICY_CONSTRAINTS && !program.chance.random_faults)
        return size;
    smaller.lives++;
    if (!verdict_with_transcript(input, size, LIFE_LIMIT, &verdict, &transcript) || transcript.lossy)
        return size;
    size_t made = put(spelt, 0, sizeof spelt, (struct record){.kind = DE_CONFIG, .slot = POLICY_CONSTRAINTS, .flags = (uint8_t)(program.chance.cpus - 1)});
    for (unsigned i = 0; i < program.operations; i++)
        made = put(spelt, made, sizeof spelt, program.operation[i].record);
    made = put_decisions(spelt, made, sizeof spelt, &transcript);
    if (made > sizeof spelt || made > room || !still_counts(spelt, made, NULL))
        return size;
    memcpy(input, spelt, made);
    return made;
}

int minimize_result(const struct minimize_options *options, uint8_t *input, size_t size, size_t room)
{
    static char text[1 << 20];
    unsigned operations, decisions;
    const char *output = options->output ? options->output : default_output(options);
    smaller.options = options;
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    smaller.deadline = options->time ? time(NULL) + options->time : 0;
    judge(input, size, &smaller.wanted);
    smaller.cut_short = false;
    if (smaller.wanted.kind == VERDICT_FINE)
        stop(2, "%s ends in no bug here: nothing to keep while it shrinks; try another --sanitizer", options->file);
    if (text_show(input, size, target.device, text, sizeof text) < sizeof text)
        write_file(output, (const uint8_t *)text, strlen(text)); /* a place that cannot be written is told before the search */
    minimize_count(input, size, &operations, &decisions);
    show_smaller(input, size, NULL);
    size = spell_out(input, size, room);
    size = minimize(&(struct minimize){still_counts, show_smaller, enough, NULL}, input, size);
    smaller.cut_short = enough(NULL);
    minimize_count(input, size, &smaller.operations, &smaller.decisions);
    if (isatty(STDERR_FILENO) && !options->json)
        fputc('\n', stderr);
    if (text_show(input, size, target.device, text, sizeof text) >= sizeof text)
        stop(2, "%s is too long to show", options->file);
    write_file(output, (const uint8_t *)text, strlen(text));
    unsigned same = prove(input, size);
    tell(options, output, operations, decisions, same, text);
    return same == PROOF_REPLAYS ? 0 : 1;
}
