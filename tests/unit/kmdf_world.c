/* See kmdf_world.h. */
#include "kmdf_world.h"

#include <irpfuzz_format.h>

PWDF_DRIVER_GLOBALS WdfDriverGlobals;

struct world_plan plan;
WDFDRIVER driver;
WDFDEVICE device;
WDFQUEUE queue;
WDFREQUEST held[16];
int held_count, sent_count;
NTSTATUS created;
KIRQL last_irql;
struct nt_driver *nt;
struct devnode *node;

static struct sent sent[16];
static char text[1024];
static size_t length;

/* ---- Log ---- */

void say(const char *word)
{
    last_irql = KeGetCurrentIrql();
    if (length && length < sizeof text - 1)
        text[length++] = ' ';
    while (*word && length < sizeof text - 1)
        text[length++] = *word++;
    text[length] = 0;
}

void log_clear(void) { length = 0, text[0] = 0; }

void log_is(const char *words)
{
    bool same = strlen(words) == length && !memcmp(words, text, length);
    if (!same)
        report_line("log:      %s\nexpected: %s", text, words);
    assert_true(same);
    log_clear();
}

/* ---- Callbacks ---- */

static void take(const char *word, WDFREQUEST request)
{
    say(word);
    if (plan.handle)
        plan.handle(request);
    else
        held[held_count++] = request;
}

VOID on_read(WDFQUEUE q, WDFREQUEST request, size_t n) { take("read", request); }
VOID on_write(WDFQUEUE q, WDFREQUEST request, size_t n) { take("write", request); }
VOID on_control(WDFQUEUE q, WDFREQUEST request, size_t out, size_t in, ULONG code) { take("control", request); }
VOID on_internal(WDFQUEUE q, WDFREQUEST request, size_t out, size_t in, ULONG code) { take("internal", request); }
VOID on_default(WDFQUEUE q, WDFREQUEST request) { take("default", request); }

VOID on_stop(WDFQUEUE q, WDFREQUEST request, ULONG flags)
{
    say("stop");
    if (plan.stop)
        plan.stop(request, flags);
}

VOID on_resume(WDFQUEUE q, WDFREQUEST request)
{
    say("resume");
    if (plan.resume)
        plan.resume(request);
}

VOID on_cancel(WDFREQUEST request)
{
    say("cancel");
    if (plan.cancel)
        plan.cancel(request);
    else
        WdfRequestCompleteWithInformation(request, STATUS_CANCELLED, 0);
}

VOID on_canceled_on_queue(WDFQUEUE q, WDFREQUEST request)
{
    say("canceled");
    if (plan.canceled_on_queue)
        plan.canceled_on_queue(request);
    else
        WdfRequestComplete(request, STATUS_CANCELLED);
}

static void state(const char *word, WDFQUEUE q)
{
    say(word);
    if (plan.state)
        plan.state(q);
}

VOID on_ready(WDFQUEUE q, WDFCONTEXT context) { state("ready", q); }
VOID on_stopped(WDFQUEUE q, WDFCONTEXT context) { state("stopped", q); }
VOID on_purged(WDFQUEUE q, WDFCONTEXT context) { state("purged", q); }

static void call(const char *word, void *object)
{
    say(word);
    if (plan.call)
        plan.call(object);
}

VOID on_timer(WDFTIMER timer) { call("timer", timer); }
VOID on_dpc(WDFDPC dpc) { call("dpc", dpc); }
VOID on_work(WDFWORKITEM item) { call("work", item); }

static void say_object(char mark, WDFOBJECT o)
{
    char word[32];
    irpfuzz_snprintf(word, sizeof word, "%c%s", mark, named(o) && named(o)->name ? named(o)->name : "?");
    say(word);
}

VOID on_cleanup(WDFOBJECT o)
{
    say_object('~', o);
    if (plan.cleanup)
        plan.cleanup(o);
}

VOID on_destroy(WDFOBJECT o)
{
    say_object('!', o);
    if (plan.destroy)
        plan.destroy(o);
}

/* ---- Objects ---- */

void name_attributes(WDF_OBJECT_ATTRIBUTES *a, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(a, NAMED);
    a->EvtCleanupCallback = on_cleanup;
    a->EvtDestroyCallback = on_destroy;
    a->ParentObject = parent;
}

WDFOBJECT make(const char *name, WDFOBJECT parent)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o = NULL;
    name_attributes(&a, parent);
    created = WdfObjectCreate(&a, &o);
    if (NT_SUCCESS(created))
        named(o)->name = name;
    return o;
}

