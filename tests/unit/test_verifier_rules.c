/*
 * Rules of the verifier about memory, MDLs, buffers, interrupts and what a driver had better not call: V-MDL-8..11, V-MEM-17..28, V-BUF-7, 9, V-IO-13, V-SEC-9, 10,
 * V-MSC-8, V-DRV-9.
 */
#include "two_devices.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static DWORD n;
static PVOID memory;

static PMDL mdl_of(PVOID address, ULONG length) { return IoAllocateMdl(address, length, FALSE, FALSE, NULL); }
static PMDL pool_mdl(void)
{
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'lurV');
    return mdl_of(memory, 64);
}
static void free_both(PMDL mdl)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(memory, 'lurV');
}

/* ---- MDLs ---- */

#define DEVICE_MEMORY ((PVOID)(ULONG_PTR)(IO_SPACE_BASE + 0x1000)) /* as MmMapIoSpace gives it */

static void device_memory_locked(void) { MmProbeAndLockPages(mdl_of(DEVICE_MEMORY, 64), KernelMode, IoModifyAccess); }
static void device_memory_mapped(void)
{
    static union { MDL mdl; char room[sizeof(MDL) + 16]; } own;
    MmInitializeMdl(&own.mdl, DEVICE_MEMORY, 64);
    own.mdl.MdlFlags |= MDL_PAGES_LOCKED;
    MmGetSystemAddressForMdlSafe(&own.mdl, NormalPagePriority);
}
static void device_memory_built(void)
{
    PMDL mdl = mdl_of(DEVICE_MEMORY, 64);
    MmBuildMdlForNonPagedPool(mdl);
    assert_true(mdl->MdlFlags & MDL_IO_SPACE);
    assert_true(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == DEVICE_MEMORY);
    IoFreeMdl(mdl);
}

static PMDL locked(void)
{
    PMDL mdl = pool_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    return mdl;
}
static void locked_again_over_itself(void)
{
    PMDL mdl = locked();
    MmInitializeMdl(mdl, memory, 64);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
}
static void locked_unlocked_and_locked(void)
{
    PMDL mdl = locked();
    MmUnlockPages(mdl);
    MmInitializeMdl(mdl, memory, 32);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    MmUnlockPages(mdl);
    free_both(mdl);
}

