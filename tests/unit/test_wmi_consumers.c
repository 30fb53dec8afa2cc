/* WMI: consumers in the kernel, events, names (W-WMI-4..6, V-WMI-3, V-UNL-9). */
#include "wmi_provider.h"

#define TEST(name) static void name(void **state)

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PVOID block;

static NTSTATUS open_block(const GUID *guid, ULONG access)
{
    GUID copy = *guid;
    return IoWMIOpenBlock(&copy, access, &block);
}

static void close_block(void)
{
    ObDereferenceObject(block);
    Sleep(1);
}

/* ---- Queries ---- */

static char answer[512];

static void queries_all(void)
{
    ULONG size = 16;
    provider_begin();
    assert_int_equal(open_block(&no_guid, WMIGUID_QUERY), STATUS_WMI_GUID_NOT_FOUND);
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(IoWMIQueryAllData(block, &size, answer), STATUS_BUFFER_TOO_SMALL);
    assert_true(size > 16 && size <= sizeof answer);
    ULONG needed = size;
    assert_int_equal(IoWMIQueryAllData(block, &size, answer), STATUS_SUCCESS);
    assert_int_equal(size, needed);
    const WNODE_ALL_DATA *all = (const WNODE_ALL_DATA *)answer;
    assert_int_equal(all->WnodeHeader.Linkage, 0);
    assert_int_equal(all->InstanceCount, INSTANCES);
    for (ULONG i = 0; i < INSTANCES; i++) {
        ULONG offset = all->OffsetInstanceDataAndLength[i].OffsetInstanceData;
        assert_int_equal(offset % 8, 0);
        assert_int_equal(all->OffsetInstanceDataAndLength[i].LengthInstanceData, sizeof(struct data));
        assert_int_equal(((const struct data *)(answer + offset))->level, 10 + 10 * i);
    }
    ULONG name = ((const ULONG *)(answer + all->OffsetInstanceNameOffsets))[1];
    assert_int_equal(*(const USHORT *)(answer + name), 8);
    assert_false(memcmp(answer + name + 2, L"Low1", 8));
    close_block();
    provider_end();
}

static NTSTATUS two_providers(PDEVICE_OBJECT device, PIRP irp) { return provide(device, irp); }

