/* A type that shared_types.c and shared_types_other.c both declare. */
#include <ntddk.h>
#include <wdf.h>

typedef struct { ULONG Value; } SHARED, *PSHARED;
PCWDF_OBJECT_CONTEXT_TYPE_INFO GetSharedType(VOID);
WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(SHARED, GetSharedType, SharedGetContext)

BOOLEAN OtherSees(WDFOBJECT Object);
