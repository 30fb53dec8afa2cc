/*
 * The emulated kernel, as its own layers and those above it (kmdf, win32, verifier) see it.
 *
 * Naming: for the DDI IoCreateDevice there is an internal function io_create_device() with the same parameters and results; the DDI itself is a gate
 * around it and is called by drivers only. Internal functions run inside the gate, where the emulator runs alone, so kernel
 * state needs no locks; IRQL and spin locks are kept for what a driver can observe.
 *
 * Every object a driver can hold a pointer to lives in the kernel arena (machine/memory.h). Routines of a driver or app are called through
 * callback_enter()/callback_leave(); a routine that belongs to the emulator itself (KMDF's dispatch routines, say) is called directly:
 * is_driver_code() tells them apart.
 */
#ifndef NT_NT_H
#define NT_NT_H

#include <ntifs.h>

#include "../ddi.h"
#include "install.h"
#include "../machine/machine.h"

struct nt_thread;
struct nt_process;
struct nt_driver;
struct driver_image;
struct cm_key;

#define CALLER __builtin_return_address(0)

/* Code of a driver image or an app, as opposed to the emulator's: it stands in sections of its own, pageable and INIT code (alloc_text) too. */
#define CODE_SECTION(name) extern const char __start_##name[] __attribute__((weak)), __stop_##name[] __attribute__((weak))
CODE_SECTION(drv_text);
CODE_SECTION(PAGE);
CODE_SECTION(INIT);
#undef CODE_SECTION
static inline bool is_pageable_code(const void *routine)
{
    return (const char *)routine >= __start_PAGE && (const char *)routine < __stop_PAGE;
}
static inline bool is_driver_code(const void *routine)
{
    return ((const char *)routine >= __start_drv_text && (const char *)routine < __stop_drv_text) || is_pageable_code(routine) ||
           ((const char *)routine >= __start_INIT && (const char *)routine < __stop_INIT);
}

/* Code in an INIT section runs, as `what`: reported once its driver is initialised. */
void ke_check_discarded(const void *code, const char *what);

/* ---- Objects (ob.c): reference-counted bodies with a header in front ---- */

enum ob_type { OB_DEVICE = 1, OB_DRIVER, OB_FILE, OB_THREAD, OB_PROCESS, OB_EVENT, OB_SYMLINK, OB_PORT, OB_SEMAPHORE, OB_MUTANT, OB_TIMER, OB_KEY,
               OB_WMI, OB_CALLBACK, OB_TYPE_COUNT };

struct ob_header {
    uint16_t type;
    uint16_t deleted;     /* the delete procedure ran */
    uint32_t number;      /* device #1, file #3: the stable name in reports */
    int64_t pointers;     /* references, handles included */
    int64_t handles;
    void (*destroy)(void *body);      /* last reference gone; frees nothing itself */
    void (*last_handle)(void *body, struct nt_process *process); /* handles became 0 */
};

/* Zeroed body with one reference. NULL on exhaustion. */
void *ob_create(enum ob_type type, size_t size, enum block_use use, void (*destroy)(void *body));
struct ob_header *ob_header(const void *body);
void ob_reference(void *body);
/* Returns the references left; misuse below zero is bug check 0x18. */
int64_t ob_dereference(void *body);
enum ob_type ob_type_of(const void *body);

/* A kernel handle, which keeps the object referenced. Closing the last one calls last_handle(). */
HANDLE ob_open_kernel_handle(void *body);
NTSTATUS ob_close_kernel_handle(HANDLE handle);

/* The object behind an app's handle, not referenced: win32 sets it. */
extern void *(*ob_user_handle_hook)(struct nt_process *process, void *handle);

/* ---- Threads, waits, time (ke/) ---- */

struct nt_apc {
    LIST_ENTRY entry;
    bool queued, user;
    void (*run)(struct nt_apc *apc); /* special kernel APC: emulator code, at APC_LEVEL in the target thread; user: in an alertable wait */
    void *context;
};

