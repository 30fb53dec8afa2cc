/* The echo oracle on made-up histories: what the contract allows passes, what it forbids is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/report.h"
#include "oracle_echo.h"

const unsigned echo_period_ms = 2000;

static struct request history[8];
static unsigned steps;
static uint64_t sequence;
static bool faults;
static uint8_t buffer[8][70000];

const struct request *life_request(unsigned step) { return step < steps && history[step].issued_at ? &history[step] : NULL; }
unsigned life_steps(void) { return steps; }
bool life_has_faults(void) { return faults; }
unsigned life_power_ups(void) { return 1; }
uint64_t life_time(void) { return 0; }

static jmp_buf caught;
static uint32_t caught_code;

static void on_bugcheck(const struct bugcheck *bug)
{
    caught_code = bug->code;
    longjmp(caught, 1);
}

static int begin(void **state)
{
    (void)state;
    memset(history, 0, sizeof history);
    steps = 0;
    sequence = 0;
    faults = false;
    echo_begin();
    return 0;
}

static struct request *issue(uint8_t kind, uint32_t length, uint8_t fill)
{
    struct request *r = &history[steps];
    *r = (struct request){.kind = kind, .length = length, .fill = fill, .step = (uint16_t)steps, .device = 1, .data = buffer[steps]};
    r->issued_at = ++sequence;
    if (kind == OP_WRITE)
        for (uint32_t i = 0; i < length; i++)
            r->data[i] = pattern_byte(fill, i);
    steps++;
    return r;
}

static void returns(struct request *read, uint8_t fill, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        read->data[i] = pattern_byte(fill, i);
}

/* The end as the app sees it; the code of the bug check, 0 if there was none. */
static uint32_t end(struct request *r, uint32_t error, uint32_t bytes)
{
    r->finished = true;
    r->error = error;
    r->bytes = bytes;
    r->finished_at = ++sequence;
    r->finished_time = 20000000ull * sequence; /* a tick each */
    bugcheck_set_hook(on_bugcheck);
    caught_code = 0;
    if (!setjmp(caught))
        echo_finished(r);
    return caught_code;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct request *r = issue(OP_READ, 10, 0);
    assert_int_equal(end(r, 0, 0), 0); /* nothing stored yet */
    assert_int_equal(end(issue(OP_WRITE, 100, 7), 0, 100), 0);
    r = issue(OP_READ, 40, 0);
    returns(r, 7, 40);
    assert_int_equal(end(r, 0, 40), 0);
    r = issue(OP_READ, 4000, 0);
    returns(r, 7, 100);
    assert_int_equal(end(r, 0, 100), 0);
}

static void other_data_is_told(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 100, 7), 0, 100), 0);
    struct request *r = issue(OP_READ, 100, 0);
    returns(r, 8, 100);
    assert_int_equal(end(r, 0, 100), OWN_WRONG_DATA);
    r = issue(OP_READ, 100, 0);
    returns(r, 7, 100);
    r->data[99] ^= 1;
    assert_int_equal(end(r, 0, 100), OWN_WRONG_DATA);
}

static void old_data_is_told(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), 0, 10), 0);
    assert_int_equal(end(issue(OP_WRITE, 10, 2), 0, 10), 0);
    struct request *r = issue(OP_READ, 10, 0);
    returns(r, 1, 10);
    assert_int_equal(end(r, 0, 10), OWN_WRONG_DATA);
}

static void wrong_lengths_are_told(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 100, 7), 0, 99), OWN_WRONG_LENGTH);
    assert_int_equal(end(issue(OP_WRITE, 50, 7), 0, 50), 0);
    struct request *r = issue(OP_READ, 60, 0);
    returns(r, 7, 60);
    assert_int_equal(end(r, 0, 60), OWN_WRONG_LENGTH); /* not clipped to what is stored */
    r = issue(OP_READ, 60, 0);
    assert_int_equal(end(r, 0, 0), OWN_WRONG_LENGTH);  /* the data is lost */
}

