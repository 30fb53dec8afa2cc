/*
 * Toaster, generic filter: stands above or below a toaster's function driver and passes everything on.
 *
 * Reads and writes go past it; control codes it takes into a queue first, as a filter does that wants to look at them. By default a request
 * is sent and forgotten. With FORWARD_REQUEST_WITH_COMPLETION defined it comes back here once the driver below has completed it.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

DRIVER_INITIALIZE DriverEntry;
