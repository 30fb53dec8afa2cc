/*
 * run_<target>: everything the command does with single inputs of a target. Usage below. Exit status: 0 fine, 1 a bug was found, 2 wrong
 * usage or a bad file, 3 set-up failed.
 *
 * A bug check drops the life and the program goes on with the next input; what a sanitizer finds ends the program, after a report.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "diverge.h"
#include "engine.h"
#include "explore.h"
#include "life.h"
#include "machine/machine.h"
#include "minimize.h"
#include "pcap.h"
#include "run_files.h"
#include "text.h"
#include "trace_view.h"
#include "verdict.h"

#define LIFE_LIMIT 60 /* seconds of the host */

static const char usage_text[] =
    "usage: run_%1$s replay FILE.. [--repeat N] [--trace text|json] [--json] [--hash-only] [--quiet] [--lints]\n"
    "       run_%1$s replay FILE --save-trace TRACE\n"
    "       run_%1$s replay FILE --pcap CAPTURE\n"
    "       run_%1$s replay FILE.. --diverge [--diverge-with TRACE]\n"
    "       run_%1$s show FILE\n"
    "       run_%1$s assemble TEXT -o FILE\n"
    "       run_%1$s minimize FILE [-o TEXT] [--time S] [--json]\n"
    "       run_%1$s generate N DIRECTORY [--seed S] [--hostile]\n"
    "       run_%1$s hashes FILE..\n"
    "       run_%1$s explore FILE [--preemptions N] [--no-reduction] [--all] [--time S] [--json] [-o DIRECTORY]\n"
    "       run_%1$s explore FILE --policy pct --depth D --runs N [--seed S] [--time S] [--json] [-o DIRECTORY]\n"
    "       run_%1$s bench SECONDS [--json]\n";

static _Noreturn void usage(void)
{
    fprintf(stderr, usage_text, target.name);
    exit(2);
}

/* ---- Options ---- */

static struct {
    const char *file[65536];
    unsigned files;
    unsigned repeat;
    const char *trace, *output, *save_trace, *diverge_with, *pcap;
    bool json, hash_only, quiet, diverge, hostile;
    uint64_t seed, preemptions, depth, runs, time;
    bool all, no_reduction;
    const char *policy;
} options = {.repeat = 1, .preemptions = 2, .depth = 3, .runs = 10000};

static uint64_t number_option(const char *option, const char *value)
{
    char *end;
    errno = 0;
    uint64_t n = value && *value >= '0' && *value <= '9' ? strtoull(value, &end, 0) : 0;
    if (!value || *value < '0' || *value > '9' || *end || errno)
        stop(2, "%s wants a number, not \"%s\"", option, value ? value : "");
    return n;
}

static void parse_options(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(a, "--json"))
            options.json = true;
        else if (!strcmp(a, "--hash-only"))
            options.hash_only = true;
        else if (!strcmp(a, "--quiet"))
            options.quiet = true;
        else if (!strcmp(a, "--lints"))
            machine_lints = ~0u;
        else if (!strcmp(a, "--hostile"))
            options.hostile = true;
        else if (!strcmp(a, "--diverge"))
            options.diverge = true;
        else if (!strcmp(a, "--diverge-with") && value)
            options.diverge = true, options.diverge_with = value, i++;
        else if (!strcmp(a, "--save-trace") && value)
            options.save_trace = value, i++;
        else if (!strcmp(a, "--pcap") && value)
            options.pcap = value, i++;
        else if (!strcmp(a, "--repeat")) {
            uint64_t n = number_option(a, value);
            if (n > UINT32_MAX)
                stop(2, "--repeat %s: that is more than will ever end", value);
            options.repeat = (unsigned)n, i++;
        }
        else if (!strcmp(a, "--seed"))
            options.seed = number_option(a, value), i++;
        else if (!strcmp(a, "--trace") && value && (!strcmp(value, "text") || !strcmp(value, "json")))
            options.trace = value, i++;
        else if (!strcmp(a, "--trace") && value)
            stop(2, "--trace %s: give text or json", value);
        else if (!strcmp(a, "--all"))
            options.all = true;
        else if (!strcmp(a, "--no-reduction"))
            options.no_reduction = true;
        else if (!strcmp(a, "--preemptions"))
            options.preemptions = number_option(a, value), i++;
        else if (!strcmp(a, "--depth"))
            options.depth = number_option(a, value), i++;
        else if (!strcmp(a, "--runs"))
            options.runs = number_option(a, value), i++;
        else if (!strcmp(a, "--time"))
            options.time = number_option(a, value), i++;
        else if (!strcmp(a, "--policy") && value)
            options.policy = value, i++;
        else if (!strcmp(a, "-o") && value)
            options.output = value, i++;
        else if (a[0] == '-' && a[1])
            stop(2, "unknown option or missing value: %s", a);
        else if (options.files < sizeof options.file / sizeof options.file[0])
            options.file[options.files++] = a;
        else
            stop(2, "more than %zu files at once: give fewer", sizeof options.file / sizeof options.file[0]);
    }
}

