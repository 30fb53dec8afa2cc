/* The PCI bus: identifiers, resources, configuration space, power, wake and being pulled out: W-HAL-6..8, V-HAL-6. */
#include "pci_card.h"

#include <initguid.h>
#include <wdmguid.h>

#include "pnp_world.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

/* ---- A driver that maps what it is given ---- */

static PUCHAR base;
static ULONG_PTR ports;
static CM_PARTIAL_RESOURCE_DESCRIPTOR given[8];
static ULONG given_count;
static BUS_INTERFACE_STANDARD bus;
static NTSTATUS asked;

static NTSTATUS on_map(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    given_count = WdfCmResourceListGetCount(translated);
    for (ULONG i = 0; i < given_count && i < 8; i++)
        given[i] = *WdfCmResourceListGetDescriptor(translated, i);
    base = MmMapIoSpace(given[0].u.Memory.Start, given[0].u.Memory.Length, MmNonCached);
    ports = (ULONG_PTR)given[1].u.Port.Start.QuadPart;
    return STATUS_SUCCESS;
}

static NTSTATUS on_unmap(WDFDEVICE d, WDFCMRESLIST translated)
{
    MmUnmapIoSpace(base, given[0].u.Memory.Length);
    return STATUS_SUCCESS;
}

static PULONG reg(ULONG offset) { return (PULONG)(base + offset); }

static NTSTATUS on_up(WDFDEVICE d, WDF_POWER_DEVICE_STATE from)
{
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0x10);
    return STATUS_SUCCESS;
}

static NTSTATUS on_down(WDFDEVICE d, WDF_POWER_DEVICE_STATE to)
{
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    say(READ_REGISTER_ULONG(reg(CARD_ENABLE)) ? "gone" : "down");
    return STATUS_SUCCESS;
}

static void mapping_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = on_map;
    c.EvtDeviceReleaseHardware = on_unmap;
    c.EvtDeviceD0Entry = on_up;
    c.EvtDeviceD0Exit = on_down;
    c.EvtDeviceSurpriseRemoval = on_surprise;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
    WdfDeviceInitSetPowerPolicyOwnership(init, FALSE);
}

static void ask_for_bus(WDFDEVICE d) { asked = WdfFdoQueryForInterface(d, &GUID_BUS_INTERFACE_STANDARD, (PINTERFACE)&bus, sizeof bus, 1, NULL); }

static void begin(void)
{
    plan.create = pci_card_create;
    plan.init = mapping_callbacks;
    start();
}

static void begin_with_bus(void)
{
    plan.add = ask_for_bus;
    begin();
    assert_int_equal(asked, STATUS_SUCCESS);
}

static void end_with_bus(void)
{
    bus.InterfaceDereference(bus.Context);
    finish();
}

static void power(DEVICE_POWER_STATE state)
{
    po_request_power_irp(node->pdo, IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = state}, NULL, NULL, NULL);
    pass_ms(1);
}

static bool is_text(const UNICODE_STRING *is, const char *expected, size_t size)
{
    bool same = is->Length == size * sizeof(WCHAR);
    for (size_t i = 0; same && i < size; i++)
        same = is->Buffer[i] == (UCHAR)expected[i];
    return same;
}

/* ---- What it is ---- */

/* RULE W-HAL-7: The bus names a function by its configuration space: from vendor, device, subsystem and revision down to the class. */
TEST(W_HAL_7_identifiers)
{
    static const char hardware[] = "PCI\\VEN_1234&DEV_5678&SUBSYS_BEEF4321&REV_9A\0PCI\\VEN_1234&DEV_5678&SUBSYS_BEEF4321\0PCI\\VEN_1234&DEV_5678&CC_028000\0"
                                   "PCI\\VEN_1234&DEV_5678&CC_0280\0";
    static const char compatible[] = "PCI\\VEN_1234&DEV_5678&REV_9A\0PCI\\VEN_1234&DEV_5678\0PCI\\VEN_1234&CC_028000\0PCI\\VEN_1234&CC_0280\0PCI\\VEN_1234\0"
                                     "PCI\\CC_028000\0PCI\\CC_0280\0";
    begin();
    assert_true(is_text(&node->hardware_ids, hardware, sizeof hardware));
    assert_true(is_text(&node->compatible_ids, compatible, sizeof compatible));
    assert_true(node->bus.LegacyBusType == PCIBus && node->capabilities.Address == 1 << 16);
    finish();
}

