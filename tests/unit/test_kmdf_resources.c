/* Resource lists: what a driver may read, add and remove where, for its own device and for the PDOs of its bus: K-RES, K-PNP-10, 68, 71. */
#include "card.h"
#include "pnp_world.h"
#include "bus_world.h"

static NTSTATUS (*when_removing)(WDFIORESREQLIST list), (*when_adding)(WDFIORESREQLIST list);
static NTSTATUS (*when_preparing)(WDFCMRESLIST raw, WDFCMRESLIST translated);
static NTSTATUS (*when_taking_back)(WDFCMRESLIST raw, WDFCMRESLIST translated);
static ULONG bus_saw[2]; /* descriptors of the raw and the translated list */
static PDRIVER_DISPATCH bus_below;

static NTSTATUS on_filter_remove(WDFDEVICE d, WDFIORESREQLIST list) { return say("remove"), when_removing ? when_removing(list) : STATUS_SUCCESS; }
static NTSTATUS on_filter_add(WDFDEVICE d, WDFIORESREQLIST list) { return say("add"), when_adding ? when_adding(list) : STATUS_SUCCESS; }

static NTSTATUS on_remove_added(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    say("take-back");
    return when_taking_back ? when_taking_back(raw, translated) : STATUS_SUCCESS;
}

static NTSTATUS on_prepare_lists(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    say("prepare");
    return when_preparing ? when_preparing(raw, translated) : STATUS_SUCCESS;
}

static void filtering(PWDFDEVICE_INIT init)
{
    WDF_FDO_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS p;
    WDF_FDO_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceFilterRemoveResourceRequirements = on_filter_remove;
    c.EvtDeviceFilterAddResourceRequirements = on_filter_add;
    c.EvtDeviceRemoveAddedResources = on_remove_added;
    WdfFdoInitSetEventCallbacks(init, &c);
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&p);
    p.EvtDevicePrepareHardware = on_prepare_lists;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &p);
}

static NTSTATUS NTAPI bus_looks(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION s = io_get_current_irp_stack_location(irp);
    if (s->MinorFunction == IRP_MN_FILTER_RESOURCE_REQUIREMENTS)
        say("<filter>");
    if (s->MinorFunction == IRP_MN_START_DEVICE) {
        bus_saw[0] = s->Parameters.StartDevice.AllocatedResources->List[0].PartialResourceList.Count;
        bus_saw[1] = s->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList.Count;
        say("<start>");
    }
    return bus_below(pdo, irp);
}

static IO_RESOURCE_DESCRIPTOR need(ULONG at)
{
    IO_RESOURCE_DESCRIPTOR d = {.Type = CmResourceTypeMemory};
    d.u.Memory.Length = 0x100, d.u.Memory.Alignment = 16;
    d.u.Memory.MinimumAddress.LowPart = at, d.u.Memory.MaximumAddress.LowPart = at + 0xff;
    return d;
}

/* The bus says that the device needs memory at `at` in one alternative. */
static void needs(ULONG at)
{
    IO_RESOURCE_REQUIREMENTS_LIST *list = ex_system_alloc(sizeof *list);
    *list = (IO_RESOURCE_REQUIREMENTS_LIST){.ListSize = sizeof *list, .InterfaceType = Isa, .AlternativeLists = 1};
    list->List[0] = (IO_RESOURCE_LIST){.Version = 1, .Revision = 1, .Count = 1, .Descriptors = {need(at)}};
    node->requirements = list;
}

static void begin(void)
{
    memset(bus_saw, 0, sizeof bus_saw);
    plan.init = filtering;
    boot();
    card_resources(node, 1, 0);
    needs(0x1000);
    bus_below = node->pdo->DriverObject->MajorFunction[IRP_MJ_PNP];
    node->pdo->DriverObject->MajorFunction[IRP_MJ_PNP] = bus_looks;
}

static void forget(void) { when_removing = when_adding = NULL, when_preparing = when_taking_back = NULL; }

static void begin_with(NTSTATUS (*removing)(WDFIORESREQLIST), NTSTATUS (*adding)(WDFIORESREQLIST))
{
    forget();
    when_removing = removing, when_adding = adding;
    begin();
}

