/* WMI: registration of providers, the IRPs that they get, WmiLib (W-WMI-1..5, V-WMI-1..3, V-MSC-4, V-IO-220). */
#include "wmi_provider.h"

#define TEST(name) static void name(void **state)

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

/* ---- Registration ---- */

static void registered(void)
{
    provider_register(low);
    assert_int_equal(provider.irps, 0);
    Sleep(1);
    assert_int_equal(provider.irps, 1);
    assert_int_equal(provider.minors[0], IRP_MN_REGINFO_EX);
    assert_int_equal((ULONG_PTR)provider.path, WMIREGISTER);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_REGISTER), STATUS_OBJECT_NAME_EXISTS);
    assert_true(IoWMIDeviceObjectToProviderId(low) != 0);
    assert_int_equal(IoWMIDeviceObjectToProviderId(up), 0);
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_UPDATE_GUIDS), STATUS_SUCCESS);
    Sleep(1);
    assert_int_equal(provider.irps, 2);
    assert_int_equal((ULONG_PTR)provider.path, WMIUPDATE);
    provider_end();
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_DEREGISTER), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_UPDATE_GUIDS), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIRegistrationControl(low, 99), STATUS_INVALID_PARAMETER);
}

/* RULE W-WMI-1: REGISTER leads to IRP_MN_REGINFO_EX later, in a system thread; UPDATE_GUIDS asks again with WMIUPDATE; who is not registered cannot deregister. */
TEST(W_WMI_1_registration)
{
    shown(registered);
    shown_in_any_order(registered, 20);
}

static NTSTATUS only_old_reginfo(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REGINFO_EX) {
        provider.minors[provider.irps++] = IRP_MN_REGINFO_EX;
        return complete(irp, irp->IoStatus.Status, 0);
    }
    return provide(device, irp);
}

static void older(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_register(low);
    lower[IRP_MJ_SYSTEM_CONTROL] = only_old_reginfo;
    provider.pdo = true;
    Sleep(1);
    assert_int_equal(provider.irps, 2);
    assert_int_equal(provider.minors[1], IRP_MN_REGINFO);
    assert_int_equal(ask_query(1, &d, &size), STATUS_SUCCESS);
    assert_int_equal(d.level, 20);
    provider_end();
}

/* RULE W-WMI-1: A provider that does not know IRP_MN_REGINFO_EX is asked with IRP_MN_REGINFO. */
TEST(W_WMI_1_reginfo_without_ex) { shown(older); }

static WMIGUIDREGINFO many[64];

static void large(void)
{
    provider_register(low);
    for (unsigned i = 0; i < 64; i++)
        many[i] = (WMIGUIDREGINFO){&data_guid, INSTANCES, 0};
    library.GuidList = many;
    library.GuidCount = 64;
    Sleep(1);
    assert_int_equal(provider.irps, 2);
    assert_int_equal(provider.minors[1], IRP_MN_REGINFO_EX);
    provider_end();
}

/* RULE W-WMI-1: What a provider has to say may be longer than the buffer: it tells the size, and is asked again. */
TEST(W_WMI_1_too_small) { shown(large); }

static NTSTATUS deregister_inside(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_QUERY_SINGLE_INSTANCE)
        IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER);
    return provide(device, irp);
}

static void deregisters_inside(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    lower[IRP_MJ_SYSTEM_CONTROL] = deregister_inside;
    ask_query(0, &d, &size);
}

static DWORD asker(void *argument)
{
    struct data d;
    ULONG size = sizeof d;
    assert_int_equal(ask_query(0, &d, &size), STATUS_SUCCESS);
    *(ULONG *)argument = d.level;
    return 0;
}

/* Some milliseconds later, from a DPC. */
static struct { KTIMER timer; KDPC dpc; bool done; } late;

static VOID complete_late(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    late.done = true;
    WmiCompleteRequest(low, context, STATUS_SUCCESS, provider.pending_used, IO_NO_INCREMENT);
}

