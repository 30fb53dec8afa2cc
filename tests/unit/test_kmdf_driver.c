/*
 * The driver object, EvtDriverDeviceAdd, WDFDEVICE_INIT and WdfDeviceCreate (K-DRV-1..46).
 */
#include "kmdf_world.h"

static PDRIVER_OBJECT object;
static PWDFDEVICE_INIT saved_init;
static NTSTATUS seen;
static const WCHAR path_text[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\world";

/* ---- WdfDriverCreate ---- */

/* A second WdfDriverCreate of a DRIVER_OBJECT that has no framework driver yet: called before the world's own. */
static NTSTATUS create_with(ULONG size, ULONG flags, PFN_WDF_DRIVER_DEVICE_ADD add, PCUNICODE_STRING path, PWDF_OBJECT_ATTRIBUTES a)
{
    WDF_DRIVER_CONFIG c;
    UNICODE_STRING good = text_of(path_text);
    WDF_DRIVER_CONFIG_INIT(&c, add);
    c.Size = size;
    c.DriverInitFlags = flags;
    return WdfDriverCreate(object, path ? path : &good, a, &c, NULL);
}

static NTSTATUS no_device(WDFDRIVER d, PWDFDEVICE_INIT init) { return STATUS_SUCCESS; }

static void try_creates(PDRIVER_OBJECT o)
{
    const ULONG size = sizeof(WDF_DRIVER_CONFIG);
    UNICODE_STRING odd = {3, 4, (PWCH)path_text}, longer = {8, 4, (PWCH)path_text};
    WDF_OBJECT_ATTRIBUTES a;
    object = o;
    /* The world's own create has succeeded: take it away for a moment. */
    void *framework = ((struct nt_driver *)o)->framework;
    ((struct nt_driver *)o)->framework = NULL;
    assert_int_equal(create_with(size + 1, 0, no_device, NULL, NULL), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(size, 0x8000, no_device, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(size, 0, no_device, &odd, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(size, 0, no_device, &longer, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(size, WdfDriverInitNonPnpDriver, no_device, NULL, NULL), STATUS_INVALID_PARAMETER);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = driver;
    assert_int_equal(create_with(size, 0, no_device, NULL, &a), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    ((struct nt_driver *)o)->framework = framework;
    assert_int_equal(create_with(size, 0, no_device, NULL, NULL), STATUS_DRIVER_INTERNAL_ERROR);
    assert_int_equal(create_with(size + 1, 0, no_device, NULL, NULL), STATUS_INFO_LENGTH_MISMATCH);
    seen = STATUS_ALERTED;
}

/* RULE K-DRV-1: WdfDriverCreate refuses a wrong config size, unknown flags, a malformed registry path, a second call, and an EvtDriverDeviceAdd of a non-PnP driver. */
TEST(K_DRV_1_driver_create_refuses)
{
    seen = 0;
    plan.entry = try_creates;
    boot();
    assert_int_equal(seen, STATUS_ALERTED);
    finish();
}

static void null_config(PDRIVER_OBJECT o)
{
    UNICODE_STRING path = text_of(path_text);
    WdfDriverCreate(o, &path, NULL, NULL, NULL);
}

/* RULE K-DRV-1: WdfDriverCreate with a NULL config is bug check WDF_VIOLATION with parameter 0x4. */
TEST(K_DRV_1_null_config, .code = 0x10D, .p1 = 4)
{
    plan.entry = null_config;
    boot();
}

static void keep_object(PDRIVER_OBJECT o)
{
    object = o;
    assert_true(driver != NULL && WdfGetDriver() == driver); /* K-DRV-3 */
}

/* RULE K-DRV-2: WdfDriverCreate takes over the driver's dispatch table, AddDevice and DriverUnload. */
/* RULE K-DRV-3: The driver handle and WdfGetDriver() are valid when WdfDriverCreate returns. */
TEST(K_DRV_2_takes_the_driver_object_over)
{
    plan.entry = keep_object;
    boot();
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        assert_true(object->MajorFunction[i] == object->MajorFunction[0] && object->MajorFunction[i] != NULL);
    assert_true(object->DriverExtension->AddDevice != NULL && object->DriverUnload != NULL);
    finish();
}

static void non_pnp(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    c->DriverInitFlags = WdfDriverInitNonPnpDriver;
    c->EvtDriverDeviceAdd = NULL;
}
static void look_at_non_pnp(PDRIVER_OBJECT o)
{
    assert_true(o->DriverExtension->AddDevice == NULL && o->DriverUnload != NULL);
    say("looked");
}

/* RULE K-DRV-2: A non-PnP framework driver has no AddDevice; it has a DriverUnload when it gave EvtDriverUnload. */
TEST(K_DRV_2_non_pnp_driver)
{
    plan.config = non_pnp, plan.entry = look_at_non_pnp;
    boot();
    log_is("looked");
    unload();
}

static void no_override(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    c->DriverInitFlags = WdfDriverInitNoDispatchOverride;
    c->EvtDriverDeviceAdd = NULL;
}
static void look_at_table(PDRIVER_OBJECT o)
{
    assert_true(o->MajorFunction[IRP_MJ_READ] == o->MajorFunction[IRP_MJ_PNP]); /* the I/O manager's default */
    assert_true(o->DriverExtension->AddDevice == NULL && o->DriverUnload != NULL);
    extern NTSTATUS fx_dispatch(PDEVICE_OBJECT, PIRP);
    assert_true((void *)o->MajorFunction[IRP_MJ_READ] != (void *)fx_dispatch);
    say("looked");
}

/* RULE K-DRV-2: The init flag WdfDriverInitNoDispatchOverride leaves the driver's dispatch table alone. */
TEST(K_DRV_2_no_dispatch_override)
{
    plan.config = no_override, plan.entry = look_at_table;
    boot();
    log_is("looked");
    unload();
}

/* RULE K-DRV-4: Unless the driver says otherwise, its devices have execution level Dispatch and synchronization scope None. */
/* RULE K-SYN-1: Execution level and synchronization scope come from the object, else from its device, else from the driver. */
TEST(K_DRV_4_defaults)
{
    boot();
    assert_int_equal(fx()->level, WdfExecutionLevelDispatch);
    assert_int_equal(fx()->scope, WdfSynchronizationScopeNone);
    finish();
}

static void passive_driver(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    a->ExecutionLevel = WdfExecutionLevelPassive;
    a->SynchronizationScope = WdfSynchronizationScopeDevice;
}

/* RULE K-DRV-4: Level and scope in the driver's own attributes are inherited by its devices. */
/* RULE K-SYN-1: A device that leaves level and scope to be inherited gets those of its driver. */
TEST(K_DRV_4_inherited_from_the_driver)
{
    plan.config = passive_driver;
    boot();
    assert_int_equal(fx()->level, WdfExecutionLevelPassive);
    assert_int_equal(fx()->scope, WdfSynchronizationScopeDevice);
    finish();
}

static void lock_of_driver(WDFDEVICE d)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    seen = KeAreApcsDisabled();
}

/* RULE K-DRV-5: With synchronization scope Device on the driver, EvtDriverDeviceAdd runs under the driver's mutex. */
TEST(K_DRV_5_device_add_under_the_driver_lock)
{
    plan.config = passive_driver, plan.add = lock_of_driver;
    boot();
    assert_true(seen);
    finish();
}

/* RULE K-DRV-5: Without a synchronization scope on the driver, EvtDriverDeviceAdd runs under no lock. */
/* RULE K-DRV-7: EvtDriverDeviceAdd runs at PASSIVE_LEVEL. */
TEST(K_DRV_5_device_add_without_lock)
{
    plan.add = lock_of_driver;
    boot();
    assert_false(seen);
    finish();
}

static void own_tag(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DriverPoolTag = 'gaTM'; }
static void default_tag(WDF_DRIVER_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DriverPoolTag = ' kdD'; }

/* RULE K-DRV-6: The framework allocates a driver's memory with the pool tag of its WDF_DRIVER_CONFIG. */
TEST(K_DRV_6_tag_of_the_config)
{
    plan.config = own_tag;
    boot();
    assert_int_equal(WdfDriverGlobals->DriverTag, 'gaTM');
    finish();
}

/* RULE K-DRV-6: A driver whose config has no pool tag, or 'Ddk ', gets one made of the first four characters of its service name. */
TEST(K_DRV_6_tag_of_the_service)
{
    plan.config = default_tag;
    boot();
    assert_int_equal(WdfDriverGlobals->DriverTag, 'lrow');
    finish();
}

static void say_unload(void)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    say("Unload");
}

static void name_device(WDF_OBJECT_ATTRIBUTES *a) { name_attributes(a, NULL); }
static void set_name(WDFDEVICE d) { named(d)->name = "device"; }

/* RULE K-DRV-7: EvtDriverUnload runs at PASSIVE_LEVEL when all devices are gone. */
TEST(K_DRV_7_unload_after_the_devices)
{
    plan.device = name_device, plan.add = set_name, plan.unload = say_unload;
    boot();
    finish();
    log_is("~device !device Unload");
}

/* RULE K-DRV-8: WdfDriverIsVersionAvailable says yes for versions up to 1.33, and no for parameters of a wrong Size. */
TEST(K_DRV_8_versions)
{
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS p;
    boot();
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&p, 1, 33);
    assert_true(WdfDriverIsVersionAvailable(driver, &p));
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&p, 1, 34);
    assert_false(WdfDriverIsVersionAvailable(driver, &p));
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&p, 2, 0);
    assert_false(WdfDriverIsVersionAvailable(driver, &p));
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&p, 1, 1);
    p.Size++;
    assert_false(WdfDriverIsVersionAvailable(driver, &p));
    finish();
}

