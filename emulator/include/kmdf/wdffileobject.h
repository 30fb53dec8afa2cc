/*
 * File objects (K-FILE-1, K-FILE-2).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_FILEOBJECT_CLASS {
    WdfFileObjectInvalid = 0,
    WdfFileObjectNotRequired = 1,
    WdfFileObjectWdfCanUseFsContext = 2,
    WdfFileObjectWdfCanUseFsContext2 = 3,
    WdfFileObjectWdfCannotUseFsContexts = 4,
    WdfFileObjectCanBeOptional = 0x80000000,    // may be or-ed to the three above
} WDF_FILEOBJECT_CLASS, *PWDF_FILEOBJECT_CLASS;

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PUNICODE_STRING, WdfFileObjectGetFileName, PFN_WDFFILEOBJECTGETFILENAME,
        (_In_ WDFFILEOBJECT FileObject),
        (FileObject))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfFileObjectGetFlags, PFN_WDFFILEOBJECTGETFLAGS,
        (_In_ WDFFILEOBJECT FileObject),
        (FileObject))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFDEVICE, WdfFileObjectGetDevice, PFN_WDFFILEOBJECTGETDEVICE,
        (_In_ WDFFILEOBJECT FileObject),
        (FileObject))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(ULONG, WdfFileObjectGetInitiatorProcessId, PFN_WDFFILEOBJECTGETINITIATORPROCESSID,
        (_In_ WDFFILEOBJECT FileObject),
        (FileObject))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PFILE_OBJECT, WdfFileObjectWdmGetFileObject, PFN_WDFFILEOBJECTWDMGETFILEOBJECT,
        (_In_ WDFFILEOBJECT FileObject),
        (FileObject))

WDF_EXTERN_C_END
