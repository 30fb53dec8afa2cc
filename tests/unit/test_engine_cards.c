/*
 * The engine's network cards: a target's card is a PCI device of a small driver, which maps its registers, takes its interrupt and may wake; frames, cables and hostile
 * hardware come as events.
 */
#include <initguid.h>
#include <wdmguid.h>

#include "pnp_world.h"

#include "engine/cards.h"
#include "engine/devices.h"
#include "engine/life.h"
#include "nt/image.h"

enum { CSR_STAT = 1, CSR_COMMAND = 2, CSR_MASK = 3, CSR_MDI = 0x10 };

__attribute__((section("drv_images"), used)) static const struct driver_image *const registration = &world_image;
static unsigned frames_in, frames_out;
static uint32_t last_size;
static uint8_t last_frame[64];
static struct chance lying;
static uint64_t randomness;

static void on_wire(unsigned card, bool sent, const uint8_t *frame, uint32_t size)
{
    *(sent ? &frames_out : &frames_in) += 1;
    last_size = size;
    memcpy(last_frame, frame, size < sizeof last_frame ? size : sizeof last_frame);
}

const struct target target = {.driver = "world", .device_id = "PCI\\VEN_8086&DEV_1229", .card = {CARD_82559}, .wire = on_wire};
struct life life;
static struct program program; /* what the input says of cards */
void life_disturb(uint8_t disturbance, int process, int thread, int handle) {}
void life_disturb_device(uint8_t disturbance, uint32_t device) {}
void life_disturb_last(uint8_t disturbance, uint8_t kind, unsigned count) {}
bool life_has_faults(void) { return false; }

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PUCHAR csr;
static SIZE_T csr_size;
static UCHAR revision;
static LONG volatile interrupts;
static UCHAR causes;
static bool wakes;

static BOOLEAN on_isr(WDFINTERRUPT i, ULONG message)
{
    UCHAR stat = READ_REGISTER_UCHAR(csr + CSR_STAT);
    if (!stat || stat == 0xFF)
        return FALSE;
    WRITE_REGISTER_UCHAR(csr + CSR_STAT, stat);
    causes = stat;
    interrupts++;
    return TRUE;
}

static NTSTATUS on_map(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR first = WdfCmResourceListGetDescriptor(translated, 0);
    say("map");
    csr_size = first->u.Memory.Length;
    csr = MmMapIoSpace(first->u.Memory.Start, csr_size, MmNonCached);
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1); /* the card interrupts when its power comes on, if it can */
    return STATUS_SUCCESS;
}

static NTSTATUS on_unmap(WDFDEVICE d, WDFCMRESLIST translated)
{
    say("unmap");
    MmUnmapIoSpace(csr, csr_size);
    return STATUS_SUCCESS;
}

static NTSTATUS on_enable(WDFINTERRUPT i, WDFDEVICE d)
{
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS on_disable(WDFINTERRUPT i, WDFDEVICE d)
{
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1);
    return STATUS_SUCCESS;
}

static NTSTATUS on_up(WDFDEVICE d, WDF_POWER_DEVICE_STATE from)
{
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1);
    say("up");
    return STATUS_SUCCESS;
}

static NTSTATUS on_low(WDFDEVICE d, WDF_POWER_DEVICE_STATE to)
{
    say(READ_REGISTER_UCHAR(csr + CSR_MASK) == 0xFF ? "gone" : "down");
    return STATUS_SUCCESS;
}

