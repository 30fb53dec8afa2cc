/*
 * `irpfuzz bugs`: the planted-bug benchmark.
 *
 * Principle of operation. For each bug of tests/bugs/bugs.txt the driver, or the model of the card, is patched and built with the sanitizer that the table names, and its target is
 * fuzzed twice, from the committed seeds and from nothing, until something is found or the time is over. As in Magma a bug is
 * *reached* when its line ran, *triggered* when its condition held (the marker irpfuzz_bug() tells both) and *detected* when a report was made. What was
 * triggered and not detected is a fault of the oracles and shows as such. What was found is replayed and minimized: a bug counts as found when all
 * replays report the same, as the table expects it, and the smallest input with that report has few operations.
 *
 * Internal design. One process per bug, --jobs at a time. They share build directories (build/bugs/<sanitizer>) and the patched tree
 * (build/bugs/tree) under a lock; only files whose contents change are written there, so that a rebuild takes seconds. What was built is copied to
 * build/bugs/bin/<name> before the lock goes. A process leaves its result in fuzz/bugs/<name>/result.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bug_list.h"
#include "build.h"
#include "command.h"
#include "files.h"
#include "findings.h"
#include "fuzz.h"
#include "json.h"
#include "targets.h"

#define DEFAULT_SECONDS 60
#define REPLAYS 100
#define MINIMIZE_SECONDS 60
#define FEW_OPERATIONS 12   /* what is found must shrink to so few */
#define STAGE "build/bugs/stage"
#define TREE "build/bugs/tree"

/* ---- The patched tree ---- */

static void stage_file(const char *path, void *context)
{
    (void)context;
    char *out = text(STAGE "/%s", path), *slash = strrchr(out, '/');
    *slash = 0;
    make_directory(out);
    *slash = '/';
    copy_file(path, out);
    free(out);
}

static void update_file(const char *path, void *context)
{
    (void)context;
    char *out = text(TREE "%s", path + strlen(STAGE)), *slash = strrchr(out, '/');
    *slash = 0;
    make_directory(out);
    *slash = '/';
    if (!same_contents(path, out))
        copy_file(path, out);
    free(out);
}

static void drop_if_gone(const char *path, void *context)
{
    (void)context;
    char *staged = text(STAGE "%s", path + strlen(TREE));
    if (!file_exists(staged))
        unlink(path);
    free(staged);
}

static void patch_tree(const struct bug *bug)
{
    struct args args = {0};
    struct captured captured;
    remove_tree(STAGE);
    make_directory(TREE);
    each_file_below("drivers", stage_file, NULL);
    each_file_below("emulator/nic", stage_file, NULL);
    args_add(&args, "patch");
    args_add(&args, "-p1");
    args_add(&args, "-s");
    args_add(&args, "-d");
    args_add(&args, STAGE);
    args_add(&args, "-i");
    args_add(&args, "%s", realpath(text("tests/bugs/%s.patch", bug->name), NULL));
    run_captured(&args, NULL, 60, &captured);
    if (captured.status)
        fail(EXIT_SETUP, "tests/bugs/%s.patch does not apply: %s", bug->name, captured.out);
    captured_free(&captured);
    each_file_below(STAGE, update_file, NULL);
    each_file_below(TREE, drop_if_gone, NULL);
}

/* ---- Building ---- */

static void keep_program(const char *from, const char *directory, const char *name)
{
    const char *to = text("%s/%s", directory, name);
    copy_file(text("%s/targets/%s", from, name), to);
    chmod(to, 0755);
}

