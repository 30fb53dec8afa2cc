/* WMI providers and instances of the framework: K-WMI-1, K-WMI-2, and where WMI stands in start and removal (K-PNP-11, 41, 42, K-DRV-70, 83). */
#include "pnp_world.h"
#include <wmistr.h>

struct data {
    ULONG level, count;
};

static const GUID data_guid = {0x10203040, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, event_guid = {0x50607080, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID no_guid = {0x90909090, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

typedef struct { struct data data; } DATA_CONTEXT;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DATA_CONTEXT, data_of)

/* What the callbacks answer. */
static struct {
    NTSTATUS query, set, item, method, control;
    ULONG used_too_many, needed;
    bool nothing_used;
} reply;
static WDFWMIINSTANCE instance[2];
static WDFWMIPROVIDER provider;
static NTSTATUS instance_status;
static KIRQL irql_there;

static NTSTATUS on_query(WDFWMIINSTANCE i, ULONG size, PVOID buffer, PULONG used)
{
    say("query");
    irql_there = KeGetCurrentIrql();
    *used = reply.needed ? reply.needed : sizeof(struct data) + reply.used_too_many;
    if (size < sizeof(struct data))
        return STATUS_BUFFER_TOO_SMALL;
    if (NT_SUCCESS(reply.query))
        memcpy(buffer, &data_of(i)->data, sizeof(struct data));
    return reply.query;
}

static NTSTATUS on_set(WDFWMIINSTANCE i, ULONG size, PVOID buffer)
{
    say("set");
    if (NT_SUCCESS(reply.set))
        memcpy(&data_of(i)->data, buffer, sizeof(struct data));
    return reply.set;
}

static NTSTATUS on_item(WDFWMIINSTANCE i, ULONG item, ULONG size, PVOID buffer)
{
    char word[24];
    irpfuzz_snprintf(word, sizeof word, "item%u:%u", (unsigned)item, (unsigned)size);
    say(word);
    return reply.item;
}

static NTSTATUS on_method(WDFWMIINSTANCE i, ULONG method, ULONG in, ULONG out, PVOID buffer, PULONG used)
{
    say("method");
    *used = reply.nothing_used ? 0 : sizeof(ULONG);
    if (out < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    if (in >= sizeof(ULONG))
        ++*(ULONG *)buffer;
    return reply.method;
}

static NTSTATUS on_function_control(WDFWMIPROVIDER p, WDF_WMI_PROVIDER_CONTROL what, BOOLEAN enable)
{
    say(what == WdfWmiEventControl ? enable ? "events+" : "events-" : enable ? "data+" : "data-");
    assert_int_equal(WdfWmiProviderIsEnabled(p, what), enable);
    return reply.control;
}

/* ---- Making them ---- */

static WDF_WMI_PROVIDER_CONFIG provider_config;
static WDF_WMI_INSTANCE_CONFIG config;
static WDF_OBJECT_ATTRIBUTES attributes;

static void configure(void)
{
    WDF_WMI_PROVIDER_CONFIG_INIT(&provider_config, &data_guid);
    provider_config.MinInstanceBufferSize = sizeof(struct data);
    provider_config.EvtWmiProviderFunctionControl = on_function_control;
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&config, &provider_config);
    config.Register = TRUE;
    config.EvtWmiInstanceQueryInstance = on_query;
    config.EvtWmiInstanceSetInstance = on_set;
    config.EvtWmiInstanceSetItem = on_item;
    config.EvtWmiInstanceExecuteMethod = on_method;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, DATA_CONTEXT);
}

static NTSTATUS make_instance(WDFDEVICE d) { return instance_status = WdfWmiInstanceCreate(d, &config, &attributes, &instance[0]); }

static void add_instance(WDFDEVICE d)
{
    make_instance(d);
    if (NT_SUCCESS(instance_status))
        data_of(instance[0])->data = (struct data){10, 11};
}

static void begin_with(void (*add)(WDFDEVICE))
{
    memset(&reply, 0, sizeof reply);
    configure();
    plan.add = add;
    start();
    pass_ms(1);
    log_clear();
}

static void begin(void) { begin_with(add_instance); }

static NTSTATUS ask(unsigned operation, const GUID *guid, ULONG index, ULONG id, const void *in, ULONG in_size, void *out, ULONG *out_size)
{
    struct wmi_call call = {.pdo = node->pdo, .guid = guid, .operation = operation, .instance = index, .id = id, .in = in, .in_size = in_size, .out = out,
                            .out_size = out_size ? *out_size : 0};
    gate_enter(DDI_IoWMIOpenBlock, 0, 0);
    NTSTATUS status = wmi_call(&call);
    gate_leave(0);
    if (out_size)
        *out_size = call.returned;
    return status;
}

static NTSTATUS query(ULONG index, struct data *d, ULONG *size) { return ask(WMI_CALL_QUERY, &data_guid, index, 0, NULL, 0, d, size); }
static NTSTATUS exists(const GUID *guid) { return ask(WMI_CALL_ENABLE_EVENTS, guid, 0, 0, NULL, 0, NULL, NULL); }

/* ---- K-WMI-1 ---- */

static NTSTATUS make_provider(WDFDEVICE d) { return WdfWmiProviderCreate(d, &provider_config, NULL, &provider); }

/* RULE K-WMI-1: WdfWmiProviderCreate refuses a wrong Size, unknown flags, and tracing together with anything else. */
TEST(K_WMI_1_provider_config)
{
    begin_with(NULL);
    provider_config.Size--;
    assert_int_equal(make_provider(device), STATUS_INFO_LENGTH_MISMATCH);
    configure();
    provider_config.Flags = 0x10;
    assert_int_equal(make_provider(device), STATUS_INVALID_PARAMETER);
    provider_config.Flags = WdfWmiProviderTracing | WdfWmiProviderReadOnly;
    assert_int_equal(make_provider(device), STATUS_INVALID_PARAMETER);
    provider_config.Flags = WdfWmiProviderTracing;
    assert_int_equal(make_provider(device), STATUS_INVALID_PARAMETER); /* it has data, says MinInstanceBufferSize */
    provider_config.MinInstanceBufferSize = 0;
    assert_int_equal(make_provider(device), STATUS_SUCCESS);
    assert_true(WdfWmiProviderGetDevice(provider) == device);
    assert_int_equal(WdfWmiProviderGetTracingHandle(provider), 0);
    attributes.ParentObject = device;
    configure();
    attributes.ParentObject = device;
    assert_int_equal(WdfWmiProviderCreate(device, &provider_config, &attributes, &provider), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    finish();
}

/* RULE K-WMI-1: A second provider with the GUID of the first is made, but WMI never hears of it. */
TEST(K_WMI_1_same_guid)
{
    begin();
    assert_int_equal(make_provider(device), STATUS_SUCCESS);
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER(&config, provider);
    config.Register = TRUE;
    assert_int_equal(WdfWmiInstanceCreate(device, &config, NULL, &instance[1]), STATUS_SUCCESS);
    pass_ms(1);
    struct data d;
    ULONG size = sizeof d;
    assert_int_equal(query(1, &d, &size), STATUS_WMI_INSTANCE_NOT_FOUND);
    finish();
}

static const GUID idle_guid = {0x827c0a6f, 0xfeb0, 0x11d0, {0xbd, 0x26, 0x00, 0xaa, 0x00, 0xb7, 0xb3, 0x2a}};

static void with_idle(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.UserControlOfIdleSettings = IdleAllowUserControl;
    provider_config.Guid = idle_guid;
    assert_int_equal(make_provider(d), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceAssignS0IdleSettings(d, &s), STATUS_SUCCESS);
    assert_int_equal(make_provider(d), STATUS_WMI_GUID_DISCONNECTED);
}

/* RULE K-WMI-1: The GUID of a power setting that the framework already lets the user control is refused. */
TEST(K_WMI_1_power_guid)
{
    begin_with(with_idle);
    finish();
}

/* RULE K-WMI-1: WdfWmiInstanceCreate wants exactly one of Provider and ProviderConfig. */
TEST(K_WMI_1_one_provider)
{
    begin_with(NULL);
    config.Size--;
    assert_int_equal(make_instance(device), STATUS_INFO_LENGTH_MISMATCH);
    configure();
    config.ProviderConfig = NULL;
    assert_int_equal(make_instance(device), STATUS_INVALID_PARAMETER);
    assert_int_equal(make_provider(device), STATUS_SUCCESS);
    configure();
    config.Provider = provider;
    assert_int_equal(make_instance(device), STATUS_INVALID_PARAMETER);
    config.ProviderConfig = NULL;
    assert_int_equal(make_instance(device), STATUS_SUCCESS);
    assert_true(WdfWmiInstanceGetProvider(instance[0]) == provider);
    assert_true(WdfWmiInstanceGetDevice(instance[0]) == device);
    finish();
}

/* RULE K-WMI-1: An event-only provider has instances without callbacks; a tracing provider has none. */
TEST(K_WMI_1_event_only_and_tracing)
{
    begin_with(NULL);
    provider_config.Flags = WdfWmiProviderEventOnly;
    assert_int_equal(make_instance(device), STATUS_INVALID_PARAMETER);
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&config, &provider_config);
    assert_int_equal(make_instance(device), STATUS_SUCCESS);
    provider_config.Guid = no_guid;
    provider_config.Flags = WdfWmiProviderTracing;
    provider_config.MinInstanceBufferSize = 0;
    assert_int_equal(make_instance(device), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static void add_context_instance(WDFDEVICE d)
{
    config.UseContextForQuery = TRUE;
    assert_int_equal(make_instance(d), STATUS_INVALID_PARAMETER); /* there are set callbacks */
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&config, &provider_config);
    config.Register = config.UseContextForQuery = TRUE;
    assert_int_equal(WdfWmiInstanceCreate(d, &config, NULL, &instance[0]), STATUS_INVALID_PARAMETER);
    provider_config.MinInstanceBufferSize++;
    assert_int_equal(make_instance(d), STATUS_BUFFER_TOO_SMALL);
    provider_config.MinInstanceBufferSize--;
    assert_int_equal(make_instance(d), STATUS_SUCCESS);
    data_of(instance[0])->data = (struct data){10, 11};
}

/* RULE K-WMI-1: UseContextForQuery answers with the instance's context: it wants one that is large enough, and no set callbacks. */
TEST(K_WMI_1_context_for_query)
{
    struct data d;
    ULONG size = sizeof d;
    begin_with(add_context_instance);
    assert_int_equal(query(0, &d, &size), STATUS_SUCCESS);
    assert_int_equal(d.count, 11);
    log_is("");
    finish();
}

/* RULE K-WMI-1: An instance is registered once; deregistered, WMI does not know it any more. */
TEST(K_WMI_1_register_twice)
{
    struct data d;
    ULONG size = sizeof d;
    begin();
    assert_int_equal(WdfWmiInstanceRegister(instance[0]), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(query(0, &d, &size), STATUS_SUCCESS);
    WdfWmiInstanceDeregister(instance[0]);
    WdfWmiInstanceDeregister(instance[0]);
    pass_ms(1);
    assert_int_equal(query(0, &d, &size), STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(WdfWmiInstanceRegister(instance[0]), STATUS_SUCCESS);
    pass_ms(1);
    size = sizeof d;
    assert_int_equal(query(0, &d, &size), STATUS_SUCCESS);
    WdfObjectDelete(instance[0]);
    pass_ms(1);
    assert_int_equal(query(0, &d, &size), STATUS_WMI_GUID_NOT_FOUND);
    finish();
}

static NTSTATUS at_the_end;
static VOID late_cleanup(WDFOBJECT object) { at_the_end = make_instance(device); }

static void with_late_cleanup(WDFDEVICE d)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = d;
    a.EvtCleanupCallback = late_cleanup;
    WdfObjectCreate(&a, &o);
}

/* RULE K-WMI-1: Once the device's providers are cleaned up, no instance can be made. */
TEST(K_WMI_1_after_cleanup)
{
    begin_with(with_late_cleanup);
    finish();
    assert_int_equal(at_the_end, STATUS_INVALID_DEVICE_STATE);
}

/* ---- K-WMI-2 ---- */

/* RULE K-WMI-2: A query reaches the callback at PASSIVE_LEVEL; one with less room than MinInstanceBufferSize does not. */
TEST(K_WMI_2_query)
{
    struct data d;
    ULONG size = sizeof d - 1;
    begin();
    assert_int_equal(query(0, &d, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, sizeof d);
    log_is("");
    assert_int_equal(query(0, &d, &size), STATUS_SUCCESS);
    log_is("query");
    assert_int_equal(irql_there, PASSIVE_LEVEL);
    assert_int_equal(d.level, 10);
    assert_int_equal(ask(WMI_CALL_QUERY_ALL, &data_guid, 0, 0, NULL, 0, &d, &size), STATUS_SUCCESS);
    log_is("query");
    finish();
}

static void sized_by_hand(WDFDEVICE d)
{
    provider_config.MinInstanceBufferSize = 0;
    add_instance(d);
}

/* RULE K-WMI-2: Without MinInstanceBufferSize the callback sees every size, and says what it needs. */
TEST(K_WMI_2_sizes_by_hand)
{
    struct data d;
    ULONG size = 0;
    begin_with(sized_by_hand);
    assert_int_equal(query(0, &d, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, sizeof d);
    log_is("query");
    size = 7;
    assert_int_equal(ask(WMI_CALL_QUERY_ALL, &data_guid, 0, 0, NULL, 0, &d, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, sizeof d);
    log_is("query");
    finish();
}

/* RULE K-WMI-2: A change reaches the callback if it brings MinInstanceBufferSize bytes; the callback's BUFFER_TOO_SMALL becomes STATUS_WMI_SET_FAILURE. */
TEST(K_WMI_2_set)
{
    struct data d = {5, 6};
    begin();
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d - 1, NULL, NULL), STATUS_BUFFER_TOO_SMALL);
    log_is("");
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(data_of(instance[0])->data.count, 6);
    reply.set = STATUS_BUFFER_TOO_SMALL;
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL), STATUS_WMI_SET_FAILURE);
    log_is("set set");
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 2, &d, 1, NULL, NULL), STATUS_SUCCESS);
    reply.item = STATUS_WMI_ITEMID_NOT_FOUND;
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 3, &d, 8, NULL, NULL), STATUS_WMI_ITEMID_NOT_FOUND);
    log_is("item2:1 item3:8");
    finish();
}

