/* Cancel-safe queues, the plain form and the one whose insert may refuse: W-CSQ-1..9, V-CSQ-1. */
#include "csq_driver.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static IO_CSQ_IRP_CONTEXT context, other_context;
static PIRP last, taken;
static char data[16];
static PFILE_OBJECT file;

/* ---- Drivers that use it well ---- */

static NTSTATUS queue_read(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, NULL);
    return STATUS_PENDING;
}

static NTSTATUS queue_read_with_context(PDEVICE_OBJECT device, PIRP irp)
{
    last = irp;
    file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    IoCsqInsertIrp(&csq, irp, &context);
    return STATUS_PENDING;
}

static NTSTATUS start_or_queue_read(PDEVICE_OBJECT device, PIRP irp)
{
    if (!NT_SUCCESS(IoCsqInsertIrpEx(&csq, irp, NULL, (PVOID)0x77)))
        IoMarkIrpPending(irp); /* this thread has it now */
    return STATUS_PENDING;
}

/* ---- W-CSQ-1, 2, 3: insertion ---- */

static void queued_and_completed(void)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = queue_read;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    assert_false(ReadFile(h, data, 4, NULL, &o));
    assert_int_equal(GetLastError(), 997);
    assert_true(inserts == 1 && removes == 0 && status_of(o) == STATUS_PENDING);
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);
    assert_true(irp && irp->CancelRoutine == NULL && irp->Tail.Overlay.DriverContext[3] == NULL && removes == 1);
    assert_true(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    complete(irp, STATUS_SUCCESS, 0);
    assert_true(IoCsqRemoveNextIrp(&csq, NULL) == NULL);
    CloseHandle(h);
}

static NTSTATUS cancel_then_queue(PDEVICE_OBJECT device, PIRP irp)
{
    IoCancelIrp(irp);
    IoCsqInsertIrp(&csq, irp, &context);
    assert_true(context.Irp == NULL && inserts == 1 && removes == 1 && cancels == 1);
    return STATUS_PENDING; /* it is completed, and still */
}

static void cancelled_before(void)
{
    DWORD n;
    csq_start();
    lower[IRP_MJ_READ] = cancel_then_queue;
    HANDLE h = open_two(0);
    assert_false(ReadFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 995);
    CloseHandle(h);
}

static void started_or_queued(void)
{
    OVERLAPPED o[3] = {{0}};
    csq_start_ex();
    lower[IRP_MJ_READ] = start_or_queue_read;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    for (unsigned i = 0; i < 3; i++)
        ReadFile(h, data, 4, NULL, &o[i]);
    assert_true(insert_context == (PVOID)0x77);
    assert_true(csq_current && inserts == 2 && removes == 0);
    assert_true(csq_current->CancelRoutine == NULL && csq_current->Tail.Overlay.DriverContext[3] == NULL);
    assert_false(CancelIoEx(h, &o[0]) && status_of(o[0]) != STATUS_PENDING); /* the current one cannot be cancelled */
    CancelIoEx(h, &o[1]);
    Sleep(1);
    assert_true(status_of(o[1]) == STATUS_CANCELLED && cancels == 1 && removes == 1);
    complete(csq_current, STATUS_SUCCESS, 0);
    csq_current = IoCsqRemoveNextIrp(&csq, NULL);
    assert_true(csq_current != NULL);
    complete(csq_current, STATUS_SUCCESS, 0);
    assert_true(IoCsqRemoveNextIrp(&csq, NULL) == NULL);
    Sleep(1);
    assert_true(status_of(o[0]) == STATUS_SUCCESS && status_of(o[2]) == STATUS_SUCCESS);
    CloseHandle(h);
}

/* A refused IRP keeps the context it was to be inserted with free for another. */
static NTSTATUS insert_refused(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(IoCsqInsertIrpEx(&csq, irp, &context, NULL), STATUS_UNSUCCESSFUL);
    assert_true(context.Irp == NULL && irp->Tail.Overlay.DriverContext[3] == NULL && irp->CancelRoutine == NULL);
    assert_false(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    return complete(irp, STATUS_DEVICE_BUSY, 0); /* not pended by the library: an ordinary failure */
}

static void refused_stays_with_the_driver(void)
{
    DWORD n;
    csq_start_ex();
    lower[IRP_MJ_READ] = insert_refused;
    HANDLE h = open_two(0);
    assert_false(ReadFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 170);
    CloseHandle(h);
}

/* ---- W-CSQ-5: removal by context ---- */

static void removed_by_context(void)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = queue_read_with_context;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    assert_true(context.Irp == last);
    PIRP irp = IoCsqRemoveIrp(&csq, &context);
    assert_true(irp == last && context.Irp == NULL && irp->CancelRoutine == NULL && removes == 1);
    assert_true(IoCsqRemoveIrp(&csq, &context) == NULL); /* it is out */
    IoCsqInsertIrp(&csq, irp, &context);                 /* and may go in again, with the same context */
    CancelIoEx(h, &o);
    assert_true(IoCsqRemoveIrp(&csq, &context) == NULL); /* cancelled: the context holds nothing */
    assert_int_equal(cancels, 1);
    CloseHandle(h);
}

