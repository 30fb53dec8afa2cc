/*
 * Framework objects and PnP/power: K-OBJ order rules, the golden traces K-SEQ-1, 2, 3, 8, 11, 12, 14, 15, 17, timers and locks. The driver below
 * writes one letter pair per callback into a log; the tests compare the whole log.
 */
#include "unit.h"

#include "kmdf/fx.h"

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
typedef struct { ULONG value; } SECOND;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(SECOND, second)

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

static WDFOBJECT make(const char *name, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o = NULL;
    attributes_for(&a, parent);
    if (NT_SUCCESS(WdfObjectCreate(&a, &o)))
        named(o)->name = name;
    return o;
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
static WDFOBJECT tree_root, kept;

static void build_tree(WDFOBJECT parent)
{
    tree_root = make("P", parent);
    WDFOBJECT a = make("A", tree_root);
    make("A1", a);
    make("A2", a);
    make("B", tree_root);
}

static void delete_tree(WDFDEVICE d) { build_tree(d); WdfObjectDelete(tree_root); }

static void delete_tree_with_reference(WDFDEVICE d)
{
    tree_root = make("P", d);
    kept = make("A", tree_root);
    make("B", tree_root);
    WdfObjectReference(kept);
    WdfObjectDelete(tree_root);
    say("deleted");
    WdfObjectDereference(kept);
}

static void leave_tree(WDFDEVICE d) { build_tree(d); }

static VOID timer_nothing(WDFTIMER t) {}

static void delete_at_dispatch(WDFDEVICE d)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t;
    KIRQL irql;
    tree_root = make("P", d);
    WDF_TIMER_CONFIG_INIT(&c, timer_nothing);
    attributes_for(&a, tree_root);
    if (!NT_SUCCESS(WdfTimerCreate(&c, &a, &t)))
        return;
    named(t)->name = "T";
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    WdfObjectDelete(tree_root);
    say("returned");
    KeLowerIrql(irql);
}

static void contexts(WDFDEVICE d)
{
    WDF_OBJECT_ATTRIBUTES a;
    PVOID one = NULL, two = NULL;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&a, SECOND);
    if (second(d))
        say("early");
    if (WdfObjectAllocateContext(d, &a, &one) == STATUS_SUCCESS)
        say("added");
    if (WdfObjectAllocateContext(d, &a, &two) == STATUS_OBJECT_NAME_EXISTS && one == two && second(d) == one)
        say("exists");
    if (WdfObjectContextGetObject(one) == (WDFOBJECT)d && second(d)->value == 0)
        say("object");
    a.ParentObject = d;
    if (WdfObjectAllocateContext(d, &a, NULL) == STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED)
        say("parent");
}

static void null_handle(WDFDEVICE d) { WdfObjectReference(NULL); }
static void wrong_type(WDFDEVICE d) { WdfDeviceGetDriver((WDFDEVICE)make("P", d)); }
static void stale_handle(WDFDEVICE d)
{
    WDFOBJECT o = make("P", d);
    WdfObjectDelete(o);
    WdfObjectReference(o);
}
static void over_dereference(WDFDEVICE d) { WdfObjectDereference(make("P", d)); }
static void delete_device(WDFDEVICE d) { WdfObjectDelete(d); }
static void leak_reference(WDFDEVICE d) { WdfObjectReference(make("P", d)); }
static void recursive_lock(WDFDEVICE d) { WdfObjectAcquireLock(d); WdfObjectAcquireLock(d); }

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

static WDFWORKITEM item;
static ULONG worked;
static KIRQL worked_at;
static VOID on_work(WDFWORKITEM w)
{
    worked_at = KeGetCurrentIrql();
    if (++worked == 1)
        WdfWorkItemEnqueue(w); /* one more run */
}
static void start_work(WDFDEVICE d)
{
    WDF_WORKITEM_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_WORKITEM_CONFIG_INIT(&c, on_work);
    attributes_for(&a, d);
    if (!NT_SUCCESS(WdfWorkItemCreate(&c, &a, &item)))
        return;
    named(item)->name = "W";
    WdfWorkItemEnqueue(item);
    WdfWorkItemEnqueue(item); /* ignored while queued */
    WdfWorkItemFlush(item);
    if (worked == 2 && worked_at == PASSIVE_LEVEL)
        say("flushed");
    WdfObjectDelete(item);
}

static void wait_lock(WDFDEVICE d)
{
    WDFWAITLOCK lock;
    LONGLONG zero = 0;
    if (!NT_SUCCESS(WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &lock)))
        return;
    if (WdfWaitLockAcquire(lock, NULL) == STATUS_SUCCESS && WdfWaitLockAcquire(lock, &zero) == STATUS_TIMEOUT)
        say("timeout");
    WdfWaitLockRelease(lock);
    if (WdfWaitLockAcquire(lock, &zero) == STATUS_SUCCESS)
        say("free");
    WdfWaitLockRelease(lock);
}

