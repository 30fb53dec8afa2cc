/*
 * Forward progress (K-Q-86..88): requests that a queue holds in reserve for the time when there is no memory for new ones.
 *
 * Principle of operation. The reserved requests are made, and the driver gives them their resources, when the policy is assigned. An IRP for which no
 * request can be made, or for which the driver has no resources (EvtIoAllocateRequestResources), gets a reserved one if the policy says so. When
 * all of them are out, the IRP waits, cancelable; the next reserved request that comes back takes it.
 *
 * Internal design. A reserved request on the free list looks completed (no IRP), so a driver that goes on using it is found as ever. Its
 * contexts live as long as the queue; EvtCleanup runs when the queue goes (K-OBJ-61).
 */
#include "queue.h"

struct fx_progress {
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY policy;
    LIST_ENTRY free;      /* fx_request.entry */
    LIST_ENTRY waiting;   /* IRP.Tail.Overlay.ListEntry */
};

/* ---- Assigning the policy ---- */

static NTSTATUS check_policy(const WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY *p)
{
    if (p->Size != sizeof *p)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!p->TotalForwardProgressRequests)
        return STATUS_INVALID_PARAMETER;
    switch (p->ForwardProgressReservedPolicy) {
    case WdfIoForwardProgressReservedPolicyUseExamine:
        return p->ForwardProgressReservePolicySettings.Policy.ExaminePolicy.EvtIoWdmIrpForForwardProgress ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case WdfIoForwardProgressReservedPolicyAlwaysUseReservedRequest:
    case WdfIoForwardProgressReservedPolicyPagingIO:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* EvtIoAllocateResourcesForReservedRequest and EvtIoAllocateRequestResources are of one shape. */
static NTSTATUS call_allocate(struct fx_queue *queue, struct fx_request *request, uint16_t ddi, NTSTATUS (*routine)(WDFQUEUE, WDFREQUEST))
{
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, ddi, (const void *)routine, request);
    NTSTATUS status = routine((WDFQUEUE)queue, (WDFREQUEST)request);
    callback_leave(&frame, (ULONG)status);
    return status;
}

static void discard(struct fx_request *request)
{
    if (!request->presented)
        fx_object_erase_callbacks(&request->object); /* the driver has not taken it on */
    fx_object_delete(&request->object);
}

static void free_all(struct fx_progress *progress)
{
    while (!IsListEmpty(&progress->free))
        discard(CONTAINING_RECORD(RemoveHeadList(&progress->free), struct fx_request, entry));
}

