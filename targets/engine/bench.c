/* See bench.h. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "machine/machine.h"
#include "target.h"
#include "text.h"

#define BATCH 200          /* lives between two looks at the clock */
#define ROUND_TRIPS 48
#define SWITCHES 200000u
#define CALLS 400000u

/* Load, add, start, open; eight operations: requests of 64 bytes, one of them cancelled; close, remove, unload. The requests are out together, as a
 * driver sees them under load. %s: what the driver serves (target.reads_only), a write has its fill. */
static const char life_text[] = TEXT_MARKER "\n"
    "app0: h0 = open\n"
    "app0: %s async -> r0\n"
    "app0: read h0 len=64 async -> r1\n"
    "app0: %s async -> r2\n"
    "app0: cancel r2\n"
    "app0: read h0 len=64 async -> r3\n"
    "app0: %s async -> r4\n"
    "app0: read h0 len=64 async -> r5\n"
    "app0: %s async -> r6\n"
    "app0: wait r6\n"
    "app0: close h0\n";

static const char *request_text(unsigned fill)
{
    static char text[4][32];
    char *out = text[fill % 4];
    snprintf(out, sizeof text[0], target.reads_only ? "read h0 len=64" : "write h0 len=64 fill=%u", fill);
    return out;
}

/* Processor time, so that a machine that is busy with other things measures the same. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct input {
    uint8_t bytes[MAX_INPUT];
    size_t size;
};

static bool assemble(const char *text, struct input *out)
{
    char error[256];
    if (text_assemble(text, "bench", target.device, out->bytes, sizeof out->bytes, &out->size, error, sizeof error))
        return true;
    fprintf(stderr, "irpfuzz: %s\n", error);
    return false;
}

/* Seconds for so many lives, or -1 when one of them ends in a bug check. */
static double time_lives(const struct input *input, unsigned count)
{
    double begin = seconds();
    for (unsigned i = 0; i < count; i++)
        if (!engine_run(input->bytes, input->size))
            return -1;
    return seconds() - begin;
}

static bool measure_lives(double limit, struct bench *b)
{
    static struct input input;
    char text[1024];
    snprintf(text, sizeof text, life_text, request_text(1), request_text(2), request_text(3), request_text(4));
    if (!assemble(text, &input) || time_lives(&input, BATCH) < 0)
        return false;
    double spent = 0;
    uint64_t lives = 0;
    for (double t; spent < limit; spent += t, lives += BATCH)
        if ((t = time_lives(&input, BATCH)) < 0)
            return false;
    b->lives = lives;
    b->seconds = spent;
    b->lives_per_second = (double)lives / spent;
    b->events_per_life = (double)trace_count();
    return true;
}

/* What a life with many requests, each waited for, costs more than one without: an IRP from the app to the driver and back. */
static bool measure_round_trips(double limit, struct bench *b)
{
    static struct input none, many;
    static char text[8192] = TEXT_MARKER "\napp0: h0 = open\n";
    if (!assemble(text, &none))
        return false;
    for (unsigned i = 0; i < ROUND_TRIPS; i++)
        strcat(strcat(strcat(text, "app0: "), request_text(1)), "\n");
    if (!assemble(text, &many) || time_lives(&many, BATCH) < 0)
        return false;
    double base = 0, all = 0;
    uint64_t lives = 0;
    for (; all < limit; lives += BATCH) {
        double t0 = time_lives(&none, BATCH), t1 = time_lives(&many, BATCH);
        if (t0 < 0 || t1 < 0)
            return false;
        base += t0;
        all += t1;
    }
    b->irp_round_trips_per_second = (double)(lives * ROUND_TRIPS) / (all - base);
    return true;
}

/* ---- The machine alone: no kernel is booted in these lives ---- */

static struct {
    struct ctx *first, *second;
    double seconds;
    uint16_t ddi;
} bare;

static void pong(void *argument)
{
    (void)argument;
    for (;;) {
        ctx_wake(bare.first);
        ctx_block("ping", NULL, NULL);
    }
}

static void ping(void *argument)
{
    (void)argument;
    bare.first = ctx_current();
    bare.second = ctx_create(CTX_SYSTEM, ROLE_SYSTEM0, "pong", pong, NULL);
    ctx_block("pong", NULL, NULL);
    double begin = seconds();
    for (unsigned i = 0; i < SWITCHES / 2; i++) {
        ctx_wake(bare.second);
        ctx_block("pong", NULL, NULL);
    }
    bare.seconds = seconds() - begin;
    machine_abandon(); /* the other one never ends */
}

static void call_gate(void *argument)
{
    (void)argument;
    double begin = seconds();
    for (unsigned i = 0; i < CALLS; i++) {
        gate_enter(bare.ddi, i, 0);
        gate_leave(0);
    }
    bare.seconds = seconds() - begin;
}

static void measure_machine(struct bench *b)
{
    static const struct chance plain = {.policy = POLICY_CONSTRAINTS, .cpus = 2};
    bare.ddi = ddi_by_name("KeSetEvent");
    machine_run(&plain, ping, NULL);
    b->context_switch_ns = bare.seconds * 1e9 / SWITCHES;
    machine_run(&plain, call_gate, NULL);
    b->ddi_ns = bare.seconds * 1e9 / CALLS;
}

bool bench_measure(double limit, struct bench *b)
{
    *b = (struct bench){0};
    if (!measure_lives(limit, b) || !measure_round_trips(limit / 4, b))
        return false;
    measure_machine(b);
    return true;
}

void bench_print(const struct bench *b, bool json)
{
    const char *kind = target.reads_only ? "read" : "write";
    if (json)
        printf("{\"target\":\"%s\",\"lives\":%" PRIu64 ",\"seconds\":%.3f,\"lives_per_second\":%.0f,\"microseconds_per_life\":%.3f,"
               "\"events_per_life\":%.0f,\"events_per_second\":%.0f,\"irp_round_trips_per_second\":%.0f,\"round_trip\":\"%s\",\"context_switch_ns\":%.1f,\"ddi_ns\":%.1f}\n",
               target.name, b->lives, b->seconds, b->lives_per_second, 1e6 / b->lives_per_second, b->events_per_life,
               b->events_per_life * b->lives_per_second, b->irp_round_trips_per_second, kind, b->context_switch_ns, b->ddi_ns);
    else
        printf("%s: %.0f lives a second, %.2f us each, %.0f events each; %.0f IRP round trips (%s) a second, %.1f ns a context switch, %.1f ns a DDI's gate\n",
               target.name, b->lives_per_second, 1e6 / b->lives_per_second, b->events_per_life, b->irp_round_trips_per_second, kind,
               b->context_switch_ns, b->ddi_ns);
}
