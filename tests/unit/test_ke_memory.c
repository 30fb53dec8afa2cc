/* Pool, lookaside lists, interlocked lists, work items: W-MEM, V-MEM, W-LCK-41, W-THR-5. */
#include "unit.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static NPAGED_LOOKASIDE_LIST list, other_list;
static PAGED_LOOKASIDE_LIST paged_list;
static DECLSPEC_ALIGN(16) SLIST_HEADER head;
static LIST_ENTRY entries, first, second;
static KSPIN_LOCK lock;
static KDPC dpc;
static KEVENT done;
static WORK_QUEUE_ITEM item;
static int allocated, freed, worked;

static PVOID NTAPI my_allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    allocated++;
    return ExAllocatePoolWithTag(type, size, tag);
}

static VOID NTAPI my_free(PVOID buffer)
{
    freed++;
    ExFreePool(buffer);
}

static VOID NTAPI quota_dpc(PKDPC d, PVOID context, PVOID a1, PVOID a2)
{
    (void)d, (void)context, (void)a1, (void)a2;
    KIRQL irql = KeGetCurrentIrql();
    (void)irql;
    ExAllocatePoolWithQuotaTag(NonPagedPool, 16, 'tseT');
}

static VOID NTAPI work_routine(PVOID context)
{
    worked += (int)(ULONG_PTR)context;
    KeSetEvent(&done, 0, FALSE);
}

#pragma clang section text = "" data = "" bss = ""

#define TAG 'tseT'
#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

static bool all_bytes(const void *memory, size_t size, UCHAR value)
{
    for (size_t i = 0; i < size; i++)
        if (((const UCHAR *)memory)[i] != value)
            return false;
    return true;
}

static void raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
}

static void pool2(void)
{
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    assert_true(all_bytes(p, 100, 0));
    assert_int_equal((ULONG_PTR)p & 15, 0);
    ExFreePoolWithTag(p, TAG);
    p = ExAllocatePool3(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, 100, TAG, NULL, 0);
    assert_true(p != NULL);
    ExFreePool2(p, TAG, NULL, 0);
    assert_true(ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 0) == NULL);
    assert_true(ExAllocatePool2(POOL_FLAG_UNINITIALIZED, 100, TAG) == NULL);
    assert_true(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 100, TAG) == NULL);
    assert_true(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x40000000, 100, TAG) == NULL);
}
/* RULE W-MEM-2: ExAllocatePool2 zeroes unless told not to, and returns NULL without a tag, for no or two kinds of pool, or for an unknown required flag. */
TEST(W_MEM_2_pool_flags) { LIFE(pool2); }

