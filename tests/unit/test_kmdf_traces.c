/*
 * A whole driver without a queue: failures at start and resume, idling on demand, any schedule, a control device. The driver below writes one word per callback into a
 * log; the tests compare the whole log.
 */
#include "unit.h"

#include "kmdf/fx.h"

/* The test looks at the driver's log without asking anybody, which ThreadSanitizer would rightly call a race. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

PWDF_DRIVER_GLOBALS WdfDriverGlobals;

/* What the driver is to do; outside its data, which each boot restores. */
static struct {
    NTSTATUS entry, create, prepare, d0_entry, post, init, query_remove, add;
    BOOLEAN idle;
    void (*in_add)(WDFDEVICE device);
} plan;

/* ---- The driver ---- */

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"


static char text[1024];
static size_t length;
static WDFDEVICE device;
static WDFDRIVER driver;

typedef struct { const char *name; } NAMED;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(NAMED, named)

static void say(const char *word)
{
    if (length)
        text[length++] = ' ';
    while (*word && length < sizeof text - 2)
        text[length++] = *word++;
    text[length] = 0;
}

static void say_state(const char *word, WDF_POWER_DEVICE_STATE state)
{
    static const char *const names[] = {"?", "(D0)", "(D1)", "(D2)", "(D3)", "(Final)"};
    say(word);
    for (const char *s = names[state]; *s; s++)
        text[length++] = *s;
    text[length] = 0;
}

static NTSTATUS on_prepare(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated) { say("Prepare"); return plan.prepare; }
static NTSTATUS on_release(WDFDEVICE d, WDFCMRESLIST translated) { say("Release"); return STATUS_SUCCESS; }
static NTSTATUS on_d0_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("D0Entry", s); return plan.d0_entry; }
static NTSTATUS on_d0_exit(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("D0Exit", s); return STATUS_SUCCESS; }
static NTSTATUS on_post(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("Post", s); return plan.post; }
static NTSTATUS on_pre(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state("Pre", s); return STATUS_SUCCESS; }
static NTSTATUS on_init(WDFDEVICE d) { say("Init"); return plan.init; }
static NTSTATUS on_suspend(WDFDEVICE d) { say("Suspend"); return STATUS_SUCCESS; }
static NTSTATUS on_restart(WDFDEVICE d) { say("Restart"); return STATUS_SUCCESS; }
static VOID on_flush(WDFDEVICE d) { say("Flush"); }
static VOID on_smio_cleanup(WDFDEVICE d) { say("Cleanup"); }
static VOID on_surprise(WDFDEVICE d) { say("Surprise"); }
static NTSTATUS on_query_remove(WDFDEVICE d) { say("QueryRemove"); return plan.query_remove; }
static NTSTATUS on_query_stop(WDFDEVICE d) { say("QueryStop"); return STATUS_SUCCESS; }

static void say_object(const char *what, WDFOBJECT o)
{
    char word[32] = {0};
    const char *parts[2] = {what, named(o) ? named(o)->name : "?"};
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        for (const char *p = parts[i]; *p; p++)
            word[n++] = *p;
    say(word);
}

static VOID on_object_cleanup(WDFOBJECT o) { say_object("~", o); }
static VOID on_object_destroy(WDFOBJECT o) { say_object("!", o); }

static void attributes_for(WDF_OBJECT_ATTRIBUTES *a, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(a, NAMED);
    a->EvtCleanupCallback = on_object_cleanup;
    a->EvtDestroyCallback = on_object_destroy;
    a->ParentObject = parent;
}

static void set_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = on_prepare;
    c.EvtDeviceReleaseHardware = on_release;
    c.EvtDeviceD0Entry = on_d0_entry;
    c.EvtDeviceD0Exit = on_d0_exit;
    c.EvtDeviceD0EntryPostInterruptsEnabled = on_post;
    c.EvtDeviceD0ExitPreInterruptsDisabled = on_pre;
    c.EvtDeviceSelfManagedIoInit = on_init;
    c.EvtDeviceSelfManagedIoSuspend = on_suspend;
    c.EvtDeviceSelfManagedIoRestart = on_restart;
    c.EvtDeviceSelfManagedIoFlush = on_flush;
    c.EvtDeviceSelfManagedIoCleanup = on_smio_cleanup;
    c.EvtDeviceSurpriseRemoval = on_surprise;
    c.EvtDeviceQueryRemove = on_query_remove;
    c.EvtDeviceQueryStop = on_query_stop;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static void set_idle(void)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = 10;
    WdfDeviceAssignS0IdleSettings(device, &s);
}

