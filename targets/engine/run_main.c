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
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "life.h"
#include "machine/machine.h"
#include "text.h"
#include "trace_view.h"

#define MAX_FILE (1 << 20)

static const char usage_text[] =
    "usage: run_%1$s replay FILE.. [--repeat N] [--trace text|json] [--json] [--hash-only]\n"
    "       run_%1$s show FILE\n"
    "       run_%1$s assemble TEXT -o FILE\n"
    "       run_%1$s generate N DIRECTORY [--seed S]\n"
    "       run_%1$s hashes FILE..\n"
    "       run_%1$s bench SECONDS [--json]\n";

static _Noreturn void stop(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
static _Noreturn void stop(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("irpfuzz: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(status);
}

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
    const char *trace, *output;
    bool json, hash_only;
    uint64_t seed;
} options = {.repeat = 1};

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
        else if (!strcmp(a, "--repeat"))
            options.repeat = (unsigned)number_option(a, value), i++;
        else if (!strcmp(a, "--seed"))
            options.seed = number_option(a, value), i++;
        else if (!strcmp(a, "--trace") && value && (!strcmp(value, "text") || !strcmp(value, "json")))
            options.trace = value, i++;
        else if (!strcmp(a, "-o") && value)
            options.output = value, i++;
        else if (a[0] == '-' && a[1])
            stop(2, "unknown option or missing value: %s", a);
        else if (options.files < sizeof options.file / sizeof options.file[0])
            options.file[options.files++] = a;
    }
}

/* ---- Files ---- */

static uint8_t file_bytes[MAX_FILE + 1];

static size_t read_file(const char *name)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    if (!file)
        stop(2, "cannot read %s: %s", name, strerror(errno));
    size_t size = fread(file_bytes, 1, sizeof file_bytes, file);
    if (ferror(file))
        stop(2, "cannot read %s: %s", name, strerror(errno));
    if (file != stdin)
        fclose(file);
    if (size > MAX_FILE)
        stop(2, "%s is longer than %d bytes: no input", name, MAX_FILE);
    file_bytes[size] = 0;
    return size;
}

/* The input in binary, whichever form the file has. */
static size_t read_input(const char *name, uint8_t *out, size_t room)
{
    size_t size = read_file(name), made;
    char error[512];
    if (!text_is_program(file_bytes, size)) {
        if (size > room)
            stop(2, "%s is longer than %zu bytes: no input", name, room);
        memcpy(out, file_bytes, size);
        return size;
    }
    if (!text_assemble((const char *)file_bytes, name, out, room, &made, error, sizeof error))
        stop(2, "%s", error);
    if (made > room)
        stop(2, "%s makes more than %zu bytes: too long", name, room);
    return made;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
        stop(2, "cannot write %s: %s", name, strerror(errno));
}

/* ---- Findings ---- */

static struct {
    bool any;
    struct bugcheck bug;
    uint64_t hash;
    char report[32768];
} found;

/* Runs report_write() with stderr caught, for --json. */
static void catch_report(const struct bugcheck *bug)
{
    fflush(stderr);
    FILE *file = tmpfile();
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
    else if (!options.hash_only)
        report_write(bug);
    machine_abandon();
}

static void print_json(const char *name, size_t size, uint64_t count);
static const char *current_name = "";
static size_t current_size;

/* A sanitizer or the processor found it: no way back into the life; the report is written already. */
static void on_sanitizer(const struct bugcheck *bug)
{
    found.any = true;
    found.bug = *bug;
    found.hash = 0;
    found.report[0] = 0;
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

static uint8_t input[MAX_FILE];

/* Runs once; the verdict is in `found`. */
static void run_once(size_t size)
{
    found.any = false;
    if (engine_run(input, size))
        found.hash = trace_hash();
}

static void run_traced(size_t size)
{
    if (!options.trace) {
        run_once(size);
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

static bool replay_file(const char *name)
{
    size_t size = read_input(name, input, sizeof input);
    current_name = name;
    current_size = size;
    run_traced(size);
    uint64_t hash = found.hash, count = trace_count();
    bool bug = found.any;
    for (unsigned i = 1; i < options.repeat; i++) {
        run_once(size);
        if (found.hash != hash)
            stop(1, "%s: life %u went another way than the first (hash %016" PRIx64 ", not %016" PRIx64 ")", name, i + 1, found.hash, hash);
    }
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
    if (!options.files || !options.repeat)
        usage();
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
    size_t made, size = read_file(options.file[0]);
    char error[512];
    if (memchr(file_bytes, 0, size))
        stop(2, "%s is no text: assemble wants the text form", options.file[0]);
    if (!text_assemble((const char *)file_bytes, options.file[0], input, sizeof input, &made, error, sizeof error))
        stop(2, "%s", error);
    write_file(options.output, input, made);
    return 0;
}

static int generate(void)
{
    if (options.files != 2)
        usage();
    uint64_t count = number_option("generate", options.file[0]);
    if (!engine_init())
        return 3;
    struct mutator m;
    mutator_init(&m, options.seed, engine_hints());
    for (uint64_t i = 0; i < count; i++) {
        char name[4096];
        size_t size = mutator_generate(&m, input, MAX_INPUT);
        snprintf(name, sizeof name, "%s/%06" PRIu64 ".bin", options.file[1], i);
        write_file(name, input, size);
    }
    return 0;
}

/* ---- bench ---- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* An echo-like day: open, eight operations of a few hundred bytes, close. */
static size_t plain_life(void)
{
    static const char text[] = TEXT_MARKER "\napp0: h0 = open\napp0: write h0 len=512 fill=1 async -> r0\napp0: read h0 len=512 async -> r1\n"
                                           "app0: write h0 len=64 fill=2 async -> r2\napp0: wait r0\napp0: cancel r2\napp0: wait r1\n"
                                           "app0: read h0 len=16 async -> r3\napp0: wait r3\napp0: close h0\n";
    size_t made;
    char error[256];
    if (!text_assemble(text, "bench", input, sizeof input, &made, error, sizeof error))
        stop(3, "%s", error);
    return made;
}

static int bench(void)
{
    if (options.files != 1)
        usage();
    double limit = (double)number_option("bench", options.file[0]);
    set_up();
    size_t size = plain_life();
    double begin = seconds(), now = begin;
    uint64_t lives = 0, events = 0;
    while ((now = seconds()) - begin < limit)
        for (unsigned i = 0; i < 100; i++) {
            run_once(size);
            if (found.any)
                stop(1, "the life that is measured ends in a bug check");
            lives++;
            events += trace_count();
        }
    double rate = (double)lives / (now - begin);
    if (options.json)
        printf("{\"target\":\"%s\",\"lives\":%" PRIu64 ",\"seconds\":%.3f,\"lives_per_second\":%.0f,\"events_per_second\":%.0f}\n", target.name, lives,
               now - begin, rate, (double)events / (now - begin));
    else
        printf("%s: %.0f lives a second, %.2f us each, %.0f events each\n", target.name, rate, 1e6 / rate, (double)events / (double)lives);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } commands[] = {{"replay", replay}, {"show", show}, {"assemble", assemble}, {"generate", generate}, {"hashes", hashes}, {"bench", bench}};
    if (argc < 2)
        usage();
    parse_options(argc - 2, argv + 2);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run();
    usage();
}
