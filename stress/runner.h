/* A stress program: what its two halves share, runner.c (host world: time, arguments, lives) and life.c (Windows world: one life). Plain C. */
#ifndef STRESS_RUNNER_H
#define STRESS_RUNNER_H

#include <stdint.h>

struct stress_app {
    const char *name, *driver, *device_id;
    const char *arguments;      /* default ones, separated by spaces */
};
extern const struct stress_app stress_app;

/* The app's main(), renamed when it was compiled. */
int stress_app_main(int argc, char **argv);

struct stress_life {
    int argc;
    const char *const *argv;
    uint32_t exit_code;         /* of the app, once the life has ended */
};

/* The driver's image is linked in. */
int stress_has_driver(void);
/* Body of a life, for machine_run(); argument: struct stress_life. */
void stress_life(void *argument);

#endif
