/*
 * What a PDO does for the stack above it as its bus: answers to bus queries, wake at the bus, a raw device that is its own power policy owner; many children,
 * and children that come and go while everything else happens.
 */
#include "bus_world.h"

/* ---- Bus queries ---- */

static IO_STATUS_BLOCK ask(PDEVICE_OBJECT to, UCHAR minor, void (*fill)(PIO_STACK_LOCATION, ULONG), ULONG parameter)
{
    IO_STATUS_BLOCK iosb = {0};
    PIRP irp = io_allocate_irp(to->StackSize, FALSE);
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    if (fill)
        fill(next, parameter);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp_info(irp)->built_by = 3; /* the PnP manager */
    io_send_and_wait(irp, to, &iosb);
    return iosb;
}

static void an_id(PIO_STACK_LOCATION s, ULONG type) { s->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)type; }
static void relations(PIO_STACK_LOCATION s, ULONG type) { s->Parameters.QueryDeviceRelations.Type = (DEVICE_RELATION_TYPE)type; }
static void lock_it(PIO_STACK_LOCATION s, ULONG on) { s->Parameters.SetLock.Lock = (BOOLEAN)on; }

static void text_in(PIO_STACK_LOCATION s, ULONG locale)
{
    s->Parameters.QueryDeviceText.DeviceTextType = DeviceTextLocationInformation;
    s->Parameters.QueryDeviceText.LocaleId = locale;
}

/* True if it is this text; frees it. */
static bool is_text(IO_STATUS_BLOCK iosb, const WCHAR *text)
{
    const WCHAR *given = (const WCHAR *)iosb.Information;
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
    UNICODE_STRING want = text_of(text);
    bool same = !memcmp(given, want.Buffer, want.Length) && !given[want.Length / 2];
    ex_free_with_tag((PVOID)iosb.Information, 0, NULL);
    return same;
}

static void two_ids(PWDFDEVICE_INIT init)
{
    UNICODE_STRING more = text_of(L"TEST\\second"), compatible = text_of(L"TEST\\compatible"), french = text_of(L"Enfant"), la = text_of(L"La");
    assert_int_equal(WdfPdoInitAddHardwareID(init, &more), STATUS_SUCCESS);
    assert_int_equal(WdfPdoInitAddCompatibleID(init, &compatible), STATUS_SUCCESS);
    assert_int_equal(WdfPdoInitAddDeviceText(init, &french, &la, 0x40c), STATUS_SUCCESS);
}

/* RULE K-PNP-68: Identifiers come from the init data, lists with all their strings; what was not set leaves the status as it came. */
TEST(K_PNP_68_identifiers)
{
    bus_plan.child_init = two_ids;
    bus_start();
    plug(1);
    PDEVICE_OBJECT pdo = WdfDeviceWdmGetDeviceObject(child_of[1]);
    assert_true(is_text(ask(pdo, IRP_MN_QUERY_ID, an_id, BusQueryDeviceID), L"TEST\\child"));
    assert_true(is_text(ask(pdo, IRP_MN_QUERY_ID, an_id, BusQueryInstanceID), L"01"));
    assert_true(is_text(ask(pdo, IRP_MN_QUERY_ID, an_id, BusQueryCompatibleIDs), L"TEST\\compatible"));
    IO_STATUS_BLOCK hardware = ask(pdo, IRP_MN_QUERY_ID, an_id, BusQueryHardwareIDs);
    static const WCHAR both[] = L"TEST\\child\0TEST\\second\0";
    assert_false(memcmp((void *)hardware.Information, both, sizeof both));
    ex_free_with_tag((PVOID)hardware.Information, 0, NULL);
    assert_int_equal(ask(pdo, IRP_MN_QUERY_ID, an_id, BusQueryContainerID).Status, STATUS_NOT_SUPPORTED);
    finish();
}

/* RULE K-PNP-68: Device text is in the language that was asked for, or else in the default language. */
TEST(K_PNP_68_text)
{
    bus_plan.child_init = two_ids;
    bus_start();
    plug(1);
    PDEVICE_OBJECT pdo = WdfDeviceWdmGetDeviceObject(child_of[1]);
    assert_true(is_text(ask(pdo, IRP_MN_QUERY_DEVICE_TEXT, text_in, 0x40c), L"La"));
    assert_true(is_text(ask(pdo, IRP_MN_QUERY_DEVICE_TEXT, text_in, 0x407), L"Slot"));
    finish();
}

