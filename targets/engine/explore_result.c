/* See explore.h: what is told in the end. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore.h"
#include "input.h"
#include "machine/gate.h"
#include "machine/trace.h"
#include "run_files.h"
#include "target.h"
#include "text.h"

#define REPORT_MAX (1 << 18)
static char report[REPORT_MAX];

/* ---- The failing schedule as an input ---- */

static size_t append(uint8_t *out, size_t size, const struct record *record)
{
    record_store(out + size, record);
    return size + RECORD_SIZE;
}

/* The program, and behind it the decisions that make this schedule of it. */
static size_t make_input(const struct explore_shared *s, const uint8_t *input, size_t size, uint8_t *out)
{
    const struct chance *c = &s->chance;
    memcpy(out, input, size);
    for (unsigned i = s->own; i < c->schedule_count; i++) {
        const struct decision *d = &c->schedule[i];
        struct record r = record_of_decision(DE_SCHEDULE, d);
        size = append(out, size, &r);
    }
    if (c->policy == POLICY_PCT) {
        struct record r = {.kind = DE_CONFIG, .slot = POLICY_PCT, .flags = (uint8_t)(c->cpus - 1), .a = (uint32_t)c->seed, .b = c->pct_depth,
                           .c = c->pct_length};
        if (c->random_faults)
            r.flags |= CONFIG_RANDOM_FAULTS;
        size = append(out, size, &r);
    }
    return size;
}

/* 0, or the errno of the last one where it is neither there nor made. */
static int make_directories(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = copy + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        mkdir(copy, 0777);
        *at = '/';
    }
    return mkdir(copy, 0777) && errno != EEXIST ? errno : 0;
}

/* The name of the explored file without its directory and ending. */
static int stem(const char *file, const char **begin)
{
    const char *slash = strrchr(file, '/');
    *begin = slash ? slash + 1 : file;
    return (int)strcspn(*begin, ".");
}

void explore_save(const struct explore_options *options, const struct explore_shared *s, const uint8_t *input, size_t size,
                  struct explore_finding *f)
{
    const char *begin;
    int length = stem(options->file, &begin);
    uint8_t *made = malloc(size + (MAX_DECISIONS + 1) * RECORD_SIZE);
    size = make_input(s, input, size, made);
    size_t room = text_show(made, size, target.device, NULL, 0) + 1;
    f->text = malloc(room);
    text_show(made, size, target.device, f->text, room);
    snprintf(f->path, sizeof f->path, "%s/%.*s-%s-%08x.txt", options->directory, length, begin, s->bug, (unsigned)trace_hash_bytes(made, size));
    f->error = make_directories(options->directory);
    if (!f->error)
        f->error = try_write_file(f->path, (const uint8_t *)f->text, strlen(f->text));
    free(made);
}

/* ---- Its report ---- */

