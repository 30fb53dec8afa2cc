/*
 * The bug checks that Windows gives without any verifier (V-GEN): for each a tiny driver that trips it, and one that does the same thing right. Most are found by checks
 * that have rule numbers and tests of their own; here they are asked for by their codes.
 */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KDPC dpc;
static KEVENT event;
static KMUTEX mutex;
static KSPIN_LOCK lock;
static ERESOURCE resource;
static KDEVICE_QUEUE queue;
static KDEVICE_QUEUE_ENTRY entry;
static LIST_ENTRY list, first, second;
static PIO_WORKITEM item;

static void raise(void) { (void)KfRaiseIrql(DISPATCH_LEVEL); }

/* A thread of the system runs the routine, and has ended. */
static void in_thread(PKSTART_ROUTINE routine)
{
    HANDLE thread;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes, NULL, NULL, routine, NULL), STATUS_SUCCESS);
    ZwWaitForSingleObject(thread, FALSE, NULL);
    ZwClose(thread);
}

static void in_dpc(PKDEFERRED_ROUTINE routine)
{
    KeInitializeDpc(&dpc, routine, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

/* ---- Levels and regions ---- */

static void left_in_region(void)
{
    KeEnterCriticalRegion();
    Sleep(1); /* the app goes on */
}
static void left_region(void)
{
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    Sleep(1);
}

static void left_raised(void)
{
    raise();
    Sleep(1);
}
static void left_lowered(void)
{
    KeLowerIrql(KfRaiseIrql(DISPATCH_LEVEL));
    Sleep(1);
}

static void insert_low(void)
{
    KeInitializeDeviceQueue(&queue);
    KeInsertDeviceQueue(&queue, &entry);
}
static void insert_raised(void)
{
    KeInitializeDeviceQueue(&queue);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    KeInsertDeviceQueue(&queue, &entry);
    KeLowerIrql(old);
}

static VOID pageable_dpc(PKDPC d, PVOID context, PVOID a, PVOID b);
static NTSTATUS init_read(PDEVICE_OBJECT device, PIRP irp);
static VOID pageable(VOID);
#pragma alloc_text(PAGE, pageable_dpc)
#pragma alloc_text(PAGE, pageable)
#pragma alloc_text(INIT, init_read)
static VOID pageable_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) {}
static NTSTATUS init_read(PDEVICE_OBJECT device, PIRP irp) { return succeed(device, irp); }
static DECLSPEC_NOINLINE VOID pageable(VOID) { PAGED_CODE(); }
static VOID resident_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) {}

static void pageable_raised(void)
{
    raise();
    pageable();
}
static void pageable_low(void) { pageable(); }
static void pageable_in_dpc(void) { in_dpc(pageable_dpc); }
static void resident_in_dpc(void) { in_dpc(resident_dpc); }

static void discarded_code(void)
{
    up->DriverObject->MajorFunction[IRP_MJ_READ] = init_read;
    read_four();
}
static void plain_read(void) { read_four(); }

