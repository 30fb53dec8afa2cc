/* `irpfuzz stress`: builds stress_<app> (stress/) and runs it; Ctrl-C ends it. */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "command.h"
#include "targets.h"

#define DEFAULT_SECONDS 60

/* The build without a fuzzer's feedback, where there is one. */
static const char *stress_preset(const char *sanitizer)
{
    static const char *const plain[][2] = {{"none", "release"}, {"address", "asan"}, {"thread", "tsan"}, {"memory", "msan"}};
    for (unsigned i = 0; i < 4; i++)
        if (!strcmp(sanitizer, plain[i][0]))
            return plain[i][1];
    return fuzz_preset("libfuzzer", sanitizer);
}

int command_stress(const struct options *o)
{
    struct args apps = {0}, chosen = {0}, args = {0};
    names_of("stress/CMakeLists.txt", "add_stress_app", &apps);
    select_names(&apps, o->names, 1, "app", &chosen);
    if (chosen.n != 1)
        fail(EXIT_USAGE, "%s: several apps have a name that begins so; give one", o->names[0]);
    if (o->schedule && strcmp(o->schedule, "free") && strspn(o->schedule, "0123456789") != strlen(o->schedule))
        fail(EXIT_USAGE, "--schedule %s: give free or a number", o->schedule);

    const char *preset = stress_preset(o->sanitizer ? o->sanitizer : "none");
    build_one(preset, text("stress_%s", chosen.v[0]));
    args_add(&args, "build/%s/stress/stress_%s", preset, chosen.v[0]);
    args_add(&args, "--time");
    args_add(&args, "%u", o->time ? o->time : DEFAULT_SECONDS);
    args_add(&args, "--schedule");
    args_add(&args, "%s", o->schedule ? o->schedule : "free");
    if (o->threads) {
        args_add(&args, "--threads");
        args_add(&args, "%u", o->threads);
    }
    if (o->instances) {
        args_add(&args, "--instances");
        args_add(&args, "%u", o->instances);
    }
    if (o->json)
        args_add(&args, "--json");
    args_add(&args, "--");
    for (unsigned i = 1; i < o->name_count; i++)
        args_add(&args, "%s", o->names[i]);
    int status = run_foreground(&args, NULL);
    return status > EXIT_SETUP ? EXIT_BUG : status;
}
