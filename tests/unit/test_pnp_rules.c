/* What PnP drivers must not do in the requests of the PnP and power managers, each with the driver that does it well: V-PNP-1..10, 13, 14, V-POW-1..8. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)

/* ---- One device, and what its function driver does ---- */

static UCHAR major, minor;   /* of the request that `act` is for */
static NTSTATUS (*act)(struct extension *x, PIRP irp, PIO_STACK_LOCATION s);
static char who;
static unsigned acted;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

QUIET_LOG static bool acts(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != who || (who == 'F' && x->number != 1) || s->MajorFunction != major || s->MinorFunction != minor)
        return false;
    acted++;
    *status = act(x, irp, s);
    return true;
}

#pragma clang section text = "" data = "" bss = ""

static void with(char letter, UCHAR request, UCHAR kind, NTSTATUS (*what)(struct extension *, PIRP, PIO_STACK_LOCATION))
{
    who = letter;
    major = request;
    minor = kind;
    act = what;
    tree.instead = acts;
}

static void one_device(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
}

/* What was asked for is done. */
static void a_while(void)
{
    LARGE_INTEGER soon = {.QuadPart = -10000};
    ke_delay_execution_thread(KernelMode, FALSE, &soon);
}

static void bus_alone(void)
{
    grow();
    fell();
}

static void life_of_one(void)
{
    one_device();
    a_while();
    fell();
}

static void goes_by_surprise(void)
{
    one_device();
    tree.child[1].present = false;
    look_again(0);
    fell();
}

static void asked_to_go(void)
{
    one_device();
    if (NT_SUCCESS(pnp_query_remove(node_of(1))))
        pnp_cancel_remove(node_of(1));
    fell();
}

static void stopped(void)
{
    one_device();
    if (NT_SUCCESS(pnp_query_stop(node_of(1))) && NT_SUCCESS(pnp_stop(node_of(1))))
        pnp_start(node_of(1));
    fell();
}

static void called_off(void)
{
    one_device();
    if (NT_SUCCESS(pnp_query_stop(node_of(1))))
        pnp_cancel_stop(node_of(1));
    fell();
}

static void sleeps(void)
{
    one_device();
    pnp_lock();
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    po_system_resume();
    pnp_unlock();
    a_while();
    fell();
}

static void powered_down(void)
{
    one_device();
    po_request_power_irp(node_of(1)->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = PowerDeviceD3}, NULL, NULL, NULL);
    a_while();
    fell();
}

/* The life ends well, and the driver did act. */
static void well(void (*body)(void))
{
    acted = 0;
    in_tree(body);
    assert_true(acted);
}

/* ---- What function drivers do ---- */

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static NTSTATUS fail_it(struct extension *x, PIRP irp, PIO_STACK_LOCATION s) { return finish(irp, STATUS_DEVICE_NOT_READY); }
static NTSTATUS succeed_alone(struct extension *x, PIRP irp, PIO_STACK_LOCATION s) { return finish(irp, STATUS_SUCCESS); }
static NTSTATUS leave_alone(struct extension *x, PIRP irp, PIO_STACK_LOCATION s) { return finish(irp, irp->IoStatus.Status); }
static NTSTATUS pass(struct extension *x, PIRP irp, PIO_STACK_LOCATION s) { return forward(x, irp); }
static NTSTATUS agree(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return forward(x, irp);
}
static NTSTATUS agree_and_wait(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return finish(irp, forward_and_wait(x, irp));
}
static NTSTATUS set_and_convert(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    forward_and_wait(x, irp);
    return finish(irp, STATUS_DEVICE_NOT_READY);
}

/* ---- V-PNP-2, V-PNP-6: going ---- */

static NTSTATUS detach_at_once(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = forward(x, irp);
    IoDetachDevice(x->lower);
    return status;
}
static NTSTATUS delete_at_once(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = forward(x, irp);
    IoDeleteDevice(x->self);
    return status;
}
static NTSTATUS delete_before_passing(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    PDEVICE_OBJECT lower = x->lower;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoDetachDevice(lower);
    IoDeleteDevice(x->self);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}
