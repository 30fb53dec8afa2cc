/* See unit.h. Compiled once, in the Windows world. */
#include "unit.h"

static struct {
    bool expected, seen;
    struct bugcheck last;
    void (*body)(void);
} unit;

static void hook(const struct bugcheck *b)
{
    unit.seen = true;
    unit.last = *b;
    if (!unit.expected)
        report_write(b);
    machine_abandon();
}

static void life(void *argument)
{
    (void)argument;
    nt_boot();
    unit.body();
    nt_shutdown();
}

static bool run(void (*body)(void), const struct chance *chance, bool expected)
{
    static const struct chance benign;
    static bool ready;
    if (!ready)
        machine_init(ENGINE_FIBER);
    ready = true;
    bugcheck_set_hook(hook);
    unit.expected = expected;
    unit.seen = false;
    unit.body = body;
    return machine_run(chance ? chance : &benign, life, NULL);
}

void unit_life(void (*body)(void), const struct chance *chance)
{
    assert_true(run(body, chance, false));
}

void unit_expect_bugcheck(void (*body)(void), uint32_t code, uint64_t p1)
{
    assert_false(run(body, NULL, true));
    assert_true(unit.seen);
    if (unit.last.code != code)
        report_write(&unit.last);
    assert_int_equal(unit.last.code, code);
    if (p1 != ~0ull)
        assert_int_equal(unit.last.parameter[0], p1);
}