static NTSTATUS on_device_add(WDFDRIVER d, PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    set_callbacks(init);
    attributes_for(&a, NULL);
    NTSTATUS status = WdfDeviceCreate(&init, &a, &device);
    if (!NT_SUCCESS(status))
        return status;
    named(device)->name = "device";
    if (plan.in_add)
        plan.in_add(device);
    if (plan.idle)
        set_idle();
    return plan.add;
}

static VOID on_unload(WDFDRIVER d) { say("Unload"); }

static NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    WDF_DRIVER_CONFIG config;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_DRIVER_CONFIG_INIT(&config, on_device_add);
    config.EvtDriverUnload = on_unload;
    attributes_for(&a, NULL);
    NTSTATUS status = WdfDriverCreate(object, path, &a, &config, &driver);
    if (NT_SUCCESS(status))
        named(driver)->name = "driver";
    return NT_SUCCESS(status) ? plan.entry : status;
}

/* What the tests let driver code do. */
static ULONG fired;
static KIRQL fired_at;
static WDFTIMER timer;
static VOID on_timer(WDFTIMER t) { fired++; fired_at = KeGetCurrentIrql(); }
static void start_timer(WDFDEVICE d)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_TIMER_CONFIG_INIT_PERIODIC(&c, on_timer, 10);
    attributes_for(&a, d);
    if (!NT_SUCCESS(WdfTimerCreate(&c, &a, &timer)))
        return;
    named(timer)->name = "T";
    WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(10));
}
static BOOLEAN stop_timer(void) { return WdfTimerStop(timer, TRUE); }

static WDFDEVICE control;
static VOID on_create(WDFDEVICE d, WDFREQUEST r, WDFFILEOBJECT f) { say("create"); named(f)->name = "file"; WdfRequestComplete(r, plan.create); }
static VOID on_file_cleanup(WDFFILEOBJECT f) { say("cleanup"); }
static VOID on_close(WDFFILEOBJECT f) { say("close"); }
static void make_control(WDFDEVICE d)
{
    static const WCHAR name[] = L"\\Device\\Control", link[] = L"\\DosDevices\\Control", sddl[] = L"D:P";
    UNICODE_STRING u;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_FILEOBJECT_CONFIG f;
    RtlInitUnicodeString(&u, sddl);
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(driver, &u);
    RtlInitUnicodeString(&u, name);
    if (!init || !NT_SUCCESS(WdfDeviceInitAssignName(init, &u)))
        return;
    WDF_FILEOBJECT_CONFIG_INIT(&f, on_create, on_close, on_file_cleanup);
    attributes_for(&a, NULL);
    WdfDeviceInitSetFileObjectConfig(init, &f, &a);
    if (!NT_SUCCESS(WdfDeviceCreate(&init, &a, &control)))
        return;
    named(control)->name = "control";
    RtlInitUnicodeString(&u, link);
    if (NT_SUCCESS(WdfDeviceCreateSymbolicLink(control, &u)))
        WdfControlFinishInitializing(control);
}
static void delete_control(void) { WdfObjectDelete(control); }

static NTSTATUS stop_idle(BOOLEAN wait) { return WdfDeviceStopIdle(device, wait); }
static void resume_idle(void) { WdfDeviceResumeIdle(device); }

#pragma clang section text = "" data = "" bss = ""

/* ---- Helpers of the tests ---- */

static const struct driver_image image = {"test_object", (int (*)(void *, void *))(void *)driver_entry, (void **)&WdfDriverGlobals, 31};
static struct nt_driver *nt;
static struct devnode *node;
static bool odd;

static void begin(void)
{
    length = 0;
    text[0] = 0;
    assert_int_equal(io_load_driver(&image, &nt), STATUS_SUCCESS);
    NTSTATUS status;
    node = pnp_create_root_device(nt, "Root\\TEST", &status);
    assert_int_equal(status, plan.add);
}

