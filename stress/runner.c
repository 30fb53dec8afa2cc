/*
 * stress_<app>: runs a Win32 program against a driver, life after life, until the time is over.
 *
 * Principle of operation. With `--schedule free` every thread of the emulated machine is a host thread, so they truly run side by side; nothing
 * replays, but no schedule is out of reach. With `--schedule SEED` all run on one host thread in an order drawn from the seed: life k
 * takes SEED + k, and `--schedule SEED+k` shows that life again first. The hash of the first is printed: equal seeds, equal hashes, in every build.
 *
 * A life fails with a bug check (report on stderr) or because the app says so (exit code other than 0; what it printed follows). An app that says how it is to be
 * used has found no bug: that line is passed on, and the usage was wrong.
 *
 * Exit status: 0 fine, 1 a bug was found, 2 wrong usage, 3 set-up failed.
 */
#include "runner.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/machine.h"
#include "win32/process.h"

#define MAX_ARGUMENTS 64
#define MAX_POINTS 1000000000u
#define CONSOLE_SIZE (64 << 10)

static struct {
    double seconds;
    bool free, json;
    uint64_t seed;
    const char *argv[MAX_ARGUMENTS + 1];
    int argc;
    unsigned instances;
    uint64_t lives;
    uint64_t first_hash; /* of the life with the seed itself, where the schedule is given */
} stress = {.seconds = 60, .free = true, .instances = 1};

/* What the app printed in this life, the end of it if it was much. */
static struct {
    char text[CONSOLE_SIZE];
    size_t length;
} console;

static void take_output(const char *text, size_t length)
{
    if (length > sizeof console.text)
        return;
    if (console.length + length > sizeof console.text) {
        size_t keep = console.length / 2;
        memmove(console.text, console.text + console.length - keep, keep);
        console.length = keep;
        if (keep + length > sizeof console.text)
            console.length = 0;
    }
    memcpy(console.text + console.length, text, length);
    console.length += length;
}

#if defined(IRPFUZZ_ASAN)
#define BUILD " --sanitizer address"
#elif defined(IRPFUZZ_TSAN)
#define BUILD " --sanitizer thread"
#elif defined(IRPFUZZ_MSAN)
#define BUILD " --sanitizer memory"
#else
#define BUILD ""
#endif

/* The command that shows this life again: the app's arguments hold the number of its threads. */
static const char *again(void)
{
    static char line[1024];
    size_t n = (size_t)snprintf(line, sizeof line, "./irpfuzz stress %s" BUILD " --instances %u --schedule %" PRIu64 " --time 1 --", stress_app.name,
                                stress.instances, stress.seed + stress.lives);
    for (int i = 1; i < stress.argc && n < sizeof line; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, " %s", stress.argv[i]);
    return line;
}

static void write_where(void)
{
    report_line("    life %" PRIu64 " of app %s", stress.lives + 1, stress_app.name);
    if (stress.free)
        report_line("    free-running: the schedule cannot be repeated");
    else
        report_line("    again: %s", again());
}
static const struct report_section where_section = {"stress", write_where};

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- Command line ---- */

static _Noreturn void usage(const char *why)
{
    fprintf(stderr, "irpfuzz: stress_%s: %s; usage: [--time S] [--threads N] [--instances M] [--schedule free|SEED] [--json] [-- ARGUMENT..]\n", stress_app.name, why);
    exit(2);
}

static void add_argument(const char *argument)
{
    if (stress.argc == MAX_ARGUMENTS)
        usage("too many arguments for the app");
    stress.argv[stress.argc++] = argument;
}

static void default_arguments(void)
{
    char *words = strdup(stress_app.arguments), *rest = words;
    for (char *word; (word = strsep(&rest, " "));)
        if (*word)
            add_argument(word);
}

static void set_threads(const char *threads)
{
    if (*stress_app.threads_option) {
        add_argument(stress_app.threads_option);
        add_argument(threads);
    } else if (stress.argc > 1) {
        stress.argv[1] = threads;
    } else {
        add_argument(threads);
    }
}

