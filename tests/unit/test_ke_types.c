/* Types, macros, status values and checked lists as a driver sees them, and APCs: W-TYP, W-APC. */
#include "unit.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static LIST_ENTRY list, a, b, c;

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

/* RULE W-TYP-1: LLP64: long types have 32 bits, pointers and __int64 have 64. */
TEST(W_TYP_1_scalar_sizes)
{
    (void)state;
    assert_int_equal(sizeof(LONG) + sizeof(ULONG) + sizeof(int) + sizeof(UINT32) + sizeof(NTSTATUS) + sizeof(ACCESS_MASK) + sizeof(INT), 7 * 4);
    assert_int_equal(sizeof(CHAR) + sizeof(UCHAR) + sizeof(BOOLEAN) + sizeof(KIRQL) + sizeof(CCHAR), 5);
    assert_int_equal(sizeof(SHORT) + sizeof(USHORT) + sizeof(CSHORT) + sizeof(WCHAR), 4 * 2);
    assert_int_equal(sizeof(LONGLONG) + sizeof(ULONG64) + sizeof(ULONG_PTR) + sizeof(SIZE_T) + sizeof(HANDLE) + sizeof(KAFFINITY), 6 * 8);
    assert_int_equal(sizeof(PHYSICAL_ADDRESS) + sizeof(LONG_PTR), 16);
    assert_true((CCHAR)-1 < 0);
}

/* RULE W-TYP-3: status literals stay 32 bits wide and negative. */
TEST(W_TYP_3_status_is_signed)
{
    (void)state;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    assert_true(status < 0);
    assert_true(status == STATUS_UNSUCCESSFUL);
    assert_true((LONGLONG)STATUS_UNSUCCESSFUL < 0);
}

/* RULE W-TYP-4: BOOLEAN is one byte: a value with high bits only becomes FALSE. */
TEST(W_TYP_4_boolean_truncates)
{
    (void)state;
    volatile int flags = 0x4000;
    BOOLEAN narrow = (BOOLEAN)flags;
    int wide = flags; /* what a BOOL is */
    assert_false(narrow);
    assert_true(wide);
}

/* RULE W-TYP-5: wide characters have 16 bits. */
TEST(W_TYP_5_wide_characters)
{
    (void)state;
    assert_int_equal(sizeof(L"ab"), 6);
    assert_int_equal(sizeof(wchar_t), 2);
}

/* RULE W-TYP-6: a multi-character constant has its first character in the highest byte: tags read reversed in memory. */
TEST(W_TYP_6_multi_character_constants)
{
    (void)state;
    ULONG tag = 'abcd';
    assert_int_equal(tag, 0x61626364);
    assert_int_equal(((UCHAR *)&tag)[0], 'd');
}

/* RULE W-TYP-8: enums have four bytes and a sign. */
TEST(W_TYP_8_enums)
{
    (void)state;
    assert_int_equal(sizeof(POOL_TYPE), 4);
    assert_int_equal(sizeof(KWAIT_REASON), 4);
}

/* RULE W-TYP-9: anonymous members are reached by their own names. */
/* RULE W-TYP-10: LARGE_INTEGER is LowPart, HighPart and QuadPart over each other. */
TEST(W_TYP_9_10_large_integer)
{
    (void)state;
    LARGE_INTEGER n = {.QuadPart = -2};
    assert_int_equal(n.LowPart, 0xfffffffeu);
    assert_int_equal(n.HighPart, -1);
    assert_int_equal(n.u.LowPart, n.LowPart);
    assert_int_equal(sizeof(IO_STATUS_BLOCK), 16);
}

/* RULE W-TYP-11: page size 4096, allocation alignment 16, MAXULONG and MAXLONG of 32 bits. */
TEST(W_TYP_11_constants)
{
    (void)state;
    assert_int_equal(PAGE_SIZE, 4096);
    assert_int_equal(1 << PAGE_SHIFT, PAGE_SIZE);
    assert_int_equal(MAXULONG, 0xffffffffu);
    assert_int_equal(MAXLONG, 0x7fffffff);
    assert_int_equal(MEMORY_ALLOCATION_ALIGNMENT, 16);
}