struct nt_thread {
    DISPATCHER_HEADER header;      /* waitable: signalled after the thread's last code ran */
    struct ctx *ctx;
    struct nt_process *process;    /* NULL: system */
    LIST_ENTRY irps;               /* Irp->ThreadListEntry of everything it issued and that is not finished */
    LIST_ENTRY kernel_apcs, user_apcs;
    LIST_ENTRY process_entry;
    bool waiting, alertable, user_apc_woke, terminating, ended;
    bool exit_asked;               /* another thread wants it gone (TerminateThread, ExitProcess) */
    bool wait_next;                /* released with Wait = TRUE: only a wait may follow (W-KE-6) */
    uint8_t wait_irql;             /* what it goes back to then */
    unsigned float_saves;          /* KeSaveFloatingPointState without its restore */
    unsigned built_irps;           /* of `irps`, those that drivers had built: IoBuildDeviceIoControlRequest and the like */
    bool system;                   /* made by PsCreateSystemThread */
    const void *routine;           /* the driver's, of a system thread; who made it: the code, and the context it ran in */
    const void *created_at;
    const char *created_by;
    uint32_t last_error;           /* Win32 */
    uint32_t number;
    uint32_t process_id;           /* of its process, when it has one */
    struct nt_process *own_process; /* what it comes back to; `process` is another while it is attached (KeStackAttachProcess) */
    unsigned attached;
    bool plain_user;               /* of a process without an administrator's rights: process_set_administrator(process, false) makes one */
    LONG priority;
    NTSTATUS exit_status;
    void (*entry)(void *);
    void *argument;
};

#define NT_SYSTEM_PROCESS_ID 4

/* The thread of the current context (in a DPC: the interrupted one); never NULL inside a life except on an idle processor. */
struct nt_thread *ke_current_thread(void);
/* One reference for the caller, which also lives until the thread ended. */
struct nt_thread *ke_create_thread(enum ctx_kind kind, uint8_t role, const char *name, struct nt_process *process, void (*entry)(void *),
                                   void *argument);
_Noreturn void ke_exit_thread(NTSTATUS status);

NTSTATUS ke_wait_for_single_object(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout);
NTSTATUS ke_wait_for_multiple_objects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                      BOOLEAN alertable, PLARGE_INTEGER timeout, PKWAIT_BLOCK blocks);
/* Waits for an event of the emulator's own; `why` goes into reports ("IRP #3 (READ) to complete"). */
void ke_wait_internal(PKEVENT event, const char *why);
/* The same in UserMode (W-KE-7): STATUS_THREAD_IS_TERMINATING if the thread was asked to end meanwhile. */
NTSTATUS ke_wait_interruptible(PKEVENT event, const char *why);
/* Time that a processor spends without doing anything else; the DPC watchdog sees it. */
void ke_stall_execution_processor(ULONG microseconds);
NTSTATUS ke_delay_execution_thread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval);

void ke_initialize_event(PKEVENT event, EVENT_TYPE type, BOOLEAN state);
LONG ke_set_event(PKEVENT event, KPRIORITY increment, BOOLEAN wait);
LONG ke_reset_event(PKEVENT event);
void ke_initialize_timer_ex(PKTIMER timer, TIMER_TYPE type);
BOOLEAN ke_set_timer_ex(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc);
BOOLEAN ke_cancel_timer(PKTIMER timer);
void ke_initialize_dpc(PKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context);
BOOLEAN ke_insert_queue_dpc(PKDPC dpc, PVOID a1, PVOID a2);
BOOLEAN ke_remove_queue_dpc(PKDPC dpc);
/* Until every DPC queued before the call has ended (PASSIVE). */
void ke_flush_queued_dpcs(void);
/* A driver's DPC is queued or runs now: for unload and free checks. */
bool ke_dpc_active(const KDPC *dpc);
bool ke_timer_active(const KTIMER *timer);

void ke_initialize_spin_lock(PKSPIN_LOCK lock);
KIRQL ke_acquire_spin_lock_raise_to_dpc(PKSPIN_LOCK lock);
void ke_release_spin_lock(PKSPIN_LOCK lock, KIRQL irql);
void ke_acquire_spin_lock_at_dpc_level(PKSPIN_LOCK lock);
void ke_release_spin_lock_from_dpc_level(PKSPIN_LOCK lock);
/* An interrupt's lock, which is taken at its own level: above DISPATCH_LEVEL. Returns the level before. */
KIRQL ke_acquire_interrupt_lock(PKSPIN_LOCK lock, KIRQL level);
void ke_release_interrupt_lock(PKSPIN_LOCK lock, KIRQL level, KIRQL irql);
bool ke_spin_lock_owned_by_current(PKSPIN_LOCK lock);
KIRQL ke_raise_irql(KIRQL irql);
void ke_lower_irql(KIRQL irql);
KIRQL ke_get_current_irql(void);
void ke_enter_critical_region(void);
void ke_leave_critical_region(void);

