/* Self-managed I/O: which of its five callbacks is due (K-PNP-39). */
#include "device.h"

static const WDF_PNPPOWER_EVENT_CALLBACKS *callbacks(const struct fx_device *device) { return &device->own->init->pnp; }

/* The machine exists iff any of its callbacks is set. */
static bool exists(const struct fx_device *device)
{
    const WDF_PNPPOWER_EVENT_CALLBACKS *c = callbacks(device);
    return c->EvtDeviceSelfManagedIoInit || c->EvtDeviceSelfManagedIoRestart || c->EvtDeviceSelfManagedIoSuspend ||
           c->EvtDeviceSelfManagedIoFlush || c->EvtDeviceSelfManagedIoCleanup;
}

static NTSTATUS call(struct fx_device *device, uint16_t ddi, NTSTATUS (*routine)(WDFDEVICE))
{
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void call_void(struct fx_device *device, uint16_t ddi, VOID (*routine)(WDFDEVICE))
{
    if (!routine)
        return;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, device);
    routine((WDFDEVICE)device);
    callback_leave(&frame, 0);
}

NTSTATUS fx_smio_start(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    NTSTATUS status = STATUS_SUCCESS;
    if (!exists(device) || own->smio == FX_SMIO_FAILED || own->smio == FX_SMIO_STARTED)
        return status;
    if (own->smio == FX_SMIO_CREATED) {
        own->smio_init_attempted = true;
        status = call(device, DDI_EvtDeviceSelfManagedIoInit, callbacks(device)->EvtDeviceSelfManagedIoInit);
    } else {
        status = call(device, DDI_EvtDeviceSelfManagedIoRestart, callbacks(device)->EvtDeviceSelfManagedIoRestart);
    }
    own->smio = NT_SUCCESS(status) ? FX_SMIO_STARTED : FX_SMIO_FAILED;
    return status;
}

NTSTATUS fx_smio_suspend(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (own->smio != FX_SMIO_STARTED)
        return STATUS_SUCCESS;
    NTSTATUS status = call(device, DDI_EvtDeviceSelfManagedIoSuspend, callbacks(device)->EvtDeviceSelfManagedIoSuspend);
    own->smio = NT_SUCCESS(status) ? FX_SMIO_STOPPED : FX_SMIO_FAILED;
    return status;
}

void fx_smio_flush(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (!own->smio_init_attempted || own->smio == FX_SMIO_FLUSHED || own->smio == FX_SMIO_FINAL)
        return;
    own->smio = FX_SMIO_FLUSHED;
    call_void(device, DDI_EvtDeviceSelfManagedIoFlush, callbacks(device)->EvtDeviceSelfManagedIoFlush);
}

void fx_smio_cleanup(struct fx_device *device)
{
    struct fx_device_private *own = device->own;
    if (!own->smio_init_attempted || own->smio == FX_SMIO_FINAL)
        return;
    own->smio = FX_SMIO_FINAL;
    call_void(device, DDI_EvtDeviceSelfManagedIoCleanup, callbacks(device)->EvtDeviceSelfManagedIoCleanup);
}
