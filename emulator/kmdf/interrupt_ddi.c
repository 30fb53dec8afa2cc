/* The DDIs of interrupt objects (K-INT-1..8). */
#include "interrupt.h"

NTSTATUS wdf_WdfInterruptCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_INTERRUPT_CONFIG Configuration,
                                PWDF_OBJECT_ATTRIBUTES Attributes, WDFINTERRUPT *Interrupt)
{
    gate_enter(DDI_WdfInterruptCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Configuration, "Configuration");
    fx_require(Interrupt, "Interrupt");
    *Interrupt = NULL;
    void *interrupt = NULL;
    NTSTATUS status = choose_fault(DDI_WdfInterruptCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                           : fx_interrupt_create(device, Configuration, Attributes, &interrupt);
    if (NT_SUCCESS(status))
        *Interrupt = interrupt;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Deferring work ---- */

BOOLEAN wdf_WdfInterruptQueueDpcForIsr(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptQueueDpcForIsr, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    if (!i->config.EvtInterruptDpc)
        fx_misuse("K-INT-5", "WdfInterruptQueueDpcForIsr of interrupt #%u, which has no EvtInterruptDpc", i->object.number);
    BOOLEAN queued = fx_interrupt_queue_dpc(i);
    gate_leave(queued);
    return queued;
}

BOOLEAN wdf_WdfInterruptQueueWorkItemForIsr(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptQueueWorkItemForIsr, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    if (!i->config.EvtInterruptWorkItem)
        fx_misuse("K-INT-5", "WdfInterruptQueueWorkItemForIsr of interrupt #%u, which has no EvtInterruptWorkItem", i->object.number);
    BOOLEAN queued = fx_interrupt_queue_work(i);
    gate_leave(queued);
    return queued;
}

/* ---- Its lock ---- */

static struct fx_interrupt *connected(WDFINTERRUPT handle)
{
    struct fx_interrupt *i = fx_handle(handle, FX_INTERRUPT);
    if (!i->interrupt)
        fx_misuse("K-INT-6", "%s on interrupt #%u, which is not connected", gate_where(ctx_current()), i->object.number);
    return i;
}

/* A passive one's lock waits, which K-INT-6 allows at PASSIVE_LEVEL. */
static void check_level(const struct fx_interrupt *i)
{
    if (i->config.PassiveHandling && ke_get_current_irql() > PASSIVE_LEVEL)
        fx_misuse("V-WDF-35", "%s on the passive interrupt #%u at IRQL %u", gate_where(ctx_current()), i->object.number, ke_get_current_irql());
}

BOOLEAN wdf_WdfInterruptSynchronize(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt, PFN_WDF_INTERRUPT_SYNCHRONIZE Callback,
                                    WDFCONTEXT Context)
{
    gate_enter(DDI_WdfInterruptSynchronize, trace_object(Interrupt), 0);
    struct fx_interrupt *i = connected(Interrupt);
    fx_require(Callback, "Callback");
    check_level(i);
    KIRQL old = hal_acquire_lock(i->interrupt);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtInterruptSynchronize, Callback, i);
    BOOLEAN result = Callback(Interrupt, Context);
    callback_leave(&frame, result);
    hal_release_lock(i->interrupt, old);
    gate_leave(result);
    return result;
}

VOID wdf_WdfInterruptAcquireLock(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptAcquireLock, trace_object(Interrupt), 0);
    struct fx_interrupt *i = connected(Interrupt);
    check_level(i);
    KIRQL old = hal_acquire_lock(i->interrupt);
    i->old_irql = old;
    i->lock_owner = ctx_current();
    gate_leave(0);
}

VOID wdf_WdfInterruptReleaseLock(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptReleaseLock, trace_object(Interrupt), 0);
    struct fx_interrupt *i = connected(Interrupt);
    if (i->lock_owner != ctx_current())
        fx_misuse("V-WDF-37", "the lock of interrupt #%u is released by a thread that did not acquire it with WdfInterruptAcquireLock", i->object.number);
    i->lock_owner = NULL;
    hal_release_lock(i->interrupt, i->old_irql);
    gate_leave(0);
}

static BOOLEAN try_lock(struct fx_interrupt *i)
{
    if (!i->config.PassiveHandling)
        fx_misuse("K-INT-6", "WdfInterruptTryToAcquireLock on interrupt #%u, which is not handled at PASSIVE_LEVEL", i->object.number);
    LARGE_INTEGER now = {.QuadPart = 0};
    ke_enter_critical_region();
    if (ke_wait_for_single_object(i->interrupt->c.event, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT) {
        ke_leave_critical_region();
        return FALSE;
    }
    i->old_irql = ke_get_current_irql();
    i->lock_owner = ctx_current();
    return TRUE;
}

BOOLEAN wdf_WdfInterruptTryToAcquireLock(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptTryToAcquireLock, trace_object(Interrupt), 0);
    BOOLEAN taken = try_lock(connected(Interrupt));
    gate_leave(taken);
    return taken;
}

