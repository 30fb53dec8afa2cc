/* Forward progress: requests in reserve (K-Q-86..88, K-OBJ-61). */
#include "kmdf_world.h"

static NTSTATUS resource_status;
static int reserve_fails_at, reserved_asked;
static WDF_IO_FORWARD_PROGRESS_ACTION action;
static WDFREQUEST reserved[4];

static NTSTATUS on_reserve(WDFQUEUE q, WDFREQUEST request)
{
    say(WdfRequestIsReserved(request) ? "reserve" : "?");
    if (reserved_asked == reserve_fails_at)
        return STATUS_NO_MEMORY;
    reserved[reserved_asked++] = request;
    named(request)->name = "R";
    return STATUS_SUCCESS;
}
static NTSTATUS on_resources(WDFQUEUE q, WDFREQUEST request) { say("resources"); return resource_status; }
static WDF_IO_FORWARD_PROGRESS_ACTION on_examine(WDFQUEUE q, PIRP irp) { say("examine"); return action; }

static void request_names(PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_attributes(&a, NULL);
    WdfDeviceInitSetRequestAttributes(init, &a);
}

static WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY policy(WDF_IO_FORWARD_PROGRESS_RESERVED_POLICY kind, ULONG count)
{
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY p;
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY_DEFAULT_INIT(&p, count);
    p.ForwardProgressReservedPolicy = kind;
    p.ForwardProgressReservePolicySettings.Policy.ExaminePolicy.EvtIoWdmIrpForForwardProgress = on_examine;
    p.EvtIoAllocateResourcesForReservedRequest = on_reserve;
    p.EvtIoAllocateRequestResources = on_resources;
    return p;
}

static void begin(void)
{
    plan.init = request_names;
    plan.queue = plan.queue ? plan.queue : parallel;
    reserved_asked = 0, reserve_fails_at = -1, resource_status = STATUS_NO_MEMORY, action = WdfIoForwardProgressActionUseReservedRequest;
    start();
}

static void assign(WDF_IO_FORWARD_PROGRESS_RESERVED_POLICY kind, ULONG count)
{
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY p = policy(kind, count);
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_SUCCESS);
    log_clear();
}

#define ALWAYS WdfIoForwardProgressReservedPolicyAlwaysUseReservedRequest
#define EXAMINE WdfIoForwardProgressReservedPolicyUseExamine
#define PAGING WdfIoForwardProgressReservedPolicyPagingIO

/* RULE K-Q-86: WdfIoQueueAssignForwardProgressPolicy checks size, callbacks and count in this order; success makes all requests and gives each its resources. */
TEST(K_Q_86_assigning)
{
    begin();
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY p = policy(ALWAYS, 0);
    p.Size--;
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_INFO_LENGTH_MISMATCH);
    p.Size++;
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_INVALID_PARAMETER);
    p = policy(EXAMINE, 2);
    p.ForwardProgressReservePolicySettings.Policy.ExaminePolicy.EvtIoWdmIrpForForwardProgress = NULL;
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_INVALID_PARAMETER);
    log_is("");
    p = policy(ALWAYS, 2);
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_SUCCESS);
    log_is("reserve reserve");
    finish();
    log_is("~R !R ~R !R ~queue !queue");
}

/* RULE K-Q-86: When resources for a reserved request cannot be had, all are freed and the failure is returned; the policy can be assigned again. */
TEST(K_Q_86_resources_fail)
{
    begin();
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY p = policy(ALWAYS, 3);
    reserve_fails_at = 2;
    assert_int_equal(WdfIoQueueAssignForwardProgressPolicy(queue, &p), STATUS_NO_MEMORY);
    log_is("reserve reserve reserve ~R !R ~R !R");
    reserve_fails_at = -1, reserved_asked = 0;
    assign(ALWAYS, 1);
    finish();
}

/* RULE K-Q-86: Assigning a forward-progress policy to a queue twice is reported. */
TEST(K_Q_86_twice, MISUSE, .rule = "K-Q-86")
{
    begin();
    assign(ALWAYS, 1);
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY p = policy(ALWAYS, 1);
    WdfIoQueueAssignForwardProgressPolicy(queue, &p);
}

/* RULE K-Q-87: While ordinary request objects can be had, a queue with a forward-progress policy uses them. */
TEST(K_Q_87_resources_suffice)
{
    begin();
    assign(ALWAYS, 1);
    resource_status = STATUS_SUCCESS;
    send(IRP_MJ_READ, 4);
    log_is("resources read");
    assert_false(WdfRequestIsReserved(held[0]));
    complete(0, STATUS_SUCCESS, 4);
    log_clear();
    finish();
}

/* RULE K-Q-87: Without memory a queue uses its reserved requests; when none is free the IRP waits, and is served when one comes back. */
/* RULE K-Q-88: WdfRequestIsReserved tells whether a request is reserved, and such a request's contexts are kept across its uses. */
/* RULE K-OBJ-61: EvtCleanup of a reserved request does not run at its completion. */
TEST(K_Q_87_reserved_requests)
{
    begin();
    assign(ALWAYS, 1);
    struct sent *first = send(IRP_MJ_READ, 4), *second = send(IRP_MJ_WRITE, 4);
    log_is("resources read resources");
    assert_true(held[0] == reserved[0] && WdfRequestIsReserved(held[0]));
    assert_int_equal(second->returned, STATUS_PENDING);
    complete(0, STATUS_SUCCESS, 3);
    assert_int_equal(first->information, 3);
    log_is("write");
    assert_true(held[1] == reserved[0] && named(held[1])->name[0] == 'R');
    assert_int_equal(WdfRequestGetInformation(held[1]), 0);
    complete(1, STATUS_SUCCESS, 2);
    assert_int_equal(second->information, 2);
    log_is("");
    finish();
    log_is("~R !R ~queue !queue");
}

