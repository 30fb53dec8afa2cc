/*
 * The StartIo model (W-SIO-2..7): one packet of a device is with the driver's StartIo routine, the others wait in the device's queue.
 *
 * Design: device->DeviceQueue is busy from IoStartPacket to the IoStartNextPacket that finds the queue empty. What the packets do meanwhile is the driver's:
 * only a second IoStartNextPacket, or none at all when everybody waits for it, can be told to be wrong (V-SIO-3).
 */
#include "../ke/ke.h"
#include "io.h"

/* A call of a StartIo routine that has not returned. */
struct startio_frame {
    struct startio_frame *outer;
    const struct ctx *ctx;
};

static void require(PDEVICE_OBJECT device, const char *ddi)
{
    if (!device || !ob_is_live(device) || ob_type_of(device) != OB_DEVICE)
        bugcheck(0xC9, 4, 0, 0, 0, "V-IO-04", "%s on something that is no device object (or was deleted)", ddi);
    if (!device->DriverObject->DriverStartIo)
        bugcheck(OWN_RULE, device_number(device), 0, 0, 0, "W-SIO-7", "%s on device #%u, whose driver has no StartIo routine", ddi, device_number(device));
}

static void call_start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct startio *s = &device_of(device)->startio;
    struct startio_frame own = {s->frames, current_ctx}, **at;
    PDRIVER_STARTIO routine = device->DriverObject->DriverStartIo;
    s->frames = &own;
    s->record = irp_record(irp);
    s->number = s->record->info.number;
    s->location = irp->CurrentLocation;
    hb_acquire(irp);
    if (is_driver_code((const void *)routine)) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_DriverStartIo, (const void *)routine, irp);
        routine(device, irp);
        callback_leave(&frame, 0);
    } else {
        routine(device, irp);
    }
    for (at = &s->frames; *at != &own; at = &(*at)->outer)
        ;
    *at = own.outer;
}

static PIRP next_packet(PDEVICE_OBJECT device, bool cancelable, const ULONG *key)
{
    KIRQL irql;
    if (cancelable)
        io_acquire_cancel_spin_lock(&irql);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = ke_remove_device_queue(&device->DeviceQueue, key, "IoStartNextPacket");
    PIRP irp = entry ? CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry) : NULL;
    if (irp) {
        device->CurrentIrp = irp;
        if (cancelable && device_of(device)->startio.non_cancelable)
            io_set_cancel_routine(irp, NULL);
    }
    if (cancelable)
        io_release_cancel_spin_lock(irql);
    return irp;
}

/* With deferred calls, the packet that was asked for meanwhile is started here, however deep the request came from. */
static void start(PDEVICE_OBJECT device, PIRP irp)
{
    struct startio *s = &device_of(device)->startio;
    ob_reference(device); /* the last packet may be what kept it */
    while (irp) {
        call_start_io(device, irp);
        irp = NULL;
        if (s->next_due && !s->frames) {
            s->next_due = false;
            irp = next_packet(device, s->next_cancelable, s->next_by_key ? &s->next_key : NULL);
        }
    }
    ob_dereference(device);
}

/* Busy: the packet stays in the queue, unless it was cancelled before. */
static void leave_queued(PDEVICE_OBJECT device, PIRP irp, KIRQL irql)
{
    PDRIVER_CANCEL routine = irp->Cancel ? io_set_cancel_routine(irp, NULL) : NULL;
    if (!routine) {
        io_release_cancel_spin_lock(irql);
        return;
    }
    irp->CancelIrql = irql;
    io_call_cancel_routine(routine, device, irp, irql);
}

static void start_packet(PDEVICE_OBJECT device, PIRP irp, const ULONG *key, PDRIVER_CANCEL cancel)
{
    KIRQL old = ke_raise_irql(IRQL_DISPATCH), irql = IRQL_DISPATCH;
    if (cancel) {
        io_acquire_cancel_spin_lock(&irql);
        io_set_cancel_routine(irp, cancel);
    }
    hb_release(irp);
    bool queued = ke_insert_device_queue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry, key, "IoStartPacket");
    if (queued && cancel)
        leave_queued(device, irp, irql);
    if (!queued) {
        device->CurrentIrp = irp;
        if (cancel && device_of(device)->startio.non_cancelable)
            io_set_cancel_routine(irp, NULL);
        if (cancel)
            io_release_cancel_spin_lock(irql);
        start(device, irp);
    }
    ke_lower_irql(old);
}