static void bus_information(WDFDEVICE bus)
{
    PNP_BUS_INFORMATION information = {.LegacyBusType = PNPBus, .BusNumber = 7};
    WdfDeviceSetBusInformationForChildren(bus, &information);
}

/* RULE K-PNP-88: The bus information for children is what their PDOs answer with. */
TEST(K_PNP_88_bus_information)
{
    bus_plan.bus = bus_information;
    bus_start();
    plug(1);
    IO_STATUS_BLOCK iosb = ask(WdfDeviceWdmGetDeviceObject(child_of[1]), IRP_MN_QUERY_BUS_INFORMATION, NULL, 0);
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
    assert_int_equal(((PNP_BUS_INFORMATION *)iosb.Information)->BusNumber, 7);
    ex_free_with_tag((PVOID)iosb.Information, 0, NULL);
    finish();
}

static void capable(WDFDEVICE child)
{
    WDF_DEVICE_PNP_CAPABILITIES pnp;
    WDF_DEVICE_POWER_CAPABILITIES power;
    WDF_DEVICE_PNP_CAPABILITIES_INIT(&pnp);
    pnp.Removable = WdfTrue, pnp.EjectSupported = WdfTrue, pnp.UniqueID = WdfFalse, pnp.Address = 3;
    WdfDeviceSetPnpCapabilities(child, &pnp);
    WDF_DEVICE_POWER_CAPABILITIES_INIT(&power);
    power.DeviceD1 = WdfTrue, power.DeviceWake = PowerDeviceD1, power.SystemWake = PowerSystemSleeping1, power.D1Latency = 5;
    power.DeviceState[PowerSystemSleeping1] = PowerDeviceD1;
    WdfDeviceSetPowerCapabilities(child, &power);
}

/* RULE K-PNP-69: The capabilities that the bus driver set are the PDO's answer; what it left is as it came. */
TEST(K_PNP_69_capabilities)
{
    bus_plan.child = capable;
    bus_start();
    plug(1);
    const DEVICE_CAPABILITIES *c = &node_of(1)->capabilities;
    assert_true(c->Removable && c->EjectSupported && !c->UniqueID && !c->LockSupported && c->DeviceD1 && !c->RawDeviceOK);
    assert_int_equal(c->Address, 3);
    assert_int_equal(c->UINumber, (ULONG)-1);
    assert_int_equal(c->DeviceWake, PowerDeviceD1);
    assert_int_equal(c->SystemWake, PowerSystemSleeping1);
    assert_int_equal(c->DeviceState[PowerSystemSleeping1], PowerDeviceD1);
    assert_int_equal(c->D1Latency, 5);
    finish();
}

/* RULE K-PNP-67: EvtDeviceSetLock serves IRP_MN_SET_LOCK, EvtDeviceEject's failure is the status of IRP_MN_EJECT. */
TEST(K_PNP_67_lock)
{
    bus_plan.eject = STATUS_DEVICE_BUSY;
    bus_start();
    plug(1);
    log_clear();
    PDEVICE_OBJECT pdo = WdfDeviceWdmGetDeviceObject(child_of[1]);
    assert_int_equal(ask(pdo, IRP_MN_SET_LOCK, lock_it, TRUE).Status, STATUS_SUCCESS);
    assert_int_equal(ask(pdo, IRP_MN_SET_LOCK, lock_it, FALSE).Status, STATUS_SUCCESS);
    assert_int_equal(ask(pdo, IRP_MN_EJECT, NULL, 0).Status, STATUS_DEVICE_BUSY);
    log_is("c1:Lock c1:Unlock c1:Eject");
    finish();
}

static void no_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PDO_EVENT_CALLBACKS none;
    WDF_PDO_EVENT_CALLBACKS_INIT(&none);
    WdfPdoInitSetEventCallbacks(init, &none);
}