static void count_changed(void)
{
    PMDL mdl = pool_mdl();
    mdl->ByteCount = 32;
    MmBuildMdlForNonPagedPool(mdl);
}
static void flags_changed(void)
{
    PMDL mdl = locked();
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    IoFreeMdl(mdl);
}
static void start_changed(void)
{
    PMDL mdl = locked();
    mdl->ByteOffset += 16;
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
}
static NTSTATUS shorten(PDEVICE_OBJECT device, PIRP irp)
{
    irp->MdlAddress->ByteCount = 2;
    return complete(irp, STATUS_SUCCESS, 2);
}
static void request_shortened(void)
{
    up->Flags = (up->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    low->Flags = (low->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    upper[IRP_MJ_READ] = shorten;
    read_four();
}
/* What drivers do: link, let a mapping fail, look. */
static void linked_and_looked_at(void)
{
    PMDL mdl = locked(), other = mdl_of(memory, 16);
    mdl->Next = other;
    mdl->MdlFlags |= MDL_MAPPING_CAN_FAIL;
    assert_true(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory && MmGetMdlByteCount(mdl) == 64);
    IoBuildPartialMdl(mdl, other, (char *)memory + 16, 16);
    assert_true(MmGetMdlVirtualAddress(other) == (char *)memory + 16);
    MmPrepareMdlForReuse(other);
    IoBuildPartialMdl(mdl, other, memory, 16);
    MmUnmapLockedPages(memory, mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(other);
    free_both(mdl);
}

/* ---- Pool, stacks ---- */

#if !defined(IRPFUZZ_ASAN)
static void underrun(int bytes)
{
    volatile char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'lurV');
    for (int i = 1; i <= bytes; i++)
        p[-i] = 0;
    ExFreePoolWithTag((PVOID)p, 'lurV');
}
static void written_before(void) { underrun(4); }
static void written_inside(void) { underrun(0); }
#endif

static PHYSICAL_ADDRESS up_to(LONGLONG address) { return (PHYSICAL_ADDRESS){.QuadPart = address}; }
static void low_memory(void) { MmFreeContiguousMemory(MmAllocateContiguousMemory(100, up_to(0xffffffff))); }
static void any_memory(void)
{
    PHYSICAL_ADDRESS physical;
    ULONG *p = MmAllocateContiguousMemory(10000, up_to(-1));
    assert_true(p && ((ULONG_PTR)p & 0xfff) == 0);
    physical = MmGetPhysicalAddress(p);
    assert_int_equal(MmGetPhysicalAddress((char *)p + 9999).QuadPart, physical.QuadPart + 9999);
    p[2499] = 1;
    MmFreeContiguousMemory(p);
    p = MmAllocateContiguousMemorySpecifyCache(64, up_to(0), up_to(-1), up_to(0x10000), MmCached);
    MmFreeContiguousMemorySpecifyCache(p, 64, MmCached);
}
static void none_so_low(void) { assert_true(MmAllocateContiguousMemorySpecifyCache(64, up_to(0), up_to(0xfff), up_to(0), MmCached) == NULL); }
static void contiguous_of_another_size(void)
{
    MmFreeContiguousMemorySpecifyCache(MmAllocateContiguousMemorySpecifyCache(64, up_to(0), up_to(-1), up_to(0), MmCached), 32, MmCached);
}
static void contiguous_freed_twice(void)
{
    PVOID p = MmAllocateContiguousMemory(64, up_to(-1));
    MmFreeContiguousMemory(p);
    MmFreeContiguousMemory(p);
}
static void contiguous_left(void) { MmAllocateContiguousMemory(64, up_to(-1)); }
static void contiguous_freed_high(void)
{
    PVOID p = MmAllocateContiguousMemory(64, up_to(-1));
    (void)KfRaiseIrql(5);
    MmFreeContiguousMemory(p);
}

static char other_stack[64 << 10] __attribute__((aligned(16)));
static KEVENT event;
static void set_event(void) { KeSetEvent(&event, 0, FALSE); }
static void NTAPI set_event_callout(PVOID context) { set_event(); }

static __attribute__((noinline)) void call_on(char *top, void (*routine)(void))
{
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[top], %%rsp\n\t"
                     "callq *%[routine]\n\t"
                     "movq %%rbx, %%rsp"
                     : [top] "+r"(top), [routine] "+r"(routine)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}
static void stack_switched(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    call_on(other_stack + sizeof other_stack, set_event);
}
static void stack_expanded(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeExpandKernelStackAndCallout(set_event_callout, NULL, 0x4000), STATUS_SUCCESS);
    assert_true(KeReadStateEvent(&event));
}

/* ---- Interrupts ---- */

static NTSTATUS pass_disabled(PDEVICE_OBJECT device, PIRP irp)
{
    _disable();
    return pass(device, irp);
}
static NTSTATUS complete_disabled(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = complete(irp, STATUS_SUCCESS, 0);
    _disable();
    return status;
}
static KDPC dpc;
static LONG volatile ran;
static VOID count(PKDPC d, PVOID context, PVOID a, PVOID b) { InterlockedIncrement(&ran); }
static LONG so_far(void) { return InterlockedCompareExchange(&ran, 0, 0); }
static NTSTATUS disable_for_a_moment(PDEVICE_OBJECT device, PIRP irp)
{
    KeInitializeDpc(&dpc, count, NULL);
    _disable();
    assert_false(__readeflags() & 0x200);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    ULONG cpu = KeGetCurrentProcessorNumber();
    for (int i = 0; i < 20; i++)
        KeStallExecutionProcessor(1);
    assert_true(so_far() == 0 && KeGetCurrentProcessorNumber() == cpu); /* nothing comes in between */
    _enable();
    assert_int_equal(so_far(), 1);
    assert_true(__readeflags() & 0x200);
    return pass(device, irp);
}
READ_UP(sent_disabled, pass_disabled)
READ_UP(returned_disabled, complete_disabled)
READ_UP(disabled_for_a_moment, disable_for_a_moment)

/* ---- Buffers ---- */

static void control(ULONG code, PDRIVER_DISPATCH routine, ULONG out_length)
{
    char *buffer = irpfuzz_malloc(16);
    HANDLE h = open_two(0);
    memset(buffer, 1, 16);
    upper[IRP_MJ_DEVICE_CONTROL] = routine;
    DeviceIoControl(h, code, buffer, 16, out_length ? buffer : NULL, out_length, &n, NULL);
    irpfuzz_free(buffer);
    CloseHandle(h);
}

static NTSTATUS probe_user_buffer(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForWrite(irp->UserBuffer, 16, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_ACCESS_VIOLATION;
    }
    return complete(irp, status, 0);
}
static NTSTATUS lock_user_buffer(PDEVICE_OBJECT device, PIRP irp)
{
    PMDL mdl = IoAllocateMdl(irp->UserBuffer, 16, FALSE, FALSE, irp); /* which completing the IRP unlocks and frees */
    MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
    ProbeForWrite(irp->UserBuffer, 16, 1);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void probed_though_buffered(void) { control(CODE(1, METHOD_BUFFERED, 0), probe_user_buffer, 16); }
static void locked_though_buffered(void) { control(CODE(1, METHOD_BUFFERED, 0), lock_user_buffer, 16); }
static void probed_neither(void) { control(CODE(1, METHOD_NEITHER, 0), probe_user_buffer, 16); }
static void locked_neither(void) { control(CODE(1, METHOD_NEITHER, 0), lock_user_buffer, 16); }
static void probed_read(ULONG flag)
{
    char *buffer = irpfuzz_malloc(16);
    up->Flags = (up->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flag;
    low->Flags = (low->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flag;
    upper[IRP_MJ_READ] = probe_user_buffer;
    HANDLE h = open_two(0);
    ReadFile(h, buffer, 16, &n, NULL);
    CloseHandle(h);
    irpfuzz_free(buffer);
}
static void probed_direct_read(void) { probed_read(DO_DIRECT_IO); }
static void probed_neither_read(void) { probed_read(0); }

/* What the compiler puts in front of loads and stores in builds that follow them. */
void __sanitizer_cov_load4(const void *address);
void __sanitizer_cov_store4(const void *address);
static ULONG get(const ULONG *at)
{
    __sanitizer_cov_load4(at);
    return *at;
}
static void put(ULONG *at, ULONG value)
{
    __sanitizer_cov_store4(at);
    *at = value;
}
static NTSTATUS answer_first(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG *buffer = irp->AssociatedIrp.SystemBuffer;
    put(&buffer[0], 0);
    put(&buffer[1], get(&buffer[0]) + 1); /* the caller's, it was meant to be */
    return complete(irp, STATUS_SUCCESS, 8);
}
static NTSTATUS ask_first(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG *buffer = irp->AssociatedIrp.SystemBuffer, input = get(&buffer[0]);
    put(&buffer[0], 0);
    put(&buffer[1], input + 1);
    put(&buffer[0], get(&buffer[0]) + 1);
    return complete(irp, STATUS_SUCCESS, 8);
}
static void answered_first(void) { control(CODE(1, METHOD_BUFFERED, 0), answer_first, 8); }
static void asked_first(void) { control(CODE(1, METHOD_BUFFERED, 0), ask_first, 8); }

/* ---- What a driver had better not call ---- */

static char narrow[32];
static WCHAR wide[32];
static const char *volatile text = "text";
static const WCHAR *volatile wide_text = L"text";
static int calls;
#define CALL(name, call)   \
    static void name(void) \
    {                      \
        call;              \
        calls++; /* not a jump instead of a call: who calls is the question */ \
    }
CALL(copies, strcpy(narrow, text))
CALL(appends, strcat(narrow, text))
CALL(copies_wide, wcscpy(wide, wide_text))
CALL(appends_wide, wcscat(wide, wide_text))
CALL(formats, sprintf(narrow, "%s", text))
static void bounded(void)
{
    strncpy(narrow, text, sizeof narrow - 1);
    wcsncpy(wide, wide_text, 31);
    _snprintf(narrow, sizeof narrow, "%s", text);
    assert_true(!strcmp(narrow, "text"));
}
static void unbounded(void)
{
    copies(), appends(), copies_wide(), appends_wide();
    assert_true(!strcmp(narrow, "texttext") && !wcscmp(wide, L"texttext"));
    formats();
    assert_true(!strcmp(narrow, "text"));
}

static NTSTATUS take(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, 0); }
static NTSTATUS refuse(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0); }
static void sets_for_anybody(void) { control(CODE(1, METHOD_BUFFERED, FILE_ANY_ACCESS), take, 0); }
static void takes_from_anybody(void) { control(CODE(1, METHOD_IN_DIRECT, FILE_ANY_ACCESS), take, 16); }
static void sets_for_writers(void) { control(CODE(1, METHOD_BUFFERED, FILE_WRITE_ACCESS), take, 0); }
static void refuses_anybody(void) { control(CODE(1, METHOD_BUFFERED, FILE_ANY_ACCESS), refuse, 0); }
static void asks_for_anybody(void) { control(CODE(1, METHOD_BUFFERED, FILE_ANY_ACCESS), take, 16); }

static NTSTATUS pass_power_call(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(low, irp);
}
READ_UP(passes_with_old_call, pass_power_call)
static WORK_QUEUE_ITEM old_item;
static VOID NTAPI old_work(PVOID context) { KeSetEvent(&event, 0, FALSE); }
static void queues_old_item(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ExInitializeWorkItem(&old_item, old_work, NULL);
    ExQueueWorkItem(&old_item, DelayedWorkQueue);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}
static void maps_with_old_call(void)
{
    PMDL mdl = pool_mdl();
    MmBuildMdlForNonPagedPool(mdl);
    assert_true(MmGetSystemAddressForMdl(mdl) == memory);
    free_both(mdl);
}
static void uses_old_calls(void)
{
    queues_old_item();
    maps_with_old_call();
}
static void reads_plainly(void) { read_four(); }

static NTSTATUS mark_and_fail(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return complete(irp, STATUS_UNSUCCESSFUL, 0);
}
READ_UP(marked_and_failed, mark_and_fail)
static void default_tag(void) { ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'enoN')); }

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)
#define ANY ~0ull

