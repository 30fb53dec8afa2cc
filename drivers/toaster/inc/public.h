/*
 * What the toaster drivers and their applications share: device interfaces, identifiers, and the control codes of the bus.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUIDs.
 */

#pragma once

/* Every toaster. {781EF630-72B2-11d2-B852-00C04FAD5171} */
DEFINE_GUID(GUID_DEVINTERFACE_TOASTER, 0x781ef630, 0x72b2, 0x11d2, 0xb8, 0x52, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

/* The bus that toasters are plugged into. {D35F7840-6A0C-11d2-B841-00C04FAD5171} */
DEFINE_GUID(GUID_DEVINTERFACE_BUSENUM_TOASTER, 0xd35f7840, 0x6a0c, 0x11d2, 0xb8, 0x41, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

/* The setup class of toasters, and their type of bus. {B85B7C50-6A01-11d2-B841-00C04FAD5171} */
DEFINE_GUID(GUID_DEVCLASS_TOASTER, 0xb85b7c50, 0x6a01, 0x11d2, 0xb8, 0x41, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

/* What a toaster is called by default; the first is a MULTI_SZ with the terminator that the compiler adds. */
#define BUS_HARDWARE_IDS L"{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster\0"
#define BUSENUM_COMPATIBLE_IDS L"{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsCompatibleToaster\0"

#define BUSENUM_IOCTL(Index) CTL_CODE(FILE_DEVICE_BUS_EXTENDER, Index, METHOD_BUFFERED, FILE_READ_DATA)

#define IOCTL_BUSENUM_PLUGIN_HARDWARE BUSENUM_IOCTL(0x0)
#define IOCTL_BUSENUM_UNPLUG_HARDWARE BUSENUM_IOCTL(0x1)
#define IOCTL_BUSENUM_EJECT_HARDWARE BUSENUM_IOCTL(0x2)

/* Served by the function driver that has something to hide, not by the bus. */
#define IOCTL_TOASTER_DONT_DISPLAY_IN_UI_DEVICE BUSENUM_IOCTL(0x3)

/* Plugs a toaster in. Serial number 0 names all toasters in the other two requests, so no toaster has it. */
typedef struct _BUSENUM_PLUGIN_HARDWARE
{
    /* Of this structure, without the identifiers. */
    _Field_range_(==, FIELD_OFFSET(BUSENUM_PLUGIN_HARDWARE, HardwareIDs))
    ULONG Size;

    ULONG SerialNo;

    /* MULTI_SZ; it ends where the input buffer ends. */
    WCHAR HardwareIDs[];
} BUSENUM_PLUGIN_HARDWARE, *PBUSENUM_PLUGIN_HARDWARE;

/* Unplugs one toaster, without a word of warning to its drivers, or all of them. */
typedef struct _BUSENUM_UNPLUG_HARDWARE
{
    ULONG Size;
    ULONG SerialNo;
    ULONG Reserved[2];
} BUSENUM_UNPLUG_HARDWARE, *PBUSENUM_UNPLUG_HARDWARE;

/* Asks for one toaster to be ejected, or for all of them. */
typedef struct _BUSENUM_EJECT_HARDWARE
{
    ULONG Size;
    ULONG SerialNo;
    ULONG Reserved[2];
} BUSENUM_EJECT_HARDWARE, *PBUSENUM_EJECT_HARDWARE;
