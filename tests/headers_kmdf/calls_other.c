// The second source of the image that calls.c tests.
#include <ntddk.h>
#include <wdf.h>

#include "calls.h"

PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInOtherSource(VOID)
{
    return WDF_GET_CONTEXT_TYPE_INFO(SHARED_BY_TWO_SOURCES);
}
