/*
 * Run on the host: what a driver calls arrives at the implementation with the image's globals in front, also through a
 * pointer, and a context type has one identity in the image.
 */
#include <ntddk.h>
#include <wdf.h>

#include "calls.h"

static WDF_DRIVER_GLOBALS Globals;
PWDF_DRIVER_GLOBALS WdfDriverGlobals = &Globals;

static PWDF_DRIVER_GLOBALS SeenGlobals;
static NTSTATUS SeenStatus;

VOID wdf_WdfRequestComplete(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, NTSTATUS Status)
{
    UNREFERENCED_PARAMETER(Request);
    SeenGlobals = DriverGlobals;
    SeenStatus = Status;
}

PVOID wdf_WdfObjectGetTypedContextWorker(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle,
                                         PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo)
{
    UNREFERENCED_PARAMETER(DriverGlobals);
    return TypeInfo == WDF_GET_CONTEXT_TYPE_INFO(SHARED_BY_TWO_SOURCES) ? Handle : NULL;
}

typedef VOID COMPLETER(WDFREQUEST Request, NTSTATUS Status);

int main(void)
{
    COMPLETER *volatile completer = WdfRequestComplete;
    WDF_OBJECT_ATTRIBUTES attributes;
    int object;

    WdfRequestComplete(NULL, STATUS_CANCELLED);
    if (SeenGlobals != &Globals || SeenStatus != STATUS_CANCELLED) {
        return 1;
    }
    SeenGlobals = NULL;
    completer(NULL, STATUS_WDF_PAUSED);
    if (SeenGlobals != &Globals || SeenStatus != (NTSTATUS)0xC0200203) {
        return 2;
    }
    if (TypeInOtherSource() != WDF_GET_CONTEXT_TYPE_INFO(SHARED_BY_TWO_SOURCES)) {
        return 3;
    }
    if ((void *)GetShared(&object) != (void *)&object) {
        return 4;
    }
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SHARED_BY_TWO_SOURCES);
    if (attributes.ExecutionLevel != WdfExecutionLevelInheritFromParent ||
        attributes.SynchronizationScope != WdfSynchronizationScopeInheritFromParent ||
        attributes.ContextTypeInfo->ContextSize != sizeof(SHARED_BY_TWO_SOURCES)) {
        return 5;
    }
    if (WdfDevStateNormalize(WdfDevStatePowerD0NP) != WdfDevStatePowerD0 ||
        WdfDevStateIsNP(WdfDevStatePowerDx)) {
        return 6;
    }
    return 0;
}