static void waits_for_irps(void)
{
    LARGE_INTEGER due = {.QuadPart = -50000};
    ULONG level = 0;
    provider_begin();
    provider.pends = true;
    HANDLE thread = CreateThread(NULL, 0, asker, &level, 0, NULL);
    while (!provider.pending)
        Sleep(1);
    late.done = false;
    KeInitializeTimer(&late.timer);
    KeInitializeDpc(&late.dpc, complete_late, provider.pending);
    KeSetTimer(&late.timer, due, &late.dpc);
    provider_end();
    assert_true(late.done);
    WaitForSingleObject(thread, FOREVER);
    CloseHandle(thread);
    assert_int_equal(level, 10);
}

/* RULE W-WMI-1: DEREGISTER waits for the WMI IRPs of the device that are under way; inside one of them it waits for itself. */
TEST(W_WMI_1_deregister_waits)
{
    shown(waits_for_irps);
    reported(deregisters_inside, OWN_DEADLOCK, ~0ull);
}

static void after(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_BLOCK_IRPS), STATUS_SUCCESS);
    assert_int_equal(ask_query(0, &d, &size), STATUS_WMI_GUID_DISCONNECTED);
    provider_end();
    size = sizeof d;
    assert_int_equal(ask_query(0, &d, &size), STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(provider.irps, 1);
}

/* RULE W-WMI-1: After BLOCK_IRPS or DEREGISTER no WMI IRP comes. */
TEST(W_WMI_1_no_irps_after) { shown(after); }

static void stays_registered(void) { provider_begin(); }

static PDEVICE_OBJECT extra;
static NTSTATUS knows_nothing(PDEVICE_OBJECT device, PIRP irp) { return complete(irp, irp->IoStatus.Status, 0); }

static void leaves_it(void)
{
    lower[IRP_MJ_SYSTEM_CONTROL] = knows_nothing;
    IoCreateDevice(low->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &extra);
    extra->Flags &= ~DO_DEVICE_INITIALIZING;
    IoWMIRegistrationControl(extra, WMIREG_ACTION_REGISTER);
    Sleep(1);
}

static void deleted_too_early(void)
{
    leaves_it();
    IoDeleteDevice(extra);
}

static void takes_it_back(void)
{
    leaves_it();
    IoWMIRegistrationControl(extra, WMIREG_ACTION_DEREGISTER);
    IoDeleteDevice(extra);
}

/* RULE V-MSC-4: A device that is deleted while it is registered with WMI is reported, and so is a driver that is unloaded and leaves one. */
TEST(V_MSC_4_not_deregistered)
{
    shown(takes_it_back);
    reported(deleted_too_early, 0xC4, 0xDB);
    reported(stays_registered, 0xC4, 0xDB);
    reported(leaves_it, 0xC4, 0xDA);
}

/* ---- Who an IRP is for ---- */

static void top_of_stack(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    upper[IRP_MJ_SYSTEM_CONTROL] = provide; /* WmiLib tells it that the IRP is another's */
    assert_int_equal(ask_query(0, &d, &size), STATUS_SUCCESS);
    assert_int_equal(provider.irps, 3);
    assert_int_equal(d.count, 11);
    upper[IRP_MJ_SYSTEM_CONTROL] = NULL;
    provider_end();
}

static void completes_anothers(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    upper[IRP_MJ_SYSTEM_CONTROL] = succeed;
    ask_query(0, &d, &size);
}

/* RULE W-WMI-2: WMI IRPs go to the top of the stack with the provider's device as ProviderId; who is not meant passes them down. */
/* RULE V-WMI-2: With the disposition IrpForward the IRP is passed down: it is not this device's. */
/* RULE V-IO-220: A WMI IRP that is completed by a device that it is not for, and that stands over another, is reported. */
TEST(W_WMI_2_provider_id)
{
    shown(top_of_stack);
    reported(completes_anothers, 0xC9, 0x220);
}