/* ---- By the driver's hand (K-INT-7) ---- */

VOID wdf_WdfInterruptEnable(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptEnable, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    i->forced_off = false;
    if (i->part.up) /* the device's interrupts are on */
        fx_interrupt_up(i);
    gate_leave(0);
}

VOID wdf_WdfInterruptDisable(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptDisable, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    i->forced_off = true;
    fx_interrupt_down(i, false);
    gate_leave(0);
}

static void report_active(WDFINTERRUPT handle, bool active)
{
    struct fx_interrupt *i = connected(handle);
    if (!i->soft_disconnect)
        fx_misuse("K-INT-8", "%s on interrupt #%u, which was not created with ReportInactiveOnPowerDown", gate_where(ctx_current()), i->object.number);
    hal_report_active(i->interrupt, active);
}

VOID wdf_WdfInterruptReportActive(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptReportActive, trace_object(Interrupt), 0);
    report_active(Interrupt, true);
    gate_leave(0);
}

VOID wdf_WdfInterruptReportInactive(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptReportInactive, trace_object(Interrupt), 0);
    report_active(Interrupt, false);
    gate_leave(0);
}

/* ---- What it is ---- */

static void fill_info(const struct fx_interrupt *i, PWDF_INTERRUPT_INFO info)
{
    info->Policy = i->policy;
    info->Priority = i->priority;
    info->MessageSignaled = i->message_signaled;
    if (!i->assigned)
        return;
    info->Vector = i->translated.u.Interrupt.Vector + i->message;
    info->Irql = (KIRQL)i->translated.u.Interrupt.Level;
    info->Mode = i->message_signaled || i->translated.Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched : LevelSensitive;
    info->MessageNumber = i->message;
    info->ShareDisposition = i->translated.ShareDisposition;
    info->TargetProcessorSet = i->translated.u.Interrupt.Affinity;
}

VOID wdf_WdfInterruptGetInfo(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt, PWDF_INTERRUPT_INFO Info)
{
    gate_enter(DDI_WdfInterruptGetInfo, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    fx_require(Info, "Info");
    if (Info->Size != sizeof *Info)
        fx_misuse("K-INT-2", "WdfInterruptGetInfo is given a WDF_INTERRUPT_INFO of %u bytes", Info->Size);
    WDF_INTERRUPT_INFO_INIT(Info);
    fill_info(i, Info);
    gate_leave(0);
}

PKINTERRUPT wdf_WdfInterruptWdmGetInterrupt(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptWdmGetInterrupt, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    gate_leave(trace_object(i->interrupt));
    return i->interrupt;
}

WDFDEVICE wdf_WdfInterruptGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt)
{
    gate_enter(DDI_WdfInterruptGetDevice, trace_object(Interrupt), 0);
    struct fx_interrupt *i = fx_handle(Interrupt, FX_INTERRUPT);
    gate_leave(trace_object(i->device));
    return (WDFDEVICE)i->device;
}

/* ---- Policy (K-INT-8): for the requirements of the next start ---- */

static void set_policy(WDFINTERRUPT handle, WDF_INTERRUPT_POLICY policy, WDF_INTERRUPT_PRIORITY priority, KAFFINITY processors)
{
    struct fx_interrupt *i = fx_handle(handle, FX_INTERRUPT);
    i->policy = policy;
    i->priority = priority;
    i->policy_processors = processors;
    i->has_policy = true;
}

VOID wdf_WdfInterruptSetPolicy(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt, WDF_INTERRUPT_POLICY Policy,
                               WDF_INTERRUPT_PRIORITY Priority, KAFFINITY TargetProcessorSet)
{
    gate_enter(DDI_WdfInterruptSetPolicy, trace_object(Interrupt), Policy);
    set_policy(Interrupt, Policy, Priority, TargetProcessorSet);
    gate_leave(0);
}

VOID wdf_WdfInterruptSetExtendedPolicy(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt, PWDF_INTERRUPT_EXTENDED_POLICY PolicyAndGroup)
{
    gate_enter(DDI_WdfInterruptSetExtendedPolicy, trace_object(Interrupt), 0);
    fx_require(PolicyAndGroup, "PolicyAndGroup");
    if (PolicyAndGroup->Size != sizeof *PolicyAndGroup)
        fx_misuse("K-INT-8", "WdfInterruptSetExtendedPolicy is given a structure of %u bytes", PolicyAndGroup->Size);
    set_policy(Interrupt, PolicyAndGroup->Policy, PolicyAndGroup->Priority, PolicyAndGroup->TargetProcessorSetAndGroup.Mask);
    gate_leave(0);
}