static ULONG minimum(const IO_RESOURCE_DESCRIPTOR *d) { return d->u.Memory.MinimumAddress.LowPart; }

/* ---- Requirements ---- */

static NTSTATUS remove_first(WDFIORESREQLIST list)
{
    assert_int_equal(WdfIoResourceRequirementsListGetCount(list), 1);
    WDFIORESLIST first = WdfIoResourceRequirementsListGetIoResList(list, 0);
    assert_true(first && !WdfIoResourceRequirementsListGetIoResList(list, 1));
    assert_int_equal(WdfIoResourceListGetCount(first), 1);
    PIO_RESOURCE_DESCRIPTOR d = WdfIoResourceListGetDescriptor(first, 0);
    assert_true(d && minimum(d) == 0x1000 && !WdfIoResourceListGetDescriptor(first, 1));
    IO_RESOURCE_DESCRIPTOR other = need(0x2000);
    WdfIoResourceListUpdateDescriptor(first, &other, 0);
    assert_int_equal(minimum(d), 0x2000); /* where it was */
    return STATUS_SUCCESS;
}

static NTSTATUS add_some(WDFIORESREQLIST list)
{
    IO_RESOURCE_DESCRIPTOR d[3] = {need(0x3000), need(0x4000), need(0x5000)};
    WDFIORESLIST first = WdfIoResourceRequirementsListGetIoResList(list, 0), second, dropped;
    assert_int_equal(minimum(WdfIoResourceListGetDescriptor(first, 0)), 0x2000);
    assert_int_equal(WdfIoResourceListAppendDescriptor(first, &d[0]), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceListInsertDescriptor(first, &d[1], 0), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceListInsertDescriptor(first, &d[1], 9), STATUS_INVALID_PARAMETER);
    assert_int_equal(WdfIoResourceListCreate(list, WDF_NO_OBJECT_ATTRIBUTES, &second), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceListAppendDescriptor(second, &d[2]), STATUS_SUCCESS);
    d[2] = need(0x6000); /* a copy was taken */
    assert_int_equal(WdfIoResourceRequirementsListInsertIoResList(list, second, 0), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceListCreate(list, WDF_NO_OBJECT_ATTRIBUTES, &dropped), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceRequirementsListAppendIoResList(list, dropped), STATUS_SUCCESS);
    WdfObjectDelete(dropped);
    assert_int_equal(WdfIoResourceRequirementsListGetCount(list), 2);
    WdfIoResourceRequirementsListSetSlotNumber(list, 7);
    WdfIoResourceRequirementsListSetInterfaceType(list, PCIBus);
    return STATUS_SUCCESS;
}

/* RULE K-RES-2: Alternatives are made below the requirements and put in at a place; descriptors are copied, and stay where they are until they go. */
/* RULE K-PNP-71: EvtDeviceFilterRemoveResourceRequirements runs on the way down, EvtDeviceFilterAddResourceRequirements on the way up. */
TEST(K_RES_2_requirements)
{
    begin_with(remove_first, add_some);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("remove <filter> add take-back <start> prepare");
    const IO_RESOURCE_REQUIREMENTS_LIST *list = node->filtered;
    assert_true(list->AlternativeLists == 2 && list->SlotNumber == 7 && list->InterfaceType == PCIBus);
    assert_true(list->List[0].Count == 1 && minimum(&list->List[0].Descriptors[0]) == 0x5000);
    const IO_RESOURCE_LIST *second = (const IO_RESOURCE_LIST *)(list->List[0].Descriptors + 1);
    assert_true(second->Count == 3 && minimum(&second->Descriptors[0]) == 0x4000 && minimum(&second->Descriptors[1]) == 0x2000);
    assert_int_equal(minimum(&second->Descriptors[2]), 0x3000);
    finish();
}

