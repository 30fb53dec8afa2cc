/* What the PnP manager sends, one thing at a time, and what it takes from drivers: W-PNP-4, 5, 13, 15, 27..29, 34, 41, 58, 60..62. */
#include "pnp_tree.h"

#include "nt/pnp/pnp.h"

#define TEST(name) static void name(void **state)
#define CHANGES (BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_STOP_DEVICE) | BIT(IRP_MN_QUERY_STOP_DEVICE) | BIT(IRP_MN_CANCEL_STOP_DEVICE))

static unsigned inside, most, seen, irql;
static bool system_thread, presets_right;
static NTSTATUS answer_status;
static ULONG_PTR answer_information;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static const WCHAR constant_id[] = L"TEST\\PLAIN";
static INTERFACE served;
static unsigned references;
static const GUID interface_guid = {0x55556666, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static bool changes_state(UCHAR minor) { return minor <= IRP_MN_CANCEL_STOP_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL; }

/* F takes its time for whatever changes its state. */
static bool takes_long(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    LARGE_INTEGER ms = {.QuadPart = -10000};
    if (x->letter != 'F' || s->MajorFunction != IRP_MJ_PNP || !changes_state(s->MinorFunction) || s->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return false;
    inside++;
    most = inside > most ? inside : most;
    seen++;
    irql |= KeGetCurrentIrql();
    system_thread &= PsIsSystemThread(PsGetCurrentThread());
    KeDelayExecutionThread(KernelMode, FALSE, &ms);
    *status = upper_pnp(x, irp, s);
    inside--;
    return true;
}

/* Pended, and gone on with in the completion routine, as an asynchronous driver would. */
static NTSTATUS came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    say("F-acts");
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}
static bool pends(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != 'F' || s->MajorFunction != IRP_MJ_PNP || (s->MinorFunction != IRP_MN_START_DEVICE && s->MinorFunction != IRP_MN_CANCEL_STOP_DEVICE))
        return false;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, came_back, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(x->lower, irp);
    *status = STATUS_PENDING;
    return true;
}
static bool acts_after_waiting(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != 'F' || s->MajorFunction != IRP_MJ_PNP || (s->MinorFunction != IRP_MN_START_DEVICE && s->MinorFunction != IRP_MN_CANCEL_STOP_DEVICE))
        return false;
    irp->IoStatus.Status = STATUS_SUCCESS;
    *status = forward_and_wait(x, irp);
    say("F-acts");
    finish(irp, *status);
    return true;
}

static bool answers_with_constant(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != 'P' || s->MajorFunction != IRP_MJ_PNP || s->MinorFunction != IRP_MN_QUERY_ID || s->Parameters.QueryId.IdType != BusQueryDeviceID)
        return false;
    irp->IoStatus.Information = (ULONG_PTR)constant_id;
    *status = finish(irp, STATUS_SUCCESS);
    return true;
}

static bool looks_at_capabilities(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (s->MajorFunction != IRP_MJ_PNP || s->MinorFunction != IRP_MN_QUERY_CAPABILITIES || x->letter != 'V')
        return false;
    PDEVICE_CAPABILITIES c = s->Parameters.DeviceCapabilities.Capabilities;
    seen++;
    presets_right &= c->Size == sizeof *c && c->Version == 1 && c->Address == (ULONG)-1 && c->UINumber == (ULONG)-1;
    return false;
}

/* F serves an interface; the PDO answers what is asked of the configuration space. */
static VOID refer(PVOID context) { references++; }
static VOID drop(PVOID context) { references--; }
static bool serves(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (s->MajorFunction != IRP_MJ_PNP)
        return false;
    if (x->letter == 'F' && s->MinorFunction == IRP_MN_QUERY_INTERFACE && s->Parameters.QueryInterface.Size >= sizeof(INTERFACE) &&
        RtlCompareMemory(s->Parameters.QueryInterface.InterfaceType, &interface_guid, sizeof(GUID)) == sizeof(GUID)) {
        *s->Parameters.QueryInterface.Interface = (INTERFACE){sizeof(INTERFACE), 1, x, refer, drop};
        refer(x);
        *status = finish(irp, STATUS_SUCCESS);
        return true;
    }
    if (x->letter == 'P' && s->MinorFunction == IRP_MN_READ_CONFIG) {
        RtlFillMemory(s->Parameters.ReadWriteConfig.Buffer, s->Parameters.ReadWriteConfig.Length, 0x5a);
        irp->IoStatus.Information = s->Parameters.ReadWriteConfig.Length;
        *status = finish(irp, STATUS_SUCCESS);
        return true;
    }
    return false;
}

