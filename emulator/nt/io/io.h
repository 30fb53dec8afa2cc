/*
 * Internal to nt/: what the I/O manager, Plug and Play and power keep about names, devices, IRPs and files beyond what a driver
 * can see. Nothing above nt/ and verifier/ may include it. All functions run inside the gate.
 */
#ifndef NT_IO_IO_H
#define NT_IO_IO_H

#include "../nt.h"

/* ---- Names (ob_names.c) ---- */

/* An entry of the object directory: a device, or a link to a path or (an interface) straight to a device. */
struct ob_name {
    struct ob_name *next, *prev;
    struct ob_name *next_in_bucket;
    uint32_t hash;
    UNICODE_STRING name;      /* canonical: DOS names begin with \??\ */
    PDEVICE_OBJECT device;    /* NULL: a symbolic link to `target` */
    UNICODE_STRING target;    /* of a link; of an interface: what is put in front of the rest of the path */
    bool is_interface;
};
void ob_names_boot(void);
NTSTATUS ob_name_add(PCUNICODE_STRING name, PDEVICE_OBJECT device, PCUNICODE_STRING target, bool is_interface, struct ob_name **out);
struct ob_name *ob_name_find(PCUNICODE_STRING name);
void ob_name_remove(struct ob_name *name);
struct ob_name *ob_name_first(void);
/* Follows links; `rest` receives what of the path is behind the device's name, in memory of the caller (ex_system_free). */
NTSTATUS ob_name_resolve(PCUNICODE_STRING path, PDEVICE_OBJECT *device, UNICODE_STRING *rest);

WCHAR rtl_upcase_char(WCHAR c);
/* Of names that are compared without regard to case. The hash of a text is that of its beginning, taken further by the rest. */
#define RTL_HASH_START 2166136261u
uint32_t rtl_hash_further(uint32_t hash, const WCHAR *text, size_t length);
/* A zero-terminated copy in system memory; Buffer NULL on exhaustion. */
UNICODE_STRING rtl_copy_of(PCUNICODE_STRING string);
/* ASCII into a NUL-terminated system string. */
UNICODE_STRING rtl_from_ascii(const char *text);
/* UTF-16 to printable ASCII for reports; returns out. */
const char *rtl_to_ascii(PCUNICODE_STRING string, char *out, size_t size);
/* Appends to a text of at most `size` bytes; no library formatting in the Windows world. */
char *text_put(char *at, const char *end, const char *text);
char *text_number(char *at, const char *end, uint64_t number, unsigned base, unsigned digits);

/* In front of a body; keeps it 16-byte aligned. */
#define OB_HEADER_SIZE 48

/* Body is the start of a live block of an object; false also for freed memory, which is not touched. */
bool ob_is_live(const void *body);

/* ---- Devices (device.c) ---- */

struct power_request;
struct se_descriptor;
struct startio_frame;

/* What the StartIo model keeps of a device beyond its queue (startio.c). */
struct startio {
    bool deferred, non_cancelable;    /* IoSetStartIoAttributes */
    bool next_due, next_cancelable, next_by_key; /* IoStartNextPacket was called while StartIo ran, and waits for it */
    ULONG next_key;
    struct startio_frame *frames;     /* calls of StartIo that have not returned */
    struct irp_record *record;        /* the packet started last, with its number and the stack location it had then */
    uint32_t number;
    CHAR location;
};

struct nt_device {
    DEVICE_OBJECT object;
    DEVOBJ_EXTENSION extension;
    PDEVICE_OBJECT lower;            /* what it is attached to */
    struct ob_name *name;
    struct devnode *devnode;         /* of a PDO */
    size_t extension_size;
    bool deleted;
    bool kept_by_upper;              /* deleted while a device was attached to it: its memory stays until that one is detached */
    DEVICE_POWER_STATE device_state; /* PoSetPowerState */
    struct startio startio;
    struct se_descriptor *security;  /* IoCreateDeviceSecure; NULL: everybody may open it */
    struct { bool busy; struct power_request *first, **last; } power[2]; /* W-POW-6: system, device */
    PIRP wait_wake;
    void (*wake_ended)(PDEVICE_OBJECT pdo); /* the bus's: that IRP is about to end; NULL: it does not care */
};
static inline struct nt_device *device_of(PDEVICE_OBJECT device) { return (struct nt_device *)device; }
PDEVICE_OBJECT io_bottom_of_stack(PDEVICE_OBJECT device);
void io_lint_device(PDRIVER_OBJECT driver, const UNICODE_STRING *name, ULONG characteristics, bool secured);
/* "device #2" */
unsigned device_number(PDEVICE_OBJECT device);

