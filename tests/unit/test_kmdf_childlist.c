/* Child lists and static children: what a driver says of its children, and what becomes of it (K-CHD-1..7). */
#include "bus_world.h"

/* RULE V-WDF-46: A child list is made with a whole configuration, or not at all. */
/* RULE K-CHD-1: WdfChildListCreate checks the size of its configuration, the size of a description and that there is EvtChildListCreateDevice. */
TEST(K_CHD_1_configuration)
{
    WDF_CHILD_LIST_CONFIG c;
    WDFCHILDLIST list;
    bus_start();
    WDF_CHILD_LIST_CONFIG_INIT(&c, sizeof(CHILD_ID), on_create_child);
    c.Size--;
    assert_int_equal(WdfChildListCreate(device, &c, WDF_NO_OBJECT_ATTRIBUTES, &list), STATUS_INFO_LENGTH_MISMATCH);
    WDF_CHILD_LIST_CONFIG_INIT(&c, 0, on_create_child);
    assert_int_equal(WdfChildListCreate(device, &c, WDF_NO_OBJECT_ATTRIBUTES, &list), STATUS_INVALID_PARAMETER);
    WDF_CHILD_LIST_CONFIG_INIT(&c, sizeof(CHILD_ID), NULL);
    assert_int_equal(WdfChildListCreate(device, &c, WDF_NO_OBJECT_ATTRIBUTES, &list), STATUS_INVALID_PARAMETER);
    WDF_CHILD_LIST_CONFIG_INIT(&c, sizeof(CHILD_ID), on_create_child);
    c.AddressDescriptionSize = (ULONG)-1;
    assert_int_equal(WdfChildListCreate(device, &c, WDF_NO_OBJECT_ATTRIBUTES, &list), STATUS_INVALID_PARAMETER);
    c.AddressDescriptionSize = 0;
    assert_int_equal(WdfChildListCreate(device, &c, WDF_NO_OBJECT_ATTRIBUTES, &list), STATUS_SUCCESS);
    assert_true(WdfChildListGetDevice(list) == device);
    assert_true(list != the_list());
    finish();
}

/* RULE K-CHD-1: Without a compare callback two descriptions are the same if all their bytes are, padding included. */
TEST(K_CHD_1_bytes_are_compared)
{
    bus_plan.create = STATUS_UNSUCCESSFUL;
    bus_boot();
    CHILD_ID a = id_of(1), b = id_of(1), c = id_of(2);
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &a.header, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &b.header, NULL), STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &c.header, NULL), STATUS_SUCCESS);
    finish();
}

/* RULE K-CHD-2: A child reported again is STATUS_OBJECT_NAME_EXISTS, and its address is updated. */
TEST(K_CHD_2_reported_again)
{
    CHILD_ID id = id_of(1);
    CHILD_ADDRESS address;
    bus_start();
    WDF_CHILD_ADDRESS_DESCRIPTION_HEADER_INIT(&address.header, sizeof address);
    address.slot = 5;
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &id.header, &address.header), STATUS_SUCCESS);
    pnp_settle();
    address.slot = 7;
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &id.header, &address.header), STATUS_OBJECT_NAME_EXISTS);
    address.slot = 0;
    assert_int_equal(WdfChildListRetrieveAddressDescription(the_list(), &id.header, &address.header), STATUS_SUCCESS);
    assert_int_equal(address.slot, 7);
    address.slot = 9;
    assert_int_equal(WdfPdoUpdateAddressDescription(child_of[1], &address.header), STATUS_SUCCESS);
    address.slot = 0;
    assert_int_equal(WdfPdoRetrieveAddressDescription(child_of[1], &address.header), STATUS_SUCCESS);
    assert_int_equal(address.slot, 9);
    id.serial = 0;
    assert_int_equal(WdfPdoRetrieveIdentificationDescription(child_of[1], &id.header), STATUS_SUCCESS);
    assert_int_equal(id.serial, 1);
    assert_true(WdfPdoGetParent(child_of[1]) == device);
    finish();
}

