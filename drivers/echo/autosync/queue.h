/*
 * Echo, AutoSync variant: the default queue, the bytes it holds, and the timer that finishes parked requests.
 *
 * The context belongs to the queue. The framework's callback lock guards all of it but Timer, which never changes after
 * the queue has been set up. The queue is sequential, so at most one request is with the driver.
 */

#pragma once

#define ECHO_MAX_WRITE_LENGTH (40 * 1024)
#define ECHO_TIMER_FIRST_MS 100
#define ECHO_TIMER_PERIOD_MS 2000
#define ECHO_POOL_TAG 'sam1'

typedef struct _QUEUE_CONTEXT
{
    /* What the last successful write stored: Length bytes of non-paged pool, or NULL and 0. */
    _Field_size_bytes_(Length) PVOID Buffer;
    ULONG Length;

    WDFTIMER Timer;

    /* The parked request and what it will be completed with; NULL when the timer has nothing to do. */
    WDFREQUEST CurrentRequest;
    NTSTATUS CurrentStatus;
} QUEUE_CONTEXT, *PQUEUE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(QUEUE_CONTEXT, EchoQueueGetContext)

/* Gives Device its default queue and the queue its timer, both idle. Objects made before a failure go with the device. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
EchoQueueInitialize(_In_ WDFDEVICE Device);
