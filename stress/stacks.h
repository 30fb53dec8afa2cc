/* What is installed for stress apps that need more than one driver: see add_stress_app(). Included once in each program. */
#ifndef STRESS_STACKS_H
#define STRESS_STACKS_H

#include <stddef.h>

#include "runner.h"

#define NO_STACKS NULL

/* A kitchen: the bus, featured toasters with the generic filter, one that hangs on no bus, and a monitor that looks at all of them. */
static const struct pnp_install kitchen[] = {
    {.id = "Root\\TOASTERBUS", .function = "toaster_bus"},
    {.id = "Root\\TOASTMON", .function = "toaster_toastmon"},
    {.id = "Root\\TOASTER", .function = "toaster_featured", .upper = {"toaster_filter"}},
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster", .function = "toaster_featured", .upper = {"toaster_filter"}},
};
__attribute__((unused)) static const struct stress_stacks kitchen_stacks = {kitchen, sizeof kitchen / sizeof kitchen[0]};
#define KITCHEN &kitchen_stacks

/* A rack: the bus, and simple toasters with the filter. */
static const struct pnp_install rack[] = {
    {.id = "Root\\TOASTERBUS", .function = "toaster_bus"},
    {.id = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster", .function = "toaster_simple", .upper = {"toaster_filter"}},
};
__attribute__((unused)) static const struct stress_stacks rack_stacks = {rack, sizeof rack / sizeof rack[0]};
#define RACK &rack_stacks

#endif