/* RULE K-PNP-67: Without a callback eject and lock leave the status as it came. */
TEST(K_PNP_67_no_callbacks)
{
    bus_plan.child_init = no_callbacks;
    bus_start();
    plug(1);
    PDEVICE_OBJECT pdo = WdfDeviceWdmGetDeviceObject(child_of[1]);
    assert_int_equal(ask(pdo, IRP_MN_SET_LOCK, lock_it, TRUE).Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(ask(pdo, IRP_MN_EJECT, NULL, 0).Status, STATUS_NOT_SUPPORTED);
    finish();
}

static ULONG count_relations(PDEVICE_OBJECT to, DEVICE_RELATION_TYPE type, PDEVICE_OBJECT first)
{
    IO_STATUS_BLOCK iosb = ask(to, IRP_MN_QUERY_DEVICE_RELATIONS, relations, type);
    if (!NT_SUCCESS(iosb.Status))
        return 0;
    DEVICE_RELATIONS *r = (DEVICE_RELATIONS *)iosb.Information;
    ULONG n = r->Count;
    assert_true(n == 0 || r->Objects[0] == first);
    for (ULONG i = 0; i < n; i++)
        ob_dereference(r->Objects[i]);
    ex_free_with_tag(r, 0, NULL);
    return n;
}

/* RULE K-PNP-71: A PDO is its own target; removal and ejection relations are what the driver added, each referenced. */
TEST(K_PNP_71_relations)
{
    bus_start();
    plug(1), plug(2);
    PDEVICE_OBJECT one = WdfDeviceWdmGetDeviceObject(child_of[1]), two = WdfDeviceWdmGetDeviceObject(child_of[2]);
    PDEVICE_OBJECT bus = WdfDeviceWdmGetDeviceObject(device);
    assert_int_equal(count_relations(one, TargetDeviceRelation, one), 1);
    assert_int_equal(count_relations(bus, BusRelations, one), 2);
    assert_int_equal(count_relations(one, EjectionRelations, NULL), 0);
    assert_int_equal(WdfPdoAddEjectionRelationsPhysicalDevice(child_of[1], two), STATUS_SUCCESS);
    assert_int_equal(count_relations(one, EjectionRelations, two), 1);
    WdfPdoRemoveEjectionRelationsPhysicalDevice(child_of[1], two);
    assert_int_equal(count_relations(one, EjectionRelations, NULL), 0);
    assert_int_equal(WdfDeviceAddRemovalRelationsPhysicalDevice(device, two), STATUS_SUCCESS);
    assert_int_equal(count_relations(bus, RemovalRelations, two), 1);
    WdfDeviceClearRemovalRelationsDevices(device);
    assert_int_equal(count_relations(bus, RemovalRelations, NULL), 0);
    assert_int_equal(WdfPdoAddEjectionRelationsPhysicalDevice(child_of[1], two), STATUS_SUCCESS); /* its end drops the reference */
    finish();
}

/* ---- Devices that go together ---- */

static void two_related(void)
{
    bus_start();
    plug(1), plug(2);
    PDEVICE_OBJECT two = WdfDeviceWdmGetDeviceObject(child_of[2]);
    assert_int_equal(WdfDeviceAddRemovalRelationsPhysicalDevice(function_of[1], two), STATUS_SUCCESS);
    log_clear();
}

/* RULE W-PNP-54: Before a device is removed the PnP manager asks for its removal relations; what they name is asked before it, and removed before it. */
TEST(W_PNP_54_removal_relations)
{
    two_related();
    struct devnode *first = node_of(1), *second = node_of(2);
    bus_plan.quiet = true;
    assert_int_equal(pnp_query_remove(first), STATUS_SUCCESS);
    assert_int_equal(second->state, DEVNODE_REMOVE_PENDING);
    assert_int_equal(pnp_cancel_remove(first), STATUS_SUCCESS);
    assert_int_equal(second->state, DEVNODE_STARTED);
    assert_int_equal(first->state, DEVNODE_STARTED);
    bus_plan.quiet = false;
    assert_int_equal(pnp_query_remove(first), STATUS_SUCCESS);
    log_is("f2:QueryRemove c2:QueryRemove f1:QueryRemove c1:QueryRemove");
    assert_int_equal(pnp_remove(first), STATUS_SUCCESS);
    log_clear();
    assert_int_equal(first->state, DEVNODE_ALONE);
    assert_int_equal(second->state, DEVNODE_ALONE); /* its bus goes on reporting it */
    finish();
}

/* RULE W-PNP-54: When a device of the removal relations may not go, the device itself is not asked, and stays. */
TEST(W_PNP_54_related_refuses)
{
    two_related();
    WdfDeviceSetStaticStopRemove(function_of[2], FALSE);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_INVALID_DEVICE_STATE);
    log_is("");
    assert_int_equal(node_of(1)->state, DEVNODE_STARTED);
    WdfDeviceSetStaticStopRemove(function_of[2], TRUE);
    finish();
}

