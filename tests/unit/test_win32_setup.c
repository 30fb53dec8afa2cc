/* Finding devices and what is known of them, as apps do: SetupDi*: W-U-16. */
#include "pnp_tree.h"

#include "win32/win32.h"

#define TEST(name) static void name(void **state)

/* As apps see it. */
typedef struct { DWORD cbSize; GUID InterfaceClassGuid; DWORD Flags; ULONG_PTR Reserved; } SP_DEVICE_INTERFACE_DATA;
typedef struct { DWORD cbSize; GUID ClassGuid; DWORD DevInst; ULONG_PTR Reserved; } SP_DEVINFO_DATA;
void *SetupDiGetClassDevsA(const GUID *, const char *, void *, DWORD);
void *SetupDiCreateDeviceInfoList(const GUID *, void *);
BOOL SetupDiOpenDeviceInterfaceA(void *, const char *, DWORD, SP_DEVICE_INTERFACE_DATA *);
BOOL SetupDiEnumDeviceInterfaces(void *, void *, const GUID *, DWORD, SP_DEVICE_INTERFACE_DATA *);
BOOL SetupDiEnumDeviceInfo(void *, DWORD, SP_DEVINFO_DATA *);
BOOL SetupDiGetDeviceInterfaceDetailA(void *, SP_DEVICE_INTERFACE_DATA *, void *, DWORD, DWORD *, SP_DEVINFO_DATA *);
BOOL SetupDiGetDeviceInstanceIdA(void *, const SP_DEVINFO_DATA *, char *, DWORD, DWORD *);
BOOL SetupDiGetDeviceInstanceIdW(void *, const SP_DEVINFO_DATA *, WCHAR *, DWORD, DWORD *);
BOOL SetupDiGetDeviceRegistryPropertyA(void *, const SP_DEVINFO_DATA *, DWORD, DWORD *, void *, DWORD, DWORD *);
BOOL SetupDiGetDeviceRegistryPropertyW(void *, const SP_DEVINFO_DATA *, DWORD, DWORD *, void *, DWORD, DWORD *);
BOOL SetupDiDestroyDeviceInfoList(void *);
DWORD GetLastError(void);

enum { PRESENT = 2, ALL_CLASSES = 4, INTERFACES = 16 };
enum { HARDWARE_ID = 1, COMPATIBLE_IDS = 2, FRIENDLY_NAME = 12, UI_NUMBER = 16, ENUMERATOR_NAME = 22 };

