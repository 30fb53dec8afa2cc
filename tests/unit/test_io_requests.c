/*
 * Requests that drivers make of others or have made for them, and what is wrong with sending one: W-IRP-8, 11, 41, 44, 45, W-FIL-8, V-IO-0F, 20E..211, 21B, 227,
 * 237, 307, V-OBJ-5, V-MSC-3, V-MSC-7.
 */
#include "two_devices.h"

#include "nt/io/io.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static char data[64];
static DWORD n;
static unsigned calls;
static KEVENT event;
static IO_STATUS_BLOCK iosb;

/* ---- W-IRP-8: what of a held IRP is its holder's ---- */

static NTSTATUS hold_with_notes(PDEVICE_OBJECT device, PIRP irp)
{
    for (ULONG_PTR i = 0; i < 4; i++)
        irp->Tail.Overlay.DriverContext[i] = (PVOID)(i + 1);
    return hold(device, irp);
}
static void notes_in_the_irp(void)
{
    OVERLAPPED o = {0};
    lower[IRP_MJ_READ] = hold_with_notes;
    HANDLE h = open_two(OVERLAPPED_FLAG);
    ReadFile(h, data, 4, NULL, &o);
    Sleep(1);
    for (ULONG_PTR i = 0; i < 4; i++)
        assert_true(held[0]->Tail.Overlay.DriverContext[i] == (PVOID)(i + 1));
    assert_true((PVOID)&held[0]->Tail.Overlay.DeviceQueueEntry == (PVOID)held[0]->Tail.Overlay.DriverContext); /* the same bytes */
    InitializeListHead(&held[0]->Tail.Overlay.ListEntry);                                                     /* others */
    assert_true(held[0]->Tail.Overlay.DriverContext[3] == (PVOID)4);
    let_go(STATUS_SUCCESS, 0);
    CloseHandle(h);
}

/* ---- W-IRP-11: the states that an IRP goes through ---- */

static UCHAR events[16];
static unsigned event_count;
static void note_events(PIRP irp)
{
    struct irp_info *info = irp_info(irp);
    for (event_count = 0; event_count < info->events && event_count < 16; event_count++)
        events[event_count] = info->history[event_count].event;
}
static NTSTATUS done_and_noted(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    note_events(irp);
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}
static NTSTATUS send_and_note(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, done_and_noted, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
static void states(void)
{
    static const UCHAR expected[] = {IRP_ALLOCATED, IRP_SENT, IRP_SENT, IRP_PENDED, IRP_COMPLETED, IRP_COMPLETION_ROUTINE_CALLED};
    upper[IRP_MJ_READ] = send_and_note;
    lower[IRP_MJ_READ] = hold;
    let_go_later(1, STATUS_SUCCESS, 0);
    read_four();
    assert_int_equal(event_count, ARRAYSIZE(expected));
    for (unsigned i = 0; i < event_count; i++)
        assert_int_equal(events[i], expected[i]);
}

/* ---- W-IRP-41: an asynchronous request, freed by its creator ---- */

static bool keep_buffer;
static NTSTATUS free_asynchronous(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    assert_true(device == NULL);
    if (irp->AssociatedIrp.SystemBuffer && irp->Flags & IRP_DEALLOCATE_BUFFER && !keep_buffer)
        ExFreePool(irp->AssociatedIrp.SystemBuffer);
    for (PMDL mdl = irp->MdlAddress, next; mdl && !keep_buffer; mdl = next) {
        next = mdl->Next;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    *irp->UserIosb = irp->IoStatus;
    IoFreeIrp(irp);
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static char taken[4];
static NTSTATUS take_write(PDEVICE_OBJECT device, PIRP irp)
{
    char *from = irp->MdlAddress ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) : irp->AssociatedIrp.SystemBuffer;
    RtlCopyMemory(taken, from, 4);
    assert_true(!(device->Flags & DO_DIRECT_IO) == !irp->MdlAddress && irp->RequestorMode == KernelMode);
    return complete(irp, STATUS_SUCCESS, 4);
}

static NTSTATUS write_asynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    static char text[4] = "abcd";
    LARGE_INTEGER offset = {.QuadPart = 0};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP own = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, low, text, 4, &offset, &iosb);
    IoSetCompletionRoutine(own, free_asynchronous, &event, TRUE, TRUE, TRUE);
    IoCallDriver(low, own);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return complete(irp, iosb.Status, 0);
}