static void by_rule(void (*body)(void), const char *name, const char *rule, uint32_t code)
{
    unit_expected_rule = rule;
    two_reported(body, name, code, ANY);
}
#define breaks(body, rule) by_rule(body, #body, rule, OWN_RULE)

/* Nothing is said unless it is asked for. */
static void linted(uint32_t lint, void (*body)(void), const char *name, const char *rule, uint32_t code)
{
    machine_lints = 0;
    shown(body);
    machine_lints = lint;
    by_rule(body, name, rule, code);
}
#define is_linted(lint, body, rule) linted(lint, body, #body, rule, OWN_RULE)

/* RULE V-MDL-8: Device memory is not locked (bug check 0xC4/0x6F), and mapped only through an MDL that says what it is (0xC4/0x89). */
TEST(V_MDL_8_device_memory)
{
    reported(device_memory_locked, 0xC4, 0x6F);
    reported(device_memory_mapped, 0xC4, 0x89);
    shown(device_memory_built);
}

/* RULE V-MDL-10: An MDL that locks pages, is written over and locks pages again is bug check 0xD9. */
TEST(V_MDL_10_locked_over_itself)
{
    reported(locked_again_over_itself, 0xD9, 2);
    shown(locked_unlocked_and_locked);
}

/* RULE V-MDL-11: An MDL's fields are the memory manager's: one that a driver has written to is reported when it is used or freed next. */
TEST(V_MDL_11_opaque)
{
    breaks(count_changed, "V-MDL-11");
    breaks(flags_changed, "V-MDL-11");
    breaks(start_changed, "V-MDL-11");
    breaks(request_shortened, "V-MDL-11");
    shown(linked_and_looked_at);
}