static NTSTATUS wait_then_delete(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = forward_and_wait(x, irp);
    IoDetachDevice(x->lower);
    IoDeleteDevice(x->self);
    return finish(irp, status);
}

/* ---- V-PNP-4, V-PNP-5: AddDevice ---- */

static PDEVICE_OBJECT attach_to_bus(struct extension *x)
{
    PDEVICE_OBJECT other = bus_driver->DeviceObject;
    while (other->NextDevice) /* the bus's own device was made first */
        other = other->NextDevice;
    return IoAttachDeviceToDeviceStack(x->self, x->letter == 'F' ? other : x->pdo);
}
static PDEVICE_OBJECT attach_nothing(struct extension *x) { return IoAttachDeviceToDeviceStack(x->letter == 'F' ? NULL : x->self, x->pdo); }
static PDEVICE_OBJECT attach_a_file(struct extension *x)
{
    return IoAttachDeviceToDeviceStack(x->letter == 'F' ? (PDEVICE_OBJECT)x->self->DriverObject : x->self, x->pdo);
}
static PDEVICE_OBJECT attach_well(struct extension *x)
{
    acted++;
    return IoAttachDeviceToDeviceStack(x->self, x->pdo);
}

/* ---- V-PNP-7 ---- */

static void not_pagable(struct extension *x)
{
    if (x->letter == 'F')
        x->self->Flags &= ~DO_POWER_PAGABLE;
}

/* ---- V-PNP-8, V-PNP-9: START ---- */

static NTSTATUS complete_later(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}
static NTSTATUS start_pended(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, complete_later, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(x->lower, irp);
    return STATUS_PENDING;
}
static NTSTATUS start_unpended(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, complete_later, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(x->lower, irp);
}
static NTSTATUS start_after_waiting(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return start_pended(x, irp, s);
}

static bool pends_all(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter == 'P' || s->MajorFunction != IRP_MJ_PNP || (s->MinorFunction != IRP_MN_START_DEVICE && s->MinorFunction != IRP_MN_QUERY_DEVICE_RELATIONS))
        return false;
    acted++;
    *status = s->MinorFunction == IRP_MN_START_DEVICE ? start_pended(x, irp, s) : forward(x, irp);
    return true;
}

/* ---- Power ---- */

static VOID power_done(PDEVICE_OBJECT device, UCHAR kind, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    struct extension *x = ((PDEVICE_OBJECT)context)->DeviceExtension;
    PIRP irp = x->wait_wake;
    x->wait_wake = NULL;
    PoStartNextPowerIrp(irp);
    irp->IoStatus.Status = iosb->Status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}
static NTSTATUS system_power_came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct extension *x = device->DeviceExtension;
    POWER_STATE d3 = {.DeviceState = PowerDeviceD3};
    x->wait_wake = irp;
    if (!NT_SUCCESS(irp->IoStatus.Status) || PoRequestPowerIrp(x->pdo, IRP_MN_SET_POWER, d3, power_done, device, NULL) != STATUS_PENDING) {
        x->wait_wake = NULL;
        PoStartNextPowerIrp(irp);
        return STATUS_CONTINUE_COMPLETION;
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}
/* As W-POW-9 wants it. */
static NTSTATUS own_policy(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    if (s->Parameters.Power.Type != SystemPowerState || s->Parameters.Power.State.SystemState == PowerSystemWorking)
        return power(x, irp, s);
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, system_power_came_back, NULL, TRUE, TRUE, TRUE);
    PoCallDriver(x->lower, irp);
    return STATUS_PENDING;
}
static bool goes_to_sleep(PIO_STACK_LOCATION s)
{
    return s->Parameters.Power.Type == SystemPowerState && s->Parameters.Power.State.SystemState != PowerSystemWorking;
}
static NTSTATUS ask_without_pending(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    POWER_STATE d3 = {.DeviceState = PowerDeviceD3};
    if (goes_to_sleep(s))
        (void)PoRequestPowerIrp(x->pdo, IRP_MN_SET_POWER, d3, NULL, NULL, NULL);
    return power(x, irp, s);
}
static NTSTATUS allocate_at_night(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    PVOID memory = goes_to_sleep(s) ? ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'sReT') : NULL;
    if (memory)
        ExFreePoolWithTag(memory, 'sReT');
    return power(x, irp, s);
}

