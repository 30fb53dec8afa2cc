/*
 * `irpfuzz fuzz`.
 *
 * Principle of operation. --jobs processes work for --time seconds. With no more targets than processes every target gets the whole time and its share of
 * the processes; otherwise the targets take turns, each for the same time, and the run as a whole still takes --time.
 *
 * Internal design. A process that ends at a finding is started again for the time that is left; the input is replayed in run_<target> of the same build,
 * which gives the report, and stored (findings.h). An input of the corpus or a seed that crashes is taken out of the fuzzer's sight, or no
 * process would get past it.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "findings.h"
#include "json.h"
#include "targets.h"

#define DEFAULT_SECONDS 60
#define QUICK_DEATHS 5     /* in a row, without a finding: the fuzzer does not work */
#define STOP_PATIENCE 5.0
#define RATE_WINDOW 3.0  /* seconds */

static struct {
    const struct fuzz_engine *engine;
    struct campaign *campaigns;
    unsigned campaign_count, next;    /* next: not begun yet, when targets take turns */
    struct worker *workers;
    unsigned worker_count;
    double slice;                     /* seconds of one campaign */
    struct status status;
    bool broken;
} run;

/* ---- Findings ---- */

static struct found *known(struct campaign *campaign, const struct finding *finding)
{
    for (struct found *f = campaign->found; f; f = f->next)
        if (!strcmp(f->name, finding->name) && !strcmp(f->function, finding->function))
            return f;
    return NULL;
}

static void announce(const struct campaign *campaign, const struct found *found)
{
    status_clear(&run.status);
    const char *sanitizer = strcmp(campaign->sanitizer, "address") ? text(" --sanitizer %s", campaign->sanitizer) : "";
    if (run.status.json) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "event", "finding");
        cJSON_AddStringToObject(line, "target", campaign->target);
        cJSON_AddStringToObject(line, "sanitizer", campaign->sanitizer);
        cJSON_AddStringToObject(line, "bug", found->name);
        cJSON_AddStringToObject(line, "function", found->function);
        cJSON_AddStringToObject(line, "what", found->what);
        cJSON_AddStringToObject(line, "input", found->path);
        cJSON_AddBoolToObject(line, "new", found->is_new);
        json_print(line);
        return;
    }
    bool placed = strcmp(found->function, "none");
    printf("%s: %s%s%s%s\n  %s\n  ./irpfuzz replay %s%s\n", campaign->target, found->name, placed ? " in " : "",
           placed ? found->function : "", found->is_new ? "" : " (known from an earlier run)", found->what, found->path, sanitizer);
    fflush(stdout);
}

static void take_finding(struct campaign *campaign, const char *input)
{
    struct finding finding;
    finding_replay(campaign->run_program, input, &finding);
    if (interrupted && !strcmp(finding.name, "TIMEOUT")) { /* the replay was stopped: keep the input, judge it next time */
        finding_free(&finding);
        return;
    }
    struct found *found = known(campaign, &finding);
    bool first = !found;
    if (first) {
        found = calloc(1, sizeof *found);
        snprintf(found->name, sizeof found->name, "%s", finding.name);
        snprintf(found->function, sizeof found->function, "%s", finding.function);
        snprintf(found->what, sizeof found->what, "%s", finding.what);
        found->next = campaign->found;
        campaign->found = found;
        campaign->found_count++;
    }
    found->times++;
    bool is_new = finding_store(text("%s/findings", campaign->directory), input, &finding, found->path);
    unlink(input);
    if (first) {
        found->is_new = is_new;
        announce(campaign, found);
    }
    finding_free(&finding);
}

static void take_artifact(const char *path, void *context)
{
    const char *name = strrchr(path, '/') + 1;
    if (!strncmp(name, "slow-unit-", 10))
        unlink(path);
    else
        take_finding(context, path);
}

static void hide_if_same(const char *path, void *context)
{
    if (same_contents(path, context))
        unlink(path);
}

static void hide_artifact(const char *path, void *context)
{
    const struct campaign *campaign = context;
    each_file(text("%s/corpus", campaign->directory), hide_if_same, (void *)path);
    each_file(text("%s/seeds", campaign->directory), hide_if_same, (void *)path);
}

/* ---- Workers ---- */

static void start_worker(struct worker *worker, struct campaign *campaign, unsigned role, double seconds)
{
    worker->campaign = campaign;
    worker->role = role;
    worker->deadline = now() + seconds;
    worker->log = text("%s/log/worker%u.log", campaign->directory, worker->index);
    worker->incoming = text("%s/incoming/%u", campaign->directory, worker->index);
    worker->quick_deaths = 0;
    worker->executions = worker->rate = 0;
    make_directory(text("%s/log", campaign->directory));
    make_directory(worker->incoming);
    campaign->running++;
    run.engine->start(worker, seconds);
}

