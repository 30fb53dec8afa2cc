/* A stress program: what its two halves share, runner.c (host world: time, arguments, lives) and life.c (Windows world: one life). Plain C. */
#ifndef STRESS_RUNNER_H
#define STRESS_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "nt/install.h"

struct stress_stacks {
    const struct pnp_install *install;
    unsigned count;
};

struct stress_app {
    const char *name, *driver;
    const char *device_id;      /* "": a legacy driver, which the app loads and unloads itself */
    const char *arguments;      /* default ones, separated by spaces */
    const char *threads_option; /* in front of the number of threads; "": that is the first argument */
    const char *keys;           /* each instance is typed one of these, at a time that lane data chooses; "": the app asks for none */
    const struct stress_stacks *stacks; /* what is installed, `driver` among it; NULL: that driver alone */
    const char *beside;         /* identifier of a second device among it; "": there is none */
    unsigned cards;             /* network cards on one wire: the devices that device_id stands for, instead of one that hangs on no bus; at most STRESS_MAX_CARDS */
    bool pulls;                 /* they are pulled out while the app uses them, at times that lane data chooses */
    bool awake;                 /* they do not idle: an 82557 cannot sleep */
};
extern const struct stress_app stress_app;

#define STRESS_MAX_INSTANCES 8
#define STRESS_MAX_CARDS 2

/* The app's main(), renamed when it was compiled. */
int stress_app_main(int argc, char **argv);

struct stress_life {
    int argc;
    const char *const *argv;
    unsigned instances;         /* processes of the app at once, 1..STRESS_MAX_INSTANCES */
    uint32_t exit_code;         /* of the app, once the life has ended; with several, of the first that failed */
};

/* The driver's image is linked in. */
int stress_has_driver(void);
/* Body of a life, for machine_run(); argument: struct stress_life. */
void stress_life(void *argument);
/* All of it but switching the machine on and off, and what is done while the app runs (NULL: nothing): for tests. */
void stress_live(struct stress_life *life);
extern void (*stress_meanwhile)(void);

#endif
