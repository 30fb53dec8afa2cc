/*
 * `irpfuzz test`: unit tests (ctest) of the release, asan and tsan builds, and the shell tests. The last line of the output is
 * "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "json.h"
#include "targets.h"

#define LOG_SHOWN 12000 /* bytes */

static struct {
    unsigned passed, failed;
    bool json;
    char *registered;  /* what ctest runs: such scripts are not run twice */
} tests;

static void told(const char *name, bool passed, double seconds)
{
    tests.passed += passed;
    tests.failed += !passed;
    if (!tests.json) {
        printf("%-6s %-52s %6.1f s\n", passed ? "passed" : "FAILED", name, seconds);
        fflush(stdout);
        return;
    }
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "test", name);
    cJSON_AddBoolToObject(line, "passed", passed);
    cJSON_AddNumberToObject(line, "seconds", seconds);
    json_print(line);
}

/* "1/9 Test #1: test_input .......   Passed    0.01 sec"; anything but Passed is a failure. */
static unsigned read_ctest(const char *preset, char *words)
{
    unsigned count = 0;
    for (char *line; (line = strsep(&words, "\n"));) {
        char name[128], verdict[64];
        double seconds = 0;
        const char *at = strstr(line, " Test ");
        const char *dots = strstr(line, " ..");
        if (!at || !dots || !strchr(line, '/') || sscanf(at, " Test #%*u: %127s", name) != 1)
            continue;
        const char *word = dots + 1 + strspn(dots + 1, ".*");
        if (sscanf(word, " %63s %lf sec", verdict, &seconds) < 1)
            continue;
        const char *time = strstr(line, " sec");
        while (time && time > line && time[-1] != ' ')
            time--;
        told(text("%s: %s", preset, name), !strcmp(verdict, "Passed"), time ? strtod(time, NULL) : seconds);
        count++;
    }
    return count;
}

/* "FAIL <what>: <condition>", as the scripts say it: the end of a long log may be far behind it. */
static void show_failures(const char *words)
{
    for (const char *line = words; *line; line += *line != 0) {
        size_t length = strcspn(line, "\n");
        if (!strncmp(line, "FAIL ", 5))
            printf("       %.*s\n", (int)length, line);
        line += length;
    }
}

/* Where the tests ran, a log may be out of reach: what failed is seen in the output as well. */
static void show_end(const char *log)
{
    char *words = read_file(log, NULL);
    size_t length = words ? strlen(words) : 0;
    show_failures(words ? words : "");
    const char *at = words ? words + (length > LOG_SHOWN ? length - LOG_SHOWN : 0) : "";
    if (length > LOG_SHOWN && strchr(at, '\n'))
        at = strchr(at, '\n') + 1;
    printf("       the end of %s:\n%s", log, at);
    fflush(stdout);
    free(words);
}

static void run_ctest(const char *preset)
{
    struct args args = {0};
    struct captured captured;
    double started = now();
    args_add(&args, "ctest");
    args_add(&args, "--test-dir");
    args_add(&args, "build/%s", preset);
    args_add(&args, "--timeout");
    args_add(&args, "600");
    args_add(&args, "--output-on-failure");
    args_add(&args, "-j%u", cores());
    run_captured(&args, NULL, 0, &captured);
    write_file(text("build/%s/ctest.log", preset), captured.out, strlen(captured.out));
    unsigned failed = tests.failed;
    unsigned count = read_ctest(preset, captured.out);
    if (!count || (captured.status && failed == tests.failed))
        told(text("%s: ctest", preset), false, now() - started);
    if (tests.failed > failed && !tests.json)
        show_end(text("build/%s/ctest.log", preset));
    captured_free(&captured);
}

/* What does not build is one failure, whatever else it takes along. */
static void build(const char *preset)
{
    double started = now();
    if (!build_everything(preset))
        told(text("%s: build", preset), false, now() - started);
}

static void list_ctest(void)
{
    struct args args = {0};
    struct captured captured;
    args_add(&args, "ctest");
    args_add(&args, "--test-dir");
    args_add(&args, "build/release");
    args_add(&args, "--show-only=json-v1");
    run_captured(&args, NULL, 60, &captured);
    tests.registered = text("%s", captured.out);
    captured_free(&captured);
}

static void run_script(const char *path, const char *argument)
{
    struct args args = {0}, environment = {0};
    double started = now();
    char *log = text("build/release/%s.log", path);
    if (!file_exists(path) || strstr(tests.registered, path) || interrupted)
        return;
    for (char *at = log + sizeof "build/release"; (at = strchr(at, '/'));)
        *at = '-';
    args_add(&args, "sh");
    args_add(&args, "%s", path);
    if (argument)
        args_add(&args, "%s", argument);
    args_add(&environment, "HEADERS=%s", realpath("build/release/headers", NULL));
    int status = run_logged(&args, &environment, log);
    told(path, !status, now() - started);
    if (status && !tests.json)
        show_end(log);
}

static void run_found_script(const char *path, void *context)
{
    (void)context;
    const char *name = strrchr(path, '/') + 1;
    if (!strcmp(name, "run.sh"))
        run_script(path, NULL);
}

int command_test(const struct options *o)
{
    static const char *const presets[] = {"release", "asan", "tsan"};
    unsigned preset_count = o->quick ? 1 : 3;
    tests.json = o->json;
    for (unsigned i = 0; i < preset_count; i++)
        build(presets[i]);
    list_ctest();
    for (unsigned i = 0; i < preset_count && !interrupted; i++)
        run_ctest(presets[i]);
    run_script("tests/bugs/check.sh", "build/release/headers");
    run_script("tests/tidy.sh", NULL);
    run_script("tests/conformance/generate.sh", "--check");
    if (!o->quick)
        each_file_below("tests", run_found_script, NULL);
    if (interrupted)
        fail(EXIT_SETUP, "interrupted after %u tests", tests.passed + tests.failed);
    if (tests.json) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddNumberToObject(line, "passed", tests.passed);
        cJSON_AddNumberToObject(line, "failed", tests.failed);
        json_print(line);
    } else {
        printf("%u passed, %u failed\n", tests.passed, tests.failed);
    }
    return tests.failed ? EXIT_BUG : EXIT_FINE;
}