static void give_up(struct worker *worker)
{
    char *words = read_file(worker->log, NULL);
    size_t length = words ? strlen(words) : 0;
    status_clear(&run.status);
    fprintf(stderr, "%s\n", words ? words + (length > 1500 ? length - 1500 : 0) : "");
    fprintf(stderr, "irpfuzz: %s of %s does not work (status %d), see %s\n", run.engine->name, worker->campaign->target, worker->child.status,
            worker->log);
    free(words);
    run.broken = true;
    worker->deadline = 0;
}

/* The process is gone: counts what it did, and looks whether to go on. */
static void worker_ended(struct worker *worker)
{
    struct campaign *campaign = worker->campaign;
    double worked = now() - worker->child.started;
    run.engine->progress(worker);
    run.engine->collect(worker, true);
    campaign->executions += worker->executions;
    campaign->seconds += worked;
    bool quick = !count_files(worker->incoming) && worker->child.status && worked < 10;
    worker->quick_deaths = quick ? worker->quick_deaths + 1 : 0;
    worker->executions = worker->rate = 0;
    if (!interrupted && (worker->quick_deaths >= QUICK_DEATHS || (quick && !run.engine->restarts)))
        give_up(worker);
    each_file(worker->incoming, hide_artifact, campaign);
    double left = worker->deadline - now();
    if (!interrupted && run.engine->restarts && left >= 1) {
        run.engine->start(worker, left);
        worker->starts++;
    } else {
        campaign->running--;
        worker->campaign = NULL;
    }
    each_file(text("%s/incoming/%u", campaign->directory, worker->index), take_artifact, campaign);
}

static void watch_worker(struct worker *worker)
{
    struct campaign *campaign = worker->campaign;
    if (!campaign)
        return;
    if (child_ended(&worker->child)) {
        worker_ended(worker);
        return;
    }
    run.engine->progress(worker);
    run.engine->collect(worker, false);
    if (!run.engine->restarts)
        each_file(worker->incoming, take_artifact, campaign);
    if (now() > worker->deadline + 10) /* the engine stops itself; this one hangs */
        child_stop(&worker->child, STOP_PATIENCE);
}

static unsigned busy_workers(void)
{
    unsigned busy = 0;
    for (unsigned i = 0; i < run.worker_count; i++)
        busy += run.workers[i].campaign != NULL;
    return busy;
}

/* What running processes did since they last told is estimated: they tell their numbers now and then only. */
static void add_up(void)
{
    double time = now();
    for (unsigned i = 0; i < run.campaign_count; i++) {
        run.campaigns[i].left = 0;
        run.campaigns[i].shown = run.campaigns[i].executions;
    }
    for (unsigned i = 0; i < run.worker_count; i++) {
        const struct worker *w = &run.workers[i];
        if (!w->campaign)
            continue;
        w->campaign->shown += w->executions + (w->executions > 0 ? w->rate * (time - w->reported) : 0);
        if (w->deadline - time > w->campaign->left)
            w->campaign->left = w->deadline - time;
    }
    for (unsigned i = 0; i < run.campaign_count; i++) {
        struct campaign *c = &run.campaigns[i];
        if (time - c->rate_time < RATE_WINDOW)
            continue;
        c->rate = c->rate_time > 0 && c->shown > c->rate_shown ? (c->shown - c->rate_shown) / (time - c->rate_time) : 0;
        c->rate_time = time;
        c->rate_shown = c->shown;
    }
}

static void stop_all(void)
{
    for (unsigned i = 0; i < run.worker_count; i++)
        if (run.workers[i].campaign)
            child_ask(&run.workers[i].child);
    for (unsigned i = 0; i < run.worker_count; i++) {
        if (!run.workers[i].campaign)
            continue;
        child_stop(&run.workers[i].child, STOP_PATIENCE);
        run.workers[i].deadline = 0; /* it is not started again */
        worker_ended(&run.workers[i]);
    }
}

static void start_first(unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++) {
        struct campaign *campaign = &run.campaigns[i % run.campaign_count];
        start_worker(&run.workers[i], campaign, i / run.campaign_count, run.slice);
    }
    run.next = jobs < run.campaign_count ? jobs : run.campaign_count;
}

/* Fuzzers go on in silence when they cannot write: what they find would be lost. NULL if all is well. */
static const char *cannot_write(const struct campaign *campaign)
{
    static const char block[4096];
    static char path[4096], why[5000];
    snprintf(path, sizeof path, "%s/corpus", campaign->directory);
    bool fine = access(path, F_OK) || !access(path, R_OK | W_OK | X_OK);
    if (fine) {
        snprintf(path, sizeof path, "%s/probe", campaign->directory);
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        fine = file >= 0 && write(file, block, sizeof block) == sizeof block;
        snprintf(why, sizeof why, "%s (%s)", campaign->directory, strerror(errno));
        if (file >= 0)
            close(file);
        unlink(path);
    } else {
        snprintf(why, sizeof why, "%s (%s)", path, strerror(errno));
    }
    return fine ? NULL : why;
}