static void collect(WDFDEVICE d)
{
    WDFCOLLECTION c;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = d;
    if (!NT_SUCCESS(WdfCollectionCreate(&a, &c)))
        return;
    WDFOBJECT p = make("P", d);
    WdfCollectionAdd(c, p);
    WdfCollectionAdd(c, p);
    if (WdfCollectionGetCount(c) == 2 && WdfCollectionGetLastItem(c) == p && !WdfCollectionGetItem(c, 2))
        say("two");
    WdfCollectionRemoveItem(c, 0);
    WdfObjectDelete(p);
    say("deleted"); /* the collection's reference holds its memory (K-COL-1) */
    WdfObjectDelete(c);
}

static void bad_attributes(WDFDEVICE d)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o;
    WDF_TIMER_CONFIG c;
    WDFTIMER t;
    RtlZeroMemory(&a, sizeof a);
    if (WdfObjectCreate(&a, &o) == STATUS_INFO_LENGTH_MISMATCH)
        say("size");
    a.Size = sizeof a;
    if (WdfObjectCreate(&a, &o) == STATUS_WDF_OBJECT_ATTRIBUTES_INVALID)
        say("level");
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.SynchronizationScope = WdfSynchronizationScopeDevice;
    if (WdfObjectCreate(&a, &o) == STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID)
        say("scope");
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    if (WdfTimerCreate(&c, &a, &t) == STATUS_WDF_PARENT_NOT_SPECIFIED)
        say("parent");
    a.ParentObject = driver;
    if (WdfTimerCreate(&c, &a, &t) == STATUS_INVALID_DEVICE_REQUEST)
        say("device");
    a.ParentObject = d;
    a.ExecutionLevel = WdfExecutionLevelPassive;
    c.Period = 10;
    if (WdfTimerCreate(&c, &a, &t) == STATUS_NOT_SUPPORTED)
        say("periodic");
}

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

/* ---- Objects ---- */

static void body_tree(void) { begin(); expect_log("~A1 ~A2 ~A ~B ~P !A1 !A2 !A !B !P"); end(NEVER_STARTED); }
static void cleanups_precede_destroys_oldest_first_K_OBJ_10_11_12(void **state)
{
    reset();
    plan.in_add = delete_tree;
    unit_life(body_tree, NULL);
}

static void body_reference(void) { begin(); expect_log("~A ~B ~P !B !P deleted !A"); end(NEVER_STARTED); }
static void a_reference_delays_only_destroy_K_OBJ_4(void **state)
{
    reset();
    plan.in_add = delete_tree_with_reference;
    unit_life(body_reference, NULL);
}

static void body_device_tree(void)
{
    begin();
    end("~A1 ~A2 ~A ~B ~P ~device !A1 !A2 !A !B !P !device Unload ~driver !driver");
}
static void removal_disposes_the_device_tree_K_PNP_42(void **state)
{
    reset();
    plan.in_add = leave_tree;
    unit_life(body_device_tree, NULL);
}

static void body_dispatch(void)
{
    begin();
    pass_ms(1);
    expect_log("returned ~T ~P !T !P");
    end(NEVER_STARTED);
}
static void delete_above_passive_is_deferred_K_OBJ_22(void **state)
{
    reset();
    plan.in_add = delete_at_dispatch;
    unit_life(body_dispatch, NULL);
}

static void body_failed_entry(void)
{
    length = 0;
    assert_int_equal(io_load_driver(&image, &nt), STATUS_UNSUCCESSFUL);
    expect_log("~driver !driver");
}
static void failed_driver_entry_deletes_the_driver_K_OBJ_63(void **state)
{
    reset();
    plan.entry = STATUS_UNSUCCESSFUL;
    unit_life(body_failed_entry, NULL);
}

static void body_contexts(void) { begin(); expect_log("added exists object parent"); end(NEVER_STARTED); }
static void contexts_K_OBJ_43_44_46(void **state)
{
    reset();
    plan.in_add = contexts;
    unit_life(body_contexts, NULL);
}

