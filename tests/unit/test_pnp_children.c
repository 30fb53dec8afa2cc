/* Children of a bus that come, go, and are told of wrongly; their identifiers: W-PNP-50..52, 56. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)
#define COMING_AND_GOING (BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL) | BIT(IRP_MN_QUERY_DEVICE_RELATIONS))

/* ---- Relations that come and go ---- */

static void children_come(void)
{
    grow();
    show(TELL_NAMES, COMING_AND_GOING, 0);
    plant(2, 0, PLAIN_IDS);
    plant(1, 0, PLAIN_IDS);
    pnp_invalidate_relations(root);
    pnp_invalidate_relations(root); /* the two are one */
    pnp_settle();
    log_is("relations.bus0 start1 relations.bus1 start2 relations.bus2");
    look_again(0);
    log_is("relations.bus0");
    tree.pnp = 0;
    fell();
}

static void children_go(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    plant(3, 0, RAW_IDS);
    grow();
    PDEVICE_OBJECT second = tree.child[2].pdo;
    show(TELL_DOWN, COMING_AND_GOING, 0);
    tree.child[1].present = tree.child[3].present = false;
    look_again(0);
    log_is("relations.bus B0 surprise F1 P1 remove F1 P1 remove P3"); /* that one was never started */
    assert_true(!tree.child[1].pdo && !tree.child[3].pdo && tree.child[2].pdo == second);
    assert_int_equal(state_of(2), DEVNODE_STARTED);
    tree.child[1].present = true; /* the same again is another device */
    look_again(0);
    log_is("relations.bus B0 start F1 P1 relations.bus F1 P1");
    tree.pnp = 0;
    fell();
}

/* A hub is unplugged with what is plugged into it. */
static void hub_goes(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 1, PLAIN_IDS);
    plant(3, 1, HUB_IDS);
    plant(4, 3, PLAIN_IDS);
    grow();
    assert_int_equal(state_of(4), DEVNODE_STARTED);
    assert_int_equal(node_of(4)->depth, 3);
    show(TELL_NAMES, COMING_AND_GOING, 0);
    tree.child[1].present = false;
    look_again(0);
    log_is("relations.bus0 surprise1 surprise2 surprise3 surprise4 remove4 remove3 remove2 remove1");
    for (unsigned n = 1; n < 5; n++)
        assert_true(tree.child[n].pdo == NULL);
    tree.pnp = 0;
    fell();
}

/* REMOVE waits for the handle of the device at the very end, and goes up from there when that is closed. */
static void hub_goes_while_open(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 1, PLAIN_IDS);
    plant(3, 1, HUB_IDS);
    plant(4, 3, PLAIN_IDS);
    grow();
    PFILE_OBJECT file = open_device(4);
    show(TELL_NAMES, COMING_AND_GOING, 0);
    tree.child[1].present = false;
    look_again(0);
    log_is("relations.bus0 surprise1 surprise2 surprise3 surprise4");
    assert_int_equal(state_of(4), DEVNODE_SURPRISE_REMOVED);
    close_device(file);
    io_wait_for_closes();
    pnp_settle();
    assert_int_equal(state_of(0), DEVNODE_STARTED);
    for (unsigned n = 1; n < 5; n++)
        assert_true(tree.child[n].pdo == NULL);
    tree.pnp = 0;
    tree.logged = 0, tree.log[0] = 0;
    fell();
}

/* The device that was plugged in again has another devnode, and the name of the one that waits for its last handle. */
static void plugged_in_again(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    tree.child[2].instance = L"1";
    tree.child[2].present = false;
    grow();
    PFILE_OBJECT file = open_device(1);
    tree.child[1].present = false;
    tree.child[2].present = true;
    show(TELL_NAMES, COMING_AND_GOING & ~BIT(IRP_MN_QUERY_DEVICE_RELATIONS), 0);
    look_again(0);
    log_is("surprise1 start2");
    close_device(file);
    pnp_settle();
    log_is("remove1");
    assert_int_equal(state_of(2), DEVNODE_STARTED);
    tree.pnp = 0;
    fell();
}

/* The bus cannot tell: nothing changes. */
static void bus_cannot_tell(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    tree.child[1].present = false;
    answers('B', 0, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS, STATUS_INSUFFICIENT_RESOURCES);
    look_again(0);
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    tree.answers = 0;
    look_again(0);
    assert_true(tree.child[1].pdo == NULL);
    fell();
}

