/* Buffer methods, chapter 4.11 (W-BUF), seen from a driver of two devices and from an app. */
#include "two_devices.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static struct {
    PVOID system, user, type3;
    size_t system_size;
    CSHORT mdl_flags;
    ULONG mdl_bytes, length, in, out, flags;
    BOOLEAN has_mdl;
    PVOID mdl_address;
    int requests;
    char first;
} saw;
static NTSTATUS answer_status;
static ULONG_PTR answer_bytes;

static NTSTATUS look(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PMDL mdl = irp->MdlAddress;
    saw.requests++;
    saw.system = irp->AssociatedIrp.SystemBuffer;
    saw.system_size = saw.system ? irp_info(irp)->system_buffer_size : 0;
    saw.user = irp->UserBuffer;
    saw.flags = irp->Flags;
    saw.has_mdl = mdl != NULL;
    if (mdl) {
        saw.mdl_flags = mdl->MdlFlags;
        saw.mdl_bytes = MmGetMdlByteCount(mdl);
        saw.mdl_address = MmGetMdlVirtualAddress(mdl);
    }
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        saw.type3 = location->Parameters.DeviceIoControl.Type3InputBuffer;
        saw.in = location->Parameters.DeviceIoControl.InputBufferLength;
        saw.out = location->Parameters.DeviceIoControl.OutputBufferLength;
    } else {
        saw.length = location->Parameters.Read.Length;
    }
    if (saw.system && (location->MajorFunction == IRP_MJ_WRITE || saw.in))
        saw.first = *(char *)saw.system;
    if (saw.flags & IRP_INPUT_OPERATION)
        RtlFillMemory(saw.system, answer_bytes < saw.system_size ? answer_bytes : saw.system_size, 's');
    else if (mdl && saw.mdl_flags & MDL_WRITE_OPERATION)
        RtlFillMemory(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), saw.mdl_bytes, 'm');
    return complete(irp, answer_status, answer_bytes);
}

static char data[16];
static DWORD n;

static HANDLE start(ULONG flags)
{
    low->Flags = (low->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flags;
    up->Flags = (up->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flags;
    lower[IRP_MJ_READ] = lower[IRP_MJ_WRITE] = lower[IRP_MJ_DEVICE_CONTROL] = look;
    RtlZeroMemory(&saw, sizeof saw);
    answer_status = STATUS_SUCCESS;
    answer_bytes = 0;
    RtlFillMemory(data, sizeof data, 'a');
    return open_two(0);
}

static void buffered(void)
{
    HANDLE h = start(DO_BUFFERED_IO);
    answer_bytes = 4;
    assert_true(ReadFile(h, data, 6, &n, NULL));
    assert_true(saw.system && saw.system != (PVOID)data && saw.system_size == 6);
    assert_true(saw.user == (PVOID)data && !saw.has_mdl && saw.length == 6);
    assert_true(data[3] == 's' && data[4] == 'a' && n == 4);
    CloseHandle(h);
    h = start(DO_BUFFERED_IO);
    assert_true(ReadFile(h, data, 0, &n, NULL));
    assert_true(saw.requests == 1 && saw.system == NULL);
    data[0] = 'w';
    answer_bytes = 5;
    assert_true(WriteFile(h, data, 5, &n, NULL));
    assert_true(saw.first == 'w' && saw.system_size == 5 && !(saw.flags & IRP_INPUT_OPERATION));
    CloseHandle(h);
}

static void direct(void)
{
    HANDLE h = start(DO_DIRECT_IO);
    answer_bytes = 6;
    assert_true(ReadFile(h, data, 6, &n, NULL));
    assert_true(saw.system == NULL && saw.has_mdl && saw.mdl_bytes == 6 && saw.mdl_address == (PVOID)data);
    assert_true(saw.mdl_flags & MDL_PAGES_LOCKED && saw.mdl_flags & MDL_WRITE_OPERATION);
    assert_true(data[5] == 'm' && data[6] == 'a');
    assert_true(WriteFile(h, data, 6, &n, NULL));
    assert_true(saw.has_mdl && !(saw.mdl_flags & MDL_WRITE_OPERATION));
    answer_bytes = 0;
    assert_true(ReadFile(h, data, 0, &n, NULL));
    assert_false(saw.has_mdl);
    int before = saw.requests;
    assert_false(ReadFile(h, (void *)16, 4, &n, NULL)); /* cannot be locked: no driver hears of it */
    assert_int_equal(GetLastError(), 998);
    assert_false(WriteFile(h, low, 4, &n, NULL));
    assert_int_equal(GetLastError(), 998);
    assert_int_equal(saw.requests, before);
    CloseHandle(h);
}

static void neither(void)
{
    HANDLE h = start(0);
    assert_true(ReadFile(h, data, 6, &n, NULL));
    assert_true(saw.system == NULL && !saw.has_mdl && saw.user == (PVOID)data);
    assert_true(DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), (void *)16, 3, data, 9, &n, NULL));
    assert_true(saw.type3 == (PVOID)16 && saw.user == (PVOID)data && saw.in == 3 && saw.out == 9 && saw.system == NULL);
    CloseHandle(h);
}