static void waits_in_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) { KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); }
static void sets_in_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) { KeSetEvent(&event, 0, FALSE); }
static void dpc_waits(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    in_dpc(waits_in_dpc);
}
static void dpc_sets(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    in_dpc(sets_in_dpc);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

static void hold_lock(unsigned times)
{
    KIRQL old;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    for (unsigned i = 0; i < times; i++)
        KeStallExecutionProcessor(100000);
    KeReleaseSpinLock(&lock, old);
}
static void held_for_minutes(void) { hold_lock(2000); }
static void held_for_a_moment(void) { hold_lock(1); }

static VOID returns_raised(PVOID context) { raise(); }
static VOID returns_low(PVOID context) { KeLowerIrql(KfRaiseIrql(DISPATCH_LEVEL)); }
static void thread_raised(void) { in_thread(returns_raised); }
static void thread_low(void) { in_thread(returns_low); }

static VOID ends_in_region(PVOID context)
{
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}
static VOID ends(PVOID context) { PsTerminateSystemThread(STATUS_SUCCESS); }
static void thread_in_region(void) { in_thread(ends_in_region); }
static void thread_ends(void) { in_thread(ends); }

/* ---- Locks ---- */

static void taken_twice(void)
{
    KIRQL old;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
}
static void released_unowned(void)
{
    KeInitializeSpinLock(&lock);
    raise();
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}
static void taken_and_released(void) { hold_lock(0); }

static VOID ends_owning(PVOID context) { KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL); }
static VOID ends_released(PVOID context)
{
    ends_owning(context);
    KeReleaseMutex(&mutex, FALSE);
}
static void thread_owning(void)
{
    KeInitializeMutex(&mutex, 0);
    in_thread(ends_owning);
}
static void thread_released(void)
{
    KeInitializeMutex(&mutex, 0);
    in_thread(ends_released);
}

static void use_resource(bool acquire)
{
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    if (acquire)
        ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}
static void resource_unowned(void) { use_resource(false); }
static void resource_owned(void) { use_resource(true); }

/* ---- Objects and memory ---- */

static void dereference(unsigned times)
{
    ObReferenceObject(up);
    for (unsigned i = 0; i < times; i++)
        ObDereferenceObject(up);
}
static void dereferenced_too_often(void) { dereference(8); }
static void dereferenced(void) { dereference(1); }

static HANDLE kernel_event(void)
{
    UNICODE_STRING name;
    HANDLE handle;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\table");
    assert_true(IoCreateNotificationEvent(&name, &handle) != NULL);
    return handle;
}
static void closed_twice(void)
{
    HANDLE handle = kernel_event();
    ZwClose(handle);
    ZwClose(handle);
}
static void closed_once(void) { ZwClose(kernel_event()); }

static VOID make_device(VOID)
{
    PDEVICE_OBJECT device;
    IoCreateDevice(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
static VOID make_and_delete_device(VOID)
{
    PDEVICE_OBJECT device;
    IoCreateDevice(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    IoDeleteDevice(device);
}
static void device_left(void) { at_unload = make_device; }
static void device_deleted(void) { at_unload = make_and_delete_device; }

static void freed_with_another_tag(void) { ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'enO '), 'owT '); }
static void freed_null(void) { ExFreePool(NULL); }
static void allocated_and_freed(void) { ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'enO '), 'enO '); }
#if !defined(IRPFUZZ_ASAN)
static void header_overwritten(void)
{
    char *one = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'enO '), *two = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'enO ');
    for (char volatile *p = two - 64; p < two - 60; p++)
        *p = 0;
    ExFreePool(one);
}
#endif

static PVOID small;
static PMDL nonpaged_mdl(void)
{
    small = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'enO ');
    return IoAllocateMdl(small, 64, FALSE, FALSE, NULL);
}
static void unmapped_elsewhere(void)
{
    PMDL mdl = nonpaged_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    MmUnmapLockedPages((char *)small + 4096, mdl);
}
static void unmapped(void)
{
    PMDL mdl = nonpaged_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    MmUnmapLockedPages(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePool(small);
}
static void locked_over(void)
{
    PMDL mdl = nonpaged_mdl();
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    MmInitializeMdl(mdl, small, 32);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
}
/* An MDL of the driver's own, whose flag says what nobody did. */
static void use_own_mdl(bool locks)
{
    static union { MDL mdl; char room[sizeof(MDL) + 16]; } own;
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'enO ');
    MmInitializeMdl(&own.mdl, memory, 64);
    if (locks)
        MmProbeAndLockPages(&own.mdl, KernelMode, IoModifyAccess);
    else
        own.mdl.MdlFlags |= MDL_PAGES_LOCKED;
    MmUnlockPages(&own.mdl);
    ExFreePool(memory);
}
static void unlocked_unlocked(void) { use_own_mdl(false); }
static void unlocked_locked(void) { use_own_mdl(true); }

