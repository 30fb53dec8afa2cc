/* CM_Register_Notification: what an app hears of interfaces and of a device that it has open: W-U-16. */
#include "pnp_tree.h"

#include "win32/win32.h"

#define TEST(name) static void name(void **state)

/* As apps see it. */
typedef struct { DWORD cbSize, Flags, FilterType, Reserved; union { GUID ClassGuid; HANDLE hTarget; WCHAR InstanceId[200]; } u; } CM_NOTIFY_FILTER;
typedef struct {
    DWORD FilterType, Reserved;
    union {
        struct { GUID ClassGuid; WCHAR SymbolicLink[1]; } DeviceInterface;
        struct { GUID EventGuid; LONG NameOffset; DWORD DataSize; UCHAR Data[1]; } DeviceHandle;
    } u;
} CM_NOTIFY_EVENT_DATA;
typedef void *HCMNOTIFICATION;
typedef DWORD (*callback)(HCMNOTIFICATION, void *, int, CM_NOTIFY_EVENT_DATA *, DWORD);
DWORD CM_Register_Notification(CM_NOTIFY_FILTER *, void *, callback, HCMNOTIFICATION *);
DWORD CM_Unregister_Notification(HCMNOTIFICATION);
HANDLE CreateFileA(const char *, DWORD, DWORD, void *, DWORD, DWORD, HANDLE);
BOOL CloseHandle(HANDLE);
void Sleep(DWORD);
void ExitProcess(DWORD);

enum { CR_SUCCESS, CR_INVALID_POINTER = 3, CR_INVALID_FLAG = 4, CR_INVALID_DATA = 0x1F };
#define REFUSED 1223 /* ERROR_CANCELLED */
#define INVALID_HANDLE ((HANDLE)(LONG_PTR)-1)

static const GUID shown_class = {0x11112222, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID custom_event = {0x55556666, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const char path[] = "\\\\?\\TEST#PLAIN#1#{11112222-0001-0002-0304-05060708090a}";

enum deed { LISTENS, CLOSES, REFUSES, UNREGISTERS, EXITS };
static enum deed deed;
static bool to_interfaces;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static UNICODE_STRING link[TREE_DEVICES];

static void has_interface(char letter, unsigned n, UCHAR major, UCHAR minor)
{
    if (letter != 'F' || major != IRP_MJ_PNP)
        return;
    if (minor == IRP_MN_START_DEVICE && !link[n].Buffer) {
        IoRegisterDeviceInterface(tree.child[n].pdo, &shown_class, NULL, &link[n]);
        IoSetDeviceInterfaceState(&link[n], TRUE);
    }
    if ((minor == IRP_MN_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL) && link[n].Buffer) {
        IoSetDeviceInterfaceState(&link[n], FALSE);
        RtlFreeUnicodeString(&link[n]);
        link[n].Buffer = NULL;
    }
}

/* ---- The app ---- */

static struct nt_process *process;
static volatile LONG ready, finished; /* interlocked */
static HANDLE file;

static bool is_path(const WCHAR *text)
{
    size_t i = 0;
    for (; path[i] && text[i]; i++)
        if ((path[i] | 32) != (text[i] | 32))
            return false;
    return !path[i] && !text[i];
}

static DWORD on_event(HCMNOTIFICATION handle, void *context, int action, CM_NOTIFY_EVENT_DATA *data, DWORD size)
{
    static const char *const names[] = {"arrival", "removal", "query-remove", "query-remove-failed", "remove-pending", "remove-complete"};
    assert_true(ke_current_thread()->process == process);
    assert_true(context == &deed && data->FilterType == !to_interfaces);
    say(action == 6 ? (const char *)data->u.DeviceHandle.Data : names[action]);
    if (to_interfaces)
        assert_true(is_path(data->u.DeviceInterface.SymbolicLink) && size == 24 + sizeof path * sizeof(WCHAR));
    if (action == 6)
        assert_true(data->u.DeviceHandle.DataSize == 6 && data->u.DeviceHandle.EventGuid.Data1 == custom_event.Data1);
    if (deed == UNREGISTERS)
        CM_Unregister_Notification(handle);
    if (deed == EXITS)
        ExitProcess(0);
    if (deed == CLOSES && (action == 2 || action == 5) && file) {
        CloseHandle(file);
        file = NULL;
    }
    return deed == REFUSES ? REFUSED : 0;
}

static CM_NOTIFY_FILTER filter_of(HANDLE target)
{
    CM_NOTIFY_FILTER filter;
    memset(&filter, 0, sizeof filter);
    filter.cbSize = sizeof filter;
    filter.FilterType = !to_interfaces;
    if (to_interfaces)
        filter.u.ClassGuid = shown_class;
    else
        filter.u.hTarget = target;
    return filter;
}

static uint32_t app(void *argument)
{
    HCMNOTIFICATION handle;
    if (!to_interfaces) {
        file = CreateFileA(path, GENERIC_READ, 3, NULL, 3, 0, NULL);
        assert_true(file != INVALID_HANDLE);
    }
    CM_NOTIFY_FILTER filter = filter_of(file);
    assert_int_equal(CM_Register_Notification(&filter, &deed, on_event, &handle), CR_SUCCESS);
    InterlockedExchange(&ready, 1);
    while (!InterlockedCompareExchange(&finished, 0, 0))
        Sleep(10);
    assert_int_equal(CM_Unregister_Notification(handle), CR_SUCCESS);
    assert_int_equal(CM_Unregister_Notification(handle), CR_INVALID_DATA);
    if (file)
        CloseHandle(file);
    file = NULL;
    InterlockedExchange(&ready, 0);
    return 0;
}

static uint32_t wrong_app(void *argument)
{
    HCMNOTIFICATION handle;
    to_interfaces = true;
    CM_NOTIFY_FILTER filter = filter_of(NULL);
    assert_int_equal(CM_Register_Notification(NULL, NULL, on_event, &handle), CR_INVALID_POINTER);
    assert_int_equal(CM_Register_Notification(&filter, NULL, NULL, &handle), CR_INVALID_POINTER);
    assert_int_equal(CM_Register_Notification(&filter, NULL, on_event, NULL), CR_INVALID_POINTER);
    filter.Flags = 8;
    assert_int_equal(CM_Register_Notification(&filter, NULL, on_event, &handle), CR_INVALID_FLAG);
    filter.Flags = 0, filter.cbSize--;
    assert_int_equal(CM_Register_Notification(&filter, NULL, on_event, &handle), CR_INVALID_DATA);
    to_interfaces = false;
    filter = filter_of((HANDLE)(ULONG_PTR)0x7770);
    assert_int_equal(CM_Register_Notification(&filter, NULL, on_event, &handle), CR_INVALID_DATA);
    return 0;
}

#pragma clang section text = "" data = "" bss = ""

static void pass(unsigned ms)
{
    LARGE_INTEGER interval = {.QuadPart = -10000ll * ms};
    ke_delay_execution_thread(KernelMode, FALSE, &interval);
}

static void begin(uint32_t (*body)(void *))
{
    win32_begin();
    ready = finished = 0;
    plant(1, 0, PLAIN_IDS);
    tree.child[1].present = !to_interfaces;
    grow();
    process = process_create("app");
    thread_release(thread_create(process, ROLE_APP0, "app", body, NULL));
    while (!ready && !process_ended(process))
        pass(1);
}

static void end(void)
{
    uint32_t code;
    pass(20);
    finished = 1;
    assert_true(process_wait(process, PROCESS_FOREVER, &code));
    process_release(process);
    io_wait_for_closes();
    fell();
}

/* ---- Lives ---- */

static void interfaces(void)
{
    begin(app);
    tree.child[1].present = true;
    look_again(0);
    pass(1);
    log_is("arrival");
    tree.child[1].present = false;
    look_again(0);
    pass(1);
    log_is("removal");
    end();
    log_is("");
}

static void own_unregister(void)
{
    begin(app);
    tree.child[1].present = true;
    look_again(0);
    pass(1);
}

static void handle_goes(void)
{
    begin(app);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
    pass(1);
    log_is("query-remove remove-pending remove-complete");
    end();
}

static void handle_refuses(void)
{
    begin(app);
    show(TELL_NAMES, BIT(IRP_MN_QUERY_REMOVE_DEVICE), 0);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_PLUGPLAY_QUERY_VETOED);
    tree.pnp = 0;
    pass(1);
    log_is(deed == REFUSES ? "query-remove query-remove-failed" : "query-remove query-remove1 query-remove-failed"); /* drivers are spared the question */
    assert_int_equal(state_of(1), DEVNODE_STARTED);
    end();
}

static void handle_goes_by_surprise(void)
{
    begin(app);
    tree.child[1].present = false;
    look_again(0);
    pass(1);
    pnp_settle();
    log_is("remove-complete");
    assert_true(tree.child[1].pdo == NULL);
    end();
}

/* Who ends instead of answering does not refuse, and has no handle any more. */
static void app_ends_instead(void)
{
    begin(app);
    assert_int_equal(pnp_query_remove(node_of(1)), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(node_of(1)), STATUS_SUCCESS);
    log_is("query-remove");
    end();
}

static void custom(void)
{
    struct { TARGET_DEVICE_CUSTOM_NOTIFICATION n; char text[16]; } event = {{.Version = 1, .Event = custom_event, .NameBufferOffset = -1}};
    begin(app);
    event.n.Size = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) + 6;
    memcpy(event.n.CustomDataBuffer, "first", 6);
    assert_int_equal(IoReportTargetDeviceChange(tree.child[1].pdo, &event), STATUS_SUCCESS);
    pass(1);
    log_is("first");
    end();
}