static int lock_build(void)
{
    make_directory("build/bugs");
    int lock = open("build/bugs/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    while (lock >= 0 && flock(lock, LOCK_EX))
        if (errno != EINTR || interrupted)
            fail(EXIT_SETUP, "interrupted");
    if (lock < 0)
        fail(EXIT_SETUP, "cannot write build/bugs/lock: %s", strerror(errno));
    return lock;
}

/* A build directory that knows nothing of some setting was configured before there was one. */
static void forget_old_build(const char *directory, const struct args *settings)
{
    char *cache = read_file(text("%s/CMakeCache.txt", directory), NULL);
    for (unsigned i = 0; cache && i < settings->n; i++)
        if (!strstr(cache, strchr(settings->v[i], '=')))
            unlink(text("%s/build.ninja", directory));
    free(cache);
}

static void build_bug(const struct bug *bug, const char *programs)
{
    struct args settings = {0}, targets = {0};
    const char *directory = text("build/bugs/%s", bug->sanitizer);
    char *top = realpath(".", NULL);
    int lock = lock_build();
    patch_tree(bug);
    args_add(&settings, "-DIRPFUZZ_DRIVERS_DIR=%s/" TREE "/drivers", top);
    args_add(&settings, "-DIRPFUZZ_NIC_DIR=%s/" TREE "/emulator/nic", top);
    forget_old_build(directory, &settings);
    args_add(&targets, "fuzz_%s", bug->target);
    args_add(&targets, "run_%s", bug->target);
    build_directory(directory, fuzz_preset("libfuzzer", bug->sanitizer), &settings, &targets);
    make_directory(programs);
    keep_program(directory, programs, targets.v[0]);
    keep_program(directory, programs, targets.v[1]);
    close(lock);
    free(top);
}

/* ---- One run ---- */

struct outcome {
    bool reached, triggered, detected, expected;
    double executions, seconds;
    unsigned replays;     /* that gave the same hash and report */
    unsigned operations;  /* of the smallest input with that report */
    struct finding finding;
    char input[4096];
};

/* An expected report is a name, or NAME:0xP1 where the first parameter tells what was violated. */
static bool is_expected(const struct bug *bug, const char *name, unsigned long long parameter)
{
    size_t length = strlen(name);
    for (const char *at = bug->expected; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, name, length))
            continue;
        const char *end = at + length;
        if (!*end || *end == '/' || (*end == ':' && strtoull(end + 1, NULL, 16) == parameter))
            return true;
    }
    return !strncmp(name, "SANITIZER-", 10) && is_expected(bug, "SANITIZER", 0);
}

static void first_artifact(const char *path, void *context)
{
    const char *name = strrchr(path, '/') + 1;
    char *out = context;
    if (!*out && strncmp(name, "slow-unit-", 10))
        snprintf(out, 4096, "%s", path);
}

/* Lives in one process must agree; where a sanitizer ends the process at the first one, ten processes must. */
static unsigned count_replays(const char *program, const char *input, const struct finding *expected)
{
    struct args args = {0};
    struct captured captured;
    args_add(&args, "%s", program);
    args_add(&args, "replay");
    args_add(&args, "%s", input);
    args_add(&args, "--json");
    args_add(&args, "--repeat");
    args_add(&args, "%d", REPLAYS);
    run_captured(&args, NULL, 120, &captured);
    cJSON *line = json_line(captured.out);
    unsigned good = 0;
    if (line)
        good = !strcmp(json_string(line, "bug") ? json_string(line, "bug") : "", expected->name) ? REPLAYS : 0;
    cJSON_Delete(line);
    bool died = !line && finding_parse(captured.err, &(struct finding){0});
    captured_free(&captured);
    for (unsigned i = 0; died && i < REPLAYS && !interrupted; i++) {
        struct finding again;
        finding_replay(program, input, &again);
        good += again.reproduced && !strcmp(again.name, expected->name) && !strcmp(again.function, expected->function);
        finding_free(&again);
    }
    return good;
}

/* The smallest input is left beside the one that was kept, which may be of an earlier run with the same report. */
static unsigned count_operations(const char *program, const char *input, const char *kept)
{
    struct args args = {0};
    struct captured captured;
    args_add(&args, "%s", program);
    args_add(&args, "minimize");
    args_add(&args, "%s", input);
    args_add(&args, "-o");
    args_add(&args, "%s.min.txt", kept);
    args_add(&args, "--json");
    args_add(&args, "--time");
    args_add(&args, "%d", MINIMIZE_SECONDS);
    run_captured(&args, NULL, 3 * MINIMIZE_SECONDS, &captured);
    cJSON *line = json_line(captured.out);
    bool proven = line && json_number(line, "same") == REPLAYS;
    unsigned operations = proven ? (unsigned)json_number(line, "operations") : UINT_MAX;
    cJSON_Delete(line);
    captured_free(&captured);
    return operations;
}

