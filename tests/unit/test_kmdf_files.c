/*
 * Create, cleanup and close (K-Q-70..77, K-FILE-1, 2), requests in the caller's context (K-Q-85), IRPs before the framework (K-DRV-81, 83).
 */
#include "kmdf_world.h"
#include "win32/process.h"

#define PATH L"\\Device\\World"

static NTSTATUS create_status, seen;
static WDF_FILEOBJECT_CLASS class;
static PFILE_OBJECT file, other;
static WDFFILEOBJECT handle;
static WDFREQUEST create_request;
static ULONG creator;

static VOID on_create(WDFDEVICE d, WDFREQUEST r, WDFFILEOBJECT f)
{
    say("create");
    handle = f, create_request = r;
    creator = WdfRequestGetRequestorProcessId(r);
    if (f && named(f))
        named(f)->name = "file";
    if (create_status != STATUS_PENDING)
        WdfRequestComplete(r, create_status);
}
static VOID on_file_cleanup(WDFFILEOBJECT f)
{
    last_irql = KeGetCurrentIrql();
    say("cleanup");
}
static VOID on_close(WDFFILEOBJECT f) { say("close"); }

static void name_it(PWDFDEVICE_INIT init)
{
    UNICODE_STRING name = text_of(PATH);
    assert_int_equal(WdfDeviceInitAssignName(init, &name), STATUS_SUCCESS);
}

static void set_files(PWDFDEVICE_INIT init, PFN_WDF_DEVICE_FILE_CREATE create, WDF_OBJECT_ATTRIBUTES *a)
{
    WDF_FILEOBJECT_CONFIG c;
    WDF_FILEOBJECT_CONFIG_INIT(&c, create, on_close, on_file_cleanup);
    if (class)
        c.FileObjectClass = class;
    WdfDeviceInitSetFileObjectConfig(init, &c, a);
}

static void with_files(PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_it(init);
    name_attributes(&a, NULL);
    set_files(init, on_create, &a);
}

static void without_create(PWDFDEVICE_INIT init)
{
    name_it(init);
    set_files(init, NULL, NULL);
}

static void begin(void (*init)(PWDFDEVICE_INIT))
{
    plan.init = init;
    create_status = STATUS_SUCCESS, class = 0, handle = NULL;
    start();
}

static void exclusive(PWDFDEVICE_INIT init)
{
    with_files(init);
    WdfDeviceInitSetExclusive(init, TRUE);
}

static uint32_t open_and_close(void *argument)
{
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    close_file(file);
    return 0;
}

static ULONG created_by_app(struct nt_process *process)
{
    struct nt_thread *t = thread_create(process, ROLE_APP0, "app", open_and_close, NULL);
    assert_true(thread_wait(t, PROCESS_FOREVER));
    thread_release(t);
    return creator;
}

/* RULE K-REQ-18: WdfRequestGetRequestorProcessId returns the caller's process: an app's own, the system's for a kernel thread, 0 where no thread stands behind. */
TEST(K_REQ_18_requestor_process)
{
    win32_begin();
    plan.queue = sequential;
    begin(with_files);
    struct nt_process *a = process_create("a"), *b = process_create("b");
    assert_int_equal(created_by_app(a), process_id(a));
    assert_int_equal(created_by_app(b), process_id(b));
    assert_true(process_id(a) != process_id(b) && process_id(a) != 4);
    open_and_close(NULL);
    assert_int_equal(creator, 4);
    send(IRP_MJ_READ, 4);
    assert_int_equal(WdfRequestGetRequestorProcessId(held[0]), 0);
    complete(0, STATUS_SUCCESS, 0);
    process_release(a), process_release(b);
    finish();
}

/* RULE K-Q-70: A second open of an exclusive device fails with STATUS_ACCESS_DENIED. */
TEST(K_Q_70_exclusive)
{
    begin(exclusive);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_int_equal(open_path(PATH, &other), STATUS_ACCESS_DENIED);
    close_file(file);
    log_clear();
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    log_is("create");
    close_file(file);
    finish();
}

/* RULE K-Q-71: The WDFFILEOBJECT of an open exists before the create callback, and only if the file object class asks for it. */
TEST(K_Q_71_file_object_first)
{
    begin(with_files);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_true(handle != NULL && WdfFileObjectWdmGetFileObject(handle) == file);
    close_file(file);
    finish();
}

static struct sent *send_create(void) { return send_io((struct io){.major = IRP_MJ_CREATE}); }

