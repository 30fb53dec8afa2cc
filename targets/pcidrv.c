/*
 * The network card's driver, with the card itself (emulator/nic) on the PCI bus: frames from apps to the wire and from the wire to apps, objects, WMI, D-states, wake, and
 * whatever a card can do that it should not. The oracle is oracle_pcidrv.c.
 */
#include "oracle_pcidrv.h"

static const uint32_t codes[] = {NIC_IOCTL_QUERY, NIC_IOCTL_SET, NIC_IOCTL_INDICATE, NIC_IOCTL_OPEN, NIC_IOCTL_BINDING, NIC_IOCTL_BIND_WAIT, 0x12C81C};
/* The shortest and the longest frame and what is beside them; an object's header, one word, an address, all there is of the longer ones. */
static const uint32_t lengths[] = {14, 60, 1514, 13, 1515, 64, 0, 4, 8, 7, 10, 12, 20, 16, 36, 196, 197, 202, 8192, 32768};
static const struct target_wmi wmi[] = {NIC_WMI};
static const struct pnp_install stacks[] = {{.id = "PCI\\VEN_8086&DEV_1229", .function = "pcidrv"}};

const struct target target = {
    .name = "pcidrv",
    .device = "nic",
    .device_id = "PCI\\VEN_8086&DEV_1229",
    .interface_id = NIC_INTERFACE,
    .stacks = stacks,
    .stack_count = sizeof stacks / sizeof stacks[0],
    .card = {CARD_82559},
    .codes = codes,
    .code_count = sizeof codes / sizeof codes[0],
    .lengths = lengths,
    .length_count = sizeof lengths / sizeof lengths[0],
    .wmi = wmi,
    .wmi_count = sizeof wmi / sizeof wmi[0],
    .opens_wire = "app0: ioctl h0 code=0x12c814 in=8 out=0 fill=0x00\n",
    .completes_ms = 15000, /* seven seconds to find out that there is no link, and resets of a card that does not work */
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