/* ---- Findings ---- */

static struct {
    bool any;
    struct bugcheck bug;
    uint64_t hash, events;
    char report[32768];
} found;

/* Runs report_write() with stderr caught, for --json. */
static void catch_report(const struct bugcheck *bug)
{
    fflush(stderr);
    int memory = memfd_create("report", MFD_CLOEXEC); /* needs no room on a disk */
    FILE *file = memory < 0 ? NULL : fdopen(memory, "w+");
    int saved = dup(STDERR_FILENO);
    if (!file || saved < 0 || dup2(fileno(file), STDERR_FILENO) < 0)
        return;
    report_write(bug);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    size_t n = fread(found.report, 1, sizeof found.report - 1, file);
    found.report[n] = 0;
    fclose(file);
}

static void on_bugcheck(const struct bugcheck *bug)
{
    found.any = true;
    found.bug = *bug;
    found.hash = trace_hash();
    found.report[0] = 0;
    if (options.json)
        catch_report(bug);
    else if (!options.hash_only && !options.quiet)
        report_write(bug);
    machine_abandon();
}

static void print_json(const char *name, size_t size, uint64_t count);
static const char *current_name = "";
static size_t current_size;

/* A sanitizer found it: no way back; or the processor: the life is left as from any bug check. The report is written already. */
static void on_sanitizer(const struct bugcheck *bug)
{
    found.any = true;
    found.bug = *bug;
    found.hash = 0;
    found.report[0] = 0;
    if (sanitizer_found_fault()) {
        found.hash = trace_hash();
        report_on_sanitizer(on_sanitizer); /* for the next life */
        machine_abandon();
    }
    if (options.json)
        print_json(current_name, current_size, 1);
    else
        printf("%s: bug %s\n", current_name, bugcheck_name(bug->code));
    fflush(stdout);
}

static void set_up(void)
{
    if (!engine_init())
        exit(3);
    bugcheck_set_hook(on_bugcheck);
    sanitizer_reports_install(true);
    report_on_sanitizer(on_sanitizer);
}

/* ---- replay, hashes ---- */

static uint8_t input[MAX_INPUT_FILE];

/* Runs once; the verdict is in `found`. */
static void run_once(size_t size)
{
    found.any = false;
    if (engine_run(input, size))
        found.hash = trace_hash();
    found.events = trace_count();
}

/*
 * Runs once where nothing of an earlier life is left. ThreadSanitizer's runtime has a memory of its own that no life resets: it tells a race only
 * once in a process, and what it remembers of an address decides which races it sees. So there each life gets a process.
 */
