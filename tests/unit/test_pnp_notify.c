/* PnP notifications: W-PNP-53, 59, V-UNL-7, V-PNP-12; lists of interfaces. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)

static const GUID shown_class = {0x11112222, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, other_class = {0x33334444, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID custom_event = {0x55556666, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

/* ---- What listeners do ---- */

enum deed { LISTENS, CLOSES, REFUSES, UNREGISTERS, UNREGISTERS_EX, RAISES, ENTERS_REGION };

struct listener {
    const char *name;
    enum deed deed;
    PFILE_OBJECT file;
    PVOID entry;
};

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

/* F: an interface for as long as it is started. */
static UNICODE_STRING link[TREE_DEVICES];

static void has_interface(char letter, unsigned n, UCHAR major, UCHAR minor)
{
    if (letter != 'F' || major != IRP_MJ_PNP)
        return;
    if (minor == IRP_MN_START_DEVICE && !link[n].Buffer) {
        IoRegisterDeviceInterface(tree.child[n].pdo, &shown_class, NULL, &link[n]);
        IoSetDeviceInterfaceState(&link[n], TRUE);
    }
    if ((minor == IRP_MN_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL) && link[n].Buffer) {
        IoSetDeviceInterfaceState(&link[n], FALSE);
        RtlFreeUnicodeString(&link[n]);
        link[n].Buffer = NULL;
    }
}

/* \??\TEST#PLAIN#1#{...}: the device's number stands at its third place. */
static unsigned number_in(PUNICODE_STRING text)
{
    unsigned part = 0, i = 0;
    for (; i < text->Length / sizeof(WCHAR) && part < 2; i++)
        part += text->Buffer[i] == '#';
    return text->Buffer[i] - '0';
}

static void say_named(const char *name, const char *what)
{
    char word[64];
    irpfuzz_snprintf(word, sizeof word, "%s:%s", name, what);
    say(word);
}

static NTSTATUS act(struct listener *l)
{
    KIRQL irql;
    switch (l->deed) {
    case REFUSES: return STATUS_UNSUCCESSFUL;
    case UNREGISTERS: IoUnregisterPlugPlayNotification(l->entry); break;
    case UNREGISTERS_EX: IoUnregisterPlugPlayNotificationEx(l->entry); break;
    case RAISES: KeRaiseIrql(DISPATCH_LEVEL, &irql); break;
    case ENTERS_REGION: KeEnterCriticalRegion(); break;
    case CLOSES:
        if (l->file) {
            io_handle_closed(l->file);
            ObDereferenceObject(l->file);
        }
        l->file = NULL;
        break;
    default: break;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS on_interface(PVOID structure, PVOID context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION n = structure;
    struct listener *l = context;
    char text[32];
    bool arrives = n->Event.Data1 == 0xcb3a4004;
    assert_true(n->Version == 1 && n->Size == sizeof *n && n->Event.Data1 - 0xcb3a4004 < 2);
    assert_true(!memcmp(&n->InterfaceClassGuid, &shown_class, sizeof shown_class));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(ke_current_thread()->process == NULL);
    irpfuzz_snprintf(text, sizeof text, "%s%u", arrives ? "arrival" : "removal", number_in(n->SymbolicLinkName));
    say_named(l->name, text);
    return act(l);
}

static NTSTATUS on_target(PVOID structure, PVOID context)
{
    PTARGET_DEVICE_REMOVAL_NOTIFICATION n = structure;
    struct listener *l = context;
    static const char *const names[] = {"asked", "cancelled", "complete"};
    assert_true(n->Version == 1);
    if (n->Event.Data1 == custom_event.Data1) {
        PTARGET_DEVICE_CUSTOM_NOTIFICATION c = structure;
        assert_int_equal(c->NameBufferOffset, -1);
        say_named(l->name, (const char *)c->CustomDataBuffer);
        return STATUS_SUCCESS;
    }
    assert_true(n->Size == sizeof *n && n->Event.Data1 - 0xcb3a4006 < 3);
    assert_true(ke_current_thread()->process == NULL);
    say_named(l->name, names[n->Event.Data1 - 0xcb3a4006]);
    return act(l);
}

static VOID on_reported(PVOID context) { say("reported"); }

#pragma clang section text = "" data = "" bss = ""

static struct listener a, b;

static NTSTATUS hears_interfaces(struct listener *l, ULONG flags)
{
    return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags, (PVOID)&shown_class, bus_driver, on_interface, l, &l->entry);
}

static NTSTATUS hears_target(struct listener *l, unsigned n)
{
    l->file = open_device(n);
    return IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, l->file, bus_driver, on_target, l, &l->entry);
}

