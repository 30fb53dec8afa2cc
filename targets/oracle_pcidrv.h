/*
 * The contract of the network card's driver: frames out, frames in, objects.
 *
 * Principle of operation. A write of 14 to 1514 bytes succeeds with its length, and its frame is on the wire as it was written, padded to 60 bytes: every frame on the wire
 * is one that somebody wrote, and no more often than that; every write that succeeded is a frame on the wire, but for the last two before the card loses its power. A
 * read that succeeds has the beginning of a frame that came, as much as there is room for, and no frame is read more often than it came. An ioctl ends as public.h of the
 * driver says. Once a card has lied (life_has_strange_hardware()) anything may come of anything, but for memory that nobody wrote and requests that do not end, which are
 * not judged here.
 *
 * Internal design. Frames are remembered when they are on the wire, as hashes or, those that come, as they are; all is compared when apps see the end of something, and at
 * the end of the life.
 */
#ifndef TARGETS_ORACLE_PCIDRV_H
#define TARGETS_ORACLE_PCIDRV_H

#include "engine/target.h"

enum {
    NIC_IOCTL_OPEN = 0x12C800, NIC_IOCTL_QUERY = 0x12C804, NIC_IOCTL_BINDING = 0x12C80C, NIC_IOCTL_BIND_WAIT = 0x12C810, NIC_IOCTL_SET = 0x12C814,
    NIC_IOCTL_INDICATE = 0x12C818
};
#define NIC_INTERFACE {0xB74CFEC2, 0x9366, 0x454A, {0xBA, 0x71, 0x7C, 0x27, 0xB5, 0x14, 0x70, 0xA4}}
#define NIC_WMI {.name = "PciDeviceInformation", .id = {0x20E35E40, 0x7179, 0x4F89, {0xA2, 0x8C, 0x12, 0xED, 0x5A, 0x3C, 0xAA, 0xA5}}}

bool pcidrv_ioctl_input(uint32_t code, uint8_t fill, uint8_t *in, uint32_t length);
bool pcidrv_waits(const struct request *request);
void pcidrv_begin(void);
void pcidrv_finished(const struct request *request);
void pcidrv_wmi_asked(const struct wmi_request *request);
void pcidrv_wmi_answered(const struct wmi_request *request);
void pcidrv_wire(unsigned card, bool sent, const uint8_t *frame, uint32_t size);
void pcidrv_ended(void);

/* ---- oracle_pcidrv_oid.c ---- */

void pcidrv_oid_begin(void);
void pcidrv_check_query(const struct request *request);
void pcidrv_check_set(const struct request *request);

/* ---- oracle_pcidrv.c, for the other one ---- */

/* Frames on the wire so far, from and to the cards. */
unsigned pcidrv_frames(bool sent);
void pcidrv_to_receive(unsigned card);
/* The value that this request was to set the packet filter to, or -1: it is none of those. */
int64_t pcidrv_filter_of(const struct request *request);

#endif