/* RULE K-DRV-8: WdfDriverRetrieveVersionString returns the framework's version as text. */
TEST(K_DRV_8_version_string)
{
    static const WCHAR begin[] = L"Kernel Mode Driver Framework version ";
    WDFSTRING string;
    UNICODE_STRING text;
    boot();
    assert_int_equal(WdfStringCreate(NULL, NULL, &string), STATUS_SUCCESS);
    assert_int_equal(WdfDriverRetrieveVersionString(driver, string), STATUS_SUCCESS);
    WdfStringGetUnicodeString(string, &text);
    assert_false(memcmp(text.Buffer, begin, sizeof begin - sizeof(WCHAR)));
    finish();
}

/* RULE K-DRV-9: WdfDriverGetRegistryPath returns a NUL-terminated copy. */
TEST(K_DRV_9_registry_path)
{
    boot();
    PWSTR path = WdfDriverGetRegistryPath(driver);
    size_t n = 0;
    while (path[n])
        n++;
    assert_true(n > 5 && path[n - 5] == 'w' && path[n - 1] == 'd');
    finish();
}

/* RULE K-DRV-10: WdfDriverRegisterTraceInfo is not supported. */
TEST(K_DRV_10_trace_info)
{
    plan.entry = keep_object;
    boot();
    assert_int_equal(WdfDriverRegisterTraceInfo(object, NULL, NULL), STATUS_NOT_SUPPORTED);
    finish();
}