static void parse(int argc, char **argv)
{
    const char *threads = NULL;
    int i = 1;
    add_argument(stress_app.name);
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--json")) {
            stress.json = true;
            continue;
        }
        if (!value)
            usage("an option lacks its value");
        if (!strcmp(argv[i], "--time"))
            stress.seconds = atof(value);
        else if (!strcmp(argv[i], "--threads"))
            threads = value;
        else if (!strcmp(argv[i], "--instances"))
            stress.instances = (unsigned)strtoul(value, NULL, 10);
        else if (!strcmp(argv[i], "--schedule"))
            stress.free = !strcmp(value, "free"), stress.seed = strtoull(value, NULL, 10);
        else
            usage("unknown option");
        i++;
    }
    if (i + 1 < argc)
        for (i++; i < argc; i++)
            add_argument(argv[i]);
    else
        default_arguments();
    if (threads)
        set_threads(threads);
    if (!stress.instances || stress.instances > STRESS_MAX_INSTANCES)
        usage("the number of instances is out of range");
}

/* ---- Lives ---- */

/* What lane data answers in a life is drawn from its seed. */
static uint8_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint8_t)(*state >> 56);
}

static void draw_data(struct chance *chance)
{
    uint64_t state = chance->seed;
    chance->value_count[LANE_DATA] = MAX_LANE_VALUES;
    for (unsigned i = 0; i < MAX_LANE_VALUES; i++)
        chance->value[LANE_DATA][i] = next_random(&state);
}

static bool run_life(uint32_t *exit_code)
{
    struct chance chance = {.policy = POLICY_RANDOM, .cpus = MACHINE_MAX_CPUS, .max_points = MAX_POINTS, .seed = stress.seed + stress.lives + 1};
    struct stress_life life = {.argc = stress.argc, .argv = stress.argv, .instances = stress.instances};
    if (*stress_app.keys || stress_app.pulls)
        draw_data(&chance);
    console.length = 0;
    bool ended = machine_run(&chance, stress_life, &life);
    *exit_code = life.exit_code;
    if (!stress.lives)
        stress.first_hash = trace_hash();
    return ended;
}

/* The first line of the app's usage, where it printed one, with its length; else NULL. */
static const char *app_usage(int *length)
{
    static const char word[] = "usage: ";
    for (const char *line = console.text, *end = console.text + console.length; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((next ? next : end) - line);
        if (n >= sizeof word - 1 && !memcmp(line, word, sizeof word - 1))
            return *length = (int)n, line;
        line += n + 1;
    }
    return NULL;
}

static void refuse_wrong_usage(void)
{
    int length;
    const char *line = app_usage(&length);
    if (!line)
        return;
    fprintf(stderr, "irpfuzz: stress_%s: the app refuses", stress_app.name);
    for (int i = 1; i < stress.argc; i++)
        fprintf(stderr, " %s", stress.argv[i]);
    fprintf(stderr, ": %.*s\n", length, line);
    exit(2);
}

static void print_result(double took, bool fine)
{
    char hash[64] = "";
    if (!stress.free)
        snprintf(hash, sizeof hash, stress.json ? ",\"schedule\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\"" : ", hash of life %" PRIu64 " %016" PRIx64,
                 stress.seed, stress.first_hash);
    if (stress.json)
        printf("{\"app\":\"%s\",\"driver\":\"%s\",\"lives\":%" PRIu64 ",\"seconds\":%.1f,\"verdict\":\"%s\"%s}\n", stress_app.name, stress_app.driver, stress.lives,
               took, fine ? "fine" : "bug", hash);
    else
        printf("%s with %s: %" PRIu64 " lives in %.1f s, %s%s\n", stress_app.name, stress_app.driver, stress.lives, took, fine ? "fine" : "the app failed", hash);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    if (!stress_has_driver()) {
        fprintf(stderr, "irpfuzz: stress_%s holds no image of the driver %s\n", stress_app.name, stress_app.driver);
        return 3;
    }
    machine_init(stress.free ? ENGINE_THREAD : ENGINE_FIBER);
    sanitizer_reports_install(true);
    report_add_section(&where_section);
    win32_console_hook = take_output;

    double started = seconds();
    bool fine = true;
    while (fine && (seconds() - started < stress.seconds || !stress.lives)) {
        uint32_t exit_code = 0;
        fine = run_life(&exit_code) && !exit_code;
        if (exit_code) {
            refuse_wrong_usage();
            fprintf(stderr, "the app ended with %" PRIu32 "; it printed:\n%.*s", exit_code, (int)console.length, console.text);
            if (!stress.free)
                fprintf(stderr, "again: %s\n", again());
        }
        stress.lives += fine;
    }
    print_result(seconds() - started, fine);
    return !fine;
}
