/* Types, macros, status values and checked lists as a driver sees them, and APCs: W-TYP, W-APC. */
#include "unit.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static LIST_ENTRY list, a, b, c;

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

/* RULE W-TYP-1: Types are LLP64: long types have 32 bits, pointers and __int64 have 64. */
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

/* RULE W-TYP-3: NTSTATUS literals stay 32 bits wide and negative. */
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

/* RULE W-TYP-5: Wide characters (WCHAR, L"...") have 16 bits. */
TEST(W_TYP_5_wide_characters)
{
    (void)state;
    assert_int_equal(sizeof(L"ab"), 6);
    assert_int_equal(sizeof(wchar_t), 2);
}

/* RULE W-TYP-6: A multi-character constant has its first character in the highest byte, so that pool tags read reversed in memory. */
TEST(W_TYP_6_multi_character_constants)
{
    (void)state;
    ULONG tag = 'abcd';
    assert_int_equal(tag, 0x61626364);
    assert_int_equal(((UCHAR *)&tag)[0], 'd');
}

/* RULE W-TYP-8: Enumeration types have four bytes and a sign. */
TEST(W_TYP_8_enums)
{
    (void)state;
    assert_int_equal(sizeof(POOL_TYPE), 4);
    assert_int_equal(sizeof(KWAIT_REASON), 4);
}

/* RULE W-TYP-9: Members of anonymous structures and unions are reached by their own names. */
/* RULE W-TYP-10: LARGE_INTEGER has LowPart and HighPart in the same place as QuadPart. */
TEST(W_TYP_9_10_large_integer)
{
    (void)state;
    LARGE_INTEGER n = {.QuadPart = -2};
    assert_int_equal(n.LowPart, 0xfffffffeu);
    assert_int_equal(n.HighPart, -1);
    assert_int_equal(n.u.LowPart, n.LowPart);
    assert_int_equal(sizeof(IO_STATUS_BLOCK), 16);
}

/* RULE W-TYP-11: The page size is 4096, allocation alignment 16, and MAXULONG and MAXLONG have 32 bits. */
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

/* RULE W-TYP-23: The two top bits of an NTSTATUS tell success, information, warning and error apart. */
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
/* RULE V-MEM-29: Using a list entry whose links were corrupted is bug check 0x139/3. */
/* RULE W-TYP-25: The list macros keep the circle, tell when it is empty, and fail fast (0x139/3) on links that do not match. */
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
/* RULE W-TYP-26: Removing a list entry twice is always seen. */
TEST(W_TYP_26_removed_twice) { BUGCHECK(removed_twice, 0x139, 3); }

struct record {
    ULONG before;
    LIST_ENTRY link;
    UCHAR after[5];
};

/* RULE W-TYP-27: The helper macros for layout and alignment have the values they have on Windows. */
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

/* RULE W-TYP-29: The kernel's opaque types have at least the size they have on Windows. */
TEST(W_TYP_29_opaque_sizes)
{
    (void)state;
    assert_true(sizeof(KEVENT) >= 24 && sizeof(KSEMAPHORE) >= 32 && sizeof(KMUTEX) >= 56 && sizeof(KTIMER) >= 64 && sizeof(KDPC) >= 64);
    assert_true(sizeof(FAST_MUTEX) >= 56 && sizeof(ERESOURCE) >= 104 && sizeof(KSPIN_LOCK) == 8 && sizeof(EX_RUNDOWN_REF) == 8);
}

/* ---- The compile environment ---- */

#include <pshpack1.h>
struct packed {
    UCHAR kind;
    ULONG length;
    ULONGLONG address;
};
#include <poppack.h>
#pragma pack(push, 2)
struct packed_2 {
    UCHAR kind;
    ULONG length;
};
#pragma pack(pop)
struct natural {
    UCHAR kind;
    ULONGLONG address;
    UCHAR end;
};
struct register_bits { /* another declared size: another storage unit */
    UCHAR enable : 1;
    USHORT count : 4;
    ULONG mode : 3;
    ULONG speed : 5;
};

