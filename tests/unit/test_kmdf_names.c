/*
 * Names, links and device interfaces (K-DRV-50, 51, 60..64), control devices (K-DRV-70..73), IRPs routed by hand (K-DRV-82, 83), and the
 * lists of objects (K-COL-1, K-STR-1).
 */
#include "kmdf_world.h"

static const GUID class = {0x1234, 5, 6, {7}}, other_class = {0x4321};
static NTSTATUS seen;
static PFILE_OBJECT file;
static WDFDEVICE control;

static void named_device(PWDFDEVICE_INIT init)
{
    UNICODE_STRING name = text_of(L"\\Device\\World");
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
}

static NTSTATUS link_as(WDFDEVICE d, const WCHAR *text)
{
    UNICODE_STRING u = text_of(text);
    return WdfDeviceCreateSymbolicLink(d, &u);
}

static bool same(WDFSTRING string, const WCHAR *text)
{
    UNICODE_STRING a, b = text_of(text);
    WdfStringGetUnicodeString(string, &a);
    return a.Length == b.Length && !memcmp(a.Buffer, b.Buffer, a.Length);
}

static WDFSTRING new_string(void)
{
    WDFSTRING s = NULL;
    assert_int_equal(WdfStringCreate(NULL, NULL, &s), STATUS_SUCCESS);
    return s;
}

/* ---- Names and links ---- */

