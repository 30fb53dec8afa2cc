/* See bench.h. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "life.h"
#include "machine/machine.h"
#include "target.h"
#include "text.h"

#define BATCH 200          /* lives between two looks at the clock */
#define ROUND_TRIPS 48
#define FRAME_ROUNDS 3     /* of one life */
#define FRAMES 8           /* of a round, in each direction */
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

/* Of a card without a driver: its address and configuration, a frame out, a frame in, and the counters. */
static const char bare_text[] = TEXT_MARKER "\n"
    "pnp: card block command=0x8001\n"
    "pnp: card command byte=0x10 of=block\n"
    "pnp: card wait units=0x64\n"
    "pnp: card block command=0x8002\n"
    "pnp: card command byte=0x10 of=block\n"
    "pnp: card wait units=0x64\n"
    "pnp: card rfd command=0x8000 size=0x5ea\n"
    "pnp: card command byte=0x1 of=rfd\n"
    "pnp: frame to=card len=60 fill=0x41\n"
    "pnp: card tbd size=0x3c of=buffer\n"
    "pnp: card block slot=0x1 command=0x800c n=0x1\n"
    "pnp: card command byte=0x10 of=block slot=0x1\n"
    "pnp: card wait units=0x64\n"
    "pnp: card command byte=0x40 of=result\n"
    "pnp: card command byte=0x70\n"
    "pnp: card wait units=0x64\n";

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
    if (target.bare)
        snprintf(text, sizeof text, "%s", bare_text);
    else
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

/* Of so many lives: how much longer those with all of it take than those with the beginning alone. Below 0: one ends in a bug check. */
static double time_more(const struct input *none, const struct input *many, double limit, uint64_t *lives)
{
    if (time_lives(none, BATCH) < 0 || time_lives(many, BATCH) < 0)
        return -1;
    double base = 0, all = 0;
    for (*lives = 0; all < limit; *lives += BATCH) {
        double t0 = time_lives(none, BATCH), t1 = time_lives(many, BATCH);
        if (t0 < 0 || t1 < 0)
            return -1;
        base += t0;
        all += t1;
    }
    return all - base;
}

/* What a life with many requests, each waited for, costs more than one without: an IRP from the app to the driver and back. */
static bool measure_round_trips(double limit, struct bench *b)
{
    static struct input none, many;
    static char text[8192] = TEXT_MARKER "\napp0: h0 = open\n";
    uint64_t lives;
    if (!assemble(text, &none))
        return false;
    for (unsigned i = 0; i < ROUND_TRIPS; i++)
        strcat(strcat(strcat(text, "app0: "), request_text(1)), "\n");
    if (!assemble(text, &many))
        return false;
    double took = time_more(&none, &many, limit, &lives);
    if (took < 0)
        return false;
    b->irp_round_trips_per_second = (double)(lives * ROUND_TRIPS) / took;
    return true;
}

/* Reads are out before the frames come, all at once: they wait long enough for that. Then as many are written, and out at once too. */
#define PAUSE "pnp: pass-time 1000ms\n"

static const char *frame_round(void)
{
    static char text[2048] = PAUSE;
    size_t n = strlen(PAUSE);
    for (unsigned i = 0; i < FRAMES; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "app0: read h0 len=60 async -> r%u\n", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "pnp: frame to=card len=60 fill=1 times=%u\napp0: wait r%u\n", FRAMES, FRAMES - 1);
    for (unsigned i = 0; i < FRAMES; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "app0: write h0 len=60 fill=1 async -> r%u\n", FRAMES + i);
    snprintf(text + n, sizeof text - n, "app0: wait r%u\n", 2 * FRAMES - 1);
    return text;
}

static unsigned frames_seen;

static void see_frame(unsigned card, bool sent, const uint8_t *frame, uint32_t size)
{
    (void)card, (void)sent, (void)frame, (void)size;
    frames_seen++;
}

/* What is not on the wire is not measured. */
static bool has_frames(const struct input *input)
{
    frames_seen = 0;
    life_wire = see_frame;
    bool fine = engine_run(input->bytes, input->size);
    life_wire = NULL;
    if (frames_seen != 2 * FRAMES * FRAME_ROUNDS)
        fprintf(stderr, "irpfuzz: a life that is to pass %u frames has passed %u\n", 2 * FRAMES * FRAME_ROUNDS, frames_seen);
    return fine && frames_seen == 2 * FRAMES * FRAME_ROUNDS;
}

/* The same for frames. */
static bool measure_frames(double limit, struct bench *b)
{
    static struct input none, many;
    static char text[8192];
    uint64_t lives;
    if (!target.opens_wire)
        return true;
    snprintf(text, sizeof text, TEXT_MARKER "\napp0: h0 = open\n%s", target.opens_wire);
    size_t n = strlen(text);
    for (unsigned i = 0; i < FRAME_ROUNDS; i++)
        strcat(text, PAUSE);
    if (!assemble(text, &none))
        return false;
    text[n] = '\0';
    for (unsigned i = 0; i < FRAME_ROUNDS; i++)
        strcat(text, frame_round());
    if (!assemble(text, &many))
        return false;
    if (!has_frames(&many))
        return false;
    double took = time_more(&none, &many, limit, &lives);
    if (took < 0)
        return false;
    b->frames_per_second = (double)(lives * 2 * FRAMES * FRAME_ROUNDS) / took;
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
    if (!measure_lives(limit, b) || (!target.bare && (!measure_round_trips(limit / 4, b) || !measure_frames(limit / 4, b))))
        return false;
    measure_machine(b);
    return true;
}

void bench_print(const struct bench *b, bool json)
{
    const char *kind = target.reads_only ? "read" : "write";
    char frames[64] = "";
    if (b->frames_per_second)
        snprintf(frames, sizeof frames, json ? ",\"frames_per_second\":%.0f" : ", %.0f frames", b->frames_per_second);
    if (json)
        printf("{\"target\":\"%s\",\"lives\":%" PRIu64 ",\"seconds\":%.3f,\"lives_per_second\":%.0f,\"microseconds_per_life\":%.3f,"
               "\"events_per_life\":%.0f,\"events_per_second\":%.0f,\"irp_round_trips_per_second\":%.0f,\"round_trip\":\"%s\"%s,\"context_switch_ns\":%.1f,\"ddi_ns\":%.1f}\n",
               target.name, b->lives, b->seconds, b->lives_per_second, 1e6 / b->lives_per_second, b->events_per_life,
               b->events_per_life * b->lives_per_second, b->irp_round_trips_per_second, kind, frames, b->context_switch_ns, b->ddi_ns);
    else
        printf("%s: %.0f lives a second, %.2f us each, %.0f events each; %.0f IRP round trips (%s)%s a second, %.1f ns a context switch, %.1f ns a DDI's gate\n",
               target.name, b->lives_per_second, 1e6 / b->lives_per_second, b->events_per_life, b->irp_round_trips_per_second, kind, frames,
               b->context_switch_ns, b->ddi_ns);
}
