/* See verdict.h. */
#include "verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "machine/machine.h"
#include "machine/stack.h"

/* Written by one side while the other waits. */
static struct told {
    size_t size;
    unsigned seconds;
    bool transcribes;
    uint8_t input[VERDICT_MAX_INPUT];

    struct caught_report report;
    uint64_t hash;
    bool ended;
    struct transcript transcript;
} *told;

static struct {
    pid_t pid;   /* 0: none */
    int go, done;
} child;

/* ---- The child ---- */

static void on_bugcheck(const struct bugcheck *bug)
{
    report_write(bug); /* caught */
    told->hash = trace_hash();
    machine_abandon();
}

static void on_sanitizer(const struct bugcheck *bug)
{
    (void)bug;
    if (sanitizer_found_fault())
        told->hash = trace_hash(); /* as replay tells it */
    told->ended = true;
    _exit(0);
}

static void set_up_child(void)
{
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is the parent's business */
    signal(SIGTERM, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    report_catch(&told->report);
    bugcheck_set_hook(on_bugcheck);
    sanitizer_reports_install(true);
    report_on_sanitizer(on_sanitizer);
}

static _Noreturn void live(int go, int done)
{
    char byte;
    set_up_child();
    while (read(go, &byte, 1) == 1) {
        alarm(told->seconds);
        choose_transcribe(told->transcribes ? &told->transcript : NULL);
        if (engine_run(told->input, told->size))
            told->hash = trace_hash();
        alarm(0);
        told->ended = true;
        if (write(done, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* ---- The parent ---- */

static bool start_child(void)
{
    int go[2], done[2];
    if (pipe(go))
        return false;
    if (pipe(done)) {
        close(go[0]);
        close(go[1]);
        return false;
    }
    fflush(NULL);
    child.pid = fork();
    if (!child.pid) {
        close(go[1]);
        close(done[0]);
        live(go[0], done[1]);
    }
    close(go[0]);
    close(done[1]);
    child.go = go[1];
    child.done = done[0];
    return child.pid > 0;
}

/* What ended it, as waitpid() tells. */
static int end_child(void)
{
    int status = 0;
    close(child.go); /* one that waits for work ends then */
    close(child.done);
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
        ;
    child.pid = 0;
    return status;
}

/* One life. `status` is 0 if the child goes on. */
static bool run_life(int *status)
{
    char byte = 0;
    ssize_t got;
    if (!child.pid && !start_child())
        return false;
    *status = 0;
    if (write(child.go, &byte, 1) != 1)
        return false;
    do
        got = read(child.done, &byte, 1);
    while (got < 0 && errno == EINTR);
#if defined(IRPFUZZ_TSAN)
    bool again = false;
#else
    bool again = true;
#endif
    if (got != 1 || !again)
        *status = end_child();
    return true;
}

/* Naming code addresses takes a process and, with a large program, half a second: each address is named once. */
#define MAX_NAMES 4096
static struct {
    uintptr_t address[MAX_NAMES];
    char function[MAX_NAMES][96];
    unsigned count;
} names;

static int known_name(uintptr_t address)
{
    for (unsigned i = 0; i < names.count; i++)
        if (names.address[i] == address)
            return (int)i;
    return -1;
}

static void learn_names(const struct verdict *v)
{
    unsigned begin = names.count;
    if (begin + CAUGHT_FRAMES > MAX_NAMES)
        begin = names.count = 0;
    for (unsigned i = 0; i < v->frames; i++)
        if (known_name(v->frame[i]) < 0)
            names.address[names.count++] = v->frame[i];
    if (names.count > begin)
        stack_driver_functions(names.address + begin, names.count - begin, names.function + begin);
}

const char *verdict_function(struct verdict *v)
{
    if (*v->function)
        return v->function;
    strcpy(v->function, "none");
    learn_names(v);
    for (unsigned i = 0; i < v->frames; i++) {
        int name = known_name(v->frame[i]);
        if (name < 0 || !names.function[name][0])
            continue;
        strcpy(v->function, names.function[name]);
        break;
    }
    return v->function;
}

/* "Function (file:12) reads what Other (file:34) wrote": the two functions say where the race is. */
static void name_race(const char *what, char out[96])
{
    char first[48] = "?", second[48] = "?";
    const char *other = strstr(what, " what ");
    sscanf(what, "%47s", first);
    if (other)
        sscanf(other + 6, "%47s", second);
    snprintf(out, 96, "%s/%s", first, second);
}

/* With other codes the first parameter names an object (IRP #3), which another input numbers otherwise. */
static bool parameter_tells(uint32_t code)
{
    static const uint32_t codes[] = {0x9F, 0xC2, 0xC4, 0xC7, 0xC9, 0xCA, 0xE4, 0xE6, 0x10D, 0x133, 0x139};
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static void describe(struct verdict *v, int status)
{
    const struct caught_report *report = &told->report;
    *v = (struct verdict){.hash = told->hash};
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        v->kind = VERDICT_TIMEOUT;
    else if (report->any)
        v->kind = VERDICT_BUG;
    else
        v->kind = told->ended ? VERDICT_FINE : VERDICT_CRASH;
    if (v->kind != VERDICT_BUG)
        return;
    v->code = report->bug.code;
    v->parameter = parameter_tells(v->code) ? report->bug.parameter[0] : 0;
    v->rule = report->bug.rule;
    v->frames = report->frames;
    memcpy(v->frame, report->frame, sizeof v->frame);
    snprintf(v->what, sizeof v->what, "%s", report->bug.text);
    if (v->code == OWN_DATA_RACE)
        name_race(v->what, v->function);
}

static bool run(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *v, bool transcribes)
{
    int status;
    if (!told) {
        void *shared = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
            return false;
        told = shared;
    }
    if (size > VERDICT_MAX_INPUT)
        return false;
    memcpy(told->input, bytes, size);
    told->size = size;
    told->seconds = seconds;
    told->transcribes = transcribes;
    told->report.any = told->ended = false;
    told->hash = 0;
    if (!run_life(&status))
        return false;
    describe(v, status);
    return true;
}

bool verdict_of(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict) { return run(bytes, size, seconds, verdict, false); }

bool verdict_with_transcript(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *verdict, struct transcript *transcript)
{
    if (!run(bytes, size, seconds, verdict, true))
        return false;
    *transcript = told->transcript;
    return true;
}

bool verdict_same(struct verdict *a, struct verdict *b)
{
    bool same_rule = a->rule == b->rule || (a->rule && b->rule && !strcmp(a->rule, b->rule));
    if (a->kind != b->kind || a->code != b->code || a->parameter != b->parameter || !same_rule)
        return false;
    if (a->kind != VERDICT_BUG || (a->frames == b->frames && !memcmp(a->frame, b->frame, a->frames * sizeof a->frame[0]) && a->code != OWN_DATA_RACE))
        return true;
    return !strcmp(verdict_function(a), verdict_function(b));
}
