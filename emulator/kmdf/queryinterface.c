/* Interfaces of functions that drivers give each other: IRP_MN_QUERY_INTERFACE (K-QI-1..3). */
#include "device.h"
#include "../nt/io/io.h"

struct fx_query_interface {
    LIST_ENTRY entry;            /* of the device's, in order of addition */
    GUID type;
    WDF_QUERY_INTERFACE_CONFIG config;
    PINTERFACE exposed;          /* a copy; NULL: there is none */
};

/* Stands in for a routine that the driver did not give. */
static VOID NTAPI no_op(PVOID context) { (void)context; }

void fx_query_interfaces_free(struct fx_device *device)
{
    LIST_ENTRY *head = &device->own->query_interfaces;
    while (!IsListEmpty(head)) {
        struct fx_query_interface *q = CONTAINING_RECORD(RemoveHeadList(head), struct fx_query_interface, entry);
        if (q->exposed)
            ex_system_free(q->exposed);
        ex_system_free(q);
    }
}

static NTSTATUS check(const struct fx_device *device, const WDF_QUERY_INTERFACE_CONFIG *c)
{
    if (device->control)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (c->Size != sizeof *c)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (c->SendQueryToParentStack && !device->own->as_pdo)
        return STATUS_INVALID_PARAMETER;
    if (!c->InterfaceType || (!c->Interface && !c->SendQueryToParentStack && !c->ImportInterface))
        return STATUS_INVALID_PARAMETER;
    if (c->ImportInterface && !c->EvtDeviceProcessQueryInterfaceRequest)
        return STATUS_INVALID_PARAMETER;
    return c->Interface && c->Interface->Size < sizeof(INTERFACE) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS add(struct fx_device *device, const WDF_QUERY_INTERFACE_CONFIG *c)
{
    NTSTATUS status = check(device, c);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_query_interface *q = ex_system_alloc(sizeof *q);
    q->type = *c->InterfaceType;
    q->config = *c;
    if (c->Interface) {
        q->exposed = ex_system_alloc(c->Interface->Size);
        memcpy(q->exposed, c->Interface, c->Interface->Size);
        q->exposed->InterfaceReference = q->exposed->InterfaceReference ? q->exposed->InterfaceReference : no_op;
        q->exposed->InterfaceDereference = q->exposed->InterfaceDereference ? q->exposed->InterfaceDereference : no_op;
    }
    InsertTailList(&device->own->query_interfaces, &q->entry);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDeviceAddQueryInterface(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_QUERY_INTERFACE_CONFIG InterfaceConfig)
{
    gate_enter(DDI_WdfDeviceAddQueryInterface, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(InterfaceConfig, "InterfaceConfig");
    NTSTATUS status = choose_fault(DDI_WdfDeviceAddQueryInterface) ? STATUS_INSUFFICIENT_RESOURCES : add(device, InterfaceConfig);
    gate_leave((ULONG)status);
    return status;
}

/* ---- The answer (K-QI-2) ---- */

static struct fx_query_interface *find(struct fx_device *device, const GUID *type)
{
    LIST_ENTRY *head = &device->own->query_interfaces;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_query_interface *q = CONTAINING_RECORD(e, struct fx_query_interface, entry);
        if (!memcmp(&q->type, type, sizeof *type))
            return q;
    }
    return NULL;
}

static NTSTATUS send(PDEVICE_OBJECT top, const IO_STACK_LOCATION *parameters, NTSTATUS initial)
{
    PIRP irp = pnp_build_irp(top, IRP_MN_QUERY_INTERFACE, initial);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_get_next_irp_stack_location(irp)->Parameters.QueryInterface = parameters->Parameters.QueryInterface;
    return io_send_and_wait(irp, top, NULL);
}

static NTSTATUS process(struct fx_device *device, const struct fx_query_interface *q, PIO_STACK_LOCATION stack)
{
    PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST routine = q->config.EvtDeviceProcessQueryInterfaceRequest;
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceProcessQueryInterfaceRequest, routine, device);
    NTSTATUS status = routine((WDFDEVICE)device, stack->Parameters.QueryInterface.InterfaceType, stack->Parameters.QueryInterface.Interface,
                              stack->Parameters.QueryInterface.InterfaceSpecificData);
    callback_leave(&frame, (ULONG)status);
    return status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : status;
}

static void reference(PINTERFACE given)
{
    PINTERFACE_REFERENCE routine = given->InterfaceReference;
    if (!routine || routine == no_op)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_InterfaceReference, (const void *)routine, given);
    routine(given->Context);
    callback_leave(&frame, 0);
}

/* The PDO's bus answers in its place. */
static NTSTATUS pass_through(struct fx_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PDEVICE_OBJECT top = io_get_attached_device(device->own->as_pdo->bus->wdm);
    return fx_complete(irp, send(top, stack, irp->IoStatus.Status));
}

static NTSTATUS answer(struct fx_device *device, PIRP irp, const struct fx_query_interface *q)
{
    PIO_STACK_LOCATION stack = io_get_current_irp_stack_location(irp);
    PINTERFACE to = stack->Parameters.QueryInterface.Interface;
    if (q->exposed && (q->exposed->Size > stack->Parameters.QueryInterface.Size || q->exposed->Version > stack->Parameters.QueryInterface.Version))
        return fx_complete(irp, STATUS_INVALID_BUFFER_SIZE);
    if (q->exposed && !q->config.ImportInterface)
        memcpy(to, q->exposed, q->exposed->Size);
    NTSTATUS status = process(device, q, stack);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    if (q->config.SendQueryToParentStack)
        return pass_through(device, irp, stack);
    reference(to);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return fx_complete(irp, fx_forward_and_wait(device, irp));
}

NTSTATUS fx_query_interface(struct fx_device *device, PIRP irp)
{
    const struct fx_query_interface *q = find(device, io_get_current_irp_stack_location(irp)->Parameters.QueryInterface.InterfaceType);
    return q ? answer(device, irp, q) : fx_forward(device, irp);
}

/* ---- The question (K-QI-3) ---- */

NTSTATUS wdf_WdfFdoQueryForInterface(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo, LPCGUID InterfaceType, PINTERFACE Interface, USHORT Size,
                                     USHORT Version, PVOID InterfaceSpecificData)
{
    gate_enter(DDI_WdfFdoQueryForInterface, trace_object(Fdo), Size);
    struct fx_device *device = fx_handle(Fdo, FX_DEVICE);
    fx_require(InterfaceType, "InterfaceType");
    fx_require(Interface, "Interface");
    IO_STACK_LOCATION question = {0};
    question.Parameters.QueryInterface.InterfaceType = InterfaceType;
    question.Parameters.QueryInterface.Interface = Interface;
    question.Parameters.QueryInterface.Size = Size;
    question.Parameters.QueryInterface.Version = Version;
    question.Parameters.QueryInterface.InterfaceSpecificData = InterfaceSpecificData;
    NTSTATUS status = !device->attached                             ? STATUS_INVALID_DEVICE_REQUEST
                      : choose_fault(DDI_WdfFdoQueryForInterface) ? STATUS_INSUFFICIENT_RESOURCES
                                                                  : send(device->attached, &question, STATUS_NOT_SUPPORTED);
    gate_leave((ULONG)status);
    return status;
}