/* The top device's flags decide; the control code alone decides for controls. */
static void who_decides(void)
{
    HANDLE h = start(DO_BUFFERED_IO);
    up->Flags = (up->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    assert_true(ReadFile(h, data, 6, &n, NULL));
    assert_true(saw.has_mdl && saw.system == NULL);
    assert_true(DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), data, 6, NULL, 0, &n, NULL));
    assert_true(saw.system && !saw.has_mdl);
    CloseHandle(h);
}

static DWORD control(HANDLE h, ULONG method, ULONG in, ULONG out)
{
    RtlFillMemory(data, sizeof data, 'a');
    RtlZeroMemory(&saw, sizeof saw);
    return DeviceIoControl(h, CODE(1, method, 0), in ? data : NULL, in, out ? data : NULL, out, &n, NULL) ? 0 : GetLastError();
}

static void buffered_control(void)
{
    HANDLE h = start(0);
    assert_int_equal(control(h, METHOD_BUFFERED, 3, 9), 0);
    assert_true(saw.system_size == 9 && saw.first == 'a' && saw.user == (PVOID)data && saw.flags & IRP_INPUT_OPERATION);
    assert_int_equal(control(h, METHOD_BUFFERED, 9, 3), 0);
    assert_int_equal(saw.system_size, 9);
    assert_int_equal(control(h, METHOD_BUFFERED, 5, 0), 0);
    assert_true(saw.system_size == 5 && !(saw.flags & IRP_INPUT_OPERATION));
    assert_int_equal(control(h, METHOD_BUFFERED, 0, 0), 0);
    assert_true(saw.system == NULL);
    answer_bytes = 2;
    assert_int_equal(control(h, METHOD_BUFFERED, 4, 4), 0);
    assert_true(data[1] == 's' && data[2] == 'a' && n == 2);
    CloseHandle(h);
}

static void direct_controls(void)
{
    HANDLE h = start(0);
    assert_int_equal(control(h, METHOD_IN_DIRECT, 3, 9), 0);
    assert_true(saw.system_size == 3 && saw.has_mdl && saw.mdl_bytes == 9 && !(saw.mdl_flags & MDL_WRITE_OPERATION));
    answer_bytes = 1;
    assert_int_equal(control(h, METHOD_OUT_DIRECT, 3, 9), 0);
    assert_true(saw.system_size == 3 && saw.mdl_bytes == 9 && saw.mdl_flags & MDL_WRITE_OPERATION);
    assert_true(data[8] == 'm' && n == 1); /* Information copies nothing: the pages are the app's */
    answer_bytes = 0;
    assert_int_equal(control(h, METHOD_OUT_DIRECT, 0, 0), 0);
    assert_true(saw.system == NULL && !saw.has_mdl);
    int before = saw.requests;
    assert_false(DeviceIoControl(h, CODE(1, METHOD_OUT_DIRECT, 0), (void *)16, 4, data, 4, &n, NULL));
    assert_int_equal(GetLastError(), 998);
    assert_false(DeviceIoControl(h, CODE(1, METHOD_BUFFERED, 0), data, 4, low, 4, &n, NULL));
    assert_int_equal(GetLastError(), 998);
    assert_int_equal(saw.requests, before);
    CloseHandle(h);
}

