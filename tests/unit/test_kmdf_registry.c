/* Registry keys of the framework: K-REG-1..3, K-DRV-9, K-DRV-53, and properties by key (K-DRV-52). */
#include "kmdf_world.h"

#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

DECLARE_CONST_UNICODE_STRING(services, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\world");
DECLARE_CONST_UNICODE_STRING(sub, L"Sub");
DECLARE_CONST_UNICODE_STRING(number_name, L"Number");
DECLARE_CONST_UNICODE_STRING(text_name, L"Text");
DECLARE_CONST_UNICODE_STRING(several_name, L"Several");
DECLARE_CONST_UNICODE_STRING(bytes_name, L"Bytes");
DECLARE_CONST_UNICODE_STRING(empty_name, L"Empty");
DECLARE_CONST_UNICODE_STRING(missing, L"Missing");
DECLARE_CONST_UNICODE_STRING(hello, L"hello");

static WDFKEY open_parameters(ACCESS_MASK access)
{
    WDFKEY key;
    assert_int_equal(WdfDriverOpenParametersRegistryKey(driver, access, NULL, &key), STATUS_SUCCESS);
    return key;
}

/* RULE K-DRV-9: The Parameters key is made when it is opened to be written; to be read it must be there. */
TEST(K_DRV_9_parameters)
{
    WDFKEY key;
    boot();
    assert_int_equal(WdfDriverOpenParametersRegistryKey(driver, KEY_READ, NULL, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    WdfRegistryClose(open_parameters(KEY_READ | KEY_SET_VALUE));
    WdfRegistryClose(open_parameters(KEY_READ));
    finish();
}

/* RULE K-REG-1: A key is opened by an absolute path or below another; closing deletes the object, removing the key too if it could be removed. */
TEST(K_REG_1_keys)
{
    WDFKEY key, child;
    ULONG disposition = 0;
    boot();
    assert_int_equal(WdfRegistryOpenKey(NULL, &services, KEY_ALL_ACCESS, NULL, &key), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryOpenKey(key, &sub, KEY_READ, NULL, &child), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(WdfRegistryOpenKey(NULL, &sub, KEY_READ, NULL, &child), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(WdfRegistryCreateKey(key, &sub, KEY_ALL_ACCESS, 0, &disposition, NULL, &child), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    assert_true(WdfRegistryWdmGetHandle(child) != NULL);
    assert_int_equal(WdfRegistryRemoveKey(key), STATUS_CANNOT_DELETE);
    assert_int_equal(WdfRegistryRemoveKey(child), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryOpenKey(key, &sub, KEY_READ, NULL, &child), STATUS_OBJECT_NAME_NOT_FOUND);
    WdfRegistryClose(key);
    finish();
}

static void use_after_close(void)
{
    ULONG value;
    WDFKEY key = open_parameters(KEY_ALL_ACCESS);
    WdfRegistryClose(key);
    WdfRegistryQueryULong(key, &number_name, &value);
}
/* RULE K-REG-1: A key is gone once it is closed. */
TEST(K_REG_1_after_close, .code = 0x10D, .p1 = 5)
{
    boot();
    use_after_close();
}

/* RULE K-REG-1: A key whose driver goes is closed with it: no handle is left. */
TEST(K_REG_1_parent_closes)
{
    boot();
    open_parameters(KEY_ALL_ACCESS);
    finish();
}

/* RULE K-REG-2: QueryULong takes REG_DWORD alone; a missing value is STATUS_OBJECT_NAME_NOT_FOUND. */
TEST(K_REG_2_ulong)
{
    ULONG value = 0;
    boot();
    WDFKEY key = open_parameters(KEY_ALL_ACCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &value), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(WdfRegistryAssignULong(key, &number_name, 42), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &value), STATUS_SUCCESS);
    assert_int_equal(value, 42);
    assert_int_equal(WdfRegistryAssignUnicodeString(key, &number_name, &hello), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &value), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(WdfRegistryRemoveValue(key, &number_name), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryRemoveValue(key, &number_name), STATUS_OBJECT_NAME_NOT_FOUND);
    WdfRegistryClose(key);
    finish();
}

/* RULE K-REG-2: QueryValue tells length and type also where the buffer is too small; QueryMemory makes memory of the value's size. */
TEST(K_REG_2_value_and_memory)
{
    UCHAR bytes[4] = {1, 2, 3, 4}, back[4] = {0};
    ULONG length = 0, type = 0;
    WDFMEMORY memory;
    size_t size;
    boot();
    WDFKEY key = open_parameters(KEY_ALL_ACCESS);
    assert_int_equal(WdfRegistryAssignValue(key, &bytes_name, REG_BINARY, 4, bytes), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryValue(key, &bytes_name, 0, NULL, &length, &type), STATUS_BUFFER_OVERFLOW);
    assert_true(length == 4 && type == REG_BINARY);
    assert_int_equal(WdfRegistryQueryValue(key, &bytes_name, 3, back, &length, &type), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(WdfRegistryQueryValue(key, &bytes_name, 4, back, &length, &type), STATUS_SUCCESS);
    assert_int_equal(back[3], 4);
    assert_int_equal(WdfRegistryQueryMemory(key, &bytes_name, PagedPool, NULL, &memory, &type), STATUS_SUCCESS);
    assert_int_equal(((UCHAR *)WdfMemoryGetBuffer(memory, &size))[2], 3);
    assert_int_equal(size, 4);
    WDFMEMORY_OFFSET part = {1, 2};
    assert_int_equal(WdfRegistryAssignMemory(key, &bytes_name, REG_BINARY, memory, &part), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryValue(key, &bytes_name, 4, back, &length, &type), STATUS_SUCCESS);
    assert_true(length == 2 && back[0] == 2);
    assert_int_equal(WdfRegistryAssignValue(key, &empty_name, REG_BINARY, 0, bytes), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryMemory(key, &empty_name, PagedPool, NULL, &memory, &type), STATUS_RESOURCE_DATA_NOT_FOUND);
    WdfRegistryClose(key);
    finish();
}

/* RULE K-REG-2: QueryUnicodeString wants a buffer and REG_SZ, tells the length in bytes and does not count a terminator; QueryString fills a WDFSTRING. */
TEST(K_REG_2_texts)
{
    WCHAR room[8];
    UNICODE_STRING value = {0, 0, room}, got;
    USHORT bytes = 0;
    WDFSTRING string;
    boot();
    WDFKEY key = open_parameters(KEY_ALL_ACCESS);
    assert_int_equal(WdfRegistryAssignUnicodeString(key, &text_name, &hello), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryUnicodeString(key, &text_name, &bytes, &value), STATUS_INVALID_PARAMETER);
    value.MaximumLength = 10;
    assert_int_equal(WdfRegistryQueryUnicodeString(key, &text_name, &bytes, &value), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, 12);
    value.MaximumLength = sizeof room;
    assert_int_equal(WdfRegistryQueryUnicodeString(key, &text_name, NULL, &value), STATUS_SUCCESS);
    assert_int_equal(value.Length, 10);
    assert_int_equal(WdfStringCreate(NULL, NULL, &string), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryString(key, &text_name, string), STATUS_SUCCESS);
    WdfStringGetUnicodeString(string, &got);
    assert_true(got.Length == 10 && got.Buffer[4] == 'o');
    assert_int_equal(WdfRegistryQueryString(key, &missing, string), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(WdfRegistryAssignULong(key, &number_name, 1), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryString(key, &number_name, string), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(WdfRegistryQueryUnicodeString(key, &number_name, NULL, &value), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(WdfRegistryAssignString(key, &empty_name, string), STATUS_SUCCESS);
    WdfRegistryClose(key);
    finish();
}

/* RULE K-REG-2: QueryMultiString appends a string object for each text to the collection, and takes REG_MULTI_SZ alone. */
TEST(K_REG_2_multi_string)
{
    WDFCOLLECTION collection;
    UNICODE_STRING got;
    UCHAR back[32];
    ULONG length, type;
    boot();
    WDFKEY key = open_parameters(KEY_ALL_ACCESS);
    assert_int_equal(WdfCollectionCreate(NULL, &collection), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryAssignValue(key, &several_name, REG_MULTI_SZ, 14, L"ab\0cde\0"), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryMultiString(key, &several_name, NULL, collection), STATUS_SUCCESS);
    assert_int_equal(WdfCollectionGetCount(collection), 2);
    WdfStringGetUnicodeString((WDFSTRING)WdfCollectionGetItem(collection, 1), &got);
    assert_true(got.Length == 6 && got.Buffer[2] == 'e');
    assert_int_equal(WdfRegistryAssignMultiString(key, &bytes_name, collection), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryValue(key, &bytes_name, sizeof back, back, &length, &type), STATUS_SUCCESS);
    assert_true(length == 16 && type == REG_MULTI_SZ);
    assert_int_equal(WdfRegistryAssignULong(key, &number_name, 1), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryMultiString(key, &number_name, NULL, collection), STATUS_OBJECT_TYPE_MISMATCH);
    WdfRegistryClose(key);
    finish();
}

/* RULE K-REG-3: A key that was opened without KEY_SET_VALUE is not written: STATUS_ACCESS_DENIED. */
TEST(K_REG_3_read_only)
{
    boot();
    WdfRegistryClose(open_parameters(KEY_ALL_ACCESS));
    WDFKEY key = open_parameters(KEY_READ);
    assert_int_equal(WdfRegistryAssignULong(key, &number_name, 1), STATUS_ACCESS_DENIED);
    assert_int_equal(WdfRegistryRemoveValue(key, &number_name), STATUS_ACCESS_DENIED);
    WdfRegistryClose(key);
    finish();
}

static NTSTATUS early, early_parent;
static ULONG early_value;

static void open_early(PWDFDEVICE_INIT init)
{
    WDFKEY key;
    early = WdfFdoInitOpenRegistryKey(init, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS, NULL, &key);
    if (!NT_SUCCESS(early))
        return;
    WdfRegistryAssignULong(key, &number_name, 7);
    WdfRegistryClose(key);
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = driver;
    early_parent = WdfFdoInitOpenRegistryKey(init, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS, &attributes, &key);
}

/* RULE V-WDF-46: The hardware key is opened through the init structure before the device is there, through the device afterwards. */
/* RULE K-DRV-53: A device's hardware and software keys are opened by type, before it is created and after; the attributes name no parent. */
TEST(K_DRV_53_device_keys)
{
    WDFKEY key;
    plan.init = open_early;
    start();
    assert_int_equal(early, STATUS_SUCCESS);
    assert_int_equal(early_parent, STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_int_equal(WdfDeviceOpenRegistryKey(device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, NULL, &key), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &early_value), STATUS_SUCCESS);
    assert_int_equal(early_value, 7);
    WdfRegistryClose(key);
    assert_int_equal(WdfDeviceOpenRegistryKey(device, PLUGPLAY_REGKEY_DRIVER, KEY_READ, NULL, &key), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &early_value), STATUS_OBJECT_NAME_NOT_FOUND);
    WdfRegistryClose(key);
    assert_int_equal(WdfDeviceOpenRegistryKey(device, PLUGPLAY_REGKEY_DEVICE | WDF_REGKEY_DEVICE_SUBKEY, KEY_READ, NULL, &key), STATUS_SUCCESS);
    assert_int_equal(WdfRegistryQueryULong(key, &number_name, &early_value), STATUS_OBJECT_NAME_NOT_FOUND);
    WdfRegistryClose(key);
    assert_int_equal(WdfDeviceOpenRegistryKey(device, 0, KEY_READ, NULL, &key), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfDeviceOpenDevicemapKey(device, &sub, KEY_ALL_ACCESS, NULL, &key), STATUS_SUCCESS);
    WdfRegistryClose(key);
    finish();
}

static const DEVPROPKEY own = {{0x11223344, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}}, 5};

/* RULE K-DRV-52: A driver's own property is what it assigned, with its type, until it assigns none. */
TEST(K_DRV_52_own_property)
{
    WDF_DEVICE_PROPERTY_DATA data;
    ULONG value = 9, back = 0, need = 0;
    DEVPROPTYPE type = 0;
    WDFMEMORY memory;
    start();
    WDF_DEVICE_PROPERTY_DATA_INIT(&data, &own);
    assert_int_equal(WdfDeviceQueryPropertyEx(device, &data, sizeof back, &back, &need, &type), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(WdfDeviceAssignProperty(device, &data, DEVPROP_TYPE_UINT32, sizeof value, &value), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceQueryPropertyEx(device, &data, 2, &back, &need, &type), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(need, 4);
    assert_int_equal(WdfDeviceQueryPropertyEx(device, &data, sizeof back, &back, &need, &type), STATUS_SUCCESS);
    assert_true(back == 9 && type == DEVPROP_TYPE_UINT32);
    assert_int_equal(WdfDeviceAllocAndQueryPropertyEx(device, &data, PagedPool, NULL, &memory, &type), STATUS_SUCCESS);
    assert_int_equal(*(ULONG *)WdfMemoryGetBuffer(memory, NULL), 9);
    assert_int_equal(WdfDeviceAssignProperty(device, &data, DEVPROP_TYPE_EMPTY, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(WdfDeviceQueryPropertyEx(device, &data, sizeof back, &back, &need, &type), STATUS_OBJECT_NAME_NOT_FOUND);
    data.Size--;
    assert_int_equal(WdfDeviceQueryPropertyEx(device, &data, sizeof back, &back, &need, &type), STATUS_INFO_LENGTH_MISMATCH);
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_DRV_9_parameters), cmocka_unit_test(K_REG_1_keys), cmocka_unit_test(K_REG_1_after_close),
        cmocka_unit_test(K_REG_1_parent_closes), cmocka_unit_test(K_REG_2_ulong), cmocka_unit_test(K_REG_2_value_and_memory),
        cmocka_unit_test(K_REG_2_texts), cmocka_unit_test(K_REG_2_multi_string), cmocka_unit_test(K_REG_3_read_only),
        cmocka_unit_test(K_DRV_53_device_keys), cmocka_unit_test(K_DRV_52_own_property),
    };
    return cmocka_run_group_tests(tests);
}
#pragma clang attribute pop