static bool unlocks;
static NTSTATUS lock_input(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PMDL mdl = IoAllocateMdl(location->Parameters.DeviceIoControl.Type3InputBuffer, 16, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    if (unlocks) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
static void lock_app(bool and_unlock)
{
    DWORD n;
    unlocks = and_unlock;
    upper[IRP_MJ_DEVICE_CONTROL] = lock_input;
    HANDLE h = open_two(0);
    assert_true(DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), irpfuzz_malloc(16), 16, NULL, 0, &n, NULL));
    CloseHandle(h);
}
static void pages_left_locked(void) { lock_app(false); }
static void pages_unlocked(void) { lock_app(true); }

/* ---- Exceptions ---- */

static VOID thread_throws(PVOID context) { ExRaiseStatus(STATUS_DEVICE_BUSY); }
static VOID thread_catches(PVOID context)
{
    __try {
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
    }
}
static NTSTATUS read_throws(PDEVICE_OBJECT device, PIRP irp)
{
    thread_throws(NULL);
    return succeed(device, irp);
}
static NTSTATUS read_catches(PDEVICE_OBJECT device, PIRP irp)
{
    thread_catches(NULL);
    return succeed(device, irp);
}
static void thrown_in_thread(void) { in_thread(thread_throws); }
static void caught_in_thread(void) { in_thread(thread_catches); }
static void mutex_not_owned(void)
{
    KeInitializeMutex(&mutex, 0);
    KeReleaseMutex(&mutex, FALSE); /* raises */
}
READ_UP(thrown_in_read, read_throws)
READ_UP(caught_in_read, read_catches)

static unsigned depth, deepest;
static VOID NTAPI callout(PVOID context)
{
    if (++depth < deepest)
        KeExpandKernelStackAndCallout(callout, NULL, 0x1000);
}
static void call_out(unsigned calls)
{
    deepest = calls;
    assert_int_equal(KeExpandKernelStackAndCallout(callout, NULL, 0x1000), STATUS_SUCCESS);
    assert_int_equal(depth, calls);
}
static void endless_recursion(void) { call_out(~0u); }
static void some_recursion(void) { call_out(3); }
static void too_large_expansion(void) { assert_int_equal(KeExpandKernelStackAndCallout(callout, NULL, 0x20000), STATUS_INVALID_PARAMETER_3); }

/* ---- IRPs ---- */

static NTSTATUS stop(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_MORE_PROCESSING_REQUIRED; }
static PIRP own_irp(CCHAR locations)
{
    PIRP irp = IoAllocateIrp(locations, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    return irp;
}
static NTSTATUS copy_and_send(PDEVICE_OBJECT device, PIRP irp)
{
    if (irp->CurrentLocation > 1) /* or this would be told first */
        IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(low, irp);
}
static void send_own(CCHAR locations)
{
    upper[IRP_MJ_INTERNAL_DEVICE_CONTROL] = copy_and_send;
    PIRP irp = own_irp(locations);
    IoCallDriver(up, irp);
    IoFreeIrp(irp);
}
static void stack_too_short(void) { send_own(1); }
static void stack_long_enough(void) { send_own(2); }

static NTSTATUS complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    complete(irp, STATUS_SUCCESS, 0);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(read_completed_twice, complete_twice)

static VOID cancel_nothing(PDEVICE_OBJECT device, PIRP irp) { IoReleaseCancelSpinLock(irp->CancelIrql); }
/* The guarded region keeps the last stage of a completion away. */
static void complete_built(bool with_cancel_routine)
{
    static IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    lower[IRP_MJ_DEVICE_CONTROL] = hold;
    PIRP irp = IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), up, NULL, 0, NULL, 0, FALSE, &event, &iosb);
    IoCallDriver(up, irp);
    KeEnterGuardedRegion();
    let_go(STATUS_SUCCESS, 0);
    if (with_cancel_routine)
        IoSetCancelRoutine(irp, cancel_nothing);
    IoCancelIrp(irp);
    KeLeaveGuardedRegion();
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}
static void cancelled_when_complete(void) { complete_built(true); }
static void cancelled_without_routine(void) { complete_built(false); }