/* RULE V-MEM-17: A block whose size in the books is not what it was is bug check 0xC4/0x13F when it is freed. */
TEST(V_MEM_17_books)
{
#if !defined(IRPFUZZ_ASAN)
    reported(written_before, 0xC4, 0x13F);
    shown(written_inside);
#endif
    reported(contiguous_of_another_size, 0xC4, 0x13F);
    shown(any_memory);
}

/* RULE V-MEM-26: Physical memory below 4 GB that is asked for is bug check 0xC4/0x141 where that is asked for. */
/* RULE V-IRQ-1A: MmFreeContiguousMemory is for DISPATCH_LEVEL at most. */
TEST(V_MEM_26_contiguous)
{
    linted(LINT_LOW_MEMORY, low_memory, "low_memory", "V-MEM-26", 0xC4);
    shown(any_memory);
    machine_lints = 0;
    shown(none_so_low);
    reported(contiguous_freed_twice, 0xC2, 0x41);
    reported(contiguous_left, 0xC4, 0x62);
    reported(contiguous_freed_high, 0xC4, 0x2001A);
}

static void stalls(ULONG microseconds)
{
    KeStallExecutionProcessor(50);
    KeStallExecutionProcessor(microseconds);
}
static void stalls_51(void) { stalls(51); }
static void stalls_50(void) { stalls(50); }

