/*
 * See build.h. A build's output goes to <directory>/irpfuzz-build.log; on a terminal one line tells how far it is.
 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files.h"

/* The last "[12/40]" of the log. */
static void show_progress(const char *log, const char *what)
{
    char *words = read_file(log, NULL);
    char *end = words ? strrchr(words, '[') : NULL;
    int done, all;
    if (end && sscanf(end, "[%d/%d]", &done, &all) == 2)
        fprintf(stderr, "\r%s: %d of %d ", what, done, all);
    free(words);
}

static void print_tail(const char *log)
{
    char *words = read_file(log, NULL);
    if (!words)
        return;
    char *error = strstr(words, "FAILED:");
    char *from = error ? error : words;
    size_t length = strlen(from);
    if (!error && length > 4000)
        from += length - 4000;
    fprintf(stderr, "%.6000s\n", from);
    free(words);
}

static void run_step(const struct args *args, const char *log, const char *what)
{
    bool terminal = isatty(2);
    bool told = false;
    struct child child;
    child_start(&child, args, NULL, log);
    while (!child_ended(&child)) {
        if (interrupted) {
            child_stop(&child, 5);
            fail(EXIT_SETUP, "%s: interrupted", what);
        }
        if (!told && now() - child.started > 1.5) {
            fprintf(stderr, "%s%s", what, terminal ? "" : "\n");
            told = true;
        }
        if (told && terminal)
            show_progress(log, what);
        sleep_seconds(0.05);
    }
    if (told && terminal)
        fprintf(stderr, "\r\033[K");
    if (!child.status)
        return;
    print_tail(log);
    fail(EXIT_SETUP, "%s failed: see %s", what, log);
}

void build_directory(const char *directory, const char *preset, const struct args *settings, const struct args *targets)
{
    const char *log = text("%s/irpfuzz-build.log", directory);
    make_directory(directory);
    if (!file_exists(text("%s/build.ninja", directory))) {
        struct args configure = {0};
        args_add(&configure, "cmake");
        args_add(&configure, "--preset");
        args_add(&configure, "%s", preset);
        args_add(&configure, "-B");
        args_add(&configure, "%s", directory);
        for (unsigned i = 0; settings && i < settings->n; i++)
            args_add(&configure, "%s", settings->v[i]);
        run_step(&configure, log, text("configuring %s", directory));
    }
    struct args build = {0};
    args_add(&build, "cmake");
    args_add(&build, "--build");
    args_add(&build, "%s", directory);
    if (targets && targets->n)
        args_add(&build, "--target");
    for (unsigned i = 0; targets && i < targets->n; i++)
        args_add(&build, "%s", targets->v[i]);
    run_step(&build, log, text("building %s", directory));
}

void configure_preset(const char *preset)
{
    struct args help = {0};
    args_add(&help, "help");
    build_preset(preset, &help);
}

void build_preset(const char *preset, const struct args *targets)
{
    build_directory(text("build/%s", preset), preset, NULL, targets);
}

void build_one(const char *preset, const char *target)
{
    struct args targets = {0};
    args_add(&targets, "%s", target);
    build_preset(preset, &targets);
}

bool build_knows(const char *directory, const char *target)
{
    char *rules = read_file(text("%s/build.ninja", directory), NULL);
    bool known = rules && strstr(rules, text("\nbuild %s: phony", target));
    free(rules);
    return known;
}
