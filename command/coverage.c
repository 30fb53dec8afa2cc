/*
 * `irpfuzz coverage`: which lines of the drivers, and of the network card's model, the seeds, the regressions and fuzz/<target>/corpus reach.
 *
 * Lines that cannot be reached are explained in docs/unreachable.txt, an entry each: "file:function | reason", "file:line | reason" or
 * "file:first-last | reason"; the file is given from the top of the tree. An explained line that is reached after all is complained of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "json.h"
#include "targets.h"

#define MAX_LINES 20000
#define BATCH 64

struct source {
    char path[512];                      /* from the top of the tree */
    unsigned long count[MAX_LINES];      /* executions + 1; 0: no code */
    const char *function[MAX_LINES];     /* that begins on this line */
    unsigned last;
    struct source *next;
};

static struct source *sources;
static char *reasons;
static struct {
    unsigned lines, reached, explained;
} total;

/* ---- Running the corpus ---- */

struct batch {
    const char *runner, *profiles;
    struct args args;
    unsigned number, inputs;
};

static void run_batch(struct batch *batch)
{
    struct args environment = {0};
    struct captured captured;
    if (batch->args.n <= 2)
        return;
    args_add(&environment, "LLVM_PROFILE_FILE=%s/%u-%%p.profraw", batch->profiles, batch->number++);
    run_captured(&batch->args, &environment, 300, &captured);
    captured_free(&captured);
    memset(&batch->args, 0, sizeof batch->args);
}

static void add_input(const char *path, void *context)
{
    struct batch *batch = context;
    if (!batch->args.n) {
        args_add(&batch->args, "%s", batch->runner);
        args_add(&batch->args, "hashes");
    }
    args_add(&batch->args, "%s", path);
    batch->inputs++;
    if (batch->args.n == BATCH + 2)
        run_batch(batch);
}

/* ---- Reading lcov's form ---- */

static struct source *source_of(const char *path)
{
    const char *from = strstr(path, "/drivers/");
    from = from ? from : strstr(path, "/emulator/nic/");
    if (!from)
        return NULL;
    for (struct source *s = sources; s; s = s->next)
        if (!strcmp(s->path, from + 1))
            return s;
    struct source *s = calloc(1, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", from + 1);
    struct source **at = &sources;
    while (*at && strcmp((*at)->path, s->path) < 0)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
    return s;
}

static void read_lcov(char *words)
{
    struct source *s = NULL;
    for (char *line; (line = strsep(&words, "\n"));) {
        unsigned number;
        unsigned long count;
        if (!strncmp(line, "SF:", 3)) {
            s = source_of(line + 3);
        } else if (s && sscanf(line, "DA:%u,%lu", &number, &count) == 2 && number < MAX_LINES) {
            if (s->count[number] < count + 1)
                s->count[number] = count + 1;
            if (number > s->last)
                s->last = number;
        } else if (s && !strcmp(line, "LF:0")) { /* nothing but macros: llvm-cov takes what stands between them for code */
            memset(s->count, 0, sizeof s->count);
        } else if (s && sscanf(line, "FN:%u,", &number) == 1 && number < MAX_LINES) {
            const char *name = strchr(line, ',') + 1;
            const char *colon = strrchr(name, ':'); /* "queue.c:EchoEvtIoRead" for a static function */
            s->function[number] = text("%s", colon ? colon + 1 : name);
        }
    }
}

static void export(const char *target, const char *runner, const char *profiles)
{
    struct args merge = {0}, show = {0};
    struct captured captured;
    args_add(&merge, "sh");
    args_add(&merge, "-c");
    args_add(&merge, "exec llvm-profdata-19 merge -sparse -o %s/all.profdata %s/*.profraw", profiles, profiles);
    run_captured(&merge, NULL, 600, &captured);
    if (captured.status)
        fail(EXIT_SETUP, "%s: llvm-profdata-19 failed: %s", target, captured.err);
    captured_free(&captured);
    args_add(&show, "llvm-cov-19");
    args_add(&show, "export");
    args_add(&show, "--format=lcov");
    args_add(&show, "--instr-profile=%s/all.profdata", profiles);
    args_add(&show, "%s", runner);
    run_captured(&show, NULL, 600, &captured);
    if (captured.status)
        fail(EXIT_SETUP, "%s: llvm-cov-19 failed: %s", target, captured.err);
    read_lcov(captured.out);
    captured_free(&captured);
}

static void cover(const char *target)
{
    struct batch batch = {.runner = text("build/coverage/targets/run_%s", target), .profiles = text("build/coverage/profiles/%s", target)};
    remove_tree(batch.profiles);
    make_directory(batch.profiles);
    assemble_seeds(target, batch.runner, text("fuzz/%s/seeds", target));
    each_file(text("fuzz/%s/seeds", target), add_input, &batch);
    each_file(text("fuzz/%s/corpus", target), add_input, &batch);
    run_batch(&batch);
    if (!batch.inputs)
        fail(EXIT_SETUP, "%s has no inputs: ./irpfuzz fuzz %s makes some", target, target);
    export(target, batch.runner, batch.profiles);
}

/* ---- Printing ---- */

/* Does "function", "12" or "12-15" mean this line? */
static bool is_meant(const char *place, size_t length, const char *function, unsigned line)
{
    unsigned first, last;
    int end = 0;
    if (sscanf(place, "%u-%u%n", &first, &last, &end) == 2 && (size_t)end == length)
        return line >= first && line <= last;
    if (sscanf(place, "%u%n", &first, &end) == 1 && (size_t)end == length)
        return line == first;
    return strlen(function) == length && !strncmp(place, function, length);
}

static const char *reason_for(const char *path, const char *function, unsigned line)
{
    const char *key = text("\n%s:", path);
    for (const char *at = reasons; at && (at = strstr(at, key)); at++) {
        const char *place = at + strlen(key), *reason = place + strcspn(place, "|\n");
        if (*reason != '|' || !is_meant(place, strcspn(place, " |"), function, line))
            continue;
        reason += 1 + strspn(reason + 1, " ");
        return text("%.*s", (int)strcspn(reason, "\n"), reason);
    }
    return NULL;
}

struct range {
    unsigned first, last;
    const char *function, *reason;
};

/* Lines in a row, of one function and with one reason. */
static unsigned missing_ranges(const struct source *s, struct range *ranges)
{
    unsigned count = 0;
    const char *function = "?";
    for (unsigned i = 1; i <= s->last; i++) {
        if (s->function[i])
            function = s->function[i];
        if (!s->count[i])
            continue;
        const char *reason = reason_for(s->path, function, i);
        if (s->count[i] > 1) {
            if (reason)
                fprintf(stderr, "irpfuzz: docs/unreachable.txt explains %s:%u, which is reached: mend it\n", s->path, i);
            continue;
        }
        struct range *last = count ? &ranges[count - 1] : NULL;
        bool same = last && last->last == i - 1 && last->function == function &&
                    (reason == last->reason || (reason && last->reason && !strcmp(reason, last->reason)));
        if (same)
            last->last = i;
        else
            ranges[count++] = (struct range){i, i, function, reason};
    }
    return count;
}

static void print_json(const struct source *s, const struct range *ranges, unsigned count, unsigned all, unsigned reached)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "file", s->path);
    cJSON_AddNumberToObject(line, "lines", all);
    cJSON_AddNumberToObject(line, "reached", reached);
    cJSON *missing = cJSON_AddArrayToObject(line, "missing");
    for (unsigned i = 0; i < count; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "first", ranges[i].first);
        cJSON_AddNumberToObject(item, "last", ranges[i].last);
        cJSON_AddStringToObject(item, "function", ranges[i].function);
        cJSON_AddStringToObject(item, "reason", ranges[i].reason ? ranges[i].reason : "");
        cJSON_AddItemToArray(missing, item);
    }
    json_print(line);
}

