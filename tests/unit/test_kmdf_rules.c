/*
 * What the framework's verifier finds over longer stretches of a driver's life (V-WDF), where no other file shows it.
 */
#include "kmdf_world.h"

static void ignore_stop(WDFREQUEST request, ULONG flags) {}

/* RULE V-WDF-27: An EvtIoStop that neither acknowledges, completes nor requeues keeps the power-down from ending. */
/* RULE V-WDF-30: A driver deals with the requests it owns at power-down: it completes, requeues or acknowledges them. */
/* RULE K-Q-63: Owned requests that a driver does not deal with hang the power-down, which Windows reports as 0x9F. */
TEST(V_WDF_27_io_stop_ignored, .code = 0x9F, .p1 = ANY)
{
    plan.queue = sequential_stoppable, plan.stop = ignore_stop;
    start();
    send(IRP_MJ_READ, 4);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
}

static WDFSPINLOCK spin;
static WDFWAITLOCK orphan_lock;
static WDFMEMORY orphan;
static void keep_spin_lock(WDFREQUEST request)
{
    WdfRequestComplete(request, STATUS_SUCCESS);
    WdfSpinLockAcquire(spin);
}

/* RULE V-WDF-37: A callback that returns with a WDFSPINLOCK held is reported. */
TEST(V_WDF_37_spin_lock_kept, .code = 0xC4, .p1 = 0x4000A)
{
    plan.queue = sequential, plan.handle = keep_spin_lock;
    start();
    assert_int_equal(WdfSpinLockCreate(NULL, &spin), STATUS_SUCCESS);
    send(IRP_MJ_READ, 4);
}

/* RULE V-WDF-37: Deleting a lock object while it is held is reported. */
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

/* RULE V-WDF-42: WdfDriverCreate is the first framework call of DriverEntry; another before it is reported. */
/* RULE K-DRV-3: The framework's globals of a driver are not valid before WdfDriverCreate succeeded. */
TEST(V_WDF_42_before_driver_create, MISUSE)
{
    plan.config = too_early;
    boot();
}

static NTSTATUS failed;
static const struct chance device_create_fails = {.fault_count = 1, .fault = {{DDI_WdfDeviceCreate, 1, 1}}};

/* RULE V-WDF-43: When WdfDeviceCreate fails nothing is left behind. */
TEST(V_WDF_43_device_create_fails, .chance = &device_create_fails)
{
    boot();
    failed = created;
    assert_int_equal(failed, STATUS_INSUFFICIENT_RESOURCES);
    assert_true(io_get_attached_device(node->pdo) == node->pdo);
    unload();
}

static const struct chance queue_create_fails = {.fault_count = 1, .fault = {{DDI_WdfIoQueueCreate, 1, 1}}};