static void fuzz_bug(const struct bug *bug, const char *programs, const char *seeds, unsigned seconds, struct outcome *outcome)
{
    const char *name = seeds ? "seeded" : "empty";
    const char *work = text("fuzz/bugs/%s/%s", bug->name, name), *log = text("fuzz/bugs/%s/%s.log", bug->name, name);
    const char *runner = text("%s/run_%s", programs, bug->target);
    struct args args = {0};
    remove_tree(work);
    make_directory(text("%s/artifacts", work));
    make_directory(text("%s/corpus", work));
    libfuzzer_args(&args, text("%s/fuzz_%s", programs, bug->target), seconds, text("%s/artifacts", work), dictionary_of(bug->target));
    args_add(&args, "%s/corpus", work);
    if (seeds)
        args_add(&args, "%s", seeds);
    double started = now();
    memset(outcome, 0, sizeof *outcome);
    run_logged(&args, NULL, log);
    outcome->seconds = now() - started;

    char *words = read_file(log, NULL);
    outcome->executions = libfuzzer_executions(words ? words : "");
    outcome->reached = words && strstr(words, text("irpfuzz-bug: %s reached", bug->name));
    outcome->triggered = words && strstr(words, text("irpfuzz-bug: %s triggered", bug->name));
    free(words);

    char artifact[4096] = "";
    each_file(text("%s/artifacts", work), first_artifact, artifact);
    if (!*artifact)
        return;
    finding_replay(runner, artifact, &outcome->finding);
    outcome->detected = outcome->finding.reproduced;
    outcome->expected = is_expected(bug, outcome->finding.name, outcome->finding.parameter);
    outcome->replays = outcome->detected ? count_replays(runner, artifact, &outcome->finding) : 0;
    finding_store(text("fuzz/bugs/%s", bug->name), artifact, &outcome->finding, outcome->input);
    outcome->operations = outcome->detected ? count_operations(runner, artifact, outcome->input) : UINT_MAX;
}

static cJSON *outcome_json(const struct outcome *outcome)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "reached", outcome->reached);
    cJSON_AddBoolToObject(o, "triggered", outcome->triggered);
    cJSON_AddBoolToObject(o, "detected", outcome->detected);
    cJSON_AddBoolToObject(o, "expected", outcome->expected);
    cJSON_AddNumberToObject(o, "executions", outcome->executions);
    cJSON_AddNumberToObject(o, "seconds", outcome->seconds);
    bool verifier = !strcmp(outcome->finding.name, "DRIVER_VERIFIER_DETECTED_VIOLATION"); /* says little without its parameter */
    cJSON_AddStringToObject(o, "report", verifier ? text("%s:0x%llx", outcome->finding.name, outcome->finding.parameter) : outcome->finding.name);
    cJSON_AddStringToObject(o, "function", outcome->finding.function);
    cJSON_AddStringToObject(o, "what", outcome->finding.what);
    cJSON_AddNumberToObject(o, "replays", outcome->replays);
    cJSON_AddNumberToObject(o, "operations", outcome->operations);
    cJSON_AddStringToObject(o, "input", outcome->input);
    return o;
}

/* The whole of one bug, in a process of its own. */
static void work_on(const struct bug *bug, unsigned seconds)
{
    const char *programs = text("build/bugs/bin/%s", bug->name), *seeds = text("fuzz/bugs/%s/seeds", bug->name);
    struct outcome outcome;
    make_directory(seeds);
    build_bug(bug, programs);
    unsigned count = assemble_seeds(bug->target, text("%s/run_%s", programs, bug->target), seeds);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "bug", bug->name);
    cJSON_AddStringToObject(result, "target", bug->target);
    cJSON_AddStringToObject(result, "sanitizer", bug->sanitizer);
    cJSON_AddStringToObject(result, "expected_reports", bug->expected);
    if (count && !interrupted) {
        fuzz_bug(bug, programs, seeds, seconds, &outcome);
        cJSON_AddItemToObject(result, "seeded", outcome_json(&outcome));
    }
    if (!interrupted) {
        fuzz_bug(bug, programs, NULL, seconds, &outcome);
        cJSON_AddItemToObject(result, "empty", outcome_json(&outcome));
    }
    if (interrupted)
        return;
    char *line = cJSON_PrintUnformatted(result);
    write_file(text("fuzz/bugs/%s/result.json", bug->name), line, strlen(line));
    cJSON_free(line);
}

/* ---- The table ---- */

static const char *operations_of(const cJSON *o)
{
    double operations = json_number(o, "operations");
    return operations < UINT_MAX ? text("%.0f", operations) : "?";
}