/* Special kernel APC: runs at once if the target is the current thread below APC_LEVEL, else as soon as it can. */
void ke_queue_kernel_apc(struct nt_thread *thread, struct nt_apc *apc);
void ke_queue_user_apc(struct nt_thread *thread, struct nt_apc *apc);
/* Runs all queued user APCs of the current thread; true if there was one. For the return to user mode from an alertable wait. */
bool ke_run_user_apcs(void);

/* Bug-check callbacks of drivers (W-DBG-4): run before the bug check that a driver asks for. */
void ke_bugcheck_callbacks_boot(void);
void ke_bugcheck_callbacks_run(void);
void ke_bugcheck_callbacks_check_unloaded(const struct nt_driver *driver);

/* A routine that others have replaced was called by a driver (V-MSC-8, a lint). */
void lint_obsolete(const char *ddi, const char *instead);
/* A driver called a string routine that does not know where its buffer ends (V-SEC-9, a lint). */
void lint_string(const char *routine, const void *caller);

/* ---- Pool, work items (ex/) ---- */

/* As ExAllocatePoolWithTag/ExAllocatePool2 once flags are resolved; charges the driver that owns `caller`. NULL on exhaustion. */
enum pool_kind { POOL_NONPAGED, POOL_PAGED };
void *ex_allocate(enum pool_kind kind, size_t size, uint32_t tag, const void *caller, bool zero);
void ex_free_with_tag(void *memory, uint32_t tag, const void *caller); /* tag 0: any */
/* The emulator's own kernel memory: zeroed, freed with the life at the latest, never a driver's leak. */
void *ex_system_alloc(size_t size);
void ex_system_free(void *memory);

struct ex_work {
    struct ex_work *next;
    bool queued;
    void (*run)(void *context); /* at PASSIVE_LEVEL on a worker thread, inside the gate */
    void *context;
};
void ex_queue_work(struct ex_work *work);
/* End of life: worker threads return. */
/* Nothing can run any more: reports it if that is so for want of further worker threads. */
void ex_check_workers(void);
void ex_stop_workers(void);

/* ---- I/O manager (io/) ---- */

/* A driver loaded into this life; the DRIVER_OBJECT is its first member, so PDRIVER_OBJECT casts to it. */
struct nt_driver {
    DRIVER_OBJECT object;
    DRIVER_EXTENSION extension;
    const struct driver_image *image;
    bool by_pnp;                /* the PnP manager loaded it, and unloads it with its last device */
    bool unloading, unloaded, initialized;
    bool in_registry;           /* its service key is there */
    bool unload_pending;        /* asked to go while its devices were in use: goes with their last use, and nobody opens them any more */
    struct ex_work unload_work;
    unsigned files;             /* open on its devices, also on those that it has deleted since */
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1]; /* MajorFunction when DriverEntry had returned */
    const struct ctx *unloaded_by; /* who runs DriverUnload */
    void *framework;            /* KMDF's per-driver data, NULL for WDM */
    void (*entry_failed)(struct nt_driver *driver); /* set by the framework: call it when DriverEntry failed, before the image goes (K-OBJ-63) */
    UNICODE_STRING service_key; /* \REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\<name> */
};