/* RULE K-DRV-50: WdfDeviceCreateSymbolicLink refuses an empty link and a second one; a name that exists is a collision. */
TEST(K_DRV_50_symbolic_link)
{
    plan.init = named_device;
    start();
    assert_int_equal(link_as(device, L""), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(link_as(device, L"\\DosDevices\\World"), STATUS_SUCCESS);
    assert_int_equal(link_as(device, L"\\DosDevices\\Again"), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(open_path(L"\\??\\World", &file), STATUS_SUCCESS);
    close_file(file);
    finish();
}

/* RULE K-DRV-50: The symbolic link of a function device goes with its removal, not with a stop. */
TEST(K_DRV_50_link_deleted_at_removal)
{
    plan.init = named_device;
    start();
    assert_int_equal(link_as(device, L"\\DosDevices\\World"), STATUS_SUCCESS);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(open_path(L"\\??\\World", &file), STATUS_SUCCESS);
    close_file(file);
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    assert_int_equal(open_path(L"\\??\\World", &file), STATUS_OBJECT_NAME_NOT_FOUND);
    unload();
}

/* RULE K-DRV-51: WdfDeviceRetrieveDeviceName returns the device's name, or STATUS_INVALID_PARAMETER when it has none. */
TEST(K_DRV_51_device_name)
{
    plan.init = named_device;
    boot();
    WDFSTRING s = new_string();
    assert_int_equal(WdfDeviceRetrieveDeviceName(device, s), STATUS_SUCCESS);
    assert_true(same(s, L"\\Device\\World"));
    finish();
}

/* RULE K-DRV-51: WdfDeviceRetrieveDeviceName of a device without a name fails with STATUS_INVALID_PARAMETER. */
TEST(K_DRV_51_no_name)
{
    boot();
    assert_int_equal(WdfDeviceRetrieveDeviceName(device, new_string()), STATUS_INVALID_PARAMETER);
    finish();
}

/* ---- Interfaces ---- */

static bool enabled(unsigned index)
{
    LIST_ENTRY *e = fx()->own->interfaces.Flink;
    while (index--)
        e = e->Flink;
    return CONTAINING_RECORD(e, struct fx_interface, entry)->enabled;
}

static NTSTATUS add_interface(const WCHAR *reference)
{
    UNICODE_STRING u = reference ? text_of(reference) : (UNICODE_STRING){0};
    return WdfDeviceCreateDeviceInterface(device, &class, reference ? &u : NULL);
}

static void one_interface(WDFDEVICE d) { seen = add_interface(NULL); }
static NTSTATUS on_init(WDFDEVICE d)
{
    say(enabled(0) ? "on" : "off");
    return STATUS_SUCCESS;
}
static void look_in_init(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSelfManagedIoInit = on_init;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE K-DRV-60: A device interface may be created in AddDevice; creating the same one again makes another entry over the system's. */
/* RULE K-DRV-61: A device interface is enabled at the end of the start, after SelfManagedIoInit. */
TEST(K_DRV_61_enabled_by_start)
{
    plan.init = look_in_init, plan.add = one_interface;
    boot();
    assert_int_equal(seen, STATUS_SUCCESS);
    assert_int_equal(add_interface(NULL), STATUS_SUCCESS);
    assert_false(enabled(0));
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("off");
    assert_true(enabled(0) && enabled(1));
    finish();
}

static WDFSTRING interface_string(void)
{
    WDFSTRING s = new_string();
    assert_int_equal(WdfDeviceRetrieveDeviceInterfaceString(device, &class, NULL, s), STATUS_SUCCESS);
    return s;
}

/* RULE K-DRV-61: A device interface that is created after the start is not enabled until the driver enables it. */
TEST(K_DRV_61_created_after_start)
{
    start();
    assert_int_equal(add_interface(NULL), STATUS_SUCCESS);
    assert_false(enabled(0));
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_false(enabled(0));
    WdfDeviceSetDeviceInterfaceState(device, &class, NULL, TRUE);
    assert_true(enabled(0));
    finish();
}

/* RULE K-DRV-62: Device interfaces stay enabled across a stop and are disabled by removal; then opens through them fail. */
TEST(K_DRV_62_disabled_by_removal)
{
    UNICODE_STRING link;
    static WCHAR path[128];
    plan.add = one_interface;
    start();
    WdfStringGetUnicodeString(interface_string(), &link);
    memcpy(path, link.Buffer, link.Length);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    pnp_stop(node);
    assert_true(enabled(0));
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(open_path(path, &file), STATUS_SUCCESS);
    close_file(file);
    pnp_surprise_remove(node);
    assert_false(enabled(0));
    assert_false(NT_SUCCESS(open_path(path, &file)));
    finish();
}

/* RULE K-DRV-63: WdfDeviceSetDeviceInterfaceState matches the reference string exactly, NULL matching none only; no match is silent; before start the wish is kept. */
TEST(K_DRV_63_state_by_reference_string)
{
    UNICODE_STRING ref = text_of(L"ref"), wrong = text_of(L"re");
    boot();
    assert_int_equal(add_interface(NULL), STATUS_SUCCESS);
    assert_int_equal(add_interface(L"ref"), STATUS_SUCCESS);
    WdfDeviceSetDeviceInterfaceState(device, &class, &ref, FALSE);
    WdfDeviceSetDeviceInterfaceState(device, &class, &wrong, FALSE);
    WdfDeviceSetDeviceInterfaceState(device, &other_class, NULL, FALSE);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(enabled(0) && !enabled(1));
    WdfDeviceSetDeviceInterfaceState(device, &class, &ref, TRUE);
    WdfDeviceSetDeviceInterfaceState(device, &class, NULL, FALSE);
    assert_true(!enabled(0) && enabled(1));
    finish();
}

/* RULE K-DRV-63: After WdfDeviceSetDeviceInterfaceStateEx the start no longer decides whether the interface is enabled. */
TEST(K_DRV_63_state_ex)
{
    UNICODE_STRING ref = text_of(L"ref");
    boot();
    assert_int_equal(add_interface(NULL), STATUS_SUCCESS);
    assert_int_equal(add_interface(L"ref"), STATUS_SUCCESS);
    WdfDeviceSetDeviceInterfaceStateEx(device, &class, NULL, FALSE);
    WdfDeviceSetDeviceInterfaceStateEx(device, &class, &ref, TRUE);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(!enabled(0) && enabled(1));
    WdfDeviceSetDeviceInterfaceStateEx(device, &class, NULL, TRUE);
    assert_true(enabled(0));
    finish();
}

/* RULE K-DRV-64: Asking for the string of a device interface that does not exist returns STATUS_OBJECT_NAME_NOT_FOUND. */
TEST(K_DRV_64_interface_string)
{
    plan.add = one_interface;
    start();
    assert_int_equal(WdfDeviceRetrieveDeviceInterfaceString(device, &other_class, NULL, new_string()), STATUS_OBJECT_NAME_NOT_FOUND);
    UNICODE_STRING u;
    WdfStringGetUnicodeString(interface_string(), &u);
    assert_true(u.Length > 0);
    finish();
}

/* ---- Control devices ---- */

static void control_create(WDFDEVICE d)
{
    UNICODE_STRING sddl = text_of(L"D:P"), name = text_of(L"\\Device\\Control");
    WDF_OBJECT_ATTRIBUTES a;
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(driver, &sddl);
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
    name_attributes(&a, NULL);
    assert_int_equal(WdfDeviceCreate(&init, &a, &control), STATUS_SUCCESS);
    named(control)->name = "control";
}

static WDFQUEUE control_queue(bool is_default)
{
    WDF_IO_QUEUE_CONFIG c;
    WDFQUEUE q = NULL;
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&c, WdfIoQueueDispatchSequential);
    c.DefaultQueue = is_default;
    c.PowerManaged = WdfTrue;
    all_handlers(&c);
    created = WdfIoQueueCreate(control, &c, NULL, &q);
    return q;
}

/* RULE K-DRV-70: Opens of a control device fail until WdfControlFinishInitializing. */
/* RULE K-Q-1: The default queue of a control device is created before WdfControlFinishInitializing. */
TEST(K_DRV_70_finish_initializing)
{
    plan.add = control_create;
    start();
    assert_false(NT_SUCCESS(open_path(L"\\Device\\Control", &file)));
    control_queue(true);
    assert_int_equal(created, STATUS_SUCCESS);
    WdfControlFinishInitializing(control);
    assert_int_equal(open_path(L"\\Device\\Control", &file), STATUS_SUCCESS);
    close_file(file);
    WdfObjectDelete(control);
    finish();
}

/* RULE K-DRV-70: WdfControlFinishInitializing on a device that is no control device is reported. */
/* RULE V-WDF-45: WdfControlFinishInitializing is for control devices only. */
TEST(K_DRV_70_not_a_control_device, MISUSE) { boot(), WdfControlFinishInitializing(device); }

/* RULE K-DRV-71: A control device has no interfaces, no lower device, and its queues are not power-managed whatever they say. */
/* RULE K-Q-3: Queues of control devices are never power-managed. */
TEST(K_DRV_71_no_pnp)
{
    plan.add = control_create;
    start();
    assert_int_equal(WdfDeviceCreateDeviceInterface(control, &class, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_false(((struct fx_queue *)control_queue(false))->power_managed);
    assert_true(WdfDeviceWdmGetAttachedDevice(control) == NULL);
    WdfObjectDelete(control);
    finish();
}

static VOID on_shutdown(WDFDEVICE d) { say("shutdown"); }
static void shutdown_create(WDFDEVICE d)
{
    UNICODE_STRING sddl = text_of(L"D:P");
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(driver, &sddl);
    WdfControlDeviceInitSetShutdownNotification(init, on_shutdown, WdfDeviceShutdown);
    assert_int_equal(WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &control), STATUS_SUCCESS);
}

/* RULE K-DRV-73: IRP_MJ_SHUTDOWN of a control device calls its shutdown notification and completes with success. */
TEST(K_DRV_73_shutdown)
{
    plan.add = shutdown_create;
    start();
    WdfControlFinishInitializing(control);
    struct sent *s = send_io((struct io){.major = IRP_MJ_SHUTDOWN, .to = WdfDeviceWdmGetDeviceObject(control)});
    assert_int_equal(s->status, STATUS_SUCCESS);
    log_is("shutdown");
    WdfObjectDelete(control);
    finish();
}

/* ---- Properties ---- */

static NTSTATUS init_status, init_alloc, control_init_status;
static ULONG init_length;
static WCHAR init_text[32];
static WDFMEMORY init_memory;
static void ask_init(PWDFDEVICE_INIT init)
{
    init_status = WdfFdoInitQueryProperty(init, DevicePropertyEnumeratorName, sizeof init_text, init_text, &init_length);
    init_alloc = WdfFdoInitAllocAndQueryProperty(init, DevicePropertyHardwareID, PagedPool, NULL, &init_memory);
}

static bool holds(WDFMEMORY memory, const WCHAR *text, size_t zeros)
{
    size_t size, length = text_of(text).Length;
    const WCHAR *bytes = WdfMemoryGetBuffer(memory, &size);
    return size == length + zeros * sizeof(WCHAR) && !memcmp(bytes, text, length) && !bytes[length / sizeof(WCHAR)];
}

/* RULE K-DRV-52: WdfDeviceQueryProperty tells the needed length of a buffer that is too small, fails for what is unset, and has nothing for control devices. */
/* RULE W-PNP-72: IoGetDeviceProperty has a status each for a buffer that is too small, a property that is unset and a device that is no PDO. */
TEST(K_DRV_52_properties)
{
    ULONG length = 0, state = 7;
    WCHAR text[32];
    WDFMEMORY memory;
    plan.add = control_create;
    start();
    assert_int_equal(WdfDeviceQueryProperty(device, DevicePropertyEnumeratorName, 8, text, &length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 10);
    assert_int_equal(WdfDeviceQueryProperty(device, DevicePropertyEnumeratorName, 10, text, &length), STATUS_SUCCESS);
    assert_true(!memcmp(text, L"ROOT", 10));
    assert_int_equal(WdfDeviceQueryProperty(device, DevicePropertyInstallState, 4, &state, &length), STATUS_SUCCESS);
    assert_true(length == 4 && state == InstallStateInstalled);
    assert_int_equal(WdfDeviceQueryProperty(device, DevicePropertyFriendlyName, 64, text, &length), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(WdfDeviceQueryProperty(control, DevicePropertyEnumeratorName, 10, text, &length), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoGetDeviceProperty(WdfDeviceWdmGetDeviceObject(device), DevicePropertyEnumeratorName, 10, text, &length),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyPhysicalDeviceObjectName, sizeof text, text, &length), STATUS_SUCCESS);
    assert_true(!memcmp(text, L"\\Device\\", 16));
    assert_int_equal(WdfDeviceAllocAndQueryProperty(device, DevicePropertyHardwareID, PagedPool, NULL, &memory), STATUS_SUCCESS);
    assert_true(holds(memory, L"ROOT\\WORLD", 2));
    assert_int_equal(WdfDeviceAllocAndQueryProperty(device, DevicePropertyDeviceDescription, NonPagedPoolNx, NULL, &memory), STATUS_SUCCESS);
    assert_true(holds(memory, L"WORLD", 1));
    WdfObjectDelete(memory);
    assert_int_equal(WdfDeviceAllocAndQueryProperty(device, DevicePropertyAddress, PagedPool, NULL, &memory), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_true(memory == NULL);
    WdfObjectDelete(control);
    finish();
}

/* RULE K-DRV-52: A WDFDEVICE_INIT answers property queries before the device is created. */
TEST(K_DRV_52_properties_of_an_init)
{
    plan.init = ask_init;
    start();
    assert_true(init_status == STATUS_SUCCESS && init_length == 10 && !memcmp(init_text, L"ROOT", 10));
    assert_int_equal(init_alloc, STATUS_SUCCESS);
    assert_true(holds(init_memory, L"ROOT\\WORLD", 2));
    finish();
}

static void ask_control_init(WDFDEVICE d)
{
    UNICODE_STRING sddl = text_of(L"D:P");
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(driver, &sddl);
    control_init_status = WdfFdoInitQueryProperty(init, DevicePropertyEnumeratorName, 0, NULL, &init_length);
    WdfDeviceInitFree(init);
}

/* RULE K-DRV-32: A property query on the init of a device that is no function device returns STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_DRV_32_property_of_a_control_init)
{
    plan.add = ask_control_init;
    start();
    assert_int_equal(control_init_status, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static const struct chance property_fails = {.fault_count = 1, .fault = {{DDI_WdfDeviceAllocAndQueryProperty, 1, 1}}};
/* RULE K-DRV-52: WdfDeviceAllocAndQueryProperty fails when there is no memory. */
TEST(K_DRV_52_no_memory, .chance = &property_fails)
{
    WDFMEMORY memory;
    start();
    assert_int_equal(WdfDeviceAllocAndQueryProperty(device, DevicePropertyHardwareID, PagedPool, NULL, &memory), STATUS_INSUFFICIENT_RESOURCES);
    finish();
}

/* ---- Routing by hand ---- */

static WDFQUEUE target;
static ULONG flags;
static NTSTATUS preprocess(WDFDEVICE d, PIRP irp) { return seen = WdfDeviceWdmDispatchIrpToIoQueue(d, irp, target, flags); }
static VOID in_context(WDFDEVICE d, WDFREQUEST r)
{
    say("context");
    assert_int_equal(WdfDeviceEnqueueRequest(d, r), STATUS_SUCCESS);
}
static void preprocessing(PWDFDEVICE_INIT init)
{
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, preprocess, IRP_MJ_READ, NULL, 0), STATUS_SUCCESS);
    WdfDeviceInitSetIoInCallerContextCallback(init, in_context);
}
static void write_only(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoWrite = on_write; }

/* RULE K-DRV-82: WdfDeviceWdmDispatchIrpToIoQueue puts an IRP into the queue that the driver names, with a flag through EvtIoInCallerContext first. */
TEST(K_DRV_82_dispatch_to_queue)
{
    plan.init = preprocessing;
    start();
    target = make_queue(sequential), flags = WDF_DISPATCH_IRP_TO_IO_QUEUE_PREPROCESSED_IRP;
    send(IRP_MJ_READ, 4);
    log_is("read");
    assert_int_equal(seen, STATUS_PENDING);
    complete(0, STATUS_SUCCESS, 0);
    flags |= WDF_DISPATCH_IRP_TO_IO_QUEUE_INVOKE_INCALLERCTX_CALLBACK;
    send(IRP_MJ_READ, 4);
    log_is("context read");
    assert_true(WdfRequestGetIoQueue(held[1]) == target);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

/* RULE V-WDF-26: An IRP is not routed to a queue that has no use for it, nor with flags that nobody knows. */
/* RULE K-DRV-82: WdfDeviceWdmDispatchIrpToIoQueue refuses unknown flags, and a queue without handler for the major: STATUS_INVALID_PARAMETER. */
TEST(K_DRV_82_refused)
{
    plan.init = preprocessing;
    start();
    target = make_queue(sequential), flags = 0x80;
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_INVALID_PARAMETER);
    target = make_queue(write_only), flags = 0;
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_INVALID_PARAMETER);
    log_is("");
    finish();
}

/* RULE K-DRV-83: A power IRP that arrives after removal is completed with STATUS_DELETE_PENDING. */
TEST(K_DRV_83_after_removal)
{
    start();
    PDEVICE_OBJECT wdm = WdfDeviceWdmGetDeviceObject(device);
    fx()->own->removed = true;
    struct sent *s = send_io((struct io){.major = IRP_MJ_SYSTEM_CONTROL, .to = wdm});
    assert_int_equal(s->status, STATUS_DELETE_PENDING);
    fx()->own->removed = false;
    finish();
}

/* ---- Collections and strings ---- */

/* RULE K-COL-1: A WDFCOLLECTION is an ordered list with duplicates; membership is a reference, and does not hold EvtCleanup back. */
TEST(K_COL_1_collection)
{
    WDFCOLLECTION c;
    boot();
    assert_int_equal(WdfCollectionCreate(NULL, &c), STATUS_SUCCESS);
    assert_true(WdfCollectionGetFirstItem(c) == NULL && WdfCollectionGetLastItem(c) == NULL && WdfCollectionGetItem(c, 0) == NULL);
    WDFOBJECT p = make("P", device), q = make("Q", device);
    assert_int_equal(WdfCollectionAdd(c, p), STATUS_SUCCESS);
    assert_int_equal(WdfCollectionAdd(c, q), STATUS_SUCCESS);
    assert_int_equal(WdfCollectionAdd(c, p), STATUS_SUCCESS);
    assert_int_equal(WdfCollectionGetCount(c), 3);
    assert_true(WdfCollectionGetItem(c, 1) == q && WdfCollectionGetLastItem(c) == p && WdfCollectionGetItem(c, 3) == NULL);
    WdfCollectionRemove(c, p);
    assert_true(WdfCollectionGetFirstItem(c) == q);
    WdfObjectDelete(p);
    log_is("~P");
    WdfObjectDelete(c);
    log_is("!P");
    finish();
}

/* RULE K-STR-1: WdfStringCreate makes an empty string of a NULL source and refuses a malformed one. */
TEST(K_STR_1_string)
{
    UNICODE_STRING u, odd = {3, 4, (PWCH)L"ab"}, good = text_of(L"abc");
    WDFSTRING s;
    boot();
    WdfStringGetUnicodeString(new_string(), &u);
    assert_int_equal(u.Length, 0);
    assert_int_equal(WdfStringCreate(&odd, NULL, &s), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfStringCreate(&good, NULL, &s), STATUS_SUCCESS);
    assert_true(same(s, L"abc"));
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DRV_50_symbolic_link),
        cmocka_unit_test(K_DRV_50_link_deleted_at_removal),
        cmocka_unit_test(K_DRV_51_device_name),
        cmocka_unit_test(K_DRV_51_no_name),
        cmocka_unit_test(K_DRV_61_enabled_by_start),
        cmocka_unit_test(K_DRV_61_created_after_start),
        cmocka_unit_test(K_DRV_62_disabled_by_removal),
        cmocka_unit_test(K_DRV_63_state_by_reference_string),
        cmocka_unit_test(K_DRV_63_state_ex),
        cmocka_unit_test(K_DRV_64_interface_string),
        cmocka_unit_test(K_DRV_70_finish_initializing),
        cmocka_unit_test(K_DRV_70_not_a_control_device),
        cmocka_unit_test(K_DRV_71_no_pnp),
        cmocka_unit_test(K_DRV_73_shutdown),
        cmocka_unit_test(K_DRV_52_properties),
        cmocka_unit_test(K_DRV_52_properties_of_an_init),
        cmocka_unit_test(K_DRV_32_property_of_a_control_init),
        cmocka_unit_test(K_DRV_52_no_memory),
        cmocka_unit_test(K_DRV_82_dispatch_to_queue),
        cmocka_unit_test(K_DRV_82_refused),
        cmocka_unit_test(K_DRV_83_after_removal),
        cmocka_unit_test(K_COL_1_collection),
        cmocka_unit_test(K_STR_1_string),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
