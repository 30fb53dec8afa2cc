/* The remove lock of a PnP driver, around each of its requests: V-RML-1..6, W-PNP-5. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)

/* F's ways with its lock; the bits make it go wrong. */
enum {
    KEEPS = 1,          /* does not release it after a request */
    RELEASES_EARLY = 2, /* before it passes the request down */
    NEVER_WAITS = 4,    /* REMOVE without IoReleaseRemoveLockAndWait */
    WAITS_EARLY = 8,    /* IoReleaseRemoveLockAndWait in SURPRISE_REMOVAL */
    IGNORES = 16,       /* goes on when the lock is refused */
    NOT_FOR_PNP = 32,   /* PnP requests are passed without the lock */
    TWO_LOCKS = 64,
    PENDS = 128,        /* reads are kept and completed later, by a work item */
    ONE_TAG = 256,      /* the tag is not the IRP */
    REFUSES_PENDING = 512 /* pends what it refuses */
};
static unsigned way;
static unsigned reads;
static uint32_t lint_added, lint_removed;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PIRP waiting;
static PIO_WORKITEM item;
static NTSTATUS last_read;
static IO_REMOVE_LOCK *gone;

static PVOID tag_for(struct extension *x, PIRP irp) { return way & ONE_TAG ? (PVOID)x : (PVOID)irp; }

static VOID read_later(PDEVICE_OBJECT device, PVOID context)
{
    struct extension *x = device->DeviceExtension;
    PIRP irp = waiting;
    PVOID tag = tag_for(x, irp);
    finish(irp, STATUS_SUCCESS);
    IoReleaseRemoveLock(&x->lock, tag);
}

static NTSTATUS read_with_lock(struct extension *x, PIRP irp)
{
    PVOID tag = tag_for(x, irp);
    NTSTATUS status = IoAcquireRemoveLock(&x->lock, tag);
    if (!NT_SUCCESS(status) && way & REFUSES_PENDING) {
        IoMarkIrpPending(irp);
        finish(irp, status);
        return STATUS_PENDING;
    }
    if (!NT_SUCCESS(status) && !(way & IGNORES))
        return finish(irp, status);
    if (way & PENDS) {
        IoMarkIrpPending(irp);
        waiting = irp;
        IoQueueWorkItem(item, read_later, DelayedWorkQueue, NULL);
        return STATUS_PENDING;
    }
    if (way & RELEASES_EARLY)
        IoReleaseRemoveLock(&x->lock, tag);
    NTSTATUS result = forward(x, irp);
    if (!(way & (KEEPS | RELEASES_EARLY)) && NT_SUCCESS(status))
        IoReleaseRemoveLock(&x->lock, tag);
    return result;
}

static NTSTATUS remove_with_lock(struct extension *x, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    if (!(way & (NEVER_WAITS | NOT_FOR_PNP)))
        IoAcquireRemoveLock(&x->lock, irp);
    NTSTATUS status = forward(x, irp);
    if (way & NOT_FOR_PNP)
        IoAcquireRemoveLock(&x->lock, irp);
    if (!(way & NEVER_WAITS))
        IoReleaseRemoveLockAndWait(&x->lock, irp);
    if (item)
        IoFreeWorkItem(item);
    item = NULL;
    IoDetachDevice(x->lower);
    IoDeleteDevice(x->self);
    return status;
}

