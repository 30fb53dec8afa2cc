/* See verdict.h. */
#include "verdict.h"

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

/* Written by the child, read by the parent. */
static struct told {
    struct caught_report report;
    uint64_t hash;
    bool ended;
    bool transcribes;
    struct transcript transcript;
} *told;

static void on_bugcheck(const struct bugcheck *bug)
{
    report_write(bug); /* caught */
    told->hash = trace_hash();
    told->ended = true;
    _exit(0);
}

static void on_sanitizer(const struct bugcheck *bug)
{
    (void)bug;
    told->ended = true;
    _exit(0);
}

static _Noreturn void child(const uint8_t *bytes, size_t size, unsigned seconds)
{
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is the parent's business */
    signal(SIGALRM, SIG_DFL);
    alarm(seconds);
    report_catch(&told->report);
    bugcheck_set_hook(on_bugcheck);
    sanitizer_reports_install(true);
    report_on_sanitizer(on_sanitizer);
    if (told->transcribes)
        choose_transcribe(&told->transcript);
    engine_run(bytes, size);
    told->hash = trace_hash();
    told->ended = true;
    _exit(0);
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

static void learn_names(const struct caught_report *report)
{
    unsigned begin = names.count;
    if (begin + CAUGHT_FRAMES > MAX_NAMES)
        begin = names.count = 0;
    for (unsigned i = 0; i < report->frames; i++)
        if (known_name(report->frame[i]) < 0)
            names.address[names.count++] = report->frame[i];
    if (names.count > begin)
        stack_driver_functions(names.address + begin, names.count - begin, names.function + begin);
}

static void name_function(const struct caught_report *report, char out[96])
{
    strcpy(out, "none");
    learn_names(report);
    for (unsigned i = 0; i < report->frames; i++) {
        int name = known_name(report->frame[i]);
        if (name < 0 || !names.function[name][0])
            continue;
        strcpy(out, names.function[name]);
        return;
    }
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

static bool run(const uint8_t *bytes, size_t size, unsigned seconds, struct verdict *v, bool transcribes)
{
    int status = 0;
    if (!told) {
        void *shared = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
            return false;
        told = shared;
    }
    told->report.any = told->ended = false;
    told->hash = 0;
    told->transcribes = transcribes;
    fflush(NULL);
    pid_t pid = fork();
    if (!pid)
        child(bytes, size, seconds);
    if (pid < 0)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        ; /* interrupted by a signal for this process */
    *v = (struct verdict){.hash = told->hash};
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        v->kind = VERDICT_TIMEOUT;
    else if (told->report.any)
        v->kind = VERDICT_BUG;
    else
        v->kind = told->ended ? VERDICT_FINE : VERDICT_CRASH;
    if (v->kind != VERDICT_BUG)
        return true;
    v->code = told->report.bug.code;
    v->parameter = parameter_tells(v->code) ? told->report.bug.parameter[0] : 0;
    v->rule = told->report.bug.rule;
    snprintf(v->what, sizeof v->what, "%s", told->report.bug.text);
    if (v->code == OWN_DATA_RACE)
        name_race(v->what, v->function);
    else
        name_function(&told->report, v->function);
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

bool verdict_same(const struct verdict *a, const struct verdict *b)
{
    bool same_rule = a->rule == b->rule || (a->rule && b->rule && !strcmp(a->rule, b->rule));
    return a->kind == b->kind && a->code == b->code && a->parameter == b->parameter && same_rule && !strcmp(a->function, b->function);
}
