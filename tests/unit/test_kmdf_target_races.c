/*
 * Completion, cancellation, time-out, stop and close of one target that meet under many schedules: each request comes back once, with a status that one of
 * them gave, and nobody touches one that is not his any more.
 */
#include "unit.h"

/* Before the world, whose functions ThreadSanitizer does not see: what both drivers do with the memory of a transfer, which belongs to one of them at a time. */
__attribute__((noinline)) static void touch(void *buffer) { ++*(int *)buffer; }

#include "kmdf_world.h"
#include "target_world.h"

#define REQUESTS 4

static WDFREQUEST request[REQUESTS];
static int back[REQUESTS];
static WDFMEMORY memory[REQUESTS];
static void *word[REQUESTS];
static int left;              /* sends that have not come back */
static unsigned outcomes[4];  /* over all schedules: success, cancelled, timed out, not sent */
static int rounds;            /* how often each request is sent */

static void note(NTSTATUS status)
{
    int i = status == STATUS_SUCCESS ? 0 : status == STATUS_CANCELLED ? 1 : status == STATUS_IO_TIMEOUT ? 2 : 3;
    assert_true(i < 3 || status == STATUS_WDF_DEVICE_REMOVED_NOT_SENT || status == STATUS_INVALID_DEVICE_STATE);
    outcomes[i]++;
}

static int index_of(WDFREQUEST r)
{
    int i = 0;
    while (request[i] != r)
        i++;
    return i;
}

static void send_one(WDFREQUEST r);

/* What a driver that keeps its requests in flight does: reuse, format, send. */
static VOID on_race(WDFREQUEST r, WDFIOTARGET t, PWDF_REQUEST_COMPLETION_PARAMS params, WDFCONTEXT context)
{
    WDF_REQUEST_REUSE_PARAMS reuse;
    int i = index_of(r);
    touch(word[i]);
    note(params->IoStatus.Status);
    left--;
    if (++back[i] == rounds)
        return;
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    assert_int_equal(WdfRequestReuse(r, &reuse), STATUS_SUCCESS);
    send_one(r);
}

static void send_one(WDFREQUEST r)
{
    WDF_REQUEST_SEND_OPTIONS o = send_options(WDF_REQUEST_SEND_OPTION_TIMEOUT, (1 + index_of(r) % 2) * MS);
    touch(word[index_of(r)]);
    assert_int_equal(WdfIoTargetFormatRequestForRead(target, r, memory[index_of(r)], NULL, NULL), STATUS_SUCCESS);
    WdfRequestSetCompletionRoutine(r, on_race, NULL);
    left++;
    if (WdfRequestSend(r, target, &o))
        return;
    note(WdfRequestGetStatus(r));
    left--;
    back[index_of(r)] = rounds; /* that was the last of it */
}

static void make_requests(int times)
{
    rounds = times, left = 0;
    low_touch = touch;
    for (int i = 0; i < REQUESTS; i++) {
        back[i] = 0;
        memory[i] = make_memory(sizeof(int), &word[i]);
        *(int *)word[i] = 0;
        assert_int_equal(WdfRequestCreate(NULL, target, &request[i]), STATUS_SUCCESS);
        assert_int_equal(WdfRequestAllocateTimer(request[i]), STATUS_SUCCESS);
    }
}

static void sender(void *context)
{
    for (int i = 0; i < REQUESTS; i++)
        send_one(request[i]);
}

static void completer(void *context)
{
    for (int i = 0; i < 8; i++) {
        low_let_go(STATUS_SUCCESS, 0);
        pass_ms(i & 1);
    }
}

static void canceller(void *context)
{
    for (int i = 0; i < REQUESTS / 2; i++) {
        WdfRequestCancelSentRequest(request[i]);
        pass_ms(i);
    }
}

static void stopper(void *context)
{
    for (int i = 0; i < 3; i++) {
        WdfIoTargetStop(target, i & 1 ? WdfIoTargetLeaveSentIoPending : WdfIoTargetCancelSentIo);
        sched_point(DDI_Block);
        WdfIoTargetStart(target);
    }
}

static void closer(void *context)
{
    pass_ms(1);
    WdfIoTargetClose(target);
}

static void purger(void *context)
{
    pass_ms(1);
    WdfIoTargetPurge(target, WdfIoTargetPurgeIoAndWait);
}

