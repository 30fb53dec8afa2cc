/* A subtree is asked, stopped, removed, ejected; the machine sleeps and wakes: W-PNP-25, 35, 39, 54, W-POW-7, 8, 14. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)
#define QUESTIONS (BIT(IRP_MN_QUERY_REMOVE_DEVICE) | BIT(IRP_MN_CANCEL_REMOVE_DEVICE) | BIT(IRP_MN_QUERY_STOP_DEVICE) | BIT(IRP_MN_CANCEL_STOP_DEVICE))
#define CHANGES (QUESTIONS | BIT(IRP_MN_START_DEVICE) | BIT(IRP_MN_STOP_DEVICE) | BIT(IRP_MN_REMOVE_DEVICE) | BIT(IRP_MN_SURPRISE_REMOVAL) | BIT(IRP_MN_EJECT))

/* 0 -> 1 (hub) -> 2, 3 (hub) -> 4, 5; 0 -> 6 */
static void three_levels(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 1, PLAIN_IDS);
    plant(3, 1, HUB_IDS);
    plant(4, 3, PLAIN_IDS);
    plant(5, 3, PLAIN_IDS);
    plant(6, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, CHANGES, 0);
}

static void done(void)
{
    tree.pnp = tree.power = 0;
    tree.answers = 0;
    fell();
}

/* ---- Removal ---- */

static void subtree_goes(void)
{
    three_levels();
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
    log_is("query-remove5 query-remove4 query-remove3 query-remove2 query-remove1");
    assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
    log_is("remove5 remove4 remove3 remove2 remove1");
    assert_int_equal(state_of(1), DEVNODE_ALONE);
    for (unsigned n = 2; n < 6; n++)
        assert_true(tree.child[n].pdo == NULL);
    assert_int_equal(state_of(6), DEVNODE_STARTED);
    assert_int_equal(pnp_add_again(node_of(1)), STATUS_SUCCESS);
    pnp_settle();
    log_is("start1 start2 start3 start4 start5");
    done();
}

static void cancelled(void)
{
    three_levels();
    pnp_query_remove(node_of(1));
    tree.logged = 0, tree.log[0] = 0;
    assert_int_equal(pnp_cancel_remove(node_of(1)), STATUS_SUCCESS);
    log_is("cancel-remove1 cancel-remove2 cancel-remove3 cancel-remove4 cancel-remove5");
    for (unsigned n = 0; n < 7; n++)
        assert_int_equal(state_of(n), DEVNODE_STARTED);
    done();
}

/* The veto comes from the deepest one; who was asked before it hears that nothing comes of it, who was not asked hears nothing. */
static void vetoed_deep(void)
{
    three_levels();
    answers('F', 4, IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, STATUS_DEVICE_BUSY);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_DEVICE_BUSY);
    log_is("query-remove5 query-remove4 cancel-remove4 cancel-remove5");
    for (unsigned n = 0; n < 7; n++)
        assert_int_equal(state_of(n), DEVNODE_STARTED);
    answers('B', 1, IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, STATUS_DEVICE_BUSY);
    tree.answer[0] = tree.answer[1];
    tree.answers = 1;
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_DEVICE_BUSY);
    log_is("query-remove5 query-remove4 query-remove3 query-remove2 query-remove1 "
           "cancel-remove1 cancel-remove2 cancel-remove3 cancel-remove4 cancel-remove5");
    done();
}

static void vetoed_by_handle(void)
{
    three_levels();
    PFILE_OBJECT file = open_device(4);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_PLUGPLAY_QUERY_VETOED);
    log_is("query-remove5 query-remove4 cancel-remove4 cancel-remove5");
    assert_int_equal(pnp_remove(node_of(1)), STATUS_DEVICE_BUSY);
    log_is("");
    close_device(file);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
    pnp_remove(node_of(1));
    done();
}

/* A device whose START failed is asked too, and is what it was when nothing comes of it. */
static void not_started_is_kept(void)
{
    NTSTATUS status;
    pnp_set_installed(tree_installed, sizeof tree_installed / sizeof tree_installed[0]);
    root = pnp_create_root_device(NULL, "Root\\BUS", &status);
    assert_int_equal(root->state, DEVNODE_INITIALIZED);
    show(TELL_NAMES, CHANGES, 0);
    assert_int_equal(pnp_query_remove(root), STATUS_SUCCESS);
    pnp_cancel_remove(root);
    assert_int_equal(root->state, DEVNODE_INITIALIZED);
    assert_int_equal(pnp_start(root), STATUS_SUCCESS);
    log_is("query-remove0 cancel-remove0 start0");
    done();
}

/* ---- Rebalance ---- */

