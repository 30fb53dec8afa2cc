/* Special files (K-PNP-70): who is told, in which order, what a refusal takes back, and what the device may not do meanwhile. */
#include "pnp_world.h"

static NTSTATUS answer, bus_answer;
static PDRIVER_DISPATCH pnp_of_bus;

static void say_usage(const char *who, ULONG type, BOOLEAN in_path)
{
    char text[32];
    irpfuzz_snprintf(text, sizeof text, "%s%c%u", who, in_path ? '+' : '-', (unsigned)type);
    say(text);
}

static VOID on_usage(WDFDEVICE d, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path) { say_usage("driver", type, in_path); }

static NTSTATUS on_usage_ex(WDFDEVICE d, WDF_SPECIAL_FILE_TYPE type, BOOLEAN in_path)
{
    say_usage("driver", type, in_path);
    return answer;
}

static NTSTATUS NTAPI bus_hears(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    if (stack->MinorFunction != IRP_MN_DEVICE_USAGE_NOTIFICATION)
        return pnp_of_bus(pdo, irp);
    say_usage("bus", stack->Parameters.UsageNotification.Type, stack->Parameters.UsageNotification.InPath);
    if (NT_SUCCESS(bus_answer))
        return pnp_of_bus(pdo, irp);
    irp->IoStatus.Status = bus_answer;
    io_complete_request(irp, IO_NO_INCREMENT);
    return bus_answer;
}

static void with_usage(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceUsageNotification = on_usage;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static void with_usage_ex(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceUsageNotificationEx = on_usage_ex;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static void in_stack(void (*init)(PWDFDEVICE_INIT))
{
    answer = bus_answer = STATUS_SUCCESS;
    plan.init = init;
    start();
    PDRIVER_OBJECT bus = node->pdo->DriverObject;
    pnp_of_bus = bus->MajorFunction[IRP_MJ_PNP], bus->MajorFunction[IRP_MJ_PNP] = bus_hears;
}

static bool is_pageable(void) { return WdfDeviceWdmGetDeviceObject(device)->Flags & DO_POWER_PAGABLE; }

/* RULE K-PNP-70: A file of a type that WdfDeviceSetSpecialFileSupport did not enable is refused at once; one that goes is always accepted. */
TEST(K_PNP_70_not_supported)
{
    in_stack(with_usage);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_NOT_IMPLEMENTED);
    log_is("");
    WdfDeviceSetSpecialFileSupport(device, WdfSpecialFileDump, TRUE);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_NOT_IMPLEMENTED);
    log_is("");
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, false), STATUS_SUCCESS);
    log_is("bus-1 driver-1");
    finish();
}

/* RULE K-PNP-70: The stack beneath is told before the driver; while the file is there the device is not stopped or removed, and is not power-pageable. */
/* RULE K-PNP-30: While a device is in the path of a special file, queries fail with STATUS_DEVICE_NOT_READY. */
TEST(K_PNP_70_in_path)
{
    in_stack(with_usage);
    WdfDeviceSetSpecialFileSupport(device, WdfSpecialFilePaging, TRUE);
    node->pdo->Flags |= DO_POWER_PAGABLE;
    assert_true(is_pageable());
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_SUCCESS);
    log_is("bus+1 driver+1");
    assert_false(is_pageable());
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0NP);
    assert_int_equal(pnp_query_stop(node), STATUS_DEVICE_NOT_READY);
    assert_int_equal(pnp_query_remove(node), STATUS_DEVICE_NOT_READY);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_SUCCESS);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, false), STATUS_SUCCESS);
    assert_false(is_pageable()); /* one of two is left */
    assert_int_equal(pnp_query_stop(node), STATUS_DEVICE_NOT_READY);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, false), STATUS_SUCCESS);
    log_is("bus+1 driver+1 bus-1 driver-1 bus-1 driver-1");
    assert_true(is_pageable());
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    assert_int_equal(pnp_cancel_stop(node), STATUS_SUCCESS);
    finish();
}

static void idles(WDFDEVICE d)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS s;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&s, IdleCannotWakeFromS0);
    s.IdleTimeout = 100;
    WdfDeviceAssignS0IdleSettings(d, &s);
    WdfDeviceSetSpecialFileSupport(d, WdfSpecialFileBoot, TRUE);
    WdfDeviceSetSpecialFileSupport(d, WdfSpecialFilePaging, TRUE);
}

/* RULE K-PNP-70: A device that idles is brought to D0 before the file comes, and stays there as long as it is there. */
TEST(K_PNP_70_stays_in_d0)
{
    plan.add = idles;
    in_stack(with_usage);
    pass_ms(200);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerDx);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypeBoot, true), STATUS_SUCCESS);
    pass_ms(1000);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerD0);
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypeBoot, false), STATUS_SUCCESS);
    pass_ms(1000);
    assert_int_equal(WdfDeviceGetDevicePowerState(device), WdfDevStatePowerDx);
    log_is("bus+4 driver+4 bus-4 driver-4");
    finish();
}

/* RULE K-PNP-70: When EvtDeviceUsageNotificationEx refuses a file, the stack beneath is told the opposite and nothing is counted. */
TEST(K_PNP_70_driver_refuses)
{
    plan.add = idles;
    in_stack(with_usage_ex);
    node->pdo->Flags |= DO_POWER_PAGABLE;
    answer = STATUS_DEVICE_BUSY;
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_DEVICE_BUSY);
    log_is("bus+1 driver+1 bus-1");
    assert_true(is_pageable());
    assert_int_equal(fx()->own->power_references, 0);
    assert_int_equal(pnp_query_stop(node), STATUS_SUCCESS);
    assert_int_equal(pnp_cancel_stop(node), STATUS_SUCCESS);
    finish();
}

/* RULE K-PNP-70: When the stack beneath refuses a file, the driver does not hear of it. */
TEST(K_PNP_70_bus_refuses)
{
    plan.add = idles;
    in_stack(with_usage);
    bus_answer = STATUS_UNSUCCESSFUL;
    assert_int_equal(pnp_notify_usage(node, DeviceUsageTypePaging, true), STATUS_UNSUCCESSFUL);
    log_is("bus+1");
    assert_false(fx_in_special_use(fx()));
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_PNP_70_not_supported), cmocka_unit_test(K_PNP_70_in_path),      cmocka_unit_test(K_PNP_70_stays_in_d0),
        cmocka_unit_test(K_PNP_70_driver_refuses), cmocka_unit_test(K_PNP_70_bus_refuses),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
