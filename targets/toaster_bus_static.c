/* As toaster_bus.c, with the static variant of the bus. */
#include "oracle_toaster.h"
#include "toaster_bus.h"

const struct target target = TOASTER_BUS_TARGET("toaster_bus_static");