static void wrong(void)
{
    to_interfaces = false;
    begin(wrong_app);
    end();
}

static void run(void (*body)(void), enum deed what, bool interfaces_too)
{
    tree_reset();
    tree.at = has_interface;
    deed = what, to_interfaces = interfaces_too;
    in_tree(body);
}

/* ---- Tests ---- */

/* RULE W-U-16: CM_Register_Notification: an app hears in a thread of its own process of interfaces that come and go, and of its device's removal, which it may refuse. */
TEST(W_U_16_notifications)
{
    run(interfaces, LISTENS, true);
    run(handle_goes, CLOSES, false);
    run(handle_refuses, REFUSES, false);
    run(handle_refuses, LISTENS, false); /* it agrees, and keeps its handle */
    run(handle_goes_by_surprise, CLOSES, false);
    run(app_ends_instead, EXITS, false);
    run(custom, LISTENS, false);
    run(wrong, LISTENS, false);
    tree_reset();
    tree.at = has_interface;
    deed = UNREGISTERS, to_interfaces = true;
    tree_reported(own_unregister, "W-U-16", OWN_APP_ERROR, ~0ull);
}

/* The same in other orders. */
TEST(W_U_16_notifications_in_any_order)
{
    static void (*const lives[])(void) = {handle_goes, handle_goes_by_surprise};
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const struct chance chance = {.policy = POLICY_RANDOM, .seed = seed};
        tree_chance = &chance;
        run(lives[seed & 1], CLOSES, false);
        run(handle_refuses, REFUSES, false);
        run(app_ends_instead, EXITS, false);
        run(interfaces, LISTENS, true);
    }
    tree_chance = NULL;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(W_U_16_notifications), cmocka_unit_test(W_U_16_notifications_in_any_order)};
    return cmocka_run_group_tests(tests);
}