/* ---- Drivers (driver.c) ---- */

extern struct nt_driver *io_system_driver; /* owns the PDOs */
NTSTATUS io_create_system_driver(const char *name, PDRIVER_DISPATCH dispatch, struct nt_driver **driver);
NTSTATUS io_invalid_device_request(PDEVICE_OBJECT device, PIRP irp);
/* The devices that a driver made are whole now (end of DriverEntry). */
void io_driver_begin(void);
struct nt_driver *io_driver_first(void);
struct nt_driver *io_driver_next(struct nt_driver *driver);
/* Something less keeps the driver from going: an unload that waits for it may now happen (W-DRV-5). */
void io_driver_use_dropped(PDRIVER_OBJECT driver);
void io_wait_for_unloads(void);
/* DO_BUFFERED_IO or DO_DIRECT_IO or neither: V-IO-245. */
void io_check_method(PDEVICE_OBJECT device);
NTSTATUS io_call_add_device(struct nt_driver *driver, PDEVICE_OBJECT pdo);

/* ---- IRPs (irp.c) ---- */

/* One call of a dispatch routine that has not returned: what the return contract is judged by (W-IRP-20). */
struct dispatch_frame {
    struct dispatch_frame *outer;
    PDEVICE_OBJECT device;
    struct ctx *ctx;            /* who calls it, and how deep in the gate: tells what the routine itself does from what is called below it */
    const struct activation *top; /* a DPC over it is not the routine */
    uint8_t gate_depth;
    CHAR location;
    bool completed, passed, stopped, pended;
    bool has_routine;           /* it set a completion routine */
    bool asked_power;           /* it called PoRequestPowerIrp for a system that falls asleep */
    bool lock_refused, lock_waited; /* IoAcquireRemoveLock with the IRP as tag failed; IoReleaseRemoveLockAndWait */
    unsigned locks_taken;       /* IoAcquireRemoveLock with the IRP as tag */
    NTSTATUS completed_status, passed_status;
    NTSTATUS status_in;         /* what stood in IoStatus when it was called */
};

/* Outlives its IRP: kept for reports until many later IRPs were freed. */
struct irp_record {
    struct irp_info info;
    PIRP irp;
    struct irp_record *next, *prev;
    struct dispatch_frame *frames;
    unsigned pins;              /* while > 0 not reused */
    bool skipped;               /* IoSkipCurrentIrpStackLocation since the last IoCallDriver */
    bool creator_has_location;  /* IoSetNextIrpStackLocation before the first IoCallDriver */
    bool next_prepared;         /* the driver asked for the next location, or copied into it */
    uint64_t write_hash;        /* of a direct write's bytes when it was issued; for LINT_WRITE_BUFFER */
    NTSTATUS stopped_status;    /* what it had been completed with below when a completion routine was called */
    bool ex_failed;             /* IoSetCompletionRoutineEx failed: the IRP may only be completed */
    bool ex_registered;         /* it succeeded, and IoCallDriver has not followed */
    bool live, raw;             /* raw: IoInitializeIrp on a driver's own memory */
    CHAR deepest;               /* the lowest stack location that it has come to */
    CHAR routine_set_at;        /* location whose completion routine IoSetCompletionRoutine wrote */
    UCHAR major, minor;
    void (*finish)(PIRP irp);   /* final stage of an IRP of the PnP or power manager */
    void *finish_context;
    size_t output_limit;        /* issuer's limit for IoStatus.Information of a transfer */
    const void *allocated_at;
    PDRIVER_CANCEL cancel_routine; /* as IoSetCancelRoutine left it */
    const void *system_buffer;  /* of a request that the I/O manager gave one, also when it is freed */
    void *csq, *csq_context;    /* the cancel-safe queue that holds it, and the IO_CSQ_IRP_CONTEXT it was inserted with */
};
void irp_boot(void);
struct irp_record *irp_record(const IRP *irp);
/* Reports a pointer that is no live IRP; `what` is the DDI, code/p1 what Windows would say. */
struct irp_record *irp_require(const IRP *irp, const char *what, uint32_t code, uint32_t p1);
/* NULL: not a live IRP of the emulator's; any value will do. */
struct irp_record *irp_if_live(const void *maybe);
void irp_pin(struct irp_record *record);
void irp_unpin(struct irp_record *record);
struct irp_record *irp_first_record(void);
struct irp_record *irp_first_freed_record(void); /* freed first */
/* The memory of the IRP's block, which may be another's by now; not of a raw one. */
const void *irp_memory(const struct irp_record *record);
const char *irp_record_name(const struct irp_record *record, char *out, size_t size);
void irp_write_history(const struct irp_record *record);
void irp_unlink_from_thread(struct irp_record *record);
void irp_link_to_thread(struct irp_record *record, struct nt_thread *thread);
/* The driver that owns the IRP now, in words. */
const char *irp_owner_name(const IRP *irp, char *out, size_t size);

