/*
 * Findings: inputs that end in a bug check.
 *
 * A finding is known by what it is, the bug check's name, and where, the topmost function of the driver on the stack; two inputs with the
 * same name and function are one finding, of which the shorter input is kept. In fuzz/<target>/findings a finding is two files,
 * <NAME>-<function>-<hash8> and the same with .report.txt.
 */
#ifndef COMMAND_FINDINGS_H
#define COMMAND_FINDINGS_H

#include <stdbool.h>

#include "process.h"

struct finding {
    char name[96];         /* DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL */
    unsigned long long parameter; /* the bug check's first: which violation a 0xC4 is */
    char function[96];     /* "none" if no driver frame is on the stack */
    char place[192];       /* drivers/echo/autosync/queue.c:120 */
    char what[320];        /* the sentence of the report */
    bool reproduced;       /* false: the replay ran to its end in peace */
    char *report;          /* owned */
};

/* Reads the report in a program's output; false if there is none. Sanitizers' own reports count. */
bool finding_parse(const char *words, struct finding *finding);
/* Runs the input through run_<target>. */
void finding_replay(const char *run_program, const char *input, struct finding *finding);
/* What replaying programs need to name functions in a sanitizer's own report. */
void replay_environment(struct args *environment);
void finding_free(struct finding *finding);

/* Stores it. The path of the input is put in `path`; true if this finding was not there before. */
bool finding_store(const char *directory, const char *input, const struct finding *finding, char path[4096]);

#endif
