/* Power IRPs: who sends them, in which order, and who waits for whom: W-POW-1..6, 10, 11, 15..20, V-POW-5. */
#include "pnp_tree.h"

/* What drivers did is looked at, from beside them, when time has passed: no order that a driver could rely on, and no part of what these show. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define TEST(name) static void name(void **state)
#define SETS BIT(IRP_MN_SET_POWER)

static unsigned callbacks, arrived, idle_seconds;
static NTSTATUS callback_status, asked;
static POWER_STATE callback_state, before[2];
static bool seen_untouched, inrush;

static const POWER_STATE d0 = {.DeviceState = PowerDeviceD0}, d2 = {.DeviceState = PowerDeviceD2}, d3 = {.DeviceState = PowerDeviceD3};

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PIRP kept;
static PULONG busy;
static bool uses_it;

static bool is_device_power(PIO_STACK_LOCATION s, char letter, struct extension *x)
{
    return x->letter == letter && x->number && s->MajorFunction == IRP_MJ_POWER && s->MinorFunction == IRP_MN_SET_POWER &&
           s->Parameters.Power.Type == DevicePowerState;
}

static VOID power_done(PDEVICE_OBJECT device, UCHAR kind, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    callbacks += kind == IRP_MN_SET_POWER && context == &callbacks;
    callback_status = iosb->Status;
    callback_state = state;
}

/* The PDO keeps the first device power IRP that it gets. */
static bool keeps_one(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (!is_device_power(s, 'P', x) || arrived++)
        return false;
    IoMarkIrpPending(irp);
    kept = irp;
    *status = STATUS_PENDING;
    return true;
}
static bool keeps_for_ever(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    arrived = 0;
    return keeps_one(x, irp, s, status);
}
static bool keeps_start(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != 'P' || s->MajorFunction != IRP_MJ_PNP || s->MinorFunction != IRP_MN_START_DEVICE)
        return false;
    IoMarkIrpPending(irp);
    *status = STATUS_PENDING;
    return true;
}
static void let_go(void)
{
    PIRP irp = kept;
    kept = NULL;
    finish(irp, STATUS_SUCCESS);
}

/* As W-POW-4 wants it: the state is told before leaving D0 and after coming back to it. */
static NTSTATUS came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    before[1] = PoSetPowerState(device, DevicePowerState, d0);
    say("F-acts");
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}
static bool tells_state(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (!is_device_power(s, 'F', x))
        return false;
    if (s->Parameters.Power.State.DeviceState != PowerDeviceD0) {
        say("F-acts");
        before[0] = PoSetPowerState(x->self, DevicePowerState, s->Parameters.Power.State);
        IoSkipCurrentIrpStackLocation(irp); /* without PoStartNextPowerIrp */
    } else {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, came_back, NULL, TRUE, TRUE, TRUE);
    }
    *status = IoCallDriver(x->lower, irp);
    return true;
}