/* ---- EvtDriverDeviceAdd ---- */

static void keep_init(PWDFDEVICE_INIT init) { saved_init = init; }

/* RULE K-DRV-20: A WDFDEVICE_INIT that is used after EvtDriverDeviceAdd returned is a stale pointer. */
/* RULE V-WDF-44: A WDFDEVICE_INIT that WdfDeviceCreate consumed is not used again. */
TEST(K_DRV_20_init_used_later, MISUSE)
{
    plan.init = keep_init;
    boot();
    WdfDeviceInitSetExclusive(saved_init, TRUE);
}

static void filter_with_bad_parent(WDF_OBJECT_ATTRIBUTES *a) { a->ParentObject = driver; }
static void make_filter(PWDFDEVICE_INIT init) { WdfFdoInitSetFilter(init); }

static PDEVICE_OBJECT top(void) { return io_get_attached_device(node->pdo); }

/* RULE K-DRV-21: When EvtDriverDeviceAdd of a function driver fails, AddDevice fails. */
TEST(K_DRV_21_failing_function_driver)
{
    plan.device = filter_with_bad_parent;
    boot();
    assert_int_equal(created, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_true(top() == node->pdo);
    unload();
}

static NTSTATUS add_result;

/* A second device through AddDevice itself, whose result shows. */
static void add_again(void)
{
    PDRIVER_ADD_DEVICE add = object->DriverExtension->AddDevice;
    add_result = add(object, node->pdo);
}

/* RULE K-DRV-21: When EvtDriverDeviceAdd of a filter fails before it made a device, AddDevice succeeds all the same. */
TEST(K_DRV_21_failing_filter)
{
    plan.entry = keep_object;
    boot();
    plan.init = make_filter, plan.device = filter_with_bad_parent;
    add_again();
    assert_int_equal(created, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_int_equal(add_result, STATUS_SUCCESS);
    plan.init = NULL;
    add_again();
    assert_int_equal(add_result, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    finish();
}

static void initializing(WDFDEVICE d) { seen = !!(WdfDeviceWdmGetDeviceObject(d)->Flags & DO_DEVICE_INITIALIZING); }

/* RULE K-DRV-22: DO_DEVICE_INITIALIZING is cleared after EvtDriverDeviceAdd has returned. */
TEST(K_DRV_22_initializing_until_the_callback_returned)
{
    plan.add = initializing;
    boot();
    assert_true(seen);
    assert_false(WdfDeviceWdmGetDeviceObject(device)->Flags & DO_DEVICE_INITIALIZING);
    finish();
}

/* RULE K-DRV-23: An EvtDriverDeviceAdd that creates a device and then fails makes AddDevice fail, after cleanups, detaching and deletion of the device. */
TEST(K_DRV_23_created_then_failed)
{
    plan.device = name_device, plan.add = set_name, plan.add_status = STATUS_UNSUCCESSFUL;
    boot();
    log_is("~device !device");
    assert_true(top() == node->pdo);
    unload();
}

/* ---- WDFDEVICE_INIT ---- */

static WDF_PNPPOWER_EVENT_CALLBACKS pnp;
static void pnp_wrong_size(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&pnp);
    pnp.Size--;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &pnp);
}

/* RULE K-DRV-30: A device-init setter that returns no status reports a structure of a wrong Size. */
TEST(K_DRV_30_wrong_size, MISUSE) { plan.init = pnp_wrong_size, boot(); }

static void file_class_wrong(PWDFDEVICE_INIT init)
{
    WDF_FILEOBJECT_CONFIG c;
    WDF_FILEOBJECT_CONFIG_INIT(&c, NULL, NULL, NULL);
    c.FileObjectClass = 99;
    WdfDeviceInitSetFileObjectConfig(init, &c, NULL);
}

/* RULE K-DRV-30: WdfDeviceInitSetFileObjectConfig with an unknown file object class is reported. */
TEST(K_DRV_30_wrong_file_class, MISUSE) { plan.init = file_class_wrong, boot(); }

static NTSTATUS on_preprocess(WDFDEVICE d, PIRP irp) { return STATUS_SUCCESS; }

static void preprocess_twice(PWDFDEVICE_INIT init)
{
    UCHAR minors[] = {IRP_MN_QUERY_ID};
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, on_preprocess, IRP_MJ_PNP, minors, 1), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, on_preprocess, IRP_MJ_PNP, minors, 1), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, on_preprocess, IRP_MJ_MAXIMUM_FUNCTION + 1, NULL, 0),
                     STATUS_INVALID_PARAMETER);
    WdfDeviceInitSetIoType(init, WdfDeviceIoDirect);
    WdfDeviceInitSetIoType(init, WdfDeviceIoBuffered); /* the later call wins */
}