/* RULE V-WDF-43: When WdfIoQueueCreate fails nothing is left behind. */
TEST(V_WDF_43_queue_create_fails, .chance = &queue_create_fails)
{
    plan.queue = sequential;
    start();
    assert_int_equal(created, STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

static void delete_inside(void *object) { WdfObjectDelete(object); }

/* RULE V-WDF-39: Any handle of an object that is gone is found, whatever its type. */
TEST(V_WDF_39_stale_work_item, .code = 0x10D, .p1 = 5)
{
    plan.call = delete_inside;
    boot();
    WDFWORKITEM w = make_work("W", device);
    WdfWorkItemEnqueue(w);
    pass_ms(1);
    WdfWorkItemEnqueue(w);
}

/* ---- What is forbidden inside which callback ---- */

static void ask_parameters(WDFREQUEST request, ULONG flags)
{
    WDF_REQUEST_PARAMETERS p;
    WDF_REQUEST_PARAMETERS_INIT(&p);
    WdfRequestGetParameters(request, &p);
}

static void ask_and_acknowledge(WDFREQUEST request, ULONG flags)
{
    ask_parameters(request, flags);
    WdfRequestStopAcknowledge(request, FALSE);
}

/* RULE V-WDF-29: WdfRequestGetParameters is not called inside EvtIoStop (a lint). */
TEST(V_WDF_29_parameters_in_io_stop, .lint = LINT_CALLBACK, MISUSE, .rule = "V-WDF-29")
{
    plan.queue = sequential_stoppable, plan.stop = ask_and_acknowledge;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    fx_queues_resume(fx());
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static void acknowledge(WDFREQUEST request, ULONG flags) { WdfRequestStopAcknowledge(request, FALSE); }
static void ask_in_resume(WDFREQUEST request) { ask_parameters(request, 0); }

/* RULE V-WDF-29: WdfRequestGetParameters is not called inside EvtIoResume (a lint). */
TEST(V_WDF_29_parameters_in_io_resume, .lint = LINT_CALLBACK, MISUSE, .rule = "V-WDF-29")
{
    plan.queue = sequential_stoppable, plan.stop = acknowledge, plan.resume = ask_in_resume;
    start();
    send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    fx_queues_resume(fx());
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static void ask_next(WDFREQUEST request)
{
    ask_parameters(request, 0);
    say("asked");
    WdfRequestComplete(request, STATUS_SUCCESS);
}
static void parallel_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    parallel(c, a);
    c->EvtIoStop = on_stop, c->EvtIoResume = on_resume, c->PowerManaged = WdfFalse;
}
static WDFQUEUE other;
static void forward(WDFREQUEST request) { plan.handle = ask_next, WdfRequestForwardToIoQueue(request, other); }
static void forward_in_stop(WDFREQUEST request, ULONG flags) { plan.handle = NULL, forward(request); }

/* RULE V-WDF-29: A callback for another request that is nested in EvtIoStop may call WdfRequestGetParameters. */
TEST(V_WDF_29_nested_callback_may_ask, .lint = LINT_CALLBACK)
{
    plan.queue = sequential_stoppable, plan.stop = forward_in_stop;
    start();
    other = make_queue(parallel_stoppable);
    struct sent *s = send(IRP_MJ_READ, 4);
    fx_queues_hold(fx());
    log_is("read stop read asked");
    assert_true(s->done);
    finish();
}

static void (*in_surprise)(void);
static VOID on_surprise(WDFDEVICE d) { in_surprise(); }
static void with_surprise(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceSurpriseRemoval = on_surprise;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}
static void complete_held(void) { complete(0, STATUS_DEVICE_NOT_CONNECTED, 0); }
static void surprise_with(void (*act)(void))
{
    plan.queue = sequential, plan.init = with_surprise, in_surprise = act;
    start();
    if (act == complete_held)
        send(IRP_MJ_READ, 4);
    pnp_surprise_remove(node);
    finish();
}
static void stop_queue(void) { WdfIoQueueStop(queue, NULL, NULL); }
static void purge_queue(void) { WdfIoQueuePurge(queue, NULL, NULL); }

/* RULE V-WDF-34: EvtDeviceSurpriseRemoval completes no requests (a lint). */
TEST(V_WDF_34_complete, .lint = LINT_CALLBACK, MISUSE, .rule = "V-WDF-34") { surprise_with(complete_held); }
/* RULE V-WDF-34: EvtDeviceSurpriseRemoval stops no queues (a lint). */
TEST(V_WDF_34_stop, .lint = LINT_CALLBACK, MISUSE, .rule = "V-WDF-34") { surprise_with(stop_queue); }
/* RULE V-WDF-34: EvtDeviceSurpriseRemoval neither drains nor purges queues (a lint). */
TEST(V_WDF_34_purge, .lint = LINT_CALLBACK, MISUSE, .rule = "V-WDF-34") { surprise_with(purge_queue); }

/* ---- Devices ---- */

static WDFDEVICE control;
static void make_control(WDFDEVICE d)
{
    UNICODE_STRING name = text_of(L"\\Device\\Left"), sddl = text_of(L"D:P");
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(driver, &sddl);
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceCreate(&init, NULL, &control), STATUS_SUCCESS);
    WdfControlFinishInitializing(control);
}

/* RULE K-DRV-74: A control device that is never deleted keeps the driver loaded for ever. */
/* RULE V-WDF-45: A PnP driver deletes its control devices. */
TEST(K_DRV_74_control_device_left, MISUSE, .rule = "V-WDF-45")
{
    plan.add = make_control;
    start();
    finish();
}

static void delete_control(WDFOBJECT o) { WdfObjectDelete(control); }
static void with_cleanup(WDF_OBJECT_ATTRIBUTES *a) { name_attributes(a, NULL); }

/* RULE K-DRV-74: A driver with a control device deletes it in the cleanup of its last PnP device, so that it can unload. */
TEST(K_DRV_74_deleted_with_the_last_device)
{
    plan.add = make_control, plan.device = with_cleanup, plan.cleanup = delete_control;
    start();
    finish();
}

static void no_owner(PWDFDEVICE_INIT init) { WdfDeviceInitSetPowerPolicyOwnership(init, FALSE); }

/* RULE V-WDF-47: The DDIs of power policy fail for a device that does not own the power policy. */
/* RULE K-PNP-78: WdfDeviceAssignS0IdleSettings returns STATUS_INVALID_DEVICE_REQUEST for a device that does not own the power policy. */
/* RULE K-PNP-83: WdfDeviceStopIdle returns STATUS_INVALID_DEVICE_STATE for a device that does not own the power policy. */
/* RULE K-PNP-87: WdfDeviceAssignSxWakeSettings returns STATUS_INVALID_DEVICE_REQUEST for a device that does not own the power policy. */
TEST(V_WDF_47_not_the_owner)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS wake;
    plan.init = no_owner;
    start();
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&idle, IdleCannotWakeFromS0);
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&wake);
    assert_int_equal(WdfDeviceAssignS0IdleSettings(device, &idle), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceAssignSxWakeSettings(device, &wake), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(WdfDeviceStopIdle(device, FALSE), STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE V-WDF-48: An IRP that comes to a device made with IoCreateDevice in a framework driver is reported. */
TEST(V_WDF_48_wdm_device, MISUSE, .rule = "V-WDF-48")
{
    PDEVICE_OBJECT raw;
    start();
    assert_int_equal(IoCreateDevice(WdfDriverWdmGetDriverObject(driver), 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &raw), STATUS_SUCCESS);
    raw->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    send_io((struct io){.major = IRP_MJ_READ, .length = 4, .to = raw});
}

static ULONG entry_takes_ms;
static NTSTATUS slow_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE from)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)entry_takes_ms * 10000 / 2};
    for (int i = 0; i < 2 && entry_takes_ms; i++) /* one long wait is the system's matter: 0x9F */
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    return STATUS_SUCCESS;
}
__attribute__((section("PAGE"))) static NTSTATUS paged_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE from) { return STATUS_SUCCESS; }