static PIRP made;
static void ask_for_irp(char letter, unsigned number, UCHAR request, UCHAR kind)
{
    POWER_STATE d0 = {.DeviceState = PowerDeviceD0};
    if (letter == 'F' && request == IRP_MJ_PNP && kind == IRP_MN_QUERY_CAPABILITIES)
        (void)PoRequestPowerIrp(tree.child[number].pdo, IRP_MN_SET_POWER, d0, NULL, NULL, &made);
}
static void ask_well(char letter, unsigned number, UCHAR request, UCHAR kind)
{
    POWER_STATE d0 = {.DeviceState = PowerDeviceD0}, s3 = {.SystemState = PowerSystemSleeping3};
    if (letter != 'F' || request != IRP_MJ_PNP || kind != IRP_MN_QUERY_CAPABILITIES)
        return;
    acted++;
    (void)PoRequestPowerIrp(tree.child[number].pdo, IRP_MN_SET_POWER, d0, NULL, NULL, NULL);
    if (NT_SUCCESS(PoRequestPowerIrp(tree.child[number].pdo, IRP_MN_WAIT_WAKE, s3, NULL, NULL, &made)))
        IoCancelIrp(made);
}
static void ask_to_wake_and_forget(char letter, unsigned number, UCHAR request, UCHAR kind)
{
    POWER_STATE s3 = {.SystemState = PowerSystemSleeping3};
    if (letter == 'F' && request == IRP_MJ_PNP && kind == IRP_MN_QUERY_CAPABILITIES)
        (void)PoRequestPowerIrp(tree.child[number].pdo, IRP_MN_WAIT_WAKE, s3, NULL, NULL, &made);
}

static NTSTATUS stop_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static UCHAR own_minor;
static void send_own(char letter, unsigned number, UCHAR request, UCHAR kind)
{
    if (letter != 'F' || request != IRP_MJ_PNP || kind != IRP_MN_QUERY_CAPABILITIES)
        return;
    PIRP irp = IoAllocateIrp(4, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = own_minor;
    IoSetCompletionRoutine(irp, stop_it, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(tree.child[number].pdo, irp);
}

/* A bus driver that keeps all that it gets. */
static PIRP kept[2];
static unsigned keeps;
static VOID cancel_kept(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    finish(irp, STATUS_CANCELLED);
}
static NTSTATUS keep_all(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    IoMarkIrpPending(irp);
    kept[keeps++ & 1] = irp;
    IoSetCancelRoutine(irp, cancel_kept);
    return STATUS_PENDING;
}

#pragma clang section text = "" data = "" bss = ""

/* ---- Tests ---- */

static void each(NTSTATUS (*what)(struct extension *, PIRP, PIO_STACK_LOCATION), UCHAR kind, void (*body)(void), const char *rule, uint32_t p1)
{
    with('F', IRP_MJ_PNP, kind, what);
    tree_reported(body, rule, 0xC9, p1);
}

/* RULE V-PNP-1: REMOVE_DEVICE that fails is bug check 0xC9/0x306; SURPRISE_REMOVAL, CANCEL_REMOVE, CANCEL_STOP and STOP that fail 0xC9/0x247. */
TEST(V_PNP_1_must_not_fail)
{
    tree_reset();
    each(fail_it, IRP_MN_SURPRISE_REMOVAL, goes_by_surprise, "V-PNP-1", 0x247);
    each(fail_it, IRP_MN_CANCEL_REMOVE_DEVICE, asked_to_go, "V-PNP-1", 0x247);
    each(fail_it, IRP_MN_CANCEL_STOP_DEVICE, called_off, "V-PNP-1", 0x247);
    each(fail_it, IRP_MN_STOP_DEVICE, stopped, "V-PNP-1", 0x247);
    each(fail_it, IRP_MN_REMOVE_DEVICE, life_of_one, "V-PNP-1", 0x306);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, fail_it);
    well(asked_to_go);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, fail_it);
    well(stopped);
}

