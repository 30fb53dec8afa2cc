/*
 * The emulated framework, as its own parts see it. A WDF handle is the address of a struct fx_object (the first member of every fx_* structure); a
 * WDFDEVICE stands on a DEVICE_OBJECT, a WDFREQUEST on an IRP, a WDFTIMER on a KTIMER, as in the real framework.
 *
 * Naming: the DDI WdfIoQueueCreate is wdf_WdfIoQueueCreate() (the symbol the driver's inline wrapper calls); it opens the gate, checks handles and
 * parameters (K-OBJ-50: fx_handle()), and calls fx_queue_create() or the like. Parts of the framework call each other's fx_ functions.
 * The framework runs inside the gate, where the emulator runs alone: its own state needs no locks. What a driver can observe (presentation
 * locks, IRQL, threads) is real.
 */
#ifndef KMDF_FX_H
#define KMDF_FX_H

#include "../nt/nt.h"
#include "../nt/image.h"

#ifndef KMDF_VERSION_MINOR
#define KMDF_VERSION_MINOR 33 /* the framework has everything; a driver sees what its own version has */
#endif
#include <wdf.h>

enum fx_type {
    FX_OBJECT = 1, FX_DRIVER, FX_DEVICE, FX_QUEUE, FX_REQUEST, FX_FILE, FX_MEMORY, FX_TIMER, FX_DPC, FX_WORKITEM, FX_SPINLOCK, FX_WAITLOCK,
    FX_STRING, FX_COLLECTION, FX_KEY, FX_LOOKASIDE, FX_IOTARGET, FX_INTERRUPT, FX_CMRESLIST, FX_IORESREQLIST, FX_IORESLIST, FX_CHILDLIST,
    FX_WMIPROVIDER, FX_WMIINSTANCE, FX_DMAENABLER, FX_DMATRANSACTION, FX_COMMONBUFFER, FX_TYPE_COUNT
};

/* States a driver can tell apart (K-OBJ-3). */
enum fx_state { FX_CREATED, FX_DISPOSING, FX_DISPOSED, FX_DESTROYING, FX_DESTROYED };

/* Who serialises a callback (K-SYN-2): a device's or queue's presentation lock. Spin type raises to DISPATCH_LEVEL, mutex type enters a
 * critical region and needs PASSIVE_LEVEL. Not recursive: framework code defers instead (fx_lock_held()). */
struct fx_lock {
    bool passive;
    struct ctx *owner;
    void *owner_activation;  /* a DPC over a thread is another owner than the thread */
    KIRQL old_irql;
    KSPIN_LOCK spin;
    KEVENT free_event;       /* mutex type: waiters */
};

struct fx_context {          /* one driver context of an object; the driver's memory follows */
    struct fx_context *next;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO type; /* UniqueType */
    PFN_WDF_OBJECT_CONTEXT_CLEANUP cleanup;
    PFN_WDF_OBJECT_CONTEXT_DESTROY destroy;
    struct fx_object *object;
    SIZE_T size;
};

struct fx_object {
    uint32_t magic;          /* FX_MAGIC while the object lives: fx_handle() */
    uint16_t type;
    uint8_t state;
    uint8_t level;           /* WDF_EXECUTION_LEVEL as given in its own attributes (InheritFromParent if not) */
    uint8_t scope;
    bool no_delete, passive_dispose, passive_callbacks, dispose_deferred, delete_noted, embedded;
    bool early_disposed;     /* disposed, but the creation reference is still there (K-OBJ-60): the next delete drops it */
    uint32_t number;         /* queue #2: stable name */
    int32_t references;
    struct fx_object *parent;
    LIST_ENTRY children, sibling;    /* in order of attachment */
    struct fx_driver *driver;
    struct fx_device *device;        /* nearest device ancestor (itself for a device), NULL if none */
    struct fx_context *contexts;     /* in order of addition */
    /* Of the type; may be NULL. dispose: stop and wait, before EvtCleanup (io targets: after). destroy: last release, frees what the type owns. */
    void (*dispose)(struct fx_object *object);
    void (*disposed)(struct fx_object *object); /* after EvtCleanup */
    void (*destroy)(struct fx_object *object);
    LIST_ENTRY dispose_entry;
};
#define FX_MAGIC 0x46584f42u

/* ---- object.c ---- */

