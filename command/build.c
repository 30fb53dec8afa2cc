/*
 * See build.h. A build's output goes to <directory>/irpfuzz-build.log; on a terminal one line tells how far it is. One command at a time builds in a directory: who comes
 * second waits, and finds it built.
 */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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

/* Returns what unlocks it when it is closed. */
static int lock_directory(const char *directory)
{
    make_directory(directory);
    const char *path = text("%s/irpfuzz.lock", directory);
    int lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (lock < 0)
        fail(EXIT_SETUP, "%s: %s", path, strerror(errno));
    for (bool told = false; flock(lock, LOCK_EX | LOCK_NB); told = true) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            fail(EXIT_SETUP, "%s: %s", path, strerror(errno));
        if (interrupted)
            fail(EXIT_SETUP, "waiting for %s: interrupted", directory);
        if (!told)
            fprintf(stderr, "%s: another irpfuzz builds there, waiting for it\n", directory);
        sleep_seconds(0.05);
    }
    return lock;
}

/* False, after the log's words, if it failed. */
static bool run_step(const struct args *args, const char *log, const char *what)
{
    bool terminal = isatty(2);
    bool told = false;
    struct child child;
    child_start(&child, args, NULL, log, SIGTERM);
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
    if (child.status)
        print_tail(log);
    return !child.status;
}

#define TRAINING "build/training"
#define PROFILE TRAINING "/emulator.profdata"

static void configure(const char *directory, const char *preset, const struct args *settings, const char *log);

/* The profile by which the emulator is laid out in builds that fuzz (cmake/WholeObject.cmake): made once, for all of them. */
static void make_profile(void)
{
    const char *log = TRAINING "/irpfuzz-build.log";
    struct args args = {0};
    if (file_exists(PROFILE))
        return;
    int lock = lock_directory(TRAINING);
    configure(TRAINING, "training", NULL, log);
    args_add(&args, "cmake");
    args_add(&args, "--build");
    args_add(&args, TRAINING);
    args_add(&args, "--target");
    args_add(&args, "emulator_profile");
    if (!run_step(&args, log, "building " TRAINING))
        fail(EXIT_SETUP, "building " TRAINING " failed: see %s", log);
    close(lock);
}

static bool takes_profile(const char *preset)
{
    return (!strncmp(preset, "fuzz-", 5) || !strncmp(preset, "afl-", 4)) && !strstr(preset, "-memory");
}

static void configure(const char *directory, const char *preset, const struct args *settings, const char *log)
{
    struct args args = {0};
    if (file_exists(text("%s/build.ninja", directory)))
        return;
    if (takes_profile(preset))
        make_profile();
    args_add(&args, "cmake");
    args_add(&args, "--preset");
    args_add(&args, "%s", preset);
    args_add(&args, "-B");
    args_add(&args, "%s", directory);
    for (unsigned i = 0; settings && i < settings->n; i++)
        args_add(&args, "%s", settings->v[i]);
    char *profile = takes_profile(preset) ? realpath(PROFILE, NULL) : NULL;
    if (profile)
        args_add(&args, "-DIRPFUZZ_PROFILE=%s", profile);
    free(profile);
    if (!run_step(&args, log, text("configuring %s", directory)))
        fail(EXIT_SETUP, "configuring %s failed: see %s", directory, log);
}

void build_directory(const char *directory, const char *preset, const struct args *settings, const struct args *targets)
{
    const char *log = text("%s/irpfuzz-build.log", directory);
    struct args args = {0};
    int lock = lock_directory(directory);
    configure(directory, preset, settings, log);
    args_add(&args, "cmake");
    args_add(&args, "--build");
    args_add(&args, "%s", directory);
    args_add(&args, "--target");
    for (unsigned i = 0; i < targets->n; i++)
        args_add(&args, "%s", targets->v[i]);
    if (!run_step(&args, log, text("building %s", directory)))
        fail(EXIT_SETUP, "building %s failed: see %s", directory, log);
    close(lock);
}

bool build_everything(const char *preset)
{
    const char *directory = text("build/%s", preset), *log = text("%s/irpfuzz-build.log", directory);
    struct args args = {0};
    int lock = lock_directory(directory);
    configure(directory, preset, NULL, log);
    args_add(&args, "cmake");
    args_add(&args, "--build");
    args_add(&args, "%s", directory);
    args_add(&args, "--");
    args_add(&args, "-k0");
    bool good = run_step(&args, log, text("building %s", directory));
    close(lock);
    return good;
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
