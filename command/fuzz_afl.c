/*
 * AFL++ workers: one main instance and secondary ones over fuzz/<target>/afl. The corpus is libFuzzer's: it is the input directory, and what AFL++
 * adds to its queues is copied back.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "targets.h"

static void take_input(const char *path, void *context)
{
    const char *out = text("%s/%016llx", (const char *)context, (unsigned long long)file_hash(path));
    if (!file_exists(out))
        copy_file(path, out);
}

/* The queue of an instance, left by a run that was killed. */
static void take_queue(const char *path, void *context)
{
    const char *folder = strrchr(path, '/');
    if (folder - path > 6 && !strncmp(folder - 6, "/queue", 6) && !strncmp(folder, "/id:", 4))
        take_input(path, context);
}

static void prepare(struct campaign *campaign)
{
    char *in = text("%s/afl-in", campaign->directory);
    make_directory(text("%s/corpus", campaign->directory));
    each_file_below(text("%s/afl", campaign->directory), take_queue, text("%s/corpus", campaign->directory));
    remove_tree(text("%s/afl", campaign->directory));
    remove_tree(in);
    make_directory(in);
    each_file(text("%s/seeds", campaign->directory), take_input, in);
    each_file(text("%s/corpus", campaign->directory), take_input, in);
    if (!count_files(in))
        write_file(text("%s/empty-record", in), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* AFL++ wants one input to start from */
    free(in);
}

static const char *instance(const struct worker *worker) { return text("worker%u", worker->role); }

static void start(struct worker *worker, double seconds)
{
    struct campaign *campaign = worker->campaign;
    struct args args = {0}, environment = {0};
    const char *dictionary = dictionary_of(campaign->target);
    char *mutator = realpath(text("build/%s/targets/irpfuzz_mutator.so", campaign->preset), NULL);
    args_add(&environment, "AFL_NO_UI=1");
    args_add(&environment, "AFL_SKIP_CPUFREQ=1");
    args_add(&environment, "AFL_NO_AFFINITY=1");
    args_add(&environment, "AFL_SKIP_CRASHES=1");
    args_add(&environment, "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1");
    args_add(&environment, "AFL_FAST_CAL=1");
    args_add(&environment, "AFL_IMPORT_FIRST=1");
    if (mutator)
        args_add(&environment, "AFL_CUSTOM_MUTATOR_LIBRARY=%s", mutator);
    args_add(&args, "afl-fuzz");
    args_add(&args, worker->role ? "-S" : "-M");
    args_add(&args, "%s", instance(worker));
    args_add(&args, "-i");
    args_add(&args, "%s/afl-in", campaign->directory);
    args_add(&args, "-o");
    args_add(&args, "%s/afl", campaign->directory);
    args_add(&args, "-V");
    args_add(&args, "%d", seconds < 1 ? 1 : (int)(seconds + 0.5));
    args_add(&args, "-t");
    args_add(&args, "2000");
    args_add(&args, "-m");
    args_add(&args, "none");
    if (file_exists(dictionary)) {
        args_add(&args, "-x");
        args_add(&args, "%s", dictionary);
    }
    args_add(&args, "--");
    args_add(&args, "%s", campaign->fuzz_program);
    child_start(&worker->child, &args, &environment, worker->log, SIGTERM);
    free(mutator);
}

static double stat_of(const char *words, const char *name)
{
    const char *at = words;
    size_t length = strlen(name);
    while (at && strncmp(at, name, length))
        at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
    at = at ? strchr(at, ':') : NULL;
    return at ? strtod(at + 1, NULL) : 0;
}

static void progress(struct worker *worker)
{
    struct campaign *campaign = worker->campaign;
    char *words = read_file(text("%s/afl/%s/fuzzer_stats", campaign->directory, instance(worker)), NULL);
    if (!words)
        return;
    double executions = stat_of(words, "execs_done");
    if (executions != worker->executions) {
        worker->executions = executions;
        worker->reported = now();
    }
    worker->rate = worker->executions / (worker->reported - worker->child.started + 0.01); /* AFL++'s own is that of the last moments */
    unsigned edges = (unsigned)stat_of(words, "edges_found"), corpus = (unsigned)stat_of(words, "corpus_count");
    campaign->coverage = edges > campaign->coverage ? edges : campaign->coverage;
    campaign->corpus = corpus > campaign->corpus ? corpus : campaign->corpus;
    free(words);
}

static void take_crash(const char *path, void *context)
{
    if (strncmp(strrchr(path, '/') + 1, "id:", 3))
        return;
    take_input(path, context);
    unlink(path); /* taken: afl-fuzz does not look at it again */
}

static void collect(struct worker *worker, bool ended)
{
    const char *own = text("%s/afl/%s", worker->campaign->directory, instance(worker));
    each_file(text("%s/crashes", own), take_crash, (void *)worker->incoming);
    each_file(text("%s/hangs", own), take_crash, (void *)worker->incoming);
    if (ended)
        each_file(text("%s/queue", own), take_input, text("%s/corpus", worker->campaign->directory));
}

const struct fuzz_engine engine_afl = {"afl", prepare, start, progress, collect, false};