/* RULE W-HAL-7: A device is started with its windows in the order of their registers and its interrupt; registers are written and accesses let through by then. */
TEST(W_HAL_7_start)
{
    plan.create = pci_card_create;
    plan.init = mapping_callbacks;
    boot();
    assert_int_equal(pci_card_config(0x04, 2), 0);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(given_count, 4);
    assert_true(given[0].Type == CmResourceTypeMemory && given[0].u.Memory.Length == 4096 && given[1].Type == CmResourceTypePort && given[1].u.Port.Length == 64);
    assert_true(given[2].Type == CmResourceTypeMemory && given[2].u.Memory.Length == 65536 && given[3].Type == CmResourceTypeInterrupt);
    assert_true(given[3].u.Interrupt.Vector == pci_card.card.model.vector && given[3].ShareDisposition == CmResourceShareShared);
    assert_int_equal(pci_card_config(0x10, 4), given[0].u.Memory.Start.LowPart | 8);
    assert_int_equal(pci_card_config(0x14, 4), given[1].u.Port.Start.LowPart | 1);
    assert_true(given[2].u.Memory.Start.LowPart % 65536 == 0 && pci_card_config(0x18, 4) == given[2].u.Memory.Start.LowPart);
    assert_int_equal(pci_card_config(0x04, 2), PCI_ENABLE_IO_SPACE | PCI_ENABLE_MEMORY_SPACE | PCI_ENABLE_BUS_MASTER);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    assert_int_equal(READ_PORT_ULONG((PULONG)(ports + CARD_ENABLE)), 0x10);
    finish();
}

/* RULE W-HAL-7: The raw list has the interrupt as the bus knows it, the requirements what else would do. */
TEST(W_HAL_7_raw_and_needed)
{
    begin();
    const CM_PARTIAL_RESOURCE_LIST *raw = &node->boot->List[0].PartialResourceList;
    assert_true(raw->Count == 4 && raw->PartialDescriptors[3].u.Interrupt.Vector == pci_card_config(0x3C, 1));
    assert_true(raw->PartialDescriptors[3].u.Interrupt.Vector != given[3].u.Interrupt.Vector);
    const IO_RESOURCE_LIST *needed = &node->requirements->List[0];
    assert_true(needed->Count == 4 && needed->Descriptors[1].Type == CmResourceTypePort && needed->Descriptors[1].u.Port.Alignment == 64);
    finish();
}

/* RULE W-HAL-7: When the device is stopped nothing is let through any more; where its windows are may be another place when it is started again. */
/* RULE W-PNP-63: START after STOP may bring different resources. */
TEST(W_HAL_7_stop_and_move)
{
    static struct pci_resources raw, translated;
    begin();
    pnp_query_stop(node), pnp_stop(node);
    assert_int_equal(pci_card_config(0x04, 2), 0);
    pci_fill_resources(&pci_card.function, &raw, false);
    pci_fill_resources(&pci_card.function, &translated, true);
    raw.list.List[0].PartialResourceList.PartialDescriptors[0].u.Memory.Start.LowPart += 0x800000;
    translated.list.List[0].PartialResourceList.PartialDescriptors[0].u.Memory.Start.LowPart += 0x800000;
    node->raw = &raw.list, node->translated = &translated.list;
    pnp_start(node);
    assert_int_equal(pci_card_config(0x10, 4), raw.list.List[0].PartialResourceList.PartialDescriptors[0].u.Memory.Start.LowPart | 8);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    finish();
}