/* RULE W-TYP-22: CTL_CODE packs type, access, function and method. */
TEST(W_TYP_22_control_codes)
{
    (void)state;
    ULONG code = CTL_CODE(0x8001, 0x802, METHOD_OUT_DIRECT, FILE_READ_ACCESS);
    assert_int_equal(code, 0x8001u << 16 | 1u << 14 | 0x802u << 2 | 2);
    assert_int_equal(DEVICE_TYPE_FROM_CTL_CODE(code), 0x8001);
    assert_int_equal(METHOD_FROM_CTL_CODE(code), METHOD_OUT_DIRECT);
}

/* RULE W-TYP-23: success, information, warning and error are told apart by the two top bits. */
TEST(W_TYP_23_status_macros)
{
    (void)state;
    assert_true(NT_SUCCESS(STATUS_PENDING) && NT_SUCCESS(STATUS_TIMEOUT) && NT_SUCCESS(STATUS_USER_APC) && NT_SUCCESS(STATUS_ABANDONED));
    assert_true(NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS) && NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS));
    assert_true(!NT_SUCCESS(STATUS_BUFFER_OVERFLOW) && NT_WARNING(STATUS_BUFFER_OVERFLOW) && !NT_ERROR(STATUS_BUFFER_OVERFLOW));
    assert_true(NT_ERROR(STATUS_UNSUCCESSFUL) && !NT_SUCCESS(STATUS_UNSUCCESSFUL));
    assert_int_equal((ULONG)STATUS_DEVICE_BUSY, 0x80000011u);
    assert_int_equal((ULONG)STATUS_NO_MORE_ENTRIES, 0x8000001Au);
}

static void lists(void)
{
    InitializeListHead(&list);
    assert_true(IsListEmpty(&list));
    InsertTailList(&list, &b);
    InsertHeadList(&list, &a);
    InsertTailList(&list, &c);
    assert_false(RemoveEntryList(&b));
    assert_true(RemoveHeadList(&list) == &a);
    assert_true(RemoveTailList(&list) == &c);
    assert_true(IsListEmpty(&list));
    InsertTailList(&list, &a);
    assert_true(RemoveEntryList(&a));
}
static void broken_list(void)
{
    InitializeListHead(&list);
    InsertTailList(&list, &a);
    a.Blink = &b;
    b.Flink = b.Blink = &b;
    RemoveEntryList(&a);
}
/* RULE W-TYP-25: list macros keep the circle, tell when it is empty, and fail fast (0x139/3) on links that do not match. */
TEST(W_TYP_25_checked_lists)
{
    LIFE(lists);
    BUGCHECK(broken_list, 0x139, 3);
}

static void removed_twice(void)
{
    InitializeListHead(&list);
    InsertTailList(&list, &a);
    InsertTailList(&list, &b);
    RemoveEntryList(&a);
    RemoveEntryList(&a);
}
/* RULE W-TYP-26: an entry that is removed twice is always seen. */
TEST(W_TYP_26_removed_twice) { BUGCHECK(removed_twice, 0x139, 3); }

struct record {
    ULONG before;
    LIST_ENTRY link;
    UCHAR after[5];
};

/* RULE W-TYP-27: the layout and alignment helpers. */
TEST(W_TYP_27_layout_macros)
{
    (void)state;
    struct record r;
    assert_true(CONTAINING_RECORD(&r.link, struct record, link) == &r);
    assert_int_equal(FIELD_OFFSET(struct record, link), 8);
    assert_int_equal(RTL_FIELD_SIZE(struct record, after), 5);
    assert_int_equal(RTL_SIZEOF_THROUGH_FIELD(struct record, link), 24);
    assert_int_equal(ARRAYSIZE(r.after), 5);
    assert_int_equal(BYTE_OFFSET((PVOID)(ULONG_PTR)0x12345), 0x345);
    assert_int_equal((ULONG_PTR)PAGE_ALIGN((PVOID)(ULONG_PTR)0x12345), 0x12000);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)(ULONG_PTR)0xfff, 2), 2);
    assert_int_equal(max(2, 3) + min(2, 3), 5);
}

