/*
 * Queues and requests, as the files queue*.c, request*.c and memory.c see them.
 *
 * Principle of operation. A request lives in one place at a time (enum fx_place): with the framework, in a queue's list, or with the driver
 * ("driver-owned", K-Q-31). A queue has one loop, fx_queue_dispatch(), which does all calling of the driver in the order of K-Q-23; every
 * event (arrival, completion, cancel, start, power) changes the lists and flags and then enters the loop, or leaves the work to a thread
 * that is in it already, or to a DPC or work item when this thread may not call the driver (K-Q-27).
 *
 * Internal design. Everything runs inside the gate, so lists and flags are consistent between two driver callbacks and no lock guards
 * them. A queued request has fx_queue's routine as its IRP's cancel routine, a cancelable one fx_request's; both take the request off its
 * list before they let go of the cancel spin lock, so a request found on a list is never being cancelled. Threads that wait for a state
 * (fx_queue_wait) recheck their condition whenever something changed.
 */
#ifndef KMDF_QUEUE_H
#define KMDF_QUEUE_H

#include "fx.h"

enum fx_place {
    FX_WITH_FRAMEWORK, /* being made, submitted or completed */
    FX_QUEUED,         /* in queue->queued; the IRP has a cancel routine */
    FX_OWNED,          /* the driver's: in queue->owned, or of no queue (in-caller context, driver-created, file create) */
    FX_SENT,           /* with an I/O target: nobody's until it comes back; the queue that presented it counts it as owned */
    FX_COMPLETED       /* the IRP is gone; the object lives as long as the driver holds references */
};

struct fx_memory {
    struct fx_object object;
    void *buffer;
    SIZE_T size;
    struct fx_request *request; /* embedded in it, or NULL */
    bool read_only;             /* input of a request (K-REQ-22) */
    bool preallocated;          /* the buffer is the driver's (K-MEM-1) */
    struct fx_lookaside *lookaside; /* it came from, referenced */
    PMDL mdl;                   /* probed and locked user pages */
};

struct fx_request {
    struct fx_object object;
    PIRP irp;                   /* NULL after completion */
    struct fx_queue *queue;     /* holds it, or presented it last; NULL in-caller context and driver-created */
    struct fx_device *device;   /* NULL for driver-created ones */
    struct fx_file *file;
    LIST_ENTRY entry;           /* queue->queued or queue->owned */
    LIST_ENTRY cancel_entry;    /* queue->cancelled or queue->cancelled_in_queue */
    PFN_WDF_REQUEST_CANCEL cancel;
    void (*completed)(void *context, NTSTATUS status);
    void *completed_context;
    PMDL built_mdl[2];          /* of a buffered request: input, output (K-REQ-23) */
    uint8_t place, major;
    bool listed;                /* on queue->owned */
    bool presented;             /* the driver has seen it */
    bool cancelable;            /* marked; the IRP has our cancel routine */
    bool cancelled;             /* the framework took note of the cancellation while it was driver-owned */
    bool cancel_queued;         /* EvtRequestCancel is still to be called */
    bool stop_notified, stop_acknowledged; /* since the last EvtIoStop round */
    struct fx_queue *routed;    /* WdfDeviceEnqueueRequest takes this queue, not the dispatch table's (K-DRV-82) */
    bool in_caller_context;     /* inside EvtIoInCallerContext now */
    bool driver_created, frees_irp; /* WdfRequestCreate, WdfRequestCreateFromIrp */
    bool internal_irp;          /* the framework allocated it */
    bool must_complete;         /* driver-created, with an IRP that the driver has to complete (K-REQ-51) */
    bool reserved;              /* for forward progress: it goes back to `reserved_for` */
    struct fx_queue *reserved_for;
    struct nt_thread *caller_thread;
    struct fx_memory input, output; /* made at first retrieval: object.magic */
    struct fx_request_send *send;   /* what the I/O targets keep of it, NULL until first formatted */
};

enum fx_queue_power { FX_POWER_ON, FX_POWER_STOPPING, FX_POWER_OFF, FX_POWER_STARTING };

