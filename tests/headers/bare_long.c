/* A driver that must not build: on Windows its counter has 32 bits. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static unsigned long counter;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    counter++;
    return STATUS_SUCCESS;
}
