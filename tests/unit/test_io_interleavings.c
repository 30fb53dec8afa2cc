/*
 * The interleavings that a driver with cancelable IRPs must survive (W-APX-10), each under many schedules, and what must hold after each (W-APX-11). The driver
 * under test is a right one: a cancel-safe queue of reads, a run-down lock per file, a worker that serves.
 */
#include "csq_driver.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define READS 3

struct file_context {
    IO_REMOVE_LOCK rundown;
    bool drained;
};

static LONG volatile creates, cleanups, closes, finals;
static bool cancel_first, cancel_inside, slow_cleanup, map_first;
static OVERLAPPED o[READS];
static char data[READS][16];
static HANDLE file;

/* ---- The driver ---- */

static NTSTATUS create(PDEVICE_OBJECT device, PIRP irp)
{
    struct file_context *context = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *context, 'tsTI');
    IoInitializeRemoveLock(&context->rundown, 'tsTI', 0, 0);
    context->drained = false;
    IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext = context;
    InterlockedIncrement(&creates);
    return complete(irp, STATUS_SUCCESS, 0);
}

static struct file_context *context_of(PIRP irp) { return IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext; }

static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp)
{
    struct file_context *context = context_of(irp);
    NTSTATUS status = IoAcquireRemoveLock(&context->rundown, irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    if (map_first)
        *(volatile UCHAR *)MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) = 1;
    if (cancel_first)
        IoCancelIrp(irp);
    IoCsqInsertIrp(&csq, irp, NULL);
    IoReleaseRemoveLock(&context->rundown, irp);
    return STATUS_PENDING;
}

static VOID insert(PIO_CSQ queue, PIRP irp)
{
    assert_false(context_of(irp)->drained); /* nobody would take it out any more */
    csq_insert(queue, irp);
    if (cancel_inside)
        IoCancelIrp(irp);
}

static NTSTATUS cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct file_context *context = context_of(irp);
    LARGE_INTEGER moment = {.QuadPart = -20000};
    PIRP pending;
    IoAcquireRemoveLock(&context->rundown, irp);
    IoReleaseRemoveLockAndWait(&context->rundown, irp);
    if (slow_cleanup)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    while ((pending = IoCsqRemoveNextIrp(&csq, IoGetCurrentIrpStackLocation(irp)->FileObject)) != NULL)
        complete(pending, STATUS_CANCELLED, 0);
    context->drained = true;
    InterlockedIncrement(&cleanups);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS close(PDEVICE_OBJECT device, PIRP irp)
{
    ExFreePoolWithTag(context_of(irp), 'tsTI');
    InterlockedIncrement(&closes);
    return complete(irp, STATUS_SUCCESS, 0);
}

/* What must hold when all is over. */
static VOID settled(VOID)
{
    assert_true(creates > 0 && creates == cleanups && cleanups == closes);
    assert_true(IsListEmpty(&csq_list) && inserts == removes);
}

static void ready(void)
{
    at_unload = settled;
    csq_reset();
    IoCsqInitialize(&csq, insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
    lower[IRP_MJ_CREATE] = create, lower[IRP_MJ_READ] = read, lower[IRP_MJ_CLEANUP] = cleanup, lower[IRP_MJ_CLOSE] = close;
    file = open_two(OVERLAPPED_FLAG);
}

static DWORD serve(void *argument)
{
    for (PIRP irp; (irp = IoCsqRemoveNextIrp(&csq, NULL)) != NULL;) {
        if (!map_first)
            RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 's');
        complete(irp, STATUS_SUCCESS, 4);
    }
    return 0;
}

/* ---- The app ---- */

static void wait_for_ends(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        while (status_of(o[i]) == STATUS_PENDING)
            Sleep(1);
    for (unsigned i = 0; i < count; i++) {
        bool done = status_of(o[i]) == STATUS_SUCCESS;
        assert_true(done || status_of(o[i]) == STATUS_CANCELLED || status_of(o[i]) == STATUS_DELETE_PENDING);
        assert_int_equal(o[i].InternalHigh, done ? 4 : 0);
        if (!map_first)
            assert_int_equal(data[i][0], done ? 's' : 0); /* copied back for a success only */
    }
}

static void read_some(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ReadFile(file, data[i], 4, NULL, &o[i]);
}

static DWORD cancel_all(void *argument)
{
    for (unsigned i = 0; i < READS; i++)
        CancelIoEx(file, &o[i]);
    return 0;
}

static HANDLE start(DWORD (*routine)(void *)) { return CreateThread(NULL, 0, routine, NULL, 0, NULL); }
static void join(HANDLE t)
{
    WaitForSingleObject(t, FOREVER);
    CloseHandle(t);
}

static void cancelled_before_insertion(void) /* a */
{
    ready();
    cancel_first = true;
    read_some(1);
    wait_for_ends(1);
    assert_true(status_of(o[0]) == STATUS_CANCELLED && cancels == 1);
    CloseHandle(file);
}

static void cancelled_inside_insertion(void) /* b */
{
    ready();
    cancel_inside = true;
    read_some(1);
    wait_for_ends(1);
    assert_true(status_of(o[0]) == STATUS_CANCELLED && cancels == 1);
    CloseHandle(file);
}

