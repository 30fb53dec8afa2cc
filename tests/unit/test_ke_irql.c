/* IRQL: what runs where, pageable code and memory, the level each DDI wants: W-IRQL, V-IRQ. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static KDPC dpc;
static KTIMER timer;
static KEVENT event;
static KSPIN_LOCK lock;
static FAST_MUTEX mutex;
static KMUTEX owned;
static ERESOURCE resource;
static LONG volatile hits, elsewhere;
static ULONG dpc_cpu;

static VOID count_dpc(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    InterlockedIncrement(&hits);
    dpc_cpu = KeGetCurrentProcessorNumber();
}

/* A mutex that is got keeps kernel APCs away until it is released; a DPC may only poll for one. */
static VOID region_dpc(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    LARGE_INTEGER now = {.QuadPart = 0};
    KeInitializeMutex(&owned, 0);
    KeWaitForSingleObject(&owned, Executive, KernelMode, FALSE, &now);
}

static DWORD run_beside(void *argument)
{
    for (int i = 0; i < 20; i++)
        InterlockedIncrement(&elsewhere);
    return 0;
}

static KIRQL raise_to(KIRQL irql)
{
    KIRQL old;
    KeRaiseIrql(irql, &old);
    return old;
}

/* ---- W-IRQL-2 ---- */

static void raised(void)
{
    HANDLE t = CreateThread(NULL, 0, run_beside, NULL, 0, NULL);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KIRQL old = raise_to(DISPATCH_LEVEL);
    ULONG cpu = KeGetCurrentProcessorNumber();
    KeInsertQueueDpc(&dpc, NULL, NULL);
    for (int i = 0; i < 50; i++) {
        KeStallExecutionProcessor(1);
        assert_int_equal(KeGetCurrentProcessorNumber(), cpu); /* the thread keeps its processor */
    }
    assert_int_equal(InterlockedCompareExchange(&hits, 0, 0), 0); /* no interrupt of that level */
    KeLowerIrql(old);
    assert_int_equal(InterlockedCompareExchange(&hits, 0, 0), 1);
    WaitForSingleObject(t, FOREVER);
}

/* The other processor goes on. */
static void raised_here_only(void)
{
    HANDLE t = CreateThread(NULL, 0, run_beside, NULL, 0, NULL);
    KIRQL old = raise_to(DISPATCH_LEVEL);
    for (int i = 0; i < 10000 && InterlockedCompareExchange(&elsewhere, 0, 0) < 20; i++)
        KeStallExecutionProcessor(1);
    LONG seen = InterlockedCompareExchange(&elsewhere, 0, 0);
    KeLowerIrql(old);
    WaitForSingleObject(t, FOREVER);
    assert_int_equal(seen, 20);
}

/* ---- Pageable code and memory ---- */

static NTSTATUS paged_read(PDEVICE_OBJECT device, PIRP irp);
static NTSTATUS init_read(PDEVICE_OBJECT device, PIRP irp);
static VOID paged_dpc(PKDPC d, PVOID context, PVOID a, PVOID b);
static VOID init_helper(VOID);
#pragma alloc_text(PAGE, paged_read)
#pragma alloc_text(PAGE, paged_dpc)
#pragma alloc_text(INIT, init_read)
#pragma alloc_text(INIT, init_helper)

static NTSTATUS paged_read(PDEVICE_OBJECT device, PIRP irp)
{
    PAGED_CODE();
    return succeed(device, irp);
}
static VOID paged_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) {}
static NTSTATUS init_read(PDEVICE_OBJECT device, PIRP irp) { return succeed(device, irp); }
static DECLSPEC_NOINLINE VOID init_helper(VOID) { PAGED_CODE(); }

static void paged_code_low(void)
{
    lower[IRP_MJ_READ] = paged_read;
    read_four();
    KIRQL old = raise_to(APC_LEVEL);
    PAGED_CODE();
    KeLowerIrql(old);
}

static void paged_code_high(void)
{
    raise_to(DISPATCH_LEVEL);
    PAGED_CODE();
}