/* In front of every IRP (irp_info()). */
#define IRP_HISTORY 24
enum irp_event {
    IRP_ALLOCATED = 1, IRP_SENT, IRP_PENDED, IRP_CANCEL_ROUTINE_SET, IRP_CANCEL_ROUTINE_CLEARED, IRP_CANCELLED, IRP_CANCEL_ROUTINE_CALLED,
    IRP_COMPLETED, IRP_COMPLETION_ROUTINE_CALLED, IRP_STOPPED, IRP_FINISHED, IRP_FREED, IRP_PRESENTED
};
struct irp_info {
    uint32_t number;
    uint8_t built_by;        /* 0 IoAllocateIrp by a driver, 1 thread-bound (IoBuild*), 2 the I/O manager for a system call, 3 PnP/power manager,
                              * 4 IoMakeAssociatedIrp */
    uint8_t events;          /* total, the last IRP_HISTORY are kept */
    bool on_thread_list, completing, finished, freed;
    bool user_buffer_copyback;
    struct nt_thread *issuer;
    uint64_t issued_at, cancelled_at;
    PVOID user_event;        /* referenced OB_EVENT body or NULL */
    PVOID apc_routine, apc_context;
    bool synchronous;        /* issuer waits inside the system call */
    PIO_STATUS_BLOCK user_iosb;
    size_t system_buffer_size;
    KEVENT done;             /* signalled at the final stage */
    struct nt_apc apc;
    struct { uint8_t event, irql, location; uint32_t value; uint64_t time; const char *by; const void *who; } history[IRP_HISTORY]; /* by: name of the context */
};
struct irp_info *irp_info(const IRP *irp);
void irp_note(PIRP irp, enum irp_event event, uint32_t value, const void *who);
/* "IRP #3 (READ)" into out. */
const char *irp_name(const IRP *irp, char *out, size_t size);
/* Thread-bound IRPs that drivers built and that are not finished; an event that one of them will set may not be set by the driver (V-IRP-36). */
extern unsigned io_built_irps;
void io_check_lent_event(const KEVENT *event);
PIRP irp_first(void);            /* walk all IRPs that live: reports and end-of-life checks */
PIRP irp_next(PIRP irp);

/* The system shuts down (W-DRV-20): IRP_MJ_SHUTDOWN to the devices that asked for it. PASSIVE_LEVEL. */
void io_shutdown_system(void);

/* Loading and unloading (io/driver.c). The image's writable data is restored first. */
NTSTATUS io_load_driver(const struct driver_image *image, struct nt_driver **driver);
void io_unload_driver(struct nt_driver *driver);
/* As a service's stop does (W-DRV-5): at once if no device is open or attached to, STATUS_PENDING if that has to come first, on a worker;
 * STATUS_INVALID_DEVICE_REQUEST without a DriverUnload. A reference to the driver object outlives the driver, whose `unloaded` tells. */
NTSTATUS io_ask_driver_to_unload(struct nt_driver *driver);
struct nt_driver *io_driver_of_code(const void *code); /* the loaded driver whose image holds the address */

/* Those with the DDI's own signature. */
NTSTATUS io_create_device(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name, DEVICE_TYPE type, ULONG characteristics,
                          BOOLEAN exclusive, PDEVICE_OBJECT *device);
void io_delete_device(PDEVICE_OBJECT device);
PDEVICE_OBJECT io_attach_device_to_device_stack(PDEVICE_OBJECT source, PDEVICE_OBJECT target);
void io_detach_device(PDEVICE_OBJECT target);
PDEVICE_OBJECT io_get_attached_device(PDEVICE_OBJECT device);
PDEVICE_OBJECT io_physical_device(PDEVICE_OBJECT device); /* the PDO of its stack; NULL: there is none */
PCUNICODE_STRING io_device_name(PDEVICE_OBJECT device); /* NULL: unnamed */
NTSTATUS io_create_symbolic_link(PUNICODE_STRING link, PUNICODE_STRING target);
NTSTATUS io_delete_symbolic_link(PUNICODE_STRING link);
NTSTATUS io_register_device_interface(PDEVICE_OBJECT pdo, const GUID *guid, PUNICODE_STRING reference, PUNICODE_STRING link);
NTSTATUS io_get_device_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer, PULONG needed);
NTSTATUS io_get_device_property_data(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID lcid, ULONG length, PVOID data, PULONG needed, DEVPROPTYPE *type);
NTSTATUS io_set_device_property_data(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID lcid, DEVPROPTYPE type, ULONG size, PVOID data);
NTSTATUS io_set_device_interface_state(PUNICODE_STRING link, BOOLEAN enable);
NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp);
void io_complete_request(PIRP irp, CCHAR boost);
void io_mark_irp_pending(PIRP irp);
PDRIVER_CANCEL io_set_cancel_routine(PIRP irp, PDRIVER_CANCEL routine);
BOOLEAN io_cancel_irp(PIRP irp);
void io_acquire_cancel_spin_lock(PKIRQL irql);
void io_release_cancel_spin_lock(KIRQL irql);
PIRP io_allocate_irp(CCHAR stack_size, BOOLEAN charge_quota);
void io_free_irp(PIRP irp);
void io_reuse_irp(PIRP irp, NTSTATUS status);
PIO_STACK_LOCATION io_get_current_irp_stack_location(PIRP irp);
PIO_STACK_LOCATION io_get_next_irp_stack_location(PIRP irp);
void io_skip_current_irp_stack_location(PIRP irp);
void io_set_next_irp_stack_location(PIRP irp);
void io_copy_current_irp_stack_location_to_next(PIRP irp);
void io_set_completion_routine(PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context, BOOLEAN success, BOOLEAN error, BOOLEAN cancel);
PMDL io_allocate_mdl(PVOID va, ULONG length, BOOLEAN secondary, BOOLEAN quota, PIRP irp);
void io_free_mdl(PMDL mdl);
PVOID mm_get_system_address_for_mdl_safe(PMDL mdl, ULONG priority);
/* Fills in the page numbers: with MDL_SOURCE_IS_NONPAGED_POOL, or MDL_PAGES_LOCKED and maybe MDL_WRITE_OPERATION. */
void mm_build(PMDL mdl, USHORT flags);
void mm_unlock_pages(PMDL mdl);
/* An app's process has ended: none of its memory may be locked by a driver any more (V-MDL-9). */
void mm_check_process_exit(const struct nt_process *process);