static void cancelled_after_pending(void) /* c */
{
    ready();
    read_some(READS);
    CancelIo(file);
    wait_for_ends(READS);
    assert_int_equal(cancels, READS);
    CloseHandle(file);
}

static void cancelled_while_served(void) /* d, i */
{
    ready();
    HANDLE canceller = start(cancel_all);
    read_some(READS);
    HANDLE worker = start(serve);
    join(canceller);
    join(worker);
    cancel_all(NULL);
    wait_for_ends(READS);
    CloseHandle(file);
}

static void cancelled_after_dequeue(void) /* e */
{
    ready();
    read_some(1);
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);
    CancelIoEx(file, &o[0]);
    assert_true(irp->Cancel && cancels == 0 && status_of(o[0]) == STATUS_PENDING);
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 's');
    complete(irp, STATUS_SUCCESS, 4); /* success despite the cancel is legal */
    wait_for_ends(1);
    CloseHandle(file);
}

static DWORD close_file(void *argument)
{
    CloseHandle(file);
    return 0;
}

static DWORD read_more(void *argument)
{
    ReadFile(file, data[1], 4, NULL, &o[1]);
    ReadFile(file, data[2], 4, NULL, &o[2]);
    SleepEx(1, TRUE);
    return 0;
}

static void cancelled_during_cleanup(void) /* f */
{
    ready();
    read_some(1);
    HANDLE canceller = start(cancel_all), reader = start(read_more), worker = start(serve);
    join(start(close_file));
    join(canceller);
    join(reader);
    join(worker);
    wait_for_ends(1);
}

static DWORD read_and_end(void *argument)
{
    read_some(READS);
    return 0;
}

static void thread_ends(void) /* g */
{
    ready();
    HANDLE reader = start(read_and_end), worker = start(serve);
    join(reader);
    join(worker);
    wait_for_ends(READS);
    CloseHandle(file);
}

static DWORD read_for_ever(void *argument)
{
    OVERLAPPED own = {0};
    char byte[4];
    for (;;) {
        ReadFile(file, byte, 4, NULL, &own);
        CancelIo(file);
        Sleep(1);
    }
}

static void process_ends(void) /* h */
{
    ready();
    start(read_for_ever);
    start(serve);
    read_some(READS);
    Sleep(3);
    ExitProcess(0);
}

static void cancelled_when_mapped(void) /* j */
{
    ready();
    up->Flags = (up->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    map_first = true;
    HANDLE canceller = start(cancel_all);
    read_some(READS);
    HANDLE worker = start(serve);
    join(canceller);
    join(worker);
    cancel_all(NULL);
    wait_for_ends(READS);
    CloseHandle(file);
}

static void unloaded_at_once(void) /* k: the driver is unloaded as soon as the process is gone */
{
    ready();
    read_some(READS);
}

static void opened_during_cleanup(void) /* l */
{
    ready();
    slow_cleanup = true;
    read_some(1);
    HANDLE closer = start(close_file);
    Sleep(1);
    HANDLE second = open_two(OVERLAPPED_FLAG);
    assert_true(second != INVALID_HANDLE);
    ReadFile(second, data[1], 4, NULL, &o[1]);
    join(closer);
    assert_int_equal(status_of(o[1]), STATUS_PENDING); /* the other file's cleanup is not for it */
    CancelIo(second);
    wait_for_ends(2);
    CloseHandle(second);
}

/* Each completion is told once. */
static void told(DWORD error, DWORD bytes, OVERLAPPED *overlapped) { InterlockedIncrement(&finals); }
static void told_once(void)
{
    ready();
    for (unsigned i = 0; i < READS; i++)
        ReadFileEx(file, data[i], 4, &o[i], told);
    HANDLE canceller = start(cancel_all), worker = start(serve);
    join(canceller);
    join(worker);
    cancel_all(NULL);
    for (unsigned i = 0; i < READS; i++)
        while (status_of(o[i]) == STATUS_PENDING)
            SleepEx(1, TRUE);
    SleepEx(1, TRUE);
    assert_int_equal(finals, READS);
    CloseHandle(file);
}

#pragma clang section text = "" data = "" bss = ""

static void survives(void (*body)(void))
{
    shown(body);
    shown_in_any_order(body, 60);
}

/* RULE W-APX-10: A driver survives a cancel at any time: before, during and after insertion, while its queue is served, and when it owns the IRP. */
static void W_APX_10_cancel(void **state)
{
    survives(cancelled_before_insertion);
    survives(cancelled_inside_insertion);
    survives(cancelled_after_pending);
    survives(cancelled_while_served);
    survives(cancelled_after_dequeue);
    survives(cancelled_when_mapped);
}

/* RULE W-APX-10: A driver survives a cancel during CLEANUP, the end of a thread or of a process at any time, an unload at once, and an open during CLEANUP. */
static void W_APX_10_ends(void **state)
{
    survives(cancelled_during_cleanup);
    survives(thread_ends);
    survives(process_ends);
    survives(unloaded_at_once);
    survives(opened_during_cleanup);
}

/* RULE W-APX-11: After each, every IRP is completed and told once, creates, cleanups and closes are equal, the queue is empty and nothing is left. */
static void W_APX_11_invariants(void **state) { survives(told_once); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_APX_10_cancel), cmocka_unit_test(W_APX_10_ends), cmocka_unit_test(W_APX_11_invariants),
    };
    return cmocka_run_group_tests(tests);
}
