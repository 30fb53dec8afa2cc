/* A network card in a machine: on the PCI bus, with the memory that its driver gives it, at a switch. */
#include "nic/card.h"

#include "kmdf_world.h"

enum { CSR_STAT = 1, CSR_COMMAND = 2, CSR_MASK = 3, CSR_POINTER = 4 };
enum { CU_START = 0x10, CU_LOAD_BASE = 0x60, RU_START = 1, RU_LOAD_BASE = 6 };
enum { RFD = 0, TCB = 2048, DATA = 16, BUFFER = 4096 };

static struct nic_card card, other;
static struct nic_switch wire;
static unsigned sent, arrived;

static void heard(struct nic_card *c, bool is_sent, const void *frame, uint32_t size) { *(is_sent ? &sent : &arrived) += size; }

static struct devnode *create(struct nt_driver *d, NTSTATUS *status)
{
    memset(&wire, 0, sizeof wire);
    sent = arrived = 0;
    nic_card_init(&card, NIC_82559);
    nic_card_init(&other, NIC_82557);
    card.nic.settings.link_at_power_on = true;
    nic_card_plug(&card);
    nic_card_plug(&other);
    assert_true(nic_card_connect(&card, &wire) && nic_card_connect(&other, &wire));
    card.heard = other.heard = heard;
    return pci_create_device(d, &card.function, status);
}

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PUCHAR csr, memory;
static PDMA_ADAPTER adapter;
static PHYSICAL_ADDRESS logical;

static void put16(ULONG at, USHORT value) { *(USHORT UNALIGNED *)(memory + at) = value; }
static void put32(ULONG at, ULONG value) { *(ULONG UNALIGNED *)(memory + at) = value; }
static USHORT get16(ULONG at) { return *(volatile USHORT *)(memory + at); }

static void command(UCHAR what, ULONG pointer)
{
    WRITE_REGISTER_ULONG((PULONG)(csr + CSR_POINTER), pointer);
    WRITE_REGISTER_UCHAR(csr + CSR_COMMAND, what);
    pass_ms(1);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_COMMAND), 0);
}

static void begin(void)
{
    DEVICE_DESCRIPTION d = {.Version = DEVICE_DESCRIPTION_VERSION, .Master = TRUE, .ScatterGather = TRUE, .Dma32BitAddresses = TRUE, .InterfaceType = PCIBus, .MaximumLength = 8192};
    ULONG registers;
    plan.create = create;
    start();
    csr = MmMapIoSpace(node->translated->List[0].PartialResourceList.PartialDescriptors[0].u.Memory.Start, 4096, MmNonCached);
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1);
    adapter = IoGetDmaAdapter(node->pdo, &d, &registers);
    memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, BUFFER, &logical, TRUE);
    assert_true(memory != NULL);
    RtlZeroMemory(memory, BUFFER);
    command(CU_LOAD_BASE, 0);
    command(RU_LOAD_BASE, 0);
    card.nic.configured = other.nic.configured = true; /* as a Configure command would do */
}

static void begin_receiving(void)
{
    begin();
    put16(RFD + 2, 0x8000);
    put32(RFD + 4, ~0u), put32(RFD + 8, ~0u);
    put16(RFD + 14, 1518);
    command(RU_START, logical.LowPart + RFD);
}

static void release(void)
{
    adapter->DmaOperations->FreeCommonBuffer(adapter, BUFFER, logical, memory, TRUE);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    MmUnmapIoSpace(csr, 4096);
}

static void end(void)
{
    release();
    finish();
}

static void arrive(void)
{
    static UCHAR frame[64];
    RtlFillMemory(frame, 6, 0xFF);
    RtlFillMemory(frame + 6, 58, 0x5A);
    nic_card_arrives(&card, frame, 64, 0);
}