/* ---- Cancel against removal, in any order ---- */

static DWORD take_one(void *argument)
{
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);
    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    return irp != NULL;
}

static void cancel_against_removal(void)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = queue_read;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    HANDLE t = CreateThread(NULL, 0, take_one, NULL, 0, NULL);
    CancelIoEx(h, &o);
    WaitForSingleObject(t, FOREVER);
    while (status_of(o) == STATUS_PENDING)
        Sleep(1);
    assert_true(status_of(o) == STATUS_SUCCESS || status_of(o) == STATUS_CANCELLED);
    assert_true(removes == 1 && cancels == (status_of(o) == STATUS_CANCELLED) && IsListEmpty(&csq_list));
    CloseHandle(h);
}

static DWORD take_by_context(void *argument)
{
    PIRP irp = IoCsqRemoveIrp(&csq, &context);
    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    return irp != NULL;
}

static void cancel_against_removal_by_context(void)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = queue_read_with_context;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    HANDLE t = CreateThread(NULL, 0, take_by_context, NULL, 0, NULL);
    CancelIoEx(h, &o);
    WaitForSingleObject(t, FOREVER);
    while (status_of(o) == STATUS_PENDING)
        Sleep(1);
    assert_true(removes == 1 && cancels == (status_of(o) == STATUS_CANCELLED) && context.Irp == NULL);
    CloseHandle(h);
}

/* ---- Misuse: V-CSQ-1 ---- */

static NTSTATUS insert_twice(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, NULL);
    IoCsqInsertIrp(&csq, irp, NULL);
    return STATUS_PENDING;
}

static NTSTATUS trash_context(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, NULL);
    irp->Tail.Overlay.DriverContext[3] = irp; /* as a driver's own note */
    return STATUS_PENDING;
}

static NTSTATUS note_elsewhere(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, NULL);
    irp->Tail.Overlay.DriverContext[2] = irp;
    return STATUS_PENDING;
}

static void read_and_take(PDRIVER_DISPATCH routine)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = routine;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    PIRP irp = IoCsqRemoveNextIrp(&csq, NULL);
    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    CloseHandle(h);
}

static void inserted_twice(void) { read_and_take(insert_twice); }
static void context_trashed(void) { read_and_take(trash_context); }
static void other_context_used(void) { read_and_take(note_elsewhere); }

static void context_trashed_then_cancelled(void)
{
    OVERLAPPED o = {0};
    csq_start();
    lower[IRP_MJ_READ] = trash_context;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    CancelIo(h);
}

static NTSTATUS one_context_for_two(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, &other_context);
    return STATUS_PENDING;
}
static void context_used_twice(void)
{
    OVERLAPPED o[2] = {{0}};
    csq_start();
    lower[IRP_MJ_READ] = one_context_for_two;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o[0]);
    ReadFile(h, data, 4, NULL, &o[1]);
}

