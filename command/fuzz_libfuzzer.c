/* libFuzzer workers: each is a process over the campaign's corpus directory, restarted after a finding. */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "targets.h"

#define MAX_LENGTH 4096  /* MAX_INPUT of targets/engine/input.h */

static void prepare(struct campaign *campaign) { make_directory(text("%s/corpus", campaign->directory)); }

void libfuzzer_args(struct args *args, const char *program, double seconds, const char *artifacts, const char *dictionary)
{
    args_add(args, "%s", program);
    args_add(args, "-max_total_time=%d", seconds < 1 ? 1 : (int)(seconds + 0.5));
    args_add(args, "-artifact_prefix=%s/", artifacts);
    args_add(args, "-max_len=%d", MAX_LENGTH);
    args_add(args, "-len_control=20"); /* short inputs first: about twice as many lives a second, and bugs are found as fast */
    args_add(args, "-timeout=20");
    args_add(args, "-detect_leaks=0");
    args_add(args, "-print_final_stats=1");
    args_add(args, "-rss_limit_mb=4096");
    if (dictionary && file_exists(dictionary))
        args_add(args, "-dict=%s", dictionary);
}

static void start(struct worker *worker, double seconds)
{
    struct campaign *campaign = worker->campaign;
    struct args args = {0};
    libfuzzer_args(&args, campaign->fuzz_program, seconds, worker->incoming, dictionary_of(campaign->target));
    args_add(&args, "-reload=%d", campaign->running > 1 ? 10 : 0); /* seconds; it looks at every file of the corpus */
    args_add(&args, "%s/corpus", campaign->directory);
    args_add(&args, "%s/seeds", campaign->directory);
    child_start(&worker->child, &args, NULL, worker->log, SIGUSR1); /* behind the life it is in: it is never in the middle of a file */
    worker->log_read = 0;
}

/* "#1234\tNEW    cov: 77 ft: 88 corp: 9/10b lim: 4 exec/s: 500 rss: 33Mb ..." */
static void read_line(struct worker *worker, const char *line)
{
    struct campaign *campaign = worker->campaign;
    unsigned long executions;
    unsigned coverage, features, corpus;
    if (sscanf(line, "stat::number_of_executed_units: %lu", &executions) == 1) {
        worker->executions = (double)executions;
        worker->rate = 0;
        worker->reported = now();
        return;
    }
    if (*line != '#' || sscanf(line + 1, "%lu", &executions) != 1)
        return;
    worker->executions = (double)executions;
    worker->reported = now();
    const char *at = strstr(line, "cov: ");
    if (at && sscanf(at, "cov: %u", &coverage) == 1)
        campaign->coverage = coverage > campaign->coverage ? coverage : campaign->coverage;
    if ((at = strstr(line, "ft: ")) && sscanf(at, "ft: %u", &features) == 1)
        campaign->features = features > campaign->features ? features : campaign->features;
    if ((at = strstr(line, "corp: ")) && sscanf(at, "corp: %u", &corpus) == 1)
        campaign->corpus = corpus > campaign->corpus ? corpus : campaign->corpus;
    worker->rate = worker->executions / (worker->reported - worker->child.started + 0.01); /* libFuzzer's own is 0 for the first second */
}

static void progress(struct worker *worker)
{
    size_t size = 0;
    char *words = read_file(worker->log, &size);
    if (!words)
        return;
    char *at = words + (worker->log_read < size ? worker->log_read : size);
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = 0;
        read_line(worker, at);
        worker->log_read = (size_t)(end + 1 - words);
    }
    free(words);
}

double libfuzzer_executions(const char *words)
{
    const char *at = strstr(words, "stat::number_of_executed_units:");
    if (at)
        return strtod(at + 31, NULL);
    double executions = 0;
    for (at = words; (at = strstr(at, "\n#")); at += 2)
        executions = strtod(at + 2, NULL);
    return executions;
}

/* libFuzzer writes artifacts into worker->incoming itself. */
static void collect(struct worker *worker, bool ended) { (void)worker, (void)ended; }

const struct fuzz_engine engine_libfuzzer = {"libfuzzer", prepare, start, progress, collect, true};