static void copy_back(void)
{
    HANDLE h = start(0);
    answer_bytes = 4;
    answer_status = STATUS_BUFFER_OVERFLOW; /* a warning: data and the error */
    assert_int_equal(control(h, METHOD_BUFFERED, 0, 8), 234);
    assert_true(data[3] == 's' && data[4] == 'a' && n == 4);
    answer_status = STATUS_BUFFER_TOO_SMALL; /* an error: no data */
    assert_int_equal(control(h, METHOD_BUFFERED, 0, 8), 122);
    assert_true(data[0] == 'a' && n == 0);
    answer_status = STATUS_VERIFY_REQUIRED;
    control(h, METHOD_BUFFERED, 0, 8);
    assert_int_equal(data[0], 'a');
    CloseHandle(h);
}

static void too_much(void)
{
    HANDLE h = start(0);
    answer_bytes = 9;
    control(h, METHOD_BUFFERED, 0, 8);
}

static void too_much_in_the_middle(void) /* the system buffer is larger than the output */
{
    HANDLE h = start(0);
    answer_bytes = 9;
    control(h, METHOD_BUFFERED, 12, 8);
}

static void too_much_direct(void)
{
    HANDLE h = start(DO_DIRECT_IO);
    answer_bytes = 9;
    ReadFile(h, data, 8, &n, NULL);
}

/* ---- Memory that its app changes meanwhile ---- */

C_ASSERT(IRPFUZZ_USER_MEMORY == USER_ARENA_BASE && IRPFUZZ_USER_MEMORY_SIZE == ARENA_SIZE);

struct message {
    ULONG length;
    UCHAR bytes[28];
};

static NTSTATUS answer(PIRP irp, const struct message *m, UCHAR *room)
{
    for (volatile ULONG i = 0; i < m->length && i < 28; i++)
        ((volatile UCHAR *)room)[i] = m->bytes[i];
    ExFreePoolWithTag(room, 'tseT');
    return complete(irp, STATUS_SUCCESS, m->length);
}

/* The length that is checked is not the length that is used. */
static NTSTATUS fetch_twice(PDEVICE_OBJECT device, PIRP irp)
{
    const struct message *theirs = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer;
    struct message m;
    RtlCopyMemory(&m.length, &theirs->length, sizeof m.length);
    if (m.length > 8)
        return complete(irp, STATUS_INVALID_PARAMETER, 0);
    RtlCopyMemory(&m, theirs, sizeof m);
    return answer(irp, &m, ExAllocatePoolZero(NonPagedPool, 8, 'tseT'));
}

static NTSTATUS fetch_once(PDEVICE_OBJECT device, PIRP irp)
{
    struct message m;
    RtlCopyMemory(&m, IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer, sizeof m);
    if (m.length > 8)
        return complete(irp, STATUS_INVALID_PARAMETER, 0);
    return answer(irp, &m, ExAllocatePoolZero(NonPagedPool, 8, 'tseT'));
}

