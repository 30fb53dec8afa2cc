/* What the PnP manager keeps of a device: resources, requirements, properties: W-PNP-25, 30, 31, 33, 38, 57, 72, V-PNP-15. */
#include "pnp_tree.h"

#define TEST(name) static void name(void **state)

static ULONG minimum_of(const IO_RESOURCE_REQUIREMENTS_LIST *list) { return list ? list->List[0].Descriptors[0].u.Port.MinimumAddress.LowPart : 0; }

/* ---- Resources ---- */

static void resources_are_kept(void)
{
    plant(1, 0, DEVICE_IDS);
    plant(2, 0, RAW_IDS);
    tree.child[1].port = 0x300;
    grow();
    const struct devnode *node = node_of(1);
    assert_true(node->boot && port_of(node->boot) == 0x300);
    assert_int_equal(minimum_of(node->requirements), 0x300);
    assert_int_equal(minimum_of(node->filtered), tree.filtering == FILTERS_NOT ? 0x300 : 0x1300);
    assert_int_equal(tree.raw, 0x300);
    assert_int_equal(tree.translated, 0x300);
    assert_true(!node_of(2)->boot && !node_of(2)->requirements);
    fell();
}

static void leaks(void)
{
    plant(1, 0, DEVICE_IDS);
    tree.child[1].port = 0x300;
    grow();
}

/* The conductor gave others; the bus changed its mind while the device was stopped. */
static void started_with_others(void)
{
    static CM_RESOURCE_LIST raw, translated;
    plant(1, 0, PLAIN_IDS);
    tree.child[1].port = 0x300;
    grow();
    struct devnode *node = node_of(1);
    raw = translated = *node->boot;
    raw.List[0].PartialResourceList.PartialDescriptors[0].u.Port.Start.LowPart = 0x400;
    translated.List[0].PartialResourceList.PartialDescriptors[0].u.Port.Start.LowPart = 0x500;
    node->raw = &raw, node->translated = &translated;
    tree.child[1].port = 0x600;
    answers('P', 1, IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, STATUS_RESOURCE_REQUIREMENTS_CHANGED);
    assert_int_equal(pnp_query_stop(node), STATUS_RESOURCE_REQUIREMENTS_CHANGED);
    assert_int_equal(minimum_of(node->requirements), 0x600);
    assert_int_equal(pnp_stop(node), STATUS_SUCCESS);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(minimum_of(node->filtered), 0x600);
    assert_int_equal(tree.raw, 0x400);
    assert_int_equal(tree.translated, 0x500);
    fell();
}

/* ---- Questions, in their order ---- */

static void questions_in_order(void)
{
    grow();
    plant(1, 0, RAW_IDS);
    show(TELL_NAMES, ALL_MINORS, 0);
    look_again(0);
    log_is("relations.bus0 id.device1 capabilities1 text.description1 text.location1 id.instance1 id.hardware1 id.compatible1 id.container1 bus-information1 "
           "resources1 requirements1");
    tree.pnp = 0;
    fell();
}

/* ---- Properties ---- */

static char property[256];
static ULONG length;

static NTSTATUS ask(unsigned n, DEVICE_REGISTRY_PROPERTY what)
{
    memset(property, 0xEE, sizeof property);
    return IoGetDeviceProperty(node_of(n)->pdo, what, sizeof property, property, &length);
}

static bool is_text(unsigned n, DEVICE_REGISTRY_PROPERTY what, const WCHAR *text, size_t characters)
{
    NTSTATUS status = ask(n, what);
    return NT_SUCCESS(status) && length == characters * sizeof(WCHAR) && !memcmp(property, text, length);
}
#define IS_TEXT(n, what, text) assert_true(is_text(n, what, text, sizeof(text) / sizeof(WCHAR)))

static bool is_number(unsigned n, DEVICE_REGISTRY_PROPERTY what, ULONG number)
{
    ULONG told;
    NTSTATUS status = ask(n, what);
    memcpy(&told, property, sizeof told);
    return NT_SUCCESS(status) && length == sizeof told && told == number;
}