static void asynchronous(ULONG method)
{
    low->Flags = (low->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | method;
    upper[IRP_MJ_READ] = write_asynchronously;
    lower[IRP_MJ_WRITE] = take_write;
    read_four();
    assert_true(iosb.Status == STATUS_SUCCESS && iosb.Information == 4 && taken[0] == 'a' && taken[3] == 'd');
}
static void asynchronous_buffered(void) { asynchronous(DO_BUFFERED_IO); }
static void asynchronous_direct(void) { asynchronous(DO_DIRECT_IO); }
static void asynchronous_buffer_kept(void)
{
    keep_buffer = true;
    asynchronous(DO_BUFFERED_IO);
}

/* ---- W-IRP-44, V-IO-307: a thread-bound request ---- */

static PIRP stopped;
static NTSTATUS stop_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    stopped = irp;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP bound_request(bool signalled)
{
    KeInitializeEvent(&event, NotificationEvent, signalled);
    return IoBuildDeviceIoControlRequest(CODE(1, METHOD_BUFFERED, 0), low, NULL, 0, NULL, 0, FALSE, &event, &iosb);
}

static void stopped_and_completed(void)
{
    PIRP irp = bound_request(false);
    IoSetCompletionRoutine(irp, stop_it, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(low, irp);
    assert_true(stopped == irp && KeReadStateEvent(&event) == 0);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* else nobody frees it */
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
}
static void stopped_and_forgotten(void)
{
    PIRP irp = bound_request(false);
    IoSetCompletionRoutine(irp, stop_it, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(low, irp);
}

static void sent_with(bool signalled, PDRIVER_DISPATCH routine)
{
    lower[IRP_MJ_DEVICE_CONTROL] = routine;
    PIRP irp = bound_request(signalled);
    if (routine == hold)
        let_go_later(1, STATUS_SUCCESS, 0);
    if (IoCallDriver(low, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}
static void signalled_and_pending(void) { sent_with(true, hold); }
static void signalled_and_done(void) { sent_with(true, succeed); }
static void fresh_and_pending(void) { sent_with(false, hold); }

/* ---- W-IRP-45: associated IRPs ---- */

static unsigned parts_to_count, parts_seen;
static bool hold_parts, stop_parts;

static NTSTATUS fill_part(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    parts_seen++;
    assert_true(irp->Flags & IRP_ASSOCIATED_IRP);
    RtlFillMemory(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), location->Parameters.Read.Length, 'a' + (int)location->Parameters.Read.ByteOffset.QuadPart);
    return hold_parts ? hold(device, irp) : complete(irp, STATUS_SUCCESS, location->Parameters.Read.Length);
}

static NTSTATUS count_part(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls++;
    if (!NT_SUCCESS(irp->IoStatus.Status))
        irp->AssociatedIrp.MasterIrp->IoStatus.Status = irp->IoStatus.Status;
    return STATUS_CONTINUE_COMPLETION;
}

#define PARTS 3
static NTSTATUS split(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length / PARTS;
    PIRP part[PARTS];
    IoMarkIrpPending(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = PARTS * length;
    for (unsigned i = 0; i < PARTS; i++) {
        char *va = (char *)MmGetMdlVirtualAddress(irp->MdlAddress) + i * length;
        part[i] = IoMakeAssociatedIrp(irp, low->StackSize);
        assert_true(part[i]->Tail.Overlay.Thread == irp->Tail.Overlay.Thread);
        IoBuildPartialMdl(irp->MdlAddress, IoAllocateMdl(va, length, FALSE, FALSE, part[i]), va, length);
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(part[i]);
        next->MajorFunction = IRP_MJ_READ;
        next->Parameters.Read.Length = length;
        next->Parameters.Read.ByteOffset.QuadPart = i;
        IoSetCompletionRoutine(part[i], count_part, NULL, TRUE, TRUE, TRUE);
    }
    irp->AssociatedIrp.IrpCount = (LONG)parts_to_count;
    for (unsigned i = 0; i < PARTS; i++)
        IoCallDriver(low, part[i]);
    return STATUS_PENDING;
}

static HANDLE ready_to_split(void)
{
    if (!parts_to_count)
        parts_to_count = PARTS;
    up->Flags = (up->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    upper[IRP_MJ_READ] = split;
    lower[IRP_MJ_READ] = fill_part;
    return open_two(0);
}

static void master_and_parts(void)
{
    HANDLE h = ready_to_split();
    assert_true(ReadFile(h, data, 12, &n, NULL));
    assert_true(n == 12 && calls == PARTS && data[0] == 'a' && data[4] == 'b' && data[11] == 'c');
    CloseHandle(h);
}

static VOID let_go_of_all(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    let_go(STATUS_SUCCESS, 4);
    let_go(STATUS_IO_DEVICE_ERROR, 0);
    let_go(STATUS_SUCCESS, 4);
}
static KTIMER timer;
static KDPC dpc;
static void failing_part(void)
{
    LARGE_INTEGER soon = {.QuadPart = -10000};
    HANDLE h = ready_to_split();
    hold_parts = true;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, let_go_of_all, NULL);
    KeSetTimer(&timer, soon, &dpc);
    assert_false(ReadFile(h, data, 12, &n, NULL)); /* with what the part's routine put there */
    assert_true(GetLastError() == 1117 && calls == PARTS); /* ERROR_IO_DEVICE */
    CloseHandle(h);
}

static void too_few_counted(void)
{
    parts_to_count = 2;
    HANDLE h = ready_to_split();
    ReadFile(h, data, 12, &n, NULL);
}

/* The count lies where a buffered request has its buffer. */
static NTSTATUS split_buffered(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    PIRP part = IoMakeAssociatedIrp(irp, low->StackSize);
    IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(part, count_part, NULL, TRUE, TRUE, TRUE);
    irp->AssociatedIrp.IrpCount = 1;
    IoCallDriver(low, part);
    return STATUS_PENDING;
}
READ_UP(master_with_a_buffer, split_buffered)

static NTSTATUS reuse_part(PDEVICE_OBJECT device, PIRP irp)
{
    IoReuseIrp(IoMakeAssociatedIrp(irp, 1), STATUS_SUCCESS);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(reused_part, reuse_part)

/* ---- What drivers may send, and how ---- */

static NTSTATUS stop(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_MORE_PROCESSING_REQUIRED; }

static DEVICE_CAPABILITIES capabilities = {.Size = sizeof capabilities, .Version = 1, .Address = (ULONG)-1, .UINumber = (ULONG)-1};

static void send_own(UCHAR major, UCHAR minor, NTSTATUS status)
{
    PIRP irp = IoAllocateIrp(up->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    next->MajorFunction = major;
    next->MinorFunction = minor;
    irp->IoStatus.Status = status;
    IoSetCompletionRoutine(irp, stop, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(up, irp);
    IoFreeIrp(irp);
}
static void capabilities_asked(void) { send_own(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, STATUS_NOT_SUPPORTED); }
static void wrong_version(void)
{
    capabilities.Version = 0;
    capabilities_asked();
}
static void wrong_size(void)
{
    capabilities.Size = 4;
    capabilities_asked();
}
static void wrong_address(void)
{
    capabilities.Address = 0;
    capabilities_asked();
}
static void wrong_number(void)
{
    capabilities.UINumber = 0;
    capabilities_asked();
}
static NTSTATUS pass_address(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID address = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer;
    PIRP own;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    own = IoBuildDeviceIoControlRequest(CODE(3, METHOD_NEITHER, 0), low, NULL, 0, address, 4, FALSE, &event, &iosb);
    if (IoCallDriver(low, own) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return complete(irp, iosb.Status, 0);
}
static void address_passed_on(void)
{
    upper[IRP_MJ_DEVICE_CONTROL] = pass_address;
    DeviceIoControl(open_two(0), CODE(2, METHOD_NEITHER, 0), irpfuzz_malloc(16), 4, NULL, 0, &n, NULL);
}
static void pnp_with_success(void) { send_own(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, STATUS_SUCCESS); }
static void power_with_success(void) { send_own(IRP_MJ_POWER, IRP_MN_POWER_SEQUENCE, STATUS_SUCCESS); }
static void wmi_with_success(void) { send_own(IRP_MJ_SYSTEM_CONTROL, IRP_MN_QUERY_ALL_DATA, STATUS_SUCCESS); }
static void remove_by_a_driver(void) { send_own(IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, STATUS_NOT_SUPPORTED); }
static void power_by_a_driver(void) { send_own(IRP_MJ_POWER, IRP_MN_SET_POWER, STATUS_NOT_SUPPORTED); }

/* A third device over both, which sends past the one below it. */
static PDEVICE_OBJECT top;
static bool skips;
static NTSTATUS send_to_the_bottom(PDEVICE_OBJECT device, PIRP irp)
{
    if (device != top)
        return pass(device, irp);
    if (skips)
        IoSkipCurrentIrpStackLocation(irp);
    else
        IoCopyCurrentIrpStackLocationToNext(irp);
    return IoCallDriver(low, irp);
}
static void three_devices(void)
{
    IoCreateDevice(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top);
    IoAttachDeviceToDeviceStack(top, low);
    top->Flags |= DO_BUFFERED_IO;
    top->Flags &= ~DO_DEVICE_INITIALIZING;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        lower[i] = send_to_the_bottom; /* what is not UP's */
    lower[IRP_MJ_CREATE] = NULL;
    read_four();
}
static void past_a_device(void) { three_devices(); }
static void past_a_device_skipping(void)
{
    skips = true;
    three_devices();
}

static NTSTATUS odd_status;
static NTSTATUS answer_oddly(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, odd_status, 0); }
static void answered(NTSTATUS status)
{
    odd_status = status;
    upper[IRP_MJ_READ] = answer_oddly;
    read_four();
}
static void reserved_bit(void) { answered((NTSTATUS)0xD0000001); }
static void no_facility(void) { answered((NTSTATUS)0xCDCDCDCD); }
static void facility_of_its_own(void) { answered((NTSTATUS)0xE4200001); } /* with the customer bit */

#pragma clang section text = "PAGE"
static NTSTATUS pageable_routine(PDEVICE_OBJECT device, PIRP irp, PVOID context) { return STATUS_CONTINUE_COMPLETION; }
#pragma clang section text = "drv_text"

static NTSTATUS forward_pageable(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, pageable_routine, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(low, irp);
}
READ_UP(pageable, forward_pageable)

/* ---- W-FIL-8, V-IO-0F: a filter takes an open back ---- */

static UCHAR seen[4];
static unsigned seen_count;
static NTSTATUS note(PDEVICE_OBJECT device, PIRP irp)
{
    seen[seen_count++] = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    return complete(irp, STATUS_SUCCESS, 0);
}
static NTSTATUS wake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static bool send_again;
static NTSTATUS open_and_take_back(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    for (unsigned i = 0; i < 1u + send_again; i++) {
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, wake, &event, TRUE, TRUE, TRUE);
        if (IoCallDriver(low, irp) == STATUS_PENDING)
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        IoCancelFileOpen(low, file);
    }
    return complete(irp, STATUS_ACCESS_DENIED, 0);
}
static void taken_back(void)
{
    upper[IRP_MJ_CREATE] = open_and_take_back;
    lower[IRP_MJ_CREATE] = lower[IRP_MJ_CLEANUP] = lower[IRP_MJ_CLOSE] = note;
    assert_true(open_two(0) == INVALID_HANDLE && GetLastError() == 5);
    assert_true(seen_count == 3 && seen[0] == IRP_MJ_CREATE && seen[1] == IRP_MJ_CLEANUP && seen[2] == IRP_MJ_CLOSE);
}
static void taken_back_and_sent_again(void)
{
    send_again = true;
    taken_back();
}
static NTSTATUS take_back_late(PDEVICE_OBJECT device, PIRP irp)
{
    IoCancelFileOpen(low, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return complete(irp, STATUS_SUCCESS, 0);
}
READ_UP(taken_back_with_a_handle, take_back_late)

/* ---- V-OBJ-5, V-MSC-3, V-MSC-7 ---- */

static HANDLE app_event;
static KPROCESSOR_MODE mode;
static NTSTATUS reference_event(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID object;
    NTSTATUS status = ObReferenceObjectByHandle(app_event, EVENT_MODIFY_STATE, *ExEventObjectType, mode, &object, NULL);
    if (NT_SUCCESS(status)) {
        KeSetEvent(object, 0, FALSE);
        ObDereferenceObject(object);
    }
    return complete(irp, status, 0);
}
static void app_event_as(KPROCESSOR_MODE m)
{
    mode = m;
    app_event = CreateEventA(NULL, TRUE, FALSE, NULL);
    upper[IRP_MJ_READ] = reference_event;
    read_four();
    assert_int_equal(WaitForSingleObject(app_event, 0), 0);
}
static void event_of_the_app(void) { app_event_as(UserMode); }
static void event_as_kernel_mode(void) { app_event_as(KernelMode); }

static HANDLE thread_handle;
static VOID short_thread(PVOID context) {}
static VOID reference_in_system(PDEVICE_OBJECT device, PVOID item)
{
    PVOID object;
    if (NT_SUCCESS(ObReferenceObjectByHandle(thread_handle, THREAD_ALL_ACCESS, *PsThreadType, mode, &object, NULL)))
        ObDereferenceObject(object);
    ZwClose(thread_handle);
    IoFreeWorkItem(item);
}
static VOID make_in_system(PDEVICE_OBJECT device, PVOID item)
{
    PsCreateSystemThread(&thread_handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, short_thread, NULL);
    reference_in_system(device, item);
}
static void kernel_handle_as(KPROCESSOR_MODE m)
{
    mode = m;
    PIO_WORKITEM item = IoAllocateWorkItem(low);
    IoQueueWorkItem(item, make_in_system, DelayedWorkQueue, item);
    Sleep(1);
}
static void kernel_handle_as_kernel_mode(void) { kernel_handle_as(KernelMode); }
static void kernel_handle_as_user_mode(void) { kernel_handle_as(UserMode); }

/* A thread's handle in an app's table is the app's. */
static ULONG handle_flags;
static NTSTATUS make_thread(PDEVICE_OBJECT device, PIRP irp)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, handle_flags, NULL, NULL);
    PsCreateSystemThread(&thread_handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, short_thread, NULL);
    ZwClose(thread_handle);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void thread_in_the_app(void)
{
    upper[IRP_MJ_READ] = make_thread;
    read_four();
}
static void thread_of_the_kernel(void)
{
    handle_flags = OBJ_KERNEL_HANDLE;
    thread_in_the_app();
}

static unsigned raised;
static NTSTATUS lock_kernel_memory(PDEVICE_OBJECT device, PIRP irp)
{
    PMDL mdl = IoAllocateMdl(device, 16, FALSE, FALSE, NULL);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised++;
    }
    IoFreeMdl(mdl);
    return complete(irp, STATUS_SUCCESS, 0);
}
static void kernel_memory_for_an_app(void)
{
    upper[IRP_MJ_READ] = lock_kernel_memory;
    read_four();
    assert_int_equal(raised, 1);
}

static PIO_WORKITEM item;
static VOID nothing(PDEVICE_OBJECT device, PVOID context) {}
static void item_freed_when_queued(void)
{
    item = IoAllocateWorkItem(low);
    IoQueueWorkItem(item, nothing, DelayedWorkQueue, NULL);
    IoFreeWorkItem(item);
}
static void breakpoint(void) { DbgBreakPoint(); }
static void intrinsic_breakpoint(void) { __debugbreak(); }

#pragma clang section text = "" data = "" bss = ""

/* RULE W-IRP-8: DriverContext and ListEntry of an IRP are its holder's as long as it holds the IRP; DeviceQueueEntry lies over the former. */
static void W_IRP_8_holder(void **state) { shown(notes_in_the_irp); }

/* RULE W-IRP-11: An IRP is allocated, sent, pended and completed, and its history tells who did it. */
static void W_IRP_11_states(void **state) { shown(states); }

/* RULE W-IRP-41: An asynchronous request has buffers as its target wants them, which its creator frees, as the IRP, in the completion routine. */
static void W_IRP_41_asynchronous(void **state)
{
    shown(asynchronous_buffered);
    shown(asynchronous_direct);
    reported(asynchronous_buffer_kept, 0xC4, 0x62);
}

/* RULE W-IRP-44: A thread-bound request whose completion was stopped is completed by who stopped it. */
/* RULE V-IO-307: A request that is pending though its event was signalled before is reported. */
static void W_IRP_44_bound(void **state)
{
    shown(stopped_and_completed);
    reported(stopped_and_forgotten, 0xC4, 0x135);
    reported(signalled_and_pending, 0xC9, 0x307);
    shown(signalled_and_done);
    shown(fresh_and_pending);
}

/* RULE W-IRP-45: A master whose driver counted its associated IRPs is completed, with its own status, when the last of them is. */
static void W_IRP_45_associated(void **state)
{
    shown(master_and_parts);
    shown(failing_part);
    unit_expected_rule = "W-IRP-45";
    reported(master_with_a_buffer, OWN_RULE, ~0ull);
    reported(too_few_counted, 0x44, ~0ull);
    reported(reused_part, 0xC9, 0x311);
}

/* RULE V-IO-20E: A PnP IRP that does not begin with STATUS_NOT_SUPPORTED is reported. */
/* RULE V-IO-20F: A power IRP that does not begin with STATUS_NOT_SUPPORTED is reported. */
/* RULE V-IO-210: A WMI IRP that does not begin with STATUS_NOT_SUPPORTED is reported. */
/* RULE V-IO-237: A PnP or power IRP that only the system sends is reported when a driver sends it. */
static void V_IO_20E_first_status(void **state)
{
    shown(capabilities_asked);
    reported(pnp_with_success, 0xC9, 0x20E);
    reported(power_with_success, 0xC9, 0x20F);
    reported(wmi_with_success, 0xC9, 0x210);
    reported(remove_by_a_driver, 0xC9, 0x237);
    reported(power_by_a_driver, 0xC9, 0x237);
}

/* RULE V-IO-233: QUERY_CAPABILITIES with another Version than 1 is reported. */
/* RULE V-IO-234: QUERY_CAPABILITIES with a Size that is too small is reported. */
/* RULE V-IO-235: QUERY_CAPABILITIES with an Address that is not -1 is reported. */
/* RULE V-IO-236: QUERY_CAPABILITIES with a UINumber that is not -1 is reported. */
static void V_IO_233_capabilities(void **state)
{
    reported(wrong_version, 0xC9, 0x233);
    reported(wrong_size, 0xC9, 0x234);
    reported(wrong_address, 0xC9, 0x235);
    reported(wrong_number, 0xC9, 0x236);
}

/* RULE V-SEC-3: A request of a driver's own that carries an app's address is bug check 0xC4/0xE2. */
/* RULE V-SEC-5: A handle that a driver makes in an app's process is a kernel handle. */
/* RULE V-SEC-6: A thread's handle in the table of an app is reported. */
/* RULE V-MSC-6: Locking memory of the kernel as an app's raises an exception. */
static void V_SEC_3_addresses(void **state)
{
    reported(address_passed_on, 0xC4, 0xE2);
    unit_expected_rule = "V-SEC-6";
    reported(thread_in_the_app, OWN_RULE, ~0ull);
    shown(thread_of_the_kernel);
    shown(kernel_memory_for_an_app);
}

/* RULE V-IO-211: An IRP that is passed down past a device of its stack is reported. */
static void V_IO_211_route(void **state)
{
    reported(past_a_device, 0xC9, 0x211);
    reported(past_a_device_skipping, 0xC9, 0x211);
}

/* RULE V-IO-21B: A returned status with the reserved bit, or of a facility that does not exist, is reported. */
static void V_IO_21B_odd_status(void **state)
{
    reported(reserved_bit, 0xC9, 0x21B);
    reported(no_facility, 0xC9, 0x21B);
    shown(facility_of_its_own);
}

/* RULE V-IO-227: A completion routine in pageable code is reported when it is set. */
static void V_IO_227_pageable(void **state) { reported(pageable, 0xC9, 0x227); }

/* RULE W-FIL-8: IoCancelFileOpen undoes below what a filter that fails the CREATE has let happen; not once there is a handle. */
/* RULE V-IO-0F: A CREATE for a file object whose opening was cancelled is reported. */
static void W_FIL_8_open_taken_back(void **state)
{
    shown(taken_back);
    reported(taken_back_and_sent_again, 0xC9, 0xF);
    unit_expected_rule = "W-FIL-8";
    reported(taken_back_with_a_handle, OWN_RULE, ~0ull);
}

/* RULE W-OBJ-2: KernelMode goes with kernel handles, UserMode with those of apps. */
/* RULE V-OBJ-5: An app's handle as KernelMode is bug check 0xC4/0xF6, a kernel handle as UserMode in the system process 0xC4/0xF7. */
static void V_OBJ_5_modes(void **state)
{
    shown(event_of_the_app);
    reported(event_as_kernel_mode, 0xC4, 0xF6);
    shown(kernel_handle_as_kernel_mode);
    reported(kernel_handle_as_user_mode, 0xC4, 0xF7);
}

/* RULE V-MSC-3: A work item freed while it is queued is bug check 0xE4/0. */
/* RULE V-MSC-7: A breakpoint that no debugger takes is reported. */
static void V_MSC_3_items(void **state)
{
    reported(item_freed_when_queued, 0xE4, 0);
    reported(breakpoint, 0x7E, 0x80000003);
    reported(intrinsic_breakpoint, 0x7E, 0x80000003);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_IRP_8_holder), cmocka_unit_test(W_IRP_11_states), cmocka_unit_test(W_IRP_41_asynchronous), cmocka_unit_test(W_IRP_44_bound),
        cmocka_unit_test(W_IRP_45_associated), cmocka_unit_test(V_IO_20E_first_status), cmocka_unit_test(V_IO_211_route),
        cmocka_unit_test(V_IO_233_capabilities), cmocka_unit_test(V_SEC_3_addresses), cmocka_unit_test(V_IO_21B_odd_status),
        cmocka_unit_test(V_IO_227_pageable), cmocka_unit_test(W_FIL_8_open_taken_back), cmocka_unit_test(V_OBJ_5_modes), cmocka_unit_test(V_MSC_3_items),
    };
    return cmocka_run_group_tests(tests);
}