static bool pageable;
static PFN_WDF_DEVICE_D0_ENTRY entry_routine;
static void with_entry(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceD0Entry = entry_routine;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
    if (!pageable)
        WdfDeviceInitSetPowerNotPageable(init);
}
static void start_with(PFN_WDF_DEVICE_D0_ENTRY routine, bool may_page, ULONG ms)
{
    plan.init = with_entry, entry_routine = routine, pageable = may_page, entry_takes_ms = ms;
    start();
    finish();
}

/* RULE V-WDF-50: The power-up callback of a device that is not power-pageable may not be pageable code. */
TEST(V_WDF_50_pageable_entry, MISUSE, .rule = "V-WDF-50") { start_with(paged_entry, false, 0); }
/* RULE V-WDF-50: The power-up callback of a power-pageable device may be pageable code. */
/* RULE K-PNP-90: EvtDeviceD0Entry of a power-pageable device may be pageable code. */
TEST(V_WDF_50_pageable_device) { start_with(paged_entry, true, 0); }

#define MINUTES * 60 * 1000
/* RULE V-WDF-52: A power callback of a non-pageable device that takes more than 10 minutes is bug check WDF_VIOLATION. */
/* RULE K-PNP-89: The framework's watchdog ends a power callback of a non-pageable device after 10 minutes. */
TEST(V_WDF_52_watchdog, .code = 0x10D, .p1 = 1) { start_with(slow_entry, false, 11 MINUTES); }
/* RULE K-PNP-89: A power callback that takes less than the watchdog's 10 minutes is not reported. */
TEST(K_PNP_89_in_time) { start_with(slow_entry, false, 9 MINUTES); }
/* RULE K-PNP-89: The framework has no watchdog for the power callbacks of power-pageable devices. */
TEST(K_PNP_89_pageable_device) { start_with(slow_entry, true, 11 MINUTES); }
/* RULE K-PNP-89: The system's power watchdog finds a power callback of a pageable device that hangs. */
TEST(K_PNP_89_system_watchdog, .code = 0x9F, .p1 = 4) { start_with(slow_entry, true, 22 MINUTES); }