/* RULE K-Q-71: A create without FILE_OBJECT fails with STATUS_DEVICE_CONFIGURATION_ERROR unless the file object class is optional. */
TEST(K_Q_71_no_file_object)
{
    begin(with_files);
    assert_int_equal(send_create()->status, STATUS_DEVICE_CONFIGURATION_ERROR);
    finish();
}

static void optional(PWDFDEVICE_INIT init)
{
    class = WdfFileObjectWdfCannotUseFsContexts | WdfFileObjectCanBeOptional;
    with_files(init);
}

/* RULE K-Q-71: A create without FILE_OBJECT succeeds when the file object class has the CanBeOptional flag. */
/* RULE K-FILE-2: The flag CanBeOptional in the file object class tolerates creates without FILE_OBJECT. */
TEST(K_Q_71_optional_file_object)
{
    begin(optional);
    assert_int_equal(send_create()->status, STATUS_SUCCESS);
    assert_true(handle == NULL);
    send_io((struct io){.major = IRP_MJ_CLEANUP});
    send_io((struct io){.major = IRP_MJ_CLOSE});
    finish();
}

static WDF_SYNCHRONIZATION_SCOPE file_scope;
static void scoped_files(PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_it(init);
    name_attributes(&a, NULL);
    a.SynchronizationScope = file_scope;
    set_files(init, on_create, &a);
}
static void passive_device(WDF_OBJECT_ATTRIBUTES *a) { a->ExecutionLevel = WdfExecutionLevelPassive; }

/* RULE K-Q-72: WdfDeviceCreate refuses file objects of synchronization scope Queue. */
/* RULE K-SYN-7: Synchronization scope Queue in the attributes of file objects makes WdfDeviceCreate fail. */
TEST(K_Q_72_scope_queue)
{
    plan.init = scoped_files, file_scope = WdfSynchronizationScopeQueue, class = 0;
    boot();
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    unload();
}

/* RULE K-Q-72: File objects of synchronization scope Device need a device of passive execution level. */
/* RULE K-SYN-7: File objects of scope Device on a device that is not passive make WdfDeviceCreate fail. */
TEST(K_Q_72_scope_device_not_passive)
{
    plan.init = scoped_files, file_scope = WdfSynchronizationScopeDevice, class = 0;
    boot();
    assert_int_equal(created, STATUS_INVALID_DEVICE_REQUEST);
    unload();
}

static VOID create_under_lock(WDFDEVICE d, WDFREQUEST r, WDFFILEOBJECT f)
{
    seen = fx_lock_held(&fx()->lock);
    WdfRequestComplete(r, STATUS_SUCCESS);
}
static void scoped_create(PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES a;
    name_it(init);
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.SynchronizationScope = file_scope;
    set_files(init, create_under_lock, &a);
}

/* RULE K-Q-72: File callbacks of scope Device on a passive device are serialised with the device's lock. */
/* RULE K-SYN-3: File callbacks run under the device's lock with scope Device, and without lock otherwise. */
TEST(K_Q_72_serialised)
{
    plan.device = passive_device, file_scope = WdfSynchronizationScopeDevice;
    begin(scoped_create);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_true(seen);
    close_file(file);
    finish();
}

/* RULE K-Q-73: A create succeeds when the driver has neither a create handler nor a queue for creates. */
TEST(K_Q_73_no_handler)
{
    begin(without_create);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    close_file(file);
    log_is("cleanup close");
    finish();
}

static void complete_later(void *context)
{
    pass_ms(2);
    say("later");
    WdfRequestComplete(create_request, STATUS_SUCCESS);
}

/* RULE K-Q-73: EvtDeviceFileCreate runs at PASSIVE_LEVEL and may leave the create to be completed later. */
TEST(K_Q_73_completed_later)
{
    begin(with_files);
    create_status = STATUS_PENDING;
    struct nt_thread *t = ke_create_thread(CTX_SYSTEM, ROLE_SYSTEM0, "later", NULL, complete_later, NULL);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    log_is("create later");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
    close_file(file);
    finish();
}