static NTSTATUS drop_all(WDFIORESREQLIST list)
{
    WDFIORESLIST first = WdfIoResourceRequirementsListGetIoResList(list, 0);
    WdfIoResourceListRemoveByDescriptor(first, WdfIoResourceListGetDescriptor(first, 0));
    assert_int_equal(WdfIoResourceListGetCount(first), 0);
    WdfIoResourceRequirementsListRemoveByIoResList(list, first);
    return WdfIoResourceRequirementsListGetCount(list) ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

/* RULE K-RES-1: EvtDeviceFilterRemoveResourceRequirements may remove descriptors and alternatives, by place or by what they are. */
TEST(K_RES_1_removal)
{
    begin_with(drop_all, NULL);
    pnp_start(node);
    assert_int_equal(node->filtered->AlternativeLists, 0);
    finish();
}

static NTSTATUS add_in_remove(WDFIORESREQLIST list)
{
    IO_RESOURCE_DESCRIPTOR d = need(0x3000);
    return WdfIoResourceListAppendDescriptor(WdfIoResourceRequirementsListGetIoResList(list, 0), &d);
}
static NTSTATUS remove_in_add(WDFIORESREQLIST list) { return WdfIoResourceRequirementsListRemove(list, 0), STATUS_SUCCESS; }
static NTSTATUS remove_what_is_not(WDFIORESREQLIST list)
{
    WdfIoResourceListRemove(WdfIoResourceRequirementsListGetIoResList(list, 0), 5);
    return STATUS_SUCCESS;
}

/* RULE K-RES-1: Adding to requirements in EvtDeviceFilterRemoveResourceRequirements is misuse. */
TEST(K_RES_1_add_in_remove, MISUSE, .rule = "K-RES-1") { begin_with(add_in_remove, NULL), pnp_start(node); }
/* RULE K-RES-1: Removing from requirements in EvtDeviceFilterAddResourceRequirements is misuse. */
TEST(K_RES_1_remove_in_add, MISUSE, .rule = "K-RES-1") { begin_with(NULL, remove_in_add), pnp_start(node); }
/* RULE K-RES-1: Removing an entry that is not there is misuse. */
TEST(K_RES_1_out_of_range, MISUSE, .rule = "K-RES-1") { begin_with(remove_what_is_not, NULL), pnp_start(node); }

static NTSTATUS fails(WDFIORESREQLIST list) { return STATUS_INSUFFICIENT_RESOURCES; }

/* RULE K-PNP-71: A filter that fails leaves the requirements as they were. */
TEST(K_PNP_71_fails)
{
    begin_with(NULL, fails);
    pnp_start(node);
    assert_true(node->filtered->AlternativeLists == 1 && minimum(&node->filtered->List[0].Descriptors[0]) == 0x1000);
    finish();
}

/* ---- Assigned resources ---- */

static NTSTATUS look(WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    assert_true(WdfCmResourceListGetCount(raw) == 3 && WdfCmResourceListGetCount(translated) == 3);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d = WdfCmResourceListGetDescriptor(translated, 2);
    assert_true(d && d->Type == CmResourceTypeInterrupt && d->u.Interrupt.Vector == CARD_VECTOR);
    assert_true(!WdfCmResourceListGetDescriptor(translated, 3));
    return STATUS_SUCCESS;
}

static NTSTATUS take_back(WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    WdfCmResourceListRemove(raw, 0);
    WdfCmResourceListRemoveByDescriptor(translated, WdfCmResourceListGetDescriptor(translated, 0));
    assert_int_equal(WdfCmResourceListGetCount(translated), 2);
    return STATUS_SUCCESS;
}

/* RULE K-PNP-10: EvtDeviceRemoveAddedResources rewrites the lists that lower drivers see at the start; the device itself sees all. */
/* RULE K-RES-1: Descriptors out of range are NULL. */
TEST(K_PNP_10_added_resources)
{
    begin_with(NULL, NULL);
    when_preparing = look, when_taking_back = take_back;
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_true(bus_saw[0] == 2 && bus_saw[1] == 2);
    log_is("remove <filter> add take-back <start> prepare");
    finish();
}

static NTSTATUS add_in_prepare(WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    return WdfCmResourceListAppendDescriptor(raw, WdfCmResourceListGetDescriptor(raw, 0));
}
static NTSTATUS remove_in_prepare(WDFCMRESLIST raw, WDFCMRESLIST translated) { return WdfCmResourceListRemove(raw, 0), STATUS_SUCCESS; }

static void prepare_does(NTSTATUS (*does)(WDFCMRESLIST, WDFCMRESLIST))
{
    begin_with(NULL, NULL);
    when_preparing = does;
    pnp_start(node);
}

/* RULE K-RES-1: The lists of EvtDevicePrepareHardware take no additions. */
TEST(K_RES_1_add_in_prepare, MISUSE, .rule = "K-RES-1") { prepare_does(add_in_prepare); }
/* RULE K-RES-1: Nothing is removed from the lists of EvtDevicePrepareHardware. */
TEST(K_RES_1_remove_in_prepare, MISUSE, .rule = "K-RES-1") { prepare_does(remove_in_prepare); }

/* ---- Of a PDO ---- */

static CM_PARTIAL_RESOURCE_DESCRIPTOR memory_at(ULONG at)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR d = {.Type = CmResourceTypeMemory};
    d.u.Memory.Start.LowPart = at, d.u.Memory.Length = 0x100;
    return d;
}

