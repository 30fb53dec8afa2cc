/* See process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "files.h"

void args_add(struct args *args, const char *format, ...)
{
    char *word;
    va_list arguments;
    if (args->n + 1 >= sizeof args->v / sizeof *args->v)
        fail(EXIT_USAGE, "too many arguments at once: give fewer files");
    va_start(arguments, format);
    if (vasprintf(&word, format, arguments) < 0)
        fail(EXIT_SETUP, "out of memory");
    va_end(arguments);
    args->v[args->n++] = word;
    args->v[args->n] = NULL;
}

void sleep_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static int to_status(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* In the child. A descriptor of -1 keeps the stream. An end_signal of 0: a foreground child, which keeps terminal and group. */
static _Noreturn void become(const struct args *args, const struct args *environment, int out, int err, int end_signal)
{
    if (end_signal) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, end_signal);
        int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (out >= 0)
        dup2(out, 1);
    if (err >= 0)
        dup2(err, 2);
    for (unsigned i = 0; environment && i < environment->n; i++)
        putenv(environment->v[i]);
    execvp(args->v[0], args->v);
    dprintf(2, "irpfuzz: cannot run %s: %s\n", args->v[0], strerror(errno));
    _exit(127);
}

static pid_t start(const struct args *args, const struct args *environment, int out, int err, int end_signal)
{
    if (strchr(args->v[0], '/') && access(args->v[0], X_OK))
        fail(EXIT_SETUP, "%s is not there: the build made no such program", args->v[0]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        fail(EXIT_SETUP, "cannot start a process: %s", strerror(errno));
    if (!pid)
        become(args, environment, out, err, end_signal);
    if (end_signal)
        setpgid(pid, pid); /* whoever is first */
    return pid;
}

void child_start(struct child *child, const struct args *args, const struct args *environment, const char *log, int end_signal)
{
    int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        fail(EXIT_SETUP, "cannot write %s: %s", log, strerror(errno));
    *child = (struct child){.pid = start(args, environment, file, file, end_signal), .end_signal = end_signal, .started = now()};
    close(file);
}

bool child_ended(struct child *child)
{
    int status;
    if (!child->pid)
        return true;
    pid_t pid = waitpid(child->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    child->status = pid < 0 ? 127 : to_status(status);
    child->pid = 0;
    return true;
}

static void child_signal(const struct child *child, int signal)
{
    if (child->pid)
        kill(-child->pid, signal);
}

void child_ask(const struct child *child) { child_signal(child, child->end_signal); }

void child_stop(struct child *child, double patience)
{
    double asked = now();
    child_ask(child);
    while (!child_ended(child)) {
        if (now() - asked > patience)
            child_signal(child, SIGKILL);
        sleep_seconds(0.02);
    }
}

/* Anonymous file for a stream: no pipe can fill up and no limit on the size is needed. */
static int scratch(void)
{
    char path[] = "/tmp/irpfuzz-XXXXXX";
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        fail(EXIT_SETUP, "cannot write to /tmp: free some space there");
    unlink(path);
    return file;
}

static char *contents(int file)
{
    off_t size = lseek(file, 0, SEEK_END);
    char *out = calloc(1, (size_t)size + 1);
    if (!out)
        fail(EXIT_SETUP, "out of memory");
    if (pread(file, out, (size_t)size, 0) < 0)
        *out = 0;
    close(file);
    return out;
}

void run_captured(const struct args *args, const struct args *environment, double limit, struct captured *captured)
{
    int out = scratch(), err = scratch();
    struct child child = {.pid = start(args, environment, out, err, SIGTERM), .started = now()};
    memset(captured, 0, sizeof *captured);
    while (!child_ended(&child)) {
        if (interrupted || (limit > 0 && now() - child.started > limit)) {
            captured->timed_out = true;
            child_signal(&child, SIGKILL);
        }
        sleep_seconds(0.005);
    }
    captured->status = child.status;
    captured->out = contents(out);
    captured->err = contents(err);
}

void captured_free(struct captured *captured)
{
    free(captured->out);
    free(captured->err);
    captured->out = captured->err = NULL;
}

int run_foreground(const struct args *args, const struct args *environment)
{
    int status;
    pid_t pid = start(args, environment, -1, -1, 0);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return to_status(status);
}

int run_logged(const struct args *args, const struct args *environment, const char *log)
{
    struct child child;
    child_start(&child, args, environment, log, SIGTERM);
    while (!child_ended(&child)) {
        if (interrupted)
            child_stop(&child, 5);
        sleep_seconds(0.02);
    }
    return child.status;
}