/* ---- Work items, DPCs, threads, unloading ---- */

static VOID work(PDEVICE_OBJECT device, PVOID context) { KeSetEvent(&event, 0, FALSE); }
static void queue_item(unsigned times)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    item = IoAllocateWorkItem(low);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    for (unsigned i = 0; i < times; i++)
        IoQueueWorkItem(item, work, DelayedWorkQueue, NULL);
    KeLowerIrql(old);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(item);
}
static void item_queued_twice(void) { queue_item(2); }
static void item_queued_once(void) { queue_item(1); }

static void dpc_uninitialised(void) { KeInsertQueueDpc(&dpc, NULL, NULL); }

static VOID sleeps(PVOID context)
{
    LARGE_INTEGER hour = {.QuadPart = -36000000000ll};
    KeDelayExecutionThread(KernelMode, FALSE, &hour);
}
static void thread_outlives(void)
{
    HANDLE thread;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes, NULL, NULL, sleeps, NULL);
    ZwClose(thread);
}

/* ---- What a driver notices itself ---- */

static void remove_first(bool broken)
{
    InitializeListHead(&list);
    InsertTailList(&list, &first);
    InsertTailList(&list, &second);
    if (broken)
        second.Blink = &list;
    RemoveEntryList(&first);
}
static void list_broken(void) { remove_first(true); }
static void list_whole(void) { remove_first(false); }
static void reference_count_broken(void) { __fastfail(14); }

static void assert_that(bool true_one)
{
    if (!true_one)
        RtlAssert("queue->length > 0", "queue.c", 17, NULL);
}
static void assertion_fails(void) { assert_that(false); }
static void assertion_holds(void) { assert_that(true); }

static KBUGCHECK_CALLBACK_RECORD record;
static int told;
static VOID NTAPI on_bugcheck(PVOID buffer, ULONG length)
{
    assert_int_equal(length, sizeof told);
    assert_int_equal(KeGetCurrentIrql(), HIGH_LEVEL);
    *(int *)buffer += 1;
}
static VOID gives_up(void) { KeBugCheckEx(0xE2, 1, 2, 3, 4); }
static BOOLEAN register_callback(void)
{
    PKBUGCHECK_CALLBACK_RECORD empty = &record; /* the macro takes a name */
    KeInitializeCallbackRecord(empty);
    return KeRegisterBugCheckCallback(&record, on_bugcheck, &told, sizeof told, (PUCHAR)"table");
}
static void gives_up_registered(void)
{
    assert_true(register_callback());
    assert_false(KeRegisterBugCheckCallback(&record, on_bugcheck, &told, sizeof told, (PUCHAR)"table")); /* it is */
    gives_up();
}
static void registered_and_not(void)
{
    assert_true(register_callback());
    assert_true(KeDeregisterBugCheckCallback(&record));
    assert_false(KeDeregisterBugCheckCallback(&record));
}
static void left_registered(void) { assert_true(register_callback()); }

/* ---- Other processes ---- */

static KAPC_STATE apc_state, inner_state;
static void attached_and_detached(void)
{
    PEPROCESS own = PsGetCurrentProcess();
    KeStackAttachProcess((PKPROCESS)PsInitialSystemProcess, &apc_state);
    assert_true(PsGetCurrentProcess() == PsInitialSystemProcess);
    KeStackAttachProcess((PKPROCESS)own, &inner_state);
    assert_true(PsGetCurrentProcess() == own);
    KeUnstackDetachProcess(&inner_state);
    assert_true(PsGetCurrentProcess() == PsInitialSystemProcess);
    KeUnstackDetachProcess(&apc_state);
    assert_true(PsGetCurrentProcess() == own);
}
static VOID attaches_in_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) { KeStackAttachProcess((PKPROCESS)PsInitialSystemProcess, &apc_state); }
static void attached_in_dpc(void) { in_dpc(attaches_in_dpc); }
static void detached_only(void) { KeUnstackDetachProcess(&apc_state); }