static void stops(struct listener *l)
{
    if (l->entry)
        IoUnregisterPlugPlayNotificationEx(l->entry);
    if (l->file)
        close_device(l->file);
    l->entry = l->file = NULL;
}

static void with(enum deed deed)
{
    tree_reset();
    a = (struct listener){.name = "a", .deed = deed};
    b = (struct listener){.name = "b"};
    tree.at = has_interface;
}

static void done(void)
{
    tree.pnp = 0;
    stops(&a), stops(&b);
    fell();
}

/* ---- Interfaces ---- */

static void interfaces_change(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    assert_int_equal(hears_interfaces(&a, 0), STATUS_SUCCESS);
    assert_int_equal(hears_interfaces(&b, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES), STATUS_SUCCESS);
    log_is("b:arrival1"); /* at once */
    plant(2, 0, PLAIN_IDS);
    show(TELL_NAMES, BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_QUERY_DEVICE_RELATIONS) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL), 0);
    look_again(0);
    log_is("relations.bus0 start2 relations.bus2 a:arrival2 b:arrival2");
    tree.child[1].present = false;
    look_again(0);
    log_is("relations.bus0 surprise1 remove1 a:removal1 b:removal1");
    stops(&a);
    tree.child[2].present = false;
    tree.pnp = 0;
    look_again(0);
    log_is("b:removal2");
    done();
}

static void other_classes_are_not_told(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.child[1].present = false;
    grow();
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&other_class, bus_driver, on_interface, &a, &a.entry),
                     STATUS_SUCCESS);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL, bus_driver, on_interface, &b, &b.entry), STATUS_SUCCESS);
    tree.child[1].present = true;
    look_again(0);
    log_is("");
    done();
}

/* From the routine itself: it is not called again. */
static void unregisters_inside(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    tree.child[1].present = tree.child[2].present = false;
    grow();
    hears_interfaces(&a, 0);
    hears_interfaces(&b, 0);
    tree.child[1].present = tree.child[2].present = true;
    look_again(0);
    log_is("a:arrival1 b:arrival1 b:arrival2");
    a.entry = NULL;
    done();
}
static void unregisters_twice(void)
{
    grow();
    hears_interfaces(&a, 0);
    IoUnregisterPlugPlayNotification(a.entry);
    IoUnregisterPlugPlayNotification(a.entry);
}

static void deed_at_arrival(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.child[1].present = false;
    grow();
    hears_interfaces(&a, 0);
    tree.child[1].present = true;
    look_again(0);
}

static void left_registered(void)
{
    grow();
    hears_interfaces(&a, 0);
    fell();
}

/* ---- Targets ---- */

#define SHOWN (BIT(IRP_MN_QUERY_REMOVE_DEVICE) | BIT(IRP_MN_CANCEL_REMOVE_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL))

static void target_goes_in_order(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    assert_int_equal(hears_target(&a, 1), STATUS_SUCCESS);
    show(TELL_NAMES, SHOWN, 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
    log_is("a:asked query-remove1");
    assert_int_equal(pnp_cancel_remove(node_of(1)), STATUS_SUCCESS);
    log_is("cancel-remove1 a:cancelled");
    pnp_query_remove(node_of(1));
    assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
    log_is("a:asked query-remove1 remove1 a:complete");
    done();
}

/* Two listeners deep in a tree; one that refuses spares the drivers the question. */
static void target_refuses(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 1, PLAIN_IDS);
    plant(3, 1, PLAIN_IDS);
    grow();
    hears_target(&b, 3);
    hears_target(&a, 2);
    show(TELL_NAMES, SHOWN, 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_PLUGPLAY_QUERY_VETOED);
    log_is("b:asked a:asked b:cancelled a:cancelled");
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    done();
}