/* System calls (io/syscall.c): what win32 stands on. Process and thread are the current ones; buffers are user addresses in the user arena, or for apps
 * on the host's stack. All PASSIVE_LEVEL. Results are NTSTATUS; STATUS_PENDING means the IRP is out. */
struct io_target_file {             /* how the call wants to hear of the end */
    PFILE_OBJECT file;
    PVOID event;                    /* OB_EVENT body or NULL */
    void *apc_routine;              /* PIO_APC_ROUTINE of the app, called (context, iosb, 0) as a user APC */
    void *apc_context;              /* APC argument or completion-port context */
    PIO_STATUS_BLOCK iosb;
};
NTSTATUS io_create_file(PCUNICODE_STRING path, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options, PFILE_OBJECT *file, ULONG_PTR *information);
/* The same for a driver, in whatever process: nobody's rights are checked. */
NTSTATUS io_create_file_for_kernel(PCUNICODE_STRING path, ACCESS_MASK access, PFILE_OBJECT *file);
NTSTATUS io_create_file_as_kernel(PCUNICODE_STRING path, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options, PFILE_OBJECT *file,
                                  ULONG_PTR *information);
NTSTATUS io_read_write_file(const struct io_target_file *to, bool write, void *buffer, ULONG length, const LARGE_INTEGER *offset);
NTSTATUS io_device_io_control_file(const struct io_target_file *to, ULONG code, void *in, ULONG in_length, void *out, ULONG out_length);
/* NULL iosb: all of the file; by_thread: only the current thread's. Returns how many were asked to cancel. */
ULONG io_cancel_file(PFILE_OBJECT file, PIO_STATUS_BLOCK iosb, bool by_thread, bool wait);
/* A handle to the file closed; the last one sends CLEANUP, the last reference CLOSE. Handles only count: the caller of io_create_file() owns one
 * reference and drops it with ob_dereference(). */
void io_handle_opened(PFILE_OBJECT file);
void io_handle_closed(PFILE_OBJECT file);
/* Waits for every CLOSE that is due: the last reference of a file may go where CLOSE cannot be sent, a worker sends it then; and for every unload that the
 * last CLOSE lets happen. PASSIVE_LEVEL. */
void io_wait_for_closes(void);
/* Thread rundown: cancels all its IRPs and waits for them (W-FIL-20). */
void io_rundown_thread(struct nt_thread *thread);
/* Completion port hook: win32 sets it. Called at the final stage in the issuer's thread. */
extern void (*io_port_hook)(PFILE_OBJECT file, void *apc_context, PIO_STATUS_BLOCK iosb);

/* ---- Plug and Play, power (pnp/, po.c): who conducts a life calls these from the pnp thread at PASSIVE ---- */

