/* A driver whose includes are spelled as Windows takes them: it has only to build. */
#include <Ntddk.H>
#include "Local.H"
#include "..\MIXED_CASE\Inc\Public.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return MIXED_LOCAL + MIXED_PUBLIC;
}