/* RULE V-WDF-52: A device power IRP that the owner of the power policy did not request is bug check WDF_VIOLATION. */
/* RULE V-POW-10: A device power IRP that comes from another than the owner of the power policy is bug check 0x10D/0xD. */
/* RULE K-PNP-5: A device power IRP that the power policy owner did not ask for is bug check 0x10D/0xD. */
TEST(V_WDF_52_power_irp_of_another, .code = 0x10D, .p1 = 0xD)
{
    start();
    po_request_power_irp(node->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = PowerDeviceD3}, NULL, NULL, NULL);
    pass_ms(1);
}

static NTSTATUS stop_inside(WDFDEVICE d)
{
    pnp_query_stop(node);
    return STATUS_SUCCESS;
}
static void with_query(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceQueryRemove = stop_inside;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE V-WDF-52: A PnP IRP that changes the device's state while another one is being worked on is bug check WDF_VIOLATION. */
/* RULE V-PNP-13: A PnP state change during another one is bug check 0x10D/0xC. */
/* RULE K-PNP-5: A PnP state change during another one is bug check 0x10D/0xC. */
TEST(V_WDF_52_two_pnp_irps, .code = 0x10D, .p1 = 0xC)
{
    plan.init = with_query;
    start();
    pnp_query_remove(node);
}

/* RULE V-WDF-53: Calling a framework function that is missing is bug check 0x10D/0x10 when the caller cannot be given a status. */
TEST(V_WDF_53_function_missing, .code = 0x10D, .p1 = 0x10)
{
    boot();
    assert_false(NT_SUCCESS(WdfDriverErrorReportApiMissing(driver, NULL, 500, TRUE)));
    WdfDriverErrorReportApiMissing(driver, NULL, 500, FALSE);
}

/* ---- Locks ---- */

static void queue_then_device(void)
{
    WdfObjectAcquireLock(queue);
    WdfObjectAcquireLock(device);
}

/* RULE K-SYN-13: A device's lock is not acquired under the lock of its queue. */
TEST(K_SYN_13_wrong_order, MISUSE, .rule = "K-SYN-13")
{
    plan.queue = sequential_serialised;
    start();
    queue_then_device();
}

/* RULE K-SYN-13: A queue's lock may be acquired under its device's lock; the locks of two queues have no order. */
TEST(K_SYN_13_right_order)
{
    plan.queue = sequential_serialised;
    start();
    WdfObjectAcquireLock(device), WdfObjectAcquireLock(queue);
    WdfObjectReleaseLock(queue), WdfObjectReleaseLock(device);
    other = make_queue(sequential_serialised);
    WdfObjectAcquireLock(queue), WdfObjectAcquireLock(other);
    WdfObjectReleaseLock(other), WdfObjectReleaseLock(queue);
    finish();
}

static void make_objects(WDFDEVICE d)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFSPINLOCK lock;
    WDFMEMORY memory;
    WDFOBJECT other_kind;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = d;
    assert_int_equal(WdfSpinLockCreate(&a, &lock), STATUS_SUCCESS);
    assert_int_equal(WdfMemoryCreate(&a, NonPagedPoolNx, 0, 8, &memory, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfObjectCreate(NULL, &other_kind), STATUS_SUCCESS);
}
static void make_in_entry(PDRIVER_OBJECT object) { assert_int_equal(WdfSpinLockCreate(NULL, &spin), STATUS_SUCCESS); }
static void make_orphan_lock(WDFDEVICE d) { assert_int_equal(WdfWaitLockCreate(NULL, &orphan_lock), STATUS_SUCCESS); }
static void make_orphan_memory(WDFDEVICE d) { assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 8, &orphan, NULL), STATUS_SUCCESS); }

/* RULE V-WDF-49: A lock without a parent lives until the driver goes (a lint). */
TEST(V_WDF_49_lock_without_parent, .lint = LINT_PARENT, MISUSE, .rule = "V-WDF-49")
{
    plan.add = make_orphan_lock;
    start();
    finish();
}

/* RULE V-WDF-49: Memory without a parent lives until the driver goes (a lint). */
TEST(V_WDF_49_memory_without_parent, .lint = LINT_PARENT, MISUSE, .rule = "V-WDF-49")
{
    plan.add = make_orphan_memory;
    start();
    finish();
}

/* RULE V-WDF-49: An object with a parent, of another type, or made in DriverEntry is not said to live too long. */
TEST(V_WDF_49_parents, .lint = LINT_PARENT)
{
    plan.add = make_objects, plan.entry = make_in_entry;
    start();
    finish();
}

