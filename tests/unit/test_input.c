/* The input format, its text form and its mutator: round trips over random byte strings and programs, and the messages for bad text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/context.h"
#include "machine/gate.h"
#include "engine/input.h"
#include "engine/mutator.h"
#include "engine/text.h"

static uint64_t random_state;

static uint64_t random_number(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static char text[1 << 16], again[1 << 16];
static uint8_t assembled[MAX_INPUT];

static void assert_round_trip(const uint8_t *bytes, size_t size)
{
    char error[256] = "";
    size_t made, length = text_show(bytes, size, "echo", text, sizeof text);
    assert_true(length < sizeof text);
    if (!text_assemble(text, "t", NULL, assembled, sizeof assembled, &made, error, sizeof error))
        fail_msg("%s\nin:\n%s", error, text);
    assert_int_equal(made, size);
    assert_memory_equal(assembled, bytes, size);
    text_show(assembled, made, "echo", again, sizeof again);
    assert_string_equal(text, again);
}

static void any_byte_string_round_trips(void **state)
{
    (void)state;
    uint8_t bytes[200];
    random_state = 1;
    for (unsigned i = 0; i < 100000; i++) {
        size_t size = random_number() % sizeof bytes;
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)(random_number() % 4 ? random_number() % RECORD_KINDS : random_number());
        assert_round_trip(bytes, size);
    }
}

static void mutated_programs_are_canonical_and_round_trip(void **state)
{
    (void)state;
    static uint8_t bytes[MAX_INPUT], other[MAX_INPUT], mixed[MAX_INPUT];
    struct mutator m;
    mutator_init(&m, 7, NULL);
    size_t size = mutator_generate(&m, bytes, sizeof bytes);
    for (unsigned i = 0; i < 20000; i++) {
        size = mutator_mutate(&m, bytes, size, sizeof bytes);
        assert_true(size >= RECORD_SIZE && size <= sizeof bytes && size % RECORD_SIZE == 0);
        for (size_t j = 0; j < size; j += RECORD_SIZE) {
            struct record r = record_load(bytes + j), c = record_canonical(&r);
            assert_true(record_equal(&r, &c));
        }
        if (i % 64 == 0) {
            assert_round_trip(bytes, size);
            size_t n = mutator_generate(&m, other, sizeof other);
            size_t x = mutator_cross(&m, bytes, size, other, n, mixed, sizeof mixed);
            assert_true(x >= RECORD_SIZE && x % RECORD_SIZE == 0);
            if (size > 100 * RECORD_SIZE)
                size = n, memcpy(bytes, other, n);
        }
    }
}

static void mutation_is_a_function_of_its_seed(void **state)
{
    (void)state;
    uint8_t a[MAX_INPUT] = {0}, b[MAX_INPUT] = {0};
    for (unsigned seed = 0; seed < 200; seed++) {
        struct mutator m;
        mutator_init(&m, seed, NULL);
        size_t na = mutator_generate(&m, a, sizeof a);
        for (unsigned i = 0; i < 20; i++)
            na = mutator_mutate(&m, a, na, sizeof a);
        mutator_init(&m, seed, NULL);
        size_t nb = mutator_generate(&m, b, sizeof b);
        for (unsigned i = 0; i < 20; i++)
            nb = mutator_mutate(&m, b, nb, sizeof b);
        assert_int_equal(na, nb);
        assert_memory_equal(a, b, na);
    }
}

/* With max_size small the mutators must stay inside. */
static void mutator_keeps_to_the_room_it_has(void **state)
{
    (void)state;
    for (size_t room = RECORD_SIZE; room < 10 * RECORD_SIZE; room += 5) {
        uint8_t bytes[10 * RECORD_SIZE + 8];
        memset(bytes, 0xee, sizeof bytes);
        struct mutator m;
        mutator_init(&m, room, NULL);
        size_t size = 0;
        for (unsigned i = 0; i < 500; i++) {
            size = mutator_mutate(&m, bytes, size, room);
            assert_true(size && size <= room);
        }
        for (size_t j = room; j < sizeof bytes; j++)
            assert_int_equal(bytes[j], 0xee);
    }
}

static void canonical_form_is_idempotent(void **state)
{
    (void)state;
    random_state = 3;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[RECORD_SIZE];
        for (unsigned j = 0; j < RECORD_SIZE; j++)
            bytes[j] = (uint8_t)random_number();
        struct record r = record_load(bytes), c = record_canonical(&r), cc = record_canonical(&c);
        assert_true(record_equal(&c, &cc));
    }
}