static void card_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = on_map;
    c.EvtDeviceReleaseHardware = on_unmap;
    c.EvtDeviceD0Entry = on_up;
    c.EvtDeviceD0Exit = on_low;
    c.EvtDeviceSurpriseRemoval = on_surprise;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static void card_add(WDFDEVICE d)
{
    WDF_INTERRUPT_CONFIG c;
    WDFINTERRUPT i;
    BUS_INTERFACE_STANDARD bus;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS wake;
    assert_int_equal(WdfFdoQueryForInterface(d, &GUID_BUS_INTERFACE_STANDARD, (PINTERFACE)&bus, sizeof bus, 1, NULL), STATUS_SUCCESS);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &revision, 8, 1), 1);
    bus.InterfaceDereference(bus.Context);
    WDF_INTERRUPT_CONFIG_INIT(&c, on_isr, NULL);
    c.EvtInterruptEnable = on_enable, c.EvtInterruptDisable = on_disable;
    assert_int_equal(WdfInterruptCreate(d, &c, WDF_NO_OBJECT_ATTRIBUTES, &i), STATUS_SUCCESS);
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&wake);
    if (wakes)
        assert_int_equal(WdfDeviceAssignSxWakeSettings(d, &wake), STATUS_SUCCESS);
}

static void begin(void)
{
    plan.init = card_callbacks, plan.add = card_add;
    interrupts = 0;
    frames_in = frames_out = 0;
    memset(&life, 0, sizeof life);
    life.program = &program;
    devices_begin();
    log_is("map up");
}

static void end(void)
{
    devices_restore();
    pass_ms(1);
    devices_end();
}

static void event(struct record r)
{
    devices_card_event(&r);
    pass_ms(1);
}

static void hardware(unsigned verb, uint32_t value, uint32_t at, uint32_t with)
{
    event((struct record){.kind = EV_HARDWARE, .flags = (uint8_t)verb, .a = value, .b = at, .c = with});
}

static UCHAR stat(void) { return READ_REGISTER_UCHAR(csr + CSR_STAT); }

/* MII register 1 of the transceiver; its link bit stays down until it has been read. */
static bool link_is_up(void)
{
    ULONG value = 0;
    for (unsigned i = 0; i < 2; i++) {
        WRITE_REGISTER_ULONG((PULONG)(csr + CSR_MDI), 2u << 26 | 1u << 21 | 1u << 16);
        pass_ms(1);
        value = READ_REGISTER_ULONG((PULONG)(csr + CSR_MDI));
    }
    return value & 4;
}

/* ---- Tests ---- */

TEST(a_card_is_a_device_of_the_bus)
{
    begin();
    assert_true(csr_size == 4096 && revision == 8);
    assert_int_equal(life.device, 1);
    end();
    log_is("down unmap");
}

TEST(frames_come_and_are_seen)
{
    begin();
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_CARD, .a = 60, .b = 0x41});
    static const uint8_t head[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 8, 0, 0x41, 0x42};
    assert_true(frames_in == 1 && last_size == 60 && !memcmp(last_frame, head, sizeof head));
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_ALL, .a = 14, .c = 9 << 8});
    assert_true(frames_in == 11 && last_size == 14 && last_frame[0] == 0xFF && last_frame[5] == 0xFF);
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_GROUP, .a = 14, .b = 7});
    assert_true(last_frame[0] == 1 && last_frame[5] == 7);
    event((struct record){.kind = EV_FRAME, .slot = 1, .a = 14}); /* there is no second card */
    assert_int_equal(frames_in, 12);
    assert_int_equal(cards_disturbance(), 0);
    end();
}

TEST(a_cable_is_pulled)
{
    begin();
    assert_true(link_is_up());
    event((struct record){.kind = EV_CABLE, .flags = CABLE_OUT});
    assert_true(!link_is_up() && cards_disturbance() == DISTURBED_WIRE);
    event((struct record){.kind = EV_CABLE, .flags = CABLE_SLOW});
    pass_ms(3000);
    assert_true(link_is_up() && !cards_disturbance());
    event((struct record){.kind = EV_CABLE, .flags = CABLE_OUT});
    devices_restore();
    pass_ms(3000);
    assert_true(link_is_up());
    devices_end();
}