/* RULE K-DRV-31: Setters of a WDFDEVICE_INIT that are called twice replace; the preprocess minors of a major are set once, and the major is checked. */
TEST(K_DRV_31_called_twice)
{
    plan.init = preprocess_twice;
    boot();
    assert_int_equal(created, STATUS_SUCCESS);
    assert_true(WdfDeviceWdmGetDeviceObject(device)->Flags & DO_BUFFERED_IO);
    finish();
}

static PWDFDEVICE_INIT control_init(void)
{
    UNICODE_STRING sddl = text_of(L"D:P");
    return WdfControlDeviceInitAllocate(driver, &sddl);
}

/* RULE K-DRV-32: WdfFdoInitSetFilter on an init that is no function device's is reported. */
TEST(K_DRV_32_filter_of_a_control_init, MISUSE)
{
    boot();
    WdfFdoInitSetFilter(control_init());
}

static VOID pnp_state(WDFDEVICE d, PCWDF_DEVICE_PNP_NOTIFICATION_DATA data) {}

static void register_states(PWDFDEVICE_INIT init)
{
    assert_int_equal(WdfDeviceInitRegisterPnpStateChangeCallback(init, WdfDevStatePnpInvalid, pnp_state, StateNotificationEnterState),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceInitRegisterPnpStateChangeCallback(init, WdfDevStatePnpInit, pnp_state, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceInitRegisterPnpStateChangeCallback(init, WdfDevStatePnpInit, pnp_state, StateNotificationEnterState),
                     STATUS_SUCCESS);
}

/* RULE K-DRV-33: Registering a state notification with an invalid state, or with no type, is refused. */
TEST(K_DRV_33_state_notifications)
{
    plan.init = register_states;
    boot();
    assert_int_equal(created, STATUS_SUCCESS);
    finish();
}

/* RULE K-DRV-34: A WDFDEVICE_INIT that the driver allocated and WdfDeviceCreate did not consume is freed with WdfDeviceInitFree. */
/* RULE K-DRV-35: WdfControlDeviceInitAllocate returns a WDFDEVICE_INIT for a control device. */
TEST(K_DRV_34_init_free)
{
    boot();
    PWDFDEVICE_INIT init = control_init();
    assert_true(init != NULL);
    WdfDeviceInitFree(init);
    finish();
}

/* RULE V-WDF-44: A WDFDEVICE_INIT is freed once: a second WdfDeviceInitFree is reported. */
TEST(V_WDF_44_init_freed_twice, MISUSE)
{
    boot();
    PWDFDEVICE_INIT init = control_init();
    WdfDeviceInitFree(init);
    WdfDeviceInitFree(init);
}

/* RULE K-DRV-34: WdfDeviceCreate sets the init pointer it consumes to NULL, so that WdfDeviceInitFree of it is WDF_VIOLATION 0x4. */
TEST(K_DRV_34_init_free_null, .code = 0x10D, .p1 = 4) { boot(), WdfDeviceInitFree(NULL); }

static const struct chance no_control_init = {.fault_count = 1, .fault = {{DDI_WdfControlDeviceInitAllocate, 1, 1}}};

/* RULE K-DRV-35: WdfControlDeviceInitAllocate returns NULL when there is no memory. */
TEST(K_DRV_35_no_memory, .chance = &no_control_init)
{
    boot();
    assert_true(control_init() == NULL);
    finish();
}

/* ---- WdfDeviceCreate ---- */

static void named_init(PWDFDEVICE_INIT init)
{
    UNICODE_STRING name = text_of(L"\\Device\\World");
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
}

static void sddl_without_name(PWDFDEVICE_INIT init)
{
    UNICODE_STRING sddl = text_of(L"D:P");
    assert_int_equal(WdfDeviceInitAssignSDDLString(init, &sddl), STATUS_SUCCESS);
}

/* RULE K-DRV-40: WdfDeviceCreate refuses a security descriptor for a device without a name: STATUS_INVALID_SECURITY_DESCR. */
TEST(K_DRV_40_sddl_without_name)
{
    plan.init = sddl_without_name;
    boot();
    assert_int_equal(created, STATUS_INVALID_SECURITY_DESCR);
    unload();
}

static NTSTATUS filter_requirements(WDFDEVICE d, WDFIORESREQLIST list) { return STATUS_SUCCESS; }
static void add_without_remove(PWDFDEVICE_INIT init)
{
    WDF_FDO_EVENT_CALLBACKS c;
    WDF_FDO_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceFilterAddResourceRequirements = filter_requirements;
    WdfFdoInitSetEventCallbacks(init, &c);
}

/* RULE K-DRV-40: WdfDeviceCreate refuses EvtDeviceFilterAddResourceRequirements without EvtDeviceRemoveAddedResources. */
TEST(K_DRV_40_add_resources_without_remove)
{
    plan.init = add_without_remove;
    boot();
    assert_int_equal(created, STATUS_INVALID_DEVICE_STATE);
    unload();
}

static NTSTATUS first_status, second_status;
static WDFDEVICE control;

static void collide_and_retry(WDFDEVICE d)
{
    PWDFDEVICE_INIT init = control_init(), before = init;
    UNICODE_STRING taken = text_of(L"\\Device\\World"), other = text_of(L"\\Device\\Other");
    assert_int_equal(WdfDeviceInitAssignName(init, &taken), STATUS_SUCCESS);
    first_status = WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &control);
    assert_true(init == before);
    assert_int_equal(WdfDeviceInitAssignName(init, &other), STATUS_SUCCESS);
    second_status = WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &control);
    assert_true(init == NULL);
}

