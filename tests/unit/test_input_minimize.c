/* The search for a smaller input, with tests that stand for a driver's bug. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/input.h"
#include "engine/minimize.h"
#include "machine/gate.h"

static uint8_t bytes[64 * RECORD_SIZE];
static unsigned tests_run;

static size_t put(size_t size, struct record r)
{
    record_store(bytes + size, &r);
    return size + RECORD_SIZE;
}

static struct record at(unsigned i) { return record_load(bytes + i * RECORD_SIZE); }

static size_t shrink(size_t size, bool (*test)(const uint8_t *, size_t, void *))
{
    tests_run = 0;
    assert_true(test(bytes, size, NULL));
    size = minimize(&(struct minimize){.test = test}, bytes, size);
    assert_true(test(bytes, size, NULL));
    return size;
}

static unsigned count_of(const uint8_t *b, size_t size, uint8_t kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < record_count(size); i++)
        count += record_load(b + i * RECORD_SIZE).kind == kind;
    return count;
}

/* A write of 100 bytes or more, and a cancel somewhere. */
static bool long_write_and_cancel(const uint8_t *b, size_t size, void *context)
{
    bool written = false;
    (void)context;
    tests_run++;
    for (size_t i = 0; i < record_count(size); i++) {
        struct record r = record_load(b + i * RECORD_SIZE);
        written |= r.kind == OP_WRITE && r.a >= 100;
    }
    return written && count_of(b, size, OP_CANCEL);
}

static void only_what_is_needed_stays_at_its_smallest(void **state)
{
    (void)state;
    size_t size = 0;
    for (unsigned i = 0; i < 20; i++)
        size = put(size, (struct record){.kind = OP_READ, .actor = 2, .slot = 3, .flags = IO_EVENT, .a = 77 + i, .c = 5});
    size = put(size, (struct record){.kind = OP_WRITE, .actor = 3, .slot = 6, .flags = IO_EVENT, .a = 40960, .b = 0x41, .c = 9});
    for (unsigned i = 0; i < 20; i++)
        size = put(size, (struct record){.kind = EV_PASS_TIME, .a = 1000});
    size = put(size, (struct record){.kind = OP_CANCEL, .actor = 1, .slot = 9});
    size = shrink(size, long_write_and_cancel);
    assert_int_equal(record_count(size), 2);
    struct record w = at(0), c = at(1);
    assert_int_equal(w.kind, OP_WRITE);
    assert_int_equal(w.a, 100);
    assert_int_equal(w.actor + w.slot + w.flags + w.b + w.c, 0);
    assert_int_equal(c.kind, OP_CANCEL);
    assert_int_equal(c.actor + c.slot, 0);
    assert_true(tests_run < 400);
}

/* The fault must hit the last read: its count is that of the reads. */
static bool fault_at_last_read(const uint8_t *b, size_t size, void *context)
{
    unsigned reads = count_of(b, size, OP_READ);
    (void)context;
    tests_run++;
    for (size_t i = 0; i < record_count(size); i++) {
        struct record r = record_load(b + i * RECORD_SIZE);
        if (r.kind == DE_FAULT && reads && r.b == reads)
            return true;
    }
    return false;
}

static void counts_of_decisions_follow_what_goes(void **state)
{
    (void)state;
    size_t size = put(0, (struct record){.kind = DE_FAULT, .a = ddi_name_hash16("IoAllocateIrp"), .b = 9});
    for (unsigned i = 0; i < 9; i++)
        size = put(size, (struct record){.kind = OP_READ, .a = i});
    size = shrink(size, fault_at_last_read);
    assert_int_equal(count_of(bytes, size, OP_READ), 1);
    assert_int_equal(count_of(bytes, size, DE_FAULT), 1);
    assert_int_equal(record_count(size), 2);
}

/* Opens and closes count only in equal numbers. */
static bool balanced(const uint8_t *b, size_t size, void *context)
{
    (void)context;
    tests_run++;
    return count_of(b, size, OP_OPEN) == count_of(b, size, OP_CLOSE) && count_of(b, size, OP_IOCTL) == 1;
}

static void pairs_go_together(void **state)
{
    (void)state;
    size_t size = 0;
    for (unsigned i = 0; i < 3; i++)
        size = put(size, (struct record){.kind = OP_OPEN, .slot = (uint8_t)i});
    size = put(size, (struct record){.kind = OP_IOCTL, .a = 8 | 300u << 16, .b = 0x222004});
    for (unsigned i = 0; i < 3; i++)
        size = put(size, (struct record){.kind = OP_CLOSE, .slot = (uint8_t)i});
    size = shrink(size, balanced);
    assert_int_equal(record_count(size), 1);
    assert_int_equal(at(0).b, 0x222004); /* a control code is a name: not smaller or larger than another */
    assert_int_equal(at(0).a, 0);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void a_search_that_is_stopped_keeps_what_it_had(void **state)
{
    (void)state;
    size_t size = put(0, (struct record){.kind = OP_WRITE, .a = 4000});
    size = put(size, (struct record){.kind = OP_CANCEL, .slot = 3});
    size_t left = minimize(&(struct minimize){.test = long_write_and_cancel, .stop = stop_at_once}, bytes, size);
    assert_int_equal(left, size);
    assert_true(long_write_and_cancel(bytes, left, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_needed_stays_at_its_smallest),
        cmocka_unit_test(counts_of_decisions_follow_what_goes),
        cmocka_unit_test(pairs_go_together),
        cmocka_unit_test(a_search_that_is_stopped_keeps_what_it_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
