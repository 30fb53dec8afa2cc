/* The registry: keys, values, handles and the Rtl routines: W-REG-1..5, V-OBJ-2, V-OBJ-6, V-SEC-1, 2, 5, 8. */
#include "unit.h"

#include "nt/image.h"
#include "nt/io/io.h"
#include "win32/process.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

#define SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services"

static UNICODE_STRING text(const WCHAR *t)
{
    UNICODE_STRING u;
    RtlInitUnicodeString(&u, t);
    return u;
}

static NTSTATUS open_at(HANDLE root, const WCHAR *path, ACCESS_MASK access, HANDLE *key)
{
    UNICODE_STRING name = text(path);
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, NULL);
    return ZwOpenKey(key, access, &a);
}

static NTSTATUS create_at(HANDLE root, const WCHAR *path, ULONG options, HANDLE *key, ULONG *disposition)
{
    UNICODE_STRING name = text(path);
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, NULL);
    return ZwCreateKey(key, KEY_ALL_ACCESS, &a, 0, NULL, options, disposition);
}

static HANDLE make(const WCHAR *path)
{
    HANDLE key;
    assert_int_equal(create_at(NULL, path, 0, &key, NULL), STATUS_SUCCESS);
    return key;
}

static void set(HANDLE key, const WCHAR *name, ULONG type, const void *data, ULONG size)
{
    UNICODE_STRING n = text(name);
    assert_int_equal(ZwSetValueKey(key, &n, 0, type, (PVOID)data, size), STATUS_SUCCESS);
}

static void set_number(HANDLE key, const WCHAR *name, ULONG number) { set(key, name, REG_DWORD, &number, sizeof number); }

static NTSTATUS query(HANDLE key, const WCHAR *name, KEY_VALUE_INFORMATION_CLASS class, void *buffer, ULONG size, ULONG *need)
{
    UNICODE_STRING n = text(name);
    return ZwQueryValueKey(key, &n, class, buffer, size, need);
}

/* ---- W-REG-1 ---- */