static void subtree_is_rebalanced(void)
{
    three_levels();
    assert_int_equal(pnp_query_stop(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(pnp_stop(node_of(1)), STATUS_SUCCESS);
    log_is("query-stop5 query-stop4 query-stop3 query-stop2 query-stop1 stop5 stop4 stop3 stop2 stop1");
    for (unsigned n = 1; n < 6; n++)
        assert_int_equal(state_of(n), DEVNODE_STOPPED);
    assert_int_equal(state_of(6), DEVNODE_STARTED);
    assert_int_equal(pnp_start(node_of(1)), STATUS_SUCCESS);
    log_is("start1 start2 start3 start4 start5");
    done();
}

static void stop_vetoed_deep(void)
{
    three_levels();
    answers('F', 4, IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, STATUS_DEVICE_BUSY);
    assert_int_equal(pnp_query_stop(node_of(0)), STATUS_DEVICE_BUSY);
    log_is("query-stop6 query-stop5 query-stop4 cancel-stop4 cancel-stop5 cancel-stop6");
    done();
}

/* A child that is unplugged while everything is stopped goes when its bus looks again. */
static void unplugged_while_stopped(void)
{
    three_levels();
    pnp_query_stop(node_of(1));
    pnp_stop(node_of(1));
    tree.child[4].present = false;
    tree.logged = 0, tree.log[0] = 0;
    pnp_start(node_of(1));
    log_is("start1 start2 start3 start4 start5 surprise4 remove4");
    done();
}

/* ---- Resources ---- */

static void requirements_change(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, CHANGES | BIT(IRP_MN_QUERY_RESOURCE_REQUIREMENTS) | BIT(IRP_MN_FILTER_RESOURCE_REQUIREMENTS) | BIT(IRP_MN_QUERY_PNP_DEVICE_STATE), 0);
    tree.device_state = PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED;
    pnp_invalidate_state(node_of(1));
    pnp_settle();
    log_is("state1 requirements1 query-stop1 stop1 filter1 start1 state1");
    tree.device_state = 0;
    done();
}

/* ---- Usage ---- */

static void usage(void)
{
    plant(1, 0, DEVICE_IDS);
    grow();
    show(TELL_DOWN, BIT(IRP_MN_DEVICE_USAGE_NOTIFICATION), 0);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_SUCCESS);
    log_is("usage V1 U1 F1 K1 L1 P1");
    answers('F', 1, IRP_MJ_PNP, IRP_MN_DEVICE_USAGE_NOTIFICATION, STATUS_DEVICE_BUSY);
    assert_int_equal(pnp_notify_usage(node_of(1), DeviceUsageTypePaging, true), STATUS_DEVICE_BUSY);
    done();
}
static void usage_ends_badly(void)
{
    plant(1, 0, DEVICE_IDS);
    grow();
    answers('F', 1, IRP_MJ_PNP, IRP_MN_DEVICE_USAGE_NOTIFICATION, STATUS_DEVICE_BUSY);
    pnp_notify_usage(node_of(1), DeviceUsageTypePaging, false);
}

/* ---- Eject ---- */

static void eject(unsigned n)
{
    pnp_request_eject(node_of(n));
    pnp_settle();
}

static void subtree_is_ejected(void)
{
    three_levels();
    eject(3);
    log_is("query-remove5 query-remove4 query-remove3 remove5 remove4 remove3 eject3 remove3");
    assert_true(tree.child[3].pdo == NULL && tree.child[4].pdo == NULL);
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    done();
}

static void eject_vetoed(void)
{
    three_levels();
    PFILE_OBJECT file = open_device(5);
    eject(1);
    log_is("query-remove5 cancel-remove5");
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    close_device(file);
    done();
}

/* The lock did not let go: the device is used again. */
static void eject_holds(void)
{
    plant(1, 0, PLAIN_IDS);
    tree.child[1].stays_when_ejected = true;
    grow();
    show(TELL_NAMES, CHANGES, 0);
    eject(1);
    log_is("query-remove1 remove1 eject1 start1");
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    done();
}

/* ---- Sleep ---- */

static void sleep_order(void)
{
    three_levels();
    show(TELL_NAMES, 0, BIT(IRP_MN_SET_POWER) | BIT(IRP_MN_QUERY_POWER));
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_SUCCESS);
    log_is("query-S3.5 query-S3.4 query-S3.3 query-S3.2 query-S3.6 query-S3.1 query-S3.0 S3.5 S3.4 S3.3 S3.2 S3.6 S3.1 S3.0");
    po_system_resume();
    log_is("S0.0 S0.1 S0.6 S0.2 S0.3 S0.4 S0.5");
    tree.power = 0;
    done();
}

