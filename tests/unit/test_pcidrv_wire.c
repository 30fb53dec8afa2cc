/*
 * Two network cards with their driver, joined by one wire, and nicapp, which keeps both busy: the card's way up, a million frames, sleep and wake, a reset and the loss of
 * both cards in the middle of traffic. Each life runs the app to its end; what is done to the cards, and seen of them, happens meanwhile.
 */
#include "unit.h"

#include <irpfuzz_format.h>

#include "win32/process.h"

#include "cards.h"
#include "runner.h"

/* The test looks at the cards and at what their hooks note without asking anybody, which ThreadSanitizer would rightly call a race. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

const struct stress_app stress_app = {
    .name = "nicapp", .driver = "pcidrv", .device_id = "PCI\\VEN_8086&DEV_1229", .arguments = "", .threads_option = "", .keys = "", .beside = "", .cards = 2};

#if defined(IRPFUZZ_ASAN) || defined(IRPFUZZ_TSAN) || defined(IRPFUZZ_MSAN)
#define MANY "20000"
#else
#define MANY "1000000"
#endif

enum { RUC_START = 1, COMMAND_OPCODE = 7, OPCODE_ADDRESS = 1, OPCODE_CONFIGURE = 2, EEPROM_CONTROL = 0x0E };

/* ---- What is seen ---- */

static char seen[512];
static const char *last_word[STRESS_MAX_CARDS];

/* What happens again and again is one word. */
static void see(unsigned which, const char *word)
{
    if (last_word[which] == word)
        return;
    last_word[which] = word;
    size_t n = strlen(seen);
    if (n < sizeof seen - 32)
        irpfuzz_snprintf(seen + n, sizeof seen - n, "%s%u:%s", n ? " " : "", which, word);
}

static unsigned number_of(const struct nic_card *card) { return card == cards_at(0) ? 0 : 1; }

static void pause_ms(unsigned ms)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)(ms * CLOCK_MS)};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
}

/* ---- A life ---- */

static const char *arguments[16];
static int argument_count;
static char printed[2048];
static size_t printed_length;

static void take_output(const char *text, size_t length)
{
    if (length >= sizeof printed - printed_length)
        return;
    memcpy(printed + printed_length, text, length);
    printed[printed_length += length] = 0;
}

static void live(void)
{
    struct stress_life life = {.argc = argument_count, .argv = arguments, .instances = 1};
    win32_console_hook = take_output;
    stress_live(&life);
    if (life.exit_code)
        report_line("the app has failed: %s", printed);
    assert_int_equal(life.exit_code, 0);
}

static struct chance schedule; /* benign, unless a test wants another */

static void run(void (*prepare)(struct nic_card *), void (*meanwhile)(void), const char *const *more)
{
    schedule.max_points = 4000000000u;
    seen[0] = 0;
    printed_length = 0;
    memset(last_word, 0, sizeof last_word);
    cards_prepare = prepare;
    stress_meanwhile = meanwhile;
    arguments[0] = "nicapp";
    for (argument_count = 1; more[argument_count - 1]; argument_count++)
        arguments[argument_count] = more[argument_count - 1];
    unit_life(live, &schedule);
    schedule = (struct chance){0};
}
#define RUN(prepare, meanwhile, ...) run(prepare, meanwhile, (const char *const[]){__VA_ARGS__, NULL})

/* ---- The way up ---- */

static uint32_t on_register(void *context, uint32_t offset, unsigned width, uint32_t benign)
{
    (void)width;
    if (offset == EEPROM_CONTROL)
        see(number_of(context), "eeprom");
    return benign;
}

static uint32_t on_field(void *context, enum nic_field field, uint32_t bus_address, uint32_t benign)
{
    const struct nic_card *card = context;
    (void)bus_address;
    if (field == NIC_FIELD_SELF_TEST)
        see(number_of(card), "self-test");
    if (field == NIC_FIELD_BLOCK_STATUS && (card->nic.cu.command & COMMAND_OPCODE) == OPCODE_CONFIGURE)
        see(number_of(card), "configure");
    if (field == NIC_FIELD_BLOCK_STATUS && (card->nic.cu.command & COMMAND_OPCODE) == OPCODE_ADDRESS)
        see(number_of(card), "address");
    return benign;
}