static void opening(void)
{
    HANDLE key, child, other;
    ULONG disposition = 0;
    assert_int_equal(open_at(NULL, SERVICES L"\\none", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_true(key == NULL);
    assert_int_equal(create_at(NULL, SERVICES L"\\none\\below", 0, &key, &disposition), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(create_at(NULL, SERVICES L"\\one", 0, &key, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    assert_int_equal(create_at(NULL, L"\\REGISTRY\\machine\\SYSTEM\\currentcontrolset\\services\\ONE", 0, &other, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_OPENED_EXISTING_KEY);
    assert_int_equal(create_at(key, L"Parameters", 0, &child, &disposition), STATUS_SUCCESS);
    ZwClose(child);
    assert_int_equal(open_at(other, L"parameters", KEY_READ, &child), STATUS_SUCCESS);
    ZwClose(child);
    assert_int_equal(open_at(other, L"\\parameters", KEY_READ, &child), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(open_at(NULL, L"Registry\\Machine", KEY_READ, &child), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(create_at(key, L"passing", REG_OPTION_VOLATILE, &child, NULL), STATUS_SUCCESS);
    ZwClose(other);
    assert_int_equal(create_at(child, L"lasting", 0, &other, NULL), STATUS_CHILD_MUST_BE_VOLATILE);
    assert_int_equal(create_at(child, L"lasting", REG_OPTION_VOLATILE, &other, NULL), STATUS_SUCCESS);
    ZwClose(other);
    ZwClose(child);
    ZwClose(key);
}
/* RULE W-REG-1: A key is made or opened by a path without regard to case; the parent of a new key must be there, and a volatile one has volatile children. */
TEST(W_REG_1_open_and_create) { LIFE(opening); }

static void rights(void)
{
    HANDLE key = make(SERVICES L"\\one"), weak;
    UNICODE_STRING name = text(L"v");
    UCHAR buffer[64];
    ULONG need;
    set_number(key, L"v", 1);
    assert_int_equal(open_at(NULL, SERVICES L"\\one", KEY_READ, &weak), STATUS_SUCCESS);
    assert_int_equal(query(weak, L"v", KeyValuePartialInformation, buffer, sizeof buffer, &need), STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(weak, &name, 0, REG_DWORD, &need, 4), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwDeleteKey(weak), STATUS_ACCESS_DENIED);
    ZwClose(weak);
    assert_int_equal(open_at(NULL, SERVICES L"\\one", KEY_SET_VALUE, &weak), STATUS_SUCCESS);
    assert_int_equal(query(weak, L"v", KeyValuePartialInformation, buffer, sizeof buffer, &need), STATUS_ACCESS_DENIED);
    ZwClose(weak);
    ZwClose(key);
}
/* RULE W-REG-1: A handle allows what the key was opened for. */
TEST(W_REG_1_access) { LIFE(rights); }

/* ---- W-REG-2 ---- */

static void sizes(void)
{
    HANDLE key = make(SERVICES L"\\one");
    union { KEY_VALUE_PARTIAL_INFORMATION partial; KEY_VALUE_FULL_INFORMATION full; KEY_VALUE_BASIC_INFORMATION basic; UCHAR bytes[128]; } b;
    ULONG need = 0;
    assert_int_equal(query(key, L"Number", KeyValuePartialInformation, &b, sizeof b, &need), STATUS_OBJECT_NAME_NOT_FOUND);
    set_number(key, L"Number", 0x12345678);
    assert_int_equal(query(key, L"NUMBER", KeyValuePartialInformation, &b, 11, &need), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(need, 16);
    need = 0;
    memset(&b, 0xcc, sizeof b);
    assert_int_equal(query(key, L"Number", KeyValuePartialInformation, &b, 12, &need), STATUS_BUFFER_OVERFLOW);
    assert_true(need == 16 && b.partial.Type == REG_DWORD && b.partial.DataLength == 4 && b.bytes[12] == 0xcc);
    assert_int_equal(query(key, L"Number", KeyValuePartialInformation, &b, 16, &need), STATUS_SUCCESS);
    assert_int_equal(*(ULONG *)(void *)b.partial.Data, 0x12345678);
    assert_int_equal(query(key, L"Number", KeyValueFullInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.full.NameLength == 12 && b.full.DataOffset == 32 && b.full.DataLength == 4 && need == 36 && b.full.Name[5] == 'r');
    assert_int_equal(*(ULONG *)(void *)(b.bytes + b.full.DataOffset), 0x12345678);
    assert_int_equal(query(key, L"Number", KeyValueBasicInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.basic.Type == REG_DWORD && b.basic.NameLength == 12 && need == 24);
    assert_int_equal(query(key, L"Number", (KEY_VALUE_INFORMATION_CLASS)77, &b, sizeof b, &need), STATUS_INVALID_PARAMETER);
    ZwClose(key);
}
/* RULE W-REG-2: A query whose fixed part fits fills it and ends with BUFFER_OVERFLOW, one that has not even that with BUFFER_TOO_SMALL; both tell the length. */
TEST(W_REG_2_lengths) { LIFE(sizes); }

static void enumerating(void)
{
    HANDLE key = make(SERVICES L"\\one"), child;
    union { KEY_BASIC_INFORMATION basic; KEY_FULL_INFORMATION full; KEY_NODE_INFORMATION node; KEY_NAME_INFORMATION name; KEY_VALUE_BASIC_INFORMATION value; UCHAR bytes[256]; } b;
    UNICODE_STRING name = text(L"a");
    ULONG need;
    set_number(key, L"a", 1);
    set(key, L"longer", REG_BINARY, "123456789", 9);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(create_at(key, i ? L"Alpha" : L"beta", 0, &child, NULL), STATUS_SUCCESS);
        ZwClose(child);
    }
    assert_int_equal(ZwEnumerateKey(key, 0, KeyBasicInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.basic.NameLength == 10 && b.basic.Name[0] == 'A');
    assert_int_equal(ZwEnumerateKey(key, 1, KeyNodeInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.node.NameLength == 8 && b.node.Name[0] == 'b');
    assert_int_equal(ZwEnumerateKey(key, 2, KeyBasicInformation, &b, sizeof b, &need), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwEnumerateValueKey(key, 1, KeyValueBasicInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.value.NameLength == 12 && b.value.Type == REG_BINARY);
    assert_int_equal(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, &b, sizeof b, &need), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwQueryKey(key, KeyFullInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_true(b.full.SubKeys == 2 && b.full.MaxNameLen == 10 && b.full.Values == 2 && b.full.MaxValueNameLen == 12 && b.full.MaxValueDataLen == 9);
    assert_int_equal(ZwQueryKey(key, KeyNameInformation, &b, sizeof b, &need), STATUS_SUCCESS);
    assert_int_equal(b.name.NameLength, (sizeof SERVICES L"\\one") - 2);
    assert_int_equal(ZwDeleteKey(key), STATUS_CANNOT_DELETE);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwFlushKey(key), STATUS_SUCCESS);
    ZwClose(key);
}
/* RULE W-REG-2: Keys and values are enumerated until NO_MORE_ENTRIES; a key with subkeys cannot be deleted. */
TEST(W_REG_2_enumerate) { LIFE(enumerating); }

static void deleted_by_another(void)
{
    HANDLE key = make(SERVICES L"\\one"), other = make(SERVICES L"\\one"), again;
    UCHAR buffer[64];
    ULONG need;
    set_number(key, L"v", 1);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    assert_int_equal(query(other, L"v", KeyValuePartialInformation, buffer, sizeof buffer, &need), STATUS_KEY_DELETED);
    assert_int_equal(create_at(other, L"below", 0, &again, NULL), STATUS_KEY_DELETED);
    assert_int_equal(open_at(NULL, SERVICES L"\\one", KEY_READ, &again), STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);
    ZwClose(other);
    assert_int_equal(open_at(NULL, SERVICES L"\\one", KEY_READ, &again), STATUS_OBJECT_NAME_NOT_FOUND);
}
/* RULE W-REG-2: A key that was deleted is gone for who opens it, and STATUS_KEY_DELETED for who has it open. */
TEST(W_REG_2_deleted) { LIFE(deleted_by_another); }

/* ---- W-REG-3 ---- */

static void hostile(void)
{
    HANDLE key = make(SERVICES L"\\one");
    union { KEY_VALUE_PARTIAL_INFORMATION info; UCHAR bytes[64]; } b;
    ULONG need;
    set(key, L"s", REG_SZ, L"ab", 6);
    set_number(key, L"n", 7);
    query(key, L"s", KeyValuePartialInformation, &b, sizeof b, &need); /* 3: another type */
    assert_true(b.info.Type == REG_BINARY && b.info.DataLength == 6);
    query(key, L"s", KeyValuePartialInformation, &b, sizeof b, &need); /* 7: an odd length */
    assert_true(b.info.Type == REG_SZ && b.info.DataLength == 5);
    query(key, L"s", KeyValuePartialInformation, &b, sizeof b, &need); /* 10: no terminator at its end */
    assert_true(b.info.DataLength == 8 && b.bytes[12 + 6] == 'A');
    query(key, L"n", KeyValuePartialInformation, &b, sizeof b, &need); /* 12 + 13: another number */
    assert_true(b.info.Type == REG_DWORD && *(ULONG *)(void *)b.info.Data == 0xffffffff);
    query(key, L"n", KeyValuePartialInformation, &b, sizeof b, &need);
    assert_true(*(ULONG *)(void *)b.info.Data == 7 && b.info.DataLength == 4);
    ZwClose(key);
}
/* RULE W-REG-3: By choice a value is read with another type, an odd length, without terminator or as another number; choice 0 is what was written. */
TEST(W_REG_3_hostile_values)
{
    static const struct chance chance = {.value_count[LANE_REGISTRY] = 4, .value[LANE_REGISTRY] = {3, 7, 10, 25}};
    (void)state;
    unit_life(hostile, &chance);
}

/* ---- W-REG-4 ---- */

static struct { ULONG type, size, calls; WCHAR first; } seen;

static NTSTATUS NTAPI look(PWSTR name, ULONG type, PVOID data, ULONG size, PVOID context, PVOID entry)
{
    (void)name, (void)context, (void)entry;
    seen.type = type, seen.size = size, seen.calls++;
    seen.first = data ? *(WCHAR *)data : 0;
    return STATUS_SUCCESS;
}

static void fill_one(void)
{
    HANDLE key = make(SERVICES L"\\one"), child;
    set_number(key, L"Number", 5);
    set(key, L"Text", REG_SZ, L"hello", 12);
    set(key, L"Several", REG_MULTI_SZ, L"x\0yz\0", 12);
    set(key, L"Long", REG_BINARY, "12345678", 8);
    assert_int_equal(create_at(key, L"Parameters", 0, &child, NULL), STATUS_SUCCESS);
    set_number(child, L"Depth", 9);
    ZwClose(child);
    ZwClose(key);
    memset(&seen, 0, sizeof seen);
}

static NTSTATUS ask(RTL_QUERY_REGISTRY_TABLE *table) { return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"one", table, NULL, NULL); }

#define CHECKED(type) ((ULONG)(type) << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)
#define DIRECTLY (RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK)

static void direct(void)
{
    fill_one();
    ULONG number = 0, depth = 0, missing = 0, fallback = 77;
    UNICODE_STRING string = {0, 0, NULL};
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, DIRECTLY, L"number", &number, CHECKED(REG_DWORD), NULL, 0},
        {NULL, DIRECTLY, L"Text", &string, CHECKED(REG_SZ), NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_SUBKEY, L"Parameters", NULL, 0, NULL, 0},
        {NULL, DIRECTLY, L"Depth", &depth, CHECKED(REG_DWORD), NULL, 0},
        {NULL, DIRECTLY | RTL_QUERY_REGISTRY_TOPKEY, L"Missing", &missing, CHECKED(REG_DWORD) | REG_DWORD, &fallback, sizeof fallback},
        {NULL, 0, NULL, NULL, 0, NULL, 0},
    };
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_true(number == 5 && depth == 9 && missing == 77);
    assert_true(string.Length == 10 && string.MaximumLength == 12 && string.Buffer[4] == 'o' && string.Buffer[5] == 0);
    RtlFreeUnicodeString(&string);
    table[0].DefaultType = CHECKED(REG_SZ);
    assert_int_equal(ask(table), STATUS_OBJECT_TYPE_MISMATCH);
    struct { LONG length; UCHAR room[12]; } in = {-8, {0}};
    RTL_QUERY_REGISTRY_TABLE wide[] = {{NULL, DIRECTLY, L"Long", &in, CHECKED(REG_BINARY), NULL, 0}, {NULL, 0, NULL, NULL, 0, NULL, 0}};
    assert_int_equal(ask(wide), STATUS_SUCCESS);
    assert_int_equal(*(UCHAR *)&in.length, '1');
    in.length = 16;
    assert_int_equal(ask(wide), STATUS_SUCCESS);
    assert_true(in.length == 8 && in.room[4] == '1');
    in.length = -7;
    assert_int_equal(ask(wide), STATUS_BUFFER_TOO_SMALL);
    WCHAR room[5];
    UNICODE_STRING tight = {0, sizeof room, room};
    RTL_QUERY_REGISTRY_TABLE narrow[] = {{NULL, DIRECTLY, L"Text", &tight, CHECKED(REG_SZ), NULL, 0}, {NULL, 0, NULL, NULL, 0, NULL, 0}};
    assert_int_equal(ask(narrow), STATUS_BUFFER_TOO_SMALL);
}
/* RULE W-REG-4: DIRECT copies a number, a text into a UNICODE_STRING (made if it has no buffer) or bytes behind a length; TYPECHECK refuses another type. */
TEST(W_REG_4_direct) { LIFE(direct); }

static void routines(void)
{
    fill_one();
    RTL_QUERY_REGISTRY_TABLE table[] = {{look, 0, L"Several", NULL, 0, NULL, 0}, {NULL, 0, NULL, NULL, 0, NULL, 0}};
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_true(seen.calls == 2 && seen.type == REG_SZ && seen.size == 6 && seen.first == 'y');
    table[0].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_true(seen.calls == 3 && seen.type == REG_MULTI_SZ && seen.size == 12);
    table[0].Name = L"Missing";
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_int_equal(seen.calls, 3);
    table[0].Flags = RTL_QUERY_REGISTRY_REQUIRED;
    assert_int_equal(ask(table), STATUS_OBJECT_NAME_NOT_FOUND);
    table[0].Flags = 0;
    table[0].DefaultType = REG_SZ, table[0].DefaultData = L"q";
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_true(seen.calls == 4 && seen.size == 4 && seen.first == 'q');
    table[0] = (RTL_QUERY_REGISTRY_TABLE){look, RTL_QUERY_REGISTRY_DELETE, L"Number", NULL, 0, NULL, 0};
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_int_equal(seen.calls, 5);
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_int_equal(seen.calls, 5);
    table[0] = (RTL_QUERY_REGISTRY_TABLE){look, RTL_QUERY_REGISTRY_NOVALUE, L"Number", NULL, 0, NULL, 0};
    assert_int_equal(ask(table), STATUS_SUCCESS);
    assert_true(seen.calls == 6 && seen.type == REG_NONE && !seen.size);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"two", table, NULL, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    table[0] = (RTL_QUERY_REGISTRY_TABLE){look, 0, L"Number", NULL, 0, NULL, 0};
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"two", table, NULL, NULL), STATUS_SUCCESS);
}
/* RULE W-REG-4: A routine is called for the value, its default or each text of several; REQUIRED and OPTIONAL say what a missing one means. */
TEST(W_REG_4_routines) { LIFE(routines); }

static void unchecked_in_user_hive(void)
{
    ULONG number = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {{NULL, RTL_QUERY_REGISTRY_DIRECT, L"n", &number, 0, NULL, 0}, {NULL, 0, NULL, NULL, 0, NULL, 0}};
    RtlWriteRegistryValue(RTL_REGISTRY_USER, L"Software\\x", L"n", REG_DWORD, &number, 4);
    RtlQueryRegistryValues(RTL_REGISTRY_USER, L"Software\\x", table, NULL, NULL);
}
static void unchecked_type(void)
{
    ULONG number = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {{NULL, RTL_QUERY_REGISTRY_DIRECT, L"Number", &number, 0, NULL, 0}, {NULL, 0, NULL, NULL, 0, NULL, 0}};
    fill_one();
    ask(table);
    assert_int_equal(number, 5);
    ask(table);
}
/* RULE V-SEC-8: DIRECT without TYPECHECK is bug check 0x139/9 on a hive that anybody may write, and where the value turns out to be a text. */
TEST(V_SEC_8_unchecked_type)
{
    static const struct chance text_comes = {.value_count[LANE_REGISTRY] = 2, .value[LANE_REGISTRY] = {0, 2}};
    BUGCHECK(unchecked_in_user_hive, 0x139, 9);
    unit_expect_bugcheck_by(unchecked_type, &text_comes, 0x139, 9);
    LIFE(unchecked_type);
}

/* ---- W-REG-5 ---- */

static void writing(void)
{
    ULONG number = 3;
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, L"one"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, L"one"), STATUS_SUCCESS);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, L"ONE"), STATUS_SUCCESS);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, SERVICES L"\\one"), STATUS_SUCCESS);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"one", L"n", REG_DWORD, &number, 4), STATUS_SUCCESS);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"one", L"n"), STATUS_SUCCESS);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"one", L"n"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_DEVICEMAP, L"Ports", L"n", REG_DWORD, &number, 4), STATUS_SUCCESS);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Hardware\\DeviceMap\\Ports"), STATUS_SUCCESS);
    HANDLE key = make(SERVICES L"\\one");
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, key, L"n", REG_DWORD, &number, 4), STATUS_SUCCESS);
    ZwClose(key);
    assert_int_equal(RtlCheckRegistryKey(9, L"one"), STATUS_INVALID_PARAMETER);
}
/* RULE W-REG-5: The Rtl routines write, check and delete below the place that RelativeTo names, or a handle. */
TEST(W_REG_5_rtl) { LIFE(writing); }