static void properties(void)
{
    static const GUID guid = {0x77778888, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    plant(1, 0, L"TEST\\PLAIN", L"TEST\\PLAIN\0TEST\\MORE\0");
    plant(2, 0, RAW_IDS);
    tree.child[1].compatible = L"TEST\\OLD\0";
    tree.child[1].tells_bus = true;
    grow();
    IS_TEXT(1, DevicePropertyDeviceDescription, L"a device");
    IS_TEXT(1, DevicePropertyLocationInformation, L"a place");
    IS_TEXT(1, DevicePropertyHardwareID, L"TEST\\PLAIN\0TEST\\MORE\0");
    IS_TEXT(1, DevicePropertyCompatibleIDs, L"TEST\\OLD\0");
    IS_TEXT(1, DevicePropertyEnumeratorName, L"TEST");
    assert_true(is_number(1, DevicePropertyAddress, 1));
    assert_true(is_number(1, DevicePropertyUINumber, 1));
    assert_true(is_number(1, DevicePropertyLegacyBusType, PNPBus));
    assert_true(is_number(1, DevicePropertyBusNumber, 5));
    assert_true(is_number(1, DevicePropertyRemovalPolicy, 3));
    assert_int_equal(ask(1, DevicePropertyBusTypeGuid), STATUS_SUCCESS);
    assert_true(length == sizeof guid && !memcmp(property, &guid, sizeof guid));
    assert_int_equal(ask(2, DevicePropertyCompatibleIDs), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ask(2, DevicePropertyBusNumber), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ask(2, DevicePropertyBusTypeGuid), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ask(0, DevicePropertyAddress), STATUS_OBJECT_NAME_NOT_FOUND);
    IS_TEXT(0, DevicePropertyHardwareID, L"ROOT\\BUS\0"); /* as its bus answers */
    assert_int_equal(IoGetDeviceProperty(node_of(1)->pdo, DevicePropertyBusTypeGuid, 15, property, &length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 16);
    fell();
}

/* ---- Tests ---- */

/* RULE W-PNP-30: The resources that the bus says a device uses are kept, and given to it at START where nothing else was chosen. */
/* RULE W-PNP-31: The requirements that the bus tells are kept. */
/* RULE W-PNP-33: The list in Information is what the drivers made of the requirements, in place or by another list. */
TEST(W_PNP_31_resources)
{
    for (enum filtering f = FILTERS_NOT; f <= FILTERS_BY_ANOTHER; f++) {
        tree_reset();
        tree.filtering = f;
        in_tree(resources_are_kept);
    }
}

/* RULE V-PNP-15: A driver that replaces the resource requirements and keeps the list before it is reported. */
TEST(V_PNP_15_leaked_list)
{
    tree_reset();
    tree.filtering = FILTERS_AND_LEAKS;
    tree_reported(leaks, "V-PNP-15", 0xC4, 0x62);
}

/* RULE W-PNP-63: A device may be started after a stop with other resources. */
/* RULE W-PNP-25: STATUS_RESOURCE_REQUIREMENTS_CHANGED is a yes, and the requirements are asked for again. */
TEST(W_PNP_63_other_resources)
{
    tree_reset();
    in_tree(started_with_others);
}

/* RULE W-PNP-32: Description and location are asked for once each. */
/* RULE W-PNP-38: The bus information is asked for before the resources. */
/* RULE W-PNP-57: A device that is new is asked in this order. */
TEST(W_PNP_57_order)
{
    tree_reset();
    in_tree(questions_in_order);
}

/* RULE W-PNP-72: IoGetDeviceProperty tells what the bus told; what it did not tell is not found. */
TEST(W_PNP_72_properties)
{
    tree_reset();
    in_tree(properties);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_PNP_31_resources), cmocka_unit_test(V_PNP_15_leaked_list), cmocka_unit_test(W_PNP_63_other_resources),
        cmocka_unit_test(W_PNP_57_order), cmocka_unit_test(W_PNP_72_properties),
    };
    return cmocka_run_group_tests(tests);
}
