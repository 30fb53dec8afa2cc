/*
 * Toaster, simple variant: the smallest useful function driver of a toaster.
 *
 * One interface, one parallel queue, and no work: a read brings nothing, a write is swallowed whole, no control code is known. PnP and power
 * are what the framework does by default. Nothing is shared between requests, so nothing is locked.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

DRIVER_INITIALIZE DriverEntry;