static void default_only(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { c->EvtIoDefault = on_default; }
static void route_create(WDFDEVICE d)
{
    seen = WdfDeviceConfigureRequestDispatching(d, make_queue(default_only), WdfRequestTypeCreate);
}
static void complete_it(WDFREQUEST r) { WdfRequestComplete(r, STATUS_SUCCESS); }

/* RULE K-Q-73: A queue that is configured for creates comes before EvtDeviceFileCreate, and presents them by EvtIoDefault. */
TEST(K_Q_73_create_queue)
{
    plan.add = route_create, plan.handle = complete_it;
    begin(with_files);
    assert_int_equal(seen, STATUS_SUCCESS);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    log_is("default");
    close_file(file);
    finish();
}

/* RULE K-Q-74: When a create fails its WDFFILEOBJECT goes, without EvtFileCleanup or EvtFileClose. */
TEST(K_Q_74_failed_create)
{
    begin(with_files);
    create_status = STATUS_ACCESS_DENIED;
    assert_int_equal(open_path(PATH, &file), STATUS_ACCESS_DENIED);
    log_is("create ~file !file");
    finish();
}

static void forward_all(WDFREQUEST r) { assert_int_equal(WdfRequestForwardToIoQueue(r, (WDFQUEUE)held[15]), STATUS_SUCCESS); }
static void telling(WDF_IO_QUEUE_CONFIG *c, WDF_OBJECT_ATTRIBUTES *a) { manual(c, a), c->EvtIoCanceledOnQueue = on_canceled_on_queue; }

static struct sent *read_of(PFILE_OBJECT f) { return send_io((struct io){.major = IRP_MJ_READ, .length = 4, .file = f}); }

/* RULE K-Q-75: At the cleanup of a file EvtFileCleanup runs first, then the file's queued requests are cancelled; owned ones are the driver's to end. */
TEST(K_Q_75_cleanup_cancels_queued)
{
    plan.queue = sequential;
    begin(with_files);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_int_equal(open_path(PATH, &other), STATUS_SUCCESS);
    struct sent *owned = read_of(file), *mine = read_of(file), *theirs = read_of(other);
    log_clear();
    io_handle_opened(file), io_handle_closed(file);
    log_is("cleanup");
    assert_int_equal(last_irql, PASSIVE_LEVEL);
    assert_true(!owned->done && mine->status == STATUS_CANCELLED && !theirs->done);
    complete(0, STATUS_SUCCESS, 0), complete(1, STATUS_SUCCESS, 0);
    ob_dereference(file);
    close_file(other);
    finish();
}

/* RULE K-Q-75: A queued request of a closing file that was presented before goes to EvtIoCanceledOnQueue. */
TEST(K_Q_75_cleanup_of_presented)
{
    plan.queue = sequential, plan.handle = forward_all;
    begin(with_files);
    held[15] = (WDFREQUEST)make_queue(telling);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    read_of(file);
    log_clear();
    close_file(file);
    log_is("cleanup canceled close ~file !file");
    finish();
}

/* RULE K-Q-76: EvtFileClose comes before the cleanup and destroy callbacks of the WDFFILEOBJECT. */
TEST(K_Q_76_close)
{
    begin(with_files);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    close_file(file);
    log_is("create cleanup close ~file !file");
    finish();
}

/* RULE K-Q-77: WdfRequestGetFileObject returns NULL when the device has no file object configuration. */
/* RULE V-WDF-25: Asking a request for its file object needs WdfDeviceInitSetFileObjectConfig. */
TEST(K_Q_77_no_configuration)
{
    plan.queue = sequential;
    begin(name_it);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    read_of(file);
    assert_true(WdfRequestGetFileObject(held[0]) == NULL && WdfDeviceGetFileObject(device, file) == NULL);
    complete(0, STATUS_SUCCESS, 0);
    close_file(file);
    finish();
}

/* RULE K-FILE-1: The getters of a file object return its device, flags and name, and WdfDeviceGetFileObject finds it by its FILE_OBJECT. */
TEST(K_FILE_1_getters)
{
    plan.queue = sequential;
    begin(with_files);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_true(WdfFileObjectGetDevice(handle) == device && WdfDeviceGetFileObject(device, file) == handle);
    assert_int_equal(WdfFileObjectGetFlags(handle), file->Flags);
    assert_true(WdfFileObjectGetFileName(handle) == &file->FileName);
    read_of(file);
    assert_true(WdfRequestGetFileObject(held[0]) == handle);
    complete(0, STATUS_SUCCESS, 0);
    close_file(file);
    finish();
}

static void fs_context(PWDFDEVICE_INIT init) { class = WdfFileObjectWdfCanUseFsContext, with_files(init); }
static void fs_context2(PWDFDEVICE_INIT init) { class = WdfFileObjectWdfCanUseFsContext2, with_files(init); }

/* RULE K-FILE-2: The file object class UseFsContext stores the handle in FsContext of the FILE_OBJECT. */
TEST(K_FILE_2_fs_context)
{
    begin(fs_context);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_true(file->FsContext == handle);
    close_file(file);
    finish();
}

/* RULE K-FILE-2: The file object class UseFsContext2 stores the handle in FsContext2 of the FILE_OBJECT. */
TEST(K_FILE_2_fs_context2)
{
    begin(fs_context2);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    assert_true(file->FsContext2 == handle && file->FsContext == NULL);
    close_file(file);
    finish();
}

/* RULE K-DRV-65: What follows the device's name in the path of an open arrives as the file name. */
TEST(K_DRV_65_reference_string)
{
    begin(with_files);
    assert_int_equal(open_path(PATH L"\\ref", &file), STATUS_SUCCESS);
    PUNICODE_STRING name = WdfFileObjectGetFileName(handle);
    UNICODE_STRING expected = text_of(L"\\ref");
    assert_true(name->Length == expected.Length && !memcmp(name->Buffer, expected.Buffer, name->Length));
    close_file(file);
    finish();
}

/* ---- In the caller's context ---- */

static bool complete_there;
static VOID in_context(WDFDEVICE d, WDFREQUEST r)
{
    say("context");
    last_irql = KeGetCurrentIrql();
    assert_true(WdfRequestGetIoQueue(r) == NULL);
    seen = WdfRequestMarkCancelableEx(r, on_cancel);
    if (complete_there) {
        WdfRequestComplete(r, STATUS_SUCCESS);
        return;
    }
    NTSTATUS status = WdfDeviceEnqueueRequest(d, r);
    if (!NT_SUCCESS(status))
        WdfRequestComplete(r, status);
}
static void caller_context(PWDFDEVICE_INIT init) { WdfDeviceInitSetIoInCallerContextCallback(init, in_context); }

/* RULE K-Q-85: EvtIoInCallerContext runs before any queue, at the caller's IRQL; WdfDeviceEnqueueRequest then queues the request. */
/* RULE K-REQ-16: WdfRequestGetIoQueue returns NULL for a request that is in EvtIoInCallerContext. */
/* RULE K-REQ-31: WdfRequestMarkCancelableEx of a request without queue returns STATUS_INVALID_DEVICE_REQUEST. */
TEST(K_Q_85_enqueued)
{
    plan.queue = sequential, complete_there = false;
    begin(caller_context);
    send(IRP_MJ_READ, 4);
    log_is("context read");
    assert_int_equal(seen, STATUS_INVALID_DEVICE_REQUEST);
    assert_true(WdfRequestGetIoQueue(held[0]) == queue);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-Q-85: A request may be completed in EvtIoInCallerContext instead of being queued. */
TEST(K_Q_85_completed_there)
{
    plan.queue = sequential, complete_there = true;
    begin(caller_context);
    struct sent *s = send(IRP_MJ_READ, 4);
    log_is("context");
    assert_true(s->done && s->returned == STATUS_PENDING);
    finish();
}

/* RULE K-Q-85: WdfDeviceEnqueueRequest returns STATUS_INVALID_DEVICE_REQUEST when the device has no queue for the request's type. */
TEST(K_Q_85_no_queue)
{
    complete_there = false;
    begin(caller_context);
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE K-Q-85: WdfDeviceEnqueueRequest returns STATUS_WDF_BUSY for a queue that does not accept, and the driver still owns the request. */
TEST(K_Q_85_busy)
{
    plan.queue = sequential, complete_there = false;
    begin(caller_context);
    WdfIoQueuePurgeSynchronously(queue);
    assert_int_equal(send(IRP_MJ_READ, 4)->status, STATUS_DEVICE_BUSY);
    finish();
}

static void filter_context(PWDFDEVICE_INIT init)
{
    WdfFdoInitSetFilter(init);
    caller_context(init);
}

/* RULE K-Q-85: In a filter without a queue for the type, WdfDeviceEnqueueRequest forwards the request and succeeds. */
TEST(K_Q_85_filter)
{
    complete_there = false;
    begin(filter_context);
    assert_true(send(IRP_MJ_READ, 4)->done);
    log_is("context");
    finish();
}

/* ---- Before the framework ---- */

static bool hand_back;
static enum { SKIP, SKIP_AND_SET, NEITHER } way;
static NTSTATUS ignore(PDEVICE_OBJECT d, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}
static NTSTATUS preprocess(WDFDEVICE d, PIRP irp)
{
    say("preprocess");
    last_irql = KeGetCurrentIrql();
    if (hand_back) {
        if (way != NEITHER)
            IoSkipCurrentIrpStackLocation(irp);
        if (way == SKIP_AND_SET)
            IoSetCompletionRoutine(irp, ignore, NULL, TRUE, TRUE, TRUE);
        return WdfDeviceWdmDispatchPreprocessedIrp(d, irp);
    }
    irp->IoStatus.Status = STATUS_NOT_IMPLEMENTED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_NOT_IMPLEMENTED;
}
static void preprocess_reads(PWDFDEVICE_INIT init)
{
    assert_int_equal(WdfDeviceInitAssignWdmIrpPreprocessCallback(init, preprocess, IRP_MJ_READ, NULL, 0), STATUS_SUCCESS);
}

/* RULE K-DRV-81: An IRP of a registered major function goes to EvtDeviceWdmIrpPreprocess, which may complete it. */
TEST(K_DRV_81_completed)
{
    plan.queue = sequential, hand_back = false;
    begin(preprocess_reads);
    struct sent *s = send(IRP_MJ_READ, 4);
    assert_int_equal(s->status, STATUS_NOT_IMPLEMENTED);
    log_is("preprocess");
    send(IRP_MJ_WRITE, 4);
    log_is("write");
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE K-DRV-81: EvtDeviceWdmIrpPreprocess may hand the IRP back to the framework, at the caller's IRQL and in its thread. */
TEST(K_DRV_81_handed_back)
{
    plan.queue = sequential, hand_back = true, way = SKIP;
    begin(preprocess_reads);
    KIRQL irql = ke_raise_irql(DISPATCH_LEVEL);
    send(IRP_MJ_READ, 4);
    ke_lower_irql(irql);
    log_is("preprocess read");
    assert_int_equal(last_irql, DISPATCH_LEVEL);
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

static void hand_back_by(int how)
{
    plan.queue = sequential, hand_back = true, way = how;
    begin(preprocess_reads);
    send(IRP_MJ_READ, 4);
    log_is("preprocess read");
    complete(0, STATUS_SUCCESS, 0);
    finish();
}

/* RULE V-WDF-26: EvtDeviceWdmIrpPreprocess skips its stack location before it hands an IRP back. */
TEST(V_WDF_26_skipped) { hand_back_by(SKIP); }

/* RULE V-WDF-26: One that did neither that nor a copy is reported. */
TEST(V_WDF_26_neither, MISUSE, .rule = "V-WDF-26") { hand_back_by(NEITHER); }

/* RULE V-WDF-26: Behind a skip there is no location of its own to set a completion routine in: bug check 0xC9/0x206. */
TEST(V_WDF_26_routine_behind_skip, .code = 0xC9, .p1 = 0x206) { hand_back_by(SKIP_AND_SET); }

/* RULE K-PNP-44: A device that was removed by surprise still gets cleanup and close of its files, and new creates fail. */
TEST(K_PNP_44_open_handle)
{
    begin(with_files);
    assert_int_equal(open_path(PATH, &file), STATUS_SUCCESS);
    pnp_surprise_remove(node);
    log_clear();
    assert_false(NT_SUCCESS(open_path(PATH, &other)));
    assert_int_equal(pnp_remove(node), STATUS_DEVICE_BUSY);
    close_file(file);
    log_is("cleanup close ~file !file");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_REQ_18_requestor_process),
        cmocka_unit_test(K_Q_70_exclusive),
        cmocka_unit_test(K_Q_71_file_object_first),
        cmocka_unit_test(K_Q_71_no_file_object),
        cmocka_unit_test(K_Q_71_optional_file_object),
        cmocka_unit_test(K_Q_72_scope_queue),
        cmocka_unit_test(K_Q_72_scope_device_not_passive),
        cmocka_unit_test(K_Q_72_serialised),
        cmocka_unit_test(K_Q_73_no_handler),
        cmocka_unit_test(K_Q_73_completed_later),
        cmocka_unit_test(K_Q_73_create_queue),
        cmocka_unit_test(K_Q_74_failed_create),
        cmocka_unit_test(K_Q_75_cleanup_cancels_queued),
        cmocka_unit_test(K_Q_75_cleanup_of_presented),
        cmocka_unit_test(K_Q_76_close),
        cmocka_unit_test(K_PNP_44_open_handle),
        cmocka_unit_test(V_WDF_26_skipped),
        cmocka_unit_test(V_WDF_26_neither),
        cmocka_unit_test(V_WDF_26_routine_behind_skip),
        cmocka_unit_test(K_Q_77_no_configuration),
        cmocka_unit_test(K_FILE_1_getters),
        cmocka_unit_test(K_FILE_2_fs_context),
        cmocka_unit_test(K_FILE_2_fs_context2),
        cmocka_unit_test(K_DRV_65_reference_string),
        cmocka_unit_test(K_Q_85_enqueued),
        cmocka_unit_test(K_Q_85_completed_there),
        cmocka_unit_test(K_Q_85_no_queue),
        cmocka_unit_test(K_Q_85_busy),
        cmocka_unit_test(K_Q_85_filter),
        cmocka_unit_test(K_DRV_81_completed),
        cmocka_unit_test(K_DRV_81_handed_back),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