/* RULE W-TYP-29: the kernel's opaque types have at least the size they have on Windows. */
TEST(W_TYP_29_opaque_sizes)
{
    (void)state;
    assert_true(sizeof(KEVENT) >= 24 && sizeof(KSEMAPHORE) >= 32 && sizeof(KMUTEX) >= 56 && sizeof(KTIMER) >= 64 && sizeof(KDPC) >= 64);
    assert_true(sizeof(FAST_MUTEX) >= 56 && sizeof(ERESOURCE) >= 104 && sizeof(KSPIN_LOCK) == 8 && sizeof(EX_RUNDOWN_REF) == 8);
}

/* ---- APCs ---- */

static int apcs[4], apc_count;
static struct nt_apc apc_a, apc_b;
static KIRQL apc_irql;

static void apc_a_ran(struct nt_apc *apc)
{
    apc_irql = KeGetCurrentIrql();
    apcs[apc_count++] = apc == &apc_a ? 1 : 2;
}

static void kernel_apcs(void)
{
    apc_count = 0;
    apc_a.run = apc_b.run = apc_a_ran;
    KeEnterCriticalRegion();
    ke_queue_kernel_apc(ke_current_thread(), &apc_a);
    assert_int_equal(apc_count, 1); /* a special kernel APC runs in a critical region */
    assert_int_equal(apc_irql, APC_LEVEL);
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    ke_queue_kernel_apc(ke_current_thread(), &apc_b);
    assert_int_equal(apc_count, 1);
    KeLeaveGuardedRegion();
    assert_int_equal(apc_count, 2); /* before the DDI returned */
}
/* RULE W-APC-1: a special kernel APC runs at APC_LEVEL, in critical regions too, and is held by a guarded region. */
/* RULE W-IRQL-4: what became deliverable is delivered before the call returns. */
TEST(W_APC_1_special_kernel_apcs) { LIFE(kernel_apcs); }

static void user_apcs(void)
{
    KEVENT *event = ex_system_alloc(sizeof *event);
    apc_count = 0;
    apc_a.run = apc_b.run = apc_a_ran;
    ke_initialize_event(event, NotificationEvent, FALSE);
    ke_queue_user_apc(ke_current_thread(), &apc_a);
    ke_queue_user_apc(ke_current_thread(), &apc_b);
    assert_int_equal(KeWaitForSingleObject(event, UserRequest, UserMode, TRUE, NULL), STATUS_USER_APC);
    assert_int_equal(apc_count, 0); /* on the way back to user mode */
    assert_true(ke_run_user_apcs());
    assert_int_equal(apcs[0] * 10 + apcs[1], 12);
    assert_false(ke_run_user_apcs());
}
/* RULE W-APC-2: an alertable wait ends for user APCs; all that are queued run, first in, first out. */
/* RULE W-KE-7: an alertable wait in UserMode returns STATUS_USER_APC. */
TEST(W_APC_2_user_apcs) { LIFE(user_apcs); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_TYP_1_scalar_sizes), cmocka_unit_test(W_TYP_3_status_is_signed), cmocka_unit_test(W_TYP_4_boolean_truncates),
        cmocka_unit_test(W_TYP_5_wide_characters), cmocka_unit_test(W_TYP_6_multi_character_constants), cmocka_unit_test(W_TYP_8_enums),
        cmocka_unit_test(W_TYP_9_10_large_integer), cmocka_unit_test(W_TYP_11_constants), cmocka_unit_test(W_TYP_22_control_codes),
        cmocka_unit_test(W_TYP_23_status_macros), cmocka_unit_test(W_TYP_25_checked_lists), cmocka_unit_test(W_TYP_26_removed_twice),
        cmocka_unit_test(W_TYP_27_layout_macros), cmocka_unit_test(W_TYP_29_opaque_sizes), cmocka_unit_test(W_APC_1_special_kernel_apcs),
        cmocka_unit_test(W_APC_2_user_apcs),
    };
    return cmocka_run_group_tests(tests);
}
