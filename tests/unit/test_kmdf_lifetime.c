/*
 * Lifetime of framework objects: references, order and IRQL of EvtCleanup and EvtDestroy (K-OBJ-1..25), requests and teardown (K-OBJ-60..64).
 */
#include "kmdf_world.h"

static struct fx_object *object(WDFOBJECT handle) { return (struct fx_object *)handle; }

static WDFOBJECT root, kept, child[4];

/* P with the children A (with A1, A2) and B. */
static void tree(WDFOBJECT parent)
{
    root = make("P", parent);
    WDFOBJECT a = make("A", root);
    make("A1", a), make("A2", a);
    make("B", root);
}

static KIRQL raise(void)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    return irql;
}

static void delete_at_dispatch(WDFOBJECT o)
{
    KIRQL irql = raise();
    WdfObjectDelete(o);
    say("returned");
    KeLowerIrql(irql);
}

/* ---- States and references ---- */

/* RULE K-OBJ-1: An object is born with the one creation reference, which its deletion drops. */
TEST(K_OBJ_1_born_with_one_reference)
{
    boot();
    root = make("P", device);
    assert_int_equal(object(root)->references, 1);
    WdfObjectDelete(root);
    log_is("~P !P");
    finish();
}

/* RULE K-OBJ-2: Deleting an object has three phases: disposing it, destroying its children, and the final release. */
TEST(K_OBJ_2_three_phases)
{
    boot();
    root = make("P", device);
    make("A", root);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    log_is("~A ~P !A");
    WdfObjectDereference(root);
    log_is("!P");
    finish();
}

static void add_to_disposed(WDFOBJECT o)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT late;
    name_attributes(&a, o);
    assert_int_equal(WdfObjectCreate(&a, &late), STATUS_DELETE_PENDING);
    a.ParentObject = NULL;
    WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(&a, NAMED);
    kept = o;
}

/* RULE K-OBJ-3: Only an object that is not being deleted accepts new children. */
TEST(K_OBJ_3_no_children_while_disposing)
{
    plan.cleanup = add_to_disposed;
    boot();
    root = make("P", device);
    WdfObjectDelete(root);
    assert_true(kept == root);
    finish();
}

/* RULE K-OBJ-4: A reference on a deleted object delays its EvtDestroy and nothing else. */
TEST(K_OBJ_4_a_reference_delays_only_destroy)
{
    boot();
    root = make("P", device);
    kept = make("A", root);
    make("B", root);
    WdfObjectReference(kept);
    WdfObjectDelete(root);
    log_is("~A ~B ~P !B !P");
    WdfObjectDereference(kept);
    log_is("!A");
    finish();
}

/* RULE K-OBJ-5: Dropping the last reference of an object that was not deleted and has a parent is bug check WDF_VIOLATION with parameter 0x7. */
TEST(K_OBJ_5_dereference_instead_of_delete, .code = 0x10D, .p1 = 7)
{
    boot();
    WdfObjectDereference(make("P", device));
}

/* RULE K-OBJ-5: A device whose reference count reaches zero without removal is bug check WDF_VIOLATION with parameter 0x7. */
TEST(K_OBJ_5_dereference_of_a_device, .code = 0x10D, .p1 = 7)
{
    boot();
    WdfObjectDereference(device);
}

/* RULE K-OBJ-6: Deleting a still-referenced object twice is reported. */
TEST(K_OBJ_6_deleted_twice, MISUSE)
{
    boot();
    root = make("P", device);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    WdfObjectDelete(root);
}

/* RULE K-OBJ-6: Deleting an object again after its last reference went is the use of a stale handle. */
TEST(K_OBJ_6_deleted_after_its_end, .code = 0x10D, .p1 = 5)
{
    boot();
    root = make("P", device);
    WdfObjectDelete(root);
    WdfObjectDelete(root);
}

/* RULE K-OBJ-7: A deleted child leaves its parent's list. */
TEST(K_OBJ_7_a_deleted_child_leaves_the_parent)
{
    boot();
    root = make("P", device);
    WdfObjectDelete(make("A", root));
    log_is("~A !A");
    WdfObjectDelete(root);
    log_is("~P !P");
    finish();
}

