/* How a device gets its drivers and what it is asked, in what order and direction: W-PNP-1, 2, 10..41, 57. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)

static void one_device(void)
{
    plant(1, 0, DEVICE_IDS);
}

/* ---- Building a stack ---- */

static void stack_is_built(void)
{
    one_device();
    show(TELL_NAMES, BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_QUERY_CAPABILITIES) | BIT(IRP_MN_QUERY_PNP_DEVICE_STATE) | BIT(IRP_MN_QUERY_DEVICE_RELATIONS) |
                         BIT(IRP_MN_QUERY_ID) | BIT(IRP_MN_FILTER_RESOURCE_REQUIREMENTS), 0);
    tree.logs_drivers = true;
    grow();
    log_is("load:B add:B0 filter0 start0 capabilities0 state0 relations.bus0 "
           "id.device1 capabilities1 id.instance1 id.hardware1 id.compatible1 id.container1 "
           "load:L add:L1 load:K add:K1 load:F add:F1 load:U add:U1 load:V add:V1 filter1 start1 capabilities1 state1 relations.bus1");
    PDEVICE_OBJECT d = tree.child[1].pdo;
    for (const char *letter = "PLKFUV"; *letter; letter++, d = d->AttachedDevice)
        assert_int_equal(((struct extension *)d->DeviceExtension)->letter, *letter);
    assert_true(d == NULL);
    fell();
    log_is("unload:V unload:U unload:F unload:K unload:L unload:B");
}

static void second_device_shares_drivers(void)
{
    one_device();
    plant(2, 0, PLAIN_IDS);
    tree.logs_drivers = true;
    show(TELL_NAMES, 0, 0);
    grow();
    log_is("load:B add:B0 load:L add:L1 load:K add:K1 load:F add:F1 load:U add:U1 load:V add:V1 add:F2");
    tree.child[1].present = false;
    look_again(0);
    log_is("unload:V unload:U unload:K unload:L");
    tree.child[2].present = false;
    look_again(0);
    log_is("unload:F");
    fell();
    log_is("unload:B");
}

/* Whoever fails, nobody is left, and the drivers that have no device go. */
static const char *add_failure_log;
static char add_failure;
static void add_fails(void)
{
    one_device();
    tree.add_fails = add_failure, tree.add_fails_for = 1;
    tree.logs_drivers = true;
    show(TELL_DOWN, BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE), 0);
    grow();
    log_is(add_failure_log);
    assert_int_equal(state_of(1), DEVNODE_FAILED);
    assert_true(tree.child[1].pdo->AttachedDevice == NULL);
    tree.logs_drivers = false, tree.pnp = 0;
    fell();
}
static void add_fails_of(char letter, const char *log)
{
    tree_reset();
    add_failure = letter, add_failure_log = log;
    in_tree(add_fails);
}

/* ---- Directions ---- */

static void start_goes_up(void)
{
    one_device();
    show(TELL_BOTH, BIT(IRP_MN_START_DEVICE), 0);
    grow();
    log_is("start B0 -B0 start V1 U1 F1 K1 L1 P1 -L1 -K1 -F1 -U1 -V1");
    fell();
}

#define WHOLE(name) name " V1 U1 F1 K1 L1 P1"
static void others_go_down(void)
{
    one_device();
    grow();
    show(TELL_DOWN, ALL_MINORS, 0);
    struct devnode *node = node_of(1);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    log_is(WHOLE("query-stop"));
    assert_int_equal(pnp_cancel_stop(node), STATUS_SUCCESS);
    log_is(WHOLE("cancel-stop"));
    pnp_query_stop(node);
    assert_int_equal(pnp_stop(node), STATUS_SUCCESS);
    log_is(WHOLE("query-stop") " " WHOLE("stop"));
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is(WHOLE("filter") " " WHOLE("start") " " WHOLE("capabilities") " " WHOLE("state") " " WHOLE("relations.bus"));
    assert_int_equal(pnp_query_remove(node), STATUS_SUCCESS);
    log_is(WHOLE("relations.removal") " " WHOLE("query-remove"));
    assert_int_equal(pnp_cancel_remove(node), STATUS_SUCCESS);
    log_is(WHOLE("cancel-remove"));
    assert_int_equal(node->state, DEVNODE_STARTED);
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    log_is(WHOLE("surprise"));
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is(WHOLE("remove"));
    tree.pnp = 0;
    fell();
}