static NTSTATUS add_reserved(struct fx_queue *queue, struct fx_progress *progress)
{
    struct fx_request *request;
    NTSTATUS status = fx_request_create(queue->object.device, queue, NULL, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->reserved = true;
    request->reserved_for = queue;
    request->place = FX_COMPLETED;
    status = call_allocate(queue, request, DDI_EvtIoAllocateResourcesForReservedRequest, progress->policy.EvtIoAllocateResourcesForReservedRequest);
    request->presented = NT_SUCCESS(status);
    if (!NT_SUCCESS(status))
        discard(request);
    else
        InsertTailList(&progress->free, &request->entry);
    return status;
}

static NTSTATUS assign(struct fx_queue *queue, const WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY *policy)
{
    if (queue->progress)
        fx_misuse("K-Q-86", "WdfIoQueueAssignForwardProgressPolicy: queue #%u has its policy already", queue->object.number);
    NTSTATUS status = check_policy(policy);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_progress *progress = ex_system_alloc(sizeof *progress);
    if (!progress)
        return STATUS_INSUFFICIENT_RESOURCES;
    progress->policy = *policy;
    InitializeListHead(&progress->free);
    InitializeListHead(&progress->waiting);
    for (ULONG i = 0; i < policy->TotalForwardProgressRequests && NT_SUCCESS(status); i++)
        status = choose_fault(DDI_WdfIoQueueAssignForwardProgressPolicy) ? STATUS_INSUFFICIENT_RESOURCES : add_reserved(queue, progress);
    if (!NT_SUCCESS(status)) { /* K-Q-86: the first failure frees all */
        free_all(progress);
        ex_system_free(progress);
        return status;
    }
    queue->progress = progress;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfIoQueueAssignForwardProgressPolicy(PWDF_DRIVER_GLOBALS DriverGlobals, WDFQUEUE Queue,
                                                   PWDF_IO_QUEUE_FORWARD_PROGRESS_POLICY ForwardProgressPolicy)
{
    gate_enter(DDI_WdfIoQueueAssignForwardProgressPolicy, trace_object(Queue), 0);
    struct fx_queue *queue = fx_handle(Queue, FX_QUEUE);
    fx_require(ForwardProgressPolicy, "ForwardProgressPolicy");
    NTSTATUS status = assign(queue, ForwardProgressPolicy);
    gate_leave((ULONG)status);
    return status;
}

/* ---- IRPs that wait for a reserved request ---- */

static VOID cancel_waiting(PDEVICE_OBJECT device, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    io_release_cancel_spin_lock(irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    io_complete_request(irp, IO_NO_INCREMENT);
}

static void wait_for_reserved(struct fx_progress *progress, PIRP irp)
{
    io_mark_irp_pending(irp);
    InsertTailList(&progress->waiting, &irp->Tail.Overlay.ListEntry);
    io_set_cancel_routine(irp, cancel_waiting);
    if (!irp->Cancel || !io_set_cancel_routine(irp, NULL))
        return;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    irp->IoStatus.Status = STATUS_CANCELLED;
    io_complete_request(irp, IO_NO_INCREMENT);
}

static PIRP next_waiting(struct fx_progress *progress)
{
    if (IsListEmpty(&progress->waiting))
        return NULL;
    PIRP irp = CONTAINING_RECORD(RemoveHeadList(&progress->waiting), IRP, Tail.Overlay.ListEntry);
    io_set_cancel_routine(irp, NULL); /* the cancel routine takes it off the list before it lets the cancel spin lock go */
    return irp;
}

void fx_progress_cancel_waiting(struct fx_queue *queue, PFILE_OBJECT file)
{
    LIST_ENTRY gone;
    if (!queue->progress)
        return;
    InitializeListHead(&gone);
    for (LIST_ENTRY *e = queue->progress->waiting.Flink, *next; e != &queue->progress->waiting; e = next) {
        next = e->Flink;
        PIRP irp = CONTAINING_RECORD(e, IRP, Tail.Overlay.ListEntry);
        if (file && io_get_current_irp_stack_location(irp)->FileObject != file)
            continue;
        io_set_cancel_routine(irp, NULL);
        RemoveEntryList(e);
        InsertTailList(&gone, e);
    }
    while (!IsListEmpty(&gone)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(&gone), IRP, Tail.Overlay.ListEntry);
        irp->IoStatus.Status = STATUS_CANCELLED;
        io_complete_request(irp, IO_NO_INCREMENT);
    }
}

/* ---- Use and return ---- */

static struct fx_request *take(struct fx_queue *queue, PIRP irp)
{
    struct fx_request *request = CONTAINING_RECORD(RemoveHeadList(&queue->progress->free), struct fx_request, entry);
    fx_request_reuse(request, queue, irp);
    queue->reserved_out++;
    return request;
}

/* K-Q-87: may this IRP have a reserved request? */
static bool may_use_reserved(struct fx_queue *queue, PIRP irp)
{
    const WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY *p = &queue->progress->policy;
    if (p->ForwardProgressReservedPolicy == WdfIoForwardProgressReservedPolicyAlwaysUseReservedRequest)
        return true;
    if (p->ForwardProgressReservedPolicy == WdfIoForwardProgressReservedPolicyPagingIO)
        return irp->Flags & (IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO);
    PFN_WDF_IO_WDM_IRP_FOR_FORWARD_PROGRESS examine = p->ForwardProgressReservePolicySettings.Policy.ExaminePolicy.EvtIoWdmIrpForForwardProgress;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtIoWdmIrpForForwardProgress, (const void *)examine, irp);
    WDF_IO_FORWARD_PROGRESS_ACTION action = examine((WDFQUEUE)queue, irp);
    callback_leave(&frame, (uint64_t)action);
    return action == WdfIoForwardProgressActionUseReservedRequest;
}

NTSTATUS fx_progress_request(struct fx_queue *queue, PIRP irp, struct fx_request **request, NTSTATUS status)
{
    if (NT_SUCCESS(status)) {
        status = call_allocate(queue, *request, DDI_EvtIoAllocateRequestResources, queue->progress->policy.EvtIoAllocateRequestResources);
        if (NT_SUCCESS(status))
            return STATUS_SUCCESS;
        fx_object_erase_callbacks(&(*request)->object);
        (*request)->irp = NULL;
        fx_object_delete(&(*request)->object);
    }
    if (!may_use_reserved(queue, irp))
        return STATUS_UNSUCCESSFUL;
    if (!IsListEmpty(&queue->progress->free)) {
        *request = take(queue, irp);
        return STATUS_SUCCESS;
    }
    wait_for_reserved(queue->progress, irp);
    return STATUS_PENDING;
}

void fx_progress_returned(struct fx_request *request)
{
    struct fx_queue *queue = request->reserved_for;
    struct fx_progress *progress = queue->progress;
    request->presented = true; /* the driver has its resources in it: EvtCleanup is to run in the end */
    InsertTailList(&progress->free, &request->entry);
    queue->reserved_out--;
    fx_queue_changed(queue);
    PIRP irp = next_waiting(progress);
    if (!irp)
        return;
    request = take(queue, irp);
    if (!fx_queue_take(queue, request)) /* pended long ago */
        fx_request_complete(request, STATUS_INVALID_DEVICE_STATE);
}

void fx_progress_end(struct fx_queue *queue)
{
    if (!queue->progress)
        return;
    free_all(queue->progress);
    ex_system_free(queue->progress);
    queue->progress = NULL;
}