static void delete_sibling(WDFOBJECT o)
{
    if (o == child[0])
        WdfObjectDelete(child[1]);
}

/* RULE K-OBJ-7: Deleting a child while its parent is disposing is noted, not fatal; the parent finishes the child, once. */
TEST(K_OBJ_7_delete_while_the_parent_disposes)
{
    plan.cleanup = delete_sibling;
    boot();
    root = make("P", device);
    child[0] = make("A", root), child[1] = make("B", root);
    WdfObjectDelete(root);
    log_is("~A ~B ~P !A !B !P");
    finish();
}

/* ---- Order ---- */

/* RULE K-OBJ-10: The cleanup callbacks of a tree of objects run children first, siblings in order of creation. */
/* RULE K-OBJ-11: The destroy callbacks of a tree of objects run deepest first, children oldest first, the root last. */
/* RULE K-OBJ-12: Every cleanup callback of a tree of objects precedes every destroy callback of it. */
/* RULE F-DRV-19: An object's children are disposed before its EvtCleanup runs; EvtDestroy comes when the last reference goes. */
TEST(K_OBJ_10_cleanups_then_destroys)
{
    boot();
    tree(device);
    WdfObjectDelete(root);
    log_is("~A1 ~A2 ~A ~B ~P !A1 !A2 !A !B !P");
    finish();
}

/* RULE K-OBJ-12: An object that was deleted earlier and is released only now may be destroyed before the cleanups of a tree are over. */
TEST(K_OBJ_12_deleted_earlier)
{
    boot();
    tree(device);
    kept = make("C", root);
    WdfObjectReference(kept);
    WdfObjectDelete(kept);
    log_is("~C");
    WdfObjectDelete(root);
    log_is("~A1 ~A2 ~A ~B ~P !A1 !A2 !A !B !P");
    WdfObjectDereference(kept);
    log_is("!C");
    finish();
}

/* RULE K-OBJ-13: An object's EvtCleanup and EvtDestroy run exactly once each. */
TEST(K_OBJ_13_each_once)
{
    boot();
    root = make("P", device);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    WdfObjectDereference(root);
    log_is("~P !P");
    finish();
}

typedef struct { int unused; } SECOND;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(SECOND, second)
static VOID second_cleanup(WDFOBJECT o) { say("~2"); }
static VOID second_destroy(WDFOBJECT o) { say("!2"); }

static void add_second(WDFOBJECT o)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&a, SECOND);
    a.EvtCleanupCallback = second_cleanup;
    a.EvtDestroyCallback = second_destroy;
    assert_int_equal(WdfObjectAllocateContext(o, &a, NULL), STATUS_SUCCESS);
}

/* RULE K-OBJ-14: An object's contexts are all cleaned up, then destroyed, in the order in which they were added. */
/* RULE K-OBJ-45: Each added context has cleanup and destroy callbacks of its own; the parameter that returns its address may be NULL. */
TEST(K_OBJ_14_contexts_in_order)
{
    boot();
    root = make("P", device);
    add_second(root);
    WdfObjectDelete(root);
    log_is("~P ~2 !P !2");
    finish();
}

/* RULE K-OBJ-15: A create that fails calls neither cleanup nor destroy of its object. */
TEST(K_OBJ_15_failed_create_calls_nothing)
{
    boot();
    root = make("P", device);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    log_is("~P");
    make("A", root);
    assert_int_equal(created, STATUS_DELETE_PENDING);
    log_is("");
    WdfObjectDereference(root);
    log_is("!P");
    finish();
}

static void look_up_in_destroy(WDFOBJECT o)
{
    if (o != root)
        return;
    assert_int_equal(object(o)->references, 0);
    assert_true(named(o) != NULL && second(o) == NULL);
    kept = o;
}

/* RULE K-OBJ-16: Inside EvtDestroy the object's reference count is 0, and looking up its contexts works. */
TEST(K_OBJ_16_lookup_in_destroy)
{
    plan.destroy = look_up_in_destroy;
    boot();
    root = make("P", device);
    WdfObjectDelete(root);
    assert_true(kept == root);
    finish();
}