enum devnode_state {
    DEVNODE_INITIALIZED,      /* its drivers' AddDevice was called */
    DEVNODE_STARTED, DEVNODE_STOP_PENDING, DEVNODE_STOPPED, DEVNODE_REMOVE_PENDING, DEVNODE_SURPRISE_REMOVED,
    DEVNODE_REMOVED,          /* gone; the devnode itself stays until the end of the life */
    DEVNODE_FAILED,           /* AddDevice failed */
    DEVNODE_ALONE             /* its bus reports it, and it has no drivers: none are installed, or they were removed */
};

struct devnode {
    PDEVICE_OBJECT pdo;           /* NULL once its bus driver deleted it */
    struct devnode *parent;       /* whose bus driver reported it; NULL: root-enumerated */
    uint32_t number;              /* 1, 2 ...: in order of creation in this life */
    unsigned depth;               /* 0 root-enumerated, 1 its children ... */
    struct nt_driver *function;   /* FDO's driver */
    const struct pnp_install *installed; /* NULL: root-enumerated by the conductor with a driver of its own */
    struct nt_driver *driver[2 * PNP_FILTERS + 1]; /* from below to above */
    unsigned drivers;
    enum devnode_state state, before; /* `before`: the one that a CANCEL brings back */
    bool reported;                /* its bus still reports it; always, for a root-enumerated device */
    UNICODE_STRING instance_path; /* Root\ECHO\0000 */
    uint32_t path_hash;           /* of a child: so that its siblings are not compared by letters */
    UNICODE_STRING hardware_ids, compatible_ids; /* MULTI_SZ with the last zero; Buffer NULL: the bus gave none */
    UNICODE_STRING description, location;
    DEVICE_CAPABILITIES capabilities;
    PNP_BUS_INFORMATION bus;      /* of the bus that it stands on; LegacyBusType -1: the bus gave none */
    CM_RESOURCE_LIST *boot;       /* what the bus says that it uses; NULL: nothing. As the next two, system memory */
    IO_RESOURCE_REQUIREMENTS_LIST *requirements; /* what the bus says that it needs */
    IO_RESOURCE_REQUIREMENTS_LIST *filtered;     /* the same after its drivers had a say, of its last start */
    const CM_RESOURCE_LIST *raw, *translated;    /* what it is started with; the conductor's, NULL: what the bus says that it uses */
    SYSTEM_POWER_STATE system_state;
    DEVICE_POWER_STATE device_state;
    struct cm_key *hardware_key, *software_key; /* of its installation, once somebody has asked the registry (cm/install.c) */
    LIST_ENTRY interfaces;
    ULONG idle_ms;                /* unused for so long it is sent to Dx by the owner of its power policy; 0: never */
    bool failed;                  /* IoInvalidateDeviceState told so */
    bool state_due;               /* that was told between a question and its answer: asked for when a CANCEL comes */
    bool seen, is_new;            /* while its bus is being enumerated */
    bool removing;                /* REMOVE_DEVICE is on its way: opens fail (W-FIL-1) */
    unsigned asked;               /* what the PnP manager's worker is to do (enum pnp_work) */
};

/* One PnP operation at a time: the functions below that change a state want the lock held, so that the PnP manager's worker rests. A thread
 * that holds it may take it again. */
void pnp_lock(void);
void pnp_unlock(void);
/* An IRP of the system's own for the stack with this top, its next location begun; who built it fills in the parameters and sends it. NULL: no memory. Without the lock. */
PIRP pnp_build_irp(PDEVICE_OBJECT top, UCHAR minor, NTSTATUS initial);
/* The machine goes to sleep or wakes: until it is awake the worker does not begin. With the lock. */
void pnp_rest(bool asleep);
/* Waits until the worker has done all it was asked for. Without the lock, and not in a sleeping machine. */
void pnp_settle(void);
/* What is installed on this machine; the table must outlive the life. Without it only pnp_create_root_device() knows a driver. */
void pnp_set_installed(const struct pnp_install *table, unsigned count);
enum pnp_change { PNP_GOES_BY_SURPRISE, PNP_COMES, PNP_IS_EJECTED };
/* Called before the worker changes a device's state of its own accord. NULL: nobody watches. */
void pnp_set_watch(void (*watch)(struct devnode *node, enum pnp_change change));

/* Creates a root-enumerated device and calls AddDevice of this driver, or of those installed for the identifier (driver NULL). On failure the devnode
 * stays without a stack (state FAILED). */