static void require_writable(const struct campaign *campaign)
{
    const char *why = cannot_write(campaign);
    if (!why)
        return;
    stop_all();
    fail(EXIT_SETUP, "cannot keep inputs in %s; make room there, or make it writable, and start again", why);
}

static void conduct(void)
{
    double looked = now();
    while (busy_workers() && !interrupted) {
        if (now() - looked > 1) {
            for (unsigned i = 0; i < run.campaign_count; i++)
                require_writable(&run.campaigns[i]);
            looked = now();
        }
        for (unsigned i = 0; i < run.worker_count; i++) {
            watch_worker(&run.workers[i]);
            if (!run.workers[i].campaign && run.next < run.campaign_count && !interrupted)
                start_worker(&run.workers[i], &run.campaigns[run.next++], 0, run.slice);
        }
        add_up();
        status_show(&run.status, false);
        sleep_seconds(0.2);
    }
    stop_all();
}

/* ---- The command ---- */

static void build_all(const struct args *targets, const char *preset)
{
    struct args programs = {0};
    bool afl = run.engine == &engine_afl;
    for (unsigned i = 0; i < targets->n; i++) {
        args_add(&programs, "%s_%s", afl ? "afl" : "fuzz", targets->v[i]);
        args_add(&programs, "run_%s", targets->v[i]);
    }
    if (afl)
        args_add(&programs, "irpfuzz_mutator");
    build_preset(preset, &programs);
}

static void begin_campaign(struct campaign *campaign, const char *target, const char *preset, const char *sanitizer)
{
    *campaign = (struct campaign){.target = target, .preset = preset, .sanitizer = sanitizer, .directory = text("fuzz/%s", target)};
    campaign->fuzz_program = text("build/%s/targets/%s_%s", preset, run.engine == &engine_afl ? "afl" : "fuzz", target);
    campaign->run_program = text("build/%s/targets/run_%s", preset, target);
    assemble_seeds(target, campaign->run_program, text("%s/seeds", campaign->directory));
    remove_tree(text("%s/log", campaign->directory));
    run.engine->prepare(campaign);
    require_writable(campaign);
    each_file_below(text("%s/incoming", campaign->directory), take_artifact, campaign); /* left by a run that was killed */
}

int command_fuzz(const struct options *o)
{
    struct args all = {0}, targets = {0};
    const char *sanitizer = o->sanitizer ? o->sanitizer : "address";
    const char *preset = fuzz_preset(o->engine, sanitizer);
    unsigned jobs = o->jobs ? o->jobs : cores();
    unsigned seconds = o->time ? o->time : DEFAULT_SECONDS;

    run.engine = o->engine && !strcmp(o->engine, "afl") ? &engine_afl : &engine_libfuzzer;
    all_targets(&all);
    select_names(&all, o->names, o->name_count, "target", &targets);
    build_all(&targets, preset);

    run.campaign_count = targets.n;
    run.campaigns = calloc(targets.n, sizeof *run.campaigns);
    run.workers = calloc(jobs, sizeof *run.workers);
    run.worker_count = jobs;
    run.slice = jobs >= targets.n ? seconds : (double)seconds * jobs / targets.n;
    run.status = (struct status){.campaigns = run.campaigns, .count = targets.n, .json = o->json, .terminal = isatty(1) && !o->json, .started = now()};
    for (unsigned i = 0; i < targets.n; i++)
        begin_campaign(&run.campaigns[i], targets.v[i], preset, sanitizer);
    for (unsigned i = 0; i < jobs; i++)
        run.workers[i].index = i;
    if (!o->json)
        printf("fuzzing %u target%s for %u s with %s (%s), %u process%s\n", targets.n, targets.n == 1 ? "" : "s", seconds, run.engine->name,
               sanitizer, jobs, jobs == 1 ? "" : "es");

    double started = now();
    run.status.last = started;
    start_first(jobs);
    conduct();
    add_up();
    status_summary(&run.status, now() - started);
    unsigned findings = 0;
    for (unsigned i = 0; i < targets.n; i++)
        findings += run.campaigns[i].found_count;
    if (findings && !o->json)
        printf("  %u finding%s: fuzz/<target>/findings\n", findings, findings == 1 ? "" : "s");
    return run.broken ? EXIT_SETUP : findings ? EXIT_BUG : EXIT_FINE;
}