static void run_apart(size_t size)
{
#if defined(IRPFUZZ_TSAN)
    static void *shared;
    int status;
    if (!shared)
        shared = mmap(NULL, sizeof found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(NULL);
    pid_t pid = shared == MAP_FAILED ? -1 : fork();
    if (!pid) {
        run_once(size);
        memcpy(shared, &found, sizeof found);
        fflush(NULL);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        stop(3, "cannot start a process: %s", strerror(errno));
    if (WIFSIGNALED(status)) { /* its report is written */
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    if (WEXITSTATUS(status))
        exit(WEXITSTATUS(status));
    memcpy(&found, shared, sizeof found);
#else
    run_once(size);
#endif
}

/* The frames of this life alone. */
static void run_captured(size_t size)
{
    if (!pcap_begin(options.pcap))
        stop(2, "cannot write %s: %s", options.pcap, strerror(errno));
    life_wire = pcap_frame;
    run_once(size);
    life_wire = NULL;
    if (!pcap_end())
        stop(3, "%s could not be written as a whole", options.pcap);
}

static void run_traced(size_t size)
{
    if (options.pcap) {
        run_captured(size);
        return;
    }
    if (!options.trace) {
        run_apart(size);
        return;
    }
    const struct trace_sink *sink = strcmp(options.trace, "json") ? trace_view_text(stdout) : trace_view_json(stdout);
    trace_set_sink(sink);
    run_once(size);
    trace_set_sink(NULL);
    trace_view_end(sink);
}

static void print_json(const char *name, size_t size, uint64_t count)
{
    char hash[24], parameter[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, found.hash);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "input", name);
    cJSON_AddStringToObject(o, "target", target.name);
    cJSON_AddStringToObject(o, "verdict", found.any ? "bug" : "fine");
    if (found.any) {
        cJSON_AddStringToObject(o, "bug", bugcheck_name(found.bug.code));
        cJSON_AddNumberToObject(o, "code", found.bug.code);
        cJSON_AddStringToObject(o, "what", found.bug.text);
        cJSON_AddStringToObject(o, "rule", found.bug.rule ? found.bug.rule : "");
        cJSON *parameters = cJSON_AddArrayToObject(o, "parameters");
        for (unsigned i = 0; i < 4; i++) {
            snprintf(parameter, sizeof parameter, "0x%" PRIx64, found.bug.parameter[i]);
            cJSON_AddItemToArray(parameters, cJSON_CreateString(parameter));
        }
        cJSON_AddStringToObject(o, "report", found.report);
    }
    cJSON_AddStringToObject(o, "hash", hash);
    cJSON_AddNumberToObject(o, "events", (double)count);
    cJSON_AddNumberToObject(o, "size", (double)size);
    char *printed = cJSON_PrintUnformatted(o);
    puts(printed);
    free(printed);
    cJSON_Delete(o);
}

/* ---- --save-trace, --diverge ---- */

static void run_logged(size_t size, struct trace_log *log)
{
    *log = (struct trace_log){0};
    trace_set_sink(diverge_sink(log));
    run_once(size);
    trace_set_sink(NULL);
}

static void save_trace(size_t size)
{
    struct trace_log log;
    run_logged(size, &log);
    FILE *file = fopen(options.save_trace, "wb");
    bool good = file && diverge_save(&log, file);
    if (!file || fclose(file) || !good)
        stop(2, "cannot write %s: %s", options.save_trace, strerror(errno));
    diverge_free(&log);
}

/* The trace of the same input in a process of its own: other addresses, nothing left from an earlier life. */
static void run_elsewhere(const char *name, struct trace_log *log)
{
    char trace[64], error[512];
    int status = 0, memory = memfd_create("trace", 0);
    snprintf(trace, sizeof trace, "/proc/self/fd/%d", memory);
    fflush(stdout);
    pid_t pid = memory < 0 ? -1 : fork();
    if (!pid) {
        if (!freopen("/dev/null", "w", stdout)) /* its verdict is not asked for */
            _exit(127);
        execl("/proc/self/exe", "run", "replay", name, "--quiet", "--hash-only", "--save-trace", trace, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        stop(3, "%s: no second process could run it", name);
    if (!diverge_load(log, trace, error, sizeof error))
        stop(3, "%s", error);
    close(memory);
}

/* True: the lives part. */
static bool diverge_file(const char *name, size_t size)
{
    struct trace_log first, other;
    char error[512];
    options.quiet = true;
    run_logged(size, &first);
    run_logged(size, &other);
    bool same = diverge_compare(&first, "first life", &other, "second life", stdout);
    diverge_free(&other);
    if (same) {
        run_elsewhere(name, &other);
        same = diverge_compare(&first, "this process", &other, "another process", stdout);
        diverge_free(&other);
    }
    if (same && options.diverge_with) {
        if (!diverge_load(&other, options.diverge_with, error, sizeof error))
            stop(2, "%s", error);
        same = diverge_compare(&first, "this program", &other, options.diverge_with, stdout);
        diverge_free(&other);
    }
    if (same)
        printf("%s: no difference in %" PRIu64 " records\n", name, first.records);
    else
        printf("%s: not the same every time\n", name);
    diverge_free(&first);
    return !same;
}

static _Noreturn void another_way(const char *name, unsigned life, uint64_t hash, uint64_t expected)
{
    stop(1, "%s: life %u went another way than the first (hash %016" PRIx64 ", not %016" PRIx64 ")", name, life, hash, expected);
}

/* All lives but the one that is shown, in another process: what a sanitizer finds ends it, and must be found as often as it is asked for. */
static struct verdict repeat(const char *name, size_t size)
{
    struct verdict first = {0}, verdict;
    for (unsigned i = 1; i < options.repeat; i++) {
        if (!verdict_of(input, size, LIFE_LIMIT, &verdict))
            stop(3, "cannot start a process: %s", strerror(errno));
        first = i == 1 ? verdict : first;
        if (!verdict_same(&first, &verdict) || verdict.hash != first.hash)
            another_way(name, i, verdict.hash, first.hash);
    }
    return first;
}

static bool replay_file(const char *name)
{
    size_t size = read_input(name, input, sizeof input);
    current_name = name;
    current_size = size;
    if (options.diverge)
        return diverge_file(name, size);
    if (options.save_trace)
        save_trace(size);
    struct verdict first = repeat(name, size);
    run_traced(size);
    uint64_t hash = found.hash, count = found.events;
    bool bug = found.any;
    if (options.repeat > 1 && (hash != first.hash || bug != (first.kind != VERDICT_FINE)))
        another_way(name, options.repeat, hash, first.hash);
    if (options.hash_only)
        printf("%016" PRIx64 "\n", hash);
    else if (options.json)
        print_json(name, size, count);
    else if (!options.trace || strcmp(options.trace, "json"))
        printf("%s: %s%s%s, hash %016" PRIx64 "\n", name, bug ? "bug " : "fine", bug ? bugcheck_name(found.bug.code) : "", "", hash);
    fflush(stdout);
    return bug;
}

static int replay(void)
{
    if (!options.files || !options.repeat || ((options.save_trace || options.diverge_with || options.pcap) && options.files != 1))
        usage();
    if (options.pcap && options.trace)
        stop(2, "--pcap and --trace are two runs: leave one out");
    if (options.diverge && !strcmp(options.file[0], "-"))
        stop(2, "--diverge reads its file twice: standard input cannot be");
    set_up();
    bool bug = false;
    for (unsigned i = 0; i < options.files; i++)
        bug |= replay_file(options.file[i]);
    return bug;
}

static int hashes(void)
{
    options.hash_only = true;
    replay();
    return 0;
}

/* ---- show, assemble, generate ---- */

static int show(void)
{
    static char text[8 << 20];
    if (options.files != 1)
        usage();
    size_t size = read_input(options.file[0], input, sizeof input);
    if (text_show(input, size, target.device, text, sizeof text) >= sizeof text)
        stop(2, "%s is too long to show", options.file[0]);
    fputs(text, stdout);
    return 0;
}

static int assemble(void)
{
    if (options.files != 1 || !options.output)
        usage();
    write_file(options.output, input, read_text(options.file[0], input, sizeof input));
    return 0;
}

static uint32_t random_number(uint64_t *state) /* a linear congruence; the upper half is good enough */
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 32);
}

/* What is no well-made input: noise, or a good one that was cut or has bytes changed. */
static size_t spoil(size_t size, uint64_t *noise)
{
    unsigned how = random_number(noise) % 4;
    if (how == 0)
        size = random_number(noise) % (MAX_INPUT + 64);
    if (how == 1 && size)
        size = random_number(noise) % size;
    for (size_t i = 0; i < size && how != 1; i++)
        if (how == 0 || random_number(noise) % (how == 2 ? 16 : 256) == 0)
            input[i] = (uint8_t)random_number(noise);
    return size;
}

static int generate(void)
{
    if (options.files != 2)
        usage();
    uint64_t count = number_option("generate", options.file[0]);
    if (!engine_init())
        return 3;
    struct mutator m;
    uint64_t noise = options.seed;
    mutator_init(&m, options.seed, engine_hints());
    for (uint64_t i = 0; i < count; i++) {
        char name[4096];
        size_t size = mutator_generate(&m, input, MAX_INPUT);
        if (options.hostile)
            size = spoil(size, &noise);
        snprintf(name, sizeof name, "%s/%06" PRIu64 ".bin", options.file[1], i);
        write_file(name, input, size);
    }
    return 0;
}

/* ---- explore ---- */

static int explore_file(void)
{
    char directory[512];
    if (options.files != 1)
        usage();
    if (options.preemptions > EXPLORE_MAX_PREEMPTIONS)
        stop(2, "--preemptions %" PRIu64 ": give at most %d", options.preemptions, EXPLORE_MAX_PREEMPTIONS);
    if (!options.depth || options.depth > 16)
        stop(2, "--depth %" PRIu64 ": give 1 to 16", options.depth);
    if (options.policy && strcmp(options.policy, "pct") && strcmp(options.policy, "exhaustive"))
        stop(2, "--policy %s: give exhaustive or pct", options.policy);
    snprintf(directory, sizeof directory, "fuzz/%s/explored", target.name);
    struct explore_options o = {.file = options.file[0], .directory = options.output ? options.output : directory,
                                .preemptions = (unsigned)options.preemptions, .time = (double)options.time, .reduction = !options.no_reduction,
                                .all = options.all, .json = options.json, .quiet = options.quiet,
                                .pct = options.policy && !strcmp(options.policy, "pct"), .depth = (unsigned)options.depth, .runs = options.runs,
                                .seed = options.seed};
    size_t size = read_input(options.file[0], input, sizeof input);
    if (!engine_init())
        return 3;
    return explore(&o, input, size);
}

/* ---- minimize ---- */

static int minimize_file(void)
{
    if (options.files != 1)
        usage();
    size_t size = read_input(options.file[0], input, sizeof input);
    if (!engine_init())
        return 3;
    struct minimize_options o = {.file = options.file[0], .output = options.output, .time = (unsigned)options.time, .json = options.json};
    return minimize_result(&o, input, size, sizeof input);
}

/* ---- bench ---- */

static int bench(void)
{
    struct bench result;
    if (options.files != 1)
        usage();
    double limit = (double)number_option("bench", options.file[0]);
    if (limit < 1)
        stop(2, "bench wants a second at least");
    set_up();
    if (!bench_measure(limit, &result))
        stop(1, "the life that is measured ends in a bug check");
    bench_print(&result, options.json);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } commands[] = {{"replay", replay}, {"show", show}, {"assemble", assemble}, {"minimize", minimize_file}, {"generate", generate}, {"hashes", hashes}, {"bench", bench}, {"explore", explore_file}};
    if (argc < 2)
        usage();
    parse_options(argc - 2, argv + 2);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(argv[1], commands[i].name)) {
            int status = commands[i].run();
            if (fflush(stdout) || ferror(stdout))
                stop(3, "cannot write to the standard output: %s", strerror(errno));
            return status;
        }
    usage();
}
