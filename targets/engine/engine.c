/* See engine.h. */
#include "engine.h"
#include "cards.h"

#include <stdio.h>
#include <string.h>

#include "life.h"
#include "machine/machine.h"
#include "nt/image.h"
#include "text.h"
#include "turns.h"

void life_main(void *argument);

/* Two in turn: the start of a life undoes the marks of the decisions of the one before (machine/choose.c). */
static struct program programs[2];
static struct mutator_hints hints;

/* ---- The report's list of steps: the whole program, with a mark where each actor stood ---- */

static int actor_at(size_t record)
{
    for (unsigned actor = 0; actor <= ACTOR_PNP; actor++) {
        int step = turns_current(actor);
        if (step >= 0 && life.program->operation[step].line == record)
            return (int)actor;
    }
    return -1;
}

static void write_steps(void)
{
    if (!life.program)
        return;
    for (size_t i = 0; i < record_count(life.input_size); i++) {
        struct record r = record_load(life.input + i * RECORD_SIZE);
        char line[256];
        text_show_record(&r, target.device, line, sizeof line);
        report_line("  %c %s", actor_at(i) >= 0 ? '>' : ' ', line);
    }
}

static bool has_image(const char *name)
{
    if (!name || image_find(name))
        return true;
    fprintf(stderr, "irpfuzz: this program holds no driver image \"%s\": link it with irpfuzz_use_driver()\n", name);
    return false;
}

static bool has_images(void)
{
    bool all = has_image(target.driver);
    for (unsigned i = 0; i < target.stack_count; i++) {
        all &= has_image(target.stacks[i].function);
        for (unsigned f = 0; f < PNP_FILTERS; f++)
            all &= has_image(target.stacks[i].lower[f]) && has_image(target.stacks[i].upper[f]);
    }
    return all;
}

bool engine_init(void)
{
    if (!has_images())
        return false;
    static const struct report_section steps = {"steps", write_steps};
    machine_init(ENGINE_FIBER);
    machine_lints |= target.lints;
    report_add_section(&steps);
    machine.on_switch = coverage_switch;
    hints = (struct mutator_hints){.lengths = target.lengths, .length_count = target.length_count, .codes = target.codes,
                                   .code_count = target.code_count, .wmi_classes = target.wmi_count,
                                   .cards = (target.card[0] != 0) + (target.card[1] != 0), .hostile = target.hostile, .bare = target.bare != NULL, .asked = choose_asked,
                                   .accesses = cards_accesses};
    return true;
}

bool engine_run(const uint8_t *bytes, size_t size) { return engine_run_changed(bytes, size, NULL, NULL); }

bool engine_run_changed(const uint8_t *bytes, size_t size, void (*change)(struct chance *chance, void *argument), void *argument)
{
    static unsigned turn;
    struct program *program = &programs[turn ^= 1];
    program_decode(program, bytes, size);
    if (change)
        change(&program->chance, argument);
    life.program = program;
    life.input = bytes;
    life.input_size = size;
    return machine_run(&program->chance, life_main, NULL);
}

bool engine_run_file(const uint8_t *bytes, size_t size, const char *name, char *error, size_t error_size)
{
    static char text[1 << 16];
    static uint8_t assembled[MAX_INPUT];
    char own_error[256];
    if (error && error_size)
        *error = 0;
    if (!text_is_program(bytes, size))
        return engine_run(bytes, size);
    size_t made = 0;
    size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, bytes, length);
    text[length] = 0;
    if (!text_assemble(text, name, target.device, assembled, sizeof assembled, &made, error ? error : own_error, error ? error_size : sizeof own_error))
        made = 0;
    return engine_run(assembled, made < sizeof assembled ? made : sizeof assembled);
}

const struct mutator_hints *engine_hints(void) { return &hints; }