#if UNIT_CATCHES_FAULTS
static const int constant = 1;
static int volatile *pointer;
static VOID touches(PKDPC d, PVOID context, PVOID a, PVOID b) { *pointer = 1; }
static void null_written(void)
{
    pointer = (int *)16;
    *pointer = 1;
}
static void null_written_in_dpc(void)
{
    pointer = (int *)16;
    in_dpc(touches);
}
static void constant_written(void)
{
    pointer = (int *)(ULONG_PTR)&constant;
    *pointer = 2;
}
static void (*volatile called)(void);
static void data_executed(void)
{
    called = (void (*)(void))(ULONG_PTR)&list;
    called();
    list.Flink = NULL; /* not a jump instead of a call */
}
static void memory_written(void)
{
    int mine = 0;
    pointer = &mine;
    *pointer = 2;
}
#endif

#pragma clang section text = "" data = "" bss = ""

struct row {
    const char *name;
    void (*wrong)(void), (*right)(void);
    uint32_t code;
    uint64_t p1;
};
#define ROW(wrong, right, code, p1) {#wrong, wrong, right, code, p1}

static void check_rows(const struct row *row, size_t count)
{
    for (; count; count--, row++) {
        shown(row->right);
        two_reported(row->wrong, row->name, row->code, row->p1);
    }
}
#define ROWS(...)                                    \
    {                                                \
        static const struct row rows[] = {__VA_ARGS__}; \
        check_rows(rows, sizeof rows / sizeof rows[0]); \
    }
#define TEST(name) static void name(void **state)
#define ANY ~0ull

/* RULE V-GEN-1: A thread that is back in its app with APCs disabled is bug check 0x1. */
/* RULE V-GEN-13: One at a raised level is 0x4A. */
TEST(V_GEN_1_user_mode)
ROWS(ROW(left_in_region, left_region, 0x1, 1), ROW(left_raised, left_lowered, 0x4A, DISPATCH_LEVEL))

/* RULE V-GEN-2: Kernel code that wants DISPATCH_LEVEL is not called below it: 0x8, under the verifier 0xC4/0x20003. */
/* RULE V-GEN-3: Pageable code that runs at DISPATCH_LEVEL is 0xA, a DPC routine in a PAGE section 0xD1. */
/* RULE V-GEN-21: A DPC that waits is 0xB8. */
/* RULE V-GEN-28: A spin lock that is held for minutes is 0x133. */
TEST(V_GEN_2_levels)
ROWS(ROW(insert_low, insert_raised, 0xC4, 0x20003), ROW(pageable_raised, pageable_low, 0xA, 0), ROW(pageable_in_dpc, resident_in_dpc, 0xD1, 0),
     ROW(dpc_waits, dpc_sets, 0xB8, ANY), ROW(held_for_minutes, held_for_a_moment, 0x133, 1))

/* RULE V-GEN-4: A spin lock that is owned already is 0xF, one that is not owned 0x10. */
/* RULE V-GEN-27: A resource that its releaser does not own is 0xE3. */
/* RULE V-GEN-33: A thread that ends with a mutex is 0x4000008A. */
TEST(V_GEN_4_locks)
ROWS(ROW(taken_twice, taken_and_released, 0xF, ANY), ROW(released_unowned, taken_and_released, 0x10, ANY), ROW(resource_unowned, resource_owned, 0xE3, ANY),
     ROW(thread_owning, thread_released, 0x4000008A, ANY))

