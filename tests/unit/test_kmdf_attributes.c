/*
 * Attributes, parents, contexts and handles of framework objects (K-OBJ-30..54).
 */
#include "kmdf_world.h"

static WDFOBJECT root;
static WDF_OBJECT_ATTRIBUTES attributes;

typedef struct { ULONG value; ULONG more[3]; } SECOND;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(SECOND, second)
WDF_DECLARE_CUSTOM_TYPE(BLUE)

static NTSTATUS create_with(void (*change)(WDF_OBJECT_ATTRIBUTES *))
{
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    change(&attributes);
    WDFOBJECT o;
    NTSTATUS status = WdfObjectCreate(&attributes, &o);
    if (NT_SUCCESS(status))
        WdfObjectDelete(o);
    return status;
}

static WDF_OBJECT_CONTEXT_TYPE_INFO changed_type(void) { return *WDF_GET_CONTEXT_TYPE_INFO(SECOND); }

static void nothing(WDF_OBJECT_ATTRIBUTES *a) {}
static void wrong_size(WDF_OBJECT_ATTRIBUTES *a) { a->Size--, a->ExecutionLevel = 0; }
static void no_type_but_size(WDF_OBJECT_ATTRIBUTES *a) { a->ContextTypeInfo = NULL, a->ContextSizeOverride = 8; }
static void smaller(WDF_OBJECT_ATTRIBUTES *a) { a->ContextSizeOverride = sizeof(SECOND) - 1; }
static void larger(WDF_OBJECT_ATTRIBUTES *a) { a->ContextSizeOverride = sizeof(SECOND) + 1; }
static void level_zero(WDF_OBJECT_ATTRIBUTES *a) { a->ExecutionLevel = 0; }
static void level_beyond(WDF_OBJECT_ATTRIBUTES *a) { a->ExecutionLevel = WdfExecutionLevelDispatch + 1; }
static void scope_zero(WDF_OBJECT_ATTRIBUTES *a) { a->SynchronizationScope = 0; }
static void scope_beyond(WDF_OBJECT_ATTRIBUTES *a) { a->SynchronizationScope = WdfSynchronizationScopeNone + 1; }
static void scope_queue(WDF_OBJECT_ATTRIBUTES *a) { a->SynchronizationScope = WdfSynchronizationScopeQueue; }
static void scope_none(WDF_OBJECT_ATTRIBUTES *a) { a->SynchronizationScope = WdfSynchronizationScopeNone; }
static void level_passive(WDF_OBJECT_ATTRIBUTES *a) { a->ExecutionLevel = WdfExecutionLevelPassive; }

static WDF_OBJECT_CONTEXT_TYPE_INFO type;
static void type_size(WDF_OBJECT_ATTRIBUTES *a) { type = changed_type(), type.Size++, a->ContextTypeInfo = &type; }
static void type_name(WDF_OBJECT_ATTRIBUTES *a) { type = changed_type(), type.ContextName = NULL, a->ContextTypeInfo = &type; }

/* ---- Attributes ---- */