/* RULE V-PNP-2: A device that is detached by SURPRISE_REMOVAL is bug check 0xC9/0x241, one that is deleted 0xC9/0x242. */
/* RULE V-IO-242: A device that is deleted by SURPRISE_REMOVAL is reported. */
TEST(V_PNP_2_surprise)
{
    tree_reset();
    each(detach_at_once, IRP_MN_SURPRISE_REMOVAL, goes_by_surprise, NULL, 0x241);
    each(delete_at_once, IRP_MN_SURPRISE_REMOVAL, goes_by_surprise, "V-IO-242", 0x242);
    with('F', IRP_MJ_PNP, IRP_MN_SURPRISE_REMOVAL, agree);
    well(goes_by_surprise);
}

/* RULE V-PNP-3: A function driver passes PnP IRPs down: one that it completes with success is bug check 0xC9/0x22E, one that it leaves as it was 0xC9/0x22F. */
/* RULE W-PNP-12: Who handles a minor on the way down sets its status; a successful PnP IRP is not a function driver's to complete. */
/* RULE W-PNP-11: A minor that a driver does not know is passed down untouched; only the PDO completes it, with the status that it found. */
TEST(V_PNP_3_passed_down)
{
    tree_reset();
    each(succeed_alone, IRP_MN_START_DEVICE, life_of_one, NULL, 0x22E);
    each(succeed_alone, IRP_MN_QUERY_STOP_DEVICE, stopped, NULL, 0x22E);
    each(leave_alone, IRP_MN_QUERY_CAPABILITIES, life_of_one, NULL, 0x22F);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_BUS_INFORMATION, pass);
    in_tree(life_of_one);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, pass);
    well(life_of_one);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, fail_it);
    well(stopped);
}

/* RULE V-PNP-4: A device that AddDevice attaches elsewhere than to the PDO that it was given is reported. */
/* RULE V-PNP-5: Something that IoCreateDevice did not make, given to IoAttachDeviceToDeviceStack, is reported. */
TEST(V_PNP_4_attached)
{
    tree_reset();
    tree.attach = attach_to_bus;
    tree_reported(life_of_one, "V-PNP-4", OWN_RULE, ~0ull);
    tree.attach = attach_nothing;
    tree_reported(life_of_one, "V-PNP-5", OWN_RULE, ~0ull);
    tree.attach = attach_a_file;
    tree_reported(life_of_one, "V-PNP-5", OWN_RULE, ~0ull);
    tree.attach = attach_well;
    well(life_of_one);
}

/* RULE V-PNP-6: A device that is deleted before its driver has passed REMOVE_DEVICE down is reported; after IoCallDriver, waited for or not, is right. */
TEST(V_PNP_6_deleted_last)
{
    tree_reset();
    with('F', IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, delete_before_passing);
    tree_reported(life_of_one, "V-PNP-6", OWN_RULE, ~0ull);
    with('F', IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, wait_then_delete);
    well(life_of_one);
}

/* RULE V-PNP-7: A device without DO_POWER_PAGABLE over one that has it is bug check 0xC9/0x23F. */
/* RULE W-POW-17: DO_POWER_PAGABLE is inherited upwards. */
TEST(V_PNP_7_flags)
{
    tree_reset();
    tree.added = not_pagable;
    tree_reported(life_of_one, NULL, 0xC9, 0x23F);
    tree.added = NULL;
    in_tree(life_of_one);
}