static DWORD sent_length;
static void send_message(PDRIVER_DISPATCH routine)
{
    HANDLE h = start(0);
    struct message *m = irpfuzz_malloc(sizeof *m);
    *m = (struct message){.length = 5, .bytes = "text"};
    lower[IRP_MJ_DEVICE_CONTROL] = routine;
    if (!DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), m, sizeof *m, NULL, 0, &n, NULL))
        n = 0;
    sent_length = n;
    irpfuzz_free(m);
    CloseHandle(h);
}
static void message_twice(void) { send_message(fetch_twice); }
static void message_once(void) { send_message(fetch_once); }
static void message_intact(void)
{
    message_twice();
    assert_int_equal(sent_length, 5);
    message_once();
    assert_int_equal(sent_length, 5);
}
static void message_refused(void)
{
    message_once();
    assert_int_equal(sent_length, 0); /* the changed length is what was checked */
}

/* ---- What a driver must look at first ---- */

#if !defined(IRPFUZZ_ASAN)
static NTSTATUS write_sixteen(PDEVICE_OBJECT device, PIRP irp)
{
    volatile UCHAR *p = irp->AssociatedIrp.SystemBuffer;
    for (unsigned i = 0; i < 16; i++)
        p[i] = 1; /* whatever the length is */
    return complete(irp, STATUS_SUCCESS, 0);
}
static void length_unchecked(void)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = write_sixteen;
    control(h, METHOD_BUFFERED, 4, 4);
}
#endif
static NTSTATUS check_length(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.DeviceIoControl.OutputBufferLength < 16)
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 16, 'c');
    return complete(irp, STATUS_SUCCESS, 16);
}
static void length_checked(void)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = check_length;
    assert_int_equal(control(h, METHOD_BUFFERED, 4, 4), 122);
    assert_int_equal(control(h, METHOD_BUFFERED, 4, 16), 0);
    assert_true(n == 16 && data[15] == 'c');
    CloseHandle(h);
}

static NTSTATUS map_and_write(PDEVICE_OBJECT device, PIRP irp)
{
    volatile UCHAR *p = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    *p = 1; /* whatever came */
    return complete(irp, STATUS_SUCCESS, 1);
}
static void mapping_unchecked(void)
{
    HANDLE h = start(DO_DIRECT_IO);
    lower[IRP_MJ_READ] = map_and_write;
    ReadFile(h, data, 4, &n, NULL);
    CloseHandle(h);
}

#if UNIT_CATCHES_FAULTS
static void no_buffer_unchecked(void)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = write_sixteen;
    control(h, METHOD_BUFFERED, 0, 0);
}
static NTSTATUS touch_raw(PDEVICE_OBJECT device, PIRP irp)
{
    *(volatile UCHAR *)irp->UserBuffer = 1;
    return complete(irp, STATUS_SUCCESS, 1);
}
static NTSTATUS touch_raw_high(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return touch_raw(device, irp);
}
static void raw_with(PDRIVER_DISPATCH routine)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = routine;
    DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), NULL, 0, (void *)0x2000, 16, &n, NULL);
}
static void raw_unguarded(void) { raw_with(touch_raw); }
static void raw_high(void) { raw_with(touch_raw_high); }
#endif

static NTSTATUS scribble(PDEVICE_OBJECT device, PIRP irp)
{
    *(volatile UCHAR *)MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) += 1;
    return complete(irp, STATUS_SUCCESS, 4);
}
static void write_direct(PDRIVER_DISPATCH routine)
{
    HANDLE h = start(DO_DIRECT_IO);
    answer_bytes = 4;
    lower[IRP_MJ_WRITE] = routine;
    assert_true(WriteFile(h, data, 4, &n, NULL));
    CloseHandle(h);
}
static void write_scribbled(void) { write_direct(scribble); }
static void write_kept(void) { write_direct(look); }