static NTSTATUS look(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    assert_int_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(s->Parameters.WMI.ProviderId, (ULONG_PTR)low);
    if (s->MinorFunction == IRP_MN_QUERY_SINGLE_INSTANCE) {
        const WNODE_SINGLE_INSTANCE *w = s->Parameters.WMI.Buffer;
        assert_false(memcmp(s->Parameters.WMI.DataPath, &data_guid, sizeof data_guid));
        assert_int_equal(w->WnodeHeader.BufferSize, s->Parameters.WMI.BufferSize);
        assert_int_equal(w->InstanceIndex, 1);
        assert_int_equal(w->DataBlockOffset % 8, 0);
        assert_int_equal(s->Parameters.WMI.BufferSize, w->DataBlockOffset + 5);
        const USHORT *name = (const USHORT *)((const char *)w + w->OffsetInstanceName);
        assert_int_equal(name[0], 8);
        assert_false(memcmp(name + 1, L"Low1", 8));
    }
    return provide(device, irp);
}

static void parameters(void)
{
    struct data d;
    ULONG size = 5;
    provider_register(low);
    lower[IRP_MJ_SYSTEM_CONTROL] = look;
    Sleep(1);
    assert_int_equal(ask_query(1, &d, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, sizeof d);
    provider_end();
}

/* RULE W-WMI-2: A WMI IRP begins with STATUS_NOT_SUPPORTED, names the block by DataPath, and its WNODE has the instance's name and an aligned place for the data. */
TEST(W_WMI_2_parameters) { shown(parameters); }

static NTSTATUS answers_nothing(PDEVICE_OBJECT device, PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_EXECUTE_METHOD ? complete(irp, irp->IoStatus.Status, 0) : provide(device, irp);
}

static void unknown_minor(void)
{
    ULONG in = 1, size = 4;
    provider_begin();
    lower[IRP_MJ_SYSTEM_CONTROL] = answers_nothing;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &in, sizeof in, &in, &size), STATUS_NOT_SUPPORTED);
    provider_end();
}

/* RULE W-WMI-2: What nobody handles comes back as it was sent: STATUS_NOT_SUPPORTED. */
TEST(W_WMI_2_nobody) { shown(unknown_minor); }

static NTSTATUS forgets(PDEVICE_OBJECT device, PIRP irp)
{
    SYSCTL_IRP_DISPOSITION disposition;
    NTSTATUS status = WmiSystemControl(&library, device, irp, &disposition);
    return status; /* whatever was to be done */
}

static void forgets_to_complete(void)
{
    provider_register(low);
    lower[IRP_MJ_SYSTEM_CONTROL] = forgets;
    Sleep(1);
}

/* RULE V-WMI-1: Where WmiSystemControl says IrpNotCompleted, the dispatch routine completes the IRP: one that returns without is reported. */
TEST(V_WMI_1_not_completed)
{
    shown(registered);
    reported(forgets_to_complete, 0xC9, 0x226);
}

/* ---- WmiLib ---- */

static void dispositions(void)
{
    struct data d = {0};
    ULONG size = sizeof d;
    provider_begin();
    assert_int_equal(ask_query(0, &d, &size), STATUS_SUCCESS);
    assert_int_equal(provider.disposition, IrpProcessed);
    library.SetWmiDataBlock = NULL;
    library.SetWmiDataItem = NULL;
    library.ExecuteWmiMethod = NULL;
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 0, 0, &d, sizeof d, NULL, NULL), STATUS_WMI_READ_ONLY);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 1, &d, 4, NULL, NULL), STATUS_WMI_READ_ONLY);
    size = 4;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &d, 4, &d, &size), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    guids[0].InstanceCount = 1;
    size = sizeof d;
    assert_int_equal(ask_query(1, &d, &size), STATUS_WMI_INSTANCE_NOT_FOUND);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    guids[0].Guid = &no_guid;
    size = sizeof d;
    assert_int_equal(ask_query(0, &d, &size), STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(provider.disposition, IrpNotCompleted);
    guids[0] = (WMIGUIDREGINFO){&data_guid, INSTANCES, 0};
    provider_end();
}

/* RULE W-WMI-3: WmiSystemControl says IrpProcessed where a routine of the driver answers for the IRP, and IrpNotCompleted where it has an answer itself. */
/* RULE W-WMI-5: A block, an instance, or a change that the provider does not have fail with a status of their own. */
TEST(W_WMI_3_dispositions) { shown(dispositions); }

