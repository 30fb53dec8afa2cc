/* Remove locks: W-RML-1..4, V-MSC-1, V-MSC-2. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static IO_REMOVE_LOCK *lock;
static int tag, other_tag;
static bool waited;

static void ready(ULONG minutes, ULONG high_watermark)
{
    lock = low->DeviceExtension;
    IoInitializeRemoveLock(lock, 'tseT', minutes, high_watermark);
}

/* ---- W-RML-1, 2 ---- */

static void counted(void)
{
    ready(0, 0);
    assert_int_equal(IoAcquireRemoveLock(lock, &tag), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(lock, &tag), STATUS_SUCCESS); /* the same tag again */
    assert_int_equal(IoAcquireRemoveLock(lock, NULL), STATUS_SUCCESS);
    IoReleaseRemoveLock(lock, NULL);
    IoReleaseRemoveLock(lock, &tag);
    IoReleaseRemoveLockAndWait(lock, &tag);
    assert_int_equal(IoAcquireRemoveLock(lock, &tag), STATUS_DELETE_PENDING); /* and nothing is held */
}

static void released_at_dispatch(void)
{
    KIRQL irql;
    ready(0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(IoAcquireRemoveLock(lock, &tag), STATUS_SUCCESS);
    IoReleaseRemoveLock(lock, &tag);
    KeLowerIrql(irql);
}

static void wrong_tag(void)
{
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    IoReleaseRemoveLock(lock, &other_tag);
}
static void released_twice(void)
{
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    IoReleaseRemoveLock(lock, &tag);
    IoReleaseRemoveLock(lock, &tag);
}
static void wait_with_wrong_tag(void)
{
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    IoReleaseRemoveLockAndWait(lock, &other_tag);
}
static void initialised_twice(void)
{
    ready(0, 0);
    ready(0, 0);
}
static void never_initialised(void)
{
    lock = low->DeviceExtension;
    IoAcquireRemoveLock(lock, &tag);
}

/* A context that is made anew in memory of the driver's own gets a new lock each time. */
static IO_REMOVE_LOCK of_context;
static void lock_of_a_context(void)
{
    for (unsigned i = 0; i < 3; i++) {
        IoInitializeRemoveLock(&of_context, 'tseT', 0, 0);
        IoAcquireRemoveLock(&of_context, &tag);
        IoReleaseRemoveLockAndWait(&of_context, &tag);
    }
    for (unsigned i = 0; i < 3; i++) {
        lock = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *lock, 'tseT');
        IoInitializeRemoveLock(lock, 'tseT', 0, 0);
        IoAcquireRemoveLock(lock, &tag);
        IoReleaseRemoveLock(lock, &tag);
        ExFreePoolWithTag(lock, 'tseT');
    }
}
static void context_freed_when_held(void)
{
    lock = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *lock, 'tseT');
    IoInitializeRemoveLock(lock, 'tseT', 0, 0);
    IoAcquireRemoveLock(lock, &tag);
    ExFreePoolWithTag(lock, 'tseT');
}

/* ---- W-RML-3 ---- */

static DWORD wait_for_all(void *argument)
{
    IoAcquireRemoveLock(lock, &other_tag);
    IoReleaseRemoveLockAndWait(lock, &other_tag);
    waited = true;
    return 0;
}

static void waits_for_holders(void)
{
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    HANDLE t = CreateThread(NULL, 0, wait_for_all, NULL, 0, NULL);
    Sleep(5);
    assert_false(waited);
    assert_int_equal(IoAcquireRemoveLock(lock, &other_tag), STATUS_DELETE_PENDING);
    IoReleaseRemoveLock(lock, &tag);
    WaitForSingleObject(t, FOREVER);
    assert_true(waited);
}

/* Whoever acquired it before the end is waited for; nobody acquires it after. */
static LONG volatile inside, after;
static bool over;
static DWORD use_it(void *argument)
{
    for (unsigned i = 0; i < 3; i++)
        if (NT_SUCCESS(IoAcquireRemoveLock(lock, argument))) {
            InterlockedIncrement(&inside);
            if (over)
                InterlockedIncrement(&after);
            InterlockedDecrement(&inside);
            IoReleaseRemoveLock(lock, argument);
        }
    return 0;
}
static void nobody_after_the_wait(void)
{
    HANDLE t[2];
    ready(0, 0);
    for (unsigned i = 0; i < 2; i++)
        t[i] = CreateThread(NULL, 0, use_it, (void *)(ULONG_PTR)(i + 1), 0, NULL);
    IoAcquireRemoveLock(lock, &tag);
    IoReleaseRemoveLockAndWait(lock, &tag);
    over = true;
    assert_int_equal(InterlockedCompareExchange(&inside, 0, 0), 0);
    for (unsigned i = 0; i < 2; i++)
        WaitForSingleObject(t[i], FOREVER);
    assert_int_equal(after, 0);
}

