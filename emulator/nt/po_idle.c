/*
 * Idle detection (W-POW-15): PoRegisterDeviceForIdleDetection, PoSetDeviceBusy.
 *
 * Design: while a registered device is in D0 its counter is raised once a second; the driver sets it to 0 when it uses the device. When it has come to the time
 * that the driver named, the stack gets SET_POWER, and counting begins again with the next D0. The machine runs on mains power, so the time is that for performance.
 */
#include "ke/ke.h"
#include "io/io.h"

#define SECOND (1000 * CLOCK_MS)

struct idle {
    struct idle *next;
    struct alarm alarm;
    KDPC dpc;
    PDEVICE_OBJECT pdo;
    ULONG counter;
    ULONG limit; /* seconds */
    DEVICE_POWER_STATE state;
};
static struct idle *registered;

void po_idle_boot(void) { registered = NULL; }

static struct idle **find(PDEVICE_OBJECT pdo)
{
    struct idle **at = &registered;
    while (*at && (*at)->pdo != pdo)
        at = &(*at)->next;
    return at;
}

static void NTAPI go_idle(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    (void)dpc, (void)a1, (void)a2;
    const struct idle *idle = context;
    po_request_power_irp(idle->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = idle->state}, NULL, NULL, NULL);
}

static void tick(struct alarm *alarm)
{
    struct idle *idle = CONTAINING_RECORD(alarm, struct idle, alarm);
    if (++idle->counter < idle->limit)
        alarm_set(alarm, alarm->due + SECOND, tick);
    else
        ke_queue_dpc_on(&idle->dpc, NULL, NULL, 0);
}

static void begin(struct idle *idle)
{
    idle->counter = 0;
    if (!idle->alarm.set)
        alarm_set(&idle->alarm, clock_now() + SECOND, tick);
}

void po_idle_in_d0(PDEVICE_OBJECT pdo)
{
    struct idle *idle = *find(pdo);
    if (idle)
        begin(idle);
}

void po_idle_forget(PDEVICE_OBJECT pdo)
{
    struct idle **at = find(pdo), *idle = *at;
    if (!idle)
        return;
    *at = idle->next;
    if (idle->alarm.set)
        alarm_cancel(&idle->alarm);
    ke_remove_queue_dpc(&idle->dpc);
    ex_system_free(idle);
}

static PULONG register_idle(PDEVICE_OBJECT pdo, ULONG seconds, DEVICE_POWER_STATE state)
{
    struct idle *idle = *find(pdo);
    if (!idle) {
        idle = ex_system_alloc(sizeof *idle);
        idle->pdo = pdo;
        ke_initialize_dpc(&idle->dpc, go_idle, idle);
        idle->next = registered;
        registered = idle;
    }
    idle->limit = seconds;
    idle->state = state;
    begin(idle);
    return &idle->counter;
}

/* ---- DDIs ---- */

PULONG PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject, ULONG ConservationIdleTime, ULONG PerformanceIdleTime, DEVICE_POWER_STATE State)
{
    gate_enter(DDI_PoRegisterDeviceForIdleDetection, trace_object(DeviceObject), PerformanceIdleTime);
    PULONG counter = NULL;
    PDEVICE_OBJECT pdo = io_physical_device(DeviceObject);
    if (!pdo)
        bugcheck(0xCA, 2, 0, 0, 0, "W-PNP-51", "PoRegisterDeviceForIdleDetection on a device that stands on no PDO that its bus has reported");
    if (!ConservationIdleTime && !PerformanceIdleTime)
        po_idle_forget(pdo);
    else if (!choose_fault(DDI_PoRegisterDeviceForIdleDetection))
        counter = register_idle(pdo, PerformanceIdleTime ? PerformanceIdleTime : ~0u, State);
    gate_leave(trace_object(counter));
    return counter;
}

VOID PoSetDeviceBusy(PULONG IdlePointer)
{
    gate_enter(DDI_PoSetDeviceBusy, trace_object(IdlePointer), 0);
    memory_check(IdlePointer, sizeof *IdlePointer, "PoSetDeviceBusy");
    *IdlePointer = 0;
    gate_leave(0);
}
