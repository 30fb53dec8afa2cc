/*
 * The toaster bus, dynamic variant, and the toasters that are plugged into it: simple driver and generic filter. Apps open the bus (class 0) and toasters (class 1).
 * The oracle is oracle_toaster.c.
 */
#include "oracle_toaster.h"
#include "toaster_bus.h"

const struct target target = TOASTER_BUS_TARGET("toaster_bus");
