/*
 * See pci.h: how drivers reach a configuration space (W-HAL-6): BUS_INTERFACE_STANDARD, whose context is the PDO, the two IRPs, and the old HAL calls; and what they must
 * not write there (W-HAL-7).
 */
#include "../nt/pnp/pnp.h"
#include "dma_adapter.h"
#include "pci.h"

#define SPACE 256u
enum { COMMAND = 0x04, HEADER_TYPE = 0x0E, BAR0 = 0x10, BARS_END = 0x28, ROM = 0x30, ROM_END = 0x34, LINE = 0x3C, COMMAND_RESERVED = 0xF800 };

/* ---- Access in pieces as wide and as aligned as they can be ---- */

static unsigned piece(ULONG offset, ULONG length)
{
    if (!(offset & 3) && length >= 4)
        return 4;
    return !(offset & 1) && length >= 2 ? 2 : 1;
}

static ULONG in_space(ULONG offset, ULONG length) { return offset >= SPACE ? 0 : length < SPACE - offset ? length : SPACE - offset; }

static ULONG read_space(struct pci_function *f, void *buffer, ULONG offset, ULONG length)
{
    UCHAR *to = buffer;
    length = in_space(offset, length);
    f->asked_by_driver = true;
    for (ULONG at = 0, n; at < length; at += n) {
        n = piece(offset + at, length - at);
        uint32_t value = pci_read(f, offset + at, n);
        memcpy(to + at, &value, n);
    }
    f->asked_by_driver = false;
    msan_define(buffer, length);
    return length;
}

static void not_to_write(const struct pci_function *f, ULONG offset, const char *what)
{
    bugcheck(OWN_RULE, offset, device_number(f->node->pdo), 0, 0, "W-HAL-7", "a driver changes %s of device #%u (offset 0x%02X of its configuration space), which is its bus's",
             what, device_number(f->node->pdo), offset);
}

/* To write there what it reads as does no harm. */
static void check_byte(struct pci_function *f, ULONG offset, UCHAR value)
{
    if ((UCHAR)pci_read(f, offset, 1) == value)
        return;
    if ((offset >= BAR0 && offset < BARS_END) || (offset >= ROM && offset < ROM_END))
        not_to_write(f, offset, "a base address");
    if (offset == LINE)
        not_to_write(f, offset, "the interrupt line");
    if (offset == HEADER_TYPE)
        not_to_write(f, offset, "the header type");
    if (offset == COMMAND + 1 && ((pci_read(f, offset, 1) ^ value) & COMMAND_RESERVED >> 8))
        not_to_write(f, offset, "reserved bits of the command register");
}

static ULONG write_space(struct pci_function *f, const void *buffer, ULONG offset, ULONG length)
{
    const UCHAR *from = buffer;
    length = in_space(offset, length);
    for (ULONG i = 0; i < length; i++)
        check_byte(f, offset + i, from[i]);
    for (ULONG at = 0, n; at < length; at += n) {
        uint32_t value = 0;
        n = piece(offset + at, length - at);
        memcpy(&value, from + at, n);
        pci_write(f, offset + at, n, value);
    }
    return length;
}

static ULONG move(struct pci_function *f, bool write, ULONG space, void *buffer, ULONG offset, ULONG length)
{
    if (space != PCI_WHICHSPACE_CONFIG)
        return 0; /* no function of ours shows a ROM */
    memory_check(buffer, in_space(offset, length), "a buffer for a configuration space");
    return write ? write_space(f, buffer, offset, length) : read_space(f, buffer, offset, length);
}

/* ---- The bus interface ---- */

static struct pci_function *held(PVOID context, const char *routine)
{
    struct pci_function *f = pci_function_of(context);
    if (!f || !f->references)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-HAL-6", "%s of a bus interface %s", routine, f ? "that was dereferenced for the last time" : "whose context is no device of the bus");
    return f;
}

static VOID NTAPI reference(PVOID context)
{
    gate_enter(DDI_BusInterfaceReference, trace_object(context), 0);
    held(context, "InterfaceReference")->references++;
    gate_leave(0);
}

static VOID NTAPI dereference(PVOID context)
{
    gate_enter(DDI_BusInterfaceDereference, trace_object(context), 0);
    held(context, "InterfaceDereference")->references--;
    gate_leave(0);
}

/* Addresses on the bus are those of the machine. */
static BOOLEAN NTAPI translate(PVOID context, PHYSICAL_ADDRESS address, ULONG length, PULONG space, PPHYSICAL_ADDRESS translated)
{
    gate_enter(DDI_TranslateBusAddress, (uint64_t)address.QuadPart, length);
    held(context, "TranslateBusAddress");
    memory_check(space, sizeof *space, "TranslateBusAddress");
    memory_check(translated, sizeof *translated, "TranslateBusAddress");
    *translated = address;
    msan_define(translated, sizeof *translated);
    gate_leave(TRUE);
    return TRUE;
}