TEST(a_frame_goes_into_the_drivers_memory)
{
    begin_receiving();
    arrive();
    assert_int_equal(get16(RFD) & 0xA000, 0xA000);
    assert_int_equal(get16(RFD + 12), 0xC000 | 64);
    assert_true(memory[RFD + DATA] == 0xFF && memory[RFD + DATA + 63] == 0x5A && memory[RFD + DATA + 64] == 0);
    assert_true(card.arrived == 1 && arrived == 64);
    end();
}

TEST(a_frame_goes_to_the_switch)
{
    begin();
    put16(TCB + 2, 0x8004);
    put32(TCB + 4, ~0u), put32(TCB + 8, ~0u);
    put16(TCB + 12, 0x8000 | 100);
    memory[TCB + 14] = 200;
    RtlFillMemory(memory + TCB + DATA, 100, 0x33);
    command(CU_START, logical.LowPart + TCB);
    pass_ms(1);
    assert_int_equal(get16(TCB) & 0xA000, 0xA000);
    assert_true(card.sent == 1 && sent == 100 && other.arrived == 1 && arrived == 100 && card.arrived == 0);
    end();
}

/* RULE V-DMA-26: A card that its driver sends to memory which it has not got is stopped, and that is reported. */
TEST(an_honest_card_sent_astray, .code = 0xE6, .p1 = 0x26)
{
    begin_receiving();
    command(CU_START, logical.LowPart + 0x100000);
}

TEST(a_lying_card_gone_astray)
{
    UCHAR byte = 1;
    begin_receiving();
    nic_card_lies(&card);
    nic_hostile_write(&card.nic, logical.LowPart + 0x100000, &byte, 1);
    nic_hostile_write(&card.nic, logical.LowPart + BUFFER - 1, &byte, 1);
    assert_int_equal(memory[BUFFER - 1], 1);
    arrive();
    assert_int_equal(get16(RFD) & 0xA000, 0xA000);
    end();
}

TEST(a_stopped_card_is_no_bus_master)
{
    begin_receiving();
    release();
    pnp_query_stop(node), pnp_stop(node);
    arrive();
    assert_true(!nic_config_read(&card.nic, 4, 2) && card.nic.counters[9] == 0);
    finish();
}

/* RULE W-HAL-8: A card that is pulled moves nothing any more; one that is plugged in again is as fresh as ever. */
TEST(a_pulled_card)
{
    begin_receiving();
    nic_card_pull(&card);
    arrive();
    assert_int_equal(get16(RFD), 0);
    assert_int_equal(READ_REGISTER_UCHAR(csr + CSR_MASK), 0xFF);
    release();
    pass_ms(1);
    assert_int_equal(node->state, DEVNODE_REMOVED);
    nic_card_plug(&card);
    assert_true(nic_config_read(&card.nic, 0, 4) == 0x12298086 && card.function.slot == 1);
    nt = NULL, node = NULL;
}

static void power(DEVICE_POWER_STATE state)
{
    po_request_power_irp(node->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = state}, NULL, NULL, NULL);
    pass_ms(1);
}

static void not_owner(PWDFDEVICE_INIT init) { WdfDeviceInitSetPowerPolicyOwnership(init, FALSE); }

/* RULE W-POW-12: A card comes back from D3 with its windows where they were and everything else as after a reset. */
TEST(a_card_in_d3)
{
    plan.init = not_owner;
    begin_receiving();
    power(PowerDeviceD3);
    assert_int_equal(nic_config_read(&card.nic, 0xE0, 2) & 3, 3);
    power(PowerDeviceD0);
    assert_int_equal(READ_REGISTER_ULONG((PULONG)(csr + CSR_POINTER)), 0);
    WRITE_REGISTER_UCHAR(csr + CSR_MASK, 1);
    assert_int_equal(nic_config_read(&card.nic, 4, 2), 7);
    end();
}

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_goes_into_the_drivers_memory), cmocka_unit_test(a_frame_goes_to_the_switch), cmocka_unit_test(an_honest_card_sent_astray),
        cmocka_unit_test(a_lying_card_gone_astray), cmocka_unit_test(a_stopped_card_is_no_bus_master), cmocka_unit_test(a_pulled_card), cmocka_unit_test(a_card_in_d3),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