struct fx_queue {
    struct fx_object object;
    WDF_IO_QUEUE_CONFIG config;
    LIST_ENTRY device_entry;        /* device->queues */
    bool passive;                   /* resolved execution level */
    bool power_managed, is_default;
    bool power_referenced;          /* it keeps the device in D0 (K-PNP-85) */
    struct fx_lock lock;
    struct fx_lock *presentation;   /* its own, the device's, or NULL (K-SYN-3) */

    bool accept, dispatch, shut_down, deleted;
    enum fx_queue_power power;
    bool notifying;                 /* EvtIoStop/EvtIoResume calls in progress (K-Q-24) */
    bool cancel_dispatched;         /* StopAndPurge, Purge (K-Q-56) */
    bool from_empty;                /* the transition a ready-notify is due for (K-Q-39) */

    LIST_ENTRY queued, owned, cancelled, cancelled_in_queue;
    uint32_t queued_count;
    uint32_t owned_count;           /* with those whose IRP is just being completed, which `owned` has no more */
    uint32_t in_transit;            /* requests on no list that the framework works on: the queue must stay */
    uint32_t dispatching;           /* threads inside the loop */
    uint32_t round;                 /* last walk over the device's queues that came here */

    PFN_WDF_IO_QUEUE_STATE ready, stop_complete, purge_complete;
    WDFCONTEXT ready_context, stop_context, purge_context;

    KDPC dpc;                       /* deferred entry into the loop */
    struct ex_work work;
    bool dpc_queued, work_queued;

    struct fx_progress *progress;   /* its forward-progress policy, NULL: none */
    uint32_t reserved_out;          /* reserved requests of this queue that are in use */

    KEVENT changed;
    uint32_t waiters;
};

/* ---- queue.c ---- */
/* Has the queue a routine for requests of this major function (K-DRV-80)? */
bool fx_queue_handles(const struct fx_queue *queue, uint8_t major);
/* Arrival at a queue that does not refuse: marked pending, presented or queued. STATUS_INVALID_DEVICE_STATE completes it (K-Q-22). */
NTSTATUS fx_queue_submit(struct fx_queue *queue, struct fx_request *request);

/* Refused unless the queue accepts: then as fx_queue_submit() without its marking pending. */
bool fx_queue_take(struct fx_queue *queue, struct fx_request *request);

/* ---- queue_dispatch.c ---- */
/* The loop. `arriving` (may be NULL) is a request of the framework's that is to be presented, or queued behind the others. */
void fx_queue_dispatch(struct fx_queue *queue, struct fx_request *arriving);
/* As above unless another thread is in the loop and will see the change (K-Q-29). */
void fx_queue_dispatch_if_idle(struct fx_queue *queue);
void fx_queue_dispatch_init(struct fx_queue *queue);
/* Holds the device's power reference from here until the loop finds the queue empty. */
void fx_queue_power_up(struct fx_queue *queue);
struct fx_call { /* a call of the driver under the queue's presentation lock */
    struct fx_queue *queue;
    struct callback_frame frame;
};
void fx_call_begin(struct fx_call *call, struct fx_queue *queue, uint16_t callback, const void *routine, const void *object);
void fx_call_end(struct fx_call *call);
/* From the queue's list into the driver's hands, or back: only lists and counts. */
void fx_queue_give(struct fx_queue *queue, struct fx_request *request);
void fx_queue_take_back(struct fx_queue *queue, struct fx_request *request);
/* Taking back in two steps, for those that must count as owned a while longer (K-Q-47, completion). */
void fx_queue_unlist_owned(struct fx_queue *queue, struct fx_request *request);
void fx_queue_uncount_owned(struct fx_queue *queue);

/* ---- queue_cancel.c ---- */
/* Into the queue's list, cancelable; false if it was cancelled already and went the way of K-Q-80. */
bool fx_queue_insert(struct fx_queue *queue, struct fx_request *request, bool at_head);
void fx_queue_remove(struct fx_queue *queue, struct fx_request *request);
/* A request off all lists that was cancelled while queued here (K-Q-80). */
void fx_queue_request_cancelled(struct fx_queue *queue, struct fx_request *request);
void fx_queue_cancel_queued(struct fx_queue *queue, PFILE_OBJECT file); /* NULL: all */
void fx_queue_cancel_cancelable(struct fx_queue *queue);