static void queries(void)
{
    struct data d = {0};
    ULONG size = sizeof d, value = 77;
    provider_begin();
    assert_int_equal(ask_query(1, &d, &size), STATUS_SUCCESS);
    assert_int_equal(size, sizeof d);
    assert_int_equal(d.level, 20);
    assert_int_equal(ask(WMI_CALL_QUERY_ALL, &data_guid, 0, 0, NULL, 0, &d, &(ULONG){16}), STATUS_SUCCESS);
    assert_int_equal(d.level, 10);
    size = 15;
    assert_int_equal(ask(WMI_CALL_QUERY_ALL, &data_guid, 0, 0, NULL, 0, &d, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, 16);
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 1, 0, &(struct data){5, 6}, sizeof d, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(provider.data[1].count, 6);
    assert_int_equal(ask(WMI_CALL_SET, &data_guid, 1, 0, &d, 7, NULL, NULL), STATUS_WMI_SET_FAILURE);
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 1, &value, sizeof value, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(provider.data[0].level, 77);
    assert_int_equal(ask(WMI_CALL_SET_ITEM, &data_guid, 0, 9, &value, sizeof value, NULL, NULL), STATUS_WMI_ITEMID_NOT_FOUND);
    size = sizeof value;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &value, sizeof value, &value, &size), STATUS_SUCCESS);
    assert_int_equal(value, 78);
    assert_int_equal(size, 4);
    size = 3;
    assert_int_equal(ask(WMI_CALL_METHOD, &data_guid, 0, 1, &value, 3, &value, &size), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(size, 4);
    provider_end();
}

/* RULE W-WMI-4: A query with too little room ends as a WNODE_TOO_SMALL with what is needed; set, set item and method reach their routines, which answer for them. */
TEST(W_WMI_4_callbacks) { shown(queries); }

static void pended(void)
{
    ULONG level = 0;
    provider_begin();
    provider.pends = true;
    HANDLE thread = CreateThread(NULL, 0, asker, &level, 0, NULL);
    while (!provider.pending)
        Sleep(1);
    WmiCompleteRequest(low, provider.pending, STATUS_SUCCESS, provider.pending_used, IO_NO_INCREMENT);
    WaitForSingleObject(thread, FOREVER);
    CloseHandle(thread);
    assert_int_equal(level, 10);
    provider_end();
}

/* RULE W-WMI-4: A routine may mark the IRP pending and call WmiCompleteRequest later. */
TEST(W_WMI_4_pending) { shown(pended); }

static void too_much_used(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    provider.used_too_many = 1;
    ask_query(0, &d, &size);
}

static void completes_reginfo(void)
{
    provider_register(low);
    provider.completes_reginfo = true;
    Sleep(1);
}