/* Validates attributes (K-OBJ-30). */
enum fx_attribute_flags { FX_PARENT_FORBIDDEN = 1, FX_PARENT_REQUIRED = 2, FX_LEVEL_ALLOWED = 4, FX_SCOPE_ALLOWED = 8 };
NTSTATUS fx_validate_attributes(PWDF_OBJECT_ATTRIBUTES attributes, unsigned flags);
/* Zeroed object of `size` bytes with its first context (if the attributes name one), one reference, not yet attached to a parent. */
NTSTATUS fx_object_create(struct fx_driver *driver, enum fx_type type, SIZE_T size, PWDF_OBJECT_ATTRIBUTES attributes, void **object);
/* For an object inside another one's memory (set `embedded`): everything but its allocation and contexts. */
void fx_object_init(struct fx_driver *driver, struct fx_object *object, enum fx_type type);
/* Attaches to the parent (K-OBJ-32) and makes the object visible. */
NTSTATUS fx_object_commit(struct fx_object *object, struct fx_object *parent);
/* A create that failed: no driver callback runs (K-OBJ-15). */
void fx_object_delete_failed(struct fx_object *object);
void fx_object_delete(struct fx_object *object);          /* K-OBJ-10..13, 22 */
/* Early dispose of a request at completion (K-OBJ-60): children disposed, EvtCleanup, children destroyed; the object stays until released. */
void fx_object_dispose_early(struct fx_object *object);
void fx_object_erase_callbacks(struct fx_object *object);  /* K-OBJ-61 */
void fx_object_reference(struct fx_object *object);
void fx_object_dereference(struct fx_object *object);
void *fx_object_context(struct fx_object *object, PCWDF_OBJECT_CONTEXT_TYPE_INFO type);
/* Nearest ancestor (itself included) of the type. */
struct fx_object *fx_ancestor(struct fx_object *object, enum fx_type type);
/* The handle's object: NULL, wrong type or stale handle is WDF_VIOLATION 0x5 (K-OBJ-50). type 0 accepts any. */
void *fx_handle(const void *handle, enum fx_type type);
/* NULL in a required parameter: WDF_VIOLATION 0x4. */
void fx_require(const void *parameter, const char *name);
/* A KMDF verifier break (OWN_WDF_MISUSE, rule id in `rule`). */
_Noreturn void fx_misuse(const char *rule, const char *format, ...);
/* The driver's routine that the current context is in (a number of the DDI table), 0 if none. */
uint16_t fx_callback(void);
const char *fx_name(const struct fx_object *object, char *out, size_t size); /* "queue #2" */

/* ---- lock.c ---- */
void fx_lock_init(struct fx_lock *lock, bool passive);
void fx_lock_acquire(struct fx_lock *lock);      /* re-acquire by the holder: WDF_VIOLATION 0x2 */
void fx_lock_release(struct fx_lock *lock);
bool fx_lock_held(const struct fx_lock *lock);   /* by the current thread or DPC */
/* The lock automatic serialisation gives an object under `parent` (K-SYN-5); *lock NULL = none. passive_callback: work item, passive timer. */
NTSTATUS fx_effective_lock(struct fx_object *parent, BOOLEAN automatic, bool passive_callback, struct fx_lock **lock);

/* ---- driver.c, device.c ---- */

/* Deletes and final releases that IRQL forbade, in order, on one work item (K-OBJ-22, 24, 25). */
struct fx_dispose_list {
    LIST_ENTRY objects;
    struct ex_work work;
    bool busy;
    KEVENT empty;
};

struct fx_driver {
    struct fx_object object;
    WDF_DRIVER_GLOBALS globals;      /* what the image's WdfDriverGlobals points to */
    struct nt_driver *nt;
    WDF_DRIVER_CONFIG config;
    WDF_EXECUTION_LEVEL level;
    WDF_SYNCHRONIZATION_SCOPE scope;
    struct fx_lock lock;
    struct fx_dispose_list dispose;  /* of objects without a device */
    uint32_t live_objects;
    uint32_t live_inits;             /* WDFDEVICE_INITs: a device keeps its own until it is freed */
    uint32_t fails_from, created;    /* VerifierAllocateFailCount (K-BUG-1): 0, or this creation of an object and all later ones fail */
    uint32_t numbers[FX_TYPE_COUNT]; /* last number given to an object of each type */
    ULONG tag;
    UNICODE_STRING registry_path;
};
/* From the hidden first argument of every DDI. */
struct fx_driver *fx_driver_of(PWDF_DRIVER_GLOBALS globals);

