/*
 * Interrupt objects (K-INT-1..8): creation, assignment of resources, and the part they have in the device's power sequence.
 *
 * Design: an object is connected to a KINTERRUPT of the HAL while the device is in D0 (one whose device is not power-pageable, or that is only reported inactive,
 * longer: until the hardware is released). The HAL calls isr() with the interrupt's lock held; what the driver sees beyond that is in interrupt_ddi.c.
 */
#include "interrupt.h"

/* ---- Deferred work ---- */

static VOID NTAPI run_dpc(PKDPC kdpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_interrupt *i = context;
    if (i->lock)
        fx_lock_acquire(i->lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtInterruptDpc, i->config.EvtInterruptDpc, i);
    i->config.EvtInterruptDpc((WDFINTERRUPT)i, (WDFOBJECT)i->device);
    callback_leave(&frame, 0);
    if (i->lock)
        fx_lock_release(i->lock);
}

static void run_work(void *context)
{
    struct fx_interrupt *i = context;
    i->work_queued = false;
    i->work_runs = true;
    hb_acquire(&i->work);
    if (i->lock)
        fx_lock_acquire(i->lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtInterruptWorkItem, i->config.EvtInterruptWorkItem, i);
    i->config.EvtInterruptWorkItem((WDFINTERRUPT)i, (WDFOBJECT)i->device);
    callback_leave(&frame, 0);
    if (i->lock)
        fx_lock_release(i->lock);
    i->work_runs = false;
    if (i->work_queued)
        ex_queue_work(&i->work);
    else
        ke_set_event(&i->work_done, 0, FALSE);
}

/* A work item cannot be queued at DIRQL: the DPC does, unless the worker that it was queued behind has been faster. */
static VOID NTAPI queue_work(PKDPC kdpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_interrupt *i = context;
    if (i->work_queued && !i->work_runs && !i->work.queued)
        ex_queue_work(&i->work);
}

bool fx_interrupt_queue_dpc(struct fx_interrupt *i) { return ke_insert_queue_dpc(&i->dpc, NULL, NULL); }

bool fx_interrupt_queue_work(struct fx_interrupt *i)
{
    if (i->work_queued)
        return false;
    i->work_queued = true;
    ke_reset_event(&i->work_done);
    hb_release(&i->work);
    ke_insert_queue_dpc(&i->dpc, NULL, NULL);
    return true;
}

static void flush(struct fx_interrupt *i)
{
    if (ke_dpc_active(&i->dpc))
        ke_flush_queued_dpcs();
    ke_wait_internal(&i->work_done, "the work item of an interrupt to finish");
}

/* ---- Connected ---- */

static BOOLEAN NTAPI isr(PKINTERRUPT interrupt, PVOID context)
{
    struct fx_interrupt *i = context;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtInterruptIsr, i->config.EvtInterruptIsr, i);
    BOOLEAN recognised = i->config.EvtInterruptIsr((WDFINTERRUPT)i, i->message);
    callback_leave(&frame, recognised);
    return recognised;
}

static bool is_shared(const struct fx_interrupt *i)
{
    if (i->message_signaled)
        return false;
    return i->config.ShareVector == WdfUseDefault ? i->translated.ShareDisposition == CmResourceShareShared : i->config.ShareVector == WdfTrue;
}

static NTSTATUS connect(struct fx_interrupt *i)
{
    struct hal_connection c = {
        .pdo = i->device->pdo, .routine = isr, .context = i, .vector = i->translated.u.Interrupt.Vector + i->message,
        .irql = (KIRQL)i->translated.u.Interrupt.Level, .synchronize_irql = i->synchronize_irql,
        .latched = i->message_signaled || i->translated.Flags & CM_RESOURCE_INTERRUPT_LATCHED, .shared = is_shared(i),
        .passive = i->config.PassiveHandling, .processors = i->translated.u.Interrupt.Affinity};
    if (i->config.SpinLock)
        c.lock = fx_spinlock_for_interrupt(i->config.SpinLock);
    if (i->config.WaitLock)
        c.event = fx_waitlock_event(i->config.WaitLock);
    return hal_connect(&c, CONNECT_FULLY_SPECIFIED, NULL, &i->interrupt);
}

static void disconnect(struct fx_interrupt *i)
{
    if (!i->interrupt)
        return;
    PKINTERRUPT interrupt = i->interrupt;
    flush(i);
    hal_disconnect(interrupt);
    i->interrupt = NULL;
    flush(i); /* the last ISR's */
}

static NTSTATUS call_enable(struct fx_interrupt *i, uint16_t ddi, NTSTATUS (*routine)(WDFINTERRUPT, WDFDEVICE))
{
    NTSTATUS status = STATUS_SUCCESS;
    if (!routine)
        return status;
    KIRQL old = hal_acquire_lock(i->interrupt);
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, i);
    status = routine((WDFINTERRUPT)i, (WDFDEVICE)i->device);
    callback_leave(&frame, (ULONG)status);
    hal_release_lock(i->interrupt, old);
    return status;
}