/* RULE W-PNP-54: Two devices that name each other go together, whichever is asked first. */
TEST(W_PNP_54_each_other)
{
    two_related();
    assert_int_equal(WdfDeviceAddRemovalRelationsPhysicalDevice(function_of[2], WdfDeviceWdmGetDeviceObject(child_of[1])), STATUS_SUCCESS);
    struct devnode *first = node_of(1), *second = node_of(2);
    assert_int_equal(pnp_query_remove(second), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(second), STATUS_SUCCESS);
    assert_int_equal(first->state, DEVNODE_ALONE);
    assert_int_equal(second->state, DEVNODE_ALONE);
    log_clear();
    finish();
}

/* RULE W-PNP-53: A device that names its own child in its removal relations is reported. */
TEST(W_PNP_53_own_child, .code = OWN_RULE, .p1 = ANY, .rule = "W-PNP-53")
{
    bus_start();
    plug(1);
    assert_int_equal(WdfDeviceAddRemovalRelationsPhysicalDevice(device, WdfDeviceWdmGetDeviceObject(child_of[1])), STATUS_SUCCESS);
    pnp_query_remove(node);
}

/* RULE W-PNP-53: When a device is ejected, its PDO is asked for ejection relations, and what they name is removed with it. */
TEST(W_PNP_53_ejection_relations)
{
    bus_start();
    plug(1), plug(2);
    struct devnode *second = node_of(2);
    assert_int_equal(WdfPdoAddEjectionRelationsPhysicalDevice(child_of[1], WdfDeviceWdmGetDeviceObject(child_of[2])), STATUS_SUCCESS);
    WdfPdoRequestEject(child_of[1]);
    pnp_settle();
    assert_true(child_of[1] == NULL);
    assert_int_equal(second->state, DEVNODE_ALONE);
    log_clear();
    finish();
}

/* ---- Wake ---- */

static void wake_capable(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCanWakeFromS0);
    s.IdleTimeout = 10, s.DxState = PowerDeviceD2;
    NTSTATUS status = WdfDeviceAssignS0IdleSettings(d, &s);
    assert_true(NT_SUCCESS(status) || status == STATUS_INSUFFICIENT_RESOURCES); /* where any call may fail */
}

#define ARMED "f1:Suspend c1:EnableWake f1:Arm f1:D0Exit(D2) c1:Suspend c1:D0Exit(D2)"

/* RULE K-PNP-80: A bus PDO under somebody else's power policy enables wake at the bus when the wait-wake IRP arrives. */
/* RULE K-PNP-82: A wake that the PDO indicates brings its stack up, told to the policy owner; the bus has stopped listening first. */
/* RULE K-PNP-86: WdfDeviceIndicateWakeStatus completes the wait-wake IRP that the PDO has pended. */
TEST(K_PNP_80_wake_at_the_bus)
{
    bus_plan.function = wake_capable;
    bus_start();
    plug(1);
    log_clear();
    pass_ms(12);
    log_is(ARMED);
    assert_int_equal(WdfDeviceIndicateWakeStatus(child_of[1], STATUS_SUCCESS), STATUS_SUCCESS);
    pass_ms(1);
    log_is("c1:DisableWake c1:D0Entry(D2) c1:Restart f1:D0Entry(D2) f1:Woken f1:Disarm f1:Restart");
    finish();
}

/* RULE K-PNP-37: An armed child that does not own the policy stops listening at the bus before its D0Entry. */
TEST(K_PNP_37_up_without_a_wake)
{
    bus_plan.function = wake_capable;
    bus_start();
    plug(1);
    log_clear();
    pass_ms(12);
    log_is(ARMED);
    assert_int_equal(WdfDeviceStopIdle(function_of[1], TRUE), STATUS_SUCCESS);
    log_is("c1:DisableWake c1:D0Entry(D2) c1:Restart f1:D0Entry(D2) f1:Disarm f1:Restart");
    WdfDeviceResumeIdle(function_of[1]);
    finish();
}

