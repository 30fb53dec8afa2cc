/*
 * What the echo driver and its applications share: the device interface they meet at.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUID.
 */

#pragma once

/* {CDC35B6E-0BE4-4936-BF5F-5537380A7C1A} */
DEFINE_GUID(GUID_DEVINTERFACE_ECHO, 0xcdc35b6e, 0x0be4, 0x4936, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0x0a, 0x7c, 0x1a);