static void pool_contents(void)
{
    PVOID p = ExAllocatePoolZero(PagedPool, 300, TAG);
    assert_true(all_bytes(p, 300, 0));
    ExFreePoolWithTag(p, TAG);
    p = ExAllocatePoolPriorityZero(NonPagedPool, 300, TAG, NormalPoolPriority);
    assert_true(all_bytes(p, 300, 0));
    ExFreePool(p);
    p = ExAllocatePoolQuotaZero(NonPagedPool, 300, TAG);
    assert_true(all_bytes(p, 300, 0));
    ExFreePool(p);
}
static void quota_in_dpc(void)
{
    KeInitializeDpc(&dpc, quota_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
/* RULE W-MEM-3: The Zero variants of the pool calls zero the memory; quota pool is not for DPCs. */
TEST(W_MEM_3_variants)
{
    LIFE(pool_contents);
    BUGCHECK(quota_in_dpc, 0xC4, ~0ull);
}

static void quota_is_reported(void) { quota_in_dpc(); }
/* RULE V-MEM-18: Allocating quota pool in a DPC is bug check 0xC4/0x10B. */
TEST(V_MEM_18_quota_in_dpc) { BUGCHECK(quota_is_reported, 0xC4, 0x10B); }

static void bad_type(void) { ExAllocatePoolWithTag((POOL_TYPE)0x1000, 8, TAG); }
/* RULE V-MEM-10: A type of pool that does not exist is bug check 0xC4/0x16. */
TEST(V_MEM_10_bad_type) { BUGCHECK(bad_type, 0xC4, 0x16); }

static void tag_zero(void) { ExAllocatePoolWithTag(NonPagedPool, 8, 0); }
static void linted_pool(void)
{
    ExFreePool(ExAllocatePoolZero(NonPagedPoolNx, 8, TAG));
    ExFreePool(ExAllocatePoolZero(PagedPool, 8, TAG));
}
static void default_tag(void) { ExFreePool(ExAllocatePoolZero(NonPagedPoolNx, 8, 'enoN')); }
static void unsafe_pool(void) { ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 8, TAG)); }
static void executable_pool(void) { ExFreePool(ExAllocatePoolZero(NonPagedPool, 8, TAG)); }
static void lint(void (*body)(void), uint32_t which, uint32_t code, uint64_t p1)
{
    unit_life(body, NULL);
    machine_lints = which;
    unit_life(linted_pool, NULL);
    unit_expect_bugcheck(body, code, p1);
    machine_lints = 0;
}
/* RULE V-MEM-24: Pool with tag 0 is bug check 0xC2/0x9B, and a default tag is reported where that is asked for. */
/* RULE V-MEM-23: The pool calls that ExAllocatePool2 replaces are reported where that is asked for. */
/* RULE V-MEM-22: Executable pool is reported where that is asked for: bug check 0xC4/0x2000. */
TEST(V_MEM_22_23_24_what_is_asked_for)
{
    BUGCHECK(tag_zero, 0xC2, 0x9B);
    lint(default_tag, LINT_POOL_TAG, OWN_RULE, ~0ull);
    lint(unsafe_pool, LINT_POOL_CALL, OWN_RULE, ~0ull);
    lint(executable_pool, LINT_POOL_EXECUTABLE, 0xC4, 0x2000);
}

#if defined(IRPFUZZ_ASAN)
static void object_in_freed(void)
{
    PKEVENT event = ExAllocatePoolZero(NonPagedPool, sizeof *event, TAG);
    ExFreePool(event);
    KeInitializeEvent(event, NotificationEvent, FALSE);
}
static void object_beyond_end(void) { KeInitializeEvent(ExAllocatePoolZero(NonPagedPool, sizeof(KEVENT) - 8, TAG), NotificationEvent, FALSE); }
#else
static void overrun(void)
{
    UCHAR *p = ExAllocatePoolZero(NonPagedPool, 20, TAG);
    ((volatile UCHAR *)p)[20] = 1;
    ExFreePool(p);
}
static void written_after_free(void)
{
    UCHAR *p = ExAllocatePoolZero(NonPagedPool, 4000, TAG);
    ExFreePool(p);
    ((volatile UCHAR *)p)[100] = 1;
    for (int i = 0; i < 2000; i++) /* until the memory is used again */
        ExFreePool(ExAllocatePoolZero(NonPagedPool, 4000, TAG));
}
#endif
/* RULE V-MEM-11: Bytes written behind a block are found when it is freed, in builds that do not see the access: bug check 0xC1. */
/* RULE V-MEM-12: An access beyond the end of a block is bug check 0xD6, in builds that see it. */
/* RULE V-MEM-13: An access to freed memory is bug check 0xD5, in builds that see it. */
/* RULE V-MEM-14: A write to freed memory that no build feature sees is found when the memory is used again: bug check 0xC6. */
TEST(V_MEM_11_14_damage)
{
#if defined(IRPFUZZ_ASAN)
    BUGCHECK(object_in_freed, 0xD5, ~0ull);
    BUGCHECK(object_beyond_end, 0xD6, ~0ull);
#else
    BUGCHECK(overrun, 0xC1, ~0ull);
    BUGCHECK(written_after_free, 0xC6, ~0ull);
#endif
}