static size_t assemble(const char *source, char *error, size_t size)
{
    size_t made;
    return text_assemble(source, "p.txt", NULL, assembled, sizeof assembled, &made, error, size) ? made : SIZE_MAX;
}

static void a_program_reads_as_meant(void **state)
{
    (void)state;
    char error[256] = "";
    size_t n = assemble(TEXT_MARKER "\n"
                        "app0: h0 = open echo\n"
                        "app1: h2 = open sync   # not overlapped\n"
                        "app0: write h0 len=64 fill=0x41 async -> r0\n"
                        "app0: read h0 len=40960 apc -> r3\n"
                        "app0: ioctl h0 code=0x222000 in=16 out=32 fill=7\n"
                        "\n"
                        "app1: cancel r0\n"
                        "pnp: system-sleep S3\n"
                        "pnp: pass-time 2500ms\n"
                        "schedule: at Block #3 app1\n"
                        "fault: Release #2\n"
                        "value: hardware 7\n"
                        "config: policy=random seed=7 cpus=3\n", error, sizeof error);
    assert_string_equal(error, "");
    assert_int_equal(n, 12 * RECORD_SIZE);
    static struct program p;
    program_decode(&p, assembled, n);
    assert_int_equal(p.operations, 8);
    assert_int_equal(p.app_threads_used, 3);
    assert_int_equal(p.operation[2].record.a, 64);
    assert_int_equal(p.operation[2].record.b, 0x41);
    assert_int_equal(p.operation[2].record.flags, IO_EVENT);
    assert_int_equal(request_name(&p.operation[3].record), 3);
    assert_int_equal(ioctl_in_length(&p.operation[4].record), 16);
    assert_int_equal(ioctl_out_length(&p.operation[4].record), 32);
    assert_int_equal(p.operation[6].record.slot, 2);
    assert_int_equal(p.operation[7].actor, ACTOR_PNP);
    assert_int_equal(p.chance.schedule_count, 1);
    assert_int_equal(p.chance.schedule[0].ddi, 1);
    assert_int_equal(p.chance.schedule[0].nth, 3);
    assert_int_equal(p.chance.schedule[0].value, ROLE_APP0 + 1);
    assert_int_equal(p.chance.fault_count, 1);
    assert_int_equal(p.chance.value[LANE_HARDWARE][0], 7);
    assert_int_equal(p.chance.policy, POLICY_RANDOM);
    assert_int_equal(p.chance.cpus, 3);
    assert_int_equal(p.chance.seed, 7);
}

/* Decisions leave the operations as they are, wherever they stand. */
/* What the verb does not have is neither shown nor kept; what may be left out is 0. */
static void wmi_reads_as_meant(void **state)
{
    (void)state;
    static const char *const lines[] = {"app0: wmi query out=8\n", "app1: wmi query-all class=1 device=2 out=64\n", "app0: wmi set class=7 in=20 fill=0x11\n",
                                        "app2: wmi set-item instance=3 id=5 in=4 fill=0xff\n", "app0: wmi method id=4294967295 in=8 out=16 fill=0x00\n",
                                        "app3: wmi enable-events class=2\n", "app0: wmi disable-collection device=7\n"};
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        uint8_t bytes[RECORD_SIZE];
        char error[256], shown[256];
        size_t size;
        assert_true(text_assemble(lines[i], "lines", NULL, bytes, sizeof bytes, &size, error, sizeof error));
        assert_int_equal(size, RECORD_SIZE);
        struct record r = record_load(bytes), canonical = record_canonical(&r);
        assert_true(record_equal(&r, &canonical));
        size_t length = text_show_record(&r, "echo", shown, sizeof shown);
        assert_int_equal(length + 1, strlen(lines[i]));
        assert_memory_equal(shown, lines[i], length);
    }
    struct record all = {.kind = OP_WMI, .slot = 9, .flags = WMI_VERBS + WMI_ENABLE_EVENTS, .a = ~0u, .b = ~0u, .c = ~0u}, r = record_canonical(&all);
    assert_int_equal(r.slot, 9 % TREE_DEVICES);
    assert_int_equal(r.flags, WMI_ENABLE_EVENTS);
    assert_true(r.a == 0 && r.b == 0 && r.c == 7);
}

static void assert_reads_as_meant(const char *const *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[RECORD_SIZE];
        char error[256] = "", shown[256];
        size_t size;
        if (!text_assemble(lines[i], "lines", NULL, bytes, sizeof bytes, &size, error, sizeof error))
            fail_msg("%s", error);
        assert_int_equal(size, RECORD_SIZE);
        struct record r = record_load(bytes), canonical = record_canonical(&r);
        assert_true(record_equal(&r, &canonical));
        shown[text_show_record(&r, "echo", shown, sizeof shown - 1)] = 0;
        assert_int_equal(strncmp(shown, lines[i], strlen(shown)), 0);
        assert_int_equal(strlen(shown) + 1, strlen(lines[i]));
    }
}

