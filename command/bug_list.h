/* The table of planted bugs, tests/bugs/bugs.txt. */
#ifndef COMMAND_BUG_LIST_H
#define COMMAND_BUG_LIST_H

#define MAX_BUGS 256

struct bug {
    const char *name, *target, *sanitizer;
    const char *expected;     /* names of reports, separated by '/' */
    const char *marker;       /* file:line */
    const char *description;
};

/* Fills bugs[MAX_BUGS], returns how many. fail()s if a line does not read. */
unsigned bug_list(struct bug *bugs);

#endif
