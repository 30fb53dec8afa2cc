/* The capture file: what network tools read in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/pcap.h"
#include "machine/machine.h"

static uint8_t file[512];
static size_t length;
static char path[] = "/tmp/test_pcap.XXXXXX";

static void read_back(void)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    length = fread(file, 1, sizeof file, f);
    fclose(f);
}

static uint32_t word(size_t at)
{
    uint32_t value;
    memcpy(&value, file + at, sizeof value);
    return value;
}

static void a_frame_has_its_time_and_its_bytes(void **state)
{
    (void)state;
    static const uint8_t first[] = {1, 2, 3, 4, 5}, second[60] = {9};
    assert_true(pcap_begin(path));
    clock_time = 2 * CLOCK_SECOND + 5;
    pcap_frame(0, false, first, sizeof first);
    read_back(); /* it is there at once */
    assert_int_equal(length, 24 + 16 + 5);
    pcap_frame(0, true, second, sizeof second);
    assert_true(pcap_end());
    read_back();
    assert_int_equal(length, 24 + 16 + 5 + 16 + 60);
    assert_true(word(0) == 0xA1B23C4D && word(4) == 0x00040002 && word(20) == 1);
    assert_true(word(24) == 1704067202 && word(28) == 500 && word(32) == 5 && word(36) == 5 && !memcmp(file + 40, first, 5));
    assert_true(word(53) == 60 && file[61] == 9);
}

/* From one card to the other; the same bytes that come again by themselves are another frame. */
static void a_frame_between_two_cards_is_one(void **state)
{
    (void)state;
    static const uint8_t frame[] = {1, 2, 3};
    assert_true(pcap_begin(path));
    pcap_frame(0, true, frame, 3);
    pcap_frame(1, false, frame, 3);
    pcap_frame(1, false, frame, 3);
    assert_true(pcap_end());
    read_back();
    assert_int_equal(length, 24 + 2 * 19);
}

static void a_file_that_cannot_be(void **state)
{
    (void)state;
    assert_false(pcap_begin("/nowhere/at/all"));
    assert_true(pcap_begin("/dev/full"));
    pcap_frame(0, true, (const uint8_t *)"x", 1);
    assert_false(pcap_end());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_frame_has_its_time_and_its_bytes), cmocka_unit_test(a_frame_between_two_cards_is_one),
                                       cmocka_unit_test(a_file_that_cannot_be)};
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