static void expect_log(const char *expected)
{
    bool same = strlen(expected) == length && !memcmp(expected, text, length);
    if (!same)
        report_line("log:      %s\nexpected: %s", text, expected);
    assert_true(same);
    length = 0;
    text[0] = 0;
}

static void end(const char *expected)
{
    pnp_remove(node);
    io_unload_driver(nt);
    expect_log(expected);
}

static void pass_ms(ULONG ms)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)ms * 10000};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
}

static void reset(void)
{
    memset(&plan, 0, sizeof plan);
}

#define START "Prepare D0Entry(Final) Post(Final) Init"
#define DOWN "Suspend Pre(Final) D0Exit(Final) Release"
#define GONE "Cleanup ~device !device Unload ~driver !driver"
#define NEVER_STARTED "~device !device Unload ~driver !driver"

/* ---- PnP and power ---- */

static void failing_start(NTSTATUS expected, const char *log, const char *rest)
{
    begin();
    assert_int_equal(pnp_start(node), expected);
    expect_log(log);
    end(rest);
}
static void body_post(void)
{
    failing_start(STATUS_DEVICE_POWER_FAILURE, "Prepare D0Entry(Final) Post(Final) D0Exit(Final) Release", NEVER_STARTED);
}
/* RULE K-PNP-20: When D0EntryPostInterruptsEnabled fails at start, D0Exit(D3Final) and ReleaseHardware follow. */
static void K_PNP_20_post_interrupts_fails(void **state)
{
    reset();
    plan.post = STATUS_UNSUCCESSFUL;
    unit_life(body_post, NULL);
}
static void body_failed_add(void)
{
    begin();
    expect_log("~device !device");
    io_unload_driver(nt);
    expect_log("Unload ~driver !driver");
}
/* RULE K-DRV-23: An EvtDriverDeviceAdd that creates a device and then fails brings cleanups of objects only, no PnP or power callback. */
static void K_DRV_23_device_add_fails(void **state)
{
    reset();
    plan.add = STATUS_UNSUCCESSFUL;
    unit_life(body_failed_add, NULL);
}

static void body_veto(void)
{
    begin();
    pnp_start(node);
    expect_log(START);
    assert_int_equal(pnp_query_remove(node), STATUS_DEVICE_NOT_READY);
    expect_log("QueryRemove");
    end(DOWN " Flush " GONE);
}
/* RULE K-PNP-30: A failing EvtDeviceQueryRemove fails the query with its status, and the device stays started. */
static void K_PNP_30_query_remove_veto(void **state)
{
    reset();
    plan.query_remove = STATUS_DEVICE_NOT_READY; /* any failure is passed on exactly */
    unit_life(body_veto, NULL);
}

static void body_idle_out_and_back(void)
{
    begin();
    pnp_start(node);
    expect_log(START);
    pass_ms(30);
    expect_log("Suspend Pre(D3) D0Exit(D3)");
    assert_int_equal(stop_idle(FALSE), STATUS_PENDING);
    pass_ms(1);
    expect_log("D0Entry(D3) Post(D3) Restart");
    assert_int_equal(stop_idle(TRUE), STATUS_SUCCESS);
    resume_idle();
    resume_idle();
    pass_ms(30);
    expect_log("Suspend Pre(D3) D0Exit(D3)");
    assert_int_equal(stop_idle(TRUE), STATUS_SUCCESS);
    expect_log("D0Entry(D3) Post(D3) Restart");
    resume_idle();
    end(DOWN " Flush " GONE);
}
/* RULE K-PNP-83: WdfDeviceStopIdle without wait returns STATUS_PENDING with the reference taken. */
static void K_PNP_83_idle_out_and_back(void **state)
{
    reset();
    plan.idle = TRUE;
    unit_life(body_idle_out_and_back, NULL);
}