/* It waits, in its power dispatch routine, for another power IRP of its own stack. */
static VOID signal(PDEVICE_OBJECT device, UCHAR kind, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb) { KeSetEvent(context, 0, FALSE); }
static bool waits_for_another(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    KEVENT event;
    if (!is_device_power(s, 'F', x) || s->Parameters.Power.State.DeviceState == PowerDeviceD0)
        return false;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    if (PoRequestPowerIrp(x->pdo, IRP_MN_SET_POWER, d0, signal, &event, NULL) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    *status = power(x, irp, s);
    return true;
}

static bool looks(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (s->MajorFunction == IRP_MJ_POWER)
        seen_untouched &= irp->IoStatus.Status == STATUS_NOT_SUPPORTED && !irp->IoStatus.Information;
    return false;
}

static bool hears_shutdown(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (s->MajorFunction != IRP_MJ_SHUTDOWN)
        return false;
    say("shutdown");
    *status = finish(irp, STATUS_SUCCESS);
    return true;
}

static void draws_much(struct extension *x)
{
    if (x->letter == 'F') {
        x->self->Flags &= ~DO_POWER_PAGABLE;
        x->self->Flags |= DO_POWER_INRUSH;
    }
}

static void detects_idleness(char letter, unsigned number, UCHAR major, UCHAR minor)
{
    if (letter == 'F' && major == IRP_MJ_PNP && minor == IRP_MN_QUERY_CAPABILITIES && tree.child[number].pdo)
        busy = PoRegisterDeviceForIdleDetection(tree.child[number].pdo, idle_seconds, idle_seconds, PowerDeviceD3);
    if (letter == 'F' && major == IRP_MJ_READ && busy)
        PoSetDeviceBusy(busy);
}

#pragma clang section text = "" data = "" bss = ""

static void wait_ms(unsigned ms)
{
    LARGE_INTEGER time = {.QuadPart = -10000ll * ms};
    ke_delay_execution_thread(KernelMode, FALSE, &time);
}

static void grown(void)
{
    callbacks = arrived = 0;
    plant(1, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, 0, SETS);
}

static NTSTATUS request(unsigned n, POWER_STATE s)
{
    return PoRequestPowerIrp(node_of(n)->pdo, IRP_MN_SET_POWER, s, power_done, &callbacks, NULL);
}

static void done(void)
{
    tree.pnp = tree.power = 0;
    fell();
}

/* ---- W-POW-1, 2, 3 ---- */

static void through_the_stack(void)
{
    seen_untouched = true;
    plant(1, 0, DEVICE_IDS);
    grow();
    show(TELL_DOWN, 0, SETS);
    request(1, d2);
    wait_ms(1);
    log_is("D2. V1 U1 F1 K1 L1 P1");
    assert_int_equal(node_of(1)->device_state, PowerDeviceD2);
    assert_int_equal(node_of(1)->capabilities.DeviceState[PowerSystemSleeping3], PowerDeviceD3);
    assert_true(seen_untouched);
    done();
}

/* RULE W-POW-1: System states are S0 = 1 to S5 = 6, device states D0 = 1 to D3 = 4; the capabilities map the one to the other. */
/* RULE W-POW-2: A power IRP has a type and a state, and begins with STATUS_NOT_SUPPORTED. */
/* RULE W-POW-3: Every driver passes a power IRP down, and the PDO completes it. */
TEST(W_POW_3_passed_down)
{
    assert_int_equal(PowerSystemWorking, 1);
    assert_int_equal(PowerSystemHibernate, 5);
    assert_int_equal(PowerSystemShutdown, 6);
    assert_int_equal(PowerDeviceUnspecified, 0);
    assert_int_equal(PowerDeviceD0, 1);
    assert_int_equal(PowerDeviceD3, 4);
    assert_int_equal(IRP_MN_WAIT_WAKE, 0);
    assert_int_equal(IRP_MN_POWER_SEQUENCE, 1);
    assert_int_equal(IRP_MN_SET_POWER, 2);
    assert_int_equal(IRP_MN_QUERY_POWER, 3);
    tree_reset();
    tree.instead = looks;
    in_tree(through_the_stack);
}

/* ---- W-POW-4, 5 ---- */

static void down_and_up(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    show(TELL_DOWN, 0, SETS);
    request(1, d3);
    wait_ms(1);
    log_is("D3. F1 F-acts P1");
    request(1, d0);
    wait_ms(1);
    log_is("D0. F1 P1 F-acts");
    assert_int_equal(before[0].DeviceState, PowerDeviceD0);
    assert_int_equal(before[1].DeviceState, PowerDeviceD3);
    done();
}

/* RULE W-POW-4: A driver acts before it passes a power-down on, and after the bus has powered up; PoSetPowerState returns the state before. */
/* RULE W-POW-5: PoStartNextPowerIrp may be called or not. */
/* RULE V-POW-6: A driver that never calls PoStartNextPowerIrp is asked for the next power state all the same: since Vista nothing hangs on the call. */
TEST(W_POW_4_order)
{
    tree_reset();
    tree.instead = tells_state;
    in_tree(down_and_up);
}

/* ---- W-POW-6, 10 ---- */

static void one_at_a_time(void)
{
    grown();
    assert_int_equal(request(1, d2), STATUS_PENDING);
    assert_int_equal(request(1, d0), STATUS_PENDING);
    assert_int_equal(request(1, d3), STATUS_PENDING);
    wait_ms(1);
    log_is("D2.1");
    assert_int_equal(callbacks, 0);
    let_go();
    wait_ms(1);
    log_is("D0.1 D3.1");
    assert_int_equal(callbacks, 3);
    assert_int_equal(callback_status, STATUS_SUCCESS);
    assert_int_equal(callback_state.DeviceState, PowerDeviceD3);
    assert_int_equal(node_of(1)->device_state, PowerDeviceD3);
    done();
}

static void two_devices_power_up(void)
{
    callbacks = arrived = 0;
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, PLAIN_IDS);
    grow();
    show(TELL_NAMES, 0, SETS);
    request(1, d0);
    request(2, d0);
    wait_ms(1);
    log_is(inrush ? "D0.1" : "D0.1 D0.2");
    let_go();
    wait_ms(1);
    log_is(inrush ? "D0.2" : "");
    assert_int_equal(callbacks, 2);
    done();
}