static void faults(void)
{
    HANDLE key;
    assert_int_equal(open_at(NULL, SERVICES, KEY_READ, &key), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(open_at(NULL, SERVICES, KEY_READ, &key), STATUS_SUCCESS);
    ZwClose(key);
}
TEST(faults_are_injected)
{
    static const struct chance chance = {.fault_count = 1, .fault = {{DDI_ZwOpenKey, 1, 1}}};
    (void)state;
    unit_life(faults, &chance);
}

/* ---- Misuse ---- */

static void query_closed(void)
{
    HANDLE key = make(SERVICES L"\\one");
    ULONG need;
    ZwClose(key);
    query(key, L"v", KeyValuePartialInformation, NULL, 0, &need);
}
static void query_with_deleted(void)
{
    HANDLE key = make(SERVICES L"\\one");
    ULONG need;
    ZwDeleteKey(key);
    query(key, L"v", KeyValuePartialInformation, NULL, 0, &need);
}
/* RULE V-OBJ-2: The handle of a key that was closed, or with which its key was deleted, is bug check 0x93 in whatever uses it. */
TEST(V_OBJ_2_stale_key)
{
    BUGCHECK(query_closed, 0x93, ~0ull);
    BUGCHECK(query_with_deleted, 0x93, ~0ull);
}

static void leak(void) { make(SERVICES L"\\one"); }

static NTSTATUS NTAPI entry_opens(PDRIVER_OBJECT driver, PUNICODE_STRING path);
static VOID NTAPI unload_nothing(PDRIVER_OBJECT driver) { (void)driver; }
static NTSTATUS NTAPI entry_opens(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    OBJECT_ATTRIBUTES a;
    HANDLE key;
    driver->DriverUnload = unload_nothing;
    InitializeObjectAttributes(&a, path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &a), STATUS_SUCCESS);
    return STATUS_SUCCESS;
}
static const struct driver_image opener = {"opener", (int (*)(void *, void *))(void *)entry_opens, NULL, 0};
static void leak_at_unload(void)
{
    struct nt_driver *d;
    assert_int_equal(io_load_driver(&opener, &d), STATUS_SUCCESS);
    io_unload_driver(d);
    assert_true(false); /* not the end of the life */
}
/* RULE V-OBJ-6: The handle of a key that a driver never closed is reported when it is unloaded, at the latest at the end. */
TEST(V_OBJ_6_leaked_key)
{
    BUGCHECK(leak, OWN_RULE, ~0ull);
    unit_expected_rule = "V-OBJ-6";
    BUGCHECK(leak_at_unload, OWN_RULE, 1);
}