static NTSTATUS done_asking(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    answer_status = irp->IoStatus.Status;
    answer_information = irp->IoStatus.Information;
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static UCHAR config[4];
static USHORT room;
static const GUID *wanted;
static void fill(PIO_STACK_LOCATION next, UCHAR minor)
{
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    if (minor == IRP_MN_QUERY_INTERFACE) {
        next->Parameters.QueryInterface.InterfaceType = wanted;
        next->Parameters.QueryInterface.Size = room;
        next->Parameters.QueryInterface.Version = 1;
        next->Parameters.QueryInterface.Interface = &served;
    } else if (minor == IRP_MN_READ_CONFIG) {
        next->Parameters.ReadWriteConfig.WhichSpace = 0;
        next->Parameters.ReadWriteConfig.Buffer = config;
        next->Parameters.ReadWriteConfig.Length = sizeof config;
    }
}
/* As any driver may ask the stack. */
static void ask_stack(PDEVICE_OBJECT top, UCHAR minor)
{
    KEVENT event;
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    fill(IoGetNextIrpStackLocation(irp), minor);
    IoSetCompletionRoutine(irp, done_asking, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(top, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
}

#pragma clang section text = "" data = "" bss = ""

static PDEVICE_OBJECT top_of(unsigned n) { return io_get_attached_device(node_of(n)->pdo); }

static void grown(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
}

static void grown_and_fell(void)
{
    grown();
    fell();
}

/* ---- W-PNP-4 ---- */

/* While the worker starts another child, the conductor stops and cancels. */
static void two_want_something(void)
{
    inside = most = seen = irql = 0;
    system_thread = true;
    grown();
    plant(2, 0, PLAIN_IDS);
    pnp_invalidate_relations(node_of(0));
    for (unsigned i = 0; i < 3; i++)
        if (NT_SUCCESS(pnp_query_stop(node_of(1))))
            pnp_cancel_stop(node_of(1));
    pnp_settle();
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    assert_int_equal(state_of(2), DEVNODE_STARTED);
    assert_true(seen >= 8);
    assert_int_equal(most, 1);
    assert_int_equal(irql, PASSIVE_LEVEL);
    assert_true(system_thread);
    fell();
}

/* RULE W-PNP-4: One request that changes the state of a device is under way at a time, in a system thread at PASSIVE_LEVEL. */
TEST(W_PNP_4_one_at_a_time)
{
    tree_reset();
    tree.instead = takes_long;
    in_tree(two_want_something);
}

/* ---- W-PNP-13 ---- */

static void bus_first(void)
{
    plant(1, 0, PLAIN_IDS);
    show(TELL_DOWN, CHANGES & ~BIT(IRP_MN_QUERY_STOP_DEVICE), 0);
    grow();
    log_is("start B0 start F1 P1 F-acts");
    pnp_query_stop(node_of(1));
    pnp_cancel_stop(node_of(1));
    log_is("cancel-stop F1 P1 F-acts");
    tree.pnp = 0;
    fell();
}

/* RULE W-PNP-13: What a driver does for START and CANCEL_STOP it does when the drivers below have, be it that it waits for them or that it pends. */
TEST(W_PNP_13_lower_first)
{
    tree_reset();
    tree.instead = acts_after_waiting;
    in_tree(bus_first);
    tree.instead = pends;
    in_tree(bus_first);
}

/* ---- W-PNP-15 ---- */

/* RULE W-PNP-15: What a driver returns through Information is pool that the PnP manager frees: a constant is bug check 0xC2. */
TEST(W_PNP_15_from_pool)
{
    tree_reset();
    in_tree(grown_and_fell);
    tree.instead = answers_with_constant;
    tree_reported(grown, NULL, 0xC2, ~0ull);
}

/* ---- W-PNP-27, 41 ---- */

static void relations_of_no_bus(void)
{
    DEVICE_RELATIONS *relations;
    plant(1, 0, DEVICE_IDS);
    grow();
    show(TELL_DOWN, BIT(IRP_MN_QUERY_DEVICE_RELATIONS) | BIT(IRP_MN_QUERY_LEGACY_BUS_INFORMATION), 0);
    for (DEVICE_RELATION_TYPE type = BusRelations; type <= RemovalRelations; type++) {
        assert_int_equal(pnp_query_relations(node_of(1), type, &relations), STATUS_NOT_SUPPORTED);
        assert_true(relations == NULL);
    }
    log_is("relations.bus V1 U1 F1 K1 L1 P1 relations.ejection V1 U1 F1 K1 L1 P1 relations.power V1 U1 F1 K1 L1 P1 relations.removal V1 U1 F1 K1 L1 P1");
    assert_int_equal(pnp_query_relations(node_of(1), TargetDeviceRelation, &relations), STATUS_SUCCESS);
    assert_int_equal(relations->Count, 1);
    assert_true(relations->Objects[0] == node_of(1)->pdo);
    ob_dereference(relations->Objects[0]);
    ex_free_with_tag(relations, 0, NULL);
    log_is("relations.target V1 U1 F1 K1 L1 P1");
    assert_int_equal(pnp_send(node_of(1), IRP_MN_QUERY_LEGACY_BUS_INFORMATION, NULL), STATUS_NOT_SUPPORTED);
    log_is("legacy-bus V1 U1 F1 K1 L1 P1");
    assert_int_equal(pnp_send(node_of(1), 0x19, NULL), STATUS_NOT_SUPPORTED); /* DEVICE_ENUMERATED */
    tree.pnp = 0;
    fell();
}

/* RULE W-PNP-27: QUERY_DEVICE_RELATIONS goes to the PDO for each type; who has none leaves it as it was, and the PDO names itself as the target. */
/* RULE W-PNP-41: QUERY_LEGACY_BUS_INFORMATION and DEVICE_ENUMERATED pass through and come back as they were sent. */
TEST(W_PNP_27_relations)
{
    tree_reset();
    in_tree(relations_of_no_bus);
}

/* ---- W-PNP-28, 29, 34 ---- */

static void interface_asked_for(void)
{
    static const GUID other = {0x66665555, 1, 2, {3}};
    references = 0;
    plant(1, 0, DEVICE_IDS);
    grow();
    wanted = &interface_guid;
    room = sizeof(INTERFACE);
    ask_stack(top_of(1), IRP_MN_QUERY_INTERFACE);
    assert_int_equal(answer_status, STATUS_SUCCESS);
    assert_int_equal(references, 1);
    assert_int_equal(served.Size, sizeof(INTERFACE));
    served.InterfaceDereference(served.Context);
    assert_int_equal(references, 0);
    room = sizeof(INTERFACE) - 1;
    ask_stack(top_of(1), IRP_MN_QUERY_INTERFACE);
    assert_int_equal(answer_status, STATUS_NOT_SUPPORTED);
    room = sizeof(INTERFACE);
    wanted = &other;
    ask_stack(top_of(1), IRP_MN_QUERY_INTERFACE);
    assert_int_equal(answer_status, STATUS_NOT_SUPPORTED);
    fell();
}
static void config_read(void)
{
    plant(1, 0, DEVICE_IDS);
    grow();
    ask_stack(top_of(1), IRP_MN_READ_CONFIG);
    assert_int_equal(answer_status, STATUS_SUCCESS);
    assert_int_equal(answer_information, sizeof config);
    assert_int_equal(config[0], 0x5a);
    assert_int_equal(config[3], 0x5a);
    ask_stack(top_of(0), IRP_MN_READ_CONFIG);
    assert_int_equal(answer_status, STATUS_NOT_SUPPORTED);
    fell();
}
static void capabilities_asked_for(void)
{
    seen = 0;
    presets_right = true;
    plant(1, 0, DEVICE_IDS);
    grow();
    assert_true(seen > 0);
    assert_true(presets_right);
    assert_int_equal(node_of(1)->capabilities.Address, 1);
    fell();
}

/* RULE W-PNP-28: QUERY_INTERFACE may be served by any driver of the stack, which references the interface; else it comes back as it was. */
TEST(W_PNP_28_interface)
{
    tree_reset();
    tree.instead = serves;
    in_tree(interface_asked_for);
}

/* RULE W-PNP-29: QUERY_CAPABILITIES is sent with Size, Version 1, and -1 as Address and UINumber. */
TEST(W_PNP_29_capabilities)
{
    tree_reset();
    tree.instead = looks_at_capabilities;
    in_tree(capabilities_asked_for);
}

/* RULE W-PNP-34: READ_CONFIG is a driver's question, which the PDO answers with the number of bytes. */
TEST(W_PNP_34_config)
{
    tree_reset();
    tree.instead = serves;
    in_tree(config_read);
}

/* ---- W-PNP-5 ---- */

static NTSTATUS opens(unsigned n)
{
    PFILE_OBJECT file;
    NTSTATUS status = io_create_file_for_kernel(io_device_name(tree.child[n].pdo), FILE_READ_DATA, &file);
    if (NT_SUCCESS(status)) {
        io_handle_opened(file);
        close_device(file);
    }
    return status;
}
static void opened_in_each_state(void)
{
    grown();
    assert_int_equal(opens(1), STATUS_SUCCESS);
    assert_int_equal(pnp_query_stop(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(pnp_stop(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(pnp_start(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(opens(1), STATUS_SUCCESS);
    PFILE_OBJECT file = open_device(1);
    tree.child[1].present = false;
    look_again(0);
    assert_int_equal(state_of(1), DEVNODE_SURPRISE_REMOVED);
    assert_int_equal(opens(1), STATUS_NO_SUCH_DEVICE);
    close_device(file); /* CLEANUP and CLOSE still come, and REMOVE after them */
    fell();
}

/* RULE W-PNP-5: A device that is gone is not opened any more; files that are open are closed, and then it is removed. */
TEST(W_PNP_5_opens)
{
    tree_reset();
    in_tree(opened_in_each_state);
}

/* ---- W-PNP-58, 60..62 ---- */

static void root_enumerated(void)
{
    NTSTATUS status;
    grow();
    assert_true(!root->parent);
    assert_int_equal(root->depth, 0);
    struct devnode *second = pnp_create_root_device(NULL, "Root\\BUS", &status);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(second->pdo->DriverObject == &io_system_driver->object);
    assert_false(rtl_equal_unicode(&second->instance_path, &root->instance_path, true));
    assert_int_equal(pnp_start(second), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(second), STATUS_SUCCESS);
    fell();
}

/* RULE W-PNP-58: A root-enumerated device has a PDO of the PnP manager's and an instance of its own. */
TEST(W_PNP_58_root)
{
    tree_reset();
    in_tree(root_enumerated);
}

static void resources_given(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.child[1].port = 0x300;
    grow();
    assert_int_equal(tree.raw, 0x300);
    assert_int_equal(tree.translated, tree.raw);
    const CM_RESOURCE_LIST *boot = node_of(1)->boot;
    assert_int_equal(boot->Count, 1);
    assert_int_equal(boot->List[0].PartialResourceList.Count, 1);
    assert_int_equal(boot->List[0].PartialResourceList.PartialDescriptors[0].Type, CmResourceTypePort);
    assert_int_equal(node_of(1)->requirements->List[0].Descriptors[0].Option, 0);
    fell();
}

/* RULE W-PNP-60: A resource list holds full lists of descriptors with a type and a way of sharing. */
/* RULE W-PNP-61: A device is started with a raw and a translated list of the same resources in the same order. */
/* RULE W-PNP-62: A requirement says by its option whether it is required, preferred, a default or an alternative. */
TEST(W_PNP_60_resources)
{
    assert_int_equal(CmResourceTypePort, 1);
    assert_int_equal(CmResourceTypeInterrupt, 2);
    assert_int_equal(CmResourceTypeMemory, 3);
    assert_int_equal(CmResourceTypeDma, 4);
    assert_int_equal(CmResourceTypeDeviceSpecific, 5);
    assert_int_equal(CmResourceTypeBusNumber, 6);
    assert_int_equal(CmResourceTypeMemoryLarge, 7);
    assert_int_equal(CmResourceShareUndetermined, 0);
    assert_int_equal(CmResourceShareDeviceExclusive, 1);
    assert_int_equal(CmResourceShareShared, 3);
    assert_int_equal(IO_RESOURCE_PREFERRED, 1);
    assert_int_equal(IO_RESOURCE_DEFAULT, 2);
    assert_int_equal(IO_RESOURCE_ALTERNATIVE, 8);
    tree_reset();
    in_tree(resources_given);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_4_one_at_a_time), cmocka_unit_test(W_PNP_13_lower_first), cmocka_unit_test(W_PNP_15_from_pool),
        cmocka_unit_test(W_PNP_27_relations), cmocka_unit_test(W_PNP_28_interface), cmocka_unit_test(W_PNP_29_capabilities),
        cmocka_unit_test(W_PNP_34_config), cmocka_unit_test(W_PNP_5_opens), cmocka_unit_test(W_PNP_58_root), cmocka_unit_test(W_PNP_60_resources),
    };
    return cmocka_run_group_tests(tests);
}
