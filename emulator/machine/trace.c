/* See trace.h. */
#define XXH_INLINE_ALL
#define XXH_NO_STREAM 0
#include <xxhash.h>

#include "machine.h"

#define RING 4096

static struct {
    struct trace_record ring[RING];
    unsigned used;       /* records in the ring not hashed yet */
    uint64_t count, hash;
    const struct trace_sink *sink;
} stream;

void trace_begin(void)
{
    stream.used = 0;
    stream.count = 0;
    stream.hash = 0x1234567;
}

static void fold(void)
{
    if (!stream.used) /* asking for the hash twice gives the same answer */
        return;
    stream.hash = XXH3_64bits_withSeed(stream.ring, stream.used * sizeof stream.ring[0], stream.hash);
    stream.used = 0;
}

void trace(enum trace_type type, uint16_t code, uint64_t a, uint64_t b)
{
    if (stream.used == RING)
        fold();
    const struct ctx *ctx = current_ctx;
    struct trace_record *r = &stream.ring[stream.used++];
    static const struct ctx nobody;
    ctx = ctx ? ctx : &nobody;
    *r = (struct trace_record){.type = (uint8_t)type, .irql = ctx->irql, .ctx = (uint8_t)ctx->id, .cpu = (uint8_t)ctx->cpu, .code = code,
                               .depth = ctx->gate_depth, .time = clock_now(), .a = a, .b = b};
    stream.count++;
    if (stream.sink)
        stream.sink->record(stream.sink->owner, r);
}

void trace_text(const char *text, size_t length)
{
    trace(TRACE_PRINT, 0, length, XXH3_64bits(text, length));
    if (stream.sink && stream.sink->text)
        stream.sink->text(stream.sink->owner, text, length);
}

uint64_t trace_object(const void *address)
{
    uint64_t p = (uint64_t)(uintptr_t)address;
    if (memory_is_kernel(address))
        return p - KERNEL_ARENA_BASE;
    if (memory_is_user(address))
        return (p - USER_ARENA_BASE) | 1ull << 62;
    return 0;
}

uint64_t trace_hash(void)
{
    fold();
    return stream.hash;
}

uint64_t trace_count(void) { return stream.count; }
uint64_t trace_hash_bytes(const void *bytes, size_t size) { return XXH3_64bits(bytes, size); }
void trace_set_sink(const struct trace_sink *sink) { stream.sink = sink; }

size_t trace_tail(struct trace_record *out, size_t max)
{
    size_t have = stream.count < stream.used ? stream.count : stream.used;
    size_t n = have < max ? have : max;
    for (size_t i = 0; i < n; i++)
        out[i] = stream.ring[stream.used - n + i];
    return n;
}
