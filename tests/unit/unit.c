/* See unit.h. Compiled once, in the Windows world. */
#include "unit.h"

static struct {
    bool expected, seen;
    struct bugcheck last;
    void (*body)(void);
    bool alive;              /* inside a life */
    struct { const char *expression, *file; int line; unsigned long long a, b; } failure; /* of an assertion in there */
} unit;

static void fail(void)
{
    const char *expression = unit.failure.expression;
    unit.failure.expression = NULL;
    if (unit.failure.b <= 1) /* a truth value, most likely: the text says more than the operands */
        _assert_true(0, expression, unit.failure.file, unit.failure.line);
    _assert_int_equal(unit.failure.a, unit.failure.b, unit.failure.file, unit.failure.line);
}

void unit_assert(unsigned long long a, unsigned long long b, const char *expression, const char *file, int line)
{
    if (a == b || unit.failure.expression)
        return;
    unit.failure.expression = expression, unit.failure.file = file, unit.failure.line = line;
    unit.failure.a = a, unit.failure.b = b;
    if (unit.alive)
        machine_abandon();
    fail();
}

bool unit_wants_report;
char unit_report[16384];

static void hook(const struct bugcheck *b)
{
    unit.seen = true;
    unit.last = *b;
    if (unit_wants_report) {
        report_into(unit_report, sizeof unit_report);
        report_write(b);
        report_into(NULL, 0);
        unit_wants_report = false;
    }
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
#if UNIT_CATCHES_FAULTS
    report_on_sanitizer(hook);
    sanitizer_reports_install(true);
#endif
    user_faults_install(); /* the test runner puts its own handlers in front of each test */
    unit.expected = expected;
    unit.seen = false;
    unit.body = body;
    unit.alive = true;
    bool ended_well = machine_run(chance ? chance : &benign, life, NULL);
    unit.alive = false;
    if (unit.failure.expression)
        fail();
    return ended_well;
}

void unit_life(void (*body)(void), const struct chance *chance)
{
    assert_true(run(body, chance, false));
}

bool unit_survives(void (*body)(void), const struct chance *chance) { return run(body, chance, true); }

const char *unit_expecting;
const char *unit_expected_rule;
const char *unit_expected_words;

static bool same_rule(const char *a, const char *b)
{
    return !a || (b && !strcmp(a, b));
}

void unit_expect_bugcheck(void (*body)(void), uint32_t code, uint64_t p1)
{
    unit_expect_bugcheck_by(body, NULL, code, p1);
}

void unit_expect_bugcheck_by(void (*body)(void), const struct chance *chance, uint32_t code, uint64_t p1)
{
    bool survived = run(body, chance, true);
    if (survived)
        report_line("expected bug check 0x%X%s%s, and nothing came", code, unit_expecting ? " of " : "", unit_expecting ? unit_expecting : "");
    else if (unit.last.code != code || (p1 != ~0ull && unit.last.parameter[0] != p1) || !same_rule(unit_expected_rule, unit.last.rule))
        report_write(&unit.last);
    bool by_rule = same_rule(unit_expected_rule, unit.last.rule);
    if (unit_expected_words && !survived)
        assert_true(strstr(unit.last.text, unit_expected_words) != NULL);
    unit_expecting = unit_expected_rule = unit_expected_words = NULL;
    assert_false(survived);
    assert_true(unit.seen);
    assert_int_equal(unit.last.code, code);
    if (p1 != ~0ull)
        assert_int_equal(unit.last.parameter[0], p1);
    assert_true(by_rule);
}