/* RULE K-CHD-2: A wrong size in a description's header is STATUS_INVALID_DEVICE_REQUEST; a child that is not known cannot be missing. */
TEST(K_CHD_2_wrong_and_unknown)
{
    CHILD_ID id = id_of(1);
    bus_start();
    id.header.IdentificationDescriptionSize--;
    assert_int_equal(WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &id.header, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfChildListUpdateChildDescriptionAsMissing(the_list(), &id.header), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(miss(1), STATUS_NO_SUCH_DEVICE);
    plug(1), unplug(1);
    assert_int_equal(miss(1), STATUS_NO_SUCH_DEVICE);
    finish();
}

/* RULE K-CHD-2: A child that comes and goes before the PnP manager has asked is dropped without a word. */
TEST(K_CHD_2_never_seen)
{
    bus_boot();
    assert_int_equal(report(1), STATUS_SUCCESS);
    assert_int_equal(report(2), STATUS_SUCCESS);
    assert_int_equal(miss(1), STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(!child_of[1] && child_of[2]);
    finish();
}

/* RULE K-CHD-2: WdfChildListUpdateAllChildDescriptionsAsPresent takes back what no report has told yet. */
TEST(K_CHD_2_all_present)
{
    bus_start();
    plug(1);
    WDFDEVICE pdo = child_of[1];
    pnp_lock(); /* the PnP manager is busy */
    assert_int_equal(miss(1), STATUS_SUCCESS);
    WdfChildListUpdateAllChildDescriptionsAsPresent(the_list());
    pnp_unlock();
    pnp_settle();
    assert_true(child_of[1] == pdo);
    assert_int_equal(report(1), STATUS_OBJECT_NAME_EXISTS);
    finish();
}

/* RULE K-CHD-3: What a scan does not find again is missing when its outermost end is reached, not before. */
TEST(K_CHD_3_scan)
{
    bus_start();
    plug(1), plug(2);
    log_clear();
    WdfChildListBeginScan(the_list());
    WdfChildListBeginScan(the_list());
    assert_int_equal(report(2), STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(report(3), STATUS_SUCCESS);
    WdfChildListEndScan(the_list());
    pnp_settle();
    log_is("");
    WdfChildListEndScan(the_list());
    pnp_settle();
    assert_true(!child_of[1] && child_of[2] && child_of[3]);
    finish();
}

/* RULE K-CHD-3: An end of a scan that has not begun is a misuse. */
TEST(K_CHD_3_end_without_begin, MISUSE, .rule = "K-CHD-3")
{
    bus_start();
    WdfChildListEndScan(the_list());
}

/* RULE K-CHD-4: A failing EvtChildListCreateDevice drops the child; one that made a device first has it destroyed, as never started. */
TEST(K_CHD_4_failures)
{
    bus_plan.create = STATUS_INSUFFICIENT_RESOURCES;
    bus_start();
    plug(1);
    log_is("create(1)");
    assert_int_equal(miss(1), STATUS_NO_SUCH_DEVICE);
    bus_plan.create = STATUS_SUCCESS, bus_plan.create_after = STATUS_UNSUCCESSFUL;
    plug(1);
    log_is("create(1) c1:~ c1:!");
    assert_int_equal(miss(1), STATUS_NO_SUCH_DEVICE);
    finish();
}

static int refusals;
static void then_accept(WDFDEVICE child) { bus_plan.create_after = ++refusals < 3 ? STATUS_RETRY : STATUS_SUCCESS; }

/* RULE K-CHD-4: STATUS_RETRY destroys the device, and the child is tried again at the next query, which the framework asks for. */
TEST(K_CHD_4_retry)
{
    refusals = 0;
    bus_plan.child = then_accept;
    bus_start();
    plug(1);
    log_is("create(1) c1:~ c1:! create(1) c1:~ c1:! create(1) c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init");
    finish();
}

/* RULE K-CHD-4: Success without a device is a misuse. */
TEST(K_CHD_4_no_device, MISUSE, .rule = "K-CHD-4")
{
    bus_plan.no_device = true;
    bus_start();
    plug(1);
}

/* RULE K-CHD-2: A child that goes and comes again before the PnP manager has asked is made once. */
TEST(K_CHD_2_gone_and_back)
{
    bus_start();
    pnp_lock();
    assert_int_equal(report(1), STATUS_SUCCESS);
    assert_int_equal(miss(1), STATUS_SUCCESS);
    assert_int_equal(report(1), STATUS_SUCCESS);
    pnp_unlock();
    pnp_settle();
    log_is("create(1) c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init");
    finish();
}

static void count_children(ULONG flags, int devices, int pending)
{
    WDF_CHILD_LIST_ITERATOR i;
    WDF_CHILD_RETRIEVE_INFO info;
    CHILD_ID id = id_of(0);
    WDFDEVICE d;
    NTSTATUS status;
    WDF_CHILD_LIST_ITERATOR_INIT(&i, flags);
    WdfChildListBeginIteration(the_list(), &i);
    for (;;) {
        WDF_CHILD_RETRIEVE_INFO_INIT(&info, &id.header);
        status = WdfChildListRetrieveNextDevice(the_list(), &i, &d, &info);
        if (!NT_SUCCESS(status))
            break;
        assert_true(d == child_of[id.serial]);
        assert_int_equal(info.Status, d ? WdfChildListRetrieveDeviceSuccess : WdfChildListRetrieveDeviceNotYetCreated);
        *(d ? &devices : &pending) -= 1;
    }
    WdfChildListEndIteration(the_list(), &i);
    assert_int_equal(status, STATUS_NO_MORE_ENTRIES);
    assert_int_equal(devices, 0);
    assert_int_equal(pending, 0);
}

/* RULE K-CHD-5: An iteration sees present, pending or missing children as its flags say, and ends in STATUS_NO_MORE_ENTRIES. */
TEST(K_CHD_5_iteration)
{
    bus_start();
    plug(1), plug(2), plug(3);
    pnp_lock();
    assert_int_equal(report(4), STATUS_SUCCESS);
    assert_int_equal(miss(2), STATUS_SUCCESS);
    count_children(WdfRetrievePresentChildren, 2, 0);
    count_children(WdfRetrievePendingChildren, 0, 1);
    count_children(WdfRetrieveMissingChildren, 1, 0);
    count_children(WdfRetrieveAllChildren, 3, 1);
    pnp_unlock();
    finish();
}

/* RULE K-CHD-5: What is said during an iteration takes effect when it ends. */
TEST(K_CHD_5_changes_are_queued)
{
    WDF_CHILD_LIST_ITERATOR i;
    bus_start();
    plug(1);
    log_clear();
    WDF_CHILD_LIST_ITERATOR_INIT(&i, WdfRetrievePresentChildren);
    WdfChildListBeginIteration(the_list(), &i);
    assert_int_equal(miss(1), STATUS_SUCCESS);
    assert_int_equal(report(2), STATUS_SUCCESS);
    pnp_settle();
    log_is("");
    assert_int_equal(report(1), STATUS_SUCCESS); /* it never went */
    WdfChildListEndIteration(the_list(), &i);
    pnp_settle();
    log_is("create(2) c2:Prepare c2:D0Entry(Final) c2:Init f2:Prepare f2:D0Entry(Final) f2:Init");
    finish();
}

/* RULE K-CHD-5: WdfChildListRetrieveNextDevice checks sizes and flags, and that an iteration has begun. */
TEST(K_CHD_5_checks)
{
    WDF_CHILD_LIST_ITERATOR i;
    WDF_CHILD_RETRIEVE_INFO info;
    CHILD_ID id = id_of(0);
    WDFDEVICE d;
    bus_start();
    WDF_CHILD_LIST_ITERATOR_INIT(&i, WdfRetrievePresentChildren);
    assert_int_equal(WdfChildListRetrieveNextDevice(the_list(), &i, &d, NULL), STATUS_INVALID_DEVICE_STATE);
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &id.header);
    info.Size--;
    assert_int_equal(WdfChildListRetrieveNextDevice(the_list(), &i, &d, &info), STATUS_INFO_LENGTH_MISMATCH);
    info.Size++, id.header.IdentificationDescriptionSize--;
    assert_int_equal(WdfChildListRetrieveNextDevice(the_list(), &i, &d, &info), STATUS_INVALID_PARAMETER);
    i.Flags = 0x100;
    assert_int_equal(WdfChildListRetrieveNextDevice(the_list(), &i, &d, NULL), STATUS_INVALID_PARAMETER);
    finish();
}

/* RULE K-CHD-5: WdfChildListRetrievePdo tells a known child from one that has no PDO yet and from one that nobody knows. */
TEST(K_CHD_5_retrieve_pdo)
{
    WDF_CHILD_RETRIEVE_INFO info;
    CHILD_ID id = id_of(1);
    bus_start();
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &id.header);
    assert_true(WdfChildListRetrievePdo(the_list(), &info) == NULL);
    assert_int_equal(info.Status, WdfChildListRetrieveDeviceNoSuchDevice);
    pnp_lock();
    assert_int_equal(report(1), STATUS_SUCCESS);
    assert_true(WdfChildListRetrievePdo(the_list(), &info) == NULL);
    assert_int_equal(info.Status, WdfChildListRetrieveDeviceNotYetCreated);
    assert_false(WdfChildListRequestChildEject(the_list(), &id.header));
    pnp_unlock();
    pnp_settle();
    assert_true(WdfChildListRetrievePdo(the_list(), &info) == child_of[1]);
    assert_int_equal(info.Status, WdfChildListRetrieveDeviceSuccess);
    id.serial = 2;
    assert_false(WdfChildListRequestChildEject(the_list(), &id.header));
    id.serial = 1;
    assert_true(WdfChildListRequestChildEject(the_list(), &id.header));
    pnp_settle();
    assert_true(child_of[1] == NULL);
    finish();
}

/* ---- Descriptions that own memory ---- */

static int copies, cleanups;

static NTSTATUS duplicate(WDFCHILDLIST list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER from, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER to)
{
    copies++;
    assert_int_equal(to->IdentificationDescriptionSize, sizeof(CHILD_ID));
    ((CHILD_ID *)to)->serial = ((CHILD_ID *)from)->serial;
    return ((CHILD_ID *)from)->serial == 9 ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static VOID clean_up(WDFCHILDLIST list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id) { cleanups++; }

static BOOLEAN compare(WDFCHILDLIST list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER a, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER b)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    return ((CHILD_ID *)a)->serial == ((CHILD_ID *)b)->serial;
}

static void own_memory(WDF_CHILD_LIST_CONFIG *c)
{
    c->EvtChildListIdentificationDescriptionDuplicate = duplicate;
    c->EvtChildListIdentificationDescriptionCleanup = clean_up;
    c->EvtChildListIdentificationDescriptionCompare = compare;
}

/* RULE K-CHD-6: EvtChildListIdentificationDescriptionCleanup runs once for each stored copy, whether its child went or the bus. */
TEST(K_CHD_6_each_copy_is_cleaned_up)
{
    copies = cleanups = 0;
    bus_plan.list = own_memory;
    bus_start();
    plug(1), plug(2);
    assert_int_equal(copies, 2);
    assert_int_equal(report(9), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(cleanups, 0); /* of a copy that failed nothing is stored */
    unplug(1);
    assert_int_equal(cleanups, 1);
    finish();
    assert_int_equal(cleanups, 2);
}

/* RULE K-CHD-6: A child that is reported again while its old PDO still dies gets a new one after that has gone. */
TEST(K_CHD_6_again_while_it_dies)
{
    bus_start();
    plug(1);
    PDEVICE_OBJECT top = io_get_attached_device(WdfDeviceWdmGetDeviceObject(child_of[1]));
    WDFDEVICE old = child_of[1];
    struct devnode *dying = node_of(1);
    top->ReferenceCount++; /* somebody has it open */
    unplug(1);
    assert_int_equal(dying->state, DEVNODE_SURPRISE_REMOVED);
    log_clear();
    plug(1);
    log_is("");
    assert_true(child_of[1] == old);
    top->ReferenceCount--;
    pnp_note_closed(top);
    pnp_settle();
    log_is("f1:Cleanup f1:~ c1:Cleanup c1:~ c1:! f1:! create(1) c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init");
    assert_true(node_of(1) != dying);
    finish();
}

static BOOLEAN clone_it(WDFCHILDLIST list, WDFDEVICE old, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER old_address, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address)
{
    assert_true(old == child_of[1]);
    say("clone");
    return TRUE;
}

static void cloning(WDF_CHILD_LIST_CONFIG *c) { c->EvtChildListDeviceReenumerated = clone_it; }

/* RULE K-CHD-6: EvtChildListDeviceReenumerated may let the new PDO come while the old one still dies. */
TEST(K_CHD_6_clone)
{
    bus_plan.list = cloning;
    bus_start();
    plug(1);
    PDEVICE_OBJECT top = io_get_attached_device(WdfDeviceWdmGetDeviceObject(child_of[1]));
    top->ReferenceCount++;
    unplug(1);
    log_clear();
    plug(1);
    log_is("clone create(1) c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init");
    top->ReferenceCount--;
    pnp_note_closed(top);
    pnp_settle();
    finish();
}

/* ---- Static children ---- */

static WDFDEVICE add_static(ULONG serial)
{
    PWDFDEVICE_INIT init = WdfPdoInitAllocate(device);
    assert_true(init != NULL);
    assert_int_equal(make_child(init, serial), STATUS_SUCCESS);
    assert_int_equal(WdfFdoAddStaticChild(device, child_of[serial]), STATUS_SUCCESS);
    return child_of[serial];
}

/* RULE V-WDF-46: A static PDO is a child of its bus once it is added, once. */
/* RULE K-CHD-7: A static child is reported once it is added, and not twice; one that is marked missing goes. */
TEST(K_CHD_7_add_and_mark_missing)
{
    bus_plan.no_default_list = true;
    bus_start();
    WDFDEVICE one = add_static(1), two = add_static(2);
    pnp_settle();
    log_is("c1:Prepare c1:D0Entry(Final) c1:Init f1:Prepare f1:D0Entry(Final) f1:Init c2:Prepare c2:D0Entry(Final) c2:Init f2:Prepare f2:D0Entry(Final) f2:Init");
    assert_int_equal(WdfFdoAddStaticChild(device, one), STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(WdfFdoAddStaticChild(device, device), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfFdoAddStaticChild(one, two), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfPdoMarkMissing(one), STATUS_SUCCESS);
    assert_int_equal(WdfPdoMarkMissing(one), STATUS_NO_SUCH_DEVICE);
    pnp_settle();
    assert_true(!child_of[1] && child_of[2]);
    finish();
}

/* RULE K-CHD-7: Static children are walked between lock and unlock, NULL ends it; what is marked missing meanwhile goes afterwards. */
TEST(K_CHD_7_iteration)
{
    bus_plan.no_default_list = true;
    bus_start();
    WDFDEVICE one = add_static(1), two = add_static(2);
    pnp_settle();
    WdfFdoLockStaticChildListForIteration(device);
    assert_true(WdfFdoRetrieveNextStaticChild(device, NULL, WdfRetrieveAddedChildren) == one);
    assert_int_equal(WdfPdoMarkMissing(one), STATUS_SUCCESS);
    pnp_settle();
    assert_true(WdfFdoRetrieveNextStaticChild(device, one, WdfRetrieveAddedChildren) == two);
    assert_true(WdfFdoRetrieveNextStaticChild(device, two, WdfRetrieveAddedChildren) == NULL);
    WdfFdoUnlockStaticChildListFromIteration(device);
    pnp_settle();
    assert_true(!child_of[1] && child_of[2]);
    finish();
}

/* RULE K-CHD-7: A static PDO that was not added may be deleted by its driver, and its init freed. */
TEST(K_CHD_7_not_added)
{
    bus_plan.no_default_list = true;
    bus_start();
    PWDFDEVICE_INIT init = WdfPdoInitAllocate(device);
    assert_int_equal(make_child(init, 1), STATUS_SUCCESS);
    assert_int_equal(WdfPdoMarkMissing(child_of[1]), STATUS_NO_SUCH_DEVICE);
    WdfObjectDelete(child_of[1]);
    log_is("c1:~ c1:!");
    WdfDeviceInitFree(WdfPdoInitAllocate(device));
    finish();
}

/* RULE K-DRV-35: WdfPdoInitAllocate gives NULL unless the parent is a function device. */
TEST(K_DRV_35_parent_of_a_static_child)
{
    bus_start();
    plug(1);
    assert_true(WdfPdoInitAllocate(child_of[1]) == NULL);
    finish();
}

/* RULE K-CHD-7: A static child that is missing before the PnP manager saw it goes without a PnP callback; static children end with their bus. */
TEST(K_CHD_7_before_the_start)
{
    bus_plan.no_default_list = true;
    bus_boot();
    WDFDEVICE one = add_static(1);
    add_static(2);
    assert_int_equal(WdfPdoMarkMissing(one), STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("b:Prepare b:D0Entry(Final) b:Init c1:~ c1:! c2:Prepare c2:D0Entry(Final) c2:Init f2:Prepare f2:D0Entry(Final) f2:Init");
    finish();
    log_is("f2:Suspend f2:D0Exit(Final) f2:Release f2:Flush f2:Cleanup f2:~ c2:Suspend c2:D0Exit(Final) c2:Release c2:Flush f2:! "
           "b:Suspend b:D0Exit(Final) b:Release b:Flush c2:Cleanup c2:~ c2:! b:Cleanup b:~ b:!");
}

static NTSTATUS device_id_status, raw_status;
static void set_pdo_things(PWDFDEVICE_INIT init)
{
    UNICODE_STRING text = text_of(L"x");
    static const GUID class = {1, 2, 3, {4}};
    device_id_status = WdfPdoInitAssignDeviceID(init, &text);
    raw_status = WdfPdoInitAssignRawDevice(init, &class);
}

/* RULE K-DRV-32: Setters of PDOs fail for the init of another device. */
TEST(K_DRV_32_setters_of_pdos)
{
    plan.init = set_pdo_things;
    boot();
    assert_int_equal(device_id_status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(raw_status, STATUS_INVALID_PARAMETER);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_CHD_1_configuration),
        cmocka_unit_test(K_CHD_1_bytes_are_compared),
        cmocka_unit_test(K_CHD_2_reported_again),
        cmocka_unit_test(K_CHD_2_wrong_and_unknown),
        cmocka_unit_test(K_CHD_2_never_seen),
        cmocka_unit_test(K_CHD_2_all_present),
        cmocka_unit_test(K_CHD_3_scan),
        cmocka_unit_test(K_CHD_3_end_without_begin),
        cmocka_unit_test(K_CHD_4_failures),
        cmocka_unit_test(K_CHD_4_retry),
        cmocka_unit_test(K_CHD_4_no_device),
        cmocka_unit_test(K_CHD_2_gone_and_back),
        cmocka_unit_test(K_CHD_5_iteration),
        cmocka_unit_test(K_CHD_5_changes_are_queued),
        cmocka_unit_test(K_CHD_5_checks),
        cmocka_unit_test(K_CHD_5_retrieve_pdo),
        cmocka_unit_test(K_CHD_6_each_copy_is_cleaned_up),
        cmocka_unit_test(K_CHD_6_again_while_it_dies),
        cmocka_unit_test(K_CHD_6_clone),
        cmocka_unit_test(K_CHD_7_add_and_mark_missing),
        cmocka_unit_test(K_CHD_7_iteration),
        cmocka_unit_test(K_CHD_7_not_added),
        cmocka_unit_test(K_DRV_35_parent_of_a_static_child),
        cmocka_unit_test(K_CHD_7_before_the_start),
        cmocka_unit_test(K_DRV_32_setters_of_pdos),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