WDFTIMER make_timer(const char *name, WDFOBJECT parent)
{
    WDF_TIMER_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFTIMER t = NULL;
    WDF_TIMER_CONFIG_INIT(&c, on_timer);
    name_attributes(&a, parent);
    created = WdfTimerCreate(&c, &a, &t);
    if (NT_SUCCESS(created))
        named(t)->name = name;
    return t;
}

WDFDPC make_dpc(const char *name, WDFOBJECT parent)
{
    WDF_DPC_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFDPC d = NULL;
    WDF_DPC_CONFIG_INIT(&c, on_dpc);
    name_attributes(&a, parent);
    created = WdfDpcCreate(&c, &a, &d);
    if (NT_SUCCESS(created))
        named(d)->name = name;
    return d;
}

WDFWORKITEM make_work(const char *name, WDFOBJECT parent)
{
    WDF_WORKITEM_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFWORKITEM w = NULL;
    WDF_WORKITEM_CONFIG_INIT(&c, on_work);
    name_attributes(&a, parent);
    created = WdfWorkItemCreate(&c, &a, &w);
    if (NT_SUCCESS(created))
        named(w)->name = name;
    return w;
}

void complete(int i, NTSTATUS status, ULONG_PTR information) { WdfRequestCompleteWithInformation(held[i], status, information); }

/* ---- Queues ---- */

void all_handlers(WDF_IO_QUEUE_CONFIG *c)
{
    c->EvtIoRead = on_read;
    c->EvtIoWrite = on_write;
    c->EvtIoDeviceControl = on_control;
    c->EvtIoInternalDeviceControl = on_internal;
}

void sequential(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { all_handlers(c); }

void parallel(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    all_handlers(c);
    c->DispatchType = WdfIoQueueDispatchParallel;
    c->Settings.Parallel.NumberOfPresentedRequests = (ULONG)-1;
}

void manual(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->DispatchType = WdfIoQueueDispatchManual; }

void sequential_serialised(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    all_handlers(c);
    a->SynchronizationScope = WdfSynchronizationScopeQueue;
}

void sequential_stoppable(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a)
{
    all_handlers(c);
    c->EvtIoStop = on_stop;
    c->EvtIoResume = on_resume;
}

static WDFQUEUE new_queue(void (*configure)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *), bool is_default)
{
    WDF_IO_QUEUE_CONFIG c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFQUEUE q = NULL;
    if (is_default)
        WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&c, WdfIoQueueDispatchSequential);
    else
        WDF_IO_QUEUE_CONFIG_INIT(&c, WdfIoQueueDispatchSequential);
    name_attributes(&a, NULL);
    configure(&c, &a);
    created = WdfIoQueueCreate(device, &c, &a, &q);
    if (NT_SUCCESS(created))
        named(q)->name = is_default ? "queue" : "side";
    return q;
}

WDFQUEUE make_queue(void (*configure)(WDF_IO_QUEUE_CONFIG *, WDF_OBJECT_ATTRIBUTES *)) { return new_queue(configure, false); }

/* ---- The driver ---- */

static NTSTATUS on_device_add(WDFDRIVER d, PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    if (plan.init)
        plan.init(init);
    if (plan.device)
        plan.device(&a);
    created = WdfDeviceCreate(&init, &a, &device);
    if (!NT_SUCCESS(created))
        return created;
    if (plan.queue)
        queue = new_queue(plan.queue, true);
    if (plan.add)
        plan.add(device);
    return plan.add_status;
}

static VOID on_unload(WDFDRIVER d)
{
    if (plan.unload)
        plan.unload();
}

static NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    WDF_DRIVER_CONFIG config;
    WDF_OBJECT_ATTRIBUTES a;
    WDF_DRIVER_CONFIG_INIT(&config, on_device_add);
    config.EvtDriverUnload = on_unload;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    if (plan.config)
        plan.config(&config, &a);
    created = WdfDriverCreate(object, path, &a, &config, &driver);
    if (!NT_SUCCESS(created))
        return created;
    if (plan.entry)
        plan.entry(object);
    return plan.entry_status;
}

const struct driver_image world_image = {"world", (int (*)(void *, void *))(void *)driver_entry, (void **)&WdfDriverGlobals, 31};

/* ---- The outside ---- */