/* RULE K-DRV-40: WdfDeviceCreate fails when the device's name is taken. */
/* RULE K-DRV-41: A WdfDeviceCreate that fails leaves the init usable for another try; one that succeeds sets it to NULL. */
TEST(K_DRV_41_retry_with_another_name)
{
    plan.init = named_init, plan.add = collide_and_retry;
    boot();
    assert_int_equal(first_status, STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(second_status, STATUS_SUCCESS);
    WdfObjectDelete(control);
    finish();
}

static void name_device_context(WDF_OBJECT_ATTRIBUTES *a) { WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(a, NAMED); }

/* RULE K-DRV-42: DeviceExtension of a device is the driver's first context, and from the device's WDM objects a way leads back to the handle. */
TEST(K_DRV_42_wdm_objects)
{
    plan.device = name_device_context;
    boot();
    PDEVICE_OBJECT wdm = WdfDeviceWdmGetDeviceObject(device);
    assert_true(wdm->DeviceExtension == named(device));
    assert_true(WdfDeviceWdmGetAttachedDevice(device) == node->pdo && WdfDeviceWdmGetPhysicalDevice(device) == node->pdo);
    assert_true(WdfWdmDeviceGetWdfDeviceHandle(wdm) == device);
    finish();
}

static void direct(PWDFDEVICE_INIT init)
{
    WdfDeviceInitSetIoType(init, WdfDeviceIoDirect);
    WdfDeviceInitSetPowerInrush(init);
}

/* RULE K-DRV-43: The flags of a function device follow its I/O type and power settings. */
TEST(K_DRV_43_flags)
{
    plan.init = direct;
    boot();
    ULONG flags = WdfDeviceWdmGetDeviceObject(device)->Flags;
    assert_true(flags & DO_DIRECT_IO && flags & DO_POWER_INRUSH && !(flags & DO_BUFFERED_IO) && !(flags & DO_POWER_PAGABLE));
    finish();
}

/* RULE K-DRV-43: A function device has buffered I/O and is power-pageable by default. */
TEST(K_DRV_43_default_flags)
{
    boot();
    ULONG flags = WdfDeviceWdmGetDeviceObject(device)->Flags;
    assert_true(flags & DO_BUFFERED_IO && flags & DO_POWER_PAGABLE);
    finish();
}

/* RULE K-DRV-43: A filter copies flags, type and characteristics from the device below; a preprocess layer adds a stack location. */
TEST(K_DRV_43_filter_copies)
{
    plan.init = make_filter;
    boot();
    PDEVICE_OBJECT wdm = WdfDeviceWdmGetDeviceObject(device);
    assert_int_equal(wdm->DeviceType, node->pdo->DeviceType);
    assert_int_equal(wdm->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO), node->pdo->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO));
    assert_int_equal(wdm->StackSize, node->pdo->StackSize + 1);
    finish();
}

