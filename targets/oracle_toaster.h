/*
 * The toaster contract: what the function drivers, the sideband filter's control device and the bus answer.
 *
 * Principle of operation. A toaster's answers depend on the request alone. The bus's depend on which serial numbers are plugged in, and that on the order in which
 * requests that were out at the same time took effect, which no app can see. So the oracle asks, of each result, whether there is an order that explains
 * it: a serial number is surely there if a plug of it has ended well before and nothing that might take it away has been sent since; it is surely not there if
 * nobody has sent a plug, or each was followed by an unplug that ended well. Two plugs of one number that both end well, with nothing
 * between them, are never explained.
 *
 * Internal design. All requests of the life are at hand (life_request), so nothing is kept. What PnP does to a toaster (removing its drivers, say) does not
 * change what the bus reports, so it does not count; a bus that is removed takes its list along, and the next one has another number. An ejection is carried
 * out by PnP at any later time, so from the moment when one is sent the numbers that it names are not surely there.
 */
#ifndef TARGETS_ORACLE_TOASTER_H
#define TARGETS_ORACLE_TOASTER_H

#include "engine/target.h"

#define TOASTER_INTERFACE {0x781EF630, 0x72B2, 0x11D2, {0xB8, 0x52, 0x00, 0xC0, 0x4F, 0xAD, 0x51, 0x71}}
#define TOASTER_BUS_INTERFACE {0xD35F7840, 0x6A0C, 0x11D2, {0xB8, 0x41, 0x00, 0xC0, 0x4F, 0xAD, 0x51, 0x71}}

/* The code that only the featured function driver knows; one of each transfer method. */
#define TOASTER_HIDE 0x2A400C
#define TOASTER_CODES 0x222000, 0x222001, 0x222002, 0x222003, TOASTER_HIDE
#define TOASTER_LENGTHS 0, 1, 10, 64, 4095, 4096, 4097

enum toaster_bus_code { BUS_PLUG = 0x2A4000, BUS_UNPLUG = 0x2A4004, BUS_EJECT = 0x2A4008 };

/* Judge a request on a toaster, on one of the featured variant, the control device, the bus. */
void toaster_finished(const struct request *request);
void toaster_featured_finished(const struct request *request);
void toaster_control_finished(const struct request *request);
void toaster_bus_finished(const struct request *request);

/* The bus's WMI class, and the judge of what is asked of it. */
#define TOASTER_BUS_WMI {.name = "ToasterBusInformation", .id = {0x0006A660, 0x8F12, 0x11D2, {0xB8, 0x54, 0x00, 0xC0, 0x4F, 0xAD, 0x51, 0x71}}}
void toaster_bus_wmi_answered(const struct wmi_request *request);

/* The featured toaster's, behind the bus's in a target's table, and their judge (oracle_toaster_featured.c). */
#define TOASTER_FEATURED_FIRST_CLASS 1u
#define TOASTER_FEATURED_WMI \
    {.name = "ToasterDeviceInformation", .id = {0xBBA21300, 0x6DD3, 0x11D2, {0xB8, 0x44, 0x00, 0xC0, 0x4F, 0xAD, 0x51, 0x71}}}, \
    {.name = "ToasterNotifyDeviceArrival", .id = {0x01CDAFF1, 0xC901, 0x45B4, {0xB3, 0x59, 0xB5, 0x54, 0x27, 0x25, 0xE2, 0x9C}}}, \
    {.name = "ToasterControl", .id = {0xCAAE7D9F, 0xACF7, 0x4737, {0xA4, 0xE9, 0x01, 0xC2, 0x9D, 0x3F, 0xE1, 0x94}}}
void toaster_featured_wmi_answered(const struct wmi_request *request);

/* Input of the bus's control codes, for struct target: see oracle_toaster.c for what `fill` selects. */
bool toaster_bus_input(uint32_t code, uint8_t fill, uint8_t *in, uint32_t length);

#endif