/* RULE W-POW-6: A device has one device power IRP at a time, further ones follow in order; one device with DO_POWER_INRUSH powers up at a time. */
TEST(W_POW_6_queued)
{
    tree_reset();
    tree.instead = keeps_one;
    in_tree(one_at_a_time);
    inrush = false;
    in_tree(two_devices_power_up);
    inrush = true;
    tree.added = draws_much;
    in_tree(two_devices_power_up);
}

static void refused(void)
{
    grown();
    asked = PoRequestPowerIrp(node_of(1)->pdo, IRP_MN_POWER_SEQUENCE, d0, power_done, &callbacks, NULL);
    assert_int_equal(asked, STATUS_INVALID_PARAMETER_2);
    wait_ms(1);
    assert_int_equal(callbacks, 0);
    done();
}
static void out_of_memory(void)
{
    grown();
    assert_int_equal(request(1, d3), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(request(1, d3), STATUS_PENDING);
    wait_ms(1);
    assert_int_equal(callbacks, 1);
    done();
}

/* RULE W-POW-10: PoRequestPowerIrp is STATUS_PENDING, and its callback comes once; for another minor, or without memory, it fails and none comes. */
TEST(W_POW_10_request)
{
    static const struct chance fails = {.fault_count = 1, .fault = {{.ddi = DDI_PoRequestPowerIrp, .nth = 1, .value = 1}}};
    tree_reset();
    in_tree(refused);
    tree_chance = &fails;
    in_tree(out_of_memory);
    tree_chance = NULL;
}

/* ---- W-POW-11, 16 ---- */

static void powered_down(void)
{
    grown();
    request(1, d3);
    wait_ms(1);
    done();
}
static void powered_and_waited_for(void)
{
    grown();
    request(1, d3);
    KEVENT never;
    ke_initialize_event(&never, NotificationEvent, FALSE);
    ke_wait_internal(&never, "something that never comes");
}
static void removed_at_once(void)
{
    grown();
    request(1, d3);
    done();
}

/* RULE W-POW-11: A power dispatch routine that waits for another power IRP of its stack never ends, which is reported. */
/* RULE W-POW-16: A power IRP that nobody completes is bug check 0x9F/3, a PnP IRP 0x9F/4. */
/* RULE V-GEN-20: A power IRP that stays is bug check 0x9F. */
/* RULE V-POW-5: A power IRP held too long is bug check 0x9F/3, a device deleted with one 0x9F/1, a PnP IRP that holds up the rest 0x9F/4. */
TEST(W_POW_16_watchdog)
{
    tree_reset();
    in_tree(powered_down);
    tree.instead = keeps_for_ever;
    tree_reported(powered_and_waited_for, NULL, 0x9F, 3);
    tree.instead = waits_for_another;
    tree_reported(powered_and_waited_for, NULL, 0x9F, 3);
    tree.instead = keeps_start;
    tree_reported(grown, NULL, 0x9F, 4);
    tree.instead = NULL;
    tree_reported(removed_at_once, NULL, 0x9F, 1);
}

/* ---- W-POW-15 ---- */

static void read_it(void)
{
    PDEVICE_OBJECT top = io_get_attached_device(node_of(1)->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    (irp->Tail.Overlay.CurrentStackLocation - 1)->MajorFunction = IRP_MJ_READ;
    irp_info(irp)->built_by = 2;
    io_send_and_wait(irp, top, NULL);
}

static void goes_idle(void)
{
    idle_seconds = 3;
    grown();
    wait_ms(2500);
    log_is("");
    if (uses_it)
        read_it();
    wait_ms(1000);
    log_is(uses_it ? "" : "D3.1");
    wait_ms(2000);
    log_is(uses_it ? "D3.1" : "");
    wait_ms(10000);
    log_is("");
    request(1, d0);
    wait_ms(2500);
    log_is("D0.1");
    wait_ms(1000);
    log_is("D3.1");
    assert_true(PoRegisterDeviceForIdleDetection(node_of(1)->pdo, 0, 0, PowerDeviceD3) == NULL);
    request(1, d0);
    wait_ms(10000);
    log_is("D0.1");
    done();
}

/* RULE W-POW-15: A device that is not marked as busy for the time that its driver named is sent to its idle state, again after each return to D0. */
TEST(W_POW_15_idle)
{
    tree_reset();
    tree.at = detects_idleness;
    uses_it = false;
    in_tree(goes_idle);
    uses_it = true;
    in_tree(goes_idle);
}

/* ---- W-POW-18, 19 ---- */

static void shut_down(void)
{
    grown();
    assert_int_equal(IoRegisterShutdownNotification(io_get_attached_device(node_of(1)->pdo)), STATUS_SUCCESS);
    io_shutdown_system();
    pnp_lock();
    po_system_sleep(PowerSystemShutdown, PowerActionShutdown);
    pnp_unlock();
    log_is("shutdown S5.1 S5.0");
    pnp_lock();
    po_system_resume();
    pnp_unlock();
    IoUnregisterShutdownNotification(io_get_attached_device(node_of(1)->pdo));
    done();
}

/* RULE W-POW-18: At shutdown the notifications come first, then SET_POWER to S5, leaves first. */
TEST(W_POW_18_shutdown)
{
    tree_reset();
    tree.instead = hears_shutdown;
    in_tree(shut_down);
}

static void removed_in_d0(void)
{
    plant(1, 0, PLAIN_IDS);
    show(TELL_NAMES, 0, ALL_MINORS);
    grow();
    assert_int_equal(node_of(1)->device_state, PowerDeviceD0);
    tree.child[1].present = false;
    look_again(0);
    log_is("");
    fell();
}

/* RULE W-POW-19: A device is in D0 once its bus has started it, and is removed without a power IRP. */
TEST(W_POW_19_no_power_irp)
{
    tree_reset();
    in_tree(removed_in_d0);
}

/* ---- W-POW-20 ---- */

static void unknown_minor(void)
{
    IO_STATUS_BLOCK iosb = {0};
    grown();
    tree.instead = looks;
    PDEVICE_OBJECT top = io_get_attached_device(node_of(1)->pdo);
    for (UCHAR major = IRP_MJ_POWER; major; major = major == IRP_MJ_POWER ? IRP_MJ_PNP : 0) {
        PIRP irp = io_allocate_irp(top->StackSize, FALSE);
        (irp->Tail.Overlay.CurrentStackLocation - 1)->MajorFunction = major;
        (irp->Tail.Overlay.CurrentStackLocation - 1)->MinorFunction = 0x7f;
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        irp_info(irp)->built_by = 3;
        assert_int_equal(io_send_and_wait(irp, top, &iosb), STATUS_NOT_SUPPORTED);
    }
    done();
}

/* RULE W-POW-20: A power IRP with a minor that nobody knows comes back as it was sent. */
TEST(W_POW_20_unknown)
{
    tree_reset();
    in_tree(unknown_minor);
}

#pragma clang attribute pop

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_POW_3_passed_down), cmocka_unit_test(W_POW_4_order), cmocka_unit_test(W_POW_6_queued), cmocka_unit_test(W_POW_10_request),
        cmocka_unit_test(W_POW_16_watchdog), cmocka_unit_test(W_POW_15_idle), cmocka_unit_test(W_POW_18_shutdown), cmocka_unit_test(W_POW_19_no_power_irp),
        cmocka_unit_test(W_POW_20_unknown),
    };
    return cmocka_run_group_tests(tests);
}