/* RULE W-HAL-7: Of a removed device nothing is let through. */
TEST(W_HAL_7_remove)
{
    begin();
    pnp_query_remove(node), pnp_remove(node);
    log_is("down");
    assert_int_equal(pci_card_config(0x04, 2), 0);
    nt = NULL;
    node = NULL;
}

/* ---- Its configuration space, from a driver ---- */

/* RULE W-HAL-6: GetBusData and SetBusData say how many bytes they moved: at most to the end of the space, none of another space. */
TEST(W_HAL_6_bytes)
{
    UCHAR space[256];
    begin_with_bus();
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0, 0xE2), 0xE2);
    assert_true(space[0] == 0x34 && space[3] == 0x56 && space[0x2F] == 0xBE && space[0x50] == 1);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0x2D, 3), 3);
    assert_true(space[0] == 0x43 && space[1] == 0xEF && space[2] == 0xBE);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0xF0, 32), 16);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 256, 4), 0);
    assert_int_equal(bus.GetBusData(bus.Context, PCI_WHICHSPACE_ROM, space, 0, 4), 0);
    end_with_bus();
}

/* RULE W-HAL-6: What a driver writes with SetBusData the function takes as its registers do; the accesses of other windows stay as they are. */
TEST(W_HAL_6_write)
{
    USHORT command;
    UCHAR latency = 0x40;
    begin_with_bus();
    bus.GetBusData(bus.Context, 0, &command, 4, 2);
    command |= PCI_ENABLE_WRITE_AND_INVALIDATE;
    assert_int_equal(bus.SetBusData(bus.Context, 0, &command, 4, 2), 2);
    assert_int_equal(pci_card_config(4, 2), 0x17);
    assert_int_equal(bus.SetBusData(bus.Context, 0, &latency, 0x0D, 1), 1);
    assert_int_equal(pci_card_config(0x0C, 2), 0x4000);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    end_with_bus();
}

static NTSTATUS config_irp(UCHAR minor, void *buffer, ULONG offset, ULONG length, ULONG_PTR *moved)
{
    IO_STATUS_BLOCK iosb;
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, node->pdo, NULL, 0, NULL, &done, &iosb);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MinorFunction = minor;
    next->Parameters.ReadWriteConfig.WhichSpace = PCI_WHICHSPACE_CONFIG;
    next->Parameters.ReadWriteConfig.Buffer = buffer;
    next->Parameters.ReadWriteConfig.Offset = offset;
    next->Parameters.ReadWriteConfig.Length = length;
    NTSTATUS status = IoCallDriver(node->pdo, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    *moved = iosb.Information;
    return iosb.Status;
}

/* RULE W-HAL-6: IRP_MN_READ_CONFIG and IRP_MN_WRITE_CONFIG do the same at PASSIVE_LEVEL. */
TEST(W_HAL_6_irps)
{
    USHORT id = 0;
    UCHAR latency = 0x20;
    ULONG_PTR moved;
    begin();
    assert_int_equal(config_irp(IRP_MN_READ_CONFIG, &id, 2, 2, &moved), STATUS_SUCCESS);
    assert_true(id == 0x5678 && moved == 2);
    assert_int_equal(config_irp(IRP_MN_WRITE_CONFIG, &latency, 0x0D, 1, &moved), STATUS_SUCCESS);
    assert_true(pci_card_config(0x0D, 1) == 0x20 && moved == 1);
    assert_int_equal(config_irp(IRP_MN_READ_CONFIG, &id, 0xFF, 2, &moved), STATUS_INVALID_DEVICE_REQUEST);
    finish();
}