struct devnode *pnp_create_root_device(struct nt_driver *driver, const char *device_id, NTSTATUS *status);
struct devnode *pnp_first(void);                       /* all of this life in order of creation: a parent comes before its children */
struct devnode *pnp_next(struct devnode *node);
struct devnode *pnp_last(void);
struct devnode *pnp_first_child(const struct devnode *node); /* those that its bus reports, or that wait for their last handle */
struct devnode *pnp_last_child(const struct devnode *node);
struct devnode *pnp_next_sibling(const struct devnode *node);
struct devnode *pnp_previous_sibling(const struct devnode *node);
struct devnode *pnp_previous(struct devnode *node);
/* Unloads what was kept by an open file when its last device went. All files are closed. */
void pnp_unload_idle_drivers(void);
/* START of one device; what it reports as its children is enumerated and started with it. */
NTSTATUS pnp_start(struct devnode *node);
/* These go through the children that are started as well: children first; cancelling and restarting, parents first. */
NTSTATUS pnp_query_stop(struct devnode *node);
NTSTATUS pnp_cancel_stop(struct devnode *node);
NTSTATUS pnp_stop(struct devnode *node);
NTSTATUS pnp_query_remove(struct devnode *node);      /* vetoed with open handles: STATUS_PLUGPLAY_QUERY_VETOED */
NTSTATUS pnp_cancel_remove(struct devnode *node);
NTSTATUS pnp_surprise_remove(struct devnode *node);
/* After this the stack is gone, and those of its children; of a child that its bus still reports the PDO stays (ALONE). STATUS_DEVICE_BUSY: a handle is open. */
NTSTATUS pnp_remove(struct devnode *node);
/* A device that is ALONE gets its drivers again and is started. */
NTSTATUS pnp_add_again(struct devnode *node);
/* A paging, dump or hibernation file comes to the device or leaves it (W-PNP-39): only coming may be refused. */
NTSTATUS pnp_notify_usage(struct devnode *node, DEVICE_USAGE_NOTIFICATION_TYPE type, bool in_path);
bool pnp_has_open_handles(const struct devnode *node); /* of its own stack */
bool pnp_subtree_has_open_handles(const struct devnode *node);
struct devnode *pnp_devnode_of(PDEVICE_OBJECT pdo);
/* PNP_DEVICE_STATE, device relations: as IoInvalidateDeviceState and IoInvalidateDeviceRelations. Any IRQL up to DISPATCH_LEVEL. */
void pnp_invalidate_state(struct devnode *node);
void pnp_invalidate_relations(struct devnode *node);
void pnp_request_eject(struct devnode *node);
/* A root-enumerated device's bus has found that it is not there any more. */
void pnp_device_is_gone(struct devnode *node);
/* The last handle of a device was closed. */
void pnp_note_closed(PDEVICE_OBJECT device);

/* Notifications (pnp/notify.c). `hear` is called in a system thread at PASSIVE_LEVEL, inside the gate; what it returns counts for PNP_QUERY_REMOVE alone. */
enum pnp_event {
    PNP_INTERFACE_ARRIVAL, PNP_INTERFACE_REMOVAL,
    PNP_QUERY_REMOVE, PNP_REMOVE_CANCELLED, PNP_REMOVE_COMPLETE, /* of a device */
    PNP_REMOVE_PENDING,           /* nobody refused: apps alone are told */
    PNP_CUSTOM_EVENT
};
struct pnp_told {
    enum pnp_event event;
    const GUID *guid;             /* the interface's class, or the custom event's own */
    PCUNICODE_STRING link, user_link; /* of an interface: as the kernel names it, as apps do */
    const void *custom;           /* TARGET_DEVICE_CUSTOM_NOTIFICATION */
};
struct pnp_listener;
typedef NTSTATUS (*pnp_hear)(void *context, const struct pnp_told *told);
/* class_guid NULL: all. Interfaces that are there already are not told of. */
struct pnp_listener *pnp_listen_to_interfaces(const GUID *class_guid, pnp_hear hear, void *context);
/* The device that the file is open on; the file is not referenced. Fails where the file is of no PnP device. */
NTSTATUS pnp_listen_to_device(PFILE_OBJECT file, pnp_hear hear, void *context, struct pnp_listener **listener);
/* It is an app's: told before drivers are, and of PNP_REMOVE_PENDING too. */
void pnp_listens_for_user(struct pnp_listener *listener);
/* It hears nothing from here on. A call in another thread is waited for; in its own only if `wait`, for ever. */
void pnp_stop_listening(struct pnp_listener *listener, bool wait);
NTSTATUS po_system_sleep(SYSTEM_POWER_STATE state, POWER_ACTION action);   /* query + set to all devices, leaves first */
NTSTATUS po_system_resume(void);
/* The machine sleeps until somebody wakes it, a little later, and is awake again on return. STATUS_ALREADY_COMMITTED: it falls asleep or sleeps already. The
 * refusal of a device otherwise. PASSIVE_LEVEL, without pnp_lock(). */
