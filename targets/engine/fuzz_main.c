/* fuzz_<target>: an ordinary libFuzzer binary. Inputs may be in the binary or the text form. */
#include <stdlib.h>

#include "engine.h"
#include "machine/report.h"
#include "text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max, unsigned seed);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    if (!engine_init())
        exit(3);
    sanitizer_reports_install(false);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    engine_run_file(bytes, size, "input", NULL, 0);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max, unsigned seed)
{
    if (max < RECORD_SIZE)
        return size;
    size = text_take(bytes, max, bytes, size); /* a seed in the text form becomes records */
    struct mutator m;
    mutator_init(&m, seed, engine_hints());
    return mutator_mutate(&m, bytes, size, max);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t max, unsigned seed)
{
    if (max < RECORD_SIZE)
        return 0;
    if (text_is_program(a, a_size) || text_is_program(b, b_size)) /* each is mutated once first, which makes it records */
        return 0;
    struct mutator m;
    mutator_init(&m, seed, engine_hints());
    return mutator_cross(&m, a, a_size, b, b_size, out, max);
}
