/* Callback objects: W-OBJ-4. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static unsigned calls, irql;
static PVOID arguments[3];
static PCALLBACK_OBJECT object;
static PVOID registration;
static HANDLE helper;
static bool returned;

static VOID note(PVOID context, PVOID a, PVOID b)
{
    calls++;
    irql = KeGetCurrentIrql();
    arguments[0] = context, arguments[1] = a, arguments[2] = b;
}

static NTSTATUS make(PCALLBACK_OBJECT *out, const WCHAR *text, BOOLEAN create, BOOLEAN multiple)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES a;
    RtlInitUnicodeString(&name, text);
    InitializeObjectAttributes(&a, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ExCreateCallback(out, &a, create, multiple);
}

static void notified(void)
{
    KIRQL old;
    calls = 0;
    assert_int_equal(make(&object, L"\\Callback\\Test", TRUE, TRUE), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, note, &calls);
    assert_true(registration != NULL);
    ExNotifyCallback(object, &arguments, &irql);
    assert_int_equal(calls, 1);
    assert_int_equal(irql, PASSIVE_LEVEL);
    assert_true(arguments[0] == &calls && arguments[1] == &arguments && arguments[2] == &irql);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExNotifyCallback(object, NULL, NULL);
    KeLowerIrql(old);
    assert_int_equal(calls, 2);
    assert_int_equal(irql, DISPATCH_LEVEL);
    ExUnregisterCallback(registration);
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(calls, 2);
    ObDereferenceObject(object);
}

static void found_by_name(void)
{
    PCALLBACK_OBJECT other;
    assert_int_equal(make(&other, L"\\Callback\\Test", FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_true(other == NULL);
    assert_int_equal(make(&object, L"\\Callback\\Test", TRUE, FALSE), STATUS_SUCCESS);
    assert_int_equal(make(&other, L"\\callback\\test", FALSE, FALSE), STATUS_SUCCESS);
    assert_true(object == other);
    registration = ExRegisterCallback(object, note, NULL);
    assert_true(ExRegisterCallback(other, note, NULL) == NULL); /* one is all that it takes */
    ExUnregisterCallback(registration);
    ObDereferenceObject(object);
    ObDereferenceObject(other);
    assert_int_equal(make(&other, L"\\Callback\\Test", FALSE, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* What was called, and whether it has returned, is looked at from beside: that is no part of what these show. */
__attribute__((no_sanitize("thread"))) static VOID take_long(PVOID context, PVOID a, PVOID b)
{
    LARGE_INTEGER ten_ms = {.QuadPart = -100000};
    calls++;
    KeDelayExecutionThread(KernelMode, FALSE, &ten_ms);
    returned = true;
}
static DWORD notify(void *argument)
{
    ExNotifyCallback(object, NULL, NULL);
    return 0;
}
__attribute__((no_sanitize("thread"))) static void waited_for(void)
{
    calls = 0;
    returned = false;
    assert_int_equal(ExCreateCallback(&object, NULL, TRUE, TRUE), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, take_long, NULL);
    helper = CreateThread(NULL, 0, notify, NULL, 0, NULL);
    Sleep(5);
    assert_int_equal(calls, 1);
    assert_false(returned);
    ExUnregisterCallback(registration);
    assert_true(returned);
    WaitForSingleObject(helper, FOREVER);
    ObDereferenceObject(object);
}
static void not_a_callback(void) { ExNotifyCallback((PCALLBACK_OBJECT)low, NULL, NULL); }

#pragma clang section text = "" data = "" bss = ""

/* RULE W-OBJ-4: A callback routine is called at the IRQL of who notifies; objects are found by name; who ends a registration waits for its routine. */
static void W_OBJ_4_callbacks(void **state)
{
    shown(notified);
    shown(found_by_name);
    shown(waited_for);
    shown_in_any_order(waited_for, 50);
    unit_expected_rule = "W-OBJ-4";
    reported(not_a_callback, OWN_RULE, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(W_OBJ_4_callbacks)};
    return cmocka_run_group_tests(tests);
}