static void print_source(const struct source *s, bool json)
{
    static struct range ranges[MAX_LINES];
    unsigned all = 0, reached = 0, explained = 0;
    for (unsigned i = 1; i <= s->last; i++) {
        all += s->count[i] > 0;
        reached += s->count[i] > 1;
    }
    if (!all)
        return;
    unsigned count = missing_ranges(s, ranges);
    if (json) {
        print_json(s, ranges, count, all, reached);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        explained += ranges[i].reason ? ranges[i].last - ranges[i].first + 1 : 0;
    printf("%-40s %5u of %5u lines  %5.1f %%", s->path, reached, all, 100.0 * reached / all);
    printf(reached < all ? "   %u not reached, %u of them explained\n" : "\n", all - reached, explained);
    total.lines += all;
    total.reached += reached;
    total.explained += explained;
    for (unsigned i = 0; i < count; i++)
        printf("    %u-%u  %s%s%s\n", ranges[i].first, ranges[i].last, ranges[i].function, ranges[i].reason ? ": " : "",
               ranges[i].reason ? ranges[i].reason : "");
}

int command_coverage(const struct options *o)
{
    struct args all = {0}, targets = {0}, programs = {0};
    all_targets(&all);
    select_names(&all, o->names, o->name_count, "target", &targets);
    for (unsigned i = 0; i < targets.n; i++)
        args_add(&programs, "run_%s", targets.v[i]);
    build_preset("coverage", &programs);
    char *words = read_file("docs/unreachable.txt", NULL);
    reasons = words ? text("\n%s", words) : NULL;
    for (unsigned i = 0; i < targets.n; i++)
        cover(targets.v[i]);
    if (!sources)
        fail(EXIT_SETUP, "llvm-cov names no file of drivers/ or emulator/nic/: was the build made with the preset coverage?");
    for (const struct source *s = sources; s; s = s->next)
        print_source(s, o->json);
    if (!o->json)
        printf("%u of %u lines reached, %u of the others explained, %u open\n", total.reached, total.lines, total.explained,
               total.lines - total.reached - total.explained);
    return EXIT_FINE;
}