TEST(causes_that_are_none)
{
    begin();
    hardware(HARDWARE_STAT, 0x40, 0, 0);
    assert_true(interrupts == 1 && causes == 0x40 && cards_disturbance() == DISTURBED_HARDWARE && life_has_strange_hardware());
    hardware(HARDWARE_STUCK, 0x20, 0, 3);
    assert_true(interrupts == 6 && causes == 0x20 && !stat()); /* once, and again after four acknowledgements */
    hardware(HARDWARE_SILENCE, 1, 0, 0);
    hardware(HARDWARE_STAT, 0x10, 0, 0);
    assert_true(interrupts == 6 && stat() == 0x10);
    hardware(HARDWARE_HONEST, 0, 0, 0);
    assert_int_equal(interrupts, 7);
    end();
}

/* Of register 3 alone, after one honest answer: all ones, zero, a changed bit, what was read before, and from then on as the lane is empty. */
TEST(registers_lie_as_the_lane_says, .chance = &lying)
{
    begin();
    hardware(HARDWARE_ARM, LIE_REGISTERS, 1, 1 + CSR_MASK);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_STAT), 0);
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 1);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0xFF);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0x41);
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 0);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 1);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0);
    end();
}

TEST(a_pulled_card_goes_by_surprise)
{
    begin();
    hardware(HARDWARE_PULL, 0, 0, 0);
    pass_ms(1);
    log_is("Surprise gone unmap");
    assert_true(life.state & DISTURBED_REMOVE);
    devices_event(EV_READD, 0);
    log_is("map up");
    assert_true(!life_has_strange_hardware() && link_is_up());
    hardware(HARDWARE_STAT, 0x40, 0, 0);
    assert_int_equal(interrupts, 1);
    end();
}

TEST(a_dead_card_is_pulled_at_the_end)
{
    begin();
    hardware(HARDWARE_DEAD, 0, 0, 0);
    pass_ms(1);
    log_is("");
    assert_int_equal(stat(), 0xFF);
    assert_false(devices_restore());
    pass_ms(1);
    log_is("Surprise gone unmap");
    devices_end();
}

/* The bus finds out when it wants it in D0, and its driver is not to blame for what it reads then. */
TEST(a_card_dies_in_its_sleep)
{
    begin();
    devices_event(EV_SLEEP, 2);
    hardware(HARDWARE_DEAD, 0, 0, 0);
    devices_event(EV_RESUME, 0);
    pass_ms(1);
    log_is("down up");
    assert_int_equal(stat(), 0xFF);
    end();
    log_is("Surprise gone unmap");
}

TEST(a_surprise_is_a_card_out_of_its_slot)
{
    begin();
    devices_event(EV_SURPRISE_REMOVE, 0);
    log_is("Surprise gone unmap");
    end();
}

TEST(a_driver_goes_and_the_card_stays)
{
    begin();
    WRITE_REGISTER_ULONG((PULONG)(csr + 4), 0x1234);
    devices_event(EV_RELOAD, 0);
    log_is("down unmap map up");
    assert_int_equal(READ_REGISTER_ULONG((PULONG)(csr + 4)), 0x1234);
    devices_event(EV_REBALANCE, 0);
    log_is("down unmap map up");
    end();
}

/* RULE W-POW-14: A wake-up packet ends the sleep of a machine whose driver armed the card, and no other frame does. */
TEST(a_packet_wakes_the_machine)
{
    wakes = true;
    begin();
    devices_event(EV_SLEEP, 2);
    log_is("down");
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_CARD, .a = 120});
    log_is("");
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_CARD, .a = 120, .c = FRAME_MAGIC});
    pass_ms(1);
    log_is("up");
    assert_int_equal(life.state, 0);
    end();
    wakes = false;
}

TEST(a_packet_wakes_nobody_unasked)
{
    begin();
    devices_event(EV_SLEEP, 2);
    log_is("down");
    event((struct record){.kind = EV_FRAME, .flags = FRAME_TO_CARD, .a = 120, .c = FRAME_MAGIC});
    pass_ms(1);
    log_is("");
    end();
}

/* ---- What the input says of it, from the moment its power comes on ---- */

static void says(struct record r)
{
    r = record_canonical(&r);
    if (r.kind == DE_LIE)
        program.lie[program.lies++] = r;
    else
        program.strike[program.strikes++] = r;
}