/* RULE K-Q-87: An IRP that waits for a reserved request can be cancelled. */
TEST(K_Q_87_waiting_irp_cancelled)
{
    begin();
    assign(ALWAYS, 1);
    send(IRP_MJ_READ, 4);
    struct sent *second = send(IRP_MJ_READ, 4);
    io_cancel_irp(second->irp);
    assert_int_equal(second->status, STATUS_CANCELLED);
    struct sent *third = send_io((struct io){.major = IRP_MJ_READ, .length = 4, .cancelled = true});
    assert_int_equal(third->status, STATUS_CANCELLED);
    complete(0, STATUS_SUCCESS, 0);
    log_is("resources read resources resources");
    finish();
}

/* RULE K-Q-87: Purging a queue ends the IRPs that wait for a reserved request. */
TEST(K_Q_87_purged_while_waiting)
{
    begin();
    assign(ALWAYS, 1);
    send(IRP_MJ_READ, 4);
    struct sent *second = send(IRP_MJ_READ, 4);
    WdfIoQueuePurge(queue, NULL, NULL);
    assert_int_equal(second->status, STATUS_CANCELLED);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-87: EvtIoWdmIrpForForwardProgress decides about each IRP; anything but "use" completes it with STATUS_UNSUCCESSFUL. */
TEST(K_Q_87_examined)
{
    begin();
    assign(EXAMINE, 1);
    send(IRP_MJ_READ, 4);
    log_is("resources examine read");
    complete(0, STATUS_SUCCESS, 0);
    action = WdfIoForwardProgressActionFailRequest;
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_UNSUCCESSFUL);
    action = WdfIoForwardProgressActionInvalid;
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_UNSUCCESSFUL);
    log_is("resources examine resources examine");
    finish();
}

/* RULE K-Q-87: The forward-progress policy for paging I/O serves paging IRPs only. */
TEST(K_Q_87_paging)
{
    begin();
    assign(PAGING, 1);
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_UNSUCCESSFUL);
    struct sent *s = send_io((struct io){.major = IRP_MJ_READ, .length = 4, .paging = true});
    log_is("resources resources read");
    complete(0, STATUS_SUCCESS, 0);
    assert_true(s->done);
    finish();
}

static VOID in_caller(WDFDEVICE d, WDFREQUEST request)
{
    say("caller");
    WdfDeviceEnqueueRequest(d, request);
}
static void with_caller(PWDFDEVICE_INIT init)
{
    request_names(init);
    WdfDeviceInitSetIoInCallerContextCallback(init, in_caller);
}

/* RULE K-Q-85: EvtIoInCallerContext is never called for reserved requests. */
TEST(K_Q_85_reserved_requests)
{
    begin();
    finish();
    plan.queue = parallel, sent_count = 0, log_clear();
    reserved_asked = 0;
    plan.init = with_caller;
    start();
    assign(ALWAYS, 1);
    send(IRP_MJ_READ, 4);
    log_is("resources read");
    complete(0, STATUS_SUCCESS, 0);
    resource_status = STATUS_SUCCESS;
    send(IRP_MJ_READ, 4);
    log_is("resources caller read");
    complete(1, STATUS_SUCCESS, 0);
    log_clear();
    finish();
}

/* A reserved request in another queue keeps its own one alive: the device's removal waits for it. */
static WDFQUEUE side;
TEST(reserved_request_forwarded)
{
    begin();
    assign(ALWAYS, 1);
    side = make_queue(manual);
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestForwardToIoQueue(held[0], side), STATUS_SUCCESS);
    struct sent *second = send(IRP_MJ_READ, 4);
    WDFREQUEST request;
    assert_int_equal(WdfIoQueueRetrieveNextRequest(side, &request), STATUS_SUCCESS);
    assert_true(request == reserved[0] && !second->done);
    WdfRequestComplete(request, STATUS_SUCCESS);
    assert_true(held[1] == reserved[0]);
    complete(1, STATUS_SUCCESS, 0);
    finish();
}

/* Requests, cancellations and a removal under any schedule: every IRP ends once. */
static struct sent *race[4];
static void canceller(void *argument)
{
    for (int i = 0; i < 4; i++)
        if (race[i] && race[i]->irp)
            io_cancel_irp(race[i]->irp);
}
static void any_schedule(void)
{
    begin();
    assign(ALWAYS, 1);
    memset(race, 0, sizeof race);
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "canceller", NULL, canceller, NULL);
    for (int i = 0; i < 4; i++)
        race[i] = send(IRP_MJ_READ, 4);
    for (int i = 0; i < held_count; i++)
        complete(i, STATUS_SUCCESS, 0);
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
    finish();
}
static void every_irp_ends_once(void **state)
{
    static const struct world_plan nothing;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct chance chance = {.policy = POLICY_RANDOM, .cpus = 2, .seed = seed};
        world_reset(&nothing);
        unit_life(any_schedule, &chance);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_Q_86_assigning),
        cmocka_unit_test(K_Q_86_resources_fail),
        cmocka_unit_test(K_Q_86_twice),
        cmocka_unit_test(K_Q_87_resources_suffice),
        cmocka_unit_test(K_Q_87_reserved_requests),
        cmocka_unit_test(K_Q_87_waiting_irp_cancelled),
        cmocka_unit_test(K_Q_87_purged_while_waiting),
        cmocka_unit_test(K_Q_87_examined),
        cmocka_unit_test(K_Q_87_paging),
        cmocka_unit_test(K_Q_85_reserved_requests),
        cmocka_unit_test(reserved_request_forwarded),
        cmocka_unit_test(every_irp_ends_once),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
