/* See targets.h. */
#include "targets.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bug_list.h"
#include "command.h"
#include "files.h"

static bool has(const struct args *list, const char *word)
{
    for (unsigned i = 0; i < list->n; i++)
        if (!strcmp(list->v[i], word))
            return true;
    return false;
}

void names_of(const char *file, const char *function, struct args *names)
{
    char *words = read_file(file, NULL);
    char *rest = words, *line;
    size_t length = strlen(function);
    while (rest && (line = strsep(&rest, "\n"))) {
        char name[128];
        line += strspn(line, " \t");
        if (strncmp(line, function, length) || line[length] != '(' || sscanf(line + length + 1, " %127[A-Za-z0-9_]", name) != 1)
            continue;
        if (!has(names, name))
            args_add(names, "%s", name);
    }
    free(words);
}

void all_targets(struct args *names) { names_of("targets/CMakeLists.txt", "irpfuzz_target", names); }

void all_presets(struct args *names)
{
    char *words = read_file("CMakePresets.json", NULL);
    cJSON *presets = cJSON_Parse(words ? words : "");
    cJSON *preset;
    cJSON_ArrayForEach(preset, cJSON_GetObjectItem(presets, "configurePresets"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(preset, "name"));
        if (name && !cJSON_IsTrue(cJSON_GetObjectItem(preset, "hidden")))
            args_add(names, "%s", name);
    }
    cJSON_Delete(presets);
    free(words);
}

static void select_word(const struct args *all, const char *word, const char *what, struct args *chosen)
{
    bool fits = false;
    if (has(all, word)) {
        if (!has(chosen, word))
            args_add(chosen, "%s", word);
        return;
    }
    for (unsigned i = 0; i < all->n; i++) {
        if (strncmp(all->v[i], word, strlen(word)))
            continue;
        fits = true;
        if (!has(chosen, all->v[i]))
            args_add(chosen, "%s", all->v[i]);
    }
    if (!fits)
        fail(EXIT_USAGE, "%s: no %s has a name that begins so; irpfuzz list shows them", word, what);
}

void select_names(const struct args *all, char **words, unsigned count, const char *what, struct args *chosen)
{
    if (!all->n)
        fail(EXIT_SETUP, "the tree has no %s", what);
    for (unsigned i = 0; i < count; i++)
        select_word(all, words[i], what, chosen);
    for (unsigned i = 0; !count && i < all->n; i++)
        args_add(chosen, "%s", all->v[i]);
}

/* fuzz/bugs/<name>/...: the table of bugs knows whose it is. */
static const char *target_of_bug(const char *path)
{
    static struct bug bugs[MAX_BUGS];
    char name[256];
    if (sscanf(path, "fuzz/bugs/%255[^/]/", name) != 1)
        return NULL;
    unsigned count = bug_list(bugs);
    for (unsigned i = 0; i < count; i++)
        if (!strcmp(bugs[i].name, name))
            return bugs[i].target;
    return NULL;
}

const char *target_of(const char *path, const char *given)
{
    struct args all = {0};
    char folder[256] = "";
    all_targets(&all);
    if (given && !has(&all, given))
        fail(EXIT_USAGE, "--target %s: there is no such target; irpfuzz list shows them", given);
    if (given)
        return given;
    const char *name = target_of_bug(path);
    if (!name && (sscanf(path, "fuzz/%255[^/]/", folder) == 1 || sscanf(path, "corpus/%255[^/]/", folder) == 1))
        name = text("%s", folder);
    if (name && has(&all, name))
        return name;
    if (all.n == 1)
        return all.v[0];
    fail(EXIT_USAGE, "%s: the path does not tell which target this input is for: add --target NAME", path);
}

const char *fuzz_preset(const char *engine, const char *sanitizer)
{
    const char *family = engine && !strcmp(engine, "afl") ? "afl" : "fuzz";
    const char *preset = text("%s-%s", family, sanitizer ? sanitizer : "address");
    struct args all = {0};
    all_presets(&all);
    if (!has(&all, preset))
        fail(EXIT_USAGE, "there is no build of %s with --sanitizer %s: use --engine libfuzzer or another sanitizer", family, sanitizer);
    return preset;
}

const char *replay_preset(const char *sanitizer)
{
    if (sanitizer && !strcmp(sanitizer, "none"))
        return "release";
    return fuzz_preset("libfuzzer", sanitizer);
}

const char *dictionary_of(const char *target) { return text("corpus/%s/%s.dict", target, target); }

struct seeding {
    const char *run_program, *directory, *group;
    unsigned count;
};

static void assemble_one(const char *path, void *context)
{
    struct seeding *seeding = context;
    const char *name = strrchr(path, '/') + 1;
    size_t length = strlen(name);
    if (length < 5 || strcmp(name + length - 4, ".txt"))
        return;
    const char *out = text("%s/%s-%.*s", seeding->directory, seeding->group, (int)length - 4, name);
    seeding->count++;
    if (file_time(out) > file_time(path))
        return;
    struct args args = {0};
    struct captured captured;
    args_add(&args, "%s", seeding->run_program);
    args_add(&args, "assemble");
    args_add(&args, "%s", path);
    args_add(&args, "-o");
    args_add(&args, "%s.new", out);
    run_captured(&args, NULL, 30, &captured);
    if (captured.status)
        fail(EXIT_SETUP, "%s does not assemble: %s", path, captured.err);
    captured_free(&captured);
    if (rename(args.v[4], out))
        fail(EXIT_SETUP, "cannot write %s", out);
}

unsigned assemble_seeds(const char *target, const char *run_program, const char *directory)
{
    struct seeding seeding = {run_program, directory, "seed", 0};
    make_directory(directory);
    each_file(text("corpus/%s/seeds", target), assemble_one, &seeding);
    seeding.group = "regression";
    each_file(text("corpus/%s/regressions", target), assemble_one, &seeding);
    return seeding.count;
}
