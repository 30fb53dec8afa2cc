/*
 * A small world for tests of the framework: one driver with one device, whose routines do what the test's plan says and write a log of words;
 * and the IRPs, files and handles of the outside. Test code stands on the driver's side of the gate: it may call any WDF DDI.
 *
 *     TEST(K_Q_26_...) { plan.queue = sequential; start(); send(IRP_MJ_READ, 4); log_is("read"); finish(); }
 *     TEST(K_Q_57_..., .code = 0x10D, .p1 = 0xA) { ... }      the life must end in this bug check
 *
 * The plan, the log and the world are zero at the start of each test. A test that reaches its end must have called finish() (or unload()).
 */
#ifndef TESTS_UNIT_KMDF_WORLD_H
#define TESTS_UNIT_KMDF_WORLD_H

#include "unit.h"

#include "kmdf/device.h"

/* The test looks at the driver's variables without asking anybody, which ThreadSanitizer would rightly call a race. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

struct outcome {
    uint32_t code;       /* 0: the life ends well */
    uint64_t p1;         /* of the bug check; ANY: whatever it is */
    const struct chance *chance;
    uint32_t lint;       /* enum machine_lint: with it the life ends so; without it, in a life before that, well */
    const char *rule;    /* which the bug check names; NULL: any */
    const char *words;   /* that its sentence holds; NULL: any */
};
#define ANY ~0ull
#define MISUSE .code = OWN_WDF_MISUSE, .p1 = ANY /* a KMDF verifier break */

