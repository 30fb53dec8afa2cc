/*
 * AFL++'s view of the mutator: a shared library named in AFL_CUSTOM_MUTATOR_LIBRARY. afl-fuzz runs no life itself, so positions are
 * drawn from the whole DDI table. Use with AFL_CUSTOM_MUTATOR_ONLY=1: byte-wise stages break records up.
 */
#include <stdlib.h>
#include <string.h>

#include "mutator.h"
#include "text.h"

struct afl_mutator {
    struct mutator mutator;
    uint8_t out[MAX_INPUT];
};

static const uint32_t lengths[] = {40959, 40960, 40961};
static const struct mutator_hints hints = {.lengths = lengths, .length_count = 3};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other, size_t other_size, size_t max);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed)
{
    (void)afl;
    struct afl_mutator *m = malloc(sizeof *m);
    if (m)
        mutator_init(&m->mutator, seed, &hints);
    return m;
}

size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other, size_t other_size, size_t max)
{
    struct afl_mutator *m = data;
    *out = m->out;
    if (max < RECORD_SIZE)
        return 0;
    size_t room = max < sizeof m->out ? max : sizeof m->out;
    bool both_records = other && other_size >= RECORD_SIZE && !text_is_program(bytes, size) && !text_is_program(other, other_size);
    if (both_records && !mutator_random(&m->mutator, 8))
        size = mutator_cross(&m->mutator, bytes, size, other, other_size, m->out, room);
    else
        size = text_take(m->out, room, bytes, size);
    return mutator_mutate(&m->mutator, m->out, size, room);
}

void afl_custom_deinit(void *data) { free(data); }