struct fx_device {
    struct fx_object object;
    PDEVICE_OBJECT wdm, attached, pdo;
    struct devnode *node;
    WDF_EXECUTION_LEVEL level;       /* resolved */
    WDF_SYNCHRONIZATION_SCOPE scope; /* resolved */
    struct fx_lock lock;             /* its presentation lock; also for WdfObjectAcquireLock */
    bool filter, control, exclusive, power_policy_owner;
    WDF_DEVICE_IO_TYPE io_type;
    CCHAR default_boost;
    WDF_OBJECT_ATTRIBUTES request_attributes; /* Size 0: none */
    PFN_WDF_IO_IN_CALLER_CONTEXT in_caller_context;
    /* Requests of a queue: queue.c owns these. */
    LIST_ENTRY queues;               /* all, in order of creation */
    uint32_t queue_round;            /* number of walks over them */
    struct fx_queue *default_queue;
    struct fx_target *default_target; /* the device below; NULL for a control device */
    struct fx_queue *dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    bool dispatch_configured[IRP_MJ_MAXIMUM_FUNCTION + 1];
    bool queues_on;                  /* power-managed queues may present (K-Q-4) */
    bool queues_shut_down;           /* removal: never accept again until a new start */
    /* The rest is private to device.c/pnppower.c/file.c. */
    struct fx_device_private *own;
};
/* Power references (K-PNP-79, 83, 85). A power-managed queue holds one while it has any request, queued or driver-owned: reference at the
 * transition from empty, dereference at the transition to empty. Neither waits; a device in Dx is brought to D0 by a worker. Any IRQL up
 * to DISPATCH_LEVEL; cheap while idling is not enabled. */
void fx_power_reference(struct fx_device *device);
void fx_power_dereference(struct fx_device *device);
/* The device that a DEVICE_OBJECT of the framework's stands for. */
struct fx_device *fx_device_of(PDEVICE_OBJECT wdm);
/* Is it still legal to create a default queue, configure dispatching (PnP state Init)? */
bool fx_device_in_init(const struct fx_device *device);

/* ---- file.c: create, cleanup, close ---- */
struct fx_file {
    struct fx_object object;
    PFILE_OBJECT wdm;
    LIST_ENTRY entry;        /* of the device's files */
};
/* The end of every create request, whichever way it went: the hook for fx_request_on_completed(), and to be called when no request could be made.
 * context: the fx_file, or the fx_device if the class needs none (K-Q-74). */
void fx_file_create_completed(void *context, NTSTATUS status);
struct fx_file *fx_file_of(struct fx_device *device, PFILE_OBJECT file); /* NULL if the class is NotRequired */

/* ---- iotarget.c ---- */
struct fx_target;

/* ---- queue.c ---- */
struct fx_queue;
struct fx_request;
/* Read, write, ioctl, internal ioctl IRPs (K-Q-20..22). Returns what dispatch returns. */
NTSTATUS fx_io_dispatch(struct fx_device *device, PIRP irp);
/* Power machine's view (K-Q-62, 66, 67, 69). They wait at PASSIVE_LEVEL. */
void fx_queues_hold(struct fx_device *device);                 /* pass 1 and 2, EvtIoStop(Suspend) */
void fx_queues_resume(struct fx_device *device);               /* EvtIoResume, then dispatching */
void fx_queues_purge(struct fx_device *device, bool power_managed); /* removal; EvtIoStop(Purge); waits for all owned */
void fx_queues_reopen(struct fx_device *device);               /* accept again: restart after removal-less purge */
/* EvtFileCleanup has run: cancels queued requests of that file (K-Q-75). */
void fx_queues_flush_file(struct fx_device *device, PFILE_OBJECT file);
/* A create request for a queue configured with WdfRequestTypeCreate; STATUS_NOT_FOUND if there is none. */
NTSTATUS fx_queue_create_request(struct fx_device *device, PIRP irp, struct fx_file *file);

/* ---- request.c ---- */
NTSTATUS fx_request_create(struct fx_device *device, struct fx_queue *queue, PIRP irp, struct fx_request **request);
/* Completes towards the IRP (K-REQ-3); also used by file.c for EvtDeviceFileCreate's request. */
void fx_request_complete(struct fx_request *request, NTSTATUS status);
/* Hook: called just before the request's IRP is completed (a failed create's file object goes first: K-REQ-3). */
void fx_request_on_completed(struct fx_request *request, void (*completed)(void *context, NTSTATUS status), void *context);

#endif