/* It agrees and keeps its handle: that is a veto too. */
static void target_stays_open(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    hears_target(&a, 1);
    show(TELL_NAMES, SHOWN, 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_PLUGPLAY_QUERY_VETOED);
    log_is("a:asked query-remove1 cancel-remove1 a:cancelled");
    done();
}

static void driver_refuses(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    hears_target(&a, 1);
    answers('F', 1, IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, STATUS_DEVICE_BUSY);
    show(TELL_NAMES, SHOWN, 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_DEVICE_BUSY);
    log_is("a:asked query-remove1 cancel-remove1 a:cancelled");
    done();
}

static void target_goes_by_surprise(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 1, PLAIN_IDS);
    grow();
    hears_target(&a, 2);
    show(TELL_NAMES, SHOWN, 0);
    tree.child[1].present = false;
    look_again(0);
    if (a.deed == CLOSES) {
        log_is("surprise1 surprise2 a:complete remove2 remove1");
    } else {
        log_is("surprise1 surprise2 a:complete");
        close_device(a.file);
        a.file = NULL;
        io_wait_for_closes();
        pnp_settle();
    }
    assert_true(tree.child[1].pdo == NULL && tree.child[2].pdo == NULL);
    done();
}

static void target_is_no_pnp_device(void)
{
    PVOID entry;
    plant(1, 0, PLAIN_IDS);
    grow();
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, NULL, bus_driver, on_target, &a, &entry), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryReserved, 0, NULL, bus_driver, on_target, &a, &entry), STATUS_INVALID_PARAMETER);
    answers('P', 1, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS, STATUS_DEVICE_BUSY);
    assert_int_equal(hears_target(&a, 1), STATUS_DEVICE_BUSY);
    tree.answers = 0;
    done();
}

static NTSTATUS told_status;
static void target_relation(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    if (told_status != STATUS_PENDING)
        answers('P', 1, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS, told_status);
    hears_target(&a, 1);
}

/* ---- Custom events ---- */

static void custom_events(void)
{
    struct { TARGET_DEVICE_CUSTOM_NOTIFICATION n; char text[16]; } event = {{.Version = 1, .Event = custom_event, .NameBufferOffset = -1}};
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    hears_target(&a, 1);
    hears_target(&b, 2);
    event.n.Size = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) + 6;
    memcpy(event.n.CustomDataBuffer, "first", 6);
    assert_int_equal(IoReportTargetDeviceChange(tree.child[1].pdo, &event), STATUS_SUCCESS);
    log_is("a:first");
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(IoReportTargetDeviceChangeAsynchronous(tree.child[2].pdo, &event, on_reported, NULL), STATUS_PENDING);
    KeLowerIrql(irql);
    pnp_settle();
    log_is("b:first reported");
    event.n.Event.Data1 = 0xcb3a4008, event.n.Event.Data2 = 0x46f0, event.n.Event.Data3 = 0x11d0;
    static const UCHAR rest[8] = {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f};
    memcpy(event.n.Event.Data4, rest, 8);
    assert_int_equal(IoReportTargetDeviceChange(tree.child[1].pdo, &event), STATUS_INVALID_DEVICE_REQUEST);
    done();
}

/* ---- Lists ---- */

static unsigned strings_in(PWSTR list)
{
    unsigned n = 0;
    for (; *list; n++)
        while (*list++)
            ;
    return n;
}

static void interfaces_are_listed(void)
{
    PWSTR list;
    UNICODE_STRING other, alias;
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    assert_int_equal(IoGetDeviceInterfaces(&shown_class, NULL, 0, &list), STATUS_SUCCESS);
    assert_int_equal(strings_in(list), 2);
    ExFreePool(list);
    IoGetDeviceInterfaces(&shown_class, tree.child[2].pdo, 0, &list);
    UNICODE_STRING first;
    RtlInitUnicodeString(&first, list);
    assert_true(rtl_equal_unicode(&first, &link[2], false));
    ExFreePool(list);
    IoGetDeviceInterfaces(&other_class, NULL, 0, &list);
    assert_int_equal(strings_in(list), 0);
    ExFreePool(list);
    assert_int_equal(IoGetDeviceInterfaceAlias(&link[1], &other_class, &alias), STATUS_OBJECT_NAME_NOT_FOUND);
    IoRegisterDeviceInterface(tree.child[1].pdo, &other_class, NULL, &other);
    IoGetDeviceInterfaces(&other_class, NULL, 0, &list);
    assert_int_equal(strings_in(list), 0); /* it is not enabled */
    ExFreePool(list);
    IoGetDeviceInterfaces(&other_class, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE, &list);
    assert_int_equal(strings_in(list), 1);
    ExFreePool(list);
    assert_int_equal(IoGetDeviceInterfaceAlias(&link[1], &other_class, &alias), STATUS_SUCCESS);
    assert_true(rtl_equal_unicode(&alias, &other, false));
    assert_int_equal(IoGetDeviceInterfaceAlias(&link[2], &other_class, &first), STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&alias);
    RtlFreeUnicodeString(&other);
    done();
}