/* Runs the input in a process of its own with this process's program; what it says goes to `report`. */
static int replay(const char *path)
{
    int pipes[2], status;
    if (pipe(pipes))
        return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        close(pipes[0]);
        alarm(60);
        execl("/proc/self/exe", "run", "replay", path, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    size_t used = 0;
    for (ssize_t n; used < sizeof report - 1 && (n = read(pipes[0], report + used, sizeof report - 1 - used)) > 0;)
        used += (size_t)n;
    report[used] = 0;
    close(pipes[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Where it is in no file it is replayed from memory. */
static int replay_finding(const struct explore_finding *f)
{
    char name[64];
    if (!f->error)
        return replay(f->path);
    int memory = memfd_create("schedule", 0);
    size_t length = strlen(f->text);
    if (memory < 0 || write(memory, f->text, length) != (ssize_t)length)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
    int status = replay(name);
    close(memory);
    return status;
}

void explore_report(const struct explore_options *options, struct explore_finding *f)
{
    char name[4096 + 16];
    int status = replay_finding(f);
    f->repeated = status > 0 && status != 2 && status != 3 && status != 127;
    snprintf(name, sizeof name, "%s.report.txt", f->path);
    if (!f->error)
        try_write_file(name, (const uint8_t *)report, strlen(report));
    if (!options->json && !options->quiet)
        fputs(report, stderr);
    if (f->error)
        fprintf(stderr, "irpfuzz: cannot write %s: %s; the program with the schedule that fails:\n%s", f->path, strerror(f->error), f->text);
}

/* ---- In words and in JSON ---- */

static const char *short_number(double value, char out[16])
{
    if (value < 10000)
        snprintf(out, 16, "%.0f", value);
    else
        snprintf(out, 16, value < 1e6 ? "%.1fk" : "%.2fM", value / (value < 1e6 ? 1e3 : 1e6));
    return out;
}

/* How far the proof goes: the highest number of preemptions of which every schedule was run; -1 none. */
static int covered(const struct explore_options *options, const struct explore_shared *s)
{
    if (s->state == EXPLORE_DONE)
        return (int)options->preemptions;
    return (int)s->level - 1;
}

static const char *plural(unsigned n) { return n == 1 ? "" : "s"; }

static void print_verdict(const struct explore_options *options, const struct explore_shared *s, const struct explore_finding *f)
{
    int up_to = covered(options, s);
    unsigned level = s->level;
    printf("%s: ", options->file);
    if (f && options->pct)
        printf("%s in run %" PRIu64 "\n", s->bug, s->lives - 1);
    else if (f)
        printf("%s with %u preemption%s\n", s->bug, s->preemptions, plural(s->preemptions));
    else if (options->pct)
        printf("no bug in %" PRIu64 " runs\n", s->lives - 1);
    else if (s->bugs)
        printf("%" PRIu64 " schedules end in a bug check, up to %d preemption%s\n", s->bugs, up_to, plural((unsigned)up_to));
    else if (s->state == EXPLORE_DONE)
        printf("no bug up to %u preemption%s\n", options->preemptions, plural(options->preemptions));
    else if (up_to >= 0)
        printf("no bug up to %d preemption%s, and in %" PRIu64 " schedules with %u (about %.0f %% of them)\n", up_to, plural((unsigned)up_to),
               s->done[level], level, 100 * s->way);
    else
        printf("no bug in %" PRIu64 " schedules without a preemption (about %.0f %% of them)\n", s->done[0], 100 * s->way);
    if (s->state == EXPLORE_TOO_LARGE)
        printf("  too large  the program has more scheduling points or decisions than an input can name: take operations away\n");
    if (s->state == EXPLORE_DIVERGED)
        printf("  diverged   a schedule did not go as it went before: the emulator is not deterministic here, please report it\n");
    if (f)
        printf("  schedule   %s%s%s\n", f->error ? "not written, see above: " : "", f->error ? strerror(f->error) : f->path,
               f->repeated ? "" : " (did not fail again in a process of its own: NOT_REPRODUCED)");
}

/* PCT's promise for a bug of this depth: 1/(n k^(d-1)) for each run, and what that makes of all. */
static void pct_bound(const struct explore_options *options, const struct explore_shared *s, double *each, double *all)
{
    double n = s->contexts ? (double)s->contexts : 1, k = s->points ? (double)s->points : 1;
    *each = 1 / (n * pow(k, options->depth - 1));
    *all = -expm1((double)(s->lives ? s->lives - 1 : 0) * log1p(-*each));
}

static void print_words(const struct explore_options *options, const struct explore_shared *s, double seconds, const struct explore_finding *f)
{
    char rate[16];
    print_verdict(options, s, f);
    printf("  %s  %" PRIu64 " in %.1f s, %s per second", options->pct ? "runs     " : "schedules", s->lives, seconds,
           short_number((double)s->lives / (seconds > 0 ? seconds : 1), rate));
    for (unsigned i = 0; !options->pct && i <= s->level; i++)
        printf("%s%" PRIu64 " with %u", i ? ", " : ": ", s->done[i], i);
    if (s->pruned)
        printf("; %" PRIu64 " dropped where they began to repeat", s->pruned);
    printf("\n  program    at most %" PRIu64 " points with a choice in one life, %" PRIu64 " contexts, %" PRIu64 " different outcome%s\n", s->points,
           s->contexts, s->outcomes, plural((unsigned)s->outcomes));
#if !defined(IRPFUZZ_ASAN) && !defined(IRPFUZZ_FOOTPRINTS)
    if (!f && !s->bugs)
        printf("  not seen   uses of freed memory: this build has no special pool, --sanitizer address has\n");
#endif
    if (options->pct) {
        double each, all;
        pct_bound(options, s, &each, &all);
        printf("  bound      a bug of depth %u is found with probability 1/(%" PRIu64 " * %" PRIu64 "^%u) = %.3g in each run, %.3g in all\n",
               options->depth, s->contexts, s->points, options->depth - 1, each, all);
    }
}

static void print_json(const struct explore_options *options, const struct explore_shared *s, double seconds, const struct explore_finding *f)
{
    static const char *const states[] = {"bug", "fine", "bug", "stopped", "too large", "diverged"};
    char hash[24];
    cJSON *o = cJSON_CreateObject();
    snprintf(hash, sizeof hash, "%016" PRIx64, s->outcome_hash);
    cJSON_AddStringToObject(o, "input", options->file);
    cJSON_AddStringToObject(o, "target", target.name);
    cJSON_AddStringToObject(o, "verdict", s->bugs ? "bug" : states[s->state]);
    cJSON_AddStringToObject(o, "policy", options->pct ? "pct" : "exhaustive");
    if (!options->pct)
        cJSON_AddNumberToObject(o, "covered", covered(options, s));
    cJSON_AddNumberToObject(o, "schedules", (double)s->lives);
    cJSON_AddNumberToObject(o, "seconds", seconds);
    cJSON *levels = options->pct ? NULL : cJSON_AddArrayToObject(o, "preemptions");
    for (unsigned i = 0; levels && i <= s->level; i++)
        cJSON_AddItemToArray(levels, cJSON_CreateNumber((double)s->done[i]));
    cJSON_AddNumberToObject(o, "dropped", (double)s->pruned);
    cJSON_AddNumberToObject(o, "points", (double)s->points);
    cJSON_AddNumberToObject(o, "contexts", (double)s->contexts);
    cJSON_AddNumberToObject(o, "outcomes", (double)s->outcomes);
    cJSON_AddStringToObject(o, "outcome_hash", hash);
    if (s->orders) {
        snprintf(hash, sizeof hash, "%016" PRIx64, s->order_hash);
        cJSON_AddNumberToObject(o, "orders", (double)s->orders);
        cJSON_AddStringToObject(o, "order_hash", hash);
    }
    cJSON_AddNumberToObject(o, "bugs", (double)(s->bugs ? s->bugs : f != NULL));
    if (options->pct) {
        double each, all;
        pct_bound(options, s, &each, &all);
        cJSON_AddNumberToObject(o, "bound", each);
        cJSON_AddNumberToObject(o, "bound_all", all);
    }
    if (f) {
        cJSON_AddStringToObject(o, "bug", s->bug);
        if (f->error) {
            cJSON_AddStringToObject(o, "not_written", strerror(f->error));
            cJSON_AddStringToObject(o, "program", f->text);
        } else {
            cJSON_AddStringToObject(o, "schedule", f->path);
        }
        cJSON_AddBoolToObject(o, "repeated", f->repeated);
        cJSON_AddStringToObject(o, "report", report);
    }
    char *printed = cJSON_PrintUnformatted(o);
    puts(printed);
    free(printed);
    cJSON_Delete(o);
}

void explore_print(const struct explore_options *options, const struct explore_shared *s, double seconds, const struct explore_finding *f)
{
    (options->json ? print_json : print_words)(options, s, seconds, f);
}