static void with_preprocess(PWDFDEVICE_INIT init)
{
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, on_preprocess, IRP_MJ_READ, NULL, 0), STATUS_SUCCESS);
}

/* RULE K-DRV-43: A preprocess callback makes the device need one more stack location, for the layer that calls it. */
TEST(K_DRV_43_stack_size)
{
    plan.init = with_preprocess;
    boot();
    assert_int_equal(WdfDeviceWdmGetDeviceObject(device)->StackSize, node->pdo->StackSize + 2);
    finish();
}

static void create_parts(WDFDEVICE d)
{
    assert_int_equal(WdfDeviceGetDevicePnpState(d), WdfDevStatePnpInit);
    make_timer("T", d);
    assert_int_equal(created, STATUS_SUCCESS);
}

/* RULE K-DRV-44: A device that was just created is in PnP state Init, and queues and timers can be made for it. */
TEST(K_DRV_44_init_after_creation)
{
    plan.queue = sequential, plan.add = create_parts;
    boot();
    finish();
}

static const struct { DEVICE_TYPE type; int boost; } boosts[] = {
    {FILE_DEVICE_DISK, 1}, {FILE_DEVICE_CD_ROM, 1}, {FILE_DEVICE_KEYBOARD, 6}, {FILE_DEVICE_MOUSE, 6}, {FILE_DEVICE_SERIAL_PORT, 2},
    {FILE_DEVICE_SOUND, 8}, {FILE_DEVICE_VIDEO, 1}, {FILE_DEVICE_NETWORK, 2}, {FILE_DEVICE_PARALLEL_PORT, 1}, {FILE_DEVICE_NAMED_PIPE, 2},
    {FILE_DEVICE_MAILSLOT, 2}, {FILE_DEVICE_UNKNOWN, 0}};