/* ---- Wrong answers ---- */

static enum mischief wrong;
static unsigned times;
static void wrong_relations(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.mischief = times ? REPORTS_WELL : wrong;
    grow();
    for (unsigned i = 0; i < times; i++) {
        tree.mischief = wrong;
        look_again(0);
    }
    fell();
}
static void wrong_relations_are(enum mischief what, unsigned later, const char *rule, uint32_t code, uint64_t p1)
{
    tree_reset();
    wrong = what, times = later;
    tree_reported(wrong_relations, rule, code, p1);
}

static void too_early(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.mischief = REPORTS_WELL;
    grow();
}
#pragma clang section text = "drv_text"
static void invalidates_fdo(char letter, unsigned number, UCHAR major, UCHAR minor)
{
    if (letter == 'F' && major == IRP_MJ_PNP && minor == IRP_MN_START_DEVICE)
        IoInvalidateDeviceRelations(tree.child[1].pdo->AttachedDevice, BusRelations);
}
#pragma clang section text = ""

/* ---- Identifiers ---- */

static const WCHAR *wrong_id, *wrong_instance, *wrong_hardware;
static void with_identifiers(void)
{
    plant(1, 0, PLAIN_IDS);
    if (wrong_id)
        tree.child[1].device_id = wrong_id;
    if (wrong_instance)
        tree.child[1].instance = wrong_instance;
    if (wrong_hardware)
        tree.child[1].hardware = wrong_hardware;
    grow();
    fell();
}
static void identifiers_are_wrong(const WCHAR *id, const WCHAR *instance, const WCHAR *hardware)
{
    tree_reset();
    wrong_id = id, wrong_instance = instance, wrong_hardware = hardware;
    tree_reported(with_identifiers, "W-PNP-56", 0xCA, 3);
}

static bool path_is(unsigned n, const WCHAR *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    UNICODE_STRING expected = {(USHORT)(length * sizeof(WCHAR)), (USHORT)(length * sizeof(WCHAR)), (WCHAR *)(ULONG_PTR)text};
    return rtl_equal_unicode(&node_of(n)->instance_path, &expected, false);
}

static void same_instances(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 0, HUB_IDS);
    plant(3, 1, PLAIN_IDS);
    plant(4, 2, PLAIN_IDS);
    tree.child[3].unique = tree.child[4].unique = false;
    tree.child[3].instance = tree.child[4].instance = L"7";
    grow();
    assert_true(path_is(1, L"TEST\\HUB\\1"));
    assert_false(rtl_equal_unicode(&node_of(3)->instance_path, &node_of(4)->instance_path, true));
    fell();
}

/* On one bus even those that are not unique elsewhere differ. */
static void same_instance_on_one_bus(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    tree.child[2].instance = L"1";
    grow();
    fell();
}

static void no_device_id(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    tree.child[1].present = false;
    look_again(0);
    answers('P', 1, IRP_MJ_PNP, IRP_MN_QUERY_ID, STATUS_NOT_SUPPORTED);
    tree.child[1].present = true;
    look_again(0);
    assert_int_equal(state_of(1), DEVNODE_ALONE);
    assert_int_equal(state_of(2), DEVNODE_STARTED);
    fell();
}

/* Hardware identifiers come before compatible ones, in their order. */
static void drivers_are_chosen(void)
{
    plant(1, 0, L"TEST\\NEW", L"TEST\\NEW\0test\\plain\0TEST\\DEVICE\0");
    plant(2, 0, L"TEST\\NEW", L"TEST\\NEW\0");
    tree.child[2].compatible = L"TEST\\NEWER\0TEST\\DEVICE\0";
    plant(3, 0, RAW_IDS);
    tree.logs_drivers = true;
    grow();
    log_is("load:B add:B0 load:F add:F1 load:L add:L2 load:K add:K2 add:F2 load:U add:U2 load:V add:V2");
    assert_int_equal(state_of(3), DEVNODE_ALONE);
    tree.logs_drivers = false;
    fell();
}

/* ---- Tests ---- */