static void read_only(WDFDEVICE d)
{
    config.EvtWmiInstanceSetInstance = NULL;
    config.EvtWmiInstanceSetItem = NULL;
    config.EvtWmiInstanceExecuteMethod = NULL;
    add_instance(d);
}

static void said_read_only(WDFDEVICE d)
{
    provider_config.Flags = WdfWmiProviderReadOnly;
    add_instance(d);
}

/* RULE K-WMI-2: Without a set callback, or in a read-only block, nothing can be set: STATUS_WMI_READ_ONLY. */
TEST(K_WMI_2_read_only)
{
    struct data d = {5, 6};
    ULONG size = sizeof d;
    begin_with(read_only);
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL), STATUS_WMI_READ_ONLY);
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 1, &d, sizeof d, NULL, NULL), STATUS_WMI_READ_ONLY);
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &d, sizeof d, &d, &size), STATUS_INVALID_DEVICE_REQUEST);
    finish();
    world_reset(&plan);
    begin_with(said_read_only);
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL), STATUS_WMI_READ_ONLY);
    log_is("");
    finish();
}

/* RULE K-WMI-2: A method gets its input in the buffer that its output goes to. */
TEST(K_WMI_2_method)
{
    ULONG value = 41, size = sizeof value;
    begin();
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &value, sizeof value, &value, &size), STATUS_SUCCESS);
    assert_int_equal(value, 42);
    assert_int_equal(size, sizeof value);
    size = 3;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, NULL, 0, &value, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, sizeof value);
    reply.nothing_used = true;
    size = 3;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, NULL, 0, &value, &size), STATUS_BUFFER_TOO_SMALL);
    log_is("method method method");
    finish();
}

