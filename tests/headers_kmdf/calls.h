// What calls.c and calls_other.c share.
#pragma once

typedef struct _SHARED_BY_TWO_SOURCES {
    ULONG Value;
} SHARED_BY_TWO_SOURCES;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(SHARED_BY_TWO_SOURCES, GetShared)

PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInOtherSource(VOID);
