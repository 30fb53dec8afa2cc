/* What an INF leaves in the registry: W-PNP-70..73. The driver is drivers/inf/inf_sample.c, its INF stands beside it. */
#include "unit.h"

#include <devpkey.h>

#include "nt/image.h"
#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static struct nt_driver *driver;
static struct devnode *node;

static union { KEY_VALUE_PARTIAL_INFORMATION info; UCHAR bytes[256]; } b;

static NTSTATUS read(HANDLE key, const WCHAR *name)
{
    UNICODE_STRING n;
    ULONG need;
    RtlInitUnicodeString(&n, name);
    return ZwQueryValueKey(key, &n, KeyValuePartialInformation, &b, sizeof b, &need);
}

static bool holds(HANDLE key, const WCHAR *name, ULONG type, const void *data, ULONG size)
{
    return NT_SUCCESS(read(key, name)) && b.info.Type == type && b.info.DataLength == size && memcmp(b.info.Data, data, size) == 0;
}

static bool is_number(HANDLE key, const WCHAR *name, ULONG number) { return holds(key, name, REG_DWORD, &number, sizeof number); }
#define TEXT_IS(key, name, type, text) assert_true(holds(key, name, type, text, sizeof text))

static HANDLE open_below(HANDLE root, const WCHAR *path)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES a;
    HANDLE key;
    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, root, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &a), STATUS_SUCCESS);
    return key;
}

static void begin(const char *id)
{
    NTSTATUS status;
    assert_int_equal(io_load_driver(image_find("inf_sample"), &driver), STATUS_SUCCESS);
    node = pnp_create_root_device(driver, id, &status);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
}

static void end(void)
{
    assert_int_equal(pnp_remove(node), STATUS_SUCCESS);
    io_unload_driver(driver);
}

static void service(void)
{
    begin("Root\\SAMPLE");
    HANDLE key = open_below(NULL, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\inf_sample"), parameters;
    assert_true(is_number(key, L"Type", 1) && is_number(key, L"Start", 2) && is_number(key, L"ErrorControl", 0));
    TEXT_IS(key, L"ImagePath", REG_EXPAND_SZ, L"\\SystemRoot\\System32\\drivers\\inf_sample.sys");
    TEXT_IS(key, L"DisplayName", REG_SZ, L"Sample Service");
    ZwClose(key);
    assert_int_equal(IoOpenDriverRegistryKey(&driver->object, DriverRegKeyParameters, KEY_READ, 0, &parameters), STATUS_SUCCESS);
    assert_true(is_number(parameters, L"Limit", 77));
    ZwClose(parameters);
    end();
}
/* RULE W-PNP-70: The service key has what the INF's service section says, its AddReg lines too. */
static void W_PNP_70_service_key(void **state) { unit_life(service, NULL); }

static void software(void)
{
    HANDLE key, sub;
    begin("Root\\SAMPLE");
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key), STATUS_SUCCESS);
    assert_true(is_number(key, L"Depth", 0x12)); /* the later line does not clobber */
    assert_int_equal(read(key, L"Wrong"), STATUS_OBJECT_NAME_NOT_FOUND);
    TEXT_IS(key, L"Name", REG_SZ, L"a ; b, c");
    TEXT_IS(key, L"Path", REG_EXPAND_SZ, L"%SystemRoot%\\x");
    assert_true(holds(key, L"Raw", REG_BINARY, "\x01\xa2\xff", 3));
    TEXT_IS(key, L"DriverDesc", REG_SZ, L"Sample Device");
    TEXT_IS(key, L"ProviderName", REG_SZ, L"He said \"hi\"");
    sub = open_below(key, L"Sub");
    TEXT_IS(sub, L"Several", REG_MULTI_SZ, L"one\0two three\0");
    ZwClose(sub);
    ZwClose(key);
    key = open_below(NULL, L"\\Registry\\Machine\\Software\\Sample");
    assert_true(is_number(key, L"Everywhere", 4));
    ZwClose(key);
    key = open_below(NULL, L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\{01234567-89ab-cdef-0123-456789abcdef}");
    TEXT_IS(key, L"", REG_SZ, L"Sample class");
    ZwClose(key);
    end();
}
/* RULE W-PNP-73: HKR in the DDInstall section of the newest decoration for the processor is the software key; strings, quotes, comments and types are as in the INF. */
static void W_PNP_73_software_key(void **state) { unit_life(software, NULL); }

static void hardware(void)
{
    HANDLE key, instance;
    begin("Root\\SAMPLE");
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key), STATUS_SUCCESS);
    assert_true(is_number(key, L"BeepCount", 4));
    assert_int_equal(read(key, L"UpperFilters"), STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);
    instance = open_below(NULL, L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\Root\\Sample\\0000");
    TEXT_IS(instance, L"UpperFilters", REG_MULTI_SZ, L"filter\0");
    TEXT_IS(instance, L"DeviceDesc", REG_SZ, L"Sample Device");
    TEXT_IS(instance, L"Service", REG_SZ, L"inf_sample");
    TEXT_IS(instance, L"Driver", REG_SZ, L"{01234567-89AB-CDEF-0123-456789ABCDEF}\\0000");
    TEXT_IS(instance, L"Mfg", REG_SZ, L"Makers");
    ZwClose(instance);
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, 8, KEY_READ, &key), STATUS_INVALID_PARAMETER);
    end();
}
/* RULE W-PNP-71: The instance key has the device's values, those that a .HW section names among them; the rest of that section is the hardware key's. */
static void W_PNP_71_hardware_key(void **state) { unit_life(hardware, NULL); }

