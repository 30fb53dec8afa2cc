/* `irpfuzz replay`, `show`, `assemble` and `minimize`: run_<target> of the right build does the work, one process for each file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "findings.h"
#include "json.h"
#include "targets.h"

const char *program_of_bug(const char *path, const char *target)
{
    char bug[128];
    if (sscanf(path, "fuzz/bugs/%127[^/]/", bug) != 1)
        return NULL;
    const char *kept = text("build/bugs/bin/%s/run_%s", bug, target);
    return file_exists(kept) ? kept : NULL;
}

static const char *program_for(const struct options *o, const char *path, const char *target)
{
    const char *kept = program_of_bug(path, target);
    if (kept)
        return kept;
    bool lives = !strcmp(o->command, "replay") || !strcmp(o->command, "minimize"); /* not only read */
    const char *preset = replay_preset(o->sanitizer ? o->sanitizer : lives ? "address" : "none");
    build_one(preset, text("run_%s", target));
    return text("build/%s/targets/run_%s", preset, target);
}

/* What a program that died (a sanitizer ended it) did not print itself. */
static void print_death(const char *path, const char *target, const struct captured *captured)
{
    struct finding finding;
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "input", path);
    cJSON_AddStringToObject(line, "target", target);
    if (captured->status == EXIT_USAGE || captured->status == EXIT_SETUP) {
        cJSON_AddStringToObject(line, "verdict", "error");
        cJSON_AddStringToObject(line, "what", captured->err);
    } else {
        bool told = finding_parse(captured->err, &finding);
        cJSON_AddStringToObject(line, "verdict", "bug");
        cJSON_AddStringToObject(line, "bug", told ? finding.name : "CRASH");
        cJSON_AddStringToObject(line, "what", told ? finding.what : "the program died without a report");
        cJSON_AddStringToObject(line, "report", captured->err);
        finding_free(&finding);
    }
    cJSON_AddNullToObject(line, "hash");
    json_print(line);
}

static int run_one(const struct options *o, struct args *args, const char *path, const char *target)
{
    struct args environment = {0};
    struct captured captured;
    replay_environment(&environment);
    if (!o->json)
        return run_foreground(args, &environment);
    args_add(args, "--json");
    run_captured(args, &environment, 0, &captured);
    cJSON *line = json_line(captured.out);
    if (line)
        fputs(captured.out, stdout);
    else
        print_death(path, target, &captured);
    cJSON_Delete(line);
    int status = captured.status;
    captured_free(&captured);
    return status;
}

static int worse(int status, int than)
{
    if (status > EXIT_SETUP)
        status = EXIT_BUG; /* a sanitizer or a signal ended the program */
    return status > than ? status : than;
}

static const char *existing(const char *name)
{
    const char *path = user_path(name);
    if (!file_exists(path))
        fail(EXIT_USAGE, "%s: there is no such file", name);
    return path;
}

int command_replay(const struct options *o)
{
    int result = EXIT_FINE;
    if (o->diverge && (o->json || o->trace))
        fail(EXIT_USAGE, "--diverge has an output of its own: leave out --json and --trace");
    if (o->pcap && o->name_count > 1)
        fail(EXIT_USAGE, "--pcap writes the frames of one input: replay it alone");
    for (unsigned i = 0; i < o->name_count && !interrupted; i++) {
        const char *path = existing(o->names[i]);
        const char *target = target_of(path, o->target);
        struct args args = {0};
        args_add(&args, "%s", program_for(o, path, target));
        args_add(&args, "replay");
        args_add(&args, "%s", path);
        if (o->repeat) {
            args_add(&args, "--repeat");
            args_add(&args, "%u", o->repeat);
        }
        if (o->diverge)
            args_add(&args, "--diverge");
        if (o->pcap) {
            args_add(&args, "--pcap");
            args_add(&args, "%s", user_path(o->pcap));
        }
        if (o->trace) {
            args_add(&args, "--trace");
            args_add(&args, "%s", o->trace);
        }
        result = worse(run_one(o, &args, path, target), result);
    }
    return result;
}

int command_show(const struct options *o)
{
    int result = EXIT_FINE;
    for (unsigned i = 0; i < o->name_count; i++) {
        const char *path = existing(o->names[i]);
        struct args args = {0};
        args_add(&args, "%s", program_for(o, path, target_of(path, o->target)));
        args_add(&args, "show");
        args_add(&args, "%s", path);
        result = worse(run_foreground(&args, NULL), result);
    }
    return result;
}

int command_minimize(const struct options *o)
{
    struct args args = {0};
    if (o->name_count != 1)
        fail(EXIT_USAGE, "minimize takes one input: run it once for each");
    const char *path = existing(o->names[0]);
    args_add(&args, "%s", program_for(o, path, target_of(path, o->target)));
    args_add(&args, "minimize");
    args_add(&args, "%s", path);
    if (o->output) {
        args_add(&args, "-o");
        args_add(&args, "%s", user_path(o->output));
    }
    if (o->time) {
        args_add(&args, "--time");
        args_add(&args, "%u", o->time);
    }
    if (o->json)
        args_add(&args, "--json");
    return worse(run_foreground(&args, NULL), EXIT_FINE);
}

int command_assemble(const struct options *o)
{
    struct args args = {0};
    if (o->name_count != 1)
        fail(EXIT_USAGE, "assemble takes one text: run it once for each");
    if (!o->output)
        fail(EXIT_USAGE, "say where the input goes: -o FILE");
    const char *path = existing(o->names[0]);
    args_add(&args, "%s", program_for(o, path, target_of(path, o->target)));
    args_add(&args, "assemble");
    args_add(&args, "%s", path);
    args_add(&args, "-o");
    args_add(&args, "%s", user_path(o->output));
    return worse(run_foreground(&args, NULL), EXIT_FINE);
}