static void another_device_is_refused(void **state)
{
    uint8_t bytes[RECORD_SIZE];
    char error[256] = "";
    size_t size;
    assert_true(text_assemble("app0: h0 = open echo\n", "p", "echo", bytes, sizeof bytes, &size, error, sizeof error));
    assert_false(text_assemble("app0: h0 = open other\n", "p", "echo", bytes, sizeof bytes, &size, error, sizeof error));
    assert_string_equal(error, "p:1: the target's device is called echo: write that, or give the --target that has other");
}

static void cards_read_as_meant(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "pnp: frame to=card len=60 fill=0x41\n", "pnp: frame to=group len=2600 fill=0xff bad-checksum overrun magic times=64 card=1\n", "pnp: cable out\n",
        "pnp: cable slow card=1\n", "pnp: hardware stat value=0xfd\n", "pnp: hardware stuck value=0x40 with=0x3f card=1\n", "pnp: hardware silence value=0x1\n",
        "pnp: hardware freeze value=0x1f\n", "pnp: hardware rfd value=0xc03ca000 at=0xfff003 with=0x11\n", "pnp: hardware block value=0xa000 at=0x1\n",
        "pnp: hardware write value=0xfff at=0x2000 with=0x22\n", "pnp: hardware dead\n", "pnp: hardware pull card=1\n",
        "pnp: hardware arm value=0x1f at=0xfff with=0x3\n", "pnp: hardware honest\n", "pnp: hardware spurious card=1\n",
        "pnp: hardware slow value=0x7ff\n", "lie: register 0x01 #3 or 0x40\n", "lie: config 0xe0 #1 ones times=255 card=1\n", "lie: shape 0x10 #2 value 0xffffffe0\n",
        "lie: phy 0x02 #4095 before\n", "lie: rfd-count #1 without 0xc000 times=2\n", "lie: command 0x10 #2 held\n", "lie: block-fate #1 late times=1\n",
        "strike: #17 rfd value=0xc03ca000 at=0xfff005 with=0x11\n", "strike: #4095 dead card=1\n"};
    assert_reads_as_meant(lines, sizeof lines / sizeof lines[0]);
    struct record all = {.kind = EV_HARDWARE, .slot = 3, .flags = HARDWARE_VERBS + HARDWARE_SILENCE, .a = ~0u, .b = ~0u, .c = ~0u}, r = record_canonical(&all);
    assert_true(r.slot == 1 && r.flags == HARDWARE_SILENCE && r.a == 1 && !r.b && !r.c);
    struct record lie = {.kind = DE_LIE, .actor = 3, .slot = ABOUT_RFD_FATE, .flags = 5, .a = ~0u, .b = 0, .c = ~0u};
    r = record_canonical(&lie);
    assert_true(r.actor == 1 && r.flags == FATE_LATE && r.a == 0xff0000 && r.b == 1 && !r.c);
    struct record strike = {.kind = DE_STRIKE, .slot = 1, .flags = HARDWARE_STAT, .a = ~0u, .b = ~0u, .c = 0xff};
    r = record_canonical(&strike);
    assert_true(!r.slot && r.a == 0xfd && !r.b && r.c == 0x100 && strike_nth(&r) == 1);
    struct record frame = {.kind = EV_FRAME, .flags = 5, .a = MAX_FRAME + 1, .b = ~0u, .c = ~0u};
    r = record_canonical(&frame);
    assert_true(r.flags == FRAME_TO_ALL && !r.a && r.b == 255 && frame_times(&r) == MAX_REPEAT);
}

/* So many names share a hash of 16 bits that some would mean another one. */
static void each_ddi_has_a_hash_of_its_own(void **state)
{
    (void)state;
    for (uint16_t d = 1; d < ddi_count; d++) {
        assert_int_equal(ddi_by_hash16(ddi_hash16(d)), d);
        assert_int_equal(ddi_name_hash16(ddi_table[d].name), ddi_hash16(d));
    }
}