static int which;
static void typed(PWDFDEVICE_INIT init) { WdfDeviceInitSetDeviceType(init, boosts[which].type); }
static void boost_life(void)
{
    boot();
    assert_int_equal(fx()->default_boost, boosts[which].boost);
    finish();
}

/* RULE K-DRV-45: Requests of each device type are completed with that type's default priority boost. */
TEST(K_DRV_45_boosts)
{
    plan.init = typed;
    for (which = 0; which < (int)(sizeof boosts / sizeof *boosts); which++)
        boost_life();
}

/* RULE K-DRV-46: The getters of a device return its driver, default queue, states, characteristics and alignment requirement. */
TEST(K_DRV_46_getters)
{
    plan.queue = sequential;
    start();
    assert_true(WdfDeviceGetDriver(device) == driver && WdfDeviceGetDefaultQueue(device) == queue && WdfIoQueueGetDevice(queue) == device);
    assert_int_equal(WdfDeviceGetDevicePnpState(device), WdfDevStatePnpStarted);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0);
    assert_int_equal(WdfDeviceGetSystemPowerAction(device), PowerActionNone);
    WdfDeviceSetCharacteristics(device, FILE_DEVICE_SECURE_OPEN | FILE_REMOVABLE_MEDIA);
    assert_int_equal(WdfDeviceGetCharacteristics(device), FILE_DEVICE_SECURE_OPEN | FILE_REMOVABLE_MEDIA);
    WdfDeviceSetAlignmentRequirement(device, FILE_QUAD_ALIGNMENT);
    assert_int_equal(WdfDeviceGetAlignmentRequirement(device), FILE_QUAD_ALIGNMENT);
    finish();
}