static NTSTATUS pnp_with_lock(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    if (s->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return remove_with_lock(x, irp);
    if (way & NOT_FOR_PNP)
        return upper_pnp(x, irp, s);
    bool waits = way & WAITS_EARLY && s->MinorFunction == IRP_MN_SURPRISE_REMOVAL;
    NTSTATUS status = IoAcquireRemoveLock(&x->lock, irp);
    if (!NT_SUCCESS(status))
        return finish(irp, status);
    status = upper_pnp(x, irp, s);
    if (waits)
        IoReleaseRemoveLockAndWait(&x->lock, irp);
    else
        IoReleaseRemoveLock(&x->lock, irp);
    return status;
}

static bool locks(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status)
{
    if (x->letter != 'F' || (s->MajorFunction != IRP_MJ_READ && s->MajorFunction != IRP_MJ_PNP))
        return false;
    *status = s->MajorFunction == IRP_MJ_READ ? read_with_lock(x, irp) : pnp_with_lock(x, irp, s);
    return true;
}

static void has_lock(struct extension *x)
{
    if (x->letter != 'F')
        return;
    IoInitializeRemoveLock(&x->lock, 'kcoL', 0, 0);
    machine_lints = lint_added;
    if (way & TWO_LOCKS)
        IoInitializeRemoveLock(&x->other_lock, 'kcoL', 0, 0);
    machine_lints = 0;
    item = way & PENDS ? IoAllocateWorkItem(x->self) : NULL;
    gone = &x->lock;
}

static NTSTATUS read_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    last_read = irp->IoStatus.Status;
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* As a filter above would. */
static void read_from(PDEVICE_OBJECT device)
{
    KEVENT event;
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, read_done, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
    reads++;
}

/* The lock is marked as removed, as it is once IoReleaseRemoveLockAndWait was called. */
static void refuse(void) { gone->Common.Removed = TRUE; }
static void refuse_no_more(void) { gone->Common.Removed = FALSE; }

#pragma clang section text = "" data = "" bss = ""

/* ---- Lives ---- */

static void one_read(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    read_from(io_get_attached_device(node_of(1)->pdo));
    machine_lints = lint_removed;
    fell();
    machine_lints = 0;
}

static void read_when_refused(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    refuse();
    read_from(io_get_attached_device(node_of(1)->pdo));
    refuse_no_more();
    fell();
}

static void goes_by_surprise(void)
{
    plant(1, 0, PLAIN_IDS);
    grow();
    tree.child[1].present = false;
    look_again(0);
    fell();
}

static void with(unsigned what)
{
    tree_reset();
    way = what;
    machine_lints = 0; /* of a life that ended early */
    tree.instead = locks;
    tree.added = has_lock;
    reads = 0;
}
static void is_right(unsigned what, void (*body)(void))
{
    with(what);
    in_tree(body);
}
static void is_wrong(unsigned what, void (*body)(void), const char *rule)
{
    with(what);
    tree_reported(body, rule, OWN_RULE, ~0ull);
}
static void is_linted(unsigned what, void (*body)(void), const char *rule)
{
    is_right(what, body);
    lint_added = lint_removed = LINT_PNP;
    is_wrong(what, body, rule);
    is_right(0, body);
    lint_added = lint_removed = machine_lints = 0;
}

/* RULE V-RML-1: A remove lock that a dispatch routine acquired for its request and holds when the request is out of its hands is reported. */
TEST(V_RML_1_released)
{
    is_wrong(KEEPS, one_read, "V-RML-1");
    is_right(0, one_read);
    assert_int_equal(reads, 1);
    assert_int_equal(last_read, STATUS_SUCCESS);
    is_right(PENDS, one_read); /* released by who completes it */
    is_right(ONE_TAG, one_read);
}

/* RULE V-RML-2: IoReleaseRemoveLockAndWait of a device's lock outside REMOVE_DEVICE is reported. */
TEST(V_RML_2_only_when_removed)
{
    is_wrong(WAITS_EARLY, goes_by_surprise, "V-RML-2");
    is_right(0, goes_by_surprise);
}

/* RULE V-RML-3: A request that is passed down after the remove lock for it was released is reported. */
TEST(V_RML_3_held_when_passed)
{
    is_wrong(RELEASES_EARLY, one_read, "V-RML-3");
    is_right(0, one_read);
}

/* RULE V-RML-4: A device with a remove lock in use that is detached without IoReleaseRemoveLockAndWait is reported; a removal passed without the lock where lints are asked for. */
TEST(V_RML_4_waited_for)
{
    is_wrong(NEVER_WAITS, one_read, "V-RML-4");
    is_linted(NOT_FOR_PNP, one_read, "V-RML-4");
}

/* RULE V-RML-5: Two remove locks in one device extension are a matter of taste: reported only where lints are asked for. */
TEST(V_RML_5_one_lock)
{
    is_linted(TWO_LOCKS, one_read, "V-RML-5");
}

/* RULE V-RML-6: A request that is passed down although IoAcquireRemoveLock failed for it is reported. */
/* RULE W-PNP-5: I/O to a device that is being removed is failed. */
TEST(V_RML_6_refused)
{
    is_wrong(IGNORES, read_when_refused, "V-RML-6");
    is_right(0, read_when_refused);
    assert_int_equal(last_read, STATUS_DELETE_PENDING);
    is_right(REFUSES_PENDING, read_when_refused);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_RML_1_released), cmocka_unit_test(V_RML_2_only_when_removed), cmocka_unit_test(V_RML_3_held_when_passed),
        cmocka_unit_test(V_RML_4_waited_for), cmocka_unit_test(V_RML_5_one_lock), cmocka_unit_test(V_RML_6_refused),
    };
    return cmocka_run_group_tests(tests);
}
