/*
 * I/O targets and the sending of requests, as the files iotarget*.c and request_reuse.c see them (K-REQ-40..54, K-TGT-1..6).
 *
 * Principle of operation. A target is where requests go: the device below the driver's own (the default target, made with the device), or one that
 * the driver opened. A request that was sent stands on its target's list `sent` until it has come back and the driver's completion routine has
 * returned; one that was sent to a stopped target waits on `pended`. Formatting writes down what the IRP is to carry; the IRP itself is changed
 * only while it is out, and is as its sender knew it when the completion routine is called.
 *
 * Internal design. Coming back, being cancelled and timing out may meet. Whoever is about to cancel a request's IRP (fx_send_cancel(), the timer's DPC)
 * has a hold on the send; an IRP that comes back while there are holds is finished by whoever lets the last one go. So nobody ever cancels an IRP
 * that its owner has by then completed, freed or sent again.
 */
#ifndef KMDF_TARGET_H
#define KMDF_TARGET_H

#include "device.h"

struct fx_target {
    struct fx_object object;
    struct fx_device *device;        /* whose it is */
    WDF_IO_TARGET_STATE state;
    bool remote;                     /* made by WdfIoTargetCreate; else the default target */
    PDEVICE_OBJECT wdm;              /* where requests go, NULL: closed */
    PDEVICE_OBJECT pdo;              /* NULL: its stack has none, or closed */
    PFILE_OBJECT file;               /* referenced */
    HANDLE handle;                   /* opened by name */
    CCHAR stack_size;                /* of wdm; stays when it is closed */
    ULONG io_flags;                  /* wdm's DO_BUFFERED_IO, DO_DIRECT_IO; stay too */
    LIST_ENTRY sent, ignoring, pended; /* ignoring: sent with IGNORE_TARGET_STATE, which stop and purge leave alone */
    uint32_t sent_count, ignoring_count; /* with those whose completion routine runs */
    KEVENT changed;
    uint32_t waiters;
    /* Of WdfIoTargetOpen; kept for Reopen. */
    WDF_IO_TARGET_OPEN_PARAMS params;
    UNICODE_STRING name;             /* Buffer NULL: never opened by name */
    bool busy;                       /* being opened or closed */
    struct pnp_listener *listener;   /* fx_target_watch(); NULL: not watched, or its device is of no PnP stack */
};

enum fx_send_state { FX_SEND_IDLE, FX_SEND_PENDED, FX_SEND_SENT };

/* What the IRP carries below the sender, and what it had before. */
struct fx_irp_buffers {
    PVOID system_buffer, user_buffer;
    PMDL mdl;
};

struct fx_request_send {
    struct fx_request *request;
    struct fx_target *target;        /* of the send under way, referenced */
    enum fx_send_state state;
    LIST_ENTRY entry;
    bool ignoring;                   /* on target->ignoring */
    bool formatted;                  /* the next stack location is filled in */
    bool has_context;                /* by one of WdfIoTargetFormatRequest*, which wrote what follows */
    bool cancelled;                  /* WdfRequestCancelSentRequest since the last reuse */
    bool cancel_due;                 /* the target is about to cancel it */
    bool came_back, timed_out;
    bool asynchronous;               /* the last send was, and succeeded: the status is for the completion routine */
    NTSTATUS refused;                /* why the last WdfRequestSend was; STATUS_SUCCESS: it was not */
    uint32_t holds;                  /* cancellers and the armed timer */
    NTSTATUS not_sent;               /* a pended request's end without the IRP having been out; STATUS_PENDING: it was out */
    PFN_WDF_REQUEST_COMPLETION_ROUTINE routine;
    WDFCONTEXT context;
    PKEVENT done;                    /* of who waits for a synchronous send */
    WDF_REQUEST_COMPLETION_PARAMS params;
    /* The format. */
    struct fx_irp_buffers buffers, saved;
    struct fx_memory *memory[3];     /* referenced */
    PVOID own_buffer;                /* for METHOD_BUFFERED */
    PMDL own_mdl;
    PVOID copy_to;                   /* output of METHOD_BUFFERED */
    SIZE_T copy_limit;
    /* Timer. */
    bool timer_ready, timer_armed;
    KTIMER timer;
    KDPC dpc;
};