/* A driver acts on an IRP that another device's driver has: bug check 0xC9 with this p1, where that can be told (W-CMP-6). */
void io_check_owner(const IRP *irp, const struct irp_record *r, const char *what, uint32_t p1, const void *caller);

/* call.c: the running dispatch routine of a location. */
struct dispatch_frame *io_frame_at(const struct irp_record *r, CHAR location);
/* send_rules.c: a driver sends an IRP on, makes one, completes one. */
void io_check_passed(PDEVICE_OBJECT to, const IRP *irp, const struct irp_record *r);
void io_check_made(const IRP *irp, const struct irp_record *r, const IO_STACK_LOCATION *next);
void io_check_answered(const IRP *irp, const struct irp_record *r);

/* The dispatch routine that runs on this context with nothing called in between, if it is one of this IRP's. */
struct dispatch_frame *io_acting_frame(const struct irp_record *r);

/* ---- stack_rules.c ---- */

void io_stack_rules_boot(void);
/* An IRP that goes to the stack of `node`, and the one that was on its way before. */
enum under_way { UNDER_WAY_START, UNDER_WAY_REMOVE, UNDER_WAY_SLEEP, UNDER_WAY_KINDS };
struct irp_under_way {
    struct devnode *node;
    struct irp_record *record;
};
struct irp_under_way io_begin_under_way(enum under_way kind, struct devnode *node, const IRP *irp);
void io_end_under_way(enum under_way kind, struct irp_under_way outer);
void io_begin_adding(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);
void io_end_adding(void);
void io_check_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target);
/* REMOVE_DEVICE is with the stack in which the device stands above the PDO. */
bool io_is_being_removed(PDEVICE_OBJECT device);
void io_check_delete(PDEVICE_OBJECT device);
void io_check_required(const IRP *irp, const struct irp_record *r, PDEVICE_OBJECT device);
void io_check_power_failed(const IRP *irp, const struct irp_record *r, PDEVICE_OBJECT device);
void io_check_wait_wake_kept(const struct irp_record *r, PDEVICE_OBJECT pdo);
void io_lint_wait(void);
void io_lint_pended(const struct irp_record *r, const struct dispatch_frame *f, unsigned device);
void io_lint_allocation(const char *ddi);
void io_lint_create(PDEVICE_OBJECT device);
void io_note_power_asked(void);

/* call.c: what happened to a location, for the frame of its dispatch routine. */
void io_frame_completed(struct irp_record *r, CHAR location, NTSTATUS status);
void io_frame_stopped(struct irp_record *r, CHAR location);

/* complete.c: stage in the requester's thread (W-CMP-8), then the IRP is gone. */
void io_finish_in_thread(PIRP irp, bool dispatch_pended);

/* ---- Buffers (buffers.c) ---- */

NTSTATUS io_set_up_transfer(PIRP irp, PDEVICE_OBJECT top, bool write, void *buffer, ULONG length);
NTSTATUS io_set_up_control(PIRP irp, ULONG code, void *in, ULONG in_length, void *out, ULONG out_length);
/* Copy-back (W-BUF-10) and release of what the two above made. */
void io_copy_back(PIRP irp);
void io_release_buffers(PIRP irp);

/* ---- Files (file.c) ---- */

struct nt_file {
    FILE_OBJECT object;
    ACCESS_MASK access;
    bool opened, had_handle, cleaned, closed;
    struct ex_work close_work;
    struct nt_file *next;
};
static inline struct nt_file *file_of(PFILE_OBJECT file) { return (struct nt_file *)file; }
/* The current context came to the file by its handle, which was made behind CREATE. */
void io_handle_used(PFILE_OBJECT file);
/* Sends an IRP that the I/O manager waits for itself, whatever the driver does; frees it and returns its status. */
NTSTATUS io_send_and_wait(PIRP irp, PDEVICE_OBJECT top, IO_STATUS_BLOCK *iosb);

/* ---- Security (se/access.c) ---- */

/* STATUS_INVALID_PARAMETER: no SDDL that the DDIs take. What it makes is freed with ex_system_free(). */
NTSTATUS se_parse_sddl(PCUNICODE_STRING sddl, struct se_descriptor **out);
bool se_may_open(const struct se_descriptor *security, bool administrator, ACCESS_MASK access);

