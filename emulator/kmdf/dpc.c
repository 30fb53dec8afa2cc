/* DPC objects (K-DPC-1). */
#include "device.h"

struct fx_dpc {
    struct fx_object object;
    WDFOBJECT parent;
    WDF_DPC_CONFIG config;
    KDPC dpc;
    struct fx_lock *lock;
};

static VOID NTAPI run(PKDPC kdpc, PVOID context, PVOID a1, PVOID a2)
{
    struct fx_dpc *d = context;
    fx_object_reference(&d->object); /* the callback may delete it */
    if (d->lock)
        fx_lock_acquire(d->lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDpcFunc, d->config.EvtDpcFunc, d);
    d->config.EvtDpcFunc((WDFDPC)d);
    callback_leave(&frame, 0);
    if (d->lock)
        fx_lock_release(d->lock);
    fx_object_dereference(&d->object);
}

static void dispose(struct fx_object *object)
{
    struct fx_dpc *d = (struct fx_dpc *)object;
    ke_remove_queue_dpc(&d->dpc);
    if (ke_dpc_active(&d->dpc))
        ke_flush_queued_dpcs();
}

static NTSTATUS dpc_create(struct fx_driver *driver, const WDF_DPC_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_REQUIRED);
    if (!NT_SUCCESS(status))
        return status;
    if (config->Size != sizeof *config)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!config->EvtDpcFunc)
        return STATUS_INVALID_PARAMETER;
    struct fx_lock *lock;
    struct fx_object *parent = fx_handle(attributes->ParentObject, 0);
    if (!parent->device)
        return STATUS_INVALID_DEVICE_REQUEST;
    status = fx_effective_lock(parent, config->AutomaticSerialization, false, &lock);
    if (NT_SUCCESS(status))
        status = fx_object_new_below_device(driver, FX_DPC, sizeof(struct fx_dpc), attributes, 0, out);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_dpc *d = *out;
    d->config = *config;
    d->parent = attributes->ParentObject;
    d->lock = lock;
    d->object.dispose = dispose;
    ke_initialize_dpc(&d->dpc, run, d);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDpcCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_DPC_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFDPC *Dpc)
{
    gate_enter(DDI_WdfDpcCreate, 0, 0);
    fx_require(Config, "Config");
    fx_require(Attributes, "Attributes");
    fx_require(Dpc, "Dpc");
    *Dpc = NULL;
    void *dpc = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDpcCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                     : dpc_create(fx_driver_of(DriverGlobals), Config, Attributes, &dpc);
    if (NT_SUCCESS(status))
        *Dpc = dpc;
    gate_leave((ULONG)status);
    return status;
}

BOOLEAN wdf_WdfDpcEnqueue(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc)
{
    gate_enter(DDI_WdfDpcEnqueue, trace_object(Dpc), 0);
    struct fx_dpc *d = fx_handle(Dpc, FX_DPC);
    BOOLEAN queued = d->object.state == FX_CREATED && ke_insert_queue_dpc(&d->dpc, NULL, NULL);
    gate_leave(queued);
    return queued;
}

BOOLEAN wdf_WdfDpcCancel(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc, BOOLEAN Wait)
{
    gate_enter(DDI_WdfDpcCancel, trace_object(Dpc), Wait);
    struct fx_dpc *d = fx_handle(Dpc, FX_DPC);
    if (Wait && ke_get_current_irql() > PASSIVE_LEVEL)
        fx_misuse("V-WDF-35", "WdfDpcCancel waits at IRQL %u", ke_get_current_irql());
    BOOLEAN removed = ke_remove_queue_dpc(&d->dpc);
    if (Wait && ke_dpc_active(&d->dpc))
        ke_flush_queued_dpcs();
    gate_leave(removed);
    return removed;
}

WDFOBJECT wdf_WdfDpcGetParentObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc)
{
    gate_enter(DDI_WdfDpcGetParentObject, trace_object(Dpc), 0);
    struct fx_dpc *d = fx_handle(Dpc, FX_DPC);
    gate_leave(trace_object(d->parent));
    return d->parent;
}

PKDPC wdf_WdfDpcWdmGetDpc(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc)
{
    gate_enter(DDI_WdfDpcWdmGetDpc, trace_object(Dpc), 0);
    struct fx_dpc *d = fx_handle(Dpc, FX_DPC);
    gate_leave(trace_object(&d->dpc));
    return &d->dpc;
}