/* What stands in for a driver: fields by name, in any order, those that are 0 left out. */
static void bare_cards_read_as_meant(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "pnp: card read64 in=ports at=0x8\n", "pnp: card write8 at=0x3 value=0x1\n", "pnp: card write64 value=0x100400 high=0x100000\n", "pnp: card reset\n",
        "pnp: card command byte=0x10 of=block slot=0xf off=0xfff8 later=0x1\n", "pnp: card port function=0x7 of=result\n", "pnp: card wait units=0xffffff\n",
        "pnp: card eeprom do=write at=0xff words=0x3 data=0x1234\n", "pnp: card mdi op=0x2 reg=0x1f phy=0x1 data=0xffff interrupt=0x1 later=0x1\n",
        "pnp: card block slot=0x1 link=0x2 command=0x800c n=0x102 m=0x3c data=0xffffffff\n", "pnp: card rfd slot=0x1 link=0x2 even=0x1 command=0xc000 size=0x5ea rbd=0xffffffff\n",
        "pnp: card tbd array=0xf index=0xf size=0xffff last=0x3 of=buffer slot=0x1 off=0x1\n", "pnp: card poke of=end value=0xffffffff\n",
        "pnp: card frame to=pause len=0xfff type=0x8808 words=0x1ffff fill=0xff bad=0xf shape=0x3\n", "pnp: card plug kind=82557 options=0x3f\n"};
    assert_reads_as_meant(lines, sizeof lines / sizeof lines[0]);
    struct record all = {.kind = EV_CARD, .actor = 1, .slot = 3, .flags = CARD_VERBS + CARD_WAIT, .a = ~0u, .b = ~0u, .c = ~0u}, r = record_canonical(&all);
    assert_true(!r.actor && !r.slot && r.flags == CARD_WAIT && r.a == 0xffffff && !r.b && !r.c);
    r = (struct record){.kind = EV_CARD, .flags = CARD_RFD};
    card_set_field(&r, "size", 0x123456);
    card_set_field(&r, "no such field", 1);
    assert_true(card_field(&r, "size") == 0x3456 && !card_field(&r, "no such field") && !r.a && r.b == 0x3456 && !r.c);
}

static void bare_cards_refuse_what_is_none(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"pnp: card jump\n", "p:1: \"jump\" is nothing to do with a card, use for example write8, read16, command, block, rfd, tbd, port, eeprom, mdi or wait"},
        {"pnp: card wait long=0x1\n", "p:1: card wait has no field \"long=0x1\""},
        {"pnp: card wait units=0x1000000\n", "p:1: \"units=0x1000000\" is out of range, the largest number is units=16777215"},
        {"pnp: card command of=moon\n", "p:1: \"moon\" is no value of of=, write for example of=block"}};
    uint8_t bytes[RECORD_SIZE];
    size_t size;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char error[256] = "";
        assert_false(text_assemble(lines[i][0], "p", "card", bytes, sizeof bytes, &size, error, sizeof error));
        assert_string_equal(error, lines[i][1]);
    }
}

/* A target without cards is given none of their events. */
static void cards_are_for_targets_that_have_some(void **state)
{
    (void)state;
    static const struct mutator_hints none = {0}, one = {.cards = 1};
    unsigned seen[2] = {0, 0};
    for (unsigned i = 0; i < 2; i++) {
        struct mutator m;
        mutator_init(&m, 11, i ? &one : &none);
        for (unsigned n = 0; n < 2000; n++)
            seen[i] += event_names_card(mutator_record(&m).kind);
    }
    assert_int_equal(seen[0], 0);
    assert_true(seen[1] > 300);
}

static void lanes_are_independent(void **state)
{
    (void)state;
    static uint8_t bytes[64 * RECORD_SIZE];
    static struct program with, without;
    struct mutator m;
    mutator_init(&m, 5, NULL);
    for (unsigned round = 0; round < 300; round++) {
        size_t n = mutator_generate(&m, bytes, sizeof bytes), kept = 0;
        program_decode(&with, bytes, n);
        for (size_t i = 0; i < n; i += RECORD_SIZE)
            if (record_table[bytes[i]].class != CLASS_DECISION) {
                memmove(bytes + kept, bytes + i, RECORD_SIZE);
                kept += RECORD_SIZE;
            }
        program_decode(&without, bytes, kept);
        assert_int_equal(with.operations, without.operations);
        for (unsigned i = 0; i < with.operations; i++)
            assert_true(record_equal(&with.operation[i].record, &without.operation[i].record));
    }
}

static void too_much_is_ignored(void **state)
{
    (void)state;
    static uint8_t bytes[2 * (MAX_DECISIONS + 10) * RECORD_SIZE];
    static struct program p;
    struct record r = {.kind = DE_SCHEDULE, .a = ddi_name_hash16("Block"), .b = 1};
    for (unsigned i = 0; i < record_count(sizeof bytes); i++) {
        r.kind = i & 1 ? DE_SCHEDULE : OP_READ;
        record_store(bytes + i * RECORD_SIZE, &r);
    }
    program_decode(&p, bytes, sizeof bytes);
    assert_int_equal(p.operations, MAX_OPERATIONS);
    assert_int_equal(p.chance.schedule_count, MAX_DECISIONS);
}