#define TEST(name, ...)                                                                        \
    static void name##_body(void);                                                             \
    static void name(void **state) { world_run(name##_body, (struct outcome){__VA_ARGS__}); }  \
    static void name##_body(void)
void world_run(void (*body)(void), struct outcome outcome);
/* For a test that runs many lives by hand: the world as at the start of a test, with this plan. */
struct world_plan;
void world_reset(const struct world_plan *p);

/* ---- The driver ---- */

struct world_plan {
    /* Called with what is about to be used; NULL: defaults. */
    void (*config)(WDF_DRIVER_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);
    void (*init)(PWDFDEVICE_INIT init);
    void (*device)(WDF_OBJECT_ATTRIBUTES *attributes);
    void (*queue)(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes); /* the default queue; NULL: there is none */
    void (*add)(WDFDEVICE device);              /* after all that, in EvtDriverDeviceAdd */
    void (*entry)(PDRIVER_OBJECT object);       /* after WdfDriverCreate, in DriverEntry */
    /* What callbacks do besides logging; NULL: a request is held, everything else does nothing. */
    void (*handle)(WDFREQUEST request);
    void (*cancel)(WDFREQUEST request);         /* NULL: completes it STATUS_CANCELLED */
    void (*stop)(WDFREQUEST request, ULONG flags);
    void (*resume)(WDFREQUEST request);
    void (*canceled_on_queue)(WDFREQUEST request); /* NULL: completes it STATUS_CANCELLED */
    void (*state)(WDFQUEUE queue);              /* ready, stopped, purged */
    void (*cleanup)(WDFOBJECT object);
    void (*destroy)(WDFOBJECT object);
    void (*call)(void *object);                 /* timer, DPC, work item */
    void (*unload)(void);
    struct devnode *(*create)(struct nt_driver *driver, NTSTATUS *status); /* the device; NULL: a root-enumerated one */
    NTSTATUS entry_status, add_status;
};
extern struct world_plan plan;
extern WDFDRIVER driver;
extern WDFDEVICE device;
extern WDFQUEUE queue;
extern WDFREQUEST held[16];
extern int held_count;
extern NTSTATUS created;  /* of the last create that the world did: device, default queue */
extern KIRQL last_irql;   /* at the last logged callback */

/* For plan.queue: sequential, parallel or manual with all handlers; scope none. */
void sequential(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);
void parallel(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);
void manual(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);
void sequential_serialised(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);   /* scope Queue */
void sequential_stoppable(WDF_IO_QUEUE_CONFIG *config, WDF_OBJECT_ATTRIBUTES *attributes);    /* EvtIoStop, EvtIoResume */
void all_handlers(WDF_IO_QUEUE_CONFIG *config);
WDFQUEUE make_queue(void (*configure)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *)); /* not default */

/* The callbacks; each logs its name and then does what the plan says. */
VOID on_read(WDFQUEUE queue, WDFREQUEST request, size_t length);      /* "read" */
VOID on_write(WDFQUEUE queue, WDFREQUEST request, size_t length);     /* "write" */
VOID on_control(WDFQUEUE queue, WDFREQUEST request, size_t out, size_t in, ULONG code); /* "control" */
VOID on_internal(WDFQUEUE queue, WDFREQUEST request, size_t out, size_t in, ULONG code); /* "internal" */
VOID on_default(WDFQUEUE queue, WDFREQUEST request);                  /* "default" */
VOID on_stop(WDFQUEUE queue, WDFREQUEST request, ULONG flags);        /* "stop" */
VOID on_resume(WDFQUEUE queue, WDFREQUEST request);                   /* "resume" */
VOID on_cancel(WDFREQUEST request);                                   /* "cancel" */
VOID on_canceled_on_queue(WDFQUEUE queue, WDFREQUEST request);        /* "canceled" */
VOID on_ready(WDFQUEUE queue, WDFCONTEXT context);                    /* "ready" */
VOID on_stopped(WDFQUEUE queue, WDFCONTEXT context);                  /* "stopped" */
VOID on_purged(WDFQUEUE queue, WDFCONTEXT context);                   /* "purged" */
VOID on_timer(WDFTIMER timer);                                        /* "timer" */
VOID on_dpc(WDFDPC dpc);                                              /* "dpc" */
VOID on_work(WDFWORKITEM item);                                       /* "work" */
VOID on_cleanup(WDFOBJECT object);                                    /* "~name" */
VOID on_destroy(WDFOBJECT object);                                    /* "!name" */

/* Objects with a name: their EvtCleanup logs "~name", their EvtDestroy "!name". */
typedef struct { const char *name; } NAMED;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(NAMED, named)
void name_attributes(WDF_OBJECT_ATTRIBUTES *attributes, WDFOBJECT parent);
WDFOBJECT make(const char *name, WDFOBJECT parent);
WDFTIMER make_timer(const char *name, WDFOBJECT parent);
WDFDPC make_dpc(const char *name, WDFOBJECT parent);
WDFWORKITEM make_work(const char *name, WDFOBJECT parent);

void complete(int i, NTSTATUS status, ULONG_PTR information); /* held[i] */

/* ---- The outside ---- */

extern struct nt_driver *nt;
extern struct devnode *node;

struct io {
    UCHAR major;
    ULONG length;           /* of a read or write; of a control code's input */
    ULONG out;              /* of a control code's output */
    ULONG code;             /* 0: METHOD_BUFFERED */
    bool user, cancelled;
    bool paging;            /* a paging IRP */
    bool neither;           /* no system buffer: UserBuffer and Type3InputBuffer point to the buffer */
    PMDL mdl;
    PFILE_OBJECT file;
    PDEVICE_OBJECT to;      /* NULL: the top of the device's stack */
};
struct sent {
    PIRP irp;               /* NULL: completed */
    bool done;
    NTSTATUS returned, status;
    ULONG_PTR information;
    CCHAR boost;
    char buffer[64];
};
extern int sent_count;
struct sent *send_io(struct io io);
struct sent *send(UCHAR major, ULONG length);

extern const struct driver_image world_image;
void boot(void);            /* driver loaded, device added, not started */
void start(void);           /* boot() and started */
void finish(void);          /* everything sent has come back; device removed, driver unloaded */
void unload(void);          /* the second half of finish() when there is no device to remove */
void pass_ms(ULONG ms);
struct fx_device *fx(void); /* of `device` */
NTSTATUS open_path(const WCHAR *path, PFILE_OBJECT *file);
void close_file(PFILE_OBJECT file);

void say(const char *word);
void log_is(const char *words); /* compares and empties the log */
void log_clear(void);

UNICODE_STRING text_of(const WCHAR *text);

#endif