static void linted(void (*body)(void), uint32_t lint, const char *rule)
{
    well(body);
    machine_lints = lint;
    tree_reported(body, rule, OWN_RULE, ~0ull);
    machine_lints = 0;
}
static void not_linted(void (*body)(void), uint32_t lint)
{
    machine_lints = lint;
    well(body);
    machine_lints = 0;
}

/* RULE V-PNP-8: START that has a completion routine and is not pended is a matter of taste: reported only where lints are asked for. */
/* RULE V-PNP-9: A wait in START is a matter of taste: reported only where lints are asked for. */
TEST(V_PNP_8_start)
{
    tree_reset();
    with('B', IRP_MJ_PNP, IRP_MN_START_DEVICE, start_unpended);
    linted(life_of_one, LINT_PNP, "V-PNP-8");
    with('B', IRP_MJ_PNP, IRP_MN_START_DEVICE, start_after_waiting);
    linted(life_of_one, LINT_PNP, "V-PNP-9");
    tree.instead = pends_all;
    not_linted(bus_alone, LINT_PNP);
}

/* RULE V-PNP-10: A function driver that passes REMOVE, SURPRISE_REMOVAL or QUERY_REMOVE down with STATUS_NOT_SUPPORTED is bug check 0xC9/0x217. */
/* RULE V-IO-217: A request that a function driver has to handle and passes down untouched is reported. */
TEST(V_PNP_10_not_supported)
{
    tree_reset();
    each(pass, IRP_MN_SURPRISE_REMOVAL, goes_by_surprise, "V-PNP-10", 0x217);
    each(pass, IRP_MN_QUERY_REMOVE_DEVICE, asked_to_go, "V-PNP-10", 0x217);
    each(pass, IRP_MN_REMOVE_DEVICE, life_of_one, "V-PNP-10", 0x217);
    with('F', IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, agree_and_wait);
    well(asked_to_go);
}

static bool lint_opens;
static void opened_when_pending(void)
{
    one_device();
    pnp_query_remove(node_of(1));
    machine_lints = lint_opens ? LINT_PNP : 0;
    PFILE_OBJECT file = open_device(1);
    close_device(file);
    pnp_cancel_remove(node_of(1));
    fell();
}
static void opened_again(void)
{
    one_device();
    pnp_query_remove(node_of(1));
    pnp_cancel_remove(node_of(1));
    machine_lints = LINT_PNP;
    PFILE_OBJECT file = open_device(1);
    close_device(file);
    machine_lints = 0;
    fell();
}

/* RULE V-PNP-14: A CREATE that succeeds when the driver has agreed to the removal is a matter of taste: reported only where lints are asked for. */
TEST(V_PNP_14_opened)
{
    tree_reset();
    in_tree(opened_when_pending);
    in_tree(opened_again);
    lint_opens = true;
    tree_reported(opened_when_pending, "V-PNP-14", OWN_RULE, ~0ull);
    machine_lints = 0;
}

/* RULE V-POW-1: A SET_POWER that a function driver fails and does not pass down is bug check 0xC9/0x247; what fails below it, or on its way up, is no matter. */
TEST(V_POW_1_set_power_fails)
{
    tree_reset();
    with('F', IRP_MJ_POWER, IRP_MN_SET_POWER, fail_it);
    tree_reported(powered_down, "V-POW-1", 0xC9, 0x247);
    tree_reported(sleeps, "V-POW-1", 0xC9, 0x247);
    with('F', IRP_MJ_POWER, IRP_MN_SET_POWER, set_and_convert);
    well(powered_down);
    with('F', IRP_MJ_POWER, IRP_MN_QUERY_POWER, fail_it);
    well(sleeps);
}

