/*
 * What the framework's verifier finds over longer stretches of a driver's life (V-WDF), where no other file shows it.
 */
#include "kmdf_world.h"

static void ignore_stop(WDFREQUEST request, ULONG flags) {}

/* RULE V-WDF-27: an EvtIoStop that neither acknowledges, completes nor requeues keeps the power-down from ending. */
/* RULE V-WDF-30: driver-owned requests must be dealt with at power-down. */
/* RULE K-Q-63: so a driver hangs a power-down, which Windows reports as 0x9F. */
TEST(V_WDF_27_io_stop_ignored, .code = 0x9F, .p1 = ANY)
{
    plan.queue = sequential_stoppable, plan.stop = ignore_stop;
    start();
    send(IRP_MJ_READ, 4);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
}

static WDFSPINLOCK spin;
static void keep_spin_lock(WDFREQUEST request)
{
    WdfRequestComplete(request, STATUS_SUCCESS);
    WdfSpinLockAcquire(spin);
}

/* RULE V-WDF-37: a spin lock held when the callback returns. */
TEST(V_WDF_37_spin_lock_kept, .code = 0xC4, .p1 = 0x4000A)
{
    plan.queue = sequential, plan.handle = keep_spin_lock;
    start();
    assert_int_equal(WdfSpinLockCreate(NULL, &spin), STATUS_SUCCESS);
    send(IRP_MJ_READ, 4);
}

/* RULE V-WDF-37: a lock deleted while it is held. */
TEST(V_WDF_37_deleted_while_held, MISUSE)
{
    WDFWAITLOCK lock;
    boot();
    assert_int_equal(WdfWaitLockCreate(NULL, &lock), STATUS_SUCCESS);
    WdfWaitLockAcquire(lock, NULL);
    WdfObjectDelete(lock);
}

static void too_early(WDF_DRIVER_CONFIG *config, WDF_OBJECT_ATTRIBUTES *a)
{
    WDFOBJECT o;
    WdfObjectCreate(NULL, &o);
}

/* RULE V-WDF-42: WdfDriverCreate comes first in DriverEntry. */
/* RULE K-DRV-3: the driver's globals are not valid before WdfDriverCreate succeeded. */
TEST(V_WDF_42_before_driver_create, MISUSE)
{
    plan.config = too_early;
    boot();
}

static NTSTATUS failed;
static const struct chance device_create_fails = {.fault_count = 1, .fault = {{DDI_WdfDeviceCreate, 1, 1}}};

/* RULE V-WDF-43: a WdfDeviceCreate that fails leaves nothing behind. */
TEST(V_WDF_43_device_create_fails, .chance = &device_create_fails)
{
    boot();
    failed = created;
    assert_int_equal(failed, STATUS_INSUFFICIENT_RESOURCES);
    assert_true(io_get_attached_device(node->pdo) == node->pdo);
    unload();
}

static const struct chance queue_create_fails = {.fault_count = 1, .fault = {{DDI_WdfIoQueueCreate, 1, 1}}};

/* RULE V-WDF-43: nor does a queue that could not be made. */
TEST(V_WDF_43_queue_create_fails, .chance = &queue_create_fails)
{
    plan.queue = sequential;
    start();
    assert_int_equal(created, STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static void delete_inside(void *object) { WdfObjectDelete(object); }

/* RULE V-WDF-39: any handle of an object that is gone is found, whatever its type. */
TEST(V_WDF_39_stale_work_item, .code = 0x10D, .p1 = 5)
{
    plan.call = delete_inside;
    boot();
    WDFWORKITEM w = make_work("W", device);
    WdfWorkItemEnqueue(w);
    pass_ms(1);
    WdfWorkItemEnqueue(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_WDF_27_io_stop_ignored),
        cmocka_unit_test(V_WDF_37_spin_lock_kept),
        cmocka_unit_test(V_WDF_37_deleted_while_held),
        cmocka_unit_test(V_WDF_42_before_driver_create),
        cmocka_unit_test(V_WDF_43_device_create_fails),
        cmocka_unit_test(V_WDF_43_queue_create_fails),
        cmocka_unit_test(V_WDF_39_stale_work_item),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