static void print_outcome(const char *name, const char *start, const cJSON *o)
{
    char executions[16];
    bool detected = json_number(o, "detected") > 0;
    const char *state = detected ? "detected" : json_number(o, "triggered") > 0 ? "TRIGGERED ONLY" : json_number(o, "reached") > 0 ? "reached" : "not reached";
    printf("%-26s %-6s %-14s %8s %7.1f s  ", name, start, state, short_number(json_number(o, "executions"), executions), json_number(o, "seconds"));
    if (detected)
        printf("%3.0f/%d %4s  %s%s", json_number(o, "replays"), REPLAYS, operations_of(o), json_string(o, "report"), json_number(o, "expected") > 0 ? "" : "  NOT EXPECTED");
    putchar('\n');
}

static bool is_good(const cJSON *o)
{
    return json_number(o, "detected") > 0 && json_number(o, "expected") > 0 && json_number(o, "replays") == REPLAYS && json_number(o, "operations") <= FEW_OPERATIONS;
}

/* Prints a bug's result; true if at least one of its runs found it as expected and no run found something else. */
static bool print_result(const struct bug *bug, bool json)
{
    char *words = read_file(text("fuzz/bugs/%s/result.json", bug->name), NULL);
    cJSON *result = json_line(words);
    if (!result) {
        fprintf(stderr, "irpfuzz: %s: no result (the build failed, or it was interrupted)\n", bug->name);
        free(words);
        return false;
    }
    const cJSON *seeded = cJSON_GetObjectItem(result, "seeded"), *empty = cJSON_GetObjectItem(result, "empty");
    bool good = is_good(seeded) || is_good(empty);
    bool wrong = (json_number(seeded, "detected") > 0 && !is_good(seeded)) || (json_number(empty, "detected") > 0 && !is_good(empty));
    if (json)
        puts(words);
    else if (seeded)
        print_outcome(bug->name, "seeds", seeded);
    if (!json && empty)
        print_outcome(bug->name, "empty", empty);
    if (!json && wrong)
        printf("%-26s expected: %s\n", "", bug->expected);
    fflush(stdout);
    cJSON_Delete(result);
    free(words);
    return good && !wrong;
}

/* ---- The command ---- */

static void start_process(const struct bug *bug, unsigned seconds, pid_t *pid)
{
    unlink(text("fuzz/bugs/%s/result.json", bug->name));
    make_directory(text("fuzz/bugs/%s", bug->name));
    fflush(stdout);
    *pid = fork();
    if (*pid < 0)
        fail(EXIT_SETUP, "cannot start a process: %s", strerror(errno));
    if (!*pid) {
        work_on(bug, seconds);
        exit(0);
    }
}

static unsigned take_ended(const struct bug **chosen, pid_t *pids, unsigned count, bool json, unsigned *good)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    for (unsigned i = 0; pid > 0 && i < count; i++) {
        if (pids[i] != pid)
            continue;
        pids[i] = 0;
        *good += print_result(chosen[i], json);
        return 1;
    }
    return 0;
}

int command_bugs(const struct options *o)
{
    static struct bug bugs[MAX_BUGS];
    static const struct bug *chosen[MAX_BUGS];
    static pid_t pids[MAX_BUGS];
    struct args names = {0}, wanted = {0};
    unsigned all = bug_list(bugs), count = 0, good = 0, running = 0;
    unsigned seconds = o->time ? o->time : DEFAULT_SECONDS, jobs = o->jobs ? o->jobs : cores();

    for (unsigned i = 0; i < all; i++)
        args_add(&names, "%s", bugs[i].name);
    select_names(&names, o->names, o->name_count, "planted bug", &wanted);
    for (unsigned i = 0; i < all; i++)
        for (unsigned k = 0; k < wanted.n; k++)
            if (!strcmp(wanted.v[k], bugs[i].name))
                chosen[count++] = &bugs[i];
    if (!o->json)
        printf("%-26s %-6s %-14s %8s %9s  %-7s %4s  %s\n", "bug", "from", "state", "lives", "time", "replay", "ops", "report");
    for (unsigned next = 0; (next < count && !interrupted) || running;) {
        if (next < count && running < jobs && !interrupted) {
            start_process(chosen[next], seconds, &pids[next]);
            next++;
            running++;
            continue;
        }
        for (unsigned i = 0; interrupted && i < next; i++)
            if (pids[i])
                kill(pids[i], SIGTERM);
        running -= take_ended(chosen, pids, next, o->json, &good);
    }
    if (!o->json)
        printf("\n%u of %u planted bugs found as expected: each from its seeds, some from nothing as well\n", good, count);
    return good == count ? EXIT_FINE : EXIT_BUG;
}
