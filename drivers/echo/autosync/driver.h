/*
 * Echo, AutoSync variant: the image.
 *
 * A software-only PnP function driver. A write stores its bytes, a read returns them, and each request is parked and
 * finished later by a periodic timer, so that I/O callbacks, timer and cancellation interleave. All of them run under the
 * queue's callback lock (synchronization scope Queue): the driver has no lock of its own.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#include "device.h"
#include "queue.h"

DRIVER_INITIALIZE DriverEntry;
