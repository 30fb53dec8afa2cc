/*
 * Echo, DriverSync variant: the image.
 *
 * A software-only PnP function driver. A write stores its bytes, a read returns them, and each request is parked and
 * finished later by a periodic timer, so that I/O callbacks, timer and cancellation interleave. The framework serialises
 * none of them: a spin lock guards which request is parked, and a count of shares in each request decides who completes it.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>

#include "device.h"
#include "queue.h"

DRIVER_INITIALIZE DriverEntry;