/* RULE W-TYP-7: Structures have natural alignment; #pragma pack and pshpack headers change it; a bit-field of another size begins a new unit. */
TEST(W_TYP_7_packing)
{
    (void)state;
    assert_int_equal(sizeof(struct packed), 13);
    assert_int_equal(sizeof(struct packed_2), 6);
    assert_int_equal(sizeof(struct natural), 24);
    assert_int_equal(sizeof(struct register_bits), 8);
    assert_int_equal(__alignof(SLIST_HEADER), 16);
    union { struct register_bits bits; USHORT words[4]; } r = {.words = {0}};
    r.bits.count = 5;
    r.bits.speed = 3;
    assert_int_equal(r.words[1], 5);
    assert_int_equal(r.words[2], 3 << 3);
}

static ULONG NTAPI sum_nt(ULONG a, ULONG b) { return a + b; }
static ULONG __stdcall sum_std(ULONG a, ULONG b) { return a + b; }
static ULONG __cdecl sum_c(ULONG a, ULONG b) { return a + b; }
static ULONG FASTCALL sum_fast(ULONG a, ULONG b) { return a + b; }
static ULONG __cdecl sum_of(ULONG count, ...)
{
    ULONG sum = 0;
    va_list arguments;
    va_start(arguments, count);
    while (count--)
        sum += va_arg(arguments, ULONG);
    va_end(arguments);
    return sum;
}

/* RULE W-TYP-12: On x64 there is one calling convention: the keywords for others are accepted and do not change a function's type. */
TEST(W_TYP_12_calling_conventions)
{
    (void)state;
    ULONG (*const functions[])(ULONG, ULONG) = {sum_nt, sum_std, sum_c, sum_fast};
    for (unsigned i = 0; i < ARRAYSIZE(functions); i++)
        assert_int_equal(functions[i](2, i), 2 + i);
    assert_int_equal(sum_of(4, 1u, 2u, 3u, 4u), 10);
}

typedef struct _ANNOTATED {
    ULONG Size;
    _Field_size_bytes_(Size) PUCHAR Bytes;
    _Field_size_(4) UCHAR Four[4];
    _Guarded_by_(Lock) ULONG Count;
    KSPIN_LOCK Lock;
} ANNOTATED;