static void paged_dpc_called(void)
{
    KeInitializeDpc(&dpc, paged_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void init_code_called(void)
{
    up->DriverObject->MajorFunction[IRP_MJ_READ] = init_read;
    read_four();
}

static void init_code_called_directly(void) { init_helper(); }

#if defined(IRPFUZZ_ASAN)
int __asan_address_is_poisoned(const volatile void *address);
#define touchable(p) (!__asan_address_is_poisoned(p))
static VOID hidden_in_dpc(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    assert_false(touchable(context));
    KeSetEvent(&event, 0, FALSE);
    assert_false(touchable(context));
}

static void paged_pool_hidden(void)
{
    char *paged = ExAllocatePoolZero(PagedPool, 100, 'tseT'), *nonpaged = ExAllocatePoolZero(NonPagedPool, 100, 'tseT');
    KIRQL old;
    assert_true(touchable(paged) && touchable(nonpaged));
    old = raise_to(APC_LEVEL);
    assert_true(touchable(paged));
    KeLowerIrql(old);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    assert_true(!touchable(paged) && touchable(nonpaged));
    KeReleaseSpinLock(&lock, old);
    assert_true(touchable(paged));
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, hidden_in_dpc, paged);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    assert_true(touchable(paged));
    ExFreePoolWithTag(paged, 'tseT');
    ExFreePoolWithTag(nonpaged, 'tseT');
}
#endif

#define IN_PAGED_POOL(name, type, ...)                                                    \
    static void name(void)                                                                \
    {                                                                                     \
        type *object = ExAllocatePoolZero(PagedPool, sizeof *object + 32, 'tseT');        \
        object = (type *)((char *)object + 16);                                           \
        __VA_ARGS__;                                                                      \
    }
IN_PAGED_POOL(paged_event, KEVENT, KeInitializeEvent(object, NotificationEvent, FALSE))
IN_PAGED_POOL(paged_semaphore, KSEMAPHORE, KeInitializeSemaphore(object, 0, 1))
IN_PAGED_POOL(paged_mutex, KMUTEX, KeInitializeMutex(object, 0))
IN_PAGED_POOL(paged_timer, KTIMER, KeInitializeTimer(object))
IN_PAGED_POOL(paged_kdpc, KDPC, KeInitializeDpc(object, count_dpc, NULL))
IN_PAGED_POOL(paged_spin_lock, KSPIN_LOCK, KeInitializeSpinLock(object))
IN_PAGED_POOL(paged_fast_mutex, FAST_MUTEX, ExInitializeFastMutex(object))
IN_PAGED_POOL(paged_resource, ERESOURCE, ExInitializeResourceLite(object))
IN_PAGED_POOL(paged_lookaside, NPAGED_LOOKASIDE_LIST, ExInitializeNPagedLookasideList(object, NULL, NULL, 0, 64, 'tseT', 0))
static VOID no_work(PVOID context) {}
IN_PAGED_POOL(paged_work_item, WORK_QUEUE_ITEM, ExInitializeWorkItem(object, no_work, NULL); ExQueueWorkItem(object, DelayedWorkQueue))

/* ---- Floating point ---- */

static void floats(void)
{
    KFLOATING_SAVE outer, inner;
    assert_int_equal(KeSaveFloatingPointState(&outer), STATUS_SUCCESS);
    assert_int_equal(KeSaveFloatingPointState(&inner), STATUS_SUCCESS);
    assert_int_equal(KeRestoreFloatingPointState(&inner), STATUS_SUCCESS);
    assert_int_equal(KeRestoreFloatingPointState(&outer), STATUS_SUCCESS);
}
static void restored_twice(void)
{
    KFLOATING_SAVE save, other;
    KeSaveFloatingPointState(&other);
    KeSaveFloatingPointState(&save);
    KeRestoreFloatingPointState(&save);
    KeRestoreFloatingPointState(&save);
}
static void never_restored(void)
{
    KFLOATING_SAVE save;
    KeSaveFloatingPointState(&save);
}

/* ---- Sending at a level ---- */

static NTSTATUS own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    InterlockedIncrement(&hits);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send_at(KIRQL irql, UCHAR major)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = major;
    if (major == IRP_MJ_POWER)
        IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_POWER_SEQUENCE; /* the one that a driver may send */
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; /* as power IRPs begin */
    IoSetCompletionRoutine(irp, own_done, NULL, TRUE, TRUE, TRUE);
    KIRQL old = raise_to(irql);
    assert_int_equal(IoCallDriver(up, irp), STATUS_SUCCESS);
    KeLowerIrql(old);
    IoFreeIrp(irp);
}