static void odd_name(void)
{
    HANDLE key = make(SERVICES L"\\one");
    UNICODE_STRING name = {3, 4, L"ab"};
    ZwSetValueKey(key, &name, 0, REG_DWORD, &name, 4);
}
static void name_over_maximum(void)
{
    UNICODE_STRING name = {4, 2, L"ab"};
    OBJECT_ATTRIBUTES a;
    HANDLE key;
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    ZwOpenKey(&key, KEY_READ, &a);
}
static void user_buffer(void)
{
    HANDLE key = make(SERVICES L"\\one");
    ULONG need;
    set_number(key, L"v", 1);
    query(key, L"v", KeyValuePartialInformation, block_alloc_zero(ARENA_USER, BLOCK_USER, 64, 0, NULL), 64, &need);
}
/* RULE V-SEC-1: A Zw routine of the registry is not given the address of an app. */
/* RULE V-SEC-2: Nor a malformed UNICODE_STRING. */
TEST(V_SEC_1_2_parameters)
{
    BUGCHECK(odd_name, 0xC4, 0xE4);
    BUGCHECK(name_over_maximum, 0xC4, 0xE4);
    BUGCHECK(user_buffer, 0xC4, 0xE0);
}

static VOID in_app(bool kernel_handle)
{
    UNICODE_STRING name = text(SERVICES);
    OBJECT_ATTRIBUTES a;
    HANDLE key;
    InitializeObjectAttributes(&a, &name, kernel_handle ? OBJ_KERNEL_HANDLE : 0, NULL, NULL);
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &a)))
        ZwClose(key);
}
static VOID app_opens(void *kernel_handle)
{
    in_app(kernel_handle != NULL);
}
static void in_process(bool kernel_handle)
{
    struct nt_process *p = process_create("app");
    struct nt_thread *t = ke_create_thread(CTX_APP, ROLE_APP0, "app", p, app_opens, kernel_handle ? p : NULL);
    ke_wait_for_single_object(t, Executive, KernelMode, FALSE, NULL);
    ob_dereference(t);
    ob_dereference(p);
}
static void with_flag(void) { in_process(true); }
static void without_flag(void) { in_process(false); }
/* ---- Notifications ---- */

