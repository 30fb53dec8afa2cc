/* DMA enablers: creation, limits, callbacks in the power sequence: K-DMA. */
#include "pnp_world.h"

static WDFDMAENABLER enablers[2];
static WDF_DMA_ENABLER_CONFIG config;
static const char *fails; /* the callback of this name */

static NTSTATUS say_of(WDFDMAENABLER enabler, const char *word)
{
    char text[32];
    irpfuzz_snprintf(text, sizeof text, "%c%s", enabler == enablers[0] ? 'a' : 'b', word);
    say(text);
    return fails && !strcmp(fails, text) ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static NTSTATUS on_fill(WDFDMAENABLER e) { return say_of(e, "Fill"); }
static NTSTATUS on_enable(WDFDMAENABLER e) { return say_of(e, "Enable"); }
static NTSTATUS on_start(WDFDMAENABLER e) { return say_of(e, "Start"); }
static NTSTATUS on_stop_dma(WDFDMAENABLER e) { return say_of(e, "Stop"); }
static NTSTATUS on_disable(WDFDMAENABLER e) { return say_of(e, "Disable"); }
static NTSTATUS on_flush_dma(WDFDMAENABLER e) { return say_of(e, "Flush"); }

static void configure(WDF_DMA_PROFILE profile)
{
    WDF_DMA_ENABLER_CONFIG_INIT(&config, profile, 4096);
    config.EvtDmaEnablerFill = on_fill, config.EvtDmaEnablerEnable = on_enable, config.EvtDmaEnablerSelfManagedIoStart = on_start;
    config.EvtDmaEnablerSelfManagedIoStop = on_stop_dma, config.EvtDmaEnablerDisable = on_disable, config.EvtDmaEnablerFlush = on_flush_dma;
}

static void add(WDFDEVICE d)
{
    pnp_add(d);
    for (unsigned i = 0; i < 2; i++) {
        configure(i ? WdfDmaProfilePacket : WdfDmaProfileScatterGather);
        assert_int_equal(WdfDmaEnablerCreate(d, &config, WDF_NO_OBJECT_ATTRIBUTES, &enablers[i]), STATUS_SUCCESS);
    }
}

static void begin(const char *failing)
{
    pnp_reset();
    plan.add = add;
    fails = failing;
    boot();
    watch_bus();
    answers.quiet_bus = true;
}

/* RULE K-DMA-2: On the way up each enabler is filled, enabled and started, in order of creation; on the way down stopped, disabled and flushed, in the same order. */
TEST(K_DMA_2_sequence)
{
    begin(NULL);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("Prepare D0Entry(Final) Post(Final) aFill aEnable aStart bFill bEnable bStart Init");
    pnp_query_stop(node), pnp_stop(node);
    log_is("QueryStop Suspend aStop aDisable aFlush bStop bDisable bFlush Pre(Final) D0Exit(Final) Release");
    fails = "aStop"; /* on the way down nothing stops the rest */
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    pnp_query_stop(node), pnp_stop(node);
    log_is("QueryStop Suspend aStop aDisable aFlush bStop bDisable bFlush Pre(Final) D0Exit(Final) Release");
    finish();
}

static void start_fails(const char *failing, const char *log)
{
    begin(failing);
    assert_int_equal(pnp_start(node), STATUS_DEVICE_POWER_FAILURE);
    log_is(log);
    finish();
}

/* RULE K-DMA-2: An enabler that fails to fill stops the power-up; on its way down it is not disabled. */
TEST(K_DMA_2_fill_fails)
{
    start_fails("aFill", "Prepare D0Entry(Final) Post(Final) aFill aStop aFlush Pre(Final) D0Exit(Final) Release");
}

/* RULE K-DMA-2: An enabler that fails to start stops the power-up, and those that were up go down in order. */
TEST(K_DMA_2_start_fails)
{
    start_fails("bStart", "Prepare D0Entry(Final) Post(Final) aFill aEnable aStart bFill bEnable bStart "
                          "aStop aDisable aFlush bStop bDisable bFlush Pre(Final) D0Exit(Final) Release");
}

/* RULE K-DMA-2: An enabler that fails to enable is not started. */
TEST(K_DMA_2_enable_fails)
{
    start_fails("bEnable", "Prepare D0Entry(Final) Post(Final) aFill aEnable aStart bFill bEnable aStop aDisable aFlush bStop bDisable bFlush Pre(Final) D0Exit(Final) Release");
}

static void sleep_fails(const char *failing)
{
    begin(failing);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
    pnp_lock();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("Suspend aStop aDisable aFlush bStop bDisable bFlush Pre(D3) D0Exit(D3)");
    assert_int_equal(node->failed, failing != NULL);
    pnp_unlock();
    po_system_resume();
    pnp_settle();
    log_clear();
    finish();
}

/* RULE K-DMA-2: A callback that fails on the way down stops nothing; the device is reported failed when all is done. */
TEST(K_DMA_2_stop_fails) { sleep_fails("aStop"); }
TEST(K_DMA_2_disable_fails) { sleep_fails("bDisable"); }
TEST(K_DMA_2_flush_fails) { sleep_fails("aFlush"); }
TEST(K_DMA_2_none_fails) { sleep_fails(NULL); }

/* RULE K-DMA-2: An enabler that was deleted has no part in the sequence. */
TEST(K_DMA_2_deleted)
{
    begin(NULL);
    WdfObjectDelete(enablers[0]);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("Prepare D0Entry(Final) Post(Final) bFill bEnable bStart Init");
    log_clear();
    finish();
}

static NTSTATUS create_with(WDF_DMA_PROFILE profile, size_t length, ULONG size, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFDMAENABLER enabler;
    configure(profile);
    config.MaximumLength = length, config.Size -= size;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = parent;
    NTSTATUS status = WdfDmaEnablerCreate(device, &config, &a, &enabler);
    if (NT_SUCCESS(status))
        WdfObjectDelete(enabler);
    return status;
}

/* RULE K-DMA-1: WdfDmaEnablerCreate refuses an unknown profile, length 0, a wrong size, and a parent that is not below the device. */
TEST(K_DMA_1_creation)
{
    begin(NULL);
    assert_int_equal(create_with(WdfDmaProfileInvalid, 4096, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(WdfDmaProfileSystemDuplex + 1, 4096, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(WdfDmaProfilePacket64, 0, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(WdfDmaProfilePacket64, 4096, 1, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(WdfDmaProfilePacket64, 4096, (ULONG)-8, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(WdfDmaProfilePacket64, 4096, sizeof config - FIELD_OFFSET(WDF_DMA_ENABLER_CONFIG, AddressWidthOverride), NULL), STATUS_SUCCESS);
    assert_int_equal(create_with(WdfDmaProfilePacket64, 4096, 0, driver), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(WdfDmaProfileScatterGather64Duplex, 4096, 0, device), STATUS_SUCCESS);
    finish();
}

/* RULE K-DMA-1: An enabler tells its maximum length and its number of scatter/gather elements, which is 1 for a packet profile. */
TEST(K_DMA_1_limits)
{
    begin(NULL);
    assert_int_equal(WdfDmaEnablerGetMaximumLength(enablers[0]), 4096);
    assert_int_equal(WdfDmaEnablerGetFragmentLength(enablers[0], WdfDmaDirectionReadFromDevice), 4096);
    assert_int_equal(WdfDmaEnablerGetMaximumScatterGatherElements(enablers[0]), WDF_DMA_ENABLER_UNLIMITED_FRAGMENTS);
    WdfDmaEnablerSetMaximumScatterGatherElements(enablers[0], 7), WdfDmaEnablerSetMaximumScatterGatherElements(enablers[1], 7);
    assert_int_equal(WdfDmaEnablerGetMaximumScatterGatherElements(enablers[0]), 7);
    assert_int_equal(WdfDmaEnablerGetMaximumScatterGatherElements(enablers[1]), 1);
    finish();
}

/* RULE K-DMA-1: 0 scatter/gather elements are misuse. */
TEST(K_DMA_1_no_elements, MISUSE, .rule = "K-DMA-1")
{
    begin(NULL);
    WdfDmaEnablerSetMaximumScatterGatherElements(enablers[0], 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DMA_2_sequence), cmocka_unit_test(K_DMA_2_fill_fails), cmocka_unit_test(K_DMA_2_start_fails),
        cmocka_unit_test(K_DMA_2_enable_fails), cmocka_unit_test(K_DMA_2_stop_fails), cmocka_unit_test(K_DMA_2_disable_fails), cmocka_unit_test(K_DMA_2_flush_fails),
        cmocka_unit_test(K_DMA_2_none_fails), cmocka_unit_test(K_DMA_2_deleted), cmocka_unit_test(K_DMA_1_creation), cmocka_unit_test(K_DMA_1_limits), cmocka_unit_test(K_DMA_1_no_elements),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