static WNODE_SINGLE_INSTANCE *wnode;

/* To the device as a driver below WMI would send it: what WMI itself checks beforehand is not. */
static NTSTATUS send_raw(UCHAR minor, const GUID *guid, ULONG index)
{
    PIRP irp = IoAllocateIrp(fx()->wdm->StackSize, FALSE);
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    wnode->WnodeHeader.Flags = WNODE_FLAG_STATIC_INSTANCE_NAMES;
    wnode->InstanceIndex = index;
    wnode->DataBlockOffset = 64;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    next->MinorFunction = minor;
    next->Parameters.WMI.ProviderId = (ULONG_PTR)fx()->wdm;
    next->Parameters.WMI.DataPath = (PVOID)guid;
    next->Parameters.WMI.BufferSize = 64;
    next->Parameters.WMI.Buffer = wnode;
    irp_info(irp)->built_by = 3;
    return io_send_and_wait(irp, fx()->wdm, NULL);
}

/* RULE K-WMI-2: A block or an instance that the device does not have is STATUS_WMI_GUID_NOT_FOUND or STATUS_WMI_INSTANCE_NOT_FOUND. */
TEST(K_WMI_2_not_found)
{
    begin();
    wnode = ex_system_alloc(64);
    assert_int_equal(send_raw(IRP_MN_QUERY_SINGLE_INSTANCE, &no_guid, 0), STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(send_raw(IRP_MN_QUERY_SINGLE_INSTANCE, &data_guid, 1), STATUS_WMI_INSTANCE_NOT_FOUND);
    assert_int_equal(send_raw(0x0A, &data_guid, 0), STATUS_NOT_SUPPORTED); /* no WMI minor function: passed on */
    log_is("");
    finish();
}

/* RULE K-WMI-2: A callback that returns STATUS_PENDING is reported: it has no way to answer later. */
TEST(K_WMI_2_pending, MISUSE, .rule = "K-WMI-2")
{
    struct data d;
    ULONG size = sizeof d;
    begin();
    reply.query = STATUS_PENDING;
    query(0, &d, &size);
}

/* RULE K-WMI-2: So is a set callback. */
TEST(K_WMI_2_set_pending, MISUSE, .rule = "K-WMI-2")
{
    struct data d = {0};
    begin();
    reply.set = STATUS_PENDING;
    ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL);
}