/* ---- iotarget.c ---- */
/* The default target of a device with one below; NULL on exhaustion. */
struct fx_target *fx_target_create_default(struct fx_device *device);
/* Where requests go from now on. */
void fx_target_set_device(struct fx_target *target, PDEVICE_OBJECT wdm);
bool fx_target_is_open(const struct fx_target *target);
/* The end of an opened target, for a while or for good: sent requests are cancelled and waited for, pended ones fail. PASSIVE_LEVEL. */
void fx_target_shut(struct fx_target *target, WDF_IO_TARGET_STATE state);
void fx_target_changed(struct fx_target *target);
NTSTATUS fx_target_start(struct fx_target *target);

/* ---- iotarget_send.c ---- */
/* The request's record for sending, made when it is first needed; NULL on exhaustion. */
struct fx_request_send *fx_send_of(struct fx_request *request);
/* The handle's request, which the driver owns, with or without an IRP. */
struct fx_request *fx_send_handle(WDFREQUEST request, const char *what);
/* STATUS_SUCCESS: sent or pended, it will come back; else why not. `done`: set when it has come back. */
NTSTATUS fx_send_submit(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options, PKEVENT done);
/* As above, and waits. The request's status is that of the I/O. */
/* V-WDF-22 (a lint). */
void fx_send_check_timeout(const struct fx_request *request, const WDF_REQUEST_SEND_OPTIONS *options);
NTSTATUS fx_send_and_wait(struct fx_request *request, struct fx_target *target, const WDF_REQUEST_SEND_OPTIONS *options);
/* A pended request that is on no list any more. */
void fx_send_resend(struct fx_request *request);
void fx_send_fail_pended(struct fx_request *request, NTSTATUS status);
BOOLEAN fx_send_cancel(struct fx_request *request);
bool fx_send_options_valid(const WDF_REQUEST_SEND_OPTIONS *options);
/* STATUS_INSUFFICIENT_RESOURCES only where there was none yet; `ddi` is whose call it is that may fail. */
NTSTATUS fx_send_provide_timer(struct fx_request *request, uint16_t ddi);

/* ---- iotarget_format.c ---- */
/* A buffer of the driver's, however it gave it. */
struct fx_io_buffer {
    struct fx_memory *memory;        /* NULL: not by handle */
    void *address;                   /* NULL: none */
    PMDL mdl;                        /* the driver's own */
    SIZE_T length, offset;
};
NTSTATUS fx_io_buffer_of_memory(WDFMEMORY memory, const WDFMEMORY_OFFSET *offset, struct fx_io_buffer *out);
NTSTATUS fx_format_transfer(struct fx_target *target, struct fx_request *request, UCHAR major, const struct fx_io_buffer *buffer, const LONGLONG *offset);
NTSTATUS fx_format_control(struct fx_target *target, struct fx_request *request, UCHAR major, ULONG code, const struct fx_io_buffer *in,
                           const struct fx_io_buffer *out);
NTSTATUS fx_format_others(struct fx_target *target, struct fx_request *request, ULONG code, const struct fx_io_buffer args[3]);
/* An IRP with room for the target: makes one for a request that the driver created. */
NTSTATUS fx_format_provide_irp(struct fx_target *target, struct fx_request *request);
/* Drops what the last format holds. */
void fx_format_release(struct fx_request *request);
/* The IRP has come back: copies back, and fills in send->params. */
void fx_format_came_back(struct fx_request *request);

/* ---- request_create.c ---- */
/* A request of the framework's own for the target; the driver never sees it. */
NTSTATUS fx_request_create_internal(struct fx_driver *driver, struct fx_target *target, struct fx_request **request);

/* ---- iotarget_remote.c ---- */
void fx_target_close(struct fx_target *target, WDF_IO_TARGET_STATE state);
/* Notifications of the target device's removal: asked for when a target is opened by name, given up when it is closed for good. */
void fx_target_watch(struct fx_target *target);
void fx_target_unwatch(struct fx_target *target);
/* What they call, at PASSIVE_LEVEL (K-TGT-3). */
NTSTATUS fx_target_query_remove(struct fx_target *target);
void fx_target_remove_canceled(struct fx_target *target);
void fx_target_remove_complete(struct fx_target *target);

#endif