static void look_up_in_cleanup(WDFOBJECT o)
{
    WDFTIMER t = (WDFTIMER)child[0];
    if (o != t)
        return;
    assert_true(named(o) != NULL);
    assert_true(WdfTimerGetParentObject(t) == root && named(root) != NULL);
    kept = o;
}

/* RULE K-OBJ-17: Inside EvtCleanup contexts, getters and the parent's handle work; the parent is not cleaned up yet. */
TEST(K_OBJ_17_valid_in_cleanup)
{
    plan.cleanup = look_up_in_cleanup;
    boot();
    root = make("P", device);
    child[0] = make_timer("T", root);
    WdfObjectDelete(root);
    assert_true(kept == child[0]);
    log_is("~T ~P !T !P");
    finish();
}

static void start_in_cleanup(WDFOBJECT o)
{
    if (o == child[0])
        assert_false(WdfTimerStart((WDFTIMER)o, WDF_REL_TIMEOUT_IN_MS(1)));
}

/* RULE K-OBJ-18: A timer is stopped before its EvtCleanup. */
/* RULE K-OBJ-19: After a timer was disposed its callback cannot run any more. */
TEST(K_OBJ_18_a_timer_stops_before_its_cleanup)
{
    plan.cleanup = start_in_cleanup;
    boot();
    root = make("P", device);
    child[0] = make_timer("T", root);
    WdfTimerStart((WDFTIMER)child[0], WDF_REL_TIMEOUT_IN_MS(5));
    WdfObjectDelete(root);
    pass_ms(20);
    log_is("~T ~P !T !P");
    finish();
}

/* RULE K-OBJ-19: A parent's EvtCleanup does not begin before a child's work item has ended. */
TEST(K_OBJ_19_cleanup_waits_for_the_work_item)
{
    boot();
    root = make("P", device);
    WdfWorkItemEnqueue(make_work("W", root));
    WdfObjectDelete(root);
    log_is("work ~W ~P !W !P");
    finish();
}

/* ---- IRQL ---- */

static void say_irql(WDFOBJECT o) { say(KeGetCurrentIrql() == PASSIVE_LEVEL ? "0" : "2"); }

/* RULE K-OBJ-20: EvtCleanup and EvtDestroy run at the IRQL of whoever deletes the object. */
/* RULE K-OBJ-23: Objects without a passive one among or below them are disposed in the caller's context, also at DISPATCH_LEVEL. */
TEST(K_OBJ_20_at_the_callers_irql)
{
    plan.cleanup = plan.destroy = say_irql;
    boot();
    root = make("P", device);
    make("A", root);
    delete_at_dispatch(root);
    log_is("~A 2 ~P 2 !A 2 !P 2 returned");
    plan.cleanup = plan.destroy = NULL;
    finish();
}

static WDFOBJECT make_passive(const char *name, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o = NULL;
    name_attributes(&a, parent);
    a.ExecutionLevel = WdfExecutionLevelPassive;
    assert_int_equal(WdfObjectCreate(&a, &o), STATUS_SUCCESS);
    named(o)->name = name;
    return o;
}

/* Deletes it at DISPATCH_LEVEL and says whether its cleanup came later, at PASSIVE_LEVEL. */
static void expect_deferred(WDFOBJECT o)
{
    log_clear();
    delete_at_dispatch(o);
    log_is("returned");
    pass_ms(1);
    log_is("~x 0 !x 0");
}

/* RULE K-OBJ-21: Some types of object, and any object of passive execution level, have their cleanup at PASSIVE_LEVEL. */
TEST(K_OBJ_21_passive_types)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFSTRING string;
    WDFMEMORY memory;
    plan.cleanup = plan.destroy = say_irql;
    boot();
    expect_deferred(make_timer("x", device));
    expect_deferred(make_dpc("x", device));
    expect_deferred(make_work("x", device));
    expect_deferred(make_passive("x", device));
    name_attributes(&a, device);
    assert_int_equal(WdfStringCreate(NULL, &a, &string), STATUS_SUCCESS);
    named(string)->name = "x";
    expect_deferred(string);
    assert_int_equal(WdfMemoryCreate(&a, PagedPool, 0, 8, &memory, NULL), STATUS_SUCCESS);
    named(memory)->name = "x";
    expect_deferred(memory);
    plan.cleanup = plan.destroy = NULL;
    finish();
}

