// Compiles, but nothing implements the function: the linker must name it.
#include <ntddk.h>
#include <wdf.h>

static WDF_DRIVER_GLOBALS Globals;
PWDF_DRIVER_GLOBALS WdfDriverGlobals = &Globals;

NTSTATUS Requeue(WDFREQUEST Request);

NTSTATUS Requeue(WDFREQUEST Request)
{
    return WdfRequestRequeue(Request);
}