static UCHAR bytes[32];
static void copies(void)
{
    for (UCHAR i = 0; i < 16; i++)
        bytes[i] = i;
    RtlCopyMemory(bytes + 16, bytes, 16); /* side by side */
    RtlCopyMemory(bytes, bytes, 16);
    RtlMoveMemory(bytes + 1, bytes, 16);
    assert_true(bytes[16] == 15 && bytes[1] == 0);
}
static void copy_up(void) { RtlCopyMemory(bytes + 4, bytes, 5); }
static void copy_down(void) { RtlCopyMemory(bytes, bytes + 4, 5); }
/* RULE V-MEM-21: RtlCopyMemory with overlapping ranges is bug check 0xC4/0xF0. */
TEST(V_MEM_21_overlap)
{
    LIFE(copies);
    BUGCHECK(copy_up, 0xC4, 0xF0);
    BUGCHECK(copy_down, 0xC4, 0xF0);
}

static void unchecked(void)
{
    volatile ULONG *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *p, TAG);
    *p = 1;
    ExFreePool((PVOID)p);
}
#if UNIT_CATCHES_FAULTS
static const volatile ULONG constant = 7;
static void write_constant(void) { *(volatile ULONG *)&constant = 8; }
static void execute_data(void) { ((VOID (*)(VOID))ExAllocatePoolZero(NonPagedPoolNx, 16, TAG))(); }
static void wild(void) { *(volatile ULONG *)0x123456789000ull = 1; }
static void wild_high(void)
{
    raise_to(DISPATCH_LEVEL);
    wild();
}
#endif
/* RULE V-MEM-25: The NULL of an allocation that fails is found when it is used: bug check 0x50. */
/* RULE V-MEM-30: Writing to read-only memory is bug check 0xBE, executing data 0xFC, using an address that is no memory 0x50 (0xD1 at DISPATCH_LEVEL). */
TEST(V_MEM_25_30_faults)
{
    LIFE(unchecked);
#if UNIT_CATCHES_FAULTS
    static const struct chance fails = {.fault_count = 1, .fault = {{.ddi = DDI_ExAllocatePool2, .nth = 1, .value = 1}}};
    unit_expect_bugcheck_by(unchecked, &fails, 0x50, ~0ull);
    BUGCHECK(write_constant, 0xBE, ~0ull);
    BUGCHECK(execute_data, 0xFC, ~0ull);
    BUGCHECK(wild, 0x50, ~0ull);
    BUGCHECK(wild_high, 0xD1, ~0ull);
#endif
}

static void zero_bytes(void) { ExAllocatePoolWithTag(NonPagedPool, 0, TAG); }
/* RULE V-MEM-1: Allocating zero bytes of pool is bug check 0xC4/0x00. */
TEST(V_MEM_1_zero_bytes) { BUGCHECK(zero_bytes, 0xC4, 0x00); }

static void paged_high(void)
{
    raise_to(DISPATCH_LEVEL);
    ExAllocatePoolWithTag(PagedPool, 8, TAG);
}
/* RULE V-MEM-2: Allocating paged pool above APC_LEVEL is bug check 0xC4/0x01. */
/* RULE W-MEM-4: Paged pool is allocated at APC_LEVEL or below, nonpaged pool at DISPATCH_LEVEL or below. */
TEST(V_MEM_2_allocation_level) { BUGCHECK(paged_high, 0xC4, 0x01); }

static void must_succeed(void) { ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 8, TAG); }
/* RULE V-MEM-3: Allocating must-succeed pool is bug check 0xC4/0x03. */
TEST(V_MEM_3_must_succeed) { BUGCHECK(must_succeed, 0xC4, 0x03); }

static void free_inside(void)
{
    char *p = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);
    ExFreePoolWithTag(p + 16, TAG);
}
static void free_null(void) { ExFreePool(NULL); }
static void free_image(void) { ExFreePool(&list); }
static void free_user(void) { ExFreePool((PVOID)(ULONG_PTR)(USER_ARENA_BASE + 4096)); }
/* RULE V-MEM-4: Freeing an address inside a block is bug check 0xC4/0x10, NULL 0xC2/0x46, a part of an image 0xC2/0x99, a user address 0xC2/0x40. */
/* RULE W-MEM-5: Only the start of a live block is freed. */
TEST(V_MEM_4_not_a_block)
{
    BUGCHECK(free_inside, 0xC4, 0x10);
    BUGCHECK(free_null, 0xC2, 0x46);
    BUGCHECK(free_image, 0xC2, 0x99);
    BUGCHECK(free_user, 0xC2, 0x40);
}

