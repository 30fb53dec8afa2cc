/* The IRPs in a report (nt/io/history.c): the one it is about, whether it is freed or not; those that live; those freed last. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PIRP kept;

static NTSTATUS hold_and_keep(PDEVICE_OBJECT device, PIRP irp)
{
    kept = irp;
    return hold(device, irp);
}

static VOID complete_later(PDEVICE_OBJECT device, PVOID context) { let_go(STATUS_SUCCESS, 0); }

static NTSTATUS finish_from_work_item(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = hold_and_keep(device, irp);
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, complete_later, DelayedWorkQueue, NULL);
    return status;
}

/* Another request comes and goes behind it, and then the driver completes the one that is long freed. */
static void completed_when_freed(void)
{
    lower[IRP_MJ_READ] = finish_from_work_item;
    read_four();
    PIRP first = kept;
    lower[IRP_MJ_READ] = NULL;
    for (int i = 0; i < 3; i++)
        read_four();
    IoCompleteRequest(first, IO_NO_INCREMENT); /* without a look at it: that would be found by other means */
}

static void lowers_by_raising(void)
{
    lower[IRP_MJ_READ] = NULL;
    read_four();
    KeLowerIrql(DISPATCH_LEVEL);
}

static NTSTATUS complete_with_pending(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_PENDING, 0); }

static void live_one(void)
{
    lower[IRP_MJ_READ] = complete_with_pending;
    read_four();
}

#pragma clang section text = "" data = "" bss = ""

/* The part of the report that tells of the IRPs. */
static const char *history(void)
{
    const char *text = strstr(unit_report, "history of the IRPs");
    assert_true(text != NULL);
    return text;
}

/* Does that line stand in the text up to the next IRP's? */
static bool has(const char *from, const char *event, const char *by)
{
    const char *end = strstr(from + 1, "    IRP #"), *line = strstr(from, event);
    const char *next = line ? strchr(line, '\n') : NULL, *who = line ? strstr(line, by) : NULL;
    return who && next && who < next && (!end || next < end);
}

/* RULE V-IRP-1: The report of a second completion tells who allocated, pended, completed and freed the IRP, which is gone. */
static void freed_irp_is_told_first(void **state)
{
    unit_wants_report = true;
    reported(completed_when_freed, 0x44, ~0ull);
    const char *first = strstr(history(), "    IRP #");
    assert_true(first && strstr(first, "(READ), freed") && strstr(first, "(READ), freed") < strchr(first, '\n'));
    assert_true(has(first, "allocated", "by app"));
    assert_true(has(first, "marked pending", "by app"));
    assert_true(has(first, " completed", "by worker"));
    assert_true(has(first, " freed  ", "by "));
    assert_true(!strstr(strchr(first, '\n'), "), freed")); /* none that has nothing to do with it */
}

static void latest_freed_without_a_name(void **state)
{
    unit_wants_report = true;
    reported(lowers_by_raising, 0xC4, 0x31);
    assert_true(strstr(history(), "(CLOSE), freed") != NULL);
}

static void live_irp_is_told_once(void **state)
{
    unit_wants_report = true;
    reported(live_one, 0xC9, 6);
    const char *first = strstr(history(), "(READ), owned by");
    assert_true(first != NULL);
    assert_true(!strstr(first + 1, "(READ), owned by"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(freed_irp_is_told_first),
        cmocka_unit_test(latest_freed_without_a_name),
        cmocka_unit_test(live_irp_is_told_once),
    };
    return cmocka_run_group_tests(tests);
}