static void sent_at_dispatch(void)
{
    static const UCHAR majors[] = {IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_INTERNAL_DEVICE_CONTROL, IRP_MJ_POWER};
    for (unsigned i = 0; i < ARRAYSIZE(majors); i++)
        send_at(DISPATCH_LEVEL, majors[i]);
    send_at(APC_LEVEL, IRP_MJ_FLUSH_BUFFERS);
    assert_int_equal(InterlockedCompareExchange(&hits, 0, 0), ARRAYSIZE(majors) + 1);
}
static void flush_at_dispatch(void) { send_at(DISPATCH_LEVEL, IRP_MJ_FLUSH_BUFFERS); }
static void read_above_dispatch(void) { send_at(5, IRP_MJ_READ); }

static IO_STATUS_BLOCK iosb;

static PIRP built(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), up, NULL, 0, NULL, 0, FALSE, &event, &iosb);
}
static void built_in_critical_region(void)
{
    PIRP irp = built();
    KeEnterCriticalRegion();
    assert_int_equal(IoCallDriver(up, irp), STATUS_SUCCESS);
    KeLeaveCriticalRegion();
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
}
static void built_in_guarded_region(void)
{
    PIRP irp = built();
    KeEnterGuardedRegion();
    IoCallDriver(up, irp);
}
static void built_at_apc_level(void)
{
    PIRP irp = built();
    raise_to(APC_LEVEL);
    IoCallDriver(up, irp);
}

/* ---- The level a routine returns at ---- */

static NTSTATUS raising_routine(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    raise_to(APC_LEVEL);
    return STATUS_CONTINUE_COMPLETION;
}
static NTSTATUS region_routine(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeEnterCriticalRegion();
    return STATUS_CONTINUE_COMPLETION;
}
static NTSTATUS forward_with(PIRP irp, PIO_COMPLETION_ROUTINE routine)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
static NTSTATUS forward_raising(PDEVICE_OBJECT device, PIRP irp) { return forward_with(irp, raising_routine); }
static NTSTATUS forward_region(PDEVICE_OBJECT device, PIRP irp) { return forward_with(irp, region_routine); }
static NTSTATUS return_raised(PDEVICE_OBJECT device, PIRP irp)
{
    succeed(device, irp);
    raise_to(APC_LEVEL);
    return STATUS_SUCCESS;
}
READ_UP(routine_raises, forward_raising)
READ_UP(routine_in_region, forward_region)
READ_UP(dispatch_raises, return_raised)

