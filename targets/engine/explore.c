/* See explore.h: the process that watches. */
#include "explore.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "input.h"
#include "machine/machine.h"

#define PATIENCE 20 /* seconds for one life: a livelock of the emulated machine is told long before */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void nap(void)
{
    struct timespec time = {.tv_nsec = 20000000};
    nanosleep(&time, NULL);
}

static int refuse(const char *name, const char *why)
{
    fprintf(stderr, "irpfuzz: %s: %s\n", name, why);
    return 2;
}

/* ---- The exploring process ---- */

static struct explore_shared *shared;

static void on_sanitizer(const struct bugcheck *bug)
{
    snprintf(shared->bug, sizeof shared->bug, "%s", bugcheck_name(bug->code));
    _exit(1);
}

/* Reports of the child go nowhere: the schedule that failed runs once more, alone, to tell. */
static _Noreturn void explore_child(const struct explore_options *options, const uint8_t *input, size_t size)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    if (!freopen("/dev/null", "w", stderr))
        _exit(3);
    sanitizer_reports_install(true);
    report_on_sanitizer(on_sanitizer);
    if (options->pct)
        explore_pct(options, shared, input, size);
    explore_search(options, shared, input, size);
    _exit(3);
}

/* ---- Watching ---- */

static void show_progress(const struct explore_options *options, double begun, bool terminal)
{
    static double last;
    double time = now();
    if (options->quiet || options->json || time - last < (terminal ? 0.5 : 10) || time - begun < 0.5)
        return;
    last = time;
    unsigned level = shared->level;
    double rate = (double)shared->lives / (time - begun);
    const char *begin = terminal ? "\r\033[K" : "", *stop = terminal ? "" : "\n";
    if (options->pct)
        fprintf(stderr, "%s%llu of %llu runs, %.0f per second%s", begin, (unsigned long long)shared->lives, (unsigned long long)options->runs, rate, stop);
    else
        fprintf(stderr, "%s%u preemption%s, walk %u: %llu schedules, about %.1f %%, %.0f per second%s", begin, level, level == 1 ? "" : "s", shared->walks,
                (unsigned long long)shared->done[level], 100 * shared->way, rate, stop);
    fflush(stderr);
}

/* Until the child has ended. Its wait status. */
static int watch(const struct explore_options *options, pid_t pid)
{
    double begun = now(), moved = begun;
    uint64_t lives = 0;
    int status;
    bool terminal = isatty(STDERR_FILENO);
    while (!waitpid(pid, &status, WNOHANG)) {
        if (interrupted || (options->time > 0 && now() - begun >= options->time))
            shared->stop = 1;
        if (shared->lives != lives) {
            lives = shared->lives;
            moved = now();
        } else if (now() - moved > PATIENCE) {
            snprintf(shared->bug, sizeof shared->bug, "TIMEOUT");
            kill(pid, SIGKILL);
            moved = now();
        }
        show_progress(options, begun, terminal);
        nap();
    }
    if (terminal && !options->quiet && !options->json)
        fprintf(stderr, "\r\033[K");
    return status;
}

/* ---- The verb ---- */

/* The program's own chance; false if it leaves nothing to explore. */
static bool take_program(const struct explore_options *options, const uint8_t *input, size_t size, int *status)
{
    static struct program program;
    program_decode(&program, input, size);
    *status = 2;
    if (!program.operations)
        return refuse(options->file, "the program has no operation: there is nothing to explore"), false;
    if (program.chance.policy != POLICY_CONSTRAINTS)
        return refuse(options->file, "its config: line asks for a schedule policy of its own: remove policy=, the explorer is the policy"), false;
    shared->chance = program.chance;
    shared->own = program.chance.schedule_count;
    return true;
}

static int tell_bug(const struct explore_options *options, const uint8_t *input, size_t size, double seconds)
{
    static struct explore_finding finding;
    explore_save(options, shared, input, size, &finding);
    explore_report(options, &finding);
    explore_print(options, shared, seconds, &finding);
    return 1;
}

int explore(const struct explore_options *options, const uint8_t *input, size_t size)
{
    int status;
    size -= size % RECORD_SIZE;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fprintf(stderr, "irpfuzz: no memory to share with the process that explores: %s\n", strerror(errno)), 3;
    if (!take_program(options, input, size, &status))
        return status;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    double begun = now();
    fflush(NULL);
    pid_t pid = fork();
    if (!pid)
        explore_child(options, input, size);
    if (pid < 0)
        return fprintf(stderr, "irpfuzz: cannot start a process: %s\n", strerror(errno)), 3;
    status = watch(options, pid);
    double seconds = now() - begun;
    if (shared->state == EXPLORE_RUNS) { /* it died in the middle of a life */
        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            return fprintf(stderr, "irpfuzz: the process that explores got no memory\n"), 3;
        if (!*shared->bug)
            snprintf(shared->bug, sizeof shared->bug, "CRASH");
        shared->state = EXPLORE_BUG;
    }
    if (shared->state == EXPLORE_BUG)
        return tell_bug(options, input, size, seconds);
    explore_print(options, shared, seconds, NULL);
    if (shared->state == EXPLORE_DONE)
        return shared->bugs ? 1 : 0;
    return shared->state == EXPLORE_DIVERGED ? 3 : 4;
}