/* Pages of the app that the driver locks itself. */
static BOOLEAN unlock_later;
static NTSTATUS lock_input(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PMDL mdl = IoAllocateMdl(location->Parameters.DeviceIoControl.Type3InputBuffer, 16, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    if (unlock_later) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
static void lock_for_driver(void)
{
    HANDLE h = start(0);
    char *buffer = irpfuzz_malloc(16);
    lower[IRP_MJ_DEVICE_CONTROL] = lock_input;
    assert_true(DeviceIoControl(h, CODE(1, METHOD_NEITHER, 0), buffer, 16, NULL, 0, &n, NULL));
    CloseHandle(h);
}
static void locked_and_left(void) { lock_for_driver(); }
static void locked_and_unlocked(void)
{
    unlock_later = TRUE;
    lock_for_driver();
}

static NTSTATUS fail_with_bytes(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_INVALID_PARAMETER, 4); }
static void bytes_on_error(void)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = fail_with_bytes;
    assert_int_equal(control(h, METHOD_BUFFERED, 4, 4), 87);
    CloseHandle(h);
}

#if defined(IRPFUZZ_MSAN)
static NTSTATUS answer_unwritten(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, STATUS_SUCCESS, 8); }
static void unwritten(void)
{
    HANDLE h = start(0);
    lower[IRP_MJ_DEVICE_CONTROL] = answer_unwritten;
    control(h, METHOD_BUFFERED, 4, 8);
}
#endif

#pragma clang section text = "" data = "" bss = ""

/* RULE W-BUF-1: The top device's flags choose the method of reads and writes, the control code that of controls. */
static void W_BUF_1_who_decides(void **state) { shown(who_decides); }

/* RULE W-BUF-2: A buffered request has a system buffer of its length, NULL for length 0, and a write's holds the data. */
static void W_BUF_2_buffered(void **state) { shown(buffered); }

/* RULE W-BUF-3: A buffered control has one buffer for both directions, as large as the larger. */
static void W_BUF_3_buffered_control(void **state) { shown(buffered_control); }

/* RULE W-BUF-4: A direct request has an MDL of locked pages, which a READ writes to; a buffer that cannot be locked never reaches a driver. */
static void W_BUF_4_direct(void **state) { shown(direct); }

/* RULE W-BUF-5: A direct control request has its input in the system buffer and its output as an MDL, and nothing is copied back. */
/* RULE W-U-6: Bad buffers of an app end with ERROR_NOACCESS before there is any IRP. */
static void W_BUF_5_direct_controls(void **state) { shown(direct_controls); }

/* RULE W-BUF-6: METHOD_NEITHER hands on the app's addresses unchecked. */
static void W_BUF_6_neither(void **state) { shown(neither); }

/* RULE W-BUF-10: A buffered request that ends with success or a warning copies Information bytes back, with an error nothing. */
/* RULE W-BUF-13: STATUS_BUFFER_TOO_SMALL returns no data, STATUS_BUFFER_OVERFLOW does. */
static void W_BUF_10_copy_back(void **state) { shown(copy_back); }

/* RULE W-BUF-11: Information beyond the output length is reported, and nothing is overrun. */
static void W_BUF_11_too_much(void **state)
{
    reported(too_much, 0xC9, 0x312);
    reported(too_much_in_the_middle, 0xC9, 0x312);
    reported(too_much_direct, OWN_WRONG_LENGTH, ~0ull);
}

/* RULE W-BUF-15: Memory of an app may change between two reads of the driver, whenever the input that stands for the app says so. */
/* RULE V-BUF-5: A value that is fetched twice, once to check and once to use, is found by what the driver does with the second one. */
static void W_BUF_15_double_fetch(void **state)
{
    static const struct chance after_the_check = {.value_count = {[LANE_USER_MEMORY] = 3}, .value = {[LANE_USER_MEMORY] = {0, 1, 14}}},
                               before_it = {.value_count = {[LANE_USER_MEMORY] = 2}, .value = {[LANE_USER_MEMORY] = {1, 14}}};
    shown(message_intact);
#if !defined(IRPFUZZ_ASAN)
    two_chance = &after_the_check;
    reported(message_twice, 0xC1, ~0ull);
#endif
    two_chance = &before_it;
    shown(message_refused);
    two_chance = NULL;
}