static void queries_two(void)
{
    ULONG size = sizeof answer;
    provider_begin();
    upper[IRP_MJ_SYSTEM_CONTROL] = two_providers;
    assert_int_equal(IoWMIRegistrationControl(up, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
    Sleep(1);
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(IoWMIQueryAllData(block, &size, answer), STATUS_SUCCESS);
    const WNODE_ALL_DATA *first = (const WNODE_ALL_DATA *)answer;
    assert_true(first->WnodeHeader.Linkage != 0 && first->WnodeHeader.Linkage % 8 == 0);
    const WNODE_ALL_DATA *second = (const WNODE_ALL_DATA *)(answer + first->WnodeHeader.Linkage);
    assert_int_equal(second->InstanceCount, INSTANCES);
    assert_int_equal(second->WnodeHeader.Linkage, 0);
    close_block();
    assert_int_equal(IoWMIRegistrationControl(up, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS);
    provider_end();
}

/* RULE W-WMI-5: All data comes as a chain of WNODEs, one for each provider, with aligned data and the names of the instances. */
TEST(W_WMI_5_all_data)
{
    shown(queries_all);
    shown(queries_two);
}

static void changes(void)
{
    UNICODE_STRING name, wrong_name;
    struct data d = {7, 8};
    ULONG size = sizeof answer, value = 9;
    RtlInitUnicodeString(&name, L"low1");
    RtlInitUnicodeString(&wrong_name, L"Low2");
    provider_begin();
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY | WMIGUID_SET | WMIGUID_EXECUTE), STATUS_SUCCESS);
    assert_int_equal(IoWMISetSingleInstance(block, &name, 1, sizeof d, &d), STATUS_SUCCESS);
    assert_int_equal(provider.data[1].count, 8);
    assert_int_equal(IoWMISetSingleItem(block, &name, 1, 1, sizeof value, &value), STATUS_SUCCESS);
    assert_int_equal(IoWMIQuerySingleInstance(block, &name, &size, answer), STATUS_SUCCESS);
    const WNODE_SINGLE_INSTANCE *w = (const WNODE_SINGLE_INSTANCE *)answer;
    assert_int_equal(w->SizeDataBlock, sizeof d);
    assert_int_equal(((const struct data *)(answer + w->DataBlockOffset))->level, 9);
    assert_int_equal(size, w->WnodeHeader.BufferSize);
    ULONG less = size - 1;
    assert_int_equal(IoWMIQuerySingleInstance(block, &name, &less, answer), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(less, size);
    size = sizeof value;
    assert_int_equal(IoWMIExecuteMethod(block, &name, 1, sizeof value, &size, (PUCHAR)&value), STATUS_SUCCESS);
    assert_int_equal(value, 10);
    assert_int_equal(size, sizeof value);
    assert_int_equal(IoWMIQuerySingleInstance(block, &wrong_name, &size, answer), STATUS_WMI_INSTANCE_NOT_FOUND);
    assert_int_equal(IoWMISetSingleInstance(block, &wrong_name, 1, sizeof d, &d), STATUS_WMI_INSTANCE_NOT_FOUND);
    close_block();
    provider_end();
}

/* RULE W-WMI-4: An instance is named by the base name and its number; who names it reaches that instance of the provider. */
TEST(W_WMI_4_single_instance) { shown(changes); }

/* ---- Names ---- */

static void names(void)
{
    UNICODE_STRING link, out;
    GUID guid = data_guid;
    ULONG first = 99;
    RtlInitUnicodeString(&link, L"Link");
    provider_begin();
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(IoWMIDeviceObjectToInstanceName(block, up, &out), STATUS_SUCCESS);
    assert_true(out.Length == 8 && !memcmp(out.Buffer, L"Low0", 8));
    RtlFreeUnicodeString(&out);
    close_block();
    assert_int_equal(IoWMISuggestInstanceName(NULL, &link, FALSE, &out), STATUS_SUCCESS);
    assert_int_equal(out.Length, 8);
    RtlFreeUnicodeString(&out);
    assert_int_equal(IoWMISuggestInstanceName(NULL, &link, TRUE, &out), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIAllocateInstanceIds(&guid, 3, &first), STATUS_SUCCESS);
    assert_int_equal(first, 0);
    assert_int_equal(IoWMIAllocateInstanceIds(&guid, 1, &first), STATUS_SUCCESS);
    assert_int_equal(first, 3);
    provider_end();
}

/* RULE W-WMI-4: What names there are can be asked for: a device's instance, a suggestion, numbers that no other instance of the block has. */
TEST(W_WMI_4_names) { shown(names); }

/* ---- Events ---- */

static int told;
static KIRQL told_at;
static ULONG told_level;

static VOID on_event(PVOID wnode, PVOID context)
{
    const WNODE_SINGLE_INSTANCE *w = wnode;
    told++;
    told_at = KeGetCurrentIrql();
    if (w->SizeDataBlock)
        told_level = *(const ULONG *)((const char *)wnode + w->DataBlockOffset);
}

static void *event_data(ULONG level)
{
    ULONG *data = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *data, 'tseT');
    *data = level;
    return data;
}

static void fires(void)
{
    assert_int_equal(open_block(&event_guid, WMIGUID_NOTIFICATION), STATUS_SUCCESS); /* before there is a provider */
    assert_int_equal(IoWMISetNotificationCallback(block, on_event, NULL), STATUS_SUCCESS);
    provider_begin();
    assert_int_equal(provider.events, 1);
    assert_true(provider.events_on);
    assert_int_equal(WmiFireEvent(low, &event_guid, 0, 0, NULL), STATUS_SUCCESS);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(WmiFireEvent(low, &event_guid, 0, sizeof(ULONG), event_data(5)), STATUS_SUCCESS);
    KeLowerIrql(irql);
    Sleep(1);
    assert_int_equal(told, 2);
    assert_int_equal(told_level, 5);
    assert_int_equal(told_at, PASSIVE_LEVEL);
    close_block();
    assert_int_equal(provider.events, 2);
    assert_false(provider.events_on);
    assert_int_equal(WmiFireEvent(low, &event_guid, 0, sizeof(ULONG), event_data(6)), STATUS_SUCCESS);
    Sleep(1);
    assert_int_equal(told, 2);
    provider_end();
}

static void fires_and_frees(void)
{
    provider_begin();
    assert_int_equal(open_block(&event_guid, WMIGUID_NOTIFICATION), STATUS_SUCCESS);
    void *data = event_data(5);
    WmiFireEvent(low, &event_guid, 0, sizeof(ULONG), data);
    ExFreePool(data);
}

static void no_memory_for_it(void)
{
    provider_begin();
    assert_int_equal(open_block(&event_guid, WMIGUID_NOTIFICATION), STATUS_SUCCESS);
    assert_int_equal(WmiFireEvent(low, &event_guid, 0, sizeof(ULONG), event_data(5)), STATUS_INSUFFICIENT_RESOURCES);
    close_block();
    provider_end();
}

static void fires_unasked(void)
{
    provider_begin();
    WmiFireEvent(low, &event_guid, 0, 0, NULL);
}

static void cannot_know(void)
{
    provider_register(low);
    library.WmiFunctionControl = NULL;
    Sleep(1);
    assert_int_equal(WmiFireEvent(low, &event_guid, 0, 0, NULL), STATUS_SUCCESS);
    provider_end();
}

/* RULE W-WMI-6: Consumers hear of an event later, at PASSIVE_LEVEL; the provider is told who listens; the library frees the data, whatever comes of it. */
/* RULE V-WMI-3: An event that was never enabled, by a provider that would have heard of it, is reported. */
TEST(W_WMI_6_fire)
{
    static struct chance chance = {.fault_count = 1, .fault = {{DDI_WmiFireEvent, 1, 1}}};
    shown(fires);
    shown(cannot_know);
    reported(fires_and_frees, 0xC4, 0x13);
    unit_expected_rule = "V-WMI-3";
    reported(fires_unasked, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
    two_chance = &chance;
    shown(no_memory_for_it);
    two_chance = NULL;
}

static WNODE_SINGLE_INSTANCE *new_event(POOL_FLAGS pool, ULONG size)
{
    WNODE_SINGLE_INSTANCE *w = ExAllocatePool2(pool, size, 'tseT');
    w->WnodeHeader.BufferSize = size;
    w->WnodeHeader.Guid = event_guid;
    w->WnodeHeader.ProviderId = IoWMIDeviceObjectToProviderId(low);
    w->WnodeHeader.Flags = WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_SINGLE_INSTANCE;
    w->DataBlockOffset = 64;
    return w;
}

static void listen(void)
{
    provider_begin();
    assert_int_equal(open_block(&event_guid, WMIGUID_NOTIFICATION), STATUS_SUCCESS);
    assert_int_equal(IoWMISetNotificationCallback(block, on_event, NULL), STATUS_SUCCESS);
}

static void writes(void)
{
    listen();
    assert_int_equal(IoWMIWriteEvent(new_event(POOL_FLAG_NON_PAGED, 72)), STATUS_SUCCESS);
    WNODE_SINGLE_INSTANCE *large = new_event(POOL_FLAG_NON_PAGED, 1032);
    assert_int_equal(IoWMIWriteEvent(large), STATUS_BUFFER_OVERFLOW);
    ExFreePool(large);
    WNODE_SINGLE_INSTANCE *no_event = new_event(POOL_FLAG_NON_PAGED, 72);
    no_event->WnodeHeader.Flags = WNODE_FLAG_SINGLE_INSTANCE;
    assert_int_equal(IoWMIWriteEvent(no_event), STATUS_INVALID_PARAMETER);
    ExFreePool(no_event);
    Sleep(1);
    assert_int_equal(told, 1);
    close_block();
    provider_end();
}

static void writes_and_frees(void)
{
    listen();
    WNODE_SINGLE_INSTANCE *w = new_event(POOL_FLAG_NON_PAGED, 72);
    IoWMIWriteEvent(w);
    ExFreePool(w);
}

static void writes_paged(void)
{
    listen();
    IoWMIWriteEvent(new_event(POOL_FLAG_PAGED, 72));
}

static void write_fails(void)
{
    listen();
    WNODE_SINGLE_INSTANCE *w = new_event(POOL_FLAG_NON_PAGED, 72);
    assert_int_equal(IoWMIWriteEvent(w), STATUS_INSUFFICIENT_RESOURCES);
    ExFreePool(w);
    close_block();
    provider_end();
}

static void write_fails_and_leaks(void)
{
    listen();
    IoWMIWriteEvent(new_event(POOL_FLAG_NON_PAGED, 72));
    close_block();
    provider_end();
}

/* RULE W-WMI-6: IoWMIWriteEvent takes a WNODE of at most 1 KB in nonpaged pool, which is WMI's on success and still the caller's on failure. */
TEST(W_WMI_6_write_event)
{
    static struct chance chance = {.fault_count = 1, .fault = {{DDI_IoWMIWriteEvent, 1, 1}}};
    shown(writes);
    reported(writes_and_frees, 0xC4, 0x13);
    unit_expected_rule = "W-WMI-6";
    reported(writes_paged, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
    two_chance = &chance;
    shown(write_fails);
    reported(write_fails_and_leaks, 0xC4, 0x62);
    two_chance = NULL;
}

static void writes_unasked(void)
{
    provider_begin();
    assert_int_equal(IoWMIWriteEvent(new_event(POOL_FLAG_NON_PAGED, 72)), STATUS_SUCCESS);
    provider_end();
}

/* RULE V-WMI-3: IoWMIWriteEvent for an event that nobody enabled is a matter of taste: reported only where lints are asked for. */
TEST(V_WMI_3_write_unasked)
{
    shown(writes_unasked);
    machine_lints = LINT_WMI_EVENT;
    shown(writes);
    unit_expected_rule = "V-WMI-3";
    reported(writes_unasked, OWN_RULE, ~0ull);
    unit_expected_rule = NULL;
    machine_lints = 0;
}

static void left_open(void) { open_block(&event_guid, WMIGUID_NOTIFICATION); }

static void dereferenced_twice(void)
{
    open_block(&event_guid, WMIGUID_NOTIFICATION);
    PVOID old = block;
    close_block();
    ULONG size = sizeof answer;
    IoWMIQueryAllData(old, &size, answer);
}

/* RULE V-UNL-9: A driver that is unloaded and has a WMI data block open is reported. */
TEST(V_UNL_9_block_left_open)
{
    shown(fires);
    unit_expected_rule = "V-UNL-9";
    reported(left_open, 0xC4, 0xDA);
    unit_expected_rule = NULL;
    reported(dereferenced_twice, 0x18, ~0ull);
}

/* Collection is only switched for blocks that are expensive. */
static void collects(void)
{
    guids[0].Flags = WMIREG_FLAG_EXPENSIVE;
    provider_begin();
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(provider.collections, 1);
    PVOID first = block;
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(provider.collections, 1);
    close_block();
    assert_true(provider.collection_on);
    block = first;
    close_block();
    assert_int_equal(provider.collections, 2);
    assert_false(provider.collection_on);
    guids[0].Flags = 0;
    assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_REREGISTER), STATUS_SUCCESS);
    Sleep(1);
    assert_int_equal(open_block(&data_guid, WMIGUID_QUERY), STATUS_SUCCESS);
    assert_int_equal(provider.collections, 2);
    close_block();
    provider_end();
}

/* RULE W-WMI-2: ENABLE_COLLECTION comes with the first consumer of an expensive block, DISABLE_COLLECTION with the end of the last. */
TEST(W_WMI_2_collection) { shown(collects); }

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_WMI_5_all_data),
        cmocka_unit_test(W_WMI_4_single_instance),
        cmocka_unit_test(W_WMI_4_names),
        cmocka_unit_test(W_WMI_6_fire),
        cmocka_unit_test(W_WMI_6_write_event),
        cmocka_unit_test(V_WMI_3_write_unasked),
        cmocka_unit_test(V_UNL_9_block_left_open),
        cmocka_unit_test(W_WMI_2_collection),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
