/*
 * Requests that the driver makes for itself (K-REQ-11, 52). They are the driver's until it deletes them: no queue presents them, nobody
 * completes them. Without an IRP a request can only be deleted.
 */
#include "device.h"

static void destroy_created(struct fx_object *object)
{
    struct fx_request *request = (struct fx_request *)object;
    if (request->frees_irp && request->irp)
        io_free_irp(request->irp);
    request->irp = NULL;
}

static NTSTATUS create(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, PIRP irp, BOOLEAN frees_irp, struct fx_request **out)
{
    struct fx_request *request;
    NTSTATUS status = fx_object_new(driver, FX_REQUEST, sizeof *request, attributes, 0, (void **)&request);
    if (!NT_SUCCESS(status))
        return status;
    request->object.destroy = destroy_created;
    request->driver_created = true;
    request->place = FX_OWNED;
    request->presented = true;
    request->irp = irp;
    request->frees_irp = frees_irp;
    *out = request;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfRequestCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES RequestAttributes, WDFIOTARGET IoTarget, WDFREQUEST *Request)
{
    gate_enter(DDI_WdfRequestCreate, trace_object(IoTarget), 0);
    fx_require(Request, "Request");
    if (IoTarget)
        fx_handle(IoTarget, FX_IOTARGET);
    struct fx_request *request = NULL;
    NTSTATUS status = choose_fault(DDI_WdfRequestCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                         : create(fx_driver_of(DriverGlobals), RequestAttributes, NULL, FALSE, &request);
    *Request = (WDFREQUEST)request;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfRequestCreateFromIrp(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES RequestAttributes, PIRP Irp, BOOLEAN RequestFreesIrp,
                                     WDFREQUEST *Request)
{
    gate_enter(DDI_WdfRequestCreateFromIrp, trace_object(Irp), RequestFreesIrp);
    fx_require(Irp, "Irp");
    fx_require(Request, "Request");
    struct fx_request *request = NULL;
    NTSTATUS status = choose_fault(DDI_WdfRequestCreateFromIrp)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : create(fx_driver_of(DriverGlobals), RequestAttributes, Irp, RequestFreesIrp, &request);
    *Request = (WDFREQUEST)request;
    gate_leave((ULONG)status);
    return status;
}
