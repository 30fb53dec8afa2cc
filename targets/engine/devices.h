/*
 * The device's side of a life: the driver, the devices it was given, and the PnP and power events that come to them.
 *
 * Principle of operation. An event that makes no sense in the device's state (a stop of a removed device) does nothing, so that every list of events is
 * a life that the PnP manager could have. Between events the device is in one state; whoever issues I/O is told whether it may suffer from it.
 *
 * Kernel side, PnP thread, PASSIVE_LEVEL.
 */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

struct record;

/* Adds and starts the first device, which loads its drivers. Failing without a fault being injected is a bug check. */
void devices_begin(void);
/* Carries out one of the PnP or power records (EV_QUERY_STOP..EV_WAKE, EV_RELOAD). */
void devices_event(uint8_t kind, uint8_t slot);
/* EV_FRAME, EV_CABLE or EV_HARDWARE. What wakes the machine does so. */
void devices_card_event(const struct record *record);
/* What EV_IDLE lets pass: the longest idle time-out that a driver of a started device has configured; 0 if none has, or the machine sleeps. */
uint32_t devices_idle_ms(void);
/* Wakes and restarts the present device; true if it works then. */
bool devices_restore(void);
/* Removes all devices, and with them goes their driver. No handle is open any more. */
void devices_end(void);
/* The number of the device whose PDO this is, as in struct request. */
uint32_t devices_number(void *pdo);
/* The PDO of the device that a record of the tree names, NULL: there is none now. */
void *devices_pdo(uint8_t slot);
/* What a request on that device has to reckon with (enum disturbance): it is neither the present one nor a child of it, it is on its way out, it rests. */
uint8_t devices_disturbance(uint32_t number);
/* A small number for coverage: the PnP state, asleep or not, in D0 or not. */
uint32_t devices_state(void);

#endif