/* RULE W-PNP-50: Children are known by their PDO: what is new in the bus relations is started, what stays is left alone; a bus that cannot tell changes nothing. */
/* RULE W-PNP-52: Invalidations coalesce; a child that is left out goes by SURPRISE_REMOVAL and REMOVE, one that was never started by REMOVE alone. */
TEST(W_PNP_52_come_and_go)
{
    tree_reset();
    in_tree(children_come);
    tree_reset();
    in_tree(children_go);
    tree_reset();
    in_tree(bus_cannot_tell);
}

/* RULE W-PNP-55: Everybody in the subtree hears SURPRISE_REMOVAL before the first REMOVE, children are removed first, and REMOVE waits for the last handle. */
TEST(W_PNP_55_surprise_of_a_subtree)
{
    tree_reset();
    in_tree(hub_goes);
    tree_reset();
    in_tree(hub_goes_while_open);
    tree_reset();
    in_tree(plugged_in_again);
}

/* RULE V-GEN-24: What is wrong with the devices that a bus reports is bug check 0xCA. */
/* RULE V-PNP-11: A device named twice, a NULL, a deleted device, one of another bus and one that was not referenced are reported where the bus relations have them. */
/* RULE V-IO-248: A device in the bus relations that is no PDO is reported. */
TEST(V_PNP_11_wrong_relations)
{
    wrong_relations_are(REPORTS_TWICE, 0, "W-PNP-50", 0xCA, 1);
    wrong_relations_are(REPORTS_TWICE, 1, "W-PNP-50", 0xCA, 1);
    wrong_relations_are(REPORTS_NULL, 0, "W-PNP-50", 0xCA, 8);
    wrong_relations_are(REPORTS_DELETED, 0, "W-PNP-50", 0xCA, 4);
    wrong_relations_are(REPORTS_DELETED, 1, "W-PNP-50", 0xCA, 4);
    wrong_relations_are(REPORTS_FOREIGN, 0, "W-PNP-50", 0xCA, 1);
    wrong_relations_are(REPORTS_UNREFERENCED, 0, "W-PNP-50", 0xCA, 5);
    wrong_relations_are(REPORTS_UNREFERENCED, 1, "W-PNP-50", 0xCA, 5);
    wrong_relations_are(REPORTS_FDO, 0, "V-IO-248", 0xC9, 0x248);
}

/* RULE W-PNP-51: A device that is no PDO, handed to a DDI that wants one, is bug check 0xCA/2. */
TEST(W_PNP_51_no_pdo)
{
    tree_reset();
    tree.at = invalidates_fdo;
    tree_reported(too_early, "W-PNP-51", 0xCA, 2);
}

/* RULE W-PNP-36: Without a device identifier nothing becomes of a child. */
/* RULE W-PNP-56: Identifiers are made of 0x21..0x7F without a comma, fewer than 200 of them; an instance that is unique on its bus alone is made unique by its parent. */
TEST(W_PNP_56_identifiers)
{
    static const WCHAR long_id[] = L"TEST\\"
                                   L"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                                   L"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
    identifiers_are_wrong(L"TEST\\A B", NULL, NULL);
    identifiers_are_wrong(L"TEST\\A,B", NULL, NULL);
    identifiers_are_wrong(NULL, L"\x80", NULL);
    identifiers_are_wrong(NULL, L"\x1f", NULL);
    identifiers_are_wrong(NULL, NULL, L"TEST\\PLAIN\0TEST\\A B\0");
    identifiers_are_wrong(long_id, NULL, NULL);
    tree_reset();
    in_tree(same_instances);
    tree_reset();
    tree_reported(same_instance_on_one_bus, "W-PNP-50", 0xCA, 1);
    tree_reset();
    in_tree(no_device_id);
}

/* RULE W-PNP-73: The drivers of a device are those of its first identifier that any are installed for: hardware identifiers first, then compatible ones. */
TEST(W_PNP_73_choice)
{
    tree_reset();
    in_tree(drivers_are_chosen);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_52_come_and_go), cmocka_unit_test(W_PNP_55_surprise_of_a_subtree), cmocka_unit_test(V_PNP_11_wrong_relations),
        cmocka_unit_test(W_PNP_51_no_pdo), cmocka_unit_test(W_PNP_56_identifiers), cmocka_unit_test(W_PNP_73_choice),
    };
    return cmocka_run_group_tests(tests);
}