/* RULE V-WMI-3: WmiCompleteRequest from QueryWmiRegInfo, or with more bytes used than there was room for, is reported. */
TEST(V_WMI_3_complete_request)
{
    shown(queries);
    unit_expected_rule = "V-WMI-3";
    reported(completes_reginfo, OWN_RULE, ~0ull);
    reported(too_much_used, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
}

/* ---- What comes back is checked ---- */

__attribute__((section(".data"))) static ULONG wrong; /* the test sets it between lives */

static NTSTATUS answers_wrongly(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    if (s->MinorFunction != IRP_MN_QUERY_SINGLE_INSTANCE)
        return provide(device, irp);
    WNODE_SINGLE_INSTANCE *w = s->Parameters.WMI.Buffer;
    memset((char *)w + w->DataBlockOffset, 0, s->Parameters.WMI.BufferSize - w->DataBlockOffset);
    w->SizeDataBlock = 8;
    ULONG information = w->DataBlockOffset + 8;
    if (wrong == 1)
        information = s->Parameters.WMI.BufferSize + 1;
    else if (wrong == 2)
        w->SizeDataBlock = 9;
    else if (wrong == 3)
        w->DataBlockOffset -= 4;
    else if (wrong == 4)
        information = 7;
    else if (wrong == 5) {
        w->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
        ((WNODE_TOO_SMALL *)w)->SizeNeeded = s->Parameters.WMI.BufferSize;
        information = sizeof(WNODE_TOO_SMALL);
    }
    return complete(irp, STATUS_SUCCESS, information);
}

static void wrong_answer_comes(void)
{
    struct data d;
    ULONG size = sizeof d;
    provider_begin();
    lower[IRP_MJ_SYSTEM_CONTROL] = answers_wrongly;
    assert_int_equal(ask_query(0, &d, &size), STATUS_SUCCESS);
    provider_end();
}

/* RULE W-WMI-5: Instance data lies within the provider's buffer, aligned to 8 bytes, and what is too small is smaller than what is needed. */
TEST(W_WMI_5_answers)
{
    wrong = 0;
    shown(wrong_answer_comes);
    unit_expected_rule = "W-WMI-5";
    for (wrong = 1; wrong <= 5; wrong++)
        reported(wrong_answer_comes, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
}

static NTSTATUS reginfo_wrongly(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    if (s->MinorFunction != IRP_MN_REGINFO_EX)
        return complete(irp, irp->IoStatus.Status, 0);
    WMIREGINFOW *info = s->Parameters.WMI.Buffer;
    ULONG size = sizeof *info + 2 * sizeof(WMIREGGUIDW);
    memset(info, 0, size);
    info->BufferSize = size;
    info->GuidCount = wrong == 1 ? 3 : 2;
    info->MofResourceName = wrong == 2 ? size - 1 : 0;
    info->WmiRegGuid[0] = (WMIREGGUIDW){.Guid = data_guid, .Flags = WMIREG_FLAG_INSTANCE_BASENAME, .InstanceCount = 1, .BaseNameOffset = wrong == 3 ? size : 20};
    info->WmiRegGuid[1] = (WMIREGGUIDW){.Guid = event_guid, .Flags = wrong == 4 ? WMIREG_FLAG_INSTANCE_PDO : 0};
    return complete(irp, STATUS_SUCCESS, wrong == 5 ? s->Parameters.WMI.BufferSize + 1 : size);
}

static void wrong_reginfo(void)
{
    provider_register(low);
    lower[IRP_MJ_SYSTEM_CONTROL] = reginfo_wrongly;
    Sleep(1);
    provider_end();
}

/* RULE W-WMI-1: What a provider answers to REGINFO is followed within the bytes that it gave: an offset or a count that leads out of them is reported. */
TEST(W_WMI_1_malformed)
{
    wrong = 0;
    shown(wrong_reginfo);
    unit_expected_rule = "W-WMI-1";
    for (wrong = 1; wrong <= 5; wrong++)
        reported(wrong_reginfo, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
}

static void no_memory(void)
{
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_REGISTER), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_DEREGISTER), STATUS_INVALID_PARAMETER);
}

/* RULE W-WMI-1: Registration may fail; then there is nothing to deregister. */
TEST(W_WMI_1_registration_fails)
{
    static struct chance chance = {.fault_count = 1, .fault = {{DDI_IoWMIRegistrationControl, 1, 1}}};
    two_chance = &chance;
    shown(no_memory);
    two_chance = NULL;
}

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_WMI_1_registration),
        cmocka_unit_test(W_WMI_1_reginfo_without_ex),
        cmocka_unit_test(W_WMI_1_too_small),
        cmocka_unit_test(W_WMI_1_deregister_waits),
        cmocka_unit_test(W_WMI_1_no_irps_after),
        cmocka_unit_test(V_MSC_4_not_deregistered),
        cmocka_unit_test(W_WMI_2_provider_id),
        cmocka_unit_test(W_WMI_2_parameters),
        cmocka_unit_test(W_WMI_2_nobody),
        cmocka_unit_test(V_WMI_1_not_completed),
        cmocka_unit_test(W_WMI_3_dispositions),
        cmocka_unit_test(W_WMI_4_callbacks),
        cmocka_unit_test(W_WMI_4_pending),
        cmocka_unit_test(V_WMI_3_complete_request),
        cmocka_unit_test(W_WMI_5_answers),
        cmocka_unit_test(W_WMI_1_malformed),
        cmocka_unit_test(W_WMI_1_registration_fails),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