static NTSTATUS NTAPI came_back(PDEVICE_OBJECT object, PIRP irp, PVOID context)
{
    struct sent *s = context;
    assert_false(s->done);
    s->done = true;
    s->status = irp->IoStatus.Status;
    s->information = irp->IoStatus.Information;
    s->irp = NULL;
    irp->AssociatedIrp.SystemBuffer = NULL;
    irp->MdlAddress = NULL;
    io_free_irp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void set_parameters(PIO_STACK_LOCATION next, const struct io *io, void *buffer)
{
    next->MajorFunction = io->major;
    next->FileObject = io->file;
    if (io->major != IRP_MJ_DEVICE_CONTROL && io->major != IRP_MJ_INTERNAL_DEVICE_CONTROL) {
        next->Parameters.Read.Length = io->length;
        return;
    }
    next->Parameters.DeviceIoControl.IoControlCode = io->code ? io->code : CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS);
    next->Parameters.DeviceIoControl.InputBufferLength = io->length;
    next->Parameters.DeviceIoControl.OutputBufferLength = io->out;
    if (io->neither)
        next->Parameters.DeviceIoControl.Type3InputBuffer = buffer;
}

struct sent *send_io(struct io io)
{
    struct sent *s = &sent[sent_count++];
    memset(s, 0, sizeof *s);
    PDEVICE_OBJECT top = io.to ? io.to : io_get_attached_device(node->pdo);
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    s->irp = irp;
    irp->RequestorMode = io.user ? UserMode : KernelMode;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    irp->Cancel = io.cancelled;
    irp->Flags |= io.paging ? IRP_PAGING_IO : 0;
    irp->MdlAddress = io.mdl;
    if (io.neither)
        irp->UserBuffer = s->buffer;
    else
        irp->AssociatedIrp.SystemBuffer = io.length || io.out ? s->buffer : NULL;
    set_parameters(io_get_next_irp_stack_location(irp), &io, s->buffer);
    io_set_completion_routine(irp, came_back, s, TRUE, TRUE, TRUE);
    s->returned = io_call_driver(top, irp);
    return s;
}

struct sent *send(UCHAR major, ULONG n) { return send_io((struct io){.major = major, .length = n}); }

void boot(void)
{
    NTSTATUS status = io_load_driver(&world_image, &nt);
    if (!NT_SUCCESS(status)) {
        nt = NULL;
        return;
    }
    node = plan.create ? plan.create(nt, &status) : pnp_create_root_device(nt, "Root\\WORLD", &status);
}

void start(void)
{
    boot();
    assert_true(nt != NULL);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
}

void finish(void)
{
    for (int i = 0; i < sent_count; i++)
        assert_true(sent[i].done);
    pnp_settle();
    if (node->state != DEVNODE_REMOVED) /* else the PnP manager has done it */
        assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    unload();
}

void unload(void) { io_unload_driver(nt); }

void pass_ms(ULONG ms)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)ms * 10000};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
}

struct fx_device *fx(void) { return (struct fx_device *)device; }

UNICODE_STRING text_of(const WCHAR *t)
{
    USHORT n = 0;
    while (t[n])
        n++;
    return (UNICODE_STRING){(USHORT)(n * sizeof *t), (USHORT)((n + 1) * sizeof *t), (PWCH)t};
}

NTSTATUS open_path(const WCHAR *path, PFILE_OBJECT *file)
{
    UNICODE_STRING u = text_of(path);
    ULONG_PTR information;
    *file = NULL;
    return io_create_file(&u, GENERIC_READ, 0, FILE_OPEN, 0, file, &information);
}

void close_file(PFILE_OBJECT file)
{
    io_handle_opened(file);
    io_handle_closed(file);
    ob_dereference(file);
    pass_ms(1);
}

static void reset(void)
{
    memset(&plan, 0, sizeof plan);
    memset(held, 0, sizeof held);
    driver = NULL, device = NULL, queue = NULL, nt = NULL, node = NULL;
    WdfDriverGlobals = NULL;
    held_count = sent_count = 0;
    created = STATUS_SUCCESS;
    log_clear();
}

void world_reset(const struct world_plan *p)
{
    reset();
    plan = *p;
}

void world_run(void (*body)(void), struct outcome outcome)
{
    machine_lints = 0;
    if (outcome.lint) {
        reset();
        unit_life(body, outcome.chance);
        machine_lints = outcome.lint;
    }
    reset();
    unit_expected_rule = outcome.rule;
    unit_expected_words = outcome.words;
    if (outcome.code)
        unit_expect_bugcheck_by(body, outcome.chance, outcome.code, outcome.p1);
    else
        unit_life(body, outcome.chance);
    machine_lints = 0;
}

#pragma clang attribute pop
