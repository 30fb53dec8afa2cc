/*
 * cmocka for tests that are compiled in the Windows world (no host headers): the prototypes a test needs, as cmocka documents them.
 * A test runs inside a life: unit_life() boots a machine, runs the body on the pnp context, and shuts down. A body that expects a bug check
 * uses unit_expect_bugcheck(): the life ends there, and the code is compared.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include "nt/nt.h"

void _assert_true(const unsigned long long result, const char *expression, const char *file, const int line);
void _assert_int_equal(const unsigned long long a, const unsigned long long b, const char *file, const int line);
#define assert_true(c) unit_assert((unsigned long long)((c) ? 1 : 0), 1, #c, __FILE__, __LINE__)
#define assert_false(c) unit_assert((unsigned long long)((c) ? 1 : 0), 0, #c, __FILE__, __LINE__)
#define assert_int_equal(a, b) unit_assert((unsigned long long)(a), (unsigned long long)(b), #a " == " #b, __FILE__, __LINE__)

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
    void *initial_state;
};
#define cmocka_unit_test(f) {#f, f, NULL, NULL, NULL}
int _cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests, const size_t num_tests, int (*group_setup)(void **),
                            int (*group_teardown)(void **));
#define cmocka_run_group_tests(tests) _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), NULL, NULL)

/* unit.c */
/* a == b, or the test fails; inside a life (on whatever stack) the life is given up first, so that the next test finds a whole machine. */
void unit_assert(unsigned long long a, unsigned long long b, const char *expression, const char *file, int line);
void unit_life(void (*body)(void), const struct chance *chance);
/* False: a bug check ended the life. For what only some schedules bring about. */
bool unit_survives(void (*body)(void), const struct chance *chance);
/* Named when the bug check does not come, or another one does. */
extern const char *unit_expecting;
/* The rule that the next expected bug check must name; NULL: any. */
extern const char *unit_expected_rule;
/* The words that its sentence must hold; NULL: any. */
extern const char *unit_expected_words;
/* Runs a life that must end in this bug check; p1 ~0: any. */
void unit_expect_bugcheck(void (*body)(void), uint32_t code, uint64_t p1);
void unit_expect_bugcheck_by(void (*body)(void), const struct chance *chance, uint32_t code, uint64_t p1);
/* The report of the bug check that ended the last life, where `unit_wants_report` was set before. */
extern bool unit_wants_report;
extern char unit_report[16384];
/* A driver's access that the host stops is a bug check too; not under AddressSanitizer, whose report ends the process. */
#if !defined(IRPFUZZ_ASAN) && !defined(IRPFUZZ_TSAN) && !defined(IRPFUZZ_MSAN)
#define UNIT_CATCHES_FAULTS 1
#endif

#endif