NTSTATUS po_suspend(SYSTEM_POWER_STATE state, POWER_ACTION action);
/* How often in this life a device was asked to enter D0 again, for whatever reason: counted before its driver hears of it. */
uint32_t po_d0_requests(void);
/* The device signals wake: the WAIT_WAKE IRP that its bus holds completes. False: none is armed, the signal is lost. */
bool po_device_wakes(PDEVICE_OBJECT pdo);
NTSTATUS po_request_power_irp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PREQUEST_POWER_COMPLETE callback, PVOID context, PIRP *irp);

bool rtl_equal_unicode(PCUNICODE_STRING a, PCUNICODE_STRING b, bool ignore_case);
/* Enabled interfaces of a class in order of registration: the one after that one, or the first (NULL). NULL: there is none. A pointer is good until something
 * may be unregistered. */
struct io_interface;
const struct io_interface *io_next_interface(const GUID *guid, const struct io_interface *after);
PCUNICODE_STRING io_interface_link(const struct io_interface *i);      /* as the kernel names it: \??\... */
PCUNICODE_STRING io_interface_user_link(const struct io_interface *i); /* as apps do: \\?\... */
PDEVICE_OBJECT io_interface_pdo(const struct io_interface *i);
/* The enabled interface of this name, in either form: its class and its PDO. */
bool io_find_interface(PCUNICODE_STRING link, GUID *guid, PDEVICE_OBJECT *pdo);
/* "{...}" in lower case; how many characters. */
size_t io_put_guid(WCHAR *out, const GUID *guid);

/* ---- WMI (wmi/) ---- */

/* As IoWMIRegistrationControl (W-WMI-1). PASSIVE_LEVEL. */
NTSTATUS wmi_registration_control(PDEVICE_OBJECT device, ULONG action);
/* What a provider's events name it by; 0: the device is not registered. */
ULONG wmi_provider_id(PDEVICE_OBJECT device);
/* As IoWMIWriteEvent: on success the block of the caller's is freed. */
NTSTATUS wmi_write_event(PVOID wnode, const void *caller);

/* What an app asks the WMI service for, of a device's stack. */
enum wmi_operation {
    WMI_CALL_QUERY_ALL,                  /* all instances; the first one's data is returned */
    WMI_CALL_QUERY, WMI_CALL_SET, WMI_CALL_SET_ITEM, WMI_CALL_METHOD, /* of one instance */
    WMI_CALL_ENABLE_EVENTS, WMI_CALL_DISABLE_EVENTS, WMI_CALL_ENABLE_COLLECTION, WMI_CALL_DISABLE_COLLECTION,
    WMI_CALL_OPERATIONS
};
struct wmi_call {
    PDEVICE_OBJECT pdo;                  /* of the stack */
    const GUID *guid;
    unsigned operation;                  /* enum wmi_operation */
    ULONG instance, id;                  /* id: of the item or method */
    const void *in;
    void *out;
    ULONG in_size, out_size;             /* out_size: the room that the driver is given for data */
    ULONG returned;                      /* bytes in `out`; with STATUS_BUFFER_TOO_SMALL: what is needed */
};
/* PASSIVE_LEVEL, waits for the driver. STATUS_WMI_GUID_NOT_FOUND: nobody in the stack has the block. */
NTSTATUS wmi_call(struct wmi_call *call);

/* ---- A boot and a shutdown (boot.c) ---- */

/* First thing of a life, on the pnp context. */
void nt_boot(void);
/* Last thing: stops workers, then verifier's end-of-life checks (verifier/end_of_life.c) run. */
void nt_shutdown(void);

#endif