/* RULE V-GEN-5: An object dereferenced more often than referenced is 0x18. */
/* RULE V-GEN-10: A device that its driver leaves behind is 0x36. */
/* RULE V-GEN-18: A kernel handle that is not open is 0x93. */
TEST(V_GEN_5_objects)
ROWS(ROW(dereferenced_too_often, dereferenced, 0x18, ANY), ROW(device_left, device_deleted, 0x36, ANY), ROW(closed_twice, closed_once, 0x93, ANY))

/* RULE V-GEN-6: A wrong tag is 0xC2/0xA, a NULL pointer 0xC2/0x46; a header that was written over is 0x19, where no sanitizer sees the write itself. */
/* RULE V-GEN-15: Pages unlocked more often than locked are 0x4E/7. */
/* RULE V-GEN-16: Pages of an app that are still locked when it ends are 0xCB. */
/* RULE V-GEN-26: An MDL that is locked over itself is 0xD9, a wrong address for its mapping 0xDA. */
TEST(V_GEN_6_memory)
{
    ROWS(ROW(freed_with_another_tag, allocated_and_freed, 0xC2, 0xA), ROW(freed_null, allocated_and_freed, 0xC2, 0x46),
         ROW(unlocked_unlocked, unlocked_locked, 0x4E, 7), ROW(pages_left_locked, pages_unlocked, 0xCB, ANY), ROW(locked_over, unmapped, 0xD9, 2),
         ROW(unmapped_elsewhere, unmapped, 0xDA, ANY))
#if !defined(IRPFUZZ_ASAN)
    ROWS(ROW(header_overwritten, allocated_and_freed, 0x19, 0x20))
#endif
}

/* RULE V-GEN-7: An exception that nobody handles is 0x7E in a system thread, 0x3B in a system call; one that a DDI raises is 0x1E. */
/* RULE V-GEN-17: A kernel stack that is used up is 0x7F/8. */
TEST(V_GEN_7_exceptions)
{
    ROWS(ROW(thrown_in_thread, caught_in_thread, 0x7E, (ULONG)STATUS_DEVICE_BUSY), ROW(thrown_in_read, caught_in_read, 0x3B, (ULONG)STATUS_DEVICE_BUSY),
         ROW(mutex_not_owned, thread_released, 0x1E, (ULONG)STATUS_MUTANT_NOT_OWNED), ROW(endless_recursion, some_recursion, 0x7F, 8))
    shown(too_large_expansion);
}

/* RULE V-GEN-8: A thread that ends with APCs disabled is 0x20. */
/* RULE V-GEN-23: A thread that comes back at another level is 0xC8, a DPC that was never initialised 0xC7. */
/* RULE V-GEN-25: A thread that outlives its driver is 0xCE. */
TEST(V_GEN_8_threads)
ROWS(ROW(thread_in_region, thread_ends, 0x20, ANY), ROW(thread_raised, thread_low, 0xC8, ANY), ROW(dpc_uninitialised, resident_in_dpc, 0xC7, 1),
     ROW(thread_outlives, thread_ends, 0xCE, ANY))

/* RULE V-GEN-9: An IRP that has no stack location left is 0x35. */
/* RULE V-GEN-11: An IRP completed twice is 0x44. */
/* RULE V-GEN-12: Cancelling an IRP that is complete is 0x48. */
/* RULE V-GEN-19: A work item that is queued while it is queued is 0xE4/1. */
TEST(V_GEN_9_requests)
ROWS(ROW(stack_too_short, stack_long_enough, 0x35, ANY), ROW(read_completed_twice, plain_read, 0x44, ANY), ROW(cancelled_when_complete, cancelled_without_routine, 0x48, ANY),
     ROW(item_queued_twice, item_queued_once, 0xE4, 1))