static WORK_QUEUE_ITEM changed;
static LONG told;

static VOID on_changed(PVOID context) { InterlockedIncrement(&told); }

static HANDLE watched(ULONG filter, BOOLEAN subtree, PVOID queue, IO_STATUS_BLOCK *iosb)
{
    HANDLE key = make(SERVICES L"\\one");
    told = 0;
    ExInitializeWorkItem(&changed, on_changed, NULL);
    assert_int_equal(ZwNotifyChangeKey(key, NULL, (PIO_APC_ROUTINE)(PVOID)&changed, queue, iosb, filter, subtree, NULL, 0, TRUE), STATUS_PENDING);
    return key;
}

static void a_moment(void)
{
    LARGE_INTEGER time = {.QuadPart = -10000};
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

static void notified(void)
{
    IO_STATUS_BLOCK iosb = {.Status = 1};
    HANDLE key = watched(REG_NOTIFY_CHANGE_LAST_SET, FALSE, (PVOID)(ULONG_PTR)DelayedWorkQueue, &iosb), below;
    assert_int_equal(create_at(key, L"sub", 0, &below, NULL), STATUS_SUCCESS);
    set_number(below, L"v", 1); /* neither the filter nor the key */
    a_moment();
    assert_int_equal(InterlockedCompareExchange(&told, 0, 0), 0);
    set_number(key, L"v", 1);
    a_moment();
    assert_int_equal(InterlockedCompareExchange(&told, 0, 0), 1);
    assert_int_equal(iosb.Status, STATUS_NOTIFY_ENUM_DIR);
    set_number(key, L"v", 2); /* it was for one change */
    a_moment();
    assert_int_equal(InterlockedCompareExchange(&told, 0, 0), 1);
    ZwClose(key);
    key = watched(REG_NOTIFY_CHANGE_LAST_SET, TRUE, (PVOID)(ULONG_PTR)CriticalWorkQueue, &iosb);
    set_number(below, L"v", 2);
    a_moment();
    assert_int_equal(InterlockedCompareExchange(&told, 0, 0), 1);
    ZwClose(key);
    key = watched(REG_NOTIFY_CHANGE_NAME, FALSE, (PVOID)(ULONG_PTR)DelayedWorkQueue, &iosb);
    ZwClose(key);
    a_moment();
    assert_int_equal(InterlockedCompareExchange(&told, 0, 0), 1);
    assert_int_equal(iosb.Status, STATUS_NOTIFY_CLEANUP);
    ZwClose(below);
}

static void odd_queue(void)
{
    IO_STATUS_BLOCK iosb;
    watched(REG_NOTIFY_CHANGE_NAME, FALSE, &changed, &iosb);
}
/* RULE V-SEC-4: ZwNotifyChangeKey takes a work item and a queue for it, which runs it when the key changes; another ApcContext is reported. */
TEST(V_SEC_4_notify)
{
    LIFE(notified);
    BUGCHECK(odd_queue, 0xC4, 0xFC);
}

/* RULE V-SEC-5: In an app's process a key is opened with OBJ_KERNEL_HANDLE. */
TEST(V_SEC_5_kernel_handle)
{
    LIFE(with_flag);
    unit_expected_rule = "V-SEC-5";
    BUGCHECK(without_flag, OWN_RULE, ~0ull);
}

static void raised(void)
{
    KIRQL irql;
    ULONG need;
    HANDLE key = make(SERVICES L"\\one");
    KeRaiseIrql(APC_LEVEL, &irql);
    query(key, L"v", KeyValuePartialInformation, NULL, 0, &need);
}
static void raised_delete(void)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"one", L"n");
}
static void raised_write(void)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"one", L"n", REG_DWORD, &irql, 1);
}
static void apcs_disabled(void)
{
    ULONG need;
    HANDLE key = make(SERVICES L"\\one");
    KeEnterGuardedRegion();
    query(key, L"v", KeyValuePartialInformation, NULL, 0, &need);
}
/* RULE V-IRQ-1F: The Zw routines of the registry are called at PASSIVE_LEVEL. */
/* RULE V-IRQ-1E: So is RtlDeleteRegistryValue. */
/* RULE V-IRQ-23: So is RtlWriteRegistryValue. */
/* RULE V-IRQ-34: With special kernel APCs disabled they are bug check 0xC4/0xE5. */
TEST(V_IRQ_1F_registry)
{
    BUGCHECK(raised, 0xC4, 0x2001F);
    BUGCHECK(raised_delete, 0xC4, 0x2001E);
    BUGCHECK(raised_write, 0xC4, 0x20023);
    BUGCHECK(apcs_disabled, 0xC4, 0xE5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_REG_1_open_and_create), cmocka_unit_test(W_REG_1_access), cmocka_unit_test(W_REG_2_lengths),
        cmocka_unit_test(W_REG_2_enumerate), cmocka_unit_test(W_REG_2_deleted), cmocka_unit_test(W_REG_3_hostile_values),
        cmocka_unit_test(W_REG_4_direct), cmocka_unit_test(W_REG_4_routines), cmocka_unit_test(V_SEC_8_unchecked_type),
        cmocka_unit_test(W_REG_5_rtl), cmocka_unit_test(faults_are_injected), cmocka_unit_test(V_OBJ_2_stale_key),
        cmocka_unit_test(V_OBJ_6_leaked_key), cmocka_unit_test(V_SEC_1_2_parameters), cmocka_unit_test(V_SEC_4_notify), cmocka_unit_test(V_SEC_5_kernel_handle),
        cmocka_unit_test(V_IRQ_1F_registry),
    };
    return cmocka_run_group_tests(tests);
}