static void paged_free_high(void)
{
    PVOID p = ExAllocatePoolWithTag(PagedPool, 8, TAG);
    raise_to(DISPATCH_LEVEL);
    ExFreePoolWithTag(p, TAG);
}
/* RULE V-MEM-5: Freeing paged pool above APC_LEVEL is bug check 0xC4/0x11. */
/* RULE V-IRQ-28: The highest IRQL for freeing pool goes by the kind of pool. */
TEST(V_MEM_5_free_level) { BUGCHECK(paged_free_high, 0xC4, 0x11); }

/* ---- Lookaside lists ---- */

static void lookaside(void)
{
    allocated = freed = 0;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    PVOID p = ExAllocateFromNPagedLookasideList(&list);
    assert_true(p != NULL);
    ExFreeToNPagedLookasideList(&list, p);
    ExDeleteNPagedLookasideList(&list);
    ExInitializePagedLookasideList(&paged_list, my_allocate, my_free, 0, 64, TAG, 0);
    p = ExAllocateFromPagedLookasideList(&paged_list);
    ExFreeToPagedLookasideList(&paged_list, p);
    ExDeletePagedLookasideList(&paged_list);
    assert_int_equal(allocated, 1);
    assert_int_equal(freed, 1);
}
static void lookaside_outstanding(void)
{
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    ExAllocateFromNPagedLookasideList(&list);
    ExDeleteNPagedLookasideList(&list);
}
static void lookaside_foreign(void)
{
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    ExInitializeNPagedLookasideList(&other_list, NULL, NULL, 0, 64, TAG, 0);
    ExFreeToNPagedLookasideList(&other_list, ExAllocateFromNPagedLookasideList(&list));
}
/* RULE W-MEM-9: A lookaside list uses pool or the driver's routines; entries that are out at its deletion, or come back to another list, are reported. */
TEST(W_MEM_9_lookaside_lists)
{
    LIFE(lookaside);
    BUGCHECK(lookaside_outstanding, OWN_RULE, ~0ull);
    BUGCHECK(lookaside_foreign, OWN_RULE, ~0ull);
}

static void lookaside_twice(void)
{
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
}
static void lookaside_uninitialised(void) { ExDeleteNPagedLookasideList(&list); }
static void lookaside_small(void) { ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 8, TAG, 0); }
static void lookaside_freed(void)
{
    PNPAGED_LOOKASIDE_LIST l = ExAllocatePoolZero(NonPagedPool, sizeof *l, TAG);
    ExInitializeNPagedLookasideList(l, NULL, NULL, 0, 64, TAG, 0);
    ExFreePoolWithTag(l, TAG);
}
/* RULE V-MEM-19: A lookaside list is bug check 0xC4/0xCA when initialised twice, 0xC4/0xCB deleted without that, 0xC4/0xCC freed while active, 0xC4/0xCD with too small entries. */
TEST(V_MEM_19_lookaside_state)
{
    BUGCHECK(lookaside_twice, 0xC4, 0xCA);
    BUGCHECK(lookaside_uninitialised, 0xC4, 0xCB);
    BUGCHECK(lookaside_freed, 0xC4, 0xCC);
    BUGCHECK(lookaside_small, 0xC4, 0xCD);
}

/* ---- Interlocked lists ---- */