static void says_nothing(void) { program.lies = program.strikes = 0; }

TEST(lies_come_at_their_time_and_go)
{
    PULONG pointer;
    says((struct record){.kind = DE_LIE, .slot = ABOUT_REGISTER, .flags = HOW_FLIP, .a = 5 | 2 << 16, .b = 2, .c = 0x1FF});
    begin();
    pointer = (PULONG)(csr + 4);
    WRITE_REGISTER_ULONG(pointer, 0x12345678);
    assert_int_equal(READ_REGISTER_ULONG(pointer), 0x12345678);
    assert_false(life_has_strange_hardware());
    assert_int_equal(READ_REGISTER_UCHAR(csr + 4), 0x78);       /* not what the lie is about */
    assert_int_equal(READ_REGISTER_ULONG(pointer), 0x1235A978); /* that byte, and as much of what is behind it as the value says */
    assert_true(life_has_strange_hardware());
    assert_int_equal(READ_REGISTER_UCHAR(csr + 5), 0x56 ^ 0xFF);
    assert_int_equal(READ_REGISTER_ULONG(pointer), 0x12345678);
    end();
    says_nothing();
}

TEST(a_lie_ends_when_the_card_is_honest)
{
    says((struct record){.kind = DE_LIE, .slot = ABOUT_REGISTER, .flags = HOW_ONES, .a = 4, .b = 1});
    begin();
    assert_int_equal(READ_REGISTER_ULONG((PULONG)(csr + 4)), 0xFFFFFFFF);
    event((struct record){.kind = EV_HARDWARE, .flags = HARDWARE_HONEST});
    assert_int_equal(READ_REGISTER_ULONG((PULONG)(csr + 4)), 0);
    end();
    says_nothing();
}

TEST(a_card_strikes_at_an_access)
{
    says((struct record){.kind = DE_STRIKE, .flags = HARDWARE_DEAD, .c = 6 << 8});
    begin(); /* three accesses: mapped, up, enabled */
    assert_int_equal(cards_accesses(0), 3);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0);
    assert_false(life_has_strange_hardware());
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0xFF);
    assert_true(life_has_strange_hardware());
    end();
    says_nothing();
}

/* The bus sees it, when it looks for windows. */
TEST(a_card_of_another_shape)
{
    says((struct record){.kind = DE_LIE, .slot = ABOUT_SHAPE, .flags = HOW_VALUE, .a = 0x10, .b = 2, .c = 0xFFFFFF00});
    begin();
    assert_int_equal(csr_size, 0x100);
    assert_true(life_has_strange_hardware());
    end();
    says_nothing();
}

TEST(a_line_without_a_visible_cause_falls_in_time)
{
    says((struct record){.kind = DE_LIE, .slot = ABOUT_REGISTER, .flags = HOW_ZERO, .a = CSR_STAT, .b = 1});
    begin();
    event((struct record){.kind = EV_HARDWARE, .flags = HARDWARE_STAT, .a = 0x40});
    assert_int_equal(interrupts, 0);
    end();
    says_nothing();
}

TEST(a_slow_card_takes_time)
{
    begin();
    uint64_t before = clock_now();
    event((struct record){.kind = EV_HARDWARE, .flags = HARDWARE_SLOW, .a = 100});
    before = clock_now();
    READ_REGISTER_UCHAR(csr + CSR_STAT);
    assert_int_equal(clock_now() - before, 1000);
    end();
}

/* ---- Whatever the card does and wherever the events meet, its device can be taken away ---- */

static uint32_t number(uint32_t below) { return (uint32_t)(choose_random(&randomness) % below); }

static void any_lies(void)
{
    for (unsigned i = 0; i < number(6); i++) {
        struct record lie = {.kind = DE_LIE, .slot = (uint8_t)number(256), .flags = (uint8_t)number(256), .a = number(64) | number(4) << 16, .b = number(40), .c = number(0x10000)};
        struct record strike = {.kind = DE_STRIKE, .flags = (uint8_t)number(HARDWARE_VERBS), .a = number(0x10000), .b = number(16), .c = number(0x10000)};
        program.lie[program.lies++] = record_canonical(&lie);
        program.strike[program.strikes++] = record_canonical(&strike);
    }
}