static void bad_text_is_explained(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"app0: h0 = open\napp9: close h0\n", "p.txt:2: there is no app9, use app0 to app3"},
        {"app0: fly\n", "p.txt:1: \"fly\" is no operation of an app"},
        {"app0: wmi ask out=8\n", "p.txt:1: \"ask\" is nothing to ask of WMI"},
        {"app0: wmi enable-events instance=1\n", "p.txt:1: enable-events is for all instances, remove instance="},
        {"app0: wmi query in=8\n", "p.txt:1: \"in=8\" is no length"},
        {"pnp: frame len=60\n", "p.txt:1: a frame says who it is for"},
        {"pnp: frame to=card len=2601\n", "p.txt:1: \"len=2601\" is out of range"},
        {"pnp: cable\n", "p.txt:1: \"\" is nothing that happens to a cable"},
        {"pnp: hardware explode\n", "p.txt:1: \"explode\" is nothing that hardware does"},
        {"pnp: hardware silence value=0x2\n", "p.txt:1: hardware silence takes bits of value=0x1"},
        {"pnp: hardware dead card=2\n", "p.txt:1: \"card=2\" is out of range"},
        {"app0: close\n", "p.txt:1: \"\" is no handle, write for example h3"},
        {"app0: close h99\n", "p.txt:1: \"h99\" is out of range"},
        {"app0: read h0 len=64 async\n", "p.txt:1: an async request needs a name, add -> r0"},
        {"app0: read h0 len=x\n", "p.txt:1: \"len=x\" is no length"},
        {"app0: close h0 now\n", "p.txt:1: \"now\" is one word too many, remove it"},
        {"pnp: explode\n", "p.txt:1: \"explode\" is no event"},
        {"pnp: system-sleep S0\n", "p.txt:1: S0 is the working state"},
        {"schedule: at Blok #3 app1\n", "p.txt:1: \"Blok\" is no DDI or callback"},
        {"schedule: at Block #0 app1\n", "p.txt:1: #0 never happens"},
        {"schedule: at Block #1 nobody\n", "p.txt:1: \"nobody\" is no context"},
        {"config: colour=red\n", "p.txt:1: \"colour=red\" is no setting"},
        {"pnp: stop raw=00\n", "p.txt:1: raw= wants 16 bytes in hex"},
        {"pnp: stop raw=00000000000000000000000000000000\n", "p.txt:1: raw= means another statement"},
        {"trailing: 00\npnp: stop\n", "p.txt:2: nothing may follow the trailing: line"},
        {"hello\n", "p.txt:1: \"hello\" starts no statement"},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[256] = "";
        assert_int_equal(assemble(bad[i][0], error, sizeof error), SIZE_MAX);
        if (strncmp(error, bad[i][1], strlen(bad[i][1])))
            fail_msg("\"%s\" instead of \"%s\"", error, bad[i][1]);
    }
}

static void roles_have_names(void **state)
{
    (void)state;
    for (unsigned role = 0; role < 256; role++) {
        char name[16];
        uint8_t back;
        text_role((uint8_t)role, name, sizeof name);
        assert_true(text_role_parse(name, &back));
        assert_int_equal(back, role);
    }
    assert_true(text_is_program((const uint8_t *)TEXT_MARKER "\n", sizeof TEXT_MARKER));
    assert_false(text_is_program((const uint8_t *)"# irpfuzz", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_string_round_trips),
        cmocka_unit_test(mutated_programs_are_canonical_and_round_trip),
        cmocka_unit_test(mutation_is_a_function_of_its_seed),
        cmocka_unit_test(mutator_keeps_to_the_room_it_has),
        cmocka_unit_test(canonical_form_is_idempotent),
        cmocka_unit_test(a_program_reads_as_meant),
        cmocka_unit_test(wmi_reads_as_meant),
        cmocka_unit_test(cards_read_as_meant), cmocka_unit_test(bare_cards_read_as_meant), cmocka_unit_test(bare_cards_refuse_what_is_none),
        cmocka_unit_test(each_ddi_has_a_hash_of_its_own), cmocka_unit_test(cards_are_for_targets_that_have_some),
        cmocka_unit_test(another_device_is_refused),
        cmocka_unit_test(lanes_are_independent),
        cmocka_unit_test(too_much_is_ignored),
        cmocka_unit_test(bad_text_is_explained),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