static void interlocked_lists(void)
{
    KeInitializeSpinLock(&lock);
    InitializeListHead(&entries);
    assert_true(ExInterlockedRemoveHeadList(&entries, &lock) == NULL);
    assert_true(ExInterlockedInsertHeadList(&entries, &first, &lock) == NULL);
    assert_true(ExInterlockedInsertTailList(&entries, &second, &lock) == &first);
    assert_true(ExInterlockedRemoveHeadList(&entries, &lock) == &first);
    assert_true(ExInterlockedRemoveHeadList(&entries, &lock) == &second);
    ULONG number = 5;
    assert_int_equal(ExInterlockedAddUlong(&number, 2, &lock), 5);
    assert_int_equal(number, 7);
}
static void sequenced_lists(void)
{
    InitializeSListHead(&head);
    PSLIST_ENTRY a = ExAllocatePoolZero(NonPagedPool, 16, TAG), b = ExAllocatePoolZero(NonPagedPool, 16, TAG);
    assert_true(InterlockedPushEntrySList(&head, a) == NULL);
    assert_true(InterlockedPushEntrySList(&head, b) == a);
    assert_int_equal(ExQueryDepthSList(&head), 2);
    assert_true(InterlockedPopEntrySList(&head) == b);
    assert_true(InterlockedFlushSList(&head) == a);
    assert_true(InterlockedPopEntrySList(&head) == NULL);
    ExFreePool(a);
    ExFreePool(b);
}
static void push_twice(void)
{
    InitializeSListHead(&head);
    PSLIST_ENTRY a = ExAllocatePoolZero(NonPagedPool, 16, TAG);
    InterlockedPushEntrySList(&head, a);
    InterlockedPushEntrySList(&head, a);
}
static void lock_held_already(void)
{
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&entries);
    KeAcquireSpinLock(&lock, &irql);
    ExInterlockedInsertHeadList(&entries, &first, &lock);
}
/* RULE W-LCK-41: Interlocked lists return the neighbour before, or NULL; sequenced lists are last in, first out; the caller does not hold their lock. */
TEST(W_LCK_41_interlocked_lists)
{
    LIFE(interlocked_lists);
    LIFE(sequenced_lists);
    BUGCHECK(push_twice, OWN_RULE, ~0ull);
    BUGCHECK(lock_held_already, 0x0F, ~0ull);
}

/* ---- Work items ---- */

static void work_item(void)
{
    worked = 0;
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    ExInitializeWorkItem(&item, work_routine, (PVOID)2);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(worked, 4);
}
static void work_twice(void)
{
    raise_to(DISPATCH_LEVEL);
    ExInitializeWorkItem(&item, work_routine, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}
static void work_bad_queue(void)
{
    ExInitializeWorkItem(&item, work_routine, NULL);
    ExQueueWorkItem(&item, (WORK_QUEUE_TYPE)77);
}
static void work_no_routine(void)
{
    ExInitializeWorkItem(&item, NULL, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}
/* RULE W-THR-5: A work item queued twice is bug check 0xE4/1, one for a queue that does not exist 0xE4/6, one without a routine 0xE4/7. */
TEST(W_THR_5_work_items)
{
    LIFE(work_item);
    BUGCHECK(work_twice, 0xE4, 1);
    BUGCHECK(work_bad_queue, 0xE4, 6);
    BUGCHECK(work_no_routine, 0xE4, 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_MEM_2_pool_flags), cmocka_unit_test(W_MEM_3_variants), cmocka_unit_test(V_MEM_1_zero_bytes),
        cmocka_unit_test(V_MEM_18_quota_in_dpc), cmocka_unit_test(V_MEM_10_bad_type), cmocka_unit_test(V_MEM_22_23_24_what_is_asked_for),
        cmocka_unit_test(V_MEM_11_14_damage), cmocka_unit_test(V_MEM_21_overlap), cmocka_unit_test(V_MEM_25_30_faults),
        cmocka_unit_test(V_MEM_2_allocation_level), cmocka_unit_test(V_MEM_3_must_succeed), cmocka_unit_test(V_MEM_4_not_a_block),
        cmocka_unit_test(V_MEM_5_free_level), cmocka_unit_test(W_MEM_9_lookaside_lists), cmocka_unit_test(V_MEM_19_lookaside_state),
        cmocka_unit_test(W_LCK_41_interlocked_lists), cmocka_unit_test(W_THR_5_work_items),
    };
    return cmocka_run_group_tests(tests);
}