/* RULE K-PNP-86: WdfDeviceIndicateWakeStatus refuses STATUS_PENDING and STATUS_CANCELLED, a PDO without a pended IRP, and a device that is no PDO. */
TEST(K_PNP_86_indicate_wake_status)
{
    bus_start();
    plug(1);
    assert_int_equal(WdfDeviceIndicateWakeStatus(child_of[1], STATUS_PENDING), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceIndicateWakeStatus(child_of[1], STATUS_CANCELLED), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceIndicateWakeStatus(child_of[1], STATUS_SUCCESS), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceIndicateWakeStatus(device, STATUS_SUCCESS), STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE K-PNP-80: A bus that cannot listen fails the wait-wake IRP: the device comes up again at once, unarmed. */
TEST(K_PNP_80_bus_cannot_listen)
{
    bus_plan.function = wake_capable, bus_plan.enable_wake = STATUS_UNSUCCESSFUL;
    bus_start();
    plug(1);
    log_clear();
    pass_ms(12);
    log_is("f1:Suspend c1:EnableWake f1:D0Exit(D2) c1:Suspend c1:D0Exit(D2) c1:D0Entry(D2) c1:Restart f1:D0Entry(D2) f1:Restart");
    finish();
}

/* RULE K-PNP-51: An armed child that is unplugged in Dx stops listening at the bus, without any power callback. */
TEST(K_PNP_51_unplugged_while_armed)
{
    bus_plan.function = wake_capable;
    bus_start();
    plug(1);
    pass_ms(12);
    log_clear();
    unplug(1);
    log_is("c1:Missing f1:Surprise f1:Release f1:Flush c1:Surprise c1:DisableWake c1:Release c1:Flush f1:Cleanup f1:~ c1:Cleanup c1:~ c1:! f1:!");
    finish();
}

static void raw(PWDFDEVICE_INIT init)
{
    static const GUID class = {0x12345678, 1, 2, {3}};
    assert_int_equal(WdfPdoInitAssignRawDevice(init, &class), STATUS_SUCCESS);
}

/* RULE K-PNP-80: A PDO that owns its power policy enables wake at the bus after it has armed itself. */
/* RULE K-PNP-82: A raw PDO that wakes stops listening at the bus before it is told of the wake. */
TEST(K_PNP_82_raw_device_wakes)
{
    bus_plan.hardware_id = L"TEST\\raw", bus_plan.child_init = raw, bus_plan.child = wake_capable;
    bus_start();
    plug(1);
    log_is("create(1) c1:Prepare c1:D0Entry(Final) c1:Init");
    pass_ms(12);
    log_is("c1:Suspend c1:Arm c1:EnableWake c1:D0Exit(D2)");
    assert_int_equal(WdfDeviceIndicateWakeStatus(child_of[1], STATUS_SUCCESS), STATUS_SUCCESS);
    pass_ms(1);
    log_is("c1:D0Entry(D2) c1:DisableWake c1:Woken c1:Disarm c1:Restart");
    unplug(1);
    log_is("c1:Missing c1:Surprise c1:Suspend c1:D0Exit(Final) c1:Release c1:Flush c1:Cleanup c1:~ c1:!");
    finish();
}

/* ---- Many, and at any time ---- */

/* RULE K-CHD-4: Sixty-four children are made, started, sleep, wake and go. */
TEST(K_CHD_4_many_children)
{
    bus_plan.quiet = true;
    bus_start();
    pnp_lock();
    for (ULONG serial = 1; serial <= 64; serial++)
        assert_int_equal(report(serial), STATUS_SUCCESS);
    pnp_unlock();
    pnp_settle();
    pnp_lock();
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    po_system_resume();
    pass_ms(1);
    pnp_unlock();
    for (ULONG serial = 1; serial <= 64; serial++)
        assert_int_equal(node_of(serial)->device_state, PowerDeviceD0);
    WdfChildListBeginScan(the_list());
    WdfChildListEndScan(the_list());
    pnp_settle();
    assert_int_equal(count_relations(WdfDeviceWdmGetDeviceObject(device), BusRelations, NULL), 0);
    finish();
}

static void restless_bus(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = 2;
    NTSTATUS status = WdfDeviceAssignS0IdleSettings(d, &s);
    assert_true(NT_SUCCESS(status) || status == STATUS_INSUFFICIENT_RESOURCES); /* where any call may fail */
}

static int turn;

/* Children come, go, wake, are ejected and removed by hand; the bus sleeps, and goes in one way or the other. */
static void anything(void)
{
    bus_plan.quiet = true, bus_plan.bus = restless_bus, bus_plan.function = turn & 1 ? wake_capable : restless_bus;
    bus_plan.eject = turn & 2 ? STATUS_SUCCESS : STATUS_DEVICE_BUSY;
    bus_boot();
    if (!nt)
        return;
    pnp_start(node); /* or a fault kept it from that */
    if (!device) {
        pnp_remove(node);
        unload();
        return;
    }
    report(1), report(2);
    pass_ms((ULONG)turn % 5);
    miss(1);
    pass_ms((ULONG)turn % 3);
    report(1);
    pnp_settle();
    pass_ms((ULONG)turn % 14);
    if (child_of[2])
        WdfDeviceIndicateWakeStatus(child_of[2], STATUS_SUCCESS);
    CHILD_ID id = id_of(1);
    WdfChildListRequestChildEject(the_list(), &id.header);
    miss(2);
    report(3);
    pnp_lock();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    po_system_resume();
    pnp_unlock();
    report(2);
    pnp_lock();
    if (turn & 4)
        pnp_surprise_remove(node);
    pnp_remove(node);
    pnp_unlock();
    finish();
}


static void run_lives(bool faults)
{
    static const struct world_plan none;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed, .random_faults = faults};
        world_reset(&none);
        memset(&bus_plan, 0, sizeof bus_plan);
        turn = (int)seed;
        unit_life(anything, &chance);
    }
}