static const GUID shown_class = {0x11112222, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, unknown_class = {0x9999, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const char path[] = "\\\\?\\TEST#PLAIN#1#{11112222-0001-0002-0304-05060708090a}";

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static UNICODE_STRING link[TREE_DEVICES];

static void has_interface(char letter, unsigned n, UCHAR major, UCHAR minor)
{
    if (letter != 'F' || major != IRP_MJ_PNP)
        return;
    if (minor == IRP_MN_START_DEVICE) {
        IoRegisterDeviceInterface(tree.child[n].pdo, &shown_class, NULL, &link[n]);
        IoSetDeviceInterfaceState(&link[n], TRUE);
    } else if (minor == IRP_MN_REMOVE_DEVICE) {
        IoSetDeviceInterfaceState(&link[n], FALSE);
        RtlFreeUnicodeString(&link[n]);
    }
}

static bool fails(BOOL done, DWORD error) { return !done && GetLastError() == error; }

static void looks_at_device(void *set, SP_DEVINFO_DATA *device)
{
    char text[64];
    WCHAR wide[64];
    DWORD length = 0, type = 0, number = 0;
    assert_true(fails(SetupDiGetDeviceInstanceIdA(set, device, text, 5, &length), ERROR_INSUFFICIENT_BUFFER));
    assert_int_equal(length, sizeof "TEST\\PLAIN\\1");
    assert_true(SetupDiGetDeviceInstanceIdA(set, device, text, sizeof text, NULL) && !strcmp(text, "TEST\\PLAIN\\1"));
    assert_true(SetupDiGetDeviceInstanceIdW(set, device, wide, 64, &length) && wide[5] == 'P' && wide[12] == 0);
    assert_true(fails(SetupDiGetDeviceRegistryPropertyA(set, device, HARDWARE_ID, NULL, NULL, 0, &length), ERROR_INSUFFICIENT_BUFFER));
    assert_int_equal(length, sizeof "TEST\\PLAIN" + 1);
    assert_true(SetupDiGetDeviceRegistryPropertyA(set, device, HARDWARE_ID, &type, text, sizeof text, &length));
    assert_true(type == REG_MULTI_SZ && !memcmp(text, "TEST\\PLAIN\0", sizeof "TEST\\PLAIN\0"));
    assert_true(SetupDiGetDeviceRegistryPropertyW(set, device, ENUMERATOR_NAME, &type, wide, sizeof wide, &length));
    assert_true(type == REG_SZ && length == 10 && !memcmp(wide, L"TEST", 10));
    assert_true(SetupDiGetDeviceRegistryPropertyA(set, device, UI_NUMBER, &type, &number, sizeof number, &length));
    assert_true(type == REG_DWORD && length == 4 && number == 1);
    assert_true(fails(SetupDiGetDeviceRegistryPropertyA(set, device, FRIENDLY_NAME, NULL, text, sizeof text, NULL), 13));
}

static uint32_t app(void *argument)
{
    SP_DEVICE_INTERFACE_DATA entry = {.cbSize = sizeof entry};
    SP_DEVINFO_DATA device = {.cbSize = sizeof device};
    union { DWORD size; char bytes[128]; } detail = {8};
    DWORD needed;
    /* by interface */
    void *set = SetupDiGetClassDevsA(&shown_class, NULL, NULL, PRESENT | INTERFACES);
    assert_true(SetupDiEnumDeviceInterfaces(set, NULL, &shown_class, 0, &entry));
    assert_true(fails(SetupDiEnumDeviceInterfaces(set, NULL, &shown_class, 1, &entry), ERROR_NO_MORE_ITEMS));
    assert_true(SetupDiGetDeviceInterfaceDetailA(set, &entry, &detail, sizeof detail, &needed, &device));
    looks_at_device(set, &device);
    SetupDiDestroyDeviceInfoList(set);
    /* by path */
    set = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_true(fails(SetupDiEnumDeviceInfo(set, 0, &device), ERROR_NO_MORE_ITEMS));
    assert_true(fails(SetupDiOpenDeviceInterfaceA(set, "\\\\?\\nothing", 0, NULL), 0xE0000225u));
    assert_true(SetupDiOpenDeviceInterfaceA(set, path, 0, &entry));
    assert_true(!memcmp(&entry.InterfaceClassGuid, &shown_class, sizeof shown_class));
    assert_true(SetupDiEnumDeviceInfo(set, 0, &device));
    looks_at_device(set, &device);
    SetupDiDestroyDeviceInfoList(set);
    /* all devices, or those of a class: the bus, 1 and 2 */
    set = SetupDiGetClassDevsA(NULL, NULL, NULL, PRESENT | ALL_CLASSES);
    assert_true(SetupDiEnumDeviceInfo(set, 2, &device));
    assert_true(fails(SetupDiEnumDeviceInfo(set, 3, &device), ERROR_NO_MORE_ITEMS));
    assert_true(fails(SetupDiEnumDeviceInterfaces(set, NULL, &shown_class, 0, &entry), ERROR_NO_MORE_ITEMS));
    assert_true(SetupDiEnumDeviceInfo(set, 1, &device));
    looks_at_device(set, &device);
    SetupDiDestroyDeviceInfoList(set);
    set = SetupDiGetClassDevsA(&unknown_class, NULL, NULL, PRESENT);
    assert_true(fails(SetupDiEnumDeviceInfo(set, 0, &device), ERROR_NO_MORE_ITEMS));
    SetupDiDestroyDeviceInfoList(set);
    return 0;
}

static void *kept_set;
static uint32_t keeps_set(void *argument)
{
    kept_set = SetupDiGetClassDevsA(&shown_class, NULL, NULL, PRESENT | INTERFACES);
    return 0;
}
static uint32_t looks_late(void *argument)
{
    SP_DEVINFO_DATA device = {.cbSize = sizeof device};
    char text[64];
    assert_true(SetupDiEnumDeviceInfo(kept_set, 0, &device));
    assert_true(fails(SetupDiGetDeviceInstanceIdA(kept_set, &device, text, sizeof text, NULL), 0xE000020Bu));
    assert_true(fails(SetupDiGetDeviceRegistryPropertyA(kept_set, &device, HARDWARE_ID, NULL, text, sizeof text, NULL), 0xE000020Bu));
    SetupDiDestroyDeviceInfoList(kept_set);
    return 0;
}

#pragma clang section text = "" data = "" bss = ""

static void run_app(uint32_t (*body)(void *))
{
    struct nt_process *process = process_create("app");
    thread_release(thread_create(process, ROLE_APP0, "app", body, NULL));
    assert_true(process_wait(process, PROCESS_FOREVER, NULL));
    process_release(process);
}

static void devices_are_found(void)
{
    win32_begin();
    plant(1, 0, PLAIN_IDS);
    plant(2, 0, RAW_IDS);
    grow();
    run_app(app);
    fell();
}

static void device_is_gone(void)
{
    win32_begin();
    plant(1, 0, PLAIN_IDS);
    grow();
    run_app(keeps_set);
    tree.child[1].present = false;
    look_again(0);
    run_app(looks_late);
    fell();
}

/* RULE W-U-16: A device information set holds the interfaces of a class, those opened by path, or devices; it tells their identifiers and properties while they are there. */
TEST(W_U_16_device_sets)
{
    tree_reset();
    tree.at = has_interface;
    in_tree(devices_are_found);
    tree_reset();
    tree.at = has_interface;
    in_tree(device_is_gone);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(W_U_16_device_sets)};
    return cmocka_run_group_tests(tests);
}
