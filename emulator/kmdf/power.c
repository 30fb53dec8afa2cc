/*
 * Moving a device between D0 and Dx: the order of K-PNP-11 steps 5..11, K-PNP-35 and K-PNP-37, and the unwinding of a power-up that fails (3.3,
 * K-PNP-61). Interrupts, DMA enablers and child lists hang in as power parts (fx_power_part_add).
 *
 * Device power IRPs of the power policy owner are its own requests: whoever made the request holds the power lock and has done the I/O half of
 * a power-down already. Other devices take the lock here.
 */
#include "device.h"

/* ---- The power lock ---- */

void fx_power_lock(struct fx_device *device) { ke_wait_internal(&device->own->power_free, "another power transition of the device"); }
void fx_power_unlock(struct fx_device *device) { ke_set_event(&device->own->power_free, 0, FALSE); }

/* ---- Parts ---- */

void fx_power_part_add(struct fx_device *device, enum fx_power_stage stage, struct fx_power_part *part)
{
    InsertTailList(&device->own->parts[stage], &part->entry);
}

void fx_power_part_remove(struct fx_power_part *part) { RemoveEntryList(&part->entry); }

static NTSTATUS parts_up(struct fx_device *device, enum fx_power_stage stage)
{
    LIST_ENTRY *head = &device->own->parts[stage];
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_power_part *part = CONTAINING_RECORD(e, struct fx_power_part, entry);
        NTSTATUS status = part->power_up ? part->power_up(part) : STATUS_SUCCESS;
        if (!NT_SUCCESS(status))
            return status;
        part->up = true;
    }
    return STATUS_SUCCESS;
}

/* Interrupts in reverse order of creation (K-PNP-35), DMA enablers in the order they came up in (K-DMA-2). */
static bool parts_down(struct fx_device *device, enum fx_power_stage stage)
{
    LIST_ENTRY *head = &device->own->parts[stage];
    bool fine = true, forward = stage == FX_STAGE_DMA;
    for (LIST_ENTRY *e = forward ? head->Flink : head->Blink; e != head; e = forward ? e->Flink : e->Blink) {
        struct fx_power_part *part = CONTAINING_RECORD(e, struct fx_power_part, entry);
        if (!part->up)
            continue;
        part->up = false;
        if (part->power_down && !NT_SUCCESS(part->power_down(part)))
            fine = false;
    }
    return fine;
}

/* ---- The driver's callbacks ---- */

#define WATCHDOG (10 * 60 * (uint64_t)CLOCK_SECOND)

/* Of a device that the system pages through, or may: its callbacks on the way up must be there and must not take their time (V-WDF-50, K-PNP-89). */
static void check_not_pageable(const struct fx_device *device, uint16_t ddi, const void *routine)
{
    bool up = ddi == DDI_EvtDeviceD0Entry || ddi == DDI_EvtDeviceD0EntryPostInterruptsEnabled;
    if (up && is_pageable_code(routine))
        fx_misuse("V-WDF-50", "%s of device #%u is pageable code although the device is not power-pageable: the disk may not be up yet",
                  ddi_table[ddi].name, device->object.number);
}

static void check_watchdog(const struct fx_device *device, uint16_t ddi, uint64_t began)
{
    if (clock_now() - began > WATCHDOG)
        bugcheck(0x10D, 1, device->object.number, 0, 0, "V-WDF-52", "%s of device #%u took more than 10 minutes", ddi_table[ddi].name,
                 device->object.number);
}

static NTSTATUS call(struct fx_device *device, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE, WDF_POWER_DEVICE_STATE), WDF_POWER_DEVICE_STATE state)
{
    if (!routine)
        return STATUS_SUCCESS;
    bool pageable = device->wdm->Flags & DO_POWER_PAGABLE;
    uint64_t began = clock_now();
    if (!pageable)
        check_not_pageable(device, ddi, (const void *)routine);
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device, state);
    callback_leave(&frame, (ULONG)status);
    if (!pageable)
        check_watchdog(device, ddi, began);
    return status;
}