static PIRP peek_old(PIO_CSQ queue, PIRP irp, PVOID peek_context) { return irp ? NULL : taken; }
static NTSTATUS not_queued(PDEVICE_OBJECT device, PIRP irp)
{
    taken = irp; /* and not inserted */
    IoCsqRemoveNextIrp(&csq, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void peeked_outside(void)
{
    csq_reset();
    IoCsqInitialize(&csq, csq_insert, csq_remove, peek_old, csq_acquire, csq_release, csq_cancelled);
    lower[IRP_MJ_READ] = not_queued;
    read_four();
}

static VOID insert_and_take(PIO_CSQ queue, PIRP irp)
{
    csq_insert(queue, irp);
    IoCsqRemoveNextIrp(queue, NULL);
}
static VOID no_lock(PIO_CSQ queue, PKIRQL irql) { *irql = PASSIVE_LEVEL; }
static VOID no_unlock(PIO_CSQ queue, KIRQL irql) {}
static void called_within(void)
{
    csq_reset();
    IoCsqInitialize(&csq, insert_and_take, csq_remove, csq_peek, no_lock, no_unlock, csq_cancelled);
    lower[IRP_MJ_READ] = queue_read;
    read_four();
}

/* Completing may bring the next request, or take one: that is outside the lock. */
static VOID cancelled_and_next(PIO_CSQ queue, PIRP irp)
{
    complete(irp, STATUS_CANCELLED, 0);
    assert_true(IoCsqRemoveNextIrp(queue, NULL) == NULL);
}
static void called_after(void)
{
    OVERLAPPED o = {0};
    csq_reset();
    IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, cancelled_and_next);
    lower[IRP_MJ_READ] = queue_read;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    CancelIo(h);
    CloseHandle(h);
}

static void never_initialised(void)
{
    memset(&csq, 0, sizeof csq);
    lower[IRP_MJ_READ] = queue_read;
    read_four();
}

static PIO_CSQ pool_queue;
static NTSTATUS into_pool_queue(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(pool_queue, irp, NULL);
    return STATUS_PENDING;
}
static void queue_freed(bool empty)
{
    OVERLAPPED o = {0};
    csq_reset();
    pool_queue = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *pool_queue, 'qsCT');
    IoCsqInitialize(pool_queue, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
    lower[IRP_MJ_READ] = into_pool_queue;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    if (empty)
        CancelIo(h);
    ExFreePoolWithTag(pool_queue, 'qsCT');
    CloseHandle(h);
}
static void freed_with_irps(void) { queue_freed(false); }
static void freed_empty(void) { queue_freed(true); }

/* Its driver has let the device's extension go, say, and a thread of its still looks for IRPs. */
static void used_when_freed(void)
{
    csq_reset();
    pool_queue = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *pool_queue, 'qsC ');
    IoCsqInitialize(pool_queue, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
    ExFreePoolWithTag(pool_queue, 'qsC ');
    IoCsqRemoveNextIrp(pool_queue, NULL);
}

/* ---- W-CSQ-7: completing under the lock ---- */

static VOID remove_and_complete(PIO_CSQ queue, PIRP irp)
{
    csq_remove(queue, irp);
    complete(irp, STATUS_SUCCESS, 0);
}
static void completed_under_the_lock(void)
{
    OVERLAPPED o = {0};
    csq_reset();
    IoCsqInitialize(&csq, csq_insert, remove_and_complete, csq_peek, csq_acquire, csq_release, csq_cancelled);
    lower[IRP_MJ_READ] = queue_read;
    ReadFile(open_two(OVERLAPPED_FLAG), data, 4, NULL, &o);
    IoCsqRemoveNextIrp(&csq, NULL);
}

/* Touching what is inserted: another thread may have completed it by then. */
static NTSTATUS insert_and_touch(PDEVICE_OBJECT device, PIRP irp)
{
    IoCsqInsertIrp(&csq, irp, NULL);
    take_one(NULL); /* as the other thread does */
    IoGetCurrentIrpStackLocation(irp);
    return STATUS_PENDING;
}
static void touched_after_insertion(void)
{
    csq_start();
    lower[IRP_MJ_READ] = insert_and_touch;
    read_four();
}

#pragma clang section text = "" data = "" bss = ""

/* RULE W-CSQ-1: IoCsqInitialize takes an Insert that cannot refuse, IoCsqInitializeEx one that gets the caller's context and may. */
/* RULE W-CSQ-2: An IRP that IoCsqInsertIrpEx's insert routine refuses is neither marked pending nor cancelable, and stays with the driver. */
static void W_CSQ_2_insertion(void **state)
{
    shown(queued_and_completed);
    shown(started_or_queued);
    shown(refused_stays_with_the_driver);
}

/* RULE W-CSQ-3: An IRP that was cancelled before its insertion is completed by CompleteCanceledIrp, and the dispatch routine still returns STATUS_PENDING. */
static void W_CSQ_3_cancelled_before(void **state)
{
    shown(cancelled_before);
    reported(touched_after_insertion, 0xC9, 0x205);
}

/* RULE W-CSQ-5: IoCsqRemoveIrp returns the IRP of a context once, and NULL when it was removed or cancelled. */
static void W_CSQ_5_removal_by_context(void **state) { shown(removed_by_context); }

/* RULE W-CSQ-6: Whether an IRP is cancelled or removed, exactly one of both completes it. */
static void W_CSQ_6_cancel_against_removal(void **state)
{
    shown_in_any_order(cancel_against_removal, 100);
    shown_in_any_order(cancel_against_removal_by_context, 100);
}

/* RULE W-CSQ-7: Insert, Remove and PeekNext run under the lock and complete nothing. */
static void W_CSQ_7_routines(void **state) { reported(completed_under_the_lock, OWN_RULE, ~0ull); }

/* RULE W-CSQ-9: Misuse of a cancel-safe queue is reported where it happens. */
/* RULE V-CSQ-1: Inserting twice, using a context twice or DriverContext[3], peeking what is not queued, calling back and freeing a full queue are reported. */
static void V_CSQ_1_misuse(void **state)
{
    static void (*const wrong[])(void) = {inserted_twice, context_trashed, context_trashed_then_cancelled, context_used_twice, peeked_outside, called_within,
                                          never_initialised, freed_with_irps};
    for (unsigned i = 0; i < ARRAYSIZE(wrong); i++) {
        unit_expected_rule = "V-CSQ-1";
        reported(wrong[i], OWN_RULE, ~0ull);
    }
    shown(other_context_used);
    shown(called_after);
    shown(freed_empty);
}

/* RULE V-MEM-13: In any build a queue that was freed is told as that, and not as one that was never initialised. */
static void V_MEM_13_freed_queue(void **state)
{
    unit_expected_rule = "V-MEM-13";
    reported(used_when_freed, 0xD5, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_MEM_13_freed_queue),
        cmocka_unit_test(W_CSQ_2_insertion), cmocka_unit_test(W_CSQ_3_cancelled_before), cmocka_unit_test(W_CSQ_5_removal_by_context),
        cmocka_unit_test(W_CSQ_6_cancel_against_removal), cmocka_unit_test(W_CSQ_7_routines), cmocka_unit_test(V_CSQ_1_misuse),
    };
    return cmocka_run_group_tests(tests);
}