/* RULE K-OBJ-22: One descendant that needs PASSIVE_LEVEL moves the disposal of the whole tree to a work item; WdfObjectDelete returns before. */
TEST(K_OBJ_22_a_passive_child_defers_the_tree)
{
    boot();
    root = make("P", device);
    make_timer("T", make("A", root));
    delete_at_dispatch(root);
    log_is("returned");
    pass_ms(1);
    log_is("~T ~A ~P !T !A !P");
    finish();
}

/* RULE K-OBJ-24: The final release of an object with passive callbacks is deferred when it happens above PASSIVE_LEVEL. */
TEST(K_OBJ_24_final_release_is_deferred)
{
    plan.destroy = say_irql;
    boot();
    root = make_passive("P", device);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    log_is("~P");
    KIRQL irql = raise();
    WdfObjectDereference(root);
    say("returned");
    KeLowerIrql(irql);
    log_is("returned");
    pass_ms(1);
    log_is("!P 0");
    finish();
}

/* RULE K-OBJ-25: Deletions that were deferred to a work item run in their order, and removal waits for them. */
TEST(K_OBJ_25_deferred_in_order_and_awaited)
{
    boot();
    child[0] = make_timer("T", device), child[1] = make_timer("U", device), child[2] = make_timer("V", device);
    KIRQL irql = raise();
    for (int i = 2; i >= 0; i--)
        WdfObjectDelete(child[i]);
    KeLowerIrql(irql);
    finish();
    log_is("~V !V ~U !U ~T !T");
}

/* ---- Requests ---- */

static void request_attributes(PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_attributes(&a, NULL);
    WdfDeviceInitSetRequestAttributes(init, &a);
}

static struct sent *out;

static void say_done(WDFOBJECT o) { say(out && out->done ? "done" : "pending"); }

static void with_child(WDFREQUEST request)
{
    named(request)->name = "R";
    make("C", request);
    held[held_count++] = request;
}

/* RULE K-OBJ-60: Children and EvtCleanup of a request run before its IRP is completed, EvtDestroy after. */
/* RULE K-REQ-3: Completing a request cleans it up, completes its IRP, tells the queue and only then lets it go. */
TEST(K_OBJ_60_early_dispose)
{
    plan.init = request_attributes, plan.queue = sequential, plan.handle = with_child;
    plan.cleanup = plan.destroy = say_done;
    start();
    out = NULL;
    struct sent *s = send(IRP_MJ_READ, 4);
    out = s;
    WdfObjectReference(held[0]);
    complete(0, STATUS_SUCCESS, 0);
    log_is("read ~C pending ~R pending !C pending");
    assert_true(s->done);
    WdfObjectDereference(held[0]);
    log_is("!R done");
    plan.cleanup = plan.destroy = NULL;
    finish();
}

static void with_string(WDFREQUEST request)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFSTRING string;
    name_attributes(&a, request);
    assert_int_equal(WdfStringCreate(NULL, &a, &string), STATUS_SUCCESS);
    held[held_count++] = request;
}

/* RULE K-OBJ-60: Completing a request at DISPATCH_LEVEL that has a child to be disposed at PASSIVE_LEVEL is reported. */
TEST(K_OBJ_60_passive_child_at_dispatch, MISUSE)
{
    plan.queue = sequential, plan.handle = with_string;
    start();
    send(IRP_MJ_READ, 4);
    raise();
    complete(0, STATUS_SUCCESS, 0);
}

/* RULE K-OBJ-61: The driver sees neither cleanup nor destroy of a request that was never presented to it. */
TEST(K_OBJ_61_never_presented)
{
    plan.init = request_attributes, plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    named(held[0])->name = "R";
    assert_true(io_cancel_irp(send(IRP_MJ_READ, 4)->irp));
    log_is("read");
    complete(0, STATUS_SUCCESS, 0);
    log_is("~R !R");
    finish();
}

