/*
 * Requests that the driver makes for itself (K-REQ-11, 52). They are the driver's until it deletes them: no queue presents them, nobody
 * completes them. A request that was made for no target gets its IRP when it is first formatted.
 */
#include "target.h"

static void destroy_created(struct fx_object *object)
{
    struct fx_request *request = (struct fx_request *)object;
    fx_send_free(request);
    if (request->frees_irp && request->irp)
        io_free_irp(request->irp);
    request->irp = NULL;
}

static void release_format(struct fx_object *object)
{
    struct fx_request *request = (struct fx_request *)object;
    if (request->place != FX_SENT) /* deleted with its parent while it is out: what it holds is needed until it comes back */
        fx_format_release(request);
}

static void initialize(struct fx_request *request, PIRP irp, BOOLEAN frees_irp)
{
    request->object.disposed = release_format;
    request->object.destroy = destroy_created;
    request->driver_created = true;
    request->place = FX_OWNED;
    request->presented = true;
    request->irp = irp;
    request->frees_irp = frees_irp;
}

/* An IRP for the target it will be sent to; a closed one says nothing yet, the first format will. */
static NTSTATUS provide_irp(struct fx_request *request, struct fx_target *target)
{
    return target && target->stack_size > 0 ? fx_format_provide_irp(target, request) : STATUS_SUCCESS;
}

NTSTATUS fx_request_create_internal(struct fx_driver *driver, struct fx_target *target, struct fx_request **out)
{
    void *memory;
    NTSTATUS status = fx_object_create(driver, FX_REQUEST, sizeof(struct fx_request), NULL, &memory);
    if (!NT_SUCCESS(status))
        return status;
    *out = memory;
    initialize(*out, NULL, FALSE);
    return STATUS_SUCCESS;
}

static NTSTATUS create(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, PIRP irp, BOOLEAN frees_irp, struct fx_request **out)
{
    struct fx_request *request;
    NTSTATUS status = fx_object_new(driver, FX_REQUEST, sizeof *request, attributes, 0, (void **)&request);
    if (!NT_SUCCESS(status))
        return status;
    initialize(request, irp, frees_irp);
    *out = request;
    return STATUS_SUCCESS;
}

static NTSTATUS create_for_target(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, struct fx_target *target, struct fx_request **out)
{
    NTSTATUS status = create(driver, attributes, NULL, FALSE, out);
    if (!NT_SUCCESS(status))
        return status;
    status = provide_irp(*out, target);
    if (!NT_SUCCESS(status)) {
        fx_object_delete_failed(&(*out)->object);
        *out = NULL;
    }
    return status;
}

NTSTATUS wdf_WdfRequestCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES RequestAttributes, WDFIOTARGET IoTarget, WDFREQUEST *Request)
{
    gate_enter(DDI_WdfRequestCreate, trace_object(IoTarget), 0);
    fx_require(Request, "Request");
    struct fx_target *target = IoTarget ? fx_handle(IoTarget, FX_IOTARGET) : NULL;
    struct fx_request *request = NULL;
    NTSTATUS status = choose_fault(DDI_WdfRequestCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                         : create_for_target(fx_driver_of(DriverGlobals), RequestAttributes, target, &request);
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