/* RULE W-BUF-14: A driver looks at the lengths first: what it writes beyond its system buffer is found, at the latest when that is freed. */
/* RULE V-BUF-1: A length that is not looked at is bug check 0xC1 (0xD6 where accesses are seen), the NULL buffer of an empty request 0x50. */
static void W_BUF_14_lengths(void **state)
{
    shown(length_checked);
#if !defined(IRPFUZZ_ASAN)
    reported(length_unchecked, 0xC1, ~0ull);
#endif
#if UNIT_CATCHES_FAULTS
    reported(no_buffer_unchecked, 0x50, ~0ull);
#endif
}

/* RULE V-BUF-6: A raw address of an app that a driver uses without __try is bug check 0x50, at DISPATCH_LEVEL 0xD1. */
static void V_BUF_6_unguarded(void **state)
{
#if UNIT_CATCHES_FAULTS
    reported(raw_unguarded, 0x50, ~0ull);
    reported(raw_high, 0xD1, ~0ull);
#endif
}

/* RULE V-BUF-8: The result of MmGetSystemAddressForMdlSafe is looked at: using the NULL of its failure is bug check 0x50. */
static void V_BUF_8_mapping_unchecked(void **state)
{
    shown(mapping_unchecked);
#if UNIT_CATCHES_FAULTS
    static const struct chance fails = {.fault_count = 1, .fault = {{.ddi = DDI_MmGetSystemAddressForMdlSafe, .nth = 1, .value = 1}}};
    two_chance = &fails;
    reported(mapping_unchecked, 0x50, ~0ull);
    two_chance = NULL;
#endif
}

/* RULE V-BUF-4: Information that is not 0 on an error is reported where that is asked for. */
static void V_BUF_4_bytes_on_error(void **state)
{
    shown(bytes_on_error);
    machine_lints = LINT_INFORMATION;
    reported(bytes_on_error, OWN_RULE, ~0ull);
    shown(length_checked);
    machine_lints = 0;
}

/* RULE V-IO-17: A direct write's buffer that changes is bug check 0xC4/0x1010 where that is asked for. */
static void V_IO_17_write_buffer(void **state)
{
    shown(write_scribbled);
    machine_lints = LINT_WRITE_BUFFER;
    shown(write_kept);
    reported(write_scribbled, 0xC4, 0x1010);
    machine_lints = 0;
}

/* RULE V-MDL-9: Pages of an app that a driver has left locked when the process ends are bug check 0xCB. */
static void V_MDL_9_locked_pages(void **state)
{
    shown(locked_and_unlocked);
    reported(locked_and_left, 0xCB, ~0ull);
}

/* RULE W-BUF-12: Bytes given to the app that nobody wrote are reported, in builds that track them. */
/* RULE V-BUF-2: Uninitialised bytes copied to user mode are reported. */
/* RULE V-MEM-27: An uninitialised byte of pool that is copied out is reported, in builds that track them. */
static void W_BUF_12_unwritten(void **state)
{
#if defined(IRPFUZZ_MSAN)
    reported(unwritten, OWN_UNINITIALIZED_COPYOUT, ~0ull);
#endif
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_BUF_1_who_decides), cmocka_unit_test(W_BUF_2_buffered), cmocka_unit_test(W_BUF_3_buffered_control),
        cmocka_unit_test(W_BUF_4_direct), cmocka_unit_test(W_BUF_5_direct_controls), cmocka_unit_test(W_BUF_6_neither),
        cmocka_unit_test(V_IO_17_write_buffer), cmocka_unit_test(V_MDL_9_locked_pages), cmocka_unit_test(W_BUF_15_double_fetch), cmocka_unit_test(W_BUF_14_lengths), cmocka_unit_test(V_BUF_6_unguarded), cmocka_unit_test(V_BUF_8_mapping_unchecked),
        cmocka_unit_test(V_BUF_4_bytes_on_error), cmocka_unit_test(W_BUF_10_copy_back), cmocka_unit_test(W_BUF_11_too_much), cmocka_unit_test(W_BUF_12_unwritten),
    };
    return cmocka_run_group_tests(tests);
}