static enum nic_fate on_command(void *context, uint8_t command)
{
    if (command == RUC_START)
        see(number_of(context), "receive");
    return NIC_DONE;
}

static void listen(struct nic_card *card)
{
    card->nic.override = (struct nic_override){.context = card, .register_read = on_register, .field = on_field, .command = on_command};
}

/* The devices are started by then, and nobody has opened them yet. */
static void are_up(void)
{
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++) {
        struct nic *nic = &cards_at(i)->nic;
        assert_true(nic->configured && nic->ru.state == NIC_RU_READY);
        for (unsigned n = 0; n < 6; n++)
            assert_int_equal(nic->individual[n], nic->eeprom.word[n / 2] >> 8 * (n % 2) & 0xFF);
        for (unsigned v = 0; v < NIC_VIOLATIONS; v++)
            assert_int_equal(nic->violations[v], 0);
        memset(&nic->override, 0, sizeof nic->override);
    }
}

static void are_seen(const char *words)
{
    if (strcmp(seen, words))
        report_line("seen is %s", seen);
    assert_true(!strcmp(seen, words));
}

/* RULE N-17-1: The driver brings a card up from reset: EEPROM, self-test, configuration, address, receive start, and the card has nothing to object to. */
static void comes_up(void **state)
{
    (void)state;
    RUN(listen, are_up, "-n", "1");
    are_seen("0:eeprom 0:self-test 0:configure 0:address 0:receive 1:eeprom 1:self-test 1:configure 1:address 1:receive");
}

/* ---- Traffic ---- */

/* RULE N-8-0: Of a million frames in each direction none is lost, overtaken or changed, as long as there are descriptors and reads for them. */
static void passes_a_million(void **state)
{
    (void)state;
    RUN(NULL, NULL, "-n", MANY);
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
        for (unsigned v = 0; v < NIC_VIOLATIONS; v++)
            assert_int_equal(cards_at(i)->nic.violations[v], 0);
}

/* More writes than the ring has places for, and more frames than descriptors: some are lost, none overtakes another. Writes that wait meet others that need not. */
static void keeps_the_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        schedule = (struct chance){.policy = POLICY_RANDOM, .cpus = MACHINE_MAX_CPUS, .seed = i + 1};
        RUN(NULL, NULL, "-n", "1000", "-t", "4", "-w", "64");
    }
}

/* ---- Sleep and wake ---- */

/* The cards' D-states as they change, until the second has slept and works again. */
static void watch_sleep(void)
{
    static const char *const names[] = {"D0", "D1", "D2", "D3"};
    const struct nic_card *second = cards_at(1);
    bool slept = false;
    for (unsigned ms = 0; ms < 60000 && (!slept || second->nic.wake.state); ms++) {
        slept |= second->nic.wake.state != 0;
        for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
            see(i, names[cards_at(i)->nic.wake.state]);
        pause_ms(1);
    }
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
        see(i, names[cards_at(i)->nic.wake.state]);
}

/* RULE N-14-2: Both cards sleep when nobody uses them; a frame to the address of the second, from the first, matches its filter and wakes it, and both work on. */
static void sleeps_and_wakes(void **state)
{
    (void)state;
    RUN(NULL, watch_sleep, "-n", "100", "-p", "2", "-z");
    are_seen("0:D0 1:D0 0:D2 1:D2 0:D0 1:D0");
    assert_int_equal(pci_wakes(&cards_at(0)->function), 0); /* its program did that */
    assert_int_equal(pci_wakes(&cards_at(1)->function), 1);
}

static void await_frames(unsigned which, uint32_t count)
{
    for (unsigned ms = 0; ms < 10000 && cards_at(which)->sent < count; ms++)
        pause_ms(1);
    assert_true(cards_at(which)->sent >= count);
}

