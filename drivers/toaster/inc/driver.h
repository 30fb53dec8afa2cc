/*
 * What the toaster bus offers the drivers of its toasters: an interface of direct calls, got by IRP_MN_QUERY_INTERFACE.
 *
 * Include <initguid.h> first in the one source file of an image that is to hold the GUID.
 */

#pragma once

/* {E0B27630-5434-11d3-B890-00C04FAD5171} */
DEFINE_GUID(GUID_TOASTER_INTERFACE_STANDARD, 0xe0b27630, 0x5434, 0x11d3, 0xb8, 0x90, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71);

#define TOASTER_INTERFACE_VERSION 1

typedef BOOLEAN TOASTER_GET_CRISPINESS_LEVEL(_In_ PVOID Context, _Out_ PUCHAR Level);
typedef BOOLEAN TOASTER_SET_CRISPINESS_LEVEL(_In_ PVOID Context, _In_ UCHAR Level);
typedef BOOLEAN TOASTER_IS_CHILD_PROTECTED(_In_ PVOID Context);

typedef TOASTER_GET_CRISPINESS_LEVEL *PTOASTER_GET_CRISPINESS_LEVEL;
typedef TOASTER_SET_CRISPINESS_LEVEL *PTOASTER_SET_CRISPINESS_LEVEL;
typedef TOASTER_IS_CHILD_PROTECTED *PTOASTER_IS_CHILD_PROTECTED;

/* Valid from the query, which takes a reference, until that reference is given back through InterfaceDereference. */
typedef struct _TOASTER_INTERFACE_STANDARD
{
    INTERFACE InterfaceHeader;
    PTOASTER_GET_CRISPINESS_LEVEL GetCrispinessLevel;
    PTOASTER_SET_CRISPINESS_LEVEL SetCrispinessLevel;
    PTOASTER_IS_CHILD_PROTECTED IsSafetyLockEnabled;
} TOASTER_INTERFACE_STANDARD, *PTOASTER_INTERFACE_STANDARD;