static void body_failed_resume(void)
{
    begin();
    pnp_start(node);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    expect_log(START " Suspend Pre(D3) D0Exit(D3)");
    plan.d0_entry = STATUS_UNSUCCESSFUL;
    pnp_lock();
    po_system_resume();
    pass_ms(1);
    expect_log("D0Entry(D3)");
    assert_true(node->failed);
    assert_int_equal(stop_idle(FALSE), STATUS_POWER_STATE_INVALID);
    pnp_unlock();
    pnp_settle();
    end("Surprise Release Flush " GONE); /* it is gone already */
}
/* RULE K-PNP-60: A started device that fails to power up is reported failed and surprise-removed. */
/* RULE K-PNP-61: When D0Entry fails at a resume, D0Exit is not called. */
static void K_PNP_60_61_failed_resume(void **state) { reset(); unit_life(body_failed_resume, NULL); }

/* Whatever the schedule: a life with idling, sleep, a periodic timer and a removal in the middle of it ends clean. */
static void body_any_schedule(void)
{
    begin();
    pnp_start(node);
    pass_ms(12);
    NTSTATUS status = stop_idle(FALSE);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    po_system_resume();
    if (NT_SUCCESS(status))
        resume_idle();
    pass_ms(11);
    if (odd)
        pnp_surprise_remove(node);
    pnp_remove(node);
    io_unload_driver(nt);
}
/* RULE K-PNP-1: A device's life with idling, sleep, a timer and a removal ends clean, whatever the schedule. */
static void K_PNP_1_any_schedule(void **state)
{
    reset();
    plan.idle = TRUE;
    plan.in_add = start_timer;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed};
        odd = seed & 1;
        unit_life(body_any_schedule, &chance);
    }
}

/* ---- Control devices and files ---- */

static NTSTATUS open_control(PFILE_OBJECT *file)
{
    static const WCHAR path[] = L"\\??\\Control";
    UNICODE_STRING u = {sizeof path - 2, sizeof path, (PWCH)path};
    ULONG_PTR information;
    NTSTATUS status = io_create_file(&u, GENERIC_READ, 0, FILE_OPEN, 0, file, &information);
    return status;
}

static void body_control(void)
{
    PFILE_OBJECT file = NULL, second = NULL;
    begin();
    assert_int_equal(open_control(&file), STATUS_SUCCESS);
    expect_log("create");
    plan.create = STATUS_ACCESS_DENIED;
    assert_int_equal(open_control(&second), STATUS_ACCESS_DENIED);
    expect_log("create ~file !file");
    delete_control();
    expect_log("~file ~control");
    io_handle_opened(file);
    io_handle_closed(file);
    ob_dereference(file);
    pass_ms(1);
    expect_log("cleanup close !file !control");
    end(NEVER_STARTED);
}
/* RULE K-DRV-72: Deleting a control device brings its cleanup at once; its memory and EvtDestroy go after the last close. */
/* RULE K-OBJ-18: A control device is cleaned up while its DEVICE_OBJECT is valid. */
static void K_DRV_72_control_device_and_files(void **state)
{
    reset();
    plan.in_add = make_control;
    unit_life(body_control, NULL);
}

/* ---- Timers ---- */

static void body_timer(void)
{
    begin();
    pnp_start(node);
    pass_ms(35);
    assert_int_equal(fired, 3);
    assert_int_equal(fired_at, DISPATCH_LEVEL);
    assert_true(stop_timer());
    assert_false(stop_timer());
    pass_ms(35);
    assert_int_equal(fired, 3);
    pnp_remove(node);
    io_unload_driver(nt);
}
/* RULE K-TMR-4: The callback of a periodic timer runs at DISPATCH_LEVEL. */
/* RULE K-TMR-3: A periodic timer that was stopped does not come again. */
static void K_TMR_3_4_periodic_timer_and_stop(void **state)
{
    reset();
    plan.in_add = start_timer;
    unit_life(body_timer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_20_post_interrupts_fails),
        cmocka_unit_test(K_DRV_23_device_add_fails),
        cmocka_unit_test(K_PNP_30_query_remove_veto),
        cmocka_unit_test(K_PNP_83_idle_out_and_back),
        cmocka_unit_test(K_PNP_60_61_failed_resume),
        cmocka_unit_test(K_PNP_1_any_schedule),
        cmocka_unit_test(K_DRV_72_control_device_and_files),
        cmocka_unit_test(K_TMR_3_4_periodic_timer_and_stop),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
