/*
 * How fast lives of the target are, per second of processor time of one core. The life is fixed (bench.c): load, add, start, open, eight operations
 * of 64 bytes that the driver serves, close, remove, unload. Host world; used by run_<target> after engine_init().
 */
#ifndef ENGINE_BENCH_H
#define ENGINE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench {
    uint64_t lives;
    double seconds;                     /* that they took */
    double lives_per_second, events_per_life;
    double irp_round_trips_per_second;  /* a write (a read where the driver serves no writes) of 64 bytes, waited for: app to driver and back */
    double frames_per_second;           /* through driver and card, as many out as in, of 60 bytes, a request each; 0: the target has none */
    double context_switch_ns;           /* block one context, wake and run the other, one way */
    double ddi_ns;                      /* entering and leaving the gate: what every DDI costs at least */
};

/* Lives for so many seconds, round trips for a quarter of that. False: a life ended in a bug check. */
bool bench_measure(double limit, struct bench *result);
void bench_print(const struct bench *result, bool json);

#endif