static struct _DMA_ADAPTER *NTAPI get_adapter(PVOID context, struct _DEVICE_DESCRIPTION *description, PULONG registers)
{
    gate_enter(DDI_IoGetDmaAdapter, trace_object(context), description->MaximumLength);
    held(context, "GetDmaAdapter");
    PDMA_ADAPTER adapter = choose_fault(DDI_IoGetDmaAdapter) ? NULL : dma_get_adapter(context, description, registers, CALLER);
    gate_leave(trace_object(adapter));
    return adapter;
}

static ULONG NTAPI get_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    gate_enter(DDI_GetBusData, offset, length);
    struct pci_function *f = held(context, "GetBusData");
    ULONG moved = choose_fault(DDI_GetBusData) ? 0 : move(f, false, space, buffer, offset, length);
    gate_leave(moved);
    return moved;
}

static ULONG NTAPI set_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    gate_enter(DDI_SetBusData, offset, length);
    ULONG moved = move(held(context, "SetBusData"), true, space, buffer, offset, length);
    gate_leave(moved);
    return moved;
}

NTSTATUS pci_query_interface(PDEVICE_OBJECT pdo, PIRP irp)
{
    static const GUID standard = {0x496b8280, 0x6f25, 0x11d0, {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}};
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    BUS_INTERFACE_STANDARD *to = (BUS_INTERFACE_STANDARD *)location->Parameters.QueryInterface.Interface;
    if (memcmp(location->Parameters.QueryInterface.InterfaceType, &standard, sizeof standard) || location->Parameters.QueryInterface.Size < sizeof *to ||
        location->Parameters.QueryInterface.Version < 1)
        return pnp_pdo_complete(irp, irp->IoStatus.Status);
    memory_check(to, sizeof *to, "IRP_MN_QUERY_INTERFACE");
    *to = (BUS_INTERFACE_STANDARD){.Size = sizeof *to, .Version = 1, .Context = pdo, .InterfaceReference = reference, .InterfaceDereference = dereference,
                                   .TranslateBusAddress = translate, .GetDmaAdapter = get_adapter, .SetBusData = set_data, .GetBusData = get_data};
    msan_define(to, sizeof *to);
    pci_function_of(pdo)->references++;
    return pnp_pdo_complete(irp, STATUS_SUCCESS);
}

/* ---- IRPs ---- */

NTSTATUS pci_read_write_config(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;
    bool write = location->MinorFunction == IRP_MN_WRITE_CONFIG;
    ULONG length = location->Parameters.ReadWriteConfig.Length;
    ULONG moved = move(pci_function_of(pdo), write, location->Parameters.ReadWriteConfig.WhichSpace, location->Parameters.ReadWriteConfig.Buffer,
                       location->Parameters.ReadWriteConfig.Offset, length);
    irp->IoStatus.Information = moved;
    return pnp_pdo_complete(irp, moved == length ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST);
}

/* ---- The HAL's own calls: a slot without a function has an invalid vendor (W-HAL-7) ---- */

static ULONG move_by_slot(bool write, BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG offset, ULONG length)
{
    static const USHORT nobody = 0xFFFF;
    if (type != PCIConfiguration || bus)
        return 0;
    PCI_SLOT_NUMBER number = {.u.AsULONG = slot};
    struct pci_function *f = number.u.bits.FunctionNumber ? NULL : pci_function_at(number.u.bits.DeviceNumber);
    if (f && pci_is_there(f))
        return move(f, write, PCI_WHICHSPACE_CONFIG, buffer, offset, length);
    if (write || offset || length < sizeof nobody)
        return 0;
    memory_check(buffer, sizeof nobody, "HalGetBusDataByOffset");
    memcpy(buffer, &nobody, sizeof nobody);
    msan_define(buffer, sizeof nobody);
    return sizeof nobody;
}

ULONG HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset, ULONG Length)
{
    gate_enter(DDI_HalGetBusDataByOffset, SlotNumber, Offset);
    ULONG moved = move_by_slot(false, BusDataType, BusNumber, SlotNumber, Buffer, Offset, Length);
    gate_leave(moved);
    return moved;
}

ULONG HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Offset, ULONG Length)
{
    gate_enter(DDI_HalSetBusDataByOffset, SlotNumber, Offset);
    ULONG moved = move_by_slot(true, BusDataType, BusNumber, SlotNumber, Buffer, Offset, Length);
    gate_leave(moved);
    return moved;
}