/* RULE K-DRV-46: WdfDeviceGetDefaultQueue returns NULL for a device without default queue. */
TEST(K_DRV_46_no_default_queue)
{
    boot();
    assert_true(WdfDeviceGetDefaultQueue(device) == NULL);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DRV_1_driver_create_refuses),
        cmocka_unit_test(K_DRV_1_null_config),
        cmocka_unit_test(K_DRV_2_takes_the_driver_object_over),
        cmocka_unit_test(K_DRV_2_non_pnp_driver),
        cmocka_unit_test(K_DRV_2_no_dispatch_override),
        cmocka_unit_test(K_DRV_4_defaults),
        cmocka_unit_test(K_DRV_4_inherited_from_the_driver),
        cmocka_unit_test(K_DRV_5_device_add_under_the_driver_lock),
        cmocka_unit_test(K_DRV_5_device_add_without_lock),
        cmocka_unit_test(K_DRV_6_tag_of_the_config),
        cmocka_unit_test(K_DRV_6_tag_of_the_service),
        cmocka_unit_test(K_DRV_7_unload_after_the_devices),
        cmocka_unit_test(K_DRV_8_versions),
        cmocka_unit_test(K_DRV_8_version_string),
        cmocka_unit_test(K_DRV_9_registry_path),
        cmocka_unit_test(K_DRV_10_trace_info),
        cmocka_unit_test(K_DRV_20_init_used_later),
        cmocka_unit_test(K_DRV_21_failing_function_driver),
        cmocka_unit_test(K_DRV_21_failing_filter),
        cmocka_unit_test(K_DRV_22_initializing_until_the_callback_returned),
        cmocka_unit_test(K_DRV_23_created_then_failed),
        cmocka_unit_test(K_DRV_30_wrong_size),
        cmocka_unit_test(K_DRV_30_wrong_file_class),
        cmocka_unit_test(K_DRV_31_called_twice),
        cmocka_unit_test(K_DRV_32_filter_of_a_control_init),
        cmocka_unit_test(K_DRV_33_state_notifications),
        cmocka_unit_test(K_DRV_34_init_free),
        cmocka_unit_test(V_WDF_44_init_freed_twice),
        cmocka_unit_test(K_DRV_34_init_free_null),
        cmocka_unit_test(K_DRV_35_no_memory),
        cmocka_unit_test(K_DRV_40_sddl_without_name),
        cmocka_unit_test(K_DRV_40_add_resources_without_remove),
        cmocka_unit_test(K_DRV_41_retry_with_another_name),
        cmocka_unit_test(K_DRV_42_wdm_objects),
        cmocka_unit_test(K_DRV_43_flags),
        cmocka_unit_test(K_DRV_43_default_flags),
        cmocka_unit_test(K_DRV_43_filter_copies),
        cmocka_unit_test(K_DRV_43_stack_size),
        cmocka_unit_test(K_DRV_44_init_after_creation),
        cmocka_unit_test(K_DRV_45_boosts),
        cmocka_unit_test(K_DRV_46_getters),
        cmocka_unit_test(K_DRV_46_no_default_queue),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