/* Waiting before what holds the lock below was told to let go. */
static void waits_for_itself(void)
{
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    IoAcquireRemoveLock(lock, &other_tag);
    IoReleaseRemoveLockAndWait(lock, &tag);
}
static void wait_at_dispatch(void)
{
    KIRQL irql;
    ready(0, 0);
    IoAcquireRemoveLock(lock, &tag);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoReleaseRemoveLockAndWait(lock, &tag);
}

/* ---- W-RML-4 ---- */

static NTSTATUS with_lock(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = IoAcquireRemoveLock(lock, irp);
    if (!NT_SUCCESS(status))
        return complete(irp, status, 0);
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(low, irp);
    IoReleaseRemoveLock(lock, irp);
    return status;
}
static void around_each_request(void)
{
    DWORD n;
    char data[4];
    ready(1, 1);
    upper[IRP_MJ_READ] = with_lock;
    HANDLE h = open_two(0);
    assert_true(ReadFile(h, data, 4, &n, NULL));
    IoAcquireRemoveLock(lock, &tag);
    IoReleaseRemoveLockAndWait(lock, &tag);
    assert_false(ReadFile(h, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 5);
    CloseHandle(h);
}
static void held_for(ULONG seconds)
{
    ready(1, 2);
    IoAcquireRemoveLock(lock, &tag);
    Sleep(seconds * 1000);
    IoReleaseRemoveLock(lock, &tag);
}
static void held_a_minute(void) { held_for(60); }
static void held_too_long(void) { held_for(130); }
static void held_too_often(void)
{
    ready(1, 2);
    for (unsigned i = 0; i < 3; i++)
        IoAcquireRemoveLock(lock, &tag);
}

#pragma clang section text = "" data = "" bss = ""

static void breaks(void (*body)(void), const char *name, const char *rule)
{
    unit_expected_rule = rule;
    two_reported(body, name, OWN_RULE, ~0ull);
}
#define breaks_rule(body, rule) breaks(body, #body, rule)

/* RULE W-RML-1: A remove lock is initialised once; it is acquired until removal began, then IoAcquireRemoveLock is STATUS_DELETE_PENDING and holds nothing. */
/* RULE V-MSC-2: A remove lock in a device extension that is initialised again, or one that is held, is bug check 0xC4/0xD7. */
static void W_RML_1_life(void **state)
{
    shown(counted);
    shown(lock_of_a_context);
    reported(initialised_twice, 0xC4, 0xD7);
    breaks_rule(never_initialised, "W-RML-1");
    breaks_rule(context_freed_when_held, "V-UNL-11");
}

/* RULE W-RML-2: A remove lock is released as often as it was acquired, with the same tags, at DISPATCH_LEVEL too. */
/* RULE V-MSC-1: Releasing a remove lock with a tag that does not hold it is bug check 0xC4/0xD5, waiting with one 0xC4/0xD6. */
static void V_MSC_1_tags(void **state)
{
    shown(released_at_dispatch);
    reported(wrong_tag, 0xC4, 0xD5);
    reported(released_twice, 0xC4, 0xD5);
    reported(wait_with_wrong_tag, 0xC4, 0xD6);
}

/* RULE W-RML-3: IoReleaseRemoveLockAndWait drops the caller's own acquire and returns when nobody holds the lock, and nobody can any more. */
static void W_RML_3_wait(void **state)
{
    shown(waits_for_holders);
    shown(nobody_after_the_wait);
    shown_in_any_order(nobody_after_the_wait, 100);
    reported(waits_for_itself, OWN_DEADLOCK, ~0ull);
    reported(wait_at_dispatch, 0xC4, ~0ull);
}

/* RULE W-RML-4: The lock is held around a request, no longer and no more often than its driver says. */
static void W_RML_4_limits(void **state)
{
    shown(around_each_request);
    shown(held_a_minute);
    breaks_rule(held_too_long, "W-RML-4");
    breaks_rule(held_too_often, "W-RML-4");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_RML_1_life), cmocka_unit_test(V_MSC_1_tags), cmocka_unit_test(W_RML_3_wait), cmocka_unit_test(W_RML_4_limits),
    };
    return cmocka_run_group_tests(tests);
}