/* ---- User addresses (mm/probe.c) ---- */

/* May an app have memory there? An empty range always is. */
bool mm_is_user_range(const void *address, size_t length);

/* ---- MDLs (mdl.c) ---- */

uint64_t mm_physical_of(const void *address);
void mm_build(PMDL mdl, USHORT flags);
void mm_unlock_pages(PMDL mdl);

/* ---- The rest ---- */

void io_cancel_boot(void);
/* The driver wrote Irp->CancelRoutine itself: V-DRV-8. */
void io_check_cancel_routine(const IRP *irp, const struct irp_record *r);
/* With the cancel spin lock held, which the routine releases to `irql`. */
void io_call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL irql);
/* Nothing can run any more: is it for want of an IoStartNextPacket? V-SIO-3. */
void io_check_stalled_queues(void);
void io_shutdown_boot(void);
void io_shutdown_check_unregistered(PDEVICE_OBJECT device);
void io_file_boot(void);
void io_interfaces_boot(void);
bool io_interface_is_registered(PCUNICODE_STRING link);
void io_interfaces_of_device_gone(PDEVICE_OBJECT pdo);
void io_workitems_boot(void);
void io_remove_locks_boot(void);
/* A dispatch routine, which acquired a lock for its IRP, returns; `done`: the IRP is out of its hands (V-RML-1). */
void io_remove_lock_frame_ends(struct irp_record *r, struct dispatch_frame *f, bool done);
/* It passes its IRP on (V-RML-3, V-RML-6). */
void io_remove_lock_check_passed(const struct irp_record *r, const struct dispatch_frame *f);
/* The device is detached by REMOVE_DEVICE (V-RML-4). */
void io_remove_lock_check_detached(PDEVICE_OBJECT device);
/* Somebody holds a remove lock in this memory: V-UNL-11. */
void io_remove_lock_check_free(const char *memory, size_t size);
/* A device of a driver that was removed or unloaded has an IRP (V-UNL-11). */
void io_check_no_irps(void);
void io_named_events_boot(void);
void io_csq_boot(void);
/* The record of an IRP goes, wherever the IRP was. */
void io_csq_forget(struct irp_record *r);
/* A cancel-safe queue with IRPs in it is in this memory, or the context of such an IRP: V-CSQ-1. */
void io_csq_check_free(const char *memory, size_t size);
void mm_locks_boot(void);
/* timer.c: a device is deleted (its timer must stand still), and its memory goes. */
void io_timer_check_stopped(PDEVICE_OBJECT device);
void io_timer_free(PDEVICE_OBJECT device);
unsigned io_interfaces_enabled(PDEVICE_OBJECT pdo);
/* pnp/notify.c: an interface was enabled or disabled. */
void pnp_interface_changed(const GUID *class_guid, PCUNICODE_STRING link, PCUNICODE_STRING user_link, bool arrived);
/* A driver that was unloaded is registered for no notification: V-UNL-7. */
void pnp_check_unregistered(const struct nt_driver *driver);
void pnp_boot(void);
/* wmi/: a device is deleted, a driver was unloaded (V-MSC-4, V-UNL-9); at the end of a life nobody has a block open. */
void wmi_check_deleted(PDEVICE_OBJECT device);
void wmi_check_unloaded(const struct nt_driver *driver);
void wmi_check_closed_by_all(void);
/* The memory of a device goes: bug check 0xCA/5 for a PDO that its bus has reported and that is not removed. */
void pnp_check_free(PDEVICE_OBJECT device);
/* IRP_MN_SURPRISE_REMOVAL is with the stack that the device stands in (V-IO-241). */
bool pnp_is_being_surprised(PDEVICE_OBJECT device);
/* po_idle.c: the device is in D0 again; its stack is gone. */
void po_idle_boot(void);
void po_idle_in_d0(PDEVICE_OBJECT pdo);
void po_idle_forget(PDEVICE_OBJECT pdo);
/* A driver that was unloaded is registered with no callback object that has a name. */
void ex_callback_check_unregistered(const struct nt_driver *driver);
void po_check_no_wait_wake(PDEVICE_OBJECT pdo);
NTSTATUS po_pdo_dispatch(PDEVICE_OBJECT pdo, PIRP irp);
void nt_watchdog(struct ctx *waiting);
/* verifier/end_of_life.c */
void verifier_driver_unloaded(struct nt_driver *driver);
void verifier_end_of_life(void);

#endif