static NTSTATUS d0_entry(struct fx_device *device, WDF_POWER_DEVICE_STATE from)
{
    return call(device, DDI_EvtDeviceD0Entry, device->own->init->pnp.EvtDeviceD0Entry, from);
}

static NTSTATUS post_interrupts(struct fx_device *device, WDF_POWER_DEVICE_STATE from)
{
    return call(device, DDI_EvtDeviceD0EntryPostInterruptsEnabled, device->own->init->pnp.EvtDeviceD0EntryPostInterruptsEnabled, from);
}

static NTSTATUS pre_interrupts(struct fx_device *device, WDF_POWER_DEVICE_STATE to)
{
    return call(device, DDI_EvtDeviceD0ExitPreInterruptsDisabled, device->own->init->pnp.EvtDeviceD0ExitPreInterruptsDisabled, to);
}

static NTSTATUS d0_exit(struct fx_device *device, WDF_POWER_DEVICE_STATE to)
{
    return call(device, DDI_EvtDeviceD0Exit, device->own->init->pnp.EvtDeviceD0Exit, to);
}

/* ---- Up ---- */

/* Everything after EvtDeviceD0Entry that a failure of the interrupt step undoes. */
static void undo_interrupts(struct fx_device *device)
{
    device->own->leaving_to = WdfPowerDeviceD3Final;
    parts_down(device, FX_STAGE_INTERRUPT);
    d0_exit(device, WdfPowerDeviceD3Final); /* K-PNP-20 */
}

static void undo_dma(struct fx_device *device)
{
    parts_down(device, FX_STAGE_CHILDREN);
    parts_down(device, FX_STAGE_DMA);
    pre_interrupts(device, WdfPowerDeviceD3Final);
    undo_interrupts(device);
}

static void queues_off(struct fx_device *device)
{
    device->queues_on = false;
    fx_queues_hold(device);
}

/* The states of a device that starts, and of one that comes back from Dx. */
struct way_up {
    WDF_DEVICE_POWER_STATE entry, interrupts, dma, smio;
};
static const struct way_up starting = {WdfDevStatePowerD0Starting, WdfDevStatePowerD0StartingConnectInterrupt, WdfDevStatePowerD0StartingDmaEnable,
                                       WdfDevStatePowerD0StartingStartSelfManagedIo};
static const struct way_up waking = {WdfDevStatePowerWaking, WdfDevStatePowerWakingConnectInterrupt, WdfDevStatePowerWakingDmaEnable,
                                     WdfDevStatePowerStartSelfManagedIo};

static NTSTATUS power_up_steps(struct fx_device *device, const struct way_up *way)
{
    WDF_POWER_DEVICE_STATE from = device->own->recorded;
    fx_power_enters(device, way->entry);
    NTSTATUS status = d0_entry(device, from);
    if (!NT_SUCCESS(status))
        return status;
    fx_power_enters(device, way->interrupts);
    status = parts_up(device, FX_STAGE_INTERRUPT);
    if (NT_SUCCESS(status))
        status = post_interrupts(device, from);
    if (!NT_SUCCESS(status)) {
        undo_interrupts(device);
        return status;
    }
    fx_power_enters(device, way->dma);
    status = parts_up(device, FX_STAGE_DMA);
    if (NT_SUCCESS(status))
        status = parts_up(device, FX_STAGE_CHILDREN);
    if (!NT_SUCCESS(status)) {
        undo_dma(device);
        return status;
    }
    fx_policy_wake_window(device);
    fx_power_enters(device, way->smio);
    device->queues_on = true;
    hb_release(device);
    fx_queues_resume(device);
    status = fx_smio_start(device);
    if (!NT_SUCCESS(status)) { /* no EvtDeviceSelfManagedIoSuspend */
        queues_off(device);
        undo_dma(device);
    }
    return status;
}

