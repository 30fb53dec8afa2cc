/*
 * The device's side of a life for a legacy driver, one that no PnP manager knows: a service that is started and stopped (devices.h passes on to it).
 *
 * Principle of operation. The driver makes its device in DriverEntry. The events of removal stop the service: a driver whose device is open stays until
 * the last file is closed, serves the files that are open and opens no more (W-DRV-5); EV_READD starts it again, EV_RELOAD does both. All other
 * events are none of its business: they do nothing, and no time passes.
 *
 * Kernel side, PnP thread, PASSIVE_LEVEL.
 */
#ifndef ENGINE_LEGACY_H
#define ENGINE_LEGACY_H

#include <stdint.h>

void legacy_begin(void);
void legacy_event(uint8_t kind);
/* The state as it is now is what requests have to reckon with. */
void legacy_restore(void);
void legacy_end(void);
/* Stopped, running, or to be stopped. */
uint32_t legacy_state(void);

#endif