/* ---- Tests ---- */

/* RULE W-PNP-59: Arrival and removal of interfaces are told in a system thread at PASSIVE_LEVEL after the operation; existing ones at once, if asked for; unregistered ones hear no more. */
TEST(W_PNP_59_interfaces)
{
    with(LISTENS);
    in_tree(interfaces_change);
    with(LISTENS);
    in_tree(other_classes_are_not_told);
    with(UNREGISTERS);
    in_tree(unregisters_inside);
    with(UNREGISTERS_EX);
    tree_reported(deed_at_arrival, NULL, OWN_DEADLOCK, ~0ull);
    with(LISTENS);
    tree_reported(unregisters_twice, "W-PNP-59", OWN_RULE, ~0ull);
}

/* RULE W-PNP-59: Who has the device open is asked before its drivers, may refuse, hears what was called off, and that the removal is complete; on surprise before REMOVE. */
TEST(W_PNP_59_targets)
{
    with(CLOSES);
    in_tree(target_goes_in_order);
    with(REFUSES);
    in_tree(target_refuses);
    with(LISTENS);
    in_tree(target_stays_open);
    with(CLOSES);
    in_tree(driver_refuses);
    with(CLOSES);
    in_tree(target_goes_by_surprise);
    with(LISTENS);
    in_tree(target_goes_by_surprise);
    with(LISTENS);
    in_tree(target_is_no_pnp_device);
    with(LISTENS);
    in_tree(custom_events);
}

/* RULE W-PNP-53: The target relation is the PDO's answer: one device, referenced. */
/* RULE V-IO-22B: A target relation that succeeds and names nothing is reported. */
/* RULE V-IO-22C: A target relation that is not referenced is reported. */
TEST(W_PNP_53_target_relation)
{
    with(LISTENS);
    told_status = STATUS_SUCCESS;
    tree_reported(target_relation, "V-IO-22B", 0xC9, 0x22B);
    with(LISTENS);
    tree.mischief = TARGET_UNREFERENCED;
    told_status = STATUS_PENDING;
    tree_reported(target_relation, "V-IO-22C", 0xC9, 0x22C);
}

/* RULE V-UNL-7: A driver that unloads while it is registered for PnP notifications is reported. */
TEST(V_UNL_7_left_registered)
{
    with(LISTENS);
    tree_reported(left_registered, "V-UNL-7", 0xCE, ~0ull);
}

/* RULE V-PNP-12: A notification routine that returns at another IRQL, or with APCs disabled, is bug check 0xCA/0xA. */
TEST(V_PNP_12_unbalanced)
{
    with(RAISES);
    tree_reported(deed_at_arrival, NULL, 0xCA, 0xA);
    with(ENTERS_REGION);
    tree_reported(deed_at_arrival, "V-PNP-12", 0xCA, 0xA);
}

/* RULE W-DRV-19: IoGetDeviceInterfaces lists those that are enabled, of a class or of one device; an alias is the same device's interface of another class. */
TEST(W_DRV_19_lists)
{
    with(LISTENS);
    in_tree(interfaces_are_listed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_59_interfaces), cmocka_unit_test(W_PNP_59_targets), cmocka_unit_test(W_PNP_53_target_relation),
        cmocka_unit_test(V_UNL_7_left_registered), cmocka_unit_test(V_PNP_12_unbalanced), cmocka_unit_test(W_DRV_19_lists),
    };
    return cmocka_run_group_tests(tests);
}