static void any_card_event(void)
{
    struct record r = {.kind = (uint8_t)(EV_FRAME + number(3)), .flags = (uint8_t)number(HARDWARE_VERBS), .a = number(256) | number(256) << 8, .b = number(16), .c = number(4)};
    if (r.kind == EV_FRAME)
        r.flags %= FRAME_TOS, r.a %= MAX_FRAME + 1, r.c = r.c << 8 | FRAME_MAGIC;
    else if (r.kind == EV_CABLE)
        r.flags %= CABLES;
    else if (r.flags == HARDWARE_ARM || r.flags == HARDWARE_FREEZE)
        r.a &= 31;
    else
        r.a &= r.flags <= HARDWARE_STUCK ? 0xFD : 0xFFF;
    devices_card_event(&r);
}

static void any_events(void)
{
    static const uint8_t kinds[] = {EV_SLEEP, EV_RESUME, EV_WAKE, EV_REBALANCE, EV_SURPRISE_REMOVE, EV_READD, EV_REMOVE, EV_READD, EV_RELOAD, EV_QUERY_STOP, EV_CANCEL_STOP};
    devices_begin();
    for (unsigned i = 0; i < 30; i++) {
        if (number(3))
            any_card_event();
        else
            devices_event(kinds[number(sizeof kinds)], 2 * (uint8_t)number(2));
        if (number(2))
            pass_ms(1);
    }
    end();
}

#pragma clang section text = "" data = "" bss = ""

static void cards_under_any_schedule(void **state)
{
    static const struct world_plan nothing;
    frames_in = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed};
        world_reset(&nothing);
        memset(&life, 0, sizeof life);
        memset(&program, 0, sizeof program);
        life.program = &program;
        any_lies();
        plan.init = card_callbacks, plan.add = card_add;
        wakes = seed & 1;
        randomness = seed;
        chance.value_count[LANE_HARDWARE] = MAX_LANE_VALUES;
        for (unsigned i = 0; i < MAX_LANE_VALUES; i++)
            chance.value[LANE_HARDWARE][i] = (uint8_t)(number(3) ? 0 : number(256));
        unit_life(any_events, &chance);
    }
    assert_true(frames_in > 2000);
}

int main(void)
{
    static const uint8_t answers_of_the_lane[] = {1, 2, 3, 6, 4};
    lying.value_count[LANE_HARDWARE] = sizeof answers_of_the_lane;
    memcpy(lying.value[LANE_HARDWARE], answers_of_the_lane, sizeof answers_of_the_lane);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_is_a_device_of_the_bus), cmocka_unit_test(frames_come_and_are_seen), cmocka_unit_test(a_cable_is_pulled),
        cmocka_unit_test(causes_that_are_none), cmocka_unit_test(registers_lie_as_the_lane_says), cmocka_unit_test(a_pulled_card_goes_by_surprise),
        cmocka_unit_test(a_dead_card_is_pulled_at_the_end), cmocka_unit_test(a_card_dies_in_its_sleep), cmocka_unit_test(a_surprise_is_a_card_out_of_its_slot), cmocka_unit_test(a_driver_goes_and_the_card_stays),
        cmocka_unit_test(a_packet_wakes_the_machine), cmocka_unit_test(a_packet_wakes_nobody_unasked), cmocka_unit_test(lies_come_at_their_time_and_go), cmocka_unit_test(a_lie_ends_when_the_card_is_honest), cmocka_unit_test(a_card_strikes_at_an_access),
        cmocka_unit_test(a_card_of_another_shape), cmocka_unit_test(a_line_without_a_visible_cause_falls_in_time), cmocka_unit_test(a_slow_card_takes_time),
        cmocka_unit_test(cards_under_any_schedule),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