/* ---- Memory of a request that is completed: AddressSanitizer's build knows freed memory ---- */

#if defined(IRPFUZZ_ASAN)
#define STALE .code = 0xD5, .p1 = ANY
#else
#define STALE .code = 0
#endif

static PVOID kept_buffer;
static PMDL kept_mdl;
static WDFMEMORY copy;
static void keep_buffer(WDFREQUEST request)
{
    assert_int_equal(WdfRequestRetrieveInputBuffer(request, 8, &kept_buffer, NULL), STATUS_SUCCESS);
    WdfRequestComplete(request, STATUS_SUCCESS);
}
static void keep_mdl(WDFREQUEST request)
{
    assert_int_equal(WdfRequestRetrieveInputWdmMdl(request, &kept_mdl), STATUS_SUCCESS);
    assert_true(MmGetSystemAddressForMdlSafe(kept_mdl, NormalPagePriority) != NULL);
    WdfRequestComplete(request, STATUS_SUCCESS);
}
static void name_it(PWDFDEVICE_INIT init)
{
    UNICODE_STRING name = text_of(L"\\Device\\Rules");
    WdfDeviceInitAssignName(init, &name);
}
static void control_once(void (*handle)(WDFREQUEST))
{
    PFILE_OBJECT file;
    IO_STATUS_BLOCK iosb = {0};
    char bytes[8] = "1234567";
    plan.queue = sequential, plan.init = name_it, plan.handle = handle;
    start();
    assert_int_equal(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 8, &copy, NULL), STATUS_SUCCESS);
    assert_int_equal(open_path(L"\\Device\\Rules", &file), STATUS_SUCCESS);
    struct io_target_file to = {.file = file, .iosb = &iosb};
    assert_int_equal(io_device_io_control_file(&to, CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS), bytes, 8, NULL, 0), STATUS_PENDING);
    close_file(file);
}

/* RULE V-WDF-10: The use of a request's buffer after its completion is reported. */
TEST(V_WDF_10_buffer_after_completion, STALE)
{
    control_once(keep_buffer);
#if defined(IRPFUZZ_ASAN)
    WdfMemoryCopyFromBuffer(copy, 0, kept_buffer, 8);
#endif
    finish();
}

/* RULE V-WDF-11: The use of a request's MDL after the request's completion is reported. */
TEST(V_WDF_11_mdl_after_completion, STALE)
{
    control_once(keep_mdl);
#if defined(IRPFUZZ_ASAN)
    MmGetSystemAddressForMdlSafe(kept_mdl, NormalPagePriority);
#endif
    finish();
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
        cmocka_unit_test(V_WDF_29_parameters_in_io_stop),
        cmocka_unit_test(V_WDF_29_parameters_in_io_resume),
        cmocka_unit_test(V_WDF_29_nested_callback_may_ask),
        cmocka_unit_test(V_WDF_34_complete),
        cmocka_unit_test(V_WDF_34_stop),
        cmocka_unit_test(V_WDF_34_purge),
        cmocka_unit_test(K_DRV_74_control_device_left),
        cmocka_unit_test(K_DRV_74_deleted_with_the_last_device),
        cmocka_unit_test(V_WDF_47_not_the_owner),
        cmocka_unit_test(V_WDF_48_wdm_device),
        cmocka_unit_test(V_WDF_50_pageable_entry),
        cmocka_unit_test(V_WDF_50_pageable_device),
        cmocka_unit_test(V_WDF_52_watchdog),
        cmocka_unit_test(K_PNP_89_in_time),
        cmocka_unit_test(K_PNP_89_pageable_device),
        cmocka_unit_test(K_PNP_89_system_watchdog),
        cmocka_unit_test(V_WDF_52_power_irp_of_another),
        cmocka_unit_test(V_WDF_52_two_pnp_irps),
        cmocka_unit_test(V_WDF_53_function_missing),
        cmocka_unit_test(K_SYN_13_wrong_order),
        cmocka_unit_test(K_SYN_13_right_order),
        cmocka_unit_test(V_WDF_49_lock_without_parent),
        cmocka_unit_test(V_WDF_49_memory_without_parent),
        cmocka_unit_test(V_WDF_49_parents),
        cmocka_unit_test(V_WDF_10_buffer_after_completion),
        cmocka_unit_test(V_WDF_11_mdl_after_completion),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