/* A child that came late is still a leaf, and comes before its parent. */
static void late_leaf(void)
{
    plant(1, 0, HUB_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    plant(3, 1, PLAIN_IDS);
    look_again(1);
    show(TELL_NAMES, 0, BIT(IRP_MN_SET_POWER));
    po_system_sleep(PowerSystemSleeping1, PowerActionSleep);
    log_is("S1.3 S1.2 S1.1 S1.0");
    po_system_resume();
    log_is("S0.0 S0.1 S0.2 S0.3");
    tree.power = 0;
    done();
}

static void sleep_refused(void)
{
    three_levels();
    show(TELL_NAMES, 0, BIT(IRP_MN_SET_POWER) | BIT(IRP_MN_QUERY_POWER));
    answers('F', 4, IRP_MJ_POWER, IRP_MN_QUERY_POWER, STATUS_DEVICE_BUSY);
    assert_int_equal(po_system_sleep(PowerSystemSleeping3, PowerActionSleep), STATUS_DEVICE_BUSY);
    log_is("query-S3.5 query-S3.4 S0.0 S0.1 S0.6 S0.2 S0.3 S0.4 S0.5");
    tree.power = 0;
    done();
}

/* ---- Wait-wake ---- */

static NTSTATUS woken;
static unsigned wakes;
#pragma clang section text = "drv_text"
static VOID on_wake(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    woken = iosb->Status;
    wakes++;
}
static void arms_at_start(char letter, unsigned number, UCHAR major, UCHAR minor)
{
    PIRP irp;
    if (letter == 'F' && major == IRP_MJ_PNP && minor == IRP_MN_QUERY_PNP_DEVICE_STATE)
        PoRequestPowerIrp(tree.child[number].pdo, IRP_MN_WAIT_WAKE, (POWER_STATE){.SystemState = PowerSystemSleeping3}, on_wake, NULL, &irp);
}
/* The bus driver hears its child's signal. */
static void child_signals(char letter, unsigned number, UCHAR major, UCHAR minor)
{
    if (letter != 'P' || minor != IRP_MN_QUERY_PNP_DEVICE_STATE)
        return;
    struct extension *x = tree.child[number].pdo->DeviceExtension;
    PIRP irp = x->wait_wake;
    x->wait_wake = NULL;
    if (irp && IoSetCancelRoutine(irp, NULL))
        finish(irp, STATUS_SUCCESS);
}
#pragma clang section text = ""

/* What others do is over when the machine has settled, which orders nothing for ThreadSanitizer. */
__attribute__((no_sanitize("thread"))) static void child_wakes(void)
{
    plant(1, 0, DEVICE_IDS);
    wakes = 0;
    tree.at = arms_at_start;
    show(TELL_DOWN, 0, BIT(IRP_MN_WAIT_WAKE));
    grow();
    sched_settle();
    log_is("wait-wake V1 U1 F1 K1 L1 P1");
    assert_int_equal(wakes, 0);
    tree.at = child_signals;
    pnp_invalidate_state(node_of(1));
    pnp_settle();
    sched_settle();
    assert_int_equal(wakes, 1);
    assert_int_equal(woken, STATUS_SUCCESS);
    done();
}

/* ---- Tests ---- */

/* RULE W-PNP-54: The leaves are asked and removed first; a veto deep in the tree, by a driver or an open handle, is taken back from all that were asked, parents first. */
TEST(W_PNP_54_subtree)
{
    tree_reset();
    in_tree(subtree_goes);
    tree_reset();
    in_tree(cancelled);
    tree_reset();
    in_tree(vetoed_deep);
    tree_reset();
    in_tree(vetoed_by_handle);
    tree_reset();
    in_tree(not_started_is_kept);
}

/* RULE W-PNP-25: A subtree is asked to stop and stopped leaves first, and started again from above. */
TEST(W_PNP_25_rebalance)
{
    tree_reset();
    in_tree(subtree_is_rebalanced);
    tree_reset();
    in_tree(stop_vetoed_deep);
    tree_reset();
    in_tree(unplugged_while_stopped);
    tree_reset();
    in_tree(requirements_change);
}

/* RULE W-PNP-39: DEVICE_USAGE_NOTIFICATION goes through the stack; a file that comes may be refused, one that goes may not. */
TEST(W_PNP_39_usage)
{
    tree_reset();
    in_tree(usage);
    tree_reset();
    tree_reported(usage_ends_badly, "W-PNP-39", OWN_RULE, ~0ull);
}

/* RULE W-PNP-35: EJECT goes to the PDO alone, after its subtree was asked and removed; a device that is not let go is used again. */
TEST(W_PNP_35_eject)
{
    tree_reset();
    in_tree(subtree_is_ejected);
    tree_reset();
    in_tree(eject_vetoed);
    tree_reset();
    in_tree(eject_holds);
}

/* RULE W-POW-8: System power goes to the leaves first when the machine falls asleep, and to the parents first when it wakes. */
/* RULE W-POW-7: A refused QUERY_POWER is followed by SET_POWER to S0. */
TEST(W_POW_8_order)
{
    tree_reset();
    in_tree(sleep_order);
    tree_reset();
    in_tree(late_leaf);
    tree_reset();
    in_tree(sleep_refused);
}

/* RULE W-POW-14: The wait-wake request of a child is held by its bus driver, and completes when the child signals. */
TEST(W_POW_14_child_wakes)
{
    tree_reset();
    in_tree(child_wakes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_54_subtree), cmocka_unit_test(W_PNP_25_rebalance), cmocka_unit_test(W_PNP_39_usage), cmocka_unit_test(W_PNP_35_eject),
        cmocka_unit_test(W_POW_8_order), cmocka_unit_test(W_POW_14_child_wakes),
    };
    return cmocka_run_group_tests(tests);
}