static void rests_in(struct fx_device *device, WDF_DEVICE_POWER_STATE state)
{
    fx_power_enters(device, state);
    fx_state_rests(device, FX_MACHINE_POWER);
}

NTSTATUS fx_power_up(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    bool starts = own->state == FX_PNP_STARTING;
    fx_power_enters(device, starts ? WdfDevStatePowerStartingCheckDeviceType : WdfDevStatePowerCheckDeviceType);
    if (own->as_pdo)
        fx_power_enters(device, starts ? WdfDevStatePowerStartingChild : WdfDevStatePowerCheckParentState);
    NTSTATUS status = fx_pdo_power_parent(device);
    if (NT_SUCCESS(status) && !device->power_policy_owner)
        fx_pdo_disable_wake(device); /* K-PNP-37 */
    if (NT_SUCCESS(status))
        status = power_up_steps(device, starts ? &starting : &waking);
    if (NT_SUCCESS(status)) {
        own->recorded = WdfPowerDeviceD0; /* K-PNP-13: not before */
        own->in_d0 = true;
        fx_power_enters(device, WdfDevStatePowerDecideD0State);
        rests_in(device, WdfDevStatePowerD0);
    } else {
        own->recorded = WdfPowerDeviceD3Final;
        own->power_failed = true;
        fx_power_enters(device, starts ? WdfDevStatePowerStartFailed : WdfDevStatePowerUpFailed);
        fx_pdo_release_parent(device);
        rests_in(device, starts ? WdfDevStatePowerStopped : WdfDevStatePowerPowerFailed);
    }
    ke_set_event(&own->d0, 0, FALSE);
    return status;
}

/* ---- Down ---- */

static bool io_down(struct fx_device *device)
{
    device->own->leaving_d0 = true;
    ke_reset_event(&device->own->d0);
    bool fine = NT_SUCCESS(fx_smio_suspend(device));
    queues_off(device);
    return fine;
}

static bool hardware_down(struct fx_device *device, WDF_POWER_DEVICE_STATE target)
{
    struct fx_device_private *own = device->own;
    own->leaving_to = target;
    bool fine = parts_down(device, FX_STAGE_CHILDREN);
    fine &= parts_down(device, FX_STAGE_DMA);
    fine &= NT_SUCCESS(pre_interrupts(device, target));
    fine &= parts_down(device, FX_STAGE_INTERRUPT);
    fine &= NT_SUCCESS(d0_exit(device, target));
    own->recorded = target;
    own->in_d0 = own->leaving_d0 = false;
    fx_pdo_release_parent(device);
    return fine;
}

bool fx_power_down_io(struct fx_device *device)
{
    fx_power_enters(device, WdfDevStatePowerGotoDx);
    return io_down(device);
}

bool fx_power_down_hardware(struct fx_device *device, WDF_POWER_DEVICE_STATE target)
{
    bool armed = device->own->armed_s0 || device->own->armed_sx;
    fx_power_enters(device, armed ? WdfDevStatePowerGotoDxIoStoppedArmedForWake : WdfDevStatePowerGotoDxIoStopped);
    bool fine = hardware_down(device, target);
    rests_in(device, armed ? WdfDevStatePowerDxArmedForWake : WdfDevStatePowerDx);
    return fine;
}

bool fx_power_stop(struct fx_device *device)
{
    fx_power_enters(device, WdfDevStatePowerGotoD3Stopped);
    bool fine = io_down(device);
    fine &= hardware_down(device, WdfPowerDeviceD3Final);
    rests_in(device, WdfDevStatePowerStopped);
    return fine;
}

static bool power_down(struct fx_device *device, WDF_POWER_DEVICE_STATE target)
{
    bool fine = fx_power_down_io(device);
    return fx_power_down_hardware(device, target) && fine;
}

/* ---- Device power IRPs ---- */