/* A stop that is not asked for does not come, and nothing comes twice. */
static void states_are_kept(void)
{
    one_device();
    grow();
    struct devnode *node = node_of(1);
    show(TELL_NAMES, ALL_MINORS, 0);
    assert_int_equal(pnp_stop(node), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(pnp_start(node), STATUS_INVALID_DEVICE_STATE);
    pnp_query_stop(node);
    assert_int_equal(pnp_query_stop(node), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(pnp_query_remove(node), STATUS_INVALID_DEVICE_STATE);
    pnp_stop(node);
    assert_int_equal(pnp_cancel_stop(node), STATUS_INVALID_DEVICE_STATE);
    pnp_surprise_remove(node);
    assert_int_equal(pnp_surprise_remove(node), STATUS_INVALID_DEVICE_STATE);
    log_is("query-stop1 stop1 surprise1");
    tree.pnp = 0;
    fell();
}

/* ---- Failures ---- */

static void start_fails(void)
{
    one_device();
    plant(2, 0, PLAIN_IDS);
    answers('F', 1, IRP_MJ_PNP, IRP_MN_START_DEVICE, STATUS_INSUFFICIENT_RESOURCES);
    tree.logs_drivers = true;
    show(TELL_DOWN, BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL), 0);
    grow();
    log_is("load:B add:B0 start B0 load:L add:L1 load:K add:K1 load:F add:F1 load:U add:U1 load:V add:V1 "
           "start V1 U1 F1 remove V1 U1 F1 K1 L1 P1 unload:V unload:U unload:F unload:K unload:L "
           "load:F add:F2 start F2 P2");
    assert_int_equal(state_of(1), DEVNODE_ALONE);
    assert_true(node_of(1)->failed);
    tree.logs_drivers = false, tree.pnp = 0;
    fell();
}

/* After a stop the device is gone by surprise. */
static void restart_fails(void)
{
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    answers('F', 1, IRP_MJ_PNP, IRP_MN_START_DEVICE, STATUS_INSUFFICIENT_RESOURCES);
    pnp_query_stop(root);
    pnp_stop(root);
    show(TELL_NAMES, BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL), 0);
    assert_int_equal(pnp_start(root), STATUS_SUCCESS);
    pnp_settle();
    log_is("start0 start1 surprise1 remove1 start2");
    assert_int_equal(state_of(1), DEVNODE_ALONE);
    assert_int_equal(state_of(2), DEVNODE_STARTED);
    tree.pnp = 0;
    fell();
}

/* A device that gets its drivers again while its bus is stopped, or about to be, is started when that is back. */
static void comes_with_its_bus(void)
{
    one_device();
    grow();
    for (bool stops = false;; stops = true) {
        show(TELL_NAMES, 0, 0);
        assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
        assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
        assert_int_equal(pnp_query_stop(root), STATUS_SUCCESS);
        if (stops)
            assert_int_equal(pnp_stop(root), STATUS_SUCCESS);
        show(TELL_NAMES, BIT(IRP_MN_START_DEVICE), 0);
        assert_int_equal(pnp_add_again(node_of(1)), STATUS_SUCCESS);
        assert_int_equal(pnp_start(node_of(1)), STATUS_INVALID_DEVICE_STATE);
        log_is("");
        assert_int_equal(stops ? pnp_start(root) : pnp_cancel_stop(root), STATUS_SUCCESS);
        log_is(stops ? "start0 start1" : "start1");
        assert_int_equal(state_of(1), DEVNODE_STARTED);
        if (stops)
            break;
    }
    tree.pnp = 0;
    fell();
}

/* Who has to go, or to stop, with its bus is not told alone that nothing comes of it. */
static void stays_asked_with_its_bus(void)
{
    one_device();
    grow();
    assert_int_equal(pnp_query_stop(root), STATUS_SUCCESS);
    assert_int_equal(pnp_cancel_stop(node_of(1)), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(pnp_cancel_stop(root), STATUS_SUCCESS);
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    assert_int_equal(pnp_query_remove(root), STATUS_SUCCESS);
    assert_int_equal(pnp_cancel_remove(node_of(1)), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(pnp_cancel_remove(root), STATUS_SUCCESS);
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    fell();
}

/* The drivers above the one that said no have said yes: all of them hear that nothing comes of it. */
static void refusal_is_taken_back(void)
{
    one_device();
    grow();
    answers('F', 1, IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, STATUS_DEVICE_BUSY);
    answers('F', 1, IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, STATUS_DEVICE_BUSY);
    show(TELL_DOWN, ALL_MINORS, 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_DEVICE_BUSY);
    log_is(WHOLE("relations.removal") " query-remove V1 U1 F1 " WHOLE("cancel-remove"));
    assert_int_equal(pnp_query_stop(node_of(1)), STATUS_DEVICE_BUSY);
    log_is("query-stop V1 U1 F1 " WHOLE("cancel-stop"));
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    tree.pnp = 0;
    fell();
}

/* ---- PNP_DEVICE_STATE ---- */

static ULONG_PTR told_state;
static void state_removes(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, BIT(IRP_MN_QUERY_PNP_DEVICE_STATE) | BIT(IRP_MN_SURPRISE_REMOVAL) | BIT(IRP_MN_REMOVE_DEVICE), 0);
    pnp_invalidate_state(node_of(1));
    pnp_invalidate_state(node_of(1));
    pnp_settle();
    log_is("state1");
    tree.device_state = told_state;
    pnp_invalidate_state(node_of(1));
    pnp_settle();
    log_is("state1 surprise1 remove1");
    assert_int_equal(state_of(1), DEVNODE_ALONE);
    tree.pnp = 0;
    fell();
}

static void harmless_state(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, ALL_MINORS, 0);
    tree.device_state = PNP_DEVICE_DONT_DISPLAY_IN_UI | PNP_DEVICE_NOT_DISABLEABLE;
    pnp_invalidate_state(node_of(1));
    pnp_settle();
    log_is("state1");
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    tree.pnp = 0;
    fell();
}