NTSTATUS fx_interrupt_up(struct fx_interrupt *i)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (!i->assigned || i->forced_off || i->enabled)
        return status;
    if (!i->interrupt)
        status = connect(i);
    else if (i->soft_disconnect)
        hal_report_active(i->interrupt, true);
    if (!NT_SUCCESS(status))
        return status;
    status = call_enable(i, DDI_EvtInterruptEnable, i->config.EvtInterruptEnable);
    if (!NT_SUCCESS(status)) { /* K-PNP-21: no EvtInterruptDisable */
        disconnect(i);
        return status;
    }
    i->enabled = true;
    return status;
}

NTSTATUS fx_interrupt_down(struct fx_interrupt *i, bool stays_connected)
{
    if (!i->enabled)
        return STATUS_SUCCESS;
    i->enabled = false;
    NTSTATUS status = call_enable(i, DDI_EvtInterruptDisable, i->config.EvtInterruptDisable);
    if (!stays_connected)
        disconnect(i);
    else if (i->soft_disconnect)
        hal_report_active(i->interrupt, false);
    flush(i);
    return status;
}

/* ---- In the power sequence ---- */

static struct fx_interrupt *of_part(struct fx_power_part *part) { return CONTAINING_RECORD(part, struct fx_interrupt, part); }

static NTSTATUS power_up(struct fx_power_part *part) { return fx_interrupt_up(of_part(part)); }

static NTSTATUS power_down(struct fx_power_part *part)
{
    struct fx_interrupt *i = of_part(part);
    const struct fx_device_private *own = i->device->own;
    bool final = own->leaving_to == WdfPowerDeviceD3Final;
    if (i->config.CanWakeDevice && !final && (own->armed_s0 || own->armed_sx))
        return STATUS_SUCCESS; /* it is what wakes the device */
    bool pageable = i->device->wdm->Flags & DO_POWER_PAGABLE;
    return fx_interrupt_down(i, !final && (!pageable || i->soft_disconnect));
}

#define EACH(i, device)                                                                                                                  \
    for (LIST_ENTRY *e_ = (device)->own->parts[FX_STAGE_INTERRUPT].Flink, *next_ = e_->Flink;                                            \
         e_ != &(device)->own->parts[FX_STAGE_INTERRUPT] && ((i) = of_part(CONTAINING_RECORD(e_, struct fx_power_part, entry)), true);   \
         e_ = next_, next_ = e_->Flink)

/* Several with one spin lock run at the highest of their levels (K-INT-6). */
static void set_synchronize_irql(struct fx_device *device)
{
    struct fx_interrupt *i, *other;
    for (LIST_ENTRY *head = &device->own->parts[FX_STAGE_INTERRUPT], *e = head->Flink; e != head; e = e->Flink) {
        i = of_part(CONTAINING_RECORD(e, struct fx_power_part, entry));
        i->synchronize_irql = (KIRQL)i->translated.u.Interrupt.Level;
        EACH(other, device)
            if (i->config.SpinLock && other->config.SpinLock == i->config.SpinLock && other->assigned &&
                other->translated.u.Interrupt.Level > i->synchronize_irql)
                i->synchronize_irql = (KIRQL)other->translated.u.Interrupt.Level;
    }
}

static void assign(struct fx_interrupt *i, const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated, ULONG message)
{
    i->translated = *translated;
    i->message_signaled = translated->Flags & CM_RESOURCE_INTERRUPT_MESSAGE;
    i->message = i->message_signaled ? message : 0;
    i->assigned = true;
}

/* The objects of EvtDriverDeviceAdd, in order, get the interrupt resources, in order. */
void fx_interrupts_assign(struct fx_device *device)
{
    struct fx_interrupt *i;
    ULONG index = 0, message = 0;
    EACH(i, device) {
        i->assigned = false;
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d;
        while ((d = fx_cm_list_at(device->own->translated, index)) && d->Type != CmResourceTypeInterrupt)
            index++;
        if (!d)
            continue;
        assign(i, d, message++);
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw = fx_cm_list_at(device->own->raw, index);
        if (!i->message_signaled || message >= raw->u.MessageInterrupt.Raw.MessageCount)
            index++, message = 0;
    }
    set_synchronize_irql(device);
}

void fx_interrupts_disconnect(struct fx_device *device)
{
    struct fx_interrupt *i;
    EACH(i, device) {
        disconnect(i);
        i->enabled = false;
    }
}

void fx_interrupts_release(struct fx_device *device)
{
    struct fx_interrupt *i;
    EACH(i, device) {
        i->assigned = false;
        if (i->of_prepare)
            fx_object_delete(&i->object);
    }
}