/* RULE V-WMI-3: A callback that says it used more bytes than there was room for is reported. */
TEST(V_WMI_3_used_too_much, MISUSE, .rule = "V-WMI-3")
{
    struct data d;
    ULONG size = sizeof d;
    begin();
    reply.used_too_many = 1;
    query(0, &d, &size);
}

static void expensive(WDFDEVICE d)
{
    provider_config.Flags = WdfWmiProviderExpensive;
    add_instance(d);
}

/* RULE K-WMI-2: EvtWmiProviderFunctionControl hears of events and collection switched on and off; WdfWmiProviderIsEnabled knows it, unless the callback failed. */
TEST(K_WMI_2_function_control)
{
    begin_with(expensive);
    WDFWMIPROVIDER p = WdfWmiInstanceGetProvider(instance[0]);
    assert_int_equal(ask(WMI_CALL_ENABLE_EVENTS, &data_guid, 0, 0, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(ask(WMI_CALL_ENABLE_EVENTS, &data_guid, 0, 0, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(ask(WMI_CALL_ENABLE_COLLECTION, &data_guid, 0, 0, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    assert_true(WdfWmiProviderIsEnabled(p, WdfWmiEventControl) && WdfWmiProviderIsEnabled(p, WdfWmiInstanceControl));
    assert_int_equal(ask(WMI_CALL_DISABLE_EVENTS, &data_guid, 0, 0, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    assert_false(WdfWmiProviderIsEnabled(p, WdfWmiEventControl));
    log_is("events+ data+ events-");
    reply.control = STATUS_UNSUCCESSFUL;
    assert_int_equal(ask(WMI_CALL_ENABLE_EVENTS, &data_guid, 0, 0, NULL, 0, NULL, NULL), STATUS_UNSUCCESSFUL);
    assert_false(WdfWmiProviderIsEnabled(p, WdfWmiEventControl));
    finish();
}

/* ---- Start and removal ---- */

static NTSTATUS seen_at_init;
static NTSTATUS smio_init(WDFDEVICE d) { seen_at_init = (NTSTATUS)wmi_provider_id(fx()->wdm); return STATUS_SUCCESS; }

static void with_smio(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSelfManagedIoInit = smio_init;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE K-PNP-11: WMI hears of the device at the end of its start, behind SelfManagedIoInit. */
TEST(K_PNP_11_wmi_last)
{
    plan.init = with_smio;
    begin();
    assert_int_equal(seen_at_init, 0);
    assert_true(wmi_provider_id(fx()->wdm) != 0);
    finish();
}

static ULONG id_in_flush, id_in_suspend;
static NTSTATUS smio_suspend(WDFDEVICE d) { id_in_suspend = wmi_provider_id(fx()->wdm); return STATUS_SUCCESS; }
static VOID smio_flush(WDFDEVICE d) { id_in_flush = wmi_provider_id(fx()->wdm); }
static VOID instance_cleanup(WDFOBJECT o) { say("~instance"); }
static VOID smio_cleanup(WDFDEVICE d) { say("smio-cleanup"); }

static void with_smio_end(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSelfManagedIoInit = smio_init;
    c.EvtDeviceSelfManagedIoSuspend = smio_suspend;
    c.EvtDeviceSelfManagedIoFlush = smio_flush;
    c.EvtDeviceSelfManagedIoCleanup = smio_cleanup;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static void add_with_cleanup(WDFDEVICE d)
{
    make("first", d);
    attributes.EvtCleanupCallback = instance_cleanup;
    add_instance(d);
}

/* RULE K-PNP-41: WMI is deregistered first of the clean-up, behind the power-down; before SelfManagedIoFlush. */
/* RULE K-PNP-42: The WMI providers are cleaned up behind SelfManagedIoCleanup, before the other children of the device. */
TEST(K_PNP_41_wmi_removal)
{
    plan.init = with_smio_end;
    begin_with(add_with_cleanup);
    finish();
    assert_true(id_in_suspend != 0);
    assert_int_equal(id_in_flush, 0);
    log_is("smio-cleanup ~instance ~first !first");
}

/* RULE K-DRV-83: After the clean-up for removal no WMI request comes to the device. */
TEST(K_DRV_83_gone_by_surprise)
{
    begin();
    assert_int_equal(exists(&data_guid), STATUS_SUCCESS);
    assert_int_equal(pnp_surprise_remove(node), STATUS_SUCCESS);
    assert_int_equal(exists(&data_guid), STATUS_WMI_GUID_NOT_FOUND);
    finish();
}

static struct chance no_registration = {.fault_count = 1, .fault = {{DDI_IoWMIRegistrationControl, 1, 1}}};

static NTSTATUS start_status;
/* RULE K-PNP-20: A registration with WMI that fails ends the start, behind an orderly power-down. */
TEST(K_PNP_20_wmi_fails, .chance = &no_registration)
{
    plan.init = with_smio_end;
    memset(&reply, 0, sizeof reply);
    configure();
    plan.add = add_instance;
    boot();
    id_in_suspend = 1;
    gate_enter(DDI_IoWMIOpenBlock, 0, 0);
    start_status = pnp_start(node);
    gate_leave(0);
    assert_false(NT_SUCCESS(start_status));
    assert_int_equal(id_in_suspend, 0); /* SelfManagedIoSuspend was called, and WMI knows nothing */
    finish();
}

/* RULE K-PNP-88: The MOF resource is named once, for the registration. */
TEST(K_PNP_88_mof)
{
    UNICODE_STRING name = text_of(L"Mof"), none = {0, 0, NULL};
    begin();
    assert_int_equal(WdfDeviceAssignMofResourceName(device, &none), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceAssignMofResourceName(device, &name), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceAssignMofResourceName(device, &name), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* ---- Events ---- */

static int told;
static struct data told_data;

static VOID on_event(PVOID event, PVOID context)
{
    const WNODE_SINGLE_INSTANCE *w = event;
    told++;
    assert_true(context == &told);
    assert_int_equal(w->WnodeHeader.ProviderId, wmi_provider_id(fx()->wdm));
    if (w->SizeDataBlock)
        memcpy(&told_data, (const char *)w + w->DataBlockOffset, sizeof told_data);
}

/* RULE W-WMI-6: Who opened a block for notification hears of its events, and the provider is told that somebody does, for as long as it is open. */
TEST(W_WMI_6_fired_by_the_framework)
{
    struct data d = {3, 4};
    PVOID block;
    GUID guid = data_guid;
    static char too_much[2000];
    told = 0;
    begin();
    assert_int_equal(IoWMIOpenBlock(&guid, WMIGUID_NOTIFICATION, &block), STATUS_SUCCESS);
    assert_int_equal(IoWMISetNotificationCallback(block, on_event, &told), STATUS_SUCCESS);
    log_is("events+");
    assert_int_equal(WdfWmiInstanceFireEvent(instance[0], sizeof d, &d), STATUS_SUCCESS);
    pass_ms(1);
    assert_int_equal(told, 1);
    assert_int_equal(told_data.count, 4);
    assert_int_equal(WdfWmiInstanceFireEvent(instance[0], sizeof too_much, too_much), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(WdfWmiInstanceFireEvent(instance[0], 4, NULL), STATUS_INVALID_PARAMETER);
    WdfWmiInstanceDeregister(instance[0]);
    assert_int_equal(WdfWmiInstanceFireEvent(instance[0], 0, NULL), STATUS_INVALID_DEVICE_STATE);
    WdfWmiInstanceRegister(instance[0]);
    pass_ms(1);
    log_clear();
    ObDereferenceObject(block);
    pass_ms(1);
    log_is("events-");
    assert_int_equal(WdfWmiInstanceFireEvent(instance[0], sizeof d, &d), STATUS_SUCCESS);
    pass_ms(1);
    assert_int_equal(told, 1);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_WMI_1_provider_config),
        cmocka_unit_test(K_WMI_1_same_guid),
        cmocka_unit_test(K_WMI_1_power_guid),
        cmocka_unit_test(K_WMI_1_one_provider),
        cmocka_unit_test(K_WMI_1_event_only_and_tracing),
        cmocka_unit_test(K_WMI_1_context_for_query),
        cmocka_unit_test(K_WMI_1_register_twice),
        cmocka_unit_test(K_WMI_1_after_cleanup),
        cmocka_unit_test(K_WMI_2_query),
        cmocka_unit_test(K_WMI_2_sizes_by_hand),
        cmocka_unit_test(K_WMI_2_set),
        cmocka_unit_test(K_WMI_2_read_only),
        cmocka_unit_test(K_WMI_2_method),
        cmocka_unit_test(K_WMI_2_not_found),
        cmocka_unit_test(K_WMI_2_pending),
        cmocka_unit_test(K_WMI_2_set_pending),
        cmocka_unit_test(V_WMI_3_used_too_much),
        cmocka_unit_test(K_WMI_2_function_control),
        cmocka_unit_test(K_PNP_11_wmi_last),
        cmocka_unit_test(K_PNP_41_wmi_removal),
        cmocka_unit_test(K_DRV_83_gone_by_surprise),
        cmocka_unit_test(K_PNP_20_wmi_fails),
        cmocka_unit_test(K_PNP_88_mof),
        cmocka_unit_test(W_WMI_6_fired_by_the_framework),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