/* ---- Driver ---- */

static void named_driver(WDF_DRIVER_CONFIG *config, WDF_OBJECT_ATTRIBUTES *a) { name_attributes(a, NULL); }
static void name_driver(PDRIVER_OBJECT o) { named(driver)->name = "driver"; }
static void say_unload(void) { say("Unload"); }

/* RULE K-OBJ-62: Unload calls EvtDriverUnload, then deletes the driver: cleanups of its children, its own, then the destroys. */
/* RULE K-OBJ-36: An object whose parent is the driver outlives the device it was made for. */
TEST(K_OBJ_62_unload)
{
    plan.config = named_driver, plan.entry = name_driver, plan.unload = say_unload;
    boot();
    make("P", NULL);
    finish();
    log_is("Unload ~P ~driver !P !driver");
}

/* RULE K-OBJ-63: When DriverEntry fails after WdfDriverCreate, EvtDriverUnload is not called, but cleanup and destroy of the driver are. */
TEST(K_OBJ_63_failed_driver_entry)
{
    plan.config = named_driver, plan.entry = name_driver, plan.unload = say_unload, plan.entry_status = STATUS_UNSUCCESSFUL;
    boot();
    assert_true(nt == NULL);
    log_is("~driver !driver");
}

/* RULE K-OBJ-64: An object whose references were never all dropped is reported at unload. */
/* RULE V-WDF-54: Objects or references that a driver leaves at its unload are reported. */
TEST(K_OBJ_64_leaked_reference, .code = OWN_OBJECT_LEAK, .p1 = ANY)
{
    boot();
    WdfObjectReference(make("P", device));
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_OBJ_1_born_with_one_reference),
        cmocka_unit_test(K_OBJ_2_three_phases),
        cmocka_unit_test(K_OBJ_3_no_children_while_disposing),
        cmocka_unit_test(K_OBJ_4_a_reference_delays_only_destroy),
        cmocka_unit_test(K_OBJ_5_dereference_instead_of_delete),
        cmocka_unit_test(K_OBJ_5_dereference_of_a_device),
        cmocka_unit_test(K_OBJ_6_deleted_twice),
        cmocka_unit_test(K_OBJ_6_deleted_after_its_end),
        cmocka_unit_test(K_OBJ_7_a_deleted_child_leaves_the_parent),
        cmocka_unit_test(K_OBJ_7_delete_while_the_parent_disposes),
        cmocka_unit_test(K_OBJ_10_cleanups_then_destroys),
        cmocka_unit_test(K_OBJ_12_deleted_earlier),
        cmocka_unit_test(K_OBJ_13_each_once),
        cmocka_unit_test(K_OBJ_14_contexts_in_order),
        cmocka_unit_test(K_OBJ_15_failed_create_calls_nothing),
        cmocka_unit_test(K_OBJ_16_lookup_in_destroy),
        cmocka_unit_test(K_OBJ_17_valid_in_cleanup),
        cmocka_unit_test(K_OBJ_18_a_timer_stops_before_its_cleanup),
        cmocka_unit_test(K_OBJ_19_cleanup_waits_for_the_work_item),
        cmocka_unit_test(K_OBJ_20_at_the_callers_irql),
        cmocka_unit_test(K_OBJ_21_passive_types),
        cmocka_unit_test(K_OBJ_22_a_passive_child_defers_the_tree),
        cmocka_unit_test(K_OBJ_24_final_release_is_deferred),
        cmocka_unit_test(K_OBJ_25_deferred_in_order_and_awaited),
        cmocka_unit_test(K_OBJ_60_early_dispose),
        cmocka_unit_test(K_OBJ_60_passive_child_at_dispatch),
        cmocka_unit_test(K_OBJ_61_never_presented),
        cmocka_unit_test(K_OBJ_62_unload),
        cmocka_unit_test(K_OBJ_63_failed_driver_entry),
        cmocka_unit_test(K_OBJ_64_leaked_reference),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