/* ---- Creation ---- */

static void dispose(struct fx_object *object)
{
    struct fx_interrupt *i = (struct fx_interrupt *)object;
    disconnect(i);
    flush(i);
    fx_power_part_remove(&i->part);
}

static bool is_known_size(ULONG size)
{
    return size == sizeof(WDF_INTERRUPT_CONFIG) || size == FIELD_OFFSET(WDF_INTERRUPT_CONFIG, CanWakeDevice) ||
           size == FIELD_OFFSET(WDF_INTERRUPT_CONFIG, EvtInterruptWorkItem);
}

/* K-INT-1, where it depends on the place. */
static NTSTATUS check_place(const struct fx_device *device, const WDF_INTERRUPT_CONFIG *c)
{
    if (!fx_device_in_init(device) && !device->own->preparing)
        return STATUS_INVALID_DEVICE_STATE;
    if (!device->own->preparing)
        return c->InterruptRaw || c->InterruptTranslated || c->CanWakeDevice ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    return !c->InterruptRaw || !c->InterruptTranslated || c->ShareVector != WdfUseDefault ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;
}

#define WAKE_HINT 0x20 /* CM_RESOURCE_INTERRUPT_WAKE_HINT */

static NTSTATUS check_handling(const struct fx_device *device, const WDF_INTERRUPT_CONFIG *c)
{
    bool may_wake = device->power_policy_owner && !device->own->as_pdo && c->InterruptTranslated && c->InterruptTranslated->Flags & WAKE_HINT;
    if (c->CanWakeDevice && !may_wake)
        return STATUS_INVALID_PARAMETER;
    if (c->EvtInterruptDpc && c->EvtInterruptWorkItem)
        return STATUS_INVALID_PARAMETER;
    if (!c->PassiveHandling && (c->WaitLock || c->CanWakeDevice))
        return STATUS_INVALID_PARAMETER;
    return c->PassiveHandling && c->SpinLock ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* How many objects of this start have a message of the same descriptor already. */
static ULONG messages_taken(struct fx_device *device, const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated)
{
    struct fx_interrupt *i;
    ULONG n = 0;
    EACH(i, device)
        n += i->of_prepare && i->config.InterruptTranslated == translated;
    return n;
}

static void prepare(struct fx_interrupt *i, struct fx_device *device, const WDF_INTERRUPT_CONFIG *config, struct fx_lock *lock)
{
    i->device = device;
    i->config = *config;
    i->lock = lock;
    i->soft_disconnect = config->ReportInactiveOnPowerDown == WdfTrue;
    i->object.no_delete = true;
    i->object.dispose = dispose;
    i->part.power_up = power_up, i->part.power_down = power_down;
    i->work = (struct ex_work){.run = run_work, .context = i};
    ke_initialize_dpc(&i->dpc, config->EvtInterruptWorkItem ? queue_work : run_dpc, i);
    ke_initialize_event(&i->work_done, NotificationEvent, TRUE);
    if (device->own->preparing) {
        i->of_prepare = true;
        assign(i, config->InterruptTranslated, messages_taken(device, config->InterruptTranslated));
    }
    fx_power_part_add(device, FX_STAGE_INTERRUPT, &i->part);
    if (i->of_prepare)
        set_synchronize_irql(device);
}

NTSTATUS fx_interrupt_create(struct fx_device *device, const WDF_INTERRUPT_CONFIG *given, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    WDF_INTERRUPT_CONFIG config = {0};
    if (!is_known_size(given->Size))
        return STATUS_INFO_LENGTH_MISMATCH;
    memcpy(&config, given, given->Size);
    if (!config.EvtInterruptIsr)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_validate_attributes(attributes, config.AutomaticSerialization ? 0 : FX_PARENT_FORBIDDEN);
    if (NT_SUCCESS(status))
        status = check_place(device, &config);
    if (NT_SUCCESS(status))
        status = check_handling(device, &config);
    if (!NT_SUCCESS(status))
        return status;
    WDF_OBJECT_ATTRIBUTES own;
    WDF_OBJECT_ATTRIBUTES_INIT(&own);
    if (attributes)
        own = *attributes;
    if (!own.ParentObject)
        own.ParentObject = (WDFOBJECT)device;
    struct fx_lock *lock = NULL;
    status = fx_effective_lock(fx_handle(own.ParentObject, 0), config.AutomaticSerialization, config.EvtInterruptWorkItem != NULL, &lock);
    if (NT_SUCCESS(status))
        status = fx_object_new_below_device(device->object.driver, FX_INTERRUPT, sizeof(struct fx_interrupt), &own, 0, out);
    if (NT_SUCCESS(status))
        prepare(*out, device, &config, lock);
    return status;
}