/* RULE V-GEN-14: Code that was discarded is 0x50 when it is called, as is an address where nothing is; at DISPATCH_LEVEL the latter is 0xD1. */
/* RULE V-GEN-22: A write to what is read-only is 0xBE, the execution of data 0xFC. */
TEST(V_GEN_14_addresses)
{
    ROWS(ROW(discarded_code, plain_read, 0x50, ANY))
#if UNIT_CATCHES_FAULTS
    ROWS(ROW(null_written, memory_written, 0x50, 0), ROW(null_written_in_dpc, resident_in_dpc, 0xD1, 0), ROW(constant_written, memory_written, 0xBE, ANY),
         ROW(data_executed, memory_written, 0xFC, ANY))
#endif
}

/* RULE V-GEN-29: A broken list is 0x139/3, and any other fast fail has its own code there. */
/* RULE V-GEN-30: An assertion of the driver's that fails is reported with its text, its file and its line. */
TEST(V_GEN_29_noticed_by_the_driver)
{
    ROWS(ROW(list_broken, list_whole, 0x139, 3), ROW(reference_count_broken, list_whole, 0x139, 14))
    unit_wants_report = true;
    two_body = assertion_fails;
    unit_expect_bugcheck(two_life, OWN_DRIVER_ASSERTION, 17);
    assert_true(strstr(unit_report, "queue->length > 0 (queue.c:17)") != NULL);
    shown(assertion_holds);
}

/* RULE V-GEN-31: KeBugCheckEx is reported with the driver's own code and parameters, and the bug-check callbacks run first. */
/* RULE V-UNL-7: A bug-check callback left at the unload is bug check 0xCE. */
TEST(V_GEN_31_asked_for)
{
    ROWS(ROW(left_registered, registered_and_not, 0xCE, ANY), ROW(gives_up, registered_and_not, 0xE2, 1))
    assert_int_equal(told, 0);
    reported(gives_up_registered, 0xE2, 1);
    assert_int_equal(told, 1);
}

/* RULE V-GEN-32: KeStackAttachProcess in a DPC is 0x5, KeUnstackDetachProcess of a thread that is not attached 0x6; attaching nests. */
TEST(V_GEN_32_attached)
ROWS(ROW(attached_in_dpc, attached_and_detached, 0x5, ANY), ROW(detached_only, attached_and_detached, 0x6, 0))

#if UNIT_CATCHES_FAULTS
/* A fault of the driver is told with the function that made it on top; where no driver's code is on the stack, what there is. */
TEST(stack_of_a_fault)
{
    report_into(unit_report, sizeof unit_report);
    two_body = null_written;
    unit_expect_bugcheck(two_life, 0x50, 0);
    report_into(NULL, 0);
    const char *stack = strstr(unit_report, "  stack\n");
    assert_true(stack != NULL);
    assert_true(strstr(stack, "null_written") < strstr(stack, "two_app") && strstr(stack, "#0  null_written") != NULL);
    report_into(unit_report, sizeof unit_report);
    two_body = data_executed;
    unit_expect_bugcheck(two_life, 0xFC, ANY);
    report_into(NULL, 0);
    assert_true(strstr(unit_report, "#0  data_executed") != NULL);
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(V_GEN_1_user_mode), cmocka_unit_test(V_GEN_2_levels), cmocka_unit_test(V_GEN_4_locks), cmocka_unit_test(V_GEN_5_objects),
        cmocka_unit_test(V_GEN_6_memory), cmocka_unit_test(V_GEN_7_exceptions), cmocka_unit_test(V_GEN_8_threads), cmocka_unit_test(V_GEN_9_requests),
        cmocka_unit_test(V_GEN_14_addresses), cmocka_unit_test(V_GEN_29_noticed_by_the_driver), cmocka_unit_test(V_GEN_31_asked_for),
        cmocka_unit_test(V_GEN_32_attached),
#if UNIT_CATCHES_FAULTS
        cmocka_unit_test(stack_of_a_fault),
#endif
    };
    return cmocka_run_group_tests(tests);
}
