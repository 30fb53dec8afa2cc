/* See findings.h. */
#include "findings.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "process.h"

#define SYMBOLIZER "/usr/bin/llvm-symbolizer-19"
#define REPLAY_LIMIT 60 /* seconds; an input takes microseconds, a start under a sanitizer a second */

static void copy_word(char *out, size_t size, const char *from, const char *stop)
{
    size_t length = strcspn(from, stop);
    if (length >= size)
        length = size - 1;
    memcpy(out, from, length);
    out[length] = 0;
}

/* "Function (drivers/.../file.c:12) reads what Other (...) wrote": the race is there, and not where the gate told of it. */
static void find_race(struct finding *finding)
{
    const char *open = strstr(finding->what, " (");
    if (strcmp(finding->name, "DATA_RACE") || !open)
        return;
    copy_word(finding->function, sizeof finding->function, finding->what, " ");
    copy_word(finding->place, sizeof finding->place, open + 2, ")");
}

/* "    #0 Function  drivers/.../file.c:12": the first such line that names a file of a driver, or of the card. */
static void find_driver_frame(const char *words, struct finding *finding)
{
    strcpy(finding->function, "none");
    for (const char *line = words; line; line = strchr(line + 1, '\n')) {
        const char *at = line + (*line == '\n');
        const char *end = strchrnul(at, '\n');
        at += strspn(at, " ");
        if (*at != '#' || !isdigit((unsigned char)at[1]))
            continue;
        const char *driver = memmem(at, (size_t)(end - at), "drivers/", 8);
        driver = driver ? driver : memmem(at, (size_t)(end - at), "emulator/nic/", 13);
        if (!driver)
            continue;
        const char *name = at + strcspn(at, " ");
        name += strspn(name, " ");
        if (!strncmp(name, "0x", 2)) { /* a sanitizer's own: "#0 0x55 in Function /path" */
            const char *in = memmem(name, (size_t)(end - name), " in ", 4);
            name = in ? in + 4 : name;
        }
        copy_word(finding->function, sizeof finding->function, name, " \n");
        copy_word(finding->place, sizeof finding->place, driver, " )\n");
        return;
    }
}

static bool parse_own(const char *words, struct finding *finding)
{
    const char *at = strstr(words, "*** irpfuzz: ");
    if (!at)
        return false;
    copy_word(finding->name, sizeof finding->name, at + 13, " (\n");
    const char *what = strstr(at, "  what ");
    if (what)
        copy_word(finding->what, sizeof finding->what, what + 7 + strspn(what + 7, " "), "\n");
    const char *parameters = strstr(at, "  parameters 0x");
    if (parameters)
        finding->parameter = strtoull(parameters + 13, NULL, 16);
    find_driver_frame(at, finding);
    find_race(finding);
    return true;
}

static bool parse_sanitizer(const char *words, struct finding *finding)
{
    const char *at = strstr(words, "Sanitizer: ");
    if (at) {
        snprintf(finding->name, sizeof finding->name, "SANITIZER-");
        copy_word(finding->name + 10, sizeof finding->name - 10, at + 11, " \n");
    } else if ((at = strstr(words, "runtime error: "))) {
        snprintf(finding->name, sizeof finding->name, "SANITIZER-undefined");
        copy_word(finding->what, sizeof finding->what, at + 15, "\n");
    } else {
        return false;
    }
    find_driver_frame(words, finding);
    return true;
}

bool finding_parse(const char *words, struct finding *finding)
{
    memset(finding, 0, sizeof *finding);
    finding->reproduced = parse_own(words, finding) || parse_sanitizer(words, finding);
    if (finding->reproduced)
        finding->report = text("%s", words);
    return finding->reproduced;
}

void replay_environment(struct args *environment)
{
    static const char *const runtimes[] = {"ASAN", "MSAN", "UBSAN"};
    for (unsigned i = 0; i < 3; i++)
        if (file_exists(SYMBOLIZER) && !getenv(text("%s_SYMBOLIZER_PATH", runtimes[i])))
            args_add(environment, "%s_SYMBOLIZER_PATH=" SYMBOLIZER, runtimes[i]);
}

void finding_replay(const char *run_program, const char *input, struct finding *finding)
{
    struct args args = {0}, environment = {0};
    struct captured captured;
    replay_environment(&environment);
    args_add(&args, "%s", run_program);
    args_add(&args, "replay");
    args_add(&args, "%s", input);
    run_captured(&args, &environment, REPLAY_LIMIT, &captured);
    if (!finding_parse(captured.err, finding)) {
        bool died = captured.timed_out || captured.status > 1;
        snprintf(finding->name, sizeof finding->name, "%s", captured.timed_out ? "TIMEOUT" : died ? "CRASH" : "NOT_REPRODUCED");
        snprintf(finding->what, sizeof finding->what, "the replay %s (status %d)",
                 captured.timed_out ? "did not end in time" : died ? "died without a report" : "ran to its end in peace", captured.status);
        strcpy(finding->function, "none");
        finding->reproduced = died;
        finding->report = text("%s%s", captured.err, captured.out);
    }
    captured_free(&captured);
}

void finding_free(struct finding *finding)
{
    free(finding->report);
    finding->report = NULL;
}

struct known {
    const char *key;
    char path[4096];
};

static void look_for_known(const char *path, void *context)
{
    struct known *known = context;
    const char *name = strrchr(path, '/') + 1;
    size_t length = strlen(known->key);
    if (!strncmp(name, known->key, length) && strlen(name) == length + 8)
        snprintf(known->path, sizeof known->path, "%s", path);
}

static off_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) ? 0 : status.st_size;
}

bool finding_store(const char *directory, const char *input, const struct finding *finding, char path[4096])
{
    struct known known = {.key = text("%s-%s-", finding->name, finding->function)};
    make_directory(directory);
    each_file(directory, look_for_known, &known);
    if (*known.path && size_of(known.path) <= size_of(input)) {
        strcpy(path, known.path);
        return false;
    }
    /* A smaller input takes the place of the one that is there, under its name: the command that replays it has been printed. */
    bool is_new = !*known.path;
    if (is_new)
        snprintf(path, 4096, "%s/%s%08x", directory, known.key, (unsigned)file_hash(input));
    else
        strcpy(path, known.path);
    copy_file(input, path);
    write_file(text("%s.report.txt", path), finding->report, strlen(finding->report));
    return is_new;
}
