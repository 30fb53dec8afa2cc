/*
 * What a driver sets and asks about a request that it sends: completion routine and parameters, timer, target, reuse (K-REQ-45, 47, 50, 51).
 */
#include "target.h"

static struct fx_request_send *record(struct fx_request *request)
{
    struct fx_request_send *send = fx_send_of(request);
    if (!send)
        bugcheck(OWN_OUT_OF_RESOURCES, sizeof *send, 0, 0, 0, NULL, "the emulated kernel memory is used up");
    return send;
}

VOID wdf_WdfRequestSetCompletionRoutine(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PFN_WDF_REQUEST_COMPLETION_ROUTINE CompletionRoutine,
                                        WDFCONTEXT CompletionContext)
{
    gate_enter(DDI_WdfRequestSetCompletionRoutine, trace_object(Request), 0);
    struct fx_request_send *send = record(fx_send_handle(Request, "WdfRequestSetCompletionRoutine"));
    send->routine = CompletionRoutine;
    send->context = CompletionContext;
    gate_leave(0);
}

VOID wdf_WdfRequestGetCompletionParams(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PWDF_REQUEST_COMPLETION_PARAMS Params)
{
    gate_enter(DDI_WdfRequestGetCompletionParams, trace_object(Request), 0);
    struct fx_request *request = fx_send_handle(Request, "WdfRequestGetCompletionParams");
    fx_require(Params, "Params");
    if (Params->Size != sizeof *Params)
        fx_misuse("K-REQ-47", "WdfRequestGetCompletionParams: Params.Size is %u, expected %u (WDF_REQUEST_COMPLETION_PARAMS_INIT)", (unsigned)Params->Size,
                  (unsigned)sizeof *Params);
    if (!request->send)
        fx_misuse("K-REQ-47", "WdfRequestGetCompletionParams was called for request #%u, which was never sent", request->object.number);
    *Params = request->send->params;
    Params->Size = sizeof *Params;
    gate_leave(0);
}

NTSTATUS wdf_WdfRequestAllocateTimer(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request)
{
    gate_enter(DDI_WdfRequestAllocateTimer, trace_object(Request), 0);
    NTSTATUS status = fx_send_provide_timer(fx_send_handle(Request, "WdfRequestAllocateTimer"), DDI_WdfRequestAllocateTimer);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestChangeTarget(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, WDFIOTARGET IoTarget)
{
    gate_enter(DDI_WdfRequestChangeTarget, trace_object(Request), trace_object(IoTarget));
    struct fx_request *request = fx_send_handle(Request, "WdfRequestChangeTarget");
    struct fx_target *target = fx_handle(IoTarget, FX_IOTARGET);
    NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
    if (target->wdm) {
        fx_format_release(request);
        status = fx_format_provide_irp(target, request);
    }
    gate_leave((ULONG)status);
    return status;
}

/* ---- Reuse ---- */

static void replace_irp(struct fx_request *request, PIRP irp)
{
    if (request->frees_irp && request->irp && request->irp != irp)
        io_free_irp(request->irp);
    request->irp = irp;
    request->frees_irp = request->internal_irp = false;
}

/* K-REQ-51: its driver is to complete the IRP, which is another's. */
static NTSTATUS check_must_complete(const struct fx_request *request, PIRP irp, bool new_irp)
{
    if (!irp || (!new_irp && request->internal_irp))
        return STATUS_INVALID_PARAMETER;
    if (request->object.references != 1 || irp->CurrentLocation > irp->StackCount)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

static NTSTATUS reuse_created(struct fx_request *request, const WDF_REQUEST_REUSE_PARAMS *params)
{
    const bool new_irp = params->Flags & WDF_REQUEST_REUSE_SET_NEW_IRP, must_complete = params->Flags & WDF_REQUEST_REUSE_MUST_COMPLETE;
    PIRP irp = new_irp ? params->NewIrp : request->irp;
    if (must_complete) {
        NTSTATUS status = check_must_complete(request, irp, new_irp);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (new_irp)
        replace_irp(request, irp);
    request->must_complete = must_complete;
    if (!irp)
        return STATUS_SUCCESS;
    if (irp_info(irp)->built_by == 0 && irp->CurrentLocation > irp->StackCount)
        io_reuse_irp(irp, params->Status); /* its maker's again; one that another driver sent stays as it is */
    irp->IoStatus.Status = params->Status;
    irp->IoStatus.Information = 0;
    if (must_complete)
        request->major = fx_request_stack(request)->MajorFunction;
    return STATUS_SUCCESS;
}

static NTSTATUS reuse(struct fx_request *request, const WDF_REQUEST_REUSE_PARAMS *params)
{
    const ULONG known = WDF_REQUEST_REUSE_SET_NEW_IRP | WDF_REQUEST_REUSE_MUST_COMPLETE;
    if (params->Size != sizeof *params || params->Flags & ~known)
        return STATUS_INVALID_PARAMETER;
    if (!request->driver_created && params->Flags & WDF_REQUEST_REUSE_SET_NEW_IRP)
        return STATUS_WDF_REQUEST_INVALID_STATE;
    fx_send_forget(request);
    if (request->driver_created)
        return reuse_created(request, params);
    request->irp->IoStatus.Status = params->Status;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestReuse(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, PWDF_REQUEST_REUSE_PARAMS ReuseParams)
{
    gate_enter(DDI_WdfRequestReuse, trace_object(Request), 0);
    struct fx_request *request = fx_send_handle(Request, "WdfRequestReuse");
    fx_require(ReuseParams, "ReuseParams");
    NTSTATUS status = reuse(request, ReuseParams);
    gate_leave((ULONG)status);
    return status;
}
