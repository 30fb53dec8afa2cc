/*
 * The WMI classes of the featured toaster, as toaster.mof describes them: for the driver, for drivers that hear of its events, and for clients.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUIDs.
 */

#pragma once

/* ToasterDeviceInformation. {BBA21300-6DD3-11d2-B844-00C04FAD5171} */
DEFINE_GUID(TOASTER_WMI_STD_DATA_GUID, 0xbba21300, 0x6dd3, 0x11d2, 0xb8, 0x44, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

/* ToasterNotifyDeviceArrival, an event. {01CDAFF1-C901-45b4-B359-B5542725E29C} */
DEFINE_GUID(TOASTER_NOTIFY_DEVICE_ARRIVAL_EVENT, 0x01cdaff1, 0xc901, 0x45b4, 0xb3, 0x59, 0xb5, 0x54, 0x27, 0x25, 0xe2, 0x9c);

/* ToasterControl. {CAAE7D9F-ACF7-4737-A4E9-01C29D3FE194} */
DEFINE_GUID(TOASTER_CONTROL_GUID, 0xcaae7d9f, 0xacf7, 0x4737, 0xa4, 0xe9, 0x01, 0xc2, 0x9d, 0x3f, 0xe1, 0x94);

typedef enum _TOASTER_CONNECTOR_TYPE
{
    ToasterConnectorI8042 = 0,
    ToasterConnectorSerial,
    ToasterConnectorParallel,
    ToasterConnectorUsb
} TOASTER_CONNECTOR_TYPE;

/* Items 1 to 5, of which only the last is writable; item 6, the model's name, stands behind it as a counted string. */
typedef struct _TOASTER_DEVICE_INFORMATION
{
    ULONG ConnectorType;
    ULONG Capacity;
    ULONG ErrorCount;
    ULONG Controls;
    ULONG DebugPrintLevel;
} TOASTER_DEVICE_INFORMATION, *PTOASTER_DEVICE_INFORMATION;

#define TOASTER_DEBUG_PRINT_LEVEL_ITEM 5

typedef struct _TOASTER_CONTROL
{
    ULONG ControlValue;
} TOASTER_CONTROL, *PTOASTER_CONTROL;

#define TOASTER_CONTROL_VALUE_ITEM 1

/* Methods of ToasterControl. Input and output of each stand in one buffer, the one in the place of the other. */
#define TOASTER_CONTROL_METHOD_INCREMENT 1      /* one ULONG; that, plus 1 */
#define TOASTER_CONTROL_METHOD_ADD 2            /* two ULONGs; their sum */
#define TOASTER_CONTROL_METHOD_INCREMENT_BOTH 3 /* two ULONGs; each, plus 1 */