static void concurrent_writes_are_all_candidates(void **state)
{
    (void)state;
    struct request *a = issue(OP_WRITE, 10, 1), *b = issue(OP_WRITE, 20, 2), *r = issue(OP_READ, 100, 0);
    returns(r, 1, 10);
    assert_int_equal(end(r, 0, 10), 0);
    assert_int_equal(end(a, 0, 10), 0);
    assert_int_equal(end(b, 0, 20), 0);
    r = issue(OP_READ, 100, 0);
    returns(r, 2, 20);
    assert_int_equal(end(r, 0, 20), 0);
}

static void a_cancelled_write_may_have_worked(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), 0, 10), 0);
    struct request *w = issue(OP_WRITE, 20, 2);
    assert_int_equal(end(w, WIN32_OPERATION_ABORTED, 0), OWN_WRONG_STATUS); /* nobody cancelled it */
    w = issue(OP_WRITE, 20, 2);
    w->disturbed = DISTURBED_CANCEL;
    assert_int_equal(end(w, WIN32_OPERATION_ABORTED, 0), 0);
    struct request *r = issue(OP_READ, 20, 0);
    returns(r, 1, 10);
    assert_int_equal(end(r, 0, 10), 0);
    r = issue(OP_READ, 20, 0);
    returns(r, 2, 20);
    assert_int_equal(end(r, 0, 20), 0);
    w = issue(OP_WRITE, 20, 2);
    w->disturbed = DISTURBED_CANCEL;
    assert_int_equal(end(w, WIN32_OPERATION_ABORTED, 20), OWN_WRONG_LENGTH);
}

static void limits_and_statuses(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 40960, 1), 0, 40960), 0);
    assert_int_equal(end(issue(OP_WRITE, 40961, 1), WIN32_MORE_DATA, 0), 0);
    assert_int_equal(end(issue(OP_WRITE, 40961, 1), 0, 40961), OWN_WRONG_STATUS);
    assert_int_equal(end(issue(OP_WRITE, 40960, 1), WIN32_MORE_DATA, 0), OWN_WRONG_STATUS);
    assert_int_equal(end(issue(OP_WRITE, 0, 1), 0, 0), 0);
    assert_int_equal(end(issue(OP_READ, 0, 1), 0, 0), 0);
    assert_int_equal(end(issue(OP_IOCTL, 4, 1), WIN32_INVALID_FUNCTION, 0), 0);
    assert_int_equal(end(issue(OP_IOCTL, 4, 1), 0, 0), OWN_WRONG_STATUS);
}

static void faults_and_removal_excuse(void **state)
{
    (void)state;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), WIN32_NO_SYSTEM_RESOURCES, 0), OWN_WRONG_STATUS);
    faults = true;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), WIN32_NO_SYSTEM_RESOURCES, 0), 0);
    faults = false;
    struct request *w = issue(OP_WRITE, 10, 1);
    w->disturbed = DISTURBED_REMOVE;
    assert_int_equal(end(w, 433, 0), 0);
    w = issue(OP_OPEN, 0, 0);
    assert_int_equal(end(w, 433, 0), OWN_WRONG_STATUS);
}

static void two_at_a_time_is_told(void **state)
{
    (void)state;
    struct request *a = issue(OP_WRITE, 10, 1), *b = issue(OP_WRITE, 10, 1);
    sequence = 0; /* both end before the second tick */
    a->finished_time = b->finished_time = 0;
    assert_int_equal(end(a, 0, 10), 0);
    sequence = 0;
    assert_int_equal(end(b, 0, 10), 0); /* 1 power-up, and time for one more tick */
    sequence = 0;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), 0, 10), 0);
    sequence = 0;
    assert_int_equal(end(issue(OP_WRITE, 10, 1), 0, 10), OWN_RULE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_written_is_read, begin),
        cmocka_unit_test_setup(other_data_is_told, begin),
        cmocka_unit_test_setup(old_data_is_told, begin),
        cmocka_unit_test_setup(wrong_lengths_are_told, begin),
        cmocka_unit_test_setup(concurrent_writes_are_all_candidates, begin),
        cmocka_unit_test_setup(a_cancelled_write_may_have_worked, begin),
        cmocka_unit_test_setup(limits_and_statuses, begin),
        cmocka_unit_test_setup(faults_and_removal_excuse, begin),
        cmocka_unit_test_setup(two_at_a_time_is_told, begin),
    };
    return cmocka_run_group_tests_name("oracle_echo", tests, NULL, NULL);
}
