/* `irpfuzz explore`: run_<target> of the right build walks the schedules of one program and writes the first that fails (targets/engine/explore.h). */
#include <string.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "findings.h"
#include "targets.h"

enum { STATUS_UNFINISHED = 4 }; /* of this command alone: stopped before every schedule was run */

static void add_number(struct args *args, const char *option, unsigned value)
{
    args_add(args, "%s", option);
    args_add(args, "%u", value);
}

static void add_policy(const struct options *o, struct args *args)
{
    bool pct = o->policy && !strcmp(o->policy, "pct");
    if (pct && (o->preemptions || o->no_reduction || o->all))
        fail(EXIT_USAGE, "--policy pct draws its schedules: --preemptions, --no-reduction and --all are for the exhaustive policy");
    if (!pct && (o->depth || o->runs))
        fail(EXIT_USAGE, "--depth and --runs are for --policy pct");
    if (pct) {
        args_add(args, "--policy");
        args_add(args, "pct");
        if (o->depth)
            add_number(args, "--depth", o->depth);
        if (o->runs)
            add_number(args, "--runs", o->runs);
        return;
    }
    if (o->preemptions)
        add_number(args, "--preemptions", o->preemptions - 1);
    if (o->no_reduction)
        args_add(args, "--no-reduction");
    if (o->all)
        args_add(args, "--all");
}

int command_explore(const struct options *o)
{
    struct args args = {0}, environment = {0};
    if (o->name_count != 1)
        fail(EXIT_USAGE, "explore takes one program: run it once for each");
    const char *path = user_path(o->names[0]);
    if (!file_exists(path))
        fail(EXIT_USAGE, "%s: there is no such file", o->names[0]);
    const char *target = target_of(path, o->target);
    bool plain = !o->sanitizer || !strcmp(o->sanitizer, "none");
    const char *preset = plain ? o->no_reduction || o->policy ? "release" : "explore" : replay_preset(o->sanitizer);
    const char *program = program_of_bug(path, target);
    if (!program) {
        build_one(preset, text("run_%s", target));
        program = text("build/%s/targets/run_%s", preset, target);
    }
    args_add(&args, "%s", program);
    args_add(&args, "explore");
    args_add(&args, "%s", path);
    add_policy(o, &args);
    if (o->time)
        add_number(&args, "--time", o->time);
    if (o->json)
        args_add(&args, "--json");
    replay_environment(&environment);
    int status = run_foreground(&args, &environment);
    return status <= STATUS_UNFINISHED ? status : EXIT_SETUP;
}
