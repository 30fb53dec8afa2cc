/*
 * The network card's driver, and a card that attacks it: what its registers read as, what it writes into memory, when it interrupts, whether it is there at all is the
 * input's, from the moment power comes on (lies and strikes, engine/input.h); the model of the card answers what the input leaves to it. The driver may lose frames or
 * declare the card failed. It may not touch what is not its own, hang, leak or keep a request. The oracle is that of pcidrv, for as long as the card is honest.
 */
#include "oracle_pcidrv.h"

static const uint32_t codes[] = {NIC_IOCTL_QUERY, NIC_IOCTL_SET, NIC_IOCTL_INDICATE};
static const uint32_t lengths[] = {60, 1514, 14, 64, 8, 12, 10, 4, 8192};
static const struct target_wmi wmi[] = {NIC_WMI};
static const struct pnp_install stacks[] = {{.id = "PCI\\VEN_8086&DEV_1229", .function = "pcidrv"}};

const struct target target = {
    .name = "pcidrv_hostile",
    .device = "nic",
    .device_id = "PCI\\VEN_8086&DEV_1229",
    .interface_id = NIC_INTERFACE,
    .stacks = stacks,
    .stack_count = sizeof stacks / sizeof stacks[0],
    .card = {CARD_82559},
    .hostile = true,
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .wmi = wmi,
    .wmi_count = sizeof wmi / sizeof wmi[0],
    .completes_ms = 15000, /* as in pcidrv */
    .ioctl_input = pcidrv_ioctl_input,
    .waits = pcidrv_waits,
    .begin = pcidrv_begin,
    .finished = pcidrv_finished,
    .wmi_asked = pcidrv_wmi_asked,
    .wmi_answered = pcidrv_wmi_answered,
    .wire = pcidrv_wire,
    .to_receive = pcidrv_to_receive,
    .ended = pcidrv_ended,
};