static void body_begin(void) { begin(); }
static void body_whole(void) { begin(); pnp_remove(node); io_unload_driver(nt); }
static void bug(void (*in_add)(WDFDEVICE), void (*body)(void), uint32_t code, uint64_t p1)
{
    reset();
    plan.in_add = in_add;
    unit_expect_bugcheck(body, code, p1);
}
static void bad_handles_K_OBJ_50(void **state)
{
    bug(null_handle, body_begin, 0x10D, 5);
    bug(wrong_type, body_begin, 0x10D, 5);
    bug(stale_handle, body_begin, 0x10D, 5);
}
static void over_dereference_K_OBJ_5(void **state) { bug(over_dereference, body_begin, 0x10D, 7); }
static void a_function_device_is_not_deletable_K_OBJ_34(void **state) { bug(delete_device, body_begin, OWN_WDF_MISUSE, ~0ull); }
static void leaked_reference_K_OBJ_64(void **state) { bug(leak_reference, body_whole, OWN_OBJECT_LEAK, ~0ull); }
static void recursive_lock_K_OBJ_52(void **state) { bug(recursive_lock, body_begin, 0x10D, 2); }

static const char *small_log;
static void body_small(void) { begin(); expect_log(small_log); end(NEVER_STARTED); }
static void small(void (*in_add)(WDFDEVICE), const char *log)
{
    reset();
    plan.in_add = in_add;
    small_log = log;
    unit_life(body_small, NULL);
}
static void work_item_runs_and_flushes_K_WI_1_2(void **state) { small(start_work, "flushed ~W !W"); }
static void wait_lock_times_out_K_SYN_12(void **state) { small(wait_lock, "timeout free"); }
static void collection_holds_references_K_COL_1(void **state) { small(collect, "two ~P deleted !P"); }
static void attributes_are_validated_K_OBJ_30_K_TMR_1(void **state)
{
    small(bad_attributes, "size level scope parent device periodic");
}

/* ---- PnP and power ---- */

static void body_seq_1_11(void)
{
    begin();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    expect_log(START);
    assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS);
    expect_log("QueryRemove");
    end(DOWN " Flush " GONE);
}
static void start_and_graceful_remove_K_SEQ_1_11(void **state) { reset(); unit_life(body_seq_1_11, NULL); }

static void body_seq_8(void)
{
    begin();
    pnp_start(node);
    expect_log(START);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    expect_log("Suspend Pre(D3) D0Exit(D3)");
    po_system_resume();
    pass_ms(1);
    expect_log("D0Entry(D3) Post(D3) Restart");
    end(DOWN " Flush " GONE);
}
static void system_sleep_K_SEQ_8(void **state) { reset(); unit_life(body_seq_8, NULL); }

static void body_seq_10(void)
{
    begin();
    pnp_start(node);
    expect_log(START);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    expect_log("QueryStop " DOWN);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    expect_log("Prepare D0Entry(Final) Post(Final) Restart");
    end(DOWN " Flush " GONE);
}
static void rebalance_K_SEQ_10(void **state) { reset(); unit_life(body_seq_10, NULL); }

static void body_seq_12(void)
{
    begin();
    pnp_start(node);
    expect_log(START);
    pnp_surprise_remove(node);
    expect_log("Surprise " DOWN " Flush");
    end(GONE);
}
static void surprise_removal_K_SEQ_12(void **state) { reset(); unit_life(body_seq_12, NULL); }

static void failing_start(NTSTATUS expected, const char *log, const char *rest)
{
    begin();
    assert_int_equal(pnp_start(node), expected);
    expect_log(log);
    end(rest);
}
static void body_seq_14(void) { failing_start(STATUS_DEVICE_NOT_CONNECTED, "Prepare Release", NEVER_STARTED); }
static void prepare_hardware_fails_K_SEQ_14(void **state)
{
    reset();
    plan.prepare = STATUS_DEVICE_NOT_CONNECTED;
    unit_life(body_seq_14, NULL);
}
static void body_seq_15(void) { failing_start(STATUS_DEVICE_POWER_FAILURE, "Prepare D0Entry(Final) Release", NEVER_STARTED); }
static void d0_entry_fails_K_SEQ_15(void **state)
{
    reset();
    plan.d0_entry = STATUS_UNSUCCESSFUL;
    unit_life(body_seq_15, NULL);
}
static void body_post(void)
{
    failing_start(STATUS_DEVICE_POWER_FAILURE, "Prepare D0Entry(Final) Post(Final) D0Exit(Final) Release", NEVER_STARTED);
}
static void post_interrupts_fails_K_PNP_20(void **state)
{
    reset();
    plan.post = STATUS_UNSUCCESSFUL;
    unit_life(body_post, NULL);
}
static void body_seq_17(void)
{
    failing_start(STATUS_DEVICE_POWER_FAILURE, START " Pre(Final) D0Exit(Final) Release Flush", GONE);
}
static void self_managed_init_fails_K_SEQ_17(void **state)
{
    reset();
    plan.init = STATUS_UNSUCCESSFUL;
    unit_life(body_seq_17, NULL);
}