/* ---- queue_state.c ---- */
void fx_queue_changed(struct fx_queue *queue);
void fx_queue_wait(struct fx_queue *queue, bool (*done)(const struct fx_queue *), const char *why);
/* Purge as WdfIoQueuePurgeSynchronously does. */
void fx_queue_purge_wait(struct fx_queue *queue);
void fx_queue_set_accept(struct fx_queue *queue, bool accept);

/* ---- queue_manual.c ---- */
/* Is a read or write of no bytes kept from the driver (K-Q-26)? */
bool fx_queue_hides_empty(const struct fx_queue *queue, const struct fx_request *request);

/* From the driver back to the head of the queue that gave it (K-Q-48, 65). */
void fx_queue_put_back(struct fx_queue *queue, struct fx_request *request);

/* ---- forward_progress.c ---- */
/* A request was made for the IRP, or could not be (`status`). STATUS_SUCCESS: *request is the one to use, maybe a reserved one; STATUS_PENDING: the IRP
 * waits for one; else the IRP is to be completed with that. */
NTSTATUS fx_progress_request(struct fx_queue *queue, PIRP irp, struct fx_request **request, NTSTATUS status);
/* A reserved request has been completed. */
void fx_progress_returned(struct fx_request *request);
void fx_progress_cancel_waiting(struct fx_queue *queue, PFILE_OBJECT file); /* NULL: all */
void fx_progress_end(struct fx_queue *queue);

/* ---- request.c ---- */
/* A reserved request for another IRP; its contexts stay. */
void fx_request_reuse(struct fx_request *request, struct fx_queue *queue, PIRP irp);
void fx_request_fill_parameters(const struct fx_request *request, PWDF_REQUEST_PARAMETERS parameters);
/* Sends it to the device below as it came and forgets it. */
void fx_request_pass_down(struct fx_request *request);
/* As above, to another device; not `skip`: with the next stack location, which is filled in. */
void fx_request_forget(struct fx_request *request, PDEVICE_OBJECT to, bool skip);
/* The driver deletes it: one that is with an I/O target may not be. */
void fx_request_check_delete(const struct fx_request *request);
/* The handle's request; a completed one is V-WDF-9. */
struct fx_request *fx_request_handle(WDFREQUEST request, const char *what);
/* As fx_request_handle(), and driver-owned. */
struct fx_request *fx_request_owned(WDFREQUEST request, const char *what);
bool fx_request_is_cancelled(const struct fx_request *request);
static inline PIO_STACK_LOCATION fx_request_stack(const struct fx_request *request) { return io_get_current_irp_stack_location(request->irp); }

/* ---- request_buffers.c ---- */
/* MDLs the framework built; WDF_VIOLATION 0x3 for a memory object the driver still references (K-REQ-8). */
void fx_request_release_buffers(struct fx_request *request);

/* ---- request_cancel.c ---- */
/* Ends the cancelable state without a call of the driver; false if the cancel routine came first. */
bool fx_request_clear_cancelable(struct fx_request *request);
/* The cancellation of a marked request is to be reported by EvtRequestCancel. */
void fx_request_queue_cancel(struct fx_request *request);

/* ---- iotarget_send.c, iotarget_format.c: what a request holds for being sent ---- */
void fx_send_free(struct fx_request *request);
void fx_send_forget(struct fx_request *request); /* its memory references, completion routine, marks */
NTSTATUS fx_send_status(const struct fx_request *request); /* of one that is with a target */

/* ---- memory.c ---- */
/* As WdfMemoryCreate does; `caller` is the driver's, for leak reports. */
NTSTATUS fx_memory_new(struct fx_driver *driver, PWDF_OBJECT_ATTRIBUTES attributes, POOL_TYPE pool, ULONG tag, SIZE_T size, const void *caller,
                       struct fx_memory **out);
void fx_memory_embed(struct fx_memory *memory, struct fx_request *request, void *buffer, SIZE_T size, bool read_only);

#endif
