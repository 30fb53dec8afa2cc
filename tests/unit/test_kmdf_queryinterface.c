/* Interfaces of functions between drivers: exposed by a bus to its children, asked for by function drivers (K-QI-1..3). */
#include "bus_world.h"

typedef struct {
    INTERFACE header;
    ULONG (*level)(PVOID context);
} LEVEL_INTERFACE;

static const GUID level_guid = {0x51525354, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, other_guid = {0x61626364, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static int references;
static ULONG level(PVOID context) { return 40 + *(ULONG *)context; }
static VOID take(PVOID context) { references++; }
static VOID drop(PVOID context) { references--; }
static ULONG two = 2;

static void fill_level(LEVEL_INTERFACE *i)
{
    memset(i, 0, sizeof *i);
    i->header.Size = sizeof *i;
    i->header.Version = 1;
    i->header.Context = &two;
    i->header.InterfaceReference = take;
    i->header.InterfaceDereference = drop;
    i->level = level;
}

static NTSTATUS process_status;
static NTSTATUS process(WDFDEVICE d, LPCGUID type, PINTERFACE exposed, PVOID specific)
{
    say_of(d, "Process");
    return process_status;
}

static WDF_QUERY_INTERFACE_CONFIG config;
static NTSTATUS add_level(WDFDEVICE d)
{
    LEVEL_INTERFACE i;
    fill_level(&i);
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, &i.header, &level_guid, process);
    return WdfDeviceAddQueryInterface(d, &config);
}

static void with_level(WDFDEVICE d) { assert_int_equal(add_level(d), STATUS_SUCCESS); }

static LEVEL_INTERFACE got;
static NTSTATUS ask(WDFDEVICE fdo, USHORT size, USHORT version)
{
    memset(&got, 0, sizeof got);
    return WdfFdoQueryForInterface(fdo, &level_guid, &got.header, size, version, NULL);
}

static void begin(void)
{
    references = 0;
    process_status = STATUS_SUCCESS;
    bus_start();
    plug(1);
    log_clear();
}

/* RULE K-QI-2: The interface of a PDO is copied to who asks, and referenced for it. */
/* RULE K-QI-3: WdfFdoQueryForInterface sends the question down; who gets the interface calls it and drops its reference. */
TEST(K_QI_3_function_driver_asks_its_bus)
{
    bus_plan.child = with_level;
    begin();
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_SUCCESS);
    log_is("c1:Process");
    assert_int_equal(references, 1);
    assert_int_equal(got.level(got.header.Context), 42);
    got.header.InterfaceDereference(got.header.Context);
    assert_int_equal(references, 0);
    finish();
}

/* RULE K-QI-2: A question for less room or an older version than there is fails with STATUS_INVALID_BUFFER_SIZE, and calls nothing. */
TEST(K_QI_2_size_and_version)
{
    bus_plan.child = with_level;
    begin();
    assert_int_equal(ask(function_of[1], sizeof got - 1, 1), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ask(function_of[1], sizeof got, 0), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ask(function_of[1], sizeof got, 2), STATUS_SUCCESS);
    assert_int_equal(references, 1);
    log_is("c1:Process");
    finish();
}

/* RULE K-QI-2: A failure of EvtDeviceProcessQueryInterfaceRequest ends the question, without a reference; STATUS_NOT_SUPPORTED is no failure. */
TEST(K_QI_2_process_fails)
{
    bus_plan.child = with_level;
    begin();
    process_status = STATUS_ACCESS_DENIED;
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_ACCESS_DENIED);
    assert_int_equal(references, 0);
    process_status = STATUS_NOT_SUPPORTED;
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_SUCCESS);
    assert_int_equal(references, 1);
    finish();
}

/* RULE K-QI-2: A PDO without the interface leaves the status as it came. */
TEST(K_QI_2_not_there)
{
    begin();
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_NOT_SUPPORTED);
    finish();
}

static void through(WDFDEVICE d)
{
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, NULL, &level_guid, NULL);
    config.SendQueryToParentStack = TRUE;
    assert_int_equal(WdfDeviceAddQueryInterface(d, &config), STATUS_SUCCESS);
}

/* RULE K-QI-2: A PDO may pass the question on to its bus's stack. */
TEST(K_QI_2_pass_through)
{
    bus_plan.child = through, bus_plan.bus = with_level;
    begin();
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_SUCCESS);
    log_is("b:Process");
    assert_int_equal(references, 1);
    finish();
}

/* RULE K-QI-1: Routines for references that the driver does not give are ones that do nothing. */
TEST(K_QI_1_no_routines)
{
    LEVEL_INTERFACE i;
    begin();
    fill_level(&i);
    i.header.InterfaceReference = NULL, i.header.InterfaceDereference = NULL;
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, &i.header, &level_guid, NULL);
    assert_int_equal(WdfDeviceAddQueryInterface(child_of[1], &config), STATUS_SUCCESS);
    i.level = NULL; /* a copy was taken */
    assert_int_equal(ask(function_of[1], sizeof got, 1), STATUS_SUCCESS);
    got.header.InterfaceReference(got.header.Context);
    got.header.InterfaceDereference(got.header.Context);
    assert_int_equal(got.level(got.header.Context), 42);
    finish();
}

/* RULE K-QI-1: The configuration of an interface is checked: its size, the interface's, and what goes with what. */
TEST(K_QI_1_configuration)
{
    LEVEL_INTERFACE i;
    begin();
    fill_level(&i);
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, &i.header, &other_guid, NULL);
    config.Size--;
    assert_int_equal(WdfDeviceAddQueryInterface(device, &config), STATUS_INFO_LENGTH_MISMATCH);
    config.Size++, config.SendQueryToParentStack = TRUE;
    assert_int_equal(WdfDeviceAddQueryInterface(device, &config), STATUS_INVALID_PARAMETER);
    config.SendQueryToParentStack = FALSE, config.ImportInterface = TRUE;
    assert_int_equal(WdfDeviceAddQueryInterface(device, &config), STATUS_INVALID_PARAMETER);
    config.ImportInterface = FALSE, config.Interface = NULL;
    assert_int_equal(WdfDeviceAddQueryInterface(device, &config), STATUS_INVALID_PARAMETER);
    config.Interface = &i.header, i.header.Size = sizeof(INTERFACE) - 1;
    assert_int_equal(WdfDeviceAddQueryInterface(device, &config), STATUS_INVALID_PARAMETER);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_QI_3_function_driver_asks_its_bus),
        cmocka_unit_test(K_QI_2_size_and_version),
        cmocka_unit_test(K_QI_2_process_fails),
        cmocka_unit_test(K_QI_2_not_there),
        cmocka_unit_test(K_QI_2_pass_through),
        cmocka_unit_test(K_QI_1_no_routines),
        cmocka_unit_test(K_QI_1_configuration),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
