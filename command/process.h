/*
 * Child processes.
 *
 * A child has a process group of its own, so that Ctrl-C reaches the command alone and the command decides who stops and how; should the
 * command die, its children are told to end. Foreground children (run_foreground) share terminal and group.
 */
#ifndef COMMAND_PROCESS_H
#define COMMAND_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* An argument list in the making. */
struct args {
    char *v[512];
    unsigned n;
};
void args_add(struct args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct child {
    pid_t pid;      /* 0: none */
    int status;     /* exit status, or 128 + signal, once it ended */
    int end_signal; /* asks it to end */
    double started;
};

/* Output goes to `log` (both streams, file replaced); environment entries "A=B" are added. `end_signal` asks it to end, here and when the command dies.
 * fail()s if the program is not there. */
void child_start(struct child *child, const struct args *args, const struct args *environment, const char *log, int end_signal);
/* True once it has ended (or was never started). */
bool child_ended(struct child *child);
/* Asks its whole group to end, and waits for none. */
void child_ask(const struct child *child);
/* Asks it, and sends SIGKILL to its whole group if that does not help within `patience` seconds. */
void child_stop(struct child *child, double patience);

struct captured {
    char *out, *err;  /* zero-terminated; free with captured_free() */
    int status;       /* as in struct child */
    bool timed_out;
};
/* Runs to the end or for `limit` seconds (0: no limit). */
void run_captured(const struct args *args, const struct args *environment, double limit, struct captured *captured);
void captured_free(struct captured *captured);
/* Runs with the command's own streams. Returns the status. */
int run_foreground(const struct args *args, const struct args *environment);
/* Runs to the end with output to a log; an interrupt stops it. Returns the status. */
int run_logged(const struct args *args, const struct args *environment, const char *log);

void sleep_seconds(double seconds);

#endif