_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_requires_same_ _Must_inspect_result_ _Success_(return == 0) _When_(length > 4, _At_(out, _Out_writes_(4)))
static NTSTATUS annotated(_In_reads_bytes_(length) const VOID *in, _In_ ULONG length, _Out_writes_bytes_to_(4, *written) PVOID out,
                          _Inout_ PULONG written, _In_opt_ PVOID none)
{
    _Analysis_assume_(length < 5);
    RtlCopyMemory(out, in, length);
    *written += length;
    return none ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

_Acquires_lock_(a->Lock) _IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_ static KIRQL annotated_acquire(__inout ANNOTATED *a)
{
    KIRQL irql;
    KeAcquireSpinLock(&a->Lock, &irql);
    return irql;
}

_Requires_lock_held_(a->Lock) _Releases_lock_(a->Lock) _Function_class_(DRIVER_DISPATCH) __drv_maxIRQL(DISPATCH_LEVEL)
static VOID annotated_release(__in ANNOTATED *a, _IRQL_restores_ KIRQL irql) { KeReleaseSpinLock(&a->Lock, irql); }

static void annotations(void)
{
    ANNOTATED a = {0};
    ULONG in = 7, out = 0, written = 1;
    KeInitializeSpinLock(&a.Lock);
    KIRQL irql = annotated_acquire(&a);
    assert_int_equal(annotated(&in, sizeof in, &out, &written, NULL), STATUS_SUCCESS);
    annotated_release(&a, irql);
    assert_int_equal(out * 10 + written, 75);
}
/* RULE W-TYP-13: SAL annotations of all kinds expand to nothing. */
TEST(W_TYP_13_annotations) { LIFE(annotations); }

#define IS(type, ...) C_ASSERT(__builtin_types_compatible_p(type, __VA_ARGS__))
IS(DRIVER_INITIALIZE, NTSTATUS(PDRIVER_OBJECT, PUNICODE_STRING));
IS(DRIVER_UNLOAD, VOID(PDRIVER_OBJECT));
IS(DRIVER_ADD_DEVICE, NTSTATUS(PDRIVER_OBJECT, PDEVICE_OBJECT));
IS(DRIVER_DISPATCH, NTSTATUS(PDEVICE_OBJECT, PIRP));
IS(DRIVER_STARTIO, VOID(PDEVICE_OBJECT, PIRP));
IS(DRIVER_CANCEL, VOID(PDEVICE_OBJECT, PIRP));
IS(DRIVER_CONTROL, IO_ALLOCATION_ACTION(PDEVICE_OBJECT, PIRP, PVOID, PVOID));
IS(DRIVER_LIST_CONTROL, VOID(PDEVICE_OBJECT, PIRP, PSCATTER_GATHER_LIST, PVOID));
IS(DRIVER_REINITIALIZE, VOID(PDRIVER_OBJECT, PVOID, ULONG));
IS(IO_COMPLETION_ROUTINE, NTSTATUS(PDEVICE_OBJECT, PIRP, PVOID));
IS(IO_DPC_ROUTINE, VOID(PKDPC, PDEVICE_OBJECT, PIRP, PVOID));
IS(IO_TIMER_ROUTINE, VOID(PDEVICE_OBJECT, PVOID));
IS(IO_WORKITEM_ROUTINE, VOID(PDEVICE_OBJECT, PVOID));
IS(IO_WORKITEM_ROUTINE_EX, VOID(PVOID, PVOID, PIO_WORKITEM));
IS(KDEFERRED_ROUTINE, VOID(PKDPC, PVOID, PVOID, PVOID));
IS(KSERVICE_ROUTINE, BOOLEAN(PKINTERRUPT, PVOID));
IS(KMESSAGE_SERVICE_ROUTINE, BOOLEAN(PKINTERRUPT, PVOID, ULONG));
IS(KSYNCHRONIZE_ROUTINE, BOOLEAN(PVOID));
IS(KSTART_ROUTINE, VOID(PVOID));
IS(REQUEST_POWER_COMPLETE, VOID(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID, PIO_STATUS_BLOCK));
IS(IO_CSQ_INSERT_IRP, VOID(PIO_CSQ, PIRP));
IS(IO_CSQ_REMOVE_IRP, VOID(PIO_CSQ, PIRP));
IS(IO_CSQ_PEEK_NEXT_IRP, PIRP(PIO_CSQ, PIRP, PVOID));
IS(IO_CSQ_COMPLETE_CANCELED_IRP, VOID(PIO_CSQ, PIRP));
IS(EXT_CALLBACK, VOID(PEX_TIMER, PVOID));
IS(WORKER_THREAD_ROUTINE, VOID(PVOID));
IS(DRIVER_NOTIFICATION_CALLBACK_ROUTINE, NTSTATUS(PVOID, PVOID));

_Dispatch_type_(IRP_MJ_READ) static DRIVER_DISPATCH declared_by_role;
_Use_decl_annotations_ static NTSTATUS declared_by_role(PDEVICE_OBJECT device, PIRP irp) { return device || irp ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS; }

/* RULE W-TYP-14: Role types are function types with Windows' prototypes, to declare a routine with. */
TEST(W_TYP_14_role_types)
{
    (void)state;
    PDRIVER_DISPATCH routine = declared_by_role;
    assert_int_equal(routine(NULL, NULL), STATUS_SUCCESS);
}

__declspec(align(32)) static UCHAR aligned[5];
DECLSPEC_ALIGN(64) static UCHAR aligned_more[5];
__declspec(selectany) int ke_types_selected = 3;
static __declspec(noinline) int not_inlined(int n) { return n + 1; }
__declspec(deprecated) FORCEINLINE int old_function(void) { return 1; }
__declspec(noreturn) static void never_returns(void) { KeBugCheck(0xE2); }
static __forceinline __int64 forced(__int64 n) { return n << 32; }
FORCEINLINE ULONG forced_too(ULONG n) { return n; }

static NTSTATUS in_page(VOID);
static NTSTATUS in_init(VOID);
#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, in_page)
#pragma alloc_text(INIT, in_init)
#endif
#pragma warning(push)
#pragma warning(disable : 4100 4201)
#pragma prefast(suppress : 28118, "a reason")
#pragma code_seg()
#pragma comment(lib, "wdmsec.lib")
static NTSTATUS in_page(VOID) { return STATUS_SUCCESS; }
static NTSTATUS in_init(VOID) { return STATUS_SUCCESS; }
#pragma warning(pop)

/* RULE W-TYP-15: Storage keywords and pragmas are accepted; alignment is honoured and alloc_text recorded. */
TEST(W_TYP_15_storage_keywords)
{
    (void)state;
    assert_int_equal((ULONG_PTR)aligned % 32 + (ULONG_PTR)aligned_more % 64, 0);
    assert_int_equal(not_inlined(ke_types_selected), 4);
    assert_int_equal(forced(2), 0x200000000ll);
    assert_int_equal(forced_too(2), 2);
    UCHAR bytes[8] = {0, 1, 0, 0, 0};
    ULONG UNALIGNED *odd = (ULONG UNALIGNED *)&bytes[1];
    void *__ptr64 wide = bytes;
    assert_true(*odd == 1 && wide == bytes && sizeof(__int64) == 8);
    assert_true(is_pageable_code((const void *)in_page) && !is_pageable_code((const void *)in_init));
    assert_true(is_driver_code((const void *)in_init));
    assert_false(is_driver_code((const void *)never_returns));
}

/* RULE W-TYP-16: The macros that drivers test have the values of a 64-bit kernel build of Windows 10 with DBG. */
TEST(W_TYP_16_predefined_macros)
{
    (void)state;
#if !defined(_WIN64) || !defined(_AMD64_) || !defined(_M_AMD64) || !defined(_KERNEL_MODE) || !defined(ALLOC_PRAGMA) || defined(__linux__) || defined(__unix__)
#error "not what a driver expects"
#endif
    assert_int_equal(_KERNEL_MODE, 1);
    assert_int_equal(DBG, 1);
    assert_int_equal(_WIN32_WINNT, 0x0A00);
    assert_int_equal(NTDDI_VERSION >> 16, 0x0A00);
    assert_int_equal(_MSC_VER, 1929);
}

DECLARE_CONST_UNICODE_STRING(constant_string, L"const");
DECLARE_GLOBAL_CONST_UNICODE_STRING(ke_types_global_string, L"global");

/* RULE W-TYP-24: A UNICODE_STRING counts bytes without the NUL; initialising one caps at 0xFFFE, and from NULL makes it empty. */
TEST(W_TYP_24_unicode_strings)
{
    (void)state;
    static WCHAR endless[0x8100];
    UNICODE_STRING s = RTL_CONSTANT_STRING(L"abc");
    assert_int_equal(s.Length * 100 + s.MaximumLength, 608);
    RtlInitUnicodeString(&s, NULL);
    assert_true(s.Length == 0 && s.MaximumLength == 0 && s.Buffer == NULL);
    RtlInitUnicodeString(&s, L"abcd");
    assert_int_equal(s.Length * 100 + s.MaximumLength, 810);
    for (unsigned i = 0; i + 1 < ARRAYSIZE(endless); i++)
        endless[i] = L'x';
    RtlInitUnicodeString(&s, endless);
    assert_int_equal(s.Length, 0xFFFC);
    assert_int_equal(s.MaximumLength, 0xFFFE);
    RtlInitEmptyUnicodeString(&s, endless, 64);
    assert_true(s.Length == 0 && s.MaximumLength == 64 && s.Buffer == endless);
    DECLARE_UNICODE_STRING_SIZE(room, 12);
    assert_true(room.Length == 0 && room.MaximumLength == 24 && room.Buffer == room_buffer);
    assert_int_equal(constant_string.Length * 100 + constant_string.MaximumLength, 1012);
    assert_int_equal(ke_types_global_string.Length * 100 + ke_types_global_string.MaximumLength, 1214);
}

static int evaluated;
static void passing_assertions(void)
{
    ASSERT(1 + 1 == 2);
    ASSERTMSG("fine", TRUE);
    assert_true(NT_ASSERT(evaluated == 0));
    KdPrint(("twice %d\n", evaluated++));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "parenthesised %d\n", evaluated++));
    assert_int_equal(evaluated, 2);
}
static void failing_assertion(void) { ASSERT(evaluated == 99); }
static void failing_message(void) { ASSERTMSG("said", FALSE); }
static void failing_nt_assert(void) { NT_ASSERT(FALSE); }
/* RULE W-TYP-28: Assertions are active with DBG and a failed one is reported; KdPrint takes double parentheses. */
TEST(W_TYP_28_assertions)
{
    evaluated = 0;
    LIFE(passing_assertions);
    BUGCHECK(failing_assertion, OWN_DRIVER_ASSERTION, ~0ull);
    BUGCHECK(failing_message, OWN_DRIVER_ASSERTION, ~0ull);
    BUGCHECK(failing_nt_assert, OWN_DRIVER_ASSERTION, ~0ull);
}