static void start_next_packet(PDEVICE_OBJECT device, bool cancelable, const ULONG *key, const char *ddi, const void *caller)
{
    struct startio *s = &device_of(device)->startio;
    unsigned number = device_number(device);
    if (is_driver_code(caller) && current_ctx->spinlocks_held)
        bugcheck(OWN_RULE, number, current_ctx->spinlocks_held, 0, 0, "V-LCK-9", "%s for device #%u while a spin lock is held", ddi, number);
    if (s->next_due)
        bugcheck(OWN_RULE, number, 0, 0, 0, "V-SIO-3", "%s for device #%u a second time: no packet was started since the first", ddi, number);
    if (!device->DeviceQueue.Busy)
        bugcheck(OWN_RULE, number, 0, 0, 0, "V-SIO-3", "%s for device #%u, which has no packet: none was started, or the last is finished already", ddi, number);
    if (s->deferred && s->frames) {
        s->next_due = true;
        s->next_cancelable = cancelable;
        s->next_by_key = key != NULL;
        s->next_key = key ? *key : 0;
        return;
    }
    for (const struct startio_frame *f = s->frames; f; f = f->outer)
        if (f->ctx == current_ctx)
            bugcheck(OWN_RULE, number, 0, 0, 0, "V-SIO-2",
                     "%s inside the StartIo routine of device #%u, which is so called again and again, deeper and deeper: IoSetStartIoAttributes can defer the call",
                     ddi, number);
    start(device, next_packet(device, cancelable, key));
}

/* Nothing can run any more: a packet that waits behind one that is done would wait for ever. */
void io_check_stalled_queues(void)
{
    for (struct nt_driver *driver = io_driver_first(); driver; driver = io_driver_next(driver))
        for (PDEVICE_OBJECT device = driver->object.DeviceObject; device; device = device->NextDevice) {
            const struct startio *s = &device_of(device)->startio;
            if (!s->record || IsListEmpty(&device->DeviceQueue.DeviceListHead))
                continue;
            const struct irp_record *r = s->record;
            if (!r->live || r->info.number != s->number || r->info.finished || r->irp->CurrentLocation > s->location)
                bugcheck(OWN_RULE, device_number(device), s->number, 0, 0, "V-SIO-3",
                         "a request waits in the queue of device #%u, whose last packet (IRP #%u) is done: IoStartNextPacket was not called",
                         device_number(device), s->number);
        }
}

/* ---- DDIs ---- */

VOID IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    gate_enter(DDI_IoStartPacket, trace_object(DeviceObject), trace_object(Irp));
    require(DeviceObject, "IoStartPacket");
    io_check_owner(Irp, irp_require(Irp, "IoStartPacket", 0xC9, 0x205), "IoStartPacket", 0x205, CALLER);
    start_packet(DeviceObject, Irp, Key, CancelFunction);
    gate_leave(0);
}

VOID IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    gate_enter(DDI_IoStartNextPacket, trace_object(DeviceObject), Cancelable);
    require(DeviceObject, "IoStartNextPacket");
    start_next_packet(DeviceObject, Cancelable, NULL, "IoStartNextPacket", CALLER);
    gate_leave(0);
}

VOID IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    gate_enter(DDI_IoStartNextPacketByKey, trace_object(DeviceObject), Key);
    require(DeviceObject, "IoStartNextPacketByKey");
    start_next_packet(DeviceObject, Cancelable, &Key, "IoStartNextPacketByKey", CALLER);
    gate_leave(0);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    gate_enter(DDI_IoSetStartIoAttributes, trace_object(DeviceObject), DeferredStartIo | NonCancelable << 1);
    require(DeviceObject, "IoSetStartIoAttributes");
    device_of(DeviceObject)->startio.deferred = DeferredStartIo;
    device_of(DeviceObject)->startio.non_cancelable = NonCancelable;
    gate_leave(0);
}