static void race(void (*const bodies[])(void *), int count, int times)
{
    struct nt_thread *threads[4];
    start_beside();
    low_how = PEND_CANCELABLE;
    make_requests(times);
    for (int i = 0; i < count; i++)
        threads[i] = ke_create_thread(CTX_SYSTEM, (uint8_t)(ROLE_SYSTEM0 + i), "racer", NULL, bodies[i], NULL);
    for (int i = 0; i < count; i++)
        join(threads[i]);
    for (int i = 0; i < 100 && left; i++) /* what is still out times out */
        pass_ms(1);
    assert_int_equal(left, 0);
    assert_int_equal(low_held_count, 0);
    for (int i = 0; i < REQUESTS; i++) {
        assert_int_equal(back[i], rounds);
        WdfObjectDelete(request[i]);
    }
    finish_above();
}

static void cancel_and_time_out(void) { race((void (*const[])(void *)){sender, completer, canceller}, 3, 2); }
static void stop_and_start(void) { race((void (*const[])(void *)){sender, completer, stopper}, 3, 2); }
static void cancel_and_stop(void) { race((void (*const[])(void *)){sender, completer, canceller, stopper}, 4, 2); }
static void close_meanwhile(void) { race((void (*const[])(void *)){sender, completer, closer}, 3, 1); }
static void purge_meanwhile(void) { race((void (*const[])(void *)){sender, completer, canceller, purger}, 4, 1); }

static void under_many_schedules(void (*body)(void), unsigned lives)
{
    memset(outcomes, 0, sizeof outcomes);
    for (unsigned seed = 1; seed <= lives; seed++) {
        struct chance chance = {.policy = seed & 1 ? POLICY_RANDOM : POLICY_PCT, .cpus = 2, .seed = seed, .pct_depth = 3, .pct_length = 400};
        world_reset(&(struct world_plan){0});
        unit_life(body, &chance);
    }
}

/* RULE K-REQ-43: A request that was sent comes back once, whatever the schedule of completion, cancellation and time-out. */
static void K_REQ_43_once(void **state)
{
    under_many_schedules(cancel_and_time_out, 600);
    assert_true(outcomes[0] > 100 && outcomes[1] > 100 && outcomes[2] > 100);
}

static void synchronous_sender(void *context)
{
    WDF_MEMORY_DESCRIPTOR d;
    for (int i = 0; i < REQUESTS; i++) {
        touch(word[i]);
        WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&d, memory[i], NULL);
        WDF_REQUEST_SEND_OPTIONS o = send_options(WDF_REQUEST_SEND_OPTION_TIMEOUT, 2 * MS);
        note(WdfIoTargetSendReadSynchronously(target, request[i], &d, NULL, &o, NULL));
        touch(word[i]);
        back[i] = rounds;
    }
}

static void wait_for_each(void) { race((void (*const[])(void *)){synchronous_sender, completer, canceller, stopper}, 4, 1); }

/* RULE K-REQ-53: A synchronous send ends once, whatever the schedule; then its memory is the sender's again. */
static void K_REQ_53_once(void **state)
{
    under_many_schedules(wait_for_each, 400);
    assert_true(outcomes[0] > 100 && outcomes[1] > 100);
}

/* RULE K-TGT-4: Stopping and starting a target loses no request, whatever the schedule. */
static void K_TGT_4_stop_and_start(void **state)
{
    under_many_schedules(stop_and_start, 400);
    assert_true(outcomes[0] > 100 && outcomes[1] > 20);
    under_many_schedules(cancel_and_stop, 400);
    assert_true(outcomes[0] > 50 && outcomes[1] > 100);
}

/* RULE K-TGT-5: Closing or purging a target ends every request that was sent to it, whatever the schedule. */
static void K_TGT_5_close_meanwhile(void **state)
{
    under_many_schedules(close_meanwhile, 400);
    assert_true(outcomes[1] > 50);
    under_many_schedules(purge_meanwhile, 400);
    assert_true(outcomes[1] > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_43_once),
        cmocka_unit_test(K_REQ_53_once),
        cmocka_unit_test(K_TGT_4_stop_and_start),
        cmocka_unit_test(K_TGT_5_close_meanwhile),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