/* ---- Tests ---- */

/* RULE W-PNP-1: A reported device is asked for its identifiers, its drivers are loaded and added from below to above, then it is started and asked what it can. */
/* RULE W-PNP-57: The questions to a new device come in one order. */
TEST(W_PNP_1_stack)
{
    tree_reset();
    in_tree(stack_is_built);
    tree_reset();
    in_tree(second_device_shares_drivers);
}

/* RULE W-PNP-2: When one AddDevice fails, those that are attached already get REMOVE, and no driver is left without a device. */
TEST(W_PNP_2_add_device_fails)
{
#define LOADED "load:B add:B0 start B0 load:L add:L1"
    add_fails_of('L', LOADED " unload:L");
    add_fails_of('K', LOADED " load:K add:K1 remove L1 P1 unload:K unload:L");
    add_fails_of('F', LOADED " load:K add:K1 load:F add:F1 remove K1 L1 P1 unload:F unload:K unload:L");
    add_fails_of('U', LOADED " load:K add:K1 load:F add:F1 load:U add:U1 remove F1 K1 L1 P1 unload:U unload:F unload:K unload:L");
    add_fails_of('V', LOADED " load:K add:K1 load:F add:F1 load:U add:U1 load:V add:V1 remove U1 F1 K1 L1 P1 unload:V unload:U unload:F unload:K unload:L");
}

/* RULE W-PNP-10: Every PnP IRP enters at the top of the stack and travels to the PDO. */
/* RULE W-PNP-21: QUERY_REMOVE_DEVICE goes through the whole stack. */
/* RULE W-PNP-22: REMOVE_DEVICE takes the stack down, and the PDO of a device that is still reported stays. */
/* RULE W-PNP-23: CANCEL_REMOVE_DEVICE brings back the state before the query. */
/* RULE W-PNP-24: STOP_DEVICE comes after a QUERY_STOP_DEVICE that was not refused. */
/* RULE W-PNP-26: CANCEL_STOP_DEVICE brings back the started state. */
/* RULE W-PNP-33: FILTER_RESOURCE_REQUIREMENTS is sent to the whole stack before each start. */
/* RULE W-PNP-40: SURPRISE_REMOVAL comes before the REMOVE_DEVICE of a device that is gone. */
TEST(W_PNP_10_whole_stack)
{
    tree_reset();
    in_tree(others_go_down);
}

/* RULE W-PNP-20: START_DEVICE is worked off from the bus upwards, and comes when the bus is started; when it fails REMOVE_DEVICE follows, after a stop with SURPRISE_REMOVAL before it. */
TEST(W_PNP_20_start)
{
    tree_reset();
    in_tree(start_goes_up);
    tree_reset();
    in_tree(start_fails);
    tree_reset();
    in_tree(restart_fails);
    tree_reset();
    in_tree(comes_with_its_bus);
}

/* RULE W-PNP-3: What the state of a device does not allow is not sent; a query that one driver refuses is taken back from the whole stack. */
TEST(W_PNP_3_states)
{
    tree_reset();
    in_tree(states_are_kept);
    tree_reset();
    in_tree(refusal_is_taken_back);
    tree_reset();
    in_tree(stays_asked_with_its_bus);
}

/* RULE W-PNP-37: A device that says that it failed, is gone or is disabled is removed by surprise; several invalidations may be one query. */
TEST(W_PNP_37_device_state)
{
    static const ULONG_PTR told[] = {PNP_DEVICE_FAILED, PNP_DEVICE_REMOVED, PNP_DEVICE_DISABLED};
    for (unsigned i = 0; i < 3; i++) {
        tree_reset();
        told_state = told[i];
        in_tree(state_removes);
    }
    tree_reset();
    in_tree(harmless_state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_1_stack), cmocka_unit_test(W_PNP_2_add_device_fails), cmocka_unit_test(W_PNP_10_whole_stack), cmocka_unit_test(W_PNP_20_start),
        cmocka_unit_test(W_PNP_3_states), cmocka_unit_test(W_PNP_37_device_state),
    };
    return cmocka_run_group_tests(tests);
}