#define FIELD(type, field, offset) C_ASSERT(FIELD_OFFSET(type, field) == (offset))
FIELD(DRIVER_OBJECT, DeviceObject, 0x08);
FIELD(DRIVER_OBJECT, DriverExtension, 0x30);
FIELD(DRIVER_OBJECT, HardwareDatabase, 0x48);
FIELD(DRIVER_OBJECT, FastIoDispatch, 0x50);
FIELD(DRIVER_OBJECT, DriverStartIo, 0x60);
FIELD(DRIVER_OBJECT, DriverUnload, 0x68);
FIELD(DRIVER_OBJECT, MajorFunction, 0x70);
FIELD(DRIVER_EXTENSION, AddDevice, 0x08);
FIELD(DEVICE_OBJECT, DriverObject, 0x08);
FIELD(DEVICE_OBJECT, NextDevice, 0x10);
FIELD(DEVICE_OBJECT, AttachedDevice, 0x18);
FIELD(DEVICE_OBJECT, CurrentIrp, 0x20);
FIELD(DEVICE_OBJECT, Flags, 0x30);
FIELD(DEVICE_OBJECT, Characteristics, 0x34);
FIELD(DEVICE_OBJECT, DeviceExtension, 0x40);
FIELD(DEVICE_OBJECT, DeviceType, 0x48);
FIELD(DEVICE_OBJECT, StackSize, 0x4C);
FIELD(DEVICE_OBJECT, AlignmentRequirement, 0x98);
FIELD(DEVICE_OBJECT, DeviceQueue, 0xA0);
FIELD(DEVICE_OBJECT, Dpc, 0xC8);
FIELD(FILE_OBJECT, DeviceObject, 0x08);
FIELD(FILE_OBJECT, FsContext, 0x18);
FIELD(FILE_OBJECT, FsContext2, 0x20);
FIELD(FILE_OBJECT, RelatedFileObject, 0x40);
FIELD(FILE_OBJECT, Flags, 0x50);
FIELD(FILE_OBJECT, FileName, 0x58);
FIELD(FILE_OBJECT, CurrentByteOffset, 0x68);
FIELD(IRP, MdlAddress, 0x08);
FIELD(IRP, Flags, 0x10);
FIELD(IRP, AssociatedIrp, 0x18);
FIELD(IRP, IoStatus, 0x30);
FIELD(IRP, RequestorMode, 0x40);
FIELD(IRP, PendingReturned, 0x41);
FIELD(IRP, StackCount, 0x42);
FIELD(IRP, CurrentLocation, 0x43);
FIELD(IRP, Cancel, 0x44);
FIELD(IRP, CancelIrql, 0x45);
FIELD(IRP, CancelRoutine, 0x68);
FIELD(IRP, UserBuffer, 0x70);
FIELD(IRP, Tail.Overlay.DeviceQueueEntry, 0x78);
FIELD(IRP, Tail.Overlay.DriverContext, 0x78);
FIELD(IRP, Tail.Overlay.Thread, 0x98);
FIELD(IRP, Tail.Overlay.ListEntry, 0xA8);
FIELD(IRP, Tail.Overlay.CurrentStackLocation, 0xB8);
FIELD(IRP, Tail.Overlay.OriginalFileObject, 0xC0);

