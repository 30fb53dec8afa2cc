/*
 * The engine's power events: `pnp: idle` and `pnp: wake` on devices that idle, that may wake, and on those that do neither; and what a sleeping
 * machine makes of them.
 */
#include "pnp_world.h"

#include "engine/devices.h"
#include "engine/life.h"
#include "nt/image.h"

/* What the engine's other files would give: the target is the world's driver. */
__attribute__((section("drv_images"), used)) static const struct driver_image *const registration = &world_image;
const struct target target = {.driver = "world", .device_id = "Root\\WORLD"};
struct life life;
void life_disturb(uint8_t disturbance, int process, int thread, int handle) {}
void life_disturb_device(uint8_t disturbance, uint32_t device) {}
void life_disturb_last(uint8_t disturbance, uint8_t kind, unsigned count) {}
bool life_has_faults(void) { return false; }

enum { NEITHER, IDLES, IDLES_AND_WAKES, WAKES_THE_SYSTEM };
static int power;

static void set_power(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS wake;
    pnp_add(d);
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&idle, power == IDLES_AND_WAKES ? IdleCanWakeFromS0 : IdleCannotWakeFromS0);
    idle.IdleTimeout = 200000; /* longer than a step of the engine's */
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&wake);
    if (power == IDLES || power == IDLES_AND_WAKES)
        assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &idle), STATUS_SUCCESS);
    if (power == WAKES_THE_SYSTEM)
        assert_int_equal(WdfDeviceAssignSxWakeSettings(d, &wake), STATUS_SUCCESS);
}

static void begin(int what)
{
    pnp_reset();
    power = what;
    plan.add = set_power, plan.queue = sequential;
    memset(&life, 0, sizeof life);
    devices_begin();
    node = fx()->node;
    log_is("Prepare D0Entry(Final) Post(Final) Init");
}

static void end(void)
{
    devices_restore();
    pass_ms(1);
    devices_end();
}

static void event(uint8_t kind) { devices_event(kind, 2); }
static uint64_t now_ms(void) { return clock_now() / CLOCK_MS; }

TEST(idle_lets_the_time_out_pass)
{
    begin(IDLES);
    uint32_t at_work = devices_state();
    assert_int_equal(devices_idle_ms(), 200000);
    event(EV_IDLE);
    assert_true(now_ms() >= 200000 && now_ms() < 200010);
    log_is("Suspend Pre(D3) D0Exit(D3)");
    assert_true(devices_state() != at_work);
    assert_int_equal(po_d0_requests(), 0);
    send(IRP_MJ_READ, 4);
    pass_ms(1);
    log_is("D0Entry(D3) Post(D3) read Restart");
    assert_int_equal(po_d0_requests(), 1);
    event(EV_IDLE); /* in use */
    log_is("");
    assert_int_equal(po_d0_requests(), 1);
    complete(0, STATUS_SUCCESS, 0);
    event(EV_IDLE);
    log_is("Suspend Pre(D3) D0Exit(D3)");
    end();
}

TEST(idle_without_idle_settings)
{
    begin(NEITHER);
    event(EV_IDLE), event(EV_WAKE);
    assert_int_equal(now_ms(), 0);
    log_is("");
    end();
}

TEST(idle_in_another_state)
{
    begin(IDLES);
    devices_event(EV_QUERY_STOP, 0);
    event(EV_IDLE);
    devices_event(EV_STOP, 0);
    event(EV_IDLE);
    assert_int_equal(now_ms(), 0);
    log_is("QueryStop Suspend Pre(Final) D0Exit(Final) Release");
    devices_event(EV_SURPRISE_REMOVE, 0);
    event(EV_IDLE), event(EV_WAKE);
    assert_int_equal(now_ms(), 0);
    end();
}

TEST(wake_of_an_armed_device)
{
    begin(IDLES_AND_WAKES);
    event(EV_WAKE); /* in D0: not armed */
    log_is("");
    event(EV_IDLE);
    log_is("Suspend ArmS0+ Pre(D2) D0Exit(D2)");
    event(EV_WAKE);
    pass_ms(1);
    log_is("D0Entry(D2) Post(D2) WakeS0 DisarmS0 Restart");
    end();
}

TEST(wake_of_a_device_that_is_not_armed)
{
    begin(IDLES);
    event(EV_IDLE);
    log_clear();
    event(EV_WAKE);
    pass_ms(1);
    log_is("");
    end();
}

TEST(wake_ends_the_sleep)
{
    begin(WAKES_THE_SYSTEM);
    event(EV_SLEEP);
    log_is("Suspend ArmSx+ Pre(D3) D0Exit(D3)");
    uint32_t asleep = devices_state();
    event(EV_WAKE);
    pass_ms(1);
    log_is("D0Entry(D3) Post(D3) WakeSx DisarmSx Restart");
    assert_true(devices_state() != asleep);
    assert_int_equal(life.state, 0);
    end();
}

TEST(sleep_goes_on_unless_armed)
{
    begin(IDLES);
    event(EV_SLEEP);
    log_is("Suspend Pre(D3) D0Exit(D3)");
    event(EV_IDLE), event(EV_WAKE);
    assert_int_equal(now_ms(), 0);
    log_is("");
    assert_int_equal(life.state, DISTURBED_STATE);
    event(EV_RESUME);
    pass_ms(1);
    log_is("D0Entry(D3) Post(D3) Restart");
    end();
}

TEST(a_device_that_fails_is_removed)
{
    begin(NEITHER);
    event(EV_SLEEP);
    answers.d0_entry = STATUS_UNSUCCESSFUL;
    event(EV_RESUME);
    pass_ms(1);
    log_is("Suspend Pre(D3) D0Exit(D3) D0Entry(D3) Surprise Release Flush Cleanup ~queue ~device !queue !device");
    assert_true(life.state & DISTURBED_REMOVE);
    devices_event(EV_QUERY_STOP, 0); /* too late for a query */
    log_is("");
    answers.d0_entry = STATUS_SUCCESS;
    devices_event(EV_READD, 0);
    log_is("Prepare D0Entry(Final) Post(Final) Init");
    assert_int_equal(life.device, 2);
    end();
}

/* Whatever the schedule and wherever the events meet, the device can be taken away. */
static void any_events(void)
{
    static const uint8_t kinds[] = {EV_IDLE, EV_WAKE, EV_SLEEP, EV_WAKE, EV_RESUME, EV_IDLE, EV_SLEEP, EV_RESUME, EV_IDLE, EV_WAKE};
    devices_begin();
    for (unsigned i = 0; i < sizeof kinds; i++) {
        devices_event(kinds[i], 2);
        if (i & 1)
            pass_ms(1);
    }
    end();
}
static void power_events_under_any_schedule(void **state)
{
    static const struct world_plan nothing;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed};
        world_reset(&nothing);
        pnp_reset();
        power = 1 + (int)(seed % 3);
        plan.add = set_power, plan.queue = sequential;
        unit_life(any_events, &chance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_lets_the_time_out_pass),
        cmocka_unit_test(idle_without_idle_settings),
        cmocka_unit_test(idle_in_another_state),
        cmocka_unit_test(wake_of_an_armed_device),
        cmocka_unit_test(wake_of_a_device_that_is_not_armed),
        cmocka_unit_test(wake_ends_the_sleep),
        cmocka_unit_test(sleep_goes_on_unless_armed),
        cmocka_unit_test(a_device_that_fails_is_removed),
        cmocka_unit_test(power_events_under_any_schedule),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