/* RULE K-OBJ-30: Object attributes are validated in a fixed order, and each kind of mistake has its own failure status. */
TEST(K_OBJ_30_validation_order)
{
    boot();
    assert_int_equal(create_with(nothing), STATUS_SUCCESS);
    assert_int_equal(create_with(wrong_size), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(type_size), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(type_name), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(no_type_but_size), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(smaller), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(larger), STATUS_SUCCESS);
    assert_int_equal(create_with(level_zero), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(level_beyond), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(scope_zero), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(scope_beyond), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    assert_int_equal(create_with(scope_queue), STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
    assert_int_equal(create_with(scope_none), STATUS_SUCCESS);
    WDFSPINLOCK lock;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    assert_int_equal(WdfSpinLockCreate(&attributes, &lock), STATUS_WDF_EXECUTION_LEVEL_INVALID);
    finish();
}


static void device_with_parent(WDF_OBJECT_ATTRIBUTES *a) { a->ParentObject = driver; }

/* RULE K-OBJ-30: A parent in the attributes is refused where the type forbids one, and its absence where the type requires one. */
TEST(K_OBJ_30_parents)
{
    WDF_TIMER_CONFIG c;
    WDFTIMER t;
    plan.device = device_with_parent;
    boot();
    assert_int_equal(created, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    assert_int_equal(WdfTimerCreate(&c, &attributes, &t), STATUS_WDF_PARENT_NOT_SPECIFIED);
    unload();
}

/* RULE K-OBJ-31: Zero-filled WDF_OBJECT_ATTRIBUTES are invalid; the INIT macro sets level and scope to inherit. */
TEST(K_OBJ_31_zeroed_attributes)
{
    WDFOBJECT o;
    boot();
    memset(&attributes, 0, sizeof attributes);
    attributes.Size = sizeof attributes;
    assert_int_equal(WdfObjectCreate(&attributes, &o), STATUS_WDF_OBJECT_ATTRIBUTES_INVALID);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    assert_int_equal(attributes.ExecutionLevel, WdfExecutionLevelInheritFromParent);
    assert_int_equal(attributes.SynchronizationScope, WdfSynchronizationScopeInheritFromParent);
    finish();
}

/* RULE K-OBJ-32: Creating an object below a parent that is being deleted returns STATUS_DELETE_PENDING. */
TEST(K_OBJ_32_parent_deleted)
{
    boot();
    root = make("P", device);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    make("A", root);
    assert_int_equal(created, STATUS_DELETE_PENDING);
    WdfObjectDereference(root);
    finish();
}

/* RULE K-OBJ-32: An object has one parent for life and cannot be its own: a second assignment fails. */
TEST(K_OBJ_32_one_parent)
{
    boot();
    root = make("P", device);
    struct fx_object *p = (struct fx_object *)root;
    assert_int_equal(fx_object_commit(p, p), STATUS_WDF_PARENT_IS_SELF);
    assert_int_equal(fx_object_commit(p, &fx()->object), STATUS_WDF_PARENT_ALREADY_ASSIGNED);
    finish();
}

static struct fx_object *parent_of(WDFOBJECT o) { return ((struct fx_object *)o)->parent; }

/* RULE K-OBJ-33: An object's default parent is the driver; timers, DPCs and work items need a device above them. */
TEST(K_OBJ_33_default_parents)
{
    WDFWAITLOCK lock;
    WDFMEMORY memory;
    plan.queue = sequential;
    boot();
    assert_true(parent_of(device) == (void *)driver);
    assert_true(parent_of(queue) == (void *)device);
    assert_int_equal(WdfWaitLockCreate(NULL, &lock), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 4, &memory, NULL), STATUS_SUCCESS);
    assert_true(parent_of(lock) == (void *)driver && parent_of(memory) == (void *)driver);
    assert_true(parent_of(make("P", NULL)) == (void *)driver);
    make_timer("T", driver);
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    make_dpc("D", driver);
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    make_work("W", driver);
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static void other_parent(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ParentObject = driver; }
static void own_parent(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { sequential(c, a), a->ParentObject = root; }

/* RULE K-OBJ-33: A queue's parent may be any object below the same device; such a queue can be deleted. */
TEST(K_OBJ_33_parent_of_a_queue)
{
    boot();
    make_queue(other_parent);
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    root = make("P", device);
    WDFQUEUE q = make_queue(own_parent);
    assert_int_equal(created, STATUS_SUCCESS);
    log_clear();
    WdfObjectDelete(root);
    log_is("~side ~P !side !P");
    q = make_queue(sequential);
    WdfObjectDelete(q);
    log_is("~side !side");
    finish();
}

/* RULE K-OBJ-34: WdfObjectDelete on an object that the driver may not delete is reported, and the object stays. */
/* RULE K-OBJ-33: WdfObjectDelete on the WDFDRIVER is reported: the framework deletes it at unload. */
/* RULE F-DRV-23: The driver object is one of those that WdfObjectDelete refuses. */
TEST(K_OBJ_34_delete_the_driver, MISUSE) { boot(), WdfObjectDelete(driver); }

/* RULE K-OBJ-34: WdfObjectDelete on the WDFDEVICE of a function device is reported: removal deletes it. */
/* RULE F-DRV-23: Function devices are among the objects that WdfObjectDelete refuses. */
TEST(K_OBJ_34_delete_the_device, MISUSE) { boot(), WdfObjectDelete(device); }

/* RULE K-OBJ-34: WdfObjectDelete on a device's default queue is reported: the queue goes with its device. */
/* RULE F-DRV-23: Default queues are among the objects that WdfObjectDelete refuses. */
TEST(K_OBJ_34_delete_the_default_queue, MISUSE)
{
    plan.queue = sequential;
    boot();
    WdfObjectDelete(queue);
}

/* RULE K-OBJ-34: WdfObjectDelete on a request that I/O delivered is reported. */
/* RULE F-DRV-23: A request that a queue delivered is ended by completing it, not by deleting it. */
TEST(K_OBJ_34_delete_a_request, MISUSE)
{
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    WdfObjectDelete(held[0]);
}

/* RULE K-OBJ-35: WdfObjectCreate takes an execution level but no scope. */
TEST(K_OBJ_35_level_but_no_scope)
{
    boot();
    assert_int_equal(create_with(level_passive), STATUS_SUCCESS);
    assert_int_equal(create_with(scope_queue), STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
    finish();
}

/* RULE K-OBJ-36: An object made with default attributes for a device stays until the driver goes. */
TEST(K_OBJ_36_default_parent_outlives_the_device)
{
    boot();
    make("P", NULL);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    log_is("");
    unload();
    log_is("~P !P");
}

/* RULE K-OBJ-37: The device of an object comes from its chain of parents. */
TEST(K_OBJ_37_device_from_the_parents)
{
    boot();
    WDFOBJECT deep = make("B", make("A", device));
    assert_true(((struct fx_object *)deep)->device == fx());
    assert_true(((struct fx_object *)make("C", NULL))->device == NULL);
    make_timer("T", deep);
    assert_int_equal(created, STATUS_SUCCESS);
    finish();
}

/* ---- Contexts ---- */

static NTSTATUS add(WDFOBJECT o, PVOID *context)
{
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    return WdfObjectAllocateContext(o, &attributes, context);
}

/* RULE K-OBJ-40: A context's identity is its type's UniqueType address. */
TEST(K_OBJ_40_identity_is_the_unique_type)
{
    boot();
    assert_int_equal(add(device, NULL), STATUS_SUCCESS);
    type = changed_type(); /* another object with the same name: another address, the same UniqueType */
    assert_true(WdfObjectGetTypedContextWorker(device, &type) == second(device));
    type.UniqueType = &type;
    assert_true(WdfObjectGetTypedContextWorker(device, &type) == NULL);
    finish();
}

/* RULE K-OBJ-42: An object's context memory is zeroed, and as large as ContextSizeOverride says. */
TEST(K_OBJ_42_zeroed_and_sized)
{
    WDFOBJECT o;
    boot();
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    attributes.ContextSizeOverride = 100;
    assert_int_equal(WdfObjectCreate(&attributes, &o), STATUS_SUCCESS);
    UCHAR *bytes = (UCHAR *)second(o);
    for (int i = 0; i < 100; i++)
        assert_int_equal(bytes[i], 0);
    bytes[99] = 1;
    WdfObjectDelete(o);
    finish();
}

/* RULE K-OBJ-43: The accessor of a context type that the object lacks returns NULL; a context of 0 bytes exists when its type was given. */
TEST(K_OBJ_43_missing_type)
{
    boot();
    root = make("P", device);
    assert_true(second(root) == NULL && named(root) != NULL);
    finish();
}

/* RULE K-OBJ-44: WdfObjectAllocateContext checks its arguments in a fixed order, each with its own status; a type that is there already is STATUS_OBJECT_NAME_EXISTS. */
TEST(K_OBJ_44_allocate_context)
{
    PVOID one, two;
    boot();
    root = make("P", device);
    assert_int_equal(WdfObjectAllocateContext(root, NULL, &one), STATUS_WDF_PARENT_NOT_SPECIFIED);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    attributes.ParentObject = device;
    assert_int_equal(WdfObjectAllocateContext(root, &attributes, &one), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    assert_int_equal(WdfObjectAllocateContext(root, &attributes, &one), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(add(root, &one), STATUS_SUCCESS);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    attributes.EvtCleanupCallback = on_cleanup; /* not installed */
    assert_int_equal(WdfObjectAllocateContext(root, &attributes, &two), STATUS_OBJECT_NAME_EXISTS);
    assert_true(one == two && second(root) == one);
    WdfObjectReference(root);
    WdfObjectDelete(root);
    log_is("~P");
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, WDF_CUSTOM_TYPE_BLUE);
    assert_int_equal(WdfObjectAllocateContext(root, &attributes, &one), STATUS_DELETE_PENDING);
    WdfObjectDereference(root);
    finish();
}

/* RULE K-OBJ-44: WdfObjectAllocateContext fails for the memory object inside a request, which takes no context. */
/* RULE K-REQ-22: The memory object that a request hands out is part of the request and takes no context. */
TEST(K_OBJ_44_embedded_memory)
{
    WDFMEMORY memory;
    plan.queue = sequential;
    start();
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestRetrieveOutputMemory(held[0], &memory), STATUS_SUCCESS);
    assert_int_equal(add(memory, NULL), STATUS_OBJECT_PATH_INVALID);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-OBJ-46: WdfObjectContextGetObject leads from a context back to its object, also from one that was added later. */
TEST(K_OBJ_46_object_of_a_context)
{
    PVOID one;
    boot();
    root = make("P", device);
    assert_int_equal(add(root, &one), STATUS_SUCCESS);
    assert_true(WdfObjectContextGetObject(one) == root && WdfObjectContextGetObject(named(root)) == root);
    finish();
}

/* RULE K-OBJ-47: A custom type is a tag on an object; adding it twice returns STATUS_OBJECT_NAME_EXISTS. */
TEST(K_OBJ_47_custom_types)
{
    boot();
    root = make("P", device);
    assert_false(WdfObjectIsCustomType(root, BLUE));
    assert_int_equal(WdfObjectAddCustomType(root, BLUE), STATUS_SUCCESS);
    assert_true(WdfObjectIsCustomType(root, BLUE));
    assert_int_equal(WdfObjectAddCustomType(root, BLUE), STATUS_OBJECT_NAME_EXISTS);
    finish();
}

/* ---- Handles, locks, parameters ---- */

/* RULE K-OBJ-50: A NULL handle given to a DDI is bug check WDF_VIOLATION with parameter 0x5. */
/* RULE V-WDF-39: The framework checks every handle that a DDI is given; NULL is not one. */
TEST(K_OBJ_50_null_handle, .code = 0x10D, .p1 = 5) { boot(), WdfObjectReference(NULL); }

/* RULE K-OBJ-50: A handle of another type than the DDI expects is bug check WDF_VIOLATION with parameter 0x5. */
TEST(K_OBJ_50_wrong_type, .code = 0x10D, .p1 = 5) { boot(), WdfDeviceGetDriver((WDFDEVICE)make("P", device)); }

/* RULE K-OBJ-50: A handle whose object is gone is found when a DDI is called with it. */
TEST(K_OBJ_50_stale_handle, .code = 0x10D, .p1 = 5, .words = "given the handle of object #1, which is deleted")
{
    boot();
    root = make("P", device);
    WdfObjectDelete(root);
    WdfObjectReference(root);
}

/* RULE K-OBJ-50: NULL for a pointer that a DDI requires is bug check WDF_VIOLATION with parameter 0x4. */
TEST(K_OBJ_50_null_parameter, .code = 0x10D, .p1 = 4) { boot(), WdfObjectCreate(NULL, NULL); }

/* RULE K-OBJ-51: WdfObjectAcquireLock works on a device, a queue, a driver or a file object. */
TEST(K_OBJ_51_objects_with_a_lock)
{
    plan.queue = sequential;
    boot();
    WDFOBJECT with[] = {device, queue, driver};
    for (int i = 0; i < 3; i++) {
        WdfObjectAcquireLock(with[i]);
        WdfObjectReleaseLock(with[i]);
    }
    finish();
}

/* RULE K-OBJ-51: WdfObjectAcquireLock on any type without a callback lock is bug check WDF_VIOLATION with parameter 0xB. */
/* RULE V-WDF-38: Calling WdfObjectAcquireLock on an object that has no lock is a bug check. */
TEST(K_OBJ_51_object_without_lock, .code = 0x10D, .p1 = 0xB) { boot(), WdfObjectAcquireLock(make("P", device)); }

/* RULE K-OBJ-51: WdfObjectReleaseLock on a type without a callback lock is bug check WDF_VIOLATION with parameter 0xB. */
TEST(K_OBJ_51_release_without_lock, .code = 0x10D, .p1 = 0xB) { boot(), WdfObjectReleaseLock(make("P", device)); }

static void passive_device(WDF_OBJECT_ATTRIBUTES *a) { a->ExecutionLevel = WdfExecutionLevelPassive; }

/* RULE K-OBJ-52: WdfObjectAcquireLock raises to DISPATCH_LEVEL when the object's execution level is dispatch. */
TEST(K_OBJ_52_lock_of_a_dispatch_device)
{
    boot();
    WdfObjectAcquireLock(device);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    WdfObjectReleaseLock(device);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    finish();
}

/* RULE K-OBJ-52: WdfObjectAcquireLock on an object of passive execution level enters a critical region and leaves the IRQL alone. */
TEST(K_OBJ_52_lock_of_a_passive_device)
{
    plan.device = passive_device;
    boot();
    WdfObjectAcquireLock(device);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeAreApcsDisabled());
    WdfObjectReleaseLock(device);
    assert_false(KeAreApcsDisabled());
    finish();
}

/* RULE K-OBJ-52: Acquiring an object's callback lock twice in one thread is bug check WDF_VIOLATION with parameter 0x2. */
/* RULE K-SYN-9: The callback lock is not recursive: a callback that already holds it may not acquire it. */
TEST(K_OBJ_52_acquired_twice, .code = 0x10D, .p1 = 2)
{
    boot();
    WdfObjectAcquireLock(device);
    WdfObjectAcquireLock(device);
}

/* RULE K-OBJ-52: Acquiring the callback lock of a passive object twice in one thread is bug check WDF_VIOLATION with parameter 0x2 too. */
TEST(K_OBJ_52_passive_acquired_twice, .code = 0x10D, .p1 = 2)
{
    plan.device = passive_device;
    boot();
    WdfObjectAcquireLock(device);
    WdfObjectAcquireLock(device);
}

/* RULE K-OBJ-53: WdfObjectQuery always returns STATUS_NOT_FOUND. */
TEST(K_OBJ_53_object_query)
{
    static const GUID guid;
    boot();
    assert_int_equal(WdfObjectQuery(device, &guid, 0, NULL), STATUS_NOT_FOUND);
    finish();
}

/* RULE K-OBJ-54: A DDI called above its IRQL is found out by the verifier. */
/* RULE K-BUG-3: A wrong IRQL, which the verifier would answer with STATUS_INVALID_DEVICE_REQUEST after its break, is reported. */
/* RULE V-WDF-35: Each framework DDI has a highest IRQL, and a call above it is reported. */
TEST(K_OBJ_54_irql_of_a_ddi, MISUSE)
{
    KIRQL irql;
    WDFSTRING string;
    boot();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    WdfStringCreate(NULL, NULL, &string);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_OBJ_30_validation_order),
        cmocka_unit_test(K_OBJ_30_parents),
        cmocka_unit_test(K_OBJ_31_zeroed_attributes),
        cmocka_unit_test(K_OBJ_32_parent_deleted),
        cmocka_unit_test(K_OBJ_32_one_parent),
        cmocka_unit_test(K_OBJ_33_default_parents),
        cmocka_unit_test(K_OBJ_33_parent_of_a_queue),
        cmocka_unit_test(K_OBJ_34_delete_the_driver),
        cmocka_unit_test(K_OBJ_34_delete_the_device),
        cmocka_unit_test(K_OBJ_34_delete_the_default_queue),
        cmocka_unit_test(K_OBJ_34_delete_a_request),
        cmocka_unit_test(K_OBJ_35_level_but_no_scope),
        cmocka_unit_test(K_OBJ_36_default_parent_outlives_the_device),
        cmocka_unit_test(K_OBJ_37_device_from_the_parents),
        cmocka_unit_test(K_OBJ_40_identity_is_the_unique_type),
        cmocka_unit_test(K_OBJ_42_zeroed_and_sized),
        cmocka_unit_test(K_OBJ_43_missing_type),
        cmocka_unit_test(K_OBJ_44_allocate_context),
        cmocka_unit_test(K_OBJ_44_embedded_memory),
        cmocka_unit_test(K_OBJ_46_object_of_a_context),
        cmocka_unit_test(K_OBJ_47_custom_types),
        cmocka_unit_test(K_OBJ_50_null_handle),
        cmocka_unit_test(K_OBJ_50_wrong_type),
        cmocka_unit_test(K_OBJ_50_stale_handle),
        cmocka_unit_test(K_OBJ_50_null_parameter),
        cmocka_unit_test(K_OBJ_51_objects_with_a_lock),
        cmocka_unit_test(K_OBJ_51_object_without_lock),
        cmocka_unit_test(K_OBJ_51_release_without_lock),
        cmocka_unit_test(K_OBJ_52_lock_of_a_dispatch_device),
        cmocka_unit_test(K_OBJ_52_lock_of_a_passive_device),
        cmocka_unit_test(K_OBJ_52_acquired_twice),
        cmocka_unit_test(K_OBJ_52_passive_acquired_twice),
        cmocka_unit_test(K_OBJ_53_object_query),
        cmocka_unit_test(K_OBJ_54_irql_of_a_ddi),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
