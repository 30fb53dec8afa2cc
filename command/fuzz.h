/*
 * A fuzzing run: campaigns (one per target) and workers (one process each).
 *
 * fuzz.c conducts; fuzz_libfuzzer.c and fuzz_afl.c know how to start a worker of their engine, read its progress and collect what it left.
 * status.c shows the campaigns.
 *
 * Below fuzz/<target>: corpus/ (inputs worth keeping), seeds/ (assembled from the tree), findings/, incoming/<worker>/ (artifacts not yet
 * looked at), log/, afl/ (AFL++'s own data, of the latest run).
 */
#ifndef COMMAND_FUZZ_H
#define COMMAND_FUZZ_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

struct found {
    char path[4096];
    char name[96], function[96], what[320];
    unsigned times;
    bool is_new;              /* not in findings/ before this run */
    struct found *next;
};

struct campaign {
    const char *target, *preset, *sanitizer;
    const char *directory;            /* fuzz/<target> */
    const char *fuzz_program, *run_program;
    double executions;                /* of ended processes */
    double shown;                     /* the same and those of running processes, estimated */
    double rate, rate_time, rate_shown; /* per second, lately; when that was reckoned, and from what */
    double seconds;                   /* worked so far, of all workers */
    unsigned coverage, features, corpus, running;
    struct found *found;
    unsigned found_count;
    double left;                      /* seconds, of the worker that works longest */
};

struct worker {
    struct campaign *campaign;        /* NULL: idle */
    unsigned index;                   /* among all workers: names its directories */
    unsigned role;                    /* among the campaign's: 0 is the main one */
    struct child child;
    double deadline;
    const char *log, *incoming;
    size_t log_read;
    double executions, rate;          /* of this process */
    double reported;                  /* when the above was true */
    unsigned starts, quick_deaths;
};

struct fuzz_engine {
    const char *name;
    /* Puts everything in place for a worker of the campaign. */
    void (*prepare)(struct campaign *campaign);
    void (*start)(struct worker *worker, double seconds);
    /* Reads how far it is into worker and campaign. */
    void (*progress)(struct worker *worker);
    /* Brings new artifacts into worker->incoming; `ended`: the process is gone. */
    void (*collect)(struct worker *worker, bool ended);
    bool restarts;                    /* the process ends at a finding */
};
extern const struct fuzz_engine engine_libfuzzer, engine_afl;

/* status.c: the campaigns as they stand. */
struct status {
    struct campaign *campaigns;
    unsigned count;
    bool json, terminal;
    double started, last;
    unsigned lines;                   /* on screen now */
};
void status_show(struct status *status, bool now_please);
/* Takes the block off the screen, so that something else can be printed. */
void status_clear(struct status *status);
void status_summary(struct status *status, double seconds);

/* A libFuzzer process's arguments; for `bugs` as well. corpus may be followed by other directories. */
void libfuzzer_args(struct args *args, const char *program, double seconds, const char *artifacts, const char *dictionary);
/* The number of executions a libFuzzer log tells last. */
double libfuzzer_executions(const char *log_words);

#endif
