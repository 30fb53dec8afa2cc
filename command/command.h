/*
 * The command `irpfuzz`: what its parts share.
 *
 * Principle of operation. main.c reads the command line into `struct options` and calls one of the command_*() functions, one file
 * each. A command builds what it needs (build.h), runs binaries of the tree as child processes (process.h) and reports. The working directory is
 * the top of the tree from the start, so paths inside the tree are relative everywhere; paths of the user go through user_path().
 *
 * Host world, one thread. Strings from text() and user_path() live as long as the process.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_status { EXIT_FINE = 0, EXIT_BUG = 1, EXIT_USAGE = 2, EXIT_SETUP = 3 };

struct options {
    const char *command;
    char **names;             /* positional arguments, as given */
    unsigned name_count;
    unsigned time;            /* seconds; 0: not given */
    unsigned jobs, threads, instances, repeat; /* 0: not given */
    unsigned preemptions, depth, runs; /* 0: not given; preemptions: one more than asked for */
    const char *engine, *sanitizer, *trace, *output, *target, *schedule, *policy, *pcap; /* NULL: not given */
    bool json, quick, diverge, no_reduction, all;
};

/* Each returns the exit status. */
int command_fuzz(const struct options *o);
int command_replay(const struct options *o);
int command_show(const struct options *o);
int command_assemble(const struct options *o);
int command_minimize(const struct options *o);
int command_list(const struct options *o);
int command_bugs(const struct options *o);
int command_test(const struct options *o);
int command_coverage(const struct options *o);
int command_bench(const struct options *o);
int command_stress(const struct options *o);
int command_explore(const struct options *o);

/* What `bugs` found, in fuzz/bugs/<name>, is run by the program it was found with; NULL if the file is no such finding. */
const char *program_of_bug(const char *path, const char *target);

/* Set once Ctrl-C or SIGTERM arrived: loops end, children are stopped, results are still printed. */
extern volatile sig_atomic_t interrupted;

/* One line on stderr, "irpfuzz: ...", and the exit status. */
_Noreturn void fail(enum exit_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A path the user gave, seen from the top of the tree. */
char *user_path(const char *path);
/* Seconds, monotonic. */
double now(void);
unsigned cores(void);
/* "12.3k" into out. */
const char *short_number(double value, char out[16]);

#endif