/* RULE W-TYP-30: The fields that drivers touch are at the offsets they have on Windows. */
TEST(W_TYP_30_fields)
{
    (void)state;
    assert_int_equal(sizeof(DRIVER_OBJECT), 0x150);
    assert_int_equal(sizeof(FILE_OBJECT), 0xD8);
    assert_int_equal(sizeof(IRP), 0xD0);
    assert_int_equal(sizeof(IO_STACK_LOCATION), 0x48);
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
/* RULE W-APC-1: A special kernel APC runs at APC_LEVEL, in critical regions too, and is held by a guarded region. */
/* RULE W-IRQL-4: An APC or DPC that lowering the level makes deliverable is delivered before the call returns. */
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
/* RULE W-APC-2: An alertable wait ends for user APCs; all that are queued run, first in, first out. */
/* RULE W-KE-7: An alertable wait in UserMode returns STATUS_USER_APC. */
TEST(W_APC_2_user_apcs) { LIFE(user_apcs); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_TYP_1_scalar_sizes), cmocka_unit_test(W_TYP_3_status_is_signed), cmocka_unit_test(W_TYP_4_boolean_truncates),
        cmocka_unit_test(W_TYP_5_wide_characters), cmocka_unit_test(W_TYP_6_multi_character_constants), cmocka_unit_test(W_TYP_8_enums),
        cmocka_unit_test(W_TYP_9_10_large_integer), cmocka_unit_test(W_TYP_11_constants), cmocka_unit_test(W_TYP_22_control_codes),
        cmocka_unit_test(W_TYP_23_status_macros), cmocka_unit_test(W_TYP_25_checked_lists), cmocka_unit_test(W_TYP_26_removed_twice),
        cmocka_unit_test(W_TYP_27_layout_macros), cmocka_unit_test(W_TYP_29_opaque_sizes), cmocka_unit_test(W_APC_1_special_kernel_apcs),
        cmocka_unit_test(W_APC_2_user_apcs), cmocka_unit_test(W_TYP_7_packing), cmocka_unit_test(W_TYP_12_calling_conventions),
        cmocka_unit_test(W_TYP_13_annotations), cmocka_unit_test(W_TYP_14_role_types), cmocka_unit_test(W_TYP_15_storage_keywords),
        cmocka_unit_test(W_TYP_16_predefined_macros), cmocka_unit_test(W_TYP_24_unicode_strings), cmocka_unit_test(W_TYP_28_assertions),
        cmocka_unit_test(W_TYP_30_fields),
    };
    return cmocka_run_group_tests(tests);
}
