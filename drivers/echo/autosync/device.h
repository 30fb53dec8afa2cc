/*
 * Echo: the device object, its interface and its self-managed I/O. Called by driver.c when PnP has found a device.
 */

#pragma once

typedef struct _DEVICE_CONTEXT
{
    /* How often self-managed I/O began; the framework never runs two of its callbacks at once. */
    ULONG Starts;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, EchoDeviceGetContext)

/*
 * Creates the device, its interface and its queue from DeviceInit. On failure the framework removes whatever was created
 * once the status has been handed back to it.
 */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
EchoDeviceCreate(_Inout_ PWDFDEVICE_INIT DeviceInit);