/* RULE V-HAL-10: KeStallExecutionProcessor of more than 50 microseconds is reported where that is asked for. */
TEST(V_HAL_10_stall)
{
    is_linted(LINT_STALL, stalls_51, "V-HAL-10");
    shown(stalls_50);
    machine_lints = 0;
}

/* RULE V-MEM-28: A call on a stack of the driver's own is bug check 0xC4/0x90: KeExpandKernelStackAndCallout is meant. */
TEST(V_MEM_28_stacks)
{
    reported(stack_switched, 0xC4, 0x90);
    shown(stack_expanded);
}

/* RULE V-IO-13: An IRP sent with interrupts disabled is bug check 0xC4/0xC0, a dispatch routine that returns so 0xC4/0xC1. */
TEST(V_IO_13_interrupts)
{
    reported(sent_disabled, 0xC4, 0xC0);
    reported(returned_disabled, 0xC4, 0xC1);
    shown(disabled_for_a_moment);
    shown_in_any_order(disabled_for_a_moment, 30);
}

/* RULE V-BUF-7: Input of a METHOD_BUFFERED request that is read behind the first output over it is reported where that is asked for, in builds that follow memory. */
TEST(V_BUF_7_order)
{
#if !defined(IRPFUZZ_ASAN) && !defined(IRPFUZZ_TSAN) && !defined(IRPFUZZ_MSAN) /* their runtimes bring empty functions of these names */
    is_linted(LINT_BUFFER, answered_first, "V-BUF-7");
#else
    shown(answered_first);
#endif
    shown(asked_first);
    machine_lints = 0;
}

/* RULE V-BUF-9: UserBuffer is not for requests whose data the I/O manager has buffered or locked. */
TEST(V_BUF_9_method)
{
    breaks(probed_though_buffered, "V-BUF-9");
    breaks(locked_though_buffered, "V-BUF-9");
    breaks(probed_direct_read, "V-BUF-9");
    shown(probed_neither);
    shown(locked_neither);
    shown(probed_neither_read);
}

/* RULE V-SEC-9: String routines that do not know where a buffer ends are reported where that is asked for. */
/* RULE V-DRV-9: So are a default pool tag, and always an IRP that is marked pending and then comes back with another status. */
TEST(V_SEC_9_strings)
{
    is_linted(LINT_STRING, copies, "V-SEC-9");
    is_linted(LINT_STRING, appends, "V-SEC-9");
    is_linted(LINT_STRING, copies_wide, "V-SEC-9");
    is_linted(LINT_STRING, appends_wide, "V-SEC-9");
    is_linted(LINT_STRING, formats, "V-SEC-9");
    shown(bounded);
    is_linted(LINT_POOL_TAG, default_tag, "V-MEM-24");
    machine_lints = 0;
    shown(unbounded);
    reported(marked_and_failed, 0xC9, 0x23E);
}

/* RULE V-SEC-10: A control code with FILE_ANY_ACCESS that takes data is reported where that is asked for. */
TEST(V_SEC_10_access)
{
    is_linted(LINT_ACCESS, sets_for_anybody, "V-SEC-10");
    is_linted(LINT_ACCESS, takes_from_anybody, "V-SEC-10");
    shown(sets_for_writers);
    shown(refuses_anybody);
    shown(asks_for_anybody);
    machine_lints = 0;
}

/* RULE V-MSC-8: Routines that others have replaced are reported where that is asked for. */
TEST(V_MSC_8_obsolete)
{
    is_linted(LINT_OBSOLETE, queues_old_item, "V-MSC-8");
    is_linted(LINT_OBSOLETE, maps_with_old_call, "V-MSC-8");
    is_linted(LINT_OBSOLETE, passes_with_old_call, "V-MSC-8");
    shown(reads_plainly);
    machine_lints = 0;
    shown(uses_old_calls);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_MDL_8_device_memory), cmocka_unit_test(V_MDL_10_locked_over_itself), cmocka_unit_test(V_MDL_11_opaque),
        cmocka_unit_test(V_MEM_17_books), cmocka_unit_test(V_MEM_26_contiguous), cmocka_unit_test(V_HAL_10_stall), cmocka_unit_test(V_MEM_28_stacks), cmocka_unit_test(V_IO_13_interrupts),
        cmocka_unit_test(V_BUF_7_order), cmocka_unit_test(V_BUF_9_method), cmocka_unit_test(V_SEC_9_strings), cmocka_unit_test(V_SEC_10_access),
        cmocka_unit_test(V_MSC_8_obsolete),
    };
    return cmocka_run_group_tests(tests);
}