static void body_failed_add(void)
{
    begin();
    expect_log("~device !device");
    io_unload_driver(nt);
    expect_log("Unload ~driver !driver");
}
static void device_add_fails_K_DRV_23(void **state)
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
static void query_remove_veto_K_PNP_30(void **state)
{
    reset();
    plan.query_remove = STATUS_DEVICE_NOT_READY; /* any failure is passed on exactly */
    unit_life(body_veto, NULL);
}

static void body_seq_2_3(void)
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
static void idle_out_and_back_K_SEQ_2_3_K_PNP_83(void **state)
{
    reset();
    plan.idle = TRUE;
    unit_life(body_seq_2_3, NULL);
}

static void body_failed_resume(void)
{
    begin();
    pnp_start(node);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    expect_log(START " Suspend Pre(D3) D0Exit(D3)");
    plan.d0_entry = STATUS_UNSUCCESSFUL;
    po_system_resume();
    pass_ms(1);
    expect_log("D0Entry(D3)");
    assert_true(node->failed);
    assert_int_equal(stop_idle(FALSE), STATUS_POWER_STATE_INVALID);
    pnp_process_invalidations(node);
    expect_log("Surprise Release Flush");
    end(GONE);
}
static void failed_resume_is_surprise_removed_K_PNP_60_61(void **state) { reset(); unit_life(body_failed_resume, NULL); }

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
static void any_schedule_K_PNP_1(void **state)
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

static void body_seq_13(void)
{
    begin();
    pnp_start(node);
    pass_ms(30);
    expect_log(START " Suspend Pre(D3) D0Exit(D3)");
    pnp_surprise_remove(node);
    expect_log("Surprise Release Flush");
    end(GONE);
}
static void surprise_removal_in_dx_K_SEQ_13(void **state)
{
    reset();
    plan.idle = TRUE;
    unit_life(body_seq_13, NULL);
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
static void control_device_and_files_K_DRV_72_K_Q_73_76(void **state)
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
static void periodic_timer_and_stop_K_TMR_3_4(void **state)
{
    reset();
    plan.in_add = start_timer;
    unit_life(body_timer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleanups_precede_destroys_oldest_first_K_OBJ_10_11_12),
        cmocka_unit_test(a_reference_delays_only_destroy_K_OBJ_4),
        cmocka_unit_test(removal_disposes_the_device_tree_K_PNP_42),
        cmocka_unit_test(delete_above_passive_is_deferred_K_OBJ_22),
        cmocka_unit_test(failed_driver_entry_deletes_the_driver_K_OBJ_63),
        cmocka_unit_test(contexts_K_OBJ_43_44_46),
        cmocka_unit_test(bad_handles_K_OBJ_50),
        cmocka_unit_test(over_dereference_K_OBJ_5),
        cmocka_unit_test(a_function_device_is_not_deletable_K_OBJ_34),
        cmocka_unit_test(leaked_reference_K_OBJ_64),
        cmocka_unit_test(recursive_lock_K_OBJ_52),
        cmocka_unit_test(work_item_runs_and_flushes_K_WI_1_2),
        cmocka_unit_test(wait_lock_times_out_K_SYN_12),
        cmocka_unit_test(collection_holds_references_K_COL_1),
        cmocka_unit_test(attributes_are_validated_K_OBJ_30_K_TMR_1),
        cmocka_unit_test(start_and_graceful_remove_K_SEQ_1_11),
        cmocka_unit_test(system_sleep_K_SEQ_8),
        cmocka_unit_test(rebalance_K_SEQ_10),
        cmocka_unit_test(surprise_removal_K_SEQ_12),
        cmocka_unit_test(prepare_hardware_fails_K_SEQ_14),
        cmocka_unit_test(d0_entry_fails_K_SEQ_15),
        cmocka_unit_test(post_interrupts_fails_K_PNP_20),
        cmocka_unit_test(self_managed_init_fails_K_SEQ_17),
        cmocka_unit_test(device_add_fails_K_DRV_23),
        cmocka_unit_test(query_remove_veto_K_PNP_30),
        cmocka_unit_test(idle_out_and_back_K_SEQ_2_3_K_PNP_83),
        cmocka_unit_test(surprise_removal_in_dx_K_SEQ_13),
        cmocka_unit_test(failed_resume_is_surprise_removed_K_PNP_60_61),
        cmocka_unit_test(any_schedule_K_PNP_1),
        cmocka_unit_test(control_device_and_files_K_DRV_72_K_Q_73_76),
        cmocka_unit_test(periodic_timer_and_stop_K_TMR_3_4),
    };
    return cmocka_run_group_tests(tests);
}