/* RULE K-CHD-6: Whatever the schedule, every child's PDO goes, and its descriptions with it. */
static void K_CHD_6_any_schedule(void **state)
{
    run_lives(false);
}

/* RULE K-CHD-4: Whatever fails in the making of children, their bus goes on, and nothing is left behind. */
static void K_CHD_4_any_fault(void **state)
{
    run_lives(true);
}

static void support(WDFDEVICE d) { WdfDeviceSetSpecialFileSupport(d, WdfSpecialFilePaging, TRUE); }
static bool in_use(WDFDEVICE d) { return fx_in_special_use((struct fx_device *)d); }

/* RULE K-PNP-70: A PDO tells the stack of its bus of a special file, and what that refuses is refused. */
TEST(K_PNP_70_the_bus_is_told)
{
    bus_plan.child = support, bus_plan.function = support;
    bus_start();
    plug(1);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_NOT_IMPLEMENTED);
    assert_false(in_use(device) || in_use(child_of[1]) || in_use(function_of[1]));
    support(device);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_SUCCESS);
    assert_true(in_use(device) && in_use(child_of[1]) && in_use(function_of[1]));
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, false), STATUS_SUCCESS);
    assert_false(in_use(device) || in_use(child_of[1]) || in_use(function_of[1]));
    finish();
}

static void depends_on_bus(WDFDEVICE fdo)
{
    support(fdo);
    assert_int_equal(WdfDeviceAddDependentUsageDeviceObject(fdo, WdfDeviceWdmGetDeviceObject(device)), STATUS_SUCCESS);
}

/* RULE K-PNP-70: The stacks that a driver has named with WdfDeviceAddDependentUsageDeviceObject are told as well. */
TEST(K_PNP_70_dependents)
{
    bus_plan.child = support, bus_plan.function = depends_on_bus;
    bus_start();
    plug(1);
    support(device);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_SUCCESS);
    assert_int_equal(((struct fx_device *)device)->own->special_uses[WdfSpecialFilePaging], 2); /* by the function device, and by its PDO */
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, false), STATUS_SUCCESS);
    assert_false(in_use(device));
    WdfDeviceRemoveDependentUsageDeviceObject(function_of[1], WdfDeviceWdmGetDeviceObject(device));
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_SUCCESS);
    assert_int_equal(((struct fx_device *)device)->own->special_uses[WdfSpecialFilePaging], 1);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, false), STATUS_SUCCESS);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_68_identifiers),
        cmocka_unit_test(K_PNP_68_text),
        cmocka_unit_test(K_PNP_88_bus_information),
        cmocka_unit_test(K_PNP_69_capabilities),
        cmocka_unit_test(K_PNP_67_lock),
        cmocka_unit_test(K_PNP_67_no_callbacks),
        cmocka_unit_test(K_PNP_71_relations), cmocka_unit_test(K_PNP_70_the_bus_is_told), cmocka_unit_test(W_PNP_54_removal_relations),
        cmocka_unit_test(W_PNP_54_related_refuses), cmocka_unit_test(W_PNP_54_each_other), cmocka_unit_test(W_PNP_53_own_child),
        cmocka_unit_test(W_PNP_53_ejection_relations), cmocka_unit_test(K_PNP_70_dependents),
        cmocka_unit_test(K_PNP_80_wake_at_the_bus),
        cmocka_unit_test(K_PNP_37_up_without_a_wake),
        cmocka_unit_test(K_PNP_86_indicate_wake_status),
        cmocka_unit_test(K_PNP_80_bus_cannot_listen),
        cmocka_unit_test(K_PNP_51_unplugged_while_armed),
        cmocka_unit_test(K_PNP_82_raw_device_wakes),
        cmocka_unit_test(K_CHD_4_many_children),
        cmocka_unit_test(K_CHD_6_any_schedule),
        cmocka_unit_test(K_CHD_4_any_fault),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