/* RULE W-HAL-7: HalGetBusDataByOffset of a slot without a device gives an invalid vendor, of a bus that is not there nothing. */
TEST(W_HAL_7_legacy_call)
{
    PCI_SLOT_NUMBER slot = {.u.bits.DeviceNumber = 1};
    USHORT id[2] = {0, 0};
    begin();
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, id, 0, 4), 4);
    assert_true(id[0] == 0x1234 && id[1] == 0x5678);
    slot.u.bits.DeviceNumber = 9;
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, id, 0, 4), 2);
    assert_int_equal(id[0], 0xFFFF);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 3, slot.u.AsULONG, id, 0, 4), 0);
    finish();
}

/* RULE W-HAL-6: No other interface, and none of a smaller size, is the bus's. */
TEST(W_HAL_6_no_other_interface)
{
    static const GUID other = {0x11111111, 1, 2, {3}};
    begin();
    assert_int_equal(WdfFdoQueryForInterface(device, &other, (PINTERFACE)&bus, sizeof bus, 1, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(WdfFdoQueryForInterface(device, &GUID_BUS_INTERFACE_STANDARD, (PINTERFACE)&bus, sizeof(INTERFACE), 1, NULL), STATUS_NOT_SUPPORTED);
    finish();
}

/* RULE W-HAL-6: The interface's GetDmaAdapter is IoGetDmaAdapter of the device, its TranslateBusAddress the identity. */
TEST(W_HAL_6_dma_and_addresses)
{
    DEVICE_DESCRIPTION d = {.Version = DEVICE_DESCRIPTION_VERSION, .Master = TRUE, .Dma32BitAddresses = TRUE, .InterfaceType = PCIBus, .MaximumLength = 4096};
    PHYSICAL_ADDRESS at = {.QuadPart = 0xE1000000}, translated;
    ULONG registers, space = 0;
    begin_with_bus();
    PDMA_ADAPTER adapter = bus.GetDmaAdapter(bus.Context, &d, &registers);
    assert_true(adapter != NULL);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    assert_true(bus.TranslateBusAddress(bus.Context, at, 4, &space, &translated) && translated.QuadPart == at.QuadPart);
    end_with_bus();
}

/* RULE V-HAL-6: A bus interface that a driver keeps beyond its device is reported. */
TEST(V_HAL_6_kept, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-6")
{
    begin_with_bus();
    finish();
}

/* RULE V-HAL-6: Each reference that a driver takes counts. */
TEST(V_HAL_6_referenced_twice, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-6")
{
    begin_with_bus();
    bus.InterfaceReference(bus.Context);
    end_with_bus();
}

/* RULE V-HAL-6: A bus interface that is dereferenced too often, or used after that, is reported. */
TEST(V_HAL_6_used_late, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-6")
{
    ULONG id;
    begin_with_bus();
    bus.InterfaceDereference(bus.Context);
    bus.GetBusData(bus.Context, 0, &id, 0, 4);
}

/* RULE V-HAL-6: A driver whose AddDevice fails has to give the interface back, too. */
TEST(V_HAL_6_failed_add, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-6")
{
    plan.add = ask_for_bus;
    plan.add_status = STATUS_UNSUCCESSFUL;
    plan.create = pci_card_create;
    boot();
}

static void write_config(ULONG offset, UCHAR bits)
{
    UCHAR byte;
    begin_with_bus();
    bus.GetBusData(bus.Context, 0, &byte, offset, 1);
    assert_int_equal(bus.SetBusData(bus.Context, 0, &byte, offset, 1), 1);
    byte ^= bits;
    bus.SetBusData(bus.Context, 0, &byte, offset, 1);
    end_with_bus();
}

/* RULE W-HAL-7: To write back what stands there is no mistake, wherever it is. */
TEST(W_HAL_7_write_back)
{
    UCHAR header[0x40];
    begin_with_bus();
    bus.GetBusData(bus.Context, 0, header, 0, sizeof header);
    assert_int_equal(bus.SetBusData(bus.Context, 0, header, 0, sizeof header), sizeof header);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    end_with_bus();
}

/* RULE W-HAL-7: A driver that moves a window is reported. */
TEST(W_HAL_7_base_address, .code = OWN_RULE, .p1 = 0x13, .rule = "W-HAL-7") { write_config(0x13, 0x10); }
/* RULE W-HAL-7: The interrupt line is the bus's. */
TEST(W_HAL_7_line, .code = OWN_RULE, .p1 = 0x3C, .rule = "W-HAL-7") { write_config(0x3C, 1); }
/* RULE W-HAL-7: The header type is not written. */
TEST(W_HAL_7_header_type, .code = OWN_RULE, .p1 = 0x0E, .rule = "W-HAL-7") { write_config(0x0E, 0x80); }
/* RULE W-HAL-7: Reserved bits of the command register are kept as they are. */
TEST(W_HAL_7_reserved, .code = OWN_RULE, .p1 = 0x05, .rule = "W-HAL-7") { write_config(0x05, 0x80); }
/* RULE W-HAL-7: SERR and the other bits of the command register's high byte are a driver's to set. */
TEST(W_HAL_7_not_reserved) { write_config(0x05, 0x01); }

static void stop_decoding(USHORT bit)
{
    USHORT command;
    begin_with_bus();
    bus.GetBusData(bus.Context, 0, &command, 4, 2);
    command &= ~bit;
    bus.SetBusData(bus.Context, 0, &command, 4, 2);
}

/* RULE V-HAL-4: A window to which the command register lets no access through is not to be touched ... */
TEST(V_HAL_4_no_ports, .code = OWN_RULE, .p1 = 0, .rule = "V-HAL-4")
{
    stop_decoding(PCI_ENABLE_IO_SPACE);
    READ_REGISTER_ULONG(reg(CARD_ENABLE));
    READ_PORT_UCHAR((PUCHAR)ports);
}

/* RULE W-HAL-7: ... the other one is. */
TEST(V_HAL_4_other_window)
{
    stop_decoding(PCI_ENABLE_IO_SPACE);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    end_with_bus();
}

/* ---- Power ---- */

/* RULE W-POW-12: The bus takes a function through its power-management capability to D3 and back, and restores windows and command register. */
/* RULE W-HAL-8: In D3 nothing of it answers. */
TEST(W_POW_12_d3)
{
    begin();
    uint32_t bar = pci_card_config(0x10, 4), command = pci_card_config(4, 2);
    power(PowerDeviceD3);
    log_is("down");
    assert_true((pci_card_config(PCI_CARD_PMCSR, 2) & 3) == 3 && pci_card.card.model.asleep);
    power(PowerDeviceD0);
    assert_int_equal(pci_card_config(PCI_CARD_PMCSR, 2) & 3, 0);
    assert_true(pci_card_config(0x10, 4) == bar && pci_card_config(4, 2) == command);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    finish();
}

/* RULE W-POW-1: A D-state that the function does not have is the next deeper one. */
TEST(W_POW_1_no_d2)
{
    begin();
    power(PowerDeviceD2);
    assert_int_equal(pci_card_config(PCI_CARD_PMCSR, 2) & 3, 3);
    finish();
}

/* RULE V-HAL-4: A register of a function that its bus has put into D3 is not touched. */
TEST(V_HAL_4_in_d3, .code = OWN_RULE, .p1 = 1, .rule = "V-HAL-4")
{
    begin();
    power(PowerDeviceD3);
    READ_REGISTER_ULONG(reg(0));
}

/* RULE W-POW-1: What the function can do about power and wake stands in its capability. */
TEST(W_POW_1_capabilities)
{
    begin();
    const DEVICE_CAPABILITIES *c = &node->capabilities;
    assert_true(c->DeviceD1 && !c->DeviceD2 && c->WakeFromD0 && !c->WakeFromD1 && !c->WakeFromD2 && c->WakeFromD3);
    assert_true(c->DeviceState[PowerSystemSleeping1] == PowerDeviceD1 && c->DeviceState[PowerSystemSleeping2] == PowerDeviceD3);
    assert_true(c->DeviceWake == PowerDeviceD3 && c->SystemWake == PowerSystemSleeping3);
    finish();
}

/* ---- Wake ---- */

static PIRP waiting;
static NTSTATUS ended;
static KIRQL ended_irql;

static VOID NTAPI on_wake(PDEVICE_OBJECT d, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    ended = iosb->Status;
    ended_irql = KeGetCurrentIrql();
    say("woken");
}

static void wait_for_wake(SYSTEM_POWER_STATE deepest)
{
    ended = 1;
    PoRequestPowerIrp(node->pdo, IRP_MN_WAIT_WAKE, (POWER_STATE){.SystemState = deepest}, on_wake, NULL, &waiting);
    pass_ms(1);
}

/* RULE W-POW-14: While a wait-wake IRP pends, PME is enabled; a signal ends it, at DISPATCH_LEVEL, and with it what enabled PME. */
TEST(W_POW_14_pme)
{
    begin();
    wait_for_wake(PowerSystemSleeping3);
    log_is("");
    assert_int_equal(pci_card_config(PCI_CARD_PMCSR, 2), 0x100);
    pci_card.config[PCI_CARD_PMCSR + 1] |= 0x80;
    pci_pme(&pci_card.function);
    pass_ms(1);
    log_is("woken");
    assert_true(ended == STATUS_SUCCESS && ended_irql == DISPATCH_LEVEL && pci_wakes(&pci_card.function) == 1);
    assert_int_equal(pci_card_config(PCI_CARD_PMCSR, 2), 0);
    pci_pme(&pci_card.function); /* nobody waits */
    pass_ms(1);
    finish();
}

/* RULE W-POW-14: A wait-wake IRP that is cancelled ends so, and PME is not enabled any more. */
TEST(W_POW_14_cancel)
{
    begin();
    wait_for_wake(PowerSystemSleeping3);
    IoCancelIrp(waiting);
    log_is("woken");
    assert_int_equal(ended, STATUS_CANCELLED);
    assert_int_equal(pci_card_config(PCI_CARD_PMCSR, 2), 0);
    finish();
}

/* RULE W-POW-14: From a state too deep for it the function wakes nobody. */
TEST(W_POW_14_too_deep)
{
    begin();
    wait_for_wake(PowerSystemHibernate);
    log_is("woken");
    assert_int_equal(ended, STATUS_INVALID_DEVICE_STATE);
    finish();
}

/* RULE W-POW-14: A function that cannot signal PME does not support it. */
TEST(W_POW_14_not_supported)
{
    begin();
    pci_card.config[PCI_CARD_POWER + 3] = 2;
    wait_for_wake(PowerSystemSleeping1);
    log_is("woken");
    assert_int_equal(ended, STATUS_NOT_SUPPORTED);
    finish();
}

/* ---- Pulled out ---- */

/* RULE W-HAL-8: A function that is pulled out reads as all ones everywhere; the PnP manager hears of it and removes the device by surprise. */
TEST(W_HAL_8_pull)
{
    ULONG id = 0;
    begin_with_bus();
    pci_pull(&pci_card.function);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0xFFFFFFFF);
    assert_int_equal(bus.GetBusData(bus.Context, 0, &id, 0, 4), 4);
    assert_int_equal(id, 0xFFFFFFFF);
    bus.InterfaceDereference(bus.Context);
    pass_ms(1);
    log_is("Surprise gone");
    assert_int_equal(node->state, DEVNODE_REMOVED);
    nt = NULL, node = NULL;
}

/* RULE V-HAL-10: A loop that waits for a register to change, and knows no end, is found out when the card is gone. */
TEST(V_HAL_10_loop, .code = OWN_LIVELOCK, .p1 = ANY)
{
    begin();
    device_pull(&pci_card.card.model);
    while (READ_REGISTER_ULONG(reg(CARD_DATA)) & 1)
        KeStallExecutionProcessor(10);
}

/* RULE V-HAL-10: One that counts is none. */
TEST(V_HAL_10_counted_loop)
{
    begin();
    device_pull(&pci_card.card.model);
    for (unsigned i = 0; i < 1000 && READ_REGISTER_ULONG(reg(CARD_DATA)) & 1; i++)
        KeStallExecutionProcessor(10);
    finish();
}

/* RULE W-HAL-7: In its slot it may be plugged in again, and the bus makes a new device of it. */
TEST(W_HAL_7_again)
{
    NTSTATUS status;
    begin();
    pci_pull(&pci_card.function);
    pass_ms(1);
    log_clear();
    pci_card_power_on();
    pci_add(&pci_card.function);
    io_load_driver(&world_image, &nt);
    node = pci_create_device(nt, &pci_card.function, &status);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    assert_int_equal(READ_REGISTER_ULONG(reg(CARD_ENABLE)), 0x10);
    assert_int_equal(pci_card.function.slot, 1);
    assert_true(!device_of_vector(0x7777)); /* it is on the list of devices once */
    finish();
}

/* RULE W-POW-7: A device that is gone does not come to D0, nor is it started. */
TEST(W_POW_7_gone)
{
    begin();
    power(PowerDeviceD3);
    pci_card.config[0] = pci_card.config[1] = 0xFF; /* it does not answer */
    power(PowerDeviceD0);
    assert_true(pci_card.card.model.absent);
    pnp_query_stop(node), pnp_stop(node);
    assert_int_equal(pnp_start(node), STATUS_NO_SUCH_DEVICE);
    log_clear();
    finish();
}

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_HAL_7_identifiers), cmocka_unit_test(W_HAL_7_start), cmocka_unit_test(W_HAL_7_raw_and_needed), cmocka_unit_test(W_HAL_7_stop_and_move),
        cmocka_unit_test(W_HAL_7_remove), cmocka_unit_test(W_HAL_6_bytes), cmocka_unit_test(W_HAL_6_write), cmocka_unit_test(W_HAL_6_irps),
        cmocka_unit_test(W_HAL_7_legacy_call), cmocka_unit_test(W_HAL_6_no_other_interface), cmocka_unit_test(W_HAL_6_dma_and_addresses), cmocka_unit_test(V_HAL_6_kept), cmocka_unit_test(V_HAL_6_referenced_twice),
        cmocka_unit_test(V_HAL_6_used_late), cmocka_unit_test(V_HAL_6_failed_add), cmocka_unit_test(W_HAL_7_write_back), cmocka_unit_test(W_HAL_7_base_address), cmocka_unit_test(W_HAL_7_line),
        cmocka_unit_test(W_HAL_7_header_type), cmocka_unit_test(W_HAL_7_reserved), cmocka_unit_test(W_HAL_7_not_reserved), cmocka_unit_test(V_HAL_4_no_ports),
        cmocka_unit_test(V_HAL_4_other_window), cmocka_unit_test(W_POW_12_d3), cmocka_unit_test(W_POW_1_no_d2), cmocka_unit_test(V_HAL_4_in_d3),
        cmocka_unit_test(W_POW_1_capabilities), cmocka_unit_test(W_POW_14_pme), cmocka_unit_test(W_POW_14_cancel), cmocka_unit_test(W_POW_14_too_deep),
        cmocka_unit_test(W_POW_14_not_supported), cmocka_unit_test(W_HAL_8_pull), cmocka_unit_test(V_HAL_10_loop), cmocka_unit_test(V_HAL_10_counted_loop), cmocka_unit_test(W_HAL_7_again), cmocka_unit_test(W_POW_7_gone),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