static void dpc_in_region(void)
{
    KeInitializeDpc(&dpc, region_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
static void timer_dpc_in_region(void)
{
    LARGE_INTEGER due = {.QuadPart = -10};
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, region_dpc, NULL);
    KeSetTimer(&timer, due, &dpc);
    Sleep(1);
}

/* ---- DDIs above their level: the arguments never matter ---- */

#define AT(irql, call)                        \
    {                                         \
        raise_to(irql);                       \
        call;                                 \
    }
#define HIGH(name, irql, ...) static void name(void) AT(irql, __VA_ARGS__)
HIGH(release_cancel_high, 5, IoReleaseCancelSpinLock(0))
static void release_cancel_low(void) { IoReleaseCancelSpinLock(0); }
HIGH(pool_high, 5, ExAllocatePoolWithTag(NonPagedPool, 8, 'tseT'))
HIGH(try_fast_mutex, DISPATCH_LEVEL, ExTryToAcquireFastMutex(&mutex))
HIGH(quota_pool, DISPATCH_LEVEL, ExAllocatePoolWithQuotaTag(NonPagedPool, 8, 'tseT'))
HIGH(paged_list, DISPATCH_LEVEL, ExAllocateFromPagedLookasideList(NULL))
HIGH(paged_list_free, DISPATCH_LEVEL, ExFreeToPagedLookasideList(NULL, NULL))
HIGH(probe, DISPATCH_LEVEL, ProbeForRead(NULL, 1, 1))
HIGH(resource_exclusive, DISPATCH_LEVEL, ExAcquireResourceExclusiveLite(&resource, TRUE))
HIGH(resource_delete, DISPATCH_LEVEL, ExDeleteResourceLite(&resource))
HIGH(raise_status, DISPATCH_LEVEL, ExRaiseStatus(STATUS_UNSUCCESSFUL))
HIGH(raise_violation, APC_LEVEL, ExRaiseAccessViolation())
HIGH(delete_device, DISPATCH_LEVEL, IoDeleteDevice(up))
HIGH(create_device, APC_LEVEL, IoCreateDevice(NULL, 0, NULL, 0, 0, FALSE, NULL))
HIGH(interface_state, APC_LEVEL, IoSetDeviceInterfaceState(NULL, TRUE))
HIGH(build_control, DISPATCH_LEVEL, IoBuildDeviceIoControlRequest(0, up, NULL, 0, NULL, 0, FALSE, NULL, NULL))
HIGH(check_share, APC_LEVEL, IoCheckShareAccess(0, 0, NULL, NULL, FALSE))
HIGH(detach, APC_LEVEL, IoDetachDevice(low))
HIGH(register_interface, APC_LEVEL, IoRegisterDeviceInterface(NULL, NULL, NULL, NULL))
HIGH(create_link, APC_LEVEL, IoCreateSymbolicLink(NULL, NULL))
HIGH(named_event, APC_LEVEL, IoCreateNotificationEvent(NULL, NULL))
HIGH(device_pointer, APC_LEVEL, IoGetDeviceObjectPointer(NULL, 0, NULL, NULL))
HIGH(initialize_timer, APC_LEVEL, IoInitializeTimer(up, NULL, NULL))
HIGH(update_share, APC_LEVEL, IoUpdateShareAccess(NULL, NULL))
HIGH(guarded_mutex, DISPATCH_LEVEL, KeAcquireGuardedMutex(NULL))
HIGH(active_processors, DISPATCH_LEVEL, KeQueryActiveProcessors())
HIGH(critical_region, DISPATCH_LEVEL, KeEnterCriticalRegion())
HIGH(guarded_region, DISPATCH_LEVEL, KeEnterGuardedRegion())
HIGH(set_timer, 5, KeSetTimer(&timer, (LARGE_INTEGER){.QuadPart = 0}, NULL))
HIGH(reset_event, 5, KeResetEvent(&event))
HIGH(set_event, 5, KeSetEvent(&event, 0, FALSE))
HIGH(reference_handle, APC_LEVEL, ObReferenceObjectByHandle(NULL, 0, NULL, KernelMode, NULL, NULL))
HIGH(create_thread, APC_LEVEL, PsCreateSystemThread(NULL, 0, NULL, NULL, NULL, NULL, NULL))
HIGH(close_handle, APC_LEVEL, ZwClose(NULL))
HIGH(lock_pages, 5, MmProbeAndLockPages(NULL, KernelMode, IoReadAccess))
HIGH(map_pages, 5, MmGetSystemAddressForMdlSafe(NULL, NormalPagePriority))
HIGH(unlock_pages, 5, MmUnlockPages(NULL))
HIGH(unmap_pages, 5, MmUnmapLockedPages(NULL, NULL))
HIGH(print_unicode, APC_LEVEL, DbgPrint("%ws\n", L"wide"))
static void close_handle_guarded(void)
{
    KeEnterGuardedRegion();
    ZwClose(NULL);
}

static void user_mode_raised(void)
{
    HANDLE h = open_two(0);
    raise_to(APC_LEVEL);
    CloseHandle(h);
}

static void prints(void)
{
    DbgPrint("%ws\n", L"wide");
    KIRQL old = raise_to(DISPATCH_LEVEL);
    DbgPrint("%d %s\n", 1, "narrow");
    KeLowerIrql(old);
}

#pragma clang section text = "" data = "" bss = ""

#define TEST(name) static void name(void **state)

/* RULE W-IRQL-2: A processor at DISPATCH_LEVEL takes no interrupt of that level and keeps its thread; the others go on. */
TEST(W_IRQL_2_raised)
{
    shown(raised);
    shown_in_any_order(raised, 50);
    struct chance chance = {.policy = POLICY_RANDOM, .seed = 5};
    two_chance = &chance;
    shown(raised_here_only);
    two_chance = NULL;
}

/* RULE W-IRQL-10: Code and memory that may be paged out are not touched at DISPATCH_LEVEL: paged pool is out of reach there, in builds that can tell. */
/* RULE V-IRQ-39: Pageable code called at DISPATCH_LEVEL is bug check 0xD1; paged pool is hidden from driver code. */
TEST(W_IRQL_10_pageable)
{
    reported(paged_dpc_called, 0xD1, 0);
#if defined(IRPFUZZ_ASAN)
    shown(paged_pool_hidden);
    shown_in_any_order(paged_pool_hidden, 30);
#endif
}

/* RULE W-IRQL-11: PAGED_CODE says nothing up to APC_LEVEL and reports a routine that runs above it. */
/* RULE V-IRQ-40: A routine with PAGED_CODE that runs above APC_LEVEL is reported. */
TEST(W_IRQL_11_paged_code)
{
    shown(paged_code_low);
    reported(paged_code_high, 0xA, ~0ull);
}

/* RULE W-IRQL-12: A routine in a PAGE section runs at APC_LEVEL at most, one in INIT only until DriverEntry has returned. */
TEST(W_IRQL_12_alloc_text)
{
    shown(paged_code_low);
    reported(paged_dpc_called, 0xD1, 0);
    reported(init_code_called, 0x50, ~0ull);
    reported(init_code_called_directly, 0x50, ~0ull);
}

/* RULE W-IRQL-13: Dispatcher objects, locks, DPCs, timers, list heads (0xC4/0xE1) and work items (0xC4/0x131) lie in nonpaged memory. */
/* RULE V-LCK-27: A synchronisation object in paged pool is bug check 0xC4/0xE1. */
TEST(W_IRQL_13_nonpaged_objects)
{
    reported(paged_event, 0xC4, 0xE1);
    reported(paged_semaphore, 0xC4, 0xE1);
    reported(paged_mutex, 0xC4, 0xE1);
    reported(paged_timer, 0xC4, 0xE1);
    reported(paged_kdpc, 0xC4, 0xE1);
    reported(paged_spin_lock, 0xC4, 0xE1);
    reported(paged_fast_mutex, 0xC4, 0xE1);
    reported(paged_resource, 0xC4, 0xE1);
    reported(paged_lookaside, 0xC4, 0xE1);
    reported(paged_work_item, 0xC4, 0x131);
}

/* RULE W-IRQL-14: Saving the floating-point state succeeds and nests; a restore without its save, or none at all, is reported. */
TEST(W_IRQL_14_floating_point)
{
    shown(floats);
    reported(restored_twice, OWN_RULE, ~0ull);
    reported(never_restored, OWN_RULE, ~0ull);
}

/* RULE W-IRQL-21: Reads, writes, controls and power IRPs may be sent at DISPATCH_LEVEL, others below it only (0xC9/0x23A), none above (0xC9/0x10). */
/* RULE V-IRQ-31: An IRP sent at a level its major function does not allow is reported. */
TEST(W_IRQL_21_sending)
{
    shown(sent_at_dispatch);
    reported(flush_at_dispatch, 0xC9, 0x23A);
    reported(read_above_dispatch, 0xC9, 0x10);
}

/* RULE W-IRQL-22: A thread-bound IRP completes in a critical region, but is bug check 0xC9/0x302 at APC_LEVEL or in a guarded region. */
/* RULE V-IRQ-32: A synchronous IRP sent where completion APCs are blocked is reported. */
/* RULE V-IO-302: A thread-bound IRP that is sent where its completion APC is blocked is reported by the I/O verifier. */
TEST(W_IRQL_22_synchronous_irps)
{
    shown(built_in_critical_region);
    reported(built_in_guarded_region, 0xC9, 0x302);
    reported(built_at_apc_level, 0xC9, 0x302);
}

/* RULE V-IRQ-1D: A dispatch routine that returns at another level is reported. */
/* RULE V-IRQ-36: A completion routine that returns at another level is bug check 0xC4/0xFA. */
/* RULE V-IRQ-37: A DPC that changes the APC disable count is bug check 0xC7/4, a timer's 0xC7/5. */
/* RULE V-IO-14: A completion routine that changes the APC disable count is bug check 0xC4/0xFB. */
TEST(V_IRQ_1D_36_37_returns)
{
    reported(dispatch_raises, 0xC9, 5);
    reported(routine_raises, 0xC4, 0xFA);
    reported(routine_in_region, 0xC4, 0xFB);
    reported(dpc_in_region, 0xC7, 4);
    reported(timer_dpc_in_region, 0xC7, 5);
}

/* RULE V-IRQ-03: A call that needs exactly DISPATCH_LEVEL is reported at any other. */
TEST(V_IRQ_03_exact)
{
    reported(release_cancel_high, 0xC4, 0x20003);
    reported(release_cancel_low, 0xC4, 0x20003);
}

/* RULE V-IRQ-04: Pool is allocated at DISPATCH_LEVEL at most. */
/* RULE V-IRQ-06: Quota pool, paged lookaside lists and probes need APC_LEVEL or below. */
/* RULE V-IRQ-07: ERESOURCEs are acquired and deleted at APC_LEVEL at most. */
/* RULE V-IRQ-08: ExRaiseStatus and its kin are not called at DISPATCH_LEVEL. */
/* RULE V-IRQ-29: The inline calls that allocate from and free to paged lookaside lists are checked for APC_LEVEL or below. */
TEST(V_IRQ_04_ex)
{
    reported(pool_high, 0xC4, 0x20004);
    reported(try_fast_mutex, 0xC4, 0x20005);
    reported(quota_pool, 0xC4, 0x20006);
    reported(paged_list, 0xC4, 0x20006);
    reported(paged_list_free, 0xC4, 0x20006);
    reported(probe, 0xC4, 0x20006);
    reported(resource_exclusive, 0xC4, 0x20007);
    reported(resource_delete, 0xC4, 0x20007);
    reported(raise_status, 0xC4, 0x20008);
    reported(raise_violation, 0xC4, 0x20008);
}

/* RULE V-IRQ-09: IoDeleteDevice is called at APC_LEVEL at most. */
/* RULE V-IRQ-0A: IoCreateDevice and IoSetDeviceInterfaceState are for PASSIVE_LEVEL, IoBuildDeviceIoControlRequest for APC_LEVEL at most. */
/* RULE V-IRQ-0B: IoCheckShareAccess is for PASSIVE_LEVEL. */
/* RULE V-IRQ-0C: IoDetachDevice and IoRegisterDeviceInterface are for PASSIVE_LEVEL. */
/* RULE V-IRQ-0D: Symbolic links and named events are for PASSIVE_LEVEL. */
/* RULE V-IRQ-0E: IoGetDeviceObjectPointer, IoInitializeTimer and the rest of share access are for PASSIVE_LEVEL. */
TEST(V_IRQ_09_io)
{
    reported(delete_device, 0xC4, 0x20009);
    reported(create_device, 0xC4, 0x2000A);
    reported(interface_state, 0xC4, 0x2000A);
    reported(build_control, 0xC4, 0x2000A);
    reported(check_share, 0xC4, 0x2000B);
    reported(detach, 0xC4, 0x2000C);
    reported(register_interface, 0xC4, 0x2000C);
    reported(create_link, 0xC4, 0x2000D);
    reported(named_event, 0xC4, 0x2000D);
    reported(device_pointer, 0xC4, 0x2000E);
    reported(initialize_timer, 0xC4, 0x2000E);
    reported(update_share, 0xC4, 0x2000E);
}

/* RULE V-IRQ-0F: Guarded mutexes and KeQueryActiveProcessors want APC_LEVEL at most. */
/* RULE V-IRQ-10: Critical and guarded regions are entered at APC_LEVEL at most. */
/* RULE V-IRQ-11: Timers and events are for DISPATCH_LEVEL at most. */
/* RULE V-IRQ-16: KeSetEvent is for DISPATCH_LEVEL at most. */
/* RULE V-IRQ-1B: ObReferenceObjectByHandle is for PASSIVE_LEVEL. */
/* RULE V-IRQ-1C: PsCreateSystemThread is for PASSIVE_LEVEL. */
/* RULE V-IRQ-1F: ZwClose is for PASSIVE_LEVEL. */
/* RULE V-IRQ-34: A Zw call while special kernel APCs are disabled is bug check 0xC4/0xE5. */
TEST(V_IRQ_10_ke)
{
    reported(guarded_mutex, 0xC4, 0x2000F);
    reported(active_processors, 0xC4, 0x2000F);
    reported(critical_region, 0xC4, 0x20010);
    reported(guarded_region, 0xC4, 0x20010);
    reported(set_timer, 0xC4, 0x20011);
    reported(reset_event, 0xC4, 0x20011);
    reported(set_event, 0xC4, 0x20016);
    reported(reference_handle, 0xC4, 0x2001B);
    reported(create_thread, 0xC4, 0x2001C);
    reported(close_handle, 0xC4, 0x2001F);
    reported(close_handle_guarded, 0xC4, 0xE5);
}

/* RULE V-IRQ-38: Locking (else bug check 0xC4/0x70), mapping (0xC4/0x76), unlocking (0xC4/0x78) and unmapping (0xC4/0x79) pages are for DISPATCH_LEVEL at most. */
TEST(V_IRQ_38_mm)
{
    reported(lock_pages, 0xC4, 0x70);
    reported(map_pages, 0xC4, 0x76);
    reported(unlock_pages, 0xC4, 0x78);
    reported(unmap_pages, 0xC4, 0x79);
}

/* RULE V-IRQ-43: A thread that is back in its app at a raised level is bug check 0x4A. */
TEST(V_IRQ_43_user_mode) { reported(user_mode_raised, 0x4A, ~0ull); }

/* RULE V-IRQ-30: Unicode conversions of DbgPrint are for PASSIVE_LEVEL. */
TEST(V_IRQ_30_print)
{
    shown(prints);
    reported(print_unicode, OWN_RULE, ~0ull);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_IRQL_2_raised), cmocka_unit_test(W_IRQL_10_pageable), cmocka_unit_test(W_IRQL_11_paged_code),
        cmocka_unit_test(W_IRQL_12_alloc_text), cmocka_unit_test(W_IRQL_13_nonpaged_objects), cmocka_unit_test(W_IRQL_14_floating_point),
        cmocka_unit_test(W_IRQL_21_sending), cmocka_unit_test(W_IRQL_22_synchronous_irps), cmocka_unit_test(V_IRQ_1D_36_37_returns),
        cmocka_unit_test(V_IRQ_03_exact), cmocka_unit_test(V_IRQ_04_ex), cmocka_unit_test(V_IRQ_09_io), cmocka_unit_test(V_IRQ_10_ke),
        cmocka_unit_test(V_IRQ_38_mm), cmocka_unit_test(V_IRQ_30_print),
        cmocka_unit_test(V_IRQ_43_user_mode),
    };
    return cmocka_run_group_tests(tests);
}