/* While the program sleeps, and before the cards would idle. Somebody on the wire has a frame for the second card; what it wakes is the whole machine. */
static void is_woken_from_s3(void)
{
    const struct nic *second = &cards_at(1)->nic;
    uint8_t frame[60] = {0};
    memcpy(frame, second->individual, sizeof second->individual);
    await_frames(0, 100);
    pause_ms(1000);
    uint32_t before = cards_at(0)->sent;
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
        see(i, cards_at(i)->nic.wake.state ? "asleep" : "awake");
    pause_ms(60000);
    assert_int_equal(cards_at(0)->sent, before);
    frame[0] ^= 2; /* for somebody else */
    nic_card_arrives(cards_at(1), frame, sizeof frame, 0);
    pause_ms(1);
    assert_int_equal(pci_wakes(&cards_at(1)->function), 0);
    frame[0] ^= 2;
    nic_card_arrives(cards_at(1), frame, sizeof frame, 0);
    pause_ms(1);
    assert_int_equal(pci_wakes(&cards_at(1)->function), 1);
    assert_int_equal(po_system_resume(), STATUS_SUCCESS);
    await_frames(0, before + 3);
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
        see(i, cards_at(i)->nic.wake.state ? "asleep" : "awake");
}

/* RULE N-14-1: A card armed for wake that sleeps with its machine in S3 ignores what is not for it; its pattern wakes the machine, and both cards work on. */
static void wakes_from_s3(void **state)
{
    (void)state;
    RUN(NULL, is_woken_from_s3, "-n", "100", "-p", "2", "-z");
    are_seen("0:asleep 1:asleep 0:awake 1:awake");
}

/* ---- Trouble ---- */

static unsigned starts;

static enum nic_fate count_starts(void *context, uint8_t command)
{
    (void)context;
    starts += command == RUC_START;
    return NIC_DONE;
}

/* The command unit stops, until the receive unit was started anew: that is what becomes of a card without a frame sent in 5 ticks of 400 ms. */
static void hang(void)
{
    struct nic_card *card = cards_at(0);
    await_frames(0, 500);
    nic_card_lies(card);
    card->nic.override = (struct nic_override){.command = count_starts};
    starts = 0;
    uint64_t began = clock_now();
    uint32_t before = card->sent + 2; /* what is on the wire */
    nic_hostile_freeze(&card->nic, NIC_FROZEN_CU);
    while (!starts && clock_now() < began + 5000 * CLOCK_MS)
        pause_ms(1);
    assert_int_equal(starts, 1);
    assert_true(clock_now() > began + 1990 * CLOCK_MS && card->sent <= before);
    nic_hostile_freeze(&card->nic, 0);
    memset(&card->nic.override, 0, sizeof card->nic.override);
    await_frames(0, before + 500);
}

/* RULE N-10-0: A card that hangs is reset by its watchdog with traffic going on: what was on its way is lost, what comes is whole and in order. */
static void is_reset(void **state)
{
    (void)state;
    RUN(NULL, hang, "-n", "20000", "-l");
    assert_true(strstr(printed, "card 1: 20000 frames sent, ") && !strstr(printed, "card 1: 20000 frames sent, 0 of them"));
}

/* Writes that wait for the reset's end meet others that come just then. */
static void is_reset_under_schedules(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        schedule = (struct chance){.policy = POLICY_RANDOM, .cpus = MACHINE_MAX_CPUS, .seed = i + 1};
        RUN(NULL, hang, "-n", "2000", "-l", "-t", "4");
    }
}

static void pull_both(void)
{
    await_frames(0, 300);
    assert_true(cards_at(1)->sent);
    nic_card_pull(cards_at(0));
    pause_ms(1);
    nic_card_pull(cards_at(1));
}

/* RULE K-PNP-50: Two cards that are pulled out in the middle of traffic in both directions: every request ends, and nothing is left behind. */
static void is_pulled(void **state)
{
    (void)state;
    RUN(NULL, pull_both, "-n", "1000000", "-g");
    for (unsigned i = 0; i < STRESS_MAX_CARDS; i++)
        assert_int_equal(cards_at(i)->function.node->state, DEVNODE_REMOVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_up), cmocka_unit_test(passes_a_million), cmocka_unit_test(keeps_the_order), cmocka_unit_test(sleeps_and_wakes),
        cmocka_unit_test(wakes_from_s3), cmocka_unit_test(is_reset), cmocka_unit_test(is_reset_under_schedules), cmocka_unit_test(is_pulled)};
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