static void ranks(void)
{
    HANDLE key;
    begin("Root\\other");
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key), STATUS_SUCCESS);
    TEXT_IS(key, L"DriverDesc", REG_SZ, L"Other Device");
    ZwClose(key);
    end();
    begin("Sample\\Compatible"); /* named by a model as compatible only */
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key), STATUS_SUCCESS);
    ZwClose(key);
    end();
}
/* RULE W-PNP-73: A model that has the identifier as its hardware ID is taken before one that has it as a compatible one. */
static void W_PNP_73_rank(void **state) { unit_life(ranks, NULL); }

static void uninstalled(void)
{
    HANDLE key;
    NTSTATUS status;
    struct devnode *raw = pnp_create_root_device(NULL, "Root\\RAW", &status);
    assert_int_equal(IoOpenDeviceRegistryKey(raw->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoOpenDeviceRegistryKey(raw->pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key), STATUS_SUCCESS);
    ZwClose(key);
    begin("Root\\SAMPLE");
    assert_int_equal(IoOpenDeviceRegistryKey(io_get_attached_device(node->pdo), PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key), STATUS_INVALID_DEVICE_REQUEST);
    end();
}
/* RULE W-PNP-71: A device for which nothing is installed has no software key. */
static void W_PNP_71_raw_device(void **state) { unit_life(uninstalled, NULL); }

static void properties(void)
{
    WCHAR text[64];
    ULONG need;
    DEVPROPTYPE type;
    static const DEVPROPKEY description = {{0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}}, 2};
    begin("Root\\SAMPLE");
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyManufacturer, sizeof text, text, &need), STATUS_SUCCESS);
    assert_true(need == 14 && text[0] == 'M');
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyClassName, sizeof text, text, &need), STATUS_SUCCESS);
    assert_int_equal(need, sizeof L"SampleClass");
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &description, 0, 0, sizeof text, text, &need, &type), STATUS_SUCCESS);
    assert_true(type == DEVPROP_TYPE_STRING && need == sizeof L"Sample Device" && text[7] == 'D');
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &description, 0, 0, 4, text, &need, &type), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(IoGetDevicePropertyData(io_get_attached_device(node->pdo), &description, 0, 0, 4, text, &need, &type), STATUS_INVALID_DEVICE_REQUEST);
    end();
}
/* RULE W-PNP-72: Properties say what the installation left, asked for by number or by key. */
static void W_PNP_72_properties(void **state) { unit_life(properties, NULL); }

static void interface_key(void)
{
    static const GUID guid = {0x11223344, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}};
    UNICODE_STRING link, unknown = RTL_CONSTANT_STRING(L"\\??\\nothing");
    HANDLE key;
    ULONG number = 3;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"n");
    begin("Root\\SAMPLE");
    assert_int_equal(IoRegisterDeviceInterface(node->pdo, &guid, NULL, &link), STATUS_SUCCESS);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&link, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_DWORD, &number, 4), STATUS_SUCCESS);
    ZwClose(key);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&link, KEY_READ, &key), STATUS_SUCCESS);
    assert_true(is_number(key, L"n", 3));
    ZwClose(key);
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&unknown, KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&link);
    end();
}
/* RULE W-PNP-70: A device interface has a key of its own, found by its link. */
static void W_PNP_70_interface_key(void **state) { unit_life(interface_key, NULL); }

static void directives(void)
{
    begin("Root\\SAMPLE");
    for (PDEVICE_OBJECT d = node->pdo; d; d = d->AttachedDevice) {
        assert_true(d->Flags & DO_EXCLUSIVE);
        assert_true(d->Characteristics & FILE_DEVICE_SECURE_OPEN);
        assert_false(se_may_open(device_of(d)->security, false, FILE_GENERIC_READ)); /* the device's own word, not its class's */
        assert_true(se_may_open(device_of(d)->security, true, FILE_GENERIC_READ));
    }
    end();
    begin("Root\\OTHER");
    assert_false(node->pdo->Flags & DO_EXCLUSIVE);
    assert_true(device_of(node->pdo)->security != NULL); /* its class's */
    assert_true(se_may_open(device_of(node->pdo)->security, false, FILE_GENERIC_READ));
    end();
}
/* RULE W-PNP-73: Security, Exclusive and DeviceCharacteristics of an INF are applied to the device objects of the device's stack. */
/* RULE W-PNP-71: What the class says of security counts for a device that has no word of its own. */
static void W_PNP_73_directives(void **state) { unit_life(directives, NULL); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_70_service_key), cmocka_unit_test(W_PNP_73_software_key), cmocka_unit_test(W_PNP_71_hardware_key),
        cmocka_unit_test(W_PNP_73_rank), cmocka_unit_test(W_PNP_71_raw_device), cmocka_unit_test(W_PNP_72_properties),
        cmocka_unit_test(W_PNP_70_interface_key), cmocka_unit_test(W_PNP_73_directives),
    };
    return cmocka_run_group_tests(tests);
}