static NTSTATUS child_uses(WDFDEVICE child, WDFCMRESLIST list)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR d[2] = {memory_at(0x1000), memory_at(0x2000)};
    assert_int_equal(WdfCmResourceListGetCount(list), 0);
    assert_int_equal(WdfCmResourceListAppendDescriptor(list, &d[0]), STATUS_SUCCESS);
    return WdfCmResourceListInsertDescriptor(list, &d[1], 0);
}

static NTSTATUS child_needs(WDFDEVICE child, WDFIORESREQLIST list)
{
    IO_RESOURCE_DESCRIPTOR d = need(0x8000);
    WDFIORESLIST alternative;
    assert_int_equal(WdfIoResourceListCreate(list, WDF_NO_OBJECT_ATTRIBUTES, &alternative), STATUS_SUCCESS);
    assert_int_equal(WdfIoResourceListAppendDescriptor(alternative, &d), STATUS_SUCCESS);
    WdfIoResourceRequirementsListSetSlotNumber(list, 3);
    return WdfIoResourceRequirementsListAppendIoResList(list, alternative);
}

static void with_resources(PWDFDEVICE_INIT init)
{
    WDF_PDO_EVENT_CALLBACKS c;
    WDF_PDO_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceResourcesQuery = child_uses;
    c.EvtDeviceResourceRequirementsQuery = child_needs;
    WdfPdoInitSetEventCallbacks(init, &c);
}

/* RULE K-PNP-68: A bus tells with EvtDeviceResourcesQuery and EvtDeviceResourceRequirementsQuery what its PDO uses and needs. */
/* RULE K-RES-1: The list of EvtDeviceResourcesQuery takes additions, in order. */
TEST(K_PNP_68_resources)
{
    bus_plan.child_init = with_resources;
    bus_start();
    plug(1);
    log_clear();
    const CM_PARTIAL_RESOURCE_LIST *uses = &node_of(1)->boot->List[0].PartialResourceList;
    assert_true(uses->Count == 2 && uses->PartialDescriptors[0].u.Memory.Start.LowPart == 0x2000);
    assert_int_equal(uses->PartialDescriptors[1].u.Memory.Start.LowPart, 0x1000);
    const IO_RESOURCE_REQUIREMENTS_LIST *list = node_of(1)->requirements;
    assert_true(list && list->AlternativeLists == 1 && list->SlotNumber == 3 && minimum(&list->List[0].Descriptors[0]) == 0x8000);
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_RES_2_requirements), cmocka_unit_test(K_RES_1_removal), cmocka_unit_test(K_RES_1_add_in_remove),
        cmocka_unit_test(K_RES_1_remove_in_add), cmocka_unit_test(K_RES_1_out_of_range), cmocka_unit_test(K_PNP_71_fails),
        cmocka_unit_test(K_PNP_10_added_resources), cmocka_unit_test(K_RES_1_add_in_prepare), cmocka_unit_test(K_RES_1_remove_in_prepare),
        cmocka_unit_test(K_PNP_68_resources),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