static WDF_POWER_DEVICE_STATE target_of(const struct fx_device *device, DEVICE_POWER_STATE state)
{
    if (device->own->system_state == PowerSystemShutdown) /* K-PNP-36 */
        return WdfPowerDeviceD3Final;
    return state == PowerDeviceD1 ? WdfPowerDeviceD1 : state == PowerDeviceD2 ? WdfPowerDeviceD2 : WdfPowerDeviceD3;
}

/* A failure never shows in the IRP (K-PNP-6); the device goes down afterwards. */
static void device_up(struct fx_device *device)
{
    if (device->own->in_d0 || device->own->power_failed)
        return;
    if (!NT_SUCCESS(fx_power_up(device)))
        fx_pnp_device_failed(device);
}

static void device_down(struct fx_device *device, DEVICE_POWER_STATE state)
{
    if (!device->own->in_d0)
        return;
    bool fine = device->power_policy_owner ? fx_power_down_hardware(device, target_of(device, state))
                                           : power_down(device, target_of(device, state));
    if (!fine)
        fx_pnp_device_failed(device);
}

static NTSTATUS set_device_power(struct fx_device *device, PIRP irp, DEVICE_POWER_STATE state)
{
    bool locks = !device->power_policy_owner;
    bool up = state == PowerDeviceD0;
    if (up)
        fx_forward_and_wait(device, irp);
    if (locks)
        fx_power_lock(device);
    if (up)
        device_up(device);
    else
        device_down(device, state);
    if (locks)
        fx_power_unlock(device);
    if (up)
        return fx_complete(irp, irp->IoStatus.Status);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_forward(device, irp);
}

static NTSTATUS set_power(struct fx_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    if (stack->Parameters.Power.Type == SystemPowerState)
        return device->power_policy_owner ? fx_policy_system_irp(device, irp) : fx_forward(device, irp);
    if (device->power_policy_owner && !device->own->own_power_irp)
        bugcheck(0x10D, 0xD, device->object.number, irp_info(irp)->number, 0, "K-PNP-5",
                 "device #%u owns the power policy and got a device power IRP that it did not request", device->object.number);
    return set_device_power(device, irp, stack->Parameters.Power.State.DeviceState);
}

static void set_power_late(void *context)
{
    struct fx_late_power *late = context;
    struct fx_device *device = late->device;
    set_power(device, late->irp);
    fx_device_leave(device);
}

/* K-PNP-2. One system and one device power IRP at a time (W-POW-6), so that one place for each is enough. */
static NTSTATUS set_power_at_passive(struct fx_device *device, PIRP irp)
{
    bool system = io_get_current_irp_stack_location(irp)->Parameters.Power.Type == SystemPowerState;
    if (ke_get_current_irql() == PASSIVE_LEVEL)
        return set_power(device, irp);
    struct fx_late_power *late = &device->own->late_power[system];
    *late = (struct fx_late_power){.work = {.run = set_power_late, .context = late}, .device = device, .irp = irp};
    io_mark_irp_pending(irp);
    fx_device_enter(device);
    ex_queue_work(&late->work);
    return STATUS_PENDING;
}

NTSTATUS fx_power_dispatch(struct fx_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    UCHAR minor = stack->MinorFunction;
    if (minor == IRP_MN_WAIT_WAKE)
        return fx_policy_wait_wake_irp(device, irp);
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER)
        return fx_forward(device, irp);
    if (device->own->as_pdo)
        irp->IoStatus.Status = STATUS_SUCCESS;
    bool started = device->own->state != FX_PNP_INIT && device->own->state != FX_PNP_REMOVED && device->own->state != FX_PNP_REMOVED_WAITS;
    if (!started)
        return fx_forward(device, irp);
    if (minor == IRP_MN_SET_POWER)
        return set_power_at_passive(device, irp);
    if (stack->Parameters.Power.Type == SystemPowerState && fx_policy_refuses(device, stack->Parameters.Power.State.SystemState))
        return fx_complete(irp, STATUS_POWER_STATE_INVALID);
    return fx_forward(device, irp);
}
