/*
 * Echo, DriverSync variant: the default queue, the bytes it holds, and the timer that finishes parked requests.
 *
 * Principle: the queue has no synchronization scope, so I/O callbacks, timer and cancel callbacks run side by side on any
 * processor. Three rules keep them apart:
 *
 *   - CurrentRequest and CurrentStatus change hands under Lock. Requests are completed outside it, because completion
 *     presents the next request on the same stack.
 *   - Each parked request has shares (REQUEST_CONTEXT). The parker creates one, which belongs to the cancel callback until
 *     the request stops being cancelable; the timer adds its own, under Lock, before it works on the request. As long as a
 *     share is left the handle is valid; who drops the last one completes the request.
 *   - Buffer and Length need no guard: the sequential queue runs one read or write callback at a time and hands them over
 *     in order, and neither timer nor cancel callback touches them.
 */

#pragma once

#define ECHO_MAX_WRITE_LENGTH (40 * 1024)
#define ECHO_TIMER_FIRST_MS 100
#define ECHO_TIMER_PERIOD_MS 10000
#define ECHO_POOL_TAG 'sam1'

typedef struct _QUEUE_CONTEXT
{
    /* What the last successful write stored: Length bytes of non-paged pool, or NULL and 0. */
    _Field_size_bytes_(Length) PVOID Buffer;
    ULONG Length;

    /* Both are made with the queue and never change. */
    WDFTIMER Timer;
    WDFSPINLOCK Lock;

    /* The parked request and what it will be completed with; NULL when the timer has nothing to do. */
    _Guarded_by_(Lock) WDFREQUEST CurrentRequest;
    _Guarded_by_(Lock) NTSTATUS CurrentStatus;
} QUEUE_CONTEXT, *PQUEUE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(QUEUE_CONTEXT, EchoQueueGetContext)

typedef struct _REQUEST_CONTEXT
{
    /* 1 while parked, 2 while the timer works on it, 0 when somebody has taken over its cancelled completion. */
    _Interlocked_ volatile LONG CancelCompletionShares;
} REQUEST_CONTEXT, *PREQUEST_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(REQUEST_CONTEXT, EchoRequestGetContext)

/* Gives Device its default queue, with lock and timer, all idle. Objects made before a failure go with the device. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
EchoQueueInitialize(_In_ WDFDEVICE Device);