/* RULE V-POW-2: An allocation in the SET_POWER that puts the system to sleep is a matter of taste: reported only where lints are asked for. */
/* RULE V-POW-3: A system SET_POWER for which a device IRP was requested and that is not pended is reported where lints are asked for. */
/* RULE W-POW-9: The owner of the power policy passes the system SET_POWER down, requests the device IRP when it comes back, and completes it in the callback of that. */
TEST(V_POW_2_lints)
{
    tree_reset();
    with('F', IRP_MJ_POWER, IRP_MN_SET_POWER, allocate_at_night);
    linted(sleeps, LINT_POWER, "V-POW-2");
    with('F', IRP_MJ_POWER, IRP_MN_SET_POWER, ask_without_pending);
    linted(sleeps, LINT_POWER, "V-POW-3");
    with('F', IRP_MJ_POWER, IRP_MN_SET_POWER, own_policy);
    not_linted(sleeps, LINT_POWER);
}

/* RULE V-POW-4: PoRequestPowerIrp with the address of an IRP pointer is bug check 0xC4/0x4100B, except for WAIT_WAKE. */
TEST(V_POW_4_irp_pointer)
{
    tree_reset();
    tree.at = ask_for_irp;
    tree_reported(life_of_one, "V-POW-4", 0xC4, 0x4100B);
    tree.at = ask_well;
    well(life_of_one);
}

/* RULE V-POW-7: A SET_POWER, QUERY_POWER or WAIT_WAKE that a driver allocated is bug check 0xC9/0x237. */
TEST(V_POW_7_own_power_irp)
{
    static const UCHAR minors[] = {IRP_MN_SET_POWER, IRP_MN_QUERY_POWER, IRP_MN_WAIT_WAKE};
    tree_reset();
    tree.at = send_own;
    for (unsigned i = 0; i < sizeof minors; i++) {
        own_minor = minors[i];
        tree_reported(life_of_one, NULL, 0xC9, 0x237);
    }
}

static void wakes_twice(void)
{
    PIRP irp[2];
    keeps = 0;
    acted++;
    one_device();
    for (unsigned i = 0; i < 2; i++)
        po_request_power_irp(node_of(1)->pdo, IRP_MN_WAIT_WAKE, (POWER_STATE){.SystemState = PowerSystemSleeping3}, NULL, NULL, &irp[i]);
    a_while();
    io_cancel_irp(irp[0]);
    fell();
}

/* RULE V-POW-8: A PDO that keeps two WAIT_WAKE requests, and one that is still there when its device was removed, are reported. */
TEST(V_POW_8_wait_wake)
{
    tree_reset();
    with('P', IRP_MJ_POWER, IRP_MN_WAIT_WAKE, keep_all);
    tree_reported(wakes_twice, "V-POW-8", OWN_RULE, ~0ull);
    tree.instead = NULL;
    in_tree(wakes_twice); /* the second was told that the device is busy */
    tree.at = ask_to_wake_and_forget;
    tree_reported(life_of_one, "V-POW-8", OWN_RULE, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_PNP_1_must_not_fail), cmocka_unit_test(V_PNP_2_surprise), cmocka_unit_test(V_PNP_3_passed_down), cmocka_unit_test(V_PNP_4_attached),
        cmocka_unit_test(V_PNP_6_deleted_last), cmocka_unit_test(V_PNP_7_flags), cmocka_unit_test(V_PNP_8_start), cmocka_unit_test(V_PNP_10_not_supported),
        cmocka_unit_test(V_PNP_14_opened), cmocka_unit_test(V_POW_1_set_power_fails), cmocka_unit_test(V_POW_2_lints), cmocka_unit_test(V_POW_4_irp_pointer),
        cmocka_unit_test(V_POW_7_own_power_irp), cmocka_unit_test(V_POW_8_wait_wake),
    };
    return cmocka_run_group_tests(tests);
}
