/*
 * The timer of a device (W-TMR-7) and its DPC for an interrupt routine (W-DPC-5).
 *
 * An I/O timer comes once a second from when it was started until it is stopped, at DISPATCH_LEVEL. It belongs to its device and goes with it; a device may
 * only be deleted while its timer stands still.
 */
#include "../ke/ke.h"
#include "io.h"

#define PERIOD (1000 * CLOCK_MS)

struct io_timer {
    struct alarm alarm;
    KDPC dpc;
    PDEVICE_OBJECT device;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    unsigned cpu;
};

static struct io_timer *timer_of(PDEVICE_OBJECT device) { return (struct io_timer *)device->Timer; }

static void NTAPI call_routine(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    (void)dpc, (void)a1, (void)a2;
    struct io_timer *timer = context;
    PDEVICE_OBJECT device = timer->device;
    struct callback_frame frame;
    ob_reference(device); /* the timer goes with it */
    callback_enter(&frame, DDI_IoTimerRoutine, (const void *)timer->routine, device);
    timer->routine(device, timer->context);
    callback_leave(&frame, 0);
    ob_dereference(device);
}

static void expire(struct alarm *alarm)
{
    struct io_timer *timer = CONTAINING_RECORD(alarm, struct io_timer, alarm);
    alarm_set(alarm, alarm->due + PERIOD, expire);
    ke_queue_dpc_on(&timer->dpc, NULL, NULL, timer->cpu % machine.cpus);
}

static struct io_timer *require_timer(PDEVICE_OBJECT device, const char *ddi)
{
    struct io_timer *timer = timer_of(device);
    if (!timer)
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "W-TMR-7", "%s on device #%u, which has no timer", ddi, device_number(device));
    return timer;
}

void io_timer_check_stopped(PDEVICE_OBJECT device)
{
    if (timer_of(device) && timer_of(device)->alarm.set)
        bugcheck(0xC7, 0, device_number(device), 0, 0, "V-MSC-9", "device #%u is deleted while its timer runs: IoStopTimer is missing", device_number(device));
}

void io_timer_free(PDEVICE_OBJECT device)
{
    struct io_timer *timer = timer_of(device);
    if (!timer)
        return;
    ke_remove_queue_dpc(&timer->dpc);
    device->Timer = NULL;
    ex_system_free(timer);
}

NTSTATUS IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    gate_enter(DDI_IoInitializeTimer, trace_object(DeviceObject), 0);
    if (timer_of(DeviceObject))
        bugcheck(0xC9, 0x0A, device_number(DeviceObject), 0, 0, "V-IO-0A", "IoInitializeTimer on device #%u, which has a timer",
                 device_number(DeviceObject));
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!choose_fault(DDI_IoInitializeTimer)) {
        struct io_timer *timer = ex_system_alloc(sizeof *timer);
        timer->device = DeviceObject;
        timer->routine = TimerRoutine;
        timer->context = Context;
        ke_initialize_dpc(&timer->dpc, call_routine, timer);
        DeviceObject->Timer = (PIO_TIMER)timer;
        status = STATUS_SUCCESS;
    }
    gate_leave((ULONG)status);
    return status;
}

VOID IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoStartTimer, trace_object(DeviceObject), 0);
    struct io_timer *timer = require_timer(DeviceObject, "IoStartTimer");
    if (!timer->alarm.set) {
        timer->cpu = cpu_current();
        hb_release(&timer->dpc);
        alarm_set(&timer->alarm, clock_now() + PERIOD, expire);
    }
    gate_leave(0);
}

/* The routine may be on its way on another processor; it does not come again. */
VOID IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    gate_enter(DDI_IoStopTimer, trace_object(DeviceObject), 0);
    struct io_timer *timer = require_timer(DeviceObject, "IoStopTimer");
    alarm_cancel(&timer->alarm);
    ke_remove_queue_dpc(&timer->dpc);
    gate_leave(0);
}

/* ---- DpcForIsr ---- */

VOID IoInitializeDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine)
{
    gate_enter(DDI_IoInitializeDpcRequest, trace_object(DeviceObject), 0);
    ke_initialize_dpc(&DeviceObject->Dpc, (PKDEFERRED_ROUTINE)(PVOID)DpcRoutine, DeviceObject);
    gate_leave(0);
}

/* A threaded DPC runs as an ordinary one does. */
VOID IoInitializeThreadedDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine) { IoInitializeDpcRequest(DeviceObject, DpcRoutine); }

VOID IoRequestDpc(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    gate_enter(DDI_IoRequestDpc, trace_object(DeviceObject), trace_object(Irp));
    BOOLEAN queued = ke_insert_queue_dpc(&DeviceObject->Dpc, Irp, Context);
    gate_leave(queued);
}
